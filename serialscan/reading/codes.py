"""Machine-readable codes: Data Matrix, QR and linear, through zxing-cpp.

A decoder wants connected, dark-on-light modules of a few pixels. Marks on metal are dots with gaps,
light or dark, in any size, so a photo is shown to it in several ways, cheap ones first: the whole
photo shrunk, then half as large again and again, then native tiles around the places that look like
a matrix code. Where nothing was found, gaps between dots are closed in several sizes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from serialscan.recipe import Closing, Codes
from serialscan.record import Code, Polygon

if TYPE_CHECKING:
    import numpy as np

# With error correction or a strong check: one sight is proof.
_STRONG = "DataMatrix,QRCode,Aztec,PDF417,MaxiCode,Code128,Code93"
# With a weak check or none: believed when the smoothed view says the same. Short ITF, Codabar, Telepen
# and DX film edge are seen in any texture and are not looked for.
_WEAK = "Code39,EAN13,UPCA,EAN8,UPCE,ITF14,DataBar,MicroQRCode,rMQRCode"
_MATRIX = "DataMatrix,QRCode"
_COMMON = "DataMatrix,QRCode,Code128,Code93,Code39"  # what is looked for where every format costs much

_MIN_SIDE = 8  # pixels; no code is smaller

# C0 and DEL as their Unicode control pictures: readable, and never taken for literal text.
_CONTROLS = {**{c: 0x2400 + c for c in range(32)}, 127: 0x2421}


class _Sight(msgspec.Struct, frozen=True, kw_only=True):
    """One decoded code in photo pixels."""

    symbology: str
    content: bytes
    text: str
    polygon: Polygon


class _View(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the photo at some scale; photo pixel = (pixel + 0.5) / scale - 0.5 + (left, top)."""

    grey: Any
    scale: float = 1.0
    left: int = 0
    top: int = 0

    def scaled(self, factor: float) -> _View:
        import cv2

        if factor == 1:
            return self
        height, width = self.grey.shape
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        grey = cv2.resize(self.grey, size, interpolation=how)
        return _View(grey=grey, scale=self.scale * factor, left=self.left, top=self.top)

    def tile(self, x: float, y: float, size: int) -> _View:
        """The native tile around a photo pixel, moved inside the photo."""
        height, width = self.grey.shape
        left, top = (int(max(0, min(at - size // 2, end - size))) for at, end in ((x, width), (y, height)))
        return _View(grey=self.grey[top : top + size, left : left + size], left=left, top=top)

    def closed(self, how: Closing) -> _View:
        import cv2

        grey = self.grey
        if how.grows:
            grow = cv2.dilate if how.grows == "light" else cv2.erode
            grey = grow(grey, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (how.size_px, how.size_px)))
        return _View(
            grey=cv2.GaussianBlur(grey, (0, 0), how.sigma_px), scale=self.scale, left=self.left, top=self.top
        )


def read_codes(rgb: np.ndarray, how: Codes, page: int = 1, first: int = 1) -> tuple[Code, ...]:
    """Find and decode the codes of one page.

    Args:
        rgb: upright page, uint8 (H, W, 3).
        how: the recipe's codes.
        page: its number, from 1.
        first: number of the first code's id.

    Returns:
        The codes from top to bottom. ``bytes_hex`` is the content verbatim (ISO 15434 envelopes and
        separators included); in ``text`` control characters are written as their Unicode pictures
        (``␝`` for GS, ``␞`` for RS, ``␄`` for EOT).
    """
    import cv2

    if min(rgb.shape[:2]) < _MIN_SIDE:
        return ()
    photo = _View(grey=cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    found: list[_Sight] = []
    for sight in _sights(photo, how):
        if not any(_same(sight, known) for known in found):
            found.append(sight)
    found.sort(key=lambda s: (*reversed(_centre(s.polygon)), s.symbology, s.content))
    return tuple(
        Code(
            id=f"C{number}", symbology=one.symbology, text=one.text.translate(_CONTROLS),
            bytes_hex=one.content.hex(), polygon=one.polygon, page=page,
        )
        for number, one in enumerate(found, start=first)
    )  # fmt: skip


def _sights(photo: _View, how: Codes) -> Iterator[_Sight]:
    """Yield what every view of the photo shows, cheap views first; the same code may come again."""
    views = [photo]
    while views[0].grey.size > how.coarse_pixels:
        views.insert(0, views[0].scaled(0.5))
    coarse, *larger = views
    yield from _decode(coarse, how)
    if min(coarse.grey.shape) < how.tiny_px:
        yield from _decode(coarse.scaled(2), how)
    for view in larger:
        if view.grey.size <= how.middle_pixels:
            # What is seen in this view shrunk has been seen before.
            yield from _decode(view, how, _COMMON, downscale=False)
    places = _candidates(views[max(0, len(views) - 2)], how) if larger else []
    tiles = [photo.tile(x, y, how.tile_px) for x, y in places]
    for view in tiles:
        yield from _decode(view, how, _MATRIX)
    for view in (coarse, *tiles):
        yield from _decode_dots(view, how)


def _decode_dots(view: _View, how: Codes) -> list[_Sight]:
    scaled = functools.cache(view.scaled)
    for closing in how.closings:
        sights = _decode(scaled(closing.scale).closed(closing), how, "DataMatrix")
        if sights:
            return sights
    return []


def _candidates(view: _View, how: Codes) -> list[tuple[float, float]]:
    """Photo pixels where a small matrix code may be: much contrast both across and down, best first."""
    import cv2
    import numpy as np

    grey = view.grey
    box = round(how.small_px * view.scale)
    # A few hard edges must not count as much as many moderate ones.
    across, down = (
        cv2.boxFilter(np.minimum(cv2.absdiff(one, other), how.edge), cv2.CV_32F, (box, box))
        for one, other in ((grey[:-1, 1:], grey[:-1, :-1]), (grey[1:, :-1], grey[:-1, :-1]))
    )
    busy = np.minimum(across, down)
    apart = round(how.tile_px / 2 * view.scale)
    places: list[tuple[float, float]] = []
    while len(places) < how.tiles:
        _, best, _, (x, y) = cv2.minMaxLoc(busy)
        if best <= how.flat:
            break
        places.append((x / view.scale, y / view.scale))
        busy[max(0, y - apart) : y + apart + 1, max(0, x - apart) : x + apart + 1] = 0
    return places


def _decode(
    view: _View, how: Codes, formats: str = f"{_STRONG},{_WEAK}", *, downscale: bool = True
) -> list[_Sight]:
    """Decode one view; weak symbologies must be seen in it slightly smoothed, too."""
    import cv2

    sights = _read(view, formats, downscale=downscale)
    weak = [s for s in sights if s.symbology not in _STRONG.split(",")]
    if weak:
        softer = _View(
            grey=cv2.GaussianBlur(view.grey, (3, 3), 0), scale=view.scale, left=view.left, top=view.top
        )
        again = {(s.symbology, s.content) for s in _read(softer, _WEAK, downscale=downscale)}
        doubted = [
            s for s in weak if (s.symbology, s.content) not in again or len(s.text) < how.weak_characters
        ]
        sights = [s for s in sights if s not in doubted]
    return sights


def _read(view: _View, formats: str, *, downscale: bool) -> list[_Sight]:
    import numpy as np
    import zxingcpp

    if min(view.grey.shape) < _MIN_SIDE:
        return []
    barcodes = zxingcpp.read_barcodes(
        np.ascontiguousarray(view.grey),
        formats=zxingcpp.barcode_formats_from_str(formats),
        try_downscale=downscale,
        text_mode=zxingcpp.TextMode.Plain,
    )
    return [
        _Sight(
            symbology=barcode.format.name,
            content=barcode.bytes,
            text=barcode.text,
            polygon=_polygon(barcode.position, view),
        )
        for barcode in barcodes
        if barcode.valid and barcode.bytes
    ]


def _polygon(position: Any, view: _View) -> Polygon:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    return tuple(
        (
            round((corner.x + 0.5) / view.scale - 0.5 + view.left, 1),
            round((corner.y + 0.5) / view.scale - 0.5 + view.top, 1),
        )
        for corner in corners
    )


def _centre(polygon: Polygon) -> tuple[float, float]:
    return (sum(x for x, _ in polygon) / len(polygon), sum(y for _, y in polygon) / len(polygon))


def _same(one: _Sight, other: _Sight) -> bool:
    """The same content at the same place: the centre of each lies in the bounds of the other."""
    if (one.symbology, one.content) != (other.symbology, other.content):
        return False
    return _inside(_centre(one.polygon), other.polygon) or _inside(_centre(other.polygon), one.polygon)


def _inside(point: tuple[float, float], polygon: Polygon) -> bool:
    (x, y), (xs, ys) = point, zip(*polygon, strict=True)
    return min(xs) - 5 <= x <= max(xs) + 5 and min(ys) - 5 <= y <= max(ys) + 5
