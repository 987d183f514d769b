"""The second reader: Tesseract on lines that were located and rectified before.

It is another program with another way of reading, so it can testify to what the networks read. It
runs once a photo: every line is a page of one file, so that no line disturbs another.
"""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from serialscan.record import Testimony

if TYPE_CHECKING:
    from collections.abc import Sequence

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
_SECONDS = 20
_OPTIONS = "--psm 7 --oem 1"  # a page is a single line; the LSTM reader

_log = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def version() -> str | None:
    """Version of the installed program, or None if it or its English data are missing."""
    import pytesseract

    os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # the batch is parallel already
    if os.name == "nt" and _WINDOWS_PROGRAM.exists():
        pytesseract.pytesseract.tesseract_cmd = str(_WINDOWS_PROGRAM)
    try:
        found = str(pytesseract.get_tesseract_version()).splitlines()[0].strip()
        return found if _LANGUAGE in pytesseract.get_languages() else None
    except (pytesseract.TesseractError, OSError, SystemExit, ValueError, IndexError):
        return None


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
    import pytesseract

    strips = {number: _dark_on_light(line) for number, line in enumerate(lines)}
    # On an empty page Tesseract sees letters.
    pages = {number: _page(strip) for number, strip in strips.items() if strip.min() < 128}
    if not pages:
        return [None] * len(lines)
    try:
        with TemporaryDirectory(prefix="serialscan-", ignore_cleanup_errors=True) as folder:
            file = Path(folder) / "lines.tif"
            first, *others = pages.values()
            first.save(file, save_all=True, append_images=others)
            table = pytesseract.image_to_data(
                str(file),
                lang=_LANGUAGE,
                config=_OPTIONS,
                timeout=_SECONDS,
                output_type=pytesseract.Output.DICT,
            )
        words = _words(table, len(pages))
    except Exception as error:
        # The second reader may fail in any way (no program, a crash, no time, a full disk, odd output)
        # and the photo is still read.
        _log.info("Tesseract did not testify: %s", error)
        return [None] * len(lines)
    said = dict(zip(pages, map(_testimony, words), strict=True))
    return [said.get(number) for number in range(len(lines))]


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
