"""Teaches a recogniser signs that its lines seldom had: of its last layer, their rows alone.

    python training/head.py serialscan/reading/models/recogniser.onnx --out runs/signs

Everything before the last layer stays, so it is run once over the lines; letters, digits and stops keep their
logits to the bit. So nothing is forgotten that the network knew, and minutes on two cores suffice.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import serialscan  # noqa: F401 - before onnxruntime, whose telemetry it turns off

# isort: split
import lines
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from recogniser import BATCH_PX, BLOCK, WIDTHS, characters_of, ctc, input_of, width_of
from torch.nn import functional as F
from tuning import rendered

# No brackets, colons and single quotes: blurred, they look like digits and scratches, and serials come first.
SIGNS = ',&"+°'
# Of the lines with signs, or with stops in their places: where half had them, a hyphen became an equals sign.
SHARE = 0.25
Seen = tuple[torch.Tensor, list[list[int]]]  # features (N, T, F) of a batch, the classes of each line
HELD_BACK = 10  # every tenth batch measures
ROUNDS, RATE, SHRINK = 40, 3e-3, 1e-4


def _block(first: int) -> list[lines.Sample]:
    lines.SIGNS_SHARE = SHARE  # type: ignore[misc]  # a worker is a process of its own
    return [sample for seed in range(first, first + BLOCK) for sample in lines.samples(seed)]


def _batches(first: int, count: int, workers: int) -> Iterator[list[lines.Sample]]:
    """Batches of one width each, of so many lines in all."""
    held: dict[int, list[lines.Sample]] = {width: [] for width in WIDTHS}
    for _, found in rendered(_block, first, BLOCK, workers):
        for sample in found:
            batch = held[width_of(sample)]
            batch.append(sample)
            if len(batch) == max(1, BATCH_PX // width_of(sample)):
                yield batch
                count -= len(batch)
                held[width_of(sample)] = []
        if count <= 0:
            return


class Head:
    """The last layer of a recogniser: its weights (F, C), its biases (C,), the session of what is before."""

    def __init__(self, path: Path) -> None:
        self.model = onnx.load(path)
        classes = characters_of(self.model)
        self.index = {c: i for i, c in enumerate(classes)}
        held = {t.name: t for t in self.model.graph.initializer}
        *_, product = (
            n for n in self.model.graph.node if n.op_type == "MatMul" and n.input[1] in held
            and held[n.input[1]].dims[-1] == len(classes)
        )  # fmt: skip
        (added,) = (n for n in self.model.graph.node if n.op_type == "Add" and product.output[0] in n.input)
        (bias,) = (name for name in added.input if name in held)
        self._tensors = held[product.input[1]], held[bias]
        self.weights, self.biases = (numpy_helper.to_array(t) for t in self._tensors)
        before = onnx.ModelProto()
        before.CopyFrom(self.model)
        del before.graph.output[:]
        before.graph.output.append(onnx.ValueInfoProto(name=product.input[0]))
        self.session = onnxruntime.InferenceSession(
            before.SerializeToString(), providers=["CPUExecutionProvider"]
        )

    def spelled(self, texts: Sequence[str], frames: int) -> list[list[int]]:
        """Each text as classes, as many as the frames can show."""
        return [[self.index[c] for c in text if c in self.index][: frames // 2] for text in texts]

    def save(self, path: Path, rows: Sequence[int], change: np.ndarray) -> None:
        """Write the network with (F + 1, len(rows)) added to some classes' weights and biases."""
        changed = self.weights.copy(), self.biases.copy()
        changed[0][:, rows] += change[:-1]
        changed[1][rows] += change[-1]
        for tensor, values in zip(self._tensors, changed, strict=True):
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
        path.write_bytes(self.model.SerializeToString())


def main() -> None:
    """Render the lines, run the networks over them, fit the rows, say what they do to held-back lines."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("networks", nargs="+", type=Path)
    options.add_argument("--out", type=Path, required=True, help="folder; files keep their names")
    options.add_argument("--signs", default=SIGNS, help="those whose rows are taught")
    options.add_argument("--lines", type=int, default=8000)
    options.add_argument("--seed", type=int, default=130_000_000)
    options.add_argument("--workers", type=int, default=1)
    a = options.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    heads = [Head(path) for path in a.networks]
    seen: list[list[Seen]] = [[] for _ in heads]
    for batch in _batches(a.seed, a.lines, a.workers):
        x = input_of(batch).numpy()
        for head, one in zip(heads, seen, strict=True):
            features = torch.from_numpy(head.session.run(None, {"x": x})[0])
            one.append((features, head.spelled([s.text for s in batch], features.shape[1])))
    for path, head, one in zip(a.networks, heads, seen, strict=True):
        sys.stdout.write(f"{path.name}\n")
        head.save(a.out / path.name, *_fitted(head, one, a.signs))


def _fitted(head: Head, seen: Sequence[Seen], signs: str) -> tuple[list[int], np.ndarray]:
    """The rows of the signs, and what to add to their weights and biases, (F + 1, len(rows))."""
    torch.manual_seed(0)
    rows = [head.index[c] for c in signs if c in head.index]
    weights, biases = torch.from_numpy(head.weights.copy()), torch.from_numpy(head.biases.copy())
    change = torch.zeros(weights.shape[0] + 1, len(rows), requires_grad=True)
    known = torch.tensor(rows)

    def logits(features: torch.Tensor) -> torch.Tensor:
        return (features @ weights + biases).index_add(2, known, features @ change[:-1] + change[-1])

    held_back, taught = seen[::HELD_BACK], [one for i, one in enumerate(seen) if i % HELD_BACK]
    _say("before", logits, held_back, rows)
    optimiser = torch.optim.AdamW([change], lr=RATE, weight_decay=SHRINK)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, ROUNDS * len(taught))
    for _ in range(ROUNDS):
        for number in torch.randperm(len(taught)).tolist():
            features, targets = taught[number]
            loss = ctc(F.log_softmax(logits(features), dim=2), targets)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            plan.step()
    _say("after", logits, held_back, rows)
    return rows, change.detach().numpy()


def _say(
    when: str, logits: Callable[[torch.Tensor], torch.Tensor], seen: Sequence[Seen], rows: Sequence[int]
) -> None:
    """How many lines with and without signs are read whole, greedily."""
    signed: dict[bool, list[bool]] = {True: [], False: []}
    for features, targets in seen:
        with torch.no_grad():
            texts = _greedy(logits(features))
        for text, target in zip(texts, targets, strict=True):
            signed[not set(rows).isdisjoint(target)].append(text == target)
    counts = [f"{sum(one)} of {len(one)}" for one in (signed[True], signed[False])]
    sys.stdout.write(f"  {when}: held-back lines read whole: {counts[0]} with signs, {counts[1]} without\n")
    sys.stdout.flush()


def _greedy(logits: torch.Tensor) -> list[list[int]]:
    """Best classes of (N, T, C) logits, repeats and blanks removed."""
    best = logits.argmax(dim=2)
    return [
        [c for c, before in zip(one, [0, *one], strict=False) if c not in (0, before)]
        for one in best.tolist()
    ]


if __name__ == "__main__":
    main()
