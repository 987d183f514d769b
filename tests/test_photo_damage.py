"""Photos whose data are damaged inside: what can be known is told, and nothing is accepted from them."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import photo_fixtures as fixtures
import pytest
from PIL import Image

from serialscan.errors import PhotoError
from serialscan.photo import open_photo
from serialscan.settings import Settings

_NOISE = np.random.default_rng(5).normal(0, 5, (200, 320, 3))
PICTURE = np.clip(fixtures.text_picture() + _NOISE, 0, 255).astype(np.uint8)  # a sensor's: it fills the data


def told(data: bytes) -> tuple[list[str], np.ndarray | None]:
    """Codes of the warnings or of the error, and the first page."""
    try:
        with open_photo(data, Settings()) as photo:
            return [w.code for w in photo.warnings], next(photo.pages())
    except PhotoError as error:
        assert ":" in error.message
        return [error.code], None


def flipped(data: bytes, start: int, end: int, count: int) -> Iterator[bytes]:
    """The data with one bit turned over, at places that do not change from run to run."""
    places = random.Random(7)
    for _ in range(count):
        at, bit = places.randrange(start, end), places.randrange(8)
        yield data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def share_told(mutants: Iterator[bytes], sound: np.ndarray) -> float:
    """Of the mutants that do not show the sound picture, the share that says so."""
    results = [told(data) for data in mutants]
    wrong = [codes for codes, page in results if page is None or not np.array_equal(page, sound)]
    assert len(wrong) > len(results) / 2
    known = {"pixels_damaged", "corrupt", "truncated"}
    return sum(bool(known & set(codes)) for codes in wrong) / len(wrong)


@pytest.mark.parametrize("options", [{}, {"tile_size": 128}, {"chroma": 444}])
def test_wrong_bits_in_a_heic_are_told(options):
    """HEVC has no checksum: what ends the picture's last block seldom shows."""
    data = fixtures.encode(PICTURE, "HEIF", quality=80, **options)
    codes, sound = told(data)
    assert codes == []
    start = data.index(b"mdat") + 4
    assert share_told(flipped(data, start, len(data), 40), sound) >= 0.9


