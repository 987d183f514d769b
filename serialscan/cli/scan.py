"""``serialscan scan``."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from serialscan.batch.destination import (
    RecordFile,
    check_case_place,
    make_pictures_folder,
    open_output,
)
from serialscan.batch.inputs import STDIN, Inputs, Selection, check_current_folder, expanded
from serialscan.batch.output import is_stdout, take_stdout
from serialscan.batch.processes import local_processes
from serialscan.batch.resume import Made, Missing
from serialscan.batch.run import run
from serialscan.batch.task import Earlier
from serialscan.batch.worker import Job
from serialscan.cli.completion import files, words
from serialscan.cli.forms import FORMS, form_of, sink_of
from serialscan.cli.options import config_option, effective_settings, verbose_option
from serialscan.cli.progress import Aside, progress
from serialscan.cli.signer import passphrase_option
from serialscan.cli.summary import summary
from serialscan.cli.text import about_reader, say
from serialscan.errors import ExitCode, InputError
from serialscan.printable import printable
from serialscan.settings import EffortChoice, ReaderChoice
from serialscan.tool import tool_with

if TYPE_CHECKING:
    from serialscan.batch.case import CaseRun
    from serialscan.batch.index import IndexPage
    from serialscan.case import Signer
    from serialscan.items import Grouping
    from serialscan.settings import Effective, Settings


@click.command(
    epilog="""\b
Examples:
  serialscan scan photos/ > records.ndjson          one record a photo, as JSON lines
  serialscan scan -r seizures/ -o records.ndjson    with all folders below
  serialscan scan -r seizures/ -o records.ndjson --resume    go on after it was cut off
  serialscan scan IMG_1234.HEIC                     a short table on a terminal
  find . -name '*.jpg' -print0 | serialscan scan --files-from - -0 > records.ndjson
  serialscan scan photos/ --pictures pictures/      also a picture of each photo with what was read
  serialscan scan -r seizures/ --items folder       also one record for each folder's item
  serialscan scan -r seizures/ --case seizure-17.case    into a case; the same again goes on after a cut
  cat photo.jpg | serialscan scan - | jq .serial

