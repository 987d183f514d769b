"""An ONNX graph run in PyTorch with its initialisers as parameters, and written back into the same graph.

No export step: what is trained is the file's own tensors, so the network that onnxruntime runs is the
one that was trained. Covers the operators of the PP-OCRv6 networks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

Step = tuple[Callable[..., Tensor], tuple[str, ...], str]


class Graph(nn.Module):
    """One ONNX graph as a module.

    Args:
        path: the ONNX file; opset 11, one input, one output.
        logits: return what goes into the last Softmax or Sigmoid instead of what comes out.

    Raises:
        NotImplementedError: the graph has an operator that is not known here.
    """

    def __init__(self, path: Path, *, logits: bool = True) -> None:
        super().__init__()
        self._model = onnx.load(path)
        graph = self._model.graph
        self._input = graph.input[0].name
        self._constants: dict[str, np.ndarray] = {}
        self._names: dict[str, str] = {}  # initialiser -> parameter
        same: dict[str, str] = {}
        nodes = []
        sizes = {name for node in graph.node if node.op_type == "Resize" for name in node.input[1:]}
        for node in graph.node:
            if node.op_type == "Identity":
                same[node.output[0]] = same.get(node.input[0], node.input[0])
            else:
                nodes.append((node, tuple(same.get(i, i) for i in node.input)))
        self._output = same.get(graph.output[0].name, graph.output[0].name)
        for tensor in graph.initializer:
            values = numpy_helper.to_array(tensor)
            if values.dtype == np.float32 and values.size > 1 and tensor.name not in sizes:
                name = f"w{len(self._names)}"
                self._names[tensor.name] = name
                trained = "batch_norm" not in tensor.name or tensor.name.endswith((".w_0", ".b_0"))
                self.register_parameter(name, nn.Parameter(torch.tensor(values), requires_grad=trained))
            else:
                self._constants[tensor.name] = values
                if values.dtype == np.float32:
                    # Without dimensions, since these would make bfloat16 into float32.
                    number = torch.tensor(values).squeeze()
                    self.register_buffer(f"c{len(self._constants)}", number, persistent=False)
                    self._names[tensor.name] = f"c{len(self._constants)}"
        self._steps = self._compiled(nodes)
        if logits:
            last = nodes[-1]
            assert last[0].op_type in ("Softmax", "Sigmoid")
            self._steps = self._steps[:-1]
            self._output = last[1][0]

    def _compiled(self, nodes: Sequence[tuple[onnx.NodeProto, tuple[str, ...]]]) -> list[Step]:
        """Steps in order; chains that spell GELU or layer normalisation become one step each."""
        steps: list[Step] = []
        at = 0
        while at < len(nodes):
            kinds = [node.op_type for node, _ in nodes[at : at + 9]]
            if kinds[:5] == ["Div", "Erf", "Add", "Mul", "Mul"]:
                steps.append((F.gelu, (nodes[at][1][0],), nodes[at + 4][0].output[0]))
                at += 5
            elif kinds == ["ReduceMean", "Sub", "Pow", "ReduceMean", "Add", "Sqrt", "Div", "Mul", "Add"]:
                epsilon = float(self._constants[nodes[at + 4][1][1]].item())
                inputs = (nodes[at][1][0], nodes[at + 7][1][1], nodes[at + 8][1][1])
                steps.append((_layer_norm(epsilon), inputs, nodes[at + 8][0].output[0]))
                at += 9
            elif kinds[:2] == ["Conv", "Add"] and self._is_bias(nodes[at], nodes[at + 1]):
                inputs = (*nodes[at][1][:2], nodes[at + 1][1][1])
                line = self._line(nodes, at + 2)  # scales weights sooner than all of what comes out
                conv = _conv(_attributes(nodes[at][0]), *(line or ()))
                at += 4 if line else 2
                steps.append((conv, inputs, nodes[at - 1][0].output[0]))
            elif line := self._line(nodes, at):
                names = [name for name in nodes[at][1] if name not in self._constants]
                steps.append((_affine(*line), tuple(names), nodes[at + 1][0].output[0]))
                at += 2
            else:
                node, names = nodes[at]
                steps.append((self._operator(node, names), names, node.output[0]))
                at += 1
        return steps

    def _is_bias(self, conv: tuple[onnx.NodeProto, tuple[str, ...]], add: tuple[onnx.NodeProto, Any]) -> bool:
        return (
            len(conv[1]) == 2 and add[1][0] == conv[0].output[0] and add[1][1] in self._names
            and getattr(self, self._names[add[1][1]]).dim() == 4
        )  # fmt: skip

    def _line(
        self, nodes: Sequence[tuple[onnx.NodeProto, tuple[str, ...]]], at: int
    ) -> tuple[float, float] | None:
        """Factor and term, where a product with a number and a sum with another one follow."""
        if [node.op_type for node, _ in nodes[at : at + 2]] != ["Mul", "Add"]:
            return None
        numbers = []
        for _, names in nodes[at : at + 2]:
            found = [self._constants[n] for n in names if n in self._constants]
            if len(found) != 1 or found[0].size != 1:
                return None
            numbers.append(float(found[0].item()))
        return (numbers[0], numbers[1]) if nodes[at][0].output[0] in nodes[at + 1][1] else None

    def _operator(self, node: onnx.NodeProto, names: tuple[str, ...]) -> Callable[..., Tensor]:
        a = _attributes(node)
        kind = node.op_type
        simple: dict[str, Callable[..., Tensor]] = {
            "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div, "Pow": torch.pow,
            "MatMul": torch.matmul, "Relu": F.relu, "Sigmoid": torch.sigmoid, "Sqrt": torch.sqrt,
            "GlobalAveragePool": lambda x: x.mean((2, 3), keepdim=True),
        }  # fmt: skip
        if kind in simple:
            return simple[kind]
        if kind == "Conv":
            return _conv(a)
        if kind == "ConvTranspose":
            assert not any(a.get("pads", [0])) and a.get("group", 1) == 1
            return lambda x, w, b=None: F.conv_transpose2d(x, w, b, a["strides"])
        if kind == "BatchNormalization":
            return lambda x, w, b, mean, var: F.batch_norm(x, mean, var, w, b, False, 0.0, a["epsilon"])
        if kind == "HardSwish":
            return F.hardswish
        if kind == "HardSigmoid":
            return lambda x: torch.clamp(x * a["alpha"] + a["beta"], 0, 1)
        if kind == "ReduceMean":
            return lambda x: x.mean(a["axes"], keepdim=bool(a.get("keepdims", 1)))
        if kind == "Softmax":
            return lambda x: torch.softmax(x, a["axis"])
        if kind == "Transpose":
            return lambda x: x.permute(a["perm"])
        if kind == "Concat":
            return lambda *x: torch.cat(x, a["axis"])
        if kind in ("Squeeze", "Unsqueeze"):  # from opset 13 on the axis is an input
            (axis,) = a["axes"] if "axes" in a else np.ravel(self._constants[names[1]]).tolist()
            how = torch.squeeze if kind == "Squeeze" else torch.unsqueeze
            return lambda x, *_: how(x, axis)
        if kind == "Shape":
            return lambda x: torch.tensor(x.shape)
        if kind == "Reshape":
            return lambda x, shape: x.reshape([int(d) or x.shape[i] for i, d in enumerate(shape.tolist())])
        if kind == "Slice":
            return _slice
        if kind == "MaxPool":
            assert a.get("auto_pad") == b"SAME_UPPER" and a["kernel_shape"] == [2, 2]
            return lambda x: F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-math.inf), 2, a["strides"])
        if kind == "AveragePool":
            return lambda x: F.avg_pool2d(x, a["kernel_shape"], a["strides"])
        if kind == "DepthToSpace":  # of one channel, where both modes are one
            return lambda x: F.pixel_shuffle(x, a["blocksize"])
        if kind == "Resize":
            assert a.get("mode") == b"nearest"
            assert a["nearest_mode"] == b"floor" and a["coordinate_transformation_mode"] == b"asymmetric"
            scale = float(self._constant(names[2])[2])
            return lambda x, *_: F.interpolate(x, scale_factor=scale, mode="nearest")
        raise NotImplementedError(f"operator {kind}")

    def forward(self, x: Tensor) -> Tensor:
        """Run the graph; ``x`` as the graph's input, float32."""
        held: dict[str, Any] = {self._input: x}
        for step, names, output in self._steps:
            held[output] = step(*(self._value(held, n) for n in names if n))
        return held[self._output]

    def _constant(self, name: str) -> np.ndarray:
        if name in self._constants:
            return self._constants[name]
        return getattr(self, self._names[name]).detach().numpy()

    def _value(self, held: dict[str, Any], name: str) -> Any:
        if name in held:
            return held[name]
        if name in self._names:
            return getattr(self, self._names[name])
        return torch.tensor(np.atleast_1d(self._constants[name]))

    def save(self, path: Path, weights: dict[str, Tensor] | None = None) -> None:
        """Write the parameters (or ``weights``, by parameter name) back into the ONNX file's graph."""
        state = weights or dict(self.named_parameters())
        model = onnx.ModelProto()
        model.CopyFrom(self._model)
        for tensor in model.graph.initializer:
            name = self._names.get(tensor.name, "")
            if name in state:
                values = state[name].detach().cpu().numpy().astype(np.float32)
                tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), tensor.name))
        path.write_bytes(model.SerializeToString())


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def _layer_norm(epsilon: float) -> Callable[..., Tensor]:
    return lambda x, w, b: F.layer_norm(x, (x.shape[-1],), w.reshape(-1), b.reshape(-1), epsilon)


