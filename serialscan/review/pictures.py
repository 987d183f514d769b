"""What a reviewer sees: the original if it is there and unchanged, otherwise the pictures of the case."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import simplejpeg

from serialscan.errors import PhotoError
from serialscan.photo import open_photo
from serialscan.photo.crops import Margin, flattened, line_crop, straight
from serialscan.record import Line, PhotoRecord, Polygon
from serialscan.settings import Settings

LONGEST_SIDE = 8192  # px of a whole photo as it is sent; crops come from all of its pixels
LEAST_SIDE = 256  # px of it, however small the window is
THUMBNAIL_SIDE = 200  # px of a photo beside others of its item
BOX_CROP_PX = 120  # height of what a person drew a box around, as the case keeps it
CROP_PX = 320  # height of one line
WIDEST_CROP = 4000  # px
AROUND = Margin(along=1.0, across=0.5)
"""What is shown around a line: enough to see whether the number goes on."""

_GAP = 12  # px between two lines
_KEPT = 5  # pages in memory: this one, the next two, and two before
_KEPT_BYTES = 400_000_000  # of all of them; the last one stays, however large
_QUALITY = 92
_FLAT_PART = 12  # the light of a whole photo is made even over this part of its shorter side


@dataclass(frozen=True)
class Page:
    """One page of a photo as it can be shown.

    Attributes:
        kind: ``original``, ``preview`` or ``none``.
        why: why it is not the original; empty if it is, or if nobody has looked for it.
        rgb: (H, W, 3) uint8, upright; None if there is no picture.
        scale: its pixels for one pixel of the photo.
        crops: small pictures of the case, by the id that they show; used without the original.
    """

    kind: str
    why: str
    rgb: np.ndarray | None
    scale: float
    crops: dict[str, np.ndarray]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels of the photo."""
        if self.rgb is None:
            return 1, 1
        return round(self.rgb.shape[1] / self.scale), round(self.rgb.shape[0] / self.scale)


@dataclass(frozen=True)
class Sent:
    """A picture as it goes to the page.

    Attributes:
        data: JPEG; None if there is nothing to show.
        kind: of what it was made: ``original``, ``preview`` (the pictures of the case) or ``none``.
        why: why it is not the original; empty if it is, or if nobody has looked for it.
        size: width and height of its page in pixels of the photo.
    """

    data: bytes | None
    kind: str
    why: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Kept:
    """What the case itself holds of a photo: its small pictures with role and what they show."""

    pictures: Sequence[tuple[str, str | None, bytes]] = ()


