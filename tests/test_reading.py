"""The real networks on rendered samples and on awkward pictures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from PIL import Image

from serialscan.errors import EngineError, ExitCode
from serialscan.evaluate import exact
from serialscan.reading import Engine, Reader, quality_warnings, weights
from serialscan.reading.networks import Networks
from serialscan.reading.sights import barred
from serialscan.recipe import NORMAL, RELIEF, Recogniser
from serialscan.record import PhotoRecord, Quality, Source
from serialscan.scan import scan_photo
from serialscan.settings import Settings

SAMPLES = Path(__file__).parent.parent / "samples"
Sample = Callable[[str], PhotoRecord]
LABELS = {
    label["file"]: label
    for label in map(json.loads, (SAMPLES / "labels.jsonl").read_text(encoding="utf-8").splitlines())
}


@pytest.fixture(scope="module")
def reader(networks: Networks) -> Reader:
    return Reader(Settings(reader="network"), engine=networks)


def sample(name: str) -> np.ndarray:
    return np.asarray(Image.open(SAMPLES / name).convert("RGB"))


def texts(reader: Reader, pixels: np.ndarray) -> list[str]:
    return [line.text for line in reader.read(pixels).lines]


@pytest.mark.parametrize("name", ["pvs-14-label.jpg", "m240-receiver.jpg"])
def test_the_lines_of_a_plate_are_read(read_sample: Sample, name: str) -> None:
    read = [line.text for line in read_sample(name).lines]
    truth = LABELS[name]["lines"]
    assert sum(exact(line, read) for line in truth) >= len(truth) - 2
    assert any(LABELS[name]["serial"] in text for text in read)


DARK = ("ak-trunnion.jpg", "type-56-receiver.jpg")


@pytest.mark.parametrize("bright_ground", [False, True])
def test_what_hardly_differs_from_black_is_read(reader: Reader, bright_ground: bool) -> None:
    read, truth = 0, 0
    for name in DARK:
        pixels = (sample(name) * 0.1 + 8).astype(np.uint8)
        if bright_ground:
            pixels = cv2.resize(pixels, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
            margins = [max(pixels.shape) // 5] * 4
            pixels = cv2.copyMakeBorder(pixels, *margins, cv2.BORDER_CONSTANT, value=(225, 225, 225))
        found = texts(reader, pixels)
        read += sum(exact(line, found) for line in LABELS[name]["lines"])
        truth += len(LABELS[name]["lines"])
    assert read >= truth - 1


def far_away(name: str) -> np.ndarray:
    near = cv2.resize(sample(name), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    grain = np.random.default_rng(5).normal(0, 4, (2700, 3600, 1))
    far = np.clip(np.median(near, axis=(0, 1)) + grain, 0, 255).astype(np.uint8)
    far[1700 : 1700 + near.shape[0], 400 : 400 + near.shape[1]] = near
    return far


@pytest.mark.parametrize(("name", "effort"), [("acog-body.jpg", "normal"), ("m240-receiver.jpg", "thorough")])
def test_a_serial_far_away_is_found_beside_a_large_number_that_is_surely_read(
    networks: Networks, name: str, effort: str
) -> None:
    """The number of an exhibit stands on a card in many photos of whole weapons."""
    photo = far_away(name)
    cv2.putText(photo, "K482139", (900, 600), cv2.FONT_HERSHEY_DUPLEX, 8, (20, 20, 20), 16, cv2.LINE_AA)
    read = texts(Reader(Settings(reader="network", effort=effort), engine=networks), photo)
    assert "K482139" in read
    assert any(LABELS[name]["serial"] in text for text in read)


def scratches(seed: int) -> np.ndarray:
    """A small photo of scratched metal without a mark, (240, 400, 3)."""
    rng = np.random.default_rng(seed)
    metal = np.full((240, 400), 140, np.float32) + rng.normal(0, 6, (240, 400)).astype(np.float32)
    for _ in range(rng.integers(30, 90)):
        start = rng.integers(0, [400, 240])
        end = start + rng.integers(-30, 31, 2)
        tone, width = float(rng.choice([60, 90, 200, 230])), int(rng.integers(1, 4))
        cv2.line(metal, tuple(map(int, start)), tuple(map(int, end)), tone, width, cv2.LINE_AA)
    metal = np.clip(cv2.GaussianBlur(metal, (0, 0), 1.2), 0, 255)
    return np.repeat(metal.astype(np.uint8)[:, :, None], 3, axis=2)


def test_two_networks_that_judge_see_less_in_scratches_than_one(reader: Reader, networks: Networks) -> None:
    both = Reader(Settings(reader="network", effort="thorough"), engine=networks)
    photos = [scratches(seed) for seed in (100, 105, 106, 111)]
    assert sum(len(texts(both, photo)) for photo in photos) < sum(
        len(texts(reader, photo)) for photo in photos
    )


def test_where_nothing_stands_is_no_line(reader: Reader) -> None:
    assert "" not in texts(reader, scratches(102))


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_photo_turned_by_quarters_reads_the_same(
    reader: Reader, read_sample: Sample, quarters: int
) -> None:
    turned = reader.read(np.ascontiguousarray(np.rot90(sample("m4-magazine-well.jpg"), quarters)))
    serial = LABELS["m4-magazine-well.jpg"]["serial"]
    (before,) = [line for line in read_sample("m4-magazine-well.jpg").lines if serial in line.text]
    (after,) = [line for line in turned.lines if serial in line.text]
    # np.rot90 turns the picture counter-clockwise: to set it upright it must be turned clockwise as far
    assert abs((after.rotation - before.rotation - 90 * quarters + 180) % 360 - 180) <= 4


def struck(text: str, scale: float = 1.3, margin: int = 6) -> np.ndarray:
    """A crop of one line, light strokes on grey metal with grain."""
    (width, height), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 3)
    picture = np.full((height + base + 2 * margin, width + 2 * margin), 90, np.uint8)
    cv2.putText(
        picture, text, (margin, margin + height), cv2.FONT_HERSHEY_SIMPLEX, scale, 200, 3, cv2.LINE_AA
    )
    grain = np.random.default_rng(3).normal(0, 8, picture.shape)
    return np.dstack([np.clip(picture + grain, 0, 255).astype(np.uint8)] * 3)


def test_commas_stops_and_ampersands_are_told_apart(reader: Reader) -> None:
    plate = np.full((420, 900, 3), (150, 152, 155), np.uint8)
    marks = ("U.S. PAT. 4,123,221", "H&R 482139", "CAL. 7.62 MM", "P/N 12.345.67")
    for row, mark in enumerate(marks):
        cv2.putText(
            plate, mark, (40, 90 + 105 * row), cv2.FONT_HERSHEY_DUPLEX, 2, (50, 50, 50), 4, cv2.LINE_AA
        )
    assert ["".join(t.split()) for t in texts(reader, plate)] == ["".join(m.split()) for m in marks]


def test_a_small_picture_of_one_line_is_one_line(reader: Reader) -> None:
    assert texts(reader, struck("238930")) == ["238930"]


def test_two_characters_far_apart_are_two_marks(reader: Reader) -> None:
    """A selector's 7 and an inspector's A: no word has a gap of more than a letter between two letters."""
    plate = np.full((300, 700, 3), 170, np.uint8)
    for char, x in (("7", 200), ("A", 310)):
        cv2.putText(plate, char, (x, 170), cv2.FONT_HERSHEY_SIMPLEX, 2.4, (60, 60, 60), 5, cv2.LINE_AA)
    assert texts(reader, plate) == ["7", "A"]


def test_every_character_says_where_it_stands(reader: Reader) -> None:
    pixels = cv2.copyMakeBorder(struck("W274567"), 200, 200, 300, 300, cv2.BORDER_REFLECT_101)
    pixels[:200], pixels[-200:], pixels[:, :300], pixels[:, -300:] = 90, 90, 90, 90
    (line,) = reader.read(pixels).lines
    assert line.text == "W274567"
    width = pixels.shape[1] - 600
    for i, glyph in enumerate(line.characters):
        x = np.array(glyph.polygon)[:, 0]
        assert glyph.char == line.text[i]
        assert x.min() - 0.1 * width < 300 + (i + 0.5) * width / 7 < x.max() + 0.1 * width
    heights = [np.ptp(np.array(g.polygon)[:, 1]) for g in line.characters]
    assert max(heights) < 3 * 40


def on_a_ring(flat: np.ndarray, radius: float = 260.0, turn: float = 0.0) -> np.ndarray:
    """The line bent to a ring, its middle ``turn`` degrees counter-clockwise from the top."""
    height, width = flat.shape[:2]
    side = 900
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) - side / 2
    r, angle = np.hypot(x, y), np.degrees(np.arctan2(y, x))
    sweep = np.degrees(width / radius)
    u = ((angle + 90 + sweep / 2 + turn) % 360) / sweep * width
    v = height / 2 - (r - radius)
    return cv2.remap(
        flat, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR, borderValue=(90, 90, 90)
    )


def test_text_on_a_circle_is_read_as_one_line(reader: Reader) -> None:
    read = texts(reader, on_a_ring(struck("SER NO 483920", scale=2.0, margin=20)))
    assert any("483920" in text for text in read), read
    assert any("SER NO" in text for text in read), read


@pytest.mark.parametrize(("squeeze", "turn"), [(0.65, 0.0), (0.65, 130.0), (0.85, 130.0)])
def test_text_around_a_ring_that_is_seen_askew_is_read(reader: Reader, squeeze: float, turn: float) -> None:
    ring = on_a_ring(struck("195-30-1286  3110", scale=1.3, margin=20), 130.0, turn)
    askew = cv2.resize(ring, None, fx=1.0, fy=squeeze, interpolation=cv2.INTER_AREA)
    assert " ".join(texts(reader, askew)) == "195-30-1286 3110"


def test_two_numbers_on_a_ring_are_two_marks(reader: Reader) -> None:
    """A drawing number and the part's own: rings are full, so they stand closer than on a plate."""
    read = texts(reader, on_a_ring(struck("5683086  3089", scale=2.0, margin=20)))
    assert read == ["5683086", "3089"]


