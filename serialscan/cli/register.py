"""``serialscan register``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from serialscan.cli.options import verbose_option
from serialscan.cli.text import say
from serialscan.errors import ExitCode, InputError, SerialscanError

if TYPE_CHECKING:
    from serialscan.register.build import Built
    from serialscan.register.layout import Header

_Command = TypeVar("_Command", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, dir_okay=False)
_SHOWN_BAD = 5


@click.group(
    epilog="""\b
Examples:
  serialscan register build stock.csv -o stock.reg
  serialscan scan photos | serialscan match --register stock.reg > matched.ndjson
  serialscan lookup W123456 --register stock.reg
"""
)
def register() -> None:
    """Make and check registers: lists of issued serials that can be searched."""


def _list_options(command: _Command) -> _Command:
    for option in (
        click.option("-q", "--quiet", is_flag=True, help="No progress."),
        click.option("--part", metavar="NAME", help="The sheet of a workbook, or the table of a database."),
        click.option("--no-heading", is_flag=True, help="The first row is data; columns are called 1, 2, 3…"),
        click.option(
            "--delimiter", metavar="SIGN", help="What parts the cells of a CSV: a character, or tab."
        ),
        click.option(
            "--encoding", metavar="NAME", help="Encoding of a CSV that is not UTF-8, such as cp1252, cp1251."
        ),
        click.option(
            "--columns", default="", metavar="MEANING=COLUMN,…",
            help="Which column is the serial, maker, model, calibre, nsn, country, consignee, contract, "
            "date. What is not told is guessed from the headings, and that is said.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


@register.command(
    epilog="""\b
Examples:
  serialscan register build stock.csv -o stock.reg
  serialscan register build stock.csv -o stock.reg --columns serial=SN,maker=Make --encoding cp1251
  serialscan register build 2019.xlsx 2020.parquet -o stock.reg --name "Ministry, 2019 and 2020"

\b
Exit codes: 0 all rows are in; 3 some are not (a file beside the register says which and why), or a list has
none; 4 a list cannot be read; 5 the register cannot be written; 7 something about a list must be told.
"""
)
@click.argument("lists", nargs=-1, required=True, type=FILE, metavar="LIST...")
@click.option("-o", "--output", required=True, type=FILE, metavar="FILE", help="The register.")
@click.option("--name", metavar="NAME", help="Name of the register, for people; by default that of its file.")
@click.option("--replace", is_flag=True, help="Take the place of a register that is there.")
@_list_options
@verbose_option
def build(
    lists: tuple[Path, ...], output: Path, name: str | None, replace: bool, columns: str,
    encoding: str | None, delimiter: str | None, no_heading: bool, part: str | None, quiet: bool,
    verbose: int,
) -> int:  # fmt: skip
    """Make a register from lists: CSV, XLSX, Parquet, or a table of SQLite.

    Serials are compared as readings are: upper case, the letter O as a zero, no separators, Cyrillic letters
    as the Latin ones they look like. What stands in the list is kept beside that. No row is lost silently:
    what cannot be searched for goes to FILE.bad.ndjson, with its line and the reason. Duplicates are kept.
    """
    from serialscan.register.build import build as build_register
    from serialscan.register.columns import parse_told

    with _progress(quiet) as progress:
        built = build_register(
            lists, output, told=parse_told(columns), options=_options(encoding, delimiter, no_heading, part),
            name=name, replace=replace, progress=progress,
        )  # fmt: skip
    return _tell(output, built)


@register.command(
    epilog="""\b
Example:
  serialscan register add stock.reg 2021.csv

\b
Exit codes: as of build.
"""
)
@click.argument("path", metavar="REGISTER", type=FILE)
@click.argument("lists", nargs=-1, required=True, type=FILE, metavar="LIST...")
@_list_options
@verbose_option
def add(
    path: Path, lists: tuple[Path, ...], columns: str, encoding: str | None, delimiter: str | None,
    no_heading: bool, part: str | None, quiet: bool, verbose: int,
) -> int:  # fmt: skip
    """Add lists to a register. It is made anew and takes the place of the old one when it is whole.

    Its hash is another one then: what was matched before names the old hash.
    """
    from serialscan.register.build import build as build_register
    from serialscan.register.columns import parse_told
    from serialscan.register.register import Register

    with Register.open(path) as old:
        name = old.header.name
    with _progress(quiet) as progress:
        built = build_register(
            lists, path, told=parse_told(columns), options=_options(encoding, delimiter, no_heading, part),
            name=name, replace=True, before=path, progress=progress,
        )  # fmt: skip
    return _tell(path, built)


def _options(encoding: str | None, delimiter: str | None, no_heading: bool, part: str | None) -> Any:
    from serialscan.register.tables import Options

    sign = "\t" if delimiter in ("tab", "\\t") else delimiter
    return Options(encoding=encoding, delimiter=sign, heading=not no_heading, part=part)


@register.command(
    epilog="""\b
Examples:
  serialscan register info stock.reg
  serialscan register info stock.reg --json | jq .sources
