"""The report as whoever opens it sees it: in Chromium, from a file, without JavaScript, in print."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe
from case_fixtures import Command, verdict_on
from PIL import Image
from playwright.sync_api import Browser, Page
from report_fixtures import (
    decide,
    draw_photo,
    item_of,
    record_of,
    renamed,
    serial_of,
    some_records,
    write_case,
    write_records,
)

from serialscan.case import CaseWriter, Picture
from serialscan.case.decisions import Target
from serialscan.case.entry import decode
from serialscan.errors import ExitCode, OutputError
from serialscan.record import Error, Warning_, to_json
from serialscan.report.facts import facts_of
from serialscan.report.opener import Openers, Request
from serialscan.report.origin import FileOrigin
from serialscan.report.pictures import ITEM_BYTES, SERIAL_PX, Cut, Wanted, cut
from serialscan.report.plan import Found, head_of, plan
from serialscan.report.write import select, write_report
from serialscan.settings import Settings
from serialscan.webpage import sure

CHROMIUM = shutil.which("chromium")
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
HOSTILE = (
    "<script>window.hit=1</script><img src=x onerror=window.hit=1>\"'`&amp;{{7*77777}}\u202ecod.gpj\x1b[31m"
)
SHOWN = (
    "<script>window.hit=1</script><img src=x onerror=window.hit=1>\"'`&amp;{{7*77777}}\\u202ecod.gpj\\x1b[31m"
)


@dataclass
class Seen:
    """A page that is open, and what the browser asked for and complained of while it was."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        """Of all elements, also of those that are not drawn yet because they are far below."""
        return [" ".join(text.split()) for text in self.page.locator(selector).all_text_contents()]


@contextmanager
def opened(browser: Browser, path: Path, **options: Any) -> Iterator[Seen]:
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(60_000)
    seen = Seen(page)
    page.on("request", lambda request: seen.asked.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("dialog", lambda dialog: seen.complaints.append(dialog.message))
    page.goto(path.as_uri())
    yield seen
    context.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "photos"


def test_a_page_from_records_shows_everything_and_asks_for_nothing(
    command: Command, browser: Browser, folder: Path, tmp_path: Path
) -> None:
    photos = some_records(folder, 5, review=[1], none=[2])
    item = item_of("AK-1", photos[3:])
    write_records(tmp_path / "records.ndjson", *photos, item)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    done = command("report", "records.ndjson", "-o", "report.html")
    assert (done.code, done.out) == (ExitCode.OK, "") and "report.html" in done.err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    with opened(browser, tmp_path / "report.html") as seen:
        assert seen.texts(".counts li") == ["4 items", "2 accepted by the program", "1 to review",
                                            "1 no serial found"]  # fmt: skip
        assert seen.texts("table.index tbody td:nth-child(3)") == [
            serial_of(0),
            serial_of(1),
            "",
            serial_of(3),
        ]
        assert len(seen.texts("article")) == 4
        first = seen.page.locator("#i1")
        assert first.locator(".reading").count() == 2
        assert first.locator(".reading.serial svg text:not(.o)").all_text_contents() == list(serial_of(0))
        assert first.locator("svg text.d").all_text_contents() == ["1"]
        assert first.locator("svg text.o").all_text_contents() == ["8", "∅"]
        assert "1 0.60, or 8 0.30, no character 0.05" in seen.texts("#i1 .doubts")[0]
        assert photos[0].source.sha256 is not None
        assert photos[0].source.sha256 in seen.texts("#i1")[0] and "Camera One" in seen.texts("#i1")[0]
        (last,) = seen.texts("#i4")
        assert "AK-1" in last and "no model was recognised (ATF 3312.1 5f)" in last
        assert "NOT STATED" in seen.texts(".end")[0]
        for picture in seen.page.locator("img").all():
            picture.scroll_into_view_if_needed()
            assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") > 20
        assert [url for url in seen.asked if not url.startswith("data:")] == [
            (tmp_path / "report.html").as_uri()
        ]
        assert seen.complaints == []


def test_search_and_filters_hide_rows_and_their_items_until_they_are_cleared(
    command: Command, browser: Browser, folder: Path, tmp_path: Path
) -> None:
    photos = some_records(folder, 6, review=[1, 4], none=[2])
    write_records(tmp_path / "records.ndjson", *photos)
    command("report", "records.ndjson", "-o", "report.html")
    with opened(browser, tmp_path / "report.html") as seen:

        def rows() -> list[str]:
            shown = seen.page.locator("table.index tbody tr:visible td:first-child").all_inner_texts()
            items = seen.page.locator("article:visible").evaluate_all(
                "all => all.map(one => one.id.slice(1))"
            )
            assert shown == items
            return shown

        assert rows() == ["1", "2", "3", "4", "5", "6"]
        seen.page.select_option("#standing", "review")
        assert rows() == ["2", "5"] and seen.page.inner_text("#shown") == "2 of 6 shown"
        seen.page.fill("#search", f" {serial_of(4).lower()} colt ")
        assert rows() == ["5"]
        seen.page.select_option("#standing", "")
        seen.page.fill("#search", photos[2].source.sha256 or "")
        assert rows() == ["3"]
        seen.page.click("button[type=reset]")
        assert rows() == ["1", "2", "3", "4", "5", "6"] and seen.page.inner_text("#shown") == ""
        seen.page.click("table.index a >> nth=4")
        assert seen.page.evaluate("location.hash") == "#i5"


def test_without_javascript_all_is_there_and_links_lead_to_their_items(
    command: Command, browser: Browser, folder: Path, tmp_path: Path
) -> None:
    write_records(tmp_path / "records.ndjson", *some_records(folder, 40))
    command("report", "records.ndjson", "-o", "report.html")
    with opened(browser, tmp_path / "report.html", java_script_enabled=False) as seen:
        assert not seen.page.locator("form.filter").is_visible()
        assert seen.page.locator("article").count() == 40
        seen.page.click("table.index a >> nth=37")
        assert seen.page.locator("#i38 .what code").first.text_content() == serial_of(37)
        top = seen.page.locator("#i38").bounding_box()
        assert top is not None and -50 < top["y"] < 300


@pytest.mark.parametrize("width", [360, 390, 1280])
def test_a_page_is_never_wider_than_its_window(
    command: Command, browser: Browser, folder: Path, tmp_path: Path, width: int
) -> None:
    photos = some_records(folder, 2)
    long = "W" * 200
    photos[1] = renamed(photos[1], f"{folder}/{long[:100]}/{long}.jpg")
    warned = msgspec.structs.replace(photos[0], warnings=(Warning_.of("blurred", long),))
    write_records(tmp_path / "records.ndjson", warned, photos[1])
    command("report", "records.ndjson", "-o", "report.html")
    with opened(browser, tmp_path / "report.html", viewport={"width": width, "height": 800}) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_texts_stay_texts_everywhere(
    command: Command, browser: Browser, folder: Path, tmp_path: Path
) -> None:
    photos = some_records(folder, 2)
    draw_photo(folder / "hostile.jpg", 7)
    record = record_of(folder / "hostile.jpg", 7)
    marks = tuple(msgspec.structs.replace(one, value=HOSTILE, raw=HOSTILE + "x") for one in record.marks)
    glyphs = tuple(
        msgspec.structs.replace(one, char=HOSTILE, confidence=0.5,
                                alternatives=(msgspec.structs.replace(photos[0].lines[0].characters[2]
                                                                      .alternatives[0], char=HOSTILE),))
        for one in record.lines[0].characters
    )  # fmt: skip
    lines = tuple(
        msgspec.structs.replace(one, text=HOSTILE, characters=glyphs if one.id == "L1" else ())
        for one in record.lines
    )
    record = msgspec.structs.replace(
        renamed(record, f"javascript:window.hit=1//{HOSTILE}.jpg", camera=HOSTILE, captured_at=HOSTILE),
        lines=lines, marks=marks, warnings=(Warning_.of("blurred", HOSTILE),),
        serial=msgspec.structs.replace(record.serial, value=HOSTILE),
    )  # fmt: skip
    failed = renamed(photos[1], "'><b>", sha256=None)
    failed = msgspec.structs.replace(
        failed, status="error", error=Error.of("corrupt", HOSTILE), lines=(), marks=()
    )
    write_case(tmp_path / "hostile.case", [photos[0], record, failed], [item_of(HOSTILE, [record])])
    person = {"name": HOSTILE, "role": HOSTILE}
    decide(tmp_path / "hostile.case", photos[0], "read", HOSTILE, person=person, reason=HOSTILE, note=HOSTILE)
    with CaseWriter(tmp_path / "hostile.case") as writer:
        said = {"person": person, "item": None, "facts": {"authority": HOSTILE}}
        writer.append("set", said)
        writer.append("set", {**said, "item": HOSTILE, "facts": {"mark_place.serial": HOSTILE}})
        writer.append("note", {"person": person, "item": HOSTILE, "text": HOSTILE})
        row = {"number": 0, "source": HOSTILE, "line": 2, "cells": {HOSTILE: HOSTILE}}
        entry = {"serial": HOSTILE, "posterior": 0.9, "row": row}
        match = {"register": HOSTILE, "sha256": HOSTILE, "serial": HOSTILE, "entries": [entry],
                 "absent": {"probability": 0.1, "reason": "not_on_record", "detail": HOSTILE}}  # fmt: skip
        of = {"case_id": writer.case_id, "record": 5, "register": HOSTILE, "sha256": HOSTILE}
        writer.append("match", of, json.dumps([match]).encode())
        writer.checkpoint()
    assert command("report", "hostile.case", "-o", "report.html").code == ExitCode.OK
    page = (tmp_path / "report.html").read_text("utf-8")
    assert not any(char in page for char in "\u202e\x1b\u2066\u200f")
    assert page.count("<script>") == 1 and "544439" not in re.sub(
        r"[0-9a-f]{32,}|data:[^\"]+", "", page[-20000:]
    )
    with opened(browser, tmp_path / "report.html") as seen:
        seen.page.fill("#search", "script")
        assert seen.page.evaluate("window.hit") is None
        assert seen.page.locator("script").count() == 1 and seen.page.locator("b:has(> b)").count() == 0
        (whole,) = seen.texts("body")
        assert whole.count(SHOWN) > 20
        assert seen.page.locator(f"article >> text={SHOWN[:28]}").count() > 0
        assert all(url.startswith(("file:", "data:")) for url in seen.asked) and seen.complaints == []
    done = command("report", "hostile.case", "--format", "text")
    assert done.code == ExitCode.OK and "\u202e" not in done.out and "\x1b" not in done.out


def test_what_a_person_decided_stands_and_what_the_program_read_stays_beside_it(
    command: Command, browser: Browser, folder: Path, tmp_path: Path
) -> None:
    photos = some_records(folder, 6, review=[0, 1, 2])
    case = tmp_path / "a.case"
    write_case(case, photos, [item_of("AK-1", photos[4:])])
    decide(case, photos[0], "read", "AB10O0", note="worn")
    second = {"person": {"name": "B. Roe"}, "role": "second"}
    decide(case, photos[1], "read", "AB1001")
    decide(case, photos[1], "read", "AB1007", **second)
    wrong = decide(case, photos[2], "read", "AB9999")
    decide(case, photos[2], None, None, undoes=wrong)  # type: ignore[arg-type]
    decide(case, photos[3], "unreadable", reason="worn off")
    decide(case, photos[5], "read", "AB1004", mode="assist", typed=None)
    done = command("report", case, "-o", "report.html")
    assert done.code == ExitCode.OK
    with opened(browser, tmp_path / "report.html") as seen:

        def item(number: int) -> str:
            return seen.texts(f"#i{number}")[0]

        assert seen.texts("article .badge") == [
            "decided by a person", "to review", "to review", "decided by a person", "decided by a person",
        ]  # fmt: skip
        assert seen.page.locator("#i1 .serial code").first.text_content() == "AB10O0"
        assert f"Program: {serial_of(0)}, confidence 0.90, decision review" in item(1)
        assert "A. Doe (1234)" in item(1) and "typed first: AB10O0" in item(1) and "worn" in item(1)
        assert "reviewers differ: A. Doe (AB1001) and B. Roe (AB1007)" in item(2)
        assert "taken back" in item(3) and f"takes entry {wrong.sequence} back" in item(3)
        assert seen.page.locator("#i3 .serial code").first.text_content() == serial_of(2)
        assert "no serial unreadable, decided by A. Doe" in item(4) and "worn off" in item(4)
        assert "AK-1" in item(5) and "with the program's reading shown" in item(5)
        assert "In conflict 1" in seen.texts("main")[0]
        for picture in seen.page.locator("article img").all():
            picture.scroll_into_view_if_needed()
            assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") > 20
    command("report", case, "-o", "open.html", "--decision", "review")
    with opened(browser, tmp_path / "open.html") as seen:
        assert seen.page.locator("article").count() == 2
        assert "only what is to review (3 left out)" in seen.texts("header")[0]
    text = command("report", case, "--format", "text").out
    assert "5 items" in text and "3 decided by a person" in text and "AB10O0" in text
    assert max(map(len, text.splitlines())) < 200


def test_a_box_that_a_person_drew_is_shown_with_its_decision(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    (record,) = some_records(folder, 1, none=[0])
    write_case(tmp_path / "a.case", [record])
    corners = ((300.0, 180.0), (380.0, 180.0), (380.0, 220.0), (300.0, 220.0))
    stored = io.BytesIO()
    Image.new("RGB", (90, 40), (10, 90, 10)).save(stored, "JPEG")
    crop = Picture(role="crop", of="box", data=stored.getvalue())
    kept = decide(tmp_path / "a.case", record, "read", "OWN1", [crop], target=Target(polygon=corners))
    gone = decide(tmp_path / "a.case", record, "read", "OWN2", [crop], target=Target(polygon=corners))
    decide(tmp_path / "a.case", record, None, undoes=gone)  # type: ignore[arg-type]
    assert verdict_on(tmp_path / "a.case").ok and kept.sequence < gone.sequence
    assert command("report", "a.case", "-o", "report.html").code == ExitCode.OK
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.count('<img class="box"') == 2  # what was taken back is shown, too
    assert page.count('class="s h"') == 1 and "300,180 380,180 380,220 300,220" in page


@in_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    command: Command, browser: Browser, folder: Path, tmp_path: Path, scheme: Any
) -> None:
    photos = some_records(folder, 4, review=[0], none=[1])
    write_case(tmp_path / "a.case", photos, [item_of("AK-1", photos[2:])])
    decide(tmp_path / "a.case", photos[0], "read", "AB10O0", note="scratched")
    command("report", "a.case", "-o", "report.html")
    with opened(browser, tmp_path / "report.html", color_scheme=scheme) as seen:
        found = Axe().run(seen.page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


@in_browser
def test_a_selection_is_printed(command: Command, folder: Path, tmp_path: Path) -> None:
    photos = some_records(folder, 6)
    write_records(tmp_path / "records.ndjson", *photos, item_of("AK-1", photos[:2]))
    done = command("report", "records.ndjson", "-o", "some.html", "--pdf", "--items", "AK-1", "IMG_0004.jpg")
    assert done.code == ExitCode.OK, done.err
    page, pdf = (tmp_path / "some.html").read_text("utf-8"), (tmp_path / "some.pdf").read_bytes()
    assert page.count("<article") == 2 and "only AK-1, IMG_0004.jpg" in page
    assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 2
    assert len(re.findall(rb"/Subtype\s*/Image", pdf)) >= page.count("<img")
    done = command("report", "records.ndjson", "-o", "none.html", "--items", "AK-2")
    assert done.code == ExitCode.NO_INPUT and "AK-2" in done.err and not (tmp_path / "none.html").exists()


def test_more_items_than_a_browser_prints_are_refused_before_anything_is_written(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    (one,) = some_records(folder, 1)
    many = [renamed(one, f"{number}.jpg", sha256=f"{number:064x}") for number in range(401)]
    write_records(tmp_path / "records.ndjson", *many)
    done = command("report", "records.ndjson", "-o", "report.html", "--pdf")
    assert done.code == ExitCode.USAGE and "choose some with --items or --decision" in done.err
    assert not (tmp_path / "report.html").exists()


def test_without_chromium_the_page_can_still_be_had(
    command: Command, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_records(tmp_path / "records.ndjson", *some_records(folder, 1))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("serialscan.report.pdf._ELSEWHERE", ())
    done = command("report", "records.ndjson", "-o", "report.html", "--pdf")
    assert done.code == ExitCode.ENGINE and "open the report in a browser and print it there" in done.err
    assert not (tmp_path / "report.html").exists()
    assert command("report", "records.ndjson", "-o", "report.html").code == ExitCode.OK


def test_one_bad_photo_costs_its_pictures_and_says_why(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    photos = some_records(folder, 5)
    names = [Path(one.source.path) for one in photos]
    names[0].unlink()
    names[1].write_bytes(names[1].read_bytes() + b"x")
    names[2].write_bytes(b"\xff\xd8\xff\xe0 broken")
    broken = hashlib.sha256(names[2].read_bytes()).hexdigest()
    photos[2] = renamed(photos[2], str(names[2]), sha256=broken)
    photos[3] = renamed(photos[3], str(names[3]), sha256=None)
    write_records(tmp_path / "records.ndjson", *photos)
    done = command("report", "records.ndjson", "-o", "report.html")
    assert done.code == ExitCode.OK
    articles = (tmp_path / "report.html").read_text("utf-8").split("<article")[1:]
    assert [one.count("<img") for one in articles] == [0, 0, 0, 0, 3]
    assert "No picture: " in articles[0] and "not the one that was read" in articles[1]
    assert all("No picture: " in one and serial_of(number) in one for number, one in enumerate(articles[:4]))


def test_a_photo_that_ends_the_process_that_opens_it_costs_only_its_pictures(folder: Path) -> None:
    (record,) = some_records(folder, 1)
    assert record.source.sha256 is not None
    path = Path(record.source.path)
    request = Request(path, "a", record.source.sha256, (Wanted(record.lines[0], SERIAL_PX),), ITEM_BYTES)
    with Openers(Settings(), jobs=1, timeout_s=60) as openers:
        ((first,),) = openers.answers(iter([[request]]))
        assert isinstance(first, Cut) and first.preview is not None and set(first.crops) == {"L1"}
        for child in psutil.Process().children():
            if any("spawn_main" in word for word in child.cmdline()):
                child.kill()
                child.wait()
        (second,), (third,) = openers.answers(iter([[request], [request]]))
        assert isinstance(second, str) and "ended the program" in second
        assert isinstance(third, Cut)
    assert not [one for one in psutil.Process().children() if "spawn_main" in " ".join(one.cmdline())]


def test_pictures_of_an_item_stay_within_their_bytes_also_of_a_photo_full_of_noise() -> None:
    rgb = np.random.default_rng(7).integers(0, 256, (1200, 1600, 3), np.uint8)
    lines = [msgspec.structs.replace(record_of(Path("x"), 1).lines[0], id=f"L{n}") for n in range(9)]
    made = cut([(1, rgb)], [Wanted(line, SERIAL_PX) for line in lines], ITEM_BYTES)
    assert made.preview is not None and 1 <= len(made.crops) < 9
    assert sum(len(one.data) for one in (made.preview, *made.crops.values())) < 2 * ITEM_BYTES


def test_what_is_too_large_is_split_into_files_that_lead_to_each_other(
    browser: Browser, folder: Path, tmp_path: Path
) -> None:
    from datetime import UTC, datetime

    write_records(tmp_path / "records.ndjson", *some_records(folder, 7))
    path = tmp_path / "a report #1.html"
    with (
        Openers(Settings(), 1, 60) as openers,
        FileOrigin(tmp_path / "records.ndjson", openers, None, None) as origin,
    ):
        selected = select(origin, (), ())
        facts = facts_of(origin, selected, (), (), "", "", datetime.now(UTC))
        (tmp_path / "a report #1-2.html").write_text("somebody else's", "utf-8")
        with pytest.raises(OutputError, match="is there already"):
            write_report(path, origin, selected, (), facts, most_bytes=60_000)
        assert not path.exists() and not (tmp_path / "a report #1-1.html").exists()
        (tmp_path / "a report #1-2.html").unlink()
        whole = write_report(tmp_path / "whole.html", origin, selected, (), facts, most_bytes=200_000)
        written = write_report(path, origin, selected, (), facts, most_bytes=60_000)
    assert len(whole.files) == 1 and whole.files[0].read_text("utf-8").count("<article") == 7
    assert written.items == 7 and len(written.files) > 2 and all(one.is_file() for one in written.files)
    counts = [one.read_text("utf-8").count("<article") for one in written.files]
    assert counts[0] == 0 and sum(counts) == 7 and all(counts[1:])
    assert all(one.stat().st_size < 60_000 for one in written.files)
    with opened(browser, path) as seen:
        assert "How this was made" in seen.texts("main")[0]
        seen.page.click("table.index a >> nth=5")
        assert seen.page.locator("#i6 .serial code").first.text_content() == serial_of(5)
        seen.page.click("header a")
        assert seen.page.locator("table.index").is_visible()


def test_a_case_that_was_changed_is_reported_with_an_alarm_and_swapped_pictures_are_not_shown(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    photos = some_records(folder, 2)
    write_case(tmp_path / "a.case", photos)
    with closing(sqlite3.connect(tmp_path / "a.case")) as database:
        (other,) = database.execute("SELECT bytes FROM picture WHERE sequence = 3 AND ordinal = 0").fetchone()
        database.execute("UPDATE picture SET bytes = ? WHERE sequence = 2 AND ordinal = 0", (other,))
        database.commit()
    done = command("report", "a.case", "-o", "report.html")
    assert done.code == ExitCode.VERIFY_FAILED
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "NOT as it was written: 1 fault." in page.split("<main>")[0]
    assert [one.count("<img") for one in page.split("<article")[1:]] == [1, 2]


def test_a_report_stands_in_the_ledger_only_if_somebody_is_named(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    case = tmp_path / "a.case"
    write_case(case, some_records(folder, 1))
    before = case.read_bytes()
    assert command("report", case, "-o", "a.html").code == ExitCode.OK
    assert case.read_bytes() == before
    done = command("report", case, "-o", "b.html", "--by", "A. Doe", "--badge", "1234")
    assert done.code == ExitCode.OK and "for <bdi>A. Doe, 1234</bdi>" in (tmp_path / "b.html").read_text(
        "utf-8"
    )
    with closing(sqlite3.connect(case)) as database:
        (data,) = database.execute("SELECT bytes FROM entry ORDER BY sequence DESC LIMIT 1").fetchone()
    entry = decode(data)
    assert entry.kind == "export" and entry.fields["person"] == {"name": "A. Doe", "badge": "1234"}
    digest = hashlib.sha256((tmp_path / "b.html").read_bytes()).hexdigest()
    assert entry.fields["files"] == [{"file": "b.html", "sha256": digest}]
    assert verdict_on(case).ok
    done = command("report", case, "-o", "b.html")
    assert (
        done.code == ExitCode.OUTPUT
        and hashlib.sha256((tmp_path / "b.html").read_bytes()).hexdigest() == digest
    )


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["records.ndjson"], ExitCode.USAGE, "-o report.html"),
        (["nowhere.case", "-o", "x.html"], ExitCode.NO_INPUT, "check the path"),
        (["photo.jpg", "-o", "x.html"], ExitCode.NO_INPUT, "is no record"),
        (["empty.ndjson", "-o", "x.html"], ExitCode.NO_INPUT, "holds no record"),
        (["empty.ndjson", "-o", "photo.jpg"], ExitCode.OUTPUT, "is there already"),  # before anything is read
        (["records.ndjson", "-o", "x.html", "--decision", "error"], ExitCode.NO_INPUT, "not read"),
        (["records.ndjson", "-o", "x.html", "--by", "A. Doe"], ExitCode.USAGE, "--by is for a case"),
        (["records.ndjson", "AK-1", "-o", "x.html"], ExitCode.USAGE, "--items"),
        (["records.ndjson", "-o", "nowhere/x.html"], ExitCode.OUTPUT, "cannot be written"),
        (["records.ndjson", "-o", "x.html", "--evaluation", "photo.jpg"], ExitCode.SETTINGS, "no evaluation"),
        (["records.ndjson", "-o", "x.pdf", "--pdf"], ExitCode.USAGE, "beside it"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_written(
    command: Command, folder: Path, tmp_path: Path, words: list[str], code: ExitCode, told: str
) -> None:
    write_records(tmp_path / "records.ndjson", *some_records(folder, 1))
    (tmp_path / "empty.ndjson").write_bytes(b"\n")
    shutil.copy(folder / "IMG_0000.jpg", tmp_path / "photo.jpg")
    done = command("report", *words)
    assert done.code == code and told in done.err and "Traceback" not in done.err
    assert not list(tmp_path.glob("x*"))


def test_error_rates_are_quoted_from_an_evaluation(command: Command, folder: Path, tmp_path: Path) -> None:
    write_records(tmp_path / "records.ndjson", *some_records(folder, 1))
    figure = {"value": 0.75, "low": 0.5, "high": 0.9, "count": 75, "of": 100}
    names = ("serial_exact", "serial_in_candidates", "accepted", "accepted_wrong", "lines_right")
    evaluation = {
        "schema": "serialscan.evaluation/1", "labels": "labels.jsonl", "labels_sha256": "ab" * 32,
        "total": {"photos": 100, **dict.fromkeys(names, figure)}, "tools": [],
    }  # fmt: skip
    (tmp_path / "evaluation.json").write_text(json.dumps(evaluation), "utf-8")
    command("report", "records.ndjson", "-o", "report.html", "--evaluation", "evaluation.json")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "75 of 100 (75.0%; 95 % interval 50.0% to 90.0%)" in page and "NOT STATED" not in page
    assert "ATTENTION: measured with other settings" in page


def test_matches_of_records_are_shown_and_a_form_not_known_stops_nothing(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    lines = [json.loads(to_json(one)) for one in some_records(folder, 2)]
    row = {"number": 7, "source": "stock.csv", "line": 9, "cells": {"maker": "COLT"}}
    block = {"first": "AB0001", "last": "AB9999", "on_record": 9000, "numbers": 9999, "place": 1000}
    entry = {"serial": "AB1008", "posterior": 0.97, "margin": 0.9, "row": row, "block": block,
             "differs": [{"at": 6, "read": "0", "register": "8"}]}  # fmt: skip
    absent = {"probability": 0.02, "reason": "hole_in_block", "detail": "AB1000 is a hole"}
    lines[0]["matches"] = [
        {"register": "stock.reg", "sha256": "cd" * 32, "serial": "AB1000", "entries": [entry],
         "prior_absent": 0.4, "rest": {"entries": 2, "posterior": 0.01}, "bound": 1e-6, "absent": absent},
    ]  # fmt: skip
    lines[1]["matches"] = 17
    (tmp_path / "records.ndjson").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    assert command("report", "records.ndjson", "-o", "report.html").code == ExitCode.OK
    first, second = (tmp_path / "report.html").read_text("utf-8").split("<article")[1:]
    for told in ("stock.reg", "probability 0.970", "AB1000 is a hole", "character 6: read 0, register 8",
                 "9000 of its 9999 numbers on record", "maker: COLT", "stock.csv, line 9"):  # fmt: skip
        assert told in first
    assert "that this version cannot show" in second


def test_records_come_through_a_pipe(serialscan: Any, folder: Path, tmp_path: Path) -> None:
    data = b"".join(to_json(one) + b"\n" for one in some_records(folder, 3))
    done = serialscan("report", "-", "--format", "text", input=data)
    assert done.returncode == ExitCode.OK and b"3 items" in done.stdout and done.stderr == b""


def test_each_content_stands_once_and_an_item_keeps_the_reading_that_it_was_made_of(folder: Path) -> None:
    photos = some_records(folder, 4)
    copy = renamed(photos[3], "elsewhere/copy.jpg")
    again = msgspec.structs.replace(photos[0], warnings=(Warning_.of("blurred", "again"),))
    lines = [
        *photos, item_of("AK-1", photos[:2]), copy, item_of("AK-1", photos[:2]), again, photos[2],
    ]  # fmt: skip
    found = [Found(number, 0, head_of(to_json(one))) for number, one in enumerate(lines)]
    planned = plan(found)
    assert [(one.title, one.item) for one in planned] == [
        (photos[2].source.path, None), ("elsewhere/copy.jpg", None), ("AK-1", 6),
    ]  # fmt: skip
    assert [part.at for part in planned[2].parts] == [0, 1]
    assert planned[0].parts[0].at == 8
    assert planned[1].parts[0].names == (photos[3].source.path,)
    two = plan([*found, Found(9, 1, head_of(to_json(lines[4])))])
    assert [one.title for one in two].count("AK-1") == 2  # items of two ledgers are two


def test_nothing_that_is_uncertain_looks_certain() -> None:
    assert [sure(one) for one in (0.0, 0.001, 0.1, 0.994, 0.996, 1.0)] == [
        "0.00", "< 0.01", "0.10", "0.99", "> 0.99", "> 0.99",
    ]  # fmt: skip


def test_an_item_without_the_records_of_its_photos_still_has_its_evidence(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    photos = some_records(folder, 2)
    write_records(tmp_path / "items.ndjson", item_of("seizures/AK-1", photos))
    for what in ("K-1", "seizures"):  # the end of a name counts from a slash on
        done = command("report", "items.ndjson", "-o", "report.html", "--items", what)
        assert done.code == ExitCode.NO_INPUT
    assert command("report", "items.ndjson", "-o", "report.html", "--items", "AK-1").code == ExitCode.OK
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.count("<article") == 1 and page.count("<img") == 4 and serial_of(0) in page
