"""A quick look at places, and a first reading of those that are worth it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from serialscan.photo.crops import flattened
from serialscan.reading.batches import recognised
from serialscan.reading.cover import Candidate, value_of
from serialscan.reading.engine import Engine
from serialscan.reading.recognise import Glance, greedy
from serialscan.reading.shapes import Shape, Straight
from serialscan.recipe import GLANCE, Glances, Recipe, Recogniser


class Glancer:
    """Looks quickly at places.

    Args:
        engine: looks at them.
        recipe: what a look must be worth.
    """

    def __init__(self, engine: Engine, recipe: Recipe) -> None:
        self._engine = engine
        self._how = recipe

    def glance(self, rgb: np.ndarray, places: Sequence[tuple[Shape, float]]) -> list[Candidate]:
        """Look quickly at every place both ways, squarish ones in four directions; read what is worth it."""
        how = self._how.glances
        looks: list[tuple[Shape, float, np.ndarray]] = []
        whose: list[int] = []
        for number, (place, cost) in enumerate(places):
            across = isinstance(place, Straight) and place.width < how.square * place.height
            for shape in (place, place.turned(1)) if across else (place,):
                looks.append((shape, cost, flat(rgb, shape)))
                whose.append(number)
        seen = self.quick([crop for _, _, crop in looks])
        either = [i for i, glance in enumerate(seen) if not _one_way(glance, how)]
        turned = [
            (shape.turned(2), cost, crop[::-1, ::-1]) for shape, cost, crop in (looks[i] for i in either)
        ]
        seen += self.quick([crop for _, _, crop in turned])
        looks += turned
        whose += [whose[i] for i in either]
        values = [
            value_of(glance, self._how.cover, cost, how.even)
            for (_, cost, _), glance in zip(looks, seen, strict=True)
        ]
        least = [0.0] * len(places)
        for number, value in zip(whose, values, strict=True):
            least[number] = max(least[number], value - how.behind)
        judged = zip(looks, whose, values, strict=True)
        return self.candidates([look for look, number, value in judged if value > least[number]])

    def judged(self, rgb: np.ndarray, candidates: Sequence[Candidate], judge: Recogniser) -> list[Candidate]:
        """Candidates worth the mean of what the reader and a judge make of them."""
        useful = [i for i, one in enumerate(candidates) if one.value > 0]
        crops = [candidates[i].shape.cut(rgb, GLANCE) for i in useful]
        characters = self._engine.characters(judge)
        judged = list(candidates)
        for i, read in zip(useful, recognised(crops, [judge] * len(crops), self._engine), strict=True):
            one = candidates[i]
            value = value_of(greedy(read, characters), self._how.cover, one.cost)
            judged[i] = replace(one, value=(one.value + value) / 2)
        return judged

    def once(self, rgb: np.ndarray, shapes: Sequence[Shape], cost: float = 0.0) -> list[Candidate]:
        """Read places one way up."""
        return self.candidates([(shape, cost, flat(rgb, shape)) for shape in shapes])

    def quick(self, crops: Sequence[np.ndarray]) -> list[Glance]:
        """What the quick recogniser sees in crops, (48, W, 3) uint8."""
        quick = self._how.glances.quick
        characters = self._engine.characters(quick)
        return [greedy(read, characters) for read in recognised(crops, [quick] * len(crops), self._engine)]

    def candidates(self, looks: Sequence[tuple[Shape, float, np.ndarray]]) -> list[Candidate]:
        """Read places, of shape, cost in a cover and crop each."""
        reader = self._how.glances.reader
        candidates = []
        read = recognised([crop for _, _, crop in looks], [reader] * len(looks), self._engine)
        for (shape, cost, _), posteriors in zip(looks, read, strict=True):
            glance = greedy(posteriors, self._engine.characters(reader))
            candidates.append(
                Candidate(shape, glance, posteriors, value_of(glance, self._how.cover, cost), cost)
            )
        return candidates


def flat(rgb: np.ndarray, shape: Shape) -> np.ndarray:
    """A place as a first look sees it."""
    return flattened(shape.cut(rgb, GLANCE))


def _one_way(glance: Glance, how: Glances) -> bool:
    """True for a sure reading with characters that stand for nothing upside down: no need to turn it."""
    telling = sum(c not in how.turnable for c in glance.text)
    return telling >= how.one_way and min(glance.confidences) > how.one_way_sure
