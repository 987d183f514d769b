"""Signs that are no text: factory and proof marks and makers' logos, drawn by us from descriptions.

No picture was copied. Each sign is a few strokes and filled outlines whose proportions chance decides. So a
network learns what the sign is and not one drawing of it. ``render_sign`` photographs one with its
neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from serialscan.render.camera import Camera
from serialscan.render.canvas import Array
from serialscan.render.flaws import Flaw
from serialscan.render.layouts import digits, pick
from serialscan.render.lines import (
    FREE_FACES,
    FREE_MATERIALS,
    brightness,
    choose,
    random_light,
    random_look,
    random_mark,
    random_sensor,
)
from serialscan.render.marks import Mark, Symbol
from serialscan.render.parts import Disc, Plate
from serialscan.render.photo import Item, render_photo
from serialscan.render.strokes import Polyline, face_named, glyph, has_glyph

Rng = np.random.Generator

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
NAMES = ("WALTHER", "MAUSER", "SAUER", "STEYR", "ASTRA", "STAR", "DREYSE", "ORTGIES", "UNIQUE", "BERNARDELLI")
NUMBERS = (
    "66",
    "66",
    "66",
    "56",
    "386",
    "26",
    "36",
    "416",
    "21",
    "31",
    "106",
    "316",
    "506",
    "6",
    "16",
    "636",
)
"""Numbers of factories in closed shapes; 66 is by far the most seen one (Type 56 rifles)."""


@dataclass(frozen=True)
class Sign:
    """A sign of height 1, its top left corner at (0, 0).

    Attributes:
        name: of its class; empty for a shape that is none of them.
        lines: strokes, (n, 2) each.
        fills: closed outlines that are filled.
        weight: half the width of a stroke.
        text: what is written in it.
        hollow: only the outlines of the strokes stand, as in makers' lettering.
    """

    name: str
    lines: tuple[Polyline, ...]
    fills: tuple[Polyline, ...] = ()
    weight: float = 0.05
    text: str = ""
    hollow: bool = False

    @property
    def width(self) -> float:
        """Its width in heights."""
        return float(np.concatenate([*self.lines, *self.fills])[:, 0].max())

    def symbols(
        self, x: float, y: float, height: float, mark: Mark, angle: float = 0.0
    ) -> tuple[Symbol, ...]:
        """What draws it with its top left corner at (x, y) in mm, turned about that by degrees clockwise."""
        made = []
        if self.lines:
            own = replace(mark, hollow=True) if self.hollow and mark.profile != "raised" else mark
            made.append(Symbol(self.lines, x, y, height, own, angle, self.weight))
        made += [
            Symbol((one,), x, y, height, mark, angle, 0.4 * self.weight, filled=True) for one in self.fills
        ]
        return tuple(made)


def _points(*points: tuple[float, float]) -> Array:
    return np.array(points, np.float32)


def _closed(*points: tuple[float, float]) -> Array:
    return np.array([*points, points[0]], np.float32)


def _ring(cx: float, cy: float, rx: float, ry: float | None = None, count: int = 33) -> Array:
    return _arc(cx, cy, rx, ry or rx, 0.0, 360.0, count)


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, stop: float, count: int = 17) -> Array:
    angle = np.radians(np.linspace(start, stop, count))
    return np.stack([cx + rx * np.cos(angle), cy + ry * np.sin(angle)], axis=1).astype(np.float32)


def _star(cx: float, cy: float, radius: float, inner: float, points: int = 5) -> Array:
    angle = np.radians(-90 + 180 / points * np.arange(2 * points + 1))
    away = np.where(np.arange(2 * points + 1) % 2 == 0, radius, radius * inner)
    return np.stack([cx + away * np.cos(angle), cy + away * np.sin(angle)], axis=1).astype(np.float32)


def _mirrored(points: Array, x: float) -> Array:
    return np.stack([2 * x - points[:, 0], points[:, 1]], axis=1).astype(np.float32)


def word(text: str, cx: float, cy: float, height: float, face: str, widest: float = 9.0) -> list[Array]:
    """Strokes of a word around a middle, no wider than ``widest``."""
    style = face_named(face)
    placed, cursor = [], 0.0
    for char in text:
        lines, width = glyph(char, style)
        placed += [line + np.array([cursor, 0.0], np.float32) for line in lines]
        cursor += width + 0.8 * style.spacing
    long = cursor - 0.8 * style.spacing
    wide = min(height, widest / max(long, 1e-6))
    return [
        (line - np.array([long / 2, 0.5], np.float32)) * np.array([wide, height], np.float32)
        + np.array([cx, cy], np.float32)
        for line in placed
    ]


def _either(rng: Rng, outline: Array, filled: float) -> tuple[list[Array], list[Array]]:
    """A closed outline as a stroke or filled, the latter with a chance."""
    return ([], [outline]) if rng.random() < filled else ([outline], [])


def _triangle(rng: Rng) -> tuple[float, Array]:
    width = float(rng.uniform(0.95, 1.22))
    return width, _closed((width / 2, 0.0), (width, 1.0), (0.0, 1.0))


def _arrow_triangle(rng: Rng, face: str) -> Sign:
    width, frame = _triangle(rng)
    x, foot, top = width / 2, float(rng.uniform(0.84, 1.0)), float(rng.uniform(0.3, 0.42))
    head = float(rng.uniform(0.08, 0.15))
    lines = [
        frame,
        _points((x, foot), (x, top)),
        _points((x - head, top + 1.6 * head), (x, top), (x + head, top + 1.6 * head)),
    ]
    if rng.random() < 0.55:
        lines += [_points((x - head, foot + 0.02), (x, foot - 0.12), (x + head, foot + 0.02))]
    return Sign("arrow_triangle", tuple(lines), weight=float(rng.uniform(0.035, 0.065)))


def _plain_triangle(rng: Rng, face: str) -> Sign:
    _, frame = _triangle(rng)
    return Sign("triangle", (frame,), weight=float(rng.uniform(0.04, 0.08)))


def _number(rng: Rng, face: str) -> str:
    return pick(rng, NUMBERS) if rng.random() < 0.6 else digits(rng, int(rng.integers(1, 4)))


def _number_triangle(rng: Rng, face: str) -> Sign:
    width, frame = _triangle(rng)
    text, tall = _number(rng, face), float(rng.uniform(0.3, 0.42))
    middle = float(rng.uniform(0.66, 0.74))
    lines = [frame, *word(text, width / 2, middle, tall, face, 0.62 * width)]
    return Sign("number_triangle", tuple(lines), weight=float(rng.uniform(0.03, 0.05)), text=text)


def _lion_triangle(rng: Rng, face: str) -> Sign:
    width, frame = _triangle(rng)
    outline = _points(
        (0.16, 0.56),
        (0.1, 0.48),
        (0.14, 0.42),
        (0.2, 0.44),
        (0.2, 0.52),
        (0.28, 0.56),
        (0.66, 0.55),
        (0.78, 0.46),
        (0.86, 0.48),
        (0.9, 0.56),
        (0.84, 0.64),
        (0.76, 0.64),
        (0.8, 0.84),
        (0.86, 0.86),
        (0.72, 0.86),
        (0.66, 0.68),
        (0.36, 0.68),
        (0.42, 0.84),
        (0.46, 0.86),
        (0.32, 0.86),
        (0.26, 0.66),
        (0.2, 0.86),
        (0.1, 0.86),
        (0.16, 0.84),
    )
    size = float(rng.uniform(0.55, 0.66)) * width
    lion = (outline - np.array([0.5, 0.65])) * size + np.array([width / 2, rng.uniform(0.66, 0.73)])
    if rng.random() < 0.5:
        lion = _mirrored(lion, width / 2)
    lines, fills = _either(rng, np.concatenate([lion, lion[:1]]).astype(np.float32), 0.7)
    return Sign("lion_triangle", (frame, *lines), tuple(fills), float(rng.uniform(0.035, 0.055)))


def _star_sign(rng: Rng, face: str) -> Sign:
    lines, fills = _either(rng, _star(0.5, 0.5, 0.5, float(rng.uniform(0.37, 0.47))), 0.45)
    if lines and rng.random() < 0.45:
        what = rng.random()
        if what < 0.4:
            lines += word(pick(rng, ("T", "1", "7", "K")), 0.5, 0.52, 0.28, face)
        elif what < 0.7:
            lines += [_points((0.5, 0.7), (0.5, 0.3)), _points((0.43, 0.4), (0.5, 0.3), (0.57, 0.4))]
        else:
            lines += [_points((0.5, 0.5), (float(p[0]), float(p[1]))) for p in lines[0][:10:2]]
    return Sign("star", tuple(lines), tuple(fills), float(rng.uniform(0.035, 0.065)))


def _star_circle(rng: Rng, face: str) -> Sign:
    size = float(rng.uniform(0.28, 0.5))
    lines, fills = _either(rng, _star(0.5, 0.5, size, float(rng.uniform(0.37, 0.47))), 0.5)
    rings = [_ring(0.5, 0.5, 0.5)] + ([_ring(0.5, 0.5, 0.42)] if size < 0.38 and rng.random() < 0.3 else [])
    return Sign("star_circle", (*rings, *lines), tuple(fills), float(rng.uniform(0.03, 0.055)))


def _hexagram(rng: Rng, face: str) -> Sign:
    width = float(rng.uniform(0.82, 0.9))
    lines = [
        _closed((width / 2, 0.0), (width, 0.75), (0.0, 0.75)),
        _closed((width / 2, 1.0), (width, 0.25), (0.0, 0.25)),
    ]
    if rng.random() < 0.4:
        lines += word(pick(rng, ("S", "N", "Y", "1", "3")), width / 2, 0.5, 0.26, face)
    return Sign("hexagram", tuple(lines), weight=float(rng.uniform(0.03, 0.06)))


def _number_circle(rng: Rng, face: str) -> Sign:
    text = (
        pick(rng, ("11", "11", "10", "21", "25", "02", "04", "05"))
        if rng.random() < 0.5
        else _number(rng, face)
    )
    size = 0.55 if len(text) < 3 else 0.42
    lines = [_ring(0.5, 0.5, 0.5), *word(text, 0.5, 0.5, size * float(rng.uniform(0.8, 1.05)), face, 0.68)]
    return Sign("number_circle", tuple(lines), weight=float(rng.uniform(0.03, 0.055)), text=text)


def _number_double_circle(rng: Rng, face: str) -> Sign:
    text = "10" if rng.random() < 0.6 else _number(rng, face)
    inner = float(rng.uniform(0.35, 0.43))
    size = 1.05 * inner if len(text) < 3 else 0.8 * inner
    lines = [_ring(0.5, 0.5, 0.5), _ring(0.5, 0.5, inner), *word(text, 0.5, 0.5, size, face, 1.4 * inner)]
    return Sign("number_double_circle", tuple(lines), weight=float(rng.uniform(0.022, 0.04)), text=text)


def _number_oval(rng: Rng, face: str) -> Sign:
    text, width = _number(rng, face) if rng.random() < 0.6 else digits(rng, 4), float(rng.uniform(1.35, 1.95))
    if rng.random() < 0.3:
        text = "11"
    lines = [
        _ring(width / 2, 0.5, width / 2, 0.5),
        *word(text, width / 2, 0.5, float(rng.uniform(0.42, 0.6)), face, 0.72 * width),
    ]
    return Sign("number_oval", tuple(lines), weight=float(rng.uniform(0.035, 0.06)), text=text)


def _diamond_frame(rng: Rng) -> tuple[float, Array]:
    width = float(rng.uniform(0.8, 1.5))
    return width, _closed((width / 2, 0.0), (width, 0.5), (width / 2, 1.0), (0.0, 0.5))


def _number_diamond(rng: Rng, face: str) -> Sign:
    width, frame = _diamond_frame(rng)
    text = _number(rng, face)
    lines = [frame, *word(text, width / 2, 0.5, float(rng.uniform(0.3, 0.4)), face, 0.55 * width)]
    return Sign("number_diamond", tuple(lines), weight=float(rng.uniform(0.03, 0.05)), text=text)


def _diamond(rng: Rng, face: str) -> Sign:
    width, frame = _diamond_frame(rng)
    lines = [frame]
    fills: list[Array] = []
    middle, what = np.array([width / 2, 0.5], np.float32), rng.random()
    if what < 0.6:
        inner = ((frame - middle) * np.float32(rng.uniform(0.4, 0.7)) + middle).astype(np.float32)
        more, fills = _either(rng, inner, 0.3)
        lines += more
    elif what < 0.8:
        fills = [_ring(width / 2, 0.5, float(rng.uniform(0.07, 0.13)))]
    else:
        lines += [
            _points((width * 0.25, 0.5), (width * 0.75, 0.5)),
            _points((width / 2, 0.28), (width / 2, 0.72)),
        ]
    return Sign("diamond", tuple(lines), tuple(fills), float(rng.uniform(0.035, 0.06)))


def _crossed_rifles(rng: Rng, face: str) -> Sign:
    width, thick = float(rng.uniform(1.0, 1.7)), float(rng.uniform(0.05, 0.08))
    along = np.array([width, 1.0]) / math.hypot(width, 1.0)
    aside = np.array([-along[1], along[0]])
    long = math.hypot(width, 1.0)

    def at(u: float, v: float) -> tuple[float, float]:
        x, y = along * (u * long) + aside * v
        return float(x), float(y)

    barrel = _points(at(0.0, 0.0), at(0.62, 0.0))
    stock = _closed(
        at(0.42, -thick),
        at(0.7, -thick),
        at(0.78, thick),
        at(0.98, 2 * thick),
        at(1.0, -0.6 * thick),
        at(0.82, -1.4 * thick),
        at(0.42, -thick),
    )
    guard = _points(at(0.6, thick), at(0.64, 2.2 * thick), at(0.7, thick))
    one = [barrel, guard]
    lines, fills = _either(rng, stock, 0.6)
    one += lines
    if rng.random() < 0.4:
        one.append(_points(at(0.3, 0.0), at(0.36, -1.6 * thick), at(0.44, -thick)))
    both = [*one, *(_mirrored(line, width / 2) for line in one)]
    filled = [*fills, *(_mirrored(line, width / 2) for line in fills)]
    return Sign("crossed_rifles", tuple(both), tuple(filled), float(rng.uniform(0.025, 0.05)))


def _crown_lines(rng: Rng, width: float, tall: float) -> list[Array]:
    """A crown of ``width`` and height ``tall`` with its left top at (0, 0)."""
    base = 0.78 * tall
    lines = [_closed((0.12 * width, base), (0.88 * width, base), (0.86 * width, tall), (0.14 * width, tall))]
    if rng.random() < 0.5:
        count = int(rng.integers(3, 6))
        tops = [
            (width * (0.05 + 0.9 * k / (count - 1)), tall * (0.1 + 0.14 * abs(2 * k / (count - 1) - 1)))
            for k in range(count)
        ]
        path = [(0.12 * width, base)]
        for k, top in enumerate(tops):
            path.append(top)
            if k + 1 < count:
                path.append(((top[0] + tops[k + 1][0]) / 2, 0.55 * tall))
        lines.append(_points(*path, (0.88 * width, base)))
        if rng.random() < 0.7:
            lines += [_ring(x, y, 0.045 * width, count=9) for x, y in tops]
    else:
        lines += [
            _points(
                (0.12 * width, base),
                (0.0, 0.45 * tall),
                (0.1 * width, 0.25 * tall),
                (0.32 * width, 0.22 * tall),
                (0.5 * width, 0.4 * tall),
            ),
            _points(
                (0.88 * width, base),
                (width, 0.45 * tall),
                (0.9 * width, 0.25 * tall),
                (0.68 * width, 0.22 * tall),
                (0.5 * width, 0.4 * tall),
            ),
            _points((0.5 * width, base), (0.5 * width, 0.15 * tall)),
            _points((0.42 * width, 0.08 * tall), (0.58 * width, 0.08 * tall)),
            _points((0.5 * width, 0.0), (0.5 * width, 0.17 * tall)),
        ]
    return lines


def _crown(rng: Rng, face: str) -> Sign:
    text = (
        pick(rng, ("N", "U", "V", "R", "BP", "BV", "GP", "G", "BUG", "P", "VR", "GR", "ER"))
        if rng.random() < 0.65
        else ""
    )
    tall = 0.5 if text else 1.0
    width = float(rng.uniform(0.6, 0.85)) if text else float(rng.uniform(1.1, 1.5))
    lines = _crown_lines(rng, width, tall)
    if text:
        lines += word(text, width / 2, 0.8, 0.4, face, 0.95 * width)
    return Sign("crown", tuple(lines), weight=float(rng.uniform(0.025, 0.045)), text=text)


_WING = (
    (0.1, 0.3),
    (0.3, 0.12),
    (0.62, 0.04),
    (0.6, 0.26),
    (0.52, 0.24),
    (0.49, 0.44),
    (0.4, 0.4),
    (0.36, 0.58),
    (0.27, 0.52),
    (0.22, 0.66),
    (0.1, 0.6),
)


def _eagle_parts(rng: Rng, heads: int) -> tuple[list[Array], list[Array]]:
    """Wings, body, tail and heads of an eagle in a box 1.24 wide and 1 high, centred at x = 0.62."""
    spread = float(rng.uniform(0.85, 1.0))
    droop = float(rng.uniform(0.0, 0.22))
    wing = _closed(*((0.62 + x * spread, y + droop * max(0.0, x - 0.1)) for x, y in _WING))
    body = _ring(0.62, 0.48, float(rng.uniform(0.1, 0.15)), 0.26, 17)
    flare = float(rng.uniform(0.12, 0.2))
    tail = _closed((0.57, 0.68), (0.67, 0.68), (0.62 + flare, 0.97), (0.62, 0.9), (0.62 - flare, 0.97))
    shapes = [wing, _mirrored(wing, 0.62), body, tail]
    side = 1.0 if rng.random() < 0.5 else -1.0
    for s in (-1.0, 1.0) if heads == 2 else (side,):
        away = 0.1 if heads == 2 else 0.0
        x = 0.62 + s * away
        shapes.append(
            _closed(
                (x - s * 0.06, 0.28),
                (x - s * 0.05, 0.12),
                (x + s * 0.03, 0.06),
                (x + s * 0.15, 0.14),
                (x + s * 0.06, 0.17),
                (x + s * 0.06, 0.28),
            )
        )
    legs = [
        _points((0.62 + s * 0.08, 0.66), (0.62 + s * 0.2, 0.82), (0.62 + s * 0.28, 0.8)) for s in (-1.0, 1.0)
    ]
    filled = rng.random() < 0.6
    return ([*legs] if filled else [*shapes, *legs]), (shapes if filled else [])


def _eagle(rng: Rng, face: str) -> Sign:
    lines, fills = _eagle_parts(rng, 1)
    text = pick(rng, ("N", "B", "SP", "J", "M", "N", "N")) if rng.random() < 0.5 else ""
    if not text and rng.random() < 0.35:
        text = digits(rng, int(rng.integers(2, 4)))
    if text:
        lines += word(text, 0.62, 1.24, 0.4, face, 0.9)
    return _fitted("eagle", lines, fills, float(rng.uniform(0.025, 0.045)), text)


def _double_eagle(rng: Rng, face: str) -> Sign:
    lines, fills = _eagle_parts(rng, 2)
    if rng.random() < 0.6:
        lines += [
            _points((0.54, -0.02), (0.56, -0.14), (0.62, -0.08), (0.68, -0.14), (0.7, -0.02), (0.54, -0.02))
        ]
    if not fills and rng.random() < 0.5:
        lines += [_closed((0.55, 0.4), (0.69, 0.4), (0.69, 0.54), (0.62, 0.62), (0.55, 0.54))]
    return _fitted("double_eagle", lines, fills, float(rng.uniform(0.025, 0.045)))


def _fitted(name: str, lines: Sequence[Array], fills: Sequence[Array], weight: float, text: str = "") -> Sign:
    """The sign moved and scaled to height 1 and left and top 0."""
    points = np.concatenate([*lines, *fills])
    low, tall = points.min(axis=0), float(np.ptp(points[:, 1]))
    return Sign(
        name,
        tuple(((one - low) / tall).astype(np.float32) for one in lines),
        tuple(((one - low) / tall).astype(np.float32) for one in fills),
        weight / tall,
        text,
    )


def _shield(rng: Rng, face: str) -> Sign:
    width, kind = float(rng.uniform(0.75, 0.95)), rng.random()
    if kind < 0.6:
        right = [(width, 0.0), (width, 0.45), (0.9 * width, 0.68), (0.72 * width, 0.86)]
    else:
        right = [(0.85 * width, 0.06), (width, 0.0), (0.96 * width, 0.3), (width, 0.55), (0.8 * width, 0.84)]
    top = [] if rng.random() < 0.6 else [(width / 2, float(rng.uniform(-0.08, 0.1)))]
    left = [(width - x, y) for x, y in reversed(right)]
    lines = [_closed(*top, *right, (width / 2, 1.0), *left)]
    what, text = rng.random(), ""
    if what < 0.3:
        text = "".join(pick(rng, tuple(LETTERS)) for _ in range(int(rng.integers(1, 4))))
        lines += word(text, width / 2, 0.42, 0.4, face, 0.7 * width)
    elif what < 0.5:
        lines += [_points((0.0, 0.36), (width, 0.36))] + (
            [_points((width / 2, 0.36), (width / 2, 1.0))] if rng.random() < 0.6 else []
        )
    elif what < 0.65:
        lines += [
            _points((width / 2, 0.18), (width / 2, 0.75)),
            _points((0.22 * width, 0.42), (0.78 * width, 0.42)),
        ]
    elif what < 0.75:
        lines += [_star(width / 2, 0.42, 0.24, 0.4)]
    elif what < 0.9:
        lines += [_points((0.1 * width, 0.2), (0.85 * width, 0.75))]
    return _fitted("shield", lines, (), float(rng.uniform(0.03, 0.055)), text)


def _antler(rng: Rng, face: str) -> Sign:
    bend = float(rng.uniform(0.1, 0.35))
    beam = _points((0.1, 1.0), (0.12, 0.75), (0.12 + bend, 0.45), (0.15 + bend, 0.2), (0.05 + bend, 0.0))
    lines = [beam]
    for t in (0.2, 0.45, 0.7, 0.88)[: int(rng.integers(3, 5))]:
        at = t * 4
        k = min(3, int(at))
        x, y = (beam[k] + (beam[k + 1] - beam[k]) * (at - k)).tolist()
        reach = float(rng.uniform(0.2, 0.32))
        lines.append(_points((x, y), (x + 0.7 * reach, y - 0.25 * reach), (x + reach, y - reach)))
    if rng.random() < 0.4:
        lines.append(_points((0.02, 0.96), (0.2, 1.0)))
    return _fitted("antler", lines, (), float(rng.uniform(0.04, 0.08)))


def _anchor(rng: Rng, face: str) -> Sign:
    width, eye = float(rng.uniform(0.65, 0.85)), float(rng.uniform(0.07, 0.1))
    x, reach = width / 2, float(rng.uniform(0.28, 0.4))
    lines = [
        _ring(x, eye, eye, count=13),
        _points((x, 2 * eye), (x, 1.0)),
        _points((x - 0.24, 2 * eye + 0.08), (x + 0.24, 2 * eye + 0.08)),
        _arc(x, 1.0 - reach, x, reach, 10, 170),
    ]
    for s in (-1.0, 1.0):
        tip, foot = x + s * 0.98 * x, 1.0 - 0.82 * reach
        lines.append(
            _points(
                (tip - s * 0.13, foot + 0.02), (tip + s * 0.02, foot - 0.13), (tip + s * 0.06, foot + 0.07)
            )
        )
    return _fitted("anchor", lines, (), float(rng.uniform(0.035, 0.065)))


def _broad_arrow(rng: Rng, face: str) -> Sign:
    half, foot = float(rng.uniform(0.24, 0.4)), float(rng.uniform(0.75, 1.0))
    lines = [_points((half, 0.02), (half, 1.0)), _points((0.0, foot), (half, 0.0), (2 * half, foot))]
    return Sign("broad_arrow", tuple(lines), weight=float(rng.uniform(0.04, 0.08)))


def _crescent_star(rng: Rng, face: str) -> Sign:
    inner, shift = float(rng.uniform(0.36, 0.42)), float(rng.uniform(0.14, 0.22))
    outer = _arc(0.5, 0.5, 0.5, 0.5, 50, 310, 25)
    back = _arc(0.5 + shift, 0.5, inner, inner, 300, 60, 25)
    moon = np.concatenate([outer, back, outer[:1]])
    star = _star(0.5 + shift + float(rng.uniform(0.0, 0.15)), 0.5, float(rng.uniform(0.17, 0.24)), 0.4)
    lines, fills = _either(rng, moon, 0.6)
    more, filled = _either(rng, star, 0.7)
    turn = math.radians(float(rng.choice([0.0, 0.0, -30.0, -90.0])))
    turned = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    return _fitted(
        "crescent_star",
        [one @ turned for one in (*lines, *more)],
        [one @ turned for one in (*fills, *filled)],
        float(rng.uniform(0.03, 0.05)),
    )


def _chrysanthemum(rng: Rng, face: str) -> Sign:
    hub = float(rng.uniform(0.09, 0.14))
    angle = np.linspace(0, 2 * math.pi, 16 * 8 + 1)
    edge = 0.43 + 0.07 * np.abs(np.cos(8 * angle))
    lines = [
        np.stack([0.5 + edge * np.cos(angle), 0.5 + edge * np.sin(angle)], axis=1).astype(np.float32),
        _ring(0.5, 0.5, hub, count=17),
    ]
    for k in range(16):
        a = 2 * math.pi * (k + 0.5) / 16
        lines.append(_points(*((0.5 + r * math.cos(a), 0.5 + r * math.sin(a)) for r in (hub, 0.43))))
    return Sign("chrysanthemum", tuple(lines), weight=float(rng.uniform(0.014, 0.024)))


def _gear(rng: Rng, face: str) -> Sign:
    teeth, deep = int(rng.integers(7, 15)), float(rng.uniform(0.07, 0.12))
    path = []
    for k in range(teeth):
        for part, radius in ((0.0, 0.5), (0.42, 0.5), (0.5, 0.5 - deep), (0.92, 0.5 - deep)):
            a = 2 * math.pi * (k + part) / teeth
            path.append((0.5 + radius * math.cos(a), 0.5 + radius * math.sin(a)))
    lines, what = [_closed(*path)], rng.random()
    if what < 0.6:
        lines.append(_ring(0.5, 0.5, float(rng.uniform(0.14, 0.3))))
    elif what < 0.8:
        lines.append(_star(0.5, 0.5, 0.28, 0.4))
    else:
        lines += word(pick(rng, NUMBERS), 0.5, 0.5, 0.3, face, 0.5)
    return Sign("gear", tuple(lines), weight=float(rng.uniform(0.025, 0.045)))


def _ordnance_bomb(rng: Rng, face: str) -> Sign:
    radius = float(rng.uniform(0.26, 0.34))
    ball, fills = _either(rng, _ring(0.45, 1.0 - radius, radius), 0.3)
    lines = [*ball]
    if rng.random() < 0.6:
        lines.append(
            _points(
                (0.45 - 0.4 * radius, 1.0 - 1.95 * radius),
                (0.45 - 0.4 * radius, 1 - 2.15 * radius),
                (0.45 + 0.4 * radius, 1 - 2.15 * radius),
                (0.45 + 0.4 * radius, 1.0 - 1.95 * radius),
            )
        )
    count, foot = int(rng.integers(4, 7)), 1.0 - 2.1 * radius
    for k in range(count):
        lean = 2 * k / (count - 1) - 1
        tall = foot * (1.0 - 0.35 * abs(lean)) * float(rng.uniform(0.85, 1.0))
        x = 0.45 + 0.5 * radius * lean
        lines.append(
            _points(
                (x, foot),
                (x + 0.14 * lean - 0.04, foot - 0.35 * tall),
                (x + 0.2 * lean + 0.05, foot - 0.7 * tall),
                (x + 0.42 * lean, foot - tall),
            )
        )
    return _fitted("ordnance_bomb", lines, fills, float(rng.uniform(0.03, 0.05)))


def _perron(rng: Rng, face: str) -> Sign:
    width = float(rng.uniform(0.5, 0.7))
    lines = []
    for k in range(3):
        wide = width * (1.0 - 0.27 * k)
        y = 1.0 - 0.12 * k
        lines.append(
            _closed(
                (width / 2 - wide / 2, y),
                (width / 2 + wide / 2, y),
                (width / 2 + wide / 2, y - 0.12),
                (width / 2 - wide / 2, y - 0.12),
            )
        )
    x, half = width / 2, float(rng.uniform(0.03, 0.06))
    lines += [_points((x - half, 0.64), (x - half, 0.24)), _points((x + half, 0.64), (x + half, 0.24))]
    lines += [
        _ring(x, 0.19, 0.06, count=13),
        _points((x, 0.13), (x, 0.0)),
        _points((x - 0.07, 0.05), (x + 0.07, 0.05)),
    ]
    return Sign("perron", tuple(lines), weight=float(rng.uniform(0.022, 0.045)))


def _hk(rng: Rng, face: str) -> Sign:
    half, wide = float(rng.uniform(0.46, 0.66)), float(rng.uniform(0.5, 0.66))
    bar, gap = float(rng.uniform(0.42, 0.56)), float(rng.uniform(0.0, 0.12))
    knee = half + gap
    lines = [
        _points((0.0, 0.0), (0.0, 1.0)),
        _points((half, 0.0), (half, 1.0)),
        _points((0.0, bar), (half, bar)),
        _points((knee + wide, 0.0), (knee, bar), (knee + wide, 1.0)),
    ]
    if gap:
        lines.append(_points((half, bar), (knee, bar)))
    lean = float(rng.uniform(-0.05, 0.2))
    sheared = [line + np.stack([(1 - line[:, 1]) * lean, np.zeros(len(line))], axis=1) for line in lines]
    hollow = rng.random() < 0.45
    thick = float(rng.uniform(0.07, 0.13)) if hollow else float(rng.uniform(0.05, 0.12))
    return replace(_fitted("hk", sheared, (), thick), hollow=hollow)


def _g_name(rng: Rng, face: str) -> Sign:
    width, corner = float(rng.uniform(1.0, 1.3)), float(rng.uniform(0.16, 0.26))
    high, low = float(rng.uniform(0.24, 0.32)), float(rng.uniform(0.66, 0.74))

    def bend(cx: float, cy: float, start: float) -> list[tuple[float, float]]:
        return [(float(x), float(y)) for x, y in _arc(cx, cy, corner, corner, start, start - 90, 6)]

    path = [
        (width, high),
        *bend(width - corner, corner, 0),
        *bend(corner, corner, 270),
        *bend(corner, 1 - corner, 180),
        *bend(width - corner, 1 - corner, 90),
        (width, low),
        (width * float(rng.uniform(0.4, 0.62)), low),
    ]
    left = float(rng.uniform(0.2, 0.32)) * width
    letters = word(
        "LOCK",
        (left + width) / 2,
        (high + low) / 2 - 0.02,
        float(rng.uniform(0.24, 0.34)),
        face,
        width - left - 0.02,
    )
    return Sign("g_name", (_points(*path), *letters), weight=float(rng.uniform(0.035, 0.06)), text="LOCK")


def _three_arrows(rng: Rng, face: str) -> Sign:
    lines: list[Array] = []
    step, top, foot = (
        float(rng.uniform(0.17, 0.22)),
        float(rng.uniform(0.14, 0.22)),
        float(rng.uniform(0.72, 0.84)),
    )
    head, ring = float(rng.uniform(0.045, 0.075)), float(rng.uniform(0.07, 0.1))
    for k in (-1, 0, 1):
        x = 0.5 + k * step
        first = top + (0.06 if k else 0.0)
        lines += [
            _points((x, first), (x, foot)),
            _points((x - head, first + 1.5 * head), (x, first), (x + head, first + 1.5 * head)),
        ]
        lines.append(_ring(x, (first + foot) / 2 + 0.04, ring, 1.25 * ring, 13))
    if rng.random() < 0.75:
        lines.append(_ring(0.5, 0.5, 0.5))
        if rng.random() < 0.35:
            lines.append(_ring(0.5, 0.5, 0.46))
    return _fitted("three_arrows", lines, (), float(rng.uniform(0.022, 0.042)))


def _pb_circle(rng: Rng, face: str) -> Sign:
    lines = [_ring(0.5, 0.5, 0.5), *word("PB", 0.5, 0.5, float(rng.uniform(0.42, 0.56)), face, 0.62)]
    return Sign("pb_circle", tuple(lines), weight=float(rng.uniform(0.03, 0.05)), text="PB")


def _fn_oval(rng: Rng, face: str) -> Sign:
    width = float(rng.uniform(1.3, 1.75))
    tall, middle = float(rng.uniform(0.4, 0.58)), float(rng.uniform(0.44, 0.5))
    lines = [_ring(width / 2, 0.5, width / 2, 0.5)]
    if rng.random() < 0.3:
        lines.append(_ring(width / 2, 0.5, width / 2 - 0.07, 0.43))
    lines += word("FN", width / 2, middle, tall, face, 0.62 * width)
    if rng.random() < 0.5:
        y = middle + tall / 2 + 0.06
        lines += [
            _points((0.28 * width, y), (0.72 * width, y)),
            _points((0.64 * width, y), (0.72 * width, y + 0.06)),
        ]
    return Sign("fn_oval", tuple(lines), weight=float(rng.uniform(0.03, 0.055)), text="FN")


def _sw_monogram(rng: Rng, face: str) -> Sign:
    serif = pick(rng, ("serif", face, "serif"))
    lines = [
        *word("W", 0.5, 0.52, float(rng.uniform(0.42, 0.55)), serif, 0.72),
        *word("S", 0.5, 0.48, float(rng.uniform(0.56, 0.72)), serif, 0.4),
    ]
    if rng.random() < 0.5:
        lines += word("&", 0.5, 0.76, 0.16, "gorton")
    rings = [_ring(0.5, 0.5, 0.5)] if rng.random() < 0.85 else []
    if rings and rng.random() < 0.45:
        rings.append(_ring(0.5, 0.5, 0.44))
    return _fitted("sw_monogram", [*rings, *lines], (), float(rng.uniform(0.02, 0.042)))


def _banner(rng: Rng, face: str) -> Sign:
    text = (
        pick(rng, NAMES)
        if rng.random() < 0.6
        else "".join(pick(rng, tuple(LETTERS)) for _ in range(int(rng.integers(4, 8))))
    )
    width, bow, tail = (
        float(rng.uniform(2.0, 3.0)),
        float(rng.uniform(-0.16, 0.16)),
        float(rng.uniform(0.25, 0.4)),
    )
    x = np.linspace(tail, width - tail, 9)
    rise = bow * np.sin(np.linspace(0, math.pi, 9))
    upper, lower = np.stack([x, 0.1 + rise], axis=1), np.stack([x, 0.75 + rise], axis=1)[::-1]
    lines = [np.concatenate([upper, lower, upper[:1]]).astype(np.float32)]
    notch = float(rng.uniform(0.1, 0.2))
    end = _points(
        (tail, 0.28), (0.0, 0.28), (notch, 0.62), (0.0, 0.95), (tail + 0.12, 0.95), (tail + 0.12, 0.75)
    )
    lines += [end, _mirrored(end, width / 2)]
    lines += word(text, width / 2, 0.425 + 0.8 * bow, 0.4, face, width - 2.5 * tail)
    return _fitted("banner", lines, (), float(rng.uniform(0.03, 0.05)), text)


DRAWN: dict[str, Callable[[Rng, str], Sign]] = {
    "arrow_triangle": _arrow_triangle,
    "triangle": _plain_triangle,
    "number_triangle": _number_triangle,
    "lion_triangle": _lion_triangle,
    "star": _star_sign,
    "star_circle": _star_circle,
    "hexagram": _hexagram,
    "number_circle": _number_circle,
    "number_double_circle": _number_double_circle,
    "number_oval": _number_oval,
    "number_diamond": _number_diamond,
    "diamond": _diamond,
    "crossed_rifles": _crossed_rifles,
    "crown": _crown,
    "eagle": _eagle,
    "double_eagle": _double_eagle,
    "shield": _shield,
    "antler": _antler,
    "anchor": _anchor,
    "broad_arrow": _broad_arrow,
    "crescent_star": _crescent_star,
    "chrysanthemum": _chrysanthemum,
    "gear": _gear,
    "ordnance_bomb": _ordnance_bomb,
    "perron": _perron,
    "hk": _hk,
    "g_name": _g_name,
    "three_arrows": _three_arrows,
    "pb_circle": _pb_circle,
    "fn_oval": _fn_oval,
    "sw_monogram": _sw_monogram,
}
"""How each class is drawn."""


def random_sign(rng: Rng, name: str, face: str = "narrow") -> Sign:
    """A sign of a class of `DRAWN`: its proportions vary; copies are drawn with an unsteady hand.

    Args:
        rng: decides everything.
        name: of the class.
        face: of the letters and digits in it.
    """
    return _unsteady(rng, DRAWN[name](rng, face))


def _unsteady(rng: Rng, sign: Sign) -> Sign:
    stretch, shear = float(rng.uniform(0.9, 1.12)), float(rng.normal(0, 0.03))
    hand = float(rng.uniform(0.005, 0.02)) if rng.random() < 0.3 else 0.0

    def moved(line: Array) -> Array:
        points = line.astype(np.float64) * [stretch, 1.0]
        points[:, 0] += (1 - points[:, 1]) * shear
        if hand:
            points += rng.normal(0, hand, points.shape)
        return points

    made = _fitted(
        sign.name,
        [moved(one) for one in sign.lines],
        [moved(one) for one in sign.fills],
        sign.weight,
        sign.text,
    )
    return replace(made, hollow=sign.hollow)


def other_shape(rng: Rng, face: str = "narrow") -> Sign:
    """A shape that is none of the signs: letters in other frames, print signs, arrows, crosses, doodles."""
    kind = int(rng.integers(0, 21))
    letters = "".join(pick(rng, tuple(LETTERS)) for _ in range(int(rng.integers(1, 4))))
    number = digits(rng, int(rng.integers(1, 5)))
    lines: list[Array] = []
    fills: list[Array] = []
    if kind == 0:  # a number or letters in a box
        wide = float(rng.uniform(0.9, 2.2))
        lines = [
            _closed((0, 0), (wide, 0), (wide, 1), (0, 1)),
            *word(pick(rng, (letters, number)), wide / 2, 0.5, 0.55, face, 0.8 * wide),
        ]
    elif kind == 1:  # letters in a circle, but PB
        text = letters if letters != "PB" else "BP"
        lines = [_ring(0.5, 0.5, 0.5), *word(text, 0.5, 0.5, 0.5, face, 0.64)]
    elif kind == 2:  # letters in an oval, but FN
        wide = float(rng.uniform(1.3, 2.0))
        text = letters if letters != "FN" else "NF"
        lines = [_ring(wide / 2, 0.5, wide / 2, 0.5), *word(text, wide / 2, 0.5, 0.5, face, 0.7 * wide)]
    elif kind == 3:  # a polygon of more corners
        corners = int(rng.choice([4, 5, 6, 8]))
        turn = math.pi / 4 if corners == 4 else float(rng.uniform(0, 1))
        lines = [
            _points(
                *(
                    (
                        0.5 + 0.5 * math.cos(turn + 2 * math.pi * k / corners),
                        0.5 + 0.5 * math.sin(turn + 2 * math.pi * k / corners),
                    )
                    for k in range(corners + 1)
                )
            )
        ]
        if rng.random() < 0.5:
            lines += word(pick(rng, (letters, number)), 0.5, 0.5, 0.38, face, 0.6)
    elif kind == 4:  # rings: holes, dials, pins
        lines = [
            _ring(0.5, 0.5, r)
            for r in (0.5, float(rng.uniform(0.1, 0.42)), float(rng.uniform(0.1, 0.42)))[
                : int(rng.integers(1, 4))
            ]
        ]
    elif kind == 5:  # an arrow of a dial
        turn = float(rng.uniform(0, 2 * math.pi))
        arrow = [_points((0, 0), (1, 0)), _points((0.7, -0.2), (1, 0), (0.7, 0.2))]
        if rng.random() < 0.3:
            arrow.append(_arc(0.5, 0.3, 0.4, 0.4, 20, 250))
        spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        lines = [one @ spin for one in arrow]
    elif kind == 6:  # crosses and plus signs
        lines = [_points((0.5, 0), (0.5, 1)), _points((0, 0.5), (1, 0.5))]
        if rng.random() < 0.5:
            lines.append(_ring(0.5, 0.5, float(rng.uniform(0.3, 0.5))))
    elif kind == 7:  # a warning triangle of a laser, as print
        lines = [
            _closed((0.55, 0), (1.1, 1), (0, 1)),
            *[
                _points((0.55, 0.66), (0.55 + 0.25 * math.cos(a), 0.66 + 0.25 * math.sin(a)))
                for a in np.linspace(0, 2 * math.pi, 9)[:-1]
            ],
        ]
        if rng.random() < 0.5:
            lines = [
                _closed((0.55, 0), (1.1, 1), (0, 1)),
                _points((0.55, 0.35), (0.55, 0.7)),
                _points((0.55, 0.82), (0.55, 0.85)),
            ]
    elif kind == 8:  # CE and other letters of print
        lines = word(pick(rng, ("CE", "TM", "UL", "FC", "CIP", "NP", "N")), 0.5, 0.5, 1.0, face)
    elif kind == 9:  # an unknown logo: a doodle of strokes
        points = rng.uniform(0, 1, (int(rng.integers(4, 9)), 2))
        lines = [points.astype(np.float32)] + ([_ring(0.5, 0.5, 0.6)] if rng.random() < 0.4 else [])
    elif kind == 10:  # a filled blot
        angle = np.linspace(0, 2 * math.pi, 15)
        away = 0.3 + 0.2 * rng.random(15)
        away[-1] = away[0]
        fills = [
            np.stack([0.5 + away * np.cos(angle), 0.5 + away * np.sin(angle)], axis=1).astype(np.float32)
        ]
    elif kind == 11:  # Phillips, hexagonal and star screws
        lines = [_ring(0.5, 0.5, 0.5)]
        if rng.random() < 0.5:
            turn = float(rng.uniform(0, math.pi / 2))
            dx, dy = 0.3 * math.cos(turn), 0.3 * math.sin(turn)
            lines += [
                _points((0.5 - dx, 0.5 - dy), (0.5 + dx, 0.5 + dy)),
                _points((0.5 - dy, 0.5 + dx), (0.5 + dy, 0.5 - dx)),
            ]
        else:
            fills = [_star(0.5, 0.5, 0.26, float(rng.uniform(0.7, 0.95)), 6)]
    elif kind == 12:  # knurls, teeth, serrations
        count = int(rng.integers(3, 8))
        lines = [_points((k / count, 0), (k / count + float(rng.uniform(0, 0.02)), 1)) for k in range(count)]
        if rng.random() < 0.5:
            lines += [_points((0, k / count), (1, k / count)) for k in range(count)]
    elif kind == 13:  # a bullet, as beside selectors
        lines = [
            _points((0, 0.2), (0, 0.8), (0.7, 0.8), (0.95, 0.5), (0.7, 0.2), (0, 0.2)),
            _points((0.2, 0.2), (0.2, 0.8)),
        ]
    elif kind == 14:  # two letters joined, but H and K
        pair = letters if len(letters) == 2 and letters != "HK" else "NR"
        lines = [
            *word(pair[0], 0.25, 0.5, 1.0, face),
            *word(pair[1], 0.25 + float(rng.uniform(0.3, 0.55)), 0.5, 1.0, face),
        ]
    elif kind == 15:  # a half frame
        lines = [_arc(0.5, 0.5, 0.5, 0.5, float(rng.uniform(0, 360)), float(rng.uniform(360, 600)) - 200)]
        lines += word(number, 0.5, 0.5, 0.4, face, 0.6)
    elif kind == 16:  # lightning, tick, hook
        lines = [pick_line(rng)]
    elif kind == 17:  # one letter or digit
        lines = word(pick(rng, tuple(LETTERS + "0123456789")), 0.5, 0.5, 1.0, face)
    elif kind == 18:  # two or three circles or dots
        lines = [
            _ring(0.5 * k, 0.5, float(rng.uniform(0.1, 0.3)), count=13)
            for k in range(int(rng.integers(2, 4)))
        ]
    elif kind == 19:  # a name in a banner: words of every kind look like it, so it is no class
        return replace(_unsteady(rng, _banner(rng, face)), name="")
    else:  # a number as it stands beside signs
        lines = word(number, 0.5, 0.5, 1.0, face)
    return _unsteady(rng, _fitted("", lines, fills, float(rng.uniform(0.03, 0.08))))


def pick_line(rng: Rng) -> Array:
    """A stroke with a few corners."""
    return [
        _points((0.6, 0), (0.2, 0.55), (0.5, 0.5), (0.1, 1)),
        _points((0, 0.5), (0.3, 0.9), (1, 0)),
        _points((0, 0), (0.8, 0), (0.8, 0.7), (0.4, 1)),
        _points((0, 1), (0.5, 0), (1, 1)),
    ][int(rng.integers(4))]


@dataclass(frozen=True)
class SignPhoto:
    """A photo of one sign with its neighbours.

    Attributes:
        pixels: (H, W, 3) uint8 RGB.
        sign: what was drawn; its name is empty if it is none of the classes.
        corners: (4, 2) of the sign in px, clockwise from its top left.
        lines: its strokes in px.
        fills: its filled outlines in px.
        weight_px: half the width of a stroke.
        others: corners of other things in the photo: letters, screws, shapes.
    """

    pixels: Array
    sign: Sign
    corners: Array
    lines: tuple[Array, ...]
    fills: tuple[Array, ...]
    weight_px: float
    others: tuple[Array, ...]


def draw_strokes(
    ink: Array, lines: Sequence[Array], fills: Sequence[Array], half: float, over: float
) -> None:
    """Strokes and filled outlines in px into a picture that is so many times as large."""
    for line in lines:
        points = np.round((line * over + over / 2 - 0.5) * 16).astype(np.int32)
        cv2.polylines(ink, [points], False, 255, max(1, round(2 * half * over)), cv2.LINE_AA, 4)
    for line in fills:
        cv2.fillPoly(
            ink, [np.round((line * over + over / 2 - 0.5) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4
        )


def trace(window: Array, mask: Array) -> float:
    """Which part of the changes in brightness around a sign comes from its strokes, 0 to 1.

    The coefficient of determination of a fit of the picture by the strokes' cover, slopes and edges, as
    letters are measured (`truth`), less what chance would explain.

    Args:
        window: (64, 64) uint8.
        mask: (64, 64) uint8, the strokes' cover.
    """
    reach = cv2.dilate(mask, np.ones((7, 7), np.uint8)) > 40
    if reach.sum() < 60:
        return 0.0
    grey = window.astype(np.float32)
    grey -= cv2.GaussianBlur(grey, (0, 0), 9)
    cover = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 0.8)
    dx, dy = cv2.Sobel(cover, cv2.CV_32F, 1, 0), cv2.Sobel(cover, cv2.CV_32F, 0, 1)
    columns = [cover, cv2.GaussianBlur(cover, (0, 0), 2.0), dx, dy, np.hypot(dx, dy), np.ones_like(cover)]
    a, b = np.stack([one[reach] for one in columns], axis=1), grey[reach]
    fit = a @ np.linalg.lstsq(a, b, rcond=None)[0]
    total = float(((b - b.mean()) ** 2).sum())
    return max(0.0, 1 - float(((b - fit) ** 2).sum()) / max(total, 1e-6) - 0.01)


def trace_of(photo: SignPhoto) -> float:
    """The `trace` of a photo's sign, seen in a square around it."""
    low, high = photo.corners.min(axis=0), photo.corners.max(axis=0)
    side = float((high - low).max()) / 0.75
    first = (low + high) / 2 - side / 2
    by = _TRACE_PX / side
    matrix = np.array([[by, 0, -first[0] * by], [0, by, -first[1] * by]], np.float32)
    grey = cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY)
    window = cv2.warpAffine(
        grey, matrix, (_TRACE_PX, _TRACE_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    mask = np.zeros((_TRACE_PX, _TRACE_PX), np.uint8)
    moved = [[((one - first) * by).astype(np.float32) for one in some] for some in (photo.lines, photo.fills)]
    draw_strokes(mask, moved[0], moved[1], photo.weight_px * by, 1)
    return trace(window, mask)


_TRACE_PX = 64  # sides of the square in which a trace is measured


ROOM = 0.75
"""Sign heights that are shown around a sign on each side."""


def render_sign(
    seed: int,
    name: str,
    size_px: float,
    faces: Sequence[str] = FREE_FACES,
    materials: Sequence[str] = FREE_MATERIALS,
) -> SignPhoto:
    """Photograph a sign.

    Args:
        seed: decides all that the other arguments leave open; the same seed makes the same pixels.
        name: of its class; empty for another shape.
        size_px: its larger side in px.
        faces: names in `FACES` to choose from.
        materials: names in `MATERIALS` to choose from.
    """
    rng = np.random.default_rng((seed, 31))
    look = random_look(rng)
    face = choose(rng, look.faces, faces, 0.3)
    material = choose(rng, look.materials, materials, 0.07)
    bright = brightness(material)
    mark = replace(random_mark(rng, look.marks.split()), jitter=0.0)
    if mark.paint is not None and abs(sum(mark.paint) / 3 - bright) < 0.12 and rng.random() < 0.9:
        mark = replace(mark, paint=(0.02, 0.02, 0.022) if bright > 0.2 else (0.6, 0.6, 0.58))
    sign = random_sign(rng, name, face) if name else other_shape(rng, face)
    height = float(rng.uniform(2.0, 8.0))
    width = sign.width * height
    long = max(height, width)
    angle = float(rng.normal(0, 4))
    symbols = list(sign.symbols(-width / 2, -height / 2, height, mark))
    others, parts, flaws = _neighbours(rng, symbols, width, height, mark, face)
    scale = size_px / long
    camera = Camera(
        round((width + 2 * ROOM * long) * scale),
        round((height + 2 * ROOM * long) * scale),
        width + 2 * ROOM * long,
        (0.0, 0.0),
        angle,
        float(rng.normal(0, 9)),
        float(rng.normal(0, 9)),
        float(rng.uniform(2.0, 4.0)),
    )
    glyph_px = 0.5 * size_px
    sensor = random_sensor(rng, glyph_px, float(rng.uniform(1.2, 2.2)) if rng.random() < 0.2 else 1.0)
    sensor = replace(sensor, exposure=sensor.exposure + 0.4 * math.log2((bright + 0.02) / 0.15))
    reach = 4 * long
    item = Item(
        "sign",
        "one sign",
        "sign",
        material,
        (-reach, -reach, reach, reach),
        (),
        parts=tuple(parts),
        symbols=tuple(symbols),
        radius=float(rng.uniform(12, 40)) if rng.random() < 0.15 else 0.0,
        used=bool(rng.random() < 0.6),
        flaws=tuple(flaws),
    )
    photo = render_photo(item, camera, random_light(rng), sensor, int(rng.integers(2**32)))
    seen = replace(camera, radius=item.radius)
    middle = np.array([width / 2, height / 2], np.float32)
    return SignPhoto(
        photo.pixels,
        sign,
        seen.project(_box(-width / 2, -height / 2, width, height)),
        tuple(seen.project(one * height - middle) for one in sign.lines),
        tuple(seen.project(one * height - middle) for one in sign.fills),
        max(sign.weight * mark.weight * height * scale, 0.5),
        tuple(seen.project(_box(*one)) for one in others),
    )


def _box(x: float, y: float, width: float, height: float) -> Array:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def _neighbours(
    rng: Rng, symbols: list[Symbol], width: float, height: float, mark: Mark, face: str
) -> tuple[list[tuple[float, float, float, float]], list[Plate | Disc], list[Flaw]]:
    """What stands around a sign: words and numbers, other shapes, screws, edges. ``symbols`` grows.

    Returns:
        Left, top, width and height in mm of what else may be looked at; parts; damage.
    """
    boxes: list[tuple[float, float, float, float]] = []
    parts: list[Plate | Disc] = []
    flaws: list[Flaw] = []
    long = max(width, height)
    for side in (-1, 1):
        what = rng.random()
        tall = height * float(rng.uniform(0.35, 1.0))
        gap = long * float(rng.uniform(0.08, 0.4))
        if what < 0.5:
            text = (
                digits(rng, int(rng.integers(3, 9)))
                if rng.random() < 0.6
                else "".join(pick(rng, tuple(LETTERS)) for _ in range(4))
            )
            if not all(has_glyph(char, face_named(face)) for char in text) or face_named(face).file:
                continue
            strokes = word(text, 0.0, 0.0, 1.0, face)
            points = np.concatenate(strokes)
            wide = float(np.ptp(points[:, 0]))
            x = side * (width / 2 + gap + wide * tall / 2)
            lines = tuple((one + np.array([x / tall, 0.0], np.float32)).astype(np.float32) for one in strokes)
            symbols.append(
                Symbol(
                    lines, 0.0, float(rng.normal(0, 0.1)) * height, tall, mark, 0.0, face_named(face).weight
                )
            )
            first = x - wide * tall / 2
            step = wide * tall / len(text)
            boxes += [(first + k * step, -tall / 2, step, tall) for k in range(min(3, len(text)))]
        elif what < 0.6:
            shape = other_shape(rng, face)
            x = width / 2 + gap if side > 0 else -width / 2 - gap - shape.width * tall
            symbols += shape.symbols(x, -tall / 2, tall, mark)
            boxes.append((x, -tall / 2, shape.width * tall, tall))
        elif what < 0.72:
            radius = long * float(rng.uniform(0.15, 0.45))
            x, y = side * (width / 2 + gap + radius), float(rng.normal(0, 0.2)) * long
            form = pick(rng, ("pin", "rivet", "screw", "hole", "dimple"))
            parts.append(Disc(x, y, radius, form, float(rng.uniform(0, 180))))  # type: ignore[arg-type]
            boxes.append((x - radius, y - radius, 2 * radius, 2 * radius))
    for side in (-1, 1):
        if rng.random() < 0.35:
            tall = height * float(rng.uniform(0.3, 0.6))
            y = side * (height / 2 + tall / 2 + long * float(rng.uniform(0.1, 0.4)))
            text = digits(rng, int(rng.integers(4, 9)))
            if face_named(face).file:
                continue
            strokes = word(text, float(rng.normal(0, 0.5)), 0.0, 1.0, face)
            symbols.append(
                Symbol(
                    tuple(one.astype(np.float32) for one in strokes),
                    0.0,
                    y,
                    tall,
                    mark,
                    0.0,
                    face_named(face).weight,
                )
            )
            boxes.append((-tall / 2, y - tall / 2, tall, tall))
    if rng.random() < 0.15:
        edge = long * float(rng.uniform(0.7, 1.0)) * float(rng.choice([-1.0, 1.0]))
        far = 5 * long if edge > 0 else -5 * long
        corners = ((-9 * long, edge), (9 * long, edge), (9 * long, far), (-9 * long, far))
        parts.append(Plate(corners, float(rng.choice([-1.0, 1.0])), None, 0.3 * height))
    for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.25 else 0):
        x, y, turn = rng.uniform(-1, 1) * long, rng.uniform(-1, 1) * long, rng.uniform(0, math.pi)
        reach = long * float(rng.uniform(0.2, 1.5))
        dx, dy = reach * math.cos(turn), reach * math.sin(turn)
        form = pick(rng, ("gouge", "gouge", "dirt", "paint"))
        tint = float(rng.uniform(0.02, 0.4))
        flaws.append(
            Flaw(
                form,  # type: ignore[arg-type]
                (x - dx, y - dy),
                (x + dx, y + dy),
                long * float(rng.uniform(0.015, 0.08)),
                float(rng.uniform(0.3, 0.75)),
                (tint, 0.9 * tint, 0.75 * tint),
            )
        )
    return boxes, parts, flaws
