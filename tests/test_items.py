"""Items: marks fused over photos, conflicts between them, and what is missing for a trace."""

from __future__ import annotations

import random
import string
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from serialscan.batch import items as batch
from serialscan.batch.task import Fusion, Input
from serialscan.items import MOST_PHOTOS, Grouping, fuse, scan_item
from serialscan.items.fuse import Strand, fuse_lines, posterior
from serialscan.marking import load_knowledge, read_marks
from serialscan.marking.iuid import with_message
from serialscan.record import (
    Alternative,
    Code,
    End,
    Error,
    Glyph,
    ItemRecord,
    Line,
    PhotoRecord,
    Source,
    Tool,
    any_from_json,
    to_json,
)

KNOWLEDGE = load_knowledge()
TOOL = Tool(name="serialscan", version="0", settings_digest="0")
QUIET = End(more=0.01, hidden=0.01)
Doubt = dict[int, dict[str, float]]


def line(
    number: int, text: str, doubts: Doubt | None = None, *, left: float = 300.0, sure: float = 0.995
) -> Line:
    """A line of a photo; ``doubts`` are the characters that may stand at a place."""
    glyphs = []
    for place, char in enumerate(text):
        votes = (doubts or {}).get(place, {char: sure})
        others = tuple(Alternative(char=c, confidence=p) for c, p in votes.items() if c != char)
        glyphs.append(Glyph(char=char, confidence=votes[char], alternatives=others))
    confidence = 1.0
    for glyph in glyphs:
        confidence *= glyph.confidence
    top, right = 100.0 * number, left + 30.0 * len(text)
    return Line(
        id=f"L{number}", text=text, confidence=confidence, characters=tuple(glyphs), glyph_height_px=40.0,
        polygon=((left, top), (right, top), (right, top + 40), (left, top + 40)), ends=(QUIET, QUIET),
    )  # fmt: skip


def photo(name: str, *lines: Line | str, codes: tuple[Code, ...] = ()) -> PhotoRecord:
    numbered = [line(i, one) if isinstance(one, str) else one for i, one in enumerate(lines, 1)]
    marks, serial = read_marks(numbered, codes, KNOWLEDGE)
    source = Source(path=name, sha256=name.encode().hex().ljust(64, "0"), width=2000, height=1500)
    return PhotoRecord(
        status="ok", tool=TOOL, source=source, lines=tuple(numbered), codes=codes, marks=marks, serial=serial
    )


def failed(name: str) -> PhotoRecord:
    error = Error(code="truncated", message="the file ends early")
    return PhotoRecord(status="error", tool=TOOL, source=Source(path=name), error=error)


def code(*fields: str) -> Code:
    data = "[)>\x1e06\x1d" + "\x1d".join(fields) + "\x1e\x04"
    box = ((900.0, 900.0), (990.0, 900.0), (990.0, 990.0), (900.0, 990.0))
    return with_message(
        Code(id="C1", symbology="DataMatrix", text=data, bytes_hex=data.encode().hex(), polygon=box)
    )


def item(*records: PhotoRecord, **case: tuple[str, ...]) -> ItemRecord:
    record = scan_item("item", records, KNOWLEDGE, case)
    assert any_from_json(to_json(record)) == record
    return record


def warned(record: ItemRecord) -> set[str]:
    return {warning.code for warning in record.warnings}


def test_three_mediocre_photos_give_one_good_reading() -> None:
    """Each photo alone is wrong in one place; none shares its mistake with another."""
    photos = [
        photo("a.jpg", line(1, "SER NO W128456", {10: {"8": 0.6, "3": 0.4}})),
        photo("b.jpg", line(1, "SER NO W173456", {10: {"3": 0.9, "8": 0.1}, 9: {"7": 0.55, "2": 0.45}})),
        photo("c.jpg", line(1, "SER NO W123466", {12: {"6": 0.6, "5": 0.4}})),
    ]
    assert [record.serial.value for record in photos] == ["W128456", "W173456", "W123466"]
    fused = item(*photos)
    assert fused.serial.value == "W123456"
    assert fused.serial.confidence > max(record.serial.confidence for record in photos)
    assert [seen.photo for seen in fused.serial.evidence] == ["a.jpg", "b.jpg", "c.jpg"]
    assert [seen.raw for seen in fused.serial.evidence] == [r.lines[0].text for r in photos]
    assert "8" in {other.char for other in fused.serial.characters[3].alternatives}


