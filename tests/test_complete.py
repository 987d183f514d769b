"""Accepted means whole: what may not be all of the number is left to a person, and the record says why."""

from __future__ import annotations

import msgspec
import pytest

from serialscan import record
from serialscan.marking import decide, load_knowledge, read_marks, serial_warnings
from serialscan.record import Alternative, End, Glyph, Line, SerialReading

KNOWLEDGE = load_knowledge()
QUIET = End(more=0.005, hidden=0.005)
TALL = 40.0
PITCH = 30.0


def line(
    number: int,
    text: str,
    *,
    at: tuple[float, float] = (100.0, 0.0),
    ends: tuple[End, ...] = (QUIET, QUIET),
    sure: float = 0.99,
    others: dict[int, tuple[str, float]] | None = None,
    widths: dict[int, float] | None = None,
) -> Line:
    """A line whose characters stand evenly, one `PITCH` apart; ``widths`` are steps that differ."""
    x, y = at
    glyphs, last = [], PITCH
    for place, char in enumerate(text):
        wide = (widths or {}).get(place, PITCH)
        other = (others or {}).get(place)
        glyphs.append(
            Glyph(
                char=char, confidence=1 - other[1] if other else 0.999,
                alternatives=(Alternative(char=other[0], confidence=other[1]),) if other else (),
                polygon=((x, y), (x + wide, y), (x + wide, y + TALL), (x, y + TALL)),
                step=None if place == 0 else (wide + last) / 2 / TALL,
            )
        )  # fmt: skip
        x, last = x + wide, wide
    box = ((at[0], y), (x, y), (x, y + TALL), (at[0], y + TALL))
    return Line(
        id=f"L{number}", text=text, confidence=sure, polygon=box, characters=tuple(glyphs),
        glyph_height_px=TALL, ends=ends,
        readers=tuple(record.Testimony(name=name, text=text, confidence=0.9) for name in "ab"),
    )  # fmt: skip


def read(*lines: Line) -> SerialReading:
    return decide(read_marks(lines, [], KNOWLEDGE)[1], 0.8)


def codes(serial: SerialReading) -> set[str]:
    assert serial.complete is not None
    return {reason.code for reason in serial.complete.reasons}


def warned(serial: SerialReading) -> set[str]:
    return {warning.code for warning in serial_warnings(serial)}


def test_a_labelled_number_with_quiet_ends_is_accepted() -> None:
    serial = read(line(1, "SER NO U778232"))
    assert (serial.value, serial.decision) == ("U778232", "accept")
    assert serial.complete is not None and serial.complete.confidence > 0.95
    assert not warned(serial)


@pytest.mark.parametrize("sign", ["-", "/"])
def test_a_number_that_ends_in_a_sign_goes_on_in_the_next_line(sign: str) -> None:
    lines = [line(1, "SERIAL NO"), line(2, f"AK4471{sign}", at=(100, 50)), line(3, "0098", at=(100, 100))]
    serial = read(*lines)
    assert serial.value == f"AK4471{sign}0098" and serial.candidates[0].evidence == ("L2", "L1", "L3")
    assert serial.decision == "review" and warned(serial) == {"may_go_on"}
    assert "AK4471" in [candidate.value for candidate in serial.candidates], "the first half stays"


@pytest.mark.parametrize(
    "lines",
    [
        (line(1, "SERIAL NUMBER"), line(2, "48091", at=(100, 50)), line(3, "32206", at=(100, 100))),
        (line(1, "SERIAL NO 12345"), line(2, "67809", at=(100, 50))),
        (line(1, "SERIAL NO 12345"), line(2, "67809", at=(400, 50))),
    ],
)
def test_a_line_of_the_same_size_below_may_be_its_second_half(lines: tuple[Line, ...]) -> None:
    serial = read(*lines)
    assert serial.decision == "review" and warned(serial) == {"may_go_on"}
    joined = [candidate for candidate in serial.candidates if len(candidate.evidence) > 2 - (len(lines) < 3)]
    assert joined and all(candidate.value.endswith(lines[-1].text) for candidate in joined)


