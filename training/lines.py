"""Lines for the recogniser: relief, print in this machine's fonts, and surfaces without text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from bump import as_jpeg, bumped
from PIL import Image, ImageDraw, ImageFont

from serialscan.glyphs import latin_by_look
from serialscan.photo.crops import flattened
from serialscan.reading import views
from serialscan.reading.engine import FRAME_PX, LINE_PX
from serialscan.recipe import NORMAL
from serialscan.render.fonts import FREE_FONTS, HELD_BACK_FONTS, free_fonts
from serialscan.render.layouts import pick
from serialscan.render.lines import FREE_FACES, random_text, render_line
from serialscan.render.strokes import face_named, glyph, has_glyph
from serialscan.render.truth import TrueLine

Rng = np.random.Generator

ONCE = NORMAL.glances
"""Which signs tell that a line stands upside down."""

CYRILLIC = "БГДЖЗИЙЛПУФЦЧШЩЪЫЬЭЮЯ"
ARABIC = "٠١٢٣٤٥٦٧٨٩۴۵۶"
"""Letters and digits that the stock network lacks and that do not look like Latin ones."""

_PERSIAN = str.maketrans("۰۱۲۳۷۸۹", "٠١٢٣٧٨٩")  # the same shapes
LEAST_TAUGHT = 0.7  # of the viewers must read a character: what is hard to read is worth teaching
PRINT_SHARE = 0.2
EMPTY_SHARE = 0.04
TURNED_SHARE = 0.06  # of the rest: upside down, which says nothing, so that the right way up is surer
SIGNS_SHARE = 0.1  # of texts, for signs that the renderer's texts seldom have, or never between digits
BUMPED_SHARE = 0.52  # of relief shaded as a bump map; the rest is rendered
MAX_WIDTH = 640
_FONT_FOLDERS = ("/usr/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
_LABEL = (
    "Serial number Model Type Made in Manufactured by Date of manufacture Part number Weight Voltage Power "
    "Frequency Assembly Product Code Lot Batch Rev Version Class Warning Caution Input Output Rated Current "
    "Max Min Pressure Temperature Capacity Length Width Caliber Inspection Passed Property Government "
    "Contract Vehicle Identification Gross Axle Rating Engine Chassis Body Paint Trim Tire Rim Front Rear "
    "Cold Company Limited Corporation Industries Germany Sweden Italy Japan Turkey Belgium Czech Republic"
)
_METALS = (
    "Cr",
    "Ni",
    "Mo",
    "Mn",
    "V",
    "Si",
    "Al",
    "Ti",
    "Nb",
    "Cu",
    "Co",
    "W",
    "N",
    "C",
    "P",
    "S",
    "Pb",
    "A",
)
_WORDS = tuple(_LABEL.split())
_GOST = "ГХНМФТЮЦДБСРАКВЕ"
"""Letters of steel grades by GOST 4543 and 5632: each names an alloying element."""


@dataclass(frozen=True)
class Sample:
    """One crop as the recogniser sees it, (48, W, 3) uint8 RGB with W a multiple of 8, and what it says."""

    crop: np.ndarray
    text: str
    printed: bool


def spelled(text: str) -> str:
    """The text in the recogniser's classes: letters of one shape are one class."""
    capital = "".join(c.upper() if "а" <= c <= "я" else c for c in text)
    return latin_by_look(capital).translate(_PERSIAN)


def samples(seed: int) -> list[Sample]:
    """The samples of one seed: none where nothing is legible, else one or two looks at one line."""
    rng = np.random.default_rng((seed, 1))
    kind = rng.random()
    if kind < PRINT_SHARE:
        picture, text = printed(rng)
        return [Sample(_seen(rng, picture), spelled(text), True)]
    empty = kind < PRINT_SHARE + EMPTY_SHARE
    if empty and rng.random() < 0.7:
        return [Sample(_seen(rng, picture), "", False) for picture in bumped(rng, "")[:1]]
    text = _text(rng)
    fonts = free_fonts() if text.isascii() else ()
    if not empty and kind < PRINT_SHARE + EMPTY_SHARE + BUMPED_SHARE:
        pictures = bumped(rng, text, fonts)
    else:
        photo = render_line(seed, text, faces=(*FREE_FACES, *fonts))
        line = photo.truth.lines[0]
        if empty:
            flat = line.contrast < 0.004  # a mark that left no trace: a surface without text
            return [Sample(_seen(rng, photo.pixels), "", False)] if flat else []
        pictures = [photo.pixels] * 2 if taught(line) else []
        text = line.text
    text = spelled(text)
    if (
        rng.random() < TURNED_SHARE
        and sum(c.isalnum() and c not in ONCE.turnable for c in text) > ONCE.one_way
    ):
        return [Sample(_seen(rng, picture[::-1, ::-1]), "", False) for picture in pictures[:1]]
    return [Sample(_seen(rng, picture), text, False) for picture in pictures]


