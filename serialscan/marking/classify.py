"""What each part of each line is: words that are known, numbers behind labels, numbers of known forms."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from rapidfuzz import fuzz

from serialscan.glyphs import folded, normalise, western, word_key
from serialscan.marking.geometry import aligned, apart, below, beside, frame, part_of, sizes
from serialscan.marking.knowledge import SEEN_SURE, Knowledge, Label, Number, calibre_key
from serialscan.marking.words import READ_CHARS, Finder, Hit, Token, Word, tokens
from serialscan.record import Line, Mark, MarkCandidate, MarkKind

_TABLES: tuple[tuple[str, MarkKind], ...] = (
    ("maker", "manufacturer"), ("model", "model"), ("country", "country")
)  # fmt: skip
_NAMES = ("maker", "place", "model", "country", "phrase")
_BELOW = 1.6  # character heights from a label to the number under it
_BESIDE = 8.0  # and to the number in its row
_VALUE = re.compile(r"[\w(+][\w./()+-]{0,60}")
_SIGNS = " .:;,#-\t°º*"  # between a label and its number; * is what ° is read for
_DIGIT_AFTER = re.compile(r"[\s.:#,°º*-]{0,6}[(\[]?[^\W\d_]{0,4}[-. ]?\d")
_BEFORE = re.compile(r"(?:/|(?<![^\W_])([^\W\d_]+)[ .:-]{0,3})$")
_LIKE_SERIAL = 75.0  # percent of likeness
_SMALLEST, _TALLEST = 0.5, 2.5  # heights of its label that a value near it has: stamps stand beside print
_ALIGNED = 1.0  # character heights by which a value may stand out of its label's edge or middle
_ROW = 0.5  # and by which the gap to a value may be wider than those between the plate's rows
_PLATE = 6.0  # character heights between fields of one plate
_LONGEST_HEAD = 3  # letters before the digits of a number: four and more are a word
_LETTERS = re.compile(r"[^\W\d_]{1,14}")
_NUMBER = re.compile(r"\d\w{2,20}")
_WITH_LETTERS = re.compile(rf"[^\W\d_]{{1,{_LONGEST_HEAD}}}\d{{3}}\w{{0,17}}")
_GLUED = frozenset({"SN", "PN", "NO", "NR"})  # short labels that are often read without the space behind them
_DIAL = 2  # single characters around that are none of a selector's
_TOUCHING = 1.5  # character heights from a proof mark, which stands on no tag, to a number beside it
_TAG = "evidence_tag"  # the kind and the label of evidence tags
_GLUED_WORDS = 3  # words of a label before the one that the number sticks to


@dataclass(frozen=True)
class Part:
    """A part of a line and what it is.

    Attributes:
        line: index of the line.
        start, end: its characters; -1 for a line of which only the words before are meant.
        kind: of the mark.
        row: id in the knowledge, None if unknown or ambiguous.
        table: table of the row; ``place`` if it is the place of a maker.
        rule: why.
        trust: probability that the rule is right if the characters are.
        sure: whether it tells what the number is, rather than what it may be.
        value: the words as known, if they were misread; else None.
        candidates: what it may mean, if that is ambiguous.
        evidence: indices of further lines that it rests on.
        weak: a word that has other meanings too.
    """

    line: int
    start: int
    end: int
    kind: MarkKind
    row: str | None
    table: str
    rule: str
    trust: float
    sure: bool = True
    value: str | None = None
    candidates: tuple[MarkCandidate, ...] = ()
    evidence: tuple[int, ...] = ()
    weak: bool = False


@dataclass(frozen=True)
class Labelled:
    """A number that a label points to: the part of its line, and where the label is."""

    line: int
    start: int
    end: int
    label: Label
    words: str
    how: Literal["in line", "above", "left", "right", "glued"]
    labels_line: int
    label_start: int  # of the label's words in its line
    may_be_letters: bool = False  # glued and so short that it may be the number's own first letters

    @property
    def where(self) -> str:
        """Where the label stands from the number, for rules."""
        near = {"above": "above it", "left": "left of it", "right": "right of it"}
        return near.get(self.how, "before it")


@dataclass(frozen=True)
class _Waiting:
    """A label with nothing behind it in its line.

    Attributes:
        line: index of its line.
        hit: its words.
        label: what it says.
        place: its line cut to its words.
        last: whether nothing stands behind it, so that its value may stand right of the line.
        first: whether nothing but other labels' fields stands before it.
    """

    line: int
    hit: Hit
    label: Label
    place: Line
    last: bool
    first: bool


@dataclass(frozen=True)
class _Number:
    """A number that stands in a line of its own: what its form says, and whether a word stands before it.

    Attributes:
        kinds: that its form names; empty if it may be anything.
        worded: a word that is no known label stands before it.
        spaced: with a space behind it.
    """

    kinds: frozenset[MarkKind]
    worded: bool
    spaced: bool


@dataclass(frozen=True)
class Read:
    """All lines of a photo with what is known of them.

    Attributes:
        lines: as read.
        hits: known words of each line.
        parts: what is no serial.
        labelled: numbers behind labels of any kind.
        empty: indices of lines with a word for the serial that has no value in its place.
    """

    lines: Sequence[Line]
    hits: list[list[Hit]]
    parts: list[Part]
    labelled: list[Labelled]
    empty: tuple[int, ...] = ()


def classify(lines: Sequence[Line], knowledge: Knowledge, finder: Finder) -> Read:
    """Find known words, labels with their numbers, and numbers of known forms in all lines."""
    hits = [finder.find(line) for line in lines]
    parts: list[Part] = []
    labelled: list[Labelled] = []
    waiting: list[_Waiting] = []
    labels = knowledge.labels
    for index, line in enumerate(lines):
        parts += _known_words(index, line, hits[index], knowledge)
        found, open_labels = _behind_labels(index, line, hits[index], labels, finder)
        labelled += found
        waiting += open_labels
    near, empty = _near_labels(waiting, labelled, lines, hits, knowledge)
    labelled += near
    parts = _supported([*parts, *_over_two_lines(lines, hits, knowledge, finder)], knowledge)
    named = {row for part in parts if part.kind == "manufacturer" for row in rows_of(part)}
    for index in range(len(lines)):
        parts += _known_forms(index, lines[index], knowledge, named, labelled)
    parts += [
        part for one in labelled if one.label.kind != "serial" for part in _value_parts(one, lines, knowledge)
    ]
    parts = _without_false_tags(_without_dials(_not_of_named(parts, knowledge), lines), lines, hits)
    return Read(lines, hits, _without_doubles(parts), labelled, empty)


def rows_of(part: Part) -> tuple[str, ...]:
    """The rows of the knowledge that a part means or may mean."""
    return (part.row,) if part.row else tuple(c.row for c in part.candidates)


def _shown(line: Line, hit: Hit) -> str:
    sign = line.text[hit.end : hit.end + 1]
    return line.text[hit.start : hit.end] + (sign if sign in ("°", "º") else "")


def trust(knowledge: Knowledge, confidence: str, misread: int = 0) -> float:
    """Probability that a rule is right where its words are read right."""
    return knowledge.weights[f"trust_{confidence}"] * knowledge.weights["misread"] ** misread


def _known_words(index: int, line: Line, hits: Sequence[Hit], knowledge: Knowledge) -> list[Part]:
    """Makers, models, countries and phrases; words of one model that follow each other are one mark."""
    parts: list[Part] = []
    for hit in hits:
        for table, kind in _TABLES:
            words = [w for w in hit.words if w.table == table and w.use in ("name", "weak", "seen")]
            if words:
                parts.append(_named(index, line, hit, table, kind, words, knowledge))
        for word in hit.words:
            if word.table == "phrase":
                of_phrase = knowledge.phrases[word.row].kind
                parts.append(_named(index, line, hit, "phrase", of_phrase, [word], knowledge))
            elif word.table == "maker" and word.use == "place":
                parts.append(_named(index, line, hit, "place", "other", [word], knowledge))
    return _merged(parts)


def _named(
    index: int, line: Line, hit: Hit, table: str, kind: MarkKind, words: Sequence[Word], knowledge: Knowledge
) -> Part:
    rows = knowledge.table("maker" if table == "place" else table)
    ids = list(dict.fromkeys(word.row for word in words))
    known = [rows[i] for i in ids]
    seen = all(word.use == "seen" for word in words)
    weak = all(word.use == "weak" for word in words) or (seen and len(words[0].text) < SEEN_SURE)
    best = min((row.confidence for row in known), key=["high", "medium", "low"].index)
    doubt = trust(knowledge, "low" if weak else best, len(hit.misread))
    what = "place of" if table == "place" else table
    rule = f"{what} {', '.join(ids)}"
    if seen:
        rule += f", its logo read as {line.text[hit.start : hit.end]}"
        if knowledge.makers[ids[0]].note:
            rule += f": {knowledge.makers[ids[0]].note}"
    elif weak:
        rule += ", a word that has other meanings too"
    if hit.misread:
        rule += f", misread: {', '.join(hit.misread)} in {words[0].text}"
    candidates = tuple(MarkCandidate(value=getattr(row, "name", row.id), row=row.id) for row in known)
    if table == "maker" and knowledge.makers[ids[0]].authority:
        kind, rule = "other", f"drawing authority {', '.join(ids)}, not the maker"
    value = words[0].text if hit.misread else None
    if seen:
        value = (*knowledge.makers[ids[0]].weak, *knowledge.makers[ids[0]].names)[0]
    return Part(
        index, hit.start, hit.end, kind, ids[0] if len(ids) == 1 else None, table, rule, doubt,
        sure=not hit.misread and not seen, value=value,
        candidates=candidates if len(ids) > 1 else (), weak=weak,
    )  # fmt: skip


def _merged(parts: list[Part]) -> list[Part]:
    """Words of one row that follow each other in a line as one part (ACOG 4X32 TA31F)."""
    kept: list[Part] = []
    for part in sorted(parts, key=lambda p: (p.table, p.start)):
        last = kept[-1] if kept else None
        one_model = (
            last is not None and last.table == part.table == "model" and last.row == part.row is not None
        )
        if last is not None and one_model and last.value is None and part.value is None:
            kept[-1] = replace(last, end=part.end, trust=max(last.trust, part.trust))
        else:
            kept.append(part)
    return kept


def _behind_labels(
    index: int, line: Line, hits: Sequence[Hit], labels: dict[str, Label], finder: Finder
) -> tuple[list[Labelled], list[_Waiting]]:
    """What stands behind the labels of a line, and labels with nothing behind them.

    A label that is written from right to left may have its number before it.
    """
    text = line.text[:READ_CHARS]
    found: list[Labelled] = []
    waiting = []
    at = _label_hits(text, hits, labels)
    for number, hit in enumerate(at):
        word = next(word for word in hit.words if word.table == "label")
        label = labels[word.row]
        following = (k for k in at[number + 1 :] if k.start >= hit.end and _labels_something(k, text))
        stop = next((k.start for k in following), len(text))
        rest = text[hit.end : stop]
        before = at[number - 1].end if number else 0
        first = number > 0 or not text[: hit.start].strip(" .,:;-")
        last = stop == len(text) and not rest.strip(_SIGNS)
        if _right_to_left(text[hit.start : hit.end]) and not any(c.isdigit() for c in rest):
            value = text[before : hit.start]
            if any(c.isdigit() for c in value):
                start = before + len(value) - len(value.lstrip(_SIGNS))
                end = before + len(value.rstrip(_SIGNS))
                found.append(
                    Labelled(index, start, end, label, _shown(line, hit), "in line", index, hit.start)
                )
                continue
        if word.use == "short" and not _DIGIT_AFTER.match(rest):
            if first and number == 0 and last:
                waiting.append(_waiting(index, line, hit, label, last, first))
            continue
        start = hit.end + len(rest) - len(rest.lstrip(_SIGNS))
        if start < stop:
            found.append(
                Labelled(
                    index, start, hit.end + len(rest.rstrip()), label, _shown(line, hit), "in line", index,
                    hit.start,
                )
            )  # fmt: skip
        else:
            waiting.append(_waiting(index, line, hit, label, last, first))
    return found + _glued(index, text, labels, finder), waiting


def _waiting(index: int, line: Line, hit: Hit, label: Label, last: bool, first: bool) -> _Waiting:
    return _Waiting(index, hit, label, part_of(line, hit.start, hit.end), last, first)


def _right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(c) in ("R", "AL") for c in text)


def _glued(index: int, text: str, labels: Mapping[str, Label], finder: Finder) -> list[Labelled]:
    """Numbers that stick to their label: SERNO12345, S/N12345, SERIAL NOAK4471, NOAK4471.

    The number with the label's letters stays a reading of its own.
    """
    words = tokens(text)
    found = []
    for at, token in enumerate(words):
        letters = _LETTERS.match(token.text)
        if letters is None or token.end - token.start != len(token.text):
            continue
        cuts = ((first, cut) for first in _firsts(words, at, text) for cut in range(letters.end(), 0, -1))
        for first, cut in cuts:
            shown = text[words[first].start : token.start + cut]
            key = "".join(word.text for word in words[first:at]) + token.text[:cut]
            word = _glued_word(key, shown, at - first, cut, token.text[cut:], labels, finder)
            if word is not None:
                may_be_letters = word.use == "short" and shown.isalpha()
                found.append(
                    Labelled(
                        index, token.start + cut, token.end, labels[word.row], shown, "glued", index,
                        words[first].start, may_be_letters,
                    )
                )  # fmt: skip
                break
    return found


def _firsts(words: Sequence[Token], at: int, text: str) -> list[int]:
    """The words at which a label may begin that ends in a word, farthest first."""
    firsts = [at]
    while firsts[-1] > 0 and len(firsts) <= _GLUED_WORDS:
        between = text[words[firsts[-1] - 1].end : words[firsts[-1]].start]
        if between.strip(" .:/-") or len(between) > 3:
            break
        firsts.append(firsts[-1] - 1)
    return firsts[::-1]


def _glued_word(
    key: str, shown: str, before: int, cut: int, number: str, labels: Mapping[str, Label], finder: Finder
) -> Word | None:
    """The label that a key is, if it may be one that lost the space before its number.

    Args:
        key: letters of the label.
        shown: the same as read.
        before: how many words of it stand before the one that the number sticks to.
        cut: how many of its letters stand in that word.
        number: what sticks to it.
        labels: rows by id.
        finder: of the known words.
    """
    whole, with_letters = _NUMBER.fullmatch(number), _WITH_LETTERS.fullmatch(number)
    if not (whole or with_letters):
        return None
    if before and cut == 1 and not shown[:-1].endswith("/"):  # N12345 behind SERIAL is a serial
        return None
    for word in finder.named(key):
        if word.table != "label":
            continue
        long = len(key) > _LONGEST_HEAD and (word.use == "name" or not before)
        known = key in _GLUED or long or (len(key) == _LONGEST_HEAD and whole is not None and not before)
        if known and (whole or labels[word.row].kind == "serial"):
            return word
    return None


def _labels_something(hit: Hit, text: str) -> bool:
    """Whether a label is one: short ones are also plain letters (N.Y.) and need a number after them."""
    return any(word.use != "short" for word in hit.words) or bool(_DIGIT_AFTER.match(text[hit.end :]))


def _label_hits(text: str, hits: Sequence[Hit], labels: dict[str, Label]) -> list[Hit]:
    """Labels of a line; words of one kind that follow each other are one label (SERIAI NO, PAT N)."""
    found: list[Hit] = []
    for hit in hits:
        words = tuple(word for word in hit.words if word.table == "label")
        if not words:
            continue
        last = found[-1] if found else None
        adjoins = last is not None and not text[last.end : hit.start].strip(" .,:/-")
        only_number = words[0].row == "number"
        known = max((h.end for h in hits if h.end <= hit.start), default=0)
        if only_number and _of_unknown(text[known : hit.start], labels):
            continue
        of_one_kind = last is not None and labels[last.words[0].row].kind == labels[words[0].row].kind
        if last is not None and adjoins and (only_number or of_one_kind):
            both = last.words if only_number or last.words[0].use == "name" else words
            found[-1] = replace(last, end=hit.end, words=both)
        else:
            found.append(replace(hit, words=words))
    return found


def _of_unknown(before: str, labels: dict[str, Label]) -> bool:
    """Whether a word that is not known stands before NO: what would tell P/N from S/N, or PART NO, is lost.

    What is like a word for the serial is taken for it.
    """
    match = _BEFORE.search(before)
    if match is None:
        return False
    word = folded(match.group(1) or "")
    names = [name for label in labels.values() if label.kind == "serial" for name in label.names]
    return not any(fuzz.ratio(word, name) >= _LIKE_SERIAL for name in names)


def _near_labels(
    waiting: Sequence[_Waiting], labelled: Sequence[Labelled], lines: Sequence[Line],
    hits: Sequence[Sequence[Hit]], knowledge: Knowledge,
) -> tuple[list[Labelled], tuple[int, ...]]:  # fmt: skip
    """Numbers in the place of the value of a label that has none in its line, and lines with empty fields.

    In the row first, then under it; the nearest pairs first, so that a number goes to its own label.
    """
    if not waiting:
        return [], ()
    taken = {one.line for one in labelled}
    numbers = [
        (i, number) for i, line in enumerate(lines)
        if (number := _number(line, hits[i], knowledge)) is not None
    ]  # fmt: skip
    gaps = _row_gaps(lines)
    found: list[Labelled] = []

    def take(pairs: list[tuple[float, int, int, Literal["left", "right", "above"]]]) -> None:
        for _, which, target, how in sorted(pairs):
            one = waiting[which]
            if which in served or target in taken:
                continue
            served.add(which)
            taken.add(target)
            end = len(lines[target].text[:READ_CHARS].rstrip())
            words = _shown(lines[one.line], one.hit)
            found.append(Labelled(target, 0, end, one.label, words, how, one.line, one.hit.start))

    served: set[int] = set()
    able = {
        which: [i for i, number in numbers if i != one.line and _may_be_value(one, number, lines[i])]
        for which, one in enumerate(waiting)
    }
    take([
        (gap, which, i, how) for which, one in enumerate(waiting) if one.last
        for i in able[which] for how, gap in _in_row(one, lines[i])
    ])  # fmt: skip
    rows = [*labelled, *found]
    take([
        (gap, which, i, "above") for which, one in enumerate(waiting)
        if which not in served and not _has_fields_in_rows(one, rows, lines)
        for i in able[which] if (gap := _under(one, i, lines, gaps)) is not None
    ])  # fmt: skip
    empty = {
        one.line for which, one in enumerate(waiting)
        if which not in served and one.first and _names_serials(one.label)
        and frame(one.place, one.place.rotation) is not None
    }  # fmt: skip
    return found, tuple(sorted(empty))


def _names_serials(label: Label) -> bool:
    return label.kind == "serial" and label.id != "number"


def _number(line: Line, hits: Sequence[Hit], knowledge: Knowledge) -> _Number | None:
    """What the number of a line is; None if the line has none, or a label, a maker or a model beside it."""
    text = line.text[:READ_CHARS]
    if not any(c.isdigit() for c in text):
        return None
    if any(word.table in ("label", "model", "maker") for hit in hits for word in hit.words):
        return None
    shown = western(text.strip(" .,:;#-"))
    sure = (row for row in knowledge.numbers if row[0].sure or row[0].confidence == "high")
    kinds = frozenset(row.kind for row, pattern in sure if not row.makers and pattern.fullmatch(shown))
    head, *more = tokens(text)
    worded = head.text.isalpha() and len(head.text) > _LONGEST_HEAD
    spaced = worded and bool(more) and any(c.isspace() for c in text[head.end : more[0].start])
    return _Number(kinds, worded, spaced)


def _may_be_value(one: _Waiting, number: _Number, line: Line) -> bool:
    """Whether a number may be a label's value: not behind a word of its own, nor of another's form."""
    if number.kinds - {one.label.kind} or number.spaced or (number.worded and _names_serials(one.label)):
        return False
    return _SMALLEST <= sizes(one.place, line) <= _TALLEST


def _in_row(one: _Waiting, line: Line) -> list[tuple[Literal["left", "right"], float]]:
    """The gap to a value right of its label, or left of one that is written from right to left."""
    left, right = beside(one.place, line, _BESIDE), beside(line, one.place, _BESIDE)
    found: list[tuple[Literal["left", "right"], float]] = []
    if left is not None:
        found.append(("left", left))
    if right is not None and _right_to_left(one.place.text):
        found.append(("right", right))
    return found


def _under(one: _Waiting, index: int, lines: Sequence[Line], gaps: Sequence[float | None]) -> float | None:
    """The gap to a value under its label, aligned with it and no wider than between the plate's rows."""
    gap = below(one.place, lines[index], _BELOW)
    if gap is None or not aligned(one.place, lines[index], _ALIGNED):
        return None
    rows = [
        row for i, row in enumerate(gaps)
        if row is not None and i != one.line and apart(lines[one.line], lines[i]) <= _PLATE
    ]  # fmt: skip
    return gap if not rows or gap <= median(rows) + _ROW else None


