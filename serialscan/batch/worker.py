"""The worker process: loads the networks once, then carries out one task after another."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from serialscan.batch.output import guard_streams
from serialscan.batch.task import Input, Kept, Task
from serialscan.errors import EngineError, OutputError, PhotoError, SerialscanError
from serialscan.printable import printable
from serialscan.record import ErrorCode, ItemRecord, PhotoRecord, from_json, to_json
from serialscan.settings import Settings

if TYPE_CHECKING:
    from serialscan.case import InputFacts
    from serialscan.pictures.small import Sizes, Watcher
    from serialscan.reading import Reader

READY = "ready"

# The kernel then ends a worker, which costs one record, and not the process that writes the records.
_OOM_SCORE = b"800"

_PR_SET_PDEATHSIG = 1  # of linux/prctl.h

# Images of every size leave holes in glibc's heap, whose size then wanders. Large blocks that go back to the
# kernel at once keep it flat: measured on small photos, a worker peaks at 265 MiB and not at 300 to 390, and
# takes 5 % more time. What the small blocks hold is given back now and then.
_MMAP_THRESHOLD, _TRIM_THRESHOLD = (-3, 8 << 20), (-1, 64 << 20)  # numbers of glibc's malloc.h
_TRIM_EVERY = 16


@dataclass(frozen=True, slots=True)
class Job:
    """What every worker of a run needs to know; crosses to the worker once.

    Attributes:
        settings: what to read and how.
        threads: threads that the networks may use; 0 lets onnxruntime choose.
        crops: folder for pictures of the lines, or None.
        pictures: folder for pictures of the photos with what was read, or None.
        small: sizes of the pictures for a case, or None if there is no case.
        tracebacks: show the traceback of an internal error on stderr.
    """

    settings: Settings
    threads: int = 0
    crops: Path | None = None
    pictures: Path | None = None
    small: Sizes | None = None
    tracebacks: bool = False

    @property
    def wants_pictures(self) -> bool:
        """True if there is more to make of a photo than its record."""
        return self.crops is not None or self.pictures is not None


@dataclass(frozen=True, slots=True)
class Done:
    """One finished task.

    Attributes:
        line: its record as a line of JSON without the line end.
        error: the error's message, or None if there is none.
        no_pictures: why pictures that were asked for could not be made, or None.
        light: for a photo of an item what the item needs of it, as a line of JSON.
        kept: for a case.
    """

    line: bytes
    error: str | None
    no_pictures: str | None = None
    light: bytes | None = None
    kept: Kept | None = None


Data = bytes | Sequence[bytes] | None
"""What a task needs beside itself: the bytes of standard input, or what an item needs of its photos."""


def run_worker(tasks: Connection, results: Connection, job: Job) -> None:
    """Carry out tasks from ``tasks`` until it closes; the answers go to ``results``, one each.

    The first message is ``READY`` or the exception that ends the run. Later messages are ``Done``, or an
    ``OutputError`` when the pictures cannot be written.
    """
    _settle_in()
    glibc = _glibc()
    if glibc is not None:
        glibc.mallopt(*_MMAP_THRESHOLD)
        glibc.mallopt(*_TRIM_THRESHOLD)
    try:
        from serialscan.marking import load_knowledge
        from serialscan.reading import Reader
        from serialscan.tool import laboratory_of

        load_knowledge(job.settings.knowledge, job.settings.knowledge_sha256)
        reader = Reader(job.settings, threads=job.threads)
        laboratory_of(job.settings, reader)
    except SerialscanError as error:
        results.send(error)
        return
    except Exception as error:
        _show_traceback(job)
        reason = f"{type(error).__name__}: {error}"
        results.send(EngineError(f"The reading engine does not start ({reason}): run 'serialscan doctor'."))
        return
    results.send(READY)
    for count in itertools.count(1):
        try:
            task, data = tasks.recv()
        except (EOFError, OSError):
            return
        try:
            done = do(task, data, reader, job)
        except OutputError as error:
            results.send(error)
            return
        results.send(done)
        if glibc is not None and count % _TRIM_EVERY == 0:
            glibc.malloc_trim(0)


def _settle_in() -> None:
    """Data leaves by the parent's descriptor only, and the worker never outlives the parent."""
    if sys.stderr is not None:
        os.dup2(2, 1)
        guard_streams()
        sys.stdout = sys.stderr
    with contextlib.suppress(OSError):  # not Linux
        Path("/proc/self/oom_score_adj").write_bytes(_OOM_SCORE)
    if sys.platform == "linux":
        # The kernel does it, whatever the worker is busy with.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def do(task: Task, data: Data, reader: Reader, job: Job) -> Done:
    """Carry out one task; whatever is wrong with the photo or the item becomes its record.

    Args:
        task: which.
        data: what it needs beside itself.
        reader: reads the photos.
        job: how.

    Raises:
        OutputError: the pictures cannot be written. That ends the run: the photo is not to blame.
    """
    if isinstance(task, Input):
        assert data is None or isinstance(data, bytes)
        if task.line is None:
            record, watcher = _read(task, data, reader, job)
            no_pictures = _pictured(record, task, data, job)
            kept, no_small = _kept(record, watcher, task, data, job)
            return replace(_done(record, task), no_pictures=no_pictures or no_small, kept=kept)
        return replace(known(task, task.line), no_pictures=_pictured(from_json(task.line), task, data, job))
    from serialscan.batch.items import fuse
    from serialscan.marking import load_knowledge

    knowledge = load_knowledge(job.settings.knowledge, job.settings.knowledge_sha256)
    return _done(fuse(task, _records(data), knowledge, tracebacks=job.tracebacks), task)


