"""Cases that leave the house: parts with proofs, merged cases, manifests, certificates, time stamps."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from case_fixtures import (
    BY,
    OFFICER,
    RUN,
    TOOL,
    Command,
    add_photo,
    both_on,
    codes,
    content,
    item_record,
    logged,
    make_case,
    opened,
    photo_record,
    sql,
    verdict_on,
)  # fmt: skip

from serialscan.case import CaseWriter, Checkpoint
from serialscan.case.check import Trust
from serialscan.case.checkpoint import ORIGIN, parse_checkpoint
from serialscan.case.entry import decode
from serialscan.case.merkle import Paths
from serialscan.errors import ExitCode
from serialscan.record import Error, PhotoRecord, Source, to_json

ITEMS = [("AK-1", (0, 1)), ("AK-2", (2, 3))]


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, Checkpoint]:
    path = tmp_path / "a.case"
    make_case(path, range(5), items=ITEMS, signer=OFFICER)
    with CaseWriter(path) as writer:
        writer.append("note", {"person": {"name": "A. Doe"}, "item": "AK-1", "text": "bolt missing"})
        writer.append("note", {"person": {"name": "A. Doe"}, "item": "AK-2", "text": "informant is C. Loe"})
        return path, writer.checkpoint(OFFICER)


def payloads(path: Path) -> list[bytes]:
    with opened(path) as database:
        return [
            decode(data).payload
            for (data,) in database.execute(
                "SELECT bytes FROM entry WHERE kind = 'record' ORDER BY branch, sequence"
            )
        ]


def test_one_item_is_handed_over_and_the_rest_stays_secret(
    sealed: tuple[Path, Checkpoint],
    command: Command,
    checker: Path,
    tmp_path: Path,
) -> None:
    path, head = sealed
    part = tmp_path / "part.case"
    done = command("case", "extract", path, "AK-1", "-o", part)
    assert done.code == ExitCode.OK, done.err
    assert payloads(part) == [photo_record(0), photo_record(1), item_record("AK-1", (0, 1))]
    data = part.read_bytes()
    assert b"bolt missing" in data
    for secret in (b"AK-2", b"informant", b"IMG_0002", b"IMG_0004"):
        assert secret not in data
    trust = Trust(head=head, fingerprints=(OFFICER.key.fingerprint,))
    verdict = both_on(checker, part, trust)
    assert verdict.ok and verdict.form == "extract" and "lead to the head that you gave" in verdict.summary()
    alone = both_on(checker, part, Trust())
    assert alone.ok and "proves nothing alone" in alone.summary()
    older = both_on(checker, part, Trust(head=Checkpoint(head.origin, head.size - 1, head.root)))
    assert [one.message for one in older.faults] == [
        f"the proofs lead to the head over {head.size} entries, and the one that you gave is over "
        f"{head.size - 1}: ask for that over {head.size}"
    ]
    with pytest.raises(Exception, match="part of a case"):
        CaseWriter(part)


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (sql("UPDATE entry SET bytes = CAST(replace(bytes, 'review', 'accept') AS BLOB)"), "proof"),
        (sql("UPDATE proof SET path = zeroblob(96) WHERE sequence = 2"), "proof"),
        (sql("DELETE FROM proof WHERE sequence = 2"), "proof"),
        (sql("UPDATE picture SET bytes = x'00'"), "picture"),
        (sql("UPDATE record SET serial = 'X'"), "derived"),
        (sql("DELETE FROM checkpoint"), "checkpoint"),
    ],
)  # fmt: skip
def test_a_part_that_was_tampered_with_is_found(
    sealed: tuple[Path, Checkpoint],
    command: Command,
    checker: Path,
    tmp_path: Path,
    tamper: Any,
    found: str,
) -> None:
    part = tmp_path / "part.case"
    assert command("case", "extract", sealed[0], "AK-1", "-o", part).code == ExitCode.OK
    tamper(part)
    assert found in codes(both_on(checker, part, Trust()))


def test_a_part_of_another_state_of_the_case_is_found(
    sealed: tuple[Path, Checkpoint],
    command: Command,
    tmp_path: Path,
) -> None:
    path, head = sealed
    with CaseWriter(path) as writer:
        add_photo(writer, writer.begin_run(RUN), 9)
    after = tmp_path / "after.case"
    done = command("case", "extract", path, "IMG_0009.jpg", "-o", after)
    assert done.code == ExitCode.NO_INPUT and "seal it first" in done.err and not after.exists()
    assert command("case", "seal", path, *BY).code == ExitCode.OK
    assert command("case", "extract", path, "IMG_0009.jpg", "-o", after).code == ExitCode.OK
    assert verdict_on(after).ok
    assert "head" in codes(verdict_on(after, Trust(head=head)))
    assert verdict_on(after, Trust(head=parse_checkpoint(Path("a.head").read_bytes()))).ok


def test_merged_cases_verify_as_branches_and_the_same_photo_is_one(
    command: Command,
    checker: Path,
    tmp_path: Path,
) -> None:
    one, two, three = (tmp_path / f"{name}.case" for name in ("one", "two", "three"))
    heads = [make_case(one, range(3), items=[("AK-1", (0, 1))]), make_case(two, range(2, 5))]
    make_case(three, range(7, 8))
    before = [path.read_bytes() for path in (one, two)]
    both, all_ = tmp_path / "both.case", tmp_path / "all.case"
    assert command("case", "merge", one, two, "-o", both, *BY).code == ExitCode.OK
    assert [path.read_bytes() for path in (one, two)] == before
    listed = [json.loads(line) for line in command("case", "list", both, "--json").out.splitlines()]
    assert [photo["readings"] for photo in listed] == [1, 1, 2, 1, 1]
    assert command("case", "merge", both, three, "-o", all_, *BY).code == ExitCode.OK
    for path in (both, all_):
        for head in (None, *heads):
            verdict = both_on(checker, path, Trust(head=head))
            assert verdict.ok, verdict.faults
        assert payloads(path)[: len(payloads(one))] == payloads(one)
    assert verdict_on(all_).records == 8
    assert command("case", "note", all_, "after the merge", *BY).code == ExitCode.OK
    part = tmp_path / "part.case"
    done = command("case", "extract", all_, "AK-1", "-o", part)
    assert done.code == ExitCode.OK, done.err
    assert both_on(checker, part, Trust()).ok
    with opened(all_) as database:
        (note,) = database.execute(
            "SELECT note FROM checkpoint WHERE branch = 0 ORDER BY size DESC"
        ).fetchone()
    proven = both_on(checker, part, Trust(head=parse_checkpoint(note)))
    assert proven.proven == proven.entries and proven.entries == done_entries(done.err)
    some = both_on(checker, part, Trust(head=heads[0]))
    assert some.ok and 0 < some.proven < some.entries and "do not" in some.summary()
    lead_to_a_forged_head(part, heads[0].origin.removeprefix(ORIGIN))
    assert "branch" in codes(both_on(checker, part, Trust(head=parse_checkpoint(note))))


def done_entries(said: str) -> int:
    """How many entries an extract holds, as it was told."""
    return int(re.search(r"(\d+) entries", said)[1])  # type: ignore[index]


def lead_to_a_forged_head(part: Path, case_id: str) -> None:
    """Put a later head of a ledger that was taken over beside the real one; its entries then lead there."""
    with opened(part) as database:
        (branch,) = database.execute("SELECT number FROM branch WHERE case_id = ?", (case_id,)).fetchone()
        where = "FROM entry WHERE branch = ? ORDER BY sequence"
        held = dict(database.execute(f"SELECT sequence, hash {where}", (branch,)).fetchall())
        leaves = [held.get(number, bytes(32)) for number in range(40)]
        paths = Paths(leaves)
        note = Checkpoint(ORIGIN + case_id, len(leaves), paths.root()).note
        database.execute("INSERT INTO checkpoint VALUES (?, ?, ?)", (branch, len(leaves), note))
        for number in held:
            proof = b"".join(paths.path(number))
            database.execute(
                "UPDATE proof SET path = ? WHERE branch = ? AND sequence = ?", (proof, branch, number)
            )


@pytest.mark.parametrize(
    "tamper",
    [
        sql("DELETE FROM entry WHERE branch = 2 AND kind = 'run_ended'"),
        sql("UPDATE branch SET number = 9 WHERE number = 2"),
        sql("UPDATE entry SET branch = 1, sequence = sequence + 100 WHERE branch = 2"),
    ],
)
def test_a_branch_that_was_tampered_with_is_found(
    command: Command,
    checker: Path,
    tmp_path: Path,
    tamper: Any,
) -> None:
    one, two, both = (tmp_path / f"{name}.case" for name in ("one", "two", "both"))
    make_case(one, range(2))
    make_case(two, range(2, 4))
    assert command("case", "merge", one, two, "-o", both, *BY).code == ExitCode.OK
    tamper(both)
    assert not both_on(checker, both, Trust()).ok


def test_entries_added_to_a_branch_are_found(command: Command, checker: Path, tmp_path: Path) -> None:
    """A ledger that goes on elsewhere fits in itself; the merged case took over less."""
    one, two, both, longer = (tmp_path / f"{name}.case" for name in ("one", "two", "both", "longer"))
    make_case(one, range(2))
    make_case(two, range(2, 4))
    assert command("case", "merge", one, two, "-o", both, *BY).code == ExitCode.OK
    shutil.copyfile(two, longer)
    with CaseWriter(longer) as writer:
        writer.append("note", {"text": "slipped in"})
    with opened(longer) as source, opened(both) as database:
        row = source.execute(
            "SELECT 2, sequence, kind, time, hash, bytes FROM entry ORDER BY sequence DESC"
        ).fetchone()
        database.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", row)
    assert "branch" in codes(both_on(checker, both, Trust()))


def test_two_versions_of_one_case_are_not_merged(command: Command, tmp_path: Path) -> None:
    one, fork, both = (tmp_path / f"{name}.case" for name in ("one", "fork", "both"))
    make_case(one, range(2))
    shutil.copyfile(one, fork)
    for path in (one, fork):
        with CaseWriter(path) as writer:
            writer.append("note", {"text": path.name})
    done = command("case", "merge", one, fork, "-o", both, *BY)
    assert done.code == ExitCode.VERIFY_FAILED and "different entries" in done.err and not both.exists()
    shutil.copyfile(one, fork)
    with CaseWriter(fork) as writer:
        writer.append("note", {"text": "later"})
    assert (
        command("case", "merge", one, fork, "-o", both, *BY).code == ExitCode.OK
    )  # one goes on from the other
    assert verdict_on(both).ok


def test_a_manifest_says_what_it_cannot_hold(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.case"
    broken = PhotoRecord(
        status="error", tool=TOOL, source=Source(path="photos/gone.jpg"),
        error=Error(code="unreadable", message="gone"),
    )  # fmt: skip
    with CaseWriter(path) as writer:
        run = writer.begin_run(RUN)
        for number, name in enumerate(["photos/a, b.jpg", "photos/é.jpg", "photos/two\nlines.jpg"]):
            writer.add_record(run, photo_record(number, path=name))
        writer.add_record(run, to_json(broken))
        writer.end_run(run, ok=3, failed=1)
    done = command("case", "manifest", path, "-o", "list.txt")
    assert done.code == ExitCode.OK
    assert "line end: photos/two\\nlines.jpg" in done.err and "gone.jpg" in done.err
    text = Path("list.txt").read_text("utf-8")
    assert text.startswith("%%%% HASHDEEP-1.0\n%%%% size,sha256,filename\n##")
    lines = [line for line in text.splitlines() if line[0] not in "%#"]
    assert [line.split(",", 2)[2] for line in lines] == ["photos/a, b.jpg", "photos/é.jpg"]
    assert all(re.fullmatch(r"\d+,[0-9a-f]{64},.*", line) for line in lines)
    assert "## outside of this list, its name has a line end: photos/two\\nlines.jpg" in text


@pytest.mark.skipif(shutil.which("hashdeep") is None, reason="hashdeep is a program of its own")
def test_hashdeep_agrees_with_a_manifest(command: Command, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(3):
        (tmp_path / f"photos/IMG_{number:04}.jpg").write_bytes(content(number))
    make_case(tmp_path / "a.case", range(3))
    assert command("case", "manifest", "a.case", "-o", "list.txt").code == ExitCode.OK
    audit = ["hashdeep", "-r", "-l", "-a", "-k", "list.txt", "photos"]
    assert subprocess.run(audit, cwd=tmp_path, check=False).returncode == 0
    (tmp_path / "photos/IMG_0001.jpg").write_bytes(b"changed")
    assert subprocess.run(audit, cwd=tmp_path, check=False).returncode != 0


def evaluation(digest: str) -> dict[str, Any]:
    figure = {"value": 0.9, "low": 0.84, "high": 0.94, "count": 90, "of": 100}
    names = ("serial_exact", "serial_in_candidates", "accepted", "accepted_wrong", "lines_right")
    return {
        "record": "evaluation", "schema": "serialscan.evaluation/1", "labels": "ours.jsonl",
        "labels_sha256": "ab" * 32, "tools": [{"settings_digest": digest}],
        "total": {"photos": 100, **dict.fromkeys(names, figure)},
    }  # fmt: skip


def test_a_certificate_states_measured_rates_or_that_none_are_stated(
    sealed: tuple[Path, Checkpoint],
    command: Command,
) -> None:
    path, _ = sealed
    done = command("case", "certificate", path)
    assert done.code == ExitCode.OK and "NOT STATED: no evaluation stands in this case" in done.out
    assert "902(13)" in done.out and "DRAFT" in done.out and "recogniser.onnx: SHA-256 abab" in done.out
    Path("evaluation.json").write_text(json.dumps(evaluation(str(RUN.settings_digest))), encoding="utf-8")
    assert command("case", "certificate", path, "--evaluation", "evaluation.json").code == ExitCode.USAGE
    done = command("case", "certificate", path, "--evaluation", "evaluation.json", "--by", "A. Doe")
    assert "90 of 100 (90.0%; 95 % interval 84.0% to 94.0%)" in done.out and "NOT STATED" not in done.out
    assert "ATTENTION" not in done.out
    kept = [
        decode(data)
        for (data,) in sqlite3.connect(path).execute("SELECT bytes FROM entry WHERE kind = 'import'")
    ]
    assert [entry.payload for entry in kept] == [Path("evaluation.json").read_bytes()]
    Path("other.json").write_text(json.dumps(evaluation("f" * 16)), encoding="utf-8")
    done = command("case", "certificate", path, "--evaluation", "other.json", "--by", "A. Doe")
    assert "ATTENTION: measured with other settings" in done.out
    for wrong in ("{}", "no json", json.dumps({**evaluation("a"), "total": {}})):
        Path("wrong.json").write_text(wrong, encoding="utf-8")
        done = command("case", "certificate", path, "--evaluation", "wrong.json", "--by", "A. Doe")
        assert done.code == ExitCode.SETTINGS and "is no evaluation" in done.err


def test_no_certificate_is_drafted_for_a_case_that_was_tampered_with(
    sealed: tuple[Path, Checkpoint],
    command: Command,
) -> None:
    sql("UPDATE record SET serial = 'X'")(sealed[0])
    done = command("case", "certificate", sealed[0])
    assert done.code == ExitCode.VERIFY_FAILED and done.out == ""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A time stamping authority of our own, made with openssl: a root and a signer."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is a program of its own")
    folder = tmp_path_factory.mktemp("authority")
    (folder / "ts.cnf").write_text(
        "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
        "subjectKeyIdentifier=hash\n"
        "[signer]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
        "basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        "[tsa]\ndefault_tsa=own\n[own]\nserial=serial\ncrypto_device=builtin\nsigner_cert=signer.pem\n"
        "signer_key=signer.key\nsigner_digest=sha256\ndefault_policy=1.2.3.4.1\ndigests=sha256\n"
        "ess_cert_id_alg=sha256\n",
        encoding="utf-8",
    )
    (folder / "serial").write_text("01\n", encoding="utf-8")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl(
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-config",
        "ts.cnf",
        "-extensions",
        "ca",
        "-subj",
        "/O=Authority/CN=Root",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-days",
        "9",
    )
    openssl(
        "req",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-config",
        "ts.cnf",
        "-subj",
        "/O=Authority/CN=A signer whose certificate is longer than that of the root",
        "-keyout",
        "signer.key",
        "-out",
        "signer.csr",
    )
    openssl(
        "x509",
        "-req",
        "-in",
        "signer.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-extfile",
        "ts.cnf",
        "-extensions",
        "signer",
        "-days",
        "9",
        "-out",
        "signer.pem",
    )
    return folder  # fmt: skip


def answer(authority: Path, request: Path, name: str, chain: bool = False) -> Path:
    """What the authority gives for a request; with ``chain`` the root comes with it."""
    words = ["openssl", "ts", "-reply", "-config", "ts.cnf", "-section", "own", "-queryfile", str(request)]
    words += ["-chain", "ca.pem"] if chain else []
    out = request.with_name(name)
    subprocess.run([*words, "-out", str(out)], cwd=authority, check=True, capture_output=True)
    return out


def test_a_time_stamp_is_kept_and_checked_offline(
    sealed: tuple[Path, Checkpoint],
    command: Command,
    checker: Path,
    authority: Path,
    tmp_path: Path,
) -> None:
    path, _ = sealed
    assert command("case", "timestamp", "request", path, "-o", "a.tsq").code == ExitCode.OK
    stamp = answer(authority, tmp_path / "a.tsq", "a.tsr")
    assert command("case", "note", path, "later", *BY).code == ExitCode.OK
    roots = ("--certificate", authority / "ca.pem")
    done = command("case", "timestamp", "add", path, stamp, *roots, *BY)
    assert done.code == ExitCode.OK, done.err
    assert "signature is right by the certificates given" in done.err
    assert "not checked" in command("case", "timestamp", "add", path, stamp, *BY).err
    kept = [one for one in logged(command, path) if one["kind"] == "timestamp"]
    assert len(kept) == 2
    with opened(path) as database:
        (data,) = database.execute("SELECT bytes FROM entry WHERE kind = 'timestamp'").fetchone()
    assert decode(data).payload == stamp.read_bytes()
    assert both_on(checker, path, Trust()).ok


def test_a_chain_that_the_library_refuses_is_kept_and_openssl_verifies_it(
    sealed: tuple[Path, Checkpoint],
    command: Command,
    checker: Path,
    authority: Path,
    tmp_path: Path,
) -> None:
    """OpenSSL sends the signer before the root, whatever their order in a sorted set would be."""
    path, head = sealed
    assert command("case", "timestamp", "request", path, "-o", "a.tsq").code == ExitCode.OK
    stamp = answer(authority, tmp_path / "a.tsq", "a.tsr", chain=True)
    roots = ("--certificate", authority / "ca.pem")
    done = command("case", "timestamp", "add", path, stamp, *roots, *BY)
    assert done.code == ExitCode.OK, done.err
    assert "kept, not checked: the library cannot parse it" in done.err
    (kept,) = [one for one in logged(command, path) if one["kind"] == "timestamp"]
    assert kept["fields"]["size"] == head.size
    with opened(path) as database:
        (data,) = database.execute("SELECT bytes FROM entry WHERE kind = 'timestamp'").fetchone()
    (tmp_path / "kept.tsr").write_bytes(decode(data).payload)
    (tmp_path / "head").write_bytes(head.body)
    words = ["openssl", "ts", "-verify", "-data", "head", "-in", "kept.tsr", "-CAfile", authority / "ca.pem"]
    assert subprocess.run(words, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "head").write_bytes(head.body + b"\n")
    assert subprocess.run(words, cwd=tmp_path, capture_output=True, check=False).returncode != 0
    assert both_on(checker, path, Trust()).ok


def test_without_the_library_an_answer_is_kept_and_a_request_is_refused(
    sealed: tuple[Path, Checkpoint],
    command: Command,
    authority: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It has no wheel for every system that serialscan runs on."""
    path, _ = sealed
    assert command("case", "timestamp", "request", path, "-o", "a.tsq").code == ExitCode.OK
    stamp = answer(authority, tmp_path / "a.tsq", "a.tsr")
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    done = command("case", "timestamp", "request", path, "-o", "b.tsq")
    assert done.code == ExitCode.ENGINE and "serialscan[timestamp]" in done.err
    assert not (tmp_path / "b.tsq").exists()
    done = command("case", "timestamp", "add", path, stamp, *BY)
    assert done.code == ExitCode.OK and "kept, not checked" in done.err


