"""Drafts what a qualified person signs about hashes and process, on the model of FRE 902(13) and (14)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from serialscan.case.check import Verdict
from serialscan.case.custody import facts_now
from serialscan.case.heads import Heads
from serialscan.case.read import CaseReader
from serialscan.case.writer import CaseWriter
from serialscan.errors import SettingsError

EVALUATION = "serialscan.evaluation/1"
"""Form of what ``serialscan evaluate --json`` writes."""

_FIGURES = {
    "serial_exact": "the serial chosen is right, to the character",
    "serial_in_candidates": "the right serial is among the candidates",
    "accepted": "a serial was accepted without a person",
    "accepted_wrong": "of those accepted, wrong",
    "lines_right": "lines of text read right",
}
"""Figures that are quoted, by their names in an evaluation."""


def add_evaluation(path: Path, report: Path, by: Mapping[str, str], heads: Heads) -> None:
    """Keep an evaluation in a case, byte by byte.

    Args:
        path: the case.
        report: what ``serialscan evaluate --json`` wrote.
        by: who adds it.
        heads: the heads that this machine remembers.

    Raises:
        SettingsError: the file is no evaluation.
        OutputError: the case cannot be written.
    """
    data, _ = read_evaluation(report)
    with CaseWriter(path, heads, create=False) as writer:
        writer.append("import", {"person": dict(by), "what": "evaluation", "file": report.name}, data)
        writer.checkpoint()


def certificate(reader: CaseReader, verdict: Verdict, name: str) -> str:
    """The draft.

    Args:
        reader: the case.
        verdict: what verifying it has found.
        name: of its file.
    """
    facts = facts_now(entry for _, entry in reader.entries({"set"})).get(None, {})
    now = datetime.now(UTC).isoformat(timespec="seconds")
    parts = [
        "CERTIFICATION OF DATA AND OF AN ELECTRONIC PROCESS (DRAFT)",
        "Model: Federal Rules of Evidence 902(13) and 902(14). Other law may ask for more.\n"
        "Drafted by a program from the case. It certifies nothing until a qualified\n"
        "person has checked it, filled in the blanks and signed it.",
        _section("1. The qualified person", [
            "I, ____________________, am ____________________ (position, employer).",
            "I am qualified for this by ____________________ (training, experience).",
            "I make this statement of my own knowledge of the process described.",
        ]),
        _section("2. The case", [
            f"File {name}, case id {reader.case_id}.",
            *(f"{key.replace('_', ' ')}: {value}" for key, value in facts.items()),
            f"It holds {verdict.entries} entries and {verdict.records} records of photos and items.",
            f"Root of its ledger (RFC 9162, SHA-256): {verdict.root}.",
            f"Verified by the program on {now}: {verdict.summary()}",
        ]),
        _section("3. The data (902(14))", [
            "Each photo was identified by its SHA-256, computed from the bytes that were",
            "read. The program opens photos for reading only and hashes them again after",
            "reading; one that had changed has an error in place of a reading.",
            "The hash of each photo stands in its record; serialscan case manifest lists them.",
            "Two files with the same SHA-256 are the same, for all that is known today.",
            "How the photos were taken and came to this machine I know from: ____________.",
        ]),
        _section("4. The process (902(13))", _process(reader)),
        _section("5. How often it errs", _errors(reader)),
        _section("6. What this does not say", [
            "The program proposes readings and states its doubts. It does not decide which",
            "weapon a photo shows. Whether a reading is right was decided by: ____________.",
            "Times are those of the machine's clock, which was compared with: ____________.",
        ]),
        "I declare under penalty of perjury that the foregoing is true and correct.\n\n"
        "Place and date: ____________________    Signature: ____________________",
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([title, *(f"   {line}" for line in lines)])


def _process(reader: CaseReader) -> list[str]:
    lines = []
    ends = {
        (place.branch, entry.fields["run"]): entry.fields for place, entry in reader.entries({"run_ended"})
    }
    for place, entry in reader.entries({"run_started"}):
        fields = entry.fields
        tool = f"{fields['tool']['name']} {fields['tool']['version']}"
        lines.append(f"Run {place.sequence} of {entry.case_id[:8]}, {entry.time}: {tool}.")
        end = ends.get((place.branch, place.sequence))
        lines.append(
            f"  photos: {end['ok']} read, {end['failed']} failed" if end else "  the run did not end"
        )
        lines.append(
            f"  settings {fields['settings_digest']}: {json.dumps(fields['settings'], sort_keys=True)}"
        )
        lines.append(f"  processor: {fields['processor'] or 'not stated'}")
        lines += [f"  network {one['name']}: SHA-256 {one['sha256']}" for one in fields["models"]]
        lines += [f"  library {library} {version}" for library, version in fields["libraries"].items()]
    if not lines:
        return ["No run stands in this case: there is no process to describe."]
    lines += [
        "The same photo with the same program, settings, networks and libraries gives the",
        "same record on the same machine, times apart. Confidences may differ in their",
        "last digits on another processor.",
    ]
    return lines


@dataclass(frozen=True)
class Measured:
    """How often the program errs, from an evaluation.

    Attributes:
        source: the file, and where it stands.
        photos: how many were measured on.
        labels: the file with the true serials, and its SHA-256 in hex.
        labels_sha256: hex.
        figures: in words, each with its count and interval.
        other_settings: none of the runs in question had the settings that were measured.
    """

    source: str
    photos: int
    labels: str
    labels_sha256: str
    figures: tuple[tuple[str, str], ...]
    other_settings: bool


def measured(reader: CaseReader) -> Measured | None:
    """What the last evaluation in a case says; None without one."""
    reports = [entry for _, entry in reader.entries({"import"}) if entry.fields["what"] == "evaluation"]
    if not reports:
        return None
    entry = reports[-1]
    used = {entry.fields["settings_digest"] for _, entry in reader.entries({"run_started"})}
    source = f"{entry.fields['file']}, entry {entry.sequence}"
    return measured_in(json.loads(entry.payload), source, used)


def measured_in(report: Mapping[str, Any], source: str, used: set[str]) -> Measured:
    """What an evaluation says.

    Args:
        report: as ``serialscan evaluate --json`` wrote it.
        source: the file, and where it stands.
        used: digests of the settings of the runs in question.
    """
    return Measured(
        source, report["total"]["photos"], report["labels"], report["labels_sha256"],
        tuple((told, _figure(report["total"][figure])) for figure, told in _FIGURES.items()),
        not used <= {tool["settings_digest"] for tool in report["tools"]},
    )  # fmt: skip


def read_evaluation(path: Path) -> tuple[bytes, dict[str, Any]]:
    """An evaluation, as its bytes and what they say.

    Raises:
        SettingsError: the file is none.
    """
    try:
        data = path.read_bytes()
        said = json.loads(data)
        known = said["schema"] == EVALUATION and all(
            isinstance(said["total"][name], dict) for name in _FIGURES
        )
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}): check the path.") from error
    except (ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise SettingsError(f"{path}: is no evaluation: write one with serialscan evaluate LABELS --json.")
    return data, said


def _errors(reader: CaseReader) -> list[str]:
    found = measured(reader)
    if found is None:
        return [
            "NOT STATED: no evaluation stands in this case. Measure the program on photos of",
            "your own with known serials (serialscan evaluate --json) and draft this again with",
            "--evaluation. Without it this section must not be left out, and not be guessed.",
        ]
    lines = [
        f"Measured on {found.photos} photos ({found.source}),",
        f"labels {found.labels}, SHA-256 {found.labels_sha256}:",
    ]
    lines += [f"  {told}: {figure}" for told, figure in found.figures]
    if found.other_settings:
        lines.append("ATTENTION: measured with other settings than the runs of this case.")
    lines.append("These photos resemble the photos of this case in that: ____________.")
    return lines


def _figure(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "nothing to measure"
    interval = (
        f"95 % interval {figure['low']:.1%} to {figure['high']:.1%}" if figure["low"] is not None else ""
    )
    return f"{figure['count']} of {figure['of']} ({figure['value']:.1%}{'; ' + interval if interval else ''})"
