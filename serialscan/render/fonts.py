"""Free outline fonts, where they are installed: drawing-office, sign, machine-readable and Arabic letters.

They widen what the stroke tables of `strokes` draw, and are used only when asked for, so that the same
seed makes the same picture on every machine.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from serialscan.render.canvas import Array
from serialscan.settings import FONTS_VARIABLE

Contour = npt.NDArray[np.float32]

SAMPLED_PX = 160
"""Height of the em at which outlines are traced."""


@dataclass(frozen=True)
class FreeFont:
    """A font that may be installed.

    Attributes:
        file: name of its file.
        licence: SPDX expression.
        package: of Debian, which has it.
    """

    file: str
    licence: str
    package: str


FREE_FONTS: dict[str, FreeFont] = {
    "routed-gothic": FreeFont("routed-gothic.ttf", "OFL-1.1", "fonts-routed-gothic"),
    "routed-gothic-narrow": FreeFont("routed-gothic-narrow.ttf", "OFL-1.1", "fonts-routed-gothic"),
    "routed-gothic-wide": FreeFont("routed-gothic-wide.ttf", "OFL-1.1", "fonts-routed-gothic"),
    "osifont": FreeFont("osifont.ttf", "LGPL-3.0-only WITH Font-exception-2.0", "fonts-osifont"),
    "ocr-a": FreeFont("OCRA.ttf", "LicenseRef-public-domain", "fonts-ocr-a"),
    "b612-mono": FreeFont("B612Mono-Regular.otf", "OFL-1.1 AND EPL-2.0 AND BSD-3-Clause", "fonts-b612"),
    "dejavu-sans": FreeFont("DejaVuSans.ttf", "Bitstream-Vera", "fonts-dejavu-core"),
    "dejavu-sans-bold": FreeFont("DejaVuSans-Bold.ttf", "Bitstream-Vera", "fonts-dejavu-core"),
    "dejavu-serif-bold": FreeFont("DejaVuSerif-Bold.ttf", "Bitstream-Vera", "fonts-dejavu-core"),
    "dejavu-condensed": FreeFont("DejaVuSansCondensed.ttf", "Bitstream-Vera", "fonts-dejavu-extra"),
    "opendin": FreeFont("OSP-DIN.ttf", "OFL-1.1", "fonts-opendin"),
    "ocr-b": FreeFont("OCRB.otf", "LicenseRef-public-domain", "fonts-ocr-b"),
}

HELD_BACK_FONTS = frozenset({"opendin", "ocr-b"})
"""Fonts for measuring only: what learns from rendered photos must never see them."""

ARABIC_FONTS = ("dejavu-sans", "dejavu-sans-bold")


def installed() -> dict[str, Path]:
    """The fonts of `FREE_FONTS` that are on this machine, each with its file."""
    return dict(_installed(os.environ.get(FONTS_VARIABLE, "")))


def free_fonts(held_back: bool = False) -> tuple[str, ...]:
    """Names of the installed fonts: those that are kept for measuring, or the others."""
    return tuple(name for name in installed() if (name in HELD_BACK_FONTS) == held_back)


@lru_cache(maxsize=4)
def _installed(folder: str) -> dict[str, Path]:
    wanted = {font.file: name for name, font in FREE_FONTS.items()}
    found: dict[str, Path] = {}
    for root in [Path(folder)] if folder else _folders():
        for path in sorted(root.rglob("*.[ot]tf")) if root.is_dir() else ():
            found.setdefault(wanted.get(path.name, ""), path)
    return {name: found[name] for name in FREE_FONTS if name in found}


def _folders() -> list[Path]:
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"]
    if sys.platform == "darwin":
        return [Path("/Library/Fonts"), Path.home() / "Library" / "Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts"]


@lru_cache(maxsize=4096)
def contours(char: str, file: str) -> tuple[tuple[Contour, ...], float]:
    """The outline of a character.

    Args:
        char: one character.
        file: path of the font.

    Returns:
        Closed contours of shape (n, 2) in capital heights (x from the pen's place, y from 0 at the top of
        a capital to 1 at the baseline), outer ones and holes, and how far the pen goes on.

    Raises:
        KeyError: the font has no such character.
    """
    font, top, tall = _opened(file)
    if not has_char(char, file):
        raise KeyError(char)
    mask, (dx, dy) = font.getmask2(char, mode="L")
    advance = font.getlength(char) / tall
    if not mask.size[0] or not mask.size[1]:
        return (), advance
    traced, _ = cv2.findContours(_inked(mask), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    origin = np.array([dx - 0.5, dy - 0.5 - top], np.float32)
    lines = []
    for contour in traced:
        points = cv2.approxPolyDP(contour, 0.7, True)[:, 0].astype(np.float32)
        if len(points) > 2:
            closed = np.concatenate([points, points[:1]]) + origin
            lines.append((closed / tall).astype(np.float32))
    return tuple(lines), advance


@lru_cache(maxsize=4096)
def has_char(char: str, file: str) -> bool:
    """Whether a font has a character."""
    font, _, _ = _opened(file)
    return char.isspace() or bytes(font.getmask(char)) != bytes(font.getmask("\U0010fffe"))


@lru_cache(maxsize=64)
def half_stroke(file: str) -> float:
    """Half the width of the font's upright strokes, as a part of the capital height."""
    font, _, tall = _opened(file)
    inked = _inked(font.getmask("H", mode="L"))
    return float(cv2.distanceTransform(inked, cv2.DIST_L2, 5)[len(inked) // 4].max()) / tall


def _inked(mask: Any) -> Array:
    """A character's mask of Pillow as 0 and 1, with a border of one pixel."""
    image = np.array(mask, np.uint8).reshape(mask.size[1], mask.size[0])
    return cv2.copyMakeBorder((image > 127).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)


@lru_cache(maxsize=32)
def _opened(file: str) -> tuple[Any, float, float]:
    """The font, and top and height of its capitals in pixels."""
    from PIL import ImageFont

    font = ImageFont.truetype(file, SAMPLED_PX, layout_engine=ImageFont.Layout.BASIC)
    _, top, _, bottom = font.getbbox("H")
    return font, top, bottom - top


@lru_cache(maxsize=1)
def _joined() -> dict[tuple[str, str], str]:
    """Presentation forms of Arabic letters by letter and form (Unicode, blocks FB50 and FE70)."""
    forms: dict[tuple[str, str], str] = {}
    for code in (*range(0xFB50, 0xFC00), *range(0xFE70, 0xFEFD)):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and parts[0][1:-1] in ("isolated", "initial", "medial", "final"):
            forms.setdefault((chr(int(parts[1], 16)), parts[0][1:-1]), chr(code))
    return forms


def shaped(words: str) -> str:
    """Arabic or Persian words as they are drawn: joined forms, first letter on the right.

    The result is in drawing order, left to right; `unshaped` gives the words back.
    """
    forms = _joined()
    drawn = []
    for place, letter in enumerate(words):
        before = words[place - 1] if place else " "
        after = words[place + 1] if place + 1 < len(words) else " "
        joins_before = (before, "initial") in forms and (letter, "final") in forms
        joins_after = (letter, "initial") in forms and (after, "final") in forms
        form = ("isolated", "initial", "final", "medial")[joins_after + 2 * joins_before]
        drawn.append(forms.get((letter, form), letter))
    return "".join(reversed(drawn))


def unshaped(drawn: str) -> str:
    """The words in reading order of what `shaped` made."""
    return unicodedata.normalize("NFKC", drawn[::-1])


def is_shaped(text: str) -> bool:
    """Whether a line holds joined Arabic letters in drawing order."""
    return any("\ufb50" <= char <= "\ufefc" for char in text)
