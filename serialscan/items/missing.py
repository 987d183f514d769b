"""What tracing forms ask for and the photos of an item do not show.

ATF form 3312.1 (2018), part V; the International Tracing Instrument (A/60/88, sections 8 and 17); the UN
Firearms Protocol, article 8.
"""

from __future__ import annotations

from serialscan.marking.iuid import parse_nsn
from serialscan.record import ItemRecord, Missing

_ITI, _PROTOCOL = "ITI", "Firearms Protocol"
# Sights, night vision and lasers have no calibre: supply classes and item classes.
_OPTICS = frozenset({"1240", "5855", "5860"})
_OPTIC_CLASSES = frozenset({"optic", "nvd", "thermal", "laser_aimer", "light"})
_TYPE_COLUMNS = ("type", "item_class", "item class")

_ASKED = {
    "serial": (
        ("ATF 3312.1 5a", _ITI, _PROTOCOL),
        "no serial was found: photograph the number on the frame or receiver, close and with light from "
        "the side",
    ),
    "manufacturer_marked": (
        ("ATF 3312.1 5c", _ITI, _PROTOCOL),
        "no maker was recognised: photograph the maker's name or sign, both sides of the receiver",
    ),
    "model": (
        ("ATF 3312.1 5f", _ITI),
        "no model was recognised: photograph the model mark, often beside the maker's name",
    ),
    "calibre": (
        ("ATF 3312.1 5e", _ITI),
        "no calibre was recognised: photograph the receiver and the barrel near the chamber",
    ),
    "country_of_manufacture": (
        ("ATF 3312.1 5g", _ITI, _PROTOCOL),
        "no country was recognised: photograph the maker's place, factory signs and proof marks",
    ),
    "importer": (
        ("ATF 3312.1 5h", _ITI, _PROTOCOL),
        "no importer was recognised, and a weapon made outside the USA needs one for a trace there: "
        "photograph the barrel and the underside of the receiver",
    ),
    "item_class": (
        ("ATF 3312.1 5d", _ITI),
        "the type of item (rifle, machine gun, sight) does not follow from its marks: photograph the whole "
        "item, and name the type in a column 'type' of the table of items",
    ),
}
_PARTLY = "the serial is not wholly legible: photograph it closer and with light from another side"


def missing_of(record: ItemRecord) -> tuple[Missing, ...]:
    """What is missing for a trace, in the order of ATF form 3312.1."""
    absent = {
        "serial": record.serial.status in ("partial", "not_found"),
        "manufacturer_marked": record.manufacturer_marked is None,
        "item_class": not record.item_class
        and not any(name.lower() in _TYPE_COLUMNS for name in record.case),
        "calibre": record.calibre is None and not _is_optic(record),
        "model": record.model is None,
        "country_of_manufacture": record.country_of_manufacture is None,
        "importer": record.importer is None and _is_foreign(record),
    }
    return tuple(
        Missing(
            field=field,
            asked_by=_ASKED[field][0],
            message=_PARTLY if field == "serial" and record.serial.value else _ASKED[field][1],
        )
        for field, is_absent in absent.items()
        if is_absent
    )


def _is_optic(record: ItemRecord) -> bool:
    nsn = parse_nsn(record.nsn.value) if record.nsn is not None else None
    classes = {one.value for one in record.item_class}
    by_class = bool(classes) and classes <= _OPTIC_CLASSES
    return by_class or (nsn is not None and nsn.supply_class in _OPTICS)


def _is_foreign(record: ItemRecord) -> bool:
    """Whether the country is known and is not the USA."""
    country = record.country_of_manufacture
    return country is not None and country.row != "USA"
