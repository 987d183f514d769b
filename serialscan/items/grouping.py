"""Which photo belongs to which item: by folder, by file name, or by a table."""

from __future__ import annotations

import csv
import functools
import io
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from serialscan.bounded import read_bounded
from serialscan.errors import SettingsError
from serialscan.patterns import compile_bounded

# The stem before the last separator: ITEM_01.jpg and ITEM-front.jpg are photos of ITEM.
NAME_PATTERN = r"(.+?)(?:[ _-][^ _-]*)?(?:\.[^.]*)?$"

_LONGEST_NAME = 255  # characters of a file's name, on all systems

_PHOTO, _ITEM = "photo", "item"


@dataclass(frozen=True, slots=True)
class Row:
    """One photo in a table.

    Attributes:
        photo: its path as written.
        item: the item it belongs to.
        case: the other columns that are filled, by their heading or, without one, as ``column 3``.
        number: of the line in the file, from 1.
    """

    photo: str
    item: str
    case: dict[str, str]
    number: int


@dataclass(frozen=True, slots=True)
class Grouping:
    """How photos are put together.

    Attributes:
        how: ``folder``, ``name``, or the path of a table.
        pattern: for ``name``, a regular expression on file names; its first group is the item.
    """

    how: str
    pattern: str = NAME_PATTERN

    @property
    def table(self) -> Path | None:
        """The table, if there is one."""
        return None if self.how in ("folder", "name") else Path(self.how)


