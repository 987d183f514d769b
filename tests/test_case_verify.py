"""Tampering is found, and ``verify.py`` says the same as ``case verify``."""

from __future__ import annotations

import ast
import inspect
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from case_fixtures import (
    OFFICER,
    RUN,
    STRANGER,
    TOOLS,
    WITNESS,
    add_photo,
    both_on,
    codes,
    content,
    essence,
    item_record,
    make_case,
    opened,
    photo_record,
    sql,
    verdict_on,
)  # fmt: skip
from conftest import Here

from serialscan.case import CaseWriter, Heads, Signer, store, verifier
from serialscan.case.build import building, put_branches, put_entries
from serialscan.case.check import Trust, check_case
from serialscan.case.checkpoint import ORIGIN, Checkpoint, parse_checkpoint
from serialscan.case.ed25519 import verify_ed25519
from serialscan.case.entry import NO_PREVIOUS, Entry, decode, encode
from serialscan.case.merkle import Tree, leaf_hash
from serialscan.case.processes import look_in
from serialscan.case.read import open_case, read_record
from serialscan.case.shape import KNOWN, NOTES, ShapeError, demand_shape
from serialscan.case.sign import signed, witnessed
from serialscan.errors import ExitCode, VerifyError
from serialscan.record import json_schema


@pytest.fixture(scope="module")
def plain(checker: Path) -> types.ModuleType:
    """The same, loaded."""
    module = types.ModuleType("plain_verify")
    sys.modules["plain_verify"] = module  # dataclasses look their module up
    exec(compile(checker.read_text("utf-8"), checker, "exec"), module.__dict__)
    return module


@dataclass(frozen=True)
class Sealed:
    """A case as it was closed, with its head."""

    path: Path
    head: Checkpoint


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    path = tmp_path_factory.mktemp("original") / "a.case"
    make_case(path, range(4), items=[("AK-1", (0, 1))], signer=OFFICER)
    with CaseWriter(path) as writer:
        writer.append("note", {"person": {"name": "A. Doe"}, "text": "bolt missing"})
        return Sealed(path, writer.checkpoint(OFFICER))


@pytest.fixture
def sealed(original: Sealed, tmp_path: Path) -> Sealed:
    """A copy to be tampered with."""
    return Sealed(Path(shutil.copyfile(original.path, tmp_path / "a.case")), original.head)


def entries_of(path: Path) -> list[Entry]:
    with opened(path) as database:
        return [decode(data) for (data,) in database.execute("SELECT bytes FROM entry ORDER BY sequence")]


def rewrite(path: Path, change: Callable[[list[Entry]], list[Entry]], *, by: Signer | None = None) -> None:
    """Write the whole case anew, as somebody can who knows the format: every hash and table fits again."""
    with opened(path) as database:
        pictures = database.execute("SELECT * FROM picture").fetchall()
    entries = change(entries_of(path))
    path.unlink()
    previous, done = NO_PREVIOUS, []
    for number, entry in enumerate(entries):
        done.append(encode(replace(entry, sequence=number, previous=previous)))
        previous = leaf_hash(done[-1])
    head = Checkpoint(ORIGIN + entries[0].case_id, len(done), Tree(map(leaf_hash, done)).root())
    if by is not None:
        head = signed(head, by)
    with building(path, store.CASE_ID) as database:
        put_branches(database, {0: entries[0].case_id})
        put_entries(database, ((0, data) for data in done))
        for number, entry in enumerate(entries):
            own = [(0, number, *one[2:]) for one in pictures if one[1] == entry.sequence]
            database.executemany("INSERT INTO picture VALUES (?, ?, ?, ?)", own)
        database.execute("INSERT INTO checkpoint VALUES (0, ?, ?)", (head.size, head.note))


def other_serial(entry: Entry) -> Entry:
    """The record with another serial."""
    if entry.kind != "record" or b'"record":"photo"' not in entry.payload:
        return entry
    record = json.loads(entry.payload)
    record["serial"]["value"] = "X000000"
    return replace(entry, payload=json.dumps(record, separators=(",", ":")).encode())


RECORD = 3  # an entry that holds a record


