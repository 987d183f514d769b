"""``scan --case``: a record is in the case before it is anywhere else, and is never made twice."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from blind import NULL, Blind
from case_fixtures import Command, logged, opened, verdict_on
from conftest import Here, blind, clean_environment, small_photo, start_of_child, wait_for, workers
from PIL import Image

from serialscan.batch.case import CaseRun, kind_of
from serialscan.batch.inprocess import InProcess
from serialscan.batch.inputs import Inputs, Selection
from serialscan.batch.run import run
from serialscan.batch.sink import Sink
from serialscan.batch.tally import Tally
from serialscan.batch.task import Outcome
from serialscan.batch.worker import Job
from serialscan.case import CaseWriter, store
from serialscan.case.entry import Entry, decode
from serialscan.errors import ExitCode, SettingsError, VerifyError
from serialscan.items import Grouping
from serialscan.pictures.small import Sizes
from serialscan.record import Line
from serialscan.settings import Settings

SETTINGS = NULL
WEIGHTS = Path(store.__file__).parents[1] / "reading" / "models"
NAMES = ("a_1.png", "a_2.png", "b_1.png", "b_2.jpg", "b_3.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five inputs of two items: one is broken, one has the content of another."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(NAMES[:3]):
        small_photo(folder / name, f"W12345{number}")
    (folder / "b_2.jpg").write_bytes(b"no image")
    shutil.copyfile(folder / "a_1.png", folder / "b_3.png")
    return folder


class Kept(Sink):
    """Keeps the lines, and what else is asked for at each."""

    def __init__(self, then: Callable[[int], Any] = lambda count: None) -> None:
        self.lines: list[bytes] = []
        self._then = then

    def write(self, outcome: Outcome) -> None:
        self.lines.append(outcome.line)
        self._then(len(self.lines))


class Counting(Blind):
    """Reads nothing, and counts the photos that it was given."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.read_count = 0

    def read(self, rgb: Any, *numbers: int) -> Any:
        self.read_count += numbers[:1] == (1,)
        return super().read(rgb, *numbers)


def scan(
    paths: Sequence[Path], path: Path, *, grouping: Grouping | None = None, settings: Settings = SETTINGS,
    then: Callable[[int], Any] = lambda count: None, further: bool = False,
) -> tuple[Tally, list[bytes], int]:  # fmt: skip
    """A run in this process; gives its counts, the lines, and how many photos were read."""
    reader, kept = Counting(settings), Kept(then)
    selection = Selection(tuple(map(str, paths)))
    executor = InProcess(Job(settings, small=Sizes(320, 64)), reader)
    with CaseRun(CaseWriter(path), settings, selection, grouping, further=further) as into:
        tally = run(Inputs(selection, grouping, into), executor, [into, kept])
    return tally, kept.lines, reader.read_count


def entries(path: Path, kind: str = "record") -> list[Entry]:
    with store.reading(path) as database:
        rows = database.execute("SELECT bytes FROM entry WHERE kind = ? ORDER BY sequence", (kind,))
        return [decode(data) for (data,) in rows]


def without_times(lines: Sequence[bytes]) -> list[dict[str, Any]]:
    return [{**json.loads(line), "timing_ms": None} for line in lines]


def stop() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("grouping", [None, Grouping("name")])
@pytest.mark.parametrize("count", [1, 3, 5, 7])
def test_a_run_that_was_cut_off_is_gone_on_with_and_nothing_is_read_twice(
    folder: Path, tmp_path: Path, grouping: Grouping | None, count: int
) -> None:
    path, total = tmp_path / "a.case", 7 if grouping else 5
    _, undisturbed, _ = scan([folder], tmp_path / "whole.case", grouping=grouping)
    assert len(undisturbed) == total
    first, before, read_before = scan(
        [folder], path, grouping=grouping, then=lambda done: stop() if done == count else None
    )
    assert first.interrupted == (count <= total) and len(before) == min(count, total)
    assert [one.payload for one in entries(path)] == before
    assert verdict_on(path).ok
    second, after, read_after = scan([folder], path, grouping=grouping)
    assert after[: len(before)] == before  # byte by byte
    assert without_times(after) == without_times(undisturbed)
    assert read_before + read_after == 3  # of five inputs one is no image and one is a copy
    assert second.earlier == sum(line.startswith(b'{"record":"photo"') for line in before)
    stored = [one.payload for one in entries(path)]
    assert sorted(stored) == sorted(after)  # each record once, also those of items
    third, again, read_again = scan([folder], path, grouping=grouping)
    assert (again, third.earlier, read_again) == (after, 5, 0)
    assert [one.payload for one in entries(path)] == stored
    assert verdict_on(path).ok


