"""Where a line runs in the photo, straight, on an arc or stacked, and how to cut it out upright.

A shape has an axis along which the text is read and a height across it. ``u`` runs along the axis
from 0 (before the first character) to 1 (after the last), ``v`` across from 0 (top of the text) to 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np

from serialscan.photo.crops import sampled
from serialscan.reading.engine import FRAME_PX, LINE_PX
from serialscan.recipe import Crop
from serialscan.record import Polygon

STACK_TALL = 1.5  # height of what is shown of a stacked character, in widths of its column, at most
BOX_MARGIN = 0.13  # of the box above and below the text, left out of the polygons of records
MAX_WIDTH_PX = 3200  # of a crop 48 px high; what is longer is squeezed


Distance = TypeVar("Distance", float, np.ndarray)


@dataclass(frozen=True)
class Straight:
    """A line on a straight axis: centre, width along the axis, height across it (px), direction (degrees).

    The direction is that of reading, clockwise from the photo's x axis.
    """

    cx: float
    cy: float
    width: float
    height: float
    angle: float
    score: float = 1.0

    @property
    def rotation(self) -> int:
        """Clockwise turn of the photo in degrees that sets the line upright."""
        return round(-self.angle) % 360

    def turned(self, quarters: int) -> Straight:
        """The same place read in another direction, by quarters of a turn clockwise."""
        width, height = (self.height, self.width) if quarters % 2 else (self.width, self.height)
        return replace(self, width=width, height=height, angle=(self.angle + 90 * quarters) % 360)

    def piece(self, u0: float, u1: float) -> Straight:
        """The part of the line between two places along it."""
        ((cx, cy),) = self.points(np.array([(u0 + u1) / 2]), np.array([0.5]))
        return replace(self, cx=float(cx), cy=float(cy), width=(u1 - u0) * self.width)

    def _axes(self) -> tuple[np.ndarray, np.ndarray]:
        t = math.radians(self.angle)
        return np.array([math.cos(t), math.sin(t)]), np.array([-math.sin(t), math.cos(t)])

    def points(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Photo coordinates of (u, v); shapes (N,), (N,) to (N, 2)."""
        along, across = self._axes()
        centre = np.array([self.cx, self.cy])
        return centre + np.outer((u - 0.5) * self.width, along) + np.outer((v - 0.5) * self.height, across)

    def along(self, points: np.ndarray) -> np.ndarray:
        """``u`` of photo points, (N, 2) to (N,)."""
        along, _ = self._axes()
        return (points - [self.cx, self.cy]) @ along / self.width + 0.5

    def across(self, points: np.ndarray) -> np.ndarray:
        """``v`` of photo points, (N, 2) to (N,)."""
        _, across = self._axes()
        return (points - [self.cx, self.cy]) @ across / self.height + 0.5

    def cut(self, rgb: np.ndarray, crop: Crop, height: int = LINE_PX) -> np.ndarray:
        """The line upright, (height, W, 3) uint8 with W a multiple of 8, from the photo's own pixels."""
        u0, u1, v0, v1 = bounds(self.width, self.height, crop)
        width = _crop_width((u1 - u0) * self.width, (v1 - v0) * self.height, height)
        # Warping samples single points: where it shrinks, draw larger first and average.
        over = max(1, min(8, round((v1 - v0) * self.height / height)))
        # Coordinates are of pixel edges, OpenCV's of pixel centres.
        corners = (self.points(np.array([u0, u1, u0]), np.array([v0, v0, v1])) - 0.5).astype(np.float32)
        target = np.array([[0, 0], [width * over, 0], [0, height * over]], np.float32) - np.float32(0.5)
        matrix = cv2.getAffineTransform(target, corners)
        cut = cv2.warpAffine(
            rgb, matrix, (width * over, height * over),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        return cut if over == 1 else cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA)

    def polygon(self, u0: float = 0.0, u1: float = 1.0, margin: float = 0.0) -> Polygon:
        """Four corners clockwise from the top left of the text, ``margin`` heights inside top and bottom."""
        v = np.array([margin, margin, 1 - margin, 1 - margin])
        return _corners(self.points(np.array([u0, u1, u1, u0]), v))


