"""Does a reading say what the truth says? Letters and digits count, ``?`` is any one or none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Letters of one shape are one letter: a mark does not say which alphabet it is from.
_SAME_SHAPE = str.maketrans("АВЕКМНОРСТУХІЅЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧΓΦПΛΔΣ", "ABEKMHOPCTYXISJABEZHIKMNOPTYXГФΠЛДΣ")


def folded(text: str, *, wildcard: bool = False) -> str:
    """Upper case, look-alike letters of other scripts as Latin (or Cyrillic), letters and digits only.

    Args:
        text: a line or a truth.
        wildcard: keep ``?``.
    """
    text = unicodedata.normalize("NFKC", text).upper().translate(_SAME_SHAPE)
    return "".join(c for c in text if c.isalnum() or (wildcard and c == "?"))


def found(truth: str, lines: Iterable[str]) -> bool:
    """True if the truth stands somewhere in one of the lines."""
    pattern = _pattern(truth)
    return any(pattern.search(folded(line)) for line in lines)


def exact(truth: str, lines: Iterable[str]) -> bool:
    """True if one of the lines is the truth, no more and no less."""
    pattern = _pattern(truth)
    return any(pattern.fullmatch(folded(line)) for line in lines)


def equals(truth: str, reading: str) -> bool:
    """True if a serial is read right; a ``?`` in the reading is an open question and only answers one."""
    return _pattern(truth).fullmatch(folded(reading, wildcard=True)) is not None


def _pattern(truth: str) -> re.Pattern[str]:
    return re.compile("".join(".?" if c == "?" else re.escape(c) for c in folded(truth, wildcard=True)))
