"""Where text may stand: the detector over the whole photo at several scales and over native tiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from serialscan.reading.engine import RELIEF, STOCK, Networks
from serialscan.reading.shapes import Arc, Shape, Straight, askew, overlap, same_arc

GRID = 32  # the detector's input is a multiple of this
# Long sides in px at which the whole photo is looked at, and the detector: the one taught relief draws its
# boxes tighter, so that a line found by both is seen with two margins.
COARSE_LOOKS = ((640, RELIEF), (640, STOCK), (960, STOCK))
COARSE_PX = COARSE_LOOKS[-1][0]
# Worn print on a yellow label shows in two channels out of three: such photos are looked at in grey, too.
GREY_LOOK = (640, RELIEF)
COLOURED = 30.0  # mean difference between a pixel's strongest and weakest channel
# Faint relief shows to the detector taught relief when it looks closer. Where the other looks find a text
# whole it gives pieces there, so it looks again only where nothing was read.
CLOSER_LOOKS = (960, 1408)
CLOSER_GROWN = 1.47  # times enlarged a photo shows no more
FREE = 0.2  # a box that shares less of itself with every line that was read stands where nothing was read
# In larger photos marks may be smaller: where this look hints at any, the photo's own pixels are searched.
FINE_PX = 2048
CLEAR = 0.45  # text probability of such hints and boxes beside a sure number, which may be an exhibit card's
NATIVE = 1.6  # a photo this much larger than the last coarse look is also searched at its own resolution
HINT = 0.02  # text probability in the coarse look that calls for a look at native resolution
RESOLVED_SCORE = 0.6
RESOLVED_PX = 40.0  # height of a box in the coarse look
TILE = 960
TILE_OVERLAP = 160
TILE_MARGIN = 96  # px around what calls for the look
TEXT = 0.3  # text probability of a pixel, as PP-OCR uses it
_BOX = 0.3  # mean text probability of a box; PP-OCR's 0.5 loses faint relief
_BOW = 0.3  # rise of a bowed line's middle, in heights
_BETTER = 0.85  # distance to the circle against that to the straight line, both root mean square
_LONG = 0.3  # variance across a blob against that along it: of such blobs
_STRAIGHT = 0.95  # a parabola that fits hardly better than the line tells that a circle does not either
_REFINEMENTS = 8
_BOW_LONG = 36  # px of the map; nothing shorter is taken for bowed
_UNCLIP = 1.6  # DB shrinks text in training by this ratio, boxes are grown back


def locate(rgb: np.ndarray, networks: Networks) -> tuple[list[Straight], list[Arc]]:
    """Boxes of text-like places, at any angle, width along the longer side; arcs where such a place bows.

    Args:
        rgb: (H, W, 3) uint8.
        networks: the detectors.

    Returns:
        Boxes in photo px, reading direction between -45 and 135 degrees (which way up is decided by
        reading), near-duplicates from several scales included. The arcs stand for some of the boxes, too.
    """
    height, width = rgb.shape[:2]
    long_side = max(height, width)
    found: list[Straight] = []
    bowed: list[Arc] = []
    shrunk = {side: _sized(rgb, side / long_side) for side, _ in COARSE_LOOKS}
    looks = [(shrunk[side], detector) for side, detector in COARSE_LOOKS]
    if _coloured(shrunk[GREY_LOOK[0]]):  # first, since the last look's hints call for tiles
        side, detector = GREY_LOOK
        looks.insert(0, (_sized(_grey(rgb), side / long_side), detector))
    for picture, detector in looks:
        probability = networks.detect(picture, detector)
        found += _boxes(probability, width, height)
        bowed += [_scaled(arc, width / probability.shape[1]) for arc in bowed_in(probability)]
    if long_side > NATIVE * COARSE_PX:
        hints = _unresolved(probability, found, long_side / COARSE_PX)
        found += _native(rgb, networks, STOCK, hints)
    kept: list[Arc] = []
    for arc in sorted(bowed, key=lambda one: -one.score):
        if not any(same_arc(arc, other) for other in kept):
            kept.append(arc)
    return _without_copies(found), kept


def locate_again(rgb: np.ndarray, networks: Networks, read: Sequence[Shape]) -> list[Straight]:
    """Boxes that a closer look of the detector taught relief finds where nothing was read.

    Args:
        rgb: (H, W, 3) uint8.
        networks: the detectors.
        read: the lines that were read, in photo px.
    """
    height, width = rgb.shape[:2]
    long_side = max(height, width)
    found: list[Straight] = []
    for side in CLOSER_LOOKS:
        if side < CLOSER_GROWN * long_side:
            scale = side / long_side if side <= COARSE_PX else min(1.0, side / long_side)
            found += _boxes(_probability(rgb, scale, networks, RELIEF), width, height)
    return _free(found, read)


def locate_small(
    rgb: np.ndarray, networks: Networks, read: Sequence[Shape], *, clear: bool = False
) -> list[Straight]:
    """Boxes of text so small in a large photo that looks at all of it miss it; none in other photos.

    Args:
        rgb: (H, W, 3) uint8.
        networks: the detectors.
        read: the lines that were read, in photo px; what they cover is left out.
        clear: only what is clearly text.
    """
    height, width = rgb.shape[:2]
    if max(height, width) <= FINE_PX:
        return []
    shrunk = max(height, width) / FINE_PX
    probability = _stitched(rgb, 1 / shrunk, networks, RELIEF)
    found = _boxes(probability, width, height)
    found += _native(rgb, networks, RELIEF, _hints(probability, read, shrunk, CLEAR if clear else HINT))
    return _free([box for box in found if not clear or box.score >= CLEAR], read)


def _free(boxes: Sequence[Straight], read: Sequence[Shape]) -> list[Straight]:
    """The boxes where nothing was read, copies once."""
    return [box for box in _without_copies(boxes) if all(overlap(box, line) < FREE for line in read)]


def _native(rgb: np.ndarray, networks: Networks, detector: int, hints: np.ndarray) -> list[Straight]:
    """Boxes in tiles of the photo's own pixels, around the hints (see `_tiles`)."""
    height, width = rgb.shape[:2]
    found: list[Straight] = []
    for x, y, columns, rows in _tiles(width, height, hints):
        tile = rgb[y : y + rows, x : x + columns]
        boxes = _boxes(_probability(tile, 1.0, networks, detector), columns, rows)
        found += [
            _shift(box, x, y) for box in boxes if not _cut_by_tile(box, x, y, columns, rows, width, height)
        ]
    return found


