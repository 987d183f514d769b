"""The records: every type that leaves the program.

Field names are the contract with other tools. Coordinates are pixels of the upright photo (EXIF
orientation applied), x to the right, y down; polygons run clockwise from the first character's top
left corner, as the text is read. Confidences are probabilities from 0 to 1.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

import msgspec

from serialscan.record.codes import (
    AnyErrorCode,
    AnyWarningCode,
    ErrorCode,
    ReadErrorCode,
    ReadMessageFault,
    ReadWarningCode,
    WarningCode,
)

Point = tuple[float, float]
Polygon = tuple[Point, ...]
Confidence = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]

PHOTO_SCHEMA: Final = "serialscan.photo/1"
ITEM_SCHEMA: Final = "serialscan.item/1"

MarkKind = Literal[
    "serial", "manufacturer", "model", "calibre", "country", "importer", "property", "nsn", "cage",
    "part_number", "contract", "uii", "factory_mark", "proof", "selector", "date", "component_serial",
    "evidence_tag", "other",
]  # fmt: skip


class _Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base: immutable and keyword-only.

    Fields that a later version has added are not read. So who passes a record on passes its bytes on.
    Frozen values hold no circles, so the collector of circles need not know them.
    Decoding takes half the time.
    """


class Alternative(_Record, frozen=True, kw_only=True):
    """Another character that may stand at this place."""

    char: str
    confidence: Confidence


class Glyph(_Record, frozen=True, kw_only=True):
    """One character of a line; ``char`` is empty in an alternative that drops it.

    ``step`` is the way from the middle of the character before it to its own, in glyph heights; None for the
    first one.
    """

    char: str
    confidence: Confidence
    alternatives: tuple[Alternative, ...] = ()
    polygon: Polygon = ()
    step: float | None = None


class Testimony(_Record, frozen=True, kw_only=True):
    """What one reader (an engine on one view of the line) read by itself.

    ``name`` is for people: the reader and its view. ``reader`` is the network or ``tesseract``; None in
    records that do not tell it. ``piece``: it saw only a piece of a long line.
    """

    name: str
    text: str
    confidence: Confidence
    reader: str | None = None
    piece: bool = False


class TextCandidate(_Record, frozen=True, kw_only=True):
    """One string of a line's n-best list with the probability that all of it is right."""

    text: str
    confidence: Confidence


class End(_Record, frozen=True, kw_only=True):
    """What is seen beyond one end of a line: before its first or after its last character.

    ``more`` is the probability that a further character stands there, whether it can be read or not.
    ``hidden`` is the probability that something lies over the row there, so that a character could not be
    seen. ``to_edge`` is how far the row could go on to the edge of the photo, in glyph heights; None where
    that is further than anybody looked.
    """

    more: Confidence
    hidden: Confidence
    to_edge: float | None = None


class Gap(_Record, frozen=True, kw_only=True):
    """A place between two characters of a line where a further one may stand that was not read.

    ``at`` is how many of the line's characters stand before it, so 1 is behind the first. ``confidence`` is
    the probability that a letter or digit stands there, ``alternatives`` are which. What they leave of it is
    any other one.
    """

    at: Annotated[int, msgspec.Meta(ge=1)]
    confidence: Confidence
    alternatives: tuple[Alternative, ...] = ()


class Where(_Record, frozen=True, kw_only=True):
    """Whether a line stands on the item or on something behind or beside it, such as a card, a box, a cloth.

    ``item`` is the probability that it stands on the item. ``place`` is ``unknown`` where that leaves doubt.
    """

    place: Literal["item", "background", "unknown"]
    item: Confidence


class Line(_Record, frozen=True, kw_only=True):
    """One line of text as it stands in the photo.

    ``rotation`` is the angle in degrees (0 to 359, clockwise) by which the photo must be turned
    for the line to stand upright. ``candidates`` is the n-best list, best first; ``confidence``
    is the probability that the whole string is right. ``page`` counts from 1. ``ends`` are the two ends of
    the line in reading order; it is empty for a line without digits, at whose ends nobody looks.

    A line that is ``mirrored`` was read in the mirror image of the photo. Its polygons begin where its text
    begins and first run along the tops of its characters; so they run counter-clockwise in the photo. A photo
    that is turned by ``rotation`` shows it upright, but from right to left; mirrored then, it can be read.
    The characters of a line that is ``stacked`` stand one below the other, each upright; its text runs down,
    its polygon is that of the column. ``gaps`` are places where a character may be missing, in the order of
    the text; the field is absent where there are none. ``where`` is None in records that do not
    tell it.
    """

    id: str
    text: str
    confidence: Confidence
    polygon: Polygon
    rotation: int = 0
    characters: tuple[Glyph, ...] = ()
    candidates: tuple[TextCandidate, ...] = ()
    readers: tuple[Testimony, ...] = ()
    glyph_height_px: float | None = None
    page: int = 1
    ends: tuple[End, ...] = ()
    mirrored: bool = False
    stacked: bool = False
    gaps: tuple[Gap, ...] | msgspec.UnsetType = msgspec.UNSET
    where: Where | None = None

    @property
    def how(self) -> tuple[str, ...]:
        """Words for people: what they must know of how or where the line stands."""
        behind = self.where is not None and self.where.place == "background"
        words = ("mirrored", self.mirrored), ("stacked", self.stacked), ("background", behind)
        return tuple(word for word, so in words if so)


