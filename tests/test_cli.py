from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from conftest import REPOSITORY, Here, Program, clean_environment, records, start_of_child

from serialscan import __version__
from serialscan.cli import cli
from serialscan.errors import ExitCode

CASE_COMMANDS = (
    "note", "transfer", "set", "log", "list", "show", "seal", "extract", "merge", "manifest", "certificate",
    "timestamp",
)  # fmt: skip
COMMANDS = [
    name.split()
    for name in (
        "scan",
        "evaluate",
        "calibrate",
        "render",
        "schema",
        "doctor",
        *("register", "register build", "register add", "register info", "register verify", "register list"),
        "match",
        "lookup",
        "config",
        "config show",
        "completion",
        "case",
        "case verify",
        "case verifier",
        "case migrate",
        *(f"case {name}" for name in CASE_COMMANDS),
        "case timestamp request",
        "case timestamp add",
        *("key", "key create", "key show", "key witness", "export", "labels", "labels import"),
    )
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help(command: Callable[..., Any], words: list[str]) -> None:
    done = command(*words, "--help")
    assert (done.code, done.err) == (ExitCode.OK, "")
    assert done.out.startswith("Usage: serialscan")
    assert "Example" in done.out or words == ["config"]


def test_help_tells_the_whole_first_sentence_of_every_command(command: Callable[..., Any]) -> None:
    for path in ([], ["case"], ["case", "timestamp"], ["key"], ["knowledge"], ["config"]):
        group: Any = cli
        context = click.Context(cli)
        for name in path:
            group = group.get_command(context, name)
        text = " ".join(command(*path, "--help").out.split())
        for name in group.list_commands(context):
            below = group.get_command(context, name)
            sentence = " ".join(below.help.split("\n\n")[0].split()).split(". ")[0].removesuffix(".")
            assert f"{name} {sentence}" in text, (path, name)


def test_help_needs_no_heavy_library() -> None:
    """Reading nothing must not wait for the libraries that read."""
    code = (
        "import sys; from serialscan.cli import main; code = main(['--help']);"
        "heavy = {'numpy', 'cv2', 'onnxruntime', 'PIL', 'rich', 'psutil'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"Exit codes:" in done.stdout


def test_version(serialscan: Program) -> None:
    for option in ("--version", "-V"):
        assert serialscan(option).stdout.decode().split()[-1] == __version__


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["scna"], "scan"),
        (["scan", "--recursiv", "."], "--recursive"),
        (["scan"], "Name a file, a folder or -"),
        (["scan", "-", "-"], "only once"),
        (["scan", "-", "--files-from", "-"], "only once"),
        (["scan", ".", "-0"], "--files-from"),
        (["scan", ".", "--format", "xml"], "ndjson"),
        (["scan", ".", "--max-pixels", "many"], "integer"),
        (["completion", "tcsh"], "powershell"),
    ],
)
def test_wrong_usage_is_told_with_advice(here: Here, arguments: list[str], advice: str) -> None:
    done = here(*arguments)
    assert (done.returncode, done.stdout) == (ExitCode.USAGE, b"")
    assert advice in done.stderr.decode()
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["scan", "--reader", "best", "."], ["scan", "--jobs", "-1", "."]])
def test_a_flag_out_of_range_is_a_bad_setting(here: Here, arguments: list[str]) -> None:
    done = here(*arguments)
    assert (done.returncode, done.stdout) == (ExitCode.SETTINGS, b"")
    assert f"{arguments[1]})".encode() in done.stderr


def test_config_show_tells_values_and_origins(here: Here, tmp_path: Path) -> None:
    (tmp_path / "serialscan.toml").write_text('reader = "network"\njobs = 2\n', encoding="utf-8")
    below = tmp_path / "case" / "photos"
    below.mkdir(parents=True)
    done = here("config", "show", "--origin", cwd=below, env={"SERIALSCAN_GPS": "true"})
    assert done.returncode == ExitCode.OK
    lines = done.stdout.decode().splitlines()
    assert f'reader = "network"  # {tmp_path / "serialscan.toml"}' in lines
    assert "gps = true  # SERIALSCAN_GPS" in lines
    assert "beams = 50  # default" in lines


def test_config_show_is_itself_a_settings_file(here: Here, tmp_path: Path) -> None:
    shown = here("config", "show", env={"SERIALSCAN_MAX_PAGES": "7"}).stdout
    file = tmp_path / "mine.toml"
    file.write_bytes(shown)
    assert here("config", "show", "--config", file).stdout == shown


