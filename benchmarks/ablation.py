"""What each part of the reader brings and costs: the same photos read with one part changed at a time.

    python benchmarks/ablation.py LABELS.jsonl [--only NAME ...] [--every N] [--jobs 2]

Counts serials that stand in a line and lines that are right (the whole line and no more), without Tesseract
and without marks. Seconds are those of the processor, one thread.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from serialscan.evaluate.score import exact, found
from serialscan.photo import open_photo
from serialscan.reading.networks import Networks
from serialscan.reading.page import PageReader
from serialscan.recipe import (
    BUMPS,
    FAST,
    FIRST_ROUND,
    NORMAL,
    QUICK,
    RELIEF,
    STOCK,
    THOROUGH,
    V5,
    Detector,
    Recipe,
    Recogniser,
)
from serialscan.settings import Settings


def _changed(name: str, **steps: dict[str, Any]) -> Recipe:
    """The recipe as shipped but for some values of some steps."""
    changed = {step: replace(getattr(NORMAL, step), **values) for step, values in steps.items()}
    return replace(NORMAL, name=name, **changed)


def _relief_for(name: str, *others: Recogniser) -> Recipe:
    """The recogniser taught relief reads the views of others."""
    rounds = tuple(
        tuple(replace(view, recogniser=RELIEF) if view.recogniser in others else view for view in views)
        for views in NORMAL.views.rounds
    )
    return _changed(name, views={"rounds": rounds})


def _one_recogniser(name: str, which: Recogniser) -> Recipe:
    """All views by one of them; it also takes the first glance."""
    rounds = tuple(tuple(replace(view, recogniser=which) for view in views) for views in NORMAL.views.rounds)
    return _changed(name, views={"rounds": rounds}, glances={"quick": which, "reader": which})


def _looks(name: str, *looks: tuple[int, Detector], **others: Any) -> Recipe:
    return _changed(name, places={"looks": looks, "grey_look": looks[0], **others})


def _one_detector(name: str, which: Detector) -> Recipe:
    """All looks by one of them: at tiles, rings, small marks and where nothing was read, too."""
    return _looks(name, (640, which), (960, which), tile_detector=which, again_detector=which)


RECIPES = (
    replace(NORMAL, name="as shipped"),
    replace(FAST, name="effort fast"),
    replace(THOROUGH, name="effort thorough"),
    _changed("one view of a line and its first glance", views={"rounds": (FIRST_ROUND[:1],)}),
    _one_recogniser("stock recogniser alone", STOCK),
    _one_recogniser("recogniser taught relief alone", RELIEF),
    _one_recogniser("recogniser taught bump maps alone", BUMPS),
    _relief_for("without the recogniser taught bump maps", BUMPS),
    _one_recogniser("recogniser of another origin alone", V5),
    _relief_for("without the recogniser of another origin", V5),
    _one_recogniser("quick recogniser alone", QUICK),
    _changed("all read where a quick look sees anything", glances={"even": -99.0, "behind": 9999.0}),
    _changed("dark photos as they are", light={"span": 0, "lift": False}),
    _one_detector("stock detector alone", "stock"),
    _one_detector("detector taught relief alone", "relief"),
    _looks("without the stock detector at 640 px", (640, "relief"), (960, "stock")),
    _changed("without rings", places={"boxes": replace(NORMAL.places.boxes, bowed=False)}, rings={"most": 0}),
    _changed("rings as circles", rings={"squeezed": False}),
    _changed("without rows beside rows", rows={"look": False}),
    _changed("without a closer look", places={"closer_looks": ()}),
    _changed("without a look in even light", places={"even_px": 0}),
    _changed("without a look in grey", places={"coloured": 256.0}),
    _changed("without a look for small marks", places={"fine_px": 1 << 30}),
    _changed("without reading lines further", longer={"rounds": 0}),
    _changed("without the direction of the other lines", cover={"direction": 0.0}),
    _changed("neighbours settle no doubt", vote={"neighbours": False}),
    _changed("beam of 1", decoding={"beams": 1}),
)
VARIANTS = {recipe.name: recipe for recipe in RECIPES}


def measure(name: str, labels: Path, every: int) -> tuple[str, int, int, int, int, float]:
    """Name, serials found, of how many, lines right, of how many, seconds a photo."""
    reader = PageReader(Networks(1), VARIANTS[name])
    serials = right = 0
    rows: list[dict[str, Any]] = [json.loads(line) for line in labels.read_text("utf-8").splitlines()][
        ::every
    ]
    started = time.process_time()
    for row in rows:
        with open_photo(labels.parent / row["file"], Settings()) as opened:
            lines = [line.fusion.text for rgb in opened.pages() for line in reader.lines(rgb)]
        serials += bool(row["serial"]) and found(row["serial"], lines)
        right += sum(exact(text, lines) for text in row["lines"])
    seconds = (time.process_time() - started) / len(rows)
    return (
        name,
        serials,
        sum(bool(r["serial"]) for r in rows),
        right,
        sum(len(r["lines"]) for r in rows),
        seconds,
    )


def main() -> None:
    """Measure the variants, each in a process of its own, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("labels", type=Path)
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    a = parser.parse_args()
    print("| reader | serials | lines | s |\n| --- | --- | --- | --- |")
    with ProcessPoolExecutor(a.jobs, get_context("spawn"), max_tasks_per_child=1) as pool:
        for name, serials, of, right, all_, seconds in pool.map(
            measure, a.only, repeat(a.labels), repeat(a.every)
        ):
            print(f"| {name} | {serials} of {of} | {right} of {all_} | {seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
