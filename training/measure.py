"""How well recognisers read held-back rendered lines: faces and surfaces that training never saw.

    python training/measure.py serialscan/reading/models/recogniser.onnx runs/r1/tuned.onnx

Letters and digits count; with ``--signs`` all lines have commas, brackets, quotes and the like,
which count, too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import serialscan  # noqa: F401 - before onnxruntime, whose telemetry it turns off

# isort: split
import numpy as np
import onnxruntime
from lines import printed, seen_flat, spelled, taught, with_signs
from rapidfuzz.distance import Levenshtein

from serialscan.evaluate.score import folded
from serialscan.reading.recognise import greedy
from serialscan.render.lines import render_line
from serialscan.render.strokes import HELD_BACK_FACES
from serialscan.render.surfaces import HELD_BACK_MATERIALS

SEED = 990_000_000


def held_back(count: int, *, signs: bool = False) -> Iterable[tuple[np.ndarray, str, str]]:
    """Crops in flattened light, their texts and kinds; one in six is print.

    Args:
        count: of lines.
        signs: all of them have signs.
    """
    faces, materials = sorted(HELD_BACK_FACES), sorted(HELD_BACK_MATERIALS)
    seed, made = SEED, 0
    while made < count:
        seed += 1
        if made % 6 == 5:
            rng = np.random.default_rng(seed)
            picture, text = printed(rng, with_signs(rng) if signs else None)
            kind = "print"
        else:
            text = with_signs(np.random.default_rng((seed, 2))) if signs else None
            photo = render_line(seed, text, faces=faces, materials=materials)
            line = photo.truth.lines[0]
            if not taught(line):
                continue
            picture, text, kind = photo.pixels, line.text, line.kind
        made += 1
        yield seen_flat(picture), spelled(text), kind


def _signed(text: str) -> str:
    return "".join(text.split())


def main() -> None:
    """Print one row of figures for every network."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("networks", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--signs", action="store_true")
    a = parser.parse_args()
    lines = list(held_back(a.count, signs=a.signs))
    same = _signed if a.signs else folded
    for path in a.networks:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        network = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        characters = ("", *network.get_modelmeta().custom_metadata_map["character"].split("\n"))
        right: dict[str, list[bool]] = {}
        wrong = length = 0
        for crop, text, kind in lines:
            x = (crop[:, :, ::-1].astype(np.float32) * (2 / 255) - 1).transpose(2, 0, 1)[None]
            read = same(greedy(network.run(None, {"x": np.ascontiguousarray(x)})[0][0], characters).text)
            truth = same(text)
            right.setdefault(kind, []).append(read == truth)
            wrong += Levenshtein.distance(read, truth)
            length += len(truth)
        every = [r for rs in right.values() for r in rs]
        kinds = " ".join(f"{k} {sum(rs)}/{len(rs)}" for k, rs in sorted(right.items()))
        sys.stdout.write(f"{path}: exact {np.mean(every):.3f} CER {wrong / length:.3f} | {kinds}\n")


if __name__ == "__main__":
    main()
