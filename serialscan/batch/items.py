"""Photos that belong together: which tasks that makes of a run's inputs, and one such task done."""

from __future__ import annotations

import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from serialscan.batch.task import Fusion, Input, Task
from serialscan.items import MOST_PHOTOS, Grouping, Plan, make_plan, scan_item, unfused_item
from serialscan.marking import Knowledge
from serialscan.printable import printable
from serialscan.record import Error, ErrorCode, ItemRecord, Line, PhotoRecord


def plan_items(inputs: Sequence[Input], grouping: Grouping) -> Plan:
    """Tell the item of every input.

    Raises:
        SettingsError: the grouping is bad.
    """
    return make_plan([_path(task) for task in inputs], grouping)


def with_fusions(inputs: Sequence[Input], plan: Plan) -> Iterator[Task]:
    """The inputs, and behind the last photo of each item the task to put them together."""
    sizes = Counter(plan.items)
    left = sizes.copy()
    for task, item in zip(inputs, plan.items, strict=True):
        if item is None:
            yield task
            continue
        yield replace(task, item=item, crowded=sizes[item] > MOST_PHOTOS)
        left[item] -= 1
        if not left[item]:
            yield Fusion(item, sizes[item], plan.case.get(item, {}))


def fuse(
    fusion: Fusion, records: Sequence[PhotoRecord], knowledge: Knowledge, *, tracebacks: bool
) -> ItemRecord:
    """Put the photos of one item together; whatever is wrong becomes its record.

    Args:
        fusion: the task.
        records: of its photos, in input order, as ``light`` leaves them.
        knowledge: that which the photos were read with.
        tracebacks: show the traceback of an internal error on stderr.
    """
    if fusion.photos > MOST_PHOTOS:
        message = (
            f"{fusion.photos} photos were put together to one item, and at most {MOST_PHOTOS} can be: "
            "check --items; each item needs a folder, a name or rows of its own"
        )
        return unfused(fusion, records, "too_many_photos", message)
    try:
        return scan_item(fusion.item, records, knowledge, fusion.case)
    except Exception as error:  # it must not cost the photos that follow
        if tracebacks:
            sys.stderr.write(printable(traceback.format_exc(), keep="\n"))
        reason = printable(f"{type(error).__name__}: {error}")
        message = f"internal error ({reason}): its photos' records stand; report it"
        return unfused(fusion, records, "internal_error", message)


def unfused(fusion: Fusion, records: Sequence[PhotoRecord], code: ErrorCode, message: str) -> ItemRecord:
    """The record of an item that could not be put together."""
    return unfused_item(fusion.item, records, Error.of(code, message), fusion.case)


def light(record: PhotoRecord, task: Input) -> PhotoRecord:
    """The record without what an item does not need, since many may wait for the last photo of theirs."""
    lines = () if task.crowded else tuple(map(_light_line, record.lines))
    return msgspec.structs.replace(record, lines=lines, marks=())


def _light_line(line: Line) -> Line:
    glyphs = tuple(msgspec.structs.replace(glyph, polygon=()) for glyph in line.characters)
    return msgspec.structs.replace(line, characters=glyphs, candidates=(), readers=())


def _path(task: Input) -> str | None:
    """An input's path as grouping wants it: a folder that cannot be listed stands for the photos in it."""
    if task.stdin:
        return None
    if task.problem is not None and task.problem[0] == "unreadable_folder":
        return os.path.join(task.path, "")  # noqa: PTH118
    return task.path
