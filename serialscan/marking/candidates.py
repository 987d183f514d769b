"""Which strings of a photo may be the serial: single words, groups, several lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from serialscan.glyphs import folded, turned_over, western
from serialscan.marking.classify import Labelled, Read, rows_of
from serialscan.marking.geometry import aligned, below, beside, part_of, same_way, sizes
from serialscan.marking.knowledge import Knowledge, Shape, matches_shape
from serialscan.marking.words import READ_CHARS, Hit, tokens
from serialscan.record import Completeness, Glyph, Line, Reason

Key = tuple[str, str]  # the code of a reason, and what was seen
Reasons = dict[Key, float]

PART: Key = ("part_of_line", "only a part of the words")
PARTS = frozenset({"part_of_line", "part_by_sign"})
"""Reasons of a number that is only a part of the words."""
JOINED = frozenset({"joined", "joined_by_sign", "joined_by_row"})
"""Reasons of a number that goes on in another line."""
_NOT_FIRST: Key = ("not_first", "not first behind the label")
_YEAR_INSIDE: Key = ("year_inside", "a year among the words")
# Perhaps one number, misread between.
_CUT: Key = ("parted", "only a sign without a space parts it from its neighbour")
FOREIGN_DIGITS: Key = ("foreign_digits", "in other digits than another number")
TURNED_OVER = "upside_down"

_LONGEST_JOINED = 14
# German weapons to 1945: numbers of a block, then its letter (P 38, K 98k; KNOW in SOURCES.md).
_SUFFIXED = re.compile(r"[0-9]{1,5} {1,2}[a-z]")
JOINING = frozenset("-/–")  # signs after which a number goes on
_SHORT_REST = 4  # letters and digits behind such a sign
_ROW_REACH = 2.6  # glyph heights between the boxes of two parts of one number, in one row
LINE_REACH = 1.2  # and between its two lines
_ALIKE = (0.7, 1.4)  # ratio of heights of two parts of one number
_ALIGNED = 1.0  # glyph heights between their left edges or their middles
_TAIL_LENGTH = 10  # letters and digits of a second part
_TAIL_LETTERS = 2  # of a second part without a digit
_SEEN = 0.3  # probability from which a line is a second part

# Han characters stand beside numbers without a space (五六式3481252) and are never part of them.
_SIGN = r"[^\W_\u3000-\u9fff]"
TOKEN = re.compile(rf"{_SIGN}(?:(?:{_SIGN}|[_./\\-])*{_SIGN})?")


WHOLE = Completeness(confidence=1.0)
"""Of a number that a code names."""


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
        complete: whether it is all of the number.
        glyphs: its characters one by one; empty where they are not known.
    """

    value: str
    shown: str
    reading: float
    reasons: Reasons = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    line: int = -1
    named: bool = False
    complete: Completeness = WHOLE
    glyphs: tuple[Glyph, ...] = ()

    @property
    def points(self) -> float:
        """The sum of the evidence in log odds."""
        return sum(self.reasons.values())

    @property
    def codes(self) -> frozenset[str]:
        """The kinds of evidence."""
        return frozenset(code for code, _ in self.reasons)

    def because(self, code: str, detail: str, points: float) -> Candidate:
        """The candidate with one more piece of evidence."""
        return replace(self, reasons={**self.reasons, (code, detail): points})


@dataclass(frozen=True)
class Tail:
    """Where a number may go on: another line, beside its end or below it.

    Attributes:
        line: index of that line, all of which is meant.
        sign: what stands between the two parts: a sign that was read, or a space.
        code: of the reason that says so.
    """

    line: int
    sign: str
    code: str


@dataclass(frozen=True)
class Span:
    """A part of a line that may be the serial: what counts for it so far, and the label that points to it.

    ``closed`` are the parts of its line that are known to be something else. With a ``tail`` the number goes
    on in another line.
    """

    line: int
    start: int
    end: int
    reasons: Reasons
    ids: tuple[str, ...]
    closed: tuple[tuple[int, int], ...]
    label: Labelled | None = None
    tail: Tail | None = None


@dataclass(frozen=True)
class Rests:
    """Which lines may be, as a whole, the rest of a number that stands in another line.

    Attributes:
        plain: indices of lines that may go on with any number.
        signed: of lines that may go on with a number that ends in a hyphen or a slash.
        meant: of lines of which a part is known to be something, or may be.
    """

    plain: frozenset[int]
    signed: frozenset[int]
    meant: frozenset[int]


