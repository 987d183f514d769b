"""Confidences: what a record says of its own doubt must hold together."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serialscan import record
from serialscan.errors import EngineError
from serialscan.marking import decide
from serialscan.reading import quality_warnings
from serialscan.reading.calibrate import calibrated, load_calibration
from serialscan.record import (
    Alternative,
    Completeness,
    Gap,
    Glyph,
    Line,
    Quality,
    SerialCandidate,
    SerialReading,
    Source,
    TextCandidate,
)

BOX = ((0.0, 0.0), (90.0, 0.0), (90.0, 30.0), (0.0, 30.0))


def line(votes: list[float], said: list[str], height: float = 30.0) -> Line:
    text = "W2745678"[: len(votes)]
    product = math.prod(votes)
    names = ("relief", "relief", "ppocrv6-small", "tesseract")
    return Line(
        id="L1", text=text, confidence=product, polygon=BOX, glyph_height_px=height,
        characters=tuple(
            Glyph(char=c, confidence=v, alternatives=(Alternative(char="X", confidence=(1 - v) / 2),))
            for c, v in zip(text, votes, strict=True)
        ),
        candidates=(
            TextCandidate(text=text, confidence=product),
            TextCandidate(text="X" + text[1:], confidence=(1 - product) / 2),
        ),
        readers=tuple(
            record.Testimony(name="as people call it", reader=n, text=t, confidence=0.9)
            for n, t in zip(names, said, strict=False)
        ),
    )  # fmt: skip


@given(st.lists(st.floats(0.05, 1.0), min_size=1, max_size=8), st.floats(0.0001, 0.9999))
def test_characters_multiply_to_the_line_and_none_rises_above_its_votes(votes: list[float], p: float) -> None:
    one = calibrated(line(votes, []), p)
    assert math.prod(g.confidence for g in one.characters) <= p + 0.002
    for glyph, vote in zip(one.characters, votes, strict=True):
        assert p - 0.001 <= glyph.confidence <= max(vote, p) + 1e-4
    assert one.confidence == pytest.approx(p, abs=1e-4)
    for glyph in one.characters:
        assert glyph.confidence + sum(a.confidence for a in glyph.alternatives) <= 1.001
    assert sum(c.confidence for c in one.candidates) <= 1.001
    assert one.candidates[0].text == one.text


def test_the_most_doubtful_character_stays_the_most_doubtful() -> None:
    one = calibrated(line([0.9, 0.5, 0.99, 0.8], []), 0.3)
    order = sorted(range(4), key=lambda i: one.characters[i].confidence)
    assert order == [1, 3, 0, 2]


@pytest.mark.parametrize(
    "said",
    [
        ["W274567", "W2745G7", "W274567"],  # two views of the first reader
        ["W274567", "W274567", "W2745G7"],  # the second reader
        ["W274567", "W2745G7", "W27A567"],
    ],
)
def test_readers_that_agree_are_believed_more_than_readers_that_differ(said: list[str]) -> None:
    model = load_calibration()
    votes = [0.99] * 7
    agreed = model.probability(line(votes, ["W274567"] * 3), 900, 600)
    assert model.probability(line(votes, said), 900, 600) < agreed < 1


def test_a_gap_gets_the_probability_that_a_character_was_lost_there() -> None:
    seen = line([0.9] * 6, [])
    gaps = tuple(
        Gap(at=n, confidence=votes, alternatives=(Alternative(char="5", confidence=votes / 2),))
        for n, votes in ((1, 0.01), (2, 0.1), (4, 0.45))
    )
    before, after = calibrated(seen, 0.5), calibrated(msgspec.structs.replace(seen, gaps=gaps), 0.5)
    assert msgspec.structs.replace(after, gaps=msgspec.UNSET) == before
    # what hardly any view saw tells nothing; a gap that half of the views filled is a likely loss
    assert after.gaps is not msgspec.UNSET
    assert [(gap.at, 0.05 < gap.confidence < 0.25) for gap in after.gaps] == [(2, True), (4, False)]
    assert 0.3 < after.gaps[1].confidence < 0.7
    for gap in after.gaps:
        assert gap.alternatives[0].confidence == pytest.approx(gap.confidence / 2, abs=1e-3)
    assert b"gaps" in msgspec.json.encode(after) and b"gaps" not in msgspec.json.encode(before)


def at(one: Line, x: float, y: float, *, upright: bool = False) -> Line:
    """The line with characters 20 px wide and 30 high in a row, the middle of the first at (x, y)."""
    glyphs = []
    for i, glyph in enumerate(one.characters):
        cx, cy = (x, y + 20 * i) if upright else (x + 20 * i, y)
        box = ((cx - 10, cy - 15), (cx + 10, cy - 15), (cx + 10, cy + 15), (cx - 10, cy + 15))
        glyphs.append(msgspec.structs.replace(glyph, polygon=box))
    return msgspec.structs.replace(one, characters=tuple(glyphs), glyph_height_px=30.0)


@pytest.mark.parametrize(
    ("x", "y", "upright", "cut"),
    [
        (300, 300, False, False),
        (14, 300, False, True),  # the left edge
        (768, 300, False, True),  # the right one: the last character stands at 888 of 900
        (300, 16, False, False),  # along the upper edge: nothing is cut off
        (300, 16, True, True),  # down from it
        (300, 466, True, True),
    ],
)
def test_a_number_that_ends_at_the_edge_of_the_photo_is_doubted_and_told(
    x: float, y: float, upright: bool, cut: bool
) -> None:
    model = load_calibration()
    whole = at(line([0.99] * 7, ["W274567"] * 3), 300, 300)
    one = at(line([0.99] * 7, ["W274567"] * 3), x, y, upright=upright)
    assert (model.probability(one, 900, 600) < model.probability(whole, 900, 600) - 0.05) == cut
    warnings = quality_warnings(Quality(), [one], Source(path="a.jpg", width=900, height=600))
    assert ("cut_off" in {warning.code for warning in warnings}) == cut
    assert all("W274567" in warning.message for warning in warnings if warning.code == "cut_off")


def test_a_picture_cropped_to_its_number_does_not_cut_it_off() -> None:
    model = load_calibration()
    one = at(line([0.99] * 7, ["W274567"] * 3), 12, 20)
    assert model.probability(one, 145, 40) == model.probability(at(one, 300, 300), 900, 600)
    warnings = quality_warnings(Quality(), [one], Source(path="a.jpg", width=145, height=40))
    assert "cut_off" not in {warning.code for warning in warnings}


def test_a_smaller_share_of_errors_asks_for_more_confidence() -> None:
    model = load_calibration()
    asked = [model.least_accepted(share) for share in (0.0001, 0.001, 0.01, 0.05, 0.2, 0.5)]
    assert asked == sorted(asked, reverse=True)
    assert asked[0] >= 0.999


def test_a_missing_calibration_tells_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="install serialscan again"):
        load_calibration(tmp_path / "calibration.json")
    (tmp_path / "calibration.json").write_text('{"version": "x"}', encoding="utf-8")
    with pytest.raises(EngineError, match="install serialscan again"):
        load_calibration(tmp_path / "calibration.json")


@pytest.mark.parametrize(
    ("value", "status", "confidence", "decision"),
    [
        ("W274567", "readable", 0.995, "accept"),
        ("W274567", "readable", 0.98, "review"),
        ("W27?567", "partial", 0.999, "review"),
        ("W274567", "conflict", 0.999, "review"),
        (None, "not_found", 0.0, "none"),
    ],
)
def test_only_whole_uncontested_sure_serials_are_accepted(
    value: str | None, status: str, confidence: float, decision: str
) -> None:
    first = SerialCandidate(value=value or "", confidence=confidence, choice=0.999, evidence=("L1",),
                            complete=Completeness(confidence=0.999))  # fmt: skip
    reading = SerialReading(
        value=value, status=status, confidence=confidence,  # type: ignore[arg-type]
        decision="review" if value else "none", candidates=(first,) if value else (),
    )  # fmt: skip
    assert decide(reading, 0.99).decision == decision
