"""Walks the inputs of a scan lazily and in a fixed order, and counts what it leaves out."""

from __future__ import annotations

import fnmatch
import glob
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from serialscan.errors import InputError

STDIN = "-"

IMAGE_SUFFIXES = frozenset(
    [
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp", ".bmp", ".dib", ".gif"),
        *(".heic", ".heif", ".hif"),
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef"),
        *(".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf"),
        *(".srw", ".x3f"),
    ]
)
_JUNK = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini"})
_GLOB_CHARACTERS = frozenset("*?[")
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Input:
    """One input, which always gives one record.

    Attributes:
        path: the name as given or found; bytes that are no text in the file system's encoding are
            surrogate escapes, as everywhere in Python.
        stdin: the image comes through standard input and ``path`` is ``-``.
        problem: code and message of what is already known to be wrong with it.
    """

    path: str
    stdin: bool = False
    problem: tuple[str, str] | None = None


@dataclass(slots=True)
class Skipped:
    """What a walk left out of the folders it entered.

    Attributes:
        hidden: hidden and junk files and folders.
        other: files that are no image by their suffix, special files, and those the globs leave out.
        links: symbolic links to folders or out of the tree.
        folders: folders not entered because the walk is not recursive.
    """

    hidden: int = 0
    other: int = 0
    links: int = 0
    folders: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """Which inputs a scan takes.

    Attributes:
        paths: files, folders and ``-`` (one image from standard input), in this order.
        files_from: a file that lists further files and folders, or ``-`` for standard input.
        null: names in the list end with a NUL byte and not with a line end.
        recursive: enter the folders' folders.
        include: globs; of the files found in folders only those that match are taken, whatever their
            suffix. Without any, those with an image suffix are taken.
        exclude: globs of files and folders to leave out of the folders.
        output: the file that the records go to; never an input.
        crops: the folder that pictures go to; no folder that holds it is walked.
        expand_globs: expand ``*``, ``?`` and ``[`` in ``paths``, as Windows' shells do not.
    """

    paths: tuple[str, ...]
    files_from: str | None = None
    null: bool = False
    recursive: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    output: Path | None = None
    crops: Path | None = None
    expand_globs: bool = field(default=os.name == "nt")

    @property
    def countable(self) -> bool:
        """True if the inputs can be walked a second time to count them."""
        return self.files_from is None or (self.files_from != STDIN and Path(self.files_from).is_file())


def walk(selection: Selection, skipped: Skipped) -> Iterator[Input]:
    """Yield the inputs one by one; folders are listed only when they are reached.

    Args:
        selection: what to take.
        skipped: receives the counts of what is left out.

    Raises:
        InputError: the list of files cannot be read.
    """
    for path in _expanded(selection):
        if path == STDIN:
            yield Input(STDIN, stdin=True)
        else:
            yield from _named(path, selection, skipped)
    if selection.files_from is not None:
        for path in _listed(selection.files_from, selection.null):
            yield from _named(path, selection, skipped)


def check_current_folder() -> None:
    """Refuse to work in a folder that was deleted or cannot be entered: no process for reading starts there.

    Raises:
        InputError: it is such a folder.
    """
    try:
        os.stat(os.path.join(os.getcwd(), "."))  # noqa: PTH109, PTH116, PTH118
    except OSError as error:
        raise InputError(
            f"The current folder cannot be used ({error.strerror}): change to another folder first."
        ) from error


def holds(folder: Path | str, path: Path | str) -> bool:
    """True if ``path`` is ``folder`` or lies inside it, symbolic links resolved."""
    return _inside(os.path.realpath(path), os.path.realpath(folder))


def _inside(path: str, folder: str) -> bool:
    path, folder = os.path.normcase(path), os.path.normcase(folder)
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _expanded(selection: Selection) -> Iterator[str]:
    for path in selection.paths:
        if selection.expand_globs and _GLOB_CHARACTERS & set(path) and not os.path.lexists(path):
            yield from sorted(glob.glob(path)) or [path]  # noqa: PTH207
        else:
            yield path


