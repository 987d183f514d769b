"""What lies over a row of characters: tape, tags, fingers, dirt, straps, a shadow, glare.

Each is a rounded box on the item, at any angle, with an edge of its own. What lies on the item is drawn
into its surface and lit with it; shadows, glare and what is nearer to the lens than the metal change the
light that comes from there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from serialscan.render.canvas import Array, Canvas, Rgb
from serialscan.render.marks import DrawnLine, Text, draw_text
from serialscan.render.surfaces import noise

Look = Literal[
    "tag", "sticker", "black-tape", "masking-tape", "duct-tape", "clear-tape", "finger", "glove", "strap",
    "cable-tie", "grease", "mud", "shadow", "glare",
]  # fmt: skip


@dataclass(frozen=True)
class Over:
    """Something over the item.

    Attributes:
        look: what it is.
        x: its middle in mm.
        y: its middle in mm.
        length: along its own axis, in mm.
        width: across it, in mm.
        angle: of its axis in degrees, clockwise from x.
        round: radius of its corners in mm.
        ragged: how far its outline wanders, in mm.
        soft: width of its edge in mm.
        strength: how well it covers, 0 to 1.
        color: linear RGB.
        near: it is out of focus, nearer to the lens than the item.
        shadow: where its shadow falls, x and y in mm; (0, 0) for none.
        seed: of its texture.
        texts: what stands on it.
    """

    look: Look
    x: float
    y: float
    length: float
    width: float
    angle: float = 0.0
    round: float = 0.3
    ragged: float = 0.0
    soft: float = 0.05
    strength: float = 1.0
    color: Rgb = (0.1, 0.1, 0.1)
    near: bool = False
    shadow: tuple[float, float] = (0.0, 0.0)
    seed: int = 0
    texts: tuple[Text, ...] = ()

    @property
    def before_lens(self) -> bool:
        """Whether it changes the light that comes from the item instead of its surface."""
        return self.near or self.look in ("shadow", "glare")

    @property
    def corners(self) -> Array:
        """Its four corners (4, 2) in mm."""
        angle = math.radians(self.angle)
        along = 0.5 * self.length * np.array([math.cos(angle), math.sin(angle)])
        across = 0.5 * self.width * np.array([-math.sin(angle), math.cos(angle)])
        middle = np.array([self.x, self.y])
        return np.array([middle + a * along + b * across for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))])


GLARE = 60.0
"""Light in the middle of a reflection of a lamp, as a factor on the item's usual light."""
_TAPES = ("black-tape", "masking-tape", "duct-tape", "clear-tape")
_AROUND = (*_TAPES, "strap", "cable-tie")
"""These go around the item and do not reach beyond its edge."""


@dataclass(frozen=True)
class _Area:
    """The part of a canvas that a thing reaches.

    Attributes:
        window: its rows and columns.
        along: (h, w) place along the thing's axis from its middle, in mm.
        across: (h, w) place across it, in mm.
        depth: (h, w) distance inwards from its outline in mm, negative outside.
        weight: (h, w) how well it covers, 0 to 1.
    """

    window: tuple[slice, slice]
    along: Array
    across: Array
    depth: Array
    weight: Array


def _area(canvas: Canvas, over: Over, rng: np.random.Generator) -> _Area | None:
    scale = canvas.px_per_mm
    margin = 3.0 * over.soft + 2.0 * over.ragged + 2.0 + max(map(abs, over.shadow))
    if over.look == "glare":
        margin += max(over.length, over.width)  # until nothing of it is left
    window = canvas.window(canvas.to_px(over.corners), margin * scale)
    if window is None:
        return None
    rows, columns = window
    x = (np.arange(columns.start, columns.stop, dtype=np.float32) + 0.5) / np.float32(scale)
    y = (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) / np.float32(scale)
    x, y = (x + np.float32(canvas.x0 - over.x))[None, :], (y + np.float32(canvas.y0 - over.y))[:, None]
    turn = math.radians(over.angle)
    cos, sin = np.float32(math.cos(turn)), np.float32(math.sin(turn))
    along, across = x * cos + y * sin, y * cos - x * sin
    corner = min(over.round, 0.5 * over.length, 0.5 * over.width)
    wander: Array = np.zeros_like(along)
    if over.ragged:
        wide = noise(rng, along.shape, max(2.0, 2.0 * over.ragged * scale), smooth=True)
        fine = noise(rng, along.shape, max(1.5, 0.5 * over.ragged * scale))
        wander = np.float32(over.ragged) * (0.45 * wide + 0.2 * fine)
    torn = over.look in _TAPES  # tape is torn off at its ends and straight at its sides
    u = np.abs(along) - np.float32(0.5 * over.length - corner) - (wander if torn else 0.0)
    v = np.abs(across) - np.float32(0.5 * over.width - corner)
    beyond = np.sqrt(np.maximum(u, 0.0) ** 2 + np.maximum(v, 0.0) ** 2)
    depth = np.float32(corner) - beyond - np.minimum(np.maximum(u, v), 0.0)
    if not torn:
        depth = depth + wander
    soft = max(over.soft, 1.2 / scale)
    edge = np.clip(depth / np.float32(soft) + 0.5, 0.0, 1.0)
    weight = edge * edge * (3.0 - 2.0 * edge) * np.float32(over.strength)
    if over.look in _AROUND:
        weight = weight * canvas.mask[window]
    return _Area(window, along, across, depth, weight)


