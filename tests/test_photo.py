"""Opening photos as evidence: pixels, facts, limits, and errors that say what to do."""

from __future__ import annotations

import hashlib
import io
import os
import re
import socket
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import msgspec
import numpy as np
import photo_fixtures as fixtures
import pytest
from conftest import processor_seconds
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from serialscan.errors import PhotoError
from serialscan.photo import describe, open_photo, path_text
from serialscan.settings import Settings

SETTINGS = Settings()
PICTURE = fixtures.text_picture()
posix = pytest.mark.skipif(os.name == "nt", reason="names and files of this kind do not exist on Windows")


def read(data: bytes | Path, settings: Settings = SETTINGS):
    """All pages and the opened photo."""
    with open_photo(data, settings) as photo:
        return list(photo.pages()), photo


def failure(data: bytes | Path, settings: Settings = SETTINGS) -> PhotoError:
    """The error that reading ends in; its message must tell what to do."""
    with pytest.raises(PhotoError) as caught:
        read(data, settings)
    error = caught.value
    assert error.source is not None
    assert ":" in error.message
    return error


@pytest.mark.parametrize(
    ("form", "options", "name", "tolerance"),
    [
        ("JPEG", {"quality": 95}, "JPEG", 4),
        ("JPEG", {"quality": 95, "progressive": True}, "JPEG", 4),
        ("PNG", {}, "PNG", 0),
        ("TIFF", {}, "TIFF", 0),
        ("TIFF", {"compression": "tiff_lzw"}, "TIFF", 0),
        ("TIFF", {"compression": "tiff_adobe_deflate"}, "TIFF", 0),
        ("TIFF", {"compression": "jpeg", "quality": 95}, "TIFF", 4),
        ("TIFF", {"big_tiff": True}, "TIFF", 0),
        ("WEBP", {"lossless": True}, "WEBP", 0),
        ("BMP", {}, "BMP", 0),
        ("GIF", {}, "GIF", 12),
        ("HEIF", {"quality": 95}, "HEIC", 6),
    ],
)
def test_format_gives_the_same_pixels(form, options, name, tolerance):
    data = fixtures.encode(PICTURE, form, **options)
    (page,), photo = read(data)
    assert page.dtype == np.uint8
    assert page.flags.writeable
    assert page.shape == PICTURE.shape
    assert np.abs(page.astype(int) - PICTURE).mean() <= tolerance
    source = photo.source
    assert (source.format, source.width, source.height, source.pages) == (name, 320, 200, 1)
    assert source.sha256 == hashlib.sha256(data).hexdigest()
    assert source.bytes == len(data)
    assert photo.warnings == ()


