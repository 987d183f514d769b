"""What was read as hOCR 1.2: one page of HTML with an ``ocr_page`` for each page of each photo."""

from __future__ import annotations

from html import escape
from pathlib import Path

from serialscan import __version__
from serialscan.exchange.formats import Contents, Written
from serialscan.exchange.words import Box, box_of, lines_of, words_of
from serialscan.files.whole import write_new
from serialscan.printable import printable
from serialscan.record import Line, PhotoRecord

_HEAD = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head>
<title>readings of serialscan</title>
<meta charset="utf-8" />
<meta name="ocr-system" content="serialscan {__version__}" />
<meta name="ocr-capabilities" content="ocr_page ocr_line ocrx_word" />
</head>
<body>
"""


def write(contents: Contents, path: Path) -> Written:
    """See ``Format``."""
    parts, notes, number = [_HEAD], [], 0
    seen: set[tuple[str, str | None]] = set()
    for one in contents.items():
        for part in one.unit.parts:
            record = part.record
            if (part.path, part.sha256) in seen:
                continue
            seen.add((part.path, part.sha256))
            if record is None or record.error is not None:
                notes.append(f"{part.path} is left out: there is no reading of it.")
                continue
            for page in range(1, record.source.pages + 1):
                number += 1
                parts.append(_page(record, page, number))
    write_new(path, ("".join(parts) + "</body>\n</html>\n").encode())
    return Written((path,), tuple(notes))


def _page(record: PhotoRecord, page: int, number: int) -> str:
    lines = lines_of(record, page)
    size = (record.source.width, record.source.height) if page == 1 else (None, None)
    wide = size[0] or max((box_of(line.polygon, record).right for line in lines), default=0)
    tall = size[1] or max((box_of(line.polygon, record).bottom for line in lines), default=0)
    name = printable(record.source.path).replace('"', "\\x22")
    title = f'image "{name}"; bbox 0 0 {wide} {tall}; ppageno {number - 1}'
    body = "".join(_line(record, line, f"{number}_{place}") for place, line in enumerate(lines, start=1))
    return f'<div class="ocr_page" id="page_{number}" title="{escape(title)}">\n{body}</div>\n'


def _line(record: PhotoRecord, line: Line, name: str) -> str:
    angle = f"; textangle {line.rotation}" if line.rotation else ""
    words = [
        f'<span class="ocrx_word" id="word_{name}_{place}" '
        f'title="{_box(word.box)}; x_wconf {int(100 * word.confidence)}">{escape(word.text)}</span>'
        for place, word in enumerate(words_of(line, record), start=1)
    ]
    title = _box(box_of(line.polygon, record)) + angle
    return f'<span class="ocr_line" id="line_{name}" title="{title}">{" ".join(words)}</span>\n'


def _box(box: Box) -> str:
    return f"bbox {box.left} {box.top} {box.right} {box.bottom}"
