"""Marks that the first looks miss or cut: beside rows that were read, too faint, beyond the end of a box."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, cast

import cv2
import numpy as np
import pytest

from serialscan.reading import Engine, Reader
from serialscan.reading.networks import Networks
from serialscan.reading.recognise import Glance
from serialscan.reading.rows import rows_beside, words_in
from serialscan.reading.shapes import Straight
from serialscan.recipe import GLANCE, NORMAL, Detector, Recipe
from serialscan.settings import Settings


def reader(engine: Engine, recipe: Recipe = NORMAL) -> Reader:
    return Reader(Settings(reader="network"), recipe, engine)


class SeesOneBox:
    """The networks, but that both detectors see one level box of text and nothing else, at any scale."""

    def __init__(self, networks: Networks, box: Straight) -> None:
        self._networks = networks
        self._box = box

    def __getattr__(self, name: str) -> Any:
        return getattr(self._networks, name)

    def detect(self, rgb: np.ndarray, detector: Detector) -> np.ndarray:
        seen = np.zeros(rgb.shape[:2], np.float32)
        x, y = rgb.shape[1] / 900, rgb.shape[0] / 300
        # What is seen is as much smaller as boxes are grown.
        wide, high, grown = self._box.width * x, self._box.height * y, 0.0
        for _ in range(100):
            w, h = wide - grown, high - grown
            grown = (grown + NORMAL.places.boxes.unclip * w * h / (w + h)) / 2
        cx, cy = self._box.cx * x, self._box.cy * y
        top, bottom = round(cy - h / 2), round(cy + h / 2)
        seen[top:bottom, round(cx - w / 2) : round(cx + w / 2)] = 1.0
        return seen


ROWS, EVEN = NORMAL.rows, NORMAL.cover.even


def row(cx: float, cy: float, width: float = 400.0, angle: float = 0.0) -> Straight:
    return Straight(cx, cy, width, 50.0, angle)


def test_only_the_free_sides_of_a_block_are_looked_at() -> None:
    block = [row(400, 300), row(420, 370)]
    places = rows_beside(block, block, 1000, 1000, ROWS)
    assert places
    assert all(place.cy < 270 or place.cy > 400 for place in places)
    assert {place.width for place in places} == {400.0}


def test_nothing_is_looked_for_outside_the_photo() -> None:
    top = row(400, 20)
    assert all(place.cy > 0 for place in rows_beside([top], [top], 1000, 1000, ROWS))
    assert rows_beside([top], [top], 1000, 40, ROWS) == []


@pytest.mark.parametrize("angle", [30.0, 90.0, 180.0, 260.0])
def test_rows_stand_beside_in_the_direction_of_reading(angle: float) -> None:
    middle = row(500, 500, 300, angle)
    for place in rows_beside([middle], [middle], 1000, 1000, ROWS):
        assert place.angle == angle
        along = (place.cx - 500) * math.cos(math.radians(angle)) + (place.cy - 500) * math.sin(
            math.radians(angle)
        )
        assert abs(along) < 1e-6
        assert 45 < math.hypot(place.cx - 500, place.cy - 500) < 100


def test_words_stand_where_their_characters_do() -> None:
    place = row(500, 500)
    margin = GLANCE.along * place.height / place.width
    at = [(u + margin) / (1 + 2 * margin) for u in (0.1, 0.15, 0.2, 0.6, 0.7, 0.8)]
    glance = Glance("AB 12X", (0.9, 0.9, 0.9, 0.95, 0.95, 0.95), tuple(at))
    first, second, both = words_in(place, glance, ROWS, EVEN)
    assert first.cx - first.width / 2 < 340 < 360 < first.cx + first.width / 2 < 540
    assert second.cx - second.width / 2 < 540 < 620 < second.cx + second.width / 2
    assert both.cx - both.width / 2 < 340 < 620 < both.cx + both.width / 2
    assert first.height == place.height


def test_what_is_not_sure_is_no_word() -> None:
    glance = Glance("V 2671", (0.4, 0.9, 0.95, 0.95, 0.95, 0.95), (0.1, 0.3, 0.4, 0.5, 0.6, 0.7))
    (word,) = words_in(row(500, 500), glance, ROWS, EVEN)
    assert word.cx - word.width / 2 > 400
    assert words_in(row(500, 500), Glance("", (), ()), ROWS, EVEN) == []


def test_a_sure_digit_between_unsure_ones_is_looked_at_alone() -> None:
    """A single digit below a long row: its place is mostly grain, in which something is always seen."""
    glance = Glance("1271", (0.3, 0.45, 0.96, 0.2), (0.2, 0.4, 0.6, 0.8))
    (digit,) = words_in(row(500, 500), glance, ROWS, EVEN)
    assert digit.width < 2 * digit.height
    assert abs(digit.cx - 545) < 10


def test_a_faint_number_below_another_is_read(networks: Networks) -> None:
    """Neither detector finds the second: it is there only because a row was read above it."""
    ink = np.zeros((500, 700), np.uint8)
    for text, x, y, dark in (("AM116.05.02.200", 120, 200, 70), ("37", 300, 250, 14)):
        cv2.putText(ink, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 1.6, dark, 3, cv2.LINE_AA)
    grain = np.random.default_rng(0).normal(0, 9, ink.shape)
    grey = np.clip(150.0 - ink + grain, 0, 255).astype(np.uint8)
    photo = np.repeat(grey[..., None], 3, axis=2)
    lines = reader(networks).read(photo).lines
    assert [line.text for line in lines] == ["AM116.05.02.200", "37"]
    alone = replace(NORMAL, name="without rows beside rows", rows=replace(ROWS, look=False))
    assert [line.text for line in reader(networks, alone).read(photo).lines] == ["AM116.05.02.200"]


def test_a_faint_label_is_found_by_a_closer_look(networks: Networks) -> None:
    """At the first looks no detector sees text in it. Its edges keep the photo from being stretched."""
    ink = np.zeros((1056, 1408), np.uint8)
    for row, text in enumerate(("NIGHT VISION DEVICE", "AN/PVS-14", "NSN 5855-01-432-0524", "SER NO 856143")):
        cv2.putText(ink, text, (500, 480 + 31 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1, cv2.LINE_AA)
    faint = 44 / 255 * cv2.GaussianBlur(ink, (0, 0), 1.0)
    grain = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, ink.shape), (0, 0), 1.0)
    light = 5 * grain / grain.std() - faint
    label = np.clip(np.array([200, 170, 40]) + light[..., None], 0, 255).astype(np.uint8)
    label[:8], label[-8:] = 10, 245
    assert "SER NO 856143" in [line.text for line in reader(networks).read(label).lines]
    places = replace(NORMAL.places, closer_looks=(), even_px=0)
    at_first = replace(NORMAL, name="without a closer look", places=places)
    assert reader(networks, at_first).read(label).lines == ()


@pytest.mark.parametrize(
    ("shown", "boxed", "read"),
    [
        ("SER 856143", slice(0, 9), "SER 856143"),
        ("SER 85614", slice(0, 9), "SER 85614"),
        ("SER 85614    WXK", slice(0, 9), "SER 85614"),
        ("385614927", slice(1, 8), "385614927"),
        ("SPICER", slice(1, 6), "SPICER"),
    ],
)
def test_a_line_is_read_to_its_ends_where_the_box_cuts_them(
    networks: Networks, shown: str, boxed: slice, read: str
) -> None:
    """Only as far as it goes: what stands apart is another mark, grain is none."""
    font = cv2.FONT_HERSHEY_SIMPLEX
    ink = np.zeros((300, 900), np.uint8)
    cv2.putText(ink, shown, (60, 170), font, 2.0, 110, 4, cv2.LINE_AA)
    grey = np.clip(150.0 - ink + np.random.default_rng(0).normal(0, 9, ink.shape), 0, 255).astype(np.uint8)
    before, width = (
        cv2.getTextSize(part, font, 2.0, 4)[0][0] for part in (shown[: boxed.start], shown[boxed])
    )
    cut = Straight(60 + before + width / 2, 148, width + 6, 72, 0.0)
    lines = reader(cast(Engine, SeesOneBox(networks, cut))).read(np.repeat(grey[..., None], 3, axis=2)).lines
    assert [line.text for line in lines] == [read]