@pytest.mark.parametrize("form", ["JPEG", "TIFF", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_recorded(form, orientation):
    stored = fixtures.as_stored(PICTURE, orientation)
    options = {"quality": 95} if form == "JPEG" else {"lossless": True} if form == "WEBP" else {}
    data = fixtures.encode(stored, form, exif=fixtures.exif_with(orientation=orientation), **options)
    (page,), photo = read(data)
    assert np.abs(page.astype(int) - PICTURE).mean() < 4
    assert page.flags.c_contiguous
    assert (photo.source.width, photo.source.height) == (320, 200)
    assert photo.source.orientation == orientation


def test_heic_is_turned_once():
    """A phone writes the turn twice: for HEIC readers and, as a copy, into EXIF."""
    exif = fixtures.exif_with(orientation=6, date="2024:05:06 07:08:09").tobytes()
    (page,), photo = read(fixtures.encode(fixtures.as_stored(PICTURE, 6), "HEIF", quality=95, exif=exif))
    assert page.shape == PICTURE.shape
    assert np.abs(page.astype(int) - PICTURE).mean() < 6
    assert (photo.source.width, photo.source.height, photo.source.orientation) == (320, 200, 6)
    assert photo.source.captured_at == "2024-05-06T07:08:09"


@pytest.mark.parametrize("orientation", [2, 3, 6, 8])
def test_a_heic_whose_turn_stands_in_exif_alone_is_turned(orientation):
    """Some cameras write no turn for HEIC readers."""
    exif = fixtures.exif_with(orientation=1).tobytes()
    data = fixtures.encode(fixtures.as_stored(PICTURE, orientation), "HEIF", quality=95, exif=exif)
    tag = struct.pack(">HHIH", 274, 3, 1, 1)
    at = data.index(tag) + len(tag) - 2
    (page,), photo = read(data[:at] + struct.pack(">H", orientation) + data[at + 2 :])
    assert (photo.source.width, photo.source.height, photo.source.orientation) == (320, 200, orientation)
    assert page.shape == PICTURE.shape
    assert np.abs(page.astype(int) - PICTURE).mean() < 6


def test_tiff_pages_come_upright_one_by_one():
    pages = [np.roll(PICTURE, 15 * n, axis=0)[:, : 320 - 20 * n] for n in range(3)]
    got, photo = read(fixtures.tiff_of(*pages, compression="tiff_lzw"))
    assert photo.source.pages == 3
    assert (photo.source.width, photo.source.height) == (320, 200)
    for page, expected in zip(got, pages, strict=True):
        assert np.array_equal(page, expected)


def test_every_tiff_page_is_turned_by_its_own_tag():
    images = []
    file = io.BytesIO()
    with Image.new("RGB", (1, 1)) as first:
        for orientation in (1, 6, 3):
            image = Image.fromarray(fixtures.as_stored(PICTURE, orientation))
            image.encoderinfo = {"tiffinfo": {274: orientation}}
            images.append(image)
        first.close()
    images[0].save(file, "TIFF", save_all=True, append_images=images[1:])
    got, photo = read(file.getvalue())
    assert photo.source.pages == 3
    for page in got:
        assert np.array_equal(page, PICTURE)


def test_memory_does_not_grow_with_pages(tmp_path):
    """8 pages of 27 MB each, unpacked; the peak is that after two pages."""
    resource = pytest.importorskip("resource", reason="no memory limits on this system")
    assert resource
    page = np.zeros((3000, 3000, 3), np.uint8)
    path = tmp_path / "many.tif"
    path.write_bytes(fixtures.tiff_of(*[page] * 8, compression="tiff_adobe_deflate"))
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from serialscan.photo import open_photo; from serialscan.settings import Settings\n"
        "with open_photo(Path(sys.argv[1]), Settings(max_pixels=10**9)) as photo:\n"
        "    pages = photo.pages(); next(pages); next(pages)\n"
        "    early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "    assert sum(1 for _ in pages) == 6\n"
        "late = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(late / early)\n"
    )
    run = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 1.3
    assert run.stderr == ""


def _grey(values: np.ndarray) -> np.ndarray:
    (page,), _ = read(fixtures.encode(Image.fromarray(values), "TIFF"))
    assert (page[..., 0] == page[..., 1]).all()
    return page[..., 0]


def test_deep_grey_is_scaled_by_its_range():
    ramp = np.linspace(0, 1, 64, dtype=np.float32)[None].repeat(8, axis=0)
    for depth in (9, 12, 16):
        grey = _grey((ramp * (2**depth - 1)).astype(np.uint16))
        assert np.abs(grey - ramp * 255).max() <= 1
    assert np.abs(_grey(ramp) - ramp * 255).max() <= 1
    assert np.abs(_grey(ramp * 255) - ramp * 255).max() <= 1
    assert np.abs(_grey(ramp * 9000 - 4000) - ramp * 255).max() <= 1
    broken = ramp.copy()
    broken[0, :3] = np.nan, np.inf, -np.inf
    assert np.abs(_grey(broken)[1:] - (ramp * 255)[1:]).max() <= 1


def test_16_bit_png():
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)[None].repeat(8, axis=0)
    (page,), _ = read(fixtures.encode(Image.fromarray(ramp), "PNG"))
    assert np.abs(page[0, :, 0].astype(int) - ramp[0] / 257).max() <= 1


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "LAB", "RGBA", "LA", "RGBX"])
@pytest.mark.parametrize("form", ["TIFF", "PNG"])
def test_every_pixel_kind_keeps_the_text_readable(mode, form):
    image = Image.fromarray(PICTURE)
    if mode == "LAB":
        grey = image.convert("L")
        image = Image.merge("LAB", (grey, Image.new("L", grey.size), Image.new("L", grey.size)))
    else:
        image = (image.convert("L") if mode == "LA" else image).convert(mode)
    try:
        data = fixtures.encode(image, form)
    except OSError:
        assert form == "PNG"
        assert mode in ("CMYK", "YCbCr", "LAB", "RGBX")
        return
    (page,), _ = read(data)
    assert page.shape == PICTURE.shape
    seen, meant = (
        cv2.blur(a.astype(np.float32).mean(axis=2), (5, 5)) for a in (page, PICTURE)
    )  # "1" is dithered
    assert np.corrcoef(seen.ravel(), meant.ravel())[0, 1] > 0.9


