"""An item, a camera, light and a sensor make a photo: the renderer from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from serialscan.render.camera import Camera, Picture, Sensor, blur_at, decode, develop, encode
from serialscan.render.canvas import Array, Canvas
from serialscan.render.flaws import Flaw, draw_flaw
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
)
from serialscan.render.scene import Ruler, Thing, draw_ruler, lay_before_lens, lay_things
from serialscan.render.surfaces import MATERIALS, lay_material, noise, wear
from serialscan.render.truth import (
    MOST_HIDDEN,
    Trap,
    TrueGlyph,
    TrueLine,
    Truth,
    chance_to_read,
    measure_contrast,
    measure_traces,
)

MAX_PX_PER_MM = 60.0
SHAVED = 0.08
"""So much of the capitals' height may lie beside the photo before a line counts as cut off."""


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
        flaws: damage to the marks.
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
    flaws: tuple[Flaw, ...] = ()

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


@dataclass(frozen=True)
class View:
    """One photo of an item: from where, in which light, with which sensor, and what lies on it.

    ``trap`` says what was done to the serial, None for a usual photo.
    """

    camera: Camera
    lighting: Lighting
    sensor: Sensor
    things: tuple[Thing, ...] = ()
    trap: Trap | None = None


@dataclass
class Carved:
    """An item's surface with its marks.

    Attributes:
        canvas: the surface.
        lines: where the text stands.
        codes: each code with its four corners in mm.
        ink: (h, w) where marks were put, before anything befell them.
        hidden: (h, w) 1 where nothing of a mark is left, None if all are whole.
    """

    canvas: Canvas
    lines: list[DrawnLine]
    codes: list[tuple[Code, Array]]
    ink: Array
    hidden: Array | None

    def copy(self) -> Carved:
        """The same with a canvas of its own."""
        c = self.canvas
        layers = [image.copy() for image in (c.height, c.color, c.gloss, c.rough, c.ink, c.mask)]
        return replace(self, canvas=Canvas(c.x0, c.y0, c.px_per_mm, *layers))


def render_photo(
    item: Item,
    camera: Camera,
    lighting: Lighting,
    sensor: Sensor,
    seed: int,
    things: Sequence[Thing] = (),
) -> Photo:
    """Photograph an item.

    The same arguments give the same bytes with the same versions of numpy, OpenCV and zxing-cpp.

    Args:
        item: what is photographed.
        camera: from where.
        lighting: in which light.
        sensor: with which camera.
        seed: of everything that chance decides: texture, wear, wandering letters, noise.
        things: what lies on it.

    Returns:
        The photo with its truth.
    """
    rng = np.random.default_rng(seed)
    view = View(replace(camera, radius=item.radius), lighting, sensor, tuple(things))
    return take(item, carve(item, [view.camera], rng), view, "", rng)


def render_item(item: Item, views: Sequence[View], seed: int, item_id: str) -> Iterator[Photo]:
    """Photograph one and the same item several times.

    Its surface with every scratch is made once, as finely as the nearest camera needs it; light, noise
    and the things that lie on it differ from photo to photo.

    Args:
        item: what is photographed.
        views: from where, in which light, with what on it.
        seed: of everything that chance decides.
        item_id: what the labels of all these photos share.
    """
    views = [replace(view, camera=replace(view.camera, radius=item.radius)) for view in views]
    carved = carve(item, [view.camera for view in views], np.random.default_rng(seed))
    for number, view in enumerate(views):
        yield take(item, carved.copy(), view, item_id, np.random.default_rng([seed, number]))


