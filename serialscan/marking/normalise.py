"""Forms of a reading: as read, in Latin letters, and as registers search for it.

Nothing is replaced: every form stands beside the raw text, with the names of the rules that made it.
Matching follows NCIC practice: letter O counts as zero (WACIC manual, chapter 4), letters between digits
do not count (Wisconsin TIME manual, additional guidelines for gun inquiries), spaces, hyphens and dots are
dropped, leading zeros stay.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# A foreign clerk types the Latin capital that looks like the stamped Cyrillic one.
_LOOK = str.maketrans("АВЕКМНОРСТУХІЅЈ", "ABEKMHOPCTYXISJ")
# ISO 9 in plain ASCII, as most registers and passports write it.
_TRANSLITERATION = str.maketrans({
    "А": "A", "Б": "B", "В": "V", "Г": "G", "Д": "D", "Е": "E", "Ё": "E", "Ж": "ZH", "З": "Z", "И": "I",
    "Й": "I", "К": "K", "Л": "L", "М": "M", "Н": "N", "О": "O", "П": "P", "Р": "R", "С": "S", "Т": "T",
    "У": "U", "Ф": "F", "Х": "KH", "Ц": "TS", "Ч": "CH", "Ш": "SH", "Щ": "SHCH", "Ъ": "", "Ы": "Y", "Ь": "",
    "Э": "E", "Ю": "YU", "Я": "YA", "І": "I", "Ї": "I", "Ѕ": "S", "Ј": "J",
})  # fmt: skip
# Letters that have no mark of their own in Unicode, but are written as the plain one; and letters that
# Arabic, Persian, Urdu and Pashto write in other shapes (Unicode 15.1, chapter 9.2).
_PLAIN = str.maketrans("ŁØĐĦŦıºªҐىیېۍکہھةە", "LODHTIOAГييييكهههه")
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_TURNED = dict(zip("01689HIMNOSWXZ", "01986HIWNOSMXZ", strict=True))
# Marks of direction and of width zero: someone pasted the value, no punch makes them (Unicode TR 9).
_INVISIBLE = dict.fromkeys([0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


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
    visible = raw.translate(_INVISIBLE)
    if visible != raw:
        steps.append("marks of direction left out")
    latin_digits = visible.translate(_DIGITS)
    if latin_digits != visible:
        steps.append("Arabic digits as 0-9")
    latin = by_look(latin_digits)
    scripts = {_script(c) for c in latin_digits} & {"LATIN", "CYRILLIC"}
    if "CYRILLIC" in scripts:
        steps.append(
            "Cyrillic capitals by look" + (", the others transliterated" if _has_own(latin_digits) else "")
        )
        if len(scripts) == 2:
            steps.append("mixed scripts: check which letters are Cyrillic")
    key = match_key(latin)
    others = {}
    if "CYRILLIC" in scripts:
        others[match_key(latin_digits.translate(_TRANSLITERATION))] = "key by transliteration"
    loose = loose_key(key)
    others[loose] = "key without letters between digits"
    turned = turned_over(key)
    if turned is not None and turned != key:
        others[turned] = "key upside down"
    others.pop(key, None)
    others.pop("", None)
    return Forms(raw, latin, key, tuple(others), (*steps, *others.values()))


def match_key(value: str) -> str:
    """The number as registers search for it: upper case, letter O as zero, no separators.

    Cyrillic letters count as the Latin ones that they look like (otherwise transliterated), ``?`` is kept.
    """
    return word_key(value).replace("O", "0")


def word_key(value: str) -> str:
    """The key of a name: as `match_key`, but O stays a letter."""
    key = unicodedata.normalize("NFKC", value.translate(_INVISIBLE)).upper()
    key = by_look(unicodedata.normalize("NFKC", key).translate(_DIGITS)).upper()
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


def turned_over(value: str) -> str | None:
    """The string upside down, None if a character has no partner (6 and 9, M and W; 0 1 8 H I N O S X Z)."""
    if not value or any(c not in _TURNED for c in value):
        return None
    return "".join(_TURNED[c] for c in reversed(value))


def by_look(text: str) -> str:
    """Cyrillic capitals as the Latin ones of the same look, those without one transliterated."""
    return text.translate(_LOOK).translate(_TRANSLITERATION)


def folded(text: str) -> str:
    """Upper case without diacritics, digits 0-9, Cyrillic capitals by look: one character for each one.

    For words alone: in a number a letter with a mark is another letter.
    """
    return "".join(_unmarked(c) for c in western(text)).translate(_PLAIN).translate(_LOOK)


@lru_cache(maxsize=4096)
def _unmarked(char: str) -> str:
    parts = unicodedata.normalize("NFD", char)
    return parts[0] if all(unicodedata.combining(mark) for mark in parts[1:]) else char


def western(text: str) -> str:
    """Upper case and digits 0-9, one character for each of ``text``; letters stay in their script."""
    return "".join(_one(c) for c in text).translate(_DIGITS)


def _one(char: str) -> str:
    if char in "xх×":  # the sign between calibre and case length
        return "X"
    upper = char.upper()
    return upper if len(upper) == 1 else char


def _has_own(text: str) -> bool:
    return any(_script(c) == "CYRILLIC" for c in text.translate(_LOOK))


def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0] if char.isalpha() else ""
