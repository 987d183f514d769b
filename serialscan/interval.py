"""How sure a share is that was counted."""

from __future__ import annotations

import math

Interval = tuple[float, float]

_Z = 1.959963984540054  # normal quantile of 0.975


def wilson(count: int, of: int) -> Interval | None:
    """Score interval of a proportion, 95 % (Wilson 1927); good also near 0 and 1 and for few cases.

    Args:
        count: cases that have the property.
        of: cases, independent of each other.

    Returns:
        Lower and upper bound, or None without cases.
    """
    if of == 0:
        return None
    share, z2 = count / of, _Z * _Z
    centre = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    low = 0.0 if count == 0 else max(0.0, centre - half)
    high = 1.0 if count == of else min(1.0, centre + half)
    return low, high
