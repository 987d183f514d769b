"""Which lines stand on a page: locate, glance, cover, and look further where that leaves something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from serialscan.reading import stack, where
from serialscan.reading.arcs import locate_arcs
from serialscan.reading.cover import Candidate, cover, value_of
from serialscan.reading.ends import GLYPH_SHARE
from serialscan.reading.engine import Engine
from serialscan.reading.glance import Glancer, flat
from serialscan.reading.joins import cost_of, joined_rows
from serialscan.reading.locate import locate, locate_again, locate_even, locate_small
from serialscan.reading.look import LineReader
from serialscan.reading.rows import rows_beside, words_in
from serialscan.reading.shapes import BOX_MARGIN, Shape, Stack, Straight, seen_at
from serialscan.recipe import GLANCE, Places, Recipe

_Behind = Callable[[Shape], bool]
"""Tells whether a line stands behind the item."""


@dataclass(frozen=True)
class Page:
    """A page that was searched.

    Attributes:
        rgb: the page in the light that shows most, (H, W, 3) uint8.
        lines: its lines in reading order, each read once.
        candidates: all places that were read.
        places: where the detectors see text.
    """

    rgb: np.ndarray
    lines: list[Candidate]
    candidates: list[Candidate]
    places: list[Shape]


class PageSearch:
    """Searches pages for lines.

    Args:
        engine: looks at them.
        recipe: where to look.
        glancer: looks quickly at places.
        lines: reads lines where only all views tell how far they go.
    """

    def __init__(self, engine: Engine, recipe: Recipe, glancer: Glancer, lines: LineReader) -> None:
        self._engine = engine
        self._how = recipe
        self._glancer = glancer
        self._lines = lines

    def search(self, rgb: np.ndarray) -> Page:
        """Search a page, (H, W, 3) uint8, as it is."""
        places = self._places(rgb)
        candidates = self._glancer.glance(rgb, places)
        chosen = cover(candidates, self._how.cover)
        looked: set[Shape] = set()
        longer = partial(self._longer, looked=looked)
        # Three looks ask it of the same lines, and of the same page.
        behind = cache(partial(_is_behind, rgb, cache(partial(where.page_of, rgb))))
        again, small, even = (partial(look, behind=behind) for look in (self._again, self._small, self._even))
        # A line may be cut at both ends, and so may one that was found beside another.
        twice = [longer] * self._how.longer.rounds
        ways: list[Callable[[np.ndarray, Sequence[Candidate]], list[Candidate]]]
        ways = [again, small, even, *twice, self._beside, *twice[:1]]
        for further in ways:
            more = further(rgb, chosen)
            if more:
                candidates += more
                chosen = cover(candidates, self._how.cover)
        stacked = self._stacked(rgb, [place for place, _ in places], chosen)
        if stacked:
            candidates += stacked
            chosen = cover(candidates, self._how.cover)
        if self._how.cover.judge is not None:
            candidates = self._glancer.judged(rgb, candidates, self._how.cover.judge)
            chosen = cover(candidates, self._how.cover)
        return Page(rgb, chosen, candidates, [place for place, _ in places])

    def _places(self, rgb: np.ndarray) -> list[tuple[Shape, float]]:
        """Where lines may stand, each with its cost in a cover."""
        how, rings = self._how.places, self._how.rings
        height, width = rgb.shape[:2]
        boxes, bowed = locate(rgb, self._engine, how)
        places: list[tuple[Shape, float]] = [(box, 0.0) for box in boxes]
        places += [(arc, 0.0) for arc in bowed]
        places += joined_rows(boxes, how.joins)
        on_rings = locate_arcs(rgb, boxes, bowed, self._engine, rings, how)
        places += [(arc, cost_of(gap, how.joins)) for arc, gap in on_rings]
        long_side, short_side = max(height, width), min(height, width)
        if short_side < how.line_px and long_side > how.line_long * short_side:
            angle = 0.0 if width >= height else 90.0
            places.append((Straight(width / 2, height / 2, long_side, short_side, angle), 0.0))
        return places

    def _again(self, rgb: np.ndarray, chosen: Sequence[Candidate], behind: _Behind) -> list[Candidate]:
        """If the photo shows no sure number, look closer where nothing was read, and read what is there."""
        if self._satisfied(chosen, behind):
            return []
        read = [c.shape for c in chosen]
        return self._read_in(rgb, locate_again(rgb, self._engine, read, self._how.places))

    def _small(self, rgb: np.ndarray, chosen: Sequence[Candidate], behind: _Behind) -> list[Candidate]:
        """Look for small marks where nothing was read surely, beside a sure number where nothing was read."""
        satisfied = self._satisfied(chosen, behind)
        if satisfied and not self._how.places.small_beside_number:
            return []
        read = [c.shape for c in chosen if satisfied or c.value > self._how.rows.sure]
        return self._read_in(rgb, locate_small(rgb, self._engine, read, self._how.places, clear=satisfied))

    def _even(self, rgb: np.ndarray, chosen: Sequence[Candidate], behind: _Behind) -> list[Candidate]:
        """If the item shows no sure number, look in even light where nothing was read surely."""
        if self._satisfied(chosen, behind):
            return []
        read = [c.shape for c in chosen if c.value > self._how.rows.sure]
        return self._read_in(rgb, locate_even(rgb, self._engine, read, self._how.places))

    def _satisfied(self, chosen: Sequence[Candidate], behind: _Behind) -> bool:
        """Whether the item shows a number beyond much doubt, and the recipe asks for no more.

        A number on a card, a box or a screen behind the item ends no search.
        """
        how = self._how.places
        return how.number_ends_search and any(
            _is_number(line, how) and not behind(line.shape) for line in chosen
        )

    def _read_in(self, rgb: np.ndarray, boxes: Sequence[Straight]) -> list[Candidate]:
        return self._glancer.glance(
            rgb, [*((box, 0.0) for box in boxes), *joined_rows(boxes, self._how.places.joins)]
        )

    def _longer(self, rgb: np.ndarray, chosen: Sequence[Candidate], looked: set[Shape]) -> list[Candidate]:
        """Lines that go on beyond an end of their box: all views must be sure of what stands there.

        Args:
            rgb: the page.
            chosen: its lines.
            looked: those whose ends were looked at, which is not done again; it grows.
        """
        how = self._how.longer
        lines = [
            line
            for line in chosen
            if isinstance(line.shape, Straight)
            and line.shape not in looked
            and sum(c.isalnum() for c in line.glance.text) >= how.characters
        ]
        looked.update(line.shape for line in lines)
        reach = [how.beyond * line.shape.height / line.shape.width for line in lines]
        wide = [line.shape.piece(-r, 1.0 + r) for line, r in zip(lines, reach, strict=True)]
        ends: list[tuple[Candidate, int, Shape]] = []
        seen = self._glancer.quick([flat(rgb, shape) for shape in wide])
        for line, r, shape, glance in zip(lines, reach, wide, seen, strict=True):
            u = -r + seen_at(shape, glance.positions, GLANCE) * (1 + 2 * r)
            if len(u) and u[0] < 0.0:
                ends.append((line, 0, line.shape.piece(-r, 1.0)))
            if len(u) and u[-1] > 1.0:
                ends.append((line, -1, line.shape.piece(0.0, 1.0 + r)))
        longer = []
        further = self._glancer.once(rgb, [shape for _, _, shape in ends], how.cost)
        for (line, end, _), candidate in zip(ends, further, strict=True):
            text = candidate.glance.text
            goes_on = len(text) > len(line.glance.text) and " " not in (text[-2:] if end else text[:2])
            if goes_on and candidate.value > value_of(line.glance, self._how.cover, line.cost):
                read = self._lines.look(rgb, [candidate], [candidate])
                if read and read[end].fusion.slots[end].ranked()[0][1] > how.sure:
                    longer.append(candidate)
        return longer

    def _beside(self, rgb: np.ndarray, chosen: Sequence[Candidate]) -> list[Candidate]:
        """Read the free places beside the surest lines, and what stands there once more by itself."""
        how = self._how.rows
        rows = [c.shape for c in chosen if isinstance(c.shape, Straight) and c.value > how.sure]
        places = rows_beside(rows, [c.shape for c in chosen], rgb.shape[1], rgb.shape[0], how)
        wide = zip(places, self._glancer.quick([flat(rgb, place) for place in places]), strict=True)
        even = self._how.cover.even
        return self._glancer.once(
            rgb, [word for place, seen in wide for word in words_in(place, seen, how, even)]
        )

    def _stacked(
        self, rgb: np.ndarray, places: Sequence[Shape], chosen: Sequence[Candidate]
    ) -> list[Candidate]:
        """Columns of characters, each upright, where the lines are read poorly or not at all."""
        how = self._how.stacks
        found = [stack.stack_in(rgb, box, how) for box in stack.columns(places, chosen, how)]
        ways = [way for one in found if one is not None for way in (one, one.turned(2))]
        crops = [flat(rgb, way) for way in ways]
        looks: list[tuple[Shape, float, np.ndarray]] = [
            (way, how.cost, crop)
            for way, crop, glance in zip(ways, crops, self._glancer.quick(crops), strict=True)
            if stack.one_each(way, glance)
            and value_of(glance, self._how.cover, how.cost, self._how.glances.even) > 0
        ]
        return [
            one
            for one in self._glancer.candidates(looks)
            if isinstance(one.shape, Stack) and stack.one_each(one.shape, one.glance)
        ]


def _is_behind(rgb: np.ndarray, colours: Callable[[], np.ndarray], shape: Shape) -> bool:
    polygon = np.array(shape.polygon(margin=BOX_MARGIN), np.float32)
    return where.stands(rgb, polygon, shape.height * GLYPH_SHARE, colours()).place == "background"


def _is_number(line: Candidate, how: Places) -> bool:
    """Whether a line shows a number beyond much doubt."""
    digits = sum(c.isdigit() for c in line.glance.text)
    return line.value > how.number_worth and digits >= how.number_digits
