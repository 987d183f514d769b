"""Marks of whole weapons: numbers that stand twice, letters of one look, words beside the number."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from serialscan.marking import decide, load_knowledge, parted_from_signs, read_marks
from serialscan.marking.words import finder_of
from serialscan.record import Alternative, End, Glyph, Line, Mark, SerialReading
from serialscan.record import Testimony as Said

KNOWLEDGE = load_knowledge()
QUIET = End(more=0.01, hidden=0.01)
PRINT = {
    word for name in ("common_words.txt", "print_words.txt")
    for word in (Path(__file__).parent / "data" / name).read_text("utf-8").split()
}  # fmt: skip


def line(
    number: int, text: str, *, sure: float = 0.99, other: dict[int, tuple[str, float]] | None = None,
    at: tuple[float, float] | None = None,
) -> Line:  # fmt: skip
    """A line of a stack, or at a place of its own; ``other`` is a character's alternative and its share."""
    doubts = other or {}
    glyphs = tuple(
        Glyph(char=c, confidence=1 - doubts[i][1],
              alternatives=(Alternative(char=doubts[i][0], confidence=doubts[i][1]),))
        if i in doubts else Glyph(char=c, confidence=sure)
        for i, c in enumerate(text)
    )  # fmt: skip
    x, y = at or (0.0, 50.0 * number)
    right = x + 28 * len(text)
    return Line(
        id=f"L{number}", text=text, confidence=0.95, characters=glyphs, glyph_height_px=40.0,
        polygon=((x, y), (right, y), (right, y + 40), (x, y + 40)), ends=(QUIET, QUIET),
    )  # fmt: skip


def serial(*lines: Line | str) -> SerialReading:
    made = [line(i, one) if isinstance(one, str) else one for i, one in enumerate(lines, start=1)]
    return read_marks(made, [], KNOWLEDGE)[1]


def codes(reading: SerialReading, value: str) -> set[str]:
    return {r.code for c in reading.candidates if c.value == value for r in c.reasons}


def test_a_number_that_stands_twice_on_an_item_is_named_and_left_to_a_person() -> None:
    once = serial(line(1, "QXRF4", at=(0, 0)))
    twice = serial(line(1, "QXRF4", at=(0, 0)), line(2, "QXRF4", at=(900, 700)))
    assert once.value is None
    assert twice.value == "QXRF4"
    assert decide(twice, 0.0).decision == "review"


def test_a_mark_that_two_lines_read_does_not_stand_twice() -> None:
    reading = serial(line(1, "QXRF4", at=(0, 0)), line(2, "QXRF4", at=(3, 4)))
    assert reading.value is None
    assert "repeated" not in codes(reading, "QXRF4")


def test_standing_twice_alone_never_accepts_a_number() -> None:
    """A part number on the part and on its box stands twice, too."""
    reading = serial(line(1, "4471882", at=(0, 0)), line(2, "4471882", at=(900, 700)))
    assert reading.candidates[0].choice is not None and reading.candidates[0].choice > 0.9
    assert decide(reading, 0.0).decision == "review"


def test_what_is_accepted_for_other_reasons_stays_so_where_it_stands_twice() -> None:
    reading = serial(line(1, "S/N W274567", at=(0, 0)), line(2, "W274567", at=(900, 700)))
    assert decide(reading, 0.8).decision == "accept"


def test_a_row_of_teeth_is_no_number_that_stands_twice() -> None:
    assert serial(line(1, "444444444", at=(0, 0)), line(2, "444444444", at=(0, 700))).value is None


@pytest.mark.parametrize("text", ["144444444", "44444441"])
def test_a_row_of_teeth_with_one_other_character_is_no_number_either(text: str) -> None:
    assert serial(line(1, text, at=(0, 0))).value is None
    assert serial(line(1, text[:5] + "19", at=(0, 0))).value is not None


