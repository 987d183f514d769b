"""Facts from EXIF: orientation, capture time, camera, position."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from serialscan.record import Gps

if TYPE_CHECKING:
    from PIL.Image import Exif

# Tag numbers of EXIF 2.32 (CIPA DC-008) and TIFF 6.0.
_MAKE, _MODEL, _ORIENTATION = 271, 272, 274
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_TIMES = ((36867, 36881, 37521), (36868, 36882, 37522))  # date, offset, sub-second: original, digitized
# UTC-12:00 to UTC+14:00 are in use; a camera may be set to any quarter between -14 and +14.
_ZONE = re.compile(r"[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00", re.ASCII)
_MOST_CHARACTERS = 128  # of one text from a file; the longest names of cameras have some 60
_LATITUDE, _LONGITUDE, _ALTITUDE = (1, 2), (3, 4), (5, 6)  # (reference, value) in the GPS IFD


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What EXIF says, in the terms of ``record.Source``; ``damaged`` if a part could not be parsed."""

    orientation: int = 1
    captured_at: str | None = None
    camera: str | None = None
    gps: Gps | None = None
    damaged: bool = False


def facts_of(exif: Exif) -> Facts:
    """Collect the facts of parsed or half-parsed EXIF; damage never raises."""
    damaged = False

    def part(number: int | None) -> dict[int, Any]:
        nonlocal damaged
        try:
            return dict(exif if number is None else exif.get_ifd(number))
        except Exception:
            # Pillow parses lazily and lets out whatever a damaged directory makes it raise.
            damaged = True
            return {}

    main, details, position = part(None), part(_EXIF_IFD), part(_GPS_IFD)
    return Facts(
        orientation=_orientation(main.get(_ORIENTATION)),
        captured_at=_captured_at(details),
        camera=_camera(_text(main.get(_MAKE)), _text(main.get(_MODEL))),
        gps=_gps(position),
        damaged=damaged,
    )


def first_known(several: list[Facts]) -> Facts:
    """Facts of several places of one file: those of the first, and what it lacks from the next."""

    def known(name: str) -> Any:
        return next((v for facts in several if (v := getattr(facts, name)) is not None), None)

    return msgspec.structs.replace(
        several[0], captured_at=known("captured_at"), camera=known("camera"), gps=known("gps")
    )


def _orientation(value: Any) -> int:
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    printable = "".join(c if c.isprintable() else " " for c in value[: 4 * _MOST_CHARACTERS])
    text = " ".join(printable.split())
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"


def _camera(make: str, model: str) -> str | None:
    if make and not model.casefold().startswith(make.casefold()):
        return f"{make} {model}".strip()
    return model or None


def _captured_at(details: dict[int, Any]) -> str | None:
    """The time the picture was taken; DateTime (306) is when the file was changed and does not count."""
    for date, offset, fraction in _TIMES:
        value = _text(details.get(date))
        if not re.fullmatch(r"\d{4}:\d{2}:\d{2} \d{2}:\d{2}:\d{2}", value, re.ASCII):
            continue
        try:
            datetime.strptime(value, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - local time of the camera
        except ValueError:
            continue
        day, time = value.split(" ")
        digits, zone = _text(details.get(fraction)), _text(details.get(offset))
        return (
            f"{day.replace(':', '-')}T{time}"
            + (f".{digits}" if re.fullmatch(r"\d{1,9}", digits, re.ASCII) else "")
            + (zone if _ZONE.fullmatch(zone) else "")
        )
    return None


def _gps(position: dict[int, Any]) -> Gps | None:
    latitude = _degrees(position, _LATITUDE, "S", 90)
    longitude = _degrees(position, _LONGITUDE, "W", 180)
    if latitude is None or longitude is None:
        return None
    altitude = _number(position.get(_ALTITUDE[1]))
    if altitude is not None and position.get(_ALTITUDE[0]) in (1, b"\x01"):
        altitude = -altitude
    return Gps(latitude=latitude, longitude=longitude, altitude=altitude)


def _degrees(position: dict[int, Any], tags: tuple[int, int], negative: str, limit: int) -> float | None:
    reference, value = (position.get(tag) for tag in tags)
    if not isinstance(value, tuple) or not 1 <= len(value) <= 3:
        return None
    parts = [_number(v) for v in value]
    known = [p for p in parts if p is not None]
    if len(known) != len(parts):
        return None
    degrees = sum(p / 60**i for i, p in enumerate(known))
    if not 0 <= degrees <= limit:
        return None
    return round(-degrees if _text(reference).upper() == negative else degrees, 7)


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if abs(number) < 1e9 else None  # also drops the NaN of a rational x/0