def test_a_copy_of_a_photo_is_no_further_evidence() -> None:
    one = photo("a.jpg", line(1, "SER NO W128456", {10: {"8": 0.6, "3": 0.4}}))
    copy = msgspec.structs.replace(one, source=msgspec.structs.replace(one.source, path="b.jpg"))
    alone, together = item(one), item(one, copy, copy)
    assert together.serial.confidence == alone.serial.confidence
    assert together.serial.characters == alone.serial.characters
    assert [seen.photo for seen in together.serial.evidence] == ["a.jpg"]
    assert [seen.path for seen in together.photos] == ["a.jpg", "b.jpg", "b.jpg"]
    assert "copies" in warned(together) and "copies" not in warned(alone)


def test_one_bad_photo_has_no_veto_and_is_named() -> None:
    sure_and_wrong = photo("bad.jpg", line(1, "SERIAL W723456", sure=0.9999))
    fused = item(photo("a.jpg", "SERIAL W123456"), sure_and_wrong, photo("c.jpg", "SERIAL W123456"))
    assert (fused.serial.value, fused.serial.status) == ("W123456", "conflict")
    (conflict,) = fused.conflicts
    assert conflict.field == "serial"
    assert conflict.values[1].value == "W723456"
    assert [seen.photo for seen in conflict.values[1].evidence] == ["bad.jpg"]
    assert "bad.jpg" in conflict.message and "W723456" in conflict.message


def test_photos_that_contradict_each_other_leave_the_place_open() -> None:
    fused = item(photo("a.jpg", "SERIAL W123456"), photo("b.jpg", "SERIAL W723456"))
    assert fused.serial.value == "W?23456"
    glyph = fused.serial.characters[1]
    assert {glyph.char, *(other.char for other in glyph.alternatives)} == {"1", "7"}
    assert fused.serial.status == "conflict"
    assert {value.value for conflict in fused.conflicts for value in conflict.values} >= {"W723456"}


def test_what_a_photo_cuts_off_another_one_shows() -> None:
    cut = line(1, "SER NO U16984", left=2000 - 30 * 13 - 10)
    fused = item(photo("a.jpg", cut), photo("b.jpg", "SER NO U169847"))
    assert fused.serial.value == "U169847"
    assert fused.serial.status == "readable"
    assert [seen.raw for seen in fused.serial.evidence] == ["SER NO U16984", "SER NO U169847"]


def test_a_short_number_is_not_completed_by_a_longer_one() -> None:
    """1019 is a whole serial, not the end of the part number in the other photo."""
    fused = item(photo("a.jpg", "SERIAL NO. 1019"), photo("b.jpg", "P/N 99131019"))
    assert fused.serial.value == "1019"
    assert {number.value for number in fused.other_numbers} == {"99131019"}


def test_two_weapons_in_one_folder_are_noticed_and_not_merged() -> None:
    fused = item(
        photo("a.jpg", "M4 CARBINE", "CAL 5.56MM", "SERIAL W274567"), photo("b.jpg", "M249", "SER NO 863073"),
        photo("c.jpg", "M4 CARBINE", "SERIAL W274567"),
    )  # fmt: skip
    assert "two_items" in warned(fused)
    assert fused.serial.status == "conflict"
    serials = next(conflict for conflict in fused.conflicts if conflict.field == "serial")
    assert {value.value: {seen.photo for seen in value.evidence} for value in serials.values} == {
        "W274567": {"a.jpg", "c.jpg"}, "863073": {"b.jpg"},
    }  # fmt: skip


def test_equal_labels_do_not_make_two_serials_one() -> None:
    fused = item(photo("a.jpg", "SER NO U169847"), photo("b.jpg", "SER NO U164322"))
    assert "two_items" in warned(fused)
    both = [one for one in fused.serial.candidates if "which looks like it" not in one.rule]
    assert {candidate.value for candidate in both} == {"U169847", "U164322"}


def test_neighbouring_serials_in_one_photo_stay_apart() -> None:
    fused = item(photo("a.jpg", "SERIAL W123456", "SERIAL W123457"), photo("b.jpg", "SERIAL W123456"))
    assert {candidate.value for candidate in fused.serial.candidates} >= {"W123456", "W123457"}
    assert fused.serial.status == "conflict"
    evidence = {c.value: [seen.photo for seen in c.evidence] for c in fused.serial.candidates}
    assert evidence["W123457"] == ["a.jpg"]
    assert evidence["W123456"] == ["a.jpg", "b.jpg"]


