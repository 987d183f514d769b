"""Tunes the recogniser on rendered relief; resumes by itself.

    python training/recogniser.py --out runs/r1 --lines 100000

Every line is rendered from its number, so a run repeats from its settings. A checkpoint holds weights,
averaged weights, optimiser and the next seed. On a GPU (``--device cuda``) give ``--workers`` the
host's cores; on two CPU cores one renders and one trains.

With ``--teacher`` a small network learns what a larger one says of every line, relief too (Hinton, Vinyals
and Dean 2015): where the light leaves a doubt, it is told the doubt.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from graph import Graph
from lines import ARABIC, CYRILLIC, Sample, samples
from torch.nn import functional as F
from tuning import Tuning, half, parser, rendered
from vendor import change_head

MODELS = Path(__file__).parent.parent / "serialscan" / "reading" / "models"
# A new class starts as a copy of what the stock network calls it, far less likely.
LIKE = dict(zip(CYRILLIC + ARABIC, "6ΓΔXЗNNΛΠYΦUЧWWbbbЗOR.1PP3oYVΛ9Fa7", strict=True)) | {"З": "3", "Ч": "4"}
START_BIAS = -4.0
BLOCK = 32  # seeds that a worker renders at a time
MIXED = 24  # batches that are shuffled together
WIDTHS = (48, 72, 96, 128, 160, 192, 224, 256, 304, 352, 416, 488, 560, 640)
BATCH_PX = 16 * 320
TEACHER = 0.5  # weight of the stock network's posteriors on print
DISTILLED = 1.0  # weight of a teacher's posteriors on all lines


def widened(stock: Path, target: Path) -> list[str]:
    """The stock network with classes for what it lacks; returns all its classes."""
    model = onnx.load(stock)
    classes = characters_of(model)
    new = [c for c in CYRILLIC + ARABIC if c not in classes]
    like = [classes.index(LIKE[c] if LIKE[c] in classes else "W") for c in new]

    def with_new(values: np.ndarray) -> np.ndarray:
        added = values[..., like] + (START_BIAS if values.ndim == 1 else 0)
        return np.concatenate([values, added.astype(np.float32)], axis=-1)

    change_head(model, len(classes), with_new, [*classes, *new])
    target.write_bytes(model.SerializeToString())
    return [*classes, *new]


def characters_of(model: onnx.ModelProto) -> list[str]:
    """The classes of a recogniser; the first one is the blank."""
    (listed,) = [p for p in model.metadata_props if p.key == "character"]
    return ["", *listed.value.split("\n")]


def _block(first: int) -> list[Sample]:
    return [sample for seed in range(first, first + BLOCK) for sample in samples(seed)]


def _batches(first: int, workers: int, mixed: int) -> Iterator[tuple[int, list[Sample]]]:
    """Full batches of samples of one width class, and the seed from which to go on after each.

    Few shapes in all: the CPU's kernels are made for each shape anew.
    """
    open_batches: dict[tuple[int, bool], list[Sample]] = {}
    full: list[list[Sample]] = []
    for following, found in rendered(_block, first, BLOCK, workers):
        for sample in found:
            width = width_of(sample)
            batch = open_batches.setdefault((width, sample.printed), [])
            batch.append(sample)
            if len(batch) == max(1, BATCH_PX // width):
                full.append(open_batches.pop((width, sample.printed)))
        if len(full) < mixed:
            continue
        for i in np.random.default_rng(following).permutation(len(full)):
            yield following, full[i]
        full = []


def width_of(sample: Sample) -> int:
    """Of `WIDTHS` the one at which a sample is squeezed least."""
    return min(WIDTHS, key=lambda w: abs(math.log(w / sample.crop.shape[1])))


def input_of(batch: list[Sample]) -> torch.Tensor:
    """Samples of one width as (N, 3, 48, W) float32."""
    width = width_of(batch[0])
    crops = [s.crop if s.crop.shape[1] == width else cv2.resize(s.crop, (width, 48)) for s in batch]
    pixels = np.stack(crops)[:, :, :, ::-1].astype(np.float32) * (2 / 255) - 1
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))


def ctc(likely: torch.Tensor, targets: Sequence[Sequence[int]]) -> torch.Tensor:
    """The CTC loss (Graves et al. 2006), mean of the lines.

    Args:
        likely: (N, T, C) log posteriors.
        targets: N lists of classes.
    """
    return F.ctc_loss(
        likely.transpose(0, 1).cpu(), torch.tensor([i for t in targets for i in t]),
        torch.full((len(targets),), likely.shape[1]), torch.tensor([len(t) for t in targets]),
        zero_infinity=True, reduction="none",
    ).mean()  # fmt: skip


def divergence(likely: torch.Tensor, taught: torch.Tensor, ours: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler divergence of a network from its teacher, an eighth of it for each line.

    Args:
        likely: (N, T, C) log posteriors of the network.
        taught: (N, T, D) logits of the teacher.
        ours: (C,) the teacher's classes that are the network's; what the others have is left out.
    """
    teacher = F.log_softmax(taught[:, :, ours].float(), dim=2)
    return F.kl_div(likely, teacher, log_target=True, reduction="batchmean") / 8


