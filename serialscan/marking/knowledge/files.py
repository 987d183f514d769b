"""The files of rows: read, checked and put together."""

from __future__ import annotations

import csv
import difflib
import functools
import hashlib
import re
import tomllib
from importlib import resources
from typing import Any

import msgspec

from serialscan.bounded import parse_toml, read_bounded
from serialscan.errors import SettingsError
from serialscan.marking.knowledge.rows import LONGEST_EXAMPLE, TABLES, File, Knowledge, Row, Weight
from serialscan.patterns import compile_bounded

_PACKAGE = "serialscan.marking.knowledge"
_FILES = (
    "makers.toml", "models.toml", "calibres.toml", "shapes.toml", "numbers.toml", "labels.toml",
    "phrases.toml", "symbols.toml", "countries.toml", "weights.toml",
)  # fmt: skip
_WORLD = (
    "makers_world.csv"  # makers of which no more is known than a line holds; read in a tenth of TOML's time
)
# Repeats without a bound can take a hostile string of any length many times over.
_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")
_MOST_POINTS = 100.0  # natural log odds
_SHARES = frozenset({"trust_high", "trust_medium", "trust_low", "may_be", "misread", "shape_low"})


def combine(path: str, data: bytes = b"") -> tuple[Knowledge, list[tuple[str, Row]]]:
    """The project's rows with those of a file, whose examples are not tried yet.

    Args:
        path: what errors call the file; empty for the project's rows alone.
        data: its content.

    Returns:
        All rows together, and the file's own (those of the project without a file) by table.

    Raises:
        SettingsError: a row is not one.
    """
    files = [_shipped(), *([_parse(data, path)] if path else [])]
    knowledge = Knowledge(files)
    _check_references(knowledge, path)
    return knowledge, [(table, row) for table in TABLES for row in getattr(files[-1], table)]


def read_file(path: str) -> bytes:
    """The bytes of a user's knowledge file; raises `SettingsError`."""
    try:
        return read_bounded(path)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}): check the path.") from error


@functools.cache
def shipped_sha256() -> str:
    """SHA-256 of the program's own rows; line ends do not count."""
    folder = resources.files(_PACKAGE)
    texts = [(folder / name).read_text(encoding="utf-8") for name in _FILES]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


@functools.cache
def _shipped() -> File:
    folder = resources.files(_PACKAGE)
    tables: dict[str, Any] = {}
    for name in _FILES:
        tables.update(tomllib.loads((folder / name).read_text(encoding="utf-8")))
    tables["maker"] += _makers_of_world((folder / _WORLD).read_text(encoding="utf-8"))
    return msgspec.convert(tables, File)


def _makers_of_world(text: str) -> list[dict[str, Any]]:
    """Rows of makers from lines of a table; several names in one field are parted by ``|``.

    The first name is the row's example. A maker whose only name is weak has that.
    """
    rows: list[dict[str, Any]] = []
    for line in csv.DictReader(text.splitlines(), delimiter=";"):
        lists = {key: [one for one in line[key].split("|") if one] for key in ("names", "weak", "places")}
        accepts = (lists["names"] + lists["weak"])[:1]
        rows.append({**line, **lists, "accepts": accepts})
    return rows


def _parse(data: bytes, path: str) -> File:
    try:
        file = msgspec.convert(parse_toml(data), File)
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text: save it as UTF-8.") from error
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {error}: see docs/marking.md for the tables and their keys.") from error
    except ValueError as error:
        raise SettingsError(f"{path}: is not valid TOML: {error}.") from error
    for shape in file.shape:
        _check_regex(shape.id, shape.regex, path)
        _check_regex(shape.id, shape.beside, path)
        if shape.beside and not shape.sure:
            raise SettingsError(f"{path}: {shape.id}: beside is for shapes that are sure: add sure = true.")
        if shape.check and not shape.sure:
            raise SettingsError(f"{path}: {shape.id}: check is for shapes that are sure: add sure = true.")
    for number in file.number:
        _check_regex(number.id, number.regex, path)
    for weight in file.weight:
        _check_weight(weight, path)
    return file


def _check_weight(weight: Weight, path: str) -> None:
    shipped = {row.id for row in _shipped().weight}
    if weight.id not in shipped:
        near = difflib.get_close_matches(weight.id, shipped, n=1)
        hint = f"did you mean {near[0]}?" if near else "docs/marking.md names them."
        raise SettingsError(f"{path}: weight {weight.id} is unknown: {hint}")
    least, most = (0.0, 1.0) if weight.id in _SHARES else (-_MOST_POINTS, _MOST_POINTS)
    if not least <= weight.value <= most:  # nor is nan
        raise SettingsError(
            f"{path}: weight {weight.id} is {weight.value}: write a number from {least:g} to {most:g}."
        )


def _check_regex(row: str, regex: str, path: str) -> None:
    try:
        compile_bounded(regex, LONGEST_EXAMPLE)
    except ValueError as error:
        raise SettingsError(f"{path}: {row}: {regex!r}: {error}") from error
    literal = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", regex)
    if _UNBOUNDED.search(literal):
        raise SettingsError(
            f"{path}: {row}: a repeat in {regex!r} has no bound: write {{0,20}} for * and {{1,20}} for +."
        )


def _check_references(knowledge: Knowledge, path: str) -> None:
    for table, row in ((name, row) for name in TABLES for row in knowledge.table(name).values()):
        for field, known in (
            ("makers", knowledge.makers), ("models", knowledge.models), ("calibres", knowledge.calibres),
            ("logo", knowledge.symbols), ("countries", knowledge.countries),
        ):  # fmt: skip
            for name in getattr(row, field, ()):
                if name not in known:
                    raise SettingsError(
                        f"{path}: {table} {row.id}: {name} in {field} is unknown: add a row with this id."
                    )
