"""Files as evidence: names, bounded read-only reading, SHA-256."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from serialscan.errors import PhotoError
from serialscan.record import Source

# O_NONBLOCK: a file that was swapped for a FIFO after the first look must not hang the batch.
_READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


def path_text(path: Path | str) -> str:
    r"""Write a path as valid UTF-8 text.

    Args:
        path: a path as the operating system gave it.

    Returns:
        The path; bytes of the name that are not UTF-8 are written as ``\xNN``.
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def describe(photo: Path | bytes, name: str | None = None) -> Source:
    """Tell what is known of an input without opening it; never raises.

    Args:
        photo: a path, or the bytes of a file.
        name: what ``path`` says instead of the file's own path (``-`` for bytes without a name).

    Returns:
        The source with its path and, where it can be known, its size in bytes.
    """
    path = name if name is not None else "-" if isinstance(photo, bytes) else str(photo)
    text, exact = path_text(path), os.fsencode(path)
    size: int | None = None
    if isinstance(photo, bytes):
        size = len(photo)
    else:
        try:
            facts = photo.stat()
            size = facts.st_size if stat.S_ISREG(facts.st_mode) else None
        except (OSError, ValueError):
            size = None
    return Source(path=text, bytes=size, path_bytes_hex=None if exact == text.encode() else exact.hex())


def read_file(path: Path, max_bytes: int) -> bytes:
    """Read a regular file, at most ``max_bytes`` of it.

    Args:
        path: the file.
        max_bytes: a larger file is refused before anything is read.

    Returns:
        All bytes of the file.

    Raises:
        PhotoError: ``unreadable``, ``not_a_file`` or ``too_many_bytes``.
    """
    with _open_read_only(path) as file:
        size = os.fstat(file.fileno()).st_size
        check_bytes(size, max_bytes)
        try:
            data = file.read(max_bytes + 1)
        except OSError as error:
            raise _unreadable(error) from error
        check_bytes(len(data), max_bytes)  # it may have grown since
        return data


def read_start(path: Path, count: int) -> bytes:
    """Read the first ``count`` bytes of a regular file, or all of a shorter one.

    Raises:
        PhotoError: ``unreadable`` or ``not_a_file``.
    """
    with _open_read_only(path) as file:
        try:
            return file.read(count)
        except OSError as error:
            raise _unreadable(error) from error


def check_bytes(size: int, max_bytes: int) -> None:
    """Raise ``too_many_bytes`` for an input of more than ``max_bytes``."""
    if size > max_bytes:
        raise PhotoError(
            "too_many_bytes",
            f"the file has {size} bytes, more than the limit of {max_bytes}: "
            f"if it can be trusted, read it with --max-bytes {size}",
        )


def sha256_of(path: Path) -> str:
    """SHA-256 (hex) of a regular file as it is on the disk now.

    Raises:
        PhotoError: ``unreadable`` or ``not_a_file``.
    """
    with _open_read_only(path) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise _unreadable(error) from error


@contextmanager
def _open_read_only(path: Path) -> Iterator[BufferedReader]:
    try:
        _demand_regular(path.stat().st_mode)
        descriptor = _open_descriptor(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unreadable(error) from error
    with os.fdopen(descriptor, "rb") as file:
        _demand_regular(os.fstat(descriptor).st_mode)
        yield file


def _open_descriptor(path: Path) -> int:
    # The access time of an original is evidence too; only its owner may ask to leave it alone.
    no_access_time = getattr(os, "O_NOATIME", 0)
    try:
        return os.open(path, _READ_ONLY | no_access_time)
    except PermissionError:
        if not no_access_time:
            raise
    return os.open(path, _READ_ONLY)


def _demand_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise PhotoError("not_a_file", "this is a folder, not a file: name its files or scan the folder")
    if not stat.S_ISREG(mode):
        raise PhotoError("not_a_file", "this is a pipe, socket or device, not a file: name an image file")


def _unreadable(error: Exception) -> PhotoError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return PhotoError("unreadable", f"the file cannot be read ({reason}): check the path and its permissions")
