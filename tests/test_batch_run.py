"""Runs of a few photos with executors and sinks of all kinds; most read with a reader that sees nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import blind, small_photo

from serialscan.batch.inprocess import InProcess
from serialscan.batch.inputs import Inputs, Selection, Why
from serialscan.batch.processes import Processes
from serialscan.batch.run import Tally, run
from serialscan.batch.sink import Sink
from serialscan.batch.task import Outcome
from serialscan.batch.worker import Job
from serialscan.errors import ExitCode, OutputError, SettingsError
from serialscan.items import Grouping
from serialscan.settings import Settings

NETWORK = Settings(reader="network", effort="fast")


class Kept(Sink):
    """Keeps what it gets, and when it gets it."""

    def __init__(self, log: list[tuple[str, str, bytes]] | None = None, name: str = "") -> None:
        self.lines: list[bytes] = []
        self.log = log if log is not None else []
        self.name = name
        self.skipped: dict[str, Why] = {}
        self.ended: Tally | None = None

    def begin(self, tally: Tally) -> None:
        self.log.append((self.name, "begin", b""))

    def write(self, outcome: Outcome) -> None:
        self.lines.append(outcome.line)
        self.log.append((self.name, "write", outcome.line))

    def skip(self, path: str, why: Why) -> None:
        self.skipped[Path(path).name] = why

    def end(self, tally: Tally) -> None:
        self.ended = tally
        self.log.append((self.name, "end", b""))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photos of two items, one broken, and a file that is no photo."""
    for name in ("a_1.png", "a_2.png", "b_1.png"):
        small_photo(tmp_path / name, "W123456")
        with (tmp_path / name).open("ab") as file:  # behind the picture's end: no two are copies
            file.write(name.encode())
    (tmp_path / "b_2.jpg").write_bytes(b"no image")
    (tmp_path / "notes.zip").write_bytes(b"PK\3\4")
    return tmp_path


def inputs(folder: Path, grouping: Grouping | None = None) -> Inputs:
    return Inputs(Selection((str(folder),)), grouping)


def without_timing(line: bytes) -> dict[str, Any]:
    return {key: value for key, value in json.loads(line).items() if key != "timing_ms"}


def test_every_sink_gets_each_record_before_any_gets_the_next(folder: Path) -> None:
    log: list[tuple[str, str, bytes]] = []
    one, two = Kept(log, "one"), Kept(log, "two")
    tally = run(inputs(folder), blind(), [one, two])
    assert (tally.ok, tally.failed, tally.exit_code) == (3, 1, ExitCode.SOME_FAILED)
    assert [Path(json.loads(line)["source"]["path"]).name for line in one.lines] == [
        "a_1.png", "a_2.png", "b_1.png", "b_2.jpg",
    ]  # fmt: skip
    written = [(name, line) for name, what, line in log if what == "write"]
    assert written == [(name, line) for line in one.lines for name in ("one", "two")]
    assert [what for _, what, _ in log[:2] + log[-2:]] == ["begin", "begin", "end", "end"]
    assert one.skipped == {"notes.zip": Why.ARCHIVE}
    assert one.ended is tally


class Refusing(Kept):
    """Takes one record and no more."""

    def write(self, outcome: Outcome) -> None:
        if self.lines:
            raise OutputError("The case is closed.")
        super().write(outcome)


def test_a_sink_that_refuses_ends_the_run(folder: Path) -> None:
    before, after = Kept(), Kept()
    with pytest.raises(OutputError, match="closed"):
        run(inputs(folder), blind(), [before, Refusing(), after])
    assert (len(before.lines), len(after.lines)) == (2, 1)
    assert before.ended is None


def test_an_item_follows_its_photos_and_a_bad_grouping_ends_the_run_before_them(folder: Path) -> None:
    sink = Kept()
    tally = run(inputs(folder, Grouping("name")), blind(), [sink])
    told = [json.loads(line) for line in sink.lines]
    assert [one["record"] for one in told] == ["photo", "photo", "item", "photo", "photo", "item"]
    items = [one for one in told if one["record"] == "item"]
    assert [[Path(photo["path"]).name for photo in one["photos"]] for one in items] == [
        ["a_1.png", "a_2.png"], ["b_1.png", "b_2.jpg"],
    ]  # fmt: skip
    assert (tally.done, tally.items, tally.total) == (4, 2, 4)
    table = folder / "items.csv"
    table.write_text("photo\na_1.png\n", encoding="utf-8")
    nothing = Kept()
    with pytest.raises(SettingsError, match="column 'item'"):
        run(inputs(folder, Grouping(str(table))), blind(), [nothing])
    assert nothing.lines == []


def test_both_executors_give_the_same_records(folder: Path) -> None:
    here, there = Kept(), Kept()
    run(inputs(folder, Grouping("name")), InProcess(Job(NETWORK)), [here])
    run(inputs(folder, Grouping("name")), Processes(Job(NETWORK), jobs=2, timeout_s=120), [there])
    assert [without_timing(line) for line in here.lines] == [without_timing(line) for line in there.lines]
    assert json.loads(here.lines[2])["serial"]["value"] == "W123456"
