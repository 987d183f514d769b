"""``serialscan match``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from serialscan.batch.destination import open_output
from serialscan.batch.output import DataStream, is_stdout, take_stdout
from serialscan.cli.completion import files
from serialscan.cli.matches import lines_of
from serialscan.cli.options import Share, check_stdin, verbose_option
from serialscan.cli.text import say
from serialscan.errors import ExitCode, InputError
from serialscan.printable import printable

if TYPE_CHECKING:
    from serialscan.register.match import Search
    from serialscan.register.stream import Passed

_DATABASE = b"SQLite format 3\0"


@click.command(
    epilog="""\b
Examples:
  serialscan scan photos | serialscan match --register stock.reg > matched.ndjson
  serialscan match records.ndjson --register stock.reg --register older.reg -o matched.ndjson --jobs 4
  serialscan match seizure-17.case --register stock.reg
  jq -r '.matches[] | [.serial, .entries[0].serial, .entries[0].posterior, .absent.probability] | @tsv' \\
      matched.ndjson

\b
Exit codes: 0 every record was searched for; 3 some lines are no records (they pass as they are); 4 no
input, or no register; 5 the output cannot be written; 8 a register is damaged.
"""
)
@click.argument(
    "records", type=click.Path(path_type=Path, readable=False), default="-", metavar="[RECORDS|CASE|-]"
)
@click.option(
    "-r", "--register", "registers", multiple=True, required=True, metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False), help="A register; can be repeated.",
)  # fmt: skip
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=files,
    help="Write to FILE, which must be new or empty.",
)
@click.option("-j", "--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")
@click.option(
    "--prior-absent", type=Share(), metavar="P",
    help="Probability that an item is in no register, before one looks; 0.4 by default. docs/register.md "
    "says how to choose it.",
)  # fmt: skip
@click.option("--deep", is_flag=True, help="Search further: three characters wrong. Takes longer.")
@click.option(
    "--entries", type=click.IntRange(1, 1000), default=5, show_default=True, help="Serials to list."
)
@verbose_option
def match(
    records: Path, registers: tuple[Path, ...], output: str | None, jobs: int, prior_absent: float | None,
    deep: bool, entries: int, verbose: int,
) -> int:  # fmt: skip
    """Search registers for the serials of records.

    Every record passes through as it is, with ``matches`` added: for each register and each number that may
    be the serial the likeliest entries, and the probability that it is not in the register. A reading is
    never changed by that. Of a CASE the matches also become entries of its ledger, with the register's
    hash.
    """
    from serialscan.register.match import PRIOR_ABSENT, Search
    from serialscan.register.register import open_all

    check_stdin(records)
    opened = open_all(registers)  # before anything is read
    prior = PRIOR_ABSENT if prior_absent is None else prior_absent
    search = Search(prior_absent=prior, deep=deep, listed=entries)
    is_case = str(records) != "-" and _begins(records, _DATABASE)
    file = Path(output) if output is not None and not is_stdout(output) else None
    fresh = file is not None and not file.exists()
    data = open_output(file, (str(records),), of_scan=False) if file is not None else take_stdout()
    meanings = {one.sha256: one.header.meaning for one in opened}
    shown = data.is_terminal
    count = faults = 0
    try:
        passing = (
            _through_case(records, registers, search)
            if is_case
            else _through(records, registers, search, jobs)
        )
        for passed in passing:
            count += 1
            if passed.fault is not None:
                faults += 1
                say(f"serialscan: {records}, line {count}: {passed.fault}; it passes as it is", err=True)
            if shown:
                _show(data, passed, meanings)
            else:
                data.write_line(passed.line)
        data.finish()
    except KeyboardInterrupt:
        say(f"serialscan: interrupted after {count} records; what was written is valid", err=True)
        return ExitCode.INTERRUPTED
    for one in opened:
        if one.was_replaced:
            say(
                f"serialscan: {one.path} was replaced while it was in use; all matches are of the register "
                f"with the hash {one.sha256}",
                err=True,
            )
    if not count:
        if fresh and file is not None and not file.stat().st_size:
            file.unlink()
        raise InputError(f"{records}: holds no record: scan some photos first.")
    return ExitCode.SOME_FAILED if faults else ExitCode.OK


def _begins(path: Path, start: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(start)) == start
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}): check the path of the records."
        ) from error


def _through(records: Path, registers: tuple[Path, ...], search: Search, jobs: int) -> Iterator[Passed]:
    from serialscan.register.stream import match_lines

    try:
        with sys.stdin.buffer if str(records) == "-" else records.open("rb") as lines:
            yield from match_lines(lines, registers, search, jobs)
    except OSError as error:
        raise InputError(f"{records}: cannot be read to its end ({error.strerror}).") from error


def _through_case(path: Path, registers: tuple[Path, ...], search: Search) -> Iterator[Passed]:
    """Match the records of a case, write the matches into it, and its head at the end."""
    import msgspec

    from serialscan.case.read import open_case, read_record
    from serialscan.cli.case import head_line
    from serialscan.cli.ledger import writer_of
    from serialscan.register.register import open_all
    from serialscan.register.stream import matched

    opened = open_all(registers)
    with open_case(path) as reader:
        branches = reader.branches
        places = [place for place, _ in reader.entries({"record"})]
        done = {
            (entry.fields.get("case_id"), entry.fields.get("record"), entry.fields.get("sha256"))
            for _, entry in reader.entries({"match"})
        }
    written = 0
    with writer_of(path) as writer:
        for place in places:
            with open_case(path) as reader:
                line = reader.entry(place).payload
            passed = matched(line, opened, search)
            yield passed
            for one in opened:
                case_id = branches[place.branch]
                if passed.fault is not None or (case_id, place.sequence, one.sha256) in done:
                    continue
                about = read_record(line)
                fields = {
                    "case_id": case_id, "record": place.sequence,
                    "photo": getattr(getattr(about, "source", None), "sha256", None),
                    "item": getattr(about, "item", None), "register": one.header.name, "sha256": one.sha256,
                }  # fmt: skip
                found = [each for each in passed.matches if each.sha256 == one.sha256]
                writer.append("match", fields, msgspec.json.encode(found))
                written += 1
        head = writer.checkpoint()
    say(f"{written} matches are entries of {path}. {head_line(head)}", err=True)


def _show(data: DataStream, passed: Passed, meanings: dict[str, dict[str, str]]) -> None:
    """One record's matches for people."""
    import msgspec

    if passed.fault is not None:
        return
    record = msgspec.json.decode(passed.line)
    name = record.get("item") or record.get("source", {}).get("path", "")
    lines = [str(name)] + ([] if passed.matches else ["  no serial to search for"])
    for one in passed.matches:
        lines += ["  " + line for line in lines_of(one, meanings[one.sha256])]
    for line in lines:
        data.write_line(printable(line).encode("utf-8", "backslashreplace"))
