"""Several photos of one item: which belong together, and what they show together."""

from __future__ import annotations

from serialscan.items.grouping import Grouping, make_plan, table_photos
from serialscan.items.item import scan_item, unfused_item

__all__ = ["Grouping", "make_plan", "scan_item", "table_photos", "unfused_item"]
