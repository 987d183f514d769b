"""Where records go: a guarded standard output or a file that is safe to write."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from io import FileIO
from pathlib import Path
from typing import Any, TextIO, cast

from serialscan.batch.inputs import IMAGE_SUFFIXES, STDIN, holds
from serialscan.errors import OutputError

# How the records of a scan begin. Other files of this program begin alike: the report of an evaluation.
_RECORD_STARTS = (b'{"record":"photo",', b'{"record":"item",')
_LOCKED_AT = 1 << 62
_STDOUT_NAMES = frozenset({STDIN, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})


class ClosedPipeError(Exception):
    """The reader of the output has gone, as ``head`` does; the run ends quietly."""


class DataStream:
    """Takes whole lines of data and nothing else.

    Args:
        raw: unbuffered binary stream; what is written is at once with the operating system.
        name: for messages.
        replaces: the first line replaces what the file holds, which stays until then.
    """

    def __init__(self, raw: FileIO, name: str, *, replaces: bool = False) -> None:
        self._raw = raw
        self._name = name
        self._replaces = replaces

    @property
    def is_terminal(self) -> bool:
        """True if a person reads it directly."""
        return self._raw.isatty()

    def write_line(self, line: bytes) -> None:
        """Write one line and its line end, in a file all of it or nothing.

        Raises:
            ClosedPipeError: nobody reads the data any more.
            OutputError: the disk is full or the like.
        """
        whole = rest = memoryview(line + b"\n")
        try:
            if self._replaces:
                self._raw.seek(0)
                self._raw.truncate()
                self._replaces = False
            while rest:
                rest = rest[self._raw.write(rest) or 0 :]
        except OSError as error:
            if _nobody_reads(error):
                raise ClosedPipeError from error
            with contextlib.suppress(OSError):
                self._take_back(len(whole) - len(rest))
            raise OutputError(
                f"{self._name} cannot be written ({error.strerror}): the records before are whole; "
                "free some space or choose another --output."
            ) from error

    def _take_back(self, count: int) -> None:
        """Cut the start of a line off a file: programs that read records refuse a file with half a line."""
        status = os.fstat(self._raw.fileno())
        # Beyond the end that was written here another process may have written, which is not to be cut.
        if count and stat.S_ISREG(status.st_mode) and self._raw.tell() == status.st_size:
            self._raw.seek(-count, os.SEEK_CUR)
            self._raw.truncate()


class _Guard:
    """Stands for a standard stream and guards what is written to it; all else is the stream's own."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def buffer(self) -> Any:
        """The bytes below the text, guarded too: click writes to them where the encoding is poor."""
        return type(self)(self._stream.buffer)

    def write(self, data: Any) -> int:
        """Write text or bytes."""
        try:
            self._stream.write(data)
        except OSError as error:
            self._fail(error)
        return len(data)

    def flush(self) -> None:
        """Pass on what is kept back."""
        try:
            self._stream.flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        raise NotImplementedError


class _GuardedStdout(_Guard):
    """Standard output as text: a failure is told as that of any other output."""

    _failed = False

    def flush(self) -> None:
        """Pass on what is kept back, until that has failed: Python tries again at its exit."""
        if not self._failed:
            super().flush()

    def _fail(self, error: OSError) -> None:
        self._failed = True
        if _nobody_reads(error):
            raise ClosedPipeError from error
        raise OutputError(
            f"Standard output cannot be written ({error.strerror}): free some space, or send it elsewhere."
        ) from error


class _GuardedStderr(_Guard):
    """Standard error: what cannot be told there is lost, and costs neither a record nor the exit code."""

    def _fail(self, error: OSError) -> None:
        pass


class _ClosedStdout:
    """Stands for a standard output that is closed, which Python has as None and ``print`` says nothing of."""

    encoding, errors = "utf-8", "strict"

    def write(self, data: Any) -> int:
        """Tell that it is closed."""
        raise self.error()

    def flush(self) -> None:
        """Nothing is kept back."""

    def isatty(self) -> bool:
        """Nobody reads it."""
        return False

    @staticmethod
    def error() -> OutputError:
        """What whoever needs it is told."""
        return OutputError("Standard output is closed: open it, the output has no other way out.")


