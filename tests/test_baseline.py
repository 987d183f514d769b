"""A change that costs reading is seen, also if every other test passes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import REPOSITORY

PROGRAM = REPOSITORY / "benchmarks" / "baseline.py"
KNOWN = json.loads((REPOSITORY / "benchmarks" / "baseline.json").read_text("utf-8"))


def test_the_samples_and_twenty_rendered_photos_are_read_as_well_as_they_were() -> None:
    command = [sys.executable, PROGRAM, "--sets", "samples", "rendered-20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["serials", "lines", "accepted"])
def test_what_is_lost_beyond_the_tolerance_is_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROGRAM.parent))
    import baseline

    for known in KNOWN.values():
        assert baseline.lost(known, known) == []
        within = known | {name: known[name] - known[f"tolerance_{name}"]}
        assert baseline.lost(within, known) == []
        beyond = known | {name: within[name] - 1}
        assert len(baseline.lost(beyond, known)) == 1
        assert baseline.lost(known | {"accepted_wrong": known["accepted_wrong"] + 1}, known)
