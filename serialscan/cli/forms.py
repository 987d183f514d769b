"""The forms that a scan can write its records in."""

from __future__ import annotations

from pathlib import Path

import click

from serialscan.batch.output import DataStream
from serialscan.batch.sink import Lines, Sink

FORMS = ("ndjson", "table", "csv", "tsv")

_BY_SUFFIX = {".csv": "csv", ".tsv": "tsv"}
_PAGES = (".html", ".htm", ".xhtml", ".pdf")
_SHEETS = (".xlsx", ".xls", ".ods")


def form_of(form: str, file: Path | None) -> str:
    """The form that was asked for; of ``auto`` that which the output's suffix says, if it says one.

    Raises:
        click.UsageError: the suffix is that of a form that nobody here writes; the message names the way.
    """
    suffix = file.suffix.lower() if file is not None else ""
    if form != "auto":
        return form
    if suffix in _PAGES:
        raise click.UsageError(
            f"{file} would hold JSON lines: name it records.ndjson. A page with all photos: --pictures DIR."
        )
    if suffix in _SHEETS:
        raise click.UsageError(
            f"{file} would hold JSON lines: name it with .csv or .tsv, which spreadsheets open."
        )
    return _BY_SUFFIX.get(suffix, form)


def sink_of(form: str, stream: DataStream) -> Sink:
    """Who writes records in a form."""
    if form == "table":
        from serialscan.cli.table import TableWriter

        return TableWriter(stream)
    if form in ("csv", "tsv"):
        from serialscan.cli.sheet import Sheet

        return Sheet(stream, form)
    return Lines(stream)