def test_photos_of_one_content_are_read_once_and_each_path_has_its_record(
    folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.case"
    tally, lines, count = scan([folder], path)
    assert (tally.ok, tally.failed, tally.twins, tally.earlier, count) == (4, 1, 1, 0, 3)
    first, copy = (json.loads(lines[number]) for number in (0, 4))
    assert [Path(one["source"]["path"]).name for one in (first, copy)] == ["a_1.png", "b_3.png"]
    assert {**first, "source": None} == {**copy, "source": None}
    assert {**first["source"], "path": None} == {**copy["source"], "path": None}
    kept = entries(path)
    assert kept[0].fields["pictures"] == kept[4].fields["pictures"] != []
    assert kept[0].fields["input"]["pixel_sha256"] == kept[4].fields["input"]["pixel_sha256"]
    assert kept[4].fields["input"]["modified_ns"] == (folder / "b_3.png").stat().st_mtime_ns
    (folder / "moved").mkdir()
    (folder / "a_2.png").rename(folder / "moved" / "new.png")
    tally, lines, count = scan([folder / "moved", folder], path)
    assert (tally.twins, tally.earlier, count) == (1, 4, 0)
    assert json.loads(lines[0])["source"]["path"].endswith("new.png")


def test_nothing_that_was_changed_is_given_out_or_copied(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    scan([folder / "a_1.png"], path)

    def change(table: str, how: Callable[[bytes], object]) -> None:
        with opened(path) as database:
            where = f"{table} WHERE sequence = 2"
            (data,) = database.execute(f"SELECT bytes FROM {where}").fetchone()
            database.execute(f"UPDATE {table} SET bytes = ? WHERE sequence = 2", (how(data),))

    change("picture", lambda data: data[:-1] + b"x")
    with pytest.raises(VerifyError, match=r"[Pp]icture of entry 2 was changed"):
        scan([folder], path)  # b_3.png has the same content, and would get the same pictures
    change("entry", lambda data: data.replace(b'"status":"ok"', b'"status":"no"'))
    with pytest.raises(VerifyError, match=r"Entry 2 .* was changed"):
        scan([folder / "a_1.png"], path)
    change("entry", lambda data: 17)
    with pytest.raises(VerifyError, match="case was changed"):
        scan([folder / "a_1.png"], path)


def test_the_same_path_in_another_folder_is_another_photo(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cards hold DCIM/1.jpg; the case must say that both do."""
    for day in ("one", "two"):
        (tmp_path / day / "DCIM").mkdir(parents=True)
        shutil.copyfile(folder / "a_1.png", tmp_path / day / "DCIM" / "1.png")
        monkeypatch.chdir(tmp_path / day)
        scan([Path("DCIM")], tmp_path / "a.case")
    assert len(entries(tmp_path / "a.case")) == 2
    verdict = verdict_on(tmp_path / "a.case", inputs=True)
    assert verdict.ok and verdict.inputs == {"unchanged": 2}


def test_a_photo_that_changed_is_read_again_and_what_was_read_stays(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    _, before, _ = scan([folder], path)
    small_photo(folder / "a_2.png", "OTHER")
    tally, after, count = scan([folder], path)
    assert (tally.earlier, count) == (4, 1)
    assert after[0] == before[0] and after[1] != before[1]
    assert [one.payload for one in entries(path)] == [*before, after[1]]


def test_failures_of_the_process_are_tried_again(folder: Path, tmp_path: Path) -> None:
    path, gone = tmp_path / "a.case", tmp_path / "gone.png"
    _, before, _ = scan([folder, gone], path)
    assert json.loads(before[-1])["error"]["code"] == "unreadable"
    small_photo(gone, "HERE")
    tally, after, count = scan([folder, gone], path)
    assert (tally.failed, count) == (1, 1) and json.loads(after[-1])["status"] == "ok"
    assert [one.payload for one in entries(path)] == [*before, after[-1]]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(reader="network", engine="null", effort="fast"), "effort normal, now fast"),
        (Settings(reader="network", engine="null", gps=True), "gps False, now True"),
    ],
)
def test_other_settings_are_refused_until_they_are_meant(
    folder: Path, tmp_path: Path, settings: Settings, told: str
) -> None:
    path = tmp_path / "a.case"
    _, before, _ = scan([folder], path)
    bytes_before = path.read_bytes()
    with pytest.raises(SettingsError, match=f"{told}.*--further-run"):
        scan([folder], path, settings=settings)
    assert path.read_bytes() == bytes_before
    _, other, count = scan([folder], path, settings=settings, further=True)
    assert count == 3 and len(entries(path, "run_started")) == 2
    for which, lines in ((SETTINGS, before), (settings, other)):  # both are known now
        tally, again, count = scan([folder], path, settings=which)
        assert (again, tally.earlier, count) == (lines, 5, 0)
    assert verdict_on(path).ok


def test_another_version_is_refused_until_it_is_meant(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.case"
    scan([folder], path)
    for module in ("serialscan.batch.case", "serialscan.tool"):
        monkeypatch.setattr(f"{module}.__version__", "99.0")
    with pytest.raises(SettingsError, match=r"now 99\.0.*--further-run"):
        scan([folder], path)
    tally, lines, count = scan([folder], path, further=True)
    assert (tally.earlier, count) == (0, 3)
    assert json.loads(lines[0])["tool"]["version"] == "99.0"


def test_a_run_says_all_that_can_change_a_record(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    scan([folder], path)
    (started,) = entries(path, "run_started")
    fields = started.fields
    assert fields["settings"]["effort"] == "normal" and fields["settings"]["reader"] == "network"
    assert fields["libraries"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert fields["libraries"]["onnxruntime"] and fields["processor"]
    pinned = json.loads(
        (Path(store.__file__).parents[1] / "reading/models/checksums.json").read_text("utf-8")
    )
    assert {one.name: one.sha256 for one in kind_of(Settings(reader="network")).models} == pinned
    assert fields["models"] == [], "nobody looked"
    assert (fields["folder"], fields["selection"]["paths"]) == (os.getcwd(), [str(folder)])  # noqa: PTH109
    assert fields["settings_digest"] == json.loads(entries(path)[0].payload)["tool"]["settings_digest"]
    (ended,) = entries(path, "run_ended")
    assert ended.fields == {"run": 1, "ok": 4, "failed": 1, "earlier": 0, "interrupted": False}


class Marked(Blind):
    """Finds one line on the last page of every photo, and takes it for the serial."""

    def read(self, rgb: Any, page: int = 1, first_line: int = 1, *further: int) -> Any:
        from serialscan.reading.reader import Reading
        from serialscan.record import Quality

        height, width = rgb.shape[:2]
        outline = ((20.0, 20.0), (width - 20.0, 20.0), (width - 20.0, height - 20.0), (20.0, height - 20.0))
        line = Line(
            id=f"L{first_line}", text="SERIAL NO 123456", confidence=0.9, polygon=outline, page=page,
            glyph_height_px=40.0,
        )  # fmt: skip
        return Reading(lines=(line,), codes=(), quality=Quality())


@pytest.mark.parametrize("pages", [1, 2])
def test_a_preview_and_crops_are_kept_and_are_the_same_each_time(tmp_path: Path, pages: int) -> None:
    photo = tmp_path / "photo.tif"
    pictures = [Image.new("RGB", (800, 400), (200, 60 * number, 0)) for number in range(pages)]
    pictures[0].save(photo, save_all=True, append_images=pictures[1:])
    found = []
    for name in ("a.case", "b.case"):
        selection = Selection((str(photo),))
        executor = InProcess(Job(SETTINGS, small=Sizes(160, 40)), Marked())
        with CaseRun(CaseWriter(tmp_path / name), SETTINGS, selection) as into:
            run(Inputs(selection, None, into), executor, [into])
        (entry,) = entries(tmp_path / name)
        with opened(tmp_path / name) as database:
            data = [row for (row,) in database.execute("SELECT bytes FROM picture ORDER BY ordinal")]
        found.append((entry.fields["pictures"], entry.fields["input"]["pixel_sha256"], data))
    assert found[0] == found[1]
    said, pixels, data = found[0]
    named = {one for row in json.loads(entry.payload)["serial"]["candidates"] for one in row["evidence"]}
    assert named and {one["of"] for one in said} == {None, *named}
    shown = [cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR) for one in data]
    assert shown[0].shape[:2] == (80, 160) and {one.shape[0] for one in shown[1:]} == {40}
    whole = hashlib.sha256()
    for picture in pictures:
        whole.update(b"800 400\n" + picture.tobytes())
    assert pixels == whole.hexdigest()


BLIND = Path(__file__).with_name("blind.py")


@contextlib.contextmanager
def blind_scan(
    folder: Path, *words: object, processes: bool = False, seconds: float = 0.0, prefix: Sequence[str] = (),
    **options: Any,
) -> Iterator[subprocess.Popen[bytes]]:  # fmt: skip
    """``serialscan scan`` with a reader that finds nothing, in ``folder``."""
    extra = {
        "SERIALSCAN_READER": "network",
        "SERIALSCAN_ENGINE": "null",
        "SERIALSCAN_JOBS": "1",
        "BLIND_SECONDS": str(seconds),
    }
    if not processes:
        extra["BLIND_IN_PROCESS"] = "1"
    command = [*prefix, sys.executable, str(BLIND), "scan", *map(str, words)]
    environment = clean_environment(folder / "home", PYTHONPATH=str(BLIND.parent), **extra)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "bufsize": 0}
    with subprocess.Popen(command, cwd=folder, env=environment, **{**pipes, **options}) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.kill()


def finished(folder: Path, *words: object, **options: Any) -> tuple[int, list[bytes], str]:
    """Exit code, lines on standard output, and what was said, of a scan that comes to its end."""
    if options:
        with blind_scan(folder, *words, **options) as child:
            out, err = child.communicate(timeout=120)
        code = child.returncode
    else:
        done = Here(folder / "home")("scan", *words, cwd=folder)
        out, err, code = done.stdout, done.stderr, done.returncode
    assert out == b"" or out.endswith(b"\n")
    return code, out.split(b"\n")[:-1], err.decode()


def photos(folder: Path, count: int) -> Path:
    (folder / "photos").mkdir()
    for number in range(count):
        small_photo(folder / "photos" / f"{number:02}.png", f"W{number:06}")
    return folder / "photos"


def copied(path: Path, folder: Path) -> Path:
    """As a person copies a case: all files whose names begin with its name."""
    folder.mkdir()
    for one in path.parent.glob(path.name + "*"):
        shutil.copyfile(one, folder / one.name)
    return folder / path.name


@pytest.fixture(scope="module")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    """A folder with twelve photos, and the records of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("twelve")
    photos(folder, 12)
    code, lines, _ = finished(folder, "photos", "--case", "undisturbed.case")
    assert code == ExitCode.OK and len(lines) == 12
    return folder, lines


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is a program of Linux")
def test_every_commit_is_on_the_disk_before_its_line_is_written(
    twelve: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    """The order of system calls: the case synced, its journal removed, the folder synced, then the line."""
    folder, whole = twelve
    path, trace = tmp_path / "a.case", tmp_path / "trace"
    calls = "trace=fsync,fdatasync,write,unlink,unlinkat,pwrite64"
    prefix = ("strace", "-f", "-y", "-e", calls, "-o", str(trace))
    code, lines, _ = finished(folder, "photos", "--case", path, prefix=prefix)
    assert code == ExitCode.OK and without_times(lines) == without_times(whole)
    seen, steps = 0, []
    for call in trace.read_text("utf-8", "replace").splitlines():
        name, _, rest = call.partition(" ")[2].strip().partition("(")
        synced = re.match(r"\d+<(.*)>\)", rest) if name in ("fsync", "fdatasync") else None
        if name == "write" and '"{\\"record' in rest:
            assert steps[-4:] == ["written", "case synced", "journal removed", "folder synced"], steps
            seen, steps = seen + 1, []
        elif synced is not None and synced[1] == str(path):
            steps.append("case synced")
        elif synced is not None and synced[1] == str(tmp_path):
            steps.append("folder synced")
        elif name == "pwrite64" and f"<{path}>" in rest:
            steps.append("written")
        elif name in ("unlink", "unlinkat") and f'"{path}-journal"' in rest:
            steps.append("journal removed")
    assert seen == 12


def resumes(folder: Path, path: Path, seen: list[bytes], whole: list[bytes], copy: Path) -> None:
    """A copy beside a run that was killed verifies; the same command again completes it."""
    if seen:
        beside = copied(path, copy)
        assert verdict_on(beside).ok
        assert set(seen) <= {one.payload for one in entries(beside)}
    code, lines, said = finished(folder, "photos", "--case", path)
    assert code == ExitCode.OK, said
    assert without_times(lines) == without_times(whole)
    assert set(seen) <= set(lines)  # byte by byte
    assert verdict_on(path, inputs=True).ok


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is a program of Linux")
@pytest.mark.parametrize(
    ("call", "number", "made"),
    [("pwrite64", 12, False), ("pwrite64", 100, True), ("fdatasync", 17, True), ("unlink", 7, True)],
)
def test_a_kill_in_the_middle_of_a_commit_loses_nothing(
    twelve: tuple[Path, list[bytes]], tmp_path: Path, call: str, number: int, made: bool
) -> None:
    """SIGKILL at one very system call of a commit: a page written, the journal synced, or removed."""
    folder, whole = twelve
    path = tmp_path / "a.case"
    trace = ("strace", "-f", "-P", str(path), "-P", f"{path}-journal", "-o", str(tmp_path / "trace"))
    prefix = (*trace, "-e", f"inject={call}:signal=KILL:when={number}")
    code, seen, _ = finished(folder, "photos", "--case", path, prefix=prefix)
    assert code == -signal.SIGKILL
    assert store.journal_of(path).exists() or call == "unlink"
    assert path.stat().st_size and bool(seen) == made
    if not made:  # what was written of the case itself is taken back
        with pytest.raises(store.NotACaseError, match="is empty"):
            verdict_on(copied(path, tmp_path / "made"))
    resumes(folder, path, seen, whole, tmp_path / "copy")


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL as in POSIX")
@pytest.mark.parametrize("who", ["parent", "worker"])
def test_a_kill_of_a_process_loses_nothing(
    twelve: tuple[Path, list[bytes]], tmp_path: Path, who: str
) -> None:
    folder, whole = twelve
    path = tmp_path / "a.case"
    with blind_scan(folder, "photos", "--case", path, processes=True, seconds=0.1) as child:
        assert child.stdout is not None
        seen = [child.stdout.readline().removesuffix(b"\n") for _ in range(3)]
        if who == "parent":
            child.kill()
        else:
            (worker,) = wait_for(lambda: workers(child))
            worker.kill()
        seen += child.stdout.read().split(b"\n")[:-1]
        child.wait(30)
    broken = [line for line in seen if json.loads(line)["status"] == "error"]
    if who == "worker":
        assert child.returncode == ExitCode.SOME_FAILED and len(seen) == 12
        assert [json.loads(line)["error"]["code"] for line in broken] == ["worker_died"]
    resumes(folder, path, [line for line in seen if line not in broken], whole, tmp_path / "copy")
    assert set(broken) <= {one.payload for one in entries(path)}  # that it failed once stays in the case


@pytest.mark.skipif(os.name != "posix", reason="a limit of the size of files as in POSIX")
def test_a_full_disk_loses_only_what_was_not_read(twelve: tuple[Path, list[bytes]], tmp_path: Path) -> None:
    folder, whole = twelve
    room = (folder / "undisturbed.case").stat().st_size * 3 // 4

    def full() -> None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    code, seen, said = finished(folder, "photos", "--case", tmp_path / "a.case", preexec_fn=full)
    assert code == ExitCode.OUTPUT and "cannot be written" in said and "whole" in said and 0 < len(seen) < 12
    resumes(folder, tmp_path / "a.case", seen, whole, tmp_path / "copy")


@pytest.mark.skipif(os.name != "posix", reason="Windows does not move a file that is open")
def test_a_case_that_is_moved_while_open_is_whole_at_its_new_place(
    twelve: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    folder, whole = twelve
    path, moved = tmp_path / "a.case", tmp_path / "elsewhere.case"
    with blind_scan(folder, "photos", "--case", path, seconds=0.2) as child:
        assert child.stdout is not None and child.stderr is not None
        seen = [child.stdout.readline().removesuffix(b"\n") for _ in range(2)]
        path.rename(moved)
        seen += child.stdout.read().split(b"\n")[:-1]
        said = child.stderr.read().decode()
        assert child.wait(30) == ExitCode.OUTPUT and "moved or deleted while it was open" in said
    assert not path.exists() and 2 <= len(seen) < 12
    assert verdict_on(moved).ok and [one.payload for one in entries(moved)] == seen
    moved.rename(path)
    resumes(folder, path, seen, whole, tmp_path / "copy")


@pytest.mark.skipif(os.name != "posix", reason="permissions of folders as in POSIX")
def test_a_read_only_folder_is_told(twelve: tuple[Path, list[bytes]], tmp_path: Path) -> None:
    folder, _ = twelve
    medium = tmp_path / "medium"
    medium.mkdir()
    shutil.copyfile(folder / "undisturbed.case", medium / "a.case")
    medium.chmod(0o555)
    try:
        for name in ("a.case", "new.case"):
            code, lines, said = finished(folder, "photos", "--case", medium / name, preexec_fn=start_of_child)
            assert code == ExitCode.OUTPUT and lines == [] and "cannot be written" in said
        code, _, said = finished(
            folder, "photos", "--case", medium / "a.case", "--dry-run", preexec_fn=start_of_child
        )
        assert code == ExitCode.OK and "0 to read, 12 done" in said
    finally:
        medium.chmod(0o755)


def test_a_second_process_is_told_who_holds_the_case(
    twelve: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    folder, _ = twelve
    path = tmp_path / "a.case"
    with blind_scan(folder, "photos", "--case", path, seconds=5.0) as child:  # until it is killed
        assert child.stdout is not None
        child.stdout.readline()
        code, lines, said = finished(folder, "photos", "--case", path)
        assert code == ExitCode.OUTPUT and lines == []
        assert re.search(rf"is being written by process {child.pid} of .* on .* since 20", said)
        code, _, said = finished(folder, "photos", "--case", path, "--dry-run")  # reading is allowed
        assert code == ExitCode.OK and "0 to read, 12 done" not in said


def test_records_go_into_a_case_and_into_a_file(twelve: tuple[Path, list[bytes]], tmp_path: Path) -> None:
    """Killed between the two, the file lacks a record that the case has; it gets it when the run goes on."""
    folder, whole = twelve
    path, output = tmp_path / "a.case", tmp_path / "records.ndjson"
    words = ("photos", "--case", path, "-o", output)
    code, lines, _ = finished(folder, *words)
    assert code == ExitCode.OK and lines == []
    records = output.read_bytes().splitlines(keepends=True)
    assert [line.rstrip(b"\n") for line in records] == [one.payload for one in entries(path)]
    assert without_times(records) == without_times(whole)
    code, _, said = finished(folder, *words)
    assert code == ExitCode.OUTPUT and "--resume" in said
    output.write_bytes(b"".join(records[:5]) + records[5][:40])
    code, _, said = finished(folder, *words, "--resume")
    assert code == ExitCode.OK and "12 of them by an earlier run" in said
    assert output.read_bytes() == b"".join(records)
    assert len(entries(path)) == 12


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--case", "photos/a.case"), ExitCode.OUTPUT, "inside the input folder"),
        (("--case", "a.jpg"), ExitCode.OUTPUT, "name of a photo"),
        (("--case", "a.case", "-o", "a.case"), ExitCode.OUTPUT, "file of the records, too"),
        (("--case", "link.case", "-o", "records.ndjson"), ExitCode.OUTPUT, "file of the records, too"),
        (("--case", "notes.txt", "--dry-run"), ExitCode.NO_INPUT, "is no case"),
        (("--sign", "k"), ExitCode.USAGE, "are for --case"),
        (("--further-run",), ExitCode.USAGE, "are for --case"),
    ],
)
def test_a_case_takes_the_place_of_nothing(
    folder: Path, tmp_path: Path, command: Command, words: Sequence[str], code: ExitCode, told: str
) -> None:
    (tmp_path / "link.case").symlink_to(tmp_path / "records.ndjson")
    (tmp_path / "notes.txt").write_text("notes of mine", encoding="utf-8")
    before = sorted(one.name for one in tmp_path.rglob("*"))
    done = command("scan", "photos", *words)
    assert (done.code, done.out) == (code, "") and told in done.err, done.err
    assert sorted(one.name for one in tmp_path.rglob("*")) == before


def test_the_head_is_signed_shown_and_written_beside_the_case(
    twelve: tuple[Path, list[bytes]], tmp_path: Path, command: Command
) -> None:
    folder, _ = twelve
    Path("pass").write_text("a passphrase\n", encoding="utf-8")
    made = command("key", "create", "doe.key", "--name", "doe", "--passphrase-file", "pass")
    fingerprint = made.out.split()[-1]
    path = tmp_path / "a.case"
    sign = ("--sign", tmp_path / "doe.key", "--passphrase-file", tmp_path / "pass")
    code, _, said = finished(folder, "photos", "--case", path, *sign)
    assert code == ExitCode.OK
    (shown,) = re.findall(r"Head over (\d+) entries: ([0-9a-f]{64}); it stands in (\S+), too", said)
    assert f"next: serialscan review {path} opens the page" in said
    assert (shown[0], Path(shown[2])) == ("16", tmp_path / "a.case.head")  # made, key, run, 12 records, end
    done = command("case", "verify", path, "--head", "a.case.head", "--key", fingerprint, "--json")
    assert done.code == ExitCode.OK and json.loads(done.out)["root"] == shown[1]
    assert command("case", "verify", path, "--key", "0" * 64).code == ExitCode.VERIFY_FAILED
    Path("pass").write_text("another\n", encoding="utf-8")
    before = path.read_bytes()
    code, lines, said = finished(folder, "photos", "--case", path, *sign)
    assert code == ExitCode.SETTINGS and lines == [] and "passphrase is wrong" in said
    assert path.read_bytes() == before and [one["kind"] for one in logged(command, path)].count("key") == 1


def test_a_dry_run_lists_what_would_be_done_and_writes_nothing(
    folder: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERIALSCAN_READER", "network")
    monkeypatch.setenv("SERIALSCAN_ENGINE", "null")

    def listed(*words: object) -> tuple[int, list[list[str]], str]:
        before = {one: one.stat().st_mtime_ns for one in tmp_path.rglob("*")}
        done = command("scan", "photos", "--dry-run", *words)
        assert {one: one.stat().st_mtime_ns for one in tmp_path.rglob("*")} == before
        return done.code, [line.split("\t")[:2] for line in done.out.splitlines()], done.err

    def would(*words: object) -> list[str]:
        return [what for what, _ in listed(*words)[1]]

    (folder / "notes.txt").write_text("no photo", encoding="utf-8")
    names = [f"photos{os.sep}{name}" for name in (*NAMES, "notes.txt")]
    code, lines, said = listed()
    assert (code, lines) == (0, [*(["read", name] for name in names[:5]), ["skip", names[5]]])
    assert "5 to read, 0 done, 1 skipped; nothing was written" in said
    assert would("--case", "a.case") == ["read", "read", "read", "read", "same", "skip"]
    items = [name for what, name in listed("--items", "name")[1] if what == "item"]
    assert items == [f"photos{os.sep}a", f"photos{os.sep}b"]
    some = ("photos", "--case", "a.case", "--exclude", "a_2*", "-o", "records.ndjson")
    assert finished(tmp_path, *some)[0] == ExitCode.SOME_FAILED
    assert would("--case", "a.case") == ["done", "read", "done", "done", "done", "skip"]
    assert "1 to read, 4 done" in listed("--case", "a.case")[2]
    assert "records.ndjson holds something already" in listed("-o", "records.ndjson")[2]
    assert listed("gone.jpg")[1][-1] == ["fail", "gone.jpg"]
    resume = ("-o", "records.ndjson", "--resume")
    assert would(*resume) == ["done", "read", "done", "done", "done", "skip"]
    code, lines, said = listed("--case", "a.case", "--effort", "fast")
    assert code == ExitCode.SETTINGS and "--further-run" in said and lines == []
    other = ("--effort", "fast", "--further-run")
    assert would("--case", "a.case", *other) == ["read", "read", "read", "read", "same", "skip"]
    with (tmp_path / "records.ndjson").open("ab") as file:
        file.write(b'{"record":"pho')
    assert would(*resume) == ["done", "read", "done", "done", "done", "skip"]


def test_a_clock_that_was_set_back_is_told(folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    selection = Selection((str(folder / "a_1.png"),))
    for year in (2027, 2026):
        clock = datetime(year, 1, 1, tzinfo=UTC)
        writer = CaseWriter(tmp_path / "a.case", clock=lambda clock=clock: clock, tell=told.append)
        with CaseRun(writer, SETTINGS, selection) as into:
            tally = run(Inputs(selection, None, into), blind(), [into])
    assert tally.earlier == 1 and told and all("clock was set back" in one for one in told)
    assert verdict_on(tmp_path / "a.case").ok
