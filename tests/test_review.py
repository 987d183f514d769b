"""The review without a browser: who is let in, who sees what, what becomes of an answer, what a kill costs.

The page itself is tested in test_review_page.py.
"""

from __future__ import annotations

import io
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from case_fixtures import Command, verdict_on
from conftest import REPOSITORY, Program
from PIL import Image
from review_fixtures import (
    BOX,
    Client,
    decided,
    desk_on,
    make_review_case,
    misread,
    read,
    truth,
)

from serialscan.case import CaseWriter
from serialscan.case.decisions import decision_now
from serialscan.case.read import open_case
from serialscan.errors import ExitCode, OutputError, SettingsError
from serialscan.review.desk import Desk, Given, RefusedError
from serialscan.review.pictures import BOX_CROP_PX
from serialscan.review.queue import Filter
from serialscan.review.serve import Running, running
from serialscan.review.texts import texts

STATIC = REPOSITORY / "serialscan" / "review" / "static"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_review_case(tmp_path, range(6), accept=(4,), none=(5,))


@pytest.fixture
def served(path: Path) -> Iterator[tuple[Running, Client]]:
    with running(desk_on(path), texts()) as page:
        client = Client(page.origin)
        client.enter(page.address)
        yield page, client


def given(
    number: int, answer: Any = "read", value: str | None = None, spot: str = "serial", **more: Any
) -> Given:
    said = {"reason": None, "note": None, "enhancements": (), **more}
    return Given(number, spot, answer, value, **said)


def type_and_take(desk: Desk, number: int, value: str, **more: Any) -> dict[str, Any]:
    desk.typed(number, more.get("spot", "serial"), value)
    return desk.decide(given(number, value=value, **more))


# ---- who is let in


def test_only_the_browser_that_has_the_token_is_let_in_and_only_once(path: Path) -> None:
    with running(desk_on(path), texts()) as page:
        stranger = Client(page.origin)
        for where in ("/", "/api/start", "/api/photo/0", "/static/main.js", "/enter/", "/enter/wrong"):
            assert stranger.get(where).status in (403, 404), where
        assert stranger.post("/api/undo", {}).status == 403
        first, second = Client(page.origin), Client(page.origin)
        assert first.enter(page.address).status == 303
        assert first.get("/api/start").status == 200
        assert second.enter(page.address).status == 403
        assert second.get("/api/start").status == 403 and second.cookie == ""
        stranger.cookie = re.sub("=.*", "=guessed", first.cookie)
        assert stranger.get("/").status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example"]
)
def test_another_host_is_refused_whatever_else_is_right(served: tuple[Running, Client], host: str) -> None:
    _, client = served
    assert client.get("/api/start", Host=host).status in (400, 421)
    assert client.post("/api/undo", {}, Host=host).status in (400, 421)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
    ],
)  # fmt: skip
def test_a_write_from_another_page_is_refused(
    served: tuple[Running, Client], path: Path, headers: dict[str, str]
) -> None:
    _, client = served
    body = {"number": 0, "spot": "serial", "answer": "unreadable"}
    assert client.post("/api/decision", body, **headers).status == 403
    assert client.post("/api/decision", body).status == 200
    assert len(decided(path)) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400), ({"number": "x"}, {}, 400), ({}, {"Content_Type": "text/plain"}, 415),
        (b" " * (1 << 17), {}, 413), ({"number": 99, "spot": "serial", "answer": "unreadable"}, {}, 409),
        ({"number": 0, "spot": "mark 9", "answer": "unreadable"}, {}, 409),
        ({"number": 0, "spot": "serial", "answer": "maybe"}, {}, 409),
        ({"number": 0, "spot": "serial", "answer": "unreadable", "note": "x" * 5000}, {}, 409),
        ({"number": 0, "spot": "serial", "answer": "unreadable", "note": "\u0000"}, {}, 409),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_and_changes_nothing(
    served: tuple[Running, Client], path: Path, body: Any, headers: dict[str, str], status: int
) -> None:
    _, client = served
    before = path.read_bytes()
    assert client.post("/api/decision", body, **headers).status == status
    assert path.read_bytes() == before


