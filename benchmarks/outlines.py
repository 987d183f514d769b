"""What better places would bring: rendered photos read as located, and at the true outline of every line.

    serialscan render --held-back --count 450 --photos-per-item 3 --seed 55106 --megapixels 1.5 --out photos
    python benchmarks/outlines.py photos/labels.jsonl [--every N] [--jobs 2]

Counts legible lines that are right (the whole line and no more). Photos of an item are also put together: the
second figure of the items is the most that registering their photos could bring, since every mark that a
photo shows, legible or not, is then read where it truly stands. Lines on circles are left as located.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from serialscan.evaluate.outline import iou
from serialscan.evaluate.score import exact
from serialscan.glyphs import match_key
from serialscan.items import scan_item
from serialscan.marking import load_knowledge, read_marks
from serialscan.photo import open_photo
from serialscan.reading import Reader, reader
from serialscan.reading.shapes import Straight
from serialscan.reading.views import levelled
from serialscan.record import Line, PhotoRecord
from serialscan.scan import scan_photo
from serialscan.settings import Settings

BESIDE = 0.45  # of the glyphs' height before and after a line, and
HIGHER = 1.45  # the height of a detector's box in heights of the glyphs
TAKEN = 0.3  # a located line that shares more with a true one gives way to it


@cache
def _loaded() -> tuple[Reader, Settings]:
    return Reader(Settings(), threads=1), Settings()


def _at(outline: np.ndarray) -> Straight:
    """The box of a line's outline, (4, 2) px, clockwise from the first character's top left."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = outline
    width, height = math.hypot(bx - ax, by - ay), math.hypot(dx - ax, dy - ay)
    angle = math.degrees(math.atan2(by - ay + cy - dy, bx - ax + cx - dx))
    x, y = outline.mean(axis=0)
    return Straight(float(x), float(y), width + BESIDE * height, HIGHER * height, angle)


def read(task: tuple[Path, dict[str, Any]]) -> tuple[dict[str, Any], PhotoRecord, PhotoRecord]:
    """A photo's label, its record, and its record with every line read at its true outline."""
    path, label = task
    loaded, settings = _loaded()
    located = scan_photo(path, loaded, settings)
    with open_photo(path, settings) as opened:
        (page,) = opened.pages()
    rgb = levelled(page, loaded.recipe.light)
    height, width = page.shape[:2]
    true: list[Line] = []
    for polygon in (*label["polygons"], *label.get("illegible_polygons", ())):
        if len(polygon) == 4:
            pages = loaded._pages
            seen = pages._glancer.once(rgb, [_at(np.array(polygon))])
            for found in pages.look(rgb, seen, seen):
                line = loaded._probable(reader._line(found, f"T{len(true) + 1}", 1, None), width, height)
                ends = loaded._ends(page, [found], [line.confidence]).get(found.shape, ())
                true += [msgspec.structs.replace(line, ends=ends)] if line.text else []
    kept = [one for one in located.lines if all(iou(one.polygon, other.polygon) < TAKEN for other in true)]
    marks, serial = read_marks([*kept, *true], located.codes, load_knowledge())
    return label, located, msgspec.structs.replace(located, lines=(*kept, *true), marks=marks, serial=serial)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("labels", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    a = parser.parse_args()
    rows = islice(a.labels.read_text("utf-8").splitlines(), 0, None, a.every)
    tasks = [(a.labels.parent / label["file"], label) for label in map(json.loads, rows)]
    with ProcessPoolExecutor(a.jobs) as pool:
        photos = list(pool.map(read, tasks, chunksize=4))
    lines = located = outlined = 0
    items: defaultdict[str, list[tuple[dict[str, Any], PhotoRecord, PhotoRecord]]] = defaultdict(list)
    for label, as_located, at_outline in photos:
        lines += len(label["lines"])
        located += sum(exact(text, [line.text for line in as_located.lines]) for text in label["lines"])
        outlined += sum(exact(text, [line.text for line in at_outline.lines]) for text in label["lines"])
        if "item" in label:
            items[label["item"]].append((label, as_located, at_outline))
    print(f"{lines} lines: {located} right as located, {outlined} at their true outlines")
    shown = [one for one in items.values() if len(one) > 1 and any(label["serial"] for label, *_ in one)]
    right = [0, 0]
    for one in shown:
        true = match_key(one[0][0]["fields"]["serial"])
        for way in (0, 1):
            record = scan_item("item", [records[way] for _, *records in one], load_knowledge())
            right[way] += match_key(record.serial.value or "") == true
    if shown:
        print(f"{len(shown)} items: serial of {right[0]} right as located, {right[1]} at the true outlines")


if __name__ == "__main__":
    main()
