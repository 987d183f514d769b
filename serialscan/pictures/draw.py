"""One picture of what was read on a photo: boxes, the serial's line enlarged, the reading in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from serialscan.photo.crops import flattened, line_crop, preview, straight
from serialscan.pictures.names import shown_path
from serialscan.pictures.words import heading, sign_text
from serialscan.printable import printable
from serialscan.record import Line, PhotoRecord, Polygon

WIDTH, TALLEST = 900, 1100  # px of the photo in the picture; the picture is as wide
THUMB = 480  # px
_STRIP, _TALLEST_STRIP = 144, 170  # px; height of a straightened line as cut, and as shown
_STRIPS = 3  # lines of a serial that are shown
_GAP, _EDGE = 10, 14  # px between the parts, and beside the words
_MOST_LINES, _MOST_WARNINGS = 40, 6  # that the picture names; the record has all
_SERIAL, _OTHER, _CODE, _SIGN = (255, 196, 0), (90, 200, 255), (150, 235, 120), (240, 140, 255)
_INK, _FAINT, _ALARM, _DARK, _GROUND = (30, 30, 30), (110, 110, 110), (165, 40, 25), (0, 0, 0), (70, 70, 72)
_SHIFT = 4  # OpenCV's fixed point: 1/16 px

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Both (H, W, 3) uint8 RGB; the thumbnail is of the photo and its boxes."""

    picture: np.ndarray
    thumbnail: np.ndarray


def page_shown(record: PhotoRecord) -> int:
    """The page on which the serial stands, else the first with text, else the first."""
    evidence = _evidence(record)
    seen = [(line.id, line.page) for line in record.lines] + [(code.id, code.page) for code in record.codes]
    seen += [(sign.id, sign.page) for sign in record.signs]
    pages = [page for name, page in seen if name in evidence] or [page for _, page in seen]
    return min(pages, default=1)


def drawn(record: PhotoRecord, rgb: np.ndarray) -> Drawn:
    """Draw the page that ``page_shown`` names.

    Args:
        record: of the photo.
        rgb: the page, upright, (H, W, 3) uint8.
    """
    number = page_shown(record)
    view, scale = preview(rgb, WIDTH, TALLEST)
    boxed = _boxed(record, number, view, scale)
    small = _boxed(record, number, *preview(rgb, THUMB, THUMB), named=False)
    parts = [_centred(boxed, _GROUND), *_strips(record, number, rgb), _words(record, number)]
    gap = np.full((_GAP, WIDTH, 3), 255, np.uint8)
    picture = np.concatenate([piece for part in parts for piece in (part, gap)][:-1], axis=0)
    return Drawn(picture, small)


def _evidence(record: PhotoRecord) -> tuple[str, ...]:
    return record.serial.candidates[0].evidence if record.serial.candidates else ()


def _boxed(
    record: PhotoRecord, number: int, view: np.ndarray, scale: float, *, named: bool = True
) -> np.ndarray:
    """The page with the outlines of its lines, codes and signs, each with its id where they are named."""
    evidence = _evidence(record)
    codes = [(code.id, code.polygon, _CODE) for code in record.codes if code.page == number]
    lines = [(line.id, line.polygon, _OTHER) for line in record.lines if line.page == number]
    signs = [(sign.id, sign.polygon, _SIGN) for sign in record.signs if sign.page == number]
    outlines = [
        (name, _scaled(polygon, scale), _SERIAL if name in evidence else colour)
        for name, polygon, colour in codes + signs + lines
        if len(polygon) > 2
    ]
    outlines.sort(key=lambda one: one[2] == _SERIAL)  # the serial's box over the others
    boxed = view.copy()
    for thick, dark in ((4, True), (2, False)):
        for _, corners, colour in outlines:
            fixed = [np.round(corners * (1 << _SHIFT)).astype(np.int32)]
            cv2.polylines(boxed, fixed, True, _DARK if dark else colour, thick, cv2.LINE_AA, _SHIFT)
    image = Image.fromarray(boxed)
    draw = ImageDraw.Draw(image)
    for name, corners, colour in outlines:
        if named:
            _label(draw, name, corners, colour, image.size)
    return np.asarray(image)


def _scaled(polygon: Polygon, scale: float) -> np.ndarray:
    """Corners in px of the preview, as far as they can lie in it or near it."""
    return np.clip(np.array(polygon, float).reshape(-1, 2) * scale, -WIDTH, 2 * max(WIDTH, TALLEST))


def _label(
    draw: ImageDraw.ImageDraw, name: str, corners: np.ndarray, colour: Colour, size: tuple[int, int]
) -> None:
    """The id before the first character, where that is in the picture."""
    font = _font(16)
    before, first = (corners[0] + corners[-1]) / 2, (corners[0] + corners[1]) / 2
    away = before - first
    away = away / max(float(np.hypot(*away)), 1e-6)
    left, top, right, bottom = font.getbbox(name)
    half = np.array([right - left, bottom - top]) / 2 + 3
    at = np.clip(before + away * (np.abs(away) @ half + 3), half, np.maximum(np.array(size) - half, half))
    draw.text(
        (float(at[0]), float(at[1])), name, fill=colour, font=font, anchor="mm", stroke_width=2,
        stroke_fill=_DARK,
    )  # fmt: skip


