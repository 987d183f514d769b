"""Checks of an installation; none needs a network."""

from __future__ import annotations

import importlib.metadata
import io
import os
import platform
import tempfile
from pathlib import Path

import msgspec

from serialscan import __version__, telemetry
from serialscan.batch.resources import cores, default_jobs, memory
from serialscan.settings import Settings
from serialscan.tool import library_names

_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One finding.

    Attributes:
        name: what was checked.
        ok: it works.
        detail: version, place or reason; what to do if it does not work.
        needed: without it serialscan does not work.
    """

    name: str
    ok: bool
    detail: str
    needed: bool = True


def examine() -> list[Check]:
    """Check program, weights, readers, image formats, folders and the machine, in this order."""
    return [
        *_program(),
        _telemetry(),
        *_weights(),
        _reader(),
        _tesseract(),
        *(_codec(name) for name in _FORMATS),
        _heic(),
        _raw(),
        _folder("current folder", Path.cwd()),
        _folder("temporary folder", Path(tempfile.gettempdir())),
        _machine(),
    ]


def _program() -> list[Check]:
    python = f"Python {platform.python_version()} on {platform.platform()}"
    checks = [Check(name="serialscan", ok=True, detail=f"{__version__}, {python}")]
    try:
        names = library_names()
    except importlib.metadata.PackageNotFoundError:
        detail = "serialscan runs without being installed, what it needs cannot be listed: pip install ."
        return [*checks, Check(name="libraries", ok=False, detail=detail, needed=False)]
    for name in names:
        try:
            checks.append(Check(name=name, ok=True, detail=importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            checks.append(Check(name=name, ok=False, detail=f"not installed: pip install {name}"))
    return checks


def _telemetry() -> Check:
    """Whether onnxruntime sends nothing: the variable is set, and its version was tried."""
    try:
        version = importlib.metadata.version("onnxruntime")
    except importlib.metadata.PackageNotFoundError:
        detail = "onnxruntime is not installed: pip install onnxruntime"
        return Check(name="telemetry", ok=False, detail=detail, needed=False)
    detail = f"off ({telemetry.VARIABLE}={os.environ.get(telemetry.VARIABLE)}), "
    if telemetry.was_tried(version):
        detail += f"tried with onnxruntime {version}"
        return Check(name="telemetry", ok=True, detail=detail, needed=False)
    major, minor = telemetry.LAST_TRIED
    detail += (
        f"but onnxruntime {version} was not tried and may send something all the same: "
        f"pip install 'onnxruntime<{major}.{minor + 1}'"
    )
    return Check(name="telemetry", ok=False, detail=detail, needed=False)


def _weights() -> list[Check]:
    try:
        from serialscan.reading import check_weights
    except ImportError as error:
        return [Check(name="weights", ok=False, detail=f"{error}: pip install --force-reinstall serialscan")]
    checks = []
    for weight in check_weights():
        if weight.ok:
            detail = f"sha256 {weight.expected}"
        else:
            what = (
                "is missing"
                if weight.actual is None
                else f"has sha256 {weight.actual}, not {weight.expected}"
            )
            detail = f"{weight.path} {what}: pip install --force-reinstall serialscan"
        checks.append(Check(name=f"weight {weight.name}", ok=weight.ok, detail=detail))
    return checks


def _reader() -> Check:
    try:
        from serialscan.reading import Reader

        Reader(Settings(reader="network"))
    except Exception as error:  # a broken library may raise anything
        return Check(name="reader network", ok=False, detail=f"{type(error).__name__}: {error}")
    return Check(name="reader network", ok=True, detail="starts")


def _tesseract() -> Check:
    from serialscan.reading import tesseract

    ok = tesseract.available()
    detail = str(tesseract.version()) if ok else tesseract.INSTALL_HINT
    return Check(name="reader tesseract", ok=ok, detail=detail, needed=False)


def _codec(name: str) -> Check:
    """A picture must survive the way into the format and back."""
    try:
        from PIL import Image

        stream = io.BytesIO()
        Image.new("RGB", (32, 32), "white").save(stream, name)
        with Image.open(stream) as picture:
            picture.load()
    except Exception as error:  # a broken library may raise anything
        return Check(name=f"format {name}", ok=False, detail=f"{error}: pip install --force-reinstall pillow")
    return Check(name=f"format {name}", ok=True, detail="reads")


def _heic() -> Check:
    try:
        import pillow_heif

        info = pillow_heif.libheif_info()
        ok = "libde265" in str(info)
        detail = f"libheif {info.get('libheif')}" if ok else "no decoder for HEVC"
    except Exception as error:  # a broken library may raise anything
        ok, detail = False, str(error)
    return Check(
        name="format HEIC",
        ok=ok,
        detail=detail if ok else f"{detail}: pip install --force-reinstall pillow-heif",
    )


def _raw() -> Check:
    try:
        import rawpy

        return Check(name="format RAW", ok=True, detail=f"rawpy {rawpy.__version__}", needed=False)
    except ImportError:
        return Check(name="format RAW", ok=False, detail="pip install 'serialscan[raw]'", needed=False)


def _folder(name: str, folder: Path) -> Check:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Check(name=name, ok=True, detail=f"{folder} can be written", needed=False)
    except OSError as error:
        detail = f"{folder} cannot be written ({error.strerror}): give --output a path elsewhere"
        return Check(name=name, ok=False, detail=detail, needed=False)


def _machine() -> Check:
    jobs = default_jobs()
    detail = f"{cores()} cores, {memory() / 2**30:.1f} GiB of free memory: --jobs {jobs} by default"
    return Check(name="machine", ok=True, detail=detail)