class Code(_Record, frozen=True, kw_only=True):
    """One machine-readable code, raw bytes kept.

    ``fields`` of an ISO/IEC 15434 message hold ``qualifier``, ``value`` and ``name``; ``envelope_ok`` and
    ``format`` tell of its envelope, ``construct`` (MIL-STD-130N) how ``uii`` is built. All are empty for a
    code that holds no such message.
    """

    id: str
    symbology: str
    text: str
    bytes_hex: str
    polygon: Polygon
    uii: str | None = None
    fields: tuple[dict[str, str], ...] = ()
    errors: tuple[ReadMessageFault, ...] = ()
    page: int = 1
    format: str | None = None
    envelope_ok: bool | None = None
    construct: int | None = None


class SignAlternative(_Record, frozen=True, kw_only=True):
    """Another sign that may stand at this place; ``name`` is empty for none of those that are known."""

    name: str
    confidence: Confidence


class Sign(_Record, frozen=True, kw_only=True):
    """One sign that is no text: a factory or proof mark, or a maker's logo.

    ``name`` is the id of a row of ``symbol`` in the knowledge files. ``confidence`` is the network's
    posterior, and no measured probability. ``text`` is the number that stands in it; None if it holds none
    that could be read. ``lines`` are ids of the lines in whose place it stands: their texts are what readers
    of letters made of it. ``rotation`` is as in a line.
    """

    id: str
    name: str
    confidence: Confidence
    polygon: Polygon
    rotation: int = 0
    alternatives: tuple[SignAlternative, ...] = ()
    text: str | None = None
    text_confidence: Confidence | None = None
    lines: tuple[str, ...] = ()
    page: int = 1


class Reason(_Record, frozen=True, kw_only=True):
    """One piece of evidence for or against a conclusion.

    ``code`` names its kind; it is the id of its weight in knowledge/weights.toml, but for ``look_alike``,
    which weighs nothing and only keeps a serial from being accepted. ``weight`` is what it
    counted, in natural log odds. ``detail`` says for people what was seen; its words may change.
    """

    code: str
    weight: float
    detail: str


class Completeness(_Record, frozen=True, kw_only=True):
    """Whether a number begins and ends where its reading does.

    ``confidence`` is the probability that no character of it stands beyond what was read, if what was read
    is right.
    """

    confidence: Confidence
    reasons: tuple[Reason, ...] = ()


class MarkCandidate(_Record, frozen=True, kw_only=True):
    """One thing that an ambiguous mark may mean; ``row`` is its id in the knowledge files."""

    value: str
    row: str
    rule: str = ""


class Mark(_Record, frozen=True, kw_only=True):
    """What a line, a code or a sign means. ``evidence`` holds ids of lines, codes and signs.

    ``raw`` is as read. ``value`` is the part of it that is the mark; only words that were found in spite of
    misread characters stand there as the known word, and ``rule`` says so. ``row`` is the id of what it
    means in the knowledge files; if that is ambiguous it is None and ``candidates`` holds all of them.
    ``latin`` is the value in Latin letters and Western digits, ``other_keys`` are further match keys worth a
    search, and ``steps`` names the rules that made these forms. ``table`` is the table of the knowledge by
    which the mark was found: ``maker``, ``place`` (of a maker), ``model``, ``country``, ``phrase``,
    ``label``, ``number`` or ``symbol``; None for the serial, for numbers of which nothing is known, and for
    what a code says.
    """

    kind: MarkKind
    value: str
    raw: str
    match_key: str
    confidence: Confidence
    evidence: tuple[str, ...]
    rule: str
    row: str | None = None
    latin: str | None = None
    other_keys: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    candidates: tuple[MarkCandidate, ...] = ()
    table: str | None = None


