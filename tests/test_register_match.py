"""What registers say of readings: found, absent and why, ranked by what was seen."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
from case_fixtures import TOOL, make_case, photo_record, verdict_on
from conftest import REPOSITORY, Program, clean_environment

from serialscan.errors import ExitCode, VerifyError
from serialscan.glyphs import match_key
from serialscan.record import (
    Alternative,
    End,
    Gap,
    Glyph,
    ItemRecord,
    ItemSerial,
    Line,
    Mark,
    PhotoRecord,
    SerialCandidate,
    SerialReading,
    Source,
    any_from_json,
    to_json,
)
from serialscan.register.answer import Absent, AbsentReason, Block, Difference, Entry, Match, Rest, RowOf
from serialscan.register.background import likeliest
from serialscan.register.build import build
from serialscan.register.channel import channel_of
from serialscan.register.lattice import Lattice, Slot, lattices_of, typed_lattice
from serialscan.register.lookup import look_up
from serialscan.register.match import Search, match, match_all
from serialscan.register.register import Register
from serialscan.register.stream import match_lines, matched, matches_of
from serialscan.register.walk import codes_of_entries, walk
from serialscan.report.matches import matches_in

Command = Callable[..., Any]


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blocks of two makers, of which W123456 is missing; one serial that both use; one typed in Cyrillic."""
    folder = tmp_path_factory.mktemp("stock")
    rows = ["serial,maker,model,calibre"]
    rows += [f"W{n},COLT,M4A1,5.56X45" for n in range(123000, 124000) if n != 123456]
    rows += [f"{n},FN,M240B,7.62X51" for n in range(10_050_000, 10_051_000)]
    rows += ["W123500,FN,M16A4,5.56X45", "КЕ7823,IZHMASH,AKM,7.62X39", "158123450AB00017,FFL,AR-15,5.56X45"]
    (folder / "stock.csv").write_text("\n".join(rows) + "\n", "utf-8")
    build([folder / "stock.csv"], folder / "stock.reg")
    return folder / "stock.reg"


@pytest.fixture
def register(stock: Path) -> Register:
    return Register.open(stock)


def seen(text: str, doubts: dict[int, dict[str, float]] | None = None, **facts: Any) -> Lattice:
    """A reading that is sure but for some places."""
    doubts = doubts or {}
    slots = tuple(Slot(doubts.get(n, {char: 0.98})) for n, char in enumerate(text))
    return Lattice(text, slots, **facts)


def photo(
    text: str, doubts: dict[int, dict[str, float]] | None = None, marks: Sequence[Mark] = (), **facts: Any
) -> PhotoRecord:
    """A record with one line, which is the serial."""
    glyphs = []
    for n, char in enumerate(text):
        (first, chance), *others = (doubts or {}).get(n, {char: 0.98}).items()
        others_ = tuple(Alternative(char=one, confidence=own) for one, own in others)
        glyphs.append(Glyph(char=first, confidence=chance, alternatives=others_))
    line = Line(
        id="L1", text=text, confidence=0.9, polygon=((0.0, 0.0),) * 4, characters=tuple(glyphs),
        ends=(End(more=0.02, hidden=0.0), End(more=0.02, hidden=0.0)),
    )  # fmt: skip
    candidate = SerialCandidate(
        value=text, confidence=0.9, choice=0.95, reading=0.95, evidence=("L1",), **facts
    )
    serial = SerialReading(
        value=text, status="readable", decision="review", confidence=0.9, candidates=(candidate,)
    )
    return PhotoRecord(
        status="ok", tool=TOOL, source=Source(path="a.jpg"), lines=(line,), marks=tuple(marks), serial=serial
    )


def mark(kind: Any, value: str, confidence: float = 0.95) -> Mark:
    return Mark(kind=kind, value=value, raw=value, match_key=match_key(value), confidence=confidence,
                evidence=("L1",), rule="")  # fmt: skip


def first(answer: Match) -> tuple[str, float]:
    return answer.entries[0].serial, answer.entries[0].posterior


def test_a_serial_on_record_is_found(register: Register) -> None:
    answer = match(register, seen("W123500"))
    assert first(answer)[0] == "W123500" and first(answer)[1] > 0.95
    (entry, *_) = answer.entries
    assert entry.rows == 2 and entry.makers == ("COLT", "FN") and len(entry.same_serial) == 1
    assert entry.block is not None
    assert (entry.block.first, entry.block.last, entry.block.place) == ("W123000", "W123999", 501)
    assert entry.margin == pytest.approx(entry.posterior - answer.entries[1].posterior, abs=2e-4)
    assert (answer.prior_absent, answer.sha256) == (0.4, register.sha256)