def test_the_page_loads_nothing_from_elsewhere_and_runs_no_other_script(
    served: tuple[Running, Client],
) -> None:
    _, client = served
    page = client.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    text = page.body.decode()
    assert "<style" not in text and " style=" not in text and not re.search(r"<script(?![^>]* src=)", text)
    assert not re.search(r"\son\w+=", text)
    assert all(link.startswith("/static/") for link in re.findall(r'(?:src|href)="([^"#]+)"', text))
    for file in STATIC.iterdir():
        found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", file.read_text("utf-8"))
        assert set(found) <= {"http://www.w3.org"}, file
        answer = client.get(f"/static/{file.name}")
        assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for name in ("/api/photo/0", "/api/photo/0/whole", "/api/photo/0/crop?spot=serial"):
        answer = client.get(name)
        assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


# ---- who sees what


def everything(client: Client, number: int) -> str:
    """All that a page can ask of a photo before an answer."""
    found = client.get(f"/api/photo/{number}").body + client.get("/api/queue").body
    return (found + client.get("/api/start").body).decode()


def test_the_reading_is_not_given_before_something_was_typed(
    served: tuple[Running, Client], path: Path
) -> None:
    _, client = served
    assert read(3) not in everything(client, 3)
    assert client.get("/api/photo/3/reading?spot=serial").status == 409
    body = {"number": 3, "spot": "serial", "answer": "read", "value": truth(3)}
    assert client.post("/api/decision", body).json == {"error": "type_first"}
    assert client.post("/api/typed", {"number": 3, "spot": "serial", "text": " "}).status == 409
    said = client.post("/api/typed", {"number": 3, "spot": "serial", "text": truth(3)}).json
    assert said["value"] == read(3) and not said["same"]
    assert [pair for pair in said["pairs"] if pair[0] != pair[1]] == [[truth(3)[-1], "X"]]
    client.post("/api/typed", {"number": 3, "spot": "serial", "text": read(3)})
    assert client.get("/api/photo/3/whole?side=800").headers["X-Shown"] == "original"
    assert client.post("/api/decision", body | {"enhancements": ["contrast 1.4"]}).status == 200
    (done,) = decided(path)
    assert (done.decision.typed, done.decision.value, done.decision.machine.value) == (
        truth(3),
        truth(3),
        read(3),
    )
    assert done.decision.mode == "type_first" and not done.decision.shown.reading_visible
    assert done.decision.shown.enhancements == ("contrast 1.4",) and done.decision.shown.picture == "original"


def test_assist_shows_the_reading_and_says_so(path: Path) -> None:
    desk = desk_on(path, mode="assist")
    said = desk.reading(0, "serial")
    assert said["value"] == read(0)
    assert [(one["char"], one["doubtful"]) for one in said["characters"]][:2] == [
        (read(0)[0], True),
        ("B", False),
    ]
    assert said["characters"][0]["others"] == ["9", "A"]  # by the alphabet, not by probability
    desk.decide(given(0, value=read(0)))
    desk.close()
    (done,) = decided(path)
    assert (
        done.decision.mode == "assist" and done.decision.shown.reading_visible and done.decision.typed is None
    )


def test_a_second_reviewer_sees_nothing_of_the_first_and_a_third_settles(path: Path) -> None:
    with running(desk_on(path), texts()) as page:
        client = Client(page.origin)
        client.enter(page.address)
        for number, value in ((0, "FIRST-0"), (1, truth(1)), (2, truth(2))):
            client.post("/api/typed", {"number": number, "spot": "serial", "text": value})
            body = {
                "number": number,
                "spot": "serial",
                "answer": "read",
                "value": value,
                "note": "secret note",
            }
            assert client.post("/api/decision", body).status == 200
    same = desk_on(path, "a.  DOE", role="second")
    assert same.queue(Filter()) == []  # nobody is their own second
    with pytest.raises(RefusedError):
        same.decide(given(0, "unreadable"))
    same.close()
    desk = desk_on(path, "B. Roe", role="second")
    with running(desk, texts()) as page:
        client = Client(page.origin)
        client.enter(page.address)
        assert sorted(desk.queue(Filter())) == [0, 1, 2]
        for number in (0, 1, 2):
            seen = everything(client, number)
            typed = client.post("/api/typed", {"number": number, "spot": "serial", "text": truth(number)})
            assert not re.search("FIRST-0|secret|Doe", seen + typed.body.decode())
        desk.decide(given(0, value=truth(0)))
        desk.decide(given(1, value=truth(1)))
        desk.decide(given(2, "removed_or_altered"))
    for name in ("A. Doe", "b. roe"):
        desk = desk_on(path, name, role="third")
        assert desk.queue(Filter()) == []
        desk.close()
    desk = desk_on(path, "C. Poe", role="third")
    assert sorted(desk.queue(Filter())) == [0, 2]
    said = desk.typed(0, "serial", truth(0))
    assert sorted(said["opinions"]) == [["read", truth(0)], ["read", "FIRST-0"]]
    desk.decide(given(0, value=truth(0)))
    assert desk.queue(Filter()) == [2]
    desk.close()
    states = [one.state for one in decision_now(decided(path)).values()]
    assert states == ["decided", "decided", "differs"]
    assert verdict_on(path).ok


