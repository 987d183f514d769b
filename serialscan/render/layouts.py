"""Items with what really stands on them, and serials that are made up.

What stands where follows public descriptions of the items. Every layout takes a random generator and
gives an `Item`; the views it is usually photographed in come from `view`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from serialscan.render.camera import Camera, Sensor
from serialscan.render.lights import ROOMS, Light, Lighting
from serialscan.render.marks import MARKS, SYMBOLS, Mark, Symbol, Text
from serialscan.render.parts import Code, Disc, Plate, box
from serialscan.render.photo import BACKDROPS, Item
from serialscan.render.strokes import FACES, glyph

Rng = np.random.Generator


def pick(rng: Rng, choices: Sequence[str]) -> str:
    """One of the choices."""
    return choices[int(rng.integers(len(choices)))]


def digits(rng: Rng, count: int) -> str:
    """A made-up number; the first digit is not 0."""
    return str(rng.integers(1, 10)) + "".join(str(d) for d in rng.integers(0, 10, count - 1))


def letters(rng: Rng, count: int, alphabet: str = "ABCDEFGHJKLMNPRSTUVWXYZ") -> str:
    """Made-up letters."""
    return "".join(alphabet[int(k)] for k in rng.integers(0, len(alphabet), count))


def line_width(text: str, face: str, height: float) -> float:
    """How long a line is, in mm, for a face and a capital height in mm."""
    style = FACES[face]
    return height * (sum(glyph(char, style)[1] + style.spacing for char in text) - style.spacing)


@dataclass(frozen=True)
class Row:
    """One line of a block: its text, height in mm, and the field that it carries."""

    text: str
    height: float
    role: str = ""
    value: str = ""


def block(
    rows: Sequence[Row], x: float, y: float, mark: Mark, face: str, gap: float = 0.7, anchor: str = "left"
) -> tuple[Text, ...]:
    """Lines under each other; ``gap`` is a part of the height of the line above."""
    texts = []
    for row in rows:
        texts.append(
            Text(
                row.text, x, y, row.height, mark, face, "centre" if anchor == "centre" else "left",
                role=row.role, value=row.value,
            )
        )  # fmt: skip
        y += row.height * (1.0 + gap)
    return tuple(texts)


def fields_of(texts: Sequence[Text]) -> dict[str, str]:
    """The fields that the lines carry."""
    return {text.role: text.value or text.text for text in texts if text.role}


def _lower_receiver(material: str) -> tuple[tuple[Plate | Disc, ...], tuple[tuple[float, float], ...]]:
    outline = (
        (6.0, -30.0), (190.0, -30.0), (190.0, 34.0), (142.0, 36.0), (136.0, 44.0), (84.0, 42.0), (79.0, 52.0),
        (78.0, 78.0), (14.0, 82.0), (10.0, 30.0), (6.0, 20.0),
    )  # fmt: skip
    parts: tuple[Plate | Disc, ...] = (
        Plate(box(-20, -40, 240, 41), 2.4, None, 1.4),
        Plate(((12, 6), (78, 5), (77, 49), (15, 51)), 1.1, None, 1.6, 2.0),
        Plate(box(92, -34, 60, 22), -2.0, "polymer" if material == "polymer" else "anodised", 1.2, 1.5),
        Plate(((82, 8), (92, 6), (95, 22), (86, 24)), 1.6, "parkerised", 1.0, 1.5),
        Plate(((14, 56), (78, 55), (79, 90), (16, 92)), -1.5, "parkerised", 0.8, 1.0),
        Disc(11, 7, 3.4, "pin"),
        Disc(112, 22, 2.1, "pin"),
        Disc(128, 17, 2.1, "pin"),
        Disc(160, 8, 3.6, "pin"),
        Disc(68, 32, 0.1, "dimple"),
    )
    return parts, outline


def m4_colt(rng: Rng) -> Item:
    """M4 or M4A1 by Colt: roll marks on the magazine well, W serial."""
    serial = "W" + digits(rng, int(rng.integers(6, 8)))
    model = pick(rng, ("M4 CARBINE", "M4A1 CARBINE"))
    mark = replace(MARKS["rolled"], depth=0.06)
    texts = block(
        [
            Row("PROPERTY OF U.S. GOVT.", 2.5, "property"),
            Row(model, 2.5, "model", model.split()[0]),
            Row("CAL 5.56 MM", 2.5, "calibre"),
            Row(serial, 3.0, "serial"),
        ],
        45, 11, mark, "roll", 0.72, "centre",
    )  # fmt: skip
    texts += block(
        [
            Row("COLT FIREARMS DIVISION", 1.75, "manufacturer", "COLT"),
            Row("COLT INDUSTRIES", 1.75),
            Row("HARTFORD, CONN. U.S.A.", 1.75, "country", "U.S.A."),
        ],
        45, 34, mark, "roll-wide", 0.6, "centre",
    )  # fmt: skip
    material = pick(rng, ("anodised", "parkerised"))
    parts, outline = _lower_receiver(material)
    return Item(
        "m4-colt", "M4 carbine, magazine well", "stamped", material, (0, -30, 190, 95), texts, outline, parts,
        fields=fields_of(texts), backdrop=pick(rng, ("cloth", "table", "concrete")),
    )  # fmt: skip


def m16a4_fn(rng: Rng) -> Item:
    """M16A2 or M16A4 by FN in Columbia: shallow roll marks."""
    serial = digits(rng, 8 if rng.random() < 0.5 else 7)
    model = pick(rng, ("M16A4", "M16A2"))
    mark = replace(MARKS["rolled"], depth=0.05, fade=0.3)
    texts = block(
        [
            Row("FN MFG LLC", 2.2, "manufacturer"),
            Row("COLUMBIA SC USA", 2.2, "country", "USA"),
            Row("PROPERTY OF US GOVT", 2.2, "property"),
            Row(model, 2.6, "model"),
            Row("5.56MM", 2.6, "calibre"),
            Row(serial, 3.0, "serial"),
        ],
        19, 9.5, mark, "roll", 0.75,
    )  # fmt: skip
    texts += (
        Text("SAFE", 146, 1.5, 2.2, MARKS["engraved-filled"], "roll", "centre"),
        Text("SEMI", 172, 6, 2.2, MARKS["engraved-filled"], "roll"),
        Text("BURST", 160, 18, 2.2, MARKS["engraved-filled"], "roll", "centre"),
    )
    parts, outline = _lower_receiver("anodised")
    return Item(
        "m16a4-fn", f"{model} rifle, magazine well", "stamped", "anodised", (0, -30, 190, 95), texts, outline,
        parts, fields=fields_of(texts), backdrop=pick(rng, ("cloth", "sand", "dark")),
    )  # fmt: skip


def m16a1(rng: Rng) -> Item:
    """M16A1: grey parkerised receiver, worn roll marks, number engraved below."""
    maker, prefix = (("COLT", ""), ("GM CORP.", "3"), ("H&R", "2"))[int(rng.integers(3))]
    serial = prefix + digits(rng, 7 - len(prefix))
    mark = replace(MARKS["rolled"], depth=0.05, fade=0.35, worn=0.15)
    rows = [
        Row("PROPERTY OF U.S. GOVT.", 2.4, "property"),
        Row("M16A1", 2.8, "model"),
        Row("CAL. 5.56 MM", 2.4, "calibre"),
    ]
    texts = block(rows, 45, 12, mark, "roll", 0.7, "centre")
    texts += (
        Text("SERIAL " + serial, 45, 27.5, 3.0, mark, "gorton", "centre", role="serial", value=serial),
        Text(maker, 45, 37, 3.2, mark, "roll-wide", "centre", role="manufacturer"),
    )
    parts, outline = _lower_receiver("parkerised")
    return Item(
        "m16a1", "M16A1 rifle, magazine well", "stamped", "parkerised", (0, -30, 190, 95), texts, outline,
        parts, fields=fields_of(texts), backdrop=pick(rng, ("table", "concrete", "cloth")),
    )  # fmt: skip


def m249(rng: Rng) -> Item:
    """M249: the data plate riveted to the side of the receiver."""
    serial = pick(rng, ("", "U")) + digits(rng, 6)
    mark = pick(rng, ("etched", "plate-struck"))
    texts = block(
        [
            Row("MACHINE GUN, 5.56MM, M249", 2.5, "model", "M249"),
            Row("NSN 1005-01-127-7510", 2.2, "nsn", "1005-01-127-7510"),
            Row("FN MANUFACTURING LLC COLUMBIA SC", 2.0, "manufacturer", "FN MANUFACTURING LLC"),
        ],
        8, 6.2, MARKS["etched"], "label", 0.75,
    )  # fmt: skip
    texts += (
        Text("SER. NO.", 8, 20.2, 2.4, MARKS["etched"], "label"),
        Text(
            serial, 31, 19.6, 3.2, MARKS[mark], "punch" if mark == "plate-struck" else "label", role="serial"
        ),
        Text("U.S. PROPERTY", 8, 27, 2.0, MARKS["etched"], "label", role="property"),
    )
    parts: tuple[Plate | Disc, ...] = (
        Plate(box(-40, -30, 200, 18), 1.6, None, 1.2),
        Plate(box(0, 0, 72, 33.5), 0.7, "plate", 0.25, 1.0),
        Disc(3.6, 16.5, 1.5, "rivet"),
        Disc(68.6, 16.5, 1.5, "rivet"),
        Disc(86, 10, 3.0, "rivet"),
        Disc(86, 26, 3.0, "rivet"),
        Plate(box(100, 5, 60, 24), -1.2, None, 0.8, 2.0),
    )
    return Item(
        "m249", "M249 machine gun, data plate", "plate", "parkerised", (-40, -45, 150, 70), texts,
        ((-40, -45), (150, -45), (150, 52), (-40, 52)), parts, fields=fields_of(texts), backdrop="cloth",
    )  # fmt: skip


def m240(rng: Rng) -> Item:
    """M240B: engraved on the receiver's side plate."""
    serial = "U" + digits(rng, int(rng.integers(5, 7)))
    mark = MARKS["engraved"]
    texts = block(
        [
            Row("MACHINE GUN 7.62MM M240B", 3.0, "model", "M240B"),
            Row("FN MANUFACTURING INC", 2.6, "manufacturer"),
            Row("COLUMBIA SC USA", 2.6, "country", "USA"),
            Row("SER NO " + serial, 3.2, "serial", serial),
        ],
        0, 0, mark, "gorton", 0.75,
    )  # fmt: skip
    parts: tuple[Plate | Disc, ...] = (
        Disc(-9, 6, 3.2, "rivet"), Disc(-9, 20, 3.2, "rivet"), Disc(88, 4, 3.2, "rivet"),
        Disc(88, 22, 3.2, "rivet"), Plate(box(-60, -34, 240, 22), 1.4, None, 1.0),
        Plate(box(-60, 30, 240, 30), 1.2, None, 1.0),
    )  # fmt: skip
    return Item(
        "m240", "M240B machine gun, receiver", "engraved", "parkerised", (-40, -30, 130, 60), texts, (),
        parts, fields=fields_of(texts),
    )  # fmt: skip


