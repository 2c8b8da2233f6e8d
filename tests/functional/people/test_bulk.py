"""Many members at once: all rows or none, and a dry run that says what would be."""

import json
import secrets
from typing import Any

import pytest

from clients.python.redwell_client import ProblemError
from tests.functional.docs_api.moving import fetch_rows
from tests.harness.people import Person, World, invite, join

HEAD = "action,email,name,roles,team,sponsor,ends_on\n"


def _state(world: World, person: Person) -> str | None:
    listed = {row["id"]: row["state"] for row in world["firm_admin"].client.pages("/v1/members")}
    return listed.get(person.id)


def _events(world: World, kind: str) -> list[Any]:
    rows = fetch_rows(
        world.instance,
        "SELECT body FROM events WHERE type = $1 AND outcome = 'allowed' ORDER BY at, id",
        kind,
    )
    return [json.loads(row["body"]) for row in rows]


def test_a_dry_run_says_what_the_run_then_does(world: World) -> None:
    admin = world["firm_admin"].client
    leaver, sleeper = (invite(world.instance, world["firm_admin"], ["attorney"], name) for name in "ls")
    team = f"Discovery {secrets.token_hex(3)}"
    team_id = admin.call("POST", "/v1/teams", {"name": team})["id"]
    address = f"new-{secrets.token_hex(4)}@example.com"
    end = (world.instance.clock.now().date()).replace(day=1).replace(year=world.instance.clock.now().year + 1)
    file = (
        HEAD
        + f'invite,{address},"Doe, Jane",firm_staff,{team},{world["firm_admin"].email},{end}\n'
        + f"offboard,{leaver.email},,,,,\nsuspend,{sleeper.email},,,,,\n"
    ).encode()
    planned = admin.import_members(file, dry_run=True)
    assert (planned["problems"], planned["dry_run"]) == ([], True)
    assert planned["results"][0]["invitation"]["code"] is None
    assert (_state(world, leaver), _state(world, sleeper)) == ("active", "active")
    assert [row["object"]["id"] for row in _events(world, "member.offboarded")].count(leaver.id) == 0
    done = admin.import_members(file)
    assert [row["action"] for row in done["results"]] == ["invite", "offboard", "suspend"]
    assert (_state(world, leaver), _state(world, sleeper)) == (None, "suspended")
    assert [row["object"]["id"] for row in _events(world, "member.offboarded")].count(leaver.id) == 1
    joined = join(world.instance, done["results"][0]["invitation"]["code"], "jane", address)
    there = [row["member_id"] for row in admin.pages(f"/v1/teams/{team_id}/members")]
    assert there == [joined.id]
    assert joined.id in {row["id"] for row in admin.pages("/v1/external-members")}
    for person in (leaver, sleeper, joined):
        person.client.close()


def test_one_bad_row_and_nothing_is_done(world: World) -> None:
    admin = world["firm_admin"].client
    stays = invite(world.instance, world["firm_admin"], ["attorney"], "stays")
    rows = (
        f"offboard,{stays.email},,,,,",
        f"invite,{stays.email.replace('stays', 'x')},,provider_admin,,,",
        "suspend,nobody@example.com,,,,,",
        f"suspend,{world['firm_admin'].email},,,,,",
        f"invite,{world['attorney'].email},,attorney,,,",
        "invite,t@example.com,,attorney,No such team,,",
        "invite,=1+1,,attorney,,,",
    )
    file = (HEAD + "\n".join(rows)).encode()
    told = [
        (3, "", "roles-refused"),
        (4, "email", "no-such-member"),
        (5, "email", "oneself"),
        (6, "", "member-exists"),
        (7, "team", "no-such-team"),
        (8, "email", "formula"),
    ]
    planned = admin.import_members(file, dry_run=True)
    assert [(row["row"], row["column"], row["problem"]) for row in planned["problems"]] == told
    with pytest.raises(ProblemError) as refused:
        admin.import_members(file)
    assert (refused.value.status, refused.value.slug) == (422, "members-rows-refused")
    assert refused.value.document["rows"] == planned["problems"]
    assert "example.com" not in json.dumps(refused.value.document)
    assert _state(world, stays) == "active"
    stays.client.close()


@pytest.mark.parametrize("file", [b"", b"\xff", b"email\n", b"{}"])
def test_no_such_file(world: World, file: bytes) -> None:
    with pytest.raises(ProblemError, match="422 members-file-refused"):
        world["firm_admin"].client.import_members(file)
