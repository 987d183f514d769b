"""Sets of rendered photos: the project's ``samples/`` and as many random ones as somebody wants."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from serialscan.render.chance import phone_view, random_item
from serialscan.render.fonts import free_fonts
from serialscan.render.layouts import LAYOUTS, aged, middle, view
from serialscan.render.lights import Light, Lighting
from serialscan.render.photo import Photo, render_item, render_photo
from serialscan.render.traps import ATTEMPTS, came_out, pick_kind, put_into_item, put_into_view
from serialscan.render.wholes import whole_photo

LABELS = "labels.jsonl"

_LIGHTS: dict[str, Lighting] = {
    "desk": Lighting(
        (Light(-120, 38, 0.9, 3.0, 0.15, (1.0, 0.96, 0.9)), Light(20, 60, 0.3, 5.0, 0.3)), 0.25, "window"
    ),
    "torch": Lighting((Light(-150, 22, 1.3, 1.8, 0.03, (1.0, 0.95, 0.86)),), 0.07, "dark", 0.8),
    "torch-below": Lighting((Light(75, 20, 1.3, 1.6, 0.03),), 0.09, "dark", 0.8),
    "tubes": Lighting((Light(-95, 50, 0.7, 4.0, 0.2), Light(-30, 35, 0.5, 4.0, 0.2)), 0.3, "lamps"),
    "overcast": Lighting((Light(-100, 55, 0.5, 8.0, 0.4),), 0.6, "sky", 0.8),
    "flash": Lighting((Light(-80, 76, 1.0, 2.0, 0.05),), 0.15, "dark"),
}


@dataclass(frozen=True)
class Sample:
    """One photo of ``samples/``.

    Attributes:
        name: of the file without its suffix.
        layout: key of `LAYOUTS`.
        seed: of the item and of the photo.
        light: key of the lights above.
        span: width of the photo at the item, in widths of its text.
        camera: values that differ from a photo straight from above.
        sensor: values that differ from a good phone.
        item: values of the item that differ from what the seed gives.
        age: how used it is, 0 to 1.
        size: width and height in pixels.
    """

    name: str
    layout: str
    seed: int
    light: str
    span: float = 1.6
    camera: dict[str, Any] = field(default_factory=dict)
    sensor: dict[str, Any] = field(default_factory=dict)
    item: dict[str, Any] = field(default_factory=dict)
    age: float = 0.2
    size: tuple[int, int] = (1600, 1200)


@dataclass(frozen=True)
class WholeSample:
    """A photo of ``samples/`` of a whole item between other things.

    Attributes:
        name: of the file without its suffix.
        family: key of `wholes.FAMILIES`.
        seed: of everything in it.
        megapixels: of the photo.
    """

    name: str
    family: str
    seed: int
    megapixels: float = 1.25


_WORN = {"material": "blued-worn"}
_RUSTY = {"material": "rusty"}
_SOFT = {"depth": 2.0}
_SHAKEN = {"shake": (4.0, 20.0)}
_BLASTED = {"material": "sandblasted"}

SAMPLES: tuple[Sample | WholeSample, ...] = (
    Sample("m4-magazine-well", "m4-colt", 11, "desk", 2.6, {"tilt": 9, "swing": -6, "roll": -3}),
    Sample("m16a4-magazine-well", "m16a4-fn", 12, "tubes", 2.6, {"tilt": -7, "roll": 4}, _SOFT, age=0.75),
    Sample("m16a1-torch", "m16a1", 13, "torch", 2.2, {"swing": 14, "roll": 2}, {"grain": 0.03}, age=0.6),
    Sample("m249-data-plate", "m249", 14, "overcast", 1.5, {"roll": -6, "tilt": 12}),
    Sample("m240-receiver", "m240", 15, "torch-below", 2.0, {"roll": 5, "swing": -12}, _SHAKEN),
    Sample("remington-700-receiver", "remington-700", 16, "tubes", 1.9, {"roll": -4, "tilt": 6}, age=0.7),
    Sample("barrel", "barrel", 17, "desk", 1.8, {"roll": 8, "tilt": -4}, {"focus": 1.3}, size=(1800, 1200)),
    Sample("ak-trunnion", "ak-trunnion", 18, "desk", 2.0, {"roll": 3, "tilt": 15}, {"depth": 3.0}),
    Sample("ak-trunnion-rusty", "ak-trunnion", 19, "overcast", 3.0, {"roll": -5}, item=_RUSTY, age=0.75),
    Sample("type-56-receiver", "type-56", 20, "torch", 1.8, {"roll": 4, "tilt": -8}, item=_WORN, age=0.5),
    Sample("type-56-upside-down", "type-56", 21, "desk", 1.7, {"roll": 178}, item=_WORN),
    Sample("acog-body", "acog", 22, "desk", 2.5, {"roll": -7, "swing": 10}, age=0.6),
    Sample("aimpoint-tube", "aimpoint", 23, "tubes", 2.4, {"roll": 5, "tilt": 8}, age=0.5),
    Sample("pvs-14-label", "pvs-14", 24, "overcast", 1.6, {"roll": 4, "tilt": 10}, {"depth": 1.5}),
    Sample("peq-15-label", "peq-15", 25, "flash", 1.6, {"roll": -3, "swing": 9}, age=0.4),
    Sample("suppressor-end-cap", "end-cap", 26, "tubes", 1.7, {"roll": 14, "tilt": 10}),
    Sample("bolt-carrier-30-degrees", "bolt", 27, "torch", 2.2, {"roll": 30}, item=_BLASTED),
    Sample("pvs-7-far-away", "pvs-7", 28, "desk", 5.0, {"roll": -9, "tilt": 14},
           {"resent": 1280, "quality": 70}, {"ruler": (-14.0, 28.0)}),
    WholeSample("whole-carbine-camouflage", "carbine", 43),
    WholeSample("whole-kalashnikov-cards", "kalashnikov", 43),
    WholeSample("whole-pistol-glove", "pistol", 42, 1.4),
)  # fmt: skip


def render_sample(sample: Sample | WholeSample) -> Photo:
    """Render one of `SAMPLES`."""
    rng = np.random.default_rng(sample.seed)
    if isinstance(sample, WholeSample):
        return whole_photo(rng, "", sample.family, megapixels=sample.megapixels)
    item = aged(replace(LAYOUTS[sample.layout](rng), **sample.item), sample.age)
    camera, _, sensor = view(item, rng, *sample.size)
    centre, span = middle(item)
    camera = replace(
        camera,
        centre=centre,
        field=span * sample.span,
        **{"roll": 0.0, "tilt": 0.0, "swing": 0.0, **sample.camera},
    )
    plain: dict[str, Any] = {
        "exposure": 0.15, "focus": 0.6, "depth": 0.0, "shake": (0.0, 0.0), "grain": 0.012, "vignette": 0.25,
        "warmth": 0.15, "smoothing": 0.4,
        "quality": 80, "resent": 0,
    }  # fmt: skip
    return render_photo(
        item, camera, _LIGHTS[sample.light], replace(sensor, **{**plain, **sample.sensor}), sample.seed
    )


def render_samples() -> Iterator[tuple[str, Photo]]:
    """File name and photo of every sample."""
    for sample in SAMPLES:
        yield f"{sample.name}.jpg", render_sample(sample)


def render_random(
    count: int,
    seed: int,
    photos_per_item: int = 1,
    held_back: bool = False,
    megapixels: float | None = None,
    fonts: bool = False,
    traps: Sequence[str] | None = None,
) -> Iterator[tuple[str, Photo]]:
    """File name and photo of random items, each item from its own seed: any part can be made again.

    Args:
        count: number of photos.
        seed: the same seed makes the same photos.
        photos_per_item: how often each item is photographed, from other sides and in other light; the
            labels of its photos share an item id.
        held_back: letters and surfaces that are kept for measuring only, see `HELD_BACK_FACES` and
            `HELD_BACK_MATERIALS`; without it the photos show none of them, so that what learns from them can
            be measured on the others.
        megapixels: of the camera; 1 to 3 if None, as of photos that were cropped or sent through messengers.
        fonts: also use free fonts that are installed, see `fonts.FREE_FONTS`; the photos then differ from
            machine to machine.
        traps: kinds of traps that are put into the serials, of `traps.KINDS` and `traps.HARMLESS`; all if
            empty. None for usual photos.
    """
    names = free_fonts(held_back) if fonts else ()
    for first in range(0, count, photos_per_item):
        if traps is not None:
            number_of = min(photos_per_item, count - first)
            made = _trapped(seed, first, number_of, held_back, megapixels, names, traps)
            for number, (name, photo) in enumerate(made, first):
                yield f"{number:06}-{name}.jpg", photo
            continue
        rng = np.random.default_rng([seed, first])
        item = random_item(rng, held_back=held_back, fonts=names)
        views = []
        for _ in range(min(photos_per_item, count - first)):
            views.append(phone_view(item, rng, *_size(megapixels, rng)))
        item_id = f"item-{seed}-{first // photos_per_item:06}"
        photos = render_item(item, views, int(rng.integers(2**32)), item_id)
        for number, photo in enumerate(photos, first):
            yield f"{number:06}-{item.name}.jpg", photo


def _size(megapixels: float | None, rng: np.random.Generator) -> tuple[int, int]:
    """Width and height of a camera's picture in pixels, upright or not."""
    width = float(rng.integers(1200, 2001)) if megapixels is None else math.sqrt(megapixels * 4e6 / 3)
    size = (int(width) // 16 * 16, int(width) // 16 * 12)
    return size if rng.random() < 0.7 else size[::-1]


def _trapped(
    seed: int,
    first: int,
    count: int,
    held_back: bool,
    megapixels: float | None,
    fonts: Sequence[str],
    kinds: Sequence[str],
) -> list[tuple[str, Photo]]:
    """Layout and photo of one random item with a trap, made anew if the trap does not come out.

    Args:
        seed: as of `render_random`.
        first: number of its first photo.
        count: how often it is photographed.
        held_back: as of `render_random`.
        megapixels: as of `render_random`.
        fonts: installed fonts that some of its lines may be in.
        kinds: of traps to choose from; all if empty.
    """
    kind = pick_kind(np.random.default_rng([seed, first, 0]), kinds)
    made: list[tuple[str, Photo]] = []
    for attempt in range(1, ATTEMPTS + 1):
        rng = np.random.default_rng([seed, first, attempt])
        trapped = put_into_item(random_item(rng, held_back=held_back, fonts=fonts), kind, held_back, rng)
        views = [put_into_view(trapped, rng, *_size(megapixels, rng)) for _ in range(count)]
        item_id = f"item-{seed}-{first // count:06}"
        photos = render_item(trapped.item, views, int(rng.integers(2**32)), item_id)
        made = [(trapped.item.name, photo) for photo in photos]
        if all(came_out(photo.truth) for _, photo in made):
            break
    return made


def write_photos(photos: Iterator[tuple[str, Photo]], folder: Path) -> Iterator[str]:
    """Write photos and ``labels.jsonl`` into a folder as they are made; yields each file's name.

    Raises:
        OSError: the folder or a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LABELS).open("w", encoding="utf-8", newline="\n") as labels:
        for name, photo in photos:
            (folder / name).write_bytes(photo.jpeg)
            labels.write(
                json.dumps(photo.truth.label(name), ensure_ascii=False, separators=(",", ":")) + "\n"
            )
            labels.flush()
            yield name
