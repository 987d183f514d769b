"""Fits the calibration of lines on labelled photos that no network was taught on.

    serialscan render --held-back --count 260 --seed 88001 --megapixels 1.2 --out CAL
    python training/calibrate.py CAL/labels.jsonl

Lines are taken in halves by photo: one half fits, the other gives the error that is written; the
stored model is fitted on all.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from vendor import pin

from serialscan.evaluate.metrics import calibration_error, reliability
from serialscan.evaluate.score import folded
from serialscan.photo import open_photo
from serialscan.reading.calibrate import EVIDENCE, FILE, Calibration, evidence
from serialscan.reading.engine import WEIGHTS
from serialscan.reading.reader import Reader
from serialscan.record import Line
from serialscan.settings import Settings

VERSION = 1
RIDGE = 0.02  # per line


def is_right(line: Line, label: dict[str, Any]) -> bool:
    """True if the line is a true line, or several of them and nothing else."""
    rest = folded(line.text)
    known = {folded(t) for t in (*label["lines"], *label.get("fields", {}).values())}
    for text in sorted(known, key=len, reverse=True):
        if text and text in rest:
            rest = rest.replace(text, "", 1)
    return not rest and bool(folded(line.text))


def gathered(paths: list[Path]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Evidence (N, F), right or wrong (N,), number of the photo (N,) of all lines with a digit or letter."""
    settings = Settings()
    reader = Reader(settings, threads=1, calibration=None)
    rows, right, photos = [], [], []
    labels = [(p, json.loads(row)) for p in paths for row in p.read_text(encoding="utf-8").splitlines()]
    for number, (path, label) in enumerate(labels):
        with open_photo(path.parent / label["file"], settings) as opened:
            for page in opened.pages():
                for line in reader.read(page).lines:
                    if folded(line.text):
                        rows.append(evidence(line))
                        right.append(is_right(line, label))
                        photos.append(number)
    return np.array(rows), np.array(right, float), np.array(photos)


def fitted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights and bias (F + 1,) of a logistic model with a small ridge, by Newton's method."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    design = np.concatenate([(x - mean) / spread, np.ones((len(x), 1))], axis=1)
    weights = np.zeros(design.shape[1])
    ridge = np.diag([RIDGE * len(x) * 0.01] * x.shape[1] + [0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (y - p) - ridge @ weights
        hessian = (design * (p * (1 - p))[:, None]).T @ design + ridge + 1e-9 * np.eye(len(weights))
        weights = weights + np.linalg.solve(hessian, gradient)
    slope = weights[:-1] / spread
    return np.append(slope, weights[-1] - slope @ mean)


def main() -> None:
    """Fit, say how well it holds, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("labels", nargs="+", type=Path)
    parser.add_argument("--data", default="rendered photos of held-back letters and surfaces, seed 88001")
    a = parser.parse_args()
    x, y, photos = gathered(a.labels)
    halves = [photos % 2 == k for k in (0, 1)]
    said = np.zeros(len(y))
    for fit, test in (halves, halves[::-1]):
        weights = fitted(x[fit], y[fit])
        said[test] = 1 / (1 + np.exp(-(x[test] @ weights[:-1] + weights[-1])))
    error = calibration_error(reliability(said.tolist(), [bool(v) for v in y]))
    weights = fitted(x, y)
    model = Calibration(
        version=VERSION, fitted_on=a.data, lines=len(y), error=round(float(error or 0.0), 4),
        weights={n: round(float(w), 4) for n, w in zip(EVIDENCE, weights[:-1], strict=True)},
        bias=round(float(weights[-1]), 4),
    )  # fmt: skip
    (WEIGHTS / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=2) + b"\n")
    pin()
    sys.stdout.write(f"{len(y)} lines, {y.mean():.3f} right, calibration error {error:.4f}\n")
    for row in reliability(said.tolist(), [bool(v) for v in y]):
        sys.stdout.write(f"  {row}\n")


if __name__ == "__main__":
    main()
