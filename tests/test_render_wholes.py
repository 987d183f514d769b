"""Whole items between other things: what stands on the item and what behind it is told."""

from __future__ import annotations

import json
from pathlib import Path

import click
import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from serialscan.cli.render import render
from serialscan.render.photo import Photo
from serialscan.render.strokes import HELD_BACK_FACES
from serialscan.render.truth import BEHIND
from serialscan.render.wholes import FAMILIES, whole_photo


def photo(family: str, seed: int, held_back: bool = False) -> Photo:
    return whole_photo(np.random.default_rng(seed), "", family, held_back, 0.4)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_drawn_with_its_number_in_the_photo(family: str) -> None:
    made = photo(family, 3)
    height, width = made.pixels.shape[:2]
    numbers = [line for line in made.truth.lines if line.role == "serial"]
    assert numbers and made.truth.fields["serial"] in " ".join(line.text for line in numbers)
    middles = [line.polygon.mean(axis=0) for line in numbers]
    assert any(0 <= x < width and 0 <= y < height for x, y in middles)


def test_the_label_says_of_each_line_where_it_stands() -> None:
    made = [photo("pistol", seed) for seed in range(4)]
    rows = [one.truth.label("x.jpg") for one in made]
    assert all(len(row["where"]) == len(row["lines"]) for row in rows)
    assert {place for row in rows for place in row["where"]} == {"item", "background"}
    for one, row in zip(made, rows, strict=True):
        legible = [line for line in one.truth.lines if line.legible]
        assert [place == "background" for place in row["where"]] == [line.role == BEHIND for line in legible]
        behind = [line for line in one.truth.lines if line.role == BEHIND]
        assert not any(line.role == "serial" for line in behind)


def test_what_lies_beside_the_item_is_not_drawn_over_it() -> None:
    for seed in range(2):
        lines = photo("shotgun", seed).truth.lines
        item = np.concatenate([line.polygon for line in lines if line.role == "serial"])
        for line in lines:
            if line.role == BEHIND:
                hull = cv2.convexHull(line.polygon)
                assert all(cv2.pointPolygonTest(hull, (float(x), float(y)), False) < 0 for x, y in item)


def test_held_back_letters_stand_on_the_item() -> None:
    from serialscan.render.wholes import _held_back, carbine

    rng = np.random.default_rng(1)
    faces = {text.face for text in _held_back(carbine(rng), rng).texts}
    assert faces <= HELD_BACK_FACES
    assert not {text.face for text in carbine(rng).texts} & HELD_BACK_FACES


def test_whole_items_are_rendered_by_the_command(tmp_path: Path) -> None:
    words = ["--whole", "--count", "2", "--seed", "4", "--megapixels", "0.3", "--out"]
    for name in ("a", "b"):
        assert CliRunner().invoke(render, [*words, str(tmp_path / name)]).exit_code == 0
    first, second = ((tmp_path / name / "labels.jsonl").read_bytes() for name in ("a", "b"))
    assert first == second
    rows = [json.loads(row) for row in first.decode().splitlines()]
    assert len(rows) == 2 and all((tmp_path / "a" / row["file"]).exists() for row in rows)
    result = CliRunner().invoke(render, [*words, str(tmp_path / "c"), "--traps"])
    assert result.exit_code == click.UsageError.exit_code and "--whole" in result.output
    assert not (tmp_path / "c").exists()