def remington_700(rng: Rng) -> Item:
    """Remington 700 or M24: engraved on the round receiver."""
    serial = (
        pick(rng, "CEG") + "6" + digits(rng, 6)
        if rng.random() < 0.7
        else f"RR{digits(rng, 5)}{letters(rng, 1)}"
    )
    texts = (
        Text("REMINGTON", 2, -8.2, 4.0, MARKS["engraved-v"], "italic", role="manufacturer"),
        Text("MODEL 700", 42, -8.0, 3.6, MARKS["engraved-v"], "roll", role="model"),
        Text(serial, 12, 1.6, 3.0, replace(MARKS["rolled"], depth=0.05), "roll", role="serial"),
    )
    parts = (Disc(84, -4, 2.2, "screw"), Disc(-14, 3, 2.0, "hole"))
    return Item(
        "remington-700", "Remington 700 rifle, receiver", "engraved", pick(rng, ("blued", "parkerised")),
        (-60, -30, 130, 30), texts, (), parts, fields=fields_of(texts), radius=17.2,
        backdrop=pick(rng, ("table", "cloth", "dark")),
    )  # fmt: skip


def barrel(rng: Rng) -> Item:
    """A turned barrel: maker, calibre and number along it."""
    serial = digits(rng, 7)
    mark = replace(MARKS["rolled"], depth=0.06)
    texts = (
        Text("REMINGTON ARMS COMPANY, INC. ILION, N.Y.", -38, -4.6, 2.0, mark, "roll", role="manufacturer"),
        Text("MADE IN U.S.A. 7.62 NATO", -38, -0.4, 2.0, mark, "roll", role="calibre", value="7.62 NATO"),
        Text(
            "S/N " + serial,
            -38,
            3.8,
            2.4,
            replace(MARKS["struck"], jitter=0.5),
            "punch",
            role="serial",
            value=serial,
        ),
    )
    return Item(
        "barrel", "rifle barrel", "stamped", pick(rng, ("turned", "blued")), (-160, -40, 160, 40), texts,
        fields=fields_of(texts), radius=11.0, backdrop=pick(rng, ("table", "paper", "concrete")),
    )  # fmt: skip


