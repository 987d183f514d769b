"""The promise of the README: nothing leaves the machine, no file is written but those that a user named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from conftest import REPOSITORY, clean_environment, small_photo

from serialscan import telemetry
from serialscan.doctor import examine

# Each command as people type it, in a folder with a photo and its label.
COMMANDS = {
    "scan": [
        "scan",
        "photo.png",
        "-o",
        "out/records.ndjson",
        "--crops",
        "out/crops",
        "--pictures",
        "out/pictures",
        "--items",
        "folder",
    ],
    "scan to standard output": ["scan", "--reader", "network", "--jobs", "2", "."],
    "doctor": ["doctor"],
    "evaluate": ["evaluate", "labels.jsonl", "--html", "out/page.html", "--out-records", "out/new.ndjson"],
    "render": ["render", "--count", "1", "--out", "out/rendered", "--megapixels", "0.2"],
    "knowledge test": ["knowledge", "test"],
    "knowledge propose": ["knowledge", "propose", "records.ndjson", "-o", "out/ours.toml"],
    "register build": ["register", "build", "stock.csv", "-o", "out/stock.reg"],
    "config": ["config", "show"],
    "schema": ["schema"],
    "completion": ["completion", "bash"],
}
# System calls that make or change a file, and the flags that make an open one of them.
MAKING = ("creat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "symlink",
          "symlinkat", "truncate", "mknod", "mknodat")  # fmt: skip
OPENED_TO_WRITE = re.compile(r"\bO_(?:WRONLY|RDWR|CREAT|TRUNC)\b")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)(?:<([^>]*)>)?")
# What is no file of a user: a worker tells the kernel whom to end first when the memory is short.
NO_FILE = re.compile(r"/dev/(?:null|tty|pts/\d+)|/proc/(?:self|\d+)/oom_score_adj")


@cache
def no_strace() -> str | None:
    """Why system calls cannot be watched here, or None."""
    if shutil.which("strace") is None:
        return "strace, a program for Linux, is not installed"
    done = subprocess.run(["strace", "-f", "-qq", "true"], capture_output=True, check=False)
    return None if done.returncode == 0 else "strace is not allowed to watch processes here"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder that a command works in, beside a home and a temporary folder of its own."""
    for name in ("work/out", "home", "temporary"):
        (tmp_path / name).mkdir(parents=True)
    work = tmp_path / "work"
    small_photo(work / "photo.png")
    (work / "labels.jsonl").write_text('{"file": "photo.png", "lines": ["W123456"], "serial": "W123456"}\n')
    (work / "stock.csv").write_text("serial,maker\nW123456,COLT\n")
    return work


def environment(work: Path, **extra: str) -> dict[str, str]:
    home = work.parent / "home"
    return clean_environment(
        home, XDG_CACHE_HOME=str(home / "cache"), LOCALAPPDATA=str(home / "local"),
        TMPDIR=str(work.parent / "temporary"), PYTHONDONTWRITEBYTECODE="1", **extra,
    )  # fmt: skip


def calls(trace: str) -> Iterator[tuple[str, str, str | None]]:
    """Name, arguments and opened path of every system call that did not fail."""
    halves: dict[str, str] = {}
    for line in trace.splitlines():
        number, _, text = line.partition(" ")
        text = text.strip()
        if text.endswith("<unfinished ...>"):
            halves[number] = text.removesuffix("<unfinished ...>")
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>", text)
        if resumed is not None:
            text = halves.pop(number, "") + text[resumed.end() :]
        call = CALL.match(text)
        if call is not None and int(call[3]) >= 0:
            yield call[1], call[2], call[4]


@pytest.mark.skipif(no_strace() is not None, reason=str(no_strace()))
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_opens_a_socket_or_writes_a_file_that_nobody_named(folder: Path, command: str) -> None:
    if command == "knowledge propose":
        (folder / "records.ndjson").write_bytes(one_record(folder))
    trace = folder.parent / "trace"
    watched = "trace=%network,open,openat,openat2," + ",".join(MAKING)
    done = subprocess.run(
        ["strace", "-f", "-qq", "-y", "--seccomp-bpf", "-s", "4096", "-e", watched.replace(",", ",?"),
         "-o", trace, sys.executable, "-m", "serialscan", *COMMANDS[command]],
        cwd=folder, env=environment(folder), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen = list(calls(trace.read_text("utf-8", "replace")))
    assert len(seen) > 100, "nothing was watched"
    # The C library asks this machine's own name service by a socket of AF_UNIX.
    assert [call for call in seen if call[0] == "socket" and not call[1].startswith("AF_UNIX,")] == []
    allowed = (str(folder / "out"), str(folder.parent / "temporary"))
    written = {path or "" for name, arguments, path in seen
               if name.startswith("open") and OPENED_TO_WRITE.search(arguments)}  # fmt: skip
    written |= {str(folder / quoted) for name, arguments, _ in seen if name in MAKING
                for quoted in re.findall(r'"([^"]*)"', arguments)}  # fmt: skip
    beside = {path for path in written if not path.startswith(allowed) and not NO_FILE.fullmatch(path)}
    if command == "doctor":  # it tries whether a file can be made here; it has no name, or is gone at once
        beside = {path for path in beside if not path.startswith(str(folder))}
    assert beside == set()


@pytest.mark.skipif(no_strace() is not None, reason=str(no_strace()))
def test_a_socket_and_a_file_would_be_seen(folder: Path) -> None:
    code = "import socket; socket.socket().close(); open('beside', 'w').close()"
    trace = folder.parent / "trace"
    subprocess.run(
        ["strace", "-f", "-qq", "-y", "-e", "trace=%network,openat", "-o", trace, sys.executable, "-c", code],
        cwd=folder, check=True,
    )  # fmt: skip
    seen = list(calls(trace.read_text("utf-8", "replace")))
    assert any(name == "socket" and "AF_INET" in arguments for name, arguments, _ in seen)
    assert any(
        path == str(folder / "beside") and OPENED_TO_WRITE.search(arguments) for _, arguments, path in seen
    )


def one_record(folder: Path) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "serialscan", "scan", "--reader", "network", "photo.png"],
        cwd=folder, env=environment(folder, SERIALSCAN_ENGINE="null"), capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


