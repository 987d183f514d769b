"""Writes ``verify.py``: one file that verifies a case with nothing but Python."""

from __future__ import annotations

import ast
import inspect
import json

from serialscan import __version__
from serialscan.case import (
    check,
    checkpoint,
    decision,
    derive,
    ed25519,
    entry,
    inputs,
    merkle,
    shape,
    standalone,
    store,
)  # fmt: skip
from serialscan.record import json_schema

MODULES = (merkle, entry, checkpoint, ed25519, shape, decision, store, derive, inputs, check, standalone)
"""The parts of ``verify.py``, each after those that it uses. None imports anything but Python's own."""

_HEAD = '''#!/usr/bin/env python3
"""Verifies a case of serialscan. Needs nothing but Python 3.10 or newer.

    python3 verify.py seizure-17.case [--inputs] [--head FILE] [--key FINGERPRINT] [--json]

Written by serialscan {version} (case verifier). docs/case.md of serialscan gives the format byte by byte, so
that this file can be read against it. It opens the case for reading only and opens no network connection.
"""

from __future__ import annotations
'''


def verifier_source() -> str:
    """The text of ``verify.py``."""
    parts, imports = [], set()
    for module in MODULES:
        source = inspect.getsource(module)
        lines = source.splitlines()
        for node in ast.parse(source).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
                ours = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("serialscan")
                if not ours and "__future__" not in text:
                    imports.add(text)
                for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                    lines[number] = ""
            elif isinstance(node, ast.Expr) and node.lineno == 1:  # what the module is, as a comment
                for number in range(node.end_lineno or 1):
                    lines[number] = f"# {lines[number].strip(chr(34))}".rstrip()
        name = module.__name__.rpartition(".")[2]
        parts.append(f"# ---- {name} " + "-" * (70 - len(name)) + "\n" + "\n".join(lines).strip("\n"))
    schema = json.dumps(json_schema(), ensure_ascii=True)
    return "\n\n\n".join(
        [
            _HEAD.format(version=__version__) + "\n" + "\n".join(sorted(imports)),
            *parts,
            f"RECORD_SCHEMA.update(json.loads({schema!r}))",
            'if __name__ == "__main__":\n    sys.exit(main())\n',
        ]
    )