def _shadow(area: _Area, over: Over, scale: float) -> Array:
    """(h, w) how much of the light a thing keeps from the surface beside it, 0 to 1."""
    dx, dy = over.shadow
    away = np.array([[1, 0, dx * scale], [0, 1, dy * scale]], np.float32)
    height, width = area.weight.shape
    cast = cv2.warpAffine(area.weight, away, (width, height), borderMode=cv2.BORDER_REPLICATE)
    cast = cv2.GaussianBlur(cast, (0, 0), max(0.8, 0.5 * scale * math.hypot(dx, dy)))
    return 0.75 * cast * (1.0 - area.weight)


def _nail(area: _Area, over: Over) -> Array:
    """(h, w) where the nail of a finger is, 0 to 1; its tip is at the start of its axis."""
    from_tip = (area.along + np.float32(0.5 * over.length)) / np.float32(over.width)
    x, y = (from_tip - 0.5) / np.float32(0.42), area.across / np.float32(0.34 * over.width)
    return np.clip((1.0 - (np.abs(x) ** 3 + np.abs(y) ** 3)) * 6.0, 0.0, 1.0)


def lay_over(canvas: Canvas, over: Over, hidden: Array) -> tuple[DrawnLine, ...]:
    """Draw a thing that lies on the item and mark in ``hidden`` (h, w) what it covers (both in place).

    Returns:
        The lines of text on it.
    """
    rng = np.random.default_rng(over.seed)
    area = _area(canvas, over, rng)
    if area is None:
        return ()
    scale, window, weight = canvas.px_per_mm, area.window, area.weight
    shape = weight.shape
    height, color = canvas.height[window], canvas.color[window]
    gloss, rough = canvas.gloss[window], canvas.rough[window]
    if over.shadow != (0.0, 0.0):
        dark = _shadow(area, over, scale)
        color *= 1.0 - dark[..., None]
        gloss *= 1.0 - dark
    under = cv2.GaussianBlur(height, (0, 0), max(1.0, 0.6 * scale))
    tone = 1.0 + 0.06 * noise(rng, shape, 6.0 * scale)
    relief = under
    shine: Array | float = 0.04
    blur: Array | float = 0.55
    inner = np.clip(area.depth, 0.0, None)
    rim = np.clip(area.depth / np.float32(0.25), 0.0, 1.0)
    creases = noise(rng, shape, max(2.0, 2.2 * scale), smooth=True)
    ripple = np.float32(2 * math.pi)
    if over.look in ("tag", "sticker"):
        relief = under + 0.2 * rim + 0.02 * creases
        tone += 0.03 * noise(rng, shape, max(1.5, 0.15 * scale)) + 0.05 * creases
    elif over.look == "black-tape":
        relief, shine, blur = under + 0.12 * rim + 0.03 * creases, 0.08, 0.33
    elif over.look == "masking-tape":
        crepe = np.cos(area.along * ripple / 0.55 + 1.5 * noise(rng, shape, max(2.0, 1.5 * scale)))
        relief = under + 0.1 * rim + 0.035 * crepe + 0.03 * creases
        tone += 0.12 * crepe + 0.05 * noise(rng, shape, max(1.5, 0.3 * scale))
    elif over.look == "duct-tape":
        weave = np.cos(area.along * ripple / 0.8) + np.cos(area.across * ripple / 0.8)
        relief, shine, blur = under + 0.15 * rim + 0.012 * weave + 0.04 * creases, 0.16, 0.35
        tone += 0.05 * weave
    elif over.look == "clear-tape":
        relief, shine, blur = under + 0.05 * rim + 0.02 * creases, 0.12, 0.22
        tone += 0.1 * np.clip(creases, 0.0, 1.0)
    elif over.look in ("finger", "glove"):
        half = np.float32(0.5 * over.width)
        bulge = np.clip(inner / half, 0.0, 1.0)
        relief = float(np.median(height)) + 0.9 * half * np.sqrt(np.clip(1.0 - (1.0 - bulge) ** 2, 0.0, 1.0))
        if over.look == "finger":
            lines = np.cos(area.along * ripple / 0.45 + 2.0 * creases) + 0.6 * noise(rng, shape, 0.4 * scale)
            relief = relief + 0.012 * lines
            tone += 0.04 * lines + 0.1 * noise(rng, shape, max(2.0, 2.0 * scale))
            tone *= 0.75 + 0.25 * bulge
            nail = _nail(area, over) if over.seed % 2 else None
            if nail is not None:
                relief = relief + 0.25 * nail
                tone = (1.0 + 0.25 * nail) * tone + 0.15 * nail
                shine = 0.04 + 0.1 * nail
                blur = 0.55 - 0.25 * nail
        else:
            folds = np.cos(area.along * ripple / 2.6 + 2.5 * creases) * np.clip(creases, 0.0, 1.0)
            relief, shine, blur = relief + 0.12 * folds + 0.05 * creases, 0.1, 0.3
    elif over.look == "strap":
        weave = np.cos(area.across * ripple / 0.9) * np.cos(area.along * ripple / 1.4)
        relief = float(np.median(height)) + 1.5 * np.minimum(inner / 1.2, 1.0) ** 0.5 + 0.08 * weave
        tone += 0.18 * weave
    elif over.look == "cable-tie":
        teeth = np.clip(np.cos(area.along * ripple / 1.1), -0.5, 0.5)
        middle = np.abs(area.across) < 0.3 * over.width
        relief = float(np.median(height)) + 1.1 * np.minimum(inner / 0.5, 1.0) ** 0.5 + 0.12 * teeth * middle
        shine, blur = 0.12, 0.28
    elif over.look == "grease":
        lumps = np.clip(inner, 0.0, 1.5) * (0.35 + 0.25 * creases)
        relief, shine, blur = under + lumps, 0.3, 0.16
        tone += 0.5 * np.clip(noise(rng, shape, max(2.0, 1.2 * scale)), -1.0, 1.0)
    else:  # mud
        grit = noise(rng, shape, max(1.5, 0.3 * scale))
        relief = under + np.clip(inner, 0.0, 1.0) * (0.3 + 0.2 * creases) + 0.05 * grit
        tone += 0.16 * grit + 0.18 * creases
    paint = np.clip(tone, 0.25, 2.2)[..., None] * np.array(over.color, np.float32)
    height += weight * (relief - height)
    gloss += (shine - gloss) * weight
    rough += (blur - rough) * weight
    if over.look == "clear-tape":  # the surface shows through as through fog, without its relief
        haze = cv2.GaussianBlur(color, (0, 0), max(1.0, 0.45 * scale))
        fog = np.clip(0.55 + 0.06 * creases, 0.0, 1.0) * weight
        color += (haze - color) * (0.9 * weight)[..., None]
        color += (paint - color) * fog[..., None]
        np.maximum(canvas.mask[window], weight, out=canvas.mask[window])
    else:
        color += (paint - color) * weight[..., None]
        hide(canvas, window, weight, hidden)
    return tuple(draw_text(canvas, text, rng) for text in over.texts)