def rests_of(read: Read, knowledge: Knowledge) -> Rests:
    """The lines of a photo that may go on with a number."""
    labelled = {i for one in read.labelled for i in (one.line, one.labels_line)}
    sure = {part.line for part in read.parts if part.sure}
    rest = [i for i in range(len(read.lines)) if i not in labelled | sure and _may_be_rest(read, i)]
    plain = [i for i in rest if not is_year(read.lines[i].text.strip(), knowledge)]
    return Rests(frozenset(plain), frozenset(rest), frozenset(part.line for part in read.parts))


def spans_of(read: Read, rests: Rests, knowledge: Knowledge) -> list[Span]:
    """Every part of every line that may be the serial, and with what may follow in another line."""
    found: list[Span] = []
    for index, line in enumerate(read.lines):
        known = _known(read, index)
        for one in labelled_serial(read, index):
            reasons = _label_reasons(one, knowledge)
            ids = (line.id, *([read.lines[one.labels_line].id] if one.labels_line != index else []))
            for start, end, extra in _numbers(line, one.start, one.end, [], knowledge, labelled=True):
                label = _end_of_another(one, start, end, read, knowledge) or reasons
                found.append(Span(index, start, end, {**label, **extra}, ids, known, one))
        closed = [*known, *_values(read, index)]
        for start, end, extra in _numbers(line, 0, len(line.text), closed, knowledge):
            found.append(Span(index, start, end, extra, (line.id,), known))
    return [with_tail for span in found for with_tail in _with_tails(read, span, rests, knowledge)]


def is_part(reasons: Reasons) -> bool:
    """Whether a number is only a part of the words that may be one."""
    return any(code in PARTS for code, _ in reasons)


def labelled_serial(read: Read, index: int) -> list[Labelled]:
    """The numbers of a line behind labels of serials."""
    return [one for one in read.labelled if one.line == index and one.label.kind == "serial"]


def sure_shape(value: str, lines: Sequence[Line], knowledge: Knowledge) -> Shape | None:
    """The shape that says of a number that it is a serial, on an item that shows these lines."""
    for row, pattern in knowledge.shapes:
        if row.sure and matches_shape(pattern, value):
            companion = knowledge.beside.get(row.id)
            texts = (western(line.text[:READ_CHARS]) for line in lines)
            if companion is None or any(companion.search(text) for text in texts):
                return row
    return None


def shapes_of_kind(read: Read, knowledge: Knowledge) -> list[re.Pattern[str]]:
    """The shapes of serials of the makers and models that are marked in the photo."""
    makers = {row for part in read.parts if part.kind == "manufacturer" for row in rows_of(part)}
    models = {row for part in read.parts if part.kind == "model" for row in rows_of(part)}
    return [
        pattern for row, pattern in knowledge.shapes
        if models & set(row.models) or (makers & set(row.makers) and not (models and row.models))
    ]  # fmt: skip


def is_year(text: str, knowledge: Knowledge) -> bool:
    """Whether a number has the form of a year."""
    return any(row.id == "year" and pattern.fullmatch(western(text)) for row, pattern in knowledge.numbers)


def _known(read: Read, index: int) -> tuple[tuple[int, int], ...]:
    """Parts of a line that are known words, known forms, or labels and the values of other labels."""
    known = []
    for hit in read.hits[index]:
        only_short = all(word.table == "label" and word.use == "short" for word in hit.words)
        if not hit.misread and not only_short:
            known.append((hit.start, hit.end))
    for part in read.parts:
        if part.line == index and part.sure and part.table in ("number", "label"):
            known.append((part.start, part.end))
    for one in read.labelled:
        if one.labels_line == index and one.how != "glued":
            known.append((one.label_start, one.label_start + len(one.words)))
    return tuple(known)


def _values(read: Read, index: int) -> list[tuple[int, int]]:
    """What stands behind labels of serials in a line."""
    return [(one.start, one.end) for one in labelled_serial(read, index) if one.how != "glued"]


def _label_reasons(one: Labelled, knowledge: Knowledge) -> Reasons:
    code, detail = "label_near", f"label {one.words!r} {one.where}"
    if one.may_be_letters:
        code, detail = "glued_label", f"label {one.words!r} without a gap"
    elif one.label.id == "number" and one.words.upper() == "N":
        code, detail = "letter_label", f"{detail}, or the end of one"
    elif one.label.id == "number":
        code = "number_label"
    elif one.labels_line == one.line:
        code = "label"
    return {(code, detail): knowledge.weights[code]}


