"""``serialscan review``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from serialscan.cli.options import config_option, effective_settings, verbose_option
from serialscan.printable import printable

if TYPE_CHECKING:
    from serialscan.case.decisions import Agreement, Decided, Figure

_FILE = click.Path(path_type=Path, dir_okay=False)


class Share(click.ParamType):
    """A share such as ``5%`` or ``0.05``."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """From 0 to 1."""
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            self.fail(f"{value!r} is no share: write it as 5% or 0.05.", param, ctx)
        return share


@click.command(
    epilog="""\b
Examples:
  serialscan review seizure-17.case
  serialscan review seizure-17.case --assist --by "A. Doe" --badge 1234
  serialscan review seizure-17.case --audit 5%
  serialscan review seizure-17.case --second          somebody else, who sees nothing of the first
  serialscan review seizure-17.case --third           a third person settles what differs
  serialscan review seizure-17.case --agreement       how far they agree

\b
Exit codes: 0 finished, or ended by Ctrl-C: all that was decided is in the case; 4 it is no case; 5 it cannot
be written, or another process is writing it; 7 the known items cannot be read; 8 it is not as it was left.
"""
)
@click.argument("path", metavar="CASE", type=click.Path(path_type=Path, readable=False))
@click.option(
    "--assist", is_flag=True,
    help="Show the program's reading at once. Without it the reviewer types first; the case says which.",
)  # fmt: skip
@click.option("--second", "role", flag_value="second", help="A second reviewer, who sees nothing of others.")
@click.option("--third", "role", flag_value="third", help="A third person, who settles what two decided.")
@click.option(
    "--audit", type=Share(), default=0.0, metavar="SHARE",
    help="Also look at a random sample of the accepted serials, such as 5%.",
)  # fmt: skip
@click.option(
    "--known", type=_FILE, metavar="LABELS",
    help="Also look at photos whose serials are known: a labels.jsonl file. It stays outside of the case.",
)  # fmt: skip
@click.option("--agreement", is_flag=True, help="Print how far reviewers agree, and end.")
@click.option("--json", "as_json", is_flag=True, help="With --agreement: one object of JSON.")
@click.option("--by", metavar="NAME", help="Who reviews; without it the page asks.")
@click.option("--role", "qualification", metavar="ROLE", help="Their role or qualification.")
@click.option("--badge", metavar="NUMBER", help="Their number.")
@click.option(
    "--base", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help="Where relative paths of photos begin, if the photos were moved.",
)  # fmt: skip
@click.option("--browser/--no-browser", default=True, help="Open the page, or print its address only.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port; by default a free one.")
@click.option("--language", default="en", show_default=True, metavar="CODE", help="Language of the page.")
@config_option
@verbose_option
def review(
    path: Path, assist: bool, role: str | None, audit: float, known: Path | None, agreement: bool,
    as_json: bool, by: str | None, qualification: str | None, badge: str | None, base: Path | None,
    browser: bool, port: int, language: str, config_file: Path | None, verbose: int,
) -> int:  # fmt: skip
    """Decide what the program proposes, on a page of this computer.

    Every answer becomes an entry of the case before the page says so. Nothing leaves this computer.
    """
    known_serials = _known(known) if known is not None else {}
    if agreement:
        _print_agreement(path, known_serials, as_json)
        return 0
    from serialscan.case.heads import Heads, state_folder
    from serialscan.review.desk import Desk, Rules
    from serialscan.review.serve import serve
    from serialscan.review.texts import texts

    words = texts(language)
    rules = Rules(
        mode="assist" if assist else "type_first", role=role or "first", audit=audit, known=known_serials,  # type: ignore[arg-type]
        base=base.absolute() if base is not None else None,
    )  # fmt: skip
    settings = effective_settings(config_file, {}).settings
    desk = Desk(path, rules, settings, Heads(state_folder()), _tell)
    try:
        if by is not None:
            desk.set_person(by, qualification or "", badge or "")
    except BaseException:
        desk.close()
        raise
    serve(desk, words, port, browser, _tell)
    return 0


def _known(labels: Path) -> dict[str, str]:
    """Serials by the SHA-256 of their photos."""
    from serialscan.errors import PhotoError
    from serialscan.evaluate.labels import check_photos, read_labels
    from serialscan.photo.files import sha256_of

    photos = read_labels(labels)
    check_photos(photos)
    found = {}
    for photo in photos:
        if photo.label.serial is not None:
            try:
                found[sha256_of(photo.path)] = photo.label.serial
            except PhotoError as error:
                raise click.UsageError(f"{photo.where}: {error.message}") from error
    return found


def _print_agreement(path: Path, known: dict[str, str], as_json: bool) -> None:
    from dataclasses import asdict

    from serialscan.case.decisions import agreement, decisions
    from serialscan.case.read import open_case

    with open_case(path) as reader:
        found = agreement(decisions(reader), known or None)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
    else:
        for line in _lines(found):
            click.echo(printable(line))


def _lines(found: Agreement) -> list[str]:
    lines = [f"two reviewers say the same: {_share(found.reviewers)}"]
    lines += [
        f"  {one.replace('_', ' ')} / {other.replace('_', ' ')}: {count}"
        for one, other, count in found.answers
    ]
    lines += [
        f"  {one or 'nothing'} read as {other or 'nothing'}: {count}"
        for one, other, count in found.confusions
    ]
    lines.append(f"typed first and the same as the program's reading: {_share(found.typed)}")
    for name, figure, wrong in (
        ("accepted serials of the sample found right", found.audit, found.audit_wrong),
        ("known serials read right", found.known, found.known_wrong),
    ):
        lines.append(f"{name}: {_share(figure)}")
        lines += [f"  missed: {_miss(one)}" for one in wrong]
    return lines


def _share(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return "none to compare"
    share = figure.count / figure.of
    return f"{figure.count} of {figure.of} ({share:.1%}; 95 % interval {figure.low:.1%} to {figure.high:.1%})"


def _miss(one: Decided) -> str:
    decision = one.decision
    said = decision.value or str(decision.answer).replace("_", " ")
    return (
        f"{decision.path}: {said}, program: {decision.machine.value or 'nothing'} (entry {one.name.sequence})"
    )


def _tell(sentence: str) -> None:
    click.echo(f"serialscan: {printable(sentence)}", err=True)
