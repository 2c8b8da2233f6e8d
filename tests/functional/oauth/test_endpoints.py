"""The dialect `oauth` in both shapes: what is public, and how it refuses."""

import httpx
import pytest

from services.kernel.http.operation import Operation
from services.keys.keyring import keyring_from_jwks
from tests.harness.calls import OPERATIONS
from tests.harness.instance import Instance

FORM = "application/x-www-form-urlencoded"
DIALECT = [row for row in OPERATIONS.values() if row.dialect == "oauth"]
FORMS = [row for row in DIALECT if row.method == "POST"]


def test_the_server_says_where_tokens_are_had(instance: Instance) -> None:
    with instance.http() as client:
        told = client.get("/.well-known/oauth-authorization-server")
        document = told.json()
        keys = client.get(document["jwks_uri"])
        assert document["issuer"] == instance.url
        assert document["token_endpoint"] == f"{instance.url}/oauth/token"
        device = client.post(document["device_authorization_endpoint"], data={"client_id": "redwell"}).json()
        page = client.get(device["verification_uri"])
    assert (told.status_code, told.headers["content-type"]) == (200, "application/json")
    assert document["response_types_supported"] == []
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert len(page.headers.get_list("content-security-policy")) == 1
    assert document["token_endpoint_auth_signing_alg_values_supported"] == ["ES256"]
    assert document["dpop_signing_alg_values_supported"] == ["ES256"]
    assert len(keyring_from_jwks(keys.json())) >= 1
    assert all("d" not in key for key in keys.json()["keys"])


@pytest.mark.parametrize(
    ("content_type", "body", "status", "told"),
    [
        (FORM, b"", 400, ("invalid_request", "invalid-request")),
        (FORM, b"grant_type=password", 400, ("unsupported_grant_type", "unsupported-grant-type")),
        (FORM, b"grant_type=", 400, ("invalid_request", "invalid-request")),
        (FORM, b"grant_type=a&grant_type=a", 400, ("invalid_request", "malformed-form")),
        (FORM, b"grant_type=a;scope=b", 400, ("invalid_request", "malformed-form")),
        (FORM, b"grant_type=%ff", 400, ("invalid_request", "malformed-form")),
        (FORM, b"grant_type=%00", 400, ("invalid_request", "malformed-form")),
        (FORM, b"grant_type=\xff", 400, ("invalid_request", "malformed-form")),
        (FORM, b"&".join(b"a%d=1" % each for each in range(30)), 400, ("invalid_request", "malformed-form")),
        (FORM, b"grant_type=" + b"a" * 20_000, 413, ("invalid_request", "too-large")),
        ("application/json", b"{}", 415, ("invalid_request", "unsupported-media-type")),
        (None, b"grant_type=a", 415, ("invalid_request", "unsupported-media-type")),
    ],
)
def test_what_is_no_token_request_is_told_so(
    instance: Instance, content_type: str | None, body: bytes, status: int, told: tuple[str, str]
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    with instance.http() as client:
        answer = client.post("/oauth/token", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, told[0])
    assert answer.json()["error_uri"] == f"https://redwell.dev/errors/{told[1]}"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("row", DIALECT, ids=lambda row: row.id)
def test_what_the_gateway_refuses_has_the_form_of_the_dialect(instance: Instance, row: Operation) -> None:
    with instance.http() as client:
        answer = client.request(row.method, row.path, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["error"]) == (415, "invalid_request")
    _is_oauth(answer)


def _is_oauth(answer: httpx.Response) -> None:
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error", "error_description", "error_uri"}
    for name in ("cache-control", "x-content-type-options", "strict-transport-security", "request-id"):
        assert name in answer.headers
