"""Nothing that a file, a name or a setting holds drives the terminal or stops a command."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from conftest import Here, Program
from hypothesis import given
from hypothesis import strategies as st

from serialscan.errors import ExitCode
from serialscan.printable import printable

EVIL = "\x1b]0;title\x07\u202e\x9b2J"
posix_only = pytest.mark.skipif(os.name != "posix", reason="names of files on POSIX")


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_any_text_becomes_printable_and_plain_text_stays(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    shown.encode()  # no surrogate is left
    assert printable(shown) == shown
    assert printable("a\n" + text, keep="\n").startswith("a\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Калашников 照片", "Калашников 照片"),
        ("a\udce9b", "a\\xe9b"),
        ("\ud800", "\\ud800"),
        ("a\tb", "a\\tb"),
    ],
)
def test_what_is_escaped_can_be_told(text: str, shown: str) -> None:
    assert printable(text) == shown


@posix_only
def test_no_command_passes_control_characters_on(serialscan: Program, here: Here, tmp_path: Path) -> None:
    (tmp_path / "key.toml").write_text('"\\u001b[31m" = 1', encoding="utf-8")
    (tmp_path / "value.toml").write_text('reader = "\\u001b[31m"', encoding="utf-8")
    (tmp_path / "heading.csv").write_text(f"photo,item,{EVIL},{EVIL}\n", encoding="utf-8")
    (tmp_path / "cell.csv").write_text(f"photo,item\na,{EVIL}\na,b\n", encoding="utf-8")
    (tmp_path / "id.toml").write_text(
        '[[shape]]\nid = "\\u001b[31m"\nregex = "A{1,3}"\naccepts = ["B"]\n', encoding="utf-8"
    )
    (tmp_path / f"{EVIL}.txt").write_text("x", encoding="utf-8")
    for arguments in (
        ["scan", EVIL, "--format", "table"], ["scan", f"{EVIL}.txt"], ["scan", ".", "-v"],
        ["config", "show", "--config", "key.toml"], ["config", "show", "--config", "value.toml"],
        ["config", "show", "--origin", "--config", f"{EVIL}.txt"], ["scan", "x", "--" + EVIL], [EVIL],
        ["scan", "x", "-o", f"{EVIL}/{EVIL}"],
        ["scan", "--items", "heading.csv"], ["scan", "--items", "cell.csv"], ["knowledge", "test", "id.toml"],
        ["evaluate", EVIL], ["scan", "x", "--items", EVIL],
    ):  # fmt: skip
        run = serialscan if "-v" in arguments else here  # what -v tells goes through the process's log
        done = run(*arguments, cwd=tmp_path)
        assert done.returncode not in (ExitCode.OK, ExitCode.INTERNAL), (arguments, done)
        records = done.stdout.startswith(b'{"record"')  # data for programs: JSON escapes what it has to
        text = ("" if records else done.stdout.decode()) + done.stderr.decode()
        assert b"\x1b" not in done.stdout
        assert printable(text, keep="\n\t") == text, arguments


@posix_only
def test_a_table_needs_no_utf_8_locale(serialscan: Program, tmp_path: Path) -> None:
    (tmp_path / "фото.jpg").write_bytes(b"no image")
    (tmp_path / "items.csv").write_text("photo,item\nфото.jpg,Р-1\nнет.jpg,Р-1\n", encoding="utf-8")
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = serialscan("scan", "--items", "items.csv", "--format", "table", cwd=tmp_path, env=locale)
    assert done.returncode == ExitCode.NO_INPUT, done.stderr
    assert "фото.jpg" in done.stdout.decode() and "Р-1" in done.stdout.decode()
    assert done.stderr.isascii()


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 20_000, "jobs = " + "9" * 5000, "jobs = 99999999999999999999",
     "max_bytes = 9223372036854775807",
     'knowledge = "a\\u0000b"', "timeout_s = 1e400", "jobs = 0x" + "f" * 400],
)  # fmt: skip
def test_strange_settings_are_told(here: Here, tmp_path: Path, text: str) -> None:
    (tmp_path / "serialscan.toml").write_text(text, encoding="utf-8")
    done = here("config", "show", cwd=tmp_path)
    assert done.returncode == ExitCode.SETTINGS, done.stderr[-500:]
    assert b"internal" not in done.stderr
    assert here("knowledge", "test", "serialscan.toml", cwd=tmp_path).returncode == ExitCode.SETTINGS


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/zero and its like")
@pytest.mark.parametrize("option", ["--config", "--knowledge"])
def test_a_file_that_never_ends_is_told(here: Here, option: str) -> None:
    done = here("scan", "x", option, "/dev/zero")
    assert done.returncode == ExitCode.SETTINGS
    assert b"more than 64 MiB" in done.stderr
