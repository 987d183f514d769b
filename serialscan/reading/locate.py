"""Where text may stand: the detector over the whole photo at several scales and over native tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from serialscan.reading.engine import GRID, Engine
from serialscan.reading.shapes import Arc, Shape, Straight, askew, overlap, same_arc
from serialscan.recipe import Boxes, Detector, Joins, Places

ONE_DIRECTION = 15.0  # degrees between the axes of two boxes in one place
_COLOUR_PX = 400  # long side of a picture whose colour is measured


def locate(rgb: np.ndarray, engine: Engine, how: Places) -> tuple[list[Straight], list[Arc]]:
    """Boxes of text-like places, at any angle, width along the longer side; arcs where such a place bows.

    Args:
        rgb: (H, W, 3) uint8.
        engine: has the detectors.
        how: the recipe's looks.

    Returns:
        Boxes in photo px, reading direction between -45 and 135 degrees (which way up is decided by
        reading), near-duplicates from several scales included. The arcs stand for some of the boxes, too.
    """
    height, width = rgb.shape[:2]
    long_side = max(height, width)
    found: list[Straight] = []
    bowed: list[Arc] = []
    shrunk = {side: _sized(rgb, side / long_side) for side, _ in how.looks}
    looks = [(shrunk[side], detector) for side, detector in how.looks]
    if _colour(shrunk[how.grey_look[0]]) > how.coloured:  # first, since the last look's hints call for tiles
        side, detector = how.grey_look
        looks.insert(0, (_sized(_grey(rgb), side / long_side), detector))
    for picture, detector in looks:
        probability = engine.detect(picture, detector)
        found += _boxes(probability, width, height, how.boxes)
        bowed += [_scaled(arc, width / probability.shape[1]) for arc in bowed_in(probability, how.boxes)]
    last_px = how.looks[-1][0]
    if long_side > how.native * last_px:
        hints = _unresolved(probability, found, long_side / last_px, how)
        found += _native(rgb, engine, how.tile_detector, hints, how)
    kept: list[Arc] = []
    for arc in sorted(bowed, key=lambda one: -one.score):
        if not any(same_arc(arc, other) for other in kept):
            kept.append(arc)
    return _without_copies(found, how.copies), kept


def locate_again(rgb: np.ndarray, engine: Engine, read: Sequence[Shape], how: Places) -> list[Straight]:
    """Boxes that a closer look finds where nothing was read.

    Args:
        rgb: (H, W, 3) uint8.
        engine: has the detectors.
        read: the lines that were read, in photo px.
        how: the recipe's looks.
    """
    height, width = rgb.shape[:2]
    long_side = max(height, width)
    found: list[Straight] = []
    for side in how.closer_looks:
        if side < how.closer_grown * long_side:
            scale = side / long_side if side <= how.looks[-1][0] else min(1.0, side / long_side)
            probability = _probability(rgb, scale, engine, how.again_detector)
            found += _boxes(probability, width, height, how.boxes)
    return _free(found, read, how)


def locate_small(
    rgb: np.ndarray, engine: Engine, read: Sequence[Shape], how: Places, *, clear: bool = False
) -> list[Straight]:
    """Boxes of text so small in a large photo that looks at all of it miss it; none in other photos.

    Args:
        rgb: (H, W, 3) uint8.
        engine: has the detectors.
        read: the lines that were read, in photo px; what they cover is left out.
        how: the recipe's looks.
        clear: only what is clearly text.
    """
    height, width = rgb.shape[:2]
    if max(height, width) <= how.fine_px:
        return []
    shrunk = max(height, width) / how.fine_px
    probability = _stitched(rgb, 1 / shrunk, engine, how.again_detector, how)
    found = _boxes(probability, width, height, how.boxes)
    hints = _hints(probability, read, shrunk, how.clear if clear else how.hint)
    found += _native(rgb, engine, how.again_detector, hints, how)
    return _free([box for box in found if not clear or box.score >= how.clear], read, how)


def _free(boxes: Sequence[Straight], read: Sequence[Shape], how: Places) -> list[Straight]:
    """The boxes where nothing was read, copies once."""
    kept = _without_copies(boxes, how.copies)
    return [box for box in kept if all(overlap(box, line) < how.free for line in read)]


def _native(
    rgb: np.ndarray, engine: Engine, detector: Detector, hints: np.ndarray, how: Places
) -> list[Straight]:
    """Boxes in tiles of the photo's own pixels, around the hints (see `_tiles`)."""
    height, width = rgb.shape[:2]
    found: list[Straight] = []
    for x, y, columns, rows in _tiles(width, height, how, hints):
        tile = rgb[y : y + rows, x : x + columns]
        boxes = _boxes(_probability(tile, 1.0, engine, detector), columns, rows, how.boxes)
        found += [
            _shift(box, x, y)
            for box in boxes
            if not _cut_by_tile(box, x, y, columns, rows, width, height, how.edge_px)
        ]
    return found


