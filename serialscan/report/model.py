"""What a report shows, as plain values: made from records and ledger entries, and put into templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Standing = Literal["decided", "accept", "review", "none", "error"]
"""What is known of an item now; a person's decision comes before what the program says."""

STANDINGS: dict[Standing, str] = {
    "decided": "decided by a person",
    "accept": "accepted by the program",
    "review": "to review",
    "none": "no serial found",
    "error": "not read",
}
"""In words for people, in the order of the summary."""


@dataclass(frozen=True, slots=True)
class Other:
    """Another character that may stand at a place, and its confidence."""

    char: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Character:
    """One character of a reading.

    Attributes:
        char: the character.
        confidence: that it is right.
        place: its middle as a share of the crop's width; None if it is not known.
        doubtful: whether it is marked.
        others: what else it may be, the likeliest first.
    """

    char: str
    confidence: float
    place: float | None
    doubtful: bool
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG with its size in pixels."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A line, a code or a sign of a photo.

    Attributes:
        photo: number of the photo in its item, from 0.
        id: of the line, code or sign in the photo's record.
        text: as read; of a sign its name.
        how: mirrored, stacked, background, the kind of code, or ``sign``; empty for a plain line.
        confidence: that all of it is right; None for a code.
        means: what marks say of it, in words.
        of_serial: whether the serial was read from it.
        characters: of a line.
        crop: the picture of it.
        no_crop: why there is none.
    """

    photo: int
    id: str
    text: str
    how: str
    confidence: float | None
    means: tuple[str, ...]
    of_serial: bool
    characters: tuple[Character, ...] = ()
    crop: Picture | None = None
    no_crop: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """Where a reading stands, in pixels of the upright photo; ``drawn`` by a person, not by the program."""

    id: str
    points: tuple[tuple[float, float], ...]
    of_serial: bool
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of an item.

    Attributes:
        path: as in its record.
        names: other names under which the same content was found.
        sha256: of the file; None if it could not be read.
        facts: size, camera, time and the like, as name and value.
        size: width and height of its first page; None if it is not known.
        outlines: on its first page.
        error: why it was not read; empty if it was.
        preview: of its first page.
        no_preview: why there is none.
    """

    path: str
    names: tuple[str, ...]
    sha256: str | None
    facts: tuple[tuple[str, str], ...]
    size: tuple[int, int] | None
    outlines: tuple[Outline, ...]
    error: str
    preview: Picture | None = None
    no_preview: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the item: what the photos say for it, what else it may be, and what that may mean."""

    name: str
    value: str
    told: str
    others: tuple[str, ...] = ()
    meanings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A person's decision, as it stands in the ledger.

    Attributes:
        what: serial, or the kind of mark.
        photo: its path.
        answer: in words.
        value: what they read; empty for other answers.
        typed: what they typed before they saw the program's reading; None if nothing was.
        machine: what the program had read.
        who: name, role and number.
        time: UTC, ISO 8601.
        how: which review, and what stood on the screen.
        why: reason and note.
        counts: whether it stands, was replaced, or was taken back, in words.
        entry: its number in the ledger.
        box: what they drew a box around, as the ledger keeps it.
    """

    what: str
    photo: str
    answer: str
    value: str
    typed: str | None
    machine: str
    who: str
    time: str
    how: str
    why: str
    counts: str
    entry: str
    box: Picture | None = None


@dataclass(frozen=True, slots=True)
class Matched:
    """An entry of a register that a serial may be."""

    serial: str
    posterior: float
    told: str


@dataclass(frozen=True, slots=True)
class Match:
    """What a register says of a serial; ``serial`` is what was searched for."""

    register: str
    sha256: str
    serial: str
    entries: tuple[Matched, ...]
    absent: str
    told: str


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence for people with the code of its kind: a warning, an error, something missing."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a report: a weapon with its photos, or a photo that belongs to none.

    Attributes:
        number: its place in the report, from 1.
        title: the item's name, or the photo's path.
        is_photo: whether it is a photo that belongs to no item.
        standing: what is known of it now.
        serial: what stands: the person's value, or the program's; None if there is none.
        decided: what people say of the serial, in words; empty without a decision.
        machine: the program's serial; None if there is none.
        machine_told: confidence and decision of the program, in words.
        confidence: of the program's serial.
        doubts: whether a character of the serial is doubtful.
        differ: whether reviewers differ and nobody has settled it.
    """

    number: int
    title: str
    is_photo: bool
    standing: Standing
    serial: str | None
    decided: str
    machine: str | None
    machine_told: str
    confidence: float
    doubts: bool
    differ: bool
    photos: tuple[Photo, ...]
    readings: tuple[Reading, ...]
    rest: tuple[str, ...]
    fields: tuple[Field, ...]
    candidates: tuple[Field, ...]
    conflicts: tuple[Told, ...]
    missing: tuple[Told, ...]
    errors: tuple[Told, ...]
    warnings: tuple[Told, ...]
    facts: tuple[tuple[str, str], ...]
    decisions: tuple[Said, ...]
    matches: tuple[Match, ...]
    log: tuple[str, ...]
    made: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What the summary and the index know of an item."""

    number: int
    title: str
    standing: Standing
    serial: str | None
    machine: str | None
    confidence: float
    told: str
    doubts: bool
    differ: bool
    conflicts: tuple[Told, ...]
    missing: tuple[Told, ...]
    errors: tuple[Told, ...]
    warnings: tuple[Told, ...]
    matched: bool
    words: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the end of a report: plain sentences, then a table of names and values."""

    title: str
    sentences: tuple[str, ...]
    table: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a report says of itself.

    Attributes:
        title: the name of the file that it was made from.
        made: when, UTC, and by which program.
        by: who asked for it; empty if nobody was named.
        alarm: what is wrong with the case; empty if nothing is.
        facts: of the case, as name and value.
        selection: what was left out of the report, in words; empty if nothing was.
        sections: what stands at the end.
    """

    title: str
    made: str
    by: str
    alarm: str
    facts: tuple[tuple[str, str], ...]
    selection: str
    sections: tuple[Section, ...]
