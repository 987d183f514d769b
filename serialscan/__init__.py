"""Reads the marks on seized rifles, optics and night-vision devices from evidence photographs."""

from __future__ import annotations

__version__ = "0.1.0"
