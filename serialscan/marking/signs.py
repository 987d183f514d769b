"""Signs that are no text to marks: what each means, and how readers of letters misread it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from serialscan.glyphs import word_key
from serialscan.marking.classify import trust
from serialscan.marking.knowledge import Knowledge
from serialscan.marking.knowledge.rows import Maker, Symbol
from serialscan.marking.words import tokens
from serialscan.record import Line, Mark, MarkCandidate, Sign

_NUMBER = "number in "
"""Begins the name of a sign that holds a number; the number takes the place of its first word."""


def with_signs(
    marks: Sequence[Mark], signs: Sequence[Sign], lines: Sequence[Line], knowledge: Knowledge
) -> tuple[Mark, ...]:
    """The marks with those of the signs behind them.

    A sign changes no line, no other mark's value and not the choice of the serial. It comes after them. A
    maker's name that was read in the place of its logo gains the sign as its evidence.

    Args:
        marks: of the lines and codes of one photo.
        signs: of the photo.
        lines: of the photo.
        knowledge: symbols, and the makers and countries that use them.
    """
    kept = list(marks)
    for sign in signs:
        row = knowledge.symbols.get(sign.name)
        if row is None:  # a network may know more signs than the rows
            continue
        mark = _mark(sign, row, lines, knowledge)
        named = {mark.row, *(candidate.row for candidate in mark.candidates)}
        same = next(
            (k for k, one in enumerate(kept) if one.kind == mark.kind == "manufacturer" and one.row in named
             and not set(sign.lines).isdisjoint(one.evidence)), None,
        )  # fmt: skip
        if same is None:
            kept.append(mark)
        else:
            rule = f"{kept[same].rule}; sign {sign.id} stands there: {row.names[0]}"
            kept[same] = msgspec.structs.replace(
                kept[same], evidence=(*kept[same].evidence, sign.id), rule=rule
            )
    return tuple(kept)


def _mark(sign: Sign, row: Symbol, lines: Sequence[Line], knowledge: Knowledge) -> Mark:
    value = row.names[0]
    if sign.text is not None and value.startswith(_NUMBER):
        value = sign.text + value.removeprefix(_NUMBER.split()[0])
        # A sign with this very number may have a row of its own.
        row = next((one for one in knowledge.symbols.values() if value in one.names), row)
    sure = sign.confidence * trust(knowledge, row.confidence)
    rule = f"sign {row.names[0]} ({row.id})"
    evidence: tuple[str, ...] = (sign.id,)
    users = users_of(row, knowledge, sign.text)
    seen = {key for maker in users for name in maker.seen_as for key in [_key(name)]}
    misread = [line for line in lines if line.id in sign.lines and _key(line.text) in seen]
    if misread:
        evidence += tuple(line.id for line in misread)
        rule += f", read as {', '.join(line.text for line in misread)}"
    if row.note:
        rule += f"; {row.note}"
    candidates = tuple(
        MarkCandidate(value=maker.name, row=maker.id, rule=f"uses this sign; country {maker.country}")
        for maker in users
    )
    if row.kind != "factory_mark":
        candidates += tuple(
            MarkCandidate(value=knowledge.countries[name].names[0], row=name, rule="country that uses it")
            for name in row.countries if row.kind != "manufacturer"
        )  # fmt: skip
    one = users[0] if row.kind == "manufacturer" and len(users) == 1 else None
    if one is not None:
        value, candidates = one.name, ()
    return Mark(
        kind=row.kind, value=value, raw=sign.text or row.names[0], match_key=word_key(value),
        confidence=round(min(1.0, sure), 4), evidence=evidence, rule=rule,
        row=one.id if one is not None else row.id if row.kind != "manufacturer" else None,
        candidates=candidates, table="symbol",
    )  # fmt: skip


def users_of(row: Symbol, knowledge: Knowledge, number: str | None = None) -> tuple[Maker, ...]:
    """The makers that use a sign; of one that holds a number those of that number, and those that use any."""
    users = [knowledge.makers[name] for name in row.makers]
    users += [maker for maker in knowledge.makers.values() if row.id in maker.logo and maker not in users]
    if number is None or not any(maker.numbers for maker in users):
        return tuple(users)
    return tuple(maker for maker in users if number in maker.numbers or not maker.numbers)


def _key(text: str) -> str:
    return "".join(token.text for token in tokens(text))
