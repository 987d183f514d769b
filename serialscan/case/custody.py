"""Who had what, when and in which state: notes, transfers and facts, each an entry with the person named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, get_args

from serialscan.case.decision import Decision, decision_of
from serialscan.case.entry import Entry
from serialscan.errors import SettingsError
from serialscan.record import MarkKind

OF_CASE = {
    "agency_case_number": "the agency's number of the case",
    "exhibit_number": "number of the exhibit",
    "authority": "under which law or order",
    "photographer": "who took the photos",
    "source_medium": "the card or disk that the photos came on, with its number",
    "clock_check": "how the camera's clock was compared, and what it differed by",
}
"""Facts of a case."""

OF_ITEM = {
    "exhibit_number": OF_CASE["exhibit_number"],
    "number_altered": "whether a number was removed or altered: no, removed, altered, restored or unknown",
}
"""Facts of an item, beside the place of each mark (ISACS 05.30)."""

ALTERED = ("no", "removed", "altered", "restored", "unknown")

MARK_PLACE = "mark_place."
"""Begins the name of the place of a mark; the kind of the mark follows."""


def person(name: str, role: str | None = None, badge: str | None = None) -> dict[str, str]:
    """A person as they stand in an entry; what is not known is left out.

    Raises:
        SettingsError: the name is empty.
    """
    if not name.strip():
        raise SettingsError("An entry names a person: say who with --by.")
    said = {"name": name.strip(), "role": role, "badge": badge}
    return {key: value for key, value in said.items() if value}


def checked_time(text: str | None, now: datetime) -> str:
    """A time in ISO 8601 with its offset; the machine's where none is given, now without a text.

    Raises:
        SettingsError: it is no such time.
    """
    if text is None:
        return now.astimezone().isoformat(timespec="seconds")
    try:
        return datetime.fromisoformat(text).astimezone().isoformat(timespec="seconds")
    except ValueError as error:
        raise SettingsError(f"{text!r} is no time: write it as 2026-11-30T14:05+01:00.") from error


def checked_facts(words: Iterable[str], item: str | None) -> dict[str, str]:
    """Facts from ``name=value``.

    Raises:
        SettingsError: a name is not known, stands twice, or its value is not allowed.
    """
    facts: dict[str, str] = {}
    known = OF_CASE if item is None else OF_ITEM
    for word in words:
        name, sign, value = word.partition("=")
        kind = name.removeprefix(MARK_PLACE)
        is_place = item is not None and name.startswith(MARK_PLACE) and kind in get_args(MarkKind)
        if name not in known and not is_place:
            names = ", ".join(known) + (f", {MARK_PLACE}serial and so on" if item is not None else "")
            of = "a case" if item is None else "an item"
            raise SettingsError(f"{name} is no fact of {of}: known are {names}.")
        if not sign or not value.strip() or name in facts:
            raise SettingsError(f"{word}: write each fact once, as name=value.")
        if name == "number_altered" and value not in ALTERED:
            raise SettingsError(f"{word}: say one of {', '.join(ALTERED)}.")
        facts[name] = value.strip()
    return facts


def facts_now(entries: Iterable[Entry]) -> dict[str | None, dict[str, str]]:
    """The facts that were said last, of the case (None) and of each item."""
    facts: dict[str | None, dict[str, str]] = {}
    for entry in entries:
        if entry.kind == "set":
            facts.setdefault(entry.fields.get("item"), {}).update(entry.fields["facts"])
    return facts


def what_happened(entry: Entry) -> str:
    """One entry in a line, for people."""
    fields = entry.fields
    of = f" [{fields['item']}]" if fields.get("item") else ""
    match entry.kind:
        case "created":
            return f"case made with {_tool(fields)}"
        case "run_started":
            return f"run started with {_tool(fields)}, settings {fields['settings_digest']}"
        case "run_ended":
            ended = "was interrupted" if fields["interrupted"] else "ended"
            earlier = f", {fields['earlier']} of them by earlier runs" if fields.get("earlier") else ""
            return f"run {fields['run']} {ended}: {fields['ok']} read, {fields['failed']} failed{earlier}"
        case "note":
            return f"note{of}: {fields['text']}"
        case "transfer":
            parts = [f"from {fields['from']} to {fields['to']}, {fields['at']}"]
            names = {"place": "at", "purpose": "for", "seal_number": "seal", "condition": "condition"}
            parts += [f"{word} {fields[name]}" for name, word in names.items() if fields.get(name)]
            return f"transfer{of}: {'; '.join(parts)}"
        case "set":
            return f"set{of}: " + "; ".join(f"{name} = {value}" for name, value in fields["facts"].items())
        case "key":
            return f"key of {fields['name']}, fingerprint {fields['fingerprint']}"
        case "seal":
            return "sealed"
        case "import" if fields["what"] == "case":
            return f"took over case {fields['case_id']}, {fields['size']} entries"
        case "decision":
            return f"decision{of}: {_decided(decision_of(fields))}"
        case "match":
            against = f"{fields['register']}, hash {fields['sha256']}"
            return f"record {fields['record']} matched against {against}"
        case "timestamp":
            return f"time stamp of the head over {fields['size']} entries: {fields['told']}"
        case _:
            return f"{entry.kind}{of}: {fields.get('what', '')}".rstrip(": ")


def person_of(entry: Entry) -> str:
    """Who an entry names, for people; empty if the program alone made it."""
    said = entry.fields.get("person")
    if not isinstance(said, Mapping):
        return ""
    more = [str(said[key]) for key in ("role", "badge") if said.get(key)]
    return f"{said['name']}{' (' + ', '.join(more) + ')' if more else ''}"


def _decided(decision: Decision) -> str:
    target = decision.target
    what = {
        "serial": "serial",
        "mark": f"mark {target.index} ({target.means})",
        "box": f"box ({target.means})",
    }
    about = f"{decision.path}, {what[target.kind]}"
    if decision.undoes is not None:
        return f"{about}: entry {decision.undoes.sequence} taken back"
    answer = str(decision.answer).replace("_", " ") + (f" as {decision.value}" if decision.value else "")
    typed = f"; typed first: {decision.typed}" if decision.typed is not None else ""
    why = "".join(f"; {name}: {text}" for name in ("reason", "note") if (text := getattr(decision, name)))
    machine = decision.machine.value or "nothing"
    how = f"{decision.role}, {decision.mode.replace('_', ' ')}"
    return f"{about}: {answer} ({how}{typed}; program: {machine}){why}"


def _tool(fields: Mapping[str, Any]) -> str:
    return f"{fields['tool']['name']} {fields['tool']['version']}"
