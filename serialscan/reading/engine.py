"""The networks: pinned weights, run directly through onnxruntime so that raw posteriors are kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import onnxruntime

from serialscan.errors import EngineError
from serialscan.record import Model

WEIGHTS = Path(__file__).parent / "models"
BLANK = 0
FRAME_PX = 8  # one frame of the recogniser covers 8 px of its 48 px high input
LINE_PX = 48
# Networks taught relief, those that they were tuned from, a recogniser taught relief in another way, a quick
# one that the first of them taught, and one taught relief from another origin.
RELIEF, STOCK, BUMPS, QUICK, OTHER = 0, 1, 2, 3, 4
DETECTORS = ("detector.onnx", "detector-stock.onnx")
RECOGNISERS = (
    ("relief", "recogniser.onnx"),
    ("ppocrv6-small", "recogniser-stock.onnx"),
    ("relief-bumps", "recogniser-bumps.onnx"),
    ("relief-quick", "recogniser-quick.onnx"),
    ("relief-v5", "recogniser-v5.onnx"),
)
ENDS = "ends.onnx"
_TONES = np.arange(256, dtype=np.float32) * np.float32(2 / 255) - np.float32(1)  # of a grey value
AT_ONCE = 2  # batches of lines read side by side; each takes its own memory

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Weight:
    """One weight file and whether it is the pinned one."""

    name: str
    path: Path
    expected: str
    actual: str | None

    @property
    def ok(self) -> bool:
        """True if the file is there and its SHA-256 is the pinned one."""
        return self.actual == self.expected


def check_weights() -> tuple[Weight, ...]:
    """Hash every weight file; never raises for a missing or changed weight."""
    try:
        pinned = json.loads((WEIGHTS / "checksums.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return (Weight("checksums.json", WEIGHTS / "checksums.json", "a list of checksums", None),)
    found = []
    for name, expected in sorted(pinned.items()):
        path = WEIGHTS / name
        try:
            actual = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            actual = None
        found.append(Weight(name, path, expected, actual))
    return tuple(found)


@dataclass(frozen=True)
class Recogniser:
    """One recogniser: its name in the records, its classes (class 0 is the blank), its session."""

    name: str
    characters: tuple[str, ...]
    session: onnxruntime.InferenceSession

    def posteriors(self, lines: np.ndarray) -> np.ndarray:
        """Posteriors of every frame.

        Args:
            lines: (N, 48, W, 3) uint8 RGB, upright lines of one width.

        Returns:
            (N, W // 8, len(characters)) float32; class 0 is the blank of CTC (Graves et al. 2006).
        """
        return self.session.run(None, {"x": _batch(lines)})[0]


class Networks:
    """Detectors and recognisers on the CPU, in the order of `DETECTORS` and `RECOGNISERS`; and `ENDS`.

    Args:
        threads: threads of each detector, and of all batches of lines at once; 0 lets onnxruntime choose.

    Raises:
        EngineError: a weight is missing or is not the pinned one.
    """

    def __init__(self, threads: int = 0) -> None:
        weights = check_weights()
        for weight in weights:
            if not weight.ok:
                what = (
                    "is missing"
                    if weight.actual is None
                    else "is not the file that this version was made with"
                )
                raise EngineError(
                    f"The weight {weight.path} {what}; install serialscan again: "
                    "pip install --force-reinstall serialscan"
                )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Without an arena the detectors' large layers are fetched from the system anew at every step; with
        # one that grows by steps, it would keep several times what they need.
        exact = {"arena_extend_strategy": "kSameAsRequested"}

        def session(file: str) -> onnxruntime.InferenceSession:
            return onnxruntime.InferenceSession(
                str(WEIGHTS / file), options, providers=[("CPUExecutionProvider", exact)]
            )

        self._detectors = tuple(session(file) for file in DETECTORS)
        # Lines are small pictures: two batches on half of the threads each are read sooner than one after
        # the other on all of them.
        options.intra_op_num_threads = -(-threads // AT_ONCE)
        # Widths differ from line to line: here an arena would keep the largest of each for ever.
        options.enable_cpu_mem_arena = False
        self.recognisers = tuple(_recogniser(name, session(file)) for name, file in RECOGNISERS)
        self.ends = session(ENDS)
        self.models = tuple(Model(name=w.name, sha256=w.expected) for w in weights)
        self._pool = None if threads == 1 else ThreadPoolExecutor(AT_ONCE)

    def each(self, run: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
        """Results in the order of the tasks, `AT_ONCE` of which run side by side unless there is one thread.

        For tasks of the recognisers: runs of one detector at once would each keep all that it needs. A task
        must not call this itself, or it waits for ever.
        """
        return map(run, tasks) if self._pool is None else self._pool.map(run, tasks)

    def detect(self, rgb: np.ndarray, detector: int = STOCK) -> np.ndarray:
        """Text probability of every pixel.

        Args:
            rgb: (H, W, 3) uint8; H and W multiples of 32.
            detector: `RELIEF` or `STOCK`.

        Returns:
            (H, W) float32 from 0 to 1 (differentiable binarisation, Liao et al. 2020).
        """
        return self._detectors[detector].run(None, {"x": _batch(rgb[None])})[0][0, 0]


def _batch(pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, H, W, 3) uint8 RGB as the networks take them: (N, 3, H, W) float32 BGR from -1 to 1."""
    count, height, width, _ = pictures.shape
    batch = np.empty((count, 3, height, width), np.float32)
    for picture, planes in zip(pictures, batch, strict=True):
        for channel, plane in zip(reversed(cv2.split(picture)), planes, strict=True):
            cv2.LUT(channel, _TONES, dst=plane)
    return batch


def _recogniser(name: str, session: onnxruntime.InferenceSession) -> Recogniser:
    listed = session.get_modelmeta().custom_metadata_map["character"]
    return Recogniser(name, ("", *listed.split("\n")), session)
