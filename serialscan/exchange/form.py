"""One item as the row of a trace form: what stands, and beside it what the program read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from serialscan.case.decisions import plain_value
from serialscan.record import ItemValue, MarkKind
from serialscan.report.build import Unit
from serialscan.report.model import STANDINGS, Item

SEPARATOR = " | "
"""Between several values of one field."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the form.

    Attributes:
        name: for programs.
        label: for people.
        told: what stands in it.
        part: number of the item in part V of ATF form 3312.1, if it asks for this.
    """

    name: str
    label: str
    told: str
    part: str = ""


# Part V of ATF form 3312.1 in its order, then what other forms ask (International Tracing Instrument,
# Firearms Protocol, EU 2021/555), then what the program and its reviewers did.
COLUMNS = (
    Column("item", "Item", "name of the item, or path of a photo that belongs to none"),
    Column("serial", "Serial number (from frame or receiver)",
           "what a reviewer read, or else what the program read; empty if there is none", "5a"),
    Column("serial_status", "Serial status",
           "readable, partial, conflict or not_found by the program; or the answer of a reviewer", "5b"),
    Column("manufacturer", "Firearms manufacturer", "as it is marked", "5c"),
    Column("item_class", "Type", "by its marks, or as the table of items names it", "5d"),
    Column("calibre", "Caliber", "as it is marked", "5e"),
    Column("model", "Model", "as it is marked", "5f"),
    Column("country_of_manufacture", "Country of origin", "as it is marked", "5g"),
    Column("importer", "Importer", "name and place as they are marked", "5h"),
    Column("markings", "Additional markings", "dates, selectors and others", "5i"),
    Column("import_marks", "Import marks", "all that were read"),
    Column("proof_marks", "Proof marks", "in letters and digits"),
    Column("property_marks", "Property marks", "of states and forces"),
    Column("factory_marks", "Factory marks", "in letters and digits"),
    Column("other_numbers", "Other numbers", "of components, parts, contracts; CAGE codes; tags"),
    Column("nsn", "NATO stock number", "as it is marked"),
    Column("uii", "Unique item identifier", "of a machine-readable code"),
    Column("number_altered", "Number removed or altered", "a fact that a person set"),
    Column("state", "State", "who stands for the serial: a person, the program, or nobody yet"),
    Column("decided", "Decided", "by whom and when"),
    Column("machine_serial", "Serial read by the program", "also where a reviewer read another"),
    Column("machine_confidence", "Confidence of the program", "that its serial is right and whole, 0 to 1"),
    Column("machine_decision", "Decision of the program", "accept, review or none"),
    Column("machine_values", "Marks that a reviewer changed", "field: what the program had read"),
    Column("other_serials", "Other readings of the serial", "that the program holds possible"),
    Column("differences", "Differences", "between photos, between reviewers"),
    Column("missing", "Missing for a trace", "what forms ask for and no photo shows"),
    Column("warnings", "Warnings", "what the program could not do, and what to photograph again"),
    Column("errors", "Errors", "why photos were not read"),
    Column("facts", "Facts", "name: value, as a person set them or the table of items holds them"),
    Column("photos", "Photos", "paths"),
    Column("sha256", "SHA-256 of the photos", "in the order of the photos; a dash where it is not known"),
    Column("taken", "Photos taken", "by the camera, in the order of the photos; a dash where unknown"),
    Column("tool", "Read by", "program, version and digest of its settings"),
)  # fmt: skip

POSITIONS = Column(
    "positions", "Positions of the photos", "latitude, longitude (WGS 84), in the order of the photos"
)
"""Only where places were asked for."""

_OF_KIND: Mapping[str, str] = {
    "manufacturer": "manufacturer", "model": "model", "calibre": "calibre",
    "country": "country_of_manufacture", "importer": "importer", "nsn": "nsn", "uii": "uii",
    "property": "property_marks", "factory_mark": "factory_marks", "proof": "proof_marks",
    "component_serial": "other_numbers", "part_number": "other_numbers", "contract": "other_numbers",
    "cage": "other_numbers", "evidence_tag": "other_numbers",
    "date": "markings", "selector": "markings", "other": "markings",
}  # fmt: skip
_ONE = {
    "manufacturer": "manufacturer_marked", "calibre": "calibre", "model": "model",
    "country_of_manufacture": "country_of_manufacture", "importer": "importer", "nsn": "nsn", "uii": "uii",
}  # fmt: skip
_MANY = ("import_marks", "proof_marks", "property_marks", "factory_marks", "other_numbers", "markings")
_TYPE_COLUMNS = ("type", "item_class", "item class")


@dataclass(frozen=True, slots=True)
class Said:
    """What reviewers say of marks: of each field what they read and what that replaces."""

    read: Mapping[str, tuple[str, ...]]
    replaced: Mapping[str, tuple[str, ...]]
    differ: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The row of one item: the values of each column, none for what is not known."""

    values: Mapping[str, tuple[str, ...]]

    def text(self, name: str) -> str:
        """A field as one text."""
        return SEPARATOR.join(self.values.get(name, ()))


def columns(gps: bool) -> tuple[Column, ...]:
    """The columns of a form, with or without positions."""
    return (*COLUMNS, POSITIONS) if gps else COLUMNS


