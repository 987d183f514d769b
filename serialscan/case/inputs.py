"""The photos of a case once more: unchanged, changed, missing, new. Needs nothing but Python."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

UNCHANGED, CHANGED, MISSING, NEW, UNREADABLE = "unchanged", "changed", "missing", "new", "unreadable"

_LATEST = (
    "SELECT run.folder, record.path, record.path_bytes_hex, record.sha256, max(record.sequence)"
    " FROM record LEFT JOIN run ON run.branch = record.branch AND run.sequence = record.run"
    " WHERE record.kind = 'photo' AND record.path != '-' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)


def hash_of(path: Path) -> str:
    """SHA-256 (hex) of a file.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def compare_inputs(
    connection: sqlite3.Connection,
    selections: list[dict[str, Any]],
    base: Path | None,
    hash_file: Callable[[Path], str],
) -> Iterator[tuple[str, str]]:
    """Compare the files with what the case says of them.

    A file counts as new if it lies where a run looked for photos and has a suffix that some photo of the
    case has.

    Args:
        connection: the case.
        selections: the fields of the entries that started its runs.
        base: where relative paths begin; None is where each run was started.
        hash_file: SHA-256 of a file; raises OSError.

    Yields:
        State and path, of every photo that a run found, and of new files.
    """
    known: set[str] = set()
    suffixes: set[str] = set()
    for folder, path, exact, sha256, _ in connection.execute(_LATEST).fetchall():
        name = os.fsdecode(bytes.fromhex(exact)) if exact else path
        file = Path(base if base is not None else folder or "", name)
        known.add(os.path.abspath(file))  # noqa: PTH100 - the same name, links are left alone
        suffixes.add(file.suffix.lower())
        if sha256 is None:
            continue  # it could not be read then
        try:
            yield (UNCHANGED if hash_file(file) == sha256 else CHANGED), path
        except FileNotFoundError:
            yield MISSING, path
        except (OSError, ValueError):
            yield UNREADABLE, path
    seen: set[str] = set()
    for fields in selections:
        start = Path(base if base is not None else str(fields.get("folder") or ""))
        selection = fields.get("selection") or {}
        for name in selection.get("paths") or ():
            for file in _files(start / str(name), selection):
                absolute = os.path.abspath(file)  # noqa: PTH100
                if file.suffix.lower() in suffixes and absolute not in known and absolute not in seen:
                    seen.add(absolute)
                    yield NEW, os.fsencode(file).decode("utf-8", "backslashreplace")


def _files(root: Path, selection: dict[str, Any]) -> Iterator[Path]:
    """Files below a folder that was named, as a run takes them: none that are hidden or left out by name."""
    if not root.is_dir():
        return
    include, exclude = (
        [str(glob).removeprefix("./").rstrip("/").lower() for glob in selection.get(key) or ()]
        for key in ("include", "exclude")
    )
    for folder, folders, files in os.walk(root):
        here = Path(folder)

        def left_out(name: str, here: Path = here) -> bool:
            return name.startswith(".") or _matches(here / name, root, exclude)

        folders[:] = (
            sorted(name for name in folders if not left_out(name)) if selection.get("recursive") else []
        )
        for name in sorted(files):
            if not left_out(name) and (not include or _matches(here / name, root, include)):
                yield here / name


def _matches(path: Path, root: Path, globs: list[str]) -> bool:
    below = path.relative_to(root).as_posix().lower()
    name = path.name.lower()
    return any(fnmatch.fnmatchcase(below if "/" in glob else name, glob) for glob in globs)
