"""samples/ is what people try first: the labels must be right and the code must be able to make it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from serialscan.render.samples import SAMPLES, render_sample

FOLDER = Path(__file__).parent.parent / "samples"
ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in (FOLDER / "labels.jsonl").read_text("utf-8").splitlines()
]


def test_every_photo_has_its_label_and_the_folder_is_small() -> None:
    photos = sorted(path.name for path in FOLDER.glob("*.jpg"))
    assert photos == sorted(row["file"] for row in ROWS) == sorted(f"{sample.name}.jpg" for sample in SAMPLES)
    assert len(photos) >= 12
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 8_000_000
    described = (FOLDER / "README.md").read_text("utf-8")
    assert all(name in described for name in photos)


def test_the_samples_cover_what_is_seized() -> None:
    items = " ".join(row["object"] for row in ROWS)
    for thing in ("M4", "M16", "M249", "Remington", "AK", "Type 56", "ACOG", "Aimpoint", "PVS-14", "PEQ-15"):
        assert thing in items
    assert any("五六式" in row["lines"] for row in ROWS)
    assert any(row.get("rotate_cw_to_upright") == 182 for row in ROWS)
    assert any(row.get("rotate_cw_to_upright") == 330 for row in ROWS)
    assert any(row.get("layout") == "circular" for row in ROWS)
    assert sum(bool(row.get("codes")) for row in ROWS) >= 2
    assert {row["kind"] for row in ROWS} >= {"stamped", "engraved", "plate", "laser", "label", "dotpeen"}
    assert all(row["serial"] for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_labels_agree_with_themselves_and_with_the_photo(row: dict[str, Any]) -> None:
    picture = cv2.imread(str(FOLDER / row["file"]), cv2.IMREAD_GRAYSCALE)
    height, width = picture.shape
    assert 1200 <= max(width, height) <= 2000
    assert any(row["serial"] in line for line in row["lines"])
    for line, polygon, glyphs, size in zip(
        row["lines"], row["polygons"], row["glyphs"], row["glyph_height_px"], strict=True
    ):
        chars = zip((glyph["char"] for glyph in glyphs), line.replace(" ", ""), strict=True)
        assert all(shown in (char, "?") for char, shown in chars)
        corners = np.array([glyph["polygon"] for glyph in glyphs], np.float32).reshape(-1, 2)
        hull = cv2.convexHull(np.array(polygon, np.float32))
        assert all(cv2.pointPolygonTest(hull, (float(x), float(y)), True) > -1.5 for x, y in corners)
        assert size >= 11
        left, top = np.floor(corners.min(axis=0)).astype(int)
        right, bottom = np.ceil(corners.max(axis=0)).astype(int)
        around = picture[max(0, top) : bottom, max(0, left) : right]
        assert around.std() > 3.0


@pytest.mark.parametrize("name", ["bolt-carrier-30-degrees", "pvs-7-far-away"])
def test_the_code_makes_the_sample_again(name: str) -> None:
    (sample,) = (sample for sample in SAMPLES if sample.name == name)
    (row,) = (row for row in ROWS if row["file"] == f"{name}.jpg")
    photo = render_sample(sample)
    stored = cv2.cvtColor(cv2.imread(str(FOLDER / row["file"])), cv2.COLOR_BGR2RGB)
    assert photo.pixels.shape == stored.shape
    # Other versions of OpenCV and of the JPEG library may round differently, no more than that.
    assert np.abs(photo.pixels.astype(int) - stored.astype(int)).mean() < 2.0
    made = json.loads(json.dumps(photo.truth.label(row["file"])))
    assert made["lines"] == row["lines"] and made["serial"] == row["serial"]
    assert np.allclose(np.concatenate(made["polygons"]), np.concatenate(row["polygons"]), atol=0.2)
