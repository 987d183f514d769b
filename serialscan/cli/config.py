"""``serialscan config``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from serialscan.cli.group import Group
from serialscan.cli.options import config_option, effective_settings, verbose_option
from serialscan.cli.text import say


@click.group(cls=Group)
def config() -> None:
    """Show the settings in force."""


@config.command(
    epilog="\b\nExamples:\n  serialscan config show --origin\n"
    "  serialscan config show > serialscan.toml    make a settings file to edit"
)
@click.option("--origin", is_flag=True, help="Tell where each value comes from.")
@config_option
@verbose_option
def show(origin: bool, config_file: Path | None, verbose: int) -> None:
    """Print the settings in force as TOML.

    A flag wins over the environment (SERIALSCAN_ and the setting in capitals, such as
    SERIALSCAN_MAX_PIXELS), the environment over serialscan.toml, the file over the default.
    """
    effective = effective_settings(config_file, {})
    for key, source in effective.origins.items():
        holder = effective.settings if hasattr(effective.settings, key) else effective.batch
        # JSON's strings, numbers and booleans are TOML's too.
        line = f"{key} = {json.dumps(getattr(holder, key))}"
        say(f"{line}  # {source}" if origin else line)
