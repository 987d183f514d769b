"""Which number is the serial: weighted evidence for and against each candidate, none of it hidden.

The weights are natural log odds and stand with their reasons in knowledge/weights.toml. They rank; they never
correct, complete or hide a reading.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from msgspec.structs import replace as replace_fields

from serialscan.marking.check import vin_agrees
from serialscan.marking.classify import Labelled, Part, Read, confidence_of
from serialscan.marking.geometry import below, beside, frame, in_one_block, same_way
from serialscan.marking.iuid import serial_of
from serialscan.marking.knowledge import Knowledge, Shape, matches_shape
from serialscan.marking.normalise import folded, normalise, turned_over, western
from serialscan.marking.words import READ_CHARS, tokens
from serialscan.record import Code, Glyph, Line, SerialCandidate, SerialReading

MOST_CANDIDATES = 6
LEAST = -1.0  # a number with less evidence is a candidate, but not named as the value
LEAST_CANDIDATE = -4.0
UNDECIDED = 0.3  # a character that is less sure is `?` in the value; from 0.3 to 0.5 three in four were right
LEAST_CHOICE = 0.75  # of an accepted serial: its form alone says nothing
LEAST_READING = 0.001  # for the logarithm
SHORTEST_ACCEPTED = 5  # letters and digits; a shorter number is too often a part of one
_LONGEST_JOINED = 14
PART = "only a part of the words"
_OF_SERIALS = "is that of a serial"  # what a sure shape says
TURNED_OVER = "turned over"
FOREIGN_DIGITS = "in other digits than another number"
_NEAR = 2.0  # character heights between a number and the year of its item
_NAMED = 3.0  # evidence from which a number read is held against that of a code

# Han characters stand beside numbers without a space (五六式3481252) and are never part of them.
_SIGN = r"[^\W_\u3000-\u9fff]"
_CUT = "only a sign without a space parts it from its neighbour"  # perhaps one number, misread between
_TOKEN = re.compile(rf"{_SIGN}(?:(?:{_SIGN}|[_./\\-])*{_SIGN})?")
_FOREIGN = re.compile("[٠-٩۰-۹]")
_TALL = ("manufacturer", "model", "calibre", "property")


@dataclass(frozen=True)
class Candidate:
    """A string that may be the serial, and the evidence for and against it.

    Attributes:
        value: as read.
        shown: the same with ``?`` for undecided characters.
        reading: probability that its characters are right.
        reasons: evidence with its weight.
        evidence: ids of lines and codes.
        line: index of its line, -1 for a code.
        named: a label or a code says that it is the serial.
    """

    value: str
    shown: str
    reading: float
    reasons: dict[str, float] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    line: int = -1
    named: bool = False

    @property
    def points(self) -> float:
        """The sum of the evidence in log odds."""
        return sum(self.reasons.values())

    @property
    def rule(self) -> str:
        """The evidence in words, with its weights."""
        return ", ".join(f"{reason} {points:+.1f}" for reason, points in self.reasons.items())

    def because(self, reason: str, points: float) -> Candidate:
        """The candidate with one more piece of evidence."""
        return replace(self, reasons={**self.reasons, reason: points})


@dataclass(frozen=True)
class _Span:
    """A part of a line that may be the serial: what counts for it so far, and the label that points to it."""

    start: int
    end: int
    reasons: dict[str, float]
    ids: tuple[str, ...]
    label: Labelled | None = None


def choose(read: Read, codes: Sequence[Code], knowledge: Knowledge) -> tuple[list[Candidate], SerialReading]:
    """The candidates, best first, and the serial reading that they make."""
    candidates = [*_read_candidates(read, knowledge), *_code_candidates(codes, knowledge)]
    ranked = sorted(_united(candidates, knowledge), key=lambda c: (-c.points, c.line, c.value))
    ranked = [c for c in ranked if c.points > LEAST_CANDIDATE][:MOST_CANDIDATES]
    if not ranked or ranked[0].points <= LEAST:
        return [], SerialReading(
            value=None, status="not_found", decision="none", confidence=0.0,
            candidates=_shares(ranked, knowledge),
        )  # fmt: skip
    first = ranked[0]
    shown = _shares(ranked, knowledge)
    return ranked, SerialReading(
        value=first.shown,
        status="conflict" if _in_conflict(ranked) else "partial" if "?" in first.shown else "readable",
        decision="review",
        confidence=shown[0].confidence,
        match_key=normalise(first.shown).match_key,
        candidates=shown,
    )


def decide(serial: SerialReading, least: float) -> SerialReading:
    """The reading with its decision.

    ``accept`` needs a serial that is whole, uncontested, long enough (as a sure shape has it, if it has one)
    and sure enough, and that something besides its length and signs calls the serial: a label, a code, known
    marks, or a shape that is sure.

    Args:
        serial: as chosen.
        least: least confidence of an accepted serial, from 0 to 1.
    """
    accepted = False
    if serial.value is not None and serial.candidates:
        first = serial.candidates[0]
        long = sum(c.isalnum() for c in serial.value) >= SHORTEST_ACCEPTED or _OF_SERIALS in first.rule
        named = (first.choice or 0.0) >= LEAST_CHOICE
        accepted = long and named and serial.status == "readable" and serial.confidence >= least
    decision: Literal["accept", "review"] = "accept" if accepted else "review"
    return serial if serial.value is None else replace_fields(serial, decision=decision)


def _shares(ranked: Sequence[Candidate], knowledge: Knowledge) -> tuple[SerialCandidate, ...]:
    """Each candidate with its share: softmax over all of them and ``nothing``."""
    if not ranked:
        return ()
    top = max(ranked[0].points, knowledge.weights["nothing"])
    odds = [math.exp(c.points - top) for c in ranked]
    total = sum(odds) + math.exp(knowledge.weights["nothing"] - top)
    shown = []
    for candidate, odd in zip(ranked, odds, strict=True):
        forms = normalise(candidate.value)
        share = odd / total
        shown.append(SerialCandidate(
            value=candidate.value, confidence=round(share * candidate.reading, 4),
            evidence=candidate.evidence, rule=candidate.rule, choice=round(share, 4),
            latin=forms.latin if forms.latin != candidate.value else None, match_key=forms.match_key,
            other_keys=forms.other_keys, steps=forms.steps,
        ))  # fmt: skip
    return tuple(shown)


def _in_conflict(ranked: Sequence[Candidate]) -> bool:
    """Two different numbers are named: by two labels, or by a code and by what was read."""
    first = ranked[0]
    strong = [c for c in ranked[1:] if c.points >= _NAMED]
    codes = {c.line == -1 for c in (first, *strong)}
    return any(c.named and first.named and c.line != first.line for c in strong) or (
        len(codes) == 2 and any((c.line == -1) != (first.line == -1) for c in strong)
    )


def _code_candidates(codes: Sequence[Code], knowledge: Knowledge) -> list[Candidate]:
    found = []
    for code in codes:
        value = serial_of(code)
        if value and any(c.isalnum() for c in value):
            reasons = {f"code {code.symbology} names it": knowledge.weights["code"]}
            found.append(Candidate(value, value, 1.0, reasons, (code.id,), named=True))
    return found


def _united(candidates: Sequence[Candidate], knowledge: Knowledge) -> list[Candidate]:
    """One candidate for each match key: two places that say the same support each other."""
    best: dict[str, Candidate] = {}
    for one in candidates:
        key = normalise(one.value).match_key
        other = best.get(key)
        if other is None:
            best[key] = one
            continue
        if one.line == other.line and one.line != -1:
            best[key] = max(one, other, key=lambda c: c.points)
            continue
        # What was read is shown, even where a code says the same: the mark counts.
        by_code = [c for c in (other, one) if c.line == -1]
        first, second = sorted((other, one), key=lambda c: (c.line == -1, -c.points))
        if len(by_code) == 1:
            agrees, gain = "a code agrees", knowledge.weights["code"] + knowledge.weights["code_agrees"]
        else:
            agrees, gain = "it stands in two places", knowledge.weights["repeated"]
        best[key] = replace(
            first.because(agrees, gain), reading=1 - (1 - first.reading) * (1 - second.reading),
            evidence=tuple(dict.fromkeys((*first.evidence, *second.evidence))),
            named=first.named or second.named,
        )  # fmt: skip
    return list(best.values())


def _read_candidates(read: Read, knowledge: Knowledge) -> list[Candidate]:
    found: list[Candidate] = []
    for index, line in enumerate(read.lines):
        serials = [one for one in read.labelled if one.line == index and one.label.kind == "serial"]
        spans: list[_Span] = []
        for one in serials:
            reasons = _label_reasons(one, knowledge)
            ids = (line.id, *([read.lines[one.labels_line].id] if one.labels_line != index else []))
            for start, end, extra in _numbers(line, one.start, one.end, [], knowledge):
                label = _end_of_another(one, start, end, read, knowledge) or reasons
                spans.append(_Span(start, end, {**label, **extra}, ids, one))
        closed = _closed(read, index)
        for start, end, extra in _numbers(line, 0, len(line.text), closed, knowledge):
            spans.append(_Span(start, end, extra, (line.id,)))
        found += [_weighed(read, index, span, knowledge) for span in spans]
    return found + _upside_down(found, read, knowledge)


def _closed(read: Read, index: int) -> list[tuple[int, int]]:
    """Parts of a line whose numbers are accounted for: known words and forms, values of labels."""
    closed = []
    for hit in read.hits[index]:
        only_short = all(word.table == "label" and word.use == "short" for word in hit.words)
        if not hit.misread and not only_short:
            closed.append((hit.start, hit.end))
    for part in read.parts:
        if part.line == index and part.sure and part.table in ("number", "label"):
            closed.append((part.start, part.end))
    for one in read.labelled:
        if one.labels_line == index and one.how != "glued":
            closed.append((one.label_start, one.label_start + len(one.words)))
        if one.line == index and one.label.kind == "serial" and one.how != "glued":
            closed.append((one.start, one.end))
    return closed


def _may_be_letters(one: Labelled) -> bool:
    """Whether the label may be the number's own first letters."""
    return one.how == "glued" and len(one.words) < 3


