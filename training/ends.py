"""Trains the network that tells whether a number ends where its reading ends.

    python training/ends.py --out runs/e1 --windows runs/windows --lines 6000

Lines are rendered with room around them and read as if some of their characters had not been seen; covers are
drawn over the windows (`covers`). A third of the lines are letters of this machine's fonts on flat or brushed
ground, so that the network does not know one renderer alone. Windows are kept, and made once.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from bump import as_jpeg
from covers import KINDS, Place, brushed, cover, field, harmless
from lines import _fonts
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageDraw, ImageFont
from torch import nn
from torch.nn import functional as F
from tuning import half

from serialscan.reading.ends import COLUMNS, GLYPH_SHARE, INWARDS, OUTWARDS, ROWS, TALL, window
from serialscan.reading.networks import ends_input
from serialscan.reading.shapes import Straight
from serialscan.render.layouts import pick
from serialscan.render.lines import FREE_FACES, FREE_MATERIALS, free_fonts, random_text, render_line
from serialscan.render.strokes import HELD_BACK_FACES
from serialscan.render.surfaces import HELD_BACK_MATERIALS

Rng = np.random.Generator
Array = np.ndarray

CLASSES = ("ends", "more", "hidden")
FINE = 2  # windows are drawn on at so many times their size
DRAWN_SHARE = 0.33  # of lines: in fonts, on flat ground
SEEN = 0.12  # share of viewers that can read it: what fewer read is not asked for
READ = 0.5  # likewise: what a reader would take for the end of its reading
NEXT, FAR = 1.7, 2.1  # gaps in capital heights: a number goes on after less, does not after more
CELL, CLEAR = 1.3, 2.2  # character widths beyond an end: hidden there, or nothing hidden up to there


@dataclass(frozen=True)
class Line:
    """A photo of one line: pixels (H, W, 3), each character's corners, whether it can be read and seen."""

    pixels: Array
    chars: str
    corners: list[Array]
    read: list[float]
    glyph_px: float


@dataclass(frozen=True)
class Sample:
    """A window (64, 112, 4) uint8 with its class, what was done to it, and how visible what follows is."""

    window: Array
    label: int
    kind: str
    seen: float


def _text(rng: Rng) -> str:
    kind = rng.random()
    if kind < 0.12:
        text = random_text(rng)
        if text.isascii() and len(text) > 2:
            return text
    number = "".join(pick(rng, tuple("0123456789")) for _ in range(int(rng.integers(3, 9))))
    if rng.random() < 0.45:
        number = (
            "".join(pick(rng, tuple("ABCDEFGHJKLMNPRSTUVWXZ")) for _ in range(int(rng.integers(1, 4))))
            + number
        )
    if rng.random() < 0.35:
        number += pick(rng, ("", "-", " ", "  ", "   ", " -", "/")) + pick(
            rng, (*"ABCDEFKLMNX", "02", "1", "11", "7")
        )
    elif rng.random() < 0.15:  # what is narrow is lost first
        number = number[:-1] + pick(rng, ("1", "1", "I", "7", "J"))
    if kind < 0.4:
        number = (
            pick(rng, ("S/N ", "SERIAL NO ", "SER NO ", "NO. ", "No ", "SN ", "PN ", "MOD. ", "TYPE "))
            + number
        )
    return number


def _render(rng: Rng, seed: int, held_back: bool) -> Line | None:
    text = _text(rng)
    places = [k for k, char in enumerate(text) if char != " "]
    faint: dict[int, float] = {}
    if rng.random() < 0.65:
        strength = float(np.exp(rng.uniform(math.log(0.08), math.log(0.7))))
        count = 1 if rng.random() < 0.7 else 2
        for place in places[-count:] if rng.random() < 0.6 else places[:count]:
            faint[place] = strength * float(rng.uniform(0.7, 1.2))
    faces = tuple(sorted(HELD_BACK_FACES)) if held_back else (*FREE_FACES, *free_fonts())
    materials = tuple(sorted(HELD_BACK_MATERIALS)) if held_back else FREE_MATERIALS
    size = float(np.exp(rng.uniform(math.log(11.5), math.log(30)))) if rng.random() < 0.5 else None
    try:
        photo = render_line(
            seed,
            text,
            faces=faces,
            materials=materials,
            glyph_px=size,
            room=(3.2, 1.3),
            faint=tuple(faint.items()),
        )
    except KeyError:  # a face without one of the signs
        return None
    line = photo.truth.lines[0]
    return Line(
        photo.pixels, text.replace(" ", ""), [g.polygon for g in line.glyphs],
        [g.read for g in line.glyphs], line.glyph_height_px,
    )  # fmt: skip


