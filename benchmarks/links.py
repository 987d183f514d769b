"""Links across 60 simulated seizures whose routes are known: found, false, seconds, memory.

    python benchmarks/links.py [--reuse]                    # 20 sets of 60 seizures: found and false
    python benchmarks/links.py --write FOLDER --seed 1      # the records of one set, for serialscan links
    python benchmarks/links.py --items 100000               # seconds and memory of the command (Linux, macOS)

Planted in each set: blocks of a depot split over five places (60, 20, 8 and 4 items), importers of
re-exported items, items seen twice, pairs of one maker that stand near to each other by chance, and serials
of two makers. A maker's numbers lie in three clumps and not evenly, so the assumption of the strengths does
not hold. One reading in 20 is doubtful; it is wrong as often as its confidence says. With --reuse makers give
numbers at random, and so twice now and then.
"""

from __future__ import annotations

import argparse
import math
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from serialscan.glyphs import match_key, word_key
from serialscan.links.find import find_links
from serialscan.links.gather import seen_of
from serialscan.links.model import Link, Seen
from serialscan.record import (
    Evidence,
    ItemPhoto,
    ItemRecord,
    ItemSerial,
    ItemValue,
    PhotoRecord,
    SerialReading,
    Source,
    Tool,
    to_json,
)
from serialscan.report.build import Part, Unit

SEIZURES = 60
STRENGTHS = (1.0, 2.0, 3.0, 4.0, 6.0)
_BLOCKS = (60, 20, 8, 4)
_PLACES = 5
_TWICE, _NEAR_MISSES, _TWO_MAKERS = 12, 20, 6
_REEXPORTS = (12, 4)  # items of a rare importer
_TOOL = Tool(name="serialscan", version="simulated", settings_digest="0" * 64)
_MAKERS = tuple(f"MAKER {chr(65 + number)}" for number in range(12))


@dataclass(frozen=True, slots=True)
class Made:
    """An item of a simulation; ``routes`` are the planted ones that it belongs to."""

    maker: str
    number: int
    importer: str
    routes: tuple[str, ...]
    seizure: int


def simulate(chance: random.Random, background: int, reuse: bool = False) -> list[Made]:
    """The items of one set: so many that belong to no route, and the planted ones."""
    clumps = {
        maker: [(chance.uniform(150_000, 850_000), chance.uniform(5_000, 60_000)) for _ in range(3)]
        for maker in _MAKERS
    }

    given: set[tuple[str, int]] = set()

    def number(maker: str) -> int:
        while True:
            middle, wide = chance.choice(clumps[maker])
            value = min(999_999, max(100_000, round(chance.gauss(middle, wide))))
            if reuse or (maker, value) not in given:
                given.add((maker, value))
                return value

    def importer() -> str:
        return f"IMPORTER {min(7, int(chance.expovariate(0.6)))}" if chance.random() < 0.4 else ""

    def item(maker: str, value: int, routes: tuple[str, ...] = (), bought: str = "") -> Made:
        return Made(maker, value, bought or importer(), routes, chance.randrange(SEIZURES))

    made = []
    for _ in range(background):
        maker = _MAKERS[min(len(_MAKERS) - 1, int(chance.expovariate(0.35)))]
        made.append(item(maker, number(maker)))
    for count in _BLOCKS:
        maker = chance.choice(_MAKERS)
        places = chance.sample(range(SEIZURES), _PLACES)
        start = number(maker)
        block = [value for value in range(start, start + 3 * count) if (maker, value) not in given]
        for value in chance.sample(block[: 2 * count], count):
            given.add((maker, value))
            made.append(Made(maker, value, importer(), (f"block of {count}",), chance.choice(places)))
    for turn in range(_TWICE):
        one = chance.choice(made[:background])
        again = Made(one.maker, one.number, one.importer, (*one.routes, f"twice {turn}"),
                     chance.randrange(SEIZURES))  # fmt: skip
        made[made.index(one)] = Made(one.maker, one.number, one.importer, again.routes, one.seizure)
        made.append(again)
    for count in _REEXPORTS:
        for _ in range(count):
            maker = chance.choice(_MAKERS)
            made.append(item(maker, number(maker), (f"importer of {count}",), f"RARE IMPORTER OF {count}"))
    for _ in range(_NEAR_MISSES):
        one = chance.choice(made[:background])
        made.append(item(one.maker, one.number + chance.randrange(20, 400)))
    for _ in range(_TWO_MAKERS):
        one = chance.choice(made[:background])
        made.append(item(chance.choice([maker for maker in _MAKERS if maker != one.maker]), one.number))
    return made


