"""``serialscan lookup``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from serialscan.cli.matches import lines_of
from serialscan.cli.options import Share, verbose_option
from serialscan.cli.text import say
from serialscan.errors import ExitCode

_SURE = 0.97  # of what a person says of an item; registers and people are wrong in about 3 of 100


@click.command(
    epilog="""\b
Examples:
  serialscan lookup W123456 --register stock.reg
  serialscan lookup 'W12?4?6' --register stock.reg --register older.reg
  serialscan lookup 'W1234*' --register stock.reg --format ndjson | jq .entries[].serial
  serialscan lookup 369-J-257 --loose --register stock.reg

\b
In SERIAL ? is one character that is not known, * any number of them. Separators, lower case and Cyrillic
letters do no harm.

\b
Exit codes: 0 the registers answered, also if the serial is in none; 4 a register cannot be read; 7 the serial
holds nothing to search for; 8 a register is damaged.
"""
)
@click.argument("serial")
@click.option(
    "-r", "--register", "registers", multiple=True, required=True, metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False), help="A register; can be repeated.",
)  # fmt: skip
@click.option("--maker", help="Maker of the item, if known; likewise the next two.")
@click.option("--model", help="Its model.")
@click.option("--calibre", help="Its calibre.")
@click.option(
    "--loose", is_flag=True,
    help="As NCIC compares: letters between digits do not count, on both sides. Everything else must agree.",
)  # fmt: skip
@click.option(
    "--prior-absent", type=Share(), metavar="P",
    help="Probability that it is in no register, before one looks; 0.4 by default.",
)  # fmt: skip
@click.option("--deep", is_flag=True, help="Search further: three characters wrong. Takes longer.")
@click.option(
    "--entries", type=click.IntRange(1, 1000), default=5, show_default=True, help="Serials to list."
)
@click.option(
    "--format", "form", type=click.Choice(["auto", "table", "ndjson"]), default="auto",
    help="By default a table on a terminal, NDJSON elsewhere: one line a register.",
)  # fmt: skip
@verbose_option
def lookup(
    serial: str, registers: tuple[Path, ...], maker: str | None, model: str | None, calibre: str | None,
    loose: bool, prior_absent: float | None, deep: bool, entries: int, form: str, verbose: int,
) -> int:  # fmt: skip
    """Look a serial up that somebody typed: is it on record, and what is like it?

    Up to two wrong characters are allowed for. The answer gives a probability to every serial and to "not in
    the register".
    """
    import msgspec

    from serialscan.register.lookup import look_up
    from serialscan.register.match import PRIOR_ABSENT, Search
    from serialscan.register.register import open_all

    known = {
        name: (value, _SURE)
        for name, value in (("maker", maker), ("model", model), ("calibre", calibre))
        if value
    }
    prior = PRIOR_ABSENT if prior_absent is None else prior_absent
    opened = open_all(registers)
    search = Search(prior_absent=prior, deep=deep, listed=entries)
    found = look_up(opened, serial, search, known, loose=loose)
    for one in found:
        if form == "ndjson" or (form == "auto" and not sys.stdout.isatty()):
            click.echo(msgspec.json.encode(one))
            continue
        meaning = next(each.header.meaning for each in opened if each.sha256 == one.sha256)
        for line in lines_of(one, meaning):
            say(line)
    return ExitCode.OK
