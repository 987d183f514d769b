"""What each part of each line is: words that are known, numbers behind labels, numbers of known forms."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rapidfuzz import fuzz

from serialscan.marking.geometry import below, beside
from serialscan.marking.knowledge import Knowledge, Label, Number, calibre_key
from serialscan.marking.normalise import folded, normalise, western, word_key
from serialscan.marking.words import READ_CHARS, Finder, Hit, Word, tokens
from serialscan.record import Line, Mark, MarkCandidate, MarkKind

_TABLES: tuple[tuple[str, MarkKind], ...] = (
    ("maker", "manufacturer"), ("model", "model"), ("country", "country")
)  # fmt: skip
_NAMES = ("maker", "place", "model", "country", "phrase")
_BELOW = 1.6  # character heights from a label to the number under it
_BESIDE = 8.0  # and to the number in its row
_VALUE = re.compile(r"[\w(+][\w./()+-]{0,60}")
_DIGIT_AFTER = re.compile(r"[\s.:#,-]{0,6}[(\[]?[^\W\d_]{0,4}[-. ]?\d")
_BEFORE = re.compile(r"(?:/|(?<![^\W_])([^\W\d_]+)[ .:-]{0,3})$")
_LIKE_SERIAL = 75.0  # percent of likeness
_GLUED = re.compile(r"([^\W\d_]{2,10})(\d\w{2,20})")


@dataclass(frozen=True)
class Part:
    """A part of a line and what it is.

    Attributes:
        line: index of the line.
        start, end: its characters; -1 for a line of which only the words before are meant.
        kind: of the mark.
        row: id in the knowledge, None if unknown or ambiguous.
        table: table of the row.
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
    how: Literal["in line", "above", "left", "glued"]
    labels_line: int
    label_start: int  # of the label's words in its line

    @property
    def where(self) -> str:
        """Where the label stands from the number, for rules."""
        return {"above": "above it", "left": "left of it"}.get(self.how, "before it")


@dataclass(frozen=True)
class Read:
    """All lines of a photo with what is known of them.

    Attributes:
        lines: as read.
        hits: known words of each line.
        parts: what is no serial.
        labelled: numbers behind labels of any kind.
    """

    lines: Sequence[Line]
    hits: list[list[Hit]]
    parts: list[Part]
    labelled: list[Labelled]


def classify(lines: Sequence[Line], knowledge: Knowledge, finder: Finder) -> Read:
    """Find known words, labels with their numbers, and numbers of known forms in all lines."""
    hits = [finder.find(line) for line in lines]
    parts: list[Part] = []
    labelled: list[Labelled] = []
    waiting: list[tuple[int, Hit, Label]] = []
    labels = knowledge.labels
    for index, line in enumerate(lines):
        parts += _known_words(index, line, hits[index], knowledge)
        found, open_labels = _behind_labels(index, line, hits[index], labels, finder)
        labelled += found
        waiting += open_labels
    taken = {one.line for one in labelled}
    for index, hit, label in waiting:
        near = _near_label(index, lines, hits, taken)
        if near is not None:
            target, how = near
            taken.add(target)
            text = lines[target].text[:READ_CHARS]
            labelled.append(
                Labelled(
                    target, 0, len(text.rstrip()), label, _shown(lines[index], hit), how, index, hit.start
                )
            )
    parts = _supported([*parts, *_over_two_lines(lines, hits, knowledge, finder)], knowledge)
    named = {row for part in parts if part.kind == "manufacturer" for row in rows_of(part)}
    for index in range(len(lines)):
        parts += _known_forms(index, lines[index], knowledge, named, labelled)
    parts += [
        part for one in labelled if one.label.kind != "serial" for part in _value_parts(one, lines, knowledge)
    ]
    return Read(lines, hits, _without_doubles(parts), labelled)


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
            words = [w for w in hit.words if w.table == table and w.use in ("name", "weak")]
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
    weak = all(word.use == "weak" for word in words)
    best = min((row.confidence for row in known), key=["high", "medium", "low"].index)
    doubt = trust(knowledge, "low" if weak else best, len(hit.misread))
    what = "place of" if table == "place" else table
    rule = f"{what} {', '.join(ids)}"
    if weak:
        rule += ", a word that has other meanings too"
    if hit.misread:
        rule += f", misread: {', '.join(hit.misread)} in {words[0].text}"
    candidates = tuple(MarkCandidate(value=getattr(row, "name", row.id), row=row.id) for row in known)
    if table == "maker" and knowledge.makers[ids[0]].authority:
        kind, rule = "other", f"drawing authority {', '.join(ids)}, not the maker"
    return Part(
        index, hit.start, hit.end, kind, ids[0] if len(ids) == 1 else None, table, rule, doubt,
        sure=not hit.misread, value=words[0].text if hit.misread else None,
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
) -> tuple[list[Labelled], list[tuple[int, Hit, Label]]]:
    """What stands behind the labels of a line, and labels with nothing behind them."""
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
        alone = not text[: hit.start].strip(" .,:;-")
        if word.use == "short" and not _DIGIT_AFTER.match(rest):
            if alone and not rest.strip(" .,:;#-"):
                waiting.append((index, hit, label))
            continue
        start = hit.end + len(rest) - len(rest.lstrip(" .:;,#-\t"))
        if start < stop:
            found.append(
                Labelled(
                    index, start, hit.end + len(rest.rstrip()), label, _shown(line, hit), "in line", index,
                    hit.start,
                )
            )  # fmt: skip
        else:
            waiting.append((index, hit, label))
    for token in tokens(text):
        match = _GLUED.fullmatch(token.text)
        if match is None or token.end - token.start != len(token.text):
            continue
        for word in finder.named(match.group(1)):
            if word.table == "label":
                middle = token.start + len(match.group(1))
                found.append(
                    Labelled(
                        index, middle, token.end, labels[word.row], match.group(1), "glued", index,
                        token.start,
                    )
                )  # fmt: skip
    return found, waiting


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


def _near_label(
    index: int, lines: Sequence[Line], hits: Sequence[Sequence[Hit]], taken: set[int]
) -> tuple[int, Literal["left", "above"]] | None:
    """The line with a number under a label, or else right of it; the nearest."""
    best: tuple[float, int, Literal["left", "above"]] | None = None
    for other, line in enumerate(lines):
        if other == index or other in taken or not any(c.isdigit() for c in line.text[:READ_CHARS]):
            continue
        if any(word.table in ("label", "model", "maker") for hit in hits[other] for word in hit.words):
            continue
        gaps: tuple[tuple[Literal["left", "above"], float | None], ...] = (
            ("left", beside(lines[index], line, _BESIDE)), ("above", below(lines[index], line, _BELOW))
        )  # fmt: skip
        for how, gap in gaps:
            if gap is not None and (best is None or (how != "left", gap) < (best[2] != "left", best[0])):
                best = (gap, other, how)
    return (best[1], best[2]) if best else None


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
        sure=one.how != "glued" or len(one.words) > 2,  # PN27822 may be a serial
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
            kept.append(replace(part, kind="other", row=None, rule=rule, sure=False))
    return kept


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
        candidates=part.candidates,
    )  # fmt: skip


def _is_number(kind: MarkKind) -> bool:
    return kind in ("serial", "component_serial", "part_number", "property", "evidence_tag")
