"""An item, a camera, light and a sensor make a photo: the renderer from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from serialscan.render.camera import Camera, Picture, Sensor, decode, develop, encode
from serialscan.render.canvas import Array, Canvas
from serialscan.render.lights import Lighting, shade
from serialscan.render.marks import DrawnLine, Symbol, Text, draw_symbol, draw_text
from serialscan.render.parts import (
    Code,
    Disc,
    Plate,
    Points,
    cover,
    draw_code,
    draw_disc,
    draw_plate,
    draw_ticks,
)
from serialscan.render.surfaces import MATERIALS, lay_material, noise, wear
from serialscan.render.truth import TrueGlyph, TrueLine, Truth, measure_contrast

MAX_PX_PER_MM = 60.0


@dataclass(frozen=True)
class Item:
    """A marked thing, in millimetres.

    Attributes:
        name: of the layout.
        object: what it is, in words.
        kind: how most marks were made.
        material: name in `MATERIALS`.
        bounds: left, top, right, bottom of its surface.
        outline: corners if it is no rectangle; the photo shows a background beside it.
        parts: plates and details, drawn in this order before the marks.
        texts: lines of text.
        symbols: signs that are no text.
        codes: Data Matrix codes.
        fields: what a registry would want from it.
        radius: of a cylinder along x; 0 if flat.
        used: add wear, scratches and pits.
        ruler: left end of a ruler in mm, None for none.
        edge: width of the rounded rim at the outline.
        backdrop: name in `BACKDROPS`.
    """

    name: str
    object: str
    kind: str
    material: str
    bounds: tuple[float, float, float, float]
    texts: tuple[Text, ...]
    outline: Points = ()
    parts: tuple[Plate | Disc, ...] = ()
    symbols: tuple[Symbol, ...] = ()
    codes: tuple[Code, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    radius: float = 0.0
    used: bool = True
    ruler: tuple[float, float] | None = None
    edge: float = 1.0
    backdrop: str = "cloth"

    @property
    def layout(self) -> str:
        """``circular`` if all text stands on arcs, ``mixed`` if some does, else empty."""
        bent = [bool(text.arc) for text in self.texts]
        return "circular" if bent and all(bent) else "mixed" if any(bent) else ""


@dataclass(frozen=True)
class Photo:
    """A rendered photo: the JPEG file, its pixels (h, w, 3, RGB) and what is true of it."""

    jpeg: bytes
    pixels: Picture
    truth: Truth


BACKDROPS: dict[str, tuple[tuple[float, float, float], float]] = {
    "cloth": ((0.3, 0.3, 0.29), 0.12),
    "table": ((0.3, 0.19, 0.1), 0.15),
    "concrete": ((0.3, 0.29, 0.27), 0.12),
    "paper": ((0.62, 0.6, 0.55), 0.04),
    "dark": ((0.025, 0.025, 0.027), 0.15),
    "blue": ((0.09, 0.15, 0.2), 0.15),
    "sand": ((0.42, 0.33, 0.22), 0.12),
}


def render_photo(item: Item, camera: Camera, lighting: Lighting, sensor: Sensor, seed: int) -> Photo:
    """Photograph an item.

    The same arguments give the same bytes with the same versions of numpy, OpenCV and zxing-cpp.

    Args:
        item: what is photographed.
        camera: from where.
        lighting: in which light.
        sensor: with which camera.
        seed: of everything that chance decides: texture, wear, wandering letters, noise.

    Returns:
        The photo with its truth.
    """
    rng = np.random.default_rng(seed)
    camera = replace(camera, radius=item.radius)
    canvas, lines, codes = carve(item, camera, rng)
    light = shade(canvas, camera, lighting, rng)
    seen, shown, ink = camera.photograph(
        (light, canvas.mask, canvas.ink), (canvas.x0, canvas.y0), canvas.px_per_mm
    )
    if float(shown.min()) < 1.0:
        seen = set_before(seen, shown, item, lighting, rng)
    jpeg, scale = encode(develop(seen, shown, sensor, camera, rng), sensor)
    pixels = decode(jpeg)
    if scale != 1.0:
        ink = cv2.resize(ink, (pixels.shape[1], pixels.shape[0]), interpolation=cv2.INTER_AREA)
    truth = Truth(
        item=item.name,
        object=item.object,
        kind=item.kind,
        lines=tuple(_true_line(line, camera, scale, pixels, ink) for line in lines),
        codes=tuple((code.payload, camera.project(corners) * scale) for code, corners in codes),
        fields=dict(item.fields),
        rotate=round(-camera.roll) % 360,
        layout=item.layout,
        partial=item.ruler is not None,
    )
    return Photo(jpeg, pixels, truth)


def carve(
    item: Item, camera: Camera, rng: np.random.Generator
) -> tuple[Canvas, list[DrawnLine], list[tuple[Code, Array]]]:
    """Make the part of the item's surface that the camera sees, with all its marks."""
    # At 12 megapixels no phone is sharp to the pixel, so the surface need not be either.
    fine = 1.0 if camera.width <= 2400 else 0.8
    px_per_mm = min(fine * camera.width / camera.field, MAX_PX_PER_MM)
    canvas = Canvas.blank(camera.bounds(item.bounds), px_per_mm)
    material = MATERIALS[item.material]
    lay_material(canvas, material, rng)
    if item.outline:
        edge = max(item.edge, 1.0 / px_per_mm)
        depth = cover(canvas, item.outline, item.edge, edge) / np.float32(edge)
        canvas.mask = np.clip(depth * np.float32(max(1.0, edge * px_per_mm)), 0.0, 1.0)
        canvas.height += np.float32(item.edge) * (np.sqrt(1.0 - (1.0 - depth) ** 2) - 1.0)
    for part in item.parts:
        if isinstance(part, Plate):
            draw_plate(canvas, part, rng)
        else:
            draw_disc(canvas, part)
    if item.ruler is not None:
        _lay_ruler(canvas, item.ruler, rng)
    for symbol in item.symbols:
        draw_symbol(canvas, symbol, rng)
    signs = canvas.ink
    canvas.ink = np.zeros_like(signs)
    lines = [draw_text(canvas, text, rng) for text in item.texts]
    codes = [(code, draw_code(canvas, code)) for code in item.codes]
    if item.used:
        wear(canvas, material, rng)
    return canvas, lines, codes