def test_what_is_known_below_a_number_is_not_its_second_half() -> None:
    for other in ("COLUMBIA SC USA", "M240B", "P/N 11826186", "1974", "CAL 7.62 MM"):
        serial = read(line(1, "SER NO U778232"), line(2, other, at=(100, 50)))
        assert (serial.value, serial.decision) == ("U778232", "accept"), other


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("S/N 12345 -A", "12345 -A"),
        ("S/N 12345 /02", "12345 /02"),
        ("S/N 12345 -02", "12345 -02"),
        ("S/N 4471-98 A", "4471-98 A"),
        ("S/N 12345 A", "12345 A"),
        ("SERIAL 40799 932", "40799 932"),
        ("SERIAL 12 345 678", "12 345 678"),
    ],
)
def test_the_rest_of_its_own_row_belongs_to_a_number(text: str, whole: str) -> None:
    serial = read(line(1, text))
    assert (serial.value, serial.decision) == (whole, "review")
    assert warned(serial) == {"may_go_on"}


def test_text_in_the_row_in_a_line_of_its_own_belongs_to_a_number() -> None:
    label = line(1, "S/N 12345")
    near = line(2, "A", at=(100 + 9 * PITCH + 45, 0.0), ends=(), sure=0.0075)
    serial = read(label, near)
    assert (serial.value, serial.decision) == ("12345 A", "review")
    far = read(label, line(2, "448", at=(100 + 9 * PITCH + 150, 0.0)))
    assert far.value == "12345" and "row_far" in codes(far)


@pytest.mark.parametrize(
    ("to_edge", "decision"), [(0.1, "review"), (0.9, "review"), (3.0, "accept"), (None, "accept")]
)
def test_a_number_that_touches_what_is_not_seen_is_never_accepted(
    to_edge: float | None, decision: str
) -> None:
    cut = msgspec.structs.replace(QUIET, to_edge=to_edge)
    serial = read(line(1, "SERIAL NO W274567", ends=(QUIET, cut)))
    assert (serial.value, serial.decision) == ("W274567", decision)
    assert warned(serial) == ({"serial_at_edge"} if decision == "review" else set())


def test_the_edge_before_the_label_is_not_at_the_number() -> None:
    cut = msgspec.structs.replace(QUIET, to_edge=0.1)
    assert read(line(1, "SERIAL NO W274567", ends=(cut, QUIET))).decision == "accept"


@pytest.mark.parametrize(
    ("end", "code", "warning"),
    [
        (End(more=0.9, hidden=0.02), "end_more", "may_go_on"),
        (End(more=0.02, hidden=0.9), "end_hidden", "covered"),
        (End(more=0.3, hidden=0.4), "end_hidden", "covered"),
    ],
)
def test_a_character_or_a_cover_beyond_the_end_is_told(end: End, code: str, warning: str) -> None:
    serial = read(line(1, "S/N U7782", ends=(QUIET, end)))
    assert serial.decision == "review" and code in codes(serial) and warned(serial) == {warning}


def test_where_nobody_looked_nothing_is_accepted() -> None:
    serial = read(line(1, "S/N U778232", ends=()))
    assert serial.decision == "review" and "end_unseen" in codes(serial)


def test_a_gap_in_which_a_character_may_be_lost_is_told() -> None:
    serial = read(line(1, "S/N 7782345", widths={7: 3 * PITCH}))
    assert serial.decision == "review" and "gap_inside" in codes(serial)


def test_a_letter_and_a_digit_of_one_look_are_left_to_a_person_where_the_key_differs() -> None:
    serial = read(line(1, "S/N 1213456", others={6: ("I", 0.04)}))
    assert (serial.value, serial.decision) == ("1213456", "review")
    assert {"look_alike"} <= {reason.code for reason in serial.candidates[0].reasons}
    same_key = read(line(1, "S/N 8803145", others={6: ("O", 0.3)}))
    assert (same_key.match_key, same_key.decision) == ("8803145", "accept")


def test_reasons_are_data_and_words_in_a_row_decide_nothing(tmp_path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[shape]]\nid = "is that of a serial"\nsure = false\nregex = "[0-9]{4}"\nconfidence = "high"\n'
        'source = "a test"\naccepts = ["2662"]\n',
        encoding="utf-8",
    )
    knowledge = load_knowledge(str(own))
    lines = [line(1, "SERIAL NO 2662")]
    assert decide(read_marks(lines, [], knowledge)[1], 0.1).decision == "review"


def test_confidence_is_the_product_of_three_probabilities() -> None:
    serial = read(line(1, "S/N U7782", ends=(QUIET, End(more=0.5, hidden=0.1))))
    first = serial.candidates[0]
    assert first.choice and first.reading and first.complete
    product = first.choice * first.reading * first.complete.confidence
    assert serial.confidence == first.confidence == pytest.approx(product, abs=2e-4)
