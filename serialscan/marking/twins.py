"""Other readings of one number: characters of one look, and letters of two scripts in one word.

A punch that cuts I and 1 alike leaves two numbers, and a register knows which of them it holds. So both stand
among the candidates. Nothing is corrected: the line keeps what was read, and what is likelier ranks first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from serialscan.glyphs import latin_by_look, script_of
from serialscan.marking.candidates import Candidate, is_part, shapes_of_kind, sure_shape
from serialscan.marking.classify import Read
from serialscan.marking.knowledge import Knowledge, matches_shape
from serialscan.marking.words import READ_CHARS
from serialscan.record import Glyph

OTHER_LOOK = "other_look"
"""The reason of a reading that was made of another one."""
MOST_TWINS = 3
"""Other readings of one number that are shown, likeliest first."""
_PAIRS: Mapping[str, str] = {"I": "1", "1": "I", "D": "0", "0": "D"}
"""Of one look; exchanged, they change the key. O and 0 have one key (WACIC, chapter 4)."""
_LEFT_OUT = "I"  # schemes of numbers leave it out, as it is taken for a digit (49 CFR 565.15)
_LEAST = 0.02  # probability of the other side where the reader names none: the strokes are the same
_UNDECIDED = 0.3  # a letter of the other script that is less sure is `?` in the value, as in weigh.py
_SHORTEST = 4  # letters and digits of such a number
_OTHER: Mapping[str, str] = {"LATIN": "CYRILLIC", "CYRILLIC": "LATIN"}
_PLAINLY = 3  # letters of one script alone, and none of the other, that tell the script of an item
_OF_BOTH = frozenset("ABCEHKMOPTXYISJ")  # capitals that Latin and Cyrillic draw alike
# What is left of a Cyrillic letter that Latin lacks, by its strokes, on a Latin item.
_LATIN_OF: Mapping[str, str] = {
    "Б": "6", "Г": "T", "Д": "A", "З": "3", "И": "N", "Й": "N", "Л": "J", "П": "N", "Ф": "O", "Ц": "U",
    "Ч": "4", "Ш": "W", "Щ": "W", "Ь": "B", "Э": "3", "Я": "R",
}  # fmt: skip
_CYRILLIC_OF: Mapping[str, str] = {"R": "Я", "N": "И", "W": "Ш", "U": "Ц", "F": "Г", "L": "Г", "J": "Л"}


def twins_of(one: Candidate, read: Read, knowledge: Knowledge) -> list[Candidate]:
    """The other readings of a number that was read, likeliest first.

    They share its evidence. The reason `OTHER_LOOK` weighs how much likelier or less likely they are.
    """
    value = one.value
    if one.line == -1 or is_part(one.reasons) or sure_shape(value, read.lines, knowledge) is not None:
        return []
    twins = [*_of_one_script(one, read, knowledge), *_of_one_look(one, read, knowledge)]
    return sorted(twins, key=lambda twin: (-twin.points, twin.value))[:MOST_TWINS]


def is_of_two_scripts(value: str, index: int, read: Read) -> str:
    """The script of the item where a number has letters of another one, else an empty string.

    Args:
        value: the number.
        index: of its line.
        read: all lines, which tell the script of the item; the number itself where they do not.
    """
    own, votes = _scripts(value), _votes(read, index)
    plainly = [script for script, count in votes.items() if count >= _PLAINLY and votes[_OTHER[script]] == 0]
    foreign = len(own) == 1 and bool(plainly) and not own & set(plainly)
    if len(own) != 2 and not foreign:
        return ""
    if votes["LATIN"] == votes["CYRILLIC"]:
        votes = {script: sum(script in _scripts(c) for c in value) for script in votes}
    return "CYRILLIC" if votes["CYRILLIC"] > votes["LATIN"] else "LATIN"


def _scripts(text: str) -> set[str]:
    """The scripts whose own letters stand in a text; letters that both draw alike tell nothing."""
    letters = latin_by_look(text.upper())
    return {script_of(c) for c in letters if c not in _OF_BOTH} & {"LATIN", "CYRILLIC"}


def _votes(read: Read, but: int) -> dict[str, int]:
    votes = {"LATIN": 0, "CYRILLIC": 0}
    for index, line in enumerate(read.lines):
        for char in line.text[:READ_CHARS] if index != but else "":
            for script in _scripts(char):
                votes[script] += 1
    return votes


def _of_one_script(one: Candidate, read: Read, knowledge: Knowledge) -> list[Candidate]:
    """The number in the script of its item alone, if it has letters of two."""
    main = is_of_two_scripts(one.value, one.line, read)
    penalty = knowledge.weights["mixed_scripts"] if main else 0.0
    if not main and _scripts(one.value) == {"CYRILLIC"} and not any(_votes(read, one.line).values()):
        main = "LATIN" if any(script_of(c) == "LATIN" for c in one.value) else ""
    if not main:
        return []
    value, shown, ratio, told = one.value, one.shown, 1.0, []
    for at, char in enumerate(one.value):
        if not _scripts(char) - {main}:
            continue
        glyph = _glyph(one, at)
        other, share = _in_script(char, glyph, main)
        if not other:
            return []
        value = value[:at] + other + value[at + 1 :]
        shown = shown[:at] + (other if share >= _UNDECIDED else "?") + shown[at + 1 :]
        ratio *= min(1.0, share / max(glyph.confidence if glyph else 1.0, _LEAST))
        told.append(f"{char} may be {other}")
    points = knowledge.weights["read"] * math.log(ratio) - penalty
    detail = f"{', '.join(told)}, in {main.title()} letters alone"
    return [replace(_twin(one, value, ratio, detail, points), shown=shown)]


def _in_script(char: str, glyph: Glyph | None, script: str) -> tuple[str, float]:
    """The likeliest character of a script for one of another: the reader's own, else by its strokes."""
    named = [
        (a.confidence, a.char) for a in (glyph.alternatives if glyph else ())
        if len(a.char) == 1 and a.char.isalnum() and _scripts(a.char) <= {script}
    ]  # fmt: skip
    if named:
        share, other = max(named)
        return other, max(share, _LEAST)
    table = _LATIN_OF if script == "LATIN" else _CYRILLIC_OF
    return table.get(char.upper(), ""), _LEAST


