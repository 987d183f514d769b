"""Tasks for Label Studio, each with what was read as a prediction: outline, kind and text share one id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

from serialscan import __version__
from serialscan.exchange.formats import Contents, Exported, Written
from serialscan.files.whole import write_new
from serialscan.record import MarkKind, PhotoRecord, Polygon
from serialscan.report.build import Part

IMAGE, OUTLINE, KIND, TEXT = "image", "outline", "kind", "text"
"""Names of the controls for each region; TEXT holds what stands there."""

SERIAL, WHOLE = "serial", "whole"
"""Names of the controls for the photo: its serial, and whether every line has a region."""

EVERY_LINE = "every line that can be read is marked"
PLAIN = "text"
"""Kind of a line without a meaning."""

_LOCAL = "/data/local-files/?d="  # Label Studio's own address of files in a local storage


def write(contents: Contents, path: Path) -> Written:
    """See ``Format``."""
    tasks, notes = [], []
    for one in contents.items():
        for part in one.unit.parts:
            record = part.record
            if record is None or record.error is not None or not record.source.width:
                notes.append(f"{part.path} is left out: there is no reading of it.")
                continue
            tasks.append(_task(contents, one, part, record))
            if record.source.pages > 1:
                notes.append(f"{part.path}: only its first page is in the task.")
    view = path.with_name(f"{path.name}.xml")
    write_new(path, json.dumps(tasks, ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n")
    try:
        write_new(view, labelling().encode())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Written((path, view), tuple(notes))


def labelling() -> str:
    """The labelling interface that the tasks are made for."""
    kinds = "".join(f'    <Label value="{kind}"/>\n' for kind in (*get_args(MarkKind), PLAIN))
    return f"""\
<View>
  <Image name="{IMAGE}" value="${IMAGE}" zoom="true" zoomControl="true" rotateControl="true"/>
  <Labels name="{KIND}" toName="{IMAGE}">
{kinds}  </Labels>
  <Polygon name="{OUTLINE}" toName="{IMAGE}"/>
  <TextArea name="{TEXT}" toName="{IMAGE}" perRegion="true" editable="true" maxSubmissions="1" rows="1"/>
  <Header value="Serial of the item; leave it empty if none can be read"/>
  <TextArea name="{SERIAL}" toName="{IMAGE}" editable="true" maxSubmissions="1" rows="1"/>
  <Choices name="{WHOLE}" toName="{IMAGE}" choice="multiple">
    <Choice value="{EVERY_LINE}"/>
  </Choices>
</View>
"""


def _task(contents: Contents, one: Exported, part: Part, record: PhotoRecord) -> dict[str, Any]:
    url = contents.options.photos_url
    address = quote(part.path.replace("\\", "/").lstrip("/"))
    serial = _serial(one, part, record)
    result = list(_regions(record))
    if serial:
        result.append(
            {"from_name": SERIAL, "to_name": IMAGE, "type": "textarea", "value": {"text": [serial]}}
        )
    version = f"serialscan {__version__}"
    return {
        "data": {
            IMAGE: f"{url.rstrip('/')}/{address}" if url else _LOCAL + address,
            "path": part.path, "sha256": part.sha256, "item": one.item.title,
            "serial_by_program": record.serial.value or "", "decided": one.item.decided,
        },
        "predictions": [
            {"model_version": version, "score": record.serial.confidence, "result": result}
        ],
    }  # fmt: skip


def _serial(one: Exported, part: Part, record: PhotoRecord) -> str | None:
    """The serial of a photo: what a reviewer read on it, or else what the program did."""
    standing = one.unit.opinions.get((part.sha256 or f"path {part.path}", "serial"))
    if standing is None or standing.decided is None:
        return record.serial.value
    return standing.decided.decision.value


def _regions(record: PhotoRecord) -> Iterator[dict[str, Any]]:
    """Of every line and code its outline, its kind and its text."""
    width, height = record.source.width or 1, record.source.height or 1
    kinds: dict[str, str] = {}
    for mark in record.marks:
        for name in mark.evidence:
            kinds.setdefault(name, mark.kind)
    if record.serial.candidates:
        kinds |= dict.fromkeys(record.serial.candidates[0].evidence, "serial")
    places = [(line.id, line.text, line.polygon, line.page) for line in record.lines]
    places += [(code.id, code.text, code.polygon, code.page) for code in record.codes]
    for name, text, polygon, page in places:
        if page != 1 or len(polygon) < 3:
            continue
        common = {"id": name, "to_name": IMAGE, "original_width": width, "original_height": height,
                  "image_rotation": 0}  # fmt: skip
        place = {"points": _percent(polygon, width, height), "closed": True}
        yield {**common, "from_name": OUTLINE, "type": "polygon", "value": place}
        kind = kinds.get(name, PLAIN)
        yield {**common, "from_name": KIND, "type": "labels", "value": {**place, "labels": [kind]}}
        yield {**common, "from_name": TEXT, "type": "textarea", "value": {**place, "text": [text]}}


def _percent(polygon: Polygon, width: int, height: int) -> list[list[float]]:
    """Label Studio measures in percent of the upright photo."""
    return [[round(100 * x / width, 4), round(100 * y / height, 4)] for x, y in polygon]