def guard_streams() -> None:
    """Make failures of ``print`` and the like harmless on stderr, and errors of this program on stdout."""
    if not isinstance(sys.stdout, _Guard | _ClosedStdout):
        guarded = _ClosedStdout() if sys.stdout is None else _GuardedStdout(sys.stdout)
        sys.stdout = cast(TextIO, guarded)
    if sys.stderr is not None and not isinstance(sys.stderr, _Guard):
        sys.stderr = cast(TextIO, _GuardedStderr(sys.stderr))


def is_stdout(path: str) -> bool:
    """True if records written to ``path`` belong on standard output; to be asked before it is taken."""
    if path in _STDOUT_NAMES:
        return True
    try:
        closed = isinstance(sys.stdout, _ClosedStdout)
        return not closed and os.path.samestat(Path(path).stat(), os.fstat(1))
    except (OSError, ValueError):
        return False


def take_stdout(*, needed: bool = True) -> DataStream:
    """Keep standard output, once guarded, for data: all else on descriptor 1 reaches stderr from now on.

    It is not given back, since C libraries may flush what they printed as late as at exit.

    Args:
        needed: the data have no other way out.

    Raises:
        OutputError: standard output is needed and closed.
    """
    closed = isinstance(sys.stdout, _ClosedStdout)
    if needed and closed:
        raise _ClosedStdout.error()
    try:
        # Left closed, the next file opened would get the number of a standard stream.
        if closed:
            _occupy(1)
        else:
            sys.stdout.flush()
        if sys.stderr is None:
            _occupy(2)
            sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            guard_streams()
        kept = os.dup(1)
        os.dup2(2, 1)
    except OSError as error:
        raise OutputError(f"Standard output cannot be used ({error.strerror}): check it.") from error
    sys.stdout = sys.stderr
    return DataStream(FileIO(kept, "w"), "Standard output")


def open_output(path: Path, inputs: tuple[str, ...]) -> DataStream:
    """Open a file for records, so that no photo can be overwritten by a slip.

    Args:
        path: a new file, an empty one, or one that holds records of photos or items, which the first line
            replaces: a run that cannot start leaves them.
        inputs: files and folders to be scanned.

    Raises:
        OutputError: it is an input, holds something else than records, is written by another scan, or
            cannot be written.
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
        if not _locked(raw):
            raw.close()
            raise OutputError(f"{path} is being written by another scan: wait for its end, or {advice}")
        start = raw.read(max(map(len, _RECORD_STARTS)))
        if start and not start.startswith(_RECORD_STARTS):
            raw.close()
            raise OutputError(
                f"{path} holds something else than records of photos and is left as it is: {advice}"
            )
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}): {advice}") from error
    return DataStream(raw, str(path), replaces=True)


def _locked(raw: FileIO) -> bool:
    """Whether nobody else is writing a file; it is locked until it is closed, as at the end of the process.

    The standard library does: of the packages for it one needs another package on Windows, the other one
    leaves a second file beside the records.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            raw.seek(_LOCKED_AT)  # what is locked there cannot be read, so a place without records
            msvcrt.locking(raw.fileno(), msvcrt.LK_NBLCK, 1)
            raw.seek(0)
        else:
            import fcntl

            fcntl.flock(raw.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network drives know no locks.
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True


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


def _occupy(descriptor: int) -> None:
    """Open a closed descriptor on nothing."""
    opened = os.open(os.devnull, os.O_WRONLY)
    if opened != descriptor:
        os.dup2(opened, descriptor)
        os.close(opened)
    os.set_inheritable(descriptor, True)


def _nobody_reads(error: OSError) -> bool:
    # Windows says EINVAL where others say EPIPE.
    return error.errno == errno.EPIPE or (sys.platform == "win32" and error.errno == errno.EINVAL)


def _same(path: Path, name: str) -> bool:
    try:
        return path.samefile(name)
    except (OSError, ValueError):
        return False