def record(chance: random.Random, one: Made, name: str) -> tuple[ItemRecord, PhotoRecord]:
    """The record of an item and of its photo, as a scan would make them; some readings are wrong."""
    confidence = round(chance.uniform(0.4, 0.95) if chance.random() < 0.05 else chance.uniform(0.95, 1.0), 4)
    text = str(one.number)
    if chance.random() > confidence:
        at = chance.randrange(len(text))
        text = (
            text[:at] + chance.choice([digit for digit in "0123456789" if digit != text[at]]) + text[at + 1 :]
        )
    path = f"photos/{name}.jpg"
    sha256 = f"{chance.getrandbits(256):064x}"

    def value(kind: str, text: str, line: str) -> ItemValue:
        return ItemValue(
            kind=kind, value=text, raw=text, match_key=word_key(text), confidence=0.98, rule="",  # type: ignore[arg-type]
            evidence=(_evidence(path, sha256, line, text),),
        )  # fmt: skip

    serial = ItemSerial(
        value=text, status="readable", decision="accept", confidence=confidence, match_key=match_key(text),
        evidence=(_evidence(path, sha256, "L1", text),),
    )  # fmt: skip
    item = ItemRecord(
        status="ok", item=name, tool=_TOOL, serial=serial,
        photos=(ItemPhoto(path=path, sha256=sha256, status="ok", serial=text),),
        manufacturer_marked=value("manufacturer", one.maker, "L2"),
        importer=value("importer", one.importer, "L3") if one.importer else None,
        case={"lat": f"{12 + 6 * math.sin(one.seizure):.4f}", "lon": f"{-8 + 0.6 * one.seizure:.4f}"},
    )  # fmt: skip
    day = (one.seizure * 13) % 700
    photo = PhotoRecord(
        status="ok", tool=_TOOL,
        source=Source(
            path=path, sha256=sha256, bytes=1000, format="JPEG", width=4000, height=3000,
            captured_at=f"{2024 + day // 336}-{day % 336 // 28 + 1:02}-{day % 28 + 1:02}T10:00:00",
        ),
        serial=SerialReading(value=text, status="readable", decision="accept", confidence=confidence),
    )  # fmt: skip
    return item, photo


def _evidence(path: str, sha256: str, line: str, text: str) -> Evidence:
    box = ((0.0, 0.0), (100.0, 0.0), (100.0, 30.0), (0.0, 30.0))
    return Evidence(photo=path, sha256=sha256, id=line, polygon=box, page=1, raw=text, confidence=0.98)


def gathered(chance: random.Random, made: Sequence[Made]) -> list[Seen]:
    """The items as ``serialscan links`` has them."""
    seen = []
    for number, one in enumerate(made):
        item, photo = record(chance, one, f"{number:06}")
        part = Part(photo.source.path, photo.source.sha256, photo)
        seen.append(seen_of(f"seizure {one.seizure:02}", Unit(number + 1, item, (part,), ())))
    return seen


def judge(links: Sequence[Link], made: Sequence[Made]) -> Iterator[tuple[Link, bool, list[str]]]:
    """Of each link whether it is true, and the routes of which it holds at least half.

    True is a link of which two thirds of the items, and at least two, belong to planted routes of its kind.
    """
    size = Counter(route for one in made for route in one.routes)
    begin = {"near_serials": "block", "same_item": "twice", "same_importer": "importer"}
    for link in links:
        if link.log10_lr is None:
            continue
        routes = [
            [route for route in made[one.number - 1].routes if route.startswith(begin[link.kind])]
            for one in link.items
        ]
        held = Counter(route for some in routes for route in some)
        count = sum(map(bool, routes))
        pairs = any(one > 1 for one in held.values())
        true = pairs and count * 3 >= 2 * len(link.items)
        yield link, true, [route for route, one in held.items() if true and 2 * one >= size[route]]


