"""The rules of a review: who sees what and when, and what becomes of an answer. Knows nothing of the web."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

import msgspec

from serialscan.case import CaseWriter, Heads, Picture
from serialscan.case.custody import person
from serialscan.case.decisions import (
    Answer,
    Decided,
    Decision,
    EntryName,
    MachineReading,
    Mode,
    Role,
    Shown,
    Standing,
    Target,
    decisions,
    key_of,
    plain_value,
    standing_of,
)
from serialscan.case.entry import decode
from serialscan.case.read import CaseReader, Place, open_case, read_record
from serialscan.errors import SerialscanError, SettingsError
from serialscan.printable import printable
from serialscan.record import Code, MarkKind, PhotoRecord, Sign
from serialscan.report.matches import matches_in
from serialscan.review.boxes import BoxReader
from serialscan.review.pictures import (
    BOX_CROP_PX,
    Kept,
    Page,
    Pages,
    Sent,
    crop_of_lines,
    crop_of_outline,
    small_page,
    thumbnail,
    whole,
)
from serialscan.review.queue import Filter, Work, is_by, is_offered, state_of, works_of
from serialscan.review.view import SERIAL, Spot, characters, compared, other_numbers, spots_of
from serialscan.settings import Settings
from serialscan.webpage import sure

LONGEST = {"value": 200, "reason": 1000, "note": 4000, "name": 200}
"""Characters of what a reviewer may type."""

_CHUNK = 64  # records that are read at a time; between two chunks the writer can commit
_BOX_WAIT_S = 120.0  # the first box waits for the networks, too
_INDEX_WAIT_S = 5.0  # a case of 10 000 matches is looked through in a tenth of that
_RECORDS = 64  # decoded, in memory

_Result = TypeVar("_Result")


class RefusedError(Exception):
    """What was asked cannot be done; ``code`` names the sentence that says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Code(msgspec.Struct):
    code: str


class _Warned(msgspec.Struct):
    """The part of a record that tells its warnings."""

    warnings: tuple[_Code, ...] = ()


@dataclass(frozen=True)
class Rules:
    """What was asked for when the review was started.

    Attributes:
        mode: whether the reviewer types before the program's reading is shown.
        role: first, second or third reviewer.
        audit: share of accepted serials that is looked at, too.
        known: serials that are known, by the SHA-256 (hex) of their photos.
        base: where relative paths of photos begin; None is where each run was started.
    """

    mode: Mode = "type_first"
    role: Role = "first"
    audit: float = 0.0
    known: Mapping[str, str] = field(default_factory=dict)
    base: Path | None = None


@dataclass(frozen=True)
class Given:
    """An answer as it comes from the page.

    Attributes:
        number: of the photo.
        spot: ``serial``, ``mark N`` or ``box N``.
        answer: one of the answers.
        value: what was read.
        reason: why.
        note: anything else.
        enhancements: what was done to the picture.
        picture: which picture stood on the screen; what was never sent is not believed.
    """

    number: int
    spot: str
    answer: Answer
    value: str | None
    reason: str | None
    note: str | None
    enhancements: tuple[str, ...]
    picture: str | None = None


@dataclass(frozen=True)
class _Box:
    number: int
    target: Target
    reading: Future[MachineReading]


