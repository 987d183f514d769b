"""What was read as ALTO 4.4 (Library of Congress): a folder with a file for each photo, named by its hash."""

from __future__ import annotations

import secrets
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

from serialscan import __version__
from serialscan.errors import OutputError
from serialscan.exchange.formats import Contents, Written
from serialscan.exchange.words import Box, box_of, lines_of, words_of
from serialscan.files.whole import write_new
from serialscan.printable import printable
from serialscan.record import Line, PhotoRecord

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"


def write(contents: Contents, path: Path) -> Written:
    """See ``Format``."""
    made = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    names: dict[str, None] = {}
    notes = []
    try:
        try:
            made.mkdir(parents=True)
            for one in contents.items():
                for part in one.unit.parts:
                    record, name = part.record, f"{part.sha256}.xml"
                    if record is None or record.error is not None or part.sha256 is None:
                        notes.append(f"{part.path} is left out: there is no reading of it.")
                    elif name not in names:
                        names[name] = None
                        write_new(made / name, _alto(record))
            made.rename(path)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({error.strerror}).") from error
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return Written(tuple(path / name for name in names), tuple(notes))


def _alto(record: PhotoRecord) -> bytes:
    root = ET.Element("alto", {"xmlns": NAMESPACE, "SCHEMAVERSION": "4.4"})
    about = ET.SubElement(root, "Description")
    ET.SubElement(about, "MeasurementUnit").text = "pixel"
    source = ET.SubElement(about, "sourceImageInformation")
    ET.SubElement(source, "fileName").text = printable(record.source.path)
    step = ET.SubElement(about, "Processing", {"ID": "read"})
    software = ET.SubElement(step, "processingSoftware")
    ET.SubElement(software, "softwareName").text = "serialscan"
    ET.SubElement(software, "softwareVersion").text = printable(record.tool.version)
    layout = ET.SubElement(root, "Layout")
    for number in range(1, record.source.pages + 1):
        wide, tall = record.source.width or 0, record.source.height or 0
        size = {"WIDTH": str(wide), "HEIGHT": str(tall)} if number == 1 else {}
        page = ET.SubElement(layout, "Page", {"ID": f"page_{number}", "PHYSICAL_IMG_NR": str(number), **size})
        space = ET.SubElement(page, "PrintSpace", {"ID": f"space_{number}"})
        for place, line in enumerate(lines_of(record, number), start=1):
            _block(space, record, line, f"{number}_{place}")
    root.insert(0, ET.Comment(f" made with serialscan {__version__} "))
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return data + b"\n"


def _block(space: ET.Element, record: PhotoRecord, line: Line, name: str) -> None:
    """A block for each line, since lines of a photo have directions of their own."""
    place = _place(box_of(line.polygon, record))
    # A photo that must be turned with the clock shows a text that is turned against it, as ALTO counts.
    angle = {"ROTATION": str(line.rotation)} if line.rotation else {}
    block = ET.SubElement(space, "TextBlock", {"ID": f"block_{name}", **place, **angle})
    row = ET.SubElement(block, "TextLine", {"ID": f"line_{name}", **place})
    for number, word in enumerate(words_of(line, record), start=1):
        if number > 1:
            ET.SubElement(row, "SP")
        ET.SubElement(row, "String", {
            "ID": f"word_{name}_{number}", "CONTENT": word.text, "WC": f"{word.confidence:.4f}",
            **_place(word.box),
        })  # fmt: skip


def _place(box: Box) -> dict[str, str]:
    return {"HPOS": str(box.left), "VPOS": str(box.top), "WIDTH": str(box.right - box.left),
            "HEIGHT": str(box.bottom - box.top)}  # fmt: skip
