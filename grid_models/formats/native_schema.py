"""The JSON Schema of the native form, for editors and for other programs."""

from typing import Any

from grid_models.case import Case

SCHEMA_ID = "urn:gridflex:case:1"
REFERENCE = {
    "title": "SeriesReference",
    "description": "A column of a CSV or Parquet table beside the case, one row per step.",
    "type": "object",
    "properties": {
        "file": {"type": "string", "description": "Path relative to the case file, inside its folder."},
        "column": {"type": "string"},
    },
    "required": ["file", "column"],
    "additionalProperties": False,
}


def case_schema() -> dict[str, Any]:
    """What a native case may hold, as JSON Schema 2020-12."""
    schema = Case.model_json_schema()
    _allow_references(schema)
    schema["$defs"]["SeriesReference"] = REFERENCE
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
        "title": "gridflex case, format version 1",
        "required": ["format_version", *schema["required"]],
    }


def _allow_references(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _allow_references(item)
    if not isinstance(node, dict):
        return
    for item in node.values():
        _allow_references(item)
    choices = node.get("anyOf")
    if isinstance(choices, list) and any(_is_series(choice) for choice in choices):
        choices.append({"$ref": "#/$defs/SeriesReference"})


def _is_series(choice: Any) -> bool:
    items = choice.get("items", {}) if isinstance(choice, dict) and choice.get("type") == "array" else {}
    kinds = [items.get("type"), *(option.get("type") for option in items.get("anyOf", []))]
    return "number" in kinds or "boolean" in kinds
