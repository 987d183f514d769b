"""One writer of a file at a time, and who it is."""

from __future__ import annotations

import contextlib
import errno
import getpass
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from serialscan.errors import OutputError

# A link that somebody else put there could lead to a file that is not to be emptied.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_LOCKED_AT = 1 << 62  # what is locked cannot be read on Windows, so a place behind the text


class Hold:
    """Holds a file for this process, through a small file beside it that says who holds it.

    The operating system drops the lock when the process ends, however it ends. The small file may stay
    behind then; the next holder takes it over. It is not the file itself that is locked, since SQLite has
    its own locks on that one, which a second handle of the same process would drop.

    Args:
        path: the file that is to be written.

    Raises:
        OutputError: another process holds it, or the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + "-lock")
        while True:
            try:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o666)
            except FileNotFoundError as error:
                raise OutputError(
                    f"{path} cannot be written: there is no folder {path.parent}; make it first."
                ) from error
            except OSError as error:
                raise OutputError(
                    f"{path} cannot be written ({error.strerror}): check the permissions of its folder."
                ) from error
            if not lock(self._file):
                holder = _holder(self._path)
                os.close(self._file)
                raise OutputError(f"{path} is being written by {holder}: wait for its end.")
            if self._is_current():
                break
            os.close(self._file)  # its holder removed it between the opening and the lock
        text = json.dumps(
            {
                "process": os.getpid(), "user": _user(), "machine": platform.node(),
                "since": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )  # fmt: skip
        with contextlib.suppress(
            OSError
        ):  # on a full disk nobody is told who holds it; it is held all the same
            os.ftruncate(self._file, 0)
            os.write(self._file, text.encode())

    def __enter__(self) -> Hold:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def release(self) -> None:
        """Let others write; safe to be called twice."""
        if self._file < 0:
            return
        with contextlib.suppress(OSError):
            if os.name == "posix":
                self._path.unlink()  # while it is still locked: nobody else can hold it yet
        os.close(self._file)
        self._file = -1
        with contextlib.suppress(OSError):
            if os.name != "posix":
                self._path.unlink()

    def _is_current(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._file), self._path.stat())
        except OSError:
            return False


def lock(descriptor: int) -> bool:
    """Whether nobody else is writing an open file; it is locked until it is closed or the process ends.

    The standard library does: of the packages for it one needs another package on Windows, the other one
    leaves a second file beside every file that is locked.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _LOCKED_AT, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some network drives know no locks.
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True


def _holder(path: Path) -> str:
    try:
        said = json.loads(path.read_text("utf-8"))
        return f"process {said['process']} of {said['user']} on {said['machine']} since {said['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name, as in some containers
        return "an unnamed user"
