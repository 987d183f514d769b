from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import msgspec
import pytest
from conftest import assert_linear
from hypothesis import given
from hypothesis import strategies as st

from serialscan.marking import assess_maker, load_knowledge, read_marks
from serialscan.marking.candidates import sentence
from serialscan.marking.check import vin_agrees
from serialscan.marking.choose import decide
from serialscan.marking.classify import Read, classify
from serialscan.marking.iuid import with_message
from serialscan.marking.knowledge import Label
from serialscan.marking.words import finder_of
from serialscan.record import Alternative, Code, End, Glyph, Line, Mark, SerialReading

KNOWLEDGE = load_knowledge()
QUIET = End(more=0.01, hidden=0.01)  # nothing but surface is seen beyond an end


def line(
    number: int, text: str, *, sure: float = 0.99, unsure: dict[int, float] | None = None,
    at: tuple[float, float] | None = None, tall: float = 40.0, other: dict[int, str] | None = None,
) -> Line:  # fmt: skip
    """One line of a stack, 50 pixels under the one before, or at a place of its own."""
    glyphs = tuple(
        Glyph(
            char=c, confidence=(unsure or {}).get(i, sure),
            alternatives=(Alternative(char=(other or {})[i], confidence=0.3),) if i in (other or {}) else (),
        )
        for i, c in enumerate(text)
    )  # fmt: skip
    x, y = at or (0.0, 50.0 * number)
    right = x + 0.7 * tall * len(text)
    box = ((x, y), (right, y), (right, y + tall), (x, y + tall))
    return Line(
        id=f"L{number}", text=text, confidence=0.9, polygon=box, characters=glyphs, glyph_height_px=tall,
        ends=(QUIET, QUIET),
    )  # fmt: skip


def read(*texts: str) -> tuple[tuple[Mark, ...], SerialReading]:
    return read_marks([line(i, text) for i, text in enumerate(texts, start=1)], [], KNOWLEDGE)


def chosen(*texts: str) -> str | None:
    return read(*texts)[1].value


def marks_of(kind: str, *texts: str) -> list[Mark]:
    return [mark for mark in read(*texts)[0] if mark.kind == kind]


def code(message: bytes) -> Code:
    return with_message(
        Code(id="C1", symbology="DataMatrix", text=message.decode(), bytes_hex=message.hex(), polygon=())
    )


# The serial.


def test_the_labelled_number_is_chosen_before_all_others() -> None:
    assert chosen("M249", "NSN 1005-01-127-7510", "P/N 11826186", "SER. NO. 863073", "5.56 MM") == "863073"
    assert chosen("COLT M4 CARBINE", "S/N W274567") == "W274567"
    assert chosen("AN/PVS-14", "SERIAL N0: 437475", "CONTRACT W91CRB-05-D-0055") == "437475"
    assert chosen("1969", "№ 4821") == "4821"


@pytest.mark.parametrize(
    "label",
    [
        "SERIAL NO.",
        "SER NO",
        "SERIAL",
        "S/N",
        "SN",
        "5ER NO",
        "SERIAI NO",
        "НОМЕР",
        "番号",
        "編號",
        "رقم",
        "شماره",
        "NO.",
    ],
)
def test_labels_of_all_scripts_and_misread_ones_are_known(label: str) -> None:
    _, serial = read("7654321", f"{label} 123456", "8888888")
    assert serial.value == "123456"
    assert "label" in serial.candidates[0].rule
    assert serial.candidates[0].choice is not None and serial.candidates[0].choice > 0.7


@pytest.mark.parametrize(
    "number",
    ["W1004340", "050000", "000836", "10121943", "2604666", "348996", "290297", "12345678-AB123", "A 101568",
     "АБ1234", "ТЛ4921", "КО 27 3041", "RR12345A", "E6123456", "BE08041", "M9-123456", "0123456", "006743"],
)  # fmt: skip
def test_attested_serials_survive_as_they_are(number: str) -> None:
    for texts in ((number,), (f"SER NO {number}",), ("CAL 5.56 MM", number)):
        _, serial = read(*texts)
        assert serial.value == number
        assert serial.decision == "review"


def test_a_label_points_to_the_number_under_it_and_to_the_one_beside_it() -> None:
    marks, serial = read("SERIAL NO", "1182630", "9346487")
    assert serial.value == "1182630"
    assert marks[0].evidence == ("L2", "L1")
    beside = [line(1, "SER. NO.", at=(0, 0)), line(2, "863073", at=(300, 2)), line(3, "4711882", at=(0, 200))]
    marks, serial = read_marks(beside, [], KNOWLEDGE)
    assert serial.value == "863073" and set(marks[0].evidence) == {"L1", "L2"}
    assert "left of it" in serial.candidates[0].rule


def test_a_label_above_does_not_make_a_contract_number_a_serial() -> None:
    """The serial behind the label was not read; the form of the number under it says what that is."""
    _, serial = read("P/N 8283227", "S/N", "DAAE20-83")
    assert serial.value is None and serial.decision == "none"
    assert [m.value for m in marks_of("contract", "P/N 8283227", "S/N", "DAAE20-83")] == ["DAAE20-83"]
    assert read("S/N DAAE20-83")[1].value == "DAAE20-83"


