"""``serialscan render``: test photos with exact truth."""

from __future__ import annotations

import json
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from serialscan.cli.completion import words
from serialscan.cli.text import say
from serialscan.errors import OutputError


def _traps() -> tuple[str, ...]:
    """The kinds of traps; loads the renderer, so only where one is asked for."""
    from serialscan.render.traps import HARMLESS, KINDS, LOOKS

    return (*KINDS, HARMLESS, *(f"covered:{look}" for look in LOOKS))


def _known_kinds(
    context: click.Context, parameter: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    """The kinds of traps that were asked for."""
    known = _traps() if value else ()
    for kind in value:
        if kind not in known:
            raise click.BadParameter(f"{kind!r} is none of {', '.join(known)}.")
    return value


def _complete_kinds(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    return words(*_traps())(context, parameter, incomplete)


@click.command(
    epilog="""\b
Examples:
  serialscan render --count 50 --seed 7 --out test-photos
  serialscan render --count 60 --photos-per-item 3 --out test-items
  serialscan render --held-back --count 500 --out to-measure
  serialscan render --traps --count 200 --out traps
  serialscan render --trap cut --trap covered --count 50 --out hidden
  serialscan render --whole --count 60 --out whole-items
  serialscan render --samples --out samples
"""
)
@click.option(
    "--count", type=click.IntRange(1, 1_000_000), default=10, show_default=True, help="Number of photos."
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="The same seed makes the same photos.",
)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder to write to.",
)
@click.option(
    "--photos-per-item",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Photos of each item, from other sides and in other light; labels.jsonl names the item.",
)
@click.option(
    "--megapixels",
    type=click.FloatRange(0.1, 50),
    help="Size of the camera's picture; 1 to 3 at random if not given. Messengers shrink some photos.",
)
@click.option(
    "--held-back",
    is_flag=True,
    help="With letters and surfaces that no other random photo shows, to measure what learnt from those.",
)
@click.option(
    "--fonts",
    is_flag=True,
    help="Also use the free fonts that are installed here; docs/rendering.md lists them.",
)
@click.option(
    "--traps",
    is_flag=True,
    help="Serials that are read rightly and are not whole: split, cut, covered and more; a fifth of the "
    "photos only look so.",
)
@click.option(
    "--trap",
    "kinds",
    metavar="KIND",
    multiple=True,
    callback=_known_kinds,
    shell_complete=_complete_kinds,
    help="Only this kind of trap, with --traps or without; may be given several times.",
)
@click.option(
    "--whole",
    is_flag=True,
    help="Whole rifles and pistols with what is mounted on them, between cards and boxes with print; "
    "labels.jsonl says which lines stand on the item.",
)
@click.option("--samples", is_flag=True, help="Make the photos of samples/ instead of random ones.")
def render(
    count: int,
    seed: int,
    folder: Path,
    photos_per_item: int,
    megapixels: float | None,
    held_back: bool,
    fonts: bool,
    traps: bool,
    kinds: tuple[str, ...],
    whole: bool,
    samples: bool,
) -> None:
    """Render photographs of marked rifles and optics that never existed, with labels.jsonl.

    All serials are made up. labels.jsonl says for each photo what stands where, how high the characters
    are and how well they stand out.
    """
    from serialscan.render.samples import LABELS, render_random, render_samples, write_photos
    from serialscan.render.wholes import render_wholes

    if whole and (traps or kinds or fonts or samples or photos_per_item > 1):
        raise click.UsageError("--whole goes with --count, --seed, --megapixels and --held-back only.")
    _check_labels(folder / LABELS, samples)
    photos = (
        render_samples()
        if samples
        else render_wholes(count, seed, held_back, megapixels)
        if whole
        else render_random(
            count, seed, photos_per_item, held_back, megapixels, fonts, kinds if traps or kinds else None
        )
    )
    written = 0
    try:
        for _ in write_photos(photos, folder):
            written += 1
    except OSError as error:
        raise OutputError(
            f"Cannot write to {folder}: {error.strerror or error}. Choose another --out."
        ) from error
    say(f"{written} photos and {LABELS} in {folder}", err=True)


def _check_labels(path: Path, samples: bool) -> None:
    """Refuse to replace labels that somebody else wrote; those of the samples can be made again.

    Args:
        path: the labels that are about to be written.
        samples: they are those of the samples.

    Raises:
        OutputError: the file is there, and is not that of the samples or must not be replaced at all.
    """
    from serialscan.render.samples import SAMPLES

    if not path.exists():
        return
    advice = "choose another folder for --out, or remove it."
    if not samples:
        raise OutputError(f"{path} exists: {advice}")
    names = {f"{sample.name}.jpg" for sample in SAMPLES}
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        own = all(row["file"] in names for row in rows)
    except (OSError, ValueError, TypeError, KeyError):  # no file of labels
        own = False
    if not own:
        raise OutputError(f"{path} holds other labels than those of the samples: {advice}")
