from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

import serialscan
from serialscan.cli import main
from serialscan.errors import SettingsError
from serialscan.marking import decide, load_knowledge, read_marks
from serialscan.marking.examples import try_examples
from serialscan.marking.knowledge import combine
from serialscan.record import End, Line
from serialscan.settings import load_settings
from serialscan.tool import settings_digest

OWN = """
[[maker]]
id = "acme"
name = "Acme Arms"
country = "USA"
names = ["ACME ARMS"]
accepts = ["ACME ARMS"]
rejects = ["ACME TOOLS"]

[[label]]
id = "stammnummer"
kind = "serial"
names = ["STAMMNUMMER"]
accepts = ["STAMMNUMMER 4711"]

[[shape]]
id = "acme"
makers = ["acme"]
regex = 'AC[0-9]{4}'
accepts = ["AC1234"]
rejects = ["AC123"]
"""


def own(tmp_path: Path, text: str = OWN) -> str:
    path = tmp_path / "ours.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def line(text: str) -> Line:
    quiet = End(more=0.01, hidden=0.01)
    return Line(id="L1", text=text, confidence=0.9, polygon=(), ends=(quiet, quiet))


def test_every_row_does_what_its_examples_say() -> None:
    knowledge, rows = combine("")
    verdicts = try_examples(rows, knowledge)
    assert len(verdicts) > 300
    assert [(v.table, v.row.id, v.wrong) for v in verdicts if v.wrong] == []


def test_every_row_has_a_known_source_and_no_row_stands_twice() -> None:
    folder = Path(serialscan.__file__).parent / "marking" / "knowledge"
    known = set(re.findall(r"^\| ([A-Z0-9]+) \|", (folder / "SOURCES.md").read_text("utf-8"), re.MULTILINE))
    _, rows = combine("")
    assert len({(table, row.id) for table, row in rows}) == len(rows)
    for table, row in rows:
        assert row.source.split() and set(row.source.split()) <= known, (table, row.id)


def test_own_rows_are_read_beside_those_of_the_program(tmp_path: Path) -> None:
    knowledge = load_knowledge(own(tmp_path))
    marks, serial = read_marks([line("ACME ARMS"), line("STAMMNUMMER AC1234")], [], knowledge)
    assert [m.row for m in marks if m.kind == "manufacturer"] == ["acme"]
    assert serial.value == "AC1234" and "shape acme" in serial.candidates[0].rule
    assert "colt" in knowledge.makers
    assert "acme" not in load_knowledge().makers


SURE = """
[[shape]]
id = "pumps"
sure = true
regex = '[0-9]{4}'
"""


