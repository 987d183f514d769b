"""What a photo's record offers to decide: its serial and its marks, where they stand and what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import Levenshtein

from serialscan.case.decisions import MachineReading, Target, plain_value
from serialscan.record import Code, Glyph, Line, Mark, PhotoRecord, Polygon, Sign, characters_of

SERIAL = "serial"
"""Names the serial of a photo among what can be decided."""

_SURE = 0.9  # a character with less, or with a rival of a tenth of it, is shown as doubtful
_RIVAL = 0.1
_CANDIDATES = 6  # other numbers of the photo that are shown


@dataclass(frozen=True)
class Spot:
    """Something that can be decided.

    Attributes:
        name: ``serial``, or ``mark `` and the index of a mark.
        target: as it stands in a decision.
        lines: lines of the record that show it.
        codes: codes of the record that show it.
        signs: signs of the record that show it.
        reading: what the program read.
    """

    name: str
    target: Target
    lines: tuple[Line, ...]
    codes: tuple[Code, ...]
    reading: MachineReading
    signs: tuple[Sign, ...] = ()

    @property
    def outlines(self) -> tuple[Polygon, ...]:
        """Where it stands on its page."""
        outlines = [line.polygon for line in self.lines] + [code.polygon for code in self.codes]
        outlines += [sign.polygon for sign in self.signs]
        return tuple(outline for outline in outlines if len(outline) > 2)


def spots_of(record: PhotoRecord) -> list[Spot]:
    """The serial first, then the other marks in the order of the record."""
    return [_serial(record), *(_mark(record, index, mark) for index, mark in _others(record))]


def characters(record: PhotoRecord, spot: Spot) -> list[dict[str, Any]]:
    """The characters of the program's reading, each with its doubt and what else it may be.

    Alternatives stand in the order of the alphabet, so that none is put forward. Empty if the reading is not
    one piece of a line.
    """
    value = spot.reading.value
    if value is None:
        return []
    glyphs = characters_of(record.lines, [line.id for line in spot.lines], value)
    return [
        {
            "char": glyph.char,
            "doubtful": _doubtful(glyph),
            "others": sorted({other.char for other in glyph.alternatives if other.char}),
        }
        for glyph in glyphs
    ]


def other_numbers(record: PhotoRecord) -> list[str]:
    """Other numbers of the photo that may be the serial, best first."""
    values = [candidate.value for candidate in record.serial.candidates if candidate.value]
    return list(dict.fromkeys(value for value in values if value != record.serial.value))[:_CANDIDATES]


def compared(typed: str, read: str | None) -> list[tuple[str, str]]:
    """Pairs of characters, typed and read; an empty text where one of them has none."""
    left, right = plain_value(typed), plain_value(read)
    pairs: list[tuple[str, str]] = []
    for code in Levenshtein.opcodes(left, right):
        here, there = left[code.src_start : code.src_end], right[code.dest_start : code.dest_end]
        length = max(len(here), len(there))
        pairs += zip(_filled(here, length), _filled(there, length), strict=True)
    return pairs


def _filled(text: str, length: int) -> Sequence[str]:
    return [*text, *[""] * (length - len(text))]


def _serial(record: PhotoRecord) -> Spot:
    serial = record.serial
    evidence = serial.candidates[0].evidence if serial.candidates else ()
    lines, codes = _shown_by(record, evidence)
    page = _first_page(lines, codes)
    return Spot(
        SERIAL,
        Target(page=page),
        tuple(line for line in lines if line.page == page),
        tuple(code for code in codes if code.page == page),
        MachineReading(value=serial.value, decision=serial.decision, confidence=serial.confidence),
    )


def _others(record: PhotoRecord) -> list[tuple[int, Mark]]:
    return [(index, mark) for index, mark in enumerate(record.marks) if mark.kind != "serial"]


def _mark(record: PhotoRecord, index: int, mark: Mark) -> Spot:
    lines, codes = _shown_by(record, mark.evidence)
    signs = [sign for sign in record.signs if sign.id in mark.evidence]
    page = _first_page(lines, codes, signs)
    return Spot(
        f"mark {index}",
        Target(kind="mark", index=index, means=mark.kind, page=page),
        tuple(line for line in lines if line.page == page),
        tuple(code for code in codes if code.page == page),
        MachineReading(value=mark.value or None, decision=None, confidence=mark.confidence),
        tuple(sign for sign in signs if sign.page == page),
    )


def _shown_by(record: PhotoRecord, ids: Sequence[str]) -> tuple[list[Line], list[Code]]:
    return [line for line in record.lines if line.id in ids], [one for one in record.codes if one.id in ids]


def _first_page(lines: Sequence[Line], codes: Sequence[Code], signs: Sequence[Sign] = ()) -> int:
    pages = [line.page for line in lines] + [code.page for code in codes] + [sign.page for sign in signs]
    return min(pages, default=1)


def _doubtful(glyph: Glyph) -> bool:
    rival = max((other.confidence for other in glyph.alternatives), default=0.0)
    return glyph.confidence < _SURE or rival > _RIVAL * glyph.confidence
