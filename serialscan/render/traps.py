"""Photos on which a serial is read rightly and yet is not whole, and others that only look like them.

A trap is put into a random item (`put_into_item`) or into its photo (`put_into_view`); `Trap` says in the
truth what was done.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from serialscan.render.camera import Camera
from serialscan.render.canvas import Array, Canvas, Rgb
from serialscan.render.chance import extent, phone_view
from serialscan.render.covers import Look, Over
from serialscan.render.flaws import Flaw
from serialscan.render.layouts import digits, letters, pick
from serialscan.render.marks import MARKS, STACK_GAP, Text, draw_text
from serialscan.render.parts import Disc, Plate, Points, box
from serialscan.render.photo import Item, View
from serialscan.render.scene import Cover
from serialscan.render.strokes import HELD_BACK_FACES, face_named, has_glyph
from serialscan.render.truth import MOST_HIDDEN, Trap, Truth

Rng = np.random.Generator

KINDS = (
    "split", "suffix", "groups", "cut", "covered", "faint", "letters", "empty", "two", "mirrored", "stacked",
)  # fmt: skip
"""What can be wrong with a serial."""
HARMLESS = "none"
"""The kind of photos with a thing near the serial that hides nothing of it."""
HARMLESS_SHARE = 0.2
"""Share of such photos among all with traps."""

ROW_GAP = 0.65
"""Gap between rows that a trap adds, as a part of the height of the capitals."""
SMALLEST_PX = 13.0
"""The serial's capitals are at least so high in a photo with a trap; smaller ones nobody reads anyway."""
ATTEMPTS = 4
"""A photo is made so often at most, until its trap comes out."""
BESIDE = 400.0
"""Room in mm beside an item for what lies partly on it."""

_LABELS = ("S/N ", "SERIAL NO ", "SER NO ", "SERIAL NUMBER ", "No. ", "Nr. ", "SERIAL NO. ")
_LIKE = {"0": "OQD", "1": "I", "5": "S", "8": "B", "2": "Z", "6": "G", "4": "I", "7": "I", "3": "B", "9": "G"}
"""Letters that take the place of a digit; the first is the one that looks like it."""
_DIFFER = ("punch-serif", "plotter", "plotter-slash", "serif")
_ALIKE = ("narrow", "punch-narrow", "wide", "hand", "label", "roll", "gorton")


def pick_kind(rng: Rng, kinds: Sequence[str] = ()) -> str:
    """The kind of the next trap: of those named, or of all, a fifth of which hide nothing.

    What covers a number is chosen here too, as in ``covered:tag``: a look that often fails to come out is
    then not drawn less often.
    """
    named = kinds or ((HARMLESS,) if rng.random() < HARMLESS_SHARE else KINDS)
    kind = pick(rng, named)
    return f"covered:{pick(rng, LOOKS)}" if kind == "covered" else kind


@dataclass(frozen=True)
class Trapped:
    """An item with a trap, or one whose photo gets it.

    Attributes:
        item: with the trap, if it is one of the item's.
        kind: of the trap, as `pick_kind` gives it.
        trap: what the labels say; `put_into_view` may say it more exactly.
    """

    item: Item
    kind: str
    trap: Trap


def put_into_item(item: Item, kind: str, held_back: bool, rng: Rng) -> Trapped:
    """Put a trap into the serial of an item; kinds of the photo leave the number as it is.

    Args:
        item: with a serial.
        kind: from `pick_kind`.
        held_back: the item has letters that are kept for measuring, and gets no others.
        rng: decides the rest.
    """
    serial = next(text for text in item.texts if text.role == "serial")
    value = item.fields["serial"]
    # A code would give the number away, and other damage would be a second trap.
    flaws = tuple(flaw for flaw in item.flaws if not _meets(flaw, serial))
    plain = replace(serial, under="", twice=())
    texts = tuple(plain if text is serial else text for text in item.texts)
    item = replace(item, codes=(), flaws=flaws, texts=texts)
    if kind.startswith("covered:") or kind == HARMLESS:
        item = _with_room(item)
    make = _OF_ITEM.get(kind)
    if make is None:
        return Trapped(item, kind, Trap(kind, (value,), value))
    return make(item, plain, value, held_back, rng)


def put_into_view(trapped: Trapped, rng: Rng, width: int, height: int) -> View:
    """A photo of a trapped item, with the trap if it is one of the photo's.

    Args:
        trapped: from `put_into_item`.
        rng: decides everything.
        width: of the photo in pixels.
        height: of the photo in pixels.
    """
    item, kind, trap = trapped.item, trapped.kind, trapped.trap
    view = _readable_view(item, rng, width, height)
    view = replace(view, things=tuple(thing for thing in view.things if not isinstance(thing, Cover)))
    if kind == "mirrored":
        view = replace(view, camera=replace(view.camera, mirrored=True))
    elif kind == "cut":
        view, how = _cut(item, view, trap, rng)
        trap = replace(trap, kind=f"cut:{how}")
    elif kind.startswith("covered:"):
        view = replace(view, things=(*view.things, _over(item, trap, kind.partition(":")[2], rng)))
    elif kind == HARMLESS and trap.kind == HARMLESS:
        over = _beside(item, trap, rng)
        view = replace(view, things=(*view.things, over))
        trap = replace(trap, kind=f"{HARMLESS}:{over.look}")
    return replace(view, trap=trap)


