"""Decode the bytes of an image file with Pillow, libheif and LibRaw; every failure is a PhotoError."""

from __future__ import annotations

import io
import logging
import os
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, cast

import msgspec

from serialscan.errors import PhotoError
from serialscan.photo import hevc, jpeg, png, rows, tiff
from serialscan.photo.exif import Facts, facts_of, first_known
from serialscan.photo.heif import Container
from serialscan.photo.sniff import sniff
from serialscan.printable import printable
from serialscan.record import Warning_

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image
    from PIL.TiffImagePlugin import TiffImageFile

    from serialscan.photo.raw import Preview

_FORMATS = "JPEG, PNG, TIFF, WebP, BMP, GIF, HEIC, AVIF or camera RAW"

_EXIF_DAMAGED = Warning_.of(
    "exif_damaged",
    "the photo's EXIF data are damaged: capture time, camera or orientation may be missing; "
    "check with the original camera or another copy, and turn the photo upright if it lies",
)
_UNCHECKED = Warning_.of(
    "pixels_unchecked",
    "whether the photo's data are sound cannot be checked for this kind of HEIC: look at the whole "
    "photo, and compare it with another copy if a part of it looks odd",
)
_TRUNCATED_WORDS = (
    "truncated",
    "end of file",
    "eof",
    "outside of file",
    "premature",
    "does not contain enough",
)
_UNSUPPORTED_WORDS = (
    "unsupported",
    "not supported",
    "unknown pixel mode",
    "unknown data organization",
    "not been built in",
    "not installed",
    "no module named",
)

_ROWS = {"GIF": rows.gif_complaint, "WEBP": rows.webp_complaint, "BMP": rows.bmp_complaint}
# Where a RAF names its JPEG (two big-endian numbers: offset, length), as LibRaw and ExifTool read it.
_FUJI, _FUJI_JPEG_AT = b"FUJIFILMCCD-RAW", 84
_TOO_LONG = "Decompressed data too large"  # of Pillow, where a text of a PNG is beyond its limit
_BIG_TIFF_BIG_ENDIAN = b"MM\0+"

# Pillow warns while it parses a header; all it warns of is metadata, except these.
_HARMLESS = ("invalid apng", "metadata warning")

# Bytes of memory that decoding takes for each pixel of a page, without the file: the picture of Pillow, what
# its decoder keeps, and the copy in RGB. Measured: peak of the resident memory, pictures of 4 megapixels.
_JPEG_BYTES = 7
_DECODING_BYTES = {"WEBP": 16, "AVIF": 16, "HEIC": 10, "RAW": 12, "TIFF": 9}
_SCANS_BYTES = 12  # of a JPEG with several scans, whose coefficients are kept; it is decoded twice
_TRANSPARENT_BYTES = 13

PLANNED_PIXELS = 125_000_000
"""A JPEG of so many pixels can be decoded in the memory that is planned for a worker."""

LONGEST_SIDE = 32_766
"""Pixels; OpenCV samples points of no larger picture (SHRT_MAX), and no lens makes one."""

_process_settings = threading.RLock()

# Without a handler of its own, Pillow's complaints about odd files would go to stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())


