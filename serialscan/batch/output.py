"""Standard output and standard error, guarded: data and messages never meet, failures are told."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import sys
from io import FileIO
from pathlib import Path
from typing import Any, TextIO, cast

from serialscan.batch.inputs import STDIN
from serialscan.errors import OutputError

_STDOUT_NAMES = frozenset({STDIN, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})


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
        self.name = name

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
            while rest:
                written = self._raw.write(rest)
                if written is None:  # a pipe or terminal that does not wait: somebody set it so
                    select.select([], [self._raw], [])
                else:
                    rest = rest[written:]
        except OSError as error:
            if _nobody_reads(error):
                raise ClosedPipeError from error
            with contextlib.suppress(OSError):
                self._take_back(len(whole) - len(rest))
            raise OutputError(
                f"{self.name} cannot be written ({error.strerror}): the records before are whole; "
                "free some space or choose another --output."
            ) from error

    def finish(self) -> None:
        """All lines are written.

        Raises:
            OutputError: they are no longer where they were written.
        """

    def close(self) -> None:
        """Let it go."""
        self._raw.close()

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
