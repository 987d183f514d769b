"""How many bytes packed data unpack to: LZW of TIFF and GIF, PackBits, Deflate.

Decoders stop when they have the bytes that they need, and some fill up what is missing. A sound strip unpacks
to just the right number of bytes; after a wrong bit it often does not. These functions raise ValueError
where the data cannot be followed.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_BLOCK = 1 << 20
_WIDEST_CODE = 12  # bits; TIFF 6.0, section 13, and GIF89a, appendix F
_MOST_ENTRIES = 1 << _WIDEST_CODE
_EMPTY_TABLES = 64  # that many resets of the table in a row without a code between are no picture


def deflate_length(data: bytes, most: int) -> int:
    """Unpacked bytes of a zlib stream, its checksum included; counting stops above ``most``."""
    unpacker = zlib.decompressobj()
    length, left = 0, data
    try:
        while length <= most and not unpacker.eof:
            block = unpacker.decompress(left, _BLOCK)
            left = unpacker.unconsumed_tail
            if not block and not left:
                break
            length += len(block)
    except zlib.error as error:
        raise ValueError("packed data are damaged") from error
    return length


def packbits_length(data: bytes, most: int) -> int:
    """Unpacked bytes of PackBits data; counting stops above ``most``."""
    length = at = steps = 0
    while at < len(data) and length <= most:
        head = data[at]
        if head < 128:
            length += head + 1
            at += head + 2
        elif head > 128:
            length += 257 - head
            at += 2
        else:  # no operation
            at += 1
        steps += 1
        if steps > 2 * most + 1:
            raise ValueError("packed data are damaged")
    if at > len(data):
        raise ValueError("packed data end too early")
    return length


def lzw_length(data: bytes, most: int, *, bits: int = 8, least_first: bool = False) -> int:
    """Unpacked values of LZW data up to their end code; counting stops above ``most``.

    Args:
        data: the codes.
        most: where to stop.
        bits: of a value.
        least_first: as in GIF: the least bits of a byte are first, and codes widen one later than in TIFF.
    """
    import numpy as np

    clear, end = 1 << bits, (1 << bits) + 1
    early = 0 if least_first else 1
    stream = np.frombuffer(data + bytes(4), np.uint8).astype(np.uint32)
    bit, last_bit = 0, 8 * len(data)
    total = since = previous = empty = 0
    lengths: list[int] = []
    while total <= most:
        # Entry 0 is made by code 1: how wide a code is depends on how many codes came before it.
        entries = np.minimum(
            end + 1 + np.maximum(np.arange(since, since + _MOST_ENTRIES) - 1, 0), _MOST_ENTRIES
        )
        widths = np.maximum(np.ceil(np.log2(entries + early + 1)).astype(np.int64), bits + 1)
        widths = np.minimum(widths, _WIDEST_CODE)
        ends = bit + np.cumsum(widths)
        ends = ends[ends <= last_bit]
        if not len(ends):
            return total  # some writers leave the end code away
        codes = _codes(stream, ends, widths[: len(ends)], least_first)
        stops = np.flatnonzero((codes == clear) | (codes == end))
        count = int(stops[0]) if len(stops) else len(codes)
        for code in codes[:count].tolist():
            if since and len(lengths) + end + 1 < _MOST_ENTRIES:
                lengths.append(previous + 1)
            since += 1
            if code < clear:
                previous = 1
            elif code - end - 1 < len(lengths):
                previous = lengths[code - end - 1]
            else:
                raise ValueError("packed data hold a code that means nothing")
            total += previous
        if not len(stops):
            bit = int(ends[-1])
            continue
        if codes[count] == end:
            return total
        empty = 0 if count else empty + 1
        if empty > _EMPTY_TABLES:
            raise ValueError("packed data are damaged")
        bit, since, previous = int(ends[count]), 0, 0
        lengths = []
    return total


def _codes(stream: np.ndarray, ends: np.ndarray, widths: np.ndarray, least_first: bool) -> np.ndarray:
    starts = ends - widths
    first = starts >> 3
    a, b, c = (stream[first + i] for i in range(3))
    masks = (1 << widths) - 1
    if least_first:
        return (a | b << 8 | c << 16) >> (starts & 7) & masks
    return (a << 16 | b << 8 | c) >> (24 - (starts & 7) - widths) & masks
