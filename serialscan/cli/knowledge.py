"""``serialscan knowledge``."""

from __future__ import annotations

from pathlib import Path

import click

from serialscan.cli.options import verbose_option
from serialscan.errors import SettingsError


@click.group()
def knowledge() -> None:
    """Show and test what is known of makers, models and numbers."""


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
    from serialscan.marking.knowledge import combine, read_file
    from serialscan.marking.knowledge.examples import try_examples

    known, rows = combine(str(file), read_file(str(file))) if file is not None else combine("")
    failed = []
    for verdict in try_examples(rows, known):
        row = verdict.row
        told = [f"accepts {', '.join(row.accepts)}"] if row.accepts else ["has no examples"]
        told += [f"rejects {', '.join(row.rejects)}"] if row.rejects else []
        state = "WRONG" if verdict.wrong else "ok"
        click.echo(f"{state:<6}{verdict.table:<8} {row.id:<20} {row.confidence:<7} {'; '.join(told)}")
        failed += [f"{verdict.table} {row.id} {what}" for what in verdict.wrong]
    if failed:
        raise SettingsError(
            f"{len(failed)} examples contradict their rows: correct the row or the example.\n  "
            + "\n  ".join(failed)
        )
    click.echo(f"{len(rows)} rows do what their examples say.")
