"""One record against one label."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from serialscan.evaluate.align import align, distance, length, pair_lines
from serialscan.evaluate.labels import Label, LabelledPhoto
from serialscan.evaluate.outline import same_place
from serialscan.evaluate.score import equals, exact, folded, found, to_the_sign
from serialscan.marking.choose import weighed_for_acceptance
from serialscan.marking.laboratory import shipped
from serialscan.record import Line, PhotoRecord, Polygon, Tool


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a photo: outline in pixels of the upright page, pages count from 1."""

    polygon: Polygon
    page: int = 1


@dataclass(frozen=True, slots=True)
class TrueLine:
    """What became of one true line.

    Attributes:
        text: the truth.
        read: the line paired with it, as it was read, or None.
        pairs: aligned characters of truth and reading; empty without a reading.
        edits: characters to change; all of them without a reading.
        length: characters that count.
        right: some line that was read says exactly this.
        to_the_sign: and with the same signs.
        detected: some line that was read stands there (IoU 0.5 or more), or None if no outline is known.
        height: of its characters in pixels, from the label, else from the reading, if known.
        contrast: from the label, if known.
        place: from the label, if known.
    """

    text: str
    read: str | None
    pairs: tuple[tuple[str, str], ...]
    edits: int
    length: int
    right: bool
    to_the_sign: bool
    detected: bool | None
    height: float | None
    contrast: float | None
    place: Place | None


@dataclass(frozen=True, slots=True)
class ReadLine:
    """What one line that was read is worth.

    Attributes:
        text: as it was read.
        confidence: that the whole line is right.
        right: it equals a true line.
        truth: the true line paired with it, or None.
        place: where it stands.
    """

    text: str
    confidence: float
    right: bool
    truth: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class Serial:
    """The serial that a record names.

    Attributes:
        value: as it was read.
        confidence: that it is right.
        shipped: the same without a laboratory's calibration.
        acceptable: the confidence that acceptance looks at, likewise.
        accepted: the decision is ``accept``.
        right: it equals the true serial.
        place: of the line or code it was taken from, if there is one.
    """

    value: str
    confidence: float
    shipped: float
    acceptable: float
    accepted: bool
    right: bool
    place: Place | None


@dataclass(frozen=True, slots=True)
class Judged:
    """One photo, judged.

    Attributes:
        label: the truth.
        path: the photo.
        tool: who read it, or None.
        sha256: of the photo that was read.
        problem: why there is no reading: no record, or the message of an error record; else None.
        serial: the serial named, or None.
        in_lines: the true serial stands in a line that was read.
        in_candidates: the true serial is among the candidates.
        lines: the true lines that hold a letter or a digit.
        read: the lines read that hold one.
        seconds: time taken, if the record tells it.
        height: of the characters of the serial, else the median of all lines, if known.
        contrast: likewise.
    """

    label: Label
    path: Path
    tool: Tool | None
    sha256: str | None
    problem: str | None
    serial: Serial | None
    in_lines: bool
    in_candidates: bool
    lines: tuple[TrueLine, ...]
    read: tuple[ReadLine, ...]
    seconds: float | None
    height: float | None
    contrast: float | None

    @property
    def folder(self) -> str:
        """The photo's folder as the label names it."""
        return str(PurePosixPath(self.label.file.replace("\\", "/")).parent)

    @property
    def decidable(self) -> bool:
        """Whether a serial can be judged: partial truth that tells none may leave it out."""
        return self.label.serial is not None or not self.label.partial

    @property
    def serial_exact(self) -> bool:
        """The record names the true serial."""
        return self.serial is not None and self.serial.right

    @property
    def extra(self) -> int | None:
        """Lines read that belong to no true line; None if that cannot be known."""
        if self.problem is not None or self.label.partial:
            return None
        return sum(line.truth is None for line in self.read)


