"""What a person sees on a terminal: a bar that tells the truth, a table that can be read, what to do next."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Any

import pyte
import pytest
from conftest import Program, blind, small_photo

from serialscan.batch.inputs import Inputs, Selection
from serialscan.batch.output import DataStream
from serialscan.batch.run import run
from serialscan.batch.sink import Sink
from serialscan.batch.tally import Tally
from serialscan.batch.task import Input, Outcome
from serialscan.cli.progress import Aside, Bar, _told
from serialscan.cli.summary import summary
from serialscan.cli.table import TableWriter
from serialscan.errors import ExitCode
from serialscan.record import (
    Error,
    PhotoRecord,
    SerialReading,
    Source,
    Tool,
    Warning_,
    from_json,
    to_json,
)  # fmt: skip

VIN = "WVGZZZ1TZ6W099336"


def outcome(path: str, serial: str | None = None, sure: float = 0.0, *notes: str, error: str = "") -> Outcome:
    """A record made by hand, as a run gives it."""
    decision: Any = "none" if serial is None else "accept" if sure > 0.9 else "review"
    record = PhotoRecord(
        status="error" if error else "ok", tool=Tool(name="t", version="1", settings_digest=""),
        source=Source(path=path),
        serial=SerialReading(
            value=serial, status="not_found" if serial is None else "readable", decision=decision,
            confidence=sure,
        ),
        warnings=tuple(Warning_.of("blurred", note) for note in notes),
        error=Error.of("corrupt", error) if error else None,
    )  # fmt: skip
    return Outcome(Input(path), to_json(record), error or None)


class Terminal:
    """A terminal whose both standard streams are those of one pty, and what stands on its screen."""

    def __init__(self, columns: int, rows: int) -> None:
        import pty

        self._parent, self.child = pty.openpty()
        os.set_blocking(self._parent, False)
        self.screen = pyte.HistoryScreen(columns, rows, history=1000, ratio=1)
        self._stream = pyte.ByteStream(self.screen)

    def lines(self) -> list[str]:
        """All lines that were ever on the screen, from the top."""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._parent, 65536):
                self._stream.feed(chunk)
        above = ["".join(row[x].data for x in range(self.screen.columns)) for row in self.screen.history.top]
        return [line.rstrip() for line in [*above, *self.screen.display]]


@pytest.fixture(params=[(80, 24), (100, 30), (80, 6)], ids=str)
def terminal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    if os.name != "posix":
        pytest.skip("terminals of POSIX")
    columns, rows = request.param
    one = Terminal(columns, rows)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", str(rows))
    yield one


def shown(terminal: Terminal, outcomes: list[Outcome]) -> list[str]:
    """A scan that gives these records on a terminal, with its bar."""
    tally = Tally(Inputs(Selection(("photos",))))
    tally.inputs.total = len(outcomes)
    stderr = os.fdopen(os.dup(terminal.child), "w", encoding="utf-8")
    # Here and not in a fixture: pytest sets its own between the two.
    with stderr, contextlib.redirect_stderr(stderr), Bar() as bar:
        sinks = [Aside(TableWriter(DataStream(FileIO(os.dup(terminal.child), "w"), "")), bar), bar]
        assert any("━" in line for line in terminal.lines()), "there is a bar"
        for sink in sinks:
            sink.begin(tally)
        for one in outcomes:
            for sink in sinks:
                sink.write(one)
            tally.count(one)
            for sink in sinks:
                sink.update(one, tally)
            during = terminal.lines()
            assert sum("━" in line for line in during) <= 1
            assert not any("━" in line and one.input.path[:8] in line for line in during if one.input)
    return terminal.lines()


def test_the_bar_and_the_table_never_share_a_line_and_a_serial_stays_whole(terminal: Terminal) -> None:
    notes = "The glyphs are 12 px high: photograph from 1/2 of the distance.", "The photo is blurred: " * 6
    outcomes = [
        outcome("IMG_0001.jpg", VIN, 0.97),
        outcome("a/very/long/folder/name/that/goes/on/and/on/and/on/and/on/IMG_0002.jpg", VIN, 0.65, *notes),
        outcome("IMG_0003.jpg", "7" * 45, 0.95),
        outcome("IMG_0004.jpg", "1" * 300, 0.95),
        outcome("IMG_0005.jpg", error="it is damaged, copy it again"),
    ]
    lines = shown(terminal, outcomes)
    text = "\n".join(lines)
    assert not any("━" in line or "loading" in line for line in lines)
    assert lines[0].split() == ["photo", "serial", "sure", "decision"]
    (first,) = [line for line in lines if "IMG_0001" in line]
    assert first.split() == ["IMG_0001.jpg", VIN, "97%", "accept"]
    (second,) = [line for line in lines if "IMG_0002" in line]
    assert second.split()[1:] == [VIN, "65%", "review"] and second.startswith("…")
    assert sum("7" * 45 in line for line in lines) == 1
    assert "1" * 300 in text.replace("\n", "")
    assert "    The glyphs are 12 px high: photograph from 1/2 of the distance." in lines
    assert "    it is damaged, copy it again" in lines
    assert first.index("97%") == lines[0].index("sure") + 1


class Stream:
    is_terminal = False

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write_line(self, line: bytes) -> None:
        self.lines += line.split(b"\n")


@pytest.mark.parametrize("length", [1, 20, 45, 60, 300])
def test_a_serial_of_any_length_is_one_word_of_one_line(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stream: Any = Stream()
    TableWriter(stream).write(outcome("photos/IMG_0001.jpg", "7" * length, 0.95))
    words = [line.split() for line in stream.lines]
    assert sum(b"7" * length in line for line in words) == 1
    assert words[0][0].endswith(b"_0001.jpg") and words[0][-2:] == [b"95%", b"accept"]


def test_a_serial_that_is_hardly_sure_looks_other_than_a_likely_one(terminal: Terminal) -> None:
    shown(
        terminal, [outcome("a.jpg", "W2", 0.02), outcome("b.jpg", "W65", 0.65), outcome("c.jpg", "W99", 0.99)]
    )
    colours = {}
    for y, line in enumerate(terminal.screen.display):
        for name in ("W2", "W65", "W99"):
            if name in line:
                colours[name] = terminal.screen.buffer[y][line.index(name)].fg
    assert len(set(colours.values())) == len(colours) == 3


def told_after(seconds: float, *, done: int = 0, failed: int = 0, earlier: int = 0, **inputs: Any) -> str:
    tally = Tally(Inputs(Selection(("photos",))), ok=done - failed, failed=failed, earlier=earlier)
    for name, value in inputs.items():
        setattr(tally.inputs, name, value)
    return _told(tally, seconds)


def test_the_bar_tells_the_truth() -> None:
    assert told_after(5) == "loading", (
        "before the first record nothing is known, not even that nothing failed"
    )
    assert told_after(20, done=10) == "10, counting  0.50 photos/s"
    assert told_after(20, done=10, counting=False) == "10  0.50 photos/s", "a list that cannot be counted"
    assert told_after(20, done=10, failed=1, total=60, counting=False) == (
        "10 of 60  1 failed  0.50 photos/s  0:01:40 left"
    )
    # Thirteen records that waited for a slow photo come at once.
    assert "0.22 photos/s" in told_after(60, done=13, total=60, counting=False)
    # What an earlier run made is no speed of this one.
    assert told_after(1, done=500, earlier=500, total=600, counting=False) == "500 of 600"
    assert told_after(10, done=510, earlier=500, total=600, counting=False) == (
        "510 of 600  1.00 photos/s  0:01:30 left"
    )


def test_the_summary_tells_what_was_found_and_what_to_do() -> None:
    tally = Tally(Inputs(Selection(("photos",))), seconds=10.0)
    made = [
        outcome("a.jpg", "A1", 0.95), outcome("b.jpg", "B1", 0.65), outcome("c.jpg", "C1", 0.02),
        outcome("d.jpg"), *[outcome(f"bad{n}.jpg", error="it is damaged, copy it again") for n in range(12)],
    ]  # fmt: skip
    for one in made:
        tally.found.take(one)
        tally.count(one)
    lines = summary(tally, next_steps="next: look")
    assert lines[0].startswith("16 photos: 4 read, 12 failed")
    assert lines[1] == (
        "serials: 1 accepted, 2 for review (a person must look), 1 without a serial; "
        "1 of those for review are less than 50% sure"
    )
    assert lines[2] == "failed: bad0.jpg: it is damaged, copy it again"
    assert lines[-2] == "and 2 more failed: their records say why"
    assert lines[-1] == "next: look"


def test_a_scan_says_what_to_do_next(serialscan: Program, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    small_photo(photos / "a.png")
    small_photo(photos / "b.png")  # the same content
    (photos / "c.jpg").write_bytes(b"no image")
    output = tmp_path / "records.ndjson"
    done = serialscan("scan", photos, "-o", output)
    told = done.stderr.decode()
    assert done.returncode == ExitCode.SOME_FAILED
    assert f"failed: {photos / 'c.jpg'}: the content is no image" in told
    assert "copies: 1 photo with the same content" in told
    assert "next: the same command with --resume --pictures DIR" in told
    records = list(map(from_json, output.read_bytes().splitlines()))
    assert [[one.code for one in record.warnings].count("copies") for record in records] == [0, 1, 0]
    assert str(photos / "a.png") in records[1].warnings[-1].message
    again = serialscan("scan", photos, "-o", output, "--resume")
    assert "copies: 1 photo" in again.stderr.decode()
    assert list(map(from_json, output.read_bytes().splitlines())) == records


class Warned(Sink):
    """Whether each record says that its photo is a copy."""

    def __init__(self) -> None:
        self.warned: list[bool] = []

    def write(self, outcome: Outcome) -> None:
        self.warned.append(any(one.code == "copies" for one in from_json(outcome.line).warnings))


def test_copies_do_not_depend_on_who_read_them_and_one_file_named_twice_is_none(tmp_path: Path) -> None:
    small_photo(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    paths = tuple(str(tmp_path / name) for name in ("b.png", "a.png", "b.png", "gone.png", "gone.png"))
    kept = Warned()
    tally = run(Inputs(Selection(paths)), blind(), [kept])
    assert kept.warned == [False, True, False, False, False]
    assert tally.found.copies == 1
