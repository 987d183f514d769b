"""The page that shows the pictures of a folder: one HTML file, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from serialscan import __version__
from serialscan.pictures.names import crop_name, picture_name, thumbnail_name
from serialscan.pictures.words import serial_text, sign_text
from serialscan.printable import printable
from serialscan.record import PhotoRecord
from serialscan.webpage import template

_HERE = "serialscan.pictures"

BEGIN = "<!doctype html>\n<!-- serialscan: pictures -->\n"
"""How every such page begins; a file that begins otherwise is somebody else's."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line or a code of a photo; ``picture`` is the address of its crop, or None."""

    id: str
    confidence: float | None
    text: str
    how: str
    of_serial: bool
    picture: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """What the page shows of one photo; addresses are relative to the page, texts are printable."""

    name: str
    decision: str
    serial: str | None
    shown: str
    confidence: float
    picture: str | None
    thumbnail: str | None
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def head(counts: Mapping[str, int] | None = None) -> str:
    """The page down to the first photo.

    Args:
        counts: photos by decision, and ``error``; None while the run goes on.
    """
    return BEGIN + template(_HERE, "head.html").render(counts=counts, version=__version__)


def card(record: PhotoRecord, folder: Path, no_pictures: str | None = None) -> str:
    """One photo.

    Args:
        record: of the photo.
        folder: that of the page; pictures that are not in it are not linked.
        no_pictures: why there are none, if they could not be made.
    """
    return template(_HERE, "card.html").render(card=_card(record, folder, no_pictures))


def foot() -> str:
    """The page below the last photo."""
    return template(_HERE, "foot.html").render()


def _card(record: PhotoRecord, folder: Path, no_pictures: str | None) -> Card:
    def address(name: str) -> str | None:
        there = record.error is None and no_pictures is None and (folder / name).is_file()
        return quote(name) if there else None

    serial, source = record.serial, record.source
    evidence = serial.candidates[0].evidence if serial.candidates else ()
    lines = tuple(
        Row(
            id=line.id,
            confidence=line.confidence,
            text=printable(line.text),
            how=", ".join(line.how),
            of_serial=line.id in evidence,
            picture=address(crop_name(source, line.id)),
        )
        for line in record.lines
    )
    codes = tuple(
        Row(code.id, None, printable(code.text), printable(code.symbology), code.id in evidence, None)
        for code in record.codes
    )
    signs = tuple(
        Row(sign.id, sign.confidence, printable(sign_text(sign)), "sign", False, None)
        for sign in record.signs
    )
    notes = [] if record.error is None else [record.error.message]
    notes += [f"No picture: {no_pictures}"] if no_pictures is not None else []
    notes += [warning.message for warning in record.warnings]
    return Card(
        name=printable(source.path),
        decision="error" if record.error is not None else serial.decision,
        serial=printable(serial.value) if serial.value is not None else None,
        shown="not read" if record.error is not None else printable(serial_text(serial)),
        confidence=serial.confidence,
        picture=address(picture_name(source)),
        thumbnail=address(thumbnail_name(source)),
        rows=lines + codes + signs,
        notes=tuple(map(printable, notes)),
    )
