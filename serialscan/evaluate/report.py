"""From judged photos to figures: what ``serialscan evaluate --json`` writes."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import msgspec

from serialscan.evaluate import metrics
from serialscan.evaluate.judge import Judged, ReadLine, TrueLine
from serialscan.evaluate.records import Run
from serialscan.interval import wilson
from serialscan.record import Tool

EVALUATION_SCHEMA: Final = "serialscan.evaluation/1"

HEIGHTS_PX = (10, 16, 24, 40, 64)
CONTRASTS = (0.04, 0.08, 0.16)
ERROR_LEVELS = (0.01, 0.001)
WORST = 40
_CURVE_POINTS = 200
_TIERS = {"easy": 0, "medium": 1, "hard": 2}


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base: immutable, keyword-only."""


class Figure(_Part, frozen=True, kw_only=True):
    """``value`` is ``count / of``, ``low`` and ``high`` bound its 95 % interval; null if there is none."""

    value: float | None
    low: float | None
    high: float | None
    count: int
    of: int


class Figures(_Part, frozen=True, kw_only=True):
    """How good the readings of some photos are; docs/validation.md says what each figure means."""

    photos: int
    serial_exact: Figure
    serial_in_lines: Figure
    serial_in_candidates: Figure
    none_named: Figure
    lines_right: Figure
    lines_to_the_sign: Figure
    extra_lines: Figure
    character_errors: Figure
    lines_detected: Figure
    accepted: Figure
    accepted_wrong: Figure


class Group(_Part, frozen=True, kw_only=True):
    """The figures of a part of the photos; ``by`` is kind, tier, trap, folder, glyph_height or contrast."""

    by: str
    name: str
    figures: Figures


class CurvePoint(_Part, frozen=True, kw_only=True):
    """What happens if every claim with at least this confidence is taken."""

    confidence: float
    coverage: float
    risk: float


class CoverageAt(_Part, frozen=True, kw_only=True):
    """The largest part that can be taken with this share of errors or less, and from which confidence on."""

    error: float
    coverage: float
    confidence: float | None


class Bin(_Part, frozen=True, kw_only=True):
    """Claims whose confidence lies above ``low`` and up to ``high``."""

    low: float
    high: float
    confidence: float
    right: Figure


class Confidence(_Part, frozen=True, kw_only=True):
    """How far a confidence can be trusted.

    ``claims`` are the strings that bear a confidence, ``of`` what coverage is counted out of.
    """

    claims: int
    wrong: int
    of: int
    aurc: float | None
    oracle_aurc: float | None
    calibration_error: float | None
    brier: float | None
    coverage_at: tuple[CoverageAt, ...]
    reliability: tuple[Bin, ...]
    curve: tuple[CurvePoint, ...]


class Confusion(_Part, frozen=True, kw_only=True):
    """A character read as another one; ``read`` is empty if it was dropped, ``truth`` if it was added."""

    truth: str
    read: str
    count: int


class Character(_Part, frozen=True, kw_only=True):
    """How often a character stands in paired lines, and how often it was read right."""

    char: str
    right: int
    of: int


class Case(_Part, frozen=True, kw_only=True):
    """An error; ``what`` is serial or line; ``truth`` is null where nothing of the kind is true."""

    what: str
    file: str
    truth: str | None
    read: str
    confidence: float


class NotRead(_Part, frozen=True, kw_only=True):
    """A photo without a reading, and why."""

    file: str
    reason: str


class Seconds(_Part, frozen=True, kw_only=True):
    """Time for a photo, over the photos whose record tells it."""

    photos: int
    mean: float
    median: float
    p90: float
    longest: float


class Change(_Part, frozen=True, kw_only=True):
    """One serial or line that was won or lost; null: nothing was read."""

    file: str
    truth: str
    before: str | None
    after: str | None


class Changes(_Part, frozen=True, kw_only=True):
    """What changed between two runs; ``p`` is two-sided, of ``photos_better`` against ``photos_worse``."""

    won: tuple[Change, ...]
    lost: tuple[Change, ...]
    photos_better: int
    photos_worse: int
    p: float


class Comparison(_Part, frozen=True, kw_only=True):
    """Two runs over the same photos; ``left_out`` names photos that have no record in one of them."""

    photos: int
    left_out: tuple[str, ...]
    tools: tuple[Tool, ...]
    serials: Changes
    lines: Changes