def taught(line: TrueLine) -> bool:
    """Whether a line shows enough to teach it: most viewers would read each of its characters."""
    return line.shows(LEAST_TAUGHT) and all(glyph.shows(LEAST_TAUGHT) for glyph in line.glyphs)


def seen_flat(picture: np.ndarray) -> np.ndarray:
    """The reader's first look: cut to the recogniser's height, lighting flattened."""
    height, width = picture.shape[:2]
    return flattened(_cut(picture, width / height * LINE_PX))


def _cut(picture: np.ndarray, wide: float) -> np.ndarray:
    frames = int(np.clip(round(wide / FRAME_PX), 3, MAX_WIDTH // FRAME_PX))
    how = cv2.INTER_AREA if picture.shape[0] > LINE_PX else cv2.INTER_CUBIC
    return cv2.resize(picture, (frames * FRAME_PX, LINE_PX), interpolation=how)


def _text(rng: Rng) -> str:
    """A text of the renderer; alphabets that few marks have come less often, names of alloys more."""
    if rng.random() < SIGNS_SHARE:
        return with_signs(rng)
    if rng.random() < 0.1:
        parts = [str(rng.integers(2, 100)) if rng.random() < 0.7 else "X"]
        for _ in range(int(rng.integers(1, 5))):
            parts.append(pick(rng, _METALS))
            if rng.random() < 0.4:
                parts.append(str(rng.integers(1, 20)))
        return "".join(parts)
    if rng.random() < 0.08:
        return _drawing_number(rng)
    if rng.random() < 0.08:
        grades = [_grade(rng) for _ in range(2 if rng.random() < 0.25 else 1)]
        return "+".join(grades)
    text = random_text(rng)
    return text if text.isascii() or rng.random() < 0.5 else random_text(rng)


def with_signs(rng: Rng) -> str:
    """Patents, decimals, companies, inches: with signs, or with stops in the places of commas."""
    word, other = (_capital(rng, int(rng.integers(1, 9))) for _ in range(2))
    if rng.random() < 0.3:
        word = word.capitalize()
    number, small = int(rng.integers(0, 10 ** int(rng.integers(1, 6)))), int(rng.integers(1, 100))
    unit = pick(rng, ("", "", " mm", "MM", " kg", " BAR", " V", " m", " LBS"))
    comma = pick(rng, (",", ",", "."))
    thousands = f"{small}{comma}{rng.integers(0, 1000):03d}"
    forms = (
        pick(rng, ("PAT. ", "U.S. PAT. ", "PAT. NO. ", "PAT ", "Pat. No. ", "PATENT ", "D.R.P. ", ""))
        + f"{thousands}{comma}{rng.integers(0, 1000):03d}",
        f"{small if rng.random() < 0.5 else small % 10}{comma}{number % 1000}{unit}",
        f"{thousands}{unit}",
        f"{word}, {other}" + pick(rng, ("", ".", " U.S.A.", f" {number}")),
        pick(rng, (f"{word} & {other}", f"{word[0]}&{other[0]}", f"{word} & CO.", f"{word}&{other}")),
        pick(rng, (f'"{word}"', f'{word} "{other}"', f'{small}"', f"{word}'S", f"{small}'{other}'")),
        pick(rng, (f"({word})", f"{word} ({other})", f"{number} ({small})", f"({number})", f"{small})")),
        pick(
            rng, (f"{small}+{number}", f"{word}: {number}", f"{word}:", f"{small % 24:02d}:{number % 60:02d}")
        ),
        pick(
            rng,
            (f"*{number}*", f"{word}*", f"{number}/{small}", f"{word}/{other}", f"{small}°", f"№{number}"),
        ),
    )
    return pick(rng, forms[:2] + forms)  # patents and decimals twice as often


def _capital(rng: Rng, length: int) -> str:
    return "".join(chr(ord("A") + int(i)) for i in rng.integers(0, 26, length))


def _drawing_number(rng: Rng) -> str:
    """Letters of a design office and groups of digits between stops, as GOST 2.201 has them, or fewer."""
    office = "".join(pick(rng, tuple("ABCEHKMMPTXAГИЛФ")) for _ in range(int(rng.integers(0, 5))))
    groups = [f"{rng.integers(0, 1000):02d}" for _ in range(int(rng.integers(2, 5)))]
    version = f"-{rng.integers(1, 30)}" if rng.random() < 0.3 else ""
    return office + (pick(rng, ("", "", ".")) if office else "") + ".".join(groups) + version


def _grade(rng: Rng) -> str:
    """A steel grade by GOST 4543 or 5632."""
    parts = [f"{rng.integers(1, 60):02d}" if rng.random() < 0.8 else ""]
    for _ in range(int(rng.integers(1, 5))):
        parts.append(pick(rng, tuple(_GOST)) + (str(rng.integers(2, 20)) if rng.random() < 0.5 else ""))
    return "".join(parts) + pick(rng, ("", "", "", "А", "-Ш", "-ВД", "-У"))


def _seen(rng: Rng, picture: np.ndarray) -> np.ndarray:
    """Cut to the recogniser's height and put in one of the lights in which the reader looks."""
    if rng.random() < 0.2:
        picture = _bent(rng, picture)
    height, width = picture.shape[:2]
    crop = _cut(picture, width / height * LINE_PX * float(np.exp(rng.normal(0, 0.1))))
    light = rng.random()
    if rng.random() < 0.12:
        crop = 255 - crop
    if light < 0.5:
        return flattened(crop)
    return views.smoothed(crop) if light < 0.6 else crop


def _bent(rng: Rng, picture: np.ndarray) -> np.ndarray:
    """As text on a ring looks: bowed in a straight box, or unrolled with its middle not quite met."""
    height, width = picture.shape[:2]
    bow = float(rng.normal(0, 0.06) if rng.random() < 0.5 else rng.uniform(-0.9, 0.9))
    tall = round(height * (1 + abs(bow)))
    y, x = np.mgrid[0:tall, 0:width].astype(np.float32)
    along = 2 * x / width - 1
    wave = float(rng.normal(0, 0.05)) * np.cos(math.pi * along + float(rng.uniform(0, 2 * math.pi)))
    down = y - height * (bow * along**2 - min(bow, 0.0) + wave)
    fan = 1 + float(rng.normal(-0.3 * bow, 0.1)) * (down / height - 0.5)
    return cv2.remap(
        picture, (width * (along * fan + 1) / 2).astype(np.float32), down.astype(np.float32),
        cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip


@cache
def _fonts() -> tuple[str, ...]:
    """Fonts of this machine that have Latin capitals, digits and small letters of their own.

    Those that are kept for measuring are left out, with all others of their families.
    """
    held_back = tuple(FREE_FONTS[name].file.split(".")[0] for name in sorted(HELD_BACK_FONTS))
    found = []
    for folder in _FONT_FOLDERS:
        for path in sorted(p for e in ("*.ttf", "*.otf") for p in Path(folder).rglob(e)):
            if path.name.startswith(held_back):
                continue
            try:
                font = ImageFont.truetype(str(path), 24)
                shapes = {bytes(font.getmask(c)) for c in "AB07ag"}
            except OSError:
                continue
            if len(shapes) == 6:
                found.append(str(path))
    if not found:
        raise RuntimeError(f"no font in {', '.join(_FONT_FOLDERS)}: install some (Debian: fonts-dejavu-core)")
    return tuple(found)


def _phrase(rng: Rng) -> str:
    if rng.random() < SIGNS_SHARE:
        return with_signs(rng)
    if rng.random() < 0.5:
        text = random_text(rng)
        return text if text.isascii() else str(rng.integers(10**4, 10**9))
    words = [pick(rng, _WORDS) for _ in range(int(rng.integers(1, 4)))]
    if rng.random() < 0.5:
        words.append(str(rng.integers(0, 10 ** int(rng.integers(2, 8)))))
    text = " ".join(words)
    return text.upper() if rng.random() < 0.4 else text.lower() if rng.random() < 0.1 else text


def _drawn(rng: Rng, text: str, size: int, above: float, beside: float) -> Image.Image | None:
    """The text as a plotter draws it, or None if no single-stroke face has all of it."""
    face = face_named(pick(rng, ("plotter", "gorton", "narrow", "roll", "italic", "hand")))
    if not all(has_glyph(c, face) for c in text):
        return None
    space = float(rng.uniform(0.05, 0.4))
    strokes, cursor = [], 0.0
    for char in text:
        paths, wide = glyph(char, face)
        strokes += [path + np.array([cursor, 0.0]) for path in paths]
        cursor += wide + space
    rows = np.concatenate([path[:, 1] for path in strokes])
    low, high = float(rows.min()), float(rows.max())
    page = np.zeros((int((high - low) * size + 2 * above) + 2, int(cursor * size + 2 * beside) + 2), np.uint8)
    points = [
        np.round(((p - np.array([0.0, low])) * size + np.array([beside, above])) * 16).astype(np.int32)
        for p in strokes
    ]
    thick = max(1, round(size * float(rng.uniform(0.02, 0.12))))
    cv2.polylines(page, points, False, 255, thick, cv2.LINE_AA, 4)
    return Image.fromarray(page)


def printed(rng: Rng, text: str | None = None) -> tuple[np.ndarray, str]:
    """A line of print as a phone sees a label: (H, W, 3) uint8, and its text."""
    text = _phrase(rng) if text is None else text
    size = int(rng.integers(14, 60))
    above, beside = rng.uniform(0.05, 0.5) * size, rng.uniform(0.05, 0.8) * size
    if rng.random() < 0.1:
        beside *= 3
    page = _drawn(rng, text, size, above, beside) if rng.random() < 0.2 else None
    if page is None:
        font = ImageFont.truetype(pick(rng, _fonts()), size)
        left, top, right, bottom = font.getbbox(text)
        wide, tall = int(right - left + 2 * beside), int(bottom - top + 2 * above)
        page = Image.new("L", (max(16, wide), max(16, tall)), 0)
        ImageDraw.Draw(page).text((beside - left, above - top), text, fill=255, font=font)
    ink = np.asarray(page, np.float32)[..., None] / 255
    ground, colour = rng.uniform(90, 255, 3) * [1, 1, 1], rng.uniform(0, 80, 3)
    ground = ground.mean() + (ground - ground.mean()) * 0.3
    if rng.random() < 0.35:
        ground, colour = colour, ground
    y, x = np.mgrid[0 : page.height, 0 : page.width].astype(np.float32)
    shade = 1 + rng.normal(0, 0.15) * (x / page.width - 0.5) + rng.normal(0, 0.1) * (y / page.height - 0.5)
    picture = (ground * (1 - ink) + colour * ink) * shade[..., None]
    slope, shear = rng.normal(0, 0.012), rng.normal(0, 0.06)
    turn = np.array([[1, shear, -shear * page.height / 2], [slope, 1, -slope * page.width / 2]], np.float32)
    picture = cv2.warpAffine(
        picture.astype(np.float32), turn, (page.width, page.height), borderMode=cv2.BORDER_REPLICATE
    )
    picture = cv2.GaussianBlur(picture, (0, 0), 0.3 + float(rng.gamma(1.2, 0.02)) * size)
    picture = picture + rng.normal(0, rng.gamma(1.5, 3), picture.shape)
    if rng.random() < 0.3:
        smaller = float(rng.uniform(12, 24)) / size
        if smaller < 1:
            small = (max(8, round(page.width * smaller)), max(8, round(page.height * smaller)))
            picture = cv2.resize(picture.astype(np.float32), small, interpolation=cv2.INTER_AREA)
    return as_jpeg(np.clip(picture, 0, 255).astype(np.uint8), int(rng.integers(40, 96))), text