def _affine(factor: float, term: float) -> Callable[..., Tensor]:
    return lambda x: torch.add(torch.tensor(term, device=x.device), x, alpha=factor)


def _conv(a: dict[str, Any], factor: float = 1.0, term: float = 0.0) -> Callable[..., Tensor]:
    kernel, strides = a["kernel_shape"], a.get("strides", [1, 1])
    pads, group = list(a.get("pads", [0, 0, 0, 0])), a.get("group", 1)
    dilation = a.get("dilations", [1, 1])
    same = a.get("auto_pad", b"NOTSET") == b"SAME_UPPER"

    def run(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
        top, left, bottom, right = pads
        if same:
            need = [
                max((math.ceil(size / s) - 1) * s + k - size, 0)
                for size, s, k in zip(x.shape[2:], strides, kernel, strict=True)
            ]
            top, left = need[0] // 2, need[1] // 2
            bottom, right = need[0] - top, need[1] - left
        if (top, left) == (bottom, right):
            padding = (top, left)
        else:
            x, padding = F.pad(x, (left, right, top, bottom)), (0, 0)
        b = None if b is None else b.reshape(-1)
        if (factor, term) != (1.0, 0.0):
            w, b = w * factor, term if b is None else b * factor + term
        if x.device.type == "cpu" and group == x.shape[1] > 1:
            # One channel at a time has slow gradients in bfloat16 on processors.
            with torch.autocast("cpu", enabled=False):
                return F.conv2d(x.float(), w, b, strides, padding, dilation, group).to(x.dtype)
        return F.conv2d(x, w, b, strides, padding, dilation, group)

    return run


def _slice(x: Tensor, starts: Tensor, ends: Tensor, axes: Tensor | None = None, *_: Tensor) -> Tensor:
    axes = torch.arange(len(starts)) if axes is None else axes
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist(), strict=True):
        x = x.narrow(axis, start, min(end, x.shape[axis]) - start)
    return x
