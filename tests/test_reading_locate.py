"""Where text may stand: tiles look closely at what a coarse look hints at, and colours hide nothing."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serialscan.reading import Null
from serialscan.reading.locate import locate, locate_again, locate_even
from serialscan.reading.networks import Networks
from serialscan.reading.tiles import tiles_of
from serialscan.recipe import NORMAL, Places

PLACES = NORMAL.places
TILE, TILE_MARGIN = PLACES.tile_px, PLACES.tile_margin_px

sides = st.integers(1, 5000)


@given(sides, sides)
def test_tiles_lie_in_the_photo_and_cover_all_of_it(width: int, height: int) -> None:
    tiles = tiles_of(width, height, PLACES)
    for x, y, columns, rows in tiles:
        assert 0 < columns <= TILE and 0 < rows <= TILE
        assert x >= 0 and y >= 0 and x + columns <= width and y + rows <= height
    for places, side in (
        ({(x, w) for x, _, w, _ in tiles}, width),
        ({(y, h) for _, y, _, h in tiles}, height),
    ):
        reached = 0
        for at, length in sorted(places):
            assert at <= reached
            reached = at + length
        assert reached == side


@given(
    st.integers(1000, 4500), st.integers(1000, 4500),
    st.lists(st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)), max_size=5),
)  # fmt: skip
def test_every_hint_stands_in_a_tile_with_what_is_around_it(
    width: int, height: int, hints: list[tuple[float, float]]
) -> None:
    shrunk = 960 / max(width, height)
    mask = np.zeros((round(height * shrunk), round(width * shrunk)), bool)
    places = [(int(u * mask.shape[1]), int(v * mask.shape[0])) for u, v in hints]
    for column, row in places:
        mask[row, column] = True
    tiles = tiles_of(width, height, PLACES, mask)
    assert bool(tiles) == bool(hints)
    for column, row in places:
        x, y = (column + 0.5) / mask.shape[1] * width, (row + 0.5) / mask.shape[0] * height
        # A hint in the middle of two tiles' overlap has half of that to each side.
        least = 0.8 * min(TILE_MARGIN, 80)
        assert any(
            (left == 0 or x - left >= least) and (top == 0 or y - top >= least)
            and (left + columns == width or left + columns - x >= least)
            and (top + rows == height or top + rows - y >= least)
            for left, top, columns, rows in tiles
        )  # fmt: skip


def test_a_single_hint_costs_less_than_a_tile() -> None:
    mask = np.zeros((720, 960), bool)
    mask[300, 500] = True
    assert sum(columns * rows for _, _, columns, rows in tiles_of(4000, 3000, PLACES, mask)) < TILE * TILE / 8


def test_worn_print_on_a_yellow_label_is_found(networks: Networks) -> None:
    """It shows in red and green alone; in grey, dark and bright stretched apart, it stands out."""

    def found(seed: int, places: Places = PLACES) -> bool:
        label = np.full((735, 980, 3), (236, 196, 28), np.uint8)
        cv2.putText(
            label, "S/N 280293", (330, 380), cv2.FONT_HERSHEY_SIMPLEX, 0.91, (212, 175, 24), 2, cv2.LINE_AA
        )
        noise = np.random.default_rng(seed).normal(0, 5, label.shape)
        worn = np.clip(cv2.GaussianBlur(label, (0, 0), 2.2) + noise, 0, 255).astype(np.uint8)
        boxes, _ = locate(worn, networks, places)
        return any(abs(box.cx - 411) < 25 and 130 < box.width < 260 for box in boxes)

    assert all(map(found, range(3)))
    without = replace(PLACES, coloured=256.0)
    assert not any(found(seed, without) for seed in range(3))


@pytest.mark.parametrize("shape", [(4, 20_000, 3), (20_000, 4, 3)])
def test_a_colourful_picture_of_any_shape_is_searched(shape: tuple[int, int, int]) -> None:
    picture = np.zeros(shape, np.uint8)
    picture[..., 0] = 255
    assert locate(picture, Null(), PLACES) == ([], [])


def faint_mark() -> np.ndarray:
    """A bright page with a dark part, and on that a number that differs by 6 grey values."""
    page = np.full((600, 900, 3), 225, np.float32)
    page[150:450] = 52
    ink = np.zeros((600, 900), np.uint8)
    cv2.putText(ink, "K4091722", (300, 310), cv2.FONT_HERSHEY_DUPLEX, 1.1, 255, 2, cv2.LINE_AA)
    page -= 6 * cv2.GaussianBlur(ink, (0, 0), 1.2).astype(np.float32)[..., None] / 255
    page += np.random.default_rng(1).normal(0, 1.2, page.shape)
    return np.clip(page, 0, 255).astype(np.uint8)


def test_a_shallow_mark_on_a_dark_part_is_found_in_even_light(networks: Networks) -> None:
    page = faint_mark()
    assert not locate_again(page, networks, [], PLACES)
    found = locate_even(page, networks, [], PLACES)
    (mark,) = [box for box in found if abs(box.cx - 384) < 12 and abs(box.cy - 300) < 8]
    assert mark.width > 5 * mark.height
    assert not locate_even(page, networks, found, PLACES)  # what is read already is left alone
    assert not locate_even(page, networks, [], replace(PLACES, even_px=0))
