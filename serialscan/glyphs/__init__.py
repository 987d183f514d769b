"""What is known of characters themselves, whoever reads them: which look alike."""

from __future__ import annotations

from serialscan.glyphs.lookalike import LIKE_DIGITS, ONE_SHAPE, letter_for_digit

__all__ = ["LIKE_DIGITS", "ONE_SHAPE", "letter_for_digit"]
