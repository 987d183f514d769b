"""What is lost when a photo is turned, or shows marks that stand opposite ways up.

    python benchmarks/turned.py LABELS.jsonl [--degrees 0 90 180 270] [--every N] [--jobs 2] [--pairs]

With --pairs two successive photos of one folder stand one above the other, the upper one turned, scaled to
one width. Counts serials that stand in a line and lines that are right (the whole line and no more), without
Tesseract and without marks.
"""

from __future__ import annotations

import argparse
import itertools
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from serialscan.evaluate.score import exact, found
from serialscan.photo import open_photo
from serialscan.reading import page
from serialscan.reading.engine import Networks
from serialscan.settings import Settings

PAIR_PX = 14_000_000  # a larger pair is halved

_reader: page.PageReader


def _start() -> None:
    global _reader
    cv2.setNumThreads(1)
    _reader = page.PageReader(Networks(1))


def _stacked(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    width = min(upper.shape[1], lower.shape[1])
    if width * width * sum(p.shape[0] / p.shape[1] for p in (upper, lower)) > PAIR_PX:
        width //= 2
    sizes = [(width, round(p.shape[0] * width / p.shape[1])) for p in (upper, lower)]
    return np.concatenate(
        [cv2.resize(p, s, interpolation=cv2.INTER_AREA) for p, s in zip((upper, lower), sizes, strict=True)]
    )


def measure(paths: tuple[Path, ...], rows: tuple[dict[str, Any], ...], degrees: int) -> tuple[int, int]:
    """How many serials were found, how many lines are right, in one photo or a pair."""
    pages = []
    for path in paths:
        with open_photo(path, Settings()) as opened:
            pages.append(next(iter(opened.pages())))
    pages[0] = np.ascontiguousarray(np.rot90(pages[0], degrees // 90))
    lines = [line.fusion.text for line in _reader.lines(_stacked(*pages) if len(pages) == 2 else pages[0])]
    serials = sum(bool(row["serial"]) and found(row["serial"], lines) for row in rows)
    return serials, sum(exact(text, lines) for row in rows for text in row["lines"])


def main() -> None:
    """Measure each turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("labels", type=Path)
    parser.add_argument(
        "--degrees", type=int, nargs="+", default=[0, 90, 180, 270], choices=[0, 90, 180, 270]
    )
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
    print("| turned by | serials | lines |\n| --- | --- | --- |")
    with ProcessPoolExecutor(a.jobs, get_context("spawn"), _start) as pool:
        for degrees in a.degrees:
            jobs = [
                pool.submit(measure, tuple(a.labels.parent / row["file"] for row in one), one, degrees)
                for one in shown
            ]
            found_, right = zip(*(job.result() for job in jobs), strict=True)
            print(f"| {degrees} | {sum(found_)} of {serials} | {sum(right)} of {lines} |", flush=True)


if __name__ == "__main__":
    main()