def came_out(truth: Truth) -> bool:
    """Whether a photo shows its trap: part of the number is hidden where it shall be, else nothing is.

    At least half of what is not hidden can be read: a number that nobody reads tempts nobody.
    """
    trap = truth.trap
    if trap is None or trap.serial is None:
        return True
    kind = trap.kind.partition(":")[0]
    glyphs = [glyph for _, glyph in truth.serial_glyphs]
    lost = [glyph for glyph in glyphs if not glyph.shows()]
    hidden = [glyph for glyph in glyphs if glyph.hidden > MOST_HIDDEN]
    if 2 * (len(lost) - len(hidden)) > len(glyphs) - len(hidden):
        return False
    if kind in ("cut", "covered"):
        return 1 <= len(hidden or lost) <= len(glyphs) - 2
    if kind == "faint":
        return bool(lost)
    return not hidden and all(line.whole for line, _ in truth.serial_glyphs)


def _with_room(item: Item) -> Item:
    """The item with room beside its edges, for what lies partly on it."""
    left, top, right, bottom = item.bounds
    outline = item.outline or box(left, top, right - left, bottom - top)
    if item.radius:
        outline = box(left, -4 * item.radius, right - left, 8 * item.radius)
        return replace(item, bounds=(left - BESIDE, top, right + BESIDE, bottom), outline=outline)
    room = (left - BESIDE, top - BESIDE, right + BESIDE, bottom + BESIDE)
    return replace(item, bounds=room, outline=outline)


# Where the characters of a line stand.


def nominal(text: Text) -> tuple[Array, ...]:
    """Four corners (4, 2) in mm of each character but spaces, as they stand without the wander of a hand."""
    left, top, _, _ = extent(text)
    still = replace(text, mark=replace(text.mark, jitter=0.0, fade=0.0, worn=0.0))
    canvas = Canvas.blank((left, top, left + 2.0, top + 2.0), 1.0)
    return tuple(glyph.corners for glyph in draw_text(canvas, still, np.random.default_rng(0)).glyphs)


@dataclass(frozen=True)
class _Row:
    """The characters of a number.

    Attributes:
        middles: (n, 2) in mm.
        halves: (n,) half their widths in mm.
        along: (n, 2) direction of the row at each.
        down: (n, 2) direction from each one's top to its foot.
        height: of the capitals in mm.
    """

    middles: Array
    halves: Array
    along: Array
    down: Array
    height: float

    @property
    def pitch(self) -> float:
        """Mean distance of two characters in mm."""
        return float(np.linalg.norm(np.diff(self.middles, axis=0), axis=1).mean())

    def between(self, before: int) -> Array:
        """The point (2,) between a character and the one before it; at the ends half a gap beside them."""
        count = len(self.middles)
        if 0 < before < count:
            a = self.middles[before - 1] + self.along[before - 1] * self.halves[before - 1]
            b = self.middles[before] - self.along[before] * self.halves[before]
            return (a + b) / 2
        k, sign = (0, -1.0) if before <= 0 else (count - 1, 1.0)
        gap = 0.12 * self.height
        return self.middles[k] + sign * self.along[k] * (self.halves[k] + gap)


def _row(text: Text, value: str) -> _Row:
    """Where the characters of a value in a line stand."""
    start = max(text.text.rfind(value), 0)
    before, count = len(text.text[:start].replace(" ", "")), len(value.replace(" ", ""))
    boxes = np.array(nominal(text)[before : before + count])
    along, down = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 0]
    wide = np.linalg.norm(along, axis=1)
    return _Row(
        boxes.mean(axis=1), wide / 2, along / wide[:, None],
        down / np.linalg.norm(down, axis=1)[:, None], text.height,
    )  # fmt: skip


def _rows(item: Item, trap: Trap) -> list[_Row]:
    held = [text for text in item.texts if text.role == "serial"]
    parts = trap.parts or tuple(text.text for text in held)
    return [_row(text, part) for text, part in zip(held, parts, strict=False)]


def _meets(flaw: Flaw, text: Text) -> bool:
    """Whether a flaw comes near a line."""
    left, top, right, bottom = extent(text)
    reach = flaw.width + 0.5 * text.height
    at = np.linspace(flaw.start, flaw.end, 25)
    near = (
        (at[:, 0] > left - reach) & (at[:, 0] < right + reach)
        & (at[:, 1] > top - reach) & (at[:, 1] < bottom + reach)
    )  # fmt: skip
    return bool(near.any())


# The view.


def _readable_view(item: Item, rng: Rng, width: int, height: int) -> View:
    """A random view that holds the serial, large enough to be read."""
    corners = np.concatenate([np.concatenate(nominal(text)) for text in item.texts if text.role == "serial"])
    tall = max(text.height for text in item.texts if text.role == "serial")
    for _ in range(8):
        view = phone_view(item, rng, width, height)
        camera = replace(view.camera, radius=item.radius)
        shrunk = min(1.0, view.sensor.resent / max(width, height)) if view.sensor.resent else 1.0
        at = camera.project(corners)
        limit = np.array([width, height]) - 12
        inside = bool((at > 12).all() and (at < limit).all() and (camera.facing(corners) > 0.4).all())
        if inside and tall * width / camera.field * shrunk >= SMALLEST_PX:
            return view
    centre = (corners.min(axis=0) + corners.max(axis=0)) / 2
    span = float(np.ptp(corners, axis=0).max())
    field = span * float(rng.uniform(1.6, 2.6))
    camera = replace(
        view.camera, centre=(float(centre[0]), float(centre[1])), field=field,
        tilt=0.5 * view.camera.tilt, swing=0.5 * view.camera.swing,
    )  # fmt: skip
    glyph = tall * width / field
    sharp = replace(
        view.sensor, resent=0, focus=min(view.sensor.focus, 0.05 * glyph), depth=0.0,
        shake=(min(view.sensor.shake[0], 0.08 * glyph), view.sensor.shake[1]),
    )  # fmt: skip
    return replace(view, camera=camera, sensor=sharp)


