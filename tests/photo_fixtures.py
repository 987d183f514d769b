"""Image files made by code: every format that is read, and pictures with text on them."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pillow_heif import HeifFile


def text_picture(width: int = 320, height: int = 200, size: float = 1.0) -> np.ndarray:
    """Light text on grey, uint8 RGB (H, W, 3); nothing about it is symmetric."""
    picture = np.full((height, width, 3), 110, np.uint8)
    for row in range(3):
        at = (round(width * 0.06), round(height * (0.3 + 0.28 * row)))
        cv2.putText(
            picture, f"SN W{12345 + 1111 * row}", at, cv2.FONT_HERSHEY_DUPLEX, size,
            (225 - 40 * row, 215, 190), max(1, round(2 * size)), cv2.LINE_AA,
        )  # fmt: skip
    return picture


def encode(picture: np.ndarray | Image.Image, form: str, **options: object) -> bytes:
    """Bytes of an image file; ``form`` is Pillow's name of the format."""
    if form == "HEIF":
        from pillow_heif import from_pillow

        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        return saved(from_pillow(image), **options)
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def saved(file: HeifFile, **options: object) -> bytes:
    """Bytes of a HEIC."""
    target = io.BytesIO()
    file.save(target, **options)
    return target.getvalue()


def tiff_of(*pages: np.ndarray, **options: object) -> bytes:
    """A TIFF of several pages."""
    first, *rest = [Image.fromarray(page) for page in pages]
    return encode(first, "TIFF", save_all=True, append_images=rest, **options)


def exif_with(**values: object) -> Image.Exif:
    """EXIF with the usual facts; ``orientation``, ``date``, ``offset``, ``make``, ``model``, ``gps``."""
    exif = Image.Exif()
    if "orientation" in values:
        exif[274] = values["orientation"]
    if "make" in values:
        exif[271] = values["make"]
    if "model" in values:
        exif[272] = values["model"]
    exif[306] = "2001:01:01 01:01:01"
    details = exif.get_ifd(0x8769)
    if "date" in values:
        details[36867] = values["date"]
    if "offset" in values:
        details[36881] = values["offset"]
    if "gps" in values:
        exif.get_ifd(0x8825).update(values["gps"])
    return exif


_LAY: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


def as_stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """How a camera stores an upright picture that it tags with an EXIF orientation."""
    return np.ascontiguousarray(_LAY[orientation](upright))


def dng(preview: bytes | None, *, orientation: int = 1) -> bytes:
    """A small DNG: a sensor's mosaic and, in a directory below, a JPEG preview."""
    width, height = 64, 48
    mosaic = (np.arange(width * height, dtype="<u2") % 4096).tobytes()
    make, model = b"Maker\0", b"Maker Camera 1\0"
    blobs: list[bytes] = []
    start = 8 + 2 + 18 * 12 + 4

    def place(blob: bytes) -> int:
        at = start + sum(len(b) for b in blobs)
        blobs.append(blob + b"\0" * (len(blob) % 2))
        return at

    def entry(tag: int, kind: int, count: int, value: int | bytes) -> bytes:
        packed = value.ljust(4, b"\0") if isinstance(value, bytes) else struct.pack("<I", value)
        return struct.pack("<HHI", tag, kind, count) + packed

    matrix = struct.pack("<18i", *(v for n in (1, 0, 0, 0, 1, 0, 0, 0, 1) for v in (n, 1)))
    entries = [
        entry(254, 4, 1, 0),
        entry(256, 4, 1, width),
        entry(257, 4, 1, height),
        entry(258, 3, 1, 16),
        entry(259, 3, 1, 1),
        entry(262, 3, 1, 32803),
        entry(271, 2, len(make), place(make)),
        entry(272, 2, len(model), place(model)),
        entry(273, 4, 1, place(mosaic)),
        entry(274, 3, 1, orientation),
        entry(277, 3, 1, 1),
        entry(278, 4, 1, height),
        entry(279, 4, 1, len(mosaic)),
        entry(33421, 3, 2, struct.pack("<HH", 2, 2)),
        entry(33422, 1, 4, bytes((0, 1, 1, 2))),
        entry(50706, 1, 4, bytes((1, 4, 0, 0))),
        entry(50721, 10, 9, place(matrix)),
    ]
    if preview is not None:
        shown = Image.open(io.BytesIO(preview))
        image_at = place(preview)
        below = [
            entry(254, 4, 1, 1),
            entry(256, 4, 1, shown.width),
            entry(257, 4, 1, shown.height),
            entry(258, 3, 1, 8),
            entry(259, 3, 1, 7),
            entry(262, 3, 1, 6),
            entry(273, 4, 1, image_at),
            entry(277, 3, 1, 3),
            entry(278, 4, 1, shown.height),
            entry(279, 4, 1, len(preview)),
        ]
        directory = struct.pack("<H", len(below)) + b"".join(below) + bytes(4)
        entries.append(entry(330, 4, 1, place(directory)))
    entries.sort(key=lambda e: struct.unpack("<H", e[:2]))
    head = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return head.ljust(start, b"\0") + b"".join(blobs)
