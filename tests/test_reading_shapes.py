from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serialscan.reading.arcs import circles
from serialscan.reading.cover import Candidate, cover, value_of
from serialscan.reading.joins import joined
from serialscan.reading.maps import bowed_in
from serialscan.reading.overlap import overlap
from serialscan.reading.recognise import Glance
from serialscan.reading.shapes import Arc, Stack, Straight
from serialscan.recipe import NORMAL, Crop

EXACT = Crop(along=0.0)
angles = st.floats(0, 359.9)
lengths = st.floats(20, 300)


@given(
    st.floats(50, 500),
    st.floats(50, 500),
    lengths,
    lengths,
    angles,
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
)
def test_points_and_their_places_along_a_line_are_inverse(cx, cy, width, height, angle, u, v) -> None:
    shape = Straight(cx, cy, width, height, angle)
    points = shape.points(np.array([u]), np.array([v]))
    assert shape.along(points)[0] == pytest.approx(u, abs=1e-6)
    assert shape.across(points)[0] == pytest.approx(v, abs=1e-6)


@given(
    angles, st.floats(20, 340), st.booleans(), st.floats(0.02, 0.98), st.floats(0.05, 0.95),
    st.floats(0.4, 1.0), angles,
)  # fmt: skip
def test_points_and_their_places_along_an_arc_are_inverse(start, sweep, outwards, u, v, flat, lean) -> None:
    shape = Arc(300, 200, 120, 40, start, sweep if outwards else -sweep, flat=flat, lean=lean)
    points = shape.points(np.array([u]), np.array([v]))
    assert shape.along(points)[0] == pytest.approx(u, abs=1e-6)
    assert shape.across(points)[0] == pytest.approx(v, abs=1e-6)
    assert shape.turned(2).along(points)[0] == pytest.approx(1 - u, abs=1e-6)
    assert shape.turned(2).across(points)[0] == pytest.approx(1 - v, abs=1e-6)


@pytest.mark.parametrize(
    "shape",
    [Arc(39_000, 150, 80, 30, 200, 140), Stack(Straight(39_000, 150, 240, 30, 90), 6)],
    ids=["arc", "stack"],
)
def test_a_line_is_cut_from_a_page_of_any_width(shape: Arc | Stack) -> None:
    rng = np.random.default_rng(5)
    near = rng.integers(0, 255, (300, 400, 3), np.uint8)  # OpenCV takes pages of 32 767 pixels
    page = np.zeros((300, 40_000, 3), np.uint8)
    page[:, 38_800:39_200] = near
    moved = Arc(200, 150, 80, 30, 200, 140)
    if isinstance(shape, Stack):
        moved = Stack(Straight(200, 150, 240, 30, 90), 6)
    assert np.abs(shape.cut(page, EXACT).astype(int) - moved.cut(near, EXACT)).max() <= 1


def test_a_squeezed_ring_is_an_ellipse_and_its_line_is_turned_as_the_photo_shows_it() -> None:
    ring = Arc(300, 200, 120, 40, 0, 360, flat=0.5, lean=90)
    x, y = (ring.points(np.linspace(0, 1, 361), np.full(361, 0.5)) - [300, 200]).T
    assert np.allclose((x / 60) ** 2 + (y / 120) ** 2, 1)
    diagonal = Arc(300, 200, 120, 40, 205, 40, flat=0.5, lean=90)  # its middle is at 225 degrees
    (before, after) = diagonal.points(np.array([0.499, 0.501]), np.array([0.5, 0.5]))
    direction = math.degrees(math.atan2(*(after - before)[::-1]))
    assert abs((-direction - diagonal.rotation + 180) % 360 - 180) < 1


def letters() -> np.ndarray:
    """A line 96 px high: left half red, right half green, a blue bar along the top."""
    line = np.zeros((96, 384, 3), np.uint8)
    line[:, :192, 0] = 200
    line[:, 192:, 1] = 200
    line[:16, :, 2] = 250
    return line


