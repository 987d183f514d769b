"""Fits what registers are searched with: honest probabilities of characters, and of lost ones.

    serialscan render --held-back --count 400 --seed 93002 --megapixels 1.3 --out PLAIN
    python training/matching.py PLAIN/labels.jsonl [--check REAL/labels.jsonl] [--keep FILE]

A record's probabilities of characters are made to multiply to the line's; a register needs each by itself.
And a line's gaps need the probability that a character was lost there. Both are fitted on lines of rendered
photos that are like a true line. Photos of ``--check`` are only told. Reading takes 1 to 2 CPU seconds a
photo.

What is printed goes into ``serialscan/register/lattice.py`` (characters, losses without a gap) and
``serialscan/reading/calibrate.py`` (gaps).
"""

from __future__ import annotations

import argparse
import itertools
import json
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from calibrate import Read, read
from rapidfuzz.distance import Levenshtein

from serialscan.glyphs import match_key
from serialscan.reading.calibrate import calibrated, gap_evidence, load_calibration
from serialscan.record import Gap, Line
from serialscan.register.lattice import HALF_SURE, slots_as_told

LEAST = 4  # characters of a line that tells anything
UNLIKE = 0.34  # share of its characters in which a line may differ from a true one
RIDGE = 1.0  # of the weights of a gap, in all
_BINS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0001)
_LOW_BINS = (0.0, 0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 1.0001)


@dataclass(frozen=True)
class Seen:
    """One slot of a line: what the record tells of it, and the character that stands there.

    The truth is empty where none does.
    """

    chances: dict[str, float]
    truth: str


@dataclass(frozen=True)
class Place:
    """One gap: its evidence, whether a character was lost in it, whether it is listed among the gap's."""

    evidence: float
    lost: bool
    listed: bool


@dataclass
class Told:
    """What lines of some photos tell."""

    seen: list[Seen]
    places: list[Place]
    lost: int = 0  # characters that were lost between two others
    end_lost: int = 0  # and at an end
    # places between two characters without a gap, characters lost there: of lines that are surer, of others
    sure: list[int] = field(default_factory=lambda: [0, 0])
    unsure: list[int] = field(default_factory=lambda: [0, 0])


def truths(label: dict[str, Any]) -> list[str]:
    """The true lines of a photo, as keys; those that nobody can read in part are left out."""
    whole = ["".join(glyph["char"] for glyph in line) for line in label.get("glyphs", ())]
    keys = [match_key(one) for one in whole or label["lines"] if whole or "?" not in one]
    return [one for one in keys if len(one) >= LEAST]


def told(photos: Sequence[Read]) -> Told:
    """What the lines of photos tell that are like a true line."""
    model, found = load_calibration(), Told([], [])
    for photo in photos:
        known = truths(photo.label)
        for raw in photo.lines:
            line = calibrated(raw, model.probability(raw, *photo.size))
            slots = [slot for glyph in line.characters for slot in slots_as_told(glyph)]
            key = "".join(slot.best or "~" for slot in slots)
            if len(key) < LEAST or not known or raw.mirrored:
                continue
            true = min(known, key=lambda one: Levenshtein.distance(key, one))
            if Levenshtein.distance(key, true) > max(1, UNLIKE * len(key)):
                continue
            found.seen += _slots(slots, key, true)
            _gaps(found, raw, true, line.confidence)
    return found


def _slots(slots: Sequence[Any], key: str, true: str) -> Iterator[Seen]:
    aligned: list[str] = []
    for one in Levenshtein.opcodes(key, true):
        if one.tag in ("equal", "replace"):
            aligned += true[one.dest_start : one.dest_end]
        elif one.tag == "delete":
            # two in a row are text of another line
            aligned += [""] if one.src_end - one.src_start == 1 else ["?"] * (one.src_end - one.src_start)
    yield from (
        Seen(dict(slot.chances), char) for slot, char in zip(slots, aligned, strict=True) if char != "?"
    )