class Pages:
    """Opens pages, each once; the last ones stay in memory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._pages: OrderedDict[tuple[int, int], Future[Page]] = OrderedDict()

    def page(
        self, number: int, page: int, record: PhotoRecord, files: Sequence[Path], kept: Callable[[], Kept]
    ) -> Page:
        """One page of a photo.

        Args:
            number: of the photo in this session.
            page: from 1.
            record: of the photo.
            files: where the original may be.
            kept: gives what the case holds of it.
        """
        key = (number, page)
        with self._lock:
            future = self._pages.get(key)
            mine = future is None
            if future is None:
                future = self._pages[key] = Future()
            self._pages.move_to_end(key)
        if mine:
            try:
                future.set_result(self._open(page, record, files, kept))
            except BaseException as error:
                with self._lock:
                    self._pages.pop(key, None)
                future.set_exception(error)
            self._forget()
        return future.result()

    def _forget(self) -> None:
        """Let go of the pages that were asked for longest ago; those being opened stay."""
        with self._lock:
            while len(self._pages) > 1 and (len(self._pages) > _KEPT or self._bytes() > _KEPT_BYTES):
                self._pages.popitem(last=False)

    def _bytes(self) -> int:
        done = [one.result() for one in self._pages.values() if one.done() and not one.exception()]
        return sum(page.rgb.nbytes for page in done if page.rgb is not None)

    def _open(self, page: int, record: PhotoRecord, files: Sequence[Path], kept: Callable[[], Kept]) -> Page:
        why = "moved" if record.source.sha256 is not None else "never_read"
        for file in files if record.source.sha256 is not None else ():
            try:
                with open_photo(file, self._settings, sha256=record.source.sha256) as opened:
                    for count, rgb in enumerate(opened.pages(), start=1):
                        if count == page:
                            return Page("original", "", rgb, 1.0, {})
            except PhotoError as error:
                if error.code in ("changed", "empty"):
                    why = "changed"
                elif file.exists() and why != "changed":
                    why = "unreadable"
        return small_page(page, record, kept(), why)


def small_page(page: int, record: PhotoRecord, kept: Kept, why: str = "") -> Page:
    """A page from the pictures of the case alone. They show the first page, and crops of any."""
    previews, crops = [], {}
    for role, of, data in kept.pictures:
        small = _decoded(data)
        if small is not None and role == "preview":
            previews.append(small)
        elif small is not None and of is not None:
            crops[of] = small
    if not previews or page > 1:
        return Page("none", why, None, 1.0, crops)
    width = record.source.width or previews[0].shape[1]
    return Page("preview", why, previews[0], previews[0].shape[1] / width, crops)


def whole(page: Page, *, flat: bool, side: int) -> Sent:
    """A page, its longer side at most so many pixels."""
    if page.rgb is None:
        return Sent(None, "none", page.why, page.size)
    rgb = _at_most(page.rgb, min(max(side, LEAST_SIDE), LONGEST_SIDE))
    return Sent(_jpeg(even(rgb) if flat else rgb), page.kind, page.why, page.size)


def thumbnail(page: Page) -> Sent:
    """A page among others."""
    data = _jpeg(_at_most(page.rgb, THUMBNAIL_SIDE)) if page.rgb is not None else None
    return Sent(data, page.kind, page.why, page.size)


def crop_of_lines(page: Page, lines: Sequence[Line], *, flat: bool) -> Sent:
    """Lines of a page, straight and large, one below the other."""
    cuts = [cut for line in lines if (cut := _line(page, line)) is not None]
    return _sent(page, _stacked(cuts, flat))


def crop_of_outline(
    page: Page, polygon: Polygon, identity: str | None, *, flat: bool, height: int = CROP_PX
) -> Sent:
    """What an outline holds, straight and large.

    Args:
        page: the page.
        polygon: in pixels of the photo.
        identity: the id of what it holds, for a small picture of the case.
        flat: in even light.
        height: of the crop in pixels.
    """
    cut = page.crops.get(identity or "") if page.kind != "original" else None
    if cut is None and page.rgb is not None:
        cut = straight(page.rgb, _scaled(polygon, page.scale), height, AROUND)
    return _sent(page, _stacked([cut] if cut is not None else [], flat))


def _sent(page: Page, data: bytes | None) -> Sent:
    kind = "none" if data is None else "original" if page.kind == "original" else "preview"
    return Sent(data, kind, page.why, page.size)


def even(rgb: np.ndarray) -> np.ndarray:
    """A whole photo in even light: the local mean becomes mid grey, local contrast one scale."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    side = max(3, min(grey.shape) // _FLAT_PART | 1)
    detail = grey - cv2.blur(grey, (side, side))
    spread = np.sqrt(np.maximum(cv2.blur(detail * detail, (side, side)), 0))
    flat = np.clip(128 + detail / (spread + 6) * 48, 0, 255).astype(np.uint8)
    return np.repeat(flat[:, :, None], 3, axis=2)


def _line(page: Page, line: Line) -> np.ndarray | None:
    if page.kind != "original" and line.id in page.crops:
        return page.crops[line.id]
    if page.rgb is None:
        return None
    if page.scale == 1.0:
        return line_crop(page.rgb, line, CROP_PX, AROUND)
    return straight(page.rgb, _scaled(line.polygon, page.scale), CROP_PX, AROUND)


def _scaled(polygon: Polygon, scale: float) -> Polygon:
    return tuple((x * scale, y * scale) for x, y in polygon)


def _stacked(cuts: Sequence[np.ndarray], flat: bool) -> bytes | None:
    if not cuts:
        return None
    shown = [_at_most(flattened(cut) if flat else cut, WIDEST_CROP) for cut in cuts]
    width = max(cut.shape[1] for cut in shown)
    rows: list[np.ndarray] = []
    for cut in shown:
        row = np.full((cut.shape[0] + (_GAP if rows else 0), width, 3), 255, np.uint8)
        row[row.shape[0] - cut.shape[0] :, : cut.shape[1]] = cut
        rows.append(row)
    return _jpeg(np.concatenate(rows))


def _at_most(rgb: np.ndarray, longest: int) -> np.ndarray:
    scale = longest / max(rgb.shape[:2])
    if scale >= 1:
        return rgb
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    return cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)


def _jpeg(rgb: np.ndarray) -> bytes:
    data: bytes = simplejpeg.encode_jpeg(np.ascontiguousarray(rgb), quality=_QUALITY)
    return data


def _decoded(data: bytes) -> np.ndarray | None:
    """A small picture of the case; None if its bytes are none, which costs that picture only."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if pixels is None else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
