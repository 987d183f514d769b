"""What stands first in a report: what needs somebody's attention, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from serialscan.report.model import Row, Told


@dataclass(frozen=True, slots=True)
class Group:
    """Items with the same trouble: its code, what to do in the words of the first one, and the items."""

    code: str
    message: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The troubles of all items.

    Attributes:
        review: items that a person must look at.
        unread: items without a serial that was read, and why, by kind of reason.
        warned: other items, not decided yet, of which a photo should be taken again, by kind of reason.
        conflicts: items with values that exclude each other, or whose reviewers differ.
        missing: what a trace asks for and photos do not show, by field.
        unread_count: items without a serial.
    """

    review: tuple[Row, ...]
    unread: tuple[Group, ...]
    warned: tuple[Group, ...]
    conflicts: tuple[Row, ...]
    missing: tuple[Group, ...]
    unread_count: int


_UNEXPLAINED = Told("no_reason", "no warning says why: look at the photos")


def summary_of(rows: Sequence[Row]) -> Summary:
    """Gather the troubles; groups with most items come first."""
    unread = [row for row in rows if row.standing in ("none", "error") or _no_serial(row)]
    numbers = {row.number for row in unread}
    undecided = [row for row in rows if row.number not in numbers and row.standing != "decided"]
    return Summary(
        review=tuple(row for row in rows if row.standing == "review"),
        unread=_groups((row, told) for row in unread for told in _reasons(row)),
        warned=_groups((row, told) for row in undecided for told in (*row.errors, *row.warnings)),
        conflicts=tuple(row for row in rows if row.conflicts or row.differ),
        missing=_groups((row, told) for row in rows for told in row.missing),
        unread_count=len(unread),
    )


def _reasons(row: Row) -> tuple[Told, ...]:
    """Why an item has no serial; a person's word comes before the program's."""
    if row.standing == "decided":
        return (Told(row.told.partition(", decided ")[0], row.told),)
    return (*row.errors, *row.warnings) or (_UNEXPLAINED,)


def _no_serial(row: Row) -> bool:
    return row.standing == "decided" and row.serial is None


def _groups(pairs: Iterable[tuple[Row, Told]]) -> tuple[Group, ...]:
    messages: dict[str, str] = {}
    found: dict[str, dict[int, Row]] = {}
    counts: Counter[str] = Counter()
    for row, told in pairs:
        messages.setdefault(told.code, told.message)
        if row.number not in found.setdefault(told.code, {}):
            found[told.code][row.number] = row
            counts[told.code] += 1
    return tuple(
        Group(code, messages[code], tuple(found[code].values()))
        for code in sorted(found, key=lambda code: (-counts[code], code))
    )
