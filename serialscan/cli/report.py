"""``serialscan report``."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, cast

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
from serialscan.errors import ExitCode
from serialscan.files.whole import demand_new
from serialscan.printable import printable

if TYPE_CHECKING:
    from serialscan.report.model import Standing
    from serialscan.report.origin import Origin
    from serialscan.settings import Effective

_STANDINGS = ("decided", "accept", "review", "none", "error")
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog="""\b
Examples:
  serialscan report seizure-17.case -o report.html
  serialscan report records.ndjson -o report.html
  serialscan report seizure-17.case -o ak.html --pdf --items AK-1 AK-2
  serialscan report seizure-17.case -o open.html --decision review
  serialscan report seizure-17.case --format text | mail -s "seizure 17" office

\b
Exit codes: 0 written; 4 there is nothing to report, or the file is no case and no records; 5 a file is there
already, or cannot be written; 6 there is no Chromium for --pdf; 8 the case is not as it was written (the
report is written all the same, and says so).
"""
)
@click.argument("source", metavar="CASE|RECORDS", type=click.Path(path_type=Path, readable=False))
@click.argument("more_items", metavar="", nargs=-1)
@click.option(
    "-o", "--output", type=_FILE, metavar="FILE", help="Write to FILE, which must not be there yet."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "text"]),
    default="html",
    show_default=True,
    help="A page, or the summary as text; text goes to standard output without -o.",
)
@click.option(
    "--items",
    multiple=True,
    metavar="ITEM...",
    help="Only these items or photos: names, paths, or beginnings of SHA-256. Stands last on the line.",
)
@click.option(
    "--decision",
    "standings",
    type=click.Choice(_STANDINGS),
    multiple=True,
    help="Only items that are in this state now; can be repeated.",
)
@click.option("--pdf", is_flag=True, help="Print the page, too; needs Chromium, Chrome or Edge.")
@click.option(
    "--base",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where relative paths of photos begin, if records were made in another folder.",
)
@click.option(
    "--evaluation",
    type=_FILE,
    metavar="FILE",
    help="With records: error rates, as serialscan evaluate --json wrote them.",
)
@click.option("--by", metavar="NAME", help="Who asks for it; of a case the report then stands in the ledger.")
@person_options
@click.option("-q", "--quiet", is_flag=True, help="No bar.")
@config_option
@verbose_option
def report(
    source: Path, more_items: tuple[str, ...], output: Path | None, form: str, items: tuple[str, ...],
    standings: tuple[str, ...], pdf: bool, base: Path | None, evaluation: Path | None, by: str | None,
    role: str | None, badge: str | None, quiet: bool, config_file: Path | None, verbose: int,
) -> int:  # fmt: skip
    """Show what was read, what people decided and what is missing, in one page that needs nothing else.

    The page opens without a network, on a phone too, and prints. From a case it has the pictures that the
    case keeps. From records it has pictures of the photos at their paths, if they are still the same.
    """
    from datetime import UTC, datetime

    from serialscan.case.custody import person
    from serialscan.report.facts import facts_of
    from serialscan.report.pdf import MOST_ITEMS, chromium, print_pdf
    from serialscan.report.text import text_of
    from serialscan.report.write import select, write_report

    if more_items and not items:
        raise click.UsageError(f"What is {more_items[0]}? Items are named with --items, behind the file.")
    if output is None and form == "html":
        raise click.UsageError("Say where the page goes: -o report.html.")
    if output is not None and str(output) == "-":
        raise click.UsageError("A report is a file: name it, such as -o report.html.")
    if pdf and form == "text":
        raise click.UsageError("--pdf prints a page: leave --format text out.")
    if pdf and output is not None and output.suffix.lower() == ".pdf":
        raise click.UsageError("-o names the page: the PDF stands beside it under the same name.")
    who = person(by, role, badge) if by is not None else {}
    if output is not None:  # told at once: to verify a large case takes minutes
        demand_new(output)
        if pdf:
            demand_new(output.with_suffix(".pdf"))
    program = chromium() if pdf else ""
    effective = effective_settings(config_file, {})
    chosen = (*items, *more_items)
    wanted = cast("tuple[Standing, ...]", standings)
    with ExitStack() as stack:
        origin, alarm = opened(source, base, evaluation, effective, stack)
        if who and not origin.is_case:
            raise click.UsageError("--by is for a case: records have no ledger to name anybody in.")
        if origin.is_case and output is not None:
            demand_outside_photos(source, output)
        into_ledger = bool(who) and may_be_written(source)
        if into_ledger:
            check_ledger(source)
        selected = select(origin, chosen, wanted)
        by_whom = ", ".join(who.values())
        facts = facts_of(origin, selected, chosen, wanted, by_whom, alarm, datetime.now(UTC))
        if form == "text":
            text = printable(text_of(facts, selected.rows), keep="\n")
            files = _write_text(text, output)
        else:
            assert output is not None
            if pdf and len(selected.rows) > MOST_ITEMS:
                raise click.UsageError(
                    f"{len(selected.rows)} items are too many to print at once, {MOST_ITEMS} are the most: "
                    "choose some with --items or --decision."
                )
            with counted("items", quiet) as shown:
                written = write_report(output, origin, selected, chosen, facts, shown)
            files = list(written.files)
            if pdf:
                print_pdf(program, output, output.with_suffix(".pdf"), written.items)
                files.append(output.with_suffix(".pdf"))
    if files:
        say(f"Written: {', '.join(printable(str(file)) for file in files)}", err=True)
    if into_ledger:
        fields = {
            "person": who, "what": f"report, {form}", "items": list(chosen), "decision": list(standings),
        }  # fmt: skip
        add_export(source, fields, files, "report")
    elif who:
        say(NO_ENTRY, err=True)
    return ExitCode.VERIFY_FAILED if alarm else ExitCode.OK


def opened(
    source: Path, base: Path | None, evaluation: Path | None, effective: Effective, stack: ExitStack,
    faults: list[str] | None = None,
) -> tuple[Origin, str]:  # fmt: skip
    """What the report is made from, and what is wrong with it."""
    from serialscan.batch.resources import cores
    from serialscan.case.certificate import read_evaluation
    from serialscan.case.read import open_case
    from serialscan.case.store import is_database
    from serialscan.cli.case import verify_quietly
    from serialscan.report.opener import Openers
    from serialscan.report.origin import CaseOrigin, FileOrigin

    if is_database(source):
        if base is not None or evaluation is not None:
            raise click.UsageError(
                "--base and --evaluation are for records: a case has its own pictures, and its error rates "
                "come from serialscan case certificate --evaluation."
            )
        verdict = verify_quietly(source)
        reader = stack.enter_context(open_case(source))
        alarm = "" if verdict.ok else f"{verdict.summary()} What they are stands at the end."
        return CaseOrigin(source.name, reader, verdict), alarm
    check_stdin(source)
    rates = (evaluation.name, read_evaluation(evaluation)[1]) if evaluation is not None else None
    openers = stack.enter_context(
        Openers(effective.settings, effective.batch.jobs or min(cores(), 4), effective.batch.timeout_s)
    )
    return stack.enter_context(FileOrigin(source, openers, base, rates, faults)), ""


def _write_text(text: str, output: Path | None) -> list[Path]:
    from serialscan.files.whole import write_new

    if output is None:
        say(text.removesuffix("\n"))
        return []
    write_new(output, text.encode())
    return [output]
