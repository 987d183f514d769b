"""What registers say of linked items: contract, consignee or lot of the row that has their serial."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from serialscan.glyphs import word_key
from serialscan.links.model import Seen
from serialscan.register.agree import agrees
from serialscan.register.keys import key_of
from serialscan.register.register import Register

FIELDS = ("contract", "consignee")
"""Meanings of columns that link items; a lot stands in the column of the contract, or in one of its own."""

_LOT = frozenset({"lot", "lotno", "lotnumber", "lotnr", "batch", "batchno", "batchnumber"})


@dataclass(frozen=True, slots=True)
class Held:
    """What items on record have in common.

    Attributes:
        register: name of its file.
        column: heading in the register.
        value: as it stands in the first row.
        items: their positions among all that are compared.
        rows: of the register that have this value.
        of: rows of the register that have any value in this column.
    """

    register: str
    column: str
    value: str
    items: tuple[int, ...]
    rows: int
    of: int


def held(seen: Sequence[Seen], some: Sequence[int], registers: Sequence[Register]) -> list[Held]:
    """Values that at least two serials have on record.

    Only a row with exactly an item's serial counts, and only if its maker is not another one than the item's.
    If several rows are left that say different things, none counts.

    Args:
        seen: all items.
        some: positions of those that are compared.
        registers: open.
    """
    return [one for register in registers for one in _in_register(seen, some, register)]


def _in_register(seen: Sequence[Seen], some: Sequence[int], register: Register) -> list[Held]:
    columns, maker = _columns(register), register.header.meaning.get("maker", "")
    values: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    words: dict[tuple[str, str], str] = {}
    for index in some:
        serial = seen[index].serial
        if serial is None or "?" in seen[index].key:
            continue
        rows = [
            row
            for at in register.find(key_of(serial)).tolist()
            for row in (register.row(int(register.key_rows[at])).cells,)
            if _may_be(seen[index], row.get(maker, ""))
        ]
        for column in columns:
            told = {word_key(row[column]): row[column] for row in rows if word_key(row[column])}
            if len(told) == 1:
                ((key, value),) = told.items()
                values[column, key].append(index)
                words.setdefault((column, key), value)
    shared = {
        key: tuple(items) for key, items in values.items() if len({seen[index].key for index in items}) > 1
    }
    found = []
    for column in dict.fromkeys(column for column, _ in shared):
        counts = Counter(word_key(value) for block in register.column(column) for value in block)
        counts.pop("", None)
        for (name, key), items in shared.items():
            if name == column:
                found.append(
                    Held(register.path.name, column, words[name, key], items, counts[key], counts.total())
                )
    return found


def _columns(register: Register) -> list[str]:
    meaning: Mapping[str, str] = register.header.meaning
    named = [meaning[field] for field in FIELDS if field in meaning]
    lots = [
        name for name in register.header.columns
        if "".join(filter(str.isalnum, name)).lower() in _LOT and name not in named
    ]  # fmt: skip
    return named + lots


def _may_be(seen: Seen, maker: str) -> bool:
    return seen.maker is None or not maker or agrees("maker", seen.maker.value, maker)
