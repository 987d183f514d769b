from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY, clean_environment

from serialscan.errors import SettingsError
from serialscan.settings import Settings, find_config, load_settings
from serialscan.tool import settings_digest


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "serialscan.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    file = config(tmp_path, "max_pixels = 1\nmax_bytes = 1\nmax_pages = 1\n")
    environment = {"SERIALSCAN_MAX_PIXELS": "2", "SERIALSCAN_MAX_BYTES": "2", "PATH": "/bin"}
    effective = load_settings({"max_pixels": 3, "gps": None}, environment, file)
    chosen = effective.settings
    assert (chosen.max_pixels, chosen.max_bytes, chosen.max_pages, chosen.gps) == (3, 2, 1, False)
    assert effective.origins["max_pixels"] == "--max-pixels"
    assert effective.origins["max_bytes"] == "SERIALSCAN_MAX_BYTES"
    assert effective.origins["max_pages"] == str(file)
    assert effective.origins["gps"] == "default"


def test_how_a_run_is_carried_out_does_not_change_the_digest(tmp_path: Path) -> None:
    file = config(tmp_path, "jobs = 3\ntimeout_s = 5\n")
    effective = load_settings({}, {}, file)
    assert (effective.batch.jobs, effective.batch.timeout_s) == (3, 5.0)
    assert settings_digest(effective.settings) == settings_digest(Settings())
    assert settings_digest(load_settings({"gps": True}, {}).settings) != settings_digest(Settings())


def digests(package: Path, programs: Path, *readers: str) -> list[str]:
    """The digests that a package gives of itself, with Tesseract as found in a folder."""
    code = (
        "import sys; from serialscan.settings import Settings; from serialscan.tool import settings_digest; "
        "print(*(settings_digest(Settings(reader=reader)) for reader in sys.argv[1:]))"
    )
    environment = clean_environment(package, PYTHONPATH=str(package), PATH=str(programs))
    done = subprocess.run(
        [sys.executable, "-c", code, *readers], env=environment, cwd=package, check=True, capture_output=True
    )
    return done.stdout.decode().split()


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for Tesseract is a shell script")
def test_all_that_can_change_a_record_changes_the_digest(tmp_path: Path) -> None:
    package, programs = tmp_path / "copy", tmp_path / "bin"
    skip = shutil.ignore_patterns("*.onnx", "__pycache__")
    shutil.copytree(REPOSITORY / "serialscan", package / "serialscan", ignore=skip)
    programs.mkdir()
    plain, auto = digests(package, programs, "network", "auto")
    assert auto == plain, "without Tesseract auto is the networks"
    seen = {plain}
    for version in ("5.3.0", "5.4.1"):
        program = programs / "tesseract"
        program.write_text(f"#!/bin/sh\n[ $1 = --version ] && echo tesseract {version} || echo eng\n")
        program.chmod(0o755)
        auto, tesseract, network = digests(package, programs, "auto", "tesseract", "network")
        seen |= {auto, tesseract}  # the reader in use counts, not the word
        assert network == plain
    assert len(seen) == 3
    for changed in ("marking/knowledge/weights.toml", "reading/models/checksums.json"):
        path = package / "serialscan" / changed
        text = path.read_text("utf-8")
        path.write_text(text.replace("1", "2", 1), encoding="utf-8")
        seen |= set(digests(package, programs, "network"))
        path.write_text(text, encoding="utf-8")
    assert len(seen) == 5
    assert digests(package, programs, "network") == [plain]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_pixel = 3", "did you mean max_pixels?"),
        ("frobnicate = 3", "known are reader, beams"),
        ("max_pixels = 0", "max_pixels = 0 .*whole number from 1 to"),
        ("max_pixels = true", "max_pixels = true .*whole number"),
        ("max_pixels = '3'", "whole number"),
        ("max_pixels = 1.5", "whole number"),
        ("beams = 1001", "from 1 to 1000"),
        ("gps = 1", "true or false"),
        ("reader = 'fast'", "auto, network, tesseract"),
        ("timeout_s = nan", "above 0"),
        ("timeout_s = inf", "86400 at most"),
        ("max_error = 0", "max_error = 0 .*from 0.0001 to 0.5"),
        ("max_error = 0.7", "from 0.0001 to 0.5"),
        ("max_error = nan", "from 0.0001 to 0.5"),
        ("[reader]\nname = 'auto'", "auto, network, tesseract"),
        ("max_pixels = = 1", "not valid TOML.*line 1"),
    ],
)
def test_a_bad_file_is_told_with_key_value_origin_and_remedy(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings({}, {}, config(tmp_path, text))
    assert "serialscan.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("SERIALSCAN_MAX_PIXEL", "3", "did you mean SERIALSCAN_MAX_PIXELS?"),
        ("SERIALSCAN_MAX_PIXELS", "many", '"many" .SERIALSCAN_MAX_PIXELS.*whole number'),
        ("SERIALSCAN_FONT", "here", "did you mean SERIALSCAN_FONTS?"),
        ("SERIALSCAN_GPS", "perhaps", "true or false"),
        ("SERIALSCAN_GPS", "", "true or false"),
        ("SERIALSCAN_MAX_ERROR", "0.7", "from 0.0001 to 0.5"),
        ("SERIALSCAN_READER", "\udcff", "auto, network, tesseract"),  # a byte that is no text
    ],
)
def test_a_bad_variable_is_told(variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings({}, {variable: value})


def test_the_folder_of_fonts_is_no_setting() -> None:
    """docs/rendering.md tells people to set it; scans must not stumble over it."""
    assert load_settings({}, {"SERIALSCAN_FONTS": "here"}) == load_settings({}, {})


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("False", False), ("0", False)])
def test_switches_in_the_environment(text: str, value: bool) -> None:
    assert load_settings({"gps": None}, {"SERIALSCAN_GPS": text}).settings.gps is value


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings({}, {}, tmp_path / "missing.toml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"# caf\xe9")
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings({}, {}, latin)


def test_the_nearest_file_upward_wins_over_that_of_the_user(tmp_path: Path) -> None:
    user = tmp_path / "user"
    work = tmp_path / "case" / "photos"
    user.mkdir()
    work.mkdir(parents=True)
    assert find_config(work, user) is None
    mine = config(user, "")
    assert find_config(work, user) == mine
    upward = config(tmp_path / "case", "")
    assert find_config(work, user) == upward
