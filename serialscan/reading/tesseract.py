"""The second reader: Tesseract on lines that were located and rectified before.

It is another program with another way of reading, so it can testify to what the networks read. Its library
(tesserocr) is loaded once a process. Without it the program runs once a photo: every line is a page of one
file. Both read with the English data of the installed program, and no line disturbs another.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import threading
from functools import lru_cache
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from serialscan.record import Testimony

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from PIL.Image import Image

INSTALL_HINT = (
    "Install the program and scan again. Debian, Ubuntu: sudo apt install tesseract-ocr. "
    "macOS: brew install tesseract. Windows: winget install UB-Mannheim.TesseractOCR. "
    "Without it everything else works."
)

READER = "tesseract"
"""Its name as a reader in the record."""

_LANGUAGE = "eng"
_WINDOWS_PROGRAM = Path(r"C:\Program Files\Tesseract-OCR\tesseract.exe")  # its installer leaves PATH alone
_LINE_HEIGHT = 48  # pixels of a line on its page; capitals are then about 40 high
_MARGIN = 12  # white pixels around it
_MAX_LENGTH = 60  # line heights; a longer strip is no line of text
_SECONDS = 20  # for the program with all lines of a photo, or for the library with one
_OPTIONS = "--psm 7 --oem 1"  # a page is a single line; the LSTM reader

_log = logging.getLogger(__name__)


_alone = threading.Lock()  # the library reads one line at a time


@lru_cache(maxsize=1)
def version() -> str | None:
    """Version of the Tesseract that testifies, or None if the program or its English data are missing."""
    import pytesseract

    os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # the batch is parallel already
    if os.name == "nt" and _WINDOWS_PROGRAM.exists():
        pytesseract.pytesseract.tesseract_cmd = str(_WINDOWS_PROGRAM)
    try:
        for question in ("--version", "--list-langs"):  # pytesseract asks the same, and waits for ever
            _ask(question)
        found = str(pytesseract.get_tesseract_version()).splitlines()[0].strip()
        if _LANGUAGE not in pytesseract.get_languages():
            return None
    except (
        *(pytesseract.TesseractError, OSError, SystemExit, ValueError, IndexError),
        subprocess.SubprocessError,
    ):
        return None
    library = _library()
    return library[1] if library else found


@lru_cache(maxsize=1)
def _library() -> tuple[Any, str] | None:
    """The library with the program's English data, and its version; None if either is missing."""
    try:
        import tesserocr

        reader = tesserocr.PyTessBaseAPI(
            path=_data_folder(),
            lang=_LANGUAGE,
            psm=tesserocr.PSM.SINGLE_LINE,
            oem=tesserocr.OEM.LSTM_ONLY,
            variables={"debug_file": os.devnull},  # it would write to standard error
        )
        return reader, tesserocr.tesseract_version().split()[1]
    except Exception as error:  # a library that does not fit may raise anything
        _log.info("The program Tesseract testifies, not its library: %s", error)
        return None


def _data_folder() -> str:
    """The folder of the program's language data, as it tells it.

    Raises:
        LookupError: it does not.
    """
    folder = re.search(r'"(.+)"', os.fsdecode(_ask("--list-langs")).partition("\n")[0])
    if folder is None:
        raise LookupError("tesseract --list-langs names no folder")
    return folder[1]


def _ask(question: str) -> bytes:
    """What the program says; a ``subprocess.SubprocessError`` if it fails or takes too long."""
    from pytesseract import pytesseract

    command = [pytesseract.tesseract_cmd, question]
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=True
    ).stdout


def available() -> bool:
    """Whether Tesseract can testify here; if not, ``INSTALL_HINT`` says what to do."""
    return version() is not None


def testify(lines: Sequence[np.ndarray]) -> list[Testimony | None]:
    """Let Tesseract read rectified lines.

    Args:
        lines: pictures of one upright line each, uint8 grey (H, W) or RGB (H, W, 3), of any size.

    Returns:
        One testimony a line, in order; None where Tesseract read nothing or failed. ``confidence`` is
        the product of its confidences in the words of the line.
    """
    if not available():
        return [None] * len(lines)
    strips = {number: _dark_on_light(line) for number, line in enumerate(lines)}
    # On an empty page Tesseract sees letters.
    pages = {number: _page(strip) for number, strip in strips.items() if strip.min() < 128}
    if not pages:
        return [None] * len(lines)
    try:
        library = _library()
        words = (
            _from_program(list(pages.values()))
            if library is None
            else _from_library(library[0], pages.values())
        )
    except Exception as error:
        # The second reader may fail in any way (no program, a crash, no time, a full disk, odd output)
        # and the photo is still read.
        _log.info("Tesseract did not testify: %s", error)
        return [None] * len(lines)
    said = dict(zip(pages, map(_testimony, words), strict=True))
    return [said.get(number) for number in range(len(lines))]


