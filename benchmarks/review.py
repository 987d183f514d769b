"""How quick the page of a review is: to its first photo, and from one decision to the next photo.

Records are made up, of the size that a scan gives them. The first photos are there as files of 12 megapixels;
of the others the case has a preview. Needs Chromium and the test parts.

    python benchmarks/review.py [--photos 10000] [--decisions 40] [--pause 1.0]
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import statistics
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
from serialscan.review.desk import Desk, Rules
from serialscan.review.serve import running
from serialscan.review.texts import texts
from serialscan.settings import Settings

SIZE = (4000, 3000)  # px
SHOWN = """() => {
  window.shownAt = [];
  const path = document.querySelector("#fact-path");
  const note = () => requestAnimationFrame(() => window.shownAt.push(performance.now()));
  new MutationObserver(note).observe(path, { childList: true, characterData: true, subtree: true });
  window.pressedAt = [];
  document.addEventListener("keydown", () => window.pressedAt.push(performance.now()), true);
}"""


def main() -> None:
    """Make the case, review it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--decisions", type=int, default=40)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between two decisions")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = make(Path(name), options.photos, options.decisions + 3)
        started = time.perf_counter()
        desk = Desk(path, Rules(mode="assist"), Settings(), None, print)
        print(f"case of {options.photos} photos, {path.stat().st_size >> 20} MiB: open after", end=" ")
        print(f"{time.perf_counter() - started:.2f} s")
        desk.set_person("A. Doe", "", "")
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        with running(desk, texts()) as served, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1366, "height": 850})
            page.set_default_timeout(120_000)
            review(page, served.address, options.decisions, options.pause)
            browser.close()


def review(page: Page, address: str, decisions: int, pause: float) -> None:
    """Accept so many serials, and print how long each took."""
    started = time.perf_counter()
    page.goto(address)
    page.locator("#choices button").first.wait_for()
    print(f"first photo shown after {time.perf_counter() - started:.2f} s")
    page.evaluate(SHOWN)
    for number in range(decisions):
        time.sleep(pause)
        page.keyboard.press("Enter")
        while page.evaluate("window.shownAt.length") <= number:
            time.sleep(0.01)
    shown: list[Any] = page.evaluate("window.shownAt")
    pressed: list[Any] = page.evaluate("window.pressedAt")
    took = sorted(b - a for a, b in zip(pressed, shown, strict=True))
    at = took[int(0.95 * (len(took) - 1))]
    print(
        f"from the key to the next photo: median {statistics.median(took):.0f} ms, "
        f"95 % under {at:.0f} ms, longest {took[-1]:.0f} ms ({len(took)} decisions)"
    )


def make(folder: Path, photos: int, with_files: int) -> Path:
    """A case, with the files of its most doubtful photos."""
    path = folder / "a.case"
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
