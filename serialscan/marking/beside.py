"""Makers' names parted from the sign before or behind them, where the sign was read as a letter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from serialscan.marking.knowledge import Knowledge
from serialscan.marking.words import READ_CHARS, Finder, finder_of, tokens
from serialscan.record import Line, TextCandidate

LEAST_NOTHING: Final = 0.2
"""Share of the votes at one end of a line for no character there, from which a name may stand without it.
Chosen, not fitted: some views must have read the name alone."""

LEAST_LETTERS: Final = 5
"""Letters of such a name. Of four letters two makers' names are ordinary words but for one letter (STAR in
START, FORT in FORTY); of five none is, in 3 000 words of print."""


def parted_from_signs(lines: Sequence[Line], knowledge: Knowledge) -> tuple[Line, ...]:
    """Part a maker's name from the one character before or behind it that is hardly one.

    Makers put a sign beside their name: a ring, a bird, a crown. Recognisers read it as a letter, and no two
    views as the same one. What is left without it must be the name of a maker, the whole must not be a known
    word, and the views must doubt that a character stands there.

    Nothing that was read is lost. The name keeps the line's id and place in the order. The character becomes
    a line of its own at the end of the lines. Both keep what each reader read.

    Args:
        lines: of one photo, in reading order, their ids ``L1`` and so on.
        knowledge: the makers.

    Returns:
        The lines, some of them parted.
    """
    finder = finder_of(knowledge)
    kept: list[Line] = []
    signs: list[Line] = []
    for line in lines:
        at = _sign_in(line, finder)
        if at is None:
            kept.append(line)
            continue
        first = at == 0
        name = _piece(line, 1, len(line.text)) if first else _piece(line, 0, at)
        sign = _piece(line, 0, 1) if first else _piece(line, at, len(line.text))
        # If the name is whole without it, it is no letter.
        sure = round(min(sign.confidence, 1 - name.confidence), 4)
        kept.append(name)
        number = len(lines) + len(signs) + 1
        signs.append(msgspec.structs.replace(sign, id=f"L{number}", confidence=sure))
    return (*kept, *signs)


def _sign_in(line: Line, finder: Finder) -> int | None:
    """Which character of a line, its first or its last, is rather the sign beside a maker's name."""
    text = line.text
    whole = len(line.characters) == len(text) and len(line.polygon) == 4 and not line.stacked
    if not whole or not LEAST_LETTERS < len(text) <= READ_CHARS:
        return None
    if any(word.use != "seen" for word in finder.named(_key(text))):
        return None
    for at, rest in ((0, text[1:]), (len(text) - 1, text[:-1])):
        nothing = sum(one.confidence for one in line.characters[at].alternatives if not one.char)
        if nothing < LEAST_NOTHING or sum(c.isalpha() for c in rest) < LEAST_LETTERS:
            continue
        if any(word.table == "maker" and word.use in ("name", "weak") for word in finder.named(_key(rest))):
            return at
    return None


def _key(text: str) -> str:
    return "".join(token.text for token in tokens(text))


def _piece(line: Line, start: int, stop: int) -> Line:
    """A line's characters from ``start`` to ``stop`` as a line, without spaces at its ends."""
    while line.text[start] == " ":
        start += 1
    while line.text[stop - 1] == " ":
        stop -= 1
    glyphs = line.characters[start:stop]
    first, last = glyphs[0].polygon, glyphs[-1].polygon
    corners = (first[0], last[1], last[2], first[3]) if len(first) == len(last) == 4 else line.polygon
    text = line.text[start:stop]
    sure = round(math.prod(glyph.confidence for glyph in glyphs), 4)
    return msgspec.structs.replace(
        line,
        text=text,
        confidence=sure,
        polygon=corners,
        characters=(msgspec.structs.replace(glyphs[0], step=None), *glyphs[1:]),
        candidates=(TextCandidate(text=text, confidence=sure),),
        ends=(),
        gaps=msgspec.UNSET,
    )