def found(*lines: Line) -> Read:
    return classify(lines, KNOWLEDGE, finder_of(KNOWLEDGE))


def plate(*texts: str) -> list[Line]:
    return [line(i, text) for i, text in enumerate(texts, start=1)]


@pytest.mark.parametrize(
    ("texts", "serial"),
    [
        (("FABRIK-NR.447109", "BAUJAHR 1987"), "447109"),
        (("Waffen-Nr. 447109", "KAL. 7,92"), "447109"),
        (("NR FABR. 447109", "ROK PROD. 1987"), "447109"),
        (("VYR. C. 447109", "ROK 1987"), "447109"),
        (("VÝROBNÍ ČÍSLO: 447109", "ROK VÝROBY 1987", "HMOTNOST 3,6"), "447109"),
        (("TYP 7000", "N° DE SÉRIE 447109", "ANNÉE 1987"), "447109"),
        (("NÚMERO DE SERIE 447109", "AÑO DE FABRICACIÓN 1987"), "447109"),
        (("MATRICOLA N. 447109", "ANNO 1987"), "447109"),
        (("SERİ NO: 447109", "İMALAT YILI 1987"), "447109"),
        (("3AB. No 447109", "ГOД BЫПУCKA 1987", "MACCA 36"), "447109"),  # З read as 3, the rest by look
        (("HOMEP И3ДEЛИЯ 447109", "ГOД BbIПYCKA 1986"), "447109"),  # as the networks read them
        (("HERSTELL N* 447109", "ГOДИHA ПPOИ3BOДHE 1988"), "447109"),
        (("ЗАВОДСЬКИЙ № 447109", "РІК ВИПУСКУ 1987"), "447109"),
        (("CEPИJCKИ БPOJ 447109", "ГОДИНА 1987"), "447109"),
        (("FAB. BR. 447109", "GODINA PROIZVODNJE 1987"), "447109"),
        (("ФАБР. № 447109", "ПАРТИДА № 12345"), "447109"),
        (("NR. DE SERIE 447109", "AN FABRICAŢIE 1987"), "447109"),
        (("GYARI SZAM 447109", "CIKKSZÁM 12345"), "447109"),
        (("شماره سریال 447109", "سال ساخت ۱۳۴۵"), "447109"),
        (("出厂编号 447109", "出厂日期 2015.11"), "447109"),
        (("ROK PRODUKCJI 1987", "NR KAT. 12345"), None),
        (("BAUJAHR 1987", "ZEICHNUNGS-NR. 12345", "AUFTRAGS-NR. 67890"), None),
        (("ГОД 1987", "ЧЕРТ. № 12345", "ПАРТИЯ 678"), None),
    ],
)
def test_plates_of_other_languages_name_their_serial_and_what_is_none(
    texts: tuple[str, ...], serial: str | None
) -> None:
    assert chosen(*texts) == serial


def _as_shown(name: str) -> set[str]:
    """A label word as plates write it and as readers that know no diacritics read it."""
    shown = {name.replace("№", sign) for sign in ("№", "No", "N°", "Nr")}
    plain = {
        "".join(c for c in unicodedata.normalize("NFD", s) if not unicodedata.combining(c)) for s in shown
    }
    look = str.maketrans("АВЕКМНОРСТУХІЅЈ", "ABEKMHOPCTYXISJ")
    shown |= plain | {s.translate(look) for s in plain}
    return shown | {s.replace(" ", "-") for s in shown} | {s.replace(" ", ". ") + "." for s in shown}


@pytest.mark.parametrize("row", KNOWLEDGE.labels.values(), ids=lambda row: row.id)
def test_a_label_word_is_found_with_and_without_dots_hyphens_and_diacritics(row: Label) -> None:
    lost = []
    for shown in sorted(form for name in (*row.names, *row.short) for form in _as_shown(name)):
        read = found(line(1, f"{shown} 123456"))
        kinds = {
            one.label.kind for one in read.labelled if read.lines[0].text[one.start : one.end] == "123456"
        }
        if row.kind not in kinds:
            lost.append(shown)
    assert lost == []


# Words of the list that are labels themselves, in English.
LABELS = """
batch cage case class contract date evidence exhibit expires heat imported item lot max min model part patent
phone produced rev revision serial tube volt volts weight zip
"""


def test_no_ordinary_word_is_taken_for_a_label() -> None:
    words = (Path(__file__).parent / "data" / "common_words.txt").read_text("utf-8").split()
    assert len(words) >= 2000
    finder = finder_of(KNOWLEDGE)
    fired = {
        text for text in words for hit in finder.find(line(1, text.upper())) for word in hit.words
        if word.table == "label" and word.use == "name"
    }  # fmt: skip
    assert fired == set(LABELS.split())