class Evaluation(_Part, frozen=True, kw_only=True, tag_field="record", tag="evaluation"):
    """How good a reader is on labelled photos."""

    schema: str = EVALUATION_SCHEMA
    labels: str
    labels_sha256: str
    tools: tuple[Tool, ...]
    unlabelled_records: int
    not_read: tuple[NotRead, ...]
    total: Figures
    groups: tuple[Group, ...]
    serial_confidence: Confidence
    line_confidence: Confidence
    confusions: tuple[Confusion, ...]
    characters: tuple[Character, ...]
    worst: tuple[Case, ...]
    seconds: Seconds | None
    baseline: Comparison | None


def evaluation(run: Run, *, labels: str, labels_sha256: str, baseline: Run | None = None) -> Evaluation:
    """All figures of a run.

    Args:
        run: the judged photos.
        labels: the labels file, and its SHA-256, so that the figures say what they are of.
        labels_sha256: hex.
        baseline: another run over the same labels, in the same order.
    """
    photos = run.photos
    serials = [photo for photo in photos if photo.decidable]
    named = [photo.serial for photo in serials if photo.serial is not None]
    lines = [line for photo in photos if not photo.label.partial for line in photo.read]
    confusions, characters = _characters(photos)
    return Evaluation(
        labels=labels,
        labels_sha256=labels_sha256,
        tools=_tools(photos),
        unlabelled_records=run.unlabelled,
        not_read=tuple(
            NotRead(file=photo.label.file, reason=photo.problem)
            for photo in photos
            if photo.problem is not None
        ),
        total=figures(photos),
        groups=tuple(_groups(photos)),
        serial_confidence=_confidence([s.confidence for s in named], [s.right for s in named], len(serials)),
        line_confidence=_confidence([x.confidence for x in lines], [x.right for x in lines], len(lines)),
        confusions=confusions,
        characters=characters,
        worst=tuple(case(error) for error in (*wrong_serials(photos)[:WORST], *wrong_lines(photos)[:WORST])),
        seconds=_seconds(photos),
        baseline=_comparison(baseline.photos, photos) if baseline is not None else None,
    )


def figures(photos: Sequence[Judged], with_lines: Sequence[Judged] | None = None) -> Figures:
    """The figures of some photos.

    Args:
        photos: what serials, decisions and extra lines are counted over.
        with_lines: what true lines are counted over, if those are others.
    """
    bearers = [photo for photo in photos if photo.label.serial is not None]
    without = [photo for photo in photos if photo.decidable and photo.label.serial is None]
    decidable = [photo for photo in photos if photo.decidable]
    accepted = [photo.serial for photo in decidable if photo.serial is not None and photo.serial.accepted]
    extra = [photo.extra for photo in photos if photo.extra is not None]
    of_lines = [photo.lines for photo in (photos if with_lines is None else with_lines)]
    sizes = [len(lines) for lines in of_lines]
    with_outline = [[line for line in lines if line.detected is not None] for lines in of_lines]
    return Figures(
        photos=len(photos),
        serial_exact=_share(photo.serial_exact for photo in bearers),
        serial_in_lines=_share(photo.in_lines for photo in bearers),
        serial_in_candidates=_share(photo.in_candidates for photo in bearers),
        none_named=_share(photo.problem is None and photo.serial is None for photo in without),
        lines_right=_ratio([sum(line.right for line in lines) for lines in of_lines], sizes),
        lines_to_the_sign=_ratio([sum(line.to_the_sign for line in lines) for lines in of_lines], sizes),
        extra_lines=_ratio(extra, [1] * len(extra), bounded=False),
        character_errors=_ratio(
            [sum(line.edits for line in lines) for lines in of_lines],
            [sum(line.length for line in lines) for lines in of_lines],
        ),
        lines_detected=_ratio(
            [sum(bool(line.detected) for line in lines) for lines in with_outline],
            [len(lines) for lines in with_outline],
        ),
        accepted=_share(photo.serial is not None and photo.serial.accepted for photo in decidable),
        accepted_wrong=_share(not serial.right for serial in accepted),
    )


def wrong_serials(photos: Iterable[Judged]) -> list[tuple[Judged, None]]:
    """Photos whose serial is wrong for sure, the surest first."""
    wrong = [p for p in photos if p.decidable and p.serial is not None and not p.serial.right]
    return [(photo, None) for photo in sorted(wrong, key=lambda p: (-_sure(p), p.label.file))]


