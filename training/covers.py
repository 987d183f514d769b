"""What lies over or beside a number in a photo: drawn over windows of line ends, wide ranges of looks.

Places are in capital heights: x along the row from the outer edge of its end character outwards, y down
from the middle of the row. Pictures are float32, 0 to 255. These are no covers of `serialscan.render.covers`:
the network is measured on those.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from serialscan.render.layouts import pick

Rng = np.random.Generator
Array = np.ndarray

KINDS = (
    "flat", "flat", "paper", "paper", "tape", "tape", "skin", "skin", "glove", "mess", "mess", "strap",
    "rope", "glare", "shade", "thing",
)  # fmt: skip


HARMLESS = (
    "shadow", "shadow", "step", "step", "rule", "rule", "disc", "disc", "scratch", "stain", "gleam", "gleam",
    "plate", "plate", "plate",
)  # fmt: skip
OPAQUE = ("step", "disc", "plate")


@dataclass(frozen=True)
class Place:
    """A window's picture of places: px per capital height, and where x and y are 0."""

    shape: tuple[int, int]
    scale: float
    x: float
    y: float

    @property
    def grid(self) -> tuple[Array, Array]:
        """X and y of every pixel."""
        rows, columns = self.shape
        x = (np.arange(columns, dtype=np.float32) + 0.5 - self.x) / self.scale
        y = (np.arange(rows, dtype=np.float32) + 0.5 - self.y) / self.scale
        return np.meshgrid(x, y)


def field(rng: Rng, shape: tuple[int, int], size: float) -> Array:
    """Smooth noise, mean 0 and spread 1, with features ``size`` px across."""
    small = (max(2, round(shape[0] / size) + 2), max(2, round(shape[1] / size) + 2))
    coarse = rng.standard_normal(small).astype(np.float32)
    fine = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return (fine - fine.mean()) / (fine.std() + 1e-6)


def brushed(rng: Rng, shape: tuple[int, int], lengths: tuple[float, float]) -> Array:
    """Noise drawn out along the rows, as a brush leaves it; ``lengths`` are logarithms of px."""
    return cv2.GaussianBlur(
        rng.standard_normal(shape).astype(np.float32), (0, 0), float(np.exp(rng.uniform(*lengths))),
        sigmaY=float(rng.uniform(0.4, 1.2)),
    )  # fmt: skip


