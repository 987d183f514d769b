"""Judging records against labels, and the command."""

from __future__ import annotations

import html.parser
import json
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import REPOSITORY, Here, Program

from serialscan.errors import ExitCode
from serialscan.evaluate.judge import Judged, judge
from serialscan.evaluate.labels import LabelledPhoto, read_labels
from serialscan.evaluate.records import judge_records
from serialscan.evaluate.report import (
    Changes,
    Comparison,
    Confidence,
    Evaluation,
    Figure,
    Figures,
    evaluation,
)
from serialscan.record import (
    Error,
    Line,
    PhotoRecord,
    Quality,
    SerialCandidate,
    SerialReading,
    Source,
    Tool,
    to_json,
)

BOX = ((10.0, 10.0), (110.0, 10.0), (110.0, 30.0), (10.0, 30.0))
TOOL = Tool(name="serialscan", version="1", settings_digest="0")


def record(
    path: str, *lines: str | tuple[str, float], serial: str | None = None, confidence: float = 0.5,
    decision: Any = "review", candidates: tuple[str, ...] = (), height: float | None = None, **fields: Any,
) -> PhotoRecord:  # fmt: skip
    """A record whose lines have these texts, and confidences if they come in pairs."""
    texts = [line if isinstance(line, tuple) else (line, 0.5) for line in lines]
    return PhotoRecord(
        status="error" if "error" in fields else "ok",
        tool=TOOL,
        source=Source(path=path),
        quality=Quality(glyph_height_px=height),
        lines=tuple(
            Line(id=f"L{n}", text=text, confidence=sure, polygon=BOX)
            for n, (text, sure) in enumerate(texts, start=1)
        ),
        serial=SerialReading(
            value=serial,
            status="readable" if serial else "not_found",
            decision=decision if serial else "none",
            confidence=confidence if serial else 0.0,
            candidates=tuple(
                SerialCandidate(value=value, confidence=0.1, evidence=("L1",)) for value in candidates
            ),
        ),
        **fields,
    )


