"""``serialscan links``."""

from __future__ import annotations

import hashlib
import io
import math
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from serialscan.cli.options import config_option, effective_settings, person_options, verbose_option
from serialscan.cli.summary import count
from serialscan.cli.text import say
from serialscan.errors import ExitCode, InputError, OutputError
from serialscan.printable import printable

if TYPE_CHECKING:
    from serialscan.links.model import Link, Seen
    from serialscan.report.model import Picture
    from serialscan.report.origin import Origin

_FILE = click.Path(path_type=Path, dir_okay=False)
_THUMB_PX = 72  # height of a picture on a node
_MOST_NAMED = 5  # items, or sources, that the table on a terminal names for a link
_RATIOS = {"strength": 2, "link": 3, "what": 4, "items": 5}  # parts of the width


@click.command(
    epilog="""\b
Examples:
  serialscan links seizure-17.case seizure-18.case
  serialscan links records-*.ndjson --least 3 > links.ndjson
  serialscan links *.case --html links.html --graphml links.graphml
  serialscan links *.case --register stock.reg --by "A. Doe"

\b
Exit codes: 0 done, also without a link; 3 some lines are no records (they are left out); 4 a file is no case
and holds no record, or is no register; 5 a file is there already, or cannot be written; 8 a case is not as it
was written (links are told all the same, with no entry in a ledger), or a register is damaged.
"""
)
@click.argument(
    "sources",
    metavar="CASE|RECORDS...",
    type=click.Path(path_type=Path, readable=False),
    nargs=-1,
    required=True,
)
@click.option(
    "--least", type=float, default=1.0, show_default=True, metavar="LOG10",
    help="Only links of this strength: the logarithm (to 10) of the likelihood ratio.",
)  # fmt: skip
@click.option(
    "--span", type=click.IntRange(min=1), default=2000, show_default=True, metavar="NUMBERS",
    help="How many numbers a run of serials may span: the size of a consignment.",
)  # fmt: skip
@click.option(
    "-r", "--register", "registers", multiple=True, metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also link what has the same contract, lot or consignee in this register; can be repeated.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["auto", "table", "ndjson"]), default="auto", show_default=True,
    help="auto: a table on a terminal, NDJSON elsewhere.",
)  # fmt: skip
@click.option("--html", type=_FILE, metavar="FILE", help="Write a page with the network to FILE.")
@click.option("--graphml", type=_FILE, metavar="FILE", help="Write the network as GraphML to FILE.")
@click.option("--geojson", metavar="FILE", type=_FILE, help="Write the places of links as GeoJSON.")
@click.option("--gps", is_flag=True, help="With places: a map on the page, and GeoJSON.")
@click.option("--by", metavar="NAME", help="Who looks; then the ledger of each case has an entry of it.")
@person_options
@click.option("-q", "--quiet", is_flag=True, help="No summary on stderr.")
@config_option
@verbose_option
def links(
    sources: tuple[Path, ...], least: float, span: int, registers: tuple[Path, ...], form: str,
    html: Path | None, graphml: Path | None, geojson: Path | None, gps: bool, by: str | None,
    role: str | None, badge: str | None, quiet: bool, config_file: Path | None, verbose: int,
) -> int:  # fmt: skip
    """Show what several seizures have in common: the same item, serials in a run, the same marks.

    Each CASE or file of RECORDS is one source. Each link has a strength and says what it assumes. It is a
    reason to look, no proof. Cases and records are only read.
    """
    from datetime import UTC, datetime

    import msgspec

    from serialscan import __version__
    from serialscan.case.custody import person
    from serialscan.case.store import is_database
    from serialscan.cli.ledger import check_ledger, may_be_written
    from serialscan.cli.report import opened
    from serialscan.files.whole import write_new
    from serialscan.links.atlas import geojson as as_geojson
    from serialscan.links.find import find_links
    from serialscan.links.gather import gather
    from serialscan.links.network import graphml as as_graphml
    from serialscan.links.page import page
    from serialscan.register.register import open_all

    if not math.isfinite(least):
        raise click.UsageError("--least needs a number.")
    names = _names(sources)
    files = tuple(path for path in (html, graphml, geojson) if path is not None)
    if len(set(files)) < len(files):
        raise click.UsageError("--html, --graphml and --geojson each need a file of their own.")
    if geojson is not None and not gps:
        raise click.UsageError("--geojson tells places: say so with --gps.")
    for path in files:
        if path.exists():  # told before the work, not after it
            raise OutputError(f"{path}: is there already: choose another name, or delete it.")
    who = person(by, role, badge) if by is not None else {}
    cases = [path for path in sources if is_database(path)]
    if who and not cases:
        raise click.UsageError("--by is for cases: records have no ledger to name anybody in.")
    for path in cases if who else ():
        if may_be_written(path):
            check_ledger(path)
    effective = effective_settings(config_file, {})
    with ExitStack() as stack:
        origins: list[tuple[str, Origin]] = []
        alarms = []
        faults: list[str] = []
        for name, path in zip(names, sources, strict=True):
            origin, alarm = opened(path, None, None, effective, stack, faults)
            origins.append((name, origin))
            alarms += [f"{name}: {alarm}"] if alarm else []
        seen = gather(origins, gps=gps)
        held = {one.source for one in seen}
        for (name, origin), path in zip(origins, sources, strict=True):
            if not origin.is_case and name not in held:
                raise InputError(f"{path}: holds no record: scan some photos first.")
        listed = open_all(registers)
        for register in listed:
            stack.enter_context(register)
        found = find_links(seen, least, span, listed)
        for register in listed:
            register.demand_unchanged()
        if html is not None:
            made = f"Made {datetime.now(UTC):%Y-%m-%d %H:%M} UTC with serialscan {__version__}"
            made += "".join(f". ATTENTION: {one}" for one in alarms)
            write_new(html, page(seen, found, _pictures(origins, seen, found), made, least))
    if geojson is not None:
        write_new(geojson, b"".join(as_geojson(seen, found)))
    if graphml is not None:
        write_new(graphml, b"".join(as_graphml(seen, found)))
    lines = [msgspec.json.encode(one) for one in found]
    terminal = sys.stdout is not None and sys.stdout.isatty()
    if form == "table" or (form == "auto" and terminal):
        _table(found, terminal)
    else:
        for line in lines:
            click.echo(line)
    if who:
        _enter(cases, names, who, lines, alarms, files)
    for fault in faults:
        say(f"serialscan: {fault}", err=True)
    for alarm in alarms:
        say(f"serialscan: {alarm}", err=True)
    if not quiet:
        serials = sum(one.serial is not None for one in seen)
        told = f"{count(len(sources), 'source')}, {count(len(seen), 'item')}, {serials} with a serial: "
        told += count(len(found), "link")
        told += "".join(f"; look at {path}" for path in files)
        say(f"serialscan: {told}", err=True)
    if alarms:
        return ExitCode.VERIFY_FAILED
    return ExitCode.SOME_FAILED if faults else ExitCode.OK


