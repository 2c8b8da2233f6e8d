"""What an organization demands of the sessions of a role, and how it holds. Each test has its own firm."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from clients.python.redwell_client import ProblemError
from tests.functional.auth.asking import (
    Hire,
    Post,
    challenge,
    fresh_code,
    me,
    renew,
    sign_in,
    slug,
    token_of,
)
from tests.functional.oauth.devices import GRANT
from tests.harness.instance import Instance
from tests.harness.people import Person, organization
from tests.harness.rows import change_of, rows

PATH = "/v1/organization/policy"
ELSEWHERE = {"networks": ["192.0.2.0/24", "2001:db8::/32"]}
HERE = {"networks": ["127.0.0.0/8", "::1/128"], "countries": ["DE", "FR"], "factors": ["totp"]}


@dataclass
class Office:
    """A firm with its administrator, who sets policies with a factor that is fresh."""

    instance: Instance
    admin: Person

    def put(self, roles: dict[str, Any], **headers: str) -> httpx.Response:
        tag = {"If-Match": self.read()["etag"]} | headers
        with self.instance.http() as http:
            own = {"Authorization": f"Bearer {token_of(self.admin)}"}
            return http.put(PATH, json={"roles": roles}, headers=own | {k: v for k, v in tag.items() if v})

    def demand(self, **roles: Any) -> dict[str, Any]:
        answer = self.put(roles)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def read(self) -> dict[str, Any]:
        return self.admin.client.call("GET", PATH)

    def events(self, type_: str) -> list[Any]:
        return rows(
            self.instance,
            "SELECT * FROM events WHERE tenant_id = $1 AND type = $2 ORDER BY id",
            UUID(self.admin.organization),
            type_,
        )


@pytest.fixture
def office(instance: Instance, operator: Person) -> Iterator[Office]:
    renew(instance, operator)
    _, admin = organization(instance, operator, "firm", "Quill & Sons")
    yield Office(instance, admin)
    admin.client.close()


@pytest.fixture
def attorney(office: Office, hire: Hire) -> Person:
    return hire(office.admin, ["attorney"])


def closed_now(now: datetime) -> dict[str, object]:
    """Hours every day, that are over for half a day."""
    opens, closes = (f"{now + timedelta(hours=later):%H:%M}" for later in (12, 13))
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    return {"days": days, "opens": opens, "closes": closes, "zone": "UTC"}


def conditions(kind: str, now: datetime) -> dict[str, object]:
    """Something that no session of these tests meets."""
    unmet: dict[str, dict[str, object]] = {
        "network": {**ELSEWHERE},
        "country": {"countries": ["IN"]},
        "hours": {"hours": closed_now(now)},
    }
    return unmet[kind]


class TestSettingThem:
    def test_whoever_replaces_them_has_seen_what_is_there(self, office: Office, attorney: Person) -> None:
        empty = office.read()
        assert (empty["roles"], empty["countries_known"]) == ({}, True)
        assert [slug(office.put({}, **{"If-Match": tag})) for tag in ("", '"other"')] == [
            "precondition-required",
            "precondition-failed",
        ]
        told = office.demand(attorney=HERE, paralegal={})
        assert list(told["roles"]) == ["attorney"]
        assert told["roles"]["attorney"]["countries"] == ["DE", "FR"]
        assert office.read() == told
        *_, changed = office.events("organization.policy.changed")
        expected = ["attorney:factors", "attorney:networks", "attorney:countries"]
        assert change_of(changed)["conditions"] == expected
        assert change_of(changed)["to"] == told["etag"]
        with pytest.raises(ProblemError, match="403 forbidden"):
            attorney.client.call("GET", PATH)

    def test_what_cannot_be_kept_is_refused(self, office: Office) -> None:
        bad_zone = closed_now(office.instance.clock.now()) | {"zone": "x"}
        for role, one, refused in (
            ("attorney", {"idle_seconds": 3601}, "policy-invalid"),
            ("attorney", {"absolute_seconds": 12 * 3600 + 1}, "policy-invalid"),
            ("attorney", {"factors": ["passkey"]}, "policy-invalid"),
            ("provider_admin", {"idle_seconds": 900}, "policy-invalid"),
            ("attorney", {"networks": ["10.0.0.1/8"]}, "invalid-input"),
            ("attorney", {"hours": bad_zone}, "invalid-input"),
        ):
            assert slug(office.put({role: one})) == refused
        assert office.read()["roles"] == {}

    def test_it_wants_a_factor_proved_just_now(self, instance: Instance, office: Office) -> None:
        instance.clock.advance(301)
        assert slug(office.put({})) == "step-up-required"

    @pytest.mark.parametrize("kind", ["network", "country", "hours"])
    def test_nobody_locks_themselves_out(self, instance: Instance, office: Office, kind: str) -> None:
        refused = office.put({"firm_admin": conditions(kind, instance.clock.now())})
        assert (refused.status_code, slug(refused)) == (409, "policy-locks-you-out")
        assert office.read()["roles"] == {}
        assert me(instance, token_of(office.admin)).status_code == 200


class TestWhoDoesNotMeetThem:
    @pytest.mark.parametrize("kind", ["network", "country", "hours"])
    def test_is_told_so_after_both_factors_and_by_every_way_to_a_token(
        self, instance: Instance, office: Office, attorney: Person, post: Post, kind: str
    ) -> None:
        tokens = sign_in(instance, post, attorney)
        renew(instance, office.admin)
        office.demand(attorney=conditions(kind, instance.clock.now()))
        began = challenge(post, attorney)
        code = fresh_code(instance, attorney)
        wrong = post("/v1/sign-in/confirm", {"challenge": began, "code": "x"})
        assert slug(wrong) == "mfa-failed"
        refused = post("/v1/sign-in/confirm", {"challenge": began, "code": code})
        assert (refused.status_code, slug(refused)) == (403, f"policy-{kind}")
        denied = office.events("session.started")[-1]
        assert refused.headers["redwell-event"].startswith(str(denied["id"]))
        assert (denied["outcome"], denied["reason"]) == ("denied", f"policy-{kind}")
        assert json.loads(denied["body"])["object"]["id"] == attorney.id
        again = post("/v1/sign-in/confirm", {"challenge": challenge(post, attorney), "code": code})
        assert slug(again) == "mfa-failed"
        renewal = {"refresh_token": tokens["refresh_token"]}
        home = {"organization_id": attorney.organization}
        for path, body in (
            ("/v1/tokens/refresh", renewal),
            ("/v1/tokens/switch", home),
            ("/v1/step-up", {"code": fresh_code(instance, attorney)}),
        ):
            refused = post(path, body, "" if body is renewal else tokens["access_token"])
            assert (path, refused.status_code, slug(refused)) == (path, 403, f"policy-{kind}")
            assert "redwell-event" in refused.headers
        office.demand()
        assert post("/v1/tokens/refresh", renewal).status_code == 200

    def test_an_invitation_is_not_used_up_by_a_policy(
        self, instance: Instance, office: Office, post: Post
    ) -> None:
        office.demand(firm_staff=ELSEWHERE)
        email = "newcomer@example.com"
        invited = {"email": email, "roles": ["firm_staff"]}
        code = office.admin.client.call("POST", "/v1/invitations", invited)["code"]
        joining = {"code": code, "email": email, "name": "New", "password": office.admin.password}
        begun = post("/v1/join", joining).json()
        person = Person(instance.client(), email, "", "", [], begun["totp"]["secret"])
        confirm = {"challenge": begun["challenge"], "code": person.code(instance.clock.now())}
        refused = post("/v1/join/confirm", confirm)
        assert (refused.status_code, slug(refused)) == (403, "policy-network")
        assert "redwell-event" in refused.headers
        office.demand()
        assert post("/v1/join/confirm", confirm).status_code == 200
        person.client.close()


def test_a_token_says_from_where_it_is_good(
    instance: Instance, office: Office, attorney: Person, post: Post
) -> None:
    """So the gateway refuses each request from elsewhere, as it does a program's."""
    office.demand(attorney=HERE)
    token = sign_in(instance, post, attorney)["access_token"]
    assert me(instance, token).status_code == 200
    claims = token.split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert told["networks"] == ["127.0.0.0/8", "::1/128"]


