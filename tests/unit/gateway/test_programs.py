"""A program's token at the gateway: what it may lack that a person's has, and what it never gets."""

from dataclasses import replace

import pytest

from services.gateway.decision import decide
from services.gateway.policy import PolicyTable
from services.gateway.tokens import claims_of_principal, principal_of_claims
from services.kernel.problems import RedwellError
from services.keys.verification import TokenError
from tests.factories.gateway import MATTER, NOW, OPERATIONS, bearer, claims, head, json_of, rules

RULES = rules()
PROGRAM = {"roles": ["client"], "acr": "program", "amr": ["pop"], "scope": "matter:read document:list"}
MINE = f"/v1/matters/{MATTER}"


def problem_of(path: str, **change: object) -> RedwellError | None:
    return decide(head("GET", path, bearer(**{**PROGRAM, **change})), RULES, NOW).problem


def test_it_needs_no_factor() -> None:
    assert problem_of(MINE) is None


def test_an_operation_that_wants_one_fresh_refuses_it_with_the_challenge() -> None:
    """Even if somebody gave it a scope of such an operation."""
    fresh = tuple(
        replace(row, scopes=("matter:read",), factor_max_age_seconds=300)
        if row.id == "grants.create"
        else row
        for row in OPERATIONS
    )
    loose = replace(RULES, table=PolicyTable(fresh))
    refused = decide(head("POST", f"{MINE}/grants", bearer(**PROGRAM), *json_of()), loose, NOW).problem
    assert refused is not None
    assert (refused.status, refused.slug) == (401, "step-up-required")
    assert 'max_age="300"' in refused.headers()["WWW-Authenticate"]


@pytest.mark.parametrize(
    "change",
    [
        {"acr": "aal2"},
        {"roles": ["client", "attorney"]},
        {"roles": ["attorney"]},
        {"roles": []},
        {"networks": "192.0.2.0/24"},
        {"networks": ["192.0.2.1/24"]},
        {"networks": [1]},
    ],
)
def test_what_is_neither_person_nor_program_is_nobody(change: dict[str, object]) -> None:
    refused = problem_of(MINE, **change)
    assert refused is not None
    assert (refused.status, refused.slug) == (401, "unauthorized")


def test_a_person_with_no_second_factor_stays_out() -> None:
    refused = problem_of(MINE, roles=["attorney"], acr="aal1")
    assert refused is not None
    assert refused.slug == "mfa-required"


def test_its_scopes_are_never_more_than_a_programs() -> None:
    wide = "self:use grant:manage member:list log:read document:read"
    principal = principal_of_claims(claims(**{**PROGRAM, "scope": wide}))
    assert principal.scopes == {"document:read"}


@pytest.mark.parametrize(
    ("networks", "status"),
    [(["192.0.2.0/24"], 401), (["2001:db8::/32"], 401), (["127.0.0.0/8", "192.0.2.0/24"], None), ([], None)],
)
def test_its_token_is_good_from_where_it_says(networks: list[str], status: int | None) -> None:
    request = replace(head("GET", MINE, bearer(**PROGRAM, networks=networks)), address="127.0.0.1")
    refused = decide(request, RULES, NOW).problem
    assert (refused.status if refused else None) == status
    if refused:
        assert refused.slug == "network-refused"


def test_it_travels_to_a_service_as_what_it_is() -> None:
    principal = principal_of_claims(claims(**PROGRAM))
    assert principal.is_program
    assert principal_of_claims(claims_of_principal(principal)) == principal
    with pytest.raises(TokenError):
        principal_of_claims(claims_of_principal(principal) | {"acr": "aal2"})
