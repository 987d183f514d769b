"""Which number is the serial of an item, and what its photos, other numbers and codes say against it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from serialscan.glyphs import match_key
from serialscan.items.conflicts import conflict
from serialscan.items.fuse import Network
from serialscan.items.view import View, line_id
from serialscan.marking.iuid import serial_of
from serialscan.marking.weigh import UNDECIDED
from serialscan.record import (
    Conflict,
    Evidence,
    Glyph,
    ItemAlternative,
    ItemSerial,
    PhotoRecord,
    SerialCandidate,
    SerialReading,
    characters_of,
)

_RIVAL = 0.9  # a rival this near, as a share of the character's own confidence, leaves it undecided
_SURE = 0.9  # a photo that is this sure of another character is named
_FURTHER_PHOTO = 0.5  # log odds for each further photo that takes a number for the serial
_RIVAL_DIGITS = 4  # of another number, from which it is a rival
_RIVAL_CHOICE = 0.3  # probability of being the serial, by its photo alone, from which a rival counts


def serial_of_item(view: View, reading: SerialReading) -> tuple[ItemSerial, list[Conflict]]:
    """The serial that all photos together show, and what speaks against it.

    Args:
        view: the photos.
        reading: the choice among the numbers of the view.
    """
    together = reading.candidates if reading.value is not None else ()
    ranked = _by_photos(view, together)
    alone = _surest_alone(view)
    if alone is not None and (not ranked or not _taken_alone(view, ranked[0])):
        key = match_key(alone[0].value)
        ranked = [alone[0], *(one for one in ranked if match_key(one.value) != key)]
    if not ranked:
        return ItemSerial(value=None, status="not_found", decision="none", confidence=0.0), []
    first = ranked[0]
    candidates = tuple(_candidate(view, candidate) for candidate in ranked)
    characters = (
        alone[1]
        if alone is not None and first is alone[0]
        else characters_of(view.lines, first.evidence, first.value)
    )
    value = _shown(first.value, characters)
    conflicts = [
        *_disagreeing_photos(view, first), *_rivals(view, first), *_disagreeing_codes(view, first),
    ]  # fmt: skip
    named = {match_key(serial) for code in view.codes if (serial := serial_of(code)) is not None}
    in_conflict = bool(conflicts) or reading.status == "conflict"
    return (
        ItemSerial(
            value=value,
            status="conflict" if in_conflict else "partial" if "?" in value else "readable",
            decision="accept" if match_key(value) in view.accepted and not in_conflict else "review",
            confidence=first.confidence,
            match_key=match_key(value),
            rule=first.rule,
            code="not_seen" if not named else "agrees" if named == {match_key(first.value)} else "disagrees",
            characters=characters,
            candidates=candidates,
            evidence=candidates[0].evidence,
        ),
        conflicts,
    )


def _by_photos(view: View, candidates: Sequence[SerialCandidate]) -> list[SerialCandidate]:
    """The candidates with the weight of every further photo that takes one for the serial by itself.

    People photograph the serial more often than other numbers.
    """
    own = {
        (number, identity): number
        for number, record in enumerate(view.records)
        for identity in (record.serial.candidates[0].evidence if record.serial.candidates else ())
    }
    odds = []
    for candidate in candidates:
        places = view.places(candidate.evidence, candidate.value)
        photos = {own[place] for place in places if place in own}
        odds.append(math.exp(_FURTHER_PHOTO * max(len(photos) - 1, 0)))
    shares = [candidate.confidence for candidate in candidates]
    total = sum(share * odd for share, odd in zip(shares, odds, strict=True))
    scale = sum(shares) / total if total else 1.0
    weighed = [
        msgspec.structs.replace(candidate, confidence=round(min(1.0, candidate.confidence * odd * scale), 4))
        for candidate, odd in zip(candidates, odds, strict=True)
    ]
    order = sorted(range(len(candidates)), key=lambda i: (-_share(candidates[i]) * odds[i], i))
    return [weighed[i] for i in order]


def _taken_alone(view: View, candidate: SerialCandidate) -> bool:
    """Whether a photo or a code takes this number for the serial by itself."""
    own = {
        (number, identity)
        for number, record in enumerate(view.records)
        if record.serial.value is not None
        for identity in record.serial.candidates[0].evidence
    }
    return not own.isdisjoint(view.places(candidate.evidence, candidate.value))


def _surest_alone(view: View) -> tuple[SerialCandidate, tuple[Glyph, ...]] | None:
    """The serial of the photo that is surest of its own, as it reads it by itself, and its characters.

    It stands where all photos together name a number that none of them takes for the serial: together they
    may show words beside it that one alone does not, or garble those that say what it is.
    """
    own = [
        (record.serial.candidates[0], number)
        for number, record in enumerate(view.records)
        if record.serial.value is not None and record.serial.candidates
    ]
    if not own:
        return None
    best, number = max(own, key=lambda one: one[0].confidence)
    glyphs = characters_of(view.records[number].lines, best.evidence, best.value)
    ids = tuple(line_id(number, identity) for identity in best.evidence)
    return msgspec.structs.replace(
        best, evidence=ids, rule=f"{best.rule}, surest in photo {number + 1}"
    ), glyphs


def _share(candidate: SerialCandidate) -> float:
    return candidate.confidence if candidate.choice is None else candidate.choice


def _shown(value: str, characters: Sequence[Glyph]) -> str:
    """The value with ``?`` for characters that cannot be decided."""
    if len(characters) != len(value):
        return value
    return "".join(
        "?" if char.isalnum() and _undecided(glyph) else char
        for char, glyph in zip(value, characters, strict=True)
    )


def _undecided(glyph: Glyph) -> bool:
    """As in photo records; and where photos contradict each other, each of them sure."""
    rival = max((other.confidence for other in glyph.alternatives), default=0.0)
    return glyph.confidence < UNDECIDED or rival > _RIVAL * glyph.confidence


def _candidate(view: View, candidate: SerialCandidate) -> ItemAlternative:
    return ItemAlternative(
        value=candidate.value, confidence=candidate.confidence, match_key=match_key(candidate.value),
        rule=candidate.rule, evidence=view.evidence(candidate.evidence, candidate.value),
    )  # fmt: skip


def _seen(view: View, candidate: SerialCandidate) -> list[tuple[Network, tuple[int, int]]]:
    """Networks that hold the candidate's value, and where."""
    found = []
    for identity in candidate.evidence:
        place = view.place(identity)
        if place is not None and candidate.value in place.network.text:
            found.append((place.network, place.network.find(place.strand, candidate.value)))
    return found


