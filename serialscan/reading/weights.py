"""The weight files that ship, and whether they are the pinned ones."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WEIGHTS: Final = Path(__file__).parent / "models"


@dataclass(frozen=True)
class Weight:
    """One weight file and whether it is the pinned one."""

    name: str
    path: Path
    expected: str
    actual: str | None

    @property
    def ok(self) -> bool:
        """True if the file is there and its SHA-256 is the pinned one."""
        return self.actual == self.expected


def check_weights(folder: Path = WEIGHTS) -> tuple[Weight, ...]:
    """Hash every weight file; never raises for a missing or changed weight."""
    try:
        pinned = json.loads((folder / "checksums.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return (Weight("checksums.json", folder / "checksums.json", "a list of checksums", None),)
    found = []
    for name, expected in sorted(pinned.items()):
        path = folder / name
        try:
            actual = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            actual = None
        found.append(Weight(name, path, expected, actual))
    return tuple(found)
