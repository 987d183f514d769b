"""Views of a rectified line: the same pixels in other lights, for the same recogniser."""

from __future__ import annotations

import cv2
import numpy as np


def flattened(line: np.ndarray) -> np.ndarray:
    """Lighting and colour taken out: local mean to mid grey, local contrast to one scale.

    Local normalisation over a Gaussian of a quarter of the line's height; of the luminance, since what
    little colour metal has is mostly noise. (H, W, 3) uint8 in and out.
    """
    pixels = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY).astype(np.float32)
    sigma = line.shape[0] / 4
    detail = pixels - cv2.GaussianBlur(pixels, (0, 0), sigma)
    spread = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), sigma))
    # The floor keeps the noise of an empty surface from being blown up to text.
    flat = np.clip(128 + detail / (spread + 6) * 48, 0, 255).astype(np.uint8)
    return np.repeat(flat[:, :, None], 3, axis=2)


def smoothed(line: np.ndarray) -> np.ndarray:
    """Grain and dots run together, edges stay (bilateral filter, Tomasi and Manduchi 1998)."""
    return cv2.bilateralFilter(line, 7, 40, 5)
