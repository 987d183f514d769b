"""Looks at the entries of a large case in several processes."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sqlite3
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path

from serialscan.case import store
from serialscan.case.check import Look, Looked, Span, look, look_here
from serialscan.case.derive import ReadRecord

MOST_PROCESSES = 4
"""More do not help: one process puts together what they saw, and the disk is shared."""

_FEWEST = 4000
"""Entries from which on further processes pay: starting them takes as long as 1000 to 2000 entries."""

_AHEAD = 16
"""Spans that each process is given ahead; it works on them while this one looks through the database."""


def look_in(jobs: int, fewest: int = _FEWEST) -> Look:
    """What looks at spans in so many processes, if there are enough of them.

    Args:
        jobs: processes.
        fewest: entries from which on there are enough.
    """

    @contextlib.contextmanager
    def spread(
        connection: sqlite3.Connection, spans: Iterator[Span], read_record: ReadRecord
    ) -> Iterator[Iterator[Looked]]:
        (entries,) = connection.execute("SELECT count(*) FROM entry").fetchone()
        if jobs < 2 or entries < fewest:
            with look_here(connection, spans, read_record) as looked:
                yield looked
            return
        context = multiprocessing.get_context("spawn")
        executor = ProcessPoolExecutor(jobs, context, _start, (store.file_of(connection), read_record))
        try:
            given = deque((span, _give(executor, span)) for span in islice(spans, jobs * _AHEAD))
            yield _taken(connection, executor, given, spans, read_record)
        finally:
            executor.shutdown(wait=True, cancel_futures=True)

    return spread


def _taken(
    connection: sqlite3.Connection,
    executor: ProcessPoolExecutor,
    given: deque[tuple[Span, Future[Looked] | None]],
    spans: Iterator[Span],
    read_record: ReadRecord,
) -> Iterator[Looked]:
    """What was seen, in the order of the spans. What another process cannot do is done here."""
    while given:
        span, future = given.popleft()
        looked = None
        if future is not None:
            with contextlib.suppress(BrokenProcessPool, sqlite3.Error):
                looked = future.result()
        yield looked or look(connection, span, read_record)
        for further in islice(spans, 1):
            given.append((further, _give(executor, further)))


def _give(executor: ProcessPoolExecutor, span: Span) -> Future[Looked] | None:
    try:
        return executor.submit(_look, span)
    except BrokenProcessPool:  # a process died, as when the memory is full
        return None


_path = Path()
_read_record: ReadRecord
_connection: sqlite3.Connection | None = None


def _start(path: Path, read_record: ReadRecord) -> None:
    global _path, _read_record
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the work
    _path, _read_record = path, read_record


def _look(span: Span) -> Looked:
    global _connection
    if _connection is None:
        _connection = store.connect(_path, mode="ro")
    return look(_connection, span, _read_record)
