"""Names and counts as text that is safe to show on a terminal."""

from __future__ import annotations

import sys

import click

from serialscan.printable import printable
from serialscan.record import Tool


def say(text: str, *, err: bool = False) -> None:
    """Print text for people; whatever it quotes cannot drive their terminal, nor stop for its encoding."""
    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"
    shown = printable(text, keep="\n\t")
    click.echo(shown.encode(encoding, "backslashreplace").decode(encoding), err=err)


def about_reader(tool: Tool) -> list[str]:
    """What a person should know of a run's reader before trusting its confidences."""
    if tool.engine == "null":
        return ["nobody looked at the photos: the engine is null"]
    if tool.fitted_to and tool.recipe != tool.fitted_to:
        return [f"confidences were fitted to effort {tool.fitted_to}, and this run used {tool.recipe}"]
    return []


def speed(per_second: float) -> str:
    """Photos per second with a useful number of digits."""
    return f"{per_second:.{2 if per_second < 10 else 0}f} photos/s"
