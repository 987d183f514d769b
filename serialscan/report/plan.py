"""Which records belong together: items with their photos, photos without an item, each content once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

At = TypeVar("At")


class _Source(msgspec.Struct, frozen=True):
    path: str
    sha256: str | None = None


class Head(msgspec.Struct, frozen=True):
    """What tells the record of a photo or an item from others."""

    record: str
    source: _Source | None = None
    item: str | None = None
    photos: tuple[_Source, ...] = ()


head_of = msgspec.json.Decoder(Head).decode
"""Reads the head of a record, and nothing else of it, from its bytes."""


@dataclass(frozen=True, slots=True)
class Found(Generic[At]):
    """A record that was found.

    Attributes:
        at: where it stands.
        ledger: which ledger it stands in; items of two ledgers are two, whatever their names.
        head: what it is the record of.
    """

    at: At
    ledger: int
    head: Head


@dataclass(frozen=True, slots=True)
class PlannedPart(Generic[At]):
    """A photo; ``at`` is where its record stands, None if there is none; ``names`` are other paths of it."""

    path: str
    sha256: str | None
    at: At | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Planned(Generic[At]):
    """An item with its photos, or a photo; ``item`` is where the item's record stands."""

    title: str
    item: At | None
    parts: tuple[PlannedPart[At], ...]

    def is_meant(self, what: str) -> bool:
        """Whether a person means this one: by name, path, end of either, or eight digits of a SHA-256."""
        digits = len(what) >= 8 and set(what.lower()) <= set("0123456789abcdef")
        names = [self.title, *(name for part in self.parts for name in (part.path, *part.names))]
        return any(name == what or name.endswith("/" + what) for name in names) or (
            digits and any(part.sha256 and part.sha256.startswith(what.lower()) for part in self.parts)
        )


def plan(found: Iterable[Found[At]]) -> list[Planned[At]]:
    """Put records together, in the order in which each item or photo first came.

    The last record of an item and of a photo counts. The photos of an item are those that its record was
    made of; a photo that belongs to an item does not stand by itself as well.
    """
    order: dict[tuple[int, str], None] = {}
    items: dict[tuple[int, str], tuple[int, Found[At]]] = {}
    readings: dict[str, list[tuple[int, Found[At]]]] = {}
    for number, one in enumerate(found):
        if one.head.record == "item":
            key = (one.ledger, one.head.item or "")
            items[key] = number, one
        else:
            content = _content(one.head.source)
            key = (-1, content)
            readings.setdefault(content, []).append((number, one))
        order.setdefault(key)
    of_items = {_content(photo) for _, one in items.values() for photo in one.head.photos}
    planned = []
    for ledger, name in order:
        if ledger >= 0:
            number, one = items[ledger, name]
            parts = tuple(_part(photo, readings, number, one) for photo in one.head.photos)
            planned.append(Planned(name, one.at, parts))
        elif name not in of_items:
            last = readings[name][-1][1].head.source
            assert last is not None
            part = _part(last, readings, None, None)
            planned.append(Planned(part.path, None, (part,)))
    return planned


def _content(source: _Source | None) -> str:
    if source is None:
        return ""
    return source.sha256 or f"path {source.path}"


def _part(
    photo: _Source,
    readings: dict[str, list[tuple[int, Found[At]]]],
    before: int | None,
    item: Found[At] | None,
) -> PlannedPart[At]:
    """A photo, with the reading that its item was made of, if that is there, or else its last one."""
    known: Sequence[tuple[int, Found[At]]] = readings.get(_content(photo), [])
    paths = [one.head.source.path for _, one in known if one.head.source is not None]
    own = [
        one
        for number, one in known
        if item is not None
        and before is not None
        and number < before
        and one.ledger == item.ledger
        and one.head.source is not None
        and one.head.source.path == photo.path
    ]
    chosen = own or [one for _, one in known]
    names = tuple(path for path in dict.fromkeys(paths) if path != photo.path)
    return PlannedPart(photo.path, photo.sha256, chosen[-1].at if chosen else None, names)
