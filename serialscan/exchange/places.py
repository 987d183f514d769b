"""Where something was found or photographed is left out unless it is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from serialscan.case.custody import MARK_PLACE
from serialscan.record import ItemRecord, PhotoRecord
from serialscan.report.build import Part, Unit

_WORDS = frozenset({
    "address", "city", "coordinate", "coordinates", "district", "gps", "grid", "lat", "latitude",
    "location", "lon", "long", "longitude", "lng", "mgrs", "place", "position", "province", "region", "site",
    "town", "village", "where",
})  # fmt: skip


def is_place(name: str) -> bool:
    """Whether a column of a table of items, or a fact, tells a place, by the words of its name.

    The place of a mark on the weapon is none.
    """
    if name.startswith(MARK_PLACE):
        return False
    words = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())
    return any(word in _WORDS for word in words)


def without_places(unit: Unit) -> Unit:
    """A unit without positions of photos, and without facts and columns that tell a place.

    Records that hold such are written again without it; all others keep their bytes.
    """
    item = unit.item
    if item is not None and any(map(is_place, item.case)):
        item = msgspec.structs.replace(item, case=_kept(item.case))
    return replace(
        unit,
        item=item,
        parts=tuple(map(_without_position, unit.parts)),
        lines=tuple(map(line_without_places, unit.lines)),
        facts=tuple((name, value) for name, value in unit.facts if not is_place(name)),
        log=(),  # transfers tell places in words
    )


def line_without_places(line: bytes) -> bytes:
    """The JSON of a record without positions and places; the same bytes if it holds none."""
    record = msgspec.json.decode(line)
    source, case = record.get("source"), record.get("case")
    changed = False
    if isinstance(source, dict) and source.get("gps") is not None:
        del source["gps"]
        changed = True
    if isinstance(case, dict) and any(map(is_place, case)):
        record["case"] = _kept(case)
        changed = True
    return msgspec.json.encode(record) if changed else line


def _kept(case: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in case.items() if not is_place(name)}


def _without_position(part: Part) -> Part:
    record = part.record
    if record is None or record.source.gps is None:
        return part
    source = msgspec.structs.replace(record.source, gps=None)
    return replace(part, record=msgspec.structs.replace(record, source=source))


def has_position(record: PhotoRecord | ItemRecord | None) -> bool:
    """Whether a photo's record tells where it was taken."""
    return isinstance(record, PhotoRecord) and record.source.gps is not None
