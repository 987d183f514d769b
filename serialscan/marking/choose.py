"""Which number is the serial: weighted evidence for and against each candidate, none of it hidden.

The weights are natural log odds and stand with their reasons in knowledge/weights.toml. They rank; they never
correct, complete or hide a reading.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from msgspec.structs import replace as replace_fields

from serialscan.glyphs import normalise
from serialscan.marking.candidates import (
    Candidate,
    rests_of,
    sentence,
    shapes_of_kind,
    spans_of,
    told,
    upside_down,
)
from serialscan.marking.classify import Read
from serialscan.marking.complete import CUT, OPEN
from serialscan.marking.geometry import in_one_place
from serialscan.marking.iuid import serial_of
from serialscan.marking.knowledge import Knowledge
from serialscan.marking.laboratory import Laboratory, shipped
from serialscan.marking.twins import OTHER_LOOK, twins_of
from serialscan.marking.weigh import weighed
from serialscan.record import Code, SerialCandidate, SerialReading

MOST_CANDIDATES = 6
WITH_TWINS = 2
"""Numbers of which other readings are shown, too."""
LEAST = -1.0  # a number with less evidence is a candidate, but not named as the value
LEAST_CANDIDATE = -4.0
LEAST_CHOICE = 0.75  # of an accepted serial: its form alone says nothing
LEAST_COMPLETE = 0.92  # of an accepted serial: on rendered traps it keeps what is not whole below 1 %
# Reasons with which nothing is accepted. A letter or digit of the same look would change the key. What only a
# mirror shows, what a mirror shows better, and what stands one below the other a person must see.
# Nor is what stands on a card or a box behind the item, or what has the form of another number, such as a
# tag's, though the marked model has such serials.
_NEVER = frozenset(
    {
        "look_alike",
        "mirrored",
        "reads_mirrored",
        "stacked",
        "background",
        "mixed_scripts",
        "form_of_other",
        OTHER_LOOK,
    }
)
# Reasons that rank a number and let none be accepted: parts have numbers that stand twice, too.
_RANKS_ONLY = frozenset({"repeated", "proof_near", "block_letter"})
SHORTEST_ACCEPTED = 5  # letters and digits; a shorter number is too often a part of one
_NAMED = 3.0  # evidence from which a number read is held against that of a code


def choose(read: Read, codes: Sequence[Code], knowledge: Knowledge) -> tuple[list[Candidate], SerialReading]:
    """The candidates, best first, and the serial reading that they make."""
    candidates = [*_read_candidates(read, knowledge), *_code_candidates(codes, knowledge)]
    ranked = sorted(_united(candidates, read, knowledge), key=lambda c: (-c.points, c.line, c.value))
    ranked = _with_twins([c for c in ranked if c.points > LEAST_CANDIDATE], read, knowledge)
    empty = tuple(read.lines[index].id for index in read.empty)
    if not ranked or ranked[0].points <= LEAST:
        return [], SerialReading(
            value=None, status="not_found", decision="none", confidence=0.0,
            candidates=_shares(ranked, knowledge), empty_labels=empty,
        )  # fmt: skip
    first = ranked[0]
    shown = _shares(ranked, knowledge)
    return ranked, SerialReading(
        value=first.shown,
        status="conflict" if _in_conflict(ranked) else "partial" if "?" in first.shown else "readable",
        decision="review",
        confidence=shown[0].confidence,
        match_key=normalise(first.shown).match_key,
        candidates=shown,
        complete=first.complete,
        empty_labels=empty,
    )


def _with_twins(ranked: Sequence[Candidate], read: Read, knowledge: Knowledge) -> list[Candidate]:
    """The first candidates, best first, and what the best of them may be read as, too."""
    shown = list(ranked[:MOST_CANDIDATES])
    keys = {normalise(one.value).match_key for one in shown}
    for one in ranked[:WITH_TWINS]:
        for twin in twins_of(one, read, knowledge):
            key = normalise(twin.value).match_key
            if key not in keys and twin.points > LEAST_CANDIDATE:
                keys.add(key)
                shown.append(twin)
    return sorted(shown, key=lambda c: (-c.points, c.line, c.value))


def decide(serial: SerialReading, least: float, laboratory: Laboratory | None = None) -> SerialReading:
    """The reading with its decision.

    ``accept`` needs three things of a serial that is uncontested. Something besides its length and signs
    calls it the serial: a label, a code, known marks, or a shape that is sure. It is read surely, in a row
    and without a mirror, and no letter or digit of the same look would change its key. And it is all of the
    number. With a laboratory's calibration both it and the one that ships must be sure. So it never makes
    more serials accepted.

    Args:
        serial: as chosen; its first candidate has the confidence that ships.
        least: least confidence of an accepted serial, from 0 to 1.
        laboratory: its own calibration, if one is used.
    """
    accepted = False
    if serial.value is not None and serial.candidates and serial.status == "readable":
        first = serial.candidates[0]
        codes = {reason.code for reason in first.reasons}
        long = sum(c.isalnum() for c in serial.value) >= SHORTEST_ACCEPTED or "shape_sure" in codes
        chosen = _choice(first) >= LEAST_CHOICE
        confidence = weighed_for_acceptance(serial)
        sure = min(confidence, laboratory.probability(confidence) if laboratory else 1.0) >= least
        uncontested = codes.isdisjoint(_NEVER)
        accepted = chosen and long and uncontested and _whole(first) and sure
    decision: Literal["accept", "review"] = "accept" if accepted else "review"
    return serial if serial.value is None else replace_fields(serial, decision=decision)


def weighed_for_acceptance(serial: SerialReading) -> float:
    """How sure the program alone is of a serial without what only ranks it: acceptance looks at this."""
    first = serial.candidates[0]
    return shipped(serial) * _choice(first) / (first.choice or 1.0)


def _choice(first: SerialCandidate) -> float:
    return _without(first.choice or 0.0, [r.weight for r in first.reasons if r.code in _RANKS_ONLY])


def _without(share: float, weights: Sequence[float]) -> float:
    """The share of a candidate without some of the evidence for it."""
    odds = share * math.exp(-sum(max(weight, 0.0) for weight in weights))
    return odds / (odds + 1 - share) if odds else 0.0


def _whole(candidate: SerialCandidate) -> bool:
    """Whether a number ends where its reading ends, beyond reasonable doubt."""
    if candidate.complete is None:
        return False
    codes = {reason.code for reason in candidate.complete.reasons}
    is_open = not codes.isdisjoint(OPEN) and "length_known" not in codes
    return candidate.complete.confidence >= LEAST_COMPLETE and CUT not in codes and not is_open


def _shares(ranked: Sequence[Candidate], knowledge: Knowledge) -> tuple[SerialCandidate, ...]:
    """Each candidate with its share: softmax over all of them and ``nothing``."""
    if not ranked:
        return ()
    top = max(ranked[0].points, knowledge.weights["nothing"])
    odds = [math.exp(c.points - top) for c in ranked]
    total = sum(odds) + math.exp(knowledge.weights["nothing"] - top)
    shown = []
    for candidate, odd in zip(ranked, odds, strict=True):
        forms = normalise(candidate.value)
        share = odd / total
        shown.append(SerialCandidate(
            value=candidate.value,
            confidence=round(share * candidate.reading * candidate.complete.confidence, 4),
            evidence=candidate.evidence, rule=sentence(candidate.reasons), choice=round(share, 4),
            reading=round(candidate.reading, 4), complete=candidate.complete, reasons=told(candidate.reasons),
            latin=forms.latin if forms.latin != candidate.value else None, match_key=forms.match_key,
            other_keys=forms.other_keys, steps=forms.steps,
        ))  # fmt: skip
    return tuple(shown)


def _in_conflict(ranked: Sequence[Candidate]) -> bool:
    """Two different numbers are named: by two labels, or by a code and by what was read."""
    first = ranked[0]
    strong = [c for c in ranked[1:] if c.points >= _NAMED]
    codes = {c.line == -1 for c in (first, *strong)}
    return any(c.named and first.named and c.line != first.line for c in strong) or (
        len(codes) == 2 and any((c.line == -1) != (first.line == -1) for c in strong)
    )


def _read_candidates(read: Read, knowledge: Knowledge) -> list[Candidate]:
    rests = rests_of(read, knowledge)
    of_kind = shapes_of_kind(read, knowledge)
    found = [weighed(read, span, rests, of_kind, knowledge) for span in spans_of(read, rests, knowledge)]
    return found + upside_down(found, read, knowledge)


def _code_candidates(codes: Sequence[Code], knowledge: Knowledge) -> list[Candidate]:
    found = []
    for code in codes:
        value = serial_of(code)
        if value and any(c.isalnum() for c in value):
            reasons = {("code", f"code {code.symbology} names it"): knowledge.weights["code"]}
            found.append(Candidate(value, value, 1.0, reasons, (code.id,), named=True))
    return found


def _in_one_place(one: Candidate, other: Candidate, read: Read) -> bool:
    """Whether two numbers that were read are one mark: of one line, or of two that lie over each other."""
    if -1 in (one.line, other.line):
        return False
    return one.line == other.line or in_one_place(read.lines[one.line], read.lines[other.line])


def _united(candidates: Sequence[Candidate], read: Read, knowledge: Knowledge) -> list[Candidate]:
    """One candidate for each match key: two places that say the same support each other."""
    best: dict[str, Candidate] = {}
    for one in candidates:
        key = normalise(one.value).match_key
        other = best.get(key)
        if other is None:
            best[key] = one
            continue
        if _in_one_place(one, other, read):
            best[key] = max(one, other, key=lambda c: c.points)
            continue
        # What was read is shown, even where a code says the same: the mark counts.
        by_code = [c for c in (other, one) if c.line == -1]
        first, second = sorted((other, one), key=lambda c: (c.line == -1, -c.points))
        if len(by_code) == 1:
            gain = knowledge.weights["code"] + knowledge.weights["code_agrees"]
            first = first.because("code_agrees", "a code agrees", gain)
        else:
            first = first.because("repeated", "it stands in two places", knowledge.weights["repeated"])
        best[key] = replace(
            first, reading=1 - (1 - first.reading) * (1 - second.reading),
            evidence=tuple(dict.fromkeys((*first.evidence, *second.evidence))),
            named=first.named or second.named,
            complete=max(first.complete, second.complete, key=lambda c: c.confidence),
        )  # fmt: skip
    return list(best.values())
