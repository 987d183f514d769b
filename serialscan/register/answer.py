"""What a search says: the types of a match and their JSON."""

from __future__ import annotations

from typing import Literal

import msgspec

AbsentReason = Literal[
    "hole_in_block", "same_number", "unknown_block", "unknown_shape", "partial_reading", "not_on_record"
]  # fmt: skip


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base: immutable and keyword-only."""


class Difference(_Part, frozen=True, kw_only=True):
    """One character that differs; an empty one is none.

    ``at`` is its place in what was searched for, from 1.
    """

    at: int
    read: str
    register: str


class Block(_Part, frozen=True, kw_only=True):
    """A block of consecutive numbers: its first and last serial, and how many of its numbers are on record.

    ``place`` is that of the serial among its numbers, from 1; ``numbers`` all that it spans.
    """

    first: str
    last: str
    on_record: int
    numbers: int
    place: int


class RowOf(_Part, frozen=True, kw_only=True):
    """A row as it stands in its list.

    ``line`` is where it begins there; ``number`` counts the rows of the register from 0.
    """

    number: int
    source: str
    line: int
    cells: dict[str, str]


class Entry(_Part, frozen=True, kw_only=True):
    """One serial of the register.

    ``posterior`` is the probability that it is the item's, ``margin`` how much it is above the next one.
    ``row`` is the row that agrees best with what else is known, ``same_serial`` are others with this serial,
    of ``rows`` in all; ``makers`` are named where they are several.
    """

    serial: str
    posterior: float
    margin: float
    differs: tuple[Difference, ...]
    block: Block | None
    row: RowOf
    rows: int = 1
    same_serial: tuple[RowOf, ...] = ()
    makers: tuple[str, ...] = ()


class Absent(_Part, frozen=True, kw_only=True):
    """That the item is not in the register: how probable that is, and what it would mean.

    ``detail`` says so for people; ``block`` is that of a hole.
    """

    probability: float | None
    reason: AbsentReason
    detail: str
    block: Block | None = None


class Rest(_Part, frozen=True, kw_only=True):
    """Serials within the bound that are not listed; None where there were too many to count."""

    entries: int | None
    posterior: float | None


class Match(_Part, frozen=True, kw_only=True):
    """What one register says of one number.

    ``bound``: every serial that explains what was seen at least this well, against the best that may be, was
    looked at. ``disagrees`` names other registers that say otherwise. ``loose`` is the rule of a loose
    search.
    """

    register: str
    sha256: str
    serial: str
    prior_absent: float | None
    entries: tuple[Entry, ...]
    absent: Absent
    rest: Rest
    bound: float | None
    disagrees: tuple[str, ...] = ()
    loose: str | None = None
