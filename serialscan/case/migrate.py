"""A case of an older version in the form of today, as a new file. Entries keep their bytes and hashes."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from serialscan.case import store
from serialscan.case.build import building, put_branches, put_entries
from serialscan.errors import InputError, VerifyError


@dataclass(frozen=True)
class Content:
    """What a case holds, whatever its tables were called.

    Attributes:
        branches: case id of each ledger by its number.
        entries: ledger and bytes of each entry.
        pictures: ledger, entry, ordinal and bytes of each picture.
        checkpoints: ledger, size and text of each head.
    """

    branches: Mapping[int, str]
    entries: Iterable[tuple[int, bytes]]
    pictures: Iterable[tuple[int, int, int, bytes]]
    checkpoints: Iterable[tuple[int, int, bytes]]


Reader = Callable[[sqlite3.Connection], Content]

READERS: Mapping[int, Reader] = {}
"""Reads the content of an older version. Version 1 is the first, so there is none yet."""


def migrate(old: Path, new: Path, readers: Mapping[int, Reader] = READERS) -> None:
    """Write a case of an older version into a new file; the old one stays as it is.

    Args:
        old: the case.
        new: the file to make.
        readers: how each older version is read.

    Raises:
        InputError: the case is not of an older version that is known.
        OutputError: the new file is there already, or cannot be written.
        VerifyError: the old one is damaged.
    """
    try:
        kind, version = store.version_of(old)
    except store.CutCaseError as error:
        raise VerifyError(str(error)) from error
    except store.NotACaseError as error:
        raise InputError(str(error)) from error
    if kind == store.CASE_ID and version == store.VERSION:
        raise InputError(f"{old}: has the form of today (version {version}) and needs no migration.")
    reader = readers.get(version)
    if kind != store.CASE_ID or reader is None:
        raise InputError(f"{old}: is no case of an older version that this serialscan knows.")
    with contextlib.closing(store.connect(old, mode="ro")) as source, building(new, store.CASE_ID) as target:
        try:
            content = reader(source)
            put_branches(target, content.branches)
            put_entries(target, content.entries)
            target.executemany("INSERT INTO picture VALUES (?, ?, ?, ?)", content.pictures)
            target.executemany("INSERT INTO checkpoint VALUES (?, ?, ?)", content.checkpoints)
        except ValueError as error:
            raise VerifyError(
                f"{old}: is damaged ({error}): verify it with the version that wrote it."
            ) from error