def _lay_ruler(canvas: Canvas, corner: tuple[float, float], rng: np.random.Generator) -> None:
    from serialscan.render.marks import MARKS
    from serialscan.render.parts import box

    x, y = corner
    draw_plate(canvas, Plate(box(x - 4, y, 110, 16), 0.8, "label-white", 0.3, 0.6), rng)
    draw_ticks(canvas, x, y + 0.4, 100)
    for centimetre in range(11):
        text = Text(str(centimetre), x + 10 * centimetre, y + 6.4, 2.6, MARKS["printed"], "label", "centre")
        draw_text(canvas, text, rng)


def set_before(seen: Array, shown: Array, item: Item, lighting: Lighting, rng: np.random.Generator) -> Array:
    """Put the item before its backdrop: what it lies on, out of focus, with its shadow."""
    height, width = shown.shape
    color, texture = BACKDROPS[item.backdrop]
    small = (max(4, height // 3), max(4, width // 3))
    tone = 1.0 + np.float32(texture) * (noise(rng, small, 3.0) + noise(rng, small, width / 12))
    near = cv2.resize(shown, (small[1], small[0]), interpolation=cv2.INTER_AREA)
    azimuth = np.radians(lighting.lights[0].azimuth) if lighting.lights else np.float64(0)
    away = np.array([[1, 0, -np.cos(azimuth) * width / 90], [0, 1, -np.sin(azimuth) * width / 90]])
    shadow = cv2.warpAffine(near, away, (small[1], small[0]), borderMode=cv2.BORDER_REPLICATE)
    shadow = cv2.GaussianBlur(shadow, (0, 0), max(1.0, width / 150))
    power = sum(light.power for light in lighting.lights) * 0.7 + lighting.ambient
    tone *= np.float32(power) * (1.0 - 0.75 * shadow)
    behind = np.clip(tone, 0.02, 3.0)[..., None] * np.array(color, np.float32)
    behind = cv2.resize(behind, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.blendLinear(seen, behind, shown, 1.0 - shown)


def _true_line(line: DrawnLine, camera: Camera, scale: float, pixels: Picture, ink: Array) -> TrueLine:
    outline = line.outline
    if camera.radius and len(outline) == 4:
        outline = _subdivided(outline)
    polygon = camera.project(outline) * scale
    corners = camera.project(np.concatenate([g.corners for g in line.glyphs])) * scale
    glyphs = tuple(TrueGlyph(g.char, corners[4 * k : 4 * k + 4]) for k, g in enumerate(line.glyphs))
    heights = [
        (np.linalg.norm(g.polygon[3] - g.polygon[0]) + np.linalg.norm(g.polygon[2] - g.polygon[1])) / 2
        for g in glyphs
        if g.char not in ".,-_:;'\"·=+*°"
    ]
    height, width = ink.shape
    inside = bool((polygon >= 0).all() and (polygon[:, 0] < width).all() and (polygon[:, 1] < height).all())
    size = float(np.median(heights)) if heights else 0.0
    contrast, clutter = measure_contrast(pixels, ink, polygon, size) if inside else (0.0, 0.0)
    return TrueLine(
        text=line.text.text,
        role=line.text.role,
        kind=line.text.mark.kind,
        polygon=polygon,
        glyphs=glyphs,
        glyph_height_px=size,
        contrast=contrast,
        clutter=clutter,
        whole=inside and bool((camera.facing(line.outline) > 0.2).all()),
    )


def _subdivided(outline: Array) -> Array:
    """Four corners with two more points on the upper and on the lower edge, for bent surfaces."""
    steps = np.linspace(0, 1, 4, dtype=np.float32)[:, None]
    upper = outline[0] + (outline[1] - outline[0]) * steps
    lower = outline[2] + (outline[3] - outline[2]) * steps
    return np.concatenate([upper, lower])
