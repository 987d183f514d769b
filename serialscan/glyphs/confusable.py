"""Characters that are mistaken for one another: views of the table in confusable.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Literal

import msgspec

Use = Literal["word", "mark", "digit", "shape"]


class Pair(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two characters that are mistaken for one another.

    Attributes:
        chars: both.
        uses: who takes one for the other; confusable.toml explains them.
        sources: keys of marking/knowledge/SOURCES.md.
    """

    chars: str
    uses: tuple[Use, ...] = ()
    sources: tuple[str, ...] = ()


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pair: tuple[Pair, ...]
    as_latin: dict[str, str]


_TABLE = msgspec.convert(
    tomllib.loads((resources.files("serialscan.glyphs") / "confusable.toml").read_text(encoding="utf-8")),
    _Table,
)
_AS_LATIN = str.maketrans(_TABLE.as_latin)

PAIRS = _TABLE.pair
"""Every pair of characters that are mistaken for one another, once."""


def look_alikes(use: Use) -> Mapping[str, frozenset[str]]:
    """By character: itself and all that it is mistaken for, as far as that use goes."""
    found: dict[str, set[str]] = {}
    for pair in PAIRS:
        for char in pair.chars if use in pair.uses else "":
            found.setdefault(char, set()).update(pair.chars)
    return {char: frozenset(others) for char, others in found.items()}


ONE_SHAPE: Mapping[str, str] = {char: min(others - {char}) for char, others in look_alikes("shape").items()}
"""Classes that many alphabets draw as one shape, a ring or a bar: the other class of the shape."""

LIKE_DIGITS: Mapping[str, tuple[str, ...]] = {
    char: tuple(sorted(other for other in others if other.isdigit()))
    for char, others in look_alikes("digit").items() if char.isalpha()
}  # fmt: skip
"""Digits that worn or blurred letters look like, by the letter."""


def letter_for_digit(one: str, other: str) -> bool:
    """Whether one of two characters is a letter and the other a digit that it looks like."""
    return any(digit in LIKE_DIGITS.get(letter, ()) for letter, digit in ((one, other), (other, one)))


def as_latin(text: str) -> str:
    """Cyrillic letters that Latin lacks as the recognisers mostly read them."""
    return text.translate(_AS_LATIN)
