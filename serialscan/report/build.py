"""From records and ledger entries to what a report shows; opens no file and no picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from serialscan.case.decisions import Decided, EntryName, Key, key_of, plain_value
from serialscan.case.decisions import Standing as Opinion
from serialscan.case.read import Place
from serialscan.photo.crops import places_in_crop
from serialscan.pictures.words import sign_text
from serialscan.record import (
    Evidence,
    Glyph,
    ItemRecord,
    ItemValue,
    Line,
    Mark,
    PhotoRecord,
    Warning_,
)
from serialscan.report.matches import matches_of
from serialscan.report.model import (
    Character,
    Field,
    Item,
    Match,
    Other,
    Outline,
    Photo,
    Picture,
    Reading,
    Row,
    Said,
    Standing,
    Told,
)
from serialscan.webpage import sure

DOUBTFUL = 0.95
"""Characters with less confidence are marked: of seven such one in three readings would be wrong."""

_LEAST_OTHER = 0.005  # confidence from which another character is named
_MOST_OTHERS = 4
_SERIAL_READINGS = 3  # of an item: in how many photos its serial is shown
_MOST_CANDIDATES = 6
_LEAST_CANDIDATE = 0.01  # confidence from which another number is named
_MOST_REST = 60  # lines without a meaning that are listed for an item

_ITEM_FIELDS = {
    "manufacturer_marked": "maker", "model": "model", "calibre": "calibre",
    "country_of_manufacture": "country", "importer": "importer", "nsn": "stock number", "uii": "UII",
    "import_marks": "import mark", "property_marks": "property mark", "factory_marks": "factory mark",
    "proof_marks": "proof mark", "other_numbers": "other number", "markings": "marking",
}  # fmt: skip
_KINDS = {
    "manufacturer": "maker", "nsn": "stock number", "uii": "UII", "cage": "CAGE code",
    "property": "property mark", "other": "marking",
}  # fmt: skip
ANSWERS = {
    "read": "read", "unreadable": "unreadable", "no_serial": "no serial in this picture",
    "removed_or_altered": "removed or altered", "not_a_weapon": "not a weapon",
    "ask": "somebody else is asked",
}  # fmt: skip
# What stands for an item none of whose photos was read: the answer that says most about it.
_STRONGEST = ("removed_or_altered", "unreadable", "not_a_weapon", "no_serial")
_ROLES = {"first": "first reviewer", "second": "second reviewer", "third": "settles what differs",
          "audit": "sample of accepted serials"}  # fmt: skip
_MODES = {"type_first": "typed before the program's reading was shown",
          "assist": "with the program's reading shown"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A photo of a unit.

    Attributes:
        path: as in its record, or as its item names it.
        sha256: of the file.
        record: of the photo; None if only its item is known.
        names: other names of the same content.
        entry: number of its record in the ledger, in words; empty without a case.
        place: of its record in the ledger, or None.
    """

    path: str
    sha256: str | None
    record: PhotoRecord | None
    names: tuple[str, ...] = ()
    entry: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """What belongs together: an item with its photos, or a photo that belongs to no item.

    Attributes:
        number: its place in the report, from 1.
        item: the record of the item, or None.
        parts: its photos.
        lines: the records as they were written, in which later parts of the program may have put more.
        decided: all decisions on its photos, in the order of the ledger.
        opinions: what stands, by photo and target.
        facts: set by a person, as name and value.
        log: what happened to it, one sentence each.
        matches: from the ledger.
        entry: number of the item's record in the ledger, in words.
        boxes: what people drew boxes around, by the decision.
    """

    number: int
    item: ItemRecord | None
    parts: tuple[Part, ...]
    lines: tuple[bytes, ...]
    decided: tuple[Decided, ...] = ()
    opinions: Mapping[Key, Opinion] = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()
    log: tuple[str, ...] = ()
    matches: tuple[Match, ...] = ()
    entry: str = ""
    boxes: Mapping[EntryName, Picture] = field(default_factory=dict)


