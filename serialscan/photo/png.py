"""The chunks of a PNG (PNG specification, 5.3 and 5.6): its metadata, and whether its pixels are sound."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from serialscan.photo.packed import deflate_length

_SIGNATURE_BYTES = 8
_METADATA = (b"IHDR", b"eXIf")
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_PIXELS = (b"PLTE", b"tRNS", b"IDAT")
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by colour type
_ADAM7 = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
)  # fmt: skip
_NO_PIXELS = b"\0\0\0\0IDAT\x35\xaf\x06\x1e"


def without_pixels(data: bytes, *, texts: bool = True) -> bytes:
    """A PNG with the metadata of another, also with what stands behind its pixels, and no pixels."""
    wanted = (*_METADATA, *_TEXTS) if texts else _METADATA
    kept = [data[start:end] for kind, start, end in _chunks(data) if kind in wanted]
    return b"".join((data[:_SIGNATURE_BYTES], *kept, _NO_PIXELS))


def pixels_only(data: bytes) -> bytes:
    """The same picture without metadata, colour profile and animation, over which Pillow can stumble."""
    chunks = list(_chunks(data))
    end = chunks[-1][2] if chunks else _SIGNATURE_BYTES
    kept = (data[start:stop] for kind, start, stop in chunks if kind in (b"IHDR", *_PIXELS, b"IEND"))
    return b"".join((data[:_SIGNATURE_BYTES], *kept, data[end:]))


def is_animated(data: bytes) -> bool:
    """Whether it holds frames of an animation (APNG)."""
    return any(kind == b"fdAT" for kind, _, _ in _chunks(data))


def complaint(data: bytes) -> str | None:
    """Which checksum of its pixels does not agree, or that rows are missing; None if all is well.

    Pillow does not look.
    """
    for kind, start, end in _chunks(data):
        if kind in _PIXELS and end <= len(data):
            stated = int.from_bytes(data[end - 4 : end], "big")
            if zlib.crc32(memoryview(data)[start + 4 : end - 4]) != stated:
                return f"the checksum of an {kind.decode()} chunk does not agree"
    packed = b"".join(data[start + 8 : end - 4] for kind, start, end in _chunks(data) if kind == b"IDAT")
    needed = _unpacked_bytes(data)
    try:
        length = deflate_length(packed, needed)
    except ValueError as error:
        return str(error)
    return f"{needed - length} of {needed} bytes of the rows are missing" if length < needed else None


def _unpacked_bytes(data: bytes) -> int:
    width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    bits = depth * _SAMPLES.get(colours, 1)
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    total = 0
    for x, y, across, down in passes:
        columns, rows = -(-max(width - x, 0) // across), -(-max(height - y, 0) // down)
        total += rows * (1 + -(-columns * bits // 8)) if columns else 0
    return total


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type of each chunk, where it starts and where it ends; the last one may end beyond the data."""
    start = _SIGNATURE_BYTES
    while start + 12 <= len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        yield data[start + 4 : start + 8], start, end
        start = end
