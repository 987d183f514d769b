"""Whether a number begins and ends where its reading does: half a serial accuses the wrong owner, too.

The evidence is what is seen beyond both ends (`End`), the edge of the photo, signs at the end, other text in
the row, a line below or above that may belong to it, gaps inside, and the length that a shape asks for.
Weights are natural log odds and stand with their reasons in knowledge/weights.toml.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from statistics import median

from serialscan.marking.candidates import (
    JOINING,
    LINE_REACH,
    TOKEN,
    Reasons,
    Rests,
    Span,
    alike,
    lined_up,
    told,
)  # fmt: skip
from serialscan.marking.classify import Read
from serialscan.marking.geometry import Frame, below, beside, part_frame, part_of
from serialscan.marking.knowledge import Knowledge, Shape, matches_shape
from serialscan.record import Completeness, Line

OPEN = frozenset({"edge_near", "ends_in_sign", "row_goes_on", "next_line", "gap_inside", "two_lines"})
"""Reasons that leave open where a number ends, unless its form says how long it is."""
CUT = "edge_touched"
"""The reason that leaves it open whatever its form says."""
_BEYOND = 1.5  # characters of surface that must be seen beyond an end
_TOUCHED = 0.5  # characters from an end to the edge of the photo: no other one could be seen there
_PITCH = 0.75  # glyph heights from one character to the next, where a line does not tell
_MOST = 4.0  # log odds that the look beyond one end can tell
_NEAR = 2.6  # characters between two parts of one number in a row
_ROW_REACH = 4.0  # glyph heights to other text in the row
_GAP_PITCHES = 1.75  # between the middles of two characters: one may be missing there
_GAP_HEIGHTS = 0.95  # least such gap
_LEAST_STEPS = 3  # steps from which the usual one is told
_SEARCHED = 80  # characters of a line in which its next word is looked for
_PARTING = frozenset(",;:()")  # signs that part a number from what follows
_NO_LETTERS = 3  # a word of so many letters and no digit is no part of a number

_Add = Callable[[str, str, float], None]


def completeness(
    read: Read, span: Span, value: str, form: Shape | None, of_kind: Sequence[re.Pattern[str]], check: bool,
    rests: Rests, knowledge: Knowledge,
) -> Completeness:  # fmt: skip
    """Probability that no character of a number stands beyond what was read, with its reasons.

    Args:
        read: all lines of the photo.
        span: the number, with what may belong to it in another line.
        value: the same as text.
        form: the shape that says surely that such a number is a serial, if there is one.
        of_kind: the shapes of the makers and models marked in the photo.
        check: whether its check digit agrees.
        rests: the lines that may go on with a number.
        knowledge: weights.
    """
    weights = knowledge.weights
    reasons: Reasons = {("complete", "numbers that are read are mostly whole"): weights["complete"]}

    def add(code: str, detail: str, times: float = 1.0) -> None:
        reasons[code, detail] = weights[code] * times

    line = read.lines[span.line]
    own = part_frame(line, span.start, span.end)
    pitch = _pitch(line, span.start, span.end)
    _before(line, span, own, pitch, add)
    if span.tail is None:
        _after(line, span, own, pitch, add)
        _other_lines(read, span, pitch, rests, add)
    else:
        add("two_lines", "joined from two lines", 1.0)
        last = read.lines[span.tail.line]
        _at_end(last, 1, _pitch(last, 0, len(last.text)), add)
    gaps = _gaps(line, span.start, span.end)
    if gaps:
        add("gap_inside", f"{gaps} wide gap{'s' if gaps > 1 else ''} inside", 1.0)
    _by_length(value, form, of_kind, add)
    if check:
        add("length_known", "its check digit agrees", 1.0)
    odds = sum(reasons.values())
    return Completeness(confidence=round(1 / (1 + math.exp(-odds)), 4), reasons=told(reasons))


def _before(line: Line, span: Span, own: Frame | None, pitch: float, add: _Add) -> None:
    label = span.label
    if label is not None and label.labels_line == span.line and span.start <= label.start:
        add("bounded", f"label {label.words!r} stands before its start", 1.0)
    elif any(c.isalnum() for c in line.text[: span.start]):
        near = max(0, span.start - _SEARCHED)
        words = [m.span() for m in TOKEN.finditer(line.text, near, span.start)]
        _in_row(line, span, words[-1] if words else None, own, pitch, "before its start", add)
    else:
        _at_end(line, 0, pitch, add)


def _after(line: Line, span: Span, own: Frame | None, pitch: float, add: _Add) -> None:
    rest = line.text[span.end :]
    if any(c.isalnum() for c in rest):
        word = TOKEN.search(line.text, span.end, span.end + _SEARCHED)
        _in_row(line, span, word.span() if word else None, own, pitch, "after its end", add)
        return
    if rest.strip() in JOINING:
        add("ends_in_sign", f"{rest.strip()} after its end", 1.0)
    _at_end(line, 1, pitch, add)


def _at_end(line: Line, side: int, pitch: float, add: _Add) -> None:
    """What is seen beyond an end of a line; ``pitch`` in glyph heights."""
    name = ("before its start", "after its end")[side]
    if not line.ends:
        add("end_unseen", f"nobody looked {name}", 1.0)
        return
    end = line.ends[side]
    quiet = (1 - end.more) * (1 - end.hidden)
    odds = math.log(max(quiet, 1e-6) / max(1 - quiet, 1e-6))
    odds = max(-_MOST, min(_MOST, odds))
    code = "end_seen" if odds > 0 else "end_hidden" if end.hidden > end.more else "end_more"
    add(
        code, f"{name}: one more character is {end.more:.0%} likely, something over it {end.hidden:.0%}", odds
    )
    if end.to_edge is not None:
        beyond = end.to_edge / pitch
        if beyond < _TOUCHED:
            add(CUT, f"the photo ends {name}", 1.0)
        elif beyond < _BEYOND:
            add("edge_near", f"the photo ends {beyond:.1f} characters {name}", 1.0)


def _in_row(
    line: Line,
    span: Span,
    word: tuple[int, int] | None,
    own: Frame | None,
    pitch: float,
    name: str,
    add: _Add,
) -> None:
    """The next word of the same line, unless it is known to be something else."""
    if word is None:
        return
    start, end = word
    text = line.text[start:end]
    between = line.text[span.end : start] if start >= span.end else line.text[end : span.start]
    plain = not any(c.isdigit() for c in text) and (len(text) >= _NO_LETTERS or text != text.upper())
    known = any(start < b and a < end for a, b in span.closed)
    if known or plain or not _PARTING.isdisjoint(between):
        add("bounded", f"{text} stands {name}", 1.0)
        return
    place, gap = part_frame(line, start, end), 1.0
    if own is not None and place is not None:
        gap = max(place.left - own.right, own.left - place.right, 0.0) / (pitch * own.height)
    code = "row_goes_on" if gap <= _NEAR else "row_far"
    add(code, f"{text} stands {name}, {gap:.1f} characters away", 1.0)


def _other_lines(read: Read, span: Span, pitch: float, rests: Rests, add: _Add) -> None:
    """Other lines in the row, below and above, all of which may be a part of the number."""
    line = read.lines[span.line]
    number = part_of(line, span.start, span.end)
    free = rests.plain if span.label is not None else rests.plain - rests.meant
    for index in sorted(free - {span.line}):
        other = read.lines[index]
        if not alike(number, other):
            continue
        for first, second, name in ((line, other, "after its end"), (other, line, "before its start")):
            gap = beside(first, second, _ROW_REACH)
            if gap is not None:
                code = "row_goes_on" if gap / pitch <= _NEAR else "row_far"
                add(code, f"{other.text} stands in the row {name}", 1.0)
            if below(first, second, LINE_REACH) is not None and lined_up(line, number, other):
                add("next_line", f"{other.text} stands {'below' if first is line else 'above'}", 1.0)


def _pitch(line: Line, start: int, end: int) -> float:
    """From one character to the next, in glyph heights."""
    steps = _steps(line, start, end)
    return median(steps) if len(steps) > 1 else _PITCH


def _steps(line: Line, start: int, end: int) -> list[float]:
    """From each character of a part of a line to the next, in glyph heights; spaces are part of the way."""
    if len(line.characters) != len(line.text):
        return []
    steps, way = [], 0.0
    for glyph in line.characters[start + 1 : end]:
        if glyph.step is None:
            return []
        way += glyph.step
        if glyph.char != " ":
            steps.append(way)
            way = 0.0
    return steps


def _gaps(line: Line, start: int, end: int) -> int:
    """How many gaps of a number are so wide that a character may be missing there."""
    steps = _steps(line, start, end)
    spaces = line.text[start:end].count(" ")
    if len(steps) < _LEAST_STEPS:
        return spaces
    usual = median(steps)
    return max(spaces, sum(s > max(_GAP_PITCHES * usual, _GAP_HEIGHTS) for s in steps))


def _by_length(value: str, form: Shape | None, of_kind: Sequence[re.Pattern[str]], add: _Add) -> None:
    """Whether a shape that applies here asks for this length, or for a longer number."""
    if form is not None:
        add("length_known", "its shape says how long it is", 1.0)
        return
    if any(matches_shape(pattern, value) for pattern in of_kind):
        add("length_of_kind", "as long as such items' serials are", 1.0)
    elif any(matches_shape(p, text) for p in of_kind for text in (value + "0", value + "00", "0" + value)):
        add("length_short", "shorter than such items' serials are", 1.0)