def test_a_code_that_names_the_same_serial_agrees_and_another_is_a_conflict() -> None:
    good = code("17V1ABC5", "1P12002820", "SW123456")
    fused = item(photo("a.jpg", "SERIAL W123456"), photo("b.jpg", codes=(good,)))
    assert fused.serial.code == "agrees"
    assert fused.uii is not None and fused.uii.value == "D1ABC512002820W123456"
    assert [(seen.photo, seen.id) for seen in fused.uii.evidence] == [("b.jpg", "C1")]
    moved = code("17V1ABC5", "1P12002820", "SW999999")
    fused = item(photo("a.jpg", "SERIAL W123456"), photo("b.jpg", codes=(moved,)))
    assert (fused.serial.code, fused.serial.status) == ("disagrees", "conflict")
    assert {"W123456", "W999999"} <= {v.value for c in fused.conflicts for v in c.values}
    assert item(photo("a.jpg", "SERIAL W123456")).serial.code == "not_seen"


def test_failed_photos_are_named_and_the_others_stand() -> None:
    fused = item(failed("a.jpg"), photo("b.jpg", "SERIAL W123456"))
    assert (fused.status, fused.serial.value, fused.error) == ("incomplete", "W123456", None)
    assert [(one.path, one.status, one.error) for one in fused.photos] == [
        ("a.jpg", "error", "truncated"), ("b.jpg", "ok", None),
    ]  # fmt: skip
    assert "photos_failed" in warned(fused)
    nothing = item(failed("a.jpg"), failed("b.jpg"))
    assert nothing.status == "error"
    assert nothing.error is not None and nothing.error.code == "no_photo_read"


def test_fields_come_from_different_photos_each_with_its_evidence() -> None:
    fused = item(
        photo("left.jpg", "COLT FIREARMS DIVISION", "HARTFORD, CONN. U.S.A.", "M4 CARBINE"),
        photo("right.jpg", "CAL 5.56 MM", "PROPERTY OF U.S. GOVT.", "SERIAL W274567"),
    )
    assert fused.manufacturer_marked is not None and fused.manufacturer_marked.row == "colt"
    assert fused.model is not None and fused.model.evidence[0].photo == "left.jpg"
    assert fused.calibre is not None and fused.calibre.evidence[0].photo == "right.jpg"
    assert fused.country_of_manufacture is not None and fused.country_of_manufacture.row == "USA"
    assert fused.item_class[0].value == "carbine"
    assert fused.property_marks and fused.manufacturer_assessed
    assert fused.serial.value == "W274567"
    assert (fused.missing, fused.conflicts, fused.warnings) == ((), (), ())


def test_what_is_missing_says_which_form_asks_and_what_to_photograph() -> None:
    fused = item(photo("a.jpg", "M4 CARBINE"))
    missing = {one.field: one for one in fused.missing}
    assert list(missing) == ["serial", "manufacturer_marked", "calibre", "country_of_manufacture"]
    assert "ATF 3312.1 5a" in missing["serial"].asked_by
    assert all("photograph" in one.message for one in fused.missing)


def test_an_importer_is_missing_only_for_what_was_made_outside_the_usa() -> None:
    def asked(*lines: str) -> bool:
        return "importer" in {one.field for one in item(photo("a.jpg", *lines)).missing}

    assert asked("MADE IN CHINA", "SERIAL 1234567")
    assert not asked("HARTFORD, CONN. U.S.A.", "SERIAL W274567")


