from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collections.abc import Sequence

from serialscan.marking import load_knowledge, match_key, read_marks
from serialscan.marking.iuid import with_message
from serialscan.record import Code, Glyph, Line, Mark, SerialReading


def choose_serial(lines: Sequence[Line], codes: Sequence[Code]) -> tuple[tuple[Mark, ...], SerialReading]:
    return read_marks(lines, codes, load_knowledge())


def line(number: int, text: str, *, sure: float = 0.99, unsure: dict[int, float] | None = None) -> Line:
    glyphs = tuple(Glyph(char=c, confidence=(unsure or {}).get(i, sure)) for i, c in enumerate(text))
    box = (
        (0.0, 50.0 * number),
        (400.0, 50.0 * number),
        (400.0, 50.0 * number + 40),
        (0.0, 50.0 * number + 40),
    )
    return Line(id=f"L{number}", text=text, confidence=0.9, polygon=box, characters=glyphs)


def chosen(*texts: str) -> str | None:
    return choose_serial([line(i, text) for i, text in enumerate(texts, start=1)], [])[1].value


def test_the_labelled_number_is_chosen_before_all_others() -> None:
    assert chosen("M249", "NSN 1005-01-127-7510", "P/N 11826186", "SER. NO. 863073", "5.56 MM") == "863073"
    assert chosen("COLT M4 CARBINE", "S/N W274567") == "W274567"
    assert chosen("AN/PVS-14", "SERIAL N0: 437475", "CONTRACT W91CRB-05-D-0055") == "437475"
    assert chosen("1969", "№ 4821") == "4821"


def test_a_label_alone_points_to_the_line_below() -> None:
    mark, serial = choose_serial([line(1, "SERIAL NO"), line(2, "11 82630"), line(3, "9346487")], [])
    assert serial.value == "11 82630" or serial.candidates[0].value in ("11 82630", "82630")
    assert "L1" in mark[0].evidence and "L2" in mark[0].evidence


def test_without_a_label_the_shape_decides_and_rivals_are_shown() -> None:
    _, serial = choose_serial(
        [line(1, "M16A1"), line(2, "CAL 5.56 MM"), line(3, "2888089"), line(4, "1968")], []
    )
    assert serial.value == "2888089"
    assert serial.decision == "review"
    assert serial.status == "readable"


def test_han_characters_do_not_stick_to_the_number() -> None:
    assert chosen("五六式3481252") == "3481252"


def test_an_undecided_character_is_a_question_mark_and_raw_stays() -> None:
    marks, serial = choose_serial([line(1, "S/N W12345", unsure={6: 0.4})], [])
    assert serial.value == "W1?345"
    assert serial.status == "partial"
    assert serial.candidates[0].value == "W12345"
    assert marks[0].raw == "S/N W12345"


def test_a_code_and_a_line_that_agree_support_each_other() -> None:
    message = b"[)>\x1e06\x1d17V13567\x1d1P80063\x1dS437475\x1e\x04"
    code = with_message(
        Code(id="C1", symbology="DataMatrix", text=message.decode(), bytes_hex=message.hex(), polygon=())
    )
    _, alone = choose_serial([line(1, "12002820"), line(2, "S/N 437475")], [])
    _, both = choose_serial([line(1, "12002820"), line(2, "S/N 437475")], [code])
    assert both.value == "437475"
    assert set(both.candidates[0].evidence) == {"C1", "L2"}
    assert both.confidence > alone.confidence


def test_two_labelled_serials_are_a_conflict_and_both_stand() -> None:
    _, serial = choose_serial([line(1, "SER NO 863073"), line(2, "SER NO 863078")], [])
    assert serial.status == "conflict"
    assert {c.value for c in serial.candidates} == {"863073", "863078"}


def test_words_and_empty_photos_have_no_serial() -> None:
    for texts in ((), ("REMINGTON",), ("MADE IN U.S.A.",), ("COMPM4",)):
        marks, serial = choose_serial([line(i, t) for i, t in enumerate(texts)], [])
        assert not [mark for mark in marks if mark.kind == "serial"] and serial.value is None
        assert (serial.status, serial.decision) == ("not_found", "none")


@given(st.lists(st.text(max_size=40), max_size=6))
def test_no_text_raises_and_nothing_is_invented(texts: list[str]) -> None:
    marks, serial = choose_serial([line(i, t) for i, t in enumerate(texts)], [])
    assert serial.decision in ("review", "none")
    if serial.value is not None:
        assert any(serial.candidates[0].value in t for t in texts)
        assert [mark.kind for mark in marks].count("serial") == 1


@given(st.text(max_size=30))
def test_match_key_is_stable(text: str) -> None:
    assert match_key(match_key(text)) == match_key(text)


def test_match_key_follows_ncic() -> None:
    assert match_key("w-12 O45") == "W12045"
