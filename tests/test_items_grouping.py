"""Which photo belongs to which item, and tables that people write in spreadsheets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serialscan.errors import SettingsError
from serialscan.items import Grouping, make_plan, table_photos
from serialscan.items.grouping import NAME_PATTERN, compile_pattern, read_table


def names(*paths: str, pattern: str = NAME_PATTERN) -> list[str | None]:
    return list(make_plan(paths, Grouping("name", pattern)).items)


def table(folder: Path, text: str | bytes, *photos: str) -> Path:
    for photo in photos:
        (folder / photo).parent.mkdir(parents=True, exist_ok=True)
        (folder / photo).write_bytes(b"photo")
    path = folder / "items.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_each_folder_is_an_item() -> None:
    paths = ["one/a.jpg", "one/b.jpg", "two/a.jpg", "c.jpg", "one/deep/d.jpg", "two/", None]
    assert list(make_plan(paths, Grouping("folder")).items) == [
        "one", "one", "two", ".", "one/deep", "two", None,
    ]  # fmt: skip


def test_a_folder_is_one_item_however_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = ["in/a.jpg", "./in/b.jpg", str(tmp_path / "in" / "c.jpg"), "in/../in/d.jpg"]
    assert list(make_plan(paths, Grouping("folder")).items) == ["in"] * 4
    assert names("A_1.jpg", "./A_2.jpg", str(tmp_path / "A_3.jpg")) == ["A"] * 3


def test_names_share_the_stem_before_the_last_separator() -> None:
    assert names("ITEM_01.jpg", "ITEM-front.jpg", "ITEM 3.jpg", "ITEM.jpg") == ["ITEM"] * 4
    assert names("E-17_left.jpg", "E-17_right.jpg", "E-18_left.jpg") == ["E-17", "E-17", "E-18"]
    assert names("one/A_1.jpg", "two/A_1.jpg") == ["one/A", "two/A"]


def test_a_pattern_of_ones_own_and_photos_that_it_does_not_fit() -> None:
    assert names("x17a.jpg", "x17b.jpg", "cover.jpg", pattern=r"(x\d+)") == ["x17", "x17", None]
    assert names("x\n17_a.jpg", "x\n17_b.jpg", pattern="(.+)_") == ["x\n17"] * 2


@pytest.mark.parametrize(("pattern", "advice"), [("(", "no regular expression"), (r"\d+", "no group")])
def test_a_bad_pattern_is_refused(pattern: str, advice: str) -> None:
    with pytest.raises(SettingsError, match=advice):
        compile_pattern(pattern)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tables_as_spreadsheets_write_them(tmp_path: Path, separator: str, start: str, end: str) -> None:
    rows = [["Photo", "Item", "Exhibit number", "Place"], ["in/a.jpg", "R1", "E-1", "Кабул"],
            ["in/b.jpg", "R1", "E-1", "Кабул"], ["c d.jpg", "R2", "", '"x"']]  # fmt: skip
    rows[3][3] = '"a ""b"""'
    text = start + end.join(separator.join(row) for row in rows) + end + end
    path = table(tmp_path, text, "in/a.jpg", "in/b.jpg", "c d.jpg")
    photos = table_photos(path)
    assert [Path(photo).relative_to(tmp_path).as_posix() for photo in photos] == [
        "in/a.jpg",
        "in/b.jpg",
        "c d.jpg",
    ]
    plan = make_plan([photos[2], photos[0], photos[1]], Grouping(str(path)))
    assert plan.items == ("R2", "R1", "R1")
    assert plan.case == {
        "R1": {"Exhibit number": ("E-1",), "Place": ("Кабул",)}, "R2": {"Place": ('a "b"',)},
    }  # fmt: skip


def test_a_table_of_a_spreadsheet_that_names_its_separator(tmp_path: Path) -> None:
    path = table(tmp_path, "sep=;\nphoto;item\na.jpg;R,1\n", "a.jpg")
    assert [(row.item, row.number) for row in read_table(path)] == [("R,1", 3)]


def test_paths_of_a_table_are_found_however_the_photos_were_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table(tmp_path, "photo,item\nin/a.jpg,R1\nin\\b.jpg,R1\n", "in/a.jpg", "in/b.jpg")
    monkeypatch.chdir(tmp_path / "in")
    assert make_plan(["a.jpg", "../in/b.jpg"], Grouping(str(path))).items == ("R1", "R1")


