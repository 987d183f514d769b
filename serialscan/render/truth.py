"""What is true of a rendered photo: texts, places, fields, and how legible they came out."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from serialscan.glyphs import latin_by_look
from serialscan.render.camera import Exif
from serialscan.render.canvas import Array

SMALLEST_LEGIBLE_PX = 11.0
BEHIND = "behind"
"""Role of a line that stands on no item: on a card, a box, a battery."""
MOST_HIDDEN = 0.3
"""A letter or digit with more of its strokes hidden is written as ``?``."""
LEAST_READ = 0.9
"""So is one that viewers would read less often than this, see `chance_to_read`."""


@dataclass(frozen=True)
class TrueGlyph:
    """One character and its four corners in the photo, clockwise from the character's top left.

    ``hidden`` is the part of its strokes, 0 to 1, that something covers or that was ground away;
    ``read`` how often viewers would read it, 0 to 1, see `chance_to_read`.
    """

    char: str
    polygon: Array
    hidden: float = 0.0
    read: float = 1.0

    def shows(self, least: float = LEAST_READ) -> bool:
        """Whether so many viewers can tell which character it is; punctuation shows by its place."""
        return self.hidden <= MOST_HIDDEN and (self.read >= least or not self.char.isalnum())


@dataclass(frozen=True)
class TrueLine:
    """One line as it stands in the photo.

    Attributes:
        text: what stands there, in its own script.
        role: the field it carries; empty if none.
        kind: how the mark was made.
        polygon: (n, 2) outline in pixels, clockwise from the first character's top left.
        glyphs: every character but spaces.
        glyph_height_px: median height of the capitals in the photo.
        contrast: mean difference between marked pixels and their surroundings, 0 to 1.
        clutter: the same measure on the unmarked pixels around them.
        whole: all of the line is inside the photo and faces the camera.
        blur: of lens and shake, sigma as a part of the capitals' height.
    """

    text: str
    role: str
    kind: str
    polygon: Array
    glyphs: tuple[TrueGlyph, ...]
    glyph_height_px: float
    contrast: float
    clutter: float
    whole: bool
    blur: float = 0.0

    @property
    def legible(self) -> bool:
        """Whether a careful reader makes out more than half of it, and it is all there and large enough."""
        return self.shows()

    def shows(self, least: float = LEAST_READ) -> bool:
        """The same for so many viewers as `TrueGlyph.shows` asks for."""
        left = sum(glyph.shows(least) for glyph in self.glyphs)
        return self.whole and self.glyph_height_px >= SMALLEST_LEGIBLE_PX and 2 * left > len(self.glyphs)

    @property
    def visible_text(self) -> str:
        """The text with ``?`` for every character that does not show."""
        glyphs = iter(self.glyphs)
        return "".join(char if char == " " or next(glyphs).shows() else "?" for char in self.text)

    def glyphs_of(self, value: str) -> tuple[TrueGlyph, ...]:
        """The characters of a value that stands in the text; all of them if it does not."""
        start = self.text.rfind(value)
        if start < 0:
            return self.glyphs
        before = len(self.text[:start].replace(" ", ""))
        return self.glyphs[before : before + len(value.replace(" ", ""))]

    def visible(self, value: str) -> str:
        """A field's value, which stands in the text, with ``?`` for every character that does not show."""
        start = self.text.find(value)
        return self.visible_text[start : start + len(value)] if start >= 0 else value


@dataclass(frozen=True)
class Trap:
    """What was done to the serial of a photo so that what is read of it may not be all of it.

    Attributes:
        kind: for example ``covered:tag``; ``none:`` and a thing where that hides nothing.
        parts: what each line of the role ``serial`` holds of the number, in reading order.
        serial: the whole number as it was struck, its parts joined; None if there is none.
    """

    kind: str
    parts: tuple[str, ...]
    serial: str | None


GONE = 0.95
"""A character of which so much is hidden leaves nothing that tells of it."""


