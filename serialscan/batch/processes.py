"""Carries out tasks in worker processes and yields their records in input order.

Every photo is read in a child process, also a single one and also with one job: a photo that crashes a
decoder or fills the memory then costs its own record and nothing else, a photo that takes for ever can be
stopped, and Ctrl-C works at once. The price is one more start of Python, about 0.1 s a run.

Each worker has its own pair of pipes and one task at a time. That is why neither pebble nor
``concurrent.futures`` is used: in both all workers share one pipe and its lock, so that a worker killed in
the middle of a message, or while it starts, can stop the whole pool, and the photos queued in the pipe
cannot be told apart from the one that killed it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import signal
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from serialscan.batch.inputs import standard_input
from serialscan.batch.resources import MOST_JOBS, cores, default_jobs
from serialscan.batch.task import Fusion, Input, Outcome, Task
from serialscan.batch.worker import READY, Data, Done, Job, failed, known, run_worker
from serialscan.errors import EngineError, PhotoError
from serialscan.printable import printable
from serialscan.record import ErrorCode
from serialscan.settings import BatchSettings

# Finished records that may wait for a slower one before them, per worker.
_AHEAD = 8
_FAILED_STARTS = 3
_PATIENCE_S = 5.0
# The networks are loaded within seconds; a knowledge file's patterns may take for ever to be tried.
_START_S = 120.0
# Windows does not let Ctrl-C end a wait, so none is longer.
_LONGEST_WAIT_S = 0.2 if sys.platform == "win32" else 3600.0


class Processes:
    """Reads in processes of this machine.

    Args:
        job: what the workers need to know.
        jobs: number of processes, at least 1.
        timeout_s: seconds after which a task is given up.
    """

    def __init__(self, job: Job, *, jobs: int, timeout_s: float) -> None:
        self._job = job
        self._jobs = jobs
        self._timeout_s = timeout_s

    def execute(self, tasks: Iterable[Task]) -> Generator[Outcome, None, None]:
        """See ``Executor``."""
        events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        feeder = _Feeder(tasks, _AHEAD * self._jobs, self._job.settings.max_bytes, events)
        supervisor = _Supervisor(feeder, events, self._job, self._jobs, self._timeout_s)
        feeder.start()
        try:
            yield from supervisor.outcomes()
        finally:
            supervisor.stop()


def local_processes(job: Job, batch: BatchSettings) -> Processes:
    """As many processes as the settings say, or as cores and memory carry; they share the cores."""
    jobs = min(batch.jobs or default_jobs(), MOST_JOBS)
    return Processes(replace(job, threads=max(1, cores() // jobs)), jobs=jobs, timeout_s=batch.timeout_s)


@dataclass(frozen=True, slots=True)
class _Fed:
    """The next task and what the feeder has read for it; None behind the last one."""

    task: Task | None
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Broken:
    """The tasks cannot be listed any further."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a worker says; None when it has died."""

    worker: _Worker
    message: Any


class _Worker:
    """A worker process with its two pipes; ``number`` is that of the task it holds, or None.

    Threads of this process read and write the pipes: a worker that was stopped, or is stuck in the middle
    of a message, would else hold up the others and its own deadline.
    """

    def __init__(self, job: Job, events: queue.SimpleQueue[Any], start_s: float) -> None:
        context = multiprocessing.get_context("spawn")
        # One-way pipes: a duplex one would be a socket.
        task_reader, self._tasks = context.Pipe(duplex=False)
        self._results, result_writer = context.Pipe(duplex=False)
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
        self.deadline = time.monotonic() + start_s
        self._events = events
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def give(self, number: int, task: Task, data: Data, timeout_s: float) -> None:
        self.number = number
        self.deadline = time.monotonic() + timeout_s
        sender = threading.Thread(target=self._send, args=((task, data),), daemon=True)
        self._threads[1:] = [sender]  # the one before has ended: its task is done
        sender.start()

    def stop(self) -> None:
        self.process.kill()
        # Not for ever: a process can hang in a dead network drive.
        self.process.join(_PATIENCE_S)
        for thread in self._threads:
            thread.join(_PATIENCE_S)
        if not any(thread.is_alive() for thread in self._threads):
            self._tasks.close()
            self._results.close()

    def _send(self, message: tuple[Task, Data]) -> None:
        with contextlib.suppress(OSError):  # a dead worker is noticed where its answer is awaited
            self._tasks.send(message)

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._events.put(_Heard(self, self._results.recv()))
        self._events.put(_Heard(self, None))


