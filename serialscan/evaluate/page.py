"""The figures as one HTML file: no script, nothing loaded from elsewhere, readable dark and light."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from serialscan.evaluate import words
from serialscan.evaluate.gallery import Exhibit, Gallery
from serialscan.evaluate.report import Change, Changes, Comparison, Confidence, Evaluation, Group

TITLE = "serialscan: evaluation"

_CONFUSIONS = 40
_CHANGES = 200

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; --mark: #2f7fe0; --bad: #d8483c; }
body { font: 16px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: .6rem 0 1.4rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.n, th.n { text-align: right; }
small { opacity: .75; white-space: nowrap; }
code { font: .95em ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
.cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: .8rem; }
figure { margin: 0; padding: .6rem; background: var(--soft); border-radius: .4rem; }
figure img { max-width: 100%; height: auto; display: block; margin-bottom: .4rem; }
.bad { color: var(--bad); }
svg { max-width: 26rem; width: 100%; height: auto; margin-right: 2rem; }
svg text { fill: currentColor; font: 11px system-ui, sans-serif; }
"""


def page(report: Evaluation, gallery: Gallery) -> str:
    """The whole page."""
    total = report.total
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        '<meta name=viewport content="width=device-width">',
        "<meta http-equiv=Content-Security-Policy "
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">",
        f"<title>{TITLE}</title><style>{_STYLE}</style></head><body>",
        "<h1>Evaluation</h1>",
        f"<p>{total.photos} photos of <code>{_text(report.labels)}</code>, SHA-256 "
        f"<code>{_text(report.labels_sha256)}</code>. {_tools(report)}. Intervals are of 95 %.</p>",
        _table(
            ("", "", "interval", "counted"),
            (
                (name, words.value(key, figure), words.bounds(key, figure), words.counts(figure))
                for key, name in words.NAMES.items()
                for figure in [getattr(total, key)]
                if figure.of
            ),
            numbers=(1, 2, 3),
        ),
        _not_read(report),
        _seconds(report),
        *(_groups(by, [group for group in report.groups if group.by == by]) for by in words.BY),
        _confidence("Confidence of the serial", "serials", report.serial_confidence),
        _confidence("Confidence of lines", "lines", report.line_confidence),
        _comparison(report.baseline) if report.baseline is not None else "",
        _exhibits("Serials that are wrong, the surest first", gallery.serials),
        _exhibits("Lines that are wrong, the surest first", gallery.lines),
        _exhibits("Lines that were not read, the largest first", gallery.missed),
        _confusions(report),
        "</body></html>\n",
    ]
    return "\n".join(part for part in parts if part)


def _text(text: str) -> str:
    """Escaped; what UTF-8 cannot hold is written out."""
    return escape(text.encode("utf-8", "backslashreplace").decode("utf-8"))


def _string(text: str | None, missing: str) -> str:
    return f"<i>{missing}</i>" if not text else f"<code>{_text(text)}</code>"


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = (), html: Iterable[int] = ()
) -> str:
    """A table; ``numbers`` are columns set right, ``html`` columns that are HTML already."""
    right, ready = set(numbers), set(html)

    def cell(tag: str, index: int, text: str) -> str:
        kind = " class=n" if index in right else ""
        return f"<{tag}{kind}>{text if tag == 'td' and index in ready else _text(text)}</{tag}>"

    lines = ["".join(cell("th", i, text) for i, text in enumerate(head))]
    lines += ["".join(cell("td", i, text) for i, text in enumerate(row)) for row in rows]
    return "<div class=wide><table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table></div>"


def _tools(report: Evaluation) -> str:
    return "Read by " + "; ".join(
        _text(f"{tool.name} {tool.version}, settings {tool.settings_digest}, ")
        + ", ".join(f"{_text(model.name)} <code>{_text(model.sha256[:16])}</code>" for model in tool.models)
        for tool in report.tools
    )


def _not_read(report: Evaluation) -> str:
    if not report.not_read:
        return ""
    rows = ((one.file, one.reason) for one in report.not_read)
    return f"<h2>{len(report.not_read)} photos not read</h2>" + _table(("photo", "why"), rows)


