"""Who signs: the options and the passphrase of a key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from serialscan.errors import SettingsError

if TYPE_CHECKING:
    from serialscan.case.sign import Signer

passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Read the key's passphrase from the first line of FILE; without it you are asked.",
)


def open_signer(path: Path, passphrase_file: Path | None) -> Signer:
    """Someone who signs with the key in a file; the passphrase is asked for, or read from a file."""
    from serialscan.case.keys import open_key

    def ask() -> str:
        if passphrase_file is not None:
            return first_line(passphrase_file)
        return str(click.prompt(f"Passphrase of {path}", hide_input=True, err=True))

    return open_key(path, ask)


def first_line(path: Path) -> str:
    """The first line of a text file: a passphrase."""
    try:
        return path.read_text("utf-8-sig").partition("\n")[0].rstrip("\r")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}): check the path.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text: save it as UTF-8.") from error
