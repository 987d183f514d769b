"""What stands on metal: numbers, codes and words, all made up or generic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from serialscan.render.fonts import shaped
from serialscan.render.layouts import digits, letters, pick

Rng = np.random.Generator

_LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CYRILLIC = "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЭЮЯ"

_WORDS = (
    "PROPERTY OF U.S. GOVT|CAL 5.56 MM|M16A1|M4 CARBINE|M16A4|COLT|FN MFG LLC|COLUMBIA SC USA|"
    "HARTFORD, CONN. U.S.A.|MODEL 700|REMINGTON|7.62 NATO|7.62X39|MADE IN CHINA|AN/PVS-14|AN/PVS-7D|"
    "AN/PEQ-15|TRIJICON|WIXOM, MI USA|AIMPOINT|MADE IN SWEDEN|NIGHT VISION|SAFE|SEMI|AUTO|M249|M240B|"
    "MACHINE GUN 7.62MM|RESTRICTED|PAT. PENDING|CAL. .308 WIN|9 MM LUGER|.45 ACP|12 GA 3 IN.|CAL .30-06|"
    "PISTOL|RIFLE|CARBINE|RECEIVER|BARREL|PROOF TESTED|IMPORTED BY|WARNING|Made in Germany|Made in Italy|"
    "Patent pending|Serial No.|Caution: laser radiation|Class 3R|Do not open|Max. 6 V|Type|Model|Date|"
    "Weight 2.4 kg|Assembled in USA|BATTERY 3 V|FOCUS|WINDAGE|ELEVATION|ON|OFF|FIRE|LOT|INSPECTED|"
    "ACCEPTED|GRADE 8.8|STAINLESS|STEEL|FORGED|HEAT|CAST|LEFT|RIGHT|TOP|UPPER|LOWER"
)
_RUSSIAN = (
    "СДЕЛАНО В СССР|КАЛИБР|ЗАВОД|АВТОМАТ|ПИСТОЛЕТ|СЕРИЯ|МОДЕЛЬ|ПРИЦЕЛ|СТВОЛ|ПРОВЕРЕНО|ИЖЕВСК|ТУЛА|ГОСТ|"
    "ОТК|АВ|ОД|ПР|Сделано в России|Тип|Дата"
)
_COUNTRIES = (
    "AUSTRIA|BELGIUM|BRAZIL|BULGARIA|CANADA|CHINA|CROATIA|CZECH REPUBLIC|EGYPT|FINLAND|FRANCE|GERMANY|"
    "HUNGARY|INDIA|IRAN|IRAQ|ISRAEL|ITALY|JAPAN|KOREA|PAKISTAN|POLAND|ROMANIA|RUSSIA|SERBIA|SPAIN|SWEDEN|"
    "SWITZERLAND|TURKIYE|U.K.|U.S.A.|YUGOSLAVIA"
)
_STEELS = "10ГН2МФА|12Х18Н10Т|08Х18Н10Т|30ХГСА|СТ 45|SA 216 WCB|AISI 4140|42CrMo4|316L|A105"
_LABELS = (
    "SER NO |SER. NO. |S/N |SERIAL NO. |SN |NO. |№ |SERIAL |P/N |NSN |Ser. |S/N: |No |Nr. |PART NO |LOT |"
    "MFR |TYPE "
)


_ARABIC = (
    "ساخت ایران|صنع في العراق|العراق|تبوك|القادسية|رقم|شماره|ساخت|الجيش|وزارة الدفاع|اردوی ملی|وزارت دفاع|"
    "پاکستان|ایران|مصر|سوريا|صنع في مصر|كلية|بندقية|نوع|تسليم"
)


def _one_of(rng: Rng, words: str) -> str:
    return pick(rng, words.split("|"))


def _number(rng: Rng) -> str:
    number = digits(rng, int(rng.integers(3, 10)))
    if rng.random() < 0.5:
        number = letters(rng, int(rng.integers(1, 4)), _LATIN) + number
    if rng.random() < 0.15:
        number += letters(rng, int(rng.integers(1, 3)), _LATIN)
    if rng.random() < 0.12:
        number = "".join(rng.permutation(list(number)))
    if len(number) > 6 and rng.random() < 0.12:
        cut = int(rng.integers(2, len(number) - 2))
        number = number[:cut] + pick(rng, (" ", "-")) + number[cut:]
    return number


def _labelled(rng: Rng) -> str:
    return _one_of(rng, _LABELS) + _number(rng)


def _part(rng: Rng) -> str:
    """Groups of digits and letters with dashes, dots and slashes between them."""
    mark = pick(rng, ("-", "-", ".", ".", "/", " "))
    groups = [digits(rng, int(rng.integers(1, 6))) for _ in range(int(rng.integers(2, 5)))]
    if rng.random() < 0.4:
        groups[0] = letters(rng, int(rng.integers(1, 4)), _LATIN) + groups[0]
    if rng.random() < 0.3:
        groups[-1] = f"{int(groups[-1]) % 100:02}"
    if rng.random() < 0.15:
        groups.append(letters(rng, 1, _LATIN))
    return mark.join(groups)


def _stock_number(rng: Rng) -> str:
    return f"{digits(rng, 4)}-{rng.integers(0, 100):02}-{digits(rng, 3)}-{digits(rng, 4)}"


def _vehicle_number(rng: Rng) -> str:
    """17 characters without I, O and Q, as ISO 3779 has them."""
    chars = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    number = letters(rng, 11, chars) + "".join(str(d) for d in rng.integers(0, 10, 6))
    return f"*{number}*" if rng.random() < 0.2 else number


def _date(rng: Rng) -> str:
    year, month, day = int(rng.integers(1945, 2027)), int(rng.integers(1, 13)), int(rng.integers(1, 29))
    short = f"{year % 100:02}"
    forms = (
        f"{month:02}/{year}", f"{month:02}/{short}", f"{year}", f"{day:02}.{month:02}.{year}",
        f"{year}-{month:02}", f"{year}г.", f"{rng.integers(1, 53):02}{short}", f"EXP {month:02}/{year}",
        f"DATE {month:02}-{short}", f"{day:02} {month:02} {short}",
    )  # fmt: skip
    return pick(rng, forms)


def _lot(rng: Rng) -> str:
    code = (
        digits(rng, int(rng.integers(2, 5))) + letters(rng, 1, _LATIN) + digits(rng, int(rng.integers(1, 4)))
    )
    clock = f" {rng.integers(0, 24):02}:{rng.integers(0, 60):02}" if rng.random() < 0.3 else ""
    return pick(rng, ("LOT ", "L", "BATCH ", "HEAT ", "")) + code + clock


def _cyrillic_number(rng: Rng) -> str:
    number = letters(rng, int(rng.integers(1, 3)), _CYRILLIC) + pick(rng, ("", "", "-", " "))
    return number + digits(rng, int(rng.integers(3, 6)))


def _han(rng: Rng) -> str:
    model = pick(rng, ("五六式", "56式", "五四式", "五九式", "七九式", "八一式", "八五式"))
    if rng.random() < 0.25:
        return pick(
            rng, (f"{digits(rng, 3)}厂", f"{digits(rng, 4)}号", "中国", f"{rng.integers(1953, 1990)}年")
        )
    return model + pick(rng, ("", "", " ")) + digits(rng, int(rng.integers(5, 9)))


def _eastern_digits(rng: Rng) -> str:
    chars = pick(rng, ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"))
    return letters(rng, int(rng.integers(3, 8)), chars)


def _word(rng: Rng) -> str:
    """A word that is none, so that nothing can be guessed; capitals, capitalised or lower case."""
    vowels, rest = "AEIOU", "BCDFGHKLMNPRSTVWXZ"
    word = "".join(pick(rng, vowels if k % 2 else rest) for k in range(int(rng.integers(3, 10))))
    return pick(rng, (word, word, word.capitalize(), word.lower()))


def _mixed(rng: Rng) -> str:
    return letters(rng, int(rng.integers(4, 11)), _LATIN + "0123456789" * 2)


def _size(rng: Rng) -> str:
    forms = (
        f"{rng.integers(4, 70) * 5}/{rng.integers(4, 17) * 5} R{rng.integers(12, 23)}",
        f"DN {rng.integers(1, 60) * 10}",
        f"{rng.integers(3, 40)} x {rng.integers(3, 90)} mm",
        f"M{rng.integers(3, 40)}x{rng.integers(1, 4)}",
        f"{rng.integers(200, 4000)} kg",
        f"{rng.integers(3, 48)}V {rng.integers(1, 20)}A",
        f"{rng.integers(2, 12)}x{rng.integers(20, 60)}",
    )
    return pick(rng, forms)


_TEXTS: tuple[tuple[float, Callable[[Rng], str]], ...] = (
    (0.27, _number),
    (0.08, _labelled),
    (0.17, _part),
    (0.04, _stock_number),
    (0.05, _vehicle_number),
    (0.06, _date),
    (0.05, _lot),
    (0.05, _cyrillic_number),
    (0.02, _han),
    (0.02, _eastern_digits),
    (0.06, lambda rng: _one_of(rng, _WORDS)),
    (0.02, lambda rng: _one_of(rng, _RUSSIAN)),
    (0.02, lambda rng: _one_of(rng, _COUNTRIES)),
    (0.02, lambda rng: _one_of(rng, _STEELS)),
    (0.04, _word),
    (0.02, _mixed),
    (0.03, _size),
)


def random_text(rng: Rng) -> str:
    """A number, a code or words as they stand on rifles, optics and machine parts: made up or generic."""
    shares = np.cumsum([share for share, _ in _TEXTS])
    make = _TEXTS[int(np.searchsorted(shares, rng.random() * shares[-1], side="right"))][1]
    return make(rng)


def arabic_words(rng: Rng) -> str:
    """Arabic or Persian words as they stand on rifles, in drawing order (see `fonts.shaped`)."""
    return shaped(_one_of(rng, _ARABIC))
