"""A workbook (Office Open XML): every cell is text, the pictures of the serials stand beside their rows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from serialscan import __version__
from serialscan.exchange.form import Column, columns
from serialscan.exchange.formats import Contents, Written
from serialscan.files.whole import write_new
from serialscan.printable import printable
from serialscan.report.model import Picture

_MOST_CHARS = 32_767  # in a cell; Excel's own limit
_MOST_ROWS = 1_048_575  # below the headings; Excel's own limit
_CUT = " ... (cut: see the records)"
_PICTURE_PX = 56  # highest picture of a serial
_PX_TO_POINTS = 0.75  # Excel counts heights of rows in points, 96 pixels to 72 points
_WIDE, _NARROW = 40, 18  # widths of columns in characters
_LONG = frozenset({"markings", "decided", "differences", "missing", "warnings", "errors", "facts", "photos",
                   "sha256", "machine_values", "tool"})  # fmt: skip


def write(contents: Contents, path: Path) -> Written:
    """See ``Format``."""
    import xlsxwriter

    used = columns(contents.options.gps)
    data = io.BytesIO()
    book = xlsxwriter.Workbook(
        data,
        {
            "in_memory": True,
            "strings_to_numbers": False,
            "strings_to_formulas": False,
            "strings_to_urls": False,
        },
    )
    book.set_properties({"title": printable(contents.origin.title), "comments": f"serialscan {__version__}"})
    text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    head = book.add_format({"num_format": "@", "bold": True, "text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet("Items")
    sheet.freeze_panes(1, 1)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    sheet.repeat_columns(0)
    headings = [used[0].label, "Picture of the serial", *(column.label for column in used[1:])]
    for place, heading in enumerate(headings):
        sheet.write_string(0, place, heading, head)
    _set_widths(sheet, used, text)
    cut = rows = 0
    for row, one in enumerate(contents.pictured(), start=1):
        if row > _MOST_ROWS:
            break
        rows = row
        cells = [one.form.text(column.name) for column in used]
        for place, cell in enumerate(cells):
            shown = _fitting(cell)
            cut += shown != cell
            sheet.write_string(row, place + (place > 0), shown, text)
        picture = next(
            (reading.crop for reading in one.item.readings if reading.of_serial and reading.crop is not None),
            None,
        )
        if picture is not None:
            _insert(sheet, row, picture)
    sheet.autofilter(0, 0, max(rows, 1), len(headings) - 1)
    _about(book, used, contents, text, head)
    book.close()
    write_new(path, data.getvalue())
    notes = [f"{cut} cells were cut: a cell holds {_MOST_CHARS} characters at most."] if cut else []
    if row_limit_met(rows):
        notes.append(f"A sheet holds {_MOST_ROWS} items at most; further ones are left out: use csv.")
    return Written((path,), tuple(notes))


def row_limit_met(rows: int) -> bool:
    """Whether a sheet is full."""
    return rows >= _MOST_ROWS


def _fitting(cell: str) -> str:
    return cell if _units(cell) <= _MOST_CHARS else cell[: (_MOST_CHARS - len(_CUT)) // 2] + _CUT


def _units(cell: str) -> int:
    """Excel counts UTF-16 units."""
    return len(cell) + sum(char > "\uffff" for char in cell)


def _set_widths(sheet: Any, used: Sequence[Column], text: Any) -> None:
    sheet.set_column(0, 0, _NARROW, text)
    sheet.set_column(1, 1, _WIDE)
    for place, column in enumerate(used[1:], start=2):
        sheet.set_column(place, place, _WIDE if column.name in _LONG else _NARROW, text)


def _insert(sheet: Any, row: int, picture: Picture) -> None:
    scale = min(1.0, _PICTURE_PX / picture.height, 280 / picture.width)
    sheet.set_row(row, max(15.0, (picture.height * scale + 4) * _PX_TO_POINTS))
    sheet.insert_image(
        row, 1, f"serial-{row}.jpg",
        {"image_data": io.BytesIO(picture.data), "x_scale": scale, "y_scale": scale, "x_offset": 2,
         "y_offset": 2,
         "object_position": 1, "description": "picture of the serial"},
    )  # fmt: skip


def _about(book: Any, used: Sequence[Column], contents: Contents, text: Any, head: Any) -> None:
    """A second sheet: what the columns hold, and where the rows come from."""
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 1, _WIDE, text)
    sheet.set_column(2, 2, 2 * _WIDE, text)
    rows = [("Made from", contents.origin.title, ""), ("Program", f"serialscan {__version__}", "")]
    rows += [(name, value, "") for name, value in contents.facts()]
    rows += [("", "", "")] + [(column.label, column.name, column.told) for column in used]
    for row, cells in enumerate(rows):
        for place, cell in enumerate(cells):
            sheet.write_string(row, place, _fitting(cell), head if place == 0 else text)
