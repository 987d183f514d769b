"""Fits the confidences on labelled photos that no network was taught on.

    serialscan render --held-back --count 260 --seed 88001 --megapixels 1.5 --out CAL1
    serialscan render --held-back --count 240 --seed 88002 --megapixels 2 --out CAL2
    serialscan render --held-back --count 500 --seed 88003 --megapixels 1.5 --out CAL3
    serialscan render --held-back --count 500 --seed 88004 --megapixels 1.2 --out CAL4
    python training/calibrate.py CAL?/labels.jsonl

Photos are taken in halves: each half is judged by a model that was fitted on the other. That gives the
calibration error of the lines and the least confidence at which accepted serials keep to a share of
errors; the stored model of the lines is fitted on all. It names the label files with their SHA-256.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from vendor import pin

from serialscan.evaluate.metrics import calibration_error, reliability
from serialscan.evaluate.score import equals, folded
from serialscan.marking import load_knowledge, read_marks
from serialscan.marking.choose import decide
from serialscan.marking.iuid import with_message
from serialscan.photo import open_photo
from serialscan.reading.calibrate import EVIDENCE, FILE, Calibration, calibrated, evidence
from serialscan.reading.engine import WEIGHTS
from serialscan.reading.reader import Reader
from serialscan.record import Code, Line
from serialscan.settings import Settings

VERSION = 9
RIDGE = 2e-4  # per line
SHARES = (0.1, 0.05, 0.02, 0.01)  # of wrong serials, for which a least confidence is fitted


@dataclass(frozen=True)
class Read:
    """A photo's lines as fused, its codes, what is true of it, and its width and height in px."""

    lines: tuple[Line, ...]
    codes: tuple[Code, ...]
    label: dict[str, Any]
    size: tuple[int, int]

    @property
    def right(self) -> list[bool]:
        """For each line whether it is a true line, or several of them and nothing else; legible or not."""
        # Rendered photos tell the characters that a line's truth only shows as ?, too.
        whole = ["".join(glyph["char"] for glyph in line) for line in self.label.get("glyphs", ())]
        stands = (*(whole or self.label["lines"]), *self.label.get("illegible_lines", ()))
        known = {folded(t) for t in (*stands, *self.label.get("fields", {}).values())}
        return [_only(folded(line.text), known) for line in self.lines]

    def serial_right(self, value: str) -> bool:
        """Whether a serial is the true one, legible or not."""
        true = (self.label["serial"], self.label.get("fields", {}).get("serial"))
        return any(t is not None and equals(t, value) for t in true)


def _only(text: str, known: set[str]) -> bool:
    for one in sorted(known - {""}, key=lambda t: (-len(t), t)):
        text = text.replace(one, "", 1)
    return not text


@cache
def _reader() -> Reader:
    return Reader(Settings(), threads=1, calibration=None)


def read(task: tuple[Path, dict[str, Any]]) -> Read:
    """Read one labelled photo without calibration.

    Raises:
        SystemExit: it has several pages, whose lines would need a size each.
    """
    path, label = task
    with open_photo(path, Settings()) as opened:
        if opened.source.pages != 1:
            raise SystemExit(f"{path} has {opened.source.pages} pages: label each page as a photo of its own")
        (rgb,) = opened.pages()
    page = _reader().read(rgb)
    height, width = rgb.shape[:2]
    lines = tuple(line for line in page.lines if folded(line.text))
    return Read(lines, tuple(map(with_message, page.codes)), label, (width, height))


def provenance(labels: Sequence[Path]) -> str:
    """The label files that a model is fitted on: folder, name and SHA-256 of each."""
    return ", ".join(
        f"{path.resolve().parent.name}/{path.name} (SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()})"
        for path in labels
    )


def fitted(photos: Sequence[Read], name: str) -> Calibration:
    """A logistic model with a small ridge, by Newton's method."""
    x = np.array([evidence(line, *photo.size) for photo in photos for line in photo.lines])
    y = np.array([right for photo in photos for right in photo.right], float)
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    design = np.concatenate([(x - mean) / spread, np.ones((len(x), 1))], axis=1)
    weights = np.zeros(design.shape[1])
    ridge = np.diag([RIDGE * len(x)] * x.shape[1] + [1e-9])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (y - p) - ridge @ weights
        hessian = (design * (p * (1 - p))[:, None]).T @ design + ridge
        weights = weights + np.linalg.solve(hessian, gradient)
    slope = weights[:-1] / spread
    return Calibration(
        version=VERSION, fitted_on=name, lines=len(y), error=0.0,
        weights={n: round(float(w), 4) for n, w in zip(EVIDENCE, slope, strict=True)},
        bias=round(float(weights[-1] - slope @ mean), 4),
    )  # fmt: skip


def accepted_from(claims: Sequence[tuple[float, bool]], share: float) -> float | None:
    """Least confidence at which the accepted keep to ``share`` (rule of succession); None if none does."""
    least, wrong = None, 0
    ranked = sorted(claims, reverse=True)
    for taken, (confidence, right) in enumerate(ranked, start=1):
        wrong += not right
        last = taken == len(ranked) or ranked[taken][0] < confidence
        if last and (wrong + 1) / (taken + 2) <= share:
            least = confidence
    return least


def main() -> None:
    """Read the photos and fit."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("labels", nargs="+", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    a = parser.parse_args()
    name = provenance(a.labels)  # before hours of reading, in which a file may change
    tasks = [
        (path.parent / label["file"], label)
        for path in a.labels
        for label in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]
    with ProcessPoolExecutor(a.jobs) as pool:
        photos = list(pool.map(read, tasks, chunksize=4))
    fit(photos, name)


def fit(photos: Sequence[Read], name: str) -> None:
    """Fit on photos as read, say how well it holds, and write the file, ``fitted_on`` by that name."""
    knowledge = load_knowledge()
    said: list[tuple[float, bool]] = []
    serials: list[tuple[float, bool]] = []
    for half in (0, 1):
        model = fitted(photos[1 - half :: 2], name)
        for photo in photos[half::2]:
            sure = [model.probability(line, *photo.size) for line in photo.lines]
            said += zip(sure, photo.right, strict=True)
            lines = [calibrated(line, p) for line, p in zip(photo.lines, sure, strict=True)]
            _, serial = read_marks(lines, photo.codes, knowledge)
            if serial.value is not None and decide(serial, 0.0).decision == "accept":
                serials.append((serial.confidence, photo.serial_right(serial.value)))
    bins = reliability([p for p, _ in said], [r for _, r in said])
    error = calibration_error(bins) or 0.0
    accept = [(share, accepted_from(serials, share)) for share in SHARES]
    model = msgspec.structs.replace(
        fitted(photos, name),
        error=round(error, 4),
        accept=tuple((share, least) for share, least in accept if least is not None),
    )
    (WEIGHTS / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=2) + b"\n")
    pin()
    out = sys.stdout
    out.write(
        f"{len(said)} lines, {np.mean([r for _, r in said]):.3f} right, calibration error {error:.4f}\n"
    )
    for one in bins:
        out.write(
            f"  {one.low:.1f}-{one.high:.1f}: {one.confidence:.3f} said, {one.right}/{one.claims} right\n"
        )
    for share, least in accept:
        taken = [right for p, right in serials if least is not None and p >= least]
        wrong = len(taken) - sum(taken)
        out.write(f"share {share}: from {least}, {len(taken)} of {len(photos)} accepted, {wrong} wrong\n")


if __name__ == "__main__":
    main()
