"""Whether a GIF, a WebP or a packed BMP holds all of its rows; their decoders fill up what is missing.

None of the three has a checksum: a wrong bit in a WebP or in the colours of a BMP cannot be known.
"""

from __future__ import annotations

from serialscan.photo.packed import lzw_length

# An interrupted copy leaves zeros by the disk's sectors; sound packed data have no such tail.
_SECTOR_BYTES = 512
_WEBP_PIXELS = (b"VP8 ", b"VP8L")
_GIF_HEADER, _GIF_PICTURE, _GIF_EXTENSION = 13, 0x2C, 0x21
_BMP_RLE8, _BMP_RLE4 = 1, 2


def webp_complaint(data: bytes) -> str | None:
    """What is wrong with the pixels of a WebP (RFC 9649); None if nothing is known."""
    start = 12
    while start + 8 <= len(data):
        end = start + 8 + int.from_bytes(data[start + 4 : start + 8], "little")
        if data[start : start + 4] in _WEBP_PIXELS and not any(data[max(start, end - _SECTOR_BYTES) : end]):
            return "its pixels end in zeros"
        start = end + end % 2
    return None


def gif_complaint(data: bytes) -> str | None:
    """What is wrong with the first picture of a GIF (GIF89a); None if nothing is known."""
    at = _GIF_HEADER + _table_bytes(data[10:11])
    while data[at : at + 1] == bytes([_GIF_EXTENSION]):
        _, at = _blocks(data, at + 2)
    if data[at : at + 1] != bytes([_GIF_PICTURE]):
        return None  # Pillow says what is wrong
    width, height = (int.from_bytes(data[at + n : at + n + 2], "little") for n in (5, 7))
    at += 10 + _table_bytes(data[at + 9 : at + 10])
    packed, _ = _blocks(data, at + 1)
    needed = width * height
    try:
        length = lzw_length(packed, needed, bits=max(1, min(data[at], 8)), least_first=True)
    except (ValueError, IndexError) as error:
        return str(error)
    return None if length == needed else f"its rows unpack to {length} pixels, not to {needed}"


def _table_bytes(flags: bytes) -> int:
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0


def _blocks(data: bytes, at: int) -> tuple[bytes, int]:
    parts = []
    while at < len(data) and data[at]:
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    return b"".join(parts), at + 1


def bmp_complaint(data: bytes) -> str | None:
    """Whether rows of a run-length BMP are missing; None if none are, or it is not packed."""
    if int.from_bytes(data[14:18], "little") < 40:
        return None
    width, height = (int.from_bytes(data[n : n + 4], "little", signed=True) for n in (18, 22))
    if int.from_bytes(data[30:34], "little") not in (_BMP_RLE8, _BMP_RLE4):
        return None
    nibbles = int.from_bytes(data[30:34], "little") == _BMP_RLE4
    at, x, y = int.from_bytes(data[10:14], "little"), 0, 0
    while y < abs(height) and at + 1 < len(data):
        count, value = data[at], data[at + 1]
        at += 2
        if count:
            x += count
        elif value == 0:
            x, y = 0, y + 1
        elif value == 1:
            break
        elif value == 2:
            x, y = x + sum(data[at : at + 1]), y + sum(data[at + 1 : at + 2])
            at += 2
        else:
            size = -(-value // 2) if nibbles else value
            x += value
            at += size + size % 2
    missing = abs(height) - y - (x >= width)
    return f"{missing} of {abs(height)} rows are missing" if missing > 0 else None
