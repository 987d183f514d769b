"""What an engine said, kept in a file and played back: the same pictures give the same answers."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import numpy as np

from serialscan.errors import EngineError
from serialscan.reading.engine import Engine
from serialscan.recipe import Detector, Recogniser
from serialscan.record import Model

FORMAT: Final = "serialscan.recording/1"
_ABOUT = "about.json"

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


class _About(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording says beside the answers: whose they are, the classes of each recogniser, the signs."""

    format: str
    engine: str
    models: tuple[Model, ...]
    characters: dict[str, tuple[str, ...]]
    signs: tuple[str, ...] = ()


class Recording:
    """An engine that asks another one and keeps what it says until ``save``.

    Args:
        engine: who looks.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._answers: dict[str, np.ndarray] = {}
        self._characters: dict[str, tuple[str, ...]] = {}

    @property
    def name(self) -> str:
        """That of the engine asked."""
        return self._engine.name

    @property
    def models(self) -> tuple[Model, ...]:
        """Those of the engine asked."""
        return self._engine.models

    def detect(self, rgb: np.ndarray, detector: Detector) -> np.ndarray:
        """See `Engine`."""
        return self._kept(_key("detect", detector, rgb), self._engine.detect(rgb, detector))

    def characters(self, recogniser: Recogniser) -> tuple[str, ...]:
        """See `Engine`."""
        return self._characters.setdefault(recogniser, self._engine.characters(recogniser))

    def recognise(self, lines: np.ndarray, recogniser: Recogniser) -> np.ndarray:
        """See `Engine`."""
        said = self._engine.recognise(lines, recogniser)
        for line, posteriors in zip(lines, said, strict=True):
            self._kept(_key("recognise", recogniser, line), posteriors)
        return said

    def ends(self, windows: np.ndarray) -> np.ndarray:
        """See `Engine`."""
        said = self._engine.ends(windows)
        for window, end in zip(windows, said, strict=True):
            self._kept(_key("ends", "", window), end)
        return said

    @property
    def signs(self) -> tuple[str, ...]:
        """Those of the engine asked."""
        return self._engine.signs

    def sign(self, windows: np.ndarray) -> np.ndarray:
        """See `Engine`."""
        said = self._engine.sign(windows)
        for window, one in zip(windows, said, strict=True):
            self._kept(_key("sign", "", window), one)
        return said

    def each(self, run: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
        """See `Engine`."""
        return self._engine.each(run, tasks)

    def _kept(self, key: str, said: np.ndarray) -> np.ndarray:
        self._answers[key] = said
        return said

    def save(self, path: Path) -> None:
        """Write all answers so far to a file, which is a ZIP of NumPy's arrays."""
        characters = dict(sorted(self._characters.items()))
        about = _About(
            format=FORMAT, engine=self.name, models=self.models, characters=characters, signs=self.signs
        )  # fmt: skip
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(_ABOUT, msgspec.json.encode(about))
            for key, said in sorted(self._answers.items()):
                stream = io.BytesIO()
                np.save(stream, said, allow_pickle=False)
                file.writestr(f"{key}.npy", stream.getvalue())


class Recorded:
    """An engine that plays back a recording. Records that it made name it and the weights that were recorded.

    Args:
        path: the file that ``Recording.save`` wrote.

    Raises:
        EngineError: it cannot be read, or is no recording.
    """

    name = "recorded"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._file = zipfile.ZipFile(path)
            about = msgspec.json.decode(self._file.read(_ABOUT), type=_About)
        except (OSError, zipfile.BadZipFile, KeyError, msgspec.MsgspecError) as error:
            raise EngineError(f"{path}: cannot be read as a recording ({error}): record it again.") from error
        if about.format != FORMAT:
            raise EngineError(f"{path}: is {about.format}, not {FORMAT}: record it again.")
        self._about = about

    @property
    def models(self) -> tuple[Model, ...]:
        """The weights whose answers were recorded."""
        return self._about.models

    def detect(self, rgb: np.ndarray, detector: Detector) -> np.ndarray:
        """See `Engine`; an `EngineError` if this picture was not recorded."""
        return self._said("detect", detector, rgb)

    def characters(self, recogniser: Recogniser) -> tuple[str, ...]:
        """See `Engine`."""
        try:
            return self._about.characters[recogniser]
        except KeyError:
            raise EngineError(f"{self._path}: the recogniser {recogniser} was not recorded.") from None

    def recognise(self, lines: np.ndarray, recogniser: Recogniser) -> np.ndarray:
        """See `Engine`; an `EngineError` if one of these lines was not recorded."""
        return np.stack([self._said("recognise", recogniser, line) for line in lines])

    def ends(self, windows: np.ndarray) -> np.ndarray:
        """See `Engine`; an `EngineError` if one of these windows was not recorded."""
        return np.stack([self._said("ends", "", window) for window in windows])

    @property
    def signs(self) -> tuple[str, ...]:
        """The signs that the engine knew; a recording that does not tell them plays back none."""
        return self._about.signs

    def sign(self, windows: np.ndarray) -> np.ndarray:
        """See `Engine`; an `EngineError` if one of these windows was not recorded."""
        return np.stack([self._said("sign", "", window) for window in windows])

    def each(self, run: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
        """One task after the other."""
        return map(run, tasks)

    def _said(self, what: str, who: str, picture: np.ndarray) -> np.ndarray:
        key = _key(what, who, picture)
        try:
            with self._lock:
                data = self._file.read(f"{key}.npy")
        except KeyError:
            raise EngineError(
                f"{self._path}: what {who or f'the network of the {what}'} says of a picture of "
                f"{picture.shape[1]} x {picture.shape[0]} px was not recorded: record these "
                "photos with this recipe."
            ) from None
        return np.load(io.BytesIO(data), allow_pickle=False)


def _key(what: str, who: str, picture: np.ndarray) -> str:
    """SHA-256 (hex) of who is asked what of which picture; (H, W, C) uint8."""
    head = json.dumps([what, who, picture.shape]).encode()
    return hashlib.sha256(head + np.ascontiguousarray(picture).tobytes()).hexdigest()
