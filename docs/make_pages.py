"""Makes docs/img/review.jpg and docs/img/report.jpg: the pages of a case of sample photos, in Chromium.

python docs/make_pages.py
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from make_example import ROOT
from PIL import Image, ImageEnhance
from playwright.sync_api import Browser, Page, expect, sync_playwright

SAMPLES = ROOT / "samples"
TARGET = ROOT / "docs" / "img"
WINDOW = {"width": 1366, "height": 850}
ITEMS = {"M4-2": "m4-magazine-well.jpg", "R700-3": "remington-700-receiver.jpg", "ACOG-4": "acog-body.jpg"}
WORKED_ON = "ak-trunnion-rusty.jpg"


def main() -> None:
    """Scan, review and report, as docs/review.md says."""
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        photos(folder / "photos")
        serialscan(folder, "scan", "-r", "photos", "--items", "folder", "--case", "seizure-17.case",
                   "--reader", "network")  # fmt: skip
        serialscan(folder, "register", "build", str(SAMPLES / "stock.csv"), "-o", "stock.reg")
        serialscan(folder, "match", "seizure-17.case", "--register", "stock.reg")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        review(browser, folder)
        serialscan(folder, "report", "seizure-17.case", "-o", "report.html")
        page = browser.new_page(viewport=WINDOW)
        page.goto((folder / "report.html").as_uri())
        below = page.locator(".hint").first.bounding_box()
        assert below
        height = below["y"] + below["height"] + 12
        summary = page.screenshot(clip={"x": 0, "y": 0, "width": WINDOW["width"], "height": height})
        page.set_viewport_size({**WINDOW, "height": 2000})
        decided = page.locator("article.decided")
        decided.evaluate("one => one.scrollIntoView()")
        page.wait_for_timeout(500)
        item, more = decided.bounding_box(), decided.locator("h4").first.bounding_box()
        assert item and more
        keep("report", summary, page.screenshot(clip={**item, "height": more["y"] - item["y"]}))
        browser.close()


def photos(folder: Path) -> None:
    """Sample photos, each an item; of one item a closer and brighter photo, too."""
    for item, name in ITEMS.items():
        (folder / item).mkdir(parents=True)
        shutil.copy(SAMPLES / name, folder / item)
    (folder / "AK-1").mkdir()
    shutil.copy(SAMPLES / WORKED_ON, folder / "AK-1" / "IMG_1.jpg")
    with Image.open(SAMPLES / WORKED_ON) as photo:
        near = photo.crop((300, 300, 1300, 1050)).resize((1600, 1200), Image.Resampling.LANCZOS)
        ImageEnhance.Brightness(near).enhance(1.3).save(folder / "AK-1" / "IMG_2.jpg", quality=92)


def review(browser: Browser, folder: Path) -> None:
    """Decide on both photos of the item that is to be reviewed."""
    with subprocess.Popen(
        [sys.executable, "-m", "serialscan", "review", "seizure-17.case", "--no-browser", "--by", "A. Doe",
         "--badge", "1234", "--audit", "100%"],
        cwd=folder, stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stderr is not None
        found = re.search(r"http://\S+", server.stderr.readline())
        assert found
        page = browser.new_page(viewport=WINDOW)
        page.goto(found[0])
        for name, typed in (("IMG_1", "KJ93Z80"), ("IMG_2", "KJ93280")):
            shown(page, name)
            page.locator("#typed").fill(typed)
            page.keyboard.press("Enter")
            if typed == "KJ93Z80":
                expect(page.locator(".cell.differs")).to_have_count(2)
                keep("review", page.screenshot())
                page.keyboard.press("2")
            expect(page.locator("#message")).to_contain_text("in the case")
        page.close()
        server.terminate()


def shown(page: Page, name: str) -> None:
    """Go to a photo, and wait for its original."""
    for _ in range(10):
        expect(page.locator("#source")).to_have_class("source original")
        expect(page.locator("body")).not_to_have_attribute("aria-busy", "true")
        if name in (page.locator("#fact-path").text_content() or ""):
            return
        page.keyboard.press("PageDown")
    raise AssertionError(f"{name} is not in the queue")


def serialscan(folder: Path, *arguments: str) -> None:
    """Run it as a person does."""
    subprocess.run(
        [sys.executable, "-m", "serialscan", *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )


def keep(name: str, *shots: bytes) -> None:
    """Pictures one below the other, as one JPEG."""
    images = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots]
    whole = Image.new("RGB", (max(one.width for one in images), sum(one.height for one in images)), "white")
    top = 0
    for one in images:
        whole.paste(one, ((whole.width - one.width) // 2, top))
        top += one.height
    whole.save(TARGET / f"{name}.jpg", quality=80, optimize=True)


if __name__ == "__main__":
    main()
