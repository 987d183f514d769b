"""What is known of characters themselves, whoever reads them.

Which are mistaken for one another (`confusable`, one table), how those of other scripts are folded (`fold`),
in which forms numbers are compared (`forms`), and how two strings are aligned (`alignment`).
"""

from __future__ import annotations

from serialscan.glyphs.alignment import Alignment, align
from serialscan.glyphs.confusable import (
    LIKE_DIGITS,
    ONE_SHAPE,
    PAIRS,
    Pair,
    as_latin,
    letter_for_digit,
    look_alikes,
)
from serialscan.glyphs.fold import (
    folded,
    has_arabic_digits,
    latin,
    latin_by_look,
    one_alphabet,
    plain_signs,
    script_of,
    turned_over,
    western,
)
from serialscan.glyphs.forms import Forms, keys, loose_key, match_key, may_be_same, normalise, word_key

__all__ = [
    "LIKE_DIGITS", "ONE_SHAPE", "PAIRS", "Alignment", "Forms", "Pair", "align", "as_latin", "folded",
    "has_arabic_digits", "keys", "latin", "latin_by_look", "letter_for_digit", "look_alikes", "loose_key",
    "match_key", "may_be_same", "normalise", "one_alphabet", "plain_signs", "script_of", "turned_over",
    "western", "word_key",
]  # fmt: skip