@pytest.mark.parametrize(
    ("texts", "value", "decision"),
    [
        (("195-30-1285", "2662"), "2662", "accept"),
        (("2662", "2663"), None, "review"),  # which of the two?
        (("2662 7",), None, "review"),  # a part of another number
        (("P/N 2662", "AB12345"), "AB12345", "review"),
        (("26627",), "26627", "review"),
    ],
)
def test_a_shape_that_the_user_calls_sure_names_the_serial_as_a_label_would(
    tmp_path: Path, texts: tuple[str, ...], value: str | None, decision: str
) -> None:
    knowledge = load_knowledge(own(tmp_path, SURE))
    lines = [msgspec.structs.replace(line(text), id=f"L{i}") for i, text in enumerate(texts)]
    serial = read_marks(lines, [], knowledge)[1]
    assert value is None or serial.value == value
    assert decide(serial, 0.5).decision == decision
    serial = read_marks(lines, [], load_knowledge())[1]
    assert decide(serial, 0.0).decision == "review", "nobody says so: left to a person"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"ACME TOOLS"', '"ACME ARMS INC"'), "maker acme does not reject 'ACME ARMS INC'"),
        (('["AC1234"]', '["AC12"]'), "shape acme does not accept 'AC12'"),
        (("[0-9]{4}", "[0-9]+"), "no bound"),
        (("[0-9]{4}", "([0-9]"), "no regular expression"),
        (('makers = ["acme"]', 'makers = ["nobody"]'), "nobody in makers is unknown"),
        (('makers = ["acme"]', 'beside = "AC"\nmakers = ["acme"]'), "beside is for shapes that are sure"),
        (('makers = ["acme"]', 'check = "vin"\nmakers = ["acme"]'), "check is for shapes that are sure"),
        (('kind = "serial"', 'kind = "number"'), "see docs/marking.md"),
        (("names = ", "namen = "), "see docs/marking.md"),
        (("[[maker]]", "[[maker]"), "not valid TOML"),
        (("regex = ", 'kind = "component_serial"\nregex = '), "see docs/marking.md"),
        (("[[maker]]", '[[weight]]\nid = "lable"\nvalue = 6\nwhy = "w"\n[[maker]]'), "did you mean label"),
        (("[[maker]]", '[[weight]]\nid = "label"\nvalue = nan\nwhy = "w"\n[[maker]]'), "from -100 to 100"),
        (("[[maker]]", '[[weight]]\nid = "label"\nvalue = inf\nwhy = "w"\n[[maker]]'), "from -100 to 100"),
        (("[[maker]]", '[[weight]]\nid = "misread"\nvalue = -2\nwhy = "w"\n[[maker]]'), "from 0 to 1"),
    ],
)
def test_a_bad_row_is_refused_with_its_name_and_the_remedy(
    tmp_path: Path, change: tuple[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = own(tmp_path, OWN.replace(*change, 1))
    with pytest.raises(SettingsError, match=message) as caught:
        load_knowledge(path)
    assert path in str(caught.value)
    assert main(["knowledge", "test", path]) == 7
    assert main(["scan", "--knowledge", path, str(tmp_path)]) in (4, 7)


def test_a_file_that_is_no_text_or_not_there_is_told(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_knowledge(str(bad))
    with pytest.raises(SettingsError, match="check the path"):
        load_knowledge(str(tmp_path / "none.toml"))


def test_the_command_shows_what_rows_accept_and_reject(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["knowledge", "test", own(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "accepts AC1234; rejects AC123" in shown and "3 rows do what their examples say" in shown
    assert main(["knowledge", "test"]) == 0
    assert "colt_m4_w" in capsys.readouterr().out


def test_the_digest_follows_the_content_and_not_the_path(tmp_path: Path) -> None:
    path = own(tmp_path)
    other = tmp_path / "copy.toml"
    other.write_text(OWN, encoding="utf-8")

    def digest(file: str | None) -> str:
        return settings_digest(load_settings({"knowledge": file}, {}).settings)

    assert digest(path) == digest(str(other)) != digest(None)
    before = digest(path)
    Path(path).write_text(OWN + "\n# more\n", encoding="utf-8")
    assert digest(path) != before


def test_a_file_that_changes_after_the_settings_were_read_is_refused(tmp_path: Path) -> None:
    path = own(tmp_path)
    settings = load_settings({"knowledge": path}, {}).settings
    Path(path).write_text(OWN + "\n# more\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="changed since"):
        load_knowledge(settings.knowledge, settings.knowledge_sha256)


def test_a_settings_file_names_and_pins_the_file_beside_it(tmp_path: Path) -> None:
    path = own(tmp_path)
    config = tmp_path / "serialscan.toml"
    config.write_text('knowledge = "ours.toml"\n', encoding="utf-8")
    settings = load_settings({}, {}, config).settings
    assert Path(settings.knowledge) == Path(path)
    config.write_text(f'knowledge = "ours.toml"\nknowledge_sha256 = "{"0" * 64}"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="SHA-256"):
        load_settings({}, {}, config)


def test_the_guide_states_the_weights_in_force() -> None:
    guide = (Path(__file__).parent.parent / "docs" / "marking.md").read_text("utf-8")
    shown = dict(re.findall(r"^\| `([a-z_]+)` \| ([+-]?[0-9.]+) \|", guide, re.MULTILINE))
    assert {name: float(value) for name, value in shown.items()} == load_knowledge().weights


def test_every_weight_counts_somewhere() -> None:
    folder = Path(serialscan.__file__).parent / "marking"
    code = "\n".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    unused = {name for name in load_knowledge().weights if f'"{name}"' not in code}
    assert unused == {"trust_high", "trust_medium", "trust_low"}, "these are named by a row's confidence"


def test_the_examples_of_the_guide_are_accepted(tmp_path: Path) -> None:
    guide = (Path(__file__).parent.parent / "docs" / "marking.md").read_text("utf-8")
    label, shape = re.findall(r"^```toml\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    (tmp_path / "second").mkdir()
    knowledge = load_knowledge(own(tmp_path / "second", shape))
    assert decide(read_marks([line("2662")], [], knowledge)[1], 0.8).decision == "accept"
    knowledge = load_knowledge(own(tmp_path, label))
    assert read_marks([line("STAMM NR 123456")], [], knowledge)[1].candidates[0].rule.startswith("label")