def test_a_bar_is_a_hyphen_unless_han_stand_beside_it() -> None:
    assert barred(tuple("106066\u4e001")) == tuple("106066-1")
    assert barred(tuple("\u4e00\u4e5d\u4e94\u516d")) == tuple("\u4e00\u4e5d\u4e94\u516d")


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (31, 33), (64, 64)])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_pictures_without_text_give_no_lines(reader: Reader, size: tuple[int, int], grey: int) -> None:
    reading = reader.read(np.full((*size, 3), grey, np.uint8))
    assert reading.lines == ()
    assert reading.codes == ()


def test_a_large_picture_a_few_pixels_high_is_read_to_nothing(reader: Reader) -> None:
    assert texts(reader, np.full((4, 20_000, 3), 128, np.uint8)) == []


def test_noise_is_not_read_with_confidence(reader: Reader) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (400, 600, 3), dtype=np.uint8)
    assert all(line.confidence < 0.5 for line in reader.read(noise).lines)


def test_the_same_pixels_give_the_same_reading_and_stay_as_they_are(reader: Reader) -> None:
    pixels = sample("type-56-receiver.jpg")
    before = pixels.copy()
    first = reader.read(pixels)
    assert np.array_equal(pixels, before)
    again = Reader(Settings(reader="network"), threads=2).read(pixels)
    assert first.lines == again.lines
    assert first.codes == again.codes


