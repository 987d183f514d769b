"""What a person decided on a photo: the fields of such an entry. Needs nothing but Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from serialscan.case.shape import demand_shape

Mode = Literal["type_first", "assist"]
Role = Literal["first", "second", "third", "audit"]
Answer = Literal["read", "unreadable", "no_serial", "removed_or_altered", "not_a_weapon", "ask"]
ShownPicture = Literal["original", "preview", "none"]


@dataclass(frozen=True, kw_only=True)
class EntryName:
    """Names an entry wherever its ledger lies: a merge gives ledgers other numbers."""

    case_id: str
    sequence: int


@dataclass(frozen=True, kw_only=True)
class Target:
    """What the decision is about.

    Attributes:
        kind: ``serial`` of the photo; a ``mark`` of the record; or a ``box`` that a person drew around
            another mark, which the program missed.
        index: of the mark among the marks of the record, from 0; only with ``mark``.
        means: the kind of mark, a name as in a record: ``serial``, ``model``, ``calibre`` and so on.
        page: of the photo, from 1.
        polygon: the box that was drawn, pixels of the upright photo, clockwise from its top left corner.
            A serial has one if the person drew where it stands; a mark has none.
    """

    kind: Literal["serial", "mark", "box"] = "serial"
    index: int | None = None
    means: str = "serial"
    page: int = 1
    polygon: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class MachineReading:
    """What the program had read.

    Attributes:
        value: the text; None if it found nothing.
        decision: ``accept``, ``review`` or ``none`` for a serial; None for other marks and for a box.
        confidence: of the value, from 0 to 1.
    """

    value: str | None
    decision: str | None
    confidence: float


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What stood on the screen when the person answered.

    Attributes:
        picture: the ``original`` file, its hash unchanged; the ``preview`` of the case; or ``none``.
        enhancements: what was done to the picture, such as ``brightness 1.4``; empty for the plain picture.
        reading_visible: whether the program's reading was to be seen when the person answered first.
    """

    picture: ShownPicture
    enhancements: tuple[str, ...] = ()
    reading_visible: bool


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The fields of an entry of the kind ``decision``.

    Attributes:
        person: ``name``, and ``role`` (qualification) and ``badge`` where they were given.
        photo: SHA-256 (hex) of the file; None if it could not be read.
        path: of the photo, as in its record.
        item: the item that the photo shows, if it belongs to one.
        record: the entry with the record that was shown.
        target: what the decision is about.
        mode: ``type_first`` if the person typed before the program's reading was shown, ``assist`` if not.
        role: first reviewer, second, third (who settles what differs), or a sample of accepted serials.
        answer: None only in an entry that takes another decision back.
        value: what the mark says, if the answer is ``read``; ``?`` stands for a character not read.
        typed: what was typed before the program's reading was seen; None if nothing was.
        machine: what the program had read.
        box: what the program reads in the box that the person drew; None without a box, or without a reading.
        shown: what stood on the screen.
        reason: why, in the person's words.
        note: anything else they noted.
        undoes: the decision that this entry takes back.
    """

    person: Mapping[str, str]
    photo: str | None
    path: str
    item: str | None = None
    record: EntryName
    target: Target = Target()
    mode: Mode
    role: Role = "first"
    answer: Answer | None
    value: str | None = None
    typed: str | None = None
    machine: MachineReading
    box: MachineReading | None = None
    shown: Shown
    reason: str | None = None
    note: str | None = None
    undoes: EntryName | None = None

    def fields(self) -> dict[str, Any]:
        """As they stand in an entry."""
        said: dict[str, Any] = json.loads(json.dumps(asdict(self)))  # as JSON has them: lists, no tuples
        return said


_TEXT = {"type": "string"}
_TEXT_OR_NONE = {"type": ["string", "null"]}
_ENTRY_NAME = {
    "type": "object",
    "required": ["case_id", "sequence"],
    "properties": {"case_id": _TEXT, "sequence": {"type": "integer", "minimum": 0}},
}
_READING = {
    "type": "object",
    "required": ["value", "decision", "confidence"],
    "properties": {
        "value": _TEXT_OR_NONE,
        "decision": {"enum": ["accept", "review", "none", None]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    },
}
DECISION_SHAPE: dict[str, Any] = {
    "type": "object",
    "required": [
        "person", "photo", "path", "item", "record", "target", "mode", "role", "answer", "value", "typed",
        "machine", "box", "shown", "reason", "note", "undoes",
    ],
    "properties": {
        "person": {
            "type": "object", "required": ["name"],
            "properties": {"name": {"type": "string", "minLength": 1}},
            "additionalProperties": _TEXT,
        },
        "photo": _TEXT_OR_NONE, "path": _TEXT, "item": _TEXT_OR_NONE, "record": _ENTRY_NAME,
        "target": {
            "type": "object", "required": ["kind", "index", "means", "page", "polygon"],
            "properties": {
                "kind": {"enum": ["serial", "mark", "box"]},
                "index": {"type": ["integer", "null"]},
                "means": {"type": "string", "minLength": 1},
                "page": {"type": "integer", "minimum": 1},
                "polygon": {
                    "type": "array",
                    "items": {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}},
                },
            },
        },
        "mode": {"enum": ["type_first", "assist"]},
        "role": {"enum": ["first", "second", "third", "audit"]},
        "answer": {
            "enum": ["read", "unreadable", "no_serial", "removed_or_altered", "not_a_weapon", "ask", None]
        },
        "value": _TEXT_OR_NONE, "typed": _TEXT_OR_NONE,
        "machine": _READING, "box": {"anyOf": [{"type": "null"}, _READING]},
        "shown": {
            "type": "object", "required": ["picture", "enhancements", "reading_visible"],
            "properties": {
                "picture": {"enum": ["original", "preview", "none"]},
                "enhancements": {"type": "array", "items": _TEXT},
                "reading_visible": {"type": "boolean"},
            },
        },
        "reason": _TEXT_OR_NONE, "note": _TEXT_OR_NONE,
        "undoes": {"anyOf": [{"type": "null"}, _ENTRY_NAME]},
    },
}  # fmt: skip
"""JSON Schema of the fields."""


def decision_of(fields: Mapping[str, Any]) -> Decision:
    """What the fields of an entry say; names that are not known are not looked at.

    Raises:
        ValueError: they are not those of a decision; the message says where.
    """
    demand_shape(fields, DECISION_SHAPE, DECISION_SHAPE, "decision")
    target, undoes = fields["target"], fields["undoes"]
    if (fields["answer"] is None) != (undoes is not None):
        raise ValueError("a decision has an answer, or it takes another decision back")
    if (fields["answer"] == "read") != bool(fields["value"]):
        raise ValueError("a value stands where the answer is read, and only there")
    if (target["kind"] == "mark") != (target["index"] is not None):
        raise ValueError("an index stands where the target is a mark, and only there")
    if target["kind"] == "box" and not target["polygon"]:
        raise ValueError("a box has no corners")
    own = {name: fields[name] for name in DECISION_SHAPE["required"]}
    return Decision(
        **{
            **own,
            "person": dict(fields["person"]),
            "record": _entry_name(fields["record"]),
            "target": Target(
                kind=target["kind"], index=target["index"], means=target["means"], page=target["page"],
                polygon=tuple((float(x), float(y)) for x, y in target["polygon"]),
            ),
            "machine": _reading(fields["machine"]),
            "box": _reading(fields["box"]) if fields["box"] is not None else None,
            "shown": Shown(
                picture=fields["shown"]["picture"], enhancements=tuple(fields["shown"]["enhancements"]),
                reading_visible=fields["shown"]["reading_visible"],
            ),
            "undoes": _entry_name(undoes) if undoes is not None else None,
        }
    )  # fmt: skip


def _entry_name(fields: Mapping[str, Any]) -> EntryName:
    return EntryName(case_id=fields["case_id"], sequence=fields["sequence"])


def _reading(fields: Mapping[str, Any]) -> MachineReading:
    return MachineReading(
        value=fields["value"], decision=fields["decision"], confidence=float(fields["confidence"])
    )
