"""Where linked items were found: the map of the page, and GeoJSON for the maps of others.

Outlines are those of Natural Earth, 1:110m, in tenths of a degree. `docs/make_outlines.py` makes the file.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import msgspec

from serialscan.links.model import KINDS, Link, Seen
from serialscan.report.build import Unit

Place = tuple[float, float]
"""Latitude and longitude in degrees, WGS 84."""

_LATITUDE = frozenset({"lat", "latitude"})
_LONGITUDE = frozenset({"lon", "lng", "long", "longitude"})
_BOTH = frozenset({"coordinates", "coordinate", "gps", "latlon", "latlng"})
_NUMBER = re.compile(r"([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*([NSEW]?)", re.IGNORECASE)

_WIDE, _TALL = 1400.0, 700.0  # px of the map, at most
_LEAST_SPAN = 8.0  # degrees that the map shows at least: outlines of 1:110m say nothing closer
_AROUND = 0.25  # of the span of all places, left free on each side
_FLATTEST = 80.0  # degrees of latitude, at which the width of a degree is still drawn
_NAMED = 12  # items that a dot tells


@dataclass(frozen=True, slots=True)
class Dot:
    """Items found in one place; ``size`` is the radius in px."""

    x: float
    y: float
    size: float
    hue: int
    told: str


@dataclass(frozen=True, slots=True)
class Atlas:
    """The map: outlines as the path of an SVG, lines between places of one link, and dots.

    Attributes:
        width, height: in px.
        land: path of the outlines.
        lines: of each drawn link its kind and its path.
        dots: places of linked items, the largest first.
        without: linked items whose place is not known.
    """

    width: float
    height: float
    land: str
    lines: tuple[tuple[str, str], ...]
    dots: tuple[Dot, ...]
    without: int


def place_of(unit: Unit) -> Place | None:
    """Where an item was found: facts and columns with coordinates come before the position of a photo."""
    said = [*unit.facts, *(unit.item.case.items() if unit.item is not None else ())]
    found: dict[str, float] = {}
    for name, value in said:
        words = set(re.findall(r"[a-z]+", name.lower()))
        for words_of, axis, letters in ((_LATITUDE, "lat", "NS"), (_LONGITUDE, "lon", "EW")):
            if words & words_of and (degrees := _degrees(value, letters)) is not None:
                found.setdefault(axis, degrees)
        if words & _BOTH:
            both = re.split(r"[,;]\s*|\s+", value.strip())
            if len(both) == 2:
                pair = _degrees(both[0], "NS"), _degrees(both[1], "EW")
                if pair[0] is not None and pair[1] is not None:
                    found.setdefault("lat", pair[0])
                    found.setdefault("lon", pair[1])
    if len(found) == 2:
        return _on_earth(found["lat"], found["lon"])
    positions = [part.record.source.gps for part in unit.parts if part.record and part.record.source.gps]
    return next((at for one in positions if (at := _on_earth(one.latitude, one.longitude))), None)


def _degrees(text: str, letters: str) -> float | None:
    found = _NUMBER.fullmatch(text.strip())
    if found is None or (found[2] and found[2].upper() not in letters):
        return None
    return -float(found[1]) if found[2].upper() == letters[1] else float(found[1])


def _on_earth(latitude: float, longitude: float) -> Place | None:
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def atlas(
    seen: Sequence[Seen], links: Sequence[Link], drawn: Iterable[int], hues: Mapping[str, int]
) -> Atlas | None:
    """The map of linked items; None if the place of none is known.

    Args:
        seen: all items.
        links: all links.
        drawn: positions of the links whose lines are drawn.
        hues: of each source.
    """
    linked = sorted({one.number for link in links if link.kind != "conflict" for one in link.items})
    places: defaultdict[Place, list[int]] = defaultdict(list)
    for number in linked:
        if (at := seen[number - 1].place) is not None:
            places[at].append(number)
    if not places:
        return None
    frame = _Frame.around(list(places))
    lines = []
    for position in drawn:
        held = {seen[one.number - 1].place for one in links[position].items}
        ends = sorted(frame.at(*one) for one in held if one is not None)
        if len(ends) > 1:
            path = "".join(f"M{a:g} {b:g}L{c:g} {d:g}" for (a, b), (c, d) in _joined(ends))
            lines.append((links[position].kind, path))
    dots = []
    for at, numbers in places.items():
        x, y = frame.at(*at)
        told = [f"{seen[n - 1].source}: {seen[n - 1].serial or 'no serial'}" for n in numbers[:_NAMED]]
        told += [f"and {len(numbers) - _NAMED} more"] if len(numbers) > _NAMED else []
        size = min(24.0, 5 + 2 * math.sqrt(len(numbers)))
        dots.append(Dot(x, y, round(size, 1), hues[seen[numbers[0] - 1].source], "\n".join(told)))
    dots.sort(key=lambda dot: -dot.size)
    without = len(linked) - sum(map(len, places.values()))
    return Atlas(frame.width, frame.height, frame.land(), tuple(dict.fromkeys(lines)), tuple(dots), without)


def _joined(ends: Sequence[Place]) -> Iterator[tuple[Place, Place]]:
    """Lines that join all points with the least length (Prim 1957)."""
    nearest = dict.fromkeys(ends[1:], ends[0])
    while nearest:
        point = min(nearest, key=lambda one: (math.dist(one, nearest[one]), one))
        yield nearest.pop(point), point
        for one, other in nearest.items():
            if math.dist(one, point) < math.dist(one, other):
                nearest[one] = point


@dataclass(frozen=True, slots=True)
class _Frame:
    """A part of the earth on a plane: degrees of longitude are as wide as in its middle."""

    west: float
    north: float
    south: float
    east: float
    wide: float
    tall: float

    @classmethod
    def around(cls, places: Sequence[Place]) -> _Frame:
        lats, lons = [lat for lat, _ in places], [lon for _, lon in places]
        middle = (min(lats) + max(lats)) / 2
        narrow = math.cos(math.radians(min(_FLATTEST, abs(middle))))
        tall = max(_LEAST_SPAN, (max(lats) - min(lats)) * (1 + 2 * _AROUND))
        across = max(_LEAST_SPAN, (max(lons) - min(lons)) * (1 + 2 * _AROUND))
        tall = max(tall, across * narrow / 3)  # no flatter than three to one
        across = max(across, min(360.0, tall / narrow))
        step = min(_WIDE / (across * narrow), _TALL / tall)  # px of a degree of latitude
        centre = (min(lons) + max(lons)) / 2
        return cls(
            centre - across / 2,
            middle + tall / 2,
            middle - tall / 2,
            centre + across / 2,
            step * narrow,
            step,
        )

    @property
    def width(self) -> float:
        return round((self.east - self.west) * self.wide, 1)

    @property
    def height(self) -> float:
        return round((self.north - self.south) * self.tall, 1)

    def at(self, latitude: float, longitude: float) -> tuple[float, float]:
        """Px from the left and from the top."""
        x, y = (longitude - self.west) * self.wide, (self.north - latitude) * self.tall
        return round(x, 1), round(y, 1)

    def land(self) -> str:
        """The outlines that cross the frame."""
        return "".join(
            "M" + "L".join("{:g} {:g}".format(*self.at(y / 10, x / 10)) for x, y in ring) + "Z"
            for ring in _rings()
            if self._holds(ring)
        )

    def _holds(self, ring: Sequence[tuple[int, int]]) -> bool:
        xs, ys = [x / 10 for x, _ in ring], [y / 10 for _, y in ring]
        return min(xs) < self.east and max(xs) > self.west and min(ys) < self.north and max(ys) > self.south


@cache
def _rings() -> tuple[tuple[tuple[int, int], ...], ...]:
    """Outlines as longitude and latitude in tenths of a degree."""
    data = (resources.files("serialscan.links") / "templates" / "outlines.json").read_bytes()
    found = []
    for steps in msgspec.json.decode(data)["rings"]:
        x, y, ring = 0, 0, []
        for a, b in zip(steps[::2], steps[1::2], strict=True):
            x, y = x + a, y + b
            ring.append((x, y))
        found.append(tuple(ring))
    return tuple(found)


def geojson(seen: Sequence[Seen], links: Sequence[Link]) -> Iterator[bytes]:
    """Linked items and links with a place, as in RFC 7946: a point for each item, points for each link."""
    linked = sorted({one.number for link in links for one in link.items})
    yield b'{"type":"FeatureCollection","features":['
    comma = b"\n"
    for number in linked:
        one = seen[number - 1]
        if one.place is None:
            continue
        properties = {
            "record": "item", "number": number, "source": one.source, "item": one.name, "serial": one.serial,
            "maker": one.maker.value if one.maker else None, "model": one.model.value if one.model else None,
            "captured_at": one.captured_at,
        }  # fmt: skip
        yield comma + _feature("Point", _point(one.place), properties)
        comma = b",\n"
    for position, link in enumerate(links, start=1):
        at = [place for one in link.items if (place := seen[one.number - 1].place) is not None]
        if at:
            told = {
                "record": "link", "number": position, "kind": link.kind, "words": KINDS[link.kind],
                "log10_lr": link.log10_lr, "support": link.support, "what": link.what,
                "assumption": link.assumption, "items": [one.number for one in link.items],
            }  # fmt: skip
            yield comma + _feature("MultiPoint", [_point(place) for place in dict.fromkeys(at)], told)
            comma = b",\n"
    yield b"\n]}\n"


def _point(place: Place) -> list[float]:
    return [place[1], place[0]]


def _feature(kind: str, coordinates: list[float] | list[list[float]], properties: dict[str, object]) -> bytes:
    geometry = {"type": kind, "coordinates": coordinates}
    return msgspec.json.encode({"type": "Feature", "geometry": geometry, "properties": properties})
