"""What makes a serial doubtful, and what to do about it while the item is still there."""

from __future__ import annotations

from serialscan.marking.complete import CUT, OPEN
from serialscan.record import Reason, SerialReading, Warning_


def serial_warnings(serial: SerialReading) -> tuple[Warning_, ...]:
    """Warnings of the first candidate, each with what to do."""
    reasons = serial.complete.reasons if serial.complete is not None else ()
    hidden = [one for one in reasons if one.code == "end_hidden"]
    more = [one for one in reasons if one.code in OPEN - {"edge_near"}]
    more += [one for one in reasons if one.code == "end_more"]
    cut = [one for one in reasons if one.code in ("edge_near", CUT)]
    found = []
    if hidden:
        found.append(
            Warning_.of(
                "covered",
                f"Something seems to lie over the row of {serial.value} ({_said(hidden)}): "
                "take it away or clean the mark, and photograph again.",
            )
        )
    if more:
        found.append(
            Warning_.of(
                "may_go_on",
                f"{serial.value} may not be all of the number ({_said(more)}): "
                "look at the whole row and at the lines above and below it.",
            )
        )
    if cut:
        found.append(
            Warning_.of(
                "serial_at_edge",
                f"{serial.value} stands at the edge of the photo ({_said(cut)}): "
                "photograph it with metal on both sides.",
            )
        )
    if serial.empty_labels:
        found.append(
            Warning_.of(
                "empty_field",
                f"A label of a serial stands in {', '.join(serial.empty_labels)}, and nothing in its "
                "place: look whether it is empty, worn or covered.",
            )
        )
    return tuple(found)


def _said(reasons: list[Reason]) -> str:
    return "; ".join(one.detail for one in reasons)
