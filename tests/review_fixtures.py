"""Cases to review: photos of three drawn pictures, with records made by hand. Nothing is read for them."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from case_fixtures import RUN, TOOL
from PIL import Image, ImageDraw

from serialscan.case import CaseWriter, InputFacts
from serialscan.case.decisions import Decided, decisions
from serialscan.case.read import open_case
from serialscan.record import (
    Alternative,
    Glyph,
    ItemPhoto,
    ItemRecord,
    ItemSerial,
    Line,
    Mark,
    PhotoRecord,
    Polygon,
    SerialCandidate,
    SerialReading,
    Source,
    Warning_,
    any_from_json,
    to_json,
)
from serialscan.review.desk import Desk, Rules
from serialscan.settings import Settings

TEXTS = ("AB1284", "KJ93280", "W274567")
SIZE = (480, 200)
PAGED = (2000, 1500)
BOX: Polygon = ((36.0, 46.0), (300.0, 46.0), (300.0, 104.0), (36.0, 104.0))
YEAR_BOX: Polygon = ((36.0, 130.0), (150.0, 130.0), (150.0, 174.0), (36.0, 174.0))


def picture(text: str, number: int) -> bytes:
    """A photo with a serial and a year; the comment makes each file another one."""
    image = Image.new("RGB", SIZE, (150, 150, 155))
    draw = ImageDraw.Draw(image)
    draw.text((40, 45), text, fill=(20, 20, 20), font_size=60)
    draw.text((40, 130), "1968", fill=(20, 20, 20), font_size=44)
    stored = io.BytesIO()
    image.save(stored, "JPEG", quality=90, comment=f"photo {number}")
    return stored.getvalue()


def truth(number: int) -> str:
    """What stands on a photo."""
    return TEXTS[number % len(TEXTS)]


def misread(number: int) -> bool:
    """Whether the program's reading of a photo is wrong: every fourth is."""
    return number % 4 == 3


def read(number: int) -> str:
    """What the program read on a photo: 8 for 3 or the like where it is wrong."""
    text = truth(number)
    return text[:-1] + ("X" if misread(number) else text[-1])


def record_of(number: int, data: bytes, decision: Any = "review", folder: str = "photos") -> bytes:
    """The record of a photo; later ones are surer."""
    text = read(number)
    sure = 0.3 + number / 100
    doubtful = (Alternative(char="9", confidence=0.3), Alternative(char="A", confidence=0.2))
    glyphs = tuple(
        Glyph(char=char, confidence=0.99 if index else 0.6, alternatives=() if index else doubtful)
        for index, char in enumerate(text)
    )
    serial = Line(id="L1", text=text, confidence=sure, polygon=BOX, characters=glyphs)
    year = Line(id="L2", text="1968", confidence=0.9, polygon=YEAR_BOX)
    mark = Mark(
        kind="date", value="1968", raw="1968", match_key="1968", confidence=0.9, evidence=("L2",), rule="year"
    )
    candidate = SerialCandidate(value=text, confidence=sure, evidence=("L1",))
    found = decision != "none"
    return to_json(
        PhotoRecord(
            status="ok", tool=TOOL, lines=(serial, year) if found else (year,), marks=(mark,),
            source=Source(
                path=f"{folder}/IMG_{number:04}.jpg", bytes=len(data), format="JPEG", width=SIZE[0],
                height=SIZE[1], sha256=hashlib.sha256(data).hexdigest(),
            ),
            serial=SerialReading(
                value=text if found else None, status="readable" if found else "not_found", decision=decision,
                confidence=sure if found else 0.0, match_key=text, candidates=(candidate,) if found else (),
            ),
            warnings=(Warning_.of("may_go_on", f"{text} may not be all"),) if number % 2 else (),
        )
    )  # fmt: skip


def make_review_case(folder: Path, numbers: Sequence[int] = range(20), **kinds: Sequence[int]) -> Path:
    """Photos and their case in a folder.

    Args:
        folder: for both.
        numbers: of the photos.
        kinds: numbers of photos with another decision than ``review``: ``accept`` and ``none``.
    """
    (folder / "photos").mkdir(parents=True)
    path = folder / "a.case"
    with CaseWriter(path) as writer:
        run = writer.begin_run(dataclasses.replace(RUN, folder=str(folder)))
        for number in numbers:
            data = picture(truth(number), number)
            decision = next((kind for kind, some in kinds.items() if number in some), "review")
            (folder / "photos" / f"IMG_{number:04}.jpg").write_bytes(data)
            small = io.BytesIO()
            Image.open(io.BytesIO(data)).resize((240, 100)).save(small, "JPEG")
            writer.add_record(run, record_of(number, data, decision), InputFacts(), small.getvalue())
        writer.end_run(run, ok=len(numbers), failed=0)
    return path


