"""Pictures of errors, cut from the photos."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from serialscan.errors import PhotoError
from serialscan.evaluate.judge import Judged, Place, TrueLine
from serialscan.evaluate.report import WORST, Case, case, wrong_lines, wrong_serials

if TYPE_CHECKING:
    from serialscan.settings import Settings

_HEIGHT_PX = 96
_LONGEST = 12.0  # heights of a picture
_JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Exhibit:
    """An error to be shown.

    Attributes:
        case: what is wrong; a missed line has ``what`` missed and an empty reading.
        picture: data URI of the crop, or None.
        note: why there is no picture.
    """

    case: Case
    picture: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """The worst errors, the surest first; missed lines are those with known outlines, the highest first."""

    serials: tuple[Exhibit, ...]
    lines: tuple[Exhibit, ...]
    missed: tuple[Exhibit, ...]


_Error = tuple[Case, Judged, Place | None]


def gallery(photos: Sequence[Judged], settings: Settings) -> Gallery:
    """Cut the worst errors out of their photos, each photo opened once.

    Args:
        photos: the judged photos; a file that is not the one that was read is not shown.
        settings: limits on what is opened.
    """
    serials: list[_Error] = [
        (case((photo, None)), photo, photo.serial.place if photo.serial is not None else None)
        for photo, _ in wrong_serials(photos)[:WORST]
    ]
    lines: list[_Error] = [
        (case((photo, line)), photo, line.place) for photo, line in wrong_lines(photos)[:WORST]
    ]
    missed: list[_Error] = [
        (_missed(photo, line), photo, line.place) for photo, line in _unread(photos)[:WORST]
    ]
    errors = [*serials, *lines, *missed]
    pictures: dict[int, str] = {}
    notes: dict[int, str] = {}
    of_photo: dict[Path, list[int]] = defaultdict(list)
    for number, (_, photo, place) in enumerate(errors):
        if place is None:
            notes[number] = "it is not known where this stands"
        else:
            of_photo[photo.path].append(number)
    for path, numbers in of_photo.items():
        wanted = [(number, place) for number in numbers if (place := errors[number][2]) is not None]
        try:
            pictures.update(_pictures(path, errors[numbers[0]][1].sha256, wanted, settings))
        except PhotoError as error:
            notes.update(dict.fromkeys(numbers, error.message))
    exhibits = [
        Exhibit(one, pictures.get(number), notes.get(number, "the outline is empty"))
        for number, (one, _, _) in enumerate(errors)
    ]
    first, second = len(serials), len(serials) + len(lines)
    return Gallery(tuple(exhibits[:first]), tuple(exhibits[first:second]), tuple(exhibits[second:]))


def _unread(photos: Iterable[Judged]) -> list[tuple[Judged, TrueLine]]:
    unread = [
        (photo, line)
        for photo in photos
        for line in photo.lines
        if line.read is None and not line.right and line.place is not None
    ]
    return sorted(unread, key=lambda pair: (-(pair[1].height or 0.0), pair[0].label.file, pair[1].text))


def _missed(photo: Judged, line: TrueLine) -> Case:
    return Case(what="missed", file=photo.label.file, truth=line.text, read="", confidence=0.0)


def _pictures(
    path: Path, sha256: str | None, wanted: Sequence[tuple[int, Place]], settings: Settings
) -> Iterable[tuple[int, str]]:
    from serialscan.photo import open_photo
    from serialscan.photo.crops import straight
    from serialscan.pictures.keep import encoded
    from serialscan.webpage import data_uri

    with open_photo(path, settings, sha256=sha256) as photo:
        last = max(place.page for _, place in wanted)
        for number, page in enumerate(photo.pages(), start=1):
            for index, place in wanted:
                if place.page == number:
                    picture = straight(page, place.polygon, _HEIGHT_PX, longest=_LONGEST)
                    if picture is not None:
                        yield index, data_uri(encoded(picture, ".jpg", _JPEG_QUALITY))
            if number == last:
                break
