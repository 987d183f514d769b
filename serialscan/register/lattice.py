"""What was seen of a serial, place by place: from a record, or from what somebody typed.

A slot holds the characters that may stand at one place of a key, with the probability of each; the empty text
stands for no character there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import msgspec

from serialscan.glyphs import match_key, turned_over
from serialscan.record import Glyph, ItemRecord, ItemSerial, Line, PhotoRecord, SerialCandidate

LEAST_CHOICE: Final = 0.1
"""A number that is the serial with less than this is not searched for."""
MOST_CANDIDATES: Final = 3
"""Numbers of one photo that are searched for."""
POWER: Final = 1.25
"""Of a record's probabilities of characters, which are made to multiply to the line's and so are too low."""
UNLISTED: Final = 4.6e-4
"""Least probability that a character is none of those listed."""
UNLISTED_DOUBT: Final = 0.16
"""How much that grows with the doubt about the likeliest character."""
NOTHING: Final = 0.2
"""Of the probability that there is no character, what holds. Source of all four: ``training/matching.py``."""
HALF_SURE: Final = 0.5
"""A line that is read right with less than this has lost characters more often."""
LOST: Final = 6e-5
LOST_UNSURE: Final = 0.0076
"""Probability that a character was lost between two others, where no gap of the line says so.

In lines that are at least half sure, none was at 6 858 places of rendered photos and 2 044 of real ones; half
a one counts as lost. In other lines 11 were at 1 448 places of rendered photos. Source:
``training/matching.py``.
"""
_LEAST_READ: Final = 1e-3  # a number that is read right with less than this tells nothing of its characters
_UNKNOWN: Final = "?"


@dataclass(frozen=True)
class Slot:
    """One place: the probability of each character that may stand there; what is left is any other one."""

    chances: Mapping[str, float]

    @property
    def best(self) -> str:
        """The likeliest character; ``?`` where any may stand there."""
        return max(self.chances, key=lambda one: (self.chances[one], one)) if self.chances else _UNKNOWN


@dataclass(frozen=True)
class Lattice:
    """What was seen of a serial.

    Attributes:
        text: the number as it was read or typed.
        slots: its places.
        before: probability that a further character is seen before the first place.
        after: and behind the last one.
        lost: probability that a character was lost at a place between two slots.
        exact: a code says so: nothing else is searched for.
        reading: whether a camera saw it; else a person typed it.
        known: what else is known of the item: values and the probability of each, by meaning.
    """

    text: str
    slots: tuple[Slot, ...]
    before: float = 0.0
    after: float = 0.0
    lost: float = LOST
    exact: bool = False
    reading: bool = True
    known: Mapping[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The likeliest key."""
        return "".join(slot.best for slot in self.slots)

    @property
    def undecided(self) -> int:
        """Places where any character may stand."""
        return sum(not slot.chances for slot in self.slots)


def lattices_of(record: PhotoRecord | ItemRecord) -> list[Lattice]:
    """What to search for: the numbers of a record that may be the serial, the likeliest first."""
    known = known_of(record)
    if isinstance(record, ItemRecord):
        return [item_lattice(record.serial, known)] if record.serial.value else []
    lines = {line.id: line for line in record.lines}
    found: list[Lattice] = []
    for number, candidate in enumerate(record.serial.candidates[:MOST_CANDIDATES]):
        choice = candidate.choice if candidate.choice is not None else candidate.confidence
        if number and choice < LEAST_CHOICE:
            continue
        one = candidate_lattice(candidate, lines, known)
        if one.slots and all(one.key != other.key for other in found):
            found.append(one)
    return found


