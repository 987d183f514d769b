"""Writes the example record into docs/record.md, between its two markers, and its serial into README.md.

Run it again whenever the reading or the samples change; tests/test_readme.py compares.

    python docs/make_example.py
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMMAND = ("scan", "--reader", "network", "samples/ak-trunnion.jpg")
SERIAL = ("value", "status", "decision", "confidence")  # what README.md shows of it
LEFT_OUT = ("lines[].characters[].polygon", "lines[].candidates")
BEGIN, END = "<!-- example: made by docs/make_example.py -->", "<!-- end of example -->"
_WIDTH = 100


def scan(*arguments: str) -> dict[str, Any]:
    """The record of one photo, read by the real program without the settings of whoever runs it."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SERIALSCAN_")}
    done = subprocess.run(
        [sys.executable, "-m", "serialscan", *arguments],
        cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def shortened(record: dict[str, Any]) -> dict[str, Any]:
    """A copy without the fields of ``LEFT_OUT``; all of them are optional in the schema."""
    copy: dict[str, Any] = json.loads(json.dumps(record))
    for path in LEFT_OUT:
        *folders, name = path.split(".")
        holders = [copy]
        for folder in folders:
            holders = [item for holder in holders for item in holder[folder.removesuffix("[]")]]
        for holder in holders:
            del holder[name]
    return copy


def pretty(value: object, indent: str = "") -> str:
    """JSON for people: whatever fits stands on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= _WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    deeper = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {pretty(part, deeper)}" for key, part in value.items()]
        opening, closing = "{", "}"
    else:
        parts = [pretty(part, deeper) for part in value]
        opening, closing = "[", "]"
    return f"{opening}\n{deeper}" + f",\n{deeper}".join(parts) + f"\n{indent}{closing}"


def block(record: dict[str, Any]) -> str:
    """The example as it stands in docs/record.md, from one marker to the other."""
    fields = " and ".join(f"`{path}`" for path in LEFT_OUT)
    return (
        f"{BEGIN}\n```sh\nserialscan {' '.join(COMMAND)} | jq\n```\n\n"
        f"Two fields are left out here to save space: {fields}.\n\n"
        f"```json\n{pretty(shortened(record))}\n```\n{END}"
    )


def main() -> None:
    """Scan the sample and rewrite both pages."""
    record = scan(*COMMAND)
    page = ROOT / "docs" / "record.md"
    before, rest = page.read_text("utf-8").split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(before + block(record) + after, encoding="utf-8", newline="\n")
    readme = ROOT / "README.md"
    before, shown, after = re.split(
        r"(?<=^```json\n)(.*)(?=\n```$)", readme.read_text("utf-8"), flags=re.MULTILINE
    )
    shown = json.dumps({name: record["serial"][name] for name in SERIAL}, separators=(",", ":"))
    readme.write_text(before + shown + after, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
