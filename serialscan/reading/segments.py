"""Whether a line is a display of seven segments: no network was taught such digits, all misread them."""

from __future__ import annotations

import cv2
import numpy as np

from serialscan.photo.crops import flattened
from serialscan.reading.shapes import Shape
from serialscan.recipe import Crop, Displays

_CROP = Crop(along=0.0, across=-0.13)  # the box without its margins above and below


def is_display(rgb: np.ndarray, shape: Shape, characters: int, how: Displays) -> bool:
    """Whether a line's ink stands in separate upright and level bars.

    Args:
        rgb: (H, W, 3) uint8, the page.
        shape: of the line.
        characters: how many were read.
        how: the recipe's displays.
    """
    if characters < how.characters:
        return False
    cut = flattened(shape.cut(rgb, _CROP, how.rows_px))
    grey = cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY)
    for picture in (grey, 255 - grey):
        _, ink = cv2.threshold(picture, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        _, _, blots, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
        width, height, area = (blots[1:, i].astype(float) for i in (2, 3, 4))
        if not len(area) or area.max() > how.ground * ink.size:
            continue
        tall = float(how.rows_px)
        counts = area >= how.speck * tall * tall
        long, thin = np.maximum(width, height), np.minimum(width, height)
        bars = (
            counts
            & (long >= how.thin * thin)
            & (long > how.long[0] * tall)
            & (long < how.long[1] * tall)
            & (area > how.full * width * height)
        )
        if area[bars].sum() > how.bars * area[counts].sum() and bars.sum() > how.bars_each * characters:
            return True
    return False
