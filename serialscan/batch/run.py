"""A whole run: inputs through an executor to sinks, with counts."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType

from serialscan.batch.found import Found
from serialscan.batch.inputs import Inputs, Skipped, Why
from serialscan.batch.sink import Sink
from serialscan.batch.task import Executor, Outcome
from serialscan.errors import ExitCode


@dataclass(slots=True)
class Tally:
    """The counts of a run.

    Attributes:
        inputs: what is read.
        ok: photos read.
        failed: inputs with an error record.
        seconds: how long the run took.
        interrupted: a person stopped the run.
        last_error: message of the last error record.
        items: item records written.
        earlier: photos whose records an earlier run made.
        twins: photos with the content of another one, whose record they have.
        found: what the records tell.
    """

    inputs: Inputs
    ok: int = 0
    failed: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    last_error: str | None = None
    items: int = 0
    earlier: int = 0
    twins: int = 0
    found: Found = field(default_factory=Found)

    @property
    def done(self) -> int:
        """Records of photos written."""
        return self.ok + self.failed

    @property
    def total(self) -> int | None:
        """Inputs there are, or None while they are being counted or if they cannot be."""
        return self.inputs.total

    @property
    def counting(self) -> bool:
        """Whether the inputs are still being counted."""
        return self.inputs.counting

    @property
    def skipped(self) -> Skipped:
        """What the walk left out."""
        return self.inputs.skipped

    @property
    def without_item(self) -> int:
        """Photos that belong to no item, when photos are put together."""
        return self.inputs.without_item

    @property
    def exit_code(self) -> ExitCode:
        """What the process tells its caller."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if self.ok == 0:
            return ExitCode.NO_INPUT
        return ExitCode.SOME_FAILED if self.failed else ExitCode.OK

    def count(self, outcome: Outcome) -> None:
        """Count a record that is written."""
        if outcome.input is None:
            self.items += 1
            return
        if outcome.error is None:
            self.ok += 1
        else:
            self.failed += 1
            self.last_error = outcome.error
        self.earlier += outcome.input.line is not None and not outcome.input.twin
        self.twins += outcome.input.twin


def run(inputs: Inputs, executor: Executor, sinks: Sequence[Sink]) -> Tally:
    """Read everything and hand each record to all sinks.

    Args:
        inputs: what to read.
        executor: reads it.
        sinks: take each record, one sink after the other, in input order.

    Returns:
        The counts; Ctrl-C ends the run and is told in them.

    Raises:
        SerialscanError: a sink, the engine, the list of inputs or the grouping failed; records written
            before are valid.
    """
    tally = Tally(inputs)
    started = time.monotonic()
    for sink in sinks:
        sink.begin(tally)

    def skip(path: str, why: Why) -> None:
        for sink in sinks:
            sink.skip(path, why)

    inputs.skipped.tell = skip
    with contextlib.closing(executor.execute(inputs)) as outcomes:
        try:
            for outcome in outcomes:
                with _whole():
                    outcome = tally.found.take(outcome)
                    for sink in sinks:
                        sink.write(outcome)
                    tally.count(outcome)
                    for sink in sinks:
                        sink.update(outcome, tally)
        except KeyboardInterrupt:
            tally.interrupted = True
    tally.seconds = time.monotonic() - started
    for sink in sinks:
        sink.end(tally)
    return tally


@contextlib.contextmanager
def _whole() -> Iterator[None]:
    """Put a first Ctrl-C off to the end of the block, so that records are whole and counted.

    A second one breaks the block, for the reader of the output may have stopped reading.
    """
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):  # ignored, as in a background job
        yield
        return
    seen = False

    def put_off(signum: int, frame: FrameType | None) -> None:
        nonlocal seen
        if seen:
            raise KeyboardInterrupt
        seen = True

    signal.signal(signal.SIGINT, put_off)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if seen:
        raise KeyboardInterrupt
