"""What registers cost and how well serials are found in them, as docs/register.md quotes it.

Run as ``python benchmarks/register.py FOLDER [PART...]``. FOLDER is what ``benchmarks/issued.py`` has
written. Times are CPU milliseconds of one core, the best of three runs of each query.

Parts: ``build``; ``search`` (open, exact, readings, typed by hand); ``found`` (simulated readings of what
is and what is not on record); ``wrong`` (readings with one character wrong); ``stream`` (records through
match); ``compare`` (rapidfuzz, SQLite, DuckDB, tantivy, where installed); ``real`` (needs
--records and --labels: readings of labelled photos, with a block around each truth).

The simulated reader looks at each character with noise. It knows which characters look alike (glyphs/). Now
and then it says that a character may be missing, and is right as often as it says (`_MISSING`); it loses
others without a trace. Both shares are those of rendered photos (docs/register.md). Its seed is stated.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz.distance import Levenshtein

from serialscan.glyphs import PAIRS, match_key
from serialscan.record import (
    Alternative,
    Gap,
    Glyph,
    Line,
    PhotoRecord,
    SerialCandidate,
    SerialReading,
    Source,
    Tool,
    any_from_json,
    to_json,
)
from serialscan.register.keys import CHARACTERS
from serialscan.register.lattice import (
    HALF_SURE,
    LOST,
    LOST_UNSURE,
    Lattice,
    Slot,
    lattices_of,
    typed_lattice,
)
from serialscan.register.match import PRIOR_ABSENT, Search, match
from serialscan.register.register import Register
from serialscan.register.stream import match_lines

SEED = 7
SURE = 0.95
_QUALITIES = ((0.6, (0.97, 0.028, 0.002)), (0.3, (0.85, 0.13, 0.02)), (0.1, (0.6, 0.3, 0.1)))
_NOISE = (0.22, 0.42, 0.8)
_LOST = (LOST, LOST, LOST_UNSURE)
_GAPS, _MISSING = 0.025, (0.02, 0.03, 0.05, 0.1, 0.3)


class Reader:
    """Reads serials as a camera might: characters lie in a space in which those that look alike are near."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        pairs = [one.chars for one in PAIRS if set(one.chars) <= set(CHARACTERS) and "O" not in one.chars]
        self._places = np.zeros((len(CHARACTERS), len(CHARACTERS) + len(pairs)))
        self._places[:, : len(CHARACTERS)] = np.eye(len(CHARACTERS))
        for n, pair in enumerate(pairs):
            for char in pair:
                self._places[CHARACTERS.index(char), len(CHARACTERS) + n] = 1.0
        self._usable = np.array([char != "O" for char in CHARACTERS])

    def read(self, serial: str, *, hard: bool = False) -> Lattice:
        """The lattice of a serial."""
        share = [one for one, _ in _QUALITIES]
        quality = int(self._rng.integers(1, 3)) if hard else int(self._rng.choice(3, p=share))
        slots = []
        for char in match_key(serial):
            place = self._rng.random()
            gone = _LOST[quality]
            if place < gone:
                continue
            if place < gone + _GAPS:
                missing = float(self._rng.choice(_MISSING))
                lost = self._rng.random() < missing
                own = lost and self._rng.random() < 0.7
                seen = char if own else CHARACTERS[self._rng.integers(10)]
                slots.append(Slot({"": 1 - missing, seen: 0.7 * missing}))
                if lost:
                    continue
            noise = _NOISE[self._rng.choice(3, p=_QUALITIES[quality][1])]
            slots.append(self._look(CHARACTERS.index(char), noise))
        sure = np.prod([max(slot.chances.values()) for slot in slots])
        return Lattice(serial, tuple(slots), lost=LOST if sure >= HALF_SURE else LOST_UNSURE)

    def _look(self, char: int, noise: float) -> Slot:
        seen = self._places[char] + noise * self._rng.standard_normal(self._places.shape[1])
        odds = -((seen - self._places) ** 2).sum(axis=1) / (2 * noise * noise)
        odds[~self._usable] = -np.inf
        chance = np.exp(odds - odds.max())
        chance /= chance.sum()
        listed = [n for n in np.argsort(-chance)[:6].tolist() if chance[n] >= 0.005]
        return Slot({CHARACTERS[n]: float(chance[n]) for n in listed})


