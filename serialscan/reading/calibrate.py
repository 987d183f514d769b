"""From votes to probabilities: how often a line with this evidence is right, fitted where truth is known.

Votes of views of one picture are no independent witnesses: their product is too sure. A logistic model
(Platt 1999) over the evidence of a line gives the probability that the whole string is right; it is
fitted on rendered photos that no network was taught on, by ``training/calibrate.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import msgspec

from serialscan.errors import EngineError
from serialscan.reading.ends import HALF
from serialscan.reading.tesseract import READER as TESSERACT
from serialscan.reading.weights import WEIGHTS
from serialscan.recipe import BUMPS, RELIEF, STOCK, V5, Recipe
from serialscan.record import Alternative, Gap, Glyph, Line, TextCandidate

FILE = "calibration.json"
EVIDENCE = (
    "votes", "characters", "short", "digits", "first_best", "second_best", "first_agree", "second_agree",
    "other_agrees", "other_differs", "small", "large", "ends", "edge",
)  # fmt: skip
FLOOR = 1e-4  # no reading is surer or less sure than this and one minus this
SHORT = 2  # characters; a line as short as this may be a scratch, or be read whole by every view
EDGE = 0.6  # glyph heights: a line that ends closer to the edge of the photo may go on beyond it
FILLS = 0.25  # of a picture's short side: one whose glyphs are larger was cut out for that line
_SMALL, _LARGE = 4.6, 5.6  # log2 px: heights of glyphs below 24 px and above 49 px are evidence
_OVER = -0.3  # an outline that leaves the photo by more says no more
GAP_BIAS, GAP_VOTES = 0.82, 1.14
"""Log odds of a character that was lost between two others: bias, and for each log odd of the votes for one.

The width of the gap tells nothing more. Source: ``python training/matching.py`` (docs/register.md).
"""
SHOWN_GAP = 0.02  # gaps with less are left out of the record: of 73 such none had lost a character
_LEAST_DOUBT = 1e-3  # of a character on which all views agree, in nats


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fitted model.

    Attributes:
        version: counts the fits.
        fitted_on: the data of the lines, in words.
        lines: number of lines it was fitted on.
        error: expected calibration error on lines that it was not fitted on.
        weights: of each feature in `EVIDENCE`.
        bias: of the logistic model.
        recipe: name of the recipe that read these lines.
        recipe_digest: its `Recipe.lines_digest`; another recipe's confidences are not measured.
        accepted_on: the data of ``accept``, in words.
        accept: pairs of a share of wrong serials and the least confidence that kept to it when the serials
            of the same photos were accepted, the larger shares first.
    """

    version: int
    fitted_on: str
    lines: int
    error: float
    weights: dict[str, float]
    bias: float
    recipe: str
    recipe_digest: str
    accepted_on: str = ""
    accept: tuple[tuple[float, float], ...] = ()

    def fits(self, recipe: Recipe) -> bool:
        """Whether it was fitted to what this recipe reads."""
        return recipe.lines_digest == self.recipe_digest

    def probability(self, line: Line, width: int, height: int) -> float:
        """That all of the line's text is right.

        Args:
            line: as fused, its confidences the votes.
            width: of its page in px.
            height: likewise.
        """
        values = evidence(line, width, height)
        score = self.bias + sum(
            self.weights[name] * value for name, value in zip(EVIDENCE, values, strict=True)
        )
        return min(1 - FLOOR, max(FLOOR, 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))))

    def least_accepted(self, max_error: float) -> float:
        """Least confidence of a serial to be accepted: the fitted one, or where none was fitted 1 - error."""
        kept = [least for error, least in self.accept if error <= max_error]
        return min([1 - max_error, *kept])


