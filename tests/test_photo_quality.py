"""Sharpness and clipping mean what the record says."""

from __future__ import annotations

import cv2
import numpy as np
import photo_fixtures as fixtures
import pytest
from conftest import processor_seconds

from serialscan.photo import measure_quality, merge_quality
from serialscan.record import Quality


def _blurred(picture: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), sigma) if sigma else picture


@pytest.mark.parametrize("size", [0.5, 1, 2])
@pytest.mark.parametrize("noise", [0, 4])
def test_sharpness_falls_with_every_step_of_blur(size, noise):
    picture = fixtures.text_picture(round(640 * size), round(400 * size), 2 * size)
    random = np.random.default_rng(7)
    sharpness = []
    for sigma in (0, 0.7, 1, 1.5, 2, 3, 4):
        seen = _blurred(picture, sigma) + random.normal(0, noise, picture.shape)
        sharpness.append(measure_quality(np.clip(seen, 0, 255).astype(np.uint8))[0])
    assert sharpness == sorted(sharpness, reverse=True)
    assert len(set(sharpness)) == len(sharpness)
    assert sharpness[0] > 0.8
    assert sharpness[-1] < 0.3


@pytest.mark.parametrize("sigma", [0.8, 1.5, 3])
def test_sharpness_means_the_same_at_every_size_and_contrast(sigma):
    values = []
    for size in (0.5, 1, 2, 3):
        picture = fixtures.text_picture(round(640 * size), round(400 * size), 2 * size)
        for contrast in (1, 0.5):
            seen = _blurred((picture * contrast).astype(np.uint8), sigma)
            values.append(measure_quality(seen)[0])
    on_a_table = np.full((3000, 3000, 3), 60, np.uint8)
    on_a_table[1000:1400, 1000:1640] = fixtures.text_picture(640, 400, 2.0)
    values.append(measure_quality(_blurred(on_a_table, sigma))[0])
    assert max(values) - min(values) < 0.08


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (7, 9), (40, 30)])
def test_small_and_empty_pictures_have_a_measure(shape):
    flat = np.full((*shape, 3), 90, np.uint8)
    assert measure_quality(flat) == (0.0, 0.0)
    busy = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    sharpness, clipped = measure_quality(busy)
    assert 0 <= sharpness <= 1
    assert 0 <= clipped <= 1


def test_a_crop_that_is_all_text_is_not_taken_for_noise():
    picture = fixtures.text_picture(640, 400, 2.0)
    crop = picture[75:125, 40:200]
    assert measure_quality(crop)[0] > 0.8
    assert measure_quality(_blurred(picture, 2)[75:125, 40:200])[0] == pytest.approx(0.38, abs=0.1)


def test_clipped_counts_pure_black_and_pure_white_only():
    picture = np.full((100, 100, 3), 128, np.uint8)
    picture[:10] = 0
    picture[10:15] = 255
    picture[50:60] = (255, 0, 0)
    assert measure_quality(picture)[1] == pytest.approx(0.15)


def test_measures_do_not_depend_on_where_in_memory_the_picture_lies():
    random = np.random.default_rng(8)
    size = random.integers(300, 900), random.integers(300, 900)
    grey = _blurred(random.integers(0, 256, size).astype(np.uint8), 1.5)
    picture = np.repeat(grey[..., None], 3, axis=2)
    kept, seen = [], set()
    for _ in range(40):
        kept.append(np.empty(random.integers(1, 200_000), np.uint8))  # moves what is allocated next
        seen.add(measure_quality(picture))
    assert len(seen) == 1


def test_measuring_takes_less_than_decoding():
    picture = cv2.resize(fixtures.text_picture(640, 480, 2.0), (4000, 3000))
    data = cv2.imencode(".jpg", picture)[1]
    decoding = processor_seconds(lambda: cv2.imdecode(data, cv2.IMREAD_COLOR))
    assert processor_seconds(lambda: measure_quality(picture)) < 2 * decoding  # 0.3 of it, measured


def test_pages_are_merged_by_the_median():
    pages = [
        Quality(sharpness=0.2, clipped=0.0),
        Quality(sharpness=0.8),
        Quality(glyph_height_px=30.0, sharpness=0.3),
    ]
    assert merge_quality(pages) == Quality(glyph_height_px=30.0, sharpness=0.3, clipped=0.0)
    assert merge_quality([]) == Quality()
