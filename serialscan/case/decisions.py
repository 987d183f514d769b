"""Decisions of a case: all of them, those that stand, and how far reviewers agree."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Levenshtein

from serialscan.case.decision import (
    Answer,
    Decision,
    EntryName,
    MachineReading,
    Mode,
    Role,
    Shown,
    Target,
    decision_of,
)
from serialscan.case.read import CaseReader, Place
from serialscan.interval import wilson

__all__ = [
    "Agreement",
    "Answer",
    "Decided",
    "Decision",
    "EntryName",
    "Figure",
    "MachineReading",
    "Mode",
    "Role",
    "Shown",
    "Standing",
    "Target",
    "agreement",
    "decision_now",
    "decision_of",
    "decisions",
    "key_of",
    "plain_value",
    "same",
    "standing_of",
]

Key = tuple[str, str]
"""A photo (its SHA-256, or ``path `` and its path) and what of it: ``serial``, a mark or a box."""


@dataclass(frozen=True)
class Decided:
    """A decision as it stands in the ledger.

    Attributes:
        place: of its entry.
        name: of its entry, for another entry that takes it back.
        time: of its entry, UTC.
        decision: its fields.
    """

    place: Place
    name: EntryName
    time: str
    decision: Decision


@dataclass(frozen=True)
class Standing:
    """What reviewers say of one photo's serial, mark or box; what was taken back is left out.

    Attributes:
        state: ``decided``; ``asked`` if somebody else is to be asked; ``differs`` if reviewers say different
            things and nobody has settled it.
        decided: what stands; None if reviewers differ.
        opinions: the last decision of each first and second reviewer, in the order of the ledger.
        settled: the last decision of the third person.
    """

    state: Literal["decided", "asked", "differs"]
    decided: Decided | None
    opinions: tuple[Decided, ...]
    settled: Decided | None = None


@dataclass(frozen=True)
class Figure:
    """So many of so many, with Wilson's interval of 95 % (None without cases)."""

    count: int
    of: int
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Agreement:
    """How far reviewers agree, with each other and with the program.

    Attributes:
        reviewers: pairs of a first and a second decision that say the same, of all such pairs.
        answers: pairs of different answers, first and second, with how often; most often first.
        confusions: characters that a first and a second reviewer read differently, with how often; an empty
            text stands for a character that one of them did not see.
        typed: serials that were typed before the program's reading was seen and are the same as it.
        audit: serials of the random sample of accepted ones that a person found right.
        audit_wrong: those that they found wrong.
        known: items with known serials that a person read right.
        known_wrong: those that they read wrong or not at all.
    """

    reviewers: Figure
    answers: tuple[tuple[str, str, int], ...]
    confusions: tuple[tuple[str, str, int], ...]
    typed: Figure
    audit: Figure
    audit_wrong: tuple[Decided, ...]
    known: Figure
    known_wrong: tuple[Decided, ...]


def decisions(reader: CaseReader) -> Iterator[Decided]:
    """All decisions of a case, ledger by ledger, each in its order; also those that were taken back.

    Raises:
        ValueError: the fields of one are not those of a decision.
    """
    for place, entry in reader.entries({"decision"}):
        name = EntryName(case_id=entry.case_id, sequence=entry.sequence)
        yield Decided(place, name, entry.time, decision_of(entry.fields))


def key_of(decision: Decision) -> Key:
    """Which photo, and what of it, a decision is about.

    The serial of a photo is the same in every record of it. A mark is one of one record, because another
    reading may number marks differently.
    """
    photo = decision.photo if decision.photo is not None else f"path {decision.path}"
    target, record = decision.target, decision.record
    match target.kind:
        case "serial":
            return photo, "serial"
        case "mark":
            return photo, f"mark {record.case_id} {record.sequence} {target.index}"
        case "box":
            corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in target.polygon)
            return photo, f"box {target.page} {corners}"


