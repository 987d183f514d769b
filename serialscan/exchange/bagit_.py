"""A bag (BagIt 1.0, RFC 8493): records, decisions, forms, report, head of the ledger, verifier and photos.

Payload names are plain: photos are named by their hash, since names with line ends or percent signs break
readers of bags. Their own names stand in a table.
"""

from __future__ import annotations

import csv
import hashlib
import io
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from serialscan import __version__
from serialscan.case.read import open_case
from serialscan.case.verifier import verifier_source
from serialscan.errors import OutputError, PhotoError
from serialscan.exchange import case_uco_, csv_
from serialscan.exchange.formats import Contents, Written
from serialscan.exchange.places import is_place, without_places
from serialscan.files.whole import write_new
from serialscan.photo import open_photo
from serialscan.photo.files import read_file
from serialscan.printable import printable
from serialscan.record import json_schema
from serialscan.report.build import Part, Unit
from serialscan.report.facts import facts_of
from serialscan.report.model import Item, Section
from serialscan.report.opener import path_of
from serialscan.report.origin import Origin
from serialscan.report.write import select, write_report
from serialscan.settings import Settings

ALGORITHMS = ("sha256", "sha512")
_SUFFIXES = {"JPEG": "jpg", "TIFF": "tif", "PNG": "png", "WEBP": "webp", "HEIF": "heic", "AVIF": "avif"}
_WITH_PLACES = "What happened to the case"  # section of a report that tells transfers with their places

_README = """\
This is a bag (BagIt 1.0, RFC 8493) made by serialscan {version}.

data/items.csv         one row for each item, in the order of a trace form
data/items.jsonld      the same as a graph of CASE/UCO 1.5
data/records.ndjson    what the program read; data/schema.json describes it
data/decisions.ndjson  what people decided, as it stands in the ledger (only from a case)
data/report.html       the same for people
data/photos.csv        each photo: its name here, its own name, its hash, and why it is not here
data/photos/           the photos, named by their SHA-256
data/ledger.head       head of the case's ledger; with the case: python3 verify.py CASE --head ledger.head
data/verify.py         that checker; it needs Python and nothing else

{places}
"""


@dataclass(slots=True)
class _Placeless:
    """A case or records as a report shows them without places."""

    origin: Origin
    title: str
    is_case: bool

    def units(self, chosen: Sequence[str]) -> Iterator[Unit]:
        return map(without_places, self.origin.units(chosen))

    def pictured(self, some: Iterable[tuple[Unit, Item]]) -> Iterator[Item]:
        return self.origin.pictured(some)

    def facts(self) -> tuple[tuple[str, str], ...]:
        return tuple(one for one in self.origin.facts() if not is_place(one[0]))

    def sections(self) -> list[Section]:
        return [one for one in self.origin.sections() if one.title != _WITH_PLACES]


@dataclass(frozen=True, slots=True)
class _Row:
    """A photo of the table; ``name`` is its payload name, empty if it is not in the bag."""

    name: str
    path: str
    path_bytes_hex: str
    sha256: str
    why: str = ""


