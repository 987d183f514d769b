"""Signs that are no text: where they may stand, and which they are.

A small network looks at squares of the photo: around short boxes of the detectors, beside the lines, in the
middle of rings of text. What it takes for a sign it sees again, closer and in several cuts.
``training/signs.py`` made it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from serialscan.photo.crops import flattened
from serialscan.reading.engine import Engine
from serialscan.reading.recognise import greedy
from serialscan.reading.shapes import Arc, Shape, Straight
from serialscan.recipe import GLANCE, RELIEF, Signs
from serialscan.record import Line, Polygon, Sign, SignAlternative

SIDE = 64
"""Sides of a window in px."""

SHOWN = 0.005
"""Alternatives with less are left out of the record, as those of characters are."""

_AT_ONCE = 32  # windows in one run of the network
_GLYPH = 0.64  # of a line's box: its glyphs
_UPRIGHT = 12.0  # degrees; a box that lies more askew to the page's lines is looked at along itself, too
_FLAT = 2.0  # grey values: spread of a window that shows nothing
_BEYOND = 0.05  # of a sign's width may lie beyond the photo
_SQUARE_LOOKS = (
    0.72,
    0.6,
    0.86,
)  # shares of a square that a sign fills in the closer looks, as it was taught


@dataclass(frozen=True)
class Square:
    """A square of the photo: its middle and side in px, and its turn in degrees clockwise."""

    cx: float
    cy: float
    side: float
    angle: float = 0.0

    def points(self, uv: np.ndarray) -> np.ndarray:
        """Photo coordinates (N, 2) of places in the square, from (0, 0) at its top left to (1, 1)."""
        t = math.radians(self.angle)
        turn = np.array([[math.cos(t), math.sin(t)], [-math.sin(t), math.cos(t)]])
        return (np.asarray(uv) - 0.5) * self.side @ turn + [self.cx, self.cy]

    def around(self, box: Sequence[float], fill: float) -> Square:
        """The square around a box in it (left, top, right, bottom), of which the box fills that share."""
        left, top, right, bottom = box
        ((cx, cy),) = self.points(np.array([[(left + right) / 2, (top + bottom) / 2]]))
        side = self.side * max(right - left, bottom - top) / fill
        return Square(float(cx), float(cy), side, self.angle)

    def corners(self, box: Sequence[float]) -> np.ndarray:
        """The corners (4, 2) in the photo of a box in it, clockwise from its top left."""
        left, top, right, bottom = box
        return self.points(np.array([[left, top], [right, top], [right, bottom], [left, bottom]]))


class Grey:
    """The grey page at its own size and at halves of it, so that large squares are cut at little cost.

    Args:
        rgb: (H, W, 3) uint8.
    """

    def __init__(self, rgb: np.ndarray) -> None:
        self._levels = [cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the page in px."""
        height, width = self._levels[0].shape
        return width, height

    def window(self, square: Square) -> np.ndarray:
        """A square of the page, (`SIDE`, `SIDE`) uint8."""
        level = max(0, math.floor(math.log2(max(square.side, 1.0) / SIDE)))
        while len(self._levels) <= level and min(self._levels[-1].shape) > SIDE:
            height, width = self._levels[-1].shape
            smaller = cv2.resize(self._levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            self._levels.append(smaller)
        level = min(level, len(self._levels) - 1)
        page = self._levels[level]
        by = page.shape[1] / self._levels[0].shape[1]
        over = 2 if square.side * by > 1.3 * SIDE else 1
        size = SIDE * over
        # Coordinates are of pixel edges, OpenCV's of pixel centres.
        corners = (square.points(np.array([[0, 0], [1, 0], [0, 1]])) * by - 0.5).astype(np.float32)
        target = np.array([[0, 0], [size, 0], [0, size]], np.float32) - np.float32(0.5)
        cut = cv2.warpAffine(
            page, cv2.getAffineTransform(target, corners), (size, size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        return cut if over == 1 else cv2.resize(cut, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


@dataclass(frozen=True)
class _Seen:
    """What the network makes of a place: posteriors (C,), class 0 for none, and the sign's corners (4, 2)."""

    posteriors: np.ndarray
    corners: np.ndarray
    square: Square

    @property
    def sure(self) -> float:
        return float(self.posteriors[1:].max())


def signs_of(
    rgb: np.ndarray,
    places: Sequence[Shape],
    shapes: Sequence[Shape],
    lines: Sequence[Line],
    engine: Engine,
    how: Signs,
    page: int = 1,
    first: int = 1,
) -> tuple[Sign, ...]:
    """The signs of a page.

    Args:
        rgb: (H, W, 3) uint8, the page as it is.
        places: where the detectors see text.
        shapes: of the page's lines.
        lines: as they stand in the record, one for each of these shapes.
        engine: looks at squares.
        how: the recipe's signs.
        page: its number, from 1.
        first: number of the first sign's id.
    """
    names = engine.signs
    if not names:
        return ()
    grey = Grey(rgb)
    squares = _squares(places, shapes, lines, grey.size, how)
    seen = [one for one in _look(grey, squares, engine) if one.sure >= how.closer]
    closer = [one for one in _closer(grey, seen, engine) if _whole(one.corners, grey.size)]
    found: list[Sign] = []
    for one in _apart([one for one in closer if one.sure >= how.least]):
        best = 1 + int(one.posteriors[1:].argmax())
        others = sorted(
            ((names[k - 1] if k else "", float(p)) for k, p in enumerate(one.posteriors) if k != best),
            key=lambda other: -other[1],
        )
        polygon = _polygon(one.corners)
        inside = [line for line in lines if _share(line.polygon, one.corners) > how.shared]
        text, sure = _text(rgb, one, names[best - 1], inside, engine, how)
        found.append(
            Sign(
                id=f"S{first + len(found)}", name=names[best - 1],
                confidence=round(min(1.0, float(one.posteriors[best])), 4), polygon=polygon,
                rotation=round(-one.square.angle) % 360,
                alternatives=tuple(
                    SignAlternative(name=name, confidence=round(p, 4))
                    for name, p in others[: how.shown]
                    if p >= SHOWN
                ),
                text=text, text_confidence=sure, lines=tuple(line.id for line in inside), page=page,
            )
        )  # fmt: skip
    return tuple(found)


def _squares(
    places: Sequence[Shape], shapes: Sequence[Shape], lines: Sequence[Line], size: tuple[int, int], how: Signs
) -> list[Square]:
    """Where signs may stand, the likeliest first, each once."""
    angle = _direction(shapes, lines)
    found: list[Square] = []
    short = [one for one in places if isinstance(one, Straight) and one.width <= how.long * one.height]
    short += [
        shape for shape, line in zip(shapes, lines, strict=True)
        if isinstance(shape, Straight) and len(line.text.replace(" ", "")) <= how.characters
    ]  # fmt: skip
    for box in sorted(short, key=lambda one: -one.score):
        turns = [angle]
        own = (box.angle + 45) % 90 - 45  # which way is up the box does not tell: the nearest to upright
        if abs((own - angle + 45) % 90 - 45) > _UPRIGHT:
            turns.append(own)
        for turn in turns:
            found += [
                Square(box.cx, box.cy, scale * max(box.width, box.height), turn) for scale in how.scales
            ]
    ranked = sorted(zip(shapes, lines, strict=True), key=lambda pair: -pair[1].confidence)
    for shape in [one for one, _ in ranked if isinstance(one, Straight)][: how.lines]:
        tall = _GLYPH * shape.height
        for scale in how.beside:
            side = scale * tall
            away = 0.5 * shape.width + 0.5 * side - 0.25 * shape.height
            over = 0.5 * shape.height + 0.42 * side
            for along, across in ((-away, 0.0), (away, 0.0), (0.0, -over), (0.0, over)):
                t = math.radians(shape.angle)
                cx = shape.cx + along * math.cos(t) - across * math.sin(t)
                cy = shape.cy + along * math.sin(t) + across * math.cos(t)
                found.append(Square(cx, cy, side, shape.angle))
    for ring in (one for one in (*places, *shapes) if isinstance(one, Arc) and abs(one.sweep) > how.sweep):
        inner = 2 * (ring.radius - ring.height / 2)
        found += [Square(ring.cx, ring.cy, scale * inner, angle) for scale in how.in_rings]
    width, height = size
    kept: list[Square] = []
    for one in found:
        if one.side < how.smallest_px or not (0 <= one.cx < width and 0 <= one.cy < height):
            continue
        if not any(_alike(one, other) for other in kept):
            kept.append(one)
        if len(kept) == how.squares:
            break
    return kept


def _direction(shapes: Sequence[Shape], lines: Sequence[Line]) -> float:
    """The direction in which most of a page is read, in degrees; 0 if nothing is."""
    best, most = 0.0, 0.0
    straight = [
        (s.angle, ln.confidence * len(ln.text))
        for s, ln in zip(shapes, lines, strict=True)
        if isinstance(s, Straight)
    ]
    for angle, _ in straight:
        near = [(a, w) for a, w in straight if abs((a - angle + 180) % 360 - 180) < _UPRIGHT]
        weight = sum(w for _, w in near)
        if weight > most:
            best, most = angle, weight
    return best


def _alike(a: Square, b: Square) -> bool:
    near = math.hypot(a.cx - b.cx, a.cy - b.cy) < 0.12 * min(a.side, b.side)
    turned = abs((a.angle - b.angle + 180) % 360 - 180) < _UPRIGHT
    return near and turned and 0.85 < a.side / b.side < 1.18


def _look(grey: Grey, squares: Sequence[Square], engine: Engine) -> list[_Seen]:
    """What the network makes of each square that shows anything."""
    shown = [(square, window) for square in squares if (window := grey.window(square)).std() > _FLAT]
    count = 1 + len(engine.signs)
    seen = []
    for start in range(0, len(shown), _AT_ONCE):
        part = shown[start : start + _AT_ONCE]
        for (square, _), said in zip(
            part, engine.sign(np.stack([window for _, window in part])), strict=True
        ):
            seen.append(_Seen(said[:count], square.corners(np.clip(said[count:], -0.2, 1.2)), square))
    return seen


def _closer(grey: Grey, seen: Sequence[_Seen], engine: Engine) -> list[_Seen]:
    """The same places in three cuts, which the sign fills as when it was taught; the mean of these looks."""
    squares = []
    for one in seen:
        width = float(np.linalg.norm(one.corners[1] - one.corners[0]))
        height = float(np.linalg.norm(one.corners[3] - one.corners[0]))
        cx, cy = one.corners.mean(axis=0)
        long = max(width, height, 8.0)
        squares += [Square(float(cx), float(cy), long / fill, one.square.angle) for fill in _SQUARE_LOOKS]
    looks = _look(grey, squares, engine)
    by_square = {look.square: look for look in looks}
    found = []
    for k in range(0, len(squares), len(_SQUARE_LOOKS)):
        three = [by_square[square] for square in squares[k : k + len(_SQUARE_LOOKS)] if square in by_square]
        if len(three) == len(_SQUARE_LOOKS):
            posteriors = np.mean([look.posteriors for look in three], axis=0)
            corners = np.mean([look.corners for look in three], axis=0)
            found.append(_Seen(posteriors, corners, three[0].square))
    return found


def _whole(corners: np.ndarray, size: tuple[int, int]) -> bool:
    """Whether a sign lies in the photo; what lies beyond its edges was made up of the last pixels."""
    slack = _BEYOND * float(np.linalg.norm(corners[1] - corners[0]))
    return bool((corners >= -slack).all() and (corners <= np.array(size) + slack).all())


def _apart(seen: Sequence[_Seen]) -> list[_Seen]:
    """Each sign once: of those that share a place the surest, in the order of the page."""
    kept: list[_Seen] = []
    for one in sorted(seen, key=lambda s: (-s.sure, s.square.cy, s.square.cx)):
        if all(
            _share(one.corners, other.corners) < 0.3 and _share(other.corners, one.corners) < 0.3
            for other in kept
        ):
            kept.append(one)
    return sorted(kept, key=lambda s: (s.square.cy, s.square.cx))


def _share(inner: np.ndarray | Polygon, outer: np.ndarray) -> float:
    """Share of the area of an outline that lies within a convex one; 0 for an outline without an area."""
    if len(inner) < 3:
        return 0.0
    hull = cv2.convexHull(np.asarray(inner, np.float32))
    area = cv2.contourArea(hull)
    common, _ = cv2.intersectConvexConvex(hull, cv2.convexHull(np.asarray(outer, np.float32)))
    return float(common) / area if area > 0 else 0.0


def _text(
    rgb: np.ndarray, seen: _Seen, name: str, inside: Sequence[Line], engine: Engine, how: Signs
) -> tuple[str | None, float | None]:
    """The number in a sign that holds one: as a line reads it, or as one look at the sign's middle does."""
    place = dict(how.numbers).get(name)
    if place is None:
        return None, None
    for line in inside:
        if any(char.isdigit() for char in line.text):
            return line.text, line.confidence
    (left, top, right, bottom) = place
    corners = seen.corners
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    middle = corners[0] + across * (left + right) / 2 + down * (top + bottom) / 2
    box = Straight(
        float(middle[0]), float(middle[1]), float(np.linalg.norm(across)) * (right - left),
        float(np.linalg.norm(down)) * (bottom - top), seen.square.angle,
    )  # fmt: skip
    cut = flattened(box.cut(rgb, GLANCE))
    (posteriors,) = engine.recognise(cut[None], RELIEF)
    glance = greedy(posteriors, engine.characters(RELIEF))
    if not glance.text or not glance.text.isdigit():
        return None, None
    sure = math.prod(glance.confidences)
    return (glance.text, round(sure, 4)) if sure >= how.number_sure else (None, None)


def _polygon(corners: np.ndarray) -> Polygon:
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in corners)