def cover(rng: Rng, picture: Array, place: Place, kind: str, start: float, over: bool) -> tuple[Array, Array]:
    """The picture (H, W, 3) with something over it, and how well that hides each pixel (H, W), 0 to 1.

    Args:
        rng: decides how it looks.
        picture: is not changed.
        place: of the picture.
        kind: one of `KINDS`.
        start: x at which it begins on the row.
        over: it lies over the row; else above or below it, or past ``start`` alone.
    """
    depth = _form(rng, place, kind, start, over)
    if kind in ("glare", "shade"):
        return _light(rng, picture, place, kind, depth)
    soft = 0.6 + float(rng.gamma(0.6, 1.2)) * (3.0 if kind in ("skin", "glove") else 1.0)
    if rng.random() < 0.08:
        soft += float(rng.uniform(2, 8))  # out of focus
    alpha = np.clip(depth * place.scale / soft + 0.5, 0, 1)
    paint = _paint(rng, picture, place, kind, depth)
    if soft > 1.5:
        paint = cv2.GaussianBlur(paint, (0, 0), soft * 0.5)
    if kind != "tape" and rng.random() < 0.6:  # its shadow
        angle, far = rng.uniform(0, 2 * math.pi), abs(rng.normal(0, 0.12)) * place.scale
        move = np.float32([[1, 0, far * math.cos(angle)], [0, 1, far * math.sin(angle)]])
        shade = cv2.warpAffine(alpha, move, alpha.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
        shade = cv2.GaussianBlur(shade, (0, 0), 1.0 + far * float(rng.uniform(0.3, 1.0)))
        picture = picture * (1 - float(rng.uniform(0.2, 0.8)) * shade[..., None])
    opaque = 1.0
    if kind == "tape" and rng.random() < 0.12:
        opaque = float(rng.uniform(0.75, 0.95))
    amount = (alpha * opaque)[..., None]
    return picture * (1 - amount) + paint * amount, alpha


def _form(rng: Rng, place: Place, kind: str, start: float, over: bool) -> Array:
    """How far inside of the cover each pixel lies, in capital heights; negative outside."""
    x, y = place.grid
    angle = math.radians(float(rng.normal(0, 5) if rng.random() < 0.5 else rng.uniform(-40, 40)))
    aside = 0.0
    if not over:  # beside the row
        aside = float(rng.choice([-1.0, 1.0]))
    long = float(np.exp(rng.uniform(math.log(0.9), math.log(7.0))))
    above, below = (float(v) for v in np.exp(rng.uniform(math.log(0.55), math.log(3.0), 2)))
    if over and rng.random() < 0.35:  # hides a part of the row's height only, at least half of it
        if rng.random() < 0.5:
            above = float(rng.uniform(0.1, 0.5))
        else:
            below = float(rng.uniform(0.1, 0.5))
    if over and rng.random() < 0.25:  # about as high as the row
        above, below = (0.5 + abs(rng.normal(0, 0.25, 2))).tolist()
    if aside:
        gap = float(rng.uniform(0.62, 0.95))
        angle = float(rng.normal(0, 0.06))
        above, below = (4.0, -gap) if aside < 0 else (-gap, 4.0)
        start = float(rng.uniform(-4, 2))
    dx, dy = x - start, y
    along, across = dx * math.cos(angle) + dy * math.sin(angle), dy * math.cos(angle) - dx * math.sin(angle)
    form = rng.random()
    if kind in ("skin", "glove") and not aside and form < 0.75:
        # A finger: its axis comes from anywhere outside.
        radius = float(rng.uniform(0.5, 1.8))
        heading = float(rng.uniform(-1.45, 1.45))
        ax, ay = math.cos(heading), math.sin(heading)
        shift = float(rng.normal(0, 0.4)) * radius
        cx, cy = start + radius * (1.0 if rng.random() < 0.7 else 0.9), shift
        t = np.clip((x - cx) * ax + (y - cy) * ay, 0, None)
        bend = float(rng.normal(0, 0.04))
        px, py = x - cx - t * ax - bend * t * t * ay, y - cy - t * ay + bend * t * t * ax
        depth = radius - np.sqrt(px * px + py * py)
        if rng.random() < 0.3:  # a second one beside it
            cx2, cy2 = cx - ay * 1.9 * radius, cy + ax * 1.9 * radius
            t = np.clip((x - cx2) * ax + (y - cy2) * ay, 0, None)
            second = radius - np.hypot(x - cx2 - t * ax, y - cy2 - t * ay)
            depth = np.maximum(depth, second)
        return depth
    if (kind == "mess" and not aside) or (kind in ("glare", "shade") and form < 0.5):
        rx, ry = float(rng.uniform(0.7, 3.0)), float(rng.uniform(0.6, 2.2))
        wobble = field(rng, place.shape, place.scale * float(rng.uniform(0.25, 1.2)))
        blob = 1 - np.hypot((along - 0.9 * rx) / rx, across / ry) + float(rng.uniform(0.05, 0.3)) * wobble
        return blob * min(rx, ry)
    if kind in ("strap", "rope") and not aside:
        wide = float(rng.uniform(0.45, 1.0)) if kind == "rope" else float(np.exp(rng.uniform(-0.7, 1.2)))
        lean = float(rng.normal(0, 0.35))
        dist = (x - start) * math.cos(lean) + y * math.sin(lean) + float(rng.normal(0, 0.05)) * y * y
        return np.minimum(dist, wide - dist)
    bow = float(rng.normal(0, 0.12)) if rng.random() < 0.3 else 0.0
    depth = np.minimum(along - bow * across * across, long - along)
    if rng.random() < 0.3 and not aside:  # no end in sight
        depth = along - bow * across * across
    depth = np.minimum(depth, np.minimum(across + above, below - across))
    if kind in ("tape", "paper") and rng.random() < 0.25:  # torn
        ragged = field(rng, place.shape, place.scale * float(rng.uniform(0.06, 0.3)))
        depth = depth + ragged * float(rng.uniform(0.01, 0.06))
    if rng.random() < 0.3:
        rounding = float(rng.uniform(0.05, 0.4))
        depth = cv2.GaussianBlur(depth, (0, 0), rounding * place.scale * 0.5)
    return depth


def _light(rng: Rng, picture: Array, place: Place, kind: str, depth: Array) -> tuple[Array, Array]:
    soft = float(rng.uniform(0.03, 0.6)) if kind == "glare" else float(rng.uniform(0.02, 0.3))
    amount = np.clip(depth / soft + 0.5, 0, 1)
    amount = amount * amount * (3 - 2 * amount)
    tint = np.array([1, 1, 1]) + rng.normal(0, 0.02, 3)
    if kind == "glare":
        power = float(rng.uniform(230, 500))
        lit = picture + (power * amount)[..., None] * tint
        return np.minimum(lit, 255), np.clip((amount * power - 120) / 100, 0, 1)
    left = float(rng.uniform(0.0, 0.05))
    dark = picture * (1 - amount * (1 - left))[..., None] + amount[..., None] * float(rng.uniform(0, 14))
    return dark, amount


def _colour(rng: Rng, *choices: tuple[float, float, float], spread: float = 14.0) -> Array:
    chosen = np.array(choices[int(rng.integers(len(choices)))], float)
    return np.clip(chosen + rng.normal(0, spread) + rng.normal(0, spread / 3, 3), 2, 255)


def _paint(rng: Rng, picture: Array, place: Place, kind: str, depth: Array) -> Array:
    """What the cover looks like, (H, W, 3)."""
    shape, scale = place.shape, place.scale
    x, y = place.grid
    exposure = float(np.clip(picture.mean() / 110, 0.5, 1.5)) ** 0.6 * float(rng.uniform(0.75, 1.15))
    tone = 1 + float(rng.normal(0, 0.05)) * (x - 1) + float(rng.normal(0, 0.05)) * y
    grain = float(rng.gamma(1.0, 0.012))
    if kind == "flat":
        colour = (
            rng.uniform(0, 255, 3)
            if rng.random() < 0.3
            else _colour(
                rng,
                (245, 245, 240),
                (20, 20, 24),
                (200, 180, 130),
                (128, 128, 128),
                (215, 200, 160),
                (60, 60, 60),
            )
        )
        flat = np.broadcast_to(colour.astype(np.float32), (*shape, 3)).copy()
        if rng.random() < 0.5:
            rim = np.clip((depth < float(rng.uniform(0.02, 0.08))) * 1.0, 0, 1)[..., None]
            flat = flat * (1 - rim) + rim * (colour * float(rng.choice([0.3, 0.6, 0.85])))
        if rng.random() < 0.4:
            flat = _written(rng, flat, place, colour)
        return flat
    if kind == "paper":
        colour = _colour(
            rng,
            (235, 235, 230),
            (235, 235, 230),
            (225, 210, 170),
            (240, 215, 90),
            (200, 170, 120),
            (235, 140, 60),
            (190, 60, 50),
            (150, 190, 220),
        )
        made = np.broadcast_to(colour.astype(np.float32), (*shape, 3)) * tone[..., None]
        made = made * (1 + grain * field(rng, shape, float(rng.uniform(1, 6))))[..., None]
        made = _written(rng, made, place, colour) if rng.random() < 0.6 else made
        if rng.random() < 0.3:  # a fold
            line = x * math.cos(1.3) + y * float(rng.normal(0, 1)) - float(rng.uniform(0, 3))
            made = made * (1 - 0.2 * np.exp(-((line / 0.05) ** 2)) + 0.08 * np.sign(line))[..., None]
        if rng.random() < 0.15:  # its eyelet with the string
            ex, ey = float(rng.uniform(0.3, 1.0)), float(rng.normal(0, 0.4))
            ring = np.hypot(x - ex, y - ey)
            made[np.abs(ring - 0.25) < 0.08] = _colour(rng, (150, 120, 70), (120, 120, 120))
            made[ring < 0.17] = 25
        return np.clip(made * exposure, 0, 255).astype(np.float32)
    if kind == "tape":
        colour = _colour(
            rng,
            (22, 22, 24),
            (22, 22, 24),
            (150, 110, 60),
            (190, 165, 110),
            (165, 168, 172),
            (60, 70, 150),
            (170, 40, 40),
            (215, 205, 185),
            (40, 100, 60),
        )
        t = float(rng.uniform(0, math.pi))
        stripe = x * math.cos(t) + y * math.sin(t)
        fibres = np.cos(stripe * float(rng.uniform(15, 60))) * float(rng.gamma(1, 0.02))
        wrinkle = 0.05 * field(rng, shape, scale * float(rng.uniform(0.1, 0.8)))
        gloss = np.exp(-(((stripe - float(rng.uniform(-1, 3))) / float(rng.uniform(0.1, 0.8))) ** 2))
        gloss = gloss * float(rng.choice([0.0, 30.0, 90.0])) * (1 + 0.4 * field(rng, shape, scale * 0.3))
        if rng.random() < 0.3:  # the relief below shows in its gloss
            bare = picture.mean(axis=2)
            gloss = gloss + 0.25 * (bare - cv2.GaussianBlur(bare, (0, 0), 0.08 * scale)) * 0.2
        made = colour.astype(np.float32) * (tone + fibres + wrinkle)[..., None] * exposure + gloss[..., None]
        return np.clip(made, 0, 255).astype(np.float32)
    if kind in ("skin", "glove"):
        if kind == "skin":
            colour = _colour(
                rng,
                (235, 195, 170),
                (220, 170, 140),
                (198, 145, 112),
                (165, 115, 85),
                (125, 82, 58),
                (85, 55, 40),
            )
        else:
            colour = _colour(
                rng,
                (28, 28, 32),
                (28, 28, 32),
                (60, 95, 165),
                (110, 125, 190),
                (95, 90, 80),
                (225, 225, 225),
                (140, 110, 70),
                (70, 85, 60),
            )
        t = float(rng.uniform(0, 2 * math.pi))
        inner = np.clip(depth / float(rng.uniform(0.4, 1.2)), 0, 1)
        round_ = np.sqrt(np.clip(1 - (1 - inner) ** 2, 0, 1))
        gx, gy = np.gradient(cv2.GaussianBlur(round_.astype(np.float32), (0, 0), 2.0), axis=(1, 0))
        side = (gx * math.cos(t) + gy * math.sin(t)) * scale * float(rng.uniform(0.05, 0.3))
        shade = 0.55 + 0.45 * round_ + np.clip(side, -0.3, 0.3)
        skin = 0.04 * field(rng, shape, max(1.5, scale * 0.06)) + 0.05 * field(rng, shape, scale * 0.4)
        made = colour.astype(np.float32) * (shade * tone + skin)[..., None] * exposure
        if kind == "skin" and rng.random() < 0.35:  # a nail
            nx, ny = float(rng.uniform(0.3, 1.3)), float(rng.normal(0, 0.2))
            nail = np.clip(4 * (1 - np.hypot((x - nx) / 0.6, (y - ny) / 0.45)), 0, 1)[..., None]
            made = made * (1 - nail) + nail * (0.5 * made + np.array([125, 100, 95]) * exposure)
        if rng.random() < (0.5 if kind == "glove" else 0.2):
            shine = np.clip(field(rng, shape, scale * float(rng.uniform(0.1, 0.5))) - 1.2, 0, 1) * inner
            made = made + 90 * shine[..., None]
        return np.clip(made, 0, 255).astype(np.float32)
    if kind == "mess":
        colour = (
            rng.uniform(5, 240, 3)
            if rng.random() < 0.25
            else _colour(
                rng,
                (40, 30, 22),
                (70, 50, 35),
                (95, 75, 55),
                (15, 14, 14),
                (130, 105, 80),
                (60, 60, 55),
                spread=10,
            )
        )
        lumps = float(rng.uniform(0.03, 0.25)) * field(rng, shape, scale * float(rng.uniform(0.05, 0.4)))
        made = colour.astype(np.float32) * (tone + lumps)[..., None] * exposure
        if rng.random() < 0.5:
            spots = np.clip(field(rng, shape, scale * float(rng.uniform(0.06, 0.3))) - 1.3, 0, 1)
            made = made + 150 * spots[..., None] * float(rng.uniform(0.3, 1))
        return np.clip(made, 0, 255).astype(np.float32)
    if kind in ("strap", "rope"):
        colour = _colour(
            rng,
            (70, 75, 50),
            (25, 25, 27),
            (120, 100, 70),
            (205, 200, 190),
            (45, 45, 60),
            (160, 130, 85),
            (90, 30, 30),
        )
        pitch, lean = float(rng.uniform(6, 30)), float(rng.uniform(0.3, 1.2))
        weave = np.cos((x * math.cos(lean) + y * math.sin(lean)) * pitch) * np.cos(
            (x * math.sin(lean) - y * math.cos(lean)) * pitch * (0.0 if kind == "rope" else 1.0)
        )
        round_ = (
            0.5 + 0.5 * np.clip(depth / 0.3, 0, 1)
            if kind == "rope"
            else 0.8 + 0.2 * np.clip(depth / 0.1, 0, 1)
        )
        made = (
            colour.astype(np.float32)
            * (round_ * tone + float(rng.uniform(0, 0.25)) * weave)[..., None]
            * exposure
        )
        return np.clip(made, 0, 255).astype(np.float32)
    # Any other thing: metal, wood, cloth, plastic, with a lit and a dark rim.
    colour = rng.uniform(15, 235, 3) * 0.4 + rng.uniform(15, 235) * 0.6
    t = float(rng.uniform(0, math.pi))
    lay = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), 6, sigmaY=0.7)
    lay = lay / (lay.std() + 1e-6) if rng.random() < 0.5 else field(rng, shape, float(rng.uniform(1.5, 12)))
    made = colour.astype(np.float32) * (tone + float(rng.gamma(1.5, 0.04)) * lay)[..., None]
    rim = np.exp(-((depth / float(rng.uniform(0.03, 0.12))) ** 2)) * float(rng.normal(0, 0.4))
    made = made * (1 + rim)[..., None] + 40 * float(rng.random()) * np.cos(t + x)[..., None]
    return np.clip(made * exposure, 0, 255).astype(np.float32)


