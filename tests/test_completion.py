"""Names of files, words and options are completed, in every shell that is here."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pyte
import pytest
from conftest import Program, clean_environment, wait_for

from serialscan.cli import cli


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with photos, and the program under its own name."""
    for name in ("photos", "phones", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "photo one.jpg").touch()
    program = tmp_path / "bin" / "serialscan"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m serialscan "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


def typed(folder: Path, shell: list[str], before: str, lines: dict[str, set[str]]) -> None:
    """Type lines and tabulators in a shell, as a person does, until the words of each are on the screen."""
    import pty

    parent, child = pty.openpty()
    environment = clean_environment(
        folder, PATH=f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", TERM="xterm", PS1="", LINES="50"
    )
    process = subprocess.Popen(
        shell, stdin=child, stdout=child, stderr=child, cwd=folder, env=environment, start_new_session=True
    )
    os.close(child)
    screen = pyte.Screen(100, 50)
    stream = pyte.ByteStream(screen)

    def shown(words: set[str]) -> bool:
        if select.select([parent], [], [], 0.1)[0]:
            stream.feed(os.read(parent, 65536))
        return words <= {word for row in screen.display for word in re.split(r"\s+", row)}

    try:
        os.write(parent, f"{before}; echo re''ady\n".encode())
        wait_for(lambda: shown({"ready"}))
        for line, words in lines.items():
            screen.reset()
            os.write(parent, f"\x15{line}\t".encode())  # Ctrl-U: away with the line before
            if len(words) > 1:
                os.write(parent, b"\t")
            wait_for(lambda words=words: shown(words))
    finally:
        process.kill()
        process.wait()
        os.close(parent)


SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(serialscan completion bash)"'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -Uz compinit; compinit -u; eval "$(serialscan completion zsh)"'),
}


@pytest.mark.parametrize("shell", [name for name in SHELLS if shutil.which(name)])
def test_a_shell_completes_paths_and_words(folder: Path, shell: str) -> None:
    lines = {
        "serialscan scan pho": {"phones/", "photos/"},
        "serialscan scan --effort th": {"thorough"},
        "serialscan scan --format ": {"csv", "tsv", "table"},
    }
    typed(folder, *SHELLS[shell], lines)


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is a program of its own")
def test_fish_completes_paths_and_words(folder: Path) -> None:
    def offered(words: str) -> set[str]:
        script = f"serialscan completion fish | source; complete -C '{words}'"
        path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["fish", "-c", script], cwd=folder, env=clean_environment(folder, PATH=path),
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return {line.split("\t")[0] for line in done.stdout.splitlines()}

    assert offered("serialscan scan --effort th") == {"thorough"}
    assert offered("serialscan scan pho") >= {"phones/", "photos/"}


def powershell(serialscan: Program, folder: Path, words: str, incomplete: str) -> list[str]:
    done = serialscan(
        cwd=folder,
        env={
            "_SERIALSCAN_COMPLETE": "powershell_complete", "COMP_WORDS": words, "COMP_INCOMPLETE": incomplete
        },
    )  # fmt: skip
    return [line.split("\t")[0] for line in done.stdout.decode().splitlines()]


def test_powershell_gets_names_of_files_and_words(serialscan: Program, folder: Path) -> None:
    assert powershell(serialscan, folder, "serialscan scan PHO", "PHO") == [
        "phones",
        "photo one.jpg",
        "photos",
    ]
    assert powershell(serialscan, folder, "serialscan scan none/", "none/") == [""]
    assert powershell(serialscan, folder, "serialscan render --out o", "o") == ["other"]
    assert powershell(serialscan, folder, "serialscan scan --effort th", "th") == ["thorough"]
    assert powershell(serialscan, folder, "serialscan scan --items n", "n") == ["name"]


def parameters(command: click.Command, name: str = "serialscan") -> Iterator[tuple[str, click.Parameter]]:
    for parameter in command.params:
        yield f"{name} {parameter.opts[0]}", parameter
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            child = command.get_command(context, below)
            assert child is not None, below
            yield from parameters(child, f"{name} {below}")


# Metavars of what is on the disk, and of words to choose from.
CHOSEN = re.compile(r"FILE|PATH|DIR|FOLDER|CASE|LABELS|RECORDS|HEAD|KEY|\|", re.IGNORECASE)


def test_every_path_and_every_choice_of_words_is_completed() -> None:
    context = click.Context(cli)
    asked = [
        (where, parameter.make_metavar(context), parameter.shell_complete(context, ""))
        for where, parameter in parameters(cli)
        if not (isinstance(parameter, click.Option) and (parameter.is_flag or parameter.count))
    ]
    chosen = [(where, offered) for where, metavar, offered in asked if CHOSEN.search(metavar)]
    assert len(chosen) > 30
    assert [where for where, offered in chosen if not offered] == []
