"""Records as lines of JSON: written, parsed, read from files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from serialscan.errors import InputError
from serialscan.record.types import ItemRecord, PhotoRecord

STDIN = Path("-")

RECORD_STARTS = (b'{"record":"photo",', b'{"record":"item",')
"""How every record begins."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(PhotoRecord)
_any_decoder = msgspec.json.Decoder(PhotoRecord | ItemRecord)


def to_json(record: PhotoRecord | ItemRecord) -> bytes:
    """One line of NDJSON without its newline (UTF-8; field order is that of the types)."""
    return _encoder.encode(record)


def from_json(line: bytes | str) -> PhotoRecord:
    """Parse the record of a photo; raises ``msgspec.ValidationError`` if it is not one."""
    return _decoder.decode(line)


def any_from_json(line: bytes | str) -> PhotoRecord | ItemRecord:
    """Parse a record of any kind; raises ``msgspec.ValidationError`` if it is not one."""
    return _any_decoder.decode(line)


def photo_records(path: Path) -> Iterator[tuple[int, PhotoRecord]]:
    """The records of photos in a file of records, or on standard input for ``-``, with their line numbers.

    Raises:
        InputError: the file cannot be read, or a line is no record.
    """
    try:
        with sys.stdin.buffer if path == STDIN else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                record = any_from_json(line) if line.strip() else None
                if isinstance(record, PhotoRecord):  # records of items may stand among them
                    yield number, record
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check the path of the records."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}, line {number}: is no record of this version ({error}): scan the photos again."
        ) from error