def test_transparent_parts_are_shown_on_white():
    image = Image.new("RGBA", (20, 10), (10, 20, 30, 255))
    image.paste((200, 0, 0, 0), (0, 0, 10, 10))
    (page,), _ = read(fixtures.encode(image, "PNG"))
    assert (page[5, 5] == 255).all()
    assert tuple(page[5, 15]) == (10, 20, 30)


def test_light_text_on_a_transparent_ground_can_be_seen():
    image = Image.fromarray(PICTURE).convert("L")
    mask = image.point(lambda level: 255 * (level > 150))
    image = Image.merge("LA", (Image.new("L", image.size, 255), mask))
    (page,), _ = read(fixtures.encode(image, "PNG"))
    assert np.array_equal(page[..., 0], np.asarray(mask))


def test_a_multi_picture_jpeg_is_its_first_picture():
    first, second = Image.fromarray(PICTURE), Image.new("RGB", (64, 48), "red")
    data = fixtures.encode(first, "MPO", save_all=True, append_images=[second], quality=95)
    (page,), photo = read(data)
    assert np.abs(page.astype(int) - PICTURE).mean() < 4
    assert (photo.source.format, photo.source.pages) == ("JPEG", 1)


def test_facts_from_exif():
    gps = {1: "S", 2: (1.0, 30.0, 0.0), 3: "W", 4: (77.0, 0.0, 36.0), 5: b"\x01", 6: 12.5}
    exif = fixtures.exif_with(
        date="2024:02:29 23:59:58", offset="+03:00", make="Canon", model="Canon EOS 5D\0", gps=gps
    )
    data = fixtures.encode(PICTURE, "JPEG", exif=exif)
    source = open_photo(data, SETTINGS).source
    assert source.captured_at == "2024-02-29T23:59:58+03:00"
    assert source.camera == "Canon EOS 5D"
    assert source.gps is None
    found = open_photo(data, Settings(gps=True)).source.gps
    assert found is not None
    assert (found.latitude, found.longitude, found.altitude) == (-1.5, -77.01, -12.5)


@pytest.mark.parametrize(
    "date", ["0000:00:00 00:00:00", "    :  :     :  :  ", "2023:02:29 10:00:00", "today", ""]
)
def test_an_impossible_capture_time_is_not_invented(date):
    """Neither from the field itself nor from DateTime, which is when the file was changed."""
    data = fixtures.encode(PICTURE, "JPEG", exif=fixtures.exif_with(date=date, make="Acme", model="X1"))
    source = open_photo(data, SETTINGS).source
    assert source.captured_at is None
    assert source.camera == "Acme X1"


@pytest.mark.parametrize("offset", ["+25:99", "+14:30", "-07:60", "x"])
def test_an_impossible_offset_is_left_away_and_the_time_kept(offset):
    exif = fixtures.exif_with(date="2024:02:29 23:59:58", offset=offset)
    source = open_photo(fixtures.encode(PICTURE, "JPEG", exif=exif), SETTINGS).source
    assert source.captured_at == "2024-02-29T23:59:58"


def test_a_text_from_a_file_has_a_limit():
    exif = fixtures.exif_with(make="Acme", model="x" * 1_000_000)
    camera = open_photo(fixtures.encode(PICTURE, "TIFF", exif=exif), SETTINGS).source.camera
    assert camera.startswith("Acme xxx")
    assert len(camera) < 300


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (95.0, 0.0, 0.0), 3: "E", 4: (7.0, 0.0, 0.0)},
        {1: "N", 2: (IFDRational(1, 0), 0.0, 0.0), 3: "E", 4: (7.0, 0.0, 0.0)},
        {1: "N", 3: "E"},
    ],
)
def test_an_impossible_position_is_dropped(gps):
    data = fixtures.encode(PICTURE, "JPEG", exif=fixtures.exif_with(gps=gps))
    assert open_photo(data, Settings(gps=True)).source.gps is None


