"""The review's page in a real browser: by keyboard alone, by mouse, by touch, for everybody."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from case_fixtures import verdict_on
from conftest import Program
from playwright.sync_api import Browser, Page, expect
from review_fixtures import (
    BOX,
    PAGED,
    SIZE,
    decided,
    desk_on,
    make_paged_case,
    make_review_case,
    match,
    misread,
    put_together,
    read,
    truth,
)

from serialscan.case.decisions import decision_now
from serialscan.review.desk import Desk
from serialscan.review.serve import Running, running
from serialscan.review.texts import texts

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1366, "height": 850}
WAIT_MS = 60_000
REST_MS = 50  # after as long without motion a touch is still

expect.set_options(timeout=WAIT_MS)


@contextlib.contextmanager
def opened(
    browser: Browser, desk: Desk, words: dict[str, str] | None = None, **options: Any
) -> Iterator[Page]:
    """The page, as whoever started the review sees it; nothing may go wrong in it."""
    with running(desk, words or texts()) as served, browser_page(browser, served, **options) as page:
        yield page


@contextlib.contextmanager
def browser_page(browser: Browser, served: Running, **options: Any) -> Iterator[Page]:
    troubles: list[str] = []
    context = browser.new_context(**{"viewport": DESKTOP, **options})
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: troubles.append(asked.url) if not _own(asked.url, served) else None)
    page.goto(served.address)
    yield page
    context.close()
    assert troubles == []


def _own(url: str, served: Running) -> bool:
    return url.startswith((served.origin + "/", f"blob:{served.origin}/"))


def shows(page: Page, number: int) -> None:
    """Wait until this photo is there and can be answered."""
    expect(page.locator("#fact-path")).to_have_text(f"photos/IMG_{number:04}.jpg")
    expect(page.locator("body")).not_to_have_attribute("aria-busy", "true")


def says(page: Page, text: str) -> None:
    expect(page.locator("#message")).to_contain_text(text)


def keys(page: Page, *names: str) -> None:
    for name in names:
        page.keyboard.press(name)


def test_twenty_photos_by_keyboard_alone_typed_first(browser: Browser, tmp_path: Path) -> None:
    path = make_review_case(tmp_path, range(20))
    with opened(browser, desk_on(path, None)) as page:
        expect(page.locator("#who-name")).to_be_focused()
        page.keyboard.type("A. Doe")
        keys(page, "Tab", "Tab")
        page.keyboard.type("1234")
        keys(page, "Enter")
        for number in range(20):
            shows(page, number)
            expect(page.locator("#typed")).to_be_focused()
            assert read(number) not in page.locator("main").inner_text()
            if number == 5:
                keys(page, "Escape", "u")
                says(page, "Unreadable: in the case")
                continue
            page.keyboard.type(truth(number).lower())
            keys(page, "Enter")
            if misread(number):
                expect(page.locator(".cell.differs")).to_have_count(2)
                expect(page.locator("#choices button").first).to_be_focused()
                keys(page, "2" if number == 7 else "Enter")
            says(page, "is in the case, entry")
        expect(page.locator("#empty")).to_be_visible()
        expect(page.locator("#left")).to_have_text("Nothing left")
    made = decided(path)
    assert len(made) == 20 and verdict_on(path).ok
    assert all(one.decision.person == {"name": "A. Doe", "badge": "1234"} for one in made)
    assert [one.decision.answer for one in made].count("unreadable") == 1
    values = [one.decision.value for one in made if one.decision.value is not None]
    assert [value.upper() for value in values] == [
        read(7) if n == 7 else truth(n) for n in range(20) if n != 5
    ]
    assert all(one.decision.typed == truth(n).lower() for n, one in enumerate(made) if n != 5)


def test_twenty_photos_by_keyboard_alone_assisted(browser: Browser, tmp_path: Path) -> None:
    path = make_review_case(tmp_path, range(20))
    with opened(browser, desk_on(path, mode="assist")) as page:
        for number in range(20):
            shows(page, number)
            expect(page.locator("#choices button").first).to_be_focused()
            if number == 2:  # the doubtful first character is turned to its first alternative
                keys(page, "Shift+Tab", *["ArrowLeft"] * 8, "ArrowDown", "Escape", "Enter")
            elif misread(number):
                keys(page, "e", "Backspace")
                page.keyboard.type(truth(number)[-1])
                keys(page, "Enter")
            else:
                keys(page, "Enter")
            says(page, "is in the case, entry")
        expect(page.locator("#empty")).to_be_visible()
    values = [one.decision.value for one in decided(path)]
    assert values == ["9" + truth(2)[1:] if number == 2 else truth(number) for number in range(20)]
    assert all(one.decision.shown.reading_visible for one in decided(path))


def test_undo_a_second_reviewer_and_a_third(browser: Browser, tmp_path: Path) -> None:
    path = make_review_case(tmp_path, range(3), accept=(2,))
    with opened(browser, desk_on(path, audit=1.0)) as page:
        order = [int(n) for n in re.findall(r"\d+", str(desk_order(page)))]
        assert sorted(order) == [0, 1, 2]
        for number in order:
            shows(page, number)
            page.keyboard.type(truth(number))
            keys(page, "Enter")
            says(page, "is in the case")
        expect(page.locator("#empty")).to_be_visible()
        keys(page, "z")
        says(page, "Taken back")
        shows(page, order[-1])
        expect(page.locator("#left")).to_have_text("1 left")
        page.keyboard.type("WRONG")
        keys(page, "Enter")
        expect(page.locator("#choices button").first).to_be_focused()
        keys(page, "Enter")
        expect(page.locator("#empty")).to_be_visible()
    with opened(browser, desk_on(path, "B. Roe", role="second")) as page:
        for number in desk_order(page):
            shows(page, number)
            assert "Doe" not in page.content() and "WRONG" not in page.content()
            page.keyboard.type(truth(number))
            keys(page, "Enter")
            says(page, "is in the case")
        expect(page.locator("#empty")).to_be_visible()
    assert [one.state for one in decision_now(decided(path)).values()].count("differs") == 1
    with opened(browser, desk_on(path, "C. Poe", role="third")) as page:
        shows(page, order[-1])
        page.keyboard.type(truth(order[-1]))
        keys(page, "Enter")
        expect(page.locator("#choices")).to_contain_text("Take WRONG")
        keys(page, "Enter")
        expect(page.locator("#empty")).to_be_visible()
    assert {one.state for one in decision_now(decided(path)).values()} == {"decided"}
    assert {one.decision.role for one in decided(path)} == {"first", "audit", "second", "third"}
    assert verdict_on(path).ok


def desk_order(page: Page) -> list[int]:
    """The queue, as the page gets it."""
    order: list[int] = page.evaluate("async () => (await (await fetch('/api/queue')).json()).order")
    return order


def test_a_box_is_drawn_with_the_mouse_or_with_keys_and_read(browser: Browser, tmp_path: Path) -> None:
    path = make_review_case(tmp_path, range(2), none=(0, 1))
    with opened(browser, desk_on(path)) as page:
        shows(page, 0)
        keys(page, "Escape", "b")
        area = page.locator("#whole").bounding_box()
        assert area is not None
        scale = min(area["width"] / SIZE[0], area["height"] / SIZE[1])
        for step, (x, y) in enumerate(((BOX[0][0] - 6, BOX[0][1] - 2), (BOX[2][0] + 4, BOX[2][1] + 4))):
            page.mouse.move(
                area["x"] + area["width"] / 2 + (x - SIZE[0] / 2) * scale,
                area["y"] + area["height"] / 2 + (y - SIZE[1] / 2) * scale,
            )
            page.mouse.up() if step else page.mouse.down()
        expect(page.locator("#what")).to_contain_text("Your box")
        page.keyboard.type("OWN")
        keys(page, "Enter")
        expect(page.locator("#reading")).to_contain_text("Program's")
        keys(page, "2")
        says(page, f"{truth(0)} is in the case")
        shows(page, 1)
        keys(page, "Escape", "b", "ArrowUp", "Shift+ArrowRight", "Enter")
        expect(page.locator("#what")).to_contain_text("Your box")
        page.keyboard.type("KEYS")
        keys(page, "Enter")
        expect(page.locator("#choices button").first).to_be_focused()
        keys(page, "Enter")
        expect(page.locator("#empty")).to_be_visible()
    first, second = (one.decision for one in decided(path))
    assert first.box is not None and first.box.value == first.value == truth(0) and first.typed == "OWN"
    assert abs(first.target.polygon[0][0] - (BOX[0][0] - 6)) < 3
    assert second.value == "KEYS" and second.target.polygon


def test_by_mouse_alone_and_by_touch_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    path = make_review_case(tmp_path, range(4))
    with opened(browser, desk_on(path, mode="assist")) as page:
        shows(page, 0)
        stage = page.locator("#crop .stage")
        before = stage.get_attribute("style")
        page.locator("#crop").hover()
        page.mouse.wheel(0, -300)
        expect(stage).not_to_have_attribute("style", str(before))
        page.get_by_role("button", name="Invert").click()
        page.get_by_role("button", name="Even light").click()
        page.get_by_role("button", name="Turn right").click()
        page.get_by_role("button", name="Outline").click()
        expect(page.locator("#whole svg")).to_be_hidden()
        page.locator(".cell.doubtful").click()
        page.get_by_role("button", name="Accept").click()
        says(page, "is in the case")
        shows(page, 1)
        page.get_by_role("button", name="Ask somebody").click()
        shows(page, 2)
    with opened(
        browser, desk_on(path, mode="assist"), viewport=PHONE, has_touch=True, is_mobile=True
    ) as page:
        shows(page, 2)
        before = page.locator("#crop .stage").get_attribute("style")
        pinch(page, "#crop")
        expect(page.locator("#crop .stage")).not_to_have_attribute("style", str(before))
        page.get_by_role("button", name="Accept").tap()
        shows(page, 3)
        page.get_by_role("button", name="Removed or altered").tap()
        expect(page.locator("#empty")).to_be_visible()
    made = [one.decision for one in decided(path)]
    assert [one.answer for one in made] == ["read", "ask", "read", "removed_or_altered"]
    assert made[0].value == "9" + truth(0)[1:]
    assert made[0].shown.enhancements == ("even light", "inverted", "turned 90")


def pinch(page: Page, name: str) -> None:
    """Two fingers go apart on an element."""
    box = page.locator(name).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    screen = page.context.new_cdp_session(page)
    still = [("touchMove", 70)] * 3  # lifted in motion they would fling: the next tap would only stop that
    for kind, apart in (("touchStart", 20), ("touchMove", 40), ("touchMove", 70), *still, ("touchEnd", 0)):
        if (kind, apart) in still:
            page.wait_for_timeout(REST_MS)
        fingers = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}] if apart else []
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})


def test_every_page_can_be_seen_and_all_pixels_of_it(browser: Browser, tmp_path: Path) -> None:
    path = make_paged_case(tmp_path)
    with opened(browser, desk_on(path)) as page:
        shows(page, 0)
        expect(page.locator("#source")).to_have_class("source original")
        expect(page.locator("#page")).to_have_value("2")  # the serial stands there
        expect(page.locator("#whole polygon")).to_have_count(2)
        page.locator("#whole").hover()
        with page.expect_response(re.compile(f"whole.*page=2&side={PAGED[0]}")) as asked:
            for _ in range(3):
                page.mouse.wheel(0, -300)
        assert asked.value.headers["x-size"] == "{} {}".format(*PAGED)
        page.locator("#page").select_option("1")
        expect(page.locator("#whole polygon")).to_have_count(0)
        keys(page, "Escape", "b", "Enter")
        expect(page.locator("#what")).to_contain_text("Your box")
        page.locator("#typed").fill("ONE")
        keys(page, "Enter")
        expect(page.locator("#choices button").first).to_be_focused()
        keys(page, "Enter")
        expect(page.locator("#empty")).to_be_visible()
    (done,) = decided(path)
    assert done.decision.target.page == 1 and done.decision.shown.picture == "original"


def test_other_photos_of_the_item_stand_beside_and_matches_come_after_the_last_decision(
    browser: Browser, tmp_path: Path
) -> None:
    path = make_review_case(tmp_path, range(4))
    put_together(path, "AK-1", (0, 1))
    match(path, 0, "on record: COLT")
    with opened(browser, desk_on(path)) as page:
        shows(page, 0)
        expect(page.locator("#beside-title")).to_have_text("1 other photo of item AK-1")
        expect(page.locator("#beside img")).to_have_js_property("naturalWidth", 200)
        page.get_by_role("button", name="IMG_0001.jpg").click()
        expect(page.locator("#look-bar")).to_contain_text("You are looking at photos/IMG_0001.jpg")
        expect(page.locator("#fact-path")).to_have_text("photos/IMG_0000.jpg")  # it is still this one's turn
        page.get_by_role("button", name="Back to the photo").click()
        expect(page.locator("#look-bar")).to_be_hidden()
        page.locator("#typed").fill(truth(0))
        keys(page, "Enter")
        says(page, "is in the case")
        shows(page, 1)
        assert "COLT" not in page.content()  # the other photo of the item is still to be decided
        page.get_by_role("button", name="IMG_0000.jpg").click()
        page.get_by_role("button", name="Decide on this one").click()
        shows(page, 0)
        expect(page.locator("#matches")).to_contain_text("when all photos of the item are decided")
        keys(page, "Escape", "PageDown")
        shows(page, 1)
        page.locator("#typed").fill(truth(1))
        keys(page, "Enter")
        shows(page, 2)
        page.get_by_role("button", name="Filter").click()
        page.get_by_label("Status").select_option("all")
        page.locator("[name=item]").select_option("AK-1")
        shows(page, 0)
        expect(page.locator("#place")).to_have_text("photo 1 of 2")
        expect(page.locator("#matches")).to_contain_text("on record: COLT")
    assert decided(path)[0].decision.shown.enhancements == ("other photos of the item seen: 1",)


def test_what_was_typed_survives_a_page_loaded_again_and_a_server_that_is_killed(
    browser: Browser, tmp_path: Path, serialscan: Program
) -> None:
    path = make_review_case(tmp_path, (3, 4))
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    for turn in range(2):
        with (
            serialscan.started("review", path, "--no-browser", "--by", "A. Doe") as process,
            contextlib.ExitStack() as at_end,
        ):
            at_end.callback(process.kill)
            assert process.stderr is not None
            found = re.search(rb"http://\S+", process.stderr.readline())
            assert found
            page.goto(found[0].decode())
            shows(page, 3)
            if turn == 0:
                page.locator("#typed").fill("KJ9")
                page.reload()
                shows(page, 3)
                expect(page.locator("#typed")).to_have_value("KJ9")
                keys(page, "Escape", "r")
                page.keyboard.type("scratched")
                page.locator("#typed").fill(truth(3))
                keys(page, "Enter")
                expect(page.locator(".cell.differs")).to_have_count(2)
                keys(page, "e")
                page.locator("#typed").fill("CHANGED")
            else:
                expect(page.locator("#typed")).to_have_value("CHANGED")
                expect(page.locator("#note")).to_be_visible()
                expect(page.locator("#reason")).to_have_value("scratched")
                page.locator("#typed").press("Enter")
                says(page, "CHANGED is in the case")
                shows(page, 4)
                expect(page.locator("#typed")).to_have_value("")
                assert page.evaluate("sessionStorage.length") == 0
    context.close()
    (done,) = decided(path)
    assert (done.decision.typed, done.decision.value) == (
        truth(3),
        "CHANGED",
    )
    assert done.decision.reason == "scratched"


def test_a_filter_leaves_what_it_says_and_the_keys_are_listed(browser: Browser, tmp_path: Path) -> None:
    path = make_review_case(tmp_path, range(3), accept=(2,))
    with opened(browser, desk_on(path)) as page:
        shows(page, 0)
        page.get_by_role("button", name="Filter").click()
        page.get_by_label("Program's decision").select_option("accept")
        shows(page, 2)
        page.get_by_label("Program's decision").select_option("")
        shows(page, 0)
        page.get_by_role("button", name="Next", exact=True).click()
        shows(page, 1)
        keys(page, "PageUp")
        shows(page, 0)
        keys(page, "Escape", "h")
        expect(page.get_by_role("dialog")).to_contain_text("Use single keys")
        page.get_by_label("Use single keys").uncheck()
        keys(page, "Escape")
        page.locator("#answer").focus()
        keys(page, "u")
        expect(page.locator("#message")).to_have_text("")
    assert decided(path) == []


def serious(page: Page) -> list[str]:
    """What axe finds that keeps somebody out."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).response
    return [
        f"{one['id']}: {json.dumps([node['html'] for node in one['nodes']])[:300]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_either_theme(browser: Browser, tmp_path: Path, scheme: Any) -> None:
    path = make_review_case(tmp_path, (3,))
    with opened(browser, desk_on(path, None), color_scheme=scheme) as page:
        expect(page.locator("#who-name")).to_be_focused()
        assert serious(page) == []
        page.keyboard.type("A. Doe")
        keys(page, "Enter")
        shows(page, 3)
        page.get_by_role("button", name="Filter").click()
        expect(page.locator("#filters")).to_be_visible()
        assert serious(page) == []
        page.locator("#typed").fill(truth(3))
        keys(page, "Enter")
        expect(page.locator(".cell.differs")).to_have_count(2)
        assert serious(page) == []
        page.get_by_role("button", name="Keys").click()
        assert serious(page) == []


@pytest.mark.parametrize("language", ["en", "xx"])
def test_nothing_is_cut_off_at_200_percent_on_a_phone_or_from_right_to_left(
    browser: Browser, tmp_path: Path, language: str
) -> None:
    path = make_review_case(tmp_path, (3,))
    (tmp_path / "xx.json").write_text('{"_language": "fa", "_direction": "rtl", "undo": "برگشت"}', "utf-8")
    words = texts(language, tmp_path) if language == "xx" else texts()
    with opened(browser, desk_on(path), words) as page:
        shows(page, 3)
        for width, height in ((683, 425), (390, 844), (320, 640)):
            page.set_viewport_size({"width": width, "height": height})
            assert not too_wide(page), (width, height)
        page.set_viewport_size({"width": 1366, "height": 850})
        near, far = (page.locator(name).bounding_box() for name in ("#crop", "#whole"))
        assert near is not None and far is not None
        assert (near["x"] > far["x"]) == (language == "xx")
        if language == "xx":
            expect(page.get_by_role("button", name="برگشت")).to_be_visible()
            assert serious(page) == []


def test_hostile_text_stays_text(browser: Browser, tmp_path: Path) -> None:
    path = make_review_case(tmp_path, (0, 1))
    with opened(browser, desk_on(path)) as page:
        shows(page, 0)
        page.locator("#typed").fill("<img src=x onerror=alert(1)>\u202egnp")
        keys(page, "Enter")
        expect(page.locator("#reading")).to_be_visible()
        assert page.locator("#reading img").count() == 0
        assert "\u202e" not in page.locator("#reading").inner_text()
        keys(page, "Enter")
        says(page, "<img src=x onerror=alert(1)>\\u202egnp is in the case")
    assert decided(path)[0].decision.value == "<img src=x onerror=alert(1)>\u202egnp"


def test_the_page_says_so_if_an_answer_is_not_written(browser: Browser, tmp_path: Path) -> None:
    path = make_review_case(tmp_path, (0, 1))
    desk = desk_on(path, mode="assist")
    with running(desk, texts()) as served:
        context = browser.new_context(viewport=DESKTOP)
        page = context.new_page()
        page.goto(served.address)
        shows(page, 0)
        path.rename(tmp_path / "moved.case")
        keys(page, "Enter")
        says(page, "NOT written")
        shows(page, 0)
        expect(page.locator("#left")).to_have_text("2 left")
        (tmp_path / "moved.case").rename(path)
        keys(page, "Enter")
        says(page, "is in the case")
        context.set_offline(True)
        shows(page, 1)
        keys(page, "Enter")
        says(page, "NOT written")
        context.close()
    assert len(decided(path)) == 1 and verdict_on(path).ok
