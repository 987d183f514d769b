"""What registers say of a serial, as it stands in a record or in an entry of the ledger.

The types of records do not know matches, so they are read from the bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from serialscan.report.model import Match, Matched
from serialscan.webpage import sure

_MOST_ENTRIES = 5
_NOT_SHOWN = Match("", "", "", (), "", "There are matches that this version cannot show: see the records.")


def matches_of(record: bytes) -> tuple[Match, ...]:
    """The matches in a record; none if it was not matched."""
    return _read(record, "matches") if b'"matches"' in record else ()


def matches_in(payload: bytes) -> tuple[Match, ...]:
    """The matches in the payload of an entry of the ledger."""
    return _read(payload, None)


def _read(data: bytes, field: str | None) -> tuple[Match, ...]:
    try:
        said = json.loads(data)
        return tuple(map(_match, (said[field] if field is not None else said) or ()))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return (_NOT_SHOWN,)


def _match(said: Mapping[str, Any]) -> Match:
    entries, absent, rest = said.get("entries") or [], said.get("absent") or {}, said.get("rest") or {}
    told = []
    if len(entries) > _MOST_ENTRIES:
        told.append(f"{len(entries) - _MOST_ENTRIES} more entries stand in the record")
    if isinstance(rest, Mapping) and rest.get("entries"):
        told.append(f"further serials that are not listed: {rest['entries']}")
    if said.get("prior_absent") is not None:
        told.append(f"taken as absent beforehand with probability {float(said['prior_absent']):.2f}")
    if said.get("disagrees"):
        told.append(f"other registers say otherwise: {_plain(said['disagrees'])}")
    if said.get("loose"):
        told.append(f"loose search: {_plain(said['loose'])}")
    probability = absent.get("probability")
    reason = str(absent.get("detail") or absent.get("reason") or "").replace("_", " ")
    missing = (
        f"Not in the register: probability {sure(float(probability), 3)}" if probability is not None else ""
    )
    return Match(
        register=str(said.get("register") or ""),
        sha256=str(said.get("sha256") or ""),
        serial=str(said.get("serial") or ""),
        entries=tuple(map(_entry, entries[:_MOST_ENTRIES])),
        absent=". ".join(filter(None, (missing, reason))),
        told="; ".join(told),
    )


def _entry(said: Mapping[str, Any]) -> Matched:
    differs, block, row = said.get("differs") or (), said.get("block"), said.get("row")
    told = []
    if isinstance(differs, str):
        told.append(f"differs: {differs}")
    else:
        told += [
            f"character {one['at']}: read {one['read'] or 'nothing'}, register {one['register'] or 'nothing'}"
            for one in differs
        ]
    if isinstance(block, Mapping):
        told.append(
            f"in the block {block['first']} to {block['last']}, "
            f"{block['on_record']} of its {block['numbers']} numbers on record"
        )
    elif block:
        told.append(f"in the block {block}")
    cells = row.get("cells", row) if isinstance(row, Mapping) else {}
    told += [f"{name}: {_plain(value)}" for name, value in cells.items() if value not in (None, "")]
    if isinstance(row, Mapping) and "source" in row and "line" in row:
        told.append(f"{row['source']}, line {row['line']}")
    if int(said.get("rows") or 1) > 1:
        told.append(f"{said['rows']} rows have this serial")
    if said.get("makers"):
        told.append(f"makers: {_plain(said['makers'])}")
    return Matched(str(said["serial"]), float(said["posterior"]), "; ".join(told))


def _plain(value: Any) -> str:
    return ", ".join(map(_plain, value)) if isinstance(value, list | tuple) else str(value)