@pytest.mark.parametrize("options", [{}, {"tile_size": 128}])
def test_a_heic_that_ends_in_zeros_as_after_an_interrupted_copy_is_told(options):
    data = fixtures.encode(PICTURE, "HEIF", quality=80, **options)
    for zeros in (100, 700, len(data) // 2):
        assert told(data[:-zeros] + bytes(zeros))[0] in (["pixels_damaged"], ["corrupt"], ["truncated"])


def test_a_heic_that_cannot_be_checked_says_so(monkeypatch):
    from serialscan.photo import hevc

    monkeypatch.setattr(hevc._Decoder, "found", lambda: None)
    codes, page = told(fixtures.encode(PICTURE, "HEIF", quality=80))
    assert codes == ["pixels_unchecked"]
    assert page is not None


def test_a_second_picture_that_is_not_read_is_told():
    from pillow_heif import from_pillow

    first, second = Image.fromarray(PICTURE), Image.fromarray(PICTURE[::-1])
    both = from_pillow(first)
    both.add_from_pillow(second)
    assert told(fixtures.saved(both, quality=80))[0] == ["other_pictures"]
    for form in ("GIF", "WEBP", "PNG"):
        data = fixtures.encode(first, form, save_all=True, append_images=[second])
        assert told(data)[0] == ["other_pictures"], form
        assert told(fixtures.encode(first, form))[0] == [], form


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_strips_of_a_tiff_that_were_overwritten_are_told(compression):
    data = fixtures.encode(PICTURE, "TIFF", compression=compression)
    assert told(data)[0] == []
    start, size = _strip(data, 0)
    middle = start + size // 2
    changed = data[:middle] + bytes(400) + data[middle + 400 :]
    assert told(changed)[0] in (["pixels_damaged"], ["corrupt"], ["truncated"])


def test_wrong_bits_in_a_deflated_tiff_are_told():
    data = fixtures.encode(PICTURE, "TIFF", compression="tiff_adobe_deflate")
    sound = told(data)[1]
    start, size = _strip(data, 0)
    assert share_told(flipped(data, start, start + size, 20), sound) == 1


def _strip(data: bytes, number: int) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.tag_v2[273][number], image.tag_v2[279][number]


def test_rows_that_a_tiff_promises_and_does_not_hold_are_told():
    data = fixtures.encode(PICTURE[:, :, 0], "TIFF")
    tag = struct.pack("<HHII", 278, 4, 1, 200)
    changed = data.replace(tag, struct.pack("<HHII", 278, 4, 1, 20))
    if changed == data:
        tag = struct.pack("<HHIHH", 278, 3, 1, 200, 0)
        changed = data.replace(tag, struct.pack("<HHIHH", 278, 3, 1, 20, 0))
    assert changed != data
    assert told(changed)[0] == ["pixels_damaged"]


def test_pages_lost_by_a_bad_link_are_told():
    data = fixtures.tiff_of(PICTURE, PICTURE)
    first = struct.unpack_from("<I", data, 4)[0]
    link = first + 2 + 12 * struct.unpack_from("<H", data, first)[0]
    assert told(data)[0] == []
    for wrong in (len(data) + 1000, first):
        codes, _ = told(data[:link] + struct.pack("<I", wrong) + data[link + 4 :])
        assert "pixels_damaged" in codes or "corrupt" in codes


def _png_with(data: bytes, extra: bytes = b"", rows: int | None = None) -> bytes:
    """A PNG with other chunks behind its header, or with only some rows in a stream with good checksums."""
    start = data.index(b"IDAT") - 4
    end = data.index(b"IEND") - 4
    pixels = data[start:end]
    if rows is not None:
        packed = zlib.decompress(_joined(data))
        pixels = chunk(b"IDAT", zlib.compress(packed[: rows * (1 + 3 * PICTURE.shape[1])]))
    return data[:33] + extra + pixels + data[end:]


def _joined(data: bytes) -> bytes:
    at, parts = 8, []
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"IDAT":
            parts.append(data[at + 8 : at + 8 + size])
        at += 12 + size
    return b"".join(parts)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def test_a_png_with_too_few_rows_and_good_checksums_is_told():
    data = fixtures.encode(PICTURE, "PNG")
    assert told(_png_with(data))[0] == []
    assert told(_png_with(data, rows=150))[0] in (["pixels_damaged"], ["truncated"])


def test_a_png_with_long_texts_and_a_large_profile_is_sound():
    data = fixtures.encode(PICTURE, "PNG")
    long = chunk(b"zTXt", b"Note\0\0" + zlib.compress(bytes(3 << 20)))
    profile = chunk(b"iCCP", b"P\0\0" + zlib.compress(bytes(3 << 20)))
    codes, page = told(_png_with(data, extra=profile + long))
    assert codes == []
    assert np.array_equal(page, PICTURE)
    assert told(_png_with(data, extra=chunk(b"acTL", struct.pack(">II", 2, 0))))[0] == []


def test_kinds_that_are_not_read_say_so_and_are_not_called_damaged():
    tiff = fixtures.encode(PICTURE, "TIFF", compression="tiff_lzw")
    other = tiff.replace(struct.pack("<HHIHH", 259, 3, 1, 5, 0), struct.pack("<HHIHH", 259, 3, 1, 50001, 0))
    assert other != tiff
    assert told(other)[0] == ["unsupported"]
    assert told(b"MM\0+\0\x08\0\0" + bytes(100))[0] == ["unsupported"]


def test_an_avif_is_read_whatever_its_brand_says():
    data = fixtures.encode(PICTURE, "AVIF")
    renamed = data[:8] + b"mif1" + data[12:]
    for file in (data, renamed):
        with open_photo(file, Settings()) as photo:
            assert photo.source.format == "AVIF"
            assert np.abs(next(photo.pages()).astype(int) - PICTURE).mean() < 8


def test_a_gif_or_bmp_that_lacks_rows_is_told():
    gif = fixtures.encode(PICTURE, "GIF")
    assert told(gif)[0] == []
    taller = gif[:8] + struct.pack("<H", 300) + gif[10:]
    at = taller.index(b"\x2c\0\0\0\0")
    taller = taller[: at + 7] + struct.pack("<H", 300) + taller[at + 9 :]
    assert told(taller)[0] in (["pixels_damaged"], ["truncated"], ["corrupt"])
    head = struct.pack("<2sIHHI", b"BM", 0, 0, 0, 54 + 1024)
    head += struct.pack("<IiiHHIIiiII", 40, 8, 8, 1, 8, 1, 0, 0, 0, 0, 0) + bytes(range(256)) * 4
    whole = head + b"\x08\x05\0\0" * 8 + b"\0\1"
    assert told(whole)[0] == []
    assert told(head + b"\x08\x05\0\0" * 3 + b"\0\1")[0] in (["pixels_damaged"], ["corrupt"])