def _written(rng: Rng, sheet: Array, place: Place, colour: Array) -> Array:
    """Lines, letters or a pen's strokes on a sheet."""
    sheet = np.clip(sheet, 0, 255).astype(np.uint8)  # OpenCV smooths lines on such alone
    ink = rng.uniform(0, 90, 3) if colour.mean() > 110 else rng.uniform(150, 250, 3)
    how = rng.random()
    if how < 0.4:
        step = float(rng.uniform(0.3, 1.2)) * place.scale
        for k in range(-6, 7):
            y = round(place.y + k * step + float(rng.normal(0, 1)))
            cv2.line(sheet, (0, y), (sheet.shape[1], y), ink.tolist(), 1, cv2.LINE_AA)
    if how > 0.25:
        size = float(rng.uniform(0.25, 1.6))
        for k in range(int(rng.integers(1, 4))):
            text = "".join(
                pick(rng, tuple("ABCDEFGHKLMNPRSTUVXZ0123456789 -/abcdefghnorst")) for _ in range(9)
            )
            at = (
                round(place.x + place.scale * float(rng.uniform(0, 1.0))),
                round(place.y + place.scale * ((k - 1) * 1.6 * size + float(rng.uniform(-0.2, 0.6)))),
            )
            font = int(rng.choice([0, 1, 2, 3, 4, 6, 7]))
            wide = 2 if rng.random() < 0.4 else 1
            cv2.putText(sheet, text, at, font, size * place.scale / 22, ink.tolist(), wide, cv2.LINE_AA)
    return sheet.astype(np.float32)


