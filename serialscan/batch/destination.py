"""Files and folders that a run writes: where they may lie, and records that nothing can overwrite."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from serialscan.batch.inputs import IMAGE_SUFFIXES, STDIN, holds
from serialscan.batch.output import DataStream
from serialscan.errors import OutputError
from serialscan.files.hold import lock
from serialscan.record.ndjson import RECORD_STARTS

# How the records of a scan begin. Other files of this program begin alike: the report of an evaluation.


class RecordFile(DataStream):
    """A file of records that are only ever added to.

    Before each record and at the end the path and the open file are compared. If the file was removed,
    replaced or shortened, what is left of the records goes to a new file beside it, and the run ends.

    Args:
        raw: opened to read and to append.
        path: where it lies.
        starts: how a whole line may begin.
    """

    def __init__(self, raw: FileIO, path: Path, starts: tuple[bytes, ...] = RECORD_STARTS) -> None:
        super().__init__(raw, str(path))
        self._path = path
        self._starts = starts
        self._size = os.fstat(raw.fileno()).st_size
        # Some network drives give a file another number each time.
        self._identity = self._is_at_its_path()

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        return self._size

    def write_line(self, line: bytes) -> None:
        """See ``DataStream``.

        Raises:
            OutputError: also if the file is no longer what was written; the message names what is rescued.
        """
        self._check(line + b"\n")
        super().write_line(line)
        self._size += len(line) + 1

    def finish(self) -> None:
        """See ``DataStream``."""
        self._check(b"")

    def lines(self) -> Iterator[bytes]:
        """All that it holds, line by line with the line ends."""
        with os.fdopen(os.dup(self._raw.fileno()), "rb") as file:
            file.seek(0)
            yield from file

    def cut(self, size: int) -> None:
        """Take the start of a record off its end."""
        self._raw.truncate(size)
        self._size = size

    def _is_at_its_path(self) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._raw.fileno()))  # noqa: PTH116
        except OSError:
            return False

    def _check(self, rest: bytes) -> None:
        if os.fstat(self._raw.fileno()).st_size < self._size:
            what = "shortened"
        elif self._identity and not self._is_at_its_path():
            what = "replaced" if os.path.lexists(self._path) else "removed"
        else:
            return
        told = f"{self._path} was {what} while the run went on"
        try:
            rescued, count = self._rescue(rest)
        except OSError as error:
            raise OutputError(
                f"{told}, and its records cannot be written beside it ({error.strerror}): scan again."
            ) from error
        if self._starts is not RECORD_STARTS:
            raise OutputError(f"{told}: the {count} lines that are left are in {rescued}; scan again.")
        raise OutputError(
            f"{told}: the {count} records that are left are in {rescued}; go on with them by "
            f"--resume --output {rescued}."
        )

    def _rescue(self, rest: bytes) -> tuple[Path, int]:
        """Write the records and ``rest`` to a new file beside the path; gives the file and their number."""
        folder = self._path.parent if self._path.parent.is_dir() else Path()
        for number in itertools.count(1):
            rescued = folder / f"{self._path.stem}.rescued-{number}{self._path.suffix}"
            count = 0
            with contextlib.suppress(FileExistsError), rescued.open("xb") as file:
                for line in itertools.chain(self.lines(), [rest]):
                    if line.startswith(self._starts) and line.endswith(b"\n"):
                        file.write(line)
                        count += 1
                return rescued, count
        raise AssertionError


def open_output(
    path: Path, inputs: tuple[str, ...], *, resume: bool = False, records: bool = True, of_scan: bool = True
) -> DataStream:
    """Open a file for records, so that no photo and no record can be overwritten by a slip.

    Args:
        path: a new file, or an empty one.
        inputs: files and folders to be scanned.
        resume: the file may hold records, to be gone on with.
        records: lines of JSON are written to it, and not a table.
        of_scan: a scan writes it, which can go on with it.

    Raises:
        OutputError: it is an input or lies in one, holds something, is written by another scan, or cannot be
            written.
    """
    advice = "choose another --output, for example records.ndjson."
    if path.suffix.lower() in IMAGE_SUFFIXES:
        raise OutputError(f"{path} has the name of a photo: {advice}")
    if any(name != STDIN and _same(path, name) for name in inputs):
        raise OutputError(f"{path} is an input: {advice}")
    _demand_outside(path, inputs, "--output")
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            return DataStream(FileIO(path, "w"), str(path))  # a device or a named pipe
        # O_BINARY keeps "\n" on Windows.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        raw = FileIO(os.open(path, flags, 0o666), "r+")
        try:
            _demand_free(raw, path, advice, resume, of_scan)
        except OutputError:
            raw.close()
            raise
        return RecordFile(raw, path, RECORD_STARTS if records else (b"",))
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}): {advice}") from error


def _demand_free(raw: FileIO, path: Path, advice: str, resume: bool, of_scan: bool) -> None:
    if os.fstat(raw.fileno()).st_nlink > 1:
        raise OutputError(f"{path} has another name (a hard link), which may be that of an input: {advice}")
    if not lock(raw.fileno()):
        raise OutputError(f"{path} is being written by another scan: wait for its end, or {advice}")
    start = raw.read(max(map(len, RECORD_STARTS)))
    # A run that was cut off may have left a part of its first record.
    if (
        start
        and not start.startswith(RECORD_STARTS)
        and not any(one.startswith(start) for one in RECORD_STARTS)
    ):
        raise OutputError(
            f"{path} holds something else than records of photos and is left as it is: {advice}"
        )
    if start and not of_scan:
        raise OutputError(f"{path} holds records already, and they are left as they are: {advice}")
    if start and not resume:
        raise OutputError(
            f"{path} holds records already, and they are left as they are: scan goes on with them by "
            f"--resume; else {advice}"
        )


def check_case_place(path: Path, inputs: tuple[str, ...], output: Path | None) -> None:
    """Refuse a place for a case in which it could be taken for something else.

    Raises:
        OutputError: it has the name of a photo, is an input or lies in one, or is the file of the records.
    """
    if path.suffix.lower() in IMAGE_SUFFIXES:
        raise OutputError(f"{path} has the name of a photo: choose another --case.")
    if any(name != STDIN and _same(path, name) for name in inputs):
        raise OutputError(f"{path} is an input: choose another --case.")
    if output is not None and os.path.realpath(path) == os.path.realpath(output):
        raise OutputError(f"{path} is the file of the records, too: choose another --case or --output.")
    _demand_outside(path, inputs, "--case")


def make_pictures_folder(path: Path, inputs: tuple[str, ...], option: str) -> None:
    """Make a folder for pictures, outside of every input folder; ``option`` names it.

    Raises:
        OutputError: it lies inside an input folder or cannot be made.
    """
    _demand_outside(path, inputs, option)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be made ({error.strerror}): choose another folder with {option}."
        ) from error


def _demand_outside(path: Path, inputs: tuple[str, ...], option: str) -> None:
    """Nothing is written among originals, which are evidence."""
    for name in inputs:
        if name != STDIN and os.path.isdir(name) and holds(name, path):  # noqa: PTH112 - may hold a NUL
            raise OutputError(
                f"{path} lies inside the input folder {name}, where nothing is written: "
                f"choose a place outside with {option}."
            )


def _same(path: Path, name: str) -> bool:
    try:
        return path.samefile(name)
    except (OSError, ValueError):
        return False