def edit_record(path: Path) -> None:
    """A value edited, the hashes left (as in codenotary/immudb#2063)."""
    with opened(path) as database:
        (data,) = database.execute("SELECT bytes FROM entry WHERE sequence = ?", (RECORD,)).fetchone()
        bad = data.replace(b'"decision":"review"', b'"decision":"accept"')
        assert bad != data and len(bad) == len(data)
        database.execute("UPDATE entry SET bytes = ? WHERE sequence = ?", (bad, RECORD))
        database.execute("UPDATE record SET decision = 'accept' WHERE sequence = ?", (RECORD,))


def edit_record_and_its_hash(path: Path) -> None:
    edit_record(path)
    with opened(path) as database:
        (data,) = database.execute("SELECT bytes FROM entry WHERE sequence = ?", (RECORD,)).fetchone()
        database.execute("UPDATE entry SET hash = ? WHERE sequence = ?", (leaf_hash(data), RECORD))


def edit_last_entry_and_its_hash(path: Path) -> None:
    with opened(path) as database:
        number, data = database.execute("SELECT max(sequence), bytes FROM entry").fetchone()
        bad = data.replace(b"bolt missing", b"bolt present")
        assert bad != data
        database.execute(
            "UPDATE entry SET bytes = ?, hash = ? WHERE sequence = ?", (bad, leaf_hash(bad), number)
        )


def cut_entry_out(path: Path) -> None:
    with opened(path) as database:
        for table in ("entry", "picture", "record"):
            database.execute(f"DELETE FROM {table} WHERE sequence = ?", (RECORD,))


def swap_entries(path: Path) -> None:
    with opened(path) as database:
        for table in ("entry", "picture", "record"):
            for old, new in ((RECORD, -9), (RECORD + 1, RECORD), (-9, RECORD + 1)):
                database.execute(f"UPDATE {table} SET sequence = ? WHERE sequence = ?", (new, old))


def swap_in_the_chain(path: Path) -> None:
    """Two entries change places and all is made to fit."""
    rewrite(path, lambda entries: [*entries[:3], entries[4], entries[3], *entries[5:]])


def move_in_from_another_case(path: Path) -> None:
    other = path.with_name("other.case")
    make_case(other, range(4), items=[("AK-1", (0, 1))], signer=OFFICER)
    with opened(other) as source, opened(path) as database:
        (data,) = source.execute("SELECT bytes FROM entry WHERE sequence = ?", (RECORD,)).fetchone()
        assert decode(data).payload == entries_of(path)[RECORD].payload
        database.execute(
            "UPDATE entry SET bytes = ?, hash = ? WHERE sequence = ?", (data, leaf_hash(data), RECORD)
        )


def cut_tail(path: Path) -> None:
    """The last entry and the last head are gone; what is left fits."""
    with opened(path) as database:
        (last,) = database.execute("SELECT max(sequence) FROM entry").fetchone()
        database.execute("DELETE FROM entry WHERE sequence = ?", (last,))
        database.execute("DELETE FROM checkpoint WHERE size = ?", (last + 1,))


def rewrite_from_the_beginning(path: Path) -> None:
    rewrite(path, lambda entries: [other_serial(entry) for entry in entries])


def swap_key_and_signatures(path: Path) -> None:
    def swapped(entry: Entry) -> Entry:
        key = STRANGER.key
        fields = {"name": key.name, "public": key.data.hex(), "fingerprint": key.fingerprint}
        return replace(entry, fields=fields) if entry.kind == "key" else entry

    rewrite(path, lambda entries: [swapped(entry) for entry in entries], by=STRANGER)


def record_that_is_none(path: Path) -> None:
    with opened(path) as database:
        previous = entries_of(path)[RECORD].previous
        entry = replace(entries_of(path)[RECORD], previous=previous, payload=b'{"record":"photo"}')
        data = encode(entry)
        database.execute(
            "UPDATE entry SET bytes = ?, hash = ? WHERE sequence = ?", (data, leaf_hash(data), RECORD)
        )


