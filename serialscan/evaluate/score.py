"""Does a reading say what the truth says? Letters and digits count, signs if asked; ``?`` is any or none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Letters of one shape are one letter: a mark does not say which alphabet it is from.
_SAME_SHAPE = str.maketrans("АВЕКМНОРСТУХІЅЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧΓΦПΛΔΣ", "ABEKMHOPCTYXISJABEZHIKMNOPTYXГФΠЛДΣ")

# Dashes and quotes of all kinds are drawn alike.
_SAME_SIGN = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u201c\u201d\u201e\u2033", '"')
    | dict.fromkeys("\u2018\u2019\u2032", "'")
)


def folded(text: str, *, wildcard: bool = False) -> str:
    """Upper case, look-alike letters of other scripts as Latin (or Cyrillic), letters and digits only.

    Args:
        text: a line or a truth.
        wildcard: keep ``?``.
    """
    return "".join(c for c in _capitals(text) if c.isalnum() or (wildcard and c == "?"))


def found(truth: str, lines: Iterable[str]) -> bool:
    """True if the truth stands somewhere in one of the lines."""
    pattern = _pattern(truth)
    return any(pattern.search(folded(line)) for line in lines)


def exact(truth: str, lines: Iterable[str]) -> bool:
    """True if one of the lines is the truth, no more and no less."""
    pattern = _pattern(truth)
    return any(pattern.fullmatch(folded(line)) for line in lines)


def to_the_sign(truth: str, lines: Iterable[str]) -> bool:
    """True if one of the lines is the truth with all its signs, no more and no less; spaces do not count."""
    pattern = _matching(_with_signs(truth))
    return any(pattern.fullmatch(_with_signs(line)) for line in lines)


def equals(truth: str, reading: str) -> bool:
    """True if a serial is read right; a ``?`` in the reading is an open question and only answers one."""
    return _pattern(truth).fullmatch(folded(reading, wildcard=True)) is not None


def _with_signs(text: str) -> str:
    # Signs first: NFKC spells an inch as two feet.
    return "".join(_capitals(text.translate(_SAME_SIGN)).split())


def _capitals(text: str) -> str:
    return unicodedata.normalize("NFKC", text).upper().translate(_SAME_SHAPE)


def _pattern(truth: str) -> re.Pattern[str]:
    return _matching(folded(truth, wildcard=True))


def _matching(text: str) -> re.Pattern[str]:
    return re.compile("".join(".?" if c == "?" else re.escape(c) for c in text))
