"""The rows of what is known, and all of them together, compiled for reading."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from serialscan.glyphs import folded, western
from serialscan.record import MarkKind

Trust = Literal["high", "medium", "low"]

TABLES = ("maker", "model", "calibre", "shape", "number", "label", "phrase", "symbol", "country")
SEEN_SURE = 7
"""Letters of a misread logo from which no ordinary word is like it; a test holds it against 2000 of them."""
LONGEST_EXAMPLE = 200
"""Characters of a number that a shape is held against."""


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

    ``unlike``: ordinary words that look like one of its names and are never taken for one that was misread.
    ``seen_as``: what readers of letters make of its logo; counts alone in a line, where something else marked
    speaks for the maker, or with `SEEN_SURE` letters. ``note`` says why.
    ``logo``: ids of the symbols that are its signs, see `Symbol`.
    ``numbers_pieces``: whether a number beside its name may be the serial, or its products have none.
    """

    name: str
    country: str
    names: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    seen_as: tuple[str, ...] = ()
    logo: tuple[str, ...] = ()
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
    """A sign that is no text, and the makers and countries that use it.

    Makers name their own as ``logo``, too. ``kind``: of which kind a mark of it is. ``number in triangle`` is
    called ``66 in triangle`` where 66 is read in it.
    """

    names: tuple[str, ...]
    kind: MarkKind = "factory_mark"
    makers: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


class Country(Row, frozen=True, kw_only=True):
    """A country (ISO 3166-1 alpha-3, also of former states) and its names as stamped."""

    names: tuple[str, ...]


class Weight(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One weight of the choice of the serial and its reason."""

    id: str
    value: float
    why: str


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of rows, by table."""

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

    def __init__(self, files: list[File]) -> None:
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


def matches_shape(pattern: re.Pattern[str], value: str) -> bool:
    """Whether all of a number has a shape; capitals, Western digits; Cyrillic letters as they are."""
    return len(value) <= LONGEST_EXAMPLE and pattern.fullmatch(western(value)) is not None
