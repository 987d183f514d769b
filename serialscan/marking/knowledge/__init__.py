"""What is known of makers, models, calibres, shapes and other numbers: data, with source and confidence.

The rows are the TOML files beside this module; a user adds rows with a file of his own. A row holds examples
that it accepts and rejects; `serialscan.marking.load` refuses it if it contradicts them.
"""

from __future__ import annotations

from serialscan.marking.knowledge.files import combine, read_file, shipped_sha256
from serialscan.marking.knowledge.rows import (
    SEEN_SURE,
    Knowledge,
    Label,
    Number,
    Row,
    Shape,
    calibre_key,
    matches_shape,
)  # fmt: skip

__all__ = [
    "SEEN_SURE", "Knowledge", "Label", "Number", "Row", "Shape", "calibre_key", "combine", "matches_shape",
    "read_file", "shipped_sha256",
]  # fmt: skip