class Picture:
    """A file whose header has been parsed; its pixels are decoded page by page when asked for.

    Attributes:
        format: as ``sniff`` names it.
        size: width and height of the upright first page, in pixels.
        page_count: number of pages; counting stops one above the limit.
        pixel_count: pixels of all counted pages together.
        longest_side: of the largest page, in pixels.
        weight: pixels of a JPEG whose decoding takes as much memory as that of the largest page.
        facts: what EXIF says.
        warnings: what a person should know about the decoding.
    """

    def __init__(self, data: bytes, *, max_pixels: int, max_pages: int) -> None:
        """Parse the header.

        Args:
            data: the whole file.
            max_pixels: binds decoders that must allocate before they tell a size.
            max_pages: pages after this one are only noticed.

        Raises:
            PhotoError: what the file is not, or what is wrong with it.
        """
        kind = sniff(data)
        if kind is None:
            raise PhotoError(
                "not_an_image",
                f"the content is no image that can be read ({_FORMATS}): check it, or convert it to PNG",
            )
        self.format = kind
        self.warnings: list[Warning_] = []
        self._data = data
        self._max_pixels = max_pixels
        with _decoding(kind, max_pixels) as complaints:
            self._open(data)
            sizes = self._sizes(max_pages)
            self.page_count, self.pixel_count = len(sizes), sum(width * height for width, height in sizes)
            self.longest_side = max(map(max, sizes))
            largest = max(width * height for width, height in sizes)
            self.weight = largest * self._bytes_per_pixel() // _JPEG_BYTES
            width, height = self._image.size
        turned = self._orientation_left() >= 5
        self.size = (height, width) if turned else (width, height)
        if self.facts.damaged or any(not c.startswith(_HARMLESS) for c in complaints):
            self.warnings.append(_EXIF_DAMAGED)

    def pages(self) -> Iterator[np.ndarray]:
        """Yield every page upright, uint8 RGB (H, W, 3), decoded when it is asked for.

        Raises:
            PhotoError: ``truncated``, ``corrupt`` and the like.
        """
        for number in range(self.page_count):
            yield self._page(number)

    def complaint(self) -> str | None:
        """What is wrong with the data of the pixels, though they can be decoded; None if nothing is known.

        It takes the time of another decoding at most. No check finds everything: see docs/record.md.
        """
        if self._check is None:
            return None
        with _decoding(self.format, self._max_pixels):
            return self._check()

    def close(self) -> None:
        """Free the decoder."""
        self._image.close()

    def _open(self, data: bytes) -> None:
        self._several_scans: bytes | None = None
        self._check: Callable[[], str | None] | None = None
        self._turns_itself = self.format in ("TIFF", "HEIC")
        if self.format == "RAW":
            from serialscan.photo.raw import embedded_preview

            preview = embedded_preview(data)
            self._image = self._open_preview(preview)
            facts = _facts_of_raw(data, self._image)
            self.facts = msgspec.structs.replace(facts, orientation=preview.orientation)
            self.warnings.append(_raw_warning(self._image.size, preview.sensor_size))
        else:
            self._image = self._open_jpeg(data) if self.format == "JPEG" else self._open_other(data)
            others = int(getattr(self._image, "is_animated", False) and self.format != "TIFF")
            if self.format == "PNG":
                self._check = partial(png.complaint, data)
                others = int(png.is_animated(data))
            elif self.format == "TIFF":
                self._check = self._check_tiff
            elif self.format == "HEIC":
                others = self._look_into_heif(data)
            elif self.format in _ROWS:
                self._check = partial(_ROWS[self.format], data)
            if others:
                self.warnings.append(_others(others, self.format))
            self.facts = _facts_of_png(data) if self.format == "PNG" else _facts(self._image)

    def _open_other(self, data: bytes) -> Image:
        if self.format == "HEIC":
            return _open_heic(data)
        if self.format == "PNG":
            return _open_png(data)
        if self.format == "AVIF":
            from PIL.AvifImagePlugin import AvifImageFile

            return AvifImageFile(io.BytesIO(data))
        return _open_plain(self.format, data)

    def _look_into_heif(self, data: bytes) -> int:
        """Set what libheif does not tell; returns how many pictures are not read."""
        try:
            container = Container(data)
        except ValueError:  # libheif could follow it all the same
            self._check = self._unchecked
            return 0
        self._turns_itself = container.is_turned()
        self._check = partial(self._check_hevc, container)
        return container.other_pictures()

    def _check_hevc(self, container: Container) -> str | None:
        found = hevc.check(container)
        if found.complaint is None and not found.checked:
            self._unchecked()
        return found.complaint

    def _unchecked(self) -> None:
        self.warnings.append(_UNCHECKED)

    def _check_tiff(self) -> str | None:
        file = cast("TiffImageFile", self._image)
        return tiff.complaint(self._data, file, self.page_count)

    def _open_preview(self, preview: Preview) -> Image:
        from PIL import Image as pillow

        if isinstance(preview.picture, bytes):
            return self._open_jpeg(preview.picture)
        return pillow.fromarray(preview.picture)

    def _open_jpeg(self, data: bytes) -> Image:
        # The class itself, not Image.open: a multi-picture JPEG is its first picture and no more.
        from PIL.JpegImagePlugin import JpegImageFile

        data = jpeg.without_fill(data)
        if (count := jpeg.scans(data)) > jpeg.MOST_SCANS:
            raise PhotoError(
                "unsupported",
                f"this JPEG has {count} scans, and more than {jpeg.MOST_SCANS} are not decoded: save it "
                "again with another program",
            )
        self._check = partial(jpeg.complaint, data)
        cut = jpeg.without_end(data)
        if cut is None:
            self._several_scans = data
        return JpegImageFile(io.BytesIO(cut or data))

    def _bytes_per_pixel(self) -> int:
        if self._several_scans is not None:
            return _SCANS_BYTES
        transparent = "A" in self._image.getbands() or "transparency" in self._image.info
        return max(_DECODING_BYTES.get(self.format, _JPEG_BYTES), _TRANSPARENT_BYTES if transparent else 0)

    def _sizes(self, max_pages: int) -> list[tuple[int, int]]:
        """Width and height of every page."""
        sizes = [self._image.size]
        if self.format != "TIFF":
            return sizes
        while len(sizes) <= max_pages:
            try:
                self._image.seek(len(sizes))
            except EOFError:
                break
            sizes.append(self._image.size)
        self._image.seek(0)
        return sizes

    def _page(self, number: int) -> np.ndarray:
        from serialscan.photo.pixels import to_rgb, turn_upright

        with _decoding(self.format, self._max_pixels):
            if self.format == "TIFF":
                self._image.seek(number)
            try:
                self._image.load()
            except OSError as error:
                if (
                    self.format == "TIFF"
                    and (kind := tiff.compression(cast("TiffImageFile", self._image))) not in tiff.USUAL
                ):
                    raise _unusual_tiff(kind) from error
                raise
            if self._several_scans is not None:
                _demand_all_scans(self._image, self._several_scans)
            rgb = to_rgb(self._image)
            if self.page_count == 1:
                self._image.close()  # its pixels need not be there beside the copy that a turn makes
            return turn_upright(rgb, self._orientation_left())

    def _orientation_left(self) -> int:
        """What is still to be turned: Pillow turns TIFF pages while they load, libheif a HEIC that says so.

        EXIF is all that the HEIC of some cameras say; libheif leaves it alone.
        """
        return 1 if self._turns_itself else self.facts.orientation


