"""Fits the confidences on labelled photos that no network was taught on.

    serialscan render --held-back --count 260 --seed 88001 --megapixels 1.5 --out CAL1
    serialscan render --held-back --count 240 --seed 88002 --megapixels 2 --out CAL2
    serialscan render --held-back --count 500 --seed 88003 --megapixels 1.5 --out CAL3
    serialscan render --held-back --count 500 --seed 88004 --megapixels 1.2 --out CAL4
    python training/calibrate.py lines CAL?/labels.jsonl

    serialscan render --held-back --traps --count 500 --seed 91001 --megapixels 1.3 --out TRAPS
    serialscan render --held-back --count 400 --seed 91003 --megapixels 1.3 --out PLAIN
    python training/calibrate.py accept TRAPS/labels.jsonl PLAIN/labels.jsonl

``lines`` fits the probability that a line is read right. Photos are taken in halves: each half is judged by a
model that was fitted on the other, which gives the calibration error; the stored model is fitted on all.
``accept`` takes the lines' model as it is. It finds the least confidence at which accepted serials keep to a
share of errors, on photos of which more than half are traps: serials that are read rightly and are not whole.
Both name the label files with their SHA-256, and the model names the recipe that read the lines.

``python training/calibrate.py keep`` lets the model stand for a changed recipe, if no line's text and no vote
depends on the change, as ``serialscan evaluate --baseline`` must have shown. After others fit again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
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
from serialscan.evaluate.score import folded
from serialscan.glyphs import match_key
from serialscan.marking import load_knowledge, read_marks
from serialscan.marking.choose import decide
from serialscan.marking.iuid import with_message
from serialscan.photo import open_photo
from serialscan.reading.calibrate import (
    EVIDENCE,
    FILE,
    Calibration,
    calibrated,
    evidence,
    load_calibration,
)  # fmt: skip
from serialscan.reading.reader import Reader
from serialscan.reading.weights import WEIGHTS
from serialscan.recipe import NORMAL
from serialscan.record import Code, Line
from serialscan.settings import Settings

VERSION = 10
RECIPE = NORMAL  # what the lines are read with; the model names it
RIDGE = 2e-4  # per line
LEAST_PART = 3  # letters and digits of a text that may be a part of a serial
STATED = 0.02  # ridge per serial that keeps the weights of completeness near the stated ones
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

    @property
    def serials(self) -> set[str]:
        """Match keys of the true serial, legible or not."""
        true = (self.label["serial"], self.label.get("fields", {}).get("serial"))
        return {match_key(t) for t in true if t is not None}

    def serial_right(self, value: str) -> bool:
        """Whether a serial is the true one, as a register searches it."""
        return match_key(value) in self.serials

    def serial_whole(self, value: str) -> bool | None:
        """Whether a number is all of the true serial; None if it is no part of it."""
        key = match_key(value)
        if key in self.serials:
            return True
        is_part = any(key in true for true in self.serials)
        return False if is_part and len(key) >= LEAST_PART else None


def _only(text: str, known: set[str]) -> bool:
    for one in sorted(known - {""}, key=lambda t: (-len(t), t)):
        text = text.replace(one, "", 1)
    return not text


@cache
def _reader() -> Reader:
    return Reader(Settings(), RECIPE, threads=1, calibration=None)


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
        recipe=RECIPE.name, recipe_digest=RECIPE.lines_digest,
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


def completeness_weights(photos: Sequence[Read]) -> list[tuple[str, float, float, int]]:
    """The weights of completeness that fit the photos best, near the stated ones.

    A logistic model over what each reason counted, of the numbers that are the true serial or a part of it.

    Returns:
        For each code the stated weight, the fitted one, and how many serials have such a reason.
    """
    knowledge = load_knowledge()
    rows: list[dict[str, float]] = []
    whole: list[bool] = []
    for photo in photos:
        _, serial = read_marks(photo.lines, photo.codes, knowledge)
        for one in serial.candidates:
            if one.complete is not None and (is_whole := photo.serial_whole(one.value)) is not None:
                counted: dict[str, float] = {}
                for reason in one.complete.reasons:
                    times = reason.weight / knowledge.weights[reason.code]
                    counted[reason.code] = counted.get(reason.code, 0.0) + times
                rows.append(counted)
                whole.append(is_whole)
                break
    codes = sorted({code for row in rows for code in row})
    stated = np.array([knowledge.weights[code] for code in codes])
    x = np.array([[row.get(code, 0.0) for code in codes] for row in rows])
    y = np.array(whole, float)
    weights = stated.copy()
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (y - p) - STATED * len(y) * (weights - stated)
        hessian = (x * (p * (1 - p))[:, None]).T @ x + STATED * len(y) * np.eye(len(codes))
        weights = weights + np.linalg.solve(hessian, gradient)
    counts = [(x[:, i] != 0).sum() for i in range(len(codes))]
    return [
        (c, float(s), float(w), int(n)) for c, s, w, n in zip(codes, stated, weights, counts, strict=True)
    ]


def main() -> None:
    """Read the photos and fit."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("lines", "accept", "keep"))
    parser.add_argument("labels", nargs="*", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="file that keeps the lines read, or has them from before")
    a = parser.parse_args()
    if a.what == "keep":
        store(
            msgspec.structs.replace(load_calibration(), recipe=RECIPE.name, recipe_digest=RECIPE.lines_digest)
        )
        return
    if not a.labels:
        parser.error(f"{a.what} needs label files")
    name = provenance(a.labels)  # before hours of reading, in which a file may change
    tasks = [
        (path.parent / label["file"], label)
        for path in a.labels
        for label in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]
    if a.keep is not None and a.keep.exists():
        digest, photos = pickle.loads(a.keep.read_bytes())
        if digest != RECIPE.lines_digest:
            raise SystemExit(f"{a.keep} was read with another recipe: name a new file")
    else:
        with ProcessPoolExecutor(a.jobs) as pool:
            photos = list(pool.map(read, tasks, chunksize=4))
        if a.keep is not None:
            a.keep.write_bytes(pickle.dumps((RECIPE.lines_digest, photos)))
    model, told = (fit_lines if a.what == "lines" else fit_accept)(photos, name)
    store(model)
    sys.stdout.write("".join(f"{line}\n" for line in told))


