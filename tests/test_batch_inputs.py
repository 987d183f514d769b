from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serialscan.batch import Input, Selection, Skipped, Why, walk
from serialscan.batch.inputs import expanded
from serialscan.errors import InputError


def names(selection: Selection) -> list[str]:
    return [item.path for item in walk(selection, Skipped())]


def make(folder: Path, *files: str) -> None:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def below(folder: Path, selection: Selection) -> list[str]:
    return [Path(name).relative_to(folder).as_posix() for name in names(selection)]


def test_a_folder_gives_its_photos_by_name_and_counts_the_rest(tmp_path: Path) -> None:
    make(
        tmp_path,
        "b.JPG",
        "a.png",
        "notes.txt",
        "._b.JPG",
        ".hidden.jpg",
        "Thumbs.db",
        "desktop.ini",
        "sub/c.jpg",
    )
    skipped = Skipped()
    found = list(walk(Selection((str(tmp_path),)), skipped))
    assert [Path(item.path).name for item in found] == ["a.png", "b.JPG"]
    assert skipped.counts == {Why.HIDDEN: 4, Why.OTHER: 1, Why.FOLDER: 1}


# The first bytes of real files of each kind, without an image's suffix.
HEADS = {
    "photo.MPO": b"\xff\xd8\xff\xe1", "IMG_0001": b"\x89PNG\r\n\x1a\n", "x.avif": b"\0\0\0\x1cftypavif",
    "odd.dat": b"\0\0\0\x18ftypmp42\0\0\0\0mif1heic", "x.jp2": b"\0\0\0\x0cjP  \r\n\x87\n",
    "x.jxl": b"\xff\x0a", "scan.pgm": b"P5\n8 8\n255\n", "x.psd": b"8BPS\0\1",
}  # fmt: skip
NO_IMAGES = {
    Why.ARCHIVE: {
        "a.zip": b"PK\3\4", "b": b"\x1f\x8b\x08", "c.tar": bytes(257) + b"ustar\0",
        "d.E01": b"EVF\t\r\n\xff\0",
    },
    Why.DOCUMENT: {
        "e.pdf": b"%PDF-1.7", "f": b"junk\n%PDF-1.4", "g.msg": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    },
    Why.VIDEO: {
        "h.mp4": b"\0\0\0\x18ftypisom\0\0\0\0isom", "i.mov": b"\0\0\0\x08wide", "j": b"RIFF0000AVI LIST",
        "k.ts": (b"G" + bytes(187)) * 6,
    },
    Why.OTHER: {
        "l.txt": b"A1", "m": b"", "n.csv": b"photo,item\n", "o.wav": b"RIFF0000WAVEfmt ",
        "p.bin": bytes(2000),
    },
}  # fmt: skip


def test_what_has_no_image_suffix_is_looked_into_and_what_is_no_image_is_named(tmp_path: Path) -> None:
    for name, head in {
        **HEADS,
        **{name: head for kind in NO_IMAGES.values() for name, head in kind.items()},
    }.items():
        (tmp_path / name).write_bytes(head)
    told: dict[str, Why] = {}
    skipped = Skipped(tell=lambda path, why: told.update({Path(path).name: why}))
    found = {Path(item.path).name for item in walk(Selection((str(tmp_path),)), skipped)}
    assert found == set(HEADS)
    assert told == {name: why for why, kind in NO_IMAGES.items() for name in kind}
    assert skipped.counts == {why: len(kind) for why, kind in NO_IMAGES.items()}


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_what_cannot_be_looked_into_gets_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "closed")
    (tmp_path / "closed").chmod(0)

    def refuse(*arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # root may read all
    assert below(tmp_path, Selection((str(tmp_path),))) == ["closed"]


def test_recursion_enters_folders_after_their_parents_files(tmp_path: Path) -> None:
    make(tmp_path, "z.jpg", "a/2.jpg", "a/1.jpg", "a/deep/er/x.jpg", "b/y.jpg", ".git/no.jpg")
    skipped = Skipped()
    found = [item.path for item in walk(Selection((str(tmp_path),), recursive=True), skipped)]
    assert [Path(name).relative_to(tmp_path).as_posix() for name in found] == [
        "z.jpg", "a/1.jpg", "a/2.jpg", "a/deep/er/x.jpg", "b/y.jpg",
    ]  # fmt: skip
    assert skipped.counts == {Why.HIDDEN: 1}


def test_include_takes_other_suffixes_and_exclude_prunes_folders(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.DAT", "c.dat", "copies/d.jpg", "keep/e.jpg", "keep/raw/f.jpg")
    whole = str(tmp_path)
    assert below(tmp_path, Selection((whole,), include=("*.dat",))) == ["b.DAT", "c.dat"]
    excluding = Selection((whole,), recursive=True, exclude=("Copies", "keep/raw/*"))
    assert below(tmp_path, excluding) == ["a.jpg", "keep/e.jpg"]
    as_completed = Selection((whole,), recursive=True, exclude=("copies/", "./keep/raw/"))
    assert below(tmp_path, as_completed) == ["a.jpg", "keep/e.jpg"]


def test_a_named_file_is_always_an_input_and_may_come_twice(tmp_path: Path) -> None:
    make(tmp_path, ".hidden.jpg", "notes.txt")
    paths = (str(tmp_path / "notes.txt"), str(tmp_path / ".hidden.jpg"), str(tmp_path / "gone"))
    assert names(Selection((*paths, paths[0]), include=("*.png",), exclude=("*",))) == [*paths, paths[0]]


def test_the_walk_is_lazy_and_tells_of_a_folder_it_cannot_list(tmp_path: Path) -> None:
    make(tmp_path, "first.jpg", "sub/second.jpg")
    found = walk(Selection((str(tmp_path),), recursive=True), Skipped())
    assert Path(next(found).path).name == "first.jpg"
    (tmp_path / "sub" / "second.jpg").unlink()
    (tmp_path / "sub").rmdir()
    (lost,) = found
    assert Path(lost.path).name == "sub"
    assert lost.problem is not None and lost.problem[0] == "unreadable_folder"


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_links_do_not_leave_the_tree_and_cannot_loop(tmp_path: Path) -> None:
    make(tmp_path, "outside/secret.jpg", "in/a.jpg")
    folder = tmp_path / "in"
    (folder / "loop").symlink_to(folder)
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / "secret.jpg").symlink_to(tmp_path / "outside" / "secret.jpg")
    (folder / "same.jpg").symlink_to("a.jpg")
    (folder / "dangling.jpg").symlink_to("nothing")
    skipped = Skipped()
    found = [Path(item.path).name for item in walk(Selection((str(folder),), recursive=True), skipped)]
    assert found == ["a.jpg", "dangling.jpg", "same.jpg"]
    assert skipped.counts == {Why.LINK: 3}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_in_a_folder_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "link.jpg").symlink_to("pipe.jpg")
    skipped = Skipped()
    assert list(walk(Selection((str(tmp_path),)), skipped)) == []
    assert skipped.counts == {Why.SPECIAL: 2}


