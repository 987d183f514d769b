"""Figures against cases computed by hand; the arithmetic stands beside each."""

from __future__ import annotations

import re
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serialscan.evaluate import metrics
from serialscan.evaluate.align import align, assign, distance, length, pair_lines
from serialscan.evaluate.outline import iou, same_place
from serialscan.evaluate.score import equals, exact, folded, found, to_the_sign
from serialscan.interval import wilson

TEXT = st.text("ABM019", max_size=8)
TRUTH = st.text("ABM019?", max_size=8)


def test_wilson_intervals() -> None:
    # z² = 3.8415. 5 of 10: centre (0.5 + 0.19207) / 1.38415 = 0.5,
    # half 1.95996 / 1.38415 * sqrt(0.025 + 3.8415 / 400) = 1.41601 * 0.18602 = 0.26341.
    assert wilson(5, 10) == pytest.approx((0.23659, 0.76341), abs=1e-4)
    # None of 10: upper bound z² / (n + z²) = 3.8415 / 13.8415.
    assert wilson(0, 10) == pytest.approx((0.0, 0.27753), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.72247, 1.0), abs=1e-4)
    assert wilson(0, 0) is None


def test_bootstrap_of_a_proportion_agrees_with_theory() -> None:
    # 50 of 100 photos right: standard error sqrt(0.25 / 100) = 0.05, so 0.5 ± 1.96 * 0.05.
    low, high = metrics.bootstrap_ratio([1] * 50 + [0] * 50, [1] * 100) or (0, 0)
    assert (low, high) == pytest.approx((0.402, 0.598), abs=0.015)


def test_bootstrap_draws_photos_not_lines() -> None:
    """Ten lines of one photo that fail together are one piece of evidence, not ten."""
    # 10 photos of 10 lines, 5 wholly right: standard error sqrt(0.25 / 10) = 0.158 and not 0.05.
    low, high = metrics.bootstrap_ratio([10] * 5 + [0] * 5, [10] * 10) or (0, 0)
    assert (low, high) == pytest.approx((0.2, 0.8), abs=0.051)


def test_bootstrap_says_nothing_where_all_photos_agree() -> None:
    assert metrics.bootstrap_ratio([3, 3], [3, 3]) is None
    assert metrics.bootstrap_ratio([1, 0], [2, 0]) is None  # one photo has all the lines
    assert metrics.bootstrap_ratio([], []) is None


@pytest.mark.parametrize(
    ("won", "lost", "p"),
    [
        (0, 0, 1.0),
        (5, 0, 2 / 32),
        (8, 2, 2 * (1 + 10 + 45) / 1024),
        (2, 8, 2 * (1 + 10 + 45) / 1024),
        (3, 3, 1.0),  # 2 * (1 + 6 + 15 + 20) / 64 is more than 1
    ],
)
def test_mcnemar(won: int, lost: int, p: float) -> None:
    assert metrics.exact_sign_test(won, lost) == pytest.approx(p)


def test_risk_coverage_curve_and_its_area() -> None:
    points = metrics.thresholds([0.7, 0.9, 0.6, 0.8], [True, True, False, False])
    assert [(p.confidence, p.taken, p.wrong) for p in points] == [
        (0.9, 1, 0), (0.8, 2, 1), (0.7, 3, 1), (0.6, 4, 2),
    ]  # fmt: skip
    # (0 + 1/2 + 1/3 + 2/4) / 4
    assert metrics.aurc(points) == pytest.approx(1 / 3)
    # right, right, wrong, wrong: (0 + 0 + 1/3 + 2/4) / 4
    assert metrics.oracle_aurc(4, 2) == pytest.approx(5 / 24)


def test_claims_of_one_confidence_come_in_no_order() -> None:
    right_first = metrics.thresholds([0.5, 0.5], [True, False])
    wrong_first = metrics.thresholds([0.5, 0.5], [False, True])
    # Mean of (0 + 1/2) / 2 and (1 + 1/2) / 2; and no threshold can take one of them only.
    assert metrics.aurc(right_first) == metrics.aurc(wrong_first) == pytest.approx(0.5)
    assert [point.taken for point in right_first] == [2]


