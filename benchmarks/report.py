"""Sizes of reports, and how long Chromium takes to open, search and print them.

Items are the samples again and again, each a file of its own, with the lines of samples/labels.jsonl as what
was read. Chromium is driven by Playwright (``pip install ".[test]"``).

    python benchmarks/report.py [--counts 100 2000] [--photos 100] [--chromium PATH]
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from serialscan.case import CaseWriter, InputFacts, Picture, Run
from serialscan.photo import open_photo
from serialscan.photo.crops import line_crop, preview
from serialscan.pictures.keep import encoded
from serialscan.record import (
    Alternative,
    Glyph,
    Line,
    Mark,
    PhotoRecord,
    Polygon,
    SerialCandidate,
    SerialReading,
    Source,
    Tool,
    to_json,
)
from serialscan.report.pdf import NAMES
from serialscan.settings import Settings

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
PREVIEW_PX, CROP_PX = 640, 96
"""Of the pictures in a case: larger than those of a report, so that every one is made smaller."""

TOOL = Tool(name="serialscan", version="0", settings_digest="0" * 16)
RUN = Run(tool={"name": "serialscan", "version": "0"}, settings={}, settings_digest="0" * 16)


def labelled() -> list[dict[str, Any]]:
    """The samples whose lines have outlines."""
    with (SAMPLES / "labels.jsonl").open(encoding="utf-8") as lines:
        return [label for label in map(json.loads, lines) if label.get("polygons")]


def with_number(data: bytes, number: int) -> bytes:
    """The same JPEG as another file: a comment holds a number."""
    return data[:2] + b"\xff\xfe\x00\x0a" + f"{number:08}".encode() + data[2:]


def line_of(number: int, text: str, polygon: list[list[float]]) -> Line:
    """A line that stands in an outline, its second character doubtful."""
    points: Polygon = tuple((x, y) for x, y in polygon)
    (left, top), (right, bottom) = points[0], points[len(points) // 2]
    glyphs = tuple(
        Glyph(
            char=char, confidence=0.6 if index == 1 else 0.98,
            alternatives=(Alternative(char="8", confidence=0.3),) if index == 1 else (),
            polygon=((left + (right - left) * (index + 0.5) / len(text), (top + bottom) / 2),),
        )
        for index, char in enumerate(text)
    )  # fmt: skip
    return Line(id=f"L{number}", text=text, confidence=0.9, polygon=points, characters=glyphs)


def record_of(label: dict[str, Any], path: Path, sha256: str, size: tuple[int, int]) -> PhotoRecord:
    """A record as a scan would give it for a sample."""
    lines = tuple(
        line_of(number, text, polygon)
        for number, (text, polygon) in enumerate(zip(label["lines"], label["polygons"], strict=False), 1)
        if polygon
    )
    serial = label["serial"]
    of_serial = [line.id for line in lines if serial and serial in line.text][:1] or [lines[0].id]
    marks = tuple(
        Mark(kind="other", value=line.text, raw=line.text, match_key=line.text, confidence=0.9,
             evidence=(line.id,), rule="")
        for line in lines
    )  # fmt: skip
    reading = SerialReading(
        value=serial, status="readable" if serial else "not_found", decision="review" if serial else "none",
        confidence=0.9 if serial else 0.0,
        candidates=(SerialCandidate(value=serial, confidence=0.9, evidence=tuple(of_serial)),)
        if serial
        else (),
    )  # fmt: skip
    source = Source(path=str(path), sha256=sha256, format="JPEG", width=size[0], height=size[1])
    return PhotoRecord(status="ok", tool=TOOL, source=source, lines=lines, marks=marks, serial=reading)


def write_records(folder: Path, count: int) -> Path:
    """Photos and their records."""
    labels, path = labelled(), folder / "records.ndjson"
    with path.open("wb") as file:
        for number in range(count):
            label = labels[number % len(labels)]
            data = with_number((SAMPLES / label["file"]).read_bytes(), number)
            photo = folder / f"{number:05}-{label['file']}"
            photo.write_bytes(data)
            record = record_of(label, photo, hashlib.sha256(data).hexdigest(), (1600, 1200))
            file.write(to_json(record) + b"\n")
    return path


def write_case(path: Path, count: int) -> Path:
    """A case of records with their pictures; the photos are not written."""
    made: list[tuple[dict[str, Any], bytes, list[Picture], tuple[int, int]]] = []
    for label in labelled():
        with open_photo(SAMPLES / label["file"], Settings()) as photo:
            page = next(photo.pages())
        size = page.shape[1], page.shape[0]
        record = record_of(label, Path(label["file"]), "0" * 64, size)
        crops = [
            Picture(role="crop", data=encoded(cut, ".jpg"), of=line.id)
            for line in record.lines
            if (cut := line_crop(page, line, CROP_PX)) is not None
        ]
        made.append((label, encoded(preview(page, PREVIEW_PX, PREVIEW_PX)[0], ".jpg"), crops, size))
    with CaseWriter(path) as writer:
        run = writer.begin_run(RUN)
        for number in range(count):
            label, small, crops, size = made[number % len(made)]
            name = Path(f"photos/{number:05}-{label['file']}")
            record = record_of(label, name, f"{number:064x}", size)
            writer.add_record(run, to_json(record), InputFacts(), small, crops)
        writer.end_run(run, ok=count, failed=0)
    return path


def reported(source: Path, output: Path, *words: str) -> float:
    """Seconds that the command takes."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "serialscan", "report", str(source), "-o", str(output), *words]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def opened(chromium: str, path: Path) -> Iterator[tuple[str, float, float]]:
    """What takes how many seconds, and how many of all processors, in Chromium; three times each."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        for _ in range(3):
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(600_000)
            page.goto("about:blank")
            last = page.locator("article").last if "-" in path.stem else page.locator("table.index a").last
            steps: list[tuple[str, Callable[[], object]]] = [
                ("open", lambda page=page: page.goto(path.as_uri(), wait_until="load")),  # type: ignore[misc]
                ("see the last item", last.scroll_into_view_if_needed),
            ]
            for what, step in steps:
                started, busy = time.perf_counter(), processor_seconds()
                step()
                page.evaluate("new Promise(requestAnimationFrame)")
                yield what, time.perf_counter() - started, processor_seconds() - busy
            if page.locator("#search").is_visible():
                started, busy = time.perf_counter(), processor_seconds()
                page.fill("#search", "m249")
                page.evaluate("new Promise(requestAnimationFrame)")
                yield "search", time.perf_counter() - started, processor_seconds() - busy
            browser.close()


def processor_seconds() -> float:
    """Of all processes that this one has started, Chromium's among them."""
    total = 0.0
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            times = child.cpu_times()
            total += times.user + times.system
    return total


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 2000])
    parser.add_argument("--photos", type=int, default=100, help="items made from records and photos")
    parser.add_argument("--chromium", default=next(filter(None, map(shutil.which, NAMES)), None))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = write_records(folder, options.photos)
        seconds = reported(source, folder / "records.html")
        size = (folder / "records.html").stat().st_size
        print(
            f"{options.photos} items from records: {size / 1e6:.2f} MB, made in {seconds:.1f} s", flush=True
        )
        for count in options.counts:
            case = write_case(folder / f"{count}.case", count)
            seconds = reported(case, folder / f"{count}.html")
            files = sorted(folder.glob(f"{count}*.html"))
            size = sum(one.stat().st_size for one in files)
            made = f"{size / 1e6:.2f} MB in {len(files)} files, made in {seconds:.1f} s"
            print(f"{count} items from a case: {made}", flush=True)
            for page in (folder / f"{count}.html", folder / f"{count}-1.html") if options.chromium else ():
                found: dict[str, list[tuple[float, float]]] = {}
                for what, taken, busy in opened(options.chromium, page) if page.is_file() else ():
                    found.setdefault(what, []).append((taken, busy))
                for what, some in found.items():
                    (first, last), (least, most) = (
                        (min(each), max(each)) for each in zip(*some, strict=True)
                    )
                    told = f"{first:.2f} to {last:.2f} s, {least:.2f} to {most:.2f} s of processors"
                    print(f"  {page.name} ({page.stat().st_size / 1e6:.1f} MB), {what}: {told}", flush=True)
            if options.chromium and count <= 100:
                seconds = reported(case, folder / f"print-{count}.html", "--pdf")
                size = (folder / f"print-{count}.pdf").stat().st_size
                print(f"  with --pdf: {seconds:.1f} s, {size / 1e6:.2f} MB")
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory of a child: {children:.0f} MiB")


if __name__ == "__main__":
    main()
