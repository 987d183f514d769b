"""What stands beyond the ends of a line, told by the shipped network on lines rendered here."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from serialscan.reading.ends import FARTHEST, GLYPH_SHARE, ends_of, to_edge, window
from serialscan.reading.networks import Networks
from serialscan.reading.reader import Reader
from serialscan.reading.shapes import Arc, Shape, Straight
from serialscan.record import End
from serialscan.render.camera import decode
from serialscan.render.lines import render_line
from serialscan.render.photo import Photo
from serialscan.settings import Settings

TEXT = "AB471856"
Place = tuple[Shape, float, float]
ROOM = (4.5, 1.5)


@pytest.fixture(scope="module")
def lines() -> list[Photo]:
    """Lines of which every character can be read, with nothing but their surface around them."""
    photos = [
        render_line(
            seed, TEXT, glyph_px=32.0, faces=("plotter", "roll"), materials=("brushed", "anodised"), room=ROOM
        )
        for seed in range(60)
    ]
    clear = [photo for photo in photos if all(glyph.read > 0.95 for glyph in photo.truth.lines[0].glyphs)]
    assert len(clear) >= 20
    return clear[:20]


def place(photo: Photo, first: int = 0, last: int = len(TEXT) - 1) -> Place:
    """The box of a reading from one character to another, and ``u`` of both."""
    line = photo.truth.lines[0]
    a, b = (line.glyphs[k].polygon.mean(axis=0) for k in (first, last))
    angle = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
    long, tall = float(np.linalg.norm(b - a)), line.glyph_height_px / GLYPH_SHARE
    x, y = (a + b) / 2
    wide = long + tall
    return Straight(float(x), float(y), wide, tall, angle), 0.5 - long / wide / 2, 0.5 + long / wide / 2


def doubt(end: End) -> float:
    return end.more + end.hidden


def seen(networks: Networks, rgb: np.ndarray, at: Place) -> tuple[End, End]:
    (ends,) = ends_of(rgb, [at], networks)
    return ends


def covered(photo: Photo, colour: tuple[int, int, int], first: int, last: int) -> np.ndarray:
    """The photo with a card over its line from one character to another, and a little above and below."""
    rgb = photo.pixels.copy()
    glyphs = photo.truth.lines[0].glyphs
    corners = np.concatenate([glyphs[first].polygon, glyphs[last].polygon])
    x, y, wide, tall = cv2.boundingRect(corners.astype(np.float32))
    more = round(0.25 * tall)
    cv2.rectangle(rgb, (x - 1, y - more), (x + wide + tall, y + tall + more), colour, -1)
    return rgb


def share(values: list[bool]) -> float:
    assert values
    return sum(values) / len(values)


def test_a_whole_line_is_quiet_at_both_ends(networks: Networks, lines: list[Photo]) -> None:
    ends = [end for photo in lines for end in seen(networks, photo.pixels, place(photo))]
    assert share([doubt(end) < 0.5 for end in ends]) >= 0.85


@pytest.mark.parametrize("left", [1, 2])
def test_characters_that_were_not_read_are_seen_at_that_end(
    networks: Networks, lines: list[Photo], left: int
) -> None:
    last = [seen(networks, photo.pixels, place(photo, 0, len(TEXT) - 1 - left)) for photo in lines]
    assert share([end.more > 0.5 for _, end in last]) >= 0.9
    first = [seen(networks, photo.pixels, place(photo, left)) for photo in lines]
    assert share([end.more > 0.5 for end, _ in first]) >= 0.9
    assert share([doubt(end) < 0.5 for end, _ in last]) >= 0.8  # the other end is as it was


@pytest.mark.parametrize(
    "colour", [(246, 244, 238), (20, 20, 22), (200, 178, 120)], ids=["tag", "tape", "brown"]
)
def test_a_card_over_the_last_characters_hides_the_row(
    networks: Networks, lines: list[Photo], colour: tuple[int, int, int]
) -> None:
    found = [seen(networks, covered(photo, colour, 6, 7), place(photo, 0, 5)) for photo in lines]
    assert share([last.hidden > 0.5 for _, last in found]) >= 0.9
    assert share([doubt(first) < 0.5 for first, _ in found]) >= 0.8


def test_a_faint_last_character_is_more_than_nothing(networks: Networks) -> None:
    faint, bare = [], []
    for seed in range(40):
        photo = render_line(
            seed, TEXT, glyph_px=36.0, faces=("plotter", "roll"), materials=("brushed", "anodised"),
            room=ROOM, faint=((7, 0.3),),
        )  # fmt: skip
        glyphs = photo.truth.lines[0].glyphs
        if glyphs[6].read > 0.95 and 0.3 < glyphs[7].read < 0.95:
            faint.append(doubt(seen(networks, photo.pixels, place(photo, 0, 6))[1]))
            bare.append(doubt(seen(networks, photo.pixels, place(photo))[0]))
    assert len(faint) >= 8
    assert np.mean(faint) > np.mean(bare) + 0.4


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_photo_says_the_same(networks: Networks, lines: list[Photo], quarters: int) -> None:
    for photo in lines[:6]:
        at = place(photo, 0, 5)
        height, width = photo.pixels.shape[:2]
        upright = seen(networks, photo.pixels, at)
        shape = at[0]
        assert isinstance(shape, Straight)
        # np.rot90 turns counter-clockwise.
        x, y = {1: (shape.cy, width - shape.cx), 2: (width - shape.cx, height - shape.cy),
                3: (height - shape.cy, shape.cx)}[quarters]  # fmt: skip
        turned = Straight(x, y, shape.width, shape.height, (shape.angle - 90 * quarters) % 360)
        found = seen(networks, np.ascontiguousarray(np.rot90(photo.pixels, quarters)), (turned, at[1], at[2]))
        for a, b in zip(upright, found, strict=True):
            assert a.more == pytest.approx(b.more, abs=0.1) and a.hidden == pytest.approx(b.hidden, abs=0.1)


def on_an_arc(photo: Photo, at: Place) -> tuple[np.ndarray, Place]:
    """The photo bent so that its line stands on a circle, tops outwards, and where that is."""
    flat = at[0]
    size, radius = 900, 260.0
    sweep = math.degrees(flat.width / radius)
    arc = Arc(size / 2, size / 2, radius, flat.height, -90 - sweep / 2, sweep)
    grid = np.stack(np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5), axis=-1).reshape(-1, 2)
    source = flat.points(arc.along(grid), arc.across(grid)).reshape(size, size, 2).astype(np.float32) - 0.5
    bent = cv2.remap(
        photo.pixels, source[..., 0], source[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return bent, (arc, at[1], at[2])


def test_on_an_arc_it_is_the_same(networks: Networks, lines: list[Photo]) -> None:
    whole, cut, hidden = [], [], []
    for photo in lines:
        whole.append(doubt(seen(networks, *on_an_arc(photo, place(photo)))[1]))
        cut.append(seen(networks, *on_an_arc(photo, place(photo, 0, 5)))[1].more)
        card = Photo(photo.jpeg, covered(photo, (20, 20, 22), 6, 7), photo.truth)
        hidden.append(seen(networks, *on_an_arc(card, place(card, 0, 5)))[1].hidden)
    assert share([p < 0.5 for p in whole]) >= 0.8
    assert share([p > 0.5 for p in cut]) >= 0.9
    assert share([p > 0.5 for p in hidden]) >= 0.9


SIZE = (200, 400)


@pytest.mark.parametrize(
    ("shape", "u", "outwards", "far"),
    [
        (Straight(200, 100, 100, 20 / GLYPH_SHARE, 0), 1.0, 1, None),  # 150 px from there to the edge
        (Straight(330, 100, 100, 20 / GLYPH_SHARE, 0), 1.0, 1, 0.6),
        (Straight(330, 100, 100, 20 / GLYPH_SHARE, 0), 0.0, -1, None),
        (Straight(70, 100, 100, 20 / GLYPH_SHARE, 180), 1.0, 1, 0.6),
        (Straight(200, 130, 100, 20 / GLYPH_SHARE, 90), 1.0, 1, 0.6),
        (Straight(200, 70, 100, 20 / GLYPH_SHARE, 90), 0.0, -1, 0.6),
        (Straight(345, 100, 100, 20 / GLYPH_SHARE, 0), 1.0, 1, -0.15),
        # A half circle over the upper half; it leaves the photo after a further 90 degrees, 4.5 heights.
        (Arc(200, 0, 60, 20 / GLYPH_SHARE, 45, 100), 0.0, -1, math.radians(45) * 60 / 20 - 0.4),
    ],
)  # fmt: skip
def test_the_edge_is_told_in_glyph_heights_along_the_line(shape, u, outwards, far) -> None:
    found = to_edge(SIZE, shape, u, outwards)
    assert found == (None if far is None else pytest.approx(far, abs=0.06))
    assert found is None or found <= FARTHEST


def test_a_window_says_where_the_photo_ends() -> None:
    rgb = np.full((200, 300, 3), 128, np.uint8)
    shape = Straight(240, 100, 80, 32, 0)
    planes = window(rgb, shape, 1.0, 1)[..., 3]
    assert planes[:, :60].all() and not planes[:, 70:].any()  # 20 px of 32 px boxes beyond the middle
    assert window(rgb, shape, 0.0, -1)[..., 3].all()


def test_the_first_end_is_seen_from_the_inside_as_the_last(lines: list[Photo]) -> None:
    shape, first, _ = place(lines[0])
    left = window(lines[0].pixels, shape, first, -1)
    mirrored = np.ascontiguousarray(lines[0].pixels[:, ::-1])
    assert isinstance(shape, Straight)
    other = Straight(mirrored.shape[1] - shape.cx, shape.cy, shape.width, shape.height, -shape.angle)
    right = window(mirrored, other, 1 - first, 1)
    assert np.abs(left.astype(int) - right).mean() < 1.0


def test_a_page_has_the_ends_of_its_numbers_and_of_no_other_line(
    networks: Networks, lines: list[Photo]
) -> None:
    reader = Reader(Settings(), engine=networks)
    photo = render_line(
        7, "SN 471856", glyph_px=36.0, faces=("plotter",), materials=("anodised",), room=ROOM
    )  # fmt: skip
    page = reader.read(decode(photo.jpeg))
    numbers = [line for line in page.lines if sum(c.isdigit() for c in line.text) >= 2]
    assert any("471856" in line.text for line in numbers)
    for line in page.lines:
        assert len(line.ends) == (2 if line in numbers else 0)
