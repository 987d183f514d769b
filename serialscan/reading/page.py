"""From the pixels of one page to its lines: locate, glance, cover, look again, fuse."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from serialscan.photo.crops import flattened
from serialscan.reading import mirror, stack, views
from serialscan.reading.arcs import locate_arcs
from serialscan.reading.cover import Candidate, cover, value_of
from serialscan.reading.engine import BLANK, Engine
from serialscan.reading.fuse import Fusion, fuse
from serialscan.reading.locate import joined, locate, locate_again, locate_small, same_place
from serialscan.reading.recognise import Glance, Hypothesis, beam_search, greedy
from serialscan.reading.rows import rows_beside, words_in
from serialscan.reading.shapes import Arc, Shape, Stack, Straight, bounds, seen_at
from serialscan.recipe import (
    GLANCE,
    NORMAL,
    Crop,
    Glances,
    Joins,
    Parts,
    Places,
    Recipe,
    Recogniser,
    View,
    Views,
    Vote,
)
from serialscan.record import Testimony

BATCH_PX = 4096  # width of all lines of one batch together: bounds the memory of a run
HAN_ONE = "\u4e00"
_LIGHTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "raw": lambda line: line,
    "flattened": flattened,
    "smoothed": views.smoothed,
}


@dataclass(frozen=True)
class Sight:
    """What one view of a line said: its n-best list, and from where to where it saw the line."""

    reader: str
    view: str
    piece: bool
    hypotheses: tuple[Hypothesis, ...]
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class Found:
    """A line found and read: where it runs, its fused reading, and each view's own reading."""

    shape: Shape
    fusion: Fusion
    testimonies: tuple[Testimony, ...]
    value: float


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