def wrong_lines(photos: Iterable[Judged]) -> list[tuple[Judged, ReadLine]]:
    """Lines that were read wrong, the surest first; what partial truth may leave out is none of them."""
    wrong = [
        (photo, line)
        for photo in photos
        for line in photo.read
        if not line.right and not (line.truth is None and photo.label.partial)
    ]
    return sorted(wrong, key=lambda pair: (-pair[1].confidence, pair[0].label.file, pair[1].text))


def case(error: tuple[Judged, ReadLine | None]) -> Case:
    """An error as it is told; None for the line: it is the serial that is wrong."""
    photo, line = error
    if line is not None:
        return Case(
            what="line", file=photo.label.file, truth=line.truth, read=line.text, confidence=line.confidence
        )
    assert photo.serial is not None
    return Case(
        what="serial", file=photo.label.file, truth=photo.label.serial, read=photo.serial.value,
        confidence=photo.serial.confidence,
    )  # fmt: skip


def _sure(photo: Judged) -> float:
    return photo.serial.confidence if photo.serial is not None else 0.0


def _share(outcomes: Iterable[bool]) -> Figure:
    """A proportion of photos."""
    seen = list(outcomes)
    return _figure(sum(seen), len(seen), wilson(sum(seen), len(seen)))


def _ratio(counts: Sequence[int], sizes: Sequence[int], *, bounded: bool = True) -> Figure:
    """A ratio of sums over photos.

    Where all photos agree, drawing them again says nothing about its uncertainty; a share of 0 or 1 then
    gets Wilson's interval with the photos as its cases.
    """
    count, of = sum(counts), sum(sizes)
    bounds = metrics.bootstrap_ratio(counts, sizes)
    if bounds is None and bounded and of and count in (0, of):
        photos = sum(size > 0 for size in sizes)
        bounds = wilson(photos if count else 0, photos)
    return _figure(count, of, bounds)


def _figure(count: int, of: int, bounds: metrics.Interval | None) -> Figure:
    low, high = bounds if bounds is not None else (None, None)
    return Figure(value=count / of if of else None, low=low, high=high, count=count, of=of)


def _groups(photos: Sequence[Judged]) -> Iterable[Group]:
    keys: tuple[tuple[str, Callable[[Judged], str]], ...] = (
        ("kind", lambda photo: photo.label.kind),
        ("tier", lambda photo: photo.label.tier),
        ("trap", lambda photo: photo.label.trap.partition(":")[0]),
        ("folder", lambda photo: photo.folder),
    )
    for by, key in keys:
        names = sorted({key(photo) for photo in photos}, key=lambda name: (_TIERS.get(name, -1), name))
        for name in names:
            inside = [photo for photo in photos if key(photo) == name]
            if len(names) > 1:
                yield Group(by=by, name=name or "not labelled", figures=figures(inside))
    bands: tuple[tuple[str, Callable[[Judged | TrueLine], float | None], tuple[float, ...]], ...] = (
        ("glyph_height", lambda one: one.height, HEIGHTS_PX),
        ("contrast", lambda one: one.contrast, CONTRASTS),
    )
    for by, value, edges in bands:
        if all(value(photo) is None for photo in photos):
            continue
        for name, inside_band in _bands(edges):
            inside = [photo for photo in photos if inside_band(value(photo))]
            with_lines = [
                replace(photo, lines=tuple(line for line in photo.lines if inside_band(value(line))))
                for photo in photos
            ]
            if inside or any(photo.lines for photo in with_lines):
                yield Group(by=by, name=name, figures=figures(inside, with_lines))


def _bands(edges: Sequence[float]) -> Iterable[tuple[str, Callable[[float | None], bool]]]:
    def between(low: float, high: float) -> Callable[[float | None], bool]:
        return lambda value: value is not None and low <= value < high

    yield f"under {edges[0]:g}", between(-math.inf, edges[0])
    for low, high in pairwise(edges):
        yield f"{low:g} to {high:g}", between(low, high)
    yield f"{edges[-1]:g} and more", between(edges[-1], math.inf)
    yield "unknown", lambda value: value is None