def ak_trunnion(rng: Rng) -> Item:
    """AK front trunnion: factory sign, year, letters and number."""
    maker = int(rng.integers(4))
    mark = replace(MARKS["struck"], depth=0.095, jitter=0.7)
    sign: tuple[Symbol, ...]
    if maker == 0:
        number, face = letters(rng, 2, "БГДЖИЛПФЭЮЯАЕКМТ") + digits(rng, 4), "punch"
        sign = (Symbol(SYMBOLS["arrow-triangle"], 0, 0, 6.2, mark),)
        fields = {"manufacturer": "IZHMASH", "factory_mark": "arrow in triangle"}
        rows: tuple[Text, ...] = (
            Text(str(rng.integers(1956, 1985)) + "г.", 11, 1.6, 3.4, mark, face, role="date"),
        )
    elif maker == 1:
        number, face = letters(rng, 2, "КНОАМТЕ") + f" {rng.integers(20, 45)} " + digits(rng, 4), "punch"
        sign = (Symbol(SYMBOLS["double-circle"], 0, 0, 6.4, mark, weight=0.05),)
        rows = (Text("10", 3.2, 2.3, 1.9, mark, "narrow", "centre", role="factory_mark"),)
        fields = {"manufacturer": "ARSENAL"}
    elif maker == 2:
        number, face = letters(rng, 2) + digits(rng, 5), "punch-serif"
        sign = (Symbol(SYMBOLS["oval"], 0, 0.8, 5.0, mark, weight=0.06),)
        rows = (
            Text("11", 3.75, 2.2, 2.2, mark, "narrow", "centre", role="factory_mark"),
            Text(str(rng.integers(1960, 1979)), 12, 1.6, 3.4, mark, face, role="date"),
        )
        fields = {"manufacturer": "FB RADOM"}
    else:
        number, face = letters(rng, 2) + digits(rng, 4), "punch"
        sign = (Symbol(SYMBOLS["triangle"], 0, 0, 6.0, mark),)
        rows = (Text(str(rng.integers(1964, 1990)), 11, 1.6, 3.4, mark, face, role="date"),)
        fields = {"manufacturer": "CUGIR", "factory_mark": "triangle"}
    rows += (Text(number, 1, 10.2, 3.8, mark, face, role="serial"),)
    parts = (
        Plate(box(-34, -26, 110, 20), 1.3, None, 1.0, 1.0),
        Plate(((-34, 19), (76, 19), (76, 40), (-34, 40)), 0.9, None, 0.8, 1.0),
        Disc(-9, 4, 2.8, "rivet"), Disc(-9, 14.5, 2.8, "rivet"), Disc(47, 8.5, 3.0, "rivet"),
    )  # fmt: skip
    return Item(
        "ak-trunnion", "AK rifle, front trunnion", "stamped",
        pick(rng, ("blued-worn", "parkerised", "rusty")),
        (-32, -24, 70, 38), rows, (), parts, sign, fields={**fields, **fields_of(rows)},
    )  # fmt: skip


