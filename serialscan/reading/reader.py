"""One page in, its lines and codes out, as they stand in the record."""

from __future__ import annotations

import itertools
from bisect import bisect
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Literal

import msgspec
import numpy as np

from serialscan.errors import EngineError
from serialscan.reading import tesseract
from serialscan.reading.calibrate import Calibration, calibrated, load_calibration
from serialscan.reading.codes import read_codes
from serialscan.reading.ends import GLYPH_SHARE, beyond, ends_of
from serialscan.reading.engine import LINE_PX, Engine, Null
from serialscan.reading.fuse import Fusion
from serialscan.reading.look import Found
from serialscan.reading.mirror import in_photo
from serialscan.reading.page import PageReader
from serialscan.reading.segments import is_display
from serialscan.reading.shapes import BOX_MARGIN, Shape, Stack, Straight
from serialscan.reading.signs import signs_of
from serialscan.reading.warn import reader_warnings
from serialscan.reading.where import where_of
from serialscan.recipe import EFFORTS, Recipe, recipe_for
from serialscan.record import (
    Alternative,
    Code,
    End,
    Gap,
    Glyph,
    Line,
    Model,
    Quality,
    Sign,
    Testimony,
    TextCandidate,
    Warning_,
)
from serialscan.settings import Settings

SHOWN_VOTE = 0.005  # alternatives with less are left out of the record


@dataclass(frozen=True)
class Reading:
    """What one page says; ``displays`` are ids of lines that look like displays of seven segments."""

    lines: tuple[Line, ...]
    codes: tuple[Code, ...]
    quality: Quality
    displays: tuple[str, ...] = ()
    signs: tuple[Sign, ...] = ()


