"""The truth: ``labels.jsonl``, one JSON object a line for one photo each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from serialscan.errors import InputError, SettingsError
from serialscan.evaluate.score import folded
from serialscan.record import Polygon

_ADVICE = "correct the line; docs/validation.md shows how labels look"


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What a careful reader sees in one photo; further keys are allowed and not looked at.

    Attributes:
        file: the photo, relative to the labels' folder.
        lines: what can be read, one string for each line of text; ``?`` is a character that cannot be
            decided.
        serial: the number that names the piece, or None if none can be read.
        kind: how the marks were made.
        tier: how hard it is to read, for example easy, medium, hard.
        trap: what makes the serial less than whole, with details behind a colon, as `render --traps` writes
            it: ``covered:tag``; empty for other photos.
        partial_lines: more may be readable than ``lines`` says; further output is then no error.
        illegible_lines: what stands there but cannot be read; not counted, and makes the truth partial.
        polygons: for each line its outline in pixels of the upright first page, or None.
        glyph_height_px: height of the characters, one number or one for each line.
        contrast: of the marks to their surroundings, 0 to 1, one number or one for each line.
    """

    file: str
    lines: tuple[str, ...]
    serial: str | None
    kind: str = ""
    tier: str = ""
    trap: str = ""
    partial_lines: bool = False
    illegible_lines: tuple[str, ...] = ()
    polygons: tuple[Polygon | None, ...] | None = None
    glyph_height_px: float | tuple[float | None, ...] | None = None
    contrast: float | tuple[float | None, ...] | None = None

    @property
    def partial(self) -> bool:
        """Whether output beyond ``lines`` may be right."""
        return self.partial_lines or bool(self.illegible_lines)

    def polygon(self, line: int) -> Polygon | None:
        """Outline of a line, if it is known."""
        return (self.polygons[line] or None) if self.polygons is not None else None

    def height(self, line: int) -> float | None:
        """Character height of a line in pixels, if it is known."""
        return _of_line(self.glyph_height_px, line)

    def contrast_of(self, line: int) -> float | None:
        """Contrast of a line, if it is known."""
        return _of_line(self.contrast, line)


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A label with its place.

    Attributes:
        label: what is true of the photo.
        path: the photo, normalised.
        where: the labels file and the line in it, for messages.
    """

    label: Label
    path: Path
    where: str


_decoder = msgspec.json.Decoder(Label)


def read_labels(path: Path) -> list[LabelledPhoto]:
    """All labels of a file, in its order; empty lines are left out.

    Raises:
        InputError: the file cannot be read or holds no label.
        SettingsError: a line is no label, or names a photo a second time.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check the path of the labels."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    photos: dict[Path, LabelledPhoto] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        photo = _labelled(line, path, f"{path}, line {number}")
        if photo.path in photos:
            raise SettingsError(
                f"{photo.where}: {photo.label.file} is already labelled in line "
                f"{photos[photo.path].where.rpartition(' ')[2]}: keep one of the two."
            )
        photos[photo.path] = photo
    if not photos:
        raise InputError(f"{path} holds no label: add one JSON object a line, as docs/validation.md shows.")
    return list(photos.values())


def check_photos(photos: list[LabelledPhoto]) -> None:
    """Raise ``InputError`` if a photo is not there, before hours are spent on the others."""
    for photo in photos:
        if not photo.path.is_file():
            raise InputError(
                f"{photo.where}: there is no file {photo.path}: correct `file` (relative to the folder of "
                "the labels) or remove the line."
            )


def _labelled(line: str, path: Path, where: str) -> LabelledPhoto:
    try:
        label = _decoder.decode(line)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}: {error}: {_ADVICE}.") from error
    except msgspec.DecodeError as error:
        raise SettingsError(f"{where}: is not valid JSON ({error}): {_ADVICE}.") from error
    if not label.file or "\0" in label.file:
        raise SettingsError(f"{where}: `file` names no file: {_ADVICE}.")
    if label.serial is not None and not folded(label.serial):
        raise SettingsError(
            f"{where}: `serial` has no letter or digit: write null where no serial can be read."
        )
    for key in ("polygons", "glyph_height_px", "contrast"):
        values = getattr(label, key)
        if isinstance(values, tuple) and len(values) != len(label.lines):
            raise SettingsError(
                f"{where}: {key} has {len(values)} entries for {len(label.lines)} lines: "
                "give one for each line."
            )
    for polygon in label.polygons or ():
        if polygon and len(polygon) < 3:
            raise SettingsError(f"{where}: a polygon needs 3 corners at least: {_ADVICE}.")
    # Absolute, so that a photo named `-` is not taken for standard input.
    return LabelledPhoto(label, Path(os.path.abspath(path.parent / label.file)), where)  # noqa: PTH100


def _of_line(values: float | tuple[float | None, ...] | None, line: int) -> float | None:
    return values[line] if isinstance(values, tuple) else values