def type_56(rng: Rng) -> Item:
    """Type 56: factory number in a triangle, 五六式, number."""
    mark = replace(MARKS["struck"], depth=0.08, jitter=0.6)
    factory = pick(rng, ("66", "386", "26", "416"))
    serial = digits(rng, int(rng.integers(7, 9)))
    model = pick(rng, ("五六式", "56式"))
    texts = (
        Text(
            factory,
            3.65,
            3.4,
            1.9 if len(factory) > 2 else 2.3,
            mark,
            "narrow",
            "centre",
            role="factory_mark",
        ),
        Text(model, 9.6, 1.3, 4.2, mark, "punch", role="model"),
        Text(serial, 17.0 + line_width(model, "punch", 4.2), 1.6, 3.6, mark, "punch", role="serial"),
    )
    sign = (Symbol(SYMBOLS["triangle"], 0, 0, 6.5, mark, weight=0.045),)
    parts = (
        Plate(box(-30, -26, 130, 19), 1.2, None, 1.0, 1.0),
        Plate(box(-30, 15, 130, 25), 0.8, None, 0.8, 1.0),
        Disc(-9, 4, 2.9, "rivet"), Disc(-20, 4, 2.9, "rivet"), Disc(70, 4, 2.9, "rivet"),
    )  # fmt: skip
    return Item(
        "type-56", "Type 56 rifle, receiver", "stamped", pick(rng, ("blued-worn", "rusty", "brushed")),
        (-28, -24, 84, 36), texts, (), parts, sign, fields={"country": "CHN", **fields_of(texts)},
    )  # fmt: skip


