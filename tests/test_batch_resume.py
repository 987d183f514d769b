"""Records on the disk: gone on with, never lost in silence, never overwritten. Read with a blind reader."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from blind import NULL
from conftest import blind, small_photo
from msgspec.structs import replace

from serialscan.batch.destination import RecordFile, open_output
from serialscan.batch.inputs import Inputs, Selection
from serialscan.batch.resume import Made, Missing
from serialscan.batch.run import run
from serialscan.batch.sink import Lines, Sink
from serialscan.batch.tally import Tally
from serialscan.batch.task import Outcome
from serialscan.errors import OutputError, SettingsError
from serialscan.items import Grouping
from serialscan.settings import Settings

SETTINGS = NULL


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four photos of two items, one of them broken."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("a_1.png", "a_2.png", "b_1.png")):
        small_photo(folder / name, f"W12345{number}")
    (folder / "b_2.jpg").write_bytes(b"no image")
    return folder


class After(Sink):
    """Does something behind a number of records."""

    def __init__(self, count: int, what: Callable[[], Any]) -> None:
        self.left = count
        self.what = what

    def write(self, outcome: Outcome) -> None:
        self.left -= 1
        if self.left == 0:
            self.what()


def stop() -> None:
    raise KeyboardInterrupt


def scan(
    folder: Path, output: Path, *, resume: bool = False, grouping: Grouping | None = None,
    settings: Settings = SETTINGS, sinks: tuple[Sink, ...] = (),
) -> tuple[Tally, Made | None]:  # fmt: skip
    stream = open_output(output, (str(folder),), resume=resume)
    assert isinstance(stream, RecordFile)
    with contextlib.ExitStack() as stack:
        stack.callback(stream.close)
        made = Made(stream, settings) if resume else None
        records: Sink = Lines(stream)
        if made is not None:
            stack.callback(made.close)
            records = Missing(records, made)
        inputs = Inputs(Selection((str(folder),)), grouping, made)
        return run(inputs, blind(settings), [records, *sinks]), made


def records(output: Path) -> list[dict[str, Any]]:
    lines = output.read_bytes().split(b"\n")
    assert lines[-1] == b""
    return [{**json.loads(line), "timing_ms": None} for line in lines[:-1]]


@pytest.mark.parametrize("grouping", [None, Grouping("name")])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_a_run_that_was_cut_off_is_gone_on_with(
    folder: Path, tmp_path: Path, count: int, grouping: Grouping | None
) -> None:
    scan(folder, tmp_path / "whole.ndjson", grouping=grouping)
    output = tmp_path / "records.ndjson"
    first, _ = scan(folder, output, grouping=grouping, sinks=(After(count, stop),))
    before = output.read_bytes()
    assert len(before.splitlines()) == min(count, 6 if grouping else 4)
    assert first.interrupted == (count <= (6 if grouping else 4))
    second, _ = scan(folder, output, resume=True, grouping=grouping)
    assert output.read_bytes().startswith(before)
    assert records(output) == records(tmp_path / "whole.ndjson")
    assert (second.done, second.ok, second.failed) == (4, 3, 1)
    assert second.earlier == sum(line.startswith(b'{"record":"photo"') for line in before.splitlines())
    complete = output.read_bytes()
    third, _ = scan(folder, output, resume=True, grouping=grouping)
    assert (third.earlier, output.read_bytes()) == (4, complete)


def test_fields_that_this_version_does_not_know_are_kept(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "records.ndjson"
    scan(folder, output)
    later = b"".join(line[:-1] + b',"later":{"a":1}}\n' for line in output.read_bytes().splitlines())
    output.write_bytes(later)
    again, _ = scan(folder, output, resume=True)
    assert (again.earlier, output.read_bytes()) == (4, later)


def test_what_is_done_is_given_out_as_it_was(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "records.ndjson"
    scan(folder, output)

    class Kept(Sink):
        lines: tuple[bytes, ...] = ()

        def write(self, outcome: Outcome) -> None:
            self.lines += (outcome.line,)

    kept = Kept()
    scan(folder, output, resume=True, sinks=(kept,))
    assert b"".join(line + b"\n" for line in kept.lines) == output.read_bytes()


def test_a_photo_that_changed_or_came_is_read(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "records.ndjson"
    scan(folder, output)
    before = output.read_bytes()
    small_photo(folder / "a_2.png", "OTHER")
    small_photo(folder / "c.png", "NEW")
    (folder / "b_1.png").unlink()
    tally, _ = scan(folder, output, resume=True)
    assert output.read_bytes().startswith(before)
    added = records(output)[4:]
    assert [Path(one["source"]["path"]).name for one in added] == ["a_2.png", "c.png"]
    assert tally.earlier == 2


def test_a_photo_named_twice_has_two_records_in_the_end(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "records.ndjson"
    photo = str(folder / "a_1.png")

    def twice(resume: bool, sinks: tuple[Sink, ...]) -> None:
        stream = open_output(output, (), resume=resume)
        assert isinstance(stream, RecordFile)
        made = Made(stream, SETTINGS)
        with contextlib.closing(stream), contextlib.closing(made):
            run(Inputs(Selection((photo, photo)), None, made), blind(SETTINGS),
            [Missing(Lines(stream), made), *sinks])  # fmt: skip

    twice(False, (After(1, stop),))
    assert len(records(output)) == 1
    twice(True, ())
    assert len(records(output)) == 2
    twice(True, ())
    assert len(records(output)) == 2


@pytest.mark.parametrize("left", [1, 40, -1])
def test_a_record_that_was_cut_is_made_again(folder: Path, tmp_path: Path, left: int) -> None:
    output = tmp_path / "records.ndjson"
    scan(folder, output)
    whole = records(output)
    *before, last = output.read_bytes().splitlines(keepends=True)
    output.write_bytes(b"".join(before) + last[:left])
    _, made = scan(folder, output, resume=True)
    assert made is not None and made.cut
    assert records(output) == whole
    output.write_bytes(before[0][:left])
    _, made = scan(folder, output, resume=True)
    assert made is not None and made.cut
    assert records(output) == whole


def test_failures_of_the_process_are_tried_again_and_told_once(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "records.ndjson"
    scan(folder, output)
    lines = output.read_bytes().splitlines()
    failed = json.loads(lines[3])
    failed["source"]["path"] = json.loads(lines[2])["source"]["path"]
    failed["error"]["code"] = "timed_out"
    output.write_bytes(b"\n".join([lines[0], lines[1], json.dumps(failed).encode(), lines[3]]) + b"\n")
    tally, _ = scan(folder, output, resume=True)
    assert tally.earlier == 3
    assert [one["status"] for one in records(output)] == ["ok", "ok", "error", "error", "ok"]
    (folder / "link.png").symlink_to("gone") if os.name == "posix" else None
    scan(folder, output, resume=True)
    told = len(records(output))
    scan(folder, output, resume=True)
    assert len(records(output)) == told


@pytest.mark.parametrize("settings", [replace(NULL, effort="fast"), replace(NULL, max_error=0.05)])
def test_other_settings_are_refused(folder: Path, tmp_path: Path, settings: Settings) -> None:
    output = tmp_path / "records.ndjson"
    scan(folder, output)
    before = output.read_bytes()
    with pytest.raises(SettingsError, match="other settings"):
        scan(folder, output, resume=True, settings=settings)
    assert output.read_bytes() == before


@pytest.mark.parametrize("key", ["version", "models"])
def test_another_tool_is_refused(folder: Path, tmp_path: Path, key: str) -> None:
    output = tmp_path / "records.ndjson"
    scan(folder, output, sinks=(After(1, stop),))
    record = json.loads(output.read_bytes())
    record["tool"][key] = "0.0.9" if key == "version" else [{"name": "detector.onnx", "sha256": "0"}]
    output.write_text(json.dumps(record, separators=(",", ":")) + "\n", encoding="utf-8")
    before = output.read_bytes()
    with pytest.raises(SettingsError, match="another version"):
        scan(folder, output, resume=True)
    assert output.read_bytes() == before


def test_a_file_with_a_line_that_is_no_record_is_left_alone(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "records.ndjson"
    scan(folder, output)
    output.write_bytes(output.read_bytes() + b"a note\n")
    before = output.read_bytes()
    with pytest.raises(OutputError, match="line 5"):
        scan(folder, output, resume=True)
    assert output.read_bytes() == before


def removed(output: Path) -> None:
    output.unlink()


def replaced(output: Path) -> None:
    (output.parent / "other").write_bytes(b"other\n")
    (output.parent / "other").replace(output)


def shortened(output: Path) -> None:
    first = output.read_bytes().splitlines(keepends=True)[0]
    os.truncate(output, len(first))


def folder_moved(output: Path) -> None:
    output.parent.rename(output.parent.parent / "moved")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let an open file be removed")
@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("what", [removed, replaced, shortened, folder_moved])
def test_records_do_not_vanish_in_silence(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: Callable[[Path], None], count: int
) -> None:
    """Behind the second record, and behind the last, which only the end of the run can tell."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    output = tmp_path / "out" / "records.ndjson"
    output.parent.mkdir()
    with pytest.raises(OutputError, match="while the run went on") as told:
        scan(folder, output, sinks=(After(count, lambda: what(output)),))
    (rescued,) = tmp_path.rglob("records.rescued-1.ndjson")
    assert rescued.name in str(told.value)
    kept = records(rescued)
    names = [Path(one["source"]["path"]).name for one in kept]
    everything = ["a_1.png", "a_2.png", "b_1.png", "b_2.jpg"]
    if what is shortened:
        assert names == (["a_1.png", "b_1.png"] if count == 2 else ["a_1.png"])
    else:
        assert names == everything[: count + 1]
    if what is replaced:
        assert output.read_bytes() == b"other\n"
    scan(folder, rescued, resume=True)
    assert sorted(Path(one["source"]["path"]).name for one in records(rescued)) == everything


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let an open file be removed")
def test_a_rescue_replaces_nothing(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "records.ndjson"
    (tmp_path / "records.rescued-1.ndjson").write_bytes(b"kept")
    with pytest.raises(OutputError, match="rescued-2"):
        scan(folder, output, sinks=(After(1, output.unlink),))
    assert (tmp_path / "records.rescued-1.ndjson").read_bytes() == b"kept"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes that do not wait are POSIX's")
def test_a_pipe_that_does_not_wait_gets_all_without_a_spin(serialscan: Any, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    names = [f"gone-{number}-{'x' * 200}.jpg" for number in range(400)]
    (tmp_path / "list").write_text("\n".join(names), encoding="utf-8")
    with serialscan.started("scan", "--files-from", tmp_path / "list", stdout=writer) as process:
        os.close(writer)
        assert [json.loads(line)["source"]["path"] for line in lines_of(reader)] == names
        assert process.wait(120) == 4


def lines_of(reader: int) -> Iterator[bytes]:
    with os.fdopen(reader, "rb") as file:
        yield from file
