"""The root moves from a key file to KMS beside services, killed half-way: it goes on, and nothing is lost."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from clients.python.redwell_client import ProblemError
from tests.harness.edge import EdgeInstance
from tests.harness.eventually import eventually
from tests.harness.instance import ROOT
from tests.harness.kms import Kms, running_kms
from tests.harness.people import Person, World, matter_body
from tests.harness.rows import row, rows
from tests.harness.stage import content_of, staged

MOVING = "services.docs_api.rotation.moving"
ONE_BY_ONE = f"import {MOVING} as m; m.BATCH = 1; from services.cli.keys.commands import keys; keys()"
ROTATORS = "SELECT 1 FROM pg_stat_activity WHERE usename = 'redwell_rotator'"
WAITS = f"{ROTATORS} AND wait_event_type = 'Lock'"
LAST = (
    "SELECT FROM firm_keys WHERE id = (SELECT id FROM firm_keys ORDER BY tenant_id DESC LIMIT 1) FOR UPDATE"
)
LEFT = "SELECT count(*) FROM firm_keys WHERE root <> $1"
SECONDS = 120


@dataclass
class Firm:
    """Somebody's document, and what is in it."""

    person: Person
    document: str
    content: bytes

    def check(self, folder: Path) -> None:
        """It is there, once whichever process serves it has the firm's key open."""
        target = folder / f"{self.document}.back"
        eventually(lambda: _served(lambda: self.person.client.fetch(self.document, target)), 60)
        assert target.read_bytes() == self.content
        target.unlink()


def _served(act: Callable[[], Any]) -> bool:
    try:
        act()
    except ProblemError as problem:
        if problem.slug != "firm-key-unavailable":
            raise
        return False
    return True


@pytest.fixture
def kms(tmp_path: Path) -> Iterator[Kms]:
    with running_kms(tmp_path) as started:
        yield started


@pytest.fixture
def world(kms: Kms) -> Iterator[World]:
    with staged("services", **kms.settings()) as built:
        yield built


def _command(world: World, kms: Kms, root: str) -> tuple[list[str], dict[str, str]]:
    """`redwell keys rotate --root` beside the services, one key after the other, and what it is told."""
    assert isinstance(world.instance, EdgeInstance)
    usual = {name: value for name, value in os.environ.items() if not name.startswith(("REDWELL_", "COV"))}
    told = {**usual, **world.instance.environment, **kms.settings(), "REDWELL_ROOT": root}
    return [sys.executable, "-c", ONE_BY_ONE, "rotate", "--root", f"--data={world.instance.data}"], told


async def _kill_half_way(world: World, command: list[str], told: dict[str, str]) -> None:
    """Begin, and kill that when it comes to the last key."""
    connection = await asyncpg.connect(world.instance.superuser_dsn())
    watching = await asyncpg.connect(world.instance.superuser_dsn())  # a transaction sees activity once
    try:
        async with connection.transaction(), asyncio.timeout(SECONDS):
            await connection.execute(LAST)
            rotating = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=told)
            try:
                while not await watching.fetchval(WAITS):
                    assert rotating.returncode is None
            finally:
                if rotating.returncode is None:
                    rotating.send_signal(signal.SIGKILL)
                await rotating.wait()
    finally:
        await connection.close()
        await watching.close()


def test_killed_half_way_to_kms_it_goes_on(world: World, kms: Kms, tmp_path: Path) -> None:
    world["other_admin"].client.call("POST", "/v1/classes", {"id": "pleadings", "label": "Pleadings"})
    firms = []
    for name in ("attorney", "other_attorney"):
        person, path, content = world[name], tmp_path / name, content_of(name, 70_000)
        matter = person.client.call("POST", "/v1/matters", matter_body(person.id))["id"]
        path.write_bytes(content)
        firms.append(Firm(person, str(person.client.put(matter, path, "pleadings")["id"]), content))
    root = kms.new_key()
    command, told = _command(world, kms, root)
    asyncio.run(_kill_half_way(world, command, told))
    eventually(lambda: not rows(world.instance, ROTATORS))
    assert row(world.instance, LEFT, root)[0] >= 1
    for firm in firms:
        firm.check(tmp_path)
    done = subprocess.run(
        command, cwd=ROOT, env=told, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    assert row(world.instance, LEFT, root)[0] == 0
    for firm in firms:
        firm.check(tmp_path)
