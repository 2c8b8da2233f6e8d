"""Whatever ends access says so in the database when it is committed, with the tenant it happened in."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.docs_api.transfers.alarm import CHANNEL
from tests.functional.docs_api.moving import fetch_rows
from tests.harness.people import World, invite, matter_body
from tests.harness.stage import authorization


class Scene:
    """A matter and people of one's own, so that nobody else is harmed by what is ended."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.person = invite(world.instance, world["provider_admin"], ["paralegal"], "ending")
        terms = {"provider_id": world.provider, "services": [f"ending {self.person.id}"]}
        self.engagement = self.act("firm_admin", "/v1/engagements", terms)["id"]
        self.matter = self.act("attorney", "/v1/matters", matter_body(world["attorney"].id))["id"]
        self.path = f"/v1/matters/{self.matter}"
        (folder / "a.txt").write_bytes(b"words")
        document = world["attorney"].client.put(self.matter, folder / "a.txt", "pleadings")
        self.document, self.revision = document["id"], document["revision"]

    def act(self, name: str, path: str, body: object = None, method: str = "POST") -> Any:
        return self.world[name].client.call(method, path, body)

    def on_document(self, path: str, body: object = None) -> None:
        path = f"/v1/documents/{self.document}{path}"
        headers = authorization(self.world["attorney"]) | {"If-Match": f'"{self.revision}"'}
        with self.world.instance.http() as http:
            http.request("PATCH" if body else "POST", path, json=body, headers=headers).raise_for_status()

    def revoke(self) -> None:
        terms = {
            "member_id": self.person.id,
            "engagement_id": self.engagement,
            "classes": ["pleadings"],
            "ends_at": (self.world.instance.clock.now() + timedelta(days=1)).isoformat(),
            "purpose": "Review",
        }
        grant = self.act("attorney", f"{self.path}/grants", terms)["id"]
        self.act("attorney", f"/v1/grants/{grant}/revoke")

    def withdraw_consent(self) -> None:
        given = {"given_at": datetime(2026, 1, 1, tzinfo=UTC).isoformat(), "note": "By letter"}
        consent = self.act("attorney", f"{self.path}/consents", given)["id"]
        self.act("attorney", f"/v1/consents/{consent}/withdraw")

    def remove_person(self) -> None:
        path = f"{self.path}/people/{self.world['firm_staff'].id}"
        self.act("attorney", path, method="PUT")
        self.act("attorney", path, method="DELETE")

    def publish_agreement(self) -> None:
        self.act("firm_admin", f"/v1/engagements/{self.engagement}/nda-versions", {"text": "Say nothing."})


ACTS: dict[str, tuple[str, Callable[[Scene], object]]] = {
    "grant revoked": ("firm", Scene.revoke),
    "engagement ended": (
        "firm",
        lambda scene: scene.act("firm_admin", f"/v1/engagements/{scene.engagement}/end"),
    ),
    "agreement published": ("firm", Scene.publish_agreement),
    "consent withdrawn": ("firm", Scene.withdraw_consent),
    "person removed": ("firm", Scene.remove_person),
    "document withdrawn": ("firm", lambda scene: scene.on_document("/withdraw")),
    "document reclassified": ("firm", lambda scene: scene.on_document("", {"class_id": "privileged"})),
    "member suspended": (
        "provider",
        lambda scene: scene.act("provider_admin", f"/v1/members/{scene.person.id}/suspend"),
    ),
    "member moved": (
        "provider",
        lambda scene: scene.act(
            "provider_admin", f"/v1/members/{scene.person.id}/country", {"country": "PH"}, "PUT"
        ),
    ),
    "session ended": ("provider", lambda scene: scene.person.client.call("POST", "/v1/sign-out")),
}


@pytest.mark.parametrize("name", ACTS)
async def test_it_is_heard(world: World, tmp_path: Path, name: str) -> None:
    scene = await asyncio.to_thread(Scene, world, tmp_path)
    where, act = ACTS[name]
    expected = {"firm": world.firm, "provider": world.provider}[where]
    heard: asyncio.Queue[str] = asyncio.Queue()
    connection = await asyncpg.connect(world.instance.superuser_dsn())
    try:
        await connection.add_listener(CHANNEL, lambda *told: heard.put_nowait(told[3]))
        await asyncio.to_thread(act, scene)
        while await asyncio.wait_for(heard.get(), 30) != expected:
            pass
    finally:
        await connection.close()
        scene.person.client.close()


def test_each_process_of_the_vault_listens(world: World) -> None:
    listening = fetch_rows(
        world.instance,
        "SELECT query FROM pg_stat_activity WHERE application_name = 'redwell_docs:alarm'",
    )
    assert len(listening) >= 1
    # The second asks whether everything was heard.
    assert {row["query"] for row in listening} <= {f'LISTEN "{CHANNEL}"', "SELECT 1"}
