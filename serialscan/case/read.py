"""Reads a case as it stands: always from the bytes that are hashed, never from what was derived."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from serialscan.record import any_from_json


def read_record(payload: bytes) -> Any:
    """A record of a photo or an item.

    Raises:
        ValueError: the bytes are no such record.
    """
    try:
        return any_from_json(payload)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def entry_bytes(connection: sqlite3.Connection, branch: int, sequence: int) -> bytes:
    """The bytes of one entry.

    Raises:
        LookupError: there is no such entry.
    """
    row = connection.execute(
        "SELECT bytes FROM entry WHERE branch = ? AND sequence = ?", (branch, sequence)
    ).fetchone()
    if row is None:
        raise LookupError(f"entry {sequence} is missing")
    return bytes(row[0])
