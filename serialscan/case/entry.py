"""One entry of the ledger: its bytes, and what they say. Needs nothing but Python.

An entry is a head of text lines, an object of JSON and a payload of any bytes, each with its length. The
hash is that of these bytes as they are stored. Nothing is parsed and written again to be hashed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

TAG = b"serialscan case entry 1\n"
"""Begins every entry, so that no other file of ours or of others has the hash of an entry."""

NO_PREVIOUS = bytes(32)
"""What the first entry has in place of the hash of the entry before it."""

KINDS = frozenset(
    {
        "created", "run_started", "run_ended", "record", "decision", "note", "transfer", "set", "match",
        "export", "seal", "import", "key", "timestamp",
    }
)  # fmt: skip

_HEAD = re.compile(
    re.escape(TAG)
    + rb"case ([0-9a-f]{32})\n"
    + rb"sequence (0|[1-9][0-9]{0,14})\n"
    + rb"previous ([0-9a-f]{64})\n"
    + rb"kind ([a-z_]{1,32})\n"
    + rb"time ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)\n"
    + rb"fields (0|[1-9][0-9]{0,14})\n"
    + rb"payload (0|[1-9][0-9]{0,14})\n\n"
)


class EntryError(ValueError):
    """The bytes are no entry; the message says why."""


@dataclass(frozen=True)
class Entry:
    """One entry of a ledger.

    Attributes:
        case_id: 32 hex digits, drawn by chance when the case was made.
        sequence: its place in the ledger, from 0.
        previous: hash of the entry before it.
        kind: one of ``KINDS``.
        time: UTC, RFC 3339 with microseconds, by the clock of the machine that wrote it.
        fields: what a program needs to know of it.
        payload: a record as it was written, or the bytes of a file.
    """

    case_id: str
    sequence: int
    previous: bytes
    kind: str
    time: str
    fields: dict[str, Any]
    payload: bytes = b""


def encode(entry: Entry) -> bytes:
    """The bytes of an entry, which are stored, hashed and never written again."""
    fields = json.dumps(entry.fields, ensure_ascii=True, allow_nan=False).encode()
    head = (
        f"case {entry.case_id}\nsequence {entry.sequence}\nprevious {entry.previous.hex()}\n"
        f"kind {entry.kind}\ntime {entry.time}\nfields {len(fields)}\npayload {len(entry.payload)}\n\n"
    )
    data = TAG + head.encode() + fields + entry.payload
    if entry.kind not in KINDS or _HEAD.match(data) is None:
        raise EntryError(f"an entry of the kind {entry.kind!r} cannot be written")
    return data


def decode(data: bytes) -> Entry:
    """What the bytes of an entry say.

    Raises:
        EntryError: the head, a length, the kind or the JSON is wrong, or a name stands twice in the JSON.
    """
    head = _HEAD.match(data)
    if head is None:
        raise EntryError("its head is not that of an entry")
    case_id, sequence, previous, kind, time, fields_length, payload_length = head.groups()
    start = head.end()
    end = start + int(fields_length)
    if end + int(payload_length) != len(data):
        raise EntryError(f"it has {len(data)} bytes, not the {end + int(payload_length)} that it says")
    if kind.decode() not in KINDS:
        raise EntryError(f"its kind {kind.decode()} is not known")
    try:
        fields = _DECODER.decode(data[start:end].decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise EntryError(f"its fields are no JSON ({error})") from error
    if not isinstance(fields, dict):
        raise EntryError("its fields are no object of JSON")
    return Entry(
        case_id.decode(), int(sequence), bytes.fromhex(previous.decode()), kind.decode(), time.decode(),
        fields, data[end:],
    )  # fmt: skip


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of a name that stands twice two programs may take different values."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in it")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object)
