"""Opens photos for their pictures in processes of their own.

A photo that crashes a decoder then costs its pictures and nothing else. The processes of a scan
(``batch/processes.py``) load networks and give records; these give pictures.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from serialscan.errors import PhotoError
from serialscan.record import Source
from serialscan.report.pictures import Cut, Wanted
from serialscan.settings import Settings

_AHEAD = 2  # photos that wait for their turn, per process
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Request:
    """A photo to be opened.

    Attributes:
        path: where it lies.
        name: for messages.
        sha256: in hex, of the only content that is taken.
        wanted: the crops.
        budget: bytes of its pictures.
    """

    path: Path
    name: str
    sha256: str
    wanted: tuple[Wanted, ...]
    budget: int


Answer = Cut | str
"""The pictures of a photo, or why there are none."""


class Openers:
    """So many processes that open photos; to be closed.

    Args:
        settings: limits on what is opened.
        jobs: processes.
        timeout_s: seconds after which a photo is given up.
    """

    def __init__(self, settings: Settings, jobs: int, timeout_s: float) -> None:
        self._settings = settings
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._idle: queue.SimpleQueue[_Child | None] = queue.SimpleQueue()
        for _ in range(jobs):
            self._idle.put(None)  # a process is started where one is needed
        self._threads = ThreadPoolExecutor(jobs)

    def __enter__(self) -> Openers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        for _ in range(self._jobs):
            child = self._idle.get()
            if child is not None:
                child.stop()

    def answers(self, requests: Iterator[Sequence[Request | None]]) -> Iterator[list[Answer | None]]:
        """The pictures of groups of photos, in order; a few groups are worked on ahead."""
        waiting: list[list[Future[Answer] | None]] = []

        def begin(group: Sequence[Request | None]) -> list[Future[Answer] | None]:
            return [self._threads.submit(self._answer, one) if one is not None else None for one in group]

        waiting += map(begin, islice(requests, self._jobs * _AHEAD))
        while waiting:
            done = waiting.pop(0)
            yield [one.result() if one is not None else None for one in done]
            waiting += map(begin, islice(requests, 1))

    def _answer(self, request: Request) -> Answer:
        child = self._idle.get() or _Child(self._settings)
        answer = child.ask(request, self._timeout_s)
        if answer is None:
            child.stop()
            self._idle.put(None)
            return "opening the photo took too long or ended the program that opened it"
        self._idle.put(child)
        return answer


class _Child:
    """One process and its two pipes."""

    def __init__(self, settings: Settings) -> None:
        context = multiprocessing.get_context("spawn")
        # One-way pipes: a duplex one would be a socket.
        theirs, self._requests = context.Pipe(duplex=False)
        self._answers, answers = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_serve, args=(theirs, answers, settings), name="serialscan-opener", daemon=True
        )
        self._process.start()
        theirs.close()
        answers.close()

    def ask(self, request: Request, timeout_s: float) -> Answer | None:
        """The answer; None if the process died or takes too long."""
        with contextlib.suppress(EOFError, OSError):
            self._requests.send(request)
            if self._answers.poll(timeout_s):
                answer: Answer = self._answers.recv()
                return answer
        return None

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.join(_PATIENCE_S)
        self._requests.close()
        self._answers.close()


def _serve(requests: Connection, answers: Connection, settings: Settings) -> None:
    """Runs in the process until its parent goes."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    with contextlib.suppress(EOFError, OSError):
        while True:
            request: Request = requests.recv()
            answers.send(_pictures(request, settings))


def _pictures(request: Request, settings: Settings) -> Answer:
    from serialscan.photo import open_photo
    from serialscan.report.pictures import cut

    last = max((one.shown.page for one in request.wanted), default=1)
    try:
        with open_photo(request.path, settings, request.name, sha256=request.sha256) as photo:
            made: dict[str, Any] = {}
            first = None
            for number, page in enumerate(photo.pages(), start=1):
                of_page = tuple(one for one in request.wanted if one.shown.page == number)
                done = cut([(number, page)], of_page, request.budget)
                made.update(done.crops)
                first = done.preview if number == 1 else first
                if number >= last:
                    break
            return Cut(first, made)
    except PhotoError as error:
        return error.message
    except MemoryError:
        return "there is not enough memory for this photo"
    except Exception as error:
        return f"the photo could not be shown ({type(error).__name__})"


def path_of(source: Source, base: Path | None) -> Path:
    """Where a photo lies, from its record; a relative path begins at ``base``."""
    import os

    name = os.fsdecode(bytes.fromhex(source.path_bytes_hex)) if source.path_bytes_hex else source.path
    return Path(base or "", name)