class _Feeder(threading.Thread):
    """Pulls tasks in a thread, since a list that comes through a pipe may make the walk wait."""

    def __init__(
        self, tasks: Iterable[Task], ahead: int, max_bytes: int, events: queue.SimpleQueue[Any]
    ) -> None:
        super().__init__(name="serialscan-inputs", daemon=True)
        self._tasks = tasks
        self._max_bytes = max_bytes
        self._events = events
        self.free = threading.Semaphore(ahead)

    def run(self) -> None:
        try:
            for task in self._tasks:
                self._events.put(self._fed(task))
                self.free.acquire()
            self._events.put(_Fed(None))
        except BaseException as error:
            self._events.put(_Broken(error))

    def _fed(self, task: Task) -> _Fed:
        if not isinstance(task, Input) or not task.stdin:
            return _Fed(task)
        try:
            return _Fed(task, standard_input(self._max_bytes))
        except PhotoError as error:
            return _Fed(replace(task, problem=(error.code, error.message)))


class _Supervisor:
    """Hands tasks to workers, replaces the dead ones, and keeps the order.

    Tasks are numbered from 0. A task waits in ``_waiting``, then a worker holds it, then its outcome waits
    in ``_finished`` for those before it. A fusion first waits in ``_fusions`` for the photos of its item.
    """

    def __init__(
        self, feeder: _Feeder, events: queue.SimpleQueue[Any], job: Job, jobs: int, timeout_s: float
    ) -> None:
        self._feeder = feeder
        self._events = events
        self._job = job
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._workers: list[_Worker] = []
        self._waiting: deque[tuple[int, Task, Data]] = deque()
        self._unfinished: dict[int, tuple[Task, Data]] = {}
        self._finished: dict[int, Outcome] = {}
        self._photos: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
        self._fusions: dict[str, tuple[int, Fusion]] = {}
        self._count = 0
        self._failed_starts = 0
        self._ended: bool | BaseException = False

    def outcomes(self) -> Iterator[Outcome]:
        """Yield outcomes in the order of the tasks until there are no more."""
        emitted = 0
        while not self._ended or emitted < self._count:
            self._wait()
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

    def _wait(self) -> None:
        """Wait for an answer, a death, a task, or a deadline, and take all that has come."""
        deadlines = [
            worker.deadline for worker in self._workers if worker.number is not None or not worker.ready
        ]
        until = min(deadlines, default=float("inf")) + 0.01 - time.monotonic()
        with contextlib.suppress(queue.Empty):
            self._take(self._events.get(timeout=max(0.0, min(until, _LONGEST_WAIT_S))))
            while True:
                self._take(self._events.get_nowait())

    def _take(self, event: _Fed | _Broken | _Heard) -> None:
        if isinstance(event, _Heard):
            if event.worker in self._workers:  # else it was stopped, what it says comes too late
                self._answer(event.worker, event.message)
        elif isinstance(event, _Broken):
            self._ended = event.error  # raised when the tasks before it are done
        elif event.task is None:
            self._ended = True
        else:
            self._accept(event.task, event.data)

    def _accept(self, task: Task, data: Data) -> None:
        number = self._count
        self._count += 1
        self._unfinished[number] = task, data
        if isinstance(task, Fusion):
            self._fusions[task.item] = number, task
            self._free_fusion(task.item)
        elif task.problem is not None:
            self._give_up(number, *task.problem)
        elif task.line is not None and not self._job.wants_pictures:
            self._finish(number, known(task, task.line))
        else:
            self._waiting.append((number, task, data))

    def _answer(self, worker: _Worker, message: Any) -> None:
        if message is None:
            self._died(worker)
        elif message == READY:
            worker.ready = True
            self._failed_starts = 0
        elif isinstance(message, Done):
            assert worker.number is not None
            number, worker.number = worker.number, None
            self._finish(number, message)
        else:
            raise message

    def _finish(self, number: int, done: Done) -> None:
        task, _ = self._unfinished.pop(number)
        self._finished[number] = Outcome(task, done.line, done.error, done.no_pictures, done.kept)
        if isinstance(task, Input) and task.item is not None:
            assert done.light is not None
            self._photos[task.item][number] = done.light
            self._free_fusion(task.item)

    def _free_fusion(self, item: str) -> None:
        """Let a fusion be handed out, before all photos behind it, once the photos of its item are read."""
        number, fusion = self._fusions.get(item, (0, None))
        if fusion is None or len(self._photos[item]) < fusion.photos:
            return
        del self._fusions[item]
        photos = self._photos.pop(item)
        lines = [photos[one] for one in sorted(photos)]
        self._unfinished[number] = fusion, lines
        self._waiting.appendleft((number, fusion, lines))

    def _died(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.stop()
        how = _how(worker.process.exitcode)
        if worker.number is not None:
            self._give_up(worker.number, "worker_died", _advice(how, self._unfinished[worker.number][0]))
        elif not worker.ready:
            self._did_not_start(how)

    def _did_not_start(self, how: str) -> None:
        if any(other.ready for other in self._workers):
            self._jobs = max(1, self._jobs - 1)  # too little memory for one more; the others carry on
            return
        self._failed_starts += 1
        if self._failed_starts == _FAILED_STARTS:
            raise EngineError(f"The reading process does not start ({how}): run 'serialscan doctor'.")

    def _stop_overdue(self) -> None:
        now = time.monotonic()
        for worker in [*self._workers]:
            if now <= worker.deadline or (worker.ready and worker.number is None):
                continue
            self._workers.remove(worker)
            worker.stop()
            if worker.number is None:
                self._failed_starts = _FAILED_STARTS - 1  # once is enough: the next would take as long
                self._did_not_start(f"it took more than {_START_S:g} s")
            else:
                message = _late(self._timeout_s, self._unfinished[worker.number][0])
                self._give_up(worker.number, "timed_out", message)

    def _give_up(self, number: int, code: ErrorCode, message: str) -> None:
        task, data = self._unfinished[number]
        self._finish(number, failed(task, data, self._job, code, message))

    def _hand_out(self) -> None:
        idle = [worker for worker in self._workers if worker.ready and worker.number is None]
        for worker in idle[: len(self._waiting)]:
            worker.give(*self._waiting.popleft(), self._timeout_s)
        starting = sum(not worker.ready for worker in self._workers)
        for _ in range(min(len(self._waiting) - starting, self._jobs - len(self._workers))):
            try:
                self._workers.append(_Worker(self._job, self._events, _START_S))
            except (OSError, RuntimeError) as error:  # too many files, processes or threads
                self._jobs = len(self._workers)  # those that run carry on
                if not self._workers:
                    raise EngineError(
                        f"No process for reading can be started ({printable(str(error))}): close other "
                        "programs, or raise the limits of this session (ulimit -n, ulimit -u)."
                    ) from error
                break


def _late(timeout_s: float, task: Task) -> str:
    if isinstance(task, Fusion):
        return (
            f"not put together within {timeout_s:g} s and given up: its photos' records stand; "
            "raise timeout_s in serialscan.toml"
        )
    return (
        f"not read within {timeout_s:g} s and given up: scan it alone, or raise timeout_s in serialscan.toml"
    )


def _advice(how: str, task: Task) -> str:
    if isinstance(task, Fusion):
        return f"the process that put this item together ended ({how}): its photos' records stand; report it"
    if how == "SIGKILL":
        advice = "probably for lack of memory: scan it again with fewer --jobs or a lower --max-pixels"
    else:
        advice = "scan it alone, and report it if that fails too"
    return f"the process that read this photo ended ({how}), {advice}"


def _how(exit_code: int | None) -> str:
    if exit_code is None or exit_code >= 0:
        return f"exit code {exit_code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-exit_code).name
    return f"signal {-exit_code}"


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