class Reader:
    """Reads pages; loaded once per process.

    Args:
        settings: whether Tesseract testifies; the recipe and the engine, where none is given.
        recipe: what to do; by default the one that the settings ask for.
        engine: who looks; by default the one that the settings ask for.
        threads: threads of the networks, if they are loaded here; 0 lets onnxruntime choose.
        calibration: makes votes probabilities; None leaves them as they are.

    Raises:
        EngineError: a weight is missing or changed, or Tesseract is demanded and missing.
    """

    def __init__(
        self,
        settings: Settings,
        recipe: Recipe | None = None,
        engine: Engine | None = None,
        *,
        threads: int = 0,
        calibration: Calibration | Literal["shipped"] | None = "shipped",
    ) -> None:
        self._recipe = recipe_for(settings) if recipe is None else recipe
        self._engine = engine_for(settings, threads) if engine is None else engine
        self._calibration = load_calibration() if calibration == "shipped" else calibration
        self._pages = PageReader(self._engine, self._recipe)
        self._tesseract = settings.reader != "network" and tesseract.available()
        if settings.reader == "tesseract" and not self._tesseract:
            raise EngineError(f"Tesseract is not installed. {tesseract.INSTALL_HINT}")

    @property
    def models(self) -> tuple[Model, ...]:
        """The weights in use."""
        return self._engine.models

    @property
    def engine(self) -> str:
        """Name of the engine."""
        return self._engine.name

    @property
    def recipe(self) -> Recipe:
        """What it does."""
        return self._recipe

    @property
    def fitted_to(self) -> str:
        """Name of the recipe that its confidences were fitted to; empty if they are votes."""
        return "" if self._calibration is None else self._calibration.recipe

    @property
    def warnings(self) -> tuple[Warning_, ...]:
        """What everybody must know who uses its readings."""
        fitted = self._calibration
        measured = (
            fitted is not None
            and self._recipe in EFFORTS.values()
            and fitted.recipe in EFFORTS
            and fitted.fits(EFFORTS[fitted.recipe])
        )
        return reader_warnings(self._engine.name, self._recipe.name, self.fitted_to, measured=measured)

    def least_accepted(self, max_error: float) -> float:
        """Least confidence of a serial for a share of wrong ones among the accepted of ``max_error``."""
        return 1.0 if self._calibration is None else self._calibration.least_accepted(max_error)

    def read(
        self, rgb: np.ndarray, page: int = 1, first_line: int = 1, first_code: int = 1, first_sign: int = 1
    ) -> Reading:
        """Read one upright page.

        Args:
            rgb: (H, W, 3) uint8.
            page: its number, from 1.
            first_line: number of the first line's id.
            first_code: number of the first code's id.
            first_sign: number of the first sign's id.
        """
        from serialscan.photo import measure_quality

        most = self._recipe.testimony.lines
        # Codes and Tesseract, which is another process, leave the networks most of the processor.
        with ThreadPoolExecutor(2) as beside:
            reading_codes = beside.submit(read_codes, rgb, self._recipe.codes, page, first_code)
            seen = self._pages.find(rgb)
            asked = _to_ask([(one.shape, one.glance.text, one.value) for one in seen.lines], most)
            testifying = beside.submit(self._testify, rgb, asked)
            found = self._pages.look(seen.rgb, seen.lines, seen.candidates)
            image = self._pages.mirrored(seen)
            mirrored = self._pages.look(image.rgb, image.lines, image.candidates) if image else []
            sharpness, clipped = measure_quality(rgb)
            testimonies = testifying.result()
            codes = reading_codes.result()
        # A line may have been parted since, or have got its first digit.
        asked = _to_ask([(one.shape, one.fusion.text, one.value) for one in found], most)
        testimonies |= self._testify(rgb, [shape for shape in asked if shape not in testimonies])
        lines = self._lines(rgb, found, {shape: testimonies[shape] for shape in asked}, page, first_line)
        displays = tuple(
            line.id
            for line, one in zip(lines, found, strict=True)
            if isinstance(one.shape, Straight)
            and is_display(rgb, one.shape, len(line.text.strip()), self._recipe.displays)
        )
        signs = signs_of(
            rgb,
            seen.places,
            [one.shape for one in found],
            lines,
            self._engine,
            self._recipe.signs,
            page,
            first_sign,
        )
        if mirrored:
            first = first_line + len(lines)
            there = self._lines(np.ascontiguousarray(rgb[:, ::-1]), mirrored, {}, page, first)
            lines += tuple(in_photo(line, rgb.shape[1]) for line in there)
        where = where_of(rgb, lines)
        lines = tuple(msgspec.structs.replace(one, where=at) for one, at in zip(lines, where, strict=True))
        heights = [line.glyph_height_px for line in lines if line.glyph_height_px is not None]
        quality = Quality(
            glyph_height_px=round(median(heights), 1) if heights else None,
            sharpness=sharpness,
            clipped=clipped,
        )
        return Reading(lines, codes, quality, displays, signs)

    def _lines(
        self,
        rgb: np.ndarray,
        found: Sequence[Found],
        said: Mapping[Shape, Testimony | None],
        page: int,
        first: int,
    ) -> tuple[Line, ...]:
        """Lines as they stand in the record, with what Tesseract said; ids are counted from ``first``."""
        height, width = rgb.shape[:2]
        lines = [
            self._probable(_line(one, f"L{number}", page, said.get(one.shape)), width, height)
            for number, one in enumerate(found, start=first)
        ]
        ends = self._ends(rgb, found, [line.confidence for line in lines])
        return tuple(
            msgspec.structs.replace(line, ends=ends.get(one.shape, ()))
            for line, one in zip(lines, found, strict=True)
        )

    def _probable(self, line: Line, width: int, height: int) -> Line:
        if self._calibration is None:
            return line
        return calibrated(line, self._calibration.probability(line, width, height))

    def _ends(
        self, rgb: np.ndarray, found: Sequence[Found], confidences: Sequence[float]
    ) -> dict[Shape, tuple[End, End]]:
        """What is seen beyond both ends of each line that shows a number."""
        how = self._recipe.ends
        numbers = [
            one
            for one in found
            if sum(c.isdigit() for c in one.fusion.text) >= how.digits and not isinstance(one.shape, Stack)
        ]
        places = [
            [slot.position for slot in one.fusion.slots if slot.ranked()[0][0] != " "] for one in numbers
        ]
        marked = [(one.shape, at) for one, at in zip(numbers, places, strict=True) if at]
        long = {
            one.shape
            for one, confidence in zip(found, confidences, strict=True)
            if confidence >= how.next_sure and sum(c.isdigit() for c in one.fusion.text) >= how.next_digits
        }
        seen = ends_of(rgb, [(shape, at[0], at[-1]) for shape, at in marked], self._engine)
        # Where nothing is seen so far, two recognisers look for what is faint.
        asked = [
            (i, side)
            for i, ((shape, _), ends) in enumerate(zip(marked, seen, strict=True))
            for side in (0, 1)
            if shape in long and ends[side].more + ends[side].hidden < how.next_doubt
        ]
        next_to = [
            (marked[i][0], marked[i][1][-side], 2 * side - 1, float(np.median(np.diff(marked[i][1]))))
            for i, side in asked
        ]
        read = dict(zip(asked, beyond(rgb, next_to, self._engine, how), strict=True))
        return {
            shape: (
                _with(ends[0], read.get((i, 0), 0.0), how.next_noise),
                _with(ends[1], read.get((i, 1), 0.0), how.next_noise),
            )
            for i, ((shape, _), ends) in enumerate(zip(marked, seen, strict=True))
        }

    def _testify(self, rgb: np.ndarray, shapes: Sequence[Shape]) -> dict[Shape, Testimony | None]:
        """Tesseract's reading of lines; None where it read nothing."""
        if not self._tesseract or not shapes:
            return dict.fromkeys(shapes)
        pictures = [shape.cut(rgb, self._recipe.testimony.crop, LINE_PX) for shape in shapes]
        said = zip(shapes, tesseract.testify(pictures), strict=True)
        return {shape: one if one is not None and one.text else None for shape, one in said}


