"""Boxes of one row joined to one box, and what such a box costs in a cover."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from serialscan.reading.overlap import askew, same_place
from serialscan.reading.shapes import Shape, Straight, upright
from serialscan.recipe import Joins


def joined_rows(boxes: Sequence[Straight], how: Joins) -> list[tuple[Shape, float]]:
    """Neighbours in a row as one place each, with its cost in a cover."""
    return [(row, cost_of(gap, how)) for row, gap in joined(boxes, how)]


def cost_of(gap: float, how: Joins) -> float:
    """Of what is joined over gaps of so many heights in a cover."""
    return how.cost + how.cost_gap * gap


def joined(boxes: Sequence[Straight], how: Joins) -> list[tuple[Straight, float]]:
    """Neighbours in a row as one box each: a detector chops struck digits apart.

    Args:
        boxes: candidates of ``locate``.
        how: the recipe's joins.

    Returns:
        Each joined box with the sum of the gaps that it bridges, in text heights.
    """
    pairs: list[tuple[float, Straight]] = []
    rows = [box for box in boxes if box.width > 0]
    current = [(0.0, box) for box in rows]
    seen: list[Straight] = list(rows)
    for _ in range(how.rounds):
        made: list[tuple[float, Straight]] = []
        for bridged, a in current:
            for b in rows:
                gap = _row_gap(a, b, how)
                if gap is None:
                    continue
                both = _around(a, b, how.taller)
                if any(same_place(both, other, how.known) for other in seen):
                    continue
                seen.append(both)
                made.append((bridged + max(0.0, gap), both))
        current = made
        pairs += made
        if not made or len(pairs) >= how.limit:
            break
    pairs.sort(key=lambda pair: (pair[0], pair[1].cy, pair[1].cx))
    return [(box, gap) for gap, box in pairs[: how.limit]]


def _row_gap(a: Straight, b: Straight, how: Joins) -> float | None:
    """Gap between two boxes along their row in heights, or None if they do not stand in one row."""
    if a == b:
        return None
    lead, other = (a, b) if a.width / a.height >= b.width / b.height else (b, a)
    least, most = how.alike
    if not least < other.height / lead.height < most and not least < other.width / lead.height < most:
        return None
    if other.width > how.directed * other.height and askew(a.angle, b.angle) > how.askew:
        return None
    t = math.radians(lead.angle)
    dx, dy = other.cx - lead.cx, other.cy - lead.cy
    along, across = dx * math.cos(t) + dy * math.sin(t), -dx * math.sin(t) + dy * math.cos(t)
    if abs(across) > how.across * lead.height:
        return None
    gap = (abs(along) - (lead.width + _extent(other, lead.angle)) / 2) / lead.height
    smaller = min(lead.width, _extent(other, lead.angle)) / lead.height
    return gap if -how.gaps[0] * smaller < gap < how.gaps[1] else None


def _extent(box: Straight, angle: float) -> float:
    t = math.radians(box.angle - angle)
    return abs(box.width * math.cos(t)) + abs(box.height * math.sin(t))


def _around(a: Straight, b: Straight, taller: float) -> Straight:
    """The box around two boxes of one row, in the direction between their centres if they are apart."""
    lead = a if a.width / a.height >= b.width / b.height else b
    angle = lead.angle
    if lead.width < 2 * lead.height:
        angle = math.degrees(math.atan2(b.cy - a.cy, b.cx - a.cx))
    t = math.radians(angle)
    turn = np.array([[math.cos(t), math.sin(t)], [-math.sin(t), math.cos(t)]])
    corners = np.concatenate([np.array(a.polygon()), np.array(b.polygon())]) @ turn.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    cx, cy = ((low + high) / 2) @ turn
    # Tilted neighbours make the common box too high: the lead's height is that of the text.
    h = min(high[1] - low[1], taller * max(a.height, b.height))
    return upright(cx, cy, high[0] - low[0], h, angle, min(a.score, b.score))