def test_a_device_is_bound_where_it_is(instance: Instance, office: Office, attorney: Person) -> None:
    """Approving is judged as a sign-in is, and so is what the device collects; the approval stays good."""
    unmet = conditions("country", instance.clock.now())
    with instance.http() as http:
        asked = http.post("/oauth/device_authorization", data={"client_id": "redwell"}).json()
        code = {"user_code": asked["user_code"]}
        form = {"grant_type": GRANT, "client_id": "redwell", "device_code": asked["device_code"]}
        office.demand(attorney=unmet)
        with pytest.raises(ProblemError, match="403 policy-country"):
            attorney.client.call("POST", "/v1/devices/approve", code)
        office.demand()
        attorney.client.call("POST", "/v1/devices/approve", code)
        office.demand(attorney=unmet)
        refused = http.post("/oauth/token", data=form)
        assert (refused.status_code, refused.json()["error"]) == (400, "access_denied")
        office.demand()
        assert http.post("/oauth/token", data=form).status_code == 200


class TestLengths:
    def test_they_hold_for_new_sessions_and_for_those_that_are_open(
        self, instance: Instance, office: Office, attorney: Person, post: Post
    ) -> None:
        open_before = sign_in(instance, post, attorney)["access_token"]
        renew(instance, office.admin)
        office.demand(attorney={"idle_seconds": 900, "absolute_seconds": 1800})
        session = me(instance, open_before).json()["session"]
        began = datetime.fromisoformat(session["auth_time"])
        assert datetime.fromisoformat(session["expires_at"]) == began + timedelta(seconds=1800)
        left = datetime.fromisoformat(session["idle_expires_at"]) - instance.clock.now()
        assert left <= timedelta(seconds=900)
        tokens = sign_in(instance, post, attorney)
        instance.clock.advance(901)
        assert slug(me(instance, tokens["access_token"])) in {"session-ended", "unauthorized"}
        renewal = {"refresh_token": tokens["refresh_token"]}
        assert slug(post("/v1/tokens/refresh", renewal)) == "session-ended"

    def test_a_session_in_use_ends_all_the_same(
        self, instance: Instance, office: Office, attorney: Person, post: Post
    ) -> None:
        office.demand(attorney={"absolute_seconds": 1800})
        tokens = sign_in(instance, post, attorney)
        for _ in range(2):
            instance.clock.advance(800)
            answer = post("/v1/tokens/refresh", {"refresh_token": tokens["refresh_token"]})
            assert answer.status_code == 200, answer.text
            tokens = answer.json()
        assert tokens["expires_in"] <= 200
        instance.clock.advance(201)
        refused = post("/v1/tokens/refresh", {"refresh_token": tokens["refresh_token"]})
        assert slug(refused) == "session-ended"
        assert sign_in(instance, post, attorney)["expires_in"] == 600


