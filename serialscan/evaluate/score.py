"""Does a reading say what the truth says? Letters and digits count, signs if asked; ``?`` is any or none."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from serialscan.glyphs import one_alphabet, plain_signs


def folded(text: str, *, wildcard: bool = False) -> str:
    """Upper case, look-alike letters of other scripts as Latin (or Cyrillic), letters and digits only.

    Args:
        text: a line or a truth.
        wildcard: keep ``?``.
    """
    return "".join(c for c in _capitals(text) if c.isalnum() or (wildcard and c == "?"))


def found(truth: str, lines: Iterable[str]) -> bool:
    """True if the truth stands somewhere in one of the lines."""
    wanted = folded(truth, wildcard=True)
    return any(_stands(wanted, folded(line), anywhere=True) for line in lines)


def exact(truth: str, lines: Iterable[str]) -> bool:
    """True if one of the lines is the truth, no more and no less."""
    wanted = folded(truth, wildcard=True)
    return any(_stands(wanted, folded(line)) for line in lines)


def to_the_sign(truth: str, lines: Iterable[str]) -> bool:
    """True if one of the lines is the truth with all its signs, no more and no less; spaces do not count."""
    wanted = _with_signs(truth)
    return any(_stands(wanted, _with_signs(line)) for line in lines)


def equals(truth: str, reading: str) -> bool:
    """True if a serial is read right; a ``?`` in the reading is an open question and only answers one."""
    return _stands(folded(truth, wildcard=True), folded(reading, wildcard=True))


def _with_signs(text: str) -> str:
    # Signs first: NFKC spells an inch as two feet.
    return "".join(_capitals(plain_signs(text)).split())


def _capitals(text: str) -> str:
    return one_alphabet(unicodedata.normalize("NFKC", text).upper())


def _stands(truth: str, text: str, *, anywhere: bool = False) -> bool:
    """Whether a text is the truth, or holds it anywhere.

    No regular expression: one with many ``?`` tries all ways to share the text among them. Time grows with
    the length of the truth times that of the text.
    """
    ends = set(range(len(text) + 1)) if anywhere else {0}  # where what was seen of the truth may end
    for char in truth:
        behind = {end + 1 for end in ends if end < len(text) and char in ("?", text[end])}
        ends = ends | behind if char == "?" else behind
    return bool(ends) if anywhere else len(text) in ends
