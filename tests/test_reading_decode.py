from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from serialscan.reading.fuse import NOTHING, fuse
from serialscan.reading.parts import parted
from serialscan.reading.recognise import Hypothesis, beam_search, greedy
from serialscan.reading.shapes import Straight
from serialscan.reading.sights import Sight, vote
from serialscan.recipe import NORMAL, Decoding

VOTE = NORMAL.vote
CHARACTERS = ("", "A", "B")


def all_paths(posteriors: np.ndarray) -> dict[str, float]:
    """Probability of every string by adding up every path, the definition of CTC."""
    found: dict[str, float] = {}
    for path in itertools.product(range(posteriors.shape[1]), repeat=len(posteriors)):
        collapsed = [c for c, _ in itertools.groupby(path) if c]
        text = "".join(CHARACTERS[c] for c in collapsed)
        found[text] = found.get(text, 0.0) + math.prod(posteriors[t, c] for t, c in enumerate(path))
    return found


def posteriors_from(weights: list[list[float]]) -> np.ndarray:
    rows = np.array(weights, dtype=np.float64)
    return rows / rows.sum(axis=1, keepdims=True)


matrices = st.lists(st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3), min_size=1, max_size=6).map(
    posteriors_from
)


@given(matrices)
@settings(max_examples=60)
def test_wide_beam_search_adds_up_every_path(posteriors: np.ndarray) -> None:
    expected = all_paths(posteriors)
    found = {
        "".join(h.text): h.probability
        for h in beam_search(posteriors, CHARACTERS, Decoding(beams=1000, floor=0.0, least=0.0))
    }
    assert set(found) == set(expected)
    for text, probability in expected.items():
        assert found[text] == pytest.approx(probability, abs=1e-9)


@given(matrices, st.integers(1, 5))
@settings(max_examples=60)
def test_a_narrow_beam_never_claims_more_than_the_truth(posteriors: np.ndarray, beams: int) -> None:
    expected = all_paths(posteriors)
    hypotheses = beam_search(posteriors, CHARACTERS, Decoding(beams=beams))
    assert 1 <= len(hypotheses) <= beams
    assert [h.probability for h in hypotheses] == sorted((h.probability for h in hypotheses), reverse=True)
    for hypothesis in hypotheses:
        assert hypothesis.probability <= expected["".join(hypothesis.text)] + 1e-9
        assert len(hypothesis.positions) == len(hypothesis.text)
        assert list(hypothesis.positions) == sorted(hypothesis.positions)


def test_a_doubled_character_needs_a_blank_between() -> None:
    sure = np.full((5, 3), 0.005)
    for frame, label in enumerate((1, 1, 0, 1, 2)):
        sure[frame, label] = 0.99
    assert greedy(sure, CHARACTERS).text == "AAB"
    assert "".join(beam_search(sure, CHARACTERS, Decoding())[0].text) == "AAB"


def test_a_stop_that_may_be_a_comma_is_as_sure_as_both() -> None:
    posteriors = posteriors_from([[1, 97, 1, 1], [2, 1, 50, 47], [96, 1, 2, 1]])
    seen = greedy(posteriors, ("", "7", ".", ","))
    assert seen.text == "7."
    assert seen.confidences == pytest.approx((0.97, 0.97))


def view(text: str, probability: float = 1.0) -> tuple[Hypothesis, ...]:
    return (Hypothesis(tuple(text), tuple((i + 0.5) / len(text) for i in range(len(text))), probability),)


def test_two_of_three_views_outvote_the_third_character_by_character() -> None:
    fused = fuse([view("W1284567"), view("W1234867"), view("W1234567")], VOTE)
    assert fused.text == "W1234567"  # no single error has two votes
    assert fused.slots[3].ranked() == [("3", pytest.approx(2 / 3)), ("8", pytest.approx(1 / 3))]
    assert fused.confidence == pytest.approx(4 / 9)
    assert fused.candidates[0] == (fused.text, fused.confidence)


def test_views_without_the_first_character_do_not_shift_the_others() -> None:
    short = (Hypothesis(tuple("2673"), (0.3, 0.5, 0.7, 0.9), 1.0),)
    fused = fuse([view("12673"), short, view("12673")], VOTE)
    assert fused.text == "12673"
    assert dict(fused.slots[0].ranked())[NOTHING] == pytest.approx(1 / 3)
    assert not fused.doubted


def test_a_character_that_most_views_lost_is_kept_as_a_doubt() -> None:
    short = (Hypothesis(tuple("1273"), (0.1, 0.3, 0.7, 0.9), 1.0),)
    fused = fuse([view("12673"), short, short], VOTE)
    (doubt,) = fused.doubted
    assert fused.text == "1273" and doubt.ranked()[1] == ("6", pytest.approx(1 / 3))
    assert fused.slots[1].position < doubt.position < fused.slots[2].position


