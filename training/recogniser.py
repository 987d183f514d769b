"""Tunes the recogniser on rendered relief; resumes by itself.

    python training/recogniser.py --out runs/r1 --lines 100000

Every line is rendered from its number, so a run repeats from its settings. A checkpoint holds weights,
averaged weights, optimiser and the next seed. On a GPU (``--device cuda``) give ``--workers`` the
host's cores; on two CPU cores one renders and one trains.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import multiprocessing
import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from graph import Graph
from lines import ARABIC, CYRILLIC, Sample, samples
from onnx import numpy_helper
from torch.nn import functional as F

MODELS = Path(__file__).parent.parent / "serialscan" / "reading" / "models"
HEAD = ("linear_8.w_0", "linear_8.b_0")
# A new class starts as a copy of what the stock network calls it, far less likely.
LIKE = dict(zip(CYRILLIC + ARABIC, "6ΓΔXЗNNΛΠYΦUЧWWbbbЗOR.1PP3oYVΛ9Fa7", strict=True)) | {"З": "3", "Ч": "4"}
START_BIAS = -4.0
BLOCK = 32  # seeds that a worker renders at a time
MIXED = 24  # batches that are shuffled together
WIDTHS = (48, 72, 96, 128, 160, 192, 224, 256, 304, 352, 416, 488, 560, 640)
BATCH_PX = 16 * 320
TEACHER = 0.5  # weight of the stock network's posteriors on print


def widened(stock: Path, target: Path) -> list[str]:
    """The stock network with classes for what it lacks; returns all its classes."""
    model = onnx.load(stock)
    (listed,) = [p for p in model.metadata_props if p.key == "character"]
    classes = ["", *listed.value.split("\n")]
    new = [c for c in CYRILLIC + ARABIC if c not in classes]
    like = [classes.index(LIKE[c] if LIKE[c] in classes else "W") for c in new]
    for tensor in model.graph.initializer:
        if tensor.name in HEAD:
            values = numpy_helper.to_array(tensor)
            added = values[..., like] + (START_BIAS if values.ndim == 1 else 0)
            values = np.concatenate([values, added.astype(np.float32)], axis=-1)
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), tensor.name))
    classes += new
    listed.value = "\n".join(classes[1:])
    model.graph.output[0].type.tensor_type.shape.dim[-1].dim_value = len(classes)
    target.write_bytes(model.SerializeToString())
    return classes


def _block(first: int) -> list[Sample]:
    return [sample for seed in range(first, first + BLOCK) for sample in samples(seed)]


def _prepare() -> None:
    if hasattr(os, "nice"):
        os.nice(5)
    cv2.setNumThreads(1)


def _batches(first: int, workers: int) -> Iterator[tuple[int, list[Sample]]]:
    """Full batches of samples of one width class, and the seed from which to go on after each.

    Few shapes in all: the CPU's kernels are made for each shape anew.
    """
    with multiprocessing.get_context("spawn").Pool(workers, _prepare) as pool:
        open_batches: dict[tuple[int, bool], list[Sample]] = {}
        full: list[list[Sample]] = []
        # A bounded queue: results of workers that run ahead would fill the memory.
        blocks = itertools.count(first, BLOCK)
        running = deque(pool.apply_async(_block, (next(blocks),)) for _ in range(4 * workers))
        for block in blocks:
            found = running.popleft().get()
            running.append(pool.apply_async(_block, (block,)))
            seed = block - 4 * workers * BLOCK
            for sample in found:
                width = _width(sample)
                batch = open_batches.setdefault((width, sample.printed), [])
                batch.append(sample)
                if len(batch) == max(1, BATCH_PX // width):
                    full.append(open_batches.pop((width, sample.printed)))
            if len(full) < MIXED:
                continue
            for i in np.random.default_rng(seed).permutation(len(full)):
                yield seed + BLOCK, full[i]
            full = []


def _width(sample: Sample) -> int:
    return min(WIDTHS, key=lambda w: abs(math.log(w / sample.crop.shape[1])))


def _input(batch: list[Sample]) -> torch.Tensor:
    width = _width(batch[0])
    crops = [s.crop if s.crop.shape[1] == width else cv2.resize(s.crop, (width, 48)) for s in batch]
    pixels = np.stack(crops)[:, :, :, ::-1].astype(np.float32) * (2 / 255) - 1
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))


def main() -> None:
    """Train until the planned number of lines, or until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, default=MODELS / "recogniser-stock.onnx")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=2.5e-4)
    parser.add_argument("--seed", type=int, default=10_000_000)
    parser.add_argument("--ema", type=float, default=0.998)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=math.inf)
    a = parser.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    device = torch.device(a.device)
    base = a.out / "start.onnx"
    classes = widened(a.start, base)
    index = {c: i for i, c in enumerate(classes)}
    net = Graph(base).to(device, memory_format=torch.channels_last)
    teacher = Graph(base).to(device, memory_format=torch.channels_last).requires_grad_(False)
    trained = [p for p in net.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=a.rate, weight_decay=1e-4, betas=(0.9, 0.99))
    mean = {n: p.detach().clone() for n, p in net.named_parameters()}
    done, seed, step = 0, a.seed, 0
    state = a.out / "state.pt"
    if state.exists():
        held = torch.load(state, map_location=device)
        net.load_state_dict(held["net"])
        optimiser.load_state_dict(held["optimiser"])
        mean, done, seed, step = held["mean"], held["done"], held["seed"], held["step"]
    began, shown = time.monotonic(), time.monotonic()
    losses: list[float] = []
    log = (a.out / "log.jsonl").open("a", encoding="utf-8")
    for following, batch in _batches(seed, a.workers):
        warm = min(1.0, (step + 1) / 200)
        rate = a.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done / a.lines))))
        for group in optimiser.param_groups:
            group["lr"] = rate
        x = _input(batch).to(device, memory_format=torch.channels_last)
        with torch.autocast(device.type, dtype=torch.bfloat16):
            logits = net(x)
        likely = F.log_softmax(logits.float(), dim=2)
        targets = [[index[c] for c in s.text if c in index][: likely.shape[1] // 2] for s in batch]
        loss = F.ctc_loss(
            likely.transpose(0, 1).cpu(), torch.tensor([i for t in targets for i in t]),
            torch.full((len(batch),), likely.shape[1]), torch.tensor([len(t) for t in targets]),
            zero_infinity=True, reduction="none",
        ).mean() / 8  # fmt: skip
        if batch[0].printed:
            with torch.no_grad(), torch.autocast(device.type, dtype=torch.bfloat16):
                taught = teacher(x)
            taught = F.log_softmax(taught.float(), dim=2)
            loss = loss + TEACHER * F.kl_div(likely, taught, log_target=True, reduction="batchmean") / 8
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 2.0)
        optimiser.step()
        step += 1
        done += len(batch)
        keep = min(a.ema, (step + 1) / (step + 10))
        with torch.no_grad():
            for name, p in net.named_parameters():
                mean[name].lerp_(p, 1 - keep)
        if not batch[0].printed:
            losses.append(float(loss.detach()))
        over = done >= a.lines or time.monotonic() - began > a.minutes * 60
        if over or time.monotonic() - shown > 120:
            shown = time.monotonic()
            said = {"lines": done, "loss": round(float(np.mean(losses[-400:])), 4), "rate": rate,
                    "minutes": round((shown - began) / 60, 1)}  # fmt: skip
            print(json.dumps(said), file=log, flush=True)
            held = {"net": net.state_dict(), "mean": mean, "optimiser": optimiser.state_dict(),
                    "done": done, "seed": following, "step": step}  # fmt: skip
            torch.save(held, a.out / "state.tmp")
            (a.out / "state.tmp").replace(state)
            net.save(a.out / "tuned.onnx", mean)
        if over:
            return


if __name__ == "__main__":
    main()
