"""Frozen settings. Loading from TOML, environment and flags lives here too."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from serialscan.bounded import parse_toml, read_bounded
from serialscan.errors import SettingsError

CONFIG_NAME = "serialscan.toml"
ENVIRONMENT_PREFIX = "SERIALSCAN_"

FONTS_VARIABLE = "SERIALSCAN_FONTS"
"""Names the one folder in which ``render --fonts`` looks for fonts."""

NO_SETTINGS = frozenset({FONTS_VARIABLE})
"""Environment variables with the prefix that are no settings."""

FILES = ("knowledge", "calibration")
"""Settings that name a file, each with a further one for its SHA-256."""

ReaderChoice = Literal["auto", "network", "tesseract"]
EffortChoice = Literal["fast", "normal", "thorough"]

Positive = Annotated[int, msgspec.Meta(ge=1, le=1 << 50)]
"""A limit; its own bound is far above any photo, and below what numbers of the system can hold."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can change a record.

    Attributes:
        reader: ``auto`` reads with the networks and lets Tesseract testify when it is installed,
            ``network`` reads with the networks only, ``tesseract`` demands that Tesseract testifies.
        beams: width of the prefix beam search.
        effort: the recipe, see `recipe.EFFORTS`. ``fast`` looks at each line three times, ``normal`` again
            where a doubt is left, ``thorough`` searches a photo with a surely read number as closely as
            others, and lets two networks judge where lines stand.
        engine: ``networks`` reads. ``null`` finds nothing, without loading the networks: for trying out all
            that is not reading. Its records name it and warn that nobody looked.
        max_error: share of accepted serials that may be wrong; what cannot keep to it is ``review``.
        max_pixels: a photo with more pixels, all pages together, is refused (decompression bombs). So is one
            whose decoding would take more memory than that of a JPEG of so many pixels.
        max_bytes: a larger file is refused.
        max_pages: pages read of a multi-page file; more are refused.
        gps: write the position from EXIF into the record.
        knowledge: a TOML file with more makers, models, labels, shapes and other numbers; empty for none.
        knowledge_sha256: of that file; filled in when the settings are read. Written into a settings file it
            pins the content: another content is refused.
        calibration: a laboratory's own calibration of serials; empty for none. It never makes more serials
            accepted.
        calibration_sha256: of that file, likewise.
    """

    reader: ReaderChoice = "auto"
    beams: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50
    effort: EffortChoice = "normal"
    engine: Literal["networks", "null"] = "networks"
    max_error: Annotated[float, msgspec.Meta(ge=0.0001, le=0.5)] = 0.01
    max_pixels: Positive = 125_000_000
    max_bytes: Positive = 1 << 30
    max_pages: Positive = 1000
    gps: bool = False
    knowledge: str = ""
    knowledge_sha256: str = ""
    calibration: str = ""
    calibration_sha256: str = ""

    def values(self) -> dict[str, Any]:
        """The settings by name, as they count for a digest.

        Of a file its content counts, not its path; without one both are left out.
        """
        values: dict[str, Any] = msgspec.to_builtins(self)
        for name in FILES:
            del values[name]
            if not values[f"{name}_sha256"]:
                del values[f"{name}_sha256"]
        return values


class BatchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a run is carried out: none of it can change a reading, so it is not part of the digest.

    Attributes:
        jobs: worker processes; 0 chooses by cores and memory.
        timeout_s: seconds after which a photo is given up.
        preview_px: longer side of the preview of each photo that a case keeps, in pixels; 0 keeps none.
        crop_px: height of the crops of what may be the serial that a case keeps, in pixels; 0 keeps none.
    """

    jobs: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=86400)] = 300.0
    preview_px: Annotated[int, msgspec.Meta(ge=0, le=4000)] = 320
    crop_px: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 64


class Effective(msgspec.Struct, frozen=True, kw_only=True):
    """The settings in force; ``origins`` tells where each value comes from, in the order of the fields."""

    settings: Settings
    batch: BatchSettings
    origins: dict[str, str]


_FIELDS = {
    field.name: field
    for struct in (Settings, BatchSettings)
    for field in msgspec.structs.fields(struct)
}  # fmt: skip


