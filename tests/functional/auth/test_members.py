"""What an administrator does to a colleague: roles, suspension, return, off-boarding."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.functional.auth.asking import Hire, Post, Together, me, renew, sign_in, slug, token_of
from tests.functional.auth.test_joining import answer, newcomer
from tests.harness.eventually import allowed
from tests.harness.instance import Instance
from tests.harness.people import Person, World, join
from tests.harness.rows import change_of, rows

MIB = 1024 * 1024


def view(admin: Person, member: Person) -> dict[str, Any]:
    return next(item for item in admin.client.pages("/v1/members") if item["id"] == member.id)


def put_roles(
    instance: Instance, admin: Person, member: str, roles: list[str], etag: str | None
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token_of(admin)}"} | ({"If-Match": etag} if etag else {})
    with instance.http() as http:
        return http.put(f"/v1/members/{member}/roles", json={"roles": roles}, headers=headers)


def do(post: Post, admin: Person, member: Person, what: str) -> httpx.Response:
    return post(f"/v1/members/{member.id}/{what}", None, token_of(admin))


def events_about(instance: Instance, member: Person, kind: str, tenant: str) -> list[dict[str, Any]]:
    found = rows(
        instance,
        "SELECT * FROM events WHERE object_id = $1 AND type = $2 AND tenant_id = $3 AND outcome = 'allowed'",
        UUID(member.id),
        kind,
        UUID(tenant),
    )
    return [change_of(event) for event in found]


class TestRoles:
    def test_new_roles_end_every_token_that_says_otherwise(
        self, instance: Instance, admin: Person, member: Person, post: Post
    ) -> None:
        tokens = sign_in(instance, post, member)
        renew(instance, admin)
        etag = view(admin, member)["etag"]
        changed = put_roles(instance, admin, member.id, ["provider_lead", "paralegal"], etag)
        assert changed.status_code == 200, changed.text
        assert changed.json()["roles"] == ["paralegal", "provider_lead"]
        assert slug(me(instance, tokens["access_token"])) == "session-ended"
        assert post("/v1/tokens/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
        again = me(instance, sign_in(instance, post, member)["access_token"]).json()
        assert again["roles"] == ["paralegal", "provider_lead"]
        (told,) = events_about(instance, member, "member.roles.changed", admin.organization)
        assert (told["from"], told["to"]) == (["provider_lead"], ["paralegal", "provider_lead"])

    @pytest.mark.parametrize(
        ("etag", "roles", "expected"),
        [
            (None, ["paralegal"], (428, "precondition-required")),
            ('"another"', ["paralegal"], (412, "precondition-failed")),
            ("", ["attorney"], (422, "roles-refused")),
            ("", ["paralegal", "compliance_officer"], (422, "roles-refused")),
        ],
    )
    def test_what_does_not_fit_is_refused(  # noqa: PLR0913, PLR0917 -- fixtures and one case
        self,
        instance: Instance,
        admin: Person,
        member: Person,
        etag: str | None,
        roles: list[str],
        expected: tuple[int, str],
    ) -> None:
        tag = view(admin, member)["etag"] if etag == "" else etag
        refused = put_roles(instance, admin, member.id, roles, tag)
        assert (refused.status_code, slug(refused)) == expected

    def test_the_last_administrator_stays_one(self, instance: Instance, admin: Person, post: Post) -> None:
        refused = put_roles(instance, admin, admin.id, ["provider_lead"], view(admin, admin)["etag"])
        assert (refused.status_code, slug(refused)) == (409, "last-administrator")
        for what in ("suspend", "offboard"):
            assert slug(do(post, admin, admin, what)) == "last-administrator"

    def test_of_fifty_who_saw_the_same_one_wins(
        self, instance: Instance, admin: Person, member: Person
    ) -> None:
        etag = view(admin, member)["etag"]
        with ThreadPoolExecutor(25) as threads:
            answers = list(
                threads.map(
                    lambda _: put_roles(instance, admin, member.id, ["paralegal"], etag).status_code,
                    range(50),
                )
            )
        assert sorted(answers) == [200] + [412] * 49


class TestSuspension:
    def test_a_suspended_member_is_out_at_once_and_may_return(
        self, instance: Instance, admin: Person, member: Person, post: Post
    ) -> None:
        tokens = sign_in(instance, post, member)
        begun = post("/v1/sign-in", {"email": member.email, "password": member.password}).json()
        renew(instance, admin)
        suspended = do(post, admin, member, "suspend")
        assert (suspended.status_code, suspended.json()["state"]) == (200, "suspended")
        assert slug(me(instance, tokens["access_token"])) == "session-ended"
        assert post("/v1/tokens/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
        confirm = {"challenge": begun["challenge"], "code": member.code(instance.clock.now())}
        assert slug(post("/v1/sign-in/confirm", confirm)) == "challenge-ended"
        known = post("/v1/sign-in", {"email": member.email, "password": member.password})
        unknown = post("/v1/sign-in", {"email": "nobody@example.com", "password": member.password})
        assert (known.status_code, slug(known)) == (unknown.status_code, slug(unknown))
        assert do(post, admin, member, "reinstate").json()["state"] == "active"
        assert me(instance, tokens["access_token"]).status_code == 401, "what was ended stays ended"
        assert sign_in(instance, post, member)

    def test_of_fifty_suspensions_one_wins(self, admin: Person, member: Person, together: Together) -> None:
        path = f"/v1/members/{member.id}/suspend"
        answers = together([(path, None, token_of(admin))] * 50)
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 49
        assert {slug(answer) for answer in answers if answer.status_code == 409} == {"member-state"}

    def test_of_two_administrators_who_suspend_each_other_one_stays(
        self, instance: Instance, admin: Person, hire: Hire, together: Together
    ) -> None:
        other = hire(admin, ["provider_admin"])
        pairs = [(other, admin), (admin, other)]
        answers = together([(f"/v1/members/{whom.id}/suspend", None, token_of(who)) for who, whom in pairs])
        assert sorted(answer.status_code for answer in answers) == [200, 401]
        winner, loser = pairs[0] if answers[0].status_code == 200 else pairs[1]
        assert winner.client.call("POST", f"/v1/members/{loser.id}/reinstate")["state"] == "active"
        renew(instance, admin).client.call("POST", f"/v1/members/{other.id}/offboard")

    def test_an_invitation_does_not_outlive_its_giver(
        self, instance: Instance, admin: Person, hire: Hire, post: Post
    ) -> None:
        other = hire(admin, ["provider_admin"])
        email = f"late-{secrets.token_hex(4)}@example.com"
        body = {"email": email, "roles": ["paralegal"]}
        made = other.client.call("POST", "/v1/invitations", body)
        begun = post("/v1/join", newcomer(made["code"], email)).json()
        assert do(post, admin, other, "suspend").status_code == 200
        assert post("/v1/join", newcomer(made["code"], email)).status_code == 410
        assert slug(post("/v1/join/confirm", answer(instance, begun))) == "invitation-ended"


class TestOffboarding:
    def test_it_is_for_good_and_the_person_may_join_anew(
        self, instance: Instance, admin: Person, member: Person, post: Post
    ) -> None:
        gone = do(post, admin, member, "offboard")
        assert (gone.status_code, gone.json()["state"]) == (200, "removed")
        assert me(instance, token_of(member)).status_code == 401
        for what in ("reinstate", "suspend", "offboard"):
            assert slug(do(post, admin, member, what)) == "member-state"
        assert member.id not in {item["id"] for item in admin.client.pages("/v1/members")}
        body = {"email": member.email, "roles": ["paralegal"]}
        code = admin.client.call("POST", "/v1/invitations", body)["code"]
        returned = join(instance, code, "member", member.email)
        assert returned.id != member.id
        returned.client.close()

    def test_it_ends_a_running_transfer_and_every_firm_sees_it(
        self, instance: Instance, world: World, hire: Hire, tmp_path: Path
    ) -> None:
        admin = renew(instance, world["provider_admin"])
        renew(instance, world["attorney"])
        leaver = hire(admin, ["paralegal"])
        world.grant(leaver, ["privileged"])
        document = world.put(tmp_path, "slow.bin", bytes(48 * MIB), "privileged")["id"]
        leaver.client.act_for(world.firm)
        headers = {"Authorization": f"Bearer {token_of(leaver)}"}
        path = f"/v1/documents/{document}/content"
        with instance.http() as http, http.stream("GET", path, headers=headers) as response:
            assert response.status_code == 200
            admin.client.call("POST", f"/v1/members/{leaver.id}/offboard")
            began = time.monotonic()
            ended = "SELECT 1 FROM events WHERE document_id = $1 AND type = 'document.delivered'"
            while not rows(instance, ended, UUID(document)):
                assert time.monotonic() - began < allowed(2.5)
            with pytest.raises(httpx.RemoteProtocolError):
                response.read()
        assert events_about(instance, leaver, "member.offboarded", world.firm) == [{"grants": 1}]
        (home,) = events_about(instance, leaver, "member.offboarded", world.provider)
        assert (home["sessions"], home["firms"]) == (1, 1)

    def test_the_vault_refuses_a_grant_whose_holder_is_not_active(
        self, instance: Instance, world: World, hire: Hire, tmp_path: Path
    ) -> None:
        """A second line: even if a session were left, the grant of a suspended member opens nothing."""
        admin = renew(instance, world["provider_admin"])
        renew(instance, world["attorney"])
        person = hire(admin, ["paralegal"])
        world.grant(person, ["privileged"])
        document = world.put(tmp_path, "second.txt", b"words", "privileged")["id"]
        person.client.act_for(world.firm)
        path = f"/v1/documents/{document}"
        headers = {"Authorization": f"Bearer {token_of(person)}"}
        with instance.http() as http:
            for state, expected in (("active", 200), ("suspended", 404), ("removed", 404)):
                rows(instance, "UPDATE members SET state = $2 WHERE id = $1", UUID(person.id), state)
                assert http.get(path, headers=headers).status_code == expected
                assert http.get(f"{path}/content", headers=headers).status_code == expected