def _label_reasons(one: Labelled, knowledge: Knowledge) -> dict[str, float]:
    weights = knowledge.weights
    if _may_be_letters(one):
        return {f"label {one.words!r} without a gap": weights["glued_label"]}
    if one.label.id == "number" and one.words.upper() == "N":
        return {f"label {one.words!r} {one.where}, or the end of one": weights["letter_label"]}
    if one.label.id == "number":
        return {f"label {one.words!r} {one.where}": weights["number_label"]}
    return {
        f"label {one.words!r} {one.where}": weights["label" if one.labels_line == one.line else "label_near"]
    }


def _end_of_another(
    one: Labelled, start: int, end: int, read: Read, knowledge: Knowledge
) -> dict[str, float]:
    """Where the form says what a number is, and the label may be the rest of that label: SN of NSN."""
    words, weights = _letters(one.words), knowledge.weights
    for part in read.parts:
        over = part.line == one.line and part.start <= start and end <= part.end
        if not (words and over and part.table == "number" and part.sure):
            continue
        labels = (label for label in knowledge.labels.values() if label.kind == part.kind)
        for name in (name for label in labels for name in (*label.names, *label.short)):
            if _letters(name) != words and _letters(name).endswith(words):
                rest = f"label {one.words!r}, or the end of {name!r}"
                return {rest: weights["letter_label"], part.rule: weights["other_number"]}
    return {}