def judge(photo: LabelledPhoto, record: PhotoRecord | None) -> Judged:
    """Compare a record with the truth.

    Args:
        photo: the truth.
        record: None if there is none; that and an error record count as nothing read.
    """
    label = photo.label
    problem = None
    if record is None:
        problem = "there is no record of this photo"
    elif record.status == "error":
        problem = record.error.message if record.error is not None else "the record says error"
    shown = [line for line in record.lines if folded(line.text)] if record is not None else []
    lines, paired = _true_lines(label, shown, record)
    texts = [line.text for line in shown]
    numbers = [number for number, line in enumerate(label.lines) if _counts(line)]
    carrier = next(
        (
            line
            for line in lines
            if label.serial is not None and found(label.serial.replace("?", ""), [line.text])
        ),
        None,
    )
    named = _serial(label, record)
    candidates = [c.value for c in record.serial.candidates] if record is not None else []
    if named is not None:
        candidates.append(named.value)
    return Judged(
        label=label,
        path=photo.path,
        tool=record.tool if record is not None else None,
        sha256=record.source.sha256 if record is not None else None,
        problem=problem,
        serial=named,
        in_lines=label.serial is not None and found(label.serial, texts),
        in_candidates=label.serial is not None and any(equals(label.serial, c) for c in candidates),
        lines=lines,
        read=tuple(
            ReadLine(
                text=line.text,
                confidence=line.confidence,
                right=any(exact(label.lines[number], [line.text]) for number in numbers),
                truth=paired.get(index),
                place=Place(line.polygon, line.page),
            )
            for index, line in enumerate(shown)
        ),
        seconds=record.timing_ms["total"] / 1000
        if record is not None and "total" in record.timing_ms
        else None,
        height=carrier.height if carrier else _median(line.height for line in lines),
        contrast=carrier.contrast if carrier else _median(line.contrast for line in lines),
    )


def _true_lines(
    label: Label, shown: list[Line], record: PhotoRecord | None
) -> tuple[tuple[TrueLine, ...], dict[int, str]]:
    """The true lines, and for each reading that is paired the truth it is paired with."""
    numbers = [number for number, text in enumerate(label.lines) if _counts(text)]
    truths = [folded(label.lines[number], wildcard=True) for number in numbers]
    readings = [folded(line.text) for line in shown]
    texts = [line.text for line in shown]
    general = record.quality.glyph_height_px if record is not None else None
    lines: list[TrueLine] = []
    paired: dict[int, str] = {}
    for number, truth, index in zip(numbers, truths, pair_lines(truths, readings), strict=True):
        line = shown[index] if index is not None else None
        if index is not None:
            paired[index] = label.lines[number]
        outline = label.polygon(number)
        height = label.height(number)
        if height is None:
            height = line.glyph_height_px if line is not None and line.glyph_height_px else general
        lines.append(
            TrueLine(
                text=label.lines[number],
                read=line.text if line is not None else None,
                pairs=tuple(align(truth, readings[index])) if index is not None else (),
                edits=distance(truth, readings[index]) if index is not None else length(truth),
                length=length(truth),
                right=exact(label.lines[number], texts),
                to_the_sign=to_the_sign(label.lines[number], texts),
                detected=None if outline is None else _detected(outline, shown),
                height=height,
                contrast=label.contrast_of(number),
                place=None if outline is None else Place(outline),
            )
        )
    return tuple(lines), paired


def _counts(truth: str) -> bool:
    """Whether a true line says anything: signs and open questions alone would match whatever is read."""
    return bool(folded(truth))


def _detected(outline: Polygon, shown: list[Line]) -> bool:
    return any(same_place(outline, line.polygon) for line in shown if line.page == 1)


def _serial(label: Label, record: PhotoRecord | None) -> Serial | None:
    if record is None or record.serial.value is None:
        return None
    reading = record.serial
    value = record.serial.value
    evidence = next((c.evidence for c in reading.candidates if folded(c.value) == folded(value)), ())
    if not evidence:
        evidence = next((mark.evidence for mark in record.marks if mark.kind == "serial"), ())
    places = {line.id: Place(line.polygon, line.page) for line in record.lines}
    places |= {code.id: Place(code.polygon, code.page) for code in record.codes}
    return Serial(
        value=value,
        confidence=reading.confidence,
        shipped=shipped(reading),
        acceptable=weighed_for_acceptance(reading) if reading.candidates else 0.0,
        accepted=reading.decision == "accept",
        right=label.serial is not None and equals(label.serial, value),
        place=next((places[name] for name in evidence if name in places), None),
    )


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None
