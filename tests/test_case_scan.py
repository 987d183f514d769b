"""``scan --case``: a record is in the case before it is anywhere else, and is never made twice."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from case_fixtures import opened, verdict_on
from blind import Blind
from conftest import small_photo
from PIL import Image

from serialscan.batch.case import CaseRun
from serialscan.batch.inprocess import InProcess
from serialscan.batch.inputs import Inputs, Selection
from serialscan.batch.run import Tally, run
from serialscan.batch.sink import Sink
from serialscan.batch.task import Outcome
from serialscan.batch.worker import Job
from serialscan.case import CaseWriter, store
from serialscan.case.entry import Entry, decode
from serialscan.errors import SettingsError
from serialscan.items import Grouping
from serialscan.pictures.small import Sizes
from serialscan.record import Line
from serialscan.settings import Settings

SETTINGS = Settings(reader="network")
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

    def __init__(self) -> None:
        self.read_count = 0

    def read(self, rgb: Any, page: int = 1, first_line: int = 1, first_code: int = 1) -> Any:
        self.read_count += page == 1
        return super().read(rgb, page, first_line, first_code)


def scan(
    paths: Sequence[Path], path: Path, *, grouping: Grouping | None = None, settings: Settings = SETTINGS,
    then: Callable[[int], Any] = lambda count: None, further: bool = False,
) -> tuple[Tally, list[bytes], int]:  # fmt: skip
    """A run in this process; gives its counts, the lines, and how many photos were read."""
    reader, kept = Counting(), Kept(then)
    selection = Selection(tuple(map(str, paths)))
    executor = InProcess(Job(settings, small=Sizes(320, 64)), reader)  # type: ignore[arg-type]
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
        (Settings(reader="network", effort="fast"), "effort normal, now fast"),
        (Settings(reader="network", gps=True), "gps False, now True"),
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
    assert {one["name"]: one["sha256"] for one in fields["models"]} == pinned
    assert (fields["folder"], fields["selection"]["paths"]) == (os.getcwd(), [str(folder)])  # noqa: PTH109
    assert fields["settings_digest"] == json.loads(entries(path)[0].payload)["tool"]["settings_digest"]
    (ended,) = entries(path, "run_ended")
    assert ended.fields == {"run": 1, "ok": 4, "failed": 1, "earlier": 0, "interrupted": False}


class Marked(Blind):
    """Finds one line on the last page of every photo, and takes it for the serial."""

    def read(self, rgb: Any, page: int = 1, first_line: int = 1, first_code: int = 1) -> Any:
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
        executor = InProcess(Job(SETTINGS, small=Sizes(160, 40)), Marked())  # type: ignore[arg-type]
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
    import hashlib

    whole = hashlib.sha256()
    for picture in pictures:
        whole.update(b"800 400\n" + picture.tobytes())
    assert pixels == whole.hexdigest()