def head_of_another_root(path: Path) -> None:
    with opened(path) as database:
        size, note = database.execute("SELECT size, note FROM checkpoint ORDER BY size DESC").fetchone()
        head = replace(parse_checkpoint(note), root=bytes(32))
        database.execute("UPDATE checkpoint SET note = ? WHERE size = ?", (head.note, size))


VIEW = (
    "ALTER TABLE record RENAME TO really",
    "CREATE VIEW record AS SELECT * FROM really",
)
NEW_ROW = (
    "INSERT INTO record SELECT branch, 99, run, kind, 'b.jpg', path_bytes_hex, sha256, bytes, modified_ns,"
    " pixel_sha256, item, status, 'FORGED', decision, confidence, settings_digest, models FROM record LIMIT 1"
)

# Name, what is done, the kinds of faults of which one at least must be found without anything from outside.
FOUND_ALONE: list[tuple[str, Callable[[Path], None], set[str]]] = [
    ("a record edited", edit_record, {"derived"}),
    ("a record and its hash edited", edit_record_and_its_hash, {"chain"}),
    ("the last entry and its hash edited", edit_last_entry_and_its_hash, {"checkpoint"}),
    ("an entry cut out", cut_entry_out, {"missing"}),
    ("two entries swapped", swap_entries, {"moved"}),
    ("an entry moved in from another case", move_in_from_another_case, {"foreign"}),
    ("a record that is none", record_that_is_none, {"record"}),
    ("an entry that is no bytes", sql("UPDATE entry SET bytes = 'text' WHERE sequence = 2"), {"entry"}),
    ("a picture edited", sql("UPDATE picture SET bytes = zeroblob(9) WHERE ordinal = 1"), {"picture"}),
    ("a picture gone", sql("DELETE FROM picture WHERE sequence = 3 AND ordinal = 1"), {"picture"}),
    ("a picture added", sql("INSERT INTO picture VALUES (0, 1, 0, x'ff')"), {"picture"}),
    ("a picture of no entry", sql("INSERT INTO picture VALUES (0, 99, 0, x'ff')"), {"derived"}),
    ("the serial in a column", sql("UPDATE record SET serial = 'X' WHERE sequence = 3"), {"derived"}),
    ("the path of an input", sql("UPDATE record SET path = 'b.jpg' WHERE sequence = 3"), {"derived"}),
    ("the hash of an input", sql("UPDATE record SET sha256 = 'aa' WHERE sequence = 3"), {"derived"}),
    ("the time of an input", sql("UPDATE record SET modified_ns = 1 WHERE sequence = 3"), {"derived"}),
    ("a confidence", sql("UPDATE record SET confidence = 1 WHERE sequence = 3"), {"derived"}),
    ("a row gone", sql("DELETE FROM record WHERE sequence = 3"), {"derived"}),
    ("a row added", sql(NEW_ROW), {"derived"}),
    ("a photo of an item", sql("UPDATE item_photo SET sha256 = 'aa' WHERE ordinal = 1"), {"derived"}),
    ("the version of a run", sql("UPDATE run SET version = '9'"), {"derived"}),
    ("the counts of a run", sql("UPDATE run_end SET failed = 0, ok = 9"), {"derived"}),
    ("the kind beside an entry", sql("UPDATE entry SET kind = 'note' WHERE sequence = 3"), {"derived"}),
    ("the time beside an entry", sql("UPDATE entry SET time = '2020' WHERE sequence = 3"), {"derived"}),
    ("the hash beside an entry", sql("UPDATE entry SET hash = zeroblob(32) WHERE sequence = 3"), {"derived"}),
    ("a row that no number finds", sql("UPDATE entry SET sequence = 'x' WHERE sequence = 3"), {"missing"}),
    ("the case id", sql(f"UPDATE branch SET case_id = '{'0' * 32}'"), {"foreign"}),
    ("another ledger", sql(f"INSERT INTO branch VALUES (1, '{'0' * 32}')"), {"branch"}),
    ("a proof", sql("INSERT INTO proof VALUES (0, 1, x'00')"), {"derived"}),
    ("a head of another root", head_of_another_root, {"checkpoint"}),
    ("a head that is none", sql("UPDATE checkpoint SET note = 'x'"), {"checkpoint"}),
    ("a view for a table", sql(*VIEW), {"schema"}),
    ("a trigger", sql("CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM note; END"), {"schema"}),
    ("a table more", sql("CREATE TABLE more (x)"), {"schema"}),
    ("an index gone", sql("DROP INDEX record_by_content"), {"schema"}),
    ("case made an extract", sql(f"PRAGMA application_id = {store.EXTRACT_ID}"), {"proof"}),
]  # fmt: skip

