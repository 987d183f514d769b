"""The network of items and links: which part of it is drawn, where, and as GraphML for other programs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from serialscan.links.model import Link, Seen
from serialscan.printable import printable

MOST_ITEMS, MOST_MEMBERS = 600, 60
"""Items that a drawing holds, and items of a link that is drawn: more cannot be told apart."""

_ROOM = 96.0  # px between an item and its link
_WIDE = 1400.0  # px of the drawing
_PAD = 60.0  # px around each part
_RING = 12  # places on a ring around a link; more fill a disc
_ROUNDS = 120  # of the layout; more move nothing that is seen


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an item or a link stands, in pixels from the top left."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """A part of the network with its places.

    Attributes:
        items: places by the number of the item.
        links: places by the position of the link in the list of all links.
        width: of all, in pixels.
        height: of all, in pixels.
    """

    items: Mapping[int, Spot]
    links: Mapping[int, Spot]
    width: float
    height: float


def chosen(links: Sequence[Link]) -> list[int]:
    """Positions of the links that are drawn: the strongest ones that fit."""
    taken: list[int] = []
    items: set[int] = set()
    for position, link in enumerate(links):
        members = {one.number for one in link.items}
        if link.kind == "conflict" or len(members) > MOST_MEMBERS or len(items | members) > MOST_ITEMS:
            continue
        taken.append(position)
        items |= members
    return taken


def draw(links: Sequence[Link], drawn: Sequence[int]) -> Drawing:
    """Places for some links and their items; the same links always get the same places.

    Each part that hangs together is laid out by itself by springs (Fruchterman and Reingold, Software:
    Practice and Experience 21, 1991), from a spiral; what is far apart pushes less than there, which keeps
    parts small. The parts stand in rows, the largest first.
    """
    of_item: defaultdict[int, list[int]] = defaultdict(list)
    for position in drawn:
        for one in links[position].items:
            of_item[one.number].append(position)
    items: dict[int, Spot] = {}
    spots: dict[int, Spot] = {}
    x = y = row = width = 0.0
    for names, edges in sorted(_parts(links, drawn, of_item), key=lambda part: (-len(part[0]), part[0])):
        places = _springs(len(names), edges)
        size = places.max(axis=0) + 2 * _PAD
        if x > 0 and x + size[0] > _WIDE:
            x, y, row = 0.0, y + row, 0.0
        for (is_link, name), (left, top) in zip(names, places.tolist(), strict=True):
            spot = Spot(round(x + _PAD + left, 1), round(y + _PAD + top, 1))
            (spots if is_link else items)[name] = spot
        x, row = x + float(size[0]), max(row, float(size[1]))
        width = max(width, x)
    return Drawing(items, spots, round(width, 1), round(y + row, 1))


_Name = tuple[bool, int]  # whether it is a link, and its position or the number of the item


def _parts(
    links: Sequence[Link], drawn: Sequence[int], of_item: Mapping[int, Sequence[int]]
) -> Iterator[tuple[list[_Name], list[tuple[int, int]]]]:
    """Parts that hang together: what they hold, and which of it is joined."""
    left = dict.fromkeys(drawn)
    while left:
        waiting: list[_Name] = [(True, next(iter(left)))]
        number = {waiting[0]: 0}
        edges = []
        while waiting:
            name = waiting.pop()
            is_link, which = name
            others: list[_Name] = (
                [(False, one.number) for one in links[which].items]
                if is_link
                else [(True, one) for one in of_item[which]]
            )
            for other in others:
                if other not in number:
                    number[other] = len(number)
                    waiting.append(other)
                if is_link:
                    edges.append((number[name], number[other]))
        for is_link, which in number:
            if is_link:
                del left[which]
        yield list(number), edges


def _springs(count: int, edges: Sequence[tuple[int, int]]) -> np.ndarray:
    """Places (count, 2) in pixels, from 0."""
    if len(edges) == count - 1 and all(a == 0 for a, _ in edges):  # one link: its items around it
        if count <= _RING:
            around = np.arange(count - 1) * (2 * math.pi / (count - 1)) + math.pi
            ring = _ROOM * 0.8 * max(1.0, (count - 1) / (2 * math.pi))
            places = ring * np.column_stack([np.cos(around), 0.8 * np.sin(around)])
        else:
            places = _spiral(count - 1)
        places = np.vstack([[0.0, 0.0], places])
        return np.asarray(places - places.min(axis=0))
    places = _spiral(count)
    ends = np.array(edges)
    heat = _ROOM * math.sqrt(count)
    for _ in range(_ROUNDS):
        apart = places[:, None, :] - places[None, :, :]
        square = np.maximum((apart**2).sum(axis=2), 1.0)
        push = (apart * (_ROOM**3 / square**1.5)[:, :, None]).sum(axis=1)
        along = places[ends[:, 0]] - places[ends[:, 1]]
        pull = along * (np.sqrt((along**2).sum(axis=1)) / _ROOM)[:, None]
        np.add.at(push, ends[:, 0], -pull)
        np.add.at(push, ends[:, 1], pull)
        length = np.maximum(np.sqrt((push**2).sum(axis=1)), 1e-9)
        places = places + push / length[:, None] * np.minimum(length, heat)[:, None]
        heat *= 0.96
    return np.asarray(places - places.min(axis=0))


def _spiral(count: int) -> np.ndarray:
    """Places (count, 2) that fill a disc evenly: each turned from the last one by the golden angle."""
    angles = np.arange(count) * (math.pi * (3 - math.sqrt(5)))
    radius = 0.6 * _ROOM * np.sqrt(np.arange(count) + 1.5)
    return np.asarray(radius[:, None] * np.column_stack([np.cos(angles), np.sin(angles)]))


_FIELDS = (
    ("type", "node", "string"), ("label", "node", "string"), ("source", "node", "string"),
    ("serial", "node", "string"), ("maker", "node", "string"), ("model", "node", "string"),
    ("captured_at", "node", "string"), ("kind", "node", "string"), ("log10_lr", "node", "double"),
    ("support", "node", "string"), ("expected_by_chance", "node", "double"), ("assumption", "node", "string"),
    ("confidence", "edge", "double"), ("where", "edge", "string"),
)  # fmt: skip


def graphml(seen: Sequence[Seen], links: Sequence[Link]) -> Iterator[bytes]:
    """The network as GraphML (http://graphml.graphdrawing.org), in pieces.

    Items (``i1``) and links (``l1``) are both nodes, since a link joins any number of items; an edge joins an
    item to a link. Items without a link are left out. Characters that XML has no place for are escaped.
    """
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for name, of, kind in _FIELDS:
        yield f'<key id="{name}" for="{of}" attr.name="{name}" attr.type="{kind}"/>\n'.encode()
    yield b'<graph id="links" edgedefault="undirected">\n'
    for number in sorted({one.number for link in links for one in link.items}):
        item = seen[number - 1]
        yield _node(f"i{number}", {
            "type": "item", "label": item.serial or item.name, "source": item.source, "serial": item.serial,
            "maker": item.maker.value if item.maker else None,
            "model": item.model.value if item.model else None, "captured_at": item.captured_at,
        })  # fmt: skip
    for number, link in enumerate(links, start=1):
        yield _node(f"l{number}", {
            "type": "link", "label": link.what, "kind": link.kind, "log10_lr": link.log10_lr,
            "support": link.support, "expected_by_chance": link.expected_by_chance,
            "assumption": link.assumption,
        })  # fmt: skip
        for one in link.items:
            data = _data({"confidence": one.confidence, "where": " ".join(one.where)})
            yield f'<edge source="l{number}" target="i{one.number}">{data}</edge>\n'.encode()
    yield b"</graph>\n</graphml>\n"


def _node(name: str, values: Mapping[str, str | float | None]) -> bytes:
    return f"<node id={quoteattr(name)}>{_data(values)}</node>\n".encode()


def _data(values: Mapping[str, str | float | None]) -> str:
    return "".join(
        f'<data key="{name}">{escape(printable(str(value)))}</data>'
        for name, value in values.items()
        if value is not None and value != ""
    )
