"""The same pixels in other lights: of a page before it is searched, of a rectified line for a recogniser."""

from __future__ import annotations

import cv2
import numpy as np

from serialscan.recipe import EvenLight, Light


def levelled(rgb: np.ndarray, how: Light) -> np.ndarray:
    """A page with little contrast, for want of light or for haze, stretched to so many grey values.

    One straight tone curve for all pixels and channels, so that no edge and no colour appears that was not
    there. A page that spans more comes back as it is. (H, W, 3) uint8 in and out.
    """
    below = _below(_counts(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)))
    dark, bright = (int(np.searchsorted(below, share)) for share in (how.tail, 1 - how.tail))
    if bright - dark >= how.span:
        return rgb
    middle = (dark + bright) / 2
    shown = min(max(middle, how.span / 2), 255 - how.span / 2)
    tones = (np.arange(256) - middle) * (how.span / max(bright - dark, how.least_span)) + shown
    return cv2.LUT(rgb, np.clip(np.round(tones), 0, 255).astype(np.uint8))


def lifted(rgb: np.ndarray, how: Light) -> np.ndarray | None:
    """A page of something dark on bright ground, as a black receiver on a table, exposed for what is dark.

    Dark is what Otsu's threshold (1979) calls so. Its few tones are spread at the cost of the bright ones',
    by one rising tone curve. None for a page that has no such part, or nothing but black in it, as a black
    border has. (H, W, 3) uint8 in and out.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
    counts = _counts(grey)
    dark = counts[: int(threshold) + 1]
    share = dark.sum() / counts.sum()
    if not how.dark_shares[0] < share < how.dark_shares[1]:
        return None
    darkest, brightest = (int(np.searchsorted(_below(dark), tail)) for tail in how.dark_tails)
    ground = len(dark) + int(np.searchsorted(_below(counts[len(dark) :]), 0.5))
    if not how.least_span <= brightest - darkest < how.dark_span or ground - brightest <= how.dark_gap:
        return None
    tones = np.interp(np.arange(256), (darkest, brightest, 255), (min(darkest, 8), how.lifted, 255))
    return cv2.LUT(rgb, np.round(tones).astype(np.uint8))


def evened(rgb: np.ndarray, how: EvenLight) -> np.ndarray:
    """A page in which every part has the same contrast: shallow marks on dark metal stand out for a detector.

    Contrast-limited adaptive equalisation of the lightness (Zuiderveld 1994). (H, W, 3) uint8 in and out.
    """
    lightness, *colour = cv2.split(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB))
    lightness = cv2.createCLAHE(how.clip, (how.parts, how.parts)).apply(lightness)
    return cv2.cvtColor(cv2.merge((lightness, *colour)), cv2.COLOR_LAB2RGB)


def _counts(grey: np.ndarray) -> np.ndarray:
    """How many pixels (H, W) have each of 256 grey values."""
    return cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.float64)


def _below(counts: np.ndarray) -> np.ndarray:
    """Share of the pixels up to each grey value."""
    return np.cumsum(counts) / counts.sum()


# Of the filter, for a line 48 px high, whose strokes are some 5 px wide.
_NEAR_PX, _ALIKE_GREY, _SIGMA_PX = 7, 40, 5


def smoothed(line: np.ndarray) -> np.ndarray:
    """Grain and dots run together, edges stay (bilateral filter, Tomasi and Manduchi 1998)."""
    return cv2.bilateralFilter(line, _NEAR_PX, _ALIKE_GREY, _SIGMA_PX)
