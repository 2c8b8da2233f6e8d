"""What the gateway answers by itself, in both shapes."""

import json

import pytest

from services.kernel.contracts import OPENAPI_FILE
from tests.harness.instance import Instance


def test_the_document_is_public_and_the_committed_one(instance: Instance) -> None:
    with instance.http() as client:
        answer = client.get("/v1/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == json.loads(OPENAPI_FILE.read_text())
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/v1/matters", {}, 401),
        ("GET", "/v1/matters", {"Authorization": "Bearer a.b.c"}, 401),
        ("GET", "/v1/nothing", {}, 404),
        ("GET", "/v1/matters/", {}, 400),
        ("GET", "/v1//matters", {}, 400),
        ("GET", "/v1/matters", {"Host": "evil.example"}, 421),
        ("GET", "/v1/matters", {"X-Redwell-Identity": "admin"}, 400),
        ("GET", "/v1/matters", {"Redwell-Assertion": "x"}, 400),
        ("TRACE", "/v1/matters", {}, 405),
        ("OPTIONS", "/v1/matters", {}, 405),
        ("POST", "/v1/sign-in", {"Content-Type": "text/plain"}, 415),
        ("POST", "/v1/sign-in", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
    ],
)
def test_a_refusal_is_the_same_in_both_shapes(
    instance: Instance, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    with instance.http() as client:
        answer = client.request(method, path, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    for name in ("strict-transport-security", "x-content-type-options", "referrer-policy"):
        assert name in answer.headers
    assert "access-control-allow-origin" not in answer.headers


def test_a_body_beyond_the_limit_is_refused_by_its_head(instance: Instance) -> None:
    with instance.http() as client:
        answer = client.post("/v1/sign-in", json={"email": "x" * 100_000})
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
