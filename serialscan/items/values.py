"""All marks of an item but its serial: the distinct values of every kind, and where photos differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from serialscan.items.conflicts import conflict
from serialscan.items.view import View
from serialscan.marking import Knowledge
from serialscan.marking.importer import importer_of
from serialscan.record import Assessment, Conflict, ItemAlternative, ItemValue, Mark

_LIKELY = 0.5  # a mark with less is an alternative, not a conflict
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


def values_of(view: View, marks: Sequence[Mark], knowledge: Knowledge) -> dict[str, list[ItemValue]]:
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


def classes_of(marks: Sequence[Mark], knowledge: Knowledge) -> tuple[Assessment, ...]:
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


def fields_of(values: Mapping[str, Sequence[ItemValue]]) -> dict[str, Any]:
    """The fields of an item's record that hold marks."""
    one = {field: _first(values, kind) for field, kind in _ONE.items()}
    many = {
        field: tuple(value for kind in kinds for value in values.get(kind, ()))
        for field, kinds in _MANY.items()
    }
    return one | many


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


def conflicts_of(values: Mapping[str, Sequence[ItemValue]]) -> list[Conflict]:
    """Fields with one value of which photos show several; two on the same photo may both be true."""
    conflicts = []
    for field, kind in _ONE.items():
        likely = [value for value in values.get(kind, ()) if value.confidence >= _LIKELY]
        for other in likely[1:]:
            first = likely[0]
            shared = {seen.photo for seen in first.evidence} & {seen.photo for seen in other.evidence}
            if not shared and not _one_in_other(first.match_key, other.match_key):
                both = [_alternative(first), _alternative(other)]
                conflicts.append(conflict(field, "photos differ", both))
    return conflicts


def _one_in_other(one: str, other: str) -> bool:
    """Whether one may be the other, seen in part."""
    return one in other or other in one