def candidate_lattice(
    candidate: SerialCandidate, lines: Mapping[str, Line], known: Mapping[str, tuple[str, float]]
) -> Lattice:
    """The lattice of a candidate: of the characters of its lines, or else of its text alone."""
    own = [lines[one] for one in candidate.evidence if one in lines]
    if not own:
        return Lattice(candidate.value, typed_slots(candidate.value), exact=True, known=known)
    missing = 1.0 - candidate.complete.confidence if candidate.complete is not None else 1.0
    before, after = _beyond(match_key(candidate.value), own, missing)
    rows = [with_gaps(line) for line in own]
    glyphs = _glyphs_of(candidate.value, rows)
    if glyphs is None:
        turned = turned_over(match_key(candidate.value))
        upside_down = _glyphs_of(turned, rows) if turned else None
        glyphs = [_turned(one) for one in reversed(upside_down)] if upside_down else None
    if glyphs is None:
        key = match_key(candidate.value)
        reading = candidate.reading if candidate.reading is not None else candidate.confidence
        each = max(reading, _LEAST_READ) ** (1 / max(1, len(key)))
        slots = tuple(Slot({} if c == _UNKNOWN else {c: each}) for c in key)
    else:
        slots = tuple(slot for one in glyphs for slot in slots_of(one))
    unsure = min(line.confidence for line in own) < HALF_SURE
    return Lattice(candidate.value, slots, before, after, LOST_UNSURE if unsure else LOST, known=known)


def item_lattice(serial: ItemSerial, known: Mapping[str, tuple[str, float]]) -> Lattice:
    """The lattice of an item's serial, fused over its photos."""
    value = serial.value or ""
    if serial.characters:
        slots = tuple(slot for one in serial.characters for slot in slots_of(one))
    else:
        slots = typed_slots(value)
    return Lattice(value, slots, exact=serial.code == "agrees", known=known)


def typed_lattice(text: str, known: Mapping[str, tuple[str, float]] | None = None) -> Lattice:
    """The lattice of what somebody typed; ``?`` is any one character."""
    return Lattice(text, typed_slots(text), reading=False, known=known or {})


def typed_slots(text: str) -> tuple[Slot, ...]:
    """Slots of a text that is sure."""
    return tuple(Slot({} if c == _UNKNOWN else {c: 1.0}) for c in match_key(text))


class Gapped(Glyph, frozen=True, kw_only=True):
    """A gap of a line, as a character: its probabilities hold as they are."""


def slots_of(glyph: Glyph) -> tuple[Slot, ...]:
    """The slots of one character with honest probabilities; see `slots_as_told`."""
    if isinstance(glyph, Gapped):
        return slots_as_told(glyph)
    return tuple(_honest(slot) for slot in slots_as_told(glyph))


def _honest(slot: Slot) -> Slot:
    """A slot of a record with the probabilities by which its characters are right."""
    if not slot.chances:
        return slot
    most = max(slot.chances.values())
    other = min(0.5, UNLISTED + UNLISTED_DOUBT * (1.0 - most))
    weights = {
        char: chance**POWER * (1.0 if char else NOTHING) for char, chance in slot.chances.items() if chance
    }
    whole = sum(weights.values())
    return Slot({char: weight / whole * (1.0 - other) for char, weight in weights.items()})


def slots_as_told(glyph: Glyph) -> tuple[Slot, ...]:
    """The slots of one character: none for a sign that keys leave out, two for a letter such as Ж (ZH)."""
    if glyph.char == _UNKNOWN:
        return (Slot({}),)
    chances: dict[str, float] = {}
    options = [(glyph.char, glyph.confidence), *((one.char, one.confidence) for one in glyph.alternatives)]
    for char, chance in options:
        key = _key(char)
        chances[key] = chances.get(key, 0.0) + chance
    length = max(map(len, chances))
    slots = []
    for place in range(length):
        here: dict[str, float] = {}
        for key, chance in chances.items():
            char = key[place] if place < len(key) else ""
            here[char] = here.get(char, 0.0) + chance
        slots.append(Slot(here))
    return tuple(slots)


@lru_cache(maxsize=4096)
def _key(char: str) -> str:
    return match_key(char) if char else ""


def _glyphs_of(value: str, lines: Sequence[Sequence[Glyph]]) -> list[Glyph] | None:
    """The characters of a number in its lines, in which it stands whole or in one part each."""
    wanted = [c for c in value if _key(c) or c == _UNKNOWN]
    rows = [[one for one in line if _tells(one)] for line in lines]
    return _found(wanted, rows)


