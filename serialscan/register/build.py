"""Builds a register: rows are written as they come, keys are sorted part by part, so memory stays bounded."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from serialscan import __version__
from serialscan.errors import InputError, OutputError
from serialscan.files.hold import Hold
from serialscan.register.columns import TYPE, Meaning, meaning_of
from serialscan.register.keys import BASE, LONGEST, PLACES, WORD, codes_of, key_of, pack, unpack
from serialscan.register.layout import MARK, PREAMBLE, Header, Section, SourceFacts, finish, pad
from serialscan.register.register import Register
from serialscan.register.series import blocks_of, numbers_of, pieces_of, shapes_of, words_needed
from serialscan.register.tables import Batch, Options, Reject, modified, open_table

ROWS_IN_BLOCK: Final = 64
"""Rows that are compressed together: larger blocks are smaller in sum and slower to open."""
MOST_TYPES: Final = 65_535
"""Types that get a number of 16 bits; a row of a further type has this one, and is told by its cells."""
MOST_ROWS: Final = 1 << 32
_PART: Final = 1 << 20  # keys that are sorted at a time: about 60 MB
_READ: Final = 1 << 22  # keys that are read at a time
_SAMPLE: Final = 400_000  # keys whose shapes are counted
_MOST_SHAPES: Final = 100_000
_TABLE_PLACES: Final = 4  # first characters with a table of their own, at most: 10 MB

# What a spreadsheet makes of a long number; its last digits are lost.
_REWRITTEN: Final = re.compile(r"\d[.,]?\d*E\+\d+", re.IGNORECASE)

Progress = Callable[[str, int], None]
"""Takes the list's name and the rows that are done."""


@dataclass(frozen=True)
class Built:
    """What was made: the header, its SHA-256, and the file of what is no row, if any."""

    header: Header
    sha256: str
    bad: Path | None


