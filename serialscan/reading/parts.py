"""Lines cut at their wide gaps."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from serialscan.reading.fuse import Fusion
from serialscan.reading.shapes import Arc, Shape, Stack
from serialscan.reading.sights import Sight, vote, within
from serialscan.recipe import Parts, Recipe


def parted(
    shape: Shape, seen: Sequence[Sight], fusion: Fusion, recipe: Recipe
) -> list[tuple[Shape, Sequence[Sight], Fusion]]:
    """Cut a line at its wide gaps: what stands far apart is more often two marks than one."""
    how, digits = recipe.parts, recipe.places.number_digits
    marked = [(char, slot.position) for slot in fusion.slots if (char := slot.ranked()[0][0]) != " "]
    u = np.array([position for _, position in marked])
    steps = np.diff(u)
    in_heights = shape.width / shape.height
    if len(u) < 2:
        return [(shape, seen, fusion)]
    if len(u) == 2 and (isinstance(shape, Arc) or steps[0] * in_heights < how.gap_heights):
        return [(shape, seen, fusion)]
    if isinstance(shape, Stack):  # its characters stand evenly
        return [(shape, seen, fusion)]
    if isinstance(shape, Arc):  # a ring has no line ends: what parts two marks is little wider than a space
        text = "".join(char for char, _ in marked)
        gaps = steps / np.median(steps)
        wide = np.flatnonzero((gaps > how.ring_gap_pitches) | _between_numbers(text, gaps, how, digits))
        ends = [0, *(wide + 1), len(u)]
        if min(b - a for a, b in itertools.pairwise(ends)) < how.ring_part:
            return [(shape, seen, fusion)]
    else:
        usual = np.median(steps) if len(steps) > 1 else 0.0
        least = max(how.gap_pitches * usual, how.gap_heights / in_heights, _over_commas(marked))
        wide = np.flatnonzero(steps > least)
    if not len(wide):
        return [(shape, seen, fusion)]
    bounds = [-1.0, *(float((u[i] + u[i + 1]) / 2) for i in wide), 2.0]
    half = how.half / in_heights
    starts = [0.0, *(float(u[i + 1]) - half for i in wide)]
    stops = [*(float(u[i]) + half for i in wide), 1.0]
    parts: list[tuple[Shape, Sequence[Sight], Fusion]] = []
    for low, high, start, stop in zip(bounds, bounds[1:], starts, stops, strict=False):
        saw = [within(s, low, high, start, stop) for s in seen if s.low < high and low < s.high]
        parts.append((shape.piece(start, stop), saw, vote(saw, recipe.vote)))
    return parts


def _over_commas(marked: Sequence[tuple[str, float]]) -> float:
    """The widest step over a comma, in ``u``: that far apart the words of one line stand.

    Args:
        marked: the characters of a line with their places.
    """
    triples = zip(marked, marked[1:], marked[2:], strict=False)
    return max((after[1] - before[1] for before, (char, _), after in triples if char == ","), default=0.0)


def _between_numbers(text: str, gaps: np.ndarray, how: Parts, digits: int) -> np.ndarray:
    """Which gaps of a ring, (n - 1,) in usual steps between n characters, part one number from another."""
    ends = [0, *(np.flatnonzero(gaps > how.ring_numbers_gap_pitches) + 1), len(text)]
    number = [
        sum(c.isdigit() for c in text[a:b]) >= digits and not any(c.isalpha() for c in text[a:b])
        for a, b in itertools.pairwise(ends)
    ]
    parts = np.zeros(len(gaps), bool)
    parts[[at - 1 for at, a, b in zip(ends[1:], number, number[1:], strict=False) if a and b]] = True
    return parts
