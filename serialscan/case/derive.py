"""What the derived tables hold of an entry. Needs nothing but Python.

A row is a function of one entry alone, so that whoever verifies makes it again and compares.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import Any

from serialscan.case.decision import decision_of
from serialscan.case.entry import Entry

Row = tuple[Any, ...]

_KINDS = frozenset({int, float, str, type(None)})
"""Types of the values that SQLite holds as they are."""

ReadRecord = Callable[[bytes], Any]
"""Takes the bytes of a record; gives what its fields say as attributes, or raises ValueError."""


class DeriveError(ValueError):
    """The fields of an entry are not those of its kind, or its record is none; the message says why."""


def pictures_of(entry: Entry) -> list[str]:
    """SHA-256 (hex) of the pictures that belong to an entry, in their order.

    Raises:
        DeriveError: the fields are not those of an entry with pictures.
    """
    try:
        return [str(picture["sha256"]) for picture in entry.fields.get("pictures", ())]
    except (TypeError, KeyError, AttributeError) as error:
        raise DeriveError("its list of pictures is not as it should be") from error


def rows_of(branch: int, entry: Entry, read_record: ReadRecord) -> dict[str, list[Row]]:
    """The rows of each derived table that an entry gives; tables without a row are left out.

    Args:
        branch: the number of the ledger in this file.
        entry: the entry.
        read_record: reads the payload of a record.

    Raises:
        DeriveError: the record is none, or a field is missing or of the wrong type.
    """
    if entry.kind == "decision":
        try:
            decision_of(entry.fields)
        except ValueError as error:
            raise DeriveError(f"it is no decision: {error}") from error
        return {}
    try:
        if entry.kind == "record":
            return _record(branch, entry, read_record)
        if entry.kind == "run_started":
            row: Row = (
                branch, entry.sequence, entry.time, entry.fields["tool"]["version"],
                entry.fields["settings_digest"], entry.fields["folder"],
            )  # fmt: skip
            return {"run": [_plain(row)]}
        if entry.kind == "run_ended":
            fields = entry.fields
            row = (
                branch, entry.sequence, fields["run"], entry.time, fields["ok"], fields["failed"],
                int(fields["interrupted"]),
            )  # fmt: skip
            return {"run_end": [_plain(row)]}
    except (KeyError, TypeError, AttributeError) as error:
        raise DeriveError(f"its fields are not those of the kind {entry.kind} ({error})") from error
    return {}


def models_digest(models: Any) -> str:
    """SHA-256 (hex) over the names and hashes of the weights, which tells whether two runs read alike."""
    return _digest_of(tuple(sorted((one.name, one.sha256) for one in models)))


@functools.lru_cache(maxsize=16)  # nearly all records of a case name the same
def _digest_of(models: tuple[tuple[str, str], ...]) -> str:
    return hashlib.sha256("".join(f"{name} {sha256}\n" for name, sha256 in models).encode()).hexdigest()


def _record(branch: int, entry: Entry, read_record: ReadRecord) -> dict[str, list[Row]]:
    try:
        record = read_record(entry.payload)
    except ValueError as error:
        raise DeriveError(f"its record is not valid: {error}") from error
    run, digest, models = entry.fields["run"], record.tool.settings_digest, models_digest(record.tool.models)
    serial = record.serial
    said = (record.status, serial.value, serial.decision, float(serial.confidence), digest, models)
    if record.schema.startswith("serialscan.item/"):
        row = (branch, entry.sequence, run, "item", None, None, None, None, None, None, record.item, *said)
        photos = [
            _plain((branch, entry.sequence, number, record.item, photo.path, photo.sha256))
            for number, photo in enumerate(record.photos)
        ]
        return {"record": [_plain(row)], "item_photo": photos}
    facts, source = entry.fields.get("input") or {}, record.source
    row = (
        branch, entry.sequence, run, "photo", source.path, source.path_bytes_hex, source.sha256, source.bytes,
        facts.get("modified_ns"), facts.get("pixel_sha256"), None, *said,
    )  # fmt: skip
    return {"record": [_plain(row)]}


def _plain(row: Row) -> Row:
    """The row, if SQLite can hold each of its values as it is."""
    for value in row:
        kind = type(value)
        if kind not in _KINDS or (kind is int and not -(2**63) <= value < 2**63):
            raise TypeError(f"{value!r} cannot stand in a table")
    return row
