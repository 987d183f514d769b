"""Which column of a list means what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from serialscan.errors import SettingsError

MEANINGS: Final = (
    "serial", "maker", "model", "calibre", "nsn", "country", "consignee", "contract", "date",
)  # fmt: skip
"""What is known of a column; others are passed through."""

TYPE: Final = ("maker", "model", "calibre", "nsn", "country")
"""What many rows have in common: the type of the item."""

# Headings as they stand in lists of property books and shippers, letters and digits only.
_NAMES: Final = {
    "serial": ("SERIAL", "SERIALNO", "SERIALNR", "SERIALNUMBER", "SERIALNUM", "SERNO", "SERNR", "SN", "SER",
               "WEAPONSERIAL", "WEAPONSERIALNUMBER", "SERIENNUMMER", "NUMERODESERIE", "NUMÉRODESÉRIE",
               "NÚMERODESERIE", "СЕРИЙНЫЙНОМЕР", "НОМЕР"),
    "maker": ("MAKER", "MANUFACTURER", "MFR", "MFG", "MAKE", "HERSTELLER", "FABRICANT", "FABRICANTE"),
    "model": ("MODEL", "MODELNO", "TYPE", "MODELL", "MODÈLE", "MODELO"),
    "calibre": ("CALIBRE", "CALIBER", "CAL", "KALIBER"),
    "nsn": ("NSN", "NATIONALSTOCKNUMBER", "STOCKNUMBER"),
    "country": ("COUNTRY", "COUNTRYOFORIGIN", "COUNTRYOFMANUFACTURE", "ORIGIN"),
    "consignee": ("CONSIGNEE", "RECIPIENT", "SHIPPEDTO", "ISSUEDTO", "UNIT"),
    "contract": ("CONTRACT", "CONTRACTNO", "CONTRACTNUMBER", "LOT"),
    "date": ("DATE", "SHIPPED", "SHIPDATE", "DATESHIPPED", "ISSUED", "DATEISSUED"),
}  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """The column of each meaning, and the meanings that were guessed from the heading."""

    columns: dict[str, str]
    guessed: tuple[str, ...]


def parse_told(text: str) -> dict[str, str]:
    """``serial=SN,maker=Make`` as a dictionary.

    Raises:
        SettingsError: it has another form, or names an unknown meaning.
    """
    told = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        meaning, sign, column = part.partition("=")
        if not sign or meaning.strip() not in MEANINGS or not column.strip():
            raise SettingsError(
                f"--columns {part!r}: give MEANING=COLUMN, where MEANING is one of {', '.join(MEANINGS)}."
            )
        told[meaning.strip()] = column.strip()
    return told


def meaning_of(columns: Sequence[str], told: Mapping[str, str], path: object) -> Meaning:
    """The meaning of a list's columns.

    Args:
        columns: the headings, as they stand.
        told: the column of a meaning, as somebody told it.
        path: of the list, for messages.

    Raises:
        SettingsError: no column, or more than one, may be that of the serial; a column is not there; a
            heading stands twice.
    """
    shown = ", ".join(repr(one) for one in columns[:30])
    if len(set(columns)) != len(columns):
        raise SettingsError(f"{path}: a heading stands twice in {shown}: rename one of the two columns.")
    for meaning, column in told.items():
        if column not in columns:
            raise SettingsError(f"{path}: has no column {column!r} for {meaning}. Its columns: {shown}.")
    found, guessed = dict(told), []
    for meaning in MEANINGS:
        if meaning in found:
            continue
        names = [one for one in columns if _plain(one) in _NAMES[meaning] and one not in found.values()]
        if len(names) == 1:
            found[meaning] = names[0]
            guessed.append(meaning)
        elif len(names) > 1 or meaning == "serial":
            many = (
                f"{' or '.join(map(repr, names))} may be its {meaning}"
                if names
                else "no column is surely that of the serial"
            )
            raise SettingsError(f"{path}: {many}: say --columns {meaning}=COLUMN. Its columns: {shown}.")
    return Meaning(found, tuple(guessed))


def _plain(heading: str) -> str:
    return "".join(c for c in heading.upper() if c.isalnum())
