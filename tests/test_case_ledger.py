"""The ledger and its file: what is written stays, whatever happens to the process."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from case_fixtures import RUN, add_photo, codes, content, make_case, opened, photo_record, verdict_on
from conftest import clean_environment, start_of_child, wait_for
from hypothesis import given
from hypothesis import strategies as st

from serialscan.case import CaseWriter, Heads, store
from serialscan.case.checkpoint import NoteError, parse_checkpoint, parse_public_key
from serialscan.case.entry import KINDS, Entry, EntryError, decode, encode
from serialscan.case.find import Kind
from serialscan.case.merkle import Paths, Tree, leaf_hash, node_hash, root_from_path
from serialscan.case.migrate import Content, migrate
from serialscan.case.read import read_record
from serialscan.errors import InputError, OutputError, VerifyError

CHILD = Path(__file__).with_name("case_fixtures.py")

# Leaves and roots that the implementations of RFC 6962 and RFC 9162 (the same tree) are tested with.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_the_tree_has_the_roots_of_the_rfc() -> None:
    for size, root in enumerate(ROOTS):
        assert Tree(leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:size]).root().hex() == root


def test_inclusion_paths_are_those_of_the_rfcs_picture() -> None:
    """RFC 9162, 2.1.5: the tree of seven leaves and the paths of the leaves 0, 3, 4 and 6."""
    a, b, c, d, e, f, j = (leaf_hash(f"d{number}".encode()) for number in range(7))
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, l = node_hash(g, h), node_hash(i, j)  # noqa: E741 - the RFC's letters
    leaves = [a, b, c, d, e, f, j]
    assert Tree(leaves).root() == node_hash(k, l)
    assert Paths(leaves).path(0) == [b, h, l]
    assert Paths(leaves).path(3) == [c, g, l]
    assert Paths(leaves).path(4) == [f, j, k]
    assert Paths(leaves).path(6) == [i, k]


@given(st.integers(1, 70), st.data())
def test_a_path_leads_to_the_root_from_its_own_leaf_and_place_only(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    root, path = Tree(leaves).root(), Paths(leaves).path(index)
    assert root_from_path(leaves[index], index, size, path) == root
    assert root_from_path(leaf_hash(b"other"), index, size, path) != root
    assert root_from_path(leaves[index], size, size, path) is None
    assert root_from_path(leaves[index], index, size, [*path, root]) is None
    if size > 1:
        other = data.draw(st.integers(0, size - 1).filter(lambda place: place != index))
        assert root_from_path(leaves[index], other, size, path) != root


ENTRY = Entry("0f" * 16, 7, bytes(range(32)), "note", "2026-11-30T08:09:10.123456Z", {"text": "é"}, b"\0\n{")


def test_an_entry_is_what_was_written() -> None:
    assert decode(encode(ENTRY)) == ENTRY
    for kind in KINDS:
        assert decode(encode(Entry(ENTRY.case_id, 0, bytes(32), kind, ENTRY.time, {}))).kind == kind


@given(st.data())
def test_every_bit_of_an_entry_counts(data: st.DataObject) -> None:
    """A changed bit changes the hash, and what can still be read says something else."""
    entry = replace(ENTRY, fields={"text": "e"})  # an escape would have two spellings, with two hashes
    good = encode(entry)
    place, bit = data.draw(st.integers(0, len(good) - 1)), data.draw(st.integers(0, 7))
    bad = bytearray(good)
    bad[place] ^= 1 << bit
    assert leaf_hash(bytes(bad)) != leaf_hash(good)
    with contextlib.suppress(EntryError):
        assert decode(bytes(bad)) != entry


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"payload 3", b"payload 2", "bytes"),
        (b"sequence 7", b"sequence 07", "head"),
        (b"kind note", b"kind gift", "not known"),
        (b"case 0f", b"case 0F", "head"),
        (b'{"text": "\\u00e9"}', b'{"a":1,"a": 22222}', "twice"),
        (b'{"text": "\\u00e9"}', b'["text", "\\u00e9"]', "no object"),
        (b'{"text": "\\u00e9"}', b'{"text": "\xc3\xa9----"}', "no JSON"),
    ],
)
def test_an_entry_that_could_be_read_in_two_ways_is_refused(old: bytes, new: bytes, reason: str) -> None:
    good = encode(ENTRY)
    assert old in good
    with pytest.raises(EntryError, match=reason):
        decode(good.replace(old, new))


def test_a_checkpoint_has_the_form_of_c2sp(tmp_path: Path) -> None:
    head = make_case(tmp_path / "a.case")
    lines = head.note.decode().split("\n")
    with contextlib.closing(sqlite3.connect(tmp_path / "a.case")) as database:
        (case_id,) = database.execute("SELECT case_id FROM branch").fetchone()
        leaves = [row for (row,) in database.execute("SELECT hash FROM entry ORDER BY sequence")]
    root = base64.b64encode(Tree(leaves).root()).decode()
    assert lines == [f"serialscan/case/{case_id}", str(len(leaves)), root, "", ""]
    assert parse_checkpoint(head.note) == head


def test_the_example_of_the_specification_is_read() -> None:
    """C2SP tlog-checkpoint and tlog-cosignature: a head with a signature and one of a witness."""
    note = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGk"
        "u9nTo+zyWE+xeMcTOAYQ8=\n"
    ).encode()
    head = parse_checkpoint(note)
    assert (head.size, len(head.root), len(head.signatures[0].data)) == (20852163, 32, 64)
    assert head.note == note


@pytest.mark.parametrize(
    "note",
    [
        b"", b"a\n1\n", b"a\n01\n" + base64.b64encode(bytes(32)) + b"\n\n",
        b"a\n1\n" + base64.b64encode(bytes(31)) + b"\n\n", b"a\n1\n" + base64.b64encode(bytes(32)) + b"\n",
        b"a\n1\n" + base64.b64encode(bytes(32)) + b"\n\nnonsense\n", b"\xff\n1\n",
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(note: bytes) -> None:
    with pytest.raises(NoteError):
        parse_checkpoint(note)


def test_a_public_key_whose_id_is_not_its_own_is_refused() -> None:
    with pytest.raises(NoteError, match="id"):
        parse_public_key("j.doe+00000000+" + base64.b64encode(b"\x01" + bytes(32)).decode())


def test_records_stand_in_the_case_as_the_bytes_that_were_written(tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    with CaseWriter(path) as writer:
        run = writer.begin_run(RUN)
        lines = [add_photo(writer, run, number) for number in range(3)]
        writer.end_run(run, ok=3, failed=0)
    with contextlib.closing(sqlite3.connect(path)) as database:
        stored = [decode(data) for (data,) in database.execute("SELECT bytes FROM entry ORDER BY sequence")]
    assert [one.kind for one in stored] == ["created", "run_started", *["record"] * 3, "run_ended"]
    assert [one.payload for one in stored if one.kind == "record"] == lines
    assert verdict_on(path).ok


def test_two_cases_never_have_the_same_id(tmp_path: Path) -> None:
    origins = {make_case(tmp_path / f"{number}.case", range(1)).origin for number in range(3)}
    assert len(origins) == 3


def test_a_case_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    first = make_case(path, range(3))
    second = make_case(path, range(3, 5))
    assert second.origin == first.origin and second.size == first.size + 4
    verdict = verdict_on(path)
    assert verdict.ok and verdict.records == 5


def test_what_was_read_is_found_by_content_settings_version_and_models(tmp_path: Path) -> None:
    with CaseWriter(tmp_path / "a.case") as writer:
        run = writer.begin_run(RUN)
        line = add_photo(writer, run, 1)
        tool = read_record(line).tool
        sha256 = hashlib.sha256(content(1)).hexdigest()
        kind = Kind(tool.version, tool.settings_digest, tool.models)
        assert [one.line for one in writer.find(sha256, kind)] == [line]
        assert writer.find("0" * 64, kind) == []
        for other in (
            replace(kind, version="0.0.9"),
            replace(kind, settings_digest="f" * 16),
            replace(kind, models=tool.models[:1]),
        ):
            assert writer.find(sha256, other) == []


def test_a_record_that_was_changed_is_not_given_out(tmp_path: Path) -> None:
    """What the tables say is not believed: an entry's bytes count, and their hash."""
    path = tmp_path / "a.case"
    make_case(path, range(3))
    tool = read_record(photo_record(0)).tool
    kind = Kind(tool.version, tool.settings_digest, tool.models)
    sha256 = [hashlib.sha256(content(number)).hexdigest() for number in range(3)]
    with opened(path) as database:
        database.execute("UPDATE record SET sha256 = ? WHERE sha256 = ?", (sha256[0], sha256[1]))
        rows = database.execute("SELECT sequence, bytes FROM entry WHERE kind = 'record'").fetchall()
        sequence, data = rows[2]
        changed = data.replace(b'"confidence":0.97', b'"confidence":0.17')
        assert changed != data
        database.execute("UPDATE entry SET bytes = ? WHERE sequence = ?", (changed, sequence))
    with CaseWriter(path) as writer:
        assert [one.line for one in writer.find(sha256[0], kind)] == [photo_record(0)]
        with pytest.raises(VerifyError, match="was changed"):
            writer.find(sha256[2], kind)


