"""Rows that no detector found: marks stand in blocks, so beside a row that was read there may be another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from serialscan.reading.cover import EVEN
from serialscan.reading.recognise import Glance
from serialscan.reading.shapes import GLANCE, Shape, Straight, overlap

STEPS = (0.95, 1.2, 1.5)  # from the middle of a row to that of the next, in heights of its box
TAKEN = 0.35  # a place that shares more of itself with a line that was found is not free
END = 0.6  # from the middle of an end character to the end of its row, in heights


def rows_beside(rows: Sequence[Straight], found: Sequence[Shape], width: int, height: int) -> list[Straight]:
    """Places of a row's size and direction, above and below it, where nothing was found.

    Args:
        rows: the rows that were read.
        found: all lines that were found, these rows among them.
        width: of the photo in px.
        height: likewise.
    """
    places: list[Straight] = []
    for row in rows:
        t = math.radians(row.angle)
        for side in (-1, 1):
            for step in STEPS:
                away = side * step * row.height
                place = replace(row, cx=row.cx - math.sin(t) * away, cy=row.cy + math.cos(t) * away)
                inside = 0 < place.cx < width and 0 < place.cy < height
                if inside and all(overlap(place, other) <= TAKEN for other in found):
                    places.append(place)
    return places


def words_in(place: Straight, glance: Glance) -> list[Straight]:
    """Where in a place that was read as a whole the text stands: each surer word, and all of them as one."""
    margin = GLANCE.along * place.height / place.width
    words: list[list[tuple[float, float]]] = [[]]
    for char, sure, position in zip(glance.text, glance.confidences, glance.positions, strict=True):
        if char == " ":
            words.append([])
        else:
            words[-1].append((position * (1 + 2 * margin) - margin, sure - EVEN))
    ends = [(word[0][0], word[-1][0]) for word in words if sum(worth for _, worth in word) > 0]
    if len(ends) > 1:
        ends.append((ends[0][0], ends[-1][1]))
    slack = END * place.height / place.width
    return [place.piece(first - slack, last + slack) for first, last in ends]