def test_no_name_of_a_maker_model_or_country_is_taken_for_a_label() -> None:
    finder = finder_of(KNOWLEDGE)
    rows = [
        row for table in ("maker", "model", "country", "phrase") for row in KNOWLEDGE.table(table).values()
    ]
    fired = [
        (text, word.text) for row in rows
        for text in (*getattr(row, "names", ()), *getattr(row, "weak", ()), *getattr(row, "places", ()))
        for hit in finder.find(line(1, text)) for word in hit.words
        if word.table == "label" and word.use == "name"
    ]  # fmt: skip
    assert fired == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("NOAK4471", {"NOAK4471", "AK4471"}),
        ("SN12345", {"SN12345", "12345"}),
        ("SERIAL NOAK4471", {"NOAK4471", "AK4471"}),
        ("SERIAL NO12345", {"NO12345", "12345"}),
        ("SERNO12345", {"SERNO12345", "12345"}),
        ("S/N12345", {"S/N12345", "12345"}),
        ("Fabrik-Nr12345", {"Fabrik-Nr12345", "12345"}),
    ],
)
def test_a_number_that_sticks_to_its_label_keeps_both_readings(text: str, values: set[str]) -> None:
    serial = read(text)[1]
    assert {c.value for c in serial.candidates} >= values


@pytest.mark.parametrize("text", ["SERIAL NOAK4471", "SERIAL NO12345", "NOAK4471", "SN12345"])
def test_letters_that_may_be_the_labels_leave_the_number_to_a_person(text: str) -> None:
    assert decide(read(text)[1], 0.02).decision == "review"


def test_a_serial_that_begins_with_n_keeps_it_behind_its_label() -> None:
    serial = read("SERIAL N12345")[1]
    assert serial.value == "N12345" and decide(serial, 0.5).decision == "accept"


def test_letters_of_a_number_are_no_label_of_a_year_or_type() -> None:
    """ROK, TIP and TYP need the space: with it they are labels, without it they may be a serial's letters."""
    for letters in ("ROK", "TIP", "TYP"):
        assert f"{letters}12345" in {c.value for c in read(f"{letters}12345")[1].candidates}
        assert chosen(f"{letters} 12345") is None


def test_an_empty_field_does_not_take_the_number_of_the_next_line() -> None:
    read = found(*plate("MODEL 700", "SERIAL NO", "YEAR 2004"))
    assert read.empty == (1,)
    assert chosen("MODEL 700", "SERIAL NO", "YEAR 2004") is None
    assert chosen("TYPE 7000", "P/N 12002820", "SERIAL NO", "2004 7711") != "2004 7711"
    assert found(*plate("SERIAL NO", "123456")).empty == ()
    assert found(*plate("SERIAL NO 123456")).empty == ()
    assert found(*plate("SER. NO. 123456", "LOT")).empty == (), "only a serial's is named"


@pytest.mark.parametrize("number", ["2004", "5.56 MM", "5855-01-228-0937", "ORDER 4711", "12.11.2015"])
def test_what_says_itself_that_it_is_another_number_is_not_the_value_above_it(number: str) -> None:
    lines = plate("SERIAL NO", number)
    assert [one for one in found(*lines).labelled if one.label.kind == "serial"] == []
    assert found(*lines).empty == (0,)


def test_where_fields_stand_in_rows_the_line_below_belongs_to_no_label_above_it() -> None:
    fields = plate("P/N 12002820", "SERIAL NO", "447109", "DATE 12.11.2015")
    assert found(*fields).empty == (1,)
    stacked = plate("SERIAL NO", "447109", "MODEL 700")
    assert found(*stacked).empty == () and read_marks(stacked, [], KNOWLEDGE)[1].value == "447109"


@pytest.mark.parametrize(
    ("at", "tall", "why"),
    [((240.0, 50.0), 40.0, "neither at its edge nor in its middle"), ((0.0, 50.0), 12.0, "much smaller"),
     ((0.0, 50.0), 160.0, "much taller"), ((0.0, 100.0), 40.0, "further than the rows are apart")],
)  # fmt: skip
def test_a_value_stands_where_its_label_has_it(at: tuple[float, float], tall: float, why: str) -> None:
    label, rest = (
        line(1, "SERIAL NO", at=(0, 0)),
        [line(3, "CAL 5.56 MM", at=(0, -50)), line(4, "COLT", at=(0, -100))],
    )
    assert found(label, line(2, "447109", at=(0, 50)), *rest).labelled
    read = found(label, line(2, "447109", at=at, tall=tall), *rest)
    assert read.labelled == [] and read.empty == (0,), why


def test_a_number_beside_two_labels_goes_to_the_nearer_one() -> None:
    row = [line(1, "SERIAL NO", at=(0, 0)), line(2, "LOT", at=(380, 0)), line(3, "4711", at=(480, 0))]
    (one,) = found(*row).labelled
    assert one.label.id == "lot" and found(*row).empty == (0,)


def test_headings_in_a_row_have_their_values_under_them() -> None:
    lines = [line(1, "SERIAL NO", at=(0, 0)), line(2, "DATE", at=(600, 0)),
             line(3, "447109", at=(0, 50)), line(4, "2004", at=(600, 50))]  # fmt: skip
    assert {(one.label.id, one.line) for one in found(*lines).labelled} == {("serial", 2), ("date", 3)}


