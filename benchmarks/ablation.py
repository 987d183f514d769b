"""What each part of the reader brings and costs: the same photos read with one part changed at a time.

    python benchmarks/ablation.py LABELS.jsonl [--only NAME ...] [--every N] [--jobs 2]

Counts serials that stand in a line and lines that are right (the whole line and no more), without Tesseract
and without marks. Seconds are those of the processor, one thread.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from serialscan.evaluate.score import exact, found
from serialscan.photo import open_photo
from serialscan.reading import arcs, cover, engine, fuse, locate, page, views
from serialscan.reading.engine import BUMPS, OTHER, QUICK, RELIEF, STOCK, Networks
from serialscan.settings import Settings

LOOKS: dict[str, Any] = page.LOOKS  # its type names the rounds that are shipped


def _relief_for(*others: int) -> None:
    """The first recogniser reads the views of others."""
    for name, rounds in LOOKS.items():
        LOOKS[name] = tuple(
            tuple(replace(view, recogniser=RELIEF) if view.recogniser in others else view for view in look)
            for look in rounds
        )


def _one_recogniser(which: int) -> None:
    """All views by one of them; it also takes the first glance."""
    _relief_for(STOCK, BUMPS, OTHER)
    engine.RECOGNISERS = (engine.RECOGNISERS[which],) * len(engine.RECOGNISERS)  # type: ignore[assignment]


def _one_view() -> None:
    LOOKS["normal"] = (LOOKS["normal"][0][:1],)


def _read_all() -> None:
    page.QUICK_EVEN, page.BEHIND = -99.0, math.inf


def _no_rings() -> None:
    page.locate_arcs = lambda *_: []
    locate.bowed_in = lambda probability: []


def _circles() -> None:
    arcs._squeezed = lambda *_: None


def _no_rows() -> None:
    page.rows_beside = lambda *_: []


def _as_lit() -> None:
    views.levelled = lambda rgb: rgb
    views.lifted = lambda rgb: None


def _no_grey_look() -> None:
    locate.COLOURED = math.inf


def _no_closer_look() -> None:
    page.locate_again = lambda *_: []


def _no_small_marks() -> None:
    page.locate_small = lambda *_, **__: []


def _no_longer_lines() -> None:
    page.PageReader._longer = lambda *_, **__: []  # type: ignore[method-assign]


def _looks(*looks: tuple[int, int]) -> None:
    locate.COARSE_LOOKS = looks  # type: ignore[assignment]
    locate.GREY_LOOK = looks[0]


def _one_detector(which: int) -> None:
    """All looks by one of them: at tiles, rings, small marks and where nothing was read, too."""
    engine.DETECTORS = (engine.DETECTORS[which],) * len(engine.DETECTORS)  # type: ignore[assignment]
    _looks((640, which), (960, which))


def _no_neighbours() -> None:
    fuse._weigh_by_context = lambda slots: False


def _no_direction() -> None:
    cover.DIRECTION = 0.0


VARIANTS: dict[str, tuple[str, int, Callable[[], None]]] = {
    "as shipped": ("normal", 50, lambda: None),
    "effort fast": ("fast", 50, lambda: None),
    "effort thorough": ("thorough", 50, lambda: None),
    "one view of a line and its first glance": ("normal", 50, _one_view),
    "stock recogniser alone": ("normal", 50, lambda: _one_recogniser(STOCK)),
    "recogniser taught relief alone": ("normal", 50, lambda: _one_recogniser(RELIEF)),
    "recogniser taught bump maps alone": ("normal", 50, lambda: _one_recogniser(BUMPS)),
    "without the recogniser taught bump maps": ("normal", 50, lambda: _relief_for(BUMPS)),
    "recogniser of another origin alone": ("normal", 50, lambda: _one_recogniser(OTHER)),
    "without the recogniser of another origin": ("normal", 50, lambda: _relief_for(OTHER)),
    "quick recogniser alone": ("normal", 50, lambda: _one_recogniser(QUICK)),
    "all read where a quick look sees anything": ("normal", 50, _read_all),
    "dark photos as they are": ("normal", 50, _as_lit),
    "stock detector alone": ("normal", 50, lambda: _one_detector(STOCK)),
    "detector taught relief alone": ("normal", 50, lambda: _one_detector(RELIEF)),
    "without the stock detector at 640 px": ("normal", 50, lambda: _looks((640, RELIEF), (960, STOCK))),
    "without rings": ("normal", 50, _no_rings),
    "rings as circles": ("normal", 50, _circles),
    "without rows beside rows": ("normal", 50, _no_rows),
    "without a closer look": ("normal", 50, _no_closer_look),
    "without a look in grey": ("normal", 50, _no_grey_look),
    "without a look for small marks": ("normal", 50, _no_small_marks),
    "without reading lines further": ("normal", 50, _no_longer_lines),
    "without the direction of the other lines": ("normal", 50, _no_direction),
    "neighbours settle no doubt": ("normal", 50, _no_neighbours),
    "beam of 1": ("normal", 1, lambda: None),
}


def measure(name: str, labels: Path, every: int) -> tuple[str, int, int, int, int, float]:
    """Name, serials found, of how many, lines right, of how many, seconds a photo."""
    effort, beams, change = VARIANTS[name]
    change()
    reader = page.PageReader(Networks(1), beams, effort)
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
