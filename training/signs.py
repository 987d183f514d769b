"""Trains the network that tells signs which are no text: factory and proof marks, makers' logos.

    python training/signs.py --out runs/s1 --windows runs/sign-windows

Signs are drawn by `serialscan.render.signs` from descriptions. Some windows are of rendered photos, some of
signs drawn on flat or grained ground, the rest of rendered items that show none. Windows are kept, and made
once.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from bump import as_jpeg
from covers import brushed, field
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F
from tuning import half

from serialscan.reading.networks import signs_input
from serialscan.reading.signs import SIDE, Grey, Square
from serialscan.render.chance import phone_view, random_item
from serialscan.render.layouts import pick
from serialscan.render.lines import FREE_FACES, FREE_MATERIALS
from serialscan.render.photo import render_item
from serialscan.render.signs import (
    DRAWN,
    SignPhoto,
    draw_strokes,
    other_shape,
    random_sign,
    render_sign,
    trace,
    word,
)
from serialscan.render.strokes import HELD_BACK_FACES
from serialscan.render.surfaces import HELD_BACK_MATERIALS

Rng = np.random.Generator
Array = np.ndarray

CLASSES = ("", *DRAWN)
"""The first is none of the signs."""

SMALLEST, LARGEST = 13.0, 64.0  # px of a sign's longer side
FILL = (0.5, 0.95)  # share of a window's side that a sign takes
INSIDE = 0.55  # of a sign: with more in the window it is no window of something else
TAUGHT = 0.14  # least trace of a sign that is taught, see `trace`
DRAWN_SHARE = 0.6  # of the scenes: drawn on flat ground, at a sixth of the cost
NONE_SHARE = 0.2  # of the scenes: another shape in the middle


@dataclass(frozen=True)
class Sample:
    """A window (64, 64) uint8, its class, the sign's box in it, what it shows, and how clearly."""

    window: Array
    label: int
    box: tuple[float, float, float, float]
    kind: str
    trace: float


def _name(rng: Rng) -> str:
    return "" if rng.random() < NONE_SHARE else pick(rng, tuple(DRAWN))


def _render(rng: Rng, seed: int, held_back: bool) -> SignPhoto:
    faces = tuple(sorted(HELD_BACK_FACES)) if held_back else FREE_FACES
    materials = tuple(sorted(HELD_BACK_MATERIALS)) if held_back else FREE_MATERIALS
    size = float(np.exp(rng.uniform(math.log(SMALLEST), math.log(LARGEST))))
    return render_sign(seed, _name(rng), size, faces, materials)


