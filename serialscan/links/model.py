"""What is linked, and the links: plain values, and the form in which links leave the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

LINK_SCHEMA = "serialscan.link/1"

Kind = Literal[
    "same_photo", "same_item", "near_serials", "same_importer", "same_property_mark", "same_factory_mark",
    "same_contract", "same_on_record", "conflict",
]  # fmt: skip

KINDS: dict[Kind, str] = {
    "same_item": "the same item seen again",
    "near_serials": "serials near to each other",
    "same_importer": "the same importer",
    "same_property_mark": "the same property mark",
    "same_factory_mark": "the same factory or arsenal mark",
    "same_contract": "the same contract",
    "same_on_record": "the same contract, lot or consignee on record",
    "same_photo": "the same photo",
    "conflict": "one serial, two makers: no link",
}
"""In words for people."""

SUPPORT = ((6.0, "extremely strong"), (4.0, "very strong"), (3.0, "strong"), (2.0, "moderately strong"),
           (1.0, "moderate"), (0.3, "weak"))  # fmt: skip
"""Least log10 of a likelihood ratio for each word. Source: ENFSI guideline for evaluative reporting (2015),
table of verbal equivalents, where 2 to 10 is weak and from 10 on each word has a power of ten."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A mark of an item.

    Attributes:
        kind: as in a record.
        value: of the mark; the reviewer's, if there is one.
        key: in which marks are compared.
        confidence: that it is right; of a reviewer see ``gather.REVIEWER``.
        where: photo and line, as ``path#L1``.
    """

    kind: str
    value: str
    key: str
    confidence: float
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """An item, or a photo that belongs to none, with all that links are found by.

    Attributes:
        source: the file that it stands in.
        name: of the item, or the photo's path.
        unit: its number in its source, from 1.
        serial: what stands, the reviewer's value or the program's; None if there is none.
        key: in which registers compare it; empty without a serial.
        read_by: who read it.
        confidence: that the serial is right.
        maker: None if it was not read.
        model: None if it was not read.
        marks: that links are found by.
        photos: path and SHA-256 of each.
        where: photos and lines in which the serial was read.
        captured_at: of its first photo, ISO 8601; None if it is not known.
        place: latitude and longitude in degrees, WGS 84; None if it is not known or was not asked for.
    """

    source: str
    name: str
    unit: int
    serial: str | None
    key: str
    read_by: Literal["reviewer", "machine"]
    confidence: float
    maker: Shown | None
    model: Shown | None
    marks: tuple[Shown, ...]
    photos: tuple[tuple[str, str | None], ...]
    where: tuple[str, ...]
    captured_at: str | None
    place: tuple[float, float] | None = None


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A photo of a linked item."""

    path: str
    sha256: str | None


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """An item of a link; ``where`` names the photos and lines on which the link stands, as ``path#L1``.

    ``number`` is its place among all that was given, from 1. ``confidence`` is that of what links it.
    """

    number: int
    source: str
    item: str
    serial: str | None
    read_by: Literal["reviewer", "machine"]
    confidence: float
    photos: tuple[Photo, ...]
    where: tuple[str, ...] = ()


class Link(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag="link"):
    """What items have in common.

    ``log10_lr`` is the logarithm of the likelihood ratio against chance: how many times likelier is what was
    seen if the items have this in common than if they met by chance. It is null for a photo that is the same
    file, and for a conflict. ``expected_by_chance`` is how many such links chance gives at most in all that
    was given; null where that is not known. ``assumption`` says what the figures rest on.
    """

    schema: str = LINK_SCHEMA
    kind: Kind
    log10_lr: float | None
    support: str
    expected_by_chance: float | None
    assumption: str
    what: str
    sources: tuple[str, ...]
    items: tuple[Member, ...]


def support_of(log10_lr: float) -> str:
    """The word for a likelihood ratio."""
    return next((word for least, word in SUPPORT if log10_lr >= least), "none")
