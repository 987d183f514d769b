"""Where a line stands: print on a card is told from marks in metal, and what is unclear stays open."""

from __future__ import annotations

from typing import cast

import cv2
import msgspec
import numpy as np
import pytest

from serialscan.marking import decide, load_knowledge, read_marks
from serialscan.reading import where
from serialscan.reading.engine import Engine
from serialscan.reading.networks import Networks
from serialscan.reading.page import PageReader
from serialscan.recipe import NORMAL, Detector
from serialscan.record import End, Glyph, Line, Where

BOX = (400, 300)
"""Upper left corner of what is drawn, in px."""


def cloth() -> np.ndarray:
    grain = np.random.default_rng(3).normal(0, 6, (800, 1200, 1))
    return np.clip(np.array([70, 80, 64]) + grain, 0, 255).astype(np.uint8)


def outline(width: int, height: int) -> np.ndarray:
    x, y = BOX
    return np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], np.float32)


def card(page: np.ndarray, text: str = "26-40917") -> np.ndarray:
    """Black print on a white card; returns the outline of its line."""
    x, y = BOX
    cv2.rectangle(page, (x - 40, y - 40), (x + 230, y + 80), (238, 238, 234), -1)
    cv2.putText(page, text, (x, y + 30), cv2.FONT_HERSHEY_DUPLEX, 1.3, (20, 20, 24), 3, cv2.LINE_AA)
    return outline(190, 30)


def groove(page: np.ndarray, text: str = "K4091722") -> np.ndarray:
    """An engraving on a grey part: dark on one flank and bright on the other; returns its outline."""
    x, y = BOX
    cv2.rectangle(page, (x - 300, y - 200), (x + 500, y + 250), (74, 74, 78), -1)
    for shift, tone in ((2, 128), (0, 34)):
        at = (x + shift, y + 30 + shift)
        cv2.putText(page, text, at, cv2.FONT_HERSHEY_DUPLEX, 1.3, (tone, tone, tone + 2), 2, cv2.LINE_AA)
    return outline(200, 30)


def test_print_on_a_card_stands_behind_and_a_groove_on_the_item() -> None:
    page = cloth()
    found = where.stands(page, card(page), 28)
    assert found.place == "background" and found.item <= where.BACKGROUND
    page = cloth()
    found = where.stands(page, groove(page), 28)
    assert found.place == "item" and found.item >= where.ITEM


def test_a_label_that_fills_the_photo_is_no_card_beside_the_item() -> None:
    page = cloth()
    polygon = card(page)
    close = np.ascontiguousarray(page[BOX[1] - 35 : BOX[1] + 75, BOX[0] - 35 : BOX[0] + 225])
    assert where.stands(close, polygon - np.array(BOX, np.float32) + 35, 28).place == "unknown"


@pytest.mark.parametrize(
    ("polygon", "height"),
    [
        (outline(4, 2), 2.0),
        (outline(190, 30)[:2], 28.0),
        (outline(190, 30) + 5000, 28.0),
        (outline(190, 30) - 5000, 28.0),
    ],
)
def test_what_cannot_be_measured_is_unknown(polygon: np.ndarray, height: float) -> None:
    assert where.stands(cloth(), polygon, height) == Where(place="unknown", item=0.5)


def test_lines_of_a_record_are_told_one_by_one_and_a_page_without_lines_costs_nothing() -> None:
    page = cloth()
    polygon = tuple((float(x), float(y)) for x, y in card(page))
    line = Line(id="L1", text="26-40917", confidence=0.9, polygon=polygon, glyph_height_px=28.0)
    unknown = Line(id="L2", text="1", confidence=0.9, polygon=polygon)
    assert [one.place for one in where.where_of(page, [line, unknown])] == ["background", "unknown"]
    assert where.where_of(page, []) == []
    behind = Line(id="L1", text="1", confidence=1, polygon=polygon, where=Where(place="background", item=0.1))
    assert behind.how == ("background",) and unknown.how == ()


def test_a_bright_part_of_a_plate_is_no_card_where_the_lines_beside_it_are_none() -> None:
    page = cloth()
    polygon = card(page)
    x, y = BOX
    page[y + 80 : y + 200, x - 40 : x + 230] = (96, 98, 100)  # the plate goes on in shadow
    boxes = [polygon + np.array((0, down), np.float32) for down in (0, 84, 100, 110)]
    lines = [
        Line(
            id=f"L{k}", text="26-40917", confidence=0.9, glyph_height_px=28.0,
            polygon=tuple((float(px), float(py)) for px, py in box),
        )
        for k, box in enumerate(boxes)
    ]  # fmt: skip
    assert [one.place for one in where.where_of(page, lines[:1])] == ["background"]
    assert where.where_of(page, lines)[0].place != "background"


def test_a_number_on_a_card_is_never_accepted() -> None:
    for place, decision in (("background", "review"), ("unknown", "accept"), ("item", "accept")):
        where_ = Where(place=place, item=0.5)  # type: ignore[arg-type]
        line = msgspec.structs.replace(number("L1", "S/N W274567", 0, where_), confidence=0.99)
        _, serial = read_marks([line], [], load_knowledge())
        assert serial.value == "W274567" and decide(serial, 0.5).decision == decision


def number(name: str, text: str, y: float, place: Where | None) -> Line:
    glyphs = tuple(Glyph(char=c, confidence=0.99) for c in text)
    box = ((0.0, y), (200.0, y), (200.0, y + 30), (0.0, y + 30))
    ends = (End(more=0.01, hidden=0.01), End(more=0.01, hidden=0.01))
    return Line(
        id=name, text=text, confidence=0.95, polygon=box, characters=glyphs, where=place, ends=ends,
        glyph_height_px=28.0,
    )  # fmt: skip


def test_a_number_of_the_background_counts_less_and_stays_a_candidate() -> None:
    behind, on = Where(place="background", item=0.02), Where(place="item", item=0.9)
    for first, second in ((behind, on), (on, behind)):
        lines = [number("L1", "40917322", 0, first), number("L2", "40917355", 900, second)]
        _, serial = read_marks(lines, [], load_knowledge())
        best, other = serial.candidates[:2]
        assert best.value == ("40917355" if second is on else "40917322")
        assert "background" in {reason.code for reason in other.reasons}
    lines = [number("L1", "40917322", 0, None), number("L2", "40917355", 900, None)]
    _, serial = read_marks(lines, [], load_knowledge())
    assert not any(reason.code == "background" for one in serial.candidates for reason in one.reasons)
    assert decide(serial, 0.0).decision == "review"


class Counting:
    """The networks, counting how often a detector looks."""

    def __init__(self, networks: Networks) -> None:
        self._networks, self.looks = networks, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._networks, name)

    def detect(self, rgb: np.ndarray, detector: Detector) -> np.ndarray:
        self.looks += 1
        return self._networks.detect(rgb, detector)


def test_a_number_on_a_card_ends_no_search_for_marks_on_the_item(networks: Networks) -> None:
    page = cloth()
    card(page)
    close = np.ascontiguousarray(page[BOX[1] - 35 : BOX[1] + 75, BOX[0] - 35 : BOX[0] + 225])
    far, near = Counting(networks), Counting(networks)
    for engine, rgb in ((far, page), (near, close)):
        found = PageReader(cast(Engine, engine), NORMAL).find(rgb)
        assert any("40917" in line.glance.text for line in found.lines)
    assert far.looks > near.looks
