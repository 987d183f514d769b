"""``serialscan calibrate``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from serialscan.batch.inputs import check_current_folder
from serialscan.cli.options import (
    check_stdin,
    config_option,
    effective_settings,
    jobs_option,
    verbose_option,
)
from serialscan.cli.progress import progress
from serialscan.cli.text import say
from serialscan.errors import ExitCode, OutputError, SettingsError, VerifyError
from serialscan.interval import wilson
from serialscan.printable import printable

if TYPE_CHECKING:
    from serialscan.evaluate.labels import LabelledPhoto
    from serialscan.evaluate.records import Run
    from serialscan.marking.laboratory import Held, Laboratory, Measure
    from serialscan.record import PhotoRecord
    from serialscan.settings import Effective

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    epilog="""\b
Examples:
  serialscan labels import seizure-17.case -o labels.jsonl
  serialscan calibrate labels.jsonl --records seizure-17.case -o ours.json
  serialscan scan photos/ --calibration ours.json -o records.ndjson

\b
Exit codes: 0 written; 3 nothing is written, since confidences do not hold better; 4 no label or no record;
5 the file is there already, or cannot be written; 7 too few labels, or records that were read in several
ways; 8 a case is not as it was written.
"""
)
@click.argument("labels", nargs=-1, required=True, type=_FILE, metavar="LABELS.jsonl...")
@click.option(
    "--records",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="CASE|FILE",
    help="Take the records of a case or of an earlier scan and read no photo; can be repeated.",
)
@click.option("-o", "--output", type=_FILE, metavar="FILE", help="The new file; without it only the figures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with all figures.")
@jobs_option
@click.option("-q", "--quiet", is_flag=True, help="No bar.")
@config_option
@verbose_option
def calibrate(
    labels: tuple[Path, ...], records: tuple[Path, ...], output: Path | None, as_json: bool,
    jobs: int | None, quiet: bool, config_file: Path | None, verbose: int,
) -> int:  # fmt: skip
    """Fit how sure serials are to your own decisions.

    LABELS.jsonl are those of evaluate; serialscan labels import makes them of what people decided. Each item
    is judged by a model that did not see it. A file is written only if confidences then hold better. With it
    no serial is accepted that would not be accepted without it; docs/validation.md says more.
    """
    import msgspec

    from serialscan.evaluate.calibration import trial
    from serialscan.evaluate.labels import read_labels
    from serialscan.evaluate.output import file_sha256
    from serialscan.evaluate.records import judge_all
    from serialscan.files.whole import write_new
    from serialscan.marking.laboratory import Labels
    from serialscan.reading.calibrate import load_calibration

    if records and jobs is not None:
        raise click.UsageError("--records reads no photo: leave --jobs out.")
    check_current_folder()
    for path in records:
        check_stdin(path)
    if output is not None and output.exists():  # told before hours of reading
        raise OutputError(f"{output}: is there already: choose another name, or delete it.")
    effective = effective_settings(config_file, {"jobs": jobs})
    files = [Labels(name=printable(path.name), sha256=file_sha256(path)) for path in labels]
    photos = [photo for path in labels for photo in read_labels(path)]
    _check_once(photos)
    if records:
        run = judge_all(_records(records, effective), photos, printable(", ".join(map(str, records))))
    else:
        scanned = _scanned(photos, effective, quiet, verbose)
        if scanned is None:
            return ExitCode.INTERRUPTED
        run = scanned
    least = load_calibration().least_accepted(effective.settings.max_error)
    tried = trial(run.photos, files, least)
    click.echo(msgspec.json.encode(tried.laboratory) if as_json else _told(tried.laboratory))
    if not tried.better:
        say(f"serialscan: no calibration is written: {tried.why}. The shipped confidences stand.", err=True)
        return ExitCode.SOME_FAILED
    if output is not None:
        data = msgspec.json.format(msgspec.json.encode(tried.laboratory), indent=2) + b"\n"
        write_new(output, data)
        say(f"serialscan: use it with serialscan scan --calibration {output}", err=True)
    return ExitCode.OK


def _check_once(photos: Sequence[LabelledPhoto]) -> None:
    seen: dict[Path, str] = {}
    for photo in photos:
        if photo.path in seen:
            raise SettingsError(
                f"{photo.where}: {photo.label.file} is already labelled in {seen[photo.path]}: keep one of "
                "the two."
            )
        seen[photo.path] = photo.where


def _records(sources: Sequence[Path], effective: Effective) -> Iterator[tuple[str, PhotoRecord]]:
    """The records of photos in cases and files, each with where it stands."""
    from serialscan.case.store import is_database
    from serialscan.cli.report import opened
    from serialscan.record import photo_records

    for path in sources:
        if not is_database(path):
            for number, record in photo_records(path):
                yield f"{path}, line {number}", record
            continue
        with ExitStack() as stack:
            origin, alarm = opened(path, None, None, effective, stack)
            if alarm:
                raise VerifyError(f"{path}: {alarm} Run serialscan case verify {path}.")
            told: set[tuple[str, str | None]] = set()  # a photo may be in several items
            for unit in origin.units(()):
                for part in unit.parts:
                    if part.record is not None and (part.path, part.sha256) not in told:
                        told.add((part.path, part.sha256))
                        yield f"{path}, photo {part.path}", part.record


def _scanned(photos: Sequence[LabelledPhoto], effective: Effective, quiet: bool, verbose: int) -> Run | None:
    from serialscan.evaluate.labels import check_photos
    from serialscan.evaluate.scanning import scan_labelled

    check_photos(list(photos))
    with progress("auto", quiet) as shown:
        done = scan_labelled(photos, effective, None, shown, tracebacks=verbose > 1)
    if done is None:
        say("serialscan: interrupted; nothing was fitted", err=True)
    return done


def _told(made: Laboratory) -> str:
    """The figures before and after, for people."""
    basis, (before, after) = made.basis, (made.before, made.after)
    lines = [
        f"{basis.serials} serials of {basis.items} items: {basis.right} items with a right one, "
        f"{basis.wrong} with a wrong one",
        f"read by serialscan {printable(basis.version)}, recipe {printable(basis.recipe)}",
        "",
        "each item judged by a model that did not see it; in brackets the 95 % interval over items",
        f"{'':26}{'before':>26}{'after':>26}",
    ]
    lines += [
        f"{name:26}{_figure(getattr(before, key)):>26}{_figure(getattr(after, key)):>26}"
        for name, key in (("log loss", "log_loss"), ("Brier", "brier"))
    ]
    lines += [
        f"{'calibration error':26}{before.calibration_error:>26.3f}{after.calibration_error:>26.3f}",
        f"{'accepted':26}{before.accepted:>26}{after.accepted:>26}",
        f"{'wrong among them':26}{before.accepted_wrong:>26}{after.accepted_wrong:>26}",
        f"log loss smaller by {_figure(made.gain)}",
        "",
        *_reliability(before, after),
        "",
        f"log odds = {made.weights[0]:.3f} ln(c) - {made.weights[1]:.3f} ln(1 - c) {made.weights[2]:+.3f}, "
        f"with the shipped confidence c; seen were {basis.least:.4f} to {basis.surest:.4f}",
    ]
    if basis.accepted == 0:
        lines.append(
            "No accepted serial is among the labels, so nothing is known of them: let people decide on some "
            "(serialscan review --audit)."
        )
    return "\n".join(line.rstrip() for line in lines)


def _reliability(before: Held, after: Held) -> Iterator[str]:
    yield f"{'confidence':12}{'before: said':>14}{'right':>28}{'after: said':>14}{'right':>28}"
    rows = [{one.high: one for one in held.reliability} for held in (before, after)]
    for high in sorted({high for row in rows for high in row}):
        cells = ""
        for row in rows:
            one = row.get(high)
            said = f"{one.confidence:.3f}" if one else "-"
            cells += f"{said:>14}{_counted(one.right, one.claims) if one else '-':>28}"
        yield f"{high - 0.1:.1f} to {high:.1f}  {cells}"


def _counted(right: int, of: int) -> str:
    low, high = wilson(right, of) or (0.0, 1.0)
    return f"{right} of {of} [{low:.2f}, {high:.2f}]"


def _figure(one: Measure) -> str:
    return f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]"