def _cut(item: Item, view: View, trap: Trap, rng: Rng) -> tuple[View, str]:
    """Move the camera until an edge of the photo cuts the number.

    Returns:
        The view, and whether the edge goes ``through`` a character or runs ``after`` one.
    """
    (row,) = _rows(item, trap)
    count = len(row.middles)
    lost = int(rng.integers(1, max(2, min(5, count - 2))))
    last = bool(rng.random() < 0.6)
    first_lost = count - lost if last else lost - 1
    how = "through" if rng.random() < 0.5 else "after"
    if how == "after":
        point = row.between(first_lost if last else first_lost + 1)
    else:
        aside = float(rng.uniform(-0.5, 0.5)) * row.halves[first_lost]
        point = row.middles[first_lost] + row.along[first_lost] * aside
    outward = row.along[first_lost] * (1.0 if last else -1.0)
    camera = replace(view.camera, radius=item.radius)
    ends = camera.project(np.array([point, point + 0.3 * outward]))
    way = ends[1] - ends[0]
    axis = int(abs(way[1]) > abs(way[0]))
    size = (camera.width, camera.height)[axis]
    goal = size - 0.5 if way[axis] > 0 else -0.5

    def moved(s: float) -> Camera:
        x, y = (np.array(camera.centre) + s * outward).tolist()
        return replace(camera, centre=(float(x), float(y)))

    def miss(s: float) -> float:
        return float(moved(s).project(point[None])[0, axis]) - goal

    # Secants: the place of a point in the photo is nearly linear in that of the camera.
    a, b = 0.0, 0.05 * camera.field
    fa, fb = miss(a), miss(b)
    for _ in range(12):
        if abs(fb) < 0.05 or abs(fb - fa) < 1e-9:
            break
        a, b, fa = b, b - fb * (b - a) / (fb - fa), fb
        fb = miss(b)
    return replace(view, camera=moved(b)), how


# What covers it.


@dataclass(frozen=True)
class _Habit:
    """How a thing usually lies on a row.

    Attributes:
        across: it crosses the row instead of lying along it.
        widths: least and greatest width in mm where it crosses; 0 for as wide as what it hides.
        colors: linear RGB.
        middle: it may lie over the middle of a number.
        near: how often it is out of focus, nearer to the lens.
        ragged: how far its outline wanders, as a part of the height of the capitals.
        soft: width of its edge, likewise.
    """

    across: bool
    widths: tuple[float, float]
    colors: tuple[Rgb, ...]
    middle: bool = True
    near: float = 0.0
    ragged: tuple[float, float] = (0.0, 0.0)
    soft: tuple[float, float] = (0.01, 0.04)


_BLACK: Rgb = (0.02, 0.02, 0.022)
_HABITS: dict[Look, _Habit] = {
    "tag": _Habit(
        False, (0, 0), ((0.75, 0.73, 0.68), (0.7, 0.62, 0.4), (0.62, 0.45, 0.25), (0.8, 0.78, 0.3)), near=0.15
    ),
    "sticker": _Habit(
        False, (0, 0), ((0.8, 0.8, 0.8), (0.7, 0.08, 0.06), (0.75, 0.6, 0.05), (0.05, 0.25, 0.6))
    ),
    "black-tape": _Habit(True, (8, 19), (_BLACK, (0.03, 0.03, 0.03)), ragged=(0.0, 0.06)),
    "masking-tape": _Habit(
        True, (8, 24), ((0.62, 0.52, 0.32), (0.55, 0.5, 0.4), (0.1, 0.25, 0.55)), ragged=(0.0, 0.12)
    ),
    "duct-tape": _Habit(True, (12, 40), ((0.32, 0.33, 0.34), (0.09, 0.11, 0.06)), ragged=(0.0, 0.15)),
    "clear-tape": _Habit(True, (8, 19), ((0.3, 0.3, 0.29), (0.3, 0.24, 0.13))),
    "finger": _Habit(
        True, (11, 16), ((0.48, 0.27, 0.19), (0.36, 0.19, 0.12), (0.2, 0.1, 0.06), (0.55, 0.36, 0.28)),
        near=0.35,
    ),
    "glove": _Habit(
        True, (13, 19), ((0.05, 0.06, 0.09), (0.06, 0.16, 0.42), (0.03, 0.03, 0.03), (0.3, 0.26, 0.18)),
        near=0.3,
    ),
    "strap": _Habit(True, (8, 26), ((0.03, 0.03, 0.03), (0.1, 0.1, 0.05), (0.3, 0.23, 0.14)), near=0.3),
    "cable-tie": _Habit(True, (2.5, 5.0), (_BLACK, (0.65, 0.65, 0.62), (0.45, 0.05, 0.04))),
    "grease": _Habit(
        False, (0, 0), ((0.03, 0.022, 0.012), (0.012, 0.012, 0.012), (0.12, 0.08, 0.03)),
        ragged=(0.25, 0.6), soft=(0.1, 0.4),
    ),
    "mud": _Habit(
        False, (0, 0), ((0.16, 0.1, 0.055), (0.24, 0.18, 0.11), (0.09, 0.06, 0.04)),
        ragged=(0.3, 0.7), soft=(0.05, 0.35),
    ),
    "shadow": _Habit(True, (0, 0), (_BLACK,), middle=False, ragged=(0.0, 0.8), soft=(0.1, 2.0)),
    "glare": _Habit(False, (0, 0), ((1.0, 1.0, 1.0), (1.0, 0.96, 0.88))),
}  # fmt: skip
LOOKS: tuple[Look, ...] = tuple(_HABITS)


