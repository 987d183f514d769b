"""The JSON Schema (2020-12) of the records."""

from __future__ import annotations

from typing import Any

import msgspec

from serialscan.record.types import ITEM_SCHEMA, PHOTO_SCHEMA, ItemRecord, PhotoRecord


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a line of output: a photo record or an item record."""
    _, components = msgspec.json.schema_components([PhotoRecord, ItemRecord], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:serialscan:records:1",
        "title": f"{PHOTO_SCHEMA} and {ITEM_SCHEMA}",
        "oneOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in (PhotoRecord, ItemRecord)],
        "$defs": components,
    }
