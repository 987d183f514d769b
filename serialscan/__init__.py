"""Reads the marks on seized rifles, optics and night-vision devices from evidence photographs."""

from __future__ import annotations

from serialscan import telemetry

telemetry.turn_off()

__version__ = "0.1.0"
