"""Single lines of marked text, many and fast: what a recogniser is taught and measured on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from serialscan.render.camera import Camera, Sensor
from serialscan.render.flaws import Flaw
from serialscan.render.fonts import ARABIC_FONTS, free_fonts
from serialscan.render.layouts import pick
from serialscan.render.lights import ROOMS, Light, Lighting
from serialscan.render.marks import MARKS, SYMBOLS, Mark, Symbol, Text
from serialscan.render.parts import Disc, Plate
from serialscan.render.photo import Item, Photo, render_photo
from serialscan.render.strokes import FACES, HELD_BACK_FACES, face_named, glyph, has_glyph
from serialscan.render.surfaces import HELD_BACK_MATERIALS, MATERIALS
from serialscan.render.wording import arabic_words, random_text

__all__ = [
    "FREE_FACES",
    "FREE_MATERIALS",
    "brightness",
    "choose",
    "free_fonts",
    "random_light",
    "random_look",
    "random_mark",
    "random_sensor",
    "random_text",
    "render_line",
]

Rng = np.random.Generator

FREE_FACES = tuple(name for name in FACES if name not in HELD_BACK_FACES)
FREE_MATERIALS = tuple(name for name in MATERIALS if name not in HELD_BACK_MATERIALS and name != "paper")


@dataclass(frozen=True)
class _Look:
    """A way of marking with what it is usually put on and what its letters look like."""

    share: float
    marks: str
    materials: str
    faces: str
    stretch: tuple[float, float] = (0.8, 1.2)
    tracking: tuple[float, float] = (-0.06, 0.15)


_PUNCHES = "punch punch-serif punch-narrow punch-din punch-din punch-splayed roll plotter narrow wide"
_BARE = "filed machined brushed satin oiled scale turned lathe face-milled milled"
_DARK = "blued blued-worn parkerised anodised cast sandblasted"
_PAINTED = "painted-green enamel-green enamel-grey enamel-black"
_LETTERING = "label label-bold narrow roll wide gorton italic serif"

_LOOKS = (
    _Look(
        0.25,
        "struck struck-thin struck-light struck-uneven",
        f"{_BARE} {_BARE} {_DARK} rusty",
        _PUNCHES,
        (0.55, 1.25),
        (-0.12, 0.45),
    ),
    _Look(
        0.07,
        "struck-deep",
        "cast iron scale enamel-grey parkerised oiled",
        "punch roll punch-serif wide label",
        (0.8, 1.3),
        (-0.15, 0.1),
    ),
    _Look(
        0.09, "rolled", f"{_DARK} {_BARE} {_PAINTED}", "roll roll-wide gorton narrow serif label", (0.75, 1.2)
    ),
    _Look(
        0.17,
        "peened-line peened-line peened-line peened-line dotpeen dotpeen-grid",
        f"{_BARE} lathe face-milled machined anodised sandblasted plate",
        "plotter plotter-slash gorton narrow",
        (0.75, 1.3),
        (-0.05, 0.25),
    ),
    _Look(
        0.09,
        "engraved engraved-v engraved-filled",
        f"{_DARK} {_BARE} polymer plate",
        "gorton roll italic plotter serif narrow label",
    ),
    _Look(
        0.11,
        "laser-dark laser-light laser-raster laser-raster",
        "epoxy epoxy anodised polymer satin cast plate label-silver",
        f"{_LETTERING} plotter",
        (0.7, 1.3),
        (-0.05, 0.35),
    ),
    _Look(
        0.08,
        "cast cast-round cast-hollow",
        f"cast iron iron rubber rubber {_PAINTED}",
        "label-bold brand roll wide punch label narrow",
        (0.7, 1.3),
        (-0.05, 0.2),
    ),
    _Look(
        0.1,
        "printed printed-light etched plate-struck jet-dots",
        "label-silver label-white label-black label-blue plate polymer enamel-black",
        _LETTERING,
        (0.7, 1.35),
    ),
    _Look(0.04, "painted marker pencil", f"{_BARE} {_DARK} {_PAINTED}", "hand punch label-bold", (0.8, 1.3)),
)


def random_mark(rng: Rng, names: Sequence[str] = tuple(MARKS)) -> Mark:
    """A mark of one of the kinds with its depth, weight and wear varied."""
    mark = MARKS[pick(rng, names)]
    return replace(
        mark,
        depth=mark.depth * float(np.clip(rng.lognormal(0.0, 0.4), 0.35, 2.2)),
        weight=mark.weight * float(rng.uniform(0.75, 1.3)),
        jitter=mark.jitter * float(rng.uniform(0.3, 1.5)),
        fade=mark.fade * float(rng.uniform(0.3, 1.6)),
        worn=float(np.clip(mark.worn + max(0.0, rng.normal(-0.15, 0.25)), 0.0, 0.7)),
        grime=min(0.9, mark.grime * float(rng.uniform(0.0, 2.0))),
        cover=mark.cover * float(rng.uniform(0.6, 1.0)),
    )


def random_look(rng: Rng) -> _Look:
    """One of the ways in which lines are made, as often as its share says."""
    shares = np.array([look.share for look in _LOOKS])
    return _LOOKS[int(rng.choice(len(_LOOKS), p=shares / shares.sum()))]


def choose(rng: Rng, names: str, allowed: Sequence[str], other: float) -> str:
    """One of the names that are allowed; any allowed one with a chance ``other``, or if none of them is."""
    usual = [name for name in names.split() if name in allowed]
    return pick(rng, usual if usual and rng.random() >= other else allowed)


def _has(face: str, text: str) -> bool:
    return all(has_glyph(char, face_named(face)) for char in text)


def render_line(
    seed: int,
    text: str | None = None,
    glyph_px: float | None = None,
    faces: Sequence[str] = FREE_FACES,
    materials: Sequence[str] = FREE_MATERIALS,
    room: tuple[float, float] = (0.0, 0.0),
    faint: tuple[tuple[int, float], ...] = (),
) -> Photo:
    """A photo of one line as a detector cuts it out: tight, loose or shifted, with what stands around it.

    The line is the first of ``truth.lines``; parts of its neighbours follow.

    Args:
        seed: decides all that the other arguments leave open; the same seed makes the same bytes.
        text: what stands there; a random one if None.
        glyph_px: height of the capitals in pixels; 14 to 48 if None. What it shows may be coarser.
        faces: names in `FACES`, or of `fonts.free_fonts`, to choose from.
        materials: names in `MATERIALS` to choose from.
        room: what is shown beyond such a cut, beside the line and above and below it, in capital heights.
        faint: as in `Text`.
    """
    rng = np.random.default_rng(seed)
    look = random_look(rng)
    face = choose(rng, look.faces, faces, 0.3)
    if text is None:
        text = arabic_words(rng) if face in ARABIC_FONTS and rng.random() < 0.15 else random_text(rng)
        if not _has(face, text):
            face = pick(rng, FREE_FACES)
    height = float(rng.uniform(1.8, 5.0))
    material = choose(rng, look.materials, materials, 0.07)
    bright = brightness(material)
    mark = random_mark(rng, look.marks.split())
    if mark.paint is not None and abs(sum(mark.paint) / 3 - bright) < 0.12 and rng.random() < 0.9:
        mark = replace(mark, paint=(0.02, 0.02, 0.022) if bright > 0.2 else (0.6, 0.6, 0.58))
    line = Text(
        text, 0, -height / 2, height, mark, face,
        role="serial", stretch=round(float(rng.uniform(*look.stretch)), 2),
        tracking=round(float(rng.uniform(*look.tracking)), 2), faint=faint,
    )  # fmt: skip
    coarse = 1.0
    if glyph_px is None:
        glyph_px = float(np.exp(rng.uniform(math.log(14), math.log(48))))
        if glyph_px < 26 and rng.random() < 0.6:
            coarse, glyph_px = 30.0 / glyph_px, 30.0
        elif rng.random() < 0.12:
            coarse = float(rng.uniform(1.2, 2.4))
    item = Item(
        "line", "one line", "line", material,
        (-20.0, -6 * height, line.length + 20.0, 6 * height), (line,), fields={"serial": text},
        radius=float(rng.uniform(8, 25)) if rng.random() < 0.15 else 0.0, used=bool(rng.random() < 0.6),
    )  # fmt: skip
    camera = _crop(rng, line, glyph_px, room)
    tall = camera.field * camera.height / (camera.width * camera.squeeze)
    sensor = random_sensor(rng, glyph_px, coarse)
    # Automatic exposure only half makes up for dark things and bright labels.
    sensor = replace(sensor, exposure=sensor.exposure + 0.4 * math.log2((bright + 0.02) / 0.15))
    return render_photo(
        _surrounded(rng, item, tall), camera, random_light(rng), sensor, int(rng.integers(2**32))
    )  # fmt: skip


def brightness(material: str) -> float:
    """How bright a material looks, 0 to 1: what it scatters and some of what it mirrors."""
    made = MATERIALS[material]
    return sum(made.color) / 3 + 0.15 * made.gloss


def _crop(rng: Rng, line: Text, glyph_px: float, room: tuple[float, float]) -> Camera:
    """Where a detector's box lies around a line: half of them tight, some loose, all a little off.

    ``room`` is added on both sides, and above and below, in capital heights.
    """
    height, turned = line.height, float(rng.normal(0, 1.0))
    squeeze = float(np.exp(rng.uniform(-0.7, 0.7))) if rng.random() < 0.08 else 1.0
    kind = rng.random()
    above, beside = (
        (rng.uniform(1.02, 1.27), rng.uniform(0.0, 0.3)) if kind < 0.5
        else (rng.uniform(1.2, 1.65), rng.uniform(0.15, 0.7)) if kind < 0.85
        else (rng.uniform(1.6, 2.5), rng.uniform(0.2, 1.5))
    )  # fmt: skip
    slack = above - 1.0
    face = line.style
    rows = np.concatenate([path[:, 1] for char in line.text for path in glyph(char, face)[0]])
    edge = face.weight * line.mark.weight + 0.03 * line.mark.jitter
    top, bottom = min(0.0, float(rows.min())) - edge, max(1.0, float(rows.max())) + edge
    tall = height * (bottom - top + slack) + abs(math.sin(math.radians(turned))) * line.length
    wide = line.length + height * (2 * beside + 0.12)
    wide, tall = wide + 2 * room[0] * height, tall + 2 * room[1] * height
    scale = glyph_px / (height * squeeze)
    return Camera(
        max(24, round(wide * scale)), max(16, round(tall * scale * squeeze)), wide,
        (line.length / 2 + height * beside * float(rng.uniform(-0.6, 0.6)),
         height * ((top + bottom - 1.0) / 2 + slack * float(rng.uniform(-0.35, 0.35)))),
        turned, float(rng.normal(0, 7)), float(rng.normal(0, 5)), float(rng.uniform(2.0, 4)),
        squeeze=squeeze,
    )  # fmt: skip


def _surrounded(rng: Rng, item: Item, tall: float) -> Item:
    """The item with what else stands or lies near its line; ``tall`` is the height of the crop in mm."""
    (line,) = item.texts
    height, long = line.height, line.length
    texts, symbols, parts, flaws = [line], list(item.symbols), list(item.parts), list(item.flaws)
    for side in (-1, 1):
        gap = float(rng.uniform(0.2, 0.8)) * height
        if rng.random() < 0.45 and tall / 2 > height / 2 + gap - 0.15 * height:
            size = height * float(rng.choice([1.0, 1.0, 0.75, 1.3]))
            other = replace(
                line, text=random_text(rng), height=size, role="", faint=(),
                x=float(rng.uniform(-1.0, 0.6)) * height,
                y=height / 2 + gap if side > 0 else -height / 2 - gap - size,
            )  # fmt: skip
            if _has(line.face, other.text):
                texts.append(other)
    if rng.random() < 0.14:
        symbol = pick(rng, tuple(SYMBOLS))
        size = height * float(rng.uniform(0.8, 1.4))
        wide = max(float(points[:, 0].max()) for points in SYMBOLS[symbol]) * size
        x = -wide - 0.4 * height if rng.random() < 0.5 else long + 0.4 * height
        symbols.append(Symbol(SYMBOLS[symbol], x, -size / 2, size, line.mark, weight=0.07))
        if rng.random() < 0.6:  # an inspector's stamp has his number in it
            inner = Text(
                str(rng.integers(1, 400)), x + wide / 2, -0.1 * size, 0.4 * size, line.mark, line.face,
                anchor="centre", stretch=line.stretch,
            )  # fmt: skip
            if _has(inner.face, inner.text):
                texts.append(inner)
    if rng.random() < 0.08:
        rule = height * float(rng.uniform(0.62, 0.95)) * float(rng.choice([-1.0, 1.0]))
        path = np.array([[-3.0, 0.0], [long / height + 3.0, 0.0]], np.float32)
        symbols.append(Symbol((path,), 0, rule, height, line.mark, weight=0.04))
    if rng.random() < 0.1:
        radius = height * float(rng.uniform(0.3, 1.2))
        x = -radius - 0.4 * height if rng.random() < 0.5 else long + radius + 0.4 * height
        form = pick(rng, ("pin", "rivet", "screw", "hole", "dimple"))
        parts.append(Disc(x, float(rng.normal(0, 0.4)) * height, radius, form))  # type: ignore[arg-type]
    if rng.random() < 0.12:
        edge = height * float(rng.uniform(0.7, 1.1)) * float(rng.choice([-1.0, 1.0]))
        far = 8 * height if edge > 0 else -8 * height
        slope = height * float(rng.normal(0, 0.08))
        corners = ((-30, edge - slope), (long + 30, edge + slope), (long + 30, far), (-30, far))
        material = pick(rng, ("anodised", item.material, "brushed")) if rng.random() < 0.5 else None
        parts.append(Plate(corners, float(rng.choice([-1.0, 1.0])), material, 0.4 * height))
    if rng.random() < 0.08:  # the item ends beside the line
        gap = height * float(rng.uniform(0.15, 0.9))
        edge, far = (-gap, -30.0) if rng.random() < 0.5 else (long + gap, long + 30.0)
        slope = height * float(rng.normal(0, 0.15))
        beside_it = ((edge - slope, -30.0), (edge + slope, 30.0), (far, 30.0), (far, -30.0))
        parts.append(Plate(beside_it, float(rng.choice([-1.0, 1.0])), None, 0.4 * height))
    if rng.random() < 0.15:
        for _ in range(int(rng.integers(1, 4))):
            x, y, angle = rng.uniform(0, long), rng.uniform(-0.6, 0.6) * height, rng.uniform(0, math.pi)
            reach = height * float(rng.uniform(0.2, 2.0))
            dx, dy = reach * math.cos(angle), reach * math.sin(angle)
            form = pick(rng, ("gouge", "gouge", "dirt", "paint"))
            width = height * float(rng.uniform(0.03, 0.12) if form == "gouge" else rng.uniform(0.1, 0.4))
            tint = float(rng.uniform(0.02, 0.4))
            flaws.append(
                Flaw(form, (x - dx, y - dy), (x + dx, y + dy), width, float(rng.uniform(0.3, 0.75)),  # type: ignore[arg-type]
                     (tint, 0.9 * tint, 0.75 * tint))
            )  # fmt: skip
    return replace(
        item, texts=tuple(texts), symbols=tuple(symbols), parts=tuple(parts), flaws=tuple(flaws)
    )  # fmt: skip


def random_light(rng: Rng) -> Lighting:
    """One or two lights in a room."""
    azimuth = float(rng.uniform(0, 360))
    lights = tuple(
        Light(
            azimuth + 130 * k, float(rng.uniform(15, 80)), float(rng.uniform(0.4, 1.3)) / (1 + k),
            float(rng.uniform(2, 6)), float(rng.uniform(0.03, 0.35)),
        )
        for k in range(int(rng.integers(1, 3)))
    )  # fmt: skip
    return Lighting(lights, float(rng.uniform(0.05, 0.5)), pick(rng, ROOMS), float(rng.uniform(0.5, 1.8)))


def random_sensor(rng: Rng, glyph_px: float, coarse: float) -> Sensor:
    """A sensor that blurs by shares of the glyphs' height in px; ``coarse`` is that of `Sensor`."""
    shaken = float(rng.gamma(0.7, 0.03)) * glyph_px
    return Sensor(
        exposure=float(rng.normal(0.1, 0.55)),
        focus=0.3 + float(rng.gamma(1.2, 0.014)) * glyph_px,
        shake=(shaken, float(rng.uniform(0, 180))),
        grain=float(rng.gamma(1.5, 0.012)),
        smoothing=float(rng.uniform(0, 1.0)),
        sharpening=float(rng.uniform(0, 1.4)),
        warmth=float(rng.normal(0.2, 0.45)),
        vignette=0.0,
        quality=int(rng.integers(35, 96)),
        coarse=coarse,
        gray=bool(rng.random() < 0.12),
    )
