"""What a case keeps of a photo: a preview, crops of what may be the serial, and the hash of the pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from serialscan.photo.crops import line_crop, preview, straight
from serialscan.pictures.keep import encoded
from serialscan.record import Code, Line, PhotoRecord

if TYPE_CHECKING:
    from serialscan.settings import Settings

MOST_CROPS = 24
"""Lines and codes of a photo that are cropped, at most: those of the likeliest candidates come first."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Pixels of the pictures: the longer side of a preview, the height of a crop; 0 makes none."""

    preview: int
    crop: int


@dataclass(frozen=True, slots=True)
class Small:
    """Pictures as JPEG: the preview, or None, and crops by the id of the line or code that they show."""

    preview: bytes | None
    crops: Mapping[str, bytes]


class Watcher:
    """Sees the pages of one photo while it is read, so that it need not be decoded once more.

    Args:
        sizes: of the pictures.

    Attributes:
        preview: of the first page, or None.
    """

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._pixels = hashlib.sha256()
        self._last: tuple[int, np.ndarray] | None = None
        self._fault: Exception | None = None
        self.preview: bytes | None = None

    def see(self, number: int, page: np.ndarray) -> None:
        """Look at a page, from 1; (H, W, 3) uint8 RGB. What goes wrong is told later: it costs no reading."""
        try:
            self._see(number, page)
        except Exception as error:
            self._fault = error

    def _see(self, number: int, page: np.ndarray) -> None:
        height, width = page.shape[:2]
        self._pixels.update(f"{width} {height}\n".encode())
        self._pixels.update(np.ascontiguousarray(page).data)
        self._last = number, page
        if number == 1 and self._sizes.preview:
            self.preview = encoded(preview(page, *_at_most(self._sizes.preview, width, height))[0], ".jpg")

    @property
    def pixel_sha256(self) -> str | None:
        """SHA-256 (hex) of what was seen: of each page ``WIDTH HEIGHT`` and a line feed, then its pixels.

        Pixels are those of the upright page, row by row, three bytes each: red, green, blue.
        """
        return self._pixels.hexdigest() if self._last is not None else None

    def small(self, record: PhotoRecord, photo: Path | bytes, settings: Settings) -> Small:
        """The pictures of the photo, now that it was read.

        Args:
            record: of it.
            photo: the file, or its bytes: a file of several pages may have to be opened once more.
            settings: limits on what is opened.

        Raises:
            PhotoError: it is no longer the photo that was read.
            Exception: what went wrong when a page was looked at.
        """
        if self._fault is not None:
            raise self._fault
        shown = _shown(record) if self._sizes.crop else []
        wanted = {one.page for one in shown}
        crops: dict[str, bytes] = {}
        for number, page in self._pages(wanted, record, photo, settings):
            for one in shown:
                cut = _cut(one, page, self._sizes.crop) if one.page == number else None
                if cut is not None:
                    crops[one.id] = encoded(cut, ".jpg")
        return Small(self.preview, {one.id: crops[one.id] for one in shown if one.id in crops})

    def _pages(
        self, wanted: set[int], record: PhotoRecord, photo: Path | bytes, settings: Settings
    ) -> Iterator[tuple[int, np.ndarray]]:
        if not wanted:
            return
        if self._last is not None and wanted == {self._last[0]}:
            yield self._last
            return
        from serialscan.photo import open_photo

        with open_photo(photo, settings, record.source.path, sha256=record.source.sha256) as opened:
            for number, page in enumerate(opened.pages(), start=1):
                if number in wanted:
                    yield number, page
                if number == max(wanted):
                    return


def _shown(record: PhotoRecord) -> list[Line | Code]:
    """Lines and codes that candidates of the serial were read from, each once."""
    known: dict[str, Line | Code] = {line.id: line for line in record.lines}
    known |= {code.id: code for code in record.codes}
    named = dict.fromkeys(name for candidate in record.serial.candidates for name in candidate.evidence)
    return [known[name] for name in named if name in known][:MOST_CROPS]


def _cut(one: Line | Code, page: np.ndarray, height: int) -> np.ndarray | None:
    return line_crop(page, one, height) if isinstance(one, Line) else straight(page, one.polygon, height)


def _at_most(side: int, width: int, height: int) -> tuple[int, int]:
    """Room for a preview: a small photo is not enlarged."""
    return min(side, width), min(side, height)