@pytest.mark.parametrize("angle", [0, 30, 90, 135, 180, 270, 300])
def test_a_line_at_any_angle_is_cut_out_upright(angle: float) -> None:
    t = math.radians(angle)
    turn = np.array([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]])
    move = np.array([400, 400]) - turn @ np.array([192, 48])
    photo = cv2.warpAffine(letters(), np.hstack([turn, move[:, None]]), (800, 800))
    shape = Straight(400, 400, 384, 96, angle)
    cut = shape.cut(photo, EXACT, height=96).astype(int)
    assert cut.shape == (96, 384, 3)
    assert np.abs(cut - letters()).mean() < 6
    assert shape.rotation == round(-angle) % 360
    top_left = shape.polygon()[0]
    assert top_left == pytest.approx(tuple(turn @ np.array([0, 0]) + move), abs=0.2)


def test_a_cut_reaches_beyond_the_first_and_last_character() -> None:
    photo = np.zeros((100, 400, 3), np.uint8)
    photo[40:60, 100:300] = 255
    shape = Straight(200, 50, 200, 20, 0)
    tight, wide = shape.cut(photo, EXACT), shape.cut(photo, Crop(along=1.0))
    assert tight[24].min() > 150
    assert wide[24, :8].max() == 0 and wide[24, -8:].max() == 0


def test_a_ring_is_unwrapped_to_a_straight_line() -> None:
    photo = np.zeros((400, 400, 3), np.uint8)
    cv2.circle(photo, (200, 200), 120, (255, 255, 255), 10)  # the middle of the text
    cv2.circle(photo, (200, 200), 138, (255, 0, 0), 6)  # towards the tops
    cut = Arc(200, 200, 120, 48, 200, 140).cut(photo, EXACT)
    assert cut[22:26].min() > 180  # one straight stroke in the middle
    assert cut[4:8, :, 0].min() > 120 and cut[4:8, :, 1].max() < 120  # the tops stay above
    assert cut[40:].max() < 60
    inwards = Arc(200, 200, 120, 48, 340, -140).cut(photo, EXACT)
    assert inwards[40:44, :, 0].min() > 120  # read from inside, the outer stroke lies below


def test_overlap_counts_the_smaller_area() -> None:
    wide, part, apart = (
        Straight(200, 50, 200, 20, 0),
        Straight(150, 50, 50, 20, 0),
        Straight(200, 90, 200, 20, 0),
    )
    assert overlap(wide, part) == pytest.approx(1.0)
    assert overlap(part, wide) == pytest.approx(1.0)
    assert overlap(wide, apart) == 0.0
    ring = Arc(200, 200, 120, 48, 0, 360)
    assert overlap(ring, Straight(200, 80, 40, 20, 0)) == pytest.approx(1.0)
    assert overlap(ring, Straight(200, 200, 40, 20, 0)) == 0.0


def test_chopped_digits_in_a_row_are_offered_as_one_line() -> None:
    digits = [Straight(100 + 40 * i, 200 + 2 * i, 34, 50, 0) for i in range(5)]
    rows = joined(digits, NORMAL.places.joins)
    longest = max((box for box, _ in rows), key=lambda box: box.width)
    assert longest.width > 150  # pairs grow to rows
    assert all(box.height < 75 for box, _ in rows)
    assert joined([Straight(100, 100, 90, 30, 0), Straight(100, 300, 90, 30, 0)], NORMAL.places.joins) == []


def test_chords_of_one_circle_give_its_ring() -> None:
    chords = []
    for angle in (0, 70, 150, 230):
        t = math.radians(angle)
        chords.append(Straight(300 + 120 * math.cos(t), 300 + 120 * math.sin(t), 90, 40, (angle + 90) % 180))
    (ring,) = circles(chords, NORMAL.rings)
    assert (ring.cx, ring.cy) == pytest.approx((300, 300), abs=2)
    assert ring.radius == pytest.approx(120, abs=2)
    assert (
        circles([Straight(100, 100 + 50 * i, 200, 30, 2) for i in range(5)], NORMAL.rings) == []
    )  # a page of text is no ring


def candidate(
    text: str, confidence: float, x: float, width: float, *, cost: float = 0.0, angle: float = 0
) -> Candidate:
    glance = Glance(text, (confidence,) * len(text), tuple((i + 0.5) / len(text) for i in range(len(text))))
    return Candidate(
        Straight(x, 100, width, 40, angle),
        glance,
        np.zeros((1, 1)),
        value_of(glance, NORMAL.cover, cost),
        cost,
    )


