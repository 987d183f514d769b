"""Runs of a few photos with executors and sinks of all kinds; most read with a reader that sees nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from blind import NULL
from conftest import blind, small_photo
from msgspec.structs import replace

from serialscan.batch import processes
from serialscan.batch.inprocess import InProcess
from serialscan.batch.inputs import Inputs, Selection, Why
from serialscan.batch.processes import Processes
from serialscan.batch.run import run
from serialscan.batch.sink import Sink
from serialscan.batch.tally import Tally
from serialscan.batch.task import Outcome
from serialscan.batch.worker import Job
from serialscan.errors import EngineError, ExitCode, OutputError, SettingsError
from serialscan.items import Grouping


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
    job = Job(replace(NULL, engine="networks", effort="fast"))
    run(inputs(folder, Grouping("name")), InProcess(job), [here])
    run(inputs(folder, Grouping("name")), Processes(job, jobs=2, timeout_s=120), [there])
    assert [without_timing(line) for line in here.lines] == [without_timing(line) for line in there.lines]
    assert json.loads(here.lines[2])["serial"]["value"] == "W123456"


def test_a_missing_photo_of_a_table_is_an_error_record_with_and_without_paths(folder: Path) -> None:
    table = folder / "items.csv"
    table.write_text("photo,item\na_1.png,R1\nnone.jpg,R1\n", encoding="utf-8")
    sink = Kept()
    run(inputs(folder, Grouping(str(table))), blind(), [sink])
    told = [json.loads(line) for line in sink.lines]
    assert [one["record"] for one in told] == ["photo"] * 5 + ["item"]
    assert told[4]["error"]["code"] == "unreadable"
    assert [photo["error"] for photo in told[5]["photos"]] == [None, "unreadable"]
    only = Kept()
    paths = tuple(str(folder / name) for name in ("a_1.png", "none.jpg"))  # as the command line takes them
    run(Inputs(Selection(paths), Grouping(str(table))), blind(), [only])
    assert [without_timing(line) for line in only.lines] == [without_timing(sink.lines[n]) for n in (0, 4, 5)]


def in_every_worker(folder: Path, monkeypatch: pytest.MonkeyPatch, module: str, what: str) -> None:
    """Do something in each new process when it imports a module."""
    (folder / "sitecustomize.py").write_text(
        "import importlib.abc, os, signal, sys, time\n"
        "class Hook(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}: {what}\n"
        "sys.meta_path.insert(0, Hook())\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("what", ["time.sleep(1000)", "os.kill(os.getpid(), signal.SIGSTOP)"])
def test_a_worker_that_never_gets_ready_ends_the_run(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    in_every_worker(tmp_path_factory.mktemp("hook"), monkeypatch, "serialscan.reading", what)
    monkeypatch.setattr(processes, "_START_S", 1.0)
    with pytest.raises(EngineError, match="does not start"):
        run(inputs(folder), Processes(Job(NULL), jobs=1, timeout_s=100), [Kept()])


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_worker_that_is_stopped_costs_its_photo_alone(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = "os.kill(os.getpid(), signal.SIGSTOP)"
    in_every_worker(tmp_path_factory.mktemp("hook"), monkeypatch, "serialscan.photo.decode", stop)
    sink = Kept()
    small_photo(folder / "a_2.png").unlink()
    (folder / "b_2.jpg").unlink()
    run(inputs(folder), Processes(Job(NULL), jobs=1, timeout_s=2), [sink])
    assert [json.loads(line)["error"]["code"] for line in sink.lines] == ["timed_out"] * 2


def test_no_process_can_be_started_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(processes, "_Worker", refuse)
    with pytest.raises(EngineError, match=r"Too many open files.*ulimit"):
        run(inputs(folder), Processes(Job(NULL), jobs=2, timeout_s=100), [Kept()])
