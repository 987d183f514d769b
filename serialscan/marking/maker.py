"""Who probably made an item, as opposed to whose name stands on it: copies exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serialscan.marking.knowledge import Knowledge, matches_shape
from serialscan.record import Mark, SerialReading


@dataclass(frozen=True)
class MakerCandidate:
    """A maker that an item may come from, with its reasons and its share of the points (0 to 1)."""

    row: str
    name: str
    country: str
    share: float
    reasons: tuple[str, ...]


def assess_maker(
    marks: Sequence[Mark], serial: SerialReading, knowledge: Knowledge
) -> tuple[MakerCandidate, ...]:
    """Rank who may have made the item, from names, places, models, codes, signs and the serial's shape.

    What is marked stays in the marks of kind ``manufacturer``; this is a conclusion and only ranks.

    Args:
        marks: of one photo or of all photos of one item.
        serial: its serial.
        knowledge: makers, models and shapes.

    Returns:
        Candidates, best first; several with like shares mean that it is open. Empty if nothing speaks.
    """
    weights = knowledge.weights
    points: dict[str, float] = {}
    reasons: dict[str, list[str]] = {}

    def speaks_for(row: str, gain: float, reason: str) -> None:
        if (
            row in knowledge.makers
            and not knowledge.makers[row].authority
            and reason not in reasons.get(row, [])
        ):
            points[row] = points.get(row, 0.0) + gain
            reasons.setdefault(row, []).append(reason)

    for mark in marks:
        ids = [mark.row] if mark.row else [c.row for c in mark.candidates]
        if mark.kind == "manufacturer":
            for row in ids:
                what = "sign" if mark.table == "symbol" else "name"
                speaks_for(row, weights["maker_name"] * mark.confidence / len(ids), f"{what} {mark.value}")
        elif mark.table == "place":
            for row in ids:
                speaks_for(row, weights["maker_place"] * mark.confidence / len(ids), f"place {mark.value}")
        elif mark.kind == "model":
            makers = [m for i in ids if i in knowledge.models for m in knowledge.models[i].makers]
            for row in dict.fromkeys(makers):
                speaks_for(
                    row, weights["maker_model"] * mark.confidence / len(set(makers)), f"makes {mark.value}"
                )
        elif mark.kind == "cage":
            for maker in knowledge.makers.values():
                if mark.match_key in (code.replace("O", "0") for code in maker.cage):
                    speaks_for(maker.id, weights["maker_cage"] * mark.confidence, f"CAGE {mark.value}")
        elif mark.kind == "factory_mark":
            rows = [c.row for c in mark.candidates] or [
                m for sign in knowledge.symbols.values() if mark.value in sign.names for m in sign.makers
            ]
            for row in rows:
                speaks_for(row, weights["maker_sign"] * mark.confidence / len(rows), f"sign {mark.value}")
    countries = {mark.row for mark in marks if mark.kind == "country"}
    for row in list(points):
        if knowledge.makers[row].country in countries:
            speaks_for(row, weights["maker_country"], f"country {knowledge.makers[row].country}")
        if serial.value and any(
            row in shape.makers and matches_shape(pattern, serial.value)
            for shape, pattern in knowledge.shapes
        ):
            speaks_for(row, weights["maker_shape"], "shape of the serial")
    total = sum(points.values()) or 1.0  # marks of which nothing is sure speak for nobody
    ranked = sorted(points, key=lambda row: (-points[row], row))
    return tuple(
        MakerCandidate(row, knowledge.makers[row].name, knowledge.makers[row].country,
                       round(points[row] / total, 4), tuple(reasons[row]))
        for row in ranked
    )  # fmt: skip
