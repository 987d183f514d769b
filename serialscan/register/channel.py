"""What a camera, a reader and a typist make of a serial: how well an entry explains a lattice.

Weights are likelihood ratios: how much likelier the lattice is if a character stands there than for a
character drawn at random from 36. So entries of different lengths can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serialscan.glyphs import PAIRS
from serialscan.register.keys import BASE, CHARACTERS, OTHER, code_of
from serialscan.register.lattice import UNLISTED, Lattice

Floats = NDArray[np.float64]

BEYOND: Final = 0.04
"""Share of the characters suspected beyond an end that are there.

Of 135 numbers of rendered photos without traps none lost a character at an end, while 12.8 were suspected
there (`End.more`); half a one counts as lost. On traps the share is above 1. Source: docs/register.md.
"""
TYPED_WRONG: Final = 0.01
"""Share of a register's serials that are typed wrong. Source: the same."""
SUBSTITUTED, OMITTED, DOUBLED = 0.6, 0.15, 0.15
"""Shares of these errors that change a character, leave one out, write one twice. Source: the same."""
HAND_WRONG: Final = 0.02
"""Probability that a character typed by hand into a search is wrong."""
HAND_LOST: Final = 0.001
"""Probability that such a search lacks a character, or has one too many, at each place."""

_COUNT: Final = len(CHARACTERS)
_DIGIT_SHARE: Final = 0.8  # of characters of serials, as in W123456 and AB1234
_PAD: Final = {
    "1": "24", "2": "135", "3": "26", "4": "157", "5": "2468", "6": "359", "7": "48", "8": "579", "9": "68",
    "0": "12",
}  # fmt: skip


@dataclass(frozen=True)
class Channel:
    """Weights of a lattice of M slots.

    Attributes:
        match: of each code at each slot (BASE, M).
        skip: of a slot that the entry has no character for (M,).
        gap: of a character of the entry without a slot, before each slot and behind the last (M + 1,).
    """

    match: Floats
    skip: Floats
    gap: Floats

    @cached_property
    def best(self) -> Floats:
        """The most that the slots from each on can add (M + 1,)."""
        most = np.maximum(self.match.max(axis=0), self.skip)
        return np.append(np.cumprod(most[::-1])[::-1], 1.0)

    @cached_property
    def skipping(self) -> Floats:
        """Weights of going from slot to slot without a character (M + 1, M + 1)."""
        size = len(self.gap)
        ways = np.eye(size)
        for start in range(size - 1):
            ways[start, start + 1 :] = np.cumprod(self.skip[start:])
        return ways

    def score(self, codes: NDArray[np.uint8]) -> Floats:
        """The weight of each key (N, L): the sum over all ways in which the lattice can be it."""
        whole = np.zeros(len(codes))
        weights = np.repeat(self.skipping[:1], len(codes), axis=0)
        going = np.arange(len(codes))
        for place in range(codes.shape[1]):
            ends = codes[going, place] == 0
            whole[going[ends]] = weights[ends, -1]
            going, weights = going[~ends], weights[~ends]
            if not len(going):
                return whole
            moved = weights * self.gap
            moved[:, 1:] += weights[:, :-1] * self.match[codes[going, place]]
            weights = moved @ self.skipping
        whole[going] = weights[:, -1]
        return whole


def channel_of(lattice: Lattice) -> Channel:
    """The weights of a lattice."""
    count = len(lattice.slots)
    seen = np.zeros((count, BASE))
    none = np.zeros(count)
    least = UNLISTED if lattice.reading else HAND_WRONG
    for place, slot in enumerate(lattice.slots):
        if not slot.chances:
            seen[place, 1 : _COUNT + 1] = 1.0 / _COUNT
            continue
        left = max(0.0, 1.0 - sum(slot.chances.values()))
        if slot.best:
            left = max(least, left)
        chances = np.array([*slot.chances.values()])
        chances = chances / max(1e-9, chances.sum()) * (1.0 - left)
        for char, chance in zip(slot.chances, chances.tolist(), strict=True):
            if char:
                seen[place, code_of(char)] += chance
            else:
                none[place] = chance
        if lattice.reading:
            seen[place, 1 : _COUNT + 1] += left / _COUNT
        else:
            like = _LIKE[seen[place].argmax()]
            seen[place] += left / 2 * like
            seen[place, 1 : _COUNT + 1] += left / 2 / _COUNT
    wrong = TYPED_WRONG / max(1, count)
    typed = wrong * SUBSTITUTED
    seen = seen * (1 - typed) + typed * seen @ _LIKE
    # a character that the typist left out was mostly a digit
    usual = np.zeros(BASE)
    usual[1:11], usual[11 : _COUNT + 1] = _DIGIT_SHARE / 10, (1 - _DIGIT_SHARE) / 26
    skip = none + wrong * OMITTED * _COUNT * (seen @ usual)
    gap = np.full(count + 1, (lattice.lost if lattice.reading else HAND_LOST) + wrong * DOUBLED)
    if not lattice.reading:
        skip += HAND_LOST
    gap[0] = max(gap[0], BEYOND * lattice.before)
    gap[-1] = max(gap[-1], BEYOND * lattice.after)
    match = np.ascontiguousarray(_COUNT * seen.T)
    match[0] = 0.0
    return Channel(match, skip, gap)


def _like() -> Floats:
    """What a typist writes for a character (BASE, BASE): what looks like it, what stands beside it, any."""
    like: dict[str, set[str]] = {one: set(_PAD.get(one, "")) for one in CHARACTERS}
    for pair in PAIRS:
        one, other = pair.chars[0], pair.chars[1]
        if one in like and other in like and "O" not in pair.chars:  # in a key O is 0
            like[one].add(other)
            like[other].add(one)
    table = np.zeros((BASE, BASE))
    for one, others in like.items():
        row = table[code_of(one)]
        row[1 : _COUNT + 1] = 0.5 / (_COUNT - 1) if others else 1.0 / (_COUNT - 1)
        for other in others:
            row[code_of(other)] += 0.5 / len(others)
        row[code_of(one)] = 0.0
    table[OTHER, 1 : _COUNT + 1] = 1.0 / _COUNT
    return table


_LIKE: Final = _like()
