"""Trace sheets, hOCR and ALTO, as parsers that are not ours see them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

from case_fixtures import BY, Command
from exchange_fixtures import HOSTILE, a_case, hostile_records, write_records

from serialscan.errors import ExitCode
from serialscan.exchange.alto_ import NAMESPACE
from serialscan.printable import printable

XHTML = "{http://www.w3.org/1999/xhtml}"


class Cells(HTMLParser):
    """The texts of table cells of a page, row by row, and the names of all its elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.names: set[str] = set()
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        self._inside = tag in ("td", "th")

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


def test_a_trace_sheet_has_the_fields_of_the_form_and_marks_what_is_missing(
    command: Command, tmp_path: Path
) -> None:
    path, photos, _ = a_case(tmp_path)
    done = command("export", path, "--format", "etrace", "-o", "trace.html", *BY)
    assert done.code == ExitCode.OK, done.err
    text = (tmp_path / "trace.html").read_text("utf-8")
    rows = [row for row in Cells(text).rows if row[0].startswith("5")]
    sheets = [rows[at : at + 9] for at in range(0, len(rows), 9)]
    assert len(sheets) == 4 and text.count("no trace request") == 4
    for sheet in sheets:
        assert [row[0] for row in sheet] == [f"5{part}" for part in "abcdefghi"]
    item = {row[0]: row for row in sheets[3]}
    assert [item[part][2] for part in ("5a", "5c", "5d", "5e")] == [
        photos[3].serial.value,
        "COLT",
        "rifle",
        "5.56 MM",
    ]
    assert item["5f"][2] == item["5g"][2] == "MISSING" and item["5i"][2] == ""
    corrected = {row[0]: row for row in sheets[1]}
    assert corrected["5a"][2:] == ["AB7001", f"read by the program: {photos[1].serial.value}"]
    assert (corrected["5c"][2], corrected["5c"][3]) == ("FN HERSTAL", "manufacturer: COLT")
    removed = {row[0]: row for row in sheets[2]}
    assert (removed["5a"][2], removed["5b"][2]) == ("MISSING", "removed or altered")
    assert "Kabul" not in text


def test_hostile_texts_stay_texts_in_a_trace_sheet(command: Command, tmp_path: Path) -> None:
    write_records(tmp_path / "records.ndjson", *hostile_records(tmp_path / "photos"))
    command("export", "records.ndjson", "--format", "etrace", "-o", "trace.html")
    cells = Cells((tmp_path / "trace.html").read_text("utf-8"))
    assert not cells.names & {"b", "script", "a", "img"}
    serials = [row[2] for row in cells.rows if row[0] == "5a"]
    assert [text.replace("\\n", "\n") for text in serials][:5] == list(HOSTILE[:5])
    assert all(text.isprintable() or "\n" in text for text in serials)


def test_hocr_holds_every_line_with_its_words_and_places(command: Command, tmp_path: Path) -> None:
    path, photos, _ = a_case(tmp_path)
    assert command("export", path, "--format", "hocr", "-o", "out.html", *BY).code == ExitCode.OK
    root = ET.fromstring((tmp_path / "out.html").read_text("utf-8"))
    pages = root.findall(f".//{XHTML}div[@class='ocr_page']")
    assert len(pages) == len(photos)
    for page, photo in zip(pages, photos, strict=True):
        assert f'image "{photo.source.path}"; bbox 0 0 480 300' in page.get("title", "")
        lines = page.findall(f"{XHTML}span[@class='ocr_line']")
        assert [" ".join(line.itertext()) for line in lines] == [line.text for line in photo.lines]
        word = lines[0].find(f"{XHTML}span[@class='ocrx_word']")
        assert word is not None and word.get("title") == "bbox 40 70 220 120; x_wconf 60"
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))


def test_alto_holds_every_line_with_its_words_and_places(command: Command, tmp_path: Path) -> None:
    path, photos, _ = a_case(tmp_path)
    assert command("export", path, "--format", "alto", "-o", "out", *BY).code == ExitCode.OK
    assert {one.name for one in (tmp_path / "out").iterdir()} == {
        f"{one.source.sha256}.xml" for one in photos
    }
    name = f"{{{NAMESPACE}}}"
    for photo in photos:
        root = ET.parse(tmp_path / "out" / f"{photo.source.sha256}.xml").getroot()
        assert (root.tag, root.get("SCHEMAVERSION")) == (f"{name}alto", "4.4")
        assert root.findtext(f".//{name}fileName") == photo.source.path
        strings = root.findall(f".//{name}TextLine/{name}String")
        assert [one.get("CONTENT") for one in strings] == [line.text for line in photo.lines]
        assert [strings[0].get(key) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT")] == [
            "40",
            "70",
            "180",
            "50",
        ]
        assert all(0 <= float(one.get("WC", "9")) <= 1 for one in strings)


def test_hostile_lines_and_names_make_no_broken_xml(command: Command, tmp_path: Path) -> None:
    import msgspec
    from report_fixtures import draw_photo, line_of, record_of

    records = []
    for number, text in enumerate(HOSTILE):
        photo = tmp_path / f"a\"b<&{number}\x02'.jpg"
        draw_photo(photo, number)
        line = line_of("L1", text, (40, 70), 10)
        records.append(msgspec.structs.replace(record_of(photo, number), lines=(line,)))
    write_records(tmp_path / "records.ndjson", *records)
    for form in ("hocr", "alto"):
        assert command("export", "records.ndjson", "--format", form, "-o", f"{form}.out").code == ExitCode.OK
    root = ET.fromstring((tmp_path / "hocr.out").read_text("utf-8"))
    texts = [" ".join(one.itertext()) for one in root.findall(f".//{XHTML}span[@class='ocr_line']")]
    assert [text.split() for text in texts] == [
        " ".join(map(printable, text.split())).split() for text in HOSTILE
    ]
    for record in records:
        data = (tmp_path / "alto.out" / f"{record.source.sha256}.xml").read_text("utf-8")
        ET.fromstring(data)
        assert not re.search(r"[\x00-\x08\x0b-\x1f]", data)
