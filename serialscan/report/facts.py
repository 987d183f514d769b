"""What a report says of itself: who asked for it, what it leaves out, what was not looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from serialscan import __version__
from serialscan.report.model import STANDINGS, Facts, Section, Standing
from serialscan.report.origin import CaseOrigin, Origin
from serialscan.report.write import Selected

# Warnings that tell of something that was not looked at, with what that is.
_NOT_SEEN = {
    "other_pictures": "Photos whose files hold further pictures, which were not read",
    "pixels_unchecked": "Photos of which it is not known whether their data are damaged",
    "raw_preview": "RAW files of which only the picture inside was read",
}

_READING_HELP = (
    "Under each mark stands what was read from it, character by character. A character on a coloured ground "
    "is doubtful: its confidence is below 0.95. What else it may be stands below it (∅: no character), and "
    "after 'Doubtful'.",
    "A confidence is the probability, by the program, that all of it is right. It is no error rate.",
    "What a person decided stands as the serial. What the program had read stays beside it. A dashed outline "
    "was drawn by a person.",
    "Control characters, and marks that turn the direction of writing, are written as numbers, as \\u202e.",
)


def facts_of(
    origin: Origin, selected: Selected, chosen: Sequence[str], standings: Collection[Standing], by: str,
    alarm: str, now: datetime,
) -> Facts:  # fmt: skip
    """The facts of a report.

    Args:
        origin: what it is made from.
        selected: what it is about.
        chosen: names that were asked for.
        standings: which were asked for.
        by: who asked for it.
        alarm: what is wrong with the case; empty if nothing is.
        now: the time.
    """
    asked = []
    if chosen:
        asked.append(f"only {', '.join(chosen)}")
    if standings:
        asked.append(
            f"only what is {' or '.join(STANDINGS[one] for one in STANDINGS if one in standings)} "
            f"({selected.left_out} left out)"
        )
    return Facts(
        title=origin.title,
        made=f"Made {now:%Y-%m-%d %H:%M} UTC with serialscan {__version__}",
        by=by,
        alarm=alarm,
        facts=origin.facts(),
        selection=f"A selection: {'; '.join(asked)}." if asked else "",
        sections=(
            Section("How to read this report", _READING_HELP),
            *origin.sections(),
            Section("What was not looked at", tuple(_not_seen(origin, selected))),
        ),
    )


def _not_seen(origin: Origin, selected: Selected) -> list[str]:
    rows = selected.rows
    told = list(origin.selections()) if isinstance(origin, CaseOrigin) else []
    counts = Counter(code for row in rows for code in {one.code for one in row.warnings})
    told += [f"{words}: {counts[code]}." for code, words in _NOT_SEEN.items() if counts[code]]
    failed = sum(bool(row.errors) for row in rows)
    if failed:
        told.append(f"Items with photos that were not read: {failed}. Why stands with each.")
    undecided = sum(row.standing != "decided" for row in rows)
    told.append(
        f"No person has decided on {undecided} of {len(rows)} items."
        if origin.is_case
        else "Whether a person has looked at these readings is not known here: records hold no decisions."
    )
    told += [
        "Files that a run leaves out (hidden files, archives, documents, videos, links) have no record. A "
        "scan counts them when it ends, and names them with -v.",
        "What a trace form asks for is told of items only, not of photos that belong to none.",
        "Signs without letters or digits are not read: proof marks, triangles, arrows, inspectors' stamps.",
    ]
    return told
