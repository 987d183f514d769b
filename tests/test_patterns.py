"""Patterns of users: those that might never end are refused, all that anybody needs are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import Here, Program, small_photo

from serialscan.errors import ExitCode, SettingsError
from serialscan.items.grouping import NAME_PATTERN, compile_pattern
from serialscan.marking import load_knowledge
from serialscan.patterns import compile_bounded

NEVER = [
    r"((a+)+)b", r"(?:[A-Z]{1,50}){1,50}$", r"(a|a?)+b", r"((?:a{0,9}){0,9}){0,9}", r"(?=((x+)+)y)z",
    r"(.*)(.*)(.*)(.*)(.*)!",
    r"(?>(a+)+)b", r"((a+)+)?b",
]  # fmt: skip
SOON = [
    NAME_PATTERN, r"(E-\d+)_", r"^([^_]+)_(.*)\.jpg$", r"(.+?)(?:-(?:left|right|front))?\.[a-z]+",
    r"(?:IMG|DSC)_(\d{4,6})",
    r"(?i)(case[ _-]?\d+)", r"[A-Z]{2,3}[0-9]{4,8}(?:-[0-9]{1,3}){0,3}", r"(?<![0-9])[0-9]{6}(?![0-9])",
    r"(?:AB|CD){1,20}",
]  # fmt: skip


@pytest.mark.parametrize("pattern", NEVER)
def test_a_pattern_that_might_never_end_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="might never end"):
        compile_bounded(pattern, 255)
    with pytest.raises(SettingsError, match="might never end"):
        compile_pattern(f"({pattern})")


@pytest.mark.parametrize("pattern", SOON)
def test_a_pattern_of_every_day_is_taken(pattern: str) -> None:
    assert compile_bounded(pattern, 255).pattern == pattern


@pytest.mark.parametrize("pattern", ["(", "a{99999999999}", "(?P<a", "[z-a]", "(" * 5000 + ")" * 5000, "\\"])
def test_what_is_no_pattern_is_told(pattern: str) -> None:
    with pytest.raises(ValueError, match="no regular expression"):
        compile_bounded(pattern, 255)


def test_all_shipped_patterns_are_bounded() -> None:
    known = load_knowledge()
    patterns = [pattern for _, pattern in (*known.shapes, *known.numbers)] + list(known.beside.values())
    assert len(patterns) > 50
    for pattern in patterns:
        compile_bounded(pattern.pattern, 200, re.RegexFlag(pattern.flags & ~re.UNICODE))


def test_a_hostile_pattern_ends_the_command_with_advice(
    serialscan: Program, here: Here, tmp_path: Path
) -> None:
    knowledge = tmp_path / "ours.toml"
    text = "A" * 60 + "!"
    knowledge.write_text(
        "[[shape]]\nid = 'x'\nregex = '(?:[A-Z]{1,50}){1,50}[0-9]'\naccepts = ['A1']\n"
        f"rejects = ['{text}']\n"
    )
    done = here("knowledge", "test", knowledge)
    assert done.returncode == ExitCode.SETTINGS
    assert b"might never end" in done.stderr
    small_photo(tmp_path / f"{'a' * 60}!.png")
    for arguments in (["--knowledge", knowledge], ["--items", "name", "--item-pattern", "((a+)+)b"]):
        done = serialscan("scan", tmp_path, *arguments)
        assert (done.returncode, done.stdout) == (ExitCode.SETTINGS, b"")
        assert b"might never end" in done.stderr