def item_of(unit: Unit) -> Item:
    """What a report shows of a unit, without pictures."""
    item, first = unit.item, unit.parts[0].record if unit.parts else None
    serial = item.serial if item is not None else first.serial if first is not None else None
    error = item.error if item is not None else first.error if first is not None else None
    machine = serial.value if serial is not None else None
    verdict = verdict_of(unit)
    standing: Standing = (
        "decided" if verdict.decided
        else "review" if verdict.open
        else "error" if error is not None or serial is None
        else serial.decision
    )  # fmt: skip
    readings, rest = _readings(unit)
    doubts = any(
        one.doubtful for reading in readings if reading.of_serial for one in reading.characters
    ) or "?" in (machine or "")
    told = ""
    if serial is not None and machine is not None:
        told = f"confidence {sure(serial.confidence)}, decision {serial.decision}"
        told += f", {serial.status}" if serial.status != "readable" else ""
    elif serial is not None and error is None:
        told = "serials in conflict" if serial.status == "conflict" else "no serial found"
    return Item(
        number=unit.number,
        title=item.item if item is not None else unit.parts[0].path,
        is_photo=item is None,
        standing=standing,
        serial=verdict.value if verdict.decided else machine,
        decided=verdict.told,
        machine=machine,
        machine_told=told,
        confidence=serial.confidence if serial is not None else 0.0,
        doubts=doubts,
        differ=verdict.differ,
        photos=tuple(
            _photo(part, [one for one in readings if one.photo == number], item, _drawn(unit, part))
            for number, part in enumerate(unit.parts)
        ),
        readings=readings,
        rest=rest,
        fields=_fields(unit),
        candidates=_candidates(unit),
        conflicts=tuple(Told(one.field, one.message) for one in item.conflicts) if item is not None else (),
        missing=tuple(Told(one.field, f"{one.message} ({', '.join(one.asked_by)})") for one in item.missing)
        if item is not None
        else (),
        errors=_errors(unit),
        warnings=_warnings(unit),
        facts=(*unit.facts, *(item.case.items() if item is not None else ())),
        decisions=_said(unit),
        matches=unit.matches or _matches(unit),
        log=unit.log,
        made=_made(unit),
    )


