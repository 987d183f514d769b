"""Whole items as people photograph them: a pistol on a tarpaulin, a rifle with its optic between boxes.

Every family draws an item at its full length with what is mounted on it. Around it lie things with print.
Names of makers are made up. ``where`` of a line in the labels says whether it stands on the item.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import cv2
import numpy as np

from serialscan.render.bodies import (
    CARDBOARD,
    GLASS,
    PAINTS,
    STRIPPED,
    WOOD,
    Body,
    Ground,
    draw_body,
    lay_ground,
    named,
    tube,
)  # fmt: skip
from serialscan.render.camera import Camera
from serialscan.render.canvas import Array, Canvas
from serialscan.render.chance import exhibit, extent, in_face
from serialscan.render.covers import Over
from serialscan.render.layouts import Row, aged, block, digits, fields_of, letters, pick, view
from serialscan.render.marks import MARKS, SYMBOLS, DrawnLine, Mark, Symbol, Text, draw_symbol, draw_text
from serialscan.render.parts import Disc, Plate, Points, box, draw_disc, draw_plate
from serialscan.render.photo import Carved, Item, Photo, View, take
from serialscan.render.scene import Thing, draw_ruler
from serialscan.render.strokes import HELD_BACK_FACES
from serialscan.render.surfaces import Material
from serialscan.render.truth import BEHIND

Rng = np.random.Generator
Part = Body | Plate | Disc

GROUNDS: tuple[Ground, ...] = (
    "tarpaulin", "truck-bed", "table", "cloth", "camouflage", "felt", "concrete", "shelf", "paper",
)  # fmt: skip
GLYPH_PX = (17.0, 0.42)
"""Usual height of a serial's capitals in a photo of a whole item in px, and the spread of its logarithm."""
FIELD_MM = (90.0, 900.0)
"""Width of a photo of a whole item, at least and at most."""


@dataclass
class Whole:
    """An item under construction: parts in drawing order, then its marks; coordinates in mm.

    Attributes:
        name: of the family.
        object: in words.
        parts: from the ground upwards.
        texts: lines on the item.
        symbols: signs on it.
    """

    name: str
    object: str
    parts: list[Part] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    symbols: list[Symbol] = field(default_factory=list)

    def put(self, *parts: Part) -> None:
        """Add parts, the lowest first."""
        self.parts += parts

    def write(self, *texts: Text) -> None:
        """Add lines."""
        self.texts += texts


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


_MAKERS = _words(
    "NORTHRIDGE ARMS|HALDEN & SONS|VARGA WERKE|KESTREL|ORSO FRATELLI|TORIL|BRANNOCK MFG. CO.|DELMAR|"
    "OSTERBY|G. KALT & CIE|PRESIDIO|RUDNIK|SABLE RIVER|A. MORETTI|TALON DEFENSE|ZELENKA|IRONGATE|"
    "WESTMARK|CORVUS|LINDAL"
)
_PLACES = _words(
    "MADE IN AUSTRIA|MADE IN GERMANY|MADE IN ITALY|MADE IN USA|MADE IN TURKIYE|SPRINGDALE, MA U.S.A.|"
    "GARDENA V.T.- MADE IN ITALY|PRESTON, AZ USA|MADE IN CZECH REPUBLIC|HEIDEN/NECKAR|MADE IN BRAZIL|"
    "SMYRLE, GA|EUGENIA, OR|MADE IN JAPAN|MADE IN CHINA|MADE IN SERBIA"
)
_PISTOLS = _words(
    "MOD. 92 FS|P-226|USP|17 Gen 5|XD-9|LCP|M9|PX4|P.38|CZ-75|43X|PM-63|TT-33|MODEL 10-8|1911 A1"
)
_RIFLES = _words(
    "MODEL MR-15|MULTI|M4A1 CARBINE|DB-15|LT-15|MODEL T4|MCX-2|AUG-3|TAR-21|MINI 14|G3A4|FAL L1A1"
)
_CALIBRES = _words(
    "9mm|9x19|9mm PARA|.45 ACP|CAL. 5.56 MM|5.56x45|.223 REM|7.62x39|7.62 NATO|.380 AUTO|CAL .308 WIN|12 GA"
)
_OPTICS = _words("1X40|3-9x40|4x32|NXS 5.5-22x56|T-2|XPS3|HHS II|TANGO4 6-24x50|RDS-25|MRO|PSO-1|1P29")
_LIGHTS = _words("X300|TLR-1|WML 500|DBAL-D2|LA-5|M600|ATLAS-200|PL-2")
_WARNINGS = _words(
    "CAUTION: HOT SURFACES|DANGER|LASER RADIATION|READ MANUAL BEFORE USE|"
    "CAPABLE OF FIRING WITH MAGAZINE REMOVED|U.S. PAT. 8,156,677|PAT. PENDING|BATTERY 3V|CR123A|"
    "DO NOT STARE INTO BEAM|Licensed product"
)
_BOXES = _words(
    "50 CARTRIDGES|FULL METAL JACKET|124 GRAIN FMJ|OPERATOR'S MANUAL|LITHIUM 3V|CR123A|WARNING|"
    "KEEP OUT OF REACH|MADE IN USA|9mm LUGER|RIFLE CARTRIDGES|ITEM NO. 40217|SKU 558210|LOT 23-114|"
    "www.example.com|CLEANING KIT|HOLSTER|SIZE L|MAGAZINE 30 RD|FRAGILE|EXPIRES 03-2029|ALKALINE AA|"
    "1.5 V LR6|20 ROUNDS|TARGET AMMUNITION|TEL. 555-0142|QTY 2|PRICE 499.00|HANDGUN LOCK|"
    "SAFETY FIRST|NEW|USED - GOOD"
)


