"""From readings to marks: what a line means."""

from __future__ import annotations

from serialscan.marking.serial import choose_serial

__all__ = ["choose_serial"]
