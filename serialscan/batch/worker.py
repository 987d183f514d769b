"""The worker process: loads the networks once, then reads one input after another."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import multiprocessing
import os
import sys
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from serialscan.batch.inputs import Input
from serialscan.batch.output import guard_streams
from serialscan.errors import EngineError, OutputError, SerialscanError
from serialscan.record import PhotoRecord, to_json
from serialscan.settings import Settings

if TYPE_CHECKING:
    from serialscan.reading import Reader

READY = "ready"

# The kernel then ends a worker, which costs one record, and not the process that writes the records.
_OOM_SCORE = b"800"

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
        threads: threads that the networks may use.
        crops: folder for pictures of the lines, or None.
        tracebacks: show the traceback of an internal error on stderr.
    """

    settings: Settings
    threads: int
    crops: Path | None = None
    tracebacks: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """One finished input: its record as a line of JSON without the line end."""

    line: bytes
    error: str | None


def run_worker(tasks: Connection, results: Connection, job: Job) -> None:
    """Read inputs from ``tasks`` until it closes; the answers go to ``results``, one each.

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

        load_knowledge(job.settings.knowledge, job.settings.knowledge_sha256)
        reader = Reader(job.settings, threads=job.threads)
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
            record = _read(task, data, reader, job)
        except OutputError as error:
            results.send(error)
            return
        results.send(Done(to_json(record), record.error.message if record.error else None))
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
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _read(task: Input, data: bytes | None, reader: Reader, job: Job) -> PhotoRecord:
    """Read one input; whatever is wrong with the photo becomes its record.

    Raises:
        OutputError: the pictures cannot be written. That ends the run: the photo is not to blame.
    """
    from serialscan.photo import describe, path_text
    from serialscan.scan import error_record, scan_photo

    photo = Path(task.path) if data is None else data  # a Path drops ./, so the name as given goes beside it
    try:
        return scan_photo(photo, reader, job.settings, name=task.path, crops=job.crops)
    except OutputError:
        raise
    except MemoryError:
        code = "out_of_memory"
        message = "there is not enough memory for this photo: use fewer --jobs or a lower --max-pixels"
    except Exception as error:
        _show_traceback(job)
        code = "internal_error"
        reason = path_text(f"{type(error).__name__}: {error}")  # it may quote a name that is no text
        message = f"internal error ({reason}): scan this photo alone with -vv and report it"
    return error_record(describe(photo, task.path), job.settings, code, message)


def _glibc() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "malloc_trim") else None


def _show_traceback(job: Job) -> None:
    if job.tracebacks:
        traceback.print_exc()
