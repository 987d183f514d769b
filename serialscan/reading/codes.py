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

# With error correction or a strong check: one sight is proof. ITF, Codabar, Telepen, DX film edge and
# Aztec runes have none, are seen in any texture, and are left out.
_STRONG = "DataMatrix,QRCode,Aztec,PDF417,MaxiCode,Code128,Code93,EAN13,UPCA"
# With a weak check or none: believed when two different views say the same.
_WEAK = "Code39,ITF14,EAN8,UPCE,DataBar,MicroQRCode,rMQRCode"
_WEAK_NAMES = frozenset(name.replace("DataBar", "") or name for name in _WEAK.split(","))
_WEAK_MIN = 4  # characters

_COARSE_PIXELS = 1_200_000  # the whole photo is first shown at no more than this
_MIDDLE_PIXELS = 4_000_000  # and then larger, up to this
_TILE = 448  # native pixels
_TILES = 6
_TINY = 400  # a photo with a shorter side than this is also shown enlarged
_MIN_SIDE = 8  # pixels; no code is smaller

# How gaps between dots are closed, in the order of gain for time on rendered dot-peened codes:
# (scale, what grows before the blur, its size in pixels, sigma of the blur).
_CLOSINGS = (
    (0.25, "", 0, 1.5),
    (0.5, "", 0, 1.0),
    (0.5, "", 0, 1.5),
    (0.25, "dark", 3, 1.0),
    (0.25, "light", 3, 1.0),
    (0.5, "dark", 3, 1.0),
    (0.5, "light", 5, 1.0),
    (1.0, "dark", 3, 1.0),
    (1.0, "light", 3, 1.0),
    (1.0, "", 0, 1.5),
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
    for sight in _sights(photo, found):
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


def _sights(photo: _View, found: list[_Sight]) -> Iterator[_Sight]:
    """Yield what every view shows; ``found`` is what the caller has kept so far."""
    factor = 1.0
    while photo.grey.size * factor**2 > _COARSE_PIXELS:
        factor /= 2
    coarse = photo.scaled(factor)
    yield from _decode(coarse)
    if min(coarse.grey.shape) < _TINY:
        yield from _decode(coarse.scaled(2))
    level = factor * 2
    while level < 1 and photo.grey.size * level**2 <= _MIDDLE_PIXELS:
        yield from _decode(photo.scaled(level))
        level *= 2
    tiles = [photo.tile(x, y) for x, y in _candidates(coarse)] if factor < 1 else []
    for view in tiles:
        yield from _decode(view)
    for view in (coarse, *tiles):
        yield from _decode_dots(view)


def _decode_dots(view: _View) -> list[_Sight]:
    for scale, grows, size, sigma in _CLOSINGS:
        sights = _decode(view.scaled(scale).closed(grows, size, sigma), "DataMatrix")
        if sights:
            return sights
    return []


def _candidates(coarse: _View) -> list[tuple[float, float]]:
    """Photo pixels where a matrix code may be: much contrast both across and down, best first."""
    import cv2
    import numpy as np

    grey = coarse.grey
    box = max(3, round(_TILE / 4 * coarse.scale))
    across = cv2.blur(cv2.absdiff(grey[:-1, 1:], grey[:-1, :-1]).astype(np.float32), (box, box))
    down = cv2.blur(cv2.absdiff(grey[1:, :-1], grey[:-1, :-1]).astype(np.float32), (box, box))
    busy = np.minimum(across, down)
    apart = round(_TILE / 2 * coarse.scale)
    places: list[tuple[float, float]] = []
    while len(places) < _TILES:
        _, best, _, (x, y) = cv2.minMaxLoc(busy)
        if best <= 2:
            break
        places.append((x / coarse.scale, y / coarse.scale))
        busy[max(0, y - apart) : y + apart + 1, max(0, x - apart) : x + apart + 1] = 0
    return places


def _decode(view: _View, formats: str = f"{_STRONG},{_WEAK}") -> list[_Sight]:
    import cv2

    sights = _read(view, formats)
    weak = [s for s in sights if s.symbology in _WEAK_NAMES]
    if weak:
        softer = _View(
            grey=cv2.GaussianBlur(view.grey, (3, 3), 0), scale=view.scale, left=view.left, top=view.top
        )
        again = {(s.symbology, s.content) for s in _read(softer, _WEAK)}
        doubted = [s for s in weak if (s.symbology, s.content) not in again or len(s.text) < _WEAK_MIN]
        sights = [s for s in sights if s not in doubted]
    return sights


def _read(view: _View, formats: str) -> list[_Sight]:
    import numpy as np
    import zxingcpp

    if min(view.grey.shape) < _MIN_SIDE:
        return []
    barcodes = zxingcpp.read_barcodes(
        np.ascontiguousarray(view.grey),
        formats=zxingcpp.barcode_formats_from_str(formats),
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