def _strips(record: PhotoRecord, number: int, rgb: np.ndarray) -> Iterator[np.ndarray]:
    """What the serial is read from, straight and enlarged: as it is, and in even light."""
    there: dict[str, np.ndarray | None] = {}
    for name in _evidence(record)[:_STRIPS]:
        for line in record.lines:
            if line.id == name and line.page == number:
                there[name] = line_crop(rgb, line, _STRIP)
        for code in record.codes:
            if code.id == name and code.page == number:
                there[name] = straight(rgb, code.polygon, _STRIP)
    for cut in there.values():
        if cut is not None:
            beside = cut.shape[1] <= WIDTH * 2 // 3
            space = np.full((_STRIP, _GAP, 3) if beside else (_GAP, cut.shape[1], 3), 255, np.uint8)
            both = np.concatenate([cut, space, flattened(cut)], axis=1 if beside else 0)
            tallest = _TALLEST_STRIP if beside else 2 * _TALLEST_STRIP
            yield _centred(preview(both, WIDTH, tallest)[0], (255, 255, 255))


def _centred(rgb: np.ndarray, ground: Colour) -> np.ndarray:
    wide = np.empty((rgb.shape[0], WIDTH, 3), np.uint8)
    wide[:] = ground
    left = (WIDTH - rgb.shape[1]) // 2
    wide[:, left : left + rgb.shape[1]] = rgb
    return wide


def _words(record: PhotoRecord, number: int) -> np.ndarray:
    """The reading: serial, confidence, decision; warnings; all lines; which photo it is."""
    room = WIDTH - 2 * _EDGE
    rows: list[tuple[int, int, str, int, Colour]] = []  # x, y, text, size, colour
    y = 2
    rows.append((_EDGE, y, _cut(heading(record.serial), 24, room), 24, _INK))
    y += 38
    warnings = [warning.message for warning in record.warnings]
    for text in _first(warnings, _MOST_WARNINGS, "warnings"):
        for part in _wrapped("! " + text, 16, room):
            rows.append((_EDGE, y, part, 16, _ALARM))
            y += 22
    lines = [f"{line.id}  {line.confidence:.2f}  {_read(line, number)}" for line in record.lines]
    lines += [f"{code.id}  {code.symbology}  {code.text}" for code in record.codes]
    lines += [f"{sign.id}  {sign.confidence:.2f}  {sign_text(sign)}" for sign in record.signs]
    shown = list(_first(lines, _MOST_LINES, "lines"))
    half = (len(shown) + 1) // 2
    for index, text in enumerate(shown):
        x = _EDGE + WIDTH // 2 * (index // half)
        rows.append((x, y + 4 + 28 * (index % half), _cut(text, 19, WIDTH // 2 - 2 * _EDGE), 19, _INK))
    y += 28 * half + 10
    pages = f"page {number} of {record.source.pages}   " if record.source.pages > 1 else ""
    digest = f"{pages}SHA-256 {record.source.sha256}"
    name = _cut(shown_path(record.source)[::-1], 13, room - _length(digest, 13) - 20, backwards=True)
    rows.append((_EDGE, y, f"{name}   {digest}", 13, _FAINT))
    image = Image.new("RGB", (WIDTH, y + 26), "white")
    draw = ImageDraw.Draw(image)
    for left, top, text, size, colour in rows:
        draw.text((left, top), text, fill=colour, font=_font(size))
    return np.asarray(image)


def _read(line: Line, number: int) -> str:
    how = list(line.how)
    how += [f"page {line.page}"] if line.page != number else []
    return f"{line.text}  ({', '.join(how)})" if how else line.text


def _first(texts: Sequence[str], most: int, what: str) -> Iterable[str]:
    yield from texts[:most]
    if len(texts) > most:
        yield f"and {len(texts) - most} more {what}: see the record"


def _cut(text: str, size: int, room: float, *, backwards: bool = False) -> str:
    """As much of a text as fits; ``backwards`` it comes from its end to its start, and goes the other way."""
    pieces: list[str] = []
    used = _length("…", size)
    shown = [_spelled(char) for char in text[:1000]]
    if sum(_length(piece, size) for piece in shown) <= room and len(text) <= 1000:
        pieces = shown
    else:
        for piece in shown:
            used += _length(piece, size)
            if used > room:
                break
            pieces.append(piece)
        pieces.append("…")
    return "".join(reversed(pieces) if backwards else pieces)


def _wrapped(text: str, size: int, room: float) -> Iterator[str]:
    row = ""
    for word in text.split():
        word = _cut(word, size, room)
        longer = f"{row} {word}" if row else word
        if row and _length(longer, size) > room:
            yield row
            longer = word
        row = longer
    if row:
        yield row


def _length(text: str, size: int) -> float:
    return sum(_advance(char, size) for char in text)


@cache
def _advance(char: str, size: int) -> float:
    return _font(size).getlength(char)


@cache
def _spelled(char: str) -> str:
    """A character as it can be drawn: one that the font lacks is written as its number."""
    shown = printable(char)
    if shown != char or char == " ":
        return shown
    font = _font(24)
    missing = bytes(font.getmask(char)) == bytes(font.getmask("\uffff"))
    return char.encode("unicode_escape").decode() if missing else char


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own, the same on every machine."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow is built without FreeType"
    return font