def find_config(start: Path, user_folder: Path) -> Path | None:
    """The ``serialscan.toml`` in ``start`` or the nearest folder above it, else in the user's folder.

    A folder that cannot be looked into is passed over, also a current folder that was deleted.
    """
    with contextlib.suppress(OSError):
        start = start.absolute()
    for folder in (start, *start.parents, user_folder):
        path = folder / CONFIG_NAME
        with contextlib.suppress(OSError):
            if path.is_file():
                return path
    return None


def load_settings(
    flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ, config: Path | None = None
) -> Effective:
    """Settings from flags, else environment, else file, else defaults.

    Args:
        flags: values from the command line by setting; None means that the flag was not given.
        environment: variables ``SERIALSCAN_`` + the setting's name in capitals; those of ``NO_SETTINGS``
            are left alone.
        config: a TOML file with the settings as its keys, or None.

    Raises:
        SettingsError: an unknown key, a value of the wrong type or out of range, an unreadable file.
    """
    values: dict[str, Any] = {}
    origins = dict.fromkeys(_FIELDS, "default")
    if config is not None:
        for key, value in _read_config(config).items():
            _check_known(key, list(_FIELDS), str(config))
            values[key] = _convert(key, value, str(config), strict=True)
            origins[key] = str(config)
        for name in FILES:
            if values.get(name):
                values[name] = str(config.parent / values[name])
    for variable, text in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in NO_SETTINGS:
            continue
        known = [*(ENVIRONMENT_PREFIX + key.upper() for key in _FIELDS), *sorted(NO_SETTINGS)]
        _check_known(variable, known, "the environment")
        key = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        values[key] = _convert(key, text.strip(), variable, strict=False)
        origins[key] = variable
    for key, value in flags.items():
        if value is not None:
            origins[key] = "--" + key.replace("_", "-")
            values[key] = _convert(key, value, origins[key], strict=True)
    for name in FILES:
        if values.get(name):
            _pin(name, values, origins)
    return Effective(
        settings=Settings(**{key: values[key] for key in Settings.__struct_fields__ if key in values}),
        batch=BatchSettings(**{key: values[key] for key in BatchSettings.__struct_fields__ if key in values}),
        origins=origins,
    )


def _pin(name: str, values: dict[str, Any], origins: dict[str, str]) -> None:
    """Set the hash of a file that a setting names, or compare it where one is given."""
    path, pin = values[name], f"{name}_sha256"
    try:
        found = hashlib.sha256(read_bounded(path)).hexdigest()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}): check the path.") from error
    wanted = values.get(pin, "")
    if wanted and wanted != found:
        raise SettingsError(
            f"{path}: its SHA-256 is {found}, not the one of {pin} "
            f"({origins[pin]}): use the file that was meant, or remove {pin}."
        )
    values[pin] = found
    if not wanted:
        origins[pin] = path


def _read_config(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(read_bounded(path))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}): check the path.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text: save it as UTF-8.") from error
    except ValueError as error:
        raise SettingsError(f"{path}: is not valid TOML: {error}.") from error


def _check_known(key: str, known: list[str], origin: str) -> None:
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}."
        raise SettingsError(f"{key} in {origin} is no setting: {advice}")


def _convert(key: str, value: Any, origin: str, *, strict: bool) -> Any:
    kind = _FIELDS[key].type
    try:
        if isinstance(value, bool) and key not in _SWITCHES:
            raise msgspec.ValidationError  # Python would take true for 1
        return msgspec.convert(value, kind, strict=strict)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:  # the latter: bytes that are no text
        shown = json.dumps(value, default=str, ensure_ascii=False)
        raise SettingsError(f"{key} = {shown} ({origin}) is not allowed: use {_allowed(kind)}.") from error


def _allowed(kind: Any) -> str:
    info = msgspec.inspect.type_info(kind)
    if isinstance(info, msgspec.inspect.LiteralType):
        return "one of " + ", ".join(str(value) for value in info.values)
    if isinstance(info, msgspec.inspect.IntType):
        return f"a whole number from {info.ge}" + (f" to {info.le}" if info.le is not None else " up")
    if isinstance(info, msgspec.inspect.FloatType):
        if info.ge is not None:
            return f"a number from {info.ge:g} to {info.le:g}"
        return f"a number above {info.gt:g}, {info.le:g} at most"
    return "text in quotes" if isinstance(info, msgspec.inspect.StrType) else "true or false"


_SWITCHES = frozenset(key for key, field in _FIELDS.items() if field.type is bool)
