"""Marks: letters and symbols cut, struck, dotted, burnt, cast or printed into a surface."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np

from serialscan.render.canvas import Array, Canvas, Rgb, tinted
from serialscan.render.fonts import is_shaped, unshaped
from serialscan.render.strokes import Face, Polyline, face_named, glyph
from serialscan.render.surfaces import noise

Profile = Literal["v", "round", "flat", "raised", "none"]


@dataclass(frozen=True)
class Mark:
    """How a stroke changes the surface. Lengths are parts of the capital height.

    Attributes:
        kind: what labels call it: stamped, engraved, dotpeen, laser, cast, plate, label, painted, hand.
        profile: cross-section of the stroke.
        depth: depth of the groove (height, if raised).
        weight: factor on the face's stroke width.
        rim: metal pushed up beside the groove, as a part of the depth.
        jitter: how much each glyph wanders (1 is a hand-struck row).
        fade: how unevenly deep the row and each character are struck; 0 even, 2 half of it missing.
        lean: how much a blow of that fade leaves out on one side of a character, a part of its depth.
        dots: distance of the dots of a dot-peened stroke, 0 for a line.
        grid: dots stand on a 5 x 7 lattice.
        pyramid: square instead of round indents.
        paint: colour of ink, paint or laser mark, None for bare relief.
        cover: how well the paint covers, 0 to 1.
        grime: dirt in the groove, 0 to 1.
        worn: how much of the mark is rubbed away, 0 to 1.
        hollow: only the outline of a stroke of ``weight`` stands, as on tyres and name plates.
    """

    kind: str
    profile: Profile
    depth: float
    weight: float = 1.0
    rim: float = 0.0
    jitter: float = 0.0
    fade: float = 0.0
    lean: float = 0.5
    dots: float = 0.0
    grid: bool = False
    pyramid: bool = False
    paint: Rgb | None = None
    cover: float = 0.9
    grime: float = 0.0
    worn: float = 0.0
    hollow: bool = False


MARKS: dict[str, Mark] = {
    "rolled": Mark("stamped", "flat", 0.055, 1.0, 0.35, 0.05, 0.2, grime=0.3),
    "struck": Mark("stamped", "v", 0.1, 1.15, 0.4, 1.0, 0.35, grime=0.4),
    "struck-light": Mark("stamped", "v", 0.045, 0.9, 0.3, 0.8, 0.5, grime=0.2),
    "engraved": Mark("engraved", "round", 0.05, 0.75, 0.08, 0.0, 0.05, grime=0.25),
    "engraved-v": Mark("engraved", "v", 0.055, 0.7, 0.1, 0.0, 0.05, grime=0.2),
    "engraved-filled": Mark("engraved", "round", 0.05, 1.0, 0.05, paint=(0.72, 0.71, 0.66), cover=0.9),
    "dotpeen": Mark("dotpeen", "round", 0.035, 0.68, 0.4, 0.02, 0.2, dots=0.078),
    "dotpeen-grid": Mark("dotpeen", "round", 0.055, 0.78, 0.4, 0.02, 0.2, dots=0.16, grid=True, pyramid=True),
    "laser-dark": Mark("laser", "flat", 0.006, 0.9, paint=(0.03, 0.03, 0.032), cover=0.8),
    "laser-light": Mark("laser", "flat", 0.008, 0.9, paint=(0.33, 0.33, 0.32), cover=0.75),
    "cast": Mark("cast", "raised", 0.14, 1.15, worn=0.08),
    "etched": Mark("plate", "flat", 0.02, 1.0, paint=(0.03, 0.03, 0.03), cover=0.92),
    "plate-struck": Mark("plate", "v", 0.07, 1.0, 0.35, 0.7, 0.3, grime=0.3),
    "printed": Mark("label", "none", 0.0, 1.0, paint=(0.02, 0.02, 0.022), cover=0.97),
    "printed-light": Mark("label", "none", 0.0, 1.0, paint=(0.7, 0.7, 0.68), cover=0.95),
    "painted": Mark("painted", "none", 0.0, 1.5, jitter=0.6, paint=(0.65, 0.62, 0.5), cover=0.85, worn=0.3),
    "pencil": Mark("hand", "round", 0.03, 0.8, 0.3, 1.2, 0.4, worn=0.1),
    "struck-thin": Mark("stamped", "v", 0.05, 0.55, 0.5, 0.9, 0.9, grime=0.15),
    "struck-uneven": Mark("stamped", "v", 0.06, 0.6, 0.5, 1.0, 0.9, 1.6, grime=0.2),
    "struck-deep": Mark("stamped", "round", 0.13, 1.5, 0.3, 0.5, 0.5, grime=0.35),
    "peened-line": Mark("dotpeen", "v", 0.075, 0.8, 0.6, 0.02, 0.15, dots=0.07, grime=0.65),
    "laser-raster": Mark("laser", "none", 0.0, 0.6, dots=0.062, paint=(0.3, 0.3, 0.27), cover=0.7),
    "jet-dots": Mark("label", "none", 0.0, 0.85, dots=0.16, grid=True, paint=(0.04, 0.04, 0.045), cover=0.8),
    "cast-round": Mark("cast", "raised", 0.2, 1.5, worn=0.15),
    "cast-hollow": Mark("cast", "raised", 0.08, 2.2, hollow=True),
    "marker": Mark("painted", "none", 0.0, 1.9, jitter=1.0, paint=(0.72, 0.72, 0.7), cover=0.9, worn=0.1),
}


STACK_GAP = 0.3
"""Gap between characters that stand one below the other, as a part of their height."""


@dataclass(frozen=True)
class Text:
    """One line of text on the item.

    Attributes:
        text: what stands there; joined Arabic letters in drawing order, see `fonts.shaped`.
        x: left end (see ``anchor``) in mm; centre of the circle on an arc.
        y: top of the capitals in mm; centre of the circle on an arc.
        height: capital height in mm.
        mark: how it was made.
        face: name in `FACES`, or of an installed font.
        anchor: part of the line at ``x``.
        angle: turn of the line in degrees, clockwise; on an arc the middle of the text, -90 at the top.
        arc: radius of the baseline in mm for text on a circle, tops outwards; 0 for a straight line.
        role: the field that it carries (serial, model, …); empty if none.
        value: the field's value where it is not the whole text.
        under: wrong characters that were struck first, place by place; a space where there is none.
        twice: places of characters that were struck twice.
        stretch: width of the characters, as a factor on the face's.
        tracking: further gap between characters, as a part of the height.
        gaps: place of a space and its own width, as a part of the height.
        faint: place of a character and what is left of its depth and paint, 0 to 1.
        stacked: the characters stand one below the other, their middles at ``x``.
    """

    text: str
    x: float
    y: float
    height: float
    mark: Mark
    face: str = "gorton"
    anchor: Literal["left", "centre", "right"] = "left"
    angle: float = 0.0
    arc: float = 0.0
    role: str = ""
    value: str = ""
    under: str = ""
    twice: tuple[int, ...] = ()
    stretch: float = 1.0
    tracking: float = 0.0
    gaps: tuple[tuple[int, float], ...] = ()
    faint: tuple[tuple[int, float], ...] = ()
    stacked: bool = False

    @property
    def style(self) -> Face:
        """Its face with its own width and gaps; joined letters stay joined."""
        face = face_named(self.face)
        tracking = 0.0 if is_shaped(self.text) else max(self.tracking, -0.02) if face.file else self.tracking
        if self.stretch == 1.0 and tracking == 0.0:
            return face
        return replace(face, width=face.width * self.stretch, spacing=face.spacing + tracking)

    @property
    def length(self) -> float:
        """How long it is in mm, without what chance does to the gaps."""
        face = self.style
        widths = [width for _, width in self.shapes]
        return self.height * (sum(width + face.spacing for width in widths) - face.spacing)

    @property
    def shapes(self) -> list[tuple[tuple[Polyline, ...], float]]:
        """Strokes and width of each character in capital heights, see `strokes.glyph`."""
        face, own = self.style, dict(self.gaps)
        return [((), own[k]) if k in own else glyph(char, face) for k, char in enumerate(self.text)]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in mm of a line that stands on no circle."""
        if not self.stacked:
            return self.length, self.height
        wide = max(width for _, width in self.shapes)
        return self.height * wide, self.height * ((1.0 + STACK_GAP) * len(self.text) - STACK_GAP)


