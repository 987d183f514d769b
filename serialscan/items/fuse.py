"""The same line of text in several photos becomes one reading.

Every line is a lattice: one distribution over characters for each place. Lines of different photos that say
the same are found by aligning their lattices, and their distributions multiply place by place, since what
spoils a photo (light, blur, dirt) seldom spoils the next one in the same way. Each counts as far as its
whole line is sure (a logarithmic opinion pool: Genest and Zidek, Statistical Science 1986), and a floor
under every distribution keeps one bad photo from having a veto. Alignment is semi-global (`glyphs.align`)
with log odds as costs; the network of aligned places is the confusion network of Mangu, Brill and Stolcke
(2000), with the product of votes in place of their sum.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from rapidfuzz import fuzz

from serialscan.glyphs import align, look_alikes
from serialscan.record import Alternative, End, Glyph, Line

Place = dict[str, float]
"""Probability of each character at one place; the empty string is no character."""

_ALPHABET = 36  # characters among which an undecided place is open
_FLOOR = 0.1  # probability that a photo's distribution at a place is worthless
# A line that skips a place has lost its character there with some probability, at its ends more often. That
# is no vote for any one character: `_ANY` stands for all of them alike.
_ANY = "\0"
_SKIPPED = {"": 1.0, _ANY: 0.3}
_MISSED = {"": 1.0, _ANY: 0.5}
_INVENTED = 0.1  # probability that a character of which a photo is not sure is none
_TRUST = 0.5  # power of its line's probability by which a photo counts
_LEAST_TRUST = 0.1  # a line counts at least so much of one that is sure
_LEAST_SHOWN = 0.0001  # alternatives with less are left out
_MOST_ALTERNATIVES = 5  # shown for a character

# Alignment: log-odds of being the same mark against chance.
_CHANCE = 1 / 30  # probability that two marks agree at a place by chance: some 30 signs are common
_STRAY = 0.15  # probability that the same mark is read differently at a place
_GAP = 2.5  # price of a place that only one of two marks has, in log odds
_SOFT_GAP = 0.4  # part of the gap's price for what readers often lose or invent
_SOFT = frozenset(" .,-'·:△")
_LOOKALIKE = 0.3  # probability that counts for a pair that is often confused
_ALIKE = look_alikes("mark")

# What is the same mark: the least score in log odds, by what goes on at the ends. Chosen on items of
# rendered photos (benchmarks/items.py).
_LEAST_WHOLE = 9.0  # no word goes on
_LEAST_CUT_BY_EDGE = 12.0  # a word goes on in one of the two, and the other ends at the edge of its photo
_LEAST_CUT = 16.0  # a word goes on in one of the two
_LEAST_DOVETAIL = 24.0  # each goes on alone at another end
_LEAST_PER_PLACE = 1.6  # in the mean of the places that both have
_DIGITS_OF_NUMBER = 3  # from which a mark is compared as a number
_LEAST_OF_NUMBER = 0.6  # share of a number's places that agree; equal labels do not make numbers alike
_LEAST_LIKENESS = 55.0  # percent; less is not aligned at all
_FEWEST = 3  # places; fewer cannot reach the least score

# How much is compared. Work is counted in pairs of places that are aligned, 0.3 to 0.5 µs each.
_LONGEST = 200  # places; no mark has so many, and a longer line stays by itself
_MOST_WORK = 30_000_000  # pairs of one item: some ten seconds
_ALIGN = 60  # work of an alignment beside its pairs
_LOOK, _LOOK_PAIRS = 6, 32  # of telling how like two texts are: so much, and one for so many pairs
_JOIN, _JOIN_VOTES = 50, 8  # of one more vote at a place: so much, and one for so many votes there


class TooManyLines(Exception):
    """The lines of an item are so many that comparing them would take too long."""


@dataclass(eq=False)
class Strand:
    """A line of one photo.

    Attributes:
        photo: number of the photo in its item.
        line: as read.
        cut: whether its start and its end lie at the photo's edge, so that more may stand there.
    """

    photo: int
    line: Line
    cut: tuple[bool, bool] = (False, False)
    places: list[Place] = field(init=False)

    def __post_init__(self) -> None:
        glyphs = self.line.characters
        if len(glyphs) != len(self.line.text):
            glyphs = tuple(Glyph(char=char, confidence=self.line.confidence) for char in self.line.text)
        self.places = [_place(glyph) for glyph in glyphs]

    @cached_property
    def tops(self) -> list[str]:
        """The most probable character of every place."""
        return [best(place) for place in self.places]

    @cached_property
    def showing(self) -> dict[str, list[int]]:
        """The places at which each character may stand."""
        found: dict[str, list[int]] = {}
        for number, place in enumerate(self.places):
            for char in place:
                found.setdefault(char, []).append(number)
        return found

    @cached_property
    def trust(self) -> float:
        """How much it counts beside other photos, 0 to 1: one sure line outweighs several poor ones."""
        return max(_LEAST_TRUST, self.line.confidence**_TRUST)


@dataclass(frozen=True, eq=False)
class Column:
    """What is voted for one place.

    The logarithms of the votes are kept, so that one vote more does not ask for those of all others again.

    Attributes:
        votes: of each strand that reaches the place, in the order in which they came.
        logs: by character the weighed logarithm of every vote's probability; None is any other character.
    """

    votes: dict[Strand, Place] = field(default_factory=dict)
    logs: dict[str | None, list[float]] = field(default_factory=lambda: {None: []})

    @cached_property
    def posterior(self) -> Place:
        """The fused distribution."""
        return _pooled(self.logs) if len(self.votes) > 1 else dict(*self.votes.values())

    @cached_property
    def top(self) -> str:
        """The most probable character."""
        return best(self.posterior)

    def plus(self, more: Mapping[Strand, Place]) -> Column:
        """The column with the votes of further strands."""
        if not more:
            return self
        votes = {**self.votes, **more}
        logs: dict[str | None, list[float]] = {}
        for char in dict.fromkeys((*self.logs, *_named(more.values()))):
            # A character that is new here: what the earlier votes say about it was not asked so far.
            known, new = (self.logs[char], more) if char in self.logs else ([], votes)
            logs[char] = [*known, *(_log(vote, strand.trust, char) for strand, vote in new.items())]
        return Column(votes, logs)


@dataclass(frozen=True, eq=False)
class Network:
    """Aligned strands: for every place the vote of each strand that reaches it."""

    columns: list[Column]

    @cached_property
    def posteriors(self) -> list[Place]:
        """The fused distribution of every place."""
        return [column.posterior for column in self.columns]

    @cached_property
    def tops(self) -> list[str]:
        """The most probable character of every place."""
        return [column.top for column in self.columns]

    @cached_property
    def text(self) -> str:
        """The most probable characters."""
        return "".join(self.tops)

    @cached_property
    def spans(self) -> dict[Strand, tuple[int, int]]:
        """First place of each strand and the place after its last, in the order of the photos."""
        found: dict[Strand, tuple[int, int]] = {}
        for number, column in enumerate(self.columns):
            for strand in column.votes:
                found[strand] = found.get(strand, (number,))[0], number + 1
        order = sorted(found, key=lambda strand: (strand.photo, strand.line.page, strand.line.id))
        return {strand: found[strand] for strand in order}

    def strands(self) -> list[Strand]:
        """All lines in it, in the order of the photos."""
        return list(self.spans)

    def word_span(self, strand: Strand) -> tuple[int, int]:
        """The span of a strand, extended to the whole words that other photos show there.

        Where the photo does not end there, most of the others must show more: one alone may have invented
        it, or run two words into one.
        """
        start, end = self.spans[strand]
        tops = self.tops
        while start > 0 and " " not in tops[start - 1 : start + 1] and self._goes_on(strand, start, -1):
            start -= 1
        while end < len(tops) and " " not in tops[end - 1 : end + 1] and self._goes_on(strand, end - 1, 1):
            end += 1
        return start, end

    def _goes_on(self, strand: Strand, number: int, step: int) -> bool:
        """Whether the word of a strand that ends at a place goes on beyond it."""
        if strand.cut[step > 0]:
            return True
        more = self.columns[number + step].votes
        here = self.columns[number].votes
        silent = [other for other in here if other not in more and not other.cut[step > 0]]
        return len(more) > max(len(silent), 1)

    def line(self, strand: Strand) -> Line:
        """A strand's line as all photos together read it; ``readers`` and ``candidates`` are left out."""
        start, end = self.word_span(strand)
        places = self.posteriors[start:end]
        glyphs = []
        for place in places:
            char, *others = sorted(place, key=lambda c: (-place[c], c))
            if not char:
                continue
            alternatives = tuple(
                Alternative(char=c, confidence=_rounded(place[c]))
                for c in others[:_MOST_ALTERNATIVES]
                if place[c] >= _LEAST_SHOWN
            )
            glyphs.append(Glyph(char=char, confidence=_rounded(place[char]), alternatives=alternatives))
        sure = math.prod(place[top] for place, top in zip(places, self.tops[start:end], strict=True))
        return Line(
            id=strand.line.id, text="".join(glyph.char for glyph in glyphs), confidence=_rounded(sure),
            polygon=strand.line.polygon, rotation=strand.line.rotation, characters=tuple(glyphs),
            glyph_height_px=strand.line.glyph_height_px, page=strand.line.page, ends=self._ends(start, end),
        )  # fmt: skip

    def _ends(self, start: int, end: int) -> tuple[End, ...]:
        """What is seen beyond both ends of a line: for each end the photo that shows least there.

        Something may lie over the row in one photo and not in another.
        """
        looks = [strand.line.ends for strand in self.seen(start, end) if strand.line.ends]
        return tuple(min(sides, key=lambda one: one.more + one.hidden) for sides in zip(*looks, strict=True))

    def find(self, strand: Strand, value: str) -> tuple[int, int]:
        """Where a value stands in a strand's fused line, which is all of it if the value is not found."""
        start, end = self.word_span(strand)
        tops = self.tops[start:end]
        at = "".join(tops).find(value)
        if not value or at < 0:
            return start, end
        shown = [start + number for number, char in enumerate(tops) if char]
        return shown[at], shown[at + len(value) - 1] + 1

    def seen(self, start: int, end: int) -> list[Strand]:
        """The strands that show at least half of the places from ``start`` to ``end``."""
        shown = Counter(chain.from_iterable(column.votes for column in self.columns[start:end]))
        return [strand for strand in self.strands() if 2 * shown[strand] >= end - start]

    def reading(self, strand: Strand, start: int, end: int) -> tuple[str, float]:
        """What one strand reads there by itself, and its probability."""
        votes = [column.votes[strand] for column in self.columns[start:end] if strand in column.votes]
        return "".join(map(best, votes)), math.prod(vote[best(vote)] for vote in votes if _ANY not in vote)

    def contradicts(self, strand: Strand, start: int, end: int, sure: float) -> bool:
        """Whether a strand is sure of another character than all together at one of the places."""
        for number in range(start, end):
            vote = self.columns[number].votes.get(strand)
            if vote is None or _ANY in vote:
                continue
            if vote[best(vote)] >= sure and best(vote) != self.tops[number]:
                return True
        return False


