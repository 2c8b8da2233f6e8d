import pytest

from services.gateway.decision import decide
from services.gateway.head import RequestHead, hosts_of
from services.kernel.problems import RedwellError
from services.keys.signing import SigningKey
from tests.factories.gateway import (
    FIRM,
    HOST,
    KEY,
    MATTER,
    MEMBER,
    NOW,
    bearer,
    head,
    json_of,
    rules,
)

RULES = rules()
ISSUED = int(NOW.timestamp())


def refused(request: RequestHead) -> RedwellError:
    problem = decide(request, RULES, NOW).problem
    assert problem is not None
    return problem


class TestAdmission:
    def test_a_member_with_the_scope_is_admitted(self) -> None:
        decision = decide(
            head("GET", f"/v1/matters/{MATTER}", bearer(), (b"user-agent", b"x" * 300)), RULES, NOW
        )
        assert decision.problem is None
        assert decision.operation is not None
        assert decision.principal is not None
        assert (decision.operation.id, decision.principal.id, decision.principal.firm) == (
            "matters.get",
            MEMBER,
            FIRM,
        )
        assert decision.user_agent == "x" * 256

    def test_a_public_operation_asks_for_no_token_and_reads_none(self) -> None:
        for token in ((), ((b"authorization", b"Bearer nonsense"),)):
            decision = decide(head("POST", "/v1/sign-in", *json_of(), *token), RULES, NOW)
            assert (decision.problem, decision.principal) == (None, None)

    @pytest.mark.parametrize(
        "content_type",
        [b"application/json", b"Application/JSON; charset=UTF-8", b'application/json;charset="utf-8"'],
    )
    def test_the_type_of_the_operation_is_taken(self, content_type: bytes) -> None:
        assert (
            decide(head("POST", "/v1/sign-in", (b"content-type", content_type)), RULES, NOW).problem is None
        )

    def test_a_stream_has_no_declared_limit(self) -> None:
        length = (b"content-length", b"9" * 19)
        request = head(
            "PUT",
            f"/v1/uploads/{MATTER}/content",
            (b"content-type", b"application/octet-stream"),
            length,
            bearer(),
        )
        assert decide(request, RULES, NOW).problem is None

    @pytest.mark.parametrize(
        "query", ["?", "?limit=5&cursor=AA_-", "?name=O%27Brien%20%C3%A9", "?q=a+b:c@d,(e)*!~'$/?"]
    )
    def test_a_plain_query_passes(self, query: str) -> None:
        assert decide(head("GET", f"/v1/matters{query}", bearer()), RULES, NOW).problem is None


