"""Item identifiers in machine-readable codes: ISO/IEC 15434 messages and the UII of MIL-STD-130N.

A code on a US item holds a message: a header, a format, fields that begin with a qualifier, a trailer.
Some sets of fields identify one item world-wide; joined by rule they are its unique item identifier (UII).
Decoders and labels damage messages, so parsing is lenient and says what it met; the raw bytes stay in the
code. Qualifiers: MIL-STD-130N with Change 1, tables A-II, IV and V; CAGE and NSN: DoD 4100.39-M volume 7.
"""

from __future__ import annotations

import re

import msgspec

from serialscan.record import Code, MessageFault

_RS, _GS, _EOT = "\x1e", "\x1d", "\x04"
_STRICT = re.compile(rf"\[\)>{_RS}(?:05|06|12|DD)(?:{_GS}[^{_GS}{_RS}{_EOT}]*)+{_RS}{_EOT}")
_FORMATS = ("05", "06", "12", "DD")
# How keyboards, labels and decoders write the separators.
_WRITTEN = {
    _GS: re.compile(r"<GS>|\{GS\}|\[GS\]|\u241d|\^\]|\\x1d|\\u001d", re.IGNORECASE),
    _RS: re.compile(r"<RS>|\{RS\}|\[RS\]|\u241e|\^\^|\\x1e|\\u001e", re.IGNORECASE),
    _EOT: re.compile(r"<EOT>|\{EOT\}|\[EOT\]|\u2404|\^D|\\x04|\\u0004", re.IGNORECASE),
}

# What a field is called here, by qualifier: data identifiers (format 06), text element identifiers
# (12 and DD), application identifiers (05).
_DATA = {
    "17V": "cage", "12V": "duns", "3V": "gs1_prefix", "7L": "dodaac", "18V": "agency_and_enterprise",
    "1P": "original_part_number", "1T": "lot", "S": "serial", "18S": "cage_and_serial", "25S": "uii",
    "30P": "current_part_number", "30T": "current_lot", "I": "vin", "22S": "electronic_serial",
}  # fmt: skip
_TEXT = {
    "CAG": "cage", "MFR": "cage", "SPL": "cage", "DUN": "duns", "EUC": "gs1_prefix", "SER": "serial",
    "UCN": "serial", "SEQ": "serial", "PNO": "original_part_number", "LOT": "lot", "LTN": "lot",
    "BII": "lot", "UID": "uii", "USN": "enterprise_and_serial", "UST": "enterprise_and_serial",
    "PNR": "current_part_number",
}  # fmt: skip
_APPLICATION = {
    "8002": "electronic_serial", "8003": "grai", "8004": "giai", "240": "current_part_number", "01": "gtin",
    "10": "current_lot", "21": "serial",
}  # fmt: skip
_ENTERPRISE_WIDE = frozenset({"SER", "UCN"})  # serials that need no part number to be unique
_EQUIVALENTS = ("giai", "grai", "vin", "electronic_serial")
# Issuing agency codes that precede an enterprise in the UII (table V); those of "" carry theirs along.
_AGENCIES = {"cage": "D", "duns": "UN", "gs1_prefix": "", "dodaac": "LD", "agency_and_enterprise": ""}

_US_CAGE = re.compile(r"[0-9][0-9A-HJ-NP-Z]{3}[0-9]")
_NCAGE = re.compile(r"(?=[^O]{5})(?:[A-Z][0-9A-Z]{3}[0-9]|[0-9A-HJKMNPQRT-Z][0-9A-Z]{3}[A-NP-Z])")
_SHAPES: dict[str, tuple[re.Pattern[str], MessageFault]] = {
    "duns": (re.compile(r"[0-9]{9}"), "duns_shape"),
    "dodaac": (re.compile(r"[0-9A-Z]{6}"), "dodaac_shape"),
    "gs1_prefix": (re.compile(r"[0-9]{4,12}"), "gs1_prefix_shape"),
}
_UNFIT = re.compile(r"[^A-Z0-9/-]")
_LONGEST = {
    **dict.fromkeys(_AGENCIES, 13),
    "original_part_number": 32, "lot": 32, "serial": 30,
}  # fmt: skip
_LONGEST_UII = 50

