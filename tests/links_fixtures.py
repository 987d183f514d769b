"""Items made by hand for links: nothing is read."""

from __future__ import annotations

import random
from typing import Any

from serialscan.glyphs import match_key, word_key
from serialscan.links.model import Seen, Shown


def mark(kind: str, value: str, confidence: float = 1.0) -> Shown:
    return Shown(kind, value, word_key(value), confidence, (f"{value}.jpg#L1",))


def seen(
    serial: str | None, maker: str | None = "COLT", source: str = "a", confidence: float = 0.99,
    model: str | None = "M16A1", marks: tuple[Shown, ...] = (), **more: Any,
) -> Seen:  # fmt: skip
    name = f"{source}-{serial}-{maker}"
    said: dict[str, Any] = {
        "source": source, "name": name, "unit": 1, "serial": serial, "key": match_key(serial or ""),
        "read_by": "machine", "confidence": confidence,
        "maker": mark("manufacturer", maker) if maker else None,
        "model": mark("model", model) if model else None, "marks": marks,
        "photos": ((f"{name}.jpg", None),), "where": (f"{name}.jpg#L1",), "captured_at": None,
    }  # fmt: skip
    return Seen(**{**said, **more})


def crowd(count: int, seed: int = 1, low: int = 100_000, high: int = 900_000, **more: Any) -> list[Seen]:
    """Items whose numbers lie evenly."""
    chance = random.Random(seed)
    return [
        seen(str(chance.randrange(low, high)), source=f"s{number % 7}", **more) for number in range(count)
    ]