def _from_library(reader: Any, pages: Iterable[Image]) -> list[list[tuple[str, float]]]:
    """Words of every page, in reading order, with their confidences from 0 to 1."""
    from tesserocr import RIL, iterate_level

    said = []
    with _alone:
        for page in pages:
            reader.SetImage(page)
            words = []
            found = reader.GetIterator() if reader.Recognize(1000 * _SECONDS) else None
            for word in iterate_level(found, RIL.WORD) if found else ():
                if not word.Empty(RIL.WORD) and (text := _text(word, RIL.WORD)):
                    words.append((text, word.Confidence(RIL.WORD) / 100))
            said.append(words)
        reader.Clear()
    return said


def _text(word: Any, level: int) -> str:
    try:
        return str(word.GetUTF8Text(level)).strip()
    except RuntimeError:  # it holds none
        return ""


def _from_program(pages: list[Image]) -> list[list[tuple[str, float]]]:
    """Likewise, by a start of the program."""
    import pytesseract

    with TemporaryDirectory(prefix="serialscan-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "lines.tif"
        pages[0].save(file, save_all=True, append_images=pages[1:])
        table = pytesseract.image_to_data(
            str(file),
            lang=_LANGUAGE,
            config=_OPTIONS,
            timeout=_SECONDS,
            output_type=pytesseract.Output.DICT,
        )
    return _words(table, len(pages))


def _page(strip: np.ndarray) -> Image:
    import numpy as np
    from PIL import Image as pillow

    return pillow.fromarray(np.pad(strip, _MARGIN, constant_values=255))


def _dark_on_light(line: np.ndarray) -> np.ndarray:
    """A strip of the page's line height: even light, characters dark, the surface faded to white."""
    import cv2
    import numpy as np

    grey = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY) if line.ndim == 3 else line
    height, width = grey.shape
    size = (min(max(8, round(width * _LINE_HEIGHT / height)), _MAX_LENGTH * _LINE_HEIGHT), _LINE_HEIGHT)
    how = cv2.INTER_AREA if height > _LINE_HEIGHT else cv2.INTER_CUBIC
    values = cv2.resize(grey, size, interpolation=how).astype(np.float32)
    values -= cv2.GaussianBlur(values, (0, 0), 0.6 * _LINE_HEIGHT, borderType=cv2.BORDER_REFLECT)
    spread = cv2.GaussianBlur(values**2, (0, 0), 0.8 * _LINE_HEIGHT, borderType=cv2.BORDER_REFLECT)
    values /= np.sqrt(spread) + 4
    low, high = np.percentile(values, (2, 98))
    even = np.clip((values - low) * (255 / max(high - low, 1e-3)), 0, 255).astype(np.uint8)
    threshold, _ = cv2.threshold(even, 0, 255, cv2.THRESH_OTSU)
    if np.mean(even > threshold) < 0.5:  # characters cover less than what they stand on
        even = 255 - even
    return np.clip(even.astype(np.int16) * 2 - 60, 0, 255).astype(np.uint8)


def _words(table: dict[str, list[Any]], pages: int) -> list[list[tuple[str, float]]]:
    """Tesseract's words of every page, in reading order, with their confidences from 0 to 1."""
    words: list[list[tuple[str, float]]] = [[] for _ in range(pages)]
    for page, text, confidence in zip(table["page_num"], table["text"], table["conf"], strict=True):
        if str(text).strip() and float(confidence) >= 0:
            words[int(page) - 1].append((str(text).strip(), float(confidence) / 100))
    return words


def _testimony(words: list[tuple[str, float]]) -> Testimony | None:
    if not words:
        return None
    confidence = prod(min(max(one, 0.0), 1.0) for _, one in words)
    text = " ".join(text for text, _ in words)
    return Testimony(name=f"{READER}-{version()}", text=text, confidence=round(confidence, 4), reader=READER)
