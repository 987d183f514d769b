"""Labels from what people corrected: an export of Label Studio, or the decisions of a case."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from serialscan.case.decisions import Standing, plain_value
from serialscan.errors import InputError, SettingsError
from serialscan.evaluate.labels import Label
from serialscan.evaluate.score import folded
from serialscan.exchange.label_studio_ import EVERY_LINE, IMAGE, KIND, OUTLINE, SERIAL, TEXT, WHOLE
from serialscan.record import PhotoRecord, Polygon
from serialscan.record.ndjson import RECORD_STARTS, STDIN
from serialscan.report.opener import path_of
from serialscan.report.origin import Origin

_ADVICE = "export the project from Label Studio as JSON (not JSON-MIN)"


@dataclass(frozen=True, slots=True)
class Imported:
    """Labels, and what gave none with the reason."""

    labels: tuple[Label, ...]
    left_out: tuple[str, ...]

    def data(self) -> bytes:
        """A ``labels.jsonl``."""
        return b"".join(msgspec.json.encode(_short(label)) + b"\n" for label in self.labels)


def _short(label: Label) -> dict[str, Any]:
    """A label without what is not said."""
    said = msgspec.structs.asdict(label)
    always = ("file", "lines", "serial", "partial_lines")
    return {name: value for name, value in said.items() if name in always or value}


def from_case(origin: Origin, folder: Path, base: Path | None) -> Imported:
    """Labels of all photos on whose serial a person decided.

    A person checked the serial and no other text. So a label has the line of the serial only where that line
    holds nothing else, and further lines of the photo are no error.

    Args:
        origin: the case.
        folder: of the labels; names of files begin there.
        base: where relative paths of photos begin.
    """
    labels: dict[str, Label] = {}
    left_out: list[str] = []
    for unit in origin.units(()):
        for part in unit.parts:
            standing = unit.opinions.get((part.sha256 or f"path {part.path}", "serial"))
            if standing is None or part.record is None:
                continue
            why = _undecided(standing)
            if why:
                left_out.append(f"{part.path}: {why}")
                continue
            assert standing.decided is not None
            value = standing.decided.decision.value
            file = _relative(path_of(part.record.source, base), folder)
            lines, polygons = _line_of(part.record, value)
            labels.setdefault(
                file, Label(file=file, lines=lines, serial=value, partial_lines=True, polygons=polygons)
            )
    return Imported(tuple(labels.values()), tuple(left_out))


def _undecided(standing: Standing) -> str:
    if standing.decided is None:
        return "reviewers differ"
    decision = standing.decided.decision
    if decision.answer in ("ask", "not_a_weapon"):
        return f"the answer is {str(decision.answer).replace('_', ' ')}"
    if decision.answer == "read" and not folded(decision.value or ""):
        return "the serial has no letter or digit"
    return ""


def _line_of(
    record: PhotoRecord, value: str | None
) -> tuple[tuple[str, ...], tuple[Polygon | None, ...] | None]:
    if value is None or not record.serial.candidates or record.serial.value is None:
        return (), None
    evidence = record.serial.candidates[0].evidence
    alone = [
        line for line in record.lines
        if len(evidence) == 1 and line.id in evidence
        and plain_value(line.text) == plain_value(record.serial.value)
    ]  # fmt: skip
    return ((value,), (alone[0].polygon or None,)) if alone else ((), None)


def from_label_studio(path: Path, folder: Path, base: Path | None) -> Imported:
    """Labels of all tasks with an annotation; the last one that was not cancelled counts.

    Args:
        path: the export, JSON.
        folder: of the labels; names of files begin there.
        base: where relative paths of photos begin.

    Raises:
        InputError: the file cannot be read.
        SettingsError: it is no such export.
    """
    if path == STDIN:
        raise InputError(f"{path} is standard input: name the file of the case, or of the export.")
    try:
        data = path.read_bytes()
        if data.startswith(RECORD_STARTS):
            raise InputError(
                f"{path} holds records, on which nobody has decided anything: give the case that was "
                "reviewed, or the project that was corrected in Label Studio."
            )
        tasks = json.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check the path of the export."
        ) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path} is no JSON ({error}): {_ADVICE}.") from error
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise SettingsError(f"{path} is no list of tasks: {_ADVICE}.")
    labels: dict[str, Label] = {}
    left_out: list[str] = []
    for number, task in enumerate(tasks, start=1):
        where = f"task {task.get('id', number)}"
        try:
            photo = _photo(task)
            result = _result(task)
            if result is None:
                left_out.append(f"{where}: nobody has corrected it")
                continue
            file = _relative(Path(base or "", photo), folder)
            if file in labels:
                left_out.append(f"{where}: {photo} has a label already")
                continue
            labels[file] = _label(file, result)
        except (KeyError, TypeError, AttributeError, IndexError):
            left_out.append(f"{where}: is no task of Label Studio with annotations")
        except ValueError as error:
            left_out.append(f"{where}: {error}")
    return Imported(tuple(labels.values()), tuple(left_out))


def _photo(task: dict[str, Any]) -> str:
    data = task["data"]
    path = data.get("path")
    if not path:
        address = urlsplit(str(data[IMAGE]))
        path = (parse_qs(address.query).get("d") or [unquote(address.path)])[0]
    if not isinstance(path, str) or not path or "\0" in path:
        raise ValueError("it names no photo")
    return path


def _result(task: dict[str, Any]) -> list[dict[str, Any]] | None:
    done = [one for one in task.get("annotations") or [] if not one.get("was_cancelled")]
    return done[-1]["result"] if done else None


def _label(file: str, result: list[dict[str, Any]]) -> Label:
    regions: dict[str, dict[str, Any]] = {}
    serials: list[str] = []
    whole = False
    for one in result:
        name, value = one["from_name"], one["value"]
        if name == SERIAL:
            serials.append(_text(value).strip())
        elif name == WHOLE:
            whole = EVERY_LINE in value["choices"]
        elif name in (OUTLINE, KIND, TEXT):
            region = regions.setdefault(str(one["id"]), {})
            if "points" in value:
                region["polygon"] = _pixels(value["points"], one["original_width"], one["original_height"])
            if name == TEXT:
                region["text"] = _text(value)
    read = [one for one in regions.values() if one.get("text", "").strip()]
    serial = next((one for one in serials if one), None)
    if serial is not None and not folded(serial):
        raise ValueError("the serial has no letter or digit")
    polygons = tuple(one.get("polygon") for one in read)
    return Label(
        file=file, lines=tuple(one["text"] for one in read), serial=serial, partial_lines=not whole,
        polygons=polygons if any(polygons) else None,
    )  # fmt: skip


def _text(value: dict[str, Any]) -> str:
    text = value["text"]
    return text if isinstance(text, str) else "\n".join(map(str, text))


def _pixels(points: Sequence[Sequence[float]], width: int, height: int) -> Polygon | None:
    polygon = tuple((float(x) * width / 100, float(y) * height / 100) for x, y in points)
    return polygon if len(polygon) > 2 else None


def _relative(photo: Path, folder: Path) -> str:
    """How labels name a photo; on another drive of Windows by its whole path."""
    try:
        return Path(os.path.relpath(photo, folder)).as_posix()
    except ValueError:
        return Path(os.path.abspath(photo)).as_posix()  # noqa: PTH100 - links are kept


def names_of(left_out: Sequence[str], most: int = 20) -> Iterator[str]:
    """What gave no label, for people; of many only the first."""
    yield from left_out[:most]
    if len(left_out) > most:
        yield f"and {len(left_out) - most} more"
