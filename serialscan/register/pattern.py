"""Serials that fit a pattern: ``?`` is any one character, ``*`` any number of them; and loose keys.

A pattern is looked for from its first sure characters on: all keys that begin so are read. A pattern that
begins with ``*`` reads the whole register.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serialscan.glyphs import match_key
from serialscan.register.answer import Absent, Match, Rest
from serialscan.register.keys import BASE, LONGEST, PLACES, WORD, code_of
from serialscan.register.match import LISTED, blocks_of_entries, entry_of
from serialscan.register.register import Register
from serialscan.register.walk import codes_of_entries

_READ: Final = 1 << 18  # keys that are read at a time
_LETTERS: Final = range(11, 37)


@dataclass(frozen=True)
class Part:
    """One part of a pattern: the codes that fit (BASE,), once or any number of times."""

    codes: NDArray[np.bool_]
    repeated: bool = False


def parts_of(text: str) -> list[Part]:
    """The parts of a pattern with ``?`` and ``*``."""
    anything = np.arange(BASE) > 0
    parts: list[Part] = []
    for number, piece in enumerate(text.split("*")):
        if number:
            parts.append(Part(anything, repeated=True))
        parts += [Part(anything if char == "?" else _only(char)) for char in match_key(piece)]
    return parts


def loose_parts(text: str) -> list[Part]:
    """The parts of a loose key: any letters, or none, may stand between its digits (NCIC)."""
    key = match_key(text)
    digits = [place for place, char in enumerate(key) if char.isdigit()]
    letters = np.zeros(BASE, bool)
    letters[_LETTERS.start : _LETTERS.stop] = True
    parts: list[Part] = []
    for place, char in enumerate(key):
        inside = bool(digits) and digits[0] < place <= digits[-1]
        if inside and char.isalpha():
            continue
        if inside:
            parts.append(Part(letters, repeated=True))
        parts.append(Part(np.arange(BASE) > 0 if char == "?" else _only(char)))
    return parts


def _only(char: str) -> NDArray[np.bool_]:
    return np.arange(BASE) == code_of(char)


def find(register: Register, parts: list[Part]) -> Iterator[NDArray[np.int64]]:
    """Places of the entries that fit, in the order of their keys, part by part."""
    low, high = _beginning(register, parts)
    for start in range(low, high, _READ):
        entries = np.arange(start, min(start + _READ, high))
        codes = codes_of_entries(register, entries)
        # state n: the parts before n are used up
        states = np.zeros((len(entries), len(parts) + 1), bool)
        states[:, 0] = True
        _go_on(states, parts)
        for place in range(min(codes.shape[1], LONGEST)):
            going = codes[:, place] > 0
            if not going.any():
                break
            code = codes[:, place]
            following = np.zeros_like(states)
            for number, part in enumerate(parts):
                fits = states[:, number] & part.codes[code]
                following[:, number if part.repeated else number + 1] |= fits
            _go_on(following, parts)
            states[going] = following[going]
        yield entries[states[:, -1]]


def _go_on(states: NDArray[np.bool_], parts: list[Part]) -> None:
    for number, part in enumerate(parts):
        if part.repeated:
            states[:, number + 1] |= states[:, number]


def _beginning(register: Register, parts: list[Part]) -> tuple[int, int]:
    """Where the keys start and end that have the pattern's first sure characters."""
    begin = np.uint64(0)
    place = 0
    for part in parts[:WORD]:
        if part.repeated or part.codes.sum() != 1:
            break
        begin += np.uint64(int(part.codes.argmax())) * PLACES[place]
        place += 1
    if not place:
        return 0, len(register.keys)
    end = begin + (PLACES[place - 1] - np.uint64(1))
    return int(np.searchsorted(register.keys, begin)), int(np.searchsorted(register.keys, end, "right"))


def fitting(
    register: Register, text: str, parts: list[Part], *, loose: str | None, listed: int = LISTED
) -> Match:
    """The serials of a register that fit a pattern; each is as likely as any other.

    Args:
        register: the register.
        text: the pattern as it was typed.
        parts: of it.
        loose: the rule of a loose search, for people.
        listed: serials that are listed.
    """
    register.demand_unchanged()
    keys: list[list[int]] = []
    count = 0
    for places in find(register, parts):
        for one in places.tolist() if len(keys) <= listed else []:
            if keys and register.key_text(keys[-1][0]) == register.key_text(one):
                keys[-1].append(one)
            elif len(keys) < listed:
                keys.append([one])
            else:
                break
        count += len(places)
    shown = sum(map(len, keys))
    each = round(1.0 / max(1, count), 4)
    blocks = blocks_of_entries(register, np.array([one[0] for one in keys], np.int64))
    read = match_key(text.replace("*", "")) if loose else ""
    entries = tuple(
        entry_of(register, read, np.array(places), None, round(each * len(places), 4), 0.0, block)
        for places, block in zip(keys, blocks, strict=True)
    )
    absent = Absent(
        probability=None, reason="partial_reading" if count else "not_on_record",
        detail=f"{count} rows fit, each as well as any other" if count else "no serial fits",
    )  # fmt: skip
    return Match(
        register=register.header.name, sha256=register.sha256, serial=text, prior_absent=None,
        entries=entries,
        absent=absent, rest=Rest(entries=count - shown, posterior=None), bound=None, loose=loose,
    )  # fmt: skip
