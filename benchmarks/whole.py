"""How well whole items are read: rifles and pistols with what is mounted on them, between cards and boxes.

    python benchmarks/whole.py --count 300 --seed 701    # renders held-back photos and reads them
    python benchmarks/whole.py --photos FOLDER/labels.jsonl [--without-even-light] [--every N] [--jobs 2]

Counts legible serials that stand in a line and those that are chosen, lines that are right on the item and
behind it, and what ``lines[].where`` says of lines that were read right. Read with the networks alone.
Seconds are those of the processor, one thread.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2

from serialscan.evaluate.score import equals, exact, found
from serialscan.reading import Reader
from serialscan.recipe import NORMAL
from serialscan.render.samples import write_photos
from serialscan.render.wholes import render_wholes
from serialscan.scan import scan_photo
from serialscan.settings import Settings

MEGAPIXELS = 1.3
SETTINGS = Settings(reader="network")
_reader: Reader


def _start(without_even: bool) -> None:
    global _reader
    cv2.setNumThreads(1)
    without = replace(NORMAL, name="without even light", places=replace(NORMAL.places, even_px=0))
    _reader = Reader(SETTINGS, without if without_even else NORMAL, threads=1)


def measure(path: Path, row: dict[str, Any]) -> tuple[Counter[str], str]:
    """What of a photo was read, as counts, and a line for people."""
    started = time.process_time()
    record = scan_photo(path, _reader, SETTINGS)
    counts = Counter({"photos": 1, "centiseconds": round(100 * (time.process_time() - started))})
    texts = [line.text for line in record.lines]
    places = row.get("where") or ["item"] * len(row["lines"])
    chosen = record.serial.value if record.serial is not None else None
    if row["serial"]:
        counts["serials"] += 1
        counts["in lines"] += found(row["serial"], texts)
        counts["chosen"] += chosen is not None and equals(row["serial"], chosen)
        if record.serial is not None and record.serial.decision == "accept":
            counts["accepted"] += 1
            counts["accepted wrong"] += not equals(row["serial"], chosen or "")
    for truth, place in zip(row["lines"], places, strict=True):
        counts[f"lines, {place}"] += 1
        counts[f"right, {place}"] += exact(truth, texts)
        for line in record.lines:
            if exact(truth, [line.text]):
                counts[f"{place} called {line.where.place if line.where else 'nothing'}"] += 1
    counts["extra"] += sum(
        not any(exact(t, [text]) or found(t, [text]) for t in row["lines"]) for text in texts
    )
    return counts, f"{row['file']} {row['serial']} -> {chosen}; {texts}"


def main() -> None:
    """Render if asked to, read, count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=701)
    parser.add_argument("--photos", type=Path, help="labels of photos that are rendered already")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--without-even-light", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        labels = a.photos or Path(folder) / "photos" / "labels.jsonl"
        if a.photos is None:
            for _ in write_photos(render_wholes(a.count, a.seed, True, MEGAPIXELS), labels.parent):
                pass
        rows = [json.loads(line) for line in labels.read_text("utf-8").splitlines()][:: a.every]
        total: Counter[str] = Counter()
        with ProcessPoolExecutor(a.jobs, get_context("spawn"), _start, (a.without_even_light,)) as pool:
            for counts, told in pool.map(measure, [labels.parent / row["file"] for row in rows], rows):
                total += counts
                if a.verbose:
                    print(told, flush=True)
    for name in sorted(total):
        print(f"{name}: {total[name]}")
    print(f"serial in the lines, of legible: {total['in lines']} of {total['serials']}")
    print(f"seconds a photo: {total['centiseconds'] / 100 / max(1, total['photos']):.2f}")


if __name__ == "__main__":
    main()
