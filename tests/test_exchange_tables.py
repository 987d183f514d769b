"""Tables that are exported, as programs and people read them."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from case_fixtures import BY, RUN, Command, add_photo, logged, verdict_on
from conftest import Program
from exchange_fixtures import HOSTILE, a_case, hostile_records, write_records

from serialscan.case import CaseWriter
from serialscan.errors import ExitCode
from serialscan.exchange.form import COLUMNS


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def control(text: str) -> str:
    """Control characters of a workbook are written by number; openpyxl leaves them so."""
    return re.sub(r"_x00([01][0-9A-F])_", lambda found: chr(int(found[1], 16)), text)


def sheet_of(path: Path) -> list[dict[str, str]]:
    sheet = openpyxl.load_workbook(path)["Items"]
    cells = [list(row) for row in sheet.iter_rows()]
    assert all(cell.data_type in ("s", "n") for row in cells for cell in row)
    assert not any(cell.data_type == "n" and cell.value is not None for row in cells for cell in row)
    heads = [cell.value for cell in cells[0]]
    return [
        {head: control(cell.value or "") for head, cell in zip(heads, row, strict=True)} for row in cells[1:]
    ]


def test_csv_keeps_every_text_as_it_is(command: Command, tmp_path: Path) -> None:
    write_records(tmp_path / "records.ndjson", *hostile_records(tmp_path / "photos"))
    done = command("export", "records.ndjson", "--format", "csv", "-o", "items.csv")
    assert (done.code, done.out) == (ExitCode.OK, ""), done.err
    data = (tmp_path / "items.csv").read_bytes()
    assert data.startswith(b"item,serial,") and data.endswith(b"\r\n")
    rows = rows_of(tmp_path / "items.csv")
    assert [row["serial"] for row in rows] == list(HOSTILE) == [row["manufacturer"] for row in rows]
    about = json.loads((tmp_path / "items.csv-metadata.json").read_text("utf-8"))
    assert [one["name"] for one in about["tableSchema"]["columns"]] == list(rows[0])
    assert about["url"] == "items.csv" and {one["datatype"] for one in about["tableSchema"]["columns"]} == {
        "string"
    }
    command("export", "records.ndjson", "--format", "csv", "-o", "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == data


def test_csv_for_spreadsheets_runs_nothing_and_says_what_it_altered(command: Command, tmp_path: Path) -> None:
    write_records(tmp_path / "records.ndjson", *hostile_records(tmp_path / "photos"))
    done = command("export", "records.ndjson", "--format", "csv", "-o", "items.csv", "--excel", "--bom")
    assert (tmp_path / "items.csv").read_bytes().startswith(b"\xef\xbb\xbfitem,")
    with (tmp_path / "items.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file, strict=True) for cell in row]
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "@", "-"))]
    changed = [text for text in HOSTILE if f"'{text}" in cells]
    assert "-123" in changed and "\t=1+1" in changed and "00123" not in changed
    assert "cells were altered" in done.err
    about = (tmp_path / "items.csv-metadata.json").read_text("utf-8")
    assert "apostrophe" in about


def test_a_workbook_holds_every_cell_as_text_with_pictures_of_serials(
    command: Command, tmp_path: Path
) -> None:
    write_records(tmp_path / "records.ndjson", *hostile_records(tmp_path / "photos"))
    done = command("export", "records.ndjson", "--format", "xlsx", "-o", "items.xlsx")
    assert done.code == ExitCode.OK, done.err
    rows = sheet_of(tmp_path / "items.xlsx")
    serials = [row["Serial number (from frame or receiver)"] for row in rows]
    assert [text.replace("\r\n", "\n") for text in serials] == [
        text.replace("\r\n", "\n") for text in HOSTILE
    ]
    pictures = openpyxl.load_workbook(tmp_path / "items.xlsx")["Items"]._images
    assert [(one.anchor._from.row, one.anchor._from.col) for one in pictures] == [
        (row, 1) for row in range(1, len(HOSTILE) + 1)
    ]
    assert all(one._data().startswith(b"\xff\xd8") for one in pictures)
    with ZipFile(tmp_path / "items.xlsx") as parts:
        assert not [name for name in parts.namelist() if "external" in name.lower() or "vba" in name.lower()]
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_a_workbook_says_where_it_had_to_cut(command: Command, tmp_path: Path) -> None:
    from exchange_fixtures import with_serial

    (record, *_) = hostile_records(tmp_path / "photos")
    write_records(tmp_path / "records.ndjson", with_serial(record, "9" * 40_000))
    done = command("export", "records.ndjson", "--format", "xlsx", "-o", "items.xlsx")
    assert "cells were cut" in done.err
    (row,) = sheet_of(tmp_path / "items.xlsx")
    assert row["Serial number (from frame or receiver)"].endswith("(cut: see the records)")


def test_what_a_reviewer_decided_stands_and_the_reading_beside_it(command: Command, tmp_path: Path) -> None:
    path, photos, _ = a_case(tmp_path)
    done = command("export", path, "--format", "csv", "-o", "items.csv", *BY)
    assert done.code == ExitCode.OK, done.err
    rows = {Path(row["item"]).name: row for row in rows_of(tmp_path / "items.csv")}
    assert list(rows) == ["IMG_0000.jpg", "IMG_0001.jpg", "IMG_0002.jpg", "AK-1"]
    told = rows["IMG_0001.jpg"]
    assert (told["serial"], told["machine_serial"]) == ("AB7001", photos[1].serial.value)
    assert told["state"] == "decided by a person" and "A. Doe" in told["decided"]
    assert (told["manufacturer"], told["machine_values"]) == ("FN HERSTAL", "manufacturer: COLT")
    altered = rows["IMG_0002.jpg"]
    assert (altered["serial"], altered["serial_status"]) == ("", "removed or altered")
    item = rows["AK-1"]
    assert (item["manufacturer"], item["calibre"], item["other_numbers"]) == ("COLT", "5.56 MM", "9349055")
    assert item["item_class"] == "rifle" and "no model was recognised" in item["missing"]
    assert item["sha256"] == " | ".join(str(one.source.sha256) for one in photos[3:])
    assert rows["IMG_0000.jpg"]["state"] == "accepted by the program"


def test_places_are_exported_only_if_they_are_asked_for(command: Command, tmp_path: Path) -> None:
    path, _, _ = a_case(tmp_path)
    for form in ("csv", "xlsx"):
        command("export", path, "--format", form, "-o", f"without.{form}", *BY)
        command("export", path, "--format", form, "-o", f"with.{form}", "--gps", *BY)
    assert not any(part in (tmp_path / "without.csv").read_text() for part in ("34.52", "69.17", "Kabul"))
    with_places = (tmp_path / "with.csv").read_text()
    assert "34.525123, 69.178456" in with_places and "place: Kabul, Gate 4" in with_places
    texts = [str(sheet_of(tmp_path / f"{name}.xlsx")) for name in ("without", "with")]
    assert ["Kabul" in text for text in texts] == ["34.525123" in text for text in texts] == [False, True]


def test_an_export_of_a_case_stands_in_its_ledger_with_its_hash(command: Command, tmp_path: Path) -> None:
    path, _, _ = a_case(tmp_path)
    done = command("export", path, "--format", "csv", "-o", "items.csv")
    assert done.code == ExitCode.USAGE and "--by" in done.err and not (tmp_path / "items.csv").exists()
    command("export", path, "--format", "csv", "-o", "items.csv", *BY)
    entry = logged(command, path)[-1]
    files = [tmp_path / name for name in ("items.csv", "items.csv-metadata.json")]
    assert entry["kind"] == "export" and "A. Doe" in json.dumps(entry)
    assert all(hashlib.sha256(one.read_bytes()).hexdigest() in json.dumps(entry) for one in files)
    assert verdict_on(path).ok


def test_what_cannot_be_exported_is_told_and_nothing_is_written(command: Command, tmp_path: Path) -> None:
    path, photos, _ = a_case(tmp_path)
    write_records(tmp_path / "records.ndjson", *photos)
    (tmp_path / "there.csv").write_text("mine")
    done = command("export", "records.ndjson", "--format", "csv", "-o", "there.csv")
    assert done.code == ExitCode.OUTPUT and (tmp_path / "there.csv").read_text() == "mine"
    (tmp_path / "new.csv-metadata.json").write_text("mine")
    done = command("export", "records.ndjson", "--format", "csv", "-o", "new.csv")
    assert done.code == ExitCode.OUTPUT and not (tmp_path / "new.csv").exists()
    (tmp_path / "empty.ndjson").write_bytes(b"")
    for wrong, code in ((("empty.ndjson",), 4), (("none.ndjson",), 4), (("records.ndjson", "--excel"), 2)):
        assert command("export", *wrong, "--format", "xlsx", "-o", "x.xlsx").code == code
    data = bytearray(path.read_bytes())
    at = data.index(b"AB1000")
    data[at : at + 6] = b"AB1008"
    path.write_bytes(data)
    done = command("export", path, "--format", "csv", "-o", "damaged.csv", *BY)
    assert done.code == ExitCode.VERIFY_FAILED and not list(tmp_path.glob("damaged*"))
    assert not list(tmp_path.glob("x.xlsx*"))


def test_nothing_is_exported_while_the_ledger_is_written(command: Command, tmp_path: Path) -> None:
    path, _, _ = a_case(tmp_path)
    with CaseWriter(path):
        for words in (("export", path, "--format", "csv"), ("report", path)):
            done = command(*words, "-o", "items.x", *BY)
            assert done.code == ExitCode.OUTPUT and "being written" in done.err
    assert not list(tmp_path.glob("items*"))


def test_nothing_is_written_among_the_photos(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    (tmp_path / "photos" / "below").mkdir(parents=True)
    with CaseWriter(path) as writer:
        run = writer.begin_run(replace(RUN, folder=str(tmp_path)))
        add_photo(writer, run, 1)
        writer.end_run(run, ok=1, failed=0)
    before = path.read_bytes()
    place = "photos/below/x"
    for words in (
        ("export", path, "--format", "csv", "-o", place, *BY), ("report", path, "-o", place, *BY),
        ("case", "show", path, "IMG_0001.jpg", "--pictures", place),
    ):  # fmt: skip
        done = command(*words)
        assert done.code == ExitCode.OUTPUT and "among the photos" in done.err, (words, done.err)
    assert not list((tmp_path / "photos" / "below").iterdir()) and path.read_bytes() == before


def test_a_case_that_may_not_be_written_is_exported_without_an_entry(
    command: Command, tmp_path: Path
) -> None:
    path, _, _ = a_case(tmp_path)
    assert command("case", "seal", path, *BY).code == ExitCode.OK
    assert command("case", "extract", path, "AK-1", "-o", "part.case").code == ExitCode.OK
    before = (tmp_path / "part.case").read_bytes()
    done = command("export", "part.case", "--format", "csv", "-o", "part.csv")
    assert done.code == ExitCode.OK and "no entry was written" in done.err, done.err
    assert [row["item"] for row in rows_of(tmp_path / "part.csv")] == ["AK-1"]
    assert (tmp_path / "part.case").read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_case_in_a_read_only_folder_is_exported_without_an_entry(
    serialscan: Program, tmp_path: Path
) -> None:
    medium = tmp_path / "medium"
    path, _, _ = a_case(medium)
    before = path.read_bytes()
    medium.chmod(0o555)
    try:
        for words in (("export", path, "--format", "csv"), ("report", path)):
            done = serialscan(*words, "-o", tmp_path / words[0], *BY)
            assert done.returncode == ExitCode.OK and b"no entry was written" in done.stderr, done.stderr
            assert (tmp_path / words[0]).exists()
    finally:
        medium.chmod(0o755)
    assert path.read_bytes() == before


def test_the_columns_have_the_order_of_the_trace_form() -> None:
    assert [column.part for column in COLUMNS if column.part] == [f"5{part}" for part in "abcdefghi"]
