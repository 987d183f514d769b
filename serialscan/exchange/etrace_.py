"""A page with a sheet for each item: the fields of ATF form 3312.1, part V, in its order.

How requests are submitted is not public. A sheet is copied by hand; it claims nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from serialscan import __version__
from serialscan.exchange.form import COLUMNS, Column
from serialscan.exchange.formats import Contents, Exported, Written
from serialscan.files.whole import write_new
from serialscan.webpage import content_hash, template

_REQUIRED = frozenset({
    "serial", "manufacturer", "item_class", "calibre", "model", "country_of_manufacture", "importer",
})  # fmt: skip
_MISSING = "MISSING"
_STYLE = """
body { font: 11pt sans-serif; margin: 1.5em; } h1 { font-size: 14pt; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; } td:nth-child(3) { font: 13pt monospace; }
td, th { border: 1px solid #555; padding: .3em .5em; text-align: left; vertical-align: top;
overflow-wrap: anywhere; white-space: pre-wrap; }
.missing td { background: #fdd; } article { break-after: page; } p { overflow-wrap: anywhere; }
"""


@dataclass(frozen=True, slots=True)
class _Row:
    part: str
    label: str
    value: str
    remark: str
    required: bool
    missing: bool


@dataclass(frozen=True, slots=True)
class _Sheet:
    title: str
    rows: tuple[_Row, ...]
    state: str
    decided: str
    photos: str


def write(contents: Contents, path: Path) -> Written:
    """See ``Format``."""
    sheets = [_sheet(one) for one in contents.items()]
    page = template("serialscan.exchange", "etrace.html").render(
        sheets=sheets, title=contents.origin.title, version=__version__, style=_STYLE,
        style_hash=content_hash(_STYLE),
    )  # fmt: skip
    write_new(path, page.encode())
    missing = sum(any(row.missing for row in sheet.rows) for sheet in sheets)
    return Written((path,), (f"{missing} of {len(sheets)} sheets lack something that the form asks for.",))


def _sheet(one: Exported) -> _Sheet:
    rows = tuple(_row(one, column) for column in COLUMNS if column.part)
    return _Sheet(one.item.title, rows, one.form.text("state"), one.item.decided, one.form.text("sha256"))


def _row(one: Exported, column: Column) -> _Row:
    form, unit = one.form, one.unit
    value, remarks = form.text(column.name), []
    required = column.name in _REQUIRED
    missing = required and not value
    match column.name:
        case "serial":
            if form.text("machine_serial") != value:
                remarks.append(f"read by the program: {form.text('machine_serial') or 'nothing'}")
            if one.item.standing not in ("decided", "accept"):
                remarks.append(f"not settled: {form.text('state')}")
        case "serial_status":
            altered = form.text("number_altered")
            value = altered or value
        case "importer":
            named = {each.field for each in unit.item.missing} if unit.item is not None else set()
            known = form.text("country_of_manufacture")
            if not value and known and unit.item is not None and "importer" not in named:
                missing = False
            elif not value:
                remarks.append("needed if the country is not the USA")
        case _:
            remarks += [
                told for told in form.values.get("machine_values", ()) if told.startswith(f"{column.name}: ")
            ]
    label = "Obliterated" if column.name == "serial_status" else column.label
    return _Row(
        column.part, label, value or (_MISSING if missing else ""), "; ".join(remarks), required, missing
    )