def serial(rng: Rng) -> str:
    """A made-up serial in one of the forms that weapons have."""
    form = rng.random()
    if form < 0.35:
        return digits(rng, int(rng.integers(5, 9)))
    if form < 0.7:
        return letters(rng, int(rng.integers(1, 5))) + digits(rng, int(rng.integers(3, 8)))
    if form < 0.8:
        return digits(rng, int(rng.integers(2, 5))) + letters(rng, int(rng.integers(1, 3))) + digits(rng, 4)
    if form < 0.9:
        return f"{rng.integers(10, 99)}-{digits(rng, int(rng.integers(4, 7)))}"
    return digits(rng, int(rng.integers(4, 7))) + letters(rng, int(rng.integers(1, 3)))


def _numbered(rng: Rng) -> tuple[str, str]:
    """A serial, and its line with or without a label."""
    value = serial(rng)
    label = pick(rng, ("", "", "", "S/N ", "SER. NO. ", "No ", "SN ", "SERIAL "))
    return label + value, value


def _way(rng: Rng, surface: str) -> tuple[Mark, str]:
    """How marks were made on steel, alloy or polymer, and their letters."""
    ways = {
        "steel": ("rolled", "struck", "engraved", "engraved-v", "laser-dark", "laser-light", "struck-light"),
        "alloy": ("rolled", "engraved", "engraved-filled", "laser-light", "laser-light", "engraved-v"),
        "polymer": ("laser-light", "laser-light", "engraved-filled", "cast", "printed-light", "laser-dark"),
        "print": ("printed-light", "laser-light", "engraved-filled"),
    }[surface]
    name = pick(rng, ways)
    faces = ("punch", "punch-serif", "roll") if name.startswith("struck") else (
        "roll", "gorton", "label", "label-bold", "narrow", "roll-wide", "plotter"
    )  # fmt: skip
    mark = MARKS[name]
    if name == "cast":
        mark = replace(mark, depth=0.08)
    return mark, pick(rng, faces)


def _line(
    text: str, x: float, y: float, height: float, way: tuple[Mark, str], role: str = "", value: str = ""
) -> Text:
    return Text(text, x, y, height, way[0], way[1], role=role, value=value)


def _finish(rng: Rng, *names: str) -> Material:
    return named(pick(rng, names))


def _optic(item: Whole, rng: Rng, x: float, y: float, tall: float) -> None:
    """A red dot sight or a telescopic sight with its base line at y."""
    metal = _finish(rng, "anodised", "polymer", "painted-green", "anodised")
    way = _way(rng, "print")
    brand = pick(rng, _MAKERS)
    if rng.random() < 0.5:
        width, height = float(rng.uniform(55, 110)), float(rng.uniform(35, 55)) * tall
        top = y - height
        item.put(
            Body(
                ((x, y), (x + 0.1 * width, top), (x + 0.9 * width, top), (x + width, y)), metal, 6.0, 3.0, 3.0
            )
        )
        item.put(
            Body(box(x + 0.28 * width, top + 0.15 * height, 0.44 * width, 0.3 * height), metal, 1.0, 1.0)
        )
        item.put(Disc(x + 0.86 * width, y - 0.25 * height, 5.0, "screw", 20.0))
        item.write(_line(brand, x + 0.2 * width, y - 0.45 * height, float(rng.uniform(3.2, 6)), way))
        item.write(
            _line(pick(rng, _OPTICS), x + 0.22 * width, y - 0.2 * height, float(rng.uniform(2, 3)), way)
        )
        return
    middle = y - 28.0 * tall
    for ring in (x + 40, x + 130):
        item.put(
            Body(box(ring, middle - 16, 16, 28 * tall + 16), metal, 5.0, 3.0),
            Disc(ring + 8, middle + 18, 3, "screw"),
        )
    item.put(tube(x - 40, middle - 13, 250, 26, metal))
    item.put(Body(((x - 110, middle - 27), (x - 60, middle - 25), (x - 30, middle - 13),
                   (x - 30, middle + 13), (x - 60, middle + 25), (x - 110, middle + 27)),
                  metal, 14.0, 22.0))  # fmt: skip
    item.put(tube(x + 205, middle - 19, 55, 38, metal))
    item.put(Body(box(x + 80, middle - 34, 26, 26), metal, 6.0, 4.0, 2.0, ribs=1.6))
    item.put(Body(box(x + 84, middle - 9, 19, 19), metal, 8.0, 4.0, 9.0))
    item.write(_line(brand, x - 105, middle - 4, float(rng.uniform(4, 8)), way))
    item.write(_line(pick(rng, _OPTICS), x + 12, middle - 2, float(rng.uniform(2.2, 4)), way))
    small = way[0], "label"
    item.write(*(_line(str(k), x + 84 + 7 * k, middle - 12.5, 2.2, small) for k in range(3)))
    item.write(
        _line(
            pick(rng, ("1 CLICK 1/4 MOA", ".1 MRAD", "UP", '1/4" 100 YDS')), x + 78, middle - 38, 2.0, small
        )
    )


