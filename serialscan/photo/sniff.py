"""Tell an image format from the content of a file; the suffix is not trusted."""

from __future__ import annotations

import io
import warnings

from serialscan.photo.heif import Container

_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_BMP_HEADER_SIZES = {12, 16, 40, 52, 56, 64, 108, 124}
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Camera RAW that is not TIFF: Fujifilm, Olympus, Panasonic, Sigma, Minolta; old Canon.
_RAW_STARTS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
_CRW = b"HEAPCCDR"

# Tags and values of TIFF 6.0, TIFF/EP and DNG 1.7.
_PHOTOMETRIC, _SUB_IFDS, _DNG_VERSION = 262, 330, 50706
_COLOR_FILTER_ARRAY, _LINEAR_RAW = 32803, 34892


def sniff(data: bytes) -> str | None:
    """Name the format of an image file.

    Args:
        data: the whole file.

    Returns:
        ``JPEG``, ``PNG``, ``TIFF``, ``WEBP``, ``BMP``, ``GIF``, ``HEIC``, ``AVIF``, ``RAW`` (camera RAW of
        any maker) or None.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADER_SIZES:
        return "BMP"
    if data[4:8] == b"ftyp":
        if data[8:12] == b"crx ":
            return "RAW"
        return _heif_kind(data)
    if data.startswith(_RAW_STARTS) or data[6:14] == _CRW:
        return "RAW"
    if data.startswith(_TIFF_STARTS):
        return "RAW" if data[8:10] == b"CR" or _holds_sensor_data(data) else "TIFF"
    return None


def _heif_kind(data: bytes) -> str | None:
    if data[8:12] in _AVIF_BRANDS:
        return "AVIF"
    if data[8:12] not in _HEIC_BRANDS:
        return None
    try:
        coded = Container(data).kinds()
    except ValueError:
        coded = set()
    return "AVIF" if b"av01" in coded else "HEIC"


def _holds_sensor_data(data: bytes) -> bool:
    """Whether a TIFF is DNG, NEF, ARW or the like: its first directory or one below it says so."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    header = data[:16] if data[2:4] in (b"+\0", b"\0+") else data[:8]

    def directory(offset: int) -> ImageFileDirectory_v2:
        found = ImageFileDirectory_v2(header)
        file = io.BytesIO(data)
        file.seek(offset)
        found.load(file)
        return found

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            first = directory(ImageFileDirectory_v2(header).next)
            below = first.get(_SUB_IFDS, ())
            offsets = below if isinstance(below, tuple) else (below,)
            kinds = {ifd.get(_PHOTOMETRIC) for ifd in (first, *(directory(o) for o in offsets[:16]))}
        except Exception:
            return False  # damaged: the TIFF decoder says what is wrong with it
    return _DNG_VERSION in first or bool(kinds & {_COLOR_FILTER_ARRAY, _LINEAR_RAW})
