"""Large parts of whole items, and what they lie on: stocks, receivers, barrels, tarpaulins, tables, cards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from serialscan.render.canvas import Array, Canvas, Rgb, tinted
from serialscan.render.parts import Points, cover
from serialscan.render.surfaces import MATERIALS, Grain, Lay, Material, lay_material, noise

Rng = np.random.Generator

WOOD = Material(
    (0.2, 0.09, 0.04), 0.07, 0.3, (Lay(0.5, 0.05, 2.0, 60.0), Grain(1.5, 0.02)), 0.35, (0.34, 0.2, 0.11),
    edge_wear=0.2, scratches=3.0,
)  # fmt: skip
GLASS = Material((0.012, 0.014, 0.02), 0.5, 0.08, (), 0.05)
CARDBOARD = Material((0.42, 0.3, 0.18), 0.02, 0.7, (Lay(1.6, 0.02, 0.0, 80.0), Grain(0.4, 0.04)), 0.08)
STRIPPED = Material((0.24, 0.24, 0.24), 0.5, 0.3, (Lay(0.1, 0.1, 1.0, 12.0),), 0.1, scratches=2.0)

PAINTS: tuple[tuple[Rgb, ...], ...] = (
    ((0.27, 0.2, 0.12), (0.09, 0.1, 0.05), (0.1, 0.06, 0.035)),
    ((0.3, 0.29, 0.26), (0.09, 0.095, 0.09), (0.03, 0.03, 0.03)),
    ((0.075, 0.085, 0.045), (0.03, 0.03, 0.03), (0.2, 0.16, 0.09)),
)
"""Colours of camouflage paint, linear RGB."""

Ground = Literal[
    "tarpaulin", "truck-bed", "table", "cloth", "camouflage", "felt", "concrete", "shelf", "paper"
]


@dataclass(frozen=True)
class Body:
    """A part that stands out from what lies behind it, and hides it.

    Attributes:
        points: corners in mm.
        material: of its surface.
        rise: of its middle over what lies behind, in mm.
        bevel: width of its rounded edge in mm; half its width makes a tube.
        round: radius of its corners in mm.
        ribs: distance of ribs or cuts across it in mm, 0 for none.
        along: the ribs run along x.
        paint: colours of camouflage over everything, none by default.
        shadow: where its shadow falls, x and y in mm, and how soft it is.
    """

    points: Points
    material: Material
    rise: float = 3.0
    bevel: float = 2.5
    round: float = 1.0
    ribs: float = 0.0
    along: bool = False
    paint: tuple[Rgb, ...] = ()
    shadow: tuple[float, float, float] = (1.5, 2.5, 3.0)


def named(material: str) -> Material:
    """A material of `MATERIALS`."""
    return MATERIALS[material]


def tube(x: float, y: float, length: float, width: float, material: Material, **more: object) -> Body:
    """A round part along x, its left end and upper edge at (x, y)."""
    points = (x, y), (x + length, y), (x + length, y + width), (x, y + width)
    return Body(points, material, rise=0.4 * width, bevel=0.5 * width, round=0.5, **more)  # type: ignore[arg-type]


def draw_body(canvas: Canvas, body: Body, rng: Rng) -> None:
    """Put a body on the canvas (in place)."""
    scale = canvas.px_per_mm
    dx, dy, soft = body.shadow
    reach = (2.5 * soft + max(abs(dx), abs(dy)) + 2.0 * body.round) * scale + 3.0
    window = canvas.window(canvas.to_px(body.points), reach)
    if window is None:
        return
    rows, columns = window
    view = Canvas(
        canvas.x0 + columns.start / scale, canvas.y0 + rows.start / scale, scale, canvas.height[window],
        canvas.color[window], canvas.gloss[window], canvas.rough[window], canvas.ink[window],
        canvas.mask[window],
    )  # fmt: skip
    edge = max(body.bevel, 1.0 / scale)
    depth = cover(view, body.points, body.round, edge) / np.float32(edge)
    weight = np.clip(depth * np.float32(max(1.0, edge * scale)), 0.0, 1.0)
    if soft > 0:
        away = np.array([[1, 0, dx * scale], [0, 1, dy * scale]], np.float32)
        cast = cv2.warpAffine(weight, away, weight.shape[::-1])
        cast = 0.7 * cv2.GaussianBlur(cast, (0, 0), max(0.8, soft * scale)) * (1.0 - weight)
        view.color[...] *= 1.0 - cast[..., None]
        view.gloss[...] *= 1.0 - cast
    view.height[...] *= 1.0 - weight
    lay_material(canvas, body.material, rng, rows, columns, weight)
    if body.paint:
        _camouflage(view, body.paint, weight, rng)
    relief = np.sin(depth * np.float32(math.pi / 2))
    if edge * scale > 4:  # without the creases that run from the corners inwards
        relief = cv2.GaussianBlur(relief, (0, 0), 0.12 * edge * scale)
    view.height[...] += np.float32(body.rise) * relief
    if body.ribs:
        count = weight.shape[0 if body.along else 1]
        step = np.cos(np.arange(count, dtype=np.float32) * np.float32(2 * math.pi / (body.ribs * scale)))
        cut = np.clip(3.0 * step, -1.0, 1.0) * np.float32(0.12 * body.ribs)
        inner = np.clip(2.0 * depth - 0.6, 0.0, 1.0)
        view.height[...] += inner * (cut[:, None] if body.along else cut[None, :])
    view.ink[...] *= 1.0 - weight


def _camouflage(view: Canvas, paints: tuple[Rgb, ...], weight: Array, rng: Rng) -> None:
    """Paint patches over a surface; its relief and its marks stay as flat as a layer of paint leaves them."""
    shape = weight.shape
    view.color[...] = tinted(view.color, paints[0], weight)
    for paint in paints[1:]:
        patch = noise(rng, shape, 30.0 * view.px_per_mm) + 0.5 * noise(rng, shape, 9.0 * view.px_per_mm)
        soft = float(rng.uniform(0.5, 6.0))
        view.color[...] = tinted(view.color, paint, weight * np.clip(soft * (patch - 0.4) + 0.5, 0.0, 1.0))


def lay_ground(canvas: Canvas, ground: Ground, rng: Rng) -> None:
    """Cover all of the canvas with what items lie on in the field, in shops and at home (in place)."""
    color: Rgb = tuple(rng.uniform(0.02, 0.3, 3).tolist())
    scale, shape = canvas.px_per_mm, canvas.shape
    x = np.arange(shape[1], dtype=np.float32)[None, :] / np.float32(scale)
    y = np.arange(shape[0], dtype=np.float32)[:, None] / np.float32(scale)
    if ground == "tarpaulin":
        color = ((0.03, 0.09, 0.05), (0.02, 0.07, 0.22), (0.2, 0.19, 0.17))[int(rng.integers(3))]
        lay_material(canvas, Material(color, 0.08, 0.3, (Grain(1.2, 0.05), Lay(0.9, 0.08, 0.0)), 0.1), rng)
        canvas.height += noise(rng, shape, 45 * scale, smooth=True) * np.float32(1.6)
        canvas.height += (np.cos(x * 2.1) * np.cos(y * 2.1)).astype(np.float32) * np.float32(0.03)
    elif ground == "truck-bed":
        made = named("rusty" if rng.random() < 0.5 else "painted-green")
        lay_material(canvas, made, rng)
        for sign in (1, -1):
            u, v = (x + sign * y) / 18.0, (x - sign * y) / 26.0
            bar = np.exp(-(((u % 1.0 - 0.5) / 0.16) ** 2) - ((v % 1.0 - 0.5) / 0.36) ** 4)
            canvas.height += np.float32(1.1) * bar.astype(np.float32)
    elif ground == "table":
        tone = float(rng.uniform(0.5, 2.0))
        color = (0.25 * tone, 0.14 * tone, 0.07 * tone)
        lay_material(canvas, Material(color, 0.06, 0.3, (Lay(1.2, 0.03, 0.0, 90.0),), 0.4), rng)
        plank = float(rng.uniform(60, 160))
        seam = np.exp(-(((y % plank) - plank / 2) ** 2) / 1.5).astype(np.float32)
        canvas.color *= 1.0 - 0.7 * seam[..., None]
        canvas.color *= (
            1.0 + 0.25 * cv2.blur(noise(rng, shape, 2.5 * scale), (max(3, shape[1] // 6), 1))[..., None]
        )
    elif ground == "cloth" or ground == "camouflage":
        lay_material(canvas, Material(color, 0.02, 0.7, (Grain(0.8, 0.25), Lay(1.0, 0.1, 90.0)), 0.1), rng)
        canvas.height += noise(rng, shape, 60 * scale, smooth=True) * np.float32(2.2)
        if ground == "camouflage":
            paints = PAINTS[int(rng.integers(len(PAINTS)))]
            _camouflage(canvas, paints, np.ones(shape, np.float32), rng)
        elif rng.random() < 0.5:
            period = float(rng.uniform(6, 40))
            stripes = np.cos(x * (2 * math.pi / period)) * (
                np.cos(y * (2 * math.pi / period)) if rng.random() < 0.5 else 1
            )
            canvas.color *= np.clip(1.0 + 0.8 * stripes, 0.2, 2.0).astype(np.float32)[..., None]
    elif ground == "felt":
        lay_material(canvas, Material(color, 0.01, 0.8, (Grain(0.5, 0.35), Grain(2.0, 0.1)), 0.2), rng)
    elif ground == "concrete":
        lay_material(
            canvas, Material((0.3, 0.29, 0.27), 0.03, 0.6, (Grain(0.7, 0.2), Grain(5, 0.05)), 0.4), rng
        )
    elif ground == "shelf":
        tone = float(rng.uniform(0.25, 0.75))
        lay_material(canvas, Material((tone, tone, tone), 0.3, 0.1, (), 0.05), rng)
    else:
        lay_material(canvas, CARDBOARD if rng.random() < 0.4 else MATERIALS["paper"], rng)
