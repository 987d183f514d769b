"""Which candidate lines cover the photo best: the posteriors decide between boxes, rows and wholes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from serialscan.reading.overlap import overlap
from serialscan.reading.recognise import Glance
from serialscan.reading.shapes import Arc, Shape, Stack, Straight, seen_at
from serialscan.recipe import GLANCE, Cover


@dataclass(frozen=True)
class Candidate:
    """A place read in one direction: its first reading, the posteriors (T, C), and what it is worth."""

    shape: Shape
    glance: Glance
    posteriors: np.ndarray
    value: float
    cost: float = 0.0


def value_of(glance: Glance, how: Cover, cost: float = 0.0, even: float | None = None) -> float:
    """What a reading adds to a cover: sureness above even, less the cost of a line and of its place.

    Args:
        glance: the reading.
        how: the recipe's cover.
        cost: of its place.
        even: another sureness that counts as even than that of the recipe's cover.
    """
    even = how.even if even is None else even
    sure = sum(c - even for c, char in zip(glance.confidences, glance.text, strict=True) if char != " ")
    return sure - how.line - cost


def cover(candidates: Sequence[Candidate], how: Cover) -> list[Candidate]:
    """The lines of the photo: no two in one place, of the greatest total value.

    The direction in which most of the photo's text is read counts for lines that read either way.
    """
    useful = [c for c in candidates if c.value > 0]
    useful.sort(key=lambda c: (-c.value, c.glance.text, c.shape.rotation))
    in_place, rivals = _conflicts(useful, how)
    first = _best_cover(useful, rivals, [c.value for c in useful], how.steps)
    values = [c.value + _support(i, useful, first, rivals[i], how) for i, c in enumerate(useful)]
    best = _best_cover(useful, rivals, values, how.steps)
    for i in range(len(useful)):  # what no whole took the place of stays, though a character stands in both
        if values[i] > 0 and i not in best and in_place[i].isdisjoint(best):
            best.append(i)
    chosen = [replace(useful[i], value=values[i]) for i in best]
    return sorted(chosen, key=_reading_order)


def _conflicts(useful: Sequence[Candidate], how: Cover) -> tuple[list[set[int]], list[set[int]]]:
    """For each candidate the others that stand in its place; these and those that read one of its characters.

    Two pieces of a line that both read the character between them would be worth more than the whole.
    """
    cores = [_core(c.shape, how) for c in useful]
    characters = [_characters(c) for c in useful]
    in_place: list[set[int]] = [set() for _ in useful]
    rivals: list[set[int]] = [set() for _ in useful]
    for i, j in itertools.combinations(range(len(useful)), 2):
        shared = overlap(cores[i], cores[j])
        if shared > how.conflict:
            in_place[i].add(j)
            in_place[j].add(i)
        if shared > how.conflict or (
            shared > 0 and _read_twice(characters[i], characters[j], how.same_place)
        ):
            rivals[i].add(j)
            rivals[j].add(i)
    return in_place, rivals


@dataclass(frozen=True)
class _Characters:
    """The characters of a candidate, their middles (N, 2) in photo px, and the height of its line."""

    text: np.ndarray
    at: np.ndarray
    height: float


def _characters(candidate: Candidate) -> _Characters:
    shape, glance = candidate.shape, candidate.glance
    u = seen_at(shape, glance.positions, GLANCE)
    marked = np.array(list(glance.text)) != " "
    at = shape.points(u[marked], np.full(int(marked.sum()), 0.5))
    return _Characters(np.array(list(glance.text))[marked], at, shape.height)


def _read_twice(a: _Characters, b: _Characters, near: float) -> bool:
    """Whether both read the same character in the same place."""
    apart = np.linalg.norm(a.at[:, None] - b.at[None], axis=2)
    same = a.text[:, None] == b.text[None]
    return bool((same & (apart < near * min(a.height, b.height))).any())


def _support(
    one: int, useful: Sequence[Candidate], chosen: Sequence[int], rivals: set[int], how: Cover
) -> float:
    """What reading against the direction of the photo's other text costs a candidate."""
    candidate = useful[one]
    total = how.upright * math.cos(math.radians(candidate.shape.rotation)) * _straightness(candidate.shape)
    for other in chosen:
        if other == one or other in rivals:
            continue
        alike = _read_alike(candidate.shape, useful[other].shape, how.concentric)
        if abs(alike) > how.parallel:
            total += math.copysign(useful[other].value, alike)
    return how.direction * len(candidate.glance.text) * min(0.0, math.tanh(total / 4))