def test_a_time_stamp_of_something_else_is_not_kept(
    sealed: tuple[Path, Checkpoint],
    command: Command,
    authority: Path,
    tmp_path: Path,
) -> None:
    path, other = sealed[0], tmp_path / "other.case"
    make_case(other)
    assert command("case", "timestamp", "request", other, "-o", "b.tsq").code == ExitCode.OK
    stamp = answer(authority, tmp_path / "b.tsq", "b.tsr")
    before = path.read_bytes()
    done = command("case", "timestamp", "add", path, stamp, *BY)
    assert done.code == ExitCode.NO_INPUT and "is not of a head" in done.err
    stranger = tmp_path / "stranger.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
         "/CN=Stranger", "-keyout", str(tmp_path / "x.key"), "-out", str(stranger)],
        check=True, capture_output=True,
    )  # fmt: skip
    assert command("case", "timestamp", "request", path, "-o", "a.tsq").code == ExitCode.OK
    stamp = answer(authority, tmp_path / "a.tsq", "a.tsr")
    done = command("case", "timestamp", "add", path, stamp, "--certificate", stranger, *BY)
    assert done.code == ExitCode.VERIFY_FAILED and "was not added" in done.err
    assert path.read_bytes() == before


def test_a_time_stamp_that_the_library_cannot_parse_is_kept_and_said(
    sealed: tuple[Path, Checkpoint],
    command: Command,
    checker: Path,
    tmp_path: Path,
) -> None:
    """Some authorities send certificates in an order that strict parsers refuse."""
    path, head = sealed
    stamp = tmp_path / "odd.tsr"
    stamp.write_bytes(b"\x30\x82\x01\x00odd" + hashlib.sha256(head.body).digest() + b"rest")
    done = command("case", "timestamp", "add", path, stamp, *BY)
    assert done.code == ExitCode.OK and "cannot parse it" in done.err and "kept, not checked" in done.err
    assert both_on(checker, path, Trust()).ok
    assert "kept, not checked" in command("case", "log", path).out
