"""Known words in lines as read: exact, and misread where the characters' alternatives allow it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from serialscan.glyphs import align, as_latin, folded, look_alikes
from serialscan.marking.knowledge import Knowledge
from serialscan.record import Alternative, Line

_HAN = "\u3040-\u30ff\u3400-\u9fff"
# Han characters stand beside numbers without a space and are words of their own (五六式3481252).
_WORD = re.compile(rf"[{_HAN}]{{1,40}}|[№#]|[^\W_{_HAN}]{{1,60}}(?:['’][^\W_{_HAN}]{{1,20}})?")
_MOST_WORDS = 9  # words of the longest name
READ_CHARS = 500
"""Characters of a line that are looked at; no mark is longer."""

_ALIKE = look_alikes("word")  # digits among themselves are exchanged by the lattice only
_THIN = frozenset("1I'LJ")
_AND = "8S3B65GE"  # what a struck & is read for
_FREE = 0.35  # cost of a character read for one that looks like it
_DROPPED, _DROPPED_THIN = 1.0, 0.6
_ALLOWED = 0.16  # cost for each character of the word
_SHORTEST = 4  # characters of a word that may be misread
# Words that many makers' names have. What tells such a name from the others is the rest of it.
_COMMON = frozenset({
    "ARMS", "FIREARMS", "WEAPONS", "ARMOURY", "ARMORY", "INDUSTRIES", "TECHNOLOGIES", "SYSTEMS",
    "OPTICS", "OPTIK", "TACTICAL", "DEFENSE", "DEFENCE", "PRECISION", "INTERNATIONAL",
    "MANUFACTURING", "MFG", "COMPANY", "CO", "CORP", "CORPORATION", "INC", "LLC", "LTD", "GMBH",
    "SILAH",
})  # fmt: skip
_CAREFUL = ("label", "maker")  # tables with ordinary words that look like a name of theirs
_CLOSE = 0.1  # two words whose costs differ by less are both named
_UNSURE = 0.9  # a digit of a model's name may be misread where it was read less surely


@dataclass(frozen=True)
class Word:
    """A known word: the table and row that it names and how it counts.

    ``use`` is ``name``, ``weak`` (alone in a line only), ``seen`` (what a logo is misread as, likewise),
    ``place`` or ``short`` (before a number only).
    """

    table: str
    row: str
    use: str
    text: str


@dataclass(frozen=True)
class Hit:
    """Known words at characters ``start`` to ``end`` of a line; ``misread`` tells what was read for what."""

    start: int
    end: int
    words: tuple[Word, ...]
    misread: tuple[str, ...] = ()


@dataclass(frozen=True)
class Token:
    """A word of a line: its place and its folded letters and digits; № is written NO."""

    start: int
    end: int
    text: str


def tokens(text: str) -> list[Token]:
    """The words of a line's first `READ_CHARS` characters."""
    shown = folded(text[:READ_CHARS])
    return [Token(m.start(), m.end(), _joined(m.group())) for m in _WORD.finditer(shown)]


def _joined(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c in "№#").replace("№", "NO")


def _spellings(text: str) -> tuple[str, ...]:
    """A name as it stands, with N (N°) and NR for a sign № in it, and as readers of Latin letters see it."""
    signs = ("№",) if "№" not in text or text == "№" else ("№", "N", "NR")
    shown = [text.replace("№", sign) for sign in signs]
    read = [as_latin(one.upper()) for one in shown]
    return (*shown, *(seen for one, seen in zip(shown, read, strict=True) if seen != one.upper()))


