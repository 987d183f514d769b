"""Characters of other scripts and shapes as those that registers, words and labels are compared in.

Nothing here replaces a reading: a folded text stands beside the raw one. Sources: Unicode 15.1; ISO 9 for the
transliteration of Cyrillic; which capitals are drawn alike, from the strokes of ``render/strokes.py`` and the
typefaces of plates.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Capitals that the alphabets draw with the same strokes. A foreign clerk types the Latin one.
_CYRILLIC_LOOK = str.maketrans("АВЕКМНОРСТУХІЅЈ", "ABEKMHOPCTYXISJ")
# Greek ones as Latin, those that Latin lacks as Cyrillic.
_GREEK_LOOK = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧΓΔΛΠΦ", "ABEZHIKMNOPTYXГДЛПФ")
_ONE_SHAPE = _CYRILLIC_LOOK | _GREEK_LOOK
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
_ARABIC_INDIC = "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹"
_DIGITS = str.maketrans(_ARABIC_INDIC, "01234567890123456789")
_TURNED = dict(zip("01689HIMNOSWXZ", "01986HIWNOSMXZ", strict=True))
# Marks of direction and of width zero: someone pasted the value, no punch makes them (Unicode TR 9).
_INVISIBLE = dict.fromkeys([0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
# Dashes and quotes of all kinds are drawn alike.
_SIGNS = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u201c\u201d\u201e\u2033", '"')
    | dict.fromkeys("\u2018\u2019\u2032", "'")
)


def latin_by_look(text: str) -> str:
    """Cyrillic capitals as the Latin ones of the same look; all others stay."""
    return text.translate(_CYRILLIC_LOOK)


def latin(text: str) -> str:
    """Cyrillic capitals as the Latin ones of the same look, those without one transliterated."""
    return transliterated(latin_by_look(text))


def transliterated(text: str) -> str:
    """Cyrillic capitals by their sound (ISO 9 in ASCII)."""
    return text.translate(_TRANSLITERATION)


def one_alphabet(text: str) -> str:
    """Cyrillic and Greek capitals as the Latin ones of their shape, other Greek ones as Cyrillic.

    A mark does not say which alphabet a letter of a shape that several share is from.
    """
    return text.translate(_ONE_SHAPE)


def western_digits(text: str) -> str:
    """Arabic-Indic and Persian digits as 0-9, in their order: numbers run from left to right everywhere."""
    return text.translate(_DIGITS)


def has_arabic_digits(text: str) -> bool:
    """Whether Arabic-Indic or Persian digits stand in a text."""
    return any(c in _ARABIC_INDIC for c in text)


def western(text: str) -> str:
    """Upper case and digits 0-9, one character for each of ``text``; letters stay in their script."""
    if text.isascii():
        return text.upper()
    return western_digits("".join(_upper(c) for c in text))


def folded(text: str) -> str:
    """Upper case without diacritics, digits 0-9, Cyrillic capitals by look: one character for each one.

    For words alone: in a number a letter with a mark is another letter.
    """
    if text.isascii():  # most of the words known; nothing to do but this
        return text.upper()
    return latin_by_look("".join(_unmarked(c) for c in western(text)).translate(_PLAIN))


def plain_signs(text: str) -> str:
    """Dashes of all lengths as a hyphen, quotes of all shapes as straight ones."""
    return text.translate(_SIGNS)


def visible(text: str) -> str:
    """The text without marks of direction and of width zero."""
    return text.translate(_INVISIBLE)


def turned_over(value: str) -> str | None:
    """The string upside down, None if a character has no partner (6 and 9, M and W; 0 1 8 H I N O S X Z)."""
    if not value or any(c not in _TURNED for c in value):
        return None
    return "".join(_TURNED[c] for c in reversed(value))


def script_of(char: str) -> str:
    """The first word of a letter's Unicode name, such as LATIN or CYRILLIC; empty if it is no letter."""
    return unicodedata.name(char, "").partition(" ")[0] if char.isalpha() else ""


def _upper(char: str) -> str:
    if char in "xх×":  # the sign between calibre and case length
        return "X"
    upper = char.upper()
    return upper if len(upper) == 1 else char


@lru_cache(maxsize=4096)
def _unmarked(char: str) -> str:
    parts = unicodedata.normalize("NFD", char)
    return parts[0] if all(unicodedata.combining(mark) for mark in parts[1:]) else char
