"""How quick the page of a review is: to its first photo, and from one decision to the next photo.

Records are made up, of the size that a scan gives them. The first photos are there as files of 12 megapixels;
of the others the case has a preview. A photo counts as shown when a frame with its picture has been painted
and an answer can be given. The page shows the small picture of the case first if the original is not decoded
yet; both times are told. Needs Chromium and the test parts.

    python benchmarks/review.py [--photos 10000] [--decisions 40] [--pause 1.0] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from case import RUN, record  # the neighbour of this file
from PIL import Image, ImageDraw
from playwright.sync_api import Page, sync_playwright

from serialscan.case import CaseWriter
from serialscan.case.read import read_record
from serialscan.record import Line, SerialCandidate, SerialReading, Source, to_json

SIZE = (4000, 3000)  # px
SHOWN = """
addEventListener("DOMContentLoaded", () => {
  window.shown = [];  // time and what stood on the screen; pictures are decoded before they are put there
  window.pressed = [];
  addEventListener("keydown", () => window.pressed.push(performance.now()), true);
  const ready = () => document.querySelector("#choices button") && !document.body.hasAttribute("aria-busy");
  const note = () => requestAnimationFrame(() => requestAnimationFrame(() => {
    if (!ready()) return note();
    const path = document.querySelector("#fact-path").textContent;
    window.shown.push([performance.now(), path, document.querySelector("#source").className]);
  }));
  const whole = document.querySelector("#whole");
  new MutationObserver(note).observe(whole, { childList: true, subtree: true });
});
"""
WAIT = """(kind) => new Promise((done) => {
  const since = window.pressed.at(-1) ?? 0;
  const there = () => window.shown.some((one) => one[0] > since && one[2].endsWith(kind));
  const look = () => (there() ? done() : setTimeout(look, 20));
  look();
})"""


def main() -> None:
    """Make the case, review it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--decisions", type=int, default=40)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two decisions")
    parser.add_argument("--keep", type=Path, help="keep the case in this folder, for the next time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        kept = options.keep or Path(name)
        made = kept / "made.case"
        if not made.is_file():
            kept.mkdir(exist_ok=True)
            made = make(kept, options.photos, options.decisions + 3)
        path = Path(name) / "a.case"
        shutil.copyfile(made, path)
        os.sync()  # what was just copied is not the review's to write
        print(f"case of {options.photos} photos, {path.stat().st_size >> 20} MiB")
        started = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", "serialscan", "review", path, "--assist", "--no-browser", "--by", "A"],
            stderr=subprocess.PIPE, text=True,
        ) as server, sync_playwright() as playwright:  # fmt: skip
            assert server.stderr is not None
            address = ""
            while not address:
                found = re.search(r"http://\S+", server.stderr.readline())
                address = found[0] if found else ""
            print(f"from the command to the address: {time.perf_counter() - started:.2f} s")
            chromium = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1366, "height": 850})
            page.set_default_timeout(120_000)
            page.add_init_script(SHOWN)
            review(page, address, options.decisions, options.pause)
            browser.close()
            server.send_signal(signal.SIGINT)


def review(page: Page, address: str, decisions: int, pause: float) -> None:
    """Accept so many serials, and print how long each took."""
    page.goto(address)
    page.evaluate(WAIT, "original")
    entries: list[Any] = page.evaluate("window.shown")
    original = next(at for at, _, source in entries if source.endswith("original"))
    print(f"first photo shown after {entries[0][0] / 1000:.2f} s, its original after {original / 1000:.2f} s")
    for _ in range(decisions):
        time.sleep(pause)
        page.keyboard.press("Enter")
        page.evaluate(WAIT, "")
    page.evaluate(WAIT, "original")
    entries, pressed = page.evaluate("window.shown"), page.evaluate("window.pressed")
    first, best, small = [], [], 0
    for at, after in zip(pressed, [*pressed[1:], float("inf")], strict=True):
        later = [one for one in entries if at < one[0] < after]
        first.append(later[0][0] - at)
        small += not later[0][2].endswith("original")
        best += [one[0] - at for one in later if one[2].endswith("original")][:1]
    for name, took in (("the next photo", first), ("its original", best)):
        took.sort()
        at = took[int(0.95 * (len(took) - 1))]
        print(
            f"from the key to {name}: median {statistics.median(took):.0f} ms, 95 % under {at:.0f} ms, "
            f"longest {took[-1]:.0f} ms ({len(took)} of {len(pressed)} decisions)"
        )
    print(f"shown as small picture first: {small} of {len(pressed)}")


def make(folder: Path, photos: int, with_files: int) -> Path:
    """A case, with the files of its most doubtful photos."""
    path = folder / "made.case"
    noise = np.random.default_rng(1).integers(90, 170, (SIZE[1] // 8, SIZE[0] // 8, 3), np.uint8)
    ground = Image.fromarray(noise).resize(SIZE, Image.Resampling.BICUBIC)
    small = BytesIO()
    ground.resize((320, 240)).save(small, "JPEG")
    with CaseWriter(path) as writer:
        writer._connection.execute("PRAGMA journal_mode = OFF")  # made quickly; the review has it as usual
        writer._connection.execute("PRAGMA synchronous = OFF")
        run = writer.begin_run(RUN)
        for number in range(photos):
            made = read_record(record(number))
            data = str(number).encode()
            if number < with_files:
                photo = ground.copy()
                ImageDraw.Draw(photo).text((1200, 1400), f"AB{number:05}", fill=(20, 20, 20), font_size=160)
                stored = BytesIO()
                photo.save(stored, "JPEG", quality=92)
                data = stored.getvalue()
                (folder / f"{number}.jpg").write_bytes(data)
            writer.add_record(
                run, decided_on(made, folder / f"{number}.jpg", data, number), None, small.getvalue()
            )
        writer.end_run(run, ok=photos, failed=0)
    return path


def decided_on(made: Any, path: Path, data: bytes, number: int) -> bytes:
    """The record with a serial for review; the smaller its number, the more doubtful."""
    corners = ((1190.0, 1390.0), (1900.0, 1390.0), (1900.0, 1580.0), (1190.0, 1580.0))
    line: Line = msgspec.structs.replace(made.lines[0], text=f"AB{number:05}", polygon=corners)
    sure = 0.2 + number / 1_000_000
    serial = SerialReading(
        value=line.text,
        status="readable",
        decision="review",
        confidence=sure,
        candidates=(SerialCandidate(value=line.text, confidence=sure, evidence=(line.id,)),),
    )
    source = Source(
        path=str(path),
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        width=SIZE[0],
        height=SIZE[1],
    )
    lines = (line, *made.lines[1:])
    return to_json(msgspec.structs.replace(made, lines=lines, serial=serial, source=source))


if __name__ == "__main__":
    main()