def _over(item: Item, trap: Trap, name: str, rng: Rng) -> Over:
    """Something over one end or the middle of the number."""
    look: Look = name  # type: ignore[assignment]
    habit = _HABITS[look]
    (row,) = _rows(item, trap)
    count = len(row.middles)
    lost = int(rng.integers(1, max(2, min(5, count - 2))))
    share = rng.random()
    part = "last" if share < 0.55 else "first" if share < 0.78 or not habit.middle else "middle"
    wide = float(rng.uniform(*habit.widths)) if habit.widths[1] else 0.0
    if part == "middle" and (count < 4 or (wide and wide > 4.6 * row.pitch)):
        part = "last"
    if part == "middle":
        if wide:
            lost = max(1, min(4, count - 3, round(wide / row.pitch)))
        start = int(rng.integers(1, count - lost))
        near, far = row.between(start), row.between(start + lost)
        k = start + lost // 2
        length = float(np.linalg.norm(far - near))
        return _thing(look, row, k, (near + far) / 2, length, 0.0, rng)
    first = count - lost if part == "last" else lost - 1
    sign = 1.0 if part == "last" else -1.0
    inner = row.between(first if part == "last" else first + 1)
    inner = inner + sign * row.along[first] * row.halves[first] * float(rng.uniform(-0.15, 0.5))
    if wide:
        length = wide
    elif look == "shadow":
        length = 300.0
    else:
        length = lost * row.pitch + float(rng.uniform(0.3, 3.0)) * row.height
    return _thing(look, row, first, inner, length, sign, rng)


def _beside(item: Item, trap: Trap, rng: Rng) -> Over:
    """Something near the number that hides nothing: it ends two characters away, or is a half shadow."""
    (row,) = _rows(item, trap)
    look: Look = ("tag", "finger", "black-tape", "masking-tape", "duct-tape", "glove", "shadow", "mud")[
        int(rng.integers(8))
    ]
    habit = _HABITS[look]
    count = len(row.middles)
    if look == "shadow":
        k = int(rng.integers(1, count))
        over = _thing(look, row, k, row.between(k), 300.0, 1.0, rng)
        return replace(over, strength=float(rng.uniform(0.35, 0.7)))
    text = next(text for text in item.texts if text.role == "serial")
    bare = text.text.startswith(trap.parts[0])
    last = not bare or bool(rng.random() < 0.65)
    k, sign = (count - 1, 1.0) if last else (0, -1.0)
    gap = float(rng.uniform(2.0, 4.5)) * row.pitch + habit.soft[1] * row.height
    inner = row.middles[k] + sign * row.along[k] * (row.halves[k] + gap)
    wide = float(rng.uniform(*habit.widths)) if habit.widths[1] else float(rng.uniform(1.5, 5)) * row.height
    over = _thing(look, row, k, inner, wide, sign, rng)
    return replace(over, near=False)


def _thing(look: Look, row: _Row, place: int, at: Array, reach: float, sign: float, rng: Rng) -> Over:
    """A thing over a row.

    Args:
        look: what it is.
        row: of characters.
        place: of the character whose directions count.
        at: (2,) the middle of its inner edge on the row in mm, or its own middle if ``sign`` is 0.
        reach: how far it goes along the row in mm.
        sign: 1 if it reaches onwards from there, -1 if backwards, 0 if to both sides.
        rng: decides the rest.
    """
    habit, tall = _HABITS[look], row.height
    along, down = row.along[place], row.down[place]
    turn = math.degrees(math.atan2(float(along[1]), float(along[0])))
    tilt = float(np.clip(rng.normal(0, 9), -22, 22)) * (0.4 if sign == 0.0 else 1.0)
    near = bool(rng.random() < habit.near)
    soft = float(rng.uniform(*habit.soft)) * tall
    if near:
        soft = float(rng.uniform(0.25, 0.8)) * tall
    ragged = float(rng.uniform(*habit.ragged)) * tall
    color = habit.colors[int(rng.integers(len(habit.colors)))]
    strength = float(rng.uniform(0.985, 0.998)) if look == "shadow" else 1.0
    shadow = (0.0, 0.0)
    if look not in ("grease", "mud", "shadow", "glare") and rng.random() < 0.6:
        shadow = (float(rng.normal(0, 0.35)), float(rng.normal(0, 0.35)))
    over = Over(
        look, 0.0, 0.0, reach, reach, turn + tilt, soft=soft, ragged=ragged, color=color, strength=strength,
        near=near, shadow=shadow, seed=int(rng.integers(2**31)),
    )  # fmt: skip
    middle = at + sign * along * reach / 2
    if not habit.across:
        high = float(rng.uniform(1.5, 3.6)) * tall
        rounding, length = float(rng.uniform(0, 0.25)) * tall, reach
        if look in ("grease", "mud", "glare"):
            rounding = 0.5 * min(high, reach)
            # The edge wanders and is soft, so the blob is a little larger than what it shall hide.
            length, high = length + 0.8 * ragged, high + 1.2 * ragged
            if look == "glare":  # what it bleaches is narrower than its glow
                length, high = 1.15 * length, float(rng.uniform(1.0, 2.2)) * high
        middle = middle + down * float(rng.normal(0, 0.25)) * tall
        over = replace(
            over, x=float(middle[0]), y=float(middle[1]), length=length, width=high, round=rounding
        )
        return replace(over, texts=_words_on(over, tall, rng)) if look == "tag" and not near else over
    # Its axis crosses the row.
    over = replace(over, angle=turn + tilt + 90.0, round=0.4 if look == "cable-tie" else 0.15)
    if look in ("finger", "glove"):
        long = 160.0
        side = float(rng.choice([-1.0, 1.0]))
        tip = 0.5 * reach + float(rng.uniform(0.7, 1.4)) * tall
        if sign and rng.random() < 0.3:  # it comes along the row, from beyond its end
            over = replace(over, angle=turn + tilt + (180.0 if sign < 0 else 0.0))
            middle = at + sign * along * (long / 2 - 0.1 * tall)
        else:
            middle = middle + down * side * (long / 2 - tip)
            over = replace(over, angle=over.angle + (180.0 if side < 0 else 0.0))
        over = replace(over, round=reach / 2)
    elif look in ("strap", "shadow", "cable-tie"):
        long = 300.0
        if look == "shadow":  # of a hand, a head, or something straight
            long = float(rng.choice([long, rng.uniform(20.0, 70.0)]))
            over = replace(over, round=0.5 * long if long < 100.0 else 0.5)
    else:
        long = float(rng.uniform(3.0, 12.0)) * tall
        middle = middle + down * float(rng.normal(0, 0.12)) * long
    return replace(over, x=float(middle[0]), y=float(middle[1]), length=long)