def _gaps(found: Told, raw: Line, true: str, confidence: float) -> None:
    marked = [(key, n) for n, glyph in enumerate(raw.characters) if (key := match_key(glyph.char))]
    key = "".join(one for one, _ in marked)
    if len(key) != len(marked):
        return
    lost: dict[int, list[str]] = {}
    steps = [raw.characters[n].step or 0.0 for _, n in marked]
    for one in Levenshtein.editops(key, true):
        if one.tag == "insert":
            char, at = true[one.dest_pos], one.src_pos
            alike = [at]  # one of two equal neighbours was lost: it was where there is most room
            while alike[0] > 0 and key[alike[0] - 1] == char:
                alike.insert(0, alike[0] - 1)
            while alike[-1] < len(key) and key[alike[-1]] == char:
                alike.append(alike[-1] + 1)
            inner = [n for n in alike if 0 < n < len(key)]
            at = max(inner, key=lambda n: steps[n]) if len(alike) > 1 and inner else at
            lost.setdefault(at, []).append(char)
    gaps: dict[int, list[Gap]] = {}
    for gap in () if raw.gaps is msgspec.UNSET else raw.gaps:
        gaps.setdefault(sum(n < gap.at for _, n in marked), []).append(gap)
    for at in range(len(key) + 1):
        chars = lost.get(at, [])
        here = sorted(gaps.get(at, []), key=lambda one: -one.confidence)
        for number, gap in enumerate(here):
            listed = any(match_key(one.char) in chars for one in gap.alternatives)
            found.places.append(Place(gap_evidence(gap), number < len(chars), listed))
        if 0 < at < len(key):
            found.lost += len(chars)
            without = found.unsure if confidence < HALF_SURE else found.sure
            without[0] += not here
            without[1] += max(0, len(chars) - len(here))
        else:
            found.end_lost += len(chars)


def characters_cost(told_: Told) -> Callable[[Sequence[float]], tuple[float, np.ndarray, np.ndarray]]:
    """For a power, log shares of unlisted characters (two) and a log factor of "none": nats a character."""
    width = max(len(one.chances) for one in told_.seen)
    chance = np.zeros((len(told_.seen), width))
    nothing = np.zeros(chance.shape, bool)
    true = np.full(len(chance), -1)
    for n, one in enumerate(told_.seen):
        for place, (char, value) in enumerate(sorted(one.chances.items(), key=lambda c: (-c[1], c[0]))):
            chance[n, place], nothing[n, place] = value, not char
            if char == one.truth:
                true[n] = place
    none = np.array([not one.truth for one in told_.seen])

    def cost(values: Sequence[float]) -> tuple[float, np.ndarray, np.ndarray]:
        power, least, doubt, factor = values
        weight = chance**power * np.where(nothing, np.exp(factor), 1.0)
        weight[chance == 0] = 0.0
        other = np.minimum(0.5, np.exp(least) + np.exp(doubt) * (1 - chance[:, 0]))
        honest = weight / weight.sum(axis=1, keepdims=True) * (1 - other)[:, None]
        own = honest[np.arange(len(true)), np.maximum(true, 0)]
        explained = np.where(true >= 0, own, np.where(none, 1e-4, other / 36))
        return float(-np.log(np.maximum(explained, 1e-9)).mean()), honest, true

    return cost


def descended(function: Callable[[Sequence[float]], float], start: Sequence[float]) -> list[float]:
    """The least of a function near a start, by pattern search (Hooke and Jeeves 1961)."""
    values, step = list(start), 0.5
    best = function(values)
    while step > 1e-3:
        better = False
        for place in range(len(values)):
            for way in (step, -step):
                tried = [*values[:place], values[place] + way, *values[place + 1 :]]
                if (cost := function(tried)) < best:
                    values, best, better = tried, cost, True
                    break
        step = step if better else step / 2
    return values


