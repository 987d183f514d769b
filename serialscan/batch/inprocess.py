"""Carries out tasks in this process: for tests, and for programs that use serialscan as a library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING

from serialscan.batch.inputs import standard_input
from serialscan.batch.task import Input, Outcome, Task
from serialscan.batch.worker import Done, Job, do, failed, known
from serialscan.errors import PhotoError

if TYPE_CHECKING:
    from serialscan.reading import Reader


class InProcess:
    """One task after the other, without a process of its own.

    Nothing starts but the reader. In return a photo that crashes a decoder ends this process, and no photo
    is given up after a time.

    Args:
        job: what to do and how.
        reader: reads the photos; by default the networks, which are loaded when the first photo comes.
    """

    def __init__(self, job: Job, reader: Reader | None = None) -> None:
        self._job = job
        self._reader = reader

    def execute(self, tasks: Iterable[Task]) -> Generator[Outcome, None, None]:
        """See ``Executor``."""
        lines: defaultdict[str, list[bytes]] = defaultdict(list)
        for task in tasks:
            done = self._do(task, lines)
            if done.light is not None and isinstance(task, Input) and task.item is not None:
                lines[task.item].append(done.light)
            yield Outcome(task, done.line, done.error, done.no_pictures, done.kept)

    def _do(self, task: Task, lines: dict[str, list[bytes]]) -> Done:
        if not isinstance(task, Input):
            return do(task, lines.pop(task.item), self._ready(), self._job)
        if task.problem is not None:
            return failed(task, None, self._job, *task.problem)
        if task.line is not None and not self._job.wants_pictures:
            return known(task, task.line)
        try:
            data = standard_input(self._job.settings.max_bytes) if task.stdin else None
        except PhotoError as error:
            return failed(task, None, self._job, error.code, error.message)
        return do(task, data, self._ready(), self._job)

    def _ready(self) -> Reader:
        if self._reader is None:
            from serialscan.reading import Reader

            self._reader = Reader(self._job.settings, threads=self._job.threads)
        return self._reader
