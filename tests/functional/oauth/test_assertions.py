"""Assertions that are refused, each for one thing that is wrong with it, and what the log says of it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import ECKey, OctKey

from tests.harness.people import World
from tests.harness.programs import ASSERTION_TYPE, Program, new_program, public_jwk
from tests.harness.rows import rows

LONG_AGO = 301
MINUTE = 60


def _refused(answer: httpx.Response, slug: str = "client-refused") -> None:
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), answer.text
    assert answer.json()["error_uri"].endswith(f"/{slug}")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def _counted(world: World, reason: str) -> int:
    """How often this is on record, as a count or folded into an event already."""
    found = rows(
        world.instance,
        "WITH folded AS (SELECT convert_from(body, 'utf8')::json -> 'change' AS change FROM events "
        "WHERE type = 'refusals.counted') "
        "SELECT (SELECT coalesce(sum(count), 0) FROM refusal_counts WHERE reason = $1) + "
        "(SELECT coalesce(sum((change ->> 'count')::int), 0) FROM folded WHERE change ->> 'reason' = $1)",
        reason,
    )
    return int(found[0][0])


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "https://elsewhere.example/oauth/token"}, "assertion-wrong-audience"),
        ({"aud": None}, "assertion-wrong-audience"),
        ({"iss": str(uuid4())}, "assertion-wrong-issuer"),
        ({"iss": None}, "assertion-wrong-issuer"),
        ({"jti": None}, "assertion-bad-claims"),
        ({"jti": "short"}, "assertion-bad-claims"),
        ({"jti": 1}, "assertion-bad-claims"),
        ({"exp": None}, "assertion-bad-claims"),
        ({"iat": None}, "assertion-bad-claims"),
        ({"iat": 1.5}, "assertion-malformed"),
        ({"sub": None}, "assertion-bad-claims"),
    ],
)
def test_an_assertion_with_wrong_claims(
    office: World, program: Program, claims: dict[str, Any], reason: str
) -> None:
    before = _counted(office, reason)
    _refused(program.ask(program.assertion(**claims)))
    assert _counted(office, reason) == before + 1


def test_an_audience_of_several(program: Program) -> None:
    audience = [f"{program.instance.url}/oauth/token", "https://elsewhere.example"]
    _refused(program.ask(program.assertion(aud=audience)))


@pytest.mark.parametrize(
    ("issued", "expires", "reason"),
    [
        (-LONG_AGO, 3000, "assertion-expired"),
        (-2 * MINUTE, -1, "assertion-expired"),
        (2 * MINUTE, 3 * MINUTE, "assertion-not-yet-valid"),
        (0, 3602, "assertion-too-long-lived"),
        (0, 0, "assertion-too-long-lived"),
    ],
)
def test_an_assertion_of_another_time(
    office: World, program: Program, issued: int, expires: int, reason: str
) -> None:
    now, before = int(office.instance.clock.now().timestamp()), _counted(office, reason)
    _refused(program.ask(program.assertion(iat=now + issued, exp=now + expires)))
    assert _counted(office, reason) == before + 1


@pytest.mark.parametrize(
    "header",
    [
        {"kid": None},
        {"kid": "A" * 43},
        {"kid": "../../etc/passwd"},
        {"typ": "at+jwt"},
        {"typ": "dpop+jwt"},
        {"jku": "https://elsewhere.example/keys"},
    ],
)
def test_an_assertion_with_another_header(program: Program, header: dict[str, Any]) -> None:
    _refused(program.ask(program.assertion(header=header)))


def test_an_assertion_of_another_algorithm(program: Program) -> None:
    genuine = program.assertion()
    for header in ("eyJhbGciOiJub25lIn0", "eyJhbGciOiJub25lIiwia2lkIjoiYSJ9"):
        _, claims, signature = genuine.split(".")
        _refused(program.ask(f"{header}.{claims}.{signature}"))
        _refused(program.ask(f"{header}.{claims}."))
    shared = Program(program.instance, program.id, OctKey.import_key("x" * 32))  # type: ignore[arg-type]
    _refused(program.ask(shared.assertion(header={"alg": "HS256", "kid": program.kid})))


def test_an_assertion_of_another_key(office: World, program: Program) -> None:
    other = ECKey.generate_key("P-256")
    thief = Program(program.instance, program.id, other)
    before = _counted(office, "assertion-bad-signature")
    _refused(program.ask(thief.assertion(header={"kid": program.kid})))
    assert _counted(office, "assertion-bad-signature") == before + 1
    _refused(program.ask(thief.assertion()))


def test_an_assertion_of_another_program(office: World, program: Program) -> None:
    neighbour = new_program(office, office["firm_admin"])
    borrowed = Program(program.instance, program.id, neighbour.key)
    _refused(program.ask(borrowed.assertion()))
    _refused(program.ask(client_id=neighbour.id))
    unknown = Program(program.instance, str(uuid4()), program.key)
    _refused(unknown.ask())


def test_what_is_no_assertion(program: Program) -> None:
    assertion = program.assertion()
    form = {"grant_type": "client_credentials", "client_assertion": assertion}
    with program.instance.http() as http:
        _refused(http.post("/oauth/token", data={"grant_type": "client_credentials"}))
        _refused(http.post("/oauth/token", data=form))
        _refused(http.post("/oauth/token", data=form | {"client_assertion_type": "saml"}))
        _refused(http.post("/oauth/token", data=form, auth=("id", "secret")))
        basic = {"grant_type": "client_credentials", "client_id": program.id, "client_secret": "x"}
        _refused(http.post("/oauth/token", data=basic))
    for text in ("x", "a.b.c", "." * 3, assertion + "=", assertion[:-4]):
        _refused(program.ask(text))


def test_an_assertion_is_good_once(office: World, program: Program) -> None:
    assertion = program.assertion()
    assert program.ask(assertion).status_code == 200
    _refused(program.ask(assertion), "assertion-replayed")
    _refused(program.post("/oauth/introspect", assertion, token="x"), "assertion-replayed")
    told = rows(
        office.instance,
        "SELECT DISTINCT outcome, object_kind FROM events "
        "WHERE reason = 'assertion-replayed' AND object_id = $1::uuid AND type = 'token.issued'",
        program.id,
    )
    assert [tuple(row) for row in told] == [("denied", "client")]


def test_each_kind_of_token_is_good_for_its_own_use_alone(program: Program) -> None:
    assertion, token = program.assertion(), program.token()
    as_access = program.call(assertion, "GET", "/v1/matters")
    assert (as_access.status_code, as_access.json()["type"].rpartition("/")[2]) == (401, "unauthorized")
    _refused(program.ask(token))


def test_of_many_uses_at_once_one_succeeds(office: World) -> None:
    program = new_program(office, office["firm_admin"])
    assertion = program.assertion()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: program.ask(assertion).status_code, range(8)))
    assert sorted(answers) == [200] + [401] * 7


def test_a_failing_program_waits_and_others_do_not(office: World) -> None:
    failing, other = (new_program(office, office["firm_admin"]) for _ in range(2))
    with failing.instance.http() as http:

        def fail() -> int:
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": failing.assertion(aud="https://elsewhere.example"),
            }
            return http.post("/oauth/token", data=form).status_code

        statuses = [fail() for _ in range(31)]
    assert statuses[:30] == [401] * 30
    waits = failing.ask()
    assert (waits.status_code, waits.json()["error"]) == (429, "temporarily_unavailable")
    assert int(waits.headers["retry-after"]) > 0
    assert other.token()


def test_a_private_key_is_not_taken(office: World, program: Program) -> None:
    admin, path = office["firm_admin"].client, f"/v1/clients/{program.id}/keys"
    key = ECKey.generate_key("P-256")
    token = admin.tokens
    assert token is not None
    for jwk in (
        {**public_jwk(key), "d": key.as_dict(private=True)["d"]},
        {**public_jwk(key), "x": "A" * 43},
        {**public_jwk(key), "crv": "P-384"},
        {"kty": "oct", "k": "AAAA"},
    ):
        answer = program.call(token.access, "POST", path, {"jwk": jwk})
        assert answer.status_code == 422
        assert str(jwk.get("d", "no d")) not in answer.text