class SerialCandidate(_Record, frozen=True, kw_only=True):
    """One string that may be the serial.

    Three probabilities multiply to ``confidence``: ``choice``, that this string of the photo is the serial;
    ``reading``, that its characters are read right; and that of ``complete``, that it is all of the number.
    They are None in records that do not tell them apart. ``reasons`` are what ``choice`` rests on, ``rule``
    the same as a sentence. ``latin``, ``match_key``, ``other_keys`` and ``steps`` are as in a mark.
    """

    value: str
    confidence: Confidence
    evidence: tuple[str, ...]
    rule: str = ""
    choice: Confidence | None = None
    reading: Confidence | None = None
    complete: Completeness | None = None
    reasons: tuple[Reason, ...] = ()
    latin: str | None = None
    match_key: str | None = None
    other_keys: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


class SerialReading(_Record, frozen=True, kw_only=True):
    """The serial, or that there is none; ``review`` means that a person must look.

    ``confidence`` and ``complete`` are those of the first candidate. ``empty_labels`` are ids of lines with a
    word for the serial in whose place no number stands.
    """

    value: str | None
    status: Literal["readable", "partial", "conflict", "not_found"]
    decision: Literal["accept", "review", "none"]
    confidence: Confidence
    match_key: str | None = None
    candidates: tuple[SerialCandidate, ...] = ()
    complete: Completeness | None = None
    empty_labels: tuple[str, ...] = ()


class Model(_Record, frozen=True, kw_only=True):
    """A weight file in use."""

    name: str
    sha256: str


class Tool(_Record, frozen=True, kw_only=True):
    """The program that made the record.

    ``recipe`` names what the reader did, ``fitted_to`` the recipe that the confidences were fitted to; they
    are probabilities of what that one reads. ``engine`` is who looked: ``null`` is nobody. All three are
    empty in records of versions that did not tell.
    """

    name: str
    version: str
    settings_digest: str
    recipe: str = ""
    fitted_to: str = ""
    engine: str = ""
    models: tuple[Model, ...] = ()


class Gps(_Record, frozen=True, kw_only=True):
    """Position from EXIF, WGS 84 decimal degrees; altitude in metres."""

    latitude: float
    longitude: float
    altitude: float | None = None


class Source(_Record, frozen=True, kw_only=True):
    r"""The input file and its facts.

    ``path`` is UTF-8; bytes of a file name that are not UTF-8 are written as ``\xNN`` and the
    exact name is then in ``path_bytes_hex``. ``width`` and ``height`` are those of the upright
    first page. ``captured_at`` is EXIF local time verbatim in ISO 8601, with an offset only where
    the camera wrote one.
    """

    path: str
    sha256: str | None = None
    bytes: int | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    orientation: int = 1
    captured_at: str | None = None
    camera: str | None = None
    pages: int = 1
    gps: Gps | None = None
    path_bytes_hex: str | None = None


class Quality(_Record, frozen=True, kw_only=True):
    """Measures that explain why a photo can or cannot be read.

    ``glyph_height_px``: median height of the characters read. ``sharpness``: 0 (blurred) to 1.
    ``clipped``: share of pixels that are pure black or pure white.
    """

    glyph_height_px: float | None = None
    sharpness: float | None = None
    clipped: float | None = None


class Warning_(_Record, frozen=True, kw_only=True):
    """Something a person should know; the message says what to do."""

    code: ReadWarningCode
    message: str

    @classmethod
    def of(cls, code: WarningCode, message: str) -> Self:
        """A warning of this version."""
        return cls(code=AnyWarningCode(code), message=message)


class Error(_Record, frozen=True, kw_only=True):
    """Why this input has no reading; the message says what to do."""

    code: ReadErrorCode
    message: str

    @classmethod
    def of(cls, code: ErrorCode, message: str) -> Self:
        """An error of this version."""
        return cls(code=AnyErrorCode(code), message=message)


class PhotoRecord(_Record, frozen=True, kw_only=True, tag_field="record", tag="photo"):
    """The record of one input file."""

    schema: Literal["serialscan.photo/1"] = PHOTO_SCHEMA
    status: Literal["ok", "error"]
    tool: Tool
    source: Source
    quality: Quality = Quality()
    lines: tuple[Line, ...] = ()
    codes: tuple[Code, ...] = ()
    signs: tuple[Sign, ...] = ()
    marks: tuple[Mark, ...] = ()
    serial: SerialReading = SerialReading(value=None, status="not_found", decision="none", confidence=0.0)
    warnings: tuple[Warning_, ...] = ()
    error: Error | None = None
    timing_ms: dict[str, float] = {}


