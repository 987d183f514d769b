"""How strong a link is: likelihood ratios against chance, in logarithms.

All figures are of what is given: the numbers of one maker among the items that are compared. Nothing is known
of numbers that nobody has seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

LONGEST_RUN = 2000
"""Numbers that a run may span: an assumption about how large a consignment is."""

LEAST_OTHERS = 5
"""Other numbers of a maker from which its density is estimated; with fewer its error is above 100 %."""

FEW_CAP = 2.0
"""Most that a run can reach (log10) if fewer others are known: its density is then a guess."""

_NEIGHBOURS = 10  # on each side, of which the density around a run is taken


@dataclass(frozen=True, slots=True)
class Run:
    """Numbers that stand together.

    Attributes:
        start, end: the first one and the one after the last, in the sorted numbers.
        density: numbers of the maker for each number that there is, without this run.
        few: whether the density is that of all numbers of so many digits, since too few others are known.
    """

    start: int
    end: int
    density: float
    few: bool


def density(numbers: Sequence[int], start: int, end: int, digits: int) -> tuple[float, bool]:
    """How densely a maker's numbers lie around some of them, without those.

    The larger one of two: over the observed range, and over the ten nearest on each side. A maker's numbers
    come in clumps, and the larger one claims less.

    Args:
        numbers: sorted, each once.
        start: the first one that is tested.
        end: the one after the last.
        digits: of the numbers.

    Returns:
        Numbers for each number that there is, and whether this is a guess from the count of digits.
    """
    others = len(numbers) - (end - start)
    if others < LEAST_OTHERS:
        return len(numbers) / 10.0**digits, True
    span = numbers[end - 1] - numbers[start]
    found = others / max(1, numbers[-1] - numbers[0] - span)
    low, high = max(0, start - _NEIGHBOURS), min(len(numbers), end + _NEIGHBOURS)
    width = numbers[high - 1] - numbers[low] - span
    near = (start - low) + (high - end)
    return min(1.0, max(found, near / max(1, width))), False


def log_expected(count: int, span: int, total: int, dense: float) -> float:
    """Natural logarithm of how many runs of so many numbers in such a span chance gives.

    Numbers are taken to lie at random (a Poisson process): from each of ``total`` numbers on, ``count - 1``
    others within ``span``. By Markov's inequality this bounds the probability that there is any.
    """
    among = math.log(dense * (span + 1))
    return math.log(total) + (count - 1) * among - math.lgamma(count)


def log_corrected(count: int, span: int, total: int, dense: float, groups: int) -> float:
    """As ``log_expected``, for a search over runs of all lengths and over so many groups of numbers.

    Runs of k numbers get 1 / (k (k - 1)) of the error, which sums to 1 over all k from 2 on; each group gets
    the same share (Bonferroni). So this is at least the number of false runs among all that is given.
    """
    return log_expected(count, span, total, dense) + math.log(count * (count - 1)) + math.log(groups)


def log10_evidence(log_p: float) -> float:
    """The likelihood ratio (log10) that a p-value carries against chance.

    A mixture over all alternatives p ** (k - 1) * k, 0 < k < 1: (1 - p + p ln p) / (p ln(p) ** 2). By chance
    its mean is 1, so it never claims more than the p-value carries. Source: Vovk and Wang, "E-values:
    calibration, combination and applications", Annals of Statistics 49 (2021), section 2.
    """
    if log_p > -1e-3:
        return math.log10(0.5)  # its limit at p = 1
    p = math.exp(log_p)
    return (math.log(1 - p + p * log_p) - log_p - 2 * math.log(-log_p)) / math.log(10)


def doubted(log10_lr: float, right: float) -> float:
    """A likelihood ratio (log10) if the readings are right with this probability; else they say nothing."""
    if right <= 0:
        return 0.0
    both = math.log10(right) + log10_lr
    rest = math.log10(1 - right) if right < 1 else -math.inf
    high, low = max(both, rest), min(both, rest)
    return high + math.log10(1 + 10 ** max(-300.0, low - high))


def run_strength(
    confidences: Sequence[float], span: int, total: int, dense: float, groups: int
) -> tuple[float, float]:
    """The strength of a run whose readings may be wrong.

    It stands on its j surest readings, for the j that carries most: j readings that are all right are at
    least as narrow as all of them.

    Args:
        confidences: one for each number.
        span: of all of them.
        total: numbers of the group.
        dense: see ``density``.
        groups: that were searched.

    Returns:
        log10 of the likelihood ratio, and the natural logarithm of the corrected expectation.
    """
    best, log_p, right = -math.inf, 0.0, 1.0
    for count, one in enumerate(sorted(confidences, reverse=True), start=1):
        right *= one
        if count < 2:
            continue
        logged = log_corrected(count, span, total, dense, groups)
        strength = doubted(log10_evidence(min(0.0, logged)), right)
        if strength > best:
            best, log_p = strength, logged
    return best, log_p


_Kept: TypeAlias = "Run | tuple[_Kept, _Kept] | None"  # runs that are kept, as a tree


def runs(numbers: Sequence[int], digits: int, groups: int, longest: int = LONGEST_RUN) -> list[Run]:
    """Runs that chance explains least, without overlap.

    Neighbours are joined by growing gaps, which gives a tree of runs; of each run and those within it the
    least likely one is kept. Time n log n.

    Args:
        numbers: sorted, each once.
        digits: of the numbers.
        groups: that are searched.
        longest: numbers that a run may span.
    """
    total = len(numbers)
    spans = list(range(total))  # of a run that starts (or ends) here its other end
    best: dict[int, tuple[float, _Kept]] = {}  # by the start of a run
    gaps = [(numbers[i + 1] - numbers[i], i) for i in range(total - 1)]
    for gap, i in sorted(gaps):
        if gap > longest:
            break
        start, end = spans[i], spans[i + 1]
        spans[start], spans[end] = end, start
        left, right = best.pop(start, (0.0, None)), best.pop(i + 1, (0.0, None))
        inner = min(left[0], right[0])
        span = numbers[end] - numbers[start]
        if span <= longest:
            dense, few = density(numbers, start, end + 1, digits)
            logged = log_corrected(end + 1 - start, span, total, dense, groups)
            if logged < inner:
                best[start] = logged, Run(start, end + 1, dense, few)
                continue
        if left[1] is not None or right[1] is not None:
            best[start] = inner, (left[1], right[1])
    return sorted(_flat([kept for _, kept in best.values()]), key=lambda run: run.start)


def _flat(some: list[_Kept]) -> Iterator[Run]:
    while some:
        one = some.pop()
        if isinstance(one, tuple):
            some += one
        elif one is not None:
            yield one
