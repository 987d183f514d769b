"""The second reader: Tesseract on lines that were located and rectified before.

It is another program with another way of reading, so it can testify to what the networks read. It
runs once a photo: all lines stand below each other on one page.
"""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serialscan.record import Testimony

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

INSTALL_HINT = (
    "Install the program and scan again. Debian, Ubuntu: sudo apt install tesseract-ocr. "
    "macOS: brew install tesseract. Windows: winget install UB-Mannheim.TesseractOCR. "
    "Without it everything else works."
)

_LANGUAGE = "eng"
_WINDOWS_PROGRAM = Path(r"C:\Program Files\Tesseract-OCR\tesseract.exe")  # its installer leaves PATH alone
_LINE_HEIGHT = 56  # pixels of a line on the page; capitals are then about 40 high
_GAP = 40  # white pixels around every line, so that no two become one
_MAX_LENGTH = 60  # line heights; a longer strip is no line of text
_SECONDS = 20
_OPTIONS = "--psm 6 --oem 1"

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

    if not lines:
        return []
    page, rows = _page(lines)
    try:
        table = pytesseract.image_to_data(
            page, lang=_LANGUAGE, config=_OPTIONS, timeout=_SECONDS, output_type=pytesseract.Output.DICT
        )
        words = _words(table, rows)
    except Exception as error:
        # The second reader may fail in any way (no program, a crash, no time, a full disk, odd output)
        # and the photo is still read.
        _log.warning("Tesseract did not testify: %s", error)
        return [None] * len(lines)
    return [_testimony(words[number]) for number in range(len(lines))]


def _page(lines: Sequence[np.ndarray]) -> tuple[np.ndarray, list[int]]:
    """All lines below each other, dark on white, and where each has its middle."""
    import numpy as np

    strips = [_dark_on_light(line) for line in lines]
    pitch = _LINE_HEIGHT + _GAP
    width = max(strip.shape[1] for strip in strips) + 2 * _GAP
    page = np.full((pitch * len(strips) + _GAP, width), 255, np.uint8)
    rows = []
    for number, strip in enumerate(strips):
        top = _GAP + number * pitch
        page[top : top + _LINE_HEIGHT, _GAP : _GAP + strip.shape[1]] = strip
        rows.append(top + _LINE_HEIGHT // 2)
    return page, rows


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
    return cv2.convertScaleAbs(np.clip(even.astype(np.float32) * 2 - 60, 0, 255))


def _words(table: dict[str, list[Any]], rows: list[int]) -> list[list[tuple[str, float]]]:
    """Sort Tesseract's words into the lines that they stand in, from left to right."""
    words: list[list[tuple[int, str, float]]] = [[] for _ in rows]
    columns = (table[name] for name in ("text", "conf", "left", "top", "height"))
    for text, confidence, left, top, height in zip(*columns, strict=True):
        text = str(text).strip()
        if not text or float(confidence) < 0:
            continue
        middle = int(top) + int(height) / 2
        nearest = min(range(len(rows)), key=lambda n: abs(rows[n] - middle))
        if abs(rows[nearest] - middle) <= _LINE_HEIGHT / 2:
            words[nearest].append((int(left), text, float(confidence) / 100))
    return [[(text, confidence) for _, text, confidence in sorted(line)] for line in words]


def _testimony(words: list[tuple[str, float]]) -> Testimony | None:
    if not words:
        return None
    confidence = 1.0
    for _, one in words:
        confidence *= min(max(one, 0.0), 1.0)
    return Testimony(
        name=f"tesseract-{version()}",
        text=" ".join(text for text, _ in words),
        confidence=round(confidence, 4),
    )
