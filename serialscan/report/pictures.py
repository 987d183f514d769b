"""Small pictures for a report, within the bytes that a page can bear."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from serialscan.photo.crops import line_crop, preview, straight
from serialscan.pictures.keep import encoded
from serialscan.record import Code, Evidence, Line
from serialscan.report.model import Picture

ITEM_BYTES = 17_000
"""JPEG bytes of one item: with a third more as text, and its words, 100 items stay below 3 MB."""

SERIAL_PX, OTHER_PX = 56, 36
"""Height of the crop of a serial, and of another mark."""

_WIDEST = 480  # px; of a crop
_CROP_QUALITY, _PREVIEW_QUALITY = 66, 66
_SIDES = (320, 288, 256, 224, 192)  # px; of a preview
_CROPS_SHARE = 0.6  # of the bytes; what they leave is the preview's
_MOST_PIXELS = 50_000_000  # of a picture in a case; what claims more is not decoded

Shown = Line | Code | Evidence
"""What a crop can be cut for: it has an outline."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A crop to be cut: of what, and how high in pixels."""

    shown: Shown
    height: int


@dataclass(frozen=True, slots=True)
class Cut:
    """The pictures of one photo: crops by the id of what they show."""

    preview: Picture | None
    crops: Mapping[str, Picture]


def cut(pages: Sequence[tuple[int, np.ndarray]], wanted: Sequence[Wanted], budget: int) -> Cut:
    """Cut the pictures of a photo.

    Args:
        pages: number and pixels of its pages, upright, (H, W, 3) uint8 RGB; the first one has the preview.
        wanted: the crops, the most important first.
        budget: bytes of all together. Crops that go beyond their part of it are left out.
    """
    crops: dict[str, Picture] = {}
    spent = 0
    for number, page in pages:
        for one in wanted:
            if one.shown.page != number:
                continue
            made = _crop(page, one)
            if made is not None and (not crops or spent + len(made.data) <= budget * _CROPS_SHARE):
                crops[one.shown.id] = made
                spent += len(made.data)
    first = next((page for number, page in pages if number == 1), None)
    return Cut(_preview(first, budget - spent) if first is not None else None, crops)


def _crop(page: np.ndarray, wanted: Wanted) -> Picture | None:
    shown = wanted.shown
    if isinstance(shown, Line):
        rgb = line_crop(page, shown, wanted.height)
    else:
        rgb = straight(page, shown.polygon, wanted.height)
    return _encoded(_narrow(rgb, wanted.height), _CROP_QUALITY) if rgb is not None else None


def _narrow(rgb: np.ndarray, height: int) -> np.ndarray:
    """As high and as wide as a crop may be; it is never enlarged."""
    tall, wide = rgb.shape[:2]
    scale = min(1.0, height / tall, _WIDEST / wide)
    size = max(1, round(wide * scale)), max(1, round(tall * scale))
    return rgb if scale == 1 else cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def _preview(rgb: np.ndarray, budget: int) -> Picture:
    """The largest preview that fits into so many bytes, or the smallest there is."""
    for side in _SIDES:
        wide, tall = min(side, rgb.shape[1]), min(side, rgb.shape[0])
        made = _encoded(preview(rgb, wide, tall)[0], _PREVIEW_QUALITY)
        if len(made.data) <= budget:
            break
    return made


def _encoded(rgb: np.ndarray, quality: int) -> Picture:
    return Picture(encoded(rgb, ".jpg", quality), rgb.shape[1], rgb.shape[0])


def kept(data: bytes) -> Picture:
    """A JPEG that was kept in a case, as it is.

    Raises:
        ValueError: it is none, or too large to be one of ours.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            width, height = image.size
    except Exception as error:  # Pillow has many; none may stop the report
        raise ValueError("the picture in the case is no JPEG") from error
    if width * height > _MOST_PIXELS:
        raise ValueError("the picture in the case is too large")
    return Picture(data, width, height)


def smaller(picture: Picture, height: int | None, budget: int) -> Picture:
    """A picture of a case made to fit: a crop of that height, or without a height a preview.

    Raises:
        ValueError: its bytes are damaged.
    """
    try:
        with Image.open(io.BytesIO(picture.data), formats=("JPEG",)) as image:
            rgb = np.asarray(image.convert("RGB"))
    except Exception as error:
        raise ValueError("the picture in the case is damaged") from error
    return _preview(rgb, budget) if height is None else _encoded(_narrow(rgb, height), _CROP_QUALITY)
