"""Names and counts as text that is safe to show on a terminal."""

from __future__ import annotations

import os

from serialscan.batch.run import Tally


def printable(text: str) -> str:
    """The text with control characters and undecodable bytes escaped: a file name may hold any."""
    clean = os.fsencode(text).decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in clean)


def summary(tally: Tally) -> str:
    """One line that accounts for every file seen."""
    parts = [f"{_count(tally.done, 'photo')}: {tally.ok} read, {tally.failed} failed"]
    skipped = tally.skipped
    left_out = [
        f"{skipped.hidden} hidden" if skipped.hidden else "",
        f"{skipped.other} other" if skipped.other else "",
        _count(skipped.links, "link") if skipped.links else "",
        _count(skipped.folders, "subfolder") + " (-r enters them)" if skipped.folders else "",
    ]
    if any(left_out):
        parts.append("skipped " + ", ".join(filter(None, left_out)))
    if tally.items:
        parts.append(_count(tally.items, "item"))
    if tally.without_item:
        parts.append(f"{_count(tally.without_item, 'photo')} without an item")
    if tally.done and tally.seconds:
        parts.append(speed(tally.done / tally.seconds))
    if tally.interrupted:
        total = f"{tally.done} of {tally.total}" if tally.total is not None else f"{tally.done}"
        parts.insert(0, f"interrupted, {total} read; what was written is valid")
    return "; ".join(parts)


def speed(per_second: float) -> str:
    """Photos per second with a useful number of digits."""
    return f"{per_second:.{2 if per_second < 10 else 0}f} photos/s"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
