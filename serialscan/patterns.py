"""Regular expressions of users, bounded: in how many ways one may be tried, at most, on one text.

Python's engine goes back and tries again. A pattern with nested repeats can take longer than the world lasts,
and nothing can stop it but the end of its process. A linear-time engine (RE2) is no way out: it knows no
lookaround, which the shipped patterns need to see where a number ends.
"""

from __future__ import annotations

import re
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MOST_WAYS = 1e8
"""Ways of a pattern that may be tried: some seconds on the worst text. The largest shipped has 6e6."""


def compile_bounded(pattern: str, longest: int, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """Compile a pattern that cannot take for ever.

    Args:
        pattern: a regular expression of Python.
        longest: characters of a text that it is tried on, at most: as often a repeat without a bound repeats.
        flags: as in ``re.compile``.

    Raises:
        ValueError: it is none, or can be tried in too many ways; the message says what to do.
    """
    try:
        compiled = re.compile(pattern, flags)
        ways = _ways(parser.parse(pattern, flags), longest)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"it is no regular expression: {error}.") from error
    if ways > MOST_WAYS:
        raise ValueError(
            "it can be tried in too many ways and might never end: take repeats out of repeats, "
            "and give repeats smaller bounds."
        )
    return compiled


def _ways(nodes: Any, longest: int) -> float:
    """Ways through a sequence of parsed nodes: those of its parts, multiplied."""
    total = 1.0
    for kind, value in nodes:
        if kind in (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT):
            least, most, body = value
            total *= _repeated(_ways(body, longest), least, min(most, max(longest, least)))
        elif kind is constants.SUBPATTERN:
            total *= _ways(value[-1], longest)
        elif kind is constants.BRANCH:
            total *= sum(_ways(branch, longest) for branch in value[1])
        elif kind in (constants.ASSERT, constants.ASSERT_NOT):
            total *= _ways(value[1], longest)
        elif kind is constants.ATOMIC_GROUP:
            total *= _ways(value, longest)
        elif kind is constants.GROUPREF_EXISTS:
            total *= sum(_ways(branch, longest) for branch in value[1:] if branch is not None) + 1
        if total > MOST_WAYS:
            return float("inf")
    return total


def _repeated(ways: float, least: int, most: int) -> float:
    """Ways of a body repeated from ``least`` to ``most`` times."""
    if ways == 1:
        return float(most - least + 1)
    total, power = 0.0, 1.0
    for count in range(most + 1):
        total += power if count >= least else 0.0
        power *= ways
        if power > MOST_WAYS:
            return float("inf") if count < most else total
    return total
