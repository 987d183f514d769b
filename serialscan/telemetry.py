"""Keeps onnxruntime from sending anything.

From 1.29 on its packages look up and call their maker's collector, and keep a device id and a queue of
events in the user's cache folder. One variable of the environment stops that, and only if it is set before
the library is loaded. ``serialscan/__init__.py`` sets it, since every process imports that first: the
command line, its workers, a program that uses serialscan as a library.
"""

from __future__ import annotations

import os
import sys
import warnings

VARIABLE = "ORT_DISABLE_TELEMETRY"
"""Read by onnxruntime when its library is loaded; ``1`` turns telemetry off."""

LAST_TRIED = (1, 32)
"""The last minor version of onnxruntime that was seen to send nothing with the variable set.

``pyproject.toml`` has the same bound and ``tests/test_offline.py`` is the trial: raise both together.
"""


def turn_off() -> None:
    """Set the variable, also against a value that a person set: serialscan never sends anything.

    Warns if onnxruntime was loaded before, since it is too late then.
    """
    if "onnxruntime" in sys.modules and os.environ.get(VARIABLE) != "1":
        warnings.warn(
            "onnxruntime was imported before serialscan and may send telemetry: import serialscan first, "
            f"or set {VARIABLE}=1 before Python starts.",
            RuntimeWarning,
            stacklevel=3,
        )
    os.environ[VARIABLE] = "1"


def was_tried(version: str) -> bool:
    """Whether a version of onnxruntime, such as ``1.32.0``, is none after the last that was tried."""
    numbers = version.split(".")
    try:
        return (int(numbers[0]), int(numbers[1])) <= LAST_TRIED
    except (IndexError, ValueError):
        return False
