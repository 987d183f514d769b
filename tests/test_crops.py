"""Pictures of lines from the outlines of records: what stands in the photo, straight, as it is read."""

from __future__ import annotations

import numpy as np
import pytest

from serialscan.photo.crops import LONGEST, Margin, line_crop, places_in_crop, preview, straight
from serialscan.reading.shapes import Arc, Shape, Stack, Straight
from serialscan.record import Glyph, Line, Polygon

TIGHT = Margin(along=0.0, across=0.0)


def painted(shape: Shape, width: int = 400, height: int = 400) -> np.ndarray:
    """A photo in which a line grows brighter as it is read; the lower half of its characters is blue."""
    y, x = np.mgrid[:height, :width]
    points = np.stack([x.ravel() + 0.5, y.ravel() + 0.5], axis=-1)
    u, v = shape.along(points), shape.across(points)
    inside = (u >= 0) & (u <= 1) & (v >= 0) & (v <= 1)
    rgb = np.zeros((height * width, 3))
    rgb[inside, 0] = 50 + 200 * u[inside]
    rgb[inside & (v > 0.5), 2] = 255
    return rgb.reshape(height, width, 3).astype(np.uint8)


def assert_read_as_it_stands(picture: np.ndarray | None) -> None:
    """From left to right ever brighter, the lower half blue."""
    assert picture is not None
    height, width = picture.shape[:2]
    inside = picture[height // 10 : -height // 10, 3:-3].astype(float)
    assert np.abs(inside[..., 0] - np.linspace(50, 250, width)[None, 3:-3]).max() < 16
    quarter = len(inside) // 4
    assert inside[:quarter, :, 2].max() < 30 and inside[-quarter:, :, 2].min() > 220


def mirrored(polygon: Polygon, width: int = 400) -> Polygon:
    return tuple((width - x, y) for x, y in polygon)


SHAPES = [
    Straight(200, 200, 240, 40, 0),
    Straight(200, 200, 240, 40, 33),
    Straight(200, 200, 240, 40, 180),
    Straight(200, 200, 240, 40, 261),
    Arc(200, 200, 150, 40, 200, 140),
    Arc(200, 200, 150, 40, 10, 300),
    Arc(200, 200, 150, 40, 160, -140),
    Arc(200, 200, 150, 40, 200, 140, flat=0.8, lean=20),
    Arc(200, 200, 150, 40, 270, 14),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("turned", [False, True])
def test_a_character_has_its_place_in_the_crop_of_its_line(shape: Shape, turned: bool) -> None:
    photo = painted(shape)
    shares = (0.1, 0.5, 0.85)
    middles = [shape.points(np.array([share]), np.array([0.5]))[0] for share in shares]
    polygon = shape.polygon()
    if turned:
        photo, polygon = photo[:, ::-1], mirrored(polygon)
        middles = [np.array([400 - x, y]) for x, y in middles]
    glyphs = tuple(
        Glyph(char="A", confidence=1.0, polygon=tuple((x + dx, y + dy) for dx, dy in ((-1, -1), (1, 1))))
        for x, y in middles
    )
    line = Line(id="L1", text="AAA", confidence=1.0, polygon=polygon, characters=glyphs, mirrored=turned)
    places = places_in_crop(line)
    picture = line_crop(photo, line, 60)
    assert picture is not None
    for share, place in zip(shares, places, strict=True):
        assert place is not None
        brightness = picture[30, int(place * picture.shape[1]), 0]
        assert abs(float(brightness) - (50 + 200 * share)) < 14


def test_a_place_that_is_not_known_is_none() -> None:
    glyphs = (Glyph(char="A", confidence=1.0), Glyph(char="B", confidence=1.0, polygon=((5.0, 5.0),)))
    box: Polygon = ((0.0, 0.0), (40.0, 0.0), (40.0, 10.0), (0.0, 10.0))
    line = Line(id="L1", text="AB", confidence=1.0, polygon=box, characters=glyphs)
    assert places_in_crop(line) == (None, pytest.approx((5 + 5) / (40 + 10)))
    empty = Line(id="L1", text="AB", confidence=1.0, polygon=((1.0, 1.0),) * 4, characters=glyphs)
    assert places_in_crop(empty) == (None, None)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_line_is_upright_and_straight_however_it_runs(shape: Shape) -> None:
    photo = painted(shape)
    before = photo.copy()
    assert_read_as_it_stands(straight(photo, shape.polygon(), 60, TIGHT))
    assert np.array_equal(photo, before)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_mirrored_line_is_turned_round(shape: Shape) -> None:
    photo = np.ascontiguousarray(painted(shape)[:, ::-1])
    assert_read_as_it_stands(straight(photo, mirrored(shape.polygon()), 60, TIGHT))


def stacked(stack: Stack, without: int | None = None) -> Line:
    """The line of a column, as the reader writes it into a record; one place may have no character."""
    glyphs = tuple(
        Glyph(char="A", confidence=1.0, polygon=stack.polygon(k / stack.count, (k + 1) / stack.count, 0.13))
        for k in range(stack.count)
        if k != without
    )
    return Line(
        id="L1", text="A" * len(glyphs), confidence=1.0, polygon=stack.polygon(), stacked=True,
        characters=glyphs,
    )  # fmt: skip


@pytest.mark.parametrize("angle", [90, 110, 0])
@pytest.mark.parametrize("without", [None, 2])
def test_stacked_characters_stand_side_by_side(angle: float, without: int | None) -> None:
    stack = Stack(Straight(200, 200, 300, 50, angle), 6)
    picture = line_crop(painted(stack), stacked(stack, without), 80)
    assert picture is not None
    assert picture.shape[0] == 80 and picture.shape[1] % 6 == 0
    middles = picture[20].reshape(6, -1, 3)[:, picture.shape[1] // 12, 0].astype(float)
    assert np.abs(middles - (50 + 200 * (np.arange(6) + 0.5) / 6)).max() < 20  # in order, none left out
    below = picture[60].reshape(6, -1, 3)[:, picture.shape[1] // 12, 2]
    assert below.min() > 220
    there = [k for k in range(6) if k != without]
    assert places_in_crop(stacked(stack, without)) == pytest.approx([(k + 0.5) / 6 for k in there])


def test_the_margin_shows_what_stands_beside() -> None:
    photo = painted(Straight(200, 200, 100, 40, 0))
    photo[:, 260:270] = (0, 255, 0)
    near, far = (straight(photo, Straight(200, 200, 100, 40, 0).polygon(), 60, Margin(m)) for m in (0.1, 0.6))
    assert near is not None and far is not None
    assert near[..., 1].max() == 0 and far[..., 1].max() == 255


@pytest.mark.parametrize(
    "outline",
    [
        (),
        ((1, 1),),
        ((1, 1), (1, 1), (1, 1), (1, 1)),
        ((1, 1), (9, 1), (float("nan"), 9), (1, 9)),
        ((1, 1), (1e308, 1), (1e308, 9), (1, -1e308)),
    ],
)
def test_an_empty_outline_has_no_picture(outline: Polygon) -> None:
    page = np.zeros((10, 10, 3), np.uint8)
    assert straight(page, outline, 20) is None
    assert line_crop(page, Line(id="L1", text="AB", confidence=1, polygon=outline, stacked=True), 20) is None


def test_an_outline_of_another_form_is_cut_out_as_a_rectangle() -> None:
    photo = painted(Straight(200, 200, 100, 40, 0))
    picture = straight(photo, ((150, 180), (250, 200), (150, 220)), 40, TIGHT)
    assert_read_as_it_stands(picture)


@pytest.mark.parametrize(
    "outline",
    [
        ((-5e3, -5e3), (-4e3, -5e3), (-4e3, -4.9e3), (-5e3, -4.9e3)),
        ((-1e9, -1e9), (1e9, -1e9), (1e9, 1e9), (-1e9, 1e9)),
        ((5, 5), (5e8, 5), (5e8, 6), (5, 6)),
        ((5, 5), (5.001, 5), (5.001, 900), (5, 900)),
    ],
)
def test_an_outline_that_no_photo_has_gives_a_picture_within_bounds(outline: Polygon) -> None:
    """A record may come from anybody."""
    picture = straight(np.zeros((100, 100, 3), np.uint8), outline, 48)
    assert picture is not None
    assert picture.shape[0] == 48 and 1 <= picture.shape[1] <= LONGEST * 48


def test_a_line_longer_than_what_opencv_takes() -> None:
    page = np.zeros((60, 40_000, 3), np.uint8)
    page[20:40, 10:39_990, 0] = np.linspace(50, 250, 39_980)
    page[30:40, 10:39_990, 2] = 255
    assert_read_as_it_stands(straight(page, ((10, 20), (39_990, 20), (39_990, 40), (10, 40)), 24, TIGHT))


def test_fine_detail_is_averaged_where_a_line_shrinks() -> None:
    """Single points of it would be noise that the photo does not show."""
    page = np.zeros((400, 1200, 3), np.uint8)
    page[::2] = 255
    picture = straight(page, ((0, 50), (1200, 50), (1200, 350), (0, 350)), 30, TIGHT)
    assert picture is not None
    assert np.abs(picture.astype(int) - 127).max() < 20


@pytest.mark.parametrize(("size", "shown"), [((400, 300), 2.0), ((40, 30), 4.0), ((8000, 2000), 0.1)])
def test_a_preview_fits_and_tells_its_scale(size: tuple[int, int], shown: float) -> None:
    picture, scale = preview(np.zeros((size[1], size[0], 3), np.uint8), 800, 600)
    assert scale == shown
    assert picture.shape[:2] == (round(size[1] * shown), round(size[0] * shown))
