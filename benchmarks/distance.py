"""How much is lost when the camera stands further away: the same marks, pixel by pixel, in larger photos.

    python benchmarks/distance.py LABELS.jsonl [--times 1 2 3] [--every N] [--jobs 2] [--card]
        [--without-small-marks]

Every photo is set into a surface out of focus that is as many times as wide and as high, with --card beside
an exhibit's card with a large number. The marks' pixels stay as they are, so whatever is lost was not found.
Counts serials that stand in a line and lines that are right (the whole line and no more), without Tesseract
and without marks. Seconds are those of the processor, one thread.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from serialscan.evaluate.score import exact, found
from serialscan.photo import open_photo
from serialscan.reading.networks import Networks
from serialscan.reading.page import PageReader
from serialscan.recipe import NORMAL
from serialscan.settings import Settings

_reader: PageReader


def set_into(rgb: np.ndarray, times: float, seed: int, card: bool = False) -> np.ndarray:
    """The photo (h, w, 3) somewhere in one ``times`` as wide and as high, of its own colours.

    A card stands in the wider of the free columns beside it; it takes at least 1.3 times the width.
    """
    height, width = rgb.shape[:2]
    rows, columns = round(height * times), round(width * times)
    rng = np.random.default_rng(seed)
    tone = np.median(rgb.reshape(-1, 3), axis=0)
    relief = np.zeros((rows, columns), np.float32)
    for cell, depth in ((75, 10.0), (10, 4.0), (1, 3.0)):
        rough = rng.normal(0, depth, (rows // cell + 1, columns // cell + 1)).astype(np.float32)
        relief += cv2.resize(rough, (columns, rows), interpolation=cv2.INTER_CUBIC)
    frame = np.clip(tone + relief[..., None], 0, 255).astype(np.uint8)
    y, x = int(rng.integers(rows - height + 1)), int(rng.integers(columns - width + 1))
    frame[y : y + height, x : x + width] = rgb
    free = max(x, columns - x - width)
    if card and free > 0.15 * width:
        _card(frame[:, :x] if x == free else frame[:, x + width :], f"2026-{rng.integers(10**5, 10**6)}")
    return frame


def _card(free: np.ndarray, text: str) -> None:
    """A white card with a number across nine tenths of the free place (H, W, 3), drawn into its top."""
    (wide, tall), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 1, 2)
    scale = 0.7 * free.shape[1] / wide
    edge, high = free.shape[1] // 20, round(3 * scale * tall)
    free[edge : edge + high, edge:-edge] = 235
    at = (round(0.15 * free.shape[1]), edge + round(2 * scale * tall))
    cv2.putText(free, text, at, cv2.FONT_HERSHEY_DUPLEX, scale, (30, 30, 30), max(2, round(2 * scale)))


def _start(without_small: bool) -> None:
    global _reader
    cv2.setNumThreads(1)
    without = replace(NORMAL, name="without small marks", places=replace(NORMAL.places, fine_px=1 << 30))
    _reader = PageReader(Networks(1), without if without_small else NORMAL)


def measure(path: Path, row: dict[str, Any], times: float, seed: int, card: bool) -> tuple[int, int, float]:
    """Whether the serial was found, how many lines are right, seconds."""
    with open_photo(path, Settings()) as opened:
        frames = [set_into(rgb, times, seed, card) for rgb in opened.pages()]
    started = time.process_time()
    lines = [line.fusion.text for frame in frames for line in _reader.lines(frame)]
    seconds = time.process_time() - started
    serial = bool(row["serial"]) and found(row["serial"], lines)
    return serial, sum(exact(text, lines) for text in row["lines"]), seconds


def main() -> None:
    """Measure each distance and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("labels", type=Path)
    parser.add_argument("--times", type=float, nargs="+", default=[1.0, 2.0, 3.0])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--card", action="store_true")
    parser.add_argument("--without-small-marks", action="store_true")
    a = parser.parse_args()
    rows = [json.loads(line) for line in a.labels.read_text("utf-8").splitlines()][:: a.every]
    serials, lines = sum(bool(r["serial"]) for r in rows), sum(len(r["lines"]) for r in rows)
    print("| times as wide | serials | lines | s |\n| --- | --- | --- | --- |")
    with ProcessPoolExecutor(a.jobs, get_context("spawn"), _start, (a.without_small_marks,)) as pool:
        for times in a.times:
            jobs = [
                pool.submit(measure, a.labels.parent / row["file"], row, times, seed, a.card)
                for seed, row in enumerate(rows)
            ]
            found_, right, seconds = zip(*(job.result() for job in jobs), strict=True)
            mean = sum(seconds) / len(rows)
            told = f"{sum(found_)} of {serials} | {sum(right)} of {lines}"
            print(f"| {times:g} | {told} | {mean:.2f} |", flush=True)


if __name__ == "__main__":
    main()
