"""Whether the pages of a TIFF are all there, and their strips or tiles sound (TIFF 6.0).

Pillow and libtiff fill up what is missing, and leave checksums aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from serialscan.photo import jpeg
from serialscan.photo.packed import deflate_length, lzw_length, packbits_length

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import TiffImageFile

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _STRIP_BYTES, _PLANAR = 273, 277, 278, 279, 284
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES = 322, 323, 324, 325
_JPEG_TABLES = 347
_NONE, _LZW, _JPEG, _DEFLATE, _OLD_DEFLATE, _PACKBITS = 1, 5, 7, 8, 32946, 32773
_LENGTHS = {
    _LZW: lzw_length, _DEFLATE: deflate_length, _OLD_DEFLATE: deflate_length, _PACKBITS: packbits_length,
}  # fmt: skip
USUAL = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946})
"""Compressions that every libtiff unpacks; others need a part that it may have been built without."""
_SEPARATE, _YCBCR = 2, 6
_MOST_PAGES = 1 << 16


class _Piece(msgspec.Struct, frozen=True):
    """A strip or tile: where it stands, its stated bytes, those that it must unpack to, and those it may."""

    offset: int
    stated: int | None
    needed: int
    most: int


def complaint(data: bytes, image: TiffImageFile, pages: int) -> str | None:
    """What is missing from a TIFF or damaged in it; None if nothing is known.

    Args:
        data: the whole file.
        image: the same, opened.
        pages: how many of its pages to look at.
    """
    what = _lost_pages(data)
    for number in range(pages):
        if what is not None:
            return what
        image.seek(number)
        what = _page(data, image.tag_v2)
        if what is not None and pages > 1:
            what = f"page {number + 1}: {what}"
    image.seek(0)
    return what


def compression(image: TiffImageFile) -> int:
    """The tag's number, of the page that was sought last."""
    value = image.tag_v2.get(_COMPRESSION, _NONE)
    return value if isinstance(value, int) else _NONE


def _lost_pages(data: bytes) -> str | None:
    order = "little" if data[:2] == b"II" else "big"
    big = 43 in data[2:4]
    head, entry, width = (8, 20, 8) if big else (2, 12, 4)

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)  # type: ignore[arg-type]

    seen: set[int] = set()
    at = number(8 if big else 4, width)
    while at and len(seen) < _MOST_PAGES:
        link = at + head + entry * number(at, head)
        if at in seen or link + width > len(data):
            return f"after page {len(seen)} the list of pages leads astray: further pages are lost"
        seen.add(at)
        at = number(link, width)
    return None


def _page(data: bytes, tags: Mapping[int, Any]) -> str | None:
    pieces = list(_pieces(tags))
    kind, tables = tags.get(_COMPRESSION, _NONE), tags.get(_JPEG_TABLES)
    missing = sum(
        1 for piece in pieces if piece.offset + _least_bytes(piece, kind) > len(data) or not piece.offset
    )
    if missing:
        return f"{missing} of {len(pieces)} strips of rows are not in the file"
    bad = sum(1 for piece in pieces if not _is_sound(data, piece, kind, tables))
    return f"{bad} of {len(pieces)} strips of rows are damaged" if bad else None


def _least_bytes(piece: _Piece, kind: int) -> int:
    if kind == _NONE:
        return piece.needed  # readers take what they need, whatever is stated
    return 1 if piece.stated is None else max(piece.stated, 1)


def _is_sound(data: bytes, piece: _Piece, kind: int, tables: bytes | None) -> bool:
    packed = data[piece.offset : piece.offset + piece.stated] if piece.stated else b""
    if not packed:
        return piece.stated is None or kind == _NONE
    if kind == _JPEG:
        whole = tables[:-2] + packed[2:] if tables else packed
        return jpeg.complaint(whole) is None
    length_of = _LENGTHS.get(kind)
    if length_of is None or (kind == _LZW and packed[0] == 0 and packed[1:2] == b"\x01"):  # LZW of old
        return True
    try:
        length = length_of(packed, piece.most)
    except ValueError:
        return False
    return length in (piece.needed, piece.most)


def _pieces(tags: Mapping[int, Any]) -> Iterator[_Piece]:
    """All strips or tiles that the page must have; ``offset`` is 0 for one that it does not name."""
    width, height = tags[_WIDTH], tags[_HEIGHT]
    samples, bits = tags.get(_SAMPLES, 1), tags.get(_BITS, (1,))[0]
    planes, together = (samples, 1) if tags.get(_PLANAR) == _SEPARATE else (1, samples)
    tiled = _TILE_OFFSETS in tags
    if tiled:
        across, rows = tags[_TILE_WIDTH], tags[_TILE_HEIGHT]
        offsets, stated = tags[_TILE_OFFSETS], tags.get(_TILE_BYTES, ())
    else:
        across, rows = width, min(tags.get(_ROWS_PER_STRIP, height), height)
        offsets, stated = tags[_STRIP_OFFSETS], tags.get(_STRIP_BYTES, ())
    if min(across, rows, samples, bits) < 1:
        return
    row = -(-across * together * bits // 8)
    if tags.get(_PHOTOMETRIC) == _YCBCR:
        row = 0  # how much of the colour is stored varies
    down = -(-height // rows)
    count = planes * down * (-(-width // across))
    for n in range(count):
        left = rows if tiled else min(rows, height - n % down * rows)
        yield _Piece(
            offsets[n] if n < len(offsets) else 0,
            stated[n] if n < len(stated) else None,
            row * left,
            row * rows,
        )
