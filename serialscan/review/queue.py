"""Which photos are to be decided, and in which order."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from serialscan.case.decisions import Decided, Standing
from serialscan.case.read import CaseReader, Photo

WHOLE = 1 << 64  # the first eight bytes of a hash as a share of one


@dataclass(frozen=True, slots=True)
class Work:
    """One photo of the case.

    Attributes:
        number: names it in this session, from 0.
        photo: as the case has it.
        folder: of its last path, ``/`` between the parts.
        audit: it was accepted, and belongs to the random sample.
        known: its serial is known to whoever checks the reviewers.
        rank: its place in the queue; smaller is earlier.
    """

    number: int
    photo: Photo
    folder: str
    audit: bool
    known: bool
    rank: float

    @property
    def key(self) -> str:
        """The photo in the keys of decisions."""
        return self.photo.sha256 if self.photo.sha256 is not None else f"path {self.photo.paths[-1]}"

    @property
    def decision(self) -> str:
        """``accept``, ``review``, ``none``, or ``error`` for a photo that could not be read."""
        return self.photo.decision if self.photo.status == "ok" else "error"

    @property
    def wanted(self) -> bool:
        """Whether a person must look if nobody asks for other photos."""
        return self.decision in ("review", "none") or self.audit or self.known


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What of the case is shown; None does not ask.

    Attributes:
        folder: photos in it and below.
        item: photos of it.
        decision: ``accept``, ``review``, ``none`` or ``error``.
        warning: photos with a warning of this code.
        status: ``open``, ``decided``, ``asked``, ``differs``, or ``all``.
    """

    folder: str | None = None
    item: str | None = None
    decision: str | None = None
    warning: str | None = None
    status: str = "open"


def works_of(reader: CaseReader, audit: float, known: Collection[str]) -> list[Work]:
    """All photos of a case, in the order in which they are to be looked at.

    Most doubtful first: serials for review by their confidence, then photos without a serial, then what was
    accepted, then what could not be opened. The sample and the known items stand anywhere among the first
    two, so that nobody can tell them apart.

    Args:
        reader: the case.
        audit: share of the accepted serials that is drawn, 0 to 1.
        known: SHA-256 (hex) of photos whose serial is known.
    """
    photos = reader.photos()
    drawn = sample(reader.case_id, photos, audit)
    order = sorted(range(len(photos)), key=lambda number: _doubt(photos[number]))
    places = {number: place for place, number in enumerate(order)}
    open_ones = sum(photo.status == "ok" and photo.decision != "accept" for photo in photos)
    works = []
    for number, photo in enumerate(photos):
        control = photo.sha256 in known or photo.sha256 in drawn
        anywhere = _chance(reader.case_id, photo.sha256 or "") / WHOLE * max(open_ones, 1)
        works.append(
            Work(
                number,
                photo,
                str(PurePosixPath(photo.paths[-1].replace("\\", "/")).parent),
                photo.sha256 in drawn,
                photo.sha256 in known,
                anywhere if control else float(places[number]),
            )
        )
    return sorted(works, key=lambda work: (work.rank, work.number))


def sample(case_id: str, photos: Sequence[Photo], share: float) -> set[str]:
    """A random sample of the accepted serials, the same each time for one case.

    The hash of case id and photo draws, so that nobody chooses, and a second session goes on with the same
    sample.
    """
    accepted = [
        photo.sha256
        for photo in photos
        if photo.status == "ok" and photo.decision == "accept" and photo.sha256
    ]
    count = math.ceil(len(accepted) * share)
    return set(sorted(accepted, key=lambda sha256: _chance(case_id, sha256))[:count])


def state_of(standing: Standing | None, role: str, name: str | None) -> str:
    """How far a photo's serial is, for a reviewer.

    Args:
        standing: what people say of it.
        role: ``first``, ``second`` or ``third``.
        name: of the reviewer. A second one sees nothing of others: theirs is what they decided themselves.

    Returns:
        ``open``, ``decided``, ``asked`` or ``differs``.
    """
    if standing is None:
        return "open"
    if role == "second":
        own = [one for one in standing.opinions if one.decision.role == "second" and is_by(one, name)]
        return "decided" if own else "open"
    if role == "third":
        return "decided" if standing.state != "differs" else "open"
    return standing.state


def is_offered(work: Work, standings: Sequence[Standing], role: str, name: str | None) -> bool:
    """Whether a reviewer may decide a photo.

    A second reviewer gets what another person has decided, a third what two others decided differently, or
    what they settled themselves.
    """
    if role == "first":
        return True
    if role == "second":
        others = [
            one
            for standing in standings
            for one in standing.opinions
            if one.decision.role != "second" and not is_by(one, name)
        ]
        own_first = any(
            is_by(one, name) and one.decision.role != "second"
            for standing in standings
            for one in standing.opinions
        )
        return bool(others) and not own_first
    return any(
        standing.state == "differs" or (standing.settled is not None and is_by(standing.settled, name))
        for standing in standings
    ) and not any(is_by(one, name) for standing in standings for one in standing.opinions)


def is_by(one: Decided, name: str | None) -> bool:
    """Whether a decision is this person's; capitals and spaces do not make another person."""
    said = one.decision.person["name"]
    return name is not None and plain_name(said) == plain_name(name)


def plain_name(name: str) -> str:
    """A name as it is compared."""
    return " ".join(name.casefold().split())


def _doubt(photo: Photo) -> tuple[int, float]:
    if photo.status != "ok":
        return 3, 0.0
    return {"review": 0, "none": 1}.get(photo.decision, 2), photo.confidence


def _chance(case_id: str, sha256: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{case_id} {sha256}".encode()).digest()[:8], "big")