@dataclass(frozen=True)
class Truth:
    """Everything that is true of one photo; coordinates are pixels of the picture as its Exif turns it.

    Attributes:
        item: name of the layout, the same for all photos of one item.
        object: what it is, in words.
        kind: how most marks were made.
        lines: in the order in which they were put on.
        codes: payload and corners of each Data Matrix.
        fields: serial, manufacturer, model and others, as far as they stand on the item.
        rotate: degrees to turn the photo clockwise until the text is upright.
        layout: ``circular`` or ``mixed`` where text stands on a circle, else empty.
        partial: more can be read than ``lines`` says, for example a ruler.
        item_id: the same for all photos of one item, empty if nothing is known of other photos.
        exif: what the file says of its camera and time, None if nothing.
        trap: what was done to the serial, None in usual photos.
        surroundings: other things lie around the item; the label says of each line where it stands.
    """

    item: str
    object: str
    kind: str
    lines: tuple[TrueLine, ...]
    codes: tuple[tuple[bytes, Array], ...]
    fields: dict[str, str]
    rotate: int
    layout: str
    partial: bool
    item_id: str = ""
    exif: Exif | None = None
    trap: Trap | None = None
    surroundings: bool = False

    @property
    def serial_glyphs(self) -> list[tuple[TrueLine, TrueGlyph]]:
        """The characters of a trapped serial, each with its line, in reading order."""
        if self.trap is None:
            return []
        held = [line for line in self.lines if line.role == "serial"]
        return [
            (line, glyph)
            for line, part in zip(held, self.trap.parts, strict=False)
            for glyph in line.glyphs_of(part)
        ]

    @property
    def whole(self) -> bool:
        """Whether every character of a trapped serial can be seen and read in the photo."""
        glyphs = self.serial_glyphs
        return bool(glyphs) and all(
            line.whole and line.glyph_height_px >= SMALLEST_LEGIBLE_PX and glyph.shows()
            for line, glyph in glyphs
        )

    @property
    def seen_serial(self) -> str | None:
        """What a careful viewer sees of a trapped serial, ``?`` for what cannot be decided.

        What is hidden altogether is left out at both ends, and is ``?`` between others.
        """
        glyphs = [glyph for _, glyph in self.serial_glyphs]
        left = [k for k, glyph in enumerate(glyphs) if glyph.hidden < GONE]
        if not left:
            return None
        return "".join(g.char if g.shows() else "?" for g in glyphs[left[0] : left[-1] + 1])

    @property
    def tier(self) -> str:
        """easy, medium or hard, by the serial's line (by the worst line if there is none)."""
        serial = [line for line in self.lines if line.role == "serial"] or list(self.lines)
        worst = min(serial, key=lambda line: (line.legible, line.contrast / max(line.clutter, 0.004)))
        if not worst.legible or self.layout == "circular" or worst.glyph_height_px < 16:
            return "hard"
        clear = worst.contrast > 2.5 * worst.clutter and worst.contrast > 0.06
        return "easy" if clear and self.rotate == 0 else "medium"

    def label(self, file: str) -> dict[str, Any]:
        """One object of ``labels.jsonl``."""
        legible = [line for line in self.lines if line.legible]
        serial = next(
            (
                line.visible(self.fields["serial"])
                for line in legible
                if line.role == "serial" and "serial" in self.fields
            ),
            None,
        )
        if serial is not None and not any(map(str.isalnum, serial)):
            serial = None  # the words around it show, its own characters do not
        row: dict[str, Any] = {
            "file": file,
            "lines": [latin_by_look(line.visible_text) for line in legible],
            "serial": latin_by_look(serial) if serial else None,
            "kind": self.kind,
            "tier": self.tier,
            "object": self.object,
        }
        if self.trap is not None:
            seen = self.seen_serial
            struck = (self.trap.serial or "").replace(" ", "")
            row["serial"] = latin_by_look(struck) or None
            row["trap"] = self.trap.kind
            row["visible"] = latin_by_look(seen) if seen else None
            row["whole"] = self.whole
            row["serial_lines"] = [latin_by_look(part) for part in self.trap.parts]
        if self.item_id:
            row["item"] = self.item_id
        if self.rotate:
            row["rotate_cw_to_upright"] = self.rotate
        if self.layout:
            row["layout"] = self.layout
        if "part_number" in self.fields:
            row["part_number"] = self.fields["part_number"]
        if self.partial or len(legible) < len(self.lines):
            row["partial_lines"] = True
        row["fields"] = dict(self.fields)
        row["polygons"] = [_rounded(line.polygon) for line in legible]
        row["glyph_height_px"] = [round(line.glyph_height_px, 1) for line in legible]
        row["contrast"] = [round(line.contrast, 3) for line in legible]
        row["marks"] = [line.kind for line in legible]
        row["glyphs"] = [
            [
                {
                    "char": latin_by_look(glyph.char),
                    "polygon": _rounded(glyph.polygon),
                    **(
                        {}
                        if glyph.shows()
                        else {"hidden": round(glyph.hidden, 2), "read": round(glyph.read, 2)}
                    ),
                }
                for glyph in line.glyphs
            ]
            for line in legible
        ]
        illegible = [line for line in self.lines if not line.legible]
        if self.surroundings:
            row["where"] = ["background" if line.role == BEHIND else "item" for line in legible]
        if illegible:
            row["illegible_lines"] = [latin_by_look(line.text) for line in illegible]
            row["illegible_polygons"] = [_rounded(line.polygon) for line in illegible]
        if self.exif is not None:
            row |= {"camera": self.exif.camera, "captured_at": self.exif.taken}
            row["orientation"] = self.exif.orientation
        if self.codes:
            row["codes"] = [
                {"symbology": "DataMatrix", "bytes_hex": data.hex(), "polygon": _rounded(polygon)}
                for data, polygon in self.codes
            ]
        scripts = sorted({_script(char) for line in legible for char in line.text} - {""})
        if scripts not in ([], ["latin"]):
            row["scripts"] = scripts
        return row


