"""Traps: what the labels say of a number that is not whole must be what the pixels show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from serialscan.cli.render import render
from serialscan.evaluate.labels import read_labels
from serialscan.glyphs import latin_by_look
from serialscan.render import Photo, render_random, write_photos
from serialscan.render.camera import Camera, Sensor
from serialscan.render.chance import extent, random_item
from serialscan.render.covers import Over
from serialscan.render.layouts import LAYOUTS
from serialscan.render.lights import Light, Lighting
from serialscan.render.marks import MARKS, Text
from serialscan.render.photo import Item, View, render_item, render_photo
from serialscan.render.strokes import HELD_BACK_FACES
from serialscan.render.traps import (
    HARMLESS,
    KINDS,
    LOOKS,
    came_out,
    nominal,
    pick_kind,
    put_into_item,
    put_into_view,
)
from serialscan.render.truth import MOST_HIDDEN

LAMP = Lighting((Light(-120, 40, 1.0),), 0.3, "dark", 0.3)
CLEAN = Sensor(focus=0.0, grain=0.0, smoothing=0.0, sharpening=0.0, vignette=0.0, quality=95)
CAMERA = Camera(800, 600, 90.0)
NUMBER = "8475326"


def marked(number: str = NUMBER, **values: object) -> Item:
    line = Text(number, 0, -2, 3, MARKS["printed"], "label", "centre", role="serial")
    item = Item(
        "t", "t", "label", "paper", (-60, -60, 60, 60), (line,), used=False, fields={"serial": number}
    )
    return replace(item, **values)


def trapped(kind: str, seed: int = 1, item: Item | None = None) -> Photo:
    """A sharp photo of one marked sheet with a trap of a kind, straight from above."""
    rng = np.random.default_rng(seed)
    made = put_into_item(item or marked(), kind, False, rng)
    view = put_into_view(made, rng, 800, 600)
    camera = CAMERA if kind != "cut" else view.camera
    camera = replace(camera, mirrored=view.camera.mirrored)
    view = View(camera, LAMP, CLEAN, tuple(t for t in view.things if isinstance(t, Over)), view.trap)
    return next(iter(render_item(made.item, [view], 1, "t")))


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_kind_is_made_on_every_layout(name: str) -> None:
    for number, kind in enumerate((*KINDS, HARMLESS)):
        for held_back in (False, True):
            rng = np.random.default_rng([number, held_back])
            item = random_item(rng, (name,), held_back=held_back)
            first = f"covered:{LOOKS[number % len(LOOKS)]}" if kind == "covered" else kind
            made = put_into_item(item, first, held_back, rng)
            trap = put_into_view(made, rng, 1600, 1200).trap
            assert trap is not None and trap.kind.partition(":")[0] == kind
            held = [text for text in made.item.texts if text.role == "serial"]
            assert not made.item.codes, "a code would give the number away"
            if kind == "empty":
                assert trap.serial is None and "serial" not in made.item.fields
                assert len(made.item.texts) > 1, "other numbers stand around the empty field"
                continue
            assert len(held) == len(trap.parts)
            assert all(part in text.text for part, text in zip(trap.parts, held, strict=True))
            assert made.item.fields["serial"] == trap.serial
            assert "".join(trap.parts).replace(" ", "") == str(trap.serial).replace(" ", "")
            left, top, right, bottom = made.item.bounds
            for text in held:
                x0, y0, x1, y1 = extent(text)
                assert text.arc or (left < x0 and x1 < right and top < y0 and y1 < bottom)
                assert not held_back or text.face in HELD_BACK_FACES


def test_the_kinds_are_drawn_evenly_and_a_fifth_hides_nothing() -> None:
    rng = np.random.default_rng(1)
    drawn = [pick_kind(rng).partition(":")[0] for _ in range(3000)]
    assert drawn.count(HARMLESS) / 3000 == pytest.approx(0.2, abs=0.03)
    assert all(drawn.count(kind) / 3000 == pytest.approx(0.8 / len(KINDS), abs=0.02) for kind in KINDS)
    assert {pick_kind(rng, ("covered",)) for _ in range(300)} == {f"covered:{look}" for look in LOOKS}
    assert {pick_kind(rng, ("cut", "two")) for _ in range(50)} == {"cut", "two"}


def test_the_lines_of_a_split_number_are_given_with_the_whole() -> None:
    label = trapped("split").truth.label("x.jpg")
    first, second = label["serial_lines"]
    assert label["serial"] == first + second and label["visible"] == label["serial"] and label["whole"]
    assert any(line.endswith(first) for line in label["lines"]) and second in label["lines"]
    assert label["fields"]["serial"] == label["serial"]


@pytest.mark.parametrize("kind", ["suffix", "groups"])
def test_a_rest_in_its_own_row_stands_behind_a_gap_and_belongs_to_the_number(kind: str) -> None:
    for seed in range(5):
        photo = trapped(kind, seed)
        label = photo.truth.label("x.jpg")
        (part,) = label["serial_lines"]
        assert " " in part and label["serial"] == part.replace(" ", "") == label["visible"]
        assert label["whole"] and label["lines"][-1].endswith(part)
        (line,) = (line for line in photo.truth.lines if line.role == "serial")
        glyphs = line.glyphs_of(part)
        wide = np.mean([np.ptp(g.polygon[:, 0]) for g in glyphs if g.char.isalnum()])
        at = part.index(" ")
        gap = (glyphs[at].polygon[:, 0].min() - glyphs[at - 1].polygon[:, 0].max()) / wide
        assert (0.5 < gap < 2.7) if kind == "suffix" else (0.3 < gap < 2.0)


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_covered_is_lost_and_the_rest_is_untouched(look: str) -> None:
    rng = np.random.default_rng(4)
    made = put_into_item(marked(), f"covered:{look}", False, rng)
    things = [t for t in put_into_view(made, rng, 800, 600).things if isinstance(t, Over)]
    trap = made.trap
    bare, covered = (
        next(iter(render_item(made.item, [View(CAMERA, LAMP, CLEAN, over, trap)], 1, "t")))
        for over in ((), tuple(things))
    )
    label = covered.truth.label("x.jpg")
    glyphs = [glyph for _, glyph in covered.truth.serial_glyphs]
    shows = [glyph.shows() for glyph in glyphs]
    assert label["serial"] == NUMBER and label["whole"] == all(shows) and bare.truth.whole
    # One sees through clear tape and into a shadow; where something is left is measured.
    assert 1 <= shows.count(False) <= 5 or look in ("clear-tape", "shadow")
    before, after = (cv2.cvtColor(p.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32) for p in (bare, covered))
    soft = ("clear-tape", "shadow", "glare")  # these change what they do not hide, too
    alike, weaker = [], []
    for glyph in glyphs:
        area = np.zeros(before.shape, np.uint8)
        cv2.fillPoly(area, [np.round(glyph.polygon).astype(np.int32)], 1)
        same = float(np.corrcoef(before[area > 0], after[area > 0])[0, 1])
        if glyph.hidden > 0.97:
            assert not glyph.shows() and not same > 0.6
        elif glyph.hidden < 0.005 and look not in soft:
            assert same > 0.9
        alike.append(same)
        weaker.append(float(after[area > 0].std() / before[area > 0].std()))
    # What lies over a character has little contrast, or one of its own.
    assert max(alike) > 0.9 and (min(weaker) < 0.6 or min(alike) < 0.3)
    # What a careful viewer sees: the characters that show, in their places.
    seen = label["visible"]
    assert len(seen) <= len(NUMBER) and all(char in "?" + NUMBER for char in seen)
    assert sum(char != "?" for char in seen) == shows.count(True)


@pytest.mark.parametrize("seed", range(8))
def test_a_cut_number_runs_over_the_edge_of_the_photo(seed: int) -> None:
    photo = trapped("cut", seed)
    label = photo.truth.label("x.jpg")
    height, width = photo.pixels.shape[:2]
    glyphs = [glyph for _, glyph in photo.truth.serial_glyphs]
    beyond = [
        bool((g.polygon < 0).any() or (g.polygon > np.array([width - 1, height - 1])).any()) for g in glyphs
    ]
    assert any(beyond) and not all(beyond) and beyond[0] != beyond[-1], "one of its ends is cut off"
    assert label["serial"] == NUMBER and not label["whole"]
    assert label["visible"].strip("?") in NUMBER and len(label["visible"].strip("?")) < len(NUMBER)
    assert all(not glyph.shows() for glyph in glyphs if glyph.hidden > MOST_HIDDEN)
    assert NUMBER in label["illegible_lines"], "as every line that is not wholly in the photo"


def test_a_cut_goes_over_every_side_of_the_photo() -> None:
    sides = set()
    rng = np.random.default_rng(2)
    made = put_into_item(marked(), "cut", False, rng)
    ends = np.concatenate(nominal(made.item.texts[0]))
    for _ in range(60):
        camera = put_into_view(made, rng, 800, 600).camera
        at = camera.project(ends)
        beyond = {
            "left": at[:, 0] < 0,
            "top": at[:, 1] < 0,
            "right": at[:, 0] > 799,
            "bottom": at[:, 1] > 599,
        }
        sides |= {side for side, out in beyond.items() if out.any()}
    assert sides == {"left", "top", "right", "bottom"}


def test_faint_characters_hardly_show_and_the_others_do() -> None:
    engraved = marked().texts[0]
    item = marked(texts=(replace(engraved, mark=MARKS["engraved"], face="gorton"),), material="sandblasted")
    for seed in range(4):
        photo = trapped("faint", seed, item)
        assert photo.truth.trap is not None
        part = photo.truth.trap.kind.partition(":")[2]
        reads = [glyph.read for _, glyph in photo.truth.serial_glyphs]
        worst = int(np.argmin(reads))
        assert {"first": worst <= 1, "last": worst >= 5, "middle": 0 < worst < 6}[part]
        assert sorted(reads)[2] > 0.95, "the others show"
        assert photo.truth.whole == (min(reads) >= 0.9)


def test_letters_stand_as_they_were_struck() -> None:
    label = trapped("letters").truth.label("x.jpg")
    assert set(label["serial"]) & set("IOSBZGQD") and label["serial"] == label["visible"]
    assert label["whole"] and label["lines"] == [label["serial"]]


def test_an_empty_field_has_no_number() -> None:
    label = trapped("empty").truth.label("x.jpg")
    assert label["serial"] is None and label["visible"] is None and not label["whole"]
    assert label["serial_lines"] == [] and "serial" not in label["fields"]
    assert any(any(map(str.isdigit, line)) for line in label["lines"])


def test_a_mirrored_photo_is_the_mirror_image() -> None:
    mirrored = trapped("mirrored")
    plain = next(iter(render_item(marked(), [View(CAMERA, LAMP, CLEAN)], 1, "t")))
    flipped = mirrored.pixels[:, ::-1].astype(float)
    assert np.abs(flipped - plain.pixels).mean() < 2.0
    corners, other = (photo.truth.lines[0].polygon for photo in (plain, mirrored))
    assert np.abs(other[:, 0] - (799 - corners[:, 0])).max() < 0.1
    turned = replace(CAMERA, roll=90.0, mirrored=True)
    assert render_photo(marked(), turned, LAMP, CLEAN, 1).truth.rotate == 90


def test_stacked_characters_stand_one_below_the_other() -> None:
    photo = trapped("stacked")
    label = photo.truth.label("x.jpg")
    middles = np.array([glyph.polygon.mean(axis=0) for _, glyph in photo.truth.serial_glyphs])
    assert np.ptp(middles[:, 0]) < 12 and (np.diff(middles[:, 1]) > 12).all()
    assert label["serial"] == label["visible"] == NUMBER and label["whole"]


def test_a_second_number_in_the_row_is_none_of_the_serial() -> None:
    photo = trapped("two", 3)
    label = photo.truth.label("x.jpg")
    serial, other = (
        [line for line in photo.truth.lines if (line.role == "serial") == own] for own in (True, False)
    )
    assert label["serial"] == NUMBER and label["whole"] and len(serial) == len(other) == 1
    assert abs(serial[0].polygon[:, 1].mean() - other[0].polygon[:, 1].mean()) < 3


@pytest.mark.parametrize("seed", range(6))
def test_what_stands_near_a_number_hides_nothing(seed: int) -> None:
    photo = trapped(HARMLESS, seed)
    label = photo.truth.label("x.jpg")
    assert label["trap"].startswith("none:") and label["serial"] == label["visible"] == NUMBER
    assert label["whole"] and came_out(photo.truth)


def test_random_photos_with_traps_are_labels_that_can_be_evaluated(tmp_path: Path) -> None:
    names = list(write_photos(render_random(8, 5, megapixels=0.3, traps=()), tmp_path))
    rows = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text("utf-8").splitlines()]
    assert len(read_labels(tmp_path / "labels.jsonl")) == len(names) == 8
    for row in rows:
        assert {"trap", "serial", "serial_lines", "visible", "whole"} <= row.keys()
        if row["whole"]:
            assert row["visible"] == row["serial"]
        field = row["fields"].get("serial", "").replace(" ", "")
        assert latin_by_look(field) == (row["serial"] or "")


def bytes_of(count: int, seed: int, kinds: Sequence[str], **values: object) -> list[bytes]:
    made = render_random(count, seed, megapixels=0.3, traps=kinds, **values)  # type: ignore[arg-type]
    return [photo.jpeg for _, photo in made]


def test_the_same_seed_makes_the_same_traps_however_many() -> None:
    two = bytes_of(2, 9, ())
    assert bytes_of(1, 9, ()) == two[:1] and len(set(two)) == 2
    pair = [p.truth for _, p in render_random(2, 9, 2, True, 0.3, traps=("covered",))]
    assert pair[0].trap is not None and pair[0].item_id == pair[1].item_id


def test_photos_without_traps_are_what_they_were() -> None:
    """Against pictures and places that were stored before there were traps."""
    stored = json.loads((Path(__file__).parent / "data" / "render_usual.json").read_text(encoding="utf-8"))
    for seed, held_back, each in ((3, False, 1), (5, False, 1), (6, True, 2)):
        for name, photo in render_random(2, seed, each, held_back, 0.4):
            usual = stored.pop(f"{seed}/{name}")
            label = photo.truth.label(name)
            assert not {"trap", "visible", "whole", "serial_lines"} & label.keys()
            centres = [g.polygon.mean(axis=0) for line in photo.truth.lines for g in line.glyphs][::4]
            assert np.abs(np.array(centres) - np.array(usual["centres"])).max() < 0.2
            gray = cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY)
            small = cv2.resize(gray, (32, 24), interpolation=cv2.INTER_AREA).astype(int)
            before = np.frombuffer(bytes.fromhex(usual["small"]), np.uint8).reshape(24, 32).astype(int)
            assert np.abs(small - before).max() <= 3
    assert not stored


def test_the_command_makes_the_kinds_that_were_asked_for(tmp_path: Path) -> None:
    folder = tmp_path / "traps"
    options = ["--trap", "mirrored", "--trap", "covered:tag", "--held-back", "--megapixels", "0.3"]
    done = CliRunner().invoke(render, ["--count", "3", "--seed", "2", "--out", str(folder), *options])
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in (folder / "labels.jsonl").read_text("utf-8").splitlines()]
    assert {row["trap"] for row in rows} <= {"mirrored", "covered:tag"} and len(rows) == 3


def test_an_unknown_kind_is_an_error_that_names_the_known_ones(tmp_path: Path) -> None:
    done = CliRunner().invoke(render, ["--trap", "cropped", "--out", str(tmp_path / "x")])
    assert done.exit_code == 2 and "'cropped'" in done.output and "covered:glare" in done.output
    assert not (tmp_path / "x").exists()
