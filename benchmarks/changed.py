"""What is lost when the same photo was taken otherwise: turned, with less light, through haze.

The parts of the reader were chosen on photos as taken; tilted and cropped ones, in which nothing is harder to
read, say what it makes of photos that nothing was chosen on.

    python benchmarks/changed.py LABELS.jsonl [--changes NAME ...] [--every N] [--jobs 2] [--pairs]

With --pairs two successive photos of one folder stand one above the other, the upper one changed, scaled to
one width. Counts serials that stand in a line and lines that are right (the whole line and no more), without
Tesseract and without marks.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from serialscan.evaluate.score import exact, found
from serialscan.photo import open_photo
from serialscan.reading.networks import Networks
from serialscan.reading.page import PageReader
from serialscan.settings import Settings

PAIR_PX = 14_000_000  # a larger pair is halved
GAMMA = 2.2  # between grey values and light

_reader: PageReader


def _exposed(light: np.ndarray) -> np.ndarray:
    return np.round(255 * np.clip(light, 0, 1) ** (1 / GAMMA)).astype(np.uint8)


def _light(rgb: np.ndarray) -> np.ndarray:
    return (rgb / np.float32(255)) ** GAMMA


def _turned(quarters: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda rgb: np.ascontiguousarray(np.rot90(rgb, quarters))


def _tilted(degrees: float, scale: float) -> Callable[[np.ndarray], np.ndarray]:
    """Turned about its middle and scaled, all of it still in the picture."""

    def change(rgb: np.ndarray) -> np.ndarray:
        height, width = rgb.shape[:2]
        to = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
        across, up = abs(to[0, 0]), abs(to[0, 1])
        size = (math.ceil(width * across + height * up), math.ceil(width * up + height * across))
        to[:, 2] += [(size[0] - width) / 2, (size[1] - height) / 2]
        if scale < 1:  # warpAffine does not average what it shrinks
            rgb = cv2.GaussianBlur(rgb, (0, 0), 0.35 / scale)
        return cv2.warpAffine(rgb, to, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)

    return change


def _cropped(rgb: np.ndarray) -> np.ndarray:
    """A little less above and on the left, at 0.88 of the size."""
    part = rgb[round(0.03 * rgb.shape[0]) :, round(0.02 * rgb.shape[1]) :]
    return cv2.resize(part, None, fx=0.88, fy=0.88, interpolation=cv2.INTER_AREA)


def _low_light(rgb: np.ndarray) -> np.ndarray:
    """Two stops underexposed, 60 electrons where it would be white."""
    caught = np.random.default_rng(0).poisson(60 * _light(rgb)) / 60
    return _exposed(caught / 4)


def _uneven(rgb: np.ndarray) -> np.ndarray:
    slope = np.linspace(0.35, 1.3, rgb.shape[1], dtype=np.float32)
    return np.clip(rgb * slope[:, None], 0, 255).astype(np.uint8)


def _framed(rgb: np.ndarray) -> np.ndarray:
    margin = round(0.2 * max(rgb.shape[:2]))
    return cv2.copyMakeBorder(rgb, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(225, 225, 225))


def _jpeg(rgb: np.ndarray) -> np.ndarray:
    coded = cv2.imencode(".jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded[:, :, ::-1].copy()


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as-taken": lambda rgb: rgb,
    "turned-90": _turned(1),
    "turned-180": _turned(2),
    "turned-270": _turned(3),
    "tilted": _tilted(3, 0.92),
    "tilted-back": _tilted(-2, 1.08),
    "cropped": _cropped,
    "underexposed": lambda rgb: _exposed(_light(rgb) * 0.06),  # four stops
    "overexposed": lambda rgb: _exposed(_light(rgb) * 2.5),
    "faint": lambda rgb: (rgb * 0.25 + 20).astype(np.uint8),
    "hazy": lambda rgb: (rgb * 0.35 + 110).astype(np.uint8),
    "low-light": _low_light,
    "uneven": _uneven,
    "framed": _framed,  # by bright ground, a fifth of the length wide
    "faint-framed": lambda rgb: _framed((rgb * 0.25 + 10).astype(np.uint8)),
    "inverted": lambda rgb: 255 - rgb,
    "jpeg-30": _jpeg,
}


def _start() -> None:
    global _reader
    cv2.setNumThreads(1)
    _reader = PageReader(Networks(1))


def _stacked(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    width = min(upper.shape[1], lower.shape[1])
    if width * width * sum(p.shape[0] / p.shape[1] for p in (upper, lower)) > PAIR_PX:
        width //= 2
    sizes = [(width, round(p.shape[0] * width / p.shape[1])) for p in (upper, lower)]
    return np.concatenate(
        [cv2.resize(p, s, interpolation=cv2.INTER_AREA) for p, s in zip((upper, lower), sizes, strict=True)]
    )


def measure(paths: tuple[Path, ...], rows: tuple[dict[str, Any], ...], change: str) -> tuple[int, int]:
    """How many serials were found, how many lines are right, in one photo or a pair."""
    pages = []
    for path in paths:
        with open_photo(path, Settings()) as opened:
            pages.append(next(iter(opened.pages())))
    pages[0] = CHANGES[change](pages[0])
    lines = [line.fusion.text for line in _reader.lines(_stacked(*pages) if len(pages) == 2 else pages[0])]
    serials = sum(bool(row["serial"]) and found(row["serial"], lines) for row in rows)
    return serials, sum(exact(text, lines) for row in rows for text in row["lines"])


def main() -> None:
    """Measure each change and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("labels", type=Path)
    parser.add_argument("--changes", nargs="+", default=list(CHANGES), choices=list(CHANGES), metavar="NAME")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--pairs", action="store_true")
    a = parser.parse_args()
    rows = [json.loads(line) for line in a.labels.read_text("utf-8").splitlines()][:: a.every]
    shown: list[tuple[dict[str, Any], ...]] = [(row,) for row in rows]
    if a.pairs:
        pairs = itertools.zip_longest(rows[::2], rows[1::2])
        shown = [(p, q) for p, q in pairs if q and Path(p["file"]).parent == Path(q["file"]).parent]
    serials = sum(bool(row["serial"]) for one in shown for row in one)
    lines = sum(len(row["lines"]) for one in shown for row in one)
    print("| changed | serials | lines |\n| --- | --- | --- |")
    with ProcessPoolExecutor(a.jobs, get_context("spawn"), _start) as pool:
        for change in a.changes:
            jobs = [
                pool.submit(measure, tuple(a.labels.parent / row["file"] for row in one), one, change)
                for one in shown
            ]
            found_, right = zip(*(job.result() for job in jobs), strict=True)
            print(f"| {change} | {sum(found_)} of {serials} | {sum(right)} of {lines} |", flush=True)


if __name__ == "__main__":
    main()