@dataclass(frozen=True)
class Symbol:
    """A drawn sign that is no text: factory triangles, circles, stars, proof marks.

    ``filled``: its lines are closed outlines, and what they hold is marked. See `signs` for more of them.
    """

    lines: tuple[Polyline, ...]
    x: float
    y: float
    height: float
    mark: Mark
    angle: float = 0.0
    weight: float = 0.06
    filled: bool = False


@dataclass(frozen=True)
class DrawnGlyph:
    """Where a character stands: four corners in mm, clockwise from its top left."""

    char: str
    corners: Array


@dataclass(frozen=True)
class DrawnLine:
    """Where a line stands: ``outline`` in mm, clockwise from the first character's top left."""

    text: Text
    outline: Array
    glyphs: tuple[DrawnGlyph, ...]


def _turn(degrees: float) -> Array:
    angle = math.radians(degrees)
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], np.float32)


def distance(lines: list[Array], shape: tuple[int, int], reach: float, square: bool = False) -> Array:
    """Distance of every pixel to the nearest stroke, exact, in pixels.

    Args:
        lines: polylines (n, 2) as (column, row).
        shape: rows and columns of the result.
        reach: larger distances need not be right; they are at least this.
        square: largest coordinate difference instead of Euclid (pyramid indents).
    """
    result = np.full(shape, np.float32(reach * 1.01 + 1.0) ** 2, np.float32)
    if len(lines) > 4 and all(len(line) == 2 and (line[0] == line[1]).all() for line in lines):
        return _distance_to_dots(np.array([line[0] for line in lines]), result, reach, square)
    segments = np.concatenate([np.concatenate([line[:-1], line[1:]], axis=1) for line in lines])
    # Small windows take all segments in one step, large ones each segment where it reaches.
    batch = max(1, 60_000 // (shape[0] * shape[1]))
    for first in range(0, len(segments), batch):
        ax, ay, bx, by = (segments[first : first + batch].T)[:, :, None, None]
        left, right = (
            max(0, int((np.minimum(ax, bx) - reach).min())),
            int((np.maximum(ax, bx) + reach).max()) + 2,
        )
        top, bottom = (
            max(0, int((np.minimum(ay, by) - reach).min())),
            int((np.maximum(ay, by) + reach).max()) + 2,
        )
        part = result[top:bottom, left:right]
        if not part.size:
            continue
        x = np.arange(left, left + part.shape[1], dtype=np.float32) - ax
        y = np.arange(top, top + part.shape[0], dtype=np.float32)[:, None] - ay
        dx, dy = bx - ax, by - ay
        inverse = 1.0 / np.maximum(dx * dx + dy * dy, np.float32(1e-9))
        t = x * (dx * inverse) + y * (dy * inverse)
        np.clip(t, 0.0, 1.0, out=t)
        x = x - t * dx
        y = y - t * dy
        near = np.maximum(np.abs(x), np.abs(y)) ** 2 if square else x * x + y * y
        np.minimum(part, near.min(axis=0), out=part)
    return np.sqrt(result, out=result)


def _distance_to_dots(dots: Array, result: Array, reach: float, square: bool) -> Array:
    """`distance` for many points (n, 2) at once; ``result`` holds what is out of reach, squared."""
    steps = np.arange(-int(reach) - 1, int(reach) + 3)
    base = np.floor(dots).astype(np.int64)
    columns, rows = base[:, :1] + steps, base[:, 1:] + steps
    x, y = np.abs(columns - dots[:, :1]), np.abs(rows - dots[:, 1:])
    near = (
        np.maximum(x[:, None, :], y[:, :, None]) ** 2 if square else x[:, None, :] ** 2 + y[:, :, None] ** 2
    )
    height, width = result.shape
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    place = rows[:, :, None] * width + columns[:, None, :]
    np.minimum.at(result.reshape(-1), place[inside], near[inside].astype(np.float32))
    return np.sqrt(result, out=result)


def _cross_section(mark: Mark, away: Array, half: float) -> tuple[Array, Array]:
    """Relief (-1 at the bottom of a groove, 1 on top of a raised letter) and cover at a distance."""
    edge = max(0.25 * half, 0.5)
    cover = np.clip((half - away) / edge * 0.5 + 0.5, 0.0, 1.0)
    ratio = away / np.float32(half)
    if mark.profile == "v":
        relief = -np.clip(1.0 - ratio, 0.0, 1.0)
    elif mark.profile == "round":
        relief = -np.sqrt(np.clip(1.0 - ratio * ratio, 0.0, 1.0))
    elif mark.profile == "flat":
        relief = -cover * cover * (3.0 - 2.0 * cover)
    elif mark.profile == "raised":
        slope = np.clip((1.9 - ratio) / 1.2, 0.0, 1.0)
        relief = slope * slope * (3.0 - 2.0 * slope)
    else:
        relief = np.zeros_like(away)
    if mark.rim:
        relief = relief + np.float32(mark.rim) * np.exp(-(((ratio - 1.3) / 0.3) ** 2))
    return relief, cover


def _dotted(lines: list[Array], pitch: float) -> list[Array]:
    """Points along the polylines at an even distance, each as a stroke without length."""
    dots = []
    for line in lines:
        steps = np.hypot(*np.diff(line, axis=0).T)
        along = np.concatenate([[0.0], np.cumsum(steps)])
        count = max(1, round(float(along[-1]) / pitch))
        at = np.linspace(0.0, along[-1], count + 1)
        points = np.stack([np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])], axis=1)
        dots += [np.repeat(point[None].astype(np.float32), 2, axis=0) for point in points]
    return dots