def test_trust_decides_between_two_views() -> None:
    assert fuse([view("B8"), view("88")], VOTE, [0.9, 0.1]).text == "B8"
    assert fuse([view("B8"), view("88")], VOTE, [0.1, 0.9]).text == "88"


@pytest.mark.parametrize(
    ("seen", "doubt", "read"),
    [
        ("PR0:08", "PRO:08", "PRO:08"),  # a word ends in a ring
        ("MADE 1N", "MADE IN", "MADE 1N"),  # a bar that begins a word may be a number
        ("C0MPM4", "COMPM4", "COMPM4"),
        ("SER1AL", "SERIAL", "SERIAL"),
        ("12O45", "12045", "12045"),
        ("5I-3", "51-3", "51-3"),
        ("4O", "40", "40"),
        ("PVX1", "PVXI", "PVX1"),  # what ends in a bar is as often numbered as named
        ("W0123", "WO123", "W0123"),  # between a letter and a digit both stand
        ("AO12", "A012", "AO12"),
        ("A00B", "AO0B", "A00B"),  # a neighbour that could be either tells nothing
        ("O", "0", "O"),
        ("PRO", "PR0", "PRO"),
    ],
)
def test_neighbours_settle_a_doubt_between_a_letter_and_the_digit_of_its_shape(
    seen: str, doubt: str, read: str
) -> None:
    views = [view(seen)] * 19 + [view(doubt)]
    fused = fuse(views, VOTE)
    assert fused.text == read
    if read == doubt:  # what the views saw is still told
        assert fused.candidates[1][0] == seen and fused.candidates[1][1] > 0.2


@pytest.mark.parametrize(
    ("seen", "doubt"), [("GHI534", "GH1534"), ("KO02120", "K002120"), ("KO110", "K0110"), ("AI01", "A101")]
)
def test_a_ring_or_bar_before_digits_is_rather_one_of_them_where_the_views_are_divided(
    seen: str, doubt: str
) -> None:
    divided = [view(seen)] * 3 + [view(doubt)] * 2
    fused = fuse(divided, VOTE)
    assert fused.text == (doubt if any(c in "23456789" for c in seen) else seen)
    at = next(k for k, char in enumerate(seen) if char != doubt[k])
    assert min(fused.slots[at].votes[c] for c in (seen[at], doubt[at])) > 0.3  # both stay open
    assert fuse([view(seen)] * 4 + [view(doubt)], VOTE).text == seen


def test_a_ring_or_bar_behind_digits_or_before_letters_stays() -> None:
    for seen, doubt in (("PRO", "PR0"), ("NO", "N0"), ("12IAB", "121AB"), ("ABOC12", "AB0C12")):
        assert fuse([view(seen)] * 3 + [view(doubt)] * 2, VOTE).text == seen


def test_neighbours_never_bring_in_what_no_view_read_nor_outweigh_nearly_all_of_them() -> None:
    assert fuse([view("PR0:08")], VOTE).text == "PR0:08"
    assert fuse([view("PR0:08")] * 199 + [view("PRO:08")], VOTE).text == "PR0:08"


@pytest.mark.parametrize(
    ("seen", "doubt", "read"),
    [
        ("9U8609", "908609", "908609"),
        ("1Z53-30", "1753-30", "1753-30"),
        ("5S6", "556", "556"),
        ("M16A2", "M1642", "M16A2"),  # does not look like it
        ("7B", "78", "7B"),  # a letter at the end is as likely
        ("AB1", "A81", "AB1"),
        ("1-B2", "1-82", "1-B2"),
    ],
)
def test_between_two_digits_a_doubt_is_settled_for_the_digit(seen: str, doubt: str, read: str) -> None:
    assert fuse([view(seen)] * 4 + [view(doubt)], VOTE).text == read
    assert fuse([view(seen)] * 19 + [view(doubt)], VOTE).text == seen  # nearly all views outweigh it


ambiguous = st.text(alphabet="AO0I1-5S8B", min_size=1, max_size=6)


@given(st.lists(st.tuples(ambiguous, st.floats(0.05, 1.0)), max_size=4))
@example([("A1A", 0.75), ("0III0", 0.5)])  # several ways through the slots spell AI0
@settings(max_examples=150)
def test_neighbours_make_no_reading_surer(read: list[tuple[str, float]]) -> None:
    views, trust = [view(text) for text, _ in read], [p for _, p in read]
    before = fuse(views, replace(VOTE, neighbours=False), trust)
    assert fuse(views, VOTE, trust).confidence <= before.confidence + 1e-9