class TestActingForAFirm:
    @pytest.fixture
    def paralegal(self, office: Office, admin: Person, hire: Hire) -> Person:
        engaged = {"provider_id": admin.organization, "services": ["document review"]}
        office.admin.client.call("POST", "/v1/engagements", engaged)
        return hire(admin, ["paralegal"])

    def test_the_firms_policy_counts_for_its_tokens_alone(
        self, instance: Instance, office: Office, paralegal: Person, post: Post
    ) -> None:
        office.demand(paralegal=ELSEWHERE)
        tokens = sign_in(instance, post, paralegal)
        there = {"organization_id": office.admin.organization}
        refused = post("/v1/tokens/switch", there, tokens["access_token"])
        assert (refused.status_code, slug(refused)) == (403, "policy-network")
        assert me(instance, tokens["access_token"]).status_code == 200
        (denied,) = office.events("token.switched")
        assert (denied["outcome"], denied["reason"]) == ("denied", "policy-network")
        assert str(denied["actor_id"]) == paralegal.id
        renew(instance, office.admin)
        office.demand(paralegal=HERE)
        assert post("/v1/tokens/switch", there, tokens["access_token"]).status_code == 200

    def test_its_lengths_count_as_well(
        self, instance: Instance, office: Office, paralegal: Person, post: Post
    ) -> None:
        office.demand(paralegal={"idle_seconds": 900, "absolute_seconds": 1200})
        tokens = sign_in(instance, post, paralegal)
        renewal = {"refresh_token": tokens["refresh_token"], "acting_for": office.admin.organization}
        instance.clock.advance(700)
        there = post("/v1/tokens/refresh", renewal).json()
        assert there["expires_in"] <= 500
        session = me(instance, there["access_token"]).json()["session"]
        left = datetime.fromisoformat(session["idle_expires_at"]) - instance.clock.now()
        assert left <= timedelta(seconds=900)
        instance.clock.advance(500)
        renewal["refresh_token"] = there["refresh_token"]
        refused = post("/v1/tokens/refresh", renewal)
        assert (refused.status_code, slug(refused)) == (401, "policy-session-length")
        assert refused.headers["www-authenticate"].startswith("Bearer")
        home = renewal | {"acting_for": paralegal.organization}
        assert post("/v1/tokens/refresh", home).status_code == 200