def _words_on(over: Over, tall: float, rng: Rng) -> tuple[Text, ...]:
    """A word or a number on a tag, if it has room for one."""
    words = pick(
        rng, ("EVIDENCE", f"ITEM {rng.integers(1, 60)}", "A", f"{rng.integers(2, 90)}", "EXH. 4", "")
    )
    height = 0.3 * over.width
    text = Text(words, 0, 0, height, MARKS["printed"], "label", angle=over.angle)
    if not words or text.length > 0.85 * over.length or height < 0.4 * tall:
        return ()
    angle = math.radians(over.angle)
    along, down = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
    corner = np.array([over.x, over.y]) - along * text.length / 2 - down * height / 2
    return (replace(text, x=float(corner[0]), y=float(corner[1])),)


# What is done to the item.


def _with(item: Item, new: Sequence[Text], value: str | None, below: Text | None = None) -> Item:
    """The item with other lines in the place of its serial, and room made for them.

    Lines below move down; what finds no room is left out.

    Args:
        item: what is changed.
        new: the lines, in reading order.
        value: the serial as a field; None if there is none.
        below: the line under which others move down; None if none shall.
    """
    old = next(text for text in item.texts if text.role == "serial")
    others = [text for text in item.texts if text is not old]
    limit = _limits(item, old)
    new = list(new)
    if not old.arc:
        left, top, right, bottom = (
            f(values)
            for f, values in zip((min, min, max, max), zip(*map(extent, new), strict=True), strict=True)
        )
        over = bottom - limit[3]
        if over > 0:  # the block moves up where there is no room below
            new = [replace(text, y=text.y - over) for text in new]
            others = [
                replace(text, y=text.y - over) if text.y < old.y + old.height else text for text in others
            ]
            top, bottom = top - over, bottom - over
        aside = min(0.0, limit[2] - right)
        aside = max(aside, limit[0] - left) if aside else 0.0
        new = [replace(text, x=text.x + aside) for text in new]
        if below is not None:
            lower = [text for text in others if not text.arc and text.y > old.y + 0.5 * old.height]
            push = max([bottom + ROW_GAP * old.height - text.y for text in lower], default=0.0)
            others = [
                replace(text, y=text.y + push) if push > 0 and text in lower else text for text in others
            ]
        kept = [
            text for text in others
            if not any(_touch(extent(text), extent(line)) for line in new)
            and extent(text)[3] <= max(limit[3], old.y + old.height) and extent(text)[1] >= limit[1]
        ]  # fmt: skip
    else:
        kept = others
    roles = {text.role for text in kept}
    gone = {text.role for text in others if text not in kept} - roles
    fields = {key: held for key, held in item.fields.items() if key not in gone and key != "serial"}
    if value is not None:
        fields["serial"] = value
    boxes = [] if old.arc else [extent(text) for text in new]
    parts = tuple(
        part for part in item.parts
        if not isinstance(part, Disc)
        or not any(
            _touch(place, _around(part))
            for place in boxes
        )
    )  # fmt: skip
    symbols = tuple(
        s for s in item.symbols
        if not any(_touch(place, (s.x, s.y, s.x + 1.5 * s.height, s.y + s.height)) for place in boxes)
    )  # fmt: skip
    return replace(item, texts=(*kept, *new), fields=fields, parts=parts, symbols=symbols)


def _around(disc: Disc) -> tuple[float, float, float, float]:
    return disc.x - disc.radius, disc.y - disc.radius, disc.x + disc.radius, disc.y + disc.radius


def _touch(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] + 0.4 and b[0] < a[2] + 0.4 and a[1] < b[3] + 0.2 and b[1] < a[3] + 0.2


def _limits(item: Item, text: Text) -> tuple[float, float, float, float]:
    """Left, top, right, bottom in mm of the even surface that a line stands on."""
    left, top, right, bottom = item.bounds
    if item.outline:
        points = np.array(item.outline)
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    if item.radius:
        top, bottom = max(top, -0.75 * item.radius), min(bottom, 0.75 * item.radius)
    x0, y0, x1, y1 = extent(text)
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    for part in item.parts:
        if isinstance(part, Plate):
            points = np.array(part.points)
            a, b = points.min(axis=0) + part.bevel, points.max(axis=0) - part.bevel
            if a[0] < x < b[0] and a[1] < y < b[1]:
                left, top = max(left, float(a[0])), max(top, float(a[1]))
                right, bottom = min(right, float(b[0])), min(bottom, float(b[1]))
    return left + 0.6, top + 0.6, right - 0.6, bottom - 0.6


