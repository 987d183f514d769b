from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serialscan.marking.normalise import (
    folded,
    keys,
    match_key,
    may_be_same,
    normalise,
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
