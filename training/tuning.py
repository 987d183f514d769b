"""What tuning a recogniser and a detector share: rendering ahead, the step, averaged weights, checkpoints."""

from __future__ import annotations

import argparse
import itertools
import json
import math
import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import torch
from graph import Graph

T = TypeVar("T")
CHECKPOINT_S = 120
AHEAD = 4  # blocks that each worker renders ahead; without a bound they would fill the memory
CLIP = 2.0  # norm of the gradient
LEAST_RMS = 1e-3  # of a tensor: what starts as zeros learns, too


def parser(about: str, *, rate: float, seed: int, ema: float) -> argparse.ArgumentParser:
    """The options that every training has."""
    options = argparse.ArgumentParser(description=about.split("\n")[0])
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--rate", type=float, default=rate)
    options.add_argument("--seed", type=int, default=seed)
    options.add_argument("--ema", type=float, default=ema)
    options.add_argument("--device", default="cpu")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--workers", type=int, default=1)
    return options


def half(device: torch.device) -> torch.autocast:
    """bfloat16 where the device computes in it: processors that imitate it need a hundred times as long."""
    native = device.type != "cpu" or (
        torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=native)


def _prepare() -> None:
    if hasattr(os, "nice"):
        os.nice(5)
    cv2.setNumThreads(1)


def rendered(block: Callable[[int], T], first: int, size: int, workers: int) -> Iterator[tuple[int, T]]:
    """What ``block`` renders from each ``size`` seeds on, in order, and the first seed of the next block."""
    with multiprocessing.get_context("spawn").Pool(workers, _prepare) as pool:
        seeds = itertools.count(first, size)
        running = deque(
            (seed, pool.apply_async(block, (seed,))) for seed in itertools.islice(seeds, AHEAD * workers)
        )
        while True:
            seed, result = running.popleft()
            following = next(seeds)
            running.append((following, pool.apply_async(block, (following,))))
            yield seed + size, result.get()


class Tuning:
    """A network in training, with the average of its weights; goes on from the checkpoint in ``out``.

    Args:
        net: on its device.
        out: folder of the checkpoint, the log and tuned.onnx.
        rate: highest learning rate; cosine to a fiftieth of it.
        ema: share that the averaged weights keep at each step.
        warm: steps until the rate is reached.
        seed: of the first block to be rendered, if there is no checkpoint.
        relative: the rate is a share of each tensor's root mean square, as Adafactor's is (Shazeer and Stern
            2018, section 8), for networks whose layers differ in size by orders of magnitude.
    """

    def __init__(
        self, net: Graph, out: Path, *, rate: float, ema: float, warm: int, seed: int, relative: bool = False
    ) -> None:
        self._net, self._out, self._rate, self._ema, self._warm = net, out, rate, ema, warm
        self._trained = [p for p in net.parameters() if p.requires_grad]
        sizes = [
            max(LEAST_RMS, float(p.detach().square().mean().sqrt())) if relative else 1.0
            for p in self._trained
        ]
        groups = [
            {"params": [p for p, size in zip(self._trained, sizes, strict=True) if size == one], "size": one}
            for one in sorted(set(sizes))
        ]
        self._optimiser = torch.optim.AdamW(groups, lr=rate, weight_decay=1e-4, betas=(0.9, 0.99))
        self._mean = {n: p.detach().clone() for n, p in net.named_parameters()}
        self._step, self._now, self.done, self.seed = 0, 0.0, 0, seed
        self.losses: list[float] = []
        self._began = self._shown = time.monotonic()
        if (out / "state.pt").exists():
            held = torch.load(out / "state.pt", map_location="cpu")
            net.load_state_dict(held["net"])
            self._optimiser.load_state_dict(held["optimiser"])
            self._mean = {name: mean.to(self._trained[0].device) for name, mean in held["mean"].items()}
            self._step, self.done, self.seed = held["step"], held["done"], held["seed"]

    def learn(self, loss: torch.Tensor, share: float) -> None:
        """One step; ``share`` of the plan is done."""
        warm = min(1.0, (self._step + 1) / self._warm)
        self._now = self._rate * warm * (0.02 + 0.49 * (1 + math.cos(math.pi * min(1.0, share))))
        for group in self._optimiser.param_groups:
            group["lr"] = group["size"] * self._now
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._trained, CLIP)
        self._optimiser.step()
        self._step += 1
        keep = min(self._ema, (self._step + 1) / (self._step + 10))
        with torch.no_grad():
            for name, p in self._net.named_parameters():
                self._mean[name].lerp_(p, 1 - keep)

    @property
    def minutes(self) -> float:
        """Since the start of this part of the run."""
        return (time.monotonic() - self._began) / 60

    def checkpoint(self, *, now: bool = False) -> None:
        """Log, state and averaged network, every two minutes or ``now``."""
        if not now and time.monotonic() - self._shown < CHECKPOINT_S:
            return
        self._shown = time.monotonic()
        said = {
            "done": self.done, "loss": round(float(np.mean(self.losses[-400:])), 4) if self.losses else None,
            "rate": self._now, "minutes": round(self.minutes, 1),
        }  # fmt: skip
        with (self._out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(said) + "\n")
        held = {
            "net": self._net.state_dict(), "optimiser": self._optimiser.state_dict(), "mean": self._mean,
            "step": self._step, "done": self.done, "seed": self.seed,
        }  # fmt: skip
        torch.save(held, self._out / "state.tmp")
        (self._out / "state.tmp").replace(self._out / "state.pt")
        self._net.save(self._out / "tuned.onnx", self._mean)
