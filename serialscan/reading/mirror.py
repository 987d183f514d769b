"""Text that stands mirrored in a photo: when to look for it, and its lines in the photo's own coordinates.

A print seen from behind, a scanned film, a selfie camera and a mirror show it so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msgspec.structs import replace as replace_fields

from serialscan.reading.cover import Candidate
from serialscan.reading.overlap import overlap
from serialscan.reading.recognise import Glance
from serialscan.reading.shapes import Arc, Shape, Stack, Straight
from serialscan.recipe import Mirror
from serialscan.record import Line, Polygon

# Signs that no other sign looks like in a mirror, upright or upside down. The others are no evidence:
# AHIMOTUVWXY08 read both ways, BCDEHIKOX0138 upside down, and 2, 5 and S, J and L, b, d, p and q are each
# other's images.
TELLING = frozenset("4679FGPRaeghkr")


def reads_well(lines: Sequence[Candidate], how: Mirror, even: float) -> bool:
    """Whether the lines of a page hold what no mirrored text looks like; ``even`` is `Cover.even`."""
    worth = sum(
        sure - even
        for line in lines
        for char, sure in zip(line.glance.text, line.glance.confidences, strict=True)
        if char in TELLING
    )
    return worth > how.well


def fullest(places: Sequence[Shape], how: Mirror) -> list[Straight]:
    """The boxes of a page that hold most text, as far as the detectors can tell, none twice."""
    boxes = [box for box in places if isinstance(box, Straight) and box.width <= how.longest * box.height]
    kept: list[Straight] = []
    for box in sorted(boxes, key=lambda b: (-b.score * min(b.width / b.height, how.full), b.cy, b.cx)):
        if len(kept) < how.boxes and all(overlap(box, other) < how.common for other in kept):
            kept.append(box)
    return kept


def proves(lines: Sequence[Candidate], how: Mirror) -> bool:
    """Whether a line of a mirror image reads so surely that its text is mirrored in the photo."""
    return any(
        line.value > how.proved and _telling(line.glance, how.proved_sure) >= how.proved_telling
        for line in lines
    )


def _telling(glance: Glance, least: float) -> int:
    signs = zip(glance.text, glance.confidences, strict=True)
    return sum(char in TELLING and sure > least for char, sure in signs)


def better(
    image: Sequence[Candidate], lines: Sequence[Candidate], width: int, how: Mirror
) -> list[Candidate]:
    """The lines of a mirror image that are worth more than what the page itself shows in their place.

    Args:
        image: lines of the mirror image.
        lines: lines of the page.
        width: of the page in px.
        how: the recipe's mirror.
    """
    own = [(_in_mirror(line.shape, width), line) for line in lines]
    kept = []
    for line in image:
        there = [one for shape, one in own if overlap(shape, line.shape) > how.common]
        if line.value > sum(one.value for one in there):
            kept.append(line)
    return kept


def _in_mirror(shape: Shape, width: int) -> Shape:
    """The same place in the mirror image of a page so many px wide; read in the other direction."""
    if isinstance(shape, Stack):
        shape = shape.column
    if isinstance(shape, Arc):
        return replace(
            shape, cx=width - shape.cx, start=(180 - shape.start) % 360, sweep=-shape.sweep, lean=-shape.lean
        )
    return replace(shape, cx=width - shape.cx, angle=-shape.angle % 360)


def in_photo(line: Line, width: int) -> Line:
    """A line of the mirror image of a page so many px wide as it stands in the photo, see `Line.mirrored`."""

    def back(polygon: Polygon) -> Polygon:
        return tuple((round(width - x, 1), y) for x, y in polygon)

    return replace_fields(
        line,
        polygon=back(line.polygon),
        rotation=-line.rotation % 360,
        characters=tuple(replace_fields(glyph, polygon=back(glyph.polygon)) for glyph in line.characters),
        mirrored=True,
    )
