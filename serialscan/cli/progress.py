"""Progress on stderr: a bar for people, events for programs, or nothing."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections.abc import Callable, Iterator

from serialscan.batch.inputs import Why
from serialscan.batch.run import Tally
from serialscan.batch.sink import Sink
from serialscan.batch.task import Outcome
from serialscan.cli.text import say, speed
from serialscan.printable import printable

_log = logging.getLogger("serialscan")


class Quiet(Sink):
    """Shows nothing of the run; the base of the others. Names with -v what fails and what is skipped."""

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, outcome: Outcome) -> None:
        """Name what failed, with -v."""
        if outcome.input is not None and outcome.error is not None:
            _log.info("%s: %s", printable(outcome.input.path), outcome.error)

    def skip(self, path: str, why: Why) -> None:
        """Name what is no input, with -v."""
        _log.info("skipped %s: %s", printable(path), why.value)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Make room on the terminal for other text."""
        yield


class Events(Quiet):
    """One JSON object a record; ``total`` is null while the inputs are being counted."""

    def update(self, outcome: Outcome, tally: Tally) -> None:
        """Write the event."""
        if outcome.input is None:
            return
        event = {
            "done": tally.done, "total": tally.total, "failed": tally.failed,
            "file": printable(outcome.input.path),
        }  # fmt: skip
        say(json.dumps(event, ensure_ascii=False), err=True)


class Bar(Quiet):
    """A bar with photos per second and the time left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            Task,
            TextColumn,
            TimeRemainingColumn,
        )  # fmt: skip
        from rich.text import Text

        class Speed(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text(speed(task.speed) if task.speed else "")

        self._progress = Progress(
            BarColumn(), MofNCompleteColumn(), Speed(), TextColumn("left"), TimeRemainingColumn(),
            TextColumn("{task.fields[failed]} failed"),
            console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._task = self._progress.add_task("", total=None, failed=0)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, outcome: Outcome, tally: Tally) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=tally.done, total=tally.total, failed=tally.failed)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Take the bar off the terminal for a moment."""
        self._progress.stop()
        yield
        self._progress.start()


class Aside(Sink):
    """Another sink that writes to the terminal, for which the bar makes room."""

    def __init__(self, sink: Sink, shown: Quiet) -> None:
        self._sink = sink
        self._shown = shown

    def write(self, outcome: Outcome) -> None:
        """Write the record while the bar is off the terminal."""
        with self._shown.aside():
            self._sink.write(outcome)


def progress(kind: str, quiet: bool) -> Quiet:
    """The kind of progress asked for.

    Args:
        kind: ``auto`` (a bar if stderr is a terminal), ``none`` or ``json``.
        quiet: no bar.
    """
    if kind == "json":
        return Events()
    if kind == "auto" and not quiet and sys.stderr.isatty():
        return Bar()
    return Quiet()


@contextlib.contextmanager
def counted(title: str, quiet: bool = False) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on a terminal for something that counts; gives who takes how many are done, and of how many."""
    if quiet or not sys.stderr or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
