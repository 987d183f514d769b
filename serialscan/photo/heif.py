"""The boxes of a HEIF file (ISO/IEC 23008-12, 14496-12): how its primary picture is coded and turned.

The decoders do not tell; nothing is decoded here.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

_FULL_BOX = 4  # bytes of version and flags
_TURNS = frozenset({b"irot", b"imir"})
_DERIVED_FROM = b"dimg"
_BESIDE = frozenset({b"thmb", b"auxl", b"cdsc", b"prem"})  # what is no picture of its own
DERIVED = frozenset({b"grid", b"iden", b"iovl"})
_PICTURES = DERIVED | {b"hvc1", b"hev1", b"av01", b"avc1", b"jpeg", b"j2k1", b"unci"}
_MOST_ITEMS = 65536


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One item: its type, its properties as (type, content), and the bytes it consists of.

    ``data`` is None where the bytes are not in the file as a whole.
    """

    kind: bytes
    properties: tuple[tuple[bytes, bytes], ...] = ()
    data: bytes | None = None

    def property(self, kind: bytes) -> bytes | None:
        """Content of its first property of a type."""
        return next((content for found, content in self.properties if found == kind), None)


class Container:
    """The items of a HEIF file.

    Attributes:
        primary: number of the picture that is shown.
    """

    def __init__(self, data: bytes) -> None:
        """Read the boxes.

        Raises:
            ValueError: they cannot be followed.
        """
        self._data = data
        meta = dict(_boxes(data, *_box(data, 0, len(data), b"meta", _FULL_BOX)))
        try:
            self.primary = _Bytes(data, meta[b"pitm"]).full_number(2, 4)
            self._kinds = self._read_kinds(meta[b"iinf"])
            self._places = self._read_places(meta[b"iloc"])
        except KeyError as error:
            raise ValueError("a box is missing") from error
        self._properties = self._read_properties(meta[b"iprp"]) if b"iprp" in meta else {}
        self._references = list(self._read_references(meta[b"iref"])) if b"iref" in meta else []
        self._scratch = meta.get(b"idat")

    def item(self, number: int) -> Item:
        """One item.

        Raises:
            ValueError: there is none.
        """
        if number not in self._kinds:
            raise ValueError("an item is missing")
        return Item(
            kind=self._kinds[number][0], properties=tuple(self._properties.get(number, ())),
            data=self._bytes_of(number),
        )  # fmt: skip

    def parts(self) -> list[int]:
        """Numbers of the items that the primary picture is decoded from, each once: itself or its tiles."""
        found: dict[int, None] = {}
        left = [self.primary]
        while left:
            number = left.pop()
            if number not in found:
                found[number] = None
                left += [
                    to for kind, start, to in self._references if (kind, start) == (_DERIVED_FROM, number)
                ]
        return list(found)

    def kinds(self) -> set[bytes]:
        """Types of the coded items that the primary picture is decoded from."""
        return {self._kinds[number][0] for number in self.parts() if number in self._kinds} - DERIVED

    def is_turned(self) -> bool:
        """Whether the container itself says how the primary picture lies; decoders obey it."""
        return any(kind in _TURNS for kind, _ in self._properties.get(self.primary, ()))

    def other_pictures(self) -> int:
        """How many pictures there are besides the primary one, its parts, previews and extra layers."""
        beside = {start for kind, start, _ in self._references if kind in _BESIDE}
        parts = {to for kind, _, to in self._references if kind == _DERIVED_FROM}
        return sum(
            kind in _PICTURES and not hidden and number not in beside | parts | {self.primary}
            for number, (kind, hidden) in self._kinds.items()
        )

    def _bytes_of(self, number: int) -> bytes | None:
        method, extents = self._places.get(number, (None, []))
        if method == 0:
            start, end = 0, len(self._data)
        elif method == 1 and self._scratch is not None:
            start, end = self._scratch
        else:
            return None
        # An extent of length 0 is all that is left.
        spans = [(start + at, start + at + length if length else end) for at, length in extents]
        if any(last > end for _, last in spans) or sum(last - first for first, last in spans) > end - start:
            return None
        return b"".join(self._data[first:last] for first, last in spans)

    def _read_kinds(self, span: tuple[int, int]) -> dict[int, tuple[bytes, bool]]:
        start, end = span
        kinds = {}
        first = start + _FULL_BOX + (2 if self._data[start] == 0 else 4)
        for kind, (at, _) in _boxes(self._data, first, end):
            if kind != b"infe":
                continue
            entry = _Bytes(self._data, (at, end))
            version, flags = entry.number(1), entry.number(3)
            number = entry.number(2 if version <= 2 else 4)
            entry.number(2)
            kinds[number] = (entry.take(4), bool(flags & 1))
        return kinds

    def _read_places(self, span: tuple[int, int]) -> dict[int, tuple[int, list[tuple[int, int]]]]:
        box = _Bytes(self._data, span)
        version = box.number(1)
        box.number(3)
        sizes = box.number(2)
        offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
        places = {}
        for _ in range(box.number(2 if version < 2 else 4)):
            number = box.number(2 if version < 2 else 4)
            method = box.number(2) & 15 if version else 0
            box.number(2)
            base = box.number(base_size)
            extents = []
            for _ in range(box.number(2)):
                box.number(index_size if version else 0)
                extents.append((base + box.number(offset_size), box.number(length_size)))
            places[number] = (method, extents)
        return places

    def _read_properties(self, span: tuple[int, int]) -> dict[int, list[tuple[bytes, bytes]]]:
        inside = dict(_boxes(self._data, *span))
        if b"ipco" not in inside or b"ipma" not in inside:
            raise ValueError("a box is missing")
        known = [(kind, self._data[at:end]) for kind, (at, end) in _boxes(self._data, *inside[b"ipco"])]
        box = _Bytes(self._data, inside[b"ipma"])
        version, flags = box.number(1), box.number(3)
        width = 2 if flags & 1 else 1
        properties: dict[int, list[tuple[bytes, bytes]]] = {}
        for _ in range(box.number(4)):
            number = box.number(2 if version < 1 else 4)
            chosen = [box.number(width) & (0x7FFF if width == 2 else 0x7F) for _ in range(box.number(1))]
            properties[number] = [known[n - 1] for n in chosen if 0 < n <= len(known)]
        return properties

    def _read_references(self, span: tuple[int, int]) -> Iterator[tuple[bytes, int, int]]:
        start, end = span
        width = 2 if self._data[start] == 0 else 4
        for kind, inside in _boxes(self._data, start + _FULL_BOX, end):
            box = _Bytes(self._data, inside)
            number = box.number(width)
            for _ in range(box.number(2)):
                yield kind, number, box.number(width)


class _Bytes:
    """Numbers (big-endian) out of a part of the data, one after the other; too few are a ValueError."""

    def __init__(self, data: bytes, span: tuple[int, int]) -> None:
        self._data = data
        self._at, self._end = span

    def take(self, count: int) -> bytes:
        if self._at + count > self._end:
            raise ValueError("a box is too short")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def full_number(self, width: int, width_later: int) -> int:
        """The number of a box whose version 1 made it wider."""
        version = self.number(1)
        self.number(3)
        return self.number(width if version == 0 else width_later)


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Type of each box, and where its content starts and ends."""
    for _ in range(_MOST_ITEMS):
        if start + 8 > end:
            return
        size, header = int.from_bytes(data[start : start + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < header or start + size > end:
            return
        yield data[start + 4 : start + 8], (start + header, start + size)
        start += size


def _box(data: bytes, start: int, end: int, kind: bytes, skip: int) -> tuple[int, int]:
    for found, (first, last) in _boxes(data, start, end):
        if found == kind:
            return first + skip, last
    raise ValueError("a box is missing")
