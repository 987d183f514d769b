"""Marks from true lines, or from lines as read: is the right number chosen, are maker and model named?

Random items of all layouts of the renderer, with further numbers and now and then an evidence tag, are laid
out and their lines are taken as they stand, without a picture: what goes wrong is the fault of the rules.

    python benchmarks/marks.py [--items 150] [--seed 90000] [--misread 0.03] [--wrong]

With ``--misread`` that part of the characters of all lines but the serial is read for one that looks like it,
with the true one among its alternatives.

    serialscan render --held-back --count 450 --photos-per-item 3 --seed 55107 --megapixels 1.5 --out photos
    serialscan scan photos -o records.ndjson
    python benchmarks/marks.py --labels photos/labels.jsonl --records records.ndjson

does the same for lines as read from photos, by how legible the serial's line is (the label's ``tier``); only
what stands in legible lines counts.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from serialscan.evaluate.score import equals, found
from serialscan.marking import load_knowledge, read_marks
from serialscan.marking.iuid import with_message
from serialscan.record import (
    Alternative,
    Code,
    Glyph,
    Line,
    Mark,
    PhotoRecord,
    SerialReading,
    photo_records,
)
from serialscan.render.chance import exhibit, extent, random_item
from serialscan.render.layouts import LAYOUTS
from serialscan.render.marks import Text
from serialscan.render.photo import Item

Rng = np.random.Generator
SCALE = 12.0  # pixels for each mm
TAGS = 0.18  # of the items lie beside an evidence tag, as in rendered photos
LOOKALIKES = dict(zip("0O1I2Z5S8B6GUVMN", "O0I1Z2S5B8G6VUNM", strict=True))

# Which row of the knowledge a marked maker or model is; the longest beginning counts.
MAKERS = {
    "COLT": "colt", "FN M": "fn_usa", "GM CORP": "hydramatic", "H&R": "hr", "REMINGTON": "remington",
    "TRIJICON": "trijicon", "AIMPOINT": "aimpoint", "ITT": "itt", "INSIGHT": "insight", "KAC": "kac",
}  # fmt: skip
MODELS = {
    "M4 ": "m4", "M4A1": "m4a1", "M16A1": "m16a1", "M16A2": "m16a2", "M16A4": "m16a4", "MODEL 700": "r700",
    "MACHINE GUN, 5.56": "m249", "MACHINE GUN 7.62": "m240", "五六式": "type56", "56式": "type56",
    "ACOG": "acog", "COMPM": "m68", "AN/PVS-14": "pvs14", "AN/PVS-7": "pvs7", "AN/PEQ-15": "peq15",
}  # fmt: skip
OTHERS = ("calibre", "country", "property", "nsn", "part_number", "contract", "cage", "evidence_tag")


def line_of(number: int, text: Text, turn: float, rng: Rng, misread: float) -> Line:
    """A line of an item as the reader would give it if it made no errors but those asked for."""
    left, top, right, bottom = extent(text)
    if text.arc:  # the half of the circle on which it stands
        middle = (top + bottom) / 2
        top, bottom = (middle, bottom) if text.angle > 0 else (top, middle)
    angle = math.radians(turn)
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    polygon = tuple(
        (
            SCALE * (x * math.cos(angle) - y * math.sin(angle)),
            SCALE * (x * math.sin(angle) + y * math.cos(angle)),
        )
        for x, y in corners
    )
    share = 0.0 if text.role == "serial" else misread
    glyphs = tuple(_glyph(char, rng.random() < share) for char in text.text)
    return Line(
        id=f"L{number}", text="".join(g.char for g in glyphs), confidence=0.9, polygon=polygon,
        rotation=round(-turn) % 360, characters=glyphs, glyph_height_px=text.height * SCALE,
    )  # fmt: skip


def _glyph(char: str, wrong: bool) -> Glyph:
    if not wrong or char not in LOOKALIKES:
        return Glyph(char=char, confidence=0.99)
    other = (Alternative(char=char, confidence=0.35),)
    return Glyph(char=LOOKALIKES[char], confidence=0.6, alternatives=other)


def with_tag(item: Item, rng: Rng) -> tuple[Text, ...]:
    """The item's texts, and those of a tag beside it."""
    if rng.random() > TAGS:
        return item.texts
    number, others = exhibit(rng)
    boxes = [extent(text) for text in item.texts]
    x, y = max(box[2] for box in boxes) + 12.0, min(box[1] for box in boxes)
    mark = item.texts[0].mark
    tag = [Text(number, x, y, 3.5, mark, "label", role="evidence_tag")]
    for other in others:
        y += 6.0
        tag.append(Text(other, x, y, 2.5, mark, "label"))
    return (*item.texts, *tag)


def codes_of(item: Item) -> list[Code]:
    """The item's codes, decoded."""
    found = []
    for number, code in enumerate(item.codes, start=1):
        text, data = code.payload.decode(), code.payload.hex()
        found.append(
            with_message(Code(id=f"C{number}", symbology="DataMatrix", text=text, bytes_hex=data, polygon=()))
        )
    return found


def _named(wanted: dict[str, str], text: str) -> str | None:
    best = max((start for start in wanted if text.startswith(start)), key=len, default=None)
    return wanted[best] if best else None


def _means(marks: tuple[Mark, ...], kind: str, row: str) -> bool:
    return any(m.kind == kind and (m.row == row or row in [c.row for c in m.candidates]) for m in marks)


def _holds(marks: tuple[Mark, ...], kind: str, value: str) -> bool:
    return any(m.kind == kind and (found(value, [m.value]) or equals(value, m.raw)) for m in marks)


