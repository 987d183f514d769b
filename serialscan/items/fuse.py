"""The same line of text in several photos becomes one reading.

Every line is a lattice: one distribution over characters for each place. Lines of different photos that say
the same are found by aligning their lattices, and their distributions multiply place by place, since what
spoils a photo (light, blur, dirt) seldom spoils the next one in the same way. Each counts as far as its
whole line is sure (a logarithmic opinion pool: Genest and Zidek, Statistical Science 1986), and a floor
under every distribution keeps one bad photo from having a veto. Alignment is semi-global with log-odds scores
(Durbin et al., Biological Sequence Analysis, 1998, section 2.3); the network of aligned places is the
confusion network of Mangu, Brill and Stolcke (2000), with the product of votes in place of their sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from serialscan.record import Alternative, Glyph, Line

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
_LEAST_TRUST = 0.1
_LEAST_SHOWN = 0.0001  # alternatives with less are left out
_MOST_ALTERNATIVES = 5

# Alignment: log-odds of being the same mark against chance.
_CHANCE = 1 / 30
_STRAY = 0.15  # probability that the same mark is read differently at a place
_GAP = -2.5
_SOFT_GAP = 0.4  # part of the gap's price for what readers often lose or invent
_SOFT = frozenset(" .,-'·:△")
_LOOKALIKE = 0.3  # probability that counts for a pair that is often confused
_GROUPS = ("0OQDО", "1IL|/", "2Z", "5S", "8B", "6GБ", "4A", "7T", "VY", "UV", "MН", "CGС", "EFЕ", "PRР")
_ALIKE = {one: frozenset("".join(g for g in _GROUPS if one in g)) for one in "".join(_GROUPS)}

# What is the same mark: the least score, by what is left over at the ends.
_LEAST_WHOLE = 9.0
_LEAST_CUT_BY_EDGE = 12.0
_LEAST_CUT = 16.0
_LEAST_DOVETAIL = 24.0
_LEAST_PER_PLACE = 1.6
_DIGITS_OF_NUMBER = 3
_LEAST_OF_NUMBER = 0.6  # share of a number's places that agree; equal labels do not make numbers alike
_LEAST_LIKENESS = 55.0  # percent; less is not aligned at all


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

    @property
    def trust(self) -> float:
        """How much it counts beside other photos, 0 to 1: one sure line outweighs several poor ones."""
        return max(_LEAST_TRUST, self.line.confidence**_TRUST)


@dataclass(eq=False)
class Network:
    """Aligned strands: for every place the vote of each strand that reaches it."""

    columns: list[dict[Strand, Place]]

    def __post_init__(self) -> None:
        self._posteriors = [
            posterior(list(column.values()), [strand.trust for strand in column]) for column in self.columns
        ]
        self._text = "".join(map(best, self._posteriors))

    @property
    def posteriors(self) -> list[Place]:
        """The fused distribution of every place."""
        return self._posteriors

    @property
    def text(self) -> str:
        """The most probable characters."""
        return self._text

    def strands(self) -> list[Strand]:
        """All lines in it, in the order of the photos."""
        found = {strand for column in self.columns for strand in column}
        return sorted(found, key=lambda strand: (strand.photo, strand.line.page, strand.line.id))

    def span(self, strand: Strand) -> tuple[int, int]:
        """First place of a strand and the place after its last."""
        reached = [i for i, column in enumerate(self.columns) if strand in column]
        return reached[0], reached[-1] + 1

    def word_span(self, strand: Strand) -> tuple[int, int]:
        """The span of a strand, extended to the whole words that other photos show there.

        Where the photo does not end there, most of the others must show more: one alone may have invented
        it, or run two words into one.
        """
        start, end = self.span(strand)
        tops = [best(place) for place in self._posteriors]
        while start > 0 and " " not in tops[start - 1 : start + 1] and self._goes_on(strand, start, -1):
            start -= 1
        while end < len(tops) and " " not in tops[end - 1 : end + 1] and self._goes_on(strand, end - 1, 1):
            end += 1
        return start, end

    def _goes_on(self, strand: Strand, number: int, step: int) -> bool:
        """Whether the word of a strand that ends at a place goes on beyond it."""
        if strand.cut[step > 0]:
            return True
        more = set(self.columns[number + step])
        silent = [other for other in self.columns[number] if other not in more and not other.cut[step > 0]]
        return len(more) > max(len(silent), 1)

    def line(self, strand: Strand) -> Line:
        """A strand's line as all photos together read it; ``readers`` and ``candidates`` are left out."""
        start, end = self.word_span(strand)
        places = self._posteriors[start:end]
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
        sure = math.prod(place[best(place)] for place in places)
        return Line(
            id=strand.line.id, text="".join(glyph.char for glyph in glyphs), confidence=_rounded(sure),
            polygon=strand.line.polygon, rotation=strand.line.rotation, characters=tuple(glyphs),
            glyph_height_px=strand.line.glyph_height_px, page=strand.line.page,
        )  # fmt: skip

    def find(self, strand: Strand, value: str) -> tuple[int, int]:
        """Where a value stands in a strand's fused line, which is all of it if the value is not found."""
        start, end = self.word_span(strand)
        tops = [best(place) for place in self._posteriors[start:end]]
        at = "".join(tops).find(value)
        if not value or at < 0:
            return start, end
        shown = [start + number for number, char in enumerate(tops) if char]
        return shown[at], shown[at + len(value) - 1] + 1

    def seen(self, start: int, end: int) -> list[Strand]:
        """The strands that show at least half of the places from ``start`` to ``end``."""
        return [
            strand
            for strand in self.strands()
            if 2 * sum(strand in column for column in self.columns[start:end]) >= end - start
        ]

    def reading(self, strand: Strand, start: int, end: int) -> tuple[str, float]:
        """What one strand reads there by itself, and its probability."""
        votes = [column[strand] for column in self.columns[start:end] if strand in column]
        return "".join(map(best, votes)), math.prod(vote[best(vote)] for vote in votes if _ANY not in vote)

    def contradicts(self, strand: Strand, start: int, end: int, sure: float) -> bool:
        """Whether a strand is sure of another character than all together at one of the places."""
        for number in range(start, end):
            vote = self.columns[number].get(strand)
            if vote is None or _ANY in vote:
                continue
            if vote[best(vote)] >= sure and best(vote) != best(self._posteriors[number]):
                return True
        return False


