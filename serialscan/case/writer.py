"""Writes a case: every entry is on the disk before the call that makes it returns."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from serialscan import __version__
from serialscan.case import store
from serialscan.case.checkpoint import ORIGIN, Checkpoint, PublicKey, parse_checkpoint
from serialscan.case.derive import rows_of
from serialscan.case.entry import NO_PREVIOUS, Entry, decode, encode
from serialscan.case.find import Found, Kind, beside, find, kinds_of
from serialscan.case.heads import Heads
from serialscan.case.merkle import Tree, leaf_hash
from serialscan.case.read import entry_bytes, read_record
from serialscan.case.sign import Signer, signed
from serialscan.errors import InputError, OutputError, VerifyError
from serialscan.files.hold import Hold

MAIN = 0
"""The number of the ledger that this case goes on with; others came from cases that were merged."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run is: all that can change a record, and what was asked to be read.

    Attributes:
        tool: ``name`` and ``version`` of the program.
        settings: all settings in force.
        settings_digest: their digest.
        models: ``name`` and ``sha256`` of each weight.
        libraries: version of each library.
        processor: the machine's processor and system.
        folder: where relative paths begin.
        selection: ``paths``, ``recursive``, ``include``, ``exclude``: what was asked to be read.
    """

    tool: Mapping[str, str]
    settings: Mapping[str, Any]
    settings_digest: str
    models: Sequence[Mapping[str, str]] = ()
    libraries: Mapping[str, str] = field(default_factory=dict)
    processor: str = ""
    folder: str = ""
    selection: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class InputFacts:
    """What the record of a photo does not say of its file; times in nanoseconds since 1970."""

    modified_ns: int | None = None
    changed_ns: int | None = None
    pixel_sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A small JPEG for people: the ``preview`` of a photo, or the ``crop`` of what it shows as ``of``."""

    role: str
    data: bytes
    of: str | None = None


