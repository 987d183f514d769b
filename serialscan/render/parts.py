"""What stands on an item beside text: plates, labels, pins, screws, grooves, codes, rulers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from serialscan.render.canvas import Array, Canvas
from serialscan.render.marks import Mark
from serialscan.render.surfaces import MATERIALS, lay_material

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Plate:
    """A raised (or with a negative rise sunk) area: data plate, label, boss, magazine-well panel.

    Attributes:
        points: corners in mm.
        rise: height over what lies below, in mm.
        material: name in `MATERIALS`, None for that of what lies below.
        bevel: width of the edge in mm.
        round: radius of the corners in mm.
    """

    points: Points
    rise: float
    material: str | None = None
    bevel: float = 0.4
    round: float = 0.5


@dataclass(frozen=True)
class Disc:
    """A round detail of ``radius`` mm: pin, rivet (domed), screw (slotted), hole, dimple."""

    x: float
    y: float
    radius: float
    form: Literal["pin", "rivet", "screw", "hole", "dimple"] = "pin"
    angle: float = 30.0


@dataclass(frozen=True)
class Code:
    """A Data Matrix of ``size`` mm with its top left corner at (x, y)."""

    x: float
    y: float
    size: float
    payload: bytes
    mark: Mark


def box(x: float, y: float, width: float, height: float) -> Points:
    """The corners of an upright rectangle."""
    return (x, y), (x + width, y), (x + width, y + height), (x, y + height)


def cover(canvas: Canvas, points: Points, rounding: float, edge: float) -> Array:
    """(h, w) distance in mm inwards from a polygon's edge, 0 outside, at most ``edge``."""
    rows, columns = canvas.shape
    coarse = max(1, int(canvas.px_per_mm / 14))
    scale = canvas.px_per_mm / coarse
    px = (canvas.to_px(points) + 0.5) / coarse - 0.5
    mask = np.zeros((math.ceil(rows / coarse), math.ceil(columns / coarse)), np.uint8)
    cv2.fillPoly(mask, [np.round(px * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    radius = rounding * scale
    if radius > 1.0:
        sharp = cv2.GaussianBlur(mask, (0, 0), radius * 0.5).astype(np.float32) / 255.0
        inside = np.clip((sharp - 0.5) * radius * 1.3 + 0.5, 0.0, 1.0)
    else:
        inside = mask.astype(np.float32) / 255.0
    if edge * scale <= 1.5:
        depth = inside * np.float32(edge)
    else:
        depth = cv2.distanceTransform((inside > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
        depth = np.clip(depth - 0.5 + inside, 0.0, None) / np.float32(scale)
        depth = np.minimum(depth, np.float32(edge)) * (inside > 0)
    if coarse > 1:
        height, width = depth.shape
        depth = cv2.resize(depth, (width * coarse, height * coarse), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(depth[:rows, :columns])


def draw_plate(canvas: Canvas, plate: Plate, rng: np.random.Generator) -> None:
    """Put a plate on the canvas (in place)."""
    # The rounding blurs the outline: without room around it the border would mirror the plate outwards.
    window = canvas.window(canvas.to_px(plate.points), 3.0 + 2.0 * plate.round * canvas.px_per_mm)
    if window is None:
        return
    rows, columns = window
    view = Canvas(
        canvas.x0 + columns.start / canvas.px_per_mm, canvas.y0 + rows.start / canvas.px_per_mm,
        canvas.px_per_mm, canvas.height[window], canvas.color[window], canvas.gloss[window],
        canvas.rough[window], canvas.ink[window], canvas.mask[window],
    )  # fmt: skip
    edge = max(plate.bevel, 1.0 / canvas.px_per_mm)
    depth = cover(view, plate.points, plate.round, edge) / np.float32(edge)
    if plate.material is not None:
        weight = np.clip(depth * 4.0, 0.0, 1.0)
        view.height *= 1.0 - weight
        lay_material(canvas, MATERIALS[plate.material], rng, rows, columns, weight)
    view.height += np.float32(plate.rise) * np.sin(depth * np.float32(math.pi / 2))


def draw_disc(canvas: Canvas, disc: Disc) -> None:
    """Put a round detail on the canvas (in place)."""
    scale = canvas.px_per_mm
    centre = canvas.to_px([(disc.x, disc.y)])
    window = canvas.window(centre, (disc.radius + 0.6) * scale + 2)
    if window is None:
        return
    rows, columns = window
    dx = (np.arange(columns.start, columns.stop, dtype=np.float32) - centre[0, 0])[None, :] / np.float32(
        scale
    )
    dy = (np.arange(rows.start, rows.stop, dtype=np.float32) - centre[0, 1])[:, None] / np.float32(scale)
    radius = np.sqrt(dx * dx + dy * dy)
    soft = max(0.12, 1.2 / scale)
    inside = np.clip((disc.radius - radius) / soft + 0.5, 0.0, 1.0)
    height, color, gloss = canvas.height[window], canvas.color[window], canvas.gloss[window]
    seam = np.exp(-(((radius - disc.radius - 0.08) / max(0.12, 1.0 / scale)) ** 2))
    height -= np.float32(0.12) * seam
    color *= 1.0 - 0.6 * seam[..., None]
    if disc.form in ("pin", "screw"):
        height *= 1.0 - 0.7 * inside
        height += 0.1 * inside - 0.03 * np.clip(radius / disc.radius, 0, 1) ** 2
        color += (0.12 - color) * (0.5 * inside)[..., None]
        gloss += (0.4 - gloss) * (0.7 * inside)
        if disc.form == "screw":
            angle = math.radians(disc.angle)
            across = np.abs(dx * np.float32(math.sin(angle)) - dy * np.float32(math.cos(angle)))
            slot = np.clip((0.16 * disc.radius - across) / soft + 0.5, 0.0, 1.0) * inside
            height -= 0.5 * slot
            color *= 1.0 - 0.8 * slot[..., None]
            gloss *= 1.0 - 0.8 * slot
    elif disc.form == "rivet":
        dome = np.sqrt(np.clip(1.0 - (radius / disc.radius) ** 2, 0.0, 1.0))
        height += np.float32(0.35 * disc.radius) * dome
        gloss += (0.45 - gloss) * (0.6 * inside)
    elif disc.form == "dimple":
        height -= np.float32(0.4 * disc.radius) * np.clip(1.0 - (radius / disc.radius) ** 2, 0.0, 1.0)
    else:
        height *= 1.0 - inside
        height -= np.float32(1.2) * inside
        color *= 1.0 - 0.93 * inside[..., None]
        gloss *= 1.0 - 0.95 * inside


def draw_code(canvas: Canvas, code: Code) -> Array:
    """Put a Data Matrix on the canvas; returns its four corners in mm, clockwise."""
    import zxingcpp

    barcode = zxingcpp.create_barcode(code.payload, zxingcpp.BarcodeFormat.DataMatrix)
    modules = np.array(zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=False))
    dark = (modules < 128).astype(np.float32)
    corners = np.array(box(code.x, code.y, code.size, code.size), np.float32)
    px = canvas.to_px(corners)
    window = canvas.window(px, 2.0)
    if window is None:
        return corners
    rows, columns = window
    size = code.size * canvas.px_per_mm / dark.shape[0]
    # Area-averaged edges: each pixel takes the share of the module that covers it.
    fine = cv2.copyMakeBorder(dark, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0.0)
    fine = cv2.resize(fine, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    fine = cv2.GaussianBlur(fine, (0, 0), max(0.6, 4.0 / size))
    place = np.array(
        [
            [8 / size, 0, 8 + 8 / size * (columns.start - px[0, 0])],
            [0, 8 / size, 8 + 8 / size * (rows.start - px[0, 1])],
        ]
    )
    shape = (columns.stop - columns.start, rows.stop - rows.start)
    ink = cv2.warpAffine(fine, place, shape, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    paint = np.array(code.mark.paint or (0.03, 0.03, 0.03), np.float32)
    amount = ink * np.float32(code.mark.cover)
    canvas.color[window] += (paint - canvas.color[window]) * amount[..., None]
    canvas.gloss[window] *= 1.0 - 0.6 * amount
    canvas.height[window] -= np.float32(code.mark.depth * size / canvas.px_per_mm) * ink
    return corners


def draw_ticks(canvas: Canvas, x: float, y: float, length: int) -> None:
    """Millimetre ticks of a ruler that runs from (x, y) to the right for ``length`` mm."""
    for mm in range(length + 1):
        tall = 5.0 if mm % 10 == 0 else 3.8 if mm % 5 == 0 else 2.6
        points = canvas.to_px([(x + mm - 0.09, y), (x + mm + 0.09, y + tall)])
        window = canvas.window(points, 1.0)
        if window is None:
            continue
        rows, columns = window
        across = np.arange(columns.start, columns.stop, dtype=np.float32) - points.mean(axis=0)[0]
        along = np.arange(rows.start, rows.stop, dtype=np.float32)
        half = 0.09 * canvas.px_per_mm
        line = (
            np.clip(half - np.abs(across) + 0.5, 0, 1)[None, :]
            * (np.clip(along - points[0, 1] + 0.5, 0, 1) * np.clip(points[1, 1] - along + 0.5, 0, 1))[:, None]
        )
        canvas.color[window] *= 1.0 - 0.95 * line[..., None]
