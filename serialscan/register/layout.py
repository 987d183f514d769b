"""The form of a register file: a preamble, sections of bytes, and a header that describes them.

::

    preamble   64 bytes: mark, version, place and length of the header, its SHA-256; zeros: not finished
    sections   each begins at a multiple of 64 bytes
    header     JSON, at the end of the file: what the register is, where each section stands, its SHA-256

The SHA-256 of the header is the name of the register's content: it covers the header, which covers every
section. docs/register.md describes the sections.
"""

from __future__ import annotations

import hashlib
import struct
from typing import BinaryIO, Final

import msgspec

from serialscan.errors import InputError, VerifyError

VERSION: Final = 1
MARK: Final = b"\x89SSREG\r\n"  # as PNG begins: shows a transfer that changes line ends or the eighth bit
PREAMBLE: Final = struct.Struct("<8sIIQQ32s")
ALIGNMENT: Final = 64  # bytes: a line of the processor's cache
MOST_HEADER: Final = 64 << 20  # bytes: a header has some kilobytes; a damaged length is not believed


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Where a section stands; ``type`` is that of NumPy, little-endian, ``width`` its numbers a row."""

    at: int
    bytes: int
    sha256: str
    type: str = "|u1"
    width: int = 1


class SourceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A list that the register was built from.

    ``rows`` of it are in the register from row ``first`` on, ``bad`` are not. ``modified`` is the file's
    time, UTC. ``numbers`` counts serials that the list holds as numbers, which have no leading zeros.
    """

    name: str
    kind: str
    sha256: str
    bytes: int
    modified: str
    first: int
    rows: int
    bad: int
    encoding: str | None = None
    delimiter: str | None = None
    part: str | None = None
    numbers: int = 0


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a register is.

    ``columns`` are those of its rows; ``meaning`` names the column of each thing that is known (serial,
    maker…), ``guessed`` those things whose column nobody told. ``distinct`` counts different keys, ``holes``
    the numbers that are missing inside of blocks, ``sampled`` the keys that the shapes were counted on.
    """

    schema: str = "serialscan.register/1"
    name: str
    created: str
    version: str
    rows: int
    distinct: int
    longest: int
    columns: tuple[str, ...]
    meaning: dict[str, str]
    guessed: tuple[str, ...]
    sources: tuple[SourceFacts, ...]
    rows_in_block: int
    table_places: int
    blocks: int
    holes: int
    sampled: int
    sections: dict[str, Section]


def pad(file: BinaryIO) -> int:
    """Write zeros up to the place where a section may begin; gives the place."""
    file.write(bytes(-file.tell() % ALIGNMENT))
    return file.tell()


def finish(file: BinaryIO, header: Header) -> None:
    """Write the header at the end and then the preamble, which makes the file a register."""
    at = pad(file)
    data = msgspec.json.encode(header)
    file.write(data)
    file.flush()
    file.seek(0)
    file.write(PREAMBLE.pack(MARK, VERSION, 0, at, len(data), hashlib.sha256(data).digest()))


def read_header(file: BinaryIO, path: object) -> tuple[Header, str]:
    """The header and its SHA-256, once both are checked.

    Raises:
        InputError: it is no register, or one of a newer version.
        VerifyError: it is a register that is damaged or cut off.
    """
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    start = file.read(PREAMBLE.size)
    if len(start) == PREAMBLE.size and not any(start):
        raise VerifyError(f"{path}: was never finished: build it again.")
    if len(start) < PREAMBLE.size or not start.startswith(MARK):
        raise InputError(f"{path}: is no register: make one with serialscan register build.")
    _, version, _, at, length, digest = PREAMBLE.unpack(start)
    if version > VERSION:
        raise InputError(
            f"{path}: is a register of version {version}, this program knows version {VERSION}: "
            "use a newer serialscan, or build the register again from its list."
        )
    if length > MOST_HEADER or at + length != size:
        raise VerifyError(
            f"{path}: has {size} bytes, not the {at + length} that it was written with: "
            "copy it again, or build it again from its list."
        )
    file.seek(at)
    data = file.read(length)
    if hashlib.sha256(data).digest() != digest:
        raise VerifyError(f"{path}: its header is damaged: copy it again, or build it again from its list.")
    try:
        return msgspec.json.decode(data, type=Header), digest.hex()
    except msgspec.MsgspecError as error:
        raise InputError(f"{path}: its header is not that of a register ({error}).") from error
