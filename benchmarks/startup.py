"""Start-up: help, version, and the time to the first result, against rapidocr.

Wall times from the start of a process to its end, or for results to the first line that it prints. The
programs take turns.

    python benchmarks/startup.py [--runs 10]

Needs ``pip install ".[bench]"``.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageDraw

RAPIDOCR = "import sys; from rapidocr import RapidOCR; print(RapidOCR()(sys.argv[1]).txts, flush=True)"


def seconds(command: list[str]) -> float:
    """Seconds until the first line on standard output; the process is then left to end by itself."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        taken = time.perf_counter() - started
        process.stdout.read()
    if not first or process.returncode:
        raise SystemExit(f"{command} failed with exit code {process.returncode}")
    return taken


def whole(command: list[str]) -> float:
    """Seconds until the process has ended."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description="Start-up times.")
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    program = [sys.executable, "-m", "serialscan"]
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.png"
        picture = Image.new("RGB", (240, 80), (150, 150, 155))
        ImageDraw.Draw(picture).text((20, 20), "W123456", fill=(20, 20, 20), font_size=36)
        picture.save(photo)
        cases = {
            "serialscan --help": (whole, [*program, "--help"]),
            "serialscan --version": (whole, [*program, "--version"]),
            "serialscan, first record": (seconds, [*program, "scan", "--quiet", str(photo)]),
            "rapidocr, first result": (seconds, [sys.executable, "-c", RAPIDOCR, str(photo)]),
        }
        times: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(runs):
            for name, (measure, command) in cases.items():
                times[name].append(measure(command))
    print(f"median of {runs} runs, seconds")
    for name, taken in times.items():
        print(f"{name:26} {statistics.median(taken):6.2f}")


if __name__ == "__main__":
    main()
