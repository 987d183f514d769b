from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import Program
from hypothesis import given, settings
from hypothesis import strategies as st

from serialscan.cli import main
from serialscan.errors import SettingsError
from serialscan.marking import decide, load_knowledge, read_marks
from serialscan.marking.propose import as_toml, propose
from serialscan.record import End, Line, PhotoRecord, Source, Tool

PART = "195-30-1285"


def photo(*texts: str, sure: float = 0.9) -> PhotoRecord:
    """The record of a photo of which these lines were read."""
    lines = tuple(
        Line(id=f"L{i}", text=text, confidence=sure, polygon=()) for i, text in enumerate(texts, start=1)
    )
    marks, serial = read_marks(lines, [], load_knowledge())
    tool = Tool(name="serialscan", version="0", settings_digest="")
    return PhotoRecord(
        status="ok", tool=tool, source=Source(path="x.jpg"), lines=lines, marks=marks, serial=serial
    )


def proposed(photos: Iterable[PhotoRecord], tmp_path: Path) -> tuple[str, str]:
    """The file that the records propose, and its path."""
    text = as_toml(*propose(photos), "0")
    path = tmp_path / "proposed.toml"
    path.write_text(text, encoding="utf-8")
    return text, str(path)


def decision(texts: tuple[str, ...], path: str) -> str:
    quiet = End(more=0.01, hidden=0.01)
    lines = [
        Line(id=f"L{i}", text=text, confidence=0.95, polygon=(), ends=(quiet, quiet))
        for i, text in enumerate(texts)
    ]
    return decide(read_marks(lines, [], load_knowledge(path))[1], 0.9).decision


def test_what_differs_beside_what_recurs_is_proposed_and_then_accepted_there_only(tmp_path: Path) -> None:
    photos = [photo(PART, str(number)) for number in range(2662, 2674) for _ in range(2)]
    photos += [photo("AM116.05.02.200", "908951") for _ in range(20)]
    text, path = proposed(photos, tmp_path)
    assert text.count("[[shape]]") == 1
    assert 'regex = "[0-9]{4}"' in text and f'beside = "{PART}"' in text
    assert "24 of 44 photos show such a number, 12 different ones, none in more than 2" in text
    assert main(["knowledge", "test", path]) == 0
    assert decision((PART, "7001"), path) == "accept"
    assert decision(("AM116.05.02.200", "7001"), path) == "review", "the part number is another one"
    assert decision((PART + "E", "7001"), path) == "accept", "a grain read for a letter more"
    assert decision(("7001",), path) == "review"
    assert decision((PART, "P/N 7001"), path) == "review", "a label says what it is"


def test_without_anything_beside_it_nearly_all_photos_must_show_such_a_number(tmp_path: Path) -> None:
    numbers = [photo(f"W{number}") for number in range(274567, 274577)]
    text, path = proposed([*numbers, photo("SAFE")], tmp_path)
    assert 'regex = "W[0-9]{6}"' in text and "beside" not in text
    assert decision(("W301122",), path) == "accept" and decision(("V301122",), path) == "review"
    text, _ = proposed([*numbers, *[photo("SAFE")] * 10], tmp_path)
    assert "[[shape]]" not in text


def test_two_numbers_that_differ_together_are_left_to_a_person(tmp_path: Path) -> None:
    """A heat number differs from piece to piece, too: the photos do not say which is the serial."""
    photos = [photo(PART, str(2662 + i), str(908951 + 7 * i)) for i in range(12)]
    text, _ = proposed(photos, tmp_path)
    assert "[[shape]]" not in text
    assert "# Not proposed: [0-9]{4}" in text and "[0-9]{6} differs as much beside it" in text


@pytest.mark.parametrize(
    "photos",
    [
        [photo(PART, "2662")] * 20,  # the same number everywhere: a part, or one piece
        [photo(PART, str(2662 + i)) for i in range(7)],  # too few
        [photo(PART, str(2662 + i), sure=0.3) for i in range(20)],  # misread, for all that is known
        [photo(PART, str(2662 + 2 * i), str(2663 + 2 * i)) for i in range(20)],  # which of the two?
        [photo(PART, f"2662 {i}") for i in range(1, 21)],  # a part of another number
        [msgspec.structs.replace(photo(PART, str(2662 + i)), status="error") for i in range(20)],
        [],
    ],
)
def test_nothing_is_proposed_that_the_photos_do_not_show(photos: list[PhotoRecord], tmp_path: Path) -> None:
    assert 'regex = "[0-9]{4}"' not in proposed(photos, tmp_path)[0]


