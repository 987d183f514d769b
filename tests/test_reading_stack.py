"""Characters that stand one below the other: they are told, read and never accepted."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from serialscan.marking import decide, load_knowledge, read_marks
from serialscan.reading import Reader
from serialscan.reading.networks import Networks
from serialscan.reading.overlap import overlap
from serialscan.reading.shapes import Stack, Straight
from serialscan.reading.stack import stack_in
from serialscan.recipe import GLANCE, NORMAL
from serialscan.record import End, Glyph, Line, PhotoRecord
from serialscan.scan import scan_photo
from serialscan.settings import Settings

KNOWLEDGE = load_knowledge()
STEP = 96  # px from one character to the next


@pytest.fixture(scope="module")
def reader(networks: Networks) -> Reader:
    return Reader(Settings(reader="network"), engine=networks)


def column(text: str, steps: tuple[int, ...] = ()) -> np.ndarray:
    """Dark characters in a column on a grey plate, each in the middle of its place."""
    picture = np.full((STEP * len(text) + 160, 420, 3), 150, np.uint8)
    bottom = 140
    for number, char in enumerate(text):
        (width, _), _ = cv2.getTextSize(char, cv2.FONT_HERSHEY_SIMPLEX, 2.2, 6)
        at = (210 - width // 2, bottom)
        cv2.putText(picture, char, at, cv2.FONT_HERSHEY_SIMPLEX, 2.2, (40, 40, 40), 6, cv2.LINE_AA)
        bottom += steps[number] if steps else STEP
    return picture


def struck(text: str, step: int = 80) -> np.ndarray:
    """Characters struck into brushed metal, close below each other: one flank lit, the other in shadow."""
    height, width = step * len(text) + 100, 360
    brushed = np.random.default_rng(0).normal(0, 9, (height, 1)).repeat(width, 1)
    grain = np.random.default_rng(1).normal(0, 3, (height, width))
    picture = 125 + cv2.GaussianBlur(brushed + grain, (0, 0), 1)
    for shift, tone in ((2, 35), (-2, 215), (0, 120)):
        for number, char in enumerate(text, start=1):
            (wide, _), _ = cv2.getTextSize(char, cv2.FONT_HERSHEY_SIMPLEX, 2.2, 6)
            at = (width // 2 - wide // 2 + shift, number * step + shift)
            ink = np.zeros((height, width), np.uint8)
            cv2.putText(ink, char, at, cv2.FONT_HERSHEY_SIMPLEX, 2.2, 255, 6, cv2.LINE_AA)
            picture = picture + (tone - picture) * (ink / 255)
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def scanned(pixels: np.ndarray, reader: Reader) -> PhotoRecord:
    data = cv2.imencode(".png", pixels[:, :, ::-1])[1].tobytes()
    return scan_photo(data, reader, Settings(reader="network"), name="plate.png")


@pytest.mark.parametrize("text", ["SRGU2127325", "KE7823"])
def test_a_stacked_number_is_told_read_and_left_to_a_person(reader: Reader, text: str) -> None:
    record = scanned(struck(text), reader)
    (line,) = (line for line in record.lines if line.stacked)
    assert line.text == text and line.rotation in (0, 1, 359)
    assert "stacked_text" in {warning.code for warning in record.warnings}
    assert record.serial.value == text and record.serial.decision == "review"
    assert "stacked" in {reason.code for reason in record.serial.candidates[0].reasons}
    tops = [glyph.polygon[0][1] for glyph in line.characters]
    assert tops == sorted(tops)
    low, high = line.polygon[0], line.polygon[2]
    assert low[0] < 170 and high[0] > 190 and high[1] - low[1] > 80 * (len(text) - 1)


def test_a_row_that_runs_down_the_photo_is_not_stacked(reader: Reader) -> None:
    picture = np.full((200, 900, 3), 150, np.uint8)
    cv2.putText(picture, "K7946135", (120, 130), cv2.FONT_HERSHEY_SIMPLEX, 3, (40, 40, 40), 7, cv2.LINE_AA)
    for turn in (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE):
        record = scanned(cv2.rotate(picture, turn), reader)
        assert [line.text for line in record.lines] == ["K7946135"]
        assert not any(line.stacked for line in record.lines)


def test_a_column_is_cut_into_its_characters() -> None:
    text = "SRGU2127325"
    pixels = column(text)
    box = Straight(210.0, 110.0 + STEP * 5, STEP * 11 + 20.0, 84.0, 90.0)
    stack = stack_in(pixels, box, NORMAL.stacks)
    assert stack is not None and stack.count == len(text) and stack.rotation == 0
    strip = stack.cut(pixels, GLANCE)
    assert strip.shape[0] == 48 and strip.shape[1] > 8 * strip.shape[0]
    middles = stack.points((np.arange(11) + 0.5) / 11, np.full(11, 0.5))
    assert np.abs(middles[:, 0] - 210).max() < 5
    assert np.abs(np.diff(middles[:, 1]) - STEP).max() < 4
    for number in range(11):  # each part holds its own character and no other
        part = stack.piece(number / 11, (number + 1) / 11)
        assert part.count == 1 and abs(part.cy - middles[number, 1]) < 1


@pytest.mark.parametrize("steps", [(60, 150, 70, 160, 62, 148, 96), (0,) * 7])
def test_what_stands_unevenly_is_no_stack(steps: tuple[int, ...]) -> None:
    pixels = column("K794613", steps)
    assert (
        stack_in(
            pixels, Straight(210.0, pixels.shape[0] / 2, pixels.shape[0] - 60.0, 84.0, 90.0), NORMAL.stacks
        )
        is None
    )


def test_places_in_a_stack_lead_there_and_back() -> None:
    stack = Stack(Straight(300.0, 400.0, 600.0, 80.0, 100.0), 6)
    for way in (stack, stack.turned(2)):
        u, v = np.array([0.02, 0.3, 0.55, 0.97]), np.array([0.2, 0.5, 0.9, 0.4])
        points = way.points(u, v)
        assert np.allclose(way.along(points), u) and np.allclose(way.across(points), v)
    assert (stack.rotation, stack.turned(2).rotation) == (350, 170)
    assert overlap(stack, stack.column) == pytest.approx(1.0)
    first, last = stack.polygon(0, 1 / 6), stack.polygon(5 / 6, 1)
    assert max(y for _, y in first) < min(y for _, y in last)
    (ax, ay), (bx, _), _, (_, dy) = stack.polygon()
    assert ax < bx and ay < dy


def test_a_stacked_number_behind_a_label_is_not_accepted() -> None:
    text = "S/N K794613"
    quiet = End(more=0.0, hidden=0.0)

    def part(start: float, end: float) -> tuple[tuple[float, float], ...]:
        return ((30 * start, 0.0), (30 * end, 0.0), (30 * end, 40.0), (30 * start, 40.0))

    line = Line(
        id="L1", text=text, confidence=0.99, polygon=part(0, len(text)), glyph_height_px=40.0,
        ends=(quiet, quiet),
        characters=tuple(
            Glyph(char=char, confidence=0.999, polygon=part(i, i + 1)) for i, char in enumerate(text)
        ),
    )  # fmt: skip
    decisions = [
        decide(read_marks([replace(line, stacked=stacked)], [], KNOWLEDGE)[1], 0.0).decision
        for stacked in (False, True)
    ]
    assert decisions == ["accept", "review"]
