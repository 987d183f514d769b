"""Crops through the recognisers in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from serialscan.reading.engine import Engine
from serialscan.recipe import Recogniser

BATCH_PX = 4096  # width of all lines of one batch together: bounds the memory of a run


def recognised(crops: Sequence[np.ndarray], who: Sequence[Recogniser], engine: Engine) -> list[np.ndarray]:
    """Posteriors (T, C) of every crop by its recogniser, crops of one width batched."""
    alike: dict[tuple[Recogniser, int], list[int]] = defaultdict(list)
    for i, crop in enumerate(crops):
        alike[who[i], crop.shape[1]].append(i)
    batches: list[tuple[Recogniser, list[int]]] = []
    for (one, width), members in sorted(alike.items()):
        step = max(1, BATCH_PX // width)
        batches += [(one, members[at : at + step]) for at in range(0, len(members), step)]

    def read(batch: tuple[Recogniser, list[int]]) -> np.ndarray:
        one, members = batch
        return engine.recognise(np.stack([crops[i] for i in members]), one)

    found: dict[int, np.ndarray] = {}
    for (_, members), posteriors in zip(batches, engine.each(read, batches), strict=True):
        found.update(zip(members, posteriors, strict=True))
    return [found[i] for i in range(len(crops))]
