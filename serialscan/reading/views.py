"""The same pixels in other lights: of a page before it is searched, of a rectified line for a recogniser."""

from __future__ import annotations

import cv2
import numpy as np

SPAN = 140  # grey values; photos that span more are left as they are
TAIL = 0.005  # share of the pixels that may lie outside of the span on either side
_LEAST_SPAN = 8  # less is an empty surface, and stretching its noise shows nothing
DARK_SPAN = 70  # grey values; a dark part that spans more shows its marks as it is
DARK_TAILS = (0.01, 0.97)  # of its pixels
DARK_SHARES = (0.15, 0.97)  # of the page: less is a shadow, more leaves nothing bright
DARK_GAP = 60  # grey values from its brightest to the bright part's median
LIFTED = 130  # what its brightest becomes


def levelled(rgb: np.ndarray) -> np.ndarray:
    """A page with little contrast, for want of light or for haze, stretched to `SPAN` grey values.

    One straight tone curve for all pixels and channels, so that no edge and no colour appears that was not
    there. A page that spans more comes back as it is. (H, W, 3) uint8 in and out.
    """
    below = _below(_counts(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)))
    dark, bright = (int(np.searchsorted(below, share)) for share in (TAIL, 1 - TAIL))
    if bright - dark >= SPAN:
        return rgb
    middle = (dark + bright) / 2
    shown = min(max(middle, SPAN / 2), 255 - SPAN / 2)
    tones = (np.arange(256) - middle) * (SPAN / max(bright - dark, _LEAST_SPAN)) + shown
    return cv2.LUT(rgb, np.clip(np.round(tones), 0, 255).astype(np.uint8))


def lifted(rgb: np.ndarray) -> np.ndarray | None:
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
    if not DARK_SHARES[0] < share < DARK_SHARES[1]:
        return None
    darkest, brightest = (int(np.searchsorted(_below(dark), tail)) for tail in DARK_TAILS)
    ground = len(dark) + int(np.searchsorted(_below(counts[len(dark) :]), 0.5))
    if not _LEAST_SPAN <= brightest - darkest < DARK_SPAN or ground - brightest <= DARK_GAP:
        return None
    tones = np.interp(np.arange(256), (darkest, brightest, 255), (min(darkest, 8), LIFTED, 255))
    return cv2.LUT(rgb, np.round(tones).astype(np.uint8))


def _counts(grey: np.ndarray) -> np.ndarray:
    """How many pixels (H, W) have each of 256 grey values."""
    return cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.float64)


def _below(counts: np.ndarray) -> np.ndarray:
    """Share of the pixels up to each grey value."""
    return np.cumsum(counts) / counts.sum()


def smoothed(line: np.ndarray) -> np.ndarray:
    """Grain and dots run together, edges stay (bilateral filter, Tomasi and Manduchi 1998)."""
    return cv2.bilateralFilter(line, 7, 40, 5)