@contextmanager
def _decoding(kind: str, max_pixels: int) -> Iterator[list[str]]:
    """Run decoders under our limits, silently; yields the list that their warnings go to.

    Pillow's own limit is global and lower than ours; it is replaced inside the block only. (Pillow
    refuses above twice the number.)
    """
    from PIL import Image as pillow

    complaints: list[str] = []
    quiet = _muted() if kind in ("TIFF", "RAW") else nullcontext()
    with _process_settings, quiet, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        limit, pillow.MAX_IMAGE_PIXELS = pillow.MAX_IMAGE_PIXELS, max_pixels / 2  # type: ignore[assignment]
        try:
            yield complaints
        except PhotoError:
            raise
        except Exception as error:
            # Decoders of hostile bytes raise anything: struct.error, SyntaxError, KeyError, zlib.error, …
            raise _explain(error, kind, max_pixels) from error
        finally:
            pillow.MAX_IMAGE_PIXELS = limit
            complaints += [str(w.message).lower() for w in caught if w.category is UserWarning]


@contextmanager
def _muted() -> Iterator[None]:
    """Drop what libtiff and LibRaw print on file descriptor 2; their errors are raised all the same."""
    try:
        kept = os.dup(2)
    except OSError:  # started without a stderr
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _explain(error: Exception, kind: str, max_pixels: int) -> PhotoError:
    from PIL.Image import DecompressionBombError

    if isinstance(error, DecompressionBombError):
        return too_many_pixels(None, max_pixels)
    if isinstance(error, MemoryError):
        return PhotoError("out_of_memory", "not enough memory to decode the photo: use fewer --jobs")
    printable = "".join(c if c.isprintable() else " " for c in str(error))
    detail = " ".join(printable.split())[:200] or type(error).__name__
    said = detail.lower()
    if any(word in said for word in _TRUNCATED_WORDS):
        return PhotoError(
            "truncated", f"the {kind} file is cut off ({detail}): copy it again from its source"
        )
    if any(word in said for word in _UNSUPPORTED_WORDS):
        return PhotoError(
            "unsupported",
            f"this kind of {kind} cannot be decoded ({detail}): convert it to 8-bit PNG",
        )
    return PhotoError("corrupt", f"the {kind} is damaged ({detail}): copy it again from its source")