def _light(item: Whole, rng: Rng, x: float, y: float) -> None:
    """A weapon light or laser, its upper left corner at (x, y)."""
    metal, way = _finish(rng, "anodised", "polymer", "painted-green"), _way(rng, "print")
    item.put(Body(box(x, y, 70, 27), metal, 8.0, 5.0, 3.0), tube(x - 18, y - 1, 26, 29, metal))
    item.put(Disc(x + 58, y + 8, 4.0, "screw", 60.0))
    item.write(_line(pick(rng, _MAKERS), x + 14, y + 5, float(rng.uniform(3, 5)), way))
    item.write(_line(pick(rng, _LIGHTS), x + 14, y + 13, float(rng.uniform(2.4, 4)), way))
    if rng.random() < 0.6:
        item.write(_line(pick(rng, _WARNINGS), x + 12, y + 20, 1.7, (way[0], "label")))


def carbine(rng: Rng) -> Whole:
    """A self-loading carbine of aluminium with a rail, an optic and a light."""
    item = Whole("whole-carbine", "self-loading carbine with optic and light")
    metal = _finish(rng, "anodised", "parkerised", "anodised", "painted-green")
    paint = PAINTS[int(rng.integers(len(PAINTS)))] if rng.random() < 0.25 else ()
    grip = _finish(rng, "polymer", "painted-green")
    steel = _finish(rng, "blued", "parkerised")
    item.put(tube(-480, -46, 230, 17, steel), tube(-520, -49, 45, 23, steel, ribs=7.0))
    item.put(tube(230, -26, 110, 26, metal))
    item.put(
        Body(
            ((262, -40), (395, -46), (398, 78), (350, 84), (318, 16), (262, 4)),
            grip,
            9.0,
            5.0,
            4.0,
            paint=paint,
        )
    )
    item.put(Body(box(-270, -62, 262, 48), metal, 8.0, 8.0, 2.0, paint=paint))
    for k in range(4):
        item.put(Plate(box(-255 + 62 * k, -44, 40, 11), -3.0, "polymer", 1.0, 5.0))
    item.put(Body(box(-270, -72, 460, 11), metal, 5.0, 1.0, 0.3, ribs=10.0, paint=paint))
    item.put(
        Body(((16, 70), (76, 68), (62, 232), (-4, 226)), _finish(rng, "polymer", "parkerised"), 7.0, 3.0, 2.0)
    )
    item.put(Body(box(-8, -62, 200, 36), metal, 6.0, 3.0, 2.0, paint=paint))
    item.put(Plate(box(92, -52, 58, 20), -2.0, "parkerised", 1.2, 1.5))
    item.put(Body(((128, 34), (168, 32), (196, 130), (152, 138)), grip, 9.0, 6.0, 3.0, ribs=3.0, along=True))
    item.put(Body(((80, 34), (134, 36), (132, 68), (88, 66)), metal, 2.0, 1.0, 3.0))
    item.put(Plate(((86, 40), (128, 41), (126, 62), (92, 61)), -6.0, "label-black", 1.0, 3.0))
    lower = ((6, -28), (232, -28), (232, 4), (190, 14), (170, 36), (84, 42), (79, 78), (14, 82), (8, 20))
    item.put(
        Body(lower, metal, 6.0, 2.5, 2.0, paint=paint),
        Plate(((12, 6), (78, 5), (77, 76), (15, 78)), 1.1, None, 1.6, 2.0),
    )
    item.put(
        Disc(11, -14, 3.6, "pin"),
        Disc(112, 16, 2.1, "pin"),
        Disc(132, 12, 2.1, "pin"),
        Disc(222, -14, 3.6, "pin"),
    )
    item.put(Disc(160, 8, 7.0, "screw", float(rng.uniform(0, 180))))
    way = _way(rng, "alloy")
    line, value = _numbered(rng)
    model, calibre, maker = pick(rng, _RIFLES), pick(rng, _CALIBRES[4:]), pick(rng, _MAKERS)
    tall = float(rng.uniform(2.3, 3.6))
    rows = [
        Row(maker, tall * float(rng.uniform(0.8, 1.6)), "manufacturer"),
        Row(pick(rng, _PLACES), 0.8 * tall, "country"),
        Row(model, tall, "model"),
        Row(calibre, tall, "calibre"),
        Row(line, tall, "serial", value),
    ]
    if rng.random() < 0.3:  # model and number in one row, as small makers engrave them
        rows[2:] = [Row(calibre, tall, "calibre"), Row(f"{model} {value}", tall, "serial", value)]
    keep = [row for row in rows if row.role == "serial" or rng.random() < 0.85]
    item.write(*block(keep, 18, 16, way[0], way[1], float(rng.uniform(0.5, 1.0))))
    small = way[0], way[1]
    item.write(_line("SAFE", 148, -6, 2.4, small), _line(pick(rng, ("FIRE", "SEMI")), 168, 14, 2.4, small))
    if rng.random() < 0.7:
        _optic(item, rng, float(rng.uniform(0, 60)), -72, float(rng.uniform(0.9, 1.3)))
    if rng.random() < 0.6:
        _light(item, rng, float(rng.uniform(-240, -120)), -14)
    if rng.random() < 0.6:
        item.write(
            _line(pick(rng, ("CAL 5.56X45", "PMX 30", "30 RD")), 12, 150, 5.0, (MARKS["cast"], "roll"))
        )
    return item