def _letters(words: str) -> str:
    return "".join(token.text for token in tokens(words))


def _numbers(
    line: Line, start: int, end: int, closed: Sequence[tuple[int, int]], knowledge: Knowledge
) -> list[tuple[int, int, dict[str, float]]]:
    """Words with digits in a part of a line, and neighbouring words as one; with what that counts."""
    text = line.text[: min(end, READ_CHARS)]
    words = [
        match.span() for match in _TOKEN.finditer(text, start)
        if not any(match.start() < b and a < match.end() for a, b in closed)
    ]  # fmt: skip
    found: list[tuple[int, int, dict[str, float]]] = []
    run: list[tuple[int, int]] = []
    last = -1  # where the word before the run ends
    for word in [*words, (-1, -1)]:
        if run and (word[0] < 0 or text[run[-1][1] : word[0]].strip() or not _joins(text, run, word)):
            reasons = {}
            if start > 0 and found:
                reasons["not first behind the label"] = knowledge.weights["part_of_line"]
            before = last >= 0 and not _apart(text[last : run[0][0]])
            behind = word[0] >= 0 and not _apart(text[run[-1][1] : word[0]])
            if start > 0 and (before or (behind and any(c.isdigit() for c in text[slice(*word)]))):
                reasons[_CUT] = knowledge.weights["parted"]
            found += _of_run(text, run, reasons, knowledge)
            last, run = run[-1][1], []
        if word[0] >= 0:
            run.append(word)
    return found


