"""Whether a line stands on the item or behind it: on a card, a box, a cloth, a screen.

Print on paper is flat, even, of one side (ink is darker than its ground and nothing is brighter), often bright or
coloured. Marks in metal have lit and shaded flanks on a grained, dark, grey ground. What is between, such as print
on optics and labels, stays unknown. A logistic model weighs the evidence; ``training/where.py`` fits it on rendered
photos of whole items.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np

from serialscan.record import Line, Where

GLYPH_PX: Final = 16
"""Height of the capitals in the picture that is measured, in px."""
ITEM: Final = 0.6
"""Least probability of a line that counts as one of the item."""
BACKGROUND: Final = 0.15
"""Most probability of a line that counts as one of the background."""
_LARGEST_PX = 1024  # of that picture
_THUMBNAIL_PX = 160  # of the page of which the share of a colour is measured
_ALIKE = 14.0  # distance in CIELAB up to which colours are those of one surface

WEIGHTS: Final[Mapping[str, float]] = {}
"""Natural log odds of the item for each unit of the evidence; ``training/where.py`` fitted them."""
BIAS: Final = 0.0
"""Log odds where all evidence is zero."""


def where_of(rgb: np.ndarray, lines: Sequence[Line]) -> list[Where]:
    """Where each line of a page stands.

    Args:
        rgb: the page, (H, W, 3) uint8.
        lines: its lines, as they stand in the record.
    """
    page = page_of(rgb) if lines else None
    return [
        stands(rgb, np.array(line.polygon, np.float32), line.glyph_height_px or 0.0, page) for line in lines
    ]


def page_of(rgb: np.ndarray) -> np.ndarray:
    """Colours of a page (H, W, 3) uint8 in CIELAB, (M, 3): all of it, coarsely."""
    return _lab(_thumbnail(rgb)).reshape(-1, 3)


def stands(rgb: np.ndarray, polygon: np.ndarray, height: float, page: np.ndarray | None = None) -> Where:
    """Where one line stands; the arguments are those of `evidence`."""
    seen = evidence(rgb, polygon, height, page)
    if seen is None:
        return Where(place="unknown", item=0.5)
    odds = BIAS + sum(weight * seen[name] for name, weight in WEIGHTS.items())
    item = round(1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))), 4)
    return Where(place="item" if item >= ITEM else "background" if item <= BACKGROUND else "unknown", item=item)


def evidence(
    rgb: np.ndarray, polygon: np.ndarray, height: float, page: np.ndarray | None = None
) -> dict[str, float] | None:
    """What tells a line of the item from one behind it; None for a line that is too small to tell.

    Args:
        rgb: the page, (H, W, 3) uint8.
        polygon: outline of the line, (N, 2) in px.
        height: of its capitals in px.
        page: colours of the page, see `page_of`; measured if None.
    """
    if height < 4 or len(polygon) < 3:
        return None
    if page is None:
        page = page_of(rgb)
    rows, columns = rgb.shape[:2]
    reach = 3.2 * height
    left, top = np.floor(polygon.min(axis=0) - reach).astype(int).clip(0)
    right, bottom = np.ceil(polygon.max(axis=0) + reach).astype(int)
    right, bottom = min(int(right), columns), min(int(bottom), rows)
    if right - left < 8 or bottom - top < 8:
        return None
    scale = min(GLYPH_PX / height, _LARGEST_PX / max(right - left, bottom - top))
    part = rgb[top:bottom, left:right]
    shrink = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=shrink)
    lab = _lab(part)
    unit = scale * height
    inside = np.zeros(lab.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.round((polygon - (left, top)) * scale).astype(np.int32)], 1)
    away = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 3) / np.float32(max(unit, 1.0))
    near, beside = (away > 0.2) & (away <= 0.7), (away > 0.7) & (away <= 3.0)
    if near.sum() < 12 or inside.sum() < 12:
        return None
    ground = np.median(lab[near], axis=0)
    tone = lab[..., 0]
    dark, middle, bright = np.percentile(tone[inside > 0], (4, 50, 96))
    level = float(ground[0])
    darker, brighter = max(level - dark, 0.0), max(bright - level, 0.0)
    contrast = max(darker, brighter, 1.0)
    fine = tone - cv2.GaussianBlur(tone, (0, 0), 2.0)
    return {
        "lightness": level / 100,
        "colour": float(np.hypot(ground[1], ground[2])) / 50,
        "contrast": contrast / 50,
        "both_sides": min(darker, brighter) / contrast,
        "dark_ink": float(darker > brighter) * level / 100,
        "two_tones": _two_tones(tone[inside > 0]),
        "grain": float(np.abs(fine[near]).mean()) / 3,
        "size": math.log(height / min(rows, columns)) + 4,
        "goes_on": _alike(lab[beside], ground) if beside.any() else 0.5,
        "share": _alike(page, ground),
    }


def _two_tones(tones: np.ndarray) -> float:
    """Which share of the variance the best two tones explain, 0 to 1 (Otsu 1979)."""
    values = np.clip(tones * 2.55, 0, 255).astype(np.uint8)
    threshold, _ = cv2.threshold(values.reshape(-1, 1), 0, 255, cv2.THRESH_OTSU)
    low, high = tones[values <= threshold], tones[values > threshold]
    if not len(low) or not len(high):
        return 0.0
    between = len(low) * len(high) / len(tones) ** 2 * float(high.mean() - low.mean()) ** 2
    return between / max(float(tones.var()), 1e-6)


def _alike(colours: np.ndarray, ground: np.ndarray) -> float:
    """Share of colours (N, 3) that are those of the ground (3,), CIELAB."""
    return float((np.linalg.norm(colours - ground, axis=1) < _ALIKE).mean())


def _thumbnail(rgb: np.ndarray) -> np.ndarray:
    shrink = min(1.0, _THUMBNAIL_PX / max(rgb.shape[:2]))
    return cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)


def _lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB (H, W, 3), lightness from 0 to 100."""
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
