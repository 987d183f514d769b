"""From pixels to readings: lines with per-character evidence, codes, and what limits them."""

from __future__ import annotations

from serialscan.reading.engine import check_weights
from serialscan.reading.reader import Reader, Reading
from serialscan.reading.warn import display_warning, quality_warnings

__all__ = ["Reader", "Reading", "check_weights", "display_warning", "quality_warnings"]