def test_a_hole_is_absent_and_never_its_neighbour(register: Register) -> None:
    answer = match(register, seen("W123456"))
    assert answer.absent.probability is not None and answer.absent.probability > 0.9
    assert answer.absent.reason == "hole_in_block" and answer.absent.block is not None
    assert (answer.absent.block.first, answer.absent.block.last) == ("W123000", "W123999")
    assert answer.absent.block.on_record == 999 and answer.absent.block.place == 457
    assert all(one.posterior < 0.05 for one in answer.entries)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("W987654", "unknown_block"), ("QQ12QQ9", "unknown_shape"), ("10777777", "unknown_block")],
)
def test_why_it_is_absent(register: Register, text: str, reason: str) -> None:
    answer = match(register, seen(text))
    assert answer.absent.reason == reason and answer.absent.probability is not None
    assert answer.absent.probability > 0.9


def test_what_was_seen_ranks_and_not_the_distance(register: Register) -> None:
    """Nine numbers are one character away; the one that the camera also saw comes first."""
    answer = match(register, seen("W12350?", {6: {"1": 0.55, "7": 0.4}}))
    assert [one.serial for one in answer.entries[:2]] == ["W123501", "W123507"]
    assert answer.entries[1].posterior > 20 * answer.entries[2].posterior
    wrong = match(register, seen("W1234S6", {5: {"S": 0.6, "4": 0.35}}))
    assert wrong.entries[0].serial == "W123446"
    assert [(one.at, one.read, one.register) for one in wrong.entries[0].differs] == [(6, "S", "4")]


def test_a_lost_and_an_added_character(register: Register) -> None:
    lost = match(register, seen("1005037"), Search(listed=30)).entries
    whole = [one for one in lost if [(d.read, len(d.register)) for d in one.differs] == [("", 1)]]
    assert {one.serial for one in whole} >= {"10050370", "10050337", "10050037", "10050537"}
    assert whole == list(lost[: len(whole)])
    added = match(register, seen("W1235012", {7: {"2": 0.6, "": 0.35}}))
    assert added.entries[0].serial == "W123501"
    ended = match(register, seen("W12350", after=0.4))
    assert ended.absent.reason == "partial_reading" or ended.entries[0].serial.startswith("W12350")
    assert sum(one.posterior for one in ended.entries) > sum(
        one.posterior for one in match(register, seen("W12350")).entries
    )


def test_maker_and_calibre_part_two_rows_of_one_serial(register: Register) -> None:
    known = {"maker": ("FN HERSTAL", 0.95), "calibre": ("CAL. 5,56 MM", 0.9)}
    answer = match(register, seen("W123500", known=known))
    assert answer.entries[0].row.cells["maker"] == "FN"
    other = match(register, seen("W123500", known={"maker": ("COLT'S", 0.95)}))
    assert other.entries[0].row.cells["maker"] == "COLT"
    doubt = {6: {"1": 0.5, "2": 0.48}}
    plain = match(register, seen("W123501", doubt))
    against = match(register, seen("W123501", doubt, known={"maker": ("GLOCK", 0.99)}))
    assert (against.absent.probability or 0) > (plain.absent.probability or 0)


def test_the_prior_is_a_setting_and_stays_in_the_answer(register: Register) -> None:
    said = [match(register, seen("W123500"), Search(prior_absent=prior)) for prior in (0.05, 0.4, 0.95, 1.0)]
    chances = [one.absent.probability for one in said]
    assert chances == sorted(chances, key=lambda one: one or 0) and chances[-1] == 1.0
    assert [one.prior_absent for one in said] == [0.05, 0.4, 0.95, 1.0]


def test_posteriors_and_being_absent_sum_to_one(register: Register) -> None:
    for text, doubts in (("W123501", {6: {"1": 0.4, "7": 0.3}}), ("W123456", {}), ("1005037", {})):
        answer = match(register, seen(text, doubts), Search(listed=1000))
        whole = sum(one.posterior for one in answer.entries) + (answer.absent.probability or 0)
        assert whole == pytest.approx(1.0, abs=0.01)
        few = match(register, seen(text, doubts), Search(listed=2))
        assert sum(one.posterior for one in few.entries) + (few.rest.posterior or 0) + (
            few.absent.probability or 0
        ) == pytest.approx(1.0, abs=0.01)
        assert few.rest.entries == sum(one.rows for one in answer.entries) - sum(
            one.rows for one in few.entries
        )


