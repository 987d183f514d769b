"""A register that never was: serials as they are issued, with the faults that lists have.

Run as ``python benchmarks/issued.py COUNT FOLDER [SEED]``. Writes ``issued.csv`` (the list), and for who
measures ``true.txt`` (the serial that each row should have), ``missing.txt`` (issued numbers that the list
lacks; their neighbours are there) and ``elsewhere.txt`` (numbers of ranges that the list does not have).
The same seed gives the same files.

Lots of consecutive numbers, of log-normal size, are drawn for each series until its share of the rows is
reached. Three numbers of a hundred are left out of the list, one of a hundred is typed wrong (looks alike,
beside it on the pad, two swapped, lost, doubled), and every twentieth stands there again under another
maker.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SEED = 20261130
MISSING, TYPED_WRONG, SHARED = 0.03, 0.01, 0.05
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(frozen=True)
class Series:
    """Serials of one form: ``#`` is a digit of the number, ``@`` a letter that a lot has in common."""

    maker: str
    model: str
    calibre: str
    nsn: str
    country: str
    share: int
    form: str


SERIES = (
    Series("COLT", "M16A1", "5.56X45", "1005-00-073-9421", "USA", 9, "#######"),
    Series("COLT", "M4A1", "5.56X45", "1005-01-382-0953", "USA", 8, "W######"),
    Series("COLT", "SPORTER", "5.56X45", "", "USA", 2, "SP######"),
    Series("COLT", "LE6920", "5.56X45", "", "USA", 2, "LE######"),
    Series("FN", "M16A4", "5.56X45", "1005-01-383-2872", "USA", 6, "10######"),
    Series("FN", "M249", "5.56X45", "1005-01-127-7510", "USA", 3, "######"),
    Series("FN", "M240B", "7.62X51", "1005-01-412-3129", "USA", 2, "U#####"),
    Series("FN HERSTAL", "MINIMI", "5.56X45", "", "BEL", 2, "FN######"),
    Series("BUSHMASTER", "XM15", "5.56X45", "", "USA", 2, "BFI######"),
    Series("DPMS", "A15", "5.56X45", "", "USA", 1, "FH######"),
    Series("REMINGTON", "700", "7.62X51", "", "USA", 2, "RR#####@"),
    Series("BERETTA", "M9", "9X19", "1005-01-118-2640", "USA", 4, "#######"),
    Series("BERETTA", "92FS", "9X19", "", "USA", 1, "BER######Z"),
    Series("SMITH & WESSON", "SIGMA", "9X19", "1005-01-531-3187", "USA", 2, "P@@####"),
    Series("GLOCK", "17", "9X19", "", "AUT", 4, "@@@###"),
    Series("GLOCK", "19", "9X19", "", "AUT", 2, "@@@@###"),
    Series("FACTORY 66", "TYPE 56", "7.62X39", "", "CHN", 9, "########"),
    Series("NORINCO", "TYPE 56", "7.62X39", "", "CHN", 3, "94######"),
    Series("NORINCO", "SKS", "7.62X39", "", "CHN", 2, "@#####"),
    Series("IZHMASH", "AKM", "7.62X39", "", "SUN", 6, "@@####"),
    Series("IZHMASH", "AK-74", "5.45X39", "", "SUN", 3, "#######"),
    Series("TULA", "AKM", "7.62X39", "", "SUN", 3, "@@####"),
    Series("ARSENAL", "AKM", "7.62X39", "", "BGR", 2, "@@##@###"),
    Series("RADOM", "AKM", "7.62X39", "", "POL", 2, "@@#####"),
    Series("CUGIR", "MD. 63", "7.62X39", "", "ROU", 2, "19##@@####"),
    Series("ZASTAVA", "M70", "7.62X39", "", "YUG", 4, "######"),
    Series("CZUB", "VZ. 58", "7.62X39", "", "CSK", 2, "#####@"),
    Series("POF", "G3", "7.62X51", "", "PAK", 3, "A#######"),
    Series("TRIJICON", "ACOG", "", "1240-01-412-6608", "USA", 3, "######"),
    Series("AIMPOINT", "M68 CCO", "", "1240-01-411-1265", "SWE", 4, "W#######"),
    Series("INSIGHT", "AN/PEQ-15", "", "5855-01-534-5931", "USA", 3, "#######"),
    Series("L-3 EOS", "AN/PVS-14", "", "5855-01-432-0524", "USA", 2, "######"),
    Series("ANY MAKER", "AR-15", "5.56X45", "", "USA", 1, "158#####AB#####"),
)
_TYPED = {
    "0": "D8", "1": "I7", "2": "Z3", "3": "82", "4": "A1", "5": "S6", "6": "G5", "7": "14", "8": "B3",
    "9": "68",
    "A": "4", "B": "8", "D": "0", "E": "F", "G": "6", "S": "5", "Z": "2", "U": "V", "M": "N", "P": "R",
}  # fmt: skip


@dataclass(frozen=True)
class Issued:
    """What was issued and what the list says of it; one entry a row but for the last two."""

    serials: NDArray[np.str_]
    true: NDArray[np.str_]
    series: NDArray[np.int64]
    lot: NDArray[np.int64]
    missing: NDArray[np.str_]
    elsewhere: NDArray[np.str_]