@dataclass(frozen=True)
class _Alignment:
    """Pairs of a network's place and a strand's place, in order; -1 stands for none."""

    score: float
    pairs: tuple[tuple[int, int], ...]


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
    chars = {char: None for vote in votes for char in vote if char != _ANY}
    powers = [1.0] * len(votes) if weights is None else weights

    def log_of(char: str | None) -> float:
        return sum(w * math.log(_floored(vote, char)) for vote, w in zip(votes, powers, strict=True))

    logs = {char: log_of(char) for char in chars}
    unnamed = max(_ALPHABET - len(chars), 0)
    open_log = log_of(None)
    top = max(*logs.values(), open_log)
    total = sum(math.exp(log - top) for log in logs.values()) + unnamed * math.exp(open_log - top)
    ranked = sorted(logs, key=lambda char: (-logs[char], char))
    return {char: math.exp(logs[char] - top) / total for char in ranked}


def best(place: Place) -> str:
    """The most probable character of a place; the first in code point order of equal ones."""
    return min(place, key=lambda char: (-place[char], char))


def fuse_lines(strands: Sequence[Strand]) -> list[Network]:
    """Find the lines that show the same mark.

    Args:
        strands: all lines of an item's photos.

    Returns:
        Networks in order of their first strand; each strand is in exactly one.
    """
    networks: list[Network] = []
    # The surest lines lay the networks out.
    for strand in sorted(strands, key=lambda s: (-s.line.confidence, s.photo, s.line.page, s.line.id)):
        found = [
            (alignment.score, -number, alignment)
            for number, network in enumerate(networks)
            if (alignment := _same_mark(network, strand)) is not None
        ]
        if found:
            _, number, alignment = max(found, key=lambda item: item[:2])
            networks[-number] = _joined(networks[-number], strand, alignment)
        else:
            networks.append(Network([{strand: place} for place in strand.places]))
    order = {strand: number for number, strand in enumerate(strands)}
    return sorted(
        (network for network in networks if network.columns),
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


def _rounded(p: float) -> float:
    return round(min(1.0, p), 4)


def _same_mark(network: Network, strand: Strand) -> _Alignment | None:
    """The alignment of a strand with a network if both show the same mark."""
    text = network.text
    if not strand.places or fuzz.partial_ratio(text, strand.line.text) < _LEAST_LIKENESS:
        return None
    alignment = _align(network.posteriors, strand.places)
    matched = [(i, j) for i, j in alignment.pairs if i >= 0 and j >= 0]
    if not matched or alignment.score < max(_LEAST_WHOLE, _LEAST_PER_PLACE * len(matched)):
        return None
    if alignment.score < _least_score(network, strand, matched) or not _numbers_agree(
        network, strand, alignment.pairs
    ):
        return None
    return alignment if _fits(network, strand, matched) else None


def _least_score(network: Network, strand: Strand, matched: Sequence[tuple[int, int]]) -> float:
    """More is asked for where a word goes on in one of the two only, unless the photo ends there.

    Most is asked for where each of the two goes on alone at another end: U.S.A. and U.S. PROPERTY.
    """
    (first_i, first_j), (last_i, last_j) = matched[0], matched[-1]
    mine = "".join(map(best, strand.places))
    tops = [best(place) for place in network.posteriors]
    ahead = first_i - first_j, len(tops) - last_i - len(mine) + last_j
    least = _LEAST_DOVETAIL if ahead[0] * ahead[1] < 0 else _LEAST_WHOLE
    for i, j, step, end in ((first_i, first_j, -1, 0), (last_i, last_j, 1, 1)):
        more_there = 0 <= i + step < len(tops) and tops[i + step] not in ("", " ")
        more_here = 0 <= j + step < len(mine) and mine[j + step] not in ("", " ")
        if more_there and not more_here:
            least = max(least, _LEAST_CUT_BY_EDGE if strand.cut[end] else _LEAST_CUT)
        if more_here and not more_there:
            cut = any(other.cut[end] for other in network.columns[i])
            least = max(least, _LEAST_CUT_BY_EDGE if cut else _LEAST_CUT)
    return least


def _numbers_agree(network: Network, strand: Strand, pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether each number of the strand agrees in most places, as far as the network reaches."""
    tops = [best(place) for place in network.posteriors]
    matched = [number for number, (i, j) in enumerate(pairs) if i >= 0 and j >= 0]
    word: list[tuple[int, int]] = []
    for i, j in (*pairs[matched[0] : matched[-1] + 1], (-1, -1)):
        if j >= 0 and best(strand.places[j]) != " ":
            word.append((i, j))
            continue
        if i >= 0 and j < 0 and tops[i] != " ":
            word.append((i, j))
            continue
        chars = [best(strand.places[b]) if b >= 0 else tops[a] for a, b in word]
        if sum(char.isdigit() for char in chars) >= _DIGITS_OF_NUMBER:
            same = sum(
                a >= 0 and b >= 0 and _match(network.posteriors[a], strand.places[b]) > 0 for a, b in word
            )
            if same < _LEAST_OF_NUMBER * len(word):
                return False
        word = []
    return True


def _fits(network: Network, strand: Strand, matched: Sequence[tuple[int, int]]) -> bool:
    """A photo shows a mark once, or twice with the very same text: two alike in one photo are two marks."""
    for i, _ in matched:
        for other in network.columns[i]:
            if other.photo == strand.photo and other.line.text != strand.line.text:
                return False
    return True


def _align(network: Sequence[Place], strand: Sequence[Place]) -> _Alignment:
    """Best semi-global alignment: at each end either of the two may go on alone at no cost."""
    rows, columns = len(network), len(strand)
    scores = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    matches = [[_match(one, other) for other in strand] for one in network]
    skips = [_gap(place) for place in network]
    inserts = [_gap(place) for place in strand]
    for i in range(rows):
        above, row = scores[i], scores[i + 1]
        for j in range(columns):
            row[j + 1] = max(above[j] + matches[i][j], above[j + 1] + skips[i], row[j] + inserts[j])
    ends = [(scores[rows][j], rows, j) for j in range(columns + 1)]
    ends += [(scores[i][columns], i, columns) for i in range(rows + 1)]
    score, i, j = max(ends, key=lambda end: (end[0], end[1] + end[2]))
    pairs = [(-1, k) for k in range(columns - 1, j - 1, -1)] + [(k, -1) for k in range(rows - 1, i - 1, -1)]
    while i and j:
        here = scores[i][j]
        if here == scores[i - 1][j - 1] + matches[i - 1][j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif here == scores[i - 1][j] + skips[i - 1]:
            i -= 1
            pairs.append((i, -1))
        else:
            j -= 1
            pairs.append((-1, j))
    pairs += [(-1, k) for k in range(j - 1, -1, -1)] + [(k, -1) for k in range(i - 1, -1, -1)]
    return _Alignment(score, tuple(reversed(pairs)))


def _match(one: Place, other: Place) -> float:
    same = sum(p * other.get(char, 0.0) for char, p in one.items() if char)
    if same < _LOOKALIKE and best(other) in _ALIKE.get(best(one), ()):
        same = _LOOKALIKE
    return math.log(((1 - _STRAY) * same + _STRAY * _CHANCE) / _CHANCE)


def _gap(place: Place) -> float:
    return _GAP * (1.0 - place.get("", 0.0)) * (_SOFT_GAP if best(place) in _SOFT else 1.0)


def _joined(network: Network, strand: Strand, alignment: _Alignment) -> Network:
    """The network with one more strand.

    Inside its extent a strand that skips a place votes for no character there. Beyond its ends it is
    silent: what is cut off or covered says nothing. Only where a single place more is seen, and the photo
    does not end there, does it count a little against that place.
    """
    pairs = alignment.pairs
    matched = [number for number, (i, j) in enumerate(pairs) if i >= 0 and j >= 0]
    low, high, count = matched[0], matched[-1], len(pairs)
    spans = {other: network.span(other) for other in network.strands()}
    width = len(network.columns)
    columns: list[dict[Strand, Place]] = []
    before = -1  # the last place of the old network
    for number, (i, j) in enumerate(pairs):
        column = dict(network.columns[i]) if i >= 0 else {}
        before = max(before, i)
        end = 0 if number < low else 1 if number > high else None
        alone = end is not None and (low == 1 if end == 0 else high == count - 2)
        if j >= 0:
            column[strand] = strand.places[j]
        elif end is None:
            column[strand] = dict(_SKIPPED)
        elif alone and not strand.cut[end]:
            column[strand] = dict(_MISSED)
        if i < 0:
            for other, (start, stop) in spans.items():
                if start <= before < stop - 1:
                    column[other] = dict(_SKIPPED)
                elif end is not None and alone and not other.cut[end] and (start, stop - width)[end] == 0:
                    column[other] = dict(_MISSED)
        columns.append(column)
    return Network(columns)