def table(sets: int, background: int, reuse: bool) -> None:
    """Found routes and false links at several strengths, over some sets."""
    found: defaultdict[tuple[str, float], int] = defaultdict(int)
    false: defaultdict[tuple[str, float], int] = defaultdict(int)
    planted: Counter[str] = Counter()
    conflicts = 0
    started = time.perf_counter()
    for seed in range(1, sets + 1):
        chance = random.Random(seed)
        made = simulate(chance, background, reuse)
        planted.update(
            route.rstrip("0123456789 ") if route.startswith("twice") else route
            for route in {route for one in made for route in one.routes}
        )
        links = find_links(gathered(chance, made))
        conflicts += sum(one.kind == "conflict" for one in links)
        for least in STRENGTHS:
            whole: set[str] = set()
            for link, true, routes in judge(links, made):
                if (link.log10_lr or 0.0) < least:
                    continue
                whole.update(routes)
                false[link.kind, least] += not true
            for route in whole:
                found[route.rstrip("0123456789 ") if route.startswith("twice") else route, least] += 1
    items = len(made)
    print(f"{sets} sets of {SEIZURES} seizures, {items} items each, "
          f"{(time.perf_counter() - started) / sets:.2f} s a set\n")  # fmt: skip
    head = "".join(f" | >= {least:g}" for least in STRENGTHS)
    print(f"| found (at least half of the route in one link) | planted{head} |")
    print("| --- |" + " ---: |" * (1 + len(STRENGTHS)))
    for route in sorted(planted):
        cells = "".join(f" | {found[route, least]}" for least in STRENGTHS)
        print(f"| {route} | {planted[route]}{cells} |")
    print(f"\n| false links | {head[3:]} |")
    print("| --- |" + " ---: |" * len(STRENGTHS))
    for kind in ("same_item", "near_serials", "same_importer"):
        print(f"| {kind}" + "".join(f" | {false[kind, least]}" for least in STRENGTHS) + " |")
    print(f"\nSerials of two makers planted {_TWO_MAKERS * sets}, conflicts told {conflicts}.")


def write(folder: Path, seed: int, background: int) -> list[Path]:
    """The records of one set, a file a seizure."""
    chance = random.Random(seed)
    lines: defaultdict[int, list[bytes]] = defaultdict(list)
    for number, one in enumerate(simulate(chance, background)):
        item, photo = record(chance, one, f"{number:06}")
        lines[one.seizure] += [to_json(photo), to_json(item)]
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for seizure, some in sorted(lines.items()):
        paths.append(folder / f"seizure-{seizure:02}.ndjson")
        paths[-1].write_bytes(b"".join(line + b"\n" for line in some))
    return paths


def measure(items: int) -> None:
    """Seconds and memory of the command, with its page, its GraphML and its GeoJSON."""
    with tempfile.TemporaryDirectory() as folder:
        paths = write(Path(folder) / "records", 1, items)
        started = time.perf_counter()
        out = Path(folder) / "links.ndjson"
        with out.open("wb") as file:
            subprocess.run(
                [sys.executable, "-m", "serialscan", "links", *map(str, paths), "--html",
                 f"{folder}/links.html", "--graphml", f"{folder}/links.graphml", "--gps", "--geojson",
                 f"{folder}/links.geojson"],
                stdout=file, check=True,
            )  # fmt: skip
        seconds = time.perf_counter() - started
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        mb = used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        count = sum(1 for _ in out.open("rb"))
        print(f"{items} items and planted ones: {seconds:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of "
              f"processor, {mb:.0f} MB, {count} links, "
              f"page {Path(folder, 'links.html').stat().st_size / 1e6:.1f} MB")  # fmt: skip


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--background", type=int, default=3000, help="items of a set that belong to no route")
    parser.add_argument("--reuse", action="store_true", help="makers give numbers at random")
    parser.add_argument("--items", type=int, help="measure time and memory at so many items")
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    if chosen.items:
        measure(chosen.items)
    elif chosen.write:
        write(chosen.write, chosen.seed, chosen.background)
    else:
        table(chosen.sets, chosen.background, chosen.reuse)


if __name__ == "__main__":
    main()
