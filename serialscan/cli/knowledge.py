"""``serialscan knowledge``."""

from __future__ import annotations

from pathlib import Path

import click

from serialscan.batch.output import take_stdout
from serialscan.cli.group import Group
from serialscan.cli.options import check_stdin, verbose_option
from serialscan.cli.text import say
from serialscan.errors import InputError, SettingsError
from serialscan.files.whole import write_new


@click.group(cls=Group)
def knowledge() -> None:
    """Show and test what is known of makers, models and numbers, and propose more of it."""


@knowledge.command(
    epilog="""\b
Examples:
  serialscan knowledge test                  the rows that come with the program
  serialscan knowledge test ours.toml        your own, before scan --knowledge ours.toml

\b
Exit codes: 0 all rows do what their examples say; 7 a row does not, or the file is no such file.
"""
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@verbose_option
def test(file: Path | None, verbose: int) -> None:
    """Show what each row accepts and rejects, and refuse rows that contradict their examples.

    FILE is TOML with tables such as [[maker]], [[label]] or [[shape]]; without it the program's own rows
    are tested. A row with the id of one of the program's rows replaces it.
    """
    from serialscan.marking.examples import try_examples
    from serialscan.marking.knowledge import combine, read_file

    known, rows = combine(str(file), read_file(str(file))) if file is not None else combine("")
    failed = []
    for verdict in try_examples(rows, known):
        row = verdict.row
        told = [f"accepts {', '.join(row.accepts)}"] if row.accepts else ["has no examples"]
        told += [f"rejects {', '.join(row.rejects)}"] if row.rejects else []
        state = "WRONG" if verdict.wrong else "ok"
        say(f"{state:<6}{verdict.table:<8} {row.id:<20} {row.confidence:<7} {'; '.join(told)}")
        failed += [f"{verdict.table} {row.id} {what}" for what in verdict.wrong]
    if failed:
        raise SettingsError(
            f"{len(failed)} examples contradict their rows: correct the row or the example.\n  "
            + "\n  ".join(failed)
        )
    say(f"{len(rows)} rows do what their examples say.")


@knowledge.command(
    epilog="""\b
Examples:
  serialscan scan lot12 -o lot12.ndjson
  serialscan knowledge propose lot12.ndjson -o ours.toml
  serialscan scan lot12 --knowledge ours.toml        once you have looked at ours.toml

\b
Exit codes: 0 the proposals, if any, are written; 4 no records to read; 5 the output cannot be written.
"""
)
@click.argument("records", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write to FILE, which must not be there yet, instead of standard output.",
)  # fmt: skip
@verbose_option
def propose(records: Path, output: Path | None, verbose: int) -> None:
    """Propose shapes of serials from the records of photos of like items.

    RECORDS is what scan wrote, or - for standard input. What stands on all items is the part, what differs
    from one to the next may be its serial: a number so read in at least eight photos becomes a [[shape]]
    that is sure, with the lines that stand beside it. Nothing is changed by that until a person has looked
    at it and gives the file to scan --knowledge.
    """
    from serialscan import __version__
    from serialscan.marking.propose import LEAST_PHOTOS, LEAST_VALUES, as_toml, propose
    from serialscan.record import photo_records

    check_stdin(records)
    proposals, photos = propose(record for _, record in photo_records(records))
    if not photos:
        raise InputError(f"{records}: holds no record of a photo that was read: scan some photos first.")
    text = as_toml(proposals, photos, __version__)
    if output is None:
        take_stdout().write_line(text.removesuffix("\n").encode())
    else:
        write_new(output, text.encode())
    count = sum(not one.rival for one in proposals)
    told = "look at each before you use it."
    if not count:
        told = (
            f"a shape needs at least {LEAST_PHOTOS} photos of like items, with {LEAST_VALUES} different "
            "numbers that are surely read."
        )
    say(f"{count} proposed from {photos} photos; {told}", err=True)
