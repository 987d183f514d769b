"""Records as CSV and as text with tabs, for spreadsheets."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import Here, blind, small_photo

from serialscan.batch.destination import open_output
from serialscan.batch.inputs import Inputs, Selection
from serialscan.batch.run import run
from serialscan.cli.forms import form_of
from serialscan.cli.sheet import COLUMNS, Sheet
from serialscan.errors import ExitCode, OutputError
from serialscan.items import Grouping
from serialscan.record import PhotoRecord, SerialReading, Source, Tool, Warning_


def rows(data: bytes) -> list[dict[str, str]]:
    """What Python's own reader makes of CSV, strictly."""
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


def test_a_sheet_holds_photos_and_items_and_every_row_has_all_cells(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a_1.png", "b_1.png"):
        small_photo(folder / name)
    (folder / 'b_2"x",y.jpg').write_bytes(b"no image")
    for form in ("csv", "tsv"):
        output = tmp_path / f"out.{form}"
        stream = open_output(output, (), records=False)
        run(Inputs(Selection((str(folder),)), Grouping("name")), blind(), [Sheet(stream, form)])
        stream.close()
    data = (tmp_path / "out.csv").read_bytes()
    assert data.count(b"\r\n") == data.count(b"\n") == 1 + 5, "RFC 4180: lines end with CR LF"
    found = rows(data)
    assert [row["record"] for row in found] == ["photo", "item", "photo", "photo", "item"]
    assert [Path(row["item"]).name for row in found] == ["a", "a", "b", "b", "b"]
    assert found[3]["name"] == str(folder / 'b_2"x",y.jpg')
    assert found[3]["status"] == "error" and "no image" in found[3]["error"]
    assert found[0]["status"] == "ok" and found[0]["decision"] == "none"
    tabbed = [line.split("\t") for line in (tmp_path / "out.tsv").read_text(encoding="utf-8").splitlines()]
    assert tabbed[0] == list(COLUMNS)
    assert [dict(zip(COLUMNS, cells, strict=True)) for cells in tabbed[1:]] == found


class Stream:
    def __init__(self) -> None:
        self.data = b""

    def write_line(self, line: bytes) -> None:
        self.data += line + b"\n"


@pytest.mark.parametrize("form", ["csv", "tsv"])
@pytest.mark.parametrize(
    "evil", ["=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", 'a"b,c', "a\tb\r\nc\x1b[2J", "é,日"]
)
def test_no_text_of_a_photo_breaks_a_row_or_runs_in_a_spreadsheet(form: str, evil: str) -> None:
    from serialscan.batch.task import Input, Outcome
    from serialscan.record import to_json

    record = PhotoRecord(
        status="ok", tool=Tool(name="t", version="1", settings_digest=""), source=Source(path=evil),
        serial=SerialReading(value=evil, status="readable", decision="review", confidence=0.25),
        warnings=(Warning_.of("blurred", evil),),
    )  # fmt: skip
    stream: Any = Stream()
    Sheet(stream, form).write(Outcome(Input(evil), to_json(record), None))
    (line,) = stream.data.decode().rstrip("\r\n").split("\n")
    cells = next(csv.reader([line], strict=True)) if form == "csv" else line.split("\t")
    row = dict(zip(COLUMNS, cells, strict=True))
    assert row["confidence"] == "0.2500"
    for cell in (row["name"], row["serial"], row["warnings"]):
        assert cell.isprintable() and not cell.startswith(("=", "+", "-", "@"))
        assert evil[1:4].isprintable() is False or evil[:4] in cell


def test_the_suffix_of_the_output_says_the_form_or_is_refused_with_the_way(
    here: Here, command: Any, tmp_path: Path
) -> None:
    output = tmp_path / "x.csv"
    done = here("scan", "gone.jpg", "-o", output)
    assert done.returncode == ExitCode.NO_INPUT
    before = output.read_bytes()
    assert [row["status"] for row in rows(before)] == ["error"]
    for options, code, way in (
        (["-o", output], ExitCode.OUTPUT, "choose another --output"),
        (["-o", output, "--resume"], ExitCode.USAGE, "--resume"),
        (["-o", "x.html"], ExitCode.USAGE, "--pictures"),
        (["-o", "x.PDF"], ExitCode.USAGE, "--pictures"),
        (["-o", "x.xlsx"], ExitCode.USAGE, ".csv"),
    ):
        told = command("scan", "gone.jpg", *options)
        assert told.code == code and way in told.err, options
    assert [path.name for path in tmp_path.iterdir() if path.suffix] == ["x.csv"]
    assert output.read_bytes() == before
    assert form_of("auto", Path("X.TSV")) == "tsv"
    assert form_of("ndjson", output) == "ndjson"
    assert form_of("auto", Path("records.ndjson")) == form_of("auto", None) == "auto"


@pytest.mark.skipif(os.name != "posix", reason="Windows does not let an open file be removed")
def test_a_sheet_that_is_removed_while_a_scan_runs_is_rescued(tmp_path: Path) -> None:
    stream = open_output(tmp_path / "x.csv", (), records=False)
    stream.write_line(b"record,name\r")
    (tmp_path / "x.csv").unlink()
    with pytest.raises(OutputError, match="scan again"):
        stream.write_line(b"photo,a.jpg\r")
    assert (tmp_path / "x.rescued-1.csv").read_bytes() == b"record,name\r\nphoto,a.jpg\r\n"
