"""What chance adds to random items and photos: further numbers, damage, things that lie on them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from serialscan.render.camera import Camera, Exif
from serialscan.render.flaws import Flaw
from serialscan.render.fonts import ARABIC_FONTS, unshaped
from serialscan.render.layouts import LAYOUTS, any_item, digits, letters, middle, pick, view
from serialscan.render.marks import MARKS, Mark, Text
from serialscan.render.parts import Disc, Plate, Points
from serialscan.render.photo import Item, View
from serialscan.render.scene import Cover, Ruler, Tag, Thing
from serialscan.render.strokes import HELD_BACK_FACES, face_named, has_glyph
from serialscan.render.surfaces import MATERIALS
from serialscan.render.wording import arabic_words

Rng = np.random.Generator
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in mm."""


_STRUCK = ("stamped", "plate", "hand")


def extent(text: Text) -> Box:
    """The rectangle that holds a line of text."""
    if text.arc:
        reach = text.arc + 1.4 * text.height
        return text.x - reach, text.y - reach, text.x + reach, text.y + reach
    width, height = text.size
    anchor = "centre" if text.stacked else text.anchor
    left = text.x - {"left": 0.0, "centre": width / 2, "right": width}[anchor]
    return left, text.y, left + width, text.y + height


def _taken(item: Item) -> list[Box]:
    boxes = [extent(text) for text in item.texts]
    boxes += [(c.x, c.y, c.x + c.size, c.y + c.size) for c in item.codes]
    boxes += [(s.x, s.y, s.x + 1.5 * s.height, s.y + s.height) for s in item.symbols]
    return boxes


def _free(item: Item, width: float, height: float, on_item: bool, rng: Rng) -> tuple[float, float] | None:
    """Where a rectangle has room near the text without touching it; None if nowhere."""
    taken = _taken(item)
    if on_item:
        discs = [part for part in item.parts if isinstance(part, Disc)]
        taken += [(d.x - d.radius, d.y - d.radius, d.x + d.radius, d.y + d.radius) for d in discs]
    (cx, cy), span = middle(item)
    left, top, right, bottom = item.bounds
    if on_item and item.radius:
        top, bottom = cy - 0.5 * item.radius, cy + 0.5 * item.radius
    outline = np.array(item.outline, np.float32)
    plates = [part for part in item.parts if isinstance(part, Plate)]
    for _ in range(60):
        x = cx + span * float(rng.uniform(-0.8, 0.8)) - width / 2
        y = cy + span * float(rng.uniform(-0.7, 0.7)) - height / 2
        if not (left + 1 < x and x + width < right - 1 and top + 1 < y and y + height < bottom - 1):
            continue
        if any(
            x < box[2] + 1.0 and box[0] < x + width + 1.0 and y < box[3] + 1.0 and box[1] < y + height + 1.0
            for box in taken
        ):
            continue
        corners = [(x + dx, y + dy) for dx in (-2, width + 2) for dy in (-2, height + 2)]
        if on_item and any(_crosses((x, y, x + width, y + height), plate.points) for plate in plates):
            continue
        if (
            on_item
            and len(outline)
            and any(cv2.pointPolygonTest(outline, corner, False) <= 0 for corner in corners)
        ):
            continue
        return x, y
    return None


def _crosses(room: Box, corners: Points) -> bool:
    """Whether a rectangle lies partly on and partly off a plate."""
    points = np.array(corners)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    apart = room[2] < left or right < room[0] or room[3] < top or bottom < room[1]
    within = left < room[0] and room[2] < right and top < room[1] and room[3] < bottom
    return not (apart or within)


def random_item(
    rng: Rng, names: Sequence[str] = tuple(LAYOUTS), held_back: bool = False, fonts: Sequence[str] = ()
) -> Item:
    """An item as the world treats it: struck unevenly, more numbers on it, damaged.

    Args:
        rng: decides everything.
        names: keys of `LAYOUTS` to choose from.
        held_back: with letters and surfaces that are kept for measuring only, else with none of them.
        fonts: installed fonts that some of its lines may be in.
    """
    item = with_numbers(_roughly_made(any_item(rng, names), rng), rng)
    item = _held_back(item, rng) if held_back else _taught(item)
    return damaged(_in_fonts(item, fonts, rng) if fonts else item, rng)