def _apart(between: str) -> bool:
    """Whether a space, or a Han character as in 56式3481252, stands between two words."""
    return any(c.isspace() or c.isalnum() for c in between)


def _joins(text: str, run: Sequence[tuple[int, int]], word: tuple[int, int]) -> bool:
    """Whether a word goes on with the number of the words before: short capitals or digits, no signs."""
    size = sum(c.isalnum() for c in text[run[0][0] : word[1]])
    parts = [text[a:b] for a, b in (*run, word)]
    return (
        len(parts) <= 3
        and size <= _LONGEST_JOINED
        and all(p.isalnum() and (len(p) <= 3 or any(c.isdigit() for c in p)) for p in parts)
        and not any(c.islower() for p in parts for c in p)
    )


def _of_run(
    text: str, run: Sequence[tuple[int, int]], base: dict[str, float], knowledge: Knowledge
) -> list[tuple[int, int, dict[str, float]]]:
    weights = knowledge.weights
    part = {PART: weights["part_of_line"]}
    found = []
    whole = (run[0][0], run[-1][1])
    year = any(_is_year(text[a:b], knowledge) for a, b in run) and len(run) > 1
    if len(run) > 1 and any(c.isdigit() for c in text[whole[0] : whole[1]]):
        found.append(
            (*whole, {**base, **({"a year among the words": weights["part_of_line"]} if year else {})})
        )
    for a, b in run:
        if any(c.isdigit() for c in text[a:b]):
            found.append((a, b, {**base, **(part if len(run) > 1 and not year else {})}))
    return found


def _is_year(text: str, knowledge: Knowledge) -> bool:
    return any(row.id == "year" and pattern.fullmatch(western(text)) for row, pattern in knowledge.numbers)


def _weighed(read: Read, index: int, span: _Span, knowledge: Knowledge) -> Candidate:
    line = read.lines[index]
    weights = knowledge.weights
    start, end, label = span.start, span.end, span.label
    value = line.text[start:end]
    reasons = dict(span.reasons)
    sure = None if PART in reasons else _sure_shape(value, read.lines, knowledge)
    if sure is not None:  # what is common among serials says nothing more
        reasons[f"shape {sure.id} {_OF_SERIALS}"] = weights["shape_sure"]
    else:
        reasons.update(_by_form(value, weights))
        reasons.update(_by_shape(value, read.parts, knowledge))
    reasons.update(_by_others(read, index, start, end, label, knowledge))
    if label is None:
        reasons.update(_by_place(read, index, knowledge))
    if _FOREIGN.search(value) and any(_western_number(other.text) for other in read.lines):
        reasons[FOREIGN_DIGITS] = weights["foreign_digits"]
    shown = _shown(value, line.characters[start:end])
    reading, check = confidence_of(line, start, end), ""
    if sure is not None and sure.check and (agrees := vin_agrees(western(value))) is not None:
        reading = _with_odds(reading, weights["check_agrees" if agrees else "check_differs"])
        check = f" as its check digit {'agrees' if agrees else 'does not agree'}"
    reasons[f"read with {reading:.2f}{check}"] = weights["read"] * math.log(max(reading, LEAST_READING))
    return Candidate(
        value, shown, reading, reasons, span.ids, index,
        named=label is not None and not _may_be_letters(label),
    )  # fmt: skip


def _western_number(text: str) -> bool:
    return sum(c in "0123456789" for c in text[:READ_CHARS]) >= 4