def classes_of(classes: Sequence[str], theirs: Sequence[str]) -> list[int]:
    """Where each class of a network stands among its teacher's.

    Raises:
        SystemExit: the teacher lacks some.
    """
    missing = set(classes) - set(theirs)
    if missing:
        lacking = " ".join(sorted(missing))
        raise SystemExit(f"the teacher has no class for {lacking}: take one that this command has trained")
    return [theirs.index(c) for c in classes]


def main() -> None:
    """Train until the planned number of lines, or until interrupted."""
    options = parser(__doc__, rate=2.5e-4, seed=10_000_000, ema=0.998)
    options.add_argument(
        "--stock",
        type=Path,
        default=MODELS / "recogniser-stock.onnx",
        help="the network that a first run tunes and that teaches print",
    )
    options.add_argument(
        "--start", type=Path, help="tuned.onnx of an earlier run; the stock network if left out"
    )
    options.add_argument("--teacher", type=Path, help="a recogniser whose posteriors all lines teach")
    options.add_argument("--relative", action="store_true", help="the rate is a share of each tensor's size")
    options.add_argument("--lines", type=int, default=100_000)
    options.add_argument("--minutes", type=float, default=math.inf)
    options.add_argument("--mixed", type=int, default=MIXED, help="batches that are shuffled together")
    a = options.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(a.threads)
    device = torch.device(a.device)
    base = a.out / "start.onnx"
    classes = widened(a.stock, base)
    index = {c: i for i, c in enumerate(classes)}
    net = Graph(a.start or base).to(device, memory_format=torch.channels_last)
    teacher = Graph(a.teacher or base).to(device, memory_format=torch.channels_last).requires_grad_(False)
    ours = torch.tensor(classes_of(classes, characters_of(onnx.load(a.teacher or base))), device=device)
    weight = DISTILLED if a.teacher else TEACHER
    tuning = Tuning(net, a.out, rate=a.rate, ema=a.ema, warm=200, seed=a.seed, relative=a.relative)
    for following, batch in _batches(tuning.seed, a.workers, a.mixed):
        tuning.seed = following
        x = input_of(batch).to(device, memory_format=torch.channels_last)
        with half(device):
            logits = net(x)
        likely = F.log_softmax(logits.float(), dim=2)
        targets = [[index[c] for c in s.text if c in index][: likely.shape[1] // 2] for s in batch]
        loss = ctc(likely, targets) / 8
        if a.teacher or batch[0].printed:
            with torch.no_grad(), half(device):
                taught = teacher(x)
            loss = loss + weight * divergence(likely, taught, ours)
        tuning.learn(loss, tuning.done / a.lines)
        tuning.done += len(batch)
        if not batch[0].printed:
            tuning.losses.append(float(loss.detach()))
        over = tuning.done >= a.lines or tuning.minutes > a.minutes
        tuning.checkpoint(now=over)
        if over:
            return


if __name__ == "__main__":
    main()