def row_of(item: Item) -> Row:
    """What the summary and the index know of an item."""
    words = [item.title, item.serial or "", item.machine or "", item.decided]
    words += [text for photo in item.photos for text in (photo.path, *photo.names, photo.sha256 or "")]
    words += [field.value for field in item.fields]
    words += [decision.who for decision in item.decisions]
    told = item.decided or item.machine_told or (item.errors[0].message if item.errors else "")
    return Row(
        number=item.number, title=item.title, standing=item.standing, serial=item.serial,
        machine=item.machine, confidence=item.confidence, told=told, doubts=item.doubts, differ=item.differ,
        conflicts=item.conflicts, missing=item.missing, errors=item.errors, warnings=item.warnings,
        matched=any(match.entries for match in item.matches),
        words=" ".join(dict.fromkeys(word for word in words if word)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What people say of the serial of a unit."""

    decided: bool = False
    value: str | None = None
    told: str = ""
    open: bool = False
    differ: bool = False


def verdict_of(unit: Unit) -> Verdict:
    """What people say of the serial of a unit, from all decisions on its photos."""
    said = {
        part.path: unit.opinions.get((part.sha256 or f"path {part.path}", "serial")) for part in unit.parts
    }
    opinions = [one for one in said.values() if one is not None]
    if any(one.state == "differs" for one in opinions):
        names = " and ".join(
            dict.fromkeys(
                f"{each.decision.person['name']} ({_answer(each)})"
                for one in opinions
                if one.state == "differs"
                for each in one.opinions
            )
        )
        return Verdict(told=f"reviewers differ: {names}", open=True, differ=True)
    stands = [one.decided for one in opinions if one.decided is not None]
    reads = [one for one in stands if one.decision.answer == "read"]
    if len({plain_value(one.decision.value) for one in reads}) > 1:
        values = " and ".join(dict.fromkeys(str(one.decision.value) for one in reads))
        return Verdict(told=f"decided differently on its photos: {values}", open=True, differ=True)
    if reads:
        return Verdict(decided=True, value=reads[0].decision.value, told=f"decided {_by(reads)}")
    asked = [one for one in stands if one.decision.answer == "ask"]
    if asked:
        return Verdict(told=f"{ANSWERS['ask']}, {_by(asked)}", open=True)
    read = [part for part in unit.parts if part.record is None or part.record.error is None]
    if stands and all(said[part.path] is not None for part in read):
        answer = next(one for one in _STRONGEST if any(each.decision.answer == one for each in stands))
        of = [one for one in stands if one.decision.answer == answer]
        return Verdict(decided=True, told=f"{ANSWERS[answer]}, decided {_by(of)}")
    return Verdict()


def _by(some: Sequence[Decided]) -> str:
    return "by " + ", ".join(
        dict.fromkeys(f"{one.decision.person['name']}, {clock(one.time)}" for one in some)
    )


def _answer(one: Decided) -> str:
    return one.decision.value or ANSWERS.get(str(one.decision.answer), "")


def clock(time: str) -> str:
    """A time of the ledger as people read it; the ledger has UTC."""
    try:
        return datetime.fromisoformat(time).strftime("%Y-%m-%d %H:%M") + " UTC"
    except ValueError:
        return time


def _said(unit: Unit) -> tuple[Said, ...]:
    gone = {one.decision.undoes for one in unit.decided if one.decision.undoes is not None}
    told = []
    for one in unit.decided:
        decision = one.decision
        opinion = unit.opinions.get(key_of(decision))
        if decision.undoes is not None:
            answer, counts = f"takes entry {decision.undoes.sequence} back", ""
        else:
            answer = ANSWERS.get(str(decision.answer), str(decision.answer))
            if one.name in gone:
                counts = "taken back"
            elif opinion is not None and opinion.decided == one:
                counts = "stands"
            elif opinion is not None and one in opinion.opinions:
                counts = "reviewers differ" if opinion.state == "differs" else "a second opinion"
            else:
                counts = "replaced by a later decision"
        target = decision.target
        what = {"serial": "serial", "mark": _kind(target.means), "box": f"{_kind(target.means)}, box drawn"}
        shown = {"original": "the original", "preview": "the small picture", "none": "no picture"}
        how = [_ROLES[decision.role], _MODES[decision.mode], f"looked at {shown[decision.shown.picture]}"]
        how += [f"with {', '.join(decision.shown.enhancements)}"] if decision.shown.enhancements else []
        told.append(
            Said(
                what=what[target.kind], photo=decision.path, answer=answer, value=decision.value or "",
                typed=decision.typed, machine=decision.machine.value or "nothing",
                who=_person(decision.person), time=clock(one.time), how="; ".join(how),
                why=" / ".join(filter(None, (decision.reason, decision.note))), counts=counts,
                entry=str(one.name.sequence), box=unit.boxes.get(one.name),
            )
        )  # fmt: skip
    return tuple(told)


def _person(person: Mapping[str, str]) -> str:
    more = [person[key] for key in ("role", "badge") if person.get(key)]
    return person["name"] + (f" ({', '.join(more)})" if more else "")


def _kind(kind: str) -> str:
    return _KINDS.get(kind, kind.replace("_", " "))


def _readings(unit: Unit) -> tuple[tuple[Reading, ...], tuple[str, ...]]:
    """The lines and codes that mean something, that of the serial first; the others as texts."""
    found: list[Reading] = []
    rest: list[str] = []
    wanted = _wanted(unit) if unit.item is not None else None
    for number, part in enumerate(unit.parts):
        record = part.record
        if record is None:
            found += _from_item(number, part, unit.item, wanted or {})
            continue
        serial = record.serial.candidates[0].evidence if record.serial.candidates else ()
        means: dict[str, list[str]] = {}
        for mark in record.marks:
            for name in mark.evidence:
                means.setdefault(name, []).append(f"{_kind(mark.kind)} {mark.value}")
        if wanted is None:
            chosen, of_serial = {*serial, *means}, set(serial)
        else:
            chosen = {name for path, name in wanted if path == part.path}
            of_serial = {name for name in chosen if wanted[part.path, name]}
        for line in record.lines:
            if line.id in chosen:
                how = list(line.how)
                how += [f"page {line.page}"] if line.page > 1 else []
                found.append(
                    Reading(
                        photo=number, id=line.id, text=line.text, how=", ".join(how),
                        confidence=line.confidence, means=tuple(dict.fromkeys(means.get(line.id, ()))),
                        of_serial=line.id in of_serial, characters=characters_of(line),
                    )
                )  # fmt: skip
            elif line.id not in means:
                rest.append(line.text)
        found += [
            Reading(
                photo=number, id=code.id, text=code.text, how=code.symbology, confidence=None,
                means=tuple(dict.fromkeys(means.get(code.id, ()))), of_serial=code.id in of_serial,
            )
            for code in record.codes
        ]  # fmt: skip
        found += [
            Reading(
                photo=number, id=sign.id, text=sign_text(sign), how="sign", confidence=sign.confidence,
                means=tuple(dict.fromkeys(means.get(sign.id, ()))), of_serial=False,
            )
            for sign in record.signs
        ]  # fmt: skip
    found.sort(key=lambda one: (not one.of_serial, one.confidence is None))
    kept = tuple(dict.fromkeys(rest))
    more = (f"and {len(kept) - _MOST_REST} more lines: see the records",) if len(kept) > _MOST_REST else ()
    return tuple(found), kept[:_MOST_REST] + more


def _values(item: ItemRecord) -> Iterable[tuple[str, ItemValue]]:
    for of, name in _ITEM_FIELDS.items():
        value = getattr(item, of)
        for one in value if isinstance(value, tuple) else (value,) if value is not None else ():
            yield (_kind(one.kind) if isinstance(value, tuple) else name), one


def _wanted(unit: Unit) -> dict[tuple[str, str], bool]:
    """Of an item the places that are shown, by path and id, and whether its serial stands there."""
    assert unit.item is not None
    surest = sorted(unit.item.serial.evidence, key=lambda one: -one.confidence)[:_SERIAL_READINGS]
    wanted = {(one.photo, one.id): True for one in surest}
    for _, value in _values(unit.item):
        for one in sorted(value.evidence, key=lambda one: -one.confidence)[:1]:
            wanted.setdefault((one.photo, one.id), False)
    return wanted


def _from_item(
    number: int, part: Part, item: ItemRecord | None, wanted: Mapping[tuple[str, str], bool]
) -> list[Reading]:
    """What an item's record tells of a photo whose own record is not there."""
    evidence: dict[str, tuple[Evidence, list[str]]] = {}
    if item is not None:
        for one in item.serial.evidence:
            evidence.setdefault(one.id, (one, []))[1].append("serial") if one.photo == part.path else None
        for name, value in _values(item):
            for one in value.evidence:
                if one.photo == part.path:
                    evidence.setdefault(one.id, (one, []))[1].append(f"{name} {value.value}")
    return [
        Reading(
            photo=number, id=one.id, text=one.raw, how=f"page {one.page}" if one.page > 1 else "",
            confidence=one.confidence, means=tuple(dict.fromkeys(means)), of_serial=wanted[part.path, one.id],
        )
        for one, means in evidence.values()
        if (part.path, one.id) in wanted
    ]  # fmt: skip


def characters_of(line: Line) -> tuple[Character, ...]:
    """The characters of a line with their places in its crop."""
    return tuple(
        _character(glyph, place)
        for glyph, place in zip(line.characters, places_in_crop(line), strict=True)
        if glyph.char
    )


def _character(glyph: Glyph, place: float | None) -> Character:
    others = sorted(glyph.alternatives, key=lambda one: -one.confidence)
    return Character(
        char=glyph.char, confidence=glyph.confidence, place=place, doubtful=glyph.confidence < DOUBTFUL,
        others=tuple(
            Other(one.char or "no character", one.confidence)
            for one in others
            if one.confidence >= _LEAST_OTHER
        )[:_MOST_OTHERS],
    )  # fmt: skip


def _drawn(unit: Unit, part: Part) -> tuple[Outline, ...]:
    """The boxes of decisions that stand, on the first page of a photo."""
    return tuple(
        Outline(
            f"entry {one.name.sequence}",
            one.decision.target.polygon,
            one.decision.target.kind == "serial",
            True,
        )
        for one in unit.decided
        if (one.decision.photo or one.decision.path) == (part.sha256 or part.path)
        and (target := one.decision.target).polygon
        and target.page == 1
        and (opinion := unit.opinions.get(key_of(one.decision))) is not None
        and opinion.decided == one
    )


def _photo(
    part: Part, readings: Sequence[Reading], item: ItemRecord | None, drawn: tuple[Outline, ...]
) -> Photo:
    record = part.record
    if record is None:
        error = next(
            (str(one.error) for one in item.photos if one.path == part.path and one.status == "error"), ""
        ) if item is not None else ""  # fmt: skip
        return Photo(part.path, part.names, part.sha256, (), None, (), error)
    source = record.source
    facts = [
        ("bytes", f"{source.bytes:,}".replace(",", " ") if source.bytes is not None else ""),
        ("format", source.format or ""),
        ("size", f"{source.width} x {source.height} px" if source.width else ""),
        ("pages", str(source.pages) if source.pages > 1 else ""),
        ("taken", source.captured_at or ""),
        ("camera", source.camera or ""),
        ("position", f"{source.gps.latitude:.6f}, {source.gps.longitude:.6f}" if source.gps else ""),
        ("name as bytes", source.path_bytes_hex or ""),
    ]
    polygons = {line.id: (line.polygon, line.page) for line in record.lines}
    polygons |= {code.id: (code.polygon, code.page) for code in record.codes}
    polygons |= {sign.id: (sign.polygon, sign.page) for sign in record.signs}
    return Photo(
        path=part.path, names=part.names, sha256=part.sha256,
        facts=tuple((name, value) for name, value in facts if value),
        size=(source.width, source.height) if source.width and source.height else None,
        outlines=tuple(
            Outline(one.id, polygons[one.id][0], one.of_serial)
            for one in readings
            if polygons[one.id][1] == 1 and len(polygons[one.id][0]) > 2
        )
        + drawn,
        error=record.error.message if record.error is not None else "",
    )  # fmt: skip


def _fields(unit: Unit) -> tuple[Field, ...]:
    item = unit.item
    if item is None:
        return tuple(
            Field(
                _kind(mark.kind), mark.value, _sure(mark.confidence, mark.value, mark.raw),
                meanings=_meanings(mark),
            )
            for part in unit.parts
            if part.record is not None
            for mark in part.record.marks
            if mark.kind != "serial"
        )  # fmt: skip
    found = [
        Field(
            name, value.value, _sure(value.confidence, value.value, value.raw),
            tuple(dict.fromkeys(one.value for one in value.alternatives if one.value != value.value)),
            _meanings(value),
        )
        for name, value in _values(item)
    ]  # fmt: skip
    for title, assessed in (("maker, by the marks", item.manufacturer_assessed), ("type", item.item_class)):
        found += [Field(title, one.value, f"confidence {sure(one.confidence)}") for one in assessed[:3]]
    return tuple(found)


def _meanings(mark: Mark | ItemValue) -> tuple[str, ...]:
    """What an ambiguous mark may mean."""
    return tuple(dict.fromkeys(one.value for one in mark.candidates if one.value != mark.value))


def _sure(confidence: float, value: str, raw: str) -> str:
    return f"confidence {sure(confidence)}" + (f", read as {raw}" if value not in raw else "")


def _candidates(unit: Unit) -> tuple[Field, ...]:
    """Rivals of the serial: what else may be the number."""
    if unit.item is not None:
        rivals = [(one.value, one.confidence) for one in unit.item.serial.candidates]
        chosen = unit.item.serial.value
    else:
        record = unit.parts[0].record
        rivals = (
            [(one.value, one.confidence) for one in record.serial.candidates] if record is not None else []
        )
        chosen = record.serial.value if record is not None else None
    return tuple(
        Field("candidate", value, f"confidence {sure(confidence)}")
        for value, confidence in rivals[:_MOST_CANDIDATES]
        if value != chosen and confidence >= _LEAST_CANDIDATE
    )


def _matches(unit: Unit) -> tuple[Match, ...]:
    """Matches in the record of the item, or if there are none in those of its photos."""
    found = [matches_of(line) for line in unit.lines]
    if unit.item is not None and found[0]:
        return found[0]
    return tuple(match for some in found for match in some)


def _errors(unit: Unit) -> tuple[Told, ...]:
    told = [Told(unit.item.error.code, unit.item.error.message)] if unit.item and unit.item.error else []
    for part in unit.parts:
        if part.record is not None and part.record.error is not None:
            error = part.record.error
            told.append(Told(error.code, _of(unit, part, error.message)))
    return tuple(told)


def _warnings(unit: Unit) -> tuple[Told, ...]:
    found: dict[str, Told] = {}

    def add(warning: Warning_, message: str) -> None:
        found.setdefault(message, Told(warning.code, message))

    conflicts = [one.message for one in unit.item.conflicts] if unit.item is not None else []
    for warning in unit.item.warnings if unit.item is not None else ():
        if not any(warning.message.startswith(message) for message in conflicts):
            add(warning, warning.message)
    for part in unit.parts:
        for warning in part.record.warnings if part.record is not None else ():
            add(warning, _of(unit, part, warning.message))
    return tuple(found.values())


def _of(unit: Unit, part: Part, message: str) -> str:
    return f"{PurePosixPath(part.path).name}: {message}" if unit.item is not None else message


def _made(unit: Unit) -> tuple[tuple[str, str], ...]:
    """By which program each record was made, and where it stands."""
    told = [(f"record of {part.path}", part.entry) for part in unit.parts if part.entry]
    told += [("record of the item", unit.entry)] if unit.entry else []
    records = [unit.item, *(part.record for part in unit.parts)]
    tools = dict.fromkeys(
        f"{one.tool.name} {one.tool.version}, settings {one.tool.settings_digest}" for one in records if one
    )
    return (*told, *(("read by", tool) for tool in tools))
