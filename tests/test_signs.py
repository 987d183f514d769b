"""Signs that are no text: what is seen of them, what they mean, and that they change nothing else."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest

from serialscan.items.item import scan_item
from serialscan.marking import assess_maker, load_knowledge, read_marks, with_signs
from serialscan.pictures.draw import drawn
from serialscan.reading.engine import Engine, Null
from serialscan.reading.shapes import Straight
from serialscan.reading.signs import Grey, Square, signs_of
from serialscan.recipe import NORMAL
from serialscan.record import Line, Mark, PhotoRecord, Polygon, Sign, SignAlternative, Source, Tool
from serialscan.record.ndjson import from_json, to_json
from serialscan.render.signs import DRAWN, render_sign

SEEDS = {"hk": 4, "g_name": 4}
"""A photo of each that anybody can read."""

TOOL = Tool(name="serialscan", version="1", settings_digest="0" * 16)


def box(x: float, y: float, width: float, height: float) -> Polygon:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def sign(name: str, text: str | None = None, lines: tuple[str, ...] = (), confidence: float = 0.97) -> Sign:
    others = (SignAlternative(name="", confidence=0.02),)
    return Sign(
        id="S1", name=name, confidence=confidence, polygon=box(10, 10, 40, 30), alternatives=others,
        text=text, lines=lines,
    )  # fmt: skip


def line(text: str, number: int = 1, x: float = 10) -> Line:
    return Line(id=f"L{number}", text=text, confidence=0.9, polygon=box(x, 10, 40, 30), glyph_height_px=24.0)


def marks_of(lines: list[Line], signs: list[Sign]) -> tuple[Mark, ...]:
    knowledge = load_knowledge()
    marks, _ = read_marks(lines, (), knowledge)
    return with_signs(marks, signs, lines, knowledge)


@pytest.mark.parametrize("name", SEEDS)
def test_a_rendered_sign_is_told_and_placed(name: str, networks: Engine) -> None:
    photo = render_sign(SEEDS[name], name, 48)
    low, high = photo.corners.min(axis=0), photo.corners.max(axis=0)
    width, height = (1.2 * (high - low)).tolist()
    cx, cy = ((low + high) / 2).tolist()
    (found,) = signs_of(
        photo.pixels, [Straight(cx + 2, cy - 1, width, height, 0.0)], [], [], networks, NORMAL.signs
    )
    assert found.name == name
    corners = np.array(found.polygon)
    assert np.abs(corners.min(axis=0) - low).max() < 0.2 * width
    assert np.abs(corners.max(axis=0) - high).max() < 0.2 * width


def test_no_sign_is_told_of_bare_ground_and_letters(networks: Engine) -> None:
    rng = np.random.default_rng(3)
    ground = np.clip(rng.normal(120, 12, (300, 400, 1)), 0, 255).astype(np.uint8).repeat(3, axis=2)
    places = [Straight(60.0 + 40 * k, 150.0, 30.0, 26.0, 0.0) for k in range(8)]
    assert signs_of(ground, places, [], [], networks, NORMAL.signs) == ()
    photo = render_sign(5, "", 48)
    places = [Straight(*map(float, one.mean(axis=0)), 40.0, 40.0, 0.0) for one in photo.others]
    assert signs_of(photo.pixels, places, [], [], networks, NORMAL.signs) == ()
    assert signs_of(ground, places, [], [], Null(), NORMAL.signs) == ()


def test_a_square_is_cut_where_it_stands() -> None:
    """At any size and turn: a bright corner stands where the square's coordinates say."""
    page = np.zeros((400, 400, 3), np.uint8)
    page[100:140, 200:240] = 255
    for side, angle in ((80.0, 0.0), (160.0, 0.0), (300.0, 0.0), (80.0, 90.0)):
        square = Square(220.0 + (side / 4 if angle == 0 else 0), 120.0 + side / 4, side, angle)
        window = Grey(page).window(square).astype(float)
        rows, columns = np.mgrid[0:64, 0:64]
        seen = np.array([(columns * window).sum(), (rows * window).sum()]) / window.sum()
        ((x, y),) = square.points(((seen + 0.5) / 64)[None])
        assert (x, y) == pytest.approx((220, 120), abs=3)