def test_twice_the_photos_cost_twice_the_steps() -> None:
    photos = [photo(PART, f"W{274567 + i}") for i in range(320)]

    def steps(count: int) -> int:
        """Calls and returns of functions and generators."""
        events: list[str] = []
        before = sys.getprofile()
        sys.setprofile(lambda _frame, event, _argument: events.append(event))
        try:
            propose(photos[:count])
        finally:
            sys.setprofile(before)
        return len(events)

    assert steps(320) < 2.2 * steps(160)


def test_the_order_of_the_photos_changes_nothing(tmp_path: Path) -> None:
    photos = [photo(PART, str(2662 + i)) for i in range(12)] + [photo("M4", f"W27456{i}") for i in range(10)]
    assert proposed(photos, tmp_path) == proposed(photos[::-1], tmp_path)


@given(st.lists(st.lists(st.text(max_size=12), max_size=3), max_size=4), st.text("A0Я-./\\'\"é٣", min_size=4))
@settings(max_examples=20)  # each reads all that is known
def test_whatever_was_read_the_file_can_be_loaded(
    tmp_path_factory: pytest.TempPathFactory, texts: list[list[str]], word: str
) -> None:
    photos = [photo(*lines) for lines in texts] + [photo(word, f"{word}{i:04d}") for i in range(10)]
    _, path = proposed(photos, tmp_path_factory.mktemp("own"))
    load_knowledge(path)


def test_a_shape_beside_something_must_be_sure_and_bounded(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    for row, message in (
        ("beside = '[0-9]{3}'", "add sure = true"),
        ("sure = true\nbeside = '[0-9]+'", "no bound"),
        ("sure = true\nbeside = '('", "no regular expression"),
    ):
        path.write_text(f"[[shape]]\nid = \"x\"\nregex = '[0-9]{{4}}'\n{row}\n", encoding="utf-8")
        with pytest.raises(SettingsError, match=message):
            load_knowledge.__wrapped__(str(path))


def test_the_command_is_a_filter_and_overwrites_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], serialscan: Program
) -> None:
    records = b"".join(msgspec.json.encode(photo(PART, str(2662 + i))) + b"\n" for i in range(12))
    source, target = tmp_path / "records.ndjson", tmp_path / "ours.toml"
    source.write_bytes(records)
    assert main(["knowledge", "propose", str(source), "-o", str(target)]) == 0
    told = capsys.readouterr()
    assert told.out == "" and "1 proposed from 12 photos" in told.err
    before = target.read_bytes()
    assert main(["knowledge", "propose", str(source), "-o", str(target)]) == 5
    assert target.read_bytes() == before and "is there already" in capsys.readouterr().err
    done = serialscan("knowledge", "propose", "-", input=records)
    assert done.returncode == 0 and done.stdout == before


def test_too_few_photos_are_told_with_how_many_are_needed(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    source = tmp_path / "records.ndjson"
    source.write_bytes(b"".join(msgspec.json.encode(photo(PART, str(2662 + i))) + b"\n" for i in range(6)))
    done = command("knowledge", "propose", source, "-o", tmp_path / "ours.toml")
    assert done.code == 0 and "at least 8 photos" in done.err and "8 different numbers" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="file sizes are limited so only in POSIX")
def test_proposals_that_find_no_room_leave_no_half_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import resource

    source, target = tmp_path / "records.ndjson", tmp_path / "ours.toml"
    source.write_bytes(b"".join(msgspec.json.encode(photo(PART, str(2662 + i))) + b"\n" for i in range(12)))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        assert main(["knowledge", "propose", str(source), "-o", str(target)]) == 5
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "cannot be written" in capsys.readouterr().err
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "holds no record"), (b"{]\n", "line 1"), (None, "cannot be read")]
)
def test_what_is_no_file_of_records_is_told(
    tmp_path: Path, content: bytes | None, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "records.ndjson"
    if content is not None:
        source.write_bytes(content)
    assert main(["knowledge", "propose", str(source)]) == 4
    assert re.search(message, capsys.readouterr().err)