def _by_form(value: str, weights: dict[str, float]) -> dict[str, float]:
    core = [c for c in value if c.isalnum()]
    digits = sum(c.isdigit() for c in core)
    few = {0: "no_digit", 1: "one_digit", 2: "two_digits", 3: "three_digits"}.get(digits, "enough_digits")
    reasons = {f"{digits} digits": weights[few]}
    if 5 <= len(core) <= 12:
        reasons["usual length"] = weights["usual_length"]
    elif len(core) > 20:
        reasons["very long"] = weights["too_long"]
    if sum(c in "-." for c in value) > 1:
        reasons["groups as in part numbers"] = weights["groups"]
    if any(c in "./:%\\_" for c in value):
        reasons["sign that serials seldom have"] = weights["separator"]
    if any(c.islower() for c in value):
        reasons["small letters"] = weights["small_letters"]
    return reasons


def _sure_shape(value: str, lines: Sequence[Line], knowledge: Knowledge) -> Shape | None:
    """The shape that says of a number that it is a serial, on an item that shows these lines."""
    for row, pattern in knowledge.shapes:
        if row.sure and matches_shape(pattern, value):
            companion = knowledge.beside.get(row.id)
            texts = (western(line.text[:READ_CHARS]) for line in lines)
            if companion is None or any(companion.search(text) for text in texts):
                return row
    return None


def _by_shape(value: str, parts: Sequence[Part], knowledge: Knowledge) -> dict[str, float]:
    """The shape that counts most, by the makers and models marked in the photo."""
    makers = {i for p in parts if p.kind == "manufacturer" for i in _rows(p)}
    models = {i for p in parts if p.kind == "model" for i in _rows(p)}
    makers |= {c.row for p in parts if p.kind == "factory_mark" for c in p.candidates} if models else set()
    best: tuple[float, str, bool] = (0.0, "", False)
    for row, pattern in knowledge.shapes:
        if not matches_shape(pattern, value):
            continue
        of_maker, of_model = bool(makers & set(row.makers)), bool(models & set(row.models))
        of_kin = of_model or (of_maker and not (models and row.models))
        level = (
            "shape_model" if of_maker and of_model else "shape_maker" if of_maker or of_kin else "shape_other"
        )
        points = knowledge.weights[level] * (
            knowledge.weights["shape_low"] if row.confidence == "low" else 1.0
        )
        best = max(best, (points, row.id, level != "shape_other"))
    if not best[1]:
        return {}
    if not best[2]:
        return {"shape of some maker's serials": round(best[0], 2)}
    reasons = {f"shape {best[1]}": round(best[0], 2)}
    if any(c.isalpha() for c in value):
        reasons["with its letters"] = knowledge.weights["shape_letters"]
    return reasons


def _rows(part: Part) -> list[str]:
    return [part.row] if part.row else [c.row for c in part.candidates]


def _by_others(
    read: Read, index: int, start: int, end: int, label: Labelled | None, knowledge: Knowledge
) -> dict[str, float]:
    """What says that this is another number, and words beside it.

    A label for the serial in the line itself outweighs every form. One above it or to the left of it may
    belong to a number that was not read, one without a gap may be no label: what surely has the form of
    another number stays that.
    """
    weights = knowledge.weights
    labelled = label is not None
    in_line = label is not None and label.how in ("in line", "glued") and not _may_be_letters(label)
    reasons: dict[str, float] = {}
    for part in read.parts:
        if part.line != index or not (part.start < end and start < part.end):
            continue
        inside = part.start <= start and end <= part.end
        counts = not labelled or part.table == "label" or (part.table == "number" and not in_line)
        if part.sure and (inside or part.table == "number") and counts:
            reasons[part.rule] = weights["other_kind"]
        elif inside and not labelled:
            reasons[part.rule] = weights["other_number"]
    if labelled:
        return reasons
    value = western(read.lines[index].text[start:end])
    for row, pattern in knowledge.numbers:
        if row.whole and not row.makers and pattern.fullmatch(value):
            reasons.setdefault(f"{row.why} ({row.id})", weights["other_number"])
    covered = [(h.start, h.end) for h in read.hits[index]] + [
        (p.start, p.end) for p in read.parts if p.line == index
    ]
    for match in _TOKEN.finditer(read.lines[index].text[:READ_CHARS]):
        word = match.group()
        free = not any(match.start() < b and a < match.end() for a, b in covered)
        if free and len(word) >= 3 and word.isalpha() and (match.end() <= start or end <= match.start()):
            reasons["words beside it"] = weights["words_beside"]
    return reasons


