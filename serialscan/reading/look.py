"""Chosen lines read in several views, more of them where the first disagree, and fused."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from serialscan.photo.crops import flattened
from serialscan.reading import views
from serialscan.reading.batches import recognised
from serialscan.reading.cover import Candidate
from serialscan.reading.engine import Engine
from serialscan.reading.fuse import Fusion
from serialscan.reading.overlap import same_place
from serialscan.reading.parts import parted
from serialscan.reading.recognise import Hypothesis, beam_search
from serialscan.reading.shapes import Shape, Straight, bounds, seen_at
from serialscan.reading.sights import Sight, add, barred, ranked, testimony, vote
from serialscan.recipe import GLANCE, Recipe, View, Views
from serialscan.record import Testimony

_LIGHTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "raw": lambda line: line,
    "flattened": flattened,
    "smoothed": views.smoothed,
}


@dataclass(frozen=True)
class Found:
    """A line found and read: where it runs, its fused reading, and each view's own reading."""

    shape: Shape
    fusion: Fusion
    testimonies: tuple[Testimony, ...]
    value: float


class LineReader:
    """Reads lines in several views.

    Args:
        engine: looks at them.
        recipe: the views and their vote.
    """

    def __init__(self, engine: Engine, recipe: Recipe) -> None:
        self._engine = engine
        self._how = recipe

    def look(
        self, rgb: np.ndarray, chosen: Sequence[Candidate], candidates: Sequence[Candidate]
    ) -> list[Found]:
        """Read the chosen lines in more views, more of them where the first disagree, and fuse."""
        how, first = self._how.views, View("flattened", GLANCE, "flattened", self._how.glances.reader)
        other_box = replace(first, name="other box")
        sights: list[list[Sight]] = []
        for line in chosen:
            seen = [self._sight(first, line.posteriors, line.shape)]
            for other in candidates:
                if other.shape != line.shape and _same_line(line.shape, other.shape, how):
                    seen.append(self._sight(other_box, other.posteriors, line.shape, other.shape))
            sights.append(seen)
        fusions: dict[int, Fusion] = {}
        pending = list(range(len(chosen)))
        cut = cache(lambda i, crop: chosen[i].shape.cut(rgb, crop))
        for look in how.rounds:
            jobs = [(i, view) for i in pending for view in (*look, *_pieces(chosen[i].shape, look, how))]
            crops = [_LIGHTS[view.light](cut(i, view.crop)) for i, view in jobs]
            read = recognised(crops, [view.recogniser for _, view in jobs], self._engine)
            for (i, view), posteriors in zip(jobs, read, strict=True):
                sights[i].append(self._sight(view, posteriors, chosen[i].shape))
            for i in pending:
                fusions[i] = vote(sights[i], self._how.vote)
            pending = [i for i in pending if fusions[i].confidence < how.sure]
            if not pending:
                break
        return [
            Found(shape, part, tuple(testimony(sight) for sight in saw if sight.hypotheses), line.value)
            for i, (line, seen) in enumerate(zip(chosen, sights, strict=True))
            for shape, saw, part in parted(line.shape, seen, fusions[i], self._how)
            if part.text  # where the views agree that nothing stands there is no line
        ]

    def _sight(self, view: View, posteriors: np.ndarray, shape: Shape, of: Shape | None = None) -> Sight:
        """The n-best list with positions in ``u`` of ``shape``; ``of`` is the shape cut, if another."""
        characters = self._engine.characters(view.recogniser)
        hypotheses = beam_search(posteriors, characters, self._how.decoding)
        cut, crop = of or shape, view.crop
        first, last, _, _ = bounds(cut.width, cut.height, crop)
        # A character cut by the end of a piece is not seen: the next piece has all of it.
        unseen = self._how.views.cut * shape.height / shape.width
        low = first + unseen if crop.start > 0 else -math.inf
        high = last - unseen if crop.stop < 1 else math.inf
        moved: dict[tuple[str, ...], Hypothesis] = {}
        for hypothesis in hypotheses:
            u = seen_at(cut, hypothesis.positions, crop)
            if of is not None and len(u):
                u = shape.along(of.points(u, np.full(len(u), 0.5)))
            text = barred(hypothesis.text)
            kept = [(c, x) for c, x in zip(text, u.tolist(), strict=True) if low <= x <= high]
            add(moved, kept, hypothesis.probability)
        piece = crop.start > 0 or crop.stop < 1
        return Sight(view.recogniser, view.name, piece, ranked(moved), low, high)


def _pieces(shape: Shape, look: Sequence[View], how: Views) -> list[View]:
    """Overlapping pieces of a long line, each seen as the first view of the look sees the whole."""
    length = shape.width / shape.height
    if length <= how.long:
        return []
    count = math.ceil((length - how.piece_overlap) / (how.long - how.piece_overlap))
    step = (1 - how.long / length) / (count - 1)
    share = how.long / length
    view = look[0]
    return [
        View(
            f"{view.name}, piece {i + 1}",
            replace(view.crop, start=i * step, stop=i * step + share),
            view.light,
            view.recogniser,
        )
        for i in range(count)
    ]


def _same_line(a: Shape, b: Shape, how: Views) -> bool:
    """True if two boxes show one line, read the same way."""
    if not isinstance(a, Straight) or not isinstance(b, Straight):
        return False
    askew = abs((a.angle - b.angle + 180) % 360 - 180)
    return askew < how.same_askew and same_place(a, b, how.same_line)
