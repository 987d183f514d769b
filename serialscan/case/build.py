"""Makes a new case file of entries that exist already: a migration, a merge, an extract."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from serialscan.case import store
from serialscan.case.derive import rows_of
from serialscan.case.entry import decode
from serialscan.case.merkle import leaf_hash
from serialscan.case.read import read_record
from serialscan.case.writer import declare, insert_rows, told
from serialscan.errors import OutputError
from serialscan.files.hold import Hold


@contextlib.contextmanager
def building(path: Path, application_id: int) -> Iterator[sqlite3.Connection]:
    """A database with the tables of a case, which becomes the new file ``path`` at the end of the block.

    Raises:
        OutputError: the file is there already, or cannot be written; nothing is left behind.
    """
    with Hold(path):
        if path.exists():
            raise OutputError(f"{path}: is there already: choose another name, or delete it.")
        part = path.with_name(path.name + "-part")
        try:
            part.unlink(missing_ok=True)  # of a run that was killed; the hold shows that it is no more
            connection = store.connect(part, mode="rwc")
            try:
                connection.execute("PRAGMA journal_mode = DELETE")
                connection.execute("PRAGMA synchronous = EXTRA")
                connection.execute("BEGIN EXCLUSIVE")
                declare(connection, application_id)
                yield connection
                connection.execute("COMMIT")
            finally:
                connection.close()
            part.rename(path)
        except sqlite3.Error as error:
            raise told(path, error) from error
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror}).") from error
        finally:
            for left in (part, *store.leftovers(part)):
                with contextlib.suppress(OSError):
                    left.unlink(missing_ok=True)


def put_branches(connection: sqlite3.Connection, branches: Mapping[int, str]) -> None:
    """Write the numbers and case ids of ledgers."""
    connection.executemany("INSERT INTO branch VALUES (?, ?)", branches.items())


def put_entries(connection: sqlite3.Connection, entries: Iterable[tuple[int, bytes]]) -> None:
    """Write entries as they are, with what is derived from them.

    Args:
        connection: of the new case.
        entries: number of the ledger and bytes of each.

    Raises:
        ValueError: the bytes are no entry, or not one of its kind.
    """
    for branch, data in entries:
        entry = decode(data)
        connection.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)",
            (branch, entry.sequence, entry.kind, entry.time, leaf_hash(data), data),
        )
        insert_rows(connection, rows_of(branch, entry, read_record))
