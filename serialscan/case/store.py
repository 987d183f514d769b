"""The file of a case: one SQLite database. Needs nothing but Python."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

CASE_ID = 0x53534341
"""SQLite's application id of a case, "SSCA"."""

EXTRACT_ID = 0x53534358
"""That of a part handed over with proofs, "SSCX"."""

VERSION = 1
"""SQLite's user version: the form of the tables and of the entries."""

# Content: what is stored as it is. Entries hold all that was read or decided; a picture belongs to the entry
# that holds its SHA-256; checkpoints bear the signatures; proofs stand in extracts only.
_CONTENT = (
    "CREATE TABLE branch (number INTEGER PRIMARY KEY, case_id TEXT NOT NULL UNIQUE)",
    "CREATE TABLE entry (branch INTEGER NOT NULL, sequence INTEGER NOT NULL, kind TEXT NOT NULL,"
    " time TEXT NOT NULL, hash BLOB NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (branch, sequence))",
    "CREATE TABLE picture (branch INTEGER NOT NULL, sequence INTEGER NOT NULL, ordinal INTEGER NOT NULL,"
    " bytes BLOB NOT NULL, PRIMARY KEY (branch, sequence, ordinal))",
    "CREATE TABLE checkpoint (branch INTEGER NOT NULL, size INTEGER NOT NULL, note BLOB NOT NULL,"
    " PRIMARY KEY (branch, size)) WITHOUT ROWID",
    "CREATE TABLE proof (branch INTEGER NOT NULL, sequence INTEGER NOT NULL, path BLOB NOT NULL,"
    " PRIMARY KEY (branch, sequence)) WITHOUT ROWID",
)

DERIVED = {
    "record": (
        "branch", "sequence", "run", "kind", "path", "path_bytes_hex", "sha256", "bytes", "modified_ns",
        "pixel_sha256", "item", "status", "serial", "decision", "confidence", "settings_digest", "models",
    ),
    "item_photo": ("branch", "sequence", "ordinal", "item", "path", "sha256"),
    "run": ("branch", "sequence", "started", "version", "settings_digest", "folder"),
    "run_end": ("branch", "sequence", "run", "ended", "ok", "failed", "interrupted"),
}  # fmt: skip
"""Tables that hold nothing which does not stand in an entry; they make looking things up quick."""

_NUMBERS = {
    "branch", "sequence", "ordinal", "run", "bytes", "modified_ns", "ok", "failed", "interrupted",
}  # fmt: skip


def _derived_table(name: str) -> str:
    columns = []
    for column in DERIVED[name]:
        kind = "REAL" if column == "confidence" else "INTEGER" if column in _NUMBERS else "TEXT"
        columns.append(f"{column} {kind}")
    key = "branch, sequence, ordinal" if "ordinal" in DERIVED[name] else "branch, sequence"
    return f"CREATE TABLE {name} ({', '.join(columns)}, PRIMARY KEY ({key})) WITHOUT ROWID"


SCHEMA = (
    *_CONTENT,
    *map(_derived_table, DERIVED),
    "CREATE INDEX record_by_content ON record (sha256)",
    "CREATE INDEX item_photo_by_content ON item_photo (sha256)",
)

_BUSY_S = 60.0
"""How long to wait for another process that is committing or reading."""

_HEADER = b"SQLite format 3\0"

_HEADER_BYTES = 100
"""Length of the header of an SQLite database."""

_PAGE_AT, _PAGES_AT, _KIND_AT = slice(16, 18), slice(28, 32), slice(68, 72)
"""Where the header holds the bytes of a page, the number of pages and the application id."""


class NotACaseError(ValueError):
    """The file cannot be read as a case; the message says why and what to do."""


class CutCaseError(NotACaseError):
    """The file begins as a case does, and cannot be opened: it was cut off, or its beginning is damaged."""


def connect(path: Path, *, mode: str) -> sqlite3.Connection:
    """Open the database with the guards that a file from elsewhere needs.

    Args:
        path: the case.
        mode: ``ro``, ``rw`` or ``rwc``, as in SQLite's URIs.

    Returns:
        The connection; threads that share it take turns.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_BUSY_S, isolation_level=None,
        check_same_thread=False,
    )  # fmt: skip
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a case, or an extract, for reading only.

    A run that was killed in the middle of a commit leaves a journal beside the case. Undoing that commit
    would write into the file, so it is undone in a copy, and the copy is read.

    Raises:
        NotACaseError: it is no case, of a newer version, of an older one, or cannot be opened.
    """
    connection = _open(path)
    try:
        with contextlib.ExitStack() as stack:
            try:
                check_kind(path, connection)
            except sqlite3.OperationalError as error:
                journal = journal_of(path)
                connection.close()
                if not journal.is_file():
                    raise NotACaseError(
                        f"{path}: cannot be read ({error}): check its permissions."
                    ) from error
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="serialscan-")))
                copy = folder / "copy.case"
                shutil.copyfile(path, copy)
                shutil.copyfile(journal, journal_of(copy))
                connection = connect(copy, mode="rw")
                stack.callback(connection.close)
                check_kind(path, connection)
            yield connection
    finally:
        connection.close()


