"""Lines of relief shaded as bump maps (Blinn 1978): fast, and further from any one way to render.

`serialscan.render` follows light and metal; its lines look alike in what it leaves out. Here a height field
is made of strokes and textures whose shape, depth and amount are drawn from wide ranges, and shaded by its
slopes alone, faster. Thin strokes of which one flank shows, blows that lose a leg of a letter, letters filled
with dirt or bared, fine lay lines, grain, pits and bands of light are drawn, not simulated.
"""

from __future__ import annotations

import io
import itertools
import math
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from serialscan.render.layouts import pick
from serialscan.render.lines import FREE_FACES, random_text
from serialscan.render.strokes import Face, face_named, glyph, has_glyph

Rng = np.random.Generator
Array = np.ndarray

LEAST_PX = 9.0  # height of the capitals in the coarsest picture that is taught
CLEAR = 0.75  # how clearly a letter stands out that can be read, see `_photographed`; by looking
FLOOR = 0.01  # changes of brightness that nobody sees, as a part of the range


@dataclass(frozen=True)
class _Style:
    """How letters are put on: ranges of what is drawn at random."""

    share: float
    weight: tuple[float, float]  # width of a stroke as a part of the capitals' height
    depth: tuple[float, float]  # against the textures' slopes
    jitter: float  # of each letter's place, size and direction
    uneven: float  # of a letter's depth across it
    tracking: tuple[float, float]
    dots: tuple[float, float] = (0.0, 0.0)  # distance of dots as a part of the height
    raised: bool = False
    tone: float = 0.3  # chance that the strokes are darker or brighter by themselves
    relief: float = 1.0  # chance that they have relief


_STYLES = (
    _Style(0.34, (0.03, 0.11), (0.6, 3.0), 1.0, 1.0, (-0.1, 0.5)),  # struck by hand
    _Style(0.12, (0.05, 0.14), (0.8, 3.0), 0.2, 0.3, (-0.05, 0.2)),  # rolled
    _Style(0.2, (0.05, 0.1), (0.8, 3.5), 0.15, 0.2, (-0.02, 0.3), (0.06, 0.2), tone=0.5),  # peened
    _Style(0.12, (0.02, 0.08), (0.6, 3.0), 0.1, 0.15, (0.0, 0.25), tone=0.5),  # engraved
    _Style(0.12, (0.09, 0.22), (0.7, 2.5), 0.3, 0.3, (-0.03, 0.2), raised=True, tone=0.2),  # cast
    _Style(0.1, (0.05, 0.14), (0.2, 0.8), 0.1, 0.15, (0.0, 0.3), tone=1.0, relief=0.3),  # burnt in, etched
)


def bumped(rng: Rng, text: str, fonts: tuple[str, ...] = ()) -> list[Array]:
    """One line in up to two lights, as a detector cuts it out: (H, W, 3) uint8, those that can be read.

    Args:
        rng: decides everything.
        text: what stands there; nothing for a bare surface.
        fonts: names of `serialscan.render.fonts` to use beside the single-stroke faces.
    """
    shares = np.array([style.share for style in _STYLES])
    style = _STYLES[int(rng.choice(len(_STYLES), p=shares / shares.sum()))]
    tall = float(np.exp(rng.uniform(math.log(24), math.log(56))))
    face = _face(rng, text, style, fonts)
    if face is None:
        return []
    ink, boxes = _written(rng, text, face, style, tall)
    tone = ink
    if style.dots[1] == 0.0 and rng.random() < 0.5:  # a rim that was pushed up, or a rounded edge
        wide = cv2.GaussianBlur(ink, (0, 0), float(rng.uniform(0.03, 0.1)) * tall)
        ink = ink - float(rng.uniform(0.2, 0.7)) * wide if rng.random() < 0.6 else wide
    raised = style.raised != (rng.random() < 0.1)
    deep = float(np.exp(rng.uniform(*np.log(style.depth)))) if rng.random() < style.relief else 0.0
    ground = _texture(rng, ink.shape, tall)
    height = ground + (1 if raised else -1) * deep * ink
    bare = _stains(rng, ink.shape, tall)
    albedo = bare
    if rng.random() < style.tone:
        share = float(rng.uniform(0.15, 0.9))
        albedo = bare * (1 - share * tone) if rng.random() < 0.6 else bare * (1 - tone) + (1 + share) * tone
    pictures = []
    for light in rng.integers(2**32, size=2).tolist():
        lit, unmarked = (
            _shaded(np.random.default_rng(light), h, a) for h, a in ((height, albedo), (ground, bare))
        )
        seen, clear = _photographed(rng, np.stack([lit, unmarked], axis=2), tall, boxes)
        if clear >= CLEAR:
            pictures.append(seen)
    return pictures


