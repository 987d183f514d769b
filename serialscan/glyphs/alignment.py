"""Characters against characters, at costs of one's own (Needleman and Wunsch 1970; Levenshtein 1966).

Where every edit costs one, ``rapidfuzz.distance.Levenshtein`` is far faster. Here an exchange may cost by
what the two places hold, and of equally cheap ways always the same one is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Alignment:
    """The cheapest way from one sequence to another.

    Attributes:
        cost: the sum over its steps.
        pairs: an index into each of both, in order; -1 stands for none.
    """

    cost: float
    pairs: tuple[tuple[int, int], ...]


def align(
    exchange: Sequence[Sequence[float]], drop: Sequence[float], add: Sequence[float], *,
    loose_ends: bool = False,
) -> Alignment:  # fmt: skip
    """Align two sequences.

    Args:
        exchange: cost of each pair, (N, M); less than zero where a pair speaks for the alignment.
        drop: cost of leaving out each of the first sequence, (N,).
        add: cost of leaving out each of the second, (M,).
        loose_ends: at each end either of the two may go on alone at no cost (semi-global: Durbin et al.,
            Biological Sequence Analysis, 1998, section 2.3).

    Returns:
        The cheapest alignment. Of several it is that which, seen from the end, pairs rather than drops and
        drops rather than adds. Time and memory grow with N times M.
    """
    rows, columns = len(drop), len(add)
    above = [0.0] * (columns + 1) if loose_ends else list(accumulate(add, initial=0.0))
    costs = [above]
    for skip, row in zip(drop, exchange, strict=True):
        here = 0.0 if loose_ends else above[0] + skip
        line = [here]
        for j, price in enumerate(row):
            least, dropped, added = above[j] + price, above[j + 1] + skip, here + add[j]
            here = least if least <= dropped else dropped
            if added < here:
                here = added
            line.append(here)
        costs.append(line)
        above = line
    i, j = rows, columns
    if loose_ends:
        ends = [(rows, end) for end in range(columns + 1)] + [(end, columns) for end in range(rows + 1)]
        i, j = min(ends, key=lambda end: (costs[end[0]][end[1]], -end[0] - end[1]))
    cost = costs[i][j]
    pairs = [(-1, k) for k in range(columns - 1, j - 1, -1)] + [(k, -1) for k in range(rows - 1, i - 1, -1)]
    while (i and j) if loose_ends else (i or j):
        here = costs[i][j]
        if i and j and here == costs[i - 1][j - 1] + exchange[i - 1][j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif i and here == costs[i - 1][j] + drop[i - 1]:
            i -= 1
            pairs.append((i, -1))
        else:
            j -= 1
            pairs.append((-1, j))
    pairs += [(-1, k) for k in range(j - 1, -1, -1)] + [(k, -1) for k in range(i - 1, -1, -1)]
    return Alignment(cost, tuple(reversed(pairs)))
