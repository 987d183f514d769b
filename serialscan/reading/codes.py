"""Machine-readable codes: Data Matrix, QR and linear, through zxing-cpp.

A decoder wants connected, dark-on-light modules of a few pixels. Marks on metal are dots with gaps,
light or dark, in any size, so a photo is shown to it in several ways, cheap ones first: the whole
photo shrunk, then half as large again and again, then native tiles around the places that look like
a matrix code. Where nothing was found, gaps between dots are closed in several sizes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from serialscan.record import Code, Polygon

if TYPE_CHECKING:
    import numpy as np

# With error correction or a strong check: one sight is proof.
_STRONG = "DataMatrix,QRCode,Aztec,PDF417,MaxiCode,Code128,Code93"
# With a weak check or none: believed when the smoothed view says the same. Short ITF, Codabar, Telepen
# and DX film edge are seen in any texture and are not looked for.
_WEAK = "Code39,EAN13,UPCA,EAN8,UPCE,ITF14,DataBar,MicroQRCode,rMQRCode"
_WEAK_MIN = 4  # characters
_MATRIX = "DataMatrix,QRCode"
_COMMON = "DataMatrix,QRCode,Code128,Code93,Code39"  # what is looked for where every format costs much

_COARSE_PIXELS = 1_200_000  # the whole photo is first shown at no more than this
_MIDDLE_PIXELS = 4_000_000  # and then larger, up to this
_TILE = 448  # native pixels
_TILES = 6
_SMALL_CODE = 80  # native pixels; what is much larger is seen in the shrunk photo
_EDGE, _FLAT = 50, 2  # grey levels between neighbours: the most that counts, and what is nothing
_TINY = 400  # a photo with a shorter side than this is also shown enlarged
_MIN_SIDE = 8  # pixels; no code is smaller

# How gaps between dots are closed, in the order of gain for time on rendered dot-peened codes:
# (scale, what grows before the blur, its size in pixels, sigma of the blur).
_CLOSINGS = (
    (0.35, "", 0, 1.0),
    (0.25, "dark", 3, 0.7),
    (0.5, "", 0, 0.7),
    (0.25, "light", 3, 0.7),
    (0.5, "light", 3, 0.7),
    (0.5, "dark", 3, 0.7),
    (0.35, "light", 3, 0.7),
    (0.35, "dark", 3, 0.7),
    (0.25, "dark", 5, 0.7),
    (0.5, "light", 5, 0.7),
    (0.71, "light", 3, 0.7),
    (1.0, "light", 3, 1.0),
    (1.0, "dark", 3, 1.0),
)

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

    def tile(self, x: float, y: float) -> _View:
        """The native tile around a photo pixel, moved inside the photo."""
        height, width = self.grey.shape
        left, top = (int(max(0, min(at - _TILE // 2, end - _TILE))) for at, end in ((x, width), (y, height)))
        return _View(grey=self.grey[top : top + _TILE, left : left + _TILE], left=left, top=top)

    def closed(self, grows: str, size: int, sigma: float) -> _View:
        import cv2

        grey = self.grey
        if grows:
            grow = cv2.dilate if grows == "light" else cv2.erode
            grey = grow(grey, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
        return _View(
            grey=cv2.GaussianBlur(grey, (0, 0), sigma), scale=self.scale, left=self.left, top=self.top
        )


def read_codes(rgb: np.ndarray, page: int = 1, first: int = 1) -> tuple[Code, ...]:
    """Find and decode the codes of one page.

    Args:
        rgb: upright page, uint8 (H, W, 3).
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
    for sight in _sights(photo):
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


def _sights(photo: _View) -> Iterator[_Sight]:
    """Yield what every view of the photo shows, cheap views first; the same code may come again."""
    views = [photo]
    while views[0].grey.size > _COARSE_PIXELS:
        views.insert(0, views[0].scaled(0.5))
    coarse, *larger = views
    yield from _decode(coarse)
    if min(coarse.grey.shape) < _TINY:
        yield from _decode(coarse.scaled(2))
    for view in larger:
        if view.grey.size <= _MIDDLE_PIXELS:
            # What is seen in this view shrunk has been seen before.
            yield from _decode(view, _COMMON, downscale=False)
    tiles = [photo.tile(x, y) for x, y in _candidates(views[max(0, len(views) - 2)])] if larger else []
    for view in tiles:
        yield from _decode(view, _MATRIX)
    for view in (coarse, *tiles):
        yield from _decode_dots(view)


def _decode_dots(view: _View) -> list[_Sight]:
    for scale, grows, size, sigma in _CLOSINGS:
        sights = _decode(view.scaled(scale).closed(grows, size, sigma), "DataMatrix")
        if sights:
            return sights
    return []


def _candidates(view: _View) -> list[tuple[float, float]]:
    """Photo pixels where a small matrix code may be: much contrast both across and down, best first."""
    import cv2
    import numpy as np

    grey = view.grey
    box = round(_SMALL_CODE * view.scale)
    # A few hard edges must not count as much as many moderate ones.
    across, down = (
        cv2.boxFilter(np.minimum(cv2.absdiff(one, other), _EDGE), cv2.CV_32F, (box, box))
        for one, other in ((grey[:-1, 1:], grey[:-1, :-1]), (grey[1:, :-1], grey[:-1, :-1]))
    )
    busy = np.minimum(across, down)
    apart = round(_TILE / 2 * view.scale)
    places: list[tuple[float, float]] = []
    while len(places) < _TILES:
        _, best, _, (x, y) = cv2.minMaxLoc(busy)
        if best <= _FLAT:
            break
        places.append((x / view.scale, y / view.scale))
        busy[max(0, y - apart) : y + apart + 1, max(0, x - apart) : x + apart + 1] = 0
    return places


def _decode(view: _View, formats: str = f"{_STRONG},{_WEAK}", *, downscale: bool = True) -> list[_Sight]:
    """Decode one view; weak symbologies must be seen in it slightly smoothed, too."""
    import cv2

    sights = _read(view, formats, downscale=downscale)
    weak = [s for s in sights if s.symbology not in _STRONG.split(",")]
    if weak:
        softer = _View(
            grey=cv2.GaussianBlur(view.grey, (3, 3), 0), scale=view.scale, left=view.left, top=view.top
        )
        again = {(s.symbology, s.content) for s in _read(softer, _WEAK, downscale=downscale)}
        doubted = [s for s in weak if (s.symbology, s.content) not in again or len(s.text) < _WEAK_MIN]
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
