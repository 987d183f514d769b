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
from typing import TYPE_CHECKING, Any

import msgspec

from serialscan import __version__
from serialscan.recipe import Recipe, recipe_for
from serialscan.record import Model, Tool
from serialscan.settings import Settings

if TYPE_CHECKING:
    from serialscan.marking.laboratory import Laboratory
    from serialscan.reading import Reader


def tool_with(settings: Settings, reader: Reader | None = None) -> Tool:
    """This program with these settings.

    Args:
        settings: in force.
        reader: who read; None where nobody did. Its recipe and its engine may be others than the settings ask
            for. Which weights it uses is known once it is loaded.
    """
    recipe = recipe_for(settings) if reader is None else reader.recipe
    engine = settings.engine if reader is None else reader.engine
    fitted = fitted_recipe() if reader is None else reader.fitted_to
    return Tool(
        name="serialscan",
        version=__version__,
        settings_digest=settings_digest(settings, recipe, engine),
        recipe=recipe.name,
        fitted_to=fitted,
        engine=engine,
        models=() if reader is None else (*reader.models, *_laboratory(settings, engine)),
    )


def laboratory_of(settings: Settings, reader: Reader) -> Laboratory | None:
    """The laboratory's calibration that the settings name, or None; nobody looks, nobody is sure.

    Raises:
        SettingsError: it cannot be used with what this reader reads.
    """
    from serialscan.marking.laboratory import load_laboratory

    if not settings.calibration or reader.engine == "null":
        return None
    found = load_laboratory(settings.calibration, settings.calibration_sha256)
    found.check(tool_with(settings, reader), settings.calibration)
    return found


def _laboratory(settings: Settings, engine: str) -> tuple[Model, ...]:
    from serialscan.marking.laboratory import NAME

    if not settings.calibration_sha256 or engine == "null":
        return ()
    return (Model(name=NAME, sha256=settings.calibration_sha256),)


def pinned_models(settings: Settings) -> tuple[Model, ...]:
    """The weights that this version reads with; it does not start with others. None if nobody looks."""
    if settings.engine == "null":
        return ()
    shipped = tuple(Model(name=name, sha256=sha256) for name, sha256 in sorted((_weights() or {}).items()))
    return (*shipped, *_laboratory(settings, settings.engine))


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
def settings_digest(settings: Settings, recipe: Recipe | None = None, engine: str | None = None) -> str:
    """First 16 hex digits of the SHA-256 of all that can change a reading, beside the program's version.

    The settings, with the content of the user's files for their paths; Tesseract's version if it testifies,
    for the reader asked for; the recipe and the engine; the knowledge that ships; the pinned weights and
    calibration.

    Args:
        settings: in force.
        recipe: if another one than the settings ask for is in use.
        engine: likewise.
    """
    from serialscan.marking.knowledge import shipped_sha256

    counted: dict[str, Any] = settings.values()
    del counted["reader"]
    counted["recipe"] = (recipe or recipe_for(settings)).digest
    counted["engine"] = engine or settings.engine
    counted["tesseract"] = _tesseract(settings)
    counted["knowledge_shipped"] = shipped_sha256()
    counted["weights"] = _weights()
    return hashlib.sha256(msgspec.json.encode(counted, order="sorted")).hexdigest()[:16]


@functools.cache
def fitted_recipe() -> str:
    """Name of the recipe that the calibration that ships was fitted to; empty if that is lost."""
    try:
        found = resources.files("serialscan") / "reading" / "models" / "calibration.json"
        return str(json.loads(found.read_text(encoding="utf-8"))["recipe"])
    except (OSError, ValueError, KeyError):
        return ""


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
