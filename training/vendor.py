"""Takes the stock PP-OCRv6-small networks that training starts from out of the rapidocr wheel.

The detector is taken whole, but for weights so near to zero that they only cost time. The recogniser's
head loses the classes that no mark uses (18 710 become a few hundred): the kept classes' logits are
unchanged, so their ratios are those of the stock network, and a line costs less. Needs
``pip install onnx rapidocr==3.10.0``.

    python training/vendor.py
    python training/vendor.py REC.onnx DICTIONARY.txt OUT.onnx   # cuts the head of another recogniser
    python training/vendor.py --pin                              # after other weights were put in their place
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

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


def pin() -> None:
    """Flush the networks that need it and write the SHA-256 of every weight to checksums.json."""
    for path in sorted(TARGET.glob("*.onnx")):
        model = onnx.load(path)
        if flush(model):
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