"""
)
@click.argument("path", metavar="REGISTER", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Write one object of JSON.")
@verbose_option
def info(path: Path, as_json: bool, verbose: int) -> None:
    """Tell what a register holds and where it is from."""
    import msgspec

    from serialscan.register.register import Register

    with Register.open(path) as opened:
        if as_json:
            told = {"sha256": opened.sha256, **msgspec.to_builtins(opened.header)}
            say(msgspec.json.encode(told).decode())
            return
        for line in _lines(opened.header, opened.sha256):
            say(line)


def _lines(header: Header, sha256: str) -> Iterator[str]:
    yield f"{header.name}: {header.rows} rows, {header.distinct} different serials, made {header.created}"
    yield f"hash     {sha256}"
    yield f"columns  {', '.join(header.columns)}"
    meaning = ", ".join(
        f"{one} = {column}{' (guessed)' if one in header.guessed else ''}"
        for one, column in header.meaning.items()
    )
    yield f"meaning  {meaning}"
    yield f"blocks   {header.blocks} of consecutive numbers, in which {header.holes} numbers are missing"
    for one in header.sources:
        read = "".join(
            f", {name} {value!r}" for name, value in (
                ("encoding", one.encoding), ("delimiter", one.delimiter), ("part", one.part),
            ) if value
        )  # fmt: skip
        yield f"list     {one.name}: {one.rows} rows, {one.bad} bad, {one.kind}{read}, of {one.modified}"
        yield f"         SHA-256 {one.sha256}"


@register.command(
    epilog="""\b
Examples:
  serialscan register verify stock.reg
  serialscan register verify stock.reg --list stock.csv

\b
Exit codes: 0 every byte is as it was built; 8 it is not, or the list is another one; 4 it is no register.
"""
)
@click.argument("paths", nargs=-1, required=True, metavar="REGISTER...", type=FILE)
@click.option("--list", "lists", multiple=True, type=FILE, metavar="FILE", help="A list it was built from.")
@verbose_option
def verify(paths: tuple[Path, ...], lists: tuple[Path, ...], verbose: int) -> int:
    """Check every byte of registers against their hashes, and lists against those they were built from."""
    import hashlib

    from serialscan.register.register import Register

    code = ExitCode.OK
    for path in paths:
        with Register.open(path) as opened:
            faults = opened.faults()
            known = {one.sha256 for one in opened.header.sources}
            for one in lists:
                try:
                    with one.open("rb") as file:
                        digest = hashlib.file_digest(file, "sha256").hexdigest()
                except OSError as error:
                    raise InputError(f"{one}: cannot be read ({error.strerror}).") from error
                if digest not in known:
                    faults.append(f"{one}: is none of the lists it was built from")
            for fault in faults:
                say(f"{path}: {fault}")
            if faults:
                code = ExitCode.VERIFY_FAILED
            else:
                say(f"{path}: as it was built, hash {opened.sha256}")
    return code


@register.command(
    "list",
    epilog="""\b
Example:
  serialscan register list registers/

\b
Exit codes: 0 all registers are listed; 3 one cannot be read.
""",
)
@click.argument("places", nargs=-1, type=click.Path(path_type=Path), metavar="[FOLDER|REGISTER]...")
@verbose_option
def list_(places: tuple[Path, ...], verbose: int) -> int:
    """List registers, one a line: those of the current folder, if none is named."""
    from serialscan.register.register import Register

    code = ExitCode.OK
    for place in places or (Path(),):
        files = sorted(place.glob("*.reg")) if place.is_dir() else [place]
        if not files:
            say(f"{place}: holds no register (*.reg).", err=True)
        for path in files:
            try:
                with Register.open(path) as opened:
                    header = opened.header
                    say(f"{path}  {header.name}  {header.rows} rows  {header.created}  {opened.sha256}")
            except SerialscanError as error:
                say(f"serialscan: {error}", err=True)
                code = ExitCode.SOME_FAILED
    return code


def _tell(path: Path, built: Built) -> int:
    """Say what was guessed, what is in, and what is not."""
    header = built.header
    if header.guessed:
        named = ((one, header.meaning[one]) for one in header.guessed)
        guessed = ", ".join(one if one == heading else f"{one} = {heading}" for one, heading in named)
        say(f"Guessed from the headings: {guessed}. Say --columns if that is wrong.", err=True)
    for one in header.sources:
        if one.numbers:
            say(
                f"{one.name}: {one.numbers} serials are numbers there and no text, so leading zeros are "
                "lost: compare some with the original list.",
                err=True,
            )
        if not one.rows and not one.bad:
            say(f"{one.name}: has headings and no row: check that it is the right list.", err=True)
    known: dict[str, str] = {}
    for one in header.sources:
        if one.sha256 in known:
            say(
                f"{one.name}: is the same list as {known[one.sha256]}, byte by byte, so each of its rows is "
                "in the register twice.",
                err=True,
            )
        known.setdefault(one.sha256, one.name)
    bad = sum(one.bad for one in header.sources)
    say(
        f"{path}: {header.rows} rows, {header.distinct} different serials, {header.blocks} blocks, {bad} bad "
        f"rows; hash {built.sha256}",
        err=True,
    )
    if built.bad is None:
        return ExitCode.OK if all(one.rows for one in header.sources) else ExitCode.SOME_FAILED
    say(f"Bad rows are in {built.bad}. The first of them:", err=True)
    import json

    with built.bad.open(encoding="utf-8") as file:
        for _, line in zip(range(_SHOWN_BAD), file, strict=False):
            told = json.loads(line)
            say(f"  {told['source']}, line {told['line']}: {told['reason']}", err=True)
    return ExitCode.SOME_FAILED


@contextlib.contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, int], None]]:
    """Rows that are done, on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda name, rows: None
        return
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.fields[name]}"), TextColumn("{task.completed:,.0f} rows"), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    ) as shown:  # fmt: skip
        task = shown.add_task("", total=None, name="")
        yield lambda name, rows: shown.update(task, completed=rows, name=_plain(name))


def _plain(name: str) -> str:
    from rich.markup import escape

    from serialscan.printable import printable

    return escape(printable(name))
