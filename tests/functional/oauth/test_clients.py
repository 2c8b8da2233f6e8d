"""What administrators do with programs, and what programs may then do, and from when on no more."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import ECKey

from clients.python.redwell_client import ProblemError
from services.auth.clients.policy import grantable_scopes, interactive_scopes
from services.kernel.scopes import Scope
from tests.harness.calls import OPERATIONS, TOKEN_OPERATIONS, Caller, bodies, stored_event
from tests.harness.eventually import eventually
from tests.harness.people import World, matter_body
from tests.harness.programs import CONTENT_SCOPES, Program, new_program, public_jwk, put_on_matter
from tests.harness.rows import events, rows
from tests.harness.stage import LONG, content_of

DOCUMENTS = "/v1/matters/{}/documents"


def _refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(ProblemError) as refused:
        call()
    return f"{refused.value.status} {refused.value.slug}"


def _create(world: World, role: str = "firm_admin", **changes: Any) -> Callable[[], Any]:
    body = {"name": "Robot", "scopes": ["document:read"], **changes}
    return lambda: world[role].client.call("POST", "/v1/clients", body)


def _error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_uri"].rpartition("/")[2]


def _problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def _in(world: World, **term: int) -> str:
    return (world.instance.clock.now() + timedelta(**term)).isoformat()


@pytest.mark.parametrize("scope", sorted(set(Scope) - grantable_scopes(acting_for_another=False)))
def test_no_interactive_scope_can_be_given(office: World, scope: str) -> None:
    assert _refusal(_create(office, scopes=["document:read", scope])) == "422 client-scopes"


def test_what_can_be_given_never_needs_a_factor() -> None:
    given = grantable_scopes(acting_for_another=False) | grantable_scopes(acting_for_another=True)
    assert given
    assert not given & interactive_scopes(OPERATIONS.values())
    assert not {scope for scope in given if scope.partition(":")[0] in ("member", "factor", "self", "log")}


def test_terms_have_bounds(office: World) -> None:
    for ends in (_in(office, days=-1), _in(office, days=366)):
        assert _refusal(_create(office, expires_at=ends)) == "422 client-term"
    for networks in (["10.0.0.1/8"], ["anywhere"], ["fe80::1%eth0/64"]):
        assert _refusal(_create(office, networks=networks)) == "422 invalid-input"
    made = _create(office, expires_at=_in(office, days=10), networks=["10.0.0.0/8", "2001:DB8::/32"])()
    assert made["networks"] == ["10.0.0.0/8", "2001:db8::/32"]
    path, admin = f"/v1/clients/{made['id']}/keys", office["firm_admin"].client

    def add(**changes: Any) -> Any:
        return admin.call("POST", path, {"jwk": public_jwk(ECKey.generate_key("P-256")), **changes})

    assert _refusal(lambda: add(expires_at=_in(office, days=366))) == "422 client-term"
    assert _refusal(lambda: add(expires_at=_in(office, days=-1))) == "422 client-term"
    assert add()["keys"][0]["expires_at"] == made["expires_at"], "a key is over with its client"


def test_a_firms_program_acts_for_the_firm_alone(office: World) -> None:
    assert _refusal(_create(office, acting_for=office.other_firm)) == "422 client-acting-for"
    assert _refusal(_create(office, "provider_admin")) == "422 client-acting-for"
    stranger = _create(office, "provider_admin", acting_for=office.other_firm)
    assert _refusal(stranger) == "404 not-found"
    assert _refusal(_create(office, "provider_admin", acting_for=str(uuid4()))) == "404 not-found"
    writing = _create(office, "provider_admin", acting_for=office.firm, scopes=["document:write"])
    assert _refusal(writing) == "422 client-scopes"


def test_only_administrators_of_the_organization_reach_it(office: World) -> None:
    program = new_program(office, office["firm_admin"])
    for role in ("attorney", "officer", "paralegal"):
        assert _refusal(_create(office, role)) == "403 forbidden"
    stranger = office["other_admin"].client
    path = f"/v1/clients/{program.id}"
    body = {"jwk": public_jwk(ECKey.generate_key("P-256"))}
    assert _refusal(lambda: stranger.call("POST", f"{path}/keys", body)) == "404 not-found"
    assert _refusal(lambda: stranger.call("POST", f"{path}/disable")) == "404 not-found"
    assert _refusal(lambda: stranger.call("POST", f"{path}/keys/{program.kid}/revoke")) == "404 not-found"
    listed = [item["id"] for item in stranger.call("GET", "/v1/clients")["items"]]
    assert program.id not in listed


def test_a_program_is_no_person(office: World) -> None:
    program, admin = new_program(office, office["firm_admin"]), office["firm_admin"].client
    people = admin.call("GET", "/v1/members?limit=200")["items"]
    assert program.id not in [item["id"] for item in people]
    for verb in ("suspend", "reinstate", "offboard"):
        assert _refusal(lambda verb=verb: admin.call("POST", f"/v1/members/{program.id}/{verb}")) == (  # type: ignore[misc]
            "404 not-found"
        )


def test_a_key_is_one_programs_for_ever(office: World, program: Program) -> None:
    admin, body = office["firm_admin"].client, {"jwk": public_jwk(program.key)}
    other = new_program(office, office["firm_admin"])
    for each in (program, other):
        path = f"/v1/clients/{each.id}/keys"
        assert _refusal(lambda path=path: admin.call("POST", path, body)) == "409 client-key-taken"  # type: ignore[misc]
    admin.call("POST", f"/v1/clients/{other.id}/keys/{other.kid}/revoke")
    again = {"jwk": public_jwk(other.key)}
    assert _refusal(lambda: admin.call("POST", f"/v1/clients/{other.id}/keys", again)) == (
        "409 client-key-taken"
    )


def test_when_it_was_used_last_is_shown(office: World) -> None:
    program = new_program(office, office["firm_admin"])

    def shown() -> Any:
        page = office["firm_admin"].client.call("GET", "/v1/clients?limit=200")
        return next(item for item in page["items"] if item["id"] == program.id)

    assert shown()["last_used_at"] is None
    program.token()
    assert shown()["last_used_at"] == shown()["keys"][0]["last_used_at"] is not None


def test_a_token_has_what_was_asked_and_no_more(program: Program, document: str) -> None:
    narrow = program.ask(scope="document:list").json()
    assert narrow["scope"] == "document:list"
    content = f"/v1/documents/{document}/content"
    assert _problem(program.call(narrow["access_token"], "GET", content)) == (403, "forbidden")
    assert program.call(program.token(), "GET", content).content == b"privileged words"
    for wider in ("document:list member:list", "grant:manage", "self:use", "nothing", " ", "a  b"):
        answer = program.ask(scope=wider)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_a_program_reaches_its_matters_alone(office: World, program: Program) -> None:
    attorney, token = office["attorney"], program.token()
    elsewhere = attorney.client.call("POST", "/v1/matters", matter_body(attorney.id))["id"]
    foreign = office["other_attorney"]
    theirs = foreign.client.call("POST", "/v1/matters", matter_body(foreign.id))["id"]
    for matter in (elsewhere, theirs, str(uuid4())):
        for method, path in (("GET", DOCUMENTS), ("GET", "/v1/matters/{}"), ("POST", DOCUMENTS)):
            body = {"name": "x", "folder": "", "class_id": "pleadings"} if method == "POST" else None
            answer = program.call(token, method, path.format(matter), body)
            assert _problem(answer) == (404, "not-found"), (method, path)
    assert program.call(token, "GET", DOCUMENTS.format(office.matter)).status_code == 200
    listed = program.call(token, "GET", "/v1/matters").json()["items"]
    assert [item["id"] for item in listed] == [office.matter]
    told = program.call(token, "GET", "/v1/changes").json()["items"]
    assert {item["matter_id"] for item in told} <= {office.matter}


def test_leaving_the_matter_is_felt_at_once(office: World, document: str) -> None:
    program = new_program(office, office["firm_admin"])
    put_on_matter(office, program, office.matter)
    token, content = program.token(), f"/v1/documents/{document}/content"
    assert program.call(token, "GET", content).status_code == 200
    office["attorney"].client.call("DELETE", f"/v1/matters/{office.matter}/people/{program.id}")
    assert _problem(program.call(token, "GET", content)) == (404, "not-found")


def test_every_operation_beyond_its_scopes_is_forbidden_to_a_program(office: World, program: Program) -> None:
    """Also those that a person without the scope is asked a fresh factor for."""
    caller = Caller(office.instance, dict.fromkeys(_ids(), str(uuid4())) | {"matter_id": office.matter})
    given, token = set(CONTENT_SCOPES), program.token()
    try:
        for name, row in TOKEN_OPERATIONS.items():
            answer = caller.http.request(
                row.method,
                row.path.format_map(caller.ids),
                content=b"{}" if row.media_type else None,
                headers={"Authorization": f"Bearer {token}", "Content-Type": row.media_type or ""},
            )
            if not set(row.scopes) <= given:
                assert (name, answer.status_code) == (name, 403)
            else:
                assert (name, answer.status_code != 403) == (name, True)
                assert row.factor_max_age_seconds is None, name
    finally:
        caller.close()


def _ids() -> set[str]:
    return {part[1:-1] for row in OPERATIONS.values() for part in row.path.split("/") if part[:1] == "{"}


def test_another_firms_program_finds_nothing(office: World, document: str) -> None:
    stranger = new_program(office, office["other_admin"])
    token, valid = stranger.token(), bodies(office)
    ids = dict.fromkeys(_ids(), str(uuid4())) | {"matter_id": office.matter, "document_id": document}
    for name, row in TOKEN_OPERATIONS.items():
        named = {"{matter_id}", "{document_id}"} & set(row.path.split("/"))
        if set(row.scopes) <= set(CONTENT_SCOPES) and named and row.dialect == "v1":
            answer = stranger.call(
                token, row.method, row.path.format_map(ids | {"number": "1"}), valid.get(name)
            )
            assert (name, answer.status_code) == (name, 404)


async def test_evidence_says_which_program_it_was(office: World, program: Program, document: str) -> None:
    answer = program.call(program.token(), "GET", f"/v1/documents/{document}")
    event = await stored_event(office.instance, answer.headers["redwell-event"])
    assert event is not None
    assert str(event["actor_id"]) == program.id
    assert b'"kind":"client"' in event["body"]
    assert b'"acr":"program"' in event["body"]


def test_a_revoked_key_ends_what_was_begun_with_it(office: World, document: str) -> None:
    program, admin = new_program(office, office["firm_admin"]), office["firm_admin"].client
    put_on_matter(office, program, office.matter)
    second = Program(program.instance, program.id, ECKey.generate_key("P-256"))
    admin.call("POST", f"/v1/clients/{program.id}/keys", {"jwk": public_jwk(second.key)})
    ended, lasting, content = program.token(), second.token(), f"/v1/documents/{document}"
    admin.call("POST", f"/v1/clients/{program.id}/keys/{program.kid}/revoke")
    assert _problem(program.call(ended, "GET", content)) == (401, "session-ended")
    assert program.call(lasting, "GET", content).status_code == 200
    assert _error(program.ask()) == (401, "client-key-ended")
    again = f"/v1/clients/{program.id}/keys/{program.kid}/revoke"
    assert _refusal(lambda: admin.call("POST", again)) == "404 not-found"
    told = rows(
        office.instance,
        "SELECT DISTINCT outcome FROM events WHERE reason = 'client-key-ended' AND object_id = $1::uuid",
        program.id,
    )
    assert [row["outcome"] for row in told] == ["denied"]


def test_a_disabled_program_is_over(office: World, document: str) -> None:
    program, admin = new_program(office, office["firm_admin"]), office["firm_admin"].client
    put_on_matter(office, program, office.matter)
    token = program.token()
    admin.call("POST", f"/v1/clients/{program.id}/disable")
    assert _problem(program.call(token, "GET", f"/v1/documents/{document}")) == (401, "session-ended")
    assert _error(program.ask()) == (401, "client-ended")
    assert _refusal(lambda: admin.call("POST", f"/v1/clients/{program.id}/disable")) == "409 client-over"
    body = {"jwk": public_jwk(ECKey.generate_key("P-256"))}
    assert _refusal(lambda: admin.call("POST", f"/v1/clients/{program.id}/keys", body)) == "409 client-over"


def test_what_has_expired_is_refused(office: World) -> None:
    program = new_program(office, office["firm_admin"])
    rows(office.instance, "UPDATE client_keys SET expires_at = now() WHERE client_id = $1::uuid", program.id)
    assert _error(program.ask()) == (401, "client-key-ended")
    rows(office.instance, "UPDATE clients SET expires_at = now() WHERE id = $1::uuid", program.id)
    assert _error(program.ask()) == (401, "client-ended")


def test_a_program_comes_from_where_it_may(office: World) -> None:
    outside = new_program(office, office["firm_admin"], networks=["192.0.2.0/24", "2001:db8::/32"])
    assert _error(outside.ask()) == (401, "client-address-refused")
    inside = new_program(office, office["firm_admin"], networks=["127.0.0.0/8", "::1/128"])
    token = inside.token()
    assert inside.call(token, "GET", "/v1/matters").status_code == 200


def test_a_providers_program_reads_what_it_was_granted(office: World, document: str) -> None:
    scopes = ["document:list", "document:read", "matter:read"]
    program = new_program(office, office["provider_admin"], acting_for=office.firm, scopes=scopes)
    token, content = program.token(), f"/v1/documents/{document}/content"
    assert _problem(program.call(token, "GET", content)) == (404, "not-found")
    colleagues = office["firm_admin"].client.call("GET", f"/v1/providers/{office.provider}/members?limit=200")
    assert {"id": program.id, "roles": ["client"], "name": "Document system"} in colleagues["items"]
    body = {
        "member_id": program.id,
        "engagement_id": office.engagement,
        "classes": ["pleadings"],
        "permissions": ["read"],
        "ends_at": _in(office, days=7),
        "purpose": "Indexing",
    }
    grants = f"/v1/matters/{office.matter}/grants"
    grant = office["attorney"].client.call("POST", grants, body)
    assert program.call(token, "GET", content).content == b"privileged words"
    office["attorney"].client.call("POST", f"/v1/grants/{grant['id']}/revoke")
    assert _problem(program.call(token, "GET", content)) == (404, "not-found")


def test_stock_library(program: Program) -> None:
    """Authlib as its documentation uses it, with an `exp` of an hour that it cannot be told otherwise."""
    with program.authlib() as client:
        first, second = client.fetch_token(), client.fetch_token(scope="matter:read")
        assert first["access_token"] != second["access_token"]
        assert second["scope"] == "matter:read"
        assert client.get("/v1/matters").status_code == 200


def test_a_running_transfer_ends_with_its_key(office: World, tmp_path: Path) -> None:
    long = office.put(tmp_path, "long.bin", content_of("long", LONG))["id"]
    program = new_program(office, office["firm_admin"])
    put_on_matter(office, program, office.matter)
    headers = {"Authorization": f"Bearer {program.token()}"}
    with (
        office.instance.http() as http,
        http.stream("GET", f"/v1/documents/{long}/content", headers=headers) as answer,
    ):
        pieces = answer.iter_bytes()
        next(pieces)
        office["firm_admin"].client.call("POST", f"/v1/clients/{program.id}/keys/{program.kid}/revoke")
        with pytest.raises(httpx.TransportError):
            list(pieces)
    (delivered,) = eventually(lambda: events(office.instance, long, "document.delivered"))
    assert delivered["reason"] == "session-ended"