def make_paged_case(folder: Path) -> Path:
    """A photo of two pages; its serial stands on the second, of which the case has no picture."""
    path = folder / "a.case"
    first, second = (Image.new("RGB", PAGED, (shade, 150, 155)) for shade in (90, 180))
    ImageDraw.Draw(second).text((40, 45), truth(0), fill=(20, 20, 20), font_size=60)
    stored = io.BytesIO()
    first.save(stored, "TIFF", save_all=True, append_images=[second])
    data = stored.getvalue()
    (folder / "photos").mkdir()
    (folder / "photos" / "IMG_0000.jpg").write_bytes(data)
    record = any_from_json(record_of(0, data))
    assert isinstance(record, PhotoRecord)
    source = msgspec.structs.replace(record.source, pages=2, format="TIFF", width=PAGED[0], height=PAGED[1])
    lines = tuple(msgspec.structs.replace(line, page=2) for line in record.lines)
    with CaseWriter(path) as writer:
        run = writer.begin_run(dataclasses.replace(RUN, folder=str(folder)))
        small = io.BytesIO()
        first.resize((240, 180)).save(small, "JPEG")
        line = to_json(msgspec.structs.replace(record, source=source, lines=lines))
        writer.add_record(run, line, InputFacts(), small.getvalue())
        writer.end_run(run, ok=1, failed=0)
    return path


def put_together(path: Path, item: str, numbers: Sequence[int]) -> None:
    """Put the record of an item with these photos into a case."""
    with open_case(path) as reader:
        photos = [photo for photo in reader.photos() if int(photo.paths[0][-8:-4]) in numbers]
    shown = tuple(
        ItemPhoto(path=one.paths[0], sha256=one.sha256, status="ok", serial=one.serial) for one in photos
    )
    serial = ItemSerial(value=photos[0].serial, status="readable", decision="review", confidence=0.5)
    with CaseWriter(path) as writer:
        run = writer.begin_run(RUN)
        writer.add_record(
            run, to_json(ItemRecord(status="incomplete", item=item, tool=TOOL, photos=shown, serial=serial))
        )
        writer.end_run(run, ok=0, failed=0)


def match(path: Path, number: int, told: str) -> None:
    """What a register says of a photo, as ``serialscan match`` writes it."""
    with open_case(path) as reader:
        photo = next(one for one in reader.photos() if one.paths[0].endswith(f"{number:04}.jpg"))
        name = reader.branches[photo.place.branch]
    fields = {
        "case_id": name, "record": photo.place.sequence, "photo": photo.sha256, "item": None,
        "register": "stock.reg", "sha256": "cd" * 32,
    }  # fmt: skip
    entry = {"serial": truth(number), "posterior": 0.97, "row": {"cells": {"note": told}}}
    found = {"register": "stock.reg", "sha256": "cd" * 32, "serial": truth(number), "entries": [entry]}
    with CaseWriter(path) as writer:
        writer.append("match", fields, json.dumps([found]).encode())


def desk_on(path: Path, name: str | None = "A. Doe", **rules: Any) -> Desk:
    """A review of a case in this process."""
    desk = Desk(path, Rules(**rules), Settings(reader="network", effort="fast"), None, lambda sentence: None)
    if name is not None:
        desk.set_person(name, "", "")
    return desk


def decided(path: Path) -> list[Decided]:
    """All decisions of a case."""
    with open_case(path) as reader:
        return list(decisions(reader))


class Answer(NamedTuple):
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        return None


class Client:
    """A client that says what it wants to, also what no browser would."""

    def __init__(self, origin: str) -> None:
        self.origin, self.cookie = origin, ""
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)

    def enter(self, address: str) -> Answer:
        """Exchange the token."""
        answer = self.get(address.removeprefix(self.origin))
        for name, morsel in SimpleCookie(answer.headers.get("Set-Cookie", "")).items():
            self.cookie = f"{name}={morsel.value}"
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self._send(urllib.request.Request(self.origin + path), headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        own = {"Content-Type": "application/json", "Origin": self.origin}
        return self._send(urllib.request.Request(self.origin + path, data), {**own, **headers})

    def _send(self, request: urllib.request.Request, headers: Mapping[str, str]) -> Answer:
        for name, value in {"Cookie": self.cookie, **headers}.items():
            if value:
                request.add_header(name.replace("_", "-"), value)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, dict(error.headers), error.read())
