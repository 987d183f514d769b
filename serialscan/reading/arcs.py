"""Text on a circle: bolt heads, scope rings, barrel ends.

A line that bows gives its circle. A straight box on a text that is found in pieces is a chord: its normal
runs through the centre, and boxes whose normals meet in one point at one distance give the circle, too. The
ring is unwrapped to a strip and searched there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from serialscan.reading.engine import GRID, Engine
from serialscan.reading.joins import joined
from serialscan.reading.locate import look_at
from serialscan.reading.overlap import askew, one_circle, same_arc
from serialscan.reading.shapes import Arc, Straight
from serialscan.recipe import Places, Rings


def locate_arcs(
    rgb: np.ndarray,
    boxes: Sequence[Straight],
    bowed: Sequence[Arc],
    engine: Engine,
    how: Rings,
    places: Places,
) -> list[tuple[Arc, float]]:
    """Lines on circles that bowed lines and boxes hint at, each with the gap it bridges in text heights."""
    found: list[tuple[Arc, float]] = []
    rings: list[Arc] = []
    whole = [replace(arc, start=0.0, sweep=360.0) for arc in bowed if arc.radius < how.closed * arc.height]
    for ring in (*whole, *circles(boxes, how)):
        if not any(one_circle(ring, other) for other in rings):
            rings.append(ring)
    for ring in rings[: how.most]:
        strip = _unwrap(rgb, ring, how)
        boxes_found, probability = look_at(strip, engine, places)
        squeezed = _squeezed(ring, probability, how, places.boxes.text) if how.squeezed else None
        if squeezed is not None:
            ring = squeezed
            strip = _unwrap(rgb, ring, how)
            boxes_found, _ = look_at(strip, engine, places)
        in_strip = [box for box in boxes_found if askew(box.angle, 0) < how.level]
        arcs: list[tuple[Arc, float]] = []
        for box, gap in [*((box, 0.0) for box in in_strip), *joined(in_strip, places.joins)]:
            arc = _to_arc(box, strip, ring, how)
            if arc is not None and not any(same_arc(arc, other) for other, _ in arcs):
                arcs.append((arc, gap))
        found += arcs
    return found


def circles(boxes: Sequence[Straight], how: Rings) -> list[Arc]:
    """Rings of text, each a full turn: the most supported first.

    Every pair of elongated boxes in different directions proposes a centre where their normals meet;
    a proposal stands if both are at one distance from it and all its chords are tangents.
    """
    chords = [box for box in boxes if _is_chord(box, how)]
    proposals: list[tuple[float, Arc, set[int]]] = []
    for a, b in itertools.combinations(chords, 2):
        if askew(a.angle, b.angle) < how.apart or not how.alike[0] < a.height / b.height < how.alike[1]:
            continue
        centre = _normals_meet(a, b)
        radii = [math.hypot(box.cx - centre[0], box.cy - centre[1]) for box in (a, b)]
        radius, height = sum(radii) / 2, (a.height + b.height) / 2
        if abs(radii[0] - radii[1]) > how.one_distance * radius:
            continue
        if not how.smallest * height < radius < how.largest * height:
            continue
        ring = Arc(float(centre[0]), float(centre[1]), radius, height, 0.0, 360.0)
        members = {i for i, box in enumerate(boxes) if _on(ring, box, how)}
        if sum(_is_chord(boxes[i], how) for i in members) >= 2:
            support = sum(boxes[i].score * boxes[i].width / boxes[i].height for i in members)
            proposals.append((support, ring, members))
    proposals.sort(key=lambda p: (-p[0], p[1].cx, p[1].cy))
    kept: list[tuple[Arc, set[int]]] = []
    for _, ring, members in proposals:
        if len(kept) < how.most and all(not members & other for _, other in kept):
            refined = _refined(ring, [boxes[i] for i in sorted(members)], how)
            # Chords that are nearly parallel put the refined centre anywhere.
            if refined.radius < how.largest * refined.height:
                kept.append((refined, members))
    return [ring for ring, _ in kept]


def _is_chord(box: Straight, how: Rings) -> bool:
    """True for a box long enough to have a direction."""
    return box.width > how.chord * box.height


def _normals_meet(a: Straight, b: Straight) -> np.ndarray:
    ta, tb = math.radians(a.angle), math.radians(b.angle)
    matrix = np.array([[math.cos(ta), math.sin(ta)], [math.cos(tb), math.sin(tb)]])
    return np.linalg.solve(matrix, np.array([matrix[0] @ [a.cx, a.cy], matrix[1] @ [b.cx, b.cy]]))


def _on(ring: Arc, box: Straight, how: Rings) -> bool:
    dx, dy = box.cx - ring.cx, box.cy - ring.cy
    if abs(math.hypot(dx, dy) - ring.radius) > how.on * ring.height:
        return False
    if not how.on_alike[0] < box.height / ring.height < how.on_alike[1]:
        return False
    if not _is_chord(box, how):
        return True
    tangent = math.degrees(math.atan2(dy, dx)) + 90
    return askew(box.angle, tangent) < how.tangent and box.width < how.chord_long * ring.radius


def _refined(ring: Arc, members: Sequence[Straight], how: Rings) -> Arc:
    """Least-squares centre over all members' normals, mean radius."""
    rows, sides = [], []
    for box in members:
        if _is_chord(box, how):
            t = math.radians(box.angle)
            rows.append([math.cos(t), math.sin(t)])
            sides.append(box.cx * math.cos(t) + box.cy * math.sin(t))
    centre = np.linalg.lstsq(np.array(rows), np.array(sides), rcond=None)[0]
    # The middle of a chord's box lies inside the arc that its text follows.
    radii = [math.hypot(box.cx - centre[0], box.cy - centre[1]) for box in members]
    heights = sorted(box.height for box in members if _is_chord(box, how))
    return Arc(
        float(centre[0]), float(centre[1]), sum(radii) / len(radii), heights[len(heights) // 2], 0.0, 360.0
    )


def _squeezed(ring: Arc, probability: np.ndarray, how: Rings, text: float) -> Arc | None:
    """The ellipse that the text of a ring follows; None if it is the circle, or too little of it is seen.

    The middle of the text wanders up and down a strip that was unwrapped along the wrong curve. Its
    harmonics (the first for the centre, the second for the squeeze) are fitted by trimmed least squares.

    Args:
        ring: a full turn.
        probability: of text (H, W) in the strip along it.
        how: the recipe's rings.
        text: text probability of a pixel.
    """
    height, width = probability.shape
    seen = np.where(probability > text, probability, 0.0)
    weight = seen.sum(axis=0)
    columns = np.flatnonzero(weight > 0)
    angle = (columns + 0.5) / width * how.turns * math.tau
    if _covered(angle) < how.most_of_ring:
        return None
    rows = (seen[:, columns] * (np.arange(height) + 0.5)[:, None]).sum(axis=0) / weight[columns]
    away = (height / 2 - rows) * how.strip * ring.height / height  # px beyond the ring
    harmonics = _harmonics(angle)
    kept = np.ones(len(angle), bool)
    for _ in range(how.trims):
        fit = np.linalg.lstsq(harmonics[kept], away[kept], rcond=None)[0]
        kept = np.abs(harmonics @ fit - away) < how.stray * ring.height
        if _covered(angle[kept]) < how.most_of_ring:
            return None
    if np.hypot(fit[3], fit[4]) < how.wanders * ring.height:
        return None
    turn = np.linspace(0, math.tau, 72, endpoint=False)
    radius = ring.radius + _harmonics(turn) @ fit
    points = np.stack([ring.cx + radius * np.cos(turn), ring.cy + radius * np.sin(turn)], axis=1)
    return _ellipse(points, ring.height, how.flattest)


def _covered(angle: np.ndarray) -> int:
    """Degrees of a turn on which angles (N,) in radians lie."""
    return len(np.unique(np.degrees(angle).astype(int) % 360))


def _harmonics(angle: np.ndarray) -> np.ndarray:
    """1, cosine and sine of angles (N,) and of their doubles: (N, 5)."""
    return np.stack([np.ones(len(angle)), *(f(n * angle) for n in (1, 2) for f in (np.cos, np.sin))], axis=1)


def _ellipse(points: np.ndarray, height: float, flattest: float) -> Arc | None:
    """The ellipse nearest to points (N, 2) as a full turn with text of that height; None if it is none."""
    (cx, cy), (first, second), lean = cv2.fitEllipseDirect(points.astype(np.float32))
    if not (math.isfinite(first) and math.isfinite(second) and math.isfinite(cx) and math.isfinite(cy)):
        return None
    if first < second:
        first, second, lean = second, first, lean + 90
    flat = second / first if first > 0 else 0.0
    if not flattest < flat < 1:
        return None
    # In the middle between both half axes text is as high as it is seen.
    return Arc(
        float(cx), float(cy), first / 2, height * 2 / (1 + flat), 0.0, 360.0, flat=flat, lean=lean % 180
    )


def _unwrap(rgb: np.ndarray, ring: Arc, how: Rings) -> np.ndarray:
    scale = how.strip_glyph_px / ring.height
    width = round(math.tau * how.turns * ring.radius * scale / GRID) * GRID
    height = max(2 * GRID, round(how.strip * how.strip_glyph_px / GRID) * GRID)
    u = (np.arange(width) + 0.5) / width * how.turns
    v = ((np.arange(height) + 0.5) / height - 0.5) * how.strip + 0.5
    grid_u, grid_v = np.meshgrid(u, v)
    where = (ring.points(grid_u, grid_v) - 0.5).astype(np.float32)
    return cv2.remap(rgb, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _to_arc(box: Straight, strip: np.ndarray, ring: Arc, how: Rings) -> Arc | None:
    height, width = strip.shape[:2]
    degrees = 360 * how.turns
    sweep = box.width / width * degrees
    if sweep > 358:
        return None
    start = (box.cx / width * degrees - sweep / 2) % 360
    per_px = how.strip * ring.height / height
    radius = ring.radius - (box.cy - height / 2) * per_px
    if radius <= 0:
        return None
    return replace(ring, radius=radius, height=box.height * per_px, start=start, sweep=sweep, score=box.score)
