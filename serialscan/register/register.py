"""A register that is open for reading: one file, mapped into memory."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from serialscan.errors import InputError, VerifyError
from serialscan.register.keys import BASE, CHARACTERS, PLACES, Words, codes_of, key_of, pack, text_of, unpack
from serialscan.register.layout import Header, read_header
from serialscan.register.series import Blocks
from serialscan.register.tables import BATCH, Batch

_CACHED_BLOCKS = 256  # blocks of rows that stay unpacked: about 3 MB


@dataclass(frozen=True)
class Row:
    """One row of a register.

    Attributes:
        number: from 0, over all lists.
        source: the list that it is from.
        line: where it begins there.
        cells: by the heading of their column.
    """

    number: int
    source: str
    line: int
    cells: dict[str, str]


class Register:
    """A register that is open; use `Register.open`.

    Attributes:
        path: the file.
        header: what it is.
        sha256: of the header, which covers all of the file.
    """

    def __init__(
        self, path: Path, header: Header, sha256: str, data: mmap.mmap, state: os.stat_result
    ) -> None:
        self.path, self.header, self.sha256 = path, header, sha256
        self._data, self._state = data, state
        self._blocks_of_rows = lru_cache(_CACHED_BLOCKS)(self._unpacked)

    @classmethod
    def open(cls, path: Path) -> Register:
        """Open a register; only its header is read and checked.

        Raises:
            InputError: it cannot be read, is no register, or is of a newer version.
            VerifyError: it is damaged or cut off.
        """
        try:
            with path.open("rb") as file:
                header, sha256 = read_header(file, path)
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                state = os.fstat(file.fileno())
        except OSError as error:
            raise InputError(
                f"{path}: cannot be read ({error.strerror}): check the path of the register."
            ) from error
        for name, one in header.sections.items():
            if one.at < 0 or one.bytes < 0 or one.at + one.bytes > len(data):
                raise VerifyError(f"{path}: its section {name} is not in the file: build it again.")
        return cls(path, header, sha256, data, state)

    def __enter__(self) -> Register:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        for name in [name for name, value in vars(self).items() if isinstance(value, np.ndarray | Blocks)]:
            delattr(self, name)
        with contextlib.suppress(BufferError):  # somebody still looks at its keys
            self._data.close()

    def demand_unchanged(self) -> None:
        """Demand that the open file was not written to; another file of its name does no harm.

        Raises:
            VerifyError: it was.
        """
        try:
            now = self.path.stat()
        except OSError:
            return
        before = self._state
        if os.path.samestat(now, before) and (now.st_size, now.st_mtime_ns) != (
            before.st_size,
            before.st_mtime_ns,
        ):
            raise VerifyError(
                f"{self.path}: was written to while it was open, so its answers mean nothing: "
                "verify it and start again."
            )

    @property
    def was_replaced(self) -> bool:
        """Whether another file now has its name; the answers are of the register that was opened."""
        try:
            return not os.path.samestat(self.path.stat(), self._state)
        except OSError:
            return True

    def section(self, name: str) -> NDArray[Any]:
        """A section as an array of its type.

        Raises:
            VerifyError: the register has no such section, or its size is wrong.
        """
        one = self.header.sections.get(name)
        try:
            if one is None or one.bytes % np.dtype(one.type).itemsize:
                raise ValueError
            if not one.bytes:
                return np.zeros(0, one.type)
            values = np.frombuffer(self._data, one.type, one.bytes // np.dtype(one.type).itemsize, one.at)
            return values.reshape(-1, one.width) if one.width > 1 else values
        except (ValueError, TypeError) as error:
            raise VerifyError(
                f"{self.path}: its section {name} is not as it should be: build it again."
            ) from error

    @cached_property
    def keys(self) -> Words:
        """The first word of every key, sorted (N,)."""
        return self.section("keys")

    @cached_property
    def key_rows(self) -> NDArray[np.uint32]:
        """The row of every key (N,)."""
        return self.section("key_rows")

    @cached_property
    def key_types(self) -> NDArray[np.uint16]:
        """The type of every key (N,): a place in ``types``."""
        return self.section("key_types")

    @cached_property
    def long_entries(self) -> NDArray[np.uint32]:
        """Places of keys of more than twelve characters (L,), rising."""
        return self.section("long_entries")

    @cached_property
    def long_words(self) -> Words:
        """Their further words (L, W - 1)."""
        count = len(self.long_entries)
        return self.section("long_words").reshape(count, -1) if count else np.zeros((0, 0), np.uint64)

    @cached_property
    def table(self) -> NDArray[np.uint32]:
        """Where the keys with each beginning of ``header.table_places`` characters start, and the end."""
        return self.section("table")

    @cached_property
    def types(self) -> list[tuple[str, ...]]:
        """The types of items: maker, model, calibre, NSN, country of each."""
        data = zlib.decompress(self.section("types").tobytes())
        return msgspec.json.decode(data, type=list[tuple[str, ...]])

    @cached_property
    def type_shares(self) -> NDArray[np.float64]:
        """The share of the rows that each type has."""
        counts = np.bincount(self.key_types, minlength=len(self.types))[: len(self.types)]
        return counts / max(1, len(self.key_types))

    @cached_property
    def blocks(self) -> Blocks:
        """Its blocks of consecutive numbers."""
        names = ("group", "first", "last", "count", "first_entry", "last_entry")
        return Blocks(*(self.section(f"block_{name}") for name in names))

    def find(self, key: str) -> NDArray[np.int64]:
        """Places of the entries with exactly this key."""
        if not key or not len(self.keys):
            return np.zeros(0, np.int64)
        words = pack(codes_of([key]))[0]
        low = int(np.searchsorted(self.keys, words[0], "left"))
        high = int(np.searchsorted(self.keys, words[0], "right"))
        first, end = np.searchsorted(self.long_entries, np.array([low, high], np.uint32)).tolist()
        if not words[1:].any():
            found = np.arange(low, high - (end - first))
        elif len(words) - 1 > self.long_words.shape[1]:
            return np.zeros(0, np.int64)
        else:
            rest = np.zeros(self.long_words.shape[1], np.uint64)
            rest[: len(words) - 1] = words[1:]
            same = (self.long_words[first:end] == rest).all(axis=1)
            found = self.long_entries[first:end][same].astype(np.int64)
        if any(c not in CHARACTERS for c in key):
            found = np.array([one for one in found.tolist() if self.key_text(one) == key], np.int64)
        return found

    def words_of(self, entry: int) -> Words:
        """All words of the key of an entry (W,)."""
        at = int(np.searchsorted(self.long_entries, np.uint32(entry)))
        if at < len(self.long_entries) and self.long_entries[at] == entry:
            return np.concatenate((self.keys[entry : entry + 1], self.long_words[at]))
        return self.keys[entry : entry + 1]

    def key_text(self, entry: int) -> str:
        """The key of an entry."""
        text = text_of(unpack(self.words_of(entry)[None])[0])
        return key_of(self.serial(int(self.key_rows[entry]))) if "~" in text else text

    def serial(self, number: int) -> str:
        """The serial of a row as it stands in its list."""
        return self.row(number).cells[self.header.meaning["serial"]]

    def row(self, number: int) -> Row:
        """One row.

        Raises:
            VerifyError: the register is damaged.
        """
        block = int(np.searchsorted(self.section("first_rows"), np.uint64(number), "right")) - 1
        first = int(self.section("first_rows")[block])
        lines, columns = self._blocks_of_rows(block)
        at = number - first
        try:
            cells = [column[at] for column in columns]
            line = lines + at if isinstance(lines, int) else lines[at]
        except IndexError as error:
            raise self._damaged(f"row {number}") from error
        names = self.header.columns
        cells += [""] * (len(names) - len(cells))
        source = next(one.name for one in self.header.sources if one.first <= number < one.first + one.rows)
        return Row(number, source, line, dict(zip(names, cells, strict=True)))

    def _unpacked(self, block: int) -> tuple[int | list[int], list[list[str]]]:
        ends = self.section("row_blocks")
        start = self.header.sections["rows"].at
        try:
            data = zlib.decompress(self._data[start + int(ends[block]) : start + int(ends[block + 1])])
            return msgspec.json.decode(data, type=tuple[int | list[int], list[list[str]]])
        except (zlib.error, msgspec.MsgspecError, IndexError) as error:
            raise self._damaged(f"block {block} of its rows") from error

    def _damaged(self, what: str) -> VerifyError:
        return VerifyError(f"{self.path}: {what} is damaged: run serialscan register verify {self.path}.")

    def column(self, name: str) -> Iterator[list[str]]:
        """The cells of a column in the order of the rows, block by block; reads all rows.

        Raises:
            VerifyError: the register is damaged.
        """
        at = self.header.columns.index(name)
        for block in range(len(self.section("first_rows"))):
            _, columns = self._unpacked(block)
            yield columns[at] if at < len(columns) else []

    def batches(self, start: int, end: int) -> Iterator[Batch]:
        """Rows from ``start`` to before ``end``, with their lines."""
        for first in range(start, end, BATCH):
            rows = [self.row(number) for number in range(first, min(first + BATCH, end))]
            yield Batch([list(row.cells.values()) for row in rows], [row.line for row in rows])

    def faults(self) -> list[str]:
        """What is not as it was built; none if all is well. Reads all of the file."""
        found = []
        for name, one in self.header.sections.items():
            digest = hashlib.sha256(memoryview(self._data)[one.at : one.at + one.bytes]).hexdigest()
            if digest != one.sha256:
                found.append(f"section {name}: its bytes were changed")
        rows = self.header.rows
        if not found:
            if len(self.keys) != rows or len(self.key_rows) != rows or len(self.key_types) != rows:
                found.append("its keys are not as many as its rows")
            elif (self.keys[1:] < self.keys[:-1]).any():
                found.append("its keys are not in order")
            elif not np.bincount(self.key_rows, minlength=rows).astype(bool).all():
                found.append("a row has no key")
        return found


def prefix_range(register: Register, words: Words, places: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Where the keys with these beginnings of at most ``header.table_places`` characters start and end."""
    unit = np.uint64(PLACES[register.header.table_places - 1])
    first = (words // unit).astype(np.int64)
    end = first + BASE ** (register.header.table_places - places)
    return register.table[first].astype(np.int64), register.table[end].astype(np.int64)


def open_all(paths: Sequence[Path]) -> list[Register]:
    """Open registers.

    Raises:
        InputError: one cannot be read, or is named twice.
        VerifyError: one is damaged.
    """
    opened = [Register.open(path) for path in paths]
    seen: dict[str, Path] = {}
    for one in opened:
        if one.sha256 in seen:
            raise InputError(f"{one.path}: is the same register as {seen[one.sha256]}: name it once.")
        seen[one.sha256] = one.path
    return opened
