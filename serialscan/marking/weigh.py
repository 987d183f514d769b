"""The evidence for and against a number being the serial: its form, its label, its place, its neighbours.

Weights are natural log odds and stand with their reasons in knowledge/weights.toml, each under the code that
a record's reasons name.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from serialscan.glyphs import has_arabic_digits, letter_for_digit, match_key, western
from serialscan.marking.candidates import (
    FOREIGN_DIGITS,
    TOKEN,
    Candidate,
    Reasons,
    Rests,
    Span,
    is_part,
    is_suffixed,
    rest_reading,
    sure_shape,
)  # fmt: skip
from serialscan.marking.check import vin_agrees
from serialscan.marking.classify import Part, Read, confidence_of, rows_of
from serialscan.marking.complete import completeness
from serialscan.marking.geometry import below, beside, frame, in_one_block, in_one_place, same_way
from serialscan.marking.knowledge import Knowledge, Shape, matches_shape
from serialscan.marking.twins import is_of_two_scripts
from serialscan.marking.words import READ_CHARS
from serialscan.record import Glyph, Line

LEAST_READING = 0.001  # for the logarithm
UNDECIDED = 0.3  # a character that is less sure is `?` in the value; from 0.3 to 0.5 three in four were right
LOOK_ALIKE = 0.02  # probability from which the letter or digit of the same look stays open
_ONE_CHARACTER = 6  # letters and digits from which a number of one character is a row of teeth or slots
_LONG_ROW = 8  # the same, where one of them is another one
_NEAR = 2.0  # character heights between a number and the year of its item
_MAGAZINE = frozenset({"magazine"})  # rows whose words stand on magazines
_TALL = ("manufacturer", "model", "calibre", "property")


def weighed(
    read: Read, span: Span, rests: Rests, of_kind: Sequence[re.Pattern[str]], knowledge: Knowledge
) -> Candidate:
    """A candidate with all evidence that its photo holds for and against it.

    Args:
        read: all lines of the photo.
        span: the number.
        rests: the lines that may go on with a number.
        of_kind: the shapes of the makers and models marked in the photo (`shapes_of_kind`).
        knowledge: weights and shapes.
    """
    line, weights = read.lines[span.line], knowledge.weights
    tail = span.tail
    value = line.text[span.start : span.end]
    glyphs = _glyphs(line, span.start, span.end)
    reading, shown = confidence_of(line, span.start, span.end), _shown(value, glyphs)
    if tail is not None:
        rest = read.lines[tail.line]
        value, shown = (text + tail.sign + rest.text.strip() for text in (value, shown))
        glyphs = (*glyphs, Glyph(char=tail.sign, confidence=1.0), *_glyphs(rest, 0, len(rest.text)))
        reading *= rest_reading(rest)
    reasons = dict(span.reasons)
    form = sure_shape(value, read.lines, knowledge)
    sure = None if is_part(reasons) else form
    if sure is not None:  # what is common among serials says nothing more
        reasons["shape_sure", f"shape {sure.id} is that of a serial"] = weights["shape_sure"]
    else:
        reasons.update(_by_form(value, weights))
        if _is_of_a_row(value, read):
            reasons["one_character", "the character of a row beside it"] = weights["one_character"]
        reasons.update(_by_shape(value, read.parts, knowledge))
    reasons.update(_by_others(read, span, of_kind, knowledge))
    if span.label is None:
        reasons.update(_by_place(read, span.line, knowledge))
    if has_arabic_digits(value) and any(_western_number(other.text) for other in read.lines):
        reasons[FOREIGN_DIGITS] = weights["foreign_digits"]
    agrees = vin_agrees(western(value)) if sure is not None and sure.check else None
    check = ""
    if agrees is not None:
        reading = _with_odds(reading, weights["check_agrees" if agrees else "check_differs"])
        check = f" as its check digit {'agrees' if agrees else 'does not agree'}"
    reasons.update(_by_mirror(read, span.line, weights))
    script = is_of_two_scripts(value, span.line, read)
    if script:
        why = f"letters of two scripts, on an item with {script.title()} ones"
        reasons["mixed_scripts", why] = weights["mixed_scripts"]
    if line.where is not None and line.where.place == "background":
        reasons["background", f"stands behind the item ({line.where.item:.0%} on it)"] = weights["background"]
    if line.stacked:
        reasons["stacked", "its characters stand one below the other"] = weights["stacked"]
    reasons.update(_by_look(glyphs, value, sure, of_kind, knowledge))
    # A sum of zero is no minus.
    reasons["read", f"read with {reading:.2f}{check}"] = 0.0 + weights["read"] * math.log(
        max(reading, LEAST_READING)
    )
    return Candidate(
        value, shown, reading, reasons, span.ids, span.line,
        named=span.label is not None and not span.label.may_be_letters,
        complete=completeness(read, span, value, form, of_kind, bool(agrees), rests, knowledge),
        glyphs=glyphs,
    )  # fmt: skip


def _by_mirror(read: Read, index: int, weights: Mapping[str, float]) -> Reasons:
    """Text that reads only in the mirror image, and what was read in its place without a mirror."""
    line = read.lines[index]
    if line.mirrored:
        return {("mirrored", "stands mirrored in the photo"): weights["mirrored"]}
    for other in read.lines:
        if other.mirrored and in_one_place(line, other):
            return {("reads_mirrored", f"reads better mirrored: {other.text}"): weights["reads_mirrored"]}
    return {}


def _by_look(
    glyphs: Sequence[Glyph], value: str, sure: Shape | None, of_kind: Sequence[re.Pattern[str]],
    knowledge: Knowledge,
) -> Reasons:  # fmt: skip
    """Characters that may be the letter or digit of the same look, with which the key would differ.

    They say nothing of whether this is the serial, but whoever accepts it must know. A form decides: a sure
    one between both, one of the marked maker or model that a letter stands where it asks for one.
    """
    reasons: Reasons = {}
    certain = [pattern for row, pattern in knowledge.shapes if sure is not None and row.id == sure.id]
    for at, glyph in enumerate(glyphs):
        for other in glyph.alternatives:
            changed = value[:at] + other.char + value[at + 1 :]
            doubtful = (
                other.confidence >= LOOK_ALIKE
                and letter_for_digit(glyph.char, other.char)
                and match_key(changed) != match_key(value)
            )
            if not doubtful:
                continue
            forms = [*certain, *of_kind] if glyph.char.isalpha() else certain
            if not any(matches_shape(p, value) and not matches_shape(p, changed) for p in forms):
                reasons["look_alike", f"{glyph.char} may be {other.char} ({other.confidence:.0%})"] = 0.0
    return reasons


def _glyphs(line: Line, start: int, end: int) -> tuple[Glyph, ...]:
    """The characters of a part of a line; none where they are not known one by one."""
    return line.characters[start:end] if len(line.characters) == len(line.text) else ()


def _is_row_of_one(core: Sequence[str]) -> bool:
    """One character all along, or all but one of a long row: teeth or slots. Zeros and a digit are not."""
    most, count = Counter(core).most_common(1)[0] if core else ("", 0)
    return (len(core) >= _ONE_CHARACTER and count == len(core)) or (
        len(core) >= _LONG_ROW and count == len(core) - 1 and most not in "0O"
    )


def _is_of_a_row(value: str, read: Read) -> bool:
    """Whether a number is one character, or all but one, that another line repeats as teeth or slots do."""
    core = [c for c in value if c.isalnum()]
    most, count = Counter(core).most_common(1)[0] if core else ("", 0)
    return count >= max(2, len(core) - 1) and any(
        most * _ONE_CHARACTER in line.text and _is_row_of_one([c for c in line.text if c.isalnum()])
        for line in read.lines
    )


def _western_number(text: str) -> bool:
    return sum(c in "0123456789" for c in text[:READ_CHARS]) >= 4


def _by_form(value: str, weights: dict[str, float]) -> Reasons:
    core = [c for c in value if c.isalnum()]
    digits = sum(c.isdigit() for c in core)
    few = {0: "no_digit", 1: "one_digit", 2: "two_digits", 3: "three_digits"}.get(digits, "enough_digits")
    reasons = {(few, f"{digits} digits"): weights[few]}
    if 5 <= len(core) <= 12:
        reasons["usual_length", "usual length"] = weights["usual_length"]
    elif len(core) > 20:
        reasons["too_long", "very long"] = weights["too_long"]
    if sum(c in "-." for c in value) > 1:
        reasons["groups", "groups as in part numbers"] = weights["groups"]
    if _is_row_of_one(core):
        reasons["one_character", "one character all along"] = weights["one_character"]
    if any(c in "./:%\\_" for c in value):
        reasons["separator", "sign that serials seldom have"] = weights["separator"]
    if is_suffixed(value):
        reasons["block_letter", "the small letter of its block behind it"] = weights["block_letter"]
    elif any(c.islower() for c in value):
        reasons["small_letters", "small letters"] = weights["small_letters"]
    return reasons


def _by_shape(value: str, parts: Sequence[Part], knowledge: Knowledge) -> Reasons:
    """The shape that counts most, by the makers and models marked in the photo."""
    makers = {i for p in parts if p.kind == "manufacturer" for i in rows_of(p)}
    models = {i for p in parts if p.kind == "model" for i in rows_of(p)}
    makers |= {c.row for p in parts if p.kind == "factory_mark" for c in p.candidates} if models else set()
    best: tuple[float, str, str] = (0.0, "", "")
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
        best = max(best, (points, row.id, level))
    if not best[1]:
        return {}
    if best[2] == "shape_other":
        return {("shape_other", "shape of some maker's serials"): round(best[0], 2)}
    reasons = {(best[2], f"shape {best[1]}"): round(best[0], 2)}
    if any(c.isalpha() for c in value):
        reasons["shape_letters", "with its letters"] = knowledge.weights["shape_letters"]
    return reasons


def _by_others(read: Read, span: Span, of_kind: Sequence[re.Pattern[str]], knowledge: Knowledge) -> Reasons:
    """What says that this is another number, and words beside it.

    A label for the serial in the line itself outweighs every form. One above it or to the left of it may
    belong to a number that was not read, one without a gap may be no label: what surely has the form of
    another number stays that. A number with letters or signs that has a shape of the marked maker and model
    has the form of another number by chance.
    """
    weights = knowledge.weights
    index, start, end, label = span.line, span.start, span.end, span.label
    labelled = label is not None
    in_line = label is not None and label.how in ("in line", "glued") and not label.may_be_letters
    reasons: Reasons = {}
    counted: set[str | None] = set()
    value = western(read.lines[index].text[start:end])
    by_chance = not value.isdigit() and any(matches_shape(pattern, value) for pattern in of_kind)

    def add(rule: str) -> None:
        if by_chance:
            reasons["form_of_other", f"a shape of the marked model, and {rule}"] = 0.0
        else:
            reasons["other_number", rule] = weights["other_number"]

    for part in read.parts:
        if part.line != index or not (part.start < end and start < part.end):
            continue
        inside = part.start <= start and end <= part.end
        counts = not labelled or part.table == "label" or (part.table == "number" and not in_line)
        if part.sure and (inside or part.table == "number") and counts:
            reasons["other_kind", part.rule] = weights["other_kind"]
            counted.add(part.row)
        elif inside and not labelled:
            add(part.rule)
            counted.add(part.row)
    if labelled:
        return reasons
    for row, pattern in knowledge.numbers:
        if row.whole and not row.makers and row.id not in counted and pattern.fullmatch(value):
            add(f"{row.why} ({row.id})")
    covered = [(h.start, h.end) for h in read.hits[index]] + [
        (p.start, p.end) for p in read.parts if p.line == index
    ]
    for match in TOKEN.finditer(read.lines[index].text[:READ_CHARS]):
        word = match.group()
        free = not any(match.start() < b and a < match.end() for a, b in covered)
        if free and len(word) >= 3 and word.isalpha() and (match.end() <= start or end <= match.start()):
            reasons["words_beside", "words beside it"] = weights["words_beside"]
    return reasons


def _by_place(read: Read, index: int, knowledge: Knowledge) -> Reasons:
    """Block, height and tag: where the line stands to the lines whose meaning is known."""
    line, weights = read.lines[index], knowledge.weights
    reasons: Reasons = {}
    parts = [p for p in read.parts if p.kind != "manufacturer" or _numbers_pieces(p, knowledge)]
    known = {p.line for p in parts if p.kind in _TALL and (p.sure or p.value)} - {index}
    own_line = any(p.line == index and p.kind in ("manufacturer", "model") for p in parts)
    if own_line or any(in_one_block(line, read.lines[i]) for i in known):
        reasons["panel", "in one block with known marks"] = weights["panel"]
    years = {p.line for p in read.parts if p.kind in ("date", "factory_mark") and not p.sure}
    if index not in years and any(_touches(line, read.lines[i]) for i in years):
        reasons["year_near", "near a year or factory number"] = weights["year_near"]
    proofs = {p.line for p in read.parts if p.kind == "proof"} - {index}
    if any(_touches(line, read.lines[i]) for i in proofs):
        reasons["proof_near", "near a proof mark"] = weights["proof_near"]
    heights = [_height(read.lines[i]) for i in known if same_way(line, read.lines[i])]
    own = _height(line)
    if heights and own:
        tallest, middle = max(heights), sorted(heights)[len(heights) // 2]
        if own >= 0.97 * tallest:
            reasons["as_tall", "as tall as known marks"] = weights["as_tall"]
        elif own < 0.8 * middle:
            reasons["smaller", "smaller than known marks"] = weights["smaller"]
    tags = {p.line for p in read.parts if p.kind == "evidence_tag" and p.sure}
    tags |= {i for i, hits in enumerate(read.hits) for h in hits for w in h.words
             if w.table == "label" and w.row == "evidence_tag" and w.use == "name"}  # fmt: skip
    if any(index != i and in_one_block(line, read.lines[i]) for i in tags):
        reasons["on_tag", "beside the words of an evidence tag"] = weights["on_tag"]
    magazines = {p.line for p in read.parts if p.row in _MAGAZINE}
    if any(index == i or in_one_block(line, read.lines[i]) for i in magazines):
        reasons["on_magazine", "beside the words of a magazine"] = weights["on_magazine"]
    return reasons


def _numbers_pieces(maker: Part, knowledge: Knowledge) -> bool:
    rows = [knowledge.makers[row] for row in rows_of(maker) if row in knowledge.makers]
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