def test_a_short_piece_of_a_row_of_teeth_is_no_number() -> None:
    teeth, piece = line(1, "444444444", at=(0, 0)), line(2, "1444", at=(0, 70))
    assert serial(teeth, piece).value is None
    assert serial(line(1, "S/N 2444", at=(0, 70))).value == "2444"


def test_many_zeros_before_a_digit_are_a_number() -> None:
    assert serial(line(1, "00000001", at=(0, 0))).value == "00000001"


def test_the_small_letter_of_a_block_belongs_to_its_number() -> None:
    reading = serial("8412 d")
    assert reading.value == "8412 d"
    assert "block_letter" in codes(reading, "8412 d")
    assert serial("8412 mm").value != "8412 mm"


def test_a_proof_mark_beside_a_number_speaks_for_it_and_a_magazine_against_it() -> None:
    assert "proof_near" in codes(serial("NITRO PROOF", "AB48213"), "AB48213")
    assert "on_magazine" in codes(serial("30 RD MAGAZINE", "48213"), "48213")


def test_i_and_1_are_both_candidates_where_letters_meet_digits() -> None:
    doubtful = serial(line(1, "S/N GHI534", other={6: ("1", 0.45)}))
    assert [c.value for c in doubtful.candidates][:2] == ["GH1534", "GHI534"]
    assert decide(doubtful, 0.0).decision == "review"
    sure = serial("S/N GHI534")
    assert {"GH1534", "GHI534"} <= {c.value for c in sure.candidates}
    assert max(c.choice or 0 for c in sure.candidates) < 0.99


def test_a_digit_among_digits_that_nobody_doubts_has_no_other_reading() -> None:
    assert [c.value for c in serial("S/N 2210934").candidates] == ["2210934"]


@pytest.mark.parametrize("letter", ["Г", "Л", "И"])
def test_one_cyrillic_letter_in_a_latin_number_is_shown_both_ways_the_latin_one_first(letter: str) -> None:
    value = f"C{letter}F120M04995"
    reading = serial("MADE IN GERMANY", f"S/N {value}")
    values = [c.value for c in reading.candidates]
    assert value in values
    assert values.index(value) > 0
    assert values[0].isascii()
    assert reading.value == f"C?{value[2:]}"  # which Latin letter it is, nobody read
    assert decide(reading, 0.0).decision == "review"


def test_where_nothing_else_tells_the_script_both_readings_stand() -> None:
    values = [c.value for c in serial("CГI120M04995").candidates]
    assert {"CГI120M04995", "CTI120M04995"} <= set(values)


def test_the_readers_own_latin_letter_goes_before_one_of_like_strokes() -> None:
    reading = serial("MADE IN GERMANY", line(2, "CГ120M04995", other={1: ("F", 0.3)}))
    assert reading.value == "CF120M04995"


def test_letters_that_both_scripts_share_mix_with_cyrillic_ones() -> None:
    reading = serial("1974Г", "KД2857")  # K as Latin readers write it
    assert reading.value == "KД2857"
    assert "mixed_scripts" not in codes(reading, "KД2857")


def test_a_cyrillic_number_on_a_cyrillic_item_stays_cyrillic() -> None:
    assert serial("ЗАВОД ИЖМАШ", "ГИ48213").value == "ГИ48213"


# What is no mark, or no serial.


def marks(*lines: Line | str) -> tuple[Mark, ...]:
    made = [line(i, one) if isinstance(one, str) else one for i, one in enumerate(lines, start=1)]
    return read_marks(made, [], KNOWLEDGE)[0]


def values(kind: str, *lines: Line | str) -> list[str]:
    return [mark.value for mark in marks(*lines) if mark.kind == kind]


def test_a_word_that_is_only_like_a_model_is_none_beside_the_name_of_another_maker() -> None:
    assert values("model", "M19I1") == ["M1911"] or values("model", "M1911A1") == ["M1911A1"]
    for text in ("AKM5", "M16AI", "C0MPM4"):
        alone, beside = values("model", text), values("model", text, "MADE BY ATAK ARMS LTD.")
        assert beside == [] or beside == alone == [text]
    rows = {mark.row for mark in marks("ZORAKI R2", "Made by ATAK Arms") if mark.kind == "model"}
    assert rows <= {"zoraki"}


