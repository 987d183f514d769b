"""The preview inside a camera RAW file, through LibRaw (rawpy, extra ``raw``)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import msgspec

from serialscan.errors import PhotoError

if TYPE_CHECKING:
    import numpy as np

# LibRaw's flip code to EXIF orientation.
_ORIENTATION_OF_FLIP = {0: 1, 3: 3, 5: 8, 6: 6}


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """The embedded picture: a JPEG file or RGB pixels, as the sensor lay, and how to turn it."""

    picture: bytes | np.ndarray
    orientation: int
    sensor_size: tuple[int, int]


def embedded_preview(data: bytes) -> Preview:
    """Take the largest preview out of a RAW file.

    Args:
        data: the whole file (DNG, NEF, CR2, CR3, ARW, RAF, ORF, RW2, …).

    Returns:
        The preview; nothing of the sensor's own data is developed.

    Raises:
        PhotoError: ``unsupported_raw`` when rawpy is not installed or the file has no preview.
    """
    try:
        import rawpy
    except ImportError as error:
        raise PhotoError(
            "unsupported_raw",
            'camera RAW needs one more package: pip install "serialscan[raw]", '
            "or export the photo as TIFF or JPEG at full size",
        ) from error
    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            thumbnail = raw.extract_thumb()
            sizes = raw.sizes
    except (rawpy.LibRawNoThumbnailError, rawpy.LibRawUnsupportedThumbnailError) as error:
        raise PhotoError(
            "unsupported_raw",
            "this RAW file has no preview that can be read: export it as TIFF or JPEG at full size",
        ) from error
    except rawpy.LibRawFileUnsupportedError as error:
        raise PhotoError(
            "unsupported_raw",
            "this camera's RAW format is not known here: export the photo as TIFF or JPEG at full size",
        ) from error
    return Preview(
        picture=thumbnail.data,
        orientation=_ORIENTATION_OF_FLIP.get(sizes.flip, 1),
        sensor_size=(sizes.width, sizes.height),
    )
