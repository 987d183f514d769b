"""The records of an item's photos become the record of the item."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from rapidfuzz import fuzz

from serialscan.glyphs import match_key
from serialscan.items.fuse import Network, Strand, TooManyLines, fuse_lines
from serialscan.items.missing import missing_of
from serialscan.marking import Knowledge, assess_maker, read_marks
from serialscan.marking.importer import importer_of
from serialscan.marking.iuid import serial_of
from serialscan.marking.weigh import UNDECIDED
from serialscan.record import (
    Assessment,
    Code,
    Conflict,
    Error,
    Evidence,
    Glyph,
    ItemAlternative,
    ItemPhoto,
    ItemRecord,
    ItemSerial,
    ItemValue,
    Line,
    Mark,
    PhotoRecord,
    SerialCandidate,
    SerialReading,
    Tool,
    Warning_,
)

MOST_PHOTOS = 200  # of one item; nobody takes so many
_MOST_TEXT = 150_000  # characters on them, which take up to some 20 seconds to be understood
_RIVAL = 0.9  # a rival this near, as a share of the character's own confidence, leaves it undecided
_SURE = 0.9  # a photo that is this sure of another character is named
_LIKELY = 0.5  # a rival number or mark with less is an alternative, not a conflict
_FURTHER_PHOTO = 0.5  # log odds for each further photo that takes a number for the serial
_RIVAL_DIGITS = 4
_RIVAL_CHOICE = 0.3  # probability of being the serial, by its photo alone, from which a rival counts
_ALIKE = 60.0  # percent of likeness from which two values may be one, misread
_ONE = {  # fields that hold one value
    "manufacturer_marked": "manufacturer", "model": "model", "calibre": "calibre",
    "country_of_manufacture": "country", "importer": "importer", "nsn": "nsn", "uii": "uii",
}  # fmt: skip
_MANY = {
    "import_marks": ("importer",),
    "property_marks": ("property",),
    "factory_marks": ("factory_mark",),
    "proof_marks": ("proof",),
    "other_numbers": ("component_serial", "part_number", "contract", "cage", "evidence_tag", "number"),
    "markings": ("date", "selector", "other"),
}
# Marks whose row in the knowledge files is what they mean: COLT and COLT INDUSTRIES are one maker.
_BY_ROW = frozenset({"manufacturer", "model", "calibre", "country"})


def scan_item(
    item: str, records: Sequence[PhotoRecord], knowledge: Knowledge,
    case: Mapping[str, Sequence[str]] | None = None,
) -> ItemRecord:  # fmt: skip
    """Fuse the records of one item's photos.

    Args:
        item: its name.
        records: of its photos in input order, at least one, also of those that failed.
        knowledge: that which the photos were read with.
        case: what is known of the item by case field; several values of a field are in conflict.

    Returns:
        The record; photos that cannot be read are named in it and the others stand. If none can be read, or
        if they show more text than one item can bear, it has an error and nothing is fused.
    """
    blank = _blank(item, records, case or {})
    if blank.status == "error":
        error = Error.of("no_photo_read", "no photo of this item could be read: see their records")
        return msgspec.structs.replace(blank, error=error)
    try:
        view = _View(_once(records))
    except TooManyLines:
        lines = sum(len(record.lines) for record in records)
        message = (
            f"the {len(records)} photos of this item show {lines} lines, too many to compare: check --items; "
            "each item needs a folder, a name or rows of its own"
        )
        return unfused_item(item, records, Error.of("too_many_photos", message), case)
    marks, reading = read_marks(view.lines, view.codes, knowledge)
    serial, conflicts = _serial(view, reading)
    values = _values(view, marks, knowledge)
    conflicts += _mark_conflicts(values)
    conflicts += [
        Conflict(
            field=f"case.{name}",
            message=f"the table gives {' and '.join(several)} for {name}: correct the table",
            values=tuple(ItemAlternative(value=value, confidence=1.0) for value in several),
        )
        for name, several in (case or {}).items()
        if len(several) > 1
    ]
    found = msgspec.structs.replace(
        blank,
        serial=serial,
        item_class=_classes(marks, knowledge),
        **{field: _first(values, kind) for field, kind in _ONE.items()},
        manufacturer_assessed=tuple(
            Assessment(value=one.name, confidence=one.share, reasons=one.reasons)
            for one in assess_maker(marks, reading, knowledge)
        ),
        **{
            field: tuple(value for kind in kinds for value in values.get(kind, ()))
            for field, kinds in _MANY.items()
        },
        conflicts=tuple(conflicts),
        warnings=_warnings(conflicts, blank),
    )
    return msgspec.structs.replace(found, missing=missing_of(found))


def _once(records: Sequence[PhotoRecord]) -> list[PhotoRecord]:
    """The records; copies of a photo say nothing that it does not say, and keep their places only."""
    seen: set[str] = set()
    once = []
    for record in records:
        sha256 = record.source.sha256
        if sha256 in seen:
            record = PhotoRecord(status=record.status, tool=record.tool, source=record.source)
        elif sha256 is not None:
            seen.add(sha256)
        once.append(record)
    return once


def unfused_item(
    item: str, records: Sequence[PhotoRecord], error: Error,
    case: Mapping[str, Sequence[str]] | None = None,
) -> ItemRecord:  # fmt: skip
    """The record of an item whose photos' records stand but could not be put together."""
    return msgspec.structs.replace(_blank(item, records, case or {}), status="error", error=error)


