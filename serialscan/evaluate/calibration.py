"""Fits a laboratory's calibration on what its people decided, and says whether it holds better.

The model is beta calibration of the shipped confidence (Kull, Silva Filho and Flach 2017). It has three
weights, which a normal prior draws towards those that change nothing. Each item is judged by a model that did
not see it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from serialscan.errors import SettingsError
from serialscan.evaluate import metrics
from serialscan.evaluate.judge import Judged
from serialscan.glyphs import match_key
from serialscan.marking.laboratory import (
    Basis,
    Claims,
    Held,
    Labels,
    Laboratory,
    Measure,
    evidence,
    mapped,
    shipped_models,
)
from serialscan.record import Tool

LEAST = 30
"""Items with a right serial, and items with a wrong one, that a fit needs: ten for each of three weights
(Peduzzi et al. 1996)."""

FOLDS = 10
PRIOR = 1.0  # standard deviation of each weight: a change of the odds by e is no surprise
AS_SHIPPED = (1.0, 1.0, 0.0)  # the weights that change nothing
_STEPS = 100  # of Newton's method, which needs about six
_CLOSE = 1e-9  # a step as small as this changes nothing
_RESAMPLES = 2000
_SEED = 19960101
_BINS = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """A named serial that was judged.

    Attributes:
        item: what tells items apart: the true serial, else the photo.
        confidence: as shipped.
        right: it is the true serial.
        acceptable: the confidence that acceptance looks at; None if it was not accepted.
    """

    item: str
    confidence: float
    right: bool
    acceptable: float | None


@dataclass(frozen=True, slots=True)
class Trial:
    """A fit and what it is worth; ``better`` says whether it may be used, ``why`` says why not."""

    laboratory: Laboratory
    better: bool
    why: str = ""


def claims_of(photos: Sequence[Judged]) -> list[Claim]:
    """The serials named in photos whose truth can be compared."""
    return [
        Claim(
            item=_item(photo),
            confidence=photo.serial.shipped,
            right=photo.serial.right,
            acceptable=photo.serial.acceptable if photo.serial.accepted else None,
        )
        for photo in photos
        if photo.decidable and photo.serial is not None
    ]


def _item(photo: Judged) -> str:
    """Photos with one true serial are of one item; copies of one file are one photo."""
    if photo.label.serial is not None:
        return f"serial {match_key(photo.label.serial)}"
    return f"photo {photo.sha256 or photo.path}"


def trial(photos: Sequence[Judged], labels: Sequence[Labels], least: float) -> Trial:
    """Fit a calibration and judge it on items that it did not see.

    Args:
        photos: judged.
        labels: the files that judged them.
        least: least confidence of an accepted serial.

    Raises:
        SettingsError: there are too few, they were read in several ways, or the model has no use.
    """
    claims = claims_of(photos)
    tools = _tools(photos)
    items: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        items[claim.item].append(claim)
    right = sum(any(claim.right for claim in some) for some in items.values())
    wrong = sum(not all(claim.right for claim in some) for some in items.values())
    if min(right, wrong) < LEAST:
        raise SettingsError(
            f"Too few to fit: {right} items with a right serial and {wrong} with a wrong one, of "
            f"{len(claims)} serials that were judged. {LEAST} of each are needed, ten for each of the three "
            "weights that are fitted: label more photos, above all of the kind of which there are few."
        )
    confidence = np.array([claim.confidence for claim in claims])
    outcome = np.array([claim.right for claim in claims])
    x = np.array([evidence(float(one)) for one in confidence])
    names = sorted(items, key=lambda name: (all(c.right for c in items[name]), _drawn(name)))
    fold_of = {name: number % FOLDS for number, name in enumerate(names)}
    folds = np.array([fold_of[claim.item] for claim in claims])
    models = [fitted(x[folds != fold], outcome[folds != fold]) for fold in range(FOLDS)]
    after = np.array([mapped(float(c), models[fold]) for c, fold in zip(confidence, folds, strict=True)])
    weights = fitted(x, outcome)
    number_of = {name: number for number, name in enumerate(names)}
    groups = np.array([number_of[claim.item] for claim in claims])
    held, gain = _held(claims, confidence, after, groups, models, folds, least)
    accepted = [claim for claim in claims if claim.acceptable is not None]
    if weights[0] == weights[1] == 0:
        raise SettingsError(
            "No use: surer serials are not more often right in these photos. Check that the labels belong to "
            "the records."
        )
    made = Laboratory(
        weights=weights, before=held[0], after=held[1], gain=gain,
        basis=Basis(
            labels=tuple(labels), version=tools[0].version, recipe=tools[0].recipe,
            models=shipped_models(tools[0]),
            settings_digests=tuple(sorted({tool.settings_digest for tool in tools})),
            serials=len(claims), items=len(items), right=right, wrong=wrong, accepted=len(accepted),
            least=float(confidence.min()), surest=float(confidence.max()),
        ),
    )  # fmt: skip
    if gain.low <= 0:
        why = "the gain may be chance: its interval holds zero"
    elif held[1].brier.value >= held[0].brier.value:
        why = "the log loss is smaller and the Brier score is not"
    else:
        return Trial(made, better=True)
    return Trial(made, better=False, why=why)


def fitted(x: np.ndarray, right: np.ndarray) -> tuple[float, float, float]:
    """The weights of the logistic model that fits best; of the first two none is negative.

    Args:
        x: (N, 3) the evidence of each serial.
        right: (N,) whether it is right.
    """
    free = [0, 1, 2]
    weights = _newton(x, right, free)
    while negative := [i for i in free[:-1] if weights[i] < 0]:  # left out, and the others fitted again
        free.remove(min(negative, key=lambda i: weights[i]))
        weights = _newton(x, right, free)
    first, second, bias = (round(float(one), 4) for one in weights)
    return first, second, bias


def _newton(x: np.ndarray, right: np.ndarray, free: Sequence[int]) -> np.ndarray:
    """The weights by Newton's method, in which no step makes it worse; those that are not free are 0."""
    sign = np.where(right, -1.0, 1.0)
    design, prior = x[:, free], np.array(AS_SHIPPED)[free]

    def cost(weights: np.ndarray) -> float:
        doubt = np.logaddexp(0.0, sign * (design @ weights)).sum()
        return float(doubt + ((weights - prior) ** 2).sum() / (2 * PRIOR**2))

    weights = prior
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (right - p) - (weights - prior) / PRIOR**2
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.eye(len(free)) / PRIOR**2
        step = np.linalg.solve(hessian, gradient)
        while cost(weights + step) > cost(weights) and float(np.abs(step).max()) > _CLOSE:
            step = step / 2
        weights = weights + step
        if float(np.abs(step).max()) <= _CLOSE:
            break
    whole = np.zeros(len(AS_SHIPPED))
    whole[free] = weights
    return whole