class Desk:
    """One review session on a case, which it alone writes meanwhile.

    Every method may be called from any thread. The case is written and read by one thread.

    Args:
        path: the case.
        rules: what was asked for.
        settings: limits of photos, and how boxes are read.
        heads: the heads that this machine remembers.
        tell: takes a sentence for a person.

    Raises:
        InputError: it is no case, or holds no photo.
        OutputError: it cannot be written, or another process is writing it.
        VerifyError: it is not as it was left.
    """

    def __init__(
        self, path: Path, rules: Rules, settings: Settings, heads: Heads | None, tell: Callable[[str], None]
    ) -> None:
        self.path, self.rules = path, rules
        self.person: dict[str, str] | None = None
        self._pages, self._boxes_reader = Pages(settings), BoxReader(settings)
        self._boxes: list[_Box] = []
        self._typed: dict[tuple[int, str], str] = {}
        self._sent: dict[int, set[str]] = {}  # kinds of pictures that went to the page, by photo
        self._warnings: dict[int, tuple[str, ...]] = {}
        self._warnings_known = threading.Event()
        self._matched: dict[tuple[str, int] | str, dict[str, Place]] = {}
        self._matches_known = threading.Event()
        self._closed = False
        self._left: set[int] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="case")
        try:
            self._do(lambda: self._open(heads, tell))
        except BaseException:
            self._thread.shutdown()
            raise
        self._asking, self._index_started = threading.Lock(), False
        self._index = threading.Thread(target=self._index_warnings, daemon=True)
        threading.Thread(target=self._index_matches, daemon=True).start()

    def close(self) -> None:
        """Write the head, and let others write; safe to be called twice."""
        if self._closed:
            return
        self._closed = True
        self._boxes_reader.close()
        try:
            self._do(self._finish)
        finally:
            self._thread.shutdown()

    # ---- who

    def set_person(self, name: str, role: str, badge: str) -> None:
        """Say who reviews; once a session.

        Raises:
            RefusedError: the name is empty, or somebody is reviewing already.
        """
        if any(len(text) > LONGEST["name"] for text in (name, role, badge)):
            raise RefusedError("too_long")
        try:
            said = person(name, role.strip() or None, badge.strip() or None)
        except SettingsError as error:
            raise RefusedError("no_name") from error
        if self.person is not None:
            raise RefusedError("name_is_set")
        self.person = said
        self._left = None  # what is left depends on who asks

    def prepare(self) -> None:
        """Open the first photo of the queue, while the browser is still starting."""
        first = next((work for work in self._works if self._passes(work, Filter())), None)
        if first is not None:
            # The review may be closed meanwhile; what is wrong with the photo is told when it is asked for.
            with contextlib.suppress(
                SerialscanError, RefusedError, LookupError, RuntimeError, sqlite3.ProgrammingError
            ):
                spot = spots_of(self._record(first.number))[0]
                self._page(first.number, spot.target.page)

    @property
    def case_id(self) -> str:
        """Of the case: 32 hex digits."""
        return self._reader.case_id

    @property
    def _name(self) -> str | None:
        return self.person["name"] if self.person is not None else None

    @property
    def _roles(self) -> tuple[str, ...]:
        """Roles of the decisions of this session."""
        return ("first", "audit") if self.rules.role == "first" else (self.rules.role,)

    # ---- the queue

    def queue(self, asked: Filter) -> list[int]:
        """Numbers of the photos that a filter leaves, in the order in which they are to be looked at."""
        if asked.warning is not None:
            self._look_for_warnings()
            self._index.join()
        found = [work.number for work in self._works if self._passes(work, asked)]
        if asked == Filter():
            self._left = set(found)
        return found

    def left(self) -> int:
        """Photos that are still to be decided."""
        if self._left is None:
            self.queue(Filter())
        return len(self._left or ())

    def _count_again(self, work: Work) -> None:
        """After something was said of a photo."""
        if self._left is not None:
            if self._passes(work, Filter()):
                self._left.add(work.number)
            else:
                self._left.discard(work.number)

    def choices(self) -> dict[str, Any]:
        """What can be filtered by, each with how many photos there are.

        The first time it is asked for, all records are looked at for their warnings, in a thread beside.
        """
        self._look_for_warnings()
        folders: Counter[str] = Counter()
        items: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        for work in self._works:
            folders[work.folder] += 1
            items.update(work.photo.items)
            kinds[work.decision] += 1
        warnings = Counter(code for codes in self._warnings.values() for code in codes)
        return {
            name: [[printable(one), one, count] for one, count in sorted(counted.items())]
            for name, counted in (
                ("folder", folders), ("item", items), ("decision", kinds), ("warning", warnings),
            )
        }  # fmt: skip

    @property
    def warnings_known(self) -> bool:
        """Whether all records were looked at for their warnings."""
        return self._warnings_known.is_set()

    def _passes(self, work: Work, asked: Filter) -> bool:
        # A second and a third person get what the first one decided, whatever it was.
        wanted = work.wanted or self.rules.role != "first"
        if not (wanted if asked.decision is None else work.decision == asked.decision):
            return False
        if asked.folder is not None and not (
            work.folder == asked.folder or work.folder.startswith(asked.folder.rstrip("/") + "/")
        ):
            return False
        if asked.item is not None and asked.item not in work.photo.items:
            return False
        if asked.warning is not None and asked.warning not in self._warnings.get(work.number, ()):
            return False
        return self._is_offered(work) and asked.status in ("all", self._state(work))

    def _is_offered(self, work: Work) -> bool:
        if self.rules.role == "first":
            return True
        return is_offered(work, list(self._standings(work).values()), self.rules.role, self._name)

    def _state(self, work: Work) -> str:
        if work.key not in self._live:
            return "open"
        standings = self._standings(work)
        if self.rules.role != "second" and any(one.state == "differs" for one in standings.values()):
            return "differs" if self.rules.role == "first" else "open"
        return state_of(standings.get(SERIAL), self.rules.role, self._name)

    def _standings(self, work: Work) -> dict[str, Standing]:
        live = self._live.get(work.key, {})
        return {target: standing_of(some) for target, some in live.items() if some}

    # ---- one photo

    def photo(self, number: int) -> dict[str, Any]:
        """All that the page may know of a photo before an answer."""
        work, record = self._work(number), self._record(number)
        spots = spots_of(record)
        source = record.source
        return {
            "number": number,
            "path": printable(work.photo.paths[-1]),
            "items": [printable(item) for item in work.photo.items],
            "beside": [self._beside(other) for other in self._others_of(work)],
            "sha256": work.photo.sha256,
            "width": source.width,
            "height": source.height,
            "page": spots[0].target.page,
            "pages": source.pages,
            "matches": self._matches(work),
            "error": printable(record.error.message) if record.error is not None else None,
            "state": self._state(work),
            "spots": [self._spot(work, record, spot) for spot in spots],
        }

    def reading(self, number: int, name: str, text: str | None = None) -> dict[str, Any]:
        """What the program read, and what others say, for a reviewer who may see it now.

        Args:
            number: of the photo.
            name: of what is decided.
            text: what the reviewer has typed now, to be compared.

        Raises:
            RefusedError: they have to type first.
        """
        if not self._may_see(number, name):
            raise RefusedError("type_first")
        work, record = self._work(number), self._record(number)
        if name.startswith("box "):
            box = self._box(number, name)
            reading, spot = self._box_reading(box), None
        else:
            spot = self._spot_named(record, name)
            reading = spot.reading
        said: dict[str, Any] = {
            "value": reading.value,
            "decision": reading.decision,
            "confidence": reading.confidence,
            "characters": characters(record, spot) if spot is not None else [],
            "others": other_numbers(record) if name == SERIAL else [],
            "warnings": [printable(one.message) for one in record.warnings] if name == SERIAL else [],
            "typed": text,
            "pairs": compared(text, reading.value) if text is not None else [],
            "same": text is not None and plain_value(text) == plain_value(reading.value),
            "opinions": [],
        }
        if self.rules.role == "third" and spot is not None:
            standing = self._standings(work).get(self._key(work, spot.target)[1])
            said["opinions"] = sorted(
                ([one.decision.answer, one.decision.value] for one in standing.opinions) if standing else [],
                key=str,
            )
        return said

    def typed(self, number: int, name: str, text: str) -> dict[str, Any]:
        """Give the program's reading, and keep what was typed before it was seen the first time."""
        self._check_text("value", text)
        if not text.strip():
            raise RefusedError("nothing_typed")
        if name.startswith("box "):
            self._box(number, name)
        else:
            self._spot_named(self._record(number), name)
        self._typed.setdefault((number, name), text.strip())
        return self.reading(number, name, text.strip())

    def decide(self, given: Given) -> dict[str, Any]:
        """Write an answer; it is on the disk when this returns.

        Raises:
            RefusedError: it is none, or not this person's turn.
        """
        for name in ("value", "reason", "note"):
            self._check_text(name, getattr(given, name))
        if self.person is None:
            raise RefusedError("no_name")
        value = (given.value or "").strip() or None
        if given.answer not in get_args(Answer) or (given.answer == "read") != (value is not None):
            raise RefusedError("no_answer")
        typed = self._typed.get((given.number, given.spot))
        if given.answer == "read" and self.rules.mode == "type_first" and typed is None:
            raise RefusedError("type_first")
        work, record = self._work(given.number), self._record(given.number)
        if not self._is_offered(work) and not self._is_mine(work):
            raise RefusedError("not_yours")
        box = None
        if given.spot.startswith("box "):
            drawn = self._box(given.number, given.spot)
            target, machine = drawn.target, spots_of(record)[0].reading
            box = (
                drawn.reading.result() if drawn.reading.done() and drawn.reading.exception() is None else None
            )
            if target.kind == "box":
                machine = MachineReading(value=None, decision=None, confidence=0.0)
        else:
            spot = self._spot_named(record, given.spot)
            target, machine = spot.target, spot.reading
        decision = Decision(
            person=self.person,
            photo=work.photo.sha256,
            path=record.source.path,
            item=work.photo.items[0] if work.photo.items else None,
            record=self._entry_name(work.photo.place),
            target=target,
            mode=self.rules.mode,
            role="audit" if work.audit and self.rules.role == "first" else self.rules.role,
            answer=given.answer,
            value=value if given.answer == "read" else None,
            typed=typed,
            machine=machine,
            box=box,
            shown=Shown(
                picture=cast(Any, self._seen(given)),
                enhancements=given.enhancements,
                reading_visible=self.rules.mode == "assist",
            ),
            reason=(given.reason or "").strip() or None,
            note=(given.note or "").strip() or None,
        )
        pictures = self._picture_of(given.number, target)
        done = self._do(lambda: self._append(decision, pictures))
        self._live.setdefault(work.key, {}).setdefault(key_of(decision)[1], []).append(done)
        self._count_again(work)
        return {
            "sequence": done.name.sequence,
            "left": self.left(),
            "state": self._state(work),
            "matches": self._matches(work),
        }

    def undo(self) -> dict[str, Any]:
        """Take back this person's last decision; a further entry says so.

        Raises:
            RefusedError: there is none.
        """
        if self.person is None:
            raise RefusedError("no_name")
        mine = [
            (one.name.sequence, one, target, work)
            for work in self._works
            for target, some in self._live.get(work.key, {}).items()
            for one in some
            if one.place.branch == 0 and is_by(one, self._name) and one.decision.role in self._roles
        ]
        if not mine:
            raise RefusedError("nothing_to_undo")
        _, last, target, work = max(mine, key=lambda one: one[0])
        taken_back = dataclasses.replace(
            last.decision, person=self.person, answer=None, value=None, typed=None, reason=None, note=None,
            undoes=last.name,
        )  # fmt: skip
        done = self._do(lambda: self._append(taken_back))
        self._live[work.key][target].remove(last)
        self._count_again(work)
        return {
            "sequence": done.name.sequence,
            "number": work.number,
            "spot": self._spot_of(work.number, last.decision.target),
            "left": self.left(),
        }

    def draw(self, number: int, page: int, corners: Sequence[float], means: str) -> str:
        """Begin to read a box that was drawn; gives its name.

        Args:
            number: of the photo.
            page: from 1.
            corners: left, top, right, bottom in pixels of the photo.
            means: kind of mark.
        """
        left, top, right, bottom = corners
        if not (right - left >= 1 and bottom - top >= 1) or means not in get_args(MarkKind):
            raise RefusedError("no_box")
        polygon = ((left, top), (right, top), (right, bottom), (left, bottom))
        kind = "serial" if means == "serial" else "box"
        target = Target(kind=cast(Any, kind), means=means, page=page, polygon=polygon)
        shown = self._page(number, page)
        if shown.rgb is None:
            raise RefusedError("no_picture")
        scaled = tuple((x * shown.scale, y * shown.scale) for x, y in polygon)
        self._boxes.append(_Box(number, target, self._boxes_reader.submit(shown.rgb, scaled)))
        return f"box {len(self._boxes) - 1}"

    # ---- pictures

    def whole(self, number: int, page: int, *, flat: bool, side: int, kept: bool = False) -> Sent:
        """A page of a photo.

        Args:
            number: of the photo.
            page: from 1.
            flat: in even light.
            side: of the picture in pixels, at most.
            kept: only from the pictures of the case, without a look at the original.
        """
        return self._noted(number, whole(self._page(number, page, kept), flat=flat, side=side))

    def thumbnail(self, number: int) -> Sent:
        """The first page of a photo, from the pictures of the case."""
        return thumbnail(self._page(number, 1, True))

    def crop(self, number: int, name: str, *, flat: bool, kept: bool = False) -> Sent:
        """The serial, a mark or a box, large; ``kept`` as in ``whole``."""
        if name.startswith("box "):
            target = self._box(number, name).target
            page = self._page(number, target.page, kept)
            return self._noted(number, crop_of_outline(page, target.polygon, None, flat=flat))
        spot = self._spot_named(self._record(number), name)
        page = self._page(number, spot.target.page, kept)
        if not spot.lines and (spot.codes or spot.signs):
            shown: Code | Sign = spot.codes[0] if spot.codes else spot.signs[0]
            return self._noted(number, crop_of_outline(page, shown.polygon, shown.id, flat=flat))
        return self._noted(number, crop_of_lines(page, spot.lines, flat=flat))

    def _noted(self, number: int, sent: Sent) -> Sent:
        """Remember which picture went to the page, for what a decision says of it."""
        self._sent.setdefault(number, set()).add(sent.kind)
        return sent

    def _seen(self, given: Given) -> str:
        """Which picture stood on the screen: what the page says, if it was sent."""
        sent = self._sent.get(given.number, set())
        best = next((kind for kind in ("original", "preview") if kind in sent), "none")
        return given.picture if given.picture == "none" or given.picture in sent else best

    def _picture_of(self, number: int, target: Target) -> list[Picture]:
        """What a person drew a box around, as the case is to keep it."""
        if not target.polygon:
            return []
        page = self._page(number, target.page)
        cut = crop_of_outline(page, target.polygon, None, flat=False, height=BOX_CROP_PX)
        return [Picture(role="crop", of="box", data=cut.data)] if cut.data is not None else []

    # ---- other photos of the item, and registers

    def _others_of(self, work: Work) -> list[Work]:
        """Other photos of the items that a photo shows, in the order of the case."""
        found = {one.number: one for item in work.photo.items for one in self._by_item.get(item, ())}
        found.pop(work.number, None)
        return [found[number] for number in sorted(found)]

    def _beside(self, work: Work) -> dict[str, Any]:
        return {
            "number": work.number,
            "path": printable(work.photo.paths[-1]),
            "state": self._state(work) if self._is_offered(work) else "",
        }

    def _matches(self, work: Work) -> list[dict[str, Any]] | None:
        """What registers say of a photo or its items, once it leads nobody's eye.

        That is when this person has decided on its serial, and on all photos of its items that wait for them.
        None if these are still waiting.
        """
        if not any(
            is_by(one, self._name) and one.decision.role in self._roles
            for one in self._live.get(work.key, {}).get(SERIAL, [])
        ):
            return []
        self._matches_known.wait(_INDEX_WAIT_S)
        name = self._entry_name(work.photo.place)
        keys: list[tuple[str, int] | str] = [(name.case_id, name.sequence), *work.photo.items]
        places: dict[str, Place] = {}
        for key in keys:
            places |= self._matched.get(key, {})
        if not places:
            return []
        if any(self._passes(other, Filter()) for other in self._others_of(work)):
            return None
        found = [
            match
            for place in sorted(places.values(), key=lambda one: (one.branch, one.sequence))
            for match in matches_in(self._do(lambda place=place: self._reader.entry(place).payload))  # type: ignore[misc]
        ]
        return [
            {
                "register": printable(match.register),
                "serial": printable(match.serial),
                "entries": [
                    [printable(one.serial), sure(one.posterior, 3), printable(one.told)]
                    for one in match.entries
                ],
                "absent": printable(match.absent),
                "told": printable(match.told),
            }
            for match in found
        ]

    def _index_matches(self) -> None:
        """Where the matches of each record and each item stand; of one register the last ones."""
        try:
            with open_case(self.path) as reader:
                rows = reader.connection.execute(
                    "SELECT branch, sequence FROM entry WHERE kind = 'match' ORDER BY branch, sequence"
                ).fetchall()
                for place in (Place(*row) for row in rows):
                    entry = reader.entry(place)
                    register = str(entry.fields.get("sha256"))
                    item = entry.fields.get("item")
                    about = entry.fields.get("case_id"), entry.fields.get("record")
                    key = item if isinstance(item, str) else cast("tuple[str, int]", about)
                    self._matched.setdefault(key, {})[register] = place
        except (SerialscanError, ValueError, LookupError, TypeError):
            pass  # decisions do not depend on them; verify tells what is wrong
        finally:
            self._matches_known.set()

    # ---- within

    def _do(self, work: Callable[[], _Result]) -> _Result:
        """In the one thread that has the case open."""
        return self._thread.submit(work).result()

    def _open(self, heads: Heads | None, tell: Callable[[str], None]) -> None:
        self._writer = CaseWriter(self.path, heads, create=False, tell=tell)
        try:
            self._entered: AbstractContextManager[CaseReader] = open_case(self.path)
            self._reader = self._entered.__enter__()
            self._works = works_of(self._reader, self.rules.audit, self.rules.known)
            self._by_number = {work.number: work for work in self._works}
            self._by_item: dict[str, list[Work]] = {}
            for work in self._works:
                for item in work.photo.items:
                    self._by_item.setdefault(item, []).append(work)
            self._live: dict[str, dict[str, list[Decided]]] = {}
            listed = list(decisions(self._reader))
            gone = {one.decision.undoes for one in listed if one.decision.undoes is not None}
            for one in listed:
                if one.decision.answer is not None and one.name not in gone:
                    photo, target = key_of(one.decision)
                    self._live.setdefault(photo, {}).setdefault(target, []).append(one)
        except BaseException:
            self._writer.close()
            raise
        self._size = self._writer.size

    def _finish(self) -> None:
        try:
            if self._writer.size != self._size:
                self._writer.checkpoint()
        finally:
            self._entered.__exit__(None, None, None)
            self._writer.close()

    def _append(self, decision: Decision, pictures: Sequence[Picture] = ()) -> Decided:
        sequence = self._writer.append("decision", decision.fields(), pictures=pictures)
        name = EntryName(case_id=self._writer.case_id, sequence=sequence)
        return Decided(Place(0, sequence), name, self._writer.last_time, decision)

    def _entry_name(self, place: Place) -> EntryName:
        return EntryName(case_id=self._reader.branches[place.branch], sequence=place.sequence)

    def _work(self, number: int) -> Work:
        try:
            return self._by_number[number]
        except KeyError as error:
            raise RefusedError("no_photo") from error

    @cached_property
    def _decoded(self) -> Callable[[int], PhotoRecord]:
        @lru_cache(_RECORDS)
        def record_of(number: int) -> PhotoRecord:
            place = self._work(number).photo.place
            data = self._do(lambda: self._reader.entry(place)).payload
            return cast(PhotoRecord, read_record(data))

        return record_of

    def _record(self, number: int) -> PhotoRecord:
        return self._decoded(number)

    def _page(self, number: int, page: int, kept_only: bool = False) -> Page:
        work = self._work(number)

        def kept() -> Kept:
            return self._do(lambda: self._kept(work))

        if kept_only:
            return small_page(page, self._record(number), kept())
        return self._pages.page(number, page, self._record(number), self._files(work), kept)

    def _kept(self, work: Work) -> Kept:
        entry, data = self._reader.entry(work.photo.place), self._reader.pictures(work.photo.place)
        named = entry.fields.get("pictures", ())
        return Kept([(one["role"], one["of"], bytes_) for one, bytes_ in zip(named, data, strict=True)])

    def _files(self, work: Work) -> list[Path]:
        """Where the original may be: under each name with which it was found."""
        rows = self._do(
            lambda: self._reader.connection.execute(
                "SELECT DISTINCT run.folder, record.path, record.path_bytes_hex FROM record LEFT JOIN run"
                " ON run.branch = record.branch AND run.sequence = record.run"
                " WHERE record.kind = 'photo' AND record.sha256 IS ? ORDER BY record.branch, record.sequence",
                (work.photo.sha256,),
            ).fetchall()
        )
        return [
            Path(
                self.rules.base if self.rules.base is not None else folder or "",
                os.fsdecode(bytes.fromhex(exact)) if exact else path,
            )
            for folder, path, exact in rows
        ]

    def _spot(self, work: Work, record: PhotoRecord, spot: Spot) -> dict[str, Any]:
        visible = self._may_see(work.number, spot.name)
        own = [
            one
            for one in self._live.get(work.key, {}).get(self._key(work, spot.target)[1], [])
            if is_by(one, self._name) and one.decision.role in self._roles
        ]
        return {
            "name": spot.name,
            "means": spot.target.means,
            "page": spot.target.page,
            "outlines": [[list(point) for point in outline] for outline in spot.outlines],
            "crop": bool(spot.lines or spot.codes or spot.signs),
            "value": spot.reading.value if visible else None,
            "done": bool(own),
        }

    def _may_see(self, number: int, name: str) -> bool:
        return self.rules.mode == "assist" or (number, name) in self._typed

    def _spot_named(self, record: PhotoRecord, name: str) -> Spot:
        for spot in spots_of(record):
            if spot.name == name:
                return spot
        raise RefusedError("no_mark")

    def _spot_of(self, number: int, target: Target) -> str:
        for spot in spots_of(self._record(number)):
            if spot.target.kind == target.kind and spot.target.index == target.index:
                return spot.name
        return SERIAL

    def _key(self, work: Work, target: Target) -> tuple[str, str]:
        """As ``key_of`` a decision on it."""
        if target.kind != "mark":
            return work.key, SERIAL
        name = self._entry_name(work.photo.place)
        return work.key, f"mark {name.case_id} {name.sequence} {target.index}"

    def _is_mine(self, work: Work) -> bool:
        return any(
            is_by(one, self._name) and one.decision.role in self._roles
            for some in self._live.get(work.key, {}).values()
            for one in some
        )

    def _box(self, number: int, name: str) -> _Box:
        index = name.removeprefix("box ")
        if index.isascii() and index.isdigit() and int(index) < len(self._boxes):
            box = self._boxes[int(index)]
            if box.number == number:
                return box
        raise RefusedError("no_box")

    def _box_reading(self, box: _Box) -> MachineReading:
        try:
            return box.reading.result(_BOX_WAIT_S)
        except (SerialscanError, TimeoutError) as error:
            raise RefusedError("box_not_read") from error

    def _check_text(self, name: str, text: str | None) -> None:
        if text is not None and len(text) > LONGEST[name]:
            raise RefusedError("too_long")
        if text is not None and any(char < " " and char not in "\n\t" for char in text):
            raise RefusedError("no_text")

    def _look_for_warnings(self) -> None:
        with self._asking:
            if not self._index_started:
                self._index_started = True
                self._index.start()

    def _index_warnings(self) -> None:
        """The warnings of all records, some at a time, by a reader of its own."""
        places = {(work.photo.place.branch, work.photo.place.sequence): work.number for work in self._works}
        decoder = msgspec.json.Decoder(_Warned)
        wanted = sorted(places)
        try:
            with open_case(self.path) as reader:
                for start in range(0, len(wanted), _CHUNK):
                    for branch, sequence in wanted[start : start + _CHUNK]:
                        if self._closed:
                            return
                        rows = reader.connection.execute(
                            "SELECT bytes FROM entry WHERE branch = ? AND sequence = ?", (branch, sequence)
                        ).fetchall()
                        said = decoder.decode(decode(rows[0][0]).payload)
                        codes = tuple(sorted({one.code for one in said.warnings}))
                        self._warnings[places[branch, sequence]] = codes
        except (SerialscanError, ValueError, LookupError):
            return  # the page goes on without this filter; verify tells what is wrong
        self._warnings_known.set()
