from __future__ import annotations

import json

import jsonschema
import pytest
from conftest import Program

from serialscan.errors import ExitCode
from serialscan.record import Error, PhotoRecord, Source, Tool, from_json, to_json


def test_schema_command_prints_a_valid_schema_that_tells_good_from_bad(serialscan: Program) -> None:
    done = serialscan("schema")
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
