"""Figures of the case file: size, speed and memory of many records, and kills at random moments.

Records are made up, of the size that a scan gives them. Kills are those of scans whose reader finds nothing.
Only with --photos are photos really read.

    python benchmarks/case.py [--records 20000] [--lines 12] [--kills 200] [--photos PHOTO...]
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import psutil

from serialscan.batch.resources import cores
from serialscan.case import CaseWriter, InputFacts, Picture, Run, store
from serialscan.case.check import Tools, Trust, check_case
from serialscan.case.inputs import hash_of
from serialscan.case.keys import verify_signature
from serialscan.case.processes import MOST_PROCESSES, look_in
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
"""Lines of a record; 12 make about 32 kB, as of a busy photo, and 4 about 11 kB, as of a usual one."""

RUN = Run(tool={"name": "serialscan", "version": "0"}, settings={}, settings_digest="0" * 16)


def record(number: int, lines: int = LINES) -> bytes:
    """A record like that of a scan; each number gives another path and content, one of 50 readings."""
    line = _reading(number % 50, lines)
    return line.replace(_MARK.encode(), f"{number:064x}".encode()).replace(b"NUMBER", f"{number:06}".encode())


_MARK = "0" * 64


@functools.cache
def _reading(number: int, count: int) -> bytes:
    chance = random.Random(number)
    lines = []
    for line in range(count):
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
    source = Source(path="photos/IMG_NUMBER.jpg", sha256=_MARK, bytes=3_000_000, format="JPEG")
    serial = SerialReading(value=lines[0].text, status="readable", decision="review", confidence=0.5)
    tool = Tool(name="serialscan", version="0", settings_digest="0" * 16)
    return to_json(PhotoRecord(status="ok", tool=tool, source=source, lines=tuple(lines), serial=serial))


def write(path: Path, total: int, lines: int = LINES) -> None:
    """Make a case of that many records, each committed by itself."""
    with CaseWriter(path) as writer:
        run = writer.begin_run(RUN)
        for number in range(total):
            chance = random.Random(number)
            line = record(number, lines)
            crop = Picture(role="crop", data=chance.randbytes(CROP), of="L1")
            writer.add_record(run, line, InputFacts(modified_ns=number), chance.randbytes(PREVIEW), [crop])
        writer.end_run(run, ok=total, failed=0)


_PLAIN = 300
"""Records that ``verify.py`` is tried on."""


def peak() -> float:
    """Peak resident MiB of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def processor_time() -> float:
    """Seconds of this process and of those that it started and that have ended."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def figures(folder: Path, total: int, lines: int) -> None:
    """Size, speeds and memory."""
    path = folder / "a.case"
    sample = [record(number, lines) for number in range(100)]
    started, busy = time.perf_counter(), time.process_time()
    write(path, total, lines)
    spent, busy = time.perf_counter() - started, time.process_time() - busy
    size = sum(map(len, sample)) / len(sample) / 1000
    print(f"{total} records of {size:.1f} kB with {PREVIEW + CROP} bytes of pictures")
    print(f"size of the case: {path.stat().st_size / total / 1000:.1f} kB a record")
    print(f"write and commit: {spent / total * 1000:.1f} ms, {busy / total * 1000:.1f} ms of processor time")
    print(f"peak memory {peak():.0f} MiB")
    tools = Tools(read_record, verify_signature, hash_of, look=look_in(min(cores(), MOST_PROCESSES)))
    halves = []
    for _ in range(2):
        started, busy = time.perf_counter(), processor_time()
        verdict = check_case(path, Trust(), tools)
        taken, busy = time.perf_counter() - started, processor_time() - busy
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
    checker, some = folder / "verify.py", folder / "some.case"
    checker.write_text(verifier_source(), encoding="utf-8")
    write(some, min(total, _PLAIN), lines)  # without a fast reader of JSON it takes its time
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run([sys.executable, "-I", "-S", checker, some], check=True, stdout=subprocess.DEVNULL)
    busy = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    print(f"verify.py: {min(total, _PLAIN) / busy:.0f} records a second of processor time")


def share(paths: Sequence[Path]) -> None:
    """What a case costs of a real scan: pictures and hashes of each photo, and its commit."""
    from serialscan.photo.files import sha256_of
    from serialscan.pictures.small import Sizes, Watcher
    from serialscan.reading import Reader
    from serialscan.scan import scan_photo
    from serialscan.settings import BatchSettings, Settings

    settings, sizes = Settings(reader="network"), BatchSettings()
    reader = Reader(settings, threads=2)
    scan_photo(paths[0], reader, settings)
    reading = beside = waiting = 0.0
    bytes_kept = []
    with tempfile.TemporaryDirectory() as name, CaseWriter(Path(name) / "a.case") as writer:
        run = writer.begin_run(RUN)
        for path in paths:
            watcher = Watcher(Sizes(sizes.preview_px, sizes.crop_px))
            pages: list[tuple[int, Any]] = []
            started = time.process_time()
            read = scan_photo(path, reader, settings, see=lambda *page: pages.append(page))  # noqa: B023
            reading += time.process_time() - started
            started = time.process_time()
            sha256_of(path)
            for number, page in pages:
                watcher.see(number, page)
            small = watcher.small(read, path, settings)
            facts, line = InputFacts(pixel_sha256=watcher.pixel_sha256), to_json(read)
            crops = [Picture(role="crop", data=data, of=of) for of, data in small.crops.items()]
            idle = time.perf_counter()
            busy = time.process_time()
            writer.add_record(run, line, facts, small.preview, crops)
            waiting += (time.perf_counter() - idle) - (time.process_time() - busy)
            beside += time.process_time() - started
            pictures = len(small.preview or b"") + sum(map(len, small.crops.values()))
            bytes_kept.append((len(line), pictures))
        writer.end_run(run, ok=len(paths), failed=0)
        size = writer.path.stat().st_size
    count = len(paths)
    kept = [sum(column) / count / 1000 for column in zip(*bytes_kept, strict=True)]
    print(f"{count} photos: {kept[0]:.1f} kB of record and {kept[1]:.1f} kB of pictures each")
    print(f"size of the case: {size / count / 1000:.1f} kB a photo")
    print(f"reading: {reading / count * 1000:.0f} ms of processor time a photo")
    print(f"for the case: {beside / count * 1000:.1f} ms of processor time, {beside / reading:.1%} of that")
    print(f"waiting for the disk: {waiting / count * 1000:.1f} ms a photo, while the next ones are read")


class Blind:
    """Takes the place of the reader: finds nothing, so that a scan is as quick as its commits."""

    models = ()

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def read(self, rgb: object, **_: int) -> Reading:
        """Nothing."""
        return Reading(lines=(), codes=(), quality=Quality())

    def least_accepted(self, max_error: float) -> float:
        """Nothing is."""
        return 1.0


if __name__ in ("__main__", "__mp_main__"):  # the latter in worker processes, for --blind
    import serialscan.reading
    from serialscan.reading.reader import Reading
    from serialscan.record import Quality

    if "--blind" in sys.argv:
        serialscan.reading.Reader = Blind  # type: ignore[misc, assignment]


class Scan:
    """A scan into a case with a blind reader, in a process of its own.

    Args:
        photos: the folder.
        path: the case.
        processes: with worker processes; else it is forked off this process, which takes no time to start.
    """

    def __init__(self, photos: Path, path: Path, *, processes: bool) -> None:
        words = ["scan", str(photos), "--case", str(path), "--reader", "network", "--jobs", "1", "-q"]
        self._output, writer = os.pipe()
        if processes:
            command = [sys.executable, __file__, "--blind", *words]
            self.pid = subprocess.Popen(command, stdout=writer, stderr=subprocess.DEVNULL).pid
        else:
            self.pid = os.fork()
            if self.pid == 0:
                os.close(self._output)
                os.dup2(writer, 1)
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
                os._exit(_scan_here(words))
        os.close(writer)

    def lines(self) -> list[bytes]:
        """What it wrote, once it has ended."""
        with os.fdopen(self._output, "rb") as output:
            whole = output.read()
        os.waitpid(self.pid, 0)
        return whole.split(b"\n")[:-1]


def _scan_here(words: list[str]) -> int:
    from serialscan.batch.inprocess import InProcess
    from serialscan.cli import main as command
    from serialscan.cli import scan

    reader = cast(Any, Blind())
    vars(scan)["local_processes"] = lambda job, batch: InProcess(job, reader)
    return int(command(words))


def _workers_of(pid: int) -> list[psutil.Process]:
    try:
        children = psutil.Process(pid).children()
        return [one for one in children if any("spawn_main" in word for word in one.cmdline())]
    except psutil.Error:
        return []


def kills(folder: Path, count: int, photos_each: int = 16) -> None:
    """SIGKILL at random moments of scans: the copy beside each verifies, and what goes on completes it."""
    from PIL import Image

    chance, photos = random.Random(1), folder / "photos"
    photos.mkdir()
    for number in range(photos_each):
        Image.new("RGB", (64, 48), (number, 99, 150)).save(photos / f"{number:03}.png")
    os.environ["HOME"] = os.environ["XDG_STATE_HOME"] = str(folder)
    os.environ.pop("LOCALAPPDATA", None)
    _warm_up(photos, folder / "first.case")
    started = time.perf_counter()
    whole = [_essence(line) for line in Scan(photos, folder / "whole.case", processes=False).lines()]
    taken = time.perf_counter() - started
    assert len(whole) == photos_each
    tools = Tools(read_record, verify_signature, hash_of)
    happened: Counter[str] = Counter()
    for number in range(count):
        path = folder / f"{number}.case"
        who = "worker" if number % 20 == 1 else "parent with workers" if number % 20 == 2 else "parent"
        scan = Scan(photos, path, processes=who != "parent")
        _kill(scan, who, path, chance, taken, early=number % 10 == 0)
        seen = scan.lines()
        happened[who] += 1
        if path.exists() and (path.stat().st_size or store.journal_of(path).exists()):
            copy = folder / "copy.case"
            store.journal_of(copy).unlink(missing_ok=True)
            shutil.copyfile(path, copy)
            if store.journal_of(path).exists():
                happened["in the middle of a commit"] += 1
                shutil.copyfile(store.journal_of(path), store.journal_of(copy))
            try:
                verdict = check_case(copy, Trust(), tools)
                assert verdict.ok and verdict.records >= len(seen), (number, verdict)
                happened["records kept"] += verdict.records
            except store.NotACaseError as error:  # SQLite takes back what was written of the first commit
                assert "is empty" in str(error) and seen == [], error
                happened["while the case was made"] += 1
        else:
            assert seen == []
            happened["before the case was there"] += 1
        lines = Scan(photos, path, processes=False).lines()
        assert [_essence(line) for line in lines] == whole, number
        assert {line for line in seen if b'"status":"ok"' in line} <= set(lines), number
        assert check_case(path, Trust(), tools).ok, number
        path.unlink()
    print(
        f"{count} kills of scans of {photos_each} photos; each time the copy beside it verified, the run that"
    )
    print("went on completed it, and its records are those of a run without kills, timings aside")
    for what, times in sorted(happened.items()):
        print(f"  {what}: {times}")


def _warm_up(photos: Path, path: Path) -> None:
    """A scan in this process, so that those that are forked off it find all that they import."""
    from serialscan.batch.case import CaseRun
    from serialscan.batch.inprocess import InProcess
    from serialscan.batch.inputs import Inputs, Selection
    from serialscan.batch.run import run
    from serialscan.batch.worker import Job
    from serialscan.pictures.small import Sizes
    from serialscan.settings import Settings

    settings, selection = Settings(reader="network"), Selection((str(photos),))
    executor = InProcess(Job(settings, small=Sizes(320, 64)), cast(Any, Blind()))
    with CaseRun(CaseWriter(path), settings, selection) as into:
        run(Inputs(selection, None, into), executor, [into])


def _kill(scan: Scan, who: str, path: Path, chance: random.Random, taken: float, *, early: bool) -> None:
    """End a process of a scan at a random moment; unless ``early``, once the case is there."""
    until = time.monotonic() + (0 if early else 60)
    while time.monotonic() < until and not (path.exists() and path.stat().st_size):
        if os.waitid(os.P_PID, scan.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        time.sleep(0.001)
    time.sleep(chance.uniform(0, taken / 2))
    if who == "parent":
        os.kill(scan.pid, signal.SIGKILL)
    if who == "parent with workers":
        os.kill(scan.pid, signal.SIGKILL)
    for worker in _workers_of(scan.pid) if who == "worker" else ():
        worker.kill()


def _essence(line: bytes) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(line)
    return {**said, "timing_ms": None}


def main() -> None:
    """Print the figures."""
    if sys.argv[1:2] == ["--blind"]:
        from serialscan.cli import main as command

        sys.exit(command(sys.argv[2:]))
    parser = argparse.ArgumentParser(description="Figures of the case file.")
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--lines", type=int, default=LINES, help="of each record")
    parser.add_argument("--kills", type=int, default=200, help="not on Windows")
    parser.add_argument("--photos", nargs="*", type=Path, help="real photos, to tell what a case costs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if arguments.photos:
            share(arguments.photos)
        if arguments.records:
            figures(Path(name), arguments.records, arguments.lines)
        if arguments.kills:
            kills(Path(name), arguments.kills)


if __name__ == "__main__":
    main()