def _fitted(item: Item, text: Text) -> Text:
    """The line, narrower or smaller if it were longer than its surface."""
    if text.arc or text.stacked:
        return text
    left, _, right, _ = _limits(item, text)
    room = right - left
    if text.length > room:
        text = replace(text, stretch=text.stretch * max(0.7, room / text.length))
    if text.length > room:
        text = replace(text, height=text.height * room / text.length)
    return text


def _drawable(text: Text, held_back: bool) -> Text:
    """The line in a face that has all of its characters."""
    if all(has_glyph(char, face_named(text.face)) for char in text.text):
        return text
    return replace(text, face=sorted(HELD_BACK_FACES)[0] if held_back else "gorton")


def _label_of(text: Text, value: str, rng: Rng) -> str:
    """The words before the number: its own, others, or none."""
    own = text.text[: max(text.text.rfind(value), 0)]
    if own:
        return own if rng.random() < 0.6 else ""
    return pick(rng, _LABELS) if rng.random() < 0.4 else ""


def _line(item: Item, text: Text, words: str, part: str, held_back: bool, **values: object) -> Text:
    """The serial's line with other words, of which ``part`` is the number's."""
    new = replace(text, text=words, value="" if words == part else part, **values)  # type: ignore[arg-type]
    return _fitted(item, _drawable(new, held_back))


def _longer(value: str, least: int, rng: Rng) -> str:
    """The number with further digits until it has a least count of characters."""
    return value + "".join(str(d) for d in rng.integers(0, 10, max(0, least - len(value))))


def _spaced(
    text: Text, words: str, places: Sequence[int], rng: Rng, least: float, most: float
) -> dict[str, object]:
    """Gaps of a random number of character widths for spaces at some places of a line."""
    wide = float(
        np.mean([width for _, width in replace(text, text=words.replace(" ", "") or "0", gaps=()).shapes])
    )
    spacing = text.style.spacing
    gap = float(rng.uniform(least, most))
    return {"gaps": tuple((k, max(0.02, gap * wide - 2.0 * spacing)) for k in places)}


def _next_row(text: Text, row: int) -> Text:
    """The line one or more rows further on; on a circle nearer to its middle."""
    step = row * (1.0 + ROW_GAP) * text.height
    if text.arc:
        return replace(text, arc=text.arc - 1.15 * row * text.height)
    return replace(text, y=text.y + step)


def _split(item: Item, text: Text, value: str, held_back: bool, rng: Rng) -> Trapped:
    """The number goes on in the next line."""
    value = _longer(value.replace(" ", ""), 6 if rng.random() < 0.4 else 8, rng)
    form = pick(rng, ("hyphen", "slash", "plain"))
    at = int(rng.integers(2, len(value) - 1))
    first = value[:at] + {"hyphen": "-", "slash": "/", "plain": ""}[form]
    second = value[at:]
    label = _label_of(text, item.fields["serial"], rng)
    above = bool(label) and not text.arc and rng.random() < 0.4
    if text.anchor == "left" and not text.arc and rng.random() < 0.4:
        centred = {"anchor": "centre", "x": text.x + text.length / 2}
    else:
        centred = {}
    rows: list[Text] = []
    if above:
        rows.append(
            replace(_line(item, text, label.strip(), label.strip(), held_back, **centred), role="", value="")
        )
    words = first if above else label + first
    rows.append(_line(item, _next_row(text, len(rows)), words, first, held_back, **centred))
    rows.append(_line(item, _next_row(text, len(rows)), second, second, held_back, **centred))
    if label and not above and not centred and not text.arc and text.anchor == "left" and rng.random() < 0.3:
        start = (
            rows[0].length - replace(rows[0], text=first, gaps=()).length
        )  # under the number, not the label
        rows[1] = replace(rows[1], x=rows[1].x + start)
    height = min(row.height for row in rows)
    rows = [replace(row, height=height) for row in rows]
    joined = first + second
    new = _with(item, rows, joined, below=text)
    return Trapped(new, "split", Trap(f"split:{form}", (first, second), joined))


def _suffix(item: Item, text: Text, value: str, held_back: bool, rng: Rng) -> Trapped:
    """A rest of the number stands in its own row, behind a gap."""
    value = value.replace(" ", "")
    form = pick(rng, ("dash", "slash", "letter", "dashed", "inside"))
    tail = letters(rng, 1) if rng.random() < 0.5 else f"{rng.integers(1, 30):02}"
    if form == "dashed" and len(value) > 4:
        value = f"{value[:-2]}-{value[-2:]}"
    part = {
        "dash": f"{value} -{tail}", "slash": f"{value} /{tail}", "letter": f"{value} {letters(rng, 1)}",
        "dashed": f"{value} {letters(rng, 1)}",
        "inside": f"{value[: len(value) // 2]} {letters(rng, 1)} {value[len(value) // 2 :]}",
    }[form]  # fmt: skip
    return _in_row(item, text, part, f"suffix:{form}", held_back, rng, 0.8, 2.5)


def _groups(item: Item, text: Text, value: str, held_back: bool, rng: Rng) -> Trapped:
    """The number stands in groups."""
    value = _longer(value.replace(" ", ""), 6, rng)
    size = int(rng.integers(2, 4))
    if rng.random() < 0.5:
        at = int(rng.integers(2, len(value) - 1))
        groups = [value[:at], value[at:]]
    else:
        head = len(value) % size or size
        groups = [value[:head], *(value[k : k + size] for k in range(head, len(value), size))]
    return _in_row(item, text, " ".join(groups), f"groups:{len(groups)}", held_back, rng, 0.6, 1.8)


