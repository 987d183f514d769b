"""The characters of a value that a record names, with what is known of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from serialscan.record.types import Glyph, Line


def characters_of(lines: Iterable[Line], evidence: Sequence[str], value: str) -> tuple[Glyph, ...]:
    """The characters of a value in the line that shows it as one; empty if none of its lines does.

    Args:
        lines: of the record.
        evidence: ids of the lines that the value rests on.
        value: the text, as it stands in a line.
    """
    by_id = {line.id: line for line in lines}
    for identity in evidence:
        line = by_id.get(identity)
        if line is not None and value in line.text:
            start = line.text.index(value)
            return line.characters[start : start + len(value)]
    return ()
