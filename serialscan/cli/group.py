"""A command with commands of its own."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

COMPLETE = "_SERIALSCAN_COMPLETE"
"""click's name of the variable in which a shell asks."""

_LONGEST = 1000  # characters; no first sentence of a command is as long


class Group(click.Group):
    """Names its commands with the whole first sentence of each; click itself cuts them.

    Args:
        below: commands that are imported when they are asked for: name, and the module that holds a command
            of that name.
        more: see ``click.Group``.
    """

    def __init__(self, *args: Any, below: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self._below = below or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, in the order of the help."""
        return [*self._below, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None if there is none."""
        if cmd_name not in self.commands and cmd_name in self._below:
            self.add_command(getattr(import_module(self._below[cmd_name]), cmd_name))
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the section on commands."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(_LONGEST))
            for name, command in commands
            if command is not None and not command.hidden
        ]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)