# What fits in itself: only what comes from outside shows it.
NEEDS_MORE: list[tuple[str, Callable[[Path], None], set[str]]] = [
    ("the tail cut", cut_tail, {"head"}),
    ("all rewritten from the beginning", rewrite_from_the_beginning, {"head", "key"}),
    ("entries swapped in the chain", swap_in_the_chain, {"head", "key"}),
    ("a key swapped with its signatures", swap_key_and_signatures, {"head", "key"}),
]


def test_an_untouched_case_is_consistent_and_promises_no_more(sealed: Sealed, checker: Path) -> None:
    verdict = both_on(checker, sealed.path, Trust())
    assert verdict.ok and verdict.summary() == "consistent; the end is not proven."
    assert any("key was not named: that proves nothing" in notice for notice in verdict.notices)


def test_a_head_proves_the_end_and_a_key_who_signed(sealed: Sealed, checker: Path) -> None:
    trust = Trust(head=sealed.head, fingerprints=(OFFICER.key.fingerprint,))
    verdict = both_on(checker, sealed.path, trust)
    assert verdict.ok and verdict.proven == verdict.entries == sealed.head.size
    assert verdict.summary().startswith("consistent; complete up to its end")
    assert "Signed by officer." in verdict.summary() and verdict.notices == []


def test_entries_after_a_head_are_said_to_be_unproven(sealed: Sealed, checker: Path) -> None:
    with CaseWriter(sealed.path) as writer:
        writer.append("note", {"text": "later"})
    verdict = both_on(checker, sealed.path, Trust(head=sealed.head))
    assert verdict.ok and verdict.proven == sealed.head.size == verdict.entries - 1
    assert "the 1 after it are not" in verdict.summary()


def test_a_witness_is_checked_with_their_own_public_key(sealed: Sealed, checker: Path) -> None:
    head = witnessed(sealed.head, WITNESS, seconds=1_800_000_000)
    trust = Trust(head=head, fingerprints=(WITNESS.key.fingerprint,), keys=(WITNESS.key,))
    verdict = both_on(checker, sealed.path, trust)
    assert verdict.ok
    assert [one.name for one in verdict.signatures if one.witness and one.valid and one.trusted] == [
        "witness"
    ]
    later = replace(
        head.signatures[-1], data=(1_800_000_001).to_bytes(8, "big") + head.signatures[-1].data[8:]
    )
    forged = both_on(checker, sealed.path, replace(trust, head=head.signed(later)))
    assert {"signature", "key"} <= codes(forged)


@pytest.mark.parametrize(("name", "tamper", "found"), FOUND_ALONE, ids=[one[0] for one in FOUND_ALONE])
def test_tampering_is_found(
    name: str, tamper: Callable[[Path], None], found: set[str], sealed: Sealed, checker: Path
) -> None:
    tamper(sealed.path)
    verdict = both_on(checker, sealed.path, Trust())
    assert found <= codes(verdict), verdict.faults
    assert verdict.summary().startswith("NOT as it was written")


@pytest.mark.parametrize(("name", "tamper", "found"), NEEDS_MORE, ids=[one[0] for one in NEEDS_MORE])
def test_tampering_that_fits_is_found_with_what_comes_from_outside(
    name: str, tamper: Callable[[Path], None], found: set[str], sealed: Sealed, checker: Path
) -> None:
    tamper(sealed.path)
    alone = both_on(checker, sealed.path, Trust())
    assert alone.ok and "the end is not proven" in alone.summary()
    if "head" in found:
        verdict = both_on(checker, sealed.path, Trust(head=sealed.head))
        assert codes(verdict) == {"head"}
    if "key" in found:
        verdict = both_on(checker, sealed.path, Trust(fingerprints=(OFFICER.key.fingerprint,)))
        assert codes(verdict) == {"key"}