def test_most_that_can_be_taken_at_a_risk() -> None:
    points = metrics.thresholds([0.9, 0.8, 0.7, 0.6], [True, False, True, True])
    # Risks 0, 1/2, 1/3, 1/4: at 25 % all four, at 24 % only the first.
    most, first = metrics.most_taken(points, 0.25), metrics.most_taken(points, 0.24)
    assert most is not None and most.taken == 4
    assert first is not None and (first.taken, first.confidence) == (1, 0.9)
    assert metrics.most_taken(metrics.thresholds([0.9], [False]), 0.01) is None


def test_calibration() -> None:
    confidences, right = [0.95, 0.95, 0.15, 0.15], [True, False, False, False]
    bins = metrics.reliability(confidences, right)
    assert [(one.low, one.high, one.claims, one.right) for one in bins] == [
        (0.1, 0.2, 2, 0),
        (0.9, 1.0, 2, 1),
    ]
    # (2 * |0.15 - 0| + 2 * |0.95 - 0.5|) / 4
    assert metrics.calibration_error(bins) == pytest.approx(0.3)
    # (0.05² + 0.95² + 0.15² + 0.15²) / 4 = (0.0025 + 0.9025 + 0.0225 + 0.0225) / 4
    assert metrics.brier(confidences, right) == pytest.approx(0.2375)


@given(st.lists(st.integers(0, 100).map(lambda n: n / 100), max_size=30))
def test_every_claim_is_in_the_bin_that_holds_its_confidence(confidences: list[float]) -> None:
    bins = metrics.reliability(confidences, [True] * len(confidences))
    assert sum(one.claims for one in bins) == len(confidences)
    for one in bins:
        inside = [c for c in confidences if one.low < c <= one.high or c == one.low == 0]
        assert one.claims == len(inside)


def test_no_claims_give_no_figures() -> None:
    assert metrics.aurc([]) is None
    assert metrics.oracle_aurc(0, 0) is None
    assert metrics.calibration_error([]) is None
    assert metrics.brier([], []) is None


@pytest.mark.parametrize(
    ("truth", "reading", "edits"),
    [
        ("W123456", "W123456", 0),
        ("W123456", "W12B456", 1),  # replaced
        ("W123456", "W12456", 1),  # dropped
        ("W123456", "W1123456", 1),  # added
        ("2?0", "230", 0),
        ("2?0", "20", 0),  # or none
        ("2?0", "2330", 1),  # but not two
        ("1061??", "1061", 0),
        ("1061??", "106199", 0),
        ("1061??", "7061999", 2),
    ],
)
def test_edits(truth: str, reading: str, edits: int) -> None:
    assert distance(truth, reading) == edits


@given(TEXT)
def test_what_is_the_same_costs_nothing(text: str) -> None:
    assert distance(text, text) == 0
    assert align(text, text) == list(zip(text, text, strict=True))


@given(TEXT, TEXT)
def test_dropped_and_added_mirror_each_other(a: str, b: str) -> None:
    assert distance(a, b) == distance(b, a)
    there, back = align(a, b), align(b, a)
    surplus = len(a) - len(b)
    assert sum(read == "" for _, read in there) - sum(true == "" for true, _ in there) == surplus
    assert sum(true == "" for true, _ in back) - sum(read == "" for _, read in back) == surplus


@given(TRUTH, TEXT)
def test_an_alignment_keeps_both_texts_and_costs_the_distance(truth: str, reading: str) -> None:
    pairs = align(truth, reading)
    assert "".join(true for true, _ in pairs) == truth
    assert "".join(read for _, read in pairs) == reading
    assert sum(true not in ("?", read) for true, read in pairs) == distance(truth, reading)


@given(TRUTH.filter(lambda text: "?" in text), TEXT)
def test_an_open_question_is_the_best_of_its_answers(truth: str, reading: str) -> None:
    answers = [truth.replace("?", answer, 1) for answer in ("", *"ABM019")]
    assert distance(truth, reading) == min(distance(answer, reading) for answer in answers)
    assert length(truth) == len(truth.replace("?", ""))


