"""Open one photo as evidence: hashed, bounded, decoded from the hashed bytes, checked afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

import msgspec

from serialscan.errors import PhotoError
from serialscan.photo.files import check_bytes, describe, read_file, sha256_of
from serialscan.record import Source, Warning_

if TYPE_CHECKING:
    import numpy as np

    from serialscan.settings import Settings


def open_photo(
    photo: Path | bytes, settings: Settings, name: str | None = None, *, sha256: str | None = None
) -> OpenedPhoto:
    """Open a photo; use it as a context manager.

    Args:
        photo: the file (opened read-only, read once), or its bytes.
        settings: limits, and whether the position may be told.
        name: what ``source.path`` says.
        sha256: in hex, of the only content that is taken; None takes any.

    Returns:
        The photo with its facts; its pages are not decoded yet.

    Raises:
        PhotoError: with as much of its ``source`` as is known; codes ``unreadable``, ``not_a_file``,
            ``too_many_bytes``, ``changed``, ``empty``, ``not_an_image``, ``truncated``, ``corrupt``,
            ``unsupported``, ``unsupported_raw``, ``too_many_pixels``, ``too_many_pages``, ``out_of_memory``.
    """
    return OpenedPhoto(photo, settings, name, sha256=sha256)


DAMAGED: Final = "pixels_damaged"
"""Code of the warning of a photo from which nothing must be accepted."""


def _damaged(what: str) -> Warning_:
    return Warning_.of(
        DAMAGED,
        f"the photo's data are damaged ({what}): a part of it may be wrong or missing, so nothing is "
        "accepted; copy it again from its source",
    )


class OpenedPhoto:
    """A photo whose header has been read.

    Attributes:
        source: all facts of the file.
    """

    def __init__(
        self, photo: Path | bytes, settings: Settings, name: str | None = None, *, sha256: str | None = None
    ) -> None:
        """See ``open_photo``."""
        self._path = photo if isinstance(photo, Path) else None
        self.source: Source = describe(photo, name)
        try:
            self._open(photo, settings, sha256)
        except PhotoError as error:
            error.source = self.source
            raise

    def _open(self, photo: Path | bytes, settings: Settings, sha256: str | None) -> None:
        from serialscan.photo.decode import (
            LONGEST_SIDE,
            PLANNED_PIXELS,
            Picture,
            too_many_pixels,
            too_much_memory,
        )

        if isinstance(photo, bytes):
            check_bytes(len(photo), settings.max_bytes)
            data = photo
        else:
            data = read_file(photo, settings.max_bytes)
        self._know(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
        if sha256 not in (None, self.source.sha256):
            raise PhotoError("changed", "the file is not the one that was read: scan it again")
        if not data:
            raise PhotoError("empty", "the file has no content: copy it again from its source")
        picture = Picture(data, max_pixels=settings.max_pixels, max_pages=settings.max_pages)
        facts, (width, height) = picture.facts, picture.size
        self._know(
            format=picture.format, width=width, height=height, orientation=facts.orientation,
            captured_at=facts.captured_at, camera=facts.camera, pages=picture.page_count,
            gps=facts.gps if settings.gps else None,
        )  # fmt: skip
        if picture.page_count > settings.max_pages:
            raise PhotoError(
                "too_many_pages",
                f"the file has more than {settings.max_pages} pages: "
                "if it can be trusted, raise max_pages in the settings file, or split it",
            )
        if picture.pixel_count > settings.max_pixels:
            raise too_many_pixels(picture.pixel_count, settings.max_pixels)
        if picture.longest_side > LONGEST_SIDE:
            raise PhotoError(
                "too_many_pixels",
                f"the photo is {picture.longest_side} pixels wide or high, and more than {LONGEST_SIDE} are "
                "not read: cut it into parts",
            )
        if picture.weight > max(PLANNED_PIXELS, settings.max_pixels):
            raise too_much_memory(picture)
        what = picture.complaint()
        if what is not None:
            picture.warnings.append(_damaged(what))
        self._picture = picture

    def _know(self, **facts: object) -> None:
        self.source = msgspec.structs.replace(self.source, **facts)

    @property
    def warnings(self) -> tuple[Warning_, ...]:
        """What a person should know about this file."""
        return tuple(self._picture.warnings)

    def pages(self) -> Iterator[np.ndarray]:
        """Yield the pages one at a time, upright, uint8 RGB (H, W, 3); memory holds one.

        Raises:
            PhotoError: ``truncated``, ``corrupt``, ``unsupported``, ``out_of_memory``.
        """
        try:
            yield from self._picture.pages()
        except PhotoError as error:
            error.source = self.source
            raise

    def verify_unchanged(self) -> None:
        """Hash the file on the disk again.

        Raises:
            PhotoError: ``changed`` if it is not the file that was read, or no longer there.
        """
        if self._path is None:
            return
        try:
            same = sha256_of(self._path) == self.source.sha256
            what = "has changed"
        except PhotoError as error:
            same, what = False, f"can no longer be read ({error.message})"
        if not same:
            raise PhotoError(
                "changed",
                f"the file {what} since it was read: protect the originals from writing and scan again",
                self.source,
            )

    def __enter__(self) -> OpenedPhoto:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._picture.close()