def test_an_unknown_setting_ends_with_did_you_mean(here: Here, tmp_path: Path) -> None:
    (tmp_path / "serialscan.toml").write_text("max_pixel = 9", encoding="utf-8")
    done = here("scan", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (ExitCode.SETTINGS, b"")
    assert b"did you mean max_pixels?" in done.stderr


def test_doctor_finds_the_installation_sound(serialscan: Program) -> None:
    done = serialscan("doctor", "--json")
    assert done.returncode == ExitCode.OK, done.stdout
    report = json.loads(done.stdout)
    checks = {check["name"]: check for check in report["checks"]}
    assert report["ok"] is True
    for name in ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "HEIC"):
        assert checks[f"format {name}"]["ok"], name
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for library in project["dependencies"]:
        assert checks[re.split("[<>=~!; ]", library)[0]]["ok"], library
    weights = [check for name, check in checks.items() if name.startswith("weight ")]
    assert weights and all(check["ok"] and "sha256" in check["detail"] for check in weights)
    assert checks["reader network"]["ok"]
    assert checks["reader tesseract"]["ok"] == (shutil.which("tesseract") is not None)


def test_doctor_names_a_library_that_is_missing(serialscan: Program, tmp_path: Path) -> None:
    """An installation that asks for a library that is not there, and for another one only in an extra."""
    facts = tmp_path / "serialscan-0.1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: serialscan\nVersion: 0.1.0\nProvides-Extra: more\n"
        "Requires-Dist: click>=8.1\nRequires-Dist: no-such-library[fast]>=1\n"
        'Requires-Dist: not-needed; extra == "more"\n',
        encoding="utf-8",
    )
    done = serialscan("doctor", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == ExitCode.ENGINE
    (line,) = [line for line in done.stdout.decode().splitlines() if line.startswith("FAIL")]
    assert line.split()[1] == "no-such-library" and "pip install no-such-library" in line
    assert b"not-needed" not in done.stdout


def test_doctor_tells_how_to_get_tesseract(serialscan: Program, tmp_path: Path) -> None:
    done = serialscan("doctor", env={"PATH": str(tmp_path)})
    assert done.returncode == ExitCode.OK
    (line,) = [
        line for line in done.stdout.decode().splitlines() if "tesseract " in line and line.startswith("-")
    ]
    assert "install" in line


def test_doctor_and_scan_refuse_a_weight_that_was_changed(reading: Program, tmp_path: Path) -> None:
    package = REPOSITORY / "serialscan"
    shutil.copytree(package, tmp_path / "serialscan", ignore=shutil.ignore_patterns("__pycache__"))
    weight = max((tmp_path / "serialscan" / "reading" / "models").glob("*.onnx"))
    data = bytearray(weight.read_bytes())
    data[len(data) // 2] ^= 1
    weight.write_bytes(data)
    changed = {"env": {"PYTHONPATH": str(tmp_path)}, "cwd": tmp_path}
    done = reading("doctor", **changed)
    assert done.returncode == ExitCode.ENGINE
    assert any(line.startswith("FAIL  weight") for line in done.stdout.decode().splitlines())
    done = reading("scan", weight, **changed)
    assert (done.returncode, done.stdout) == (ExitCode.ENGINE, b"")
    assert weight.name.encode() in done.stderr and b"Traceback" not in done.stderr


def test_an_unexpected_error_is_one_line_and_a_traceback_only_on_demand(
    serialscan: Program, tmp_path: Path
) -> None:
    """A broken installation: the module that lists the machine's resources is not what it should be."""
    (tmp_path / "psutil.py").write_text("raise ValueError('broken')", encoding="utf-8")
    env = {"PYTHONPATH": str(tmp_path)}
    done = serialscan("scan", "x.jpg", env=env)
    assert done.returncode == ExitCode.INTERNAL
    assert done.stderr.decode().splitlines() == [
        "serialscan: internal error ValueError: broken, run again with -vv for the traceback"
    ]
    assert b"Traceback" in serialscan("scan", "-vv", "x.jpg", env=env).stderr


def test_interrupted_while_it_starts_it_ends_quietly(serialscan: Program, tmp_path: Path) -> None:
    # As Ctrl-C does while this package is being loaded.
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    done = serialscan("scan", "x.jpg", env={"PYTHONPATH": str(tmp_path)})
    assert (done.returncode, done.stderr) == (ExitCode.INTERRUPTED, b"")


@pytest.mark.skipif(os.name != "posix", reason="descriptors are closed so only in POSIX shells")
@pytest.mark.parametrize("command", ["schema", "config show", "knowledge test", "--help", "--version"])
def test_what_cannot_be_told_because_standard_output_is_closed_is_an_error(
    serialscan: Program, command: str
) -> None:
    code, told = in_a_shell(serialscan, f"serialscan {command} >&-")
    assert code == ExitCode.OUTPUT
    assert b"Standard output is closed" in told


@pytest.mark.skipif(os.name != "posix", reason="descriptors are closed so only in POSIX shells")
@pytest.mark.parametrize(
    ("closed", "code"), [(">&-", ExitCode.OUTPUT), ("2>&-", ExitCode.NO_INPUT), ("<&-", ExitCode.NO_INPUT)]
)
def test_closed_descriptors(serialscan: Program, closed: str, code: ExitCode) -> None:
    command = f'"{sys.executable}" -m serialscan scan x.jpg - {closed}'
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        command, shell=True, capture_output=True, check=False, cwd=serialscan.home, env=environment
    )
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    if code == ExitCode.OUTPUT:
        assert b"Standard output is closed" in done.stderr and done.stdout == b""
    else:
        assert [record["status"] for record in records(done.stdout)] == ["error"] * 2


def in_a_shell(serialscan: Program, command: str, folder: Path | None = None) -> tuple[int, bytes]:
    """Exit code of the shell's command and what was told on stderr; "serialscan" stands for the program."""
    environment = clean_environment(serialscan.home, SERIALSCAN_READER="network", SERIALSCAN_ENGINE="null")
    command = command.replace("serialscan", f'"{sys.executable}" -m serialscan')
    done = subprocess.run(
        command, shell=True, capture_output=True, check=False, cwd=folder or serialscan.home,
        env=environment, preexec_fn=start_of_child,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr and b"internal error" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.skipif(os.name != "posix", reason="descriptors are closed so only in POSIX shells")
def test_records_for_a_file_need_no_standard_output(serialscan: Program, tmp_path: Path) -> None:
    output = tmp_path / "records.ndjson"
    code, _ = in_a_shell(serialscan, f'serialscan scan x.jpg -o "{output}" >&-')
    assert code == ExitCode.NO_INPUT
    assert [record["status"] for record in records(output.read_bytes())] == ["error"]


@pytest.mark.skipif(os.name != "posix", reason="descriptors are closed so only in POSIX shells")
@pytest.mark.parametrize(
    "command",
    ["knowledge propose -", "evaluate labels.jsonl --records -", "scan --files-from - -o new.ndjson"],
)
def test_a_list_from_a_closed_standard_input_is_told(serialscan: Program, command: str) -> None:
    code, told = in_a_shell(serialscan, f"serialscan {command} <&-")
    assert code == ExitCode.NO_INPUT
    assert b"tandard input is closed" in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "command", ["--version", "scan --help", "schema", "config show", "knowledge test", "completion fish"]
)
def test_text_that_cannot_be_written_is_told(serialscan: Program, command: str, unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = serialscan(*command.split(), stdout=full, env={"PYTHONUNBUFFERED": unbuffered})
    assert done.returncode == ExitCode.OUTPUT
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("serialscan: Standard output cannot be written (No space left")


@pytest.mark.parametrize("command", ["--help", "schema", "config show", "knowledge test"])
def test_text_that_nobody_reads_ends_quietly(serialscan: Program, command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = serialscan(*command.split(), stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (ExitCode.NOBODY_READS, b"")


@pytest.mark.skipif(os.name != "posix", reason="needs permissions and folders of POSIX")
@pytest.mark.parametrize("obstacle", ["chmod 0 .", "chmod 0 ..", "rmdir ../work"])
def test_a_current_folder_that_cannot_be_used_is_told(
    serialscan: Program, tmp_path: Path, obstacle: str
) -> None:
    folder = tmp_path / "case" / "work"
    folder.mkdir(parents=True)
    photo = tmp_path / "photo.jpg"
    photo.touch()
    try:
        for command, expected in (
            ("config show", ExitCode.OK),
            (f'scan "{photo}"', ExitCode.NO_INPUT),
            ("doctor", ExitCode.NO_INPUT),
        ):
            folder.mkdir(exist_ok=True)
            code, told = in_a_shell(serialscan, f"{obstacle}; serialscan {command}", folder)
            folder.parent.chmod(0o700)
            if folder.exists():
                folder.chmod(0o700)
            assert code == expected
            assert expected == ExitCode.OK or b"current folder cannot be used" in told
    finally:
        folder.parent.chmod(0o700)