def test_the_sample_is_drawn_by_chance_and_is_the_same_each_time(tmp_path: Path) -> None:
    made = make_review_case(tmp_path, range(20), accept=range(4, 20))
    drawn = []
    for _ in range(2):
        desk = desk_on(made, audit=0.25)
        drawn.append(desk.queue(Filter()))
        desk.close()
    assert drawn[0] == drawn[1] and len(drawn[0]) == 4 + 4
    audited = [number for number in drawn[0] if number >= 4]
    assert drawn[0][-4:] != audited  # not all at the end, where they would be known
    desk = desk_on(made, audit=0.25)
    assert all("accept" not in str(desk.photo(number)) for number in audited)
    wrong = next(number for number in audited)
    type_and_take(desk, wrong, "OTHER")
    desk.close()
    (done,) = decided(made)
    assert done.decision.role == "audit" and done.decision.machine.decision == "accept"
    desk = desk_on(made, "B. Roe", role="second")
    assert desk.queue(Filter()) == [wrong]  # the second one need not ask for the sample
    desk.close()


def test_misses_are_reported_and_the_known_serials_stay_outside(command: Command, path: Path) -> None:
    labels = path.parent / "labels.jsonl"
    labels.write_text(
        "".join(f'{{"file": "photos/IMG_000{n}.jpg", "lines": [], "serial": "{truth(n)}"}}\n' for n in (0, 4))
    )
    from serialscan.cli.review import _known

    desk = desk_on(path, known=_known(labels), audit=1.0)
    assert 4 in desk.queue(Filter())
    type_and_take(desk, 4, "WRONG4")
    type_and_take(desk, 0, truth(0))
    desk.close()
    done = command("review", path, "--agreement", "--known", labels)
    assert done.code == ExitCode.OK
    assert "accepted serials of the sample found right: 0 of 1 (0.0%; 95 % interval 0.0% to" in done.out
    assert done.out.count("missed: photos/IMG_0004.jpg: WRONG4, program:") == 2
    assert "known serials read right: 1 of 2" in done.out
    assert truth(4) not in str([one.decision.reason for one in decided(path)])
    assert command("review", path, "--agreement", "--known", "none.jsonl").code == ExitCode.NO_INPUT
    assert command("review", path, "--audit", "5 of 10").code == ExitCode.USAGE


# ---- the queue


def test_the_most_doubtful_comes_first_and_filters_leave_what_they_say(path: Path) -> None:
    desk = desk_on(path)
    assert desk.queue(Filter()) == [0, 1, 2, 3, 5] and desk.left() == 5
    assert desk.queue(Filter(decision="accept")) == [4]
    assert desk.queue(Filter(folder="photos")) == [0, 1, 2, 3, 5] and desk.queue(Filter(folder="other")) == []
    assert desk.queue(Filter(warning="may_go_on")) == [1, 3, 5]
    desk.decide(given(0, "ask"))
    desk.decide(given(1, "no_serial"))
    assert desk.queue(Filter()) == [2, 3, 5] and desk.left() == 3
    assert desk.queue(Filter(status="asked")) == [0] and desk.queue(Filter(status="decided")) == [1]
    assert ["may_go_on", "may_go_on", 3] in desk.choices()["warning"]
    desk.close()


def test_undo_goes_back_step_by_step_also_after_a_new_start(path: Path) -> None:
    desk = desk_on(path)
    for number in (0, 1):
        type_and_take(desk, number, truth(number))
    assert desk.undo()["number"] == 1 and desk.left() == 4
    desk.close()
    other = desk_on(path, "B. Roe")
    with pytest.raises(RefusedError, match="nothing_to_undo"):
        other.undo()
    other.close()
    desk = desk_on(path)
    assert desk.undo()["number"] == 0 and desk.left() == 5
    with pytest.raises(RefusedError, match="nothing_to_undo"):
        desk.undo()
    desk.close()
    assert [one.decision.answer for one in decided(path)] == ["read", "read", None, None]
    assert decision_now(decided(path)) == {} and verdict_on(path).ok


