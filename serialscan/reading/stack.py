"""Characters that stand one below the other, each upright: columns of even steps where nothing else reads."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from serialscan.reading.cover import Candidate
from serialscan.reading.engine import LINE_PX
from serialscan.reading.overlap import overlap
from serialscan.reading.recognise import Glance
from serialscan.reading.shapes import Shape, Stack, Straight
from serialscan.recipe import Crop, Stacks

_INK_BLUR = 16  # widths of a column over the sigma of the blur of its ink


def columns(places: Sequence[Shape], lines: Sequence[Candidate], how: Stacks) -> list[Straight]:
    """Long boxes where no line is surely read, none twice."""
    read = [line.shape for line in lines if _sureness(line) > how.surely]
    boxes = [box for box in places if isinstance(box, Straight) and box.width > how.long * box.height]
    kept: list[Straight] = []
    for box in sorted(boxes, key=lambda b: (-b.score * b.width / b.height, b.cy, b.cx)):
        if len(kept) == how.most:
            break
        if all(overlap(box, line) < how.common for line in read) and not any(
            overlap(box, other) > how.copy and box.width > how.copy * other.width for other in kept
        ):
            kept.append(box)
    return kept


def _sureness(line: Candidate) -> float:
    """Mean sureness of a line's characters."""
    sure = [p for p, char in zip(line.glance.confidences, line.glance.text, strict=True) if char != " "]
    return sum(sure) / max(len(sure), 1)


def stack_in(rgb: np.ndarray, box: Straight, how: Stacks) -> Stack | None:
    """The characters of a column, read the way its box is; None if its ink does not come and go evenly.

    Args:
        rgb: the page, (H, W, 3) uint8.
        box: along the column.
        how: the recipe's stacks.
    """
    strip = cv2.cvtColor(box.cut(rgb, Crop(along=0.0)), cv2.COLOR_RGB2GRAY).astype(np.float32)
    ink = cv2.GaussianBlur(strip.std(axis=0)[None], (0, 0), LINE_PX / _INK_BLUR)[0]
    at = np.arange(len(ink)) + 0.5
    steps = np.arange(*how.steps, how.step) * LINE_PX
    waves = np.exp(-2j * math.pi * at / steps[:, None]) @ (ink - ink.mean()) * 2 / len(ink)
    best = int(np.abs(waves).argmax())
    if abs(waves[best]) < how.even * ink.mean():
        return None
    step = float(steps[best])
    first = -float(np.angle(waves[best])) / (2 * math.pi) * step % step
    middles = np.arange(first, len(ink), step)
    bare = float(np.percentile(ink, how.bare))
    inked = np.array([ink[max(0, int(m - step / 4)) : int(m + step / 4) + 1].mean() for m in middles]) - bare
    least = how.inked * np.median(inked)
    shown = np.flatnonzero(inked > least)
    count = len(shown)
    if count < how.fewest or shown[-1] - shown[0] >= count:
        return None
    gaps = middles[shown[:-1]] + step / 2
    if any(ink[int(gap - step / 6) : int(gap + step / 6) + 1].min() - bare > least for gap in gaps):
        return None
    start, stop = middles[shown[0]] - step / 2, middles[shown[-1]] + step / 2
    return Stack(box.piece(float(start) / len(ink), float(stop) / len(ink)), count, box.score)


def one_each(stack: Stack, glance: Glance) -> bool:
    """Whether a reading gives one character for each part of a column, or all but one."""
    return abs(sum(char != " " for char in glance.text) - stack.count) <= 1