def _by_place(read: Read, index: int, knowledge: Knowledge) -> dict[str, float]:
    """Block, height and tag: where the line stands to the lines whose meaning is known."""
    line, weights = read.lines[index], knowledge.weights
    reasons: dict[str, float] = {}
    parts = [p for p in read.parts if p.kind != "manufacturer" or _numbers_pieces(p, knowledge)]
    known = {p.line for p in parts if p.kind in _TALL and (p.sure or p.value)} - {index}
    own_line = any(p.line == index and p.kind in ("manufacturer", "model") for p in parts)
    if own_line or any(in_one_block(line, read.lines[i]) for i in known):
        reasons["in one block with known marks"] = weights["panel"]
    years = {p.line for p in read.parts if p.kind in ("date", "factory_mark") and not p.sure}
    if index not in years and any(_touches(line, read.lines[i]) for i in years):
        reasons["near a year or factory number"] = weights["year_near"]
    heights = [_height(read.lines[i]) for i in known if same_way(line, read.lines[i])]
    own = _height(line)
    if heights and own:
        tallest, middle = max(heights), sorted(heights)[len(heights) // 2]
        if own >= 0.97 * tallest:
            reasons["as tall as known marks"] = weights["as_tall"]
        elif own < 0.8 * middle:
            reasons["smaller than known marks"] = weights["smaller"]
    tags = {p.line for p in read.parts if p.kind == "evidence_tag" and p.sure}
    tags |= {i for i, hits in enumerate(read.hits) for h in hits for w in h.words
             if w.table == "label" and w.row == "evidence_tag" and w.use == "name"}  # fmt: skip
    if any(index != i and in_one_block(line, read.lines[i]) for i in tags):
        reasons["beside the words of an evidence tag"] = weights["on_tag"]
    return reasons


def _numbers_pieces(maker: Part, knowledge: Knowledge) -> bool:
    rows = [knowledge.makers[row] for row in _rows(maker) if row in knowledge.makers]
    return not rows or any(row.numbers_pieces for row in rows)


def _touches(line: Line, other: Line) -> bool:
    upright = below(line, other, _NEAR), below(other, line, _NEAR)
    level = beside(line, other, _NEAR), beside(other, line, _NEAR)
    return any(gap is not None for gap in (*upright, *level))


def _height(line: Line) -> float:
    if line.glyph_height_px:
        return line.glyph_height_px
    box = frame(line, line.rotation)
    return box.height if box else 0.0


def _upside_down(found: Sequence[Candidate], read: Read, knowledge: Knowledge) -> list[Candidate]:
    """The other way to read numbers that can be turned over, where nothing tells which way is up.

    The turned one loses the weight ``upside_down``.
    """
    telling = [line for line in read.lines if _tells_which_way(line.text[:READ_CHARS])]
    known = [any(same_way(line, other) for other in telling) for line in read.lines]
    turned = []
    for candidate in found:
        if candidate.named or known[candidate.line]:
            continue
        other = turned_over(candidate.value)
        if other is not None and other != candidate.value:
            twin = replace(candidate, value=other, shown=other)
            why = f"{TURNED_OVER}: nothing tells which way is up"
            turned.append(twin.because(why, knowledge.weights["upside_down"]))
    return turned


def _tells_which_way(text: str) -> bool:
    """Whether a text stands for nothing upside down."""
    core = "".join(c for c in folded(text) if c.isalnum())
    return bool(core) and turned_over(core) is None


def _with_odds(probability: float, points: float) -> float:
    """A probability after evidence of so much log odds."""
    odds = math.exp(points) * probability
    return odds / (odds + 1 - probability)


def _shown(value: str, glyphs: Sequence[Glyph]) -> str:
    if len(glyphs) != len(value):
        return value
    return "".join(
        "?" if c.isalnum() and g.confidence < UNDECIDED else c for c, g in zip(value, glyphs, strict=True)
    )
