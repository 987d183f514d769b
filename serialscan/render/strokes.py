"""Single-stroke letters: the path a cutter, a punch or a printing head follows.

The tables were drawn for this project (Latin, digits, punctuation, Cyrillic, the Han characters on
Chinese rifles, Arabic-Indic digits). A glyph is a string of strokes separated by ``;``. A stroke is a
list of points ``x,y`` and arcs ``@cx,cy,rx,ry,from,to`` (degrees, 0 to the right, growing clockwise
because y points down). The top of a capital is y = 0, the baseline y = 10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from serialscan.render import fonts

Polyline = npt.NDArray[np.float32]

_GLYPHS: dict[str, str] = {
    "0": "@3,3,3,3,180,360 @3,7,3,3,0,180 0,3",
    "1": "0.4,2 2.4,0 2.4,10",
    "2": "@3,3,3,3,185,398 0,10 6,10",
    "3": "@2.9,2.5,2.7,2.5,-155,90 @2.9,7.4,3.1,2.6,-90,150",
    "4": "4.6,10 4.6,0 0,7 6.2,7",
    "5": "5.6,0 0.8,0 0.6,4.6 @2.9,6.8,3.1,3.2,-130,145",
    "6": "@3,3,3,3,-25,-180 0,6.9 @3,6.9,3,3.1,180,540",
    "7": "0,0 6,0 2.2,10",
    "8": "@3,2.5,2.6,2.5,90,450; @3,7.5,3,2.5,-90,270",
    "9": "@3,7,3,3,155,0 6,3.1 @3,3.1,3,3.1,0,360",
    "A": "0,10 3.2,0 6.4,10; 1.1,6.7 5.3,6.7",
    "B": "0,4.8 3.3,4.8 @3.3,7.4,2.7,2.6,-90,90 0,10 0,0 3.1,0 @3.1,2.4,2.4,2.4,-90,90",
    "C": "@3,3,3,3,-25,-180 @3,7,3,3,180,25",
    "D": "0,0 0,10 2.7,10 @2.7,6.6,3.4,3.4,90,0 @2.7,3.4,3.4,3.4,0,-90 0,0",
    "E": "5.4,0 0,0 0,10 5.4,10; 0,4.8 4.6,4.8",
    "F": "5.4,0 0,0 0,10; 0,4.8 4.6,4.8",
    "G": "@3,3,3,3,-25,-180 @3,7,3,3,180,0 6,5.6 3.5,5.6",
    "H": "0,0 0,10; 6,0 6,10; 0,4.9 6,4.9",
    "I": "0,0 0,10",
    "J": "4.4,0 4.4,7.6 @2.2,7.6,2.2,2.4,0,170",
    "K": "0,0 0,10; 6,0 0,6.2; 2,4.2 6,10",
    "L": "0,0 0,10 5.2,10",
    "M": "0,10 0,0 3.6,7 7.2,0 7.2,10",
    "N": "0,10 0,0 6,10 6,0",
    "O": "@3.2,3.2,3.2,3.2,180,360 @3.2,6.8,3.2,3.2,0,180 0,3.2",
    "P": "0,10 0,0 3.2,0 @3.2,2.8,2.8,2.8,-90,90 0,5.6",
    "Q": "@3.2,3.2,3.2,3.2,180,360 @3.2,6.8,3.2,3.2,0,180 0,3.2; 4,7.4 6.6,10.4",
    "R": "0,10 0,0 3.2,0 @3.2,2.8,2.8,2.8,-90,90 0,5.6; 3,5.6 6,10",
    "S": "@3,2.5,2.8,2.5,-25,-270 @3,7.5,3,2.5,-90,155",
    "T": "0,0 6,0; 3,0 3,10",
    "U": "0,0 0,7 @3,7,3,3,180,0 6,0",
    "V": "0,0 3.1,10 6.2,0",
    "W": "0,0 2.1,10 4.3,1.5 6.5,10 8.6,0",
    "X": "0,0 6,10; 6,0 0,10",
    "Y": "0,0 3,4.8 6,0; 3,4.8 3,10",
    "Z": "0,0 6,0 0,10 6,10",
    "a": "@2.3,6.9,2.3,3.1,0,360; 4.6,3.8 4.6,10",
    "b": "0,0 0,10; @2.3,6.9,2.3,3.1,0,360",
    "c": "@2.4,6.9,2.4,3.1,-40,-320",
    "d": "@2.3,6.9,2.3,3.1,0,360; 4.6,0 4.6,10",
    "e": "0,6.8 4.6,6.8 @2.3,6.9,2.3,3.1,0,-315",
    "f": "3.3,0.4 @2.6,1.8,1.6,1.8,-60,-180 1,10; 0,3.8 2.8,3.8",
    "g": "@2.3,6.9,2.3,3.1,0,360; 4.6,3.8 4.6,10.8 @2.4,10.8,2.2,2,0,150",
    "h": "0,0 0,10; 0,6 @2.2,6,2.2,2.2,180,360 4.4,10",
    "i": "0,3.8 0,10; 0,1.5 0,1.6",
    "j": "1.4,3.8 1.4,11 @0.2,11,1.2,1.6,0,120; 1.4,1.5 1.4,1.6",
    "k": "0,0 0,10; 4,3.8 0,7.6; 1.4,6.4 4.2,10",
    "l": "0,0 0,10",
    "m": "0,3.8 0,10; 0,5.6 @1.8,5.6,1.8,1.8,180,360 3.6,10; 3.6,5.6 @5.4,5.6,1.8,1.8,180,360 7.2,10",
    "n": "0,3.8 0,10; 0,6 @2.2,6,2.2,2.2,180,360 4.4,10",
    "o": "@2.4,6.9,2.4,3.1,0,360",
    "p": "0,3.8 0,13; @2.3,6.9,2.3,3.1,0,360",
    "q": "@2.3,6.9,2.3,3.1,0,360; 4.6,3.8 4.6,13",
    "r": "0,3.8 0,10; 0,6.2 @2.2,6.2,2.2,2.4,180,305",
    "s": "@2.1,5.4,2,1.6,-25,-270 @2.1,8.4,2.1,1.6,-90,155",
    "t": "1.3,1.2 1.3,8.4 @2.7,8.4,1.4,1.6,180,80; 0,3.8 3,3.8",
    "u": "0,3.8 0,7.6 @2.2,7.6,2.2,2.4,180,0; 4.4,3.8 4.4,10",
    "v": "0,3.8 2.2,10 4.4,3.8",
    "w": "0,3.8 1.6,10 3.2,5 4.8,10 6.4,3.8",
    "x": "0,3.8 4.4,10; 4.4,3.8 0,10",
    "y": "0,3.8 2.2,10; 4.4,3.8 1,13",
    "z": "0,3.8 4.2,3.8 0,10 4.2,10",
    ".": "0.4,9.8 0.4,9.9",
    ",": "0.7,9.6 0.1,11.4",
    ":": "0.4,4 0.4,4.1; 0.4,9.2 0.4,9.3",
    ";": "0.7,4 0.7,4.1; 0.7,9.4 0.1,11.2",
    "-": "0.3,5.4 3.5,5.4",
    "_": "0,11 5,11",
    "/": "0,10.6 4.2,-0.6",
    "'": "0,-0.2 0,2.4",
    '"': "0,-0.2 0,2.4; 1.8,-0.2 1.8,2.4",
    "(": "@3,5,3,6,235,125",
    ")": "@0,5,3,6,-55,55",
    "&": "6.3,10 1.6,3.6 @2.9,2,1.8,2,150,400 0.9,6 @2.7,7.6,2.5,2.4,215,20 6.2,5.8",
    "#": "2,0.5 1.2,9.5; 4.8,0.5 4,9.5; 0,3.4 6,3.4; 0,6.6 6,6.6",
    "+": "0,5.4 5,5.4; 2.5,2.9 2.5,7.9",
    "=": "0,4 5,4; 0,6.8 5,6.8",
    "*": "1.8,0.5 1.8,4.1; 0.2,1.4 3.4,3.2; 3.4,1.4 0.2,3.2",
    "%": "6.4,0 0.8,10; @1.5,2,1.5,2,0,360; @5.7,8,1.5,2,0,360",
    "°": "@1.4,1.4,1.4,1.4,0,360",
    "×": "0,4.4 4.4,9; 4.4,4.4 0,9",
    "·": "0.4,5.4 0.4,5.5",
    "№": "0,10 0,0 5,10 5,0; @7.6,4.2,1.4,2,0,360; 6.2,8 9,8",
    "Б": "5.2,0 0,0 0,10 3.2,10 @3.2,7.3,2.7,2.7,90,-90 0,4.6",
    "Г": "5,0 0,0 0,10",
    "Д": "0,11.8 0,10 6.8,10 6.8,11.8; 0.9,10 1.8,6 2.4,0 5.8,0 5.8,10",
    "Ж": "4,0 4,10; 0,0 4,5 0,10; 8,0 4,5 8,10",
    "З": "@2.9,2.5,2.7,2.5,-155,90 @2.9,7.4,3.1,2.6,-90,150",
    "И": "0,0 0,10 6,0 6,10",
    "Й": "0,0 0,10 6,0 6,10; @3,-2.4,1.5,1.4,170,10",
    "Л": "0,10 1.3,8.4 2,0 5.8,0 5.8,10",
    "П": "0,10 0,0 6,0 6,10",
    "Ф": "3.6,-0.3 3.6,10.3; @3.6,4.6,3.6,3,0,360",
    "Ц": "0,0 0,10 6.8,10 6.8,11.9; 5.8,0 5.8,10",
    "Ч": "0,0 0,3.4 @2.6,3.4,2.6,2.4,180,90 5.4,5.8; 5.4,0 5.4,10",
    "Ш": "0,0 0,10 7.6,10 7.6,0; 3.8,0 3.8,10",
    "Щ": "0,0 0,10 8.6,10 8.6,11.9; 3.8,0 3.8,10; 7.6,0 7.6,10",
    "Ъ": "0,0 2,0 2,10 4.6,10 @4.6,7.4,2.6,2.6,90,-90 2,4.8",
    "Ы": "0,0 0,10 2.4,10 @2.4,7.4,2.6,2.6,90,-90 0,4.8; 7,0 7,10",
    "Ь": "0,0 0,10 2.8,10 @2.8,7.4,2.6,2.6,90,-90 0,4.8",
    "Э": "@2.8,3,3,3,-150,0 @2.8,7,3,3,0,150; 2,4.9 5.8,4.9",
    "Ю": "0,0 0,10; 0,4.9 2.2,4.9; @4.9,3,2.7,3,180,360 @4.9,7,2.7,3,0,180 2.2,3",
    "Я": "6,10 6,0 2.8,0 @2.8,2.8,2.8,2.8,-90,-270 6,5.6; 3,5.6 0,10",
    "г": "3.8,3.8 0,3.8 0,10",
    "б": "4.4,0.2 2,1 0.2,4 0,6.9; @2.3,6.9,2.3,3.1,0,360",
    "五": "1,0.4 8,0.4; 4.2,0.4 3,9.6; 1.2,4.6 7,4.6 6.6,9.6; 0,9.6 9,9.6",
    "六": "4,-0.4 5,1.6; 0,3.4 9,3.4; 3,5 0.6,10; 5.8,5 8.6,10",
    "式": "0.2,2.4 9.2,2.4; 0.9,5 4.6,5; 2.8,5 2.8,8.6; 0.4,9.3 5,8.1; 5.7,-0.2 6.1,4.4 7.2,8 8.6,10 9.3,7.8"
    "; 7.2,0 8.4,1.2",
    "一": "0,5 9,5",
    "二": "1,2 8,2; 0,8.6 9,8.6",
    "三": "0.8,1 8.2,1; 1.4,5 7.6,5; 0,9.2 9,9.2",
    "四": "0,1 9,1 9,9.6 0,9.6 0,1; 3.3,1 3.2,5 1.6,7; 5.6,1 5.6,5.6 7.4,6.2",
    "厂": "9,1 0.8,1 0.6,6 0,10",
    "号": "1.6,0 7.4,0 7.4,3 1.6,3 1.6,0; 0,5 9,5; 2.2,5 1.8,6.9 7.2,6.9 6.8,9.6 4.6,9.8",
    "中": "0.4,2.4 8.6,2.4 8.6,6.4 0.4,6.4 0.4,2.4; 4.5,0 4.5,10.2",
    "国": "0.2,0 8.8,0 8.8,10 0.2,10 0.2,0; 2,2.2 7,2.2; 2.2,4.8 6.8,4.8; 1.8,7.8 7.2,7.8; "
    "4.5,2.2 4.5,7.8; 5.8,6 6.6,7",
    "七": "0,4.6 9,3.2; 3.6,0 3.6,8 4.6,9.6 8.6,9.4 8.8,7.6",
    "八": "3.4,1.4 2.6,6 0,10; 5,0.6 6.2,6 9,10",
    "九": "0.4,3.2 6.4,3.2 6.2,8.4 7,9.8 9,9.4 9.2,7.8; 3.2,0 2.8,6 0,10",
    "十": "0,4.4 9,4.4; 4.5,0 4.5,10",
    "年": "2.2,0 0.4,3; 1.8,1.6 8.4,1.6; 2,4.2 8,4.2; 2,4.2 2,6.9; 0,6.9 9,6.9; 5,1.6 5,10.4",
    "单": "2.6,-0.2 3.4,1; 6.4,-0.2 5.6,1; 1.4,1.6 7.6,1.6 7.6,5.6 1.4,5.6 1.4,1.6; 1.4,3.6 7.6,3.6; "
    "0,7.6 9,7.6; 4.5,1.6 4.5,10.2",
    "连": "3.6,1 8.8,1; 5.6,0 4.4,3.8 8.6,3.8; 3.6,6 9,6; 6.4,2.4 6.4,8.2; 0.8,0.4 1.8,1.6; "
    "0,3.8 1.9,3.8 1.9,8 0,9.8; 1.9,8.2 3.4,9.5 9.2,9.8",
    "٠": "1,5.6 1.6,6.2",
    "١": "0,0.6 1,4 1.2,10",
    "٢": "0,0.4 1,4 1.2,10; 0,0.4 @2.2,1,1.9,1.6,160,-20",
    "٣": "0,0.2 1,4 1.2,10; 0.1,0.4 @1.4,0.8,1.2,1.5,160,0 @3.8,0.8,1.2,1.5,180,0",
    "٤": "4.2,0.2 1,1.4 1,3.6 3.4,4.6 0.6,6 0.4,8.4 4.4,9.8",
    "٥": "@2.6,5.8,2.6,3.6,0,360",
    "٦": "0,0.6 4,0.6 4.2,10",
    "٧": "0,0.4 2.8,10 5.6,0.4",
    "٨": "0,10 2.8,0.4 5.6,10",
    "٩": "3.8,2.6 @1.9,2.6,1.9,2.2,0,360 4.2,10",
    "۴": "0,0 1,4 1.2,10; 4.4,0.6 @2.6,2,1.8,1.8,-60,-220 4.6,4.6",
    "۵": "2.8,0.6 @1.5,7,1.5,2.6,180,0 @4.3,7,1.5,2.6,180,0 2.8,0.6 0,7",
    "۶": "4.2,0.4 @1.8,1.8,1.8,1.6,-60,-230 4.4,4; 1.6,4 0.2,10",
}

_SHARED = {
    "А": "A", "В": "B", "Е": "E", "К": "K", "М": "M", "Н": "H", "О": "O", "Р": "P", "С": "C", "Т": "T",
    "У": "Y", "Х": "X", "І": "I", "Ѕ": "S", "Ј": "J",
    "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x",
    "۰": "٠", "۱": "١", "۲": "٢", "۳": "٣", "۷": "٧", "۸": "٨", "۹": "٩",
}  # fmt: skip

_SMALL_CAPITALS = frozenset("вджзийклмнптфцчшщъыьэюя")
_X_HEIGHT = 0.62

_ALTERNATES: dict[str, tuple[str, str]] = {
    "1-plain": ("1", "0.6,0 0.6,10"),
    "1-foot": ("1", "0.6,2 2.6,0 2.6,10; 0.8,10 4.4,10"),
    "3-flat": ("3", "0.3,0 5.7,0 2.7,4.1 @2.9,7,3.1,3,-95,150"),
    "4-open": ("4", "1.6,0 0,6.4 6,6.4; 4.4,4 4.4,10"),
    "6-straight": ("6", "4.6,0 0.5,5.7 @3,7,3,3,205,565"),
    "9-straight": ("9", "1.4,10 5.5,4.3 @3,3,3,3,25,385"),
    "7-bar": ("7", "0,0 6,0 2.2,10; 1.8,5 5.4,5"),
    "0-slash": ("0", "@3,3,3,3,180,360 @3,7,3,3,0,180 0,3; 0.8,8.6 5.2,1.4"),
    "I-serif": ("I", "0,0 3.2,0; 1.6,0 1.6,10; 0,10 3.2,10"),
    "J-bar": ("J", "1.6,0 4.4,0 4.4,7.6 @2.2,7.6,2.2,2.4,0,170"),
    "M-middle": ("M", "0,10 0,0 3.4,5.6 6.8,0 6.8,10"),
    "M-splayed": ("M", "0,10 1,0 3.9,8.6 6.8,0 7.8,10"),
    "M-short": ("M", "0,10 0,0 3.4,5 6.8,0 6.8,10"),
}


@dataclass(frozen=True)
class Face:
    """A way to draw the skeletons.

    Attributes:
        name: stable name, kept in the truth.
        width: horizontal scale of every glyph.
        spacing: gap between glyphs as a part of the capital height.
        slant: shear to the right as a part of the height.
        step: angle in degrees between points on arcs; 45 gives the cut corners of plotted marks.
        weight: half the stroke width as a part of the capital height.
        serif: half the length of the bars that end upright strokes, as a part of the height; 0 for none.
        file: of an outline font, whose contours take the place of the skeletons; empty for none.
        alternates: keys of the alternate shapes in use, for example ``4-open``.
    """

    name: str
    width: float = 1.0
    spacing: float = 0.22
    slant: float = 0.0
    step: float = 18.0
    weight: float = 0.07
    serif: float = 0.0
    file: str = ""
    alternates: frozenset[str] = field(default_factory=frozenset)


def _face(name: str, alternates: str = "", **values: Any) -> Face:
    return Face(name, alternates=frozenset(alternates.split()), **values)


FACES: dict[str, Face] = {
    face.name: face
    for face in (
        _face("gorton", "3-flat", width=1.0, spacing=0.26, weight=0.065),
        _face("roll", "4-open", width=0.92, spacing=0.26, weight=0.08),
        _face("roll-wide", "", width=1.18, spacing=0.3, weight=0.075),
        _face("punch", "6-straight 9-straight", width=0.95, spacing=0.36, weight=0.085),
        _face("punch-serif", "1-foot 3-flat I-serif", width=0.9, spacing=0.34, weight=0.085),
        _face("plotter", "1-foot I-serif", width=0.9, spacing=0.34, step=45.0, weight=0.06),
        _face("label", "", width=0.95, spacing=0.2, step=12.0, weight=0.075),
        _face("label-bold", "J-bar", width=1.0, spacing=0.24, step=12.0, weight=0.1),
        _face("narrow", "1-plain", width=0.74, spacing=0.27, weight=0.075),
        _face("italic", "", width=0.95, spacing=0.22, slant=0.2, weight=0.065),
        _face("hand", "1-plain 4-open 6-straight", width=0.95, spacing=0.3, weight=0.05),
        _face("plotter-slash", "0-slash 3-flat 1-foot", width=0.85, spacing=0.3, step=45.0, weight=0.06),
        _face("punch-narrow", "1-plain 4-open", width=0.68, spacing=0.3, weight=0.06),
        _face("punch-din", "6-straight 9-straight M-middle", width=0.78, spacing=0.36, weight=0.07),
        _face("punch-splayed", "1-plain 4-open M-splayed", width=0.85, spacing=0.36, weight=0.06),
        _face("wide", "1-plain", width=1.35, spacing=0.34, weight=0.08),
        _face("serif", "I-serif", width=1.05, spacing=0.3, step=12.0, weight=0.07, serif=0.11),
        _face("brand", "J-bar", width=1.25, spacing=0.36, slant=0.25, weight=0.12),
        _face("slashed", "0-slash 7-bar 1-foot", width=0.95, spacing=0.26, weight=0.07),
        _face("narrow-cut", "3-flat 4-open M-short", width=0.72, spacing=0.24, step=45.0, weight=0.07),
        _face("typewriter", "1-foot 4-open", width=0.88, spacing=0.34, step=12.0, weight=0.055, serif=0.09),
    )
}

HELD_BACK_FACES = frozenset({"slashed", "narrow-cut", "typewriter"})
"""Faces for measuring only: what learns from rendered photos must never see them."""


@lru_cache(maxsize=64)
def face_named(name: str) -> Face:
    """The face of that name: of `FACES`, or an installed font of `fonts.FREE_FONTS`.

    Raises:
        KeyError: there is none, or the font is not installed.
    """
    if name in FACES:
        return FACES[name]
    file = str(fonts.installed()[name])
    return Face(name, spacing=0.0, weight=fonts.half_stroke(file), file=file)


def has_glyph(char: str, face: Face | None = None) -> bool:
    """Whether the tables, or the font of a face that has one, can draw the character."""
    if face is not None and face.file:
        return fonts.has_char(char, face.file)
    return char == " " or char in _GLYPHS or char in _SHARED or char in _SMALL_CAPITALS


@lru_cache(maxsize=4096)
def glyph(char: str, face: Face) -> tuple[tuple[Polyline, ...], float]:
    """The skeleton of a character, or its closed contours if the face has a font.

    Args:
        char: one character that `has_glyph` knows.
        face: how to draw it.

    Returns:
        Polylines of shape (n, 2) in capital heights (x from 0, y from 0 at the top to 1 at the
        baseline), and the glyph's width without the gap that follows it.

    Raises:
        KeyError: neither the tables nor the font have such a character.
    """
    if face.file:
        outlines, advance = fonts.contours(char, face.file)
        return tuple(
            line * np.array([face.width, 1.0], np.float32) for line in outlines
        ), advance * face.width
    if char == " ":
        return (), 0.38 * face.width
    if char in _SMALL_CAPITALS:
        capital, width = glyph(char.upper(), face)
        foot = np.array([0.0, 1.0 - _X_HEIGHT], np.float32)
        return tuple(line * np.float32(_X_HEIGHT) + foot for line in capital), width * _X_HEIGHT
    plain = _SHARED.get(char, char)
    table = _GLYPHS[plain]
    for key in face.alternates:
        char_of, alternate = _ALTERNATES[key]
        if char_of == plain:
            table = alternate
    lines = []
    for stroke in table.split(";"):
        points: list[tuple[float, float]] = []
        for token in stroke.split():
            if token[0] == "@":
                cx, cy, rx, ry, start, end = map(float, token[1:].split(","))
                count = max(2, math.ceil(abs(end - start) / face.step) + 1)
                for k in range(count):
                    angle = math.radians(start + (end - start) * k / (count - 1))
                    points.append((cx + rx * math.cos(angle), cy + ry * math.sin(angle)))
            else:
                x, y = token.split(",")
                points.append((float(x), float(y)))
        lines.append(np.array(points, np.float32) / 10.0)
    if face.serif:
        lines += _serifs(lines, face.serif / face.width)
    left = min(float(line[:, 0].min()) for line in lines)
    right = max(float(line[:, 0].max()) for line in lines)
    for line in lines:
        line[:, 0] = (line[:, 0] - left) * face.width + (1.0 - line[:, 1]) * face.slant
        line.setflags(write=False)
    return tuple(lines), (right - left) * face.width


def _serifs(lines: list[Polyline], half: float) -> list[Polyline]:
    """Short bars across the ends of upright strokes that stand on the baseline or reach the top."""
    bars = []
    for line in lines:
        for end, before in ((line[0], line[1]), (line[-1], line[-2])):
            x, y = end.tolist()
            upright = abs(before[1] - y) > 1.5 * abs(before[0] - x)
            if upright and min(abs(y), abs(y - 1.0)) < 0.02 and len(line) < 6:
                bars.append(np.array([[x - half, y], [x + half, y]], np.float32))
    return bars
