"""Reads a case as it stands: entries and records from the bytes that are hashed.

Lists, and where to look, come from what was derived of them; verifying makes that again and compares.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from serialscan.case import store
from serialscan.case.checkpoint import Checkpoint, NoteError, parse_checkpoint
from serialscan.case.entry import Entry, decode
from serialscan.errors import InputError, VerifyError
from serialscan.record import any_from_json


def read_record(payload: bytes) -> Any:
    """A record of a photo or an item.

    Raises:
        ValueError: the bytes are no such record.
    """
    try:
        # What is not ASCII is decoded first: text of keys that are not known is not looked at by the reader.
        return any_from_json(payload if payload.isascii() else payload.decode("utf-8"))
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def entry_bytes(connection: sqlite3.Connection, branch: int, sequence: int) -> bytes:
    """The bytes of one entry.

    Raises:
        LookupError: there is no such entry.
    """
    row = connection.execute(
        "SELECT bytes FROM entry WHERE branch = ? AND sequence = ?", (branch, sequence)
    ).fetchone()
    if row is None:
        raise LookupError(f"entry {sequence} is missing")
    return bytes(row[0])


@dataclass(frozen=True)
class Place:
    """Where an entry stands: the number of its ledger in this file, and its own."""

    branch: int
    sequence: int


@dataclass(frozen=True)
class Photo:
    """One photo of a case, by its content.

    Attributes:
        sha256: of the file; None if it could not be read.
        paths: all names under which it was found, in the order of the ledger.
        items: the items that it shows.
        status: of its last reading: ``ok`` or ``error``.
        serial: of its last reading.
        decision: of its last reading.
        confidence: of its last reading.
        readings: how many records there are of it.
        place: of the last record.
    """

    sha256: str | None
    paths: tuple[str, ...]
    items: tuple[str, ...]
    status: str
    serial: str | None
    decision: str
    confidence: float
    readings: int
    place: Place


class CaseReader:
    """A case that is open for reading.

    Args:
        connection: from ``store.reading``.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.is_extract = store.is_extract(connection)
        self.branches: dict[int, str] = dict(
            connection.execute("SELECT number, case_id FROM branch ORDER BY number")
        )
        self.case_id = self.branches[0]

    def entry(self, place: Place) -> Entry:
        """One entry; raises ``LookupError`` if there is none."""
        return decode(entry_bytes(self.connection, place.branch, place.sequence))

    def entries(self, kinds: Collection[str] | None = None) -> Iterator[tuple[Place, Entry]]:
        """Entries of these kinds, or all; ledger by ledger, each in its order."""
        where = f" WHERE kind IN ({', '.join('?' * len(kinds))})" if kinds is not None else ""
        rows = self.connection.execute(
            f"SELECT branch, sequence, bytes FROM entry{where} ORDER BY branch, sequence", tuple(kinds or ())
        )
        for branch, sequence, data in rows:
            yield Place(branch, sequence), decode(data)

    def count(self, branch: int = 0) -> int:
        """Entries of a ledger."""
        (number,) = self.connection.execute(
            "SELECT count(*) FROM entry WHERE branch = ?", (branch,)
        ).fetchone()
        return int(number)

    def last_head(self, branch: int = 0) -> Checkpoint | None:
        """The head over most entries that stands in the case."""
        row = self.connection.execute(
            "SELECT note FROM checkpoint WHERE branch = ? ORDER BY size DESC LIMIT 1", (branch,)
        ).fetchone()
        return parse_checkpoint(row[0]) if row is not None else None

    def pictures(self, place: Place) -> list[bytes]:
        """The pictures of an entry, in their order."""
        rows = self.connection.execute(
            "SELECT bytes FROM picture WHERE branch = ? AND sequence = ? ORDER BY ordinal",
            (place.branch, place.sequence),
        )
        return [bytes(data) for (data,) in rows]

    def photos(self) -> list[Photo]:
        """Every photo once, in the order in which it was first read."""
        items: dict[str, dict[str, None]] = {}
        for item, sha256 in self.connection.execute(
            "SELECT item, sha256 FROM item_photo ORDER BY branch, sequence"
        ):
            items.setdefault(sha256, {})[item] = None
        found: dict[str, list[Any]] = {}
        rows = self.connection.execute(
            "SELECT sha256, path, status, serial, decision, confidence, branch, sequence FROM record"
            " WHERE kind = 'photo' ORDER BY branch, sequence"
        )
        for row in rows:
            paths, readings = {}, 0
            if (key := row[0] or f"path {row[1]}") in found:
                paths, readings, _ = found[key]
            found[key] = [{**paths, row[1]: None}, readings + 1, row]
        return [
            Photo(
                row[0], tuple(paths), tuple(items.get(row[0], ())), row[2], row[3], row[4], row[5], readings,
                Place(row[6], row[7]),
            )
            for paths, readings, row in found.values()
        ]  # fmt: skip

    def records_of(self, what: str) -> list[Place]:
        """Where the records stand that a person means.

        Args:
            what: an item, a path, the end of a path, or at least eight digits of a SHA-256.

        Returns:
            Places of records of photos and items; none if nothing is meant.
        """
        digits = what.lower() if len(what) >= 8 and set(what.lower()) <= set("0123456789abcdef") else "none"
        rows = self.connection.execute(
            "SELECT branch, sequence FROM record WHERE item = ?1 OR path = ?1"
            " OR substr(path, -length(?2)) = ?2 OR substr(sha256, 1, length(?3)) = ?3"
            " ORDER BY branch, sequence",
            (what, "/" + what, digits),
        )
        return [Place(*row) for row in rows]

    def item_named(self, what: str) -> str:
        """The whole name of the item that a person means by the end of it.

        Items of folders are named by their path: ``AK-1`` means ``seizures/AK-1`` if no other item ends so.

        Args:
            what: the name of an item, or its end from a slash on; anything else is given back as it is.

        Raises:
            InputError: several items end so, and none has just this name.
        """
        rows = self.connection.execute(
            "SELECT DISTINCT item FROM record WHERE item = ?1 OR substr(item, -length(?2)) = ?2"
            " ORDER BY item",
            (what, "/" + what),
        )
        names = [name for (name,) in rows]
        if what in names or not names:
            return what
        if len(names) > 1:
            raise InputError(f"{what} may be {' or '.join(names)}: give the whole name.")
        return str(names[0])

    def photos_of_item(self, place: Place) -> list[Place]:
        """Where the records of the photos stand that the record of an item is made of."""
        rows = self.connection.execute(
            "SELECT DISTINCT record.branch, record.sequence FROM item_photo JOIN record"
            " ON record.branch = item_photo.branch AND record.kind = 'photo'"
            " AND record.path = item_photo.path AND record.sha256 IS item_photo.sha256"
            " WHERE item_photo.branch = ? AND item_photo.sequence = ? ORDER BY 1, 2",
            (place.branch, place.sequence),
        )
        return [Place(*row) for row in rows]


@contextlib.contextmanager
def open_case(path: Path) -> Iterator[CaseReader]:
    """Open a case or an extract for reading.

    Raises:
        InputError: it is none, or of another version.
        VerifyError: it is damaged.
    """
    try:
        with store.reading(path) as connection:
            if store.schema_of(connection) != store.expected_schema():
                raise VerifyError(f"{path}: its tables are not those of a case: run serialscan case verify.")
            yield CaseReader(connection)
    except store.CutCaseError as error:
        raise VerifyError(str(error)) from error
    except store.NotACaseError as error:
        raise InputError(str(error)) from error
    except (sqlite3.Error, NoteError, LookupError, ValueError) as error:
        raise VerifyError(f"{path}: is damaged ({error}): run serialscan case verify.") from error