def _named(path: str, selection: Selection, skipped: Skipped) -> Iterator[Input]:
    if not path:
        yield Input(path, problem=("unreadable", "the name is empty: check the list of files"))
    elif os.path.isdir(path):  # noqa: PTH112 - false for names that no Path can hold
        if selection.crops is not None and holds(path, selection.crops):
            message = "the folder for crops lies inside this input folder: choose another one with --crops"
            yield Input(path, problem=("output_inside_input", message))
        else:
            yield from _folder(path, selection, skipped)
    elif _is_output(path, selection):
        message = "the records are being written to this file: choose another --output"
        yield Input(path, problem=("is_output", message))
    else:
        yield Input(path)


def _folder(root: str, selection: Selection, skipped: Skipped) -> Iterator[Input]:
    """Files of a folder first, then its folders, each by name; a stack, so that depth is no limit."""
    real_root = os.path.realpath(root)
    stack = [root]
    while stack:
        folder = stack.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            message = f"the folder cannot be listed ({reason}): check its permissions and scan it again"
            yield Input(folder, problem=("unreadable_folder", message))
            continue
        folders = []
        for entry in entries:
            if entry.name.startswith(".") or entry.name.lower() in _JUNK:
                skipped.hidden += 1
            elif _is_folder(entry):
                if _is_link(entry):
                    skipped.links += 1
                elif _matches(entry.path, root, selection.exclude):
                    skipped.other += 1
                elif selection.recursive:
                    folders.append(entry.path)
                else:
                    skipped.folders += 1
            elif not _wanted(entry, root, selection):
                skipped.other += 1
            elif _is_link(entry) and not _inside(os.path.realpath(entry.path), real_root):
                skipped.links += 1
            elif not _is_output(entry.path, selection):
                yield Input(entry.path)
        stack += reversed(folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_link(entry: os.DirEntry[str]) -> bool:
    if entry.is_symlink():
        return True
    if os.name != "nt":
        return False
    # A junction looks like a folder to Python 3.11; following one could loop.
    status = entry.stat(follow_symlinks=False)
    return getattr(status, "st_reparse_tag", 0) == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)


def _wanted(entry: os.DirEntry[str], root: str, selection: Selection) -> bool:
    if selection.include:
        taken = _matches(entry.path, root, selection.include)
    else:
        taken = os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES  # noqa: PTH122
    if not taken or _matches(entry.path, root, selection.exclude):
        return False
    try:
        # A pipe or a device would block the reader; a dangling link gets its error record.
        return entry.is_file() or not os.path.exists(entry.path)  # noqa: PTH110
    except OSError:
        return True


def _matches(path: str, root: str, globs: tuple[str, ...]) -> bool:
    """Match the name, or with a ``/`` in the glob the path below the root; case does not matter.

    A folder may be written as shells complete it, ``./old/``.
    """
    if not globs:
        return False
    below = os.path.relpath(path, root).replace(os.sep, "/").lower()
    name = below.rpartition("/")[2]
    plain = [glob.removeprefix("./").rstrip("/").lower() for glob in globs]
    return any(fnmatch.fnmatchcase(below if "/" in glob else name, glob) for glob in plain)


def _is_output(path: str, selection: Selection) -> bool:
    if selection.output is None or os.path.basename(path).lower() != selection.output.name.lower():  # noqa: PTH119
        return False
    try:
        return os.path.samefile(path, selection.output)  # noqa: PTH121
    except OSError:
        return False


def _listed(source: str, null: bool) -> Iterator[str]:
    """Names from a list, as they come: the writer of the list may still be at work."""
    end = b"\0" if null else b"\n"
    if source == STDIN and sys.stdin is None:  # another file may have its number by now
        raise InputError("The list - cannot be read (standard input is closed): check --files-from.")
    try:
        # Unbuffered: a thread that waits in a buffered read of stdin would break Python's exit.
        with open(0 if source == STDIN else source, "rb", buffering=0, closefd=source != STDIN) as stream:
            rest = stream.read(_CHUNK)
            if rest.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise InputError(f"The list {source} is UTF-16 text: save it as UTF-8.")
            chunk = rest = rest.removeprefix(b"\xef\xbb\xbf")
            while chunk:
                *names, rest = rest.split(end)
                yield from (_name(name, null) for name in names if name.strip(b"\r"))
                chunk = stream.read(_CHUNK)
                rest += chunk
            if rest.strip(b"\r"):
                yield _name(rest, null)
    except OSError as error:
        raise InputError(
            f"The list {source} cannot be read ({error.strerror}): check --files-from."
        ) from error


def _name(name: bytes, null: bool) -> str:
    return os.fsdecode(name if null else name.removesuffix(b"\r"))
