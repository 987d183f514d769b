"""Measures that explain why a photo can or cannot be read."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import TYPE_CHECKING

from serialscan.record import Quality

if TYPE_CHECKING:
    import numpy as np

_COARSE = 4  # edges are looked for in the photo shrunk by this, where noise is gone
_CELL = 8  # coarse pixels; one edge is taken from every cell of the photo
_REACH = 12  # pixels around an edge that are looked at; wider edges count as blurred away
_EDGES = 500  # strongest cells that are measured
_WEAKEST = 24.0  # Sobel units of the coarse photo, a step of 6 grey levels; below is noise


def measure_quality(rgb: np.ndarray) -> tuple[float, float]:
    """Measure sharpness and clipping of one page.

    Sharpness is the steepest step between neighbouring pixels at an edge as a share of the whole
    edge, the median over the strongest edges of the photo: 1 where edges are one pixel wide, 0.5 at
    a Gaussian blur of about 1.4 pixels, 0.2 at about 5. It depends on the width of edges in pixels,
    not on contrast, nor on the size of the photo or how much of it is text.

    Args:
        rgb: upright page, uint8 (H, W, 3).

    Returns:
        Sharpness from 0 (blurred, or nothing to see) to 1, and the share of pixels that are 0 in all
        channels or 255 in all channels.
    """
    import cv2

    pixels = rgb.shape[0] * rgb.shape[1]
    black = cv2.countNonZero(cv2.inRange(rgb, (0, 0, 0), (0, 0, 0)))
    white = cv2.countNonZero(cv2.inRange(rgb, (255, 255, 255), (255, 255, 255)))
    return _sharpness(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)), round((black + white) / pixels, 6)


def _sharpness(grey: np.ndarray) -> float:
    import cv2
    import numpy as np

    edges, flats = _strongest_and_flattest(grey)
    if not len(edges):
        return 0.0
    # Smoothing by half a pixel halves the step of an ideal edge, and with it what noise adds.
    border = cv2.copyMakeBorder(grey, _REACH, _REACH, _REACH, _REACH, cv2.BORDER_REPLICATE)
    steps, ranges = _steps_and_ranges(border, edges)
    noise, noise_ranges = _steps_and_ranges(border, flats)
    noise = noise[noise_ranges < np.median(ranges) / 3]  # where nothing is flat, edges would pass as noise
    without_noise = np.sqrt(np.maximum(steps**2 - (np.median(noise) ** 2 if len(noise) else 0), 0))
    return round(float(np.median(np.minimum(2 * without_noise / np.maximum(ranges, 1), 1))), 4)


def _strongest_and_flattest(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixel positions (N, 2) as (y, x) of the strongest edges, one a cell, and of as many flat places."""
    import cv2
    import numpy as np

    height, width = (max(1, n // _COARSE) for n in grey.shape)
    coarse = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    across, along = cv2.Sobel(coarse, cv2.CV_32F, 1, 0), cv2.Sobel(coarse, cv2.CV_32F, 0, 1)
    # cv2.magnitude rounds by where in memory a pixel lies, and that decides which of two edges is stronger.
    slope = np.sqrt(across**2 + along**2)
    rows, columns = -(-height // _CELL), -(-width // _CELL)
    padded = np.full((rows * _CELL, columns * _CELL), -1, np.float32)
    padded[:height, :width] = slope
    cells = padded.reshape(rows, _CELL, columns, _CELL).swapaxes(1, 2).reshape(rows * columns, -1)
    at = cells.argmax(axis=1)
    strength = cells[np.arange(len(cells)), at]
    number = np.arange(len(cells))
    y = (number // columns * _CELL + at // _CELL) * _COARSE + _COARSE // 2
    x = (number % columns * _CELL + at % _CELL) * _COARSE + _COARSE // 2
    positions = np.stack([np.minimum(y, grey.shape[0] - 1), np.minimum(x, grey.shape[1] - 1)], axis=1)
    order = np.argsort(strength, kind="stable")
    strong = order[::-1][:_EDGES]
    strong = strong[strength[strong] > max(_WEAKEST, 0.25 * strength[order[-1]])]
    return positions[strong], positions[order[: max(1, len(strong))]]


def _steps_and_ranges(border: np.ndarray, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steepest step and whole range of grey around each position of a photo with a border."""
    import numpy as np

    span = 2 * _REACH + 1
    windows = np.lib.stride_tricks.sliding_window_view(border, (span, span))
    patch = windows[positions[:, 0], positions[:, 1]].astype(np.float32)
    patch = (patch[:, :-2] + 2 * patch[:, 1:-1] + patch[:, 2:]) / 4
    patch = (patch[:, :, :-2] + 2 * patch[:, :, 1:-1] + patch[:, :, 2:]) / 4
    step = np.hypot(patch[:, :-1, 1:] - patch[:, :-1, :-1], patch[:, 1:, :-1] - patch[:, :-1, :-1])
    return step.max(axis=(1, 2)), np.ptp(patch, axis=(1, 2))


def merge_quality(pages: Iterable[Quality]) -> Quality:
    """Quality of a photo from that of its pages: the median of every measure that is known."""
    pages = list(pages)

    def middle(values: list[float | None]) -> float | None:
        known = [v for v in values if v is not None]
        return median(known) if known else None

    return Quality(
        glyph_height_px=middle([p.glyph_height_px for p in pages]),
        sharpness=middle([p.sharpness for p in pages]),
        clipped=middle([p.clipped for p in pages]),
    )
