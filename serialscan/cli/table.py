"""The short table for people: one row a photo, written as soon as it is read."""

from __future__ import annotations

import io

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from serialscan.batch.output import DataStream
from serialscan.batch.sink import Sink
from serialscan.batch.task import Outcome
from serialscan.printable import printable
from serialscan.record import ItemRecord, PhotoRecord, any_from_json

_COLUMNS = ("photo", "serial", "sure", "decision", "note")
_STYLES = {"accept": "green", "review": "yellow", "none": "dim", "error": "red"}


class TableWriter(Sink):
    """Writes rows of equal widths, which a table that is not complete yet needs."""

    def __init__(self, stream: DataStream) -> None:
        self._stream = stream
        self._text = io.StringIO()
        size = Console(stderr=True).size  # that of the terminal; without one 80 columns
        self._console = Console(
            file=self._text, width=size.width, force_terminal=stream.is_terminal, highlight=False
        )
        room = size.width - 4 - 8 - len(_COLUMNS)
        self._widths = (room * 3 // 8, room // 4, 4, 8, room - room * 3 // 8 - room // 4)
        self._row([Text(name, style="bold") for name in _COLUMNS])

    def write(self, outcome: Outcome) -> None:
        """Write the row of one record."""
        record = any_from_json(outcome.line)
        if isinstance(record, ItemRecord):
            self._write_item(record)
        else:
            self._write_photo(record)

    def _write_photo(self, record: PhotoRecord) -> None:
        decision = record.serial.decision if record.error is None else "error"
        self._row([
            self._name(record.source.path),
            Text(_serial(record), overflow="fold"),
            Text(f"{record.serial.confidence:4.0%}" if record.serial.value else ""),
            Text(decision, style=_STYLES[decision]),
            Text(_note(record), overflow="fold"),
        ])  # fmt: skip

    def _write_item(self, record: ItemRecord) -> None:
        """Write the row of an item, below those of its photos."""
        decision = record.serial.decision if record.error is None else "error"
        notes = [warning.message for warning in record.warnings]
        notes += [f"missing: {', '.join(one.field for one in record.missing)}"] if record.missing else []
        self._row([
            Text("= ") + self._name(record.item),
            Text(printable(record.serial.value or "not found"), overflow="fold", style="bold"),
            Text(f"{record.serial.confidence:4.0%}" if record.serial.value else ""),
            Text(decision, style=_STYLES[decision]),
            Text(printable("; ".join(notes)), overflow="fold"),
        ])  # fmt: skip

    def _name(self, path: str) -> Text:
        """The end of the path, which tells photos apart."""
        name, room = printable(path), self._widths[0]
        return Text(name if cell_len(name) <= room else "…" + set_cell_size(name[::-1], room - 1)[::-1])

    def _row(self, cells: list[Text]) -> None:
        table = Table.grid(padding=(0, 1))
        for width in self._widths:
            table.add_column(width=width)
        table.add_row(*cells)
        self._console.print(table)
        rows = self._text.getvalue().rstrip("\n")
        self._text.seek(0)
        self._text.truncate()
        self._stream.write_line(rows.encode("utf-8", "backslashreplace"))


def _serial(record: PhotoRecord) -> str:
    if record.error is not None:
        return ""
    return printable(record.serial.value) if record.serial.value else "not found"


def _note(record: PhotoRecord) -> str:
    if record.error is not None:
        return printable(record.error.message)
    return printable("; ".join(warning.message for warning in record.warnings))
