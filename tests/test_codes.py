"""Codes are found on metal as it is photographed, verbatim, where they are, and never invented."""

from __future__ import annotations

import cv2
import numpy as np
import photo_fixtures as fixtures
import pytest
import zxingcpp
from conftest import processor_seconds

from serialscan.reading.codes import read_codes
from serialscan.recipe import NORMAL

ENVELOPE = "[)>\x1e06\x1d17V1ABC2\x1d1PW123\x1dSN456789\x1e\x04"  # ISO 15434, as MIL-STD-130 marks it


def modules(text: str | bytes, form: str = "DataMatrix") -> np.ndarray:
    """The code's dark modules, bool (rows, columns), without its quiet zone."""
    barcode = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, form))
    dark = np.array(barcode.to_image(scale=1)) < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    return dark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def printed(dark: np.ndarray, pitch: int = 6, paper: int = 225, ink: int = 25, quiet: int = 4) -> np.ndarray:
    """Filled modules on a flat surface."""
    grid = np.pad(dark, quiet).repeat(pitch, axis=0).repeat(pitch, axis=1)
    return np.where(grid, ink, paper).astype(np.uint8)


def peened(
    dark: np.ndarray, pitch: float, *, dot: float = 0.7, light: bool = True, noise: float = 4, seed: int = 0
) -> np.ndarray:
    """Round dots with gaps between them, a little off their places, on brushed metal."""
    random = np.random.default_rng(seed)
    fine, quiet = 4, 3
    size = [round((n + 2 * quiet) * pitch * fine) for n in dark.shape]
    dots = np.zeros(size, np.uint8)
    for row, column in zip(*np.nonzero(dark), strict=True):
        x, y = ((at + quiet + 0.5 + random.normal(0, 0.04)) * pitch * fine for at in (column, row))
        cv2.circle(dots, (round(x), round(y)), round(pitch * dot / 2 * fine), 255, -1, cv2.LINE_AA)
    height, width = size[0] // fine, size[1] // fine
    share = cv2.resize(dots, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    brushed = cv2.GaussianBlur(random.normal(0, 1, share.shape).astype(np.float32), (0, 0), 1.2)
    surface = 120 + noise * brushed / brushed.std() + np.linspace(-20, 20, width)
    return np.clip(surface + (80 if light else -80) * share, 0, 255).astype(np.uint8)


def rotated(grey: np.ndarray, degrees: float) -> np.ndarray:
    """Turned about its middle, the corners filled with the grey of the first pixel."""
    side = int(np.hypot(*grey.shape)) + 2
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    turn[:, 2] += side / 2 - width / 2, side / 2 - height / 2
    return cv2.warpAffine(grey, turn, (side, side), borderValue=int(grey[0, 0]))


def rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[:, :, None], 3, axis=2)


