"""A case and records with texts that break careless writers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from report_fixtures import decide, draw_photo, item_of, record_of, some_records, write_case, write_records

from serialscan.case.decisions import MachineReading, Target
from serialscan.record import Gps, ItemRecord, ItemValue, Mark, PhotoRecord, SerialCandidate, SerialReading

HOSTILE = (
    '=HYPERLINK("http://x";"a")', "+1", "-123", "@SUM(A1)", "00123", "1E10", "'quoted'", 'say "so"',
    "a,b;c\td", "two\nlines\r\nand more", "</script><b>&amp;", "_x0041_", "№ ТК 123 / ۱۲۳", " spaces ",
    "2026-11-30", "\x01\x1b[31m", "x | y", "\u202ecod.gpj", "😀" * 3, "%0A%0D", "\t=1+1",
)  # fmt: skip
"""Serials and marks as a photo, or a stranger, may bring them."""


def with_serial(record: PhotoRecord, serial: str) -> PhotoRecord:
    """The same record with another serial."""
    reading = SerialReading(
        value=serial, status="readable", decision="accept", confidence=0.9, match_key=serial,
        candidates=(SerialCandidate(value=serial, confidence=0.9, evidence=("L1",)),),
    )  # fmt: skip
    mark = Mark(
        kind="manufacturer",
        value=serial,
        raw=serial,
        match_key=serial,
        confidence=0.8,
        evidence=("L2",),
        rule="",
    )
    return msgspec.structs.replace(record, serial=reading, marks=(mark,))


def located(record: PhotoRecord) -> PhotoRecord:
    """The same record with a position."""
    source = msgspec.structs.replace(record.source, gps=Gps(latitude=34.525123, longitude=69.178456))
    return msgspec.structs.replace(record, source=source)


def hostile_records(folder: Path) -> list[PhotoRecord]:
    """One record for each hostile text; the photos are there."""
    made = []
    for number, text in enumerate(HOSTILE):
        photo = folder / f"IMG_{number:04}.jpg"
        draw_photo(photo, number)
        made.append(with_serial(record_of(photo, number), text))
    return made


def value_of(kind: Any, text: str) -> ItemValue:
    return ItemValue(kind=kind, value=text, raw=text, match_key=text, confidence=0.9, rule="")


def a_case(folder: Path) -> tuple[Path, list[PhotoRecord], ItemRecord]:
    """Five photos with positions, two of the item AK-1; a reviewer corrected a serial and a maker."""
    photos = [located(one) for one in some_records(folder / "photos", 5, review=[1], none=[2])]
    item = msgspec.structs.replace(
        item_of("AK-1", photos[3:]), case={"exhibit": "EX-1", "place": "Kabul, Gate 4", "type": "rifle"},
        manufacturer_marked=value_of("manufacturer", "COLT"), calibre=value_of("calibre", "5.56 MM"),
        other_numbers=(value_of("part_number", "9349055"),),
    )  # fmt: skip
    path = folder / "seizure.case"
    write_case(path, photos, [item])
    decide(path, photos[1], "read", "AB7001")
    decide(path, photos[2], "removed_or_altered")
    decide(
        path, photos[1], "read", "FN HERSTAL", target=Target(kind="mark", index=1, means="manufacturer"),
        machine=MachineReading(value="COLT", decision=None, confidence=0.8),
    )  # fmt: skip
    return path, photos, item


__all__ = ["HOSTILE", "a_case", "hostile_records", "located", "value_of", "with_serial", "write_records"]
