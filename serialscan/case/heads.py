"""The last head of every case that was written on this machine, so that a rollback is noticed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from serialscan.case.checkpoint import ORIGIN, Checkpoint, NoteError, parse_checkpoint
from serialscan.files.whole import replace_whole


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where this program keeps what it remembers for a user."""
    home = Path(environment.get("HOME") or Path.home())
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "serialscan"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "serialscan"
    return Path(environment.get("XDG_STATE_HOME") or home / ".local" / "state") / "serialscan"


class Heads:
    """The remembered heads: one small file for each case id.

    Args:
        folder: where they are kept; made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "heads"

    def last(self, case_id: str) -> Checkpoint | None:
        """The largest head that was remembered of a case, or None."""
        try:
            return parse_checkpoint(self._path(case_id).read_bytes())
        except (OSError, NoteError):
            return None

    def remember(self, checkpoint: Checkpoint) -> None:
        """Keep a head, unless a larger one is remembered: that one shows a rollback for ever.

        Raises:
            OSError: it cannot be kept.
        """
        case_id = checkpoint.origin.removeprefix(ORIGIN)
        before = self.last(case_id)
        if before is None or before.size < checkpoint.size:
            replace_whole(self._path(case_id), checkpoint.note)

    def _path(self, case_id: str) -> Path:
        return self._folder / f"{case_id}.txt"