def _ground(rng: Rng, shape: tuple[int, int], tall: float) -> Array:
    """Flat, grained, brushed or blotched ground with a falling light, (H, W, 3)."""
    level = float(rng.uniform(25, 235))
    made = np.full(shape, level, np.float32)
    how = rng.random()
    if how < 0.55:
        lay = brushed(rng, shape, (1.5, 3.5))
        made += lay / (lay.std() + 1e-6) * float(rng.gamma(2, 4))
        if rng.random() < 0.15:
            made = np.ascontiguousarray(cv2.resize(made.T, shape[::-1]))
    elif how < 0.8:
        made += field(rng, shape, float(rng.uniform(1, 6))) * float(rng.gamma(1.2, 5))
    if rng.random() < 0.4:
        made += field(rng, shape, tall * float(rng.uniform(0.3, 3))) * float(rng.gamma(1.2, 6))
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    made *= (
        1
        + float(rng.normal(0, 0.15)) * (x / shape[1] - 0.5)
        + float(rng.normal(0, 0.15)) * (y / shape[0] - 0.5)
    )
    tint = 1 + rng.normal(0, 0.04 if rng.random() < 0.7 else 0.2, 3)
    return made[..., None] * tint


def _draw(rng: Rng) -> Line:
    """A line in one of the machine's fonts: ink or relief on flat ground, with other lines and frames."""
    text, size = _text(rng), int(rng.integers(18, 56))
    font = ImageFont.truetype(pick(rng, _fonts()), size)
    _, top, _, bottom = font.getbbox("H")
    tall = float(bottom - top)
    beside, above = round(3.4 * tall), round(1.8 * tall)
    space = float(rng.uniform(0, 0.2)) * tall if rng.random() < 0.5 else 0.0
    wide = math.ceil(font.getlength(text) + space * len(text))
    shape = (round(tall) + 2 * above, wide + 2 * beside)

    def page() -> tuple[Image.Image, ImageDraw.ImageDraw]:
        made = Image.new("L", shape[::-1], 0)
        return made, ImageDraw.Draw(made)

    whole, brush = page()
    weights, weight_brush = page()
    cursor, corners, chars, faint = float(beside), [], [], []
    places = [k for k, c in enumerate(text) if c != " "]
    last = rng.random() < 0.5
    fading = set((places[-1:] if last else places[:1]) if rng.random() < 0.65 else ())
    strength = float(np.exp(rng.uniform(math.log(0.08), math.log(0.7))))
    for k, char in enumerate(text):
        if char != " ":
            x0, y0, x1, y1 = font.getbbox(char)
            at = (cursor, above - top)
            brush.text(at, char, fill=255, font=font)
            corners.append(np.array(
                [[cursor + x, at[1] + y] for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))],
                np.float32,
            ))  # fmt: skip
            chars.append(char)
            faint.append(strength if k in fading else 1.0)
            if k in fading:
                weight_brush.rectangle(
                    [cursor - 1, 0, cursor + font.getlength(char) + 1, shape[0]],
                    fill=round(255 * (1 - strength)),
                )
        cursor += font.getlength(char) + space
    gap = float(rng.uniform(1.25, 1.8)) * tall
    for side in (-1, 1):
        if rng.random() < 0.5:
            brush.text(
                (beside + float(rng.normal(0, 1.5)) * tall, above - top + side * gap),
                _text(rng),
                fill=255,
                font=font,
            )
    ink = np.asarray(whole, np.float32) / 255 * (1 - np.asarray(weights, np.float32) / 255)
    ink = cv2.GaussianBlur(ink, (0, 0), 0.3 + float(rng.gamma(1, 0.012)) * tall)
    ground = _ground(rng, shape, tall)
    power = float(np.exp(rng.uniform(math.log(15), math.log(140))))
    if rng.random() < 0.5:
        sign = 1.0 if ground.mean() < 90 or (ground.mean() < 160 and rng.random() < 0.5) else -1.0
        change = sign * power * ink
    else:
        t, far = float(rng.uniform(0, 2 * math.pi)), float(rng.uniform(0.02, 0.06)) * tall
        move = np.float32([[1, 0, far * math.cos(t)], [0, 1, far * math.sin(t)]])
        change = (ink - cv2.warpAffine(ink, move, shape[::-1])) * power
    picture = ground + change[..., None]
    noise = float(np.std(ground[..., 1] - cv2.GaussianBlur(ground[..., 1], (0, 0), 0.4 * tall))) + 2.0
    read = []
    for box in corners:
        (x0, y0), (x1, y1) = box.min(axis=0).astype(int), box.max(axis=0).astype(int) + 1
        part = change[max(0, y0) : y1, max(0, x0) : x1]
        clear = float(np.sqrt(np.mean(part**2))) / noise if part.size else 0.0
        read.append(1 / (1 + math.exp(-(3 * math.log(clear + 1e-3) + 1.8))))  # by looking, as the renderer's
    picture = cv2.GaussianBlur(picture, (0, 0), 0.3 + float(rng.gamma(1.0, 0.012)) * tall)
    return Line(np.clip(picture, 0, 255).astype(np.uint8), "".join(chars), corners, read, tall)


