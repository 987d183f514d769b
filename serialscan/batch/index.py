"""The page beside the pictures of a run, which names every photo."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from serialscan.batch.sink import Sink
from serialscan.batch.task import Outcome
from serialscan.errors import OutputError
from serialscan.pictures import page
from serialscan.record import from_json

if TYPE_CHECKING:
    from serialscan.batch.tally import Tally

NAME = "index.html"


class IndexPage(Sink):
    """Grows with every record, so that it shows what is done whenever the run ends, and however.

    Args:
        folder: that of the pictures; it is there.
        option: by which it was named, for messages.

    Attributes:
        without: photos that were read, and whose pictures could not be made.
    """

    def __init__(self, folder: Path, option: str) -> None:
        self._folder = folder
        self._option = option
        self._file: IO[bytes] | None = None
        self._head = 0
        self._counts = dict.fromkeys(("accept", "review", "none", "error"), 0)
        self.without = 0

    @property
    def path(self) -> Path:
        """Where the page lies."""
        return self._folder / NAME

    def begin(self, tally: Tally) -> None:
        """See that the page of an earlier run may be replaced; another file may not."""
        with self._told():
            if self.path.exists():
                with self.path.open("rb") as file:
                    if file.read(len(page.BEGIN)) != page.BEGIN.encode():
                        raise OutputError(
                            f"{self.path} is no page of serialscan, and is left as it is: "
                            f"choose another folder with {self._option}."
                        )

    def write(self, outcome: Outcome) -> None:
        """Add a photo; with the first one the page begins anew."""
        if outcome.input is None:
            return
        record = from_json(outcome.line)
        # The folder that holds this one was named as an input: no photo, and nothing is written into it.
        if record.error is not None and record.error.code == "output_inside_input":
            return
        self._counts["error" if record.error is not None else record.serial.decision] += 1
        self.without += outcome.no_pictures is not None
        with self._told():
            if self._file is None:
                self._file = self.path.open("w+b")
                self._head = self._add(page.head())
            self._add(page.card(record, self._folder, outcome.no_pictures))

    def end(self, tally: Tally) -> None:
        """Put the counts above the photos."""
        if self._file is None:
            return
        whole = self.path.with_name(NAME + ".new")
        with self._told():
            with self._file as rows, whole.open("wb") as file:
                rows.seek(self._head)
                file.write(page.head(self._counts).encode())
                shutil.copyfileobj(rows, file)
                file.write(page.foot().encode())
            whole.replace(self.path)

    def _add(self, html: str) -> int:
        assert self._file is not None
        self._file.write(html.encode())
        self._file.flush()
        return self._file.tell()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"{self.path} cannot be written ({error.strerror}): free some space or choose another "
                f"folder with {self._option}."
            ) from error
