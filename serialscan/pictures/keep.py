"""Writes the pictures that belong to one record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from serialscan.errors import OutputError
from serialscan.pictures.names import crop_name, picture_name, thumbnail_name
from serialscan.record import PhotoRecord

if TYPE_CHECKING:
    from serialscan.settings import Settings

CROP_PX = 144
_GAP_PX = 12
_JPEG_QUALITY = 82


def keep_pictures(
    record: PhotoRecord,
    photo: Path | bytes,
    settings: Settings,
    *,
    crops: Path | None = None,
    pictures: Path | None = None,
) -> None:
    """Make the pictures of one photo; memory holds one of its pages.

    Args:
        record: of the photo, without an error.
        photo: the file (opened read-only), or its bytes.
        settings: limits on what is opened.
        crops: folder for a picture of each line: as it is, and beside that in even light.
        pictures: folder for one picture of the photo, with all that was read, and its thumbnail.

    Raises:
        PhotoError: the photo cannot be opened, or is not the one that was read (``changed``).
        OutputError: the folder cannot be written.
    """
    from serialscan.photo import open_photo

    wanted = {line.page for line in record.lines} if crops is not None else set()
    shown = None
    if pictures is not None:
        from serialscan.pictures.draw import page_shown

        shown = page_shown(record)
        wanted.add(shown)
    with open_photo(photo, settings, record.source.path, sha256=record.source.sha256) as opened:
        for number, page in enumerate(opened.pages() if wanted else (), start=1):
            if crops is not None:
                _keep_crops(record, number, page, crops)
            if pictures is not None and number == shown:
                _keep_picture(record, page, pictures)
            if number == max(wanted):
                break


def _keep_crops(record: PhotoRecord, number: int, page: np.ndarray, folder: Path) -> None:
    from serialscan.photo.crops import flattened, line_crop

    for line in record.lines:
        cut = line_crop(page, line, CROP_PX) if line.page == number else None
        if cut is not None:
            gap = np.full((CROP_PX, _GAP_PX, 3), 255, np.uint8)
            both = np.concatenate([cut, gap, flattened(cut)], axis=1)
            _write(folder / crop_name(record.source, line.id), encoded(both, ".png"), "--crops")


def _keep_picture(record: PhotoRecord, page: np.ndarray, folder: Path) -> None:
    from serialscan.pictures.draw import drawn

    made = drawn(record, page)
    _write(folder / picture_name(record.source), encoded(made.picture, ".jpg"), "--pictures")
    _write(folder / thumbnail_name(record.source), encoded(made.thumbnail, ".jpg"), "--pictures")


def encoded(rgb: np.ndarray, suffix: str, quality: int = _JPEG_QUALITY) -> bytes:
    """A picture, (H, W, 3) uint8 RGB, as the bytes of a ``.jpg`` (quality 0 to 100) or ``.png`` file."""
    import cv2

    how = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1] if suffix == ".jpg" else []
    return cv2.imencode(suffix, rgb[:, :, ::-1], how)[1].tobytes()


def _write(path: Path, data: bytes, option: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}): "
            f"free some space or choose another folder with {option}."
        ) from error
