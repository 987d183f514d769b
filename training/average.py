"""Averages two networks of one graph: ``share`` of the tuned one, the rest of the one it started from.

    python training/average.py runs/r1/start.onnx runs/r1/tuned.onnx 0.6 out.onnx

What lies between the two reads what either learnt (Wortsman et al. 2022, robust fine-tuning).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper


def main() -> None:
    """Write the average."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("start", type=Path)
    parser.add_argument("tuned", type=Path)
    parser.add_argument("share", type=float)
    parser.add_argument("out", type=Path)
    a = parser.parse_args()
    first, second = onnx.load(a.start), onnx.load(a.tuned)
    tuned = {t.name: numpy_helper.to_array(t) for t in second.graph.initializer}
    for tensor in first.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            mean = values * (1 - a.share) + tuned[tensor.name] * a.share
            tensor.CopyFrom(numpy_helper.from_array(mean.astype(np.float32), tensor.name))
    a.out.write_bytes(first.SerializeToString())


if __name__ == "__main__":
    main()
