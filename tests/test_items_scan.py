"""``scan --items``: item records among the photo records, as people and programs see them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import Here, Program, records, small_photo

from serialscan.errors import ExitCode
from serialscan.record import json_schema


@pytest.fixture(scope="module")
def seizure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rifles in a folder each, one with a broken photo, and a photo beside them."""
    root = tmp_path_factory.mktemp("seizure")
    for name in ("one/A_1.png", "one/A_2.png", "two/B_1.png"):
        (root / name).parent.mkdir(exist_ok=True)
        small_photo(root / name, "W123456" if name.startswith("one") else "863073")
        with (root / name).open("ab") as file:  # behind the picture's end: no two are copies
            file.write(name.encode())
    (root / "two" / "B_2.jpg").write_bytes(b"no image")
    return root


def without_timing(output: bytes) -> list[dict[str, Any]]:
    return [{key: value for key, value in one.items() if key != "timing_ms"} for one in records(output)]


def test_item_records_follow_the_last_of_their_photos_with_any_number_of_jobs(
    reading: Program, seizure: Path
) -> None:
    runs = [
        reading("scan", "-r", seizure, "--items", "folder", "--jobs", jobs, cwd=seizure) for jobs in (1, 2)
    ]
    assert [run.returncode for run in runs] == [ExitCode.SOME_FAILED] * 2
    first, second = (without_timing(run.stdout) for run in runs)
    assert first == second
    assert [one["record"] for one in first] == ["photo", "photo", "item", "photo", "photo", "item"]
    one, two = first[2], first[5]
    assert [photo["path"] for photo in one["photos"]] == [str(seizure / "one" / f"A_{n}.png") for n in (1, 2)]
    assert one["item"] == (seizure / "one").as_posix()
    assert (one["status"], one["serial"]["value"], len(one["serial"]["evidence"])) == ("ok", "W123456", 2)
    assert (two["status"], two["photos"][1]["error"]) == ("incomplete", "not_an_image")
    assert b"2 items" in runs[0].stderr
    validator = jsonschema.Draft202012Validator(json_schema())
    for line in records(runs[0].stdout):
        validator.validate(line)


def test_a_table_names_the_photos_the_items_and_the_case(here: Here, seizure: Path) -> None:
    table = seizure / "items.csv"
    table.write_text(
        "photo;item;exhibit\none/A_2.png;R1;E-7\ntwo/B_1.png;R2;E-8\none/A_1.png;R1;E-7\n", "utf-8"
    )
    done = here("scan", "--items", table)
    assert done.returncode == ExitCode.OK, done.stderr
    lines = records(done.stdout)
    assert [one.get("item") for one in lines] == [None, None, "R2", None, "R1"]
    assert [one["case"] for one in lines if one["record"] == "item"] == [
        {"exhibit": "E-8"},
        {"exhibit": "E-7"},
    ]


def test_photos_without_an_item_are_read_and_counted(here: Here, seizure: Path) -> None:
    done = here("scan", seizure / "one", "--items", "name", "--item-pattern", r"(A)_1")
    lines = records(done.stdout)
    assert [one["record"] for one in lines] == ["photo", "item", "photo"]
    assert b"1 photo without an item" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--items", "colour"], ExitCode.USAGE, b"folder, name, or the path of a CSV file"),
        (["--item-pattern", "(a)"], ExitCode.USAGE, b"--item-pattern is for --items name"),
        (["--items", "name", "--item-pattern", "("], ExitCode.SETTINGS, b"no regular expression"),
        (["--items", "none.csv"], ExitCode.SETTINGS, b"none.csv cannot be read"),
    ],
)
def test_wrong_use_is_told_before_anything_is_written(
    here: Here, seizure: Path, tmp_path: Path, arguments: list[str], code: ExitCode, message: bytes
) -> None:
    output = tmp_path / "records.ndjson"
    output.write_bytes(b'{"record":"photo"}\n')
    done = here("scan", seizure / "one", "-o", output, *arguments)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert b"Traceback" not in done.stderr
    assert output.read_bytes() == b'{"record":"photo"}\n'


def test_the_table_for_people_has_a_row_for_each_item(reading: Program, seizure: Path) -> None:
    done = reading("scan", seizure / "one", "--items", "folder", "--format", "table")
    rows = done.stdout.decode().splitlines()
    (row,) = [row for row in rows if row.startswith("= ")]
    assert "W123456" in row and "review" in row
