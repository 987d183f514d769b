"""The commands on a case, as people use them: custody, keys, seals."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from case_fixtures import BY, RUN, Command, add_photo, jpeg, logged, make_case, photo_record, verdict_on
from conftest import Program

from serialscan.case import CaseWriter, keys
from serialscan.case.check import Trust
from serialscan.case.checkpoint import parse_checkpoint
from serialscan.case.custody import ALTERED, OF_CASE
from serialscan.errors import ExitCode


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "a.case"
    make_case(made, range(4), items=[("AK-1", (0, 1)), ("AK-2", (2, 3))])
    return made


def test_custody_is_entries_with_the_person_named(command: Command, path: Path) -> None:
    transfer = (
        "--from", "A. Doe", "--to", "B. Roe", "--at", "2026-11-30T14:05+01:00", "--place", "Main station",
        "--purpose", "examination", "--seal-number", "004711", "--condition", "seal whole",
    )  # fmt: skip
    for words in (
        ("note", path, "bolt missing", "--item", "AK-1", *BY),
        ("transfer", path, *transfer, *BY),
        ("set", path, "agency_case_number=17/2026", "clock_check=4 min ahead", *BY),
        ("set", path, "--item", "AK-1", "mark_place.serial=receiver, left", "number_altered=removed", *BY),
    ):
        done = command("case", *words)
        assert done.code == ExitCode.OK, done.err
        assert re.search(r"Entry \d+ is written. Head over \d+ entries: [0-9a-f]{64}", done.err)
    added = [one for one in logged(command, path) if one["kind"] in ("note", "transfer", "set")]
    assert [one["kind"] for one in added] == ["note", "transfer", "set", "set"]
    assert all(one["fields"]["person"] == {"name": "A. Doe", "badge": "1234"} for one in added)  # type: ignore[index]
    assert added[1]["fields"]["seal_number"] == "004711"  # type: ignore[index]
    assert verdict_on(path).ok
    text = command("case", "log", path).out
    assert "from A. Doe to B. Roe" in text and "at Main station; for examination; seal 004711" in text
    assert text.count("-- A. Doe (1234)") == 4
    shown = command("case", "show", path).out
    assert "agency_case_number = 17/2026" in shown
    assert "AK-1: mark_place.serial = receiver, left" in shown and "AK-1: number_altered = removed" in shown


def test_what_was_said_stays_and_what_was_said_last_holds(command: Command, path: Path) -> None:
    for value in ("E-17", "E-71"):
        assert command("case", "set", path, f"exhibit_number={value}", *BY).code == ExitCode.OK
    assert "exhibit_number = E-71" in command("case", "show", path).out
    text = command("case", "log", path).out
    assert "exhibit_number = E-17" in text and "exhibit_number = E-71" in text


@pytest.mark.parametrize(
    ("words", "code", "advice"),
    [
        (("note", "a.case", "text"), ExitCode.USAGE, "--by"),
        (("note", "a.case", "  ", *BY), ExitCode.USAGE, "empty"),
        (("note", "none.case", "text", *BY), ExitCode.NO_INPUT, "no such case"),
        (("set", "a.case", "color=red", *BY), ExitCode.SETTINGS, "agency_case_number"),
        (("set", "a.case", "mark_place.serial=left", *BY), ExitCode.SETTINGS, "no fact of a case"),
        (("set", "a.case", "--item", "A", "mark_place.sticker=x", *BY), ExitCode.SETTINGS, "mark_place"),
        (("set", "a.case", "--item", "A", "number_altered=maybe", *BY), ExitCode.SETTINGS, "restored"),
        (("set", "a.case", "authority=", *BY), ExitCode.SETTINGS, "name=value"),
        (("note", "a.case", "text", "--by", " "), ExitCode.SETTINGS, "--by"),
        (("show", "a.case", "AK-9"), ExitCode.NO_INPUT, "case list"),
        (("log", "none.case"), ExitCode.NO_INPUT, "check the path"),
        (("log", "."), ExitCode.NO_INPUT, "directory"),
        (("verify", "a.case", "--head", "."), ExitCode.SETTINGS, "directory"),
        (("merge", "a.case", "a.case", "-o", "none/c.case", *BY), ExitCode.OUTPUT, "no folder none"),
        (("extract", "a.case", "AK-1", "-o", "none/c.case"), ExitCode.OUTPUT, "no folder none"),
    ],
)
def test_a_slip_changes_nothing_and_is_told(
    command: Command, path: Path, words: tuple[str, ...], code: ExitCode, advice: str
) -> None:
    before = path.read_bytes()
    done = command("case", *words)
    assert done.code == code, done
    assert advice in done.err and done.out == ""
    assert path.read_bytes() == before
    assert not Path("none.case").exists()


def test_a_time_that_is_none_is_refused(command: Command, path: Path) -> None:
    words = ("--from", "A", "--to", "B", "--place", "C", "--purpose", "D", *BY)
    done = command("case", "transfer", path, "--at", "yesterday", *words)
    assert done.code == ExitCode.SETTINGS and "2026-11-30T14:05+01:00" in done.err


def test_facts_of_a_case_and_an_item_are_those_of_the_help(command: Command) -> None:
    text = command("case", "set", "--help").out
    assert all(name in text for name in OF_CASE) and all(word in text for word in ALTERED)


def test_the_same_photo_twice_is_listed_once(command: Command, path: Path) -> None:
    with CaseWriter(path) as writer:
        run = writer.begin_run(RUN)
        again = photo_record(1, path="copies/same.jpg")
        writer.add_record(run, again)
        writer.end_run(run, ok=1, failed=0)
    listed = [json.loads(line) for line in command("case", "list", path, "--json").out.splitlines()]
    assert len(listed) == 4
    assert listed[1]["paths"] == ["photos/IMG_0001.jpg", "copies/same.jpg"]
    assert listed[1]["readings"] == 2 and listed[1]["items"] == ["AK-1"]
    text = command("case", "list", path).out.splitlines()
    assert len(text) == 4 and "copies/same.jpg, photos/IMG_0001.jpg" in text[1] and "[AK-1]" in text[1]


def test_a_case_without_photos_is_said_to_be_one(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    with CaseWriter(path) as writer:
        writer.checkpoint()
    for words in (("seal", path, *BY), ("manifest", path), ("certificate", path)):
        done = command("case", *words)
        assert done.code == ExitCode.OK and "holds no photo" in done.err, words
    assert "no process to describe" in done.out
    assert "\nphotos: none\n" in command("case", "verify", path, "--inputs").out


def test_an_empty_file_is_no_case_for_any_command_but_a_scan(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    path.touch()
    for words in (
        ("case", "verify", path), ("case", "note", path, "text", *BY), ("case", "seal", path, *BY),
        ("export", path, "--format", "csv", "-o", "x", *BY), ("report", path, "-o", "x", *BY),
        ("labels", "import", path, "-o", "x"), ("review", path),
    ):  # fmt: skip
        done = command(*words)
        assert done.code == ExitCode.NO_INPUT and "is empty" in done.err, (words, done.err)
    assert path.read_bytes() == b"" and not (tmp_path / "x").exists()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_case_that_may_not_be_read_is_told(serialscan: Program, path: Path) -> None:
    path.chmod(0)
    for words in (("case", "verify", path), ("report", path, "-o", "x"), ("case", "note", path, "text", *BY)):
        done = serialscan(*words)
        assert done.returncode in (ExitCode.NO_INPUT, ExitCode.OUTPUT), done.stderr
        assert b"Permission denied" in done.stderr and b"Traceback" not in done.stderr


def test_records_are_shown_as_they_were_written(command: Command, path: Path) -> None:
    sha256 = hashlib.sha256(b"photo 2").hexdigest()
    for what in ("photos/IMG_0002.jpg", "IMG_0002.jpg", sha256, sha256[:8].upper()):
        assert command("case", "show", path, what).out.encode() == photo_record(2) + b"\n"
    shown = command("case", "show", path, "AK-1").out.splitlines()
    assert json.loads(shown[0])["item"] == "AK-1"
    assert [line.encode() for line in shown[1:]] == [photo_record(0), photo_record(1)]


def test_an_item_of_a_folder_is_meant_by_the_end_of_its_name(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    make_case(path, range(4), items=[("all/AK-1", (0, 1)), ("one/AK-2", (2,)), ("two/AK-2", (3,))])
    assert json.loads(command("case", "show", path, "AK-1").out.splitlines()[0])["item"] == "all/AK-1"
    assert command("case", "note", path, "bolt missing", "--item", "AK-1", *BY).err.count("\n") == 1
    assert command("case", "set", path, "exhibit_number=E-17", "--item", "AK-1", *BY).code == ExitCode.OK
    assert "all/AK-1: exhibit_number = E-17" in command("case", "show", path).out
    assert command("case", "extract", path, "AK-1", "-o", tmp_path / "part.case").code == ExitCode.OK
    part = command("case", "log", tmp_path / "part.case").out
    assert "note [all/AK-1]: bolt missing" in part and "set [all/AK-1]" in part
    kept = path.read_bytes()
    for words in (
        ("note", path, "text", "--item", "AK-2", *BY),
        ("extract", path, "AK-2", "-o", tmp_path / "x"),
    ):
        done = command("case", *words)
        assert done.code == ExitCode.NO_INPUT and "one/AK-2 or two/AK-2" in done.err
    assert path.read_bytes() == kept and not (tmp_path / "x").exists()
    for what in ("K-1", "%/AK-1"):
        assert command("case", "show", path, what).code == ExitCode.NO_INPUT


def test_pictures_are_written_where_nothing_is_yet(command: Command, path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pictures"
    done = command("case", "show", path, "IMG_0002.jpg", "--pictures", folder)
    assert done.code == ExitCode.OK
    assert {one.read_bytes() for one in folder.iterdir()} == {jpeg(2), jpeg(-3, 300)}
    assert command("case", "show", path, "IMG_0002.jpg", "--pictures", folder).code == ExitCode.OUTPUT


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Guessing a passphrase costs much on purpose; a key says itself what it costs."""
    if "dear" not in request.node.name:
        monkeypatch.setitem(keys._SCRYPT, "n", 1 << 8)


