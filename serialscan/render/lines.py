"""Single lines of marked text, many and fast: what a recogniser is taught and measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from serialscan.render.camera import Camera, Sensor
from serialscan.render.layouts import digits, letters, line_width, pick
from serialscan.render.lights import ROOMS, Light, Lighting
from serialscan.render.marks import MARKS, Mark, Text
from serialscan.render.photo import Item, Photo, render_photo
from serialscan.render.strokes import FACES, HELD_BACK_FACES
from serialscan.render.surfaces import HELD_BACK_MATERIALS, MATERIALS

Rng = np.random.Generator

FREE_FACES = tuple(name for name in FACES if name not in HELD_BACK_FACES)
FREE_MATERIALS = tuple(name for name in MATERIALS if name not in HELD_BACK_MATERIALS and name != "paper")

_WORDS = (
    "PROPERTY OF U.S. GOVT", "CAL 5.56 MM", "M16A1", "M4 CARBINE", "M16A4", "COLT", "FN MFG LLC",
    "COLUMBIA SC USA", "HARTFORD, CONN. U.S.A.", "MODEL 700", "REMINGTON", "7.62 NATO", "7.62X39",
    "MADE IN CHINA", "AN/PVS-14", "AN/PVS-7D", "AN/PEQ-15", "TRIJICON", "WIXOM, MI USA", "AIMPOINT",
    "MADE IN SWEDEN", "NIGHT VISION", "SAFE", "SEMI", "AUTO", "M249", "M240B",
    "MACHINE GUN 7.62MM", "RESTRICTED", "PAT. PENDING",
)  # fmt: skip
_LABELS = ("SER NO ", "SER. NO. ", "S/N ", "SERIAL NO. ", "SN ", "NO. ", "№ ", "SERIAL ", "P/N ", "NSN ")


def random_text(rng: Rng) -> str:
    """A serial, a number with its label, or words as they stand on rifles and optics; all made up."""
    kind = rng.random()
    if kind < 0.12:
        return pick(rng, _WORDS)
    if kind < 0.2:
        return f"{digits(rng, 4)}-{rng.integers(0, 100):02}-{digits(rng, 3)}-{digits(rng, 4)}"
    if kind < 0.28:
        return f"{digits(rng, int(rng.integers(2, 5)))}-{digits(rng, int(rng.integers(2, 6)))}"
    if kind < 0.34:
        return letters(rng, int(rng.integers(1, 3)), "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЭЮЯ") + digits(
            rng, int(rng.integers(3, 6))
        )
    number = digits(rng, int(rng.integers(4, 9)))
    if rng.random() < 0.5:
        number = letters(rng, int(rng.integers(1, 4)), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") + number
    if rng.random() < 0.15:
        number += letters(rng, 1)
    if rng.random() < 0.1:
        number = "".join(rng.permutation(list(number)))
    return pick(rng, _LABELS) + number if rng.random() < 0.2 else number


def random_mark(rng: Rng) -> Mark:
    """A mark of any kind with its depth, weight and wear varied."""
    mark = MARKS[pick(rng, tuple(MARKS))]
    return replace(
        mark,
        depth=mark.depth * float(rng.uniform(0.4, 1.4)),
        weight=mark.weight * float(rng.uniform(0.75, 1.3)),
        jitter=mark.jitter * float(rng.uniform(0.3, 1.5)),
        worn=float(np.clip(mark.worn + max(0.0, rng.normal(-0.1, 0.3)), 0.0, 0.85)),
        grime=mark.grime * float(rng.uniform(0.0, 2.0)),
        cover=mark.cover * float(rng.uniform(0.6, 1.0)),
    )


def render_line(
    seed: int,
    text: str | None = None,
    glyph_px: float | None = None,
    faces: Sequence[str] = FREE_FACES,
    materials: Sequence[str] = FREE_MATERIALS,
) -> Photo:
    """A photo of one line, cut out a little wider than the line.

    Args:
        seed: decides all that the other arguments leave open; the same seed makes the same bytes.
        text: what stands there; a random one if None.
        glyph_px: height of the capitals in pixels; 14 to 60 if None.
        faces: names in `FACES` to choose from.
        materials: names in `MATERIALS` to choose from.
    """
    rng = np.random.default_rng(seed)
    text = random_text(rng) if text is None else text
    glyph_px = float(np.exp(rng.uniform(np.log(14), np.log(60)))) if glyph_px is None else glyph_px
    face, height = pick(rng, faces), float(rng.uniform(1.8, 5.0))
    long = line_width(text, face, height)
    turned = float(rng.normal(0, 1.5))
    radius = float(rng.uniform(8, 25)) if rng.random() < 0.15 else 0.0
    scale = glyph_px / height
    size = (max(32, int((long + 1.2 * height) * scale)), max(24, int((1.9 * height + 0.03 * long) * scale)))
    item = Item(
        "line", "one line", "line", pick(rng, materials), (-long, -6 * height, 2 * long, 6 * height),
        (Text(text, 0, -height / 2, height, random_mark(rng), face, role="serial"),), fields={"serial": text},
        radius=radius, used=bool(rng.random() < 0.7),
    )  # fmt: skip
    camera = Camera(
        *size, size[0] / scale,
        (long / 2 + height * float(rng.normal(0, 0.08)), height * float(rng.normal(0, 0.08))),
        turned, float(rng.normal(0, 10)), float(rng.normal(0, 10)), float(rng.uniform(1.5, 4)),
    )  # fmt: skip
    azimuth = float(rng.uniform(0, 360))
    lights = tuple(
        Light(
            azimuth + 130 * k, float(rng.uniform(15, 80)), float(rng.uniform(0.4, 1.3)) / (1 + k),
            float(rng.uniform(2, 6)), float(rng.uniform(0.03, 0.35)),
        )
        for k in range(int(rng.integers(1, 3)))
    )  # fmt: skip
    lighting = Lighting(lights, float(rng.uniform(0.05, 0.6)), pick(rng, ROOMS), float(rng.uniform(0.3, 1.1)))
    soft = glyph_px / 40
    sensor = Sensor(
        exposure=float(rng.normal(0.1, 0.5)),
        focus=0.3 + float(rng.gamma(1.5, 0.45)) * max(soft, 0.6),
        shake=(float(rng.gamma(0.8, 1.2)) * soft, float(rng.uniform(0, 180))),
        grain=float(rng.uniform(0.004, 0.05)),
        smoothing=float(rng.uniform(0, 1.0)),
        sharpening=float(rng.uniform(0, 1.2)),
        warmth=float(rng.normal(0.1, 0.5)),
        vignette=0.0,
        quality=int(rng.integers(40, 96)),
    )
    return render_photo(item, camera, lighting, sensor, int(rng.integers(2**32)))