def load_calibration(path: Path = WEIGHTS / FILE) -> Calibration:
    """The calibration that ships with the weights.

    Raises:
        EngineError: the file is missing or is no calibration.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Calibration)
    except (OSError, msgspec.MsgspecError) as error:
        raise EngineError(
            f"The calibration {path} cannot be read ({error}); install serialscan again: "
            "pip install --force-reinstall serialscan"
        ) from error


def to_edge(line: Line, width: int, height: int) -> float:
    """How far a line could go on, at its nearer end, to the edge of its page; in glyph heights.

    A line that ends there may be cut off. Infinite where that cannot be told: without two characters whose
    places are known, and in a picture that somebody cropped to this very line.

    Args:
        line: its characters with their outlines.
        width: of its page in px.
        height: likewise.
    """
    tall = max(line.glyph_height_px or 0.0, 1.0)
    if tall > FILLS * min(width, height):
        return math.inf
    centres = [
        (sum(x for x, _ in g.polygon) / len(g.polygon), sum(y for _, y in g.polygon) / len(g.polygon))
        for g in line.characters
        if g.char != " " and g.polygon
    ]
    nearest = math.inf
    for (x, y), (inner_x, inner_y) in (
        ((centres[0], centres[1]), (centres[-1], centres[-2])) if centres[1:] else ()
    ):
        step = math.hypot(x - inner_x, y - inner_y)
        for at, inner, side in ((x, inner_x, width), (y, inner_y, height)):
            if abs(at - inner) > 1e-6:
                nearest = min(nearest, ((side if at > inner else 0) - at) / (at - inner) * step)
    return nearest / tall - HALF


def evidence(line: Line, width: int, height: int) -> tuple[float, ...]:
    """What speaks for and against a line as fused: one number for each name in `EVIDENCE`.

    Args:
        line: as fused.
        width: of its page in px.
        height: likewise.
    """
    marked = [glyph for glyph in line.characters if glyph.char != " "]
    product = math.exp(sum(math.log(max(glyph.confidence, 1e-6)) for glyph in marked))
    first = [view for who in (RELIEF, BUMPS, V5) for view in _views(line, who)]
    second = _views(line, STOCK)
    others = [_same(r.text, line.text) for r in line.readers if r.reader == TESSERACT]
    tall = math.log2(max(line.glyph_height_px or 1.0, 1.0))
    return (
        _logit(product), math.log2(1 + len(marked)), float(len(marked) <= SHORT),
        sum(glyph.char.isdigit() for glyph in marked) / max(1, len(marked)),
        _best(first), _best(second), _agreement(first), _agreement(second), float(any(others)),
        float(not all(others)), max(0.0, _SMALL - tall), max(0.0, tall - _LARGE),
        _logit(min((glyph.confidence for glyph in (*marked[:1], *marked[-1:])), default=0.0)),
        max(0.0, EDGE - max(_OVER, to_edge(line, width, height))),
    )  # fmt: skip


def calibrated(line: Line, probability: float) -> Line:
    """The line with its confidence set and its characters' and candidates' confidences in keeping.

    The characters' confidences multiply to the line's, each with its share of the doubt; but none rises
    above both its votes and the line, or one on which the views do not agree would seem surer than it is
    because the doubt lies elsewhere. Alternatives share what a character has left.
    """
    doubts = [-math.log(max(g.confidence, 1e-6)) + _LEAST_DOUBT for g in line.characters]
    scale = -math.log(probability) / sum(doubts) if doubts else 1.0
    characters = tuple(
        _glyph(g, min(math.exp(-doubt * scale), max(g.confidence, probability)))
        for g, doubt in zip(line.characters, doubts, strict=True)
    )
    kept = line.candidates[0].confidence if line.candidates else 0.0
    rest = (1 - probability) / (1 - kept) if kept < 1 else 0.0
    candidates = tuple(
        TextCandidate(
            text=c.text, confidence=round(probability if i == 0 else min(1.0, c.confidence * rest), 4)
        )
        for i, c in enumerate(line.candidates)
    )
    return msgspec.structs.replace(
        line,
        confidence=round(probability, 4),
        characters=characters,
        candidates=tuple(c for c in candidates if c.confidence >= 0.0001 or c.text == line.text),
        gaps=_gaps(line) or msgspec.UNSET,
    )


def gap_evidence(gap: Gap) -> float:
    """The log odds of the votes for a character in a gap."""
    return _logit(gap.confidence)


def _gaps(line: Line) -> tuple[Gap, ...]:
    """Places where a character may be missing, with fitted probabilities in the place of votes."""
    gaps = []
    for gap in () if line.gaps is msgspec.UNSET else line.gaps:
        sure = 1 / (1 + math.exp(-GAP_BIAS - GAP_VOTES * gap_evidence(gap)))
        share = sure / gap.confidence
        if sure >= SHOWN_GAP:
            alternatives = tuple(
                Alternative(char=one.char, confidence=round(one.confidence * share, 4))
                for one in gap.alternatives
            )
            gaps.append(Gap(at=gap.at, confidence=round(sure, 4), alternatives=alternatives))
    return tuple(gaps)


def _glyph(glyph: Glyph, confidence: float) -> Glyph:
    rest = (1 - confidence) / (1 - glyph.confidence) if glyph.confidence < 1 else 0.0
    alternatives = tuple(
        Alternative(char=a.char, confidence=round(min(1.0, a.confidence * rest), 4))
        for a in glyph.alternatives
    )
    return msgspec.structs.replace(
        glyph,
        confidence=round(confidence, 4),
        alternatives=tuple(a for a in alternatives if a.confidence > 0),
    )


def _views(line: Line, reader: str) -> list[tuple[bool, float]]:
    """Each of one recogniser's views of the whole line: whether it reads the line's text, and how surely."""
    return [
        (_same(r.text, line.text), r.confidence) for r in line.readers if r.reader == reader and not r.piece
    ]


def _best(views: Sequence[tuple[bool, float]]) -> float:
    """How surely the surest view reads the text, in log odds."""
    return _logit(max((sure for same, sure in views if same), default=0.0))


def _agreement(views: Sequence[tuple[bool, float]]) -> float:
    """Share of the views that read the text; a half if there is none."""
    return sum(same for same, _ in views) / len(views) if views else 0.5


def _same(a: str, b: str) -> bool:
    return "".join(a.split()).upper() == "".join(b.split()).upper()


def _logit(p: float) -> float:
    p = min(1 - 1e-3, max(1e-3, p))
    return math.log(p / (1 - p))
