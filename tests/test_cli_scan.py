"""Streams of ``scan``: what reaches standard output, files, terminals and closed pipes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from io import FileIO
from pathlib import Path

import pytest
from conftest import Here, Program, records, small_photo, wait_for, workers

from serialscan.batch.destination import open_output
from serialscan.batch.output import DataStream
from serialscan.errors import ExitCode, OutputError

posix_only = pytest.mark.skipif(os.name != "posix", reason="signals and devices of POSIX")


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two good photos and a broken one."""
    folder = tmp_path_factory.mktemp("photos")
    small_photo(folder / "a.png", "A100001")
    small_photo(folder / "b.jpg", "B200002")
    (folder / "c.jpg").write_bytes(b"no image")
    return folder


def statuses(output: bytes) -> list[str]:
    return [record["status"] for record in records(output)]


def test_one_image_from_standard_input(alone: Program, photos: Path) -> None:
    done = alone("scan", "-", input=(photos / "a.png").read_bytes())
    assert done.returncode == ExitCode.OK
    (record,) = records(done.stdout)
    assert (record["source"]["path"], record["source"]["format"]) == ("-", "PNG")
    assert record["source"]["bytes"] == (photos / "a.png").stat().st_size


@pytest.mark.parametrize("data", [b"", b"no image"])
def test_standard_input_without_an_image_fails_loudly(alone: Program, data: bytes) -> None:
    done = alone("scan", "-", input=data)
    assert done.returncode == ExitCode.NO_INPUT
    (record,) = records(done.stdout)
    assert record["status"] == "error"
    assert record["error"]["message"] in done.stderr.decode()


def test_standard_input_larger_than_the_limit_is_refused(alone: Program) -> None:
    done = alone("scan", "-", "--max-bytes", "1000", input=b"x" * 1_000_000)
    (record,) = records(done.stdout)
    assert (done.returncode, record["status"]) == (ExitCode.NO_INPUT, "error")
    assert "--max-bytes" in record["error"]["message"]


def test_the_summary_accounts_for_everything_and_quiet_hides_it(here: Here, photos: Path) -> None:
    done = here("scan", photos)
    assert done.returncode == ExitCode.SOME_FAILED
    assert statuses(done.stdout) == ["ok", "ok", "error"]
    summary, *_ = done.stderr.decode().splitlines()
    assert "3 photos: 2 read, 1 failed" in summary and "photos/s" in summary
    quiet = here("scan", "--quiet", photos / "a.png")
    assert (quiet.returncode, quiet.stderr) == (ExitCode.OK, b"")
    assert statuses(quiet.stdout) == ["ok"]


