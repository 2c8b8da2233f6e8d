"""The inbox: what waits in one organization, in ids alone; several are several answers."""

import json
from datetime import timedelta
from typing import Any

from tests.harness.people import Person, World, invite, matter_body

WORDS = ("Aster", "Bellwether", "commercial", "Second review", "pleadings", "Harbour")


def _inbox(person: Person) -> Any:
    return person.client.call("GET", "/v1/inbox")


def _kinds(person: Person, matter: str | None) -> set[str]:
    return {row["kind"] for row in _inbox(person)["items"] if row["matter_id"] == matter}


def test_what_waits_is_told_to_whom_it_waits_for(world: World) -> None:
    attorney, clock = world["attorney"].client, world.instance.clock
    holder = invite(world.instance, world["provider_admin"], ["paralegal"], "inbox")
    terms = {"provider_id": world.provider, "services": ["inbox"], "consent_required": True}
    engagement = world["firm_admin"].client.call("POST", "/v1/engagements", terms)["id"]
    matter = attorney.call("POST", "/v1/matters", matter_body(world["attorney"].id))["id"]
    end = (clock.now() + timedelta(days=6)).isoformat()
    body = {"engagement_id": engagement, "classes": ["pleadings"], "ends_at": end, "purpose": "Review"}
    attorney.call("POST", f"/v1/matters/{matter}/grants", body | {"member_id": holder.id})
    path = f"/v1/engagements/{engagement}/nda-versions"
    world["firm_admin"].client.call("POST", path, {"text": "Say nothing."})
    assert _inbox(holder)["items"] == [], "at home nothing of the firm is told"
    inboxes = {row["organization_id"]: row["items"] for row in holder.client.inboxes()}
    assert inboxes[world.provider] == []
    holder.client.act_for(world.firm)
    assert _inbox(holder)["items"] == inboxes[world.firm]
    assert _kinds(holder, matter) == {"grant-new", "grant-ending"}
    assert engagement in {row["about"] for row in inboxes[world.firm] if row["kind"] == "nda-to-sign"}
    asked = {"classes": ["correspondence"], "ends_at": end, "reason": "Second review"}
    holder.client.call("POST", f"/v1/matters/{matter}/access-requests", asked)
    assert _kinds(world["attorney"], matter) == {"access-request", "consent-missing", "grant-ending"}
    for stranger in ("other_attorney", "ungranted", "firm_staff"):
        assert _kinds(world[stranger], matter) == set(), stranger
    told = json.dumps([_inbox(world["attorney"]), inboxes[world.firm]])
    assert [word for word in WORDS if word in told] == []
    holder.client.close()


def test_other_firms_have_nothing_of_it(world: World) -> None:
    found = list(world["other_attorney"].client.inboxes())
    assert [(row["organization_id"], row["items"]) for row in found] == [(world.other_firm, [])]
