"""How good a reading is, on photos whose text is known."""

from __future__ import annotations

from serialscan.evaluate.score import exact, found

__all__ = ["exact", "found"]