def _end_of_another(one: Labelled, start: int, end: int, read: Read, knowledge: Knowledge) -> Reasons:
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
                return {
                    ("letter_label", rest): weights["letter_label"],
                    ("other_number", part.rule): weights["other_number"],
                }
    return {}


def _letters(words: str) -> str:
    return "".join(token.text for token in tokens(words))


def _numbers(
    line: Line,
    start: int,
    end: int,
    closed: Sequence[tuple[int, int]],
    knowledge: Knowledge,
    *,
    labelled: bool = False,
) -> list[tuple[int, int, Reasons]]:
    """Words with digits in a part of a line, and neighbouring words as one; with what that counts."""
    text = line.text[: min(end, READ_CHARS)]
    words = [
        match.span() for match in TOKEN.finditer(text, start)
        if not any(match.start() < b and a < match.end() for a, b in closed)
    ]  # fmt: skip
    found: list[tuple[int, int, Reasons]] = []
    run: list[tuple[int, int]] = []
    last = -1  # where the word before the run ends
    for word in [*words, (-1, -1)]:
        if run and (word[0] < 0 or not _joins(text, run, word, labelled=labelled)):
            reasons: Reasons = {}
            if labelled and found:
                reasons[_NOT_FIRST] = knowledge.weights["not_first"]
            before = last >= 0 and not _apart(text[last : run[0][0]])
            behind = word[0] >= 0 and not _apart(text[run[-1][1] : word[0]])
            if labelled and (before or (behind and any(c.isdigit() for c in text[slice(*word)]))):
                reasons[_CUT] = knowledge.weights["parted"]
            found += _of_run(text, run, reasons, knowledge)
            last, run = run[-1][1], []
        if word[0] >= 0:
            run.append(word)
    return found


def _apart(between: str) -> bool:
    """Whether a space, or a Han character as in 56式3481252, stands between two words."""
    return any(c.isspace() or c.isalnum() for c in between)


def _joins(text: str, run: Sequence[tuple[int, int]], word: tuple[int, int], *, labelled: bool) -> bool:
    """Whether a word goes on with the number of the words before: short capitals or digits.

    Behind a label the words may hold signs, and a short word goes on behind a space and a sign, as in
    ``12345 -02``.
    """
    between = text[run[-1][1] : word[0]]
    sign = between.strip()
    if is_suffixed(text[run[0][0] : word[1]]):
        return True
    signed = labelled and sign in JOINING and " " in between and _count(text, word) <= _SHORT_REST
    if sign and not signed:
        return False
    size = sum(c.isalnum() for c in text[run[0][0] : word[1]])
    parts = [text[a:b] for a, b in (*run, word)]
    plain = [p if not labelled else "".join(c for c in p if c not in JOINING) for p in parts]
    return (
        len(parts) <= 3
        and size <= _LONGEST_JOINED
        and all(p.isalnum() and (len(p) <= 3 or any(c.isdigit() for c in p)) for p in plain)
        and not any(c.islower() for p in parts for c in p)
    )


def is_suffixed(text: str) -> bool:
    """Whether a text is a number of one to five digits and the small letter of its block (595 d)."""
    return _SUFFIXED.fullmatch(text) is not None


def _count(text: str, word: tuple[int, int]) -> int:
    return sum(c.isalnum() for c in text[slice(*word)])


def _of_run(
    text: str, run: Sequence[tuple[int, int]], base: Reasons, knowledge: Knowledge
) -> list[tuple[int, int, Reasons]]:
    weights = knowledge.weights
    whole = (run[0][0], run[-1][1])
    signed = any(text[a:b].strip() in JOINING for (_, a), (b, _) in pairwise(run))
    code = "part_by_sign" if signed else "part_of_line"
    part = {(code, PART[1]): weights[code]}
    found = []
    year = any(is_year(text[a:b], knowledge) for a, b in run) and len(run) > 1
    if len(run) > 1 and any(c.isdigit() for c in text[whole[0] : whole[1]]):
        found.append((*whole, {**base, **({_YEAR_INSIDE: weights["year_inside"]} if year else {})}))
    for a, b in run:
        if any(c.isdigit() for c in text[a:b]):
            found.append((a, b, {**base, **(part if len(run) > 1 and not year else {})}))
    return found


