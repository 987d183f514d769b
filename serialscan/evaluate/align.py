"""Characters against characters, and lines against lines.

All texts here are folded (``score.folded``); in a truth ``?`` stands for any one character or none and
costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from serialscan import glyphs


def distance(truth: str, reading: str) -> int:
    """Least number of characters to replace, to drop and to add (Levenshtein 1966)."""
    if "?" not in truth:
        return Levenshtein.distance(truth, reading)
    return int(_aligned(truth, reading).cost)


def length(truth: str) -> int:
    """Characters of a truth that count."""
    return len(truth) - truth.count("?")


def align(truth: str, reading: str) -> list[tuple[str, str]]:
    """One cheapest alignment.

    Returns:
        Pairs (true character, read character); an empty string where one side has none. Of several
        alignments that cost the same always the same one.
    """
    return [
        (truth[i] if i >= 0 else "", reading[j] if j >= 0 else "") for i, j in _aligned(truth, reading).pairs
    ]


def pair_lines(truths: Sequence[str], readings: Sequence[str]) -> list[int | None]:
    """Which reading belongs to which true line: the pairs that cost the fewest edits in all.

    A true line without a reading costs its length, a reading without a true line nothing, so that a pair
    is made only if it saves something. Among equal costs the pairs with more lines wholly right win.

    Args:
        truths: folded true lines.
        readings: folded lines that were read.

    Returns:
        For each true line the index of its reading, or None.
    """
    if not truths:
        return []
    scale = len(truths) + 1
    costs = []
    for i, truth in enumerate(truths):
        alone = length(truth)
        row = []
        for reading in readings:
            edits = distance(truth, reading)
            row.append(edits * scale - (edits == 0) if edits < alone else (alone + 1) * scale)
        # One place of its own for each truth to stay alone; that of another is never cheaper.
        row += [alone * scale if k == i else (alone + 1) * scale for k in range(len(truths))]
        costs.append(row)
    return [column if column < len(readings) else None for column in assign(costs)]


def assign(costs: Sequence[Sequence[int]]) -> list[int]:
    """The cheapest assignment of rows to different columns (Kuhn 1955, Munkres 1957).

    Args:
        costs: at least as many columns as rows.

    Returns:
        The column of each row. Time grows with rows² times columns.
    """
    columns = len(costs[0])
    row_price = [0] * (len(costs) + 1)
    column_price = [0] * (columns + 1)
    row_of = [0] * (columns + 1)  # rows and columns count from 1; column 0 holds the row to be placed
    for row in range(1, len(costs) + 1):
        row_of[0] = row
        slack: list[float] = [float("inf")] * (columns + 1)
        came_from = [0] * (columns + 1)
        visited = [False] * (columns + 1)
        column = 0
        while row_of[column]:
            visited[column] = True
            current = row_of[column]
            for k in range(1, columns + 1):
                if not visited[k]:
                    reduced = costs[current - 1][k - 1] - row_price[current] - column_price[k]
                    if reduced < slack[k]:
                        slack[k], came_from[k] = reduced, column
            nearest = min((k for k in range(1, columns + 1) if not visited[k]), key=slack.__getitem__)
            step = int(slack[nearest])
            for k in range(columns + 1):
                if visited[k]:
                    row_price[row_of[k]] += step
                    column_price[k] -= step
                else:
                    slack[k] -= step
            column = nearest
        while column:
            row_of[column] = row_of[came_from[column]]
            column = came_from[column]
    chosen = [0] * len(costs)
    for column in range(1, columns + 1):
        if row_of[column]:
            chosen[row_of[column] - 1] = column - 1
    return chosen


def _aligned(truth: str, reading: str) -> glyphs.Alignment:
    exchange = [[0 if true in ("?", read) else 1 for read in reading] for true in truth]
    return glyphs.align(exchange, [0 if true == "?" else 1 for true in truth], [1] * len(reading))
