"""Many inputs: walking them, reading them in worker processes, keeping order and counts."""

from __future__ import annotations

from serialscan.batch.inputs import Input, Selection, Skipped, Why, walk

__all__ = ["Input", "Selection", "Skipped", "Why", "walk"]