def test_every_bit_of_what_is_kept_counts(sealed: Sealed, plain: types.ModuleType) -> None:
    """Random bits of entries, pictures and heads; both checkers find each, and in the same place."""
    tools = plain.Tools(plain.read_record_plainly, plain.verify_ed25519, plain.hash_of)
    chance, whole = random.Random(5), sealed.path.read_bytes()
    columns = [("entry", "bytes"), ("picture", "bytes"), ("checkpoint", "note"), ("entry", "hash")]
    for number in range(80):
        sealed.path.write_bytes(whole)
        table, column = columns[number % len(columns)]
        with opened(sealed.path) as database:
            keys = database.execute(
                f"SELECT branch, {'size' if table == 'checkpoint' else 'sequence'} FROM {table}"
            )
            _, key = chance.choice(keys.fetchall())
            where = f"{'size' if table == 'checkpoint' else 'sequence'} = {key}"
            (data,) = database.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()
            bad = bytearray(data)
            bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
            database.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (bytes(bad),))
        trust = Trust(head=sealed.head, fingerprints=(OFFICER.key.fingerprint,))
        verdict = verdict_on(sealed.path, trust)
        assert not verdict.ok, (table, column, key)
        head = plain.parse_checkpoint(sealed.head.note)
        said = plain.check_case(sealed.path, plain.Trust(head, trust.fingerprints), tools)
        assert essence(said.as_dict()) == essence(verdict.as_dict())


def dies_elsewhere(payload: bytes) -> Any:
    """Reads a record, and ends the process if that is not the first one."""
    if multiprocessing.parent_process() is not None:
        os._exit(1)
    return read_record(payload)


