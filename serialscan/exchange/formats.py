"""The formats, and what each of them is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from serialscan.exchange.form import Form, form_of
from serialscan.exchange.places import is_place, without_places
from serialscan.report.build import Unit, item_of
from serialscan.report.model import Item
from serialscan.report.origin import Origin


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen.

    Attributes:
        gps: whether places and positions are exported.
        bom: whether CSV begins with a byte order mark.
        excel: whether cells of CSV that a spreadsheet would run are disarmed.
        photos_url: a URL below which the photos will lie; if it is empty, a bag holds them.
        base: where relative paths of photos begin; None is the current folder.
    """

    gps: bool = False
    bom: bool = False
    excel: bool = False
    photos_url: str = ""
    base: Path | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """An item that is exported: its records and decisions, what a report shows of it, its form."""

    unit: Unit
    item: Item
    form: Form


@dataclass(frozen=True, slots=True)
class Contents:
    """What is exported.

    Attributes:
        origin: a case or records.
        options: what was chosen.
        chosen: names of items or photos; without any, all.
        case: the case's file, or None.
        progress: takes how many items are done.
    """

    origin: Origin
    options: Options
    chosen: Sequence[str] = ()
    case: Path | None = None
    progress: Callable[[int, int | None], None] = lambda done, of: None

    def units(self) -> Iterator[Unit]:
        """The records and decisions of each item, without places where they are not asked for."""
        for unit in self.origin.units(self.chosen):
            yield unit if self.options.gps else without_places(unit)

    def items(self) -> Iterator[Exported]:
        """Every item, without pictures; can be asked again."""
        for done, unit in enumerate(self.units(), start=1):
            item = item_of(unit)
            yield Exported(unit, item, form_of(unit, item))
            self.progress(done, None)

    def pictured(self) -> Iterator[Exported]:
        """Every item with small pictures of its photos and marks."""
        waiting: list[Exported] = []

        def pairs() -> Iterator[tuple[Unit, Item]]:
            for one in self.items():
                waiting.append(one)
                yield one.unit, one.item

        for item in self.origin.pictured(pairs()):
            yield replace(waiting.pop(0), item=item)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """What was said of the case."""
        return tuple(one for one in self.origin.facts() if self.options.gps or not is_place(one[0]))


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, the first file to be opened first, and what a person should know of it."""

    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()


class Format(Protocol):
    """A module that writes one format.

    ``write`` gets what is exported and where to; nothing lies there yet. What it raises leaves nothing behind
    that looks whole: files are written by ``files/whole.py``, folders made under another name and renamed.
    """

    def write(self, contents: Contents, path: Path) -> Written:
        """Write it.

        Raises:
            OutputError: a file is there already, or cannot be written.
        """
        ...


def format_of(name: str) -> Format:
    """The module of a format."""
    return cast(Format, import_module(f"serialscan.exchange.{name.replace('-', '_')}_"))