def _draw(rng: Rng) -> SignPhoto:
    """A sign on flat, grained or blotched ground, as ink or as relief in one light, with words beside it."""
    size = float(np.exp(rng.uniform(math.log(SMALLEST + 2), math.log(LARGEST))))
    face, name = pick(rng, FREE_FACES), _name(rng)
    sign = random_sign(rng, name, face) if name else other_shape(rng, face)
    over = 3
    tall = size / max(1.0, sign.width)
    side = round(2.6 * size)
    middle = np.array([side / 2 + rng.normal(0, 0.1) * size, side / 2 + rng.normal(0, 0.1) * size])
    turn = math.radians(float(rng.normal(0, 4)))
    spin = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    home = np.array([sign.width / 2, 0.5])

    def placed(line: Array) -> Array:
        return ((line - home) * tall @ spin + middle).astype(np.float32)

    half = max(0.45, sign.weight * tall * float(np.exp(rng.normal(0, 0.25))))
    lines, fills = [placed(one) for one in sign.lines], [placed(one) for one in sign.fills]
    ink = np.zeros((side * over, side * over), np.uint8)
    draw_strokes(ink, lines, fills, half, over)
    if sign.hollow and rng.random() < 0.8:
        inner = np.zeros_like(ink)
        draw_strokes(inner, lines, (), 0.6 * half, over)
        ink = cv2.subtract(ink, inner)
    others = []
    for side_of in (-1, 1):
        if rng.random() < 0.55:
            text = "".join(pick(rng, tuple("0123456789ABCDEFGHKLMNPRSTXZ")) for _ in range(5))
            high = tall * float(rng.uniform(0.4, 0.9))
            strokes = word(text, 0.0, 0.0, high, face)
            wide = float(np.ptp(np.concatenate(strokes)[:, 0]))
            at = middle + np.array([side_of * (size * 0.6 + wide / 2 + rng.uniform(0, 0.3) * size), 0]) @ spin
            draw_strokes(ink, [(one @ spin + at).astype(np.float32) for one in strokes], (), half, over)
            first = at - np.array([wide / 2 - high / 3, 0])
            others.append(_square(first if side_of > 0 else at + np.array([wide / 2 - high / 3, 0]), high))
        if rng.random() < 0.3:
            at = middle + np.array(
                [rng.normal(0, 0.3) * size, side_of * (0.5 * tall + rng.uniform(0.3, 0.6) * size)]
            )
            high = tall * float(rng.uniform(0.3, 0.6))
            strokes = word("".join(pick(rng, tuple("0123456789")) for _ in range(6)), 0.0, 0.0, high, face)
            draw_strokes(ink, [(one @ spin + at).astype(np.float32) for one in strokes], (), half, over)
            others.append(_square(at, high))
    cover = cv2.resize(ink, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    cover = cv2.GaussianBlur(cover, (0, 0), 0.25 + float(rng.gamma(1, 0.012)) * size)
    picture = _lit(rng, cover, tall)
    seen = np.clip(picture, 0, 255).astype(np.uint8)
    seen = np.repeat(seen[..., None], 3, axis=2)
    if rng.random() < 0.6:
        seen = as_jpeg(seen, int(rng.integers(30, 96)))
    corners = placed(np.array([[0, 0], [sign.width, 0], [sign.width, 1], [0, 1]], np.float32))
    return SignPhoto(seen, sign, corners, tuple(lines), tuple(fills), half, tuple(others))


def _square(middle: Array, size: float) -> Array:
    return (np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) * size + middle).astype(np.float32)


def _lit(rng: Rng, cover: Array, tall: float) -> Array:
    """Ground with a sign's ink or relief, grey values (H, W)."""
    shape = cover.shape
    level, power = float(rng.uniform(20, 235)), float(np.exp(rng.uniform(math.log(12), math.log(150))))
    picture = np.full(shape, level, np.float32)
    how = rng.random()
    if how < 0.4:
        lay = brushed(rng, shape, (1.2, 3.2))
        turn = cv2.getRotationMatrix2D((shape[1] / 2, shape[0] / 2), float(rng.uniform(0, 180)), 1.3)
        lay = cv2.warpAffine(lay, turn, shape[::-1], borderMode=cv2.BORDER_REFLECT)
        picture += lay / (lay.std() + 1e-6) * float(rng.gamma(2, 4))
    elif how < 0.75:
        picture += field(rng, shape, float(rng.uniform(1, 6))) * float(rng.gamma(1.5, 5))
    if rng.random() < 0.4:
        picture += field(rng, shape, tall * float(rng.uniform(0.3, 3))) * float(rng.gamma(1.2, 8))
    if rng.random() < 0.3:  # a shadow, an edge or a gloss across
        a, b = float(rng.normal()), float(rng.normal())
        y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
        away = (
            a * (x - shape[1] * rng.uniform(0.2, 0.8)) + b * (y - shape[0] * rng.uniform(0.2, 0.8))
        ) / math.hypot(a, b)
        picture += float(rng.normal(0, 35)) / (
            1 + np.exp(-np.clip(away / float(rng.uniform(0.5, 8)), -30, 30))
        )
    kind = rng.random()
    if kind < 0.4:
        sign = 1.0 if level < 100 or (level < 170 and rng.random() < 0.5) else -1.0
        picture += sign * power * cover
    else:
        soft = cv2.GaussianBlur(cover, (0, 0), 0.3 + 0.02 * tall)
        dx, dy = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.25)
        t = float(rng.uniform(0, 2 * math.pi))
        shade = (dx * math.cos(t) + dy * math.sin(t)) * (1.0 if kind < 0.85 else 0.4)
        picture += power * 1.6 * shade * max(1.0, tall / 30)
        if rng.random() < 0.5:
            picture -= power * float(rng.uniform(0, 0.5)) * cover
    if rng.random() < 0.4:  # worn away in patches
        patch = np.clip(field(rng, shape, tall * float(rng.uniform(0.2, 0.6))), 0, 1)
        picture = picture * (1 - 0.5 * patch) + 0.5 * patch * level
    picture = cv2.GaussianBlur(picture, (0, 0), 0.3 + float(rng.gamma(1.0, 0.01)) * tall)
    return picture + rng.normal(0, float(rng.gamma(1.2, 2.5)), shape)