@pytest.mark.parametrize(
    ("mark", "parts"),
    [
        ("ACME ARMS, RENO, NV", ("ACME ARMS", "RENO", "NV", None, None)),
        ("ACME ARMS, RENO, NEV. U.S.A.", ("ACME ARMS", "RENO", "NV", "USA", None)),
        ("ACME ARMS RENO NV 1987", ("ACME ARMS RENO", None, "NV", None, "1987")),
        ("A.B.C. CO., ALBANY, N.Y.", ("A.B.C. CO", "ALBANY", "NY", None, None)),
        ("ACME GEORGIA VT", ("ACME GEORGIA", None, "VT", None, None)),
        ("ACME GMBH, ULM, GERMANY", ("ACME GMBH", "ULM", None, "DEU", None)),
        ("ACME", ("ACME", None, None, None, None)),
        ("NAVY ARMS CO.", ("NAVY ARMS CO", None, None, None, None)),
        ("NAVY ARMS CO 1994", ("NAVY ARMS CO", None, None, None, "1994")),
        ("NAVY ARMS CO. USA", ("NAVY ARMS CO", None, None, "USA", None)),
        ("ACME IND", ("ACME IND", None, None, None, None)),
        ("NAVY ARMS, CO", ("NAVY ARMS", None, "CO", None, None)),
        ("ACME ARMS CO., DENVER, CO 1994", ("ACME ARMS CO", "DENVER", "CO", None, "1994")),
        ("ACME IND., GARY, IND.", ("ACME IND", "GARY", "IN", None, None)),
        ("ACME ARMS DENVER COLO", ("ACME ARMS DENVER", None, "CO", None, None)),
    ],
)
def test_an_import_mark_has_the_parts_that_it_tells_apart(mark: str, parts: tuple[str | None, ...]) -> None:
    fused = item(photo("a.jpg", "MADE IN CHINA", f"IMPORTED BY {mark}"))
    assert fused.importer is not None and fused.importer.importer is not None
    assert fused.importer.raw == f"IMPORTED BY {mark}"
    assert msgspec.structs.astuple(fused.importer.importer) == parts


def test_optics_need_no_calibre() -> None:
    sight = item(photo("a.jpg", "AN/PVS-14", "NSN 5855-01-432-0524", "SER NO 633786"))
    assert sight.nsn is not None and sight.nsn.match_key == "5855014320524"
    assert "calibre" not in {one.field for one in sight.missing}


def test_a_partly_legible_serial_is_still_asked_for() -> None:
    doubtful = line(1, "SERIAL W123456", {9: {"2": 0.4, "7": 0.38, "Z": 0.22}})
    fused = item(photo("a.jpg", doubtful))
    assert (fused.serial.value, fused.serial.status) == ("W1?3456", "partial")
    assert next(one for one in fused.missing if one.field == "serial").message.startswith("the serial is not")


def test_case_fields_are_passed_on_and_contradictions_named() -> None:
    fused = item(photo("a.jpg", "M4"), exhibit=("E-1",), place=("Kabul", "Herat"), type=("rifle",))
    assert fused.case == {"exhibit": "E-1", "place": "Kabul", "type": "rifle"}
    (conflict,) = [one for one in fused.conflicts if one.field.startswith("case.")]
    assert conflict.field == "case.place" and "Herat" in conflict.message


def test_the_order_of_photos_does_not_change_the_serial() -> None:
    photos = [
        photo("a.jpg", line(1, "SER NO W128456", {10: {"8": 0.6, "3": 0.4}})),
        photo("b.jpg", line(1, "W123456", {1: {"1": 0.7, "7": 0.3}})),
        photo("c.jpg", "SER NO W123456"),
    ]
    first = item(*photos)
    for order in ((0, 2, 1), (1, 0, 2), (2, 1, 0)):
        other = item(*(photos[i] for i in order))
        assert (other.serial.value, other.serial.confidence) == (first.serial.value, first.serial.confidence)


def test_a_character_that_one_photo_lost_is_not_lost() -> None:
    fused = item(photo("a.jpg", "S/N 8463110"), photo("b.jpg", line(1, "S/N 846310", sure=0.97)))
    assert fused.serial.value == "8463110"
    assert fused.serial.confidence < photo("a.jpg", "S/N 8463110").serial.confidence


def test_the_number_that_more_photos_take_for_the_serial_comes_first() -> None:
    part, serial = "1386724", "9269317"
    fused = item(photo("a.jpg", part), photo("b.jpg", serial), photo("c.jpg", serial))
    assert fused.serial.value == serial
    assert [candidate.value for candidate in fused.serial.candidates] == [serial, part]


def test_a_photo_alone_keeps_its_reading() -> None:
    alone = photo("a.jpg", line(1, "SERIAL W123456", {9: {"2": 0.7, "7": 0.3}}), "M4 CARBINE")
    fused = item(alone)
    assert fused.serial.value == alone.serial.value
    assert fused.serial.confidence == pytest.approx(alone.serial.confidence, abs=1e-3)


def test_a_sure_line_outweighs_a_poor_one_that_is_sure_of_one_character() -> None:
    poor = {n: {c: 0.35, "X": 0.3} for n, c in enumerate("W123456")} | {3: {"8": 0.97}}
    sure = {3: {"3": 0.9, "8": 0.1}}
    networks = fuse_lines([Strand(0, line(1, "W123456", sure)), Strand(1, line(1, "W128456", poor))])
    assert [network.text for network in networks] == ["W123456"]