def store(model: Calibration) -> None:
    """Put a calibration in the place of the one that ships, and pin it."""
    (WEIGHTS / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=2) + b"\n")
    pin()


def fit_lines(photos: Sequence[Read], name: str) -> tuple[Calibration, list[str]]:
    """The model of the lines, fitted on photos of that name, and how well it holds, in words."""
    said: list[tuple[float, bool]] = []
    for half in (0, 1):
        model = fitted(photos[1 - half :: 2], name)
        for photo in photos[half::2]:
            sure = [model.probability(line, *photo.size) for line in photo.lines]
            said += zip(sure, photo.right, strict=True)
    bins = reliability([p for p, _ in said], [r for _, r in said])
    error = calibration_error(bins) or 0.0
    told = [f"{len(said)} lines, {np.mean([r for _, r in said]):.3f} right, calibration error {error:.4f}"]
    told += [
        f"  {one.low:.1f}-{one.high:.1f}: {one.confidence:.3f} said, {one.right}/{one.claims} right"
        for one in bins
    ]
    before = load_calibration()
    return msgspec.structs.replace(
        fitted(photos, name), error=round(error, 4), accept=before.accept, accepted_on=before.accepted_on
    ), [*told, "now fit accept: its least confidences are those of the model before"]


def fit_accept(photos: Sequence[Read], name: str) -> tuple[Calibration, list[str]]:
    """The shipped model with the least confidences of accepted serials, and what they let pass, in words."""
    knowledge, model = load_knowledge(), load_calibration()
    if not model.fits(RECIPE):
        raise SystemExit("the lines' model was fitted to another recipe: fit lines first")
    serials: list[tuple[float, bool]] = []
    for photo in photos:
        sure = [model.probability(line, *photo.size) for line in photo.lines]
        lines = [calibrated(line, p) for line, p in zip(photo.lines, sure, strict=True)]
        _, serial = read_marks(lines, photo.codes, knowledge)
        if serial.value is not None and decide(serial, 0.0).decision == "accept":
            serials.append((serial.confidence, photo.serial_right(serial.value)))
    told = ["completeness, fitted near the stated weights (knowledge/weights.toml):"]
    told += [
        f"  {code}: {stated:+.2f} stated, {weight:+.2f} fitted, in {count} serials"
        for code, stated, weight, count in completeness_weights(photos)
    ]
    accept = [(share, accepted_from(serials, share)) for share in SHARES]
    for share, least in accept:
        taken = [right for p, right in serials if least is not None and p >= least]
        wrong = len(taken) - sum(taken)
        told.append(f"share {share}: from {least}, {len(taken)} of {len(photos)} accepted, {wrong} wrong")
    kept = tuple((share, least) for share, least in accept if least is not None)
    return msgspec.structs.replace(model, version=VERSION, accepted_on=name, accept=kept), told


if __name__ == "__main__":
    main()
