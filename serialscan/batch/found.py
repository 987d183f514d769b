"""What a run has found so far, as its records tell; and which photos are copies of others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import msgspec

from serialscan.batch.task import Outcome
from serialscan.record import Warning_, from_json, to_json

UNSURE = 0.5
"""A serial of less confidence is more likely wrong than right."""

NAMED = 10
"""So many failed inputs are kept by name; a person reads no more of them on a terminal."""


class _Serial(msgspec.Struct, frozen=True):
    decision: str = "none"
    confidence: float = 0.0


class _Source(msgspec.Struct, frozen=True):
    path: str = ""
    sha256: str | None = None


class _Seen(msgspec.Struct, frozen=True):
    """What matters here of a record."""

    status: str
    serial: _Serial = _Serial()
    source: _Source = _Source()
    item: str = ""


_decoder = msgspec.json.Decoder(_Seen)


@dataclass(slots=True)
class Found:
    """Counts of what was found.

    Attributes:
        photos: photos that were read, by the decision on their serial.
        items: item records that could be made, by the decision on their serial.
        unsure: photos for review whose serial is more likely wrong than right.
        copies: photos with the same content as one before.
        failed: path or item, and message, of the first inputs and items that failed.
    """

    photos: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    unsure: int = 0
    copies: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    _first: dict[str, str] = field(default_factory=dict)

    def take(self, outcome: Outcome) -> Outcome:
        """Count a record.

        A photo with the same content as one before gets the warning ``copies``. It is added here, where all
        records come by in input order, so that it does not depend on which process read what. Records of an
        earlier run stay as they are.

        Returns:
            The outcome, its record perhaps with that warning.
        """
        seen = _decoder.decode(outcome.line)
        if outcome.error is not None:
            if len(self.failed) < NAMED:
                self.failed.append((seen.source.path or seen.item, outcome.error))
            return outcome
        if outcome.input is None:
            self.items[seen.serial.decision] += 1
            return outcome
        self.photos[seen.serial.decision] += 1
        self.unsure += seen.serial.decision == "review" and seen.serial.confidence < UNSURE
        first = self._first_of(seen.source)
        if first == seen.source.path or outcome.input.twin:  # a twin has the very record of the other one
            return outcome
        self.copies += 1
        return (
            outcome if outcome.input.line is not None else replace(outcome, line=_told(outcome.line, first))
        )

    def _first_of(self, source: _Source) -> str:
        """The path of the first photo with this content."""
        if source.sha256 is None:
            return source.path
        return self._first.setdefault(source.sha256, source.path)


def _told(line: bytes, first: str) -> bytes:
    record = from_json(line)
    message = f"This file has the same content as {first}: it is one photo, count it once."
    warnings = (*record.warnings, Warning_.of("copies", message))
    return to_json(msgspec.structs.replace(record, warnings=warnings))
