"""Light: lamps, torches, flash and sky on a relief of metal."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from serialscan.render.camera import Camera
from serialscan.render.canvas import Array, Canvas


@dataclass(frozen=True)
class Light:
    """One lamp, given as the photographer sees it.

    Attributes:
        azimuth: where it stands in the photo, in degrees clockwise from the right.
        elevation: angle above the photo's plane; 10 is a raking torch, 90 a flash at the lens.
        power: strength.
        reach: distance in widths of the field; small lets it fall off across the photo.
        size: how large it looks, added to the roughness (0 a point, 0.3 a soft box).
        color: linear RGB.
    """

    azimuth: float
    elevation: float
    power: float = 1.0
    reach: float = 4.0
    size: float = 0.08
    color: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Lighting:
    """All the light of a photo.

    Attributes:
        lights: lamps, the strongest shadow-caster first.
        ambient: light from everywhere.
        room: what bright metal mirrors: sky, window, lamps, dark.
        mirror: strength of that mirror image.
    """

    lights: tuple[Light, ...]
    ambient: float = 0.35
    room: str = "window"
    mirror: float = 1.0


ROOMS = ("sky", "window", "lamps", "dark")


def _room(kind: str, rough: float, rng: np.random.Generator) -> Array:
    """What a mirror sees, by direction: (96, 96, 3) over x and y of the reflected ray from -1.5 to 1.5."""
    size = 96
    grid = (np.arange(size, dtype=np.float32) + 0.5) / size * 3.0 - 1.5
    x, y = np.meshgrid(grid, grid)
    base = {"sky": 0.75, "window": 0.22, "lamps": 0.16, "dark": 0.05}[kind]
    room = np.full((size, size), base, np.float32) * (1.0 - 0.5 * np.clip(y, -1, 1))
    tint = np.ones((size, size, 3), np.float32)
    if kind == "window":
        cx, cy = rng.uniform(-0.8, 0.8), rng.uniform(-0.9, -0.2)
        w, h = rng.uniform(0.25, 0.5), rng.uniform(0.2, 0.45)
        pane = ((np.abs(x - cx) < w) & (np.abs(y - cy) < h)).astype(np.float32)
        room += 2.6 * pane
        tint += pane[..., None] * np.array([-0.08, 0.0, 0.12], np.float32)
    elif kind == "lamps":
        for _ in range(int(rng.integers(1, 4))):
            angle, offset = rng.uniform(0, math.pi), rng.uniform(-0.9, 0.9)
            across = x * math.sin(angle) + y * math.cos(angle) - offset
            along = x * math.cos(angle) - y * math.sin(angle)
            tube = ((np.abs(across) < 0.06) & (np.abs(along) < rng.uniform(0.4, 1.4))).astype(np.float32)
            room += 4.5 * tube
            tint += tube[..., None] * np.array([0.05, 0.0, -0.1], np.float32)
    elif kind == "sky":
        room *= 1.0 + 0.25 * cv2.resize(
            rng.standard_normal((4, 4), dtype=np.float32), (size, size), interpolation=cv2.INTER_CUBIC
        )
        tint += np.array([-0.03, 0.0, 0.05], np.float32)
    # The photographer and the camera stand dark where the surface looks straight back.
    room *= 1.0 - 0.65 * np.exp(-((x + 0.05) ** 2 / 0.04 + (y - 0.12) ** 2 / 0.16))
    blotches = cv2.resize(
        rng.standard_normal((7, 7, 3), dtype=np.float32), (size, size), interpolation=cv2.INTER_CUBIC
    )
    tint += 0.035 * blotches
    room *= np.maximum(1.0 + 0.3 * blotches[..., 1], 0.15)
    picture = np.maximum(room, 0.0)[..., None] * np.clip(tint, 0.4, 1.6)
    return cv2.GaussianBlur(picture, (0, 0), max(0.6, rough * rough * 0.9 * size / 3.0 + 0.8))


def _cast_shadow(canvas: Canvas, towards: Array, softness: float) -> Array | None:
    """How much of a low lamp's light reaches each point (0 to 1); None if it casts no shadow."""
    flat = math.hypot(float(towards[0]), float(towards[1]))
    if flat < 0.5 or towards[2] <= 0:
        return None
    rise = float(towards[2]) / flat / canvas.px_per_mm
    step_x, step_y = float(towards[0]) / flat, float(towards[1]) / flat
    rows, columns = canvas.shape
    blocked = np.zeros(canvas.shape, np.float32)
    reach = 0.35 * canvas.px_per_mm
    for fraction in (0.2, 0.45, 1.0):
        length = max(1.0, fraction * reach)
        shift = np.array([[1, 0, -step_x * length], [0, 1, -step_y * length]], np.float32)
        ahead: Array = cv2.warpAffine(
            canvas.height, shift, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        ahead -= canvas.height
        ahead -= np.float32(length * rise)
        np.maximum(blocked, ahead, out=blocked)
    blocked *= np.float32(-1.0 / (0.025 + 0.1 * softness))
    return np.clip(1.0 + blocked, 0.12, 1.0)


def shade(canvas: Canvas, camera: Camera, lighting: Lighting, rng: np.random.Generator) -> Array:
    """Light that leaves the surface towards the camera: (h, w, 3), linear.

    Diffuse and GGX mirror reflection of each lamp, a mirror image of the room, occlusion of what lies
    deep, and the shadow of the first lamp.
    """
    rows, columns = canvas.shape
    scale = canvas.px_per_mm
    slope = scale / 2.0
    gx = cv2.Sobel(canvas.height, cv2.CV_32F, 1, 0, ksize=1, scale=slope)
    gy = cv2.Sobel(canvas.height, cv2.CV_32F, 0, 1, ksize=1, scale=slope)
    wide = max(3, int(0.45 * scale) | 1)
    deep = cv2.blur(canvas.height, (wide, wide))
    deep -= canvas.height
    np.maximum(deep, 0.0, out=deep)
    open_sky = 1.0 / (1.0 + deep * np.float32(4.0 / max(0.45, 1.5 / scale)))

    rotation = camera.rotation
    lamps = []
    for light in lighting.lights:
        azimuth, elevation = math.radians(light.azimuth), math.radians(light.elevation)
        seen = np.array(
            [
                math.cos(azimuth) * math.cos(elevation),
                math.sin(azimuth) * math.cos(elevation),
                math.sin(elevation),
            ],
            np.float32,
        )
        towards = rotation.T @ seen
        lamps.append((light, camera.pivot + towards * np.float32(light.reach * camera.field), towards))
    if lamps:
        middle = 0.0 if not camera.radius else camera.centre[1] / camera.radius
        first = lamps[0][2]
        local = np.array(
            [first[0], first[1] * math.cos(middle) - first[2] * math.sin(middle),
             first[1] * math.sin(middle) + first[2] * math.cos(middle)], np.float32,
        )  # fmt: skip
        shadow = _cast_shadow(canvas, local, lamps[0][0].size)
    else:
        shadow = None
    room = _room(lighting.room, float(np.median(canvas.rough)), rng) * np.float32(lighting.mirror)
    eye = camera.position
    right, down = rotation[0], rotation[1]

    out = np.empty((rows, columns, 3), np.float32)
    x = (canvas.x0 + (np.arange(columns, dtype=np.float32) + 0.5) / scale)[None, :]
    # Strips that fit the processor's cache: the arithmetic below is bound by memory otherwise.
    strip = max(8, 60_000 // columns)
    for top in range(0, rows, strip):
        part = slice(top, min(rows, top + strip))
        s = (canvas.y0 + (np.arange(part.start, part.stop, dtype=np.float32) + 0.5) / scale)[:, None]
        if camera.radius:
            turn = s / np.float32(camera.radius)
            sin, cos = np.sin(turn), np.cos(turn)
            y, z = camera.radius * sin, camera.radius * (cos - 1.0)
            ny = sin - gy[part] * cos
            nz = cos + gy[part] * sin
        else:
            y, z = s, np.zeros_like(s)
            ny = -gy[part]
            nz = np.ones_like(ny)
        nx = -gx[part]
        inverse = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz)
        nx, ny, nz = nx * inverse, ny * inverse, nz * inverse

        vx, vy, vz = eye[0] - x, eye[1] - y, eye[2] - z
        inverse = 1.0 / np.sqrt(vx * vx + vy * vy + vz * vz)
        vx, vy, vz = vx * inverse, vy * inverse, vz * inverse
        nv = nx * vx + ny * vy + nz * vz
        sky = open_sky[part]
        color, gloss, rough = canvas.color[part], canvas.gloss[part], canvas.rough[part]

        rx, ry, rz = 2 * nv * nx - vx, 2 * nv * ny - vy, 2 * nv * nz - vz
        u = rx * right[0] + ry * right[1] + rz * right[2]
        v = rx * down[0] + ry * down[1] + rz * down[2]
        seen_room = cv2.remap(
            room, (u + 1.5) * np.float32(32.0) - 0.5, (v + 1.5) * np.float32(32.0) - 0.5, cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        # Grazing views mirror more (Schlick), and occluded places mirror themselves: darker.
        grazing = np.clip(1.0 - nv, 0.0, 1.0)
        square = grazing * grazing
        fresnel = gloss + (1.0 - gloss) * square * square * grazing * (1.0 - rough)
        fresnel *= sky
        ambient = (
            np.float32(lighting.ambient) * sky * (0.75 - 0.25 * (nx * down[0] + ny * down[1] + nz * down[2]))
        )
        # Channel by channel: numpy is slow along an axis of three.
        scattered, mirrored = [ambient.copy() for _ in range(3)], cv2.split(seen_room)
        for channel in mirrored:
            channel *= fresnel
        for number, (light, place, _) in enumerate(lamps):
            lx, ly, lz = place[0] - x, place[1] - y, place[2] - z
            square = lx * lx + ly * ly + lz * lz
            inverse = 1.0 / np.sqrt(square)
            lx, ly, lz = lx * inverse, ly * inverse, lz * inverse
            nl = np.maximum(nx * lx + ny * ly + nz * lz, 0.0)
            nl *= np.float32(light.power * (light.reach * camera.field) ** 2) / square
            if number == 0 and shadow is not None:
                nl *= shadow[part]
            else:
                nl *= np.sqrt(sky)
            hx, hy, hz = lx + vx, ly + vy, lz + vz
            half = np.maximum(hx * hx + hy * hy + hz * hz, 0.05)
            nh = nx * hx + ny * hy + nz * hz
            nh = np.minimum(np.maximum(nh, 0.0) ** 2 / half, 1.0)
            alpha = (rough * rough + np.float32(light.size * 0.5)) ** 2
            lobe = alpha / (np.float32(math.pi) * (nh * (alpha - 1.0) + 1.0) ** 2)
            bright = np.minimum(gloss * lobe / half, 12.0) * nl
            for tint, diffuse, mirror in zip(light.color, scattered, mirrored, strict=True):
                diffuse += nl * np.float32(tint)
                mirror += bright * np.float32(tint)
        for own, diffuse, mirror in zip(cv2.split(color), scattered, mirrored, strict=True):
            mirror += own * diffuse
        cv2.merge(mirrored, out[part])
    return out
