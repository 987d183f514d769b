"""Pictures for people, made from a record and its photo, at any time after the photo was read."""

from __future__ import annotations

from serialscan.pictures.keep import keep_pictures

__all__ = ["keep_pictures"]
