"""What limits the reading of a photo, and what to do about it while the item is still there."""

from __future__ import annotations

from collections.abc import Sequence

from serialscan.reading.calibrate import EDGE, to_edge
from serialscan.record import Line, Quality, Source, Warning_

READABLE_PX = 16.0  # glyphs under this height are not readable by anyone
GOOD_PX = 28.0  # what industrial readers ask for
BLURRED = 0.25  # sharpness of a photo (see `Quality`), and less
CLIPPED = 0.15  # share of its pixels that are pure white or black, and more
DIGITS = 3  # of a line that may be a number


def reader_warnings(engine: str, recipe: str, fitted_to: str, *, measured: bool) -> tuple[Warning_, ...]:
    """What everybody must know who uses a reader's readings.

    Args:
        engine: name of its engine.
        recipe: name of its recipe.
        fitted_to: name of the recipe that its confidences were fitted to; empty if they are votes.
        measured: whether what the recipe reads was measured with these confidences.
    """
    found = []
    if engine == "null":
        found.append(
            Warning_.of(
                "null_engine",
                "Nobody looked at this photo: the engine null finds nothing. Scan it again with the engine "
                "networks.",
            )
        )
    if not measured:
        fitted = (
            f"Confidences were fitted to the recipe {fitted_to}" if fitted_to else "Confidences are votes"
        )
        found.append(
            Warning_.of(
                "not_calibrated",
                f"{fitted}; this photo was read with the recipe {recipe}. How often it reads "
                "rightly was not measured.",
            )
        )
    return tuple(found)


def display_warning(displays: Sequence[str]) -> Warning_:
    """That lines of these ids look like displays of seven segments, which nobody here reads."""
    return Warning_.of(
        "seven_segments",
        f"Looks like a display of seven segments, which is not read rightly: {', '.join(displays)}. "
        "Read it off the photo.",
    )


def quality_warnings(quality: Quality, lines: Sequence[Line], source: Source) -> tuple[Warning_, ...]:
    """Warnings of one photo, each with what to do.

    Args:
        quality: measures of the photo.
        lines: the lines read.
        source: the photo's size.
    """
    found = []
    height = quality.glyph_height_px
    if height is not None and height < READABLE_PX:
        share = max(2, round(GOOD_PX / height))
        found.append(
            Warning_.of(
                "glyphs_too_small",
                f"The glyphs are {height:.0f} px high: photograph from 1/{share} of the distance, "
                f"or with a camera that makes them at least {GOOD_PX:.0f} px high.",
            )
        )
    if not lines:
        found.append(
            Warning_.of(
                "no_text",
                "No text was found: photograph the mark closer, in focus, with light from the side.",
            )
        )
    mirrored = [line.text for line in lines if line.mirrored]
    if mirrored:
        found.append(
            Warning_.of(
                "mirrored_text",
                f"Reads only in a mirror: {', '.join(mirrored)}. Mirror the photo, left and right "
                "exchanged, and scan it again, or photograph the mark directly.",
            )
        )
    stacked = [line.text for line in lines if line.stacked]
    if stacked:
        found.append(
            Warning_.of(
                "stacked_text",
                f"Stands one character below the other: {', '.join(stacked)}. Compare each character "
                "with the photo.",
            )
        )
    width, height_px = source.width or 0, source.height or 0
    first = [line for line in lines if line.page == 1 and width and height_px]
    cut = [line.text for line in first if _cut(line, width, height_px)]
    if cut:
        found.append(
            Warning_.of(
                "cut_off",
                f"At the edge of the photo, so it may go on: {', '.join(cut)}. Photograph all of it.",
            )
        )
    if quality.sharpness is not None and quality.sharpness < BLURRED:
        found.append(
            Warning_.of("blurred", "The photo is blurred: hold the camera still and focus on the mark.")
        )
    if quality.clipped is not None and quality.clipped > CLIPPED:
        found.append(
            Warning_.of(
                "glare",
                f"{quality.clipped:.0%} of the pixels are pure white or black: turn off the flash, "
                "light the mark from the side.",
            )
        )
    return tuple(found)


def _cut(line: Line, width: int, height: int) -> bool:
    return sum(c.isdigit() for c in line.text) >= DIGITS and to_edge(line, width, height) < EDGE
