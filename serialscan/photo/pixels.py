"""Any decoded picture to upright RGB."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

_SEVERAL_BYTES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")


def to_rgb(image: Image.Image) -> np.ndarray:
    """Convert a loaded Pillow image of any mode.

    Deep grey is scaled from the smallest range of whole bits that holds its values (a 12-bit picture
    in a 16-bit file is not left black); transparent parts are shown on white.

    Args:
        image: the picture.

    Returns:
        uint8 (H, W, 3), writable.
    """
    import numpy as np
    from PIL import Image

    if image.mode in _SEVERAL_BYTES:
        grey = _eight_bits(np.asarray(image))
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        shown = image.convert("RGBA")
        paper = Image.new("RGBA", shown.size, "white")
        image = Image.alpha_composite(paper, shown).convert("RGB")
    elif image.mode == "LAB":  # Pillow has no way from LAB to RGB without colour profiles
        image = image.getchannel("L").convert("RGB")
    elif image.mode != "RGB":
        image = image.convert("RGB")
    return np.array(image)


def _eight_bits(values: np.ndarray) -> np.ndarray:
    import numpy as np

    if values.dtype.kind == "f":
        finite = np.isfinite(values)
        low, high = (float(f(values[finite])) for f in (np.min, np.max)) if finite.any() else (0.0, 0.0)
        if low >= 0 and high <= 1:
            low, high = 0.0, 1.0
        elif low >= 0 and high <= 255:
            low, high = 0.0, 255.0
        values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    else:
        low = min(0, int(values.min()))
        high = low + (1 << max(8, (int(values.max()) - low).bit_length())) - 1
    # float64: a step of 1 in 32 bits is still a step.
    scaled = (values.astype(np.float64) - low) * (255.0 / max(high - low, 1e-12))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


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
