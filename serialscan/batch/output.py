"""Where records go: a guarded standard output or a file that is safe to write."""

from __future__ import annotations

import errno
import os
import sys
from io import FileIO
from pathlib import Path

from serialscan.batch.inputs import IMAGE_SUFFIXES, STDIN, holds
from serialscan.errors import OutputError

# How the records of a scan begin. Other files of this program begin alike: the report of an evaluation.
_RECORD_STARTS = (b'{"record":"photo",', b'{"record":"item",')


class ClosedPipeError(Exception):
    """The reader of the output has gone, as ``head`` does; the run ends quietly."""


class DataStream:
    """Takes whole lines of data and nothing else.

    Args:
        raw: unbuffered binary stream; what is written is at once with the operating system.
        name: for messages.
    """

    def __init__(self, raw: FileIO, name: str) -> None:
        self._raw = raw
        self._name = name

    @property
    def is_terminal(self) -> bool:
        """True if a person reads it directly."""
        return self._raw.isatty()

    def write_line(self, line: bytes) -> None:
        """Write one line and its line end.

        Raises:
            ClosedPipeError: nobody reads the data any more.
            OutputError: the disk is full or the like.
        """
        rest = memoryview(line + b"\n")
        try:
            while rest:
                rest = rest[self._raw.write(rest) or 0 :]
        except OSError as error:
            # Windows says EINVAL where others say EPIPE.
            if error.errno == errno.EPIPE or (sys.platform == "win32" and error.errno == errno.EINVAL):
                raise ClosedPipeError from error
            raise OutputError(
                f"{self._name} cannot be written ({error.strerror}): the records before are whole; "
                "free some space or choose another --output."
            ) from error


def take_stdout() -> DataStream:
    """Keep standard output for data: whatever else writes to descriptor 1 reaches stderr from now on.

    It is not given back, since C libraries may flush what they printed as late as at exit.

    Raises:
        OutputError: standard output is closed.
    """
    if sys.stdout is None:
        raise OutputError("Standard output is closed: open it, the records have no other way out.")
    try:
        sys.stdout.flush()
        if sys.stderr is None:  # closed; left so, the next file opened would get its number
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os.set_inheritable(2, True)
            sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        kept = os.dup(1)
        os.dup2(2, 1)
    except OSError as error:
        raise OutputError(f"Standard output cannot be used ({error.strerror}): check it.") from error
    sys.stdout = sys.stderr
    return DataStream(FileIO(kept, "w"), "Standard output")


def open_output(path: Path, inputs: tuple[str, ...]) -> DataStream:
    """Open a file for records, so that no photo can be overwritten by a slip.

    Args:
        path: a new file, an empty one, or one that holds records of photos or items, which are replaced.
        inputs: files and folders to be scanned.

    Raises:
        OutputError: it is an input, holds something else than records, or cannot be written.
    """
    advice = "choose another --output, for example records.ndjson."
    if path.suffix.lower() in IMAGE_SUFFIXES:
        raise OutputError(f"{path} has the name of a photo: {advice}")
    if any(name != STDIN and _same(path, name) for name in inputs):
        raise OutputError(f"{path} is an input: {advice}")
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            return DataStream(FileIO(path, "w"), str(path))  # a device or a named pipe
        # Not truncated before what it holds is known; O_BINARY keeps "\n" on Windows.
        raw = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+")
        start = raw.read(max(map(len, _RECORD_STARTS)))
        if start and not start.startswith(_RECORD_STARTS):
            raw.close()
            raise OutputError(
                f"{path} holds something else than records of photos and is left as it is: {advice}"
            )
        raw.seek(0)
        raw.truncate()
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}): {advice}") from error
    return DataStream(raw, str(path))


def make_crops_folder(path: Path, inputs: tuple[str, ...]) -> None:
    """Make the folder for pictures of the lines, outside of every input folder.

    Raises:
        OutputError: it lies inside an input folder or cannot be made.
    """
    for name in inputs:
        if name != STDIN and Path(name).is_dir() and holds(name, path):
            raise OutputError(
                f"{path} lies inside the input folder {name}: choose a folder outside with --crops."
            )
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be made ({error.strerror}): choose another folder with --crops."
        ) from error


def _same(path: Path, name: str) -> bool:
    try:
        return path.samefile(name)
    except (OSError, ValueError):
        return False
