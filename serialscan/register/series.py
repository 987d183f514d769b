"""What kind of number a key is: its shape, the number in it, and its block of consecutive numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serialscan.register.keys import WORD, Codes, Words, bisected, pack

LEAST_DIGITS: Final = 3
"""Digits of a number that is counted on: below, neighbours are chance."""
MOST_DIGITS: Final = 18
"""Digits that fit into 64 bits."""
MOST_APART: Final = 20
"""Two numbers further apart than this begin a new block. Source: the measurements in docs/register.md."""
LEAST_ENTRIES: Final = 4
"""Numbers of a block."""
LEAST_FULL: Final = 0.5
"""Share of the numbers of a block that are on record; below, it is a range that was used here and there."""

_AT_ONCE: Final = 1 << 16  # keys: memory stays small
_DIGIT_CODES: Final = 10  # codes 1 to 10 are the digits
_NUMBER: Final = 38  # a code for "here stands the number"
_ANY_DIGIT, _ANY_LETTER = 1, 11
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)  # golden ratio in 64 bits, as in SplitMix64


@dataclass(frozen=True)
class Numbers:
    """The number in each key (N,): ``group`` is equal where all but the number is; 0 where there is none."""

    group: Words
    value: NDArray[np.int64]


def numbers_of(codes: Codes) -> Numbers:
    """The longest run of digits of each key (N, L), of equal runs the last."""
    parts = [_numbers(codes[start : start + _AT_ONCE]) for start in range(0, max(1, len(codes)), _AT_ONCE)]
    if len(parts) == 1:
        return parts[0]
    return Numbers(np.concatenate([one.group for one in parts]), np.concatenate([one.value for one in parts]))


def _numbers(codes: Codes) -> Numbers:
    count, length = codes.shape
    digit = codes - np.uint8(1) < _DIGIT_CODES  # 0, the end, becomes 255
    place = np.arange(1, length + 1, dtype=np.uint8)
    run = place - np.maximum.accumulate(np.where(digit, np.uint8(0), place), axis=1)
    best = run.max(axis=1, initial=0)
    end = length - (run[:, ::-1] == best[:, None]).argmax(axis=1)
    usable = (best >= LEAST_DIGITS) & (best <= MOST_DIGITS)
    inside = usable[:, None] & (place > (end - best)[:, None]) & (place <= end[:, None])
    bare = np.where(inside, np.uint8(_NUMBER), codes)
    value = np.zeros(count, np.int64)
    for n in np.flatnonzero(inside.any(axis=0)).tolist():
        value = np.where(inside[:, n], value * 10 + codes[:, n] - 1, value)
    group = mixed(pack(bare))
    group[~usable] = 0
    return Numbers(group, value)


def shapes_of(codes: Codes) -> tuple[Words, Words]:
    """Shapes of keys (N, L): digits alike and letters as they stand; and letters alike, too."""
    digit = (codes >= 1) & (codes <= _DIGIT_CODES)
    shape = np.where(digit, np.uint8(_ANY_DIGIT), codes)
    alike = np.where(shape > _DIGIT_CODES, np.uint8(_ANY_LETTER), shape)
    return mixed(pack(shape)), mixed(pack(alike))


def mixed(words: Words) -> Words:
    """Words (N, W) as one word (N,); a single word stays as it is, and words of zeros change nothing."""
    whole = words[:, 0].copy()
    for place in range(1, words.shape[1]):
        further = words[:, place]
        whole = np.where(further > 0, (whole ^ further * np.uint64(2 * place + 1)) * _MIX, whole)
    return whole


@dataclass(frozen=True)
class Blocks:
    """Blocks of consecutive numbers, by group and first number; all arrays (B,).

    Attributes:
        group: of its keys.
        first: its first number.
        last: its last number.
        count: different numbers on record.
        first_entry: place of its first key in the order of the keys.
        last_entry: of its last key.
    """

    group: Words
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    count: NDArray[np.int64]
    first_entry: NDArray[np.int64]
    last_entry: NDArray[np.int64]

    @property
    def holes(self) -> int:
        """Numbers that are missing inside of the blocks."""
        return int((self.last - self.first + 1 - self.count).sum())

    def find(self, numbers: Numbers) -> NDArray[np.int64]:
        """For each number the block around it, or -1."""
        if not len(self.group):
            return np.full(len(numbers.group), -1)
        # the last block that begins at or before the number, among those of its group
        low = np.searchsorted(self.group, numbers.group, "left")
        high = np.searchsorted(self.group, numbers.group, "right")
        at = bisected(self.first, low, high, numbers.value, right=True) - 1
        inside = (at >= low) & (numbers.group > 0) & (numbers.value <= self.last[np.maximum(at, 0)])
        return np.where(inside, at, -1)


def pieces_of(numbers: Numbers, first_entry: int) -> NDArray[np.int64]:
    """Runs of consecutive numbers (R, 6) in sorted keys, as `Blocks` has them; the group's bits as int64.

    Args:
        numbers: of the keys, in their order.
        first_entry: place of the first of these keys among all.
    """
    used = np.flatnonzero(numbers.group)
    order = used[np.argsort(numbers.group[used], kind="stable")]  # within a group the order is that of values
    group, value = numbers.group[order], numbers.value[order]
    if not len(order):
        return np.zeros((0, 6), np.int64)
    step = np.diff(value)
    new = np.concatenate(([True], (group[1:] != group[:-1]) | (step > MOST_APART) | (step < 0)))
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], len(order)) - 1
    different = np.concatenate(([1], (step != 0) | new[1:])).astype(np.int64)
    counts = np.add.reduceat(different, starts)
    return np.stack([
        group[starts].view(np.int64), value[starts], value[ends], counts,
        order[starts] + first_entry, order[ends] + first_entry,
    ], axis=1)  # fmt: skip


def blocks_of(pieces: NDArray[np.int64]) -> Blocks:
    """Blocks from the pieces of all parts of the keys: a block may go on from one part to the next."""
    group = pieces[:, 0].view(np.uint64) if len(pieces) else np.zeros(0, np.uint64)
    order = np.lexsort((pieces[:, 1], group))
    pieces, group = pieces[order], np.ascontiguousarray(group[order])
    if len(pieces):
        step = pieces[1:, 1] - pieces[:-1, 2]
        new = np.concatenate(([True], (group[1:] != group[:-1]) | (step > MOST_APART)))
        starts = np.flatnonzero(new)
        ends = np.append(starts[1:], len(pieces)) - 1
        counts = np.add.reduceat(pieces[:, 3], starts)
        group = group[starts]
        pieces = np.stack([
            pieces[starts, 0], pieces[starts, 1], pieces[ends, 2], counts, pieces[starts, 4], pieces[ends, 5],
        ], axis=1)  # fmt: skip
        span = pieces[:, 2] - pieces[:, 1] + 1
        kept = (pieces[:, 3] >= LEAST_ENTRIES) & (pieces[:, 3] >= LEAST_FULL * span)
        group, pieces = group[kept], pieces[kept]
    return Blocks(group, *(np.ascontiguousarray(pieces[:, n]) for n in range(1, 6)))


def words_needed(longest: int) -> int:
    """Words of a key of ``longest`` characters."""
    return max(1, -(-longest // WORD))