def _drawn(name: str) -> bytes:
    """An order that has nothing to do with the photos, and is always the same."""
    return hashlib.sha256(name.encode()).digest()


def _tools(photos: Sequence[Judged]) -> list[Tool]:
    tools = list(dict.fromkeys(photo.tool for photo in photos if photo.tool is not None and photo.serial))
    if not tools:
        raise SettingsError("No record of a labelled photo names a serial: there is nothing to fit.")
    ways = {(tool.version, tool.recipe, shipped_models(tool)) for tool in tools}
    if len(ways) > 1:
        told = ", ".join(sorted({f"{tool.version} ({tool.recipe or 'recipe not told'})" for tool in tools}))
        raise SettingsError(
            f"The records were read in {len(ways)} ways: {told}. Take records of one version, one effort and "
            "one set of weights."
        )
    return tools


def _held(
    claims: Sequence[Claim], before: np.ndarray, after: np.ndarray, groups: np.ndarray,
    models: Sequence[tuple[float, float, float]], folds: np.ndarray, least: float,
) -> tuple[tuple[Held, Held], Measure]:  # fmt: skip
    """How well both confidences hold, and how much smaller the log loss is after."""
    outcome = np.array([claim.right for claim in claims], float)
    count = int(groups.max()) + 1
    sizes = np.bincount(groups, minlength=count)
    rng = np.random.default_rng(_SEED)
    draws = [np.bincount(rng.integers(0, count, count), minlength=count) for _ in range(_RESAMPLES)]
    taken = [claim.acceptable is not None for claim in claims]
    still = [
        claim.acceptable is not None and mapped(claim.acceptable, models[fold]) >= least
        for claim, fold in zip(claims, folds, strict=True)
    ]
    held = []
    losses = []
    for said, accepted in ((before, taken), (after, still)):
        kept = np.clip(said, 1e-4, 1 - 1e-4)
        loss = -np.log(np.where(outcome > 0, kept, 1 - kept))
        losses.append(loss)
        shown = metrics.reliability([float(p) for p in said], [bool(r) for r in outcome], _BINS)
        held.append(
            Held(
                log_loss=_mean(loss, groups, sizes, draws),
                brier=_mean((said - outcome) ** 2, groups, sizes, draws),
                calibration_error=round(metrics.calibration_error(shown) or 0.0, 4),
                reliability=tuple(
                    Claims(
                        low=one.low, high=one.high, claims=one.claims,
                        confidence=round(one.confidence, 4), right=one.right,
                    )
                    for one in shown
                ),
                accepted=sum(accepted),
                accepted_wrong=sum(
                    yes and not claim.right for yes, claim in zip(accepted, claims, strict=True)
                ),
            )
        )  # fmt: skip
    return (held[0], held[1]), _mean(losses[0] - losses[1], groups, sizes, draws)


def _mean(values: np.ndarray, groups: np.ndarray, sizes: np.ndarray, draws: Sequence[np.ndarray]) -> Measure:
    """The mean over serials, whole items drawn again (Efron 1979)."""
    sums = np.bincount(groups, weights=values, minlength=len(sizes))
    low, high = np.percentile([float(drawn @ sums / (drawn @ sizes)) for drawn in draws], [2.5, 97.5])
    value = float(sums.sum() / sizes.sum())
    return Measure(value=round(value, 4), low=round(float(low), 4), high=round(float(high), 4))
