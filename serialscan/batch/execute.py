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
import multiprocessing
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from multiprocessing import connection

from serialscan.batch.inputs import Input
from serialscan.batch.worker import READY, Done, Job, run_worker
from serialscan.errors import EngineError, InputError

# Finished records that may wait for a slower one before them, per worker.
_AHEAD = 8
_FAILED_STARTS = 3


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
        self.process.join()
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
                self._put((task, _standard_input(self._max_bytes) if task.stdin else None))
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
    feeder.start()
    workers: list[_Worker] = []
    try:
        yield from _supervise(feeder, workers, job, jobs, timeout_s)
    finally:
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            worker.stop()
        feeder.bell.close()


def _supervise(
    feeder: _Feeder, workers: list[_Worker], job: Job, jobs: int, timeout_s: float
) -> Iterator[Outcome]:
    waiting: deque[tuple[int, Input, bytes | None]] = deque()
    held: dict[int, Input] = {}
    finished: dict[int, Outcome] = {}
    count = emitted = failed_starts = 0
    ended = False
    while not (ended and emitted == count):
        while feeder.waiting:
            item = feeder.waiting.popleft()
            if item is None:
                ended = True
            elif isinstance(item, BaseException):
                raise item
            else:
                waiting.append((count, *item))
                held[count] = item[0]
                count += 1

        idle = [worker for worker in workers if worker.ready and worker.number is None]
        for worker in idle[: len(waiting)]:
            worker.give(*waiting.popleft(), timeout_s)
        starting = sum(not worker.ready for worker in workers)
        for _ in range(min(len(waiting) - starting, jobs - len(workers))):
            workers.append(_Worker(job))

        while emitted in finished:
            yield finished.pop(emitted)
            emitted += 1
            feeder.free.release()
        if ended and emitted == count:
            return

        for worker in _wait(feeder, workers):
            try:
                message = worker.results.recv()
            except (EOFError, OSError):
                workers.remove(worker)
                worker.stop()
                if not worker.ready:
                    failed_starts += 1
                    if failed_starts == _FAILED_STARTS:
                        raise EngineError(
                            f"The reading process does not start ({_how(worker)}): run 'serialscan doctor'."
                        ) from None
                elif worker.number is not None:
                    waiting.appendleft(_given_up(worker, held[worker.number], "worker_died", _died(worker)))
                continue
            if message == READY:
                worker.ready = True
                failed_starts = 0
            elif isinstance(message, Done):
                assert worker.number is not None
                finished[worker.number] = Outcome(held.pop(worker.number), message.line, message.error)
                worker.number = None
            else:
                raise message

        now = time.monotonic()
        for worker in [*workers]:
            if worker.number is None or now < worker.deadline:
                continue
            workers.remove(worker)
            worker.stop()
            text = (
                f"Not read within {timeout_s:g} s and given up: "
                "scan it alone, or raise timeout_s in serialscan.toml."
            )
            waiting.appendleft(_given_up(worker, held[worker.number], "timed_out", text))


def _wait(feeder: _Feeder, workers: list[_Worker]) -> list[_Worker]:
    """Wait for an answer or a death (both wake the results pipe), a new input, or a deadline."""
    deadlines = [worker.deadline for worker in workers if worker.number is not None]
    timeout = max(0.0, min(deadlines) - time.monotonic()) + 0.01 if deadlines else None
    pipes: dict[object, _Worker] = {worker.results: worker for worker in workers}
    woken = connection.wait([feeder.bell, *(worker.results for worker in workers)], timeout)
    if feeder.bell in woken:
        feeder.bell.recv_bytes()
    return [pipes[pipe] for pipe in woken if pipe is not feeder.bell]


def _given_up(worker: _Worker, task: Input, code: str, message: str) -> tuple[int, Input, bytes | None]:
    """The task that makes another worker write the error record."""
    assert worker.number is not None
    return worker.number, replace(task, problem=(code, message)), None


def _how(worker: _Worker) -> str:
    code = worker.process.exitcode
    if code is None or code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _died(worker: _Worker) -> str:
    how = _how(worker)
    if how == "SIGKILL":
        advice = "probably for lack of memory: scan it again with fewer --jobs or a lower --max-pixels."
    else:
        advice = "scan it alone, and report it if that fails too."
    return f"The process that read this photo ended ({how}); {advice}"


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
    data = bytearray()
    try:
        # Unbuffered: a thread that waits in a buffered read of stdin would break Python's exit.
        with open(0, "rb", buffering=0, closefd=False) as stream:
            while len(data) <= max_bytes and (chunk := stream.read(min(1 << 20, max_bytes + 1 - len(data)))):
                data += chunk
    except OSError as error:
        raise InputError(f"Standard input cannot be read: {error.strerror}.") from error
    return bytes(data)