@pytest.mark.parametrize(("who", "said"), [("scan", None), ("library", "0")])
def test_a_scan_and_a_library_leave_the_home_empty(folder: Path, who: str, said: str | None) -> None:
    """Whatever the variable says; the library that sends was loaded, or the test would prove nothing."""
    library = (
        "import pathlib, sys; from serialscan.reading import Reader;"
        "from serialscan.scan import scan_photo; from serialscan.settings import Settings;"
        " settings = Settings(reader='network');"
        "record = scan_photo(pathlib.Path('photo.png'), Reader(settings), settings);"
        "sys.exit(record.status != 'ok' or 'onnxruntime' not in sys.modules)"
    )
    env = environment(folder, **({telemetry.VARIABLE: said} if said is not None else {}))
    if said is None:
        env.pop(telemetry.VARIABLE, None)
    command = ["-m", "serialscan", "scan", "photo.png"] if who == "scan" else ["-c", library]
    subprocess.run([sys.executable, *command], cwd=folder, env=env, capture_output=True, check=True)
    assert files(folder.parent / "home") == []


def test_telemetry_is_off_before_the_library_is_loaded_in_every_process(folder: Path) -> None:
    (folder / "sitecustomize.py").write_text(
        "import importlib.abc, os, pathlib, sys\n"
        "class Noter(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'onnxruntime':\n"
        "            said = os.environ.get('ORT_DISABLE_TELEMETRY')\n"
        "            pathlib.Path(os.environ['NOTED'], str(os.getpid())).write_text(str(said))\n"
        "sys.meta_path.insert(0, Noter())\n",
        encoding="utf-8",
    )
    noted = folder.parent / "noted"
    noted.mkdir()
    env = environment(folder, NOTED=str(noted), PYTHONPATH=str(folder), ORT_DISABLE_TELEMETRY="0")
    small_photo(folder / "second.png", "B7")
    for command in (["scan", "--jobs", "2", "."], ["doctor"]):
        subprocess.run(
            [sys.executable, "-m", "serialscan", *command],
            cwd=folder,
            env=env,
            capture_output=True,
            check=True,
        )
    assert [path.read_text() for path in files(noted)] == ["1"] * len(files(noted))
    assert len(files(noted)) >= 2


def test_a_library_that_was_loaded_too_early_is_told() -> None:
    code = "import sys; sys.modules['onnxruntime'] = sys; import serialscan"
    env = {key: value for key, value in os.environ.items() if key != telemetry.VARIABLE}
    env["PYTHONPATH"] = str(REPOSITORY)
    late = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
    assert b"import serialscan first" in late.stderr
    early = subprocess.run(
        [sys.executable, "-c", code], env={**env, telemetry.VARIABLE: "1"}, capture_output=True, check=True
    )
    assert early.stderr == b""


def test_doctor_tells_the_state_of_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    (check,) = (one for one in examine() if one.name == "telemetry")
    assert check.ok
    assert "off" in check.detail
    monkeypatch.setattr(telemetry, "LAST_TRIED", (1, 17))
    (check,) = (one for one in examine() if one.name == "telemetry")
    assert not check.ok
    assert "onnxruntime<1.18" in check.detail


def test_no_version_is_installed_that_was_not_tried() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    (stated,) = (line for line in project["dependencies"] if line.startswith("onnxruntime"))
    major, minor = telemetry.LAST_TRIED
    assert stated.endswith(f",<{major}.{minor + 1}")
    assert telemetry.was_tried(f"{major}.{minor}.9")
    assert not telemetry.was_tried(f"{major}.{minor + 1}.0")
    assert not telemetry.was_tried(f"{major + 1}.0")
    assert not telemetry.was_tried("nightly")
