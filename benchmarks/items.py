"""Photos of one item read together: the serial fused, beside the best photo and a plain majority.

    serialscan render --count 120 --photos-per-item 3 --seed 55103 --out photos
    serialscan scan photos -o records.ndjson
    python benchmarks/items.py --labels photos/labels.jsonl --records records.ndjson [--wrong]

Counted are items whose serial is legible in at least one photo. "best photo" is the serial of the photo that
is surest of its own, "majority" the one that most photos show (of equal ones the surest), "any photo" what
somebody would reach who knew which photo to trust. Lines: of the lines that at least two photos show whole.
Two items: the photos of each item with those of the next one, and of each item alone.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from rapidfuzz import fuzz

from serialscan.glyphs import match_key
from serialscan.items import scan_item
from serialscan.items.fuse import Strand, fuse_lines
from serialscan.marking import Knowledge, load_knowledge, read_marks
from serialscan.record import ItemRecord, PhotoRecord, photo_records

Item = list[tuple[PhotoRecord, dict[str, Any]]]
LIKE = 60.0  # percent of likeness from which a line is taken for a true one
SHORTEST = 4  # characters of a line that counts


def load(labels: Path, records: Path, knowledge: Knowledge) -> list[Item]:
    """The photos of each item, with marks by the knowledge of today."""
    by_file = {}
    for _, record in photo_records(records):
        marks, serial = read_marks(record.lines, record.codes, knowledge)
        by_file[Path(record.source.path).name] = msgspec.structs.replace(record, marks=marks, serial=serial)
    items: defaultdict[str, Item] = defaultdict(list)
    for text in labels.read_text("utf-8").splitlines():
        label = json.loads(text)
        items[label["item"]].append((by_file[label["file"]], label))
    return list(items.values())


def majority(readings: Sequence[tuple[str, float]]) -> str:
    """The most frequent reading, of equal ones the surest."""
    counts = Counter(text for text, _ in readings)
    return max(readings, key=lambda one: (counts[one[0]], one[1]))[0]


def surest(readings: Sequence[tuple[str, float]]) -> str:
    """The reading with the highest confidence."""
    return max(readings, key=lambda one: one[1])[0]


def count_serials(items: Sequence[Item], fused: Sequence[ItemRecord], wrong: bool) -> Counter[str]:
    """How many serials are right, by the way of reading."""
    counts: Counter[str] = Counter()
    for item, record in zip(items, fused, strict=True):
        true = match_key(item[0][1]["fields"].get("serial", ""))
        if not true or not any(label["serial"] for _, label in item):
            continue
        own = [(match_key(photo.serial.value or ""), photo.serial.confidence) for photo, _ in item]
        read = [one for one in own if one[0]] or own
        found = {
            "best photo": surest(read) == true,
            "majority": majority(read) == true,
            "fused": match_key(record.serial.value or "") == true,
            "any photo": any(text == true for text, _ in own),
            "a candidate": any(one.match_key == true for one in record.serial.candidates),
        }
        counts["items"] += 1
        counts.update(way for way, right in found.items() if right)
        if wrong and not found["fused"]:
            print(true, [text for text, _ in own], "fused:", record.serial.value, record.serial.confidence)
    return counts


def count_lines(items: Sequence[Item]) -> Counter[str]:
    """How many of the lines that several photos show whole are right, by the way of reading."""
    counts: Counter[str] = Counter()
    for item in items:
        truths = sorted({match_key(text) for _, label in item for text in label["lines"] if "?" not in text})
        strands = [
            Strand(number, line)
            for number, (photo, _) in enumerate(item)
            for line in photo.lines
            if line.text
        ]
        for network in fuse_lines(strands) if truths else ():
            key = match_key(network.text)
            true = max(truths, key=lambda text: fuzz.ratio(text, key))
            whole = [s for s in network.strands() if abs(len(match_key(s.line.text)) - len(true)) <= 1]
            if fuzz.ratio(true, key) < LIKE or len(true) < SHORTEST or len({s.photo for s in whole}) < 2:
                continue
            own = [(match_key(strand.line.text), strand.line.confidence) for strand in whole]
            best = max(whole, key=lambda strand: strand.line.confidence)
            counts["lines"] += 1
            counts["best photo"] += surest(own) == true
            counts["majority"] += majority(own) == true
            counts["fused"] += match_key(network.line(best).text) == true
    return counts


def warned(records: Sequence[PhotoRecord], knowledge: Knowledge) -> bool:
    """Whether photos are said to show two items."""
    return any(one.code == "two_items" for one in scan_item("item", records, knowledge).warnings)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--wrong", action="store_true", help="show the items whose fused serial is wrong")
    arguments = parser.parse_args()
    knowledge = load_knowledge()
    items = load(arguments.labels, arguments.records, knowledge)
    photos = [[photo for photo, _ in item] for item in items]
    started = time.perf_counter()
    fused = [scan_item(str(number), one, knowledge) for number, one in enumerate(photos)]
    seconds = time.perf_counter() - started
    for title, counts in (
        ("items", count_serials(items, fused, arguments.wrong)), ("lines", count_lines(items)),
    ):  # fmt: skip
        total = counts.pop(title)
        print(f"{total} {title}: " + ", ".join(f"{way} {right}" for way, right in counts.items()))
    alone = sum(warned(one, knowledge) for one in photos)
    mixed = sum(warned(one + other, knowledge) for one, other in pairwise(photos))
    print(f"two items: warned for {mixed} of {len(photos) - 1} mixed, {alone} of {len(photos)} alone")
    print(f"{1000 * seconds / len(items):.1f} ms an item")


if __name__ == "__main__":
    main()