@dataclass(frozen=True, slots=True)
class Plan:
    """The items of a run.

    Attributes:
        items: for each input its item, or None; then for each of ``missing``.
        case: case fields by item; several values where rows of an item differ.
        missing: paths of photos that a table names and that are not there; they are inputs, too.
    """

    items: tuple[str | None, ...]
    case: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def make_plan(paths: Sequence[str | None], grouping: Grouping) -> Plan:
    """Tell the item of every photo.

    Args:
        paths: of all photos of the run, in order; None for one that has no path.
        grouping: how to tell.

    Raises:
        SettingsError: the pattern or the table is bad, or the table names a photo that is there and not read.
    """
    if grouping.table is not None:
        return _by_table(paths, grouping.table)
    pattern = None if grouping.how == "folder" else compile_pattern(grouping.pattern)
    named: dict[tuple[str, str], str] = {}  # one folder may be given in several ways: the first names it
    key = functools.cache(_key)  # asks the disk, and many photos lie in one folder
    items: list[str | None] = []
    for path in paths:
        folder, name = os.path.split(path or "")
        stem = "" if pattern is None else _stem(name, pattern)
        if path is None or (pattern is not None and not stem):
            items.append(None)
        else:
            shown = os.path.join(folder, stem) if stem else folder  # noqa: PTH118 - names that no Path can hold
            items.append(named.setdefault((key(folder or os.curdir), stem), _shown(shown) or os.curdir))
    return Plan(tuple(items))


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The regular expression of an item in a file name.

    Raises:
        SettingsError: it is none, has no group, or might never end on some name.
    """
    try:
        compiled = compile_bounded(pattern, _LONGEST_NAME, re.DOTALL)  # a name may hold a line break
    except ValueError as error:
        raise SettingsError(f"The item pattern {pattern!r}: {error}") from error
    if compiled.groups < 1:
        raise SettingsError(
            f"The item pattern {pattern!r} has no group: put the part that names the item in parentheses."
        )
    return compiled


def read_table(path: Path) -> list[Row]:
    """Read a table of photos: UTF-8 text with a heading, cells separated by comma, semicolon or tab.

    Raises:
        SettingsError: it cannot be read, lacks the columns ``photo`` and ``item``, has two of one name, or a
            line is incomplete.
    """
    try:
        text = read_bounded(path).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}): check --items.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text: save it as CSV UTF-8.") from error
    first, *rest = text.split("\n", 1)
    skipped = 0
    if first.strip().lower() in ("sep=;", "sep=,", "sep=\\t"):  # spreadsheets write it for spreadsheets
        text, skipped = rest[0] if rest else "", 1
    heading = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=heading.count), strict=True)
    rows: list[Row] = []
    try:
        heading_cells = (name.strip() for name in next(reader, []))
        names = [name or f"column {number}" for number, name in enumerate(heading_cells, start=1)]
        columns = [name.lower() for name in names]
        for needed in (_PHOTO, _ITEM):
            if columns.count(needed) != 1:
                raise SettingsError(
                    f"{path} needs one column {needed!r} in its first line, which has: "
                    f"{', '.join(names) or 'nothing'}."
                )
        counts = Counter(columns)
        twice = next((name for name in names if counts[name.lower()] > 1), None)
        if twice is not None:
            raise SettingsError(f"{path} has two columns {twice!r} in its first line: rename one.")
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_row(path, reader.line_num + skipped, names, columns, cells))
    except csv.Error as error:
        number = reader.line_num + skipped
        raise SettingsError(f"{path}, line {number}: {error}: check the quotes.") from error
    return rows


def table_photos(path: Path) -> tuple[str, ...]:
    """The photos that a table names, in its order, as paths to read.

    Raises:
        SettingsError: as `read_table`.
    """
    return tuple(dict.fromkeys(_located(path, row) for row in read_table(path)))


def _row(path: Path, number: int, names: list[str], columns: list[str], cells: list[str]) -> Row:
    if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        raise SettingsError(f"{path}, line {number}: has more cells than the first line: check the quotes.")
    values = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
    for needed in (_PHOTO, _ITEM):
        if not values.get(needed):
            raise SettingsError(f"{path}, line {number}: has no {needed}: fill the cell or remove the line.")
    case = {
        name: values[column]
        for name, column in zip(names, columns, strict=True)
        if column not in (_PHOTO, _ITEM) and values.get(column)
    }
    return Row(values[_PHOTO], values[_ITEM], case, number)


def _by_table(paths: Sequence[str | None], table: Path) -> Plan:
    rows: dict[str, Row] = {}
    case: dict[str, dict[str, dict[str, None]]] = {}  # the innermost keeps values once, in their order
    for row in read_table(table):
        place = _key(_located(table, row))
        other = rows.setdefault(place, row)
        if other.item != row.item:
            raise SettingsError(
                f"{table}, lines {other.number} and {row.number}: {row.photo} belongs to two items, "
                f"{other.item} and {row.item}: keep one."
            )
        fields = case.setdefault(row.item, {})
        for name, value in row.case.items():
            fields.setdefault(name, {})[value] = None
    items: list[str | None] = []
    unread = dict(rows)
    for path in paths:
        found = rows.get(_key(path)) if path is not None else None
        items.append(found.item if found is not None else None)
        if path is not None:
            unread.pop(_key(path), None)
    missing = []
    for row in unread.values():
        where = _located(table, row)
        if os.path.exists(where):  # noqa: PTH110 - false for names that no Path can hold
            raise SettingsError(
                f"{table}, line {row.number}: {row.photo}: it is not among the photos read: "
                "add its folder to PATH, or leave PATH out."
            )
        missing.append(where)
        items.append(row.item)
    told = {item: {name: tuple(values) for name, values in fields.items()} for item, fields in case.items()}
    return Plan(tuple(items), told, tuple(missing))


def _located(table: Path, row: Row) -> str:
    """The path of a row's photo; tables written on Windows may hold backslashes."""
    # The table is UTF-8 and so are names on a disk, whatever the locale says of names.
    photo = row.photo if os.name == "nt" else os.fsdecode(row.photo.encode())
    where = table.parent / photo
    if os.sep == "/" and "\\" in photo and not where.exists():
        where = table.parent / photo.replace("\\", "/")
    return str(where)


def _key(path: str) -> str:
    try:
        return os.path.normcase(os.path.realpath(path))
    except ValueError:  # a NUL: there is no such file
        return os.path.normcase(path)


def _stem(name: str, pattern: re.Pattern[str]) -> str:
    """The part of a file name that names the item; empty if there is none."""
    match = pattern.match(name[:_LONGEST_NAME])
    return next((group for group in match.groups() if group), "") if match else ""


def _shown(path: str) -> str:
    """A path as text, with the same separator on all systems."""
    return os.fsencode(path).decode("utf-8", "backslashreplace").replace(os.sep, "/")
