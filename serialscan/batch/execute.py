"""Runs inputs through worker processes and yields their records in input order.

Every photo is read in a child process, also a single one and also with one job: a photo that crashes a
decoder or fills the memory then costs its own record and nothing else, a photo that takes for ever can be
stopped, and Ctrl-C works at once. The price is one more start of Python, about 0.1 s a run.

Each worker has its own pair of pipes and one photo at a time. That is why neither pebble nor
``concurrent.futures`` is used: in both all workers share one pipe and its lock, so that a worker killed in
the middle of a message, or while it starts, can stop the whole pool, and the photos queued in the pipe
cannot be told apart from the one that killed it.
"""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from multiprocessing import connection
from pathlib import Path

from serialscan.batch.inputs import Input
from serialscan.batch.worker import READY, Done, Job, run_worker
from serialscan.errors import EngineError
from serialscan.record import to_json

# Finished records that may wait for a slower one before them, per worker.
_AHEAD = 8
_FAILED_STARTS = 3
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One finished input.

    Attributes:
        input: what was read.
        line: its record as a line of JSON without the line end.
        error: the error's message, or None if the photo was read.
    """

    input: Input
    line: bytes
    error: str | None


class _Worker:
    """A worker process with its two pipes; ``number`` is that of the input it holds, or None."""

    def __init__(self, job: Job) -> None:
        context = multiprocessing.get_context("spawn")
        # One-way pipes: a duplex one would be a socket.
        task_reader, self.tasks = context.Pipe(duplex=False)
        self.results, result_writer = context.Pipe(duplex=False)
        self.process = context.Process(
            target=run_worker, args=(task_reader, result_writer, job), name="serialscan-worker", daemon=True
        )
        with _without_interrupts():
            self.process.start()
        # The ends of the child must be open in the child only, or its death would go unseen.
        task_reader.close()
        result_writer.close()
        self.ready = False
        self.number: int | None = None
        self.deadline = 0.0

    def give(self, number: int, task: Input, data: bytes | None, timeout_s: float) -> None:
        self.number = number
        self.deadline = time.monotonic() + timeout_s
        with contextlib.suppress(OSError):  # a dead worker is noticed where its answer is awaited
            self.tasks.send((task, data))

    def stop(self) -> None:
        self.process.kill()
        self.process.join(_PATIENCE_S)  # not for ever: a process can hang in a dead network drive
        self.tasks.close()
        self.results.close()


class _Feeder(threading.Thread):
    """Pulls inputs in a thread, since a list that comes through a pipe may make the walk wait."""

    def __init__(self, inputs: Iterable[Input], ahead: int, max_bytes: int) -> None:
        super().__init__(name="serialscan-inputs", daemon=True)
        self._inputs = inputs
        self._max_bytes = max_bytes
        self.free = threading.Semaphore(ahead)
        self.waiting: deque[tuple[Input, bytes | None] | BaseException | None] = deque()
        self.bell, self._ring = multiprocessing.Pipe(duplex=False)

    def run(self) -> None:
        try:
            for task in self._inputs:
                data = None
                if task.stdin:
                    try:
                        data = _standard_input(self._max_bytes)
                    except OSError as error:
                        message = f"standard input cannot be read ({error.strerror}): pipe an image in"
                        task = replace(task, problem=("unreadable", message))
                self._put((task, data))
                self.free.acquire()
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, item: tuple[Input, bytes | None] | BaseException | None) -> None:
        self.waiting.append(item)
        with contextlib.suppress(OSError):  # the run may have ended
            self._ring.send_bytes(b".")


def execute(
    inputs: Iterable[Input], job: Job, *, jobs: int, timeout_s: float
) -> Generator[Outcome, None, None]:
    """Read inputs in ``jobs`` processes.

    Args:
        inputs: walked lazily, at most a few ahead of what is being read.
        job: what the workers need to know.
        jobs: number of processes, at least 1.
        timeout_s: seconds after which a photo is given up.

    Yields:
        One outcome per input, in input order, each as soon as it and all before it are there.

    Raises:
        SerialscanError: the engine does not start, the list of inputs cannot be read, or the pictures of
            the lines cannot be written.
    """
    feeder = _Feeder(inputs, _AHEAD * jobs, job.settings.max_bytes)
    supervisor = _Supervisor(feeder, job, jobs, timeout_s)
    feeder.start()
    try:
        yield from supervisor.outcomes()
    finally:
        supervisor.stop()


class _Supervisor:
    """Hands tasks to workers, replaces the dead ones, and keeps the order.

    Inputs are numbered from 0. A task waits in ``_waiting``, then a worker holds it, then its outcome waits
    in ``_finished`` for those before it.
    """

    def __init__(self, feeder: _Feeder, job: Job, jobs: int, timeout_s: float) -> None:
        self._feeder = feeder
        self._job = job
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._workers: list[_Worker] = []
        self._waiting: deque[tuple[int, Input, bytes | None]] = deque()
        self._unfinished: dict[int, Input] = {}
        self._finished: dict[int, Outcome] = {}
        self._count = 0
        self._failed_starts = 0
        self._ended: bool | BaseException = False

    def outcomes(self) -> Iterator[Outcome]:
        """Yield outcomes in input order until there are no more inputs."""
        emitted = 0
        while not self._ended or emitted < self._count:
            self._wait()
            self._take_inputs()
            self._stop_overdue()
            self._hand_out()
            while emitted in self._finished:
                yield self._finished.pop(emitted)
                emitted += 1
                self._feeder.free.release()
        if isinstance(self._ended, BaseException):
            raise self._ended

    def stop(self) -> None:
        """End all workers, whatever they do."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.stop()
        self._feeder.bell.close()

    def _wait(self) -> None:
        """Wait for an answer, a death (both wake the results pipe), an input, or a deadline."""
        deadlines = [worker.deadline for worker in self._workers if worker.number is not None]
        timeout = max(0.0, min(deadlines) - time.monotonic()) + 0.01 if deadlines else None
        pipes: dict[object, _Worker] = {worker.results: worker for worker in self._workers}
        for pipe in connection.wait(
            [self._feeder.bell, *(worker.results for worker in self._workers)], timeout
        ):
            if pipe is self._feeder.bell:
                self._feeder.bell.recv_bytes()
            else:
                self._answer(pipes[pipe])

    def _answer(self, worker: _Worker) -> None:
        try:
            message = worker.results.recv()
        except (EOFError, OSError):
            self._died(worker)
            return
        if message == READY:
            worker.ready = True
            self._failed_starts = 0
        elif isinstance(message, Done):
            assert worker.number is not None
            self._finish(worker.number, message.line, message.error)
            worker.number = None
        else:
            raise message

    def _finish(self, number: int, line: bytes, error: str | None) -> None:
        self._finished[number] = Outcome(self._unfinished.pop(number), line, error)

    def _died(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.stop()
        how = _how(worker.process.exitcode)
        if worker.number is not None:
            self._give_up(worker.number, "worker_died", _advice(how))
        elif not worker.ready and any(other.ready for other in self._workers):
            self._jobs = max(1, self._jobs - 1)  # too little memory for one more; the others carry on
        elif not worker.ready:
            self._failed_starts += 1
            if self._failed_starts == _FAILED_STARTS:
                raise EngineError(f"The reading process does not start ({how}): run 'serialscan doctor'.")

    def _stop_overdue(self) -> None:
        now = time.monotonic()
        for worker in [*self._workers]:
            if worker.number is not None and now > worker.deadline:
                self._workers.remove(worker)
                worker.stop()
                message = (
                    f"not read within {self._timeout_s:g} s and given up: "
                    "scan it alone, or raise timeout_s in serialscan.toml"
                )
                self._give_up(worker.number, "timed_out", message)

    def _give_up(self, number: int, code: str, message: str) -> None:
        from serialscan.photo import describe
        from serialscan.scan import error_record

        path = self._unfinished[number].path
        record = error_record(describe(Path(path), path), self._job.settings, code, message)
        self._finish(number, to_json(record), message)

    def _take_inputs(self) -> None:
        while self._feeder.waiting:
            item = self._feeder.waiting.popleft()
            if item is None:
                self._ended = True
            elif isinstance(item, BaseException):
                self._ended = item  # raised when the inputs before it are done
            else:
                task, data = item
                self._unfinished[self._count] = task
                if task.problem is None:
                    self._waiting.append((self._count, task, data))
                else:
                    self._give_up(self._count, *task.problem)
                self._count += 1

    def _hand_out(self) -> None:
        idle = [worker for worker in self._workers if worker.ready and worker.number is None]
        for worker in idle[: len(self._waiting)]:
            worker.give(*self._waiting.popleft(), self._timeout_s)
        starting = sum(not worker.ready for worker in self._workers)
        for _ in range(min(len(self._waiting) - starting, self._jobs - len(self._workers))):
            self._workers.append(_Worker(self._job))


def _how(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"exit code {exit_code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-exit_code).name
    return f"signal {-exit_code}"


def _advice(how: str) -> str:
    if how == "SIGKILL":
        advice = "probably for lack of memory: scan it again with fewer --jobs or a lower --max-pixels"
    else:
        advice = "scan it alone, and report it if that fails too"
    return f"the process that read this photo ended ({how}), {advice}"


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """A child started in this block does not see Ctrl-C; the parent, which ends it, gets it afterwards."""
    if sys.platform == "win32":
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # its start would unblock the signal again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _standard_input(max_bytes: int) -> bytes:
    """All of standard input, or one byte more than is allowed."""
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed")
    data = bytearray()
    # Unbuffered: a thread that waits in a buffered read of stdin would break Python's exit.
    with open(0, "rb", buffering=0, closefd=False) as stream:
        while len(data) <= max_bytes and (chunk := stream.read(min(1 << 20, max_bytes + 1 - len(data)))):
            data += chunk
    return bytes(data)