texts = st.text(alphabet="AB12", min_size=1, max_size=8)


@given(st.lists(st.tuples(texts, st.floats(0.01, 1.0)), min_size=1, max_size=6))
def test_fusion_is_a_distribution_over_strings(read: list[tuple[str, float]]) -> None:
    fused = fuse([view(text, p) for text, p in read], replace(VOTE, n_best=50))
    for slot in fused.slots:
        assert sum(slot.votes.values()) == pytest.approx(1.0)
    # Five strings that share nothing leave no place with a character: then nothing is read.
    assert (0 < fused.confidence <= 1) if fused.text else fused.confidence == 0
    assert sum(p for _, p in fused.candidates) <= 1 + 1e-6
    assert [p for _, p in fused.candidates] == sorted((p for _, p in fused.candidates), reverse=True)
    if len({text for text, _ in read}) == 1:
        assert fused.text == read[0][0]
        assert fused.confidence == pytest.approx(1.0)


def test_pieces_of_a_long_line_vote_only_where_they_saw_it() -> None:
    text = "AB12AB12AB12"
    whole = view(text[:5] + "1" + text[6:])  # one error in the middle
    places = [(i + 0.5) / 12 for i in range(12)]
    left = (Hypothesis(tuple(text[:7]), tuple(places[:7]), 1.0),)
    right = (Hypothesis(tuple(text[5:]), tuple(places[5:]), 1.0),)
    fused = fuse([whole, left, right], VOTE, extents=[(0, 1), (0, 7 / 12), (5 / 12, 1)])
    assert fused.text == text
    assert [slot.ranked()[0][1] for slot in fused.slots[:5]] == pytest.approx([1.0] * 5)  # no vote against
    assert fused.slots[5].ranked()[0] == ("B", pytest.approx(2 / 3))


def test_pieces_alone_make_the_whole_line() -> None:
    left = (Hypothesis(tuple("W123"), (0.1, 0.2, 0.3, 0.4), 1.0),)
    right = (Hypothesis(tuple("3456"), (0.4, 0.5, 0.6, 0.7), 1.0),)
    assert fuse([left, right], VOTE, extents=[(0, 0.45), (0.35, 1)]).text == "W123456"


def test_where_nothing_is_likelier_at_each_place_no_text_stands() -> None:
    views = [[Hypothesis(("1",), (place,), 0.4), Hypothesis((), (), 0.6)] for place in (0.1, 0.5, 0.9)]
    fusion = fuse(views, VOTE)
    assert (fusion.text, fusion.slots, fusion.confidence) == ("", (), 0.0)


def parts_of(marks: list[tuple[str, float]]) -> list[str]:
    """The texts of a line's parts, of characters and their places in heights of the line."""
    length = marks[-1][1] + 1
    text, places = (tuple(one) for one in zip(*marks, strict=True))
    hypothesis = Hypothesis(text, tuple(place / length for place in places), 0.9)
    seen = [Sight("relief", "flattened", False, (hypothesis,))]
    shape = Straight(0.0, 0.0, 20 * length, 20.0, 0.0)
    return [fusion.text for _, _, fusion in parted(shape, seen, vote(seen, VOTE), NORMAL)]


@pytest.mark.parametrize(("step", "parts"), [(0.9, ["FS"]), (1.2, ["F", "S"])])
def test_two_characters_are_parted_by_the_gap_that_parts_others(step: float, parts: list[str]) -> None:
    assert parts_of([("F", 0.5), ("S", 0.5 + step)]) == parts


@pytest.mark.parametrize(
    ("sign", "gap", "parts"),
    [
        (",", 2.0, ["NORTHTOWN, MA USA"]),  # as far apart as the words around the comma
        ("", 2.0, ["NORTHTOWN", "MA", "USA"]),
        (",", 3.0, ["NORTHTOWN, MA", "USA"]),
    ],
)
def test_words_stand_as_far_apart_as_those_around_a_comma(sign: str, gap: float, parts: list[str]) -> None:
    marks = [(char, 0.5 + 0.7 * i) for i, char in enumerate("NORTHTOWN")]
    at = marks[-1][1] + 2.2
    marks += [(sign, at - 1.6), (" ", at - 0.8)] if sign else [(" ", at - 1.0)]
    marks += [("M", at), ("A", at + 0.7), (" ", at + 1.2)]
    marks += [(char, at + 0.7 + gap + 0.7 * i) for i, char in enumerate("USA")]
    assert parts_of(marks) == parts
