"""Frozen settings and their digest. Loading from TOML, environment and flags lives here too."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can change a record.

    Attributes:
        reader: ``auto`` reads with the networks and lets Tesseract testify when it is installed,
            ``network`` reads with the networks only, ``tesseract`` demands that Tesseract testifies.
        beams: width of the prefix beam search.
        max_pixels: a page with more pixels is refused (decompression bombs).
        max_bytes: a larger file is refused.
        max_pages: pages read of a multi-page file; more are refused.
        gps: write the position from EXIF into the record.
    """

    reader: Literal["auto", "network", "tesseract"] = "auto"
    beams: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50
    max_pixels: Positive = 250_000_000
    max_bytes: Positive = 1 << 30
    max_pages: Positive = 1000
    gps: bool = False

    def digest(self) -> str:
        """SHA-256 (hex, first 16 digits) of the settings in canonical JSON."""
        canonical = msgspec.json.encode(msgspec.to_builtins(self), order="sorted")
        return hashlib.sha256(canonical).hexdigest()[:16]