def _seconds(report: Evaluation) -> str:
    if (time := report.seconds) is None:
        return ""
    return (
        f"<p>Seconds per photo: mean {time.mean:.2f}, median {time.median:.2f}, "
        f"nine of ten within {time.p90:.2f}, longest {time.longest:.2f}.</p>"
    )


def _groups(by: str, groups: Sequence[Group]) -> str:
    if not groups:
        return ""
    shown = {
        key: name
        for key, name in words.SHORT_NAMES.items()
        if any(getattr(group.figures, key).of for group in groups)
    }
    rows = (
        (
            group.name,
            str(group.figures.photos),
            *(
                f"{words.value(key, figure)}<br><small>{words.bounds(key, figure)}</small>"
                for key in shown
                for figure in [getattr(group.figures, key)]
            ),
        )
        for group in groups
    )
    columns = range(2, 2 + len(shown))
    return f"<h2>By {words.BY[by]}</h2>" + _table(
        (words.BY[by], "photos", *shown.values()), rows, numbers=(1, *columns), html=columns
    )


def _confidence(title: str, claims: str, measured: Confidence) -> str:
    if not measured.claims:
        return f"<h2>{title}</h2><p>There are none.</p>"
    rows = [
        ("AURC (least for these readings)", f"{words.decimal(measured.aurc)} "
         f"({words.decimal(measured.oracle_aurc)})"),
        ("expected calibration error", words.decimal(measured.calibration_error)),
        ("Brier score", words.decimal(measured.brier)),
        *(
            (
                f"coverage at {words.percent(level.error)} error",
                words.percent(level.coverage)
                + (f" from confidence {level.confidence:.4f}" if level.confidence is not None else ""),
            )
            for level in measured.coverage_at
        ),
    ]  # fmt: skip
    bins = (
        (
            f"{one.low:.1f} to {one.high:.1f}",
            f"{one.confidence:.3f}",
            words.percent(one.right.value),
            words.bounds("", one.right),
            words.counts(one.right),
        )
        for one in measured.reliability
    )
    return (
        f"<h2>{title}</h2><p>{measured.claims} {claims}, {measured.wrong} of them wrong.</p>"
        + _table(("", ""), rows, numbers=(1,))
        + _risk_coverage(measured)
        + _reliability(measured)
        + _table(("confidence", "mean", "right", "interval", "counted"), bins, numbers=(1, 2, 3, 4))
    )