def test_letters_of_a_dial_are_no_selector() -> None:
    assert values("selector", "S", "F") == ["S", "F"]
    assert values("selector", "S") == []
    assert values("selector", "S", "E", "N", "W") == []
    assert values("selector", "D", "1", "2", "3", "L") == []
    assert values("selector", "SAFE", "FIRE") == ["SAFE", "FIRE"]


def test_a_number_close_to_a_mark_of_the_item_is_no_tags() -> None:
    assert values("evidence_tag", "NITRO PROOF", "24-306") == []
    assert values("evidence_tag", "NITRO PROOF", "EXHIBIT", "24-306") == ["24-306"]
    assert values("evidence_tag", "NITRO PROOF", line(2, "24-306", at=(900, 700))) == ["24-306"]


def test_a_number_of_the_marked_models_shape_is_named_but_may_be_a_tags_and_is_never_accepted() -> None:
    reading = serial("HECKLER & KOCH", "USP", "24-3061")
    assert reading.value == "24-3061"
    assert decide(reading, 0.0).decision == "review"


@pytest.mark.parametrize("text", ["f=40mm", "F = 40 mm", "f/40mm"])
def test_a_lens_is_no_calibre(text: str) -> None:
    assert values("calibre", text) == []


@pytest.mark.parametrize(
    "text", ["380 AUTO", ".357 MAGNUM", "12 GA", "9mmx19", "KAL. 9MMX19", ".40 S&W", "40 MM", "9x19"]
)
def test_calibres_of_pistols_revolvers_and_shotguns_are_known(text: str) -> None:
    assert values("calibre", text) == [text]


def test_the_word_for_several_calibres_before_a_number_is_none_of_its_letters() -> None:
    reading = serial("MULTI GH7234")
    assert reading.value == "GH7234"
    assert values("calibre", "MULTI GH7234") == ["MULTI"]
    assert values("calibre", "MULTI TOOL") == []


# Makers.


def test_a_name_is_not_like_another_by_the_word_that_many_names_have() -> None:
    assert values("manufacturer", "AEM-TECHNOLOGIES") == []
    assert values("manufacturer", "CHARTFR ARMS") == ["CHARTER ARMS"]


def test_many_makers_are_known_each_with_its_country_source_and_confidence() -> None:
    weapons = [row for row in KNOWLEDGE.makers.values() if not row.authority and row.numbers_pieces]
    assert len(weapons) >= 300
    assert all(row.source and row.confidence for row in weapons)
    assert sum(bool(row.names or row.weak) for row in weapons) >= 300
    assert all(row.country in KNOWLEDGE.countries for row in weapons)


def test_no_maker_is_seen_in_ordinary_print() -> None:
    """Words of print in a dozen languages: none names a maker, and none without other marks is one."""
    assert len(PRINT) >= 3000
    finder = finder_of(KNOWLEDGE)
    shown = {word.upper() for word in PRINT} | {word for word in PRINT if not word.isascii()}
    fired = {
        text for text in sorted(shown) for hit in finder.find(line(1, text)) for word in hit.words
        if word.table == "maker"
    }  # fmt: skip
    assert len(fired) < 20
    assert [text for text in sorted(fired) if values("manufacturer", text)] == []


@pytest.mark.parametrize(
    ("texts", "maker"),
    [(("LIK", "USP"), "hk"), (("JOCK", "17 Gen5"), "glock"), (("LOCK", "SMYRNA", "26 GEN 5"), "glock"),
     (("DEOTECH",), "eotech")],
)  # fmt: skip
def test_a_logo_that_is_misread_names_its_maker_where_the_item_supports_it(
    texts: tuple[str, ...], maker: str
) -> None:
    found = [mark for mark in marks(*texts) if mark.kind == "manufacturer"]
    assert [mark.row for mark in found] == [maker]
    assert texts[0] in found[0].rule
    assert found[0].raw == texts[0]


