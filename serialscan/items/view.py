"""An item's photos as one document, with the same mark of several photos fused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from serialscan.glyphs import match_key
from serialscan.items.fuse import Network, Strand, TooManyLines, fuse_lines
from serialscan.record import Code, Evidence, Line, PhotoRecord, Sign

_MOST_TEXT = 150_000  # characters on them, which take up to some 20 seconds to be understood


@dataclass(frozen=True)
class Origin:
    """A line of the view: the network and the strand that it was made of."""

    network: Network
    strand: Strand


class View:
    """An item's photos as one document, whose pages are the photos' pages with their lines fused.

    A number that several pages show stands once, on the page where it says most, so that it counts once.

    Attributes:
        lines: fused lines; ids are those of the photos with the photo's number before them.
        codes: distinct codes.
        accepted: match keys of the serials that single photos give beyond doubt.

    Raises:
        TooManyLines: the photos show more text than one item can bear.
    """

    def __init__(self, records: Sequence[PhotoRecord]) -> None:
        self.records = records
        self.accepted = {record.serial.match_key for record in records if record.serial.decision == "accept"}
        if sum(len(line.text) for record in records for line in record.lines) > _MOST_TEXT:
            raise TooManyLines
        strands = [
            Strand(number, line, _cut(line, record))
            for number, record in enumerate(records)
            for line in record.lines
        ]
        self._of: dict[tuple[int, str], Origin] = {
            (strand.photo, strand.line.id): Origin(network, strand)
            for network in fuse_lines(strands)
            for strand in network.strands()
        }
        pages: dict[tuple[int, int], int] = {}
        for number, record in enumerate(records):
            for page in _pages(record):
                pages[number, page] = len(pages) + 1
        self.lines = self._lines(pages)
        self.codes: list[Code] = []
        self._codes: dict[tuple[str, str], list[tuple[int, Code]]] = {}
        for number, record in enumerate(records):
            for code in record.codes:
                same = self._codes.setdefault((code.symbology, code.bytes_hex), [])
                if not same:
                    self.codes.append(
                        msgspec.structs.replace(
                            code, id=line_id(number, code.id), page=pages[number, code.page]
                        )
                    )
                same.append((number, code))
        shown = {line.id for line in self.lines}
        self._signs = {(n, sign.id): sign for n, record in enumerate(records) for sign in record.signs}
        self.signs = [
            msgspec.structs.replace(
                sign, id=line_id(number, sign.id), page=pages[number, sign.page],
                lines=tuple(name for own in sign.lines if (name := line_id(number, own)) in shown),
            )
            for (number, _), sign in self._signs.items()
        ]  # fmt: skip

    def place(self, identity: str) -> Origin | None:
        """Where a line of the view comes from; None for a code or a sign."""
        photo, _, line = identity.partition(".")
        return self._of.get((int(photo[1:]) - 1, line))

    def evidence(self, ids: Sequence[str], value: str) -> tuple[Evidence, ...]:
        """All places in all photos that show what these lines, codes and signs show."""
        return tuple(self.sight(photo, part) for (photo, _), part in self.places(ids, value).items())

    def places(self, ids: Sequence[str], value: str) -> dict[tuple[int, str], Line | Code | Sign]:
        """The same as lines, codes and signs, by photo and id."""
        found: dict[tuple[int, str], Line | Code | Sign] = {}
        for identity in ids:
            place = self.place(identity)
            parts: list[tuple[int, Line | Code | Sign]]
            if place is None:
                parts = [*self._same_codes(identity)]
            else:
                span = place.network.find(place.strand, value)
                parts = [(strand.photo, strand.line) for strand in place.network.seen(*span)]
            for number, part in parts:
                found.setdefault((number, part.id), part)
        return found

    def sight(self, number: int, part: Line | Code | Sign) -> Evidence:
        """One line, code or sign of one photo; the ``raw`` of a sign is its name, with the number in it."""
        source = self.records[number].source
        raw = part.text if not isinstance(part, Sign) else " ".join(filter(None, (part.name, part.text)))
        return Evidence(
            photo=source.path, sha256=source.sha256, id=part.id, polygon=part.polygon, page=part.page,
            raw=raw, confidence=1.0 if isinstance(part, Code) else part.confidence,
        )  # fmt: skip

    def _same_codes(self, identity: str) -> list[tuple[int, Code | Sign]]:
        """A code in all photos that show it; a sign in its own."""
        photo, _, own = identity.partition(".")
        sign = self._signs.get((int(photo[1:]) - 1, own))
        if sign is not None:
            return [(int(photo[1:]) - 1, sign)]
        code = next(code for code in self.records[int(photo[1:]) - 1].codes if code.id == own)
        return [*self._codes[code.symbology, code.bytes_hex]]

    def _lines(self, pages: Mapping[tuple[int, int], int]) -> list[Line]:
        """Fused lines in the order of the photos; of equal numbers the one on its best page.

        A line that shows only a part of what another photo shows of the same mark stands back: the rest may
        say what its number is (``NO 11824108`` of ``PART NO 11824108``).
        """
        lines: dict[str, Line] = {}
        networks: dict[str, Network] = {}
        shown: dict[Network, list[str]] = {}
        best: dict[str, tuple[float, int, int]] = {}
        ranks: dict[str, tuple[str, tuple[float, int, int]]] = {}
        for number, record in enumerate(self.records):
            shares = {i: c.confidence for c in reversed(record.serial.candidates) for i in c.evidence}
            for own in record.lines:
                place = self._of.get((number, own.id))
                if place is None:
                    continue
                identity, page = line_id(number, own.id), pages[number, own.page]
                line = msgspec.structs.replace(place.network.line(place.strand), id=identity, page=page)
                lines[identity] = line
                networks[identity] = place.network
                shown.setdefault(place.network, []).append(line.text)
                if any(char.isdigit() for char in line.text):
                    key, rank = match_key(line.text), (shares.get(own.id, 0.0), len(record.lines), -page)
                    ranks[identity] = key, rank
                    best[key] = max(best.get(key, rank), rank)

        def stands_back(identity: str, line: Line) -> bool:
            if identity not in ranks:
                return False
            key, rank = ranks[identity]
            others = shown[networks[identity]]
            return rank != best[key] or any(line.text in other and line.text != other for other in others)

        return [line for identity, line in lines.items() if not stands_back(identity, line)]


def line_id(photo: int, identity: str) -> str:
    """The id in the view of a line or code of a photo."""
    return f"P{photo + 1}.{identity}"


def once(records: Sequence[PhotoRecord]) -> list[PhotoRecord]:
    """The records; copies of a photo say nothing that it does not say, and keep their places only."""
    seen: set[str] = set()
    once = []
    for record in records:
        sha256 = record.source.sha256
        if sha256 in seen:
            record = PhotoRecord(status=record.status, tool=record.tool, source=record.source)
        elif sha256 is not None:
            seen.add(sha256)
        once.append(record)
    return once


def _pages(record: PhotoRecord) -> list[int]:
    """The pages of a photo on which anything stands, in order."""
    pages = {line.page for line in record.lines} | {code.page for code in record.codes}
    return sorted(pages | {sign.page for sign in record.signs})


def _cut(line: Line, record: PhotoRecord) -> tuple[bool, bool]:
    """Whether a line's start and end lie within a character's height of the photo's edge.

    Unknown, and so not, on all pages but the first, since the source names the size of that one only.
    """
    width, height = record.source.width, record.source.height
    if line.page != 1 or len(line.polygon) < 4 or width is None or height is None:
        return False, False
    count = len(line.polygon)
    tall = line.glyph_height_px or 0.0
    # Clockwise from the top left: the start is the first and the last corner, the end the two in the middle.
    ends = (
        (line.polygon[0], line.polygon[-1]),
        (line.polygon[count // 2 - 1], line.polygon[count // 2]),
    )
    start, end = (
        any(x < tall or y < tall or x > width - tall or y > height - tall for x, y in corners)
        for corners in ends
    )
    return start, end
