"""What a run hands to its executor, and what it gets back."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from serialscan.record import ErrorCode

if TYPE_CHECKING:
    from serialscan.case import InputFacts, Picture


@dataclass(frozen=True, slots=True)
class Input:
    """One input, which always gives one record.

    Attributes:
        path: the name as given or found; bytes that are no text in the file system's encoding are
            surrogate escapes, as everywhere in Python.
        stdin: the image comes through standard input and ``path`` is ``-``.
        problem: code and message of what is already known to be wrong with it.
        item: the item that it is a photo of, if photos are put together.
        crowded: the item has too many photos to be put together.
        line: its record, which was made before, as a line of JSON without the line end.
        sha256: of the file, hex, when it was found; None if nobody looked.
        twin: an input before it has the same content, and gives it its record.
    """

    path: str
    stdin: bool = False
    problem: tuple[ErrorCode, str] | None = None
    item: str | None = None
    crowded: bool = False
    line: bytes | None = None
    sha256: str | None = None
    twin: bool = False


@dataclass(frozen=True, slots=True)
class Fusion:
    """Photos to put together to the record of one item; stands behind the last of them.

    Attributes:
        item: the item's name.
        photos: how many inputs before it have that ``item``.
        case: case fields; several values where sources differ.
    """

    item: str
    photos: int
    case: Mapping[str, Sequence[str]] = field(default_factory=dict)


Task = Input | Fusion


@dataclass(frozen=True, slots=True)
class Kept:
    """What a case keeps of a photo beside its record."""

    facts: InputFacts
    preview: bytes | None = None
    crops: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One finished task.

    Attributes:
        task: what was done.
        line: its record as a line of JSON without the line end.
        error: the error's message, or None if there is none.
        no_pictures: why pictures that were asked for could not be made, or None.
        kept: for a case, if the photo was read for one.
    """

    task: Task
    line: bytes
    error: str | None
    no_pictures: str | None = None
    kept: Kept | None = None

    @property
    def input(self) -> Input | None:
        """The photo that was read; None if the record is that of an item."""
        return self.task if isinstance(self.task, Input) else None


class Executor(Protocol):
    """Somebody who carries out tasks: processes here, this process, a cluster."""

    def execute(self, tasks: Iterable[Task]) -> Generator[Outcome, None, None]:
        """Carry out tasks.

        Args:
            tasks: taken lazily, at most a few ahead of what is being done; perhaps by another thread.

        Yields:
            One outcome a task, in their order, each as soon as it and all before it are there. Closing the
            generator ends all work.

        Raises:
            SerialscanError: the engine does not start, the tasks cannot be listed, or the pictures
                cannot be written.
        """
        ...


class Earlier(Protocol):
    """What earlier runs made."""

    def known(self, task: Input) -> Input:
        """The task, with its record if there is one; asked once for each input, by one thread, in order."""
        ...