def test_a_gap_of_the_line_finds_the_serial_whose_character_was_lost(register: Register) -> None:
    whole = "W123501"
    lost = photo(whole[:3] + whole[4:])
    gap = Gap(at=3, confidence=0.3, alternatives=(Alternative(char=whole[3], confidence=0.25),))
    (line,) = lost.lines
    told = msgspec.structs.replace(lost, lines=(msgspec.structs.replace(line, gaps=(gap,)),))

    def chance(record: PhotoRecord) -> float:
        (one,) = matches_of(record, [register], Search(listed=50))
        return next((entry.posterior for entry in one.entries if entry.serial == whole), 0.0)

    assert chance(told) > 0.95 > chance(lost)
    # where nothing was lost the gap does little harm
    right = photo(whole)
    (line,) = right.lines
    false = msgspec.structs.replace(right, lines=(msgspec.structs.replace(line, gaps=(gap,)),))
    assert chance(false) > 0.5


def test_a_row_that_names_no_maker_is_no_worse_for_it(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        "serial,maker,model\nA1001,COLT,M4A1\nA1002,COLT,M4A1\nA1003,,\nA1004,COLT,M4A1\n", "utf-8"
    )
    build([tmp_path / "list.csv"], tmp_path / "a.reg")
    known = {"maker": ("COLT", 0.95), "model": ("M4A1", 0.95)}
    with Register.open(tmp_path / "a.reg") as some:
        told, untold = match(some, seen("A1003", known=known)), match(some, seen("A1003"))
    assert told.entries[0].serial == untold.entries[0].serial == "A1003"
    assert told.entries[0].posterior == pytest.approx(untold.entries[0].posterior, abs=0.02)


def test_the_walk_finds_all_that_scoring_every_key_finds(register: Register) -> None:
    every = np.arange(len(register.keys))
    codes = codes_of_entries(register, every)
    for lattice in (
        seen("W12350I", {6: {"I": 0.5, "1": 0.3, "": 0.1}}), seen("1005O123"), seen("KE7823", {0: {}, 3: {}}),
        seen("158123450AB00011", after=0.3), typed_lattice("W1235"), typed_lattice("W?235?1"),
        seen("0", before=0.5),
    ):  # fmt: skip
        channel = channel_of(lattice)
        weights = channel.score(codes)
        for bound in (1e-3, 1e-6, 1e-9):
            found = walk(register, channel, bound)
            assert found is not None
            least = channel.best[0] * bound
            places = np.concatenate([first + np.arange(count) for first, count in zip(
                found.first, found.count, strict=True)] or [[]]).astype(int)  # fmt: skip
            assert (
                set(np.flatnonzero(weights >= 10 * least))
                <= set(places)
                <= set(np.flatnonzero(weights >= least))
            )
            # ways that are below the bound by themselves are left out
            assert (found.weight <= weights[found.first] * (1 + 1e-9)).all()
            sure = found.weight > 100 * least
            assert found.weight[sure] == pytest.approx(weights[found.first[sure]], rel=0.05)
            assert (np.diff(found.weight) <= 0).all()


def test_too_little_read_says_so(register: Register) -> None:
    answer = match(register, typed_lattice("W123?0?"))
    assert answer.absent.reason in ("partial_reading", "unknown_block") and answer.rest.entries
    nothing = match(register, Lattice("????????????", tuple(Slot({}) for _ in range(12))))
    assert nothing.absent.reason == "partial_reading"
    assert not nothing.entries or nothing.entries[0].posterior < 0.5


def test_what_a_code_says_is_matched_exactly(register: Register) -> None:
    candidate = SerialCandidate(value="W123501", confidence=0.99, evidence=("C1",))
    record = msgspec.structs.replace(
        photo("X"), lines=(), serial=SerialReading(value="W123501", status="readable", decision="accept",
                                                   confidence=0.99, candidates=(candidate,)),
    )  # fmt: skip
    (lattice,) = lattices_of(record)
    assert lattice.exact
    assert [one.serial for one in match(register, lattice).entries] == ["W123501"]
    gone = match(register, Lattice("W123999", typed_lattice("W123999").slots, exact=True))
    assert match(register, Lattice("W123456", typed_lattice("W123456").slots, exact=True)).entries == ()
    assert gone.absent.probability == 0.0 and len(gone.entries) == 1