def take(item: Item, carved: Carved, view: View, item_id: str, rng: np.random.Generator) -> Photo:
    """Photograph a surface with its marks; what lies on it is laid into it (in place).

    Args:
        item: what its truth says of it.
        carved: the surface.
        view: from where, in which light, with what on it.
        item_id: what the labels of all photos of the item share.
        rng: of noise and of the things on it.
    """
    camera, sensor, canvas = view.camera, view.sensor, carved.canvas
    whole, hidden = carved.ink, carved.hidden
    lines = [(line, whole, hidden) for line in carved.lines]
    if view.things:
        hidden = hidden.copy() if hidden is not None else np.zeros(canvas.shape, np.float32)
        canvas.ink = canvas.ink.copy()
        added = lay_things(canvas, view.things, hidden, rng)
        lines = [(line, whole, hidden) for line in carved.lines]
        lines += [(line, canvas.ink, None) for line in added]
    light = shade(canvas, camera, view.lighting, rng)
    if view.things and hidden is not None:
        lay_before_lens(canvas, light, view.things, hidden)
    layers = [light, canvas.mask, canvas.ink, *([] if hidden is None else [hidden])]
    finer = canvas.px_per_mm * camera.field / camera.width
    if finer > 1.3:
        layers = [cv2.GaussianBlur(layer, (0, 0), 0.4 * finer) for layer in layers]
    seen, shown, ink, *over = camera.photograph(layers, (canvas.x0, canvas.y0), canvas.px_per_mm)
    if float(shown.min()) < 1.0:
        seen = set_before(seen, shown, item, view.lighting, rng)
    jpeg, scale = encode(develop(seen, shown, sensor, camera, rng), sensor)
    pixels = decode(jpeg)
    if scale != 1.0:
        size = (pixels.shape[1], pixels.shape[0])
        ink, *over = (cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in (ink, *over))
    fields = dict(item.fields)
    fields.update(
        {line.text.role: line.text.text for line, _, _ in lines if line.text.role == "evidence_tag"}
    )
    truth = Truth(
        item=item.name,
        object=item.object,
        kind=item.kind,
        lines=tuple(
            _true_line(
                line, camera, scale, pixels, ink,
                [_hidden_part(canvas, g.corners, before, under) for g in line.glyphs],
                over[0] if over and under is not None else None,
                blur_at(camera.project(line.outline), sensor, camera) * scale,
            )
            for line, before, under in lines
        ),
        codes=tuple((code.payload, camera.project(corners) * scale) for code, corners in carved.codes),
        fields=fields,
        rotate=round(camera.roll if camera.mirrored else -camera.roll) % 360,
        layout=item.layout,
        partial=item.ruler is not None or any(isinstance(thing, Ruler) for thing in view.things),
        item_id=item_id,
        exif=sensor.exif,
        trap=view.trap,
    )  # fmt: skip
    return Photo(jpeg, pixels, truth)


def _hidden_part(canvas: Canvas, corners: Array, ink: Array, hidden: Array | None) -> float:
    """How much of the ink (h, w) within four corners in mm is hidden, 0 to 1."""
    if hidden is None:
        return 0.0
    window = canvas.window(canvas.to_px(corners), 1.0)
    if window is None:
        return 0.0
    area = np.zeros((window[0].stop - window[0].start, window[1].stop - window[1].start), np.uint8)
    origin = (window[1].start, window[0].start)
    cv2.fillPoly(area, [np.round(canvas.to_px(corners) - origin).astype(np.int32)], 1)
    marked = ink[window] * area
    return float((marked * hidden[window]).sum() / max(float(marked.sum()), 1e-6))


def carve(item: Item, cameras: Sequence[Camera], rng: np.random.Generator) -> Carved:
    """Make the part of the item's surface that the cameras see, with all its marks."""
    # At 12 megapixels no phone is sharp to the pixel, so the surface need not be either.
    px_per_mm = max(
        (1.0 if c.width <= 2400 else 0.8) * max(1.0, c.squeeze) * c.width / c.field for c in cameras
    )
    px_per_mm = min(px_per_mm, MAX_PX_PER_MM)
    seen = np.array([camera.bounds(item.bounds) for camera in cameras])
    left, top = seen[:, :2].min(axis=0).tolist()
    right, bottom = seen[:, 2:].max(axis=0).tolist()
    canvas = Canvas.blank((left, top, right, bottom), px_per_mm)
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
        draw_ruler(canvas, item.ruler, rng)
    for symbol in item.symbols:
        draw_symbol(canvas, symbol, rng)
    signs = canvas.ink
    canvas.ink = np.zeros_like(signs)
    lines = [draw_text(canvas, text, rng) for text in item.texts]
    codes = [(code, draw_code(canvas, code)) for code in item.codes]
    ink, hidden = canvas.ink, None
    if item.flaws:
        hidden = np.zeros(canvas.shape, np.float32)
        for flaw in item.flaws:
            draw_flaw(canvas, flaw, hidden, rng)
        canvas.ink = ink * (1.0 - hidden)
    if item.used:
        wear(canvas, material, rng)
    return Carved(canvas, lines, codes, ink, hidden)


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