class PageReader:
    """Reads pages.

    Args:
        engine: looks at them.
        recipe: what to look for and how.
    """

    def __init__(self, engine: Engine, recipe: Recipe = NORMAL) -> None:
        self._engine = engine
        self._how = recipe

    def lines(self, rgb: np.ndarray) -> list[Found]:
        """Read all lines of a page, (H, W, 3) uint8, in reading order."""
        page = self.find(rgb)
        return self.look(page.rgb, page.lines, page.candidates)

    def find(self, rgb: np.ndarray) -> Page:
        """Search a page, (H, W, 3) uint8, in the light that shows most."""
        levelled = views.levelled(rgb, self._how.light)
        page = self._search(levelled)
        lifted = views.lifted(levelled, self._how.light) if self._how.light.lift else None
        if lifted is not None:
            other = self._search(lifted)
            if _value(other.lines) > _value(page.lines) + self._how.light.lifted_better:
                return other
        return page

    def mirrored(self, page: Page) -> Page | None:
        """The mirror image of a page, with the lines that read clearly better there; None if there are none.

        A page that reads well as it is costs nothing, most others a quick look at a few boxes.
        """
        how = self._how.mirror
        if mirror.reads_well(page.lines, how, self._how.cover.even):
            return None
        crops = [_flat(page.rgb, box) for box in mirror.fullest(page.places, how)]
        in_mirror = self._either_way([np.ascontiguousarray(crop[:, ::-1]) for crop in crops])
        if max(in_mirror, default=0.0) < how.hints:
            return None
        if sum(in_mirror) < sum(self._either_way(crops)) + how.hints_better:
            return None
        image = self._search(np.ascontiguousarray(page.rgb[:, ::-1]))
        if not mirror.proves(image.lines, how) or _value(image.lines) < _value(page.lines) + how.better:
            return None
        lines = mirror.better(image.lines, page.lines, page.rgb.shape[1], how)
        return replace(image, lines=lines)

    def _either_way(self, crops: Sequence[np.ndarray]) -> list[float]:
        """What places are worth to a quick look, the better way up; 0 where it sees nothing."""
        seen = self._quick([*crops, *(np.ascontiguousarray(crop[::-1, ::-1]) for crop in crops)])
        values = [max(0.0, value_of(glance, self._how.cover)) for glance in seen]
        return [max(pair) for pair in zip(values[: len(crops)], values[len(crops) :], strict=True)]

    def _search(self, rgb: np.ndarray) -> Page:
        places = self._places(rgb)
        candidates = self._glance(rgb, places)
        chosen = cover(candidates, self._how.cover)
        looked: set[Shape] = set()
        longer = partial(self._longer, looked=looked)
        # A line may be cut at both ends, and so may one that was found beside another.
        twice = [longer] * self._how.longer.rounds
        ways: list[Callable[[np.ndarray, Sequence[Candidate]], list[Candidate]]]
        ways = [self._again, self._small, *twice, self._beside, *twice[:1]]
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
            candidates = self._judged(rgb, candidates, self._how.cover.judge)
            chosen = cover(candidates, self._how.cover)
        return Page(rgb, chosen, candidates, [place for place, _ in places])

    def _judged(self, rgb: np.ndarray, candidates: Sequence[Candidate], judge: Recogniser) -> list[Candidate]:
        """Candidates worth the mean of what the reader and a judge make of them."""
        useful = [i for i, one in enumerate(candidates) if one.value > 0]
        crops = [candidates[i].shape.cut(rgb, GLANCE) for i in useful]
        characters = self._engine.characters(judge)
        judged = list(candidates)
        for i, read in zip(useful, self._recognise(crops, [judge] * len(crops)), strict=True):
            one = candidates[i]
            value = value_of(greedy(read, characters), self._how.cover, one.cost)
            judged[i] = replace(one, value=(one.value + value) / 2)
        return judged

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
            read = self._recognise(crops, [view.recogniser for _, view in jobs])
            for (i, view), posteriors in zip(jobs, read, strict=True):
                sights[i].append(self._sight(view, posteriors, chosen[i].shape))
            for i in pending:
                fusions[i] = _vote(sights[i], self._how.vote)
            pending = [i for i in pending if fusions[i].confidence < how.sure]
            if not pending:
                break
        return [
            Found(shape, part, tuple(_testimony(sight) for sight in saw if sight.hypotheses), line.value)
            for i, (line, seen) in enumerate(zip(chosen, sights, strict=True))
            for shape, saw, part in _parted(line.shape, seen, fusions[i], self._how)
            if part.text  # where the views agree that nothing stands there is no line
        ]

    def _places(self, rgb: np.ndarray) -> list[tuple[Shape, float]]:
        """Where lines may stand, each with its cost in a cover."""
        how, rings = self._how.places, self._how.rings
        height, width = rgb.shape[:2]
        boxes, bowed = locate(rgb, self._engine, how)
        places: list[tuple[Shape, float]] = [(box, 0.0) for box in boxes]
        places += [(arc, 0.0) for arc in bowed]
        places += _rows(boxes, how.joins)
        on_rings = locate_arcs(rgb, boxes, bowed, self._engine, rings, how)
        places += [(arc, _cost(gap, how.joins)) for arc, gap in on_rings]
        long_side, short_side = max(height, width), min(height, width)
        if short_side < how.line_px and long_side > how.line_long * short_side:
            angle = 0.0 if width >= height else 90.0
            places.append((Straight(width / 2, height / 2, long_side, short_side, angle), 0.0))
        return places

    def _glance(self, rgb: np.ndarray, places: Sequence[tuple[Shape, float]]) -> list[Candidate]:
        """Look quickly at every place both ways, squarish ones in four directions; read what is worth it."""
        how = self._how.glances
        looks: list[tuple[Shape, float, np.ndarray]] = []
        whose: list[int] = []
        for number, (place, cost) in enumerate(places):
            across = isinstance(place, Straight) and place.width < how.square * place.height
            for shape in (place, place.turned(1)) if across else (place,):
                looks.append((shape, cost, _flat(rgb, shape)))
                whose.append(number)
        seen = self._quick([crop for _, _, crop in looks])
        either = [i for i, glance in enumerate(seen) if not _one_way(glance, how)]
        turned = [
            (shape.turned(2), cost, crop[::-1, ::-1]) for shape, cost, crop in (looks[i] for i in either)
        ]
        seen += self._quick([crop for _, _, crop in turned])
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
        return self._candidates([look for look, number, value in judged if value > least[number]])

    def _again(self, rgb: np.ndarray, chosen: Sequence[Candidate]) -> list[Candidate]:
        """If the photo shows no sure number, look closer where nothing was read, and read what is there."""
        if self._satisfied(chosen):
            return []
        read = [c.shape for c in chosen]
        return self._read_in(rgb, locate_again(rgb, self._engine, read, self._how.places))

    def _small(self, rgb: np.ndarray, chosen: Sequence[Candidate]) -> list[Candidate]:
        """Look for small marks where nothing was read surely, beside a sure number where nothing was read."""
        satisfied = self._satisfied(chosen)
        if satisfied and not self._how.places.small_beside_number:
            return []
        read = [c.shape for c in chosen if satisfied or c.value > self._how.rows.sure]
        return self._read_in(rgb, locate_small(rgb, self._engine, read, self._how.places, clear=satisfied))

    def _satisfied(self, chosen: Sequence[Candidate]) -> bool:
        """Whether the photo shows a number beyond much doubt, and the recipe asks for no more."""
        how = self._how.places
        return how.number_ends_search and any(_is_number(line, how) for line in chosen)

    def _read_in(self, rgb: np.ndarray, boxes: Sequence[Straight]) -> list[Candidate]:
        return self._glance(rgb, [*((box, 0.0) for box in boxes), *_rows(boxes, self._how.places.joins)])

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
        seen = self._quick([_flat(rgb, shape) for shape in wide])
        for line, r, shape, glance in zip(lines, reach, wide, seen, strict=True):
            u = -r + seen_at(shape, glance.positions, GLANCE) * (1 + 2 * r)
            if len(u) and u[0] < 0.0:
                ends.append((line, 0, line.shape.piece(-r, 1.0)))
            if len(u) and u[-1] > 1.0:
                ends.append((line, -1, line.shape.piece(0.0, 1.0 + r)))
        longer = []
        further = self._once(rgb, [shape for _, _, shape in ends], how.cost)
        for (line, end, _), candidate in zip(ends, further, strict=True):
            text = candidate.glance.text
            goes_on = len(text) > len(line.glance.text) and " " not in (text[-2:] if end else text[:2])
            if goes_on and candidate.value > value_of(line.glance, self._how.cover, line.cost):
                read = self.look(rgb, [candidate], [candidate])
                if read and read[end].fusion.slots[end].ranked()[0][1] > how.sure:
                    longer.append(candidate)
        return longer

    def _stacked(
        self, rgb: np.ndarray, places: Sequence[Shape], chosen: Sequence[Candidate]
    ) -> list[Candidate]:
        """Columns of characters, each upright, where the lines are read poorly or not at all."""
        how = self._how.stacks
        found = [stack.stack_in(rgb, box, how) for box in stack.columns(places, chosen, how)]
        ways = [way for one in found if one is not None for way in (one, one.turned(2))]
        crops = [_flat(rgb, way) for way in ways]
        looks: list[tuple[Shape, float, np.ndarray]] = [
            (way, how.cost, crop)
            for way, crop, glance in zip(ways, crops, self._quick(crops), strict=True)
            if stack.one_each(way, glance)
            and value_of(glance, self._how.cover, how.cost, self._how.glances.even) > 0
        ]
        return [
            one
            for one in self._candidates(looks)
            if isinstance(one.shape, Stack) and stack.one_each(one.shape, one.glance)
        ]

    def _beside(self, rgb: np.ndarray, chosen: Sequence[Candidate]) -> list[Candidate]:
        """Read the free places beside the surest lines, and what stands there once more by itself."""
        how = self._how.rows
        rows = [c.shape for c in chosen if isinstance(c.shape, Straight) and c.value > how.sure]
        places = rows_beside(rows, [c.shape for c in chosen], rgb.shape[1], rgb.shape[0], how)
        wide = zip(places, self._quick([_flat(rgb, place) for place in places]), strict=True)
        even = self._how.cover.even
        return self._once(rgb, [word for place, seen in wide for word in words_in(place, seen, how, even)])

    def _once(self, rgb: np.ndarray, shapes: Sequence[Shape], cost: float = 0.0) -> list[Candidate]:
        """Read places one way up."""
        return self._candidates([(shape, cost, _flat(rgb, shape)) for shape in shapes])

    def _quick(self, crops: Sequence[np.ndarray]) -> list[Glance]:
        quick = self._how.glances.quick
        characters = self._engine.characters(quick)
        return [greedy(read, characters) for read in self._recognise(crops, [quick] * len(crops))]

    def _candidates(self, looks: Sequence[tuple[Shape, float, np.ndarray]]) -> list[Candidate]:
        reader = self._how.glances.reader
        candidates = []
        read = self._recognise([crop for _, _, crop in looks], [reader] * len(looks))
        for (shape, cost, _), posteriors in zip(looks, read, strict=True):
            glance = greedy(posteriors, self._engine.characters(reader))
            candidates.append(
                Candidate(shape, glance, posteriors, value_of(glance, self._how.cover, cost), cost)
            )
        return candidates

    def beyond(self, rgb: np.ndarray, ends: Sequence[tuple[Shape, float, int, float]]) -> list[float]:
        """What two recognisers make of the place next to the end of a line: probability of a character there.

        They read what is faint where nothing was read in the line as a whole.

        Args:
            rgb: (H, W, 3) uint8, the page as it is.
            ends: shape of the line, ``u`` of its end character, 1 for its last and -1 for its first one, and
                the step from one character to the next in ``u``.
        """
        how = self._how.ends
        crops, places = [], []
        for shape, u, outwards, _ in ends:
            box = shape.height / shape.width
            start, stop = sorted(
                (u - outwards * how.next_inwards * box, u + outwards * how.next_outwards * box)
            )
            cut = shape.cut(rgb, Crop(along=0.0, start=start, stop=stop))
            crops += [flattened(cut), cut]
            places.append((start, stop))
        read = self._recognise(crops, [*how.next_readers] * len(ends))
        found = []
        for number, ((_, u, outwards, step), (start, stop)) in enumerate(zip(ends, places, strict=True)):
            seen = []
            for who, posteriors in zip(how.next_readers, read[2 * number : 2 * number + 2], strict=True):
                space = self._engine.characters(who).index(" ")
                at = start + (np.arange(len(posteriors)) + 0.5) / len(posteriors) * (stop - start)
                away = (at - u) * outwards / step
                there = (away > how.next_from) & (away < how.next_to)
                marked = 1.0 - posteriors[there, BLANK] - posteriors[there, space]
                seen.append(float(marked.max(initial=0.0)))
            found.append(sum(seen) / len(seen))
        return found

    def _recognise(self, crops: Sequence[np.ndarray], who: Sequence[Recogniser]) -> list[np.ndarray]:
        """Posteriors (T, C) of every crop by its recogniser, crops of one width batched."""
        alike: dict[tuple[Recogniser, int], list[int]] = defaultdict(list)
        for i, crop in enumerate(crops):
            alike[who[i], crop.shape[1]].append(i)
        batches: list[tuple[Recogniser, list[int]]] = []
        for (one, width), members in sorted(alike.items()):
            step = max(1, BATCH_PX // width)
            batches += [(one, members[at : at + step]) for at in range(0, len(members), step)]

        def read(batch: tuple[Recogniser, list[int]]) -> np.ndarray:
            one, members = batch
            return self._engine.recognise(np.stack([crops[i] for i in members]), one)

        found: dict[int, np.ndarray] = {}
        for (_, members), posteriors in zip(batches, self._engine.each(read, batches), strict=True):
            found.update(zip(members, posteriors, strict=True))
        return [found[i] for i in range(len(crops))]

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
            text = _barred(hypothesis.text)
            kept = [(c, x) for c, x in zip(text, u.tolist(), strict=True) if low <= x <= high]
            _add(moved, kept, hypothesis.probability)
        piece = crop.start > 0 or crop.stop < 1
        return Sight(view.recogniser, view.name, piece, _ranked(moved), low, high)


def _flat(rgb: np.ndarray, shape: Shape) -> np.ndarray:
    """A place as a first look sees it."""
    return flattened(shape.cut(rgb, GLANCE))


def _rows(boxes: Sequence[Straight], how: Joins) -> list[tuple[Shape, float]]:
    """Neighbours in a row as one place each, with its cost in a cover."""
    return [(row, _cost(gap, how)) for row, gap in joined(boxes, how)]


def _cost(gap: float, how: Joins) -> float:
    """Of what is joined over gaps of so many heights in a cover."""
    return how.cost + how.cost_gap * gap


def _value(lines: Sequence[Candidate]) -> float:
    return sum(line.value for line in lines)


def _is_number(line: Candidate, how: Places) -> bool:
    """Whether a line shows a number beyond much doubt."""
    digits = sum(c.isdigit() for c in line.glance.text)
    return line.value > how.number_worth and digits >= how.number_digits


def _barred(text: tuple[str, ...]) -> tuple[str, ...]:
    """One bar is two classes, hyphen and the Han numeral one: it is a hyphen where no other Han stands."""
    if HAN_ONE not in text or any("\u4e00" < c <= "\u9fff" for c in text):
        return text
    return tuple("-" if c == HAN_ONE else c for c in text)


def _one_way(glance: Glance, how: Glances) -> bool:
    """True for a sure reading with characters that stand for nothing upside down: no need to turn it."""
    telling = sum(c not in how.turnable for c in glance.text)
    return telling >= how.one_way and min(glance.confidences) > how.one_way_sure


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


def _parted(
    shape: Shape, seen: Sequence[Sight], fusion: Fusion, recipe: Recipe
) -> list[tuple[Shape, Sequence[Sight], Fusion]]:
    """Cut a line at its wide gaps: what stands far apart is more often two marks than one."""
    how, digits = recipe.parts, recipe.places.number_digits
    marked = [(char, slot.position) for slot in fusion.slots if (char := slot.ranked()[0][0]) != " "]
    u = np.array([position for _, position in marked])
    steps = np.diff(u)
    in_heights = shape.width / shape.height
    if len(u) < 2:
        return [(shape, seen, fusion)]
    if len(u) == 2 and (isinstance(shape, Arc) or steps[0] * in_heights < how.pair_gap_heights):
        return [(shape, seen, fusion)]
    if isinstance(shape, Stack):  # its characters stand evenly
        return [(shape, seen, fusion)]
    if isinstance(shape, Arc):  # a ring has no line ends: what parts two marks is little wider than a space
        text = "".join(char for char, _ in marked)
        gaps = steps / np.median(steps)
        wide = np.flatnonzero((gaps > how.ring_gap_pitches) | _between_numbers(text, gaps, how, digits))
        ends = [0, *(wide + 1), len(u)]
        if min(b - a for a, b in itertools.pairwise(ends)) < how.ring_part:
            return [(shape, seen, fusion)]
    else:
        usual = np.median(steps) if len(steps) > 1 else 0.0
        wide = np.flatnonzero((steps > how.gap_pitches * usual) & (steps * in_heights > how.gap_heights))
    if not len(wide):
        return [(shape, seen, fusion)]
    bounds = [-1.0, *(float((u[i] + u[i + 1]) / 2) for i in wide), 2.0]
    half = how.half / in_heights
    starts = [0.0, *(float(u[i + 1]) - half for i in wide)]
    stops = [*(float(u[i]) + half for i in wide), 1.0]
    parts: list[tuple[Shape, Sequence[Sight], Fusion]] = []
    for low, high, start, stop in zip(bounds, bounds[1:], starts, stops, strict=False):
        saw = [_within(s, low, high, start, stop) for s in seen if s.low < high and low < s.high]
        parts.append((shape.piece(start, stop), saw, _vote(saw, recipe.vote)))
    return parts


def _between_numbers(text: str, gaps: np.ndarray, how: Parts, digits: int) -> np.ndarray:
    """Which gaps of a ring, (n - 1,) in usual steps between n characters, part one number from another."""
    ends = [0, *(np.flatnonzero(gaps > how.ring_numbers_gap_pitches) + 1), len(text)]
    number = [
        sum(c.isdigit() for c in text[a:b]) >= digits and not any(c.isalpha() for c in text[a:b])
        for a, b in itertools.pairwise(ends)
    ]
    parts = np.zeros(len(gaps), bool)
    parts[[at - 1 for at, a, b in zip(ends[1:], number, number[1:], strict=False) if a and b]] = True
    return parts


def _within(sight: Sight, low: float, high: float, start: float, stop: float) -> Sight:
    """What a view says between two places; positions then run from 0 at ``start`` to 1 at ``stop``."""
    parts: dict[tuple[str, ...], Hypothesis] = {}
    for hypothesis in sight.hypotheses:
        kept = [
            (c, (p - start) / (stop - start))
            for c, p in zip(hypothesis.text, hypothesis.positions, strict=True)
            if low <= p < high
        ]
        _add(parts, kept, hypothesis.probability)
    first, last = (sight.low - start) / (stop - start), (sight.high - start) / (stop - start)
    return replace(sight, hypotheses=_ranked(parts), low=first, high=last)


def _add(
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


def _ranked(found: dict[tuple[str, ...], Hypothesis]) -> tuple[Hypothesis, ...]:
    return tuple(sorted(found.values(), key=lambda h: (-h.probability, h.text)))


def _testimony(sight: Sight) -> Testimony:
    best = sight.hypotheses[0]
    return Testimony(
        name=f"{sight.reader}/{sight.view}",
        text="".join(best.text),
        confidence=round(min(1.0, best.probability), 4),
        reader=sight.reader,
        piece=sight.piece,
    )


def _vote(seen: Sequence[Sight], how: Vote) -> Fusion:
    read = [sight for sight in seen if sight.hypotheses]
    return fuse(
        [sight.hypotheses for sight in read],
        how,
        [sight.hypotheses[0].probability ** how.trust for sight in read],
        [(sight.low, sight.high) for sight in read],
    )


def _same_line(a: Shape, b: Shape, how: Views) -> bool:
    if not isinstance(a, Straight) or not isinstance(b, Straight):
        return False
    askew = abs((a.angle - b.angle + 180) % 360 - 180)
    return askew < how.same_askew and same_place(a, b, how.same_line)