def darra(rng: Rng) -> Item:
    """A workshop copy: uneven hand stamps on filed steel."""
    mark = replace(MARKS["struck"], jitter=1.5, fade=0.5, rim=0.5)
    serial = letters(rng, 1) + digits(rng, 4)
    texts = (
        Text("MADE AS CHINA", 0, 0, 3.0, mark, "punch-serif", role="other"),
        Text("CAL 7.62X39", 2, 6.2, 2.6, mark, "punch-serif", role="calibre"),
        Text(serial, 0, 12, 4.0, mark, "punch-serif", role="serial"),
    )
    return Item(
        "darra", "workshop copy of an AK rifle", "stamped", "brushed", (-25, -20, 70, 40), texts,
        parts=(Disc(-10, 8, 2.6, "rivet"), Disc(50, 8, 2.6, "rivet")), fields=fields_of(texts),
    )  # fmt: skip


def persian(rng: Rng) -> Item:
    """A rifle with Arabic-Indic or Persian digits beside a struck western number."""
    mark = replace(MARKS["struck"], jitter=0.8)
    number = "".join("٠١٢٣٤٥٦٧٨٩"[int(k)] for k in rng.integers(0, 10, 5))
    serial = digits(rng, 6)
    texts = (
        Text(serial, 0, 0, 3.8, mark, "punch", role="serial"),
        Text(number, 0, 7, 3.8, mark, "punch", role="property"),
    )
    return Item(
        "arabic-digits", "rifle with a rack number in Arabic digits", "stamped", "blued-worn",
        (-25, -20, 55, 32), texts, fields=fields_of(texts), parts=(Disc(35, 5, 2.6, "screw"),),
    )  # fmt: skip


def acog(rng: Rng) -> Item:
    """Trijicon ACOG: cast body, laser-engraved marks."""
    serial = digits(rng, 6)
    model = pick(rng, ("TA31F", "TA31RCO-M4", "TA01NSN"))
    texts = block(
        [
            Row("TRIJICON", 4.0, "manufacturer"),
            Row("ACOG 4X32 " + model, 2.1, "model", "ACOG 4X32 " + model),
            Row("WIXOM, MI USA", 1.9, "country", "USA"),
            Row("S/N " + serial, 2.3, "serial", serial),
        ],
        0, 0, MARKS["laser-light"], "label", 0.75,
    )  # fmt: skip
    parts: tuple[Plate | Disc, ...] = (
        Plate(box(-5, -4, 54, 26), 1.0, "anodised", 1.2, 2.5),
        Disc(58, 9, 6.5, "pin"),
        Disc(58, 9, 4.6, "screw", 20),
        Plate(box(-40, 27, 130, 30), 2.0, "anodised", 1.5, 1.0),
    )
    return Item(
        "acog", "ACOG sight, left side", "laser", "cast", (-34, -26, 84, 50), texts,
        ((-30, -20), (74, -22), (80, -6), (80, 46), (-30, 46)), parts, fields=fields_of(texts), edge=3.0,
        backdrop=pick(rng, ("cloth", "table", "sand")),
    )  # fmt: skip


def aimpoint(rng: Rng) -> Item:
    """Aimpoint tube: printed or laser-marked around the round body."""
    serial = pick(rng, ("W", "K", "")) + digits(rng, 7)
    model = pick(rng, ("COMPM4", "COMPM2"))
    mark = MARKS[pick(rng, ("printed-light", "laser-light"))]
    texts = (
        Text("AIMPOINT", -16, -9.6, 4.2, mark, "label-bold", role="manufacturer"),
        Text(model, -16, -3.2, 2.6, mark, "label", role="model"),
        Text("MADE IN SWEDEN", -16, 1.6, 2.0, mark, "label", role="country", value="SWEDEN"),
        Text("SERIAL NO " + serial, -16, 5.4, 2.2, mark, "label", role="serial", value=serial),
    )
    return Item(
        "aimpoint", "Aimpoint sight, tube", "laser", "anodised", (-60, -60, 60, 60), texts,
        fields=fields_of(texts), radius=19.0, backdrop=pick(rng, ("cloth", "table", "paper")),
    )  # fmt: skip


