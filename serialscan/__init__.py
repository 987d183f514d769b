"""Reads the marks on seized rifles, optics and night-vision devices from evidence photographs."""

from __future__ import annotations

from serialscan import telemetry

telemetry.turn_off()

try:
    from serialscan._version import __version__ as __version__
except ImportError:  # run from a folder that was not installed
    __version__ = "0.0.0+not.built"
