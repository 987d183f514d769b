"""How well recognisers read held-back rendered lines: faces and surfaces that training never saw.

python training/measure.py serialscan/reading/models/recogniser.onnx runs/r1/tuned.onnx
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnxruntime
from lines import printed, seen_flat, spelled, taught
from rapidfuzz.distance import Levenshtein

from serialscan.evaluate.score import folded
from serialscan.reading.recognise import greedy
from serialscan.render.lines import render_line
from serialscan.render.strokes import HELD_BACK_FACES
from serialscan.render.surfaces import HELD_BACK_MATERIALS

SEED = 990_000_000


def held_back(count: int) -> Iterable[tuple[np.ndarray, str, str]]:
    """Crops in flattened light, their texts and kinds; one in six is print."""
    seed, made = SEED, 0
    while made < count:
        seed += 1
        if made % 6 == 5:
            picture, text = printed(np.random.default_rng(seed))
            kind = "print"
        else:
            photo = render_line(seed, faces=sorted(HELD_BACK_FACES), materials=sorted(HELD_BACK_MATERIALS))
            line = photo.truth.lines[0]
            if not taught(line):
                continue
            picture, text, kind = photo.pixels, line.text, line.kind
        made += 1
        yield seen_flat(picture), spelled(text), kind


def main() -> None:
    """Print one row of figures for every network."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("networks", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=400)
    a = parser.parse_args()
    lines = list(held_back(a.count))
    for path in a.networks:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        network = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        characters = ("", *network.get_modelmeta().custom_metadata_map["character"].split("\n"))
        right: dict[str, list[bool]] = {}
        wrong = length = 0
        for crop, text, kind in lines:
            x = (crop[:, :, ::-1].astype(np.float32) * (2 / 255) - 1).transpose(2, 0, 1)[None]
            read = folded(greedy(network.run(None, {"x": np.ascontiguousarray(x)})[0][0], characters).text)
            truth = folded(text)
            right.setdefault(kind, []).append(read == truth)
            wrong += Levenshtein.distance(read, truth)
            length += len(truth)
        every = [r for rs in right.values() for r in rs]
        kinds = " ".join(f"{k} {sum(rs)}/{len(rs)}" for k, rs in sorted(right.items()))
        sys.stdout.write(f"{path}: exact {np.mean(every):.3f} CER {wrong / length:.3f} | {kinds}\n")


if __name__ == "__main__":
    main()