_NSN = re.compile(r"([0-9]{4})[- ]?([0-9]{2})[- ]?([0-9A-Z]{3})[- ]?([0-9A-Z]{4})")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a code says.

    Attributes:
        envelope_ok: the message is an undamaged ISO/IEC 15434 envelope.
        format: ``05``, ``06``, ``12``, ``DD``, another as it stands, or None if none is given.
        fields: qualifier, value and name of each field, in order; name and qualifier are empty if unknown.
        construct: 1 (serial unique within the enterprise), 2 (within the part or lot), or None.
        uii: the unique item identifier, or None.
        errors: codes of what is wrong, see docs/record.md.
    """

    envelope_ok: bool
    format: str | None
    fields: tuple[tuple[str, str, str], ...]
    construct: int | None
    uii: str | None
    errors: tuple[MessageFault, ...]

    def named(self, *names: str) -> tuple[str, ...]:
        """Distinct values of the fields with one of these names."""
        return tuple(dict.fromkeys(value for _, value, name in self.fields if name in names))


class Nsn(msgspec.Struct, frozen=True, kw_only=True):
    """A NATO stock number, which names a type of item and never one item.

    Attributes:
        supply_class: the four digits of the federal supply class.
        country: the two digits of the codification bureau that gave the number.
        niin: the nine characters that identify the type.
    """

    supply_class: str
    country: str
    niin: str

    def __str__(self) -> str:
        return f"{self.supply_class}-{self.niin[:2]}-{self.niin[2:5]}-{self.niin[5:]}"


def parse_nsn(text: str) -> Nsn | None:
    """A stock number written as 4-2-3-4 characters, with or without hyphens, or None."""
    match = _NSN.fullmatch(text.strip())
    if match is None:
        return None
    supply_class, country, middle, last = match.groups()
    return Nsn(supply_class=supply_class, country=country, niin=country + middle + last)


def is_cage(text: str) -> bool:
    """Whether it has the shape of a CAGE (US) or NCAGE code; there is no check digit."""
    return bool(_US_CAGE.fullmatch(text) or _NCAGE.fullmatch(text))


def parse_message(content: str) -> Message | None:
    """Parse the content of a code or the line that people write of it.

    Args:
        content: any text; separators may be control characters, their pictures, or tokens such as ``<GS>``.

    Returns:
        The message, or None if it is none: it has neither the header nor a separator.
    """
    text = content
    for char, written in _WRITTEN.items():
        text = written.sub(char, text)
    text = text.strip(" \t\r\n")
    if text.startswith("[)>") and _GS not in text:
        text = text.replace("|", _GS)
    if not text.startswith("[)>") and _GS not in text:
        return None
    body = text.removeprefix("[)>").split(_EOT)[0]
    formats: list[str] = []
    fields: list[tuple[str, str, str]] = []
    for part in body.split(_RS):
        form, values = _split(part)
        if form is not None:
            formats.append(form)
        fields += [_field(value, form) for value in values if value]
    errors: list[MessageFault] = ["unknown_format"] if any(form not in _FORMATS for form in formats) else []
    if any(not qualifier for qualifier, _, _ in fields):
        errors.append("no_qualifier")
    construct, uii, found = _identifier(fields)
    return Message(
        envelope_ok=_STRICT.fullmatch(content) is not None,
        format=formats[0] if formats else None,
        fields=tuple(fields),
        construct=construct,
        uii=uii,
        errors=(*errors, *found),
    )


def with_message(code: Code) -> Code:
    """The code with what its message says; a code that holds no message is returned as it is."""
    content = bytes.fromhex(code.bytes_hex)
    message = parse_message(content.decode("utf-8", "replace"))
    if message is None:
        return code
    fields = tuple(
        {"qualifier": qualifier, "value": value, "name": name} for qualifier, value, name in message.fields
    )
    return msgspec.structs.replace(
        code, uii=message.uii, fields=fields, errors=message.errors, format=message.format,
        envelope_ok=message.envelope_ok, construct=message.construct,
    )  # fmt: skip


def serial_of(code: Code) -> str | None:
    """The serial that a code's fields name, as it stands there; None if there is none, or if they differ.

    A serial that is only part of a longer field is cut out of it where the length of what stands before
    it is fixed.
    """
    found = []
    for field in code.fields:
        name, value = field["name"], field["value"]
        if name == "serial":
            found.append(value)
        elif name in ("cage_and_serial", "enterprise_and_serial") and is_cage(value[:5]):
            found.append(value[5:])
    if not found and code.construct == 1:
        found = [
            value[6:]
            for value in (field["value"] for field in code.fields if field["name"] == "uii")
            if value.startswith("D") and is_cage(value[1:6])
        ]
    distinct = set(filter(None, found))
    return distinct.pop() if len(distinct) == 1 else None


def cage_of(code: Code) -> str | None:
    """The maker's CAGE by a code's fields; never a DoDAAC, which names the unit that printed the label."""
    found = set()
    for field in code.fields:
        name, value = field["name"], field["value"]
        if name == "uii":
            value = value[1:] if value.startswith("D") else ""
        if name in ("cage", "cage_and_serial", "enterprise_and_serial", "uii") and is_cage(value[:5]):
            found.add(value[:5])
    return found.pop() if len(found) == 1 else None


def _split(part: str) -> tuple[str | None, list[str]]:
    """Format and fields of one part of a message; a damaged header may have lost the separator."""
    first, *values = part.split(_GS)
    if first in _FORMATS or (first and values and len(first) == 2):
        return first, values
    if first[:2] in _FORMATS and first[2:]:
        return first[:2], [first[2:], *values]
    return None, [first, *values]


def _field(text: str, form: str | None) -> tuple[str, str, str]:
    if form in ("12", "DD"):
        return _text_field(text)
    if form == "05":
        qualifier = next((q for q in _APPLICATION if text.startswith(q)), "")
        return qualifier, text[len(qualifier) :], _APPLICATION.get(qualifier, "")
    match = re.match(r"[0-9]{0,3}[A-Z]", text) if form in ("06", None) else None
    if match is None:
        return "", text, ""
    return match.group(), text[match.end() :], _DATA.get(match.group(), "")


def _text_field(text: str) -> tuple[str, str, str]:
    match = re.match(r"([A-Z]{3}) ", text)
    if match:
        return match[1], text[4:], _TEXT.get(match[1], "")
    if text[:3] in _TEXT:  # the space was lost
        return text[:3], text[3:], _TEXT[text[:3]]
    return "", text, ""


def _identifier(fields: list[tuple[str, str, str]]) -> tuple[int | None, str | None, list[MessageFault]]:
    """Construct, UII and errors of a set of fields."""
    values: dict[str, str] = {}
    errors: list[MessageFault] = []
    for _, value, name in fields:
        if name and values.setdefault(name, value) != value:
            errors.append("repeated_field")
    errors += _shape_errors(values)
    if "repeated_field" in errors:
        return None, None, [*dict.fromkeys(errors), "not_a_uii"]
    wide = any(qualifier in _ENTERPRISE_WIDE for qualifier, _, _ in fields)
    construct, elements = _construct(values, enterprise_wide=wide)
    stated = values.get("uii")
    built = "".join(_clean(element) for element in elements)
    if construct is None and stated:
        construct, built = 1, _clean(stated)
    elif construct is not None and stated and _clean(stated) != built:
        errors.append("uii_mismatch")
        built = _clean(stated)
    if construct is None:
        built = next((_clean(values[name]) for name in _EQUIVALENTS if values.get(name)), "")
    if not built:
        return None, None, [*errors, "not_a_uii"]
    if len(built) > _LONGEST_UII:
        errors.append("too_long")
    return construct, built, list(dict.fromkeys(errors))


def _construct(values: dict[str, str], *, enterprise_wide: bool) -> tuple[int | None, tuple[str, ...]]:
    """Which construct the fields satisfy, and the elements of its UII in order."""
    for name in ("cage_and_serial", "enterprise_and_serial"):
        if values.get(name):
            agency = "D" if name == "cage_and_serial" or is_cage(values[name][:5]) else ""
            return 1, (agency, values[name])
    enterprise = next((name for name in _AGENCIES if values.get(name)), None)
    within = values.get("original_part_number") or values.get("lot")
    serial = values.get("serial")
    if enterprise is None or not serial or not (within or enterprise_wide):
        return None, ()
    start = (_AGENCIES[enterprise], values[enterprise])
    if enterprise_wide:
        return 1, (*start, serial)
    return 2, (*start, within or "", serial)


def _clean(element: str) -> str:
    """An element as it enters the UII: capitals, digits, hyphen and slash only."""
    return _UNFIT.sub("", element.upper())


def _shape_errors(values: dict[str, str]) -> list[MessageFault]:
    errors: list[MessageFault] = []
    if "cage" in values and not is_cage(values["cage"]):
        errors.append("cage_shape")
    for name, (shape, fault) in _SHAPES.items():
        if name in values and not shape.fullmatch(values[name]):
            errors.append(fault)
    if values.get("original_part_number") and values.get("lot"):
        errors.append("part_and_lot")
    elements = {name: value for name, value in values.items() if name in _LONGEST}
    if any(_clean(value) != value for value in elements.values()):
        errors.append("characters")
    if any(value.startswith(("-", "/")) or value.endswith(("-", "/")) for value in elements.values()):
        errors.append("edge_character")
    if any(len(value) > _LONGEST[name] for name, value in elements.items()):
        errors.append("too_long")
    return errors