def kalashnikov(rng: Rng) -> Whole:
    """A rifle of sheet steel and wood, its factory's signs on the trunnion."""
    item = Whole("whole-kalashnikov", "self-loading rifle, sheet steel and wood")
    steel = _finish(rng, "blued", "blued-worn", "parkerised", "enamel-black")
    wood = WOOD if rng.random() < 0.7 else named("polymer")
    item.put(tube(-420, -30, 250, 15, steel), tube(-250, -52, 130, 15, steel), tube(-440, -33, 30, 22, steel))
    item.put(Body(((-210, -56), (-60, -58), (-52, -8), (-205, -14)), wood, 12.0, 10.0, 3.0))
    item.put(
        Body(((252, -22), (480, 20), (490, 120), (455, 124), (300, 46), (248, 26)), wood, 12.0, 9.0, 5.0)
    )
    item.put(
        Body(
            ((-18, 22), (52, 24), (40, 110), (-20, 200), (-84, 170), (-34, 100)),
            steel,
            8.0,
            4.0,
            3.0,
            ribs=14.0,
        )
    )
    item.put(Body(((168, 24), (206, 24), (238, 116), (202, 124)), wood, 9.0, 8.0, 4.0))
    item.put(Body(box(-30, -54, 276, 34), steel, 9.0, 10.0, 6.0))
    item.put(Body(box(-50, -24, 304, 50), steel, 5.0, 2.0, 1.0))
    item.put(
        Body(box(-64, -58, 34, 12), steel, 3.0, 1.0, 0.5), Plate(box(26, 2, 64, 13), -0.8, None, 1.0, 6.0)
    )
    item.put(
        *(
            Disc(x, y, 2.9, "rivet")
            for x, y in ((-38, -14), (-38, 14), (2, 16), (150, -12), (236, 4), (128, 18))
        )
    )
    item.put(Body(((150, -6), (220, 2), (222, 10), (150, 4)), steel, 2.0, 1.5, 2.0), Disc(146, 0, 6.0, "pin"))
    way = (
        replace(MARKS["struck"], jitter=float(rng.uniform(0.3, 1.1))),
        pick(rng, ("punch", "punch-serif", "roll")),
    )
    tall = float(rng.uniform(3.0, 4.4))
    line, value = _numbered(rng)
    if rng.random() < 0.5:
        line = value = pick(rng, "АБВГКМНПСТ") + pick(rng, "АБВКМ") + " " + digits(rng, 4)
    sign = SYMBOLS[pick(rng, ("triangle", "arrow-triangle", "circle", "star", "oval", "diamond"))]
    item.symbols.append(Symbol(sign, -32, -20, 1.3 * tall, way[0]))
    rows = (
        [_line(f"{rng.integers(1955, 1994)}" + pick(rng, ("", "г", " г.")), -20, -20, tall, way, "year")]
        if rng.random() < 0.7
        else []
    )
    item.write(*rows, _line(line, -20, -20 + 1.8 * tall, tall, way, "serial", value))
    item.write(
        _line(pick(rng, ("АВ", "L", "AUTO")), 158, -18, 2.6, way),
        _line(pick(rng, ("ОД", "D", "S")), 170, 15, 2.6, way),
    )
    if rng.random() < 0.4:
        item.write(
            _line(pick(rng, ("MOD. M70", "CAL 7.62X39", "AK-74", "TYPE 56")), 20, -18, 3.2, way, "model")
        )
        item.write(_line(pick(rng, _PLACES), 20, -12.5, 2.4, way, "country"))
    item.write(*(_line(str(k), -62 + 5 * k, -54, 2.4, way) for k in range(1, 6)))
    if rng.random() < 0.4:
        item.write(_line(value[-4:], 30, -40, 3.0, way))  # the cover carries the last digits
    if rng.random() < 0.3:
        _optic(item, rng, 60, -56, 1.2)
    return item


def pistol(rng: Rng) -> Whole:
    """A pistol with a frame of polymer or steel, its number on slide, frame and barrel."""
    item = Whole("whole-pistol", "self-loading pistol")
    slide = _finish(rng, "blued", "parkerised", "anodised", "sandblasted", "blued-worn")
    poly = rng.random() < 0.6
    frame = named("polymer") if poly else slide
    grip = ((64, 4), (112, 2), (140, 104), (92, 112))
    item.put(
        Body(grip, named("polymer") if rng.random() < 0.7 else WOOD, 12.0, 8.0, 5.0, ribs=2.2, along=True)
    )
    item.put(
        Body(((-92, 2), (118, 0), (112, 26), (54, 24), (50, 30), (-20, 30), (-92, 24)), frame, 8.0, 4.0, 3.0)
    )
    item.put(Body(((-8, 26), (58, 24), (66, 58), (8, 62)), frame, 4.0, 3.0, 7.0))
    item.put(Plate(((2, 31), (54, 30), (58, 53), (14, 56)), -8.0, "label-black", 1.0, 6.0))
    item.put(Body(box(-96, -25, 204, 28), slide, 9.0, 4.0, 1.5))
    item.put(Body(box(74, -23, 26, 24), slide, 0.6, 0.6, 0.3, ribs=3.0, shadow=(0, 0, 0.6)))
    item.put(Body(box(2, -24, 40, 14), STRIPPED, -1.0, 1.0, 1.0, shadow=(0, 0, 0.8)))
    item.put(Body(box(-90, -32, 5, 8), slide, 2.0, 1.0), Body(box(92, -32, 12, 8), slide, 2.0, 1.0))
    item.put(
        Disc(70, 12, 2.2, "pin"), Disc(28, 16, 2.0, "pin"), Body(box(40, 2, 30, 5), slide, 2.0, 1.0, 1.0)
    )
    way = _way(rng, "steel")
    line, value = _numbered(rng)
    tall = float(rng.uniform(2.0, 3.4))
    maker, model = pick(rng, _MAKERS), pick(rng, _PISTOLS)
    big = float(rng.uniform(1.0, 2.6)) * tall
    item.write(_line(maker, -88, -20, big, way, "manufacturer"))
    if rng.random() < 0.8:
        item.write(_line(model, -88, -20 + 1.6 * big, 0.85 * tall, way, "model"))
    if rng.random() < 0.5:
        item.write(_line(pick(rng, _PLACES), -60, -6, 0.7 * tall, way, "country"))
    if rng.random() < 0.6:
        item.write(_line(pick(rng, _CALIBRES), 6, -21, 0.8 * tall, way, "calibre"))
    places = ["slide", "frame", "barrel"]
    first = places[int(rng.integers(3))]
    for place in places:
        if place != first and rng.random() < 0.6:
            continue
        if place == "slide":
            item.write(_line(line, 44, -14, tall, way, "serial", value))
        elif place == "barrel":
            item.write(_line(value, 5, -17.5, min(tall, 3.0), (MARKS["laser-dark"], way[1]), "serial", value))
        elif poly:  # a plate of steel in the polymer
            item.put(Plate(box(-74, 8, 34, 8), -0.6, "brushed", 0.4, 1.0))
            item.write(_line(value, -72, 10, min(tall, 3.0), _way(rng, "steel"), "serial", value))
        else:
            item.write(_line(line, -70, 8, tall, way, "serial", value))
    if rng.random() < 0.4:
        _light(item, rng, -92, 31)
    if rng.random() < 0.5:
        item.write(_line(pick(rng, _MAKERS), 82, 56, 4.0, (replace(MARKS["cast"], depth=0.06), "roll")))
    if rng.random() < 0.25:
        _optic(item, rng, 40, -24, 0.7)
    return item