def _face(rng: Rng, text: str, style: _Style, fonts: tuple[str, ...]) -> Face | None:
    outlined = style.dots[1] == 0.0 and rng.random() < (0.5 if style.raised else 0.2)
    for _ in range(8):
        face = face_named(pick(rng, fonts if outlined and fonts else FREE_FACES))
        if all(has_glyph(char, face) for char in text):
            return face
        outlined = outlined and rng.random() < 0.5
    return None


def _written(rng: Rng, text: str, face: Face, style: _Style, tall: float) -> tuple[Array, list[Array]]:
    """The depth of the strokes (H, W) from 0 to about 1, neighbours included, and each letter's outline."""
    stretch = float(np.exp(rng.normal(0, 0.18)))
    tracking = float(rng.uniform(*style.tracking)) + max(face.spacing, 0.02)
    jitter = style.jitter * float(rng.uniform(0.2, 1.2))
    kind = rng.random()
    above, beside = (
        (rng.uniform(0.02, 0.2), rng.uniform(0.05, 0.4)) if kind < 0.5
        else (rng.uniform(0.15, 0.45), rng.uniform(0.1, 0.9)) if kind < 0.85
        else (rng.uniform(0.4, 0.8), rng.uniform(0.2, 2.5))
    )  # fmt: skip
    left = beside * float(rng.uniform(0.2, 1.0)) + 0.1
    row = _row(rng, text, face, stretch, tracking, jitter)
    long = max((path[:, 0].max() for paths in row for path in paths), default=1.0)
    slope = float(rng.normal(0, 0.012))
    up = above * float(rng.uniform(0.3, 1.0)) + max(0.0, -slope * long)
    size = (
        max(12, round((up + 1.0 + above * float(rng.uniform(0.3, 1.0)) + max(0.0, slope * long)) * tall)),
        max(24, round((left + long + beside * float(rng.uniform(0.2, 1.0)) + 0.1) * tall)),
    )
    weight = float(np.exp(rng.uniform(*np.log(style.weight))))
    step = float(rng.uniform(*style.dots)) if style.dots[1] else 0.0
    ink = np.zeros(size, np.float32)
    boxes = []
    turn = np.array([[1.0, slope], [-slope * 0.3, 1.0]])
    origin = np.array([left, up])
    for paths in row:
        placed = [(path @ turn + origin) * tall for path in paths]
        _strike(rng, ink, placed, weight * tall, step * tall, style.uneven, bool(face.file))
        if placed:
            points = np.concatenate(placed)
            (x0, y0), (x1, y1) = points.min(axis=0) - 1, points.max(axis=0) + 1
            boxes.append(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]))
    for side in (-1, 1):
        if rng.random() < 0.3:
            other = random_text(rng)[: max(2, len(text) + 2)]
            if all(has_glyph(char, face) for char in other):
                away = side * (1.0 + float(rng.uniform(0.15, 0.8)))
                at = origin + np.array([float(rng.uniform(-1.5, 1.0)), away])
                for paths in _row(rng, other, face, stretch, tracking, jitter):
                    placed = [(path @ turn + at) * tall for path in paths]
                    _strike(rng, ink, placed, weight * tall, step * tall, style.uneven, bool(face.file))
    if rng.random() < 0.12:
        _beside(rng, ink, tall, weight, left, left + long)
    soft = float(rng.uniform(0.12, 0.5)) * weight * tall
    return cv2.GaussianBlur(ink, (0, 0), max(0.4, soft)), boxes


def _row(
    rng: Rng, text: str, face: Face, stretch: float, tracking: float, jitter: float
) -> list[list[Array]]:
    """Strokes of every character in capital heights, the first at 0, 0."""
    row, cursor = [], 0.0
    slant = float(rng.normal(0, 0.06))
    for char in text:
        paths, wide = glyph(char, face)
        angle = float(rng.normal(0, 0.05)) * jitter
        grow = 1 + float(rng.normal(0, 0.03)) * jitter
        turn = grow * np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        moved = np.array([cursor, 0.0]) + rng.normal(0, (0.03, 0.05)) * jitter
        if char != " ":
            shape = np.array([[stretch, 0.0], [-slant, 1.0]])
            row.append([(path @ shape) @ turn + moved for path in paths])
        cursor += wide * stretch + tracking
    return row


