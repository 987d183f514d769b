"""Text that stands mirrored in the photo: it is told, read, never accepted; sound photos stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from PIL import Image

from serialscan.marking import decide, load_knowledge, read_marks
from serialscan.marking.geometry import beside, in_one_place, same_way
from serialscan.reading import Reader
from serialscan.reading.networks import Networks
from serialscan.record import End, Glyph, Line, PhotoRecord
from serialscan.scan import scan_photo
from serialscan.settings import Settings

SAMPLES = Path(__file__).parent.parent / "samples"
KNOWLEDGE = load_knowledge()


@pytest.fixture(scope="module")
def reader(networks: Networks) -> Reader:
    return Reader(Settings(reader="network"), engine=networks)


def plate(*rows: str) -> np.ndarray:
    """Rows of dark print on a grey plate."""
    picture = np.full((130 * len(rows) + 70, 900, 3), 150, np.uint8)
    for number, row in enumerate(rows):
        at = (120, 130 * (number + 1))
        cv2.putText(picture, row, at, cv2.FONT_HERSHEY_SIMPLEX, 2.6, (40, 40, 40), 7, cv2.LINE_AA)
    return picture


def scanned(pixels: np.ndarray, reader: Reader) -> PhotoRecord:
    data = cv2.imencode(".png", pixels[:, :, ::-1])[1].tobytes()
    return scan_photo(data, reader, Settings(reader="network"), name="plate.png")


def codes(record: PhotoRecord) -> set[str]:
    return {warning.code for warning in record.warnings}


def test_a_number_as_it_is_is_not_called_mirrored(reader: Reader) -> None:
    direct = scanned(plate("SER NO K794613"), reader)
    assert direct.serial.value == "K794613" and "mirrored_text" not in codes(direct)


@pytest.mark.parametrize("turn", [None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180])
def test_a_mirrored_number_is_told_read_and_left_to_a_person(reader: Reader, turn: int | None) -> None:
    pixels = plate("SER NO K794613")
    mirrored = pixels[:, ::-1] if turn is None else cv2.rotate(pixels, turn)[:, ::-1]
    record = scanned(np.ascontiguousarray(mirrored), reader)
    assert "mirrored_text" in codes(record)
    assert record.serial.value == "K794613" and record.serial.decision == "review"
    assert "mirrored" in {reason.code for reason in record.serial.candidates[0].reasons}
    (line,) = (line for line in record.lines if line.id in record.serial.candidates[0].evidence)
    assert line.mirrored


def test_a_mirrored_sample_reads_in_the_mirror_and_its_nonsense_stands_behind(reader: Reader) -> None:
    pixels = np.asarray(Image.open(SAMPLES / "ak-trunnion.jpg").convert("RGB"))
    record = scanned(np.ascontiguousarray(pixels[:, ::-1]), reader)
    assert record.serial.value == "KE7823" and record.serial.decision == "review"
    assert "mirrored_text" in codes(record)
    nonsense = [line for line in record.lines if not line.mirrored]
    assert "KE7823" not in {line.text for line in nonsense}, "what was read as it stands is kept as it was"


def test_a_mirrored_line_is_placed_in_the_photo(reader: Reader) -> None:
    """Its first corner is at the top of its first character, which stands at the right."""
    pixels = plate("K794613")
    record = scanned(np.ascontiguousarray(pixels[:, ::-1]), reader)
    (line,) = (line for line in record.lines if line.mirrored)
    (ax, ay), (bx, _), _, (_, dy) = line.polygon
    assert ax > bx and ay < dy and line.rotation in (0, 1, 359)
    dark = np.argwhere(pixels[:, ::-1, 0] < 90)
    low, high = dark.min(axis=0), dark.max(axis=0)
    assert abs(bx - low[1]) < 40 and abs(ax - high[1]) < 40 and ay < low[0] + 20 and dy > high[0] - 20
    first, last = line.characters[0].polygon, line.characters[-1].polygon
    assert min(x for x, _ in first) > max(x for x, _ in last)


def test_text_that_reads_both_ways_is_not_called_mirrored(reader: Reader) -> None:
    record = scanned(np.ascontiguousarray(plate("AHIMOX 80808")[:, ::-1]), reader)
    assert "mirrored_text" not in codes(record)
    assert not any(line.mirrored for line in record.lines)


@pytest.mark.parametrize(
    "name", ["ak-trunnion.jpg", "bolt-carrier-30-degrees.jpg", "type-56-upside-down.jpg"]
)
def test_a_photo_as_it_is_has_no_mirrored_text(read_sample: Callable[[str], PhotoRecord], name: str) -> None:
    assert not any(line.mirrored for line in read_sample(name).lines)


QUIET = End(more=0.0, hidden=0.0)


def line(name: str, text: str, left: float, *, mirrored: bool = False, top: float = 0.0) -> Line:
    """A line 40 px high in a photo 2 000 px wide; a mirrored one stands where the mirror shows it."""
    width, step = 30.0, -1 if mirrored else 1
    start = 2000 - left if mirrored else left
    glyphs = tuple(
        Glyph(
            char=char, confidence=0.999,
            polygon=tuple(
                (start + step * width * u, top + v) for u, v in ((i, 0), (i + 1, 0), (i + 1, 40), (i, 40))
            ),
        )
        for i, char in enumerate(text)
    )  # fmt: skip
    end = start + step * width * len(text)
    return Line(
        id=name, text=text, confidence=0.99, characters=glyphs, glyph_height_px=40.0, ends=(QUIET, QUIET),
        polygon=((start, top), (end, top), (end, top + 40), (start, top + 40)), mirrored=mirrored,
    )  # fmt: skip


def test_a_mirrored_label_names_the_mirrored_number_beside_it() -> None:
    lines = [line("L1", "SERIAL NO", 200, mirrored=True), line("L2", "U778232", 520, mirrored=True)]
    assert beside(*lines, 3.0) is not None and beside(*reversed(lines), 3.0) is None
    serial = decide(read_marks(lines, [], KNOWLEDGE)[1], 0.0)
    assert serial.value == "U778232" and serial.decision == "review"
    direct = [
        msgspec.structs.replace(one, mirrored=False)
        for one in (line("L1", "SERIAL NO", 200), line("L2", "U778232", 520))
    ]
    assert decide(read_marks(direct, [], KNOWLEDGE)[1], 0.0).decision == "accept"


def test_what_reads_better_in_a_mirror_is_not_accepted_as_it_stands() -> None:
    nonsense, mirrored = line("L1", "S/N 38853", 400), line("L2", "S/N 38823", 1330, mirrored=True)
    assert in_one_place(nonsense, mirrored) and not same_way(nonsense, mirrored)
    assert decide(read_marks([nonsense], [], KNOWLEDGE)[1], 0.0).decision == "accept"
    serial = decide(read_marks([nonsense, mirrored], [], KNOWLEDGE)[1], 0.0)
    assert serial.value == "38823" and serial.decision == "review"
    assert "38853" in [candidate.value for candidate in serial.candidates]