def _of_one_look(one: Candidate, read: Read, knowledge: Knowledge) -> list[Candidate]:
    """The number with one character of one look exchanged; a form of the marked maker may decide."""
    value = one.value
    core = [c for c in value if c.isalnum()]
    digits = sum(c.isdigit() for c in core)
    if len(core) < _SHORTEST or digits in (0, len(core)) or any(c.islower() for c in core):
        return []
    shapes = shapes_of_kind(read, knowledge)
    twins = []
    for at, char in enumerate(value):
        other = _PAIRS.get(char)
        if other is None:
            continue
        changed = value[:at] + other + value[at + 1 :]
        if any(matches_shape(p, value) and not matches_shape(p, changed) for p in shapes):
            continue
        glyph = _glyph(one, at)
        named = sum(a.confidence for a in glyph.alternatives if a.char == other) if glyph else 0.0
        beside = [c for c in (value[at - 1 : at], value[at + 1 : at + 2]) if c]
        if named < _LEAST and not any(c.isalpha() if char.isdigit() else c.isdigit() for c in beside):
            continue  # a digit among digits, or a letter among letters, that the reader does not doubt
        share = max(named, _LEAST)
        sure = max(min(glyph.confidence if glyph else 1.0, 1 - _LEAST), _LEAST)
        points = math.log(share / sure)
        if any(c.isdigit() for c in beside):
            points += {char: 1, other: -1}.get(_LEFT_OUT, 0) * knowledge.weights["look_digit"]
        detail = f"{char} may be {other}, which looks like it ({share:.0%})"
        twins.append(_twin(one, changed, share / sure, detail, points))
    return twins


def _glyph(one: Candidate, at: int) -> Glyph | None:
    return one.glyphs[at] if len(one.glyphs) == len(one.value) else None


def _twin(one: Candidate, value: str, ratio: float, detail: str, points: float) -> Candidate:
    reading = min(1.0, one.reading * ratio)
    pairs = zip(one.shown, one.value, value, strict=True)
    shown = "".join(seen if was == now else now for seen, was, now in pairs)
    twin = replace(one, value=value, shown=shown, reading=reading, glyphs=())
    return twin.because(OTHER_LOOK, detail, points)
