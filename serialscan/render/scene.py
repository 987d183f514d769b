"""What lies over or beside the item when it is photographed: slings, fingers, tape, tags, rulers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from serialscan.render.canvas import Array, Canvas, Rgb
from serialscan.render.covers import Over, hide, lay_light, lay_over
from serialscan.render.marks import MARKS, DrawnLine, Text, distance, draw_text
from serialscan.render.parts import Plate, box, cover, draw_plate, draw_ticks
from serialscan.render.strokes import FACES, glyph
from serialscan.render.surfaces import MATERIALS, lay_material, noise

Rng = np.random.Generator


@dataclass(frozen=True)
class Cover:
    """A band that hides what lies under it.

    Attributes:
        form: sling (woven), rail (metal bar), finger, tape.
        start: one end of its middle line in mm.
        end: the other end in mm.
        width: in mm.
        color: linear RGB.
    """

    form: Literal["sling", "rail", "finger", "tape"]
    start: tuple[float, float]
    end: tuple[float, float]
    width: float
    color: Rgb = (0.1, 0.1, 0.07)


@dataclass(frozen=True)
class Tag:
    """An evidence tag: a paper label with lines, the exhibit's number first.

    Attributes:
        x: left edge in mm.
        y: top edge in mm.
        number: case or exhibit number.
        lines: what else stands on it.
        height: of the number's characters in mm.
        by_hand: the number is written by hand.
    """

    x: float
    y: float
    number: str
    lines: tuple[str, ...] = ()
    height: float = 3.0
    by_hand: bool = False

    def texts(self) -> tuple[Text, ...]:
        """Its lines of text; the number's carries the field ``evidence_tag``."""
        h, ink = self.height, MARKS["printed"]
        written = replace(ink, kind="hand", jitter=0.7, weight=0.8, paint=(0.03, 0.04, 0.12))
        mark, face = (written, "hand") if self.by_hand else (ink, "label-bold")
        texts = [Text(self.number, self.x + h, self.y + 0.9 * h, h, mark, face, role="evidence_tag")]
        for k, line in enumerate(self.lines):
            y = self.y + (2.6 + 1.25 * k) * h
            texts.append(Text(line, self.x + h, y, 0.7 * h, ink, "label"))
        return tuple(texts)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in mm."""
        wide = max(
            text.height * sum(glyph(c, FACES[text.face])[1] + FACES[text.face].spacing for c in text.text)
            for text in self.texts()
        )
        return wide + 2.0 * self.height, self.height * (2.8 + 1.25 * len(self.lines))


@dataclass(frozen=True)
class Ruler:
    """A ruler of 100 mm, its left end at (x, y) in mm."""

    x: float
    y: float


Thing = Cover | Tag | Ruler | Over


def lay_things(canvas: Canvas, things: Sequence[Thing], hidden: Array, rng: Rng) -> tuple[DrawnLine, ...]:
    """Lay things over the canvas and mark in ``hidden`` (h, w) what they cover (both in place).

    Returns:
        The lines of text on them.
    """
    lines: list[DrawnLine] = []
    for thing in things:
        if isinstance(thing, Cover):
            _lay_cover(canvas, thing, hidden, rng)
        elif isinstance(thing, Tag):
            sheet = Plate(box(thing.x, thing.y, *thing.size), 0.2, "paper", 0.12, 0.3)
            _hide_under(canvas, sheet, hidden)
            draw_plate(canvas, sheet, rng)
            lines += [draw_text(canvas, text, rng) for text in thing.texts()]
        elif isinstance(thing, Over):
            if not thing.before_lens:
                lines += lay_over(canvas, thing, hidden)
        else:
            _hide_under(canvas, _ruler_plate(thing.x, thing.y), hidden)
            draw_ruler(canvas, (thing.x, thing.y), rng)
    return tuple(lines)


def lay_before_lens(canvas: Canvas, light: Array, things: Sequence[Thing], hidden: Array) -> None:
    """Put things between the lens and the item: into its light (h, w, 3) and ``hidden`` (h, w), in place."""
    for thing in things:
        if isinstance(thing, Over) and thing.before_lens:
            lay_light(canvas, light, thing, hidden)


def draw_ruler(canvas: Canvas, corner: tuple[float, float], rng: Rng) -> None:
    """Put a ruler of 100 mm on the canvas, its left end at a corner in mm (in place)."""
    x, y = corner
    draw_plate(canvas, _ruler_plate(x, y), rng)
    draw_ticks(canvas, x, y + 0.4, 100)
    for centimetre in range(11):
        text = Text(str(centimetre), x + 10 * centimetre, y + 6.4, 2.6, MARKS["printed"], "label", "centre")
        draw_text(canvas, text, rng)


def _ruler_plate(x: float, y: float) -> Plate:
    return Plate(box(x - 4, y, 110, 16), 0.8, "label-white", 0.3, 0.6)


def _hide_under(canvas: Canvas, plate: Plate, hidden: Array) -> None:
    window = canvas.window(canvas.to_px(plate.points), 3.0)
    if window is None:
        return
    edge = 1.0 / canvas.px_per_mm
    inside = cover(canvas, plate.points, plate.round, edge)[window] / np.float32(edge)
    hide(canvas, window, np.clip(inside, 0.0, 1.0), hidden)


def _lay_cover(canvas: Canvas, thing: Cover, hidden: Array, rng: Rng) -> None:
    scale = canvas.px_per_mm
    line = canvas.to_px([thing.start, thing.end])
    half = 0.5 * thing.width * scale
    window = canvas.window(line, half + 2.0 * scale)
    if window is None:
        return
    rows, columns = window
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    origin = np.array([columns.start, rows.start], np.float32)
    away = distance([line - origin], shape, half + 2.0 * scale)
    weight = np.clip(half - away + 0.5, 0.0, 1.0)
    height, color = canvas.height[window], canvas.color[window]
    gloss, rough = canvas.gloss[window], canvas.rough[window]
    # The light that a thick thing keeps from the surface beside it.
    if thing.form != "tape":
        beside = np.exp(-np.maximum(away - half, 0.0) / np.float32(0.9 * scale)) * (1.0 - weight)
        color *= 1.0 - 0.7 * beside[..., None]
        gloss *= 1.0 - 0.7 * beside
    inner = np.clip(1.0 - away / np.float32(half), 0.0, 1.0)
    level = float(np.median(height))
    tone = 1.0 + 0.12 * noise(rng, shape, max(1.5, 0.4 * scale)) + 0.1 * noise(rng, shape, 6.0 * scale)
    shine, blur = 0.04, 0.55
    if thing.form == "finger":
        relief = 0.5 * thing.width * np.sqrt(np.clip(1.0 - (1.0 - inner) ** 2, 0.0, 1.0))
        relief += 0.015 * noise(rng, shape, max(1.5, 0.45 * scale), smooth=True)
    elif thing.form == "sling":
        dx, dy = (line[1] - line[0]) / max(float(np.hypot(*(line[1] - line[0]))), 1e-6)
        x = np.arange(shape[1], dtype=np.float32)[None, :]
        y = np.arange(shape[0], dtype=np.float32)[:, None]
        along, across = (x * dx + y * dy) / scale, (y * dx - x * dy) / scale
        weave = np.cos(across * np.float32(2 * math.pi / 0.9)) * np.cos(along * np.float32(2 * math.pi / 1.4))
        relief = 1.6 * np.minimum(inner * thing.width / 1.6, 1.0) ** 0.5 + 0.07 * weave
        tone += 0.15 * weave
    elif thing.form == "tape":
        flat = cv2.GaussianBlur(height, (0, 0), max(1.0, 0.5 * scale))
        relief = flat + 0.08 + 0.012 * noise(rng, shape, 2.5 * scale, smooth=True) - level
        shine, blur = 0.05, 0.45
    else:
        lay_material(canvas, MATERIALS["anodised"], rng, rows, columns, weight)
        relief = 2.5 * np.sin(np.minimum(inner * thing.width / 1.4, 1.0) * np.float32(math.pi / 2))
        shine, blur = 0.14, 0.4
    height += weight * (level + relief - height)
    paint = np.clip(tone, 0.3, 2.0)[..., None] * np.array(thing.color, np.float32)
    if thing.form != "rail":
        color += (paint - color) * weight[..., None]
    gloss += (shine - gloss) * weight
    rough += (blur - rough) * weight
    hide(canvas, window, weight, hidden)
