"""The names of figures and their numbers as people read them, the same on a terminal and in a page."""

from __future__ import annotations

from serialscan.evaluate.report import Figure

NAMES = {
    "serial_exact": "serial exact",
    "serial_in_lines": "serial stands in a line",
    "serial_in_candidates": "serial among the candidates",
    "none_named": "no serial there, none named",
    "lines_right": "lines right",
    "lines_to_the_sign": "lines right, signs too",
    "character_errors": "character error rate",
    "lines_detected": "lines detected (IoU 0.5)",
    "extra_lines": "extra lines per photo",
    "accepted": "accepted without a person",
    "accepted_wrong": "wrong among the accepted",
}

SHORT_NAMES = {
    "serial_exact": "serial exact",
    "serial_in_lines": "in lines",
    "lines_right": "lines right",
    "character_errors": "char errors",
    "lines_detected": "detected",
    "extra_lines": "extra",
    "accepted": "accepted",
    "accepted_wrong": "wrong",
}

BY = {
    "kind": "kind",
    "tier": "tier",
    "trap": "trap",
    "folder": "folder",
    "glyph_height": "glyph height, px",
    "contrast": "contrast",
}

_PLAIN = frozenset({"extra_lines"})  # a number per photo; all others are shares


def value(name: str, figure: Figure) -> str:
    """The value, or a dash where there is nothing to count."""
    return number(name, figure.value)


def bounds(name: str, figure: Figure) -> str:
    """The interval, or nothing."""
    if figure.low is None or figure.high is None:
        return ""
    return f"{number(name, figure.low)} to {number(name, figure.high)}"


def counts(figure: Figure) -> str:
    """What was counted out of what."""
    return f"{figure.count} of {figure.of}"


def number(name: str, what: float | None) -> str:
    """A share in per cent, another figure with two digits, a dash for None."""
    if what is None:
        return "–"
    return f"{what:.2f}" if name in _PLAIN else percent(what)


def percent(share: float | None) -> str:
    """Per cent with one digit; a dash for None."""
    return "–" if share is None else f"{100 * share:.1f} %"


def decimal(what: float | None) -> str:
    """Three digits; a dash for None."""
    return "–" if what is None else f"{what:.3f}"