class Evidence(_Record, frozen=True, kw_only=True):
    """A place where a value of an item is seen: a line or a code of a photo's record, by its ``id``."""

    photo: str
    sha256: str | None
    id: str
    polygon: Polygon
    page: int
    raw: str
    confidence: Confidence


class ItemAlternative(_Record, frozen=True, kw_only=True):
    """Another value that the item may have, or one of the values that are in conflict."""

    value: str
    confidence: Confidence
    match_key: str | None = None
    rule: str = ""
    evidence: tuple[Evidence, ...] = ()


class Importer(_Record, frozen=True, kw_only=True):
    """The parts of an import mark; ``state`` is of the USA (two letters), ``country`` ISO 3166-1 alpha-3.

    Where the mark does not part a name from its city, both stand in ``name``.
    """

    name: str
    city: str | None = None
    state: str | None = None
    country: str | None = None
    year: str | None = None


class ItemValue(_Record, frozen=True, kw_only=True):
    """A mark of the item as all its photos together show it.

    ``raw`` is its line as fused. ``row`` and ``candidates`` are as in a mark: what it means, or what it may
    mean. ``alternatives`` are other values that the photos show, ``importer`` the parts of an import mark.
    """

    kind: MarkKind
    value: str
    raw: str
    match_key: str
    confidence: Confidence
    rule: str
    row: str | None = None
    candidates: tuple[MarkCandidate, ...] = ()
    alternatives: tuple[ItemAlternative, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    importer: Importer | None = None


class ItemSerial(_Record, frozen=True, kw_only=True):
    """The item's serial; ``characters`` are those of its value, fused over the photos.

    ``code`` tells whether a machine-readable code names the same serial.
    """

    value: str | None
    status: Literal["readable", "partial", "conflict", "not_found"]
    decision: Literal["accept", "review", "none"]
    confidence: Confidence
    match_key: str | None = None
    rule: str = ""
    code: Literal["agrees", "disagrees", "not_seen"] = "not_seen"
    characters: tuple[Glyph, ...] = ()
    candidates: tuple[ItemAlternative, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Assessment(_Record, frozen=True, kw_only=True):
    """A conclusion from marks, with its reasons; what is marked stays in the marks."""

    value: str
    confidence: Confidence
    reasons: tuple[str, ...] = ()


class ItemPhoto(_Record, frozen=True, kw_only=True):
    """One photo of an item, in input order; ``serial`` is what it shows by itself."""

    path: str
    sha256: str | None
    status: Literal["ok", "error"]
    error: ReadErrorCode | None = None
    serial: str | None = None


class Conflict(_Record, frozen=True, kw_only=True):
    """Values of one field that exclude each other, with the photos that show them."""

    field: str
    message: str
    values: tuple[ItemAlternative, ...]


class Missing(_Record, frozen=True, kw_only=True):
    """What a trace asks for and no photo shows; ``asked_by`` names the forms, the message what to do."""

    field: str
    asked_by: tuple[str, ...]
    message: str


class ItemRecord(_Record, frozen=True, kw_only=True, tag_field="record", tag="item"):
    """The record of one item, fused from the records of its photos."""

    schema: Literal["serialscan.item/1"] = ITEM_SCHEMA
    status: Literal["ok", "incomplete", "error"]
    item: str
    tool: Tool
    photos: tuple[ItemPhoto, ...]
    case: dict[str, str] = {}
    serial: ItemSerial = ItemSerial(value=None, status="not_found", decision="none", confidence=0.0)
    manufacturer_marked: ItemValue | None = None
    manufacturer_assessed: tuple[Assessment, ...] = ()
    item_class: tuple[Assessment, ...] = ()
    model: ItemValue | None = None
    calibre: ItemValue | None = None
    country_of_manufacture: ItemValue | None = None
    importer: ItemValue | None = None
    nsn: ItemValue | None = None
    uii: ItemValue | None = None
    import_marks: tuple[ItemValue, ...] = ()
    property_marks: tuple[ItemValue, ...] = ()
    factory_marks: tuple[ItemValue, ...] = ()
    proof_marks: tuple[ItemValue, ...] = ()
    other_numbers: tuple[ItemValue, ...] = ()
    markings: tuple[ItemValue, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    missing: tuple[Missing, ...] = ()
    warnings: tuple[Warning_, ...] = ()
    error: Error | None = None
