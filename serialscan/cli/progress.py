"""Progress on stderr: a bar for people, events for programs, or nothing."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

from serialscan.batch.inputs import Why
from serialscan.batch.sink import Sink
from serialscan.batch.tally import Tally
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
    """A bar with the photos read, those there are, the speed and the time left.

    The speed is that of the whole run. Records come in input order, so several come at once when a slow photo
    before them is done; the speed of the last seconds would then be far from true.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, ProgressColumn, Task
        from rich.text import Text

        class Told(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text(_told(task.fields["tally"], task.elapsed or 0.0))

        self._progress = Progress(
            BarColumn(20), Told(), console=Console(stderr=True),
            transient=True, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._task = self._progress.add_task("", total=None, tally=None)
        self._lock = threading.RLock()

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, tally: Tally) -> None:
        """Show the counts from now on."""
        self._progress.update(self._task, tally=tally)

    def update(self, outcome: Outcome, tally: Tally) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=tally.done, total=tally.total)

    def write(self, outcome: Outcome) -> None:
        """Name what failed, with -v, on a line of its own."""
        with self._line():
            super().write(outcome)

    def skip(self, path: str, why: Why) -> None:
        """Name what is no input, with -v, on a line of its own."""
        with self._line():
            super().skip(path, why)

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Take the bar off the terminal for a moment."""
        with self._lock:  # what is skipped comes from another thread
            self._progress.stop()
            try:
                yield
            finally:
                self._progress.start()

    def _line(self) -> contextlib.AbstractContextManager[None]:
        return self.aside() if _log.isEnabledFor(logging.INFO) else contextlib.nullcontext()


def _told(tally: Tally | None, seconds: float) -> str:
    """What stands behind the bar ``seconds`` after the run began."""
    if tally is None or tally.done == 0:
        return "loading"
    parts = [f"{tally.done} of {tally.total}" if tally.total is not None else f"{tally.done}"]
    parts[0] += ", counting" if tally.counting else ""
    parts += [f"{tally.failed} failed"] if tally.failed else []
    read = tally.done - tally.earlier - tally.twins
    if read and seconds > 0:
        parts.append(speed(read / seconds))
        if tally.total is not None:
            left = round((tally.total - tally.done) * seconds / read)
            parts.append(f"{timedelta(seconds=left)} left")
    return "  ".join(parts)


class Aside(Sink):
    """Another sink that writes to the terminal, for which the bar makes room."""

    def __init__(self, sink: Sink, shown: Quiet) -> None:
        self._sink = sink
        self._shown = shown

    def begin(self, tally: Tally) -> None:
        """Hand on while the bar is off the terminal."""
        with self._shown.aside():
            self._sink.begin(tally)

    def write(self, outcome: Outcome) -> None:
        """Hand on while the bar is off the terminal."""
        with self._shown.aside():
            self._sink.write(outcome)

    def end(self, tally: Tally) -> None:
        """Hand on while the bar is off the terminal."""
        with self._shown.aside():
            self._sink.end(tally)


def progress(kind: str, quiet: bool) -> Quiet:
    """The kind of progress asked for.

    Args:
        kind: ``auto`` (a bar if stderr is a terminal), ``none`` or ``json``.
        quiet: no bar.
    """
    if kind == "json":
        return Events()
    if kind == "auto" and not quiet and sys.stderr.isatty():
        from rich.console import Console

        if Console(stderr=True).is_interactive:  # else nothing can be taken off the terminal again
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
