"""The camera: where each point of the item falls in the photo, and what lens, sensor and file add.

Item coordinates are millimetres: x right, y down, z towards the viewer. The item is a plane at z = 0
or a cylinder along x that touches it. Photo coordinates are pixels, x right, y down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from serialscan.render.canvas import Array

Picture = npt.NDArray[Any]
"""8-bit RGB."""


@dataclass(frozen=True)
class Camera:
    """A view of the item.

    Attributes:
        width: of the photo in pixels.
        height: of the photo in pixels.
        field: width that the photo covers at the item, in mm.
        centre: point of the item in the middle of the photo, in mm.
        roll: turn of the item in the photo in degrees, clockwise.
        tilt: lean away at the top, in degrees.
        swing: lean away at the right, in degrees.
        distance: of the camera, in widths of the field; small makes strong perspective.
        radius: of the cylinder in mm; 0 for a flat item.
        squeeze: width of the photo's pixels on the item over their height; 2 makes everything half as wide.
        mirrored: left and right are exchanged, as in a picture of a mirror.
    """

    width: int
    height: int
    field: float
    centre: tuple[float, float] = (0.0, 0.0)
    roll: float = 0.0
    tilt: float = 0.0
    swing: float = 0.0
    distance: float = 2.5
    radius: float = 0.0
    squeeze: float = 1.0
    mirrored: bool = False

    @cached_property
    def rotation(self) -> Array:
        """(3, 3) from item to camera directions."""
        a, b, c = (math.radians(v) for v in (self.roll, self.tilt, self.swing))
        roll = [[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]]
        tilt = [[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]]
        swing = [[math.cos(c), 0, math.sin(c)], [0, 1, 0], [-math.sin(c), 0, math.cos(c)]]
        return (np.array(tilt) @ np.array(swing) @ np.array(roll)).astype(np.float32)

    @cached_property
    def pivot(self) -> Array:
        """The item point in the middle of the photo, (3,) in mm."""
        return self.lift(np.array([self.centre], np.float32))[0]

    @property
    def position(self) -> Array:
        """The camera's place in item coordinates, (3,) in mm."""
        away = np.array([0, 0, self.distance * self.field], np.float32)
        return self.pivot + self.rotation.T @ away

    def lift(self, points: Array) -> Array:
        """Surface points (n, 2) as points in space (n, 3)."""
        x, y = points[:, 0], points[:, 1]
        if not self.radius:
            return np.stack([x, y, np.zeros_like(x)], axis=1)
        angle = y / self.radius
        return np.stack([x, self.radius * np.sin(angle), self.radius * (np.cos(angle) - 1.0)], axis=1)

    def project(self, points: Array) -> Array:
        """Surface points (n, 2) in mm as photo pixels (n, 2)."""
        seen = (self.lift(np.asarray(points, np.float32)) - self.pivot) @ self.rotation.T
        focal = self.width * self.distance
        depth = self.distance * self.field - seen[:, 2]
        u = self.width / 2 - 0.5 + (-focal if self.mirrored else focal) * seen[:, 0] / depth
        v = self.height / 2 - 0.5 + focal * self.squeeze * seen[:, 1] / depth
        return np.stack([u, v], axis=1).astype(np.float32)

    def facing(self, points: Array) -> Array:
        """Cosine between the surface and the line of sight at surface points (n, 2)."""
        place = self.lift(np.asarray(points, np.float32))
        if self.radius:
            angle = points[:, 1] / self.radius
            normal = np.stack([np.zeros_like(angle), np.sin(angle), np.cos(angle)], axis=1)
        else:
            normal = np.tile(np.array([0, 0, 1], np.float32), (len(place), 1))
        sight = self.position - place
        return (normal * sight).sum(axis=1) / np.linalg.norm(sight, axis=1)

    @property
    def plane(self) -> Array:
        """Homography (3, 3) from mm on the plane z = 0 to photo pixels."""
        r, p = self.rotation.astype(np.float64), self.pivot.astype(np.float64)
        seen = np.stack([r[:, 0], r[:, 1], -r @ p], axis=1)
        focal = self.width * self.distance
        depth = np.array([0, 0, self.distance * self.field]) - seen[2]
        return np.stack(
            [
                (-focal if self.mirrored else focal) * seen[0] + (self.width / 2 - 0.5) * depth,
                focal * self.squeeze * seen[1] + (self.height / 2 - 0.5) * depth,
                depth,
            ]
        )

    def bounds(self, item: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        """The part of the item's rectangle (left, top, right, bottom in mm) that the photo shows."""
        left, top, right, bottom = item
        if self.radius:
            half = self.field * 0.75 * max(1.0, self.height / self.width / self.squeeze)
            y = self.radius * math.sin(self.centre[1] / self.radius)
            ends = [min(max((y + d * half) / self.radius, -1.0), 1.0) for d in (-1, 1)]
            x0, x1 = max(left, self.centre[0] - half), min(right, self.centre[0] + half)
            return x0, self.radius * math.asin(ends[0]), x1, self.radius * math.asin(ends[1])
        edge = np.linspace(0, 1, 5)
        corners = np.array(
            [(self.width * t, y) for t in edge for y in (0, self.height)]
            + [(x, self.height * t) for t in edge for x in (0, self.width)]
        )
        back = np.concatenate([corners, np.ones((len(corners), 1))], axis=1) @ np.linalg.inv(self.plane).T
        back = back[:, :2] / back[:, 2:]
        margin = 4.0 * self.field / self.width
        (x0, y0), (x1, y1) = (back.min(axis=0) - margin).tolist(), (back.max(axis=0) + margin).tolist()
        return max(left, x0), max(top, y0), min(right, x1), min(bottom, y1)

    def photograph(
        self, images: Sequence[Array], origin: tuple[float, float], px_per_mm: float
    ) -> tuple[Array, ...]:
        """What the photo shows of images on the surface; zero where they do not reach.

        Args:
            images: each (h, w) or (h, w, c), values on the surface.
            origin: their left and top edge in mm.
            px_per_mm: their sampling.
        """
        if not self.radius:
            sample = np.array(
                [
                    [1 / px_per_mm, 0, origin[0] + 0.5 / px_per_mm],
                    [0, 1 / px_per_mm, origin[1] + 0.5 / px_per_mm],
                    [0, 0, 1],
                ]
            )
            size = (self.width, self.height)
            return tuple(
                cv2.warpPerspective(image, self.plane @ sample, size, flags=cv2.INTER_LINEAR)
                for image in images
            )
        x, y = self._meet_cylinder()
        columns, rows = (x - origin[0]) * px_per_mm - 0.5, (y - origin[1]) * px_per_mm - 0.5
        return tuple(cv2.remap(image, columns, rows, cv2.INTER_LINEAR) for image in images)

    def _meet_cylinder(self) -> tuple[Array, Array]:
        """Surface coordinates (mm) that each photo pixel sees; far outside where it misses."""
        focal = self.width * self.distance
        u = (np.arange(self.width, dtype=np.float32) - (self.width / 2 - 0.5)) / focal
        if self.mirrored:
            u = -u
        v = (np.arange(self.height, dtype=np.float32) - (self.height / 2 - 0.5)) / (focal * self.squeeze)
        r = self.rotation
        eye = self.position + np.array([0, 0, self.radius], np.float32)
        dx, dy, dz = (r[0, k] * u[None, :] + r[1, k] * v[:, None] - r[2, k] for k in range(3))
        a = dy * dy + dz * dz
        b = eye[1] * dy + eye[2] * dz
        c = eye[1] ** 2 + eye[2] ** 2 - self.radius**2
        root = b * b - a * np.float32(c)
        t = (-b - np.sqrt(np.maximum(root, 0.0))) / a
        y = np.arctan2(eye[1] + t * dy, eye[2] + t * dz) * np.float32(self.radius)
        x = eye[0] + t * dx
        return np.where(root > 0, x, np.float32(-1e6)), y


@dataclass(frozen=True)
class Exif:
    """What the file says of how it was taken.

    Attributes:
        camera: model.
        taken: local time as ``YYYY-MM-DDThh:mm:ss``.
        orientation: EXIF tag 274: 1 upright, 3 upside down, 6 and 8 stored on the side.
    """

    camera: str
    taken: str
    orientation: int = 1


@dataclass(frozen=True)
class Sensor:
    """What the lens, the sensor and the file do to the picture.

    Attributes:
        exposure: stops beside what the automatic exposure chooses.
        focus: defocus of the whole picture, sigma in pixels.
        depth: extra defocus at the farthest and nearest points, sigma in pixels.
        shake: length of the motion blur in pixels, and its direction in degrees.
        grain: noise at middle grey, as a part of the range.
        smoothing: noise reduction, sigma in pixels; leaves the phone's blotches.
        sharpening: strength of the phone's unsharp mask.
        warmth: colour cast, -1 blue to 1 orange.
        vignette: darkening of the corners.
        quality: of the JPEG.
        resent: side in pixels to which a messenger shrinks it before it compresses again; 0 for none.
        coarse: by how much the picture was once shrunk, compressed and enlarged again; 1 for not.
        gray: without colour.
        exif: what the file says of itself; None for a file without EXIF, as messengers leave it.
    """

    exposure: float = 0.0
    focus: float = 0.4
    depth: float = 0.0
    shake: tuple[float, float] = (0.0, 0.0)
    grain: float = 0.015
    smoothing: float = 0.4
    sharpening: float = 0.6
    warmth: float = 0.1
    vignette: float = 0.2
    quality: int = 90
    resent: int = 0
    coarse: float = 1.0
    gray: bool = False
    exif: Exif | None = None


def develop(light: Array, item: Array, sensor: Sensor, camera: Camera, rng: np.random.Generator) -> Picture:
    """Light on the sensor to an 8-bit picture: lens blur, exposure, tone curve, noise, sharpening.

    Args:
        light: (h, w, 3) linear light.
        item: (h, w) 1 where the item is, which the automatic exposure weighs most.
        sensor: the camera's settings.
        camera: for the distance from the plane of focus.
        rng: source of the noise.

    Returns:
        (h, w, 3) RGB, 8 bits.
    """
    height, width = item.shape
    picture = np.empty((height, width, 3), np.uint8)
    gain = _gain(light, item, sensor)
    slope = _focus_slope(camera, height / width)
    u = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    v = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    # In strips: a large picture would otherwise pass through memory once for each line below.
    halo = (int(3 * (sensor.depth + sensor.focus) + sensor.shake[0]) + 9) // 4 * 4
    strip = max(64, 800_000 // width // 4 * 4)
    for top in range(0, height, strip):
        bottom = min(height, top + strip)
        low, high = max(0, top - halo), min(height, bottom + halo)
        part = _blur(light[low:high], sensor, np.abs(u * slope[0] + v[low:high] * slope[1]))
        bright = gain * (1.0 - np.float32(0.5 * sensor.vignette) * (u * u + v[low:high] * v[low:high]))
        cast = (1 + 0.12 * sensor.warmth, 1.0, 1 - 0.16 * sensor.warmth)
        part = _tone(cv2.multiply(part, cv2.merge([bright * np.float32(factor) for factor in cast])))
        if sensor.grain:
            _add_noise(part, np.float32(sensor.grain * 1.2), rng)
        if sensor.smoothing > 0.25:
            part = cv2.GaussianBlur(part, (0, 0), sensor.smoothing)
        if sensor.sharpening:
            soft = cv2.GaussianBlur(part, (0, 0), 1.2)
            part = cv2.addWeighted(part, 1.0 + sensor.sharpening, soft, -sensor.sharpening, 0.0)
        np.clip(part[top - low : bottom - low], 0.0, 1.0, out=part[top - low : bottom - low])
        picture[top:bottom] = cv2.convertScaleAbs(part[top - low : bottom - low], alpha=255.0)
    return picture


def _focus_slope(camera: Camera, ratio: float) -> Array:
    """Distance from the plane of focus per half width and half height of the photo, 1 in the corners."""
    slope = camera.rotation[2, :2] @ np.linalg.inv(camera.rotation[:2, :2]) * (1.0, ratio)
    return (slope / max(float(np.abs(slope).sum()), 1e-6)).astype(np.float32)


def blur_at(points: Array, sensor: Sensor, camera: Camera) -> float:
    """Blur of focus and shake around points (n, 2) of the photo, as the sigma of a Gaussian in pixels."""
    u, v = points.mean(axis=0) / (camera.width / 2, camera.height / 2) - 1.0
    slope = _focus_slope(camera, camera.height / camera.width)
    amount = float(np.clip(abs(u * slope[0] + v * slope[1]) * 1.3 - 0.3, 0.0, 1.0))
    # A box of some length has the spread of a Gaussian of 0.29 times that length; shapes of about ten
    # coarse pixels are as hard to read as shapes with a blur of a tenth of their size.
    coarse = 1.1 * sensor.coarse if sensor.coarse > 1.0 else 0.0
    return math.hypot(sensor.focus, sensor.depth * amount, 0.29 * sensor.shake[0], coarse)


def _gain(light: Array, item: Array, sensor: Sensor) -> np.float32:
    """Automatic exposure: the item's mean, without the brightest spots, becomes middle grey."""
    step = max(1, min(item.shape) // 48)
    probe = light[::step, ::step].mean(axis=2)
    weight = 0.15 + item[::step, ::step]
    level = float((np.minimum(probe, np.percentile(probe, 95)) * weight).sum() / weight.sum())
    return np.float32(0.2 / max(level, 1e-4) * 2.0**sensor.exposure)


def _tone(light: Array) -> Array:
    """Linear light to display values: a shoulder before the highlights clip, gamma, contrast (in place)."""
    shoulder = light * np.float32(0.45)
    shoulder += 1.0
    light *= np.float32(1.3)
    light /= shoulder
    np.clip(light, 0.0, 1.0, out=light)
    np.sqrt(light, out=light)
    curve = light * light
    curve *= 1.65 - 1.1 * light
    light *= np.float32(0.45)
    light += curve
    return light


def _add_noise(picture: Array, strength: np.float32, rng: np.random.Generator) -> None:
    """Grain, more of it in the dark, and coarser blotches of colour (in place)."""
    height, width = picture.shape[:2]
    spread = np.sqrt(1.0 - 0.75 * np.clip(picture[..., 1], 0.0, 1.0)) * strength
    luma = rng.standard_normal((height, width), dtype=np.float32)
    luma *= spread
    coarse = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), dtype=np.float32)
    tint: Any = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    spread *= 0.5
    tint *= cv2.merge([spread] * 3)
    tint += cv2.merge([luma] * 3)
    picture += tint


def _blur(light: Array, sensor: Sensor, away: Array) -> Array:
    """Lens blur: everywhere, with the distance from the plane of focus, and along the shake."""
    if sensor.depth:
        amount = np.clip(away * 1.3 - 0.3, 0.0, 1.0)
        half = cv2.GaussianBlur(light, (0, 0), max(0.3, sensor.depth * 0.5))
        full = _soft(light, sensor.depth)
        near, far = np.clip(amount * 2, 0, 1), np.clip(amount * 2 - 1, 0, 1)
        light = cv2.blendLinear(light, half, 1.0 - near, near)
        light = cv2.blendLinear(light, full, 1.0 - far, far)
    if sensor.focus > 0.25:
        light = cv2.GaussianBlur(light, (0, 0), sensor.focus)
    length, angle = sensor.shake
    if length >= 1.0:
        size = int(length) * 2 + 3
        kernel = np.zeros((size, size), np.uint8)
        step = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))]) * length / 2
        ends = np.round((np.stack([-step, step]) + size // 2) * 16).astype(np.int32)
        cv2.polylines(kernel, [ends], False, 255, 1, cv2.LINE_AA, 4)
        light = cv2.filter2D(light, -1, kernel.astype(np.float32) / float(kernel.sum()))
    return light


def _soft(image: Array, sigma: float) -> Array:
    """A wide blur, made at a quarter of the size when that is not seen."""
    if sigma < 4:
        return cv2.GaussianBlur(image, (0, 0), max(sigma, 0.3))
    height, width = image.shape[:2]
    small = cv2.resize(image, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / 4)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def encode(picture: Picture, sensor: Sensor) -> tuple[bytes, float]:
    """The JPEG file of an RGB picture, and by how much a messenger shrank it (1 for not)."""
    scale = 1.0
    if sensor.gray:
        picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if sensor.coarse > 1.0:
        height, width = picture.shape[:2]
        small = (max(4, round(width / sensor.coarse)), max(4, round(height / sensor.coarse)))
        picture = decode(_jpeg(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), sensor.quality))
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
    if sensor.resent and max(picture.shape[:2]) > sensor.resent:
        picture = decode(_jpeg(picture, 92))
        scale = sensor.resent / max(picture.shape[:2])
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if sensor.exif is None:
        return _jpeg(picture, sensor.quality), scale
    stored = _STORED.get(sensor.exif.orientation)
    jpeg = _jpeg(picture if stored is None else cv2.rotate(picture, stored), sensor.quality)
    return _with_exif(jpeg, sensor.exif), scale


_STORED = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_COUNTERCLOCKWISE, 8: cv2.ROTATE_90_CLOCKWISE}


def _with_exif(jpeg: bytes, facts: Exif) -> bytes:
    """The JPEG file with an Exif segment (Exif 3.0, section 4) behind its first marker."""
    from PIL import ExifTags, Image

    tags = Image.Exif()
    tags[ExifTags.Base.Make] = "serialscan"
    tags[ExifTags.Base.Model] = facts.camera
    tags[ExifTags.Base.Orientation] = facts.orientation
    tags[ExifTags.Base.Software] = "serialscan render"
    tags.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = facts.taken.replace("-", ":").replace(
        "T", " "
    )
    body = tags.tobytes()
    return jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


def _jpeg(picture: Picture, quality: int) -> bytes:
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)


def decode(jpeg: bytes) -> Picture:
    """The RGB picture of a JPEG that `encode` made, upright as its Exif says."""
    bgr: Any = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