class CaseWriter:
    """Opens a case for writing, or makes it.

    Attributes:
        path: the case.
        case_id: 32 hex digits, drawn by chance when the case was made.
        last_time: of the last entry.

    Args:
        path: the case; a file that is not there, or is empty, becomes one.
        heads: the heads that this machine remembers; None remembers nothing.
        create: whether a new case may be made.
        tell: takes a sentence for a person: a rollback, a clock that was set back.
        clock: the time now, UTC.

    Raises:
        InputError: the file is no case, or of another version.
        OutputError: it cannot be written, or another process is writing it.
        VerifyError: its end is not as it was left.
    """

    def __init__(
        self,
        path: Path,
        heads: Heads | None = None,
        *,
        create: bool = True,
        tell: Callable[[str], None] = lambda sentence: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.path = path
        self._heads, self._tell, self._clock = heads, tell, clock
        if not create and not path.is_file():
            raise InputError(f"{path}: there is no such case: check the path.")
        self._tree, self._previous, self.last_time = Tree(), NO_PREVIOUS, ""
        self._turn = threading.RLock()
        # By all its names the same: two that hold a link and the file would both write.
        self._hold = Hold(Path(os.path.realpath(path)))
        try:
            self._connection = self._connect(create)
            try:
                self._take_up()
            except BaseException:
                self._connection.close()
                raise
        except BaseException:
            self._hold.release()
            raise

    def __enter__(self) -> CaseWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let others write; safe to be called twice."""
        with self._turn:
            self._connection.close()
        self._hold.release()

    @property
    def size(self) -> int:
        """Entries so far."""
        return self._tree.size

    def begin_run(self, run: Run) -> int:
        """Write that a run starts; gives its number, which its records name."""
        return self.append("run_started", asdict(run))

    def add_record(
        self,
        run: int,
        line: bytes,
        facts: InputFacts | None = None,
        preview: bytes | None = None,
        crops: Sequence[Picture] = (),
    ) -> int:
        """Write the record of a photo or an item; it is on the disk when this returns.

        Args:
            run: the run's number.
            line: the record as it goes to standard output, without its line end.
            facts: of the file, for a photo.
            preview: a small JPEG of the photo.
            crops: a small JPEG of each candidate of the serial.

        Returns:
            The number of the entry.

        Raises:
            OutputError: the disk is full, the case was moved, or the like; what was there before is whole.
        """
        pictures = ([Picture(role="preview", data=preview)] if preview is not None else []) + list(crops)
        fields: dict[str, Any] = {"run": run}
        if facts is not None:
            fields["input"] = asdict(facts)
        return self.append("record", fields, line, pictures)

    def end_run(
        self,
        run: int,
        *,
        ok: int,
        failed: int,
        earlier: int = 0,
        interrupted: bool = False,
        signer: Signer | None = None,
    ) -> Checkpoint:
        """Write that a run has ended, and the head of the case.

        Args:
            run: its number.
            ok: photos whose records have no error.
            failed: photos whose records have one.
            earlier: photos of both kinds whose records an earlier run had made.
            interrupted: it did not come to its end.
            signer: who signs the head.
        """
        counts = {"ok": ok, "failed": failed, "earlier": earlier}
        self.append("run_ended", {"run": run, **counts, "interrupted": interrupted})
        return self.checkpoint(signer)

    def append(
        self, kind: str, fields: Mapping[str, Any], payload: bytes = b"", pictures: Sequence[Picture] = ()
    ) -> int:
        """Write one entry of any kind; gives its number.

        Raises:
            OutputError: it cannot be written; what was there before is whole.
            ValueError: the kind is not known, or the fields are not those of the kind.
        """
        said = dict(fields)
        if pictures:
            said["pictures"] = [
                {
                    "role": one.role,
                    "of": one.of,
                    "sha256": hashlib.sha256(one.data).hexdigest(),
                    "bytes": len(one.data),
                }
                for one in pictures
            ]
        now = self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if now < self.last_time:
            self._tell(
                f"The clock was set back: it is {now}, the last entry of {self.path} is of "
                f"{self.last_time}. The order of the entries stays right; note which clock is wrong."
            )
        entry = Entry(self.case_id, self._tree.size, self._previous, kind, now, said, payload)
        data = encode(entry)
        digest = leaf_hash(data)
        rows = rows_of(MAIN, entry, read_record)
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)",
                (MAIN, entry.sequence, kind, now, digest, data),
            )
            connection.executemany(
                "INSERT INTO picture VALUES (?, ?, ?, ?)",
                [(MAIN, entry.sequence, number, one.data) for number, one in enumerate(pictures)],
            )
            insert_rows(connection, rows)
        self._tree.append(digest)
        self._previous, self.last_time = digest, now
        return entry.sequence

    def checkpoint(self, signer: Signer | None = None) -> Checkpoint:
        """Write the head of the case as it is now, and remember it on this machine.

        Args:
            signer: who signs it; the first time their public key becomes an entry, before the head.
        """
        if signer is not None:
            self._add_key(signer.key)
        head = Checkpoint(ORIGIN + self.case_id, self._tree.size, self._tree.root())
        if signer is not None:
            head = signed(head, signer)
        with self._transaction() as connection:
            stored = connection.execute(
                "SELECT note FROM checkpoint WHERE branch = ? AND size = ?", (MAIN, head.size)
            ).fetchone()
            if stored is not None:
                for signature in parse_checkpoint(stored[0]).signatures:
                    if all(signature.key_id != one.key_id for one in head.signatures):
                        head = head.signed(signature)
            connection.execute(
                "INSERT OR REPLACE INTO checkpoint VALUES (?, ?, ?)", (MAIN, head.size, head.note)
            )
        if self._heads is not None and not self._rolled_back:
            try:
                self._heads.remember(head)
            except OSError as error:
                self._tell(
                    f"The head of {self.path} cannot be remembered on this machine ({error.strerror})."
                )
        return head

    def kinds(self) -> list[Kind]:
        """In which ways runs of this case have read, the last one last."""
        with self._turn:
            return kinds_of(self._connection)

    def find(self, sha256: str, kind: Kind) -> list[Found]:
        """The records of photos with this content that were made in this way, oldest first.

        May be called by another thread than that which writes.
        """
        with self._turn:
            return find(self._connection, sha256, kind)

    def beside(self, found: Found) -> tuple[InputFacts, bytes | None, list[Picture]]:
        """What stands beside a record: facts of the file, its preview, its crops."""
        with self._turn:
            facts, small = beside(self._connection, found)
        pictures = [Picture(**one) for one in small]
        preview = next((one.data for one in pictures if one.role == "preview"), None)
        return InputFacts(**facts), preview, [one for one in pictures if one.role != "preview"]

    def has_item(self, item: str, line: bytes) -> bool:
        """Whether the record of an item stands in this case just so."""
        with self._turn:
            rows = self._connection.execute(
                "SELECT sequence FROM record WHERE branch = ? AND item = ?", (MAIN, item)
            ).fetchall()
            return any(
                decode(entry_bytes(self._connection, MAIN, sequence)).payload == line for (sequence,) in rows
            )

    def _connect(self, create: bool) -> sqlite3.Connection:
        try:
            new = not self.path.exists() or (create and self.path.stat().st_size == 0)
            if not new:
                store.check_start(self.path)
            connection = store.connect(self.path, mode="rwc" if new else "rw")
            try:
                new = new or (create and store.is_blank(connection))
                if not new:
                    store.check_kind(self.path, connection)  # before anything is changed
                connection.execute("PRAGMA journal_mode = DELETE")
                connection.execute("PRAGMA synchronous = EXTRA")
                if new:
                    self._make(connection)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise told(self.path, error) from error
        except store.CutCaseError as error:
            raise VerifyError(str(error)) from error
        except store.NotACaseError as error:
            raise InputError(str(error)) from error
        return connection

    def _make(self, connection: sqlite3.Connection) -> None:
        """Tables and the first entry, in one transaction: a kill leaves an empty file or a case."""
        case_id = secrets.token_hex(16)
        now = self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        fields = {"tool": {"name": "serialscan", "version": __version__}, "form": store.VERSION}
        data = encode(Entry(case_id, 0, NO_PREVIOUS, "created", now, fields))
        connection.execute("BEGIN EXCLUSIVE")
        declare(connection, store.CASE_ID)
        connection.execute("INSERT INTO branch VALUES (?, ?)", (MAIN, case_id))
        connection.execute(
            "INSERT INTO entry VALUES (?, 0, 'created', ?, ?, ?)", (MAIN, now, leaf_hash(data), data)
        )
        connection.execute("COMMIT")

    def _take_up(self) -> None:
        """Go on where the ledger ends, if that end is as it was left."""
        try:
            self._load()
        except (sqlite3.DatabaseError, ValueError, TypeError, LookupError) as error:
            raise self._not_as_left(str(error)) from error

    def _load(self) -> None:
        connection = self._connection
        if store.is_extract(connection):
            raise InputError(
                f"{self.path}: is a part of a case, which nothing can be added to: use the case."
            )
        if store.schema_of(connection) != store.expected_schema():
            raise self._not_as_left("its tables are not those of a case")
        (self.case_id,) = connection.execute(
            "SELECT case_id FROM branch WHERE number = ?", (MAIN,)
        ).fetchone()
        head = connection.execute(
            "SELECT note FROM checkpoint WHERE branch = ? ORDER BY size DESC LIMIT 1", (MAIN,)
        ).fetchone()
        known = [parse_checkpoint(head[0])] if head is not None else []
        remembered = self._heads.last(self.case_id) if self._heads is not None else None
        roots: dict[int, bytes] = {}
        sizes = {one.size for one in (*known, *filter(None, (remembered,)))}
        for (digest,) in connection.execute(
            "SELECT hash FROM entry WHERE branch = ? ORDER BY sequence", (MAIN,)
        ):
            self._tree.append(digest)
            if self._tree.size in sizes:
                roots[self._tree.size] = self._tree.root()
        data = entry_bytes(connection, MAIN, self._tree.size - 1)
        last = decode(data)
        self._previous, self.last_time = leaf_hash(data), last.time
        if self._previous != digest or last.case_id != self.case_id or last.sequence != self._tree.size - 1:
            raise self._not_as_left("its last entry was changed")
        for one in known:
            if roots.get(one.size) != one.root:
                raise self._not_as_left("its entries are not those of its last head")
        self._rolled_back = remembered is not None and roots.get(remembered.size) != remembered.root
        if self._rolled_back and remembered is not None:
            self._tell(
                f"{self.path} is not what this machine last wrote: it then had {remembered.size} entries and "
                f"another end. This is an older copy, or it was cut or rewritten: run serialscan case verify."
            )

    def _not_as_left(self, why: str) -> VerifyError:
        return VerifyError(
            f"{self.path} is not as it was left ({why}), and nothing was added: run serialscan case verify."
        )

    def _add_key(self, key: PublicKey) -> None:
        with self._turn:
            rows = self._connection.execute(
                "SELECT sequence FROM entry WHERE branch = ? AND kind = 'key'", (MAIN,)
            ).fetchall()
            keys = [decode(entry_bytes(self._connection, MAIN, sequence)).fields for (sequence,) in rows]
        for fields in keys:
            if (fields["name"], fields["public"]) == (key.name, key.data.hex()):
                return
        self.append("key", {"name": key.name, "public": key.data.hex(), "fingerprint": key.fingerprint})

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it on the disk, or nothing."""
        with self._turn:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise told(self.path, error) from error
                raise


def declare(connection: sqlite3.Connection, application_id: int) -> None:
    """Make the tables of a case, or of an extract, in an empty database."""
    connection.execute(f"PRAGMA application_id = {application_id}")
    connection.execute(f"PRAGMA user_version = {store.VERSION}")
    for statement in store.SCHEMA:
        connection.execute(statement)


def insert_rows(connection: sqlite3.Connection, rows: Mapping[str, Sequence[tuple[Any, ...]]]) -> None:
    """Write rows of derived tables."""
    for table, some in rows.items():
        places = ", ".join("?" * len(store.DERIVED[table]))
        connection.executemany(f"INSERT INTO {table} VALUES ({places})", some)


def told(path: Path, error: sqlite3.Error) -> OutputError:
    """What SQLite's error means for a person."""
    reasons = {
        "SQLITE_FULL": "the disk is full: free some space and give the same command again",
        "SQLITE_READONLY_DBMOVED": "it was moved or deleted while it was open: move it back, or give the "
        "same command with its new path",
        "SQLITE_READONLY": "it, or its folder, is read-only: copy it to a place that can be written",
        "SQLITE_BUSY": "another process is using it: wait for its end",
        "SQLITE_CONSTRAINT": "another process has written into it meanwhile: wait for its end, and give the "
        "same command again",
        "SQLITE_CANTOPEN": "it, or its folder, cannot be opened: check the path and the permissions",
    }
    name = getattr(error, "sqlite_errorname", "")
    reason = reasons.get(name) or next(
        (text for start, text in reasons.items() if name.startswith(start)), f"{error}: check the disk"
    )
    return OutputError(f"{path} cannot be written; {reason}. What was written before is whole.")