def test_line_and_character_evidence_agree(read_sample: Sample) -> None:
    for line in read_sample("m16a1-torch.jpg").lines:
        assert "".join(g.char for g in line.characters) == line.text
        assert line.candidates[0].text == line.text
        assert line.candidates[0].confidence == line.confidence
        assert line.confidence <= min(g.confidence for g in line.characters) + 1e-3
        for glyph in line.characters:
            assert sum(a.confidence for a in glyph.alternatives) + glyph.confidence <= 1.001


def test_nothing_is_accepted_from_a_photo_whose_data_are_damaged(reader: Reader, read_sample: Sample) -> None:
    data, sound = (SAMPLES / "pvs-14-label.jpg").read_bytes(), read_sample("pvs-14-label.jpg")
    damaged = scan_photo(data[:-2] + bytes(80) + data[-2:], reader, Settings(reader="network"), name="a.jpg")
    assert damaged.serial.value == sound.serial.value is not None
    assert (sound.serial.decision, damaged.serial.decision) == ("accept", "review")
    assert "pixels_damaged" in {warning.code for warning in damaged.warnings}


def test_a_changed_weight_stops_with_the_engine_exit_code(tmp_path: Path) -> None:
    copy = tmp_path / "models"
    shutil.copytree(weights.WEIGHTS, copy)
    data = bytearray((copy / "recogniser.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (copy / "recogniser.onnx").write_bytes(data)
    with pytest.raises(EngineError, match=r"recogniser\.onnx.*install serialscan again") as caught:
        Networks(folder=copy)
    assert caught.value.exit_code == ExitCode.ENGINE
    (copy / "recogniser.onnx").unlink()
    with pytest.raises(EngineError, match="is missing"):
        Networks(folder=copy)


def test_warnings_say_what_to_do() -> None:
    source = Source(path="a.jpg", width=4000, height=3000)
    (small, *_) = quality_warnings(Quality(glyph_height_px=9.0, sharpness=0.7, clipped=0.0), (), source)
    assert small.code == "glyphs_too_small"
    assert "9 px high: photograph from 1/3 of the distance" in small.message
    codes = {w.code for w in quality_warnings(Quality(sharpness=0.05, clipped=0.4), (), source)}
    assert codes == {"no_text", "blurred", "glare"}


def test_another_network_reads_where_a_doubt_is_left_and_only_there(read_sample: Sample) -> None:
    by_bumps = {}
    for line in read_sample("aimpoint-tube.jpg").lines:
        said = [(one.name.startswith("relief-bumps/"), one.text == line.text) for one in line.readers]
        by_bumps[line.text] = any(bumps for bumps, _ in said)
        if not by_bumps[line.text]:
            assert sum(same for _, same in said) > len(said) / 2, "a doubt was left"
    assert by_bumps["AIMPOINT"] is False and True in by_bumps.values()


class Counting:
    """The networks, and how many px of lines the recogniser taught relief has read."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self.read_px = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._networks, name)

    def recognise(self, lines: np.ndarray, recogniser: Recogniser) -> np.ndarray:
        self.read_px += lines.shape[0] * lines.shape[2] if recogniser == RELIEF else 0
        return self._networks.recognise(lines, recogniser)


@pytest.mark.parametrize("name", ["ak-trunnion.jpg", "type-56-upside-down.jpg"])
def test_a_quick_look_spares_much_of_the_reading_and_costs_no_line(networks: Networks, name: str) -> None:
    counting, pixels = Counting(networks), sample(name)
    found = texts(Reader(Settings(reader="network"), engine=cast(Engine, counting)), pixels)
    read_after_it, counting.read_px = counting.read_px, 0
    glances = replace(NORMAL.glances, even=-99.0, behind=9999.0)
    all_read = replace(NORMAL, name="all read where a quick look sees anything", glances=glances)
    without = texts(Reader(Settings(reader="network"), all_read, cast(Engine, counting)), pixels)
    right = [line for line in LABELS[name]["lines"] if exact(line, without)]
    assert right and all(exact(line, found) for line in right)
    assert read_after_it < 0.75 * counting.read_px
