"""Draws docs/img/result.jpg: a sample photo, what was read in it, and the line that holds the serial.

python docs/make_picture.py
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from make_example import ROOT, scan
from PIL import Image, ImageDraw, ImageFont

PHOTO = "samples/m4-magazine-well.jpg"
TARGET = ROOT / "docs" / "img" / "result.jpg"
WIDTH = 900
GAP = 10
SERIAL, OTHER, INK = (255, 196, 0), (90, 200, 255), (30, 30, 30)


def main() -> None:
    """Scan the sample, draw, write."""
    with TemporaryDirectory() as folder:
        record = scan("scan", "--reader", "network", "--crops", folder, PHOTO)
        serial = record["serial"]
        evidence = serial["candidates"][0]["evidence"]
        (crop,) = Path(folder).glob(f"*.{evidence[0]}.png")
        strip = _fit(Image.open(crop))
    photo = Image.open(ROOT / PHOTO)
    scale = WIDTH / photo.width
    photo = _fit(photo)
    draw = ImageDraw.Draw(photo)
    for line in record["lines"]:
        colour = SERIAL if line["id"] in evidence else OTHER
        corners = [(x * scale, y * scale) for x, y in line["polygon"]]
        draw.polygon(corners, outline=colour, width=2)
        (left_top, *_, left_bottom) = corners
        middle = (left_top[1] + left_bottom[1]) / 2
        draw.text((left_top[0] - 6, middle), line["id"], fill=colour, font=_font(18), anchor="rm")
    rows = [f"{line['id']}  {line['confidence']:.2f}  {line['text']}" for line in record["lines"]]
    half = (len(rows) + 1) // 2
    caption = 44 + 28 * half + 10
    picture = Image.new("RGB", (WIDTH, photo.height + GAP + strip.height + caption), "white")
    picture.paste(photo, (0, 0))
    picture.paste(strip, (0, photo.height + GAP))
    draw = ImageDraw.Draw(picture)
    top = photo.height + GAP + strip.height + 8
    head = (
        f"serial {serial['value']}   confidence {serial['confidence']:.2f}   decision: {serial['decision']}"
    )
    draw.text((14, top), head, fill=INK, font=_font(24))
    for number, row in enumerate(rows):
        place = (14 + WIDTH // 2 * (number // half), top + 36 + 28 * (number % half))
        draw.text(place, row, fill=INK, font=_font(20))
    TARGET.parent.mkdir(exist_ok=True)
    picture.save(TARGET, quality=80, optimize=True)


def _fit(picture: Image.Image) -> Image.Image:
    height = round(picture.height * WIDTH / picture.width)
    return picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


if __name__ == "__main__":
    main()
