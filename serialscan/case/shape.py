"""Whether a value of JSON fits a JSON Schema. Needs nothing but Python.

Knows the part of JSON Schema 2020-12 that the schema of the records uses, and no more.
"""

from __future__ import annotations

from typing import Any

KNOWN = frozenset(
    {
        "$ref", "type", "enum", "const", "anyOf", "oneOf", "properties", "required", "additionalProperties",
        "items", "prefixItems", "minItems", "maxItems", "minimum", "maximum", "exclusiveMinimum",
        "exclusiveMaximum", "minLength", "maxLength",
    }
)  # fmt: skip
"""Keywords that demand something and are looked at."""

NOTES = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "discriminator"})
"""Keywords that demand nothing by themselves."""

_TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip


class ShapeError(ValueError):
    """The value does not fit; the message says where."""


def demand_shape(value: Any, schema: dict[str, Any], whole: dict[str, Any], where: str = "$") -> None:
    """Demand that a value fits a schema.

    Args:
        value: from JSON.
        schema: the schema, or a part of one.
        whole: the whole schema, which names its parts in ``$defs``.
        where: the place of the value, for the message.

    Raises:
        ShapeError: it does not fit.
    """
    if "$ref" in schema:
        demand_shape(value, whole["$defs"][schema["$ref"].rpartition("/")[2]], whole, where)
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(_is(value, name) for name in names):
            raise ShapeError(f"{where} is not {' or '.join(names)}")
    if "enum" in schema and value not in schema["enum"]:
        raise ShapeError(f"{where} is none of the values that are allowed")
    if "const" in schema and value != schema["const"]:
        raise ShapeError(f"{where} is not {schema['const']}")
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema and not any(_fits(value, part, whole, where) for part in schema[keyword]):
            raise ShapeError(f"{where} fits none of the forms that are allowed")
    if isinstance(value, dict):
        _demand_object(value, schema, whole, where)
    elif isinstance(value, list):
        _demand_array(value, schema, whole, where)
    elif isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            raise ShapeError(f"{where} has not the length that is allowed")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        if not low <= value <= high or (above is not None and value <= above):
            raise ShapeError(f"{where} is out of range")
        if below is not None and value >= below:
            raise ShapeError(f"{where} is out of range")


def _demand_object(value: dict[str, Any], schema: dict[str, Any], whole: dict[str, Any], where: str) -> None:
    for name in schema.get("required", ()):
        if name not in value:
            raise ShapeError(f"{where}.{name} is missing")
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name, one in value.items():
        if name in known:
            demand_shape(one, known[name], whole, f"{where}.{name}")
        elif others is False:
            raise ShapeError(f"{where}.{name} is not known")
        elif isinstance(others, dict):
            demand_shape(one, others, whole, f"{where}.{name}")


def _demand_array(value: list[Any], schema: dict[str, Any], whole: dict[str, Any], where: str) -> None:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        raise ShapeError(f"{where} has not the number of values that is allowed")
    first = schema.get("prefixItems", [])
    for number, (one, part) in enumerate(zip(value, first, strict=False)):
        demand_shape(one, part, whole, f"{where}[{number}]")
    others = schema.get("items", True)
    for number, one in enumerate(value[len(first) :], start=len(first)):
        if others is False:
            raise ShapeError(f"{where} has too many values")
        if isinstance(others, dict):
            demand_shape(one, others, whole, f"{where}[{number}]")


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def _fits(value: Any, schema: dict[str, Any], whole: dict[str, Any], where: str) -> bool:
    try:
        demand_shape(value, schema, whole, where)
    except ShapeError:
        return False
    return True
