"""The marks of one photo: from lines and codes to what they mean."""

from __future__ import annotations

from collections.abc import Sequence

from serialscan.glyphs import normalise
from serialscan.marking.candidates import FOREIGN_DIGITS, JOINED, TURNED_OVER, Candidate, sentence
from serialscan.marking.choose import choose
from serialscan.marking.classify import Read, classify, mark_of, resolved
from serialscan.marking.iuid import cage_of
from serialscan.marking.knowledge import Knowledge
from serialscan.marking.words import finder_of
from serialscan.record import Code, Line, Mark, MarkKind, SerialReading


def read_marks(
    lines: Sequence[Line], codes: Sequence[Code], knowledge: Knowledge
) -> tuple[tuple[Mark, ...], SerialReading]:
    """Tell what each line means and rank what may be the serial.

    Args:
        lines: of one photo, in reading order.
        codes: of the photo, with the fields of their messages.
        knowledge: from `load_knowledge`.

    Returns:
        The marks, a ``serial`` mark first if there is one, and the serial reading with its candidates.
        Its decision is ``review``: a person must look.
    """
    read = classify(lines, knowledge, finder_of(knowledge))
    ranked, serial = choose(read, codes, knowledge)
    parts = resolved(read.parts, knowledge)
    chosen = ranked[0] if ranked else None
    marks = [
        mark_of(part, lines) for part in parts
        if chosen is None or part.sure or part.line != chosen.line or part.kind in ("manufacturer", "model")
    ]  # fmt: skip
    codes_marks = [_uii(code) for code in codes if code.uii]
    codes_marks += [_cage(code, cage) for code in codes if (cage := cage_of(code)) is not None]
    others = [_other(candidate, read) for candidate in ranked[1:] if _says_nothing(candidate, ranked[0])]
    first = [_serial_mark(chosen, serial, lines)] if chosen is not None else []
    return (*first, *marks, *codes_marks, *others), serial


def _serial_mark(chosen: Candidate, serial: SerialReading, lines: Sequence[Line]) -> Mark:
    raw = lines[chosen.line].text if chosen.line >= 0 else chosen.value
    return _number("serial", chosen.shown, raw, serial.confidence, chosen.evidence, sentence(chosen.reasons))


def _says_nothing(candidate: Candidate, first: Candidate) -> bool:
    """A number of another line of which nothing is known: kept as one of the other numbers."""
    of_other_line = candidate.line not in (-1, first.line)
    return of_other_line and candidate.codes.isdisjoint(JOINED | {TURNED_OVER, "other_kind", "other_number"})


def _other(candidate: Candidate, read: Read) -> Mark:
    kind: MarkKind = "other"
    raw, rule = read.lines[candidate.line].text, "number, not chosen as the serial"
    if FOREIGN_DIGITS in candidate.reasons:
        kind, rule = "property", f"unit or rack number: {FOREIGN_DIGITS[1]}"
    return _number(kind, candidate.value, raw, round(candidate.reading, 4), candidate.evidence, rule)


def _number(
    kind: MarkKind, value: str, raw: str, confidence: float, evidence: tuple[str, ...], rule: str
) -> Mark:
    forms = normalise(value)
    return Mark(
        kind=kind, value=value, raw=raw, match_key=forms.match_key, confidence=confidence,
        evidence=evidence, rule=rule, latin=forms.latin if forms.latin != value else None,
        other_keys=forms.other_keys, steps=forms.steps,
    )  # fmt: skip


def _cage(code: Code, cage: str) -> Mark:
    return _number("cage", cage, code.text, 1.0, (code.id,), f"code {code.symbology} names the maker's CAGE")


def _uii(code: Code) -> Mark:
    value = code.uii or ""
    rule = f"code {code.symbology}, MIL-STD-130N construct {code.construct}"
    return _number("uii", value, code.text, 1.0, (code.id,), rule)
