"""Registers as files: what goes in, what is told to be bad, and what is noticed of a damaged one."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Program

from serialscan.errors import ExitCode, InputError, OutputError, SettingsError, VerifyError
from serialscan.glyphs import match_key
from serialscan.register import build as building
from serialscan.register.build import build
from serialscan.register.layout import PREAMBLE
from serialscan.register.register import Register
from serialscan.register.series import blocks_of, numbers_of, pieces_of
from serialscan.register.tables import Options

Command = Callable[..., Any]


def listed(path: Path, rows: list[list[str]], heading: str = "serial,maker") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(heading + "\n")
        csv.writer(file).writerows(rows)
    return path


def made(tmp_path: Path, rows: list[list[str]], heading: str = "serial,maker", **options: Any) -> Register:
    source = listed(tmp_path / "list.csv", rows, heading)
    build([source], tmp_path / "a.reg", replace=True, **options)
    return Register.open(tmp_path / "a.reg")


def rows_of(register: Register, serial: str) -> list[dict[str, str]]:
    return [register.row(int(register.key_rows[one])).cells for one in register.find(match_key(serial))]


def bad_rows(tmp_path: Path) -> list[dict[str, Any]]:
    path = tmp_path / "a.reg.bad.ndjson"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def test_every_row_is_found_by_its_serial_and_comes_back_as_it_stands(tmp_path: Path) -> None:
    serials = [
        "W123456",
        "w-12 34.57",
        "AO1",
        "7",
        "А123",
        "五1234",
        "1" * 12,
        "1" * 13,
        "2" * 60,
        "AB1234",
        "W?1",
    ]
    rows = [[serial, f"maker {n}"] for n, serial in enumerate(serials)]
    with made(tmp_path, rows) as register:
        assert register.header.rows == register.header.distinct == len(rows)
        assert register.header.longest == 60
        for serial, maker in rows:
            assert rows_of(register, serial) == [{"serial": serial, "maker": maker}]
        for serial in ("W123457", "A01"):
            assert len(rows_of(register, serial)) == 1
        for serial in ("W12345", "1" * 11, "1" * 14, "2" * 59, "2" * 61, "六1234", "X", ""):
            assert rows_of(register, serial) == []
        order = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        assert [register.key_text(n) for n in range(len(rows))] == sorted(
            (match_key(one) for one in serials), key=lambda key: [order.find(c) % 37 for c in key]
        )
        assert register.faults() == []


def test_keys_are_sorted_in_parts_as_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(5)
    numbers, widths = chance.integers(0, 10**5, 3000).tolist(), chance.integers(5, 18, 3000).tolist()
    serials = [f"W{n:0{width}d}" for n, width in zip(numbers, widths, strict=True)]
    serials += ["158123450AB" + str(n) for n in range(20_000, 20_050)]
    with made(tmp_path, [[one, "A"] for one in serials]) as whole:
        sections = {name: one.sha256 for name, one in whole.header.sections.items()}
        facts = (whole.header.distinct, whole.header.blocks, whole.header.holes)
    monkeypatch.setattr(building, "_PART", 100)
    monkeypatch.setattr(building, "_READ", 777)
    with made(tmp_path, [[one, "A"] for one in serials]) as parted:
        assert {name: one.sha256 for name, one in parted.header.sections.items()} == sections
        assert (parted.header.distinct, parted.header.blocks, parted.header.holes) == facts
        assert facts[0] == len(set(serials)) and parted.faults() == []


def test_duplicates_stay_and_a_row_names_its_line(tmp_path: Path) -> None:
    rows = [["A1000", "COLT"], ["A1001", "x\ny"], ["a-1000", "FN"], ["A1002", "last"]]
    with made(tmp_path, rows) as register:
        assert [one["maker"] for one in rows_of(register, "A1000")] == ["COLT", "FN"]
        lines = [register.row(n).line for n in range(4)]
        assert lines == [2, 3, 5, 6]
        assert register.row(1).cells["maker"] == "x\ny"


def test_no_bad_row_is_lost_and_those_around_it_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text(
        'serial,maker\nA1,ok\n,none\nA2\nA3,ok,too many\n---,ok\n"A4,open\nA5,ok\n\n'
        f"1.2346E+11,rounded\n{'9' * 97},long\nA6,ok,,\n",
        "utf-8",
    )
    built = build([source], tmp_path / "a.reg")
    bad = bad_rows(tmp_path)
    assert built.bad == tmp_path / "a.reg.bad.ndjson"
    assert sorted(one["line"] for one in bad) == [3, 4, 5, 6, 7, 10, 11]
    reasons = {one["line"]: one["reason"] for one in bad}
    assert "no serial" in reasons[3] and "1 cells, not 2" in reasons[4] and "3 cells" in reasons[5]
    assert "no letter and no digit" in reasons[6] and "CSV" in reasons[7]
    assert "rounded" in reasons[10] and "more than 96" in reasons[11]
    assert next(one for one in bad if one["line"] == 5)["cells"] == ["A3", "ok", "too many"]
    assert built.header.sources[0].bad == 7 and built.header.sources[0].rows == 3
    with Register.open(tmp_path / "a.reg") as register:
        assert [register.row(n).cells["serial"] for n in range(3)] == ["A1", "A5", "A6"]
        assert [register.row(n).line for n in range(3)] == [2, 8, 12]


def test_cells_that_are_hostile_come_back_and_reach_no_terminal(tmp_path: Path, command: Command) -> None:
    hostile = [
        "=cmd|' /C calc'!A0",
        "\x1b]0;owned\x07",
        "a\x1f\x1e\x00b",
        "‮gnp.exe",
        '"; DROP TABLE',
        "x" * 100_000,
    ]
    with made(tmp_path, [[f"A{n}", cell] for n, cell in enumerate(hostile)]) as register:
        for n, cell in enumerate(hostile):
            assert rows_of(register, f"A{n}") == [{"serial": f"A{n}", "maker": cell}]
    shown = command("lookup", "A1", "--register", "a.reg", "--format", "table")
    assert shown.code == ExitCode.OK
    assert "\x1b" not in shown.out and "\\x1b]0;owned" in shown.out


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_encodings_that_can_be_told(tmp_path: Path, encoding: str) -> None:
    source = tmp_path / "list.csv"
    source.write_bytes("serial;maker\nКЕ1234;ИЖМАШ\n".encode(encoding))
    told = Options(encoding="cp1251") if encoding == "cp1251" else Options()
    build([source], tmp_path / "a.reg", options=told)
    with Register.open(tmp_path / "a.reg") as register:
        assert rows_of(register, "KE1234") == [{"serial": "КЕ1234", "maker": "ИЖМАШ"}]
        assert register.header.sources[0].delimiter == ";"


def test_an_encoding_that_is_not_sure_is_asked_for_and_nothing_is_written(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    rows = "".join(f"A{n},x\n" for n in range(9000))
    source.write_bytes(b"serial,maker\n" + rows.encode() + "B1,ИЖМАШ\n".encode("cp1251"))
    with pytest.raises(SettingsError, match=r"line 9002: is not UTF-8.*--encoding.*cp1251"):
        build([source], tmp_path / "a.reg")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["list.csv"]
    # what is no text in an encoding that was told is a bad row
    source.write_bytes(b"serial,maker\nA1,ok\nA2,\x81\nA3,ok\n")
    built = build([source], tmp_path / "a.reg", options=Options(encoding="cp1252"))
    assert built.header.rows == 2
    assert [(one["line"], "cp1252" in one["reason"]) for one in bad_rows(tmp_path)] == [(3, True)]


@pytest.mark.parametrize(
    ("text", "options", "advice"),
    [
        ("serial,maker;model\nA1,b;c\n", {}, "--delimiter"),
        ("number,make\nA1,b\n", {}, "--columns serial="),
        ("serial,SN\nA1,b\n", {}, "'serial' or 'SN'"),
        ("serial,serial\nA1,b\n", {}, "stands twice"),
        ("SN,make\nA1,b\n", {"told": {"serial": "Serial"}}, "no column 'Serial'"),
        ("serial,make\nA1,b\n", {"options": Options(encoding="klingon")}, "--encoding"),
    ],
)
def test_what_is_ambiguous_is_asked_for(
    tmp_path: Path, text: str, options: dict[str, Any], advice: str
) -> None:
    source = tmp_path / "list.csv"
    source.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=advice):
        build([source], tmp_path / "a.reg", **options)
    assert not (tmp_path / "a.reg").exists()


def test_columns_that_are_guessed_are_said(command: Command, tmp_path: Path) -> None:
    listed(tmp_path / "list.csv", [["A1", "COLT", "depot", "M4"]], "Serial No.,Make,store,model")
    done = command("register", "build", "list.csv", "-o", "a.reg", "--columns", "consignee=store")
    assert done.code == ExitCode.OK
    assert "headings: serial = Serial No., maker = Make, model. Say" in done.err
    told = json.loads(command("register", "info", "a.reg", "--json").out)
    assert told["meaning"] == {
        "serial": "Serial No.",
        "maker": "Make",
        "consignee": "store",
        "model": "model",
    }
    assert told["guessed"] == ["serial", "maker", "model"]
    assert told["sources"][0]["sha256"] == hashlib.sha256((tmp_path / "list.csv").read_bytes()).hexdigest()
    assert "consignee = store" in command("register", "info", "a.reg").out


def test_a_list_without_a_heading(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text("COLT\tA1\nFN\tA2\n", "utf-8")
    build([source], tmp_path / "a.reg", told={"serial": "2"}, options=Options(heading=False))
    with Register.open(tmp_path / "a.reg") as register:
        assert rows_of(register, "A1") == [{"1": "COLT", "2": "A1"}] and register.row(1).line == 2


def test_workbooks_parquet_and_databases_give_the_same_rows(tmp_path: Path, command: Command) -> None:
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["serial", "maker", "date"],
        ["00123", "COLT", date(1984, 5, 6)],
        [124, "FN", None],
        [None, "X", None],
    ):
        sheet.append(row)
    book.create_sheet("notes").append(["x"])
    book.save(tmp_path / "list.xlsx")
    pq.write_table(pa.table({"serial": ["00123", "124"], "maker": ["COLT", "FN"]}), tmp_path / "list.parquet")
    base = sqlite3.connect(tmp_path / "list.db")
    base.execute("CREATE TABLE stock(serial TEXT, maker TEXT)")
    base.executemany("INSERT INTO stock VALUES (?, ?)", [("00123", "COLT"), ("124", "FN")])
    base.commit()
    base.close()
    assert command("register", "build", "list.xlsx", "-o", "x.reg").code == ExitCode.SETTINGS
    told = command("register", "build", "list.xlsx", "-o", "x.reg", "--part", "Sheet")
    assert told.code == ExitCode.SOME_FAILED
    assert "1 serials are numbers there and no text" in told.err and "line 4: has no serial" in told.err
    for name in ("parquet", "db"):
        assert command("register", "build", f"list.{name}", "-o", f"{name}.reg").code == ExitCode.OK
    for name in ("x", "parquet", "db"):
        with Register.open(tmp_path / f"{name}.reg") as register:
            assert [one["maker"] for one in rows_of(register, "00123")] == ["COLT"]
            assert [one["maker"] for one in rows_of(register, "124")] == ["FN"]
            assert rows_of(register, "123") == []
    with Register.open(tmp_path / "x.reg") as register:
        assert register.row(0).cells["date"] == "1984-05-06"
    (tmp_path / "broken.xlsx").write_bytes((tmp_path / "list.xlsx").read_bytes()[:900])
    assert command("register", "build", "broken.xlsx", "-o", "b.reg").code == ExitCode.NO_INPUT


@pytest.mark.parametrize("rows", [[], [["A1", "only"]]])
def test_registers_of_no_row_and_of_one(tmp_path: Path, rows: list[list[str]], command: Command) -> None:
    with made(tmp_path, rows) as register:
        assert register.header.rows == len(rows) and register.faults() == []
        assert len(rows_of(register, "A1")) == len(rows)
    done = command("lookup", "A1", "--register", "a.reg")
    assert done.code == ExitCode.OK
    answer = json.loads(done.out)
    assert len(answer["entries"]) == len(rows)
    assert (answer["absent"]["probability"] < 0.05) == bool(rows)


def test_an_empty_file_is_no_list(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        build([tmp_path / "list.csv"], tmp_path / "a.reg")


def test_a_list_twice_and_a_list_of_headings_are_told(tmp_path: Path, command: Command) -> None:
    listed(tmp_path / "one.csv", [["A1001", "COLT"]])
    listed(tmp_path / "none.csv", [])
    assert command("register", "build", "one.csv", "-o", "a.reg").code == ExitCode.OK
    again = command("register", "add", "a.reg", "one.csv")
    assert again.code == ExitCode.OK and "the same list" in again.err
    none = command("register", "build", "none.csv", "-o", "b.reg")
    assert none.code == ExitCode.SOME_FAILED and "none.csv: has headings and no row" in none.err
    assert "make it first" in command("register", "build", "one.csv", "-o", "gone/b.reg").err
    info = command("register", "info", "a.reg").out
    assert "UTF-8" in info and "utf-8-sig" not in info


def test_a_quote_that_never_closes_costs_its_line_only(tmp_path: Path) -> None:
    text = 'serial,maker\nA1001,"COLT\n' + "".join(f"A{n},FN\n" for n in range(2000, 22_000))
    (tmp_path / "list.csv").write_text(text, "utf-8")
    build([tmp_path / "list.csv"], tmp_path / "a.reg")
    with Register.open(tmp_path / "a.reg") as register:
        assert register.header.rows == 20_000
    (bad,) = bad_rows(tmp_path)
    assert bad["line"] == 2 and "131072 characters: a quote may not close" in bad["reason"]


def test_add_makes_one_register_of_both_lists(tmp_path: Path, command: Command) -> None:
    listed(tmp_path / "one.csv", [["A1001", "COLT"], ["A1002", "COLT"]])
    listed(tmp_path / "two.csv", [["FN", "A1002", "note"]], "Make,SN,remark")
    assert command("register", "build", "one.csv", "-o", "a.reg", "--name", "stock").code == ExitCode.OK
    before = Register.open(tmp_path / "a.reg").sha256
    assert command("register", "add", "a.reg", "two.csv").code == ExitCode.OK
    with Register.open(tmp_path / "a.reg") as register:
        assert register.header.name == "stock" and register.sha256 != before
        assert [one.name for one in register.header.sources] == ["one.csv", "two.csv"]
        assert rows_of(register, "A1002") == [
            {"serial": "A1002", "maker": "COLT", "remark": ""},
            {"serial": "A1002", "maker": "FN", "remark": "note"},
        ]
        assert register.row(2).source == "two.csv" and register.row(2).line == 2
    assert (
        command("register", "verify", "a.reg", "--list", "one.csv", "--list", "two.csv").code == ExitCode.OK
    )
    listed(tmp_path / "one.csv", [["A1001", "changed"]])
    done = command("register", "verify", "a.reg", "--list", "one.csv")
    assert done.code == ExitCode.VERIFY_FAILED and "none of the lists" in done.out


def test_a_register_is_not_replaced_by_a_slip_nor_by_half_of_one(tmp_path: Path, command: Command) -> None:
    made(tmp_path, [["A1", "old"]]).close()
    before = (tmp_path / "a.reg").read_bytes()
    assert command("register", "build", "list.csv", "-o", "a.reg").code == ExitCode.OUTPUT
    (tmp_path / "bad.csv").write_bytes(b"serial,maker\n" + b"A1,x\n" * 9000 + b"A2,\xff\n")
    assert command("register", "build", "bad.csv", "-o", "a.reg", "--replace").code == ExitCode.SETTINGS
    assert (tmp_path / "a.reg").read_bytes() == before
    assert not [one for one in tmp_path.iterdir() if "part" in one.name or one.name.startswith(".register")]
    with pytest.raises(OutputError):
        build([tmp_path / "list.csv"], tmp_path / "no" / "such" / "folder.reg")


def test_every_changed_byte_is_found(tmp_path: Path, command: Command) -> None:
    with made(tmp_path, [[f"A{n:05d}", "COLT"] for n in range(300)]) as register:
        sections = dict(register.header.sections)
    path = tmp_path / "a.reg"
    whole = path.read_bytes()
    assert command("register", "verify", "a.reg").code == ExitCode.OK
    for name, one in sections.items():
        if one.bytes:
            changed = bytearray(whole)
            changed[one.at + one.bytes // 2] ^= 1
            path.write_bytes(changed)
            done = command("register", "verify", "a.reg")
            assert done.code == ExitCode.VERIFY_FAILED and name in done.out
    for place in (20, len(whole) - 5):  # the length of the header, and the header
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        assert command("lookup", "A00001", "--register", "a.reg").code == ExitCode.VERIFY_FAILED
    for length in (0, 10, PREAMBLE.size, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        done = command("lookup", "A00001", "--register", "a.reg")
        assert done.code in (ExitCode.VERIFY_FAILED, ExitCode.NO_INPUT) and done.out == ""
        assert "Traceback" not in done.err


def test_a_damaged_row_is_told_and_not_made_up(tmp_path: Path, command: Command) -> None:
    with made(tmp_path, [[f"A{n:05d}", "COLT"] for n in range(300)]) as register:
        rows = register.header.sections["rows"]
    path = tmp_path / "a.reg"
    changed = bytearray(path.read_bytes())
    changed[rows.at + 30] ^= 0xFF
    path.write_bytes(changed)
    done = command("lookup", "A00001", "--register", "a.reg")
    assert done.code == ExitCode.VERIFY_FAILED and "register verify" in done.err


def test_a_register_of_a_newer_version_is_refused(tmp_path: Path, command: Command) -> None:
    made(tmp_path, [["A1", "COLT"]]).close()
    path = tmp_path / "a.reg"
    data = bytearray(path.read_bytes())
    data[8] = 2
    path.write_bytes(data)
    done = command("lookup", "A1", "--register", "a.reg")
    assert done.code == ExitCode.NO_INPUT and "version 2" in done.err and "newer serialscan" in done.err
    (tmp_path / "b.reg").write_text("serial,maker\nA1,x\n", "utf-8")
    assert "is no register" in command("lookup", "A1", "--register", "b.reg").err


def test_a_register_that_is_replaced_while_it_is_open(tmp_path: Path) -> None:
    register = made(tmp_path, [["A1", "old"]])
    made(tmp_path, [["A1", "new"], ["A2", "new"]]).close()
    assert register.was_replaced and rows_of(register, "A1")[0]["maker"] == "old"
    register.demand_unchanged()
    again = Register.open(tmp_path / "a.reg")
    with (tmp_path / "a.reg").open("r+b") as file:
        file.seek(0, 2)
        file.write(b"x")
    with pytest.raises(VerifyError, match="written to while it was open"):
        again.demand_unchanged()


def test_registers_are_listed_and_broken_ones_named(tmp_path: Path, command: Command) -> None:
    made(tmp_path, [["A1", "COLT"]], name="Stock of the north").close()
    (tmp_path / "b.reg").write_bytes(b"nothing")
    done = command("register", "list")
    assert done.code == ExitCode.SOME_FAILED
    assert "Stock of the north" in done.out and "1 rows" in done.out and "b.reg: is no register" in done.err


def test_blocks_are_runs_of_consecutive_numbers(tmp_path: Path) -> None:
    numbers = [100, 101, 103, 120, 141, 142, 143, 144, 900, 100]
    serials = [f"AB{n:04d}Z" for n in numbers] + ["XY100", "XY200", "7", "QQQ"]
    with made(tmp_path, [[one, ""] for one in serials]) as register:
        blocks = register.blocks
        assert (blocks.first.tolist(), blocks.last.tolist(), blocks.count.tolist()) == ([141], [144], [4])
        assert register.key_text(int(blocks.first_entry[0])) == "AB0141Z"
        assert register.header.holes == 0
    dense = [f"AB{n:04d}Z" for n in (*range(100, 150), *range(155, 200)) if n not in (120, 130)]
    with made(tmp_path, [[one, ""] for one in dense]) as register:
        assert (register.header.blocks, register.header.holes) == (1, 7)
    assert len(blocks_of(np.zeros((0, 6), np.int64)).group) == 0
    assert len(pieces_of(numbers_of(np.zeros((0, 12), np.uint8)), 0)) == 0


def test_the_same_lists_give_the_same_file(tmp_path: Path) -> None:
    source = listed(tmp_path / "list.csv", [[f"A{n}", f"maker {n % 7}"] for n in range(500)])
    then = datetime(2026, 1, 2, tzinfo=UTC)
    for name in ("a", "b"):
        build([source], tmp_path / f"{name}.reg", name="stock", clock=lambda: then)
    assert (tmp_path / "a.reg").read_bytes() == (tmp_path / "b.reg").read_bytes()


def test_memory_does_not_grow_with_the_list(tmp_path: Path) -> None:
    """Twenty times the rows, and less than 60 MB more."""
    program = (
        "import sys, resource; from pathlib import Path; from serialscan.register.build import build;"
        "build([Path(sys.argv[1])], Path(sys.argv[1]).with_suffix('.reg'));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    if sys.platform == "win32":
        program = program.replace("import sys, resource", "import sys, psutil").replace(
            "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss",
            "psutil.Process().memory_info().peak_wset // 1024",
        )
    peaks = []
    for name, count in (("small", 2_000), ("large", 40_000)):
        source = listed(tmp_path / f"{name}.csv", [[f"W{n:06d}", "x" * 900] for n in range(count)])
        done = subprocess.run([sys.executable, "-c", program, source], capture_output=True, check=True)
        unit = 1024 if sys.platform == "darwin" else 1  # bytes there, kibibytes elsewhere
        peaks.append(int(done.stdout) // unit)
    assert peaks[1] - peaks[0] < 60_000, peaks  # the list has 36 MB, its rows in memory would have more


def test_help_needs_no_numpy(serialscan: Program) -> None:
    for words in (
        ("register", "--help"),
        ("register", "build", "--help"),
        ("match", "--help"),
        ("lookup", "--help"),
    ):
        done = serialscan(*words)
        assert done.returncode == ExitCode.OK and b"Example" in done.stdout


def test_a_list_and_what_is_no_register_are_never_replaced(command: Command, tmp_path: Path) -> None:
    source = listed(tmp_path / "one.csv", [["AB1234", "COLT"]])
    before = source.read_bytes()
    assert command("register", "build", source, "-o", source, "--replace").code == ExitCode.OUTPUT
    (tmp_path / "notes.txt").write_text("notes of the case", encoding="utf-8")
    assert (
        command("register", "build", source, "-o", tmp_path / "notes.txt", "--replace").code
        == ExitCode.OUTPUT
    )
    assert source.read_bytes() == before
    assert (tmp_path / "notes.txt").read_text("utf-8") == "notes of the case"
    for _ in range(2):
        assert command("register", "build", source, "-o", tmp_path / "a.reg", "--replace").code == ExitCode.OK


@pytest.mark.parametrize("encoding", ["rot13", "hex", "idna", "nope"])
def test_an_encoding_that_is_none_of_text_is_told(encoding: str, command: Command, tmp_path: Path) -> None:
    source = listed(tmp_path / "one.csv", [["AB1234", "COLT"]])
    done = command("register", "build", source, "-o", tmp_path / "a.reg", "--encoding", encoding)
    assert done.code == ExitCode.SETTINGS and "try cp1252" in done.err


def test_a_list_that_is_cut_off_in_a_character_is_told(command: Command, tmp_path: Path) -> None:
    source = tmp_path / "one.csv"
    source.write_bytes("serial\nAB1234\n".encode("utf-16")[:-1])
    done = command("register", "build", source, "-o", tmp_path / "a.reg")
    assert done.code == ExitCode.NO_INPUT and "is cut off" in done.err
    assert not (tmp_path / "a.reg").exists()


@pytest.mark.parametrize("serial", ["AB\udcff", "A" * 97, "???"])
def test_what_cannot_be_looked_up_is_told_at_once(serial: str, command: Command, tmp_path: Path) -> None:
    made(tmp_path, [["AB1234", "COLT"]]).close()
    assert command("lookup", serial, "-r", tmp_path / "a.reg").code == ExitCode.SETTINGS


def test_no_number_is_no_probability(command: Command, tmp_path: Path) -> None:
    made(tmp_path, [["AB1234", "COLT"]]).close()
    assert (
        command("lookup", "AB1234", "-r", tmp_path / "a.reg", "--prior-absent", "nan").code == ExitCode.USAGE
    )
