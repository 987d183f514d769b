"""Whether the HEVC data (ITU-T H.265) of a HEIC are sound, by what libde265 complains of.

HEVC has no checksum. But its arithmetic code must end at the last block of a row or of a picture, and at
the last byte; after a wrong bit it seldom does. libheif decodes with the same libde265 and hides its
warnings, so it is asked here directly, in the copy that pillow-heif brings along.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.metadata
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from serialscan.photo.heif import DERIVED, Container, Item

# Parameter and type numbers of libde265's de265.h.
_CHECK_HASH = 0
_PLANES = 3
# ISO/IEC 14496-15, 8.3.3.1: what stands before the parameter sets of an hvcC box. H.265, 7.4.2.2: types of
# NAL units below this one hold pictures.
_CONFIGURATION_BYTES, _LENGTH_SIZE_AT = 23, 21
_FIRST_NO_PICTURE = 32
# H.265, 7.3.2.14: filling behind a slice, no part of its code.
_FILLING = b"\0\0\x03"
# The last of these bytes hold the end of the arithmetic code (9 bits) and up to 7 bits of filling. One other
# end may by chance be read as the same.
_OTHER_ENDS = (b"\x04" * 3, b"\xff" * 3, b"\x55" * 4, b"\x2a" * 5)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the data: ``complaint`` is what is wrong; ``checked`` whether all were looked at."""

    complaint: str | None = None
    checked: bool = True


def check(container: Container) -> Finding:
    """Decode the primary picture of a HEIC twice, the second time with another end.

    Args:
        container: the boxes of the file.

    Returns:
        What the decoder complains of. It also counts as a complaint if another end changes nothing: then
        the decoder lost its way and stopped before the end.
    """
    decoder = _Decoder.found()
    checked = decoder is not None
    for number in container.parts():
        item = container.item(number)
        if item.kind in DERIVED:
            continue
        units = _units(item)
        if decoder is None or units is None:
            checked = False
            continue
        what = decoder.complaint(units)
        if what is not None:
            return Finding(complaint=what)
    return Finding(checked=checked)


def _units(item: Item) -> list[bytes] | None:
    """The NAL units of an item, parameter sets first; None if it is not HEVC or is not here as a whole."""
    configuration = item.property(b"hvcC")
    if item.kind not in (b"hvc1", b"hev1") or item.data is None or configuration is None:
        return None
    if len(configuration) < _CONFIGURATION_BYTES:
        return None
    width = (configuration[_LENGTH_SIZE_AT] & 3) + 1
    return [*_parameter_sets(configuration), *_lengthed(item.data, 0, width, None)]


def _parameter_sets(configuration: bytes) -> Iterator[bytes]:
    at = _CONFIGURATION_BYTES
    for _ in range(configuration[at - 1]):
        count = int.from_bytes(configuration[at + 1 : at + 3], "big")
        at += 3
        for unit in _lengthed(configuration, at, 2, count):
            yield unit
            at += 2 + len(unit)


def _lengthed(data: bytes, at: int, width: int, count: int | None) -> Iterator[bytes]:
    while at + width <= len(data) and (count is None or count > 0):
        length = int.from_bytes(data[at : at + width], "big")
        at += width
        yield data[at : at + length]
        at += length
        count = None if count is None else count - 1


class _Decoder:
    """libde265 (C API of version 1.0), for one picture at a time."""

    def __init__(self, library: ctypes.CDLL) -> None:
        pointer, number = ctypes.c_void_p, ctypes.c_int
        to_number = ctypes.POINTER(number)

        def function(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
            found = getattr(library, "de265_" + name)
            found.restype, found.argtypes = result, arguments
            return found

        self._new = function("new_decoder", pointer)
        self._free = function("free_decoder", number, pointer)
        self._set = function("set_parameter_bool", None, pointer, number, number)
        self._push = function("push_NAL", number, pointer, ctypes.c_char_p, number, ctypes.c_int64, pointer)
        self._flush = function("flush_data", number, pointer)
        self._decode = function("decode", number, pointer, to_number)
        self._picture = function("peek_next_picture", pointer, pointer)
        self._warning = function("get_warning", number, pointer)
        self._text = function("get_error_text", ctypes.c_char_p, number)
        self._height = function("get_image_height", number, pointer, number)
        self._plane = function("get_image_plane", pointer, pointer, number, to_number)

    @classmethod
    @functools.cache
    def found(cls) -> _Decoder | None:
        """The copy that pillow-heif has loaded; None where there is none."""
        import pillow_heif  # it loads the library, and what the library needs

        assert pillow_heif
        try:
            files = importlib.metadata.files("pillow-heif") or []
            paths = [str(file.locate()) for file in files if file.name.startswith("libde265")]
        except importlib.metadata.PackageNotFoundError:
            paths = []
        for path in (*paths, "libde265.so.0", "libde265.dylib", "libde265.dll"):
            try:
                return cls(ctypes.CDLL(path))
            except (OSError, AttributeError):
                continue
        return None

    def complaint(self, units: list[bytes]) -> str | None:
        what, pixels = self._run(units)
        if what is not None:
            return what
        last = max((n for n, unit in enumerate(units) if _is_picture(unit)), default=None)
        if last is None:
            return "it holds no picture"
        for end in _OTHER_ENDS:
            changed = [*units[:last], _with_end(units[last], end), *units[last + 1 :]]
            if self._run(changed) != (None, pixels):
                return None
        return "the decoder stopped before the end of the data"

    def _run(self, units: list[bytes]) -> tuple[str | None, bytes]:
        """The first complaint, and a hash of all pixels."""
        decoder = self._new()
        try:
            self._set(decoder, _CHECK_HASH, 1)
            for unit in units:
                self._push(decoder, unit, len(unit), 0, None)
            self._flush(decoder)
            error, more, picture = 0, ctypes.c_int(1), None
            while more.value and not error and not picture:
                error = self._decode(decoder, ctypes.byref(more))
                picture = self._picture(decoder)
            error = error or self._warning(decoder)
            if error:
                return self._text(error).decode("ascii", "replace"), b""
            return (None, self._hash(picture)) if picture else ("it holds no picture", b"")
        finally:
            self._free(decoder)

    def _hash(self, picture: int) -> bytes:
        pixels = hashlib.blake2b()
        for channel in range(_PLANES):
            stride = ctypes.c_int()
            plane = self._plane(picture, channel, ctypes.byref(stride))
            if plane:
                size = stride.value * self._height(picture, channel)
                pixels.update((ctypes.c_char * size).from_address(plane))
        return pixels.digest()


def _is_picture(unit: bytes) -> bool:
    return len(unit) > 2 and unit[0] >> 1 & 63 < _FIRST_NO_PICTURE


def _with_end(unit: bytes, end: bytes) -> bytes:
    while unit.endswith(_FILLING):
        unit = unit[: -len(_FILLING)]
    return unit.rstrip(b"\0")[: -len(end)] + end
