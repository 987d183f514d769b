"""The short table for people: a row for each photo as soon as it is read, and below it what to know."""

from __future__ import annotations

import io
import textwrap

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from serialscan.batch.found import UNSURE
from serialscan.batch.output import DataStream
from serialscan.batch.sink import Sink
from serialscan.batch.tally import Tally
from serialscan.batch.task import Outcome
from serialscan.printable import printable
from serialscan.record import ItemRecord, PhotoRecord, any_from_json

# Columns of the terminal. A vehicle's number, the longest of usual serials, has 17 characters.
_SERIAL, _SURE, _DECISION, _GAP = 20, 4, 8, 2
_LEAST_NAME = 12
_INDENT = "    "
_STYLES = {"accept": "green", "review": "yellow", "unsure": "dim", "none": "dim", "error": "red"}


class TableWriter(Sink):
    """Writes rows of equal widths, which a table that is not complete yet needs.

    A serial is never cut or broken. A long one takes room from the name of its photo; if that is not enough,
    it gets a line of its own. Notes stand below their row.
    """

    def __init__(self, stream: DataStream) -> None:
        self._stream = stream
        self._text = io.StringIO()
        self._width = Console(stderr=True).size.width  # that of the terminal; without one 80 columns
        self._console = Console(
            file=self._text, width=self._width, force_terminal=stream.is_terminal, highlight=False
        )
        # The last column stays free: some terminals begin a new line when it is filled.
        self._name = max(_LEAST_NAME, self._width - 1 - _SERIAL - _SURE - _DECISION - 3 * _GAP)

    def begin(self, tally: Tally) -> None:
        """Write the heading."""
        self._row("photo", "serial", "sure", "decision", style="bold")

    def write(self, outcome: Outcome) -> None:
        """Write the row of one record."""
        record = any_from_json(outcome.line)
        notes = [warning.message for warning in record.warnings]
        if isinstance(record, ItemRecord):
            name = f"= {record.item}"  # it stands below its photos
            notes += [f"missing: {', '.join(one.field for one in record.missing)}"] if record.missing else []
        else:
            name = record.source.path
        if record.error is not None:
            self._row(name, "", "", "error", _STYLES["error"], [record.error.message, *notes])
            return
        serial = record.serial
        sure = f"{serial.confidence:4.0%}" if serial.value else ""
        self._row(name, serial.value or "not found", sure, serial.decision, _style(record), notes)

    def _row(
        self, name: str, serial: str, sure: str, decision: str, style: str, notes: list[str] | None = None
    ) -> None:
        name, serial = printable(name), printable(serial)
        beyond = max(0, cell_len(serial) - _SERIAL)
        alone = self._name - beyond < _LEAST_NAME
        row = Text(_end_of(name, self._name if alone else self._name - beyond) + " " * _GAP)
        first = "" if alone else serial
        row.append(set_cell_size(first, _SERIAL + (0 if alone else beyond)), style)
        row.append(f"{'':{_GAP}}{sure:{_SURE}}{'':{_GAP}}{decision}", style)
        lines = [row]
        if alone:
            lines.append(Text(serial, style))
        for note in map(printable, notes or ()):
            wrapped = textwrap.wrap(
                note, self._width - 1, initial_indent=_INDENT, subsequent_indent=_INDENT,
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
            lines += [Text(line, "" if style == _STYLES["error"] else "dim") for line in wrapped]
        for line in lines:
            # What is wider than the terminal is left to it to break: copied, it is whole.
            self._console.print(line, soft_wrap=True)
        rows = self._text.getvalue().rstrip("\n")
        self._text.seek(0)
        self._text.truncate()
        self._stream.write_line(rows.encode("utf-8", "backslashreplace"))


def _style(record: PhotoRecord | ItemRecord) -> str:
    """Green, yellow, or faint for a serial that is more likely wrong than right."""
    serial = record.serial
    unsure = serial.decision == "review" and serial.confidence < UNSURE
    return _STYLES["unsure" if unsure else serial.decision]


def _end_of(name: str, room: int) -> str:
    """The end of a path, which tells photos apart, in that many columns."""
    if cell_len(name) > room:
        name = "…" + set_cell_size(name[::-1], room - 1)[::-1]
    return set_cell_size(name, room)