def create_key(command: Command, name: str) -> str:
    Path("pass.txt").write_text("correct horse\n", encoding="utf-8")
    done = command("key", "create", f"{name}.key", "--name", name, "--passphrase-file", "pass.txt")
    assert done.code == ExitCode.OK, done.err
    return done.out.split()[1]


SIGN = ("--passphrase-file", "pass.txt", "--sign")


def test_a_folder_to_a_sealed_case_that_a_witness_signed(command: Command, path: Path) -> None:
    officer, witness = create_key(command, "doe"), create_key(command, "roe")
    done = command("case", "seal", path, *BY, *SIGN, "doe.key")
    assert done.code == ExitCode.OK, done.err
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert sha256 in done.out
    assert Path("a.sha256").read_text("utf-8") == f"{sha256}  a.case\n"
    sheet = Path("a-seal.txt").read_text("utf-8")
    head = parse_checkpoint(Path("a.head").read_bytes())
    digits = re.sub(r"\s", "", sheet)
    assert sha256 in digits and head.root.hex() in digits and officer in digits
    assert "A. Doe, 1234" in sheet and max(map(len, sheet.splitlines())) <= 100
    done = command("key", "witness", "a.head", "--case", path, *SIGN, "roe.key")
    assert done.code == ExitCode.OK, done.err
    words = ("--head", "a.head", "--key", officer, "--key", "roe.key.pub", "--json")
    verdict = json.loads(command("case", "verify", path, *words).out)
    assert verdict["ok"] and verdict["proven"] == verdict["entries"] == head.size
    assert {(one["name"], one["witness"], one["trusted"]) for one in verdict["signatures"]} == {
        ("doe", False, True), ("roe", True, True),
    }  # fmt: skip
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    assert witness != officer


