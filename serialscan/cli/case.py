"""``serialscan case``."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from serialscan.cli.options import verbose_option
from serialscan.errors import ExitCode, InputError, SettingsError

if TYPE_CHECKING:
    from serialscan.case.checkpoint import Checkpoint

_Command = TypeVar("_Command", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(
    epilog="""\b
Examples:
  serialscan case verify seizure-17.case
  serialscan case verifier -o verify.py
"""
)
def case() -> None:
    """Keep, verify and hand over a case: one file with photos' records, decisions and custody."""


def _case_argument(command: _Command) -> _Command:
    return click.argument("path", metavar="CASE", type=_FILE)(command)


@case.command(
    epilog="""\b
Examples:
  serialscan case verify seizure-17.case
  serialscan case verify seizure-17.case --inputs --head seizure-17.head --key 5f2c…
  serialscan case verify seizure-17.case --json > verdict.json

\b
Exit codes: 0 it is as it was written; 8 it is not, or photos are changed, missing or new; 4 it is no case,
or of another version; 7 the head or a key cannot be read.
"""
)
@_case_argument
@click.option("--inputs", is_flag=True, help="Also read the photos again: unchanged, changed, missing, new.")
@click.option(
    "--base",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where relative paths of photos begin, if the photos were moved.",
)
@click.option(
    "--head", type=_FILE, metavar="FILE", help="A head that was kept outside of the case: proves its end."
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="FINGERPRINT|FILE.pub",
    help="A key that must have signed; can be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one object of JSON.")
@verbose_option
def verify(
    path: Path, inputs: bool, base: Path | None, head: Path | None, keys: tuple[str, ...], as_json: bool,
    verbose: int,
) -> int:  # fmt: skip
    """Tell whether a case is as it was written.

    Every changed bit of an entry, a record, a picture, the list of inputs or a decision is found. That the
    end was not cut off, and that not all of it was written anew, is shown only by a head or a key that does
    not come from the case. CASE is only read.
    """
    from serialscan.case.check import Tools, Trust, check_case, fingerprint_of, lines_of
    from serialscan.case.heads import Heads, state_folder
    from serialscan.case.keys import read_public_key, verify_signature
    from serialscan.case.read import read_record
    from serialscan.case.store import NotACaseError

    named = [read_public_key(Path(text)) for text in keys if fingerprint_of(text) is None]
    fingerprints = [fingerprint_of(text) for text in keys]
    trust = Trust(
        head=read_head(head) if head is not None else None,
        fingerprints=(*filter(None, fingerprints), *(key.fingerprint for key in named)),
        keys=tuple(named),
        remembered=Heads(state_folder()).last,
    )
    try:
        with _progress() as progress:
            tools = Tools(read_record, verify_signature, _hash_original, progress)
            verdict = check_case(path, trust, tools, inputs=inputs, base=base)
    except NotACaseError as error:
        raise InputError(str(error)) from error
    if as_json:
        click.echo(json.dumps(verdict.as_dict(), indent=1))
    else:
        for line in lines_of(verdict):
            click.echo(line)
    return ExitCode.OK if verdict.ok else ExitCode.VERIFY_FAILED


@case.command(
    epilog="""\b
Example:
  serialscan case verifier -o verify.py
  python3 verify.py seizure-17.case --head seizure-17.head
"""
)
@click.option(
    "-o", "--output", type=_FILE, metavar="FILE", help="Write to FILE, which must not be there yet."
)
@verbose_option
def verifier(output: Path | None, verbose: int) -> None:
    """Write a checker that needs nothing but Python.

    Hand it over with the case: nobody has to install serialscan, or to trust it, to verify what it wrote.
    """
    from serialscan.case.verifier import verifier_source
    from serialscan.files.whole import write_new

    if output is None:
        click.echo(verifier_source(), nl=False)
    else:
        write_new(output, verifier_source().encode())


@case.command(epilog="\b\nExample:\n  serialscan case migrate old.case -o new.case")
@_case_argument
@click.option("-o", "--output", type=_FILE, metavar="FILE", required=True, help="The new file.")
@verbose_option
def migrate(path: Path, output: Path, verbose: int) -> None:
    """Write a case of an older version into a new file; the old one stays as it is."""
    from serialscan.case.migrate import migrate as migrate_case

    migrate_case(path, output)
    click.echo(f"{output} is written; {path} is as it was. Verify the new one.", err=True)


def read_head(path: Path) -> Checkpoint:
    """A head in a file.

    Raises:
        SettingsError: the file is none.
    """
    from serialscan.case.checkpoint import NoteError, parse_checkpoint

    try:
        return parse_checkpoint(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}): check the path.") from error
    except NoteError as error:
        raise SettingsError(f"{path}: is no head of a case: {error}.") from error


def _hash_original(path: Path) -> str:
    from serialscan.errors import PhotoError
    from serialscan.photo.files import sha256_of

    try:
        return sha256_of(path)
    except PhotoError as error:
        if not path.exists():
            raise FileNotFoundError(path) from error
        raise OSError(str(error)) from error


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal."""
    if not sys.stderr or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("verify", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
