"""The OpenAPI document of one service, and of all of them together."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.kernel.http.oauth import ERROR_SCHEMA

PROBLEM_SCHEMA = {
    "title": "Problem",
    "type": "object",
    "description": "A problem document (RFC 9457). It never repeats what was sent.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri"},
    },
    "additionalProperties": True,
}
_SECURITY = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT (RFC 9068), ES256"}}


def service_document(app: FastAPI) -> dict[str, Any]:
    """The service's own paths and schemas, with our problem schema in place of FastAPI's."""
    if app.openapi_schema is None:
        app.openapi_schema = document = get_openapi(
            title=app.title, version=app.version, routes=app.routes, openapi_version="3.1.0"
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas["Problem"] = PROBLEM_SCHEMA
        schemas["OAuthError"] = ERROR_SCHEMA
    return app.openapi_schema


def merged_document(apps: Iterable[FastAPI], version: str) -> dict[str, Any]:
    """One OpenAPI 3.1 document for the whole product.

    Raises:
        ValueError: two services declare the same path and method, or different schemas under one name.
    """
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    for app in apps:
        document = service_document(app)
        for path, methods in document["paths"].items():
            _merge(paths.setdefault(path, {}), methods, path)
        _merge(schemas, document["components"]["schemas"], "schemas")
    for methods in paths.values():
        for definition in methods.values():
            if definition["x-redwell"]["access"] == "token":
                definition["security"] = [{"bearer": []}]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Redwell", "version": version, "license": {"name": "Apache-2.0"}},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": _SECURITY},
    }


def _merge(into: dict[str, Any], more: dict[str, Any], place: str) -> None:
    for name, value in more.items():
        if into.setdefault(name, value) != value:
            raise ValueError(f"{place}: {name} is declared twice, differently")
