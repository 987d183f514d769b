"""A run into a case: what it holds is given out as it is, what is new is in it before it goes elsewhere."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from serialscan import __version__
from serialscan.batch.inputs import Selection
from serialscan.batch.resume import may_end_better
from serialscan.batch.sink import Sink
from serialscan.batch.task import Input, Kept, Outcome
from serialscan.batch.worker import file_facts
from serialscan.case import CaseWriter, Checkpoint, Run, Signer
from serialscan.case.find import Found, Kind, find
from serialscan.case.read import CaseReader
from serialscan.errors import PhotoError, SerialscanError, SettingsError
from serialscan.files.whole import replace_whole
from serialscan.photo.files import describe, path_text, sha256_of
from serialscan.record import PhotoRecord, from_json, to_json
from serialscan.settings import Settings
from serialscan.tool import library_versions, pinned_models, processor, settings_digest

if TYPE_CHECKING:
    from serialscan.batch.tally import Tally
    from serialscan.items import Grouping

FURTHER_RUN = "--further-run"
"""The option that lets a run with other settings into a case."""


def kind_of(settings: Settings) -> Kind:
    """How a run with these settings reads."""
    said: dict[str, Any] = msgspec.to_builtins(settings)
    return Kind(__version__, settings_digest(settings), pinned_models(settings), said)


def demand_kind(path: Path, kinds: Sequence[Kind], kind: Kind) -> None:
    """Refuse to go on with a case that was read in another way.

    Args:
        path: the case.
        kinds: in which ways it was read, the last one last.
        kind: the way of this run.

    Raises:
        SettingsError: none of them is that of this run.
    """
    if not kinds or any(kind.reads_as(one) for one in kinds):
        return
    last = kinds[-1]
    different = [f"version {last.version}, now {kind.version}"] if last.version != kind.version else []
    different += [
        f"{name} {_shown(last.settings.get(name))}, now {_shown(value)}"
        for name, value in kind.settings.items()
        if last.settings.get(name) != value
    ]
    what = "; ".join(different) or "another Tesseract, or other knowledge or weights"
    raise SettingsError(
        f"{path} was read in another way ({what}): use the same settings to go on with it, or start a "
        f"further run in the same case by {FURTHER_RUN}."
    )


class Lookup:
    """Tells of each photo whether a case holds its record; for a run that writes nothing.

    Args:
        reader: the case, or None if there is none yet.
        kind: how the run would read.
    """

    def __init__(self, reader: CaseReader | None, kind: Kind) -> None:
        self._reader = reader
        self._kind = kind
        self._folder = _current_folder()
        self._seen: set[str] = set()

    def known(self, task: Input) -> Input:
        """The task with its record, or told to be the twin of another photo."""
        sha256 = _sha256(task)
        if sha256 is None:
            return task
        found = find(self._reader.connection, sha256, self._kind) if self._reader is not None else []
        task = _with_record(task, sha256, found, self._folder)
        if task.line is None and sha256 in self._seen:
            task = replace(task, twin=True)
        self._seen.add(sha256)
        return task


class CaseRun(Sink):
    """Goes on with a case and writes into it; to be used as a context manager.

    Args:
        writer: the case, open for writing; it is closed at the end.
        settings: those of this run.
        selection: what is read.
        grouping: how photos are put together, or None.
        signer: who signs the head.
        further: other settings than those of the runs before are meant.
        tell: takes a sentence for a person.

    Attributes:
        head: the head over all entries when the run had ended, or None.
        without: photos that were read, and whose pictures could not be made.

    Raises:
        SettingsError: the case was read in another way.
    """

    def __init__(
        self,
        writer: CaseWriter,
        settings: Settings,
        selection: Selection,
        grouping: Grouping | None = None,
        *,
        signer: Signer | None = None,
        further: bool = False,
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._writer = writer
        self._kind = kind_of(settings)
        if not further:
            try:
                demand_kind(writer.path, writer.kinds(), self._kind)
            except BaseException:
                writer.close()
                raise
        self._signer, self._tell = signer, tell
        self._folder = _current_folder()
        self._what = _run(settings, self._kind, selection, grouping, self._folder)
        self._number: int | None = None
        self._tally: Tally | None = None
        # Contents that are being read: who comes with the same content waits until the record is written.
        self._reading: set[str] = set()
        self._changed = threading.Condition()
        self.head: Checkpoint | None = None
        self.without = 0

    def __enter__(self) -> CaseRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._tally is not None and self.head is None:  # something else failed: the case ends well
                self._end(self._tally, interrupted=True)
        except SerialscanError:
            if error is None:
                raise
        finally:
            self._writer.close()

    def known(self, task: Input) -> Input:
        """The task, with its record if the case holds one of this content; comes from the feeding thread.

        Where another input with the same content is being read, this waits for its record.
        """
        sha256 = _sha256(task)
        if sha256 is None:
            return task
        with self._changed:
            self._changed.wait_for(lambda: sha256 not in self._reading)
            task = _with_record(task, sha256, self._writer.find(sha256, self._kind), self._folder)
            if task.line is None:
                self._reading.add(sha256)
        return task

    def begin(self, tally: Tally) -> None:
        """Write that the run starts."""
        self._number = self._writer.begin_run(self._what)
        self._tally = tally

    def write(self, outcome: Outcome) -> None:
        """Write the record, unless it stands there; it is on the disk when this returns."""
        assert self._number is not None
        task = outcome.task
        if not isinstance(task, Input):
            if not self._writer.has_item(task.item, outcome.line):
                self._writer.add_record(self._number, outcome.line)
            return
        self.without += outcome.no_pictures is not None
        if task.line is not None and not task.twin:
            return
        kept = outcome.kept or Kept(file_facts(task))
        if task.twin and task.sha256 is not None:
            first, _ = _whole(self._writer.find(task.sha256, self._kind))[0]
            facts, preview, crops = self._writer.beside(first)
            kept = Kept(file_facts(task, facts.pixel_sha256), preview, crops)
        self._writer.add_record(self._number, outcome.line, kept.facts, kept.preview, kept.crops)
        with self._changed:
            self._reading.discard(task.sha256 or "")
            self._changed.notify_all()

    def end(self, tally: Tally) -> None:
        """Write that the run has ended, and the head, also beside the case."""
        self._end(tally, interrupted=tally.interrupted)

    @property
    def head_path(self) -> Path:
        """Where the head is written beside the case; each run replaces that of the one before."""
        return self._writer.path.with_name(self._writer.path.name + ".head")

    def _end(self, tally: Tally, *, interrupted: bool) -> None:
        assert self._number is not None
        self.head = self._writer.end_run(
            self._number, ok=tally.ok, failed=tally.failed, earlier=tally.earlier, interrupted=interrupted,
            signer=self._signer,
        )  # fmt: skip
        try:
            replace_whole(self.head_path, self.head.note)
        except OSError as error:
            self._tell(f"The head cannot be written to {self.head_path} ({error.strerror}).")


def _with_record(task: Input, sha256: str, found: Sequence[Found], folder: str) -> Input:
    """The task with the record of this very file, or with that of another one of the same content."""
    source = describe(Path(task.path), task.path)
    task = replace(task, sha256=sha256)
    made = _whole(found)
    for one, _ in made:
        if (one.path, one.path_bytes_hex, one.folder) == (source.path, source.path_bytes_hex, folder):
            return replace(task, line=one.line)
    if not made:
        return task
    record = made[0][1]
    named = msgspec.structs.replace(record.source, path=source.path, path_bytes_hex=source.path_bytes_hex)
    return replace(task, line=to_json(msgspec.structs.replace(record, source=named)), twin=True)


def _whole(found: Sequence[Found]) -> list[tuple[Found, PhotoRecord]]:
    """Records that another try would not mend."""
    records = ((one, from_json(one.line)) for one in found)
    return [(one, record) for one, record in records if not may_end_better(record)]


def _sha256(task: Input) -> str | None:
    try:
        return sha256_of(Path(task.path))
    except PhotoError:
        return None  # its record will say what is wrong


def _run(settings: Settings, kind: Kind, selection: Selection, grouping: Grouping | None, folder: str) -> Run:
    return Run(
        tool={"name": "serialscan", "version": kind.version},
        settings=kind.settings,
        settings_digest=kind.settings_digest,
        models=[{"name": one.name, "sha256": one.sha256} for one in kind.models or ()],
        libraries=library_versions(settings),
        processor=processor(),
        folder=folder,
        selection={
            "paths": [path_text(path) for path in selection.paths],
            "files_from": selection.files_from,
            "recursive": selection.recursive,
            "include": selection.include,
            "exclude": selection.exclude,
            "items": grouping.how if grouping is not None else None,
            "item_pattern": grouping.pattern if grouping is not None else None,
        },
    )


def _current_folder() -> str:
    return path_text(os.getcwd())  # noqa: PTH109 - as the system says it


def _shown(value: Any) -> str:
    return f"{value!r}" if value == "" else f"{value}"
