"""Lists of serials as streams of rows: CSV, XLSX, Parquet, SQLite, and registers themselves.

A table has ``columns`` and gives its rows in batches. It counts in ``numbers`` how many cells of the column
``watched`` are numbers and no text: a spreadsheet keeps no leading zeros of them. What is no row is told to
``reject`` with its line, and nothing else is left out but empty lines.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol

from serialscan.errors import InputError, SettingsError

BATCH: Final = 8192  # rows; below 4 MB of text for common lists
_SNIFFED: Final = 1 << 16  # bytes that tell the delimiter and the marks of an encoding
_UTF_8: Final = "utf-8-sig"  # with its mark or without
_DELIMITERS: Final = ",;\t|"
_MOST_CELL: Final = 131_072  # characters: the default of csv; a longer one is a quote that does not close

Reject = Callable[[int, str, Sequence[str]], None]
"""Takes the line number, the reason, and the cells of what is no row."""


@dataclass(frozen=True)
class Batch:
    """Some rows, all of one width, and the line of each in its list."""

    rows: list[Sequence[str]]
    lines: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to read a list; None where it is to be found out."""

    encoding: str | None = None
    delimiter: str | None = None
    heading: bool = True
    part: str | None = None


class Table(Protocol):
    """A list that is open."""

    columns: tuple[str, ...]
    kind: str
    encoding: str | None
    delimiter: str | None
    part: str | None
    watched: int
    numbers: int

    def batches(self, reject: Reject) -> Iterator[Batch]:
        """All rows, in order."""

    def sha256(self) -> str:
        """Of the file, once all rows are read."""


def open_table(path: Path, options: Options) -> Table:
    """Open a list by what its first bytes are.

    Raises:
        InputError: it cannot be read, or needs a library that is not there.
        SettingsError: the delimiter, the encoding, the sheet or the table must be told.
    """
    try:
        with path.open("rb") as file:
            start = file.read(_SNIFFED)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}): check the path of the list.") from error
    if not start:
        raise InputError(f"{path}: is empty: check that it is the right list.")
    if start.startswith(b"PK\x03\x04"):
        return _Sheet(path, options)
    if start.startswith(b"PAR1"):
        return _Parquet(path)
    if start.startswith(b"SQLite format 3\0"):
        return _Database(path, options)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError(f"{path}: is a workbook of the old form: save it as .xlsx or .csv.")
    return _Csv(path, start, options)


