"""Fits the model that tells lines of the item from lines behind it (`serialscan/reading/where.py`).

    serialscan render --whole --count 60 --seed 601 --megapixels 0.8 --out WHOLE
    serialscan render --count 30 --seed 602 --megapixels 0.7 --out CLOSE
    python training/where.py WHOLE/labels.jsonl CLOSE/labels.jsonl

All lines of a photo without ``where`` in its label stand on the item. Tells the weights, and how well each
half of the lines is judged by a model that was fitted on the other one.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np

from serialscan.reading.where import BACKGROUND, ITEM, evidence

RIDGE = 2e-3  # per line


def measured(labels: Path) -> tuple[list[dict[str, float]], list[bool]]:
    """The evidence of every legible line of some photos, and whether it stands on the item."""
    seen, item = [], []
    for row in map(json.loads, labels.read_text(encoding="utf-8").splitlines()):
        rgb = cv2.cvtColor(cv2.imread(str(labels.parent / row["file"])), cv2.COLOR_BGR2RGB)
        places = row.get("where") or ["item"] * len(row["lines"])
        for outline, height, place in zip(row["polygons"], row["glyph_height_px"], places, strict=True):
            one = evidence(rgb, np.array(outline, np.float32), height)
            if one is not None:
                seen.append(one)
                item.append(place == "item")
    return seen, item


def fitted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights and bias of a logistic model with a small ridge, by Newton's method."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    design = np.c_[(x - mean) / spread, np.ones(len(x))]
    weights = np.zeros(design.shape[1])
    ridge = np.diag([RIDGE * len(x)] * x.shape[1] + [1e-9])
    for _ in range(40):
        p = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (y - p) - ridge @ weights
        hessian = (design * (p * (1 - p))[:, None]).T @ design + ridge
        weights = weights + np.linalg.solve(hessian, gradient)
    slope = weights[:-1] / spread
    return np.r_[slope, weights[-1] - slope @ mean]


def main() -> None:
    """Fit and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("labels", type=Path, nargs="+")
    seen, item = [], []
    for labels in options.parse_args().labels:
        more, where = measured(labels)
        seen, item = [*seen, *more], [*item, *where]
    names = list(seen[0])
    x, y = np.array([list(one.values()) for one in seen]), np.array(item, float)
    half = np.arange(len(x)) % 2 == 0
    judged = np.empty(len(x))
    for part in (half, ~half):
        model = fitted(x[~part], y[~part])
        judged[part] = 1 / (1 + np.exp(-(x[part] @ model[:-1] + model[-1])))
    model = fitted(x, y)
    weights = {name: round(float(w), 2) for name, w in zip(names, model, strict=False)}
    told = [f"weights {weights}, bias {model[-1]:.2f}"]
    for name, true in (("item", y > 0), ("background", y == 0)):
        p = judged[true]
        told.append(
            f"{name}: {len(p)} lines, called item {np.mean(p >= ITEM):.1%}, "
            f"background {np.mean(p <= BACKGROUND):.1%}, unknown {np.mean((p > BACKGROUND) & (p < ITEM)):.1%}"
        )
    sys.stdout.write("".join(f"{line}\n" for line in told))


if __name__ == "__main__":
    main()
