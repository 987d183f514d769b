"""Writes into the ledger of a case, and where what is made of a case may lie."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serialscan.cli.text import say
from serialscan.errors import OutputError
from serialscan.printable import printable

if TYPE_CHECKING:
    from serialscan.case import CaseWriter

NO_ENTRY = (
    "WARNING: no entry was written. The case may not be written (it is a part that was handed over, or it or "
    "its folder is read-only), so its ledger does not tell of this."
)


def writer_of(path: Path) -> CaseWriter:
    """A case that is there, open for writing."""
    from serialscan.case import CaseWriter, Heads, state_folder

    def tell(sentence: str) -> None:
        say(f"serialscan: {sentence}", err=True)

    return CaseWriter(path, Heads(state_folder()), create=False, tell=tell)


def may_be_written(source: Path) -> bool:
    """Whether a case can take an entry: an extract cannot, nor one that is read-only or in such a folder."""
    from serialscan.case.read import open_case

    with open_case(source) as reader:
        if reader.is_extract:
            return False
    real = Path(os.path.realpath(source))
    return os.access(real, os.W_OK) and os.access(real.parent, os.W_OK)


def check_ledger(source: Path) -> None:
    """Raise ``OutputError`` before anything is written if an entry cannot be, as while a scan writes."""
    with writer_of(source):
        pass


def add_export(source: Path, fields: Mapping[str, Any], files: Sequence[Path], what: str) -> None:
    """Write into the ledger that something was made of the case, by whom, and the hash of each file.

    Args:
        source: the case.
        fields: of the entry, but for the files.
        files: what was made.
        what: what they are, for the message.
    """
    from serialscan.case.inputs import hash_of

    hashed = [{"file": one.name, "sha256": hash_of(one)} for one in files]
    try:
        with writer_of(source) as writer:
            sequence = writer.append("export", {**fields, "files": hashed})
            writer.checkpoint()
    except OutputError as error:
        raise OutputError(f"The {what} is written, but it does not stand in the ledger: {error}") from error
    say(f"The {what} is entry {sequence} of {printable(str(source))}.", err=True)


def demand_outside_photos(source: Path, output: Path) -> None:
    """Nothing is written among originals: refuse a place in a folder that a run of the case looked through.

    Raises:
        OutputError: it is such a place.
    """
    from serialscan.batch.inputs import holds
    from serialscan.case.read import open_case

    with open_case(source) as reader:
        for _, entry in reader.entries({"run_started"}):
            start = Path(str(entry.fields.get("folder") or ""))
            for name in (entry.fields.get("selection") or {}).get("paths") or ():
                folder = start / str(name)
                if os.path.isdir(folder) and holds(folder, output):  # noqa: PTH112 - may hold a NUL
                    raise OutputError(
                        f"{output} lies among the photos in {folder}, where nothing is written: choose "
                        "a place outside."
                    )