@pytest.mark.parametrize("text", ["LOCK", "CLOCK", "LIK", "JOCK"])
def test_a_word_like_a_logo_alone_names_nobody(text: str) -> None:
    assert values("manufacturer", text, "SAFE") == []


def with_doubt(text: str, at: int, nothing: float) -> Line:
    """A line with places of its characters, at one of which some views read nothing."""
    made = line(1, text, other={at: ("", nothing)})
    glyphs = (
        msgspec.structs.replace(glyph, polygon=((x, 0.0), (x + 28, 0.0), (x + 28, 40.0), (x, 40.0)))
        for x, glyph in zip(range(0, 28 * len(text), 28), made.characters, strict=True)
    )
    readers = (Said(name="relief/raw", text=text, confidence=0.6, reader="relief"),)
    return msgspec.structs.replace(made, characters=tuple(glyphs), readers=readers)


@pytest.mark.parametrize(
    ("text", "at", "name", "sign"),
    [
        ("DEOTech", 0, "EOTech", "D"),
        ("STEINERE", 7, "STEINER", "E"),
        ("O LEUPOLD", 0, "LEUPOLD", "O"),
        ("SMITH & WESSONB", 14, "SMITH & WESSON", "B"),
    ],
)
def test_a_name_is_parted_from_the_sign_beside_it(text: str, at: int, name: str, sign: str) -> None:
    other = line(2, "17 Gen5")
    read = with_doubt(text, at, 0.4)
    named, unchanged, letter = parted_from_signs([read, other], KNOWLEDGE)
    assert unchanged == other
    assert (named.id, named.text, letter.id, letter.text) == ("L1", name, "L3", sign)
    for part in (named, letter):  # each stands where its characters do, and nothing that was read is lost
        assert "".join(glyph.char for glyph in part.characters) == part.text
        xs = [x for glyph in part.characters for x, _ in glyph.polygon]
        assert (min(x for x, _ in part.polygon), max(x for x, _ in part.polygon)) == (min(xs), max(xs))
        assert part.readers == read.readers
    assert letter.characters[0].alternatives == read.characters[at].alternatives
    assert letter.confidence < 0.5 < named.confidence
    marks, _ = read_marks([named, unchanged, letter], [], KNOWLEDGE)
    assert [mark.evidence for mark in marks if mark.kind == "manufacturer"] == [("L1",)]


@pytest.mark.parametrize(
    ("text", "at", "nothing"),
    [
        ("DEOTech", 0, 0.1),  # all views read the letter
        ("SPICER", 0, 0.4),  # what is left names nobody
        ("P. BERETTA", 0, 0.4),  # the whole is a name
        ("9LEUPOLD7", 0, 0.4),
        ("START", 4, 0.4),  # so short a name is a part of other words
        ("KLEUPOLD 1", 0, 0.4),
    ],
)
def test_no_letter_is_taken_from_another_word(text: str, at: int, nothing: float) -> None:
    read = with_doubt(text, at, nothing)
    assert parted_from_signs([read], KNOWLEDGE) == (read,)


def test_no_ordinary_word_is_parted() -> None:
    ends = (with_doubt(word, at, 0.4) for word in sorted(PRINT) for at in (0, len(word) - 1))
    assert [one.text for one in ends if len(parted_from_signs([one], KNOWLEDGE)) > 1] == []


def test_a_column_and_a_line_without_places_stay_as_they_are() -> None:
    read = with_doubt("DEOTech", 0, 0.4)
    for one in (msgspec.structs.replace(read, stacked=True), msgspec.structs.replace(read, characters=())):
        assert parted_from_signs([one], KNOWLEDGE) == (one,)
