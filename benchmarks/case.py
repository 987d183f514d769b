"""Figures of the case file: size, speed and memory of many records, and kills at random moments.

Records are made up, of the size that a scan gives them; no photo is read.

    python benchmarks/case.py [--records 20000] [--kills 200]
"""

from __future__ import annotations

import argparse
import contextlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from serialscan.case import CaseWriter, InputFacts, Picture, Run, store
from serialscan.case.check import Tools, Trust, check_case
from serialscan.case.entry import decode
from serialscan.case.inputs import hash_of
from serialscan.case.keys import verify_signature
from serialscan.case.read import open_case, read_record
from serialscan.case.verifier import verifier_source
from serialscan.record import (
    Alternative,
    Glyph,
    Line,
    PhotoRecord,
    SerialReading,
    Source,
    Testimony,
    TextCandidate,
    Tool,
    to_json,
)

PREVIEW, CROP = 11_000, 6_000
"""Bytes of a preview of 320 px and of a crop of 480 px as JPEG, as measured on the samples."""

LINES = 12
"""Lines of a record; with them it has about 27 KB, as one of a busy photo has."""

RUN = Run(tool={"name": "serialscan", "version": "0"}, settings={}, settings_digest="0" * 16)


def record(number: int) -> bytes:
    """A record like that of a scan; each number gives another one."""
    chance = random.Random(number)
    lines = []
    for line in range(LINES):
        text = "".join(chance.choices("ABCDEFGHKLMNPRSTUVWXYZ0123456789", k=9))
        polygon = tuple(
            (round(chance.uniform(0, 4000), 1), round(chance.uniform(0, 3000), 1)) for _ in range(4)
        )
        others = tuple(Alternative(char=char, confidence=0.01) for char in "O0")
        glyphs = tuple(
            Glyph(char=char, confidence=round(chance.random(), 4), alternatives=others, polygon=polygon)
            for char in text
        )
        told = tuple(Testimony(name="relief/flattened", text=text, confidence=0.9) for _ in range(4))
        candidates = tuple(TextCandidate(text=text, confidence=0.1) for _ in range(5))
        lines.append(
            Line(id=f"L{line + 1}", text=text, confidence=0.9, polygon=polygon, characters=glyphs,
                 candidates=candidates, readers=told)
        )  # fmt: skip
    source = Source(
        path=f"photos/IMG_{number:06}.jpg", sha256=f"{number:064x}", bytes=3_000_000, format="JPEG"
    )
    serial = SerialReading(value=lines[0].text, status="readable", decision="review", confidence=0.5)
    tool = Tool(name="serialscan", version="0", settings_digest="0" * 16)
    return to_json(PhotoRecord(status="ok", tool=tool, source=source, lines=tuple(lines), serial=serial))


def write(path: Path, total: int, told: Callable[[bytes], object] = lambda line: None) -> None:
    """Go on with a case up to that many records, each committed by itself."""
    with CaseWriter(path) as writer:
        run = writer.begin_run(RUN)
        with open_case(path) as reader:
            done = len(reader.photos())
        for number in range(done, total):
            chance = random.Random(number)
            line = record(number)
            crop = Picture(role="crop", data=chance.randbytes(CROP), of="L1")
            writer.add_record(run, line, InputFacts(modified_ns=number), chance.randbytes(PREVIEW), [crop])
            told(line)
        writer.end_run(run, ok=total - done, failed=0)


def peak() -> float:
    """Peak resident MiB of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def figures(folder: Path, total: int) -> None:
    """Size, speeds and memory."""
    path = folder / "a.case"
    sample = [record(number) for number in range(100)]
    started = time.perf_counter()
    for number in range(100):
        record(number)
    making = (time.perf_counter() - started) / 100
    started = time.perf_counter()
    write(path, total)
    spent = (time.perf_counter() - started) / total - making
    size = sum(map(len, sample)) / len(sample) / 1000
    print(f"{total} records of {size:.1f} kB with {PREVIEW + CROP} bytes of pictures")
    print(f"size of the case: {path.stat().st_size / total / 1000:.1f} kB a record")
    print(f"write and commit: {spent * 1000:.1f} ms a record")
    tools = Tools(read_record, verify_signature, hash_of)
    halves = []
    for _ in range(2):
        started, busy = time.perf_counter(), time.process_time()
        verdict = check_case(path, Trust(), tools)
        taken, busy = time.perf_counter() - started, time.process_time() - busy
        assert verdict.ok and verdict.records == total, verdict
        halves.append((total / taken, total / busy, peak()))
    for number, (speed, alone, memory) in enumerate(halves, start=1):
        print(f"verify, time {number}: {speed:.0f} records/s, {alone:.0f} a second of processor time")
        print(f"peak memory {memory:.0f} MiB")
    started, busy = time.perf_counter(), time.process_time()
    with open_case(path) as reader:
        assert len(reader.photos()) == total
    taken, busy = time.perf_counter() - started, time.process_time() - busy
    print(f"list: {taken:.2f} s, {busy:.2f} s of processor time")
    checker = folder / "verify.py"
    checker.write_text(verifier_source(), encoding="utf-8")
    started = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-S", checker, path], check=True, stdout=subprocess.DEVNULL)
    print(f"verify.py: {total / (time.perf_counter() - started):.0f} records/s")


def kills(folder: Path, count: int) -> None:
    """SIGKILL at random moments; the copy beside each time verifies, and in the end nothing is missing."""
    path, chance, seen, torn = folder / "killed.case", random.Random(1), 0, 0
    tools = Tools(read_record, verify_signature, hash_of)
    command = [sys.executable, __file__, "--write-into", str(path)]
    for number in range(count):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            if number % 10:
                seen += child.stdout.readline().endswith(b"\n")
            time.sleep(chance.uniform(0, 0.05 if number % 10 else 0.5))
            child.kill()
            seen += child.stdout.read().count(b"\n")
        if not path.exists() or (path.stat().st_size == 0 and not store.journal_of(path).exists()):
            continue
        copy = folder / "copy.case"
        store.journal_of(copy).unlink(missing_ok=True)
        shutil.copyfile(path, copy)
        bare = "damaged"
        with contextlib.suppress(store.NotACaseError):
            bare = "whole" if check_case(copy, Trust(), tools).ok else "damaged"
        torn += bare == "damaged"
        if store.journal_of(path).exists():
            shutil.copyfile(store.journal_of(path), store.journal_of(copy))
        verdict = check_case(copy, Trust(), tools)
        assert verdict.ok and verdict.records >= seen, (number, verdict)
    with store.reading(path) as database:
        rows = database.execute("SELECT bytes FROM entry WHERE kind = 'record' ORDER BY sequence").fetchall()
    assert [decode(data).payload for (data,) in rows] == [record(number) for number in range(len(rows))]
    print(
        f"{count} kills: {len(rows)} records, each as in a run without kills, {seen} of them seen on stdout"
    )
    print(f"copies of the case with its journal that verify: all; without it damaged: {torn}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Figures of the case file.")
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--write-into", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write_into is not None:
        write(
            arguments.write_into,
            1_000_000,
            lambda line: (sys.stdout.buffer.write(line + b"\n"), sys.stdout.flush()),
        )
        return
    with tempfile.TemporaryDirectory() as name:
        if arguments.records:
            figures(Path(name), arguments.records)
        if arguments.kills:
            kills(Path(name), arguments.kills)


if __name__ == "__main__":
    main()
