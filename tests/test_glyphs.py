from __future__ import annotations

import re
import unicodedata
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from serialscan.glyphs import (
    LIKE_DIGITS,
    ONE_SHAPE,
    PAIRS,
    align,
    folded,
    has_arabic_digits,
    keys,
    latin,
    latin_by_look,
    letter_for_digit,
    look_alikes,
    match_key,
    may_be_same,
    normalise,
    one_alphabet,
    turned_over,
    western,
)

NUMBERS = st.text(alphabet="0123456789OIABDWMХВАБЖЩЪ٠١۴۹-/. ?\u200e\u202e", max_size=16)


def test_the_key_follows_ncic() -> None:
    assert match_key("w-12 O45") == "W12045"
    assert match_key("007") == "007", "leading zeros stay"
    assert match_key("12345678-AB123") == "12345678AB123"
    assert may_be_same("369J257", "369257") and may_be_same("369J257", "369M257")
    assert not may_be_same("J369257", "M369257"), "letters before and after the digits count"


def test_every_step_is_named_and_raw_stays() -> None:
    forms = normalise("АБ١٢٣٤\u200e")
    assert forms.raw == "АБ١٢٣٤\u200e"
    assert (forms.latin, forms.match_key) == ("AB1234", "AB1234")
    assert len(forms.steps) >= 3
    assert normalise("W1004340").steps == () and normalise("W1004340").latin == "W1004340"


def test_cyrillic_has_a_key_by_look_and_one_by_sound() -> None:
    forms = normalise("ВН1234")
    assert forms.match_key == "BH1234"
    assert "VN1234" in forms.other_keys
    assert may_be_same("ВН1234", "BH1234") and may_be_same("ВН1234", "VN1234")


def test_mixed_scripts_are_told() -> None:
    assert any("mixed" in step for step in normalise("SА123").steps)
    assert not any("mixed" in step for step in normalise("ТЛ4921").steps)


@pytest.mark.parametrize(("digits", "key"), [("٠١٢٣٤٥٦٧٨٩", "0123456789"), ("۰۱۲۳۴۵۶۷۸۹", "0123456789")])
def test_arabic_and_persian_digits_are_never_reversed(digits: str, key: str) -> None:
    assert match_key(digits) == key


def test_only_strings_with_partners_turn_over() -> None:
    assert turned_over("6099") == "6609"
    assert turned_over("MW1") == "1MW"
    assert turned_over("1234") is None and turned_over("") is None


@given(st.one_of(st.text(max_size=40), NUMBERS))
def test_keys_of_keys_are_the_keys(text: str) -> None:
    assert match_key(match_key(text)) == match_key(text)
    again = normalise(normalise(text).latin)
    assert normalise(again.latin) == again


@given(NUMBERS, NUMBERS)
def test_matching_is_symmetric_and_reflexive(one: str, other: str) -> None:
    assert may_be_same(one, other) == may_be_same(other, one)
    assert may_be_same(one, one) or not keys(one)


@given(NUMBERS)
def test_turning_twice_is_nothing(text: str) -> None:
    key = match_key(text)
    turned = turned_over(key)
    assert turned is None or turned_over(turned) == key


@given(st.text(max_size=60))
def test_folding_keeps_every_place(text: str) -> None:
    assert len(folded(text)) == len(western(text)) == len(text)


def test_every_confusion_stands_once_and_says_whence_it_is_known() -> None:
    sources = (resources.files("serialscan") / "marking" / "knowledge" / "SOURCES.md").read_text("utf-8")
    known = {*re.findall(r"^\| (\w+) \|", sources, re.MULTILINE), "RENDERED"}
    for pair in PAIRS:
        assert len(pair.chars) == 2 and pair.chars[0] != pair.chars[1]
        assert pair.uses and pair.sources and set(pair.sources) <= known, pair
    assert len({frozenset(pair.chars) for pair in PAIRS}) == len(PAIRS)


def test_a_letter_stands_for_the_digits_that_it_looks_like_and_a_shape_has_two_classes() -> None:
    assert letter_for_digit("O", "0") and letter_for_digit("8", "B")
    assert (
        not letter_for_digit("O", "D") and not letter_for_digit("3", "8") and not letter_for_digit("A", "0")
    )
    assert all(ONE_SHAPE[other] == one != other for one, other in ONE_SHAPE.items())
    assert all(letter.isalpha() and "".join(digits).isdigit() for letter, digits in LIKE_DIGITS.items())
    alike = look_alikes("mark")
    assert all(one in alike[other] for one, others in alike.items() for other in others), "symmetric"


def test_the_scripts_meet_where_their_letters_are_drawn_alike() -> None:
    assert latin_by_look("АВЕКМНОРСТУХ") == "ABEKMHOPCTYX"
    assert latin_by_look("БЖ12ab") == "БЖ12ab", "what Latin lacks stays"
    assert latin("БЖ12") == "BZH12"
    assert one_alphabet("ΑΒΕ") == one_alphabet("АВЕ") == "ABE", "Greek and Cyrillic"
    assert one_alphabet("ΓΔΛΠΦ") == one_alphabet("ГДЛПФ")
    for char in one_alphabet("АВЕКМНОРСТУХІЅЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"):
        assert unicodedata.name(char).startswith("LATIN")
    assert has_arabic_digits("A۴") and has_arabic_digits("٠") and not has_arabic_digits("A4б")


TEXTS = st.text(alphabet="ABC12", max_size=8)


def _by_edits(one: str, other: str) -> list[list[float]]:
    return [[float(a != b) for b in other] for a in one]


@given(TEXTS, TEXTS)
def test_with_equal_costs_an_alignment_costs_the_edit_distance(one: str, other: str) -> None:
    found = align(_by_edits(one, other), [1.0] * len(one), [1.0] * len(other))
    assert found.cost == Levenshtein.distance(one, other)
    assert [i for i, _ in found.pairs if i >= 0] == list(range(len(one)))
    assert [j for _, j in found.pairs if j >= 0] == list(range(len(other)))
    assert sum(i < 0 or j < 0 or one[i] != other[j] for i, j in found.pairs) == found.cost


def test_an_alignment_takes_the_cheaper_way() -> None:
    exchange = [[0.0, 1.0, 1.0], [1.0, 0.2, 0.0]]
    found = align(exchange, [1.0, 1.0], [1.0, 0.6, 1.0])
    assert (found.cost, found.pairs) == (0.6, ((0, 0), (-1, 1), (1, 2)))


@given(TEXTS, TEXTS, st.text(alphabet="XY", max_size=4), st.text(alphabet="XY", max_size=4))
def test_loose_ends_find_one_text_within_another_and_cost_nothing(
    one: str, other: str, before: str, after: str
) -> None:
    whole = before + one + after
    exchange = [[-1.0 if a == b else 1.0 for b in whole] for a in one]
    found = align(exchange, [1.0] * len(one), [1.0] * len(whole), loose_ends=True)
    assert found.cost == -len(one)
    assert [j for i, j in found.pairs if i >= 0] == list(range(len(before), len(before) + len(one)))
    assert align(_by_edits(one, other), [1.0] * len(one), [1.0] * len(other), loose_ends=True).cost <= 0.0
