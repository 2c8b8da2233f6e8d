import itertools
from uuid import UUID

import pytest

from services.auth.policy import ADMINISTRATOR_OF, decide_password, decide_roles, member_etag
from services.kernel.scopes import ROLES_OF_KIND, OrganizationKind, Role


class TestRoles:
    @pytest.mark.parametrize("kind", list(OrganizationKind))
    def test_each_role_of_a_kind_may_be_held_alone(self, kind: OrganizationKind) -> None:
        for role in Role:
            assert decide_roles(kind, frozenset({role})).allowed == (role in ROLES_OF_KIND[kind])

    def test_nobody_is_a_member_without_a_role(self) -> None:
        assert not decide_roles(OrganizationKind.FIRM, frozenset()).allowed

    def test_who_watches_holds_no_role_that_is_watched(self) -> None:
        for kind in (OrganizationKind.FIRM, OrganizationKind.PROVIDER):
            for other in ROLES_OF_KIND[kind] - {Role.COMPLIANCE_OFFICER}:
                assert not decide_roles(kind, frozenset({Role.COMPLIANCE_OFFICER, other})).allowed

    def test_other_roles_of_one_kind_go_together(self) -> None:
        for kind in (OrganizationKind.FIRM, OrganizationKind.PROVIDER):
            for pair in itertools.combinations(ROLES_OF_KIND[kind] - {Role.COMPLIANCE_OFFICER}, 2):
                assert decide_roles(kind, frozenset(pair)).allowed

    def test_roles_of_another_kind_are_refused_even_beside_right_ones(self) -> None:
        mixed = frozenset({Role.ATTORNEY, Role.PARALEGAL})
        assert not decide_roles(OrganizationKind.FIRM, mixed).allowed
        assert not decide_roles(OrganizationKind.PROVIDER, mixed).allowed

    def test_each_kind_of_organization_has_an_administrator(self) -> None:
        for kind in OrganizationKind:
            assert decide_roles(kind, frozenset({ADMINISTRATOR_OF[kind]})).allowed


def allowed(
    password: str, organization: str = "Harbour & Quill LLP", email: str = "ada.l@example.com"
) -> bool:
    return decide_password(password, organization=organization, email=email).allowed


class TestPasswords:
    @pytest.mark.parametrize(
        "password",
        ["password123", "PASSWORD123", "Qwertyuiop", "12345678", "aaaaaaaaaaaa", "letmein123", "summer2026"],
    )
    def test_what_is_tried_first_is_refused(self, password: str) -> None:
        assert not allowed(password)

    @pytest.mark.parametrize(
        "password",
        ["redwell-2026", "my RedWell password", "Harbour & Quill LLP!", "harbourquillllp1", "x-ada.l-1999"],
    )
    def test_what_can_be_guessed_from_around_it_is_refused(self, password: str) -> None:
        assert not allowed(password)

    @pytest.mark.parametrize(
        "password", ["correct horse battery", "ぱすわーどはながいほうがいい", "        x       y", "harbours"]
    )
    def test_no_kind_of_character_is_demanded(self, password: str) -> None:
        assert allowed(password)

    def test_a_short_organization_name_does_not_forbid_half_of_all_passwords(self) -> None:
        assert allowed("lexicographer", organization="Lex", email="al@example.com")


def test_in_a_solo_firm_one_person_holds_what_elsewhere_excludes_each_other() -> None:
    roles = frozenset({Role.FIRM_ADMIN, Role.ATTORNEY, Role.COMPLIANCE_OFFICER})
    assert not decide_roles(OrganizationKind.FIRM, roles).allowed
    assert decide_roles(OrganizationKind.FIRM, roles, solo=True).allowed
    assert not decide_roles(OrganizationKind.FIRM, roles | {Role.PARALEGAL}, solo=True).allowed


def test_an_entity_tag_changes_with_member_state_and_roles_alone() -> None:
    member, roles = UUID(int=1), [Role.ATTORNEY, Role.FIRM_STAFF]
    tag = member_etag(member, "active", roles)
    assert member_etag(member, "active", reversed(roles)) == tag
    others = [
        member_etag(UUID(int=2), "active", roles),
        member_etag(member, "suspended", roles),
        member_etag(member, "active", roles[:1]),
    ]
    assert len({tag, *others}) == 4