def _blank(item: str, records: Sequence[PhotoRecord], case: Mapping[str, Sequence[str]]) -> ItemRecord:
    """The item without what its photos show."""
    photos = tuple(map(_photo, records))
    failed = sum(photo.status == "error" for photo in photos)
    return ItemRecord(
        status="error" if failed == len(photos) else "incomplete" if failed else "ok",
        item=item,
        tool=_tool(records),
        photos=photos,
        case={name: values[0] for name, values in case.items()},
    )


@dataclass(frozen=True)
class _Place:
    """A line of the view: the network and the strand that it was made of."""

    network: Network
    strand: Strand


class _View:
    """An item's photos as one document, whose pages are the photos' pages with their lines fused.

    A number that several pages show stands once, on the page where it says most, so that it counts once.

    Attributes:
        lines: fused lines; ids are those of the photos with the photo's number before them.
        codes: distinct codes.
        accepted: match keys of the serials that single photos give beyond doubt.

    Raises:
        TooManyLines: the photos show more text than one item can bear.
    """

    def __init__(self, records: Sequence[PhotoRecord]) -> None:
        self.records = records
        self.accepted = {record.serial.match_key for record in records if record.serial.decision == "accept"}
        if sum(len(line.text) for record in records for line in record.lines) > _MOST_TEXT:
            raise TooManyLines
        strands = [
            Strand(number, line, _cut(line, record))
            for number, record in enumerate(records)
            for line in record.lines
        ]
        self._of: dict[tuple[int, str], _Place] = {
            (strand.photo, strand.line.id): _Place(network, strand)
            for network in fuse_lines(strands)
            for strand in network.strands()
        }
        pages: dict[tuple[int, int], int] = {}
        for number, record in enumerate(records):
            for page in sorted({one.page for one in record.lines} | {one.page for one in record.codes}):
                pages[number, page] = len(pages) + 1
        self.lines = self._lines(pages)
        self.codes: list[Code] = []
        self._codes: dict[tuple[str, str], list[tuple[int, Code]]] = {}
        for number, record in enumerate(records):
            for code in record.codes:
                same = self._codes.setdefault((code.symbology, code.bytes_hex), [])
                if not same:
                    self.codes.append(
                        msgspec.structs.replace(code, id=_id(number, code.id), page=pages[number, code.page])
                    )
                same.append((number, code))

    def place(self, identity: str) -> _Place | None:
        """Where a line of the view comes from; None for a code."""
        photo, _, line = identity.partition(".")
        return self._of.get((int(photo[1:]) - 1, line))

    def evidence(self, ids: Sequence[str], value: str) -> tuple[Evidence, ...]:
        """All places in all photos that show what these lines and codes show."""
        return tuple(self.sight(photo, part) for (photo, _), part in self.places(ids, value).items())

    def places(self, ids: Sequence[str], value: str) -> dict[tuple[int, str], Line | Code]:
        """The same as lines and codes, by photo and id."""
        found: dict[tuple[int, str], Line | Code] = {}
        for identity in ids:
            place = self.place(identity)
            parts: list[tuple[int, Line | Code]]
            if place is None:
                parts = [*self._same_codes(identity)]
            else:
                span = place.network.find(place.strand, value)
                parts = [(strand.photo, strand.line) for strand in place.network.seen(*span)]
            for number, part in parts:
                found.setdefault((number, part.id), part)
        return found

    def sight(self, number: int, part: Line | Code) -> Evidence:
        """One line or code of one photo."""
        source = self.records[number].source
        return Evidence(
            photo=source.path, sha256=source.sha256, id=part.id, polygon=part.polygon, page=part.page,
            raw=part.text, confidence=part.confidence if isinstance(part, Line) else 1.0,
        )  # fmt: skip

    def _same_codes(self, identity: str) -> list[tuple[int, Code]]:
        photo, _, own = identity.partition(".")
        code = next(code for code in self.records[int(photo[1:]) - 1].codes if code.id == own)
        return self._codes[code.symbology, code.bytes_hex]

    def _lines(self, pages: Mapping[tuple[int, int], int]) -> list[Line]:
        """Fused lines in the order of the photos; of equal numbers the one on its best page.

        A line that shows only a part of what another photo shows of the same mark stands back: the rest may
        say what its number is (``NO 11824108`` of ``PART NO 11824108``).
        """
        lines: dict[str, Line] = {}
        networks: dict[str, Network] = {}
        shown: dict[Network, list[str]] = {}
        best: dict[str, tuple[float, int, int]] = {}
        ranks: dict[str, tuple[str, tuple[float, int, int]]] = {}
        for number, record in enumerate(self.records):
            shares = {i: c.confidence for c in reversed(record.serial.candidates) for i in c.evidence}
            for own in record.lines:
                place = self._of.get((number, own.id))
                if place is None:
                    continue
                identity, page = _id(number, own.id), pages[number, own.page]
                line = msgspec.structs.replace(place.network.line(place.strand), id=identity, page=page)
                lines[identity] = line
                networks[identity] = place.network
                shown.setdefault(place.network, []).append(line.text)
                if any(char.isdigit() for char in line.text):
                    key, rank = match_key(line.text), (shares.get(own.id, 0.0), len(record.lines), -page)
                    ranks[identity] = key, rank
                    best[key] = max(best.get(key, rank), rank)

        def stands_back(identity: str, line: Line) -> bool:
            if identity not in ranks:
                return False
            key, rank = ranks[identity]
            others = shown[networks[identity]]
            return rank != best[key] or any(line.text in other and line.text != other for other in others)

        return [line for identity, line in lines.items() if not stands_back(identity, line)]