def _in_row(
    item: Item, text: Text, part: str, kind: str, held_back: bool, rng: Rng, least: float, most: float
) -> Trapped:
    label = _label_of(text, item.fields["serial"], rng)
    words = label + part
    places = [k for k, char in enumerate(words) if char == " " and k >= len(label)]
    text = _drawable(replace(text, text=words), held_back)
    line = _line(item, text, words, part, held_back, **_spaced(text, words, places, rng, least, most))
    joined = part.replace(" ", "")
    return Trapped(_with(item, [line], joined), kind.partition(":")[0], Trap(kind, (part,), joined))


# What is left of the depth of a faint character: with less nobody sees that something stands there.
_SHALLOW, _FILLED = (0.18, 0.45), (0.25, 0.6)


def _faint(item: Item, text: Text, value: str, held_back: bool, rng: Rng) -> Trapped:
    """One or two characters are nearly gone."""
    start = max(text.text.rfind(value), 0)
    places = [start + k for k, char in enumerate(value) if char != " "]
    part = pick(rng, ("last", "last", "last", "first", "middle"))
    count = int(rng.integers(1, 3))
    k = int(rng.integers(1, max(2, len(places) - count)))
    struck = {"last": places[-count:], "first": places[:count], "middle": places[k : k + count]}[part]
    how = pick(rng, ("shallow", "shallow", "paint"))
    flaws = item.flaws
    left = float(rng.uniform(*_SHALLOW))
    if how == "paint":
        left = float(rng.uniform(*_FILLED))
        row = _row(text, value)
        first, last = (places.index(struck[0]), places.index(struck[-1]))
        ends = [row.middles[first].tolist(), row.middles[last].tolist()]
        color = ((0.03, 0.03, 0.03), (0.09, 0.1, 0.05), (0.3, 0.22, 0.13))[int(rng.integers(3))]
        strength = float(rng.uniform(0.45, 0.78))
        width = 1.5 * text.height
        flaws = (
            *flaws,
            Flaw("paint", (ends[0][0], ends[0][1]), (ends[1][0], ends[1][1]), width, strength, color),
        )
    line = replace(text, faint=tuple((place, left) for place in struck))
    texts = tuple(line if other is text else other for other in item.texts)
    return Trapped(replace(item, texts=texts, flaws=flaws), "faint", Trap(f"faint:{part}", (value,), value))


def _letters(item: Item, text: Text, value: str, held_back: bool, rng: Rng) -> Trapped:
    """A letter stands where a digit is expected."""
    chars = list(_longer(value.replace(" ", ""), 6, rng))
    where = [k for k, char in enumerate(chars) if char in _LIKE]
    for k in rng.permutation(where)[: 1 if rng.random() < 0.7 else 2]:
        like = _LIKE[chars[k]]
        chars[k] = like[0] if rng.random() < 0.6 else pick(rng, "IOSBZGQD")
    new = "".join(chars)
    label = text.text[: max(text.text.rfind(value), 0)]
    face = text.face
    if not held_back and not face_named(face).file and rng.random() < 0.6:
        face = pick(rng, _DIFFER if rng.random() < 0.5 else _ALIKE)
    line = _line(item, text, label + new, new, held_back, face=face)
    swapped = "".join(sorted({char for char in new if char in "IOSBZGQD"})) or "none"
    return Trapped(_with(item, [line], new), "letters", Trap(f"letters:{swapped}", (new,), new))


def _empty(item: Item, text: Text, value: str, held_back: bool, rng: Rng) -> Trapped:
    """The field is there, its number is not, and others stand around it."""
    label = text.text[: max(text.text.rfind(value), 0)].strip() or pick(rng, _LABELS).strip()
    if rng.random() < 0.3:
        label += " " + "_" * int(rng.integers(5, 10))
    line = replace(_line(item, text, label, label, held_back), value="")
    rows = [line]
    for _ in range(int(rng.integers(1, 3))):
        words, role, held = _other_number(rng)
        other = _line(item, _next_row(text, len(rows)), words, words, held_back)
        rows.append(replace(other, role=role, value=held))
    new = _with(item, rows, None, below=text)
    fields = dict(new.fields) | {row.role: row.value or row.text for row in rows[1:] if row.role != "other"}
    return Trapped(replace(new, fields=fields), "empty", Trap("empty:field", (), None))


def _other_number(rng: Rng) -> tuple[str, str, str]:
    """A number that is no serial: its words, its role, and its value."""
    year = f"{rng.integers(1950, 2020)}"
    lot, part = digits(rng, int(rng.integers(3, 6))), digits(rng, 7)
    choices = (
        (year, "date", year), (f"YEAR {year}", "date", year), (f"LOT {lot}", "other", lot),
        (lot, "other", lot), (f"P/N {part}", "part_number", part), (f"PART NO {part}", "part_number", part),
    )  # fmt: skip
    return choices[int(rng.integers(len(choices)))]


def _two(item: Item, text: Text, value: str, held_back: bool, rng: Rng) -> Trapped:
    """Another number stands in the row of the serial."""
    number = digits(rng, int(rng.integers(2, 5)))
    other = pick(rng, (number, f"R{number}", f"LOT {number}", f"RACK {number}"))
    label = text.text[: max(text.text.rfind(value), 0)]
    behind = bool(label) or rng.random() < 0.7
    whole = f"{label}{value} {other}" if behind else f"{other} {value}"
    place = len(label + value) if behind else len(other)
    text = _drawable(replace(text, text=whole), held_back)
    line = _line(item, text, whole, value, held_back, **_spaced(text, whole, [place], rng, 2.0, 6.0))
    if line.arc:
        return Trapped(_with(item, [line], value), "two", Trap("two:row", (value,), value))
    left, _, right, _ = extent(line)
    first = replace(line, text=whole[:place], gaps=(), anchor="left", x=left)
    second = replace(line, text=whole[place + 1 :], gaps=(), anchor="left")
    second = replace(second, x=right - second.length)
    serial, beside = (first, second) if behind else (second, first)
    serial = replace(serial, value="" if serial.text == value else value)
    beside = replace(beside, role="other", value="")
    return Trapped(_with(item, [serial, beside], value), "two", Trap("two:row", (value,), value))