@lru_cache(maxsize=1024)
def _on_lattice(char: str, face: Face) -> tuple[Array, ...]:
    """The nodes of a 5 x 7 lattice that the character's skeleton runs through."""
    lines, width = glyph(char, face)
    columns = max(1, round(width / 0.155) + 1)
    cell = (width / max(columns - 1, 1), 1.0 / 6.0)
    places = np.array([dot[0] for dot in _dotted([np.asarray(line) for line in lines], 0.02)])
    places = places / (cell[0] or 1.0, cell[1])
    near = np.hypot(*(places - np.round(places)).T) < 0.4
    # A full stop may lie between all nodes.
    nodes = {(round(x), round(y)) for x, y in (places[near] if near.any() else places[:1]).tolist()}
    return tuple(np.array([[i * cell[0], j * cell[1]]] * 2, np.float32) for i, j in sorted(nodes))


def _cut(
    canvas: Canvas,
    lines: list[Array],
    mark: Mark,
    half: float,
    depth: float,
    lean: Array,
    rng: np.random.Generator,
    filled: bool = False,
) -> None:
    """Put strokes (in canvas pixels) into the canvas.

    Args:
        canvas: changed in place.
        lines: skeletons, or closed contours if ``filled``.
        mark: how the strokes change the surface.
        half: half their width in pixels.
        depth: in mm.
        lean: change of the depth per pixel, along x and y.
        rng: of wear and blotches.
        filled: the contours hold the strokes, with their own width.
    """
    spread = 2.2 if mark.rim or mark.profile == "raised" else 1.0
    reach = half * spread + 1.5
    window = canvas.window(np.concatenate(lines), reach)
    if window is None:
        return
    rows, columns = window
    origin = np.array([columns.start, rows.start], np.float32)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    away = distance([line - origin for line in lines], shape, reach, mark.pyramid)
    if filled:
        inner = np.zeros(shape, np.uint8)
        cv2.fillPoly(inner, [np.round((line - origin) * 16).astype(np.int32) for line in lines], 1, shift=4)
        away = np.maximum(half + np.where(inner > 0, -away, away), 0.0)
    if mark.hollow:
        away, half = np.abs(away - half), max(0.3 * half, 0.5)
    relief, cover = _cross_section(mark, away, half)
    middle = np.concatenate(lines).mean(axis=0) - origin
    x = np.arange(shape[1], dtype=np.float32) - middle[0]
    y = np.arange(shape[0], dtype=np.float32) - middle[1]
    force = np.clip(1.0 + x[None, :] * lean[0] + y[:, None] * lean[1], 0.05, 2.0)
    if mark.worn:
        patch = noise(rng, shape, max(3.0, 0.5 * shape[0])) + 0.5 * noise(rng, shape, max(2.0, 2.5 * half))
        force = force * np.clip(1.0 - np.float32(mark.worn) * (0.6 + 0.7 * patch), 0.0, 1.0)
    canvas.height[window] += relief * force * np.float32(depth)
    if mark.paint is not None:
        blotch = 1.0 - 0.25 * np.clip(noise(rng, shape, max(1.5, half)) - 1.0, 0.0, 1.0)
        amount = cover * np.float32(mark.cover) * blotch * np.minimum(force, 1.0)
        canvas.color[window] = tinted(canvas.color[window], mark.paint, amount)
        canvas.gloss[window] += (0.05 - canvas.gloss[window]) * (0.8 * amount)
        canvas.rough[window] += (0.5 - canvas.rough[window]) * (0.8 * amount)
    if mark.grime:
        amount = cover * np.float32(mark.grime)
        canvas.color[window] *= 1.0 - 0.7 * amount[..., None]
        canvas.gloss[window] *= 1.0 - 0.7 * amount
    ink = canvas.ink[window]
    np.maximum(ink, cover, out=ink)