def test_lattices_are_those_of_the_characters() -> None:
    record = photo("SN W12-34", {4: {"1": 0.5, "7": 0.3, "": 0.1}})
    candidate = msgspec.structs.replace(record.serial.candidates[0], value="W12-34")
    record = msgspec.structs.replace(
        record, serial=msgspec.structs.replace(record.serial, candidates=(candidate,))
    )
    (lattice,) = lattices_of(record)
    assert lattice.key == "W1234" and (lattice.before, lattice.after) == (0.0, 0.02)
    chances = lattice.slots[1].chances  # what the record says, made honest
    assert list(chances) == ["1", "7", ""] and 0.5 < chances["1"] < 0.7 and 0.8 < sum(chances.values()) < 1
    turned = photo("9O6")
    other = msgspec.structs.replace(turned.serial.candidates[0], value="906")
    assert lattices_of(
        msgspec.structs.replace(turned, serial=msgspec.structs.replace(turned.serial, candidates=(other,)))
    )[0].key == "906"  # fmt: skip
    cyrillic = lattices_of(photo("ЖЕ12", {0: {"Ж": 0.7, "К": 0.2}}))[0]
    assert cyrillic.key == "ZHE12" and list(cyrillic.slots[1].chances) == ["H", ""]


def test_an_item_is_matched_by_what_all_its_photos_show(register: Register) -> None:
    glyphs = photo("W123507", {6: {"7": 0.6, "1": 0.3}}).lines[0].characters
    item = ItemRecord(
        status="ok", item="AK-1", tool=TOOL, photos=(),
        serial=ItemSerial(
            value="W123507", status="readable", decision="review", confidence=0.6, characters=glyphs
        ),
    )  # fmt: skip
    (lattice,) = lattices_of(item)
    assert [one.serial for one in match(register, lattice).entries[:2]] == ["W123507", "W123501"]