def _id(photo: int, identity: str) -> str:
    return f"P{photo + 1}.{identity}"


def _photo(record: PhotoRecord) -> ItemPhoto:
    return ItemPhoto(
        path=record.source.path, sha256=record.source.sha256, status=record.status,
        error=record.error.code if record.error is not None else None, serial=record.serial.value,
    )  # fmt: skip


def _tool(records: Sequence[PhotoRecord]) -> Tool:
    """The program as a photo that was read names it: the record of a failure may lack the models."""
    return max((record.tool for record in records), key=lambda tool: len(tool.models))


def _cut(line: Line, record: PhotoRecord) -> tuple[bool, bool]:
    """Whether a line's start and end lie within a character's height of the photo's edge.

    Unknown, and so not, on all pages but the first, since the source names the size of that one only.
    """
    width, height = record.source.width, record.source.height
    if line.page != 1 or len(line.polygon) < 4 or width is None or height is None:
        return False, False
    count = len(line.polygon)
    tall = line.glyph_height_px or 0.0
    # Clockwise from the top left: the start is the first and the last corner, the end the two in the middle.
    ends = (
        (line.polygon[0], line.polygon[-1]),
        (line.polygon[count // 2 - 1], line.polygon[count // 2]),
    )
    start, end = (
        any(x < tall or y < tall or x > width - tall or y > height - tall for x, y in corners)
        for corners in ends
    )
    return start, end


def _serial(view: _View, reading: SerialReading) -> tuple[ItemSerial, list[Conflict]]:
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
    characters = alone[1] if alone is not None and first is alone[0] else _characters(view.lines, first)
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


def _by_photos(view: _View, candidates: Sequence[SerialCandidate]) -> list[SerialCandidate]:
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


def _taken_alone(view: _View, candidate: SerialCandidate) -> bool:
    """Whether a photo or a code takes this number for the serial by itself."""
    own = {
        (number, identity)
        for number, record in enumerate(view.records)
        if record.serial.value is not None
        for identity in record.serial.candidates[0].evidence
    }
    return not own.isdisjoint(view.places(candidate.evidence, candidate.value))


def _surest_alone(view: _View) -> tuple[SerialCandidate, tuple[Glyph, ...]] | None:
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
    glyphs = _characters(view.records[number].lines, best)
    ids = tuple(_id(number, identity) for identity in best.evidence)
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


def _candidate(view: _View, candidate: SerialCandidate) -> ItemAlternative:
    return ItemAlternative(
        value=candidate.value, confidence=candidate.confidence, match_key=match_key(candidate.value),
        rule=candidate.rule, evidence=view.evidence(candidate.evidence, candidate.value),
    )  # fmt: skip


def _characters(lines: Sequence[Line], candidate: SerialCandidate) -> tuple[Glyph, ...]:
    by_id = {line.id: line for line in lines}
    for identity in candidate.evidence:
        line = by_id.get(identity)
        if line is not None and candidate.value in line.text:
            start = line.text.index(candidate.value)
            return line.characters[start : start + len(candidate.value)]
    return ()


def _seen(view: _View, candidate: SerialCandidate) -> list[tuple[Network, tuple[int, int]]]:
    """Networks that hold the candidate's value, and where."""
    found = []
    for identity in candidate.evidence:
        place = view.place(identity)
        if place is not None and candidate.value in place.network.text:
            found.append((place.network, place.network.find(place.strand, candidate.value)))
    return found


def _disagreeing_photos(view: _View, first: SerialCandidate) -> list[Conflict]:
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
    return [_conflict("serial", message, [_candidate(view, first), *values])]


def _rivals(view: _View, first: SerialCandidate) -> list[Conflict]:
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
        evidence = view.evidence([_id(number, identity) for identity in own.evidence], own.value)
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
        _conflict(
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


def _disagreeing_codes(view: _View, first: SerialCandidate) -> list[Conflict]:
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
    return [_conflict("serial", message, [_candidate(view, first), *others])]


def _conflict(field: str, message: str, values: Sequence[ItemAlternative]) -> Conflict:
    shown = "; ".join(
        f"{value.value} in {', '.join(dict.fromkeys(seen.photo for seen in value.evidence))}"
        for value in values
    )
    return Conflict(field=field, message=f"{message}: {shown}", values=tuple(values))


def _values(view: _View, marks: Sequence[Mark], knowledge: Knowledge) -> dict[str, list[ItemValue]]:
    """The distinct marks of every kind, surest first; other marks with digits are of the kind ``number``."""
    found: dict[tuple[str, str], ItemValue] = {}
    for mark in sorted(marks, key=lambda mark: -mark.confidence):
        value = ItemValue(
            kind=mark.kind, value=mark.value, raw=mark.raw, match_key=mark.match_key,
            confidence=mark.confidence, rule=mark.rule, row=mark.row, candidates=mark.candidates,
            evidence=view.evidence(mark.evidence, mark.raw),
            importer=importer_of(mark.value, knowledge) if mark.kind == "importer" else None,
        )  # fmt: skip
        key = (mark.kind, mark.row if mark.row and mark.kind in _BY_ROW else mark.match_key or mark.value)
        if key in found:
            both = dict.fromkeys((*found[key].evidence, *value.evidence))
            value = msgspec.structs.replace(found[key], evidence=tuple(both))
        found[key] = value
    values: dict[str, list[ItemValue]] = {}
    for (kind, _), value in found.items():
        is_number = kind == "other" and any(char.isdigit() for char in value.value)
        values.setdefault("number" if is_number else kind, []).append(value)
    return values


def _classes(marks: Sequence[Mark], knowledge: Knowledge) -> tuple[Assessment, ...]:
    """What types of item the models marked are; several if a model's name is that of several types."""
    found: dict[str, tuple[float, list[str]]] = {}
    for mark in marks:
        rows = [mark.row] if mark.row else [candidate.row for candidate in mark.candidates]
        for row in rows if mark.kind == "model" else ():
            if row in knowledge.models:
                name = knowledge.models[row].item_class
                sure, reasons = found.get(name, (0.0, []))
                reason = f"model {mark.value}"
                found[name] = (
                    max(sure, mark.confidence / len(rows)),
                    [*reasons, *([] if reason in reasons else [reason])],
                )
    ranked = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple(
        Assessment(value=name, confidence=round(sure, 4), reasons=tuple(reasons))
        for name, (sure, reasons) in ranked
    )


def _first(values: Mapping[str, Sequence[ItemValue]], kind: str) -> ItemValue | None:
    """The surest value of a kind, with the others as its alternatives."""
    if kind not in values:
        return None
    first, *others = values[kind]
    return msgspec.structs.replace(first, alternatives=tuple(map(_alternative, others)))


def _alternative(value: ItemValue) -> ItemAlternative:
    return ItemAlternative(
        value=value.value, confidence=value.confidence, match_key=value.match_key, rule=value.rule,
        evidence=value.evidence,
    )  # fmt: skip


def _mark_conflicts(values: Mapping[str, Sequence[ItemValue]]) -> list[Conflict]:
    """Fields with one value of which photos show several; two on the same photo may both be true."""
    conflicts = []
    for field, kind in _ONE.items():
        likely = [value for value in values.get(kind, ()) if value.confidence >= _LIKELY]
        for other in likely[1:]:
            first = likely[0]
            shared = {seen.photo for seen in first.evidence} & {seen.photo for seen in other.evidence}
            if not shared and not _one_in_other(first.match_key, other.match_key):
                both = [_alternative(first), _alternative(other)]
                conflicts.append(_conflict(field, "photos differ", both))
    return conflicts


def _of_two_items(conflict: Conflict) -> bool:
    """Whether serials or models differ too much for misreadings."""
    first, *others = (value.match_key or "" for value in conflict.values)
    return conflict.field in ("serial", "model") and any(
        other and fuzz.ratio(first, other) < _ALIKE for other in others
    )


def _one_in_other(one: str, other: str) -> bool:
    """Whether one may be the other, seen in part."""
    return one in other or other in one


def _warnings(conflicts: Sequence[Conflict], item: ItemRecord) -> tuple[Warning_, ...]:
    warnings = []
    several = [conflict for conflict in conflicts if conflict.field == "uii" or _of_two_items(conflict)]
    if several:
        message = "; ".join(conflict.message for conflict in several)
        warnings.append(
            Warning_.of(
                "two_items",
                f"{message}. If these are two items, keep their photos apart and scan again.",
            )
        )
    failed = sum(photo.status == "error" for photo in item.photos)
    hashes = [photo.sha256 for photo in item.photos if photo.sha256 is not None]
    copies = len(hashes) - len(set(hashes))
    if copies:
        message = f"{copies} of {len(item.photos)} photos are copies of others: each photo counts once"
        warnings.append(Warning_.of("copies", message))
    if failed:
        message = (
            f"{failed} of {len(item.photos)} photos could not be read: see their records, photograph again"
        )
        warnings.append(Warning_.of("photos_failed", message))
    return tuple(warnings)
