"""Posteriors to strings: greedy decoding for a first look, prefix beam search for the n-best list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from serialscan.reading.engine import BLANK
from serialscan.recipe import Decoding

STOPS = frozenset(".,")


@dataclass(frozen=True)
class Hypothesis:
    """One reading of a line in one view.

    ``positions`` holds, for every character, where its strongest frame lies along the line, from 0
    (left end of the crop) to 1 (right end). ``probability`` is that of the whole string.
    """

    text: tuple[str, ...]
    positions: tuple[float, ...]
    probability: float


@dataclass(frozen=True)
class Glance:
    """The greedy reading of a line: characters, the peak posterior of each, and where it stands (0 to 1)."""

    text: str
    confidences: tuple[float, ...]
    positions: tuple[float, ...]


def greedy(posteriors: np.ndarray, characters: Sequence[str]) -> Glance:
    """Best class of every frame, repeats and blanks removed (Graves et al. 2006, section 3.2).

    A stop is as sure as stop and comma together, and so is a comma: which of the two stands there decides no
    cover.

    Args:
        posteriors: (T, C) float32.
        characters: C strings; class 0 is the blank.
    """
    best = posteriors.argmax(axis=1)
    peak = posteriors[np.arange(len(posteriors)), best]
    stops = [label for label, char in enumerate(characters) if char in STOPS]
    either = np.isin(best, stops)
    peak[either] = posteriors[:, stops].sum(axis=1)[either]
    text: list[str] = []
    confidences: list[float] = []
    positions: list[float] = []
    previous = BLANK
    for frame, (label, p) in enumerate(zip(best.tolist(), peak.tolist(), strict=True)):
        if label != BLANK:
            if label != previous:
                text.append(characters[label])
                confidences.append(p)
                positions.append((frame + 0.5) / len(best))
            elif p > confidences[-1]:
                confidences[-1] = p
                positions[-1] = (frame + 0.5) / len(best)
        previous = label
    return Glance("".join(text), tuple(confidences), tuple(positions))


def beam_search(posteriors: np.ndarray, characters: Sequence[str], how: Decoding) -> tuple[Hypothesis, ...]:
    """CTC prefix beam search (Hannun et al. 2014) to an n-best list, best first.

    Probabilities of all frame paths that spell the same string are added up. Classes below
    ``how.floor`` in a frame are left out; what was left out or pruned is missing from the sum of the
    probabilities, so that they never add up to more than 1.

    Args:
        posteriors: (T, C) float32.
        characters: C strings; class 0 is the blank.
        how: the recipe's decoding.
    """
    frames = len(posteriors)
    # A prefix is a node of a tree: parent, last class, and the frame where it was most likely added.
    parent, label, added, strength = [-1], [BLANK], [0], [0.0]
    children: dict[tuple[int, int], int] = {}
    live: dict[int, tuple[float, float]] = {0: (1.0, 0.0)}
    best = 1.0  # probability of the likeliest prefix
    followed: list[list[tuple[int, float]]] = [[] for _ in range(frames)]
    at, classes = np.nonzero(posteriors >= how.floor)
    for frame, c, p in zip(at.tolist(), classes.tolist(), posteriors[at, classes].tolist(), strict=True):
        if c != BLANK:
            followed[frame].append((c, p))
    blanks, peaks = posteriors[:, BLANK].tolist(), posteriors.max(axis=1).tolist()
    for frame, options in enumerate(followed):
        blank = blanks[frame]
        if not options:  # between characters: nothing grows, and the order stays
            live = {node: ((a + b) * blank, 0.0) for node, (a, b) in live.items()}
            best *= blank
            continue
        grown: dict[int, list[float]] = {}
        hopeless = how.least * best * peaks[frame]
        for node, (ends_blank, ends_label) in live.items():
            total = ends_blank + ends_label
            own = grown.get(node)
            if own is None:
                own = grown[node] = [0.0, 0.0]
            own[0] += total * blank
            for c, p in options:
                if c == label[node]:
                    own[1] += ends_label * p
                    mass = ends_blank * p
                else:
                    mass = total * p
                if mass <= hopeless:
                    continue
                child = children.get((node, c))
                if child is None:
                    child = len(parent)
                    children[node, c] = child
                    parent.append(node)
                    label.append(c)
                    added.append(frame)
                    strength.append(0.0)
                if mass > strength[child]:
                    strength[child] = mass
                    added[child] = frame
                longer = grown.get(child)
                if longer is None:
                    grown[child] = [0.0, mass]
                else:
                    longer[1] += mass
        masses = [(-(a + b), node) for node, (a, b) in grown.items()]
        best = -min(masses)[0]
        ranked = sorted(one for one in masses if -one[0] >= how.least * best)[: how.beams]
        live = {node: (grown[node][0], grown[node][1]) for _, node in ranked}
    found = []
    for node, (ends_blank, ends_label) in live.items():
        text: list[str] = []
        positions: list[float] = []
        # A prefix may be likeliest later than what was appended to it: places never run backwards.
        latest = frames - 1
        step = node
        while step:
            latest = min(latest, added[step])
            text.append(characters[label[step]])
            positions.append((latest + 0.5) / frames)
            step = parent[step]
        probability = min(1.0, ends_blank + ends_label)
        found.append(Hypothesis(tuple(reversed(text)), tuple(reversed(positions)), probability))
    return tuple(sorted(found, key=lambda h: (-h.probability, h.text)))
