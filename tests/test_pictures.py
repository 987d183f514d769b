"""Pictures for people: made from a record and its photo, never from another one; hostile text stays text."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import cv2
import msgspec
import numpy as np
import pytest
from conftest import Here, blind, records, small_photo
from PIL import Image

from serialscan.batch.index import IndexPage
from serialscan.batch.inputs import Inputs, Selection
from serialscan.batch.run import run
from serialscan.batch.tally import Tally
from serialscan.batch.task import Input, Outcome
from serialscan.batch.worker import Job, do
from serialscan.errors import ExitCode, OutputError, PhotoError
from serialscan.pictures import keep_pictures
from serialscan.pictures.draw import WIDTH, drawn, page_shown
from serialscan.reading import Reader
from serialscan.reading.networks import Networks
from serialscan.record import Code, PhotoRecord, SerialReading, Warning_, from_json, to_json
from serialscan.scan import scan_photo
from serialscan.settings import Settings

SAMPLES = Path(__file__).parent.parent / "samples"
SETTINGS = Settings(reader="network")


@pytest.fixture(scope="module")
def reader(networks: Networks) -> Reader:
    return Reader(SETTINGS, engine=networks)


@pytest.fixture(scope="module")
def record(read_sample: Callable[[str], PhotoRecord]) -> PhotoRecord:
    """Of a photo with text on a ring and straight text."""
    return read_sample("suppressor-end-cap.jpg")


def named(record: PhotoRecord, path: str, sha256: str | None = None) -> PhotoRecord:
    """The same record as if the photo lay elsewhere."""
    source = msgspec.structs.replace(record.source, path=path, sha256=sha256 or record.source.sha256)
    return msgspec.structs.replace(record, source=source)


def test_a_crop_of_each_line_comes_from_record_and_photo(record: PhotoRecord, tmp_path: Path) -> None:
    """Later, and from the record as it was written."""
    photo = SAMPLES / "suppressor-end-cap.jpg"
    before = photo.stat()
    keep_pictures(from_json(to_json(record)), photo, SETTINGS, crops=tmp_path)
    assert photo.stat() == before
    files = sorted(tmp_path.iterdir())
    assert [file.name.split(".")[-2] for file in files] == [line.id for line in record.lines] != []
    assert all("suppressor-end-cap.jpg" in file.name for file in files)
    for file in files:
        picture = Image.open(file)
        assert picture.height >= 96 and picture.width > 2 * picture.height


def test_what_the_crop_shows_is_what_was_read(reader: Reader, record: PhotoRecord, tmp_path: Path) -> None:
    """Also that of a line on a ring: the reader reads the same in its crop."""
    arcs = [line for line in record.lines if len(line.polygon) > 4 and line.confidence > 0.8]
    assert arcs
    keep_pictures(record, SAMPLES / "suppressor-end-cap.jpg", SETTINGS, crops=tmp_path)
    for line in arcs:
        both = np.asarray(Image.open(next(tmp_path.glob(f"*.{line.id}.png"))))
        framed = cv2.copyMakeBorder(both[:, : both.shape[1] // 2 - 6], *[60] * 4, cv2.BORDER_REPLICATE)
        assert line.text in [again.text for again in reader.read(framed).lines]


def test_the_picture_of_a_mirrored_line_shows_it_as_it_is_read(reader: Reader, tmp_path: Path) -> None:
    plate = np.full((200, 900, 3), 150, np.uint8)
    cv2.putText(plate, "K794613", (120, 130), cv2.FONT_HERSHEY_SIMPLEX, 2.6, (40, 40, 40), 7, cv2.LINE_AA)
    shown = []
    for name, pixels in {"direct": plate, "mirrored": plate[:, ::-1]}.items():
        data = cv2.imencode(".png", pixels)[1].tobytes()
        record = scan_photo(data, reader, SETTINGS, name="a.png")
        (line,) = (line for line in record.lines if line.text == "K794613")
        assert line.mirrored == (name == "mirrored")
        keep_pictures(record, data, SETTINGS, crops=tmp_path / name)
        file = next((tmp_path / name).glob(f"*.{line.id}.png"))
        shown.append(cv2.resize(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), (900, 144)))
    alike = [np.corrcoef(shown[0].ravel(), one.ravel())[0, 1] for one in (shown[1], shown[1][:, ::-1])]
    assert alike[0] > 0.7 > alike[1]


def test_a_photo_that_changed_since_is_told_and_not_used(record: PhotoRecord, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    data = (SAMPLES / "suppressor-end-cap.jpg").read_bytes()
    for changed in (data[:-1] + b"x", data + b"x", b"no picture at all", b""):
        photo.write_bytes(changed)
        with pytest.raises(PhotoError, match="not the one that was read") as caught:
            keep_pictures(record, photo, SETTINGS, crops=tmp_path / "crops")
        assert caught.value.code == "changed"
    photo.unlink()
    with pytest.raises(PhotoError, match="cannot be read"):
        keep_pictures(record, photo, SETTINGS, crops=tmp_path / "crops")
    assert not (tmp_path / "crops").exists()


@pytest.mark.parametrize("option", ["crops", "pictures"])
def test_a_folder_that_cannot_be_written_is_told_with_its_option(
    record: PhotoRecord, tmp_path: Path, option: str
) -> None:
    folder = tmp_path / "a file"
    folder.touch()
    with pytest.raises(OutputError, match=f"--{option}"):
        keep_pictures(record, SAMPLES / "suppressor-end-cap.jpg", SETTINGS, **{option: folder})


def test_pictures_of_different_photos_never_share_a_file(record: PhotoRecord, tmp_path: Path) -> None:
    """Also where a file name can hold neither the path's signs nor its length."""
    deep = "/".join(["Asservat-Ä/証拠"] * 60)
    photos = ["deep/z z.jpg", "deep/z_z.jpg", f"{deep}/1.jpg", f"{deep}/1/1.jpg", f"x{deep}/1.jpg", "-", "-"]
    data = (SAMPLES / "suppressor-end-cap.jpg").read_bytes()
    for number, path in enumerate(photos):
        content = data + bytes([number])
        renamed = named(record, path, hashlib.sha256(content).hexdigest())
        keep_pictures(renamed, content, SETTINGS, crops=tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert len(names) == len(photos) * len(record.lines) > 0
    assert max(len(name.encode()) for name in names) <= 143  # eCryptfs allows no more
    assert sum("証拠_1.jpg-" in name for name in names) == 2 * len(record.lines)  # a person finds the photo


@pytest.mark.parametrize(
    "path", ["CON.jpg", "nul", "../../x.jpg", "a\\b:c|d?.jpg", "\n.jpg", "", "...", "-rf.jpg"]
)
def test_no_name_of_a_photo_leads_out_of_the_folder(record: PhotoRecord, tmp_path: Path, path: str) -> None:
    """Nor to a device, as Windows takes CON.jpg for, nor to a hidden file, nor to an option."""
    keep_pictures(named(record, path), SAMPLES / "suppressor-end-cap.jpg", SETTINGS, crops=tmp_path / "crops")
    assert [entry.name for entry in tmp_path.iterdir()] == ["crops"]
    for file in (tmp_path / "crops").iterdir():
        first = file.name.split(".")[0].split("-")[0]
        assert first.lower() not in ("con", "nul", "") and file.name.isprintable()
        assert not set(file.name) & set('\\/:*?"<>|')


def test_the_picture_of_a_photo_shows_the_serials_line_in_yellow(record: PhotoRecord, tmp_path: Path) -> None:
    photo = SAMPLES / "suppressor-end-cap.jpg"
    assert record.serial.value is not None
    keep_pictures(record, photo, SETTINGS, pictures=tmp_path)
    (file,) = tmp_path.glob("*.jpg")
    picture = np.asarray(Image.open(file)).astype(int)
    assert picture.shape[1] == WIDTH
    assert "suppressor-end-cap.jpg" in file.name
    yellow = (picture[..., 0] > 200) & (picture[..., 1] > 140) & (picture[..., 2] < 110)
    rows, columns = np.nonzero(yellow)
    (line,) = (line for line in record.lines if line.id in record.serial.candidates[0].evidence)
    outline = np.array(line.polygon) * (WIDTH / (record.source.width or 0))
    assert np.abs([columns.min(), rows.min()] - outline.min(axis=0)).max() < 8
    assert np.abs([columns.max(), rows.max()] - outline.max(axis=0)).max() < 8
    (thumbnail,) = (tmp_path / "thumbnails").iterdir()
    assert thumbnail.name == file.name and max(Image.open(thumbnail).size) < WIDTH


def test_pictures_come_out_the_same_each_time(record: PhotoRecord, tmp_path: Path) -> None:
    photo = SAMPLES / "suppressor-end-cap.jpg"
    made = []
    for number in range(2):
        folder = tmp_path / str(number)
        keep_pictures(record, photo, SETTINGS, crops=folder, pictures=folder)
        made.append({file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.*g")})
    assert made[0] == made[1] and len(made[0]) == len(record.lines) + 2


def test_a_picture_holds_any_record(record: PhotoRecord) -> None:
    """However much it says, in whatever script, and wherever its outlines are said to be."""
    text = "СГ12345 \u202e" + "証拠" * 5000
    far = ((-1e9, 5.0), (1e9, 5.0), (1e9, 1e9), (-1e9, 1e9))
    lines = [
        msgspec.structs.replace(
            record.lines[0], id=f"L{number}", text=text, polygon=(far, (), ((1, 1),))[number % 3]
        )
        for number in range(300)
    ]
    code = Code(id="C1", symbology="QR", text=text, bytes_hex="", polygon=far)
    crowded = msgspec.structs.replace(
        named(record, text), lines=tuple(lines), codes=(code,),
        warnings=tuple(Warning_(code="x", message=text) for _ in range(50)),
    )  # fmt: skip
    for size in ((300, 400), (3, 3000), (3000, 3), (1, 1)):
        picture = drawn(crowded, np.zeros((*size, 3), np.uint8)).picture
        assert picture.shape[1] == WIDTH and picture.shape[0] < 4000
    empty = msgspec.structs.replace(
        record,
        lines=(),
        codes=(),
        serial=SerialReading(value=None, status="not_found", decision="none", confidence=0),
    )
    assert drawn(empty, np.zeros((30, 40, 3), np.uint8)).picture.shape[1] == WIDTH


def test_of_several_pages_that_of_the_serial_is_shown(record: PhotoRecord) -> None:
    serial = record.serial.candidates[0].evidence
    pages = [3 if line.id in serial else 2 for line in record.lines]
    moved = [msgspec.structs.replace(line, page=page) for line, page in zip(record.lines, pages, strict=True)]
    assert page_shown(msgspec.structs.replace(record, lines=tuple(moved))) == 3
    others = tuple(line for line in moved if line.id not in serial)
    assert page_shown(msgspec.structs.replace(record, lines=others)) == 2
    assert page_shown(msgspec.structs.replace(record, lines=())) == 1


class Page(HTMLParser):
    """What a browser finds on a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.addresses: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(folder: Path, *outcomes: Outcome) -> Page:
    folder.mkdir(exist_ok=True)
    page, tally = IndexPage(folder, "--pictures"), Tally(Inputs(Selection(())))
    page.begin(tally)
    for outcome in outcomes:
        page.write(outcome)
    page.end(tally)
    return Page(folder / "index.html")


@pytest.mark.parametrize("option", ["crops", "pictures"])
def test_hostile_text_stays_text_and_links_stay_in_the_folder(
    record: PhotoRecord, tmp_path: Path, option: str
) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*77777}}"
    serial = msgspec.structs.replace(record.serial, value=hostile)
    lines = tuple(msgspec.structs.replace(line, text=hostile) for line in record.lines)
    bad = msgspec.structs.replace(
        named(record, f"javascript:alert(1)//{hostile}#?%2e%2e/\u202egpj.\x1b[31m#1 %.jpg"),
        serial=serial, lines=lines, warnings=(Warning_(code="x", message=hostile),),
    )  # fmt: skip
    keep_pictures(bad, SAMPLES / "suppressor-end-cap.jpg", SETTINGS, **{option: tmp_path})
    page = page_of(tmp_path, Outcome(Input("x"), to_json(bad), None))
    assert "script" not in page.tags
    assert page.text.count(hostile) == len(lines) + 3 and "544439" not in page.text
    assert "\u202e" not in page.text and "\x1b" not in page.text
    assert len(page.addresses) == (2 * len(lines) if option == "crops" else 2)
    for address in page.addresses:
        assert ":" not in address and not address.startswith(("/", "."))
        assert (tmp_path / unquote(address)).is_file()


def test_the_page_tells_each_photo_and_counts_them(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    inputs = Inputs(Selection((str(photos), "nowhere.jpg")))
    tally = run(inputs, blind(), [IndexPage(tmp_path / "pages", "--pictures")])
    page = Page(tmp_path / "pages" / "index.html")
    assert page.tags.count("section") == tally.done == 4
    assert f"{tally.done} photos" in page.text and "1 not read" in page.text and "3 without" in page.text
    assert "nowhere.jpg" in page.text and "cannot be read" in page.text
    assert [path.name for path in (tmp_path / "pages").iterdir()] == ["index.html"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.jpg"):
        small_photo(folder / name)
    return folder


def test_a_page_that_was_cut_off_shows_what_is_done(record: PhotoRecord, tmp_path: Path) -> None:
    page = IndexPage(tmp_path, "--pictures")
    page.begin(Tally(Inputs(Selection(()))))
    page.write(Outcome(Input("x"), to_json(record), None))
    assert record.source.path in Page(tmp_path / "index.html").text


@pytest.mark.parametrize("content", ["<!doctype html>\n<html>my own page", ""])
def test_a_page_of_somebody_else_is_left_alone(record: PhotoRecord, tmp_path: Path, content: str) -> None:
    (tmp_path / "index.html").write_text(content, "utf-8")
    with pytest.raises(OutputError, match="left as it is: choose another folder with --pictures"):
        page_of(tmp_path)
    assert (tmp_path / "index.html").read_text("utf-8") == content
    (tmp_path / "index.html").unlink()
    outcome = Outcome(Input("x"), to_json(record), None)
    for _ in range(2):  # its own page is replaced
        assert page_of(tmp_path, outcome).tags.count("section") == 1


def test_a_record_stands_though_its_photo_changed_and_the_page_says_why_there_is_no_picture(
    reader: Reader, record: PhotoRecord, tmp_path: Path
) -> None:
    photo, folder = tmp_path / "photo.jpg", tmp_path / "pictures"
    photo.write_bytes((SAMPLES / "suppressor-end-cap.jpg").read_bytes() + b"x")
    line = to_json(named(record, str(photo)))
    task = Input(str(photo), line=line)
    done = do(task, None, reader, Job(SETTINGS, pictures=folder, crops=folder))
    assert (done.line, done.error) == (line, None)
    assert not folder.exists()
    page = page_of(folder, Outcome(task, done.line, done.error, done.no_pictures))
    assert "No picture: the file is not the one that was read" in page.text and not page.addresses


def test_pictures_can_be_made_later_from_records_that_are_there(
    here: Here, photos: Path, tmp_path: Path
) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in photos.iterdir()}
    out = tmp_path / "records.ndjson"
    assert here("scan", photos, "-o", out).returncode == ExitCode.OK
    lines = out.read_bytes()
    small_photo(photos / "d.png")
    done = here("scan", photos, "-o", out, "--resume", "--pictures", tmp_path / "pictures")
    assert done.returncode == ExitCode.OK and b"index.html" in done.stderr
    assert out.read_bytes().startswith(lines) and len(records(out.read_bytes())) == 4
    page = Page(tmp_path / "pictures" / "index.html")
    assert page.tags.count("section") == 4
    assert all(name in page.text for name in ("a.png", "b.png", "c.jpg", "d.png"))
    assert len(list((tmp_path / "pictures").glob("*.jpg"))) == 4
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
    done = here("scan", photos, "--crops", tmp_path / "x", "--pictures", tmp_path / "x")
    assert done.returncode == ExitCode.USAGE and b"two folders" in done.stderr