def write(contents: Contents, path: Path) -> Written:
    """See ``Format``."""
    made = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        try:
            (made / "data").mkdir(parents=True)
            rows, fetched = _payload(contents, made / "data")
            _tags(contents, made, fetched)
            made.rename(path)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror}).") from error
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    left_out = [row for row in rows if row.why]
    notes = [f"{printable(row.path)} is not in the bag: {row.why}." for row in left_out[:20]]
    if len(left_out) > 20:
        notes.append(f"{len(left_out)} photos are not in the bag: data/photos.csv says why.")
    return Written((path / "tagmanifest-sha256.txt",), tuple(notes))


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A photo that is to be fetched: its URL, bytes, payload name and hashes."""

    url: str
    size: int
    name: str
    hashes: tuple[str, ...]


def _payload(contents: Contents, data: Path) -> tuple[list[_Row], list[_Fetched]]:
    """Write the payload; gives the table of photos and what is to be fetched."""
    rows: dict[tuple[str, str | None], _Row] = {}
    fetched: dict[str, _Fetched] = {}
    is_case = contents.case is not None
    with (data / "records.ndjson").open("wb") as records:
        decisions = (data / "decisions.ndjson").open("wb") if is_case else io.BytesIO()
        with decisions:
            for unit in contents.units():
                records.writelines(line.rstrip(b"\n") + b"\n" for line in unit.lines)
                for said in unit.decided:
                    told = {"case_id": said.name.case_id, "sequence": said.name.sequence, "time": said.time,
                            **said.decision.fields()}  # fmt: skip
                    decisions.write(msgspec.json.encode(told) + b"\n")
                for part in unit.parts:
                    key = (part.path, part.sha256)
                    if key not in rows:
                        rows[key] = _photo(contents, part, data, fetched)
    table = list(rows.values())
    write_new(data / "photos.csv", _table(table))
    write_new(data / "schema.json", msgspec.json.format(msgspec.json.encode(json_schema())) + b"\n")
    csv_.write(contents, data / "items.csv")
    case_uco_.write(contents, data / "items.jsonld")
    _report(contents, data / "report.html")
    if contents.case is not None:
        with open_case(contents.case) as reader:
            head = reader.last_head()
        if head is not None:
            write_new(data / "ledger.head", head.note)
        write_new(data / "verify.py", verifier_source().encode())
    return table, list(fetched.values())


def _photo(contents: Contents, part: Part, data: Path, fetched: dict[str, _Fetched]) -> _Row:
    """Copy a photo, or name where it is to be fetched; gives its row."""
    record = part.record
    exact = (record.source.path_bytes_hex if record is not None else None) or ""
    options = contents.options
    row = _Row("", part.path, exact, part.sha256 or "")
    if part.sha256 is None:
        return replace(row, why="it could not be read when it was scanned")
    path = path_of(record.source, options.base) if record is not None else Path(options.base or "", part.path)
    try:
        if not options.gps and _has_position(path, part.sha256):
            return replace(row, why="it holds the position where it was taken, and --gps was not given")
        content = read_file(path, Settings().max_bytes)
    except PhotoError as error:
        return replace(row, why=error.message)
    hashes = tuple(hashlib.new(name, content).hexdigest() for name in ALGORITHMS)
    if hashes[0] != part.sha256:
        return replace(row, why="the file is not the one that was read")
    form = record.source.format if record is not None else None
    name = f"photos/{part.sha256}.{_SUFFIXES.get(form or '', 'image')}"
    if options.photos_url:
        url = f"{options.photos_url.rstrip('/')}/{Path(name).name}"
        fetched.setdefault(name, _Fetched(url, len(content), f"data/{name}", hashes))
    elif not (data / name).exists():
        (data / "photos").mkdir(exist_ok=True)
        write_new(data / name, content)
    return replace(row, name=f"data/{name}")


def _has_position(path: Path, sha256: str) -> bool:
    """Whether a photo holds the position where it was taken.

    Raises:
        PhotoError: it is not there, is another file, or cannot be opened, so that this is not known.
    """
    with open_photo(path, Settings(gps=True), sha256=sha256) as photo:
        return photo.source.gps is not None


def _table(rows: Sequence[_Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["payload", "path", "path_bytes_hex", "sha256", "not_here_because"])
    writer.writerows([row.name, row.path, row.path_bytes_hex, row.sha256, row.why] for row in rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _report(contents: Contents, path: Path) -> None:
    origin = contents.origin
    if not contents.options.gps:
        origin = _Placeless(origin, origin.title, origin.is_case)
    selected = select(origin, contents.chosen, ())
    facts = facts_of(origin, selected, contents.chosen, (), "", "", datetime.now(UTC))
    write_report(path, origin, selected, contents.chosen, facts)


def _tags(contents: Contents, bag: Path, fetched: Sequence[_Fetched]) -> None:
    """Write what makes the folder a bag: the declaration, facts, manifests."""
    payload = sorted(path for path in (bag / "data").rglob("*") if path.is_file())
    hashed = [(path.relative_to(bag).as_posix(), _hashes(path)) for path in payload]
    hashed += [(one.name, one.hashes) for one in fetched]
    sizes = [path.stat().st_size for path in payload] + [one.size for one in fetched]
    places = (
        "It holds places and positions." if contents.options.gps else
        "Places and positions are left out: of records, of facts, and photos that hold one. A name of a "
        "file or a note may still tell a place."
    )  # fmt: skip
    tags = {
        "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": _info(contents, f"{sum(sizes)}.{len(sizes)}"),
        "about.txt": _README.format(version=__version__, places=places),
    }
    if fetched:
        tags["fetch.txt"] = "".join(f"{one.url} {one.size} {one.name}\n" for one in fetched)
    for place, name in enumerate(ALGORITHMS):
        lines = sorted((path, hashes[place]) for path, hashes in hashed)
        tags[f"manifest-{name}.txt"] = "".join(f"{digest}  {path}\n" for path, digest in lines)
    for name, text in tags.items():
        write_new(bag / name, text.encode())
    for place, name in enumerate(ALGORITHMS):
        lines = [(tag, _hashes(bag / tag)[place]) for tag in sorted(tags)]
        write_new(bag / f"tagmanifest-{name}.txt", "".join(f"{it}  {tag}\n" for tag, it in lines).encode())


def _hashes(path: Path) -> tuple[str, ...]:
    digests = [hashlib.new(name) for name in ALGORITHMS]
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            for digest in digests:
                digest.update(chunk)
    return tuple(digest.hexdigest() for digest in digests)


def _info(contents: Contents, oxum: str) -> str:
    facts = {name.replace(" ", "_"): value for name, value in contents.facts()}
    said = {
        "Bag-Software-Agent": f"serialscan {__version__}",
        "Bagging-Date": f"{datetime.now(UTC):%Y-%m-%d}",
        "Payload-Oxum": oxum,
        "External-Description": contents.origin.title,
        "External-Identifier": facts.get("exhibit_number", ""),
        "Internal-Sender-Identifier": facts.get("agency_case_number", ""),
    }
    return "".join(f"{name}: {printable(value)}\n" for name, value in said.items() if value)
