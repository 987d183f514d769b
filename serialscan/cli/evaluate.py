"""``serialscan evaluate``."""

from __future__ import annotations

from pathlib import Path

import click

from serialscan.batch.inputs import check_current_folder
from serialscan.batch.output import take_stdout
from serialscan.cli.options import (
    check_stdin,
    config_option,
    effective_settings,
    jobs_option,
    verbose_option,
)
from serialscan.cli.progress import progress
from serialscan.cli.text import say
from serialscan.errors import ExitCode


@click.command(
    epilog="""\b
Examples:
  serialscan evaluate samples/labels.jsonl
  serialscan evaluate photos/labels.jsonl --out-records new.ndjson --html new.html
  serialscan evaluate photos/labels.jsonl --records new.ndjson --baseline old.ndjson
  serialscan evaluate photos/labels.jsonl --records new.ndjson --json | jq .total.serial_exact

\b
Exit codes: 0 all labelled photos read; 3 some not read (they count as such and are named);
4 no photo or record to evaluate; 7 bad labels.
"""
)
@click.argument("labels", type=click.Path(path_type=Path), metavar="LABELS.jsonl")
@click.option(
    "--records",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Take the records of an earlier scan and read no photo.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Compare with these records: what was won, what was lost.",
)
@click.option(
    "--out-records", type=click.Path(path_type=Path), metavar="FILE", help="Keep the records of this run."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with all figures.")
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write a page with diagrams and pictures of the worst errors.",
)
@jobs_option
@click.option("-q", "--quiet", is_flag=True, help="No bar.")
@config_option
@verbose_option
def evaluate(
    labels: Path, records: Path | None, baseline: Path | None, out_records: Path | None, as_json: bool,
    html: Path | None, jobs: int | None, quiet: bool, config_file: Path | None, verbose: int,
) -> int:  # fmt: skip
    """Measure how well labelled photos are read, with the uncertainty of every figure.

    LABELS.jsonl says for each photo what stands on it, one JSON object a line, with paths relative to its
    folder; docs/validation.md shows how to write one and what the figures mean.
    """
    from serialscan.evaluate.labels import check_photos, read_labels
    from serialscan.evaluate.output import check_page, file_sha256, write_page
    from serialscan.evaluate.records import judge_records
    from serialscan.evaluate.report import evaluation

    if records is not None and (out_records is not None or jobs is not None):
        raise click.UsageError("--records reads no photo: leave --out-records and --jobs out.")
    check_current_folder()
    for read in filter(None, (records, baseline)):
        check_stdin(read)
    data = take_stdout()
    effective = effective_settings(config_file, {"jobs": jobs})
    if html is not None:
        check_page(html)
    photos = read_labels(labels)
    before = judge_records(baseline, photos) if baseline is not None else None
    if records is not None:
        run = judge_records(records, photos)
    else:
        from serialscan.evaluate.scanning import scan_labelled

        check_photos(photos)
        with progress("auto", quiet) as shown:
            done = scan_labelled(photos, effective, out_records, shown, tracebacks=verbose > 1)
        if done is None:
            say("serialscan: interrupted; the records written so far are valid", err=True)
            return ExitCode.INTERRUPTED
        run = done
    report = evaluation(run, labels=str(labels), labels_sha256=file_sha256(labels), baseline=before)
    if html is not None:
        write_page(html, report, run, effective.settings)
        say(f"serialscan: look at {html}", err=True)
    if as_json:
        import msgspec

        data.write_line(msgspec.json.encode(report))
    else:
        from serialscan.cli.figures import figures_text

        data.write_line(figures_text(report, terminal=data.is_terminal).encode("utf-8", "backslashreplace"))
    return ExitCode.SOME_FAILED if report.not_read else ExitCode.OK
