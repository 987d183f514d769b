"""How well what is marked on an item agrees with the type of a row: maker, model, calibre, NSN."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
from rapidfuzz import fuzz

from serialscan.glyphs import word_key
from serialscan.register.channel import Floats
from serialscan.register.columns import TYPE
from serialscan.register.register import Register

WRONG: Final = 0.03
"""Share of makers, models and calibres that are wrong, on record or as read. Source: docs/register.md."""
VALUES: Final = {"maker": 78, "model": 69, "calibre": 25, "nsn": 896}
"""Values that each may have: makers, models and calibres of marking/knowledge, stock numbers of class 10
and 58."""
ELSEWHERE: Final = 0.5
"""Of the items that are not in the register this share is of any type, the others are as those in it."""
_ALIKE: Final = 90.0  # of 100: two names are one, such as COLT and COLT'S
_CALIBRE = re.compile(r"\d+[.,]?\d*")


def factors(register: Register, known: Mapping[str, tuple[str, float]]) -> Floats | None:
    """How much better each type explains what is known of an item than its absence does.

    Args:
        register: the register.
        known: values and their probability, by meaning.

    Returns:
        One factor a type (T + 1,), the last of which is for rows whose type is not numbered; None where
        nothing is known that the register tells, too.
    """
    used = {one: known[one] for one in VALUES if one in known and one in register.header.meaning}
    types = register.types
    if not used or not types:
        return None
    chance, any_type, told = np.ones(len(types)), 1.0, False
    empty = np.array([not any(one[TYPE.index(meaning)] for meaning in used) for one in types])
    for meaning, (value, confidence) in used.items():
        column = [one[TYPE.index(meaning)] for one in types]
        same = {other: agrees(meaning, value, other) for other in set(column)}
        of_any = 1.0 / VALUES[meaning]
        right, wrong = 1.0 - WRONG, WRONG * of_any
        of_value = {other: right if same[other] else wrong for other in same}
        of_value[""] = of_any
        told = told or any(same.values()) or any(filter(None, column))
        chance *= [confidence * of_value[other] + (1 - confidence) * of_any for other in column]
        any_type *= of_any
    if not told:
        return None
    of_absent = ELSEWHERE * any_type + (1 - ELSEWHERE) * float(register.type_shares @ chance)
    # a row that tells nothing may be of any type, as an item that is not on record
    return np.append(np.where(empty, 1.0, chance / of_absent), 1.0)


def agrees(meaning: str, one: str, other: str) -> bool:
    """Whether two values of a meaning are the same, as people write them."""
    if not one or not other:
        return False
    if meaning == "calibre":
        return _size(one) == _size(other) != ""
    first, second = word_key(one), word_key(other)
    if meaning == "nsn":
        return first == second
    if not first or not second:
        return False
    return first == second or (
        meaning == "maker" and fuzz.token_set_ratio(_words(one), _words(other)) >= _ALIKE
    )


def _size(calibre: str) -> str:
    """The first number of a calibre: 5.56 of 5.56X45 and of CAL. 5,56 MM."""
    found = _CALIBRE.search(calibre)
    return found.group().replace(",", ".").strip(".0") if found else ""


def _words(name: str) -> str:
    return " ".join(word_key(word) for word in re.split(r"[\s.,/&-]+", name.replace("'S", "")))
