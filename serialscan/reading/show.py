"""Pictures of the lines, for people."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from serialscan.errors import OutputError
from serialscan.reading import views
from serialscan.reading.shapes import Crop

if TYPE_CHECKING:
    from serialscan.reading.reader import Reading

HEIGHT_PX = 144

# File systems allow 255 bytes for a name, some that encrypt 143.
_STEM_BYTES = 100


def save_crops(folder: Path, photo: str, sha256: str, reading: Reading) -> None:
    """Write each line rectified, upright and enlarged, raw beside flattened, as PHOTO-HASH.LINE.png.

    Args:
        folder: made if it is missing.
        photo: the photo's path as text, whose end the files' names show.
        sha256: of the photo, in hex, of which they show the first 8 digits.
        reading: the page's reading.

    Raises:
        OutputError: the folder cannot be written.
    """
    stem = f"{_readable(photo)}-{sha256[:8]}"
    for line, shape in zip(reading.lines, reading.shapes, strict=True):
        page = reading.pixels[:, ::-1].copy() if line.mirrored else reading.pixels
        raw = shape.cut(page, Crop(along=0.4, across=0.15), HEIGHT_PX)
        gap = np.full((HEIGHT_PX, 12, 3), 255, np.uint8)
        picture = np.concatenate([raw, gap, views.flattened(raw)], axis=1)
        encoded = cv2.imencode(".png", picture[:, :, ::-1])[1].tobytes()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{stem}.{line.id}.png").write_bytes(encoded)
        except OSError as error:
            raise OutputError(
                f"Cannot write the crops into {folder} ({error.strerror}): "
                "free some space or choose another folder with --crops."
            ) from error


def _readable(photo: str) -> str:
    """The end of a photo's path as a file name.

    What a file name cannot hold becomes ``_``, and long paths are cut, so that paths which differ may look
    alike; the hash keeps their pictures apart.
    """
    end = re.sub(r"[^\w.-]+", "_", photo).encode()[-_STEM_BYTES:].decode(errors="ignore")
    return end.strip("_.-") or "photo"