@pytest.mark.parametrize("label", ["شماره سریال", "رقم تسلسلي", "سیریل نمبر", "سریال نمبر"])
def test_the_number_of_a_label_from_right_to_left_stands_on_either_side(label: str) -> None:
    for text in (f"{label} 447109", f"447109 {label}", f"{label}: ۴۴۷۱۰۹"):
        serial = read(text)[1]
        assert serial.match_key == "447109" and serial.candidates[0].rule.startswith("label"), text
    for x in (-400.0, 600.0):
        lines = [line(1, label, at=(0, 0)), line(2, "447109", at=(x, 0))]
        (one,) = found(*lines).labelled
        assert one.line == 1 and one.how == ("right" if x < 0 else "left")


def test_a_label_does_not_reach_over_the_item() -> None:
    far = [line(1, "SERIAL NO", at=(0, 0)), line(2, "863073", at=(900, 1500))]
    assert "label" not in read_marks(far, [], KNOWLEDGE)[1].candidates[0].rule


@pytest.mark.parametrize(
    ("texts", "number"),
    [
        (("M16A1", "P/N 12002820"), "12002820"),
        (("PAT. 4,658,139",), "4,658,139"),
        (("U.S. PATENT 6574901",), "6574901"),
        (("US PAT N 939.790",), "939.790"),
        (("5855-01-534-5931",), "5855-01-534-5931"),
        (("ASSY 9346487-65490",), "9346487-65490"),
        (("80063-A3145870",), "80063-A3145870"),
        (("DAAB07-98-C-A123",), "DAAB07-98-C-A123"),
        (("CAL 5.56 MM",), "5.56"),
        (("762X39",), "762X39"),
        (("CLASS 3B LASER 850 nm",), "850"),
        (("ACOG4X32JN8:12",), "JN8:12"),
        (("MFR 13567",), "13567"),
        (("EXHIBIT A12",), "A12"),
        (("TEL 7025551234",), "7025551234"),
        (("DATE 12.11.2015",), "12.11.2015"),
        (("TUBE S/N 1234567",), "1234567"),
        (("AN/PVS-14",), "AN/PVS-14"),
        (("1974г.",), "1974"),
        (("66",), "66"),
    ],
)
def test_numbers_that_say_what_they_are_are_never_the_serial(texts: tuple[str, ...], number: str) -> None:
    marks, serial = read(*texts)
    assert serial.value is None and serial.status == "not_found"
    assert any(number in mark.value or mark.value in number for mark in marks), "it is kept as another mark"


def test_letters_that_are_also_a_label_do_not_hide_the_number_they_belong_to() -> None:
    for number in ("PN27822", "SN27822", "NO27822"):
        _, serial = read("1966", "11", number)
        assert number in {c.value for c in serial.candidates}
        assert serial.value in (number, number[2:])


def test_a_number_that_says_nothing_is_a_candidate_for_review_with_little_weight() -> None:
    _, serial = read("2662")
    assert (serial.value, serial.decision) == ("2662", "review")
    assert serial.candidates[0].choice is not None and serial.candidates[0].choice < 0.7
    assert decide(serial, 0.0).decision == "review", "however many errors are allowed"


@pytest.mark.parametrize(("text", "decision"), [("S/N 5523888", "accept"), ("S/N 22", "review")])
def test_a_named_number_is_accepted_unless_it_is_so_short_that_it_may_be_a_part(
    text: str, decision: str
) -> None:
    _, serial = read(text)
    assert decide(serial, 0.5).decision == decision


def test_a_check_digit_speaks_for_or_against_a_reading_and_changes_no_character() -> None:
    doubtful = line(1, "1M8GDM9AXKP042788", sure=0.99, unsure={13: 0.7})  # the specimen of 49 CFR 565.15
    misread = line(1, "1M8GDM9AXKP046788", sure=0.99, unsure={13: 0.7})
    without = line(1, "WVWZZZ1KZ7M182788", sure=0.99, unsure={13: 0.7})
    first, second, third = (
        read_marks([msgspec.structs.replace(one, confidence=0.6)], [], KNOWLEDGE)[1]
        for one in (doubtful, misread, without)
    )
    assert (first.value, second.value, third.value) == (doubtful.text, misread.text, without.text)
    assert second.confidence < 0.5 < third.confidence < 0.7 < 0.85 < first.confidence
    assert "its check digit agrees" in first.candidates[0].rule
    assert "does not agree" in second.candidates[0].rule
    assert "check digit" not in third.candidates[0].rule
    assert [decide(one, 0.83).decision for one in (first, second, third)] == ["accept", "review", "review"]


@pytest.mark.parametrize("at", [i for i in range(17) if i != 8])
def test_every_misread_digit_of_a_vehicle_number_breaks_its_check_digit(at: int) -> None:
    number = "11111111111111111"  # the specimen that is known by heart
    assert vin_agrees(number) is True
    for digit in "023456789":
        assert vin_agrees(number[:at] + digit + number[at + 1 :]) is False


def test_of_two_numbers_alike_the_one_that_is_surely_read_is_named_and_both_stay() -> None:
    faint = line(1, "K 1453", sure=0.4)
    clear = line(2, "87325")
    _, serial = read_marks([msgspec.structs.replace(faint, confidence=0.02), clear], [], KNOWLEDGE)
    assert serial.value == "87325"
    assert [c.value for c in serial.candidates[:2]] == ["87325", "K 1453"]
    assert "read with 0.02" in serial.candidates[1].rule