def _strokes(char: str, face: Face, mark: Mark) -> list[Array]:
    """What a tool follows to make a character, in capital heights: lines, or dots of no length."""
    if mark.grid and not face.file:
        return list(_on_lattice(char, face))
    lines = [np.asarray(line) for line in glyph(char, face)[0]]
    return _dotted(lines, mark.dots) if mark.dots and not face.file else lines


def draw_text(canvas: Canvas, text: Text, rng: np.random.Generator) -> DrawnLine:
    """Put a line of text into the canvas and say where each character stands.

    Raises:
        KeyError: a character that the stroke tables do not have, or an unknown face.
    """
    face = text.style
    mark = text.mark
    height, half = text.height, face.weight * mark.weight
    shapes = text.shapes
    advances = [1.0 + STACK_GAP if text.stacked else width + face.spacing for _, width in shapes]
    left_over = dict(text.faint)
    if mark.jitter:
        advances = [a + float(rng.normal(0.0, 0.045 * mark.jitter)) for a in advances]
    total = sum(advances) - face.spacing
    start = 0.0 if text.stacked else {"left": 0.0, "centre": -total / 2, "right": -total}[text.anchor]
    row_lean = float(rng.normal(0.0, 0.5 * mark.fade)) / max(total, 1.0)
    drawn: list[DrawnGlyph] = []
    cursor = start
    for place, (char, (lines, width), advance) in enumerate(zip(text.text, shapes, advances, strict=True)):
        origin, turn = _place(text, cursor, width)
        along = cursor - start
        cursor += advance
        if not lines:
            continue
        wander = rng.normal(0.0, 1.0, 6) if mark.jitter or mark.fade else np.zeros(6)
        middle = np.array([width / 2, 0.5], np.float32)
        tilt = _turn(2.6 * mark.jitter * float(wander[0]))
        shift = np.array([0.0, 0.03 * mark.jitter * wander[1]], np.float32)
        if char in ".," and mark.lean > 1:  # a stop of a punch of its own hangs below the row
            shift[1] += 0.09 * mark.jitter * abs(wander[5])

        def to_mm(points: Array, tilt=tilt, middle=middle, shift=shift, origin=origin, turn=turn) -> Array:  # type: ignore[no-untyped-def]
            local = (points - middle) @ tilt.T + middle + shift
            return origin + height * (local @ turn.T)

        force = 1.0 + row_lean * (along - total / 2) + 0.3 * mark.fade * float(wander[2])
        scale = height * canvas.px_per_mm
        lean = (wander[3:5] * (mark.lean * mark.fade / scale)).astype(np.float32)
        depth = mark.depth * height * min(max(force, 0.15), 1.8)
        how = mark
        if place in left_over:
            left = left_over[place]
            depth *= left
            how = replace(mark, cover=mark.cover * left, grime=mark.grime * left)
        blows = [(char, depth, np.zeros(2, np.float32))]
        if place < len(text.under) and text.under[place] != " ":
            blows.insert(0, (text.under[place], 0.7 * depth, rng.normal(0.0, 0.05, 2).astype(np.float32)))
        if place in text.twice:
            blows.append((char, 0.7 * depth, rng.normal(0.0, 0.07, 2).astype(np.float32)))
        for struck, deep, aside in blows:
            paths = _strokes(struck, face, mark)
            points = canvas.to_px(to_mm(np.concatenate(paths) + aside))
            ends = np.cumsum([len(path) for path in paths]).tolist()
            strokes = [points[end - len(path) : end] for path, end in zip(paths, ends, strict=True)]
            _cut(canvas, strokes, how, max(half * scale, 0.45), deep, lean, rng, bool(face.file))
        points = np.concatenate(lines)
        margin = 0.0 if face.file else half
        left, top = points.min(axis=0) - margin
        right, bottom = points.max(axis=0) + margin
        box = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
        drawn.append(DrawnGlyph(char, to_mm(box)))
    outline = _outline(text, drawn)
    if is_shaped(text.text):
        drawn = [DrawnGlyph(unshaped(g.char), g.corners) for g in reversed(drawn)]
        text = replace(text, text=unshaped(text.text))
    return DrawnLine(text, outline, tuple(drawn))