def judge(
    texts: tuple[Text, ...], item: Item, marks: tuple[Mark, ...], serial: SerialReading, right: Counter[str],
    all_: Counter[str],
) -> list[str]:  # fmt: skip
    """Count what is right, and tell what is wrong."""
    wrong = []

    def count(what: str, is_right: bool, told: str) -> None:
        all_[what] += 1
        right[what] += is_right
        if not is_right:
            wrong.append(f"{what}: {told}")

    true = item.fields.get("serial")
    if true is not None:
        named = [f"{c.value} ({c.choice:.2f}: {c.rule})" for c in serial.candidates[:2]]
        chosen = serial.value is not None and equals(true, serial.value)
        count("serial", chosen, f"{true}, named {' | '.join(named)}")
        count("no distractor", chosen or serial.value is None, f"{true}, named {serial.value}")
        count("candidates", any(equals(true, c.value) for c in serial.candidates), true)
    for text in texts:
        if text.role == "manufacturer":
            count("maker", _means(marks, "manufacturer", _named(MAKERS, text.text) or ""), text.text)
        elif text.role == "model":
            count("model", _means(marks, "model", _named(MODELS, text.text) or ""), text.text)
        elif text.role in OTHERS and (text.role != "part_number" or text.value):  # a bare one says nothing
            count(text.role, _holds(marks, text.role, text.value or text.text), text.text)
    return wrong


def judge_photo(
    label: dict[str, Any], record: PhotoRecord, right: Counter[str], all_: Counter[str]
) -> list[str]:
    """Count what is right among what is legible, by tier, and tell what is wrong."""
    wrong = []

    def count(what: str, is_right: bool, told: str) -> None:
        for name in (what, f"{what}, {label['tier']}"):
            all_[name] += 1
            right[name] += is_right
        if not is_right:
            wrong.append(f"{what}: {told}")

    fields, serial = label["fields"], record.serial
    if true := label["serial"]:
        named = " | ".join(f"{c.value} ({c.confidence:.2f})" for c in serial.candidates[:2])
        chosen = serial.value is not None and equals(true, serial.value)
        count("serial", chosen, f"{true}, named {named}")
        count("candidates", any(equals(true, c.value) for c in serial.candidates), true)
    accepted = serial.decision == "accept"
    whole = fields.get("serial", "")
    count(
        "not accepted wrongly", not accepted or equals(whole, serial.value or ""), f"{whole}, {serial.value}"
    )
    for what, wanted in (("manufacturer", MAKERS), ("model", MODELS)):
        value = fields.get(what, "")
        if (row := _named(wanted, value)) and found(value, label["lines"]):
            count(what, _means(record.marks, what, row), value)
    for what in OTHERS:
        # A bare part number says nothing of what it is.
        value = fields.get(what, "")
        told = [line for line in label["lines"] if what != "part_number" or not equals(line, value)]
        if value and found(value, told):
            count(what, _holds(record.marks, what, value), value)
    return wrong


def as_read(labels: Path, records: Path, tell: bool) -> tuple[Counter[str], Counter[str]]:
    """Judge the records of labelled photos: what is right, of how many."""
    right: Counter[str] = Counter()
    all_: Counter[str] = Counter()
    read = {Path(record.source.path).name: record for _, record in photo_records(records)}
    for label in map(json.loads, labels.read_text("utf-8").splitlines()):
        wrong = judge_photo(label, read[Path(label["file"]).name], right, all_)
        if wrong and tell:
            print(label["file"], label["lines"], *wrong, sep="\n    ")
    return right, all_


def main() -> None:
    """Lay out the items, read their marks, print the shares."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=150)
    parser.add_argument("--seed", type=int, default=90000)
    parser.add_argument("--misread", type=float, default=0.0)
    parser.add_argument("--wrong", action="store_true", help="print what is wrong")
    parser.add_argument("--labels", type=Path, help="of photos; with --records")
    parser.add_argument("--records", type=Path, help="of the photos that --labels names")
    arguments = parser.parse_args()
    if arguments.labels and arguments.records:
        right, all_ = as_read(arguments.labels, arguments.records, arguments.wrong)
    else:
        right, all_ = as_laid_out(arguments)
    for what in sorted(all_) if arguments.labels else all_:
        print(f"{what:<30} {100 * right[what] / all_[what]:6.2f} %  {right[what]} of {all_[what]}")


def as_laid_out(arguments: argparse.Namespace) -> tuple[Counter[str], Counter[str]]:
    """Judge random items by their true lines: what is right, of how many."""
    knowledge = load_knowledge()
    right: Counter[str] = Counter()
    all_: Counter[str] = Counter()
    names = list(LAYOUTS)
    for number in range(arguments.items):
        rng = np.random.default_rng([arguments.seed, number])
        item = random_item(rng, [names[number % len(names)]])
        texts = with_tag(item, rng)
        turn = float(rng.choice([0, 0, 0, 90, 180, 270]) + rng.normal(0, 4))
        order = sorted(texts, key=lambda text: (extent(text)[1], extent(text)[0]))
        lines = [line_of(k, text, turn, rng, arguments.misread) for k, text in enumerate(order, start=1)]
        marks, serial = read_marks(lines, codes_of(item), knowledge)
        wrong = judge(texts, item, marks, serial, right, all_)
        if wrong and arguments.wrong:
            print(f"{number} {item.name}: {[text.text for text in order]}")
            for told in wrong:
                print(f"    {told}")
    return right, all_


if __name__ == "__main__":
    main()
