"""Several photos of one item, hidden characters, damage, tags: truth must say what the pixels show."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from serialscan.cli.render import render
from serialscan.render import Item, Photo, render_photo, render_random
from serialscan.render.camera import Camera, Sensor
from serialscan.render.chance import damaged, exhibit, extent, phone_view, things_on, with_numbers
from serialscan.render.flaws import Flaw
from serialscan.render.layouts import LAYOUTS, any_item
from serialscan.render.lights import Light, Lighting
from serialscan.render.marks import MARKS, Text
from serialscan.render.photo import View, render_item
from serialscan.render.scene import Cover, Ruler, Tag, Thing
from serialscan.render.strokes import has_glyph

LAMP = Lighting((Light(-120, 40, 1.0),), 0.3, "dark", 0.3)
CLEAN = Sensor(focus=0.0, grain=0.0, smoothing=0.0, sharpening=0.0, vignette=0.0, quality=95)
CAMERA = Camera(800, 600, 80.0)
TEXT = "SER NO W123456"


def engraved(**values: object) -> Item:
    line = Text(TEXT, 0, -2, 4, MARKS["engraved"], "gorton", "centre", role="serial", value="W123456")
    fields = {"serial": "W123456"}
    item = Item("t", "t", "engraved", "sandblasted", (-60, -60, 60, 60), (line,), used=False, fields=fields)
    return replace(item, **values)


def taken(*things: Thing, **values: object) -> Photo:
    return render_photo(engraved(**values), CAMERA, LAMP, CLEAN, 1, things)


def over_character(place: int, **values: object) -> Cover:
    """A band from top to bottom, 1 mm wider than the character at a place (spaces not counted)."""
    corners = taken().truth.lines[0].glyphs[place].polygon
    x = (corners[:, 0].mean() - 399.5) / 10
    width = np.ptp(corners[:, 0]) / 10 + 1.0
    return Cover(**{"form": "tape", "start": (x, -20), "end": (x, 20), "width": width, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["sling", "rail", "finger", "tape"])
def test_a_covered_character_is_a_question_mark_and_its_pixels_are_covered(form: str) -> None:
    photo = taken(over_character(7, form=form))
    label = photo.truth.label("x.jpg")
    assert label["lines"] == ["SER NO W1?3456"]
    assert label["serial"] == "W1?3456" and label["fields"]["serial"] == "W123456"
    assert [g["char"] for g in label["glyphs"][0] if g.get("hidden", 0) > 0.9] == ["2"]
    # What lies under the band leaves no trace: another character there gives the same picture.
    other = Text(TEXT.replace("2", "0"), 0, -2, 4, MARKS["engraved"], "gorton", "centre")
    left, top = np.floor(photo.truth.lines[0].glyphs[7].polygon.min(axis=0)).astype(int)
    right, bottom = np.ceil(photo.truth.lines[0].glyphs[7].polygon.max(axis=0)).astype(int)
    swapped = taken(over_character(7, form=form), texts=(other,)).pixels[top:bottom, left:right]
    bare = taken().pixels[top:bottom, left:right].astype(int)
    covered = photo.pixels[top:bottom, left:right].astype(int)
    assert np.abs(covered - swapped).mean() < 4.0 < 2.0 * np.abs(covered - bare).mean()


def test_a_line_of_which_most_is_covered_is_illegible() -> None:
    label = taken(Cover("sling", (-40, 0), (6, 0), 12.0)).truth.label("x.jpg")
    assert label["lines"] == [] and label["serial"] is None
    assert label["illegible_lines"] == [TEXT] and label["partial_lines"]
    assert [len(polygon) for polygon in label["illegible_polygons"]] == [4]


def test_what_lies_beside_a_line_hides_nothing() -> None:
    label = taken(Cover("rail", (-40, 12), (40, 12), 6.0), Ruler(-35, 18)).truth.label("x.jpg")
    assert label["lines"] == [TEXT] and label["serial"] == "W123456"
    assert label["partial_lines"], "the ruler's numbers can be read too"


@pytest.mark.parametrize("strength, char", [(1.0, "?"), (0.3, "2")])
def test_ground_off_characters_are_hidden_only_if_nothing_is_left(strength: float, char: str) -> None:
    band = over_character(7)
    flaw = Flaw("ground", (band.start[0], -2), (band.end[0], 2), band.width, strength)
    (line,) = taken(flaws=(flaw,)).truth.label("x.jpg")["lines"]
    # The ragged rim of the patch may reach a neighbour, not what stands farther away.
    assert line[9] == char and line.startswith("SER NO W") and line.endswith("456")


@pytest.mark.parametrize("form", ["ground", "gouge", "paint", "dirt"])
def test_damage_changes_the_picture_where_it_is_and_nowhere_else(form: str) -> None:
    flaw = Flaw(form, (-3, -1), (3, 1), 2.0, 0.9, (0.3, 0.1, 0.05))  # type: ignore[arg-type]
    # Texture of a ground patch comes from the same stream as nothing else: the rest must stay.
    still = replace(CLEAN, exposure=0.0)
    plain = render_photo(engraved(), CAMERA, LAMP, still, 1).pixels.astype(int)
    hurt = render_photo(engraved(flaws=(flaw,)), CAMERA, LAMP, still, 1).pixels.astype(int)
    change = np.abs(plain - hurt).max(axis=2)
    assert (change[285:315, 365:435] > 20).mean() > 0.02
    assert (change[:200] > 20).mean() < 0.01


def test_a_corrected_character_shows_both_and_truth_names_the_last() -> None:
    mark = replace(MARKS["struck"], jitter=0.0, fade=0.0)
    line = Text("480617", 0, -2, 4, mark, "punch", "centre", role="serial")
    clean = render_photo(engraved(texts=(line,)), CAMERA, LAMP, CLEAN, 1)
    over = render_photo(engraved(texts=(replace(line, under="  7   "),)), CAMERA, LAMP, CLEAN, 1)
    twice = render_photo(engraved(texts=(replace(line, twice=(2,)),)), CAMERA, LAMP, CLEAN, 1)
    boxes = [np.round(g.polygon).astype(int) for g in clean.truth.lines[0].glyphs]
    for photo in (over, twice):
        assert photo.truth.lines[0].text == "480617"
        change = np.abs(photo.pixels.astype(int) - clean.pixels.astype(int)).mean(axis=2)
        by_place = [change[b[0, 1] : b[2, 1], b[0, 0] : b[1, 0]].mean() for b in boxes]
        assert by_place[2] > 8.0 and int(np.argmax(by_place)) == 2
        assert max(by_place[0], by_place[4]) < 1.5


def test_what_blur_wipes_out_is_illegible() -> None:
    sharp = render_photo(engraved(), CAMERA, LAMP, CLEAN, 1).truth.lines[0]
    tall = sharp.glyph_height_px
    for sensor in (
        replace(CLEAN, focus=0.15 * tall), replace(CLEAN, shake=(0.5 * tall, 30.0)),
    ):  # fmt: skip
        line = render_photo(engraved(), CAMERA, LAMP, sensor, 1).truth.lines[0]
        assert sharp.legible and not line.legible
        assert 0.13 < line.blur < 0.2


def test_an_evidence_tag_is_a_line_and_a_field_and_no_serial() -> None:
    tag = Tag(-20, 8, "CASE 24/0173", ("EVIDENCE", "ITEM 7"))
    photo = taken(tag)
    label = photo.truth.label("x.jpg")
    assert label["lines"] == [TEXT, "CASE 24/0173", "EVIDENCE", "ITEM 7"]
    assert label["fields"]["evidence_tag"] == "CASE 24/0173" and label["serial"] == "W123456"
    gray = cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY)
    for line in photo.truth.lines[1:]:
        left, top = np.floor(line.polygon.min(axis=0)).astype(int)
        right, bottom = np.ceil(line.polygon.max(axis=0)).astype(int)
        part = gray[top:bottom, left:right]
        assert np.percentile(part, 90) - part.min() > 60, line.text


def test_photos_of_one_item_share_id_texts_and_surface_and_differ_in_view() -> None:
    texts = (replace(engraved().texts[0], mark=replace(MARKS["struck"], jitter=2.0)),)
    item = engraved(texts=texts, used=True)
    same = View(CAMERA, LAMP, CLEAN)
    turned = View(replace(CAMERA, roll=90.0, field=120.0), LAMP, CLEAN, (over_character(0),))
    first, second, third = render_item(item, (same, turned, same), 3, "item-9")
    assert {p.truth.label("x")["item"] for p in (first, second, third)} == {"item-9"}
    assert second.truth.rotate == 270
    # The covered first photo leaves the surface of the next one as it was: but for noise it is the same.
    assert np.abs(first.pixels.astype(int) - third.pixels.astype(int)).mean() < 1.0
    upright = cv2.rotate(second.pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
    assert upright.shape != first.pixels.shape
    # The wandering letters stand at the same places of the item in both photos.
    a = CAMERA.project(np.zeros((1, 2), np.float32))[0]
    offsets = [
        (np.array([g.polygon.mean(axis=0) for g in p.truth.lines[0].glyphs]) - a) / scale
        for p, scale in ((first, 800 / 80.0), (second, 800 / 120.0))
    ]
    assert np.abs(offsets[0][:, 0] - offsets[1][:, 1]).max() < 0.1
    assert np.abs(offsets[0][:, 1] + offsets[1][:, 0]).max() < 0.1


def test_random_photos_come_in_items_and_are_the_same_each_time() -> None:
    photos = list(render_random(3, 8, photos_per_item=2, megapixels=0.5))
    labels = [photo.truth.label(name) for name, photo in photos]
    assert [label["item"] for label in labels] == [f"item-8-00000{k}" for k in (0, 0, 1)]
    assert labels[0]["object"] == labels[1]["object"]
    assert labels[0]["fields"]["serial"] == labels[1]["fields"]["serial"]
    assert photos[0][1].jpeg != photos[1][1].jpeg
    again = render_random(2, 8, photos_per_item=2, megapixels=0.5)
    assert [(name, photo.jpeg) for name, photo in again] == [(name, photo.jpeg) for name, photo in photos[:2]]


def test_items_of_one_photo_do_not_share_an_id(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        render,
        ["--count", "3", "--seed", "4", "--photos-per-item", "2", "--megapixels", "0.3",
         "--out", str(tmp_path / "o")],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    rows = [json.loads(row) for row in (tmp_path / "o" / "labels.jsonl").read_text("utf-8").splitlines()]
    assert [row["item"] for row in rows] == ["item-4-000000", "item-4-000000", "item-4-000001"]
    single = [photo.truth.item_id for _, photo in render_random(2, 4, megapixels=0.3)]
    assert len(set(single)) == 2


@pytest.mark.parametrize("name", LAYOUTS)
def test_added_numbers_touch_no_other_text_and_agree_with_the_fields(name: str) -> None:
    added = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        before = LAYOUTS[name](rng)
        item = with_numbers(before, rng)
        new = item.texts[len(before.texts) :]
        added += len(new)
        assert item.fields["serial"] == before.fields["serial"]
        for text in new:
            left, top, right, bottom = extent(text)
            for other in item.texts:
                if other is text:
                    continue
                a, b, c, d = extent(other)
                assert right < a or c < left or bottom < b or d < top
            if text.role != "other":
                assert item.fields[text.role] in text.text
        tag = Tag(0, 0, *exhibit(rng))
        drawn = [text.text for text in (*new, *damaged(item, rng).texts, *tag.texts())]
        drawn += [text.under for text in damaged(item, rng).texts]
        assert all(has_glyph(char) for text in drawn for char in text)
    assert added or name in ("end-cap", "aimpoint")


def test_random_scenes_hold_every_kind_of_thing_and_most_are_empty() -> None:
    seen: list[str] = []
    bare = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        item = any_item(rng)
        things = things_on(item, phone_view(item, rng, 1600, 1200).camera, rng)
        bare += not things
        seen += [thing.form if isinstance(thing, Cover) else type(thing).__name__ for thing in things]
    assert {"sling", "rail", "finger", "tape", "Tag", "Ruler"} == set(seen)
    assert 150 < bare < 260