def _in_fonts(item: Item, fonts: Sequence[str], rng: Rng) -> Item:
    """The item with lines in one of the fonts, about half of the times; Arabic words where they belong."""
    fields = dict(item.fields)
    joined = [name for name in fonts if name in ARABIC_FONTS]
    if item.name == "arabic-digits" and joined and rng.random() < 0.7:
        words = arabic_words(rng)
        texts = tuple(
            replace(t, text=words, value="", face=joined[0]) if t.role == "property" else t
            for t in item.texts
        )
        fields["property"] = unshaped(words)
        return replace(item, texts=texts, fields=fields)
    name = pick(rng, fonts)
    face = face_named(name)

    def other(text: Text) -> Text:
        drawn = all(has_glyph(char, face) for char in text.text)
        return in_face(text, name) if drawn and not text.mark.dots else text

    return replace(item, texts=tuple(other(text) for text in item.texts)) if rng.random() < 0.5 else item


_TAUGHT = {
    "forged": "cast",
    "painted-tan": "painted-green",
    "ground": "brushed",
    "label-yellow": "label-white",
}


def _taught(item: Item) -> Item:
    """The item without the surfaces that are kept for measuring."""
    parts = tuple(
        replace(part, material=_TAUGHT.get(part.material, part.material))
        if isinstance(part, Plate) and part.material
        else part
        for part in item.parts
    )
    return replace(item, material=_TAUGHT.get(item.material, item.material), parts=parts)


def _held_back(item: Item, rng: Rng) -> Item:
    """The item with letters and surfaces that are kept for measuring, and nothing else."""
    face = pick(rng, sorted(HELD_BACK_FACES))

    def other(material: str) -> str:
        made = MATERIALS[material]
        if material.startswith("label"):
            return "label-yellow"
        return "painted-tan" if made.gloss < 0.1 else pick(rng, ("forged", "ground"))

    parts = tuple(
        replace(part, material=other(part.material)) if isinstance(part, Plate) and part.material else part
        for part in item.parts
    )
    texts = tuple(in_face(text, face) for text in item.texts)
    if any(part.material == "label-yellow" for part in parts if isinstance(part, Plate)):
        texts = tuple(replace(text, mark=replace(text.mark, paint=(0.03, 0.03, 0.03))) for text in texts)
    codes = tuple(replace(code, mark=replace(code.mark, paint=(0.03, 0.03, 0.03))) for code in item.codes)
    return replace(item, material=other(item.material), parts=parts, texts=texts, codes=codes)


def in_face(text: Text, face: str) -> Text:
    """The line in another face, its characters narrowed where it would become longer."""
    new = replace(text, face=face, stretch=1.0, tracking=0.0)
    gaps = new.style.spacing * (len(text.text) - 1) * text.height
    stretch = (text.length - gaps) / max(new.length - gaps, 1e-6)
    return replace(new, stretch=min(1.0, max(0.45, stretch)))


_CLEAN = ("machined", "face-milled", "turned", "brushed", "lathe", "satin")
_METAL = (
    "filed", "machined", "scale", "brushed", "milled", "turned", "rusty", "sandblasted", "satin", "oiled",
    "lathe",
)  # fmt: skip
_FACES = {
    "stamped": ("punch", "punch-serif", "punch-narrow", "roll", "narrow", "plotter"),
    "dotpeen": ("plotter", "plotter-slash", "gorton", "narrow"),
}
_CASTINGS = ("cast", "iron", "enamel-green", "enamel-grey", "enamel-black", "painted-green")