def test_damaged_exif_costs_a_warning_not_the_photo():
    exif = fixtures.exif_with(orientation=6, date="2024:01:01 00:00:00", make="Acme").tobytes()
    data = fixtures.encode(PICTURE, "JPEG", exif=exif[:40])
    (page,), photo = read(data)
    assert page.shape[2] == 3
    assert [w.code for w in photo.warnings] == ["exif_damaged"]


def test_a_png_whose_pixels_are_damaged_is_not_read_as_if_they_were_sound():
    """One byte in a hundred places: most cannot be decoded, the others decode to other pixels."""
    data = fixtures.encode(PICTURE, "PNG")
    start, told = data.index(b"IDAT") + 4, []
    for at in range(start, len(data) - 16, len(data) // 100):
        try:
            _, photo = read(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
            told.append([w.code for w in photo.warnings])
        except PhotoError as error:
            told.append([error.code])
    assert {code for codes in told for code in codes} <= {"corrupt", "truncated", "pixels_damaged"}
    assert all(told)


def test_exif_behind_the_pixels_of_a_png_is_read():
    data = fixtures.encode(
        fixtures.as_stored(PICTURE, 6), "PNG", exif=fixtures.exif_with(orientation=6, make="Acme")
    )
    at = data.index(b"eXIf") - 4
    end = at + 12 + int.from_bytes(data[at : at + 4], "big")
    moved = data[:at] + data[end:-12] + data[at:end] + data[-12:]
    (page,), photo = read(moved)
    assert np.array_equal(page, PICTURE)
    assert (photo.source.orientation, photo.source.camera) == (6, "Acme")
    assert not photo.warnings


def test_a_png_with_too_many_pixels_is_refused_before_they_are_decoded(monkeypatch):
    def load(image):
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load)
    data = fixtures.encode(PICTURE, "PNG")
    assert failure(data, Settings(max_pixels=1000)).code == "too_many_pixels"


def test_a_jpeg_that_was_overwritten_in_part_says_so():
    data = fixtures.encode(PICTURE, "JPEG", quality=90)
    middle = len(data) // 2
    (page,), photo = read(data[:middle] + bytes(400) + data[middle + 400 :])
    assert page.shape == PICTURE.shape
    assert [w.code for w in photo.warnings] == ["pixels_damaged"]
    assert not read(data)[1].warnings


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_raw_is_read_by_its_preview(orientation):
    preview = fixtures.encode(fixtures.as_stored(PICTURE, orientation), "JPEG", quality=95)
    (page,), photo = read(fixtures.dng(preview, orientation=orientation))
    assert np.abs(page.astype(int) - PICTURE).mean() < 4
    assert (photo.source.format, photo.source.orientation) == ("RAW", orientation)
    assert photo.source.camera == "Maker Camera 1"
    assert [w.code for w in photo.warnings] == ["raw_preview"]


def test_a_raw_whose_preview_was_overwritten_in_part_says_so():
    data = fixtures.dng(preview := fixtures.encode(PICTURE, "JPEG", quality=90))
    middle = data.index(preview) + len(preview) // 2
    _, photo = read(data[:middle] + bytes(400) + data[middle + 400 :])
    assert {w.code for w in photo.warnings} == {"raw_preview", "pixels_damaged"}
    assert not read(preview)[1].warnings


@pytest.mark.parametrize("header", [b"IIU\0", b"IIRO", b"IIRS"])
def test_facts_of_raw_files_with_a_header_of_their_own(header):
    from serialscan.photo import decode

    exif = fixtures.exif_with(date="2024:05:06 07:08:09", make="Acme", model="X1")
    tiff = fixtures.encode(PICTURE[:8, :8], "TIFF", exif=exif.tobytes())
    facts = decode._facts_of_raw(header + tiff[4:], Image.new("L", (1, 1)))
    assert (facts.captured_at, facts.camera, facts.damaged) == ("2024-05-06T07:08:09", "Acme X1", False)


def test_facts_of_a_fujifilm_raw_stand_in_its_jpeg():
    from serialscan.photo import decode

    exif = fixtures.exif_with(date="2024:05:06 07:08:09", make="Acme", model="X1")
    preview = fixtures.encode(PICTURE, "JPEG", exif=exif)
    data = b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">II", 92, len(preview)) + preview
    facts = decode._facts_of_raw(data, Image.new("L", (1, 1)))
    assert (facts.captured_at, facts.camera) == ("2024-05-06T07:08:09", "Acme X1")


