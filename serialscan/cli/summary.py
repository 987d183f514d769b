"""What a scan tells a person at its end: what was found, what failed, what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from serialscan.batch.found import NAMED, UNSURE
from serialscan.batch.inputs import Why
from serialscan.batch.tally import Tally
from serialscan.cli.text import speed
from serialscan.printable import printable


def summary(tally: Tally, about: Sequence[str] = (), next_steps: str = "") -> list[str]:
    """Lines that account for every file seen and every serial.

    Args:
        tally: the counts of a run.
        about: what a person should know of the reader.
        next_steps: what a person may do with the records.
    """
    lines = ["; ".join((_files(tally), *about))]
    found = tally.found
    if tally.ok:
        lines.append(f"serials: {_decisions(found.photos)}")
        if found.unsure:
            lines[-1] += f"; {found.unsure} of those for review are less than {UNSURE:.0%} sure"
    if found.items:
        lines.append(f"items: {_decisions(found.items)}")
    if found.copies:
        copies = count(found.copies, "photo")
        lines.append(f"copies: {copies} with the same content as another, which the records name")
    lines += [f"failed: {printable(path)}: {printable(message)}" for path, message in found.failed]
    failures = tally.failed + tally.items - found.items.total()
    if failures > NAMED:
        lines.append(f"and {failures - NAMED} more failed: their records say why")
    return lines + ([next_steps] if next_steps and tally.ok else [])


def _files(tally: Tally) -> str:
    """One line that accounts for every file seen."""
    parts = [f"{count(tally.done, 'photo')}: {tally.ok} read, {tally.failed} failed"]
    parts += _skipped(tally.skipped.counts)
    if tally.items:
        parts.append(count(tally.items, "item"))
    if tally.without_item:
        parts.append(f"{count(tally.without_item, 'photo')} without an item")
    if tally.earlier:
        parts[0] += f", {tally.earlier} of them by an earlier run"
    if tally.twins:
        parts[0] += f", {tally.twins} with the content of another"
    if (new := tally.done - tally.earlier - tally.twins) and tally.seconds:
        parts.append(speed(new / tally.seconds))
    if tally.interrupted:
        total = f"{tally.done} of {tally.total}" if tally.total is not None else f"{tally.done}"
        parts.insert(0, f"interrupted, {total} read; what was written is valid")
    return "; ".join(parts)


def _decisions(counts: Mapping[str, int]) -> str:
    return (
        f"{counts['accept']} accepted, {counts['review']} for review (a person must look), "
        f"{counts['none']} without a serial"
    )


def _skipped(counts: Mapping[Why, int]) -> Iterator[str]:
    """What was left out of folders, by kind, and what may hold photos."""
    hold_photos = [(Why.ARCHIVE, "archive"), (Why.DOCUMENT, "document"), (Why.VIDEO, "video")]
    told = [f"{counts[Why.HIDDEN]} hidden"] if counts.get(Why.HIDDEN) else []
    told += [count(counts[why], noun) for why, noun in hold_photos if counts.get(why)]
    other = counts.get(Why.OTHER, 0) + counts.get(Why.SPECIAL, 0)
    told += [f"{other} other"] if other else []
    told += [f"{counts[Why.GLOB]} by --include or --exclude"] if counts.get(Why.GLOB) else []
    told += [count(counts[Why.LINK], "link")] if counts.get(Why.LINK) else []
    told += [count(counts[Why.FOLDER], "subfolder") + " (-r enters them)"] if counts.get(Why.FOLDER) else []
    if told:
        yield "skipped " + ", ".join(told) + ": -v names them"
    if any(counts.get(why) for why, _ in hold_photos):
        yield "archives, documents and videos may hold photos: take them out and scan them"


def count(number: int, noun: str) -> str:
    """The number and its noun, with an s if it takes one."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
