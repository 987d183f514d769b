"""Which program made a record: its version, and a digest of all that can change what it reads."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import platform
import re
from importlib import resources
from pathlib import Path
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


def pinned_models() -> tuple[Model, ...]:
    """The weights that this version reads with; it does not start with others."""
    return tuple(Model(name=name, sha256=sha256) for name, sha256 in sorted((_weights() or {}).items()))


def library_names() -> list[str]:
    """Names of the libraries that serialscan cannot do without, as its installation states them.

    Raises:
        PackageNotFoundError: serialscan is not installed, only its code is there.
    """
    stated = [line.partition(";") for line in importlib.metadata.requires("serialscan") or ()]
    needed = [library for library, _, condition in stated if "extra" not in condition]
    return [re.split(r"[^\w.-]", library.strip(), maxsplit=1)[0] for library in needed]


def library_versions(settings: Settings) -> dict[str, str]:
    """Versions of Python and of the libraries in use, and of Tesseract if it testifies."""
    versions = {"python": platform.python_version()}
    try:
        names = library_names()
    except importlib.metadata.PackageNotFoundError:
        names = []
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    tesseract = _tesseract(settings)
    return {**versions, "tesseract": tesseract} if tesseract is not None else versions


def processor() -> str:
    """The machine's processor and its system, for people."""
    name = platform.processor()
    try:
        told = Path("/proc/cpuinfo").read_text("utf-8", "replace")  # of Linux; elsewhere the name is enough
        name = next(line.partition(":")[2].strip() for line in told.splitlines() if "model name" in line)
    except (OSError, StopIteration):
        pass
    return f"{name or platform.machine()}; {platform.platform()}"


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
