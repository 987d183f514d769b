"""Tiles: what a coarse look hints at is looked at closely, all of it and little else."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from serialscan.reading.locate import TILE, TILE_MARGIN, _tiles

sides = st.integers(1, 5000)


@given(sides, sides)
@settings(deadline=None)
def test_tiles_lie_in_the_photo_and_cover_all_of_it(width: int, height: int) -> None:
    tiles = _tiles(width, height)
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
@settings(deadline=None)
def test_every_hint_stands_in_a_tile_with_what_is_around_it(
    width: int, height: int, hints: list[tuple[float, float]]
) -> None:
    shrunk = 960 / max(width, height)
    mask = np.zeros((round(height * shrunk), round(width * shrunk)), bool)
    places = [(int(u * mask.shape[1]), int(v * mask.shape[0])) for u, v in hints]
    for column, row in places:
        mask[row, column] = True
    tiles = _tiles(width, height, mask)
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
    assert sum(columns * rows for _, _, columns, rows in _tiles(4000, 3000, mask)) < TILE * TILE / 8
