"""Operations: what each route declares, and the table that the gateway decides from.

A route declares itself with `declare(...)`; `operations_of(app)` reads the declarations back from the OpenAPI
document, so that nothing can be served that is not in the table (`contracts/operations.json`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fastapi import FastAPI

from services.kernel.problems import PROBLEM_TYPE
from services.kernel.scopes import Scope

Access = Literal["public", "token", "capability"]
Dialect = Literal["v1", "oauth", "tlog", "tus", "page"]
JSON_LIMIT_BYTES = 64 * 1024
FRESH_SECONDS = 300
EXTENSION = "x-redwell"
SECRET = "{capability}"  # noqa: S105 -- where a secret is, not what
"""The path parameter that is never written anywhere."""
_ABSENT = dict.fromkeys(("factor_max_age_seconds", "body_limit_bytes", "media_type"))  # FastAPI drops nulls
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_SLUG = r"[A-Za-z0-9_-]{1,64}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the policy table.

    `scopes`: all of them are needed. `factor_max_age_seconds`: how old the last factor may be (None: any).
    `body_limit_bytes`: 0 takes no body, None is a stream that the operation bounds itself.
    `event`: the type of the evidence it leaves.
    """

    id: str
    service: str
    method: str
    path: str
    pattern: str
    dialect: Dialect
    access: Access
    scopes: tuple[str, ...]
    factor_max_age_seconds: int | None
    body_limit_bytes: int | None
    media_type: str | None
    event: str

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> "Operation":
        return cls(**{**row, "scopes": tuple(row["scopes"])})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def ids_in(self, path: str) -> dict[str, str]:
        """What a path of this operation names, by parameter. The path must match the pattern.

        What lies in a path as a secret is left out.
        """
        pairs = zip(self.path.split("/"), path.split("/"), strict=True)
        return {name[1:-1]: value for name, value in pairs if name.startswith("{") and name != SECRET}


class UndeclaredOperationError(RuntimeError):
    """A route does not say who may use it and what evidence it leaves; the process must not start."""


def declare(  # noqa: PLR0913 -- one keyword for each column of the policy table
    operation_id: str,
    *,
    event: str,
    scopes: Iterable[Scope] = (),
    access: Access = "token",
    fresh: bool = False,
    body_limit_bytes: int | None = 0,
    media_type: str | None = None,
    dialect: Dialect = "v1",
    problems: Iterable[int] = (),
) -> dict[str, Any]:
    """Keyword arguments for a route decorator.

    Args:
        operation_id: `noun.verb`, stable for ever.
        event: evidence type, `noun.act[.phase]`.
        scopes: what the principal must hold.
        access: `public` is for operations that make or renew a token; `capability`, for those whose path
            holds a secret that stands for somebody and opens one thing.
        fresh: demand a factor at most five minutes old (RFC 9470).
        body_limit_bytes: see `Operation`; with `json_body()` for JSON operations.
        media_type: the only request media type taken.
        dialect: fixes path pattern, error shape and media types.
        problems: statuses beyond those that every operation may answer.
    """
    common = {400, 401, 404, 500, 503} | ({429} if access == "public" else {403})
    body = {413, 415, 422} if body_limit_bytes != 0 else {422}
    return {
        "operation_id": operation_id,
        "responses": {status: _refusal(dialect) for status in sorted(common | body | set(problems))},
        "openapi_extra": {
            EXTENSION: {
                "dialect": dialect,
                "access": access,
                "scopes": sorted(scopes),
                "factor_max_age_seconds": FRESH_SECONDS if fresh else None,
                "body_limit_bytes": body_limit_bytes,
                "media_type": media_type,
                "event": event,
            }
        },
    }


def json_body() -> dict[str, Any]:
    """The part of `declare` for an operation that takes a JSON body."""
    return {"body_limit_bytes": JSON_LIMIT_BYTES, "media_type": "application/json"}


def _refusal(dialect: Dialect) -> dict[str, Any]:
    if dialect == "oauth":
        schema = {"$ref": "#/components/schemas/OAuthError"}
        return {"description": "Error (RFC 6749)", "content": {"application/json": {"schema": schema}}}
    return {
        "description": "Problem document (RFC 9457)",
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def operations_of(app: FastAPI, service: str) -> tuple[Operation, ...]:
    """Every operation that `app` serves, in a stable order.

    Raises:
        UndeclaredOperationError: a route was not declared with `declare`.
    """
    found = [
        _operation(service, method, path, definition)
        for path, methods in app.openapi()["paths"].items()
        for method, definition in methods.items()
        if method in _METHODS
    ]
    return tuple(sorted(found, key=lambda operation: operation.id))


def _operation(service: str, method: str, path: str, definition: Mapping[str, Any]) -> Operation:
    declared = definition.get(EXTENSION)
    if declared is None:
        raise UndeclaredOperationError(f"{method.upper()} {path} declares no policy")
    return Operation(
        id=definition["operationId"],
        service=service,
        method=method.upper(),
        path=path,
        pattern=_pattern(path, definition.get("parameters", [])),
        **{**_ABSENT, **declared, "scopes": tuple(declared["scopes"])},
    )


def _pattern(path: str, parameters: Iterable[Mapping[str, Any]]) -> str:
    """The only raw spelling of the path that is served: what does not match has no operation."""
    formats = {p["name"]: p["schema"].get("format") for p in parameters if p["in"] == "path"}
    return re.sub(
        r"\\\{(\w+)\\\}",
        lambda match: _UUID if formats[match[1]] == "uuid" else _SLUG,
        re.escape(path),
    )
