"""Peak memory of a long run, from the first photos to the last.

Renders small photos into a temporary folder, scans them with the real program, and samples parent and
workers as they go. Memory that grows with the number of files would show as figures that grow.

    python benchmarks/memory.py [--photos 2000] [--window 200] [--jobs 2] [--reader network]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from PIL import Image, ImageDraw


def render(folder: Path, count: int) -> None:
    """Write small photos of made-up serials, of many sizes, as a folder of crops has them.

    After a hundred they repeat: what then still grows is memory and not the photos.
    """
    for number in range(count):
        chance = random.Random(number % 100)
        width, height = chance.randrange(96, 400), chance.randrange(48, 200)
        picture = Image.new("RGB", (width, height), (150, 150, 155))
        serial = "".join(chance.choices("ABCDEFGHKLMNPRSTUVWXYZ0123456789", k=chance.randrange(4, 9)))
        size = min(height // 2, 2 * width // len(serial))
        ImageDraw.Draw(picture).text((width // 10, height // 5), serial, fill=(25, 25, 25), font_size=size)
        picture.save(folder / f"{number:06}.png")


def resident(process: psutil.Process) -> tuple[int, int]:
    """Resident bytes of the parent, and of all its descendants together."""
    workers = 0
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            workers += child.memory_info().rss
    return process.memory_info().rss, workers


def measure(folder: Path, window: int, jobs: int, reader: str) -> list[tuple[int, int]]:
    """Scan the folder, sample after each record, and keep the peak of each window of records.

    Windows of one size, since the peak of more samples is higher by chance alone.
    """
    options = ["--quiet", "--jobs", str(jobs), "--reader", reader]
    command = [sys.executable, "-m", "serialscan", "scan", *options, str(folder)]
    peaks: list[tuple[int, int]] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        process = psutil.Process(run.pid)
        for number, line in enumerate(run.stdout):
            assert json.loads(line)["status"] == "ok", line
            if number % window == 0:
                peaks.append((0, 0))
            with contextlib.suppress(psutil.NoSuchProcess):  # the last record: all has ended
                parent, workers = resident(process)
                peaks[-1] = max(peaks[-1][0], parent), max(peaks[-1][1], workers)
    assert run.returncode == 0
    return peaks


def main() -> None:
    """Print the peaks in MiB."""
    parser = argparse.ArgumentParser(description="Peak memory of a long run.")
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--window", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--reader", default="network", help="auto also starts Tesseract for every photo")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        render(Path(name), arguments.photos)
        started = time.monotonic()
        peaks = measure(Path(name), arguments.window, arguments.jobs, arguments.reader)
        speed = arguments.photos / (time.monotonic() - started)
    print(f"{arguments.photos} photos, --jobs {arguments.jobs}, {speed:.2f} photos/s; peak resident MiB")
    for number, (parent, workers) in enumerate(peaks):
        last = min((number + 1) * arguments.window, arguments.photos)
        print(f"photos to {last:6}  parent {parent / 2**20:6.1f}  workers {workers / 2**20:7.1f}")


if __name__ == "__main__":
    main()