def _disagreeing_photos(view: View, first: SerialCandidate) -> list[Conflict]:
    """Photos that are sure of another character of the serial: a misreading, or another weapon."""
    others: dict[str, tuple[float, list[Evidence]]] = {}
    for network, span in _seen(view, first):
        for strand in network.seen(*span):
            if network.contradicts(strand, *span, sure=_SURE):
                text, confidence = network.reading(strand, *span)
                before, seen = others.setdefault(text, (confidence, []))
                seen.append(view.sight(strand.photo, strand.line))
                others[text] = max(before, confidence), seen
    if not others:
        return []
    values = [
        ItemAlternative(value=text, confidence=round(confidence, 4), evidence=tuple(seen))
        for text, (confidence, seen) in others.items()
    ]
    message = "photos read this serial differently, by mistake or since they show two like serials"
    return [conflict("serial", message, [_candidate(view, first), *values])]


def _rivals(view: View, first: SerialCandidate) -> list[Conflict]:
    """Other numbers that photos without the serial show in its place: perhaps a second item."""
    shown = {strand.photo for network, span in _seen(view, first) for strand in network.seen(*span)}
    shown |= {view.records.index(r) for r in view.records if _names(r, first.value)}
    with_serial = [view.records[number] for number in sorted(shown)]
    keys = {match_key(line.text) for record in with_serial for line in record.lines}
    rivals: dict[str, ItemAlternative] = {}
    for number, record in enumerate(view.records):
        if number in shown or not record.serial.candidates:
            continue
        own = record.serial.candidates[0]
        own_key = match_key(own.value)
        if not _may_be_serial(own) or any(own_key in key for key in keys):
            continue
        evidence = view.evidence([line_id(number, identity) for identity in own.evidence], own.value)
        rivals.setdefault(
            own_key,
            ItemAlternative(
                value=own.value, confidence=own.confidence, match_key=own_key, rule=own.rule,
                evidence=evidence,
            ),
        )  # fmt: skip
    if not rivals:
        return []
    return [
        conflict(
            "serial", "photos show different serials, perhaps of two items",
            [_candidate(view, first), *rivals.values()],
        )
    ]  # fmt: skip


def _may_be_serial(own: SerialCandidate) -> bool:
    """Whether a photo by itself takes a number for the serial, and it has enough digits to be one."""
    digits = sum(char.isdigit() for char in own.value)
    return digits >= _RIVAL_DIGITS and _share(own) >= _RIVAL_CHOICE


def _names(record: PhotoRecord, serial: str) -> bool:
    return any(match_key(found) == match_key(serial) for found in map(serial_of, record.codes) if found)


def _disagreeing_codes(view: View, first: SerialCandidate) -> list[Conflict]:
    others = [
        ItemAlternative(
            value=serial, confidence=1.0, match_key=match_key(serial), rule=f"code {code.symbology}",
            evidence=view.evidence([code.id], serial),
        )
        for code in view.codes
        if (serial := serial_of(code)) is not None and match_key(serial) != match_key(first.value)
    ]  # fmt: skip
    if not others:
        return []
    message = "a code names another serial than the one read; labels get moved between items"
    return [conflict("serial", message, [_candidate(view, first), *others])]
