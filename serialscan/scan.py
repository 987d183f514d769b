"""The pipeline, top to bottom: one photo in, one record out."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from serialscan.errors import PhotoError
from serialscan.record import Code, Error, ErrorCode, Line, PhotoRecord, Sign, Source, Warning_
from serialscan.tool import laboratory_of, tool_with

if TYPE_CHECKING:
    import numpy as np

    from serialscan.reading import Reader
    from serialscan.settings import Settings


def scan_photo(
    photo: Path | bytes,
    reader: Reader,
    settings: Settings,
    *,
    name: str | None = None,
    see: Callable[[int, np.ndarray], None] | None = None,
) -> PhotoRecord:
    """Read one photo.

    Args:
        photo: the file (opened read-only), or its bytes.
        reader: the networks, loaded once per process.
        settings: limits and reading settings.
        name: what ``source.path`` says when ``photo`` is bytes.
        see: is shown each page before it is read: its number from 1, and its pixels, (H, W, 3) uint8 RGB.

    Returns:
        The record; a photo that cannot be read gives a record with ``status`` "error".
    """
    from serialscan.marking import (
        decide,
        load_knowledge,
        parted_from_signs,
        read_marks,
        serial_warnings,
        with_signs,
    )  # fmt: skip
    from serialscan.marking.iuid import with_message
    from serialscan.photo import DAMAGED, describe, merge_quality, open_photo
    from serialscan.reading import display_warning, quality_warnings

    started = time.perf_counter()
    tool, laboratory = tool_with(settings, reader), laboratory_of(settings, reader)
    source = describe(photo, name)
    lines: list[Line] = []
    displays: list[str] = []
    codes: list[Code] = []
    signs: list[Sign] = []
    qualities = []
    warnings: list[Warning_] = list(reader.warnings)
    try:
        with open_photo(photo, settings, name) as opened:
            source = opened.source
            warnings += opened.warnings
            for number, page in enumerate(opened.pages(), start=1):
                if see is not None:
                    see(number, page)
                reading = reader.read(page, number, len(lines) + 1, len(codes) + 1, len(signs) + 1)
                lines += reading.lines
                displays += reading.displays
                signs += reading.signs
                codes += map(with_message, reading.codes)
                qualities.append(reading.quality)
            opened.verify_unchanged()
    except PhotoError as error:
        return PhotoRecord(
            status="error", tool=tool, source=error.source or source, timing_ms=_timing(started),
            error=Error.of(error.code, error.message),
        )  # fmt: skip
    quality = merge_quality(qualities)
    knowledge = load_knowledge(settings.knowledge, settings.knowledge_sha256)
    lines = list(parted_from_signs(lines, knowledge))
    marks, serial = read_marks(lines, codes, knowledge)
    if displays:
        warnings.append(display_warning(displays))
    if not displays and not any(warning.code == DAMAGED for warning in warnings):
        serial = decide(serial, reader.least_accepted(settings.max_error), laboratory)
    if laboratory is not None:
        serial = laboratory.of(serial)
    return PhotoRecord(
        status="ok", tool=tool, source=source, quality=quality, lines=tuple(lines), codes=tuple(codes),
        signs=tuple(signs), marks=with_signs(marks, signs, lines, knowledge), serial=serial,
        warnings=(*warnings, *quality_warnings(quality, lines, source), *serial_warnings(serial)),
        timing_ms=_timing(started),
    )  # fmt: skip


def _timing(started: float) -> dict[str, float]:
    return {"total": round((time.perf_counter() - started) * 1000, 1)}


def error_record(source: Source, settings: Settings, code: ErrorCode, message: str) -> PhotoRecord:
    """The record of an input that no worker could read (a crash, a vanished file)."""
    return PhotoRecord(status="error", tool=tool_with(settings), source=source, error=Error.of(code, message))
