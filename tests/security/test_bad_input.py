"""Input that breaks parsers, sent to every operation that takes JSON: a clear refusal, and never an echo."""

import json
from collections.abc import Iterator

import httpx
import pytest

from services.kernel.http.operation import JSON_LIMIT_BYTES, Operation
from services.kernel.problems import PROBLEM_TYPE
from tests.harness.calls import OPERATIONS, Caller
from tests.harness.people import Person, World

CANARY = "canary-5f1c2d"
BODIES = {
    "empty": b"",
    "not JSON": f'{{"{CANARY}'.encode(),
    "another encoding": json.dumps({"name": CANARY}).encode("utf-16"),
    "NUL": json.dumps({"name": f"{CANARY}\0", "code": f"{CANARY}\0"}).encode(),
    "lone surrogate": b'{"name": "' + CANARY.encode() + b'\\ud800"}',
    "lone surrogate as a name": b'{"' + CANARY.encode() + b'\\udfff": 1}',
    "overflowing number": b'{"name": 1e400, "x": "' + CANARY.encode() + b'"}',
    "not a number": b'{"name": NaN, "x": "' + CANARY.encode() + b'"}',
    "huge integer": b'{"name": ' + b"9" * 5000 + b', "x": "' + CANARY.encode() + b'"}',
    "nested deeply": b'{"a":' * 5000 + b'"' + CANARY.encode() + b'"' + b"}" * 5000,
    "a list nested deeply": b"[" * 30000 + b"]" * 30000,
    "duplicate names": f'{{"name": "a", "name": "{CANARY}"}}'.encode(),
    "unknown field": json.dumps({CANARY: CANARY}).encode(),
    "a list": json.dumps([CANARY]).encode(),
    "a string": json.dumps(CANARY).encode(),
    "null": b"null",
    "wrong types": json.dumps(
        {
            name: {CANARY: [CANARY]}
            for name in ("name", "email", "code", "kind", "filter", "classes", "refresh_token")
        }
    ).encode(),
    "too large": json.dumps({"name": CANARY * (JSON_LIMIT_BYTES // len(CANARY) + 1)}).encode(),
}
JSON_OPERATIONS = {name: row for name, row in OPERATIONS.items() if row.media_type == "application/json"}


@pytest.fixture(scope="module")
def caller(world: World) -> Iterator[Caller]:
    ids = (
        "document_id",
        "number",
        "upload_id",
        "grant_id",
        "provider_id",
        "organization_id",
        "member_id",
        "consent_id",
        "request_id",
        "hold_id",
        "team_id",
        "session_id",
        "factor_id",
        "event_id",
        "client_id",
        "kid",
    )
    made = Caller(
        world.instance,
        dict.fromkeys(ids, world.firm) | {"matter_id": world.matter, "engagement_id": world.engagement},
    )
    yield made
    made.close()


def _person(world: World, operation: Operation) -> Person | None:
    """Somebody who may ask for the operation, so that the body is really read."""
    if operation.access == "public":
        return None
    role = {
        "organizations": world.operator,
        "invitations": world["firm_admin"],
        "engagements": world["firm_admin"],
        "members": world["provider_admin"],
        "teams": world["provider_admin"],
        "classes": world["firm_admin"],
        "clients": world["firm_admin"],
        "policies": world["firm_admin"],
        "log": world["officer"],
        "tokens": world["firm_staff"],
        "step_up": world["firm_staff"],
        "totp": world["firm_admin"],
        "password": world["firm_admin"],
    }
    role["nda"] = world["paralegal" if operation.id == "nda.sign" else "firm_admin"]
    return role.get(operation.id.partition(".")[0], world["attorney"])


@pytest.mark.parametrize("kind", BODIES)
def test_bad_bodies_are_refused_without_an_echo(caller: Caller, world: World, kind: str) -> None:
    assert len(JSON_OPERATIONS) >= 14
    for name, operation in JSON_OPERATIONS.items():
        person = _person(world, operation)
        headers = {"Content-Type": "application/json"}
        if person is not None:
            assert person.client.tokens is not None
            headers["Authorization"] = f"Bearer {person.client.tokens.access}"
        path = operation.path.format_map(caller.ids)
        answer = caller.http.request(operation.method, path, content=BODIES[kind], headers=headers)
        assert 400 <= answer.status_code < 500, (name, kind, answer.status_code, answer.text)
        _is_problem_without_echo(answer)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_other_media_types_are_refused(caller: Caller, world: World, content_type: str | None) -> None:
    """No mutating call without a preflight (ASVS 3.5.2)."""
    for operation in JSON_OPERATIONS.values():
        person = _person(world, operation)
        headers = {"Content-Type": content_type} if content_type else {}
        if person is not None:
            assert person.client.tokens is not None
            headers["Authorization"] = f"Bearer {person.client.tokens.access}"
        path = operation.path.format_map(caller.ids)
        answer = caller.http.request(operation.method, path, content=b"{}", headers=headers)
        assert answer.status_code == 415
        _is_problem_without_echo(answer)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=100000",
        "limit=x",
        "cursor=%21",
        f"cursor={CANARY}",
        f"{CANARY}=1",
        "limit=1&limit=2",
    ],
)
def test_bad_queries_are_refused(caller: Caller, world: World, query: str) -> None:
    attorney = world["attorney"].client.tokens
    assert attorney is not None
    answer = caller.http.get(
        f"/v1/matters/{world.matter}/documents?{query}",
        headers={"Authorization": f"Bearer {attorney.access}"},
    )
    assert answer.status_code in (400, 422)
    _is_problem_without_echo(answer)


def _is_problem_without_echo(answer: httpx.Response) -> None:
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert answer.json()["status"] == answer.status_code
    assert CANARY not in answer.text
    for name in ("cache-control", "x-content-type-options", "strict-transport-security", "request-id"):
        assert name in answer.headers
    assert "uvicorn" not in answer.headers.get("server", "")
