"""Writes a report: one file, or numbered files with an index where one would grow too large."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

from serialscan.errors import InputError
from serialscan.files.whole import demand_new, write_new
from serialscan.report.build import Unit, item_of, row_of
from serialscan.report.model import STANDINGS, Facts, Item, Row, Standing
from serialscan.report.origin import Origin
from serialscan.report.summary import summary_of
from serialscan.webpage import content_hash, data_uri, template

if TYPE_CHECKING:
    import jinja2

MOST_BYTES = 50_000_000
"""Bytes of items in one file. Beyond it phones and mail programs give up, and it is split."""

_PARTS = 2
"""Into how many parts of that many bytes: halves open in half the time (benchmarks/report.py)."""

_HERE = "serialscan.report"


@dataclass(frozen=True, slots=True)
class Selected:
    """What a report is about.

    Attributes:
        rows: its items, in order.
        numbers: of the units that it holds, of all that its origin gives.
        left_out: how many items were left out, by their standing.
    """

    rows: tuple[Row, ...]
    numbers: frozenset[int]
    left_out: int


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the files, the first one to be opened first, and how many items they hold."""

    files: tuple[Path, ...]
    items: int


def select(origin: Origin, chosen: Sequence[str], standings: Collection[Standing]) -> Selected:
    """Find what a report is about.

    Args:
        origin: a case or records.
        chosen: names of items or photos; without any, all are taken.
        standings: which are taken; without any, all are.

    Raises:
        InputError: nothing is left, or a name is not known.
    """
    rows: list[Row] = []
    numbers: set[int] = set()
    left_out = 0
    for unit in origin.units(chosen):
        row = row_of(item_of(unit))
        if standings and row.standing not in standings:
            left_out += 1
            continue
        rows.append(row)
        numbers.add(unit.number)
    if not rows:
        words = " or ".join(STANDINGS[one] for one in standings)
        raise InputError(
            f"{origin.title} holds nothing that is {words}: there is no report to make."
            if standings
            else f"{origin.title} holds no record: there is no report to make."
        )
    return Selected(tuple(rows), frozenset(numbers), left_out)


def write_report(
    path: Path,
    origin: Origin,
    selected: Selected,
    chosen: Sequence[str],
    facts: Facts,
    progress: Callable[[int, int], None] = lambda done, of: None,
    most_bytes: int = MOST_BYTES,
) -> Written:
    """Write the pages.

    Args:
        path: the file; further ones are named after it.
        origin: what ``selected`` was made from, with the same ``chosen``.
        selected: what the report is about.
        chosen: as in ``select``.
        facts: what the report says of itself.
        progress: takes how many items are done, and of how many.
        most_bytes: of items in one file; beyond them files have at most half as many.

    Raises:
        OutputError: a file is there already, or cannot be written; nothing is left behind.
    """
    with contextlib.ExitStack() as stack:
        spools: list[IO[bytes]] = []
        parts: list[int] = []  # of each item the file that holds it, from 0
        size, total = most_bytes, 0
        for done, item in enumerate(_items(origin, selected, chosen), start=1):
            html = _item_html(item)
            if size + len(html) > most_bytes // _PARTS:
                spools.append(stack.enter_context(tempfile.TemporaryFile()))
                size = 0
            spools[-1].write(html)
            size += len(html)
            total += len(html)
            parts.append(len(spools) - 1)
            progress(done, len(selected.rows))
        paths = _paths(path, len(spools) if total > most_bytes else 1)
        for one in paths:
            demand_new(one)
        written: list[Path] = []
        try:
            for one, data in zip(paths, _pages(paths, spools, parts, selected, facts), strict=True):
                write_new(one, data)
                written.append(one)
        except BaseException:
            for one in written:
                one.unlink(missing_ok=True)
            raise
    return Written(tuple(paths), len(parts))


def _items(origin: Origin, selected: Selected, chosen: Sequence[str]) -> Iterator[Item]:
    def pairs() -> Iterator[tuple[Unit, Item]]:
        for unit in origin.units(chosen):
            if unit.number in selected.numbers:
                yield unit, item_of(unit)

    yield from origin.pictured(pairs())


def _paths(path: Path, count: int) -> list[Path]:
    if count == 1:
        return [path]
    return [path, *(path.with_name(f"{path.stem}-{n}{path.suffix}") for n in range(1, count + 1))]


def _pages(
    paths: Sequence[Path], spools: Sequence[IO[bytes]], parts: Sequence[int], selected: Selected, facts: Facts
) -> Iterator[bytes]:
    """The bytes of each file, in the order of their names."""
    alone = len(paths) == 1
    holders = [""] * len(spools) if alone else [quote(one.name) for one in paths[1:]]
    addresses = {
        row.number: f"{holders[part]}#i{row.number}" for row, part in zip(selected.rows, parts, strict=True)
    }
    head = _template("front.html").render(
        facts=facts, rows=selected.rows, summary=summary_of(selected.rows), addresses=addresses,
        standings=STANDINGS, counts=Counter(row.standing for row in selected.rows), alone=alone,
        holders=Counter(holders[part] for part in parts), **_page(facts),
    ).encode()  # fmt: skip
    end = _template("end.html").render(facts=facts).encode()
    foot = _template("foot.html").render(script=_script()).encode()
    if alone:
        yield head + b"".join(map(_content, spools)) + end + foot
        return
    yield head + end + foot
    for number, spool in enumerate(spools):
        top = _template("part.html").render(
            facts=facts, number=number + 1, of=len(spools), front=quote(paths[0].name), **_page(facts)
        )
        yield top.encode() + _content(spool) + foot


def _content(spool: IO[bytes]) -> bytes:
    spool.seek(0)
    return spool.read()


def _item_html(item: Item) -> bytes:
    return _template("item.html").render(item=item, data_uri=data_uri, standings=STANDINGS).encode()


def _page(facts: Facts) -> dict[str, object]:
    style = _style()
    policy = (
        f"default-src 'none'; img-src data:; style-src {content_hash(style)}; "
        f"script-src {content_hash(_script())}; base-uri 'none'; form-action 'none'"
    )
    return {"style": style, "policy": policy}


def _template(name: str) -> jinja2.Template:
    return template(_HERE, name)


@cache
def _style() -> str:
    return _data("style.css")


@cache
def _script() -> str:
    return _data("filter.js")


def _data(name: str) -> str:
    return (resources.files(_HERE) / "templates" / name).read_text("utf-8")
