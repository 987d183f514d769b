"""Displays of seven segments are told, and nothing is accepted from them."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from serialscan.reading import Reader
from serialscan.reading.networks import Networks
from serialscan.record import PhotoRecord
from serialscan.scan import scan_photo
from serialscan.settings import Settings

SEGMENTS = {  # a to g of each digit
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc",
    "5": "afgcd", "6": "afgedc", "7": "abc", "8": "abcdefg", "9": "abcdfg",
}  # fmt: skip
# Left, top, right, bottom of each segment in a cell of 60 x 100 px.
PLACES = {
    "a": (13, 0, 47, 9), "b": (51, 13, 60, 43), "c": (51, 58, 60, 88), "d": (13, 91, 47, 100),
    "e": (0, 58, 9, 88), "f": (0, 13, 9, 43), "g": (13, 46, 47, 55),
}  # fmt: skip


@pytest.fixture(scope="module")
def reader(networks: Networks) -> Reader:
    return Reader(Settings(reader="network"), engine=networks)


def display(digits: str) -> bytes:
    picture = np.full((220, 100 * len(digits) + 120, 3), 205, np.uint8)
    for number, digit in enumerate(digits):
        for segment in SEGMENTS[digit]:
            left, top, right, bottom = PLACES[segment]
            x = 70 + 90 * number
            cv2.rectangle(picture, (x + left, 60 + top), (x + right, 60 + bottom), (30, 30, 30), -1)
    return cv2.imencode(".png", cv2.GaussianBlur(picture, (0, 0), 1))[1].tobytes()


def test_a_display_is_told_and_nothing_is_accepted(reader: Reader) -> None:
    record = scan_photo(display("60195843210"), reader, Settings(reader="network"), name="display.png")
    assert record.lines and "seven_segments" in {warning.code for warning in record.warnings}
    assert record.serial.decision != "accept"


@pytest.mark.parametrize("name", ["barrel.jpg", "m249-data-plate.jpg", "peq-15-label.jpg", "ak-trunnion.jpg"])
def test_marks_are_no_display(read_sample: Callable[[str], PhotoRecord], name: str) -> None:
    assert "seven_segments" not in {warning.code for warning in read_sample(name).warnings}
