"""Strings that a lattice may be, as words, with their weights; all of them grow at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from serialscan.register.keys import PLACES, WORD, Words
from serialscan.register.series import mixed

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Strings:
    """Strings of a lattice.

    Attributes:
        words: (N,), or (N, W) where they may be longer than one word.
        length: their characters (N,).
        weight: (N,).
    """

    words: Words
    length: Places
    weight: Floats

    @classmethod
    def start(cls, width: int) -> Self:
        """The empty string, of weight 1, with room for so many words."""
        words = np.zeros(1, np.uint64) if width == 1 else np.zeros((1, width), np.uint64)
        return cls(words, np.zeros(1, np.int64), np.ones(1))

    def __len__(self) -> int:
        return len(self.length)

    @property
    def first_words(self) -> Words:
        """The first word of each (N,)."""
        return self.words if self.words.ndim == 1 else self.words[:, 0]

    @property
    def all_words(self) -> Words:
        """All words of each (N, W)."""
        return self.words[:, None] if self.words.ndim == 1 else self.words

    def take(self, which: Places) -> Strings:
        """Those at some places."""
        return Strings(self.words.take(which, axis=0), self.length.take(which), self.weight.take(which))

    def longer(self, codes: NDArray[np.uint64], weight: Floats) -> Strings:
        """Each with one more character (N,) and a new weight; what no word holds is left out."""
        words, length = self.words, self.length
        room = WORD if words.ndim == 1 else WORD * words.shape[1]
        if len(length) and length.max() >= room:
            left = np.flatnonzero(length < room)
            return self.take(left).longer(codes[left], weight[left])
        if words.ndim == 1:
            return Strings(words + codes * PLACES.take(length), length + 1, weight)
        words = words.copy()
        words[np.arange(len(words)), length // WORD] += codes * PLACES.take(length % WORD)
        return Strings(words, length + 1, weight)


def joined(parts: Sequence[Strings]) -> Strings:
    """All of them in one."""
    if len(parts) == 1:
        return parts[0]
    return Strings(
        np.concatenate([one.words for one in parts]), np.concatenate([one.length for one in parts]),
        np.concatenate([one.weight for one in parts]),
    )  # fmt: skip


def merged(parts: Sequence[Strings]) -> Strings:
    """All of them, equal ones as one, whose weights add up; single words in their order."""
    whole = joined(parts)
    if not len(whole):
        return whole
    name = whole.words if whole.words.ndim == 1 else mixed(whole.words)
    order = name.argsort(kind="stable")
    name = name.take(order)
    new = np.empty(len(name), bool)
    new[0] = True
    np.not_equal(name[1:], name[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    first = order.take(starts)
    return Strings(
        whole.words.take(first, axis=0), whole.length.take(first),
        np.add.reduceat(whole.weight.take(order), starts),
    )  # fmt: skip
