"""Records as rows for spreadsheets: CSV (RFC 4180) and text with tabs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from serialscan.batch.output import DataStream
from serialscan.batch.sink import Sink
from serialscan.batch.tally import Tally
from serialscan.batch.task import Outcome
from serialscan.printable import printable
from serialscan.record import ItemRecord, ItemValue, PhotoRecord, any_from_json

COLUMNS = (
    "record", "name", "status", "serial", "decision", "confidence", "serial_status", "match_key",
    "other_candidates", "manufacturer", "model", "calibre", "country", "warnings", "error", "captured_at",
    "sha256", "item",
)  # fmt: skip
"""The headings; docs/use.md explains each."""

# A spreadsheet runs a cell that begins so as a formula. OWASP, "CSV Injection".
_FORMULA = ("=", "+", "-", "@")

_MARKS = ("manufacturer", "model", "calibre", "country")


class Sheet(Sink):
    """Writes a heading and one row a record, of photos and of items.

    Args:
        stream: where to.
        form: ``csv`` has commas and quotes cells where that is needed; ``tsv`` has tabs and no quotes.
    """

    def __init__(self, stream: DataStream, form: str) -> None:
        self._stream = stream
        self._text = io.StringIO(newline="")
        self._form = form
        self._writer = csv.writer(self._text, lineterminator="\r" if form == "csv" else "")

    def begin(self, tally: Tally) -> None:
        """Write the heading."""
        self._row(COLUMNS)

    def write(self, outcome: Outcome) -> None:
        """Write the row of one record."""
        record = any_from_json(outcome.line)
        told = _item(record) if isinstance(record, ItemRecord) else _photo(record, outcome)
        self._row([_cell(told.get(column)) for column in COLUMNS])

    def end(self, tally: Tally) -> None:
        """See that all rows are where they were written."""
        self._stream.finish()

    def _row(self, cells: tuple[str, ...] | list[str]) -> None:
        if self._form == "csv":
            self._writer.writerow(cells)
            row = self._text.getvalue()
            self._text.seek(0)
            self._text.truncate()
        else:
            row = "\t".join(cells)  # no cell holds a tab or a line end
        self._stream.write_line(row.encode("utf-8", "backslashreplace"))


def _photo(record: PhotoRecord, outcome: Outcome) -> dict[str, object]:
    marks = {kind: [mark.value for mark in record.marks if mark.kind == kind] for kind in _MARKS}
    return {
        **_serial(record), **{kind: _together(values) for kind, values in marks.items()},
        "record": "photo", "name": record.source.path,
        "captured_at": record.source.captured_at, "sha256": record.source.sha256,
        "item": outcome.input.item if outcome.input else None,
    }  # fmt: skip


def _item(record: ItemRecord) -> dict[str, object]:
    return {
        **_serial(record), "record": "item", "name": record.item, "item": record.item,
        "manufacturer": _value(record.manufacturer_marked), "model": _value(record.model),
        "calibre": _value(record.calibre), "country": _value(record.country_of_manufacture),
    }  # fmt: skip


def _serial(record: PhotoRecord | ItemRecord) -> dict[str, object]:
    """What records of both kinds tell alike."""
    serial = record.serial
    if record.error is not None:
        return {"status": record.status, "error": record.error.message}
    return {
        "status": record.status, "serial": serial.value, "decision": serial.decision,
        "confidence": f"{serial.confidence:.4f}" if serial.value else None, "serial_status": serial.status,
        "match_key": serial.match_key,
        "other_candidates": _together(one.value for one in serial.candidates if one.value != serial.value),
        "warnings": " ".join(warning.message for warning in record.warnings),
    }  # fmt: skip


def _together(values: Iterable[str]) -> str:
    """Each value once."""
    return " | ".join(dict.fromkeys(values))


def _value(value: ItemValue | None) -> str | None:
    return value.value if value is not None else None


def _cell(value: object) -> str:
    """Text of one line that no spreadsheet runs."""
    text = printable("" if value is None else str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text
