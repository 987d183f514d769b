"""Match keys as numbers: twelve characters to a 64-bit word, in the order of the text.

A key is what `serialscan.glyphs.match_key` makes of a serial. A longer key has further words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from serialscan.glyphs import match_key

Words = NDArray[np.uint64]
Codes = NDArray[np.uint8]

CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BASE: Final = 40
"""Codes of a character: 0 the end, 1 to 36 those of ``CHARACTERS``, ``OTHER``; 40 ** 12 is below 2 ** 64."""
OTHER: Final = 37
"""Code of every other character, such as a Han sign; which one it is stands in the row."""
WORD: Final = 12
"""Characters of a word."""
LONGEST: Final = 96
"""Characters of the longest key: a UII has up to 50 (MIL-STD-130N, table II)."""

PLACES: Final = np.array([BASE ** (WORD - 1 - place) for place in range(WORD)], np.uint64)
"""What one unit of a code is worth at each place of a word."""

_SOME: Final = 1000  # words that are split in one step
_OTHER_BYTE = b"~"
_CODES = np.zeros(256, np.uint8)
_CODES[np.frombuffer(CHARACTERS.encode(), np.uint8)] = np.arange(1, 37)
_CODES[_OTHER_BYTE[0]] = OTHER
_FOREIGN = re.compile(r"[^0-9A-Z]")
_is_key = re.compile(r"[0-9A-NP-Z]+").fullmatch


def key_of(serial: str) -> str:
    """The match key of a serial as it stands in a list."""
    return serial if _is_key(serial) else match_key(serial)


def code_of(character: str) -> int:
    """The code of one character of a key."""
    place = CHARACTERS.find(character)
    return place + 1 if place >= 0 else OTHER


def codes_of(keys: Sequence[str]) -> Codes:
    """Codes of keys, (N, L) with L a multiple of ``WORD``; 0 behind the end of a key."""
    texts = keys if "".join(keys).isascii() and "?" not in "".join(keys) else [_plain(key) for key in keys]
    length = max(map(len, texts), default=0)
    length = max(1, -(-length // WORD)) * WORD
    return _CODES[np.array(texts, f"S{length}").view(np.uint8).reshape(len(texts), length)]


def _plain(key: str) -> str:
    return _FOREIGN.sub(_OTHER_BYTE.decode(), key)


def pack(codes: Codes) -> Words:
    """Codes (N, L) as words (N, L / WORD)."""
    words = np.zeros((len(codes), codes.shape[1] // WORD), np.uint64)
    for place in range(codes.shape[1]):
        word = words[:, place // WORD]
        word *= np.uint64(BASE)
        word += codes[:, place]
    return words


def unpack(words: Words) -> Codes:
    """Words (N, W) as codes (N, W * WORD)."""
    if len(words) < _SOME:
        split = words[:, :, None] // PLACES % np.uint64(BASE)
        return split.astype(np.uint8).reshape(len(words), words.shape[1] * WORD)
    codes = np.empty((len(words), words.shape[1] * WORD), np.uint8)
    for place in range(codes.shape[1]):
        codes[:, place] = words[:, place // WORD] // PLACES[place % WORD] % np.uint64(BASE)
    return codes


def bisected(
    values: NDArray[Any], low: NDArray[np.int64], high: NDArray[np.int64], wanted: NDArray[Any],
    *, right: bool,
) -> NDArray[np.int64]:  # fmt: skip
    """Where each wanted value (N,) belongs in its own part of an array, from ``low`` to before ``high``.

    Each part is sorted. As in `bisect` the place is behind equal values if ``right``, else before them.
    """
    if not len(values):
        return low
    start, end = low, high
    while (going := start < end).any():
        middle = (start + end) // 2
        there = values.take(np.minimum(middle, len(values) - 1))
        after = there <= wanted if right else there < wanted
        start = np.where(going & after, middle + 1, start)
        end = np.where(going & ~after, middle, end)
    return start


def text_of(codes: Codes) -> str:
    """The key that has these codes (L,); ``~`` for ``OTHER``."""
    return "".join((CHARACTERS[code - 1] if code < OTHER else "~") for code in codes.tolist() if code)
