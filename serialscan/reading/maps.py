"""Text probability maps of a detector to places: boxes, and arcs where the text bows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from serialscan.reading.shapes import Arc, Shape, Straight, upright
from serialscan.recipe import Boxes


def boxes_in(probability: np.ndarray, width: int, height: int, how: Boxes) -> list[Straight]:
    """Boxes of a probability map in the pixels of the picture that it was made of."""
    x, y = width / probability.shape[1], height / probability.shape[0]
    return [
        upright(cx * x, cy * y, w * x, h * y, angle, score)
        for cx, cy, w, h, angle, score in _rotated(probability, how)
    ]


def _rotated(probability: np.ndarray, how: Boxes) -> list[tuple[float, float, float, float, float, float]]:
    """Rotated boxes (cx, cy, w, h, angle, score) of a text probability map (H, W)."""
    mask = cv2.dilate((probability > how.text).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for contour in contours:
        (cx, cy), (w, h), angle = cv2.minAreaRect(contour)
        if min(w, h) < how.least_px:
            continue
        corners = cv2.boxPoints(((cx, cy), (w, h), angle))
        x0, y0 = np.maximum(corners.min(axis=0).astype(int), 0)
        x1, y1 = corners.max(axis=0).astype(int) + 1
        region = probability[y0:y1, x0:x1]
        inside = np.zeros(region.shape, np.uint8)
        cv2.fillPoly(inside, [(corners - [x0, y0]).astype(np.int32)], 1)
        score = float(region[inside > 0].mean()) if inside.any() else 0.0
        if score < how.box:
            continue
        grow = 2 * (w * h * how.unclip / (2 * (w + h)))
        boxes.append((cx, cy, w + grow, h + grow, angle, score))
    return boxes


def hints_in(probability: np.ndarray, known: Sequence[Shape], shrunk: float, least: float) -> np.ndarray:
    """Where a look at a picture so many times smaller hints at text outside of what is known: (H, W) bool."""
    hints = (probability > least).astype(np.uint8)
    for shape in known:
        cv2.fillPoly(hints, [(np.array(shape.polygon()) / shrunk).astype(np.int32)], 0)
    return hints > 0


def bowed_in(probability: np.ndarray, how: Boxes) -> list[Arc]:
    """Arcs of a text probability map (H, W), in its pixels: blobs whose middle line is bowed."""
    if not how.bowed:
        return []
    mask = (probability > how.text).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    arcs = []
    for contour in contours:
        sides = cv2.minAreaRect(contour)[1]
        if min(sides) >= how.least_px and max(sides) > how.bow_long:
            arcs.append(_bowed(contour, probability, how))
    return [arc for arc in arcs if arc is not None]


def _bowed(contour: np.ndarray, probability: np.ndarray, how: Boxes) -> Arc | None:
    """The arc along a blob, grown as DB grows boxes; None if it is nearly straight, or no arc."""
    left, top, columns, rows = cv2.boundingRect(contour)
    inside = np.zeros((rows, columns), np.uint8)
    cv2.drawContours(inside, [contour - [left, top]], 0, 1, -1)
    rows_in, columns_in = np.nonzero(inside)
    score = float(probability[rows_in + top, columns_in + left].mean())
    middle_x, middle_y = float(columns_in.mean()), float(rows_in.mean())
    x, y = columns_in - middle_x, rows_in - middle_y
    spread = np.array([[(x * x).mean(), (x * y).mean()], [(x * y).mean(), (y * y).mean()]])
    (across, along), axes = np.linalg.eigh(spread)
    if across < how.long * along and _unbent(*(axes.T @ [x, y])) > how.straight:
        return None
    cx, cy, radius = _circle(x, y, how.refinements)
    outwards = math.atan2(-cy, -cx)  # from the centre to the blob's middle
    turn = (np.arctan2(y - cy, x - cx) - outwards + math.pi) % math.tau - math.pi
    low, high = float(turn.min()), float(turn.max())
    rough = float(np.std(np.hypot(x - cx, y - cy)))
    if rough > how.bow_better * math.sqrt(max(float(across), 0.0)):
        return None
    thick = rough * math.sqrt(12)
    if not how.band[0] < thick * radius * (high - low) / len(x) < how.band[1]:
        return None
    grow = 2 * cv2.contourArea(contour) * how.unclip / max(cv2.arcLength(contour, True), 1.0)
    height = thick + grow
    rise = radius * (1 - math.cos(min(math.pi, (high - low) / 2)))
    if rise < how.bow * height or radius < how.least_radius * height:
        return None
    sweep = min(359.0, math.degrees(high - low + grow / radius))
    start = math.degrees(outwards + (low + high) / 2) - sweep / 2
    return Arc(
        float(cx + middle_x + left), float(cy + middle_y + top), radius, height, start % 360, sweep, score
    )


def _unbent(across: np.ndarray, along: np.ndarray) -> float:
    """What distance to a line is left to a parabola, both root mean square, of points around their middle.

    Args:
        across: (N,) distances from the main axis.
        along: (N,) places on it.
    """
    bend = along**2
    bend -= bend.mean()
    bend -= (bend * along).sum() / max((along**2).sum(), 1e-9) * along
    explained = (across * bend).sum() ** 2 / max((bend**2).sum() * (across**2).sum(), 1e-9)
    return math.sqrt(max(0.0, 1 - float(explained)))


def _circle(x: np.ndarray, y: np.ndarray, refinements: int) -> tuple[float, float, float]:
    """Centre and radius of the circle nearest to points (N,), (N,).

    Kasa's fit (1976), which draws short arcs too tight, refined by Gauss-Newton.
    """
    one = np.ones(len(x))
    cx, cy, rest = np.linalg.lstsq(np.stack([2 * x, 2 * y, one], axis=1), x**2 + y**2, rcond=None)[0]
    radius = math.sqrt(max(rest + cx**2 + cy**2, 0.0))
    for _ in range(refinements):
        away = np.maximum(np.hypot(x - cx, y - cy), 1e-6)
        slopes = np.stack([(x - cx) / away, (y - cy) / away, one], axis=1)
        step = np.linalg.lstsq(slopes, away - radius, rcond=None)[0]
        cx, cy, radius = cx + step[0], cy + step[1], radius + step[2]
    return float(cx), float(cy), float(radius)


def scaled(arc: Arc, by: float) -> Arc:
    """An arc in a picture so many times as large."""
    return replace(arc, cx=arc.cx * by, cy=arc.cy * by, radius=arc.radius * by, height=arc.height * by)
