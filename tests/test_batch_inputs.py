from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serialscan.batch import Input, Selection, Skipped, walk
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
    assert skipped == Skipped(hidden=4, other=1, folders=1)


def test_recursion_enters_folders_after_their_parents_files(tmp_path: Path) -> None:
    make(tmp_path, "z.jpg", "a/2.jpg", "a/1.jpg", "a/deep/er/x.jpg", "b/y.jpg", ".git/no.jpg")
    skipped = Skipped()
    found = [item.path for item in walk(Selection((str(tmp_path),), recursive=True), skipped)]
    assert [Path(name).relative_to(tmp_path).as_posix() for name in found] == [
        "z.jpg", "a/1.jpg", "a/2.jpg", "a/deep/er/x.jpg", "b/y.jpg",
    ]  # fmt: skip
    assert skipped == Skipped(hidden=1)


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
    assert skipped == Skipped(links=3)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_in_a_folder_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "link.jpg").symlink_to("pipe.jpg")
    skipped = Skipped()
    assert list(walk(Selection((str(tmp_path),)), skipped)) == []
    assert skipped == Skipped(other=2)


def test_the_output_is_no_input(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "records.ndjson")
    output = tmp_path / "records.ndjson"
    assert below(tmp_path, Selection((str(tmp_path),), include=("*",), output=output)) == ["a.jpg"]
    (named,) = walk(Selection((str(output),), output=output), Skipped())
    assert named.problem is not None and named.problem[0] == "is_output"


def test_globs_are_expanded_where_the_shell_does_not(tmp_path: Path) -> None:
    make(tmp_path, "b.jpg", "a.jpg", "c.png", "[1].jpg")
    pattern = str(tmp_path / "*.jpg")
    expanded = below(tmp_path, Selection((pattern,), expand_globs=True))
    assert expanded == ["[1].jpg", "a.jpg", "b.jpg"]
    assert names(Selection((pattern,), expand_globs=False)) == [pattern]
    literal = str(tmp_path / "[1].jpg")
    assert names(Selection((literal,), expand_globs=True)) == [literal]
    missing = str(tmp_path / "*.bmp")
    assert names(Selection((missing,), expand_globs=True)) == [missing]


@given(
    st.lists(st.binary(min_size=1).map(lambda name: b"gone" + name.replace(b"\0", b"") + b"!"), max_size=20)
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def test_standard_input_and_an_empty_name() -> None:
    stdin, empty = walk(Selection(("-", "")), Skipped())
    assert stdin == Input("-", stdin=True)
    assert empty.problem is not None
