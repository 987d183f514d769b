"""Evidence folders as they are: whatever lies in them, every input gets one valid record."""

from __future__ import annotations

import os
import signal
import struct
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import Here, Program, records, small_photo, workers
from PIL import Image

from serialscan.errors import ExitCode
from serialscan.record import json_schema

GOOD = ["good 1.jpg", "good-2.png", "фото.jpg", "照片.png", "three pages.tif", "phone.heic"]
BROKEN = ["truncated.jpg", "empty.jpg", "text.jpg", "bomb.png"]
POSIX_NAMES = [b"new\nline.jpg", b"latin-\xe9\xff.jpg"] if sys.platform == "linux" else []
UNREADABLE = ["unreadable.jpg"] if os.name == "posix" else []


def bomb(path: Path, side: int) -> None:
    """A black PNG of ``side`` x ``side`` pixels, some kilobytes on the disk."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj()
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import pillow_heif

    folder = tmp_path_factory.mktemp("evidence")
    for name in GOOD[:4]:
        small_photo(folder / name)
    with Image.open(folder / "good-2.png") as picture:
        picture.save(
            folder / "three pages.tif", save_all=True, append_images=[picture.copy(), picture.copy()]
        )
        pillow_heif.from_pillow(picture).save(folder / "phone.heic")
    (folder / "truncated.jpg").write_bytes((folder / "good 1.jpg").read_bytes()[:-900])
    (folder / "empty.jpg").touch()
    (folder / "text.jpg").write_text("This is no photograph.", encoding="utf-8")
    bomb(folder / "bomb.png", 20_000)
    for name in POSIX_NAMES:
        (folder / os.fsdecode(name)).write_bytes((folder / "good 1.jpg").read_bytes())
    for name in UNREADABLE:
        small_photo(folder / name).chmod(0)
    (folder / "._good 1.jpg").write_bytes(b"\0\5\x16\7")
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    return folder


class Runs:
    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        program = Program(home, "networks")
        self.before = snapshot(folder)
        self.two = program("scan", folder, "--jobs", "2")
        self.after = snapshot(folder)
        listing = "\0".join(sorted(str(path) for path in folder.glob("[!.]*") if path.suffix in SUFFIXES))
        arguments = ("scan", "--jobs", "1", "--files-from", "-", "-0")
        self.one = program(*arguments, input=os.fsencode(listing))


SUFFIXES = {".jpg", ".png", ".tif", ".heic"}


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Names, sizes and times of change."""
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


