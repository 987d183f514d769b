"""Files that people write (settings, knowledge, tables), read up to a size that nobody writes."""

from __future__ import annotations

import errno
import tomllib
from pathlib import Path
from typing import Any

MOST_BYTES = 64 << 20
"""A table of a million photos has about this; a device such as ``/dev/zero`` never ends."""


def parse_toml(data: bytes) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
        ValueError: it is not TOML, or nested deeper than anybody writes.
    """
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_bounded(path: Path | str) -> bytes:
    """All of a file.

    Raises:
        OSError: it cannot be read, has more than ``MOST_BYTES``, or its name holds a NUL.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except ValueError as error:
        raise OSError(errno.EINVAL, "its name holds a NUL character") from error
    if len(data) > MOST_BYTES:
        raise OSError(errno.EFBIG, f"it has more than {MOST_BYTES >> 20} MiB")
    return data
