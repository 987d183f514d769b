"""How likely a lattice is if its serial is not in the register: what every entry must beat.

A third each: the number is a hole in a block; it has the shape of those on record, with any digits; it is
like those on record as far as a trie of them knows. Source: the measurements in docs/register.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from serialscan.register.channel import Channel
from serialscan.register.keys import CHARACTERS, OTHER, PLACES, WORD, Codes, pack, text_of, unpack
from serialscan.register.register import Register
from serialscan.register.series import mixed, numbers_of, shapes_of
from serialscan.register.strings import Floats, Strings, merged

SAME_NUMBER: Final = 0.02
"""How much rarer an item outside the register has a number that is in it. Source: docs/register.md."""
_STRINGS: Final = 150  # likeliest strings of a lattice
_LEAST: Final = 1.5e-3  # a character weighs this much of the best one, or is left out
_CHARACTERS: Final = 8  # of a slot that is not open
_OPEN: Final = 0.02  # weight of a character without a slot from which it is one of the likeliest strings
_ADDED_TO: Final = 2  # strings that a character is added to at every place
_LITERAL, _ALIKE, _ANY = 0.8, 0.18, 0.02  # shares of shapes: letters as they stand, any letters, anything
_LETTERS: Final = 24  # letters of a shape that letters are free in
_LENGTHS: Final = 8  # lengths of serials that anything may have: 5 to 12
_DIGITS: Final = 10


@dataclass(frozen=True)
class Background:
    """The weight of a lattice that is of no entry.

    Attributes:
        weight: in the units of `Channel`, as a mean over what it may be.
        hole: share of it that stems from holes in blocks.
        block: the block whose hole is likeliest, or -1.
        missing: the key of that hole.
        seen_shape: whether the likeliest string has a shape that is on record.
        on_record: whether it is itself on record.
    """

    weight: float
    hole: float
    block: int
    missing: str
    seen_shape: bool
    on_record: bool


def background(register: Register, channel: Channel) -> Background:
    """Weigh the likeliest strings of a lattice by how usual they are outside of the register."""
    codes, weights = likeliest(channel)
    words = pack(codes)
    trie, on_record = _trie(register, words)
    shape, seen = _shapes(register, codes)
    numbers = numbers_of(codes)
    blocks = register.blocks.find(numbers)
    hole = (blocks >= 0) & ~on_record
    holes = register.header.holes
    usual = (trie + shape + (hole / holes if holes else 0.0)) / 3
    usual = usual * np.where(on_record, SAME_NUMBER, 1.0)
    total = float(weights @ usual)
    by_hole = weights * (hole / holes / 3 if holes else np.zeros(len(weights)))
    best = int(by_hole.argmax())
    likeliest_string = int(weights.argmax())
    return Background(
        weight=total,
        hole=float(by_hole.sum() / total) if total > 0 else 0.0,
        block=int(blocks[best]) if by_hole[best] > 0 else -1,
        missing=text_of(codes[best]) if by_hole[best] > 0 else "",
        seen_shape=bool(seen[likeliest_string]),
        on_record=bool(on_record[likeliest_string]),
    )


def likeliest(channel: Channel) -> tuple[Codes, Floats]:
    """The likeliest strings of a lattice (S, L) and their weights (S,), which sum to all that it can be."""
    slots = len(channel.skip)
    strings = Strings.start(-(-(slots + 1 + int((channel.gap >= _OPEN).sum())) // WORD))
    total = 1.0
    for place in range(slots + 1):
        if channel.gap[place] >= _OPEN:  # here a character is missing, perhaps
            each = np.arange(len(strings)).repeat(len(CHARACTERS))
            any_one = np.tile(np.arange(1, len(CHARACTERS) + 1, dtype=np.uint64), len(strings))
            weight = strings.weight * channel.gap[place]
            strings = merged([strings, strings.take(each).longer(any_one, weight.take(each))])
        if place == slots:
            break
        match, skip = channel.match[1 : OTHER + 1, place], float(channel.skip[place])
        top = max(float(match.max()), skip)
        options = np.flatnonzero(match > top * _LEAST)
        if len(options) > _CHARACTERS and match[options].max() > 2 * match[options].min():
            options = options[np.argsort(-match[options], kind="stable")[:_CHARACTERS]]
        each = np.arange(len(strings)).repeat(len(options))
        chosen = np.tile(options, len(strings))
        weight = strings.weight.take(each) * match.take(chosen)
        parts = [strings.take(each).longer(chosen.astype(np.uint64) + np.uint64(1), weight)]
        if skip > top * _LEAST:
            parts.append(Strings(strings.words, strings.length, strings.weight * skip))
        whole = merged(parts)
        strings = whole.take(np.argsort(-whole.weight, kind="stable")[:_STRINGS])
        total *= float(whole.weight.sum() / strings.weight.sum())
    strings = strings.take(np.flatnonzero(strings.length > 0))
    codes = unpack(strings.all_words)
    some = [_with_one_more(one) for one in codes[:_ADDED_TO]]
    added = np.unique(np.concatenate([codes[:0], *some]), axis=0)
    new = ~np.isin(mixed(pack(added)), mixed(pack(codes)))
    everything = np.concatenate([codes, added[new]])
    weights = np.concatenate([strings.weight, channel.score(added[new])])
    return everything, total * weights


def _with_one_more(string: NDArray[np.uint8]) -> Codes:
    """A string (L,) with a character more at every place: any digit, behind a letter anything."""
    length = int((string > 0).sum())
    place = np.arange(length + 1)
    many = np.where(string[np.maximum(place - 1, 0)] <= _DIGITS, _DIGITS, len(CHARACTERS))
    at = place.repeat(many)
    column = np.arange(len(string))
    codes = string[column - (column > at[:, None])]
    codes[np.arange(len(at)), at] = np.arange(len(at)) - (many.cumsum() - many).repeat(many) + 1
    return codes


def _trie(register: Register, words: NDArray[np.uint64]) -> tuple[Floats, NDArray[np.bool_]]:
    """Probability of each string by what follows its beginnings on record; whether it is on record."""
    keys = register.keys
    codes = unpack(words[:, :1])
    follows = register.section("follows").astype(float) + 1.0
    follows /= follows.sum(axis=1, keepdims=True)
    begins = (words[:, :1] // PLACES) * PLACES  # (S, 12): the beginning up to each place
    unique, where = np.unique(begins, return_inverse=True)
    low = np.asarray(np.searchsorted(keys, unique))[where.reshape(begins.shape)]
    ends = begins + (PLACES - np.uint64(1))
    unique, where = np.unique(ends, return_inverse=True)
    high = np.asarray(np.searchsorted(keys, unique, "right"))[where.reshape(begins.shape)]
    count = (high - low).astype(float)
    before = np.hstack([np.full((len(words), 1), float(len(keys))), count[:, :-1]])
    kind = np.zeros((len(words), WORD), np.int64)
    kind[:, 1:] = np.where(codes[:, :-1] <= _DIGITS, 1, 2)
    ratio = (count + follows[kind, codes]) / (before + 1.0)
    going = np.hstack([np.ones((len(words), 1), bool), codes[:, :-1] > 0])
    chance = np.where(going, ratio, 1.0).prod(axis=1)
    on_record = count[:, -1] > 0
    if words.shape[1] > 1:
        rest = unpack(words[:, 1:])
        kind = np.where(np.hstack([codes[:, -1:], rest[:, :-1]]) <= _DIGITS, 1, 2)
        going = np.hstack([codes[:, -1:] > 0, rest[:, :-1] > 0])
        chance = chance * np.where(going, follows[kind, rest], 1.0).prod(axis=1)
        for n in np.flatnonzero(on_record & (words[:, 1] > 0)).tolist():
            on_record[n] = bool(len(register.find(text_of(unpack(words[n : n + 1])[0]))))
    return chance, on_record


def _shapes(register: Register, codes: Codes) -> tuple[Floats, NDArray[np.bool_]]:
    literal, alike = shapes_of(codes)
    digits = ((codes > 0) & (codes <= _DIGITS)).sum(axis=1)
    length = (codes > 0).sum(axis=1)
    letters = length - digits
    sampled = max(1, register.header.sampled)
    share = _counts(register, "shapes", literal) / sampled
    share_alike = _counts(register, "alike_shapes", alike) / sampled
    free = 0.1 ** digits.astype(float)
    chance = (
        _LITERAL * share * free
        + _ALIKE * share_alike * free * (1.0 / _LETTERS) ** letters
        + _ANY * (1.0 / len(CHARACTERS)) ** length / _LENGTHS
    )
    return chance, (share > 0) | (share_alike > 0)


def _counts(register: Register, name: str, wanted: NDArray[np.uint64]) -> Floats:
    known, counts = register.section(name), register.section(f"{name}_counts")
    if not len(known):
        return np.zeros(len(wanted))
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, counts[at], 0).astype(float)