@pytest.mark.parametrize("doubtful", [0, 5])
def test_a_character_that_is_rather_none_parts_no_mark(doubtful: int) -> None:
    text = "X45678" if doubtful == 0 else "45678X"
    unsure = line(1, text, {doubtful: {"X": 0.4, "": 0.6}})
    networks = fuse_lines([Strand(0, line(1, "45678")), Strand(1, unsure)])
    assert [network.text for network in networks] == ["45678"]


TEXT = st.text(string.ascii_uppercase + string.digits + " -./№Й", max_size=12)


@given(
    st.lists(st.dictionaries(st.sampled_from(["", "A", "B", "8"]), st.floats(0, 1), min_size=1), min_size=1)
)
def test_a_posterior_is_a_distribution(votes: list[dict[str, float]]) -> None:
    proper = [{c: p / max(1.0, sum(vote.values())) for c, p in vote.items()} for vote in votes]
    fused = posterior(proper)
    assert all(0.0 <= p <= 1.0 for p in fused.values())
    assert sum(fused.values()) <= 1.0 + 1e-9
    assert set(fused) == {char for vote in proper for char in vote}
    assert posterior(proper[::-1]) == pytest.approx(fused)
    assert posterior(proper, [0.5] * len(proper)).keys() == fused.keys()


@given(st.lists(st.lists(TEXT, max_size=4), min_size=1, max_size=4))
@examples(max_examples=40)
def test_any_lines_make_a_record_and_every_line_is_in_one_network(pages: list[list[str]]) -> None:
    records = [photo(f"{n}.jpg", *texts) for n, texts in enumerate(pages)]
    fused = item(*records)
    assert len(fused.photos) == len(pages)
    strands = [Strand(n, one) for n, record in enumerate(records) for one in record.lines if one.text]
    found = [strand for network in fuse_lines(strands) for strand in network.strands()]
    assert sorted(map(id, found)) == sorted(map(id, strands))


def test_a_photo_of_a_serial_twice_counts_and_hides_nothing() -> None:
    fused = item(photo("a.jpg", "SERIAL W123456", "W123456"))
    assert fused.serial.value == "W123456"
    assert {seen.id for seen in fused.serial.evidence} == {"L1", "L2"}


def test_a_folder_of_hundreds_of_photos_is_not_taken_for_one_item() -> None:
    inputs = [Input(f"all/{n}.jpg") for n in range(MOST_PHOTOS + 1)]
    *read, fusion = batch.with_fusions(inputs, batch.plan_items(inputs, Grouping("folder")))
    assert isinstance(fusion, Fusion) and all(isinstance(one, Input) and one.crowded for one in read)
    shown = photo("all/0.jpg", "SERIAL W123456")
    kept = [batch.light(shown, one) for one in read if isinstance(one, Input)]
    assert all(not one.lines for one in kept)
    last = batch.fuse(fusion, kept, KNOWLEDGE, tracebacks=False)
    assert last.status == "error" and len(last.photos) == len(inputs)
    assert last.error is not None and last.error.code == "too_many_photos"


def numbers(photos: int) -> list[Strand]:
    """Five lines of two numbers on each photo, none like another."""
    chance = random.Random(1)
    texts = ["".join(chance.choices(string.digits, k=7)) for _ in range(10 * photos)]
    return [
        Strand(number // 5, line(number % 5, f"{one} {other}"))
        for number, (one, other) in enumerate(zip(texts[::2], texts[1::2], strict=True))
    ]


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[tuple[Any, ...]]:
    """The arguments of all calls of a function of `fuse` from here on."""
    calls: list[tuple[Any, ...]] = []
    whole = getattr(fuse, name)

    def counting(*arguments: Any) -> Any:
        calls.append(arguments)
        return whole(*arguments)

    monkeypatch.setattr(fuse, name, counting)
    return calls


def test_the_work_for_unlike_numbers_has_a_bound_however_many_photos_show_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fuse, "_MOST_WORK", 300_000)
    aligned = counted(monkeypatch, "_align")
    assert len(fuse_lines(numbers(10))) == 50, "ten photos are well within it"
    for photos in (30, 60):
        aligned.clear()
        with pytest.raises(fuse.TooManyLines):
            fuse_lines(numbers(photos))
        assert sum(len(network.columns) * len(strand.places) for network, strand in aligned) < 300_000


