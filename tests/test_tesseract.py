"""The second reader testifies to lines, by its library or its program, and its failures cost nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytesseract
import pytest

from serialscan.reading import tesseract

installed = pytest.mark.skipif(not tesseract.available(), reason="the program tesseract is not installed")
posix = pytest.mark.skipif(os.name == "nt", reason="stands in for the program with shell scripts")


def line(text: str, *, light: bool = False, height: int = 48, grey: bool = False) -> np.ndarray:
    """A rectified line on metal in uneven light."""
    size = height / 48
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 1.5 * size, max(1, round(3 * size)))
    mask = np.zeros((height, width + height // 2), np.uint8)
    at = (height // 4, round(height * 0.85))
    cv2.putText(
        mask, text, at, cv2.FONT_HERSHEY_DUPLEX, 1.5 * size, 255, max(1, round(3 * size)), cv2.LINE_AA
    )
    surface = np.random.default_rng(1).normal(125, 4, mask.shape) + np.linspace(-25, 25, mask.shape[1])
    picture = np.clip(surface + (70 if light else -70) * (mask / 255), 0, 255).astype(np.uint8)
    return picture if grey else np.repeat(picture[:, :, None], 3, axis=2)


@pytest.fixture
def program_only(monkeypatch):
    """A machine without the library."""
    monkeypatch.setitem(sys.modules, "tesserocr", None)
    forget()
    yield
    forget()


def forget() -> None:
    """What is installed is looked up again."""
    for looked_up in (tesseract.version, tesseract._library):
        looked_up.cache_clear()


@pytest.fixture(params=["library", "program"])
def either(request):
    """Both ways to ask Tesseract."""
    if request.param == "program":
        request.getfixturevalue("program_only")
    return request.param


@installed
@pytest.mark.usefixtures("either")
def test_lines_are_read_in_their_order():
    texts = ["MADE IN USA", "W74392", "COLT AR 15", "8391", "HARTFORD", "CAL 223"]
    pictures = [
        line(t, light=n % 2 == 1, height=(30, 48, 90)[n % 3], grey=n == 4) for n, t in enumerate(texts)
    ]
    said = tesseract.testify(pictures)
    assert [one.text if one else None for one in said] == texts
    for one in said:
        assert one.name == f"tesseract-{tesseract.version()}"
        assert 0 < one.confidence <= 1


@installed
@pytest.mark.usefixtures("either")
def test_a_line_without_text_has_no_testimony_and_shifts_no_other():
    empty = np.full((48, 200, 3), 120, np.uint8)
    said = tesseract.testify([empty, line("A74392"), empty, line("8391 X", light=True), empty])
    assert [one.text if one else None for one in said] == [None, "A74392", None, "8391 X", None]


@installed
@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3000), (3000, 1), (2, 2, 3), (400, 9000)])
def test_odd_pictures(shape):
    odd = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    said = tesseract.testify([odd, line("A74392")])
    assert len(said) == 2
    assert said[1].text == "A74392"


def test_nothing_to_read():
    assert tesseract.testify([]) == []


SOUND = "case $1 in --version) echo tesseract 5.3.0; exit;; --list-langs) echo eng; exit;; esac"


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program_only: None) -> Callable[..., None]:
    """Puts a shell script in the place of the program; also where that is not installed."""

    def put(script: str, start: str = SOUND) -> None:
        program = tmp_path / "tesseract"
        program.write_text(f"#!/bin/sh\n{start}\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setattr(pytesseract.pytesseract, "tesseract_cmd", str(program))
        forget()

    return put


@installed
@posix
def test_all_lines_of_a_photo_take_one_call_and_one_thread(tmp_path, stand_in):
    real, log = shutil.which("tesseract"), tmp_path / "log"
    stand_in(f'echo "$OMP_THREAD_LIMIT" "$@" >> {log}\nexec {real} "$@"')
    said = tesseract.testify([line("A74392"), line("8391"), line("HARTFORD")])
    assert [one.text for one in said] == ["A74392", "8391", "HARTFORD"]
    (call,) = log.read_text(encoding="utf-8").splitlines()
    assert call.startswith("1 ")
    assert "-l eng" in call


@installed
def test_the_library_says_the_same_in_any_order_starts_nothing_and_prints_nothing(tmp_path):
    """In a process of its own, so that all it prints is seen."""
    program = """if True:
        import subprocess, sys
        import numpy as np
        from serialscan.reading import tesseract
        from tests.test_tesseract import line
        assert tesseract.version() and tesseract._library()
        subprocess.Popen = None
        lines = [line(t) for t in ("A74392", "8391 X", "HARTFORD", "IMPORTED BY")]
        lines.append(np.random.default_rng(1).integers(0, 256, (48, 300, 3), dtype=np.uint8))
        there = tesseract.testify(lines)
        back = tesseract.testify(lines[::-1])[::-1]
        alone = [tesseract.testify([one])[0] for one in lines]
        assert there == back == alone
        assert [one.text for one in there[:3]] == ["A74392", "8391 X", "HARTFORD"]
    """
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parent.parent, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@posix
@pytest.mark.parametrize(
    "script",
    [
        "exit 1",
        "kill -9 $$",
        "exec sleep 60",
        "printf 'no table' > $2.tsv",
        "printf 'level\\ttext\\n1\\t\\377\\376\\n' > $2.tsv",
        "true",
    ],
    ids=["fails", "is killed", "hangs", "writes nonsense", "writes bytes", "writes nothing"],
)
def test_a_broken_program_costs_no_photo(script, stand_in, monkeypatch):
    monkeypatch.setattr(tesseract, "_SECONDS", 1)
    stand_in(script)
    assert tesseract.available()
    assert tesseract.testify([line("A74392"), line("8391")]) == [None, None]


@posix
@pytest.mark.parametrize("start", ["exec sleep 60", "exit 1", "true"], ids=["hangs", "fails", "says nothing"])
def test_a_program_that_does_not_say_its_version_is_as_good_as_none(start, stand_in, monkeypatch):
    monkeypatch.setattr(tesseract, "_SECONDS", 1)
    stand_in("", start)
    assert not tesseract.available()
    assert tesseract.testify([line("A74392")]) == [None]


@pytest.mark.parametrize("what", ["program", "language"])
def test_a_missing_part_is_told_with_what_to_do(what, tmp_path):
    """In a process of its own: what is installed is looked up once."""
    environment = dict(os.environ)
    if what == "program":
        environment["PATH"] = str(tmp_path)
    else:
        environment["TESSDATA_PREFIX"] = str(tmp_path)
    program = (
        "from serialscan.reading import tesseract as t; print(t.available(), t.version(), t.INSTALL_HINT)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith("False None ")
    for system in ("apt install tesseract-ocr", "brew install tesseract", "winget install"):
        assert system in run.stdout
    assert run.stderr == ""
