"""Which entries of a register explain a lattice well enough: a walk over the lattice, bounded by the keys.

The strings that a lattice can be grow slot by slot. A string is followed as long as the best end that it can
have is within the bound, and as long as some key of the register begins with it. All strings of a slot are
grown at once in NumPy. Equal strings are one, and their weights add up, so at the end each has the weight of
all ways in which the lattice can be it. Method: the measurements in docs/register.md; the idea of a lattice
that walks a lexicon is that of Liu, Koga and Fujisawa (2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serialscan.register.channel import Channel, Floats
from serialscan.register.keys import BASE, CHARACTERS, OTHER, PLACES, WORD, Codes, Words, bisected, unpack
from serialscan.register.register import Register
from serialscan.register.strings import Places, Strings, joined, merged

_MOST: Final = 400_000  # strings of a slot: more means that the lattice tells too little
_FEW: Final = 1500  # strings that are grown on without a look at the keys
_NEAR: Final = 48  # keys with one beginning that are read rather than searched
_DIGITS: Final = 10  # codes from 1 on that are digits
_SIDE_BY_SIDE: Final = 2  # characters that are lost at one place
_LONGER: Final = 4  # characters that a key may have more than the lattice has slots


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

    Ways to a key that are below the bound by themselves do not count towards its weight. No more than two
    characters are lost at one place.

    Returns:
        The keys; None if so many strings are within the bound that the walk was given up.
    """
    slots = len(channel.skip)
    best = channel.best
    least = best[0] * bound
    width = min(1 + register.long_words.shape[1], -(-(slots + _LONGER) // WORD))
    codes = np.arange(1, (OTHER if channel.match[OTHER].any() else len(CHARACTERS)) + 1)
    order = np.argsort(-channel.match[codes], axis=0, kind="stable").T
    falling = np.take_along_axis(channel.match[codes].T, order, axis=1)  # (M, C): the likeliest first
    ranked = codes.astype(np.uint64)[order]
    every = ranked[0] if slots else codes.astype(np.uint64)
    strings = Strings.start(width)
    for slot in range(slots + 1):
        parts = [strings]
        for _ in range(_SIDE_BY_SIDE):  # characters without a slot
            weight = parts[-1].weight * channel.gap[slot]
            open_ = np.flatnonzero(weight * best[slot] >= least)
            if not len(open_):
                break
            grown = _grown(register, parts[-1], open_, weight, every)
            if grown is None:
                return None
            parts.append(grown)
        if slot == slots:
            strings = merged(parts)
            break
        strings = joined(parts)
        least_ratio = least / (strings.weight * best[slot + 1])
        counts = len(every) - falling[slot, ::-1].searchsorted(least_ratio)
        total = int(counts.sum())
        if total > _MOST:
            return None
        each = np.arange(len(counts)).repeat(counts)
        rank = np.arange(total) - (counts.cumsum() - counts).repeat(counts)
        if total > _FEW:
            letters = np.ones(len(counts), bool)
            wide = np.flatnonzero(counts > _DIGITS)
            letters[wide] = _letters_follow(register, strings.take(wide))
            left = np.flatnonzero((ranked[slot].take(rank) <= _DIGITS) | letters.take(each))
            each, rank = each.take(left), rank.take(left)
        weight = strings.weight.take(each) * falling[slot].take(rank)
        parts = [strings.take(each).longer(ranked[slot].take(rank), weight)]
        weight = strings.weight * channel.skip[slot]
        skipped = np.flatnonzero(weight * best[slot + 1] >= least)
        if len(skipped):
            parts.append(Strings(
                strings.words.take(skipped, axis=0), strings.length.take(skipped), weight.take(skipped)
            ))  # fmt: skip
        strings = _looked_up(register, merged(parts))
    return _on_record(register, strings.take(np.flatnonzero(strings.weight >= least)))


def _grown(
    register: Register, strings: Strings, open_: Places, weight: Floats, every: NDArray[np.uint64]
) -> Strings | None:
    """Some strings with any one character more; None if these are too many.

    Where many strings grow the keys tell which characters follow, as long as few keys begin with a string.
    """
    if len(open_) * len(every) <= _FEW:
        each = open_.repeat(len(every))
        return strings.take(each).longer(np.tile(every, len(open_)), weight.take(each))
    some = strings.take(open_)
    grows = weight.take(open_)
    words = some.first_words
    inner = np.flatnonzero((some.length >= register.header.table_places) & (some.length < WORD))
    unit = PLACES.take(some.length.take(inner) - 1)
    low = register.keys.searchsorted(words.take(inner))
    high = register.keys.searchsorted(words.take(inner) + (unit - np.uint64(1)), "right")
    small = high - low <= _NEAR
    inner, low, high = inner[small], low[small], high[small]
    sizes = high - low
    parent = inner.repeat(sizes)
    entries = np.arange(len(parent)) + (low - (sizes.cumsum() - sizes)).repeat(sizes)
    place = PLACES.take(some.length.take(parent))
    begin = register.keys.take(entries) // place
    code = begin % np.uint64(BASE)
    new = np.empty(len(parent), bool)
    new[:1] = True
    new[1:] = (begin[1:] != begin[:-1]) | (parent[1:] != parent[:-1])
    new &= code > 0
    parent, code = parent[new], code[new]
    near = some.take(parent).longer(code, grows.take(parent))
    others = np.ones(len(open_), bool)
    others[inner] = False
    rest = np.flatnonzero(others)
    if len(rest) * len(every) + len(parent) > _MOST:
        return None
    each, code = rest.repeat(len(every)), np.tile(every, len(rest))
    letters = _letters_follow(register, some.take(rest)).repeat(len(every))
    left = np.flatnonzero((code <= _DIGITS) | letters)
    each = each.take(left)
    wide = some.take(each).longer(code.take(left), grows.take(each))
    return joined([near, _looked_up(register, wide)])


def _letters_follow(register: Register, strings: Strings) -> NDArray[np.bool_]:
    """Whether a key goes on with no digit after each string (N,); true where that is not known."""
    inner = np.flatnonzero((strings.length >= register.header.table_places) & (strings.length < WORD))
    words, length = strings.first_words.take(inner), strings.length.take(inner)
    letter = words + np.uint64(_DIGITS + 1) * PLACES.take(length)
    low = register.keys.searchsorted(letter)
    following = register.keys.take(np.minimum(low, len(register.keys) - 1))
    follow = np.ones(len(strings), bool)
    follow[inner] = (following >= letter) & (following - words < PLACES.take(length - 1))
    return follow


def _looked_up(register: Register, strings: Strings) -> Strings:
    """Those with which some key begins; all of them where they are few."""
    if len(strings) <= _FEW:
        return strings
    places = register.header.table_places
    words = strings.first_words
    unit = PLACES[places - 1]
    step = np.append(1, PLACES[:places] // unit).astype(np.int64)  # of the table, for each length
    first = (words // unit).astype(np.int64)
    end = first + step.take(np.minimum(strings.length, places))
    table = register.table
    inside = np.flatnonzero((table.take(first) < table.take(end)) | (strings.length == 0))
    strings = strings.take(inside)
    longer = np.flatnonzero(strings.length > places)
    if not len(longer):
        return strings
    kept = strings.length <= places
    kept[longer] = _begins(register, strings.take(longer))
    return strings.take(np.flatnonzero(kept))


def _begins(register: Register, strings: Strings) -> NDArray[np.bool_]:
    """With which strings (N,) of at least one character a key begins."""
    keys, first = register.keys, strings.first_words
    low = keys.searchsorted(first)
    following = keys.take(np.minimum(low, len(keys) - 1))
    unit = PLACES.take(np.minimum(strings.length, WORD) - 1)
    inside = (following - first < unit) & (following >= first)
    long = np.flatnonzero(inside & (strings.length > WORD))
    if len(long):
        inside[long] = _long_ones(register, strings.take(long))
    return inside


def _long_ones(register: Register, strings: Strings) -> NDArray[np.bool_]:
    """With which strings (N,) of more than twelve characters, whose first word is in a key, a key begins."""
    first = strings.words[:, 0]
    low = register.long_entries.searchsorted(register.keys.searchsorted(first))
    high = register.long_entries.searchsorted(register.keys.searchsorted(first, "right"))
    for place in range(1, strings.words.shape[1]):
        word, column = strings.words[:, place], register.long_words[:, place - 1]
        unit = PLACES.take(np.clip(strings.length - place * WORD, 1, WORD) - 1)
        goes_on = strings.length > place * WORD
        start = bisected(column, low, high, word, right=False)
        end = bisected(column, low, high, word + (unit - np.uint64(1)), right=True)
        low, high = np.where(goes_on, start, low), np.where(goes_on, end, high)
    return high > low


def _on_record(register: Register, strings: Strings) -> Found:
    """The strings that are keys of the register, best first."""
    keys = register.keys
    words = strings.all_words
    low = keys.searchsorted(words[:, 0])
    there = np.flatnonzero((keys.take(np.minimum(low, len(keys) - 1)) == words[:, 0]) & (strings.length > 0))
    words, low, weight = words[there], low[there], strings.weight[there]
    high = keys.searchsorted(words[:, 0], "right")
    for at in np.flatnonzero(strings.length[there] >= WORD).tolist():
        low[at], high[at] = _whole(register, words[at], int(low[at]), int(high[at]))
    order = np.lexsort((low, -weight))
    order = order[(high > low)[order]]
    return Found(low[order], (high - low)[order], weight[order])


def _whole(register: Register, words: Words, low: int, high: int) -> tuple[int, int]:
    """Among the keys from ``low`` to before ``high``, whose first word it is, those that are a string."""
    first, end = np.searchsorted(register.long_entries, [low, high]).tolist()
    if len(words) == 1 or not words[1]:
        return low, high - (end - first)  # keys of twelve characters stand before the longer ones
    rest = np.zeros(register.long_words.shape[1], np.uint64)
    rest[: len(words) - 1] = words[1:]
    same = np.flatnonzero((register.long_words[first:end] == rest).all(axis=1))
    if not len(same):
        return low, low
    return int(register.long_entries[first + same[0]]), int(register.long_entries[first + same[-1]]) + 1


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
