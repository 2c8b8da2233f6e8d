"""A start with another root key, or an altered one, ends in one sentence and leaves everything as it was."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from services.docs_api.canary import WrongRootKeyError, ensure_canary
from services.kernel.settings import Settings
from services.keys.files import KeyDirectory, KeyFile, NamedKey, format_symmetric
from services.keys.wrapping import KeyName, new_key
from tests.functional.docs_api.moving import fetch_rows
from tests.harness.instance import ROOT, Instance, StartError
from tests.harness.people import World
from tests.harness.ports import free_port
from tests.harness.stage import staged

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with staged("embedded") as built:
        yield built


def _root(instance: Instance) -> NamedKey:
    return KeyDirectory(instance.data / "keys").secret(KeyFile.ROOT)


def _other(root: NamedKey, *, same_name: bool) -> NamedKey:
    return NamedKey(root.name if same_name else KeyName("root", None, uuid4()), new_key())


def _ensure(instance: Instance, root: NamedKey) -> None:
    settings = Settings(
        keys=instance.data / "keys",
        objects=instance.objects,
        database_host=instance.announcement_socket(),
        database_passwords=(instance.data / "database.json").read_text(),
    )
    asyncio.run(ensure_canary(settings, root, NOW))


def _canaries(instance: Instance) -> set[str]:
    return {str(row[0]) for row in fetch_rows(instance, "SELECT id FROM root_canaries")}


def _forget(instance: Instance) -> None:
    """The database as an earlier release left it."""

    async def forget() -> None:
        connection = await asyncpg.connect(instance.superuser_dsn())
        await connection.execute("DELETE FROM root_canaries")
        await connection.close()

    asyncio.run(forget())


@pytest.mark.parametrize("same_name", [True, False])
def test_another_root_key_is_refused(world: World, *, same_name: bool) -> None:
    root = _root(world.instance)
    _ensure(world.instance, root)
    with pytest.raises(WrongRootKeyError, match=r"restore the right root\.key"):
        _ensure(world.instance, _other(root, same_name=same_name))
    assert _canaries(world.instance) == {str(root.name.id)}


def test_older_data_gets_its_canary_once_a_firm_key_opened(world: World, tmp_path: Path) -> None:
    world.put(tmp_path, "old.txt", b"old")
    root = _root(world.instance)
    _forget(world.instance)
    for same_name in (True, False):
        with pytest.raises(WrongRootKeyError):
            _ensure(world.instance, _other(root, same_name=same_name))
    assert _canaries(world.instance) == set()
    _ensure(world.instance, root)
    _ensure(world.instance, root)
    assert _canaries(world.instance) == {str(root.name.id)}


def test_the_vault_alone_refuses_another_root_key_too(world: World, tmp_path: Path) -> None:
    KeyDirectory(tmp_path / "keys").ensure()
    told = {
        "REDWELL_KEYS": str(tmp_path / "keys"),
        "REDWELL_OBJECTS": str(world.instance.objects),
        "REDWELL_DATABASE_HOST": world.instance.announcement_socket(),
        "REDWELL_DATABASE_PASSWORDS": (world.instance.data / "database.json").read_text(),
    }
    command = [sys.executable, "-m", "services.cli", "serve", "docs"]
    addresses = [f"--listen=127.0.0.1:{free_port()}", f"--ops=127.0.0.1:{free_port()}"]
    ended = subprocess.run(
        [*command, *addresses], cwd=ROOT, env=told, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("redwell: The root key ")
    assert ended.stderr.count("\n") == 1


def test_a_start_with_another_root_key_is_refused_and_the_right_one_starts(world: World) -> None:
    instance = world.instance
    file = instance.data / "keys" / KeyFile.ROOT
    right, content = _root(instance), file.read_text()
    assert instance.stop() == 0
    file.write_text(format_symmetric(_other(right, same_name=True)))
    try:
        with pytest.raises(StartError, match="is not the one that this database's keys are sealed under"):
            instance.start()
    finally:
        file.write_text(content)
        instance.start()
    assert instance.ready().status_code == 200
