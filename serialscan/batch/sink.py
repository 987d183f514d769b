"""Who takes what a run gives: a file of records, a table, progress, later a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serialscan.batch.inputs import Why
from serialscan.batch.output import DataStream
from serialscan.batch.task import Outcome

if TYPE_CHECKING:
    from serialscan.batch.tally import Tally


class Sink:
    """Takes nothing; the base of the others.

    Every sink gets each record's bytes before any sink gets the next one, in input order. A sink refuses by
    raising a ``SerialscanError`` from ``begin`` or ``write``: that ends the run, what was written is valid.
    """

    def begin(self, tally: Tally) -> None:
        """The run begins; the counts go on changing."""

    def write(self, outcome: Outcome) -> None:
        """Take a record. The next one comes when this returns."""

    def update(self, outcome: Outcome, tally: Tally) -> None:
        """All sinks have taken a record, and it is counted."""

    def skip(self, path: str, why: Why) -> None:
        """Something in a folder is no input. Comes from the thread that walks the folders."""

    def end(self, tally: Tally) -> None:
        """The run is over, also if a person stopped it; not after an error."""


class Lines(Sink):
    """Records as lines of JSON."""

    def __init__(self, stream: DataStream) -> None:
        self._stream = stream

    def write(self, outcome: Outcome) -> None:
        """Write the record as it is."""
        self._stream.write_line(outcome.line)

    def end(self, tally: Tally) -> None:
        """See that all records are where they were written."""
        self._stream.finish()
