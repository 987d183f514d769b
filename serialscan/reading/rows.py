"""Rows that no detector found: marks stand in blocks, so beside a row that was read there may be another."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from serialscan.reading.overlap import askew, overlap
from serialscan.reading.recognise import Glance
from serialscan.reading.shapes import Shape, Straight, seen_at
from serialscan.recipe import GLANCE, Rows


def rows_beside(
    rows: Sequence[Straight], found: Sequence[Shape], width: int, height: int, how: Rows
) -> list[Straight]:
    """Places of a row's size and direction, above and below it, where nothing was found.

    Rows of one block stand evenly: where a row has a neighbour, the next is looked for at the same distance.

    Args:
        rows: the rows that were read.
        found: all lines that were found, these rows among them.
        width: of the photo in px.
        height: likewise.
        how: the recipe's rows.
    """
    if not how.look:
        return []
    places: list[Straight] = []
    for row in rows:
        t = math.radians(row.angle)
        pitch = min((apart for other in rows if (apart := _apart(row, other, how)) is not None), default=None)
        for side in (-1, 1):
            for step in how.steps if pitch is None else (pitch,):
                away = side * step * row.height
                place = replace(
                    row,
                    cx=row.cx - math.sin(t) * away,
                    cy=row.cy + math.cos(t) * away,
                    height=how.loose * row.height,
                )
                inside = 0 < place.cx < width and 0 < place.cy < height
                if inside and all(overlap(place, other) <= how.taken for other in found):
                    places.append(place)
    return places


def _apart(row: Straight, other: Straight, how: Rows) -> float | None:
    """Distance of two neighbouring rows in heights of the first; None if they are none."""
    if askew(row.angle, other.angle) > how.parallel:
        return None
    middle = np.array([[other.cx, other.cy]])
    apart, along = abs(float(row.across(middle)[0]) - 0.5), float(row.along(middle)[0])
    near, far = how.steps[0] - how.slack, how.steps[-1] + how.slack
    return apart if near < apart < far and 0 < along < 1 else None


def words_in(place: Straight, glance: Glance, how: Rows, even: float) -> list[Straight]:
    """Where in a place that was read the text stands: each surer word, all as one, and the sure parts.

    Args:
        place: where.
        glance: its reading.
        how: the recipe's rows.
        even: a character that is surer speaks for its word.
    """
    words: list[list[tuple[float, float]]] = [[]]
    places = seen_at(place, glance.positions, GLANCE).tolist()
    for char, sure, at in zip(glance.text, glance.confidences, places, strict=True):
        if char == " ":
            words.append([])
        else:
            words[-1].append((at, sure - even))
    ends = [(word[0][0], word[-1][0]) for word in words if sum(worth for _, worth in word) > 0]
    if len(ends) > 1:
        ends.append((ends[0][0], ends[-1][1]))
    ends += [run for word in words if (run := _surest(word)) and run not in ends]
    slack = how.end * place.height / place.width
    return [place.piece(start - slack, end + slack) for start, end in ends]


def _surest(word: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """First and last place of the run of sure characters that is worth most; None if no character is sure."""
    runs = [list(run) for sure, run in itertools.groupby(word, key=lambda one: one[1] > 0) if sure]
    best = max(runs, key=lambda run: sum(worth for _, worth in run), default=None)
    return (best[0][0], best[-1][0]) if best else None
