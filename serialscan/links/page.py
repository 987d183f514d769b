"""The page of links: the network, when photos were taken, and a table; it needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources

from serialscan.links.atlas import atlas
from serialscan.links.model import KINDS, Link, Seen
from serialscan.links.network import chosen, draw
from serialscan.report.model import Picture
from serialscan.webpage import content_hash, data_uri, template

MOST_LISTED = 2000
"""Links in the table; NDJSON has all of them."""

MOST_NAMED = 30
"""Items that the table names for a link."""

_HERE = "serialscan.links"
_LEFT, _RIGHT, _ROW = 200.0, 1350.0, 22.0  # px of the timeline
_MOST_ROWS = 80
_TICKS = 6


@dataclass(frozen=True, slots=True)
class Node:
    """An item in the drawing."""

    number: int
    x: float
    y: float
    hue: int
    label: str
    told: str
    picture: Picture | None


@dataclass(frozen=True, slots=True)
class Knot:
    """A link in the drawing; ``ends`` are the places of its items."""

    number: int
    x: float
    y: float
    kind: str
    label: str
    told: str
    ends: tuple[tuple[float, float], ...]
    width: float


@dataclass(frozen=True, slots=True)
class Dot:
    """A linked item in the timeline."""

    x: float
    y: float
    hue: int
    told: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Sources below each other, time from left to right; ``undated`` items have no time."""

    rows: tuple[tuple[float, str], ...]
    ticks: tuple[tuple[float, str], ...]
    dots: tuple[Dot, ...]
    height: float
    undated: int
    rows_left_out: int


def drawn_items(links: Sequence[Link]) -> set[int]:
    """Numbers of the items that the drawing shows, for which pictures are of use."""
    return {one.number for position in chosen(links) for one in links[position].items}


def page(
    seen: Sequence[Seen], links: Sequence[Link], pictures: Mapping[int, Picture], made: str, least: float
) -> bytes:
    """The page.

    Args:
        seen: all items.
        links: from ``find_links``.
        pictures: small ones, by the number of the item.
        made: when, and by which program.
        least: log10 of the least likelihood ratio that was asked for.
    """
    sources = list(dict.fromkeys(one.source for one in seen))
    hues = {name: round(number * 137.508) % 360 for number, name in enumerate(sources)}  # the golden angle
    drawn = chosen(links)
    drawing = draw(links, drawn)
    nodes = [
        Node(number, spot.x, spot.y, hues[seen[number - 1].source], _label(seen[number - 1]),
             _told(seen[number - 1]), pictures.get(number))
        for number, spot in sorted(drawing.items.items())
    ]  # fmt: skip
    knots = [
        Knot(
            position + 1, spot.x, spot.y, links[position].kind, _strength(links[position]),
            f"{KINDS[links[position].kind]}: {links[position].what}",
            tuple((at.x, at.y) for one in links[position].items for at in (drawing.items[one.number],)),
            max(1.0, (links[position].log10_lr or 1.0) / 2),
        )
        for position, spot in sorted(drawing.links.items())
    ]  # fmt: skip
    style = _data("style.css")
    # Only styles by their hash and pictures within the page: nothing runs, nothing is asked for.
    policy = (
        f"default-src 'none'; img-src data:; style-src {content_hash(style)}; base-uri 'none'; "
        "form-action 'none'"
    )
    linked = {one.number for link in links if link.kind != "conflict" for one in link.items}
    return template(_HERE, "links.html").render(
        seen=seen, sources=sources, links=links, linked=len(linked), kinds=KINDS, nodes=nodes, knots=knots,
        drawing=drawing, not_drawn=sum(one.kind != "conflict" for one in links) - len(drawn),
        counts={kind: sum(one.kind == kind for one in links) for kind in KINDS},
        timeline=_timeline(seen, links, hues), atlas=atlas(seen, links, drawn, hues),
        made=made, least=f"{least:g}", style=style, policy=policy,
        most_listed=MOST_LISTED, most_named=MOST_NAMED, data_uri=data_uri, strength=_strength, hues=hues,
    ).encode()  # fmt: skip


def _label(one: Seen) -> str:
    text = one.serial or one.name
    return text if len(text) <= 16 else "…" + text[-15:]


def _told(one: Seen) -> str:
    words = [one.source, one.name, f"serial {one.serial}" if one.serial else "no serial"]
    words += [mark.value for mark in (one.maker, one.model) if mark is not None]
    return "; ".join(words)


def _strength(link: Link) -> str:
    return "" if link.log10_lr is None else f"{link.log10_lr:.1f}"


def _timeline(seen: Sequence[Seen], links: Sequence[Link], hues: Mapping[str, int]) -> Timeline:
    numbers = sorted({one.number for link in links if link.kind != "conflict" for one in link.items})
    times = {number: time for number in numbers if (time := _time(seen[number - 1])) is not None}
    sources = list(dict.fromkeys(seen[number - 1].source for number in times))
    shown = {name: 34 + row * _ROW for row, name in enumerate(sources[:_MOST_ROWS])}
    if not times:
        return Timeline((), (), (), 0.0, len(numbers), 0)
    first, last = min(times.values()), max(times.values())
    span = max(1.0, (last - first).total_seconds())
    dots = tuple(
        Dot(
            round(_LEFT + (_RIGHT - _LEFT) * (time - first).total_seconds() / span, 1),
            shown[seen[number - 1].source], hues[seen[number - 1].source],
            f"{time:%Y-%m-%d %H:%M}; {_told(seen[number - 1])}",
        )
        for number, time in times.items()
        if seen[number - 1].source in shown
    )  # fmt: skip
    ticks = tuple(
        (
            round(_LEFT + (_RIGHT - _LEFT) * step / _TICKS, 1),
            f"{first + (last - first) * (step / _TICKS):%Y-%m-%d}",
        )
        for step in range(_TICKS + 1)
    )
    ticks = tuple({words: (x, words) for x, words in reversed(ticks)}.values())[::-1]  # each day once
    return Timeline(
        tuple((y, name if len(name) <= 24 else "…" + name[-23:]) for name, y in shown.items()), ticks, dots,
        34 + len(shown) * _ROW, len(numbers) - len(times), len(sources) - len(shown),
    )  # fmt: skip


def _time(one: Seen) -> datetime | None:
    """When its first photo was taken, by the camera's clock, without its zone, which few cameras name."""
    try:
        return datetime.fromisoformat(one.captured_at or "").replace(tzinfo=None)
    except ValueError:
        return None


@cache
def _data(name: str) -> str:
    return (resources.files(_HERE) / "templates" / name).read_text("utf-8")
