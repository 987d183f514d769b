"""Whether a line is a display of seven segments: no network was taught such digits, all misread them."""

from __future__ import annotations

import cv2
import numpy as np

from serialscan.photo.crops import flattened
from serialscan.reading.shapes import Crop, Shape

# Of 630 lines of real marks none passes both bounds; of a display all ink stands in bars, some five a digit.
BARS = 0.6  # share of the ink that stands in bars of a segment's form
BARS_EACH = 2.5  # bars for each character, in the mean: one has two, eight has seven
CHARACTERS = 4  # of a line that is looked at
_ROWS_PX = 96  # of the crop that is looked at
_LONG = (0.18, 0.62)  # length of a segment in glyph heights
_THIN = 1.9  # length of a segment over its width, at least
_FULL = 0.6  # of the box around it that a segment fills
_SPECK = 0.004  # squared glyph heights: smaller blots are dirt
_GROUND = 0.35  # of the crop: what fills more is the ground


def is_display(rgb: np.ndarray, shape: Shape, characters: int) -> bool:
    """Whether a line's ink stands in separate upright and level bars.

    Args:
        rgb: (H, W, 3) uint8, the page.
        shape: of the line.
        characters: how many were read.
    """
    if characters < CHARACTERS:
        return False
    cut = flattened(shape.cut(rgb, Crop(along=0.0, across=-0.13), _ROWS_PX))
    grey = cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY)
    for picture in (grey, 255 - grey):
        _, ink = cv2.threshold(picture, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        _, _, blots, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
        width, height, area = (blots[1:, i].astype(float) for i in (2, 3, 4))
        if not len(area) or area.max() > _GROUND * ink.size:
            continue
        tall = float(_ROWS_PX)
        counts = area >= _SPECK * tall * tall
        long, thin = np.maximum(width, height), np.minimum(width, height)
        bars = (
            counts
            & (long >= _THIN * thin)
            & (long > _LONG[0] * tall)
            & (long < _LONG[1] * tall)
            & (area > _FULL * width * height)
        )
        if area[bars].sum() > BARS * area[counts].sum() and bars.sum() > BARS_EACH * characters:
            return True
    return False