def _row_gaps(lines: Sequence[Line]) -> list[float | None]:
    """The gap from each line to the nearest one under it, in character heights; None if none is near."""
    found: list[float | None] = []
    for line in lines:
        gaps = [
            gap for other in lines if other is not line and (gap := below(line, other, _PLATE)) is not None
        ]
        found.append(max(min(gaps), 0.0) if gaps else None)
    return found


def _has_fields_in_rows(one: _Waiting, rows: Sequence[Labelled], lines: Sequence[Line]) -> bool:
    """Whether other labels of the plate have their values in their rows, as this one's would be then.

    A model's alone is no field: MODEL 700 stands in front of other layouts, too.
    """
    fields = [
        row.label.kind for row in rows
        if row.how != "glued" and row.label.id != "number" and row.label.kind not in ("importer", "other")
        and row.labels_line != one.line and apart(lines[row.labels_line], lines[one.line]) <= _PLATE
    ]  # fmt: skip
    return len(fields) > 1 or any(kind != "model" for kind in fields)


def _value_parts(one: Labelled, lines: Sequence[Line], knowledge: Knowledge) -> list[Part]:
    """The mark behind a label that is not one of serials."""
    line, label = lines[one.line], one.label
    start, end = one.start, one.end
    if label.kind != "importer":
        last = None
        for match in _VALUE.finditer(line.text, start, end):
            if last is not None and not any(c.isdigit() for c in match.group()):
                break
            if any(c.isdigit() for c in match.group()):
                start, last = (start if last is not None else match.start()), match.end()
        if last is None:
            return []
        end = last
    value = line.text[start:end].rstrip(" .,:;-")
    evidence = (one.labels_line,) if one.labels_line != one.line else ()
    return [Part(
        one.line, start, start + len(value), label.kind, label.id, "label",
        f"label {one.words!r} {one.where}", trust(knowledge, label.confidence), evidence=evidence,
        sure=not one.may_be_letters,  # PN27822 may be a serial
    )]  # fmt: skip


