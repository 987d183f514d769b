"""A whole run: inputs through an executor to sinks, with counts."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator, Sequence
from types import FrameType

from serialscan.batch.inputs import Inputs, Why
from serialscan.batch.sink import Sink
from serialscan.batch.tally import Tally
from serialscan.batch.task import Executor


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