def _enter(
    cases: Sequence[Path], names: Sequence[str], who: dict[str, str], lines: Sequence[bytes],
    alarms: Sequence[str], files: tuple[Path, ...],
) -> None:  # fmt: skip
    """Write into the ledger of each case that somebody compared it, with what, and what was found."""
    from serialscan.cli.ledger import NO_ENTRY, add_export, may_be_written

    if alarms:
        say("serialscan: no ledger has an entry, since a case is not as it was written", err=True)
        return
    found = {
        "links": len(lines),
        "ndjson_sha256": hashlib.sha256(b"".join(x + b"\n" for x in lines)).hexdigest(),
    }
    for path in cases:
        if may_be_written(path):
            fields = {"person": who, "what": "links", "sources": list(names), **found}
            add_export(path, fields, files, "result")
        else:
            say(f"{printable(str(path))}: {NO_ENTRY}", err=True)


def _names(sources: Sequence[Path]) -> list[str]:
    """What each source is called: by its name, or by its path where two have one name."""
    resolved: dict[Path, Path] = {}
    for path in sources:
        if path.resolve() in resolved:
            raise InputError(f"{path} is given twice: name each case and each file of records once.")
        resolved[path.resolve()] = path
    names = [path.name for path in sources]
    return [
        printable(name if names.count(name) == 1 else str(path))
        for name, path in zip(names, sources, strict=True)
    ]


def _pictures(
    origins: Sequence[tuple[str, Origin]], seen: Sequence[Seen], found: Sequence[Link]
) -> dict[int, Picture]:
    """Small pictures of the items that are drawn, from cases."""
    from serialscan.links.page import drawn_items
    from serialscan.report.build import item_of
    from serialscan.report.pictures import smaller

    wanted = {(seen[number - 1].source, seen[number - 1].unit): number for number in drawn_items(found)}
    pictures = {}
    for name, origin in origins:
        if not origin.is_case or not any(source == name for source, _ in wanted):
            continue
        units = [unit for unit in origin.units(()) if (name, unit.number) in wanted]
        for unit, item in zip(units, origin.pictured((one, item_of(one)) for one in units), strict=True):
            preview = next((photo.preview for photo in item.photos if photo.preview is not None), None)
            if preview is not None:
                try:
                    pictures[wanted[name, unit.number]] = smaller(preview, _THUMB_PX, 0)
                except ValueError:  # damaged: the case says so, the node stays plain
                    continue
    return pictures


def _table(found: Sequence[Link], terminal: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from serialscan.links.model import KINDS

    text = io.StringIO()
    width = Console(stderr=True).size.width
    console = Console(file=text, width=width, force_terminal=terminal, highlight=False)
    table = Table(box=None, padding=(0, 1), pad_edge=False, expand=True)
    for name in ("strength", "link", "what", "items"):
        table.add_column(Text(name, style="bold"), overflow="fold", ratio=_RATIOS[name])
    for one in found:
        strength = "" if one.log10_lr is None else f"{one.log10_lr:.1f} {one.support}"
        if len(one.items) <= _MOST_NAMED:
            named = [f"{member.source}: {member.item}" for member in one.items]
        else:
            held = Counter(member.source for member in one.items)
            named = [f"{len(one.items)} items in {count(len(held), 'source')}"]
            named += [f"{source}: {number}" for source, number in held.most_common(_MOST_NAMED)]
            more = len(held) - _MOST_NAMED
            named += [f"and {more} more sources"] if more > 0 else []
        cells = (strength, KINDS[one.kind], one.what, "\n".join(named))
        table.add_row(*(Text(printable(cell, keep="\n")) for cell in cells))
    console.print(table)
    for line in text.getvalue().splitlines():
        click.echo(line.rstrip())