def _known_forms(
    index: int, line: Line, knowledge: Knowledge, makers: set[str], labelled: Sequence[Labelled]
) -> list[Part]:
    """Numbers whose form says what they are: stock numbers, patents, calibres, years."""
    text = western(line.text[:READ_CHARS])
    stripped = text.strip()
    values = [one for one in labelled if one.line == index and one.label.kind == "serial"]
    parts = []
    for row, pattern in knowledge.numbers:
        if row.makers and not makers & set(row.makers):
            continue
        if row.whole:
            # What a label calls a serial is one, whatever it looks like.
            match = None if values else pattern.fullmatch(stripped)
            lead = len(text) - len(text.lstrip())
            spans = [(lead, lead + len(stripped))] if match else []
        else:
            spans = [match.span() for match in pattern.finditer(text)]
        parts += [_form(index, line, start, end, row, knowledge) for start, end in spans if start < end]
    return parts


def _form(index: int, line: Line, start: int, end: int, row: Number, knowledge: Knowledge) -> Part:
    candidates: tuple[MarkCandidate, ...] = ()
    name: str | None = row.id
    if row.kind == "calibre":
        rows = [knowledge.calibres[i] for i in knowledge.spellings.get(calibre_key(line.text[start:end]), ())]
        candidates = tuple(MarkCandidate(value=r.name, row=r.id) for r in rows)
        name = rows[0].id if len(rows) == 1 else None
    elif row.kind == "nsn":
        model = knowledge.stock_numbers.get("".join(c for c in line.text[start:end] if c.isdigit()))
        if model:
            rule = "stock number of this model"
            candidates = (MarkCandidate(value=knowledge.models[model].name, row=model, rule=rule),)
    elif row.kind == "factory_mark":
        digits = "".join(c for c in western(line.text[start:end]) if c.isdigit())
        makers = [maker for maker in knowledge.makers.values() if digits in maker.numbers]
        candidates = tuple(MarkCandidate(value=maker.name, row=maker.id) for maker in makers)
    rule, sure = f"{row.why} ({row.id})", trust(knowledge, row.confidence)
    if not row.sure and row.confidence != "high":
        sure *= knowledge.weights["may_be"]
    return Part(
        index, start, end, row.kind, name, "number", rule, sure, sure=row.sure, candidates=candidates
    )  # fmt: skip