def scoped_rifle(rng: Rng) -> Whole:
    """A bolt-action rifle with a telescopic sight."""
    item = Whole("whole-scoped-rifle", "bolt-action rifle with telescopic sight")
    steel = _finish(rng, "blued", "parkerised", "blued-worn")
    paint = PAINTS[int(rng.integers(len(PAINTS)))] if rng.random() < 0.3 else ()
    stock = WOOD if rng.random() < 0.5 else _finish(rng, "polymer", "painted-green")
    item.put(tube(-560, -20, 480, 19, steel))
    item.put(Body(((-330, 0), (140, 6), (196, 22), (420, 12), (424, 110), (400, 112), (190, 62), (130, 36),
                   (-330, 26)), stock, 14.0, 12.0, 6.0, paint=paint))  # fmt: skip
    item.put(
        Body(box(-110, -22, 240, 34), steel, 10.0, 12.0, 2.0, paint=paint),
        Body(box(-20, -16, 66, 15), STRIPPED, 0.5, 2.0),
    )
    item.put(
        tube(116, -10, 40, 14, steel),
        Body(((140, -4), (152, -4), (158, 40), (146, 42)), steel, 6.0, 5.0, 4.0),
    )
    way = _way(rng, "steel")
    line, value = _numbered(rng)
    tall = float(rng.uniform(2.2, 3.4))
    item.write(_line(line, -100, float(rng.uniform(-8, 2)), tall, way, "serial", value))
    item.write(_line(pick(rng, _MAKERS), -100, -14, 1.2 * tall, way, "manufacturer"))
    item.write(
        _line(
            pick(rng, ("MODEL 70", "MOD. 98", "TIKA T3", "MODEL 700", "SSG 69")), 54, -6, tall, way, "model"
        )
    )
    item.write(_line(pick(rng, _CALIBRES[4:]), -190, -13, tall, way, "calibre"))
    if rng.random() < 0.6:
        item.write(_line(pick(rng, _WARNINGS), -330, -13, 1.9, way))
    _optic(item, rng, -20, -20, float(rng.uniform(0.9, 1.2)))
    return item


def machine_gun(rng: Rng) -> Whole:
    """A machine gun with a data plate, a feed cover and a box of belted rounds."""
    item = Whole("whole-machine-gun", "machine gun")
    steel = _finish(rng, "parkerised", "blued-worn", "painted-green", "enamel-grey")
    item.put(tube(-520, -30, 380, 24, steel, ribs=12.0 if rng.random() < 0.5 else 0.0))
    item.put(
        Body(
            ((250, -28), (420, -22), (430, 70), (380, 76), (250, 24)),
            _finish(rng, "polymer", "painted-green"),
            10.0,
            6.0,
            5.0,
        )
    )
    item.put(Body(((160, 44), (200, 44), (220, 132), (180, 138)), named("polymer"), 9.0, 7.0, 4.0))
    item.put(Body(box(-60, 44, 130, 100), named("painted-green"), 10.0, 3.0, 3.0))
    item.put(Body(box(-150, -36, 410, 82), steel, 7.0, 3.0, 2.0))
    item.put(
        Body(box(-70, -64, 250, 30), steel, 7.0, 5.0, 3.0),
        *(Disc(x, -12, 3.0, "rivet") for x in (-120, -60, 60, 240)),
    )
    line, value = _numbered(rng)
    tall = float(rng.uniform(2.2, 3.4))
    plate = rng.random() < 0.6
    way = (
        (MARKS[pick(rng, ("etched", "plate-struck"))], pick(rng, ("label", "gorton", "roll")))
        if plate
        else _way(rng, "steel")
    )
    rows = [
        Row(pick(rng, ("MACHINE GUN 7.62MM", "MG, CAL .30", "LIGHT MACHINE GUN")), tall),
        Row(pick(rng, _MAKERS), tall, "manufacturer"),
        Row(pick(rng, ("MODEL M60", "MAG-58", "MODEL 240", "M249")), tall, "model"),
        Row(line, tall, "serial", value),
    ]
    texts = block(rows, 72, -12, way[0], way[1], 0.7)
    if plate:
        wide = max(t.length for t in texts) + 8
        item.put(Plate(box(68, -16, wide, 6.8 * tall + 8), 0.5, "plate", 0.4, 1.0))
    item.write(*texts)
    yellow = replace(MARKS["painted"], paint=(0.6, 0.42, 0.05), jitter=0.1, worn=0.1), "roll"
    item.write(_line("200 CARTRIDGES", -50, 70, 7.0, yellow), _line("7.62MM NATO", -50, 86, 7.0, yellow))
    if rng.random() < 0.5:
        _optic(item, rng, 0, -64, 1.0)
    return item


