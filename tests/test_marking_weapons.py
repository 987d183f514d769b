"""Marks of whole weapons: numbers that stand twice, letters of one look, words beside the number."""

from __future__ import annotations

import pytest

from serialscan.marking import decide, load_knowledge, read_marks
from serialscan.record import Alternative, End, Glyph, Line, SerialReading

KNOWLEDGE = load_knowledge()
QUIET = End(more=0.01, hidden=0.01)


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
    assert decide(reading, 0.0).decision == "review"


def test_the_readers_own_latin_letter_goes_before_one_of_like_strokes() -> None:
    reading = serial("MADE IN GERMANY", line(2, "CГ120M04995", other={1: ("F", 0.3)}))
    assert reading.value == "CF120M04995"


def test_letters_that_both_scripts_share_mix_with_cyrillic_ones() -> None:
    reading = serial("1974Г", "KД2857")  # K as Latin readers write it
    assert reading.value == "KД2857"
    assert "mixed_scripts" not in codes(reading, "KД2857")


def test_a_cyrillic_number_on_a_cyrillic_item_stays_cyrillic() -> None:
    assert serial("ЗАВОД ИЖМАШ", "ГИ48213").value == "ГИ48213"
