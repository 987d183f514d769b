"""What photos say differently."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from serialscan.record import Conflict, ItemAlternative

_ALIKE = 60.0  # percent of likeness from which two values may be one, misread


def conflict(field: str, message: str, values: Sequence[ItemAlternative]) -> Conflict:
    """A conflict whose message names each value with the photos that show it."""
    shown = "; ".join(
        f"{value.value} in {', '.join(dict.fromkeys(seen.photo for seen in value.evidence))}"
        for value in values
    )
    return Conflict(field=field, message=f"{message}: {shown}", values=tuple(values))


def of_two_items(conflict: Conflict) -> bool:
    """Whether serials or models differ too much for misreadings."""
    first, *others = (value.match_key or "" for value in conflict.values)
    return conflict.field in ("serial", "model") and any(
        other and fuzz.ratio(first, other) < _ALIKE for other in others
    )
