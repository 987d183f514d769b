"""Seals a case: a head and the SHA-256 of the whole file, to be kept where the case is not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from serialscan import __version__
from serialscan.case.checkpoint import Checkpoint
from serialscan.case.heads import Heads
from serialscan.case.inputs import hash_of
from serialscan.case.sign import Signer
from serialscan.case.writer import CaseWriter
from serialscan.errors import OutputError
from serialscan.files.whole import write_new
from serialscan.printable import printable


@dataclass(frozen=True)
class Seal:
    """What a seal consists of.

    Attributes:
        head: the head over all entries, the seal's own among them.
        sha256: of the whole file, hex.
        files: the head, the hash in the form of sha256sum, and the sheet.
    """

    head: Checkpoint
    sha256: str
    files: tuple[Path, Path, Path]


def seal(path: Path, stem: Path, by: Mapping[str, str], heads: Heads, signer: Signer | None = None) -> Seal:
    """Seal a case.

    Args:
        path: the case.
        stem: the files are named after it: ``.head``, ``.sha256`` and ``-seal.txt`` are added.
        by: who seals it.
        heads: the heads that this machine remembers.
        signer: who signs the head.

    Raises:
        OutputError: one of the files is there already, or cannot be written.
    """
    files = (_named(stem, ".head"), _named(stem, ".sha256"), _named(stem, "-seal.txt"))
    for one in files:
        if one.exists():
            raise OutputError(f"{one}: is there already: choose another name with -o.")
    with CaseWriter(path, heads, create=False) as writer:
        sequence = writer.append("seal", {"person": dict(by)})
        head = writer.checkpoint(signer)
        time = writer.last_time
    sha256 = hash_of(path)  # only now: what is open could still change
    sheet = _sheet(path, files[0], head, sha256, by, time, sequence, signer)
    write_new(files[0], head.note)
    write_new(files[1], _line(sha256, path.name))
    write_new(files[2], sheet.encode())
    return Seal(head, sha256, files)


def _named(stem: Path, end: str) -> Path:
    return stem.with_name(stem.name + end)


def _line(sha256: str, name: str) -> bytes:
    """A line for ``sha256sum -c``, which wants names with a line end or a backslash in a form of its own."""
    exact = os.fsencode(name)
    escaped = exact.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return b"%s%s  %s\n" % (b"\\" if escaped != exact else b"", sha256.encode(), escaped)


def _grouped(digits: str) -> str:
    """Hex digits as people compare them: two lines of eight groups of four."""
    groups = [digits[i : i + 4] for i in range(0, len(digits), 4)]
    return "\n".join("    " + " ".join(groups[i : i + 8]) for i in range(0, len(groups), 8))


def _sheet(
    path: Path,
    head_file: Path,
    head: Checkpoint,
    sha256: str,
    by: Mapping[str, str],
    time: str,
    sequence: int,
    signer: Signer | None,
) -> str:
    who = printable(", ".join(by.values()))
    key = ""
    if signer is not None:
        of = f"Fingerprint of the key that signed the head ({signer.key.name})"
        key = f"\n{of}:\n{_grouped(signer.key.fingerprint)}\n"
    line = "_" * 60
    name, head_name = printable(path.name), printable(head_file.name)
    return f"""SEAL OF A CASE

Case file:   {name}
Case id:     {head.origin.rpartition("/")[2]}
Entries:     {head.size}, the last one, number {sequence}, is this seal
Sealed:      {time} (UTC, by the clock of the machine), by {who}
Program:     serialscan {__version__}

SHA-256 of the whole file:
{_grouped(sha256)}

Root of the ledger (Merkle tree of RFC 9162, SHA-256):
{_grouped(head.root.hex())}
{key}
Verify:      serialscan case verify {name} --head {head_name}
             or, without serialscan:  python3 verify.py {name} --head {head_name}

Any entry that is added later changes the SHA-256 of the file, but not the root
over the entries up to this one.


Sealed by    {line}
             name, place and date, signature


Witness      {line}
             name, place and date, signature
"""