def _risk_coverage(measured: Confidence) -> str:
    top = max([point.risk for point in measured.curve] + [0.05])
    own = [(point.coverage, point.risk / top) for point in measured.curve]
    right = measured.claims - measured.wrong
    oracle = [
        (taken / measured.of, (taken - right) / taken / top)
        for taken in [*range(max(right, 1), measured.claims, max(1, measured.wrong // 50)), measured.claims]
    ]
    body = (
        f'<polyline fill=none stroke="currentColor" stroke-dasharray="4 3" points="{_points(oracle)}"/>'
        f'<polyline fill=none stroke="var(--mark)" stroke-width=2 points="{_points(own)}"/>'
    )
    return _diagram(body, "Risk and coverage; dashed: best order", "coverage", "1", "risk", f"{top:.2f}")


def _reliability(measured: Confidence) -> str:
    bars = "".join(
        f'<rect x="{_x(one.low) + 1:.1f}" width="{_x(one.high) - _x(one.low) - 2:.1f}" '
        f'y="{_y(one.right.value or 0.0):.1f}" height="{_y(0.0) - _y(one.right.value or 0.0):.1f}" '
        f'fill="var(--mark)" fill-opacity=".45"/>'
        f'<line x1="{_x(one.confidence):.1f}" x2="{_x(one.confidence):.1f}" '
        f'y1="{_y(one.right.low or 0.0):.1f}" y2="{_y(one.right.high or 0.0):.1f}" stroke="currentColor"/>'
        for one in measured.reliability
    )
    ends = _points([(0, 0), (1, 1)])
    ideal = f'<polyline fill=none stroke="currentColor" stroke-dasharray="4 3" points="{ends}"/>'
    return _diagram(bars + ideal, "Reliability: share right by confidence", "confidence", "1", "right", "1")


def _diagram(body: str, title: str, x: str, x_end: str, y: str, y_end: str) -> str:
    return (
        f'<svg viewBox="0 0 320 250" role=img><title>{title}</title>{body}'
        f'<path d="M40 20V210H300" fill=none stroke="currentColor"/>'
        f"<text x=40 y=12>{title}</text>"
        f"<text x=36 y=30 text-anchor=end>{y_end}</text>"
        f"<text x=36 y=120 text-anchor=end>{y}</text>"
        f"<text x=36 y=214 text-anchor=end>0</text>"
        f"<text x=170 y=228 text-anchor=middle>{x}</text>"
        f"<text x=300 y=228 text-anchor=end>{x_end}</text></svg>"
    )


def _x(share: float) -> float:
    return 40 + 260 * share


def _y(share: float) -> float:
    return 210 - 190 * share


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)


def _comparison(comparison: Comparison) -> str:
    left_out = (
        "<p>Left out, without a record in one of the runs: "
        + ", ".join(f"<code>{_text(name)}</code>" for name in comparison.left_out)
        + "</p>"
        if comparison.left_out
        else ""
    )
    return (
        f"<h2>Compared with the baseline</h2><p>{comparison.photos} photos with records in both runs.</p>"
        + left_out
        + _changes("Serials", comparison.serials)
        + _changes("Lines", comparison.lines)
    )


def _changes(title: str, changes: Changes) -> str:
    rows = [*_change_rows("won", changes.won), *_change_rows("lost", changes.lost)]
    more = len(changes.won) + len(changes.lost) - len(rows)
    return (
        f"<h3>{title}: {len(changes.won)} won, {len(changes.lost)} lost</h3>"
        f"<p>{changes.photos_better} photos better, {changes.photos_worse} worse, p = {changes.p:.3g}.</p>"
        + (_table(("", "photo", "truth", "before", "after"), rows, html=range(2, 5)) if rows else "")
        + (f"<p>And {more} more.</p>" if more else "")
    )


def _change_rows(word: str, changes: Sequence[Change]) -> list[tuple[str, ...]]:
    return [
        (
            word,
            one.file,
            _string(one.truth, ""),
            _string(one.before, "nothing"),
            _string(one.after, "nothing"),
        )
        for one in changes[:_CHANGES]
    ]


def _exhibits(title: str, exhibits: Sequence[Exhibit]) -> str:
    if not exhibits:
        return ""
    return f"<h2>{title}</h2><div class=cases>" + "".join(map(_exhibit, exhibits)) + "</div>"


def _exhibit(exhibit: Exhibit) -> str:
    case = exhibit.case
    picture = (
        f'<img src="{exhibit.picture}" alt="crop of the photo">'
        if exhibit.picture is not None
        else f"<p><i>No picture: {_text(exhibit.note)}</i></p>"
    )
    nothing = "no serial in this photo" if case.what == "serial" else "no such line"
    read = "" if case.what == "missed" else f"<br>read <span class=bad>{_string(case.read, 'nothing')}</span>"
    sure = "" if case.what == "missed" else f", confidence {case.confidence:.3f}"
    return (
        f"<figure>{picture}<figcaption>truth {_string(case.truth, nothing)}{read}"
        f"<br><small>{_text(case.file)}{sure}</small></figcaption></figure>"
    )


def _confusions(report: Evaluation) -> str:
    if not report.confusions:
        return ""
    rows = (
        (_string(one.truth, "nothing"), _string(one.read, "nothing"), str(one.count))
        for one in report.confusions[:_CONFUSIONS]
    )
    weak = sorted(report.characters, key=lambda one: (one.right / one.of, one.char))
    characters = (
        (f"<code>{_text(one.char)}</code>", f"{one.right} of {one.of}", words.percent(one.right / one.of))
        for one in weak
    )
    return (
        "<h2>Characters</h2>"
        + _table(("truth", "read as", "times"), rows, numbers=(2,), html=(0, 1))
        + _table(("character", "read right", ""), characters, numbers=(1, 2), html=(0,))
    )