def test_marks_are_decided_beside_the_serial(path: Path) -> None:
    desk = desk_on(path)
    names = [(one["name"], one["means"], one["value"]) for one in desk.photo(0)["spots"]]
    assert names == [("serial", "serial", None), ("mark 0", "date", None)]
    type_and_take(desk, 0, "1969", spot="mark 0")
    assert desk.left() == 5 and desk.photo(0)["spots"][1]["done"] and not desk.photo(0)["spots"][0]["done"]
    desk.close()
    (done,) = decided(path)
    assert (done.decision.target.kind, done.decision.target.index, done.decision.machine.value) == (
        "mark",
        0,
        "1968",
    )


# ---- pictures


def test_the_original_is_shown_only_if_its_hash_is_right_and_the_page_says_which(path: Path) -> None:
    photos = path.parent / "photos"
    (photos / "IMG_0001.jpg").write_bytes(b"\xff\xd8 something else")
    (photos / "IMG_0002.jpg").unlink()
    desk = desk_on(path)
    sent = [desk.whole(number, 1, flat=False, side=400) for number in range(3)]
    shown = [(one.kind, one.why) for one in sent]
    assert shown == [("original", ""), ("preview", "changed"), ("preview", "moved")]
    for number in range(3):
        for sent in (desk.whole(number, 1, flat=False, side=400), desk.crop(number, "serial", flat=True)):
            assert sent.data is not None and sent.data.startswith(b"\xff\xd8")
    desk.decide(given(1, "unreadable", picture="original"))  # what was never sent is not believed
    desk.whole(0, 1, flat=False, side=400, kept=True)
    desk.decide(given(0, "unreadable", picture="preview"))  # it was decided before the original was there
    small = [desk.whole(3, 1, flat=False, side=400, kept=True), desk.crop(3, "serial", flat=False, kept=True)]
    assert [one.kind for one in small] == ["preview", "preview"]
    desk.decide(given(3, "unreadable", picture="original"))
    desk.decide(given(4, "unreadable", picture="original"))  # nothing was sent of it
    desk.close()
    moved = path.parent / "elsewhere"
    moved.mkdir()
    photos.rename(moved / "photos")
    desk = desk_on(path, base=moved)
    assert desk.whole(0, 1, flat=False, side=400).kind == "original"
    desk.close()
    shown_then = {one.decision.path[-5]: one.decision.shown.picture for one in decided(path)}
    assert shown_then == {"1": "preview", "0": "preview", "3": "preview", "4": "none"}


def test_a_box_is_read_and_both_readings_are_kept(path: Path) -> None:
    desk = desk_on(path)
    left, top, right, bottom = BOX[0][0] - 6, BOX[0][1] - 2, BOX[2][0], BOX[2][1] + 4
    name = desk.draw(5, 1, (left, top, right, bottom), "serial")
    assert desk.crop(5, name, flat=False).kind == "original"
    with pytest.raises(RefusedError, match="type_first"):
        desk.reading(5, name)
    said = desk.typed(5, name, "OWN")
    assert said["value"] == truth(5)
    desk.decide(given(5, value="OWN", spot=name))
    for corners in ((9.0, 9.0, 9.0, 9.0), (9.0, 9.0, 5.0, 5.0)):
        with pytest.raises(RefusedError, match="no_box"):
            desk.draw(5, 1, corners, "serial")
    assert desk.left() == 4
    desk.close()
    (done,) = decided(path)
    assert done.decision.target.kind == "serial" and len(done.decision.target.polygon) == 4
    assert done.decision.box is not None and done.decision.box.value == truth(5)
    assert (done.decision.typed, done.decision.value, done.decision.machine.value) == ("OWN", "OWN", None)
    with open_case(path) as reader:
        (kept,) = reader.pictures(done.place)  # what stood in the box can be shown months later
    assert Image.open(io.BytesIO(kept)).height == BOX_CROP_PX and verdict_on(path).ok


# ---- faults


def test_nobody_else_writes_the_case_meanwhile_and_the_end_leaves_a_head(path: Path) -> None:
    desk = desk_on(path)
    with pytest.raises(OutputError, match="is being written by"):
        desk_on(path)
    desk.decide(given(0, "unreadable"))
    desk.close()
    desk.close()
    with CaseWriter(path) as writer:
        size = writer.size
    with open_case(path) as reader:
        head = reader.last_head()
    assert head is not None and head.size == size


