"""Rows that no detector found: marks stand in blocks, so beside a row that was read there may be another."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from serialscan.reading.cover import EVEN
from serialscan.reading.recognise import Glance
from serialscan.reading.shapes import GLANCE, Shape, Straight, askew, overlap, seen_at

STEPS = (1.0, 1.3, 1.6, 1.9)  # from the middle of a row to that of the next, in heights of its box
LOOSE = 1.2  # height of a place in heights of the row: the next row need not stand where it is looked for
PARALLEL = 10.0  # degrees
TAKEN = 0.35  # a place that shares more of itself with a line that was found is not free
END = 0.6  # from the middle of an end character to the end of its row, in heights


def rows_beside(rows: Sequence[Straight], found: Sequence[Shape], width: int, height: int) -> list[Straight]:
    """Places of a row's size and direction, above and below it, where nothing was found.

    Rows of one block stand evenly: where a row has a neighbour, the next is looked for at the same distance.

    Args:
        rows: the rows that were read.
        found: all lines that were found, these rows among them.
        width: of the photo in px.
        height: likewise.
    """
    places: list[Straight] = []
    for row in rows:
        t = math.radians(row.angle)
        pitch = min((apart for other in rows if (apart := _apart(row, other)) is not None), default=None)
        for side in (-1, 1):
            for step in STEPS if pitch is None else (pitch,):
                away = side * step * row.height
                place = replace(
                    row,
                    cx=row.cx - math.sin(t) * away,
                    cy=row.cy + math.cos(t) * away,
                    height=LOOSE * row.height,
                )
                inside = 0 < place.cx < width and 0 < place.cy < height
                if inside and all(overlap(place, other) <= TAKEN for other in found):
                    places.append(place)
    return places


def _apart(row: Straight, other: Straight) -> float | None:
    """Distance of two neighbouring rows in heights of the first; None if they are none."""
    if askew(row.angle, other.angle) > PARALLEL:
        return None
    middle = np.array([[other.cx, other.cy]])
    apart, along = abs(float(row.across(middle)[0]) - 0.5), float(row.along(middle)[0])
    return apart if STEPS[0] - 0.25 < apart < STEPS[-1] + 0.25 and 0 < along < 1 else None


def words_in(place: Straight, glance: Glance) -> list[Straight]:
    """Where in a place that was read the text stands: each surer word, all as one, and the sure parts."""
    words: list[list[tuple[float, float]]] = [[]]
    places = seen_at(place, glance.positions, GLANCE).tolist()
    for char, sure, at in zip(glance.text, glance.confidences, places, strict=True):
        if char == " ":
            words.append([])
        else:
            words[-1].append((at, sure - EVEN))
    ends = [(word[0][0], word[-1][0]) for word in words if sum(worth for _, worth in word) > 0]
    if len(ends) > 1:
        ends.append((ends[0][0], ends[-1][1]))
    ends += [run for word in words if (run := _surest(word)) and run not in ends]
    slack = END * place.height / place.width
    return [place.piece(start - slack, end + slack) for start, end in ends]


def _surest(word: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """First and last place of the run of sure characters that is worth most; None if no character is sure."""
    runs = [list(run) for sure, run in itertools.groupby(word, key=lambda one: one[1] > 0) if sure]
    best = max(runs, key=lambda run: sum(worth for _, worth in run), default=None)
    return (best[0][0], best[-1][0]) if best else None