def test_every_sign_of_the_network_has_a_row_and_a_drawing(networks: Engine) -> None:
    assert networks.signs == tuple(DRAWN)
    assert set(networks.signs) <= set(load_knowledge().symbols)
    assert {name for name, _ in NORMAL.signs.numbers} <= set(networks.signs)


def test_a_logo_names_its_maker_and_tells_how_letters_misread_it() -> None:
    lines = [line("LIK"), line("24-306", 2, 200)]
    *others, mark = marks_of(lines, [sign("hk", lines=("L1",))])
    assert (mark.kind, mark.row, mark.table, mark.evidence) == ("manufacturer", "hk", "symbol", ("S1", "L1"))
    assert "read as LIK" in mark.rule
    assert list(others) == list(read_marks(lines, (), load_knowledge())[0])
    serial = read_marks(lines, (), load_knowledge())[1]
    (first, *_) = assess_maker([mark], serial, load_knowledge())
    assert (first.row, first.reasons[0]) == ("hk", "sign Heckler & Koch")


def test_a_name_that_was_read_in_the_place_of_its_logo_gains_the_sign() -> None:
    lines = [line("GLOCK")]
    marks = marks_of(lines, [sign("g_name", lines=("L1",))])
    (maker,) = [mark for mark in marks if mark.kind == "manufacturer"]
    assert maker.evidence == ("L1", "S1")
    assert (maker.value, maker.table) == ("GLOCK", "maker")


def test_the_number_in_a_sign_tells_which_factory() -> None:
    (mark,) = marks_of([], [sign("number_triangle", "66")])
    assert (mark.kind, mark.value, mark.row) == ("factory_mark", "66 in triangle", "number_triangle")
    rows = {one.row for one in mark.candidates}
    assert "china_66" in rows
    assert "china_other" not in rows
    (unread,) = marks_of([], [sign("number_triangle")])
    assert {"china_66", "china_other"} <= {one.row for one in unread.candidates}
    (double,) = marks_of([], [sign("number_double_circle", "10")])
    assert (double.value, double.row) == ("10 in double circle", "double_circle_10")
    assert [one.row for one in double.candidates] == ["arsenal_bg"]


def test_a_proof_mark_names_countries_and_no_maker() -> None:
    (mark,) = marks_of([], [sign("antler")])
    assert (mark.kind, mark.row, [one.row for one in mark.candidates]) == ("proof", "antler", ["DEU"])
    (unknown,) = [marks_of([], [sign("sign of a later version")])]
    assert unknown == ()


def photo(signs: tuple[Sign, ...]) -> PhotoRecord:
    lines = (line("LIK"), line("K0002120", 2, 200))
    marks, serial = read_marks(lines, (), load_knowledge())
    return PhotoRecord(
        status="ok", tool=TOOL, source=Source(path="a.jpg", sha256="1" * 64, width=300, height=100),
        lines=lines, signs=signs, marks=with_signs(marks, signs, lines, load_knowledge()), serial=serial,
    )  # fmt: skip


def test_signs_pass_through_a_record_and_an_item_and_stand_in_its_picture() -> None:
    record = photo((sign("hk", lines=("L1",)),))
    assert from_json(to_json(record)) == record
    fields = json.loads(to_json(record))
    del fields["signs"]
    assert from_json(json.dumps(fields)) == msgspec.structs.replace(record, signs=())
    item = scan_item("a", [record], load_knowledge())
    assert item.manufacturer_marked is not None
    assert item.manufacturer_marked.value == "Heckler & Koch"
    assert [(one.id, one.raw) for one in item.manufacturer_marked.evidence if one.id == "S1"] == [
        ("S1", "hk")
    ]
    assert item.serial.value == scan_item("a", [photo(())], load_knowledge()).serial.value
    page = np.full((100, 300, 3), 128, np.uint8)
    assert (drawn(record, page).thumbnail != drawn(photo(()), page).thumbnail).any()
