"""Any decoded picture to upright RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
        uint8 (H, W, 3), writable.
    """
    import numpy as np

    if image.mode in _SEVERAL_BYTES:
        grey = _eight_bits(np.asarray(image))
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        image = _on_paper(image.convert("RGBA"))
    elif image.mode == "LAB":  # Pillow has no way from LAB to RGB without colour profiles
        image = image.getchannel("L").convert("RGB")
    elif image.mode != "RGB":
        image = image.convert("RGB")
    return np.array(image)


def _on_paper(shown: Image.Image) -> Image.Image:
    from PIL import Image

    alpha = shown.getchannel("A")
    counts = shown.convert("L").histogram(alpha.point([0] * (_HALF + 1) + [255] * (255 - _HALF)))
    light = sum(level * count for level, count in enumerate(counts)) > _HALF * sum(counts)
    paper = Image.new("RGB", shown.size, "black" if light else "white")
    paper.paste(shown, mask=alpha)
    return paper


def _eight_bits(values: np.ndarray) -> np.ndarray:
    import numpy as np

    real = values.dtype.kind == "f"
    if real:
        low, high = _finite_range(values)
        if low >= 0 and high <= 1:
            low, high = 0.0, 1.0
        elif low >= 0 and high <= 255:
            low, high = 0.0, 255.0
    else:
        low = min(0, int(values.min()))
        high = low + (1 << max(8, (int(values.max()) - low).bit_length())) - 1
    grey = np.empty(values.shape, np.uint8)
    for row in range(0, len(values), _ROWS_AT_ONCE):  # not the whole of it: these take 8 bytes a pixel
        # float64: a step of 1 in 32 bits is still a step.
        part = values[row : row + _ROWS_AT_ONCE].astype(np.float64)
        if real:
            part = np.nan_to_num(part, nan=low, posinf=high, neginf=low)
        scaled = (part - low) * (255.0 / max(high - low, 1e-12))
        grey[row : row + _ROWS_AT_ONCE] = np.clip(np.rint(scaled), 0, 255)
    return grey


def _finite_range(values: np.ndarray) -> tuple[float, float]:
    import numpy as np

    ranges = []
    for row in range(0, len(values), _ROWS_AT_ONCE):
        part = values[row : row + _ROWS_AT_ONCE]
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
