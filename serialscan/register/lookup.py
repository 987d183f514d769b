"""A serial that somebody typed, in registers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from serialscan.errors import SettingsError
from serialscan.glyphs import loose_key, match_key, normalise
from serialscan.printable import printable
from serialscan.register.answer import Match
from serialscan.register.keys import LONGEST
from serialscan.register.lattice import typed_lattice
from serialscan.register.match import Search, match_all, told_apart
from serialscan.register.pattern import fitting, loose_parts, parts_of
from serialscan.register.register import Register

_TRANSLITERATED = "key by transliteration"


def look_up(
    registers: Sequence[Register],
    serial: str,
    search: Search,
    known: Mapping[str, tuple[str, float]] | None = None,
    *,
    loose: bool = False,
) -> list[Match]:
    """What registers say of a serial.

    Args:
        registers: that are open.
        serial: ``?`` is any one character, ``*`` any number of them.
        search: how to search.
        known: what else is known of the item, with its probability.
        loose: letters between digits do not count, on both sides.

    Raises:
        SettingsError: nothing in it can be searched for.
    """
    if any("\ud800" <= char <= "\udfff" for char in serial):  # bytes that are no text (PEP 383)
        raise SettingsError(f"{printable(serial)}: is no text in UTF-8.")
    key = match_key(serial)
    if len(key) > LONGEST:
        raise SettingsError(f"The serial has {len(key)} characters; no register has more than {LONGEST}.")
    if not key.replace("?", ""):
        raise SettingsError(f"{serial!r}: has no letter and no digit to search for.")
    if loose:
        rule = f"letters between digits do not count: {key} as {loose_key(key)}"
        parts = loose_parts(serial.replace("*", ""))
        return [fitting(one, serial, parts, loose=rule, listed=search.listed) for one in registers]
    if "*" in serial:
        parts = parts_of(serial)
        return told_apart(
            [fitting(one, serial, parts, loose=None, listed=search.listed) for one in registers]
        )
    found = match_all(registers, typed_lattice(serial, known), search)
    forms = normalise(serial)
    for other, step in zip(
        forms.other_keys, forms.steps[len(forms.steps) - len(forms.other_keys) :], strict=True
    ):
        if step == _TRANSLITERATED:  # a list may have either spelling
            found += match_all(registers, typed_lattice(other, known), search)
    return found
