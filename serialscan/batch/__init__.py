"""Many inputs: walking them, reading them in worker processes, keeping order and counts."""

from __future__ import annotations

from serialscan.batch.inputs import Inputs, Selection, Skipped, Why, walk
from serialscan.batch.task import Input

__all__ = ["Input", "Inputs", "Selection", "Skipped", "Why", "walk"]
