"""A change that costs reading is seen, also if every other test passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType

import pytest
from conftest import REPOSITORY

from serialscan.record import PhotoRecord

PROGRAM = REPOSITORY / "benchmarks" / "baseline.py"
KNOWN = json.loads((REPOSITORY / "benchmarks" / "baseline.json").read_text("utf-8"))


@pytest.fixture
def baseline(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PROGRAM.parent))
    import baseline

    return baseline


def test_the_samples_are_read_as_well_as_they_were(
    baseline: ModuleType, read_sample: Callable[[str], PhotoRecord]
) -> None:
    now = baseline.count(REPOSITORY / "samples" / "labels.jsonl", lambda photo: read_sample(photo.name))
    assert now["photos"] == KNOWN["samples"]["photos"]
    assert baseline.lost(now, KNOWN["samples"]) == []


@pytest.mark.parametrize("name", ["serials", "lines", "accepted"])
def test_what_is_lost_beyond_the_tolerance_is_told(name: str, baseline: ModuleType) -> None:
    for known in KNOWN.values():
        assert baseline.lost(known, known) == []
        within = known | {name: known[name] - known[f"tolerance_{name}"]}
        assert baseline.lost(within, known) == []
        beyond = known | {name: within[name] - 1}
        assert len(baseline.lost(beyond, known)) == 1
        assert baseline.lost(known | {"accepted_wrong": known["accepted_wrong"] + 1}, known)
