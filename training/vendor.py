"""Takes the stock PP-OCRv6-small networks that training starts from out of the rapidocr wheel.

The detector is taken but for weights so near to zero that they only cost time, and channels that nothing
reads; ``lighten.py`` rearranges the rest. The recogniser's head loses the classes that no mark uses (18 710
become a few hundred): the kept classes' logits are unchanged, so their ratios are those of the stock network,
and a line costs less. Needs ``pip install onnx rapidocr==3.10.0``.

    python training/vendor.py
    python training/vendor.py REC.onnx DICTIONARY.txt OUT.onnx   # cuts the head of another recogniser
    python training/vendor.py --pin                              # after other weights were put in their place
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
from lighten import lighten
from onnx import numpy_helper

_EACH_ALONE = frozenset(
    {"Add", "Clip", "Div", "Erf", "HardSigmoid", "HardSwish", "Identity", "Mul", "Relu", "Sub"}
)
MOST_READ = 0.9  # of the channels: with more there is little to win
TINY = 1e-30  # a weight; what it adds is lost in rounding

TARGET = Path(__file__).parent.parent / "serialscan" / "reading" / "models"

KEEP = (
    "".join(chr(c) for c in range(0x21, 0x7F))
    + "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßĀĂĄĆČĎĐĒĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽ"
    + "ΓΔΘΛΞΠΣΦΨΩλ"
    + "°±²³·×÷€£§©®µ№™Ø•←↑→↓∞⌀"
    + "①②③④⑤⑥⑦⑧⑨⑩⑪⑫Ⓜ□■▲△▼▽◆◇○●◎☆★⊕⊙"
    + "〇一二三四五六七八九十年月日号型式中国北方工业公司保利制造厂军用单连发安"
)


def main() -> None:
    """Write detector-stock.onnx, recogniser-stock.onnx and checksums.json."""
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise SystemExit("rapidocr is missing: pip install onnx rapidocr==3.10.0")
    stock = Path(spec.origin).parent / "models"
    TARGET.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(stock / "PP-OCRv6_det_small.onnx", TARGET / "detector-stock.onnx")

    model = onnx.load(stock / "PP-OCRv6_rec_small.onnx")
    (characters,) = [p.value for p in model.metadata_props if p.key == "character"]
    (TARGET / "recogniser-stock.onnx").write_bytes(cut(model, characters.splitlines()))
    pin()


def cut(model: onnx.ModelProto, characters: Sequence[str]) -> bytes:
    """A recogniser with the classes of marks alone; ``model`` is changed.

    Args:
        model: as converted from PaddleOCR, softmax over the blank, the characters and the space.
        characters: its dictionary.

    Raises:
        SystemExit: the dictionary is not this recogniser's.
    """
    classes = ["", *characters, " "]
    keep = [i for i, c in enumerate(classes) if i == 0 or c == " " or (len(c) == 1 and c in KEEP)]
    change_head(model, len(classes), lambda values: values[..., keep], [classes[i] for i in keep])
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    return model.SerializeToString()


def change_head(
    model: onnx.ModelProto, count: int, change: Callable[[np.ndarray], np.ndarray], classes: Sequence[str]
) -> None:
    """Give a recogniser's last layer other classes.

    Args:
        model: it is changed.
        count: classes that it has.
        change: from the layer's weights (C, count) and biases (count,) to the new ones.
        classes: the new ones, the blank first.

    Raises:
        SystemExit: no layer has that many classes.
    """
    head = [t for t in model.graph.initializer if t.dims and t.dims[-1] == count]
    if not head:
        raise SystemExit(f"the recogniser has no layer of {count} classes: give the dictionary it came with")
    for tensor in head:
        values = np.ascontiguousarray(change(numpy_helper.to_array(tensor)))
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[-1].dim_value = len(classes)
    del model.metadata_props[:]
    listed = model.metadata_props.add()
    listed.key, listed.value = "character", "\n".join(classes[1:])


def flush(model: onnx.ModelProto) -> bool:
    """Put zeros for weights near to them into ``model``: same answers. False if it has none.

    Weight decay leaves channels that are of no use at 1e-40. Numbers so small are subnormal (IEEE 754), and
    Intel's processors take a hundred times as long to multiply with one: a detector nearly four times.
    """
    found = False
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            small = np.abs(values) < TINY
            found = found or bool(values[small].any())
            tensor.CopyFrom(numpy_helper.from_array(np.where(small, np.float32(0), values), tensor.name))
    return found


def prune(model: onnx.ModelProto) -> bool:
    """Cut channels that nothing reads out of ``model``: same answers but for rounding. False if it has few.

    Between two convolutions of 1 x 1 px, with biases and activations that take each channel alone, these are
    the channels that the second one weighs with zeros only.
    """
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    made_by = {output: node for node in model.graph.node for output in node.output}
    uses = Counter(name for node in model.graph.node for name in node.input)
    uses.update(output.name for output in model.graph.output)
    found = False
    for reader in model.graph.node:
        weights = _pointwise(reader, tensors)
        if weights is None:
            continue
        read = np.abs(weights).max(axis=(0, 2, 3)) > 0
        if read.mean() > MOST_READ:
            continue
        axes, inside = _on_the_way(reader.input[0], made_by, tensors)
        # What else reads a channel, or shares its weights, needs it.
        if not axes or any(uses[name] > count for name, count in (inside + Counter(reader.input)).items()):
            continue
        for name, axis in {**axes, reader.input[1]: 1}.items():
            kept = np.compress(read, numpy_helper.to_array(tensors[name]), axis=axis)
            tensors[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(kept), name))
        found = True
    if found:
        del model.graph.value_info[:]
    return found


def _pointwise(node: onnx.NodeProto, tensors: Mapping[str, onnx.TensorProto]) -> np.ndarray | None:
    """The weights (O, I, 1, 1) of a convolution of 1 x 1 px without groups; None of anything else."""
    if node.op_type != "Conv" or len(node.input) != 2 or node.input[1] not in tensors:
        return None
    weights = numpy_helper.to_array(tensors[node.input[1]])
    grouped = any(one.name == "group" and one.i > 1 for one in node.attribute)
    return None if grouped or weights.shape[2:] != (1, 1) else weights


def _on_the_way(
    name: str, made_by: Mapping[str, onnx.NodeProto], tensors: Mapping[str, onnx.TensorProto]
) -> tuple[dict[str, int], Counter[str]]:
    """What makes the channels of ``name`` one by one, from the last convolution of 1 x 1 px on.

    Returns:
        The tensors, and which axis of each is the channel; none unless all begins in one such convolution.
        And how often the channels and these tensors are read on the way.
    """
    axes: dict[str, int] = {}
    inside: Counter[str] = Counter()
    begins, todo, seen = set(), [name], set()
    while todo:
        one = todo.pop()
        if one in seen:
            continue
        seen.add(one)
        node = made_by.get(one)
        if node is None:
            return {}, inside
        if _pointwise(node, tensors) is not None:
            begins.add(node.input[1])
            inside[node.input[1]] += 1
            continue
        if node.op_type not in _EACH_ALONE:
            return {}, inside
        for part in node.input:
            if part not in tensors:
                todo.append(part)
                inside[part] += 1
            elif np.prod(tensors[part].dims) > 1:
                axes[part] = 1
                inside[part] += 1
    return (axes | dict.fromkeys(begins, 0) if len(begins) == 1 else {}), inside


def pin() -> None:
    """Flush, prune and lighten the networks that need it, write the SHA-256 of all to checksums.json."""
    for path in sorted(TARGET.glob("*.onnx")):
        model = onnx.load(path)
        if flush(model) | prune(model) | lighten(model):
            path.write_bytes(model.SerializeToString())
    files = sorted(p for p in TARGET.iterdir() if p.suffix == ".onnx" or p.name == "calibration.json")
    sums = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    (TARGET / "checksums.json").write_text(json.dumps(sums, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--pin"]:
        pin()
    elif sys.argv[1:]:
        network, dictionary, out = map(Path, sys.argv[1:])
        out.write_bytes(cut(onnx.load(network), dictionary.read_text(encoding="utf-8").splitlines()))
    else:
        main()
