"""The page on disk, and what the labels are known by."""

from __future__ import annotations

import hashlib
from pathlib import Path

from serialscan.errors import InputError, OutputError
from serialscan.evaluate.gallery import gallery
from serialscan.evaluate.page import TITLE, page
from serialscan.evaluate.records import Run
from serialscan.evaluate.report import Evaluation
from serialscan.settings import Settings

# Stands within the first bytes of every page that this program writes, and of no other.
_TITLE = f"<title>{TITLE}</title>".encode()
_TITLE_WITHIN = 1000


def check_page(path: Path) -> None:
    """Refuse a page that would overwrite something else, before anything is read.

    Args:
        path: a new file, an empty one, or an earlier page of an evaluation, which is replaced.

    Raises:
        OutputError: its name is not that of a page, its folder is not there, or it holds something else.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{path} is not the name of a page: choose one that ends in .html.")
    if not path.parent.is_dir():
        raise OutputError(f"There is no folder {path.parent}: make it, or choose another --html.")
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            start = file.read(_TITLE_WITHIN)
    except OSError as error:
        raise OutputError(f"{path} cannot be read ({error.strerror}): choose another --html.") from error
    if start and _TITLE not in start:
        raise OutputError(
            f"{path} is not the page of an evaluation and is left as it is: choose another --html."
        )


def write_page(path: Path, report: Evaluation, run: Run, settings: Settings) -> None:
    """Write the page with pictures of the worst errors.

    Raises:
        OutputError: it cannot be written.
    """
    text = page(report, gallery(run.photos, settings))
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}): free some space or choose another --html."
        ) from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hex.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check the path of the labels."
        ) from error
