"""The surface of an item as arrays: height, colour, gloss, roughness, and where marks stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""float32 unless said otherwise; the type stubs of OpenCV do not tell element types apart."""


Rgb = tuple[float, float, float]
"""Linear, 0 to 1."""


def tinted(color: Array, towards: Rgb, weight: Array) -> Array:
    """Colours (h, w, 3) moved towards one colour by a weight (h, w); faster than along an axis of three."""
    return cv2.merge(
        [own + (np.float32(to) - own) * weight for own, to in zip(cv2.split(color), towards, strict=True)]
    )


@dataclass
class Canvas:
    """A rectangle of the item's surface, in millimetres, sampled at ``px_per_mm``.

    On a cylinder y is the length of the arc around it.

    Attributes:
        x0: left edge in mm.
        y0: top edge in mm.
        px_per_mm: samples per millimetre.
        height: (h, w) relief in mm, towards the viewer.
        color: (h, w, 3) diffuse reflectance, linear RGB.
        gloss: (h, w) strength of the mirror reflection.
        rough: (h, w) GGX roughness.
        ink: (h, w) 1 where a mark changed the surface.
        mask: (h, w) 1 where the item is, 0 beside it.
    """

    x0: float
    y0: float
    px_per_mm: float
    height: Array
    color: Array
    gloss: Array
    rough: Array
    ink: Array
    mask: Array

    @classmethod
    def blank(cls, bounds: tuple[float, float, float, float], px_per_mm: float) -> Canvas:
        """An empty canvas over ``bounds`` (left, top, right, bottom in mm)."""
        left, top, right, bottom = bounds
        shape = (
            max(2, round((bottom - top) * px_per_mm)),
            max(2, round((right - left) * px_per_mm)),
        )
        height, gloss, rough, ink = (np.zeros(shape, np.float32) for _ in range(4))
        color, mask = np.zeros((*shape, 3), np.float32), np.ones(shape, np.float32)
        return cls(left, top, px_per_mm, height, color, gloss, rough, ink, mask)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.height.shape
        return rows, columns

    def to_px(self, points: npt.ArrayLike) -> Array:
        """Points in mm, shape (n, 2), as (column, row) of pixel centres."""
        offset = np.array([self.x0, self.y0])
        return ((np.asarray(points, np.float64) - offset) * self.px_per_mm - 0.5).astype(np.float32)

    def window(self, points_px: Array, margin: float) -> tuple[slice, slice] | None:
        """Rows and columns around the points, clipped; None if nothing of it is on the canvas."""
        rows, columns = self.shape
        left, top = np.floor(points_px.min(axis=0) - margin).astype(int)
        right, bottom = np.ceil(points_px.max(axis=0) + margin).astype(int) + 1
        left, top, right, bottom = max(left, 0), max(top, 0), min(right, columns), min(bottom, rows)
        return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None
