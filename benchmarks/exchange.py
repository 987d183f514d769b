"""Exports made and given to the programs of others: case_validate of case-utils, and bagit of bagit-python.

    python benchmarks/exchange.py CASE --bin FOLDER

CASE is a case; a copy of it is used, since each export is an entry. FOLDER holds ``case_validate`` and
``python`` of an environment with case-utils and bagit. case-utils is large, so it is no part of the tests.
Three wrong graphs are checked, too: without nodes, with a wrong value, with a wrong class. case_validate must
refuse the last two. It takes the first one, which is why tests count nodes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    """Make the exports, have them checked, and print what the checkers say."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", type=Path)
    parser.add_argument("--bin", type=Path, required=True)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        case = folder / "a.case"
        shutil.copyfile(words.case, case)
        graph = folder / "graph.jsonld"
        _export(case, "case-uco", graph, "--gps")
        print("graph:", _validate(words.bin, graph))
        for told, change in _WRONG.items():
            content = json.loads(graph.read_text("utf-8"))
            change(content)
            wrong = folder / "wrong.jsonld"
            wrong.write_text(json.dumps(content), encoding="utf-8")
            print(f"{told}:", _validate(words.bin, wrong))
        bag = folder / "bag"
        _export(case, "bagit", bag)
        code = (
            "import bagit, sys; bag = bagit.Bag(sys.argv[1]); bag.validate(); print(bagit.VERSION, 'valid')"
        )
        print("bag:", _said([words.bin / "python", "-c", code, bag]))
        changed = next(path for path in sorted((bag / "data").rglob("*")) if path.is_file())
        changed.write_bytes(changed.read_bytes()[::-1])
        print("bag with a changed file:", _said([words.bin / "python", "-c", code, bag]))


def _empty(graph: dict[str, Any]) -> None:
    graph["@graph"] = []


def _wrong_value(graph: dict[str, Any]) -> None:
    confidence = {"@type": "xsd:decimal", "@value": "0.87"}
    for node in graph["@graph"]:
        for facet in node.get("uco-core:hasFacet", []):
            if "uco-core:confidence" in facet:
                facet["uco-core:confidence"] = confidence


def _wrong_class(graph: dict[str, Any]) -> None:
    for node in graph["@graph"]:
        if node["@type"] == "uco-observable:Device":
            node["@type"] = "uco-observable:Firearm"


_WRONG: dict[str, Callable[[dict[str, Any]], None]] = {
    "no nodes": _empty,
    "a confidence of 0.87": _wrong_value,
    "a class that is not there": _wrong_class,
}


def _export(case: Path, form: str, path: Path, *more: str) -> None:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "serialscan",
        "export",
        case,
        "--format",
        form,
        "-o",
        path,
        "--by",
        "a test",
    ]
    subprocess.run([*command, *more], check=True, capture_output=True)


def _validate(programs: Path, graph: Path) -> str:
    return _said([programs / "case_validate", "--built-version", "case-1.5.0", graph])


def _said(command: list[Any]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
    told = [line for line in lines if line.startswith(("Conforms", "Results (")) or "valid" in line.lower()]
    return f"exit code {done.returncode}; {'; '.join(told[:4])}"


if __name__ == "__main__":
    main()