def shotgun(rng: Rng) -> Whole:
    """A shotgun, its marks along the barrel and on the receiver."""
    item = Whole("whole-shotgun", "shotgun")
    steel = _finish(rng, "blued", "blued-worn", "parkerised", "sandblasted")
    wood = WOOD if rng.random() < 0.6 else named("polymer")
    item.put(tube(-560, -26, 500, 24, steel), tube(-420, 0, 360, 24, steel))
    item.put(Body(box(-300, -4, 180, 34), wood, 12.0, 14.0, 8.0, ribs=4.0))
    item.put(
        Body(
            ((150, -24), (196, -12), (430, 16), (432, 120), (404, 122), (200, 50), (150, 30)),
            wood,
            13.0,
            10.0,
            6.0,
        )
    )
    item.put(
        Body(((60, 30), (130, 30), (120, 62), (72, 62)), steel, 3.0, 2.0, 7.0),
        Plate(((68, 36), (122, 36), (114, 56), (78, 56)), -6.0, "label-black", 1.0, 5.0),
    )
    item.put(
        Body(((-70, -30), (140, -28), (156, -16), (152, 30), (-70, 32)), steel, 9.0, 5.0, 4.0),
        Disc(0, 22, 2.4, "pin"),
        Disc(110, 20, 2.4, "pin"),
    )
    way = _way(rng, "steel")
    line, value = _numbered(rng)
    tall = float(rng.uniform(2.4, 3.6))
    item.write(_line(line, float(rng.uniform(-60, 20)), 12, tall, way, "serial", value))
    item.write(_line(pick(rng, _MAKERS), -50, -18, float(rng.uniform(3, 8)), way, "manufacturer"))
    item.write(_line(pick(rng, ("MODEL 37", "M590", "MOD. 870", "SUPER 90")), 60, -16, tall, way, "model"))
    item.write(
        _line(
            pick(rng, ("12 GA 2 3/4 OR 3 IN.", '12 GAUGE 3" SHELLS', "CAL 12/76")),
            -300,
            -17,
            0.8 * tall,
            way,
            "calibre",
        )
    )
    item.write(_line(pick(rng, _PLACES), -180, -17, 0.8 * tall, way, "country"))
    return item


def lens(rng: Rng) -> Whole:
    """A telescopic sight that looks at the camera: print around its lens, its number below."""
    item = Whole("whole-lens", "telescopic sight, from the front")
    metal, way = _finish(rng, "anodised", "painted-green", "enamel-black"), _way(rng, "print")

    def disc(radius: float) -> Points:
        turn = np.linspace(0, 2 * math.pi, 61)[:-1]
        return tuple((float(radius * math.cos(t)), float(radius * math.sin(t))) for t in turn)

    item.put(
        Body(box(-30, 20, 60, 44), metal, 5.0, 3.0, 3.0),
        Body(disc(33), metal, 14.0, 6.0),
        Body(disc(29.5), metal, -1.0, 0.8),
    )
    item.put(Body(disc(22), GLASS, 2.5, 20.0, shadow=(0, 0, 1.0)))
    value = serial(rng)
    item.write(
        Text(
            f"{pick(rng, _MAKERS)} {pick(rng, _OPTICS)}",
            0,
            0,
            2.3,
            way[0],
            "label",
            "centre",
            -90.0,
            24.2,
            "model",
        )
    )
    item.write(Text("S/N " + value, 0, 0, 2.3, way[0], "label", "centre", 90.0, 24.2, "serial", value))
    item.write(_line(pick(rng, _WARNINGS), -26, 50, 2.4, way))
    return item


FAMILIES: dict[str, Callable[[Rng], Whole]] = {
    "carbine": carbine, "kalashnikov": kalashnikov, "pistol": pistol, "scoped-rifle": scoped_rifle,
    "machine-gun": machine_gun, "shotgun": shotgun, "lens": lens,
}  # fmt: skip
_USUAL = ("carbine", "carbine", "kalashnikov", "kalashnikov", "pistol", "pistol", "pistol", "scoped-rifle",
          "machine-gun", "shotgun", "lens")  # fmt: skip


@dataclass(frozen=True)
class _Sheet:
    """A thing with print behind the item: its body, its lines, and a ruler's corner if it is one."""

    body: Body
    texts: tuple[Text, ...]
    ruler: tuple[float, float] | None = None


