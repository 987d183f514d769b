"""Labelled photos read now, as ``scan`` reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from serialscan.batch.destination import open_output
from serialscan.batch.inputs import Inputs, Selection
from serialscan.batch.processes import local_processes
from serialscan.batch.run import run
from serialscan.batch.sink import Lines, Sink
from serialscan.batch.task import Outcome
from serialscan.batch.worker import Job
from serialscan.evaluate.judge import Judged, judge
from serialscan.evaluate.labels import LabelledPhoto
from serialscan.evaluate.records import Run
from serialscan.record import from_json
from serialscan.settings import Effective


def scan_labelled(
    photos: Sequence[LabelledPhoto], effective: Effective, records: Path | None, shown: Sink, *,
    tracebacks: bool = False,
) -> Run | None:  # fmt: skip
    """Read and judge labelled photos.

    Args:
        photos: the truth.
        effective: how photos are read, and how many at a time.
        records: file that receives the records, or None.
        shown: is told how the run goes.
        tracebacks: workers show tracebacks of internal errors on stderr.

    Returns:
        One judgement for each label, or None if a person stopped the run.

    Raises:
        SerialscanError: the records cannot be written, or the engine does not start.
    """
    paths = tuple(str(photo.path) for photo in photos)
    sinks: list[Sink] = [shown]
    if records is not None:
        sinks.append(Lines(open_output(records, paths)))
    judging = _Judge(photos)
    selection = Selection(paths, output=records)
    executor = local_processes(Job(effective.settings, tracebacks=tracebacks), effective.batch)
    tally = run(Inputs(selection), executor, [*sinks, judging])
    return None if tally.interrupted else Run(tuple(judging.judged))


class _Judge(Sink):
    """Compares each record with the truth."""

    def __init__(self, photos: Sequence[LabelledPhoto]) -> None:
        self._photos = photos
        self.judged: list[Judged] = []

    def write(self, outcome: Outcome) -> None:
        """Judge it: every file gives one record, in the order of the labels."""
        self.judged.append(judge(self._photos[len(self.judged)], from_json(outcome.line)))