def samples(seed: int, held_back: bool = False, drawn_share: float = DRAWN_SHARE) -> list[Sample]:
    """Windows of one scene."""
    rng = np.random.default_rng((seed, 11))
    drawn = not held_back and rng.random() < drawn_share
    photo = _draw(rng) if drawn else _render(rng, seed, held_back)
    grey, name = Grey(photo.pixels), photo.sign.name
    found = []
    for _ in range(2):
        square = _around(rng, photo.corners)
        window = grey.window(square)
        if not name:
            found.append(Sample(window, 0, (0.0, 0.0, 1.0, 1.0), "other shape", 1.0))
            continue
        mask = np.zeros((SIDE, SIDE), np.uint8)
        by = SIDE / square.side
        draw_strokes(
            mask,
            [_in(square, one) * SIDE for one in photo.lines],
            [_in(square, one) * SIDE for one in photo.fills],
            photo.weight_px * by,
            1,
        )
        clear = trace(window, mask)
        if held_back or clear >= TAUGHT:
            inside = _in(square, photo.corners)
            (left, top), (right, bottom) = inside.min(axis=0).tolist(), inside.max(axis=0).tolist()
            found.append(
                Sample(
                    window,
                    CLASSES.index(name),
                    (left, top, right, bottom),
                    "drawn" if drawn else "rendered",
                    clear,
                )
            )
    for corners in (*photo.others, None, None):
        square = _around(rng, corners) if corners is not None else _beside(rng, photo.corners)
        if not _within(square, photo.pixels) or (name and _shown(square, photo.corners) > INSIDE):
            continue
        kind = "neighbour" if corners is not None else "part or bare"
        found.append(Sample(grey.window(square), 0, (0.0, 0.0, 1.0, 1.0), kind, 1.0))
    return found


def _in(square: Square, points: Array) -> Array:
    """Photo points (N, 2) in a square's own units, from 0 to 1."""
    t = math.radians(square.angle)
    back = np.array([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]])
    return (points - [square.cx, square.cy]) @ back / square.side + 0.5


def _around(rng: Rng, corners: Array) -> Square:
    """A square around something, as a proposal places it: not quite in its middle, of some size."""
    along = corners[1] - corners[0]
    angle = math.degrees(math.atan2(along[1], along[0])) + float(np.clip(rng.normal(0, 5), -12, 12))
    first = Square(*map(float, corners.mean(axis=0)), 1.0, angle)
    inside = _in(first, corners)
    low, high = inside.min(axis=0), inside.max(axis=0)
    long = float((high - low).max())
    side = long / float(rng.uniform(*FILL))
    ((cx, cy),) = first.points(((low + high) / 2)[None])
    slack = (side - long) / 2 + 0.04 * long
    t = math.radians(angle)
    dx, dy = rng.uniform(-1, 1, 2) * slack
    return Square(
        float(cx + dx * math.cos(t) - dy * math.sin(t)),
        float(cy + dx * math.sin(t) + dy * math.cos(t)),
        side,
        angle,
    )