def _supported(parts: list[Part], knowledge: Knowledge) -> list[Part]:
    """Words with other meanings count as what they may mean only where another mark supports it."""
    kept = []
    for part in parts:
        others = [p for p in parts if p is not part and (p.line, p.start) != (part.line, part.start)]
        rows = set(rows_of(part))
        if not part.weak or any(rows & _speaks_for(part.table, other, knowledge) for other in others):
            kept.append(part)
        else:
            rule = f"word that may mean {part.rule}"
            kept.append(replace(part, kind="other", row=None, rule=rule, sure=False, value=None))
    return kept


def _not_of_named(parts: Sequence[Part], knowledge: Knowledge) -> list[Part]:
    """Parts without models by likeness alone that none of the makers makes who are surely named.

    A maker's name says more than a word that is like a model of somebody else.
    """
    named = {row for p in parts if p.kind == "manufacturer" and p.sure and not p.weak for row in rows_of(p)}
    if not named:
        return list(parts)

    def fits(part: Part) -> bool:
        makers = {maker for row in rows_of(part) for maker in knowledge.models[row].makers}
        return not makers or bool(makers & named)

    return [p for p in parts if p.table != "model" or p.kind != "model" or p.value is None or fits(p)]


def _without_dials(parts: Sequence[Part], lines: Sequence[Line]) -> list[Part]:
    """Parts without single letters that are no selector's: those of a dial, and one that stands alone.

    A selector has two positions or more, and words or letters for them. Many other single characters around
    belong to the dial of a scope, or are not read at all.
    """
    letters = [
        p for p in parts if p.kind == "selector" and p.end - p.start == 1 and lines[p.line].text.isascii()
    ]
    words = {lines[p.line].text[p.start : p.end] for p in parts if p.kind == "selector"}
    single = [line.text.strip() for line in lines if len(line.text.strip()) == 1]
    others = sum(text.upper() not in words for text in single)
    if len(words) > 1 and others < _DIAL:
        return list(parts)
    return [p for p in parts if p not in letters]