def test_a_seal_of_another_case_proves_nothing(command: Command, path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.case"
    make_case(other)
    assert command("case", "seal", other, *BY).code == ExitCode.OK
    done = command("case", "verify", path, "--head", "other.head")
    assert done.code == ExitCode.VERIFY_FAILED and "of another case" in done.out


def test_a_case_that_was_tampered_with_is_not_sealed(command: Command, path: Path) -> None:
    with CaseWriter(path) as writer:
        writer._connection.execute("UPDATE record SET serial = 'X000'")
    before = path.read_bytes()
    done = command("case", "seal", path, *BY)
    assert done.code == ExitCode.VERIFY_FAILED and "not sealed" in done.err
    assert path.read_bytes() == before and not Path("a.head").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_a_case_whose_name_is_no_text_is_sealed(command: Command, path: Path) -> None:
    odd = path.with_name("b\udcff\nSealed by nobody\\.case")
    path.rename(odd)
    assert command("case", "seal", odd, *BY, "-o", "s").code == ExitCode.OK
    assert "\nSealed by nobody" not in Path("s-seal.txt").read_text("utf-8")
    done = subprocess.run(["sha256sum", "-c", "s.sha256"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_seal_takes_no_files_place(command: Command, path: Path) -> None:
    Path("a.sha256").write_text("mine", encoding="utf-8")
    before = path.read_bytes()
    done = command("case", "seal", path, *BY)
    assert done.code == ExitCode.OUTPUT and "a.sha256" in done.err
    assert path.read_bytes() == before and not Path("a.head").exists()
    assert Path("a.sha256").read_text("utf-8") == "mine"


def test_a_witness_does_not_sign_for_a_case_that_does_not_fit(command: Command, path: Path) -> None:
    create_key(command, "roe")
    assert command("case", "seal", path, *BY).code == ExitCode.OK
    head = Path("a.head").read_bytes()
    with CaseWriter(path) as writer:
        writer._connection.execute("DELETE FROM entry WHERE sequence = 2")
    done = command("key", "witness", "a.head", "--case", path, *SIGN, "roe.key")
    assert done.code == ExitCode.VERIFY_FAILED and "nothing was signed" in done.err
    assert Path("a.head").read_bytes() == head


def test_a_key_is_kept_from_others_and_useless_without_its_passphrase(command: Command, path: Path) -> None:
    fingerprint = create_key(command, "doe")
    if os.name == "posix":
        assert stat.S_IMODE(Path("doe.key").stat().st_mode) == 0o600
    assert command("key", "show", "doe.key.pub").out == f"name doe\nfingerprint {fingerprint}\n"
    Path("pass.txt").write_text("wrong horse", encoding="utf-8")
    before = path.read_bytes()
    done = command("case", "seal", path, *BY, *SIGN, "doe.key")
    assert done.code == ExitCode.SETTINGS and "passphrase is wrong" in done.err
    assert path.read_bytes() == before and not Path("a.head").exists()


def test_a_guess_at_a_passphrase_is_dear(command: Command) -> None:
    """Each takes the memory that RFC 7914 and its users give for files: 128 MiB."""
    create_key(command, "doe")
    said = json.loads(Path("doe.key").read_text("utf-8"))
    assert 128 * said["scrypt"]["n"] * said["scrypt"]["r"] == 128 << 20


def test_a_key_whose_public_half_was_swapped_does_not_open(command: Command, path: Path) -> None:
    create_key(command, "doe")
    create_key(command, "roe")
    said = json.loads(Path("doe.key").read_text("utf-8"))
    said["public"] = Path("roe.key.pub").read_text("utf-8").strip()
    Path("doe.key").write_text(json.dumps(said), encoding="utf-8")
    done = command("case", "seal", path, *BY, *SIGN, "doe.key")
    assert done.code == ExitCode.SETTINGS and "was changed" in done.err


@pytest.mark.parametrize("name", ["J. Doe", "a+b", ""])
def test_a_name_that_cannot_stand_beside_a_signature_is_refused(command: Command, name: str) -> None:
    Path("pass.txt").write_text("correct horse\n", encoding="utf-8")
    done = command("key", "create", "k.key", "--name", name, "--passphrase-file", "pass.txt")
    assert done.code == ExitCode.SETTINGS and "cannot name a key" in done.err
    assert not Path("k.key").exists()


def test_an_empty_passphrase_and_a_file_that_is_there_are_refused(command: Command) -> None:
    Path("pass.txt").write_text("\n", encoding="utf-8")
    words = ("key", "create", "k.key", "--name", "doe", "--passphrase-file", "pass.txt")
    assert command(*words).code == ExitCode.SETTINGS
    Path("pass.txt").write_text("horse", encoding="utf-8")
    Path("k.key").write_text("mine", encoding="utf-8")
    assert command(*words).code == ExitCode.OUTPUT
    assert Path("k.key").read_text("utf-8") == "mine" and not Path("k.key.pub").exists()


def test_every_command_remembers_the_head_it_wrote(command: Command, path: Path, tmp_path: Path) -> None:
    older = path.read_bytes()
    assert command("case", "note", path, "first", *BY).code == ExitCode.OK
    path.write_bytes(older)
    done = command("case", "verify", path)
    assert done.code == ExitCode.OK and "older copy, or its end was cut off" in done.out
    done = command("case", "note", path, "second", *BY)
    assert done.code == ExitCode.OK and "is not what this machine last wrote" in done.err


def test_a_name_cannot_write_on_the_terminal(command: Command, path: Path) -> None:
    assert command("case", "note", path, "red \x1b[31m text", "--by", "A\x1b[2J").code == ExitCode.OK
    assert "\x1b" not in command("case", "log", path).out
    assert verdict_on(path, Trust()).ok


def test_items_and_photos_of_a_run_can_be_added_later(command: Command, path: Path) -> None:
    with CaseWriter(path) as writer:
        add_photo(writer, writer.begin_run(RUN), 9)
    assert len(command("case", "list", path).out.splitlines()) == 5