@dataclass(frozen=True)
class Arc:
    """A line on a circle: centre, middle radius and height of the text (px), first angle, sweep (degrees).

    Angles run clockwise from the photo's x axis. A positive sweep is read clockwise with the tops
    of the characters outwards, a negative one counter-clockwise with the tops inwards. A circle seen
    askew is an ellipse: everything is then squeezed by ``flat`` across the direction ``lean`` (degrees).
    """

    cx: float
    cy: float
    radius: float
    height: float
    start: float
    sweep: float
    score: float = 1.0
    flat: float = 1.0
    lean: float = 0.0

    @property
    def width(self) -> float:
        """Length of the middle of the line in px, as if not squeezed."""
        return abs(math.radians(self.sweep)) * self.radius

    @property
    def rotation(self) -> int:
        """Clockwise turn of the photo in degrees that sets the middle of the line upright."""
        middle = math.radians(self.start + self.sweep / 2 + (90 if self.sweep > 0 else -90))
        dx, dy = self._stretched(math.cos(middle), math.sin(middle), self.flat)
        return round(-math.degrees(math.atan2(dy, dx))) % 360

    def _stretched(self, x: Distance, y: Distance, by: float) -> tuple[Distance, Distance]:
        """Distances from the centre, numbers or arrays, stretched across the direction ``lean``."""
        if by == 1:
            return x, y
        t = math.radians(self.lean)
        more = (by - 1) * (y * math.cos(t) - x * math.sin(t))
        return x - more * math.sin(t), y + more * math.cos(t)

    def points(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Photo coordinates of (u, v); shapes (N,), (N,) to (N, 2)."""
        outwards = 1.0 if self.sweep > 0 else -1.0
        angle = np.radians(self.start + u * self.sweep)
        radius = self.radius + (0.5 - v) * self.height * outwards
        x, y = self._stretched(radius * np.cos(angle), radius * np.sin(angle), self.flat)
        return np.stack([self.cx + x, self.cy + y], axis=-1)

    def turned(self, quarters: int) -> Arc:
        """The same place read the other way round; ``quarters`` is 2, text runs along its circle."""
        if quarters != 2:
            raise ValueError("text on an arc runs along it")
        return replace(self, start=(self.start + self.sweep) % 360, sweep=-self.sweep)

    def piece(self, u0: float, u1: float) -> Arc:
        """The part of the line between two places along it."""
        return replace(self, start=self.start + u0 * self.sweep, sweep=(u1 - u0) * self.sweep)

    def across(self, points: np.ndarray) -> np.ndarray:
        """``v`` of photo points, (N, 2) to (N,)."""
        outwards = 1.0 if self.sweep > 0 else -1.0
        radius = np.hypot(*self._away(points))
        return 0.5 - (radius - self.radius) * outwards / self.height

    def along(self, points: np.ndarray) -> np.ndarray:
        """``u`` of photo points, (N, 2) to (N,)."""
        dx, dy = self._away(points)
        angle = np.degrees(np.arctan2(dy, dx))
        turn = (angle - self.start) * math.copysign(1.0, self.sweep)
        slack = (360 - abs(self.sweep)) / 2
        return ((turn + slack) % 360 - slack) / abs(self.sweep)

    def _away(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Photo points (N, 2) as x and y from the centre, as if not squeezed."""
        return self._stretched(points[:, 0] - self.cx, points[:, 1] - self.cy, 1 / self.flat)

    def cut(self, rgb: np.ndarray, crop: Crop, height: int = LINE_PX) -> np.ndarray:
        """The line unwrapped, (height, W, 3) uint8 with W a multiple of 8."""
        return _sampled(self, rgb, crop, height)

    def polygon(self, u0: float = 0.0, u1: float = 1.0, margin: float = 0.0) -> Polygon:
        """Outline clockwise from the top left of the text: the upper edge, then the lower edge back."""
        steps = max(2, math.ceil(abs(self.sweep) * (u1 - u0) / 15) + 1)
        u = np.linspace(u0, u1, steps)
        upper = self.points(u, np.full(steps, margin))
        lower = self.points(u[::-1], np.full(steps, 1 - margin))
        return _corners(np.concatenate([upper, lower]))


@dataclass(frozen=True)
class Stack:
    """Characters one below the other, each upright, put side by side to be read.

    Attributes:
        column: the place of all of them; its direction is the way down.
        count: how many characters, each in an equal part of the column.
        score: of the box in which they were found.
    """

    column: Straight
    count: int
    score: float = 1.0

    @property
    def cx(self) -> float:
        """Middle of the column in photo px, as is ``cy``."""
        return self.column.cx

    @property
    def cy(self) -> float:
        """Likewise."""
        return self.column.cy

    @property
    def width(self) -> float:
        """Length in px of the characters side by side."""
        return self.count * self.column.height

    @property
    def height(self) -> float:
        """Height in px of what is shown of a character's part of the column."""
        return min(self.column.width / self.count, STACK_TALL * self.column.height)

    @property
    def rotation(self) -> int:
        """Clockwise turn of the photo in degrees that sets the characters upright."""
        return round(90 - self.column.angle) % 360

    def turned(self, quarters: int) -> Stack:
        """The same place read upside down; ``quarters`` is 2."""
        if quarters != 2:
            raise ValueError("a column is read down or up")
        return replace(self, column=self.column.turned(2))

    def piece(self, u0: float, u1: float) -> Stack:
        """The characters between two places along the line, at least one."""
        first, last = self._cells(u0, u1)
        part = self.column.piece(first / self.count, last / self.count)
        return replace(self, column=part, count=last - first)

    def points(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Photo coordinates of (u, v); shapes (N,), (N,) to (N, 2), or of one shape (...) to (..., 2)."""
        cell = np.clip(np.floor(u * self.count), 0, self.count - 1)
        down = (cell + 0.5) / self.count + (v - 0.5) * self.height / self.column.width
        beside = 1 - (u * self.count - cell)  # the column's own v runs to the left of its characters
        found = self.column.points(np.ravel(down), np.ravel(beside))
        return found.reshape(*np.shape(down), 2)

    def along(self, points: np.ndarray) -> np.ndarray:
        """``u`` of photo points, (N, 2) to (N,)."""
        cell = np.clip(np.floor(self.column.along(points) * self.count), 0, self.count - 1)
        return (cell + 1 - self.column.across(points)) / self.count

    def across(self, points: np.ndarray) -> np.ndarray:
        """``v`` of photo points, (N, 2) to (N,)."""
        down = self.column.along(points)
        cell = np.clip(np.floor(down * self.count), 0, self.count - 1)
        return 0.5 + (down - (cell + 0.5) / self.count) * self.column.width / self.height

    def cut(self, rgb: np.ndarray, crop: Crop, height: int = LINE_PX) -> np.ndarray:
        """The characters side by side, (height, W, 3) uint8 with W a multiple of 8."""
        return _sampled(self, rgb, crop, height)

    def polygon(self, u0: float = 0.0, u1: float = 1.0, margin: float = 0.0) -> Polygon:
        """Four corners clockwise from the top left of the characters in a part of the line."""
        first, last = self._cells(u0, u1)
        inside = margin * self.height / self.column.width if last - first == 1 else 0.0
        down = np.array([first, first, last, last]) / self.count + [inside, inside, -inside, -inside]
        return _corners(self.column.points(down, np.array([1.0, 0.0, 0.0, 1.0])))

    def _cells(self, u0: float, u1: float) -> tuple[int, int]:
        """The first character between two places along the line, and the first behind them."""
        first = min(self.count - 1, max(0, round(u0 * self.count)))
        return first, min(self.count, max(first + 1, round(u1 * self.count)))


Shape = Straight | Arc | Stack


def bounds(width: float, height: float, crop: Crop) -> tuple[float, float, float, float]:
    """Where a crop of a shape of that size begins and ends: first and last ``u``, first and last ``v``."""
    margin = crop.along * height / width
    return crop.start - margin, crop.stop + margin, -crop.across, 1 + crop.across


def seen_at(shape: Shape, positions: Sequence[float], crop: Crop) -> np.ndarray:
    """``u`` of places that a reader tells along a crop, from 0 at its first column to 1 at its last; (N,)."""
    first, last, _, _ = bounds(shape.width, shape.height, crop)
    return first + np.asarray(positions, float) * (last - first)


def _sampled(shape: Arc | Stack, rgb: np.ndarray, crop: Crop, height: int) -> np.ndarray:
    """A shape point by point as a straight line, (height, W, 3) uint8 with W a multiple of 8."""
    u0, u1, v0, v1 = bounds(shape.width, shape.height, crop)
    width = _crop_width((u1 - u0) * shape.width, (v1 - v0) * shape.height, height)
    over = max(1, min(8, round((v1 - v0) * shape.height / height)))
    u = u0 + (np.arange(width * over) + 0.5) / (width * over) * (u1 - u0)
    v = v0 + (np.arange(height * over) + 0.5) / (height * over) * (v1 - v0)
    grid_u, grid_v = np.meshgrid(u, v)
    cut = sampled(rgb, (shape.points(grid_u, grid_v) - 0.5).astype(np.float32))
    return cut if over == 1 else cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA)


def _crop_width(width: float, height: float, out: int) -> int:
    """Width in px of a crop ``out`` px high, a whole number of frames."""
    ratio = width / height * out
    return int(np.clip(round(ratio / FRAME_PX), 2, MAX_WIDTH_PX * out // LINE_PX // FRAME_PX)) * FRAME_PX


def _corners(points: np.ndarray) -> Polygon:
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in points)


def upright(cx: float, cy: float, w: float, h: float, angle: float, score: float) -> Straight:
    """A box with its width along the longer side and its direction between -45 and 135 degrees."""
    if w < h:
        w, h, angle = h, w, angle + 90
    angle = (angle + 45) % 180 - 45
    return Straight(float(cx), float(cy), float(w), float(h), float(angle), float(score))
