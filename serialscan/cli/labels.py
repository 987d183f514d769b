"""``serialscan labels``."""

from __future__ import annotations

from pathlib import Path

import click

from serialscan.cli.group import Group
from serialscan.cli.options import verbose_option
from serialscan.cli.text import say
from serialscan.errors import ExitCode, InputError, VerifyError

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=Group, epilog="\b\nExample:\n  serialscan labels import seizure-17.case -o labels.jsonl")
def labels() -> None:
    """Make labels, from which evaluate takes what is true of a photo."""


@labels.command(
    "import",
    epilog="""\b
Examples:
  serialscan labels import seizure-17.case -o labels.jsonl
  serialscan labels import project-3.json -o labels.jsonl
  serialscan evaluate labels.jsonl

\b
Exit codes: 0 written; 4 nobody has decided or corrected anything, or the file cannot be read; 5 the file is
there already, or cannot be written; 7 the file is no export of Label Studio; 8 the case is not as it was
written.
""",
)
@click.argument("source", metavar="CASE|EXPORT", type=click.Path(path_type=Path, readable=False))
@click.option("-o", "--output", type=_FILE, required=True, metavar="FILE", help="The new labels.jsonl.")
@click.option(
    "--base",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where relative paths of photos begin, if they lie elsewhere now.",
)
@verbose_option
def import_labels(source: Path, output: Path, base: Path | None, verbose: int) -> int:
    """Make labels of what people corrected, in a case or in Label Studio.

    EXPORT is a project of serialscan export --format label-studio, exported from Label Studio as JSON.
    """
    from serialscan.case.read import open_case
    from serialscan.case.store import is_database
    from serialscan.cli.case import verify_quietly
    from serialscan.exchange.labels import from_case, from_label_studio, names_of
    from serialscan.files.whole import write_new
    from serialscan.report.origin import CaseOrigin

    folder = output.parent
    if is_database(source):
        verdict = verify_quietly(source)
        if not verdict.ok:
            raise VerifyError(
                f"{verdict.summary()} No labels were made: run serialscan case verify {source}."
            )
        with open_case(source) as reader:
            made = from_case(CaseOrigin(source.name, reader, verdict), folder, base)
    else:
        made = from_label_studio(source, folder, base)
    for told in names_of(made.left_out):
        say(f"No label: {told}.", err=True)
    if not made.labels:
        raise InputError(f"{source} holds no decision and no correction: there are no labels to make.")
    write_new(output, made.data())
    say(f"Written: {output}, {len(made.labels)} labels, {len(made.left_out)} left out", err=True)
    return ExitCode.OK