def _strike(
    rng: Rng, ink: Array, paths: list[Array], width: float, step: float, uneven: float, filled: bool
) -> None:
    """Add one character to the depth of the strokes, deeper on one side than on the other."""
    if not paths:
        return
    points = np.concatenate(paths)
    room = width + 3
    x0, y0 = np.maximum(np.floor(points.min(axis=0) - room).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(points.max(axis=0) + room).astype(int), [ink.shape[1], ink.shape[0]])
    if x1 <= x0 or y1 <= y0:
        return
    mark = np.zeros((y1 - y0, x1 - x0), np.uint8)
    fixed = [np.round((path - (x0, y0)) * 16).astype(np.int32) for path in paths]
    if filled:
        cv2.fillPoly(mark, fixed, 255, cv2.LINE_AA, 4)
    elif step:
        radius = max(0.6, width * 0.6)
        for path in paths:
            for x, y in _dotted(rng, path, step):
                middle = (round((x - x0) * 16), round((y - y0) * 16))
                cv2.circle(mark, middle, round(radius * 16), 255, -1, cv2.LINE_AA, 4)
    elif uneven > 0.5 and rng.random() < 0.3:  # one leg of a letter is fainter than the other
        for path in fixed:
            for leg in itertools.pairwise(path) if len(path) < 7 else [path]:
                faint = round(255 * float(rng.uniform(0.25, 1.0)))
                cv2.polylines(mark, [np.array(leg)], False, faint, max(1, round(width)), cv2.LINE_AA, 4)
    else:
        cv2.polylines(mark, fixed, False, 255, max(1, round(width)), cv2.LINE_AA, 4)
    depth = mark.astype(np.float32) * np.float32(math.exp(rng.normal(-0.1, 0.25 * uneven)) / 255)
    lean = rng.normal(0, 0.55 * uneven, 2) if rng.random() < 0.5 else rng.normal(0, 0.15 * uneven, 2)
    y, x = np.mgrid[-1 : 1 : mark.shape[0] * 1j, -1 : 1 : mark.shape[1] * 1j]
    depth *= np.clip(1 + lean[0] * x + lean[1] * y, 0.0, 1.6).astype(np.float32)
    part = ink[y0:y1, x0:x1]
    np.maximum(part, depth, out=part)


