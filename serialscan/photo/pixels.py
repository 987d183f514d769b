"""Any decoded picture to upright RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from PIL import Image

_SEVERAL_BYTES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_HALF = 127  # of 255: grey level above which a pixel is light, opacity above which it is seen
_ROWS_AT_ONCE = 64
_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")


def to_rgb(image: Image.Image) -> np.ndarray:
    """Convert a loaded Pillow image of any mode.

    Deep grey is scaled from the smallest range of whole bits that holds its values (a 12-bit picture
    in a 16-bit file is not left black). Transparent parts are shown on white, or on black if what can be
    seen is light.

    Args:
        image: the picture.

    Returns:
        uint8 (H, W, 3), writable. Beside the picture and this, memory holds some rows only, unless the
        picture is transparent.
    """
    import numpy as np

    if image.mode in _SEVERAL_BYTES:
        grey = _eight_bits(image)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        image = _on_paper(image.convert("RGBA"))
    rgb = np.empty((image.height, image.width, 3), np.uint8)
    for top, rows in strips(image):
        if rows.mode == "LAB":  # Pillow has no way from LAB to RGB without colour profiles
            rows = rows.getchannel("L")
        rgb[top : top + rows.height] = np.asarray(rows.convert("RGB"))
    return rgb


def strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Some rows at a time, and where they begin: Pillow copies what it converts, and what it gives away."""
    for top in range(0, image.height, _ROWS_AT_ONCE):
        yield top, image.crop((0, top, image.width, min(top + _ROWS_AT_ONCE, image.height)))


def _on_paper(shown: Image.Image) -> Image.Image:
    from PIL import Image

    alpha = shown.getchannel("A")
    counts = shown.convert("L").histogram(alpha.point([0] * (_HALF + 1) + [255] * (255 - _HALF)))
    light = sum(level * count for level, count in enumerate(counts)) > _HALF * sum(counts)
    paper = Image.new("RGB", shown.size, "black" if light else "white")
    paper.paste(shown, mask=alpha)
    return paper


def _eight_bits(image: Image.Image) -> np.ndarray:
    import numpy as np

    real = image.mode == "F"
    if real:
        low, high = _finite_range(image)
        if low >= 0 and high <= 1:
            low, high = 0.0, 1.0
        elif low >= 0 and high <= 255:
            low, high = 0.0, 255.0
    else:
        ranges = [
            (int(part.min()), int(part.max())) for part in (np.asarray(rows) for _, rows in strips(image))
        ]
        low = min(0, *(least for least, _ in ranges))
        high = low + (1 << max(8, (max(most for _, most in ranges) - low).bit_length())) - 1
    grey = np.empty((image.height, image.width), np.uint8)
    for top, rows in strips(image):
        # float64: a step of 1 in 32 bits is still a step.
        part = np.asarray(rows).astype(np.float64)
        if real:
            part = np.nan_to_num(part, nan=low, posinf=high, neginf=low)
        scaled = (part - low) * (255.0 / max(high - low, 1e-12))
        grey[top : top + rows.height] = np.clip(np.rint(scaled), 0, 255)
    return grey


def _finite_range(image: Image.Image) -> tuple[float, float]:
    import numpy as np

    ranges = []
    for _, rows in strips(image):
        part = np.asarray(rows)
        part = part[np.isfinite(part)]
        if part.size:
            ranges.append((float(part.min()), float(part.max())))
    return (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else (0.0, 0.0)


def turn_upright(rgb: np.ndarray, orientation: int) -> np.ndarray:
    """Apply an EXIF orientation (1 to 8, TIFF 6.0 tag 274).

    Args:
        rgb: pixels as stored, (H, W, 3).
        orientation: the tag's value.

    Returns:
        The pixels as they are to be looked at, contiguous.
    """
    import numpy as np

    if orientation in (5, 6, 7, 8):
        rgb = rgb.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        rgb = rgb[:, ::-1]
    if orientation in (3, 4, 7, 8):
        rgb = rgb[::-1]
    return np.ascontiguousarray(rgb)