def test_the_cover_prefers_what_the_posteriors_support() -> None:
    whole = candidate("195-30-1285", 0.95, 200, 300, cost=0.3)
    left, right = candidate("195-30", 0.95, 130, 150), candidate("1285", 0.9, 290, 120)
    assert [c.glance.text for c in cover([left, right, whole], NORMAL.cover)] == ["195-30-1285"]
    poor = candidate("1EE-3O-1ZB5", 0.7, 200, 300, cost=0.3)
    assert [c.glance.text for c in cover([left, right, poor], NORMAL.cover)] == ["195-30", "1285"]


def test_no_character_is_read_twice() -> None:
    whole = candidate("S/N F58394", 0.95, 200, 300, cost=0.3)
    left, right = candidate("S/N F", 0.95, 121, 142), candidate("F58394", 0.95, 261.5, 177)
    assert left.value + right.value > whole.value
    assert [c.glance.text for c in cover([left, right, whole], NORMAL.cover)] == ["S/N F58394"]
    assert [c.glance.text for c in cover([left, right], NORMAL.cover)] == ["S/N F", "F58394"]
    beside = candidate("4550", 0.95, 110, 120), candidate("0123", 0.95, 230, 122)
    assert [c.glance.text for c in cover(beside, NORMAL.cover)] == ["4550", "0123"]


def test_a_line_that_reads_both_ways_follows_the_others() -> None:
    other = candidate("HARTFORD", 0.95, 700, 300)
    right, wrong = candidate("6890", 0.90, 200, 100), candidate("0689", 0.92, 200, 100, angle=180)
    assert {c.glance.text for c in cover([right, wrong, other], NORMAL.cover)} == {"6890", "HARTFORD"}
    upside_down = candidate("HARTFORD", 0.95, 700, 300, angle=180)
    assert {c.glance.text for c in cover([right, wrong, upside_down], NORMAL.cover)} == {"0689", "HARTFORD"}


def test_a_line_that_is_surely_read_upside_down_is_upside_down() -> None:
    right, wrong = candidate("467848", 0.99, 200, 100, angle=180), candidate("878197", 0.93, 200, 100)
    assert [c.glance.text for c in cover([right, wrong], NORMAL.cover)] == ["467848"]
    for number in range(2, 5):  # whatever stands beside it
        others = [candidate("HARTFORD", 0.95, 400 * number, 300) for number in range(1, number)]
        assert "467848" in {c.glance.text for c in cover([right, wrong, *others], NORMAL.cover)}


def test_chords_that_are_nearly_parallel_make_no_giant_ring() -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        angles = rng.uniform(-45, 135, 6)
        boxes = [
            Straight(*rng.uniform(0, 1000, 2).tolist(), float(rng.uniform(40, 200)), 30.0, float(a))
            for a in angles
        ]
        for ring in circles(boxes, NORMAL.rings):
            assert ring.radius < 31 * ring.height


@given(angles, st.floats(50, 130), st.floats(90, 220))
def test_a_bowed_blob_gives_its_arc(start: float, sweep: float, radius: float) -> None:
    probability = np.zeros((640, 640), np.float32)
    y, x = np.mgrid[0:640, 0:640] - 320.0
    turn = (np.degrees(np.arctan2(y, x)) - start) % 360
    probability[(np.abs(np.hypot(x, y) - radius) < 5) & (turn < sweep)] = 0.9
    (arc,) = bowed_in(probability, NORMAL.places.boxes)
    assert (arc.cx, arc.cy) == pytest.approx((320, 320), abs=0.08 * radius)
    assert arc.radius == pytest.approx(radius, rel=0.08)
    assert 15 < arc.height < 45  # DB's detectors draw the middle of the text; the text is higher
    assert 0.9 * sweep < arc.sweep < sweep + 40
    assert abs((arc.start + arc.sweep / 2 - start - sweep / 2 + 180) % 360 - 180) < 5


@given(angles, st.floats(60, 300))
def test_a_straight_blob_is_no_arc(angle: float, length: float) -> None:
    probability = np.zeros((640, 640), np.float32)
    corners = cv2.boxPoints(((320.0, 320.0), (length, 10.0), angle))
    cv2.fillPoly(probability, [np.round(corners).astype(np.int32)], 0.9)
    assert bowed_in(probability, NORMAL.places.boxes) == []
