"""The command of ``verify.py``, the checker that needs nothing but Python.

``serialscan.case.verifier`` writes that file from the modules of this package that need nothing else.
"""

from __future__ import annotations

import argparse
import json
import sys
import types
from pathlib import Path
from typing import Any

from serialscan.case.check import Tools, Trust, check_case, fingerprint_of, lines_of
from serialscan.case.checkpoint import NoteError, PublicKey, parse_checkpoint, parse_public_key
from serialscan.case.ed25519 import verify_ed25519
from serialscan.case.inputs import hash_of
from serialscan.case.shape import demand_shape
from serialscan.case.store import NotACaseError

RECORD_SCHEMA: dict[str, Any] = {}
"""JSON Schema of a record; the file that is written holds it."""

_OK, _NO_CASE, _SETTINGS, _FAILED = 0, 4, 7, 8
"""Exit codes, those of serialscan."""


def read_record_plainly(payload: bytes) -> Any:
    """A record, its fields as attributes.

    Raises:
        ValueError: the bytes are no record.
    """
    try:
        text = payload.decode("utf-8")
        record = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is too deep") from error
    demand_shape(record, RECORD_SCHEMA, RECORD_SCHEMA)
    return json.loads(text, object_hook=lambda fields: types.SimpleNamespace(**fields))


def main(arguments: list[str] | None = None) -> int:
    """Verify a case; gives the exit code."""
    parser = argparse.ArgumentParser(
        description="Verify a case of serialscan. Exit code 0: it is as it was written; 8: it is not; "
        "4: the file is no case; 7: the head or a key cannot be read."
    )
    parser.add_argument("case", type=Path)
    parser.add_argument("--inputs", action="store_true", help="also read the photos again")
    parser.add_argument("--base", type=Path, metavar="FOLDER", help="where relative paths of photos begin")
    parser.add_argument("--head", type=Path, metavar="FILE", help="a head that was kept outside of the case")
    parser.add_argument(
        "--key", action="append", default=[], metavar="FINGERPRINT|FILE.pub", help="must have signed"
    )
    parser.add_argument("--json", action="store_true", help="write one object of JSON")
    options = parser.parse_args(arguments)
    try:
        head = parse_checkpoint(options.head.read_bytes()) if options.head is not None else None
        keys: list[PublicKey] = []
        fingerprints = []
        for text in options.key:
            fingerprint = fingerprint_of(text)
            if fingerprint is None:
                keys.append(parse_public_key(Path(text).read_text("utf-8")))
                fingerprint = keys[-1].fingerprint
            fingerprints.append(fingerprint)
    except (NoteError, OSError, UnicodeDecodeError) as error:
        print(f"The head or a key cannot be read: {error}", file=sys.stderr)  # noqa: T201
        return _SETTINGS
    tools = Tools(read_record_plainly, verify_ed25519, hash_of)
    trust = Trust(head, tuple(fingerprints), tuple(keys))
    try:
        verdict = check_case(options.case, trust, tools, inputs=options.inputs, base=options.base)
    except NotACaseError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return _NO_CASE
    for line in [json.dumps(verdict.as_dict(), indent=1)] if options.json else lines_of(verdict):
        print(line)  # noqa: T201
    return _OK if verdict.ok else _FAILED