def harmless(rng: Rng, picture: Array, place: Place, beyond: bool) -> tuple[Array, str]:
    """The picture with something that hides nothing of the number, and what that is.

    ``beyond`` tells that characters follow: then it is nothing that would take their place.
    """
    x, y = place.grid
    kind = pick(rng, [one for one in HARMLESS if not beyond or one not in OPAQUE])
    angle = math.radians(float(rng.normal(0, 6) if rng.random() < 0.5 else rng.uniform(-70, 70)))
    if kind == "shadow":
        edge = (x - float(rng.uniform(-1.5, 2.2))) * math.cos(angle) + y * math.sin(angle)
        amount = np.clip(edge / float(np.exp(rng.uniform(-4, 0))) + 0.5, 0, 1)
        if rng.random() < 0.4:
            amount = amount * np.clip((float(rng.uniform(0.4, 2.5)) - edge) * 10, 0, 1)
        left = float(rng.uniform(0.25, 0.85))
        made = picture * (1 - amount * (1 - left))[..., None]
    elif kind == "gleam":
        edge = (x - float(rng.uniform(-1.5, 2.5))) * math.cos(angle) + y * math.sin(angle)
        band = np.exp(-((edge / float(rng.uniform(0.15, 1.5))) ** 2)) * float(np.exp(rng.uniform(-2, 1)))
        made = picture * (1 + band[..., None])
    elif kind == "step":
        # The part, or its plate, ends there: another surface in another light, from top to bottom.
        angle = math.radians(float(rng.normal(0, 7)))
        edge = (x - float(rng.uniform(0.25, 2.6))) * math.cos(angle) + y * math.sin(angle)
        soft = float(np.exp(rng.uniform(-4, -1)))
        amount = np.clip(edge / soft + 0.5, 0, 1)[..., None]
        if rng.random() < 0.5:
            other = picture * float(np.exp(rng.normal(0, 0.5))) + float(rng.normal(0, 15))
        else:
            colour = rng.uniform(5, 255) * np.ones(3) + rng.normal(0, 15, 3)
            rough = float(rng.gamma(1.5, 5)) * field(rng, place.shape, float(np.exp(rng.uniform(0.5, 3))))
            other = np.broadcast_to(colour, picture.shape) + rough[..., None]
        made = picture * (1 - amount) + other * amount
        bevel = np.exp(-((edge / (soft + float(rng.uniform(0.02, 0.15)))) ** 2)) * float(rng.normal(0, 0.5))
        made = made * (1 + bevel)[..., None]
    elif kind == "plate":
        # The label or plate that holds the number ends there, often with a corner; what lies below goes on.
        right, top, bottom = (float(v) for v in rng.uniform((0.12, 0.6, 0.6), (2.0, 2.2, 2.2)))
        top, bottom = (v if rng.random() < 0.5 else 9.0 for v in (top, bottom))
        lean = float(rng.normal(0, 0.06))
        px, py = x + lean * y, y - lean * x
        rounding = float(rng.uniform(0.02, 0.5))
        ax, ay = px - right + rounding, np.maximum(-py - top, py - bottom) + rounding
        away = np.hypot(np.maximum(ax, 0), np.maximum(ay, 0)) + np.minimum(np.maximum(ax, ay), 0) - rounding
        soft = float(np.exp(rng.uniform(-4, -1.5)))
        amount = np.clip(away / soft + 0.5, 0, 1)[..., None]
        if rng.random() < 0.4:
            other = picture * float(np.exp(rng.normal(0, 0.5))) + float(rng.normal(0, 15))
        else:
            colour = rng.uniform(5, 230) * np.ones(3) + rng.normal(0, 18, 3)
            rough = float(rng.gamma(1.5, 6)) * field(rng, place.shape, float(np.exp(rng.uniform(0.5, 3))))
            other = np.broadcast_to(colour, picture.shape) + rough[..., None]
        if rng.random() < 0.5:
            dark = np.exp(-np.maximum(away, 0) / float(rng.uniform(0.03, 0.3))) * float(rng.uniform(0.2, 0.8))
            other = other * (1 - dark)[..., None]
        rim = np.exp(-((away / (soft + float(rng.uniform(0.02, 0.1)))) ** 2)) * float(rng.normal(0, 0.3))
        made = (picture * (1 - amount) + other * amount) * (1 + rim)[..., None]
    elif kind == "rule":
        made = np.clip(picture, 0, 255).astype(np.uint8)
        ink = rng.uniform(0, 255) * np.ones(3)
        thick = max(1, round(place.scale * float(rng.uniform(0.02, 0.1))))
        cx = round(place.x + place.scale * float(rng.uniform(0.25, 2.2)))
        cy = place.y + place.scale * float(rng.choice([-1, 1])) * float(rng.uniform(0.72, 1.1))
        slope = float(rng.normal(0, 0.03)) * place.scale
        if rng.random() < 0.7:
            cv2.line(
                made,
                (round(cx - slope), -5),
                (round(cx + slope), place.shape[0] + 5),
                ink.tolist(),
                thick,
                cv2.LINE_AA,
            )
        if rng.random() < 0.6:
            to = cx if rng.random() < 0.5 else place.shape[1]
            cv2.line(made, (0, round(cy)), (to, round(cy)), ink.tolist(), thick, cv2.LINE_AA)
        amount = float(rng.uniform(0.3, 1.0))
        made = picture * (1 - amount) + made * amount
    elif kind == "disc":
        radius = float(rng.uniform(0.2, 1.1))
        cx, cy = radius + float(rng.uniform(0.25, 1.6)), float(rng.normal(0, 0.4))
        away = np.hypot(x - cx, y - cy)
        inside = np.clip((radius - away) * place.scale / 1.5 + 0.5, 0, 1)[..., None]
        t = float(rng.uniform(0, 2 * math.pi))
        form = rng.random()
        if form < 0.35:  # a hole
            body = picture * 0.1 + float(rng.uniform(0, 40))
        else:  # a dome, a pin or a screw
            dome = ((x - cx) * math.cos(t) + (y - cy) * math.sin(t)) / radius
            body = picture.mean(axis=(0, 1)) * (1 + float(rng.uniform(0.1, 0.7)) * dome)[..., None]
            if form > 0.7:
                slot = np.abs((x - cx) * math.sin(t) - (y - cy) * math.cos(t)) < 0.18 * radius
                body = np.where(slot[..., None], 0.25 * body, body)
        rim = np.exp(-(((away - radius) / float(rng.uniform(0.02, 0.1))) ** 2)) * float(rng.normal(-0.3, 0.4))
        made = (picture * (1 - inside) + body * inside) * (1 + rim)[..., None]
    elif kind == "scratch":
        made = np.clip(picture, 0, 255).astype(np.uint8)
        for _ in range(int(rng.integers(1, 4))):
            at, t = rng.uniform((-1.5, -1), (2.5, 1)), float(rng.uniform(0, math.pi))
            reach = float(rng.uniform(0.8, 4))
            ends = [
                (
                    round(place.x + place.scale * (at[0] + s * reach * math.cos(t))),
                    round(place.y + place.scale * (at[1] + s * reach * math.sin(t))),
                )
                for s in (-1, 1)
            ]
            tone = (picture.mean() + float(rng.choice([-1, 1])) * rng.uniform(20, 90)) * np.ones(3)
            cv2.line(
                made,
                *ends,
                tone.tolist(),
                max(1, round(place.scale * float(rng.uniform(0.01, 0.06)))),
                cv2.LINE_AA,
            )
        amount = float(rng.uniform(0.3, 0.9))
        made = picture * (1 - amount) + made * amount
    else:
        wobble = field(rng, place.shape, place.scale * float(rng.uniform(0.1, 1.0)))
        amount = np.clip(wobble - float(rng.uniform(-0.3, 1.2)), 0, 1) * float(rng.uniform(0.1, 0.45))
        made = picture * (1 - amount[..., None]) + rng.uniform(0, 200, 3) * amount[..., None]
    return np.clip(made, 0, 255).astype(np.float32), kind