def engine_for(settings: Settings, threads: int = 0) -> Engine:
    """The engine that settings ask for.

    Args:
        settings: which.
        threads: threads of the networks; 0 lets onnxruntime choose.

    Raises:
        EngineError: a weight is missing or changed.
    """
    if settings.engine == "null":
        return Null()
    from serialscan.reading.networks import Networks  # what reads no photo does not pay for onnxruntime

    return Networks(threads)


def _with(end: End, read: float, noise: float) -> End:
    """An end with what recognisers read next to it: either of the two may be right."""
    told = max(0.0, read - noise) / (1.0 - noise)
    return msgspec.structs.replace(end, more=round(1 - (1 - end.more) * (1 - told), 4))


def _to_ask(lines: Sequence[tuple[Shape, str, float]], most: int) -> list[Shape]:
    """The lines that Tesseract reads, of shape, text and value each: with digits first, then by value."""
    worth = [(any(c.isdigit() for c in text), value) for _, text, value in lines]
    best = sorted(range(len(lines)), key=lambda i: worth[i], reverse=True)[:most]
    return [lines[i][0] for i in sorted(best)]


def _line(found: Found, name: str, page: int, second: Testimony | None) -> Line:
    shape, fusion = found.shape, found.fusion
    positions = [slot.position for slot in fusion.slots]
    edges = _edges(positions)
    in_heights = shape.width / (shape.height * GLYPH_SHARE)
    steps = [None, *(round((b - a) * in_heights, 2) for a, b in itertools.pairwise(positions))]
    glyphs = []
    for slot, (u0, u1), step in zip(fusion.slots, edges, steps[: len(edges)], strict=True):
        (char, vote), *rest = slot.ranked()
        others = tuple(Alternative(char=c, confidence=round(v, 4)) for c, v in rest if v >= SHOWN_VOTE)
        glyphs.append(
            Glyph(
                char=char,
                confidence=round(min(1.0, vote), 4),
                alternatives=others,
                polygon=shape.polygon(u0, u1, BOX_MARGIN),
                step=step,
            )
        )
    return Line(
        id=name,
        text=fusion.text,
        confidence=round(fusion.confidence, 4),
        polygon=shape.polygon(edges[0][0], edges[-1][1], BOX_MARGIN) if edges else shape.polygon(),
        rotation=shape.rotation,
        characters=tuple(glyphs),
        candidates=tuple(
            TextCandidate(text=t, confidence=round(p, 4)) for t, p in fusion.candidates if p >= 0.0001
        ),
        readers=(*found.testimonies, second) if second else found.testimonies,
        glyph_height_px=round(shape.height * GLYPH_SHARE, 1),
        page=page,
        stacked=isinstance(shape, Stack),
        gaps=_gaps(fusion, positions) or msgspec.UNSET,
    )


def _gaps(fusion: Fusion, positions: Sequence[float]) -> tuple[Gap, ...]:
    """The places between characters where only some views read a letter or digit, with their votes.

    What is seen beyond both ends is told by the line's ends.
    """
    gaps = []
    for slot in fusion.doubted:
        at = bisect(positions, slot.position)
        if not 0 < at < len(positions):
            continue
        read = [(char, vote) for char, vote in slot.ranked() if char.isalnum() and vote >= SHOWN_VOTE]
        if read:
            gaps.append(Gap(
                at=at,
                confidence=round(min(1.0, sum(vote for _, vote in read)), 4),
                alternatives=tuple(Alternative(char=c, confidence=round(v, 4)) for c, v in read),
            ))  # fmt: skip
    return tuple(gaps)


def _edges(positions: list[float]) -> list[tuple[float, float]]:
    """Where each character begins and ends in ``u``: half way to its neighbours."""
    if not positions:
        return []
    between = [(a + b) / 2 for a, b in itertools.pairwise(positions)]
    first = 2 * positions[0] - between[0] if between else 0.0
    last = 2 * positions[-1] - between[-1] if between else 1.0
    bounds = [max(-0.05, first), *between, min(1.05, last)]
    return list(itertools.pairwise(bounds))