def test_raw_without_a_preview():
    assert failure(fixtures.dng(None)).code == "unsupported_raw"


def test_raw_without_its_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "rawpy", None)  # what Python does when a package is missing
    error = failure(fixtures.dng(fixtures.encode(PICTURE, "JPEG")))
    assert error.code == "unsupported_raw"
    assert 'pip install "serialscan[raw]"' in error.message
    assert error.source.sha256 is not None


def test_a_cut_jpeg_is_refused_wherever_it_is_cut():
    for options in ({}, {"progressive": True}, {"restart_marker_rows": 1}):
        data = fixtures.encode(PICTURE, "JPEG", quality=90, **options)
        for share in (0.5, 0.8, 0.97):
            error = failure(data[: int(len(data) * share)])
            assert error.code == "truncated"
            assert error.source.sha256 is not None
            assert error.source.width == 320


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_a_cut_jpeg_that_was_closed_again_is_refused(options):
    """Decoders report success here and leave the rest grey."""
    data = fixtures.encode(PICTURE, "JPEG", quality=90, **options)
    for share in (0.5, 0.8, 0.97):
        cut = data[: int(len(data) * share)] + b"\xff\xd9"
        with Image.open(io.BytesIO(cut)) as silent:
            silent.load()
        assert failure(cut).code == "truncated"


def test_a_jpeg_that_lost_only_its_end_marker_has_all_pixels():
    data = fixtures.encode(PICTURE, "JPEG", quality=90)
    (whole,), _ = read(data)
    (page,), _ = read(data[:-2])
    assert np.array_equal(page, whole)


