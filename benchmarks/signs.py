"""How often signs that are no text are told rightly, on rendered photos of letters and surfaces never taught.

    python benchmarks/signs.py --count 600 --seed 310000000

Each photo shows one sign, or another shape, with words, screws and edges beside it. The reader is told a
rough box, as a detector would. A sign is legible from a trace of 0.55 (`serialscan.render.signs.trace`) and
18 px on: of 41 such windows a viewer could tell 38, of 48 with less about six in ten. Where nothing is, the
places are the other shapes, their neighbours, and letters and bare places of rendered items without signs.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from serialscan.interval import wilson
from serialscan.reading.engine import Engine
from serialscan.reading.networks import Networks
from serialscan.reading.shapes import Straight
from serialscan.reading.signs import signs_of
from serialscan.recipe import NORMAL, Signs
from serialscan.render.samples import render_random
from serialscan.render.signs import DRAWN, render_sign, trace_of
from serialscan.render.strokes import HELD_BACK_FACES
from serialscan.render.surfaces import HELD_BACK_MATERIALS

LEGIBLE, SMALLEST = 0.55, 18.0  # trace, and px of the longer side of a sign that counts
SIZES = (14.0, 64.0)  # px of the longer side
Rng = np.random.Generator


def roughly(rng: Rng, corners: np.ndarray) -> Straight:
    """A box about something, as a detector places it."""
    low, high = corners.min(axis=0), corners.max(axis=0)
    width, height = ((high - low) * rng.uniform(0.95, 1.35)).tolist()
    (cx, cy) = ((low + high) / 2 + rng.uniform(-0.08, 0.08, 2) * max(width, height)).tolist()
    return Straight(cx, cy, width, height, 0.0)


def told(rgb: np.ndarray, box: Straight, engine: Engine, how: Signs) -> tuple[str, float]:
    """The surest sign that is told of a place, and its posterior; empty if none is."""
    signs = signs_of(rgb, [box], [], [], engine, how)
    best = max(signs, key=lambda sign: sign.confidence, default=None)
    none = next((a.confidence for a in best.alternatives if not a.name), 0.0) if best is not None else 1.0
    return (best.name, best.confidence) if best is not None and best.confidence > none else ("", none)


def places_without(seed: int, count: int) -> Iterator[tuple[np.ndarray, Straight]]:
    """Letters, words and bare places of rendered items that show no sign."""
    rng = np.random.default_rng((seed, 5))
    for name, photo in render_random(count, seed, held_back=True, megapixels=0.7):
        if "ak-" in name or "type-56" in name:
            continue
        height, width = photo.pixels.shape[:2]
        for line in photo.truth.lines:
            for k in rng.permutation(len(line.glyphs))[:3]:
                yield photo.pixels, roughly(rng, line.glyphs[k].polygon)
        for _ in range(25):
            side = float(np.exp(rng.uniform(np.log(14), np.log(0.2 * width))))
            yield (
                photo.pixels,
                Straight(float(rng.uniform(0, width)), float(rng.uniform(0, height)), side, side, 0.0),
            )


def main() -> None:
    """Print the figures; exit code 1 if one is below its bar."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--count", type=int, default=600)
    options.add_argument("--items", type=int, default=40, help="rendered items without a sign")
    options.add_argument("--seed", type=int, default=310_000_000)
    a = options.parse_args()
    cv2.setNumThreads(1)
    engine, how = Networks(1), NORMAL.signs
    open_to_all = replace(how, least=0.0, closer=0.0)
    legible = right = reported = reported_right = 0
    wrong: Counter[tuple[str, str]] = Counter()
    none: list[float] = []
    for k in range(a.count):
        rng = np.random.default_rng((a.seed + k, 4))
        name = "" if k % 5 == 0 else tuple(DRAWN)[int(rng.integers(len(DRAWN)))]
        size = float(np.exp(rng.uniform(*np.log(SIZES))))
        photo = render_sign(
            a.seed + k, name, size, tuple(sorted(HELD_BACK_FACES)), tuple(sorted(HELD_BACK_MATERIALS))
        )
        if not name:
            for corners in (photo.corners, *photo.others):
                said, sure = told(photo.pixels, roughly(rng, corners), engine, open_to_all)
                none.append(sure if said else 0.0)
            continue
        if size < SMALLEST or trace_of(photo) < LEGIBLE:
            continue
        said, sure = told(photo.pixels, roughly(rng, photo.corners), engine, open_to_all)
        legible += 1
        right += said == name
        if said != name:
            wrong[name, said or "none"] += 1
        if said and sure >= how.least:
            reported += 1
            reported_right += said == name
    for rgb, box in places_without(a.seed, a.items):
        said, sure = told(rgb, box, engine, open_to_all)
        none.append(sure if said else 0.0)
    quiet = sum(sure < how.least for sure in none)
    out = sys.stdout.write
    for what, hits, of in (
        ("right class, of legible signs", right, legible),
        (f"told (from {how.least}) and right, of legible signs", reported_right, legible),
        ("right, of those told", reported_right, reported),
        ("none where none is", quiet, len(none)),
    ):
        low, high = wilson(hits, of) or (0.0, 1.0)
        out(f"{what:44} {hits:5} of {of:5}  {hits / max(of, 1):.3f}  ({low:.3f} to {high:.3f})\n")
    out(f"mistaken: {', '.join(f'{a} for {b} {n}' for (a, b), n in wrong.most_common(12))}\n")
    raise SystemExit(0 if right >= 0.9 * legible and quiet >= 0.99 * len(none) else 1)


if __name__ == "__main__":
    main()
