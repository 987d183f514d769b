"""How many worker processes this machine carries."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# What reading a photo of 60 megapixels takes at most, the networks included: 19 bytes a pixel, measured on an
# empty grey JPEG as the peak of the resident memory.
BYTES_PER_WORKER = 1536 << 20
# What one photo of `max_pixels` takes beyond that. Such photos are rare: room for one at a time.
_LARGEST_PHOTO = 1 << 30
MOST_JOBS = 60 if sys.platform == "win32" else 1000  # Windows waits for 63 pipes at most


def cores() -> int:
    """Physical cores that this process may use."""
    import psutil

    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, psutil.cpu_count(logical=False) or allowed))


def memory() -> int:
    """Bytes of memory that are free for this process, a container's limit included."""
    import psutil

    free = psutil.virtual_memory().available
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii"))
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return free
    return min(free, max(0, limit - used))


def default_jobs() -> int:
    """One worker per physical core, fewer where the memory does not suffice."""
    return max(1, min(cores(), (memory() - _LARGEST_PHOTO) // BYTES_PER_WORKER))
