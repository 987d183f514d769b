"""``serialscan export``."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from serialscan.cli.ledger import NO_ENTRY, add_export, check_ledger, demand_outside_photos, may_be_written
from serialscan.cli.options import (
    check_stdin,
    config_option,
    effective_settings,
    person_options,
    verbose_option,
)
from serialscan.cli.progress import counted
from serialscan.cli.text import say
from serialscan.errors import ExitCode, InputError, OutputError
from serialscan.exchange.names import FORMATS
from serialscan.printable import printable
from serialscan.record.ndjson import STDIN

if TYPE_CHECKING:
    from serialscan.report.origin import Origin

_MOST_NAMED = 3  # files that are named; a folder may hold one for each photo


@click.command(
    epilog="""\b
Examples:
  serialscan export seizure-17.case --format xlsx -o seizure-17.xlsx --by "A. Doe"
  serialscan export records.ndjson --format csv -o items.csv

\b
Exit codes: 0 written; 4 there is nothing to export, or the file is no case and no records; 5 something lies
there already, or cannot be written; 8 the case is not as it was written (nothing is exported).
"""
)
@click.argument("source", metavar="CASE|RECORDS", type=click.Path(path_type=Path, readable=False))
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    required=True,
    help="; ".join(f"{name}: {told}" for name, told in FORMATS.items()) + ".",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="PATH",
    help="The new file or, for formats of many files, the new folder.",
)
@click.option(
    "--items",
    multiple=True,
    metavar="ITEM",
    help="Only this item or photo: a name, path, or the beginning of a SHA-256; can be repeated.",
)
@click.option("--gps", is_flag=True, help="With places and positions, which are left out otherwise.")
@click.option("--bom", is_flag=True, help="csv: begin with a byte order mark, as Excel wants it.")
@click.option("--excel", is_flag=True, help="csv: put an apostrophe before what a spreadsheet would run.")
@click.option(
    "--base",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where relative paths of photos begin, if they lie elsewhere now.",
)
@click.option(
    "--photos-url",
    metavar="URL",
    default="",
    help="bagit: name the photos below this URL instead of copying them. label-studio: where it finds them.",
)
@click.option("--by", metavar="NAME", help="Who exports; needed for a case, in whose ledger it then stands.")
@person_options
@click.option("-q", "--quiet", is_flag=True, help="No bar.")
@config_option
@verbose_option
def export(
    source: Path, form: str, output: Path, items: tuple[str, ...], gps: bool, bom: bool, excel: bool,
    base: Path | None, photos_url: str, by: str | None, role: str | None, badge: str | None, quiet: bool,
    config_file: Path | None, verbose: int,
) -> int:  # fmt: skip
    """Write a case or records in a form that others read.

    What a reviewer decided stands for the item. What the program read stays beside it.
    """
    from serialscan.case.custody import person
    from serialscan.case.store import is_database
    from serialscan.exchange.formats import Contents, Options, format_of

    if (bom or excel) and form != "csv":
        raise click.UsageError("--bom and --excel are for --format csv.")
    if photos_url and form not in ("bagit", "label-studio"):
        raise click.UsageError("--photos-url is for --format bagit and label-studio.")
    if photos_url and not re.fullmatch(r"(https?|ftp)://[!-~]+", photos_url):
        raise click.UsageError("--photos-url takes a URL without spaces, as https://example.org/photos.")
    is_case = is_database(source)
    into_ledger = is_case and may_be_written(source)
    if into_ledger and by is None:
        raise click.UsageError("An export of a case stands in its ledger: say who exports with --by.")
    if by is not None and not is_case and (source.is_file() or source == STDIN):
        raise click.UsageError("--by is for a case: records have no ledger to name anybody in.")
    who = person(by, role, badge) if by is not None else {}
    if output.exists() or output.is_symlink():
        raise OutputError(f"{output}: is there already: choose another name, or delete it.")
    if is_case:
        demand_outside_photos(source, output)
    if into_ledger:
        check_ledger(source)
    options = Options(gps=gps, bom=bom, excel=excel, photos_url=photos_url, base=base)
    with ExitStack() as stack:
        origin = _opened(source, is_case, base, config_file, stack)
        progress = stack.enter_context(counted("items", quiet))
        contents = Contents(origin, options, items, source if is_case else None, progress)
        if next(contents.units(), None) is None:
            raise InputError(f"{origin.title} holds no record: there is nothing to export.")
        written = format_of(form).write(contents, output)
    files = list(dict.fromkeys(printable(str(file)) for file in (output, *written.files)))
    more = f" and {len(files) - _MOST_NAMED} more" if len(files) > _MOST_NAMED else ""
    say(f"Written: {', '.join(files[:_MOST_NAMED])}{more}", err=True)
    for note in written.notes:
        say(note, err=True)
    if into_ledger:
        fields = {
            "person": who, "what": f"export, {form}", "items": list(items), "gps": gps, "excel": excel,
        }  # fmt: skip
        add_export(source, fields, written.files, "export")
    elif is_case:
        say(NO_ENTRY, err=True)
    return ExitCode.OK


def _opened(
    source: Path, is_case: bool, base: Path | None, config_file: Path | None, stack: ExitStack
) -> Origin:
    """A case that is as it was written, or records."""
    from serialscan.batch.resources import cores
    from serialscan.case.read import open_case
    from serialscan.cli.case import verify_quietly
    from serialscan.errors import VerifyError
    from serialscan.report.opener import Openers
    from serialscan.report.origin import CaseOrigin, FileOrigin

    effective = effective_settings(config_file, {})
    if is_case:
        verdict = verify_quietly(source)
        if not verdict.ok:
            raise VerifyError(
                f"{verdict.summary()} Nothing was exported: run serialscan case verify {source}."
            )
        return CaseOrigin(source.name, stack.enter_context(open_case(source)), verdict)
    check_stdin(source)
    openers = stack.enter_context(
        Openers(effective.settings, effective.batch.jobs or min(cores(), 4), effective.batch.timeout_s)
    )
    return stack.enter_context(FileOrigin(source, openers, base, None))