def too_many_pixels(pixels: int | None, max_pixels: int) -> PhotoError:
    """The error of a photo with more pixels than the settings allow; ``pixels`` None if not known."""
    size, ask = (f"{pixels} pixels", pixels) if pixels else ("more pixels", "N")
    return PhotoError(
        "too_many_pixels",
        f"the photo has {size}, all pages together, and the limit is {max_pixels}: "
        f"if it can be trusted, read it with --max-pixels {ask}",
    )


def too_much_memory(picture: Picture) -> PhotoError:
    """The error of a photo of a kind whose decoding takes more memory than is planned."""
    return PhotoError(
        "too_many_pixels",
        f"decoding this {picture.format} of {picture.pixel_count} pixels takes as much memory as a JPEG of "
        f"{picture.weight} pixels: save it as JPEG or PNG, or if it can be trusted, read it with "
        f"--max-pixels {picture.weight}",
    )


def _open_heic(data: bytes) -> Image:
    from pillow_heif import HeifImageFile

    try:
        return HeifImageFile(io.BytesIO(data))
    except Exception as error:
        kinds = _heif_kinds(data)
        if kinds and not kinds & {b"hvc1", b"hev1"}:
            name = printable(", ".join(sorted(kind.decode("latin-1") for kind in kinds)))
            raise PhotoError(
                "unsupported",
                f"the picture in this HEIF is not coded as HEVC ({name}): convert it to 8-bit PNG",
            ) from error
        raise


def _heif_kinds(data: bytes) -> set[bytes]:
    try:
        return Container(data).kinds()
    except ValueError:
        return set()


def _open_png(data: bytes) -> Image:
    from PIL.PngImagePlugin import PngImageFile

    if data[12:16] == b"CgBI":
        raise PhotoError(
            "unsupported", "this is Apple's own kind of PNG (CgBI): export it as PNG with another program"
        )
    return PngImageFile(io.BytesIO(png.pixels_only(data)))


def _open_plain(kind: str, data: bytes) -> Image:
    from PIL.BmpImagePlugin import BmpImageFile
    from PIL.GifImagePlugin import GifImageFile
    from PIL.TiffImagePlugin import TiffImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    if kind == "WEBP" and int.from_bytes(data[4:8], "little") + 8 > len(data):
        raise EOFError("unexpected end of file")  # libwebp itself would only say that it cannot decode
    if data.startswith(_BIG_TIFF_BIG_ENDIAN):
        raise PhotoError(
            "unsupported",
            "this is a BigTIFF with its bytes in big-endian order: convert it to TIFF or 8-bit PNG",
        )
    classes: dict[str, Callable[[io.BytesIO], Image]] = {
        "BMP": BmpImageFile, "GIF": GifImageFile, "TIFF": TiffImageFile, "WEBP": WebPImageFile,
    }  # fmt: skip
    return classes[kind](io.BytesIO(data))