def _script(char: str) -> str:
    name = unicodedata.name(char, "")
    for word, script in (("LATIN", "latin"), ("CYRILLIC", "cyrillic"), ("CJK", "han"), ("ARABIC", "arabic")):
        if name.startswith((word, "EXTENDED " + word)):
            return script
    return ""


def _rounded(points: Array) -> list[list[float]]:
    return [[round(float(x), 1), round(float(y), 1)] for x, y in points]


def measure_contrast(
    picture: Array,
    ink: Array,
    polygon: Array,
    glyph_height: float,
    hidden: Array | None = None,
    glyphs: Sequence[Array] = (),
) -> tuple[float, float, list[float]]:
    """How much marked pixels differ from their surroundings, and how much unmarked ones do.

    Args:
        picture: (h, w, 3) the final photo, 8 bits.
        ink: (h, w) cover of marks in the photo, 0 to 1.
        polygon: (n, 2) outline of the line in pixels.
        glyph_height: height of its capitals in pixels.
        hidden: (h, w) 1 where something covers the surface; what is there is left out.
        glyphs: outline (n, 2) of each character in pixels.

    Returns:
        Mean absolute difference to the local mean brightness, as a part of the range, on marked and
        on unmarked pixels near the line, and on the marked ones of each character.
    """
    nothing = 0.0, 0.0, [0.0] * len(glyphs)
    height, width = ink.shape
    left, top = np.floor(polygon.min(axis=0)).astype(int)
    right, bottom = np.ceil(polygon.max(axis=0)).astype(int) + 1
    margin = max(3, int(min(right - left, bottom - top)) // 3)
    left, top = max(0, left - margin), max(0, top - margin)
    right, bottom = min(width, right + margin), min(height, bottom + margin)
    if right - left < 4 or bottom - top < 4:
        return nothing
    gray: Array = cv2.cvtColor(picture[top:bottom, left:right], cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    mark: Array = ink[top:bottom, left:right]
    bare: Array = np.ones_like(mark) if hidden is None else 1.0 - hidden[top:bottom, left:right]
    # Large letters are measured at the size at which people look at them, about 40 pixels.
    shrink = min(1.0, 40.0 / max(glyph_height, 1.0))
    if shrink < 1.0:
        gray, mark, bare = (
            cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
            for image in (gray, mark, bare)
        )
    area = np.zeros(gray.shape, np.uint8)
    cv2.fillPoly(area, [np.round((polygon - (left, top)) * shrink).astype(np.int32)], 1)
    # A thin border belongs to the mark: the lit and the shaded flank of a groove lie on its edge.
    border = cv2.dilate(mark, np.ones((3, 3), np.uint8))
    open_air = cv2.erode(bare, np.ones((5, 5), np.uint8)) > 0.9
    marked = (border > 0.35) & (area > 0) & open_air
    plain = (cv2.dilate(mark, np.ones((7, 7), np.uint8)) < 0.1) & open_air
    if marked.sum() < 8 or plain.sum() < 8:
        return nothing
    # The background is what the unmarked neighbours show, so that dense text does not hide itself.
    weight = plain.astype(np.float32)
    size = (0, 0)
    spread = max(4.0, 0.25 * shrink * glyph_height)
    ground = cv2.GaussianBlur(gray * weight, size, spread) / np.maximum(
        cv2.GaussianBlur(weight, size, spread), 1e-3
    )
    away = np.abs(cv2.GaussianBlur(gray, size, 0.7) - ground)
    each = []
    for glyph in glyphs:
        place = np.zeros(gray.shape, np.uint8)
        cv2.fillPoly(place, [np.round((glyph - (left, top)) * shrink).astype(np.int32)], 1)
        own = marked & (place > 0)
        each.append(float(away[own].mean()) if own.any() else 0.0)
    return float(away[marked].mean()), float(away[plain].mean()), each


def measure_traces(
    picture: Array, ink: Array, polygons: Sequence[Array], glyph_height: float, blur: float
) -> list[float]:
    """How much of the changes in brightness around each character comes from its strokes.

    The picture is fitted by the strokes' cover, its slopes (lit and shaded flanks) and its edges (rims).
    Texture, stains and noise are not explained by these, however much contrast they have.

    Args:
        picture: (h, w, 3) the final photo, 8 bits.
        ink: (h, w) cover of marks in the photo, 0 to 1.
        polygons: outline (n, 2) of each character in pixels.
        glyph_height: height of the capitals in pixels.
        blur: of the photo, sigma in pixels.

    Returns:
        For each character the explained share of the variance, 0 to 1 (the fit's coefficient of
        determination).
    """
    corners = np.concatenate(polygons)
    margin = 0.5 * glyph_height + 2.0
    (left, top), (right, bottom) = (
        np.floor(corners.min(axis=0) - margin).astype(int).clip(0),
        np.ceil(corners.max(axis=0) + margin).astype(int),
    )
    gray: Array = cv2.cvtColor(picture[top:bottom, left:right], cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    mark = ink[top:bottom, left:right]
    shrink = min(1.0, 32.0 / max(glyph_height, 1.0))
    if shrink < 1.0:
        gray, mark = (
            cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
            for image in (gray, mark)
        )
    mark = cv2.GaussianBlur(mark, (0, 0), max(0.7, shrink * blur))
    across, along = cv2.Sobel(mark, cv2.CV_32F, 1, 0), cv2.Sobel(mark, cv2.CV_32F, 0, 1)
    gray = cv2.GaussianBlur(gray, (0, 0), 0.6)
    # Not cv2.magnitude, which rounds by where in memory a pixel lies.
    layers = cv2.merge([mark, across, along, np.sqrt(across**2 + along**2), gray])
    wide = int(0.9 * shrink * glyph_height) | 1
    layers = layers - cv2.blur(layers, (max(3, wide), max(3, wide)))
    traces = []
    for polygon in polygons:
        place = (polygon - (left, top)) * shrink
        x0, y0 = np.floor(place.min(axis=0) - 0.12 * shrink * glyph_height).astype(int).clip(0)
        x1, y1 = np.ceil(place.max(axis=0) + 0.12 * shrink * glyph_height).astype(int) + 1
        part = layers[y0:y1, x0:x1].reshape(-1, layers.shape[2])
        products = part.T @ part
        strokes, both, all_of_it = products[:-1, :-1], products[:-1, -1], float(products[-1, -1])
        ridge = (1e-3 * np.trace(strokes) / len(strokes) + 1e-9) * np.eye(len(strokes), dtype=np.float32)
        traces.append(float(both @ np.linalg.solve(strokes + ridge, both)) / max(all_of_it, 1e-9))
    return traces


def chance_to_read(trace: float, glyph_height: float, contrast: float, clutter: float, blur: float) -> float:
    """How often viewers would read a character rightly, 0 to 1.

    A psychometric function, logistic as in Wichmann and Hill 2001, fitted on 342 serials that were read
    blind, as straightened and enlarged crops; docs/rendering.md says by whom, and how well it holds.

    Args:
        trace: of its strokes in the picture, see `measure_traces`.
        glyph_height: height of the line's capitals in pixels.
        contrast: of its strokes, see `measure_contrast`.
        clutter: of the unmarked surface around, likewise.
        blur: of lens and shake, sigma as a part of the capitals' height.
    """
    height = math.log(max(glyph_height, 1.0) / 25.0)
    stands_out = math.log(math.sqrt(max(contrast**2 - clutter**2, 0.003**2)) / 0.05)
    odds = 0.87 + 4.38 * trace + 1.48 * height + 1.36 * stands_out - 21.8 * blur
    return 1.0 / (1.0 + math.exp(-max(odds, -50.0)))
