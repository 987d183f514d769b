"""Whether rows do what their examples say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from serialscan.glyphs import western
from serialscan.marking.knowledge import Knowledge, Number, Row, calibre_key, matches_shape
from serialscan.marking.words import Finder
from serialscan.record import Line


@dataclass(frozen=True)
class Verdict:
    """What a row makes of its examples.

    Attributes:
        table: the row's table, as in the TOML files.
        row: the row.
        wrong: examples that it should accept and rejects, or the other way round, in words.
    """

    table: str
    row: Row
    wrong: tuple[str, ...]


def try_examples(rows: Sequence[tuple[str, Row]], knowledge: Knowledge) -> list[Verdict]:
    """Try all examples of rows, which are part of the knowledge."""
    finder = Finder(knowledge)
    patterns = {("shape", row.id): pattern for row, pattern in knowledge.shapes}
    patterns |= {("number", row.id): pattern for row, pattern in knowledge.numbers}
    verdicts = []
    for table, row in rows:
        wrong = []
        for text in (*row.accepts, *row.rejects):
            wanted = text in row.accepts
            if _accepts(table, row, text, patterns.get((table, row.id)), finder, knowledge) != wanted:
                wrong.append(f"does not {'accept' if wanted else 'reject'} {text!r}")
        verdicts.append(Verdict(table, row, tuple(wrong)))
    return verdicts


def _accepts(
    table: str, row: Row, text: str, pattern: re.Pattern[str] | None, finder: Finder, knowledge: Knowledge
) -> bool:
    if table == "shape":
        return pattern is not None and matches_shape(pattern, text)
    if isinstance(row, Number) and pattern is not None:
        shown = western(text)
        return (pattern.fullmatch(shown.strip()) if row.whole else pattern.search(shown)) is not None
    if table == "calibre":
        return row.id in knowledge.spellings.get(calibre_key(text), ())
    if table == "symbol":
        return text in knowledge.symbols[row.id].names
    line = Line(id="L1", text=text, confidence=1.0, polygon=())
    return any(w.table == table and w.row == row.id for hit in finder.find(line) for w in hit.words)
