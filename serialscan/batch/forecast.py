"""What a scan would do, told without doing it: nothing is written, and no photo is decoded."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from serialscan.batch.inputs import STDIN, Inputs, Why
from serialscan.batch.task import Fusion


class Would(StrEnum):
    """What would happen to an input; the value says it to people."""

    READ = "read"
    DONE = "done"
    SAME = "same"
    FAIL = "fail"
    SKIP = "skip"
    ITEM = "item"


@dataclass(slots=True)
class Forecast:
    """How many inputs there are of each kind."""

    counts: Counter[Would] = field(default_factory=Counter)


def forecast(inputs: Inputs, tell: Callable[[Would, str, str], None]) -> Forecast:
    """Go through the inputs of a scan.

    Args:
        inputs: what it would read.
        tell: takes what would happen, to which path or item, and why (may be empty), in input order.

    Raises:
        SerialscanError: the list of files cannot be read, or the grouping is bad.
    """
    told = Forecast()

    def add(would: Would, name: str, why: str = "") -> None:
        told.counts[would] += 1
        tell(would, name, why)

    def skip(path: str, why: Why) -> None:
        add(Would.SKIP, path, why.value)

    inputs.skipped.tell = skip
    for task in inputs:
        if isinstance(task, Fusion):
            add(Would.ITEM, task.item, f"{task.photos} photos")
        elif task.problem is not None:
            add(Would.FAIL, task.path, task.problem[1])
        elif task.twin:
            add(Would.SAME, task.path, "another photo has the same content")
        elif task.line is None and not _is_there(task.path):
            add(Would.FAIL, task.path, "there is no such file, or it cannot be read")
        else:
            add(Would.READ if task.line is None else Would.DONE, task.path)
    return told


def _is_there(name: str) -> bool:
    return name == STDIN or os.access(name, os.R_OK)
