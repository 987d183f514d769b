"""Labelled photos read now, as ``scan`` reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from serialscan.batch.execute import Outcome
from serialscan.batch.inputs import Selection
from serialscan.batch.output import open_output
from serialscan.batch.run import Watcher
from serialscan.batch.run import run as run_batch
from serialscan.evaluate.judge import Judged, judge
from serialscan.evaluate.labels import LabelledPhoto
from serialscan.evaluate.records import Run
from serialscan.record import from_json
from serialscan.settings import Effective


def scan_labelled(
    photos: Sequence[LabelledPhoto], effective: Effective, records: Path | None, watcher: Watcher, *,
    tracebacks: bool = False,
) -> Run | None:  # fmt: skip
    """Read and judge labelled photos.

    Args:
        photos: the truth.
        effective: how photos are read, and how many at a time.
        records: file that receives the records, or None.
        watcher: is told after each photo.
        tracebacks: workers show tracebacks of internal errors on stderr.

    Returns:
        One judgement for each label, or None if a person stopped the run.

    Raises:
        SerialscanError: the records cannot be written, or the engine does not start.
    """
    paths = tuple(str(photo.path) for photo in photos)
    kept = open_output(records, paths) if records is not None else None
    judged: list[Judged] = []

    def write(outcome: Outcome) -> None:
        if kept is not None:
            kept.write_line(outcome.line)
        # Every file gives one record, in the order of the labels.
        judged.append(judge(photos[len(judged)], from_json(outcome.line)))

    selection = Selection(paths, output=records, expand_globs=False)
    tally = run_batch(selection, effective.settings, effective.batch, write, watcher, tracebacks=tracebacks)
    return None if tally.interrupted else Run(tuple(judged))
