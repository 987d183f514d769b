"""Characters against characters, and lines against lines.

All texts here are folded (``score.folded``); in a truth ``?`` stands for any one character or none and
costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein


def distance(truth: str, reading: str) -> int:
    """Least number of characters to replace, to drop and to add (Levenshtein 1966)."""
    if "?" not in truth:
        return Levenshtein.distance(truth, reading)
    return _table(truth, reading)[-1][-1]


def length(truth: str) -> int:
    """Characters of a truth that count."""
    return len(truth) - truth.count("?")


def align(truth: str, reading: str) -> list[tuple[str, str]]:
    """One cheapest alignment.

    Returns:
        Pairs (true character, read character); an empty string where one side has none. Of several
        alignments that cost the same always the same one.
    """
    table = _table(truth, reading)
    pairs: list[tuple[str, str]] = []
    i, j = len(truth), len(reading)
    while i or j:
        if i and j and table[i][j] == table[i - 1][j - 1] + _cost(truth[i - 1], reading[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((truth[i], reading[j]))
        elif i and table[i][j] == table[i - 1][j] + _cost(truth[i - 1], ""):
            i -= 1
            pairs.append((truth[i], ""))
        else:
            j -= 1
            pairs.append(("", reading[j]))
    return pairs[::-1]


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


def _cost(true: str, read: str) -> int:
    return 0 if true in ("?", read) else 1


def _table(truth: str, reading: str) -> list[list[int]]:
    """Costs of turning each start of the truth into each start of the reading."""
    table = [list(range(len(reading) + 1))]
    for true in truth:
        above = table[-1]
        row = [above[0] + _cost(true, "")]
        for j, read in enumerate(reading):
            row.append(min(above[j] + _cost(true, read), above[j + 1] + _cost(true, ""), row[j] + 1))
        table.append(row)
    return table