class Finder:
    """Finds the words of a `Knowledge` in lines."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._words: dict[str, list[Word]] = {}
        self._heads: set[str] = set()
        self._signs: dict[str, tuple[str, list[Word]]] = {}
        self._whole: dict[str, None] = {}
        self._unlike: set[str] = set()
        self._own: dict[str, tuple[str, ...]] = {}
        for maker in knowledge.makers.values():
            self._unlike.update(token.text for text in maker.unlike for token in tokens(text))
            uses = (("name", maker.names), ("weak", maker.weak), ("place", maker.places))
            self._add("maker", maker.id, (*uses, ("seen", maker.seen_as)))
        for model in knowledge.models.values():
            self._add("model", model.id, (("name", model.names), ("weak", model.weak)))
        for label in knowledge.labels.values():
            self._add("label", label.id, (("name", label.names), ("short", label.short)))
            self._unlike.update(token.text for text in label.unlike for token in tokens(text))
        for phrase in knowledge.phrases.values():
            self._add("phrase", phrase.id, (("name", phrase.names), ("weak", phrase.weak)))
        for country in knowledge.countries.values():
            self._add("country", country.id, (("name", country.names),))
        self._long = [key for key in self._whole if len(key) >= _SHORTEST]
        self._longest = max(map(len, self._words), default=0)

    def _add(self, table: str, row: str, names: Iterable[tuple[str, Sequence[str]]]) -> None:
        for use, texts in names:
            for text in (spelling for name in texts for spelling in _spellings(name)):
                parts = [token.text for token in tokens(text)]
                key = "".join(parts)
                self._heads.update("".join(parts[:n]) for n in range(1, len(parts)))
                if table == "maker" and len(parts) > 1 and not _COMMON.isdisjoint(parts):
                    self._own[key] = tuple(parts)
                if key:
                    self._words.setdefault(key, []).append(Word(table, row, use, text))
                if text in texts and use != "seen":  # of the other spellings the N is too little to be missed
                    self._whole[key] = None
                if "&" in text and 1 < len(key) < _SHORTEST:
                    for sign in _AND:
                        words = self._signs.setdefault(sign.join(parts), (sign, []))[1]
                        words.append(Word(table, row, use, text))

    def named(self, key: str) -> list[Word]:
        """The words that are written with exactly these letters and digits."""
        return self._words.get(key, [])

    def goes_on(self, key: str) -> bool:
        """Whether known words begin with exactly these words."""
        return key in self._heads

    def find(self, line: Line) -> list[Hit]:
        """Known words of one line, longest first where they compete; countries also within places."""
        found = tokens(line.text)
        whole = "".join(token.text for token in found)
        exact = []
        for first in range(len(found)):
            key = ""
            for last in range(first, min(first + _MOST_WORDS, len(found))):
                key += found[last].text
                if len(key) > self._longest:
                    break
                words = self._usable(key, key == whole)
                if words:
                    exact.append(Hit(found[first].start, found[last].end, words))
        hits = _longest_first(exact)
        if (
            not hits and whole in self._signs and whole not in self._unlike
        ):  # too short to be found by likeness
            sign, names = self._signs[whole]
            return [Hit(found[0].start, found[-1].end, tuple(names), (f"{sign} for &",))]
        misread = self._misread(line, found, hits)
        # A label of one letter gives way to a name that the letter belongs to.
        hits = [h for h in hits if not _one_letter(h) or not any(_overlap(h, name) for name in misread)]
        return sorted([*hits, *misread], key=lambda hit: (hit.start, hit.end))

    def _usable(self, key: str, alone: bool) -> tuple[Word, ...]:
        return tuple(word for word in self._words.get(key, ()) if alone or word.use not in ("weak", "seen"))

    def _misread(self, line: Line, found: list[Token], hits: list[Hit]) -> list[Hit]:
        free = [
            token for token in found
            if not any(_overlap(hit, token) for hit in hits if not _one_letter(hit))
        ]  # fmt: skip
        if len(free) > 40:  # a page of text is no mark
            return []
        alike = []
        for first in range(len(free)):
            for last in range(first, min(first + _MOST_WORDS, len(free))):
                span = free[first : last + 1]
                if len(span) > 1 and line.text[span[-2].end : span[-1].start].strip(" .,&'-/:;"):
                    break  # a word that is known or a sign stands between
                key = "".join(token.text for token in span)
                if len(key) > self._longest + 2:
                    break
                if len(key) >= _SHORTEST:
                    alike += self._near(line, span, key)
        alike.sort(key=lambda pair: (pair[0], -(pair[1].end - pair[1].start)))
        return _longest_first([hit for _, hit in alike], by_length=False)

    def _near(self, line: Line, span: list[Token], key: str) -> list[tuple[float, Hit]]:
        """Known words that a key may be misread from, with the cost for each character."""
        cutoff = max(1, len(key) // 4)
        near = process.extract(key, self._long, scorer=Levenshtein.distance, score_cutoff=cutoff, limit=8)
        characters = _characters(line, span)
        costs = []
        for word, _, _ in near:
            costs.append((*misreading(characters, word), word))
        costs = [
            c for c in costs if 0 < c[0] <= _ALLOWED * len(c[2]) and self._keeps_own(line, span, c[2])
        ]  # fmt: skip
        if not costs:
            return []
        least = min(cost for cost, _, _ in costs)
        close = [(cost, steps, word) for cost, steps, word in costs if cost < least + _CLOSE]
        ordinary = [token.text for token in span if token.text in self._unlike]
        words = tuple(
            word for _, _, key in close for word in self._words[key]
            if word.use in ("name", "place")
            and (word.table not in _CAREFUL or all(len(span) > 1 and text in key for text in ordinary))
        )  # fmt: skip
        if not words:
            return []
        steps = min(close)[1]
        return [(least / len(key), Hit(span[0].start, span[-1].end, words, steps))]

    def _keeps_own(self, line: Line, span: Sequence[Token], key: str) -> bool:
        """Whether the words that tell a maker's name from others are like it, each by itself.

        AEM TECHNOLOGIES is like ZEV TECHNOLOGIES only in the word that they share.
        """
        parts = self._own.get(key)
        if parts is None or len(parts) != len(span):
            return True
        return all(
            part in _COMMON
            or token.text == part
            or misreading(_characters(line, [token]), part)[0] <= max(_ALLOWED * len(part), _DROPPED)
            for token, part in zip(span, parts, strict=True)
        )


@lru_cache(maxsize=8)
def finder_of(knowledge: Knowledge) -> Finder:
    """The finder of a knowledge, made once."""
    return Finder(knowledge)


def _longest_first(hits: list[Hit], *, by_length: bool = True) -> list[Hit]:
    """Of hits that overlap only the first; countries stand beside places."""
    if by_length:
        hits = sorted(hits, key=lambda hit: (hit.start - hit.end, hit.start))
    kept: list[Hit] = []
    for hit in hits:
        over = [k for k in kept if _overlap(k, hit)]
        if over and any(word.table == "country" and word.use == "name" for word in hit.words):
            if all(not _names_more_than_a_place(k) for k in over):
                kept.append(replace(hit, words=tuple(w for w in hit.words if w.table == "country")))
        elif not over:
            kept.append(hit)
    return kept


def _overlap(a: Hit, b: Hit | Token) -> bool:
    return a.start < b.end and b.start < a.end


def _one_letter(hit: Hit) -> bool:
    return hit.end - hit.start == 1 and all(word.use == "short" for word in hit.words)


def _names_more_than_a_place(hit: Hit) -> bool:
    return any(word.use != "place" for word in hit.words)


@dataclass(frozen=True)
class _Read:
    char: str
    confidence: float
    alternatives: tuple[Alternative, ...]


def _characters(line: Line, span: Sequence[Token]) -> list[_Read]:
    """The letters and digits of a span with their alternatives."""
    known = len(line.characters) == len(line.text)
    shown = folded(line.text[:READ_CHARS])
    read = []
    for token in span:
        for i in range(token.start, token.end):
            if shown[i].isalnum() or shown[i] in "№#":
                glyph = line.characters[i] if known else None
                read.append(
                    _Read(shown[i], glyph.confidence if glyph else 1.0, glyph.alternatives if glyph else ())
                )
    return read


def misreading(read: Sequence[_Read], word: str) -> tuple[float, tuple[str, ...]]:
    """The least cost at which ``word`` was read as these characters, and what was read for what.

    An edit distance in which a character costs little if it is an alternative of the one read or looks
    like it. Digits of a name are only exchanged where the reading itself is in doubt.
    """
    named = any(c.isdigit() for c in word)
    prices = [[_exchange(got, char, named) for char in word] for got in read]
    found = align(prices, [_drop(got.char) for got in read], [_drop(char) for char in word])
    steps = []
    for i, j in found.pairs:
        if i < 0:
            steps.append(f"{word[j]} missing")
        elif j < 0:
            steps.append(f"{read[i].char} too many")
        elif prices[i][j]:
            steps.append(f"{read[i].char} for {word[j]}")
    return found.cost, tuple(steps)


def _drop(char: str) -> float:
    return _DROPPED_THIN if char in _THIN else _DROPPED


def _exchange(got: _Read, char: str, named: bool) -> float:
    if got.char == char:
        return 0.0
    share = sum(a.confidence for a in got.alternatives if folded(a.char) == char)
    by_lattice = min(1.0, -math.log10(max(share, 1e-4)) / 3) if share > 0 else 1.0
    if named and got.char.isdigit() and got.confidence >= _UNSURE and share < 0.02:
        return 2.0
    both_digits = got.char.isdigit() and char.isdigit()
    by_look = _FREE if char in _ALIKE.get(got.char, ()) and not both_digits else 1.0
    return min(by_lattice, by_look)
