"""Outlines of lines: whether two enclose the same place, and the picture inside one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serialscan.record import Polygon

if TYPE_CHECKING:
    import numpy as np

SAME_PLACE = 0.5  # IoU from which a line counts as detected, as in PASCAL VOC and the ICDAR contests

_GRID = 512  # px of the longer side of the grid on which areas are counted
_ALONG, _ACROSS = 0.4, 0.2  # margins of a crop in text heights


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


def cut(rgb: np.ndarray, polygon: Polygon, height: int) -> np.ndarray | None:
    """The picture inside an outline with a margin, upright, arcs unrolled.

    Args:
        rgb: (H, W, 3) uint8.
        polygon: the upper edge as the text is read, then the lower edge back; another outline is cut out
            as an upright rectangle.
        height: of the text in the result, in pixels.

    Returns:
        uint8 RGB, at most 12 times as wide as high, or None if the outline is empty.
    """
    import cv2
    import numpy as np

    points = np.array(polygon, np.float32).reshape(-1, 2)
    if len(points) < 4 or len(points) % 2:
        if len(points) < 3:
            return None
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        points = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    edges = points[: len(points) // 2], points[len(points) // 2 :][::-1]
    middle = (edges[0] + edges[1]) / 2
    steps = np.hypot(*np.diff(middle, axis=0).T)
    thickness = float(np.hypot(*(edges[1] - edges[0]).T).mean())
    if thickness <= 0 or steps.sum() <= 0:
        return None
    along = np.concatenate([[0], np.cumsum(steps)]) / steps.sum()
    margin = _ALONG * thickness / float(steps.sum())
    tall = round(height * (1 + 2 * _ACROSS))
    wide = max(1, min(12 * tall, round(height * (float(steps.sum()) / thickness + 2 * _ALONG))))
    u = np.linspace(-margin, 1 + margin, wide)
    v = np.linspace(-_ACROSS, 1 + _ACROSS, tall)[:, None, None]
    upper, lower = (_extended(u, along, edge) for edge in edges)
    where = (upper[None] * (1 - v) + lower[None] * v).astype(np.float32)
    return cv2.remap(rgb, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _extended(u: np.ndarray, along: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """Points of an edge at ``u``, its first and last stretch prolonged; (N,) to (N, 2)."""
    import numpy as np

    stretch = np.clip(np.searchsorted(along, u, side="right") - 1, 0, len(along) - 2)
    width = np.maximum(along[stretch + 1] - along[stretch], 1e-9)
    part = ((u - along[stretch]) / width)[:, None]
    return np.asarray(edge[stretch] + part * (edge[stretch + 1] - edge[stretch]))
