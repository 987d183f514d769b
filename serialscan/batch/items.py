"""Collects the records of a run by item and gives each item's record after its last photo."""

from __future__ import annotations

import os
import traceback
from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from serialscan.batch.execute import Outcome
from serialscan.batch.inputs import Input
from serialscan.items import MOST_PHOTOS, Grouping, make_plan, scan_item, unfused_item
from serialscan.marking import load_knowledge
from serialscan.record import Error, ItemRecord, Line, PhotoRecord, from_json
from serialscan.settings import Settings


class Items:
    """The items of a run whose photos have not all come yet.

    Args:
        inputs: all inputs of the run, in order.
        grouping: how they are put together.
        settings: that the photos are read with.
        tracebacks: show the traceback of an internal error on stderr.

    Raises:
        SettingsError: the grouping or the knowledge is bad.
    """

    def __init__(
        self, inputs: Sequence[Input], grouping: Grouping, settings: Settings, *, tracebacks: bool = False
    ) -> None:
        self._plan = make_plan([_path(task) for task in inputs], grouping)
        self._knowledge = load_knowledge(settings.knowledge, settings.knowledge_sha256)
        self._sizes = Counter(self._plan.items)
        self._left = self._sizes.copy()
        self._open: defaultdict[str, list[PhotoRecord]] = defaultdict(list)
        self._next = 0
        self._tracebacks = tracebacks

    @property
    def without_item(self) -> int:
        """Inputs that belong to no item."""
        return sum(item is None for item in self._plan.items)

    def add(self, outcome: Outcome) -> ItemRecord | None:
        """Take the next outcome, in input order; gives the item's record if it was the last of its photos."""
        item = self._plan.items[self._next]
        self._next += 1
        if item is None:
            return None
        too_many = self._sizes[item] > MOST_PHOTOS
        self._open[item].append(_light(from_json(outcome.line), without_lines=too_many))
        self._left[item] -= 1
        if self._left[item]:
            return None
        records, case = self._open.pop(item), self._plan.case.get(item)
        if too_many:
            message = (
                f"{len(records)} photos were put together to one item, and at most {MOST_PHOTOS} can be: "
                "check --items; each item needs a folder, a name or rows of its own"
            )
            return unfused_item(item, records, Error(code="too_many_photos", message=message), case)
        try:
            return scan_item(item, records, self._knowledge, case)
        except Exception as error:  # it must not cost the photos that follow
            if self._tracebacks:
                traceback.print_exc()
            message = (
                f"internal error ({type(error).__name__}: {error}): its photos' records stand; report it"
            )
            return unfused_item(item, records, Error(code="internal_error", message=message), case)


def _path(task: Input) -> str | None:
    """An input's path as grouping wants it: a folder that cannot be listed stands for the photos in it."""
    if task.stdin:
        return None
    if task.problem is not None and task.problem[0] == "unreadable_folder":
        return os.path.join(task.path, "")  # noqa: PTH118
    return task.path


def _light(record: PhotoRecord, *, without_lines: bool) -> PhotoRecord:
    """The record without what an item does not need, since many may wait for the last photo of theirs."""
    lines = () if without_lines else tuple(map(_light_line, record.lines))
    return msgspec.structs.replace(record, lines=lines, marks=())


def _light_line(line: Line) -> Line:
    glyphs = tuple(msgspec.structs.replace(glyph, polygon=()) for glyph in line.characters)
    return msgspec.structs.replace(line, characters=glyphs, candidates=(), readers=())