class TestRefusalsBeforeIdentification:
    @pytest.mark.parametrize(
        "query",
        [
            b"?limit=1&limit=2",
            b"?%6cimit=1",
            b"?Limit=1",
            b"?limit=1&",
            b"?=1",
            b"?a=%",
            b"?a=%0",
            b"?a=%zz",
            b"?a=%00",
            b"?a;b",
            b"?a=<b>",
            b'?"',
            b"?\x80",
            b"?a b",
            b"?#",
            b"?a\\b",
            b"?" + b"q" * 2048,
        ],
    )
    def test_a_query_that_could_be_read_in_two_ways(self, query: bytes) -> None:
        assert refused(head("GET", b"/v1/matters" + query, bearer())).slug == "bad-target"

    @pytest.mark.parametrize(
        "name",
        [
            b"redwell-assertion",
            b"redwell_assertion",
            b"x-redwell-identity",
            b"x_redwell_identity",
            b"x-redwell_role",
            b"redwell",
            b"redwellness",
            b"x-http-method-override",
            b"x_http_method_override",
            b"x-method-override",
            b"x-http-method",
            b"x-original-url",
            b"x-rewrite-url",
        ],
    )
    def test_a_header_that_is_not_the_clients_to_send(self, name: bytes) -> None:
        assert refused(head("GET", "/v1/matters", bearer(), (name, b"x"))).slug == "reserved-header"

    @pytest.mark.parametrize(
        "name", [b"authorization", b"content-type", b"content-length", b"host", b"range", b"idempotency-key"]
    )
    def test_a_header_that_is_there_twice(self, name: bytes) -> None:
        assert (
            refused(head("GET", "/v1/matters", HOST, (name, b"1"), (name, b"1"), host=False)).slug
            == "repeated-header"
        )

    @pytest.mark.parametrize("name", [b"x-forwarded-for", b"x-forwarded-host", b"forwarded", b"x-real-ip"])
    def test_forwarding_headers_change_nothing(self, name: bytes) -> None:
        assert (
            decide(head("GET", "/v1/matters", bearer(), (name, b"203.0.113.9")), RULES, NOW).problem is None
        )

    @pytest.mark.parametrize(
        "host",
        [
            b"evil",
            b"localhost",
            b"localhost:443",
            b"localhost:8443.evil",
            b"localhost:8443, evil",
            b"",
            b"192.0.2.1:8443",
        ],
    )
    def test_another_host(self, host: bytes) -> None:
        assert refused(head("GET", "/v1/matters", (b"host", host), bearer(), host=False)).status == 421

    def test_no_host(self) -> None:
        assert refused(head("GET", "/v1/matters", bearer(), host=False)).status == 400

    def test_an_unknown_path_is_not_found_without_a_look_at_the_token(self) -> None:
        decision = decide(head("GET", "/v1/nothing", bearer()), RULES, NOW)
        assert decision.problem is not None
        assert (decision.problem.status, decision.operation, decision.principal) == (404, None, None)

    @pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PATCH", "DELETE", "PROPFIND", "get", ""])
    def test_a_method_that_is_not_served(self, method: str) -> None:
        assert refused(head(method, "/v1/matters", bearer())).status == 405

    @pytest.mark.parametrize(
        "headers",
        [
            (),
            ((b"content-type", b"text/plain"),),
            ((b"content-type", b"application/x-www-form-urlencoded"),),
            ((b"content-type", b"application/json; charset=utf-16"),),
            ((b"content-type", b"application/json, text/plain"),),
            ((b"content-type", b"application/jsonp"),),
            ((b"content-type", b"application/json"), (b"content-encoding", b"gzip")),
            ((b"content-type", b"application/json"), (b"content-encoding", b"identity")),
        ],
    )
    def test_a_body_of_another_kind(self, headers: tuple[tuple[bytes, bytes], ...]) -> None:
        assert refused(head("POST", "/v1/matters", bearer(), *headers)).status == 415

    @pytest.mark.parametrize(
        ("length", "status"),
        [
            (b"1025", 413),
            (b"9" * 19, 413),
            (b"9" * 20, 400),
            (b"-1", 400),
            (b"+1", 400),
            (b"1_0", 400),
            (b"\xb2", 400),
            (b"", 400),
        ],
    )
    def test_a_length_that_is_not_taken(self, length: bytes, status: int) -> None:
        request = head(
            "POST",
            "/v1/matters",
            bearer(),
            (b"content-type", b"application/json"),
            (b"content-length", length),
        )
        assert refused(request).status == status

    def test_a_body_where_none_belongs(self) -> None:
        assert refused(head("GET", "/v1/matters", bearer(), (b"content-length", b"1"))).status == 413