def test_registers_that_disagree_say_so(stock: Path, tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(
        "serial\n" + "\n".join(f"W{n}" for n in range(123400, 123500)) + "\n", "utf-8"
    )
    build([tmp_path / "b.csv"], tmp_path / "b.reg")
    registers = [Register.open(stock), Register.open(tmp_path / "b.reg")]
    both = match_all(registers, seen("W123456"))
    assert [one.disagrees for one in both] == [("b",), ("stock",)]
    assert [one.disagrees for one in match_all(registers, seen("W123457"))] == [(), ()]


def test_lookup_takes_what_people_type(register: Register) -> None:
    for text in ("w-123 501", "W123501", "W1235O1"):
        assert look_up([register], text, Search())[0].entries[0].serial == "W123501"
    for text in ("КЕ7823", "KE 7823", "ke7823"):
        assert look_up([register], text, Search())[0].entries[0].serial == "КЕ7823"
    open_place = look_up([register], "W12350?", Search(listed=20))[0]
    assert {f"W12350{n}" for n in range(10)} <= {one.serial for one in open_place.entries}
    some = look_up([register], "W1235*", Search(listed=3))[0]
    assert [one.serial for one in some.entries] == ["W123500", "W123501", "W123502"]
    assert some.rest.entries == 97 and some.absent.probability is None
    assert [one.serial for one in look_up([register], "*AB*17", Search())[0].entries] == ["158123450AB00017"]
    assert look_up([register], "W?2*999", Search())[0].entries[0].serial == "W123999"
    assert look_up([register], "Z*", Search())[0].absent.reason == "not_on_record"


def test_loose_keys_are_those_of_ncic_and_say_so(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("serial\n369J257\n369M257\n369257\n369257M\nJ369257\n3692576\n", "utf-8")
    build([tmp_path / "a.csv"], tmp_path / "a.reg")
    with Register.open(tmp_path / "a.reg") as register:
        (answer,) = look_up([register], "369-K-257", Search(listed=10), loose=True)
        assert {one.serial for one in answer.entries} == {"369J257", "369M257", "369257"}
        assert answer.loose == "letters between digits do not count: 369K257 as 369257"


def test_a_record_passes_as_it_is_with_its_matches(register: Register) -> None:
    line = to_json(photo("W123501", marks=[mark("manufacturer", "COLT")]))
    spaced = line[:-1] + b', "later" : {"x":1.50}  }'
    for own in (line, spaced):
        passed = matched(own + b"\r\n", [register], Search())
        assert passed.fault is None and passed.line.startswith(own.rstrip(b" }"))
        record = json.loads(passed.line)
        (found,) = record.pop("matches")
        assert record == json.loads(own)
        assert found["entries"][0]["serial"] == "W123501"
        assert any_from_json(passed.line) == any_from_json(own)  # a match changes no reading
    again = matched(passed.line, [register], Search())
    assert again.line == passed.line and again.fault is not None and "matches already" in again.fault
    for bad in (b"{", b"[]", b"\xff", b'{"record":"photo"}'):
        told = matched(bad, [register], Search())
        assert told.line == bad and told.fault is not None


def test_processes_give_the_same_as_one(stock: Path) -> None:
    lines = [to_json(photo(f"W1235{n:02d}")) for n in range(40)] + [b"{", to_json(photo("W123456"))]
    one = [passed.line for passed in match_lines(lines, [stock], Search())]
    assert one == [passed.line for passed in match_lines(lines, [stock], Search(), jobs=2)]
    assert len(one) == 42


def test_lines_are_taken_as_they_are_needed(stock: Path) -> None:
    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield to_json(photo("W123501"))

    passing = match_lines(endless(), [stock], Search())
    next(passing)
    next(passing)
    assert taken <= 3


def test_match_as_people_run_it(serialscan: Program, stock: Path) -> None:
    lines = [to_json(photo("W123501")), b"", b"no record", to_json(photo("W123456"))]
    done = serialscan("match", "-", "--register", stock, input=b"\n".join(lines) + b"\n")
    assert done.returncode == ExitCode.SOME_FAILED
    out = done.stdout.splitlines()
    assert [out[0].startswith(lines[0][:-1]), out[1]] == [True, b"no record"] and len(out) == 3
    assert b"line 2" in done.stderr and b"no record of this version" in done.stderr


def test_matches_of_a_case_are_entries_of_its_ledger(command: Command, stock: Path, tmp_path: Path) -> None:
    make_case(tmp_path / "a.case", range(2))
    for written in (2, 0):  # the second time all of it is there
        done = command("match", "a.case", "--register", stock, "-o", f"{written}.ndjson")
        assert done.code == ExitCode.OK and f"{written} matches are entries" in done.err
    entries = [json.loads(line) for line in command("case", "log", "a.case", "--json").out.splitlines()]
    found = [one["fields"] for one in entries if one["kind"] == "match"]
    assert [(one["record"], one["register"], one["sha256"]) for one in found] == [
        (n, "stock", Register.open(stock).sha256) for n in (2, 3)
    ]
    assert verdict_on(tmp_path / "a.case").ok
    out = (tmp_path / "2.ndjson").read_bytes().splitlines()
    assert [one.startswith(photo_record(n)[:-1]) for n, one in enumerate(out)] == [True, True]
    assert "matched against stock" in command("case", "log", "a.case").out


@pytest.mark.parametrize(
    ("words", "code", "advice"),
    [
        (
            ("match", "none.ndjson", "--register", "{stock}"),
            ExitCode.NO_INPUT,
            "check the path of the records",
        ),
        (
            ("match", "none.ndjson", "--register", "none.reg"),
            ExitCode.NO_INPUT,
            "check the path of the register",
        ),
        (("match", "-"), ExitCode.USAGE, "--register"),
        (("lookup", "--", "--?", "--register"), ExitCode.USAGE, ""),
        (("lookup", "-?-", "--register", "{stock}"), ExitCode.USAGE, ""),
        (("lookup", "??", "--register", "{stock}"), ExitCode.SETTINGS, "no letter and no digit"),
        (
            ("lookup", "A1", "--register", "{stock}", "--register", "{stock}"),
            ExitCode.NO_INPUT,
            "name it once",
        ),
        (("lookup", "A1", "--register", "{stock}", "--prior-absent", "2"), ExitCode.USAGE, "prior-absent"),
    ],
)
def test_slips_are_told(
    command: Command, stock: Path, words: tuple[str, ...], code: ExitCode, advice: str
) -> None:
    done = command(*(word.format(stock=stock) for word in words))
    assert done.code == code and advice in done.err and "Traceback" not in done.err


def test_a_register_that_is_written_to_is_refused(stock: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.reg"
    copy.write_bytes(stock.read_bytes())
    register = Register.open(copy)
    with copy.open("r+b") as file:
        file.seek(0, 2)
        file.write(b"x")
    with pytest.raises(VerifyError, match="written to"):
        match(register, seen("W123501"))


def test_the_likeliest_strings_sum_to_all_that_a_lattice_can_be() -> None:
    channel = channel_of(seen("W1234", {1: {}, 2: {}}))
    _, weights = likeliest(channel)
    whole = float(np.prod(channel.match.sum(axis=0) + channel.skip))
    assert 0.9 * whole < weights.sum() < 1.3 * whole


@pytest.mark.skipif(os.name != "posix", reason="written for the shells of Linux and macOS")
def test_the_first_five_minutes_of_the_page(
    tmp_path: Path, read_sample: Callable[[str], PhotoRecord]
) -> None:
    """A match, a hole and a conflict, as docs/register.md promises them; the photos were read before."""
    page = (REPOSITORY / "docs" / "register.md").read_text("utf-8")
    first, lookups, *_ = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    script = "\n".join(line for line in (first + lookups).splitlines() if not line.startswith("jq "))
    program = tmp_path / "bin" / "serialscan"
    program.parent.mkdir()
    read = tmp_path / "read"
    (photos,) = re.findall(r"serialscan scan((?: samples/\S+)+)", script)
    read.write_bytes(b"".join(to_json(read_sample(Path(one).name)) + b"\n" for one in photos.split()))
    program.write_text(
        f'#!/bin/sh\n[ "$1" = scan ] && exec cat {shlex.quote(str(read))}\n'
        f'exec {shlex.quote(sys.executable)} -m serialscan "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    (tmp_path / "samples").symlink_to(REPOSITORY / "samples")
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    environment = clean_environment(tmp_path, PATH=path)
    done = subprocess.run(
        ["sh", "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert done.returncode == ExitCode.OK, done.stderr.decode()
    matches = [
        json.loads(line)["matches"][0] for line in (tmp_path / "matched.ndjson").read_bytes().splitlines()
    ]
    by_serial = {one["serial"]: one for one in matches}
    assert by_serial["KE7823"]["entries"][0]["posterior"] > 0.95
    assert by_serial["W274567"]["absent"]["reason"] == "hole_in_block"
    assert by_serial["W274567"]["absent"]["probability"] > 0.95
    assert by_serial["U778232"]["entries"][0]["makers"] == ["FN", "SACO"]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert {f"KE78{n}3" for n in range(7)} <= {one["serial"] for one in answers[1]["entries"]}
    assert [one["entries"][0]["serial"] for one in answers[2:]] == ["U778200", "U778232"]


def test_the_page_explains_every_field_and_reason() -> None:
    page = (REPOSITORY / "docs" / "register.md").read_text("utf-8")
    fields = {
        field
        for part in (Match, Entry, Block, RowOf, Absent, Rest, Difference)
        for field in part.__struct_fields__
    }
    assert [one for one in fields if f"`{one}`" not in page and f".{one}`" not in page] == []
    assert [one for one in get_args(AbsentReason) if f"| `{one}` |" not in page] == []


def test_a_part_of_a_case_and_a_report_have_the_matches(
    command: Command, stock: Path, tmp_path: Path
) -> None:
    make_case(tmp_path / "a.case", range(3), items=[("AK-1", (0, 1))])
    assert command("match", "a.case", "--register", stock, "-o", "out.ndjson").code == ExitCode.OK
    assert command("case", "extract", "a.case", "IMG_0001.jpg", "-o", "part.case").code == ExitCode.OK
    entries = [json.loads(line) for line in command("case", "log", "part.case", "--json").out.splitlines()]
    photos = [one["fields"]["photo"] for one in entries if one["kind"] == "match"]
    assert photos == [json.loads(photo_record(1))["source"]["sha256"]]
    for answer in (seen("W123501"), Lattice("?" * 12, tuple(Slot({}) for _ in range(12)))):
        said = match(Register.open(stock), answer)
        (shown,) = matches_in(msgspec.json.encode([said]))
        assert shown.sha256 == said.sha256 and "cannot show" not in shown.told


def test_match_writes_to_a_new_file_only_and_leaves_none_behind_for_nothing(
    stock: Path, tmp_path: Path, command: Command
) -> None:
    (tmp_path / "empty.ndjson").write_bytes(b"")
    words = ("--register", str(stock), "-o", "out.ndjson")
    assert command("match", "empty.ndjson", *words).code == ExitCode.NO_INPUT
    assert not (tmp_path / "out.ndjson").exists()
    (tmp_path / "records.ndjson").write_bytes(to_json(photo("W123501")) + b"\n")
    assert command("match", "records.ndjson", *words).code == ExitCode.OK
    before = (tmp_path / "out.ndjson").read_bytes()
    again = command("match", "records.ndjson", *words)
    assert again.code == ExitCode.OUTPUT and "--resume" not in again.err
    assert (tmp_path / "out.ndjson").read_bytes() == before