def issued(count: int, seed: int = SEED) -> Issued:
    """Draw a register of about ``count`` rows."""
    rng = np.random.default_rng(seed)
    shares = np.array([one.share for one in SERIES], float)
    wanted = (shares / shares.sum() * count * (1 - SHARED) / (1 - MISSING)).astype(int) + 20
    serials: list[NDArray[np.str_]] = []
    series: list[NDArray[np.int64]] = []
    lots: list[NDArray[np.int64]] = []
    for number, (one, most) in enumerate(zip(SERIES, wanted.tolist(), strict=True)):
        for some in _lots(rng, one, most):
            series.append(np.full(len(some), number))
            lots.append(np.full(len(some), len(lots)))
            serials.append(some)
    order = rng.permutation(len(serials))  # lots of all makers come in turn
    true = np.concatenate([serials[n] for n in order])
    maker = np.concatenate([series[n] for n in order])
    lot = np.concatenate([lots[n] for n in order])
    again = np.concatenate([
        np.arange(start, min(start + 2000, len(true)))
        for start in rng.integers(0, len(true), int(count * SHARED) // 2000 + 1)
    ])[: int(count * SHARED)]  # fmt: skip
    true = np.concatenate([true, true[again]])
    maker = np.concatenate([maker, (maker[again] + 1 + rng.integers(0, len(SERIES) - 1)) % len(SERIES)])
    lot = np.concatenate([lot, lot[again] + lot.max() + 1])
    kept = rng.random(len(true)) >= MISSING
    missing = np.setdiff1d(true[~kept], true[kept])
    true, maker, lot = true[kept], maker[kept], lot[kept]
    written = true.copy()
    for row in np.flatnonzero(rng.random(len(true)) < TYPED_WRONG).tolist():
        written[row] = typed_wrong(rng, str(true[row]))
    missing = np.setdiff1d(missing, written)
    drawn = [_lots(rng, SERIES[n], 40)[0][:40] for n in rng.integers(0, len(SERIES), 400)]
    elsewhere = np.setdiff1d(np.concatenate(drawn), np.concatenate([true, written, missing]))
    return Issued(written, true, maker, lot, rng.permutation(missing), rng.permutation(elsewhere))


def _lots(rng: np.random.Generator, series: Series, most: int) -> list[NDArray[np.str_]]:
    """Lots of a series with ``most`` serials in sum; no two lots overlap but by chance of their letters."""
    found: list[NDArray[np.str_]] = []
    used: dict[str, list[tuple[int, int]]] = {}
    got = tries = 0
    while got < most and tries < 20_000:
        tries += 1
        form = series.form
        while "@" in form:
            form = form.replace("@", _LETTERS[rng.integers(len(_LETTERS))], 1)
        before, _, after = form.rpartition("#")
        digits = len(before) - len(before.rstrip("#")) + 1
        before = before[: len(before) - digits + 1]
        for place in [n for n, sign in enumerate(before) if sign == "#"]:
            before = before[:place] + str(rng.integers(10)) + before[place + 1 :]
        top = 10**digits
        size = int(min(np.clip(rng.lognormal(np.log(5000), 1.1), 200, 60_000), top - 1, most - got))
        start = int(rng.integers(1, top - size + 1))
        lots = used.setdefault(before + after, [])
        if any(start < end and begin < start + size for begin, end in lots):
            continue
        lots.append((start, start + size))
        numbers = np.char.zfill(np.arange(start, start + size).astype(f"U{digits}"), digits)
        found.append(np.char.add(np.char.add(before, numbers), after))
        got += size
    return found


def typed_wrong(rng: np.random.Generator, serial: str) -> str:
    """A serial with one error of the hand that typed it."""
    place = int(rng.integers(len(serial)))
    kind = rng.random()
    if kind < 0.6:
        others = _TYPED.get(serial[place], "0123456789").replace(serial[place], "")
        return serial[:place] + others[rng.integers(len(others))] + serial[place + 1 :]
    if kind < 0.75 and place + 1 < len(serial):
        return serial[:place] + serial[place + 1] + serial[place] + serial[place + 2 :]
    if kind < 0.9:
        return serial[:place] + serial[place + 1 :]
    return serial[:place] + serial[place] + serial[place:]


def write(drawn: Issued, folder: Path) -> None:
    """Write the list and what is true of it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "issued.csv").open("w", encoding="utf-8", newline="\n") as file:
        file.write("serial,maker,model,calibre,nsn,country,contract,shipped,consignee\n")
        heads = [f"{s.maker},{s.model},{s.calibre},{s.nsn},{s.country}" for s in SERIES]
        for start in range(0, len(drawn.serials), 1 << 18):
            part = slice(start, start + (1 << 18))
            rows = zip(
                drawn.serials[part].tolist(), drawn.series[part].tolist(), drawn.lot[part].tolist(),
                range(start, len(drawn.serials)), strict=False,
            )  # fmt: skip
            file.writelines(
                f"{serial},{heads[series]},C{lot:06d},"
                f"{1962 + lot % 60}-{1 + n // 50 % 12:02d}-{1 + n // 50 % 28:02d}"
                f",DEPOT {lot * 7 % 311:03d}\n"
                for serial, series, lot, n in rows
            )
    for name in ("true", "missing", "elsewhere"):
        (folder / f"{name}.txt").write_text("\n".join(getattr(drawn, name).tolist()) + "\n", "utf-8")


if __name__ == "__main__":
    write(issued(int(float(sys.argv[1])), int(sys.argv[3]) if len(sys.argv) > 3 else SEED), Path(sys.argv[2]))