def test_a_label_that_lost_its_first_letter_does_not_name_the_serial() -> None:
    """P/N, S/N and M/N end alike, and so do PART NO and SERIAL NO."""
    assert chosen("/N 11795012", "W274567") == "W274567"
    assert chosen("P.T NO 11795012", "W274567") == "W274567"
    assert chosen("N° 11795012", "W274567") == "11795012"
    assert chosen("ERIA. NO. 11795012", "W274567") == "11795012"


def test_a_lone_n_is_not_enough_to_accept_a_number() -> None:
    """It may be what dirt left of P/N: a part number was accepted for a serial so."""
    lines = [line(1, "N 9103760", at=(0, 0)), line(2, "326801", at=(0, 60))]
    serial = read_marks(lines, [], KNOWLEDGE)[1]
    assert decide(serial, 0.9).decision == "review"
    assert {c.value for c in serial.candidates} >= {"9103760", "326801"}


@pytest.mark.parametrize("text", ["SERIAL NO W14:22586", "SERIAL NO W1422:586", "S/N 12345,67890"])
def test_a_number_parted_by_a_sign_is_left_to_a_person(text):
    assert decide(read(text)[1], 0.02).decision == "review"
    whole = read(text.replace(":", "").replace(",", ""))[1]
    assert decide(whole, 0.02).decision == "accept"


@pytest.mark.parametrize(
    "text",
    [
        "S/N: 1422586",
        "S/N:1422586",
        "SERIAL NO. W1422586; CAL 5.56",
        "S/N 1422586, 5.56",
        "S/N 五六式3481252",
    ],
)
def test_signs_around_a_whole_number_cast_no_doubt_on_it(text):
    assert decide(read(text)[1], 0.02).decision == "accept"


def test_what_dirt_left_of_nsn_does_not_make_a_stock_number_the_serial() -> None:
    """SN is all that shows of NSN, and the number has the form of a stock number: it names a type."""
    lines = [line(1, "SN 5855-01-228-0937", at=(0, 0)), line(2, "AL NO. 24838", at=(0, 60))]
    serial = read_marks(lines, [], KNOWLEDGE)[1]
    assert decide(serial, 0.5).decision == "review" and serial.value != "5855-01-228-0937"
    assert {c.value for c in serial.candidates} >= {"5855-01-228-0937", "24838"}
    assert chosen("SERIAL NO 5855-01-228-0937", "W274567") == "5855-01-228-0937", "a whole label stands"
    assert chosen("S/N 585501228", "W274567") == "585501228"


def test_a_group_number_stands_behind_a_plain_one_and_both_are_shown() -> None:
    _, serial = read("195-30-1285", "2662")
    assert [c.value for c in serial.candidates] == ["2662", "195-30-1285"]


def test_two_close_candidates_are_both_shown_with_their_evidence() -> None:
    _, serial = read("8531288", "3921745")
    shares = [c.choice or 0 for c in serial.candidates]
    assert {c.value for c in serial.candidates} == {"8531288", "3921745"}
    assert abs(shares[0] - shares[1]) < 0.1 and serial.decision == "review"
    assert all(c.rule for c in serial.candidates)


def test_the_shape_of_the_marked_model_decides_between_bare_numbers() -> None:
    assert chosen("COLT", "M4A1 CARBINE", "12345678", "W1004340") == "W1004340"


VIN = "1M8GDM9AXKP042788"


def test_a_vehicle_identification_number_says_itself_what_it_is() -> None:
    _, serial = read("2275 KG", VIN, "1105", "AB12345")
    assert serial.value == VIN and decide(serial, 0.8).decision == "accept"
    assert {c.value for c in serial.candidates} >= {VIN, "1105", "AB12345"}


@pytest.mark.parametrize(
    "texts",
    [
        (VIN[:-1],),  # a character lost
        (VIN.replace("P0", "PO"),),  # O is in no such number
        ("P/N " + VIN,),
        (VIN, VIN[:-1] + "9"),  # which of the two?
        ("12345678901234567",),
    ],
)
def test_what_only_resembles_one_or_is_called_another_number_is_left_to_a_person(
    texts: tuple[str, ...],
) -> None:
    _, serial = read(*texts)
    assert decide(serial, 0.0).decision != "accept"


def test_han_characters_do_not_stick_to_the_number() -> None:
    assert chosen("五六式3481252") == "3481252"


def test_an_undecided_character_is_a_question_mark_and_raw_stays() -> None:
    marks, serial = read_marks([line(1, "S/N W12345", unsure={6: 0.2})], [], KNOWLEDGE)
    assert (serial.value, serial.status) == ("W1?345", "partial")
    assert serial.candidates[0].value == "W12345"
    assert marks[0].raw == "S/N W12345"


def test_confidence_is_that_of_the_characters_times_the_choice() -> None:
    one = line(1, "2662")
    _, serial = read_marks([one], [], KNOWLEDGE)
    first = serial.candidates[0]
    assert first.choice is not None and first.reading == one.confidence and first.complete is not None
    assert first.confidence == pytest.approx(
        one.confidence * first.choice * first.complete.confidence, abs=1e-4
    )


