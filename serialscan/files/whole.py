"""A new file, all of it or nothing."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from serialscan.errors import OutputError


def demand_new(path: Path) -> None:
    """Refuse a path at which something is, before the work that would end there.

    Raises:
        OutputError: it is there already.
    """
    if path.exists():
        raise _there(path)


def _there(path: Path) -> OutputError:
    return OutputError(f"{path}: is there already: choose another name, or delete it.")


def write_new(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file that must not be there yet.

    Args:
        path: the new file.
        data: all of its bytes.
        mode: its permissions, of which the user's mask is taken off.

    Raises:
        OutputError: it is there already, or cannot be written; nothing is left behind.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise
    except FileExistsError as error:
        raise _there(path) from error
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}).") from error


def replace_whole(path: Path, data: bytes) -> None:
    """Write a file in the place of one that may be there; a kill at any moment leaves one of the two whole.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    name = path.with_name(f"{path.name}.{secrets.token_hex(6)}")  # readable for others, as mkstemp's is not
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(name, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        name.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            name.unlink()
        raise


def make_folder(path: Path) -> None:
    """Make a folder and those above it, if they are not there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be made ({error.strerror}): choose another folder.") from error
