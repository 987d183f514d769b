"""Prints a page with a Chromium that is installed; nothing else prints HTML as a browser shows it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from serialscan.errors import EngineError, OutputError
from serialscan.files.whole import demand_new

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "msedge",
         "microsoft-edge")  # fmt: skip
"""Programs that print, in the order in which they are tried."""

MOST_ITEMS = 400
"""Items that Chromium prints in some 80 s; 2 000 do not end, and take gigabytes of memory."""

_ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
_START_S, _ITEM_S = 120.0, 2.0  # how long printing may take, and for each item; ten times what it does
_OPTIONS = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--no-pdf-header-footer",
    "--disable-extensions", "--disable-sync", "--disable-background-networking", "--disable-component-update",
    "--disable-default-apps", "--disable-client-side-phishing-detection", "--metrics-recording-only",
    "--disable-domain-reliability", "--disable-breakpad", "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
INSTEAD = "open the report in a browser and print it there, as PDF if you like"


def chromium() -> str:
    """The program that prints.

    Raises:
        EngineError: there is none.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    found = found or next((path for path in _ELSEWHERE if Path(path).is_file()), None)
    if found is None:
        raise EngineError(
            f"--pdf needs Chromium, Chrome or Edge, and none was found: install one, or {INSTEAD}."
        )
    return found


def print_pdf(program: str, page: Path, pdf: Path, items: int) -> None:
    """Print a page; the new file is there whole, or not at all.

    Args:
        program: from ``chromium()``.
        page: the report.
        pdf: the new file.
        items: how many it holds.

    Raises:
        OutputError: the file is there already, or was not printed.
    """
    demand_new(pdf)
    with tempfile.TemporaryDirectory(prefix="serialscan-", ignore_cleanup_errors=True) as folder:
        made = Path(folder, "report.pdf")
        command = [program, *_OPTIONS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}"]
        if sys.platform == "linux" and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium does not start as root with it
        try:
            done = subprocess.run(
                [*command, page.absolute().as_uri()], capture_output=True, check=False,
                timeout=_START_S + _ITEM_S * items, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            why = f"exit code {done.returncode}"
        except subprocess.TimeoutExpired:
            why = "it took too long"
        except OSError as error:
            why = str(error.strerror)
        if not made.is_file() or made.stat().st_size == 0:
            raise OutputError(
                f"{pdf} was not printed ({Path(program).name}: {why}); {page} is there: choose fewer items, "
                f"or {INSTEAD}."
            )
        try:
            with pdf.open("xb") as file, made.open("rb") as source:
                shutil.copyfileobj(source, file)
        except OSError as error:
            with contextlib.suppress(OSError):
                pdf.unlink(missing_ok=True)
            raise OutputError(f"{pdf}: cannot be written ({error.strerror}).") from error