def samples(seed: int, held_back: bool = False) -> list[Sample]:
    """Windows of one line."""
    rng = np.random.default_rng((seed, 7))
    line = _draw(rng) if rng.random() < DRAWN_SHARE else _render(rng, seed, held_back)
    if line is None or line.glyph_px < 11:
        return []
    count = len(line.chars)
    cuts = [(1, 0), (-1, 0)] + [
        (side, int(rng.integers(1, max(2, min(4, count - 2))))) for side in (1, -1) if count > 4
    ]
    found = []
    for side, left_out in cuts:
        for cut in (left_out,) if left_out else _true_ends(line, side):
            covered = [False, False, True, True] if left_out == 0 else [False, True]
            for with_cover in covered:
                sample = _sample(rng, line, side, cut, with_cover)
                if sample is not None:
                    found.append(sample)
    return found


def _true_ends(line: Line, side: int) -> list[int]:
    """How many characters a reader leaves out at an end: those that are too faint to be sure of."""
    read = line.read[::-1] if side > 0 else line.read
    if read[0] >= 0.97:
        return [0]
    return [next((k for k, r in enumerate(read) if r >= 0.9), 0)]


def _sample(rng: Rng, line: Line, side: int, cut: int, with_cover: bool) -> Sample | None:
    order = line.corners[::-1] if side > 0 else line.corners
    seen = line.read[::-1] if side > 0 else line.read
    if cut >= len(order) - 1 or seen[cut] < READ:
        return None
    shape, u = _as_read(rng, line, side, cut)
    sheet = window(line.pixels, shape, u, side, ROWS * FINE)

    def place_of(points: Array) -> Array:
        """Where photo points are in the window, px."""
        box = shape.height / shape.width
        x = ((shape.along(points) - u) * side / box + INWARDS) / (INWARDS + OUTWARDS) * COLUMNS * FINE
        y = ((shape.across(points) - 0.5) / TALL + 0.5) * ROWS * FINE
        return np.stack([x, y], axis=1)

    end = place_of(order[cut])
    outer = float(end[:, 0].max())
    scale = line.glyph_px / shape.height / TALL * ROWS * FINE
    place = Place(sheet.shape[:2], scale, outer, float(end[:, 1].mean()))
    label, kind, visible = 0, "clean", 1.0
    if cut:
        gap = (float(place_of(order[cut - 1])[:, 0].min()) - outer) / scale
        visible = seen[cut - 1]
        if NEXT < gap < FAR or (gap <= NEXT and visible < SEEN):
            return None
        label = 1 if gap <= NEXT else 0
        kind = ("faint" if visible < 0.9 else "more") if label else "far"
    elif seen[0] < 0.9 and rng.random() < 0.5:
        return None
    picture = sheet[..., :3].astype(np.float32)
    shown = sheet[..., 3].copy()
    wide = 0.72  # capital heights: a usual character with its gap
    if rng.random() < (0.55 if label == 0 else 0.3):
        picture, what = harmless(rng, picture, place, label == 1)
        kind = f"{kind}+{what}" if label else what
    if with_cover:
        what = pick(rng, KINDS)
        far = rng.random()
        start = (
            float(rng.uniform(-0.25, 0.5)) if far < 0.5
            else float(rng.uniform(0.0, CELL * wide * 0.8)) if far < 0.75
            else float(rng.uniform(CLEAR * wide, 2.6))
        )  # fmt: skip
        over = far >= 0.75 or rng.random() < 0.93
        picture, alpha = cover(rng, picture, place, what, start, over)
        x, y = place.grid
        row = np.abs(y) < 0.45
        cell = float(alpha[row & (x > 0.05) & (x < CELL * wide)].mean())
        open_ = float(alpha[row & (x > 0.02) & (x < CLEAR * wide)].mean())
        itself = float(alpha[row & (x < -0.1) & (x > -0.6)].mean())
        if itself > 0.35:
            return None
        if cell > 0.45:
            label, kind = 2, f"hidden:{what}"
        elif cell > 0.12 or (label == 0 and open_ > 0.04):
            return None
        else:
            kind = f"{'more' if label else 'beside'}:{what}"
    made = _photographed(rng, picture, line.glyph_px / (scale / FINE))
    planes = np.concatenate(
        [made, cv2.resize(shown, (COLUMNS, ROWS), interpolation=cv2.INTER_NEAREST)[..., None]], axis=2
    )
    if rng.random() < 0.14:
        planes, border = _at_edge(rng, planes)
        reach = (border * FINE - outer) / scale
        if reach < 0.1:
            return None
        if label == 1 and reach < gap + 0.35:
            if reach > gap + 0.05:
                return None
            label, kind = 0, "edge"
        elif label == 2 and reach < CELL * wide:
            return None
    return Sample(planes, label, kind, visible)


