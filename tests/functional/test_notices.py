"""Notices over HTTP: who is told what by mail, once, and without a word of a client."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from tests.functional.mailing import kept, mail_events
from tests.harness.eventually import eventually
from tests.harness.people import Person, World, invite, matter_body

WORDS = ("Aster", "Bellwether", "Shipping", "Insurance", "pleadings", "First review", "litigation")


def about(world: World, person: Person, thing: str) -> list[EmailMessage]:
    """The mails to somebody that name a thing."""
    return [message for message in kept(world.instance, person.email) if thing in message.get_content()]


def awaited(find: Callable[[], list[EmailMessage]], count: int) -> dict[str, str]:
    """Subject and text of so many mails."""
    found = eventually(lambda: messages if len(messages := find()) >= count else None)
    assert len(found) == count
    return {message["Subject"]: message.get_content() for message in found}


def test_the_holder_of_a_grant_hears_of_its_beginning_and_its_end(world: World) -> None:
    paralegal = world["paralegal"]
    grant: dict[str, Any] = world.grant(paralegal, ["pleadings"])
    world["attorney"].client.call("POST", f"/v1/grants/{grant['id']}/revoke")
    told = awaited(lambda: about(world, paralegal, grant["id"]), 2)
    assert set(told) == {"You were given access on Redwell", "Your access on Redwell was taken back"}
    for subject, text in told.items():
        assert f"{world.instance.url}/v1/matters/{world.matter}" in text
        assert world.firm in text
        assert [word for word in WORDS if word in subject + text] == []
    events = eventually(
        lambda: found if len(found := mail_events(world.instance, grant["id"])) == 2 else None
    )
    assert [event["type"] for event in events] == ["mail.sent"] * 2
    assert {event["tenant"] for event in events} == {world.provider}
    assert {event["change"]["kind"] for event in events} == {"grant.given", "grant.revoked"}
    for stranger in ("ungranted", "provider_admin", "firm_staff", "other_attorney"):
        assert about(world, world[stranger], grant["id"]) == []


def test_the_end_of_an_engagement_is_told_to_holders_and_administrators(world: World) -> None:
    admin, attorney, paralegal = world["other_admin"], world["other_attorney"], world["paralegal"]
    engagement = admin.client.call(
        "POST", "/v1/engagements", {"provider_id": world.provider, "services": ["review"]}
    )["id"]
    admin.client.call("POST", "/v1/classes", {"id": "notices", "label": "Notices"})
    matter = attorney.client.call("POST", "/v1/matters", matter_body(attorney.id))["id"]
    grant = {
        "member_id": paralegal.id,
        "engagement_id": engagement,
        "classes": ["notices"],
        "ends_at": (world.instance.clock.now() + timedelta(days=7)).isoformat(),
        "purpose": "First review",
    }
    attorney.client.call("POST", f"/v1/matters/{matter}/grants", grant)
    admin.client.call("POST", f"/v1/engagements/{engagement}/end")
    for person in (paralegal, world["provider_admin"]):
        told = awaited(lambda person=person: about(world, person, engagement), 1)  # type: ignore[misc]
        assert list(told) == ["An engagement on Redwell has ended"]
        assert world.other_firm in told["An engagement on Redwell has ended"]
    assert about(world, world["ungranted"], engagement) == []


def test_whose_token_was_used_twice_is_told(world: World) -> None:
    person = invite(world.instance, world["provider_admin"], ["provider_lead"], "reused")
    assert person.client.tokens is not None
    body = {"refresh_token": person.client.tokens.refresh}
    with world.instance.http() as http:
        assert [http.post("/v1/tokens/refresh", json=body).status_code for _ in range(2)] == [200, 401]
    told = awaited(lambda: kept(world.instance, person.email), 1)
    (text,) = told.values()
    assert "ended everywhere" in text
    assert body["refresh_token"] not in text
    person.client.close()
