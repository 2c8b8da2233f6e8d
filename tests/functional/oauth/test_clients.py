"""What administrators do with programs."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from joserfc.jwk import ECKey

from services.auth.clients.policy import grantable_scopes, interactive_scopes
from services.kernel.scopes import Scope
from tests.functional.oauth.asking import after, creating, refusal
from tests.harness.calls import OPERATIONS
from tests.harness.people import World
from tests.harness.programs import Program, new_program, public_jwk
from tests.harness.rows import rows

_INTO_TEAM = """
INSERT INTO team_members (tenant_id, team_id, member_id, added_at, added_by) VALUES ($1, $2, $3, now(), $3)
"""


@pytest.mark.parametrize("scope", sorted(set(Scope) - grantable_scopes(acting_for_another=False)))
def test_no_interactive_scope_can_be_given(office: World, scope: str) -> None:
    assert refusal(creating(office, scopes=["document:read", scope])) == "422 client-scopes"


def test_what_can_be_given_never_needs_a_factor() -> None:
    given = grantable_scopes(acting_for_another=False) | grantable_scopes(acting_for_another=True)
    assert given
    assert not given & interactive_scopes(OPERATIONS.values())
    assert not {scope for scope in given if scope.partition(":")[0] in ("member", "factor", "self", "log")}


def test_terms_have_bounds(office: World) -> None:
    for ends in (after(office, days=-1), after(office, days=366)):
        assert refusal(creating(office, expires_at=ends)) == "422 client-term"
    for networks in (["10.0.0.1/8"], ["anywhere"], ["fe80::1%eth0/64"]):
        assert refusal(creating(office, networks=networks)) == "422 invalid-input"
    made = creating(office, expires_at=after(office, days=10), networks=["10.0.0.0/8", "2001:DB8::/32"])()
    assert made["networks"] == ["10.0.0.0/8", "2001:db8::/32"]
    path, admin = f"/v1/clients/{made['id']}/keys", office["firm_admin"].client

    def add(**changes: Any) -> Any:
        return admin.call("POST", path, {"jwk": public_jwk(ECKey.generate_key("P-256")), **changes})

    assert refusal(lambda: add(expires_at=after(office, days=366))) == "422 client-term"
    assert refusal(lambda: add(expires_at=after(office, days=-1))) == "422 client-term"
    assert add()["keys"][0]["expires_at"] == made["expires_at"], "a key is over with its client"


def test_a_firms_program_acts_for_the_firm_alone(office: World) -> None:
    assert refusal(creating(office, acting_for=office.other_firm)) == "422 client-acting-for"
    assert refusal(creating(office, "provider_admin")) == "422 client-acting-for"
    stranger = creating(office, "provider_admin", acting_for=office.other_firm)
    assert refusal(stranger) == "404 not-found"
    assert refusal(creating(office, "provider_admin", acting_for=str(uuid4()))) == "404 not-found"
    writing = creating(office, "provider_admin", acting_for=office.firm, scopes=["document:write"])
    assert refusal(writing) == "422 client-scopes"


def test_only_administrators_of_the_organization_reach_it(office: World) -> None:
    program = new_program(office, office["firm_admin"])
    for role in ("attorney", "officer", "paralegal"):
        assert refusal(creating(office, role)) == "403 forbidden"
    stranger = office["other_admin"].client
    path = f"/v1/clients/{program.id}"
    body = {"jwk": public_jwk(ECKey.generate_key("P-256"))}
    assert refusal(lambda: stranger.call("POST", f"{path}/keys", body)) == "404 not-found"
    assert refusal(lambda: stranger.call("POST", f"{path}/disable")) == "404 not-found"
    assert refusal(lambda: stranger.call("POST", f"{path}/keys/{program.kid}/revoke")) == "404 not-found"
    listed = [item["id"] for item in stranger.call("GET", "/v1/clients")["items"]]
    assert program.id not in listed


def test_a_program_is_no_person(office: World) -> None:
    program, admin = new_program(office, office["firm_admin"]), office["firm_admin"].client
    people = admin.call("GET", "/v1/members?limit=200")["items"]
    assert program.id not in [item["id"] for item in people]
    for verb in ("suspend", "reinstate", "offboard"):
        assert refusal(lambda verb=verb: admin.call("POST", f"/v1/members/{program.id}/{verb}")) == (  # type: ignore[misc]
            "404 not-found"
        )


def test_a_program_is_in_no_team(office: World) -> None:
    admin = office["provider_admin"].client
    scopes = ["document:list", "document:read", "matter:read"]
    program = new_program(office, office["provider_admin"], acting_for=office.firm, scopes=scopes)
    team = admin.call("POST", "/v1/teams", {"name": "Of programs"})["id"]
    assert refusal(lambda: admin.call("PUT", f"/v1/teams/{team}/members/{program.id}")) == "404 not-found"
    assert admin.call("GET", f"/v1/teams/{team}/members")["items"] == []
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        rows(office.instance, _INTO_TEAM, UUID(office.provider), UUID(team), UUID(program.id))
    country = f"/v1/members/{program.id}/country"
    assert refusal(lambda: admin.call("PUT", country, {"country": "IN"})) == "404 not-found"


def test_the_firm_that_it_acts_for_is_told(office: World) -> None:
    program = new_program(office, office["provider_admin"], acting_for=office.firm, scopes=["document:read"])
    office["provider_admin"].client.call("POST", f"/v1/clients/{program.id}/disable")
    told = rows(
        office.instance,
        "SELECT type FROM events WHERE tenant_id = $1 AND object_id = $2 ORDER BY id",
        UUID(office.firm),
        UUID(program.id),
    )
    assert [event["type"] for event in told] == ["client.created", "client.disabled"]


def test_a_key_is_one_programs_for_ever(office: World, program: Program) -> None:
    admin, body = office["firm_admin"].client, {"jwk": public_jwk(program.key)}
    other = new_program(office, office["firm_admin"])
    for each in (program, other):
        path = f"/v1/clients/{each.id}/keys"
        assert refusal(lambda path=path: admin.call("POST", path, body)) == "409 client-key-taken"  # type: ignore[misc]
    admin.call("POST", f"/v1/clients/{other.id}/keys/{other.kid}/revoke")
    again = {"jwk": public_jwk(other.key)}
    assert refusal(lambda: admin.call("POST", f"/v1/clients/{other.id}/keys", again)) == (
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