def gap_weights(places: Sequence[Place]) -> np.ndarray:
    """A logistic model of lost characters, by Newton's method: bias, votes.

    A ridge holds it near the votes as they are.
    """
    design = np.array([(1.0, one.evidence) for one in places])
    lost = np.array([one.lost for one in places], float)
    usual = np.array([0.0, 1.0])
    ridge = np.diag([1e-6, RIDGE])
    weights = usual
    for _ in range(60):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (lost - chance) - ridge @ (weights - usual)
        hessian = (design * (chance * (1 - chance))[:, None]).T @ design + ridge
        weights = weights + np.linalg.solve(hessian, gradient)
    return weights


def table(said: np.ndarray, right: np.ndarray, bins: Sequence[float]) -> str:
    """How often what was said came true, bin by bin."""
    rows = []
    for low, high in itertools.pairwise(bins):
        part = (said >= low) & (said < high)
        if part.any():
            rows.append(
                f"    {low:.3f}-{min(high, 1.0):.3f}: n {part.sum()}, said {said[part].mean():.3f}, "
                f"right {right[part].mean():.3f}"
            )
    return "\n".join(rows)


def say(text: str) -> None:
    """A line of the report."""
    sys.stdout.write(text + "\n")


def main() -> None:
    """Read, fit, tell."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("labels", nargs="+", type=Path)
    parser.add_argument("--check", type=Path, nargs="*", default=[], help="labels that are only told")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="file that keeps what was read, or has it from before")
    asked = parser.parse_args()
    photos: dict[str, list[Read]]
    if asked.keep is not None and asked.keep.exists():
        photos = pickle.loads(asked.keep.read_bytes())
    else:
        with ProcessPoolExecutor(asked.jobs) as pool:
            photos = {
                name: [
                    photo
                    for path in paths
                    for photo in pool.map(read, [
                        (path.parent / label["file"], label)
                        for label in map(json.loads, path.read_text(encoding="utf-8").splitlines())
                    ], chunksize=4)
                ]
                for name, paths in (("fitted", asked.labels), ("check", asked.check))
            }  # fmt: skip
        if asked.keep is not None:
            asked.keep.write_bytes(pickle.dumps(photos))
    known = {name: told(some) for name, some in photos.items() if some}
    costs = {name: characters_cost(one) for name, one in known.items()}
    fitted = descended(lambda x: costs["fitted"](x)[0] + 1e-4 * x[3] ** 2, [1.5, -7.0, -2.0, 0.0])
    say(f"POWER {fitted[0]:.2f}, UNLISTED {np.exp(fitted[1]):.2g}, UNLISTED_DOUBT {np.exp(fitted[2]):.2f}, "
          f"NOTHING {np.exp(fitted[3]):.2f}")  # fmt: skip
    bias, votes = gap_weights(known["fitted"].places)
    say(f"GAP_BIAS, GAP_VOTES = {bias:.2f}, {votes:.2f}")
    for name, one in known.items():
        cost, honest, true = costs[name](fitted)
        say(f"{name}: {len(one.seen)} characters, {cost:.4f} nats each")
        best = honest.argmax(axis=1)
        say(table(honest.max(axis=1), best == true, _BINS))
        rest = honest.copy()
        rest[np.arange(len(best)), best] = 0.0
        where = rest > 0
        say("  alternatives")
        say(table(rest[where], (np.arange(honest.shape[1]) == true[:, None])[where], _LOW_BINS))
        say(f"  lost between characters: {one.lost}; at ends: {one.end_lost}")
        for kind, (places, lost) in (("half sure or surer", one.sure), ("less sure", one.unsure)):
            say(f"  lines that are {kind}: {lost} lost without a gap at {places} places")
        if one.places:
            chance = np.array([1 / (1 + np.exp(-bias - votes * place.evidence)) for place in one.places])
            gone = np.array([place.lost for place in one.places])
            listed = sum(place.lost and place.listed for place in one.places)
            say(f"  gaps: {len(gone)}, {gone.sum()} with a lost character, which is listed in {listed}")
            say(table(chance, gone, _LOW_BINS))


if __name__ == "__main__":
    main()
