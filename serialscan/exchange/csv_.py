"""CSV (RFC 4180), exact, with its description by "CSV on the Web" (W3C, 2015) beside it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from serialscan.exchange.form import SEPARATOR, Column, columns
from serialscan.exchange.formats import Contents, Written
from serialscan.files.whole import write_new

# A spreadsheet runs a cell that begins so as a formula; white space before it is skipped.
# OWASP, "CSV Injection".
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_FULLWIDTH = ("＝", "＋", "－", "＠")


def write(contents: Contents, path: Path) -> Written:
    """See ``Format``."""
    options = contents.options
    used = columns(options.gps)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.name for column in used])
    altered = 0
    for one in contents.items():
        cells = [one.form.text(column.name) for column in used]
        if options.excel:
            safe = list(map(disarmed, cells))
            altered += sum(cell != before for cell, before in zip(safe, cells, strict=True))
            cells = safe
        writer.writerow(cells)
    data = text.getvalue().encode("utf-8-sig" if options.bom else "utf-8", "backslashreplace")
    about = path.with_name(f"{path.name}-metadata.json")
    write_new(path, data)
    try:
        write_new(about, description(path.name, used, options.excel))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    notes = []
    if options.excel:
        notes = [f"{altered} cells were altered: an apostrophe stands before what a spreadsheet would run."]
    return Written((path, about), tuple(notes))


def disarmed(cell: str) -> str:
    """A cell that no spreadsheet runs: with an apostrophe before it where that is needed."""
    return f"'{cell}" if cell.lstrip(" ").startswith((*_FORMULA, *_FULLWIDTH)) else cell


def description(name: str, used: Sequence[Column], excel: bool) -> bytes:
    """What the columns of a CSV file hold, so that a program takes all of them for text."""
    told = "One row for each item. Readings of serialscan; a reviewer's value stands before the program's."
    if excel:
        told += " Cells that a spreadsheet would run begin with an apostrophe that is not theirs."
    return json.dumps(
        {
            "@context": "http://www.w3.org/ns/csvw",
            "url": name,
            "dc:description": told,
            "dialect": {"encoding": "utf-8", "header": True, "delimiter": ",", "quoteChar": '"',
                        "doubleQuote": True, "lineTerminators": ["\r\n"], "skipInitialSpace": False,
                        "trim": False, "commentPrefix": None},
            "tableSchema": {
                "columns": [
                    {"name": column.name, "titles": [column.name, column.label],
                     "dc:description": column.told, "datatype": "string",
                     **({"separator": SEPARATOR} if column.name not in _SINGLE else {})}
                    for column in used
                ],
            },
        },
        ensure_ascii=False, indent=1,
    ).encode() + b"\n"  # fmt: skip


_SINGLE = frozenset({
    "item", "serial", "serial_status", "number_altered", "state", "decided", "machine_serial",
    "machine_confidence", "machine_decision",
})  # fmt: skip