def failed(task: Task, data: Data, job: Job, code: ErrorCode, message: str) -> Done:
    """A task that could not be carried out: the record that says so."""
    if isinstance(task, Input):
        if task.line is not None:
            return replace(known(task, task.line), no_pictures=message)
        from serialscan.photo import describe
        from serialscan.scan import error_record

        return _done(error_record(describe(Path(task.path), task.path), job.settings, code, message), task)
    from serialscan.batch.items import unfused

    return _done(unfused(task, _records(data), code, message), task)


def known(task: Input, line: bytes) -> Done:
    """An input whose record an earlier run made."""
    return replace(_done(from_json(line), task), line=line)


def _done(record: PhotoRecord | ItemRecord, task: Task) -> Done:
    light_line = None
    if isinstance(record, PhotoRecord) and isinstance(task, Input) and task.item is not None:
        from serialscan.batch.items import light

        light_line = to_json(light(record, task))
    return Done(to_json(record), record.error.message if record.error else None, light=light_line)


def _records(data: Data) -> list[PhotoRecord]:
    assert data is not None and not isinstance(data, bytes)
    return [from_json(line) for line in data]


def _read(task: Input, data: bytes | None, reader: Reader, job: Job) -> tuple[PhotoRecord, Watcher | None]:
    from serialscan.photo import describe
    from serialscan.scan import error_record, scan_photo

    photo = Path(task.path) if data is None else data  # a Path drops ./, so the name as given goes beside it
    watcher = None
    if job.small is not None:
        from serialscan.pictures.small import Watcher

        watcher = Watcher(job.small)
    see = watcher.see if watcher is not None else None
    try:
        return scan_photo(photo, reader, job.settings, name=task.path, see=see), watcher
    except MemoryError:
        code: ErrorCode = "out_of_memory"
        message = "there is not enough memory for this photo: use fewer --jobs or a lower --max-pixels"
    except Exception as error:
        _show_traceback(job)
        code, message = "internal_error", _internal(error)
    return error_record(describe(photo, task.path), job.settings, code, message), watcher


def _kept(
    record: PhotoRecord, watcher: Watcher | None, task: Input, data: bytes | None, job: Job
) -> tuple[Kept | None, str | None]:
    """What a case keeps of a photo that was read, and why there are no pictures; must not cost the record."""
    if watcher is None:
        return None, None
    from serialscan.case import Picture

    facts = file_facts(task, watcher.pixel_sha256 if record.error is None else None)
    photo = data if data is not None else Path(task.path)
    try:
        small = watcher.small(record, photo, job.settings)
    except PhotoError as error:
        return Kept(facts, watcher.preview), error.message
    except MemoryError:
        return Kept(facts, watcher.preview), "there is not enough memory for crops of this photo"
    except Exception as error:
        _show_traceback(job)
        return Kept(facts, watcher.preview), _internal(error)
    crops = tuple(Picture(role="crop", data=crop, of=of) for of, crop in small.crops.items())
    return Kept(facts, small.preview, crops), None


def file_facts(task: Input, pixel_sha256: str | None = None) -> InputFacts:
    """What a case says of an input's file: when its content was changed, and its entry in the folder."""
    from serialscan.case import InputFacts

    if not task.stdin:
        with contextlib.suppress(OSError, ValueError):
            status = os.stat(task.path)  # noqa: PTH116 - a Path drops ./
            changed = status.st_ctime_ns if os.name == "posix" else None  # elsewhere it is something else
            return InputFacts(modified_ns=status.st_mtime_ns, changed_ns=changed, pixel_sha256=pixel_sha256)
    return InputFacts(pixel_sha256=pixel_sha256)


def _pictured(record: PhotoRecord, task: Input, data: Data, job: Job) -> str | None:
    """Make the pictures that were asked for, now that the record is made; tell why there are none.

    Here and not in the parent: the photo is decoded once more, and what that may cost is bounded here.

    Raises:
        OutputError: they cannot be written.
    """
    if record.error is not None or not job.wants_pictures:
        return None
    from serialscan.pictures import keep_pictures

    photo = data if isinstance(data, bytes) else Path(task.path)
    try:
        keep_pictures(record, photo, job.settings, crops=job.crops, pictures=job.pictures)
    except PhotoError as error:
        return error.message
    except MemoryError:
        return "there is not enough memory for pictures of this photo: use fewer --jobs"
    except OutputError:
        raise
    except Exception as error:  # it must not cost the record
        _show_traceback(job)
        return _internal(error)
    return None


def _internal(error: Exception) -> str:
    reason = printable(f"{type(error).__name__}: {error}")
    return f"internal error ({reason}): scan this photo alone with -vv and report it"


def _glibc() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "malloc_trim") else None


def _show_traceback(job: Job) -> None:
    if job.tracebacks:
        sys.stderr.write(printable(traceback.format_exc(), keep="\n"))