def write_labels(folder: Path, *labels: dict[str, Any]) -> Path:
    path = folder / "labels.jsonl"
    rows = [{"file": f"{n}.jpg", "lines": [], "serial": None, **label} for n, label in enumerate(labels)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_records(path: Path, *rows: PhotoRecord) -> Path:
    path.write_bytes(b"".join(to_json(row) + b"\n" for row in rows))
    return path


def labelled(folder: Path, **label: Any) -> LabelledPhoto:
    return read_labels(write_labels(folder, label))[0]


def measured(folder: Path, labels: list[dict[str, Any]], *rows: PhotoRecord) -> Evaluation:
    photos = read_labels(write_labels(folder, *labels))
    return evaluation(
        judge_records(write_records(folder / "r.ndjson", *rows), photos), labels="x", labels_sha256="y"
    )


# One photo


def test_lines_right_and_character_errors(tmp_path: Path) -> None:
    photo = labelled(tmp_path, lines=["MOD 700", "W123456", "U.S.A."], serial="W123456")
    judged = judge(photo, record("0.jpg", "mod-700", "W12B456", "HELLO"))
    assert [line.right for line in judged.lines] == [True, False, False]
    assert [line.edits for line in judged.lines] == [0, 1, 3]  # USA was not read: three dropped
    assert [line.length for line in judged.lines] == [6, 7, 3]
    assert judged.extra == 1
    assert [pair for pair in judged.lines[1].pairs if pair[0] != pair[1]] == [("3", "B")]


@pytest.mark.parametrize(
    ("truth", "read", "right"),
    [
        ("PAT. 4,123,221", "PAT. 4,123,221", True),
        ("PAT. 4,123,221", "PAT. 4.123.221", False),
        ("H&R", "HR", False),
        ("W-12 34", "w–1234", True),  # a dash is drawn as a hyphen is, spaces are no signs
        ("5''", "5'", False),
        ("A?7", "A-7", True),
        ("АВ·1", "AB·1", True),
    ],
)
def test_signs_count_where_lines_are_right_to_the_sign(
    tmp_path: Path, truth: str, read: str, right: bool
) -> None:
    judged = judge(labelled(tmp_path, lines=[truth]), record("0.jpg", read))
    assert (judged.lines[0].right, judged.lines[0].to_the_sign) == (True, right)


def test_lines_without_letters_and_digits_say_nothing(tmp_path: Path) -> None:
    """Folded they are empty, and would be found in whatever is read."""
    photo = labelled(tmp_path, lines=["***", "??", "A1"])
    judged = judge(photo, record("0.jpg", "--", "A1"))
    assert [line.text for line in judged.lines] == ["A1"]
    assert judged.extra == 0


def test_partial_truth_takes_no_offence_at_more(tmp_path: Path) -> None:
    photo = labelled(tmp_path, lines=["A1"], partial_lines=True)
    judged = judge(photo, record("0.jpg", "A1", "ZZZ", serial="ZZZ"))
    assert judged.extra is None
    assert not judged.decidable
    illegible = labelled(tmp_path, lines=["A1"], illegible_lines=["ZZZ"])
    assert judge(illegible, record("0.jpg", "A1", "ZZZ")).extra is None


def test_a_serial_where_there_is_none_is_wrong(tmp_path: Path) -> None:
    photo = labelled(tmp_path, lines=["A1"])
    named = judge(photo, record("0.jpg", "A1", serial="A1"))
    assert named.decidable and named.serial is not None and not named.serial.right


def test_serial_in_lines_and_candidates(tmp_path: Path) -> None:
    photo = labelled(tmp_path, lines=["SER W123456", "M16"], serial="W123456")
    wrong = judge(photo, record("0.jpg", "SER W123456 M16", serial="M16", candidates=("M16", "w 123456")))
    assert (wrong.serial_exact, wrong.in_lines, wrong.in_candidates) == (False, True, True)
    nothing = judge(photo, record("0.jpg", "M16", serial="M16", candidates=("M16",)))
    assert (nothing.serial_exact, nothing.in_lines, nothing.in_candidates) == (False, False, False)


def test_a_photo_without_a_reading_is_not_read(tmp_path: Path) -> None:
    photo = labelled(tmp_path, lines=["W123456"], serial="W123456")
    error = record("0.jpg", error=Error(code="truncated", message="the file ends early"))
    for judged, problem in ((judge(photo, None), "no record"), (judge(photo, error), "ends early")):
        assert judged.problem is not None and problem in judged.problem
        assert (judged.serial_exact, judged.lines[0].edits, judged.extra) == (False, 7, None)


def test_detection_counts_places_not_texts(tmp_path: Path) -> None:
    far = [[300, 10], [400, 10], [400, 30], [300, 30]]
    photo = labelled(tmp_path, lines=["A1", "B2", "C3"], polygons=[BOX, far, None])
    judged = judge(photo, record("0.jpg", "QQQQ"))
    assert [line.detected for line in judged.lines] == [True, False, None]


def test_heights_come_from_the_label_else_from_the_record(tmp_path: Path) -> None:
    truth = {"lines": ["MOD 700", "W123456"], "serial": "W123456"}
    assert judge(labelled(tmp_path, **truth, glyph_height_px=[50, 20]), None).height == 20
    assert judge(labelled(tmp_path, **truth), record("0.jpg", height=33.0)).height == 33
    assert judge(labelled(tmp_path, **truth), None).height is None


# Many photos


def three() -> list[dict[str, Any]]:
    return [
        {"lines": ["W123456", "COLT"], "serial": "W123456", "kind": "stamped", "glyph_height_px": [12, 30]},
        {"lines": ["A777"], "serial": "A777", "kind": "laser", "glyph_height_px": [30]},
        {"lines": ["SAFE"], "serial": None, "kind": "laser", "glyph_height_px": [30]},
    ]


def test_totals(tmp_path: Path) -> None:
    report = measured(
        tmp_path, three(),
        record(
            "x/0.jpg", ("W123456", 0.9), ("C0LT", 0.4), serial="W123456", confidence=0.9, decision="accept"
        ),
        record("x/1.jpg", ("A7777", 0.8), ("??", 0.7), serial="A7777", confidence=0.8, decision="accept"),
        record("x/2.jpg", ("SAFE", 0.6), ("FIRE", 0.3)),
        record("x/3.jpg", "NOT LABELLED"),
    )  # fmt: skip
    total = report.total
    assert (total.serial_exact.count, total.serial_exact.of) == (1, 2)
    assert (total.serial_in_lines.count, total.serial_in_lines.of) == (2, 2)  # A777 stands in A7777
    assert (total.none_named.count, total.none_named.of) == (1, 1)
    assert (total.lines_right.count, total.lines_right.of) == (2, 4)
    assert total.lines_to_the_sign == total.lines_right  # no signs in these lines
    # C0LT one, A7777 one, of 7 + 4 + 4 + 4 characters.
    assert (total.character_errors.count, total.character_errors.of) == (2, 19)
    assert (total.extra_lines.count, total.extra_lines.of) == (1, 3)  # FIRE
    assert (total.accepted.count, total.accepted.of) == (2, 3)
    assert (total.accepted_wrong.count, total.accepted_wrong.of) == (1, 2)
    # Serials: 0.9 right, 0.8 wrong: (0 + 1/2) / 2; the best order is the same. Half of two, of three photos.
    serial = report.serial_confidence
    assert (serial.claims, serial.wrong, serial.of) == (2, 1, 3)
    assert serial.aurc == serial.oracle_aurc == 0.25
    assert [(at.coverage, at.confidence) for at in serial.coverage_at] == [(1 / 3, 0.9)] * 2
    # ((1 - 0.9) + (0.8 - 0)) / 2
    assert serial.calibration_error == pytest.approx(0.45)
    lines = report.line_confidence
    assert (lines.claims, lines.wrong) == (5, 3)
    assert [(c.truth, c.read, c.count) for c in report.confusions] == [("", "7", 1), ("O", "0", 1)]
    sevens = next(one for one in report.characters if one.char == "7")
    assert (sevens.right, sevens.of) == (3, 3)
    assert [(c.what, c.truth, c.read) for c in report.worst] == [
        ("serial", "A777", "A7777"), ("line", "A777", "A7777"), ("line", "COLT", "C0LT"),
        ("line", None, "FIRE"),
    ]  # fmt: skip
    assert report.unlabelled_records == 1
    assert report.not_read == ()


def test_groups(tmp_path: Path) -> None:
    report = measured(
        tmp_path,
        three(),
        record("0.jpg", "W123456", serial="W123456"),
        record("1.jpg"),
        record("2.jpg", "SAFE"),
    )
    groups = {(group.by, group.name): group.figures for group in report.groups}
    assert (groups["kind", "laser"].photos, groups["kind", "stamped"].photos) == (2, 1)
    # By height each line counts where it belongs: COLT, A777 and SAFE are 30 px high, the serial is 12.
    small, large = groups["glyph_height", "10 to 16"], groups["glyph_height", "24 to 40"]
    assert (small.lines_right.count, small.lines_right.of, small.serial_exact.of) == (1, 1, 1)
    assert (large.lines_right.count, large.lines_right.of, large.serial_exact.of) == (1, 3, 1)
    assert not any(by == "contrast" for by, _ in groups)
    for by in ("kind", "glyph_height"):
        lines = sum(figures.lines_right.of for (other, _), figures in groups.items() if other == by)
        assert lines == report.total.lines_right.of


def test_all_right_is_no_proof_of_perfection(tmp_path: Path) -> None:
    report = measured(tmp_path, three()[1:2], record("0.jpg", "A777", serial="A777"))
    assert report.total.lines_right.value == 1
    assert report.total.lines_right.low == pytest.approx(0.2065, abs=1e-3)  # Wilson: 1 / (1 + 3.8415)


def test_missing_and_failed_photos_are_counted_and_named(tmp_path: Path) -> None:
    report = measured(
        tmp_path, three(), record("0.jpg", "W123456", serial="W123456"),
        record("1.jpg", error=Error(code="empty", message="the file has no content")),
    )  # fmt: skip
    assert [(one.file, one.reason) for one in report.not_read] == [
        ("1.jpg", "the file has no content"), ("2.jpg", "there is no record of this photo"),
    ]  # fmt: skip
    assert (report.total.serial_exact.count, report.total.serial_exact.of) == (1, 2)
    # COLT, A777 and SAFE were not read: twelve characters dropped.
    assert (report.total.character_errors.count, report.total.character_errors.of) == (12, 19)
    assert (report.total.none_named.count, report.total.none_named.of) == (0, 1)
    assert report.total.extra_lines.of == 1


def test_baseline(tmp_path: Path) -> None:
    labels = [{"lines": [f"A{n}0", "COLT"], "serial": f"A{n}0"} for n in range(5)]
    photos = read_labels(write_labels(tmp_path, *labels))
    now = [record(f"{n}.jpg", f"A{n}0", serial=f"A{n}0") for n in range(3)] + [record("3.jpg", "COLT")]
    old = [record("0.jpg", "A00", serial="A00"), record("1.jpg", "COLT"), record("2.jpg"), record("3.jpg"),
           record("4.jpg")]  # fmt: skip
    report = evaluation(
        judge_records(write_records(tmp_path / "now", *now), photos), labels="x", labels_sha256="y",
        baseline=judge_records(write_records(tmp_path / "old", *old), photos),
    )  # fmt: skip
    assert report.baseline is not None
    assert (report.baseline.photos, report.baseline.left_out) == (4, ("4.jpg",))
    serials, lines = report.baseline.serials, report.baseline.lines
    assert [(c.file, c.before, c.after) for c in serials.won] == [
        ("1.jpg", None, "A10"),
        ("2.jpg", None, "A20"),
    ]
    assert serials.lost == ()
    assert serials.p == 0.5  # 2 * 1 / 4
    assert [(c.file, c.truth) for c in lines.won] == [("1.jpg", "A10"), ("2.jpg", "A20"), ("3.jpg", "COLT")]
    assert [(c.file, c.truth) for c in lines.lost] == [("1.jpg", "COLT")]
    # Photo 1 won a line and lost one: neither better nor worse.
    assert (lines.photos_better, lines.photos_worse, lines.p) == (2, 0, 0.5)


# Labels and records that fit each other


def matched(folder: Path, files: list[str], *paths: str) -> list[str | None]:
    """For each label the path of its record; the number of the record is its text."""
    photos = read_labels(write_labels(folder, *({"file": file} for file in files)))
    rows = [record(path, f"R{n}") for n, path in enumerate(paths)]
    run = judge_records(write_records(folder / "r.ndjson", *rows), photos)

    def path_of(photo: Judged) -> str | None:
        return paths[int(photo.read[0].text[1:])] if photo.read else None

    return [path_of(photo) for photo in run.photos]


def test_records_are_found_by_the_end_of_their_paths(tmp_path: Path) -> None:
    assert matched(tmp_path, ["a/1.jpg", "b/1.jpg"], "/mnt/b/1.jpg", "C:\\photos\\a\\1.jpg") == [
        "C:\\photos\\a\\1.jpg", "/mnt/b/1.jpg",
    ]  # fmt: skip
    assert matched(tmp_path, ["./a/1.jpg", "1.jpg"], f"{tmp_path}/1.jpg", f"{tmp_path}/a/1.jpg") == [
        f"{tmp_path}/a/1.jpg", f"{tmp_path}/1.jpg",
    ]  # fmt: skip
    assert matched(tmp_path, ["a/1.jpg", "x/2.jpg"], "za/1.jpg", "x/2.jpg") == [None, "x/2.jpg"]


def test_the_nearest_of_several_records_is_taken(tmp_path: Path) -> None:
    own = f"{tmp_path}/1.jpg"
    assert matched(tmp_path, ["1.jpg"], "other/1.jpg", own) == [own]


def test_two_records_of_one_photo_are_an_error(here: Here, tmp_path: Path) -> None:
    labels = write_labels(tmp_path, {})
    rows = write_records(tmp_path / "r.ndjson", record("a/0.jpg"), record("b/0.jpg"))
    done = here("evaluate", labels, "--records", rows)
    assert (done.returncode, done.stdout) == (ExitCode.NO_INPUT, b"")
    assert b"line 1 and" in done.stderr and b"line 2: both" in done.stderr and b"0.jpg" in done.stderr


GOOD = '{"file": "a.jpg", "lines": ["A1"], "serial": null}'


@pytest.mark.parametrize(
    ("text", "line", "advice"),
    [
        (GOOD + "\n{broken", "line 2", "not valid JSON"),
        (GOOD + '\n\n{"file": "b.jpg", "lines": []}', "line 3", "serial"),
        ('{"file": "b.jpg", "lines": "A1", "serial": null}', "line 1", "lines"),
        ("[]", "line 1", "object"),
        (GOOD + "\n" + GOOD, "line 2", "line 1"),
        (GOOD.replace("null", '"--"'), "line 1", "null"),
        (GOOD.replace("null", 'null, "polygons": []'), "line 1", "one for each line"),
        (GOOD.replace("null", 'null, "polygons": [[[1, 2]]]'), "line 1", "3 corners"),
        (GOOD.replace("a.jpg", ""), "line 1", "file"),
    ],
)
def test_bad_labels_are_told_by_line(here: Here, tmp_path: Path, text: str, line: str, advice: str) -> None:
    (tmp_path / "labels.jsonl").write_text(text, encoding="utf-8")
    done = here("evaluate", tmp_path / "labels.jsonl")
    assert (done.returncode, done.stdout) == (ExitCode.SETTINGS, b"")
    message = done.stderr.decode()
    assert line in message and advice in message and "Traceback" not in message


@pytest.mark.parametrize("data", [None, b"", b"\n \n"])
def test_no_labels(here: Here, tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "labels.jsonl").write_bytes(data)
    done = here("evaluate", tmp_path / "labels.jsonl")
    assert (done.returncode, done.stdout) == (ExitCode.NO_INPUT, b"")
    assert b"labels.jsonl" in done.stderr and b"Traceback" not in done.stderr


def test_labels_in_another_encoding(here: Here, tmp_path: Path) -> None:
    (tmp_path / "labels.jsonl").write_text(GOOD, encoding="utf-16")
    done = here("evaluate", tmp_path / "labels.jsonl")
    assert done.returncode == ExitCode.SETTINGS
    assert b"UTF-8" in done.stderr


def test_a_labelled_photo_that_is_not_there_ends_it_before_any_is_read(here: Here, tmp_path: Path) -> None:
    labels = write_labels(tmp_path, {"file": "gone/a.jpg"})
    done = here("evaluate", labels)
    assert (done.returncode, done.stdout) == (ExitCode.NO_INPUT, b"")
    assert b"line 1" in done.stderr and b"a.jpg" in done.stderr


@pytest.mark.parametrize(
    ("data", "advice"),
    [(b"{}\n", b"line 1"), (b'{"record":"photo"', b"line 1"), (b"", b"no record"), (None, b"r.ndjson")],
)
def test_bad_records(here: Here, tmp_path: Path, data: bytes | None, advice: bytes) -> None:
    if data is not None:
        (tmp_path / "r.ndjson").write_bytes(data)
    done = here("evaluate", write_labels(tmp_path, {}), "--records", tmp_path / "r.ndjson")
    assert (done.returncode, done.stdout) == (ExitCode.NO_INPUT, b"")
    assert advice in done.stderr and b"Traceback" not in done.stderr


def test_records_and_a_new_run_exclude_each_other(here: Here, tmp_path: Path) -> None:
    labels = write_labels(tmp_path, {})
    done = here("evaluate", labels, "--records", "r.ndjson", "--out-records", "new.ndjson")
    assert done.returncode == ExitCode.USAGE
    assert b"--out-records" in done.stderr


@pytest.mark.parametrize("name", ["photo.jpg", "nowhere/page.html", "notes.html", "folder.html"])
def test_a_page_never_overwrites_something_else(here: Here, tmp_path: Path, name: str) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"evidence")
    (tmp_path / "notes.html").write_bytes(b"<!doctype html><html lang=en><title>Notes</title>")
    (tmp_path / "folder.html").mkdir()
    rows = write_records(tmp_path / "r.ndjson", record("0.jpg"))
    labels = write_labels(tmp_path, {})
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    done = here("evaluate", labels, "--records", rows, "--html", tmp_path / name)
    assert (done.returncode, done.stdout) == (ExitCode.OUTPUT, b"")
    assert name.split("/")[0].encode() in done.stderr and b"html" in done.stderr
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_an_earlier_page_is_replaced(here: Here, tmp_path: Path) -> None:
    labels, page = write_labels(tmp_path, {}), tmp_path / "page.html"
    page.touch()
    for text in ("A11", "B22"):
        rows = write_records(tmp_path / "r.ndjson", record("0.jpg", text))
        done = here("evaluate", labels, "--records", rows, "--html", page)
        assert done.returncode == ExitCode.OK, done.stderr
        assert text in page.read_text(encoding="utf-8")