def _true_line(
    line: DrawnLine,
    camera: Camera,
    scale: float,
    pixels: Picture,
    ink: Array,
    gone: Sequence[float],
    hidden: Array | None,
    blur: float,
) -> TrueLine:
    outline = line.outline
    if camera.radius and len(outline) == 4:
        outline = _subdivided(outline)
    polygon = camera.project(outline) * scale
    corners = camera.project(np.concatenate([g.corners for g in line.glyphs])) * scale
    boxes = [corners[4 * k : 4 * k + 4] for k in range(len(line.glyphs))]
    heights = [
        (np.linalg.norm(box[3] - box[0]) + np.linalg.norm(box[2] - box[1])) / 2
        for g, box in zip(line.glyphs, boxes, strict=True)
        if g.char not in ".,-_:;'\"·=+*°"
    ]
    height, width = ink.shape
    size = float(np.median(heights)) if heights else 0.0
    # A crop that shaves the strokes' outer halves takes nothing from the text.
    limit = np.array([width - 1, height - 1], np.float32)
    inside = bool((polygon >= -SHAVED * size).all() and (polygon <= limit + SHAVED * size).all())
    if inside:
        polygon = np.clip(polygon, 0, limit)
    contrast, clutter, contrasts = measure_contrast(pixels, ink, polygon, size, hidden, boxes)
    if not inside:
        # What lies beside the photo is hidden as well; the rest of the line can still be read.
        gone = [max(part, _outside(box, width, height)) for part, box in zip(gone, boxes, strict=True)]
    there = [k for k in range(len(boxes)) if inside or gone[k] <= MOST_HIDDEN]
    traces = [0.0] * len(boxes)
    if there:
        measured = measure_traces(pixels, ink, [boxes[k] for k in there], size, blur)
        for k, trace in zip(there, measured, strict=True):
            traces[k] = trace
    spread = blur / max(size, 1.0)
    return TrueLine(
        text=line.text.text,
        role=line.text.role,
        kind=line.text.mark.kind,
        polygon=polygon,
        glyphs=tuple(
            TrueGlyph(g.char, box, part, chance_to_read(trace, size, own, clutter, spread))
            for g, box, part, trace, own in zip(line.glyphs, boxes, gone, traces, contrasts, strict=True)
        ),
        glyph_height_px=size,
        contrast=contrast,
        clutter=clutter,
        whole=inside and bool((camera.facing(line.outline) > 0.2).all()),
        blur=spread,
    )


def _outside(box: Array, width: int, height: int) -> float:
    """Which part of a character's four corners, 0 to 1, lies beside a photo of that size."""
    frame = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32)
    area = float(cv2.contourArea(box))
    if area < 1e-3 or not np.isfinite(box).all():
        return 1.0
    within, _ = cv2.intersectConvexConvex(box.astype(np.float32), frame)
    return min(1.0, max(0.0, 1.0 - float(within) / area))


def _subdivided(outline: Array) -> Array:
    """Four corners with two more points on the upper and on the lower edge, for bent surfaces."""
    steps = np.linspace(0, 1, 4, dtype=np.float32)[:, None]
    upper = outline[0] + (outline[1] - outline[0]) * steps
    lower = outline[2] + (outline[3] - outline[2]) * steps
    return np.concatenate([upper, lower])
