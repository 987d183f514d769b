"""Names and counts as text that is safe to show on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import click

from serialscan.batch.inputs import Why
from serialscan.batch.run import Tally
from serialscan.printable import printable
from serialscan.record import Tool


def say(text: str, *, err: bool = False) -> None:
    """Print text for people; whatever it quotes cannot drive their terminal, nor stop for its encoding."""
    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"
    shown = printable(text, keep="\n\t")
    click.echo(shown.encode(encoding, "backslashreplace").decode(encoding), err=err)


def summary(tally: Tally) -> str:
    """One line that accounts for every file seen."""
    parts = [f"{_count(tally.done, 'photo')}: {tally.ok} read, {tally.failed} failed"]
    parts += _skipped(tally.skipped.counts)
    if tally.items:
        parts.append(_count(tally.items, "item"))
    if tally.without_item:
        parts.append(f"{_count(tally.without_item, 'photo')} without an item")
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


def about_reader(tool: Tool) -> list[str]:
    """What a person should know of a run's reader before trusting its confidences."""
    if tool.engine == "null":
        return ["nobody looked at the photos: the engine is null"]
    if tool.fitted_to and tool.recipe != tool.fitted_to:
        return [f"confidences were fitted to effort {tool.fitted_to}, and this run used {tool.recipe}"]
    return []


def _skipped(counts: Mapping[Why, int]) -> list[str]:
    """What was left out of folders, by kind, and what may hold photos."""
    hold_photos = [(Why.ARCHIVE, "archive"), (Why.DOCUMENT, "document"), (Why.VIDEO, "video")]
    told = [f"{counts[Why.HIDDEN]} hidden"] if counts.get(Why.HIDDEN) else []
    told += [_count(counts[why], noun) for why, noun in hold_photos if counts.get(why)]
    other = counts.get(Why.OTHER, 0) + counts.get(Why.SPECIAL, 0)
    told += [f"{other} other"] if other else []
    told += [f"{counts[Why.GLOB]} by --include or --exclude"] if counts.get(Why.GLOB) else []
    told += [_count(counts[Why.LINK], "link")] if counts.get(Why.LINK) else []
    told += [_count(counts[Why.FOLDER], "subfolder") + " (-r enters them)"] if counts.get(Why.FOLDER) else []
    if not told:
        return []
    parts = ["skipped " + ", ".join(told) + ": -v names them"]
    if any(counts.get(why) for why, _ in hold_photos):
        parts.append("archives, documents and videos may hold photos: take them out and scan them")
    return parts


def speed(per_second: float) -> str:
    """Photos per second with a useful number of digits."""
    return f"{per_second:.{2 if per_second < 10 else 0}f} photos/s"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
