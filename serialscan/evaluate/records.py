"""Records for labels: from an earlier run, or read now."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from serialscan.errors import InputError
from serialscan.evaluate.judge import Judged, judge
from serialscan.evaluate.labels import LabelledPhoto
from serialscan.record import PhotoRecord, photo_records


@dataclass(frozen=True, slots=True)
class Run:
    """A run over labelled photos.

    Attributes:
        photos: one for each label, in the order of the labels.
        unlabelled: records of photos without a label, which are left out.
    """

    photos: tuple[Judged, ...]
    unlabelled: int = 0


def judge_records(path: Path, photos: Sequence[LabelledPhoto]) -> Run:
    """Judge the records of an earlier run, in a file; see `judge_all`."""
    found = ((f"{path}, line {number}", record) for number, record in photo_records(path))
    return judge_all(found, photos, str(path))


def judge_all(
    records: Iterable[tuple[str, PhotoRecord]], photos: Sequence[LabelledPhoto], source: str
) -> Run:
    """Judge records.

    A record belongs to the label whose ``file`` is the end of the record's path; where several could be
    meant, to the one that shares most folders with it. The photos themselves are not needed.

    Args:
        records: each with where it stands, for messages.
        photos: the truth.
        source: what the records are from, for messages.

    Raises:
        InputError: no record belongs to a label, or two belong to the same; what reading the records raises.
    """
    ends = _Ends(photos)
    best: dict[int, tuple[int, str, Judged]] = {}
    unlabelled = 0
    for where, record in records:
        found = ends.find(record.source.path)
        if found is None:
            unlabelled += 1
            continue
        index, shared = found
        before = best.get(index)
        if before is not None and before[0] == shared:
            raise InputError(
                f"{before[1]} and {where}: both are records of {photos[index].label.file}: keep one."
            )
        if before is not None:
            unlabelled += 1
        if before is None or shared > before[0]:
            best[index] = (shared, where, judge(photos[index], record))
    if not best:
        raise InputError(
            f"{source} holds no record of a labelled photo: a record belongs to the label whose `file` is "
            "the end of its source.path."
        )
    return Run(
        tuple(best[i][2] if i in best else judge(photo, None) for i, photo in enumerate(photos)), unlabelled
    )


class _Ends:
    """Finds labels by the ends of paths."""

    def __init__(self, photos: Sequence[LabelledPhoto]) -> None:
        self._by_name: dict[str, list[tuple[int, list[str], int]]] = defaultdict(list)
        for index, photo in enumerate(photos):
            parts = _parts(str(photo.path))
            named = [part for part in _parts(photo.label.file) if part != ".."]
            self._by_name[parts[-1]].append((index, parts, min(len(named), len(parts))))

    def find(self, path: str) -> tuple[int, int] | None:
        """The label's index and the number of parts that its photo's path shares with ``path`` at the end."""
        parts = _parts(path)
        matches = []
        for index, own, needed in self._by_name.get(parts[-1] if parts else "", ()):
            shared = 0
            for a, b in zip(reversed(own), reversed(parts), strict=False):
                if a != b:
                    break
                shared += 1
            if shared >= needed:
                matches.append((shared, needed, -index))
        if not matches:
            return None
        shared, _, index = max(matches)
        return -index, shared


def _parts(path: str) -> list[str]:
    """Folders and name; records may come from another system, which writes paths in its own way."""
    return [part for part in re.split(r"[/\\]", unicodedata.normalize("NFC", path)) if part not in ("", ".")]
