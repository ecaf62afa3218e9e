"""The document that says what a service answers: every schema, and the one problem that all errors share."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What is wrong, and the way out (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Stable name of the problem, such as /problems/naive-time."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "problems": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": True,
}


def documented(app: FastAPI, read_by_hand: tuple[type[BaseModel], ...] = ()) -> dict[str, Any]:
    """OpenAPI 3.1, with the schemas of bodies that routes read as bytes; made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        schemas = document["components"]["schemas"]
        wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in read_by_hand]
        _, by_hand = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
        document["components"]["schemas"] = by_hand.get("$defs", {}) | schemas | {"Problem": PROBLEM}
        app.openapi_schema = document
    return app.openapi_schema