def _place(text: Text, cursor: float, width: float) -> tuple[Array, Array]:
    """Where a glyph's top left corner stands (mm) and how it is turned."""
    if not text.arc:
        turn = _turn(text.angle)
        x, y = (-width / 2, cursor) if text.stacked else (cursor, 0.0)
        aside = turn @ np.array([x * text.height, y * text.height], np.float32)
        return np.array([text.x, text.y], np.float32) + aside, turn
    angle = text.angle + math.degrees((cursor + width / 2) * text.height / text.arc)
    turn = _turn(angle + 90.0)
    local = np.array([-width / 2 * text.height, -text.arc - text.height], np.float32)
    return np.array([text.x, text.y], np.float32) + turn @ local, turn


def _outline(text: Text, glyphs: list[DrawnGlyph]) -> Array:
    """The outline of a line; on an arc a point every 8 degrees, above and below."""
    corners = np.concatenate([g.corners for g in glyphs]) - np.array([text.x, text.y], np.float32)
    if not text.arc:
        turn = _turn(text.angle)
        local = corners @ turn
        (left, top), (right, bottom) = local.min(axis=0), local.max(axis=0)
        outline = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32) @ turn.T
    else:
        radius = np.hypot(corners[:, 0], corners[:, 1])
        away = np.degrees(np.arctan2(corners[:, 1], corners[:, 0])) - text.angle
        away = (away + 180.0) % 360.0 - 180.0
        count = max(3, math.ceil((away.max() - away.min()) / 8.0) + 1)
        ends, step = np.linspace(np.radians(away.min()), np.radians(away.max()), count, retstep=True)
        circle = np.stack(
            [np.cos(ends + math.radians(text.angle)), np.sin(ends + math.radians(text.angle))], axis=1
        )
        # The chords of the outer arc would cut the letters' tops.
        outer = radius.max() / math.cos(float(step) / 2)
        outline = np.concatenate([circle * outer, circle[::-1] * radius.min()])
    return (outline + np.array([text.x, text.y])).astype(np.float32)


