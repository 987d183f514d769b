"""The figures of an evaluation as a compact table."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from serialscan.evaluate import words
from serialscan.evaluate.report import Case, Changes, Confidence, Evaluation
from serialscan.printable import printable

_PLAIN_WIDTH = 110  # where no terminal says how wide it is
_NAMED = 10


def figures_text(report: Evaluation, *, terminal: bool) -> str:
    """The text, with bold heads on a terminal."""
    text = io.StringIO()
    width = max(100, Console(stderr=True).size.width) if terminal else _PLAIN_WIDTH
    console = Console(
        file=text, width=width, force_terminal=terminal, markup=False, highlight=False, emoji=False
    )
    total = report.total
    rows = [
        (name, words.value(key, figure), words.bounds(key, figure), words.counts(figure))
        for key, name in words.NAMES.items()
        for figure in [getattr(total, key)]
        if figure.of
    ]
    console.print(_table((f"{total.photos} photos", "", "95 % interval", "counted"), rows))
    for by, title in words.BY.items():
        groups = [group for group in report.groups if group.by == by]
        if not groups:
            continue
        keys = [key for key in words.SHORT_NAMES if any(getattr(group.figures, key).of for group in groups)]
        console.print()
        console.print(
            _table(
                (f"by {title}", "photos", *(words.SHORT_NAMES[key] for key in keys)),
                (
                    (
                        printable(group.name),
                        str(group.figures.photos),
                        *(words.value(key, getattr(group.figures, key)) for key in keys),
                    )
                    for group in groups
                ),
            )
        )
    console.print()
    console.print(
        _table(
            ("confidence", "claims", "wrong", "AURC", "least AURC", "calibration error", "Brier",
             *(f"coverage at {100 * level.error:g} %" for level in report.serial_confidence.coverage_at)),
            (
                _confidence("of the serial", report.serial_confidence),
                _confidence("of lines", report.line_confidence),
            ),
        )
    )  # fmt: skip
    serials = [one for one in report.worst if one.what == "serial"]
    if serials:
        console.print()
        console.print(
            _table(("surest wrong serials", "truth", "read", "sure"), map(_case, serials[:_NAMED]), left=3)
        )
    if report.confusions:
        told = "  ".join(
            f"{one.truth or 'nothing'}→{one.read or 'nothing'} {one.count}"
            for one in report.confusions[:_NAMED]
        )
        console.print(f"\nmost frequent confusions: {printable(told)}", soft_wrap=True)
    if report.seconds is not None:
        time = report.seconds
        console.print(
            f"\nseconds per photo: mean {time.mean:.2f}, median {time.median:.2f}, "
            f"nine of ten within {time.p90:.2f}, longest {time.longest:.2f}"
        )
    for one in report.not_read:
        console.print(f"not read: {printable(one.file)}: {printable(one.reason)}", soft_wrap=True)
    if report.unlabelled_records:
        console.print(f"records without a label, left out: {report.unlabelled_records}")
    if report.baseline is not None:
        console.print(f"\nagainst the baseline, {report.baseline.photos} photos with records in both runs")
        for name in report.baseline.left_out:
            console.print(f"left out: {printable(name)}", soft_wrap=True)
        for word, changes in (("serials", report.baseline.serials), ("lines", report.baseline.lines)):
            for line in _changes(word, changes):
                console.print(printable(line), soft_wrap=True)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> Table:
    """A table without a frame, its first ``left`` columns set left and the others right."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for index, title in enumerate(head):
        table.add_column(title, justify="left" if index < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _confidence(name: str, measured: Confidence) -> tuple[str, ...]:
    return (
        name,
        str(measured.claims),
        str(measured.wrong),
        words.decimal(measured.aurc),
        words.decimal(measured.oracle_aurc),
        words.decimal(measured.calibration_error),
        words.decimal(measured.brier),
        *(words.percent(level.coverage) for level in measured.coverage_at),
    )


def _case(one: Case) -> tuple[str, ...]:
    return printable(one.file), printable(one.truth or "none"), printable(one.read), f"{one.confidence:.3f}"


def _changes(word: str, changes: Changes) -> Iterable[str]:
    yield (
        f"{word}: {len(changes.won)} won, {len(changes.lost)} lost; {changes.photos_better} photos better, "
        f"{changes.photos_worse} worse, p = {changes.p:.3g}"
    )
    for what, some in (("won", changes.won), ("lost", changes.lost)):
        for one in some:
            yield (f"  {what}  {one.file}  {one.truth}: {one.before or 'nothing'} → {one.after or 'nothing'}")