def form_of(unit: Unit, item: Item) -> Form:
    """The form of a unit; ``item`` is what a report shows of it."""
    said = said_of(unit)
    values: dict[str, Iterable[str]] = {
        **_marks(unit, said), "item": [item.title], "serial": [item.serial or ""],
        "serial_status": [_status(unit, item)], "item_class": _classes(unit),
        "number_altered": [value for name, value in item.facts if name == "number_altered"],
        "state": [STANDINGS[item.standing]], "decided": [item.decided],
        "machine_serial": [item.machine or ""],
        "machine_confidence": [f"{item.confidence:.4f}"] if item.machine is not None else [],
        "machine_decision": [_decision(unit)],
        "machine_values": [f"{field}: {value}" for field, some in said.replaced.items() for value in some],
        "other_serials": [one.value for one in item.candidates],
        "differences": [*(one.message for one in item.conflicts), *said.differ],
        "missing": [one.message for one in item.missing],
        "warnings": [one.message for one in item.warnings], "errors": [one.message for one in item.errors],
        "facts": [f"{name}: {value}" for name, value in item.facts],
        "photos": [one.path for one in item.photos], "sha256": [one.sha256 or "-" for one in item.photos],
        "taken": [(part.record.source.captured_at if part.record else None) or "-" for part in unit.parts],
        "tool": dict.fromkeys(
            f"{one.tool.name} {one.tool.version} {one.tool.settings_digest}"
            for one in (unit.item, *(part.record for part in unit.parts))
            if one is not None
        ),
        "positions": _positions(unit),
    }  # fmt: skip
    return Form({name: tuple(value for value in some if value) for name, some in values.items()})


def said_of(unit: Unit) -> Said:
    """What reviewers say of marks other than the serial."""
    read: dict[str, list[str]] = {}
    replaced: dict[str, list[str]] = {}
    differ: list[str] = []
    photos = {part.sha256 or f"path {part.path}" for part in unit.parts}
    for (photo, target), standing in unit.opinions.items():
        if photo not in photos or target == "serial" or not standing.opinions:
            continue
        field = _OF_KIND.get((standing.decided or standing.opinions[0]).decision.target.means)
        if field is None:
            continue
        if standing.decided is None:
            answers = dict.fromkeys(
                str(one.decision.value or one.decision.answer) for one in standing.opinions
            )
            differ.append(f"reviewers differ on {field}: {' and '.join(answers)}")
            continue
        decision = standing.decided.decision
        if decision.answer == "ask":
            continue
        if decision.answer == "read" and decision.value:
            read.setdefault(field, []).append(decision.value)
        machine = decision.machine.value
        if machine and plain_value(machine) != plain_value(decision.value):
            replaced.setdefault(field, []).append(machine)
    return Said(
        {field: tuple(dict.fromkeys(some)) for field, some in read.items()},
        {field: tuple(dict.fromkeys(some)) for field, some in replaced.items()},
        tuple(differ),
    )


def _marks(unit: Unit, said: Said) -> dict[str, list[str]]:
    """Of each field what stands: what a reviewer read comes first, what they replaced is left out."""
    found: dict[str, list[str]] = {}
    if unit.item is not None:
        for field, name in _ONE.items():
            value = getattr(unit.item, name)
            found[field] = [_with_place(value)] if value is not None else []
        for field in _MANY:
            found[field] = [_with_place(value) for value in getattr(unit.item, field)]
    else:
        for part in unit.parts:
            for mark in part.record.marks if part.record is not None else ():
                field = _OF_KIND.get(mark.kind, "")
                if field:
                    found.setdefault(field, []).append(mark.value)
    for field in {*found, *said.read}:
        people = said.read.get(field, ())
        gone = {plain_value(value) for value in said.replaced.get(field, ())}
        machine = [value for value in found.get(field, ()) if plain_value(value) not in gone]
        if people and field in _ONE:
            machine = []
        found[field] = list(dict.fromkeys((*people, *machine)))
    return found


def _with_place(value: ItemValue) -> str:
    """An import mark with its parts, any other as it is."""
    parts = value.importer
    if parts is None:
        return value.value
    words = (parts.name, parts.city, parts.state, parts.country, parts.year)
    return ", ".join(word for word in words if word)


def _status(unit: Unit, item: Item) -> str:
    if item.standing == "decided":
        return "readable" if item.serial is not None else item.decided.partition(", decided ")[0]
    if unit.item is not None:
        return unit.item.serial.status
    record = unit.parts[0].record
    return record.serial.status if record is not None and record.error is None else ""


def _decision(unit: Unit) -> str:
    if unit.item is not None:
        return unit.item.serial.decision
    record = unit.parts[0].record
    return record.serial.decision if record is not None and record.error is None else ""


def _classes(unit: Unit) -> list[str]:
    if unit.item is None:
        return []
    named = [value for name, value in unit.item.case.items() if name.lower() in _TYPE_COLUMNS]
    return named or [one.value for one in unit.item.item_class]


def _positions(unit: Unit) -> list[str]:
    found = [part.record.source.gps if part.record is not None else None for part in unit.parts]
    if not any(found):
        return []
    return [f"{one.latitude:.6f}, {one.longitude:.6f}" if one is not None else "-" for one in found]


def field_of(kind: MarkKind) -> str | None:
    """The column in which marks of a kind stand."""
    return _OF_KIND.get(kind)