def _tells(glyph: Glyph) -> bool:
    """Whether a character can be in a key, or stands where one may be."""
    return bool(_key(glyph.char) or glyph.char == _UNKNOWN or glyph.alternatives)


def with_gaps(line: Line) -> list[Glyph]:
    """The characters of a line, and in each gap one that is mostly none."""
    glyphs = list(line.characters)
    gaps = () if line.gaps is msgspec.UNSET else line.gaps
    for gap in reversed(gaps):
        glyphs.insert(gap.at, Gapped(char="", confidence=1 - gap.confidence, alternatives=gap.alternatives))
    return glyphs


def _found(wanted: list[str], rows: list[list[Glyph]]) -> list[Glyph] | None:
    if not rows:
        return None
    row, others = rows[0], rows[1:]
    whole = _window(wanted, row)
    if whole is not None:
        return whole
    for cut in range(len(wanted) - 1, 0, -1):
        first = _window(wanted[:cut], row) if others else None
        if first is not None:
            rest = _found(wanted[cut:], others)
            if rest is not None:
                return first + rest
    return _found(wanted, others)


def _window(wanted: list[str], row: list[Glyph]) -> list[Glyph] | None:
    """Neighbours in a row that read as wanted; signs between them, which keys leave out, count as none."""
    for start in range(len(row) - len(wanted) + 1):
        taken: list[Glyph] = []
        at = 0
        for glyph in row[start:]:
            if at == len(wanted):
                break
            if wanted[at] in (_UNKNOWN, glyph.char) or _key(wanted[at]) == _key(glyph.char) != "":
                taken.append(glyph)
                at += 1
            elif not _key(glyph.char) and taken:
                taken.append(glyph)
            else:
                break
        if at == len(wanted):
            return taken
    return None


def _turned(glyph: Glyph) -> Glyph:
    """A character upside down; what has no partner stays out."""
    other = turned_over(_key(glyph.char)) or glyph.char
    kept = [(turned_over(_key(one.char)), one) for one in glyph.alternatives if one.char]
    alternatives = tuple(
        type(one)(char=char, confidence=one.confidence) for char, one in kept if char is not None
    )
    return Glyph(char=other, confidence=glyph.confidence, alternatives=alternatives)


def _beyond(key: str, lines: Sequence[Line], missing: float) -> tuple[float, float]:
    """The probability that a further character is seen beyond each end of a number.

    Only where the number ends with its line; else its neighbour is a word of its own. That it may go on where
    nothing can be seen, as beyond the edge of the photo, is no evidence of what stands there. Nor does it go
    on with more than ``missing``, the probability that it is not complete.
    """
    first, last = lines[0], lines[-1]
    starts = bool(first.ends) and match_key(first.text)[:2] == key[:2]
    stops = bool(last.ends) and match_key(last.text)[-2:] == key[-2:]
    before = first.ends[0].more if starts else 0.0
    after = last.ends[-1].more if stops else 0.0
    share = min(1.0, missing / max(before + after, 1e-9))
    return before * share, after * share


_MARKS: Final = {"manufacturer": "maker", "model": "model", "calibre": "calibre", "nsn": "nsn"}


def known_of(record: PhotoRecord | ItemRecord) -> dict[str, tuple[str, float]]:
    """Maker, model, calibre and NSN that a record is surest of, with the probability of each."""
    found: dict[str, tuple[str, float]] = {}
    for kind, value, confidence in _values(record):
        meaning = _MARKS.get(kind)
        if meaning is not None and value and confidence > found.get(meaning, ("", 0.0))[1]:
            found[meaning] = (value, confidence)
    return found


def _values(record: PhotoRecord | ItemRecord) -> Iterator[tuple[str, str, float]]:
    if isinstance(record, PhotoRecord):
        for mark in record.marks:
            yield mark.kind, mark.value, mark.confidence
        return
    fields = (record.manufacturer_marked, record.model, record.calibre, record.nsn)
    for kind, value in zip(_MARKS, fields, strict=True):
        if value is not None:
            yield kind, value.value, value.confidence