def test_a_code_and_a_line_that_agree_support_each_other() -> None:
    uii = code(b"[)>\x1e06\x1d17V13567\x1d1P80063\x1dS437475\x1e\x04")
    lines = [line(1, "12002820"), line(2, "S/N 437475")]
    _, alone = read_marks(lines, [], KNOWLEDGE)
    marks, both = read_marks(lines, [uii], KNOWLEDGE)
    assert both.value == "437475"
    assert set(both.candidates[0].evidence) == {"C1", "L2"}
    assert both.confidence > alone.confidence
    assert [mark.value for mark in marks if mark.kind == "uii"] == ["D1356780063437475"]


def test_a_code_that_names_its_makers_cage_speaks_for_that_maker() -> None:
    uii = code(b"[)>\x1e06\x1d17V13567\x1d1P80063\x1dS437475\x1e\x04")
    marks, serial = read_marks([line(1, "S/N 437475")], [uii], KNOWLEDGE)
    (cage,) = (mark for mark in marks if mark.kind == "cage")
    assert (cage.value, cage.evidence) == ("13567", ("C1",))
    (maker,) = assess_maker(marks, serial, KNOWLEDGE)
    assert "13567" in KNOWLEDGE.makers[maker.row].cage


def test_letters_before_a_label_are_not_taken_for_it() -> None:
    _, serial = read_marks([line(1, "BNO12345 NO 67890")], [], KNOWLEDGE)
    assert serial.value == "67890"
    assert "BNO12345" in {c.value for c in serial.candidates}, "no candidate is hidden"


def test_a_code_that_names_another_number_is_a_conflict_and_both_stand() -> None:
    uii = code(b"[)>\x1e06\x1d17V13567\x1d1P80063\x1dS437475\x1e\x04")
    _, serial = read_marks([line(1, "S/N 431415")], [uii], KNOWLEDGE)
    assert serial.status == "conflict"
    assert {c.value for c in serial.candidates} == {"437475", "431415"}


def test_two_labelled_serials_are_a_conflict_and_both_stand() -> None:
    _, serial = read("SER NO 863073", "SER NO 863078")
    assert serial.status == "conflict"
    assert {c.value for c in serial.candidates} == {"863073", "863078"}


def test_a_year_before_the_number_leaves_both_readings() -> None:
    _, serial = read("1968 EL1234")
    assert serial.value == "EL1234"
    assert "1968 EL1234" in {c.value for c in serial.candidates}


def test_arabic_digits_beside_a_western_number_are_a_rack_number() -> None:
    marks, serial = read("628446", "٧٩٧٠٥")
    assert serial.value == "628446"
    assert [(m.value, m.latin) for m in marks if m.kind == "property"] == [("٧٩٧٠٥", "79705")]


def test_arabic_digits_alone_are_the_serial_and_are_shown_in_western_ones() -> None:
    _, serial = read("۱۲۳۴۵۶")
    assert serial.value == "۱۲۳۴۵۶"
    assert (serial.candidates[0].latin, serial.match_key) == ("123456", "123456")


def test_a_number_that_can_be_turned_over_is_shown_both_ways_unless_something_says_which_way_is_up() -> None:
    _, serial = read("609668")
    assert {"609668", "899609"} <= {c.value for c in serial.candidates}
    _, serial = read("609668", "CAL 5.56 MM")
    assert "899609" not in {c.value for c in serial.candidates}


def test_numbers_on_an_evidence_tag_step_back() -> None:
    _, serial = read("EVIDENCE", "EXHIBIT B7", "1534711")
    assert serial.value is None or (serial.candidates[0].choice or 0) < 0.2


# The other marks.


@pytest.mark.parametrize(
    ("text", "kind", "row"),
    [
        ("COLT'S PATENT FIREARMS MFG. CO.", "manufacturer", "colt"),
        ("COLTS PT FA MFG CO", "manufacturer", "colt"),
        ("FN MFG LLC", "manufacturer", "fn_usa"),
        ("ИЖМАШ", "manufacturer", "izhmash"),
        ("北方工业", "manufacturer", "norinco"),
        ("MACHINE GUN, 5.56MM, M249", "model", "m249"),
        ("M16 A1", "model", "m16a1"),
        ("AKС74У", "model", "ak74"),
        ("7.62X39", "calibre", "7.62x39"),
        ("CAL .223-5.56 MM", "calibre", "5.56x45"),
        ("7,62 NATO", "calibre", "7.62x51"),
        ("MADE IN BULGARIA", "country", "BGR"),
        ("СДЕЛАНО В СССР", "country", "SUN"),
        ("PROPERTY OF U.S. GOVT.", "property", "us_property"),
        ("BURST", "selector", None),
        ("NSN 1005-01-127-7510", "nsn", None),
        ("CONTRACT W15P7T-05-C-A123", "contract", None),
        ("IMPORTED BY ACME ARMS RENO NV", "importer", None),
    ],
)
def test_marks_are_named_by_kind_and_row(text: str, kind: str, row: str | None) -> None:
    if kind == "selector":  # such words have other meanings: two of them are needed
        assert not marks_of(kind, text)
        assert len(marks_of(kind, text, "SEMI")) == 2
        return
    (mark,) = marks_of(kind, text)
    assert row is None or mark.row == row
    assert mark.raw == text and mark.rule and 0 < mark.confidence < 1


