"""Tunes the detector on rendered photos; resumes by itself.

    python training/detector.py --out runs/d1 --photos 4000

What is learnt is the map of differentiable binarisation (Liao et al. 2020): every line's outline, grown to
the margin that people leave who outline text by hand, and shrunk by their equation 10. Lines that hardly
anybody can read are left out of the loss.
"""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from graph import Graph
from lines import LEAST_TAUGHT
from torch.nn import functional as F
from tuning import Tuning, half, parser, rendered

from serialscan.render import render_random
from serialscan.render.photo import Photo
from serialscan.render.wholes import render_wholes

MODELS = Path(__file__).parent.parent / "serialscan" / "reading" / "models"
SIDE = 448  # of a crop in px
SHRINK = 0.4
MARGIN = 0.22  # of the height, on each side: rendered outlines touch the glyphs
CROPS = 2  # of each photo
NEGATIVES = 3  # hardest pixels without text that count, for each one with text
BLOCK = 4

Example = tuple[np.ndarray, np.ndarray, np.ndarray]


def examples(seed: int, whole: float = 0.0) -> list[Example]:
    """Crops (S, S, 3) uint8 of one photo with their target and weight maps (S, S) uint8.

    ``whole`` is the share of photos of whole items.
    """
    rng = np.random.default_rng((seed, 2))
    if whole and rng.random() < whole:
        ((_, photo),) = render_wholes(1, seed, megapixels=float(rng.uniform(0.8, 1.6)))
        return [_cropped(rng, photo) for _ in range(2 * CROPS)]
    ((_, photo),) = render_random(1, seed, megapixels=float(rng.uniform(0.4, 1.0)))
    return [_cropped(rng, photo) for _ in range(CROPS)]


def _cropped(rng: np.random.Generator, photo: Photo) -> Example:
    pixels = photo.pixels
    height, width = pixels.shape[:2]
    lines = photo.truth.lines
    shown = [one for one in lines if ((one.polygon > 0) & (one.polygon < [width, height])).all()]
    scale = float(np.exp(rng.uniform(math.log(0.5), math.log(1.4))))
    middle = np.array([width, height]) * rng.uniform(0.2, 0.8, 2)
    if shown and rng.random() < 0.85:
        line = shown[int(rng.integers(len(shown)))]
        middle = line.polygon.mean(axis=0) + rng.normal(0, 0.2 * SIDE / scale, 2)
        wanted = float(np.exp(rng.uniform(math.log(9), math.log(70))))
        if line.glyph_height_px > 0:
            scale = float(np.clip(wanted / line.glyph_height_px, 0.3, 2.0))
    scale = max(scale, 0.9 * SIDE / min(height, width))
    if scale < 0.8:  # warpAffine does not average what it shrinks
        size = (math.ceil(width * scale), math.ceil(height * scale))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        smaller, scale = np.array(size) / [width, height], 1.0
    else:
        smaller = np.ones(2)
    room = np.maximum(np.array([width, height]) * smaller * scale - SIDE, 0) / scale / 2
    centre = np.array([width, height]) * smaller / 2
    middle = np.clip(middle * smaller, centre - room, centre + room)
    angle = float(rng.choice([0, 0, 0, 90, 180, 270])) + float(rng.normal(0, 5))
    turn = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), angle, scale)
    turn[:, 2] += SIDE / 2 - middle
    crop = cv2.warpAffine(
        pixels, turn, (SIDE, SIDE), flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT, borderValue=pixels.mean(axis=(0, 1)).tolist(),
    )  # fmt: skip
    target, weight = np.zeros((SIDE, SIDE), np.uint8), np.ones((SIDE, SIDE), np.uint8)
    for line in sorted(lines, key=lambda one: one.shows(LEAST_TAUGHT)):
        outline = np.c_[line.polygon * smaller, np.ones(len(line.polygon))] @ turn.T
        glyph_height = line.glyph_height_px * scale * float(smaller.mean())
        mask = np.zeros((SIDE, SIDE), np.uint8)
        cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
        margin = round(MARGIN * glyph_height)
        if margin and mask.any():
            disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
            mask = cv2.dilate(mask, disc)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        area = sum(cv2.contourArea(one) for one in contours)
        length = sum(cv2.arcLength(one, True) for one in contours)
        if not line.shows(LEAST_TAUGHT) or glyph_height < 6:
            weight[mask > 0] = 0
            continue
        weight[mask > 0] = 1
        inside = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
        shrunk = (inside > area * (1 - SHRINK**2) / max(length, 1.0)) & (mask > 0)
        target[shrunk] = 1
        weight[(mask > 0) & ~shrunk & (inside > 0)] = 1
    return crop, target, weight


def loss_of(logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the text and of the hardest of the rest, and Dice (Milletari et al. 2016)."""
    each = F.binary_cross_entropy_with_logits(logits, target, reduction="none") * weight
    text = target * weight
    positives = each[text > 0]
    rest = each[(text == 0) & (weight > 0)]
    hardest = rest.topk(min(len(rest), max(2000, NEGATIVES * len(positives)))).values
    probability = torch.sigmoid(logits)
    shared = (probability * text).sum()
    dice = 1 - (2 * shared + 1) / ((probability * weight).sum() + text.sum() + 1)
    return 5 * torch.cat([positives, hardest]).mean() + dice


def _block(whole: float, first: int) -> list[Example]:
    return [one for seed in range(first, first + BLOCK) for one in examples(seed, whole)]


def main() -> None:
    """Train until the planned number of photos, or until interrupted."""
    options = parser(__doc__, rate=1e-4, seed=30_000_000, ema=0.995)
    options.add_argument("--start", type=Path, default=MODELS / "detector-stock.onnx")
    options.add_argument("--photos", type=int, default=4000)
    options.add_argument("--batch", type=int, default=4, help="crops")
    options.add_argument("--whole", type=float, default=0.0, help="share of photos of whole items")
    a = options.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(a.threads)
    device = torch.device(a.device)
    net = Graph(a.start).to(device, memory_format=torch.channels_last)
    tuning = Tuning(net, a.out, rate=a.rate, ema=a.ema, warm=50, seed=a.seed)
    waiting: list[Example] = []
    for following, found in rendered(partial(_block, a.whole), tuning.seed, BLOCK, a.workers):
        tuning.seed = following
        waiting += found
        tuning.done += BLOCK
        while len(waiting) >= a.batch:
            batch, waiting = waiting[: a.batch], waiting[a.batch :]
            bgr = np.stack([crop[:, :, ::-1] for crop, _, _ in batch]).astype(np.float32)
            x = torch.from_numpy(np.ascontiguousarray((bgr * (2 / 255) - 1).transpose(0, 3, 1, 2)))
            target, weight = (
                torch.from_numpy(np.stack([one[k] for one in batch]).astype(np.float32)).to(device)
                for k in (1, 2)
            )
            with half(device):
                logits = net(x.to(device, memory_format=torch.channels_last))
            loss = loss_of(logits.float()[:, 0], target, weight)
            tuning.learn(loss, tuning.done / a.photos)
            tuning.losses.append(float(loss.detach()))
        over = tuning.done >= a.photos
        tuning.checkpoint(now=over)
        if over:
            return


if __name__ == "__main__":
    main()
