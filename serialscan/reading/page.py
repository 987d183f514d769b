"""From the pixels of one page to its lines: locate, glance, cover, look again, fuse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from serialscan.reading import views
from serialscan.reading.cover import Candidate, cover, value_of
from serialscan.reading.engine import LINE_PX, Networks
from serialscan.reading.fuse import Fusion, fuse
from serialscan.reading.locate import joined, locate, same_place
from serialscan.reading.recognise import Hypothesis, beam_search, greedy
from serialscan.reading.shapes import Crop, Shape, Straight

SMALL_PX = 200  # a page with a shorter side may be a crop of one line
SQUARE = 1.5  # a box less elongated than this may be read across, too
SURE = 0.9  # views are added until the fused line is this sure
BATCH_PX = 4096  # width of all lines of one batch together
JOIN = 0.3  # cost of a joined row in a cover, and of each text height of gap that it bridges
JOIN_GAP = 0.5
GLANCE = Crop()


@dataclass(frozen=True)
class View:
    """One way to look at a line: how to cut it, and what to do with the light."""

    name: str
    crop: Crop
    light: str  # raw, flattened, inverted, smoothed


FIRST_LOOK = (View("raw", GLANCE, "raw"), View("close", Crop(along=0.1, across=-0.1), "raw"))
SECOND_LOOK = (
    View("inverted", GLANCE, "inverted"),
    View("wide", Crop(along=0.15, stretch=1.2), "flattened"),
    View("smoothed", Crop(along=0.15, across=0.05), "smoothed"),
)
_LIGHTS = {
    "raw": lambda line: line,
    "flattened": views.flattened,
    "inverted": views.inverted,
    "smoothed": views.smoothed,
}


@dataclass(frozen=True)
class Found:
    """A line found and read: where it runs, its fused reading, and each view's own reading."""

    shape: Shape
    fusion: Fusion
    testimonies: tuple[tuple[str, str, float], ...]
    value: float


class PageReader:
    """Reads pages with the networks.

    Args:
        networks: the loaded weights.
        beams: width of the prefix beam search.
    """

    def __init__(self, networks: Networks, beams: int = 50) -> None:
        self._networks = networks
        self._beams = beams

    def lines(self, rgb: np.ndarray) -> list[Found]:
        """Read all lines of a page, (H, W, 3) uint8, in reading order."""
        places = self._places(rgb)
        candidates = self._glance(rgb, places)
        chosen = cover(candidates)
        return self._look(rgb, chosen, candidates)

    def _places(self, rgb: np.ndarray) -> list[tuple[Straight, float]]:
        """Where lines may stand, each with its cost in a cover."""
        height, width = rgb.shape[:2]
        boxes = locate(rgb, self._networks)
        places = [(box, 0.0) for box in boxes] + [(box, JOIN + JOIN_GAP * gap) for box, gap in joined(boxes)]
        long_side, short_side = max(height, width), min(height, width)
        if short_side < SMALL_PX and long_side > 1.8 * short_side:
            angle = 0.0 if width >= height else 90.0
            places.append((Straight(width / 2, height / 2, long_side, short_side, angle), 0.0))
        return places

    def _glance(self, rgb: np.ndarray, places: Sequence[tuple[Straight, float]]) -> list[Candidate]:
        """Read every place both ways, squarish ones in all four directions."""
        shapes: list[Straight] = []
        crops: list[np.ndarray] = []
        costs: list[float] = []
        for place, cost in places:
            quarters = (0, 1) if place.width < SQUARE * place.height else (0,)
            for quarter in quarters:
                shape = place.turned(quarter)
                crop = views.flattened(shape.cut(rgb, GLANCE))
                shapes += [shape, shape.turned(2)]
                crops += [crop, crop[::-1, ::-1]]
                costs += [cost, cost]
        candidates = []
        for shape, cost, posteriors in zip(shapes, costs, self._recognise(crops), strict=True):
            glance = greedy(posteriors, self._networks.characters)
            candidates.append(Candidate(shape, glance, posteriors, value_of(glance, cost), cost))
        return candidates

    def _recognise(self, crops: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Posteriors (T, C) of every crop, crops of one width batched."""
        by_width: dict[int, list[int]] = defaultdict(list)
        for i, crop in enumerate(crops):
            by_width[crop.shape[1]].append(i)
        found: dict[int, np.ndarray] = {}
        for width, members in sorted(by_width.items()):
            step = max(1, BATCH_PX // width)
            for at in range(0, len(members), step):
                batch = members[at : at + step]
                for i, posteriors in zip(
                    batch, self._networks.recognise(np.stack([crops[i] for i in batch])), strict=True
                ):
                    found[i] = posteriors
        return [found[i] for i in range(len(crops))]

    def _look(self, rgb: np.ndarray, chosen: Sequence[Candidate], candidates: Sequence[Candidate]) -> list[Found]:
        """Read the chosen lines in more views, more of them where the first disagree, and fuse."""
        read: list[list[tuple[str, tuple[Hypothesis, ...]]]] = []
        for line in chosen:
            mine = [("flattened", self._decode(line.posteriors, line.shape, GLANCE))]
            for other in candidates:
                if other.shape != line.shape and _same_line(line.shape, other.shape):
                    mine.append(("other box", self._decode(other.posteriors, line.shape, GLANCE, other.shape)))
            read.append(mine)
        pending = list(range(len(chosen)))
        for look in (FIRST_LOOK, SECOND_LOOK):
            jobs = [(i, view) for i in pending for view in look]
            crops = [_LIGHTS[view.light](chosen[i].shape.cut(rgb, view.crop)) for i, view in jobs]
            for (i, view), posteriors in zip(jobs, self._recognise(crops), strict=True):
                read[i].append((view.name, self._decode(posteriors, chosen[i].shape, view.crop)))
            fusions = [_vote(mine) for mine in read]
            pending = [i for i in pending if fusions[i].confidence < SURE]
            if not pending:
                break
        return [
            Found(line.shape, _vote(mine), tuple((n, "".join(h[0].text), h[0].probability) for n, h in mine if h), line.value)
            for line, mine in zip(chosen, read, strict=True)
        ]

    def _decode(
        self, posteriors: np.ndarray, shape: Shape, crop: Crop, of: Shape | None = None
    ) -> tuple[Hypothesis, ...]:
        """The n-best list with positions in ``u`` of ``shape``; ``of`` is the shape that was cut, if another."""
        hypotheses = beam_search(posteriors, self._networks.characters, beams=self._beams)
        cut = of or shape
        margin = crop.along * cut.height / cut.width
        moved = []
        for hypothesis in hypotheses:
            u = [p * (1 + 2 * margin) - margin for p in hypothesis.positions]
            if of is not None and u:
                middle = np.full(len(u), 0.5)
                u = [shape.along(point) for point in of.points(np.array(u), middle)]
            moved.append(Hypothesis(hypothesis.text, tuple(u), hypothesis.probability))
        return tuple(moved)


def _vote(mine: Sequence[tuple[str, tuple[Hypothesis, ...]]]) -> Fusion:
    read = [hypotheses for _, hypotheses in mine if hypotheses]
    return fuse(read, [h[0].probability ** 0.5 for h in read])


def _same_line(a: Shape, b: Shape) -> bool:
    if not isinstance(a, Straight) or not isinstance(b, Straight):
        return False
    return abs((a.angle - b.angle + 180) % 360 - 180) < 15 and same_place(a, b, 0.65)
