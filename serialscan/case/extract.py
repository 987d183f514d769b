"""A part of a case that is handed over: some entries, each with the proof that it stands in the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from serialscan.case import store
from serialscan.case.build import building, put_branches, put_entries
from serialscan.case.checkpoint import Checkpoint
from serialscan.case.merkle import Paths
from serialscan.case.read import CaseReader, Place, entry_bytes, open_case
from serialscan.errors import InputError, VerifyError

_ABOUT_ITEMS = {"note", "transfer", "set", "decision", "match", "export"}


@dataclass(frozen=True)
class Extracted:
    """What was handed over: entries and records, and the head that they lead to."""

    entries: int
    records: int
    head: Checkpoint


def extract(path: Path, items: Sequence[str], output: Path) -> Extracted:
    """Write some items of a case into a file of their own.

    It holds their records and those of their photos, with pictures, what was noted of the items, the runs
    that read them and the keys that signed. Of everything else it holds hashes only.

    Args:
        path: the case.
        items: names of items, paths of photos, or beginnings of their SHA-256.
        output: the new file.

    Raises:
        InputError: the case holds nothing of this name, or no head that covers it.
        OutputError: the file is there already, or cannot be written.
        VerifyError: the entries are not those of the head.
    """
    with open_case(path) as reader:
        if reader.is_extract:
            raise InputError(f"{path}: is a part of a case: extract from the case itself.")
        places = sorted(_wanted(reader, path, items), key=lambda place: (place.branch, place.sequence))
        heads = {branch: _head(reader, path, branch, places) for branch in {place.branch for place in places}}
        connection = reader.connection
        with building(output, store.EXTRACT_ID) as target:
            put_branches(target, {branch: reader.branches[branch] for branch in sorted({0, *heads})})
            put_entries(
                target,
                ((place.branch, entry_bytes(connection, place.branch, place.sequence)) for place in places),
            )
            for place in places:
                rows = ((place.branch, place.sequence, *one) for one in enumerate(reader.pictures(place)))
                target.executemany("INSERT INTO picture VALUES (?, ?, ?, ?)", rows)
            for branch, head in heads.items():
                target.execute("INSERT INTO checkpoint VALUES (?, ?, ?)", (branch, head.size, head.note))
                paths = Paths(
                    [
                        digest
                        for (digest,) in connection.execute(
                            "SELECT hash FROM entry WHERE branch = ? AND sequence < ? ORDER BY sequence",
                            (branch, head.size),
                        )
                    ]
                )
                if paths.root() != head.root:
                    raise VerifyError(f"{path}: its entries are not those of its head: verify it first.")
                target.executemany(
                    "INSERT INTO proof VALUES (?, ?, ?)",
                    [
                        (branch, place.sequence, b"".join(paths.path(place.sequence)))
                        for place in places
                        if place.branch == branch
                    ],
                )
            (records,) = target.execute("SELECT count(*) FROM record").fetchone()
    return Extracted(len(places), records, heads[0])


def _wanted(reader: CaseReader, path: Path, items: Sequence[str]) -> set[Place]:
    wanted: set[Place] = set()
    items = [reader.item_named(item) for item in items]
    for item in items:
        found = reader.records_of(item)
        if not found:
            raise InputError(f"{path} holds no item and no photo {item}: see serialscan case list.")
        for place in found:
            wanted |= {place, *reader.photos_of_item(place)}
    records = {(reader.branches[place.branch], place.sequence) for place in wanted}
    runs = {Place(place.branch, reader.entry(place).fields["run"]) for place in wanted}
    wanted |= runs
    for place, entry in reader.entries(_ABOUT_ITEMS | {"run_ended", "key"}):
        of_run = entry.kind == "run_ended" and Place(place.branch, entry.fields["run"]) in runs
        about = entry.fields.get("record") if entry.kind == "decision" else None
        of_photo = about is not None and (about["case_id"], about["sequence"]) in records
        if entry.kind == "match":
            of_photo = (entry.fields.get("case_id"), entry.fields.get("record")) in records
        if of_run or of_photo or entry.kind == "key" or entry.fields.get("item") in items:
            wanted.add(place)
    return wanted | set(_imports(reader, {place.branch for place in wanted}))


def _imports(reader: CaseReader, branches: set[int]) -> Iterator[Place]:
    """The entries that say that the ledgers were taken over, up to the ledger of the case itself."""
    takers = list(reader.entries({"import"}))
    open_branches = [branch for branch in branches if branch != 0]
    while open_branches:
        case_id = reader.branches[open_branches.pop()]
        for place, entry in takers:
            if entry.fields.get("case_id") == case_id:
                yield place
                if place.branch not in (0, *branches):
                    branches.add(place.branch)
                    open_branches.append(place.branch)


def _head(reader: CaseReader, path: Path, branch: int, places: Sequence[Place]) -> Checkpoint:
    head = reader.last_head(branch)
    last = max(place.sequence for place in places if place.branch == branch)
    if head is None or head.size <= last:
        raise InputError(f"{path} has entries after its last head: seal it first with serialscan case seal.")
    return head
