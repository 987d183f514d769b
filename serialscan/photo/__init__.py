"""From a file to upright pixels and facts: opening, limits, SHA-256, EXIF, quality measures.

An original is opened read-only, read once, and decoded from the bytes that were hashed.
"""

from __future__ import annotations

from serialscan.photo.files import describe, path_text
from serialscan.photo.opening import DAMAGED, OpenedPhoto, open_photo
from serialscan.photo.quality import measure_quality, merge_quality

__all__ = [
    "DAMAGED", "OpenedPhoto", "describe", "measure_quality", "merge_quality", "open_photo", "path_text",
]  # fmt: skip
