"""What a program may do, and from when on no more."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import ECKey

from tests.functional.oauth.asking import after, error_of, problem_of, refusal
from tests.harness.calls import OPERATIONS, TOKEN_OPERATIONS, Caller, bodies, stored_event
from tests.harness.eventually import eventually
from tests.harness.people import World, matter_body
from tests.harness.programs import CONTENT_SCOPES, Program, new_program, public_jwk, put_on_matter
from tests.harness.rows import events, rows
from tests.harness.stage import LONG, content_of

DOCUMENTS = "/v1/matters/{}/documents"


def test_a_token_has_what_was_asked_and_no_more(program: Program, document: str) -> None:
    narrow = program.ask(scope="document:list").json()
    assert narrow["scope"] == "document:list"
    content = f"/v1/documents/{document}/content"
    assert problem_of(program.call(narrow["access_token"], "GET", content)) == (403, "forbidden")
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
            assert problem_of(answer) == (404, "not-found"), (method, path)
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
    assert problem_of(program.call(token, "GET", content)) == (404, "not-found")


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
    assert problem_of(program.call(ended, "GET", content)) == (401, "session-ended")
    assert program.call(lasting, "GET", content).status_code == 200
    assert error_of(program.ask()) == (401, "client-key-ended")
    again = f"/v1/clients/{program.id}/keys/{program.kid}/revoke"
    assert refusal(lambda: admin.call("POST", again)) == "404 not-found"
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
    assert problem_of(program.call(token, "GET", f"/v1/documents/{document}")) == (401, "session-ended")
    assert error_of(program.ask()) == (401, "client-ended")
    assert refusal(lambda: admin.call("POST", f"/v1/clients/{program.id}/disable")) == "409 client-over"
    body = {"jwk": public_jwk(ECKey.generate_key("P-256"))}
    assert refusal(lambda: admin.call("POST", f"/v1/clients/{program.id}/keys", body)) == "409 client-over"


def test_what_has_expired_is_refused(office: World) -> None:
    program = new_program(office, office["firm_admin"])
    rows(office.instance, "UPDATE client_keys SET expires_at = now() WHERE client_id = $1::uuid", program.id)
    assert error_of(program.ask()) == (401, "client-key-ended")
    rows(office.instance, "UPDATE clients SET expires_at = now() WHERE id = $1::uuid", program.id)
    assert error_of(program.ask()) == (401, "client-ended")


def test_a_program_comes_from_where_it_may(office: World) -> None:
    outside = new_program(office, office["firm_admin"], networks=["192.0.2.0/24", "2001:db8::/32"])
    assert error_of(outside.ask()) == (401, "client-address-refused")
    inside = new_program(office, office["firm_admin"], networks=["127.0.0.0/8", "::1/128"])
    token = inside.token()
    assert inside.call(token, "GET", "/v1/matters").status_code == 200


def test_a_providers_program_reads_what_it_was_granted(office: World, document: str) -> None:
    scopes = ["document:list", "document:read", "matter:read"]
    program = new_program(office, office["provider_admin"], acting_for=office.firm, scopes=scopes)
    token, content = program.token(), f"/v1/documents/{document}/content"
    assert problem_of(program.call(token, "GET", content)) == (404, "not-found")
    colleagues = office["firm_admin"].client.call("GET", f"/v1/providers/{office.provider}/members?limit=200")
    assert {"id": program.id, "roles": ["client"], "name": "Document system"} in colleagues["items"]
    body = {
        "member_id": program.id,
        "engagement_id": office.engagement,
        "classes": ["pleadings"],
        "permissions": ["read"],
        "ends_at": after(office, days=7),
        "purpose": "Indexing",
    }
    grants = f"/v1/matters/{office.matter}/grants"
    grant = office["attorney"].client.call("POST", grants, body)
    assert program.call(token, "GET", content).content == b"privileged words"
    office["attorney"].client.call("POST", f"/v1/grants/{grant['id']}/revoke")
    assert problem_of(program.call(token, "GET", content)) == (404, "not-found")


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


def test_no_token_is_made_beside_an_end(office: World) -> None:
    """Whatever was given meanwhile is dead when the end is told."""
    admin = office["firm_admin"].client
    program = new_program(office, office["firm_admin"])
    put_on_matter(office, program, office.matter)
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(program.ask) for _ in range(12)]
        admin.call("POST", f"/v1/clients/{program.id}/disable")
        answers = [each.result() for each in asked]
    for answer in answers:
        if answer.status_code == 200:
            token = answer.json()["access_token"]
            assert problem_of(program.call(token, "GET", "/v1/matters")) == (401, "session-ended")
        else:
            assert error_of(answer) == (401, "client-ended")
