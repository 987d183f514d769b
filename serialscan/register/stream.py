"""Records through a search: each passes as it is, with its matches added at its end."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from serialscan.errors import EngineError
from serialscan.record import ItemRecord, PhotoRecord, any_from_json
from serialscan.register.answer import Match
from serialscan.register.lattice import lattices_of
from serialscan.register.match import Search, match_all
from serialscan.register.register import Register, open_all

_LINES: Final = 16  # records that a process gets at a time
_AHEAD: Final = 3  # such parts that wait for each process


@dataclass(frozen=True)
class Passed:
    """One record: its line with the matches, or as it was, and why."""

    line: bytes
    matches: tuple[Match, ...] = ()
    fault: str | None = None


class _Known(msgspec.Struct):
    """What a line already has."""

    matches: Any = None


def matches_of(
    record: PhotoRecord | ItemRecord, registers: Sequence[Register], search: Search
) -> tuple[Match, ...]:
    """What each register says of each number of a record that may be its serial."""
    return tuple(one for lattice in lattices_of(record) for one in match_all(registers, lattice, search))


def matched(line: bytes, registers: Sequence[Register], search: Search) -> Passed:
    """A record with its matches. Its own bytes stay as they are; what is no record passes unchanged."""
    own = line.rstrip(b"\r\n")
    try:
        record = any_from_json(own.decode("utf-8"))
        if msgspec.json.decode(own, type=_Known).matches is not None:
            return Passed(own, fault="has matches already: match the records that scan wrote")
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Passed(own, fault=f"is no record of this version ({error}): scan the photos again")
    found = matches_of(record, registers, search)
    return Passed(with_matches(own, found), found)


def with_matches(line: bytes, matches: Sequence[Match]) -> bytes:
    """A record's line with one more member, ``matches``."""
    body = line.rstrip()
    return body[:-1].rstrip() + b',"matches":' + msgspec.json.encode(matches) + b"}"


def match_lines(
    lines: Iterable[bytes], registers: Sequence[Path], search: Search, jobs: int = 1
) -> Iterator[Passed]:
    """All lines but empty ones, in their order; only some are held at a time.

    Args:
        lines: of NDJSON.
        registers: their files.
        search: how to search.
        jobs: processes.

    Raises:
        InputError: a register cannot be read.
        VerifyError: a register is damaged, or was written to.
        EngineError: a process died.
    """
    opened = open_all(registers)
    filled = (line for line in lines if line.strip())
    if jobs <= 1:
        for line in filled:
            yield matched(line, opened, search)
        return
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(jobs, context, _start, (tuple(registers), search))
    waiting: deque[Future[list[Passed]]] = deque()
    try:
        parts = iter(lambda: list(islice(filled, _LINES)), [])
        for part in parts:
            waiting.append(executor.submit(_part, part))
            if len(waiting) > jobs * _AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        raise EngineError(
            "A process that searches has died: give fewer --jobs, or free some memory."
        ) from error
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


_opened: list[Register] = []
_search = Search()


def _start(registers: Sequence[Path], search: Search) -> None:
    global _search
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the run
    _opened.extend(open_all(registers))
    _search = search


def _part(lines: list[bytes]) -> list[Passed]:
    return [matched(line, _opened, _search) for line in lines]