class _Hashing(io.RawIOBase):
    """Hashes a file while it is read."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._file.readinto(buffer) or 0
        self.sha256.update(memoryview(buffer)[:count])
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _Csv:
    kind = "csv"
    part: str | None = None
    watched, numbers = -1, 0

    def __init__(self, path: Path, start: bytes, options: Options) -> None:
        self._path, self._told = path, options.encoding
        codec = options.encoding or _encoding(start)
        self.encoding: str | None = "UTF-8" if codec == _UTF_8 else codec
        try:
            "".encode(codec)  # fails for codecs that are none of text, such as hex
            if codecs.lookup(codec).name == "idna":
                raise LookupError("a codec for names of hosts")
        except LookupError as error:
            raise SettingsError(f"--encoding {codec}: is not known: try cp1252 or cp1251.") from error
        self._raw = _Hashing(path)
        # PEP 383: bytes that are no text become characters that no text has, so that their line can be named
        self._file = io.TextIOWrapper(
            io.BufferedReader(self._raw, 1 << 20), codec, "surrogateescape", newline=""
        )
        text = start.decode(codec, "replace")
        if text.count("\0") > len(text) // 10:  # as UTF-16 without its mark has
            raise SettingsError(f"{path}: holds NUL characters, so it is no text: say its --encoding.")
        self.delimiter: str | None = options.delimiter or _delimiter(path, text)
        if len(self.delimiter) != 1:
            raise SettingsError(f"--delimiter {self.delimiter!r}: give one character, or tab.")
        csv.field_size_limit(_MOST_CELL)
        self._line = 1
        first = next(self._careful(deque(), lambda *_: None), None)
        if first is None:
            raise InputError(f"{path}: has no row that can be read: check its --delimiter.")
        self._first = None if options.heading else first
        names = first[1] if options.heading else [str(n) for n in range(1, len(first[1]) + 1)]
        while names and not names[-1].strip():
            names = names[:-1]
        self.columns = tuple(name.strip() for name in names)

    def sha256(self) -> str:
        while self._file.buffer.read(1 << 20):
            pass
        self._file.close()
        return self._raw.sha256.hexdigest()

    def batches(self, reject: Reject) -> Iterator[Batch]:
        try:
            if self._first is not None:
                yield Batch([self._first[1]], [self._first[0]])
            width = {len(self.columns)}
            parsed: Iterable[tuple[int, Sequence[str]]]
            while lines := list(islice(self._file, BATCH)):
                rows = self._quick(lines)
                if rows is not None and set(map(len, rows)) == width:
                    yield Batch(rows, range(self._line, self._line + len(rows)))
                    self._line += len(rows)
                    continue
                if rows is not None:
                    parsed = enumerate(rows, start=self._line)
                    self._line += len(rows)
                else:
                    parsed = self._careful(deque(lines), reject)
                some = [
                    (line, row)
                    for line, cells in parsed
                    if cells and (row := self._fitted(line, cells, reject)) is not None
                ]
                if some:
                    yield Batch([row for _, row in some], [line for line, _ in some])
        except OSError as error:
            raise InputError(f"{self._path}: cannot be read to its end ({error.strerror}).") from error
        except UnicodeDecodeError as error:
            raise InputError(
                f"{self._path}, near line {self._line}: is cut off, or not {self.encoding}: copy it again, "
                "or say its --encoding."
            ) from error
        finally:
            self._first = None

    def _quick(self, lines: list[str]) -> list[Sequence[str]] | None:
        """The rows of lines that are a row each; None if one is not, or has bytes that are no text."""
        try:
            if not all(map(str.isascii, lines)):
                "".join(lines).encode()
            rows: list[Sequence[str]] = list(csv.reader(lines, delimiter=str(self.delimiter), strict=True))
        except (csv.Error, UnicodeEncodeError):
            return None
        return rows if len(rows) == len(lines) else None

    def _careful(self, lines: deque[str], reject: Reject) -> Iterator[tuple[int, list[str]]]:
        """Rows one by one: of what is no row the first line is told, and the lines below it are tried."""
        more = not lines
        while lines or more:
            used: list[str] = []
            row, fault = self._one(lines, used)
            if not used:
                return
            several = len(used) > 1 and len(row) != len(getattr(self, "columns", row))
            line = self._line
            if fault or several:
                reject(line, fault or "a quote opens and closes in another line", [used[0].strip("\r\n")])
                lines.extendleft(reversed(used[1:]))
                del used[1:]
            self._line += len(used)
            if row and not (fault or several):
                yield line, row

    def _one(self, lines: deque[str], used: list[str]) -> tuple[list[str], str]:
        def feed() -> Iterator[str]:
            while True:
                line = lines.popleft() if lines else self._file.readline()
                if not line:
                    return
                used.append(line)
                yield line

        try:
            row = next(csv.reader(feed(), delimiter=str(self.delimiter), strict=True), [])
            "".join(used).encode()
        except csv.Error as error:
            if sum(map(len, used)) > _MOST_CELL:
                return [], f"has a cell of more than {_MOST_CELL} characters: a quote may not close"
            return [], f"is no row of CSV ({error})"
        except UnicodeEncodeError as error:
            if self._told is None:
                raise SettingsError(
                    f"{self._path}, line {self._line}: is not {self.encoding}: say its --encoding, such as "
                    "cp1252 (Western Europe), cp1251 (Cyrillic) or cp1256 (Arabic)."
                ) from error
            return [], f"has bytes that are not {self.encoding}"
        return row, ""

    def _fitted(self, line: int, cells: Sequence[str], reject: Reject) -> Sequence[str] | None:
        width = len(self.columns)
        if len(cells) == width or (len(cells) > width and not any(cells[width:])):
            return cells[:width]
        reject(line, f"has {len(cells)} cells, not {width}", cells)
        return None


def _encoding(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return _UTF_8


def _delimiter(path: Path, text: str) -> str:
    """The one character that parts the first lines into equally many cells."""
    lines = text.splitlines()
    lines = [line for line in (lines[:-1] if len(lines) > 1 else lines) if line.strip()][:50]
    found = []
    for sign in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=sign)]
        except csv.Error:
            continue
        if widths and widths[0] > 1 and widths.count(widths[0]) * 10 >= len(widths) * 9:
            found.append(sign)
    if len(found) > 1:
        raise SettingsError(
            f"{path}: {' or '.join(map(repr, found))} may part its cells: say which with --delimiter."
        )
    return found[0] if found else ","


class _Sheet:
    kind = "xlsx"
    encoding: str | None = None
    delimiter: str | None = None

    def __init__(self, path: Path, options: Options) -> None:
        try:
            import openpyxl
        except ImportError as error:
            raise InputError(
                f'{path}: workbooks need one more part: pip install "serialscan[register]".'
            ) from error
        self._path = path
        self.watched, self.numbers = -1, 0
        try:
            self._book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except Exception as error:  # whatever the library raises for what is no workbook
            raise InputError(f"{path}: is no workbook that can be read ({error}).") from error
        names = self._book.sheetnames
        if options.part is None and len(names) > 1:
            raise SettingsError(
                f"{path}: has the sheets {', '.join(map(repr, names))}: say which with --part."
            )
        if options.part is not None and options.part not in names:
            raise SettingsError(f"{path}: has no sheet {options.part!r}, but {', '.join(map(repr, names))}.")
        self.part: str | None = options.part or names[0]
        self._rows = enumerate(self._book[str(self.part)].iter_rows(values_only=True), start=1)
        self._first: tuple[int, Any] | None = next(self._rows, None)
        if self._first is None:
            raise InputError(f"{path}: its sheet {self.part!r} is empty.")
        heading = [_cell(one) for one in self._first[1]]
        while heading and not heading[-1]:
            heading.pop()
        if options.heading:
            self._first = None
        else:
            heading = [str(n) for n in range(1, len(heading) + 1)]
        self.columns = tuple(one.strip() for one in heading)

    def sha256(self) -> str:
        return _file_sha256(self._path)

    def batches(self, reject: Reject) -> Iterator[Batch]:
        width = len(self.columns)
        rows: list[Sequence[str]] = []
        lines: list[int] = []
        held = [self._first] if self._first is not None else []
        for source in (held, self._rows):
            for line, values in source:
                cells = [_cell(one) for one in values]
                if not any(cells):
                    continue
                if any(cells[width:]):
                    reject(line, f"has {len(cells)} cells, not {width}", cells)
                    continue
                self.numbers += 0 <= self.watched < len(values) and _is_number(values[self.watched])
                rows.append((cells + [""] * width)[:width])
                lines.append(line)
                if len(rows) == BATCH:
                    yield Batch(rows, lines)
                    rows, lines = [], []
        if rows:
            yield Batch(rows, lines)


class _Parquet:
    kind = "parquet"
    encoding: str | None = None
    delimiter: str | None = None
    part: str | None = None
    watched, numbers = -1, 0

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow.parquet as parquet
        except ImportError as error:
            raise InputError(
                f'{path}: Parquet needs one more part: pip install "serialscan[register]".'
            ) from error
        self._path = path
        try:
            self._file = parquet.ParquetFile(path)
        except Exception as error:  # whatever the library raises for what is no Parquet
            raise InputError(f"{path}: is no Parquet file that can be read ({error}).") from error
        self.columns = tuple(self._file.schema_arrow.names)

    def sha256(self) -> str:
        return _file_sha256(self._path)

    def batches(self, reject: Reject) -> Iterator[Batch]:
        line = 1
        for part in self._file.iter_batches(batch_size=BATCH):
            values = [column.to_pylist() for column in part.columns]
            self.numbers += sum(map(_is_number, values[self.watched])) if self.watched >= 0 else 0
            columns = [list(map(_cell, one)) for one in values]
            rows: list[Sequence[str]] = list(zip(*columns, strict=True))
            if rows:
                yield Batch(rows, range(line, line + len(rows)))
            line += len(rows)


class _Database:
    kind = "sqlite"
    encoding: str | None = None
    delimiter: str | None = None
    watched, numbers = -1, 0

    def __init__(self, path: Path, options: Options) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
            names = [
                name for (name,) in self._connection.execute(
                    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE"
                    " 'sqlite_%' ORDER BY name"
                )
            ]  # fmt: skip
            shown = ", ".join(map(repr, names))
            if options.part is None and len(names) != 1:
                raise SettingsError(f"{path}: has the tables {shown or 'none'}: say which with --part.")
            if options.part is not None and options.part not in names:
                raise SettingsError(f"{path}: has no table {options.part!r}, but {shown}.")
            self.part: str | None = options.part or names[0]
            quoted = '"' + str(self.part).replace('"', '""') + '"'
            self._cursor = self._connection.execute(f"SELECT * FROM {quoted}")
        except sqlite3.Error as error:
            raise InputError(f"{path}: cannot be read as a database ({error}).") from error
        self.columns = tuple(one[0] for one in self._cursor.description)

    def sha256(self) -> str:
        self._connection.close()
        return _file_sha256(self._path)

    def batches(self, reject: Reject) -> Iterator[Batch]:
        line = 1
        try:
            while some := self._cursor.fetchmany(BATCH):
                self.numbers += sum(_is_number(row[self.watched]) for row in some) if self.watched >= 0 else 0
                yield Batch([list(map(_cell, row)) for row in some], range(line, line + len(some)))
                line += len(some)
        except sqlite3.Error as error:
            raise InputError(f"{self._path}: cannot be read to its end ({error}).") from error


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    """A cell as text: whole numbers without a point, dates as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat() if value.time() != time() else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def modified(path: Path) -> str:
    """When a file was last written, UTC."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
