"""Photos of items without any mark: what is read where nothing stands, and what of it is accepted.

    python benchmarks/unmarked.py [--count 100] [--seed 66001] [--megapixels 1.5] [--max-error 0.01]

Random items of the renderer with their edges, screws, rivets, scratches, dirt and lights, but without texts,
symbols, codes, tags and rulers. Every serial named is a false one.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace

import numpy as np

from serialscan.marking import load_knowledge, read_marks
from serialscan.marking.choose import decide
from serialscan.reading.reader import Reader
from serialscan.render.chance import damaged, phone_view, random_item
from serialscan.render.photo import render_item
from serialscan.settings import Settings


def unmarked(seed: int, megapixels: float) -> np.ndarray:
    """A photo (H, W, 3) uint8 of a random item from which all marks were taken."""
    rng = np.random.default_rng(seed)
    item = damaged(random_item(rng), rng)
    height = round((megapixels * 1e6 * 0.75) ** 0.5)
    view = phone_view(item, rng, round(height / 0.75), height)
    bare = replace(item, texts=(), symbols=(), codes=(), fields={})
    view = replace(view, things=())  # tags and rulers have texts of their own
    (photo,) = render_item(bare, (view,), seed, "")
    assert not photo.truth.lines
    return photo.pixels


def main() -> None:
    """Read the photos and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=66001)
    parser.add_argument("--megapixels", type=float, default=1.5)
    parser.add_argument("--max-error", type=float, default=0.01)
    arguments = parser.parse_args()
    settings = Settings(max_error=arguments.max_error)
    reader, knowledge = Reader(settings, threads=1), load_knowledge()
    counts: Counter[str] = Counter()
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        reading = reader.read(unmarked(seed, arguments.megapixels))
        _, serial = read_marks(reading.lines, reading.codes, knowledge)
        serial = decide(serial, reader.least_accepted(settings.max_error))
        counts["lines"] += len(reading.lines)
        counts["lines of confidence 0.5 and more"] += sum(one.confidence >= 0.5 for one in reading.lines)
        counts["photos with a line"] += bool(reading.lines)
        counts["photos with a number named as candidate"] += serial.value is not None
        counts["photos with an accepted serial"] += serial.decision == "accept"
    print(f"{arguments.count} photos without marks")
    for what, count in counts.items():
        print(f"{what:<42} {count}")


if __name__ == "__main__":
    main()