def test_a_file_that_is_no_case_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.case"
    for data in (b"some notes of mine", b"SQLite format 3\0" + bytes(4000)):
        path.write_bytes(data)
        with pytest.raises(InputError, match="no case"):
            CaseWriter(path)
        assert path.read_bytes() == data
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE photos (name)")
    before = path.read_bytes()
    with pytest.raises(InputError, match="no case"):
        CaseWriter(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["notes.case"]


def test_a_case_of_a_newer_version_is_refused_in_a_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    make_case(path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 2")
    for use in (
        lambda: CaseWriter(path),
        lambda: verdict_on(path),
        lambda: migrate(path, tmp_path / "b.case"),
    ):
        with pytest.raises((InputError, store.NotACaseError)) as error:
            use()
        assert "newer" in str(error.value) or "no case of an older" in str(error.value)


def test_an_older_case_is_migrated_into_a_new_file(tmp_path: Path) -> None:
    """A version 0 that never was: other tables, the same entries."""
    new, old, path = tmp_path / "new.case", tmp_path / "old.case", tmp_path / "a.case"
    head = make_case(path)
    with (
        contextlib.closing(sqlite3.connect(old)) as target,
        contextlib.closing(sqlite3.connect(path)) as source,
    ):
        target.execute(f"PRAGMA application_id = {store.CASE_ID}")
        target.execute("CREATE TABLE ledger (number, bytes)")
        target.execute("CREATE TABLE image (number, ordinal, bytes)")
        target.executemany(
            "INSERT INTO ledger VALUES (?, ?)", source.execute("SELECT sequence, bytes FROM entry")
        )
        target.executemany(
            "INSERT INTO image VALUES (?, ?, ?)",
            source.execute("SELECT sequence, ordinal, bytes FROM picture"),
        )
        target.commit()
    before = old.read_bytes()
    with pytest.raises(InputError, match=r"older serialscan.*case migrate"):
        CaseWriter(old)

    def read_version_0(database: sqlite3.Connection) -> Content:
        (first,) = database.execute("SELECT bytes FROM ledger WHERE number = 0").fetchone()
        return Content(
            branches={0: decode(first).case_id},
            entries=database.execute("SELECT 0, bytes FROM ledger ORDER BY number"),
            pictures=database.execute("SELECT 0, number, ordinal, bytes FROM image"),
            checkpoints=[(0, head.size, head.note)],
        )

    migrate(old, new, {0: read_version_0})
    assert old.read_bytes() == before
    verdict = verdict_on(new)
    assert verdict.ok and verdict.root == head.root.hex()
    with pytest.raises(OutputError, match="is there already"):
        migrate(old, new, {0: read_version_0})
    with pytest.raises(InputError, match="needs no migration"):
        migrate(new, tmp_path / "c.case", {0: read_version_0})
    assert {one.name for one in tmp_path.iterdir()} == {"a.case", "old.case", "new.case"}


def test_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    path, told = tmp_path / "a.case", []
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    with CaseWriter(path, clock=lambda: now) as writer:
        writer.append("note", {"text": "first"})
    with CaseWriter(path, clock=lambda: now - timedelta(days=1), tell=told.append) as writer:
        writer.append("note", {"text": "second"})
    assert len(told) == 1 and "clock was set back" in told[0] and "2026-11-29" in told[0]
    verdict = verdict_on(path)
    assert verdict.ok and any("clock was set back" in one for one in verdict.notices)


def test_a_second_writer_is_told_who_holds_the_case(tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    with writing(path, total=100_000) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(OutputError, match=f"process {child.pid} of .* on .* since 20"):
            CaseWriter(path)
        child.kill()
        child.wait()
    with CaseWriter(path) as writer:  # the hold has ended with the process
        writer.append("note", {"text": "after"})
    assert {one.name for one in tmp_path.iterdir()} == {"a.case"}


@pytest.mark.skipif(os.name != "posix", reason="links as in POSIX")
def test_a_case_has_one_writer_by_whatever_name(tmp_path: Path) -> None:
    path, link = tmp_path / "a.case", tmp_path / "link.case"
    make_case(path)
    link.symlink_to(path)
    with CaseWriter(path), pytest.raises(OutputError, match=f"process {os.getpid()}"):
        CaseWriter(link)
    with CaseWriter(link) as writer:
        writer.append("note", {"text": "through the link"})
    assert verdict_on(link).ok and verdict_on(path).ok


@pytest.mark.skipif(os.name != "posix", reason="links as in POSIX")
def test_a_link_in_the_place_of_the_lock_empties_no_file(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("of somebody else", encoding="utf-8")
    (tmp_path / "a.case-lock").symlink_to(other)
    with pytest.raises(OutputError, match="cannot be written"):
        CaseWriter(tmp_path / "a.case")
    assert other.read_text("utf-8") == "of somebody else"


def test_a_writer_that_goes_on_and_a_reader_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    with writing(path, total=150) as child:
        assert child.stdout is not None
        child.stdout.readline()
        verdicts = []
        while child.poll() is None and len(verdicts) < 20:
            verdicts.append(verdict_on(path))
        child.stdout.read()
        assert child.wait() == 0
    assert verdicts and all(verdict.ok for verdict in verdicts)
    assert verdict_on(path).records == 150


def test_the_remembered_head_tells_a_rollback(tmp_path: Path) -> None:
    path, older, told = tmp_path / "a.case", tmp_path / "older.case", []
    heads = Heads(tmp_path / "state")
    make_case(path, range(2), heads)
    shutil.copyfile(path, older)
    make_case(path, range(2, 4), heads)
    with CaseWriter(path, heads, tell=told.append):
        assert told == []
    with CaseWriter(older, heads, tell=told.append) as writer:
        assert len(told) == 1 and "older copy, or it was cut or rewritten" in told[0]
        remembered = heads.last(writer.case_id)
        for number in range(9):
            writer.append("note", {"text": str(number)})
        writer.checkpoint()
        assert heads.last(writer.case_id) == remembered  # the fork does not take the place of what it shows


def test_a_case_whose_end_was_changed_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    make_case(path)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM entry WHERE sequence = (SELECT max(sequence) FROM entry)")
        database.commit()
    before = path.read_bytes()
    with pytest.raises(VerifyError, match="not as it was left"):
        CaseWriter(path)
    assert path.read_bytes() == before


@contextlib.contextmanager
def writing(path: Path, total: int, prefix: tuple[str, ...] = ()):  # type: ignore[no-untyped-def]
    """A child process that writes into a case."""
    environment = clean_environment(path.parent, PYTHONPATH=str(CHILD.parent))
    command = [*prefix, sys.executable, str(CHILD), str(path), str(total)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.kill()


def whole_lines(data: bytes) -> list[bytes]:
    return data.split(b"\n")[:-1]


def copy_with_journal(path: Path, folder: Path) -> Path:
    """As a person copies a case: all files whose names begin with its name."""
    folder.mkdir()
    for one in path.parent.glob(path.name + "*"):
        shutil.copyfile(one, folder / one.name)
    return folder / path.name


def payloads(path: Path) -> list[bytes]:
    with store.reading(path) as database:
        rows = database.execute("SELECT bytes FROM entry WHERE kind = 'record' ORDER BY sequence").fetchall()
    return [decode(data).payload for (data,) in rows]


def test_twenty_kills_lose_nothing_that_was_written(tmp_path: Path) -> None:
    """SIGKILL at random moments, most of them in a commit; each time the copy beside it verifies.

    ``benchmarks/case.py --kills 200`` does more of them.
    """
    path, chance, seen, kills = tmp_path / "a.case", random.Random(17), [], 0
    while kills < 20:
        with writing(path, total=100_000) as child:
            assert child.stdout is not None
            if kills % 5:  # else also before the first record, in the making of the file or the opening
                seen += whole_lines(child.stdout.readline())
            time.sleep(chance.uniform(0, 0.03 if kills % 5 else 0.25))
            child.kill()
            seen += whole_lines(child.stdout.read())
        kills += 1
        if not path.exists() or (path.stat().st_size == 0 and not store.journal_of(path).exists()):
            assert seen == []
            continue
        copy = copy_with_journal(path, tmp_path / str(kills))
        verdict = verdict_on(copy)
        assert verdict.ok, (kills, verdict.faults)
        stored = payloads(copy)
        assert len(seen) <= len(stored)
        shutil.rmtree(copy.parent)
    total = len(stored) + 5
    with writing(path, total) as child:
        assert child.stdout is not None
        child.stdout.read()
        assert child.wait() == 0
    assert verdict_on(path).ok
    assert payloads(path) == [photo_record(number) for number in range(total)]
    assert set(seen) <= set(payloads(path))


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is a program of Linux")
def test_every_commit_is_on_the_disk_before_its_line_is_written(tmp_path: Path) -> None:
    """The order of system calls: the case synced, its journal removed, the folder synced, then the line."""
    path, trace = tmp_path / "a.case", tmp_path / "trace"
    calls = "trace=fsync,fdatasync,write,unlink,unlinkat,pwrite64"
    with writing(path, 12, ("strace", "-f", "-y", "-e", calls, "-o", str(trace))) as child:
        assert child.stdout is not None
        child.stdout.read()
        assert child.wait() == 0
    lines, steps = 0, []
    for call in trace.read_text("utf-8", "replace").splitlines():
        name, _, rest = call.partition(" ")[2].strip().partition("(")
        if name == "write" and rest.startswith("1<") and "record" in rest:
            assert steps[-4:] == ["written", "case synced", "journal removed", "folder synced"], steps
            lines, steps = lines + 1, []
        elif name in ("fsync", "fdatasync"):
            target = re.match(r"\d+<(.*)>\)", rest)
            assert target is not None
            if target[1] == str(path):
                steps.append("case synced")
            elif target[1] == str(tmp_path):
                steps.append("folder synced")
        elif name == "pwrite64" and f"<{path}>" in rest:
            steps = [*steps, "written"]
        elif name in ("unlink", "unlinkat") and f'"{path}-journal"' in rest:
            steps.append("journal removed")
    assert lines == 12


def limit_file_size(path: Path, total: int, room: int) -> subprocess.CompletedProcess[bytes]:
    """Write into a case on a disk that is full after ``room`` bytes more."""
    limit = path.stat().st_size + room if path.exists() else room

    def in_child() -> None:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    environment = clean_environment(path.parent, PYTHONPATH=str(CHILD.parent))
    return subprocess.run(
        [sys.executable, str(CHILD), str(path), str(total)], capture_output=True, env=environment,
        preexec_fn=in_child, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="a limit of the size of files as in POSIX")
def test_a_full_disk_loses_only_what_was_not_written_out(tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    make_case(path, range(3))
    done = limit_file_size(path, 100_000, 200_000)
    assert done.returncode != 0 and b"cannot be written" in done.stderr and b"whole" in done.stderr
    lines = whole_lines(done.stdout)
    assert lines and verdict_on(path).ok
    assert payloads(path)[3:] == lines
    with writing(path, 3 + len(lines) + 2) as child:
        assert child.stdout is not None
        assert len(whole_lines(child.stdout.read())) == 2
    assert verdict_on(path).ok


@pytest.mark.skipif(os.name != "posix", reason="Windows does not move a file that is open")
def test_a_case_that_is_moved_while_open_is_whole_at_its_new_place(tmp_path: Path) -> None:
    path, moved = tmp_path / "a.case", tmp_path / "elsewhere" / "b.case"
    moved.parent.mkdir()
    with CaseWriter(path) as writer:
        run = writer.begin_run(RUN)
        add_photo(writer, run, 1)
        path.rename(moved)
        with pytest.raises(OutputError, match="moved or deleted while it was open"):
            add_photo(writer, run, 2)
    assert verdict_on(moved).ok and payloads(moved) == [photo_record(1)]
    assert not path.exists()


@pytest.mark.skipif(os.name != "posix", reason="permissions of folders as in POSIX")
def test_a_read_only_folder_can_be_verified_and_not_written(tmp_path: Path) -> None:
    path = tmp_path / "medium" / "a.case"
    path.parent.mkdir()
    make_case(path)
    script = (
        "import sys; from pathlib import Path; from case_fixtures import CaseWriter, verdict_on\n"
        "path = Path(sys.argv[1]); assert verdict_on(path).ok\n"
        "try: CaseWriter(path)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        done = subprocess.run(
            [sys.executable, "-c", script, str(path)], capture_output=True, preexec_fn=start_of_child,
            env=clean_environment(tmp_path, PYTHONPATH=str(CHILD.parent)), check=False,
        )  # fmt: skip
    finally:
        path.parent.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"OutputError") and b"cannot be written" in done.stdout


def test_a_hot_journal_is_undone_in_a_copy_and_not_in_the_case(tmp_path: Path) -> None:
    """A process that dies in a commit leaves a journal; verifying does not write into the evidence."""
    path = tmp_path / "a.case"
    make_case(path, range(4))
    whole = path.read_bytes()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA cache_size = 1")  # pages reach the file before the commit
        database.execute("PRAGMA cache_spill = 1")
        database.execute("BEGIN IMMEDIATE")
        database.execute("UPDATE entry SET bytes = zeroblob(20000), kind = 'note'")
        wait_for(lambda: path.read_bytes() != whole)
        copy = copy_with_journal(path, tmp_path / "copy")
        database.execute("ROLLBACK")
    torn, journal = copy.read_bytes(), store.journal_of(copy).read_bytes()
    assert torn != whole
    verdict = verdict_on(copy)
    assert verdict.ok and verdict.records == 4
    assert any("a.case-journal" in notice for notice in verdict.notices)
    assert (copy.read_bytes(), store.journal_of(copy).read_bytes()) == (torn, journal)
    store.journal_of(copy).unlink()
    assert not verdict_on(copy).ok  # without its journal it is torn, and that is found
    assert codes(verdict_on(copy))
