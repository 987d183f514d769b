"""``serialscan scan``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from serialscan.batch.destination import RecordFile, make_pictures_folder, open_output
from serialscan.batch.inputs import STDIN, Inputs, Selection, check_current_folder, expanded
from serialscan.batch.output import is_stdout, take_stdout
from serialscan.batch.processes import local_processes
from serialscan.batch.resume import Made, Missing
from serialscan.batch.run import run
from serialscan.batch.sink import Lines, Sink
from serialscan.batch.worker import Job
from serialscan.cli.options import config_option, effective_settings, verbose_option
from serialscan.cli.progress import Aside, progress
from serialscan.cli.text import say, summary
from serialscan.errors import InputError

if TYPE_CHECKING:
    from serialscan.batch.index import IndexPage
    from serialscan.items import Grouping


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
  cat photo.jpg | serialscan scan - | jq .serial

\b
Exit codes: 0 all read; 3 some failed (their records say why); 4 none could be read; 130 interrupted.
"""
)
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("-r", "--recursive", is_flag=True, help="Enter the folders' folders.")
@click.option(
    "--files-from",
    metavar="FILE",
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
    "done again.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", "ndjson", "table"]),
    default="auto",
    show_default=True,
    help="auto: a table on a terminal, otherwise JSON lines.",
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
    help="Who reads; auto: Tesseract also testifies if installed.",
)
@click.option(
    "--effort",
    metavar="fast|normal|thorough",
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
    output: str | None, resume: bool, form: str, progress_kind: str, crops: Path | None,
    pictures: Path | None, reader: str | None, effort: str | None, max_error: float | None,
    knowledge: str | None, gps: bool | None, max_pixels: int | None, max_bytes: int | None, quiet: bool,
    config_file: Path | None, verbose: int,
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
    if resume and (file is None or form == "table"):
        raise click.UsageError("--resume goes on with a file of records: name it with --output FILE.")
    if resume and STDIN in paths:
        raise click.UsageError("--resume cannot find what came from standard input: name the file.")
    data = take_stdout(needed=file is None)
    effective = effective_settings(
        config_file,
        {
            "reader": reader, "effort": effort, "max_error": max_error, "knowledge": knowledge, "gps": gps,
            "max_pixels": max_pixels, "max_bytes": max_bytes, "jobs": jobs,
        },
    )  # fmt: skip
    folders = {option: path for option, path in (("--crops", crops), ("--pictures", pictures)) if path}
    for option, path in folders.items():
        make_pictures_folder(path, paths, option)
    if crops is not None and pictures is not None and crops.samefile(pictures):
        raise click.UsageError("--crops and --pictures each have a page of their own: name two folders.")
    if file is not None:
        data = open_output(file, paths, resume=resume)
    made = Made(data, effective.settings) if resume and isinstance(data, RecordFile) else None
    if made is not None and made.cut:
        say(f"serialscan: the last record in {file} was cut off and is made again", err=True)
    selection = Selection(paths, files_from, null, recursive, include, exclude, file, tuple(folders.values()))
    as_table = form == "table" or (form == "auto" and file is None and data.is_terminal)
    with progress(progress_kind, quiet) as shown:
        records: Sink
        if as_table:
            from serialscan.cli.table import TableWriter

            records = TableWriter(data)
        else:
            records = Lines(data)
        if data.is_terminal:
            records = Aside(records, shown)
        if made is not None:
            records = Missing(records, made)
        job = Job(effective.settings, crops=crops, pictures=pictures, tracebacks=verbose > 1)
        pages = _pages(folders)
        executor = local_processes(job, effective.batch)
        tally = run(Inputs(selection, grouping, made), executor, [records, *pages, shown])
    if not quiet or tally.interrupted:
        say(f"serialscan: {summary(tally)}", err=True)
        for page in (page for page in pages if page.path.is_file()):
            without = f"; {page.without} without a picture, it says why" if page.without else ""
            say(f"serialscan: look at {page.path}{without}", err=True)
    if tally.done == tally.failed == 1 and not as_table:
        say(f"serialscan: {tally.last_error}", err=True)
    if tally.done == 0 and not tally.interrupted:
        raise InputError("There is no photo to read: check the paths, or use -r for the folders below.")
    return tally.exit_code


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