@dataclass(frozen=True)
class _Alignment:
    """Pairs of a network's place and a strand's place, in order; -1 stands for none.

    ``score`` are its log-odds of being the same mark, ``costs`` those against each pair, a row for each place
    of the network.
    """

    score: float
    pairs: tuple[tuple[int, int], ...]
    costs: list[list[float]]


def posterior(votes: Sequence[Place], weights: Sequence[float] | None = None) -> Place:
    """The product of independent votes for one place, each with a floor.

    Args:
        votes: at least one distribution; they need not sum to 1, the rest is open.
        weights: power of each vote, 0 to 1; 1 if None.

    Returns:
        Probabilities of all characters that were voted for, by falling probability. A single vote is
        returned as it is.
    """
    if len(votes) == 1:
        return dict(votes[0])
    powers = [1.0] * len(votes) if weights is None else weights
    return _pooled(
        {
            char: [_log(vote, power, char) for vote, power in zip(votes, powers, strict=True)]
            for char in (None, *_named(votes))
        }
    )


def best(place: Place) -> str:
    """The most probable character of a place; the first in code point order of equal ones."""
    return min(place, key=lambda char: (-place[char], char))


def fuse_lines(strands: Sequence[Strand]) -> list[Network]:
    """Find the lines that show the same mark.

    Args:
        strands: all lines of an item's photos.

    Returns:
        Networks in order of their first strand; each strand is in exactly one.

    Raises:
        TooManyLines: comparing them would take more than `_MOST_WORK`.
    """
    work = 0
    alone: list[Network] = []
    networks: list[Network] = []
    # The surest lines lay the networks out.
    for strand in sorted(strands, key=lambda s: (-s.line.confidence, s.photo, s.line.page, s.line.id)):
        if not _FEWEST <= len(strand.places) <= _LONGEST:
            alone.append(_of_one(strand))
            continue
        found = []
        for number, network in enumerate(networks):
            pairs = len(network.columns) * len(strand.places)
            work += _LOOK + pairs // _LOOK_PAIRS
            if not _alike(network, strand):
                continue
            work += _ALIGN + pairs
            if (alignment := _same_mark(network, strand)) is not None:
                found.append((alignment.score, -number, alignment))
        if work > _MOST_WORK:
            raise TooManyLines
        if found:
            _, number, alignment = max(found, key=lambda item: item[:2])
            networks[-number] = _joined(networks[-number], strand, alignment)
            work += sum(_JOIN + len(column.votes) // _JOIN_VOTES for column in networks[-number].columns)
        else:
            networks.append(_of_one(strand))
    order = {strand: number for number, strand in enumerate(strands)}
    return sorted(
        (network for network in (*alone, *networks) if network.columns),
        key=lambda network: min(order[s] for s in network.strands()),
    )


def _place(glyph: Glyph) -> Place:
    place = {glyph.char: glyph.confidence}
    for other in glyph.alternatives:
        place[other.char] = place.get(other.char, 0.0) + other.confidence
    total = sum(place.values())
    return {char: p / total for char, p in place.items()} if total > 1.0 else place


def _floored(vote: Place, char: str | None) -> float:
    """How well a vote fits one character; ``None`` is any that it does not name."""
    if _ANY in vote:
        return vote["" if char == "" else _ANY]
    rest = max(0.0, 1.0 - sum(vote.values())) / _ALPHABET
    floor = _FLOOR / _ALPHABET + (_INVENTED * (1.0 - max(vote.values())) if char == "" else 0.0)
    return (1 - _FLOOR) * (rest if char is None else vote.get(char, rest)) + floor


def _log(vote: Place, power: float, char: str | None) -> float:
    """The logarithm that a vote adds for a character."""
    return power * math.log(_floored(vote, char))


def _named(votes: Iterable[Place]) -> list[str]:
    """All characters that have a vote of their own, in the order in which they came."""
    return list(dict.fromkeys(char for vote in votes for char in vote if char != _ANY))


def _pooled(logs: Mapping[str | None, Sequence[float]]) -> Place:
    """Probabilities of characters by the logarithms of their votes; None is each of all other characters."""
    open_log = sum(logs[None])
    sums = {char: sum(several) for char, several in logs.items() if char is not None}
    unnamed = max(_ALPHABET - len(sums), 0)
    top = max(*sums.values(), open_log)
    total = sum(math.exp(log - top) for log in sums.values()) + unnamed * math.exp(open_log - top)
    ranked = sorted(sums, key=lambda char: (-sums[char], char))
    return {char: math.exp(sums[char] - top) / total for char in ranked}


def _rounded(p: float) -> float:
    return round(min(1.0, p), 4)


def _of_one(strand: Strand) -> Network:
    """The network of a line that no other photo shows so far."""
    return Network([Column().plus({strand: place}) for place in strand.places])


def _alike(network: Network, strand: Strand) -> bool:
    """Whether the texts are so alike that aligning them may be worth it; this costs little."""
    return (
        len(network.columns) <= _LONGEST
        and fuzz.partial_ratio(network.text, strand.line.text) >= _LEAST_LIKENESS
    )


def _same_mark(network: Network, strand: Strand) -> _Alignment | None:
    """The alignment of a strand with a network if both show the same mark."""
    alignment = _align(network, strand)
    if alignment is None:
        return None
    matched = [(i, j) for i, j in alignment.pairs if i >= 0 and j >= 0]
    if alignment.score < max(_LEAST_PER_PLACE * len(matched), _least_score(network, strand, matched)):
        return None
    if not _numbers_agree(network, strand, alignment):
        return None
    return alignment if _fits(network, strand, matched) else None


def _least_score(network: Network, strand: Strand, matched: Sequence[tuple[int, int]]) -> float:
    """More is asked for where a word goes on in one of the two only, unless the photo ends there.

    Most is asked for where each of the two goes on alone at another end: U.S.A. and U.S. PROPERTY.
    """
    (first_i, first_j), (last_i, last_j) = matched[0], matched[-1]
    mine, tops = strand.tops, network.tops
    ahead = first_i - first_j, len(tops) - last_i - len(mine) + last_j
    least = _LEAST_DOVETAIL if ahead[0] * ahead[1] < 0 else _LEAST_WHOLE
    for i, j, step, end in ((first_i, first_j, -1, 0), (last_i, last_j, 1, 1)):
        more_there = 0 <= i + step < len(tops) and tops[i + step] not in ("", " ")
        more_here = 0 <= j + step < len(mine) and mine[j + step] not in ("", " ")
        if more_there and not more_here:
            least = max(least, _LEAST_CUT_BY_EDGE if strand.cut[end] else _LEAST_CUT)
        if more_here and not more_there:
            cut = any(other.cut[end] for other in network.columns[i].votes)
            least = max(least, _LEAST_CUT_BY_EDGE if cut else _LEAST_CUT)
    return least


def _numbers_agree(network: Network, strand: Strand, alignment: _Alignment) -> bool:
    """Whether each number of the strand agrees in most places, as far as the network reaches."""
    mine, tops, pairs = strand.tops, network.tops, alignment.pairs
    matched = [number for number, (i, j) in enumerate(pairs) if i >= 0 and j >= 0]
    word: list[tuple[int, int]] = []
    for i, j in (*pairs[matched[0] : matched[-1] + 1], (-1, -1)):
        if j >= 0 and mine[j] != " ":
            word.append((i, j))
            continue
        if i >= 0 and j < 0 and tops[i] != " ":
            word.append((i, j))
            continue
        chars = [mine[b] if b >= 0 else tops[a] for a, b in word]
        if sum(char.isdigit() for char in chars) >= _DIGITS_OF_NUMBER:
            same = sum(a >= 0 and b >= 0 and alignment.costs[a][b] < 0 for a, b in word)
            if same < _LEAST_OF_NUMBER * len(word):
                return False
        word = []
    return True


def _fits(network: Network, strand: Strand, matched: Sequence[tuple[int, int]]) -> bool:
    """A photo shows a mark once, or twice with the very same text: two alike in one photo are two marks."""
    for i, _ in matched:
        for other in network.columns[i].votes:
            if other.photo == strand.photo and other.line.text != strand.line.text:
                return False
    return True


def _align(network: Network, strand: Strand) -> _Alignment | None:
    """Best semi-global alignment: at each end either of the two may go on alone at no cost.

    None if its score is less than any mark needs.
    """
    costs = _costs(network, strand)
    drops = [_gap(place, top) for place, top in zip(network.posteriors, network.tops, strict=True)]
    adds = [_gap(place, top) for place, top in zip(strand.places, strand.tops, strict=True)]
    found = align(costs, drops, adds, loose_ends=True)
    return _Alignment(-found.cost, found.pairs, costs) if -found.cost >= _LEAST_WHOLE else None


def _costs(network: Network, strand: Strand) -> list[list[float]]:
    """Log odds against every pair of places, a row for each of the network's; most pairs share nothing."""
    unlike, looks_like = _log_odds_against(0.0), _log_odds_against(_LOOKALIKE)
    blank = {
        top: [looks_like if other in _ALIKE.get(top, ()) else unlike for other in strand.tops]
        for top in set(network.tops)
    }
    rows = []
    for place, top in zip(network.posteriors, network.tops, strict=True):
        row = blank[top].copy()
        for j in {j for char in place for j in strand.showing.get(char, ())}:
            other = strand.places[j]
            same = sum([p * other.get(char, 0.0) for char, p in place.items() if char])
            if same >= _LOOKALIKE or row[j] == unlike:
                row[j] = _log_odds_against(same)
        rows.append(row)
    return rows


def _log_odds_against(same: float) -> float:
    return -math.log(((1 - _STRAY) * same + _STRAY * _CHANCE) / _CHANCE)


def _gap(place: Place, top: str) -> float:
    return _GAP * (1.0 - place.get("", 0.0)) * (_SOFT_GAP if top in _SOFT else 1.0)


def _joined(network: Network, strand: Strand, alignment: _Alignment) -> Network:
    """The network with one more strand.

    Inside its extent a strand that skips a place votes for no character there. Beyond its ends it is
    silent: what is cut off or covered says nothing. Only where a single place more is seen, and the photo
    does not end there, does it count a little against that place.
    """
    pairs = alignment.pairs
    matched = [number for number, (i, j) in enumerate(pairs) if i >= 0 and j >= 0]
    low, high, count = matched[0], matched[-1], len(pairs)
    width = len(network.columns)
    columns: list[Column] = []
    before = -1  # the last place of the old network
    for number, (i, j) in enumerate(pairs):
        votes: dict[Strand, Place] = {}
        before = max(before, i)
        end = 0 if number < low else 1 if number > high else None
        alone = end is not None and (low == 1 if end == 0 else high == count - 2)
        if j >= 0:
            votes[strand] = strand.places[j]
        elif end is None:
            votes[strand] = _SKIPPED
        elif alone and not strand.cut[end]:
            votes[strand] = _MISSED
        if i < 0:
            for other, (start, stop) in network.spans.items():
                if start <= before < stop - 1:
                    votes[other] = _SKIPPED
                elif end is not None and alone and not other.cut[end] and (start, stop - width)[end] == 0:
                    votes[other] = _MISSED
        columns.append((network.columns[i] if i >= 0 else Column()).plus(votes))
    return Network(columns)