def _coloured(rgb: np.ndarray) -> bool:
    height, width = rgb.shape[:2]
    shrink = min(1.0, 400 / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return bool(np.ptp(small, axis=2).mean() > COLOURED)


def _grey(rgb: np.ndarray) -> np.ndarray:
    """The picture (H, W, 3) without its colours, what is dark and what is bright in it stretched apart."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    dark, bright = np.percentile(grey, (1, 99))
    stretched = np.clip((grey - np.float32(dark)) * np.float32(255 / (bright - dark + 1)), 0, 255)
    return cv2.cvtColor(stretched.astype(np.uint8), cv2.COLOR_GRAY2RGB)


def look_at(rgb: np.ndarray, networks: Networks) -> tuple[list[Straight], np.ndarray]:
    """Boxes of a picture looked at once, as it is, and the probability of text (H, W) behind them."""
    probability = _probability(rgb, 1.0, networks)
    return _without_copies(_boxes(probability, rgb.shape[1], rgb.shape[0])), probability


def _probability(rgb: np.ndarray, scale: float, networks: Networks, detector: int = STOCK) -> np.ndarray:
    return networks.detect(_sized(rgb, scale), detector)


def _sized(rgb: np.ndarray, scale: float) -> np.ndarray:
    """A picture (H, W, 3) about so many times as large, its sides multiples of `GRID`."""
    height, width = rgb.shape[:2]
    rows = max(GRID, round(height * scale / GRID) * GRID)
    columns = max(GRID, round(width * scale / GRID) * GRID)
    if (rows, columns) == (height, width):
        return rgb
    shrink = rows * columns < height * width
    return cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_CUBIC)


def _stitched(rgb: np.ndarray, scale: float, networks: Networks, detector: int) -> np.ndarray:
    """`_probability` in tiles, so that a large look takes no more memory than a small one."""
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    shrunk = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    probability = np.zeros(shrunk.shape[:2], np.float32)
    for x, y, columns, rows in _tiles(shrunk.shape[1], shrunk.shape[0]):
        tile = _probability(shrunk[y : y + rows, x : x + columns], 1.0, networks, detector)
        part = probability[y : y + rows, x : x + columns]
        np.maximum(part, cv2.resize(tile, (columns, rows)), out=part)
    return probability


def _boxes(probability: np.ndarray, width: int, height: int) -> list[Straight]:
    """Boxes of a probability map in the pixels of the picture that it was made of."""
    x, y = width / probability.shape[1], height / probability.shape[0]
    return [
        upright(cx * x, cy * y, w * x, h * y, angle, score)
        for cx, cy, w, h, angle, score in boxes_of(probability)
    ]


def _unresolved(probability: np.ndarray, found: Sequence[Straight], shrunk: float) -> np.ndarray:
    """Where the coarse look hints at text that it does not resolve: (H, W) bool.

    A box that is sure and high enough in the coarse picture gains nothing from a closer look.
    """
    sure = [box for box in found if box.score > RESOLVED_SCORE and box.height > RESOLVED_PX * shrunk]
    return _hints(probability, sure, shrunk, HINT)


def _hints(probability: np.ndarray, known: Sequence[Shape], shrunk: float, least: float) -> np.ndarray:
    """Where a look at a picture so many times smaller hints at text outside of what is known: (H, W) bool."""
    hints = (probability > least).astype(np.uint8)
    for shape in known:
        cv2.fillPoly(hints, [(np.array(shape.polygon()) / shrunk).astype(np.int32)], 0)
    return hints > 0


def boxes_of(probability: np.ndarray) -> list[tuple[float, float, float, float, float, float]]:
    """Rotated boxes (cx, cy, w, h, angle, score) of a text probability map (H, W)."""
    mask = cv2.dilate((probability > TEXT).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for contour in contours:
        (cx, cy), (w, h), angle = cv2.minAreaRect(contour)
        if min(w, h) < 3:
            continue
        corners = cv2.boxPoints(((cx, cy), (w, h), angle))
        x0, y0 = np.maximum(corners.min(axis=0).astype(int), 0)
        x1, y1 = corners.max(axis=0).astype(int) + 1
        region = probability[y0:y1, x0:x1]
        inside = np.zeros(region.shape, np.uint8)
        cv2.fillPoly(inside, [(corners - [x0, y0]).astype(np.int32)], 1)
        score = float(region[inside > 0].mean()) if inside.any() else 0.0
        if score < _BOX:
            continue
        grow = 2 * (w * h * _UNCLIP / (2 * (w + h)))
        boxes.append((cx, cy, w + grow, h + grow, angle, score))
    return boxes


def bowed_in(probability: np.ndarray) -> list[Arc]:
    """Arcs of a text probability map (H, W), in its pixels: blobs whose middle line is bowed."""
    mask = (probability > TEXT).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    arcs = []
    for contour in contours:
        sides = cv2.minAreaRect(contour)[1]
        if min(sides) >= 3 and max(sides) > _BOW_LONG:
            arcs.append(_bowed(contour, probability))
    return [arc for arc in arcs if arc is not None]


def _bowed(contour: np.ndarray, probability: np.ndarray) -> Arc | None:
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
    if across < _LONG * along and _unbent(*(axes.T @ [x, y])) > _STRAIGHT:
        return None
    cx, cy, radius = _circle(x, y)
    outwards = math.atan2(-cy, -cx)  # from the centre to the blob's middle
    turn = (np.arctan2(y - cy, x - cx) - outwards + math.pi) % math.tau - math.pi
    low, high = float(turn.min()), float(turn.max())
    rough = float(np.std(np.hypot(x - cx, y - cy)))
    if rough > _BETTER * math.sqrt(max(float(across), 0.0)):
        return None
    thick = rough * math.sqrt(12)
    if not 0.6 < thick * radius * (high - low) / len(x) < 1.6:
        return None
    grow = 2 * cv2.contourArea(contour) * _UNCLIP / max(cv2.arcLength(contour, True), 1.0)
    height = thick + grow
    if radius * (1 - math.cos(min(math.pi, (high - low) / 2))) < _BOW * height or radius < 1.2 * height:
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


def _circle(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Centre and radius of the circle nearest to points (N,), (N,).

    Kasa's fit (1976), which draws short arcs too tight, refined by Gauss-Newton.
    """
    one = np.ones(len(x))
    cx, cy, rest = np.linalg.lstsq(np.stack([2 * x, 2 * y, one], axis=1), x**2 + y**2, rcond=None)[0]
    radius = math.sqrt(max(rest + cx**2 + cy**2, 0.0))
    for _ in range(_REFINEMENTS):
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


def _tiles(width: int, height: int, hints: np.ndarray | None = None) -> list[tuple[int, int, int, int]]:
    """Overlapping tiles of a photo as x, y, width and height, each cut down to what the hints in it need.

    Args:
        width: of the photo in px.
        height: likewise.
        hints: (H, W) bool, the whole photo at any scale; None for all of every tile.
    """

    def spans(length: int) -> list[tuple[int, int]]:
        count = max(1, math.ceil((length - TILE_OVERLAP) / (TILE - TILE_OVERLAP)))
        size = math.ceil((length + (count - 1) * TILE_OVERLAP) / count)
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
            first, last = _extent_of(np.flatnonzero(inside.any(axis=0)), left / along, along, x, x + columns)
            upper, lower = _extent_of(np.flatnonzero(inside.any(axis=1)), top / down, down, y, y + rows)
            tiles.append((first, upper, last - first, lower - upper))
    return tiles


def _extent_of(places: np.ndarray, at: float, scale: float, low: int, high: int) -> tuple[int, int]:
    """From the first to the last hint in px of the photo, with a margin, between ``low`` and ``high``."""
    first, last = at + places[0] / scale - TILE_MARGIN, at + (places[-1] + 1) / scale + TILE_MARGIN
    return max(low, int(first)), min(high, math.ceil(last))


def _cut_by_tile(box: Straight, x: int, y: int, columns: int, rows: int, width: int, height: int) -> bool:
    """True for a box at an inner edge of a tile: the neighbour tile or the whole photo has all of it."""
    corners = np.array(box.polygon())
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    return bool(
        (left < 2 and x > 0)
        or (top < 2 and y > 0)
        or (right > columns - 2 and x + columns < width)
        or (bottom > rows - 2 and y + rows < height)
    )


def _shift(box: Straight, x: int, y: int) -> Straight:
    return Straight(box.cx + x, box.cy + y, box.width, box.height, box.angle, box.score)


def same_place(a: Straight, b: Straight, share: float) -> bool:
    """True if the boxes agree in direction and each covers at least ``share`` of the other."""
    area_a, area_b = a.width * a.height, b.width * b.height
    if askew(a.angle, b.angle) > 15 or min(area_a, area_b) < share * max(area_a, area_b):
        return False
    return overlap(a, b) * min(area_a, area_b) >= share * max(area_a, area_b)


def _without_copies(boxes: Sequence[Straight]) -> list[Straight]:
    """Near-identical boxes of several scales once, the surest kept; photo order (top to bottom)."""
    kept: list[Straight] = []
    for box in sorted(boxes, key=lambda b: (-b.score, b.cy, b.cx)):
        if not any(same_place(box, other, 0.85) for other in kept):
            kept.append(box)
    return sorted(kept, key=lambda b: (b.cy, b.cx))


def joined(boxes: Sequence[Straight], limit: int = 24) -> list[tuple[Straight, float]]:
    """Neighbours in a row as one box each: a detector chops struck digits apart.

    Args:
        boxes: candidates of ``locate``.
        limit: joined boxes returned at most, the tightest rows first.

    Returns:
        Each joined box with the sum of the gaps that it bridges, in text heights.
    """
    pairs: list[tuple[float, Straight]] = []
    rows = [box for box in boxes if box.width > 0]
    current = [(0.0, box) for box in rows]
    seen: list[Straight] = list(rows)
    for _ in range(3):  # pairs, then pairs of pairs, ...
        made: list[tuple[float, Straight]] = []
        for bridged, a in current:
            for b in rows:
                gap = _row_gap(a, b)
                if gap is None:
                    continue
                both = _around(a, b)
                if any(same_place(both, other, 0.8) for other in seen):
                    continue
                seen.append(both)
                made.append((bridged + max(0.0, gap), both))
        current = made
        pairs += made
        if not made or len(pairs) >= limit:
            break
    pairs.sort(key=lambda pair: (pair[0], pair[1].cy, pair[1].cx))
    return [(box, gap) for gap, box in pairs[:limit]]


def _row_gap(a: Straight, b: Straight) -> float | None:
    """Gap between two boxes along their row in heights, or None if they do not stand in one row."""
    if a == b:
        return None
    lead, other = (a, b) if a.width / a.height >= b.width / b.height else (b, a)
    if not 0.6 < other.height / lead.height < 1.6 and not 0.6 < other.width / lead.height < 1.6:
        return None
    if other.width > 1.8 * other.height and askew(a.angle, b.angle) > 12:
        return None
    t = math.radians(lead.angle)
    dx, dy = other.cx - lead.cx, other.cy - lead.cy
    along, across = dx * math.cos(t) + dy * math.sin(t), -dx * math.sin(t) + dy * math.cos(t)
    if abs(across) > 0.4 * lead.height:
        return None
    gap = (abs(along) - (lead.width + _extent(other, lead.angle)) / 2) / lead.height
    least = min(lead.width, _extent(other, lead.angle)) / lead.height
    return gap if -0.6 * least < gap < 2.0 else None


def _extent(box: Straight, angle: float) -> float:
    t = math.radians(box.angle - angle)
    return abs(box.width * math.cos(t)) + abs(box.height * math.sin(t))


def _around(a: Straight, b: Straight) -> Straight:
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
    h = min(high[1] - low[1], 1.15 * max(a.height, b.height))
    return upright(cx, cy, high[0] - low[0], h, angle, min(a.score, b.score))