@given(st.integers(1, 4).flatmap(
    lambda rows: st.lists(st.lists(st.integers(0, 20), min_size=5, max_size=5), min_size=rows, max_size=rows)
))  # fmt: skip
def test_no_assignment_is_cheaper(costs: list[list[int]]) -> None:
    chosen = assign(costs)
    assert len(set(chosen)) == len(costs)
    cheapest = min(
        sum(row[k] for row, k in zip(costs, p, strict=False)) for p in permutations(range(5), len(costs))
    )
    assert sum(row[k] for row, k in zip(costs, chosen, strict=True)) == cheapest


def test_lines_are_paired_at_the_least_cost_in_all() -> None:
    # The first truth would also take the second's reading, at one edit.
    assert pair_lines(["AB12", "AB13"], ["AB13"]) == [None, 0]
    # Greedy would give AB12 its nearest, AB1 (1 edit), and leave AB with AB1234 (4): 5; crossed: 2 + 1 = 3.
    assert pair_lines(["AB12", "AB"], ["AB1", "AB1234"]) == [1, 0]
    # A pair that costs as much as reading nothing is none.
    assert pair_lines(["AB"], ["CD", "XYZXYZ"]) == [None]
    assert pair_lines([], ["CD"]) == []
    assert pair_lines(["AB"], []) == [None]


def test_a_line_that_is_right_wins_a_tie() -> None:
    # 12 with 12 and 123 with nothing costs 3, as does 12 with nothing and 123 with 12: 2 + 1.
    assert pair_lines(["123", "12"], ["12"]) == [None, 0]


def test_folding() -> None:
    assert folded("№ а-12/3 ") == "NOA123"  # Cyrillic a
    assert folded("2?0") == "20"
    assert folded("2?0", wildcard=True) == "2?0"
    assert exact("AM116.06", ["x", "АМ116 06"])
    assert not exact("AM116", ["AM116.06"])
    assert found("AM116", ["SER NO AM116.06"])


def test_a_serial_with_an_open_question_is_not_read() -> None:
    assert equals("W12345", "w-12345")
    assert not equals("W12345", "W12?345")
    assert not equals("W12345", "W1?345")
    assert equals("2?0", "2?0")
    assert equals("2?0", "230")


@given(st.text("AB?", max_size=7), st.text("AB", max_size=7))
def test_an_open_character_is_any_one_or_none_as_in_a_regular_expression(truth: str, read: str) -> None:
    pattern = re.compile(truth.replace("?", ".?"))
    assert exact(truth, [read]) == equals(truth, read) == (pattern.fullmatch(read) is not None)
    assert found(truth, [read]) == (pattern.search(read) is not None)
    assert to_the_sign(truth, [read]) == exact(truth, [read])


@pytest.mark.parametrize("truth", ["W" + "?" * 60 + "7", "A?" * 60 + "B"])
def test_any_number_of_open_characters_is_no_trouble(truth: str) -> None:
    """A regular expression would try every way to share the text among them: years."""
    read = "A" * 100
    assert not (exact(truth, [read]) or found(truth, [read]) or equals(truth, read))
    assert not to_the_sign(truth, [read])
    assert exact(truth, [truth.replace("?", "A")]) and exact(truth, [truth.replace("?", "")])


def test_overlap_of_outlines() -> None:
    square = ((0, 0), (10, 0), (10, 10), (0, 10))
    shifted = ((5, 0), (15, 0), (15, 10), (5, 10))
    assert iou(square, square) == 1
    assert iou(square, shifted) == pytest.approx(1 / 3, abs=0.01)  # 50 of 150
    assert iou(square, ((20, 0), (30, 0), (30, 10), (20, 10))) == 0
    assert same_place(square, ((0, 0), (10, 0), (10, 6), (0, 6)))  # 60 of 100
    assert not same_place(square, ((0, 0), (10, 0), (10, 4), (0, 4)))  # 40 of 100
    assert iou(square, ()) == 0


def test_outlines_that_are_not_convex_count_by_their_area() -> None:
    """Text on a ring does not cover what the ring encloses."""
    u = ((0, 0), (30, 0), (30, 90), (60, 90), (60, 0), (90, 0), (90, 120), (0, 120))
    inside = ((31, 0), (59, 0), (59, 88), (31, 88))
    assert iou(u, inside) < 0.05
