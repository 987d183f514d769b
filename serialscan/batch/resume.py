"""Goes on with what an earlier run made: it is given out as it is, and not made again. From a file here."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from serialscan.batch.destination import RecordFile
from serialscan.batch.sink import Sink
from serialscan.batch.task import Input, Outcome
from serialscan.errors import OutputError, PhotoError, SettingsError
from serialscan.record import ErrorCode, PhotoRecord
from serialscan.settings import Settings

# What happened to the process and not to the photo: another try may end better.
_TRY_AGAIN: frozenset[ErrorCode] = frozenset(
    {"timed_out", "worker_died", "out_of_memory", "internal_error", "changed"}
)


def may_end_better(record: PhotoRecord) -> bool:
    """Whether a photo failed by what happened to the process, so that it is to be read again."""
    return record.error is not None and record.error.code in _TRY_AGAIN


class _Source(msgspec.Struct, frozen=True):
    path: str
    sha256: str | None = None
    path_bytes_hex: str | None = None


class _Error(msgspec.Struct, frozen=True):
    code: str


class _Seen(msgspec.Struct, frozen=True):
    """What matters here of a record; ``source`` is that of a photo."""

    record: str
    status: str
    tool: dict[str, Any]
    source: _Source | None = None
    error: _Error | None = None

    @property
    def failure(self) -> tuple[_Source | None, str]:
        """What failed, and how."""
        return self.source, self.error.code if self.error is not None else ""


_decoder = msgspec.json.Decoder(_Seen)


@dataclass(frozen=True, slots=True)
class _Made:
    """Where a photo's record stands in the file."""

    sha256: str
    start: int
    end: int


class Made:
    """The records that a file holds.

    Args:
        file: the file; the start of a record at its end, left by a run that was cut off, is taken off it.
        settings: those of this run.
        repair: take a last record that is not whole off the file.

    Attributes:
        cut: the last record was not whole.

    Raises:
        SettingsError: the records were made with other settings, or by another version.
        OutputError: a line is no record.
    """

    def __init__(self, file: RecordFile, settings: Settings, *, repair: bool = True) -> None:
        self._file = file
        self._repair = repair
        self._photos: defaultdict[tuple[str, str | None], deque[_Made]] = defaultdict(deque)
        self._failures: set[tuple[_Source | None, str]] = set()
        self._items: set[bytes] = set()
        self._lines: Counter[bytes] = Counter()
        self._tool: dict[str, Any] | None = None
        self.cut = False
        self._index(_tool(settings))
        # A handle of its own: records are found by another thread than that which adds some.
        self._reader = Path(file.name).open("rb")  # noqa: SIM115 - open as long as the run

    def known(self, task: Input) -> Input:
        """See ``Earlier``."""
        return replace(task, line=self.find(task))

    def find(self, task: Input) -> bytes | None:
        """The record of an input, if there is one of the same path and content; each is found once."""
        from serialscan.photo import describe
        from serialscan.photo.files import sha256_of

        source = describe(Path(task.path), task.path)
        made = self._photos.get((source.path, source.path_bytes_hex))
        if not made:
            return None
        try:
            same = sha256_of(Path(task.path)) == made[0].sha256
        except PhotoError:
            return None
        if not same:
            return None
        found = made.popleft()
        self._reader.seek(found.start)
        return self._reader.read(found.end - found.start)

    def close(self) -> None:
        """Let the file go."""
        self._reader.close()

    def has(self, outcome: Outcome) -> bool:
        """Whether the file holds what a task gave: its record, the same item, the same failure.

        Raises:
            SettingsError: the record was made by another tool than those of the file.
        """
        if isinstance(outcome.task, Input) and outcome.task.line is not None:
            return True
        if outcome.input is None:
            return _hash(outcome.line) in self._items
        seen = _decoder.decode(outcome.line)
        if seen.status == "error":
            return seen.failure in self._failures
        if self._tool is not None and seen.tool != self._tool:
            raise SettingsError(_OTHER.format(self._file.name))
        return False

    def holds(self, line: bytes) -> bool:
        """Whether the file holds just this line; each one is found once."""
        digest = _hash(line)
        if not self._lines[digest]:
            return False
        self._lines[digest] -= 1
        return True

    def _index(self, own: dict[str, Any]) -> None:
        start = 0
        for number, line in enumerate(self._file.lines(), start=1):
            end = start + len(line)
            self.cut = not line.endswith(b"\n")
            if self.cut:
                break
            try:
                seen = _decoder.decode(line)
            except msgspec.DecodeError as error:
                raise OutputError(
                    f"{self._file.name}, line {number}: is no record ({error}), and the file is left as it "
                    "is: choose another --output."
                ) from error
            if any(seen.tool.get(key) != own[key] for key in ("name", "version", "settings_digest")):
                raise SettingsError(_OTHER.format(self._file.name))
            digest = _hash(line.rstrip(b"\n"))
            self._lines[digest] += 1
            if seen.record == "item":
                self._items.add(digest)
            elif seen.source is not None:
                self._add(seen, seen.source, start, end - 1)
            start = end
        if self.cut and self._repair:  # now that all before it are known to be records
            self._file.cut(start)

    def _add(self, seen: _Seen, source: _Source, start: int, end: int) -> None:
        if seen.status != "error":
            self._tool = self._tool or seen.tool
            if seen.tool != self._tool:
                raise SettingsError(_OTHER.format(self._file.name))
        else:
            self._failures.add(seen.failure)
        if source.sha256 is not None and (seen.error is None or seen.error.code not in _TRY_AGAIN):
            made = _Made(source.sha256, start, end)
            self._photos[source.path, source.path_bytes_hex].append(made)


_OTHER = (
    "{} holds records that were made with other settings or by another version: use the same, "
    "or choose another --output."
)


class Missing(Sink):
    """Hands on to another sink what the file does not hold yet.

    Args:
        sink: the other one.
        made: the file.
        exact: records come from elsewhere: what counts is whether the file holds their very bytes.
    """

    def __init__(self, sink: Sink, made: Made, *, exact: bool = False) -> None:
        self._sink = sink
        self._made = made
        self._exact = exact

    def begin(self, tally: Any) -> None:
        """Hand on."""
        self._sink.begin(tally)

    def write(self, outcome: Outcome) -> None:
        """Hand on."""
        if not (self._made.holds(outcome.line) if self._exact else self._made.has(outcome)):
            self._sink.write(outcome)

    def end(self, tally: Any) -> None:
        """Hand on."""
        self._sink.end(tally)


def _tool(settings: Settings) -> dict[str, Any]:
    """What this run writes into its records, as far as it is known before the networks are loaded."""
    from serialscan.tool import tool_with

    tool: dict[str, Any] = msgspec.to_builtins(tool_with(settings))
    return tool


def _hash(line: bytes) -> bytes:
    return hashlib.sha256(line).digest()
