"""Recipes and engines: what changes a reading is named, and who looked is never hidden."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from conftest import Here, records, small_photo
from PIL import Image

from serialscan.cli.text import about_reader
from serialscan.errors import EngineError
from serialscan.reading import Null, Reader
from serialscan.reading.calibrate import load_calibration
from serialscan.reading.networks import Networks
from serialscan.reading.recorded import Recorded, Recording
from serialscan.recipe import EFFORTS, NORMAL, Recipe, recipe_for
from serialscan.record import PhotoRecord
from serialscan.scan import scan_photo
from serialscan.settings import Settings
from serialscan.tool import settings_digest, tool_with

SETTINGS = Settings(reader="network")


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_photo(tmp_path_factory.mktemp("photo") / "a.png")


@pytest.fixture(scope="module")
def recording(photo: Path, networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the networks say of the photo."""
    engine = Recording(networks)
    record = scan_photo(photo, Reader(SETTINGS, engine=engine), SETTINGS)
    assert record.serial.value == "W123456" and record.tool.engine == "networks"
    path = tmp_path_factory.mktemp("recording") / "a.zip"
    engine.save(path)
    return path


def codes(record: PhotoRecord) -> set[str]:
    return {warning.code for warning in record.warnings}


def values(part: Any, where: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value of a recipe and where it stands."""
    for field in dataclasses.fields(part):
        value, path = getattr(part, field.name), (*where, field.name)
        if dataclasses.is_dataclass(value):
            yield from values(value, path)
        else:
            yield path, value


def changed(part: Any, path: tuple[str, ...], value: Any) -> Any:
    name, *rest = path
    new = changed(getattr(part, name), tuple(rest), value) if rest else value
    return dataclasses.replace(part, **{name: new})


def test_each_value_of_a_recipe_counts_for_its_digest() -> None:
    digests = {NORMAL.digest}
    paths = [(path, value) for path, value in values(NORMAL) if path != ("name",)]
    assert len(paths) > 150
    for path, value in paths:
        other = not value if isinstance(value, bool) else (value, value) if value else "relief-v5"
        digests.add(changed(NORMAL, path, other).digest)
    assert len(digests) == 1 + len(paths)
    assert dataclasses.replace(NORMAL, name="another").digest == NORMAL.digest


def test_every_value_of_a_recipe_is_explained() -> None:
    def parts(one: Any) -> Iterator[Any]:
        yield one
        for field in dataclasses.fields(one):
            if dataclasses.is_dataclass(getattr(one, field.name)):
                yield from parts(getattr(one, field.name))

    for part in parts(NORMAL):
        told = type(part).__doc__ or ""
        for field in dataclasses.fields(part):
            assert f"        {field.name}: " in told, f"{type(part).__name__}.{field.name}"


def test_the_calibration_names_the_recipe_that_ships() -> None:
    """If this fails, confidences are wrong or unmeasured: see training/calibrate.py."""
    calibration = load_calibration()
    assert calibration.recipe == "normal"
    assert calibration.fits(EFFORTS["normal"])


@pytest.mark.parametrize("effort", EFFORTS)
def test_efforts_are_recipes_and_a_record_names_the_one_in_use(photo: Path, effort: Any) -> None:
    settings = Settings(reader="network", engine="null", effort=effort)
    record = scan_photo(photo, Reader(settings), settings)
    assert (record.tool.recipe, record.tool.fitted_to, record.tool.engine) == (effort, "normal", "null")
    assert "not_calibrated" not in codes(record)
    others = {settings_digest(Settings(reader="network", engine="null", effort=one)) for one in EFFORTS}
    assert len(others) == 3 and record.tool.settings_digest in others


@pytest.mark.parametrize(
    ("settings", "recipe"),
    [
        (
            SETTINGS,
            dataclasses.replace(NORMAL, name="mine", cover=dataclasses.replace(NORMAL.cover, even=0.5)),
        ),
        (Settings(reader="network", beams=10), None),
    ],
)
def test_a_recipe_that_nobody_measured_is_told(
    photo: Path, settings: Settings, recipe: Recipe | None
) -> None:
    record = scan_photo(photo, Reader(settings, recipe, Null()), settings)
    (told,) = (warning.message for warning in record.warnings if warning.code == "not_calibrated")
    assert record.tool.recipe in told and "fitted to the recipe normal" in told
    assert record.tool.settings_digest != tool_with(SETTINGS).settings_digest
    assert record.tool.recipe == (recipe or recipe_for(settings)).name


def test_a_calibration_of_another_recipe_or_none_is_told(photo: Path) -> None:
    older = msgspec.structs.replace(load_calibration(), recipe_digest="0" * 16)
    for calibration in (older, None):
        reader = Reader(SETTINGS, engine=Null(), calibration=calibration)
        assert "not_calibrated" in codes(scan_photo(photo, reader, SETTINGS))


def test_the_engine_null_reads_nothing_and_every_record_says_so(here: Here, photo: Path) -> None:
    done = here("scan", photo)
    (record,) = records(done.stdout)
    assert record["lines"] == [] and record["serial"]["decision"] == "none"
    assert record["tool"]["engine"] == "null" and record["tool"]["models"] == []
    assert "null_engine" in {warning["code"] for warning in record["warnings"]}
    assert b"nobody looked at the photos" in done.stderr
    assert record["tool"]["settings_digest"] != settings_digest(SETTINGS)


def test_a_run_whose_recipe_has_no_calibration_of_its_own_says_so() -> None:
    (told,) = about_reader(tool_with(Settings(effort="fast")))
    assert told == "confidences were fitted to effort normal, and this run used fast"
    assert about_reader(tool_with(Settings())) == []


def test_an_injected_engine_cannot_pass_for_another(photo: Path) -> None:
    """Whatever the settings say, the record names who looked."""
    record = scan_photo(photo, Reader(SETTINGS, engine=Null()), SETTINGS)
    assert record.tool.engine == "null" and "null_engine" in codes(record)
    assert record.tool.settings_digest == settings_digest(Settings(reader="network", engine="null"))


def test_what_was_recorded_is_played_back(photo: Path, recording: Path, networks: Networks) -> None:
    rgb = np.asarray(Image.open(photo).convert("RGB"))
    engine = Recorded(recording)
    again = Reader(SETTINGS, engine=engine).read(rgb)
    assert again == Reader(SETTINGS, engine=networks).read(rgb)
    record = scan_photo(photo, Reader(SETTINGS, engine=engine), SETTINGS)
    assert (record.serial.value, record.tool.engine) == ("W123456", "recorded")
    assert record.tool.models == networks.models, "whose answers they are"


def test_what_was_not_recorded_is_told(recording: Path, tmp_path: Path) -> None:
    reader = Reader(SETTINGS, engine=Recorded(recording))
    with pytest.raises(EngineError, match="was not recorded: record these photos"):
        reader.read(np.full((80, 240, 3), 90, np.uint8))
    broken = tmp_path / "broken.zip"
    broken.write_bytes(recording.read_bytes()[:100])
    for path in (broken, tmp_path / "missing.zip"):
        with pytest.raises(EngineError, match="cannot be read as a recording"):
            Recorded(path)


def test_recipes_are_swapped_on_one_recording(photo: Path, recording: Path) -> None:
    """Fewer views need no answer that was not recorded; each view stands in the record."""
    rgb = np.asarray(Image.open(photo).convert("RGB"))
    views = dataclasses.replace(NORMAL.views, rounds=(NORMAL.views.rounds[0][:1],))
    one = dataclasses.replace(NORMAL, name="one view", views=views)
    whole, few = (Reader(SETTINGS, recipe, Recorded(recording)).read(rgb).lines for recipe in (NORMAL, one))
    assert [line.text for line in few] == [line.text for line in whole] == ["W123456"]
    assert len(few[0].readers) < len(whole[0].readers)


def test_an_effort_is_no_recipe_by_name_alone() -> None:
    """Another width of the search is another recipe, and is named so."""
    recipe = recipe_for(Settings(beams=10))
    assert (recipe.name, recipe.decoding.beams) == ("normal, 10 beams", 10)
    assert recipe.digest != NORMAL.digest
    assert json.loads(msgspec.json.encode(recipe))["views"]["rounds"][0][0]["recogniser"] == "relief-v5"