def _sheet(rng: Rng, x: float, y: float, px_per_mm: float) -> _Sheet:
    """A card, box, battery or sheet of print around (x, y)."""
    form = pick(rng, ("card", "box", "box", "battery", "page", "label", "magazine"))
    angle = float(rng.choice([0, 0, 90, -90, 180])) + float(rng.normal(0, 14))
    least = 9.0 / px_per_mm
    rows: list[tuple[str, float]]
    dark: tuple[float, float, float] = (0.02, 0.02, 0.03)
    if form == "card":
        number, others = exhibit(rng)
        tall = max(float(rng.uniform(4, 9)), 1.6 * least)
        rows, made = [(number, tall), *((one, 0.6 * tall) for one in others)], named("label-white")
    elif form == "page":
        tall = max(float(rng.uniform(1.8, 3.2)), least)
        rows = [
            (" ".join(pick(rng, _BOXES) for _ in range(2)), tall) for _ in range(int(rng.integers(4, 10)))
        ]
        made = named("paper")
    else:
        tall = max(float(rng.uniform(2.5, 10)), least)
        count = int(rng.integers(1, 5)) if form != "battery" else 2
        rows = [(pick(rng, _BOXES), tall * float(rng.uniform(0.5, 1.6))) for _ in range(count)]
        tone = rng.uniform(0.02, 0.5, 3)
        made = (
            CARDBOARD if form == "box" and rng.random() < 0.3 else Material(tuple(tone.tolist()), 0.06, 0.25)
        )
        dark = (0.75, 0.74, 0.7) if float(np.mean(made.color)) < 0.2 else dark
        if form == "label":
            made, dark = named("label-white"), (0.02, 0.02, 0.03)
    ink = replace(MARKS["printed"], paint=dark)
    face = pick(rng, ("label", "label-bold", "narrow", "label-bold"))
    turn = math.radians(angle)
    across, down = np.array([math.cos(turn), math.sin(turn)]), np.array([-math.sin(turn), math.cos(turn)])
    texts, at = [], 1.4 * rows[0][1]
    wide = 0.0
    left = 1.2 * rows[0][1]
    origin = np.array([x, y])
    for line, height in rows:
        place = origin + across * left + down * at
        text = Text(line, float(place[0]), float(place[1]), height, ink, face, angle=angle, role=BEHIND)
        texts.append(text)
        wide, at = max(wide, text.length), at + 1.7 * height
    wide, tall = wide + 2 * left, at + 0.4 * rows[0][1]
    corners = [origin, origin + across * wide, origin + across * wide + down * tall, origin + down * tall]
    points = tuple((float(p[0]), float(p[1])) for p in corners)
    bevel, rise = {"battery": (0.45 * tall, 0.3 * tall), "box": (1.0, 5.0), "magazine": (2.0, 5.0)}.get(
        form, (0.4, 0.3)
    )
    soft = (0.4, 0.6, 0.6) if rise < 1 else (2.0, 3.0, 3.0)
    return _Sheet(Body(points, made, rise, bevel, 0.8, shadow=soft), tuple(texts))


def _sheets(item: Whole, bounds: Sequence[float], count: int, px_per_mm: float, rng: Rng) -> list[_Sheet]:
    """Things with print that lie where neither the item nor another of them does."""
    left, top, right, bottom = bounds
    scale = 1.0
    size = (max(8, int((bottom - top) * scale)), max(8, int((right - left) * scale)))
    taken: Array = np.zeros(size, np.uint8)

    def fill(mask: Array, points: Points) -> None:
        cv2.fillPoly(mask, [np.round((np.array(points) - (left, top)) * scale).astype(np.int32)], 1)

    for part in item.parts:
        if not isinstance(part, Disc):
            fill(taken, part.points)
    taken = cv2.dilate(taken, np.ones((7, 7), np.uint8))
    sheets: list[_Sheet] = []
    for _ in range(12 * count):
        if len(sheets) == count:
            break
        one = _sheet(rng, float(rng.uniform(left, right)), float(rng.uniform(top, bottom)), px_per_mm)
        own: Array = np.zeros(size, np.uint8)
        fill(own, one.body.points)
        if own.any() and not np.minimum(own, taken).any():
            taken = np.maximum(taken, own)
            sheets.append(one)
    return sheets


def _held_back(item: Whole, rng: Rng) -> Whole:
    """The item with letters that are kept for measuring."""
    face = pick(rng, sorted(HELD_BACK_FACES))
    return replace(item, texts=[in_face(text, face) if not text.arc else text for text in item.texts])


def _camera(item: Item, rng: Rng, width: int, height: int) -> tuple[Camera, View]:
    """A camera that shows the item's number somewhere in a photo of much else."""
    camera, lighting, sensor = view(item, rng, width, height)
    numbers = [text for text in item.texts if text.role == "serial"]
    aim = numbers[int(rng.integers(len(numbers)))]
    glyph = float(np.exp(rng.normal(math.log(GLYPH_PX[0]), GLYPH_PX[1])))
    field = float(np.clip(width * aim.height / glyph, *FIELD_MM))
    left, top, right, bottom = extent(aim)
    roll = float(rng.choice([0, 0, 0, 0, 0, 0, 90, 180, 270])) + float(rng.normal(0, 6))
    turned = abs(math.sin(math.radians(roll))) > 0.7
    span = np.array([field, field * height / width])
    span = span[::-1] if turned else span
    aside = rng.uniform(-0.33, 0.33, 2) * span
    centre = np.array([(left + right) / 2, (top + bottom) / 2]) + aside
    camera = replace(
        camera, field=field, centre=(float(centre[0]), float(centre[1])), roll=roll,
        tilt=float(rng.normal(0, 9)), swing=float(rng.normal(0, 9)), radius=0.0,
    )  # fmt: skip
    scale = camera.width / 1600
    sensor = replace(
        sensor, focus=float(rng.gamma(2.0, 0.25)) * scale + 0.3,
        shake=(float(rng.gamma(1.0, 0.8)), sensor.shake[1]),
        depth=float(rng.uniform(0, 2)), quality=int(rng.integers(55, 93)), resent=0,
    )  # fmt: skip
    return camera, View(camera, lighting, sensor)


