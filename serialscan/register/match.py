"""Where a serial stands in a register, given what was seen of it: entries and their posteriors, or absent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from serialscan.register.agree import factors
from serialscan.register.answer import Absent, Block, Difference, Entry, Match, Rest, RowOf
from serialscan.register.background import Background, background
from serialscan.register.channel import Channel, Floats, channel_of
from serialscan.register.keys import codes_of
from serialscan.register.lattice import Lattice
from serialscan.register.register import Register, Row
from serialscan.register.series import numbers_of
from serialscan.register.walk import Found, codes_of_entries, walk

PRIOR_ABSENT: Final = 0.4
"""Probability that an item is not in the register, before anything was seen. Source: docs/register.md."""
BOUNDS: Final = (1.1e-5, 3e-8, 1e-11)
"""Stages of the search: one character out of nothing; two; three. The last is for ``deep``."""
_FEW_LOST: Final = 1e-3  # where characters are lost more often, bounds are higher: two lost ones are enough
_COARSE: Final = (1e-3, 1e-1)  # where so much may stand there that the first stage is given up
_UNSEEN: Final = (
    900  # entries that may lie below a bound, each at it: about those within two edits at 10 million
)
_ENOUGH: Final = 0.01  # share of the whole that may lie below: the next stage cannot change the answer
_FOUND: Final = 0.5  # from here on registers are said to disagree
_OPEN_ENDED: Final = 0.5  # probability of missing characters from which a reading is a part
LISTED: Final = 5
"""Serials that are listed, and rows of one serial."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """How to search.

    Attributes:
        prior_absent: probability that an item is not in the register, before anything was seen.
        deep: go on to the third bound.
        listed: serials that are listed.
    """

    prior_absent: float = PRIOR_ABSENT
    deep: bool = False
    listed: int = LISTED


def match(register: Register, lattice: Lattice, search: Search | None = None) -> Match:
    """What a register says of what was seen.

    Args:
        register: the register.
        lattice: what was seen.
        search: how to search.

    Raises:
        VerifyError: the register is damaged, or was written to.
    """
    search = search or Search()
    register.demand_unchanged()
    if lattice.exact and not lattice.undecided:
        return _exact(register, lattice, search)
    if not lattice.slots or not register.header.rows:
        absent = Absent(probability=1.0, reason="not_on_record", detail="the register has no rows")
        if not lattice.slots:
            absent = Absent(
                probability=None, reason="partial_reading", detail="nothing was read that can be searched"
            )
        return _answer(register, lattice, search, (), absent, Rest(entries=0, posterior=0.0), None)
    channel = channel_of(lattice)
    other = background(register, channel)
    of_types = factors(register, lattice.known)
    found, bound = _staged(register, channel, other, search, max(1.0, (lattice.lost / _FEW_LOST) ** 2))
    if found is None:
        absent = Absent(
            probability=None, reason="partial_reading",
            detail="too little was read: more serials agree with it than can be looked at",
        )  # fmt: skip
        return _answer(register, lattice, search, (), absent, Rest(entries=None, posterior=None), None)
    weight = found.weight * _agreement(register, found, of_types)
    order = np.argsort(-weight, kind="stable")
    found, weight = Found(found.first[order], found.count[order], found.weight[order]), weight[order]
    present = (1 - search.prior_absent) / register.header.rows * weight
    absent_weight = search.prior_absent * other.weight
    whole = float(present.sum()) + absent_weight
    posterior = present / whole if whole > 0 else present
    entries = _entries(register, lattice, found, posterior, of_types, search.listed)
    rest = Rest(entries=int(found.count.sum()) - sum(one.rows for one in entries),
                posterior=_rounded(float(posterior[len(entries) :].sum())))  # fmt: skip
    first = float(posterior[0]) if len(posterior) else 0.0
    absent = _absent(register, lattice, other, absent_weight / whole if whole > 0 else 1.0, first)
    return _answer(register, lattice, search, entries, absent, rest, bound)


def match_all(registers: Sequence[Register], lattice: Lattice, search: Search | None = None) -> list[Match]:
    """What several registers say, and which of them disagree."""
    return told_apart([match(register, lattice, search) for register in registers])


def told_apart(matches: list[Match]) -> list[Match]:
    """Matches of one number in several registers, each with the names of those that say otherwise."""
    said = [_said(one) for one in matches]
    told = []
    for one, own in zip(matches, said, strict=True):
        others = tuple(
            other.register for other, says in zip(matches, said, strict=True)
            if own is not None and says is not None and own != says
        )  # fmt: skip
        told.append(msgspec.structs.replace(one, disagrees=others) if others else one)
    return told


def _said(one: Match) -> str | None:
    """The key that a match is for, empty for none; None where it does not say."""
    if one.entries and one.entries[0].posterior >= _FOUND:
        return one.entries[0].serial.upper()
    return "" if one.absent.probability is not None and one.absent.probability >= _FOUND else None


def _staged(
    register: Register, channel: Channel, other: Background, search: Search, higher: float
) -> tuple[Found | None, float | None]:
    """Search bound by bound, each that much higher, until what lies below cannot change the answer."""
    found, reached = None, None
    for each in BOUNDS if search.deep else BOUNDS[:2]:
        bound = each * higher
        more = walk(register, channel, bound)
        if more is None:
            break
        found, reached = more, bound
        rows = register.header.rows
        below = _UNSEEN * bound * channel.best[0] / rows
        seen = float(found.weight @ found.count) / rows + search.prior_absent * other.weight
        if below <= _ENOUGH * seen:
            break
    for bound in _COARSE:
        if found is None and (found := walk(register, channel, bound)) is not None:
            reached = bound
    return found, reached


def _agreement(register: Register, found: Found, of_types: Floats | None) -> Floats:
    """For each key the sum over its rows of how well their types agree."""
    if of_types is None or not len(found.first):
        return found.count.astype(float)
    sizes = found.count
    starts = np.cumsum(sizes) - sizes
    entries = np.repeat(found.first - starts, sizes) + np.arange(sizes.sum())
    types = np.minimum(register.key_types[entries], len(of_types) - 1)
    return np.asarray(np.add.reduceat(of_types[types], starts))


def _entries(
    register: Register,
    lattice: Lattice,
    found: Found,
    posterior: Floats,
    of_types: Floats | None,
    listed: int,
) -> tuple[Entry, ...]:
    entries = []
    read = lattice.key
    shown = min(listed, len(found.first))
    blocks = blocks_of_entries(register, found.first[:shown])
    for n in range(shown):
        first, count = int(found.first[n]), int(found.count[n])
        following = float(posterior[n + 1]) if n + 1 < len(posterior) else 0.0
        places, own = np.arange(first, first + count), float(posterior[n])
        entries.append(entry_of(register, read, places, of_types, own, own - following, blocks[n]))
    return tuple(entries)


def entry_of(
    register: Register, read: str, places: NDArray[np.int64], of_types: Floats | None, posterior: float,
    margin: float, block: Block | None,
) -> Entry:  # fmt: skip
    """The entry of one serial.

    Args:
        register: the register.
        read: what was searched for, as a key; empty for a pattern.
        places: of its rows, in the order of the keys.
        of_types: how well each type agrees with what else is known.
        posterior: probability that it is the item's.
        margin: how much that is above the next one.
        block: the block that it is in.
    """
    rows = register.key_rows[places].astype(np.int64)
    types = register.key_types[places]
    if of_types is not None:
        order = np.lexsort((rows, -of_types[np.minimum(types, len(of_types) - 1)]))
    else:
        order = np.argsort(rows, kind="stable")
    shown = [register.row(int(row)) for row in rows[order[: LISTED + 1]]]
    key = register.key_text(int(places[0]))
    makers = sorted(
        {register.types[kind][0] for kind in np.unique(types).tolist() if kind < len(register.types)}
    )
    makers = [maker for maker in makers if maker]
    return Entry(
        serial=shown[0].cells[register.header.meaning["serial"]], posterior=_rounded(posterior),
        margin=_rounded(margin), differs=differences(read, key) if read else (),
        block=block,
        row=_row(shown[0]), rows=len(places), same_serial=tuple(map(_row, shown[1:])),
        makers=tuple(makers) if len(makers) > 1 else (),
    )  # fmt: skip


def _row(row: Row) -> RowOf:
    return RowOf(number=row.number, source=row.source, line=row.line, cells=row.cells)


def differences(read: str, key: str) -> tuple[Difference, ...]:
    """What differs between what was searched for and a key."""
    found = []
    for one in Levenshtein.editops(read, key):
        before = "" if one.tag == "insert" else read[one.src_pos]
        after = "" if one.tag == "delete" else key[one.dest_pos]
        if before != "?":
            found.append(Difference(at=one.src_pos + 1, read=before, register=after))
    return tuple(found)


def blocks_of_entries(register: Register, places: NDArray[np.int64]) -> list[Block | None]:
    """The blocks of some entries, by the places of their keys."""
    numbers = numbers_of(codes_of_entries(register, places))
    found = register.blocks.find(numbers).tolist()
    return [_block(register, at, value) for at, value in zip(found, numbers.value.tolist(), strict=True)]


def block_of(register: Register, key: str, block: int | None = None) -> Block | None:
    """The block that a key is in, or would be."""
    numbers = numbers_of(codes_of([key]))
    at = int(register.blocks.find(numbers)[0]) if block is None else block
    return _block(register, at, int(numbers.value[0]))


def _block(register: Register, at: int, value: int) -> Block | None:
    if at < 0:
        return None
    blocks = register.blocks
    first, last = int(blocks.first[at]), int(blocks.last[at])
    return Block(
        first=register.key_text(int(blocks.first_entry[at])),
        last=register.key_text(int(blocks.last_entry[at])),
        on_record=int(blocks.count[at]), numbers=last - first + 1, place=value - first + 1,
    )  # fmt: skip


def _absent(
    register: Register, lattice: Lattice, other: Background, probability: float, first: float
) -> Absent:
    probability = _rounded(probability)
    open_ended = lattice.before + lattice.after
    if first < _FOUND and (lattice.undecided or open_ended > _OPEN_ENDED):
        what = (
            f"characters undecided: {lattice.undecided}" if lattice.undecided else "characters may be missing"
        )
        return Absent(
            probability=probability, reason="partial_reading", detail=f"{what}; several serials agree"
        )
    if other.hole >= _FOUND and other.block >= 0:
        block = block_of(register, other.missing, other.block)
        assert block is not None
        return Absent(
            probability=probability, reason="hole_in_block", block=block,
            detail=f"{other.missing} is not on record, but {block.on_record} of the {block.numbers} numbers "
            f"from {block.first} to {block.last} are",
        )  # fmt: skip
    if other.on_record:
        return Absent(
            probability=probability, reason="same_number",
            detail="the number is on record, but of another item than this one",
        )  # fmt: skip
    if other.seen_shape:
        return Absent(
            probability=probability, reason="unknown_block",
            detail="serials of this shape are on record, but no block around this number",
        )  # fmt: skip
    return Absent(
        probability=probability, reason="unknown_shape", detail="no serial of this shape is on record"
    )  # fmt: skip


def _exact(register: Register, lattice: Lattice, search: Search) -> Match:
    """What a code says is searched for as it stands, and nothing else."""
    found = register.find(lattice.key)
    entries: tuple[Entry, ...] = ()
    detail = "a code names this serial, and the register does not have it"
    if len(found):
        of_types = factors(register, lattice.known)
        entries = (
            entry_of(register, lattice.key, found, of_types, 1.0, 1.0, block_of(register, lattice.key)),
        )
        detail = "a code names this serial, and the register has it"
    block = block_of(register, lattice.key) if not entries else None
    absent = Absent(
        probability=0.0 if entries else 1.0, reason="hole_in_block" if block else "not_on_record",
        detail=detail, block=block,
    )  # fmt: skip
    return _answer(register, lattice, search, entries, absent, Rest(entries=0, posterior=0.0), None)


def _answer(
    register: Register, lattice: Lattice, search: Search, entries: tuple[Entry, ...], absent: Absent,
    rest: Rest, bound: float | None,
) -> Match:  # fmt: skip
    return Match(
        register=register.header.name, sha256=register.sha256, serial=lattice.text,
        prior_absent=search.prior_absent, entries=entries, absent=absent, rest=rest, bound=bound,
    )  # fmt: skip


def _rounded(probability: float) -> float:
    """Four places, as all confidences of a record have them."""
    return round(probability, 4)
