"""What the views of a line said: n-best lists, cut to a part of it, and their vote."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from serialscan.reading.fuse import Fusion, fuse
from serialscan.reading.recognise import Hypothesis
from serialscan.recipe import Vote
from serialscan.record import Testimony

HAN_ONE = "\u4e00"


@dataclass(frozen=True)
class Sight:
    """What one view of a line said: its n-best list, and from where to where it saw the line."""

    reader: str
    view: str
    piece: bool
    hypotheses: tuple[Hypothesis, ...]
    low: float = -math.inf
    high: float = math.inf


def vote(seen: Sequence[Sight], how: Vote) -> Fusion:
    """The views of a line fused; a surer view counts more."""
    read = [sight for sight in seen if sight.hypotheses]
    return fuse(
        [sight.hypotheses for sight in read],
        how,
        [sight.hypotheses[0].probability ** how.trust for sight in read],
        [(sight.low, sight.high) for sight in read],
    )


def testimony(sight: Sight) -> Testimony:
    """What a view reads most likely, as it stands in the record; it must have read something."""
    best = sight.hypotheses[0]
    return Testimony(
        name=f"{sight.reader}/{sight.view}",
        text="".join(best.text),
        confidence=round(min(1.0, best.probability), 4),
        reader=sight.reader,
        piece=sight.piece,
    )


def within(sight: Sight, low: float, high: float, start: float, stop: float) -> Sight:
    """What a view says between two places; positions then run from 0 at ``start`` to 1 at ``stop``."""
    parts: dict[tuple[str, ...], Hypothesis] = {}
    for hypothesis in sight.hypotheses:
        kept = [
            (c, (p - start) / (stop - start))
            for c, p in zip(hypothesis.text, hypothesis.positions, strict=True)
            if low <= p < high
        ]
        add(parts, kept, hypothesis.probability)
    first, last = (sight.low - start) / (stop - start), (sight.high - start) / (stop - start)
    return replace(sight, hypotheses=ranked(parts), low=first, high=last)


def add(
    found: dict[tuple[str, ...], Hypothesis], characters: list[tuple[str, float]], probability: float
) -> None:
    """Equal strings are one string: their probabilities add up, the likelier one's places stay."""
    while characters and characters[0][0] == " ":
        characters = characters[1:]
    while characters and characters[-1][0] == " ":
        characters = characters[:-1]
    one = Hypothesis(tuple(c for c, _ in characters), tuple(p for _, p in characters), probability)
    before = found.get(one.text)
    if before is not None:
        kept = before if before.probability >= probability else one
        one = replace(kept, probability=min(1.0, before.probability + probability))
    found[one.text] = one


def ranked(found: dict[tuple[str, ...], Hypothesis]) -> tuple[Hypothesis, ...]:
    """The likeliest string first."""
    return tuple(sorted(found.values(), key=lambda h: (-h.probability, h.text)))


def barred(text: tuple[str, ...]) -> tuple[str, ...]:
    """One bar is two classes, hyphen and the Han numeral one: it is a hyphen where no other Han stands."""
    if HAN_ONE not in text or any("\u4e00" < c <= "\u9fff" for c in text):
        return text
    return tuple("-" if c == HAN_ONE else c for c in text)
