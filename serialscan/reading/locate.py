"""Where text may stand: the detector over the whole photo at several scales and over native tiles."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from serialscan.reading.engine import GRID, Engine
from serialscan.reading.maps import bowed_in, boxes_in, hints_in, scaled
from serialscan.reading.overlap import overlap, same_arc, without_copies
from serialscan.reading.shapes import Arc, Shape, Straight
from serialscan.reading.tiles import cut_by_tile, shifted, tiles_of
from serialscan.reading.views import evened
from serialscan.recipe import Detector, EvenLight, Places

_COLOUR_PX = 400  # long side of a picture whose colour is measured


def locate(rgb: np.ndarray, engine: Engine, how: Places) -> tuple[list[Straight], list[Arc]]:
    """Boxes of text-like places, at any angle, width along the longer side; arcs where such a place bows.

    Args:
        rgb: (H, W, 3) uint8.
        engine: has the detectors.
        how: the recipe's looks.

    Returns:
        Boxes in photo px, reading direction between -45 and 135 degrees (which way up is decided by
        reading), near-duplicates from several scales included. The arcs stand for some of the boxes, too.
    """
    height, width = rgb.shape[:2]
    long_side = max(height, width)
    found: list[Straight] = []
    bowed: list[Arc] = []
    shrunk = {side: _sized(rgb, side / long_side) for side, _ in how.looks}
    looks = [(shrunk[side], detector) for side, detector in how.looks]
    if _colour(shrunk[how.grey_look[0]]) > how.coloured:  # first, since the last look's hints call for tiles
        side, detector = how.grey_look
        looks.insert(0, (cv2.cvtColor(_sized(_grey(rgb), side / long_side), cv2.COLOR_GRAY2RGB), detector))
    for picture, detector in looks:
        probability = engine.detect(picture, detector)
        found += boxes_in(probability, width, height, how.boxes)
        bowed += [scaled(arc, width / probability.shape[1]) for arc in bowed_in(probability, how.boxes)]
    last_px = how.looks[-1][0]
    if long_side > how.native * last_px:
        hints = _unresolved(probability, found, long_side / last_px, how)
        found += _native(rgb, engine, how.tile_detector, hints, how)
    kept: list[Arc] = []
    for arc in sorted(bowed, key=lambda one: -one.score):
        if not any(same_arc(arc, other) for other in kept):
            kept.append(arc)
    return without_copies(found, how.copies), kept


def locate_again(rgb: np.ndarray, engine: Engine, read: Sequence[Shape], how: Places) -> list[Straight]:
    """Boxes that a closer look finds where nothing was read.

    Args:
        rgb: (H, W, 3) uint8.
        engine: has the detectors.
        read: the lines that were read, in photo px.
        how: the recipe's looks.
    """
    height, width = rgb.shape[:2]
    long_side = max(height, width)
    found: list[Straight] = []
    for side in how.closer_looks:
        if side < how.closer_grown * long_side:
            scale = side / long_side if side <= how.looks[-1][0] else min(1.0, side / long_side)
            probability = _probability(rgb, scale, engine, how.again_detector)
            found += boxes_in(probability, width, height, how.boxes)
    return _free(found, read, how)


def locate_even(rgb: np.ndarray, engine: Engine, read: Sequence[Shape], how: Places) -> list[Straight]:
    """Boxes of a look in even light, in which shallow marks on dark metal stand out.

    Args:
        rgb: (H, W, 3) uint8.
        engine: has the detectors.
        read: the lines that were read, in photo px; what they cover is left out.
        how: the recipe's looks.
    """
    if not how.even_px:
        return []
    height, width = rgb.shape[:2]
    scale = min(1.0, how.even_px / max(height, width))
    probability = _stitched(rgb, scale, engine, how.again_detector, how, how.even)
    return _free(boxes_in(probability, width, height, how.boxes), read, how)


def locate_small(
    rgb: np.ndarray, engine: Engine, read: Sequence[Shape], how: Places, *, clear: bool = False
) -> list[Straight]:
    """Boxes of text so small in a large photo that looks at all of it miss it; none in other photos.

    Args:
        rgb: (H, W, 3) uint8.
        engine: has the detectors.
        read: the lines that were read, in photo px; what they cover is left out.
        how: the recipe's looks.
        clear: only what is clearly text.
    """
    height, width = rgb.shape[:2]
    if max(height, width) <= how.fine_px:
        return []
    shrunk = max(height, width) / how.fine_px
    probability = _stitched(rgb, 1 / shrunk, engine, how.again_detector, how)
    found = boxes_in(probability, width, height, how.boxes)
    hints = hints_in(probability, read, shrunk, how.clear if clear else how.hint)
    found += _native(rgb, engine, how.again_detector, hints, how)
    return _free([box for box in found if not clear or box.score >= how.clear], read, how)


def _free(boxes: Sequence[Straight], read: Sequence[Shape], how: Places) -> list[Straight]:
    """The boxes where nothing was read, copies once."""
    kept = without_copies(boxes, how.copies)
    return [box for box in kept if all(overlap(box, line) < how.free for line in read)]


def _native(
    rgb: np.ndarray, engine: Engine, detector: Detector, hints: np.ndarray, how: Places
) -> list[Straight]:
    """Boxes in tiles of the photo's own pixels, around the hints (see `tiles_of`)."""
    height, width = rgb.shape[:2]
    found: list[Straight] = []
    for x, y, columns, rows in tiles_of(width, height, how, hints):
        tile = rgb[y : y + rows, x : x + columns]
        boxes = boxes_in(_probability(tile, 1.0, engine, detector), columns, rows, how.boxes)
        found += [
            shifted(box, x, y)
            for box in boxes
            if not cut_by_tile(box, x, y, columns, rows, width, height, how.edge_px)
        ]
    return found


