"""Whether a JPEG is complete.

libjpeg fills what is missing before an end marker with grey and reports success, so a photo that
was cut off and closed again by a transfer or recovery tool would be read half. Pillow hides
libjpeg's warning; these functions make the loss visible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# libjpeg looks a few bytes ahead of the last pixel; these are there to be looked at.
_LOOKAHEAD = bytes(16)
_END_MARKER = b"\xff\xd9"
_FILL = re.compile(rb"\xff*(?=\xff)")  # ISO/IEC 10918-1, B.1.1.2: any number of them may precede a marker
_MUCH_FILL = b"\xff" * 64  # no camera writes as much
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_SOF_SEQUENTIAL = {0xC0, 0xC1}
_SOF = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SOS, _EOI = 0xDA, 0xD9
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}


MOST_SCANS = 100
"""Programs write 10 or so; each takes the time of another decoding."""


def without_fill(data: bytes) -> bytes:
    """The same picture without long runs of fill bytes in its header, which Pillow reads one by one."""
    if _MUCH_FILL not in data:
        return data
    kept = [data[:2]]
    position = 2
    for marker, end, _ in _segments(data):
        found = _FILL.match(data, position)
        kept.append(data[found.end() if found else position : end])
        position = end
        if marker == _SOS:
            break
    return b"".join((*kept, data[position:]))


def scans(data: bytes) -> int:
    """How many scans there are, as far as it can be followed."""
    return sum(marker == _SOS for marker, _, _ in _segments(data))


def complaint(data: bytes) -> str | None:
    """What libjpeg warns of in a JPEG's pixels, such as a part that was overwritten; None if of nothing.

    It goes through all of the compressed data, and makes a picture of an eighth of the size of them.
    """
    strict = _failure(data, strict=True)
    # What fails without warnings as errors, too, is a kind of JPEG that it cannot decode.
    return strict if strict and _failure(data, strict=False) is None else None


def _failure(data: bytes, *, strict: bool) -> str | None:
    import simplejpeg  # Pillow does not tell libjpeg's warnings

    try:
        simplejpeg.decode_jpeg(
            data, "GRAY", fastdct=True, min_height=1, min_width=1, min_factor=8, strict=strict
        )
    except ValueError as error:
        return str(error)
    return None


def without_end(data: bytes) -> bytes | None:
    """Cut a one-scan JPEG where its scan ends, so that a decoder that lacks pixels must say so.

    Args:
        data: a JPEG file.

    Returns:
        The file up to the end of its pixels and no end marker: a strict decoder fails on it exactly
        if pixels are missing. None if the file has several scans or cannot be followed.
    """
    whole = 0
    for marker, start, components in _segments(data):
        if marker in _SOF and marker not in _SOF_SEQUENTIAL:
            return None
        if marker in _SOF:
            whole = components
        elif marker == _SOS:
            if components != whole:
                return None
            found = _MARKER_IN_SCAN.search(data, start)
            return data[: found.start() if found else len(data)] + _LOOKAHEAD
    return None


def with_surplus(data: bytes) -> bytes | None:
    """Put surplus bytes before the end marker: they change the pixels exactly if some were missing.

    Args:
        data: a JPEG file of several scans.

    Returns:
        The changed file, or None if it has no end marker (then it decodes as truncated anyway).
    """
    for marker, start, _ in _segments(data):
        if marker == _EOI:
            return data[: start - 2] + bytes(i * 37 % 255 for i in range(4096)) + _END_MARKER
    return None


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, position after its segment, component count of SOF and SOS) up to EOI."""
    position = 2
    while (fill := _FILL.match(data, position)) and fill.end() + 2 <= len(data):
        marker = data[fill.end() + 1]
        position = fill.end() + 2
        if marker == _EOI:
            yield marker, position, 0
            return
        if marker in _WITHOUT_LENGTH:
            continue
        length = int.from_bytes(data[position : position + 2], "big")
        payload = data[position + 2 : position + length]
        count_at = 0 if marker == _SOS else 5
        components = payload[count_at] if len(payload) > count_at else 0
        position += max(length, 2)
        yield marker, position, components
        if marker == _SOS:
            found = _MARKER_IN_SCAN.search(data, position)
            if found is None:
                return
            position = found.start()
