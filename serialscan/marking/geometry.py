"""Where lines stand to each other, each seen upright along its own direction, mirrored ones in the mirror."""

from __future__ import annotations

import math
from dataclasses import dataclass

from msgspec.structs import replace

from serialscan.record import Line

_SAME_WAY = 20  # degrees within which two lines are read from the same side
_ONE_PLACE = 0.3  # share of the smaller of two lines that stand in one place


@dataclass(frozen=True)
class Frame:
    """A line's rectangle in axes along (u) and across (v, downwards) some direction; pixels."""

    left: float
    top: float
    right: float
    bottom: float
    height: float

    @property
    def middle(self) -> float:
        """Its centre along the line."""
        return (self.left + self.right) / 2


def same_way(one: Line, other: Line) -> bool:
    """Whether two lines stand on one page and are read from the same side."""
    turn = abs((one.rotation - other.rotation + 180) % 360 - 180)
    return one.page == other.page and one.mirrored == other.mirrored and turn < _SAME_WAY


def frame(line: Line, rotation: int) -> Frame | None:
    """A line's rectangle seen along ``rotation`` (as in `Line.rotation`); None without a usable polygon."""
    points = [(x, y) for x, y in line.polygon if math.isfinite(x) and math.isfinite(y)]
    if len(points) < 3:
        return None
    angle = math.radians(-rotation)
    cos, sin = math.cos(angle), math.sin(angle)
    along = [x * cos + y * sin for x, y in points]
    across = [y * cos - x * sin for x, y in points]
    if line.mirrored:
        along = [-u for u in along]
    tall = max(across) - min(across)
    height = line.glyph_height_px or tall
    return Frame(min(along), min(across), max(along), max(across), max(height, 1.0))


def part_of(line: Line, start: int, end: int) -> Line:
    """The line cut to some of its characters: by their outlines, else in proportion along its polygon.

    Only its text and polygon are cut; a polygon of other than four corners stays.
    """
    text = line.text[start:end]
    outlines = [point for glyph in line.characters[start:end] for point in glyph.polygon]
    if len(line.characters) == len(line.text) and outlines:
        return replace(line, text=text, polygon=tuple(outlines))
    if len(line.polygon) != 4 or not line.text:
        return replace(line, text=text)
    left, right = start / len(line.text), end / len(line.text)
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = line.polygon
    return replace(line, text=text, polygon=(
        (ax + left * (bx - ax), ay + left * (by - ay)), (ax + right * (bx - ax), ay + right * (by - ay)),
        (dx + right * (cx - dx), dy + right * (cy - dy)), (dx + left * (cx - dx), dy + left * (cy - dy)),
    ))  # fmt: skip


def aligned(one: Line, other: Line, within: float) -> bool:
    """Whether two lines begin at one edge or share their middle, within some character heights."""
    pair = _pair(one, other)
    if pair is None:
        return False
    a, b = pair
    reach = within * max(a.height, b.height)
    return abs(a.left - b.left) <= reach or abs(a.middle - b.middle) <= reach


def sizes(one: Line, other: Line) -> float:
    """How many times as tall the characters of the other line are; 1.0 where that cannot be told."""
    pair = _pair(one, other)
    return pair[1].height / pair[0].height if pair else 1.0


def apart(one: Line, other: Line) -> float:
    """The gap between two lines in any direction, in character heights; infinite if one has no place."""
    pair = _pair(one, other)
    if pair is None:
        return math.inf
    a, b = pair
    across = max(a.left - b.right, b.left - a.right, 0.0)
    down = max(a.top - b.bottom, b.top - a.bottom, 0.0)
    return math.hypot(across, down) / max(a.height, b.height)


def in_one_place(one: Line, other: Line) -> bool:
    """Whether two lines stand over each other in the photo, however each is read."""
    a, b = frame(one, one.rotation), frame(replace(other, mirrored=one.mirrored), one.rotation)
    if one.page != other.page or a is None or b is None:
        return False
    wide = min(a.right, b.right) - max(a.left, b.left)
    tall = min(a.bottom, b.bottom) - max(a.top, b.top)
    smaller = min((c.right - c.left) * (c.bottom - c.top) for c in (a, b))
    return wide > 0 and tall > 0 and wide * tall > _ONE_PLACE * smaller


def part_frame(line: Line, start: int, end: int) -> Frame | None:
    """The rectangle of a part of a line, along the line's own direction."""
    return frame(part_of(line, start, end), line.rotation)


def below(upper: Line, lower: Line, reach: float) -> float | None:
    """The gap to a line under another, in character heights; None if it is not under it or too far."""
    pair = _pair(upper, lower)
    if pair is None:
        return None
    a, b = pair
    tall = max(a.height, b.height)
    overlap = min(a.right, b.right) - max(a.left, b.left)
    gap = (b.top - a.bottom) / tall
    beneath = (b.top + b.bottom) / 2 > a.bottom
    enough = overlap > 0.3 * min(a.right - a.left, b.right - b.left)
    return gap if beneath and enough and gap <= reach else None


def beside(first: Line, second: Line, reach: float) -> float | None:
    """The gap to a line right of another in the same row, in character heights; None if there is none."""
    pair = _pair(first, second)
    if pair is None:
        return None
    a, b = pair
    tall = max(a.height, b.height)
    level = min(a.bottom, b.bottom) - max(a.top, b.top)
    gap = (b.left - a.right) / tall
    in_row = level > 0.5 * min(a.bottom - a.top, b.bottom - b.top)
    return gap if in_row and -1.0 <= gap <= reach and b.middle > a.right else None


def in_one_block(one: Line, other: Line) -> bool:
    """Whether two lines stand under each other, aligned left or centred, or close in one row."""
    pair = _pair(one, other)
    if pair is None:
        return False
    a, b = pair
    tall = max(a.height, b.height)
    if beside(one, other, 3.0) is not None or beside(other, one, 3.0) is not None:
        return True
    gap = max(b.top - a.bottom, a.top - b.bottom)
    aligned = abs(a.left - b.left) < 0.8 * tall or abs(a.middle - b.middle) < 0.8 * tall
    return gap < 1.5 * tall and aligned


def _pair(one: Line, other: Line) -> tuple[Frame, Frame] | None:
    if not same_way(one, other):
        return None
    a, b = frame(one, one.rotation), frame(other, one.rotation)
    return (a, b) if a is not None and b is not None else None
