"""Whether a case is as it was written. Needs nothing but Python; faster readers may be put in.

What it promises is the content: every changed bit of an entry, a record, a picture, the list of inputs or a
decision is found. Bytes of the file that hold none of these are the business of the seal.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from serialscan.case.checkpoint import (
    COSIGNATURE,
    ORIGIN,
    Checkpoint,
    NoteError,
    PublicKey,
    parse_checkpoint,
    signed_message,
)
from serialscan.case.derive import DeriveError, ReadRecord, pictures_of, rows_of
from serialscan.case.entry import NO_PREVIOUS, Entry, EntryError, decode
from serialscan.case.inputs import NEW, UNCHANGED, compare_inputs
from serialscan.case.merkle import Tree, leaf_hash, root_from_path
from serialscan.case.store import (
    DERIVED,
    CutCaseError,
    expected_schema,
    file_of,
    is_extract,
    leftovers,
    reading,
    schema_of,
)

MOST_FAULTS = 1000
"""Faults that are listed; more are counted."""

_CHUNK = 64
"""Entries that are read at a time; between two chunks a running scan can commit."""


@dataclass(frozen=True)
class Fault:
    """Something that is not as it was written.

    Attributes:
        code: stable name of the kind of fault.
        message: what it is.
        case_id: the ledger, if the fault is in one.
        sequence: the entry, if the fault is in one.
    """

    code: str
    message: str
    case_id: str | None = None
    sequence: int | None = None


@dataclass(frozen=True)
class SignatureFound:
    """A signature on a head; ``trusted`` means that its key was named by whoever verifies."""

    name: str
    fingerprint: str | None
    size: int
    witness: bool
    valid: bool
    trusted: bool


@dataclass
class Verdict:
    """What was found.

    Attributes:
        form: ``case`` or ``extract``.
        case_id: of the ledger that the case goes on with.
        entries: of that ledger; of an extract those that it holds.
        records: records in all ledgers.
        root: the root of that ledger's tree, hex; of an extract that of its head.
        proven: entries that a head from outside shows to be all there, in their order, unchanged; of an
            extract those that lead to it.
        signatures: on heads, in the case and from outside.
        inputs: how many photos are in which state.
        faults: what is wrong; nothing is, if it is empty.
        more_faults: faults beyond those that are listed.
        notices: what a person should know.
    """

    form: str = "case"
    case_id: str = ""
    entries: int = 0
    records: int = 0
    root: str = ""
    proven: int = 0
    signatures: list[SignatureFound] = field(default_factory=list)
    inputs: dict[str, int] | None = None
    faults: list[Fault] = field(default_factory=list)
    more_faults: int = 0
    notices: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults

    def summary(self) -> str:
        """One sentence that promises no more than was shown."""
        if self.faults:
            count = len(self.faults) + self.more_faults
            return f"NOT as it was written: {count} fault{'' if count == 1 else 's'}."
        signers = sorted({one.name for one in self.signatures if one.trusted and one.valid})
        signed = f" Signed by {', '.join(signers)}." if signers else ""
        if self.form == "extract":
            count, to = self.proven, "the head that you gave"
            if not self.proven:
                count, to = self.entries, "the head that it brings along, which proves nothing alone"
            elif self.proven < self.entries:
                count, to = self.proven, f"the head that you gave; {self.entries - self.proven} do not"
            return f"consistent; {count} entries lead to {to}.{signed}"
        if not self.proven:
            return f"consistent; the end is not proven.{signed}"
        if self.proven < self.entries:
            after = self.entries - self.proven
            upto = f"proven up to entry {self.proven - 1}, the {after} after it are not"
            return f"consistent; {upto}.{signed}"
        return f"consistent; complete up to its end, entry {self.proven - 1}.{signed}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"ok": self.ok, "summary": self.summary(), **asdict(self)}


@dataclass(frozen=True)
class Trust:
    """What whoever verifies brings along.

    Attributes:
        head: a checkpoint kept outside of the case.
        fingerprints: of keys that must have signed; any of them on its own line of ``--key``.
        keys: public keys that are not in the case, as those of witnesses.
        remembered: the last head of a case that this machine wrote.
    """

    head: Checkpoint | None = None
    fingerprints: tuple[str, ...] = ()
    keys: tuple[PublicKey, ...] = ()
    remembered: Callable[[str], Checkpoint | None] = lambda case_id: None


@dataclass(frozen=True)
class Span:
    """Some entries of one ledger.

    Attributes:
        branch: number of the ledger in this file.
        case_id: that its entries must have.
        first: the first entry.
        last: the last entry.
    """

    branch: int
    case_id: str
    first: int
    last: int


class Seen(NamedTuple):
    """What one entry shows, with what belongs to it and without the entries around it.

    Attributes:
        sequence: its place.
        leaf: its hash.
        previous: the hash that it names; None if it cannot be read.
        time: of the entry.
        kind: of the entry.
        selection: the fields of an entry that started a run.
        proof: of an extract, the path to its head.
        faults: code and message of each.
    """

    sequence: int
    leaf: bytes
    previous: bytes | None = None
    time: str = ""
    kind: str = ""
    selection: dict[str, Any] | None = None
    proof: Any = None
    faults: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Looked:
    """What the entries of a span show, and how many rows of each table belong to them."""

    span: Span
    seen: list[Seen]
    rows: dict[str, int]


Look = Callable[[sqlite3.Connection, Iterator[Span], ReadRecord], AbstractContextManager[Iterator[Looked]]]
"""Looks at spans, in their order. May do so ahead, and in other processes."""


@contextlib.contextmanager
def look_here(
    connection: sqlite3.Connection, spans: Iterator[Span], read_record: ReadRecord
) -> Iterator[Iterator[Looked]]:
    """Look at spans in this process, one after the other."""
    yield (look(connection, span, read_record) for span in spans)


@dataclass(frozen=True)
class Tools:
    """What reads records, checks signatures and hashes files.

    Attributes:
        read_record: gives a record, or raises ValueError.
        verify: whether a signature (64 bytes) of a message is by a public key (32 bytes), in this order: key,
            message, signature.
        hash_file: SHA-256 (hex) of a file; raises OSError.
        progress: is told entries done and entries in all.
        look: looks at the entries.
    """

    read_record: ReadRecord
    verify: Callable[[bytes, bytes, bytes], bool]
    hash_file: Callable[[Path], str]
    progress: Callable[[int, int], None] = lambda done, total: None
    look: Look = look_here


def check_case(
    path: Path, trust: Trust, tools: Tools, *, inputs: bool = False, base: Path | None = None
) -> Verdict:
    """Verify a case or an extract.

    Args:
        path: the file; it is only read.
        trust: what is known from elsewhere.
        tools: what to work with.
        inputs: also read the photos again.
        base: where relative paths of photos begin, if not where they were scanned.

    Raises:
        NotACaseError: the file is none, or of another version.
    """
    verdict = Verdict()
    for one in leftovers(path):
        verdict.notices.append(
            f"{one.name} lies beside the case: a commit is going on, or was cut off and is left out. "
            "Copy the two together."
        )
    try:
        with reading(path) as connection:
            check = _Check(connection, trust, tools, verdict)
            try:
                check.whole()
                if inputs:
                    check.photos(base)
            except sqlite3.Error as error:
                check.fault("database", f"the database is damaged: {error}")
    except CutCaseError as error:
        verdict.faults.append(Fault("database", str(error)))
    return verdict


@dataclass
class _Ledger:
    """How far one ledger was read."""

    branch: int
    tree: Tree = field(default_factory=Tree)
    previous: bytes = NO_PREVIOUS
    expected: int = 0
    read: int = 0
    time: str = ""


def look(connection: sqlite3.Connection, span: Span, read_record: ReadRecord) -> Looked:
    """Look at the entries of a span, each by itself, with its pictures and rows."""
    within = (span.branch, span.first, span.last)
    between = "WHERE branch = ? AND sequence BETWEEN ? AND ?"
    entries = connection.execute(  # one at a time: many together would not fit into the processor's cache
        f"SELECT sequence, kind, time, hash, bytes FROM entry {between} AND typeof(sequence) = 'integer'"
        " ORDER BY sequence",
        within,
    )
    derived = {
        table: _grouped(connection.execute(f"SELECT * FROM {table} {between} ORDER BY sequence", within), 1)
        for table in DERIVED
    }
    proofs = dict(connection.execute(f"SELECT sequence, path FROM proof {between}", within))
    rows = dict.fromkeys(("picture", *DERIVED), 0)
    seen = []
    for sequence, kind, time, digest, data in entries:
        faults: list[tuple[str, str]] = []
        if not isinstance(data, bytes):
            faults.append(("entry", "it is text, not bytes"))
            data = str(data).encode("utf-8", "surrogatepass")
        leaf = leaf_hash(data)
        if digest != leaf:
            faults.append(("derived", "the hash beside it is not that of its bytes"))
        proof = proofs.get(sequence)
        try:
            entry = decode(data)
        except EntryError as error:
            faults.append(("entry", f"it cannot be read: {error}"))
            seen.append(Seen(sequence, leaf, proof=proof, faults=tuple(faults)))
            continue
        if entry.case_id != span.case_id:
            faults.append(("foreign", f"it is of another case, {entry.case_id}"))
        if entry.sequence != sequence:
            faults.append(("moved", f"it was written as entry {entry.sequence}"))
        if (kind, time) != (entry.kind, entry.time):
            faults.append(("derived", "the columns beside it do not say what it says"))
        if (sequence == 0) != (entry.kind == "created"):
            faults.append(("entry", f"an entry of the kind {entry.kind} cannot stand here"))
        own = {table: found.get(sequence, []) for table, found in derived.items()}
        pictures = connection.execute(
            "SELECT ordinal, bytes FROM picture WHERE branch = ? AND sequence = ? ORDER BY ordinal",
            (span.branch, sequence),
        ).fetchall()
        faults += _belongings(span.branch, entry, pictures, own, read_record)
        rows["picture"] += len(pictures)
        for table, stored in own.items():
            rows[table] += len(stored)
        selection = entry.fields if entry.kind == "run_started" else None
        seen.append(
            Seen(sequence, leaf, entry.previous, entry.time, entry.kind, selection, proof, tuple(faults))
        )
    return Looked(span, seen, rows)


def _belongings(
    branch: int, entry: Entry, pictures: list[Any], derived: dict[str, list[Any]], read_record: ReadRecord
) -> Iterator[tuple[str, str]]:
    """Faults of the pictures and rows of one entry."""
    try:
        named = pictures_of(entry)
        rows = rows_of(branch, entry, read_record)
    except DeriveError as error:
        yield "record" if entry.kind == "record" else "entry", str(error)
        named, rows = [], {}
    hashes = [
        hashlib.sha256(data).hexdigest() if isinstance(data, bytes) and ordinal == number else ""
        for number, (ordinal, data) in enumerate(pictures)
    ]
    if hashes != named:
        yield "picture", "its pictures are not those that it names"
    for table, stored in derived.items():
        if stored != rows.get(table, []):
            yield "derived", f"table {table} does not say what it says"


class _Check:
    """One verification. Faults are collected; only a damaged database ends it."""

    def __init__(self, connection: sqlite3.Connection, trust: Trust, tools: Tools, verdict: Verdict) -> None:
        self._connection, self._trust, self._tools, self._verdict = connection, trust, tools, verdict
        self._extract = False
        self._branches: dict[int, str] = {}
        self._sizes: dict[int, int] = {}
        self._held: dict[int, int] = {}
        self._wanted: dict[int, set[int]] = {}
        self._roots: dict[tuple[int, int], bytes] = {}
        self._heads: list[tuple[int, Checkpoint]] = []
        self._imports: list[tuple[str, int, bytes]] = []
        self._stamps: list[tuple[int, Entry]] = []
        self._keys = {key.data: key for key in trust.keys}
        self._selections: list[dict[str, Any]] = []
        self._rows = dict.fromkeys(("entry", "picture", "proof", *DERIVED), 0)
        self._total = self._now = 0

    def fault(self, code: str, message: str, branch: int | None = None, sequence: int | None = None) -> None:
        """Note a fault."""
        if len(self._verdict.faults) < MOST_FAULTS:
            case_id = self._branches.get(branch) if branch is not None else None
            self._verdict.faults.append(Fault(code, message, case_id, sequence))
        else:
            self._verdict.more_faults += 1

    def whole(self) -> None:
        """Everything but the photos."""
        connection, verdict = self._connection, self._verdict
        self._extract = is_extract(connection)
        verdict.form = "extract" if self._extract else "case"
        strange = schema_of(connection) ^ expected_schema()
        if strange:
            names = ", ".join(sorted({f"{kind} {name}" for kind, name, _, _ in strange}))
            self.fault("schema", f"the tables are not those of a case, nothing else was looked at: {names}")
            return
        self._branches = dict(connection.execute("SELECT number, case_id FROM branch ORDER BY number"))
        self._total = connection.execute("SELECT count(*) FROM entry").fetchone()[0]
        verdict.case_id = self._branches.get(0, "")
        ledgers = {branch: _Ledger(branch) for branch in sorted(self._branches, reverse=True)}
        spans = (span for branch in ledgers for span in self._spans(branch, 0))
        with self._tools.look(connection, spans, self._tools.read_record) as looked:
            for (problem,) in connection.execute("PRAGMA integrity_check(20)").fetchall():
                if problem != "ok":
                    self.fault("database", f"the database is damaged: {problem}")
            self._look_ahead()
            for some in looked:
                self._read_on(ledgers[some.span.branch], some)
        connection.execute("BEGIN")  # what a running scan has added meanwhile, and then no more
        if 0 in ledgers:
            for span in self._spans(0, ledgers[0].expected):
                self._read_on(ledgers[0], look(connection, span, self._tools.read_record))
        self._count_rows()
        self._compare_size()
        connection.execute("COMMIT")
        self._sizes = {branch: ledger.expected for branch, ledger in ledgers.items()}
        self._held = {branch: ledger.read for branch, ledger in ledgers.items()}
        if not self._sizes.get(0) or not all(self._sizes.values()):
            self.fault("branch", "a ledger is missing, or has no entries")
        if 0 in ledgers:
            verdict.entries = self._sizes[0] if not self._extract else self._rows["entry"]
            verdict.root = ledgers[0].tree.root().hex()
        self._compare_heads()
        self._compare_imports()
        self._compare_stamps()
        self._signatures()

    def photos(self, base: Path | None) -> None:
        """The photos once more."""
        counts: dict[str, int] = {}
        if not self._rows["record"] and self._verdict.faults:
            return  # the tables could not be read
        for state, path in compare_inputs(self._connection, self._selections, base, self._tools.hash_file):
            counts[state] = counts.get(state, 0) + 1
            if state != UNCHANGED:
                what = "lies there, but is in no record" if state == NEW else f"is {state}"
                self.fault(f"input_{state}", f"{path} {what}")
        self._verdict.inputs = counts

    def _look_ahead(self) -> None:
        """Which roots will be asked for, and the keys; what stands in columns is compared later."""
        for branch, size, note in self._connection.execute("SELECT branch, size, note FROM checkpoint"):
            try:
                head = parse_checkpoint(note if isinstance(note, bytes) else str(note).encode())
            except NoteError as error:
                self.fault("checkpoint", f"the head over {size} entries cannot be read: {error}", branch)
                continue
            if (
                branch not in self._branches
                or head.origin != ORIGIN + self._branches[branch]
                or head.size != size
            ):
                self.fault("checkpoint", f"the head over {size} entries is not of this ledger", branch)
                continue
            self._heads.append((branch, head))
            self._want(branch, size)
        numbers = {case_id: branch for branch, case_id in self._branches.items()}
        if self._trust.head is not None:
            self._want(numbers.get(self._trust.head.origin.removeprefix(ORIGIN)), self._trust.head.size)
        remembered = self._trust.remembered(self._verdict.case_id)
        if remembered is not None:
            self._want(0, remembered.size)
        found = self._connection.execute(
            "SELECT branch, bytes FROM entry WHERE kind IN ('import', 'timestamp', 'key')"
            " ORDER BY branch, sequence"
        )
        for branch, data in found:
            try:
                entry = decode(data)
                if entry.kind == "import" and entry.fields["what"] == "case":
                    other, size = str(entry.fields["case_id"]), int(entry.fields["size"])
                    self._imports.append((other, size, bytes.fromhex(entry.fields["root"])))
                    self._want(numbers.get(other), size)
                elif entry.kind == "timestamp":
                    self._want(branch, int(entry.fields["size"]))
                    self._stamps.append((branch, entry))
                elif entry.kind == "key":
                    key = PublicKey(str(entry.fields["name"]), bytes.fromhex(entry.fields["public"]))
                    self._keys.setdefault(key.data, key)
            except (EntryError, KeyError, TypeError, ValueError):
                continue  # the ledger's own turn tells what is wrong with it

    def _want(self, branch: int | None, size: int) -> None:
        if branch is not None:
            self._wanted.setdefault(branch, set()).add(size)

    def _spans(self, branch: int, first: int) -> Iterator[Span]:
        """The entries of a ledger, some at a time."""
        while True:
            rows = self._connection.execute(
                "SELECT sequence FROM entry WHERE branch = ? AND sequence >= ?"
                " AND typeof(sequence) = 'integer' ORDER BY sequence LIMIT ?",
                (branch, first, _CHUNK),
            ).fetchall()
            if not rows:
                return
            yield Span(branch, self._branches[branch], rows[0][0], rows[-1][0])
            first = rows[-1][0] + 1

    def _read_on(self, ledger: _Ledger, looked: Looked) -> None:
        """Take what further entries of a ledger show, and compare each with the one before it."""
        branch, wanted = ledger.branch, self._wanted.get(ledger.branch, set())
        for table, count in looked.rows.items():
            self._rows[table] += count
        for one in looked.seen:
            sequence = one.sequence
            self._rows["entry"] += 1
            ledger.read += 1
            if sequence != ledger.expected:
                if not self._extract:
                    last = f"to {sequence - 1} " if sequence > ledger.expected + 1 else ""
                    self.fault(
                        "missing", f"entry {ledger.expected} {last}is missing", branch, ledger.expected
                    )
                ledger.previous = b""
            ledger.expected = sequence + 1
            for code, message in one.faults:
                self.fault(code, message, branch, sequence)
            if one.previous is not None:
                self._compare_neighbours(ledger, one)
            ledger.previous = one.leaf
            if self._extract:
                self._inclusion(branch, one)
            ledger.tree.append(one.leaf)
            if ledger.tree.size in wanted and not self._extract:
                self._roots[branch, ledger.tree.size] = ledger.tree.root()
        self._now += len(looked.seen)
        self._tools.progress(self._now, max(self._now, self._total))

    def _compare_neighbours(self, ledger: _Ledger, one: Seen) -> None:
        if ledger.previous and one.previous != ledger.previous:
            self.fault("chain", "it does not name the entry before it", ledger.branch, one.sequence)
        if one.time < ledger.time:
            self._verdict.notices.append(
                f"Entry {one.sequence} is of {one.time}, one before it of {ledger.time}: the clock "
                "was set back between them."
            )
        ledger.time = one.time
        if one.kind == "record":
            self._verdict.records += 1
        elif one.selection is not None:
            self._selections.append(one.selection)

    def _inclusion(self, branch: int, one: Seen) -> None:
        """An entry of an extract leads to the head of its ledger."""
        path = one.proof
        self._rows["proof"] += path is not None
        head = max((one for number, one in self._heads if number == branch), key=_size, default=None)
        hashes = [path[i : i + 32] for i in range(0, len(path), 32)] if isinstance(path, bytes) else []
        if head is None or root_from_path(one.leaf, one.sequence, head.size, hashes) != head.root:
            self.fault("proof", "it does not lead to the head of its case", branch, one.sequence)

    def _count_rows(self) -> None:
        """No table holds a row that belongs to no entry."""
        for table, seen in self._rows.items():
            (number,) = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            if number != seen:
                self.fault("derived", f"table {table} holds {number} rows, but {seen} belong to entries")

    def _compare_size(self) -> None:
        """The last page is whole: SQLite takes bytes that are missing there for zeros."""
        pages, length = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
        )
        try:
            there = file_of(self._connection).stat().st_size
        except OSError:
            return  # it was moved meanwhile; what was open was read to its end
        if there < pages * length:
            self.fault("database", f"the file was cut off: {there} of its {pages * length} bytes are left")

    def _compare_heads(self) -> None:
        """The heads in the case, the one from outside and the remembered one."""
        stored = dict(sorted(self._heads, key=_size_of))
        if self._extract:
            if stored.get(0) is not None:
                self._verdict.root = stored[0].root.hex()
            else:
                self.fault("checkpoint", "the head that the proofs lead to is missing")
        else:
            for branch, one in self._heads:
                self._compare_head(branch, one, "a head in the case", "checkpoint")
        head = self._trust.head
        if head is not None:
            numbers = {ORIGIN + case_id: branch for branch, case_id in self._branches.items()}
            if head.origin not in numbers:
                self.fault("head", f"the head that you gave is of another case, {head.origin}")
            elif self._extract:
                own = stored.get(numbers[head.origin])
                if own is not None and own.size != head.size:
                    self.fault(
                        "head",
                        f"the proofs lead to the head over {own.size} entries, and the one that you gave is "
                        f"over {head.size}: ask for that over {own.size}",
                    )
                elif own is None or own.root != head.root:
                    self.fault("head", "the proofs do not lead to the head that you gave")
                elif numbers[head.origin] == 0:  # it covers the entries that name the heads of other ledgers
                    self._verdict.proven = self._verdict.entries
                else:
                    self._verdict.proven = self._held[numbers[head.origin]]
            elif self._compare_head(numbers[head.origin], head, "the head that you gave", "head"):
                self._verdict.proven = head.size if numbers[head.origin] == 0 else 0
                if numbers[head.origin] != 0:
                    self._verdict.notices.append(
                        f"The head that you gave is of {head.origin.removeprefix(ORIGIN)}, which was taken "
                        f"over: its first {head.size} entries are those of the head."
                    )
        remembered = None if self._extract else self._trust.remembered(self._verdict.case_id)
        if remembered is not None and remembered.size > self._sizes.get(0, 0):
            self._verdict.notices.append(
                f"This machine remembers {remembered.size} entries of this case, and here are "
                f"{self._sizes.get(0, 0)}: this is an older copy, or its end was cut off."
            )
        elif remembered is not None:
            self._compare_head(0, remembered, "the head that this machine remembers", "rollback")

    def _compare_head(self, branch: int, head: Checkpoint, which: str, code: str) -> bool:
        size = self._sizes.get(branch, 0)
        if head.size > size:
            message = f"{which} is over {head.size} entries, but {size} are there: the end was cut off"
            self.fault(code, message, branch)
        elif self._roots.get((branch, head.size)) != head.root:
            self.fault(code, f"the first {head.size} entries are not those of {which}", branch)
        else:
            return True
        return False

    def _compare_imports(self) -> None:
        """Every further ledger is the one that an entry of this case took over, to its last entry."""
        largest = {branch: (head.size, head.root) for branch, head in sorted(self._heads, key=_size_of)}
        for branch, case_id in self._branches.items():
            if branch == 0:
                continue
            taken = [(size, root) for other, size, root in self._imports if other == case_id]
            if not taken:
                self.fault("branch", "no entry of this case says that this ledger was taken over", branch)
            elif not self._extract and max(size for size, _ in taken) != self._sizes.get(branch):
                self.fault("branch", "this ledger has not the entries that were taken over", branch)
            elif (
                largest.get(branch) not in taken  # the entries of an extract lead to this one
                if self._extract
                else any(self._roots.get((branch, size)) != root for size, root in taken)
            ):
                self.fault("branch", "this ledger is not the one that was taken over", branch)

    def _compare_stamps(self) -> None:
        """A time stamp holds the hash of the head that it is said to be of."""
        for branch, entry in self._stamps:
            size = int(entry.fields["size"])
            root = self._roots.get((branch, size))
            if self._extract or root is None:
                continue
            body = Checkpoint(ORIGIN + self._branches[branch], size, root).body
            if hashlib.sha256(body).digest() not in entry.payload:
                self.fault("timestamp", f"it is not of the head over {size} entries", branch, entry.sequence)

    def _signatures(self) -> None:
        """Signatures on the heads; a key that is merely in the case proves nothing."""
        heads = [(head, True) for _, head in self._heads]
        if self._trust.head is not None:
            heads.append((self._trust.head, False))
        found: list[SignatureFound] = []
        for head, stored in heads:
            for signature in head.signatures:
                signed = None
                for key in self._keys.values():
                    signed = signed_message(head, key, signature)
                    if signed is None:
                        continue
                    valid = self._tools.verify(key.data, *signed)
                    witness = signature.key_id == key.key_id(COSIGNATURE)
                    trusted = key.fingerprint in self._trust.fingerprints
                    found.append(
                        SignatureFound(key.name, key.fingerprint, head.size, witness, valid, trusted)
                    )
                    if not valid:
                        self.fault(
                            "signature",
                            f"the signature of {key.name} on the head over {head.size} entries is wrong",
                        )
                    break
                if signed is None:
                    found.append(SignatureFound(signature.name, None, head.size, False, False, False))
                    if stored:
                        message = f"{signature.name} signed the head over {head.size} entries with a key"
                        self.fault("signature", f"{message} that is not in the case")
        self._verdict.signatures = found = list(dict.fromkeys(found))
        needed = self._trust.head.size if self._trust.head is not None else 0
        for fingerprint in self._trust.fingerprints:
            own = [one.size for one in found if one.fingerprint == fingerprint and one.valid]
            if not own or max(own) < needed:
                self.fault("key", f"no head is signed by the key {fingerprint}")
            elif self._trust.head is None and not self._extract and max(own) < self._sizes.get(0, 0):
                self._verdict.notices.append(
                    f"The last head signed by {fingerprint} is over {max(own)} of "
                    f"{self._sizes.get(0, 0)} entries."
                )
        strangers = sorted({one.name for one in found if not one.trusted})
        if strangers:
            self._verdict.notices.append(
                f"Signed by {', '.join(strangers)}, whose key was not named: that proves nothing. Whoever "
                "changes a case can put a key and signatures in it. Ask them for their fingerprint and give "
                "it with --key."
            )


def _size(head: Checkpoint) -> int:
    return head.size


def _size_of(found: tuple[int, Checkpoint]) -> int:
    return found[1].size


def _grouped(rows: sqlite3.Cursor, key: int) -> dict[int, list[Any]]:
    """Rows by the value of one column."""
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


def fingerprint_of(text: str) -> str | None:
    """A fingerprint as people write it, with spaces, colons or capitals; None if it is none."""
    plain = "".join(char for char in text.lower() if char not in " :-\t")
    return plain if len(plain) == 64 and all(char in "0123456789abcdef" for char in plain) else None


def lines_of(verdict: Verdict) -> list[str]:
    """What was found, for people."""
    root = f", root {verdict.root}" if verdict.root else ""
    lines = (
        [f"{verdict.form} {verdict.case_id}: {verdict.entries} entries, {verdict.records} records{root}"]
        if verdict.case_id
        else []
    )
    lines += [_signature_line(one) for one in verdict.signatures]
    if verdict.inputs is not None:
        counts = ", ".join(f"{count} {state}" for state, count in sorted(verdict.inputs.items()))
        lines.append(f"photos: {counts or 'none'}")
    for fault in verdict.faults:
        place = f"entry {fault.sequence}: " if fault.sequence is not None else ""
        ledger = f" [{fault.case_id}]" if fault.case_id not in (None, verdict.case_id) else ""
        lines.append(_printable(f"FAULT {fault.code}: {place}{fault.message}{ledger}"))
    if verdict.more_faults:
        lines.append(f"... and {verdict.more_faults} more faults")
    lines += [_printable(f"note: {notice}") for notice in verdict.notices]
    return [*lines, verdict.summary()]


def _signature_line(one: SignatureFound) -> str:
    role = "witness" if one.witness else "signature"
    state = (
        "right" if one.valid else "not checked, its key is not known" if one.fingerprint is None else "WRONG"
    )
    return f"{role} of {_printable(one.name)} on the head over {one.size} entries: {state}"


def _printable(text: str) -> str:
    """Text that is safe on a terminal: a file name may hold any character."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "replace").decode() for char in text
    )