def _beside(rng: Rng, corners: Array) -> Square:
    """A square that shows a part of a sign, or what is beside it."""
    long = float(max(np.ptp(corners[:, 0]), np.ptp(corners[:, 1])))
    away = rng.normal(0, 1, 2)
    away /= np.hypot(*away) + 1e-6
    if rng.random() < 0.4:
        side, far = long * float(rng.uniform(0.25, 0.55)), long * float(rng.uniform(0.0, 0.35))
    else:
        side, far = long * float(rng.uniform(0.5, 1.4)), long * float(rng.uniform(0.6, 1.0))
    cx, cy = corners.mean(axis=0) + away * far
    return Square(float(cx), float(cy), side, float(rng.normal(0, 6)))


def _within(square: Square, pixels: Array) -> bool:
    """Whether most of a square shows the photo."""
    places = square.points(np.array([[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]))
    return bool((places >= 0).all() and (places <= [pixels.shape[1], pixels.shape[0]]).all())


def _shown(square: Square, corners: Array) -> float:
    """Share of a sign's box that a square shows; less where it fills less of the square than signs do."""
    inside = _in(square, corners)
    low, high = inside.min(axis=0), inside.max(axis=0)
    kept = np.prod(np.clip(np.minimum(high, 1) - np.maximum(low, 0), 0, None)) / max(
        float(np.prod(high - low)), 1e-9
    )
    return float(kept) if float((high - low).max()) > 0.3 else 0.0


def empty(seed: int, held_back: bool = False) -> list[Sample]:
    """Windows of a rendered item that shows none of the signs: its letters, pins, edges, labels, backdrop."""
    rng = np.random.default_rng((seed, 12))
    item = random_item(rng, held_back=held_back)
    if item.symbols:
        return []
    view = phone_view(item, rng, 1000, 750)
    photo = next(iter(render_item(item, [view], seed, "")))
    grey = Grey(photo.pixels)
    height, width = photo.pixels.shape[:2]
    found = []
    for line in photo.truth.lines:
        glyphs = [g for g in line.glyphs if np.ptp(g.polygon[:, 1]) > 5]
        for k in rng.permutation(len(glyphs))[:3]:
            found.append((_around(rng, np.asarray(glyphs[k].polygon)), "letter"))
            if k + 1 < len(glyphs):
                pair = np.concatenate(
                    [glyphs[k].polygon[:1], glyphs[k + 1].polygon[1:3], glyphs[k].polygon[3:]]
                )
                found.append((_around(rng, np.asarray(pair)), "letters"))
        polygon = np.asarray(line.polygon)
        if len(polygon) == 4 and rng.random() < 0.5:
            found.append((_around(rng, polygon), "word"))
    for _ in range(40):
        side = float(np.exp(rng.uniform(math.log(14), math.log(0.3 * width))))
        found.append(
            (
                Square(
                    float(rng.uniform(0, width)),
                    float(rng.uniform(0, height)),
                    side,
                    float(rng.choice([0, 0, 90, 180, 270])) + float(rng.normal(0, 6)),
                ),
                "anywhere",
            )
        )
    windows = [(grey.window(square), kind) for square, kind in found]
    return [
        Sample(window, 0, (0.0, 0.0, 1.0, 1.0), kind, 1.0)
        for window, kind in windows
        if kind != "anywhere" or window.std() > 2
    ]


BLOCK = 200  # scenes whose windows are kept in one file


def made(folder: Path, what: str, scenes: int, seed: int) -> list[Path]:
    """Files of windows, each of `BLOCK` scenes from a seed on; those that are there are not made again."""
    make: Callable[[int], list[Sample]] = {
        "signs": samples, "drawn": lambda k: samples(k, drawn_share=1.0),
        "held-back": lambda k: samples(k, True),
        "empty": empty, "held-back-empty": lambda k: empty(k, True),
    }[what]  # fmt: skip
    block = BLOCK // 10 if "empty" in what else BLOCK
    paths = []
    for first in range(seed, seed + scenes, block):
        path = folder / f"{what}-{first}.npz"
        paths.append(path)
        if path.exists():
            continue
        found = [one for k in range(first, first + block) for one in make(k)]
        part = path.with_suffix(".part.npz")
        np.savez(
            part, windows=np.stack([s.window for s in found]), labels=np.array([s.label for s in found]),
            boxes=np.array([s.box for s in found], np.float32), kinds=np.array([s.kind for s in found]),
            traces=np.array([s.trace for s in found], np.float32),
        )  # fmt: skip
        part.replace(path)
        sys.stdout.write(f"{path.name}: {len(found)} windows\n")
        sys.stdout.flush()
    return paths


def loaded(paths: Sequence[Path]) -> dict[str, Array]:
    """Windows (N, 64, 64), labels (N,), boxes (N, 4), kinds and traces (N,) of files that `made` names."""
    parts = [np.load(path) for path in paths]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0].files}