def _with_tails(read: Read, span: Span, rests: Rests, knowledge: Knowledge) -> list[Span]:
    """A span, and the same with what may be the rest of it in another line.

    Where a sign or the place says that the rest belongs to it, the span by itself is only a part.
    """
    tails = _tails_of(read, span, rests) if not is_part(span.reasons) else []
    weights = knowledge.weights
    belongs = any(tail.code == "row_goes_on" or tail.sign.strip() for tail in tails)
    found = [span]
    if belongs:
        found = [replace(span, reasons={**span.reasons, PART: weights["part_of_line"]})]
    for tail in tails:
        by_row = "joined_by_row" if tail.code == "row_goes_on" else "joined"
        code = "joined_by_sign" if tail.sign.strip() else by_row
        detail = f"goes on in the line {'below' if tail.code == 'next_line' else 'beside it'}"
        reasons = {**span.reasons, (code, detail): weights[code]}
        found.append(replace(span, reasons=reasons, ids=(*span.ids, read.lines[tail.line].id), tail=tail))
    return found


def _tails_of(read: Read, span: Span, rests: Rests) -> list[Tail]:
    """Lines in which a number may go on beyond its end: one beside it, one below it."""
    line = read.lines[span.line]
    rest = line.text[span.end : span.end + _SHORT_REST].strip()
    if (rest and rest not in JOINING) or not (span.label is not None or rest):
        return []
    number = part_of(line, span.start, span.end)
    best: dict[str, tuple[float, Tail]] = {}
    for index in sorted((rests.signed if rest else rests.plain) - {span.line}):
        other = read.lines[index]
        if not alike(number, other):
            continue
        gaps = {"row_goes_on": beside(line, other, _ROW_REACH)}
        # What ends in a sign goes on wherever the next line begins.
        if rest or lined_up(line, number, other):
            gaps["next_line"] = below(line, other, LINE_REACH)
        for code, gap in gaps.items():
            if gap is not None and (code not in best or gap < best[code][0]):
                best[code] = gap, Tail(index, rest or " ", code)
    return [tail for _, tail in best.values()]


def alike(number: Line, other: Line) -> bool:
    """Whether the characters of two lines are of one size."""
    return _ALIKE[0] < sizes(number, other) < _ALIKE[1]


def lined_up(line: Line, number: Line, other: Line) -> bool:
    """Whether a line begins where a number or its own line does, or has the same middle."""
    return aligned(number, other, _ALIGNED) or aligned(line, other, _ALIGNED)


def _may_be_rest(read: Read, index: int) -> bool:
    """Whether a line looks like a part of a number: short, of capitals and digits, no known word."""
    line = read.lines[index]
    text = line.text[: 2 * _TAIL_LENGTH + 1].strip()
    size, digits = sum(c.isalnum() for c in text), any(c.isdigit() for c in text)
    return (
        size <= (_TAIL_LENGTH if digits else _TAIL_LETTERS)
        and TOKEN.fullmatch(text) is not None
        and not any(c.islower() for c in text)
        and (digits or not any(_is_name(hit) for hit in read.hits[index]))
        and rest_reading(line) >= _SEEN
    )


def _is_name(hit: Hit) -> bool:
    """Whether words surely name something, as opposed to words that have other meanings, too."""
    return not hit.misread and any(word.use not in ("weak", "short") for word in hit.words)


def rest_reading(line: Line) -> float:
    """Probability that a short line is read right, as the rest of a longer one.

    By itself a line of one or two characters may be a scratch. In the row of a number it is judged by how
    surely its readers agree.
    """
    agreed = [r.confidence for r in line.readers if r.text == line.text]
    return max(line.confidence, sum(agreed) / len(line.readers) if len(agreed) > 1 else 0.0)


def upside_down(found: Sequence[Candidate], read: Read, knowledge: Knowledge) -> list[Candidate]:
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
            why = "turned over: nothing tells which way is up"
            turned.append(twin.because(TURNED_OVER, why, knowledge.weights["upside_down"]))
    return turned


def _tells_which_way(text: str) -> bool:
    """Whether a text stands for nothing upside down."""
    core = "".join(c for c in folded(text) if c.isalnum())
    return bool(core) and turned_over(core) is None


def told(reasons: Reasons) -> tuple[Reason, ...]:
    """Reasons as they stand in a record."""
    return tuple(Reason(code=code, weight=round(w, 4) + 0.0, detail=d) for (code, d), w in reasons.items())


def sentence(reasons: Reasons) -> str:
    """Reasons in words, with their weights."""
    # Adding zero makes -0.0 to 0.0.
    return ", ".join(f"{detail} {round(points, 1) + 0.0:+.1f}" for (_, detail), points in reasons.items())