@pytest.fixture(scope="session")
def runs(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(folder, tmp_path_factory.mktemp("home"))


def file_name(record: dict[str, Any]) -> bytes:
    source = record["source"]
    exact = source["path_bytes_hex"]
    return os.path.basename(bytes.fromhex(exact) if exact else source["path"].encode())  # noqa: PTH119


def test_one_record_each_and_nothing_lost(runs: Runs) -> None:
    found = {file_name(record): record["status"] for record in records(runs.two.stdout)}
    good = dict.fromkeys([*(name.encode() for name in GOOD), *POSIX_NAMES], "ok")
    bad = dict.fromkeys([name.encode() for name in (*BROKEN, *UNREADABLE)], "error")
    assert found == good | bad
    assert len(records(runs.two.stdout)) == len(found)
    assert runs.two.returncode == ExitCode.SOME_FAILED


def test_every_record_is_valid_and_every_error_says_what_to_do(runs: Runs) -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    for record in records(runs.two.stdout):
        validator.validate(record)
        if record["status"] == "error":
            assert record["error"]["code"]
            assert len(record["error"]["message"].split()) > 3
        else:
            assert record["error"] is None and record["source"]["sha256"]


def test_one_summary_on_stderr_tells_what_was_found_and_names_what_failed(runs: Runs) -> None:
    told = runs.two.stderr.decode(errors="replace")
    lines = [line for line in told.splitlines() if line.startswith("serialscan: ")]
    assert f"{len(GOOD) + len(POSIX_NAMES)} read" in lines[0]
    assert f"{len(BROKEN) + len(UNREADABLE)} failed" in lines[0]
    assert "skipped 2 hidden, 1 other" in lines[0]
    assert lines[1].startswith("serialscan: serials: ")
    kinds = [line.split(": ")[1] for line in lines[2:]]
    assert kinds.count("failed") == len(BROKEN) + len(UNREADABLE)
    assert set(kinds) <= {"failed", "copies"}
    assert b"Traceback" not in runs.two.stderr


def test_records_stand_in_input_order(runs: Runs) -> None:
    names = [os.fsdecode(file_name(record)) for record in records(runs.two.stdout)]
    assert names == sorted(names)


def test_originals_are_untouched(runs: Runs) -> None:
    assert runs.before == runs.after


def test_two_runs_give_the_same_bytes_but_for_timings(runs: Runs) -> None:
    """One with two jobs over the folder, one with one job over a list with NUL bytes."""

    def without_timings(output: bytes) -> list[dict[str, Any]]:
        return [{**record, "timing_ms": None} for record in records(output)]

    assert runs.one.returncode == ExitCode.SOME_FAILED
    for one, two in zip(without_timings(runs.one.stdout), without_timings(runs.two.stdout), strict=True):
        assert one == two


def test_pages_of_a_tiff_are_all_read(runs: Runs) -> None:
    (record,) = [record for record in records(runs.two.stdout) if file_name(record) == b"three pages.tif"]
    assert record["source"]["pages"] == 3
    assert {line["page"] for line in record["lines"]} == {1, 2, 3}


def test_names_that_are_no_text_keep_their_exact_bytes(runs: Runs) -> None:
    paths = {file_name(record): record["source"]["path"] for record in records(runs.two.stdout)}
    for name in POSIX_NAMES:
        assert paths[name].endswith(name.decode("utf-8", "backslashreplace"))


def test_inputs_that_are_not_there_get_records_too(here: Here, folder: Path) -> None:
    gone, text, good = folder / "gone.jpg", folder / "notes.txt", folder / "good 1.jpg"
    done = here("scan", gone, text, good, "", gone)
    assert done.returncode == ExitCode.SOME_FAILED
    found = records(done.stdout)
    assert [record["status"] for record in found] == ["error", "error", "ok", "error", "error"]
    assert all(record["error"]["message"] for record in found if record["error"])


def test_when_every_input_fails_the_exit_code_says_so(here: Here, folder: Path) -> None:
    done = here("scan", folder / "empty.jpg", folder / "text.jpg")
    assert done.returncode == ExitCode.NO_INPUT
    assert [record["status"] for record in records(done.stdout)] == ["error", "error"]


@pytest.mark.skipif(os.name != "posix", reason="stops a process by a signal")
def test_a_killed_worker_costs_exactly_one_record(slow: Program, folder: Path) -> None:
    photos = [folder / name for name in GOOD[:2]] * 3
    with slow.started("scan", "--jobs", "2", *photos, env={"BLIND_SECONDS": "1"}) as process:
        assert process.stdout is not None and process.stderr is not None
        first = process.stdout.readline()
        # On a busy machine one may still be starting and hold no photo; that which worked most is not.
        victim = max(workers(process), key=lambda one: sum(one.cpu_times()[:2]))
        victim.suspend()  # once it rests, it holds a photo: the supervisor has given it the next one
        time.sleep(0.5)
        victim.send_signal(signal.SIGKILL)
        rest, error = process.communicate(timeout=60)
    found = records(first + rest)
    died = [record for record in found if record["status"] == "error"]
    assert len(found) == len(photos)
    assert [record["error"]["code"] for record in died] == ["worker_died"]
    assert "--jobs" in died[0]["error"]["message"]
    assert [file_name(record) for record in found] == [name.encode() for name in GOOD[:2]] * 3
    assert process.returncode == ExitCode.SOME_FAILED
    assert b"Traceback" not in error


@pytest.mark.parametrize("obstacle", ["folder", "full disk"])
def test_pictures_that_cannot_be_written_end_the_run(here: Here, tmp_path: Path, obstacle: str) -> None:
    """The photo is not to blame: it gets no record, and the records before it are whole."""
    photos, folder = [small_photo(tmp_path / name) for name in ("1.png", "2.png")], tmp_path / "pictures"
    assert here("scan", *photos, "--pictures", folder).returncode == ExitCode.OK
    (picture,) = folder.glob("*2.png*.jpg")
    picture.unlink()
    if obstacle == "folder":
        picture.mkdir()
    elif Path("/dev/full").exists():
        picture.symlink_to("/dev/full")
    else:
        pytest.skip("this system has no /dev/full")
    done = here("scan", *photos, "--pictures", folder, "--jobs", "1")
    assert done.returncode == ExitCode.OUTPUT
    assert [(file_name(record), record["status"]) for record in records(done.stdout)] == [(b"1.png", "ok")]
    assert b"--pictures" in done.stderr and str(folder).encode() in done.stderr
    assert b"internal error" not in done.stderr and b"Traceback" not in done.stderr


def test_a_photo_that_takes_for_ever_is_given_up(serialscan: Program, folder: Path, tmp_path: Path) -> None:
    """A limit so short that no photo can keep it."""
    (tmp_path / "serialscan.toml").write_text("timeout_s = 0.001", encoding="utf-8")
    done = serialscan("scan", folder / "good 1.jpg", folder / "good-2.png", cwd=tmp_path)
    assert done.returncode == ExitCode.NO_INPUT
    assert [record["error"]["code"] for record in records(done.stdout)] == ["timed_out"] * 2
    assert all("timeout_s" in record["error"]["message"] for record in records(done.stdout))
