"""What a case holds of a photo that is to be read: records of the same content, made in the same way."""

from __future__ import annotations

import functools
import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from serialscan.case.entry import decode
from serialscan.case.merkle import leaf_hash
from serialscan.case.read import Place, entry_bytes, read_record
from serialscan.errors import VerifyError
from serialscan.record import Model

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Kind:
    """All that tells how a photo was read; two runs of one kind make the same records.

    Attributes:
        version: of the program.
        settings_digest: of the settings in force, and of what else can change a record.
        models: the weights; None where they are not told.
        settings: the settings, by name; to tell people what differs.
    """

    version: str
    settings_digest: str
    models: tuple[Model, ...] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def reads_as(self, other: Kind) -> bool:
        """Whether a run of this kind makes the same records as one of another."""
        return (self.version, self.settings_digest) == (other.version, other.settings_digest)


@dataclass(frozen=True)
class Found:
    """A record of a photo in a case.

    Attributes:
        place: of its entry.
        path: its ``source.path``.
        path_bytes_hex: its ``source.path_bytes_hex``.
        folder: the folder in which its run was started.
        line: the record as it was written.
    """

    place: Place
    path: str
    path_bytes_hex: str | None
    folder: str
    line: bytes


def _as_left(look: Callable[_P, _T]) -> Callable[_P, _T]:
    """Tell of a case that cannot be looked into, whatever was done to its tables."""

    @functools.wraps(look)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return look(*args, **kwargs)
        except (sqlite3.DatabaseError, TypeError, ValueError, LookupError) as error:
            raise VerifyError(f"The case was changed ({error}): run serialscan case verify.") from error

    return guarded


@_as_left
def kinds_of(connection: sqlite3.Connection) -> list[Kind]:
    """In which ways the runs of a case have read, the last one last."""
    rows = connection.execute(
        "SELECT branch, sequence, version, settings_digest FROM run ORDER BY branch DESC, sequence"
    ).fetchall()
    found: dict[tuple[str, str], Kind] = {}
    for branch, sequence, version, digest in rows:
        found.pop((version, digest), None)
        settings = decode(entry_bytes(connection, branch, sequence)).fields["settings"]
        found[version, digest] = Kind(version, digest, settings=settings)
    return list(found.values())


@_as_left
def find(connection: sqlite3.Connection, sha256: str, kind: Kind) -> list[Found]:
    """The records of photos with this content that were made in this way, oldest first.

    The tables only tell where to look: what counts is what stands in the entries, and their hashes are right.

    Args:
        connection: of the case.
        sha256: of the file, hex.
        kind: the way; without models, records of any are taken.

    Raises:
        VerifyError: the case was changed.
    """
    rows = connection.execute(
        "SELECT record.branch, record.sequence, run.folder, entry.hash, entry.bytes"
        " FROM record JOIN entry ON entry.branch = record.branch AND entry.sequence = record.sequence"
        " LEFT JOIN run ON run.branch = record.branch AND run.sequence = record.run"
        " WHERE record.sha256 = ? AND record.kind = 'photo' ORDER BY record.branch, record.sequence",
        (sha256,),
    ).fetchall()
    found = []
    for branch, sequence, folder, digest, data in rows:
        if leaf_hash(data) != digest:
            raise VerifyError(
                f"Entry {sequence} of the case was changed, and its record is not given out: run serialscan "
                "case verify."
            )
        line = decode(data).payload
        record = read_record(line)
        tool = record.tool
        # A photo that failed before the networks were asked has a record without models.
        same_models = kind.models is None or tool.models in ((), kind.models)
        same = (tool.version, tool.settings_digest) == (kind.version, kind.settings_digest) and same_models
        if same and record.source.sha256 == sha256:
            source = record.source
            found.append(
                Found(Place(branch, sequence), source.path, source.path_bytes_hex, folder or "", line)
            )
    return found


@_as_left
def beside(connection: sqlite3.Connection, found: Found) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What stands beside a record: facts of the file; ``role``, ``of`` and ``data`` of each picture.

    Raises:
        VerifyError: a picture was changed.
    """
    place = (found.place.branch, found.place.sequence)
    said = decode(entry_bytes(connection, *place)).fields
    rows = connection.execute(
        "SELECT bytes FROM picture WHERE branch = ? AND sequence = ? ORDER BY ordinal", place
    )
    pictures = []
    for one, (data,) in zip(said.get("pictures", ()), rows, strict=True):
        if hashlib.sha256(data).hexdigest() != one["sha256"]:
            raise VerifyError(f"A picture of entry {place[1]} was changed: run serialscan case verify.")
        pictures.append({"role": one["role"], "of": one["of"], "data": bytes(data)})
    return said.get("input") or {}, pictures
