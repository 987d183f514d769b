"""Overlapping tiles of a photo that is too large for one look, and how their boxes come back to it."""

from __future__ import annotations

import math

import numpy as np

from serialscan.reading.shapes import Straight
from serialscan.recipe import Places


def tiles_of(
    width: int, height: int, how: Places, hints: np.ndarray | None = None
) -> list[tuple[int, int, int, int]]:
    """Overlapping tiles of a photo as x, y, width and height, each cut down to what the hints in it need.

    Args:
        width: of the photo in px.
        height: likewise.
        how: the recipe's looks.
        hints: (H, W) bool, the whole photo at any scale; None for all of every tile.
    """

    def spans(length: int) -> list[tuple[int, int]]:
        shared = how.tile_overlap_px
        count = max(1, math.ceil((length - shared) / (how.tile_px - shared)))
        size = math.ceil((length + (count - 1) * shared) / count)
        return [(round(i * (length - size) / max(count - 1, 1)), size) for i in range(count)]

    tiles = []
    for y, rows in spans(height):
        for x, columns in spans(width):
            if hints is None:
                tiles.append((x, y, columns, rows))
                continue
            along, down = hints.shape[1] / width, hints.shape[0] / height
            top, left = int(y * down), int(x * along)
            inside = hints[top : math.ceil((y + rows) * down), left : math.ceil((x + columns) * along)]
            if not inside.any():
                continue
            margin = how.tile_margin_px
            across, up = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
            first, last = _extent_of(across, left / along, along, margin, x, x + columns)
            upper, lower = _extent_of(up, top / down, down, margin, y, y + rows)
            tiles.append((first, upper, last - first, lower - upper))
    return tiles


def _extent_of(
    places: np.ndarray, at: float, scale: float, margin: int, low: int, high: int
) -> tuple[int, int]:
    """From the first to the last hint in px of the photo, with a margin, between ``low`` and ``high``."""
    first, last = at + places[0] / scale - margin, at + (places[-1] + 1) / scale + margin
    return max(low, int(first)), min(high, math.ceil(last))


def cut_by_tile(
    box: Straight, x: int, y: int, columns: int, rows: int, width: int, height: int, edge: float
) -> bool:
    """True for a box at an inner edge of a tile: the neighbour tile or the whole photo has all of it."""
    corners = np.array(box.polygon())
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    return bool(
        (left < edge and x > 0)
        or (top < edge and y > 0)
        or (right > columns - edge and x + columns < width)
        or (bottom > rows - edge and y + rows < height)
    )


def shifted(box: Straight, x: int, y: int) -> Straight:
    """A box of a tile at ``x``, ``y`` in the pixels of the photo."""
    return Straight(box.cx + x, box.cy + y, box.width, box.height, box.angle, box.score)