def _colour(rgb: np.ndarray) -> float:
    """Mean difference between a pixel's strongest and weakest channel, in grey values, of a picture."""
    height, width = rgb.shape[:2]
    shrink = min(1.0, _COLOUR_PX / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return float(np.ptp(small, axis=2).mean())


def _grey(rgb: np.ndarray) -> np.ndarray:
    """The picture (H, W, 3) without its colours, what is dark and what is bright in it stretched apart."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    dark, bright = np.percentile(grey, (1, 99))
    stretched = np.clip((grey - np.float32(dark)) * np.float32(255 / (bright - dark + 1)), 0, 255)
    return cv2.cvtColor(stretched.astype(np.uint8), cv2.COLOR_GRAY2RGB)


def look_at(rgb: np.ndarray, engine: Engine, how: Places) -> tuple[list[Straight], np.ndarray]:
    """Boxes of a picture looked at once, as it is, and the probability of text (H, W) behind them."""
    probability = _probability(rgb, 1.0, engine, how.tile_detector)
    boxes = _boxes(probability, rgb.shape[1], rgb.shape[0], how.boxes)
    return _without_copies(boxes, how.copies), probability


def _probability(rgb: np.ndarray, scale: float, engine: Engine, detector: Detector) -> np.ndarray:
    return engine.detect(_sized(rgb, scale), detector)


def _sized(rgb: np.ndarray, scale: float) -> np.ndarray:
    """A picture (H, W, 3) about so many times as large, its sides multiples of `GRID`."""
    height, width = rgb.shape[:2]
    rows = max(GRID, round(height * scale / GRID) * GRID)
    columns = max(GRID, round(width * scale / GRID) * GRID)
    if (rows, columns) == (height, width):
        return rgb
    shrink = rows * columns < height * width
    return cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_CUBIC)


def _stitched(rgb: np.ndarray, scale: float, engine: Engine, detector: Detector, how: Places) -> np.ndarray:
    """`_probability` in tiles, so that a large look takes no more memory than a small one."""
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    shrunk = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    probability = np.zeros(shrunk.shape[:2], np.float32)
    for x, y, columns, rows in _tiles(shrunk.shape[1], shrunk.shape[0], how):
        tile = _probability(shrunk[y : y + rows, x : x + columns], 1.0, engine, detector)
        part = probability[y : y + rows, x : x + columns]
        np.maximum(part, cv2.resize(tile, (columns, rows)), out=part)
    return probability


def _boxes(probability: np.ndarray, width: int, height: int, how: Boxes) -> list[Straight]:
    """Boxes of a probability map in the pixels of the picture that it was made of."""
    x, y = width / probability.shape[1], height / probability.shape[0]
    return [
        upright(cx * x, cy * y, w * x, h * y, angle, score)
        for cx, cy, w, h, angle, score in boxes_of(probability, how)
    ]


def _unresolved(probability: np.ndarray, found: Sequence[Straight], shrunk: float, how: Places) -> np.ndarray:
    """Where the coarse look hints at text that it does not resolve: (H, W) bool.

    A box that is sure and high enough in the coarse picture gains nothing from a closer look.
    """
    least = how.resolved_px * shrunk
    sure = [box for box in found if box.score > how.resolved_score and box.height > least]
    return _hints(probability, sure, shrunk, how.hint)


def _hints(probability: np.ndarray, known: Sequence[Shape], shrunk: float, least: float) -> np.ndarray:
    """Where a look at a picture so many times smaller hints at text outside of what is known: (H, W) bool."""
    hints = (probability > least).astype(np.uint8)
    for shape in known:
        cv2.fillPoly(hints, [(np.array(shape.polygon()) / shrunk).astype(np.int32)], 0)
    return hints > 0


def boxes_of(probability: np.ndarray, how: Boxes) -> list[tuple[float, float, float, float, float, float]]:
    """Rotated boxes (cx, cy, w, h, angle, score) of a text probability map (H, W)."""
    mask = cv2.dilate((probability > how.text).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for contour in contours:
        (cx, cy), (w, h), angle = cv2.minAreaRect(contour)
        if min(w, h) < how.least_px:
            continue
        corners = cv2.boxPoints(((cx, cy), (w, h), angle))
        x0, y0 = np.maximum(corners.min(axis=0).astype(int), 0)
        x1, y1 = corners.max(axis=0).astype(int) + 1
        region = probability[y0:y1, x0:x1]
        inside = np.zeros(region.shape, np.uint8)
        cv2.fillPoly(inside, [(corners - [x0, y0]).astype(np.int32)], 1)
        score = float(region[inside > 0].mean()) if inside.any() else 0.0
        if score < how.box:
            continue
        grow = 2 * (w * h * how.unclip / (2 * (w + h)))
        boxes.append((cx, cy, w + grow, h + grow, angle, score))
    return boxes


def bowed_in(probability: np.ndarray, how: Boxes) -> list[Arc]:
    """Arcs of a text probability map (H, W), in its pixels: blobs whose middle line is bowed."""
    if not how.bowed:
        return []
    mask = (probability > how.text).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    arcs = []
    for contour in contours:
        sides = cv2.minAreaRect(contour)[1]
        if min(sides) >= how.least_px and max(sides) > how.bow_long:
            arcs.append(_bowed(contour, probability, how))
    return [arc for arc in arcs if arc is not None]


def _bowed(contour: np.ndarray, probability: np.ndarray, how: Boxes) -> Arc | None:
    """The arc along a blob, grown as DB grows boxes; None if it is nearly straight, or no arc."""
    left, top, columns, rows = cv2.boundingRect(contour)
    inside = np.zeros((rows, columns), np.uint8)
    cv2.drawContours(inside, [contour - [left, top]], 0, 1, -1)
    rows_in, columns_in = np.nonzero(inside)
    score = float(probability[rows_in + top, columns_in + left].mean())
    middle_x, middle_y = float(columns_in.mean()), float(rows_in.mean())
    x, y = columns_in - middle_x, rows_in - middle_y
    spread = np.array([[(x * x).mean(), (x * y).mean()], [(x * y).mean(), (y * y).mean()]])
    (across, along), axes = np.linalg.eigh(spread)
    if across < how.long * along and _unbent(*(axes.T @ [x, y])) > how.straight:
        return None
    cx, cy, radius = _circle(x, y, how.refinements)
    outwards = math.atan2(-cy, -cx)  # from the centre to the blob's middle
    turn = (np.arctan2(y - cy, x - cx) - outwards + math.pi) % math.tau - math.pi
    low, high = float(turn.min()), float(turn.max())
    rough = float(np.std(np.hypot(x - cx, y - cy)))
    if rough > how.bow_better * math.sqrt(max(float(across), 0.0)):
        return None
    thick = rough * math.sqrt(12)
    if not how.band[0] < thick * radius * (high - low) / len(x) < how.band[1]:
        return None
    grow = 2 * cv2.contourArea(contour) * how.unclip / max(cv2.arcLength(contour, True), 1.0)
    height = thick + grow
    rise = radius * (1 - math.cos(min(math.pi, (high - low) / 2)))
    if rise < how.bow * height or radius < how.least_radius * height:
        return None
    sweep = min(359.0, math.degrees(high - low + grow / radius))
    start = math.degrees(outwards + (low + high) / 2) - sweep / 2
    return Arc(
        float(cx + middle_x + left), float(cy + middle_y + top), radius, height, start % 360, sweep, score
    )


def _unbent(across: np.ndarray, along: np.ndarray) -> float:
    """What distance to a line is left to a parabola, both root mean square, of points around their middle.

    Args:
        across: (N,) distances from the main axis.
        along: (N,) places on it.
    """
    bend = along**2
    bend -= bend.mean()
    bend -= (bend * along).sum() / max((along**2).sum(), 1e-9) * along
    explained = (across * bend).sum() ** 2 / max((bend**2).sum() * (across**2).sum(), 1e-9)
    return math.sqrt(max(0.0, 1 - float(explained)))


def _circle(x: np.ndarray, y: np.ndarray, refinements: int) -> tuple[float, float, float]:
    """Centre and radius of the circle nearest to points (N,), (N,).

    Kasa's fit (1976), which draws short arcs too tight, refined by Gauss-Newton.
    """
    one = np.ones(len(x))
    cx, cy, rest = np.linalg.lstsq(np.stack([2 * x, 2 * y, one], axis=1), x**2 + y**2, rcond=None)[0]
    radius = math.sqrt(max(rest + cx**2 + cy**2, 0.0))
    for _ in range(refinements):
        away = np.maximum(np.hypot(x - cx, y - cy), 1e-6)
        slopes = np.stack([(x - cx) / away, (y - cy) / away, one], axis=1)
        step = np.linalg.lstsq(slopes, away - radius, rcond=None)[0]
        cx, cy, radius = cx + step[0], cy + step[1], radius + step[2]
    return float(cx), float(cy), float(radius)


def _scaled(arc: Arc, by: float) -> Arc:
    return replace(arc, cx=arc.cx * by, cy=arc.cy * by, radius=arc.radius * by, height=arc.height * by)


def upright(cx: float, cy: float, w: float, h: float, angle: float, score: float) -> Straight:
    """A box with its width along the longer side and its direction between -45 and 135 degrees."""
    if w < h:
        w, h, angle = h, w, angle + 90
    angle = (angle + 45) % 180 - 45
    return Straight(float(cx), float(cy), float(w), float(h), float(angle), float(score))


def _tiles(
    width: int, height: int, how: Places, hints: np.ndarray | None = None
) -> list[tuple[int, int, int, int]]:
    """Overlapping tiles of a photo as x, y, width and height, each cut down to what the hints in it need.

    Args:
        width: of the photo in px.
        height: likewise.
        how: the recipe's looks.
        hints: (H, W) bool, the whole photo at any scale; None for all of every tile.
    """

    def spans(length: int) -> list[tuple[int, int]]:
        shared = how.tile_overlap_px
        count = max(1, math.ceil((length - shared) / (how.tile_px - shared)))
        size = math.ceil((length + (count - 1) * shared) / count)
        return [(round(i * (length - size) / max(count - 1, 1)), size) for i in range(count)]

    tiles = []
    for y, rows in spans(height):
        for x, columns in spans(width):
            if hints is None:
                tiles.append((x, y, columns, rows))
                continue
            along, down = hints.shape[1] / width, hints.shape[0] / height
            top, left = int(y * down), int(x * along)
            inside = hints[top : math.ceil((y + rows) * down), left : math.ceil((x + columns) * along)]
            if not inside.any():
                continue
            margin = how.tile_margin_px
            across, up = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
            first, last = _extent_of(across, left / along, along, margin, x, x + columns)
            upper, lower = _extent_of(up, top / down, down, margin, y, y + rows)
            tiles.append((first, upper, last - first, lower - upper))
    return tiles


def _extent_of(
    places: np.ndarray, at: float, scale: float, margin: int, low: int, high: int
) -> tuple[int, int]:
    """From the first to the last hint in px of the photo, with a margin, between ``low`` and ``high``."""
    first, last = at + places[0] / scale - margin, at + (places[-1] + 1) / scale + margin
    return max(low, int(first)), min(high, math.ceil(last))


def _cut_by_tile(
    box: Straight, x: int, y: int, columns: int, rows: int, width: int, height: int, edge: float
) -> bool:
    """True for a box at an inner edge of a tile: the neighbour tile or the whole photo has all of it."""
    corners = np.array(box.polygon())
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    return bool(
        (left < edge and x > 0)
        or (top < edge and y > 0)
        or (right > columns - edge and x + columns < width)
        or (bottom > rows - edge and y + rows < height)
    )


def _shift(box: Straight, x: int, y: int) -> Straight:
    return Straight(box.cx + x, box.cy + y, box.width, box.height, box.angle, box.score)


def same_place(a: Straight, b: Straight, share: float) -> bool:
    """True if the boxes agree in direction and each covers at least ``share`` of the other."""
    area_a, area_b = a.width * a.height, b.width * b.height
    if askew(a.angle, b.angle) > ONE_DIRECTION or min(area_a, area_b) < share * max(area_a, area_b):
        return False
    return overlap(a, b) * min(area_a, area_b) >= share * max(area_a, area_b)


def _without_copies(boxes: Sequence[Straight], share: float) -> list[Straight]:
    """Near-identical boxes of several scales once, the surest kept; photo order (top to bottom)."""
    kept: list[Straight] = []
    for box in sorted(boxes, key=lambda b: (-b.score, b.cy, b.cx)):
        if not any(same_place(box, other, share) for other in kept):
            kept.append(box)
    return sorted(kept, key=lambda b: (b.cy, b.cx))


def joined(boxes: Sequence[Straight], how: Joins) -> list[tuple[Straight, float]]:
    """Neighbours in a row as one box each: a detector chops struck digits apart.

    Args:
        boxes: candidates of ``locate``.
        how: the recipe's joins.

    Returns:
        Each joined box with the sum of the gaps that it bridges, in text heights.
    """
    pairs: list[tuple[float, Straight]] = []
    rows = [box for box in boxes if box.width > 0]
    current = [(0.0, box) for box in rows]
    seen: list[Straight] = list(rows)
    for _ in range(how.rounds):
        made: list[tuple[float, Straight]] = []
        for bridged, a in current:
            for b in rows:
                gap = _row_gap(a, b, how)
                if gap is None:
                    continue
                both = _around(a, b, how.taller)
                if any(same_place(both, other, how.known) for other in seen):
                    continue
                seen.append(both)
                made.append((bridged + max(0.0, gap), both))
        current = made
        pairs += made
        if not made or len(pairs) >= how.limit:
            break
    pairs.sort(key=lambda pair: (pair[0], pair[1].cy, pair[1].cx))
    return [(box, gap) for gap, box in pairs[: how.limit]]


def _row_gap(a: Straight, b: Straight, how: Joins) -> float | None:
    """Gap between two boxes along their row in heights, or None if they do not stand in one row."""
    if a == b:
        return None
    lead, other = (a, b) if a.width / a.height >= b.width / b.height else (b, a)
    least, most = how.alike
    if not least < other.height / lead.height < most and not least < other.width / lead.height < most:
        return None
    if other.width > how.directed * other.height and askew(a.angle, b.angle) > how.askew:
        return None
    t = math.radians(lead.angle)
    dx, dy = other.cx - lead.cx, other.cy - lead.cy
    along, across = dx * math.cos(t) + dy * math.sin(t), -dx * math.sin(t) + dy * math.cos(t)
    if abs(across) > how.across * lead.height:
        return None
    gap = (abs(along) - (lead.width + _extent(other, lead.angle)) / 2) / lead.height
    smaller = min(lead.width, _extent(other, lead.angle)) / lead.height
    return gap if -how.gaps[0] * smaller < gap < how.gaps[1] else None


def _extent(box: Straight, angle: float) -> float:
    t = math.radians(box.angle - angle)
    return abs(box.width * math.cos(t)) + abs(box.height * math.sin(t))


def _around(a: Straight, b: Straight, taller: float) -> Straight:
    """The box around two boxes of one row, in the direction between their centres if they are apart."""
    lead = a if a.width / a.height >= b.width / b.height else b
    angle = lead.angle
    if lead.width < 2 * lead.height:
        angle = math.degrees(math.atan2(b.cy - a.cy, b.cx - a.cx))
    t = math.radians(angle)
    turn = np.array([[math.cos(t), math.sin(t)], [-math.sin(t), math.cos(t)]])
    corners = np.concatenate([np.array(a.polygon()), np.array(b.polygon())]) @ turn.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    cx, cy = ((low + high) / 2) @ turn
    # Tilted neighbours make the common box too high: the lead's height is that of the text.
    h = min(high[1] - low[1], taller * max(a.height, b.height))
    return upright(cx, cy, high[0] - low[0], h, angle, min(a.score, b.score))