def _as_read(rng: Rng, line: Line, side: int, cut: int) -> tuple[Straight, float]:
    """The box in which a reader reads all but ``cut`` characters at an end, and ``u`` of the end one."""
    kept = line.corners[: len(line.corners) - cut] if side > 0 else line.corners[cut:]
    first, last = kept[0].mean(axis=0), kept[-1].mean(axis=0)
    # Small signs do not stand in the middle of the row.
    top, bottom = kept[0][:2].mean(axis=0), kept[0][2:].mean(axis=0)
    middles = [box.mean(axis=0) for box in kept]
    tall = [np.linalg.norm(box[3] - box[0]) for box in kept]
    full = [m for m, t in zip(middles, tall, strict=True) if t > 0.75 * line.glyph_px]
    if len(full) > 1:
        along = full[-1] - full[0]
        level = full[0]
    else:
        along, level = last - first, (top + bottom) / 2
    angle = math.degrees(math.atan2(along[1], along[0]))
    t = math.radians(angle)
    axis, down = np.array([math.cos(t), math.sin(t)]), np.array([-math.sin(t), math.cos(t)])
    end = kept[-1].mean(axis=0) if side > 0 else kept[0].mean(axis=0)
    end = end + down * float((level - end) @ down)
    height = (
        line.glyph_px
        / GLYPH_SHARE
        * float(np.exp(rng.normal(0, 0.1) if rng.random() < 0.8 else rng.uniform(-0.4, 0.3)))
    )
    end = (
        end
        + axis * float(rng.normal(0, 0.12)) * line.glyph_px
        + down * float(rng.normal(0, 0.05)) * line.glyph_px
    )
    turned = angle + float(rng.normal(0, 1.5))
    return Straight(float(end[0]), float(end[1]), 4 * height, height, turned), 0.5


