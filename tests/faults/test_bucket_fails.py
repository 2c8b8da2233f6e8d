"""The product on a bucket that fails: uploads are refused whole, damage is said, everything else goes on."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from services.docs_api.keychain import Keychain
from services.docs_api.sweep.sweeper import sweep_once
from services.docs_api.transfers.admissions import Ground, admissions
from services.docs_api.transfers.alarm import Alarm
from services.docs_api.transfers.slots import Slots
from services.docs_api.vault import Vault
from services.evidence.recorder import Recorder
from services.kernel.database import Database
from services.kernel.problems import PROBLEM_TYPE
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile
from services.keys.roots import file_roots
from services.storage.protocol import new_object_key
from services.storage.stores import open_stores
from services.tables.roles import Role
from tests.harness.ledger import check_ledger
from tests.harness.people import World
from tests.harness.rows import events, received_bytes, rows, segments
from tests.harness.seaweed import SeaweedFS
from tests.harness.stage import MIB, authorization, content_of, new_upload, staged
from tests.harness.store_proxy import (
    Fault,
    StoreProxy,
    answer_altered,
    answer_trickling,
    answered_as_before,
    body_altered,
    refused_with,
    reset,
    stalled,
)
from tests.harness.wire import Wire
from tests.unit.storage.conformance import keys_of

SIZE = 9 * MIB
FAULTS = {
    "500": refused_with(500, "InternalError"),
    "403": refused_with(403, "AccessDenied"),
    "no bucket": refused_with(404, "NoSuchBucket"),
    "reset": reset,
    "stall": stalled,
}


@pytest.fixture(scope="module")
def settings(seaweed: SeaweedFS, running: StoreProxy) -> dict[str, str]:
    return seaweed.settings(
        running.endpoint,
        REDWELL_S3_STALL_SECONDS="1",
        REDWELL_S3_OPERATION_SECONDS="6",
        REDWELL_S3_ATTEMPTS="2",
    )


@pytest.fixture(scope="module")
def staged_world(settings: dict[str, str]) -> Iterator[World]:
    with staged("embedded", **settings) as built:
        yield built


@pytest.fixture
def world(staged_world: World, running: StoreProxy) -> Iterator[World]:
    staged_world.renew()
    yield staged_world
    running.mend()


def put(world: World, upload: str, content: bytes) -> tuple[int, dict[str, str]]:
    with Wire(world.instance) as wire:
        wire.put(world["attorney"], upload, len(content))
        wire.send(content)
        status, headers, _ = wire.head()
        return status, headers


def get(world: World, document: str) -> tuple[int, dict[str, str], bytes]:
    with world.instance.http() as http:
        answer = http.get(f"/v1/documents/{document}/content", headers=authorization(world["attorney"]))
    return answer.status_code, dict(answer.headers), answer.content


@pytest.mark.parametrize("fault", [*FAULTS.values(), body_altered], ids=[*FAULTS, "altered"])
def test_an_upload_that_cannot_be_stored_is_refused_whole(
    world: World, running: StoreProxy, tmp_path: Path, fault: Fault
) -> None:
    instance, content = world.instance, content_of("unstored", SIZE)
    document, upload = new_upload(world, "unstored.bin")
    running.on("PUT", fault)
    status, headers = put(world, upload, content)
    assert (status, headers["content-type"]) == (503, PROBLEM_TYPE)
    assert int(headers["retry-after"]) > 0
    *_, last = events(instance, document, "document.received")
    assert (last["outcome"], last["reason"]) == ("failed", "store-unavailable")
    assert received_bytes(instance, upload) == 0
    assert segments(instance, document) == []
    assert instance.ready().status_code == 503
    running.mend()
    assert put(world, upload, content)[0] == 200
    assert get(world, document)[2] == content
    assert instance.ready().status_code == 200
    check_ledger(world, tmp_path)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_bucket_that_does_not_answer_is_not_damage(
    world: World, running: StoreProxy, tmp_path: Path, fault: Fault
) -> None:
    document = world.put(tmp_path, "away.bin", content_of("away", SIZE))["id"]
    running.on("GET", fault)
    status, headers, body = get(world, document)
    assert (status, headers["content-type"]) == (503, PROBLEM_TYPE)
    assert len(body) < 1000
    running.mend()
    assert get(world, document)[2] == content_of("away", SIZE)
    assert events(world.instance, document, "document.integrity") == []


def test_a_failure_that_passes_is_felt_by_nobody(world: World, running: StoreProxy, tmp_path: Path) -> None:
    running.on("PUT", FAULTS["500"], times=1)
    document = world.put(tmp_path, "passing.txt", b"passing")["id"]
    for fault in (reset, answer_altered):
        running.on("GET", fault, times=1)
        assert get(world, document)[2] == b"passing"
    assert events(world.instance, document, "document.integrity") == []


@pytest.mark.parametrize("size", [100, SIZE])
def test_wrong_bytes_are_damage_and_none_of_them_gets_out(
    world: World, running: StoreProxy, tmp_path: Path, size: int
) -> None:
    document = world.put(tmp_path, "damaged.bin", content_of("damaged", size))["id"]
    running.on("GET", answer_altered)
    status, _, body = get(world, document)
    assert status == 500
    assert json.loads(body)["type"].endswith("/integrity-failure")
    assert len(events(world.instance, document, "document.integrity")) == 1
    running.mend()
    assert get(world, document)[2] == content_of("damaged", size)


def test_a_bucket_that_trickles_holds_nobody_for_ever(
    world: World, running: StoreProxy, tmp_path: Path
) -> None:
    document = world.put(tmp_path, "trickling.txt", b"trickling")["id"]
    running.on("GET", answer_trickling)
    assert get(world, document)[0] == 503


def test_the_sweep_takes_orphans_alone_though_the_listing_lags(
    world: World, running: StoreProxy, settings: dict[str, str], tmp_path: Path
) -> None:
    kept = world.put(tmp_path, "kept.txt", b"kept")["id"]
    asyncio.run(sweep_behind_a_lagging_list(world, running, settings))
    assert get(world, kept)[2] == b"kept"


async def sweep_behind_a_lagging_list(world: World, running: StoreProxy, settings: dict[str, str]) -> None:
    """As another process would sweep, whose clock is two hours ahead: nothing is under way meanwhile."""
    gone, orphan, late = (new_object_key() for _ in range(3))
    async with vault_ahead(world, settings) as vault:
        store = vault.stores.default
        for key in (gone, orphan):
            await store.put(key, b"nobody's")
        lagging = running.kept_answer("GET", path="list-type=2")
        assert {gone, orphan} <= await keys_of(store)
        await store.delete(gone)
        await store.put(late, b"nobody's yet")
        running.on("GET", answered_as_before(lagging.answer), path="list-type=2")
        assert await sweep_once(vault) is not None
        running.mend()
        assert await keys_of(store) == await asyncio.to_thread(known_keys, world) | {late}
        assert await sweep_once(vault) is not None
        assert await keys_of(store) == await asyncio.to_thread(known_keys, world)


@asynccontextmanager
async def vault_ahead(world: World, told: dict[str, str]) -> AsyncIterator[Vault]:
    instance = world.instance
    places = {
        "REDWELL_KEYS": str(instance.data / "keys"),
        "REDWELL_OBJECTS": str(instance.objects),
        "REDWELL_DATABASE_HOST": instance.announcement_socket(),
        "REDWELL_DATABASE_PASSWORDS": (instance.data / "database.json").read_text(),
    }
    settings = Settings.from_environment(told | places)
    keys = KeyDirectory(settings.keys)
    subjects = keys.secret(KeyFile.SUBJECTS)

    def ahead() -> datetime:
        return instance.clock.now() + timedelta(hours=2)

    recorder = Recorder(settings, Role.DOCS, subjects, ahead)
    database = Database(settings, Role.DOCS, 1)
    keychain = Keychain(file_roots(keys.secret(KeyFile.ROOT)))
    async with open_stores(settings, str(subjects.name.id)) as stores:
        yield Vault(
            settings,
            database,
            recorder,
            stores,
            keychain,
            Slots(1, 1),
            Alarm(settings),
            admissions(Ground(database, recorder, keychain)),
        )


def known_keys(world: World) -> set[str]:
    return {row[0] for row in rows(world.instance, "SELECT object_key FROM segments")}