def lay_light(canvas: Canvas, light: Array, over: Over, hidden: Array) -> None:
    """Change the light (h, w, 3) that comes from the item; marks in ``hidden`` what is lost (in place)."""
    rng = np.random.default_rng(over.seed)
    area = _area(canvas, over, rng)
    if area is None:
        return
    window, weight = area.window, area.weight
    part = light[window]
    level = max(float(np.median(light)), 1e-3)
    if over.look == "shadow":
        # What is left of the marks is measured in the photo.
        part *= 1.0 - weight[..., None]
        np.maximum(canvas.mask[window], weight, out=canvas.mask[window])
        return
    if over.look == "glare":
        # It fades away from its middle, and what glosses more carries it further.
        away = (2.0 * area.along / np.float32(over.length)) ** 2 + (
            2.0 * area.across / np.float32(over.width)
        ) ** 2
        spots = 1.0 + 0.25 * noise(rng, weight.shape, max(2.0, 0.5 * canvas.px_per_mm), smooth=True)
        own = np.clip(part.mean(axis=2) / np.float32(level), 0.4, 2.5) ** 0.5
        bright = np.float32(GLARE) * np.exp(-3.0 * away) * np.clip(spots, 0.3, 2.0) * own
        part += (bright * np.float32(level))[..., None] * np.array(over.color, np.float32)
        lost = np.clip((bright - 5.0) / 5.0, 0.0, 1.0)
    else:
        half = np.float32(0.5 * over.width)
        bulge = np.clip(area.depth / half, 0.0, 1.0)
        tone = 0.5 + 0.6 * np.sqrt(np.clip(1.0 - (1.0 - bulge) ** 2, 0.0, 1.0))
        tone += 0.08 * noise(rng, weight.shape, max(2.0, 3.0 * canvas.px_per_mm), smooth=True)
        # It is lit as the item is, whose typical surface reflects a quarter of the light.
        paint = tone[..., None] * np.array(over.color, np.float32) * np.float32(level / 0.25)
        part += (paint - part) * weight[..., None]
        lost = weight
    hide(canvas, window, lost, hidden)


def hide(canvas: Canvas, window: tuple[slice, slice], weight: Array, hidden: Array) -> None:
    """Say that a thing covers a window by a weight (h, w): no ink shows, and it hides what is there."""
    canvas.ink[window] *= 1.0 - weight
    for image in (hidden[window], canvas.mask[window]):
        np.maximum(image, weight, out=image)