def on_table(grey: np.ndarray, height: int, width: int, top: int, left: int) -> np.ndarray:
    """A code in a large photo of rough material with text on it."""
    random = np.random.default_rng(3)
    rough = cv2.resize(random.normal(110, 14, (height // 2, width // 2)).astype(np.float32), (width, height))
    photo = rgb(np.clip(rough, 0, 255).astype(np.uint8))
    photo[height // 2 : height // 2 + 400, 200:1000] = fixtures.text_picture(800, 400, 2.4)
    photo[top : top + grey.shape[0], left : left + grey.shape[1]] = grey[:, :, None]
    return photo


def contents(photo: np.ndarray) -> list[bytes]:
    return [bytes.fromhex(code.bytes_hex) for code in read_codes(photo, NORMAL.codes)]


@pytest.mark.parametrize(
    ("form", "text", "symbology"),
    [
        ("DataMatrix", "SN12345", "DataMatrix"),
        ("QRCode", "https://example.org/W12345", "QRCode"),
        ("MicroQRCode", "SN12345", "MicroQRCode"),
        ("Aztec", "SN12345", "Aztec"),
        ("PDF417", "SN12345", "PDF417"),
        ("Code128", "SN12345", "Code128"),
        ("Code39", "SN12345", "Code39"),
        ("Code93", "SN12345", "Code93"),
        ("EAN13", "5901234123457", "EAN13"),
    ],
)
def test_symbologies(form, text, symbology):
    grey = printed(modules(text, form), pitch=4, quiet=10)
    if form.startswith(("Code", "EAN")):  # linear codes are written one module high
        grey = np.vstack(
            [grey[:1]] * 40 + [grey[grey.shape[0] // 2 : grey.shape[0] // 2 + 1]] * 120 + [grey[:1]] * 40
        )
    (code,) = read_codes(rgb(grey), NORMAL.codes, page=3, first=7)
    assert (code.id, code.page, code.symbology, code.text) == ("C7", 3, symbology, text)
    assert bytes.fromhex(code.bytes_hex) == text.encode()


def test_an_envelope_is_kept_verbatim_and_readable():
    (code,) = read_codes(rgb(printed(modules(ENVELOPE))), NORMAL.codes)
    assert bytes.fromhex(code.bytes_hex) == ENVELOPE.encode()
    assert code.text == "[)>␞06␝17V1ABC2␝1PW123␝SN456789␞␄"
    assert (code.uii, code.fields, code.errors) == (None, (), ())


def test_bytes_that_are_no_text_are_kept_verbatim():
    content = bytes([0, 1, 127, 254, 255])
    (code,) = read_codes(rgb(printed(modules(content))), NORMAL.codes)
    assert bytes.fromhex(code.bytes_hex) == content
    assert code.text.startswith("␀␁␡")


@pytest.mark.parametrize("degrees", [0, 33, 90, 171, 268])
@pytest.mark.parametrize("inverted", [False, True])
def test_polygon_lies_on_the_code_in_reading_order(degrees, inverted):
    dark = modules(ENVELOPE)
    grey = rotated(printed(dark, pitch=7, quiet=4), degrees)
    photo = on_table(grey, 900, 1400, 150, 700)
    (code,) = read_codes(255 - photo if inverted else photo, NORMAL.codes)
    half = dark.shape[0] * 7 / 2
    middle = np.array([700 + grey.shape[1] / 2, 150 + grey.shape[0] / 2])
    angle = np.deg2rad(-degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([(-half, -half), (half, -half), (half, half), (-half, half)])
    expected = corners @ turn.T + middle
    assert np.abs(np.array(code.polygon) - expected).max() < 10


def test_low_contrast_and_noise():
    random = np.random.default_rng(5)
    grey = printed(modules(ENVELOPE), pitch=7, paper=130, ink=105).astype(np.float32)
    noisy = np.clip(grey + random.normal(0, 5, grey.shape), 0, 255).astype(np.uint8)
    assert contents(rgb(noisy)) == [ENVELOPE.encode()]


@pytest.mark.parametrize("light", [True, False], ids=["light dots", "dark dots"])
@pytest.mark.parametrize("pitch", [6, 9, 14, 22])
@pytest.mark.parametrize("degrees", [0, 28])
def test_dot_peened(light, pitch, degrees):
    grey = rotated(peened(modules(ENVELOPE), pitch, light=light), degrees)
    assert contents(rgb(grey)) == [ENVELOPE.encode()]


@pytest.mark.parametrize("light", [True, False], ids=["light dots", "dark dots"])
def test_a_small_dot_peened_code_in_the_corner_of_a_large_photo(light):
    grey = peened(modules(ENVELOPE), 6, light=light)
    photo = on_table(grey, 3000, 4000, 3000 - grey.shape[0] - 5, 4000 - grey.shape[1] - 3)
    (code,) = read_codes(photo, NORMAL.codes)
    assert bytes.fromhex(code.bytes_hex) == ENVELOPE.encode()
    assert min(x for x, _ in code.polygon) > 4000 - grey.shape[1]
    assert min(y for _, y in code.polygon) > 3000 - grey.shape[0]


def test_the_same_code_seen_often_is_one_and_two_pieces_are_two():
    grey = printed(modules("SN777"), pitch=8)
    photo = on_table(grey, 1500, 2000, 1200, 100)
    assert len(read_codes(photo, NORMAL.codes)) == 1
    photo[60 : 60 + grey.shape[0], 1700 : 1700 + grey.shape[1]] = grey[:, :, None]
    first, second = read_codes(photo, NORMAL.codes)
    assert (first.id, second.id) == ("C1", "C2")
    assert first.polygon[0][1] < second.polygon[0][1]


def test_the_same_photo_gives_the_same_codes():
    photo = on_table(peened(modules(ENVELOPE), 8), 1200, 1600, 90, 1100)
    photo[900:1100, 100:300] = 255
    small = printed(modules("SN1", "QRCode"), pitch=4)
    photo[920 : 920 + small.shape[0], 120 : 120 + small.shape[1]] = small[:, :, None]
    codes = read_codes(photo, NORMAL.codes)
    assert len(codes) == 2
    assert read_codes(photo, NORMAL.codes) == codes


def _textures():
    random = np.random.default_rng(11)
    yield random.integers(0, 256, (700, 900), dtype=np.uint8)
    yield (np.indices((700, 900)).sum(axis=0) // 6 % 2 * 120 + 60).astype(np.uint8)  # knurling
    yield np.tile(random.integers(0, 2, 900) * 160 + 40, (700, 1)).astype(np.uint8)  # random bars
    yield cv2.blur(np.tile(random.integers(0, 256, 900, dtype=np.uint8), (700, 1)), (5, 1))
    yield (np.arange(900)[None] // 5 % 2 * 140 + np.zeros((700, 1))).astype(np.uint8)  # a grille
    yield fixtures.text_picture(900, 700, 3.0)[..., 0]


@pytest.mark.parametrize(
    "texture", list(_textures()), ids=["noise", "knurl", "bars", "brushed", "grille", "text"]
)
def test_no_code_is_seen_in_textures(texture):
    assert read_codes(rgb(texture), NORMAL.codes) == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (7, 7), (30, 2000), (20, 20)])
def test_tiny_pictures(shape):
    assert read_codes(np.full((*shape, 3), 128, np.uint8), NORMAL.codes) == ()


def test_a_large_photo_without_a_code_takes_a_few_times_its_decoding():
    photo = on_table(np.full((9, 9), 90, np.uint8), 3000, 4000, 0, 0)
    assert read_codes(photo, NORMAL.codes) == ()
    data = cv2.imencode(".jpg", photo)[1]
    decoding = processor_seconds(lambda: cv2.imdecode(data, cv2.IMREAD_COLOR))
    assert processor_seconds(lambda: read_codes(photo, NORMAL.codes)) < 20 * decoding  # twice, measured
