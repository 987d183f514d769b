"""Which entries of a register explain a lattice well enough: a walk over the sorted keys.

The keys are a tree: all that share a beginning are neighbours. A beginning is followed only as long as the
best end that it can have is within the bound. Levels are walked in NumPy, all beginnings of a level at
once. Method: the measurements in docs/register.md; the idea of a lattice that walks a lexicon is that of Liu,
Koga and Fujisawa (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serialscan.register.channel import Channel, Floats
from serialscan.register.keys import CHARACTERS, OTHER, PLACES, WORD, Codes, Words, unpack
from serialscan.register.register import Register, prefix_range

Places = NDArray[np.int64]

_FEW: Final = 16  # keys with one beginning that are scored at once rather than walked
_MOST: Final = 60_000  # beginnings of a level: more means that the lattice tells too little
_LISTED: Final = 2.0  # a character counts as listed where it weighs this much more than the rest


@dataclass(frozen=True)
class Found:
    """Keys within the bound, best first.

    Attributes:
        first: place of the first entry of each key (K,).
        count: entries with this key (K,).
        weight: how well the key explains the lattice (K,).
    """

    first: Places
    count: Places
    weight: Floats


def walk(register: Register, channel: Channel, bound: float) -> Found | None:
    """All keys whose weight is at least ``bound`` times the best that the lattice can give.

    Returns:
        The keys; None if so many beginnings are within the bound that the walk was given up.
    """
    keys = register.keys
    least = channel.best[0] * bound
    listed, others = _listed(channel)
    singles = np.ascontiguousarray(channel.match[listed])
    rest = channel.match[others].max(axis=0) if len(others) else np.zeros(len(channel.skip))
    classes = np.vstack([singles, rest])  # (L + 1, M): every listed character, and any other one
    low, high = np.array([0]), np.array([len(keys)])
    begins: Words = np.zeros(1, np.uint64)
    weights = channel.start[None]
    found: list[_Some] = []
    for depth in range(WORD):
        if not len(low):
            break
        small = high - low <= _FEW
        if small.any():
            found.append(_each(register, channel, least, low[small], high[small], weights[small], depth))
            low, high, begins, weights = (one[~small] for one in (low, high, begins, weights))
        ends = np.flatnonzero(weights[:, -1] >= least)
        ends = ends[keys[low[ends]] == begins[ends]]  # the first key of a range may be its beginning itself
        if depth and len(ends):
            count = np.searchsorted(keys, begins[ends], "right") - low[ends]
            found.append(_Some(low[ends], count, weights[ends, -1]))
        if not len(low):
            break
        # weights (N, L + 1, M + 1) of every beginning with every class of characters
        moved = np.repeat((weights * channel.gap)[:, None], len(classes), axis=1)
        moved[:, :, 1:] += weights[:, None, :-1] * classes
        moved = moved @ channel.skipping
        viable = (moved * channel.best).max(axis=2) >= least
        node, kind = np.nonzero(viable[:, :-1])
        codes = listed[kind]
        wide = np.flatnonzero(viable[:, -1]) if len(others) else np.zeros(0, int)
        if len(node) + len(wide) * len(others) > _MOST:
            return None
        if len(wide):
            node = np.concatenate([node, np.repeat(wide, len(others))])
            codes = np.concatenate([codes, np.tile(others, len(wide))])
        begins = begins[node] + codes.astype(np.uint64) * PLACES[depth]
        order = np.argsort(begins, kind="stable")  # neighbours in the keys are searched one after the other
        begins, node, codes = begins[order], node[order], codes[order]
        if depth < register.header.table_places:
            low, high = prefix_range(register, begins, depth + 1)
        else:
            low = np.searchsorted(keys, begins).astype(np.int64)
            inside = low < len(keys)
            inside[inside] = keys[low[inside]] - begins[inside] < PLACES[depth]
            low, begins = low[inside], begins[inside]
            node, codes = node[inside], codes[inside]
            high = np.searchsorted(keys, begins + PLACES[depth] - np.uint64(1), "right")
        inside = high > low
        low, high, begins = low[inside], high[inside], begins[inside]
        weights = channel.step(weights[node[inside]], codes[inside])
    else:
        # twelve characters are matched: keys that end here, and longer ones
        if len(low):
            if (high - low).sum() > _MOST:
                return None
            found.append(_each(register, channel, least, low, high, weights, WORD))
    return _ranked(register, least, found)


@dataclass(frozen=True)
class _Some:
    """Some keys that may be within the bound, as `Found` has them."""

    first: Places
    count: Places
    weight: Floats


def _each(
    register: Register, channel: Channel, least: float, low: Places, high: Places, weights: Floats, depth: int
) -> _Some:  # fmt: skip
    """All entries of some ranges, whose first ``depth`` characters have these weights."""
    entries = _ranges(low, high)
    begun = np.repeat(weights, high - low, axis=0)
    weight = channel.score(codes_of_entries(register, entries), begun, depth, least)
    within = weight >= least
    return _Some(entries[within], np.ones(int(within.sum()), np.int64), weight[within])


def _listed(channel: Channel) -> tuple[Places, Places]:
    """Codes of the characters that some slot lists, and of all others."""
    codes = np.arange(1, len(CHARACTERS) + 1)
    match = channel.match[codes]
    named = (match > _LISTED * np.median(match, axis=0)).any(axis=1)
    if channel.match[OTHER].any():
        return np.append(codes[named], OTHER), codes[~named]
    return codes[named], codes[~named]


def _ranges(low: Places, high: Places) -> Places:
    """All numbers from ``low`` to before ``high``."""
    sizes = high - low
    starts = np.cumsum(sizes) - sizes
    return np.repeat(low - starts, sizes) + np.arange(sizes.sum())


def codes_of_entries(register: Register, entries: Places) -> Codes:
    """Codes of the keys at some places of a register (N, L)."""
    words = register.keys[entries][:, None]
    if len(register.long_entries):
        at = np.minimum(
            np.searchsorted(register.long_entries, entries.astype(np.uint32)), len(register.long_entries) - 1
        )
        long = register.long_entries[at] == entries
        if long.any():
            further = np.zeros((len(entries), register.long_words.shape[1]), np.uint64)
            further[long] = register.long_words[at[long]]
            words = np.hstack([words, further])
    return unpack(words)


def _ranked(register: Register, least: float, some: list[_Some]) -> Found:
    """Every key once, best first."""
    empty = np.zeros(0, np.int64)
    first = np.concatenate([empty, *(one.first for one in some)])
    count = np.concatenate([empty, *(one.count for one in some)])
    weight = np.concatenate([np.zeros(0), *(one.weight for one in some)])
    if not len(first):
        return Found(empty, empty, np.zeros(0))
    order = np.argsort(first, kind="stable")
    first, count, weight = first[order], count[order], weight[order]
    codes = codes_of_entries(register, first)
    starts = np.flatnonzero(np.append(True, (codes[1:] != codes[:-1]).any(axis=1)))
    count = np.add.reduceat(count, starts)
    first, weight = first[starts], weight[starts]
    order = np.argsort(-weight, kind="stable")
    return Found(first[order], count[order], weight[order])
