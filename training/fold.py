"""Moves the learnable numbers beside a recogniser's convolutions into them: same answers, fewer steps.

PP-LCNetV3, the body of PP-OCRv4 and PP-OCRv5 mobile, has a factor and a term after each convolution and
each activation (learnable affine blocks). Training keeps them, since with them the weights are of one size
with what they do; a reader needs them no longer.

    python training/fold.py runs/r11/shared.onnx serialscan/reading/models/recogniser-v5.onnx
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, numpy_helper


def folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network without the numbers that a convolution can take up.

    What is added before a convolution that pads stays: the padding is of zeros that it must not move.
    """
    graph = model.graph
    values = {t.name: numpy_helper.to_array(t).copy() for t in graph.initializer}
    nodes = [n for n in graph.node if n.op_type != "Identity"]
    same: dict[str, str] = {}
    for node in graph.node:
        if node.op_type == "Identity":
            same[node.output[0]] = same.get(node.input[0], node.input[0])
    for node in nodes:
        for i, name in enumerate(node.input):
            node.input[i] = same.get(name, name)
    for output in graph.output:
        output.name = same.get(output.name, output.name)
    outputs = {o.name for o in graph.output}

    readers: dict[str, list[NodeProto]] = defaultdict(list)
    for node in nodes:
        for name in node.input:
            readers[name].append(node)
    gone: set[int] = set()

    def only(name: str, kind: str) -> NodeProto | None:
        """The one reader of a value, if it is of that kind."""
        found = readers[name]
        return found[0] if len(found) == 1 and found[0].op_type == kind and name not in outputs else None

    def number(node: NodeProto | None) -> float | None:
        """The one number that a step multiplies with or adds."""
        held = [values[n] for n in node.input if n in values] if node else []
        return float(held[0].item()) if len(held) == 1 and held[0].size == 1 else None

    def line(name: str) -> tuple[float, float, NodeProto, NodeProto] | None:
        """Factor and term that follow a value, and the two steps."""
        times = only(name, "Mul")
        plus = only(times.output[0], "Add") if times else None
        factor, term = number(times), number(plus)
        if factor is None or term is None or not (times and plus) or plus.output[0] in outputs:
            return None
        return factor, term, times, plus

    def pass_on(old: str, new: str) -> None:
        """Who read the old value reads the new one, and nobody else does."""
        for node in readers[old]:
            for i, name in enumerate(node.input):
                if name == old:
                    node.input[i] = new
        readers[new] = readers.pop(old)

    def bias_of(conv: NodeProto) -> np.ndarray:
        """The convolution's bias, (C,), as an input of its own."""
        channels = len(values[conv.input[1]])
        plus = only(conv.output[0], "Add")
        beside = [n for n in plus.input if n in values and values[n].size == channels > 1] if plus else []
        if len(conv.input) < 3:
            name = f"{conv.output[0]}.bias"
            values[name] = np.zeros(channels, np.float32)
            conv.input.append(name)
        if plus and beside and plus.output[0] not in outputs:
            values[conv.input[2]] = values[conv.input[2]] + values[beside[0]].reshape(-1)
            gone.add(id(plus))
            pass_on(plus.output[0], conv.output[0])
        return values[conv.input[2]]

    for conv in nodes:
        if conv.op_type != "Conv" or conv.input[1] not in values:
            continue
        bias = bias_of(conv)
        after = line(conv.output[0])
        if after:
            factor, term, times, plus = after
            values[conv.input[1]] = values[conv.input[1]] * np.float32(factor)
            values[conv.input[2]] = bias * np.float32(factor) + np.float32(term)
            gone |= {id(times), id(plus)}
            pass_on(plus.output[0], conv.output[0])
    for node in nodes:
        if node.op_type not in ("HardSwish", "AveragePool") or id(node) in gone:
            continue
        after = line(node.output[0])
        conv = only(after[3].output[0], "Conv") if after else None
        if not after or not conv or not after[0]:
            continue
        factor, term, times, plus = after
        weights = values[conv.input[1]] * np.float32(factor)
        values[conv.input[1]] = weights
        gone.add(id(times))
        pads = next((a.ints for a in conv.attribute if a.name == "pads"), [0])
        if any(pads):
            (held,) = (n for n in plus.input if n in values)
            values[held] = np.full_like(values[held], term / factor)
            pass_on(times.output[0], node.output[0])
        else:
            sums = weights.reshape(len(weights), -1).sum(axis=1)
            values[conv.input[2]] = values[conv.input[2]] + sums * np.float32(term / factor)
            gone.add(id(plus))
            pass_on(plus.output[0], node.output[0])

    kept = [n for n in nodes if id(n) not in gone]
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(kept)
    used = {name for node in kept for name in node.input}
    graph.initializer.extend(numpy_helper.from_array(v, n) for n, v in values.items() if n in used)
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_bytes(folded(onnx.load(source)).SerializeToString())
