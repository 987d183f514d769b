"""From cases and records to the items that are compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from serialscan.case.decisions import key_of
from serialscan.glyphs import match_key, word_key
from serialscan.links.atlas import place_of
from serialscan.links.model import Seen, Shown
from serialscan.record import ItemValue
from serialscan.report.build import Unit, verdict_of
from serialscan.report.origin import Origin

REVIEWER = 0.99
"""Confidence in what a reviewer read: an assumption, one wrong in a hundred."""

COMPARED = ("importer", "property", "factory_mark", "contract")
"""Kinds of marks that link items; rework and arsenal marks are read as factory marks."""

_ITEM_VALUES = ("importer", "property_marks", "import_marks", "factory_marks", "other_numbers", "markings")


def gather(origins: Iterable[tuple[str, Origin]], *, gps: bool = False) -> list[Seen]:
    """All items of all sources, in their order.

    Args:
        origins: each with the name by which it is called.
        gps: also where each was found.
    """
    return [seen_of(name, unit, gps=gps) for name, origin in origins for unit in origin.units(())]


def seen_of(source: str, unit: Unit, *, gps: bool = False) -> Seen:
    """What links are found by, of one item."""
    verdict = verdict_of(unit)
    record = unit.item if unit.item is not None else unit.parts[0].record
    serial = None
    confidence = 0.0
    if verdict.decided:
        serial, confidence = verdict.value, REVIEWER
    elif record is not None and not verdict.differ:
        serial, confidence = record.serial.value, record.serial.confidence
    said = dict(_said(unit))
    read = sorted(_shown(unit), key=lambda one: one.confidence)
    shown = {one.kind: one for one in read}  # the surest stays
    first = {kind: said.get(kind) or shown.get(kind) for kind in ("manufacturer", "model")}
    marks: dict[tuple[str, str], Shown] = {}
    for one in (*said.values(), *reversed(read)):
        if one.kind in COMPARED and one.key and (one.kind not in said or one is said[one.kind]):
            marks.setdefault((one.kind, one.key), one)
    times = [p.record.source.captured_at for p in unit.parts if p.record and p.record.source.captured_at]
    return Seen(
        source=source, name=unit.item.item if unit.item is not None else unit.parts[0].path,
        unit=unit.number, serial=serial, key=match_key(serial) if serial is not None else "",
        read_by="reviewer" if verdict.decided else "machine", confidence=confidence,
        maker=first["manufacturer"], model=first["model"], marks=tuple(marks.values()),
        photos=tuple((part.path, part.sha256) for part in unit.parts), where=_serial_places(unit),
        captured_at=min(times, default=None), place=place_of(unit) if gps else None,
    )  # fmt: skip


def _said(unit: Unit) -> Iterator[tuple[str, Shown]]:
    """Marks as people read them, by kind."""
    for one in unit.decided:
        decision = one.decision
        standing = unit.opinions.get(key_of(decision))
        if decision.target.kind == "serial" or standing is None or standing.decided != one:
            continue
        if decision.answer == "read" and decision.value:
            kind = decision.target.means
            yield kind, Shown(kind, decision.value, _key(kind, decision.value), REVIEWER, (decision.path,))


def _shown(unit: Unit) -> Iterator[Shown]:
    """Marks as the program read them."""
    item = unit.item
    if item is None:
        for part in unit.parts:
            for mark in part.record.marks if part.record is not None else ():
                value = mark.value
                where = tuple(f"{part.path}#{name}" for name in mark.evidence)
                yield Shown(mark.kind, value, _key(mark.kind, value), mark.confidence, where)
        return
    values: list[ItemValue] = [one for one in (item.manufacturer_marked, item.model) if one is not None]
    for name in _ITEM_VALUES:
        value = getattr(item, name)
        values += value if isinstance(value, tuple) else [value] if value is not None else []
    for one in values:
        where = tuple(f"{place.photo}#{place.id}" for place in one.evidence)
        name = one.importer.name if one.importer is not None else one.value
        yield Shown(one.kind, one.value, _key(one.kind, name), one.confidence, where)
    if item.manufacturer_marked is None and item.manufacturer_assessed:
        told = item.manufacturer_assessed[0]
        yield Shown("manufacturer", told.value, word_key(told.value), told.confidence, ())


@lru_cache(maxsize=65536)  # makers and importers repeat
def _key(kind: str, value: str) -> str:
    return match_key(value) if kind == "contract" else word_key(value)


def _serial_places(unit: Unit) -> tuple[str, ...]:
    if unit.item is not None:
        return tuple(f"{one.photo}#{one.id}" for one in unit.item.serial.evidence)
    record = unit.parts[0].record
    if record is None or not record.serial.candidates:
        return ()
    return tuple(f"{record.source.path}#{name}" for name in record.serial.candidates[0].evidence)