def _label(
    rows: Sequence[Row], mark: str, face: str, material: str, payload: bytes, code: float
) -> tuple[tuple[Text, ...], tuple[Plate, ...], tuple[Code, ...]]:
    texts = block(rows, 2.2, 2.2, MARKS[mark], face, 0.62)
    tall = max(text.y + text.height for text in texts) + 2.2
    ends = [
        line_width(t.text, t.face, t.height) + (code + 2.0 if t.y + t.height > tall - code - 3.0 else 0.0)
        for t in texts
    ]
    width = max(ends) + 4.6
    codes = (Code(width - code - 2.2, tall - code - 2.2, code, payload, MARKS[mark]),) if payload else ()
    return texts, (Plate(box(0, 0, width, tall), 0.12, material, 0.1, 1.2),), codes


def pvs_14(rng: Rng) -> Item:
    """AN/PVS-14: foil label on the polymer housing, with its Data Matrix."""
    serial, contract = digits(rng, 6), f"W91CRB-{rng.integers(4, 12):02}-D-00{rng.integers(10, 99)}"
    part = f"A{rng.integers(3000000, 3999999)}"
    payload = f"[)>\x1e06\x1d17V13567\x1d1P{part}\x1dS{serial}\x1e\x04".encode()
    rows = [
        Row("MONOCULAR NIGHT VISION DEVICE", 1.7),
        Row("AN/PVS-14", 2.4, "model"),
        Row("NSN 5855-01-432-0524", 1.7, "nsn", "5855-01-432-0524"),
        Row(f"P/N 80063-{part}", 1.7, "part_number", f"80063-{part}"),
        Row("CONTRACT " + contract, 1.7, "contract", contract),
        Row("ITT NIGHT VISION", 1.7, "manufacturer"),
        Row("SER NO " + serial, 2.2, "serial", serial),
    ]
    silver = rng.random() < 0.5
    texts, plates, codes = _label(
        rows, "printed" if silver else "printed-light", "label", "label-silver" if silver else "label-black",
        payload, 8.0,
    )  # fmt: skip
    return Item(
        "pvs-14", "AN/PVS-14 night vision monocular, label", "label", "polymer", (-22, -18, 70, 48), texts,
        (), (*plates, Disc(58, 12, 4.0, "screw")), codes=codes, fields=fields_of(texts),
    )  # fmt: skip


def pvs_7(rng: Rng) -> Item:
    """AN/PVS-7: label on the goggles."""
    serial = digits(rng, int(rng.integers(4, 7)))
    rows = [
        Row("NIGHT VISION GOGGLES", 1.8),
        Row(pick(rng, ("AN/PVS-7B", "AN/PVS-7D")), 2.4, "model"),
        Row("NSN 5855-01-228-0937", 1.8, "nsn", "5855-01-228-0937"),
        Row("MFR 13567", 1.8, "cage", "13567"),
        Row("SERIAL NO. " + serial, 2.3, "serial", serial),
        Row("US PROPERTY", 1.8, "property"),
    ]
    texts, plates, _ = _label(rows, "printed-light", "label", "label-black", b"", 0)
    return Item(
        "pvs-7", "AN/PVS-7 night vision goggles, label", "label", "painted-green", (-20, -16, 62, 44),
        texts, (), (*plates, Disc(52, 8, 3.0, "screw"), Disc(-10, 8, 3.0, "screw")), fields=fields_of(texts),
    )  # fmt: skip


def peq_15(rng: Rng) -> Item:
    """AN/PEQ-15: side label with stock number, contract, number, Data Matrix and laser class."""
    serial, contract = digits(rng, 6), f"W15P7T-{rng.integers(5, 12):02}-C-A{rng.integers(100, 999)}"
    part = "ATP-000-A18"
    payload = f"[)>\x1e06\x1d17V0VAJ5\x1d1P{part}\x1dS{serial}\x1e\x04".encode()
    rows = [
        Row("AN/PEQ-15", 2.6, "model"),
        Row("NSN 5855-01-534-5931", 1.8, "nsn", "5855-01-534-5931"),
        Row(f"P/N {part}", 1.8, "part_number", part),
        Row("CONTRACT " + contract, 1.8, "contract", contract),
        Row("S/N " + serial, 2.3, "serial", serial),
        Row("INSIGHT TECHNOLOGY INC", 1.6, "manufacturer"),
        Row("CLASS 3B LASER 850 nm", 1.6),
    ]
    texts, plates, codes = _label(rows, "printed", "label", "label-white", payload, 9.0)
    parts: tuple[Plate | Disc, ...] = (
        *plates, Disc(56, 6, 4.4, "screw", 70), Plate(box(-30, -22, 130, 16), 1.8, None, 1.2),
    )  # fmt: skip
    return Item(
        "peq-15", "AN/PEQ-15 laser aiming device, label", "label", pick(rng, ("polymer", "painted-tan")),
        (-22, -18, 70, 46), texts, (), parts, codes=codes, fields=fields_of(texts),
    )  # fmt: skip