def test_a_scan_does_not_take_a_report_for_records(here: Here, tmp_path: Path) -> None:
    """Both begin with ``record``."""
    rows = write_records(tmp_path / "r.ndjson", record("0.jpg", "A11"))
    report = tmp_path / "report.json"
    report.write_bytes(here("evaluate", write_labels(tmp_path, {}), "--records", rows, "--json").stdout)
    before = report.read_bytes()
    done = here("scan", tmp_path / "0.jpg", "--output", report)
    assert (done.returncode, done.stdout) == (ExitCode.OUTPUT, b"")
    assert b"--output" in done.stderr
    assert report.read_bytes() == before


# The command


class Page(html.parser.HTMLParser):
    """What stands in a page, and that its tags close."""

    VOID = frozenset({"meta", "img", "br", "!doctype"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.ids: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attributes if name in ("src", "href", "data")]
        self.ids |= {value or "" for name, value in attributes if name == "id"}
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_sample_from_photo_to_page(serialscan: Program, tmp_path: Path) -> None:
    name = "pvs-14-label.jpg"
    rows = [
        json.loads(line) for line in (REPOSITORY / "samples/labels.jsonl").read_text("utf-8").splitlines()
    ]
    chosen = [row for row in rows if row["file"] == name]
    shutil.copy(REPOSITORY / "samples" / name, tmp_path / name)
    chosen[0]["lines"][0] += "QQ"  # whatever is read, this line is wrong and must be shown
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    labels = write_labels(tmp_path, *chosen, {"file": "broken.jpg"})
    kept, page = tmp_path / "kept.ndjson", tmp_path / "page.html"
    first = serialscan(
        "evaluate", labels, "--out-records", kept, "--json", "--html", page, "--jobs", "1",
        env={"SERIALSCAN_READER": "network"},
    )  # fmt: skip
    assert first.returncode == ExitCode.SOME_FAILED, first.stderr
    assert f"look at {page}" in first.stderr.decode()
    assert json.loads(first.stdout)["record"] == "evaluation"
    report = msgspec.json.decode(first.stdout, type=Evaluation)
    assert [one.file for one in report.not_read] == ["broken.jpg"]
    assert report.total.serial_exact.of == 1 and report.total.serial_in_lines.count >= 1
    assert report.total.lines_detected.of == sum(len(row["lines"]) for row in chosen)
    assert report.total.lines_detected.count >= 1
    assert report.seconds is not None and report.seconds.longest > 0
    # The records of the run give the same figures again, byte by byte.
    again = serialscan("evaluate", labels, "--records", kept, "--json")
    assert again.stdout == first.stdout
    seen = Page(page.read_text(encoding="utf-8"))
    assert "script" not in seen.tags and "link" not in seen.tags
    pictures = [source for source in seen.sources if not source.startswith("#")]
    assert len(pictures) == seen.tags.count("img") > 0
    assert all(source.startswith("data:image/jpeg;base64,") for source in pictures)
    index = {source[1:] for source in seen.sources if source.startswith("#")}
    assert index == seen.ids >= {"figures", "not-read", "serials", "lines", "wrong-lines"}
    assert re.search(r"made \d{4}-\d\d-\d\d \d\d:\d\d UTC", seen.text)
    assert "too few to show it, that takes 380 with none wrong" in seen.text  # of one photo


def test_text_for_people_without_a_terminal(here: Here, tmp_path: Path) -> None:
    labels = write_labels(tmp_path, *three())
    rows = write_records(
        tmp_path / "r.ndjson", record("0.jpg", "W123456", serial="W123456"), record("1.jpg", "A77\x1b[2J")
    )
    done = here("evaluate", labels, "--records", rows, "--baseline", rows)
    assert done.returncode == ExitCode.SOME_FAILED
    text = done.stdout.decode()
    assert "\x1b" not in text
    assert "50.0 %" in text and "1 of 2" in text
    assert "not read: 2.jpg: there is no record of this photo" in text
    assert "0 won, 0 lost" in text
    assert all(len(line) <= 110 for line in text.splitlines())


def test_a_page_escapes_what_stands_on_a_photo(here: Here, tmp_path: Path) -> None:
    """A mark, a file name or a message may hold anything, and the page is opened in a browser."""
    evil = "<script>alert(1)</script>\"'&"
    labels = write_labels(tmp_path, {"lines": [evil, "A123"], "serial": "A123", "kind": evil, "tier": evil},
                          {"file": evil + ".jpg"}, {"kind": "x", "tier": "y"})  # fmt: skip
    rows = write_records(
        tmp_path / "r.ndjson",
        record("0.jpg", evil.replace("1", "7"), "A124", serial=evil, confidence=0.9),
        record("2.jpg", error=Error(code="x", message=evil)),
    )
    page = tmp_path / "page.html"
    done = here("evaluate", labels, "--records", rows, "--baseline", rows, "--html", page)
    assert done.returncode == ExitCode.SOME_FAILED, done.stderr
    seen = Page(page.read_text(encoding="utf-8"))
    assert "script" not in seen.tags
    assert evil in seen.text
    assert "No picture" in seen.text  # there is no photo at hand


def test_the_guide_names_every_field_and_its_label_is_one(tmp_path: Path) -> None:
    guide = (REPOSITORY / "docs/validation.md").read_text(encoding="utf-8")
    for struct in (Evaluation, Figures, Figure, Confidence, Comparison, Changes):
        for name in struct.__struct_fields__:
            assert f"`{name}`" in guide, name
    examples = [line for line in guide.splitlines() if line.startswith('{"file"')]
    assert len(examples) >= 2
    (tmp_path / "labels.jsonl").write_text("\n".join(examples), encoding="utf-8")
    assert len(read_labels(tmp_path / "labels.jsonl")) == len(examples)


def test_help(here: Here) -> None:
    done = here("evaluate", "--help")
    assert (done.returncode, done.stderr) == (ExitCode.OK, b"")
    assert b"--baseline" in done.stdout and b"Examples:" in done.stdout
