"""The renderer's truth must agree with its pixels: whatever is taught or measured rests on it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from click.testing import CliRunner

from serialscan.cli.render import _check_labels, render
from serialscan.errors import OutputError
from serialscan.render import Item, render_photo, render_random, write_photos
from serialscan.render.camera import Camera, Sensor
from serialscan.render.layouts import LAYOUTS, aged, middle, view
from serialscan.render.lights import Light, Lighting
from serialscan.render.lines import FREE_FACES, FREE_MATERIALS, random_text, render_line
from serialscan.render.marks import MARKS, Text
from serialscan.render.strokes import FACES, HELD_BACK_FACES, glyph, has_glyph
from serialscan.render.surfaces import HELD_BACK_MATERIALS, MATERIALS, noise
from serialscan.render.truth import measure_contrast

LAMP = Lighting((Light(-120, 40, 1.0),), 0.3, "dark", 0.3)
CLEAN = Sensor(focus=0.0, grain=0.0, smoothing=0.0, sharpening=0.0, vignette=0.0, quality=95)


def printed(text: str = "W1234567", **values: object) -> Item:
    """White paper with black text: what is dark is a mark."""
    line = Text(text, 0, -2, 4, MARKS["printed"], "label", "centre", role="serial")
    plain = Item("test", "test", "label", "paper", (-60, -60, 60, 60), (line,), used=False)
    return replace(plain, **values)


def dark(pixels: np.ndarray) -> np.ndarray:
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return gray < 0.5 * np.median(gray)


def inside(polygon: np.ndarray, shape: tuple[int, ...], grow: int = 0) -> np.ndarray:
    area = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(area, [np.round(polygon).astype(np.int32)], 1)
    return cv2.dilate(area, np.ones((2 * grow + 1, 2 * grow + 1), np.uint8)) > 0 if grow else area > 0


VIEWS = {
    "straight": {},
    "turned": {"roll": 33.0},
    "upside down": {"roll": 180.0},
    "perspective": {"tilt": 30.0, "swing": -25.0, "distance": 1.4},
    "all of it": {"roll": -70.0, "tilt": 20.0, "swing": 20.0, "distance": 1.6},
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("radius", [0.0, 14.0], ids=["flat", "cylinder"])
def test_every_glyph_box_holds_its_ink_and_no_ink_is_outside(name: str, radius: float) -> None:
    camera = Camera(640, 480, 60.0, **VIEWS[name])
    photo = render_photo(printed(radius=radius, backdrop="paper"), camera, LAMP, CLEAN, 1)
    (line,) = photo.truth.lines
    centre = inside(line.polygon, photo.pixels.shape, grow=12)
    ink = dark(photo.pixels) & centre
    boxes = np.zeros_like(ink)
    for true_glyph in line.glyphs:
        box = inside(true_glyph.polygon, photo.pixels.shape, grow=2)
        boxes |= box
        assert ink[box].sum() > 0.08 * box.sum(), true_glyph.char
    assert ink.sum() > 300
    assert ink[boxes].sum() > 0.98 * ink.sum()
    assert [g.char for g in line.glyphs] == list("W1234567")


def test_polygons_run_clockwise_from_the_first_character_in_reading_direction() -> None:
    for roll in (0.0, 90.0, 180.0, 215.0):
        photo = render_photo(printed(), Camera(640, 480, 60.0, roll=roll), LAMP, CLEAN, 1)
        (line,) = photo.truth.lines
        top_left, top_right, _, bottom_left = line.polygon
        first, last = line.glyphs[0].polygon.mean(axis=0), line.glyphs[-1].polygon.mean(axis=0)
        assert np.linalg.norm(top_left - first) < np.linalg.norm(top_right - first)
        along, down = top_right - top_left, bottom_left - top_left
        assert along @ (last - first) > 0
        assert along[0] * down[1] - along[1] * down[0] > 0
        angle = np.degrees(np.arctan2(along[1], along[0]))
        assert abs((angle + photo.truth.rotate + 180) % 360 - 180) < 1.0


def test_nearer_characters_are_larger() -> None:
    camera = Camera(640, 480, 60.0, swing=40.0, distance=1.2)
    (line,) = render_photo(printed("HHHHHHHH"), camera, LAMP, CLEAN, 1).truth.lines
    heights = [np.linalg.norm(g.polygon[3] - g.polygon[0]) for g in line.glyphs]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > 1.2 * heights[-1]


def test_glyph_height_is_what_the_optics_say() -> None:
    camera = Camera(
        800, 600, 80.0
    )  # 10 pixels a millimetre, capitals 4 mm and a stroke of 0.075 x 4 around them
    (line,) = render_photo(printed(), camera, LAMP, CLEAN, 1).truth.lines
    assert line.glyph_height_px == pytest.approx(10 * 4 * 1.15, abs=0.5)


def test_text_on_a_circle_has_a_curved_outline_that_holds_the_ink() -> None:
    text = Text("S/N A12345", 0, 0, 4, MARKS["printed"], "label", "centre", -90.0, 16.0, "serial", "A12345")
    photo = render_photo(printed(texts=(text,)), Camera(640, 480, 60.0), LAMP, CLEAN, 1)
    (line,) = photo.truth.lines
    ink = dark(photo.pixels)
    assert len(line.polygon) > 8
    assert ink[inside(line.polygon, ink.shape, grow=2)].sum() > 0.98 * ink.sum() > 300
    assert photo.truth.label("x.jpg")["layout"] == "circular"


@pytest.mark.parametrize("mark", MARKS)
def test_every_kind_of_mark_changes_the_picture_where_truth_says(mark: str) -> None:
    text = Text("SER NO 480617", 0, -2, 4, MARKS[mark], "gorton", "centre", role="serial")
    material = "label-black" if mark == "printed-light" else "sandblasted"
    item = printed(texts=(text,), material=material)
    camera, light = Camera(640, 360, 60.0), Lighting((Light(-120, 25, 1.0, 3.0),), 0.2, "dark", 0.3)
    marked = render_photo(item, camera, light, CLEAN, 3)
    (line,) = marked.truth.lines
    bare = render_photo(
        replace(item, texts=(replace(text, mark=replace(MARKS["printed"], cover=0.0)),)),
        camera,
        light,
        CLEAN,
        3,
    )
    change = np.abs(marked.pixels.astype(int) - bare.pixels.astype(int)).max(axis=2) > 12
    near = inside(line.polygon, change.shape, grow=6)
    assert change[near].sum() > 0.03 * near.sum()
    assert change[~near].mean() < 0.01


def test_what_nobody_can_read_is_called_illegible() -> None:
    tiny = render_photo(printed(), Camera(640, 480, 400.0), LAMP, CLEAN, 1).truth
    cut = render_photo(printed(), Camera(640, 480, 18.0), LAMP, CLEAN, 1).truth
    away = render_photo(printed(radius=1.2), Camera(640, 480, 60.0), LAMP, CLEAN, 1).truth
    faint = replace(MARKS["printed"], cover=0.01)
    ghost = printed(texts=(replace(printed().texts[0], mark=faint),))
    unseen = render_photo(ghost, Camera(640, 480, 60.0), LAMP, CLEAN, 1).truth
    clear = render_photo(printed(), Camera(640, 480, 60.0), LAMP, CLEAN, 1).truth
    assert [t.lines[0].legible for t in (tiny, cut, away, unseen, clear)] == [False] * 4 + [True]
    label = tiny.label("x.jpg")
    assert label["lines"] == [] and label["serial"] is None
    assert label["illegible_lines"] == ["W1234567"] and label["partial_lines"]


def test_contrast_grows_with_the_ink_and_not_with_noise() -> None:
    rng = np.random.default_rng(0)
    ink = np.zeros((60, 200), np.float32)
    ink[20:40, 20:180:8] = 1.0
    polygon = np.array([[15, 15], [185, 15], [185, 45], [15, 45]], np.float32)
    values = []
    for strength in (0, 30, 90):
        gray = 140 - strength * ink + rng.normal(0, 3, ink.shape)
        picture = np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
        values.append(measure_contrast(picture, ink, polygon, 20.0))
    assert values[0][0] < 0.02 < values[1][0] < values[2][0]
    assert all(clutter < 0.02 for _, clutter, _ in values)


def test_each_character_has_its_own_contrast() -> None:
    ink = np.zeros((60, 200), np.float32)
    ink[20:40, 20:180:8] = 1.0
    strength = np.where(np.arange(200) < 100, 90.0, 30.0)
    picture = np.repeat((140 - strength * ink).astype(np.uint8)[..., None], 3, axis=2)
    boxes = [np.array([[x, 18], [x + 24, 18], [x + 24, 42], [x, 42]], np.float32) for x in (30, 140, 184)]
    line = np.array([[15, 15], [185, 15], [185, 45], [15, 45]], np.float32)
    strong, weak, none = measure_contrast(picture, ink, line, 20.0, None, boxes)[2]
    assert strong > 2 * weak > 0 == none


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    assert render_line(7).jpeg == render_line(7).jpeg
    assert render_line(7, "ABC123", 20.0).jpeg != render_line(8, "ABC123", 20.0).jpeg
    first, again = (
        [(name, photo.jpeg) for name, photo in render_random(1, 3, megapixels=0.5)] for _ in range(2)
    )
    assert first == again


def test_one_thread_gives_the_same_bytes_as_many() -> None:
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(4)
        many = render_line(21).jpeg
        cv2.setNumThreads(1)
        assert render_line(21).jpeg == many
    finally:
        cv2.setNumThreads(threads)


@pytest.mark.parametrize("name", LAYOUTS)
def test_fields_of_every_layout_stand_in_its_lines(name: str) -> None:
    for seed in range(4):
        item = LAYOUTS[name](np.random.default_rng(seed))
        marked = [text.text for text in item.texts]
        serial = [text for text in item.texts if text.role == "serial"]
        assert len(serial) == 1
        assert item.fields["serial"] in serial[0].text
        for role, value in item.fields.items():
            if any(text.role == role and not text.value for text in item.texts):
                assert value in marked, role
        for text in item.texts:
            assert all(has_glyph(char) for char in text.text), text.text
        for code in item.codes:
            assert item.fields["serial"].encode() in code.payload
        (x, y), span = middle(item)
        left, top, right, bottom = item.bounds
        assert left < x < right and top < y < bottom and span > 10


@pytest.mark.parametrize("name", ["peq-15", "pvs-14"])
def test_the_data_matrix_on_a_label_can_be_read_back(name: str) -> None:
    rng = np.random.default_rng(5)
    item = LAYOUTS[name](rng)
    camera, _, _ = view(item, rng, 1200, 900)
    camera = replace(camera, roll=4.0, tilt=6.0, swing=0.0)
    photo = render_photo(item, camera, LAMP, replace(CLEAN, focus=0.5, grain=0.01), 5)
    ((payload, corners),) = photo.truth.codes
    found = {bytes(code.bytes) for code in zxingcpp.read_barcodes(photo.pixels)}
    assert payload in found
    assert b"17V" in payload and item.fields["serial"].encode() in payload
    assert dark(photo.pixels)[inside(corners, photo.pixels.shape)].mean() > 0.2 or name == "pvs-14"


def test_use_makes_marks_harder_to_see() -> None:
    item = replace(LAYOUTS["m240"](np.random.default_rng(2)), used=False)
    camera = Camera(800, 600, 110.0, middle(item)[0])
    contrast = [
        np.mean([line.contrast for line in render_photo(aged(item, age), camera, LAMP, CLEAN, 2).truth.lines])
        for age in (0.0, 0.5, 1.0)
    ]
    assert contrast[0] > contrast[1] > contrast[2]


def test_all_faces_draw_all_characters_within_their_width() -> None:
    for face in FACES.values():
        for char in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ&/.,-()БГДЖЗИЛПФЦЧШЩЭЮЯ五六式٠١٢٣٤٥٦٧٨٩":
            lines, width = glyph(char, face)
            points = np.concatenate(lines)
            upright = points[:, 0] - (1.0 - points[:, 1]) * face.slant
            assert upright.min() > -1e-5 and upright.max() < width + 1e-5, (face.name, char)
            assert points[:, 1].min() > -0.4 and points[:, 1].max() < 1.4


def test_unknown_characters_are_refused() -> None:
    with pytest.raises(KeyError):
        render_line(1, "漢")


def test_held_back_looks_never_reach_training_lines() -> None:
    assert not HELD_BACK_FACES & set(FREE_FACES) and set(FACES) >= HELD_BACK_FACES
    assert not HELD_BACK_MATERIALS & set(FREE_MATERIALS) and set(MATERIALS) >= HELD_BACK_MATERIALS


def test_random_texts_can_all_be_drawn() -> None:
    rng = np.random.default_rng(11)
    texts = [random_text(rng) for _ in range(500)]
    assert all(has_glyph(char) for text in texts for char in text)
    assert len(set(texts)) > 430


@pytest.mark.parametrize("size", [0.7, 2.0, 9.0, 60.0])
def test_noise_has_the_stated_spread(size: float) -> None:
    for seed in range(3):
        field = noise(np.random.default_rng(seed), (400, 500), size)
        assert field.shape == (400, 500)
        assert 0.6 < field.std() < 1.3


def test_render_command_writes_photos_and_labels(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = CliRunner().invoke(render, ["--count", "2", "--seed", "5", "--out", str(out)])
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in (out / "labels.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == 2
    for row in rows:
        height, width = cv2.imread(str(out / row["file"])).shape[:2]
        counts = {
            len(row[key]) for key in ("lines", "polygons", "glyph_height_px", "contrast", "marks", "glyphs")
        }
        assert counts == {len(row["lines"])}
        for polygon in row["polygons"]:
            assert all(0 <= x < width and 0 <= y < height for x, y in polygon)
    again = CliRunner().invoke(render, ["--count", "2", "--seed", "5", "--out", str(out)])
    assert isinstance(again.exception, OutputError) and "another folder" in str(again.exception)


def test_render_command_says_when_it_cannot_write(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    result = CliRunner().invoke(render, ["--count", "1", "--out", str(blocked / "below")])
    assert isinstance(result.exception, OutputError) and "--out" in str(result.exception)


@pytest.mark.parametrize(
    "text",
    [
        '{"file": "IMG_1.jpg", "lines": ["A1"], "serial": "A1"}\n',
        '{"file": "ak-trunnion.jpg", "lines": []}\n{"file": "IMG_1.jpg", "lines": ["A1"]}\n',
        "not finished\n",
        "[]\n",
    ],
)
def test_the_samples_never_replace_labels_that_somebody_wrote(tmp_path: Path, text: str) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(render, ["--samples", "--out", str(tmp_path)])
    assert isinstance(result.exception, OutputError) and "--out" in str(result.exception)
    assert labels.read_text(encoding="utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == ["labels.jsonl"]


def test_the_samples_can_be_made_again_over_themselves(tmp_path: Path) -> None:
    """All of them, or what a run left that was stopped before its end."""
    labels = (Path(__file__).parent.parent / "samples" / "labels.jsonl").read_bytes()
    for left in (labels, labels[: labels.index(b"\n") + 1], b""):
        (tmp_path / "labels.jsonl").write_bytes(left)
        _check_labels(tmp_path / "labels.jsonl", samples=True)
    with pytest.raises(OutputError):
        _check_labels(tmp_path / "labels.jsonl", samples=False)


def test_labels_are_complete_up_to_where_a_run_was_stopped(tmp_path: Path) -> None:
    photos = write_photos(((f"{k}.jpg", render_line(k)) for k in range(3)), tmp_path)
    next(photos)
    rows = (tmp_path / "labels.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(row)["file"] for row in rows] == ["0.jpg"]
    photos.close()
