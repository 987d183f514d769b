"""Who looks: the protocol of an engine, and one that finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol, TypeVar

import numpy as np

from serialscan.recipe import Detector, Recogniser
from serialscan.record import Model

BLANK: Final = 0
"""Class of no character, of every recogniser (CTC, Graves et al. 2006)."""

FRAME_PX: Final = 8
"""Width of one frame of a recogniser, in px of its input."""

LINE_PX: Final = 48
"""Height of a recogniser's input."""

GRID: Final = 32
"""Sides of a detector's input are multiples of this many px."""

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


class Engine(Protocol):
    """Looks at pictures. `Networks` does it with the weights, `Null` finds nothing, `Recorded` plays back."""

    @property
    def name(self) -> str:
        """As it stands in the records."""

    @property
    def models(self) -> tuple[Model, ...]:
        """The weights in use."""

    def detect(self, rgb: np.ndarray, detector: Detector) -> np.ndarray:
        """Text probability of every pixel.

        Args:
            rgb: (H, W, 3) uint8; H and W multiples of `GRID`.
            detector: which.

        Returns:
            (H, W) float32 from 0 to 1 (differentiable binarisation, Liao et al. 2020).
        """

    def characters(self, recogniser: Recogniser) -> tuple[str, ...]:
        """The classes of a recogniser; class `BLANK` is no character."""

    def recognise(self, lines: np.ndarray, recogniser: Recogniser) -> np.ndarray:
        """Posteriors of every frame.

        Args:
            lines: (N, `LINE_PX`, W, 3) uint8 RGB, upright lines of one width, a multiple of `FRAME_PX`.
            recogniser: which.

        Returns:
            (N, W // `FRAME_PX`, C) float32 for the C classes of ``characters``.
        """

    def ends(self, windows: np.ndarray) -> np.ndarray:
        """What is seen beyond ends of lines.

        Args:
            windows: (N, 64, 112, 4) uint8, see `ends.window`.

        Returns:
            (N, 3) float32: probability of nothing, of one more character, and of something over the row.
        """

    @property
    def signs(self) -> tuple[str, ...]:
        """The signs that ``sign`` knows; empty if it knows none."""

    def sign(self, windows: np.ndarray) -> np.ndarray:
        """Which sign each window shows, and where in it.

        Args:
            windows: (N, 64, 64) uint8 grey, see `signs.Grey`.

        Returns:
            (N, 1 + S + 4) float32 for the S names of ``signs``: posterior of none and of each, then left,
            top, right and bottom of the sign in the window, which is 1 wide and high.
        """

    def each(self, run: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
        """Results in the order of the tasks, some of which may run side by side.

        For tasks that call ``recognise``. A task must not call this itself, or it waits for ever.
        """


class Null:
    """An engine that finds nothing, without weights: for trying out all that is not reading.

    Records that it made name it, and warn that nobody looked at the photo.
    """

    name = "null"
    models: tuple[Model, ...] = ()
    signs: tuple[str, ...] = ()

    def detect(self, rgb: np.ndarray, detector: Detector) -> np.ndarray:
        """No text anywhere."""
        return np.zeros(rgb.shape[:2], np.float32)

    def characters(self, recogniser: Recogniser) -> tuple[str, ...]:
        """No character but the space, for which everybody looks."""
        return ("", " ")

    def recognise(self, lines: np.ndarray, recogniser: Recogniser) -> np.ndarray:
        """No character in any frame."""
        posteriors = np.zeros((len(lines), lines.shape[2] // FRAME_PX, 2), np.float32)
        posteriors[..., BLANK] = 1.0
        return posteriors

    def ends(self, windows: np.ndarray) -> np.ndarray:
        """Nothing beyond any end."""
        return np.repeat(np.array([[1, 0, 0]], np.float32), len(windows), axis=0)

    def sign(self, windows: np.ndarray) -> np.ndarray:
        """No sign in any window."""
        return np.repeat(np.array([[1, 0, 0, 1, 1]], np.float32), len(windows), axis=0)

    def each(self, run: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
        """One task after the other."""
        return map(run, tasks)
