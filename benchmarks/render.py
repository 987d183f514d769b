"""How fast the renderer is on one core: line crops a second, seconds for a photo of 12 megapixels.

    python benchmarks/render.py [--lines N] [--photos N]

Seconds are those of the processor, so that other programs on the machine disturb little.
"""

from __future__ import annotations

import argparse
import statistics
import time

import cv2
import numpy as np

from serialscan.render.chance import phone_view, random_item
from serialscan.render.lines import render_line
from serialscan.render.photo import render_item

TWELVE_MEGAPIXELS = (4000, 3000)


def line_crops(count: int) -> float:
    """Line crops a second, over ``count`` of them."""
    for seed in range(20):  # the glyphs' outlines are kept once they were drawn
        render_line(seed)
    started = time.process_time()
    for seed in range(1000, 1000 + count):
        render_line(seed)
    return count / (time.process_time() - started)


def photos(count: int) -> list[float]:
    """Seconds for each of ``count`` random photos of 12 megapixels."""
    seconds = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        item = random_item(rng)
        view = phone_view(item, rng, *TWELVE_MEGAPIXELS)
        started = time.process_time()
        for _ in render_item(item, (view,), seed, ""):
            pass
        seconds.append(time.process_time() - started)
    return seconds


def main() -> None:
    """Print both figures."""
    parser = argparse.ArgumentParser(description="Speed of the renderer on one core.")
    parser.add_argument("--lines", type=int, default=400)
    parser.add_argument("--photos", type=int, default=6)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"{line_crops(arguments.lines):.0f} line crops a second and core")
    seconds = photos(arguments.photos)
    print(f"12 megapixels: {statistics.mean(seconds):.2f} s on average, {max(seconds):.2f} s at most")


if __name__ == "__main__":
    main()