def _photographed(rng: Rng, picture: Array, px: float) -> Array:
    """A window at its own size as the photo resolves it; ``px`` of the photo are one of the window."""
    rows = round(ROWS * float(np.clip(px, 0.35, FINE)))
    rows = min(ROWS * FINE, max(20, rows))
    seen = cv2.resize(picture, (round(rows * COLUMNS / ROWS), rows), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.3:
        seen = seen + rng.normal(0, float(rng.gamma(1.2, 3)), seen.shape)
    seen = np.clip(seen, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        seen = as_jpeg(seen, int(rng.integers(35, 96)))
    how = cv2.INTER_AREA if rows > ROWS else cv2.INTER_CUBIC
    return cv2.resize(seen, (COLUMNS, ROWS), interpolation=how)


def _at_edge(rng: Rng, planes: Array) -> tuple[Array, float]:
    """The window where the photo ends within it, and at which column it does."""
    planes = planes.copy()
    if rng.random() < 0.65:
        column = int(rng.integers(round(0.45 * COLUMNS), COLUMNS - 2))
        planes[:, column:, :3] = planes[:, column - 1 : column, :3]
        planes[:, column:, 3] = 0
        return planes, float(column)
    row = int(rng.integers(2, ROWS // 4))
    if rng.random() < 0.5:
        planes[:row, :, :3], planes[:row, :, 3] = planes[row, :, :3], 0
    else:
        planes[-row:, :, :3], planes[-row:, :, 3] = planes[-row - 1, :, :3], 0
    return planes, float(COLUMNS)


BLOCK = 250  # lines whose windows are kept in one file


def made(folder: Path, lines: int, seed: int, held_back: bool) -> list[Path]:
    """Files of windows, each of `BLOCK` lines from a seed on; those that are there are not made again."""
    paths = []
    for first in range(seed, seed + lines, BLOCK):
        path = folder / f"windows-{first}.npz"
        paths.append(path)
        if path.exists():
            continue
        found = [one for k in range(first, first + BLOCK) for one in samples(k, held_back)]
        part = path.with_suffix(".part.npz")
        np.savez(
            part, windows=np.stack([s.window for s in found]), labels=np.array([s.label for s in found]),
            kinds=np.array([s.kind for s in found]), seen=np.array([s.seen for s in found], np.float32),
        )  # fmt: skip
        part.replace(path)
    return paths


def loaded(paths: Sequence[Path]) -> tuple[Array, Array, list[str], Array]:
    """Windows (N, 64, 112, 4), labels (N,), kinds and visibilities of files that `made` names."""
    parts = [np.load(path) for path in paths]
    windows, labels, kinds, seen = (
        np.concatenate([part[name] for part in parts]) for name in ("windows", "labels", "kinds", "seen")
    )
    return windows, labels, kinds.tolist(), seen


class Net(nn.Module):
    """Convolutions with the sums of each map's places kept apart: where something stands matters."""

    LAYERS = ((12, 2), (24, 1), (32, 2), (40, 1), (48, 2), (48, 1))

    def __init__(self) -> None:
        super().__init__()
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        channels = 4
        for out, stride in self.LAYERS:
            self.convs.append(nn.Conv2d(channels, out, 3, stride, 1, bias=False))
            self.norms.append(nn.BatchNorm2d(out))
            channels = out
        self.squeeze = nn.Conv2d(channels, 16, 1)
        self.hidden = nn.Linear(16 * 4 * 7, 24)
        self.out = nn.Linear(24, len(CLASSES))
        self.drop = nn.Dropout(0.15)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Windows (N, 4, 64, 112) to logits (N, 3)."""
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.relu(norm(conv(x)))
        x = F.avg_pool2d(F.relu(self.squeeze(x)), 2)
        x = F.relu(self.hidden(self.drop(x.flatten(1))))
        return self.out(self.drop(x))


def export(net: Net, path: Path) -> None:
    """Write the network with its softmax, each normalisation folded into its convolution."""
    nodes, tensors = [], []

    def tensor(name: str, values: torch.Tensor) -> str:
        tensors.append(numpy_helper.from_array(values.detach().float().numpy(), name))
        return name

    name = "x"
    for k, (conv, norm) in enumerate(zip(net.convs, net.norms, strict=True)):
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weights = tensor(f"w{k}", conv.weight * scale[:, None, None, None])
        biases = tensor(f"b{k}", norm.bias - norm.running_mean * scale)
        nodes.append(
            helper.make_node("Conv", [name, weights, biases], [f"c{k}"], kernel_shape=[3, 3],
                             pads=[1, 1, 1, 1], strides=[net.LAYERS[k][1]] * 2)
        )  # fmt: skip
        nodes.append(helper.make_node("Relu", [f"c{k}"], [f"r{k}"]))
        name = f"r{k}"
    squeeze = [name, tensor("ws", net.squeeze.weight), tensor("bs", net.squeeze.bias)]
    nodes += [
        helper.make_node("Conv", squeeze, ["s"], kernel_shape=[1, 1]),
        helper.make_node("Relu", ["s"], ["t"]),
        helper.make_node("AveragePool", ["t"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node(
            "Gemm", ["f", tensor("wh", net.hidden.weight), tensor("bh", net.hidden.bias)], ["h"], transB=1
        ),
        helper.make_node("Relu", ["h"], ["g"]),
        helper.make_node(
            "Gemm", ["g", tensor("wo", net.out.weight), tensor("bo", net.out.bias)], ["l"], transB=1
        ),
        helper.make_node("Softmax", ["l"], ["y"], axis=1),
    ]
    graph = helper.make_graph(
        nodes, "ends", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, ROWS, COLUMNS])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", len(CLASSES)])], tensors,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _varied(rng: Rng, windows: Array) -> torch.Tensor:
    """Windows (N, 64, 112, 4) uint8 in other lights and sharpness, up or down, as the network's input."""
    x = ends_input(windows)
    n = len(x)
    colour = x[:, :3]
    gain = np.exp(rng.normal(0, 0.2, (n, 1, 1, 1))) * np.exp(rng.normal(0, 0.06, (n, 3, 1, 1)))
    shift = rng.normal(0, 0.12, (n, 1, 1, 1))
    colour += 1
    colour *= gain.astype(np.float32)
    colour += shift.astype(np.float32)
    np.clip(colour, 0, 2, out=colour)
    colour -= 1
    grey = rng.random(n) < 0.2
    colour[grey] = colour[grey].mean(axis=1, keepdims=True)
    x = x[:, :, ::-1].copy() if rng.random() < 0.5 else x
    dx = int(rng.integers(-3, 4))
    x = np.roll(x, dx, axis=3) if abs(dx) < 2 else x
    return torch.from_numpy(np.ascontiguousarray(x, np.float32))


def started(path: Path, windows: Array) -> Net:
    """The network of an earlier run, its normalisations taken apart again on some windows (N, 64, 112, 4)."""
    held = {
        t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in onnx.load(path).graph.initializer
    }
    net = Net()
    x = torch.from_numpy(ends_input(windows))
    with torch.no_grad():
        for k, (conv, norm) in enumerate(zip(net.convs, net.norms, strict=True)):
            conv.weight.copy_(held[f"w{k}"])
            x = conv(x)
            norm.running_mean.copy_(x.mean(dim=(0, 2, 3)))
            norm.running_var.copy_(x.var(dim=(0, 2, 3)))
            norm.weight.copy_(torch.sqrt(norm.running_var + norm.eps))
            norm.bias.copy_(held[f"b{k}"] + norm.running_mean)
            x = F.relu(x + held[f"b{k}"][:, None, None])
        for name, layer in (("s", net.squeeze), ("h", net.hidden), ("o", net.out)):
            layer.weight.copy_(held[f"w{name}"])
            layer.bias.copy_(held[f"b{name}"])
    return net


def train(data: tuple[Array, Array], net: Net, epochs: int, rate: float, seed: int) -> Net:
    """Train on windows and labels; the averaged weights are returned."""
    windows, labels = data
    rng = np.random.default_rng(seed)
    net = net.to(memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.01)
    size = 96
    steps, began = epochs * (len(windows) // size), time.monotonic()
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.15)
    target = torch.from_numpy(labels.astype(np.int64))
    step = 0
    for epoch in range(epochs):
        order, losses = rng.permutation(len(windows)), []
        net.train()
        for at in range(0, len(order) - size + 1, size):
            picked = np.sort(order[at : at + size])
            x = _varied(rng, windows[picked]).to(memory_format=torch.channels_last)
            with half(torch.device("cpu")):
                logits = net(x)
            loss = F.cross_entropy(logits.float(), target[picked], label_smoothing=0.02)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            plan.step()
            mean.update_parameters(net)
            losses.append(float(loss.detach()))
            step += 1
        took = (time.monotonic() - began) / 60
        sys.stdout.write(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}, {took:.1f} min\n")
        sys.stdout.flush()
    mean.module.eval()
    return mean.module


def report(answers: Array, labels: Array, kinds: Sequence[str], seen: Array) -> dict[str, object]:
    """How the held-back windows come out; the threshold keeps 90 % of true ends below it."""
    doubt = answers[:, 1] + answers[:, 2]
    ends = labels == 0
    threshold = float(np.quantile(doubt[ends], 0.9))
    out = sys.stdout
    out.write(f"{len(labels)} windows {Counter(labels.tolist())}; confusion (rows true):\n")
    for label, name in enumerate(CLASSES):
        row = np.bincount(answers[labels == label].argmax(axis=1), minlength=3)
        out.write(f"  {name:7} {row.tolist()}\n")
    out.write(f"threshold {threshold:.3f}: above it of more {np.mean(doubt[labels == 1] > threshold):.3f}, "
              f"of hidden {np.mean(doubt[labels == 2] > threshold):.3f}\n")  # fmt: skip
    groups: dict[str, list[float]] = defaultdict(list)
    for value, label, kind, visible in zip(doubt, labels, kinds, seen, strict=True):
        plain = kind.split("+")[0]
        if label == 1 and ":" not in plain:
            low = math.floor(visible * 5) / 5
            plain = f"more, read by {min(low, 0.8):.1f} to {min(low, 0.8) + 0.2:.1f}"
        elif label == 1:
            plain = "more, a cover elsewhere"
        groups[f"{CLASSES[label]}: {plain}"].append(value)
    for name, values in sorted(groups.items()):
        out.write(f"  {name:40} {len(values):5}  above {np.mean(np.array(values) > threshold):.3f}\n")
    return {"threshold": threshold}


def main() -> None:
    """Make the windows, train, write the network and say how it does on held-back letters and surfaces."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--windows", type=Path, required=True, help="folder in which windows are kept")
    options.add_argument("--lines", type=int, default=6000)
    options.add_argument("--held-back-lines", type=int, default=750)
    options.add_argument("--epochs", type=int, default=12)
    options.add_argument("--rate", type=float, default=3e-3)
    options.add_argument("--start", type=Path, help="ends.onnx of an earlier run")
    options.add_argument("--seed", type=int, default=130_000_000)
    a = options.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    a.windows.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    held = loaded(made(a.windows, a.held_back_lines, a.seed + 9_000_000, True))
    windows, labels, _, _ = loaded(made(a.windows, a.lines, a.seed, False))
    sys.stdout.write(f"{len(labels)} windows: {np.bincount(labels, minlength=3).tolist()}\n")
    torch.manual_seed(a.seed)
    net = started(a.start, windows[:256]) if a.start else Net()
    net = train((windows, labels), net, a.epochs, a.rate, a.seed)
    export(net, a.out / "ends.onnx")
    with torch.no_grad():
        answers = torch.cat(
            [
                F.softmax(net(torch.from_numpy(ends_input(part))), dim=1)
                for part in np.array_split(held[0], 40)
            ]
        ).numpy()
    said = report(answers, held[1], held[2], held[3])
    (a.out / "report.json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main()