def journal_of(path: Path) -> Path:
    """SQLite's rollback journal, which is there only during a commit or after a kill in one."""
    return _beside(path, "-journal")


def _beside(path: Path, end: str) -> Path:
    """A file of SQLite; where ``path`` is a link, it lies beside what the link leads to."""
    real = Path(os.path.realpath(path))
    return real.with_name(real.name + end)


def leftovers(path: Path) -> list[Path]:
    """Files of SQLite beside the case; each means that a commit was cut off, or is going on."""
    beside = (_beside(path, end) for end in ("-journal", "-wal", "-shm"))
    return [one for one in beside if one.exists()]


def is_database(path: Path) -> bool:
    """Whether a file begins as a case does, or is empty and named like one.

    Of a file that cannot be read nobody knows.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(_HEADER))
    except (OSError, ValueError):
        return False
    return start == _HEADER or (not start and path.suffix == ".case")


def version_of(path: Path) -> tuple[int, int]:
    """SQLite's application id and user version of a file; (0, 0) of an empty one.

    Raises:
        NotACaseError: the file cannot be read or is no database.
    """
    with contextlib.closing(_open(path)) as connection:
        return _kind_of(path, connection)


def check_start(path: Path) -> None:
    """Refuse a file that does not begin as a database does; an empty one is let pass.

    Raises:
        NotACaseError: it does not, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(_HEADER_BYTES)
    except OSError as error:
        raise NotACaseError(f"{path}: cannot be read ({error.strerror}): check the path.") from error
    if not start or journal_of(path).is_file():  # what a commit that was cut off has written is undone
        return
    if not start.startswith(_HEADER) and not _HEADER.startswith(start):
        raise NotACaseError(f"{path}: is no case of serialscan, or its first bytes were changed.")
    if len(start) < _HEADER_BYTES:
        raise CutCaseError(f"{path}: was cut off, only {len(start)} bytes are left.")


def _open(path: Path) -> sqlite3.Connection:
    check_start(path)
    try:
        return connect(path, mode="ro")
    except sqlite3.Error as error:
        raise NotACaseError(f"{path}: cannot be opened ({error}): check its permissions.") from error


def _kind_of(path: Path, connection: sqlite3.Connection) -> tuple[int, int]:
    try:
        (kind,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
        if int.from_bytes(header[_KIND_AT], "big") not in (CASE_ID, EXTRACT_ID):
            raise NotACaseError(f"{path}: is no case of serialscan, or is damaged ({error}).") from error
        size = int.from_bytes(header[_PAGE_AT], "big") * int.from_bytes(header[_PAGES_AT], "big")
        there = path.stat().st_size
        why = f"only {there} of its {size} bytes are left" if there < size else str(error)
        raise CutCaseError(f"{path}: is a case that was cut off or damaged: {why}.") from error
    return kind, version


def check_kind(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse what is no case of this version.

    Raises:
        NotACaseError: it is not; the message says what to do.
    """
    kind, version = _kind_of(path, connection)
    if kind == 0 and is_blank(connection):
        raise NotACaseError(f"{path}: is empty, no case was made in it yet.")
    if kind not in (CASE_ID, EXTRACT_ID):
        raise NotACaseError(f"{path}: is no case of serialscan, or its first bytes were changed.")
    if version > VERSION:
        raise NotACaseError(
            f"{path}: was written by a newer serialscan (form {version}, this one knows {VERSION}): "
            "use that version or a later one."
        )
    if version < VERSION:
        raise NotACaseError(
            f"{path}: was written by an older serialscan (form {version}, this one writes {VERSION}): "
            "make a new file of it with serialscan case migrate; the old one stays as it is."
        )


def file_of(connection: sqlite3.Connection) -> Path:
    """The database that is open; its name may hold any bytes."""
    before, connection.text_factory = connection.text_factory, bytes
    try:
        (_, _, name) = connection.execute("PRAGMA database_list").fetchone()
    finally:
        connection.text_factory = before
    return Path(os.fsdecode(name))


def is_blank(connection: sqlite3.Connection) -> bool:
    """Whether nothing is in the file: also if a kill while it was made left bytes that SQLite takes back."""
    try:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    except sqlite3.DatabaseError:
        return False
    return bool(pages == 0)


def is_extract(connection: sqlite3.Connection) -> bool:
    """Whether the file is a part that was handed over with proofs."""
    (kind,) = connection.execute("PRAGMA application_id").fetchone()
    return bool(kind == EXTRACT_ID)


def schema_of(connection: sqlite3.Connection) -> set[tuple[str, str, str, str | None]]:
    """Everything that the database declares: tables, indices, and what else somebody may have added."""
    return set(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))


def expected_schema() -> set[tuple[str, str, str, str | None]]:
    """What a case declares."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        for statement in SCHEMA:
            connection.execute(statement)
        return schema_of(connection)
