"""Several photos of one item: which belong together, and what they show together."""

from __future__ import annotations

from serialscan.items.grouping import Grouping, Plan, make_plan, table_photos
from serialscan.items.item import MOST_PHOTOS, scan_item, unfused_item

__all__ = ["MOST_PHOTOS", "Grouping", "Plan", "make_plan", "scan_item", "table_photos", "unfused_item"]
