"""The figures as one HTML file: no script, nothing loaded from elsewhere, readable dark and light."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from serialscan import __version__
from serialscan.evaluate import words
from serialscan.evaluate.gallery import Gallery
from serialscan.evaluate.report import Confidence, CoverageAt, Evaluation
from serialscan.webpage import template

TITLE = "serialscan: evaluation"

_CONFUSIONS = 40
_CHANGES = 200
_Z2 = 3.84  # square of the normal quantile of 95 %, as in Wilson's interval
_LEAST_TOP = 0.05  # share of errors that the risk's axis reaches at least


def page(report: Evaluation, gallery: Gallery, made: datetime | None = None) -> str:
    """The whole page.

    Args:
        report: the figures.
        gallery: pictures of the worst errors.
        made: when; now without it.
    """
    when = (made or datetime.now(UTC)).astimezone(UTC)
    return template("serialscan.evaluate", "page.html").render(
        title=TITLE, report=report, gallery=gallery, words=words, made=f"{when:%Y-%m-%d %H:%M} UTC",
        version=__version__, confusions=report.confusions[:_CONFUSIONS], most_changes=_CHANGES,
        weak=sorted(report.characters, key=lambda one: (one.right / one.of, one.char)),
        confidences=[
            _Trust("serials", "Confidence of the serial", "serials", report.serial_confidence),
            _Trust("lines", "Confidence of lines", "lines", report.line_confidence),
        ],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar of the diagram of reliability, in units of the drawing."""

    x: str
    y: str
    width: str
    height: str
    middle: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class _Trust:
    """One kind of confidence as the page shows it."""

    id: str
    title: str
    claims: str
    measured: Confidence

    @property
    def top(self) -> float:
        """Risk at the upper end of the axis."""
        return max([point.risk for point in self.measured.curve] + [_LEAST_TOP])

    @property
    def own(self) -> str:
        """The curve of risk and coverage, as points."""
        return _points((point.coverage, point.risk / self.top) for point in self.measured.curve)

    @property
    def oracle(self) -> str:
        """The best curve that any order of these readings could give."""
        measured, right = self.measured, self.measured.claims - self.measured.wrong
        counts = [*range(max(right, 1), measured.claims, max(1, measured.wrong // 50)), measured.claims]
        return _points((taken / measured.of, (taken - right) / taken / self.top) for taken in counts)

    @property
    def ideal(self) -> str:
        """The diagonal."""
        return _points([(0, 0), (1, 1)])

    @property
    def bars(self) -> list[_Bar]:
        """Share right by confidence, with intervals."""
        return [
            _Bar(
                x=f"{_x(one.low) + 1:.1f}", width=f"{_x(one.high) - _x(one.low) - 2:.1f}",
                y=f"{_y(one.right.value or 0.0):.1f}", height=f"{_y(0.0) - _y(one.right.value or 0.0):.1f}",
                middle=f"{_x(one.confidence):.1f}", low=f"{_y(one.right.low or 0.0):.1f}",
                high=f"{_y(one.right.high or 0.0):.1f}",
            )
            for one in self.measured.reliability
        ]  # fmt: skip

    def doubt(self, level: CoverageAt) -> str:
        """Why a coverage shows less than it seems; empty if enough was taken to show it."""
        taken, needed = round(level.coverage * self.measured.of), round(_Z2 * (1 - level.error) / level.error)
        if taken >= needed:
            return ""
        return f"from {taken} {self.claims}: too few to show it, that takes {needed} with none wrong"


def _x(share: float) -> float:
    return 40 + 260 * share


def _y(share: float) -> float:
    return 210 - 190 * share


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