def _confidence(confidences: Sequence[float], right: Sequence[bool], of: int) -> Confidence:
    points = metrics.thresholds(confidences, right)
    bins = metrics.reliability(confidences, right)
    wrong = len(right) - sum(right)
    step = max(1, -(-len(points) // _CURVE_POINTS))
    shown = [point for number, point in enumerate(reversed(points)) if number % step == 0][::-1]
    levels = []
    for level in ERROR_LEVELS:
        best = metrics.most_taken(points, level)
        levels.append(
            CoverageAt(
                error=level,
                coverage=best.taken / of if best is not None else 0.0,
                confidence=best.confidence if best is not None else None,
            )
        )
    return Confidence(
        claims=len(right),
        wrong=wrong,
        of=of,
        aurc=metrics.aurc(points),
        oracle_aurc=metrics.oracle_aurc(len(right), wrong),
        calibration_error=metrics.calibration_error(bins),
        brier=metrics.brier(confidences, right),
        coverage_at=tuple(levels),
        reliability=tuple(
            Bin(
                low=one.low, high=one.high, confidence=one.confidence,
                right=_figure(one.right, one.claims, wilson(one.right, one.claims)),
            )
            for one in bins
        ),
        curve=tuple(
            CurvePoint(confidence=point.confidence, coverage=point.taken / of, risk=point.risk)
            for point in shown
        ),
    )  # fmt: skip


def _characters(photos: Iterable[Judged]) -> tuple[tuple[Confusion, ...], tuple[Character, ...]]:
    pairs = Counter(pair for photo in photos for line in photo.lines for pair in line.pairs if pair[0] != "?")
    wrong = sorted(((n, t, r) for (t, r), n in pairs.items() if t != r), key=lambda c: (-c[0], c[1], c[2]))
    seen: Counter[str] = Counter()
    for (true, _), count in pairs.items():
        seen[true] += count
    return (
        tuple(Confusion(truth=true, read=read, count=count) for count, true, read in wrong),
        tuple(Character(char=char, right=pairs[char, char], of=seen[char]) for char in sorted(seen) if char),
    )


def _seconds(photos: Iterable[Judged]) -> Seconds | None:
    times = sorted(photo.seconds for photo in photos if photo.seconds is not None)
    if not times:
        return None
    return Seconds(
        photos=len(times),
        mean=statistics.fmean(times),
        median=statistics.median(times),
        p90=times[-(-9 * len(times) // 10) - 1],
        longest=times[-1],
    )


def _comparison(before: Sequence[Judged], after: Sequence[Judged]) -> Comparison:
    both = list(zip(before, after, strict=True))
    compared = [(old, new) for old, new in both if old.tool is not None and new.tool is not None]
    serials = [(old, new) for old, new in compared if new.label.serial is not None]
    changed = [(old, new) for old, new in serials if old.serial_exact != new.serial_exact]
    won = [pair for pair in changed if pair[1].serial_exact]
    lost = [pair for pair in changed if pair[0].serial_exact]
    lines_won: list[Change] = []
    lines_lost: list[Change] = []
    better = worse = 0
    for old, new in compared:
        gain = 0
        for one, other in zip(old.lines, new.lines, strict=True):
            if one.right != other.right:
                change = Change(file=new.label.file, truth=one.text, before=one.read, after=other.read)
                (lines_won if other.right else lines_lost).append(change)
                gain += 1 if other.right else -1
        better += gain > 0
        worse += gain < 0
    return Comparison(
        photos=len(compared),
        left_out=tuple(new.label.file for old, new in both if old.tool is None or new.tool is None),
        tools=_tools(before),
        serials=Changes(
            won=tuple(_serial_change(*pair) for pair in won),
            lost=tuple(_serial_change(*pair) for pair in lost),
            photos_better=len(won),
            photos_worse=len(lost),
            p=metrics.exact_sign_test(len(won), len(lost)),
        ),
        lines=Changes(
            won=tuple(lines_won),
            lost=tuple(lines_lost),
            photos_better=better,
            photos_worse=worse,
            p=metrics.exact_sign_test(better, worse),
        ),
    )


def _serial_change(old: Judged, new: Judged) -> Change:
    assert new.label.serial is not None
    return Change(
        file=new.label.file,
        truth=new.label.serial,
        before=old.serial.value if old.serial is not None else None,
        after=new.serial.value if new.serial is not None else None,
    )


def _tools(photos: Iterable[Judged]) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for photo in photos:
        if photo.tool is not None and photo.tool not in tools:
            tools.append(photo.tool)
    return tuple(tools)
