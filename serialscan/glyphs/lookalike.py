"""Letters and digits of one look.

Source: what recognisers take for each other on rendered photos; ``reading/fuse.py`` has the counts.
"""

from __future__ import annotations

ONE_SHAPE = {"0": "O", "O": "0", "1": "I", "I": "1"}
"""Classes that many alphabets draw as one shape: a ring, a bar."""

LIKE_DIGITS = {
    "O": ("0",), "D": ("0",), "Q": ("0",), "U": ("0",), "C": ("0", "6"), "G": ("6",),
    "I": ("1",), "L": ("1",), "T": ("1", "7"), "Z": ("2", "7"), "S": ("5", "8"), "B": ("8",),
}  # fmt: skip
"""Digits that worn or blurred letters look like, by the letter."""


def letter_for_digit(one: str, other: str) -> bool:
    """Whether one of two characters is a letter and the other a digit that it looks like."""
    return any(digit in LIKE_DIGITS.get(letter, ()) for letter, digit in ((one, other), (other, one)))