@pytest.mark.parametrize("surplus", [b"\0" * 7, b"appended by a phone", b"\xff\xd8\xff\xe0 a second picture"])
def test_data_after_the_picture_does_no_harm(surplus):
    (page,), _ = read(fixtures.encode(PICTURE, "JPEG", quality=95) + surplus)
    assert page.shape == PICTURE.shape


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP", "BMP", "HEIF"])
def test_other_cut_files_are_errors(form):
    data = fixtures.encode(PICTURE, form)
    error = failure(data[: len(data) * 2 // 3])
    assert error.code in ("truncated", "corrupt")
    assert error.source.sha256 == hashlib.sha256(data[: len(data) * 2 // 3]).hexdigest()


def test_not_images():
    assert failure(b"").code == "empty"
    for data in (b"just a text", b"%PDF-1.7\n", b"PK\3\4", b"BMW is no bitmap header", b"\0" * 100):
        error = failure(data)
        assert error.code == "not_an_image"
        assert error.source.sha256 == hashlib.sha256(data).hexdigest()
        assert error.source.bytes == len(data)


def test_content_counts_not_the_suffix(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(fixtures.encode(PICTURE, "PNG"))
    assert read(path)[1].source.format == "PNG"
    path.write_text("no image", encoding="utf-8")
    assert failure(path).code == "not_an_image"


def _png_bomb(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(1 + side // 8) * 100) for _ in range(side // 100)) + rows.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_decompression_bomb_is_refused_before_decoding():
    bomb = _png_bomb(20_000)
    body = bomb.index(b"IDAT") + 4
    broken = bomb[:body] + bytes(100) + bomb[body + 100 :]  # whoever decodes it finds that
    for data in (bomb, broken):
        error = failure(data)
        assert error.code == "too_many_pixels"
        assert "--max-pixels 400000000" in error.message
        assert (error.source.width, error.source.sha256 is not None) == (20_000, True)
    assert failure(_png_bomb(1_000)[:body] + bytes(100)).code in ("corrupt", "truncated")


def test_a_kind_that_takes_more_memory_to_decode_is_refused_earlier():
    """A WebP of 34 bytes and 249 megapixels, for which Pillow takes 16 bytes a pixel."""
    webp = bytes.fromhex("524946461a000000574542505650384c0e0000002ffeffd70e071011fd0f4444ff03")
    assert failure(webp).code == "too_many_pixels"
    error = failure(webp, Settings(max_pixels=250_000_000))
    assert error.code == "too_many_pixels"
    assert (error.source.width, error.source.height) == (16383, 15200)
    (needed,) = re.findall(r"--max-pixels (\d+)", error.message)
    assert int(needed) == 16383 * 15200 * 16 // 7
    with open_photo(webp, Settings(max_pixels=int(needed))) as opened:  # not decoded: that takes seconds
        assert opened.source.width == 16383


@pytest.mark.parametrize("shape", [(20, 60_000), (32_767, 3)])
def test_a_photo_longer_than_can_be_read_is_told(shape):
    error = failure(fixtures.encode(np.full(shape, 128, np.uint8), "PNG"))
    assert (error.code, "cut it" in error.message) == ("too_many_pixels", True)
    longest = np.full((20, 32_766, 3), 128, np.uint8)
    assert read(fixtures.encode(longest, "PNG"))[0][0].shape == longest.shape


def test_decoding_takes_the_memory_that_is_planned():
    """In a process of its own, whose peak can be told."""
    program = (
        "import io, resource, sys\n"
        "import numpy, PIL.Image, simplejpeg, pillow_heif, cv2\n"
        "from serialscan.photo.decode import Picture\n"
        "pixels = numpy.full((1000, 1000, 3), 90, numpy.uint8)\n"
        "picture = PIL.Image.fromarray(pixels).resize((2000, 1500))\n"
        "picture.save(stored := io.BytesIO(), sys.argv[1], method=0)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "picture = Picture(stored.getvalue(), max_pixels=10**8, max_pages=1)\n"
        "(page,) = picture.pages()\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "assert page.shape == (1500, 2000, 3), page.shape\n"
        "print((after - before) * 1024 / 3e6, 7 * picture.weight / 3e6)\n"
    )
    for form in ("JPEG", "WEBP"):
        done = subprocess.run(
            [sys.executable, "-c", program, form], capture_output=True, text=True, check=True
        )
        taken, planned = map(float, done.stdout.split())
        assert taken < planned + 4, form  # the libraries take some memory, too


def test_fill_bytes_and_scans_without_end_take_no_time():
    data = fixtures.encode(PICTURE, "JPEG")
    filled = data[:2] + b"\xff" * 5_000_000 + data[2:]
    assert np.array_equal(read(filled)[0][0], read(data)[0][0])
    assert processor_seconds(lambda: read(filled)) < 20 * processor_seconds(lambda: read(data))
    progressive = fixtures.encode(PICTURE, "JPEG", progressive=True)
    last = progressive.rindex(b"\xff\xda")
    scan = progressive[last:].removesuffix(b"\xff\xd9")
    error = failure(progressive.removesuffix(b"\xff\xd9") + scan * 2000 + b"\xff\xd9")
    assert (error.code, "scans" in error.message) == ("unsupported", True)
    assert len(read(progressive)[0]) == 1


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "HEIF"])
def test_the_pixel_limit_is_exact(form):
    data = fixtures.encode(PICTURE, form)
    pixels = 320 * 200
    assert len(read(data, Settings(max_pixels=pixels))[0]) == 1
    assert failure(data, Settings(max_pixels=pixels - 1)).code == "too_many_pixels"


def test_limits_count_all_pages():
    data = fixtures.tiff_of(*[PICTURE] * 3)
    assert failure(data, Settings(max_pixels=320 * 200 * 3 - 1)).code == "too_many_pixels"
    assert failure(data, Settings(max_pages=2)).code == "too_many_pages"
    assert len(read(data, Settings(max_pixels=320 * 200 * 3, max_pages=3))[0]) == 3


def test_a_photo_larger_than_pillows_own_limit_is_read_and_the_limit_left_alone(recwarn, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    for form in ("JPEG", "TIFF", "WEBP", "GIF"):
        read(fixtures.encode(PICTURE, form))
        failure(fixtures.encode(PICTURE, form), Settings(max_pixels=10))
        assert Image.MAX_IMAGE_PIXELS == 1000
    assert not recwarn.list


def test_the_byte_limit_is_checked_before_reading(tmp_path):
    data = fixtures.encode(PICTURE, "PNG")
    assert failure(data, Settings(max_bytes=len(data) - 1)).code == "too_many_bytes"
    read(data, Settings(max_bytes=len(data)))
    huge = tmp_path / "huge.jpg"
    with huge.open("wb") as file:
        file.truncate(1 << 40)  # sparse: a terabyte that cannot have been read
    error = failure(huge)
    assert error.code == "too_many_bytes"
    assert f"--max-bytes {1 << 40}" in error.message
    assert error.source.bytes == 1 << 40


def test_folders_and_missing_files(tmp_path):
    assert failure(tmp_path).code == "not_a_file"
    assert failure(tmp_path / "gone.jpg").code == "unreadable"


@posix
def test_a_fifo_and_a_socket_do_not_hang(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "fifo.jpg")
    assert failure(tmp_path / "fifo.jpg").code == "not_a_file"
    monkeypatch.chdir(tmp_path)  # socket paths are short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.jpg")
        assert failure(Path("socket.jpg")).code == "not_a_file"
    assert failure(Path("/dev/zero")).code == "not_a_file"


@posix
def test_a_file_without_permission(tmp_path):
    path = tmp_path / "locked.jpg"
    path.write_bytes(fixtures.encode(PICTURE, "JPEG"))
    path.chmod(0)
    if os.getuid() == 0:
        os.seteuid(65534)  # root may read everything
    try:
        error = failure(path)
    finally:
        os.seteuid(os.getuid())
    assert error.code == "unreadable"
    assert "permission" in error.message.lower()


@posix
def test_names_that_are_not_utf8(tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xffa\n\xe9 \xd0\x96.png"))
    path.write_bytes(fixtures.encode(PICTURE, "PNG"))
    source = read(path)[1].source
    assert source.path == f"{tmp_path}/\\xffa\n\\xe9 \u0416.png"
    assert bytes.fromhex(source.path_bytes_hex) == os.fsencode(path)
    assert msgspec.json.decode(msgspec.json.encode(source))["path"] == source.path
    assert path_text(source.path) == source.path


def test_plain_names():
    source = describe(Path("no such folder") / "Фото 1.jpg")
    assert source.path == str(Path("no such folder") / "Фото 1.jpg")
    assert source.path_bytes_hex is None
    assert source.bytes is None
    assert describe(b"abc").path == "-"
    assert describe(b"abc", "camera.jpg").path == "camera.jpg"
    assert describe(Path("a\0b")).bytes is None
    assert failure(Path("a\0b")).code == "unreadable"


def test_originals_are_not_touched_and_a_changed_one_is_told(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(fixtures.encode(PICTURE, "PNG"))
    path.chmod(0o400)
    before = path.stat()
    with open_photo(path, SETTINGS) as photo:
        list(photo.pages())
        photo.verify_unchanged()
        after = path.stat()
        assert (after.st_mtime_ns, after.st_size, after.st_mode) == (
            before.st_mtime_ns, before.st_size, before.st_mode
        )  # fmt: skip
        path.chmod(0o600)
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        with pytest.raises(PhotoError) as caught:
            photo.verify_unchanged()
        assert caught.value.code == "changed"
        path.unlink()
        with pytest.raises(PhotoError) as caught:
            photo.verify_unchanged()
        assert caught.value.code == "changed"
        assert caught.value.source.sha256 == photo.source.sha256


def test_decoders_are_silent(capfd):
    """What libtiff, libjpeg and Pillow have to say must not reach the streams."""
    tiff = bytearray(fixtures.encode(PICTURE, "TIFF", compression="tiff_lzw"))
    tiff[2000:2600] = bytes(600)
    jpeg = bytearray(fixtures.encode(PICTURE, "JPEG"))
    jpeg[2000:2100] = bytes(100)
    jpeg_tiff = fixtures.encode(PICTURE, "TIFF", compression="jpeg")
    for data in (bytes(tiff), bytes(jpeg), jpeg_tiff[:-900] + bytes(900), bytes(tiff[:-50])):
        try:
            read(data)
        except PhotoError:
            continue
    assert capfd.readouterr() == ("", "")