def test_a_name_over_two_lines_is_one_mark_with_both_as_evidence() -> None:
    (mark,) = marks_of("manufacturer", "COLT'S PATENT FIREARMS", "MFG. CO.")
    assert (mark.row, mark.evidence) == ("colt", ("L1", "L2"))


def test_misread_words_find_their_maker_and_say_so() -> None:
    misread = line(1, "REMIMGT0N", unsure={4: 0.6, 7: 0.5}, other={4: "N", 7: "O"})
    marks, _ = read_marks([misread], [], KNOWLEDGE)
    (mark,) = [m for m in marks if m.kind == "manufacturer"]
    assert (mark.row, mark.value, mark.raw) == ("remington", "REMINGTON", "REMIMGT0N")
    assert "misread" in mark.rule and "0 for O" in mark.rule
    (clean,) = marks_of("manufacturer", "REMINGTON")
    assert mark.confidence < clean.confidence


def test_a_serial_is_not_taken_for_a_model_that_looks_like_it() -> None:
    marks, serial = read("M1641")
    assert not [m for m in marks if m.kind == "model"]
    assert "M1641" in {c.value for c in serial.candidates}


def test_ambiguous_marks_keep_all_they_may_mean() -> None:
    for text in ("56式", "五六式", "TYPE 56"):
        (model,) = marks_of("model", text)
        assert model.row is None
        assert {c.row for c in model.candidates} == {"type56", "type56_sks", "type56_lmg"}
    (calibre,) = marks_of("calibre", "7.62")
    assert calibre.row is None
    assert {c.row for c in calibre.candidates} >= {"7.62x39", "7.62x51", "7.62x54R"}


def test_a_marked_model_decides_an_ambiguous_calibre_and_the_rule_says_so() -> None:
    (calibre,) = marks_of("calibre", "M240B", "7.62")
    assert calibre.row == "7.62x51" and "by the model" in calibre.rule
    assert len(calibre.candidates) > 1


def test_words_with_other_meanings_need_support() -> None:
    assert not marks_of("manufacturer", "AI")
    assert {m.row for m in marks_of("manufacturer", "FN", "COLUMBIA SC USA")} >= {None}


def test_a_drawing_authority_is_not_the_maker() -> None:
    assert not marks_of("manufacturer", "ROCK ISLAND ARSENAL")


@pytest.mark.parametrize(
    "texts",
    [
        ("SN74HC595N",),
        ("PIC18F45K22", "MICROCHIP"),
        ("NXP", "MC33774"),
        ("ATMEL", "ATMEGA328P"),
        ("205/55 R16",),
    ],
)
def test_types_of_chips_and_sizes_of_tyres_are_no_serials(texts: tuple[str, ...]) -> None:
    marks, serial = read(*texts)
    assert serial.value is None
    assert {mark.kind for mark in marks} <= {"part_number", "manufacturer", "other"}


def test_a_maker_whose_products_have_no_serial_lends_a_number_no_evidence() -> None:
    assert read("NXP", "W1234567")[1].confidence == read("W1234567")[1].confidence
    assert read("COLT", "W1234567")[1].confidence > read("W1234567")[1].confidence
    # and two letters and digits alone may be a weapon's
    assert chosen("MC33774") == "MC33774"


def test_words_and_empty_photos_have_no_serial() -> None:
    for texts in ((), ("REMINGTON",), ("MADE IN U.S.A.",), ("COMPM4",), ("",), ("   ",)):
        marks, serial = read(*texts)
        assert serial.value is None and not [m for m in marks if m.kind == "serial"]
        assert (serial.status, serial.decision) == ("not_found", "none")


# The maker as assessed.


def test_the_assessed_maker_is_a_ranking_with_reasons() -> None:
    marks, serial = read("COLT FIREARMS DIVISION", "HARTFORD, CONN. U.S.A.", "M4 CARBINE", "W1004340")
    first, *_ = assess_maker(marks, serial, KNOWLEDGE)
    assert first.row == "colt" and first.share > 0.6
    assert any("name" in reason for reason in first.reasons)


def test_the_words_of_a_rule_speak_for_nobody() -> None:
    marks, _ = read("HARTFORD, CONN. U.S.A.", "W1004340")
    (place,) = (mark for mark in marks if mark.table == "place")
    none = SerialReading(value=None, status="not_found", decision="none", confidence=0.0)
    assert "colt" in {one.row for one in assess_maker([place], none, KNOWLEDGE)}
    in_words = msgspec.structs.replace(place, table="number", rule="place of colt")
    assert assess_maker([in_words], none, KNOWLEDGE) == ()
    otherwise = msgspec.structs.replace(place, rule="any other words")
    assert assess_maker([otherwise], none, KNOWLEDGE) == assess_maker([place], none, KNOWLEDGE)


