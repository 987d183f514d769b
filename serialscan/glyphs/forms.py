"""Forms of a reading: as read, in Latin letters, and as registers search for it.

Nothing is replaced: every form stands beside the raw text, with the names of the rules that made it.
Matching follows NCIC practice: letter O counts as zero (WACIC manual, chapter 4), letters between digits
do not count (Wisconsin TIME manual, additional guidelines for gun inquiries), spaces, hyphens and dots are
dropped, leading zeros stay.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from serialscan.glyphs.fold import (
    latin,
    latin_by_look,
    script_of,
    transliterated,
    turned_over,
    visible,
    western_digits,
)  # fmt: skip


@dataclass(frozen=True)
class Forms:
    """A reading in its forms.

    Attributes:
        raw: exactly as read.
        latin: for people: Western digits, Cyrillic capitals by look, the others transliterated.
        match_key: of ``latin``, as registers search.
        other_keys: other keys worth a search: transliterated, without letters between digits, turned over.
        steps: the rules that changed something.
    """

    raw: str
    latin: str
    match_key: str
    other_keys: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


def normalise(raw: str) -> Forms:
    """The forms of a serial or another number."""
    steps = []
    shown = visible(raw)
    if shown != raw:
        steps.append("marks of direction left out")
    digits = western_digits(shown)
    if digits != shown:
        steps.append("Arabic digits as 0-9")
    letters = latin(digits)
    scripts = {script_of(c) for c in digits} & {"LATIN", "CYRILLIC"}
    if "CYRILLIC" in scripts:
        own = any(script_of(c) == "CYRILLIC" for c in latin_by_look(digits))
        steps.append("Cyrillic capitals by look" + (", the others transliterated" if own else ""))
        if len(scripts) == 2:
            steps.append("mixed scripts: check which letters are Cyrillic")
    key = match_key(letters)
    others = {}
    if "CYRILLIC" in scripts:
        others[match_key(transliterated(digits))] = "key by transliteration"
    loose = loose_key(key)
    others[loose] = "key without letters between digits"
    turned = turned_over(key)
    if turned is not None and turned != key:
        others[turned] = "key upside down"
    others.pop(key, None)
    others.pop("", None)
    return Forms(raw, letters, key, tuple(others), (*steps, *others.values()))


def match_key(value: str) -> str:
    """The number as registers search for it: upper case, letter O as zero, no separators.

    Cyrillic letters count as the Latin ones that they look like (otherwise transliterated), ``?`` is kept.
    """
    return word_key(value).replace("O", "0")


def word_key(value: str) -> str:
    """The key of a name: as `match_key`, but O stays a letter."""
    key = unicodedata.normalize("NFKC", visible(value)).upper()
    key = latin(western_digits(unicodedata.normalize("NFKC", key))).upper()
    return "".join(c for c in key if c.isalnum() or c == "?")


def loose_key(key: str) -> str:
    """A match key without the letters that stand between digits (NCIC: 369J257 = 369M257 = 369257)."""
    digits = [i for i, c in enumerate(key) if c.isdigit()]
    if not digits:
        return key
    first, last = digits[0], digits[-1]
    return "".join(c for i, c in enumerate(key) if not first < i < last or not c.isalpha())


def keys(value: str) -> frozenset[str]:
    """All keys of a number: two numbers may be the same if they share one."""
    forms = normalise(value)
    return frozenset((forms.match_key, *forms.other_keys)) - {""}


def may_be_same(one: str, other: str) -> bool:
    """Whether a register that searches loosely would take two numbers for one; symmetric."""
    return not keys(one).isdisjoint(keys(other))
