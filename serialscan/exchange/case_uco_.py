"""A graph of CASE 1.5 (UCO 1.5) as JSON-LD: photos, items, what was read, who decided.

UCO has no class for weapons; an item is an ``observable:Device``, which alone has a serial number. What has
no property of its own is an ``Annotation`` of the item: a name and a statement.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from serialscan.exchange.form import COLUMNS
from serialscan.exchange.formats import Contents, Exported, Written
from serialscan.files.whole import write_new
from serialscan.record import PhotoRecord, Tool
from serialscan.report.build import Part

Node = dict[str, Any]

_NAMES = uuid.UUID("6f1c8a52-6d0e-5c1b-9c55-0d3f5f0a7e11")  # chosen once; ids of all graphs are made in it
_ONTOLOGY = "https://ontology.unifiedcyberontology.org/uco/"
_CONTEXT = {
    "kb": "http://example.org/kb/",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    **{
        f"uco-{name}": f"{_ONTOLOGY}{name}/"
        for name in ("action", "core", "identity", "location", "observable", "tool", "types")
    },
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# Columns that a node or another annotation tells already.
_ELSEWHERE = frozenset({
    "item", "serial", "manufacturer", "model", "item_class", "photos", "sha256", "taken", "tool", "positions",
    "machine_serial", "machine_confidence", "machine_decision", "decided",
})  # fmt: skip


def write(contents: Contents, path: Path) -> Written:
    """See ``Format``."""
    nodes: dict[str, Node] = {}
    for name, value in contents.facts():
        _add(nodes, [_investigation(contents.origin.title, name, value)])
    for one in contents.items():
        _add(nodes, _of_item(one))
    graph = {"@context": _CONTEXT, "@graph": list(nodes.values())}
    write_new(path, json.dumps(graph, ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n")
    return Written((path,))


def _add(nodes: dict[str, Node], some: Iterable[Node]) -> None:
    """Each id once: a photo of two items, a tool, a person."""
    for node in some:
        nodes.setdefault(node["@id"], node)


def _investigation(title: str, name: str, value: str) -> Node:
    return _node("case-investigation:Investigation", (title, name, value),
                 {"uco-core:name": title, "uco-core:description": f"{name}: {value}"})  # fmt: skip


def _of_item(one: Exported) -> Iterator[Node]:
    """The nodes of an item with its photos."""
    device = _device(one)
    yield from _makers(one)
    yield device
    exhibit = _exhibit(one, device)
    yield exhibit
    photos = []
    for part in one.unit.parts:
        photo = _photo(part)
        photos.append(photo)
        yield photo
        yield from _position(part, photo)
        yield _relationship(device, photo, "Depicted_By")
    yield from _readings(one, photos, device)
    yield from _annotations(one, device)
    yield from _decisions(one, device)


def _device(one: Exported) -> Node:
    form = one.form
    facet: Node = {}
    if form.text("item_class"):
        facet["uco-observable:deviceType"] = form.text("item_class")
    makers = form.values.get("manufacturer", ())
    if len(makers) == 1:
        facet["uco-observable:manufacturer"] = {"@id": _maker(makers[0])["@id"]}
    if form.text("model"):
        facet["uco-observable:model"] = form.text("model")
    if one.item.serial:
        facet["uco-observable:serialNumber"] = one.item.serial
    identity = (one.item.title, *(part.sha256 or part.path for part in one.unit.parts))
    facets = [_node("uco-observable:DeviceFacet", (identity, facet), facet)]
    if one.item.serial and one.item.standing != "decided":
        facets.append(_confidence(identity, one.item.confidence))
    return _node(
        "uco-observable:Device", identity, {"uco-core:name": one.item.title, "uco-core:hasFacet": facets}
    )


def _makers(one: Exported) -> Iterator[Node]:
    return map(_maker, one.form.values.get("manufacturer", ()))


def _maker(name: str) -> Node:
    return _node("uco-identity:Organization", name, {"uco-core:name": name})


def _confidence(of: object, probability: float) -> Node:
    """UCO takes whole numbers only: hundredths, rounded down so that nothing seems surer than it is."""
    said = {"@type": "xsd:nonNegativeInteger", "@value": str(int(probability * 100))}
    return _node("uco-core:ConfidenceFacet", (of, said), {"uco-core:confidence": said})


def _exhibit(one: Exported, device: Node) -> Node:
    facts = dict(one.item.facts)
    said: Node = {
        "uco-core:description": "the item as it is known",
        "uco-core:object": {"@id": device["@id"]},
    }
    number = facts.get("exhibit_number") or facts.get("exhibit")
    if number:
        said["case-investigation:exhibitNumber"] = number
    return _node("case-investigation:ProvenanceRecord", (device["@id"], number), said)


def _photo(part: Part) -> Node:
    record = part.record
    facet: Node = {"uco-observable:fileName": part.path.replace("\\", "/").rpartition("/")[2] or part.path,
                   "uco-observable:filePath": part.path}  # fmt: skip
    if record is not None and record.source.bytes is not None:
        facet["uco-observable:sizeInBytes"] = _integer(record.source.bytes)
    of = (part.path, part.sha256)
    facets = [_node("uco-observable:FileFacet", (of, facet), facet)]
    if part.sha256 is not None:
        digest = _node("uco-types:Hash", part.sha256, {
            "uco-types:hashMethod": "SHA256",
            "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": part.sha256.upper()},
        })  # fmt: skip
        facets.append(_node("uco-observable:ContentDataFacet", of, {"uco-observable:hash": [digest]}))
    if record is not None:
        facets += _picture(record, of)
    return _node(["uco-observable:File", "uco-observable:RasterPicture"], of, {"uco-core:hasFacet": facets})


def _picture(record: PhotoRecord, of: object) -> Iterator[Node]:
    source = record.source
    if source.width and source.height:
        size = {"uco-observable:pictureHeight": _integer(source.height),
                "uco-observable:pictureWidth": _integer(source.width)}  # fmt: skip
        yield _node("uco-observable:RasterPictureFacet", (of, size), size)
    exif = {"DateTimeOriginal": source.captured_at, "Model": source.camera}
    entries = [
        _node("uco-types:ControlledDictionaryEntry", (of, key, value),
              {"uco-types:key": key, "uco-types:value": value})
        for key, value in exif.items() if value
    ]  # fmt: skip
    if entries:
        table = _node("uco-types:ControlledDictionary", (of, entries), {"uco-types:entry": entries})
        yield _node("uco-observable:EXIFFacet", (of, entries), {"uco-observable:exifData": [table]})
    texts = [(line.id, line.text) for line in record.lines]
    texts += [(code.id, code.text) for code in record.codes]
    strings = [
        _node("uco-observable:ExtractedString", (of, name, text),
              {"uco-observable:stringValue": text, "uco-observable:encoding": "UTF-8"})
        for name, text in texts
    ]  # fmt: skip
    if strings:
        yield _node("uco-observable:ExtractedStringsFacet", (of, texts), {"uco-observable:strings": strings})


def _position(part: Part, photo: Node) -> Iterator[Node]:
    gps = part.record.source.gps if part.record is not None else None
    if gps is None:
        return
    said = {
        "uco-location:latitude": _decimal(gps.latitude),
        "uco-location:longitude": _decimal(gps.longitude),
    }
    if gps.altitude is not None:
        said["uco-location:altitude"] = _decimal(gps.altitude)
    place = _node("uco-location:Location", said, {
        "uco-core:hasFacet": [_node("uco-location:LatLongCoordinatesFacet", said, said)]
    })  # fmt: skip
    yield place
    yield _relationship(photo, place, "Located_At")


def _relationship(source: Node, target: Node, kind: str) -> Node:
    return _node("uco-core:Relationship", (source["@id"], target["@id"], kind), {
        "uco-core:source": {"@id": source["@id"]}, "uco-core:target": {"@id": target["@id"]},
        "uco-core:kindOfRelationship": kind, "uco-core:isDirectional": True,
    })  # fmt: skip


def _readings(one: Exported, photos: list[Node], device: Node) -> Iterator[Node]:
    """By which program the photos were read."""
    tools: dict[Tool, None] = {}
    for record in (one.unit.item, *(part.record for part in one.unit.parts)):
        if record is not None:
            tools.setdefault(record.tool)
    for tool in tools:
        instrument = _node("uco-tool:AnalyticTool", (tool.name, tool.version, tool.settings_digest), {
            "uco-core:name": tool.name, "uco-tool:version": tool.version,
            "uco-core:description": f"digest of all settings and weights: {tool.settings_digest}",
        })  # fmt: skip
        yield instrument
        yield _node("case-investigation:InvestigativeAction", (instrument["@id"], device["@id"], "read"), {
            "uco-core:name": "read by the program", "uco-action:instrument": {"@id": instrument["@id"]},
            "uco-action:object": [{"@id": photo["@id"]} for photo in photos],
            "uco-action:result": [{"@id": device["@id"]}],
        })  # fmt: skip


def _annotations(one: Exported, device: Node) -> Iterator[Node]:
    """What has no property of its own, and the program's reading."""
    if one.item.machine is not None:
        said = f"{one.item.machine} ({one.item.machine_told})"
        yield _annotation(device, "Serial read by the program", [said], one.item.confidence)
    values = one.form.values
    for column in COLUMNS:
        if column.name not in _ELSEWHERE and values.get(column.name):
            yield _annotation(device, column.label, list(values[column.name]))
    if len(values.get("manufacturer", ())) > 1:
        yield _annotation(device, "Firearms manufacturer", list(values["manufacturer"]))


