"""Options that several commands share."""

from __future__ import annotations

import logging
import math
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from serialscan.batch.inputs import STDIN
from serialscan.errors import InputError
from serialscan.printable import printable
from serialscan.settings import Effective, find_config, load_settings

_Command = TypeVar("_Command", bound=Callable[..., Any])
_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class Share(click.FloatRange):
    """A number from 0 to 1; ``nan`` is none."""

    def __init__(self) -> None:
        super().__init__(0.0, 1.0)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; raises ``click.BadParameter`` if it is none."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value} is no number from 0 to 1.", param, ctx)
        return number


class _Escaping(logging.Formatter):
    """What messages quote cannot drive the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The message as it is shown."""
        return printable(super().format(record), keep="\n\t")


def _set_level(context: click.Context, parameter: click.Parameter, count: int) -> int:
    handler = logging.StreamHandler()
    handler.setFormatter(_Escaping("serialscan: %(message)s"))
    logging.basicConfig(handlers=[handler])
    logging.getLogger("serialscan").setLevel(_LEVELS[min(count, 2)])
    return count


def verbose_option(command: _Command) -> _Command:
    """Add ``-v``: more messages; twice also tracebacks."""
    return click.option(
        "-v", "--verbose", count=True, callback=_set_level, is_eager=True,
        help="Tell more on stderr; -vv also shows tracebacks.",
    )(command)  # fmt: skip


def config_option(command: _Command) -> _Command:
    """Add ``--config``."""
    return click.option(
        "--config", "config_file", type=click.Path(path_type=Path), metavar="FILE",
        help="Settings file; by default the nearest serialscan.toml in this folder or above it, "
        "then that in the user's configuration folder.",
    )(command)  # fmt: skip


def jobs_option(command: _Command) -> _Command:
    """Add ``--jobs``, of what reads the photos that labels name."""
    return click.option(
        "-j", "--jobs", type=int, metavar="N",
        help="Photos read at a time; by default as many as cores and memory allow.",
    )(command)  # fmt: skip


def person_options(command: _Command) -> _Command:
    """Add ``--role`` and ``--badge``, what else is said of the person of ``--by``."""
    badge = click.option("--badge", metavar="NUMBER", help="Their number.")
    return click.option("--role", metavar="ROLE", help="Their role or qualification.")(badge(command))


def check_stdin(records: Path) -> None:
    """Refuse to read records from a standard input that is closed."""
    if str(records) == STDIN and sys.stdin is None:
        raise InputError("Standard input is closed: pipe the records in, or name their file.")


def effective_settings(config_file: Path | None, flags: Mapping[str, Any]) -> Effective:
    """The settings in force for a command."""
    if config_file is None:
        config_file = find_config(Path(), Path(click.get_app_dir("serialscan")))
    return load_settings(flags, os.environ, config_file)
