"""A laboratory's own calibration: fitted on what people decided, never loosening what is accepted."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from case_fixtures import Command
from conftest import small_photo
from hypothesis import given
from hypothesis import strategies as st
from report_fixtures import decide as put_decision
from report_fixtures import some_records, write_case, write_records

from serialscan.errors import ExitCode, SettingsError
from serialscan.evaluate.calibration import LEAST
from serialscan.marking import decide
from serialscan.marking.laboratory import NAME, Basis, Held, Laboratory, Measure, load_laboratory, shipped
from serialscan.reading.reader import Reader
from serialscan.record import (
    Completeness,
    Model,
    PhotoRecord,
    SerialCandidate,
    SerialReading,
    Source,
    Tool,
)
from serialscan.scan import scan_photo
from serialscan.settings import load_settings
from serialscan.tool import settings_digest, tool_with

if TYPE_CHECKING:
    from serialscan.reading.networks import Networks

TOOL = Tool(
    name="serialscan", version="1", settings_digest="0" * 16, recipe="normal", fitted_to="normal",
    engine="networks", models=(Model(name="a.onnx", sha256="a" * 64),),
)  # fmt: skip


def reading(value: str, confidence: float) -> SerialReading:
    whole = Completeness(confidence=0.999)
    first = SerialCandidate(
        value=value, confidence=confidence, evidence=("L1",), choice=0.99, reading=confidence, complete=whole
    )
    return SerialReading(
        value=value, status="readable", decision="review", confidence=confidence, candidates=(first,)
    )


def record(number: int, value: str, confidence: float, tool: Tool = TOOL) -> PhotoRecord:
    serial = reading(value, confidence)
    if confidence >= 0.81:
        serial = msgspec.structs.replace(serial, decision="accept")
    source = Source(path=f"photos/{number}.jpg", sha256=f"{number:064x}")
    return PhotoRecord(status="ok", tool=tool, source=source, serial=serial)


def laboratory(folder: Path, count: int, shift: float, of_item: int = 1, tool: Tool = TOOL) -> list[str]:
    """Labels and records of readings whose log odds of being right are those told and ``shift``."""
    chance = random.Random(7)
    labels, records = [], []
    for number in range(count):
        if number % of_item == 0:
            told = min(0.9999, max(0.0001, round(chance.betavariate(2, 1), 4)))
            right = chance.random() < 1 / (1 + math.exp(-math.log(told / (1 - told)) - shift))
        true = f"W{100_000 + number // of_item}"
        labels.append({"file": f"photos/{number}.jpg", "lines": [], "serial": true, "partial_lines": True})
        records.append(record(number, true if right else true[:-1] + "X", told, tool))
    text = "".join(json.dumps(label) + "\n" for label in labels)
    (folder / "labels.jsonl").write_text(text, encoding="utf-8")
    write_records(folder / "records.ndjson", *records)
    return ["calibrate", "labels.jsonl", "--records", "records.ndjson"]


def test_a_reader_that_is_too_sure_is_put_right_and_accepts_less(command: Command, tmp_path: Path) -> None:
    arguments = laboratory(tmp_path, 400, -1.2)
    done = command(*arguments, "-o", "ours.json")
    assert done.code == ExitCode.OK, done.err
    made = load_laboratory(str(tmp_path / "ours.json"))
    assert made.probability(0.9) < 0.85 and made.probability(0.5) < 0.35  # 0.73 and 0.23 are true
    assert made.after.log_loss.value < made.before.log_loss.value - made.gain.low
    assert made.after.calibration_error < made.before.calibration_error / 2
    assert 0 < made.after.accepted < made.before.accepted
    shares = [held.accepted_wrong / held.accepted for held in (made.before, made.after)]
    assert shares[1] < shares[0]
    assert sum(one.claims for one in made.after.reliability) == made.basis.serials == 400
    assert made.basis.labels[0].name == "labels.jsonl" and made.basis.models == TOOL.models
    assert "log loss" in done.out and "--calibration ours.json" in done.err
    again = command(*arguments, "-o", "again.json")
    assert again.code == ExitCode.OK
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "ours.json").read_bytes()
    assert command(*arguments, "-o", "ours.json").code == ExitCode.OUTPUT


def test_nothing_is_written_where_it_brings_nothing(command: Command, tmp_path: Path) -> None:
    arguments = laboratory(tmp_path, 400, 0.0)
    assert command(*arguments, "labels.jsonl").code == ExitCode.SETTINGS  # each photo is labelled once
    done = command(*arguments, "-o", "ours.json")
    assert done.code == ExitCode.SOME_FAILED and "no calibration is written" in done.err
    assert "log loss smaller by" in done.out and not (tmp_path / "ours.json").exists()


@pytest.mark.parametrize(("count", "of_item", "told"), [(50, 1, "Too few"), (1000, 50, "of 1000 serials")])
def test_too_few_items_are_refused_however_many_photos_they_have(
    command: Command, tmp_path: Path, count: int, of_item: int, told: str
) -> None:
    done = command(*laboratory(tmp_path, count, -1.0, of_item), "-o", "ours.json")
    assert done.code == ExitCode.SETTINGS and told in done.err and f"{LEAST} of each" in done.err
    assert not (tmp_path / "ours.json").exists()


def test_an_item_never_judges_itself(command: Command, tmp_path: Path) -> None:
    """Ten photos each are worth as much as one: copies must not make the figures look surer."""
    gains = []
    for of_item in (1, 10):
        done = command(*laboratory(tmp_path, 100 * of_item, -1.2, of_item), "--json")
        gains.append(msgspec.json.decode(done.out, type=Laboratory))
    assert gains[0].basis.items == gains[1].basis.items == 100 and gains[1].basis.serials == 1000
    one, ten = (made.gain.high - made.gain.low for made in gains)
    assert abs(one - ten) < 0.3 * one


def test_records_of_several_versions_and_labels_that_do_not_belong_are_refused(
    command: Command, tmp_path: Path
) -> None:
    arguments = laboratory(tmp_path, 100, -1.0)
    lines = (tmp_path / "records.ndjson").read_bytes().splitlines(keepends=True)
    other = [line.replace(b'"version":"1"', b'"version":"2"') for line in lines[50:]]
    (tmp_path / "records.ndjson").write_bytes(b"".join(lines[:50] + other))
    done = command(*arguments)
    assert done.code == ExitCode.SETTINGS and "in 2 ways: 1 (normal), 2 (normal)" in done.err
    sure = [record(n, f"W{n + 1000}" if n % 2 else "wrong", 0.3 if n % 2 else 0.9) for n in range(100)]
    write_records(tmp_path / "records.ndjson", *sure)
    labels = [{"file": f"photos/{n}.jpg", "lines": [], "serial": f"W{n + 1000}"} for n in range(100)]
    text = "".join(json.dumps(label) + "\n" for label in labels)
    (tmp_path / "labels.jsonl").write_text(text, encoding="utf-8")
    done = command(*arguments)
    assert done.code == ExitCode.SETTINGS and "not more often right" in done.err


def test_corrections_in_a_case_become_a_calibration(command: Command, tmp_path: Path) -> None:
    """The round trip: the program reads, people correct, labels are made, the calibration is fitted."""
    chance = random.Random(3)
    photos = []
    for one in some_records(tmp_path, 70):
        sure = chance.choice((0.7, 0.95))
        first = msgspec.structs.replace(one.serial.candidates[0], confidence=sure)
        serial = msgspec.structs.replace(one.serial, confidence=sure, candidates=(first,))
        photos.append(msgspec.structs.replace(one, serial=serial))
    write_case(tmp_path / "a.case", photos)
    for number, one in enumerate(photos):
        right = chance.random() < (0.7 if one.serial.confidence > 0.8 else 0.1)
        put_decision(tmp_path / "a.case", one, "read", one.serial.value if right else f"ZZ{number}")
    assert command("labels", "import", "a.case", "-o", "labels.jsonl").code == ExitCode.OK
    done = command("calibrate", "labels.jsonl", "--records", "a.case", "-o", "ours.json")
    assert done.code == ExitCode.OK, done.err
    ours = load_laboratory(str(tmp_path / "ours.json"))
    assert ours.basis.serials == 70 and ours.probability(0.7) < 0.4 < ours.probability(0.95) < 0.9


def by_hand(weight: float, bias: float, tool: Tool = TOOL, other: float | None = None) -> Laboratory:
    held = Held(
        log_loss=Measure(value=0, low=0, high=0), brier=Measure(value=0, low=0, high=0), calibration_error=0,
        reliability=(), accepted=0, accepted_wrong=0,
    )  # fmt: skip
    basis = Basis(
        labels=(), version=tool.version, recipe=tool.recipe, models=tool.models, settings_digests=(),
        serials=40, items=40, right=20, wrong=20, accepted=0, least=0.0, surest=1.0,
    )  # fmt: skip
    gain = Measure(value=0.1, low=0.01, high=0.2)
    weights = (weight, weight if other is None else other, bias)
    return Laboratory(weights=weights, basis=basis, before=held, after=held, gain=gain)


@given(
    confidence=st.floats(0, 1),
    least=st.floats(0, 1),
    low=st.floats(0, 100),
    high=st.floats(0, 100),
    bias=st.floats(-100, 100),
)
def test_no_calibration_ever_makes_a_serial_accepted(
    confidence: float, least: float, low: float, high: float, bias: float
) -> None:
    ours, serial = by_hand(low, bias, other=high), reading("W123456", confidence)
    alone, together = decide(serial, least).decision, decide(serial, least, ours).decision
    assert together == "review" or alone == "accept"
    applied = ours.of(serial)
    assert 0 <= applied.confidence <= 1 and shipped(applied) == confidence
    assert decide(applied, least, ours).decision == together  # nothing is counted twice


def test_a_doubtful_calibration_takes_acceptance_away_and_a_sure_one_gives_none() -> None:
    high, low = reading("W123456", 0.9), reading("W123456", 0.5)
    assert [decide(one, 0.8).decision for one in (high, low)] == ["accept", "review"]
    assert decide(high, 0.8, by_hand(1.0, -3.0)).decision == "review"
    assert decide(low, 0.8, by_hand(1.0, 9.0)).decision == "review"


def scanned(photo: Path, networks: Networks, flags: dict[str, Any]) -> PhotoRecord:
    settings = load_settings({"reader": "network", **flags}, {}).settings
    return scan_photo(photo, Reader(settings, engine=networks), settings)


def test_a_record_names_the_calibration_and_keeps_what_shipped(tmp_path: Path, networks: Networks) -> None:
    photo = small_photo(tmp_path / "a.png")
    plain = scanned(photo, networks, {})
    path = tmp_path / "ours.json"
    path.write_bytes(msgspec.json.encode(by_hand(1.0, -1.0, plain.tool)))
    flags = {"calibration": str(path)}
    ours = scanned(photo, networks, flags)
    sha256 = load_settings(flags, {}).settings.calibration_sha256
    assert ours.tool.models == (*plain.tool.models, Model(name=NAME, sha256=sha256)) and sha256
    assert ours.tool.settings_digest != plain.tool.settings_digest
    for name in ("lines", "marks", "codes"):
        assert getattr(ours, name) == getattr(plain, name)
    assert ours.serial.candidates == plain.serial.candidates
    assert ours.serial.value == "W123456"
    assert shipped(ours.serial) == plain.serial.confidence > ours.serial.confidence > 0
    for field, value in (("version", "0"), ("recipe", "fast"), ("models", ())):
        tool = msgspec.structs.replace(plain.tool, **{field: value})
        path.write_bytes(msgspec.json.encode(by_hand(1.0, -1.0, tool)))
        with pytest.raises(SettingsError, match="serialscan calibrate again"):
            scanned(photo, networks, flags)


def test_a_wrong_calibration_ends_the_run_before_a_photo_is_read(command: Command, tmp_path: Path) -> None:
    small_photo(tmp_path / "a.png")
    good = msgspec.json.encode(by_hand(1.0, 0.0))
    odd: Sequence[tuple[bytes, str]] = (
        (b"{}", "is no calibration"), (b"[" * 100_000, "is no calibration"), (b"\xff", "is no calibration"),
        (good.replace(b'"weights":[1.0', b'"weights":[-1.0'), "is no calibration"),
        (good.replace(b'"weights":[1.0', b'"weights":[1e999'), "is no calibration"),
        (good, "calibrate again"),
    )  # fmt: skip
    for number, (data, told) in enumerate(odd):
        path = tmp_path / f"{number}.json"
        path.write_bytes(data)
        if data == good:
            done = command("scan", "a.png", "--calibration", path.name, "-j", "1")
            assert done.code == ExitCode.SETTINGS and told in done.err, done.err
        else:
            with pytest.raises(SettingsError, match=told):
                load_laboratory(str(path))
    assert command("scan", "a.png", "--calibration", "none.json").code == ExitCode.SETTINGS


def test_the_digest_is_the_same_without_a_calibration_and_follows_its_content(tmp_path: Path) -> None:
    digests = set()
    for bias in (0.0, 1.0):
        (tmp_path / "ours.json").write_bytes(msgspec.json.encode(by_hand(1.0, bias)))
        settings = load_settings({"calibration": str(tmp_path / "ours.json")}, {}).settings
        digests.add(settings_digest(settings))
        assert "calibration" not in settings.values() and tool_with(settings).models == ()
    plain = load_settings({}, {}).settings
    assert len({*digests, settings_digest(plain)}) == 3 and "calibration_sha256" not in plain.values()