def test_a_folder_hides_no_photo_and_names_what_may_hold_some(
    serialscan: Program, here: Here, tmp_path: Path
) -> None:
    photo = small_photo(tmp_path / "a.jpg").read_bytes()
    for name in ("IMG_0001.MPO", "IMG_0002"):
        (tmp_path / name).write_bytes(photo)
    (tmp_path / "b.jp2").write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n")
    (tmp_path / "c.zip").write_bytes(b"PK\3\4")
    (tmp_path / "d.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "\x1b[2Je").write_bytes(b"text")
    done = here("scan", tmp_path, "--effort", "fast")
    read = {Path(record["source"]["path"]).name: record["status"] for record in records(done.stdout)}
    assert read == {"IMG_0001.MPO": "ok", "IMG_0002": "ok", "a.jpg": "ok", "b.jp2": "error"}
    assert done.returncode == ExitCode.SOME_FAILED
    assert b"skipped 1 archive, 1 document, 1 other: -v names them; archives, documents and" in done.stderr
    named = serialscan("scan", tmp_path, "-v", "--include", "c.*").stderr.decode()
    assert "a.jpg: --include or --exclude leave it out" in named
    named = serialscan("scan", tmp_path, "-v", "--exclude", "*.jpg", "--effort", "fast").stderr.decode()
    assert "c.zip: it is an archive, which may hold photos" in named
    assert "\\x1b[2Je: its content is no image" in named
    assert "\x1b" not in named


def test_progress_events_for_programs(here: Here, photos: Path) -> None:
    done = here("scan", "-q", "--progress", "json", photos)
    events = [json.loads(line) for line in done.stderr.decode().splitlines()]
    assert [(event["done"], event["failed"]) for event in events] == [(1, 0), (2, 0), (3, 1)]
    assert events[-1]["total"] == 3
    assert [Path(event["file"]).name for event in events] == ["a.png", "b.jpg", "c.jpg"]


def test_nothing_but_records_reaches_standard_output(serialscan: Program, tmp_path: Path) -> None:
    """Polluters in parent and worker: Python, the descriptor, C's buffer, and the end of the process."""
    (tmp_path / "sitecustomize.py").write_text(
        "import atexit, ctypes, importlib.abc, os, sys\n"
        "def pollute():\n"
        "    print('pollution by print')\n"
        "    os.write(1, b'pollution by descriptor\\n')\n"
        "    if os.name == 'posix': ctypes.CDLL(None).printf(b'pollution by C\\n')\n"
        "class Polluter(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name in ('psutil', 'onnxruntime'):\n"
        "            pollute()\n"
        "            atexit.register(pollute)\n"
        "sys.meta_path.insert(0, Polluter())\n",
        encoding="utf-8",
    )
    photo = small_photo(tmp_path / "a.png")
    done = serialscan("scan", photo, env={"PYTHONPATH": str(tmp_path)})
    assert statuses(done.stdout) == ["ok"]
    assert done.stderr.count(b"pollution by print") >= 2
    assert done.stderr.count(b"pollution by descriptor") >= 2


def test_records_are_never_replaced(here: Here, photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "records.ndjson"
    first = here("scan", photos, "--output", output)
    assert (first.returncode, first.stdout) == (ExitCode.SOME_FAILED, b"")
    before = output.read_bytes()
    assert statuses(before) == ["ok", "ok", "error"]
    again = here("scan", photos / "a.png", "-o", output)
    assert (again.returncode, again.stdout) == (ExitCode.OUTPUT, b"")
    assert b"--resume" in again.stderr and b"--output" in again.stderr
    assert output.read_bytes() == before


@pytest.mark.parametrize("option", ["-o", "--crops", "--pictures"])
def test_nothing_is_written_into_an_input_folder(here: Here, tmp_path: Path, option: str) -> None:
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    for inputs in (tmp_path / "photos", tmp_path / "pho*", tmp_path / "photos/deep/.."):
        done = here("scan", inputs, option, tmp_path / "photos" / "deep" / "new")
        assert (done.returncode, done.stdout) == (ExitCode.OUTPUT, b"")
        assert b"choose a place outside with --" in done.stderr
    assert [path.name for path in tmp_path.rglob("new")] == []


@pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")
def test_an_output_with_another_name_may_be_an_original(here: Here, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "empty.jpg").touch()
    (tmp_path / "new.ndjson").hardlink_to(tmp_path / "photos" / "empty.jpg")
    done = here("scan", tmp_path / "photos", "-o", tmp_path / "new.ndjson")
    assert done.returncode == ExitCode.OUTPUT and b"hard link" in done.stderr
    assert (tmp_path / "photos" / "empty.jpg").read_bytes() == b""


def test_a_path_stands_in_its_record_as_it_was_given(here: Here, tmp_path: Path) -> None:
    """./- is a file, - is standard input."""
    for name in ("-", "a.png"):
        small_photo(tmp_path / "x.png").rename(tmp_path / name)
    given = ["./-", "./a.png", str(tmp_path / "a.png"), "none.png", "./none.png"]
    done = here("scan", *given, cwd=tmp_path)
    assert [record["source"]["path"] for record in records(done.stdout)] == given


def test_a_run_that_cannot_start_leaves_the_records_before(
    here: Here, serialscan: Program, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    photo.touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.toml").write_text("[[maker]]", encoding="utf-8")
    (tmp_path / "table.csv").write_text("photo,item\nempty,A\n", encoding="utf-8")
    output = tmp_path / "records.ndjson"
    here("scan", photo, "-o", output)
    before = output.read_bytes()
    assert statuses(before) == ["error"]
    for arguments, code in (
        ([tmp_path / "empty"], ExitCode.NO_INPUT),
        (["--files-from", tmp_path / "missing"], ExitCode.NO_INPUT),
        ([photo, "--knowledge", tmp_path / "bad.toml"], ExitCode.SETTINGS),
        ([photo, "--items", tmp_path / "table.csv"], ExitCode.SETTINGS),
    ):
        done = here("scan", *arguments, "-o", output, "--resume", env={"PATH": str(tmp_path)})
        assert done.returncode == code, arguments
        assert output.read_bytes() == before, arguments
    other = tmp_path / "other.ndjson"
    nowhere = {"PATH": str(tmp_path / "empty")}  # another process: what is installed is asked once
    done = serialscan("scan", photo, "-o", other, "--reader", "tesseract", env=nowhere)
    assert done.returncode == ExitCode.ENGINE and b"not installed" in done.stderr


@posix_only
@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
def test_an_output_that_is_standard_output_gets_the_records(
    alone: Program, tmp_path: Path, name: str
) -> None:
    done = alone("scan", "gone.jpg", "-o", name, cwd=tmp_path)
    assert statuses(done.stdout) == ["error"]
    assert b'"record"' not in done.stderr
    assert not list(tmp_path.iterdir())
    with (tmp_path / "all.ndjson").open("ab") as file:  # as >> does
        for _ in range(2):
            alone("scan", "gone.jpg", "-o", name, cwd=tmp_path, stdout=file)
    assert statuses((tmp_path / "all.ndjson").read_bytes()) == ["error"] * 2


def test_a_file_can_have_the_name_of_a_dash(here: Here, tmp_path: Path) -> None:
    done = here("scan", "gone.jpg", "-o", f".{os.sep}-", cwd=tmp_path)
    assert done.stdout == b""
    assert statuses((tmp_path / "-").read_bytes()) == ["error"]


@posix_only
@pytest.mark.parametrize("told_to", ["full disk", "closed pipe"])
def test_messages_that_cannot_be_told_cost_no_record(alone: Program, tmp_path: Path, told_to: str) -> None:
    if told_to == "full disk" and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    if told_to == "full disk":
        stderr = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, stderr = os.pipe()
        os.close(reader)
    photo = small_photo(tmp_path / "good.png")
    # With an encoding that click does not trust it writes past the text, to the bytes below it.
    for encoding in ("utf-8", "ascii"):
        done = alone(
            "scan", "gone.jpg", photo, "lost.jpg", "--progress", "json", stderr=stderr,
            env={"PYTHONIOENCODING": encoding})  # fmt: skip
        assert statuses(done.stdout) == ["error", "ok", "error"]
        assert done.returncode == ExitCode.SOME_FAILED
    assert alone("scan", stderr=stderr).returncode == ExitCode.USAGE
    os.close(stderr)


@posix_only
@pytest.mark.parametrize("shared", [False, True], ids=["own file", "appended to standard output"])
def test_a_full_disk_leaves_whole_lines_in_a_file(tmp_path: Path, shared: bool) -> None:
    import resource

    output = tmp_path / "records.ndjson"
    if shared:
        output.write_bytes(b"before\n")
        raw = FileIO(os.open(output, os.O_WRONLY | os.O_APPEND), "w")
        stream = DataStream(raw, "Standard output")
    else:
        stream = open_output(output, ())
    stream.write_line(b"first")
    whole = output.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 4, limits[1]))
    try:
        with pytest.raises(OutputError, match="the records before are whole"):
            stream.write_line(b"second line")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert output.read_bytes() == whole
    stream.write_line(b"third")
    assert output.read_bytes() == whole + b"third\n"


def test_two_scans_do_not_write_into_one_file(here: Here, photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "records.ndjson"
    first = open_output(output, ())
    first.write_line(b'{"record":"photo","number":1}')
    done = here("scan", photos, "-o", output)
    assert (done.returncode, done.stdout) == (ExitCode.OUTPUT, b"")
    assert b"another scan" in done.stderr
    first.write_line(b'{"record":"photo","number":2}')
    assert [record["number"] for record in records(output.read_bytes())] == [1, 2]
    del first
    assert b"holds records already" in here("scan", photos, "-o", output).stderr


def test_no_photo_and_no_other_file_can_be_overwritten(here: Here, tmp_path: Path) -> None:
    photo = small_photo(tmp_path / "photo.jpg")
    unnamed = photo.rename(tmp_path / "photo")
    small_photo(tmp_path / "other.jpg")
    (tmp_path / "package.json").write_text('{"name": "x"}', encoding="utf-8")
    (tmp_path / "report.json").write_text('{"record":"evaluation","schema":', encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for output in ("photo", "other.jpg", "new.jpg", "package.json", "report.json", ".", "no/such/folder/x"):
        done = here("scan", unnamed, "-o", tmp_path / output)
        assert (done.returncode, done.stdout) == (ExitCode.OUTPUT, b""), output
        assert b"--output" in done.stderr and b"Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_crops_stay_out_of_the_input_folder(
    serialscan: Program, reading: Program, photos: Path, tmp_path: Path
) -> None:
    crops = ("--crops", photos / "crops")
    listed = serialscan("scan", "--files-from", "-", *crops, input=str(photos).encode())
    assert [record["error"]["code"] for record in records(listed.stdout)] == ["output_inside_input"]
    (photos / "crops").rmdir()
    done = reading("scan", photos / "a.png", "--crops", tmp_path / "crops")
    assert done.returncode == ExitCode.OK
    assert len(list((tmp_path / "crops").glob("*.png"))) == len(records(done.stdout)[0]["lines"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_ends_the_run_with_advice(alone: Program, photos: Path) -> None:
    done = alone("scan", photos / "c.jpg", "--output", "/dev/full")
    assert (done.returncode, done.stdout) == (ExitCode.OUTPUT, b"")
    assert b"No space left" in done.stderr and b"Traceback" not in done.stderr
    with Path("/dev/full").open("wb") as full:
        done = alone("scan", photos / "c.jpg", stdout=full)
    assert done.returncode == ExitCode.OUTPUT
    assert b"No space left" in done.stderr and b"Traceback" not in done.stderr


def test_a_closed_pipe_ends_quietly(slow: Program, photos: Path) -> None:
    with slow.started("scan", *[photos] * 20) as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())["status"] == "ok"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(120) == ExitCode.NOBODY_READS


@posix_only
@pytest.mark.parametrize(("kind", "jobs"), [("reading", 1), ("slow", 2)])
def test_ctrl_c_leaves_whole_records_and_no_processes(
    request: pytest.FixtureRequest, photos: Path, kind: str, jobs: int
) -> None:
    program: Program = request.getfixturevalue(kind)
    with program.started("scan", "--jobs", jobs, *[photos] * 40, start_new_session=True) as process:
        assert process.stdout is not None and process.stderr is not None
        first = process.stdout.readline()
        children = workers(process)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
        rest, error = process.communicate(timeout=120)
        assert process.returncode == ExitCode.INTERRUPTED
    count = len(records(first + rest))
    assert 1 <= count < 120
    assert f"interrupted, {count} of 120 read" in error.decode()
    assert b"Traceback" not in error
    assert len(children) == jobs and not any(child.is_running() for child in children)


@posix_only
def test_on_a_terminal_there_is_a_table(serialscan: Program, photos: Path) -> None:
    import pty

    def on_terminal(*arguments: object) -> str:
        parent, child = pty.openpty()
        streams = {"stdout": child, "stderr": child, "env": {"TERM": "xterm"}}
        with serialscan.started("scan", *arguments, **streams):
            os.close(child)
            text = b""
            with contextlib.suppress(OSError):  # Linux's way to tell the end of a terminal
                while chunk := os.read(parent, 4096):
                    text += chunk
            os.close(parent)
        return text.decode()

    table = on_terminal(photos)
    assert "a.png" in table and "c.jpg" in table and "error" in table
    assert "3 photos: 2 read, 1 failed" in table
    assert '{"record"' not in table
    assert '{"record"' in on_terminal(photos / "c.jpg", "--format", "ndjson")


def test_a_table_can_be_forced_and_shows_no_control_characters(reading: Program, tmp_path: Path) -> None:
    if sys.platform != "win32":
        (tmp_path / "evil\x1b[31m\nname.jpg").write_bytes(b"")
    small_photo(tmp_path / "a.png", "A100001")
    done = reading("scan", tmp_path, "--format", "table", "--quiet")
    text = done.stdout.decode()
    assert "a.png" in text and "A100001" in text
    assert "\x1b" not in text
    if sys.platform != "win32":
        assert "evil\\x1b[31m\\nname.jpg" in text.replace("\n", "").replace(" ", "")


def test_records_come_while_the_list_is_still_being_written(serialscan: Program, photos: Path) -> None:
    with serialscan.started("scan", "--files-from", "-") as process:
        assert process.stdin is not None and process.stdout is not None
        for name in ("a.png", "b.jpg"):
            process.stdin.write(f"{photos / name}\n".encode())
            assert Path(json.loads(process.stdout.readline())["source"]["path"]).name == name
        process.stdin.close()
        assert process.wait(120) == ExitCode.OK


def test_nothing_to_read_is_told(here: Here, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    done = here("scan", tmp_path)
    assert (done.returncode, done.stdout) == (ExitCode.NO_INPUT, b"")
    assert b"-r" in done.stderr
    listed = here("scan", "--files-from", tmp_path / "missing")
    assert (listed.returncode, listed.stdout) == (ExitCode.NO_INPUT, b"")
    assert b"--files-from" in listed.stderr


@posix_only
def test_a_killed_parent_leaves_whole_records_and_no_orphans(slow: Program, photos: Path) -> None:
    with slow.started("scan", "--jobs", "2", *[photos] * 40) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        children = workers(process)
        process.kill()
        rest = process.stdout.read()
    assert records(first + rest)
    assert children
    wait_for(lambda: not any(child.is_running() and child.status() != "zombie" for child in children), 10)
