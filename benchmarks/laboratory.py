"""What a laboratory's calibration is worth on photos that it was not fitted on, and how often it is refused.

    serialscan render --traps --count 300 --seed 93001 --out TRAPS
    serialscan render --count 400 --seed 93002 --out PLAIN
    serialscan scan TRAPS -o traps.ndjson
    serialscan scan PLAIN -o plain.ndjson
    python benchmarks/laboratory.py TRAPS/labels.jsonl traps.ndjson PLAIN/labels.jsonl plain.ndjson

All serials that can be judged are a laboratory's. Some of its items are drawn and fitted on. The others are
judged before and after. This is done many times for each number of items. ``shift`` adds to the log odds that
the reader tells, as a camera might that the reader does not know; 0 is the reader as it is.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from serialscan.errors import SettingsError
from serialscan.evaluate.calibration import AS_SHIPPED, Claim, claims_of, trial
from serialscan.evaluate.judge import Judged
from serialscan.evaluate.labels import read_labels
from serialscan.evaluate.records import judge_records
from serialscan.marking.laboratory import Weights, mapped
from serialscan.reading.calibrate import load_calibration

ITEMS = (90, 120, 240)  # that people decided on
SHIFTS = (0.0, 3.0)  # natural log odds
DRAWS = 30


def shifted(photo: Judged, shift: float) -> Judged:
    """The photo as a reader would judge it that is surer by so much."""
    if photo.serial is None or not shift:
        return photo
    serial = replace(
        photo.serial,
        shipped=mapped(photo.serial.shipped, (1.0, 1.0, shift)),
        acceptable=mapped(photo.serial.acceptable, (1.0, 1.0, shift)),
    )
    return replace(photo, serial=serial)


def loss(claims: Sequence[Claim], weights: Weights) -> float:
    """Mean log loss of mapped confidences."""
    said = np.array([mapped(claim.confidence, weights) for claim in claims])
    right = np.array([claim.right for claim in claims])
    return float(-np.log(np.where(right, said, 1 - said)).mean())


def accepted(claims: Sequence[Claim], least: float, weights: Weights) -> tuple[int, int]:
    """How many of the accepted are still accepted, and how many of them are wrong."""
    kept = [c for c in claims if c.acceptable is not None and mapped(c.acceptable, weights) >= least]
    return len(kept), sum(not claim.right for claim in kept)


def main() -> None:
    """Draw, fit, judge."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="LABELS RECORDS", help="in pairs")
    parser.add_argument("--draws", type=int, default=DRAWS)
    a = parser.parse_args()
    photos = [
        photo
        for labels, records in zip(a.files[::2], a.files[1::2], strict=True)
        for photo in judge_records(records, read_labels(labels)).photos
    ]
    least = load_calibration().least_accepted(0.01)
    print("| shift | items | fits | refused | log loss before | after | worse | accepted before | after |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for shift in SHIFTS:
        items: defaultdict[str, list[Judged]] = defaultdict(list)
        for photo in photos:
            for claim in claims_of([photo]):
                items[claim.item].append(shifted(photo, shift))
        for size in ITEMS:
            rng = random.Random(size)
            refused, taken, kept = 0, np.zeros(2, int), np.zeros(2, int)
            before: list[float] = []
            after: list[float] = []
            for _ in range(a.draws):
                names = sorted(items)
                rng.shuffle(names)
                mine = [photo for name in names[:size] for photo in items[name]]
                others = claims_of([photo for name in names[size:] for photo in items[name]])
                try:
                    tried = trial(mine, (), least)
                except SettingsError:
                    refused += 1
                    continue
                if not tried.better:
                    refused += 1
                    continue
                before.append(loss(others, AS_SHIPPED))
                after.append(loss(others, tried.laboratory.weights))
                taken += accepted(others, 0.0, AS_SHIPPED)
                kept += accepted(others, least, tried.laboratory.weights)
            worse = sum(new >= old for old, new in zip(before, after, strict=True))
            told = [f"{np.mean(some):.3f}" if some else "-" for some in (before, after)]
            counts = [f"{count}, {wrong} wrong" for count, wrong in (taken, kept)]
            cells = (f"{shift:g}", size, a.draws, refused, *told, worse, *counts)
            print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