def test_a_photo_more_of_one_item_costs_as_much_as_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def votes_asked(photos: int) -> int:
        """How often the probability of a character is taken from a photo's vote."""
        doubtful = {7: {"W": 0.7, "V": 0.2}, 9: {"7": 0.8, "1": 0.1}}
        asked = counted(monkeypatch, "_floored")
        (network,) = fuse_lines([Strand(n, line(1, "SERIAL W274567", doubtful)) for n in range(photos)])
        assert network.text == "SERIAL W274567"
        return len(asked)

    few, many = votes_asked(20), votes_asked(40)
    assert many < 2.2 * few


def test_a_line_longer_than_any_mark_stays_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    page = " ".join(["1234567"] * 60)
    aligned = counted(monkeypatch, "_align")
    networks = fuse_lines([Strand(photo, line(number, page)) for photo in (0, 1) for number in (1, 2)])
    assert [network.text for network in networks] == [page] * 4
    assert not aligned


def alike(one: PhotoRecord, count: int) -> list[PhotoRecord]:
    """Other photos that show the same."""
    return [
        msgspec.structs.replace(
            one, source=msgspec.structs.replace(one.source, path=f"{n}.jpg", sha256=f"{n:064x}")
        )
        for n in range(count)
    ]


def test_photos_with_more_lines_than_can_be_compared_are_named_and_not_fused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fuse, "_MOST_WORK", 20_000)
    one = photo("a.jpg", *[f"SERIAL {n}23456{n}" for n in range(1, 6)])
    fused = item(*alike(one, 20), exhibit=("E-1",))
    assert fused.status == "error" and fused.error is not None and fused.error.code == "too_many_photos"
    assert "100 lines" in fused.error.message and "check --items" in fused.error.message
    assert [(shown.path, shown.serial) for shown in fused.photos] == [
        (f"{n}.jpg", one.serial.value) for n in range(20)
    ]
    assert fused.case == {"exhibit": "E-1"}


def test_photos_with_more_text_than_an_item_can_bear_are_not_fused() -> None:
    one = photo("a.jpg", "SERIAL W274567")
    page = msgspec.structs.replace(one, lines=(line(1, "1234567 " * 100),))
    assert item(*alike(page, 2)).error is None
    fused = item(*alike(page, MOST_PHOTOS))
    assert fused.error is not None and fused.error.code == "too_many_photos"


def test_many_photos_of_one_item_all_count() -> None:
    lines = [
        "COLT FIREARMS DIVISION",
        "M4 CARBINE",
        "CAL 5.56 MM",
        "PROPERTY OF U.S. GOVT.",
        "SERIAL W274567",
    ]
    fused = item(*alike(photo("a.jpg", *lines), 40))
    assert fused.serial.value == "W274567" and len(fused.serial.evidence) == 40


@pytest.mark.parametrize(("page", "serials"), [(1, ["92662"]), (2, ["92662", "2662"])])
def test_only_on_the_first_page_is_it_known_what_the_photo_cuts_off(page: int, serials: list[str]) -> None:
    """Beyond the edge of page 1 more may stand; the size of a second page is not in the record."""
    scan = photo("a.tif", msgspec.structs.replace(line(8, "2662", left=1000.0), page=page))
    small = msgspec.structs.replace(scan.source, width=600, height=400)
    fused = item(msgspec.structs.replace(scan, source=small), photo("b.jpg", "92662"))
    assert [candidate.value for candidate in fused.serial.candidates] == serials
    assert {seen.raw for seen in fused.serial.evidence} == ({"92662"} if page == 2 else {"92662", "2662"})


def test_a_label_that_one_photo_cuts_is_read_from_the_photo_that_shows_all_of_it() -> None:
    whole, cut = photo("a.jpg", "9043326", "PART NO 11824108"), photo("b.jpg", "9043326", "NO 11824108")
    fused = item(whole, cut)
    assert fused.serial.value == "9043326", "a part number, though one photo shows only NO of its label"


def test_a_sure_character_is_not_outvoted_by_a_photo_that_may_have_lost_it() -> None:
    clear = photo("a.jpg", "SER NO U98481")
    blurred = photo("b.jpg", line(1, "SER NO UP8481", {8: {"P": 0.38, "": 0.4, "3": 0.07, "N": 0.02}}))
    fused = item(clear, blurred)
    assert fused.serial.candidates[0].value == "U98481"
