"""Lines as words with upright boxes, as formats of OCR want them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serialscan.printable import printable
from serialscan.record import Glyph, Line, PhotoRecord, Polygon


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in whole pixels of the upright photo."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word, printable, with the least confidence of its characters."""

    text: str
    confidence: float
    box: Box


def box_of(polygon: Polygon, record: PhotoRecord) -> Box:
    """The upright rectangle around an outline, within the first page of its photo."""
    wide, tall = record.source.width or 0, record.source.height or 0
    across, down = [point[0] for point in polygon] or [0.0], [point[1] for point in polygon] or [0.0]
    return Box(
        _within(min(across), wide), _within(min(down), tall), _within(max(across) + 0.5, wide),
        _within(max(down) + 0.5, tall),
    )  # fmt: skip


def _within(value: float, most: int) -> int:
    return max(0, min(int(value), most))


def lines_of(record: PhotoRecord, page: int) -> list[Line]:
    """The lines of a page that have a text."""
    return [line for line in record.lines if line.page == page and line.text.strip()]


def words_of(line: Line, record: PhotoRecord) -> list[Word]:
    """The words of a line; one, with the box of the line, where its characters do not tell their places."""
    groups: list[list[Glyph]] = [[]]
    for glyph in line.characters:
        if glyph.char.isspace():
            groups.append([])
        elif glyph.char:
            groups[-1].append(glyph)
    groups = [group for group in groups if group]
    same = [_text(group) for group in groups] == line.text.split()
    if not same or not all(glyph.polygon for group in groups for glyph in group):
        return [Word(printable(line.text), line.confidence, box_of(line.polygon, record))]
    return [
        Word(
            printable(_text(group)), min(glyph.confidence for glyph in group),
            box_of(tuple(point for glyph in group for point in glyph.polygon), record),
        )
        for group in groups
    ]  # fmt: skip


def _text(group: Sequence[Glyph]) -> str:
    return "".join(glyph.char for glyph in group)
