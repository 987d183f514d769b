"""What is known of makers, models, calibres, shapes and other numbers: data, with source and confidence.

The rows are the TOML files beside this module; a user adds rows with a file of his own. A row holds examples
that it accepts and rejects, and is refused if it contradicts them.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Literal

import msgspec

from serialscan.bounded import parse_toml, read_bounded
from serialscan.errors import SettingsError
from serialscan.glyphs import folded, western
from serialscan.patterns import compile_bounded
from serialscan.record import MarkKind

Trust = Literal["high", "medium", "low"]

TABLES = ("maker", "model", "calibre", "shape", "number", "label", "phrase", "symbol", "country")
_FILES = (
    "makers.toml", "models.toml", "calibres.toml", "shapes.toml", "numbers.toml", "labels.toml",
    "phrases.toml", "symbols.toml", "countries.toml", "weights.toml",
)  # fmt: skip
# Repeats without a bound can take a hostile string of any length many times over.
_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")
_LONGEST_EXAMPLE = 200
_MOST_POINTS = 100.0  # natural log odds
_SHARES = frozenset({"trust_high", "trust_medium", "trust_low", "may_be", "misread", "shape_low"})


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all rows.

    Attributes:
        id: unique within its table.
        source: keys of SOURCES.md, or the user's own words.
        confidence: how sure the source is.
        accepts: strings in which the row must be found.
        rejects: strings in which it must not be found.
        note: anything else that people should know.
    """

    id: str
    source: str = ""
    confidence: Trust = "medium"
    accepts: tuple[str, ...] = ()
    rejects: tuple[str, ...] = ()
    note: str = ""


class Maker(Row, frozen=True, kw_only=True):
    """A maker; ``weak`` words count only alone in a line, ``numbers`` only in a closed shape.

    ``numbers_pieces``: whether a number beside its name may be the serial, or its products have none.
    """

    name: str
    country: str
    names: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    cage: tuple[str, ...] = ()
    authority: bool = False
    numbers_pieces: bool = True


class Type(Row, frozen=True, kw_only=True):
    """A model of a weapon or device."""

    name: str
    item_class: str
    family: str | None = None
    names: tuple[str, ...]
    weak: tuple[str, ...] = ()
    makers: tuple[str, ...] = ()
    calibres: tuple[str, ...] = ()
    nsn: tuple[str, ...] = ()


class Calibre(Row, frozen=True, kw_only=True):
    """A calibre and its spellings."""

    name: str
    spellings: tuple[str, ...]


class Shape(Row, frozen=True, kw_only=True):
    """A shape of serials of whole items, not of their parts; without makers it is one of all.

    ``sure``: a number of it is a serial; with ``beside`` only where that is found in a line, too.
    ``check``: the standard whose check digit its numbers may have.
    """

    regex: str
    sure: bool = False
    beside: str = ""
    check: Literal["", "vin"] = ""
    makers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


class Number(Row, frozen=True, kw_only=True):
    """A number that is no serial; see numbers.toml. With ``makers`` only where one of them is marked."""

    regex: str
    kind: MarkKind
    why: str
    whole: bool = False
    sure: bool = False
    makers: tuple[str, ...] = ()


class Label(Row, frozen=True, kw_only=True):
    """Words that say of which kind the number beside them is; ``short`` ones need a number after them.

    ``unlike``: ordinary words that look like one of them and are never taken for one that was misread.
    """

    kind: MarkKind
    names: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()


class Phrase(Row, frozen=True, kw_only=True):
    """Words that are a mark by themselves; ``weak`` ones only alone in a line."""

    kind: MarkKind
    names: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()


class Symbol(Row, frozen=True, kw_only=True):
    """A sign that is no text and the makers who use it."""

    names: tuple[str, ...]
    makers: tuple[str, ...]


class Country(Row, frozen=True, kw_only=True):
    """A country (ISO 3166-1 alpha-3, also of former states) and its names as stamped."""

    names: tuple[str, ...]


