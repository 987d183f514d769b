"""Photos that are drawn, and their records and cases made by hand: nothing is read for a report's tests."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from case_fixtures import RUN, TOOL
from PIL import Image, ImageDraw

from serialscan.case import CaseWriter, InputFacts, Picture
from serialscan.case.decisions import Decision, EntryName, MachineReading, Shown
from serialscan.photo.crops import line_crop
from serialscan.pictures.keep import encoded
from serialscan.record import (
    Alternative,
    Evidence,
    Glyph,
    ItemPhoto,
    ItemRecord,
    ItemSerial,
    Line,
    Mark,
    Missing,
    PhotoRecord,
    Polygon,
    SerialCandidate,
    SerialReading,
    Source,
    to_json,
)

WIDE, TALL = 480, 300


def serial_of(number: int) -> str:
    return f"AB{1000 + number}"


def draw_photo(path: Path, number: int) -> None:
    """A photo of two lines, unlike all others."""
    picture = Image.new("RGB", (WIDE, TALL), (140 + number % 60, 150, 155))
    draw = ImageDraw.Draw(picture)
    draw.text((40, 60), serial_of(number), fill=(20, 20, 20), font_size=60)
    draw.text((40, 180), "COLT", fill=(20, 20, 20), font_size=40)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, "JPEG", quality=90)


def line_of(name: str, text: str, at: tuple[float, float], tall: float, doubtful: int | None = None) -> Line:
    """A line whose characters stand side by side, each as wide as high; one of them may be doubtful."""
    (x, y), glyphs = at, []
    for index, char in enumerate(text):
        left = x + index * tall * 0.6
        box: Polygon = ((left, y), (left + tall * 0.6, y), (left + tall * 0.6, y + tall), (left, y + tall))
        sure = 0.6 if index == doubtful else 0.99
        others = (Alternative(char="8", confidence=0.3), Alternative(char="", confidence=0.05))
        glyphs.append(
            Glyph(char=char, confidence=sure, polygon=box, alternatives=others if index == doubtful else ())
        )
    right = x + len(text) * tall * 0.6
    outline: Polygon = ((x, y), (right, y), (right, y + tall), (x, y + tall))
    return Line(id=name, text=text, confidence=0.9, polygon=outline, characters=tuple(glyphs))


def record_of(photo: Path, number: int, decision: str = "accept", **more: Any) -> PhotoRecord:
    """The record of a drawn photo; ``more`` are fields of it."""
    data = photo.read_bytes() if photo.is_file() else b""
    serial = serial_of(number)
    marks = (
        Mark(
            kind="serial", value=serial, raw=serial, match_key=serial, confidence=0.9, evidence=("L1",),
            rule="",
        ),
        Mark(
            kind="manufacturer", value="COLT", raw="COLT", match_key="COLT", confidence=0.8, evidence=("L2",),
            rule="",
        ),
    )  # fmt: skip
    found = decision != "none"
    reading = SerialReading(
        value=serial if found else None, status="readable" if found else "not_found",
        decision=decision,  # type: ignore[arg-type]
        confidence=0.9 if found else 0.0, match_key=serial if found else None,
        candidates=(SerialCandidate(value=serial, confidence=0.9, evidence=("L1",)),) if found else (),
    )  # fmt: skip
    said: dict[str, Any] = {
        "status": "ok", "tool": TOOL, "serial": reading, "marks": marks if found else marks[1:],
        "lines": (
            line_of("L1", serial, (40, 70), 50, doubtful=2), line_of("L2", "COLT", (40, 185), 34),
            line_of("L3", "note", (300, 185), 30),
        ),
        "source": Source(
            path=str(photo), sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), format="JPEG",
            width=WIDE, height=TALL, camera="Camera One", captured_at="2026-11-30T10:00:00",
        ),
    }  # fmt: skip
    return PhotoRecord(**{**said, **more})


def item_of(name: str, records: Sequence[PhotoRecord]) -> ItemRecord:
    """The record of an item: the serial of its first photo, with a model missing."""
    first = records[0]
    evidence = tuple(
        Evidence(
            photo=one.source.path, sha256=one.source.sha256, id="L1", polygon=one.lines[0].polygon, page=1,
            raw=one.lines[0].text, confidence=one.lines[0].confidence,
        )
        for one in records
    )  # fmt: skip
    return ItemRecord(
        status="incomplete", item=name, tool=TOOL,
        photos=tuple(
            ItemPhoto(path=one.source.path, sha256=one.source.sha256, status="ok", serial=one.serial.value)
            for one in records
        ),
        serial=ItemSerial(
            value=first.serial.value, status="readable", decision="accept", confidence=0.95, evidence=evidence
        ),
        missing=(Missing(field="model", asked_by=("ATF 3312.1 5f",), message="no model was recognised"),),
    )  # fmt: skip


def some_records(folder: Path, count: int, **decisions: Sequence[int]) -> list[PhotoRecord]:
    """Photos in a folder and their records; ``decisions`` names photos by what the program decided."""
    made = []
    for number in range(count):
        photo = folder / f"IMG_{number:04}.jpg"
        draw_photo(photo, number)
        decision = next((name for name, some in decisions.items() if number in some), "accept")
        made.append(record_of(photo, number, decision))
    return made


def write_records(path: Path, *records: PhotoRecord | ItemRecord) -> Path:
    path.write_bytes(b"".join(to_json(one) + b"\n" for one in records))
    return path


def write_case(path: Path, records: Sequence[PhotoRecord], items: Sequence[ItemRecord] = ()) -> None:
    """A case with the pictures that a scan would put into it."""
    with CaseWriter(path) as writer:
        run = writer.begin_run(RUN)
        for record in records:
            photo = Path(record.source.path)
            preview, crops = None, []
            if photo.is_file():
                rgb = np.asarray(Image.open(photo).convert("RGB"))
                stored = io.BytesIO()
                Image.fromarray(rgb).save(stored, "JPEG")
                preview = stored.getvalue()
                cut = line_crop(rgb, record.lines[0], 96)
                assert cut is not None
                crops = [Picture(role="crop", data=encoded(cut, ".jpg"), of="L1")]
            writer.add_record(run, to_json(record), InputFacts(), preview, crops)
        for item in items:
            writer.add_record(run, to_json(item))
        writer.end_run(run, ok=len(records), failed=0)


def decide(
    path: Path,
    record: PhotoRecord,
    answer: str,
    value: str | None = None,
    pictures: Sequence[Picture] = (),
    **more: Any,
) -> EntryName:
    """Put a decision on the serial of a photo into a case."""
    from serialscan.case.read import open_case

    with open_case(path) as reader:
        place = reader.records_of(record.source.path)[0]
        name = EntryName(case_id=reader.branches[place.branch], sequence=place.sequence)
    said: dict[str, Any] = {
        "person": {"name": "A. Doe", "badge": "1234"}, "photo": record.source.sha256,
        "path": record.source.path, "record": name, "mode": "type_first", "answer": answer, "value": value,
        "typed": value, "shown": Shown(picture="original", reading_visible=False),
        "machine": MachineReading(
            value=record.serial.value, decision=record.serial.decision, confidence=record.serial.confidence
        ),
    }  # fmt: skip
    with CaseWriter(path) as writer:
        sequence = writer.append("decision", Decision(**{**said, **more}).fields(), pictures=pictures)
        writer.checkpoint()
        return EntryName(case_id=writer.case_id, sequence=sequence)


def renamed(record: PhotoRecord, path: str, **source: Any) -> PhotoRecord:
    """The same record with other facts of its file."""
    return msgspec.structs.replace(record, source=msgspec.structs.replace(record.source, path=path, **source))