\b
Exit codes: 0 all read; 3 some failed (their records say why); 4 none could be read; 5 the output or the case
cannot be written; 7 the case was read with other settings; 8 the case was tampered with; 130 interrupted.
"""
)
@click.argument("paths", nargs=-1, metavar="PATH...", shell_complete=files)
@click.option("-r", "--recursive", is_flag=True, help="Enter the folders' folders.")
@click.option(
    "--files-from",
    metavar="FILE",
    shell_complete=files,
    help="Also take the files and folders listed in FILE, one a line; - is stdin.",
)
@click.option("-0", "--null", is_flag=True, help="Names in the list end with a NUL byte (find -print0).")
@click.option(
    "--include",
    multiple=True,
    metavar="GLOB",
    help="Of the files in folders take those that match, whatever their suffix; can be repeated. "
    "A glob with a / is matched with the path below the folder.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="GLOB",
    help="Leave out files and folders that match; can be repeated.",
)
@click.option(
    "--items",
    metavar="folder|name|FILE.csv",
    shell_complete=words("folder", "name", or_files=True),
    help="Also one record an item, from all its photos: those of one folder; those whose names are alike "
    "before the last _, - or space; or as a table with the columns photo, item and case fields says. "
    "With a table PATH may be left out.",
)
@click.option(
    "--item-pattern",
    metavar="REGEX",
    help="For --items name: a regular expression on file names whose first group names the item.",
)
@click.option(
    "-j",
    "--jobs",
    type=int,
    metavar="N",
    help="Photos read at a time, each in a process; by default as many as cores and memory allow.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="Write the records to FILE, which must be new or empty and outside of the input folders. "
    "A dash is standard output.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on with the records in --output FILE, which a run that was cut off left: what is done is not "
    "done again. A case is always gone on with.",
)
@click.option(
    "--case",
    "case_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.case",
    help="Keep the records in a case, with small pictures; a new one is made. A record is in the case before "
    "it goes anywhere else. The same command again goes on: what the case holds is given out as it is.",
)
@click.option(
    "--further-run",
    is_flag=True,
    help="Let a run with other settings, or by another version, into a case.",
)
@click.option(
    "--sign",
    "key_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="KEY",
    help="Sign the case's head at the end with this key; see serialscan key create.",
)
@passphrase_option
@click.option(
    "--dry-run",
    is_flag=True,
    help="List what would be read, what is done, and what is skipped; write nothing.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", *FORMS]),
    default="auto",
    show_default=True,
    help="auto: what the suffix of --output says (.csv, .tsv); else a table on a terminal and JSON lines "
    "everywhere else. csv and tsv: one row a record, for spreadsheets.",
)
@click.option(
    "--progress",
    "progress_kind",
    type=click.Choice(["auto", "none", "json"]),
    default="auto",
    show_default=True,
    help="On stderr. auto: a bar on a terminal; json: one event a photo.",
)
@click.option(
    "--crops",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep a picture of every line read in DIR, outside of the input folders, and a page that shows "
    "them.",
)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep a picture of every photo with what was read in DIR, outside of the input folders, and a page "
    "that shows them.",
)
@click.option(
    "--reader",
    metavar="auto|network|tesseract",
    shell_complete=words(*get_args(ReaderChoice)),
    help="Who reads; auto: Tesseract also testifies if installed.",
)
@click.option(
    "--effort",
    metavar="fast|normal|thorough",
    shell_complete=words(*get_args(EffortChoice)),
    help="How closely to look: fast for a first overview, thorough for the photo that matters.",
)
@click.option(
    "--max-error",
    type=float,
    metavar="SHARE",
    help="Accept serials so that at most this share of them is wrong (0.01); all others are for review.",
)
@click.option(
    "--knowledge",
    type=click.Path(),
    metavar="FILE",
    help="More makers, models, labels and number shapes, as TOML; see serialscan knowledge test.",
)
@click.option(
    "--calibration",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="How sure serials are by your own decisions; see serialscan calibrate.",
)
@click.option("--gps/--no-gps", default=None, help="Write the position from EXIF into the records.")
@click.option(
    "--max-pixels", type=int, metavar="N", help="Refuse photos with more pixels, all pages together."
)
@click.option("--max-bytes", type=int, metavar="N", help="Refuse larger files.")
@click.option("-q", "--quiet", is_flag=True, help="No bar and no summary.")
@config_option
@verbose_option
def scan(
    paths: tuple[str, ...], recursive: bool, files_from: str | None, null: bool, include: tuple[str, ...],
    exclude: tuple[str, ...], items: str | None, item_pattern: str | None, jobs: int | None,
    output: str | None, resume: bool, case_path: Path | None, further_run: bool, key_path: Path | None,
    passphrase_file: Path | None, dry_run: bool, form: str, progress_kind: str, crops: Path | None,
    pictures: Path | None, reader: str | None, effort: str | None, max_error: float | None,
    knowledge: str | None, calibration: str | None, gps: bool | None, max_pixels: int | None,
    max_bytes: int | None, quiet: bool, config_file: Path | None, verbose: int,
) -> int:  # fmt: skip
    """Read photos: one record for each, in the order given, failures included.

    PATH is a file, a folder (its photos, by name; -r for all folders below) or a dash for one image
    from standard input. Originals are only ever read. In folders, a file without an image suffix is read
    if its content is that of an image. Other files, hidden ones and links out of the folder are skipped
    and counted; -v names them. A file that is named always gets its record.
    """
    check_current_folder()
    paths = tuple(expanded(paths))
    grouping = _grouping(items, item_pattern)
    if grouping is not None and grouping.table is not None:
        from serialscan.items import table_photos

        listed = table_photos(grouping.table)
        if not paths and files_from is None:
            paths = listed
    if not paths and files_from is None:
        raise click.UsageError("Name a file, a folder or -, or use --files-from.")
    if paths.count(STDIN) + (files_from == STDIN) > 1:
        raise click.UsageError("Standard input can be named only once.")
    if null and files_from is None:
        raise click.UsageError("-0 says how the names of --files-from end; add --files-from.")
    file = Path(output) if output is not None and not is_stdout(output) else None
    form = form_of(form, file)
    if resume and case_path is None and (file is None or form not in ("auto", "ndjson")):
        raise click.UsageError("--resume goes on with a file of records: name it with --output FILE.")
    if resume and file is not None and STDIN in paths:
        raise click.UsageError("--resume cannot find what came from standard input: name the file.")
    if case_path is None and (further_run or key_path is not None or passphrase_file is not None):
        raise click.UsageError("--further-run, --sign and --passphrase-file are for --case.")
    flags = {
        "reader": reader, "effort": effort, "max_error": max_error, "knowledge": knowledge,
        "calibration": calibration, "gps": gps,
        "max_pixels": max_pixels, "max_bytes": max_bytes, "jobs": jobs,
    }  # fmt: skip
    folders = {option: path for option, path in (("--crops", crops), ("--pictures", pictures)) if path}
    selection = Selection(paths, files_from, null, recursive, include, exclude, file, tuple(folders.values()))
    if case_path is not None:
        check_case_place(case_path, paths, file)
    if dry_run:
        settings = effective_settings(config_file, flags).settings
        if file is not None and not resume and file.is_file() and file.stat().st_size:
            say(f"serialscan: {file} holds something already: without --resume the scan refuses it", err=True)
        return _forecast(selection, grouping, settings, file if resume else None, case_path, further_run)
    data = take_stdout(needed=file is None)
    effective = effective_settings(config_file, flags)
    signer = _signer(key_path, passphrase_file)
    for option, path in folders.items():
        make_pictures_folder(path, paths, option)
    if crops is not None and pictures is not None and crops.samefile(pictures):
        raise click.UsageError("--crops and --pictures each have a page of their own: name two folders.")
    if file is not None:
        data = open_output(file, paths, resume=resume, records=form in ("auto", "ndjson"))
    made = Made(data, effective.settings) if resume and isinstance(data, RecordFile) else None
    if made is not None and made.cut:
        say(f"serialscan: the last record in {file} was cut off and is made again", err=True)
    if form == "auto":
        form = "table" if file is None and data.is_terminal else "ndjson"
    with contextlib.ExitStack() as stack:
        into = None
        if case_path is not None:
            into = stack.enter_context(
                _case_run(case_path, effective.settings, selection, grouping, signer, further_run)
            )
        shown = stack.enter_context(progress(progress_kind, quiet))
        records = sink_of(form, data)
        if data.is_terminal:
            records = Aside(records, shown)
        if made is not None:
            records = Missing(records, made, exact=into is not None)
        pages = _pages(folders)
        executor = local_processes(_job(effective, folders, into, verbose), effective.batch)
        sinks = [*([into] if into is not None else []), records, *pages, shown]
        tally = run(Inputs(selection, grouping, into or made), executor, sinks)
    if not quiet or tally.interrupted:
        next_steps = _next(form, file, case_path, pages, terminal=data.is_terminal)
        for line in summary(tally, about_reader(tool_with(effective.settings)), next_steps):
            say(f"serialscan: {line}", err=True)
        for page in (page for page in pages if page.path.is_file()):
            without = f"; {page.without} without a picture, it says why" if page.without else ""
            say(f"serialscan: look at {page.path}{without}", err=True)
    elif tally.done == tally.failed == 1 and form != "table":
        say(f"serialscan: {tally.last_error}", err=True)
    if into is not None:
        _tell_head(into)
    if tally.done == 0 and not tally.interrupted:
        raise InputError(_NOTHING)
    return tally.exit_code


_NOTHING = "There is no photo to read: check the paths, or use -r for the folders below."


def _job(effective: Effective, folders: Mapping[str, Path], into: CaseRun | None, verbose: int) -> Job:
    small = None
    if into is not None:
        from serialscan.pictures.small import Sizes

        small = Sizes(effective.batch.preview_px, effective.batch.crop_px)
    return Job(
        effective.settings, crops=folders.get("--crops"), pictures=folders.get("--pictures"), small=small,
        tracebacks=verbose > 1,
    )  # fmt: skip


def _signer(key_path: Path | None, passphrase_file: Path | None) -> Signer | None:
    """Who signs; the passphrase is asked for before hours of reading, not after."""
    if key_path is None:
        return None
    from serialscan.cli.signer import open_signer

    return open_signer(key_path, passphrase_file)


def _case_run(
    path: Path,
    settings: Settings,
    selection: Selection,
    grouping: Grouping | None,
    signer: Signer | None,
    further: bool,
) -> CaseRun:
    from serialscan.batch.case import CaseRun
    from serialscan.case import CaseWriter, Heads, state_folder

    def tell(sentence: str) -> None:
        say(f"serialscan: {sentence}", err=True)

    writer = CaseWriter(path, Heads(state_folder()), tell=tell)
    return CaseRun(writer, settings, selection, grouping, signer=signer, further=further, tell=tell)


def _tell_head(into: CaseRun) -> None:
    from serialscan.cli.case import head_line

    if into.head is not None:
        say(f"serialscan: {head_line(into.head)}; it stands in {into.head_path}, too", err=True)
    if into.without:
        say(f"serialscan: {into.without} photos stand in the case without crops or preview", err=True)


def _forecast(
    selection: Selection,
    grouping: Grouping | None,
    settings: Settings,
    records: Path | None,
    case_path: Path | None,
    further: bool,
) -> int:
    """List what a scan would do."""
    from serialscan.batch.forecast import Would, forecast

    def tell(would: Would, name: str, why: str) -> None:
        say(f"{would}\t{printable(name)}" + (f"\t{why}" if why else ""))

    with contextlib.ExitStack() as stack:
        earlier = _earlier(stack, settings, records, case_path, further)
        counts = forecast(Inputs(selection, grouping, earlier), tell).counts
    parts = [f"{counts[Would.READ]} to read", f"{counts[Would.DONE]} done"]
    names = {Would.SAME: "of the same content", Would.FAIL: "that will fail", Would.SKIP: "skipped"}
    parts += [f"{counts[would]} {name}" for would, name in names.items() if counts[would]]
    say(f"serialscan: dry run: {', '.join(parts)}; nothing was written", err=True)
    if not any(counts[would] for would in (Would.READ, Would.DONE, Would.SAME, Would.FAIL)):
        raise InputError(_NOTHING)
    return ExitCode.OK


def _earlier(
    stack: contextlib.ExitStack,
    settings: Settings,
    records: Path | None,
    case_path: Path | None,
    further: bool,
) -> Earlier | None:
    """What earlier runs made, opened for reading only."""
    if case_path is not None:
        from serialscan.batch.case import Lookup, demand_kind, kind_of
        from serialscan.case.find import kinds_of
        from serialscan.case.read import open_case

        kind, reader = kind_of(settings), None
        if case_path.exists() and case_path.stat().st_size:
            reader = stack.enter_context(open_case(case_path))
            if not further:
                demand_kind(case_path, kinds_of(reader.connection), kind)
        return Lookup(reader, kind)
    if records is not None and records.is_file():
        file = RecordFile(FileIO(records, "r"), records)
        stack.callback(file.close)
        return Made(file, settings, repair=False)
    return None


def _next(
    form: str, file: Path | None, case: Path | None, pages: Sequence[IndexPage], *, terminal: bool
) -> str:
    """What a person may do next; empty where a program takes the records, or a page shows them."""
    if case is not None:
        name = printable(str(case))
        name = f'"{name}"' if " " in name else name
        return f"next: serialscan review {name} opens the page on which people decide"
    if pages or (file is None and not terminal):
        return ""
    if form == "ndjson" and file is not None:
        return "next: the same command with --resume --pictures DIR shows each photo and what was read"
    if file is not None:
        return "next: the same command with -o records.ndjson --pictures DIR keeps all that was read"
    return "next: the same command with -o records.ndjson --pictures DIR keeps what was read, with pictures"


def _pages(folders: Mapping[str, Path]) -> list[IndexPage]:
    if not folders:
        return []
    from serialscan.batch.index import IndexPage

    return [IndexPage(path, option) for option, path in folders.items()]


def _grouping(items: str | None, pattern: str | None) -> Grouping | None:
    if pattern is not None and items != "name":
        raise click.UsageError("--item-pattern is for --items name.")
    if items is None:
        return None
    from serialscan.items.grouping import Grouping, compile_pattern

    if items not in ("folder", "name") and not items.lower().endswith((".csv", ".tsv", ".txt")):
        raise click.UsageError(f"--items {items}: say folder, name, or the path of a CSV file.")
    if pattern is None:
        return Grouping(items)
    compile_pattern(pattern)
    return Grouping(items, pattern)