def _colour(rgb: np.ndarray) -> float:
    """Mean difference between a pixel's strongest and weakest channel, in grey values, of a picture."""
    height, width = rgb.shape[:2]
    shrink = min(1.0, _COLOUR_PX / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    red, green, blue = cv2.split(small)
    strongest, weakest = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    return float((strongest - weakest).mean())


def _grey(rgb: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) without its colours, dark and bright stretched apart: (H, W) uint8."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    dark, bright = np.percentile(grey, (1, 99))
    tones = (np.arange(256, dtype=np.float32) - np.float32(dark)) * np.float32(255 / (bright - dark + 1))
    return cv2.LUT(grey, np.clip(tones, 0, 255).astype(np.uint8))


def look_at(rgb: np.ndarray, engine: Engine, how: Places) -> tuple[list[Straight], np.ndarray]:
    """Boxes of a picture looked at once, as it is, and the probability of text (H, W) behind them."""
    probability = _probability(rgb, 1.0, engine, how.tile_detector)
    boxes = boxes_in(probability, rgb.shape[1], rgb.shape[0], how.boxes)
    return without_copies(boxes, how.copies), probability


def _probability(rgb: np.ndarray, scale: float, engine: Engine, detector: Detector) -> np.ndarray:
    return engine.detect(_sized(rgb, scale), detector)


def _sized(rgb: np.ndarray, scale: float) -> np.ndarray:
    """A picture (H, W, 3) or (H, W) about so many times as large, its sides multiples of `GRID`."""
    height, width = rgb.shape[:2]
    rows = max(GRID, round(height * scale / GRID) * GRID)
    columns = max(GRID, round(width * scale / GRID) * GRID)
    if (rows, columns) == (height, width):
        return rgb
    shrink = rows * columns < height * width
    return cv2.resize(rgb, (columns, rows), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_CUBIC)


def _stitched(
    rgb: np.ndarray,
    scale: float,
    engine: Engine,
    detector: Detector,
    how: Places,
    light: EvenLight | None = None,
) -> np.ndarray:
    """`_probability` in tiles, so that a large look takes no more memory than a small one."""
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    shrunk = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    if light is not None:
        shrunk = evened(shrunk, light)
    probability = np.zeros(shrunk.shape[:2], np.float32)
    for x, y, columns, rows in tiles_of(shrunk.shape[1], shrunk.shape[0], how):
        tile = _probability(shrunk[y : y + rows, x : x + columns], 1.0, engine, detector)
        part = probability[y : y + rows, x : x + columns]
        np.maximum(part, cv2.resize(tile, (columns, rows)), out=part)
    return probability


def _unresolved(probability: np.ndarray, found: Sequence[Straight], shrunk: float, how: Places) -> np.ndarray:
    """Where the coarse look hints at text that it does not resolve: (H, W) bool.

    A box that is sure and high enough in the coarse picture gains nothing from a closer look.
    """
    least = how.resolved_px * shrunk
    sure = [box for box in found if box.score > how.resolved_score and box.height > least]
    return hints_in(probability, sure, shrunk, how.hint)