def test_the_output_is_no_input(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "records.ndjson")
    output = tmp_path / "records.ndjson"
    assert below(tmp_path, Selection((str(tmp_path),), include=("*",), output=output)) == ["a.jpg"]
    (named,) = walk(Selection((str(output),), output=output), Skipped())
    assert named.problem is not None and named.problem[0] == "is_output"


def test_globs_are_expanded_where_the_shell_does_not(tmp_path: Path) -> None:
    make(tmp_path, "b.jpg", "a.jpg", "c.png", "[1].jpg")
    pattern = str(tmp_path / "*.jpg")
    assert [Path(name).name for name in expanded([pattern])] == ["[1].jpg", "a.jpg", "b.jpg"]
    literal, missing = str(tmp_path / "[1].jpg"), str(tmp_path / "*.bmp")
    assert list(expanded([literal, missing])) == [literal, missing]
    make(tmp_path, "deep/er/d.jpg")
    assert [Path(name).name for name in expanded([str(tmp_path / "**" / "d.jpg")])] == ["d.jpg"]


@given(
    st.lists(st.binary(min_size=1).map(lambda name: b"gone" + name.replace(b"\0", b"") + b"!"), max_size=20)
)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.skipif(sys.platform == "win32", reason="names are text on Windows")
def test_any_name_passes_through_a_nul_separated_list(tmp_path: Path, raw: list[bytes]) -> None:
    listing = tmp_path / "list"
    listing.write_bytes(b"\0".join(raw))
    found = names(Selection((), files_from=str(listing), null=True))
    assert [os.fsencode(name) for name in found] == raw


def test_a_list_from_windows_and_one_without_a_last_line_end(tmp_path: Path) -> None:
    listing = tmp_path / "list.txt"
    listing.write_bytes("\ufeffgöne 1.jpg\r\n\r\ngone 2.jpg".encode())
    assert names(Selection((), files_from=str(listing))) == ["göne 1.jpg", "gone 2.jpg"]


def test_lists_longer_than_one_read(tmp_path: Path) -> None:
    listing = tmp_path / "list.txt"
    expected = [f"gone/{number:06}.jpg" for number in range(20_000)]
    listing.write_text("\n".join(expected), encoding="utf-8")
    assert names(Selection((), files_from=str(listing))) == expected


def test_a_list_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        names(Selection((), files_from=str(tmp_path / "missing")))
    (tmp_path / "list").write_text("a.jpg", encoding="utf-16")
    with pytest.raises(InputError, match="UTF-8"):
        names(Selection((), files_from=str(tmp_path / "list")))


@pytest.mark.parametrize("null", [False, True])
def test_a_list_that_is_none_ends_soon(tmp_path: Path, null: bool) -> None:
    (tmp_path / "list").write_bytes(b"x" * 30_000_000)
    with pytest.raises(InputError, match="bytes without a"):
        names(Selection((), files_from=str(tmp_path / "list"), null=null))
    if sys.platform != "win32":
        with pytest.raises(InputError, match="device"):
            names(Selection((), files_from="/dev/zero", null=null))
        assert names(Selection((), files_from="/dev/null", null=null)) == []


def test_standard_input_and_an_empty_name() -> None:
    stdin, empty = walk(Selection(("-", "")), Skipped())
    assert stdin == Input("-", stdin=True)
    assert empty.problem is not None
