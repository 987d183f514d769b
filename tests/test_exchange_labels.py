"""From records to Label Studio and back to labels, and from decisions to labels."""

from __future__ import annotations

import copy
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from case_fixtures import BY, Command
from exchange_fixtures import HOSTILE, a_case, hostile_records, write_records
from report_fixtures import decide, some_records, write_case

from serialscan.errors import ExitCode
from serialscan.evaluate.labels import read_labels


def tasks_of(path: Path) -> list[dict[str, Any]]:
    """The tasks of a file that Label Studio would take: controls of its interface, three of one id."""
    interface = ET.fromstring(path.with_name(f"{path.name}.xml").read_text("utf-8"))
    controls = {one.get("name"): one for one in interface.iter() if one.get("name")}
    types = {"Polygon": "polygon", "Labels": "labels", "TextArea": "textarea"}
    kinds = {one.get("value") for one in interface.iter("Label")}
    tasks: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    for task in tasks:
        (prediction,) = task["predictions"]
        of: dict[str, list[str]] = {}
        for result in prediction["result"]:
            control = controls[result["from_name"]]
            assert (
                types[control.tag] == result["type"] and control.get("toName") == result["to_name"] == "image"
            )
            if "id" in result:
                of.setdefault(result["id"], []).append(result["type"])
                assert all(0 <= share <= 100 for point in result["value"]["points"] for share in point)
            assert set(result["value"].get("labels", ())) <= kinds
        assert of and all(some == ["polygon", "labels", "textarea"] for some in of.values())
    return tasks


def corrected(task: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """A task as Label Studio exports it once a person has corrected a text."""
    result = copy.deepcopy(task["predictions"][0]["result"])
    for one in result:
        if one["type"] == "textarea":
            one["value"]["text"] = [new if text == old else text for text in one["value"]["text"]]
    return {**task, "id": 7, "annotations": [{"was_cancelled": True, "result": []}, {"result": result}]}


def test_tasks_come_back_as_labels_of_the_same_texts_and_places(command: Command, tmp_path: Path) -> None:
    records = hostile_records(tmp_path / "photos")
    write_records(tmp_path / "records.ndjson", *records)
    done = command("export", "records.ndjson", "--format", "label-studio", "-o", "tasks.json")
    assert done.code == ExitCode.OK, done.err
    tasks = tasks_of(tmp_path / "tasks.json")
    assert [task["data"]["serial_by_program"] for task in tasks] == list(HOSTILE)
    assert unquote(tasks[0]["data"]["image"]).endswith(records[0].source.path[1:])
    first = corrected(tasks[0], "AB1000", "AB1OOO")
    first["annotations"][-1]["result"] += [
        {"from_name": "whole", "to_name": "image", "type": "choices",
         "value": {"choices": ["every line that can be read is marked"]}}
    ]  # fmt: skip
    others = [corrected(task, "nothing", "") for task in tasks[1:]]
    (tmp_path / "project.json").write_text(json.dumps([first, *others, tasks[5]]), encoding="utf-8")
    done = command("labels", "import", "project.json", "-o", "labels.jsonl")
    assert done.code == ExitCode.OK, done.err
    labels = read_labels(tmp_path / "labels.jsonl")
    kept = [number for number, text in enumerate(HOSTILE) if any(map(str.isalnum, text))]
    assert len(kept) == len(HOSTILE) - 1 and "no letter or digit" in done.err
    assert [str(label.path) for label in labels] == [records[number].source.path for number in kept]
    assert labels[0].label.lines == ("AB1OOO", "COLT", "note") and not labels[0].label.partial_lines
    assert labels[1].label.partial_lines
    for (x, y), (left, top) in zip(
        labels[0].label.polygon(0) or (), records[0].lines[0].polygon, strict=True
    ):
        assert abs(x - left) < 0.1 and abs(y - top) < 0.1
    assert [label.label.serial for label in labels] == [HOSTILE[number].strip() for number in kept]
    assert "nobody has corrected it" in done.err


def test_what_a_reviewer_read_is_the_serial_of_a_task(command: Command, tmp_path: Path) -> None:
    path, photos, _ = a_case(tmp_path)
    command("export", path, "--format", "label-studio", "-o", "t.json", "--photos-url", "http://h/p", *BY)
    tasks = {task["data"]["path"]: task for task in tasks_of(tmp_path / "t.json")}
    task = tasks[photos[1].source.path]
    serials = [
        one["value"]["text"] for one in task["predictions"][0]["result"] if one["from_name"] == "serial"
    ]
    assert (serials, task["data"]["serial_by_program"]) == ([["AB7001"]], photos[1].serial.value)
    assert task["data"]["image"].startswith("http://h/p/") and "Kabul" not in json.dumps(list(tasks.values()))


def test_decisions_of_a_case_become_labels(command: Command, tmp_path: Path) -> None:
    photos = some_records(tmp_path / "photos", 6)
    path = tmp_path / "a.case"
    write_case(path, photos)
    decide(path, photos[0], "read", "AB7777")
    decide(path, photos[1], "unreadable")
    decide(path, photos[2], "read", "X1")
    decide(path, photos[2], "read", "X2", person={"name": "B. Roe"}, role="second")
    decide(path, photos[3], "ask")
    decide(path, photos[4], "read", "---")
    done = command("labels", "import", path, "-o", "labels.jsonl")
    assert done.code == ExitCode.OK and done.err.count("No label") == 3, done.err
    labels = read_labels(tmp_path / "labels.jsonl")
    assert [(str(one.path), one.label.serial) for one in labels] == [
        (photos[0].source.path, "AB7777"), (photos[1].source.path, None),
    ]  # fmt: skip
    assert labels[0].label.lines == ("AB7777",) and labels[0].label.polygon(0) == photos[0].lines[0].polygon
    assert labels[1].label.lines == () and all(one.label.partial_lines for one in labels)


def test_what_is_no_export_is_told(command: Command, tmp_path: Path) -> None:
    for content, code in ((b"{", 7), (b"{}", 7), (b"[1]", 7), (b"[]", 4), (b'[{"id": 3}]', 4), (b"\xff", 7)):
        (tmp_path / "project.json").write_bytes(content)
        done = command("labels", "import", "project.json", "-o", "labels.jsonl")
        assert done.code == code and not (tmp_path / "labels.jsonl").exists(), (content, done.err)
    write_records(tmp_path / "records.ndjson", *some_records(tmp_path / "photos", 1))
    for wrong in ("records.ndjson", "-"):
        done = command("labels", "import", wrong, "-o", "labels.jsonl")
        assert done.code == ExitCode.NO_INPUT and "the case" in done.err, done.err
    odd: list[dict[str, Any]] = [
        {"data": {"path": "a.jpg"}, "annotations": [{"result": [{"from_name": "text"}]}]},
        {"data": {"path": "a\0.jpg"}, "annotations": [{"result": []}]},
        {"data": {"path": "b.jpg"}, "annotations": [{"result": []}]},
    ]
    (tmp_path / "project.json").write_text(json.dumps(odd))
    done = command("labels", "import", "project.json", "-o", "labels.jsonl")
    assert done.code == ExitCode.OK and done.err.count("No label") == 2
    assert [one.label.serial for one in read_labels(tmp_path / "labels.jsonl")] == [None]
