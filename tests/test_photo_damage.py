"""Photos whose data are damaged inside: what can be known is told, and nothing is accepted from them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import photo_fixtures as fixtures
import pytest

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
    from PIL import Image
    from pillow_heif import from_pillow

    first, second = Image.fromarray(PICTURE), Image.fromarray(PICTURE[::-1])
    both = from_pillow(first)
    both.add_from_pillow(second)
    assert told(fixtures.saved(both, quality=80))[0] == ["other_pictures"]
    for form in ("GIF", "WEBP", "PNG"):
        data = fixtures.encode(first, form, save_all=True, append_images=[second])
        assert told(data)[0] == ["other_pictures"], form
        assert told(fixtures.encode(first, form))[0] == [], form