def test_values_that_differ_between_the_rows_of_an_item_are_all_kept(tmp_path: Path) -> None:
    path = table(tmp_path, "photo,item,place\na.jpg,R1,Kabul\nb.jpg,R1,Herat\n", "a.jpg", "b.jpg")
    assert make_plan(table_photos(path), Grouping(str(path))).case == {"R1": {"place": ("Kabul", "Herat")}}


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        (b"", "needs one column 'photo'"),
        (b"file,item\na.jpg,R1\n", "needs one column 'photo'.*file, item"),
        (b"photo\na.jpg\n", "needs one column 'item'"),
        (b"photo,item,item\n", "needs one column 'item'"),
        (b"photo,item,Place,place\na.jpg,R1,Kabul,Herat\n", "two columns 'Place'"),
        (b"photo,item,Seal,Seal\na.jpg,R1,S-1,S-2\n", "two columns 'Seal'"),
        (b"photo,item\na.jpg\n", "line 2: has no item"),
        (b"photo,item\n,R1\n", "line 2: has no photo"),
        (b"photo,item\na.jpg,R1,extra\n", "line 2: has more cells"),
        (b'photo,item\n"a.jpg,R1\n', "check the quotes"),
        (b"photo,item\na.jpg,R1\n./a.jpg,R2\n", "lines 2 and 3: .* belongs to two items, R1 and R2"),
        (b"photo,item\nb.jpg,R1\n", "line 2: b.jpg: it is not among the photos read"),
        (b"photo,item\na.jpg,R\xfc\n", "not UTF-8"),
        ("photo,item\na.jpg,R1\n".encode("utf-16"), "not UTF-8"),
    ],
)
def test_a_bad_table_is_refused_with_its_line(tmp_path: Path, text: bytes, advice: str) -> None:
    path = table(tmp_path, text, "a.jpg", "b.jpg")
    with pytest.raises(SettingsError, match=advice) as raised:
        make_plan([str(tmp_path / "a.jpg")], Grouping(str(path)))
    assert str(path) in str(raised.value)


def test_a_photo_that_is_not_there_is_an_input_all_the_same(tmp_path: Path) -> None:
    path = table(tmp_path, "photo,item\na.jpg,R1\nnone.jpg,R1\nnul\0.jpg,R2\n", "a.jpg")
    plan = make_plan([str(tmp_path / "a.jpg"), "other.jpg"], Grouping(str(path)))
    assert plan.items == ("R1", None, "R1", "R2")
    assert plan.missing == (str(tmp_path / "none.jpg"), str(tmp_path / "nul\0.jpg"))


def test_cells_without_a_heading_are_kept(tmp_path: Path) -> None:
    path = table(tmp_path, "photo,item,,\na.jpg,R1,Kabul,\na.jpg,R1,,sealed\n", "a.jpg")
    assert make_plan(table_photos(path), Grouping(str(path))).case == {
        "R1": {"column 3": ("Kabul",), "column 4": ("sealed",)}
    }


def test_large_tables_are_read(tmp_path: Path) -> None:
    """Of 50 000 rows with one item, and of 50 000 columns: in squares of these it would never end."""
    rows = table(tmp_path, "photo,item,note\n" + "".join(f"{n}.jpg,R1,{n}\n" for n in range(50_000)))
    plan = make_plan([], Grouping(str(rows)))
    assert len(plan.missing) == len(plan.case["R1"]["note"]) == 50_000
    columns = table(tmp_path, "photo,item" + "".join(f",c{n}" for n in range(50_000)) + "\na.jpg,R1\n")
    assert [row.item for row in read_table(columns)] == ["R1"]


@pytest.mark.skipif(os.name != "posix", reason="devices of POSIX")
def test_a_table_that_never_ends_is_refused() -> None:
    with pytest.raises(SettingsError, match="more than 64 MiB"):
        read_table(Path("/dev/zero"))


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        table_photos(tmp_path / "none.csv")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"photo,item,case\n" + data)
    try:
        rows = read_table(path)
    except SettingsError as error:
        assert str(path) in str(error)
    else:
        assert all(row.photo and row.item for row in rows)


@given(st.text(max_size=30).filter(lambda name: "/" not in name and "\\" not in name))
def test_any_name_has_an_item_or_none(name: str) -> None:
    (item,) = names(name.encode("utf-8", "replace").decode())
    assert item is None or item
