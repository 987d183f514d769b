"""Where a report comes from: a case, or a file of records with the photos beside it."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Protocol

import msgspec

from serialscan.case.certificate import Measured, measured, measured_in
from serialscan.case.check import Verdict
from serialscan.case.custody import facts_now, person_of, what_happened
from serialscan.case.decisions import Decided, Key, Standing, agreement, decision_now, decisions
from serialscan.case.entry import KINDS, Entry
from serialscan.case.read import CaseReader, Place
from serialscan.errors import InputError
from serialscan.record import ItemRecord, PhotoRecord, Tool, any_from_json
from serialscan.record.ndjson import STDIN
from serialscan.report.build import Part, Unit, clock
from serialscan.report.matches import matches_in
from serialscan.report.model import Item, Match, Picture, Reading, Section
from serialscan.report.opener import Answer, Openers, Request, path_of
from serialscan.report.pictures import ITEM_BYTES, OTHER_PX, SERIAL_PX, Cut, Wanted, kept, smaller
from serialscan.report.plan import Found, Planned, head_of, plan

_NO_PHOTO = "the record of this photo is not there"


class Origin(Protocol):
    """What a report is made from."""

    title: str
    is_case: bool

    def units(self, chosen: Sequence[str]) -> Iterator[Unit]:
        """What it holds, in order, numbered from 1; can be asked again.

        Args:
            chosen: names of items or photos; without any, all are given.

        Raises:
            InputError: it holds nothing of a name.
        """
        ...

    def pictured(self, some: Iterable[tuple[Unit, Item]]) -> Iterator[Item]:
        """Put pictures into items, in their order."""
        ...

    def facts(self) -> tuple[tuple[str, str], ...]:
        """What was said of the case."""
        ...

    def sections(self) -> list[Section]:
        """What stands at the end of the report."""
        ...


class FileOrigin:
    """Records in a file, or on standard input for ``-``; to be closed.

    Args:
        path: the file.
        openers: who opens the photos.
        base: where relative paths of photos begin; None is the current folder.
        evaluation: name of an evaluation and what it says, or None.
        faults: takes what is wrong with lines that are no records, which are left out; None refuses them.

    Raises:
        InputError: it cannot be read, or a line is no record.
    """

    is_case = False

    def __init__(
        self, path: Path, openers: Openers, base: Path | None, evaluation: tuple[str, dict[str, Any]] | None,
        faults: list[str] | None = None,
    ) -> None:  # fmt: skip
        self.title = "records from standard input" if path == STDIN else path.name
        self._openers, self._base, self._evaluation = openers, base, evaluation
        self._tools: dict[Tool, int] = {}
        self._faults = faults
        self._sha256 = hashlib.sha256()
        try:
            self._file: IO[bytes] = _whole_input() if path == STDIN else path.open("rb")
            self._plan = plan(self._found(path))
        except OSError as error:
            raise InputError(
                f"{path} cannot be read ({error.strerror}): check the path of the case or the records."
            ) from error

    def __enter__(self) -> FileOrigin:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def units(self, chosen: Sequence[str]) -> Iterator[Unit]:
        """See ``Origin``."""
        for number, one in _chosen(self._plan, chosen, self.title):
            item = self._read(one.item) if one.item is not None else None
            parts, lines = [], [item[1]] if item is not None else []
            for part in one.parts:
                read = self._read(part.at) if part.at is not None else None
                record = read[0] if read is not None else None
                assert record is None or isinstance(record, PhotoRecord)
                parts.append(Part(part.path, part.sha256, record, part.names))
                lines += [read[1]] if read is not None else []
            found = item[0] if item is not None else None
            assert found is None or isinstance(found, ItemRecord)
            yield Unit(number, found, tuple(parts), tuple(lines))

    def pictured(self, some: Iterable[tuple[Unit, Item]]) -> Iterator[Item]:
        """See ``Origin``."""
        items: list[Item] = []

        def requests() -> Iterator[list[Request | None]]:
            for unit, item in some:
                items.append(item)
                yield [self._request(unit, item, number) for number in range(len(unit.parts))]

        for answers in self._openers.answers(requests()):
            yield _with_pictures(items.pop(0), answers)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """See ``Origin``."""
        return ()

    def sections(self) -> list[Section]:
        """See ``Origin``."""
        return [
            Section(
                "Where this comes from",
                (
                    f"This report was made from records ({self.title}), not from a case. Records hold no "
                    "decisions and no proof that nothing was changed.",
                    "Pictures are of the photos that lie at the paths in the records. Each has the SHA-256 "
                    "that its record names.",
                ),
                (("SHA-256 of the records", self._sha256.hexdigest()),),
            ),
            Section("Program, settings, weights", (), tuple(_tools(self._tools))),
            rates_section(self._measured()),
        ]

    def _measured(self) -> Measured | None:
        if self._evaluation is None:
            return None
        name, said = self._evaluation
        return measured_in(said, name, {tool.settings_digest for tool in self._tools})

    def _found(self, path: Path) -> Iterator[Found[tuple[int, int]]]:
        offset = 0
        for number, line in enumerate(self._file, start=1):
            self._sha256.update(line)
            at, offset = offset, offset + len(line)
            if line.strip():
                try:
                    record = any_from_json(line)
                    head = head_of(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    if self._faults is not None:
                        self._faults.append(f"{path}, line {number}: is no record ({error}); it is left out")
                        continue
                    raise InputError(
                        f"{path}, line {number}: is no record of this version, and this is no case "
                        f"({error}): give a case, or the records of a scan."
                    ) from error
                self._tools[record.tool] = self._tools.get(record.tool, 0) + 1
                yield Found((at, len(line)), 0, head)

    def _read(self, at: tuple[int, int]) -> tuple[PhotoRecord | ItemRecord, bytes]:
        self._file.seek(at[0])
        line = self._file.read(at[1])
        return any_from_json(line), line

    def _request(self, unit: Unit, item: Item, number: int) -> Request | None:
        part = unit.parts[number]
        if part.sha256 is None or part.path == str(STDIN):
            return None
        source = part.record.source if part.record is not None else None
        path = path_of(source, self._base) if source is not None else Path(self._base or "", part.path)
        return Request(path, part.path, part.sha256, _wanted(unit, item, number), _budget(unit))


class CaseOrigin:
    """A case that is open for reading.

    Args:
        name: of its file.
        reader: the case.
        verdict: what verifying it has found.
    """

    is_case = True

    def __init__(self, name: str, reader: CaseReader, verdict: Verdict) -> None:
        self.title = name
        self._reader, self._verdict = reader, verdict
        self._tools: dict[Tool, int] = {}
        self._decided = list(decisions(reader))
        self._opinions: Mapping[Key, Standing] = decision_now(self._decided)
        self._entries = [entry for _, entry in reader.entries(KINDS - {"record", "decision", "match"})]
        self._matched: dict[tuple[Any, Any], list[Place]] = {}
        for place, entry in reader.entries({"match"}):
            of = entry.fields.get("case_id"), entry.fields.get("record")
            self._matched.setdefault(of, []).append(place)
        self._facts = facts_now(self._entries)
        self._plan = plan(self._found())

    def units(self, chosen: Sequence[str]) -> Iterator[Unit]:
        """See ``Origin``."""
        of_photo: dict[str, list[Decided]] = {}
        for said in self._decided:
            of_photo.setdefault(said.decision.photo or f"path {said.decision.path}", []).append(said)
        for number, one in _chosen(self._plan, chosen, self.title):
            item = self._read(one.item) if one.item is not None else None
            record = item[0] if item is not None else None
            assert record is None or isinstance(record, ItemRecord)
            parts, lines = [], [item[1]] if item is not None else []
            decided: list[Decided] = []
            for part in one.parts:
                read = self._read(part.at) if part.at is not None else None
                photo = read[0] if read is not None else None
                assert photo is None or isinstance(photo, PhotoRecord)
                place = self._named(part.at) if part.at is not None else ""
                parts.append(Part(part.path, part.sha256, photo, part.names, place, part.at))
                lines += [read[1]] if read is not None else []
                decided += of_photo.get(part.sha256 or f"path {part.path}", [])
            name = record.item if record is not None else None
            yield Unit(
                number, record, tuple(parts), tuple(lines),
                decided=tuple(sorted(decided, key=lambda one: (one.time, one.name.sequence))),
                opinions=self._opinions,
                facts=tuple(self._facts.get(name, {}).items()) if name is not None else (),
                log=tuple(
                    _line(entry) for entry in self._entries if name and entry.fields.get("item") == name
                ),
                boxes={said.name: box for said in decided if (box := self._box(said)) is not None},
                matches=tuple(self._matches([one.item, *(part.at for part in one.parts)])),
                entry=self._named(one.item) if one.item is not None else "",
            )  # fmt: skip

    def pictured(self, some: Iterable[tuple[Unit, Item]]) -> Iterator[Item]:
        """See ``Origin``."""
        for unit, item in some:
            answers: list[Answer | None] = []
            budget = _budget(unit)
            for number, part in enumerate(unit.parts):
                if part.place is None:
                    answers.append(_NO_PHOTO)
                else:
                    answers.append(self._pictures(part.place, _wanted(unit, item, number), budget))
            yield _with_pictures(item, answers)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """See ``Origin``."""
        return tuple((name.replace("_", " "), value) for name, value in self._facts.get(None, {}).items())

    def sections(self) -> list[Section]:
        """See ``Origin``."""
        return [
            self._case(),
            Section("Program, settings, weights", (), tuple(self._runs())),
            rates_section(measured(self._reader)),
            *self._reviewers(),
            Section(
                "What happened to the case", (),
                tuple((clock(entry.time), _line(entry)) for entry in self._entries),
            ),
        ]  # fmt: skip

    def selections(self) -> list[str]:
        """What the runs of the case were asked to read, in words."""
        ended = {
            (entry.case_id, entry.fields["run"]): entry.fields
            for entry in self._entries
            if entry.kind == "run_ended"
        }
        told = []
        for entry in self._entries:
            if entry.kind != "run_started":
                continue
            said = entry.fields.get("selection") or {}
            paths = ", ".join(map(str, said.get("paths") or ())) or "nothing that the case names"
            words = [f"Run of {clock(entry.time)}: asked to read {paths}"]
            if said:
                words.append("with all folders below" if said.get("recursive") else "without folders below")
            for name in ("include", "exclude"):
                if said.get(name):
                    words.append(f"--{name} {', '.join(map(str, said[name]))}")
            end = ended.get((entry.case_id, entry.sequence))
            words.append(
                "it did not end, so photos may be missing" if end is None
                else "it was interrupted, so photos may be missing" if end["interrupted"]
                else f"{end['ok']} photos read, {end['failed']} failed"
            )  # fmt: skip
            told.append("; ".join(words) + ".")
        return told

    def _found(self) -> Iterator[Found[Place]]:
        for place, entry in self._reader.entries({"record"}):
            tool = any_from_json(entry.payload).tool
            self._tools[tool] = self._tools.get(tool, 0) + 1
            yield Found(place, place.branch, head_of(entry.payload))

    def _read(self, place: Place) -> tuple[PhotoRecord | ItemRecord, bytes]:
        payload = self._reader.entry(place).payload
        return any_from_json(payload), payload

    def _named(self, place: Place) -> str:
        ledger = f" of ledger {self._reader.branches[place.branch]}" if place.branch else ""
        return f"entry {place.sequence}{ledger}"

    def _box(self, said: Decided) -> Picture | None:
        """What a person drew a box around, if they drew one and the case has its picture."""
        if not said.decision.target.polygon:
            return None
        cut = self._pictures(said.place, (), ITEM_BYTES)
        crop = cut.crops.get("box") if isinstance(cut, Cut) else None
        return _fitting(crop, SERIAL_PX, 0) if crop is not None else None

    def _pictures(self, place: Place, wanted: Sequence[Wanted], budget: int) -> Answer:
        """The pictures of an entry, each with the hash that the entry names."""
        named = self._reader.entry(place).fields.get("pictures", [])
        heights = {one.shown.id: one.height for one in wanted}
        preview: Picture | None = None
        crops: dict[str, Picture] = {}
        for said, data in zip(named, self._reader.pictures(place), strict=False):
            try:
                if hashlib.sha256(data).hexdigest() != said["sha256"]:
                    continue  # what was put in its place is not shown
                picture = kept(data)
                if said["role"] == "crop" and (said["of"] in heights or not wanted):
                    crops[said["of"]] = picture
                elif said["role"] == "preview":
                    preview = picture
            except ValueError:
                continue
        pictures = [one for one in (preview, *crops.values()) if one is not None]
        if not pictures:
            return "the case holds no picture of this photo that can be shown"
        if sum(len(one.data) for one in pictures) > budget:
            small = {name: _fitting(one, heights.get(name, SERIAL_PX), 0) for name, one in crops.items()}
            crops = {name: one for name, one in small.items() if one is not None}
            left = budget - sum(len(one.data) for one in crops.values())
            preview = _fitting(preview, None, left) if preview is not None else None
        return Cut(preview, crops)

    def _matches(self, places: Sequence[Place | None]) -> Iterator[Match]:
        """Matches of the record of an item, or if there are none of those of its photos."""
        for place in places:
            if place is None:
                continue
            name = self._reader.branches[place.branch], place.sequence
            found = [
                match
                for at in self._matched.get(name, [])
                for match in matches_in(self._reader.entry(at).payload)
            ]
            yield from found
            if found and place == places[0]:
                return

    def _case(self) -> Section:
        reader, verdict = self._reader, self._verdict
        table = [("file", self.title), ("case id", reader.case_id)]
        table += [("took over case", case_id) for case_id in list(reader.branches.values())[1:]]
        head = reader.last_head()
        if head is not None:
            table += [("last head: entries", str(head.size)), ("last head: root", head.root.hex())]
        table += [("entries", str(verdict.entries)), ("root over all entries", verdict.root)]
        for one in verdict.signatures:
            state = "valid" if one.valid else "NOT valid"
            table.append(
                (
                    "signature",
                    f"{one.name}, over {one.size} entries, {state}, key {one.fingerprint or 'unknown'}",
                )
            )
        sentences = [verdict.summary(), *verdict.notices]
        sentences += [f"Fault: {one.message}" for one in verdict.faults[:20]]
        sentences.append(
            "Pictures are those in the case; where a page would grow too large they were made smaller."
        )
        return Section("The case", tuple(sentences), tuple(table))

    def _runs(self) -> Iterator[tuple[str, str]]:
        for entry in self._entries:
            if entry.kind != "run_started":
                continue
            fields = entry.fields
            yield f"run of {clock(entry.time)}", f"{fields['tool']['name']} {fields['tool']['version']}"
            yield (
                "settings",
                f"{fields['settings_digest']}: "
                + ", ".join(f"{name} = {value}" for name, value in fields["settings"].items()),
            )
            yield "processor", fields["processor"] or "not stated"
            for one in fields["models"]:
                yield f"weights {one['name']}", f"SHA-256 {one['sha256']}"
            libraries = ", ".join(f"{name} {version}" for name, version in fields["libraries"].items())
            yield "libraries", libraries or "not stated"

    def _reviewers(self) -> Iterator[Section]:
        if not self._decided:
            return
        told = agreement(self._decided)
        figures = (
            ("serials that two reviewers read alike", told.reviewers),
            ("serials typed first that are the same as the program's reading", told.typed),
            ("accepted serials in the random sample that a person found right", told.audit),
        )
        table = [
            (name, f"{one.count} of {one.of} (95 % interval {one.low:.0%} to {one.high:.0%})")
            for name, one in figures
            if one.of and one.low is not None and one.high is not None
        ]
        table += [
            ("read differently", f"{a or 'nothing'} and {b or 'nothing'}, {count} times")
            for a, b, count in told.confusions[:20]
        ]
        people = Counter(one.decision.person["name"] for one in self._decided)
        table += [(f"decisions of {name}", str(count)) for name, count in people.items()]
        yield Section("Reviewers", (), tuple(table))


def rates_section(rates: Measured | None) -> Section:
    """How often the program errs, as it was measured, or that this is not stated."""
    if rates is None:
        return Section(
            "How often the program errs",
            (
                "NOT STATED: no evaluation on photos with known serials was given. A confidence is no error "
                "rate. Measure the program on photos of your own (serialscan evaluate --json).",
            ),
        )
    sentences = [
        f"Measured on {rates.photos} photos with known serials ({rates.source}); labels {rates.labels}, "
        f"SHA-256 {rates.labels_sha256}."
    ]
    if rates.other_settings:
        sentences.append("ATTENTION: measured with other settings than those of these records.")
    return Section("How often the program errs", tuple(sentences), rates.figures)


def _tools(tools: Mapping[Tool, int]) -> Iterator[tuple[str, str]]:
    for tool, count in tools.items():
        yield f"{tool.name} {tool.version}", f"{count} records, settings {tool.settings_digest}"
        for model in tool.models:
            yield f"weights {model.name}", f"SHA-256 {model.sha256}"


def _chosen(
    planned: Sequence[Planned[Any]], chosen: Sequence[str], title: str
) -> Iterator[tuple[int, Planned[Any]]]:
    missing = [what for what in chosen if not any(one.is_meant(what) for one in planned)]
    if missing:
        raise InputError(f"{title} holds no item and no photo {missing[0]}: see the index of a whole report.")
    number = 0
    for one in planned:
        if not chosen or any(one.is_meant(what) for what in chosen):
            number += 1
            yield number, one


def _wanted(unit: Unit, item: Item, number: int) -> tuple[Wanted, ...]:
    """The crops of a photo, that of the serial first."""
    record = unit.parts[number].record
    shown: dict[str, Any] = {}
    if record is not None:
        shown = {line.id: line for line in record.lines} | {code.id: code for code in record.codes}
        shown |= {sign.id: sign for sign in record.signs}
    elif unit.item is not None:
        path = unit.parts[number].path
        values = [unit.item.serial.evidence]
        for name in type(unit.item).__struct_fields__:
            value = getattr(unit.item, name)
            some = value if isinstance(value, tuple) else (value,)
            values += [one.evidence for one in some if hasattr(one, "evidence")]
        shown = {one.id: one for evidence in values for one in evidence if one.photo == path}
    return tuple(
        Wanted(shown[reading.id], SERIAL_PX if reading.of_serial else OTHER_PX)
        for reading in item.readings
        if reading.photo == number and reading.id in shown
    )


def _budget(unit: Unit) -> int:
    """Bytes for the pictures of each photo of a unit."""
    shown = sum(part.record is None or part.record.error is None for part in unit.parts)
    return ITEM_BYTES // max(1, shown)


def _with_pictures(item: Item, answers: Sequence[Answer | None]) -> Item:
    photos = []
    for photo, answer in zip(item.photos, answers, strict=True):
        if isinstance(answer, Cut) and answer.preview is not None:
            photos.append(replace(photo, preview=answer.preview))
        else:
            why = answer if isinstance(answer, str) else "there is no small picture of it"
            photos.append(replace(photo, no_preview=photo.error or why))

    def pictured(reading: Reading) -> Reading:
        answer = answers[reading.photo]
        crop = answer.crops.get(reading.id) if isinstance(answer, Cut) else None
        return replace(reading, crop=crop) if crop is not None else reading

    return replace(item, photos=tuple(photos), readings=tuple(map(pictured, item.readings)))


def _fitting(picture: Picture, height: int | None, budget: int) -> Picture | None:
    try:
        return smaller(picture, height, budget)
    except ValueError:
        return None


def _line(entry: Entry) -> str:
    by = person_of(entry)
    return what_happened(entry) + (f" -- {by}" if by else "")


def _whole_input() -> IO[bytes]:
    """Standard input in a file, since a report reads its records twice."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who reads it
    shutil.copyfileobj(sys.stdin.buffer, file)
    file.seek(0)
    return file
