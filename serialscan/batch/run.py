"""A whole scan: inputs to records on a sink, with counts and progress."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Protocol

from serialscan.batch.execute import Outcome, execute
from serialscan.batch.inputs import Input, Selection, Skipped, Why, walk
from serialscan.batch.resources import MOST_JOBS, cores, default_jobs
from serialscan.batch.worker import Job
from serialscan.errors import ExitCode, SerialscanError
from serialscan.settings import BatchSettings, Settings

if TYPE_CHECKING:
    from serialscan.items import Grouping
    from serialscan.record import ItemRecord


@dataclass(slots=True)
class Tally:
    """The counts of a run.

    Attributes:
        ok: photos read.
        failed: inputs with an error record.
        skipped: what the walk left out.
        total: inputs there are, or None while they are being counted or if they cannot be.
        seconds: how long the run took.
        interrupted: a person stopped the run.
        last_error: message of the last error record.
        items: item records written.
        without_item: photos that belong to no item, when photos are put together.
    """

    ok: int = 0
    failed: int = 0
    skipped: Skipped = field(default_factory=Skipped)
    total: int | None = None
    seconds: float = 0.0
    interrupted: bool = False
    last_error: str | None = None
    items: int = 0
    without_item: int = 0

    @property
    def done(self) -> int:
        """Records written."""
        return self.ok + self.failed

    @property
    def exit_code(self) -> ExitCode:
        """What the process tells its caller."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if self.ok == 0:
            return ExitCode.NO_INPUT
        return ExitCode.SOME_FAILED if self.failed else ExitCode.OK


class Watcher(Protocol):
    """Somebody who is told how a run goes."""

    def update(self, outcome: Outcome, tally: Tally) -> None:
        """One more record is written."""

    def skip(self, path: str, why: Why) -> None:
        """Something in a folder is no input; comes from another thread."""


def run(
    selection: Selection, settings: Settings, batch: BatchSettings, write: Callable[[Outcome], None],
    watcher: Watcher, *, grouping: Grouping | None = None,
    write_item: Callable[[ItemRecord], None] | None = None, tracebacks: bool = False,
) -> Tally:  # fmt: skip
    """Scan everything selected.

    Args:
        selection: the inputs.
        settings: how photos are read.
        batch: how many at a time, and for how long.
        write: takes each outcome, in input order.
        watcher: is told after each.
        grouping: puts photos together to items. All inputs are then listed before the first is read.
        write_item: takes each item's record, after the outcome of its last photo.
        tracebacks: workers show tracebacks of internal errors on stderr.

    Returns:
        The counts; Ctrl-C ends the run and is told in them.

    Raises:
        SerialscanError: output, engine, the list of inputs or the grouping failed; records written before
            are valid.
    """
    tally = Tally(skipped=Skipped(tell=watcher.skip))
    started = time.monotonic()
    jobs = min(batch.jobs or default_jobs(), MOST_JOBS)
    job = Job(settings, threads=max(1, cores() // jobs), crops=selection.crops, tracebacks=tracebacks)
    inputs: Iterable[Input] = walk(selection, tally.skipped)
    items = None
    if grouping is not None:
        from serialscan.batch.items import Items

        inputs = list(inputs)
        items = Items(inputs, grouping, settings, tracebacks=tracebacks)
        tally.total, tally.without_item = len(inputs), items.without_item
    elif selection.countable:
        threading.Thread(target=_count, args=(selection, tally), daemon=True).start()
    outcomes = execute(inputs, job, jobs=jobs, timeout_s=batch.timeout_s)
    with contextlib.closing(outcomes):
        try:
            for outcome in outcomes:
                with _whole():
                    write(outcome)
                    if outcome.error is None:
                        tally.ok += 1
                    else:
                        tally.failed += 1
                        tally.last_error = outcome.error
                    record = items.add(outcome) if items is not None else None
                    if record is not None and write_item is not None:
                        write_item(record)
                        tally.items += 1
                    watcher.update(outcome, tally)
        except KeyboardInterrupt:
            tally.interrupted = True
    tally.seconds = time.monotonic() - started
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


def _count(selection: Selection, tally: Tally) -> None:
    """Counting walks the folders a second time and so never delays the first record."""
    with contextlib.suppress(SerialscanError):  # the walk that matters reports it
        tally.total = sum(1 for _ in walk(selection, Skipped()))
