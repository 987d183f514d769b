"""Whether a line stands on the item or behind it: on a card, a box, a cloth, a screen.

Print on paper is of two tones and of one side (ink is darker than its ground and nothing is brighter), on a
bright or coloured sheet that is a small part of the photo. Marks in metal have lit and shaded flanks on grey
ground. What is between, such as print on optics and paint, stays unknown. A logistic model weighs the
evidence; ``training/where.py`` fits it on rendered photos of whole items.
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
ITEM: Final = 0.95
"""Least probability of a line that counts as one of the item."""
BACKGROUND: Final = 0.15
"""Most probability of a line that counts as one of the background."""
NEAR: Final = 3.0
"""Heights of capitals between lines that stand on one thing, and must agree that it is print."""
_LARGEST_PX = 1024  # of that picture
_THUMBNAIL_PX = 160  # of the page of which the share of a colour is measured
_ALIKE = 14.0  # distance in CIELAB up to which colours are those of one surface

WEIGHTS: Final[Mapping[str, float]] = {"print": -5.6, "relief": 3.4}
"""Natural log odds of the item for each unit of the evidence; ``training/where.py`` fitted them."""
BIAS: Final = 0.8
"""Log odds where there is no evidence."""

# From where to where each measure of print and relief counts, 0 at the first value and 1 at the second;
# chosen on rendered photos of whole items so that no line of an item counts as print. Lightness from 0 to 1,
# colour in units of 50 of CIELAB's chroma, contrast in units of 50 of its lightness, the others shares.
_CONTRAST, _ONE_SIDED, _TWO_TONES = (0.75, 1.0), (0.25, 0.13), (0.74, 0.82)
_SMALL, _GOES_ON, _BRIGHT, _COLOURED = (0.3, 0.2), (0.03, 0.12), (0.6, 0.75), (0.3, 0.5)
_TWO_SIDED, _GREY = (0.1, 0.35), (0.4, 0.3)


def where_of(rgb: np.ndarray, lines: Sequence[Line]) -> list[Where]:
    """Where each line of a page stands.

    Args:
        rgb: the page, (H, W, 3) uint8.
        lines: its lines, as they stand in the record.
    """
    page = page_of(rgb) if lines else None
    outlines = [np.array(line.polygon, np.float32) for line in lines]
    heights = [line.glyph_height_px or 0.0 for line in lines]
    seen = [evidence(rgb, *one, page) for one in zip(outlines, heights, strict=True)]
    boxes = [cv2.boundingRect(outline) if len(outline) else (0, 0, 0, 0) for outline in outlines]
    found = []
    for number, own in enumerate(seen):
        if own is not None:  # lines close to one another stand on one thing
            near = [
                other["print"]
                for other, box, height in zip(seen, boxes, heights, strict=True)
                if other is not None and _apart(boxes[number], box) <= NEAR * max(heights[number], height)
            ]
            own = {**own, "print": sum(near) / len(near)}
        found.append(_judged(own))
    return found


def page_of(rgb: np.ndarray) -> np.ndarray:
    """Colours of a page (H, W, 3) uint8 in CIELAB, (M, 3): all of it, coarsely."""
    return _lab(_thumbnail(rgb)).reshape(-1, 3)


def stands(rgb: np.ndarray, polygon: np.ndarray, height: float, page: np.ndarray | None = None) -> Where:
    """Where one line stands, as far as it tells by itself; the arguments are those of `evidence`."""
    return _judged(evidence(rgb, polygon, height, page))


def _judged(seen: Mapping[str, float] | None) -> Where:
    if seen is None:
        return Where(place="unknown", item=0.5)
    odds = BIAS + sum(weight * seen[name] for name, weight in WEIGHTS.items())
    item = round(1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))), 4)
    return Where(
        place="item" if item >= ITEM else "background" if item <= BACKGROUND else "unknown", item=item
    )


def _apart(one: Sequence[int], other: Sequence[int]) -> float:
    """Distance of two upright rectangles, left, top, width and height each, in px."""
    across = max(one[0], other[0]) - min(one[0] + one[2], other[0] + other[2])
    down = max(one[1], other[1]) - min(one[1] + one[3], other[1] + other[3])
    return math.hypot(max(across, 0), max(down, 0))


def evidence(
    rgb: np.ndarray, polygon: np.ndarray, height: float, page: np.ndarray | None = None
) -> dict[str, float] | None:
    """What tells a line of the item from one behind it, each from 0 to 1; None for a line too small to tell.

    ``print`` is ink on a small bright or coloured sheet, ``relief`` a mark with lit and shaded flanks on grey
    ground.

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
    dark, bright = np.percentile(tone[inside > 0], (4, 96)).tolist()
    level = float(ground[0])
    darker, brighter = max(level - dark, 0.0), max(bright - level, 0.0)
    contrast = max(darker, brighter, 1.0)
    colour = float(np.hypot(ground[1], ground[2])) / 50
    both_sides = min(darker, brighter) / contrast
    goes_on = _alike(lab[beside], ground) if beside.any() else 0.5
    paper = max(_ramp(level / 100, _BRIGHT), _ramp(colour, _COLOURED))
    inked = _ramp(contrast / 50, _CONTRAST) * _ramp(both_sides, _ONE_SIDED)
    sheet = _ramp(_alike(page, ground), _SMALL) * _ramp(goes_on, _GOES_ON)
    return {
        "print": inked * _ramp(_two_tones(tone[inside > 0]), _TWO_TONES) * sheet * paper,
        "relief": _ramp(both_sides, _TWO_SIDED) * _ramp(colour, _GREY),
    }


def _ramp(value: float, ends: tuple[float, float]) -> float:
    """0 at the first end and before it, 1 at the second and beyond it."""
    return min(1.0, max(0.0, (value - ends[0]) / (ends[1] - ends[0])))


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
