"""What a register says of a serial, as it stands in a record or in an entry of the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from serialscan.report.model import Match, Matched

_MOST_ENTRIES = 5


def matches_of(record: bytes) -> tuple[Match, ...]:
    """The matches in a record; the types of records do not know the field, so it is read from the bytes."""
    if b'"matches"' not in record:
        return ()
    try:
        said = json.loads(record)
        return tuple(match_of(one) for one in said.get("matches") or ())
    except (ValueError, TypeError, AttributeError, KeyError):
        return (Match("", "", (), "", "There are matches that this version cannot show: see the record."),)


def match_of(said: Mapping[str, Any]) -> Match:
    """One match.

    Raises:
        TypeError, ValueError, KeyError: it has another form.
    """
    entries = said.get("entries") or []
    absent = said.get("absent") or {}
    told = []
    if (rest := said.get("rest")) not in (None, 0, 0.0):
        told.append(f"further entries not listed: {_plain(rest)}")
    if said.get("prior_absent") is not None:
        told.append(f"taken as absent beforehand with probability {float(said['prior_absent']):.2f}")
    if said.get("bound") is not None:
        told.append(f"searched down to {_plain(said['bound'])}")
    if len(entries) > _MOST_ENTRIES:
        told.append(f"{len(entries) - _MOST_ENTRIES} more entries stand in the record")
    return Match(
        register=str(said.get("register") or ""),
        sha256=str(said.get("sha256") or ""),
        entries=tuple(_entry(one) for one in entries[:_MOST_ENTRIES]),
        absent=(
            f"not in the register: probability {float(absent['probability']):.3f}"
            + (f", {_plain(absent['reason'])}" if absent.get("reason") else "")
            if absent
            else ""
        ),
        told="; ".join(told),
    )


def _entry(said: Mapping[str, Any]) -> Matched:
    told = [
        f"{name} {_plain(said[name])}"
        for name in ("differs", "block", "row")
        if said.get(name) not in (None, "", [], {})
    ]
    return Matched(str(said["serial"]), float(said["posterior"]), "; ".join(told))


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)
