"""Pictures for people: made from a record and its photo, never from another one; hostile text stays text."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from PIL import Image

from serialscan.errors import PhotoError
from serialscan.pictures import keep_pictures
from serialscan.reading import Reader
from serialscan.record import PhotoRecord, from_json, to_json
from serialscan.scan import scan_photo
from serialscan.settings import Settings

SAMPLES = Path(__file__).parent.parent / "samples"
SETTINGS = Settings(reader="network")


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(SETTINGS, threads=1)


@pytest.fixture(scope="module")
def record(reader: Reader) -> PhotoRecord:
    """Of a photo with text on a ring and straight text."""
    return scan_photo(SAMPLES / "suppressor-end-cap.jpg", reader, SETTINGS)


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
