"""Materials: the texture, colour and gloss of metal, polymer and labels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from serialscan.render.canvas import Array, Canvas, Rgb, tinted


@dataclass(frozen=True)
class Grain:
    """Bumps without direction: ``size`` mm across, ``slope`` their typical steepness (rise over run)."""

    size: float
    slope: float


@dataclass(frozen=True)
class Lay:
    """Tool marks in one direction.

    Attributes:
        width: distance of the lines in mm.
        slope: typical steepness across them.
        angle: direction in degrees, 0 along x.
        length: how long a line goes on, in mm; None for ever (turned on a lathe).
        centre: centre of circular tool marks in mm; with it ``angle`` has no meaning.
        feed: how regular the lines are: 0 as random as grinding, 1 the even feed of a lathe.
    """

    width: float
    slope: float
    angle: float = 0.0
    length: float | None = None
    centre: tuple[float, float] | None = None
    feed: float = 0.0


@dataclass(frozen=True)
class Material:
    """What a surface is made of.

    Attributes:
        color: diffuse reflectance, linear RGB.
        gloss: strength of the mirror reflection, 0.04 for plastic, 0.6 and more for bare metal.
        rough: GGX roughness.
        texture: grains and lays that make the relief.
        mottle: unevenness of the colour, 0 to 1.
        bare: what worn edges and scratches show.
        edge_wear: how much of the edges is worn through, 0 to 1.
        scratches: per 1000 mm².
        pits: per 1000 mm².
        waviness: steepness of the slow waves that bend reflections.
        stain: colour of stains or rust, None for none.
    """

    color: Rgb
    gloss: float
    rough: float
    texture: tuple[Grain | Lay, ...] = ()
    mottle: float = 0.1
    bare: Rgb = (0.35, 0.34, 0.33)
    edge_wear: float = 0.0
    scratches: float = 0.0
    pits: float = 0.0
    waviness: float = 0.0
    stain: Rgb | None = None


MATERIALS: dict[str, Material] = {
    "parkerised": Material(
        (0.075, 0.078, 0.074), 0.16, 0.5, (Grain(0.1, 0.3), Grain(0.6, 0.02)), 0.25, edge_wear=0.4,
        scratches=2.0,
    ),
    "anodised": Material(
        (0.05, 0.051, 0.056), 0.14, 0.4, (Grain(0.07, 0.2), Grain(0.9, 0.012)), 0.15,
        (0.42, 0.42, 0.42), edge_wear=0.5, scratches=3.0,
    ),
    "blued": Material(
        (0.025, 0.028, 0.036), 0.3, 0.24, (Lay(0.08, 0.07, 8.0, 6.0), Grain(0.08, 0.05)), 0.3,
        edge_wear=0.5, scratches=5.0, pits=1.0, waviness=0.03,
    ),
    "blued-worn": Material(
        (0.05, 0.05, 0.055), 0.36, 0.32, (Lay(0.12, 0.09, -4.0, 8.0), Grain(0.12, 0.12)), 0.5,
        edge_wear=0.9, scratches=9.0, pits=6.0, waviness=0.05, stain=(0.075, 0.05, 0.035),
    ),
    "brushed": Material(
        (0.2, 0.2, 0.2), 0.55, 0.27, (Lay(0.07, 0.16, 3.0, 7.0), Grain(0.06, 0.04)), 0.1, scratches=4.0,
        waviness=0.1,
    ),
    "milled": Material(
        (0.18, 0.18, 0.18), 0.55, 0.25, (Lay(0.22, 0.12, centre=(-40.0, 140.0)), Lay(0.06, 0.1, 20.0, 5.0)),
        0.1, scratches=2.0, waviness=0.1,
    ),
    "turned": Material(
        (0.16, 0.16, 0.16), 0.5, 0.26, (Lay(0.08, 0.13, 90.0), Grain(0.06, 0.06)), 0.12, scratches=3.0,
        pits=1.0, waviness=0.08,
    ),
    "faced": Material(
        (0.17, 0.17, 0.17), 0.5, 0.26, (Lay(0.08, 0.11, centre=(0.0, 0.0)), Grain(0.07, 0.08)), 0.12,
        scratches=3.0,
    ),
    "sandblasted": Material(
        (0.16, 0.16, 0.158), 0.3, 0.46, (Grain(0.1, 0.36), Grain(0.3, 0.06)), 0.12, scratches=1.0,
    ),
    "cast": Material(
        (0.1, 0.1, 0.1), 0.18, 0.5, (Grain(0.4, 0.14), Grain(0.13, 0.22), Grain(2.0, 0.03)), 0.25,
        edge_wear=0.4, pits=4.0,
    ),
    "forged": Material(
        (0.09, 0.09, 0.095), 0.26, 0.42, (Grain(0.12, 0.2), Grain(0.4, 0.07), Grain(1.5, 0.03)), 0.3,
        edge_wear=0.6, scratches=3.0, pits=4.0, waviness=0.04,
    ),
    "rusty": Material(
        (0.13, 0.11, 0.1), 0.3, 0.46, (Grain(0.1, 0.3), Grain(0.5, 0.1)), 0.5, scratches=4.0, pits=30.0,
        waviness=0.05, stain=(0.12, 0.065, 0.038),
    ),
    "polymer": Material(
        (0.035, 0.035, 0.036), 0.05, 0.38, (Grain(0.32, 0.2), Grain(0.1, 0.08)), 0.12, (0.07, 0.07, 0.07),
        scratches=3.0,
    ),
    "painted-green": Material(
        (0.075, 0.085, 0.045), 0.06, 0.42, (Grain(0.3, 0.09), Grain(0.08, 0.08)), 0.15,
        (0.3, 0.3, 0.29), edge_wear=0.5, scratches=4.0,
    ),
    "painted-tan": Material(
        (0.27, 0.2, 0.12), 0.05, 0.48, (Grain(0.2, 0.14), Grain(0.8, 0.04)), 0.15, (0.1, 0.1, 0.1),
        edge_wear=0.5, scratches=4.0,
    ),
    "label-silver": Material(
        (0.42, 0.42, 0.41), 0.16, 0.33, (Lay(0.06, 0.04, 0.0, 5.0), Grain(2.5, 0.02)), 0.06, scratches=2.0,
    ),
    "label-white": Material(
        (0.68, 0.67, 0.64), 0.05, 0.28, (Grain(1.5, 0.02),), 0.07, (0.4, 0.38, 0.33), scratches=1.5,
    ),
    "label-black": Material(
        (0.03, 0.03, 0.03), 0.06, 0.22, (Grain(0.2, 0.04), Grain(2.0, 0.02)), 0.1, (0.3, 0.3, 0.3),
        scratches=2.0,
    ),
    "plate": Material(
        (0.36, 0.36, 0.35), 0.38, 0.32, (Lay(0.06, 0.1, 0.0, 5.0), Grain(0.5, 0.03)), 0.12, scratches=5.0,
        pits=1.0,
    ),
    "filed": Material(
        (0.2, 0.2, 0.195), 0.5, 0.3,
        (Lay(0.16, 0.13, 12.0, 14.0), Lay(0.07, 0.14, 160.0, 5.0), Grain(0.25, 0.06)), 0.35, scratches=10.0,
        pits=10.0, waviness=0.12, stain=(0.2, 0.16, 0.1),
    ),
    "machined": Material(
        (0.2, 0.2, 0.2), 0.55, 0.24, (Lay(0.09, 0.1, centre=(20.0, -60.0)), Lay(0.05, 0.05, 8.0, 8.0)), 0.1,
        scratches=3.0, waviness=0.12,
    ),
    "scale": Material(
        (0.1, 0.09, 0.082), 0.26, 0.4, (Grain(0.5, 0.12), Grain(0.15, 0.2), Grain(3.0, 0.05)), 0.5,
        pits=12.0, scratches=3.0, waviness=0.06, stain=(0.11, 0.085, 0.06),
    ),
    "paper": Material((0.72, 0.7, 0.62), 0.02, 0.7, (Grain(0.3, 0.06),), 0.05),
    "lathe": Material(
        (0.12, 0.117, 0.114), 0.6, 0.27, (Lay(0.3, 0.2, centre=(15.0, 60.0), feed=0.8), Lay(0.06, 0.12,
        6.0, 9.0)),
        0.12, scratches=2.0, waviness=0.1,
    ),
    "face-milled": Material(
        (0.15, 0.148, 0.145), 0.6, 0.26, (Lay(0.4, 0.22, centre=(-30.0, -70.0), feed=0.7), Lay(0.07,
        0.12, 92.0, 3.0)),
        0.12, scratches=3.0, waviness=0.1,
    ),
    "satin": Material(
        (0.23, 0.215, 0.195), 0.42, 0.36, (Lay(0.1, 0.06, 2.0, 12.0), Grain(0.5, 0.03)), 0.12, scratches=4.0,
        pits=4.0, waviness=0.1,
    ),
    "oiled": Material(
        (0.14, 0.125, 0.105), 0.3, 0.33, (Grain(0.35, 0.08), Grain(0.9, 0.05), Lay(0.09, 0.06, 5.0,
        6.0)), 0.3,
        pits=14.0, scratches=6.0, waviness=0.04, stain=(0.1, 0.085, 0.06),
    ),
    "iron": Material(
        (0.03, 0.03, 0.031), 0.12, 0.4, (Grain(0.45, 0.14), Grain(0.16, 0.14), Grain(2.2, 0.05)), 0.3,
        (0.16, 0.15, 0.14), edge_wear=0.3, pits=8.0,
    ),
    "enamel-green": Material(
        (0.025, 0.085, 0.04), 0.06, 0.16, (Grain(0.7, 0.04), Grain(2.5, 0.04)), 0.1, (0.2, 0.2, 0.19),
        edge_wear=0.15, scratches=2.0, waviness=0.05,
    ),
    "enamel-grey": Material(
        (0.2, 0.2, 0.205), 0.05, 0.18, (Grain(0.6, 0.035), Grain(2.0, 0.04)), 0.08, (0.3, 0.29, 0.28),
        edge_wear=0.1, scratches=2.0, waviness=0.05,
    ),
    "enamel-black": Material(
        (0.015, 0.015, 0.016), 0.06, 0.2, (Grain(0.5, 0.05), Grain(1.8, 0.05)), 0.1, (0.25, 0.25, 0.24),
        edge_wear=0.2, scratches=3.0, waviness=0.05,
    ),
    "rubber": Material(
        (0.03, 0.03, 0.031), 0.04, 0.5, (Grain(0.14, 0.08), Grain(1.5, 0.02), Lay(0.5, 0.03, 90.0,
        20.0)), 0.2,
        (0.06, 0.06, 0.06), stain=(0.1, 0.095, 0.085),
    ),
    "epoxy": Material(
        (0.028, 0.028, 0.03), 0.05, 0.45, (Grain(0.05, 0.3), Grain(0.12, 0.1)), 0.2, scratches=1.0,
    ),
    "label-blue": Material(
        (0.02, 0.09, 0.2), 0.06, 0.2, (Grain(2.0, 0.02),), 0.06, (0.4, 0.42, 0.45), scratches=2.0,
    ),
    "ground": Material(
        (0.22, 0.22, 0.22), 0.55, 0.3, (Lay(0.1, 0.13, 0.0, 25.0), Grain(0.1, 0.04)), 0.08,
        scratches=2.0, waviness=0.1,
    ),
    "label-yellow": Material(
        (0.62, 0.45, 0.05), 0.06, 0.24, (Grain(1.5, 0.025),), 0.07, (0.3, 0.28, 0.25), scratches=1.5,
    ),
}  # fmt: skip

HELD_BACK_MATERIALS = frozenset({"forged", "painted-tan", "ground", "label-yellow"})
"""Surfaces for measuring only: what learns from rendered photos must never see them."""


def noise(rng: np.random.Generator, shape: tuple[int, int], size: float, smooth: bool = False) -> Array:
    """Noise, mean 0 and standard deviation about 1, with features ``size`` pixels across.

    ``smooth`` also keeps its slope without creases, which a relief needs and a colour does not.
    """
    rows, columns = shape
    coarse = max(1.0, size / 2.2)
    small = (max(3, math.ceil(rows / coarse) + 2), max(3, math.ceil(columns / coarse) + 2))
    field: Array = rng.standard_normal(small, dtype=np.float32)
    sigma = 0.4 * size / coarse
    if sigma > 0.35:
        # Dividing by the analytic spread keeps the strength the same for every seed and size.
        field = cv2.GaussianBlur(field, (0, 0), sigma) * np.float32(
            max(1.0, 2.0 * math.sqrt(math.pi) * sigma)
        )
    if small[0] - 2 != rows or small[1] - 2 != columns:
        field = cv2.resize(
            field,
            (math.ceil((small[1]) * coarse), math.ceil((small[0]) * coarse)),
            interpolation=cv2.INTER_CUBIC if smooth else cv2.INTER_LINEAR,
        )
    return field[:rows, :columns]


def _lines(rng: np.random.Generator, count: int, size: float, feed: float) -> Array:
    """One-dimensional noise of ``count`` samples with features ``size`` samples wide, regular by ``feed``."""
    line: Array = rng.standard_normal(count + 2, dtype=np.float32)[:, None]
    line = cv2.GaussianBlur(line, (1, 0), sigmaX=0.01, sigmaY=max(0.35, 0.4 * size))
    line = (line / max(float(line.std()), 1e-6))[:count, 0]
    if feed and size >= 2.0:
        # A tool with a round tip leaves cusps at the distance of its feed.
        phase = np.arange(count, dtype=np.float32) * np.float32(math.pi / (1.6 * size)) + rng.uniform(
            0, math.pi
        )
        line = (1.0 - feed) * line - feed * 3.2 * (np.abs(np.sin(phase)) - 0.64)
    return line.astype(np.float32)


def _lay(rng: np.random.Generator, canvas: Canvas, lay: Lay, rows: slice, columns: slice) -> Array:
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    scale = canvas.px_per_mm
    size = max(lay.width * scale, 1.0)
    if lay.centre is not None:
        x = (
            canvas.x0
            + (np.arange(columns.start, columns.stop, dtype=np.float32) + 0.5) / scale
            - lay.centre[0]
        )
        y = canvas.y0 + (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) / scale - lay.centre[1]
        radius = np.sqrt(x[None, :] ** 2 + y[:, None] ** 2) * scale
        table = _lines(rng, int(radius.max()) + 3, size, lay.feed)
        return np.interp(radius.ravel(), np.arange(len(table)), table).astype(np.float32).reshape(shape)
    turn = lay.angle % 180.0
    diagonal = turn not in (0.0, 90.0)
    if diagonal:
        reach = math.ceil(abs(math.sin(math.radians(turn))) * max(shape)) + 4
        work = (
            (shape[0] + reach * 2, shape[1] + reach * 2)
            if 20 < turn < 160
            else (shape[0] + reach * 2, shape[1] + 8)
        )
    else:
        work = shape if turn == 0.0 else (shape[1], shape[0])
    if lay.length is None:
        field = np.repeat(_lines(rng, work[0], size, lay.feed)[:, None], work[1], axis=1)
    else:
        length = max(3, int(lay.length * scale))
        # Along the lines the noise is drawn coarsely and stretched: much cheaper than a long blur.
        coarse = (work[0], max(3, work[1] * 4 // length + 3))
        field = rng.standard_normal(coarse, dtype=np.float32)
        field = cv2.resize(field, (work[1], work[0]), interpolation=cv2.INTER_LINEAR)
        if size > 1.2:
            sigma = 0.4 * size
            field = cv2.GaussianBlur(field, (1, 0), sigmaX=0.01, sigmaY=sigma) * np.float32(
                max(1.0, math.sqrt(2.0 * math.sqrt(math.pi) * sigma))
            )
    if diagonal:
        matrix = cv2.getRotationMatrix2D((work[1] / 2, work[0] / 2), -turn if turn <= 90 else 180 - turn, 1.0)
        matrix[:, 2] += (shape[1] / 2 - work[1] / 2, shape[0] / 2 - work[0] / 2)
        return cv2.warpAffine(field, matrix, (shape[1], shape[0]), borderMode=cv2.BORDER_REFLECT)
    return field if turn == 0.0 else np.ascontiguousarray(field.T)


def lay_material(
    canvas: Canvas,
    material: Material,
    rng: np.random.Generator,
    rows: slice | None = None,
    columns: slice | None = None,
    weight: Array | None = None,
) -> None:
    """Cover a window of the canvas with a material (relief, colour, gloss, roughness).

    Args:
        canvas: changed in place.
        material: what to cover it with.
        rng: source of the texture.
        rows: rows of the window, all if None.
        columns: columns of the window, all if None.
        weight: (h, w) of the window, 1 where the material is; None for everywhere.
    """
    rows = rows or slice(0, canvas.shape[0])
    columns = columns or slice(0, canvas.shape[1])
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    scale = canvas.px_per_mm
    relief = np.zeros(shape, np.float32)
    for part in material.texture:
        size = part.size if isinstance(part, Grain) else part.width
        # Texture finer than a pixel averages out; what is left of it acts through the roughness.
        fade = min(1.0, size * scale / 1.5)
        amplitude = np.float32(part.slope * max(size, 1.0 / scale) * 0.35 * fade)
        field = (
            noise(rng, shape, size * scale, smooth=True)
            if isinstance(part, Grain)
            else _lay(rng, canvas, part, rows, columns)
        )
        field *= amplitude
        relief += field
    if material.waviness:
        relief += noise(rng, shape, 14.0 * scale, smooth=True) * np.float32(material.waviness * 14.0 * 0.35)
    tone = noise(rng, shape, max(0.25 * scale, 1.0))
    tone *= np.float32(0.3 * material.mottle)
    tone += 1.0 + np.float32(0.35 * material.mottle) * noise(rng, shape, max(11.0 * scale, 4.0))
    np.clip(tone, 0.2, 2.5, out=tone)
    color: Array = cv2.merge([tone * np.float32(channel) for channel in material.color])
    gloss: Array | np.float32 = np.float32(material.gloss)
    rough = noise(rng, shape, max(3.0 * scale, 3.0)) * np.float32(0.5 * material.mottle)
    rough += 1.0
    np.clip(rough, 0.5, 1.6, out=rough)
    rough *= np.float32(material.rough)
    if material.stain is not None:
        patch = (
            noise(rng, shape, 9.0 * scale)
            + noise(rng, shape, 1.0 * scale)
            + 0.5 * noise(rng, shape, 0.25 * scale)
        )
        stained = np.clip(0.5 * patch - 0.3, 0.0, 0.85)
        color = tinted(color, material.stain, 0.75 * stained)
        gloss = gloss * (1.0 - 0.75 * stained)
        rough += 0.25 * stained
    if weight is None:
        canvas.height[rows, columns] += relief
        canvas.color[rows, columns] = color
        canvas.gloss[rows, columns] = gloss
        canvas.rough[rows, columns] = rough
        return
    canvas.height[rows, columns] += relief * weight
    canvas.color[rows, columns] = cv2.blendLinear(color, canvas.color[rows, columns], weight, 1.0 - weight)
    canvas.gloss[rows, columns] += (gloss - canvas.gloss[rows, columns]) * weight
    canvas.rough[rows, columns] += (rough - canvas.rough[rows, columns]) * weight


def wear(canvas: Canvas, material: Material, rng: np.random.Generator) -> None:
    """What use adds after the marks were made: worn edges, scratches, pits (in place)."""
    scale = canvas.px_per_mm
    rows, columns = canvas.shape
    area = rows * columns / scale**2 / 1000.0
    bare = np.array(material.bare, np.float32)
    if material.pits:
        for _ in range(min(rng.poisson(material.pits * area), 400)):
            x, y = rng.uniform(0, columns), rng.uniform(0, rows)
            radius = max(0.7, float(rng.lognormal(math.log(0.13), 0.5)) * scale)
            _dent(canvas, x, y, radius, float(rng.uniform(0.3, 0.8)) * radius / scale)
    if material.scratches:
        lines: Array = np.zeros((rows, columns), np.float32)
        for _ in range(min(rng.poisson(material.scratches * area), 300)):
            start = rng.uniform((0, 0), (columns, rows))
            angle, length = rng.uniform(0, 2 * math.pi), float(rng.lognormal(math.log(6.0), 0.7)) * scale
            bend = rng.normal(0, 0.06)
            points = [
                start + length * t * np.array([math.cos(angle + bend * t), math.sin(angle + bend * t)])
                for t in (0.0, 0.35, 0.7, 1.0)
            ]
            cv2.polylines(
                lines, [np.round(np.array(points) * 16).astype(np.int32)], False,
                float(rng.uniform(0.3, 1.0)), max(1, round(0.06 * scale)), cv2.LINE_8, 4,
            )  # fmt: skip
        lines = cv2.GaussianBlur(lines, (0, 0), 0.5)
        hit = np.nonzero(lines > 0.01)
        cut = lines[hit]
        canvas.height[hit] -= cut * np.float32(0.3 * max(0.06, 1.0 / scale))
        canvas.color[hit] += (bare * 0.7 - canvas.color[hit]) * (cut * 0.45)[..., None]
    if material.edge_wear:
        radius = max(3, int(0.5 * scale) | 1)
        raised = cv2.blur(canvas.height, (3, 3)) - cv2.blur(canvas.height, (radius, radius))
        patch = (
            noise(rng, (rows, columns), max(2.0, 0.4 * scale)) * 0.6
            + noise(rng, (rows, columns), 8 * scale) * 0.4
        )
        worn = np.clip((raised / np.float32(0.045) - 0.9 + 0.3 * patch) * 1.2, 0.0, 1.0)
        hit = np.nonzero(worn > 0.01)
        force = worn[hit] * np.float32(material.edge_wear)
        canvas.color[hit] += (bare - canvas.color[hit]) * force[..., None]
        canvas.gloss[hit] += (0.5 - canvas.gloss[hit]) * force
        canvas.rough[hit] += (0.3 - canvas.rough[hit]) * force


def _dent(canvas: Canvas, x: float, y: float, radius: float, depth: float) -> None:
    window = canvas.window(np.array([[x, y]], np.float32), radius * 1.3)
    if window is None:
        return
    rows, columns = window
    dx = np.arange(columns.start, columns.stop, dtype=np.float32) - np.float32(x)
    dy = np.arange(rows.start, rows.stop, dtype=np.float32) - np.float32(y)
    square = (dx[None, :] ** 2 + dy[:, None] ** 2) / np.float32(radius**2)
    hole = np.clip(1.0 - square, 0.0, 1.0)
    canvas.height[window] -= np.float32(depth) * hole
    canvas.color[window] *= 1.0 - 0.4 * hole[..., None]