def end_cap(rng: Rng) -> Item:
    """The turned face of a muzzle device or scope ring: text on a circle around the bore."""
    serial = letters(rng, 1) + digits(rng, 5)
    mark = MARKS[pick(rng, ("engraved", "rolled", "laser-dark"))]
    texts = (
        Text("KAC VERO BEACH FL", 0, 0, 2.6, mark, "roll", "centre", -90.0, 13.0, "manufacturer", "KAC"),
        Text("S/N " + serial, 0, 0, 2.8, mark, "roll", "centre", 90.0, 12.9, "serial", serial),
    )
    ring = np.linspace(0, 2 * np.pi, 97)[:-1]
    outline = tuple((float(19.5 * np.cos(a)), float(19.5 * np.sin(a))) for a in ring)
    return Item(
        "end-cap", "suppressor, end cap", mark.kind, "faced", (-20, -20, 20, 20), texts, outline,
        (Disc(0, 0, 7.6, "hole"), Disc(0, 10.4, 0.01, "dimple")), fields=fields_of(texts), edge=0.8,
        backdrop=pick(rng, ("table", "dark", "cloth")),
    )  # fmt: skip


def bolt(rng: Rng) -> Item:
    """A bolt carrier or machined part: dot-peened part number and serial."""
    serial, part = digits(rng, 6), f"{rng.integers(8000000, 9999999)}"
    mark = MARKS[pick(rng, ("dotpeen", "dotpeen-grid"))]
    texts = (
        Text("P/N " + part, 0, 0, 2.6, mark, "gorton", role="part_number", value=part),
        Text("S/N " + serial, 0, 4.6, 2.6, mark, "gorton", role="serial", value=serial),
    )
    return Item(
        "bolt", "bolt carrier", "dotpeen", pick(rng, ("milled", "brushed", "sandblasted")),
        (-20, -14, 48, 24), texts, ((-16, -9), (44, -9), (44, 18), (-16, 18)), (Disc(38, 4, 2.0, "hole"),),
        fields=fields_of(texts), edge=1.4, backdrop=pick(rng, ("blue", "table", "dark")),
    )  # fmt: skip


def casting(rng: Rng) -> Item:
    """A cast or forged part with raised letters and a struck number."""
    serial = digits(rng, 5)
    texts = (
        Text(
            pick(rng, ("L3-", "K1-", "M7-")) + digits(rng, 4),
            0,
            0,
            5.0,
            MARKS["cast"],
            "roll",
            role="part_number",
        ),
        Text(serial, 1, 9, 4.0, MARKS["struck"], "punch", role="serial"),
    )
    return Item(
        "casting", "cast part", "cast", pick(rng, ("cast", "forged", "painted-green")), (-22, -18, 58, 34),
        texts, fields=fields_of(texts), parts=(Plate(box(-4, -3, 40, 19), -0.6, None, 1.5, 2.0),),
    )  # fmt: skip


LAYOUTS: dict[str, Callable[[Rng], Item]] = {
    "m4-colt": m4_colt,
    "m16a4-fn": m16a4_fn,
    "m16a1": m16a1,
    "m249": m249,
    "m240": m240,
    "remington-700": remington_700,
    "barrel": barrel,
    "ak-trunnion": ak_trunnion,
    "type-56": type_56,
    "darra": darra,
    "arabic-digits": persian,
    "acog": acog,
    "aimpoint": aimpoint,
    "pvs-14": pvs_14,
    "pvs-7": pvs_7,
    "peq-15": peq_15,
    "end-cap": end_cap,
    "bolt": bolt,
    "casting": casting,
}


def middle(item: Item) -> tuple[tuple[float, float], float]:
    """The middle of an item's main text and codes and the width of them, in mm."""
    if item.layout == "circular":
        reach = max(text.arc + text.height for text in item.texts)
        return (item.texts[0].x, item.texts[0].y), 2 * reach
    left, right, top, bottom = [], [], [], []
    for code in item.codes:
        left.append(code.x)
        right.append(code.x + code.size)
        top.append(code.y)
        bottom.append(code.y + code.size)
    for text in item.texts:
        if not text.role:
            continue
        width, height = text.size
        start = text.x - width / 2 if text.anchor == "centre" or text.stacked else text.x
        left.append(start)
        right.append(start + width)
        top.append(text.y)
        bottom.append(text.y + height)
    centre = ((min(left) + max(right)) / 2, (min(top) + max(bottom)) / 2)
    return centre, max(max(right) - min(left), 1.4 * (max(bottom) - min(top)))


