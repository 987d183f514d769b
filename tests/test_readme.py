"""What README.md and docs/ promise must be so: the record, the commands, the tables, the files."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import click
import jsonschema
import pytest
from conftest import BLIND, REPOSITORY, Here, Program, clean_environment, small_photo

from serialscan.cli import cli
from serialscan.errors import ExitCode
from serialscan.record import ErrorCode, MessageFault, WarningCode
from serialscan.settings import BatchSettings, Settings

sys.path.insert(0, str(REPOSITORY / "docs"))
import make_example

README = (REPOSITORY / "README.md").read_text("utf-8")
DOCS = {page.stem: page.read_text("utf-8") for page in sorted((REPOSITORY / "docs").glob("*.md"))}
RECORD_PAGE = DOCS["record"]
PAGES = [
    *REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "training").rglob("*.md"),
    REPOSITORY / "samples" / "README.md",
]  # fmt: skip
SCRIPT = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
JSON = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"\bserialscan ((?:scan|schema|config|knowledge|doctor|completion|case|key)\b[^|\n#>]*)")
# Readings differ a little between processors and versions of the libraries.
CONFIDENCE, PIXELS = 0.05, 4.0


def section(page: str, title: str) -> str:
    return re.split(r"^## ", page.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


USAGE = [script for page in (section(README, "Use"), DOCS["use"], DOCS["settings"], DOCS["items"])
         for script in SCRIPT.findall(page)]  # fmt: skip


def table(text: str) -> list[list[str]]:
    """Rows of a table, without its head; all its cells."""
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return rows[2:]


def assert_alike(shown: Any, real: Any, where: str = "record") -> None:
    """The same record but for what another processor may round otherwise."""
    name = where.rpartition(".")[2]
    if isinstance(shown, dict):
        assert shown.keys() == real.keys(), where
        for key in shown:
            assert_alike(shown[key], real[key], f"{where}.{key}")
    elif name in ("alternatives", "candidates"):
        key = {"alternatives": "char", "candidates": "value"}[name]
        both = [{item[key]: item["confidence"] for item in items} for items in (shown, real)]
        for one in both[0].keys() | both[1].keys():
            assert_alike(both[0].get(one, 0.0), both[1].get(one, 0.0), f"{where}.{one}")
    elif name == "readers":
        assert [item["name"] for item in shown] == [item["name"] for item in real], where
        for one, other in zip(shown, real, strict=True):
            if one["confidence"] > 0.5 + CONFIDENCE:
                assert one["text"] == other["text"], where
    elif isinstance(shown, list):
        assert len(shown) == len(real), where
        for number, (one, other) in enumerate(zip(shown, real, strict=True)):
            assert_alike(one, other, f"{where}.{number}")
    elif isinstance(shown, float):
        assert shown == pytest.approx(real, abs=CONFIDENCE if max(shown, real) <= 1.0 else PIXELS), where
    elif name == "rotation":
        assert abs((shown - real + 180) % 360 - 180) <= 1, where
    else:
        assert shown == real, where


def example_shown() -> str:
    return RECORD_PAGE[RECORD_PAGE.index(make_example.BEGIN) : RECORD_PAGE.index(make_example.END)]


def test_the_serial_shown_first_is_that_of_the_whole_example() -> None:
    (command,) = SCRIPT.findall(section(README, "What you get"))
    assert command.startswith(f"serialscan {shlex.join(make_example.COMMAND)} | jq")
    (shown,) = map(json.loads, JSON.findall(section(README, "What you get")))
    assert tuple(shown) == make_example.SERIAL and ", ".join(shown) in command
    whole = json.loads(JSON.findall(example_shown())[0])["serial"]
    assert shown == {name: whole[name] for name in shown}


def test_the_example_is_the_record_of_today(reading: Program, here: Here) -> None:
    example = example_shown()
    (shown,) = JSON.findall(example)
    shown = json.loads(shown)
    schema = json.loads(here("schema").stdout)
    jsonschema.validate(shown, schema, cls=jsonschema.Draft202012Validator)
    assert f"serialscan {shlex.join(make_example.COMMAND)} " in example
    assert all(f"`{path}`" in example for path in make_example.LEFT_OUT)
    done = reading(*make_example.COMMAND, cwd=REPOSITORY)
    assert done.returncode == ExitCode.OK, done.stderr
    real = json.loads(done.stdout)
    jsonschema.validate(real, schema, cls=jsonschema.Draft202012Validator)
    real = make_example.shortened(real)
    for record in (shown, real):  # of the build, and of the knowledge of that day
        assert re.fullmatch(r"[\w.+]+", record["tool"].pop("version"))
        assert re.fullmatch(r"[0-9a-f]{16}", record["tool"].pop("settings_digest"))
    assert real.pop("timing_ms").keys() == shown.pop("timing_ms").keys()
    assert_alike(shown, real)


def test_a_record_that_is_not_that_of_today_is_noticed() -> None:
    shown = {"lines": [{"text": "A1", "confidence": 0.9, "rotation": 359, "polygon": [[1.0, 50.0]]}]}
    near = {"lines": [{"text": "A1", "confidence": 0.91, "rotation": 0, "polygon": [[1.2, 52.0]]}]}
    assert_alike(shown, near)
    for key, value in {"text": "A7", "confidence": 0.8, "rotation": 3, "polygon": [[1.0, 60.0]]}.items():
        with pytest.raises(AssertionError):
            assert_alike(shown, {"lines": [{**shown["lines"][0], key: value}]})
    with pytest.raises(AssertionError):
        assert_alike(shown, {"lines": []})


def test_exit_codes_are_those_of_the_program() -> None:
    assert [int(code) for code, _ in table(section(DOCS["use"], "Exit codes"))] == sorted(ExitCode)


def test_settings_are_those_of_the_program() -> None:
    shown = {name.strip("`"): tomllib.loads(f"x = {default.strip('`')}")["x"]
             for name, default, _ in table(section(DOCS["settings"], "All settings"))}  # fmt: skip
    settings, batch = Settings(), BatchSettings()
    real = {name: getattr(settings, name) for name in Settings.__struct_fields__}
    assert shown == real | {name: getattr(batch, name) for name in BatchSettings.__struct_fields__}


def test_set_up_asks_for_what_the_package_asks_for() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"Python {project['requires-python'].removeprefix('>=')} or newer" in README
    extras = set(re.findall(r'pip install "\.\[(\w+)]"', README))
    assert extras == set(project["optional-dependencies"])
    for command in ("scan the samples", "run the tests"):
        assert README.count(f"<!-- command: {command} -->\n```sh\n") == 1
        assert f"readme_command '{command}'" in (REPOSITORY / ".ci" / "run").read_text("utf-8")


@pytest.mark.parametrize(
    "line",
    COMMAND.findall(
        re.sub(r" *\\\n *", " ", "\n".join([*SCRIPT.findall(README), *USAGE, *SCRIPT.findall(DOCS["case"])]))
    ),
)
def test_commands_and_options_exist(line: str) -> None:
    name, *arguments = shlex.split(line)
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, name
    while isinstance(command, click.Group) and arguments[0] != "--help":
        name, *arguments = arguments
        command = command.commands[name]
    with contextlib.suppress(click.exceptions.Exit):  # of --help
        command.make_context(name, arguments)


@pytest.mark.skipif(os.name != "posix", reason="written for the shells of Linux and macOS")
@pytest.mark.parametrize("script", USAGE, ids=lambda script: script.split("\n")[0][:40])
def test_the_examples_of_use_work(script: str, tmp_path: Path) -> None:
    if shutil.which("jq") is None:
        script = "\n".join(line for line in script.splitlines() if not line.startswith("jq "))
    for photo in ("photos/rifle.jpg", "seizures/one/IMG 1.jpg"):
        (tmp_path / photo).parent.mkdir(parents=True)
        small_photo(tmp_path / photo)
    program = tmp_path / "bin" / "serialscan"
    program.parent.mkdir()
    python = shlex.quote(sys.executable)
    program.write_text(
        f'#!/bin/sh\n[ "$1" != scan ] || exec {python} {shlex.quote(BLIND)} "$@"\n'
        f'exec {python} -m serialscan "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    environment = clean_environment(
        tmp_path,
        PATH=path,
        SERIALSCAN_READER="network",
        SERIALSCAN_ENGINE="null",
        SERIALSCAN_JOBS="1",
        BLIND_IN_PROCESS="1",  # no process beside that of the command: quicker
    )
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == ExitCode.OK, done.stderr.decode()
    for written in tmp_path.glob("record*.*json"):
        lines = written.read_text("utf-8").splitlines()
        assert {json.loads(line)["status"] for line in lines} == {"ok"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_linked_files_and_named_programs_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    for target, heading in re.findall(r"]\(([^)#]*)#?([^)]*)\)", text):
        if target.startswith("https://"):
            continue
        linked = page.parent / target if target else page
        assert linked.exists(), target
        if heading:
            heads = re.findall(r"^#+ (.*)$", linked.read_text("utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
    for program in re.findall(r"\bpython ((?:benchmarks|docs|training)/\w+\.py)", text):
        assert (REPOSITORY / program).is_file(), program


def test_the_map_of_the_house_names_files_that_are_there() -> None:
    named = set(re.findall(r"(?<![\w/.])(?:[a-z]+/)+[a-z_]+\.(?:py|toml)", DOCS["architecture"]))
    assert len(named) > 40
    for path in named:
        assert (REPOSITORY / path).exists() or (REPOSITORY / "serialscan" / path).exists(), path


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 220, "what nobody needs on the first day goes to docs/"


def test_every_field_of_the_record_is_explained(here: Here) -> None:
    schema = json.loads(here("schema").stdout)
    fields = {name for part in schema["$defs"].values() for name in part.get("properties", {})}
    explained = set()
    for part in RECORD_PAGE.split("\n## ")[1:]:
        for first, *_ in table(re.split(r"\n\| (?:error|warning) code", part)[0]):
            explained |= set(re.findall(r"`(\w+)`", first))
    assert explained | {"latitude", "longitude", "altitude"} == fields
    assert all(f"`{name}`" in RECORD_PAGE for name in fields)


def explained(text: str) -> set[str]:
    """The codes in the first column of a table."""
    return {code for first, _ in table(text) for code in re.findall(r"`(\w+)`", first)}


def test_the_codes_explained_are_those_that_the_program_gives() -> None:
    tables = section(RECORD_PAGE, "Error and Warning_")
    _, errors, warnings = re.split(r"\n(?=\| (?:error|warning) code)", tables)
    assert explained(errors) == set(get_args(ErrorCode))
    assert explained(warnings) == set(get_args(WarningCode))
    (faults,) = re.findall(r"Errors:(.*?)The unit in", RECORD_PAGE, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", faults)) == set(get_args(MessageFault))


def test_no_code_is_promised_that_no_place_gives() -> None:
    package = REPOSITORY / "serialscan"
    places = set(package.rglob("*.py")) - {package / "record" / "codes.py"}
    source = "".join(path.read_text("utf-8") for path in places)
    codes = [code for kind in (ErrorCode, WarningCode, MessageFault) for code in get_args(kind)]
    assert [code for code in codes if f'"{code}"' not in source] == []


def test_notice_names_the_weights_that_are_here() -> None:
    notice = (REPOSITORY / "NOTICE").read_text("utf-8")
    models = REPOSITORY / "serialscan" / "reading" / "models"
    for name, digest in json.loads((models / "checksums.json").read_text("utf-8")).items():
        assert name in notice and digest in notice
