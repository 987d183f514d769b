"""A command with commands of its own."""

from __future__ import annotations

import click

_LONGEST = 1000  # characters; no first sentence of a command is as long


class Group(click.Group):
    """Names its commands with the whole first sentence of each; click itself cuts them."""

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