DIRECTIONS = 8  # of slopes that the fixed first layer tells apart; opposite ones are half of them apart
STEEPEST = 1.2  # of a slope, in spreads of the window's grey values for each px: steeper ones count no more
CELL = 4  # px of a window for each place of the map that is learnt from


def slopes() -> torch.Tensor:
    """Filters (8, 1, 3, 3) of the slope in each direction (Sobel)."""
    x = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    turns = [2 * math.pi * k / DIRECTIONS for k in range(DIRECTIONS)]
    return torch.stack([math.cos(t) * x + math.sin(t) * x.T for t in turns])[:, None]


def features(x: torch.Tensor) -> torch.Tensor:
    """Windows (N, 1, 64, 64) to maps (N, 9, 16, 16): how steep it is in each direction, and how bright.

    This part is not learnt, as in histograms of oriented gradients (Dalal and Triggs 2005). So a network of
    few layers learns from few windows.
    """
    steep = F.conv2d(x, slopes(), padding=1).clamp(0.0, STEEPEST)
    return torch.cat([F.avg_pool2d(steep, CELL), F.avg_pool2d(x, CELL)], dim=1)


class Net(nn.Module):
    """Convolutions of the maps of `features` to 4 x 4 places; from these the class, and the sign's box."""

    LAYERS = ((48, 3, 2), (64, 3, 1), (80, 3, 2))  # maps, px of a kernel, step

    def __init__(self) -> None:
        super().__init__()
        self.convs, self.norms = nn.ModuleList(), nn.ModuleList()
        channels = DIRECTIONS + 1
        for out, size, stride in self.LAYERS:
            self.convs.append(nn.Conv2d(channels, out, size, stride, size // 2, bias=False))
            self.norms.append(nn.BatchNorm2d(out))
            channels = out
        self.squeeze = nn.Conv2d(channels, 24, 1)
        self.hidden = nn.Linear(24 * 4 * 4, 96)
        self.out = nn.Linear(96, len(CLASSES))
        self.box = nn.Linear(96, 4)
        self.drop = nn.Dropout(0.15)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Maps (N, 9, 16, 16) to logits (N, classes) and boxes (N, 4)."""
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = F.relu(norm(conv(x)))
        x = F.relu(self.squeeze(x))
        x = F.relu(self.hidden(self.drop(x.flatten(1))))
        return self.out(self.drop(x)), self.box(x)


def export(net: Net, path: Path) -> None:
    """Write the network from windows to its softmax, weights in 16 bits."""
    nodes, tensors = [], []

    def tensor(name: str, values: torch.Tensor) -> str:
        held = values.detach().float().numpy().astype(np.float16)
        tensors.append(numpy_helper.from_array(held, f"{name}_16"))
        nodes.append(helper.make_node("Cast", [f"{name}_16"], [name], to=TensorProto.FLOAT))
        return name

    def conv(made: str, inputs: list[str], size: int, stride: int) -> None:
        nodes.append(
            helper.make_node("Conv", inputs, [made], kernel_shape=[size] * 2, pads=[size // 2] * 4,
                             strides=[stride] * 2)
        )  # fmt: skip

    def pool(made: str, name: str) -> None:
        nodes.append(
            helper.make_node("AveragePool", [name], [made], kernel_shape=[CELL] * 2, strides=[CELL] * 2)
        )

    conv("slope", ["x", tensor("wd", slopes())], 3, 1)
    limits = [tensor("least", torch.tensor(0.0)), tensor("most", torch.tensor(STEEPEST))]
    nodes.append(helper.make_node("Clip", ["slope", *limits], ["steep"]))
    pool("steep_map", "steep")
    pool("grey_map", "x")
    nodes.append(helper.make_node("Concat", ["steep_map", "grey_map"], ["maps"], axis=1))
    name = "maps"
    for k, (layer, norm) in enumerate(zip(net.convs, net.norms, strict=True)):
        # Each normalisation is folded into its convolution.
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weights = tensor(f"w{k}", layer.weight * scale[:, None, None, None])
        biases = tensor(f"b{k}", norm.bias - norm.running_mean * scale)
        _, size, stride = net.LAYERS[k]
        conv(f"c{k}", [name, weights, biases], size, stride)
        nodes.append(helper.make_node("Relu", [f"c{k}"], [f"r{k}"]))
        name = f"r{k}"
    conv("s", [name, tensor("ws", net.squeeze.weight), tensor("bs", net.squeeze.bias)], 1, 1)
    hidden = [tensor("wh", net.hidden.weight), tensor("bh", net.hidden.bias)]
    out = [tensor("wo", net.out.weight), tensor("bo", net.out.bias)]
    box = [tensor("wb", net.box.weight), tensor("bb", net.box.bias)]
    nodes += [
        helper.make_node("Relu", ["s"], ["t"]),
        helper.make_node("Flatten", ["t"], ["f"]),
        helper.make_node("Gemm", ["f", *hidden], ["h"], transB=1),
        helper.make_node("Relu", ["h"], ["g"]),
        helper.make_node("Gemm", ["g", *out], ["l"], transB=1),
        helper.make_node("Softmax", ["l"], ["y"], axis=1),
        helper.make_node("Gemm", ["g", *box], ["b"], transB=1),
    ]
    graph = helper.make_graph(
        nodes, "signs", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", len(CLASSES)]),
         helper.make_tensor_value_info("b", TensorProto.FLOAT, ["n", 4])], tensors,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"signs": "\n".join(CLASSES[1:])})
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def varied(rng: Rng, windows: Array) -> Array:
    """Windows (N, 64, 64) uint8 in another light and sharpness, as maps (N, 9, 16, 16) float16."""
    found = []
    for part in np.array_split(windows, max(1, len(windows) // 500)):
        x = part.astype(np.float32) / 255
        n = len(x)
        x = x ** np.exp(rng.normal(0, 0.25, (n, 1, 1))).astype(np.float32)
        noisy = rng.random(n) < 0.3
        x[noisy] += rng.normal(0, 0.02, (int(noisy.sum()), SIDE, SIDE)).astype(np.float32)
        for k in np.flatnonzero(rng.random(n) < 0.2):
            x[k] = cv2.GaussianBlur(x[k], (0, 0), float(rng.uniform(0.4, 1.4)))
        for k in np.flatnonzero(rng.random(n) < 0.15):  # something lies over a corner
            size = int(rng.integers(6, 18))
            r, c = rng.integers(0, SIDE - size, 2)
            x[k, r : r + size, c : c + size] = float(rng.random())
        seen = torch.from_numpy(signs_input(np.clip(x * 255, 0, 255)))
        found.append(features(seen).numpy().astype(np.float16))
    return np.concatenate(found)


def _batch(rng: Rng, maps: Array, boxes: Array) -> tuple[torch.Tensor, torch.Tensor]:
    """Maps and boxes of a batch, some with dark and bright exchanged, all moved by a place or none."""
    x = maps.astype(np.float32)
    other = np.flatnonzero(rng.random(len(x)) < 0.3)
    opposite = [*((k + DIRECTIONS // 2) % DIRECTIONS for k in range(DIRECTIONS)), DIRECTIONS]
    x[other] = x[other][:, opposite]
    x[other, DIRECTIONS] *= -1
    dx, dy = rng.integers(-1, 2, 2).tolist()
    cells = x.shape[-1]
    moved = np.zeros_like(x)
    moved[:, :, max(0, dy) : cells + min(0, dy), max(0, dx) : cells + min(0, dx)] = x[
        :, :, max(0, -dy) : cells + min(0, -dy), max(0, -dx) : cells + min(0, -dx)
    ]
    return torch.from_numpy(moved), torch.from_numpy(boxes + np.array([dx, dy, dx, dy], np.float32) / cells)


def _picked(rng: Rng, labels: Array, size: int) -> Array:
    """Numbers of the windows of a batch: `SIGNS_SHARE` of them show a sign, each class equally often."""
    shows = np.flatnonzero(labels)
    weights = 1.0 / np.bincount(labels[shows])[labels[shows]]
    signs = rng.choice(shows, round(SIGNS_SHARE * size), p=weights / weights.sum())
    return np.sort(np.concatenate([signs, rng.choice(np.flatnonzero(labels == 0), size - len(signs))]))


def train(
    data: dict[str, Array], steps: int, rate: float, seed: int, minutes: float,
    each: Callable[[Net], None] | None = None,
) -> Net:  # fmt: skip
    """Train on windows and `VARIED` variations of each; the averaged weights are returned.

    The rate falls to nothing within ``steps`` or ``minutes``. ``each`` is given the network every 500 steps.
    """
    rng = np.random.default_rng(seed)
    maps, labels = [varied(rng, data["windows"]) for _ in range(VARIED)], data["labels"]
    net = Net().to(memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.997), use_buffers=True
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.01)
    began, losses = time.monotonic(), []
    net.train()
    for step in range(steps):
        done = max(step / steps, (time.monotonic() - began) / 60 / minutes)
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * done))
        picked = _picked(rng, labels, BATCH)
        x, places = _batch(rng, maps[int(rng.integers(VARIED))][picked], data["boxes"][picked])
        target = torch.from_numpy(labels[picked].astype(np.int64))
        with half(torch.device("cpu")):
            logits, box = net(x.to(memory_format=torch.channels_last))
        known = target > 0
        loss = F.cross_entropy(logits.float(), target, label_smoothing=0.02)
        loss = loss + 4 * F.smooth_l1_loss(box.float()[known], places[known], beta=0.1)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        mean.update_parameters(net)
        losses.append(float(loss.detach()))
        if step % 500 == 499:
            took = (time.monotonic() - began) / 60
            sys.stdout.write(f"step {step + 1}: loss {np.mean(losses[-500:]):.4f}, {took:.1f} min\n")
            sys.stdout.flush()
            if each is not None:
                each(mean.module)
    mean.module.eval()
    return mean.module


def answered(net: Net, windows: Array) -> tuple[Array, Array]:
    """Posteriors (N, classes) and boxes (N, 4) of windows (N, 64, 64)."""
    net.eval()
    with torch.no_grad():
        parts = [net(features(torch.from_numpy(signs_input(one)))) for one in np.array_split(windows, 40)]
    return (
        torch.cat([F.softmax(logits, dim=1) for logits, _ in parts]).numpy(),
        torch.cat([box for _, box in parts]).numpy(),
    )


def report(answers: Array, boxes: Array, held: dict[str, Array]) -> dict[str, float]:
    """How the held-back windows come out."""
    labels, traces, kinds = held["labels"], held["traces"], held["kinds"]
    out, best = sys.stdout, answers.argmax(axis=1)
    shown = (labels > 0) & (traces >= LEGIBLE)
    right = best == labels
    out.write(
        f"{len(labels)} windows; right class of {shown.sum()} legible signs: {right[shown].mean():.4f}\n"
    )
    for least in (0.5, 0.8, 0.9, 0.95, 0.98):
        told = (best > 0) & (answers.max(axis=1) >= least)
        out.write(
            f"  from {least}: right {np.mean((told & right)[shown]):.4f}, "
            f"wrong {np.mean((told & ~right)[shown]):.4f}, "
            f"none where none is {1 - np.mean(told[labels == 0]):.4f} of {(labels == 0).sum()}\n"
        )
    for kind in sorted(set(kinds.tolist())):
        ours = (kinds == kind) & (labels == 0)
        if ours.any():
            told = ((best > 0) & (answers.max(axis=1) >= 0.9))[ours]
            out.write(f"    {kind:14} {ours.sum():5} told at 0.9: {np.mean(told):.4f}\n")
    for label, name in enumerate(CLASSES[1:], 1):
        ours = shown & (labels == label)
        if ours.any():
            wrong = Counter(CLASSES[k] or "none" for k in best[ours & ~right])
            out.write(
                f"    {name:22} {ours.sum():4} right {right[ours].mean():.3f} {dict(wrong.most_common(4))}\n"
            )
    if not (shown & right).any():
        return {"right": 0.0}
    off = np.abs(boxes - held["boxes"])[shown & right].max(axis=1)
    out.write(f"box off by {np.median(off):.3f} of the window (median), {np.quantile(off, 0.9):.3f} (90 %)\n")
    return {"right": float(right[shown].mean())}


LEGIBLE = 0.55  # trace of a sign that counts: from there on the eye tells nine of ten
BATCH = 96
VARIED = 3  # lights and sharpnesses of each window
SIGNS_SHARE = 0.5  # of the windows of a batch


def main() -> None:
    """Make the windows, train, write the network and say how it does on held-back letters and surfaces."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--windows", type=Path, required=True, help="folder in which windows are kept")
    options.add_argument("--scenes", type=int, default=6000)
    options.add_argument("--drawn", type=int, default=5000, help="more scenes on flat ground")
    options.add_argument("--empty", type=int, default=200, help="rendered items without a sign")
    options.add_argument("--held-back-scenes", type=int, default=400)
    options.add_argument("--steps", type=int, default=12_000)
    options.add_argument("--minutes", type=float, default=60.0, help="of training at most")
    options.add_argument("--rate", type=float, default=3e-3)
    options.add_argument("--seed", type=int, default=200_000_000)
    a = options.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    a.windows.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    kept = a.seed + 9_000_000
    held = loaded(
        made(a.windows, "held-back", a.held_back_scenes, kept)
        + made(a.windows, "held-back-empty", a.held_back_scenes // 10, kept)
    )
    data = loaded(
        made(a.windows, "signs", a.scenes, a.seed)
        + made(a.windows, "drawn", a.drawn, a.seed + 1_000_000)
        + made(a.windows, "empty", a.empty, a.seed)
    )
    sys.stdout.write(f"{len(data['labels'])} windows, {(data['labels'] > 0).sum()} with a sign\n")
    torch.manual_seed(a.seed)
    net = train(data, a.steps, a.rate, a.seed, a.minutes)
    export(net, a.out / "signs.onnx")
    answers, boxes = answered(net, held["windows"])
    said = report(answers, boxes, held)
    (a.out / "report.json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main()