def is_register(path: Path) -> bool:
    """Whether a file begins as registers do."""
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def build(
    lists: Sequence[Path],
    output: Path,
    *,
    told: Mapping[str, str] | None = None,
    options: Options | None = None,
    name: str | None = None,
    replace: bool = False,
    before: Path | None = None,
    progress: Progress = lambda name, rows: None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Built:
    """Build a register from lists.

    Args:
        lists: CSV, XLSX, Parquet, SQLite.
        output: the register.
        told: the column of a meaning, where somebody told it.
        options: how to read the lists.
        name: of the register, for people; by default that of the file.
        replace: whether ``output`` may be there already.
        before: a register whose rows come first.
        progress: is called now and then.
        clock: the time now, UTC.

    Raises:
        InputError: a list cannot be read.
        SettingsError: something about a list must be told.
        OutputError: ``output`` is there already or cannot be written; nothing is left behind.
    """
    if output.exists() and not replace:
        raise OutputError(f"{output}: is there already: choose another name, or say --replace.")
    if any(output.exists() and one.exists() and one.samefile(output) for one in lists):
        raise OutputError(f"{output}: is one of the lists: choose another name.")
    if output.exists() and output.stat().st_size and not is_register(output):
        raise OutputError(f"{output}: is no register, and is left as it is: choose another name.")
    part, bad = output.with_name(output.name + ".part"), output.with_name(output.name + ".bad.ndjson")
    with Hold(output):
        try:
            with part.open("w+b") as file, _Rejects(bad.with_name(bad.name + ".part")) as rejects:
                try:
                    builder = _Builder(file, rejects, progress, output.parent)
                    with builder:
                        if before is not None:
                            builder.take_over(before)
                        for path in lists:
                            builder.add(path, told or {}, options or Options())
                        header = builder.finish(name or output.stem, clock())
                    os.fsync(file.fileno())
                    sha256 = hashlib.sha256(msgspec.json.encode(header)).hexdigest()
                except BaseException:
                    rejects.drop()
                    raise
            part.replace(output)
            return Built(header, sha256, rejects.keep(bad))
        except OSError as error:
            raise OutputError(
                f"{output}: cannot be written ({error.strerror or error}): free some space, close programs "
                "that use it, or choose another name."
            ) from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink()


class _Rejects:
    """What is no row, a line of JSON each; the file is made when there is one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    def __enter__(self) -> _Rejects:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, source: str, line: int, reason: str, cells: Sequence[str]) -> None:
        if self._file is None:
            self._file = self._path.open("wb")
        # bytes that are no text stand as escapes
        shown = [cell.encode("utf-8", "backslashreplace").decode() for cell in cells]
        told = {"source": source, "line": line, "reason": reason, "cells": shown}
        self._file.write(msgspec.json.encode(told) + b"\n")

    def keep(self, path: Path) -> Path | None:
        """Give the file its name; an older one of that name goes."""
        if self._file is None:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return None
        self._path.replace(path)
        return path

    def drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)


class _Builder:
    def __init__(self, file: BinaryIO, rejects: _Rejects, progress: Progress, folder: Path) -> None:
        self._file, self._rejects, self._progress = file, rejects, progress
        self._temporary = tempfile.TemporaryDirectory(dir=folder, prefix=".register-")
        self._columns: list[str] = []
        self._meaning: dict[str, str] = {}
        self._guessed: list[str] = []
        self._sources: list[SourceFacts] = []
        self._rows = 0
        self._longest = 0
        self._types: dict[tuple[str, ...], int] = {}
        self._sections: dict[str, Section] = {}

    def __enter__(self) -> _Builder:
        folder = Path(self._temporary.name)
        self._words, self._kinds, self._texts = (
            (folder / name).open("w+b") for name in ("words", "types", "long")
        )
        self._long_rows = array("Q")
        self._long_ends = array("Q")
        self._file.write(bytes(PREAMBLE.size))
        self._row_hash = hashlib.sha256()
        self._row_start = self._file.tell()
        self._offsets = array("Q", [0])
        self._first_rows = array("Q")
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._words, self._kinds, self._texts):
            file.close()
        self._temporary.cleanup()

    def add(self, path: Path, told: Mapping[str, str], options: Options) -> None:
        """Add the rows of a list."""
        table = open_table(path, options)
        meaning = meaning_of(table.columns, told, path)
        table.watched = table.columns.index(meaning.columns["serial"])
        fit = self._fit(table.columns, meaning)
        first, bad = self._rows, 0

        def reject(line: int, reason: str, cells: Sequence[str]) -> None:
            nonlocal bad
            bad += 1
            self._rejects.add(str(path), line, reason, cells)

        for batch in table.batches(reject):
            self._take(batch, fit, reject)
            self._progress(path.name, self._rows)
        self._sources.append(
            SourceFacts(
                name=path.name, kind=table.kind, sha256=table.sha256(), bytes=path.stat().st_size,
                modified=modified(path), first=first, rows=self._rows - first, bad=bad,
                encoding=table.encoding, delimiter=table.delimiter, part=table.part, numbers=table.numbers,
            )
        )  # fmt: skip

    def take_over(self, path: Path) -> None:
        """Add the rows of a register."""
        with Register.open(path) as register:
            old = register.header
            fit = self._fit(old.columns, Meaning(old.meaning, old.guessed))
            for facts in old.sources:
                first = self._rows
                for batch in register.batches(facts.first, facts.first + facts.rows):
                    self._take(batch, fit, _never)
                    self._progress(path.name, self._rows)
                self._sources.append(msgspec.structs.replace(facts, first=first))

    def _fit(self, columns: Sequence[str], meaning: Meaning) -> list[int]:
        """The place of each column of a list among those of the register; new ones are put at the end."""
        meanings = {column: one for one, column in meaning.columns.items()}
        places = []
        for column in columns:
            one = meanings.get(column)
            target = self._meaning.get(one, column) if one is not None else column
            if one is None and target in self._meaning.values():
                target = f"{column} (2)"  # the same heading means something else in an earlier list
            if target not in self._columns:
                self._columns.append(target)
            if one is not None:
                self._meaning[one] = target
            places.append(self._columns.index(target))
        self._guessed += [one for one in meaning.guessed if one not in self._guessed]
        return places

    def _take(self, batch: Batch, fit: Sequence[int], reject: Reject) -> None:
        rows, lines = batch.rows, batch.lines
        if fit != list(range(len(self._columns))):
            rows = [_moved(row, fit, len(self._columns)) for row in rows]
        serial = self._columns.index(self._meaning["serial"])
        serials = list(map(itemgetter(serial), rows))
        keys = list(map(key_of, serials))
        faults = {}
        if not all(keys) or max(map(len, keys)) > LONGEST or "+" in "".join(serials):
            told = map(_fault, keys, serials)
            faults = {n: reason for n, reason in enumerate(told) if reason is not None}
        if faults:
            for n, reason in faults.items():
                reject(lines[n], reason, rows[n])
            kept = [n for n in range(len(rows)) if n not in faults]
            rows, lines, keys = [rows[n] for n in kept], [lines[n] for n in kept], [keys[n] for n in kept]
        if not rows:
            return
        if self._rows + len(rows) >= MOST_ROWS:
            raise InputError(f"The lists have more than {MOST_ROWS} rows: build several registers.")
        self._take_keys(keys)
        self._take_types(rows)
        for start in range(0, len(rows), ROWS_IN_BLOCK):
            some = rows[start : start + ROWS_IN_BLOCK]
            first, last = lines[start], lines[start + len(some) - 1]
            where = first if last - first == len(some) - 1 else list(lines[start : start + len(some)])
            data = zlib.compress(msgspec.json.encode((where, list(zip(*some, strict=True)))), 6)
            self._file.write(data)
            self._row_hash.update(data)
            self._offsets.append(self._offsets[-1] + len(data))
            self._first_rows.append(self._rows + start)
        self._rows += len(rows)

    def _take_keys(self, keys: list[str]) -> None:
        codes = codes_of(keys)
        self._words.write(pack(codes[:, :WORD]).astype("<u8").tobytes())
        if codes.shape[1] > WORD:
            for n in np.flatnonzero(codes[:, WORD]).tolist():
                self._long_rows.append(self._rows + n)
                self._texts.write(keys[n].encode() + b"\n")
                self._long_ends.append(self._texts.tell())
        self._longest = max(self._longest, max(map(len, keys)))

    def _take_types(self, rows: Sequence[Sequence[str]]) -> None:
        places = [self._columns.index(self._meaning[one]) for one in TYPE if one in self._meaning]
        if not places:
            kinds: Sequence[Any] = [()] * len(rows)
        elif len(places) == 1:
            kinds = [(row[places[0]],) for row in rows]
        else:
            kinds = list(map(itemgetter(*places), rows))
        present = [one for one in TYPE if one in self._meaning]
        if len(present) < len(TYPE):
            where = [present.index(one) if one in present else -1 for one in TYPE]
            kinds = [tuple(kind[n] if n >= 0 else "" for n in where) for kind in kinds]
        numbers = list(map(self._types.get, kinds))
        if None in numbers:
            for kind in dict.fromkeys(kinds):
                if kind not in self._types and len(self._types) < MOST_TYPES:
                    self._types[kind] = len(self._types)
            numbers = [self._types.get(kind, MOST_TYPES) for kind in kinds]
        self._kinds.write(np.array(numbers, "<u2").tobytes())

    def finish(self, name: str, now: datetime) -> Header:
        """Sort the keys, write all other sections and the header."""
        self._sections["rows"] = Section(
            at=self._row_start, bytes=self._offsets[-1], sha256=self._row_hash.hexdigest()
        )
        self._write("row_blocks", np.array(self._offsets, "<u8"))
        self._write("first_rows", np.array(self._first_rows, "<u8"))
        sorted_keys = _Sorter(
            self._rows, self._words, self._kinds, self._texts, self._long_rows, self._long_ends
        )
        places = max((p for p in range(1, _TABLE_PLACES + 1) if BASE**p <= self._rows), default=1)
        with contextlib.ExitStack() as stack:
            outputs = {
                name: stack.enter_context((Path(self._temporary.name) / f"sorted-{name}").open("w+b"))
                for name in ("keys", "key_rows", "key_types", "long_entries", "long_words")
            }
            self._progress("sorting", self._rows)
            tally = _Tally(places, max(1, self._rows // _SAMPLE), words_needed(self._longest))
            for part in sorted_keys.parts():
                tally.add(part)
                outputs["keys"].write(part.words[:, 0].astype("<u8").tobytes())
                outputs["key_rows"].write(part.rows.astype("<u4").tobytes())
                outputs["key_types"].write(part.types.astype("<u2").tobytes())
                long = np.flatnonzero(part.words[:, 1]) if part.words.shape[1] > 1 else np.zeros(0, int)
                outputs["long_entries"].write((long + part.first).astype("<u4").tobytes())
                outputs["long_words"].write(
                    tally.widened(part.words[long])[:, 1:].astype("<u8").tobytes() if len(long) else b""
                )
            widths = {"keys": "<u8", "key_rows": "<u4", "key_types": "<u2", "long_entries": "<u4"}
            for section, type_ in widths.items():
                self._copy(section, outputs[section], type_)
            self._copy("long_words", outputs["long_words"], "<u8", max(1, words_needed(self._longest) - 1))
        blocks = blocks_of(tally.pieces())
        self._write("table", tally.table())
        for field in ("group", "first", "last", "count", "first_entry", "last_entry"):
            values = getattr(blocks, field)
            self._write(f"block_{field}", values.astype("<u8" if field == "group" else "<i8"))
        for section, (shapes, counts) in tally.shapes().items():
            self._write(section, shapes.astype("<u8"))
            self._write(f"{section}_counts", counts.astype("<i8"))
        self._write("follows", tally.follows.astype("<i8"), width=BASE)
        table = zlib.compress(msgspec.json.encode(list(self._types)), 6)
        self._write("types", np.frombuffer(table, np.uint8))
        header = Header(
            name=name, created=now.astimezone(UTC).isoformat(timespec="seconds"), version=__version__,
            rows=self._rows, distinct=tally.distinct, longest=self._longest, columns=tuple(self._columns),
            meaning=self._meaning, guessed=tuple(self._guessed), sources=tuple(self._sources),
            rows_in_block=ROWS_IN_BLOCK, table_places=places, blocks=len(blocks.group), holes=blocks.holes,
            sampled=tally.sampled, sections=self._sections,
        )  # fmt: skip
        finish(self._file, header)
        return header

    def _write(self, name: str, values: NDArray[Any], width: int = 1) -> None:
        at, data = pad(self._file), values.tobytes()
        self._file.write(data)
        self._sections[name] = Section(
            at=at,
            bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            type=values.dtype.str,
            width=width,
        )

    def _copy(self, name: str, source: BinaryIO, type_: str, width: int = 1) -> None:
        at, digest, size = pad(self._file), hashlib.sha256(), 0
        source.seek(0)
        while data := source.read(1 << 20):
            self._file.write(data)
            digest.update(data)
            size += len(data)
        self._sections[name] = Section(at=at, bytes=size, sha256=digest.hexdigest(), type=type_, width=width)


def _never(line: int, reason: str, cells: Sequence[str]) -> None:
    raise AssertionError(f"a row of a register is no row: {reason}")


def _moved(row: Sequence[str], fit: Sequence[int], width: int) -> list[str]:
    moved = [""] * width
    for place, cell in zip(fit, row, strict=False):
        moved[place] = cell
    return moved


def _fault(key: str, serial: str) -> str | None:
    """Why a row cannot be searched for, if so."""
    if not key:
        return "has no serial" if not serial.strip() else "its serial has no letter and no digit"
    if len(key) > LONGEST:
        return f"its serial has {len(key)} characters, more than {LONGEST}"
    if "+" in serial and _REWRITTEN.fullmatch(serial.strip()):
        return "its serial is a number that a spreadsheet has rounded: take it from the original list"
    return None


@dataclass(frozen=True)
class _Part:
    """Some sorted keys: words (N, W), rows and types (N,), and the place of the first among all."""

    words: NDArray[np.uint64]
    rows: NDArray[np.uint32]
    types: NDArray[np.uint16]
    first: int


class _Sorter:
    """Sorts keys that lie in files, in parts that follow each other."""

    def __init__(
        self, count: int, words: BinaryIO, types: BinaryIO, texts: BinaryIO, long_rows: array[int],
        long_ends: array[int],
    ) -> None:  # fmt: skip
        self._count, self._words, self._types, self._texts = count, words, types, texts
        self._long_rows = np.array(long_rows, np.uint64)
        self._long_ends = np.array(long_ends, np.uint64)

    def parts(self) -> Iterator[_Part]:
        for file in (self._words, self._types, self._texts):
            file.flush()
        first = 0
        for low, high in self._ranges():
            part = self._part(low, high, first)
            first += len(part.rows)
            yield part

    def _ranges(self) -> Iterator[tuple[int, int]]:
        """Ranges of the first word that hold about ``_PART`` keys each."""
        count = -(-self._count // _PART)
        step = max(1, self._count // (1 << 16))
        sample = np.sort(
            np.concatenate([part[::step] for _, part, _ in self._chunks()] or [np.zeros(0, np.uint64)])
        )
        bounds = sorted({int(sample[len(sample) * n // count]) for n in range(1, count)})
        yield from zip([0, *bounds], [*bounds, 1 << 64], strict=True)

    def _chunks(self) -> Iterator[tuple[int, NDArray[np.uint64], NDArray[np.uint16]]]:
        self._words.seek(0)
        self._types.seek(0)
        for start in range(0, self._count, _READ):
            size = min(_READ, self._count - start)
            yield (
                start,
                np.frombuffer(self._words.read(8 * size), "<u8"),
                np.frombuffer(self._types.read(2 * size), "<u2"),
            )

    def _part(self, low: int, high: int, first: int) -> _Part:
        words, rows, types = [], [], []
        for start, chunk, kinds in self._chunks():
            found = np.flatnonzero((chunk >= np.uint64(low)) & (chunk <= np.uint64(high - 1)))
            words.append(chunk[found])
            rows.append((found + start).astype(np.uint32))
            types.append(kinds[found])
        if not words:
            return _Part(np.zeros((0, 1), np.uint64), np.zeros(0, np.uint32), np.zeros(0, np.uint16), first)
        word, row, kind = np.concatenate(words), np.concatenate(rows), np.concatenate(types)
        order = np.argsort(word, kind="stable")
        word, row, kind = word[order], row[order], kind[order]
        at = np.searchsorted(self._long_rows, row)
        is_long = at < len(self._long_rows)
        is_long[is_long] = self._long_rows[at[is_long]] == row[is_long]
        if not is_long.any():
            return _Part(word[:, None], row, kind, first)
        long = pack(codes_of(self._read(at[is_long])))
        whole = np.zeros((len(word), long.shape[1]), np.uint64)
        whole[:, 0] = word
        whole[is_long] = long
        order = np.lexsort(whole.T[::-1])
        return _Part(whole[order], row[order], kind[order], first)

    def _read(self, which: NDArray[Any]) -> list[str]:
        texts = [""] * len(which)
        for n in np.argsort(which).tolist():  # in the order of the file
            one = int(which[n])
            start = int(self._long_ends[one - 1]) if one else 0
            self._texts.seek(start)
            texts[n] = self._texts.read(int(self._long_ends[one]) - start - 1).decode()
        return texts


class _Tally:
    """What is counted over the sorted keys."""

    def __init__(self, places: int, step: int, width: int) -> None:
        self._places, self._step, self._width = places, step, width
        self._bins = np.zeros(BASE**places, np.int64)
        self._pieces: list[NDArray[np.int64]] = []
        self._shapes: list[dict[int, int]] = [{}, {}]
        self.follows = np.zeros((3, BASE), np.int64)
        self.distinct = 0
        self.sampled = 0

    def widened(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """The same words with as many columns as the longest key needs."""
        return np.pad(words, ((0, 0), (0, self._width - words.shape[1])))

    def add(self, part: _Part) -> None:
        words = part.words
        if not len(words):
            return
        unit = np.uint64(PLACES[self._places - 1])
        self._bins += np.bincount((words[:, 0] // unit).astype(np.int64), minlength=len(self._bins))
        self.distinct += 1 + int((words[1:] != words[:-1]).any(axis=1).sum())
        codes = unpack(words)
        self._pieces.append(pieces_of(numbers_of(codes), part.first))
        sample = codes[-part.first % self._step :: self._step]
        self.sampled += len(sample)
        for counts, shapes in zip(self._shapes, shapes_of(sample), strict=True):
            for shape, count in zip(
                *(one.tolist() for one in np.unique(shapes, return_counts=True)), strict=True
            ):
                counts[shape] = counts.get(shape, 0) + count
        self._count_follows(sample)

    def _count_follows(self, codes: NDArray[np.uint8]) -> None:
        """How often a character follows the start, a digit, anything else; code 0 is the end."""
        codes = np.pad(codes, ((0, 0), (0, 1)))  # also the longest key has an end
        before = np.zeros(len(codes), np.int64)
        going = np.ones(len(codes), bool)
        for place in range(codes.shape[1]):
            code = codes[:, place].astype(np.int64)
            np.add.at(self.follows, (before[going], code[going]), 1)
            going &= code > 0
            before = np.where(code <= 10, 1, 2)

    def pieces(self) -> NDArray[np.int64]:
        return np.concatenate([np.zeros((0, 6), np.int64), *self._pieces])

    def table(self) -> NDArray[np.uint32]:
        return np.concatenate(([0], np.cumsum(self._bins))).astype("<u4")

    def shapes(self) -> dict[str, tuple[NDArray[np.uint64], NDArray[np.int64]]]:
        """The commonest shapes in order, with their counts."""
        found = {}
        for name, counts in zip(("shapes", "alike_shapes"), self._shapes, strict=True):
            common = dict(islice(sorted(counts.items(), key=lambda one: (-one[1], one[0])), _MOST_SHAPES))
            ordered = sorted(common)
            found[name] = (np.array(ordered, np.uint64), np.array([common[one] for one in ordered], np.int64))
        return found