def _stacked(item: Item, text: Text, value: str, held_back: bool, rng: Rng) -> Trapped:
    """The characters stand one below the other."""
    value = value.replace(" ", "")
    rows = (1.0 + STACK_GAP) * len(value) - STACK_GAP
    left, top, right, bottom = _limits(item, text)
    plain = replace(
        text, text=value, value="", anchor="left", angle=0.0, arc=0.0, stacked=True, gaps=(), tracking=0.0
    )
    if text.arc:  # between the bore and the rim of a turned face
        hole = max((part.radius for part in item.parts if isinstance(part, Disc)), default=0.0)
        rim = max(line.arc + line.height for line in item.texts)
        tall = min(text.height, (rim - hole - 1.5) / rows)
        line = replace(plain, height=tall, x=text.x, y=text.y + hole + 1.0)
        others = tuple(other for other in item.texts if other is not text)
        new = replace(item, texts=(*others, line))
        return Trapped(new, "stacked", Trap("stacked:column", (value,), value))
    tall = min(text.height, (bottom - top) / rows)
    x0, y0, x1, _ = extent(text)
    boxes = [extent(other) for other in item.texts if other is not text]
    ends = (min([x0, *(b[0] for b in boxes)]), max([x1, *(b[2] for b in boxes)]))
    x = ends[1] + 1.2 * tall if ends[1] + 2.2 * tall < right else ends[0] - 1.2 * tall
    if not left + tall / 2 < x < right - tall / 2:
        x = (x0 + x1) / 2
    y = float(np.clip(y0 - rng.uniform(0, 1) * rows * tall, top, max(top, bottom - rows * tall)))
    line = replace(plain, height=tall, x=x, y=y)
    return Trapped(_with(item, [line], value), "stacked", Trap("stacked:column", (value,), value))


def _harmless(item: Item, text: Text, value: str, held_back: bool, rng: Rng) -> Trapped:
    """Something of the item stands beside the number; what lies there comes with the view."""
    plain = Trapped(item, HARMLESS, Trap(HARMLESS, (value,), value))
    if text.arc or rng.random() < 0.55:
        return plain
    row = _row(text, value)
    what = pick(rng, ("edge", "seam", "disc", "disc"))
    end = row.between(len(row.middles))
    gap = float(rng.uniform(1.0, 3.0)) * row.pitch
    x, y = float(end[0]) + gap, float(end[1])
    if what == "disc":
        form = pick(rng, ("pin", "screw", "hole", "rivet", "dimple"))
        radius = float(rng.uniform(0.4, 1.1)) * text.height
        disc = Disc(x + radius, y, radius, form, float(rng.uniform(0, 180)))  # type: ignore[arg-type]
        reach = (x, y - radius, x + 2 * radius, y + radius)
        item = _without(item, reach, text)
        return Trapped(
            replace(item, parts=(*item.parts, disc)), HARMLESS, Trap(f"none:{form}", (value,), value)
        )
    left, top, right, bottom = item.bounds
    item = _without(item, (x - 0.2, top, right, bottom), text)
    if what == "seam":
        rise = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.3, 1.4))
        step = Plate(
            box(x, top - 20, right - x + 20, bottom - top + 40), rise, None, float(rng.uniform(0.2, 1.0))
        )
        return Trapped(replace(item, parts=(*item.parts, step)), HARMLESS, Trap("none:seam", (value,), value))
    outline = _left_of(item.outline or box(left, top, right - left, bottom - top), x)
    return Trapped(replace(item, outline=outline), HARMLESS, Trap("none:edge", (value,), value))


def _without(item: Item, place: Sequence[float], keep: Text) -> Item:
    """The item without the lines and details that touch a rectangle."""
    texts = tuple(text for text in item.texts if text is keep or not _touch(extent(text), place))
    roles = {text.role for text in texts}
    gone = {text.role for text in item.texts} - roles
    parts = tuple(
        part for part in item.parts
        if not isinstance(part, Disc)
        or not _touch(_around(part), place)
    )  # fmt: skip
    fields = {key: value for key, value in item.fields.items() if key not in gone}
    return replace(item, texts=texts, parts=parts, fields=fields)


def _left_of(points: Points, x: float) -> Points:
    """The part of a polygon that lies left of a line (Sutherland and Hodgman 1974)."""
    kept: list[tuple[float, float]] = []
    for (ax, ay), (bx, by) in zip(points, (*points[1:], points[0]), strict=True):
        if ax <= x:
            kept.append((ax, ay))
        if (ax <= x) != (bx <= x):
            kept.append((x, ay + (by - ay) * (x - ax) / (bx - ax)))
    return tuple(kept)


_OF_ITEM: dict[str, Callable[[Item, Text, str, bool, Rng], Trapped]] = {
    "split": _split,
    "suffix": _suffix,
    "groups": _groups,
    "faint": _faint,
    "letters": _letters,
    "empty": _empty,
    "two": _two,
    "stacked": _stacked,
    HARMLESS: _harmless,
}
