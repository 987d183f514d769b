"""Matches as lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serialscan.register.answer import Block, Entry, Match

_TYPE = ("maker", "model", "calibre", "nsn", "country")


def lines_of(match: Match, meaning: dict[str, str]) -> Iterator[str]:
    """One register's answer: a heading, and a line for each serial and for being absent.

    Args:
        match: the answer.
        meaning: the register's column of each meaning.
    """
    yield f"{match.serial} in {match.register}" + (f" ({match.loose})" if match.loose else "")
    absent = match.absent.probability
    told = [(one.posterior, _entry(one, meaning)) for one in match.entries]
    line = f"{'not in the register':<20}  {match.absent.detail}"
    told.append((absent if absent is not None else -1.0, line))
    for probability, text in sorted(told, key=lambda one: -one[0]):
        yield f"  {f'{probability:6.1%}' if probability >= 0 else '     -'}  {text}"
    rest = match.rest
    if rest.entries:
        share = f", together {rest.posterior:.1%}" if rest.posterior is not None else ""
        yield f"          {rest.entries} further rows fit less well or are not listed{share}"
    if match.disagrees:
        yield f"          disagrees with {', '.join(match.disagrees)}"


def _entry(entry: Entry, meaning: dict[str, str]) -> str:
    cells = entry.row.cells
    kind = " ".join(filter(None, (cells.get(meaning.get(one, ""), "") for one in _TYPE)))
    parts = [f"{entry.serial:<20}", kind]
    if entry.differs:
        parts.append(
            "differs: " + ", ".join(f"{one.read or 'nothing'} for {one.register or 'nothing'} at {one.at}"
                                    for one in entry.differs)
        )  # fmt: skip
    if entry.block is not None:
        parts.append(f"block {block_text(entry.block)}")
    parts.append(f"{entry.row.source} line {entry.row.line}")
    if entry.rows > 1:
        parts.append(f"{entry.rows} rows")
    if entry.makers:
        parts.append(f"used by {', '.join(entry.makers)}")
    return "  ".join(filter(None, parts))


def block_text(block: Block) -> str:
    """A block in a few words."""
    return f"{block.first} to {block.last}, number {block.place} of {block.numbers}"
