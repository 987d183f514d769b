"""Outlines of lines: whether two enclose the same place."""

from __future__ import annotations

from serialscan.record import Polygon

SAME_PLACE = 0.5  # IoU from which a line counts as detected, as in PASCAL VOC and the ICDAR contests

_GRID = 512  # px of the longer side of the grid on which areas are counted


def same_place(a: Polygon, b: Polygon) -> bool:
    """True if the area in common is at least half of the area covered by both (Everingham et al. 2010)."""
    return iou(a, b) >= SAME_PLACE


def iou(a: Polygon, b: Polygon) -> float:
    """Area in common over area covered, 0 to 1, counted on a grid: outlines of arcs are not convex."""
    import cv2
    import numpy as np

    if len(a) < 3 or len(b) < 3:
        return 0.0
    first, second = np.array(a, float), np.array(b, float)
    if (first.max(axis=0) < second.min(axis=0)).any() or (second.max(axis=0) < first.min(axis=0)).any():
        return 0.0
    both = np.concatenate([first, second])
    origin, size = both.min(axis=0), float(np.ptp(both, axis=0).max())
    if size <= 0:
        return 0.0
    masks = []
    for outline in (first, second):
        mask = np.zeros((_GRID + 1, _GRID + 1), np.uint8)
        cv2.fillPoly(mask, [np.round((outline - origin) * (_GRID / size)).astype(np.int32)], 1)
        masks.append(mask > 0)
    return float((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())
