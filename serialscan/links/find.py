"""Finds links: by sorting, never by comparing each item with each other one."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serialscan.links.model import KINDS, Kind, Link, Member, Photo, Seen, Shown, support_of
from serialscan.links.on_record import Held, held
from serialscan.links.strength import (
    FEW_CAP,
    LONGEST_RUN,
    density,
    doubted,
    log_expected,
    run_strength,
    runs,
)

if TYPE_CHECKING:
    from serialscan.register.register import Register

LEAST = 1.0
"""log10 of the least likelihood ratio that is told: "moderate" in words."""

MOST = 6.0
"""log10 of the most that is claimed: beyond it the assumptions are less certain than the figure. The words of
ENFSI end there, too."""

_SHAPE = re.compile(r"^(.*?)([0-9]+)([^0-9?]*)$")
_MARKS: dict[str, Kind] = {
    "importer": "same_importer", "property": "same_property_mark", "factory_mark": "same_factory_mark",
    "contract": "same_contract",
}  # fmt: skip
_SHORTEST_KEY = 2  # characters of a mark that is compared: one character alone is on every second item

Shape = tuple[str, int, str]
"""What stands before the running number, how many digits that has, and what stands behind it."""


@dataclass(frozen=True, slots=True)
class Number:
    """A serial taken apart: its shape, and its running number."""

    shape: Shape
    value: int


def number_of(key: str) -> Number | None:
    """The running number of a match key, its last group of digits; None without one, or with ``?``."""
    found = _SHAPE.match(key)
    if found is None or "?" in key:
        return None
    before, digits, behind = found.groups()
    return Number((before, len(digits), behind), int(digits))


def find_links(
    seen: Sequence[Seen], least: float = LEAST, longest: int = LONGEST_RUN, registers: Sequence[Register] = ()
) -> list[Link]:
    """All links, the strongest of each kind first; conflicts and same photos stand last.

    Args:
        seen: all items.
        least: log10 of the least likelihood ratio that is told.
        longest: numbers that a run of serials may span.
        registers: open; what they say of a contract, lot or consignee links, too.
    """
    photos, alone = _same_photos(seen)
    numbers = {index: found for index in alone if (found := number_of(seen[index].key)) is not None}
    links = [
        *_same_items(seen, alone, numbers),
        *_near(seen, numbers, longest),
        *_same_marks(seen, alone),
        *_same_on_record(seen, held(seen, alone, registers)),
    ]
    kept = [one for one in links if one.log10_lr is None or one.log10_lr >= least]
    order = list(KINDS)
    return sorted(
        [*kept, *photos],
        key=lambda one: (
            one.log10_lr is None, -(one.log10_lr or 0.0), -len(one.items), order.index(one.kind),
            one.items[0].number, one.what,
        ),
    )  # fmt: skip


def _same_photos(seen: Sequence[Seen]) -> tuple[list[Link], list[int]]:
    """Items that share a file, and one item of each such group with all that share none.

    A photo that lies in two sources is one observation, and must not confirm itself.
    """
    leader = list(range(len(seen)))

    def first(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    holder: dict[str, int] = {}
    for index, one in enumerate(seen):
        for _, sha256 in one.photos:
            if sha256 is not None:
                low, high = sorted((first(holder.setdefault(sha256, index)), first(index)))
                leader[high] = low
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for index in range(len(seen)):
        groups[first(index)].append(index)
    links = [
        _link(
            "same_photo", None, None, "the files have the same SHA-256; counted once in all other links",
            _serial(seen[some[0]]), seen, some, [seen[i].confidence for i in some], [()] * len(some),
        )
        for some in groups.values()
        if len(some) > 1
    ]  # fmt: skip
    # What a person read stands for the others.
    alone = [max(some, key=lambda i: (seen[i].read_by == "reviewer", seen[i].confidence, -i))
             for some in groups.values()]  # fmt: skip
    return links, alone


@dataclass(frozen=True, slots=True)
class _Crowd:
    """The numbers of one shape, of one maker or of all: sorted, each once, and as a set."""

    values: list[int]
    known: frozenset[int]

    def misread(self, number: Number, wrong: float) -> float:
        """Probability that another item of these has this number by a misreading of one digit.

        Args:
            number: that was read twice.
            wrong: probability that one of the two readings is wrong.
        """
        digits = number.shape[1]
        text = f"{number.value:0{digits}}"
        beside = sum(
            int(text[:at] + digit + text[at + 1 :]) in self.known
            for at in range(digits)
            for digit in "0123456789"
            if digit != text[at]
        )
        return beside / max(1, len(self.values)) * wrong / (9 * digits)

    def chance(self, number: Number, count: int) -> tuple[float, float, bool]:
        """Of a number its share among all, how many such meetings chance gives, and whether it is a guess."""
        start = bisect_left(self.values, number.value)
        end = bisect_right(self.values, number.value)
        dense, few = density(self.values, start, end, number.shape[1])
        total = len(self.values)
        share = 10.0 ** -number.shape[1] if few else dense / total
        return min(1.0, share), math.exp(log_expected(count, 0, total, max(share * total, 1e-12))), few


def _crowds(keys: Iterable[tuple[str, Number]]) -> dict[tuple[str, Shape], _Crowd]:
    gathered: defaultdict[tuple[str, Shape], set[int]] = defaultdict(set)
    for of, number in keys:
        gathered[of, number.shape].add(number.value)
    return {key: _Crowd(sorted(values), frozenset(values)) for key, values in gathered.items()}


def _same_items(seen: Sequence[Seen], alone: Sequence[int], numbers: Mapping[int, Number]) -> Iterator[Link]:
    by_maker = _crowds((_maker(seen[index]), number) for index, number in numbers.items())
    of_all = _crowds(("", number) for number in numbers.values())
    keys: defaultdict[str, list[int]] = defaultdict(list)
    for index in alone:
        if index in numbers:
            keys[seen[index].key].append(index)
    for key, some in keys.items():
        if len(some) < 2:
            continue
        makers: defaultdict[str, list[int]] = defaultdict(list)
        for index in some:
            makers[_maker(seen[index])].append(index)
        known = sorted(set(makers) - {""})
        if len(known) > 1:
            names = ", ".join(_maker_name(seen[makers[one][0]]) for one in known)
            yield _link(
                "conflict", None, None, f"makers give numbers by themselves: {names} both use this one",
                f"serial {key}", seen, some,
                [seen[i].confidence for i in some], [seen[i].where for i in some],
            )  # fmt: skip
        for members in [makers[one] for one in known] if len(known) > 1 else [some]:
            if len(members) > 1:
                number, maker = numbers[members[0]], _maker(seen[members[0]])
                alike = maker != "" and all(_maker(seen[index]) == maker for index in members)
                crowd = by_maker[maker, number.shape] if alike else of_all["", number.shape]
                yield _same_item(seen, members, number, crowd, alike)


def _same_item(
    seen: Sequence[Seen], members: Sequence[int], number: Number, crowd: _Crowd, alike: bool
) -> Link:
    share, chance, few = crowd.chance(number, len(members))
    surest = sorted((_sure(seen[index]) for index in members), reverse=True)[:2]
    share = min(1.0, share + crowd.misread(number, 2 - sum(surest)))
    strength = doubted(-math.log10(share), surest[0] * surest[1])
    of = "this maker's numbers" if alike else "numbers of all makers (a maker was not read)"
    how = f"all numbers of {number.shape[1]} digits, since few others are given" if few else (
        "their observed range")  # fmt: skip
    return _link(
        "same_item", strength, None if few else chance,
        f"{of} of this shape lie evenly over {how}, and a misreading changes one digit; for any two of the "
        "items, not corrected for the search, since a maker gives a number once (expected by chance: if it "
        "gave them at random)",
        _serial(seen[members[0]]), seen, members,
        [_sure(seen[i]) for i in members], [seen[i].where for i in members],
    )  # fmt: skip


def _near(seen: Sequence[Seen], numbers: Mapping[int, Number], longest: int) -> Iterator[Link]:
    groups: defaultdict[tuple[str, str, Shape], defaultdict[int, list[int]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for index, number in numbers.items():
        if maker := _maker(seen[index]):
            model = seen[index].model
            groups[maker, model.key if model is not None else "", number.shape][number.value].append(index)
    searched = [some for some in groups.items() if len(some[1]) > 1]
    for (_, _, shape), found in searched:
        values = sorted(found)
        for run in runs(values, shape[1], len(searched), longest):
            inside = values[run.start : run.end]
            span = inside[-1] - inside[0]
            sure = [max(_sure(seen[index]) for index in found[value]) for value in inside]
            strength, logged = run_strength(sure, span, len(values), run.density, len(searched))
            if run.few:
                strength = min(strength, FEW_CAP)
            members = [index for value in inside for index in found[value]]
            yield _link(
                "near_serials", strength, None if run.few else math.exp(min(0.0, logged)),
                _near_assumption(run.few, run.density, shape[1], longest, len(searched)),
                _run_words(seen, members, len(inside)), seen, members,
                [_sure(seen[i]) for i in members], [seen[i].where for i in members],
            )  # fmt: skip


def _near_assumption(few: bool, dense: float, digits: int, longest: int, groups: int) -> str:
    if few:
        how = f"all numbers of {digits} digits, since few others are given; at most {FEW_CAP:g} is claimed"
    else:
        how = f"their observed range, 1 in {1 / dense:.0f} near the run"
    return (
        f"by chance this maker's numbers of this model and shape lie evenly over {how}; a run spans at most "
        f"{longest} numbers; corrected for runs of all lengths in {groups} group{'' if groups == 1 else 's'}"
    )


def _run_words(seen: Sequence[Seen], members: Sequence[int], count: int) -> str:
    first, last = seen[members[0]], seen[members[-1]]
    model = f" {first.model.value}" if first.model is not None else ""
    return f"{_maker_name(first)}{model}: {count} serials from {first.serial} to {last.serial}"


def _same_marks(seen: Sequence[Seen], alone: Sequence[int]) -> Iterator[Link]:
    # A factory's mark is compared among the items of its maker, where it is no news if all have it.
    values: defaultdict[tuple[str, str], defaultdict[str, dict[int, Shown]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for index in alone:
        for mark in seen[index].marks:
            if len(mark.key) >= _SHORTEST_KEY:
                among = _maker(seen[index]) if mark.kind == "factory_mark" else ""
                values[mark.kind, among][mark.key][index] = mark
    for (kind, among), found in values.items():
        total = len({index for some in found.values() for index in some})
        for some in found.values():
            if len(some) < 2:
                continue
            surest = sorted((mark.confidence for mark in some.values()), reverse=True)[:2]
            strength = doubted(math.log10(total / len(some)), surest[0] * surest[1])
            members = list(some)
            of = f" of the maker {_maker_name(seen[members[0]])}" if among else ""
            yield _link(
                _MARKS[kind], strength, None,
                f"the mark is as frequent everywhere as here: {len(some)} of {total} items{of} that show "
                "such a mark; for any two of the items, not corrected for the search",
                some[members[0]].value, seen, members,
                [mark.confidence for mark in some.values()], [mark.where for mark in some.values()],
            )  # fmt: skip


def _same_on_record(seen: Sequence[Seen], found: Sequence[Held]) -> Iterator[Link]:
    for one in found:
        surest = sorted((_sure(seen[index]) for index in one.items), reverse=True)[:2]
        strength = doubted(math.log10(one.of / one.rows), surest[0] * surest[1])
        yield _link(
            "same_on_record", strength, None,
            f"each row is the item's, and any other item on record has this value as often as the rows of "
            f"{one.register}: {one.rows} of {one.of}; for any two of the items, not corrected for the search",
            f"{one.column} {one.value} ({one.register})", seen, one.items,
            [_sure(seen[i]) for i in one.items], [seen[i].where for i in one.items],
        )  # fmt: skip


def _link(
    kind: Kind, log10_lr: float | None, chance: float | None, assumption: str, what: str,
    seen: Sequence[Seen], members: Sequence[int], sure: Sequence[float], where: Sequence[tuple[str, ...]],
) -> Link:  # fmt: skip
    return Link(
        kind=kind, log10_lr=None if log10_lr is None else round(min(MOST, log10_lr), 2),
        support="" if log10_lr is None else support_of(min(MOST, log10_lr)),
        expected_by_chance=None if chance is None else float(f"{max(10**-MOST, chance):.2g}"),
        assumption=assumption, what=what,
        sources=tuple(dict.fromkeys(seen[index].source for index in members)),
        items=tuple(
            Member(
                number=index + 1, source=one.source, item=one.name, serial=one.serial, read_by=one.read_by,
                confidence=round(right, 4), photos=tuple(Photo(path=p, sha256=s) for p, s in one.photos),
                where=places,
            )
            for index, right, places in zip(members, sure, where, strict=True)
            for one in (seen[index],)
        ),
    )  # fmt: skip


def _maker(seen: Seen) -> str:
    return seen.maker.key if seen.maker is not None else ""


def _maker_name(seen: Seen) -> str:
    return seen.maker.value if seen.maker is not None else "maker not read"


def _serial(seen: Seen) -> str:
    return f"serial {seen.serial}" if seen.serial is not None else "no serial"


def _sure(seen: Seen) -> float:
    """That the serial and the maker are right."""
    return seen.confidence * (seen.maker.confidence if seen.maker is not None else 1.0)
