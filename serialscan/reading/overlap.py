"""How places lie to each other: how much two have in common, and which are the same."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from serialscan.reading.shapes import Arc, Shape, Stack, Straight

ONE_DIRECTION = 15.0  # degrees between the axes of two boxes in one place


def askew(a: float, b: float) -> float:
    """Angle between two axes of given directions, from 0 to 90 degrees, whichever way each is read."""
    return abs((a - b + 90) % 180 - 90)


def one_circle(a: Arc, b: Arc) -> bool:
    """True if two arcs belong to one ring of text."""
    return math.hypot(a.cx - b.cx, a.cy - b.cy) + abs(a.radius - b.radius) < 0.8 * min(a.height, b.height)


def same_arc(a: Arc, b: Arc) -> bool:
    """True if two arcs on one circle run over the same part of it."""
    start = abs((a.start - b.start + 180) % 360 - 180)
    near = math.hypot(a.cx - b.cx, a.cy - b.cy) < 0.3 * a.height and abs(a.radius - b.radius) < 0.2 * a.height
    return near and start < 4 and abs(a.sweep - b.sweep) < 6


def overlap(a: Shape, b: Shape) -> float:
    """Area in common over the smaller area, from 0 to 1; by samples where an arc takes part."""
    a, b = (one.column if isinstance(one, Stack) else one for one in (a, b))
    apart = math.hypot(a.cx - b.cx, a.cy - b.cy)
    (a_inner, a_outer), (b_inner, b_outer) = _reach(a), _reach(b)
    if apart > a_outer + b_outer or apart + a_outer < b_inner or apart + b_outer < a_inner:
        return 0.0
    if isinstance(a, Arc) or isinstance(b, Arc):
        return max(_share_inside(a, b), _share_inside(b, a))
    kind, region = cv2.rotatedRectangleIntersection(
        ((a.cx, a.cy), (a.width, a.height), a.angle), ((b.cx, b.cy), (b.width, b.height), b.angle)
    )
    if kind == cv2.INTERSECT_NONE or region is None:
        return 0.0
    area = cv2.contourArea(cv2.convexHull(region))
    return min(1.0, area / max(1e-6, min(a.width * a.height, b.width * b.height)))


def _reach(shape: Straight | Arc) -> tuple[float, float]:
    """Least and greatest distance from its centre to any place of the shape, or beyond."""
    if isinstance(shape, Straight):
        return 0.0, math.hypot(shape.width, shape.height) / 2
    inner, outer = shape.radius - shape.height / 2, shape.radius + shape.height / 2
    return max(0.0, inner) * min(1.0, shape.flat), outer * max(1.0, shape.flat)


_SAMPLES = tuple(grid.ravel() for grid in np.meshgrid((np.arange(24) + 0.5) / 24, (np.arange(5) + 0.5) / 5))


def _share_inside(a: Straight | Arc, b: Straight | Arc) -> float:
    points = a.points(*_SAMPLES)
    u, v = b.along(points), b.across(points)
    return float(((u >= 0) & (u <= 1) & (v >= 0) & (v <= 1)).mean())


def same_place(a: Straight, b: Straight, share: float) -> bool:
    """True if the boxes agree in direction and each covers at least ``share`` of the other."""
    area_a, area_b = a.width * a.height, b.width * b.height
    if askew(a.angle, b.angle) > ONE_DIRECTION or min(area_a, area_b) < share * max(area_a, area_b):
        return False
    return overlap(a, b) * min(area_a, area_b) >= share * max(area_a, area_b)


def without_copies(boxes: Sequence[Straight], share: float) -> list[Straight]:
    """Near-identical boxes of several scales once, the surest kept; photo order (top to bottom)."""
    kept: list[Straight] = []
    for box in sorted(boxes, key=lambda b: (-b.score, b.cy, b.cx)):
        if not any(same_place(box, other, share) for other in kept):
            kept.append(box)
    return sorted(kept, key=lambda b: (b.cy, b.cx))
