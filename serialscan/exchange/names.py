"""The names of the formats: they stand apart, so that a list of commands loads nothing else."""

from __future__ import annotations

from collections.abc import Mapping

FORMATS: Mapping[str, str] = {
    "csv": "a table, exact, with a description for programs beside it",
    "xlsx": "a workbook for people, every cell text, with pictures of the serials",
    "case-uco": "a graph of CASE/UCO 1.5, JSON-LD",
    "bagit": "a folder with all of it and the photos, BagIt 1.0",
    "label-studio": "tasks for Label Studio with what was read, to be corrected",
    "etrace": "a sheet for each item with the fields of ATF form 3312.1, part V, as a page",
    "hocr": "what was read, as OCR output (hOCR 1.2)",
    "alto": "what was read, as OCR output (ALTO 4.4), one file for each photo",
}
"""Every format and what it is. Its module has its name, ``_`` for ``-`` and ``_`` at the end."""