def _facts_of_png(data: bytes) -> Facts:
    """Facts of a PNG.

    For metadata that may stand behind the pixels Pillow decodes these at once: before their number is held
    against the limit, and the error of damaged ones is lost.
    """
    from PIL.Image import Image as Base
    from PIL.PngImagePlugin import PngImageFile

    for texts in (True, False):
        try:
            with PngImageFile(io.BytesIO(png.without_pixels(data, texts=texts))) as header:
                return facts_of(Base.getexif(header))
        except Exception as error:
            if texts and _TOO_LONG in str(error):
                continue  # a long text is no damage; the facts can stand elsewhere
            break
    return Facts(damaged=True)  # as in _facts


def _demand_all_scans(image: Image, data: bytes) -> None:
    from PIL.JpegImagePlugin import JpegImageFile

    from serialscan.photo.pixels import strips

    changed = jpeg.with_surplus(data)
    if changed is None:
        return
    with JpegImageFile(io.BytesIO(changed)) as probe:
        both = zip(strips(image), strips(probe), strict=True)
        if any(ours.tobytes() != theirs.tobytes() for (_, ours), (_, theirs) in both):
            raise EOFError("premature end of the last scan")


def _facts(image: Image) -> Facts:
    try:
        facts = facts_of(image.getexif())
    except Exception:
        # As in facts_of: damaged metadata must not cost the picture.
        return Facts(damaged=True)
    stored = image.info.get("original_orientation")  # pillow-heif keeps the tag here
    return msgspec.structs.replace(facts, orientation=stored) if stored else facts


def _facts_of_raw(data: bytes, preview: Image) -> Facts:
    """Facts of a RAW file: makers with TIFF or a JPEG inside keep them there, others in the preview."""
    places = [_facts(preview)]
    if data[:2] in (b"II", b"MM"):
        places.insert(0, _facts_of_tiff(data))
    elif data.startswith(_FUJI):
        at, length = struct.unpack_from(">II", data, _FUJI_JPEG_AT)
        places.insert(0, _facts_of_jpeg(data[at : at + length]))
    return first_known(places)


def _facts_of_jpeg(data: bytes) -> Facts:
    from PIL.JpegImagePlugin import JpegImageFile

    try:
        with JpegImageFile(io.BytesIO(data)) as image:
            return _facts(image)
    except Exception:
        return Facts(damaged=True)  # as in _facts


def _facts_of_tiff(data: bytes) -> Facts:
    from PIL.Image import Exif

    if data[2:4] not in (b"*\0", b"\0*", b"+\0", b"\0+"):
        # Panasonic and Olympus write a number of their own here; all else is TIFF.
        data = (b"II*\0" if data[:2] == b"II" else b"MM\0*") + data[4:]
    exif = Exif()
    try:
        exif.load(data)
    except Exception:
        return Facts(damaged=True)
    return facts_of(exif)


def _unusual_tiff(compression: int) -> PhotoError:
    return PhotoError(
        "unsupported",
        f"the TIFF is compressed in a way that is not read here (number {compression}): "
        "convert it to 8-bit PNG",
    )


def _others(count: int, kind: str) -> Warning_:
    what = {"HEIC": f"{count} more picture" + "s" * (count > 1)}.get(kind, "more pictures, an animation")
    return Warning_.of(
        "other_pictures",
        f"the file holds {what}, and only the main one was read: if the others matter, save each as "
        "a file of its own and scan those",
    )


def _raw_warning(preview: tuple[int, int], sensor: tuple[int, int]) -> Warning_:
    return Warning_.of(
        "raw_preview",
        f"read from the preview in the RAW file ({preview[0]} x {preview[1]} of "
        f"{sensor[0]} x {sensor[1]} pixels): if characters are too small, export it at full size as TIFF",
    )
