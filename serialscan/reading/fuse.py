"""Several views of one line become one reading: a confusion network over aligned characters.

After ROVER (Fiscus 1997) and confusion networks (Mangu, Brill and Stolcke 2000): every view's n-best
strings are aligned slot by slot, each casts its posterior as a vote for its character (or for no
character) in every slot, and the slots decide. Where the views are divided between a letter and a digit that
looks like it, what stands beside it tells which one is likelier.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from serialscan.glyphs import LIKE_DIGITS, ONE_SHAPE, align
from serialscan.reading.recognise import Hypothesis
from serialscan.recipe import Vote

NOTHING = ""  # the vote for no character in a slot


@dataclass
class Slot:
    """One place of the confusion network: the votes of each character there, and where it stands.

    Votes sum to 1 in the network that ``fuse`` returns.
    """

    votes: dict[str, float]
    position: float
    weight: float = field(default=0.0)

    def ranked(self) -> list[tuple[str, float]]:
        """Characters by falling vote; equal votes in code point order."""
        return sorted(self.votes.items(), key=lambda item: (-item[1], item[0]))


@dataclass(frozen=True)
class Fusion:
    """The fused line: slots whose best vote is a character, its text, its probability, its n-best list.

    ``doubted`` are the other slots: most views saw no character there.
    """

    slots: tuple[Slot, ...]
    text: str
    confidence: float
    candidates: tuple[tuple[str, float], ...]
    doubted: tuple[Slot, ...] = ()


@dataclass(frozen=True)
class _Ballot:
    """One string of one view with its vote; it says nothing about places before ``low`` or after ``high``."""

    hypothesis: Hypothesis
    vote: float
    low: float
    high: float


def fuse(
    views: Sequence[Sequence[Hypothesis]],
    how: Vote,
    weights: Sequence[float] | None = None,
    extents: Sequence[tuple[float, float]] | None = None,
) -> Fusion:
    """Vote over the views' aligned characters.

    Args:
        views: for each view its n-best list, best first; positions of all views share one scale.
        how: the recipe's vote.
        weights: trust in each view, any positive scale; equal if None.
        extents: first and last position that each view saw; everything if None.

    Returns:
        The fused line. ``confidence`` is the product of the winning votes: the probability that
        every slot, hence the whole string, is right.
    """
    weights = [1.0] * len(views) if weights is None else list(weights)
    extents = [(-math.inf, math.inf)] * len(views) if extents is None else list(extents)
    ballots: list[_Ballot] = []
    for hypotheses, weight, (low, high) in zip(views, weights, extents, strict=True):
        kept = [h for h in hypotheses[: how.keep] if h.probability > 0.0]
        total = sum(h.probability for h in kept)
        ballots += [_Ballot(h, weight * h.probability / total, low, high) for h in kept]
    # What saw most of the line lays the network out, the strongest first.
    ballots.sort(key=lambda ballot: (ballot.low - ballot.high, -ballot.vote))
    slots: list[Slot] = []
    for number, ballot in enumerate(ballots):
        _cast(slots, ballot, ballots[:number], how.moved)
    for slot in slots:
        cast = sum(slot.votes.values())
        slot.votes = {char: vote / cast for char, vote in slot.votes.items()}
    candidates = _best_strings(slots, how.n_best) if ballots else []
    if how.neighbours and _weigh_by_context(slots, how):
        # Strings of several ways through the slots may add up to more than before: no line gets surer.
        most = candidates[0][1]
        candidates = [(text, min(most, p)) for text, p in _best_strings(slots, how.n_best)]
    text, confidence = candidates[0] if candidates else ("", 0.0)
    shown = tuple(slot for slot in slots if slot.ranked()[0][0] != NOTHING)
    if not shown:  # many places at each of which nothing is likelier may still add up to a string
        text, confidence = "", 0.0
    doubted = tuple(slot for slot in slots if slot.ranked()[0][0] == NOTHING)
    return Fusion(shown, text, confidence, tuple(candidates), doubted)


def _cast(slots: list[Slot], ballot: _Ballot, earlier: Sequence[_Ballot], farther: float) -> None:
    """Align one string with the slots it saw, by votes and places, and add its votes."""
    seen = [i for i, slot in enumerate(slots) if ballot.low <= slot.position <= ballot.high]
    first = seen[0] if seen else sum(slot.position < ballot.low for slot in slots)
    mine = slots[first : first + len(seen)]
    text, positions = ballot.hypothesis.text, ballot.hypothesis.positions
    pitch = farther * max(len(slots), len(text), 1) / 8
    skips, matches = [], []
    placed = list(zip(text, positions, strict=True))
    for slot in mine:
        cast = sum(slot.votes.values())
        skips.append(1.0 - slot.votes.get(NOTHING, 0.0) / cast)
        place, votes = slot.position, slot.votes
        row = []
        for c, p in placed:
            moved = pitch * abs(place - p)
            row.append(1.0 - votes.get(c, 0.0) / cast + (moved if moved < 1.0 else 1.0))
        matches.append(row)
    vote, behind = ballot.vote, first + len(mine)
    for i, j in reversed(align(matches, skips, [1.0] * len(text)).pairs):
        if i < 0:
            votes = {text[j]: vote}
            silent = sum(other.vote for other in earlier if other.low <= positions[j] <= other.high)
            if silent:
                votes[NOTHING] = silent
            slots.insert(behind, Slot(votes, positions[j], vote))
            continue
        behind, slot = first + i, mine[i]
        if j < 0:
            slot.votes[NOTHING] = slot.votes.get(NOTHING, 0.0) + vote
        else:
            slot.votes[text[j]] = slot.votes.get(text[j], 0.0) + vote
            slot.position = (slot.position * slot.weight + positions[j] * vote) / (slot.weight + vote)
            slot.weight += vote


def _weigh_by_context(slots: Sequence[Slot], how: Vote) -> bool:
    """Move votes from a class that its neighbours speak against to the other class of its shape.

    Only a class that some view read gains, at most until it is as sure as the other one was: a doubt may
    change sides, but does not get smaller. Returns whether any vote was moved.
    """
    moved = False
    shown = [(slot, char) for slot in slots if (char := slot.ranked()[0][0]) != NOTHING]
    best = [char for _, char in shown]
    for at, ((slot, char), before, after) in enumerate(
        zip(shown, ["", *best], [*best[1:], ""], strict=False)
    ):
        expected, odds = _expected(char, before, after, slot.votes, how)
        if expected == char and char in "IO" and _begins_digits(best, at):
            digit = ONE_SHAPE[char]
            expected, odds = (digit, how.number_odds) if digit in slot.votes else (char, odds)
        if expected == char:
            continue
        moved = True
        weighed = slot.votes | {expected: slot.votes[expected] * odds}
        total = sum(weighed.values())
        if weighed[expected] / total > slot.votes[char]:
            slot.votes |= {expected: slot.votes[char], char: slot.votes[expected]}
        else:
            slot.votes = {c: vote / total for c, vote in weighed.items()}
    return moved


def _expected(char: str, before: str, after: str, votes: dict[str, float], how: Vote) -> tuple[str, float]:
    """Of the characters that some view read the one that stands between two neighbours, and its odds.

    The character itself if the neighbours say nothing, or if no view read another one that they ask for.
    """
    if before.isdigit() and after.isdigit():
        read = [digit for digit in LIKE_DIGITS.get(char, ()) if digit in votes]
        if read:
            likeliest = max(read, key=lambda digit: votes[digit])
            one_shape = ONE_SHAPE.get(char) == likeliest
            return likeliest, how.context_odds if one_shape else how.among_digits_odds
    other = _of_one_shape(char, _kind(before), _kind(after)) if char in ONE_SHAPE else char
    return (other, how.context_odds) if other in votes else (char, 1.0)


def _of_one_shape(char: str, before: str, after: str) -> str:
    """The class of this shape that stands between two kinds of neighbours; itself if both do."""
    beside = {before, after}
    if beside <= {"digit", "end"} and "digit" in beside:
        return char if char.isdigit() else ONE_SHAPE[char]
    # Names and words end in O; what ends in a bar is as often numbered as named.
    if before == "letter" and (after == "letter" or (after == "end" and char in "0O")):
        return char if char.isalpha() else ONE_SHAPE[char]
    return char


def _begins_digits(best: Sequence[str], at: int) -> bool:
    """Whether a letter stands before a place and digits behind it; rings and bars there are passed over."""
    behind = next((char for char in best[at + 1 :] if _kind(char) != "either"), "")
    return at > 0 and _kind(best[at - 1]) == "letter" and behind.isdigit()


def _kind(char: str) -> str:
    """A neighbour: a letter, a digit, the end of a word, or one that could be either."""
    if char in (*ONE_SHAPE, "o", "l"):
        return "either"
    return "digit" if char.isdigit() else "letter" if char.isalpha() else "end"


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