class Weight(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One weight of the choice of the serial and its reason."""

    id: str
    value: float
    why: str


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    maker: tuple[Maker, ...] = ()
    model: tuple[Type, ...] = ()
    calibre: tuple[Calibre, ...] = ()
    shape: tuple[Shape, ...] = ()
    number: tuple[Number, ...] = ()
    label: tuple[Label, ...] = ()
    phrase: tuple[Phrase, ...] = ()
    symbol: tuple[Symbol, ...] = ()
    country: tuple[Country, ...] = ()
    weight: tuple[Weight, ...] = ()


class Knowledge:
    """All rows, compiled for reading; made by `load_knowledge`. Do not change it.

    Attributes:
        makers, models, calibres, labels, phrases, symbols, countries: rows by id.
        shapes: serial shapes with their compiled patterns, matched against all of a number.
        beside: compiled patterns of what must be found in a line beside a sure shape, by the shape's id.
        numbers: other numbers with their compiled patterns.
        weights: value by id.
    """

    def __init__(self, files: list[_File]) -> None:
        self.makers = {row.id: row for file in files for row in file.maker}
        self.models = {row.id: row for file in files for row in file.model}
        self.calibres = {row.id: row for file in files for row in file.calibre}
        self.symbols = {row.id: row for file in files for row in file.symbol}
        self.countries = {row.id: row for file in files for row in file.country}
        self.labels = {row.id: row for file in files for row in file.label}
        self.phrases = {row.id: row for file in files for row in file.phrase}
        shapes = {row.id: row for file in files for row in file.shape}
        self.shapes = [(row, re.compile(row.regex)) for row in shapes.values()]
        self.beside = {row.id: re.compile(row.beside) for row in shapes.values() if row.beside}
        numbers = {row.id: row for file in files for row in file.number}
        self.numbers = [(row, re.compile(row.regex)) for row in numbers.values()]
        self.weights = {row.id: row.value for file in files for row in file.weight}

    def table(self, name: str) -> Mapping[str, Row]:
        """The rows of one table by id; the table's name is that in the TOML files."""
        tables: dict[str, Mapping[str, Row]] = {
            "maker": self.makers, "model": self.models, "calibre": self.calibres,
            "shape": {row.id: row for row, _ in self.shapes},
            "number": {row.id: row for row, _ in self.numbers}, "label": self.labels,
            "phrase": self.phrases, "symbol": self.symbols, "country": self.countries,
        }  # fmt: skip
        return tables[name]

    @functools.cached_property
    def spellings(self) -> dict[str, tuple[str, ...]]:
        """Calibre ids by spelling without spaces and signs of calibre words."""
        found: dict[str, tuple[str, ...]] = {}
        for row in self.calibres.values():
            for spelling in row.spellings:
                key = calibre_key(spelling)
                found[key] = tuple(dict.fromkeys((*found.get(key, ()), row.id)))
        return found

    @functools.cached_property
    def stock_numbers(self) -> dict[str, str]:
        """Model id by NSN digits."""
        return {nsn.replace("-", ""): row.id for row in self.models.values() for nsn in row.nsn}


def calibre_key(text: str) -> str:
    """A calibre without words, spaces and signs that vary: ``CAL. 7,62 x 39 MM`` is ``7.62X39``."""
    key = folded(text).replace(",", ".").replace(" ", "").replace("M/M", "MM")
    key = re.sub(r"^CAL(?:IBER|IBRE)?[.:]{0,2}(?=[0-9.])", "", key)
    return re.sub(r"(?<=[0-9])MM", "", key).rstrip(".")


@functools.lru_cache(maxsize=8)
def load_knowledge(path: str = "", sha256: str = "") -> Knowledge:
    """The project's rows and those of a user.

    Args:
        path: a TOML file with more rows; a row with the id of another replaces it.
        sha256: of that file in hex, refused if it differs; empty for any.

    Raises:
        SettingsError: the file cannot be read, has changed, or a row is not one.
    """
    if not path:
        return combine("")[0]
    from serialscan.marking.knowledge.examples import try_examples

    data = read_file(path)
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise SettingsError(f"{path}: changed since the settings were read: start again.")
    knowledge, rows = combine(path, data)
    for verdict in try_examples(rows, knowledge):
        if verdict.wrong:
            raise SettingsError(
                f"{path}: {verdict.table} {verdict.row.id} {verdict.wrong[0]}: correct it; "
                "serialscan knowledge test shows all."
            )
    return knowledge


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
    texts = [(resources.files(__name__) / name).read_text(encoding="utf-8") for name in _FILES]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


@functools.cache
def _shipped() -> _File:
    folder = resources.files(__name__)
    tables: dict[str, Any] = {}
    for name in _FILES:
        tables.update(tomllib.loads((folder / name).read_text(encoding="utf-8")))
    return msgspec.convert(tables, _File)


def _parse(data: bytes, path: str) -> _File:
    try:
        file = msgspec.convert(parse_toml(data), _File)
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
        compile_bounded(regex, _LONGEST_EXAMPLE)
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
            ("makers", knowledge.makers), ("models", knowledge.models), ("calibres", knowledge.calibres)
        ):  # fmt: skip
            for name in getattr(row, field, ()):
                if name not in known:
                    raise SettingsError(
                        f"{path}: {table} {row.id}: {name} in {field} is unknown: add a row with this id."
                    )


def matches_shape(pattern: re.Pattern[str], value: str) -> bool:
    """Whether all of a number has a shape; capitals, Western digits; Cyrillic letters as they are."""
    return len(value) <= _LONGEST_EXAMPLE and pattern.fullmatch(western(value)) is not None
