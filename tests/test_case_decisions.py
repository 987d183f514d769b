"""Decisions of people as they stand in a case: written, taken back, in conflict, settled, counted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from case_fixtures import Command, both_on, codes, logged, make_case, photo_record, verdict_on

from serialscan.case import CaseWriter
from serialscan.case.check import Trust
from serialscan.case.decisions import (
    Decided,
    Decision,
    EntryName,
    MachineReading,
    Shown,
    Target,
    agreement,
    decision_now,
    decisions,
    key_of,
)
from serialscan.case.extract import extract
from serialscan.case.merge import merge
from serialscan.case.read import open_case, read_record
from serialscan.case.verifier import verifier_source
from serialscan.errors import ExitCode

A, B, C = {"name": "A. Doe", "badge": "1234"}, {"name": "B. Roe"}, {"name": "C. Poe"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "a.case"
    make_case(made, range(4), items=[("AK-1", (0, 1)), ("AK-2", (2, 3))])
    return made


def about(path: Path, number: int, value: str | None, **more: Any) -> Decision:
    """A decision on the serial of a photo of the case; a value means that it was read."""
    record = read_record(photo_record(number))
    with open_case(path) as reader:
        place = reader.records_of(record.source.path)[0]
        name = EntryName(case_id=reader.branches[place.branch], sequence=place.sequence)
    said: dict[str, Any] = {
        "person": A, "photo": record.source.sha256, "path": record.source.path, "record": name,
        "item": "AK-1" if number < 2 else "AK-2", "mode": "type_first", "value": value, "typed": value,
        "answer": "read" if value else "unreadable",
        "machine": MachineReading(value=record.serial.value, decision="review", confidence=0.5),
        "shown": Shown(picture="original", enhancements=("brightness 1.4",), reading_visible=False), **more,
    }  # fmt: skip
    return Decision(**said)


def write(path: Path, *made: Decision) -> list[EntryName]:
    with CaseWriter(path) as writer:
        names = [
            EntryName(case_id=writer.case_id, sequence=writer.append("decision", one.fields()))
            for one in made
        ]
        writer.checkpoint()
    return names


def taken_back(decision: Decision, name: EntryName) -> Decision:
    return replace(decision, answer=None, value=None, typed=None, undoes=name)


def all_of(path: Path) -> list[Decided]:
    with open_case(path) as reader:
        return list(decisions(reader))


def test_a_decision_is_read_as_it_was_written(path: Path) -> None:
    box = Target(kind="box", means="calibre", polygon=((1.0, 2.5), (9.0, 2.5), (9.0, 5.0), (1.0, 5.0)))
    made = [
        about(path, 0, "AB12?4", reason="worn", note="شماره \u202e ' <b>"),
        about(path, 1, None, photo=None, mode="assist", role="audit", typed=None),
        about(path, 2, "7.62 mm", target=box),
        about(path, 2, "1943", target=Target(kind="mark", index=3, means="date")),
    ]
    write(path, *made)
    assert [one.decision for one in all_of(path)] == made
    assert verdict_on(path).ok


def test_undo_is_a_further_entry_and_the_decision_before_stands_again(path: Path) -> None:
    first, second = about(path, 0, "AB123"), about(path, 0, "AB128")
    names = write(path, first, second)
    key = key_of(first)
    (standing,) = decision_now(all_of(path)).values()
    assert standing.decided is not None and standing.decided.decision == second
    write(path, taken_back(second, names[1]))
    standing = decision_now(all_of(path))[key]
    assert standing.decided is not None and standing.decided.decision == first
    write(path, taken_back(first, names[0]))
    assert decision_now(all_of(path)) == {}
    assert [one.decision.value for one in all_of(path)] == ["AB123", "AB128", None, None]


@pytest.mark.parametrize("other", [("AB128", "read"), (None, "removed_or_altered"), (None, "ask")])
def test_what_reviewers_say_differently_stands_for_nothing_until_a_third_settles_it(
    path: Path, other: tuple[str | None, str]
) -> None:
    value, answer = other
    second = about(path, 0, value, person=B, role="second", answer=answer)
    write(path, about(path, 0, "AB123"), second)
    (standing,) = decision_now(all_of(path)).values()
    assert (standing.state, standing.decided) == ("differs", None)
    assert [one.decision.person["name"] for one in standing.opinions] == ["A. Doe", "B. Roe"]
    write(path, about(path, 0, "AB12?", person=C, role="third"))
    (standing,) = decision_now(all_of(path)).values()
    assert standing.state == "decided" and standing.decided is not None
    assert standing.decided.decision.value == "AB12?" and standing.decided == standing.settled


def test_spaces_capitals_and_forms_of_characters_are_no_difference(path: Path) -> None:
    write(path, about(path, 0, "ab 123"), about(path, 0, "ＡB123", person=B, role="second"))
    (standing,) = decision_now(all_of(path)).values()
    assert standing.state == "decided"


def test_to_ask_somebody_leaves_it_open(path: Path) -> None:
    write(path, about(path, 0, None, answer="ask"))
    (standing,) = decision_now(all_of(path)).values()
    assert standing.state == "asked"


def test_marks_and_boxes_of_a_photo_are_decided_each_by_itself(path: Path) -> None:
    square = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))
    targets = [
        Target(), Target(kind="mark", index=0, means="model"), Target(kind="mark", index=1, means="date"),
        Target(kind="box", means="proof", polygon=square),
    ]  # fmt: skip
    write(path, *(about(path, 0, f"V{number}", target=one) for number, one in enumerate(targets)))
    values = [one.decided.decision.value for one in decision_now(all_of(path)).values() if one.decided]
    assert values == ["V0", "V1", "V2", "V3"]


def test_agreement_counts_pairs_and_names_the_characters_confused(path: Path) -> None:
    for number, (one, other) in enumerate([("AB128", "AB12B"), ("XY80", "XYB0"), ("77", "77"), ("1A", None)]):
        write(path, about(path, number, one), about(path, number, other, person=B, role="second"))
    write(path, about(path, 3, "1A", person=C, role="third"))
    found = agreement(all_of(path))
    assert (found.reviewers.count, found.reviewers.of) == (1, 4)
    low, high = found.reviewers.low, found.reviewers.high
    assert low is not None and high is not None and 0 < low < 0.25 < high < 1
    assert found.confusions == (("8", "B", 2),)
    assert found.answers == (("read", "unreadable", 1),)
    assert agreement([]).reviewers.low is None


def test_misses_of_the_sample_and_of_known_items_are_named(path: Path) -> None:
    right = read_record(photo_record(0)).serial.value
    write(
        path, about(path, 0, right, role="audit"), about(path, 1, "WRONG", role="audit"),
        about(path, 2, "AB9"), about(path, 3, "AB8"),
    )  # fmt: skip
    with open_case(path) as reader:
        digests = [photo.sha256 for photo in reader.photos()]
    found = agreement(all_of(path), {str(digests[2]): "AB9", str(digests[3]): "AB9"})
    assert (found.audit.count, found.audit.of) == (1, 2)
    assert [one.decision.value for one in found.audit_wrong] == ["WRONG"]
    assert (found.known.count, found.known.of) == (1, 2)
    assert [one.decision.value for one in found.known_wrong] == ["AB8"]


FAULTS: list[tuple[str, Any]] = [
    ("answer", "maybe"), ("answer", None), ("value", None), ("value", ""), ("role", "fourth"),
    ("mode", None), ("machine", {"value": None, "decision": None, "confidence": 2}), ("person", {"name": ""}),
    ("person", "A"), ("record", {"case_id": "x"}), ("undoes", {"case_id": "x", "sequence": 1}), ("shown", {}),
    ("target", {}),
    ("target", {"kind": "mark", "index": None, "means": "date", "page": 1, "polygon": []}),
    ("target", {"kind": "box", "index": None, "means": "date", "page": 1, "polygon": []}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), FAULTS)
def test_what_is_no_decision_is_not_written_and_found_by_both_checkers(
    path: Path, tmp_path: Path, name: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {**about(path, 0, "AB123").fields(), name: value}
    before = path.read_bytes()
    with CaseWriter(path) as writer, pytest.raises(ValueError, match="decision"):
        writer.append("decision", fields)
    assert path.read_bytes() == before
    with CaseWriter(path) as writer:
        monkeypatch.setattr("serialscan.case.writer.rows_of", lambda *_: {})
        writer.append("decision", fields)
        monkeypatch.undo()
    checker = tmp_path / "verify.py"
    checker.write_text(verifier_source(), encoding="utf-8")
    assert codes(both_on(checker, path, Trust())) == {"entry"}


def test_the_commands_know_decisions(command: Command, path: Path) -> None:
    first = about(path, 0, "AB123", typed="AB128", reason="worn \u202e")
    (name,) = write(path, first)
    write(path, about(path, 2, "X"), about(path, 2, "Y", person=B, role="second"))
    write(path, about(path, 3, "Z"), about(path, 1, None, answer="no_serial"))
    log = command("case", "log", path).out
    assert "[AK-1]: photos/IMG_0000.jpg, serial: read as AB123 (first, type first; typed first: AB128;" in log
    assert "-- A. Doe (1234)" in log and "\u202e" not in log and "worn \\u202e" in log
    assert sum(one["kind"] == "decision" for one in logged(command, path)) == 5
    assert "4 marks reviewed: 3 decided, 1 differs" in command("case", "show", path).out
    text = command("case", "list", path).out.splitlines()
    assert [line.partition("reviewed: ")[2] for line in text] == [
        "AB123",
        "no serial",
        "reviewers differ",
        "Z",
    ]
    listed = [
        json.loads(line)["reviewed"] for line in command("case", "list", path, "--json").out.splitlines()
    ]
    assert listed[2] == {"state": "differs", "answer": None, "value": None}
    write(path, taken_back(first, name))
    assert f"entry {name.sequence} taken back" in command("case", "log", path).out
    assert "reviewed" not in command("case", "list", path).out.splitlines()[0]
    assert command("case", "verify", path).code == ExitCode.OK


def test_decisions_go_with_a_part_and_with_a_merge(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.case"
    make_case(other, range(2))
    write(path, about(path, 0, "AB1"), about(path, 2, "AB2", item=None))
    part = tmp_path / "part.case"
    extract(path, ["photos/IMG_0002.jpg"], part)
    assert [one.decision.value for one in all_of(part)] == ["AB2"]
    write(other, about(other, 0, "AB9", person=B, item=None))
    both = tmp_path / "both.case"
    merge([path, other], both, A)
    standings = decision_now(all_of(both))
    assert [one.state for one in standings.values()] == ["differs", "decided"]
    assert verdict_on(both).ok
