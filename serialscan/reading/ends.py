"""What is seen beyond both ends of a line: bare surface, one more character, or something that lies over it.

A small network looks at a window around each end, on the photo's own pixels. ``training/ends.py`` made it.
Two recognisers read next to an end, where a faint character may stand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from serialscan.photo.crops import flattened
from serialscan.reading.batches import recognised
from serialscan.reading.engine import BLANK, Engine
from serialscan.reading.shapes import Shape
from serialscan.recipe import Crop, Ends
from serialscan.record import End

ROWS, COLUMNS = 64, 112  # of a window, in px
TALL = 1.75  # box heights that a window shows: what crosses the row is seen above and below it
INWARDS = 1.2  # box heights from the middle of the end character to the window's inner edge
OUTWARDS = TALL * COLUMNS / ROWS - INWARDS
GLYPH_SHARE = 0.64  # of a box's height; measured on rendered photos whose glyph heights are known
HALF = 0.4  # of a character, in glyph heights: from its middle to its end
FARTHEST = 4.0  # glyph heights in which the edge of the photo is sought
_STEP = 0.05  # of that search, in glyph heights
_GRID = 4  # px of a window for each place at which it is told whether that lies in the photo
AT_ONCE = 32  # windows in one run of the network


def ends_of(
    rgb: np.ndarray, lines: Sequence[tuple[Shape, float, float]], engine: Engine
) -> list[tuple[End, End]]:
    """What is seen before the first and after the last character of each line.

    Args:
        rgb: (H, W, 3) uint8, the page as it is.
        lines: shape of each line, and ``u`` of the middles of its first and its last character.
        engine: looks at them.
    """
    places = [
        (shape, u, outwards) for shape, *both in lines for u, outwards in zip(both, (-1, 1), strict=True)
    ]
    seen = np.empty((len(places), 3), np.float32)
    for start in range(0, len(places), AT_ONCE):
        windows = np.stack([window(rgb, *place) for place in places[start : start + AT_ONCE]])
        seen[start : start + AT_ONCE] = engine.ends(windows)
    ends = [
        End(more=round(float(more), 4), hidden=round(float(hidden), 4), to_edge=to_edge(rgb.shape, *place))
        for (_, more, hidden), place in zip(seen, places, strict=True)
    ]
    return list(zip(ends[::2], ends[1::2], strict=True))


def beyond(
    rgb: np.ndarray, ends: Sequence[tuple[Shape, float, int, float]], engine: Engine, how: Ends
) -> list[float]:
    """What two recognisers make of the place next to the end of a line: probability of a character there.

    They read what is faint where nothing was read in the line as a whole.

    Args:
        rgb: (H, W, 3) uint8, the page as it is.
        ends: shape of the line, ``u`` of its end character, 1 for its last and -1 for its first one, and
            the step from one character to the next in ``u``.
        engine: has the recognisers.
        how: the recipe's ends.
    """
    crops, places = [], []
    for shape, u, outwards, _ in ends:
        box = shape.height / shape.width
        start, stop = sorted((u - outwards * how.next_inwards * box, u + outwards * how.next_outwards * box))
        cut = shape.cut(rgb, Crop(along=0.0, start=start, stop=stop))
        crops += [flattened(cut), cut]
        places.append((start, stop))
    read = recognised(crops, [*how.next_readers] * len(ends), engine)
    found = []
    for number, ((_, u, outwards, step), (start, stop)) in enumerate(zip(ends, places, strict=True)):
        seen = []
        for who, posteriors in zip(how.next_readers, read[2 * number : 2 * number + 2], strict=True):
            space = engine.characters(who).index(" ")
            at = start + (np.arange(len(posteriors)) + 0.5) / len(posteriors) * (stop - start)
            away = (at - u) * outwards / step
            there = (away > how.next_from) & (away < how.next_to)
            marked = 1.0 - posteriors[there, BLANK] - posteriors[there, space]
            seen.append(float(marked.max(initial=0.0)))
        found.append(sum(seen) / len(seen))
    return found


def window(rgb: np.ndarray, shape: Shape, u: float, outwards: int, rows: int = ROWS) -> np.ndarray:
    """The surroundings of one end of a line, upright, the line's inside on the left.

    Args:
        rgb: (H, W, 3) uint8.
        shape: of the line.
        u: middle of the end character.
        outwards: 1 at the last character; -1 at the first one, whose window is mirrored.
        rows: of the window.

    Returns:
        (rows, rows * COLUMNS / ROWS, 4) uint8: colour, and 255 where the photo shows that place, 0 beyond it.
    """
    box = shape.height / shape.width
    start, stop = sorted((u - outwards * INWARDS * box, u + outwards * OUTWARDS * box))
    crop = Crop(along=0.0, across=(TALL - 1) / 2, start=start, stop=stop)
    cut = shape.cut(rgb, crop, rows)
    columns = cut.shape[1]
    along = start + (np.arange(columns // _GRID) + 0.5) * _GRID / columns * (stop - start)
    across = ((np.arange(rows // _GRID) + 0.5) * _GRID / rows - 0.5) * TALL + 0.5
    grid = [part.ravel() for part in np.meshgrid(along, across)]
    shown = _inside(shape.points(*grid), rgb.shape).reshape(rows // _GRID, columns // _GRID)
    plane = np.kron(shown, np.full((_GRID, _GRID), 255)).astype(np.uint8)
    planes = np.concatenate([cut, plane[..., None]], axis=2)
    return planes if outwards > 0 else planes[:, ::-1]


def to_edge(size: tuple[int, ...], shape: Shape, u: float, outwards: int) -> float | None:
    """How far a line could go on beyond its end character to the edge of the photo, in glyph heights.

    Args:
        size: height and width of the photo in px.
        shape: of the line.
        u: middle of the end character.
        outwards: 1 at the last character, -1 at the first one.

    Returns:
        None if it is farther than `FARTHEST`; below 0 where the end character reaches beyond the photo.
    """
    away = np.arange(0.0, FARTHEST + HALF + _STEP, _STEP)
    places = u + outwards * away * GLYPH_SHARE * shape.height / shape.width
    beyond = ~_inside(shape.points(places, np.full(len(away), 0.5)), size)
    return round(float(away[beyond.argmax()]) - HALF, 2) if beyond.any() else None


def _inside(points: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Which points (N, 2) lie in a photo of that height and width; (N,)."""
    height, width = size[:2]
    x, y = points[:, 0], points[:, 1]
    return (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