def _annotation(device: Node, name: str, said: list[str], probability: float | None = None) -> Node:
    node: Node = {
        "uco-core:name": name,
        "uco-core:statement": said,
        "uco-core:object": {"@id": device["@id"]},
    }
    if probability is not None:
        node["uco-core:hasFacet"] = [_confidence((device["@id"], name), probability)]
    return _node("uco-core:Annotation", (device["@id"], name, said), node)


def _decisions(one: Exported, device: Node) -> Iterator[Node]:
    """What people decided, also what was replaced or taken back; the statement says so."""
    for decided, said in zip(one.unit.decided, one.item.decisions, strict=True):
        person = _node("uco-identity:Person", said.who, {"uco-core:name": said.who})
        told = [f"{said.what}: {said.answer} {said.value}".rstrip(), f"photo: {said.photo}",
                f"program: {said.machine}", f"how: {said.how}", f"now: {said.counts}",
                f"entry of the ledger: {said.entry}"]  # fmt: skip
        result = _annotation(device, "Decision of a person", told)
        yield person
        yield result
        yield _node("case-investigation:InvestigativeAction", (decided.name, person["@id"]), {
            "uco-core:name": "decided by a person", "uco-action:performer": {"@id": person["@id"]},
            "uco-action:endTime": {"@type": "xsd:dateTime", "@value": decided.time},
            "uco-action:object": [{"@id": device["@id"]}], "uco-action:result": [{"@id": result["@id"]}],
        })  # fmt: skip


def _integer(value: int) -> Node:
    return {"@type": "xsd:integer", "@value": str(value)}


def _decimal(value: float) -> Node:
    return {"@type": "xsd:decimal", "@value": f"{value:.7f}"}


def _node(kind: str | list[str], of: object, said: Node) -> Node:
    """A node whose id follows from its kind and from what it is of, so that it repeats."""
    first = kind if isinstance(kind, str) else kind[0]
    name = first.rpartition(":")[2].lower()
    content = hashlib.sha256(repr((kind, of)).encode("utf-8", "backslashreplace")).hexdigest()
    return {"@id": f"kb:{name}-{uuid.uuid5(_NAMES, content)}", "@type": kind, **said}