def _read_alike(one: Shape, other: Shape, concentric: float) -> float:
    """1 if two lines are read in the same direction, -1 if in opposite ones.

    On a ring that is the way around it: a part is turned while it is marked. Short arcs give their centre
    roughly.
    """
    if isinstance(one, Arc) and isinstance(other, Arc) and _on_one_ring(one, other, concentric):
        return math.copysign(1.0, one.sweep * other.sweep)
    return math.cos(math.radians(one.rotation - other.rotation)) * _straightness(one) * _straightness(other)


def _straightness(shape: Shape) -> float:
    """How far the middle's direction is that of all: mean cosine between them, 0 for a full circle."""
    if not isinstance(shape, Arc):
        return 1.0
    half = math.radians(max(1.0, abs(shape.sweep))) / 2
    return math.sin(half) / half


def _on_one_ring(a: Arc, b: Arc, concentric: float) -> bool:
    apart, radius = math.hypot(a.cx - b.cx, a.cy - b.cy), (a.radius + b.radius) / 2
    return apart < concentric * radius and max(a.radius, b.radius) < 2 * min(a.radius, b.radius)


def _reading_order(candidate: Candidate) -> tuple[float, float]:
    corner = np.array(candidate.shape.polygon()).mean(axis=0)
    t = math.radians(candidate.shape.rotation)
    x, y = (
        corner[0] * math.cos(t) - corner[1] * math.sin(t),
        corner[0] * math.sin(t) + corner[1] * math.cos(t),
    )
    return round(float(y), 1), round(float(x), 1)


def _core(shape: Shape, how: Cover) -> Shape:
    """The text itself without the margin that boxes have around it."""
    if isinstance(shape, Stack):
        shape = shape.column
    margin = min(shape.width, shape.height)
    height = shape.height - how.across * margin
    if isinstance(shape, Straight):
        return replace(shape, width=shape.width - how.along * margin, height=height)
    kept = 1 - how.along * margin / shape.width
    start = shape.start + shape.sweep * (1 - kept) / 2
    return replace(shape, start=start, sweep=shape.sweep * kept, height=height)


def _best_cover(
    useful: Sequence[Candidate], conflicts: Sequence[set[int]], values: Sequence[float], most: int
) -> list[int]:
    """Indices of the best cover; what has lost its worth is left out."""
    left = {i for i in range(len(useful)) if values[i] > 0}
    chosen: list[int] = []
    while left:
        group = _connected(min(left), conflicts) & left
        left -= group
        chosen += _heaviest(sorted(group, key=lambda i: (-values[i], i)), conflicts, values, most)
    return chosen


def _connected(start: int, conflicts: Sequence[set[int]]) -> set[int]:
    group, todo = {start}, [start]
    while todo:
        for other in conflicts[todo.pop()] - group:
            group.add(other)
            todo.append(other)
    return group


def _heaviest(
    group: list[int], conflicts: Sequence[set[int]], values: Sequence[float], most: int
) -> list[int]:
    """Independent set of the greatest total value: branch and bound, greedy beyond ``most`` steps.

    ``group`` is sorted by falling value, so the first leaf is the greedy answer.
    """
    best: list[int] = []
    best_value = 0.0
    steps = most

    def walk(rest: list[int], taken: list[int], value: float) -> None:
        nonlocal best, best_value, steps
        steps -= 1
        if value > best_value + 1e-12:
            best, best_value = taken, value
        if not rest or steps < 0 or value + sum(values[i] for i in rest) <= best_value:
            return
        head = rest[0]
        walk([i for i in rest[1:] if i not in conflicts[head]], [*taken, head], value + values[head])
        walk(rest[1:], taken, value)

    walk(group, [], 0.0)
    return best