def _dotted(rng: Rng, path: Array, step: float) -> Array:
    """Points along a stroke at even distances, each a little off: (n, 2)."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    count = max(2, round(float(along[-1]) / step) + 1)
    at = np.linspace(0, along[-1], count)
    points = np.stack([np.interp(at, along, path[:, 0]), np.interp(at, along, path[:, 1])], axis=1)
    return points + rng.normal(0, 0.06 * step, points.shape)


def _beside(rng: Rng, ink: Array, tall: float, weight: float, start: float, end: float) -> None:
    """What is no letter beside the line: an edge, a ring, a scribed line."""
    x = (start - float(rng.uniform(0.3, 1.2))) if rng.random() < 0.5 else end + float(rng.uniform(0.3, 1.2))
    x *= tall
    thick = max(1, round(weight * tall))
    kind = rng.random()
    if kind < 0.4:
        lean = float(rng.normal(0, 0.1)) * tall
        cv2.line(ink, (round(x - lean), 0), (round(x + lean), ink.shape[0]), 1.0, thick, cv2.LINE_AA)
    elif kind < 0.7:
        middle = (round(x), round(ink.shape[0] * float(rng.uniform(0.2, 0.8))))
        cv2.circle(ink, middle, round(tall * float(rng.uniform(0.2, 0.7))), 1.0, thick, cv2.LINE_AA)
    else:
        y = 0 if rng.random() < 0.5 else ink.shape[0] - 1
        cv2.line(ink, (0, y), (ink.shape[1], y), 1.0, thick * 2, cv2.LINE_AA)


def _noise(rng: Rng, shape: tuple[int, ...], across: float, along: float, angle: float = 0.0) -> Array:
    """Gaussian noise (H, W) of unit deviation, smoothed more along a direction than across it."""
    rows, columns = shape[:2]
    if along / max(across, 0.3) < 1.5:
        made = rng.standard_normal(shape[:2]).astype(np.float32)
        return _unit(cv2.GaussianBlur(made, (0, 0), max(0.3, across)))
    far = math.ceil(math.hypot(rows, columns)) + 4
    made = rng.standard_normal((far, far)).astype(np.float32)
    made = cv2.GaussianBlur(made, (0, 0), sigmaX=min(along, far / 3), sigmaY=max(0.3, across))
    turn = cv2.getRotationMatrix2D((far / 2, far / 2), angle, 1.0)
    turn[:, 2] += np.array([columns - far, rows - far]) / 2
    return _unit(cv2.warpAffine(made, turn, (columns, rows), borderMode=cv2.BORDER_REFLECT))


def _unit(values: Array) -> Array:
    return (values - values.mean()) / (values.std() + 1e-6)


def _texture(rng: Rng, shape: tuple[int, ...], tall: float) -> Array:
    """Height of a bare surface (H, W): grain, lay lines, pits, scratches, each there or not."""
    height = np.zeros(shape, np.float32)
    loud = float(np.exp(rng.normal(-1.6, 0.8)))
    kinds = rng.random(4)
    if kinds[0] < 0.6:
        fine = float(np.exp(rng.uniform(math.log(0.4), math.log(0.12 * tall))))
        height += loud * fine * 0.8 * _noise(rng, shape, fine, fine)
    if kinds[1] < 0.55:
        fine = float(np.exp(rng.uniform(math.log(0.4), math.log(0.06 * tall))))
        angle = float(rng.choice([0.0, 90.0])) + float(rng.normal(0, 8)) if rng.random() < 0.7 else (
            float(rng.uniform(0, 180)))  # fmt: skip
        lay = _noise(rng, shape, fine, fine * float(rng.uniform(8, 60)), angle)
        height += loud * fine * float(rng.uniform(0.4, 1.2)) * lay
    if kinds[2] < 0.25:
        fine = float(rng.uniform(0.015, 0.06)) * tall
        rough = _noise(rng, shape, fine, fine)
        height -= 2 * loud * fine * np.maximum(rough - float(rng.uniform(1.0, 2.2)), 0)
    if kinds[3] < 0.3:
        for _ in range(int(rng.integers(1, 7))):
            ends = rng.uniform(-0.2, 1.2, (2, 2)) * [shape[1], shape[0]]
            a, b = (tuple(int(v) for v in end) for end in ends)
            line = np.zeros(shape, np.float32)
            cv2.line(line, a, b, float(rng.uniform(0.2, 1.5)) * loud, 1, cv2.LINE_AA)
            height -= line
    return height


def _stains(rng: Rng, shape: tuple[int, ...], tall: float) -> Array:
    """How bright a bare surface is by itself (H, W), about 1."""
    bright = np.ones(shape, np.float32)
    if rng.random() < 0.5:
        far = float(np.exp(rng.uniform(math.log(0.1), math.log(2.0)))) * tall
        bright += float(rng.uniform(0.02, 0.2)) * _noise(rng, shape, far, far)
    if rng.random() < 0.3:
        spots = _noise(rng, shape, 0.03 * tall, 0.03 * tall)
        bright -= float(rng.uniform(0.05, 0.4)) * np.clip(spots - float(rng.uniform(1, 2)), 0, 1)
    return np.clip(bright, 0.1, 2.0)


def _shaded(rng: Rng, height: Array, albedo: Array) -> Array:
    """Brightness (H, W), 0 to 1: scattered and mirrored light by the slopes towards one or two lights."""
    along, across = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(
        height, cv2.CV_32F, 0, 1, scale=0.125)  # fmt: skip
    rows, columns = height.shape
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j].astype(np.float32)
    base = float(rng.uniform(0.12, 0.75))
    lit = np.ones_like(height)
    gloss = float(rng.uniform(0.0, 1.0)) if rng.random() < 0.6 else 0.0
    mirrored = np.zeros_like(height)
    for k in range(int(rng.integers(1, 3))):
        t = float(rng.uniform(0, math.tau))
        slope = along * math.cos(t) + across * math.sin(t)
        lit += float(rng.uniform(0.4, 1.6)) / (1 + k) * np.clip(slope, -1.2, 1.2)
        narrow, middle = float(rng.uniform(0.08, 0.5)), float(rng.normal(0, 0.35))
        # A light that is near is mirrored at another slope at each end of the line.
        where = middle + float(rng.normal(0, 0.15)) * x + float(rng.normal(0, 0.1)) * y
        mirrored += gloss / (1 + k) * np.exp(-(((slope - where) / narrow) ** 2))
    steep = along**2 + across**2
    lit -= float(rng.uniform(0.0, 0.6)) * np.sqrt(steep) / (1 + np.sqrt(steep))
    shade = 1 + float(rng.normal(0, 0.25)) * x + float(rng.normal(0, 0.15)) * y
    if rng.random() < 0.25:
        reach = float(rng.uniform(0.1, 0.6))
        shade += float(rng.uniform(-0.4, 0.8)) * np.exp(-(((x - float(rng.uniform(-1, 1))) / reach) ** 2))
    picture = base * albedo * np.clip(shade, 0.1, 3.0) * np.clip(lit, 0.05, 3.0) + 0.6 * base * mirrored
    return np.clip(picture, 0.0, 1.1 if rng.random() < 0.9 else float(rng.uniform(0.5, 1.0)))


def _photographed(rng: Rng, lights: Array, tall: float, boxes: list[Array]) -> tuple[Array, float]:
    """The picture of a marked surface, and how clearly the mark of its faintest letter stands out.

    Args:
        rng: decides lens and sensor.
        lights: (H, W, 2) brightness with and without the mark.
        tall: height of the capitals in pixels.
        boxes: outlines of the letters.

    Returns:
        (h, w, 3) uint8, and the least of all letters' root mean square of what the mark changes, divided by
        that of what is there anyway: texture without its coarse part, and grain.
    """
    blur = float(rng.gamma(1.2, 0.016)) + (float(rng.uniform(0.02, 0.07)) if rng.random() < 0.15 else 0.0)
    lights = cv2.GaussianBlur(lights, (0, 0), max(0.3, blur * tall))
    shrunk = 1.0
    if rng.random() < 0.45:
        wanted = float(np.exp(rng.uniform(math.log(LEAST_PX), math.log(26))))
        shrunk = min(1.0, wanted / tall)
        size = (max(8, round(lights.shape[1] * shrunk)), max(6, round(lights.shape[0] * shrunk)))
        lights = cv2.resize(lights, size, interpolation=cv2.INTER_AREA)
    grain = float(rng.gamma(1.5, 0.008))
    clear = _clear(lights, grain, tall * shrunk, [box * shrunk for box in boxes])
    light = lights[..., 0]
    if rng.random() < 0.4:
        sharp = float(rng.uniform(0.2, 1.2))
        light = (1 + sharp) * light - sharp * cv2.GaussianBlur(light, (0, 0), float(rng.uniform(0.7, 1.6)))
    tint = 1 + rng.normal(0, 0.06, 3)
    seen = light[..., None] * tint + rng.normal(0, grain, light.shape)[..., None]
    if rng.random() < 0.4:
        seen = seen + rng.normal(0, 0.5 * grain, seen.shape)
    seen = np.clip(np.clip(seen, 0, 1) ** float(rng.uniform(0.6, 1.2)) * 255, 0, 255).astype(np.uint8)
    if rng.random() < 0.05 and shrunk == 1.0:  # where a box reaches beyond the photo its border is repeated
        cut = int(rng.uniform(0.02, 0.08) * seen.shape[1])
        seen[:, seen.shape[1] - cut :] = seen[:, seen.shape[1] - cut - 1 : seen.shape[1] - cut]
    if rng.random() < 0.7:
        seen = as_jpeg(seen, int(rng.integers(35, 96)))
    return seen, clear


def as_jpeg(picture: Array, quality: int) -> Array:
    """The picture (H, W, 3) uint8 as a JPEG file of that quality shows it."""
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=quality)
    return np.asarray(Image.open(held))


def _clear(lights: Array, grain: float, glyph_px: float, boxes: list[Array]) -> float:
    """See `_photographed`."""
    change = np.clip(lights[..., 0], 0, 1) - np.clip(lights[..., 1], 0, 1)
    change -= cv2.GaussianBlur(change, (0, 0), 0.12 * glyph_px)  # the blot that blur leaves says nothing
    there = lights[..., 1] - cv2.GaussianBlur(lights[..., 1], (0, 0), 0.25 * glyph_px)
    least = math.inf
    for box in boxes:
        (x0, y0), (x1, y1) = np.floor(box[0]).astype(int).clip(0), np.ceil(box[2]).astype(int) + 1
        signal, noise = change[y0:y1, x0:x1], there[y0:y1, x0:x1]
        if signal.size and (x1 - x0) * (y1 - y0) > (0.3 * glyph_px) ** 2:  # not a stop or a hyphen
            floor = FLOOR**2 + 0.25 * grain**2
            least = min(least, math.sqrt(float((signal**2).mean()) / (float((noise**2).mean()) + floor)))
    return least