class TestTokens:
    def test_none_at_all_gets_the_bare_challenge(self) -> None:
        problem = refused(head("GET", "/v1/matters"))
        assert (problem.status, problem.headers()) == (401, {"WWW-Authenticate": "Bearer"})

    @pytest.mark.parametrize(
        "value",
        [
            b"",
            b"Bearer",
            b"Bearer ",
            b"Basic YTpi",
            b"Bearer a.b.c",
            b"Bearer\tx",
            b"Bearer  x",
            b"bearer \xff",
            b"DPoP x",
        ],
    )
    def test_what_is_no_token(self, value: bytes) -> None:
        problem = refused(head("GET", "/v1/matters", (b"authorization", value)))
        assert problem.headers() == {"WWW-Authenticate": 'Bearer error="invalid_token"'}

    @pytest.mark.parametrize(
        "change",
        [
            {"iss": "https://evil"},
            {"aud": "https://evil"},
            {"exp": ISSUED},
            {"iat": ISSUED + 60},
            {"exp": ISSUED + 601},
            {"sub": "nobody"},
            {"sid": 1},
            {"org": None},
            {"firm": "x"},
            {"roles": "attorney"},
            {"roles": ["king"]},
            {"roles": [1]},
            {"scope": ["matter:read"]},
            {"scope": "everything"},
            {"acr": 2},
            {"amr": "pwd"},
            {"auth_time": "now"},
            {"auth_time": True},
            {"auth_time": 10**15},
        ],
    )
    def test_a_claim_that_is_wrong(self, change: dict[str, object]) -> None:
        assert refused(head("GET", "/v1/matters", bearer(**change))).slug == "unauthorized"

    @pytest.mark.parametrize("typ", ["JWT", "rw-int+jwt", "rt+jwt", "application/at+jwt"])
    def test_another_type_of_token(self, typ: str) -> None:
        assert refused(head("GET", "/v1/matters", bearer(KEY, typ))).status == 401

    def test_anothers_key(self) -> None:
        assert refused(head("GET", "/v1/matters", bearer(SigningKey.generate()))).status == 401

    def test_one_factor_is_not_enough(self) -> None:
        assert refused(head("GET", "/v1/matters", bearer(acr="aal1"))).slug == "mfa-required"

    def test_the_scheme_has_no_case(self) -> None:
        name, value = bearer()
        assert decide(head("GET", "/v1/matters", (name, b"bEARER" + value[6:])), RULES, NOW).problem is None

    def test_a_token_that_was_believed_is_checked_again(self) -> None:
        own, short = rules(), bearer(exp=ISSUED + 1)
        assert decide(head("GET", "/v1/matters", short), own, NOW).problem is None
        later = NOW.replace(second=2)
        assert decide(head("GET", "/v1/matters", short), own, later).problem is not None


class TestRefusalsOfTheIdentified:
    def test_a_missing_scope_is_forbidden(self) -> None:
        decision = decide(head("GET", "/v1/log/events", bearer()), RULES, NOW)
        assert decision.problem is not None
        assert decision.principal is not None
        assert (decision.problem.status, decision.principal.id) == (403, MEMBER)

    def test_every_scope_is_needed(self) -> None:
        assert (
            refused(head("GET", f"/v1/matters/{MATTER}/documents", bearer(scope="matter:read"))).status == 403
        )

    def test_a_scope_that_no_role_gives_is_worth_nothing(self) -> None:
        assert refused(head("GET", "/v1/log/events", bearer(scope="log:read"))).status == 403

    def test_a_role_of_another_organization_is_worth_what_it_may_there(self) -> None:
        elsewhere = str(FIRM).replace("2", "9")
        assert refused(head("GET", "/v1/matters", bearer(firm=elsewhere))).status == 403
        paralegal = bearer(firm=elsewhere, roles=["paralegal"], scope="matter:read")
        assert decide(head("GET", "/v1/matters", paralegal), RULES, NOW).problem is None

    def test_nobody_is_asked_for_a_factor_for_what_they_may_not_do(self) -> None:
        old = bearer(scope="matter:read", auth_time=ISSUED - 3000)
        assert refused(head("POST", f"/v1/grants/{MATTER}/revoke", old)).status == 403

    @pytest.mark.parametrize(("age", "admitted"), [(0, True), (300, True), (301, False)])
    def test_a_sensitive_operation_wants_a_fresh_factor(self, age: int, *, admitted: bool) -> None:
        decision = decide(
            head("POST", f"/v1/grants/{MATTER}/revoke", bearer(auth_time=ISSUED - age)), RULES, NOW
        )
        assert (decision.problem is None) is admitted
        assert decision.problem is None or decision.problem.slug == "step-up-required"
        assert decision.principal is not None


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://files.example", {b"files.example", b"files.example:443"}),
        ("https://Files.example:8443", {b"files.example:8443"}),
        ("https://localhost:8443", {b"localhost:8443", b"127.0.0.1:8443", b"[::1]:8443"}),
        ("https://[::1]:8443", {b"localhost:8443", b"127.0.0.1:8443", b"[::1]:8443"}),
    ],
)
def test_hosts_of_a_public_url(url: str, hosts: set[bytes]) -> None:
    assert hosts_of(url) == hosts