def decision_now(all_decisions: Iterable[Decided]) -> dict[Key, Standing]:
    """What stands, for each photo and target that has a decision which was not taken back.

    Args:
        all_decisions: from ``decisions()``.
    """
    listed = list(all_decisions)
    gone = {one.decision.undoes for one in listed if one.decision.undoes is not None}
    found: dict[Key, list[Decided]] = {}
    for one in listed:
        if one.decision.answer is not None and one.name not in gone:
            found.setdefault(key_of(one.decision), []).append(one)
    return {key: standing_of(some) for key, some in found.items()}


def standing_of(some: Sequence[Decided]) -> Standing:
    """What stands of the decisions on one target, of which there is at least one and none was taken back."""
    opinions: dict[str, Decided] = {}
    settled = None
    for one in some:
        if one.decision.role == "third":
            settled = one
        else:
            opinions.pop(one.decision.person["name"], None)
            opinions[one.decision.person["name"]] = one
    said = tuple(opinions.values())
    if settled is None and not all(same(said[0].decision, one.decision) for one in said[1:]):
        return Standing("differs", None, said)
    stands = settled or said[0]
    return Standing("asked" if stands.decision.answer == "ask" else "decided", stands, said, settled)


def plain_value(value: str | None) -> str:
    """A reading as it is compared: no spaces, one form of each character (NFKC), capitals."""
    return "".join(unicodedata.normalize("NFKC", value or "").upper().split())


def same(one: Decision, other: Decision) -> bool:
    """Whether two decisions say the same."""
    return one.answer == other.answer and plain_value(one.value) == plain_value(other.value)


def agreement(all_decisions: Iterable[Decided], known: Mapping[str, str] | None = None) -> Agreement:
    """How far reviewers agree.

    Args:
        all_decisions: from ``decisions()``.
        known: SHA-256 (hex) of photos whose serial is known, with the serial.
    """
    standings = decision_now(all_decisions)
    pairs, typed, audited, controls = [], [], [], []
    for (photo, target), standing in standings.items():
        by_role = {one.decision.role: one for one in standing.opinions}
        first = by_role.get("first") or by_role.get("audit")
        if first is not None and "second" in by_role:
            pairs.append((first.decision, by_role["second"].decision))
        if target != "serial":
            continue
        for one in standing.opinions:
            decision = one.decision
            if decision.typed is not None and decision.machine.value is not None:
                typed.append(plain_value(decision.typed) == plain_value(decision.machine.value))
        if "audit" in by_role:
            audited.append(standing.settled or by_role["audit"])
        if known is not None and photo in known and first is not None:
            controls.append((known[photo], first))
    audit_wrong = [
        one
        for one in audited
        if one.decision.answer != "read"
        or plain_value(one.decision.value) != plain_value(one.decision.machine.value)
    ]
    known_wrong = [one for serial, one in controls if plain_value(one.decision.value) != plain_value(serial)]
    answers: Counter[tuple[str, str]] = Counter()
    confusions: Counter[tuple[str, str]] = Counter()
    for said, other in pairs:
        if said.answer != other.answer:
            answers[str(said.answer), str(other.answer)] += 1
        elif said.answer == "read":
            left, right = plain_value(said.value), plain_value(other.value)
            for edit in Levenshtein.editops(left, right):
                here = left[edit.src_pos] if edit.tag != "insert" else ""
                confusions[here, right[edit.dest_pos] if edit.tag != "delete" else ""] += 1
    return Agreement(
        reviewers=_figure(sum(same(*pair) for pair in pairs), len(pairs)),
        answers=_most(answers),
        confusions=_most(confusions),
        typed=_figure(sum(typed), len(typed)),
        audit=_figure(len(audited) - len(audit_wrong), len(audited)),
        audit_wrong=tuple(audit_wrong),
        known=_figure(len(controls) - len(known_wrong), len(controls)),
        known_wrong=tuple(known_wrong),
    )


def _figure(count: int, of: int) -> Figure:
    low, high = wilson(count, of) or (None, None)
    return Figure(count, of, low, high)


def _most(counted: Counter[tuple[str, str]]) -> tuple[tuple[str, str, int], ...]:
    ordered = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return tuple((first, second, count) for (first, second), count in ordered)