def test_a_sign_of_two_factories_leaves_both() -> None:
    sign = Mark(kind="factory_mark", value="arrow in triangle", raw="", match_key="", confidence=0.8,
                evidence=(), rule="sign")  # fmt: skip
    none = SerialReading(value=None, status="not_found", decision="none", confidence=0.0)
    found = assess_maker([sign], none, KNOWLEDGE)
    assert {candidate.row for candidate in found} == {"izhmash", "cugir"}
    assert found[0].share == found[1].share
    assert assess_maker([], none, KNOWLEDGE) == ()
    unsure = msgspec.structs.replace(sign, confidence=0.0)
    assert all(candidate.share == 0.0 for candidate in assess_maker([unsure], none, KNOWLEDGE))


def test_a_copy_keeps_the_name_that_is_marked() -> None:
    marks, serial = read("MADE AS CHINA", "CAL 7.62X39", "A1234")
    assert not [m for m in marks if m.kind == "country"]
    assert assess_maker(marks, serial, KNOWLEDGE)[0].row == "darra"


# Robustness.

PIECES = st.sampled_from(
    [
        "SER NO",
        "S/N",
        "COLT",
        "M16A1",
        "7.62",
        "12345",
        "P/N",
        "1974",
        "五六式",
        "٧٩",
        "АБ",
        "-",
        "(",
        "NSN",
        "\u202e",
        "x",
    ]
)


@given(st.lists(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=8).map(" ".join)), max_size=6))
def test_no_text_raises_and_nothing_is_invented(texts: list[str]) -> None:
    lines = [line(i, text) for i, text in enumerate(texts)]
    marks, serial = read_marks(lines, [], KNOWLEDGE)
    assert read_marks(lines, [], KNOWLEDGE) == (marks, serial)
    assert serial.decision in ("review", "none")
    ids = {one.id for one in lines}
    assert all(set(mark.evidence) <= ids and 0 <= mark.confidence <= 1 for mark in marks)
    for candidate in serial.candidates:
        value = candidate.value
        whole = any(value in text for text in texts)
        halves = any(
            any(value[:i] in text for text in texts) and any(value[i:].strip() in text for text in texts)
            for i in range(1, len(value))
        )
        told = {reason.code for reason in candidate.reasons} & {"upside_down", "other_look"}
        assert whole or halves or told
    assert sum(candidate.choice or 0 for candidate in serial.candidates) <= 1.001
    assert [mark.kind for mark in marks].count("serial") == (serial.value is not None)


@pytest.mark.parametrize(
    "piece", ["1 ", "A", "1-", "S/N 1 ", "五", "((", "7.62X", "1,234,", "C0LTS ", "АБ 12 ", "CAL .", "A1B2-"]
)
def test_hostile_lines_take_no_more_than_linear_time(piece: str) -> None:
    def read(text: str) -> None:
        read_marks([Line(id="L1", text=text, confidence=0.5, polygon=())], [], KNOWLEDGE)

    assert_linear(read, piece, 5_000)


def test_a_weight_of_nearly_nothing_is_told_without_a_sign_of_its_own() -> None:
    told = sentence({("read", "read with 1.00"): -0.0018, ("groups", "groups"): -2.0})
    assert told == "read with 1.00 +0.0, groups -2.0"


def test_polygons_that_are_none_do_no_harm() -> None:
    nan = float("nan")
    bad = [
        Line(id="L1", text="SER NO", confidence=0.9, polygon=((nan, nan),) * 4),
        Line(id="L2", text="12345", confidence=0.9, polygon=((0, 0), (0, 0), (0, 0))),
        Line(id="L3", text="COLT", confidence=0.9, polygon=()),
    ]
    assert read_marks(bad, [], KNOWLEDGE)[1].value == "12345"


# Whole items, with true lines.


def test_on_items_of_all_families_the_rules_name_the_right_serial_maker_and_model() -> None:
    program = Path(__file__).parent.parent / "benchmarks" / "marks.py"
    done = subprocess.run(
        [sys.executable, str(program), "--items", "114", "--seed", "31"],
        check=True, stdout=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    shares = {
        what.strip(): float(share)
        for what, share in re.findall(r"^([a-z_ ]+?) +([0-9.]+) %", done.stdout, re.MULTILINE)
    }
    assert shares["serial"] >= 99 and shares["no distractor"] >= 99
    assert shares["maker"] >= 97 and shares["model"] >= 97


@pytest.mark.parametrize(
    ("text", "maker", "why"),
    [("H8R", "hr", "8 for &"), ("HSR", "hr", "S for &"), ("N MFG LLC", "fn_usa", "F missing")],
)
def test_a_maker_whose_sign_or_first_letter_is_misread_is_named(text: str, maker: str, why: str) -> None:
    """An ampersand is read as a digit, and the N that is left of FN is no label of a number."""
    (mark,) = [m for m in read_marks([line(1, text)], [], KNOWLEDGE)[0] if m.kind == "manufacturer"]
    assert (mark.row, mark.raw) == (maker, text)
    assert f"misread: {why} in" in mark.rule


def test_a_short_label_before_a_number_stays_a_label() -> None:
    marks, serial = read_marks([line(1, "N 123456")], [], KNOWLEDGE)
    assert serial.value == "123456"
    assert not [m for m in marks if m.kind == "manufacturer"]
