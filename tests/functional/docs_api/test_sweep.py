"""The sweeper: what nobody finishes is closed, what no row names is deleted, and the rest stays."""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from services.docs_api.keychain import Keychain
from services.docs_api.sweep.sweeper import LOCK, Swept, sweep_once, try_root_key
from services.docs_api.transfers.admissions import Ground, admissions
from services.docs_api.transfers.alarm import Alarm
from services.docs_api.transfers.slots import Slots
from services.docs_api.vault import Vault
from services.evidence.recorder import Recorder
from services.kernel.database import Database
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile
from services.keys.roots import file_roots
from services.keys.wrapping import UnwrapError
from services.storage.directory import DirectoryStore
from services.storage.protocol import new_object_key
from services.storage.stores import Stores
from services.tables.roles import Role
from tests.functional.docs_api.moving import begin, fetch_rows, open_put, wait_for_end, wait_for_rows
from tests.harness.people import World

MIB = 1024 * 1024


def _vault(world: World, ahead: timedelta = timedelta(), keys: Path | None = None) -> Vault:
    """The instance's own vault, as another process would open it, its clock so far ahead."""
    instance = world.instance
    settings = Settings(
        keys=instance.data / "keys",
        objects=instance.objects,
        database_host=instance.announcement_socket(),
        database_passwords=(instance.data / "database.json").read_text(),
    )
    directory = KeyDirectory(keys or settings.keys)

    def clock() -> datetime:
        return instance.clock.now() + ahead

    recorder = Recorder(settings, Role.DOCS, directory.secret(KeyFile.SUBJECTS), clock)
    database = Database(settings, Role.DOCS, 1)
    keychain = Keychain(file_roots(directory.secret(KeyFile.ROOT)))
    stores = Stores(DirectoryStore(settings.objects), {}, AsyncExitStack())
    return Vault(
        settings,
        database,
        recorder,
        stores,
        keychain,
        Slots(1, 1),
        Alarm(settings),
        admissions(Ground(database, recorder, keychain)),
    )


def _sweep(world: World, ahead: timedelta = timedelta()) -> Swept:
    swept = asyncio.run(sweep_once(_vault(world, ahead)))
    assert swept is not None
    return swept


def _stored(world: World) -> set[str]:
    return {path.name for path in world.instance.objects.glob("?/?/*")}


def test_an_orphan_goes_after_the_grace_and_a_document_stays(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "kept.txt", b"kept")["id"]
    orphan = new_object_key()
    asyncio.run(DirectoryStore(world.instance.objects).put(orphan, b"nobody's"))
    _sweep(world)
    assert orphan in _stored(world)
    _sweep(world, timedelta(hours=2))
    assert orphan not in _stored(world)
    named = {row[0] for row in fetch_rows(world.instance, "SELECT object_key FROM segments")}
    assert _stored(world) <= named
    world["attorney"].client.fetch(document, tmp_path / "fetched")


def test_a_vanished_client_leaves_no_object_after_the_sweep(world: World) -> None:
    document, upload = begin(world, world["attorney"])
    with open_put(world.instance, world["attorney"], upload, 30 * MIB) as connection:
        connection.sendall(bytes(9 * MIB))
        key = wait_for_rows(
            world.instance,
            "SELECT object_key FROM segments s JOIN versions v ON v.id = s.version_id "
            "WHERE v.document_id = $1",
            document,
        )[0][0]
        assert key in _stored(world)
    wait_for_end(world.instance, document, "document.received", "client-gone")
    _sweep(world, timedelta(hours=2))
    assert key not in _stored(world)


def test_an_upload_past_its_time_is_abandoned_and_takes_nothing(world: World) -> None:
    document, upload = begin(world, world["attorney"])
    assert _sweep(world, timedelta(hours=25)).abandoned >= 1
    assert world["attorney"].client.call("GET", f"/v1/uploads/{upload}")["state"] == "abandoned"
    version = fetch_rows(world.instance, "SELECT state FROM versions WHERE document_id = $1", document)
    assert version[0]["state"] == "abandoned"
    wait_for_end(world.instance, document, "document.received", "expired")


def test_an_upload_whose_process_died_opens_again(world: World) -> None:
    document, upload = begin(world, world["attorney"])
    fetch_rows(
        world.instance,
        "UPDATE uploads SET lease_owner = gen_random_uuid(), lease_expires_at = now() - interval '1 day', "
        "received_bytes = 7 WHERE id = $1",
        upload,
    )
    assert _sweep(world).interrupted >= 1
    assert world["attorney"].client.call("GET", f"/v1/uploads/{upload}")["received_bytes"] == 0
    wait_for_end(world.instance, document, "document.received", "interrupted")


async def test_one_process_sweeps_at_a_time(world: World) -> None:
    connection = await asyncpg.connect(world.instance.superuser_dsn())
    try:
        await connection.fetchval("SELECT pg_advisory_lock($1)", LOCK)
        assert await sweep_once(_vault(world)) is None
    finally:
        await connection.close()


async def test_another_root_key_is_noticed(world: World, tmp_path: Path) -> None:
    await try_root_key(_vault(world))
    KeyDirectory(tmp_path / "keys").ensure()
    with pytest.raises(UnwrapError):
        await try_root_key(_vault(world, keys=tmp_path / "keys"))
