"""A first choice of the serial among the lines and codes, with its rivals.

Label words, shape and codes give points; the points rank and never correct, complete or hide. The
decision stays ``review``: the confidences are not calibrated yet, a person must look.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from serialscan.record import Code, Glyph, Line, Mark, SerialCandidate, SerialReading

CANDIDATES = 6
LEAST = -1.5  # points under which a string is no candidate
UNDECIDED = 0.5  # a character with less is `?` in the value
NONE = SerialReading(value=None, status="not_found", decision="none", confidence=0.0)

# Letters that are read for one another in label words: O and 0, I and 1, S and 5.
_NO = r"(?:N[O0Q]S?[.,:]?|N[º°]|№|NUM(?:BER)?|#)"
_LABEL = re.compile(
    rf"(?:\b[S5]ER(?:[I1]AL)?[.,:]?\s*{_NO}?|\b[S5]\s?[/.|]\s?N[.:]?|\b[S5]N[:.]|№|\bНОМЕР|\bСЕР(?:ИЙНЫЙ)?[.]?\s*{_NO}?"
    r"|شماره|رقم|編號|编号|番号)\s*[:#]?\s*",
    re.IGNORECASE,
)
_NUMBER_ONLY = re.compile(rf"^\s*{_NO}\s*[:#]?\s*(?=\S*\d)", re.IGNORECASE)
# Words that say the number beside them is another one (confusion list: part, stock, patent, contract, ...).
_OTHER = re.compile(
    r"\b(?:P\s?/\s?N|PART|PAT(?:ENT)?S?|NSN|MOD(?:EL)?|CAL(?:IBER|IBRE)?|ASSY|CAGE|CONTR(?:ACT)?|MFR|MFG|DATE|LOT"
    r"|REV|CLASS|DWG|TYPE|IMP|EXHIBIT|CASE|ZIP|TEL|FAX|KG|MM|NM|VOLTS?|EXP|PRO[D0]?)\b",
    re.IGNORECASE,
)
# Han characters stand beside numbers without a space (五六式3481252) and are never part of them.
_SIGN = r"[^\W_\u3000-\u9fff]"
_TOKEN = re.compile(rf"{_SIGN}(?:(?:{_SIGN}|[_./\\-])*{_SIGN})?")
_NSN = re.compile(r"\d{4}-?\d{2}-?\d{3}-?\d{4}")
_PATENT = re.compile(r"\d{1,2}[,.]\d{3}[,.]\d{3}")
_YEAR = re.compile(r"(?:19|20)\d{2}")
_CALIBRE = re.compile(r"\d{1,2}[.,]\d{1,2}\s?(?:MM|[X×]\d{2})?", re.IGNORECASE)


@dataclass(frozen=True)
class _Found:
    """A string that may be the serial, its points, how sure its characters are, and why."""

    value: str
    shown: str
    points: float
    confidence: float
    evidence: tuple[str, ...]
    rule: str


def match_key(value: str) -> str:
    """The serial as registers search for it: upper case, letter O as zero, no separators (NCIC practice)."""
    return "".join(c for c in value.upper() if c.isalnum() or c == "?").replace("O", "0")


def choose_serial(lines: Sequence[Line], codes: Sequence[Code]) -> tuple[tuple[Mark, ...], SerialReading]:
    """Rank what may be the serial.

    Args:
        lines: lines of one photo in reading order.
        codes: machine-readable codes of the photo.

    Returns:
        A ``serial`` mark for the first choice, if there is one, and the reading with its candidates.
        A candidate's confidence is the probability of its characters times its share of the points.
    """
    found = [*_from_codes(codes), *_from_lines(lines)]
    best: dict[str, _Found] = {}
    for one in found:
        key = match_key(one.value)
        other = best.get(key)
        if other is None:
            best[key] = one
        else:  # two places say the same: both are evidence
            first, second = (other, one) if other.points >= one.points else (one, other)
            best[key] = _Found(
                first.value, first.shown, first.points + 1.0, max(first.confidence, second.confidence),
                (*first.evidence, *(e for e in second.evidence if e not in first.evidence)), first.rule,
            )  # fmt: skip
    ranked = sorted(best.values(), key=lambda f: (-f.points, f.value))[:CANDIDATES]
    ranked = [f for f in ranked if f.points > LEAST]
    if not ranked:
        return (), NONE
    weights = [math.exp(f.points - ranked[0].points) for f in ranked]
    shares = [w / sum(weights) for w in weights]
    candidates = tuple(
        SerialCandidate(
            value=f.value, confidence=round(share * f.confidence, 4), evidence=f.evidence, rule=f.rule
        )
        for f, share in zip(ranked, shares, strict=True)
    )
    first = ranked[0]
    rivals = [
        f for f in ranked[1:] if first.points - f.points < 0.5 and "label" in f.rule and "label" in first.rule
    ]
    serial = SerialReading(
        value=first.shown,
        status="conflict" if rivals else "partial" if "?" in first.shown else "readable",
        decision="review",
        confidence=candidates[0].confidence,
        match_key=match_key(first.shown),
        candidates=candidates,
    )
    raw = next((line.text for line in lines if line.id in first.evidence), first.value)
    mark = Mark(
        kind="serial", value=first.shown, raw=raw, match_key=match_key(first.shown),
        confidence=candidates[0].confidence, evidence=first.evidence, rule=first.rule,
    )  # fmt: skip
    return (mark,), serial


def _from_codes(codes: Sequence[Code]) -> list[_Found]:
    """Serials that a code names: data identifier S and text element SER or SEQ (MIL-STD-130N)."""
    found = []
    for code in codes:
        for part in re.split(r"[\x1c-\x1e\x04\u241c-\u241e\u2404]", code.text):
            match = re.fullmatch(r"(?:S|SER|SEQ)\s?([A-Z0-9-]{2,30})", part)
            if match:
                value = match.group(1)
                found.append(
                    _Found(value, value, 4.5, 1.0, (code.id,), f"code {code.symbology}, field {part[:3]}")
                )
    return found


def _from_lines(lines: Sequence[Line]) -> list[_Found]:
    found: list[_Found] = []
    for index, line in enumerate(lines):
        label = _LABEL.search(line.text) or _NUMBER_ONLY.search(line.text)
        if label and line.text[label.end() :].strip():
            found += _tokens(line, label.end(), 4.0, f"label {label.group().strip()!r} before it")
            continue
        above = lines[index - 1] if index else None
        word = _LABEL.search(above.text) if above is not None else None
        if above is not None and word and not above.text[word.end() :].strip() and _is_below(above, line):
            extra = f"label {word.group().strip()!r} above it"
            found += [
                _Found(f.value, f.shown, f.points, f.confidence, (*f.evidence, above.id), f.rule)
                for f in _tokens(line, 0, 3.5, extra)
            ]
            continue
        found += _tokens(line, 0, -3.0 if _OTHER.search(line.text) else 0.0, "shape")
    return found


def _is_below(label: Line, line: Line) -> bool:
    turn = abs((label.rotation - line.rotation + 180) % 360 - 180)
    return label.page == line.page and turn < 20


def _tokens(line: Line, start: int, bonus: float, rule: str) -> list[_Found]:
    """Candidates of one line from ``start`` on: each word with digits, and neighbouring words as one."""
    words = [m for m in _TOKEN.finditer(line.text, start) if m.group()]
    spans = [(w.start(), w.end()) for w in words]
    if len(words) == 2 and all(any(c.isdigit() for c in w.group()) for w in words):
        spans.append((words[0].start(), words[1].end()))
    found = []
    for rank, (a, b) in enumerate(spans):
        value = line.text[a:b]
        if not any(c.isdigit() for c in value):
            continue
        glyphs = line.characters[a:b]
        confidence = (
            math.prod(g.confidence for g in glyphs)
            if len(line.characters) == len(line.text)
            else line.confidence
        )
        points = (
            bonus - (0.5 * rank if bonus > 0 else 0.0) + _shape(value) + 0.3 * math.log(max(confidence, 0.01))
        )
        found.append(_Found(value, _shown(value, glyphs), points, confidence, (line.id,), rule))
    return found


def _shape(value: str) -> float:
    """Points for looking like a serial: enough digits, no sign of another kind of number."""
    core = [c for c in value if c.isalnum()]
    digits = sum(c.isdigit() for c in core)
    points = {0: -3.0, 1: -2.0, 2: -1.2, 3: -0.2}.get(digits, 0.8)
    points += 0.4 if 5 <= len(core) <= 12 else 0.0
    points -= 1.0 if len(core) > 18 else 0.0
    points -= 0.8 if any(c in value for c in "./:%") else 0.0
    points -= 1.0 if sum(c in "-." for c in value) > 1 else 0.0  # drawing and part numbers have groups
    if _YEAR.fullmatch(value):
        points -= 1.5
    if _NSN.fullmatch(value) or _PATENT.fullmatch(value) or _CALIBRE.fullmatch(value):
        points -= 3.0
    return points


def _shown(value: str, glyphs: Sequence[Glyph]) -> str:
    if len(glyphs) != len(value):
        return value
    return "".join(
        "?" if c.isalnum() and g.confidence < UNDECIDED else c for c, g in zip(value, glyphs, strict=True)
    )
