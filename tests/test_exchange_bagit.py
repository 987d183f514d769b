"""A bag, validated by bagit-python, which is not ours."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import bagit
import pytest
from case_fixtures import BY, Command, logged
from exchange_fixtures import a_case, write_records
from PIL import Image
from report_fixtures import draw_photo, record_of

from serialscan.case.read import read_record
from serialscan.errors import ExitCode


def photos_of(bag: Path) -> list[dict[str, str]]:
    with (bag / "data" / "photos.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_a_bag_of_a_case_is_valid_and_whole(command: Command, tmp_path: Path) -> None:
    path, photos, _ = a_case(tmp_path)
    done = command("export", path, "--format", "bagit", "-o", "bag", "--gps", *BY)
    assert done.code == ExitCode.OK, done.err
    bag = bagit.Bag(str(tmp_path / "bag"))
    bag.validate()
    assert (bag.version, set(bag.algorithms)) == ("1.0", {"sha256", "sha512"})
    data = tmp_path / "bag" / "data"
    assert {one.name for one in data.iterdir()} == {
        "decisions.ndjson", "items.csv", "items.csv-metadata.json", "items.jsonld", "ledger.head", "photos",
        "photos.csv", "records.ndjson", "report.html", "schema.json", "verify.py",
    }  # fmt: skip
    for photo in photos:
        copied = data / "photos" / f"{photo.source.sha256}.jpg"
        assert copied.read_bytes() == Path(photo.source.path).read_bytes()
    assert [row["path"] for row in photos_of(tmp_path / "bag")] == [one.source.path for one in photos]
    assert len([read_record(line) for line in (data / "records.ndjson").read_bytes().splitlines()]) == 6
    decisions = list(map(json.loads, (data / "decisions.ndjson").read_text("utf-8").splitlines()))
    assert [one["value"] for one in decisions] == ["AB7001", "FN HERSTAL", None]
    tags = hashlib.sha256((tmp_path / "bag" / "tagmanifest-sha256.txt").read_bytes()).hexdigest()
    assert tags in json.dumps(logged(command, path)[-1])
    checked = subprocess.run(
        [sys.executable, data / "verify.py", path, "--head", data / "ledger.head"],
        capture_output=True,
        check=False,
    )
    assert checked.returncode == ExitCode.OK, checked.stderr
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


@pytest.mark.parametrize("name", ["data/records.ndjson", "data/report.html", "bag-info.txt"])
def test_a_changed_file_makes_a_bag_invalid(command: Command, tmp_path: Path, name: str) -> None:
    photo = tmp_path / "a.jpg"
    draw_photo(photo, 1)
    write_records(tmp_path / "records.ndjson", record_of(photo, 1))
    command("export", "records.ndjson", "--format", "bagit", "-o", "bag")
    assert bagit.Bag(str(tmp_path / "bag")).is_valid()
    data = (tmp_path / "bag" / name).read_bytes()
    (tmp_path / "bag" / name).write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
    assert not bagit.Bag(str(tmp_path / "bag")).is_valid()


def test_names_that_break_readers_stand_in_the_table_only(command: Command, tmp_path: Path) -> None:
    names = ["a%0Ab.jpg", "two\nlines.jpg", "=1+1.jpg", " space .jpg", 'ü,".jpg', "..jpg", "%2e%2e.jpg"]
    records = []
    for number, name in enumerate(names):
        draw_photo(tmp_path / "photos" / name, number)
        records.append(record_of(tmp_path / "photos" / name, number))
    write_records(tmp_path / "records.ndjson", *records)
    done = command("export", "records.ndjson", "--format", "bagit", "-o", "bag")
    assert done.code == ExitCode.OK, done.err
    bagit.Bag(str(tmp_path / "bag")).validate()
    assert [Path(row["path"]).name for row in photos_of(tmp_path / "bag")] == names
    payload = [path.relative_to(tmp_path / "bag").as_posix() for path in (tmp_path / "bag").rglob("*")]
    assert all(re.fullmatch(r"[a-z0-9./-]+", path) for path in payload)
    assert sum(path.startswith("data/photos/") for path in payload) == len(names)


def test_places_stay_out_of_a_bag_unless_they_are_asked_for(command: Command, tmp_path: Path) -> None:
    path, photos, _ = a_case(tmp_path)
    command("case", "transfer", path, "--from", "A", "--to", "B", "--place", "Gate 4", *BY)
    located = tmp_path / "located.jpg"
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (34.0, 31.0, 30.0), 3: "E", 4: (69.0, 10.0, 42.0)})
    Image.new("RGB", (99, 99), (9, 9, 9)).save(located, exif=exif)
    write_records(tmp_path / "records.ndjson", record_of(located, 9), *photos[:1])
    command("export", path, "--format", "bagit", "-o", "bag", *BY)
    command("export", "records.ndjson", "--format", "bagit", "-o", "other")
    for bag in ("bag", "other"):
        bagit.Bag(str(tmp_path / bag)).validate()
        for file in (tmp_path / bag).rglob("*"):
            assert not file.is_file() or not re.search(b"34\\.52|69\\.17|Kabul|Gate 4", file.read_bytes()), (
                file
            )
    left_out, copied = photos_of(tmp_path / "other")
    assert (left_out["payload"], "--gps" in left_out["not_here_because"]) == ("", True)
    assert copied["payload"].endswith(f"{photos[0].source.sha256}.jpg") and not copied["not_here_because"]
    command("export", "records.ndjson", "--format", "bagit", "-o", "with", "--gps")
    assert all(row["payload"] for row in photos_of(tmp_path / "with"))


def test_what_is_not_as_it_was_read_is_named_and_left_out(command: Command, tmp_path: Path) -> None:
    path, photos, _ = a_case(tmp_path)
    Path(photos[0].source.path).write_bytes(b"another file")
    Path(photos[1].source.path).unlink()
    done = command("export", path, "--format", "bagit", "-o", "bag", *BY)
    assert done.code == ExitCode.OK and "IMG_0000.jpg is not in the bag" in done.err
    bagit.Bag(str(tmp_path / "bag")).validate()
    assert [bool(row["payload"]) for row in photos_of(tmp_path / "bag")] == [False, False, True, True, True]


def test_photos_can_be_named_instead_of_copied(command: Command, tmp_path: Path) -> None:
    path, photos, _ = a_case(tmp_path)
    done = command("export", path, "--format", "bagit", "-o", "b", "--photos-url", "https://x.org/e", *BY)
    assert done.code == ExitCode.OK, done.err
    bag = bagit.Bag(str(tmp_path / "b"))
    assert not bag.is_valid()  # a bag is whole once its photos were fetched
    entries = list(bag.fetch_entries())
    assert [entry[0] for entry in entries] == [f"https://x.org/e/{one.source.sha256}.jpg" for one in photos]
    for (_, size, name), photo in zip(entries, photos, strict=True):
        content = Path(photo.source.path).read_bytes()
        assert int(size) == len(content)
        (tmp_path / "b" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "b" / name).write_bytes(content)
    bagit.Bag(str(tmp_path / "b")).validate()
    assert command("export", path, "--format", "bagit", "-o", "c", "--photos-url", "a b", *BY).code == 2
