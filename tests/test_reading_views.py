"""A page's light: what is dark or hazy is stretched, nothing appears that was not there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from serialscan.reading import views
from serialscan.recipe import NORMAL

SPAN = NORMAL.light.span


def levelled(rgb: np.ndarray) -> np.ndarray:
    return views.levelled(rgb, NORMAL.light)


def lifted(rgb: np.ndarray) -> np.ndarray | None:
    return views.lifted(rgb, NORMAL.light)


PAGES = arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3)))


def grey(value: int, shape: tuple[int, int] = (4, 4)) -> np.ndarray:
    return np.full((*shape, 3), value, np.uint8)


def on_bright_ground(low: int, high: int, ground: int) -> np.ndarray:
    rgb = np.full((100, 100, 3), ground, np.uint8)
    rgb[20:80, 20:80] = np.linspace(low, high, 3600).round().reshape(60, 60, 1)
    return rgb


@given(PAGES)
@example(grey(0))
@example(grey(255))
@example(grey(7, (1, 1)))
def test_stretching_keeps_the_order_of_tones(rgb: np.ndarray) -> None:
    before = rgb.copy()
    after = levelled(rgb)
    assert np.array_equal(rgb, before)
    assert after.shape == rgb.shape and after.dtype == np.uint8
    in_order = np.argsort(rgb, axis=None)
    assert (np.diff(after.ravel()[in_order].astype(int)) >= 0).all()


@given(PAGES)
def test_equal_pixels_stay_equal(rgb: np.ndarray) -> None:
    tones: dict[int, int] = {}
    for before, after in zip(rgb.ravel().tolist(), levelled(rgb).ravel().tolist(), strict=True):
        assert tones.setdefault(before, after) == after


def test_a_photo_with_contrast_is_left_as_it_is() -> None:
    rgb = np.linspace(0, 255, 64 * 64, dtype=np.uint8).reshape(64, 64)[:, :, None].repeat(3, 2)
    assert levelled(rgb) is rgb


@pytest.mark.parametrize("darkest", [0, 90, 225])
def test_a_dark_or_hazy_photo_spans_more_afterwards(darkest: int) -> None:
    rgb = np.linspace(darkest, darkest + 30, 64 * 64).round().astype(np.uint8)
    after = levelled(rgb.reshape(64, 64)[:, :, None].repeat(3, 2))
    assert SPAN - 5 <= int(after.max()) - int(after.min()) <= SPAN + 5


def test_a_few_glints_do_not_keep_a_dark_photo_dark() -> None:
    rgb = np.linspace(10, 40, 100 * 100).round().astype(np.uint8).reshape(100, 100)[:, :, None].repeat(3, 2)
    rgb[:6, :6] = 255
    after = levelled(rgb)
    assert int(after[50:].max()) - int(after[50:].min()) > SPAN / 3


def test_the_grain_of_an_empty_surface_is_not_blown_up() -> None:
    rgb = np.random.default_rng(3).integers(100, 103, (64, 64, 1), dtype=np.uint8).repeat(3, 2)
    assert int(np.ptp(levelled(rgb))) < SPAN / 3


@given(PAGES)
@example(grey(0))
@example(grey(255))
@example(on_bright_ground(12, 40, 220))
def test_lifting_keeps_the_order_of_tones(rgb: np.ndarray) -> None:
    before = rgb.copy()
    after = lifted(rgb)
    assert np.array_equal(rgb, before)
    if after is not None:
        assert after.shape == rgb.shape and after.dtype == np.uint8
        in_order = np.argsort(rgb, axis=None)
        assert (np.diff(after.ravel()[in_order].astype(int)) >= 0).all()


def test_what_is_dark_on_bright_ground_is_lifted_and_stays_darker_than_it() -> None:
    rgb = on_bright_ground(12, 40, 220)
    assert levelled(rgb) is rgb  # the ground gives the page its contrast
    after = lifted(rgb)
    assert after is not None
    item = after[20:80, 20:80]
    assert int(np.ptp(item)) > 100
    assert int(item.max()) < int(after[0, 0, 0]) - 30


@pytest.mark.parametrize(
    "rgb",
    [
        on_bright_ground(10, 110, 220),
        on_bright_ground(12, 40, 90),
        on_bright_ground(190, 220, 230),
        on_bright_ground(2, 5, 220),
        grey(30),
    ],
)
def test_other_pages_are_not_lifted(rgb: np.ndarray) -> None:
    assert lifted(rgb) is None


def test_in_even_light_a_shallow_mark_on_a_dark_part_has_the_contrast_of_a_deep_one() -> None:
    page = np.full((240, 240, 3), 40, np.uint8)
    page[:, 120:] = 210
    page[100:104, 20:100] = 46  # hardly differs from its ground
    even = views.evened(page, NORMAL.places.even)
    assert even.shape == page.shape and even.dtype == page.dtype
    before = abs(int(page[102, 60].mean()) - int(page[90, 60].mean()))
    after = abs(int(even[102, 60].mean()) - int(even[90, 60].mean()))
    assert after > 1.5 * before
    assert even[90, 60].mean() < even[90, 200].mean()