def _without_false_tags(
    parts: Sequence[Part], lines: Sequence[Line], hits: Sequence[Sequence[Hit]]
) -> list[Part]:
    """Parts without numbers of a tag's form close to a proof mark, where no word of a tag stands."""
    words = (word for found in hits for hit in found for word in hit.words)
    if any(word.table == "label" and word.row == _TAG for word in words):
        return list(parts)
    marked = {p.line for p in parts if p.kind == "proof"}

    def beside_mark(part: Part) -> bool:
        return any(i != part.line and apart(lines[part.line], lines[i]) <= _TOUCHING for i in marked)

    return [p for p in parts if p.kind != _TAG or p.sure or not beside_mark(p)]


def _speaks_for(table: str, part: Part, knowledge: Knowledge) -> set[str]:
    """The rows of a table that a mark supports."""
    rows = set(rows_of(part))
    if part.table == table or (table, part.table) == ("maker", "place"):
        return rows
    if (table, part.table) == ("maker", "model"):
        return {maker for row in rows for maker in knowledge.models[row].makers}
    if (table, part.table) == ("model", "maker"):
        return {model.id for model in knowledge.models.values() if rows & set(model.makers)}
    return set()


def _over_two_lines(
    lines: Sequence[Line], hits: list[list[Hit]], knowledge: Knowledge, finder: Finder
) -> list[Part]:
    """Makers whose name goes on in the line below."""
    parts = []
    for upper, line in enumerate(lines):
        head = "".join(token.text for token in tokens(line.text))
        if not finder.goes_on(head):
            continue
        for lower, other in enumerate(lines):
            if lower == upper or below(line, other, _BELOW) is None:
                continue
            words = [
                word for word in finder.named(head + "".join(token.text for token in tokens(other.text)))
                if word.table == "maker" and word.use == "name"
            ]  # fmt: skip
            if words:
                hit = Hit(0, len(line.text), tuple(words))
                part = _named(upper, line, hit, "maker", "manufacturer", words, knowledge)
                text = f"{line.text} {other.text}"
                parts.append(
                    replace(part, value=text, evidence=(lower,), rule=part.rule + ", over two lines")
                )
    return parts


