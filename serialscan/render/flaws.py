"""What befell an item's marks: ground away, gouged, painted over, filled with dirt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from serialscan.render.canvas import Array, Canvas, Rgb
from serialscan.render.marks import distance
from serialscan.render.surfaces import Lay, Material, lay_material, noise

HIDING = 0.8
"""From this strength on nothing of a mark is left to see where a flaw lies."""


@dataclass(frozen=True)
class Flaw:
    """Damage along a line on the item.

    Attributes:
        form: ground (polished or filed away), gouge (deep scratch), paint (brushed or sprayed over),
            dirt (fills what lies deep).
        start: one end in mm.
        end: the other end in mm.
        width: of the damage in mm.
        strength: 0 to 1; how much of the relief is gone, or how well the paint covers.
        color: of paint or dirt, or of the bare metal.
    """

    form: Literal["ground", "gouge", "paint", "dirt"]
    start: tuple[float, float]
    end: tuple[float, float]
    width: float
    strength: float = 0.9
    color: Rgb = (0.3, 0.3, 0.29)


def draw_flaw(canvas: Canvas, flaw: Flaw, hidden: Array, rng: np.random.Generator) -> None:
    """Put a flaw on the canvas and mark in ``hidden`` (h, w) what it leaves no trace of (both in place)."""
    scale = canvas.px_per_mm
    line = canvas.to_px([flaw.start, flaw.end])
    half = 0.5 * flaw.width * scale
    window = canvas.window(line, 2.0 * half + 2.0)
    if window is None:
        return
    rows, columns = window
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    origin = np.array([columns.start, rows.start], np.float32)
    away = distance([line - origin], shape, 2.0 * half + 1.0)
    height, color = canvas.height[window], canvas.color[window]
    gloss, rough = canvas.gloss[window], canvas.rough[window]
    tint = np.array(flaw.color, np.float32)
    if flaw.form == "gouge":
        half = max(half, 0.6)
        cut = np.clip(1.0 - away / np.float32(half), 0.0, 1.0)
        rim = np.exp(-(((away / np.float32(half) - 1.25) / 0.25) ** 2))
        height += np.float32(flaw.width * 0.5 * flaw.strength) * (0.35 * rim - cut)
        color += (tint - color) * (0.8 * np.minimum(1.0, 2.0 * cut))[..., None]
        return
    ragged = 0.35 * noise(rng, shape, max(2.0, half)) + 0.12 * noise(rng, shape, max(1.5, 0.2 * half))
    weight = np.clip((1.0 + ragged - away / np.float32(half)) * 3.0, 0.0, 1.0)
    level = cv2.GaussianBlur(height, (0, 0), max(1.0, 1.2 * scale))
    if flaw.form == "dirt":
        deep = np.clip((level - height) * np.float32(25.0), 0.0, 1.0) * weight * np.float32(flaw.strength)
        height += 0.7 * deep * (level - height)
        color += (tint - color) * deep[..., None]
        gloss *= 1.0 - 0.9 * deep
        rough += (0.6 - rough) * deep
        return
    amount = weight * np.float32(flaw.strength)
    if flaw.form == "ground":
        height += amount * (level - np.float32(0.03) - height)
        angle = math.degrees(math.atan2(flaw.end[1] - flaw.start[1], flaw.end[0] - flaw.start[0]))
        bare = Material(flaw.color, 0.5, 0.27, (Lay(0.09, 0.16, angle + float(rng.normal(0, 6)), 5.0),), 0.1)
        lay_material(canvas, bare, rng, rows, columns, weight)
    else:
        amount *= np.clip(1.15 - 0.2 * np.abs(noise(rng, shape, max(2.0, 0.5 * scale))), 0.0, 1.0)
        height += 0.85 * amount * (level - height)
        color += (tint - color) * amount[..., None]
        gloss += (0.05 - gloss) * amount
        rough += (0.4 - rough) * amount
    if flaw.strength >= HIDING:
        part = hidden[window]
        np.maximum(part, weight, out=part)
