"""Several views of one line become one reading: a confusion network over aligned characters.

After ROVER (Fiscus 1997) and confusion networks (Mangu, Brill and Stolcke 2000): every view's n-best
strings are aligned slot by slot, each casts its posterior as a vote for its character (or for no
character) in every slot, and the slots decide.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from serialscan.reading.recognise import Hypothesis

NOTHING = ""  # the vote for no character in a slot
_MOVED = 4.0  # cost of being one line width away, in character mismatches, grows with the text's length


@dataclass
class Slot:
    """One place of the confusion network: votes of each character, summing to 1, and where it stands."""

    votes: dict[str, float]
    position: float
    weight: float = field(default=0.0)

    def ranked(self) -> list[tuple[str, float]]:
        """Characters by falling vote; equal votes in code point order."""
        return sorted(self.votes.items(), key=lambda item: (-item[1], item[0]))


@dataclass(frozen=True)
class Fusion:
    """The fused line: slots whose best vote is a character, its text, its probability, its n-best list."""

    slots: tuple[Slot, ...]
    text: str
    confidence: float
    candidates: tuple[tuple[str, float], ...]


def fuse(
    views: Sequence[Sequence[Hypothesis]],
    weights: Sequence[float] | None = None,
    *,
    n_best: int = 8,
    keep: int = 5,
) -> Fusion:
    """Vote over the views' aligned characters.

    Args:
        views: for each view its n-best list, best first; positions of all views share one scale.
        weights: trust in each view, any positive scale; equal if None.
        n_best: strings returned.
        keep: strings of each view that vote; the rest of a view's probability goes to these.

    Returns:
        The fused line. ``confidence`` is the product of the winning votes: the probability that
        every slot, hence the whole string, is right.
    """
    weights = [1.0] * len(views) if weights is None else list(weights)
    ballots: list[tuple[float, Hypothesis]] = []
    for hypotheses, weight in zip(views, weights, strict=True):
        kept = [h for h in hypotheses[:keep] if h.probability > 0.0]
        total = sum(h.probability for h in kept)
        ballots += [(weight * h.probability / total, h) for h in kept]
    # The strongest ballots lay the network out.
    ballots.sort(key=lambda ballot: -ballot[0])
    slots: list[Slot] = []
    cast = 0.0
    for weight, hypothesis in ballots:
        _cast(slots, hypothesis, weight, cast)
        cast += weight
    for slot in slots:
        slot.votes = {char: vote / cast for char, vote in slot.votes.items()} if cast else {}
    candidates = _best_strings(slots, n_best)
    text, confidence = candidates[0] if candidates else ("", 0.0)
    shown = tuple(slot for slot in slots if slot.ranked()[0][0] != NOTHING)
    return Fusion(shown, text, confidence, tuple(candidates))


def _cast(slots: list[Slot], hypothesis: Hypothesis, weight: float, before: float) -> None:
    """Align one string with the network (edit distance over votes and places) and add its votes."""
    text, positions = hypothesis.text, hypothesis.positions
    rows, columns = len(slots), len(text)
    pitch = _MOVED * max(rows, columns, 1) / 8
    cost = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(1, rows + 1):
        cost[i][0] = cost[i - 1][0] + _skip(slots[i - 1], before)
    for j in range(1, columns + 1):
        cost[0][j] = j * 1.0
    for i in range(1, rows + 1):
        slot = slots[i - 1]
        skip = _skip(slot, before)
        for j in range(1, columns + 1):
            cost[i][j] = min(
                cost[i - 1][j - 1] + _match(slot, text[j - 1], positions[j - 1], before, pitch),
                cost[i - 1][j] + skip,
                cost[i][j - 1] + 1.0,
            )
    i, j = rows, columns
    while i or j:
        here = cost[i][j]
        if (
            i
            and j
            and here
            == cost[i - 1][j - 1] + _match(slots[i - 1], text[j - 1], positions[j - 1], before, pitch)
        ):
            i, j = i - 1, j - 1
            slot = slots[i]
            slot.votes[text[j]] = slot.votes.get(text[j], 0.0) + weight
            slot.position = (slot.position * slot.weight + positions[j] * weight) / (slot.weight + weight)
            slot.weight += weight
        elif i and here == cost[i - 1][j] + _skip(slots[i - 1], before):
            i -= 1
            slots[i].votes[NOTHING] = slots[i].votes.get(NOTHING, 0.0) + weight
        else:
            j -= 1
            votes = {text[j]: weight}
            if before:
                votes[NOTHING] = before
            slots.insert(i, Slot(votes, positions[j], weight))


def _match(slot: Slot, char: str, position: float, before: float, pitch: float) -> float:
    return 1.0 - slot.votes.get(char, 0.0) / before + min(1.0, pitch * abs(slot.position - position))


def _skip(slot: Slot, before: float) -> float:
    return 1.0 - slot.votes.get(NOTHING, 0.0) / before


def _best_strings(slots: Sequence[Slot], n_best: int) -> list[tuple[str, float]]:
    """The most probable strings of the network, equal strings added up, best first."""
    beam: dict[str, float] = {"": 1.0}
    for slot in slots:
        grown: dict[str, float] = {}
        for text, p in beam.items():
            for char, vote in slot.votes.items():
                if vote > 0.0:
                    grown[text + char] = grown.get(text + char, 0.0) + p * vote
        beam = dict(heapq.nsmallest(max(n_best, 1) * 4, grown.items(), key=lambda item: (-item[1], item[0])))
    ranked = sorted(beam.items(), key=lambda item: (-item[1], item[0]))[:n_best]
    return [(text, min(1.0, p)) for text, p in ranked]
