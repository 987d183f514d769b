"""The networks: pinned weights, run directly through onnxruntime so that raw posteriors are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import cv2
import numpy as np
import onnxruntime

from serialscan.errors import EngineError
from serialscan.reading.weights import WEIGHTS, check_weights
from serialscan.recipe import BUMPS, QUICK, RELIEF, STOCK, V5, Detector, Recogniser
from serialscan.record import Model

DETECTORS: Final[dict[Detector, str]] = {"relief": "detector.onnx", "stock": "detector-stock.onnx"}
RECOGNISERS: Final[dict[Recogniser, str]] = {
    RELIEF: "recogniser.onnx",
    STOCK: "recogniser-stock.onnx",
    BUMPS: "recogniser-bumps.onnx",
    QUICK: "recogniser-quick.onnx",
    V5: "recogniser-v5.onnx",
}
ENDS: Final = "ends.onnx"
SIGNS: Final = "signs.onnx"
LEAST_CONTRAST: Final = 3.0  # grey values: the noise of a bare window is not blown up to that of a sign
AT_ONCE: Final = 2  # batches of lines read side by side; each takes its own memory
_TONES = np.arange(256, dtype=np.float32) * np.float32(2 / 255) - np.float32(1)  # of a grey value

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


class Networks:
    """The engine that reads: detectors, recognisers, the networks of ends and of signs, on the CPU.

    Args:
        threads: threads of each detector, and of all batches of lines at once; 0 lets onnxruntime choose.
        folder: where the weights are.

    Raises:
        EngineError: a weight is missing or is not the pinned one.
    """

    name = "networks"

    def __init__(self, threads: int = 0, folder: Path = WEIGHTS) -> None:
        weights = check_weights(folder)
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
        # one that grows by steps, it would keep several times what they need. With a plan of its memory for
        # each size of picture, it would keep a block for each.
        exact = {"arena_extend_strategy": "kSameAsRequested"}
        options.enable_mem_pattern = False

        def session(file: str) -> onnxruntime.InferenceSession:
            return onnxruntime.InferenceSession(
                str(folder / file), options, providers=[("CPUExecutionProvider", exact)]
            )

        self._detectors = {name: session(file) for name, file in DETECTORS.items()}
        # Lines are small pictures: two batches on half of the threads each are read sooner than one after
        # the other on all of them.
        options.intra_op_num_threads = -(-threads // AT_ONCE)
        # Widths differ from line to line: here an arena would keep the largest of each for ever.
        options.enable_cpu_mem_arena = False
        self._recognisers = {name: session(file) for name, file in RECOGNISERS.items()}
        self._characters = {name: _characters(one) for name, one in self._recognisers.items()}
        self._ends = session(ENDS)
        self._sign = session(SIGNS)
        self._signs = tuple(self._sign.get_modelmeta().custom_metadata_map["signs"].split("\n"))
        self._models = tuple(Model(name=w.name, sha256=w.expected) for w in weights)
        self._pool = None if threads == 1 else ThreadPoolExecutor(AT_ONCE)

    @property
    def models(self) -> tuple[Model, ...]:
        """The weights in use."""
        return self._models

    def detect(self, rgb: np.ndarray, detector: Detector) -> np.ndarray:
        """See `Engine`."""
        return self._detectors[detector].run(None, {"x": _batch(rgb[None])})[0][0, 0]

    def characters(self, recogniser: Recogniser) -> tuple[str, ...]:
        """See `Engine`."""
        return self._characters[recogniser]

    def recognise(self, lines: np.ndarray, recogniser: Recogniser) -> np.ndarray:
        """See `Engine`."""
        return self._recognisers[recogniser].run(None, {"x": _batch(lines)})[0]

    def ends(self, windows: np.ndarray) -> np.ndarray:
        """See `Engine`."""
        return self._ends.run(None, {"x": ends_input(windows)})[0]

    @property
    def signs(self) -> tuple[str, ...]:
        """See `Engine`."""
        return self._signs

    def sign(self, windows: np.ndarray) -> np.ndarray:
        """See `Engine`."""
        return np.concatenate(self._sign.run(None, {"x": signs_input(windows)}), axis=1)

    def each(self, run: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
        """See `Engine`: `AT_ONCE` run side by side unless there is one thread.

        Not for detectors: runs of one detector at once would each keep all that it needs.
        """
        return map(run, tasks) if self._pool is None else self._pool.map(run, tasks)


def ends_input(windows: np.ndarray) -> np.ndarray:
    """Windows (N, 64, 112, 4) uint8 as the network takes them: (N, 4, 64, 112) float32 from -1 to 1."""
    return windows.transpose(0, 3, 1, 2).astype(np.float32) * np.float32(2 / 255) - np.float32(1)


def signs_input(windows: np.ndarray) -> np.ndarray:
    """Windows (N, 64, 64) of grey values as the network takes them: (N, 1, 64, 64) float32, even contrast."""
    x = windows.astype(np.float32)
    x -= x.mean(axis=(1, 2), keepdims=True)
    x /= x.std(axis=(1, 2), keepdims=True) + np.float32(LEAST_CONTRAST)
    return np.clip(x, -4, 4)[:, None]


def _batch(pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, H, W, 3) uint8 RGB as the networks take them: (N, 3, H, W) float32 BGR from -1 to 1."""
    count, height, width, _ = pictures.shape
    batch = np.empty((count, 3, height, width), np.float32)
    for picture, planes in zip(pictures, batch, strict=True):
        for channel, plane in zip(reversed(cv2.split(picture)), planes, strict=True):
            cv2.LUT(channel, _TONES, dst=plane)
    return batch


def _characters(session: onnxruntime.InferenceSession) -> tuple[str, ...]:
    listed = session.get_modelmeta().custom_metadata_map["character"]
    return ("", *listed.split("\n"))
