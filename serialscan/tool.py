"""Which program made a record: its version, and a digest of all that can change what it reads."""

from __future__ import annotations

import functools
import hashlib
import json
from importlib import resources
from typing import Any

import msgspec

from serialscan import __version__
from serialscan.record import Model, Tool
from serialscan.settings import Settings


def tool_with(settings: Settings, models: tuple[Model, ...] = ()) -> Tool:
    """This program with these settings; ``models`` are known once the networks are loaded."""
    return Tool(
        name="serialscan", version=__version__, settings_digest=settings_digest(settings), models=models
    )


@functools.cache
def settings_digest(settings: Settings) -> str:
    """First 16 hex digits of the SHA-256 of all that can change a reading, beside the program's version.

    The settings, with the content of the user's knowledge for its path; Tesseract's version if it testifies,
    for the reader asked for; the knowledge that ships; the pinned weights and calibration.
    """
    from serialscan.marking.knowledge import shipped_sha256

    counted: dict[str, Any] = settings.values()
    del counted["reader"]
    counted["tesseract"] = _tesseract(settings)
    counted["knowledge_shipped"] = shipped_sha256()
    counted["weights"] = _weights()
    return hashlib.sha256(msgspec.json.encode(counted, order="sorted")).hexdigest()[:16]


def _tesseract(settings: Settings) -> str | None:
    """The version of Tesseract that testifies; None if none does."""
    if settings.reader == "network":
        return None
    from serialscan.reading import tesseract

    return tesseract.version()


def _weights() -> Any:
    """The pinned checksums of weights and calibration; None if they are lost, with which nothing is read."""
    try:
        pinned = resources.files("serialscan") / "reading" / "models" / "checksums.json"
        return json.loads(pinned.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
