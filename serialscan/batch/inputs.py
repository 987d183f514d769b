"""Walks the inputs of a scan lazily and in a fixed order, and tells and counts what it leaves out."""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import glob
import os
import stat
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from serialscan.batch.task import Earlier, Input, Task
from serialscan.errors import InputError, PhotoError, SerialscanError

if TYPE_CHECKING:
    from serialscan.items import Grouping

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
_LONGEST_PATH = 1 << 16  # bytes; systems allow half of it at most


class Why(StrEnum):
    """Why a walk left something out of a folder that it entered; the value says it to people."""

    HIDDEN = "it is hidden, or kept by the system"
    ARCHIVE = "it is an archive, which may hold photos: unpack it and scan the folder"
    DOCUMENT = "it is a document, which may hold photos: save them and scan the folder"
    VIDEO = "it is a video: save single pictures of it and scan the folder"
    OTHER = "its content is no image"
    SPECIAL = "it is a pipe, a socket or a device"
    GLOB = "--include or --exclude leave it out"
    LINK = "it is a link to a folder, or out of the folder"
    FOLDER = "it is a folder: -r enters it"


@dataclass(slots=True)
class Skipped:
    """What a walk left out of the folders it entered.

    Attributes:
        counts: how much for which reason.
        tell: is told the path and the reason of each.
    """

    counts: Counter[Why] = field(default_factory=Counter)
    tell: Callable[[str, Why], None] | None = None

    def add(self, path: str, why: Why) -> None:
        """Count and tell."""
        self.counts[why] += 1
        if self.tell is not None:
            self.tell(path, why)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which inputs a scan takes.

    Attributes:
        paths: files, folders and ``-`` (one image from standard input), in this order.
        files_from: a file that lists further files and folders, or ``-`` for standard input.
        null: names in the list end with a NUL byte and not with a line end.
        recursive: enter the folders' folders.
        include: globs; of the files found in folders only those that match are taken, whatever they are.
            Without any, those with an image suffix are taken, and those whose content is that of an image.
        exclude: globs of files and folders to leave out of the folders.
        output: the file that the records go to; never an input.
        pictures: folders that pictures go to; no folder that holds one is walked.
    """

    paths: tuple[str, ...]
    files_from: str | None = None
    null: bool = False
    recursive: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    output: Path | None = None
    pictures: tuple[Path, ...] = ()

    @property
    def countable(self) -> bool:
        """True if the inputs can be walked a second time to count them."""
        return self.files_from is None or (self.files_from != STDIN and Path(self.files_from).is_file())


def walk(selection: Selection, skipped: Skipped) -> Iterator[Input]:
    """Yield the inputs one by one; folders are listed only when they are reached.

    Args:
        selection: what to take.
        skipped: is told what is left out.

    Raises:
        InputError: the list of files cannot be read.
    """
    for path in selection.paths:
        if path == STDIN:
            yield Input(STDIN, stdin=True)
        else:
            yield from _named(path, selection, skipped)
    if selection.files_from is not None:
        for path in _listed(selection.files_from, selection.null):
            yield from _named(path, selection, skipped)


class Inputs:
    """What a run reads; to be iterated once.

    Args:
        selection: which inputs.
        grouping: puts photos together to items. All inputs are then listed before the first is read.
        earlier: what earlier runs made, which is not made again.

    Attributes:
        skipped: what was left out so far.
        total: inputs there are, or None while they are being counted or if they cannot be.
        counting: they are being counted.
        without_item: inputs that belong to no item, when photos are put together.
    """

    def __init__(
        self, selection: Selection, grouping: Grouping | None = None, earlier: Earlier | None = None
    ) -> None:
        self._selection = selection
        self._grouping = grouping
        self._earlier = earlier
        self.skipped = Skipped()
        self.total: int | None = None
        self.counting = selection.countable or grouping is not None
        self.without_item = 0

    def __iter__(self) -> Iterator[Task]:
        """The tasks that they make.

        Raises:
            SerialscanError: the list of files cannot be read, or the grouping is bad.
        """
        if self._earlier is None:
            yield from self._tasks()
            return
        for task in self._tasks():
            if isinstance(task, Input) and task.problem is None and not task.stdin:
                yield self._earlier.known(task)
            else:
                yield task

    def _tasks(self) -> Iterator[Task]:
        found = walk(self._selection, self.skipped)
        if self._grouping is None:
            if self._selection.countable:
                threading.Thread(target=self._count, daemon=True).start()
            yield from found
            return
        from serialscan.batch.items import plan_items, with_fusions

        listed = list(found)
        plan = plan_items(listed, self._grouping)
        listed += map(Input, plan.missing)
        self.total, self.without_item = len(listed), sum(item is None for item in plan.items)
        self.counting = False
        yield from with_fusions(listed, plan)

    def _count(self) -> None:
        """Counting walks the folders a second time and so never delays the first record."""
        with contextlib.suppress(SerialscanError):  # the walk that matters reports it
            self.total = sum(1 for _ in walk(self._selection, Skipped()))
        self.counting = False


def standard_input(max_bytes: int) -> bytes:
    """All of standard input, or one byte more than is allowed.

    Raises:
        PhotoError: ``unreadable``.
    """
    try:
        if sys.stdin is None:
            raise OSError(errno.EBADF, "it is closed")
        data = bytearray()
        # Unbuffered: a thread that waits in a buffered read of stdin would break Python's exit.
        with open(0, "rb", buffering=0, closefd=False) as stream:
            while len(data) <= max_bytes and (chunk := stream.read(min(1 << 20, max_bytes + 1 - len(data)))):
                data += chunk
    except OSError as error:
        message = f"standard input cannot be read ({error.strerror}): pipe an image in"
        raise PhotoError("unreadable", message) from error
    return bytes(data)


def expanded(paths: Iterable[str]) -> Iterator[str]:
    """The paths; what is no name but a pattern with ``*``, ``?`` or ``[`` gives all that match, by name.

    Shells of Windows pass patterns on, and so does every shell that finds them in quotes. ``**`` enters
    folders. A pattern that nothing matches stays, so that its record tells.
    """
    for path in paths:
        if _GLOB_CHARACTERS & set(path) and not os.path.lexists(path):
            yield from sorted(glob.glob(path, recursive=True)) or [path]  # noqa: PTH207
        else:
            yield path


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


def _named(path: str, selection: Selection, skipped: Skipped) -> Iterator[Input]:
    if not path:
        yield Input(path, problem=("unreadable", "the name is empty: check the list of files"))
    elif os.path.isdir(path):  # noqa: PTH112 - false for names that no Path can hold
        if any(holds(path, folder) for folder in selection.pictures):
            message = (
                "a folder for pictures lies inside this input folder: choose another one with --crops or "
                "--pictures"
            )
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
            if _is_output(entry.path, selection):
                continue
            why = _unwanted(entry, root, real_root, selection)
            if why is not None:
                skipped.add(entry.path, why)
            elif _is_folder(entry):
                folders.append(entry.path)
            else:
                yield Input(entry.path)
        stack += reversed(folders)


def _unwanted(entry: os.DirEntry[str], root: str, real_root: str, selection: Selection) -> Why | None:
    """Why an entry of a folder is left out, or None for a photo and for a folder to enter."""
    if entry.name.startswith(".") or entry.name.lower() in _JUNK:
        return Why.HIDDEN
    if _is_folder(entry):
        if _is_link(entry):
            return Why.LINK
        if _matches(entry.path, root, selection.exclude):
            return Why.GLOB
        return None if selection.recursive else Why.FOLDER
    if selection.include and not _matches(entry.path, root, selection.include):
        return Why.GLOB
    if _matches(entry.path, root, selection.exclude):
        return Why.GLOB
    if _is_link(entry) and not _inside(os.path.realpath(entry.path), real_root):
        return Why.LINK
    return _unreadable(entry, named=bool(selection.include))


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


def _unreadable(entry: os.DirEntry[str], *, named: bool) -> Why | None:
    """Why a file is not read: what it is, by its content unless it is named or has an image's suffix."""
    try:
        # A pipe or a device would block the reader; a dangling link gets its error record.
        if not entry.is_file() and os.path.exists(entry.path):  # noqa: PTH110
            return Why.SPECIAL
    except OSError:
        return None
    if named or os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES:  # noqa: PTH122
        return None
    from serialscan.photo.files import read_start
    from serialscan.photo.kind import HEAD_BYTES, Kind, kind_of

    try:
        kind = kind_of(read_start(Path(entry.path), HEAD_BYTES))
    except PhotoError:
        return None  # its record says what is wrong with it
    return None if kind is Kind.IMAGE else Why[kind.name]


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
            if rest and stat.S_ISCHR(os.fstat(stream.fileno()).st_mode) and not stream.isatty():
                raise InputError(f"The list {source} is a device, not a list: check --files-from.")
            if rest.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise InputError(f"The list {source} is UTF-16 text: save it as UTF-8.")
            chunk = rest = rest.removeprefix(b"\xef\xbb\xbf")
            while chunk:
                *names, rest = rest.split(end)
                yield from (_name(name, null) for name in names if name.strip(b"\r"))
                if len(rest) > _LONGEST_PATH:
                    what = "NUL byte" if null else "line end"
                    raise InputError(
                        f"The list {source} has {len(rest)} bytes without a {what}: "
                        "check --files-from and -0."
                    )
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
