"""From pixels to readings: lines with per-character evidence, codes, and what limits them."""

from __future__ import annotations

from serialscan.reading.engine import Engine, Null
from serialscan.reading.reader import Reader, Reading, engine_for
from serialscan.reading.warn import display_warning, quality_warnings
from serialscan.reading.weights import check_weights

__all__ = [
    "Engine",
    "Null",
    "Reader",
    "Reading",
    "check_weights",
    "display_warning",
    "engine_for",
    "quality_warnings",
]
