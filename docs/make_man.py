"""Write a manual page for every command: ``python docs/make_man.py FOLDER``; needs ``.[test]``.

The pages are made from the help of the commands, so that both always say the same. For ``man serialscan``
FOLDER is one that ``man`` searches, such as ``~/.local/share/man/man1``.
"""

from __future__ import annotations

import sys
from functools import partialmethod
from pathlib import Path

import click
from click_man.core import write_man_pages

from serialscan import __version__
from serialscan.cli import cli

# The first sentence of a command whole, as `serialscan --help` shows it.
click.Command.get_short_help_str = partialmethod(click.Command.get_short_help_str, 1000)

if __name__ == "__main__":
    folder = Path(sys.argv[1]).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    for name in cli.list_commands(click.Context(cli)):
        cli.get_command(click.Context(cli), name)  # the pages are made of the commands that are imported
    write_man_pages("serialscan", cli, version=__version__, target_dir=str(folder), date=__version__)
    print(f"{len(list(folder.glob('serialscan*.1')))} pages in {folder}")  # noqa: T201
