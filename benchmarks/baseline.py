"""Whether the reading is as good as it was: exact counts on photos that everybody has.

    python benchmarks/baseline.py                          # the samples, and 60 photos rendered on the fly
    python benchmarks/baseline.py --write

Each set is read with the networks alone and compared with ``baseline.json`` beside this file. A count may be
smaller by the tolerance that stands there. Confidences differ in their last digits from machine to machine: a
line with two readings that are nearly as likely may come out otherwise. ``--write`` replaces the counts. Do
that only with a change that was measured on real photos, too (docs/architecture.md).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from serialscan.evaluate.judge import judge
from serialscan.evaluate.labels import read_labels
from serialscan.reading import Reader
from serialscan.record import PhotoRecord
from serialscan.scan import scan_photo
from serialscan.settings import Settings

HERE = Path(__file__).parent
BASELINE = HERE / "baseline.json"
SEED, MEGAPIXELS = 70_001, 1.5  # rendered photos: no network was taught and nothing was fitted on this seed
SETS = {"samples": 0, "rendered-60": 60}
COUNTS = ("serials", "lines", "accepted", "accepted_wrong")

Counts = dict[str, int]


def photos_of(name: str, folder: Path) -> Path:
    """The labels of a set; rendered photos are made in the folder."""
    if not SETS[name]:
        return HERE.parent / "samples" / "labels.jsonl"
    from serialscan.cli import main

    words = ["render", "--count", SETS[name], "--seed", SEED, "--megapixels", MEGAPIXELS, "--held-back"]
    if main([*map(str, words), "--out", str(folder)]) != 0:
        raise SystemExit("the photos cannot be rendered")
    return folder / "labels.jsonl"


def count(labels: Path, scan: Callable[[Path], PhotoRecord]) -> Counts:
    """Serials and lines read exactly, serials accepted, wrong ones of these; and how many there are."""
    counts = dict.fromkeys(("photos", *COUNTS, "of_serials", "of_lines"), 0)
    for photo in read_labels(labels):
        judged = judge(photo, scan(photo.path))
        counts["photos"] += 1
        counts["serials"] += judged.serial_exact
        counts["of_serials"] += photo.label.serial is not None
        counts["lines"] += sum(line.right for line in judged.lines)
        counts["of_lines"] += len(judged.lines)
        if judged.serial is not None and judged.serial.accepted:
            counts["accepted"] += 1
            counts["accepted_wrong"] += not judged.serial.right
    return counts


def lost(now: Mapping[str, int], before: Mapping[str, int]) -> list[str]:
    """What is worse than it was by more than the tolerance, in words."""
    told = [
        f"{now[name]} {name} instead of {before[name]}"
        for name in ("serials", "lines", "accepted")
        if now[name] < before[name] - before[f"tolerance_{name}"]
    ]
    if now["accepted_wrong"] > before["accepted_wrong"]:
        told.append(f"{now['accepted_wrong']} accepted serials are wrong, not {before['accepted_wrong']}")
    return told


def main() -> None:
    """Read, count, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=["samples", "rendered-60"])
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    known = json.loads(BASELINE.read_text("utf-8")) if BASELINE.exists() else {}
    settings = Settings(reader="network")
    reader = Reader(settings)
    worse = []
    for name in arguments.sets:
        with tempfile.TemporaryDirectory() as folder:
            labels = photos_of(name, Path(folder) / "photos")
            now = count(labels, lambda photo: scan_photo(photo, reader, settings))
        print(name, json.dumps(now), flush=True)
        if arguments.write:
            lines = 2 if now["of_lines"] > 20 else 1
            known[name] = now | {"tolerance_serials": 1, "tolerance_lines": lines, "tolerance_accepted": 1}
        elif name in known:
            worse += [f"{name}: {what}" for what in lost(now, known[name])]
    if arguments.write:
        BASELINE.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    sys.exit("\n".join(worse) if worse else 0)


if __name__ == "__main__":
    main()
