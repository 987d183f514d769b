"""Makes the outlines of the map of links from a shapefile.

    python docs/make_outlines.py ne_110m_admin_0_countries.shp

The shapefile is that of Natural Earth, 1:110m, cultural, "Admin 0 - Countries" (public domain). Coordinates
are rounded to a tenth of a degree, which is what the drawing shows. Each ring is its first point and then the
steps to the next ones, in tenths of a degree: longitude, latitude, longitude, latitude, and so on.
"""

from __future__ import annotations

import itertools
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "serialscan" / "links" / "templates" / "outlines.json"
_POLYGON = 5  # ESRI Shapefile Technical Description (1998), table 1


def rings(data: bytes) -> Iterator[list[tuple[int, int]]]:
    """The rings of all polygons, in tenths of a degree, without points that fall together."""
    at = 100
    while at < len(data):
        (words,) = struct.unpack_from(">i", data, at + 4)
        body, at = at + 8, at + 8 + 2 * words
        kind, *_ = struct.unpack_from("<i", data, body)
        if kind != _POLYGON:
            continue
        parts, points = struct.unpack_from("<2i", data, body + 36)
        starts = [*struct.unpack_from(f"<{parts}i", data, body + 44), points]
        flat = struct.unpack_from(f"<{2 * points}d", data, body + 44 + 4 * parts)
        for start, end in itertools.pairwise(starts):
            ring = [(round(10 * flat[2 * i]), round(10 * flat[2 * i + 1])) for i in range(start, end)]
            kept = [one for one, before in zip(ring, [None, *ring], strict=False) if one != before]
            if len(kept) > 3:
                yield kept


def main() -> None:
    """Write them."""
    told = []
    for ring in rings(Path(sys.argv[1]).read_bytes()):
        steps = [*ring[0]]
        for (x, y), (a, b) in zip(ring[1:], ring, strict=False):
            steps += [x - a, y - b]
        told.append(steps)
    text = json.dumps({"source": "Natural Earth 1:110m, public domain", "rings": told}, separators=(",", ":"))
    TARGET.write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