def _roughly_made(item: Item, rng: Rng) -> Item:
    """Uneven blows of many punches, on surfaces from rough to filed bright for the number."""
    profile = pick(rng, ("v", "v", "round", "flat"))
    width, depth, uneven = float(rng.lognormal(-0.2, 0.3)), float(rng.uniform(0.5, 1.3)), rng.gamma(1.5, 0.4)
    wide, apart = float(rng.uniform(0.7, 1.0)), float(rng.uniform(-0.08, 0.15))
    peened = pick(rng, ("dotpeen", "peened-line", "peened-line", "peened-line", "dotpeen-grid"))

    def struck(mark: Mark) -> Mark:
        if mark.kind == "dotpeen":
            made = MARKS[peened]
            return replace(made, depth=made.depth * float(rng.uniform(0.9, 2.2)), worn=mark.worn)
        if mark.kind == "cast":
            return replace(mark, depth=mark.depth * float(rng.uniform(0.35, 1.0)))
        if mark.kind not in _STRUCK:
            return mark
        return replace(
            mark, profile=profile, weight=mark.weight * width, depth=mark.depth * depth,  # type: ignore[arg-type]
            fade=min(2.0, mark.fade + float(uneven)), jitter=mark.jitter * float(rng.uniform(0.6, 1.8)),
        )  # fmt: skip

    def formed(text: Text) -> Text:
        if text.mark.kind not in _FACES or text.arc:
            return text
        text = in_face(text, pick(rng, _FACES[text.mark.kind])) if rng.random() < 0.4 else text
        return replace(text, stretch=text.stretch * wide, tracking=apart)

    item = replace(item, texts=tuple(formed(text) for text in item.texts))
    if item.kind == "cast" and rng.random() < 0.6:
        item = replace(item, material=pick(rng, _CASTINGS))
    item = replace(item, texts=tuple(replace(text, mark=struck(text.mark)) for text in item.texts))
    if item.kind not in ("stamped", "dotpeen", "cast", "engraved"):
        return item
    if rng.random() < 0.4 and item.kind != "cast":
        item = replace(item, material=pick(rng, _CLEAN if item.kind == "dotpeen" else _METAL))
    if item.kind == "stamped" and not item.radius and rng.random() < 0.35:
        boxes = np.array([extent(text) for text in item.texts])
        (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        angle = np.linspace(0, 2 * math.pi, 17)[:-1]
        round_ = 0.75 + rng.uniform(-0.12, 0.2, 16)
        x = (left + right) / 2 + (right - left + 4) * round_ * np.clip(np.cos(angle), -0.75, 0.75)
        y = (top + bottom) / 2 + (bottom - top + 4) * round_ * np.clip(np.sin(angle), -0.75, 0.75)
        points = tuple(zip(x.tolist(), y.tolist(), strict=True))
        bed = Plate(points, -0.04, pick(rng, ("filed", "brushed", "machined")), 1.5, 2.0)
        item = replace(item, parts=(*item.parts, bed))
    return item


def with_numbers(item: Item, rng: Rng) -> Item:
    """The item with up to two more numbers that are no serial: patent, part, stock number, contract."""
    for _ in range(int(rng.integers(0, 3))):
        kind = pick(rng, ("other", "part_number", "nsn", "contract", "other"))
        if kind in item.fields:
            kind = "other"
        value = {
            "other": f"{rng.integers(3, 11)},{rng.integers(100, 999)},{rng.integers(100, 999)}",
            "part_number": f"{rng.integers(8000000, 13999999)}",
            "nsn": f"{rng.integers(1005, 5856)}-01-{rng.integers(100, 600)}-{rng.integers(1000, 9999)}",
            "contract": f"DAAE20-{rng.integers(80, 99)}-C-0{rng.integers(100, 999)}",
        }[kind]
        before = {
            "other": pick(rng, ("U.S. PAT. ", "PAT. ", "PAT. NO. ")),
            "part_number": pick(rng, ("P/N ", "PART NO ", "")),
            "nsn": pick(rng, ("NSN ", "")),
            "contract": pick(rng, ("CONTRACT ", "CONTR NO ", "")),
        }[kind]
        like = item.texts[int(rng.integers(len(item.texts)))]
        height = max(1.5, like.height * float(rng.uniform(0.55, 0.95)))
        text = before + value
        line = replace(
            like, text=text, height=height, anchor="left", arc=0.0, angle=0.0, role=kind, under="", twice=(),
            value="" if kind == "other" or text == value else value,
        )  # fmt: skip
        place = _free(item, line.length, height, True, rng)
        if place is None:
            continue
        line = replace(line, x=place[0], y=place[1])
        fields = item.fields if kind == "other" else {**item.fields, kind: value}
        item = replace(item, texts=(*item.texts, line), fields=fields)
    return item


def damaged(item: Item, rng: Rng) -> Item:
    """The item after what befalls marks: struck over, struck twice, gouged, ground, painted, dirty.

    About half of the items stay as they are.
    """
    if rng.random() < 0.5:
        return item
    texts = list(item.texts)
    for number, text in enumerate(texts):
        if text.mark.kind not in _STRUCK or rng.random() > 0.3:
            continue
        count = len(text.text)
        if rng.random() < 0.5:
            under = [" "] * count
            under[int(rng.integers(count))] = pick(rng, "0123456789")
            texts[number] = replace(text, under="".join(under))
        else:
            texts[number] = replace(text, twice=tuple(sorted({int(k) for k in rng.integers(0, count, 2)})))
    flaws = []
    for _ in range(int(rng.integers(0, 4))):
        aim = texts[int(rng.integers(len(texts)))]
        left, top, right, bottom = extent(aim)
        tall = bottom - top if not aim.arc else aim.height
        at = np.array([rng.uniform(left, right), rng.uniform(top, bottom)])
        form = pick(rng, ("gouge", "gouge", "ground", "paint", "dirt", "dirt"))
        angle = float(rng.uniform(0, 2 * math.pi))
        if form == "gouge":
            reach, width = float(rng.uniform(2, 14)), float(rng.uniform(0.12, 0.6))
        elif form == "dirt":
            reach, width = float(rng.uniform(3, 20)), float(rng.uniform(2, 8))
        else:
            reach, width = tall * float(rng.uniform(0.2, 1.6)), tall * float(rng.uniform(0.6, 1.5))
        half = 0.5 * reach * np.array([math.cos(angle), math.sin(angle)])
        color = {
            "gouge": (0.34, 0.33, 0.32),
            "ground": (0.24, 0.24, 0.235),
            "paint": ((0.03, 0.03, 0.03), (0.09, 0.1, 0.05), (0.3, 0.22, 0.13))[int(rng.integers(3))],
            "dirt": ((0.05, 0.035, 0.02), (0.16, 0.12, 0.08))[int(rng.integers(2))],
        }[form]
        start, end = (at - half).tolist(), (at + half).tolist()
        flaws.append(
            Flaw(form, (start[0], start[1]), (end[0], end[1]), width, float(rng.uniform(0.5, 1.0)), color)  # type: ignore[arg-type]
        )
    return replace(item, texts=tuple(texts), flaws=tuple(flaws))


def exhibit(rng: Rng) -> tuple[str, tuple[str, ...]]:
    """A made-up exhibit number and what else stands on an evidence tag."""
    year, number = int(rng.integers(15, 26)), digits(rng, int(rng.integers(3, 6)))
    forms = (
        f"{year}-{number}", f"EXHIBIT {letters(rng, 1)}{rng.integers(1, 90)}", f"CASE {year}/{number}",
        f"EV-{number}",
    )  # fmt: skip
    day = f"DATE {rng.integers(10, 29)}.{rng.integers(10, 13)}.20{year}"
    others = ("EVIDENCE", f"ITEM {rng.integers(1, 60)}", day)
    count = int(rng.integers(0, 3))
    return pick(rng, forms), tuple(others[int(k)] for k in rng.permutation(len(others))[:count])


def things_on(item: Item, camera: Camera, rng: Rng) -> tuple[Thing, ...]:
    """What happens to lie on or beside an item in a photo: mostly nothing."""
    things: list[Thing] = []
    if not item.radius and rng.random() < 0.18:
        number, lines = exhibit(rng)
        height = max(float(rng.uniform(2.2, 4.5)), 15 * camera.field / camera.width)
        tag = Tag(0, 0, number, lines, height, bool(rng.random() < 0.4))
        place = _free(item, *tag.size, False, rng)
        if place is not None:
            things.append(replace(tag, x=place[0], y=place[1]))
    elif not item.radius and rng.random() < 0.12:
        taken = _taken(item)
        top, bottom = min(box[1] for box in taken), max(box[3] for box in taken)
        x = min(box[0] for box in taken) - float(rng.uniform(0, 15))
        y = bottom + float(rng.uniform(2, 5)) if rng.random() < 0.6 else top - 18 - float(rng.uniform(0, 4))
        things.append(Ruler(x, y))
    if rng.random() < 0.14:
        things.append(_cover(item, rng))
    return tuple(things)


def _cover(item: Item, rng: Rng) -> Cover:
    """A band over the end of a line, or across the item."""
    aim = item.texts[int(rng.integers(len(item.texts)))]
    left, top, right, bottom = extent(aim)
    x, y = float(rng.uniform(left, right)), float(rng.uniform(top, bottom))
    form = pick(rng, ("sling", "rail", "finger", "tape"))
    _, span = middle(item)
    if form == "finger":
        angle, width, reach = float(rng.uniform(0.2, math.pi - 0.2)), float(rng.uniform(11, 16)), 2.0 * span
        width = min(width, 0.5 * span)
        start = (x + width * 0.4 * math.cos(angle), y + width * 0.4 * math.sin(angle))
        end = (x + reach * math.cos(angle), y + reach * math.sin(angle))
        skins = ((0.48, 0.27, 0.19), (0.2, 0.1, 0.06), (0.05, 0.06, 0.09), (0.12, 0.25, 0.5))
        return Cover("finger", start, end, width, skins[int(rng.integers(4))])
    angle = float(rng.normal(math.pi / 2, 0.5)) if form != "rail" else float(rng.choice([0.0, math.pi / 2]))
    if form == "rail":
        # A rail runs along the edge of a line: its side, not its middle, meets the text.
        y = (top if rng.random() < 0.5 else bottom) if angle == 0.0 else y
    width = {"sling": rng.uniform(8, 25), "rail": rng.uniform(3, 9), "tape": rng.uniform(4, 12)}[form]
    width = min(float(width), 0.45 * span)
    reach = 1.6 * span if form != "tape" else float(rng.uniform(0.2, 0.8)) * span
    colors = {
        "sling": ((0.03, 0.03, 0.03), (0.1, 0.1, 0.05), (0.3, 0.23, 0.14)),
        "rail": ((0.05, 0.05, 0.055),),
        "tape": ((0.5, 0.46, 0.34), (0.03, 0.03, 0.03), (0.3, 0.31, 0.32), (0.08, 0.14, 0.35)),
    }[form]
    dx, dy = reach * math.cos(angle), reach * math.sin(angle)
    return Cover(form, (x - dx, y - dy), (x + dx, y + dy), width, colors[int(rng.integers(len(colors)))])  # type: ignore[arg-type]


def phone_view(item: Item, rng: Rng, width: int, height: int) -> View:
    """A photo as people take it: distance, focus, light and compression spread as they do in real ones."""
    camera, lighting, sensor = view(item, rng, width, height)
    camera = replace(camera, field=camera.field * float(np.exp(np.clip(rng.normal(0.15, 0.35), -0.2, 1.1))))
    lighting = replace(lighting, mirror=lighting.mirror * float(rng.uniform(0.7, 1.8)))
    tall = max((text.height for text in item.texts if text.role == "serial"), default=3.0)
    glyph = tall * camera.width / camera.field
    # Messengers and crops leave characters of about 25 pixels, some of fewer than ten; people photograph
    # labels whole, which makes their characters smaller.
    usual = 20 if item.kind in ("label", "plate") else 27
    kept = float(np.exp(rng.normal(math.log(usual), 0.5))) / glyph
    resent = int(max(width, height) * kept) if kept < 1.0 else 0
    soft = float(rng.gamma(1.3, 0.025)) * glyph
    sensor = replace(
        sensor,
        exposure=float(rng.normal(0.0, 0.6)),
        focus=max(sensor.focus, soft) if rng.random() < 0.7 else sensor.focus,
        depth=sensor.depth * float(rng.uniform(0.0, 2.0)),
        shake=(max(sensor.shake[0], float(rng.gamma(0.7, 0.05)) * glyph), sensor.shake[1]),
        quality=int(rng.integers(30, 92)),
        resent=resent,
        exif=_exif(rng) if not resent and rng.random() < 0.85 else None,
    )
    return View(camera, lighting, sensor, things_on(item, camera, rng))


def _exif(rng: Rng) -> Exif:
    first = datetime.datetime(2019, 1, 1, tzinfo=datetime.UTC)
    day = first + datetime.timedelta(seconds=int(rng.integers(7 * 365 * 86400)))
    orientation = int(rng.choice([1, 1, 1, 6, 6, 8, 3]))
    return Exif(f"made-up phone {letters(rng, 1)}", f"{day:%Y-%m-%dT%H:%M:%S}", orientation)