def test_a_case_gets_the_same_port_again_unless_it_is_taken(path: Path, command: Command) -> None:
    with running(desk_on(path), texts()) as first:
        port = first.origin.rpartition(":")[2]
    with running(desk_on(path), texts()) as again:
        assert again.origin == first.origin
        other = make_review_case(path.parent / "other", range(1))
        done = command("review", other, "--no-browser", "--port", port)
        assert done.code == ExitCode.OUTPUT and f"port {port}" in done.err
    with socket.create_server(("127.0.0.1", int(port))), running(desk_on(path), texts()) as third:
        assert third.origin != first.origin


def test_a_language_that_is_not_there_is_told_and_a_half_translated_one_speaks_english(
    tmp_path: Path,
) -> None:
    with pytest.raises(SettingsError, match="known are en"):
        texts("xx")
    (tmp_path / "fa.json").write_text('{"_language": "fa", "_direction": "rtl", "undo": "برگشت"}', "utf-8")
    words = texts("fa", tmp_path)
    assert words["undo"] == "برگشت" and words["finish"] == "Finish"


def test_every_word_that_the_page_asks_for_is_there() -> None:
    words = texts()
    asked = set()
    for file in STATIC.glob("*.js"):
        asked |= set(re.findall(r'\bsay\("(\w+)"', file.read_text("utf-8")))
    page = (REPOSITORY / "serialscan/review/templates/review.html").read_text("utf-8")
    asked |= set(re.findall(r"\bt\.(\w+)", page))
    asked |= {f"error_{name}" for name in re.findall(r'RefusedError\("(\w+)"\)', _source("desk.py"))}
    assert asked - set(words) == set()


def _source(name: str) -> str:
    return (REPOSITORY / "serialscan" / "review" / name).read_text("utf-8")


@pytest.mark.parametrize("killed_after", [1, 3])
def test_a_server_that_is_killed_in_the_middle_of_decisions_loses_none_that_it_confirmed(
    tmp_path: Path, serialscan: Program, killed_after: int
) -> None:
    made = make_review_case(tmp_path, range(6))
    confirmed: list[int] = []
    with serialscan.started("review", made, "--no-browser", "--by", "A. Doe") as process:
        assert process.stderr is not None
        address = ""
        while not address:
            found = re.search(rb"http://\S+", process.stderr.readline())
            address = found[0].decode() if found else ""
        client = Client(address.partition("/enter")[0])
        client.enter(address)
        enough = threading.Event()

        def decide() -> None:
            for number in range(6):
                body = {"number": number, "spot": "serial", "answer": "unreadable"}
                try:
                    answer = client.post("/api/decision", body)
                except OSError:
                    return
                if answer.status == 200:
                    confirmed.append(answer.json["sequence"])
                if len(confirmed) >= killed_after:
                    enough.set()

        worker = threading.Thread(target=decide)
        worker.start()
        assert enough.wait(60)
        process.send_signal(signal.SIGKILL)
        worker.join()
    written = [one.name.sequence for one in decided(made)]
    assert written[: len(confirmed)] == confirmed and len(written) <= len(confirmed) + 1
    assert verdict_on(made).ok
    desk = desk_on(made)
    assert len(desk.queue(Filter())) == 6 - len(written)
    desk.close()


def test_ctrl_c_is_an_ordinary_end(path: Path, serialscan: Program) -> None:
    with serialscan.started("review", path, "--no-browser") as process:
        assert process.stderr is not None and b"http://127.0.0.1:" in process.stderr.readline()
        assert b"one browser" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == ExitCode.OK
    assert misread(3) and verdict_on(path).ok


def test_what_is_no_case_is_told(command: Command, tmp_path: Path) -> None:
    (tmp_path / "no.case").write_text("no case")
    for name in ("no.case", "none.case"):
        done = command("review", name, "--no-browser")
        assert done.code == ExitCode.NO_INPUT and done.err.count("\n") == 1


def test_a_server_that_ends_before_it_is_woken_for_it_ends_in_order(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something else may wake it just when it is told to end: then it closes what wakes it."""
    from waitress.trigger import trigger

    pull = trigger._physical_pull

    def twice(self: Any) -> None:
        pull(self)
        time.sleep(0.3)
        pull(self)

    monkeypatch.setattr(trigger, "_physical_pull", twice)
    with running(desk_on(path), texts()) as page:
        pass
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", int(page.origin.split(":")[-1]))):
        pass
