"""Figures and their uncertainty. Every interval is one of 95 %."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from serialscan.interval import Interval

_RESAMPLES = 2000
_SEED = 20170101
_BLOCK = 1 << 21  # resampled values in memory at a time


def bootstrap_ratio(counts: Sequence[float], sizes: Sequence[float]) -> Interval | None:
    """Percentile interval of ``sum(counts) / sum(sizes)``, whole photos drawn again (Efron 1979).

    Lines of one photo share its light and its focus; drawing photos and not lines keeps that.

    Args:
        counts: one number for each photo.
        sizes: what each is counted out of.

    Returns:
        Lower and upper bound; the same for the same input, the seed is fixed. None where drawing again
        says nothing: less than two photos with a size, or the same share in all of them.
    """
    import numpy as np

    used = [(count, size) for count, size in zip(counts, sizes, strict=True) if size]
    if len({count / size for count, size in used}) < 2:
        return None
    values = np.array(used, float)
    rng = np.random.default_rng(_SEED)
    ratios: list[np.ndarray] = []
    rows = max(1, _BLOCK // len(used))
    for start in range(0, _RESAMPLES, rows):
        drawn = rng.integers(0, len(used), (min(rows, _RESAMPLES - start), len(used)))
        sums = values[drawn].sum(axis=1)
        ratios.append(sums[:, 0] / sums[:, 1])
    low, high = np.percentile(np.concatenate(ratios), [2.5, 97.5])
    return float(low), float(high)


def exact_sign_test(won: int, lost: int) -> float:
    """Two-sided p of the changes if they fall to either side alike (McNemar 1947, exact by the binomial).

    Args:
        won: cases wrong before and right now.
        lost: cases right before and wrong now.

    Returns:
        1 without changes.
    """
    changes = won + lost
    tail = sum(math.comb(changes, k) for k in range(min(won, lost) + 1))
    return min(1.0, 2 * tail / 2**changes)


@dataclass(frozen=True, slots=True)
class Threshold:
    """What happens if all claims at least this sure are taken.

    Attributes:
        confidence: the least confidence taken.
        taken: claims taken.
        wrong: how many of them are wrong.
    """

    confidence: float
    taken: int
    wrong: int

    @property
    def risk(self) -> float:
        """Share of the taken claims that is wrong."""
        return self.wrong / self.taken


def thresholds(confidences: Sequence[float], right: Sequence[bool]) -> list[Threshold]:
    """The risk-coverage curve (El-Yaniv and Wiener 2010): one point for each confidence, highest first."""
    points: list[Threshold] = []
    wrong = 0
    order = sorted(range(len(right)), key=lambda i: -confidences[i])
    for taken, index in enumerate(order, start=1):
        wrong += not right[index]
        if points and points[-1].confidence == confidences[index]:
            points.pop()
        points.append(Threshold(confidences[index], taken, wrong))
    return points


def aurc(points: Sequence[Threshold]) -> float | None:
    """Area under the risk-coverage curve: the mean risk over all numbers of claims taken.

    Geifman and El-Yaniv 2017; 0 is best. Claims of one confidence come in no order, so the mean over all
    their orders is taken: errors among them are spread evenly.
    """
    if not points:
        return None
    total, taken, wrong = 0.0, 0, 0
    for point in points:
        share = (point.wrong - wrong) / (point.taken - taken)
        total += sum((wrong + share * (k - taken)) / k for k in range(taken + 1, point.taken + 1))
        taken, wrong = point.taken, point.wrong
    return total / taken


def oracle_aurc(claims: int, wrong: int) -> float | None:
    """AURC of confidences that put every right claim before every wrong one: the least for these readings."""
    if not claims:
        return None
    right = claims - wrong
    return sum((k - right) / k for k in range(right + 1, claims + 1)) / claims


def most_taken(points: Sequence[Threshold], risk: float) -> Threshold | None:
    """The point with most claims whose risk is at most ``risk``; None if there is none."""
    return max((point for point in points if point.risk <= risk), key=lambda p: p.taken, default=None)


@dataclass(frozen=True, slots=True)
class Bin:
    """Claims of like confidence.

    Attributes:
        low: confidences above this (in the first bin also equal to it).
        high: up to this.
        claims: how many.
        confidence: their mean confidence.
        right: how many of them are right.
    """

    low: float
    high: float
    claims: int
    confidence: float
    right: int


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> list[Bin]:
    """Claims in bins of equal width, empty ones left out (Guo et al. 2017, section 2)."""
    members: list[list[int]] = [[] for _ in range(bins)]
    for index, confidence in enumerate(confidences):
        members[max(0, math.ceil(round(confidence * bins, 9)) - 1)].append(index)
    return [
        Bin(
            low=number / bins,
            high=(number + 1) / bins,
            claims=len(inside),
            confidence=sum(confidences[i] for i in inside) / len(inside),
            right=sum(right[i] for i in inside),
        )
        for number, inside in enumerate(members)
        if inside
    ]


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Expected calibration error: mean distance of confidence and share right (Guo et al. 2017, eq. 3)."""
    claims = sum(one.claims for one in bins)
    if not claims:
        return None
    return sum(abs(one.confidence * one.claims - one.right) for one in bins) / claims


def brier(confidences: Sequence[float], right: Sequence[bool]) -> float | None:
    """Mean squared difference of confidence and outcome (Brier 1950); 0 is best."""
    if not right:
        return None
    return sum((c - r) ** 2 for c, r in zip(confidences, right, strict=True)) / len(right)
