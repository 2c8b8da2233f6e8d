"""The inbox: what waits in one organization, in ids alone; several are several answers."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.functional.docs_api.moving import begin, fetch_rows
from tests.harness.desk import Desk
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


def test_who_put_what_was_refused_finds_it(world: World) -> None:
    document, _ = begin(world, world["attorney"])
    mark = "UPDATE versions SET state = 'rejected' WHERE document_id = $1 RETURNING id"
    version = fetch_rows(world.instance, mark, UUID(document))[0]["id"]
    found = {row["about"]: row for row in _inbox(world["attorney"])["items"]}
    assert (found[str(version)]["kind"], found[str(version)]["matter_id"]) == (
        "content-refused",
        world.matter,
    )


def test_the_commands_say_the_same(world: World, tmp_path: Path) -> None:
    desk = Desk(world, tmp_path / "desk")
    status, shown = desk.login(world["firm_admin"])
    assert status == 0, shown
    file = tmp_path / "people.csv"
    file.write_text("action,email,roles\ninvite,typed@example.com,attorney\nsuspend,nobody@example.com,\n")
    refused = desk.run("members", "import", file, "--dry-run")
    assert (refused.returncode, "Nothing was changed." in refused.stdout) == (1, True)
    assert "line 3: email: " in refused.stdout
    file.write_text("action,email,roles\ninvite,typed@example.com,attorney\n")
    assert desk.result("members", "import", file)["results"][0]["invitation"]["code"]
    waiting = desk.result("inbox")["inboxes"]
    assert [row["organization_id"] for row in waiting] == [world.firm]
