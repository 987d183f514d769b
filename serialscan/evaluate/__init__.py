"""How good a reading is, on photos whose text is known."""

from __future__ import annotations

from serialscan.evaluate.score import equals, exact, found

__all__ = ["equals", "exact", "found"]