def _without_doubles(parts: Sequence[Part]) -> list[Part]:
    """Of parts of one kind that overlap in a line only the longest; what is sure goes before what may be."""
    kept: list[Part] = []
    for part in sorted(parts, key=lambda p: (p.line, not p.sure, -len(p.evidence), p.start - p.end, p.start)):
        over = [k for k in kept if k.line == part.line and k.start < part.end and part.start < k.end]
        if any(k.kind == part.kind or (not part.sure and k.sure) for k in over):
            continue
        kept.append(part)
    return sorted(kept, key=lambda p: (p.line, p.start, p.end, p.kind))


def confidence_of(line: Line, start: int, end: int) -> float:
    """Probability that a part of a line is read right.

    The line's own probability, of whose doubt the part has as much as its characters have of all
    characters' doubt; but no more than its characters by themselves leave, and no less than the line.
    """
    if len(line.characters) != len(line.text):
        return line.confidence
    doubts = [-math.log(max(glyph.confidence, 1e-6)) for glyph in line.characters]
    whole, part = sum(doubts), sum(doubts[start:end])
    share = part / whole if whole > 0 and end - start < len(line.text.strip()) else 1.0
    return max(line.confidence, min(max(line.confidence, 1e-6) ** share, math.exp(-part)))


def resolved(parts: list[Part], knowledge: Knowledge) -> list[Part]:
    """An ambiguous calibre is decided by the models marked beside it, if they leave one."""
    models = {row for part in parts if part.kind == "model" for row in rows_of(part)}
    ranked = []
    for part in parts:
        if part.kind == "calibre" and part.row is None and part.candidates and models:
            wanted = {c for m in models if m in knowledge.models for c in knowledge.models[m].calibres}
            left = [c for c in part.candidates if c.row in wanted]
            if len(left) == 1:
                rule = f"{part.rule}, which of {len(part.candidates)} by the model"
                part = replace(part, row=left[0].row, rule=rule)
        ranked.append(part)
    return ranked


def mark_of(part: Part, lines: Sequence[Line]) -> Mark:
    """The mark of a part."""
    line = lines[part.line]
    read = line.text[part.start : part.end]
    value = part.value if part.value is not None else read
    evidence = (line.id, *(lines[i].id for i in part.evidence))
    sure = confidence_of(line, part.start, part.end) if not part.value or part.evidence else 1.0
    for i in part.evidence:
        sure *= lines[i].confidence
    forms = normalise(value)
    raw = line.text if not part.evidence or part.kind != "manufacturer" else value
    return Mark(
        kind=part.kind, value=value, raw=raw,
        match_key=word_key(value) if part.table in _NAMES else forms.match_key,
        confidence=round(min(1.0, sure * part.trust), 4), evidence=evidence, rule=part.rule, row=part.row,
        latin=forms.latin if forms.latin != value else None,
        other_keys=forms.other_keys if _is_number(part.kind) else (),
        steps=forms.steps if _is_number(part.kind) or forms.latin != value else (),
        candidates=part.candidates, table=part.table,
    )  # fmt: skip


def _is_number(kind: MarkKind) -> bool:
    return kind in ("serial", "component_serial", "part_number", "property", "evidence_tag")
