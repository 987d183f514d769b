"""What is promised of versions and systems stands in step with what is tried."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from conftest import REPOSITORY

from serialscan.cli import cli

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_oldest_versions_that_are_tried_are_those_that_are_allowed() -> None:
    allowed = dict(re.match(r"([\w-]+)>=([\d.]+)", one).groups() for one in PROJECT["dependencies"])
    lines = (REPOSITORY / ".ci" / "lowest.txt").read_text("utf-8").splitlines()
    tried = dict(line.removesuffix(".*").split("==") for line in lines if not line.startswith("#"))
    assert tried == allowed


def test_the_oldest_python_that_is_promised_is_tried() -> None:
    text = (REPOSITORY / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    versions = re.findall(r'"(3\.\d+)"', text.split("python: [")[1].split("]")[0])
    assert PROJECT["requires-python"] == f">={versions[0]}"
    assert re.search(r"Python 3\.11 or newer", (REPOSITORY / "README.md").read_text("utf-8"))


def test_every_file_of_the_package_counts_in_the_version_of_a_changed_copy(tmp_path: Path) -> None:
    program = (REPOSITORY / "setup.py").read_text("utf-8").split("\nsetup(")[0]
    made: dict[str, Any] = {"__file__": str(tmp_path / "setup.py")}
    exec(program, made)
    kinds = {path.suffix for path in (REPOSITORY / "serialscan").rglob("*") if path.is_file()}
    seen = set()
    for number, suffix in enumerate(sorted(kinds - {".pyc"})):
        path = tmp_path / "serialscan" / f"file{number}{suffix}"
        path.parent.mkdir(exist_ok=True)
        for content in (b"one\r\n", b"two\n"):
            path.write_bytes(content)
            seen.add(made["files"]())
    assert len(kinds) > 8 and len(seen) == 2 * (number + 1)
    (tmp_path / "serialscan" / "_version.py").write_text("built", "utf-8")
    assert made["files"]() in seen


def commands(command: click.Command, name: str = "serialscan") -> Iterator[tuple[str, click.Command]]:
    yield name, command
    context = click.Context(command)
    if not isinstance(command, click.Group):
        return
    for below in command.list_commands(context):
        child = command.get_command(context, below)
        assert child is not None, below
        yield from commands(child, f"{name}-{below}")


def test_every_command_has_a_manual_page_that_says_what_its_help_says(tmp_path: Path) -> None:
    subprocess.run([sys.executable, REPOSITORY / "docs" / "make_man.py", tmp_path], check=True)
    found = dict(commands(cli))
    assert {page.stem for page in tmp_path.iterdir()} == set(found)
    for name, command in found.items():
        page = (tmp_path / f"{name}.1").read_text("utf-8").replace("\\", "")
        assert (command.help or "").split("\n\n")[0].split(". ")[0].removesuffix(".") in page
        assert all(option.opts[-1] in page for option in command.params if isinstance(option, click.Option))


def test_the_container_installs_what_it_built_for_a_python_that_is_tried() -> None:
    text = (REPOSITORY / "Containerfile").read_text("utf-8")
    assert "pip install --no-cache-dir --no-index" in text
    assert text.rstrip().endswith('ENTRYPOINT ["serialscan"]')
    python = re.search(r"python:(3\.\d+)-slim", text)
    assert python is not None
    workflow = (REPOSITORY / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    assert f'"{python[1]}"' in workflow, "a Python that is tried"
