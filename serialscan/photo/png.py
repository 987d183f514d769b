"""The chunks of a PNG (PNG specification, 5.3 and 5.6): its metadata, and whether its pixels are sound."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

_SIGNATURE_BYTES = 8
_METADATA = (b"IHDR", b"eXIf", b"tEXt", b"zTXt", b"iTXt")
_PIXELS = (b"PLTE", b"tRNS", b"IDAT")
_NO_PIXELS = b"\0\0\0\0IDAT\x35\xaf\x06\x1e"


def without_pixels(data: bytes) -> bytes:
    """A PNG with the metadata of another, also with what stands behind its pixels, and no pixels."""
    kept = [data[start:end] for kind, start, end in _chunks(data) if kind in _METADATA]
    return b"".join((data[:_SIGNATURE_BYTES], *kept, _NO_PIXELS))


def complaint(data: bytes) -> str | None:
    """Which checksum of its pixels does not agree; None if all do. Pillow does not look."""
    for kind, start, end in _chunks(data):
        if kind in _PIXELS and end <= len(data):
            stated = int.from_bytes(data[end - 4 : end], "big")
            if zlib.crc32(memoryview(data)[start + 4 : end - 4]) != stated:
                return f"the checksum of an {kind.decode()} chunk does not agree"
    return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type of each chunk, where it starts and where it ends; the last one may end beyond the data."""
    start = _SIGNATURE_BYTES
    while start + 12 <= len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        yield data[start + 4 : start + 8], start, end
        start = end