def test_several_processes_find_the_same_in_the_same_order(sealed: Sealed) -> None:
    """Also if one of them dies, and of a database that is damaged."""
    with CaseWriter(sealed.path) as writer:
        for number in range(150):
            writer.append("note", {"person": {"name": "A. Doe"}, "text": f"note {number}"})
    trust = Trust(head=sealed.head)
    for read in (read_record, dies_elsewhere):
        tools = replace(TOOLS, read_record=read, look=look_in(2, fewest=0))
        assert check_case(sealed.path, trust, tools) == verdict_on(sealed.path, trust)
    edit_record(sealed.path)
    cut_entry_out(sealed.path)
    for statement in (
        "UPDATE picture SET bytes = zeroblob(9) WHERE ordinal = 1",
        "UPDATE entry SET kind = 'seal' WHERE sequence % 7 = 0",
        "UPDATE entry SET time = '2020' WHERE sequence = 140",
        "DELETE FROM entry WHERE sequence IN (64, 100, 101)",
    ):
        sql(statement)(sealed.path)
    verdict = verdict_on(sealed.path, trust)
    tools = replace(TOOLS, look=look_in(2, fewest=0))
    assert len(verdict.faults) > 20 and check_case(sealed.path, trust, tools) == verdict
    data = bytearray(sealed.path.read_bytes())
    for page in range(8, len(data) // 4096, 3):
        data[page * 4096 : page * 4096 + 200] = bytes(200)
    sealed.path.write_bytes(data)
    verdict = verdict_on(sealed.path, trust)
    assert "database" in codes(verdict) and check_case(sealed.path, trust, tools) == verdict


@pytest.mark.parametrize("length", [9, 60, 2000, 5000, -4096, -1])
def test_a_case_that_was_cut_off_is_not_as_it_was_written(sealed: Sealed, checker: Path, length: int) -> None:
    sealed.path.write_bytes(sealed.path.read_bytes()[:length])
    assert "database" in codes(both_on(checker, sealed.path, Trust()))
    for use in (CaseWriter, lambda path: open_case(path).__enter__()) if length != -1 else ():
        with pytest.raises(VerifyError):
            use(sealed.path)


def test_what_is_no_case_is_told_alike(tmp_path: Path, checker: Path, here: Here) -> None:
    path = tmp_path / "a.case"
    for data in (b"", b"notes", b"SQLite format 3\0" + bytes(5000), None):
        if data is not None:
            path.write_bytes(data)
        else:
            path.unlink()
            path.mkdir()
        ours = here("case", "verify", path)
        theirs = subprocess.run(
            [sys.executable, "-I", "-S", str(checker), str(path)], capture_output=True, check=False
        )
        assert ours.returncode == theirs.returncode == ExitCode.NO_INPUT
        assert ours.stderr == b"serialscan: " + theirs.stderr
        assert b"Traceback" not in ours.stderr


def test_a_damaged_database_is_found_and_not_a_traceback(sealed: Sealed, checker: Path) -> None:
    data = bytearray(sealed.path.read_bytes())
    for page in range(2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 200] = bytes(200)
    sealed.path.write_bytes(data)
    assert "database" in codes(both_on(checker, sealed.path, Trust()))


def test_photos_are_read_again(tmp_path: Path, checker: Path) -> None:
    photos, path = tmp_path / "photos", tmp_path / "a.case"
    photos.mkdir()
    for number in range(5):
        (photos / f"IMG_{number:04}.jpg").write_bytes(content(number))
    with CaseWriter(path) as writer:
        run = writer.begin_run(replace(RUN, folder=str(tmp_path)))
        for number in range(5):
            add_photo(writer, run, number)
        writer.end_run(run, ok=5, failed=0)
    verdict = both_on(checker, path, Trust(), inputs=True)
    assert verdict.ok and verdict.inputs == {"unchanged": 5}
    (photos / "IMG_0001.jpg").write_bytes(b"another")
    (photos / "IMG_0002.jpg").unlink()
    (photos / "IMG_9999.JPG").write_bytes(b"new")
    (photos / "notes.txt").write_bytes(b"no photo")
    (photos / ".hidden.jpg").write_bytes(b"left out")
    (photos / "below").mkdir()
    (photos / "below" / "IMG_1.jpg").write_bytes(b"the run did not enter folders")
    verdict = both_on(checker, path, Trust(), inputs=True)
    assert verdict.inputs == {"unchanged": 3, "changed": 1, "missing": 1, "new": 1}
    told = {fault.code: fault.message for fault in verdict.faults}
    assert told.keys() == {"input_changed", "input_missing", "input_new"}
    assert "IMG_0001" in told["input_changed"] and "IMG_0002" in told["input_missing"]
    assert "IMG_9999" in told["input_new"]
    shutil.copytree(photos, tmp_path / "copy" / "photos")
    moved = both_on(checker, path, Trust(), inputs=True, base=tmp_path / "copy")
    assert moved.inputs == verdict.inputs


def test_an_older_copy_is_noticed_on_the_machine_that_wrote_more(tmp_path: Path) -> None:
    path, heads = tmp_path / "a.case", Heads(tmp_path / "state")
    make_case(path, range(2), heads)
    shutil.copyfile(path, tmp_path / "older.case")
    make_case(path, range(2, 4), heads)
    trust = Trust(remembered=heads.last)
    assert verdict_on(path, trust).notices == []
    older = verdict_on(tmp_path / "older.case", trust)
    assert older.ok and any("older copy, or its end was cut off" in one for one in older.notices)
    rewrite(path, lambda entries: [other_serial(entry) for entry in entries])
    assert codes(verdict_on(path, trust)) == {"rollback"}


def test_case_verify_tells_people_and_programs(sealed: Sealed, here: Here) -> None:
    head = sealed.path.with_name("a.head")
    head.write_bytes(sealed.head.note)
    words = ("--head", head, "--key", " ".join(OFFICER.key.fingerprint[i : i + 4] for i in range(0, 64, 4)))
    done = here("case", "verify", sealed.path, *words)
    assert (done.returncode, done.stderr) == (ExitCode.OK, b"")
    assert b"complete up to its end" in done.stdout.splitlines()[-1]
    edit_record(sealed.path)
    done = here("case", "verify", sealed.path, *words, "--json")
    assert done.returncode == ExitCode.VERIFY_FAILED
    verdict = json.loads(done.stdout)
    assert verdict["ok"] is False and verdict["faults"][0]["sequence"] == RECORD
    done = here("case", "verify", sealed.path)
    assert done.returncode == ExitCode.VERIFY_FAILED
    assert any(line.startswith(b"FAULT derived: entry 3:") for line in done.stdout.splitlines())


@pytest.mark.parametrize("words", [("--head", "missing"), ("--key", "12ab"), ("--head", "a.case")])
def test_a_head_or_key_that_is_none_is_told(sealed: Sealed, here: Here, words: tuple[str, str]) -> None:
    done = here("case", "verify", sealed.path, *words, cwd=sealed.path.parent)
    assert (done.returncode, done.stdout) == (ExitCode.SETTINGS, b"")
    assert b"Traceback" not in done.stderr


# RFC 8032, 7.1: secret, public, message, signature of tests 1, 2, 3 and SHA(abc).
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595b"
        "be24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb430"
        "2aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716e"
        "d28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643c"
        "e80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138a"
        "c17ad9bef1177331a704",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_signatures_of_rfc_8032(key: str, message: str, signature: str) -> None:
    whole = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert verify_ed25519(*whole)
    for part in range(3):
        for bit in (0, 77, 255):
            bad = [bytearray(one) for one in whole]
            if bit // 8 < len(bad[part]):
                bad[part][bit // 8] ^= 1 << bit % 8
                assert not verify_ed25519(*map(bytes, bad))
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(whole[2][32:], "little") + order  # the same signature in another form: refused
    assert not verify_ed25519(whole[0], whole[1], whole[2][:32] + s.to_bytes(32, "little"))


def test_the_checker_is_whole() -> None:
    """It imports only what comes with Python, and no two of its parts have the same name."""
    names: list[str] = []
    for node in ast.parse(verifier.verifier_source()).body:
        match node:
            case ast.Import(names=modules):
                assert all(one.name.partition(".")[0] in sys.stdlib_module_names for one in modules)
            case ast.ImportFrom(module=str(module)):
                assert module.partition(".")[0] in sys.stdlib_module_names
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.append(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
    assert {"main", "check_case", "verify_ed25519"} <= set(names)


def test_the_schema_of_the_records_uses_nothing_that_the_checker_overlooks() -> None:
    def keywords(schema: Any) -> Iterator[str]:
        if isinstance(schema, dict):
            for name, value in schema.items():
                yield name
                if name in ("properties", "$defs"):
                    for part in value.values():
                        yield from keywords(part)
                elif name not in ("default", "enum", "const", "discriminator"):
                    yield from keywords(value)
        elif isinstance(schema, list):
            for part in schema:
                yield from keywords(part)

    assert set(keywords(json_schema())) <= KNOWN | NOTES


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.pop("tool"),
        lambda record: record.update(status="fine"),
        lambda record: record["serial"].update(confidence=1.5),
        lambda record: record["source"].update(bytes="3"),
        lambda record: record["lines"][0].update(polygon=[[1]]),
        lambda record: record["lines"][0]["characters"][0].update(char=None),
        lambda record: record.update(record="letter"),
    ],
)
def test_both_checkers_refuse_the_same_records(
    change: Callable[[dict[str, Any]], Any], plain: types.ModuleType
) -> None:
    for good in (photo_record(1), item_record("AK-1", (0, 1))):
        assert plain.read_record_plainly(good).status == read_record(good).status == "ok"
    record = json.loads(photo_record(1))
    change(record)
    bad = json.dumps(record).encode()
    for read in (read_record, plain.read_record_plainly):
        with pytest.raises(ValueError):
            read(bad)
    with pytest.raises(ShapeError):
        demand_shape(record, json_schema(), json_schema())


def test_the_checker_is_written_for_people_too(here: Here, tmp_path: Path) -> None:
    path = tmp_path / "verify.py"
    assert here("case", "verifier", "-o", path).returncode == ExitCode.OK
    assert path.read_text("utf-8") == verifier.verifier_source()
    assert here("case", "verifier").stdout == path.read_bytes()
    again = here("case", "verifier", "-o", path)
    assert again.returncode == ExitCode.OUTPUT and b"is there already" in again.stderr
    assert all(inspect.getdoc(module) for module in verifier.MODULES)