def _things(item: Whole, camera: Camera, rng: Rng) -> tuple[Thing, ...]:
    """A glove or a hand at the item, a reflection of a shop's glass."""
    things: list[Thing] = []
    cx, cy = camera.centre
    field = camera.field
    if rng.random() < 0.25:
        angle = float(rng.uniform(0, 360))
        x, y = (
            cx + 0.45 * field * math.cos(math.radians(angle)),
            cy + 0.35 * field * math.sin(math.radians(angle)),
        )
        look: Literal["glove", "finger"] = "glove" if rng.random() < 0.6 else "finger"
        colors = {
            "glove": ((0.05, 0.1, 0.4), (0.02, 0.02, 0.02), (0.6, 0.6, 0.6)),
            "finger": ((0.48, 0.27, 0.19), (0.2, 0.1, 0.06)),
        }[look]
        color = colors[int(rng.integers(len(colors)))]
        for k in range(int(rng.integers(1, 4))):
            at, own = (x + 17 * k, y + 4 * k), int(rng.integers(2**31))
            one = Over(look, *at, 80, 17, angle + 180, 8.0, color=color, shadow=(1.5, 2.0), seed=own)
            things.append(one)
    if rng.random() < 0.15:
        x, y = cx + float(rng.uniform(-0.5, 0.5)) * field, cy + float(rng.uniform(-0.4, 0.4)) * field
        angle, own = float(rng.uniform(0, 180)), int(rng.integers(2**31))
        things.append(Over("glare", x, y, 0.35 * field, 0.12 * field, angle, strength=0.3, seed=own))
    return tuple(things)


def whole_photo(
    rng: Rng, name: str, family: str | None = None, held_back: bool = False, megapixels: float | None = None
) -> Photo:
    """A photo of a whole item between other things.

    Args:
        rng: decides everything.
        name: its ``item`` in the labels.
        family: key of `FAMILIES`; one of the usual ones if None.
        held_back: with letters that are kept for measuring, else with none of them.
        megapixels: of the photo; 1.5 to 4 if None.
    """
    whole = FAMILIES[family or pick(rng, _USUAL)](rng)
    if held_back:
        whole = _held_back(whole, rng)
    item = Item(
        whole.name, whole.object, next(t.mark.kind for t in whole.texts if t.role == "serial"), "anodised",
        (-5000.0, -5000.0, 5000.0, 5000.0), tuple(whole.texts), symbols=tuple(whole.symbols),
        fields=fields_of(whole.texts), used=False,
    )  # fmt: skip
    item = aged(item, float(rng.uniform(0.0, 0.75)))
    whole.texts, whole.symbols = list(item.texts), list(item.symbols)
    size = float(rng.uniform(1.5, 4.0)) if megapixels is None else megapixels
    wide = int(math.sqrt(size * 4e6 / 3)) // 16 * 16
    width, height = (wide, wide * 3 // 4) if rng.random() < 0.75 else (wide * 3 // 4, wide)
    camera, seen = _camera(item, rng, width, height)
    seen = replace(seen, things=_things(whole, camera, rng))
    carved = _carved(whole, camera, rng)
    photo = take(item, carved, seen, name, rng)
    return replace(photo, truth=replace(photo.truth, surroundings=True))


def _carved(whole: Whole, camera: Camera, rng: Rng) -> Carved:
    """Everything that the camera sees as one surface, from the ground upwards, with all marks."""
    bounds = camera.bounds((-5000.0, -5000.0, 5000.0, 5000.0))
    px_per_mm = camera.width / camera.field
    canvas = Canvas.blank(bounds, px_per_mm)
    lay_ground(canvas, GROUNDS[int(rng.integers(len(GROUNDS)))], rng)
    sheets = _sheets(whole, bounds, int(rng.integers(0, 7)), px_per_mm, rng)
    lines: list[DrawnLine] = []
    for sheet in sheets:
        draw_body(canvas, sheet.body, rng)
        lines += [draw_text(canvas, text, rng) for text in sheet.texts if _seen(text, bounds)]
    if rng.random() < 0.15:
        left, _, right, bottom = bounds
        draw_ruler(
            canvas,
            (
                left + float(rng.uniform(0, 1)) * max(0.0, right - left - 100),
                bottom - float(rng.uniform(18, 40)),
            ),
            rng,
        )
    for part in whole.parts:
        if isinstance(part, Body):
            draw_body(canvas, part, rng)
        elif isinstance(part, Plate):
            draw_plate(canvas, part, rng)
        else:
            draw_disc(canvas, part)
    for symbol in whole.symbols:
        draw_symbol(canvas, symbol, rng)
    lines += [draw_text(canvas, text, rng) for text in whole.texts if _seen(text, bounds)]
    return Carved(canvas, lines, [], canvas.ink, None)


def _seen(text: Text, bounds: Sequence[float]) -> bool:
    """Whether any of a line can be in the photo."""
    reach = text.length + text.height + text.arc
    left, top, right, bottom = bounds
    return left - reach < text.x < right + reach and top - reach < text.y < bottom + reach


def render_wholes(
    count: int, seed: int, held_back: bool = False, megapixels: float | None = None
) -> Iterator[tuple[str, Photo]]:
    """File name and photo of random whole items; photo k of a seed is the same however many are made.

    Args:
        count: number of photos.
        seed: the same seed makes the same photos.
        held_back: as of `whole_photo`.
        megapixels: of the photos; 1.5 to 4 if None.
    """
    for number in range(count):
        rng = np.random.default_rng([seed, number, 7])
        photo = whole_photo(rng, f"whole-{seed}-{number:06}", None, held_back, megapixels)
        yield f"{number:06}-{photo.truth.item}.jpg", photo
