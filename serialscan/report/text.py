"""The summary as plain text, for a terminal or a mail."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from serialscan.report.model import STANDINGS, Facts, Row
from serialscan.report.summary import Group, summary_of

_WIDTH = 78  # characters; what mail programs leave as it is
_MOST_NAMED = 20


def text_of(facts: Facts, rows: Sequence[Row]) -> str:
    """The text; what it quotes is as it was found."""
    return "\n".join(_lines(facts, rows)) + "\n"


def _lines(facts: Facts, rows: Sequence[Row]) -> Iterator[str]:
    summary, counts = summary_of(rows), Counter(row.standing for row in rows)
    yield f"REPORT  {facts.title}"
    yield facts.made + (f", for {facts.by}" if facts.by else "")
    if facts.alarm:
        yield from _wrapped(f"ATTENTION: {facts.alarm}", "")
    for name, value in facts.facts:
        yield f"{name}: {value}"
    if facts.selection:
        yield from _wrapped(facts.selection, "")
    yield ""
    yield f"{len(rows):>6} item{'' if len(rows) == 1 else 's'}"
    for standing, words in STANDINGS.items():
        if counts[standing]:
            yield f"{counts[standing]:>6} {words}"
    read = [row for row in rows if row.serial is not None]
    yield from _listed("SERIALS", read, lambda row: f"{row.serial}  ({STANDINGS[row.standing]})")
    yield from _listed("TO REVIEW", summary.review, lambda row: row.told)
    yield from _grouped(f"WITHOUT A SERIAL: {summary.unread_count}", summary.unread)
    yield from _listed(
        "IN CONFLICT", summary.conflicts,
        lambda row: "; ".join(one.message for one in row.conflicts) or row.told,
    )  # fmt: skip
    yield from _grouped("MISSING FOR A TRACE", summary.missing)
    yield from _grouped("SERIAL FOUND, PHOTOGRAPH AGAIN", summary.warned)
    yield ""
    yield from _wrapped("The program proposes. What a person has not decided is not confirmed.", "")


def _listed(title: str, rows: Sequence[Row], told) -> Iterator[str]:  # type: ignore[no-untyped-def]
    if not rows:
        return
    yield ""
    yield title
    for row in rows:
        yield from _wrapped(f"{row.title}: {told(row)}", "  ")


def _grouped(title: str, groups: Sequence[Group]) -> Iterator[str]:
    if not groups:
        return
    yield ""
    yield title
    for group in groups:
        yield from _wrapped(f"{len(group.rows)} {group.code.replace('_', ' ')}: {group.message}", "  ")
        names = [row.title for row in group.rows[:_MOST_NAMED]]
        names += [f"and {len(group.rows) - _MOST_NAMED} more"] if len(group.rows) > _MOST_NAMED else []
        yield from _wrapped(", ".join(names), "    ")


def _wrapped(text: str, indent: str) -> Iterator[str]:
    yield from textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_long_words=False,
        break_on_hyphens=False,
    ) or [indent]  # fmt: skip