def draw_symbol(canvas: Canvas, symbol: Symbol, rng: np.random.Generator) -> None:
    """Put a symbol into the canvas; its unit is its height, (x, y) its top left corner."""
    turn = _turn(symbol.angle)
    origin = np.array([symbol.x, symbol.y], np.float32)
    lines = [canvas.to_px(origin + symbol.height * (np.asarray(line) @ turn.T)) for line in symbol.lines]
    half = max(symbol.weight * symbol.mark.weight * symbol.height * canvas.px_per_mm, 0.45)
    depth = symbol.mark.depth * symbol.height * 0.7
    mark = replace(symbol.mark, dots=0.0, grid=False, pyramid=False)
    lean = (rng.normal(0.0, 0.4 * mark.fade, 2) / (symbol.height * canvas.px_per_mm)).astype(np.float32)
    _cut(canvas, lines, mark, half, depth, lean, rng, symbol.filled)


def _ring(cx: float, cy: float, rx: float, ry: float, count: int = 33) -> Polyline:
    angle = np.linspace(0.0, 2 * math.pi, count)
    return np.stack([cx + rx * np.cos(angle), cy + ry * np.sin(angle)], axis=1).astype(np.float32)


def _poly(*points: tuple[float, float]) -> Polyline:
    return np.array(points, np.float32)


def _star() -> Polyline:
    angle = np.radians(-90 + 36 * np.arange(11))
    radius = np.where(np.arange(11) % 2 == 0, 0.5, 0.2)
    return np.stack([0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle)], axis=1).astype(np.float32)


SYMBOLS: dict[str, tuple[Polyline, ...]] = {
    "triangle": (_poly((0.56, 0.0), (1.12, 1.0), (0.0, 1.0), (0.56, 0.0)),),
    "arrow-triangle": (
        _poly((0.56, 0.0), (1.12, 1.0), (0.0, 1.0), (0.56, 0.0)),
        _poly((0.56, 0.92), (0.56, 0.36)),
        _poly((0.44, 0.56), (0.56, 0.34), (0.68, 0.56)),
        _poly((0.46, 0.94), (0.56, 0.8), (0.66, 0.94)),
    ),
    "circle": (_ring(0.5, 0.5, 0.5, 0.5),),
    "double-circle": (_ring(0.5, 0.5, 0.5, 0.5), _ring(0.5, 0.5, 0.38, 0.38)),
    "oval": (_ring(0.75, 0.5, 0.75, 0.5),),
    "diamond": (_poly((0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5), (0.5, 0.0)),),
    "star": (_star(),),
    "square": (_poly((0, 0), (1, 0), (1, 1), (0, 1), (0, 0)),),
    "bar": (_poly((0.0, 0.5), (4.0, 0.5)),),
}
