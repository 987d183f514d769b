"""What the serials of a store of like items look like, told from the records of all their photos.

One photo of a part that shows `195-30-1285` and `2662` does not say which of the two is its serial. Forty of
them do: what stands on all of them is the part, what differs from one to the next numbers the piece. Other
numbers differ, too (heats, lots, dates), and only a person knows which this is: so these are proposals.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from serialscan.glyphs import western
from serialscan.marking.candidates import JOINED, PARTS, TURNED_OVER
from serialscan.record import PhotoRecord

SURE = 0.5  # least confidence of a number or line that counts
LEAST_PHOTOS = 8  # that show a number of the shape
LEAST_VALUES = 8  # different numbers among them
OFTEN = 0.1  # a number in a greater share of them, and in more than FEW, is not that of one piece
FEW = 3  # photos of one piece
ONE = 0.9  # share of them that show one such number only
TOGETHER = 0.8  # share of them beside which the companions stand
ALIKE = 0.6  # share of all photos that show such a number, where it has no companion
LEAST_COMPANION = 3  # photos that show one companion
RIVAL = 0.3  # share of its photos that also show another number which differs as much
EXAMPLES = 5

_RUN = re.compile(r"[0-9]+|[^\W\d_]+|.", re.DOTALL)


@dataclass(frozen=True)
class Proposal:
    """A shape whose numbers differ from photo to photo.

    Attributes:
        regex: of the shape, matched with all of a number.
        photos: that show such a number.
        values: these numbers, those of most photos first.
        most: photos that show the first of them.
        companions: lines that recur beside it, those of most photos first; empty if none do.
        beside: photos that show one of the companions.
        rival: another shape whose numbers differ on the same photos; empty if there is none.
    """

    regex: str
    photos: int
    values: tuple[str, ...]
    most: int
    companions: tuple[str, ...] = ()
    beside: int = 0
    rival: str = ""


def propose(records: Iterable[PhotoRecord]) -> tuple[list[Proposal], int]:
    """Shapes that tell the serials of items of one kind, those of most photos first; see `Proposal.rival`.

    Args:
        records: of photos of one kind of items, or of a few kinds that their part numbers tell apart.

    Returns:
        The proposals, and of how many photos that were read they are told.
    """
    photos = [record for record in records if record.status == "ok"]
    shapes: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    texts: dict[str, set[int]] = defaultdict(set)
    for index, photo in enumerate(photos):
        for value in _numbers(photo):
            shapes[_form(value)][value].add(index)
        for line in photo.lines:
            if line.confidence >= SURE:
                texts[western(line.text.strip())].add(index)
    varying = {form: places for form, places in shapes.items() if _varies(places)}
    found = []
    for form, places in varying.items():
        shown = set().union(*places.values())
        companions = _companions(shown, set(places), texts)
        beside = shown & set().union(*(texts[text] for text in companions))
        if len(beside) < TOGETHER * len(shown):
            companions, beside = [], set()
        values = sorted(places, key=lambda value: (-len(places[value]), value))
        alone = sum(count == 1 for count in Counter(chain(*places.values())).values())
        enough = len(shown) >= LEAST_PHOTOS and len(values) >= LEAST_VALUES and alone >= ONE * len(shown)
        if enough and (companions or len(shown) >= ALIKE * len(photos)):
            rival = _rival(form, shown, varying)
            regex = _regex(values)
            found.append(
                Proposal(
                    regex, len(shown), tuple(values), len(places[values[0]]), tuple(companions),
                    len(beside), rival and _regex(sorted(varying[rival])),
                )
            )  # fmt: skip
    return sorted(found, key=lambda one: (-one.photos, one.regex)), len(photos)


def _numbers(photo: PhotoRecord) -> set[str]:
    """What may be the serial of a photo, as far as it is surely read and stands by itself."""
    return {
        western(one.value) for one in photo.serial.candidates
        if one.reading is not None and one.reading >= SURE
        and not {reason.code for reason in one.reasons} & (PARTS | JOINED | {TURNED_OVER})
    }  # fmt: skip


def _form(value: str) -> str:
    """The value with every digit as 0 and every letter as A."""
    return re.sub(r"[^\W\d_]", "A", re.sub(r"[0-9]", "0", value))


def _varies(places: Mapping[str, set[int]]) -> bool:
    """Whether the numbers of a shape differ from photo to photo."""
    shown = len(set().union(*places.values()))
    most = max(map(len, places.values()))
    return len(places) >= max(LEAST_VALUES / 2, shown / 4) and most <= max(FEW, OFTEN * shown)


def _companions(shown: set[int], values: set[str], texts: Mapping[str, set[int]]) -> list[str]:
    """Lines with a digit that recur on photos of a shape, and seldom stand elsewhere."""
    found = [
        (len(seen & shown), text) for text, seen in texts.items()
        if len(seen & shown) >= LEAST_COMPANION and len(seen & shown) > len(seen) / 2
        and text not in values and any(c.isdigit() for c in text)
    ]  # fmt: skip
    return [text for _, text in sorted(found, key=lambda one: (-one[0], one[1]))]


def _rival(form: str, shown: set[int], varying: Mapping[str, Mapping[str, set[int]]]) -> str:
    """Another shape whose numbers differ on the same photos; empty if none does."""
    together = [
        (len(shown & set().union(*places.values())), other)
        for other, places in varying.items() if other != form
    ]  # fmt: skip
    count, other = max(together, default=(0, ""))
    return other if count > RIVAL * len(shown) else ""


def _regex(values: Sequence[str]) -> str:
    """The shape of values of one form: letters that all of them share stand as they are."""
    runs = [_RUN.findall(value) for value in values]
    parts = []
    for same in zip(*runs, strict=True):
        first = same[0]
        if first.isdigit():
            parts.append(f"[0-9]{{{len(first)}}}")
        elif len(set(same)) == 1:
            parts.append(_escaped(first))
        else:
            parts.append(f"[{''.join(sorted(set(''.join(same))))}]{{{len(first)}}}")
    return "".join(parts)


def _escaped(text: str) -> str:
    return re.escape(text).replace(r"\-", "-")


def as_toml(proposals: Sequence[Proposal], photos: int, version: str) -> str:
    """A knowledge file with a row for each proposal that has no rival; what was left out stands as a comment.

    Args:
        proposals: from `propose`.
        photos: of how many photos they are told.
        version: of the program.
    """
    lines = [
        f"# Proposed by serialscan {version} from the records of {photos} photos.",
        "# These numbers differ from photo to photo. Serials do, but so do numbers of heats, lots and days:",
        "# only who knows the items can say. Delete every row that is not of serials before you use it.",
    ]
    number = 0
    for one in proposals:
        told = f"{one.photos} of {photos} photos show such a number, {len(one.values)} different ones"
        if one.rival:
            lines += ["", f"# Not proposed: {one.regex} ({told}): {one.rival} differs as much beside it."]
            continue
        number += 1
        told += f", none in more than {one.most}"
        told += f"; {one.beside} of them show one of the lines in beside, too" if one.companions else ""
        lines += [
            "", "[[shape]]", f'id = "proposed-{number}"', "sure = true", f"regex = {_quoted(one.regex)}",
        ]  # fmt: skip
        if one.companions:
            lines.append(f"beside = {_quoted('|'.join(map(_escaped, one.companions)))}")
        lines += [
            'confidence = "low"', f"source = {_quoted(f'proposed: {told}')}",
            f"accepts = [{', '.join(map(_quoted, one.values[:EXAMPLES]))}]",
        ]  # fmt: skip
        apart = [text for text in one.companions if _form(text) != _form(one.values[0])][:EXAMPLES]
        if apart:
            lines.append(f"rejects = [{', '.join(map(_quoted, apart))}]")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A basic string of TOML 1.0, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
