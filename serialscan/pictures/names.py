"""Names of the files that pictures go to: they tell the photo, and those of two photos never meet."""

from __future__ import annotations

import re

from serialscan.record import Source

_STEM_BYTES = 100  # file systems allow 255 bytes for a name, some that encrypt 143
_HASH_DIGITS = 12
# Windows takes these for devices, whatever stands behind the first dot (Microsoft, "Naming Files").
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(?=\.|-|$)", re.IGNORECASE)


def crop_name(source: Source, line: str) -> str:
    """Of the picture of one line, by its ``id``."""
    return f"{_stem(source)}.{re.sub(r'[^A-Za-z0-9]', '_', line)[:12]}.png"


def picture_name(source: Source) -> str:
    """Of the picture of a photo."""
    return f"{_stem(source)}.jpg"


def thumbnail_name(source: Source) -> str:
    """Of its thumbnail, with the folder that it lies in."""
    return f"thumbnails/{_stem(source)}.jpg"


def shown_path(source: Source) -> str:
    """A photo's folder and name: what tells it from others. Pictures of copies that agree in both agree."""
    return "/".join(re.split(r"[\\/]", source.path)[-2:])


def _stem(source: Source) -> str:
    return f"{_readable(shown_path(source))}-{(source.sha256 or '')[:_HASH_DIGITS]}"


def _readable(photo: str) -> str:
    """A path as a file name.

    What a file name cannot hold becomes ``_``, and long names are cut, so that paths which differ may look
    alike; the hash keeps their pictures apart.
    """
    end = re.sub(r"[^\w.-]+", "_", photo).encode()[-_STEM_BYTES:].decode(errors="ignore")
    name = end.strip("_.-") or "photo"
    return f"photo_{name}" if _DEVICES.match(name) else name
