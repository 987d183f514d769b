"""Rearranges what a detector computes, so that it passes over its largest layers less often.

onnxruntime keeps the layers between convolutions in blocks of 8 or 16 channels. What it cannot compute in
blocks, it first puts back in order. All steps here give the same answers but for rounding. They are taken by
``vendor.py --pin``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import onnx
from onnx import helper, numpy_helper

BLOCK = 16  # channels that onnxruntime computes at once on processors with AVX-512; 8 on others

Node: TypeAlias = onnx.NodeProto


def lighten(model: onnx.ModelProto) -> bool:
    """Rearrange a detector of PP-OCRv6; ``model`` is changed. False if it is none, or is rearranged."""
    graph = _Graph(model)
    if not graph.enlarge_by_convolutions():
        return False
    graph.gate_once()
    graph.read_without_joining()
    graph.write()
    onnx.checker.check_model(model)
    return True


class _Graph:
    """The nodes and tensors of a model, without those that change nothing."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._graph = model.graph
        self._tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in self._graph.initializer}
        same: dict[str, str] = {}
        self._nodes: list[Node] = []
        results = {output.name for output in self._graph.output}
        for node in self._graph.node:
            for at, name in enumerate(node.input):
                node.input[at] = same.get(name, name)
            if node.op_type == "Identity" and node.output[0] not in results:
                same[node.output[0]] = node.input[0]
            else:
                self._nodes.append(node)

    def write(self) -> None:
        """Put them into the model."""
        nodes = [helper.make_node(n.op_type, n.input, n.output, **_attributes(n)) for n in self._nodes]
        used = {name for node in nodes for name in node.input}
        tensors = [numpy_helper.from_array(a, name) for name, a in self._tensors.items() if name in used]
        for field, values in ((self._graph.node, nodes), (self._graph.initializer, tensors)):
            del field[:]
            field.extend(values)
        del self._graph.value_info[:]

    def enlarge_by_convolutions(self) -> bool:
        """Two transposed convolutions of 2 x 2 px at the end become convolutions of 1 x 1 px.

        Each pixel becomes 4, and each of these 4 more, and no other pixel takes part. So the first
        convolution tells 4 times as many channels, the second one 16 pixels of each, which are laid out last.
        """
        kinds = ["ConvTranspose", "Add", "Relu", "ConvTranspose", "Add", "Sigmoid"]
        old = self._nodes[-len(kinds) :]
        if [node.op_type for node in old] != kinds:
            return False
        first, second = (self._tensors[old[at].input[1]] for at in (0, 3))  # (I, O, 2, 2), (O, 1, 2, 2)
        terms, term = (self._tensors[old[at].input[1]] for at in (1, 4))  # (1, O, 1, 1), (1, 1, 1, 1)
        channels = first.shape[1]
        pixels = [(y, x) for y in (0, 1) for x in (0, 1)]
        wide = np.concatenate([first[:, :, y, x].T for y, x in pixels])
        each = np.zeros((16, len(wide)), np.float32)
        for part, (y, x) in enumerate(pixels):
            for v, u in pixels:
                pixel = (2 * y + v) * 4 + 2 * x + u
                each[pixel, part * channels : (part + 1) * channels] = second[:, 0, v, u]
        last = old[-1].output[0]
        self._nodes[-len(kinds) :] = [
            *self._convolution(old[0].input[0], wide[:, :, None, None], np.tile(terms, (1, 4, 1, 1)), "wide"),
            helper.make_node("Relu", ["wide"], ["wide.relu"]),
            *self._convolution("wide.relu", each[:, :, None, None], np.tile(term, (1, 16, 1, 1)), "each"),
            helper.make_node("DepthToSpace", ["each"], ["laid out"], blocksize=4, mode="DCR"),
            helper.make_node("Sigmoid", ["laid out"], [last]),
        ]
        return True

    def gate_once(self) -> None:
        """A layer plus the same layer times a gate becomes the layer times one more than the gate."""
        for add in [node for node in self._nodes if node.op_type == "Add"]:
            times = self._maker(add.input[1])
            if times is None or times.op_type != "Mul" or len(self._readers(add.input[1])) > 1:
                continue
            gate = self._maker(times.input[1])
            if times.input[0] != add.input[0] or gate is None or gate.op_type != "HardSigmoid":
                continue
            self._tensors["one"] = np.ones((1, 1, 1, 1), np.float32)
            more = f"{gate.output[0]}.more"
            at = self._nodes.index(add)
            self._nodes[at] = helper.make_node("Mul", [add.input[0], more], add.output)
            self._nodes[self._nodes.index(times)] = helper.make_node("Add", [gate.output[0], "one"], [more])

    def read_without_joining(self) -> None:
        """The first two layers that are joined are each read by a convolution of their own, and added up.

        One of them is made of 12 channels; they become a whole block, so that they stay in blocks.
        """
        join = next((node for node in self._nodes if node.op_type == "Concat"), None)
        if join is None or len(join.input) != 2:
            return
        pool, relu = (self._maker(name) for name in join.input)
        if pool is None or pool.op_type != "MaxPool" or relu is None or relu.op_type != "Relu":
            return
        (reader,) = self._readers(join.output[0])
        (add,) = self._readers(reader.output[0])
        weights, channels = self._tensors[reader.input[1]], self._channels(join.input[0])
        attributes = _attributes(reader)
        left, right = np.split(weights, [channels], axis=1)
        at = self._nodes.index(join)
        self._nodes = [node for node in self._nodes if node not in (join, reader, add)]
        self._tensors |= {"stem.left": left, "stem.right": right}
        term = self._tensors[add.input[1]]
        self._tensors["stem.right.term"] = term
        self._nodes[at:at] = [
            helper.make_node("Conv", [join.input[0], "stem.left"], ["stem.left.read"], **attributes),
            helper.make_node("Conv", [join.input[1], "stem.right"], ["stem.right.bare"], **attributes),
            helper.make_node("Add", ["stem.right.bare", "stem.right.term"], ["stem.right.read"]),
            helper.make_node("Add", ["stem.right.read", "stem.left.read"], add.output),
        ]
        self._fill_block(relu)

    def _fill_block(self, relu: Node) -> None:
        """Give what a convolution reads before ``relu`` so many channels of zeros that they fill a block."""
        reader = self._convolution_before(relu)
        maker = self._convolution_before(self._maker(reader.input[0]))
        (add,) = self._readers(maker.output[0])
        weights, terms, reads = (self._tensors[n.input[1]] for n in (maker, add, reader))
        more = -len(weights) % BLOCK
        self._tensors[maker.input[1]] = np.pad(weights, ((0, more), (0, 0), (0, 0), (0, 0)))
        self._tensors[add.input[1]] = np.pad(terms, ((0, 0), (0, more), (0, 0), (0, 0)))
        self._tensors[reader.input[1]] = np.pad(reads, ((0, 0), (0, more), (0, 0), (0, 0)))

    def _convolution_before(self, relu: Node | None) -> Node:
        add = self._maker(relu.input[0]) if relu is not None else None
        found = self._maker(add.input[0]) if add is not None else None
        if found is None or found.op_type != "Conv":
            raise ValueError("no convolution with a term stands before this activation")
        return found

    def _convolution(self, name: str, weights: np.ndarray, terms: np.ndarray, out: str) -> Sequence[Node]:
        self._tensors |= {f"{out}.weights": weights, f"{out}.terms": terms}
        bare = f"{out}.bare"
        return (
            helper.make_node("Conv", [name, f"{out}.weights"], [bare], kernel_shape=weights.shape[2:]),
            helper.make_node("Add", [bare, f"{out}.terms"], [out]),
        )

    def _channels(self, name: str) -> int:
        """Channels of a layer that was pooled or activated since its convolution."""
        node = self._maker(name)
        while node is not None and node.op_type != "Conv":
            node = self._maker(node.input[0])
        if node is None:
            raise ValueError(f"no convolution stands before {name}")
        return len(self._tensors[node.input[1]])

    def _maker(self, name: str) -> Node | None:
        return next((node for node in self._nodes if name in node.output), None)

    def _readers(self, name: str) -> list[Node]:
        return [node for node in self._nodes if name in node.input]


def _attributes(node: Node) -> dict[str, Any]:
    return {one.name: helper.get_attribute_value(one) for one in node.attribute}