def cpu(job: Callable[[], Any], runs: int = 3) -> float:
    """CPU milliseconds of a job, the best of some runs."""
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        job()
        best = min(best, (time.process_time() - start) * 1e3)
    return best


def spread(times: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile."""
    return {
        "median_ms": round(float(np.median(times)), 3),
        "p99_ms": round(float(np.percentile(times, 99)), 3),
    }


def tell(part: str, **figures: Any) -> None:
    """One line of JSON."""
    print(json.dumps({"part": part, **figures}), flush=True)


def build(folder: Path) -> None:
    """Build the register in a process of its own."""
    output = folder / "issued.reg"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = ("register", "build", folder / "issued.csv", "-o", output, "--replace", "-q")
    subprocess.run([sys.executable, "-m", "serialscan", *words], check=True, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Register.open(output) as register:
        rows = register.header.rows
        tell(
            "build", rows=rows, distinct=register.header.distinct, blocks=register.header.blocks,
            holes=register.header.holes, bytes_per_entry=round(output.stat().st_size / rows, 2),
            cpu_s=round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
            peak_mb=round(after.ru_maxrss / 1024),
        )  # fmt: skip


def lines(path: Path) -> list[str]:
    """Lines of a file."""
    return path.read_text("utf-8").split()


def drawn(rng: np.random.Generator, some: Sequence[str], count: int) -> list[str]:
    """Some of them, by chance."""
    return [some[n] for n in rng.integers(0, len(some), count).tolist()]


def search(folder: Path, queries: int) -> None:
    """Time of opening, exact look-up, readings and serials typed by hand."""
    rng = np.random.default_rng(SEED)
    path, true = folder / "issued.reg", lines(folder / "true.txt")
    tell("open", **spread([cpu(lambda: Register.open(path).close()) for _ in range(20)]))
    register = Register.open(path)

    def exact(serial: str) -> None:
        for entry in register.find(match_key(serial))[:1]:
            register.row(int(register.key_rows[entry]))

    some = drawn(rng, true, queries)
    exact(some[0])
    tell("exact", rows=register.header.rows, **spread([_once(exact, one) for one in some]))
    reader = Reader(rng)
    for deep in (False, True):
        found = [reader.read(one) for one in drawn(rng, true, queries)]
        match(register, found[0])
        bounds: list[float | None] = []
        times = []
        for one in found:
            wanted = Search(deep=deep)
            times.append(cpu(lambda one=one, wanted=wanted: match(register, one, wanted)))  # type: ignore[misc]
            bounds.append(match(register, one, wanted).bound)
        share = {str(bound): round(bounds.count(bound) / len(bounds), 3) for bound in set(bounds)}
        tell("reading", deep=deep, rows=register.header.rows, bounds=share, **spread(times))
    times, first, five = [], 0, 0
    for serial in drawn(rng, true, queries):
        typed = list(match_key(serial))
        for _ in range(2):
            typed[rng.integers(len(typed))] = CHARACTERS[rng.integers(10)]
        lattice = typed_lattice("".join(typed))
        times.append(cpu(lambda lattice=lattice: match(register, lattice)))  # type: ignore[misc]
        names = [match_key(one.serial) for one in match(register, lattice).entries]
        first += names[:1] == [match_key(serial)]
        five += match_key(serial) in names
    tell("typed, two wrong", rows=register.header.rows, first=round(first / queries, 3),
         five=round(five / queries, 3), **spread(times))  # fmt: skip


def _once(job: Callable[[str], Any], argument: str) -> float:
    return cpu(lambda: job(argument))


def found(folder: Path, queries: int, absent: int) -> None:
    """How often simulated readings are found, and how often what is absent is."""
    rng = np.random.default_rng(SEED + 1)
    register, true = Register.open(folder / "issued.reg"), lines(folder / "true.txt")
    with (folder / "issued.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        written = [row[0] for row in rows]
    reader = Reader(rng)
    wrong_rows = [n for n in range(len(true)) if true[n] != written[n]]
    tops: list[tuple[float, bool, float]] = []
    kinds: dict[str, list[tuple[int, int, float, bool]]] = {"as it is": [], "hard": [], "typed wrong": []}
    for kind, count in (("as it is", queries), ("hard", queries // 2), ("typed wrong", queries // 8)):
        while len(kinds[kind]) < count:
            if kind == "typed wrong":
                n = wrong_rows[rng.integers(len(wrong_rows))]
            else:
                n = int(rng.integers(len(true)))
                if true[n] != written[n]:
                    continue
            lattice = reader.read(true[n], hard=kind == "hard")
            if len(lattice.key) < 3:
                continue
            answer = match(register, lattice)
            names = [match_key(one.serial) for one in answer.entries]
            key = match_key(written[n])
            place = names.index(key) if key in names else 9
            top = answer.entries[0].posterior if answer.entries else 0.0
            kinds[kind].append(
                (Levenshtein.distance(lattice.key, match_key(true[n])), place, top, place == 0)
            )
            if kind == "as it is" and names:
                tops.append((top, place == 0, 1.0))
    for kind, rows_ in kinds.items():
        for wrong in (0, 1, 2):
            some = [one for one in rows_ if (one[0] == wrong if wrong < 2 else one[0] >= 2)]
            if some:
                tell(
                    "present", kind=kind, wrong=wrong if wrong < 2 else "2 or more", n=len(some),
                    first=round(sum(one[1] == 0 for one in some) / len(some), 4),
                    five=round(sum(one[1] < 5 for one in some) / len(some), 4),
                    found=round(sum(one[2] >= SURE and one[3] for one in some) / len(some), 4),
                    another_found=sum(one[2] >= SURE and not one[3] for one in some),
                )  # fmt: skip
    for kind in ("missing", "elsewhere"):
        pool = lines(folder / f"{kind}.txt")
        count = absent * 2 // 3 if kind == "missing" else absent // 3
        false, total = 0, 0
        reasons: dict[str, int] = {}
        near = [0, 0]
        for serial in drawn(rng, pool, count):
            lattice = reader.read(serial)
            if len(lattice.key) < 3:
                continue
            answer = match(register, lattice)
            total += 1
            top = answer.entries[0].posterior if answer.entries else 0.0
            false += top >= SURE
            reasons[answer.absent.reason] = reasons.get(answer.absent.reason, 0) + 1
            if answer.entries:
                tops.append((top, False, 0.0))
            nearest = min((len(one.differs) for one in answer.entries), default=9)
            near[0] += nearest <= 1
            near[1] += nearest <= 2
        tell("absent", kind=kind, n=total, false_found=false, share=round(false / total, 5), reasons=reasons,
             within_1=round(near[0] / total, 3), within_2=round(near[1] / total, 3))  # fmt: skip
    present = sum(one[2] for one in tops)
    share = present / (1 - PRIOR_ABSENT) * PRIOR_ABSENT / (len(tops) - present)  # as many as the prior says
    weights = [one[2] or share for one in tops]
    tell("calibration error of the first entry", n=len(tops), error=round(calibration_error(tops), 4),
         absent_as_the_prior_says=round(calibration_error(tops, weights), 4))  # fmt: skip


def wrong(folder: Path, queries: int) -> None:
    """Where the entry stands that was meant, of simulated readings with just one character wrong."""
    rng = np.random.default_rng(SEED + 3)
    register, true = Register.open(folder / "issued.reg"), lines(folder / "true.txt")
    reader = Reader(rng)
    for kind in ("as it is", "hard"):
        places: list[int] = []
        registered = 0
        while len(places) < queries:
            serial = true[int(rng.integers(len(true)))]
            lattice, key = reader.read(serial, hard=kind == "hard"), match_key(serial)
            if Levenshtein.distance(lattice.key, key) != 1 or not len(register.find(key)):
                continue
            names = [match_key(one.serial) for one in match(register, lattice).entries]
            places.append(names.index(key) if key in names else 9)
            registered += bool(len(register.find(lattice.key)))
        tell("one wrong", kind=kind, n=queries, first=round(places.count(0) / queries, 3),
             five=round(sum(one < 5 for one in places) / queries, 3),
             misread_is_registered=round(registered / queries, 3))  # fmt: skip


def calibration_error(
    tops: Sequence[tuple[float, bool, float]], weights: Sequence[float] | None = None, bins: int = 10
) -> float:
    """The expected calibration error over bins of equal width."""
    chance, right = np.array([one[0] for one in tops]), np.array([one[1] for one in tops], float)
    weight = np.ones(len(tops)) if weights is None else np.array(weights)
    place = np.minimum((chance * bins).astype(int), bins - 1)
    parts = [part for n in range(bins) if (part := place == n).any()]
    errors = [abs(weight[part] @ (chance[part] - right[part])) for part in parts]
    return float(sum(errors) / weight.sum())


def stream(folder: Path, count: int, jobs: int) -> None:
    """Time and memory of many records through match; the readings are simulated."""
    rng = np.random.default_rng(SEED + 4)
    reader = Reader(rng)
    own = [_record(reader.read(one)) for one in drawn(rng, lines(folder / "true.txt"), 2000)]
    start, peaks, wall = _cpu(), [], time.perf_counter()
    through = match_lines(islice(cycle(own), count), [folder / "issued.reg"], Search(), jobs)
    for n, _ in enumerate(through, start=1):
        if n % max(1, count // 4) == 0:
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024 if jobs > 1 else None
    tell("stream", records=count, jobs=jobs, cpu_ms_each=round((_cpu() - start) * 1e3 / count, 2),
         wall_s=round(time.perf_counter() - wall, 1), peaks_mb=peaks, worker_peak_mb=children)  # fmt: skip


def _cpu() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _record(lattice: Lattice) -> bytes:
    """A record with one line, which is the serial, as a lattice has it."""
    glyphs, gaps = [], []
    for slot in lattice.slots:
        (char, chance), *others = sorted(slot.chances.items(), key=lambda one: (-one[1], one[0]))
        told = tuple(Alternative(char=other, confidence=one) for other, one in others)
        if char:
            glyphs.append(Glyph(char=char, confidence=chance, alternatives=told))
        elif glyphs:
            gaps.append(Gap(at=len(glyphs), confidence=1 - chance, alternatives=told))
    text = "".join(glyph.char for glyph in glyphs)
    line = Line(id="L1", text=text, confidence=0.9, polygon=(), characters=tuple(glyphs), gaps=tuple(gaps))
    one = SerialCandidate(value=text, confidence=0.9, choice=0.95, reading=0.95, evidence=("L1",))
    serial = SerialReading(
        value=text, status="readable", decision="review", confidence=0.9, candidates=(one,)
    )
    tool = Tool(name="simulated", version="0", settings_digest="")
    return to_json(
        PhotoRecord(status="ok", tool=tool, source=Source(path="a.jpg"), lines=(line,), serial=serial)
    )


def compare(folder: Path, queries: int) -> None:
    """The same serials, one wrong, in other programs: all within one or two edits."""
    rng = np.random.default_rng(SEED + 2)
    with (folder / "issued.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        keys = [match_key(row[0]) for row in rows]
    asked = []
    for one in drawn(rng, keys, queries):
        place = int(rng.integers(len(one)))
        asked.append(one[:place] + CHARACTERS[rng.integers(10)] + one[place + 1 :])
    register = Register.open(folder / "issued.reg")
    times = [cpu(lambda one=one: match(register, typed_lattice(one))) for one in asked]  # type: ignore[misc]
    tell("serialscan", rows=len(keys), query="typed, posterior", **spread(times))
    _rapidfuzz(keys, asked)
    _sqlite(keys, asked, folder)
    for name, job in (("duckdb", _duckdb), ("tantivy", _tantivy)):
        try:
            job(keys, asked, folder)
        except ImportError:
            tell(name, missing="not installed: pip install .[bench]")


def _rapidfuzz(keys: list[str], asked: list[str]) -> None:
    from rapidfuzz import process

    some = asked[: 3 if len(keys) > 2e6 else 10]
    times = [
        cpu(lambda one=one: process.extract(  # type: ignore[misc]
            one, keys, scorer=Levenshtein.distance, score_cutoff=2, limit=None), 1) for one in some
    ]  # fmt: skip
    tell("rapidfuzz", rows=len(keys), query="within 2 edits, scan", **spread(times))


def _sqlite(keys: list[str], asked: list[str], folder: Path) -> None:
    import sqlite3

    path = folder / "compare.db"
    path.unlink(missing_ok=True)
    start = time.process_time()
    base = sqlite3.connect(path)
    base.executescript("PRAGMA journal_mode=off; PRAGMA synchronous=off; CREATE TABLE r(s TEXT)")
    base.executemany("INSERT INTO r VALUES (?)", ((one,) for one in keys))
    base.execute("CREATE INDEX i ON r(s)")
    base.commit()
    built = time.process_time() - start

    def within_one(serial: str) -> None:
        forms = {serial}
        for n in range(len(serial) + 1):
            forms |= {serial[:n] + one + serial[n:] for one in CHARACTERS}
            forms |= {serial[:n] + one + serial[n + 1 :] for one in ["", *CHARACTERS]}
        base.execute(f"SELECT s FROM r WHERE s IN ({','.join('?' * len(forms))})", tuple(forms)).fetchall()

    times = [
        _once(lambda one: base.execute("SELECT s FROM r WHERE s = ?", (one,)).fetchall(), one)
        for one in asked
    ]
    tell("sqlite", rows=len(keys), query="exact", build_cpu_s=round(built, 1),
         bytes_per_entry=round(path.stat().st_size / len(keys), 1), **spread(times))  # fmt: skip
    tell(
        "sqlite",
        rows=len(keys),
        query="within 1 edit, all forms",
        **spread([_once(within_one, o) for o in asked]),
    )
    base.close()
    path.unlink()


def _duckdb(keys: list[str], asked: list[str], folder: Path) -> None:
    import duckdb

    path = folder / "compare.csv"
    path.write_text("s\n" + "\n".join(keys) + "\n", "utf-8")
    base = duckdb.connect()
    base.execute("SET threads = 1")
    base.execute(f"CREATE TABLE r AS SELECT * FROM read_csv('{path.as_posix()}', all_varchar = true)")
    path.unlink()
    query = "SELECT s FROM r WHERE abs(length(s) - length(?)) <= 2 AND levenshtein(s, ?) <= 2"
    times = [cpu(lambda one=one: base.execute(query, (one, one)).fetchall(), 1) for one in asked[:3]]  # type: ignore[misc]
    tell("duckdb", rows=len(keys), query="within 2 edits, scan", **spread(times))


def _tantivy(keys: list[str], asked: list[str], folder: Path) -> None:
    import tantivy

    schema = tantivy.SchemaBuilder().add_text_field("s", stored=True, tokenizer_name="raw").build()
    start = time.process_time()
    index = tantivy.Index(schema)
    writer = index.writer(200_000_000, 1)
    for one in keys:
        writer.add_document(tantivy.Document(s=one))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def within_two(serial: str) -> None:
        query = tantivy.Query.fuzzy_term_query(schema, "s", serial, distance=2, transposition_cost_one=True)
        for _, address in searcher.search(query, 3000).hits:
            searcher.doc(address)

    tell("tantivy", rows=len(keys), query="within 2 edits", build_cpu_s=round(time.process_time() - start, 1),
         **spread([_once(within_two, one) for one in asked]))  # fmt: skip


def real(folder: Path, records: Path, labels: Path) -> None:
    """Readings of real photos, with a block of numbers put around each truth: with it and without it."""
    truths = {}
    for line in labels.read_text("utf-8").splitlines():
        label = json.loads(line)
        serial = label.get("fields", {}).get("serial", label.get("serial"))
        if isinstance(serial, str) and match_key(serial):
            truths[label["file"]] = serial
    blocks = _blocks_around(sorted(set(truths.values())))
    keys = set(map(match_key, truths.values()))
    for name, left_out in (("with", False), ("without", True)):
        path = folder / f"real-{name}.csv"
        rows = [one for one in blocks if not (left_out and match_key(one) in keys)]
        path.write_text("serial\n" + "\n".join(rows) + "\n", "utf-8")
        subprocess.run(
            [sys.executable, "-m", "serialscan", "register", "build", folder / "issued.csv", path, "-o",
             folder / f"real-{name}.reg", "--replace", "-q"], check=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    present, absent = (Register.open(folder / f"real-{name}.reg") for name in ("with", "without"))
    told: dict[Any, list[tuple[int, float, bool]]] = {}
    false = looked = 0
    for own_line in records.read_bytes().splitlines():
        record = any_from_json(own_line)
        source = getattr(record, "source", None)
        truth = next((s for f, s in truths.items() if source is not None and source.path.endswith(f)), None)
        lattices = lattices_of(record)
        if truth is None or not lattices:
            continue
        key = match_key(truth)
        own = min(lattices, key=lambda one: Levenshtein.distance(one.key, key))
        wrong = Levenshtein.distance(own.key, key)
        if wrong > len(key) // 2:
            continue  # another number of the photo
        answer = match(present, own)
        names = [match_key(one.serial) for one in answer.entries]
        place = names.index(key) if key in names else 9
        top = answer.entries[0].posterior if answer.entries else 0.0
        told.setdefault(min(wrong, 2), []).append((place, top, place == 0))
        gone = match(absent, own)
        false += bool(gone.entries) and gone.entries[0].posterior >= SURE
        looked += 1
    for wrong, some in sorted(told.items()):
        tell("real, present", wrong=wrong if wrong < 2 else "2 or more", n=len(some),
             first=sum(one[0] == 0 for one in some), five=sum(one[0] < 5 for one in some),
             found=sum(one[1] >= SURE and one[2] for one in some))  # fmt: skip
    tell("real, truth taken out", n=looked, false_found=false)


def _blocks_around(serials: Sequence[str]) -> list[str]:
    """Numbers up to 150 below and 150 above each serial, by its last run of digits."""
    found: dict[str, None] = {}
    for serial in serials:
        key = match_key(serial)
        end = max((n + 1 for n, char in enumerate(key) if char.isdigit()), default=0)
        start = end
        while start and key[start - 1].isdigit() and end - start < 9:
            start -= 1
        if end == start:
            found[key] = None
            continue
        value, width = int(key[start:end]), end - start
        for number in range(max(0, value - 150), min(10**width, value + 151)):
            found[f"{key[:start]}{number:0{width}d}{key[end:]}"] = None
    return list(found)


def main() -> None:
    """Run the parts that are named, or all that need nothing more."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("parts", nargs="*", default=["build", "search", "found", "compare"])
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--absent", type=int, default=1800)
    parser.add_argument("--records", type=Path)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--streamed", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.freeze()
    jobs = {
        "build": lambda: build(asked.folder),
        "search": lambda: search(asked.folder, asked.queries),
        "found": lambda: found(asked.folder, asked.queries, asked.absent),
        "wrong": lambda: wrong(asked.folder, asked.queries),
        "compare": lambda: compare(asked.folder, min(asked.queries, 40)),
        "stream": lambda: stream(asked.folder, asked.streamed, asked.jobs),
        "real": lambda: real(asked.folder, asked.records, asked.labels),
    }
    for part in asked.parts:
        jobs[part]()


if __name__ == "__main__":
    main()
