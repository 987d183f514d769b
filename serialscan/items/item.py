"""The records of an item's photos become the record of the item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from serialscan.items.conflicts import of_two_items
from serialscan.items.fuse import TooManyLines
from serialscan.items.missing import missing_of
from serialscan.items.serial import serial_of_item
from serialscan.items.values import classes_of, conflicts_of, fields_of, values_of
from serialscan.items.view import View, once
from serialscan.marking import Knowledge, assess_maker, read_marks, with_signs
from serialscan.record import (
    Assessment,
    Conflict,
    Error,
    ItemAlternative,
    ItemPhoto,
    ItemRecord,
    PhotoRecord,
    Tool,
    Warning_,
)

MOST_PHOTOS = 200  # of one item; nobody takes so many


def scan_item(
    item: str, records: Sequence[PhotoRecord], knowledge: Knowledge,
    case: Mapping[str, Sequence[str]] | None = None,
) -> ItemRecord:  # fmt: skip
    """Fuse the records of one item's photos.

    Args:
        item: its name.
        records: of its photos in input order, at least one, also of those that failed.
        knowledge: that which the photos were read with.
        case: what is known of the item by case field; several values of a field are in conflict.

    Returns:
        The record; photos that cannot be read are named in it and the others stand. If none can be read, or
        if they show more text than one item can bear, it has an error and nothing is fused.
    """
    blank = _blank(item, records, case or {})
    if blank.status == "error":
        error = Error.of("no_photo_read", "no photo of this item could be read: see their records")
        return msgspec.structs.replace(blank, error=error)
    try:
        view = View(once(records))
    except TooManyLines:
        lines = sum(len(record.lines) for record in records)
        message = (
            f"the {len(records)} photos of this item show {lines} lines, too many to compare: check --items; "
            "each item needs a folder, a name or rows of its own"
        )
        return unfused_item(item, records, Error.of("too_many_photos", message), case)
    marks, reading = read_marks(view.lines, view.codes, knowledge)
    marks = with_signs(marks, view.signs, view.lines, knowledge)
    serial, conflicts = serial_of_item(view, reading)
    values = values_of(view, marks, knowledge)
    conflicts += conflicts_of(values)
    conflicts += [
        Conflict(
            field=f"case.{name}",
            message=f"the table gives {' and '.join(several)} for {name}: correct the table",
            values=tuple(ItemAlternative(value=value, confidence=1.0) for value in several),
        )
        for name, several in (case or {}).items()
        if len(several) > 1
    ]
    found = msgspec.structs.replace(
        blank,
        serial=serial,
        item_class=classes_of(marks, knowledge),
        manufacturer_assessed=tuple(
            Assessment(value=one.name, confidence=one.share, reasons=one.reasons)
            for one in assess_maker(marks, reading, knowledge)
        ),
        **fields_of(values),
        conflicts=tuple(conflicts),
        warnings=_warnings(conflicts, blank),
    )
    return msgspec.structs.replace(found, missing=missing_of(found))


def unfused_item(
    item: str, records: Sequence[PhotoRecord], error: Error,
    case: Mapping[str, Sequence[str]] | None = None,
) -> ItemRecord:  # fmt: skip
    """The record of an item whose photos' records stand but could not be put together."""
    return msgspec.structs.replace(_blank(item, records, case or {}), status="error", error=error)


def _blank(item: str, records: Sequence[PhotoRecord], case: Mapping[str, Sequence[str]]) -> ItemRecord:
    """The item without what its photos show."""
    photos = tuple(map(_photo, records))
    failed = sum(photo.status == "error" for photo in photos)
    return ItemRecord(
        status="error" if failed == len(photos) else "incomplete" if failed else "ok",
        item=item,
        tool=_tool(records),
        photos=photos,
        case={name: values[0] for name, values in case.items()},
    )


def _photo(record: PhotoRecord) -> ItemPhoto:
    return ItemPhoto(
        path=record.source.path, sha256=record.source.sha256, status=record.status,
        error=record.error.code if record.error is not None else None, serial=record.serial.value,
    )  # fmt: skip


def _tool(records: Sequence[PhotoRecord]) -> Tool:
    """The program as a photo that was read names it: the record of a failure may lack the models."""
    return max((record.tool for record in records), key=lambda tool: len(tool.models))


def _warnings(conflicts: Sequence[Conflict], item: ItemRecord) -> tuple[Warning_, ...]:
    warnings = []
    several = [conflict for conflict in conflicts if conflict.field == "uii" or of_two_items(conflict)]
    if several:
        message = "; ".join(conflict.message for conflict in several)
        warnings.append(
            Warning_.of(
                "two_items",
                f"{message}. If these are two items, keep their photos apart and scan again.",
            )
        )
    failed = sum(photo.status == "error" for photo in item.photos)
    hashes = [photo.sha256 for photo in item.photos if photo.sha256 is not None]
    copies = len(hashes) - len(set(hashes))
    if copies:
        message = f"{copies} of {len(item.photos)} photos are copies of others: each photo counts once"
        warnings.append(Warning_.of("copies", message))
    if failed:
        message = (
            f"{failed} of {len(item.photos)} photos could not be read: see their records, photograph again"
        )
        warnings.append(Warning_.of("photos_failed", message))
    return tuple(warnings)
