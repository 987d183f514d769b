from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from conftest import Here

from serialscan.errors import ExitCode
from serialscan.record import (
    Error,
    ErrorCode,
    PhotoRecord,
    Source,
    Tool,
    WarningCode,
    any_from_json,
    from_json,
    json_schema,
    photo_records,
    to_json,
)


def test_schema_command_prints_a_valid_schema_that_tells_good_from_bad(here: Here) -> None:
    done = here("schema")
    assert (done.returncode, done.stderr) == (ExitCode.OK, b"")
    schema = json.loads(done.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    record = PhotoRecord(
        status="error",
        tool=Tool(name="serialscan", version="0", settings_digest="0"),
        source=Source(path="a.jpg"),
        error=Error(code="truncated", message="the file ends early"),
    )
    line = json.loads(to_json(record))
    validator.validate(line)
    for change in ({"status": "fine"}, {"lines": None}, {"serial": {}}, {"source": {}}, {"record": "item"}):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({**line, **change})
    assert from_json(to_json(record)) == record


def of_tomorrow(value: Any) -> Any:
    """A record as a later version may write it: with one more field wherever fields stand."""
    if isinstance(value, dict):
        return {key: of_tomorrow(one) for key, one in value.items()} | {"field_of_tomorrow": [1]}
    return [of_tomorrow(one) for one in value] if isinstance(value, list) else value


def test_a_record_of_tomorrow_is_read_today(tmp_path: Path) -> None:
    record = PhotoRecord(
        status="error",
        tool=Tool(name="serialscan", version="9", settings_digest="0"),
        source=Source(path="a.jpg"),
        error=Error.of("truncated", "the file ends early"),
    )
    line = json.loads(to_json(record))
    del line["timing_ms"], line["serial"]
    line["error"]["code"] = "error_of_tomorrow"
    line["warnings"] = [{"code": "warning_of_tomorrow", "message": "look"}]
    later = of_tomorrow(line)
    jsonschema.validate(later, json_schema(), cls=jsonschema.Draft202012Validator)
    text = json.dumps(later).encode()
    for read in (from_json(text), any_from_json(text)):
        assert isinstance(read, PhotoRecord) and read.error is not None
        assert (read.error.code, read.warnings[0].code) == ("error_of_tomorrow", "warning_of_tomorrow")
        assert read.source == record.source
    file = tmp_path / "records.ndjson"
    file.write_bytes(text + b"\n" + to_json(record) + b"\n")
    assert [(number, one.source.path) for number, one in photo_records(file)] == [(1, "a.jpg"), (2, "a.jpg")]


def test_what_would_be_misread_is_refused() -> None:
    record = PhotoRecord(
        status="ok", tool=Tool(name="serialscan", version="9", settings_digest="0"), source=Source(path="a")
    )
    line = json.loads(to_json(record))
    for change in ({"schema": "serialscan.photo/2"}, {"status": "perhaps"}, {"record": "lot"}):
        with pytest.raises(msgspec.ValidationError):
            any_from_json(json.dumps({**line, **change}))


def test_the_schema_lists_the_codes_of_this_version() -> None:
    parts = json_schema()["$defs"]
    for part, codes in (("Error", ErrorCode), ("Warning_", WarningCode)):
        known, any_text = parts[part]["properties"]["code"]["anyOf"]
        assert known["enum"] == list(get_args(codes))
        assert any_text == {"type": "string"}
