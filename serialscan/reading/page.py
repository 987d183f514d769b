"""From the pixels of one page to its lines: in the light that shows most, and in its mirror image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from serialscan.reading import mirror, views
from serialscan.reading.cover import Candidate, value_of
from serialscan.reading.engine import Engine
from serialscan.reading.glance import Glancer, flat
from serialscan.reading.look import Found, LineReader
from serialscan.reading.search import Page, PageSearch
from serialscan.recipe import NORMAL, Recipe


class PageReader:
    """Reads pages.

    Args:
        engine: looks at them.
        recipe: what to look for and how.
    """

    def __init__(self, engine: Engine, recipe: Recipe = NORMAL) -> None:
        self._how = recipe
        self._glancer = Glancer(engine, recipe)
        self._lines = LineReader(engine, recipe)
        self._search = PageSearch(engine, recipe, self._glancer, self._lines)

    def lines(self, rgb: np.ndarray) -> list[Found]:
        """Read all lines of a page, (H, W, 3) uint8, in reading order."""
        page = self.find(rgb)
        return self.look(page.rgb, page.lines, page.candidates)

    def find(self, rgb: np.ndarray) -> Page:
        """Search a page, (H, W, 3) uint8, in the light that shows most."""
        levelled = views.levelled(rgb, self._how.light)
        page = self._search.search(levelled)
        lifted = views.lifted(levelled, self._how.light) if self._how.light.lift else None
        if lifted is not None:
            other = self._search.search(lifted)
            if _value(other.lines) > _value(page.lines) + self._how.light.lifted_better:
                return other
        return page

    def look(
        self, rgb: np.ndarray, chosen: Sequence[Candidate], candidates: Sequence[Candidate]
    ) -> list[Found]:
        """Read the chosen lines in several views, see `LineReader.look`."""
        return self._lines.look(rgb, chosen, candidates)

    def mirrored(self, page: Page) -> Page | None:
        """The mirror image of a page, with the lines that read clearly better there; None if there are none.

        A page that reads well as it is costs nothing, most others a quick look at a few boxes.
        """
        how = self._how.mirror
        if mirror.reads_well(page.lines, how, self._how.cover.even):
            return None
        crops = [flat(page.rgb, box) for box in mirror.fullest(page.places, how)]
        in_mirror = self._either_way([np.ascontiguousarray(crop[:, ::-1]) for crop in crops])
        if max(in_mirror, default=0.0) < how.hints:
            return None
        if sum(in_mirror) < sum(self._either_way(crops)) + how.hints_better:
            return None
        image = self._search.search(np.ascontiguousarray(page.rgb[:, ::-1]))
        if not mirror.proves(image.lines, how) or _value(image.lines) < _value(page.lines) + how.better:
            return None
        lines = mirror.better(image.lines, page.lines, page.rgb.shape[1], how)
        return replace(image, lines=lines)

    def _either_way(self, crops: Sequence[np.ndarray]) -> list[float]:
        """What places are worth to a quick look, the better way up; 0 where it sees nothing."""
        seen = self._glancer.quick([*crops, *(np.ascontiguousarray(crop[::-1, ::-1]) for crop in crops)])
        values = [max(0.0, value_of(glance, self._how.cover)) for glance in seen]
        return [max(pair) for pair in zip(values[: len(crops)], values[len(crops) :], strict=True)]


def _value(lines: Sequence[Candidate]) -> float:
    return sum(line.value for line in lines)
