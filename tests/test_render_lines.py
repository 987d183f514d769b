"""Lines for teaching and measuring: truth must hold however they are cropped, squeezed or coarsened."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serialscan.photo import open_photo
from serialscan.render import Item, render_photo, render_random
from serialscan.render.camera import Camera, Exif, Sensor
from serialscan.render.canvas import Canvas
from serialscan.render.chance import in_face, phone_view, random_item
from serialscan.render.fonts import (
    FREE_FONTS,
    HELD_BACK_FONTS,
    free_fonts,
    installed,
    is_shaped,
    shaped,
    unshaped,
)
from serialscan.render.lights import Light, Lighting
from serialscan.render.lines import FREE_FACES, render_line
from serialscan.render.marks import MARKS, Text
from serialscan.render.parts import Plate
from serialscan.render.strokes import FACES, HELD_BACK_FACES, face_named, glyph, has_glyph
from serialscan.render.surfaces import HELD_BACK_MATERIALS, MATERIALS, Lay, Material, lay_material
from serialscan.render.truth import LEAST_READ, chance_to_read, measure_traces
from serialscan.render.wording import random_text
from serialscan.settings import Settings

LAMP = Lighting((Light(-120, 40, 1.0),), 0.3, "dark", 0.3)
CLEAN = Sensor(focus=0.0, grain=0.0, smoothing=0.0, sharpening=0.0, vignette=0.0, quality=95)


def printed(text: str = "W1234567", **values: object) -> Item:
    line = Text(text, 0, -2, 4, MARKS["printed"], "label", "centre", role="serial")
    return replace(
        Item("test", "test", "label", "paper", (-60, -60, 60, 60), (line,), used=False), **values
    )  # fmt: skip


def dark(pixels: np.ndarray) -> np.ndarray:
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return gray < 0.5 * np.median(gray)


@settings(max_examples=40)
@given(st.integers(0, 10**6))
def test_the_asked_line_comes_first_and_its_polygon_lies_in_the_crop(seed: int) -> None:
    photo = render_line(seed, "AB1234")
    line = photo.truth.lines[0]
    height, width = photo.pixels.shape[:2]
    assert line.text == "AB1234" and "".join(g.char for g in line.glyphs) == "AB1234"
    if line.legible:
        assert (line.polygon >= 0).all() and (line.polygon <= [width - 1, height - 1]).all()
        assert 0.35 < line.glyph_height_px / height <= 1.05, "the line fills the crop"


def test_crops_are_tight_and_loose_and_show_neighbours() -> None:
    fill, neighbours, legible = [], 0, 0
    for seed in range(80):
        photo = render_line(seed)
        line = photo.truth.lines[0]
        fill.append(line.glyph_height_px / photo.pixels.shape[0])
        neighbours += len(photo.truth.lines) > 1
        legible += line.legible
    assert np.quantile(fill, 0.8) > 0.8 and np.quantile(fill, 0.05) < 0.6
    assert 8 < neighbours < 50
    assert 48 < legible < 80, "most can be read, and some cannot, as in life"


@pytest.mark.parametrize("squeeze", [0.5, 2.0])
@pytest.mark.parametrize("radius", [0.0, 14.0], ids=["flat", "cylinder"])
def test_a_squeezed_photo_keeps_ink_within_its_boxes(squeeze: float, radius: float) -> None:
    camera = Camera(640, 480, 60.0, roll=7.0, tilt=12.0, squeeze=squeeze)
    photo = render_photo(printed(radius=radius, backdrop="paper"), camera, LAMP, CLEAN, 1)
    (line,) = photo.truth.lines
    area = np.zeros(photo.pixels.shape[:2], np.uint8)
    cv2.fillPoly(area, [np.round(line.polygon).astype(np.int32)], 1)
    grown = cv2.dilate(area, np.ones((5, 5), np.uint8)) > 0
    near = cv2.dilate(area, np.ones((25, 25), np.uint8)) > 0
    ink = dark(photo.pixels) & near
    assert ink[grown].sum() > 0.98 * ink.sum() > 200
    plain = render_photo(printed(), replace(camera, squeeze=1.0), LAMP, CLEAN, 1).truth.lines[0]
    if not radius:
        assert line.glyph_height_px == pytest.approx(plain.glyph_height_px * squeeze, rel=0.15)


def test_a_coarse_picture_has_its_size_and_is_illegible_when_too_coarse() -> None:
    camera = Camera(640, 480, 60.0)
    fine, coarse, lost = (
        render_photo(printed(), camera, LAMP, replace(CLEAN, coarse=factor), 1) for factor in (1.0, 2.5, 14.0)
    )
    assert fine.pixels.shape == coarse.pixels.shape == lost.pixels.shape
    sharp = [cv2.Laplacian(p.pixels, cv2.CV_64F).var() for p in (fine, coarse, lost)]
    assert sharp[0] > 2 * sharp[1] > 4 * sharp[2]
    assert [p.truth.lines[0].legible for p in (fine, coarse, lost)] == [True, True, False]


def test_gray_pictures_have_no_colour() -> None:
    item = printed(material="enamel-green")
    shades = [
        render_photo(item, Camera(320, 240, 60.0), LAMP, replace(CLEAN, gray=gray), 1).pixels.astype(int)
        for gray in (False, True)
    ]
    spread = [np.ptp(pixels, axis=2).mean() for pixels in shades]
    assert spread[0] > 20 > 2 > spread[1]


# Legibility


def test_stains_do_not_make_a_mark_legible() -> None:
    """However much contrast rust has, marks that were ground away cannot be read in it."""
    text = Text("480617", 0, -2, 4, replace(MARKS["struck"], depth=0.0005, grime=0.0), "punch", "centre")
    for seed in range(6):
        item = printed(texts=(text,), material="rusty", used=True)
        (line,) = render_photo(item, Camera(640, 480, 60.0), LAMP, CLEAN, seed).truth.lines
        assert line.contrast > 0.02 and not line.legible


def test_a_line_that_is_cut_off_has_contrast_and_is_illegible() -> None:
    """What trains on empty surfaces takes lines without contrast: a cut line is none."""
    (line,) = render_photo(printed(), Camera(640, 480, 18.0), LAMP, CLEAN, 1).truth.lines
    assert not line.whole and not line.legible and line.contrast > 0.1


def test_a_clear_mark_in_stains_stays_legible() -> None:
    text = Text("480617", 0, -2, 4, replace(MARKS["struck"], depth=0.2, fade=0.0), "punch", "centre")
    item = printed(texts=(text,), material="rusty")
    light = Lighting((Light(-120, 25, 1.2, 3.0),), 0.2, "dark", 0.3)
    (line,) = render_photo(item, Camera(640, 480, 40.0), light, CLEAN, 1).truth.lines
    assert line.legible


def test_traces_tell_ink_from_noise() -> None:
    rng = np.random.default_rng(0)
    ink = np.zeros((60, 200), np.float32)
    ink[20:40, 20:180:8] = ink[20:40, 21:180:8] = 1.0
    boxes = [np.array([[x, 18], [x + 24, 18], [x + 24, 42], [x, 42]], np.float32) for x in (20, 80, 140)]

    def traces(strength: float) -> list[float]:
        gray = 140 - strength * ink + rng.normal(0, 12, ink.shape)
        picture = np.repeat(np.clip(gray, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
        return measure_traces(picture, ink, boxes, 24.0, 0.0)

    nothing, little, much = traces(0), traces(12), traces(80)
    assert max(nothing) < 0.1 < min(little) and max(little) < min(much) and min(much) > 0.8


def test_a_character_without_a_trace_is_a_question_mark() -> None:
    photo = render_photo(printed(), Camera(640, 480, 60.0), LAMP, CLEAN, 1)
    (line,) = photo.truth.lines
    faint = (replace(line.glyphs[0], read=0.01), *line.glyphs[1:])
    assert replace(line, glyphs=faint).visible_text == "?1234567"
    dot = replace(line, text=".", glyphs=(replace(line.glyphs[0], char=".", read=0.01),))
    assert dot.visible_text == ".", "punctuation shows by its place"


def test_a_serial_of_which_no_character_shows_is_none_in_the_label() -> None:
    """The words before it show, so the line counts as legible; a serial of `?` alone is no label."""
    truth = render_line(7, text="SERIAL NUMBER 4711").truth
    line = truth.lines[0]
    glyphs = tuple(
        replace(glyph, hidden=0.0, read=0.1 if glyph.char.isdigit() else 1.0) for glyph in line.glyphs
    )
    shown = replace(line, glyphs=glyphs, glyph_height_px=30.0, whole=True, role="serial")
    label = replace(truth, lines=(shown,), fields={"serial": "4711"}).label("x.jpg")
    assert label["lines"] == ["SERIAL NUMBER ????"] and label["serial"] is None


seen = st.tuples(st.floats(0, 1), st.floats(1, 300), st.floats(0, 0.6), st.floats(0, 0.6), st.floats(0, 0.5))


@given(seen, seen)
def test_what_shows_less_is_read_less_often(one: tuple[float, ...], other: tuple[float, ...]) -> None:
    trace, height, contrast, clutter, blur = (
        (min(a, b), max(a, b)) for a, b in zip(one, other, strict=True)
    )  # each the lower and the higher
    least = chance_to_read(trace[0], height[0], contrast[0], clutter[1], blur[1])
    most = chance_to_read(trace[1], height[1], contrast[1], clutter[0], blur[0])
    assert 0 < least <= most < 1


def test_noise_takes_characters_away_before_the_line() -> None:
    """What grain drowns is asked of no reader: first single characters, then the line."""
    item = printed(texts=(Text("W1234567", 0, -2, 4, MARKS["engraved"], "gorton", "centre"),))
    photos = [
        render_photo(item, Camera(640, 480, 60.0), LAMP, replace(CLEAN, grain=grain), 1)
        for grain in (0.0, 0.4, 1.0)
    ]
    labels = [photo.truth.label("a.jpg") for photo in photos]
    clear, some, none = (label["lines"] for label in labels)
    assert clear == ["W1234567"] and none == []
    assert "?" in some[0] and len(some[0]) == 8 and sum(c.isalnum() for c in some[0]) > 4
    hidden = [g for g in labels[1]["glyphs"][0] if "read" in g]
    assert len(hidden) == some[0].count("?") and all(g["read"] < LEAST_READ for g in hidden)


# Held back


def looks(item: Item) -> tuple[set[str], set[str]]:
    plates = [part.material for part in item.parts if isinstance(part, Plate) and part.material]
    return {text.face for text in item.texts}, {item.material, *plates}


def test_random_items_show_only_their_side_of_the_held_back_looks() -> None:
    for seed in range(60):
        faces, materials = looks(random_item(np.random.default_rng(seed)))
        assert not faces & HELD_BACK_FACES and not materials & HELD_BACK_MATERIALS
        faces, materials = looks(random_item(np.random.default_rng(seed), held_back=True))
        assert faces <= HELD_BACK_FACES
        # What was filed bright for the number and what lies around it is worn metal of any kind.
        assert materials <= HELD_BACK_MATERIALS


def test_held_back_photos_differ_and_keep_their_serial() -> None:
    ((_, plain),) = render_random(1, 5, megapixels=0.3)
    ((_, held),) = render_random(1, 5, held_back=True, megapixels=0.3)
    assert plain.jpeg != held.jpeg
    assert plain.truth.fields["serial"] == held.truth.fields["serial"]


@pytest.mark.parametrize("face", sorted(HELD_BACK_FACES))
def test_another_face_never_makes_a_line_longer(face: str) -> None:
    for name in FACES:
        text = Text("SERIAL NO. W1284567", 0, 0, 3, MARKS["engraved"], name)
        assert in_face(text, face).length <= text.length * 1.06


# Fonts and letters


def test_every_face_draws_every_made_up_text() -> None:
    rng = np.random.default_rng(3)
    chars = {char for _ in range(3000) for char in random_text(rng)}
    assert {"四", "٤", "۵", "Ж", "k", "/"} <= chars
    for face in FACES.values():
        for char in chars:
            lines, width = glyph(char, face)
            assert char == " " or (lines and width >= 0.0), (face.name, char)


def test_arabic_words_are_joined_and_read_back() -> None:
    for words in ("ساخت ایران", "صنع في العراق", "تبوك", "وزارت دفاع"):
        drawn = shaped(words)
        assert unshaped(drawn) == words and is_shaped(drawn) and drawn != words
    assert shaped("تبوك")[-1] == "\ufe97", "teh in its initial form stands on the right"
    assert not is_shaped("A123 ٤٥")


@pytest.mark.skipif("dejavu-sans" not in installed(), reason="the font is not installed")
def test_joined_letters_are_one_line_whose_truth_is_in_reading_order() -> None:
    text = Text(shaped("تبوك"), 0, -2, 6, MARKS["printed"], "dejavu-sans", "centre")
    photo = render_photo(printed(texts=(text,)), Camera(640, 480, 60.0), LAMP, CLEAN, 1)
    (line,) = photo.truth.lines
    assert line.text == "تبوك" and [g.char for g in line.glyphs] == list("تبوك")
    middles = [g.polygon[:, 0].mean() for g in line.glyphs]
    assert middles == sorted(middles, reverse=True)
    assert photo.truth.label("x.jpg")["scripts"] == ["arabic"]


@pytest.mark.skipif(not installed(), reason="no free font is installed")
def test_installed_fonts_draw_filled_letters_inside_their_boxes() -> None:
    for name in installed():
        text = Text("W1234567", 0, -2, 4, MARKS["printed"], name, "centre")
        photo = render_photo(printed(texts=(text,)), Camera(640, 480, 60.0), LAMP, CLEAN, 1)
        (line,) = photo.truth.lines
        ink = dark(photo.pixels)
        area = np.zeros(ink.shape, np.uint8)
        for true_glyph in line.glyphs:
            cv2.fillPoly(area, [np.round(true_glyph.polygon).astype(np.int32)], 1)
        grown = cv2.dilate(area, np.ones((5, 5), np.uint8)) > 0
        assert ink[grown].sum() > 0.97 * ink.sum() > 300, name
        assert line.legible, name
        assert face_named(name).weight == pytest.approx(0.09, abs=0.06)
    assert not has_glyph("漢", face_named("ocr-a")) if "ocr-a" in installed() else True


def test_fonts_are_used_only_when_asked_for_and_held_back_ones_never() -> None:
    assert set(HELD_BACK_FONTS) <= set(FREE_FONTS)
    assert not HELD_BACK_FONTS & set(free_fonts())
    assert set(free_fonts(held_back=True)) <= HELD_BACK_FONTS
    assert not set(FREE_FACES) & set(FREE_FONTS)
    with pytest.raises(KeyError):
        face_named("no such face")


@pytest.mark.skipif("dejavu-sans" not in installed(), reason="the font is not installed")
def test_items_with_fonts_use_them_and_their_fields_still_stand_in_their_lines() -> None:
    seen: set[str] = set()
    words = 0
    for seed in range(80):
        rng = np.random.default_rng(seed)
        item = random_item(rng, fonts=free_fonts())
        seen |= {text.face for text in item.texts}
        marked = [unshaped(t.text) if is_shaped(t.text) else t.text for t in item.texts]
        words += any(is_shaped(text.text) for text in item.texts)
        for role, value in item.fields.items():
            if any(text.role == role and not text.value for text in item.texts):
                assert value in marked, role
    assert seen & set(free_fonts()) and not seen & HELD_BACK_FONTS and words


# Surfaces and files


def test_the_feed_of_a_lathe_is_regular() -> None:
    def peak(feed: float) -> float:
        canvas = Canvas.blank((0, 0, 40, 40), 10.0)
        lathe = Material((0.2, 0.2, 0.2), 0.5, 0.3, (Lay(0.5, 0.2, 0.0, feed=feed),), 0.0)
        lay_material(canvas, lathe, np.random.default_rng(1))
        power = np.abs(np.fft.rfft(canvas.height[:, 5] - canvas.height[:, 5].mean())) ** 2
        return float(power.max() / power.sum())

    assert peak(0.9) > 2 * peak(0.0)


def test_every_material_can_be_laid() -> None:
    for name, material in MATERIALS.items():
        canvas = Canvas.blank((0, 0, 12, 8), 8.0)
        lay_material(canvas, material, np.random.default_rng(0))
        for layer in (canvas.height, canvas.color, canvas.gloss, canvas.rough):
            assert np.isfinite(layer).all(), name
        assert canvas.color.min() >= 0 and canvas.rough.min() > 0


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_exif_is_what_truth_says_and_truth_is_that_of_the_upright_picture(
    orientation: int, tmp_path: Path
) -> None:
    facts = Exif("made-up phone Q", "2024-05-17T14:03:22", orientation)
    camera = Camera(640, 480, 60.0)
    photo = render_photo(printed(), camera, LAMP, replace(CLEAN, exif=facts), 1)
    (tmp_path / "a.jpg").write_bytes(photo.jpeg)
    plain = render_photo(printed(), camera, LAMP, CLEAN, 1)
    assert np.abs(photo.pixels.astype(int) - plain.pixels).mean() < 1.0
    assert np.array_equal(photo.truth.lines[0].polygon, plain.truth.lines[0].polygon)
    label = photo.truth.label("a.jpg")
    with open_photo(tmp_path / "a.jpg", Settings()) as opened:
        assert opened.source.orientation == label["orientation"] == orientation
        assert opened.source.captured_at == label["captured_at"] == "2024-05-17T14:03:22"
        assert opened.source.camera is not None and label["camera"] in opened.source.camera


def test_random_photos_come_with_and_without_exif_and_in_all_orientations() -> None:
    seen: Counter[int | None] = Counter()
    for seed in range(250):
        rng = np.random.default_rng(seed)
        exif = phone_view(random_item(rng), rng, 1600, 1200).sensor.exif
        seen[exif.orientation if exif else None] += 1
    assert set(seen) == {None, 1, 3, 6, 8}
