"""Tunes the detector on rendered photos; resumes by itself.

    python training/detector.py --out runs/d1 --photos 4000

What is learnt is the map of differentiable binarisation (Liao et al. 2020): every line's outline, grown to
the margin that people leave who outline text by hand, and shrunk by their equation 10. Lines that hardly
anybody can read are left out of the loss.

With ``--teacher`` a small network learns the map of a larger one instead (Hinton, Vinyals and Dean 2015), of
photos into which print is pasted, in many lights: what is right matters less there than variety.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from bump import as_jpeg
from graph import Graph
from lines import LEAST_TAUGHT, printed
from torch.nn import functional as F
from tuning import Tuning, half, parser, rendered

from serialscan.render import render_random
from serialscan.render.photo import Photo

MODELS = Path(__file__).parent.parent / "serialscan" / "reading" / "models"
SIDE = 448  # of a crop in px
SHRINK = 0.4
MARGIN = 0.22  # of the height, on each side: rendered outlines touch the glyphs
CROPS = 2  # of each photo
NEGATIVES = 3  # hardest pixels without text that count, for each one with text
BLOCK = 4
SCENES = 5  # of each photo, for a teacher
PASTED = 0.4  # of them with print
TEXT = 0.1  # a teacher's probability from which a pixel counts as text

Example = tuple[np.ndarray, np.ndarray, np.ndarray]


def examples(seed: int) -> list[Example]:
    """Crops (S, S, 3) uint8 of one photo with their target and weight maps (S, S) uint8."""
    rng = np.random.default_rng((seed, 2))
    ((_, photo),) = render_random(1, seed, megapixels=float(rng.uniform(0.4, 1.0)))
    return [_cropped(rng, photo) for _ in range(CROPS)]


def scenes(seed: int) -> list[np.ndarray]:
    """Crops (S, S, 3) uint8 of one photo, some with print, each in a light of its own."""
    rng = np.random.default_rng((seed, 3))
    ((_, photo),) = render_random(1, seed, megapixels=float(rng.uniform(0.4, 1.2)))
    return [_lit(rng, _with_print(rng, _cropped(rng, photo)[0])) for _ in range(SCENES)]


def _with_print(rng: np.random.Generator, crop: np.ndarray) -> np.ndarray:
    if rng.random() > PASTED:
        return crop
    turn = float(rng.choice([0, 0, 0, 90, 180, 270])) + float(rng.normal(0, 8))
    for _ in range(int(rng.integers(1, 6))):
        picture, _ = printed(rng)
        height, width = picture.shape[:2]
        scale = float(np.exp(rng.uniform(math.log(12), math.log(90)))) / height
        to = cv2.getRotationMatrix2D((width / 2, height / 2), turn + float(rng.normal(0, 2)), scale)
        to[:, 2] += rng.uniform(0, SIDE, 2) - [width / 2, height / 2]
        inside = cv2.warpAffine(np.ones((height, width), np.float32), to, (SIDE, SIDE))[..., None]
        pasted = cv2.warpAffine(picture, to, (SIDE, SIDE), flags=cv2.INTER_AREA)
        crop = (crop * (1 - inside) + pasted * inside).astype(np.uint8)
    return crop


def _lit(rng: np.random.Generator, crop: np.ndarray) -> np.ndarray:
    """Contrast, brightness, tint, blur and grain drawn anew."""
    light = crop.astype(np.float32) / 255
    if rng.random() < 0.1:
        light = 1 - light
    if rng.random() < 0.1:
        light = light.mean(axis=2, keepdims=True).repeat(3, axis=2)
    light = light ** float(np.exp(rng.normal(0, 0.3)))
    contrast, tint = float(np.exp(rng.normal(-0.1, 0.3))), rng.normal(1, 0.06, 3)
    light = (0.5 + (light - 0.5) * contrast + float(rng.normal(0, 0.08))) * tint
    if rng.random() < 0.25:
        light = cv2.GaussianBlur(light, (0, 0), float(rng.uniform(0.4, 1.6)))
    if rng.random() < 0.4:
        light = light + rng.normal(0, rng.gamma(1.5, 0.012), light.shape)
    crop = np.clip(light * 255, 0, 255).astype(np.uint8)
    return as_jpeg(crop, int(rng.integers(35, 95))) if rng.random() < 0.5 else crop


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


def told(logits: torch.Tensor, taught: torch.Tensor) -> torch.Tensor:
    """`loss_of` with what a teacher says for truth, doubts included; both (N, S, S) logits."""
    target = torch.sigmoid(taught)
    each = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    text = target > TEXT
    rest = each[~text]
    hardest = rest.topk(min(len(rest), max(2000, NEGATIVES * int(text.sum())))).values
    probability = torch.sigmoid(logits)
    shared, areas = (probability * target).sum(), probability.square().sum() + target.square().sum()
    return 5 * torch.cat([each[text], hardest]).mean() + 1 - (2 * shared + 1) / (areas + 1)


def _block(first: int) -> list[Example]:
    return [one for seed in range(first, first + BLOCK) for one in examples(seed)]


def _scenes(first: int) -> list[np.ndarray]:
    return [one for seed in range(first, first + BLOCK) for one in scenes(seed)]


def _input(crops: list[np.ndarray], device: torch.device) -> torch.Tensor:
    bgr = np.stack([crop[:, :, ::-1] for crop in crops]).astype(np.float32)
    x = torch.from_numpy(np.ascontiguousarray((bgr * (2 / 255) - 1).transpose(0, 3, 1, 2)))
    return x.to(device, memory_format=torch.channels_last)


def main() -> None:
    """Train until the planned number of photos, or until interrupted."""
    options = parser(__doc__, rate=1e-4, seed=30_000_000, ema=0.995)
    options.add_argument("--start", type=Path, default=MODELS / "detector-stock.onnx")
    options.add_argument("--teacher", type=Path, help="a detector whose maps are learnt instead of outlines")
    options.add_argument("--relative", action="store_true", help="the rate is a share of each tensor's size")
    options.add_argument("--photos", type=int, default=4000)
    options.add_argument("--batch", type=int, default=4, help="crops")
    a = options.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(a.threads)
    device = torch.device(a.device)
    net = Graph(a.start).to(device, memory_format=torch.channels_last)
    teacher = None
    if a.teacher:
        teacher = Graph(a.teacher).to(device, memory_format=torch.channels_last).requires_grad_(False)
    tuning = Tuning(net, a.out, rate=a.rate, ema=a.ema, warm=50, seed=a.seed, relative=a.relative)
    waiting: list[Any] = []
    block: Callable[[int], list[Any]] = _scenes if teacher else _block
    for following, found in rendered(block, tuning.seed, BLOCK, a.workers):
        tuning.seed = following
        waiting += found
        tuning.done += BLOCK
        while len(waiting) >= a.batch:
            batch, waiting = waiting[: a.batch], waiting[a.batch :]
            x = _input(batch if teacher else [crop for crop, _, _ in batch], device)
            # A small network's maps differ too much in bfloat16, and it is hardly faster.
            with nullcontext() if teacher else half(device):
                logits = net(x).float()[:, 0]
            if teacher:
                with torch.no_grad(), half(device):
                    taught = teacher(x).float()[:, 0]
                loss = told(logits, taught)
            else:
                target, weight = (
                    torch.from_numpy(np.stack([one[k] for one in batch]).astype(np.float32)).to(device)
                    for k in (1, 2)
                )
                loss = loss_of(logits, target, weight)
            tuning.learn(loss, tuning.done / a.photos)
            tuning.losses.append(float(loss.detach()))
        over = tuning.done >= a.photos
        tuning.checkpoint(now=over)
        if over:
            return


if __name__ == "__main__":
    main()
