"""The graph of CASE/UCO: its nodes counted by class, since a validator also takes a graph without any."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from case_fixtures import BY, Command
from exchange_fixtures import HOSTILE, a_case, hostile_records, write_records

from serialscan.errors import ExitCode

# Classes and properties that are used, as they stand in case-1.5.0.ttl. Validators take unknown ones.
CLASSES = {
    "case-investigation": {"Investigation", "InvestigativeAction", "ProvenanceRecord"},
    "uco-core": {"Annotation", "ConfidenceFacet", "Relationship"},
    "uco-identity": {"Organization", "Person"},
    "uco-location": {"LatLongCoordinatesFacet", "Location"},
    "uco-observable": {
        "ContentDataFacet", "Device", "DeviceFacet", "EXIFFacet", "ExtractedString", "ExtractedStringsFacet",
        "File", "FileFacet", "RasterPicture", "RasterPictureFacet",
    },
    "uco-tool": {"AnalyticTool"},
    "uco-types": {"ControlledDictionary", "ControlledDictionaryEntry", "Hash"},
}  # fmt: skip
PROPERTIES = {
    "case-investigation": {"exhibitNumber"},
    "uco-action": {"endTime", "instrument", "object", "performer", "result"},
    "uco-core": {
        "confidence", "description", "hasFacet", "isDirectional", "kindOfRelationship", "name", "object",
        "source", "statement", "target",
    },
    "uco-location": {"altitude", "latitude", "longitude"},
    "uco-observable": {
        "deviceType", "encoding", "exifData", "fileName", "filePath", "hash", "manufacturer", "model",
        "pictureHeight", "pictureWidth", "serialNumber", "sizeInBytes", "stringValue", "strings",
    },
    "uco-tool": {"version"},
    "uco-types": {"entry", "hashMethod", "hashValue", "key", "value"},
}  # fmt: skip
UUID = re.compile(r"kb:[a-z]+-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def nodes_of(value: Any) -> Iterator[dict[str, Any]]:
    """Every node, also those within others; references are none."""
    if isinstance(value, list):
        for one in value:
            yield from nodes_of(one)
    elif isinstance(value, dict):
        if "@id" in value and len(value) > 1:
            yield value
        for key, one in value.items():
            if key != "@context":
                yield from nodes_of(one)


def kinds(node: dict[str, Any]) -> list[str]:
    return node["@type"] if isinstance(node["@type"], list) else [node["@type"]]


def graph_of(path: Path) -> list[dict[str, Any]]:
    """The nodes of a graph that names only what the ontology knows and refers only to what it holds."""
    graph = json.loads(path.read_text("utf-8"))
    nodes = list(nodes_of(graph["@graph"]))
    ids = {node["@id"] for node in nodes}
    assert all(UUID.fullmatch(one) for one in ids)
    for node in nodes:
        for kind in kinds(node):
            prefix, _, name = kind.partition(":")
            assert prefix in graph["@context"] and name in CLASSES[prefix], kind
        for key, value in node.items():
            if not key.startswith("@"):
                prefix, _, name = key.partition(":")
                assert prefix in graph["@context"] and name in PROPERTIES[prefix], key
                for one in value if isinstance(value, list) else [value]:
                    assert not isinstance(one, dict) or "@value" in one or one["@id"] in ids
    by_id: dict[str, Any] = {}
    for node in nodes:
        assert by_id.setdefault(node["@id"], node) == node, "one id, two contents"
    return list(by_id.values())


def counts_of(nodes: list[dict[str, Any]]) -> Counter[str]:
    return Counter(kind.partition(":")[2] for node in nodes for kind in kinds(node))


def test_a_case_becomes_a_graph_with_every_item_photo_and_decision(command: Command, tmp_path: Path) -> None:
    path, photos, _ = a_case(tmp_path)
    done = command("export", path, "--format", "case-uco", "-o", "g.jsonld", *BY)
    assert done.code == ExitCode.OK, done.err
    nodes = graph_of(tmp_path / "g.jsonld")
    counts = counts_of(nodes)
    assert (counts["Device"], counts["DeviceFacet"], counts["ProvenanceRecord"]) == (4, 4, 4)
    assert (counts["File"], counts["RasterPicture"], counts["Hash"], counts["Relationship"]) == (5, 5, 5, 5)
    assert counts["ExtractedString"] == sum(len(one.lines) for one in photos)
    assert (counts["AnalyticTool"], counts["Person"], counts["InvestigativeAction"]) == (1, 1, 4 + 3)
    assert (counts["Location"], counts["LatLongCoordinatesFacet"]) == (0, 0)
    facets = {
        node["uco-core:name"]: node["uco-core:hasFacet"]
        for node in nodes
        if "uco-observable:Device" in kinds(node)
    }
    decided = facets[photos[1].source.path]
    assert (
        decided[0]["uco-observable:serialNumber"] == "AB7001" and len(decided) == 1
    )  # no confidence of a program
    assert "uco-observable:serialNumber" not in facets[photos[2].source.path][0]
    assert [facet["uco-core:confidence"]["@value"] for facet in facets["AK-1"][1:]] == ["95"]
    statements = [said for node in nodes for said in node.get("uco-core:statement", [])]
    assert any(said.startswith(f"{photos[1].serial.value} (confidence 0.90") for said in statements)
    assert any("AB7001" in said and said.startswith("serial: read") for said in statements)
    numbers = [
        node["case-investigation:exhibitNumber"]
        for node in nodes
        if "case-investigation:exhibitNumber" in node
    ]
    assert numbers == ["EX-1"]


def test_positions_stand_in_the_graph_only_if_they_are_asked_for(command: Command, tmp_path: Path) -> None:
    path, _, _ = a_case(tmp_path)
    command("export", path, "--format", "case-uco", "-o", "without.jsonld", *BY)
    assert not re.search("34\\.52|Kabul", (tmp_path / "without.jsonld").read_text("utf-8"))
    command("export", path, "--format", "case-uco", "-o", "with.jsonld", "--gps", *BY)
    counts = counts_of(graph_of(tmp_path / "with.jsonld"))
    assert (counts["Location"], counts["Relationship"]) == (1, 10)  # five photos of one place
    assert "Kabul" in (tmp_path / "with.jsonld").read_text("utf-8")


def test_hostile_texts_are_kept_and_ids_repeat(command: Command, tmp_path: Path) -> None:
    records = hostile_records(tmp_path / "photos")
    write_records(tmp_path / "records.ndjson", *records)
    for name in ("one.jsonld", "two.jsonld"):
        command("export", "records.ndjson", "--format", "case-uco", "-o", name)
    assert (tmp_path / "one.jsonld").read_bytes() == (tmp_path / "two.jsonld").read_bytes()
    nodes = graph_of(tmp_path / "one.jsonld")
    serials = [node["uco-observable:serialNumber"] for node in nodes if "uco-observable:serialNumber" in node]
    assert serials == list(HOSTILE)
    write_records(tmp_path / "less.ndjson", *records[3:])
    command("export", "less.ndjson", "--format", "case-uco", "-o", "less.jsonld")
    assert {node["@id"] for node in graph_of(tmp_path / "less.jsonld")} < {node["@id"] for node in nodes}
