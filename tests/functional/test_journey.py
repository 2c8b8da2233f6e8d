"""The main job: what a firm, a paralegal and an officer do, and what each is refused."""

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from clients.python.redwell_client import ProblemError
from tests.harness.calls import stored_event
from tests.harness.people import Person, World, invite

SIZES = (0, 1, 70_000, 8 * 1024 * 1024 - 1, 8 * 1024 * 1024, 8 * 1024 * 1024 + 1, 20_000_003)


@pytest.mark.parametrize("size", SIZES)
def test_a_granted_document_arrives_byte_for_byte(world: World, tmp_path: Path, size: int) -> None:
    content = (hashlib.sha256(str(size).encode()).digest() * (size // 32 + 1))[:size]
    document = world.put(tmp_path, f"Exhibit “{size}” Ωмега.bin", content, "correspondence")
    world.grant(world["paralegal"], ["correspondence"])
    target = tmp_path / "fetched"
    digest = world["paralegal"].client.fetch(document["id"], target)
    assert target.read_bytes() == content
    assert digest == document["version"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert document["version"]["length_bytes"] == size
    assert document["name"] == f"Exhibit “{size}” Ωмега.bin"


def test_a_paralegal_lists_only_granted_classes(world: World, tmp_path: Path) -> None:
    shown = world.put(tmp_path, "shown.txt", b"shown", "pleadings")
    hidden = world.put(tmp_path, "hidden.txt", b"hidden", "privileged")
    world.grant(world["paralegal"], ["pleadings"])
    ids = {row["id"] for row in world["paralegal"].client.documents(world.matter)}
    assert shown["id"] in ids
    assert hidden["id"] not in ids
    with pytest.raises(ProblemError, match="404 not-found"):
        world["paralegal"].client.fetch(hidden["id"], tmp_path / "never")


@pytest.fixture
def paralegal(world: World) -> Iterator[Person]:
    """One whom nobody else gives a grant."""
    person = invite(world.instance, world["provider_admin"], ["paralegal"], "once-granted")
    person.client.act_for(world.firm)
    yield person
    person.client.close()


def test_a_revoked_grant_ends_at_once(world: World, paralegal: Person, tmp_path: Path) -> None:
    document = world.put(tmp_path, "brief.txt", b"a brief", "pleadings")
    grant = world.grant(paralegal, ["pleadings"])
    paralegal.client.fetch(document["id"], tmp_path / "while-granted")
    world["attorney"].client.call("POST", f"/v1/grants/{grant['id']}/revoke")
    with pytest.raises(ProblemError, match="404 not-found"):
        paralegal.client.fetch(document["id"], tmp_path / "after")
    with pytest.raises(ProblemError, match="404 not-found"):
        list(paralegal.client.documents(world.matter))


def test_a_grant_ends_by_itself(world: World, paralegal: Person, tmp_path: Path) -> None:
    clock = world.instance.clock
    document = world.put(tmp_path, "timed.txt", b"timed", "correspondence")
    world.grant(paralegal, ["correspondence"], ends_at=(clock.now() + timedelta(seconds=120)).isoformat())
    paralegal.client.fetch(document["id"], tmp_path / "before")
    clock.advance(121)
    with pytest.raises(ProblemError, match="404 not-found"):
        paralegal.client.fetch(document["id"], tmp_path / "after")


def test_signing_out_ends_the_access_token_everywhere(world: World) -> None:
    staff = world["firm_staff"]
    with world.instance.client() as client:
        challenge = client.sign_in(staff.email, staff.password)
        world.instance.clock.advance(31)
        client.confirm_sign_in(challenge, staff.code(world.instance.clock.now()))
        list(client.pages("/v1/matters"))
        client.call("POST", "/v1/sign-out")
        for path in ("/v1/matters", "/v1/me"):
            with pytest.raises(ProblemError, match="401 session-ended"):
                client.call("GET", path)


async def test_every_answer_names_its_event(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "named.txt", b"named", "privileged")
    with world.instance.http() as http:
        for name, outcome in (("attorney", "allowed"), ("ungranted", "denied")):
            tokens = world[name].client.tokens
            assert tokens is not None
            headers = {"Authorization": f"Bearer {tokens.access}"}
            answer = http.get(f"/v1/documents/{document['id']}/content", headers=headers)
            event = await stored_event(world.instance, answer.headers["redwell-event"])
            assert event is not None
            assert (event["type"], event["outcome"], str(event["actor_id"])) == (
                "document.fetched",
                outcome,
                world[name].id,
            )
            body = json.loads(event["body"])
            assert body["req"]["id"] == answer.headers["request-id"]
            for personal in (world[name].email, "127.0.0.1", "named.txt", "httpx"):
                assert personal not in event["body"].decode()


def test_the_officer_finds_and_proves_every_access(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "proved.txt", b"proved", "pleadings")
    world.grant(world["paralegal"], ["pleadings"])
    world["paralegal"].client.fetch(document["id"], tmp_path / "proved")
    with pytest.raises(ProblemError):
        world["ungranted"].client.fetch(document["id"], tmp_path / "never")
    officer = world["officer"].client
    by_document = list(officer.events(document=document["id"], type="document.fetched"))
    assert {(row["event"]["actor"]["id"], row["event"]["outcome"]) for row in by_document} == {
        (world["paralegal"].id, "allowed"),
        (world["ungranted"].id, "denied"),
    }
    by_actor = list(officer.events(actor=world["ungranted"].id, outcome="denied"))
    assert "document.fetched" in {row["event"]["type"] for row in by_actor}
    bundle = tmp_path / "matter.zip"
    officer.bundle(bundle, matter=world.matter)
    assert _verify(bundle, world.instance.fingerprint).returncode == 0
    assert _verify(bundle, None).returncode == 3
    wrong = "SHA256:" + "A" * 43
    assert _verify(bundle, wrong).returncode == 1
    assert _verify(_altered(bundle, tmp_path / "altered.zip"), world.instance.fingerprint).returncode == 1


def _verify(bundle: Path, pin: str | None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "services.cli", "audit", "verify", str(bundle)]
    return subprocess.run(
        [*command, *(["--pin", pin] if pin else [])],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(bundle.parent)},
    )


def _altered(bundle: Path, target: Path) -> Path:
    """The same bundle with one outcome turned round."""
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(target, "w") as changed:
        for name in source.namelist():
            content = source.read(name)
            if name == "events.ndjson":
                assert b'"outcome":"allowed"' in content
                content = content.replace(b'"outcome":"allowed"', b'"outcome":"denied"', 1)
            changed.writestr(name, content)
    return target


def test_an_officer_of_another_firm_sees_none_of_it(world: World) -> None:
    rows = list(world["other_officer"].client.events(matter=world.matter))
    assert rows == []


def test_officers_and_administrators_never_get_content(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "content.txt", b"content", "pleadings")
    for person in (world["officer"], world["firm_admin"], world.operator, world["provider_admin"]):
        with pytest.raises(ProblemError, match="403 forbidden"):
            person.client.fetch(document["id"], tmp_path / "never")


def test_staff_who_are_not_on_the_matter_find_nothing(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "team.txt", b"team", "pleadings")
    with pytest.raises(ProblemError, match="404 not-found"):
        world["firm_staff"].client.fetch(document["id"], tmp_path / "never")


def test_an_ended_engagement_ends_its_grants(world: World, tmp_path: Path) -> None:
    admin, attorney = world["firm_admin"].client, world["attorney"].client
    engagement = admin.call(
        "POST", "/v1/engagements", {"provider_id": world.provider, "services": ["privilege review"]}
    )
    document = world.put(tmp_path, "engaged.txt", b"engaged", "privileged")
    body = {
        "member_id": world["paralegal"].id,
        "engagement_id": engagement["id"],
        "classes": ["privileged"],
        "permissions": ["read"],
        "ends_at": (world.instance.clock.now() + timedelta(days=1)).isoformat(),
        "purpose": "Privilege review",
    }
    grant = attorney.call("POST", f"/v1/matters/{world.matter}/grants", body)
    world["paralegal"].client.fetch(document["id"], tmp_path / "engaged")
    admin.call("POST", f"/v1/engagements/{engagement['id']}/end")
    with pytest.raises(ProblemError, match="403 engagement-ended"):
        world["paralegal"].client.fetch(document["id"], tmp_path / "ended")
    # Other tests' paralegal is the same person: leave them no grant that waits for something.
    attorney.call("POST", f"/v1/grants/{grant['id']}/revoke")
    with pytest.raises(ProblemError, match="404 not-found"):
        world["paralegal"].client.fetch(document["id"], tmp_path / "revoked")


def test_a_refusal_says_what_was_asked_for_and_only_in_the_firms_own_log(
    world: World, tmp_path: Path
) -> None:
    document = world.put(tmp_path, "asked.txt", b"asked", "privileged")
    for name in ("ungranted", "other_attorney"):
        with pytest.raises(ProblemError, match="404"):
            world[name].client.fetch(document["id"], tmp_path / "never")
    (own,) = list(world["officer"].client.events(document=document["id"], outcome="denied"))
    assert own["event"]["object"]["matter"] == world.matter
    assert own["event"]["change"] == {"asked": {"document_id": document["id"]}}
    foreign = list(world["other_officer"].client.events(actor=world["other_attorney"].id, outcome="denied"))
    asked = [row["event"] for row in foreign if row["event"]["type"] == "document.fetched"]
    assert {"asked": {"document_id": document["id"]}} in [event["change"] for event in asked]
    assert all("object" not in event for event in asked)
