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


def save_crops(folder: Path, photo: str, reading: Reading) -> None:
    """Write each line rectified, upright and enlarged, raw beside flattened, as PHOTO.LINE.png.

    Args:
        folder: made if it is missing.
        photo: the photo's path; what a file name cannot hold becomes ``_``.
        reading: the page's reading.

    Raises:
        OutputError: the folder cannot be written.
    """
    stem = re.sub(r"[^\w.-]+", "_", photo).strip("_.") or "photo"
    for line, shape in zip(reading.lines, reading.shapes, strict=True):
        raw = shape.cut(reading.pixels, Crop(along=0.4, across=0.15), HEIGHT_PX)
        gap = np.full((HEIGHT_PX, 12, 3), 255, np.uint8)
        picture = np.concatenate([raw, gap, views.flattened(raw)], axis=1)
        encoded = cv2.imencode(".png", picture[:, :, ::-1])[1].tobytes()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{stem}.{line.id}.png").write_bytes(encoded)
        except OSError as error:
            raise OutputError(
                f"Cannot write the crops into {folder}: {error.strerror}; choose another --crops"
            ) from error