def view(item: Item, rng: Rng, width: int = 1600, height: int = 1200) -> tuple[Camera, Lighting, Sensor]:
    """A camera, light and sensor as a phone photo of the item might have had them."""
    centre, span = middle(item)
    roll = float(rng.choice([0, 0, 0, 0, 0, 90, 180, 270])) + float(rng.normal(0, 4))
    if rng.random() < 0.1:
        roll = float(rng.uniform(0, 360))
    turned = abs(math.cos(math.radians(roll)))
    field = span * float(rng.uniform(1.25, 2.3)) * (1.0 if turned > 0.7 else width / height)
    camera = Camera(
        width, height, field,
        (centre[0] + span * float(rng.normal(0, 0.06)), centre[1] + span * float(rng.normal(0, 0.04))),
        roll, float(rng.normal(0, 12)), float(rng.normal(0, 12)), float(rng.uniform(1.6, 3.5)),
    )  # fmt: skip
    kind = rng.random()
    azimuth = float(rng.uniform(0, 360))
    if kind < 0.3:
        torch = Light(
            azimuth, float(rng.uniform(12, 35)), 1.5, float(rng.uniform(1.0, 2.5)), 0.03, (1.0, 0.94, 0.84)
        )
        lighting = Lighting((torch,), float(rng.uniform(0.04, 0.2)), "dark", float(rng.uniform(0.3, 1.0)))
    elif kind < 0.45:
        flash = Light(azimuth, float(rng.uniform(72, 86)), 1.1, 2.0, 0.04)
        lighting = Lighting((flash,), 0.15, pick(rng, ("dark", "lamps")), float(rng.uniform(0.4, 1.0)))
    else:
        lamps = tuple(
            Light(
                azimuth + 130.0 * k, float(rng.uniform(25, 65)), float(rng.uniform(0.4, 1.0)) / (1 + k),
                float(rng.uniform(2, 6)), float(rng.uniform(0.05, 0.35)),
                (1.0, float(rng.uniform(0.9, 1.0)), float(rng.uniform(0.78, 1.05))),
            )
            for k in range(int(rng.integers(1, 4)))
        )  # fmt: skip
        lighting = Lighting(
            lamps, float(rng.uniform(0.15, 0.6)), pick(rng, ROOMS), float(rng.uniform(0.5, 1.1))
        )
    scale = width / 1600
    sensor = Sensor(
        exposure=float(rng.normal(0.1, 0.35)),
        focus=float(rng.gamma(2.0, 0.3)) * scale + 0.3,
        depth=float(rng.uniform(0, 5)) * scale,
        shake=(float(rng.gamma(1.0, 1.2)) * scale, float(rng.uniform(0, 180))),
        grain=float(rng.uniform(0.004, 0.035)),
        smoothing=float(rng.uniform(0.0, 0.9)),
        sharpening=float(rng.uniform(0.1, 0.9)),
        warmth=float(rng.normal(0.1, 0.5)),
        vignette=float(rng.uniform(0, 0.45)),
        quality=int(rng.integers(60, 95)),
        resent=int(rng.choice([0, 0, 0, 1280])) if width > 1300 else 0,
    )
    return camera, lighting, sensor


def any_item(rng: Rng, names: Sequence[str] = tuple(LAYOUTS)) -> Item:
    """A random item with a random backdrop, from new to much used."""
    item = aged(LAYOUTS[pick(rng, names)](rng), float(rng.uniform(0.0, 1.0)))
    return replace(item, backdrop=pick(rng, tuple(BACKDROPS)))


def aged(item: Item, amount: float) -> Item:
    """The item after use: marks shallower, partly rubbed away, paint thinner; ``amount`` from 0 to 1."""

    def old(mark: Mark) -> Mark:
        return replace(
            mark,
            depth=mark.depth * (1.0 - 0.75 * amount),
            cover=mark.cover * (1.0 - 0.7 * amount),
            worn=min(0.85, mark.worn + 0.6 * amount * amount),
            fade=min(0.8, mark.fade + 0.3 * amount),
            rim=mark.rim * (1.0 - amount),
        )

    return replace(
        item,
        texts=tuple(replace(text, mark=old(text.mark)) for text in item.texts),
        symbols=tuple(replace(symbol, mark=old(symbol.mark)) for symbol in item.symbols),
    )
