"""Puts several cases into one. Their ledgers stay as they are, and the new ledger says which it took over."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from serialscan import __version__
from serialscan.case import store
from serialscan.case.build import building, put_branches, put_entries
from serialscan.case.checkpoint import ORIGIN, Checkpoint
from serialscan.case.entry import NO_PREVIOUS, Entry, encode
from serialscan.case.merkle import Tree, leaf_hash
from serialscan.case.read import CaseReader, open_case
from serialscan.errors import InputError, VerifyError


@dataclass(frozen=True)
class _Ledger:
    """One ledger of a case that is taken over."""

    reader: CaseReader
    branch: int
    leaves: tuple[bytes, ...]


def merge(paths: Sequence[Path], output: Path, by: Mapping[str, str]) -> Checkpoint:
    """Write a new case that holds other cases.

    Args:
        paths: the cases; each stays as it is.
        output: the new case.
        by: who merges them.

    Returns:
        The head of the new case.

    Raises:
        InputError: one of them is no case.
        OutputError: the new file is there already, or cannot be written.
        VerifyError: two of them hold the same case with different entries.
    """
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(open_case(path)) for path in paths]
        ledgers: dict[str, _Ledger] = {}
        for path, reader in zip(paths, readers, strict=True):
            if reader.is_extract:
                raise InputError(f"{path}: is a part of a case, which cannot be merged: use the case.")
            for branch, case_id in reader.branches.items():
                _take(ledgers, case_id, _Ledger(reader, branch, _leaves(reader, branch)), path)
        case_id = secrets.token_hex(16)
        tool = {"name": "serialscan", "version": __version__}
        said = [("created", {"tool": tool, "form": store.VERSION})]
        for path, reader in zip(paths, readers, strict=True):
            leaves = _leaves(reader, 0)
            taken = {
                "person": dict(by), "what": "case", "file": path.name, "case_id": reader.case_id,
                "size": len(leaves), "root": Tree(leaves).root().hex(),
            }  # fmt: skip
            said.append(("import", taken))
        entries, previous = [], NO_PREVIOUS
        for sequence, (kind, fields) in enumerate(said):
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            entries.append(encode(Entry(case_id, sequence, previous, kind, now, fields)))
            previous = leaf_hash(entries[-1])
        head = Checkpoint(ORIGIN + case_id, len(entries), Tree(map(leaf_hash, entries)).root())
        with building(output, store.CASE_ID) as target:
            put_branches(target, {0: case_id, **dict(enumerate(ledgers, start=1))})
            put_entries(target, ((0, data) for data in entries))
            target.execute("INSERT INTO checkpoint VALUES (0, ?, ?)", (head.size, head.note))
            for number, (other, ledger) in enumerate(ledgers.items(), start=1):
                source, where = ledger.reader.connection, (ledger.branch,)
                rows = source.execute("SELECT bytes FROM entry WHERE branch = ? ORDER BY sequence", where)
                put_entries(target, ((number, data) for (data,) in rows))
                target.executemany(
                    f"INSERT INTO picture SELECT {number}, ?, ?, ?",
                    source.execute(
                        "SELECT sequence, ordinal, bytes FROM picture WHERE branch = ? ORDER BY 1, 2", where
                    ),
                )
                target.executemany(
                    f"INSERT INTO checkpoint SELECT {number}, ?, ?",
                    source.execute("SELECT size, note FROM checkpoint WHERE branch = ? ORDER BY 1", where),
                )
                last = Checkpoint(ORIGIN + other, len(ledger.leaves), Tree(ledger.leaves).root())
                target.execute(
                    "INSERT OR IGNORE INTO checkpoint VALUES (?, ?, ?)", (number, last.size, last.note)
                )
    return head


def _leaves(reader: CaseReader, branch: int) -> tuple[bytes, ...]:
    rows = reader.connection.execute("SELECT hash FROM entry WHERE branch = ? ORDER BY sequence", (branch,))
    return tuple(digest for (digest,) in rows)


def _take(ledgers: dict[str, _Ledger], case_id: str, ledger: _Ledger, path: Path) -> None:
    """Add a ledger; of two states of one, the later one."""
    before = ledgers.get(case_id)
    if before is None:
        ledgers[case_id] = ledger
        return
    shorter = min(len(before.leaves), len(ledger.leaves))
    if before.leaves[:shorter] != ledger.leaves[:shorter]:
        raise VerifyError(
            f"{path} and another one hold case {case_id} with different entries: verify both against their "
            "sealed heads."
        )
    if len(ledger.leaves) > shorter:
        ledgers[case_id] = ledger
