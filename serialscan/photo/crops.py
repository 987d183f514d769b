"""Pictures of what a record names, from its outlines and the pixels of its page: lines, codes, previews."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from serialscan.record import Line, Polygon


@dataclass(frozen=True, slots=True)
class Margin:
    """What is shown around a text, in heights of its outline.

    Attributes:
        along: before its first and behind its last character.
        across: above and below it.
    """

    along: float = 0.5
    across: float = 0.35


MARGIN = Margin()
"""Enough to see whether something stands beside, above or below."""

LONGEST = 66.0  # heights of a picture; what is longer is squeezed, as it is for the networks
_STACK_TALL = 1.5  # height of what is shown of a stacked character, in widths of its column, at most
_STACK_MARGIN = Margin(along=0.15, across=0.0)
_STACK_MOST = 100  # characters of a column
_OVER = 8  # samples of a pixel along each side, at most
_MOST_SAMPLES = 1 << 22  # of one picture: each takes some 50 bytes for a moment
_LONGEST_SIDE = 32_000  # px; OpenCV's remap takes less than 32767
_FARTHEST = 1e9  # px; no photo is so wide
_ENLARGED = 4.0  # of a small photo, at most


def line_crop(rgb: np.ndarray, line: Line, height: int, margin: Margin = MARGIN) -> np.ndarray | None:
    """A line as it is read: upright, arcs unrolled, mirrored text turned round, stacked text side by side.

    Args:
        rgb: its page, upright, (H, W, 3) uint8.
        line: of the page's record.
        height: of the picture in pixels, margins included.
        margin: what is shown around the text.

    Returns:
        uint8 RGB, or None if the line's outline is empty.
    """
    return _side_by_side(rgb, line, height) if line.stacked else straight(rgb, line.polygon, height, margin)


def straight(
    rgb: np.ndarray, polygon: Polygon, height: int, margin: Margin = MARGIN, longest: float = LONGEST
) -> np.ndarray | None:
    """What an outline holds as a straight strip.

    Args:
        rgb: (H, W, 3) uint8.
        polygon: the upper edge as the text is read, then the lower edge back, in pixels; text that runs
            counter-clockwise is mirrored and is turned round. An outline of another form is cut out as an
            upright rectangle.
        height: of the picture in pixels, margins included.
        margin: what is shown around the outline.
        longest: width of the picture in heights, at most.

    Returns:
        uint8 RGB, or None if the outline is empty.
    """
    edges = _edges(polygon)
    if edges is None:
        return None
    upper, lower = edges
    steps = np.hypot(*np.diff((upper + lower) / 2, axis=0).T)
    thickness = float(np.hypot(*(lower - upper).T).mean())
    # Points that stand on one place say nothing of the way.
    kept = np.concatenate([[True], steps > 0])
    upper, lower, steps = upper[kept], lower[kept], steps[steps > 0]
    length = float(steps.sum())
    if not (0 < thickness < np.inf and 0 < length < np.inf):
        return None
    along = np.concatenate([[0.0], np.cumsum(steps)]) / length
    tall, wide = 1 + 2 * margin.across, length / thickness + 2 * margin.along
    width = max(1, round(height * min(longest, wide / tall)))
    over = _samples(thickness * tall / height, width, height)
    beside = margin.along * thickness / length
    u = (np.arange(width * over) + 0.5) / (width * over) * (1 + 2 * beside) - beside
    v = ((np.arange(height * over) + 0.5) / (height * over) * tall - margin.across)[:, None, None]
    where = _curve(u, along, upper)[None] * (1 - v) + _curve(u, along, lower)[None] * v
    # Coordinates are of pixel edges, those of `sampled` of pixel centres.
    cut = sampled(rgb, (where - 0.5).astype(np.float32))
    return cut if over == 1 else cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA)


def sampled(rgb: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The page at single places; beyond its edges it goes on as it ends.

    The part of the page that holds them is taken first, and shrunk if it is too long for OpenCV.

    Args:
        rgb: (H, W, 3) uint8.
        where: (h, w, 2) float32, x and y in pixels; zero is the middle of the page's first pixel.

    Returns:
        (h, w, 3) uint8, by cubic interpolation.
    """
    size = np.array(rgb.shape[1::-1])
    first = np.clip(np.floor(where.min(axis=(0, 1))) - 3, 0, size - 1).astype(int)
    last = np.clip(np.ceil(where.max(axis=(0, 1))) + 3, first + 1, size).astype(int)
    part = rgb[first[1] : last[1], first[0] : last[0]]
    where = where - first.astype(np.float32)
    longest = max(part.shape[:2])
    if longest > _LONGEST_SIDE:
        small = [max(1, side * _LONGEST_SIDE // longest) for side in part.shape[1::-1]]
        where = (where + np.float32(0.5)) * (np.array(small) / part.shape[1::-1]).astype(np.float32)
        where = where - np.float32(0.5)
        part = cv2.resize(part, small, interpolation=cv2.INTER_AREA)
    return cv2.remap(part, where[..., 0], where[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def places_in_crop(line: Line, margin: Margin = MARGIN) -> tuple[float | None, ...]:
    """Where the characters of a line stand in its ``line_crop``.

    Args:
        line: of a record.
        margin: with which the picture was cut.

    Returns:
        For each character the middle of it as a share of the picture's width, from 0 to 1; None where the
        record does not tell its place.
    """
    edges = _edges(line.polygon)
    middles = [_middle(glyph.polygon) for glyph in line.characters]
    if edges is None or not all(one is None or np.isfinite(one).all() for one in middles):
        return (None,) * len(middles)
    if line.stacked:
        (left, right), (left_end, right_end) = edges[0][[0, -1]], edges[1][[0, -1]]
        down = ((left_end - left) + (right_end - right)) / 2
        long = float(np.hypot(*down))
        if not 0 < long < np.inf:
            return (None,) * len(middles)
        start, count = (left + right) / 2, _count(line, down, long)
        steps = [None if at is None else int((at - start) @ down / long**2 * count) for at in middles]
        return tuple(None if step is None else (min(max(step, 0), count - 1) + 0.5) / count for step in steps)
    upper, lower = edges
    thickness = float(np.hypot(*(lower - upper).T).mean())
    middle = (upper + lower) / 2
    ways = np.diff(middle, axis=0)
    steps_px = np.hypot(*ways.T)
    whole = float(steps_px.sum()) + 2 * margin.along * thickness
    if not (0 < thickness < np.inf and steps_px.any() and np.isfinite(whole)):
        return (None,) * len(middles)
    begins = np.concatenate([[0.0], np.cumsum(steps_px)])[:-1] + margin.along * thickness
    kept = steps_px > 0
    middle, ways, steps_px, begins = middle[:-1][kept], ways[kept], steps_px[kept], begins[kept]

    def place(at: np.ndarray | None) -> float | None:
        if at is None:
            return None
        along = np.clip(((at - middle) * ways).sum(axis=1) / steps_px**2, 0, 1)
        nearest = int(np.hypot(*(middle + ways * along[:, None] - at).T).argmin())
        return float(begins[nearest] + along[nearest] * steps_px[nearest]) / whole

    return tuple(map(place, middles))


def preview(rgb: np.ndarray, width: int, height: int) -> tuple[np.ndarray, float]:
    """A page that fits into so many pixels, and by what its lengths were multiplied."""
    tall, wide = rgb.shape[:2]
    scale = min(width / wide, height / tall, _ENLARGED)
    size = max(1, round(wide * scale)), max(1, round(tall * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(rgb, size, interpolation=how), scale


def flattened(line: np.ndarray) -> np.ndarray:
    """Lighting and colour taken out: local mean to mid grey, local contrast to one scale.

    Local normalisation over a Gaussian of a quarter of the line's height; of the luminance, since what
    little colour metal has is mostly noise. (H, W, 3) uint8 in and out.
    """
    pixels = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY).astype(np.float32)
    sigma = line.shape[0] / 4
    detail = pixels - cv2.GaussianBlur(pixels, (0, 0), sigma)
    spread = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), sigma))
    # The floor keeps the noise of an empty surface from being blown up to text.
    spread += 6
    detail /= spread
    detail *= 48
    detail += 128
    flat = np.clip(detail, 0, 255, out=detail).astype(np.uint8)
    return cv2.merge([flat, flat, flat])


def _middle(polygon: Polygon) -> np.ndarray | None:
    if not polygon:
        return None
    count = len(polygon)
    return np.array([sum(x for x, _ in polygon) / count, sum(y for _, y in polygon) / count])


def _side_by_side(rgb: np.ndarray, line: Line, height: int) -> np.ndarray | None:
    """The characters of a column, each upright, one beside the other."""
    edges = _edges(line.polygon)
    if edges is None:
        return None
    (left, right), (left_end, right_end) = edges[0][[0, -1]], edges[1][[0, -1]]
    down = ((left_end - left) + (right_end - right)) / 2
    wide, long = float(np.hypot(*(right - left))), float(np.hypot(*down))
    if not (0 < wide < np.inf and 0 < long < np.inf):
        return None
    count = _count(line, down, long)
    shown = min(1.0, _STACK_TALL * wide * count / long)  # share of a character's part of the column
    sides = ((left, left_end), (right, right_end))
    pictures = []
    for number in range(count):
        first, last = ((number + 0.5 + side * shown / 2) / count for side in (-1, 1))
        upper, lower = ([a + (b - a) * at for a, b in sides] for at in (first, last))
        corners = tuple((float(x), float(y)) for x, y in (*upper, *lower[::-1]))
        picture = straight(rgb, corners, height, _STACK_MARGIN)
        if picture is not None:
            pictures.append(picture)
    return np.concatenate(pictures, axis=1) if pictures else None


def _count(line: Line, down: np.ndarray, long: float) -> int:
    """Into how many equal parts the characters part their column; a place without one counts, too."""
    most = min(_STACK_MOST, len(line.text.replace(" ", "")) + 1)
    middles = [np.mean(glyph.polygon, axis=0) for glyph in line.characters if glyph.polygon]
    at = np.unique(np.round([float(middle @ down) / long for middle in middles], 1))
    steps = np.diff(at)[np.diff(at) > long / (most + 1) / 2]
    return int(np.clip(round(long / steps.min()), 1, most)) if len(steps) else max(1, most - 1)


def _edges(polygon: Polygon) -> tuple[np.ndarray, np.ndarray] | None:
    """Upper and lower edge of an outline in the direction of reading, each (N, 2)."""
    points = np.array(polygon, float).reshape(-1, 2)
    if len(points) < 3 or not (np.abs(points) <= _FARTHEST).all():
        return None
    if len(points) < 4 or len(points) % 2:
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        points = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    return points[: len(points) // 2], points[len(points) // 2 :][::-1]


def _curve(u: np.ndarray, along: np.ndarray, edge: np.ndarray) -> np.ndarray:
    """Points at ``u`` of the smooth curve through those of an edge, straight on beyond its ends.

    Cubic Hermite stretches: the few corners of an arc's outline give its roundness back. (N,) to (N, 2).
    """
    slopes = np.gradient(edge, along, axis=0, edge_order=2 if len(edge) > 2 else 1)
    inside = np.clip(u, 0, 1)
    stretch = np.clip(np.searchsorted(along, inside, side="right") - 1, 0, len(along) - 2)
    width = (along[stretch + 1] - along[stretch])[:, None]
    t = (inside[:, None] - along[stretch][:, None]) / width
    curve = (
        (1 + 2 * t) * (1 - t) ** 2 * edge[stretch]
        + t * (1 - t) ** 2 * width * slopes[stretch]
        + t**2 * (3 - 2 * t) * edge[stretch + 1]
        + t**2 * (t - 1) * width * slopes[stretch + 1]
    )
    ends = np.where((u < 0)[:, None], slopes[0], slopes[-1])
    return np.asarray(curve + (u - inside)[:, None] * ends)


def _samples(shrunk: float, width: int, height: int) -> int:
    """Samples of a pixel along each side: sampling takes single points, so what shrinks is averaged."""
    bound = min((_MOST_SAMPLES / (width * height)) ** 0.5, _LONGEST_SIDE / max(width, height))
    return max(1, min(_OVER, round(min(shrunk, _OVER)), int(bound)))
