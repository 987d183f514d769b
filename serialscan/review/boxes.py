"""Reads what stands in a box that a person drew; the networks are loaded when the first box is drawn."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from serialscan.case.decisions import MachineReading
from serialscan.record import Line, Polygon
from serialscan.settings import Settings

if TYPE_CHECKING:
    from serialscan.reading import Reader

_MARGIN = 0.15  # of the box's shorter side, around it: people draw close
_LEAST_MARGIN = 4  # px


class BoxReader:
    """Reads boxes one after another in a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="box")
        self._reader: Reader | None = None

    def submit(self, rgb: np.ndarray, polygon: Polygon) -> Future[MachineReading]:
        """Begin to read a box.

        Args:
            rgb: the page, upright, (H, W, 3) uint8.
            polygon: the box in its pixels.
        """
        return self._thread.submit(self._read, rgb, polygon)

    def close(self) -> None:
        """Read no more; what is being read is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _read(self, rgb: np.ndarray, polygon: Polygon) -> MachineReading:
        if self._reader is None:
            from serialscan.reading import Reader

            self._reader = Reader(self._settings)
        points = np.array(polygon, float)
        low, high = points.min(axis=0), points.max(axis=0)
        margin = max(_LEAST_MARGIN, _MARGIN * float((high - low).min()))
        left, top = np.floor(np.maximum(low - margin, 0)).astype(int)
        right, bottom = np.ceil(np.minimum(high + margin, rgb.shape[1::-1])).astype(int)
        part = np.ascontiguousarray(rgb[top:bottom, left:right])
        if not part.size:
            return MachineReading(value=None, decision=None, confidence=0.0)
        lines = [
            line
            for line in self._reader.read(part).lines
            if _inside(line, (low - [left, top], high - [left, top]))
        ]
        if not lines:
            return MachineReading(value=None, decision=None, confidence=0.0)
        sure = float(np.prod([line.confidence for line in lines]))
        value = " ".join(line.text for line in lines)
        return MachineReading(value=value, decision=None, confidence=round(sure, 4))


def _inside(line: Line, box: tuple[np.ndarray, np.ndarray]) -> bool:
    middle = np.mean(line.polygon, axis=0)
    return bool((middle >= box[0]).all() and (middle <= box[1]).all())
