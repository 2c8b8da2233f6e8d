"""Rotation of keys at every level beside a running instance: nothing is lost, old keys are needed no more."""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from services.cli.doctor.rotation import examine_rotation
from services.cli.keys import commands
from services.kernel.clock import system_clock
from services.kernel.ids import PLATFORM
from services.keys.files import KeyDirectory, KeyFile
from tests.functional.docs_api.moving import open_put, status_of
from tests.harness.eventually import eventually
from tests.harness.instance import ROOT, StartError
from tests.harness.people import World, matter_body
from tests.harness.rows import row, rows
from tests.harness.stage import content_of, staged

SIZE = 70_000
MOVING = "services.docs_api.rotation.moving"
ONE_BY_ONE = f"import {MOVING} as m; m.BATCH = 1; from services.cli.keys.commands import keys; keys()"
LEFT_BEHIND = """
SELECT (SELECT count(*) FROM versions v JOIN matter_keys k ON k.id = v.matter_key_id
        WHERE k.retired_at IS NOT NULL)
    + (SELECT count(*) FROM matter_keys m JOIN firm_keys k ON k.id = m.firm_key_id
       WHERE k.retired_at IS NOT NULL)
    + (SELECT count(*) FROM nda_versions n JOIN firm_keys k ON k.id = n.firm_key_id
       WHERE k.retired_at IS NOT NULL)
    + (SELECT count(*) FROM firm_keys WHERE root <> $1)
"""
ROTATORS = "SELECT 1 FROM pg_stat_activity WHERE usename = 'redwell_rotator'"
WAITS = f"{ROTATORS} AND wait_event_type = 'Lock'"
ALTER = """
UPDATE versions SET wrapped_data_key = set_byte(wrapped_data_key, 40, get_byte(wrapped_data_key, 40) # 1)
WHERE id = $1 RETURNING wrapped_data_key
"""
KEPT = "SELECT wrapped_data_key FROM versions WHERE id = $1"
VERSION = "SELECT FROM versions WHERE id = $1 FOR UPDATE"
FIRM_KEY = "SELECT FROM firm_keys WHERE tenant_id = $1 AND retired_at IS NULL FOR UPDATE"
FIRMS = "SELECT DISTINCT tenant_id FROM firm_keys WHERE root = $1 ORDER BY tenant_id"
VERSIONS = "SELECT id FROM versions WHERE matter_key_id = $1 ORDER BY id"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with staged("embedded") as built:
        yield built


def keys(world: World, *words: str) -> Result:
    """`redwell keys …` beside the instance."""
    told: dict[str, str | None] = dict.fromkeys(name for name in os.environ if name.startswith("REDWELL_"))
    return CliRunner().invoke(commands.keys, [*words, f"--data={world.instance.data}"], env=told)


def rotate(world: World, *words: str) -> str:
    done = keys(world, "rotate", *words)
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.stdout


@dataclass
class Matter:
    """A matter of the attorney's own, and what was put into it."""

    world: World
    folder: Path
    id: str = ""
    contents: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.attorney = self.world["attorney"]
        made = self.attorney.client.call("POST", "/v1/matters", matter_body(self.attorney.id))
        self.id = made["id"]

    @property
    def key(self) -> UUID:
        sql = "SELECT id FROM matter_keys WHERE matter_id = $1 AND retired_at IS NULL"
        return UUID(str(row(self.world.instance, sql, UUID(self.id))[0]))

    def put(self, name: str) -> str:
        content, path = content_of(name, SIZE), self.folder / name
        path.write_bytes(content)
        document = str(self.attorney.client.put(self.id, path, "pleadings")["id"])
        self.contents[document] = content
        return document

    def fetch(self, document: str) -> bytes:
        target = self.folder / f"{document}.fetched"
        self.attorney.client.fetch(document, target)
        found = target.read_bytes()
        target.unlink()
        return found

    def check(self) -> None:
        """All is there: bytes, names, and the search by name."""
        assert {document: self.fetch(document) for document in self.contents} == self.contents
        listed = {found["id"]: found["name"] for found in self.attorney.client.documents(self.id)}
        for document in self.contents:
            (found,) = self.attorney.client.documents(self.id, name=listed[document])
            assert found["id"] == document
        assert self.attorney.client.call("GET", f"/v1/matters/{self.id}")["client"] == "Aster Shipping"


@contextmanager
def at_work(matter: Matter) -> Iterator[None]:
    """Somebody puts and fetches all the time."""
    stop, failed, count = threading.Event(), [], [0]

    def work() -> None:
        try:
            while not stop.is_set():
                count[0] += 1
                document = matter.put(f"meanwhile-{count[0]}.bin")
                assert matter.fetch(document) == matter.contents[document]
        except BaseException as failure:  # noqa: BLE001 -- told to the test
            failed.append(failure)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
        before = count[0]
        eventually(lambda: failed or count[0] > before + 1)
    finally:
        stop.set()
        thread.join()
    assert failed == []


def root_of(world: World) -> str:
    return str(KeyDirectory(world.instance.data / "keys").secret(KeyFile.ROOT).name.id)


def test_everything_is_rotated_while_people_work(world: World, tmp_path: Path) -> None:
    world.renew()
    matter, admin = Matter(world, tmp_path), world["firm_admin"].client
    for name in ("first.bin", "second.bin"):
        matter.put(name)
    path = f"/v1/engagements/{world.engagement}/nda"
    admin.call("POST", f"{path}-versions", {"text": "Nothing leaves the room."})
    declared = {"name": "slow.bin", "class_id": "pleadings"}
    slow = matter.attorney.client.call("POST", f"/v1/matters/{matter.id}/documents", declared)
    upload = open_put(world.instance, matter.attorney, slow["upload"]["id"], 10)
    upload.sendall(b"12345")
    old = root_of(world)
    with at_work(matter):
        said = rotate(world, "--all")
    upload.sendall(b"67890")
    assert status_of(upload) == 200
    upload.close()
    matter.contents[slow["document"]["id"]] = b"1234567890"
    assert {line.partition(" ")[0].rstrip(":") for line in said.splitlines()} == {"root", "firm", "matter"}
    assert root_of(world) != old
    assert row(world.instance, LEFT_BEHIND, root_of(world))[0] == 0
    matter.put("after.bin")
    matter.check()
    assert admin.call("GET", path)["text"] == "Nothing leaves the room."
    check_recorded(world, matter)
    (world.instance.data / "keys" / f"root-{old}.key").unlink()
    assert world.instance.stop() == 0
    world.instance.start()
    matter.check()


def check_recorded(world: World, matter: Matter) -> None:
    phases = "SELECT body FROM events WHERE type = 'key.rotated' AND tenant_id = $1 AND matter_id IS {}"
    firm = UUID(world.firm)
    for tenant, level, of in (
        (PLATFORM, "root", "NULL"),
        (firm, "firm", "NULL"),
        (firm, "matter", f"NOT DISTINCT FROM '{matter.id}'"),
    ):
        told = [
            json.loads(found["body"])["change"] for found in rows(world.instance, phases.format(of), tenant)
        ]
        assert {(change["level"], change["phase"]) for change in told} == {
            (level, "started"),
            (level, "finished"),
        }


def test_a_rotation_that_was_killed_goes_on(world: World, tmp_path: Path) -> None:
    matter = Matter(world, tmp_path)
    for number in range(3):
        matter.put(f"{number}.bin")
    old = matter.key
    versions = [found["id"] for found in rows(world.instance, VERSIONS, old)]
    asyncio.run(kill_at(world, VERSION, versions[1], f"--matter={matter.id}"))
    eventually(lambda: not rows(world.instance, ROTATORS))
    assert [found["id"] for found in rows(world.instance, VERSIONS, old)] == versions[1:]
    matter.put("between.bin")
    matter.check()
    status = json.loads(keys(world, "status", "--json").stdout)
    (left,) = status["unfinished"]
    assert (left["level"], left["matter"], left["moved"]) == ("matter", matter.id, 1)
    noted = [found.text for found in examine_rotation(world.instance.data, system_clock())]
    assert any("is not over" in found for found in noted)
    new = matter.key
    assert f"matter {matter.id}" in rotate(world, f"--matter={matter.id}")
    assert matter.key == new
    assert rows(world.instance, VERSIONS, old) == []
    matter.check()
    assert "No rotation was interrupted" in rotate(world)


def test_a_root_rotation_that_was_killed_goes_on(world: World, tmp_path: Path) -> None:
    """Some firm keys lie under the old root then, some under the new, and all goes on."""
    world.renew()
    matter = Matter(world, tmp_path)
    matter.put("kept.bin")
    theirs = world["other_attorney"].client
    theirs.call("POST", "/v1/matters", matter_body(world["other_attorney"].id))
    old = root_of(world)
    firms = [found["tenant_id"] for found in rows(world.instance, FIRMS, old)]
    asyncio.run(kill_at(world, FIRM_KEY, firms[-1], "--root"))
    eventually(lambda: not rows(world.instance, ROTATORS))
    assert [found["tenant_id"] for found in rows(world.instance, FIRMS, old)] == firms[-1:]
    matter.put("between.bin")
    theirs.call("POST", "/v1/matters", matter_body(world["other_attorney"].id))
    assert world.instance.stop() == 0
    world.instance.start()
    matter.check()
    assert "root" in rotate(world)
    assert root_of(world) != old
    assert row(world.instance, LEFT_BEHIND, root_of(world))[0] == 0
    matter.check()
    assert "No rotation was interrupted" in rotate(world)


async def kill_at(world: World, place: str, row: UUID, *words: str) -> None:
    """Rotate one by one, and kill that when it comes to this row, which `place` locks."""
    connection = await asyncpg.connect(world.instance.superuser_dsn())
    watching = await asyncpg.connect(world.instance.superuser_dsn())  # a transaction sees activity once
    told = {name: value for name, value in os.environ.items() if not name.startswith("REDWELL_")}
    command = [sys.executable, "-c", ONE_BY_ONE, "rotate", *words, f"--data={world.instance.data}"]
    try:
        async with connection.transaction():
            await connection.execute(place, row)
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


def test_an_altered_key_stops_it_in_a_sentence_and_stays(world: World, tmp_path: Path) -> None:
    matter = Matter(world, tmp_path)
    document = matter.put("altered.bin")
    (version,) = (found["id"] for found in rows(world.instance, VERSIONS, matter.key))
    altered = row(world.instance, ALTER, version)[0]
    done = keys(world, "rotate", f"--matter={matter.id}")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert f"The data key of the version {version}" in done.stderr
    assert row(world.instance, KEPT, version)[0] == altered
    rows(world.instance, ALTER, version)
    assert matter.fetch(document) == matter.contents[document]
    rotate(world)
    matter.check()


def test_what_is_held_is_sealed_anew_but_not_erased(world: World, tmp_path: Path) -> None:
    world.renew()
    matter = Matter(world, tmp_path)
    matter.put("held.bin")
    hold = matter.attorney.client.call("POST", f"/v1/matters/{matter.id}/holds", {"reason": "A letter"})
    rotate(world, f"--matter={matter.id}")
    rotate(world, f"--firm={world.firm}")
    for erasing in (
        f"UPDATE versions SET wrapped_data_key = '' WHERE matter_key_id = '{matter.key}'",
        f"UPDATE matter_keys SET wrapped = '' WHERE id = '{matter.key}'",
        f"UPDATE matter_keys SET names_wrapped = '' WHERE id = '{matter.key}'",
        f"UPDATE firm_keys SET wrapped = '' WHERE tenant_id = '{world.firm}'",
    ):
        with pytest.raises(asyncpg.PostgresError) as refused:
            rows(world.instance, erasing)
        assert refused.value.sqlstate == "RWHLD"
    matter.check()
    matter.attorney.client.call("POST", f"/v1/holds/{hold['id']}/release", {"reason": "Settled"})


def test_a_revoked_firm_and_an_unknown_one_are_not_rotated(world: World) -> None:
    nobody = "0192f0c1-0000-7000-8000-000000000001"
    done = keys(world, "rotate", f"--firm={nobody}")
    assert (done.exit_code, done.stderr) == (1, f"redwell: There is no firm {nobody} that has a key.\n")
    assert keys(world, "revoke", f"--firm={world.firm}").exit_code == 0
    try:
        assert "keys reinstate` comes first" in rotate(world, f"--firm={world.firm}")
    finally:
        assert keys(world, "reinstate", f"--firm={world.firm}").exit_code == 0


def test_the_root_key_before_is_refused_once_it_was_rotated(world: World, tmp_path: Path) -> None:
    folder = world.instance.data / "keys"
    matter = Matter(world, tmp_path)
    matter.put("kept.bin")
    old = (folder / KeyFile.ROOT).read_bytes()
    staged_as = keys(world, "stage-root").stdout.split()[0]
    rotate(world, "--root")
    assert root_of(world) in staged_as
    new = (folder / KeyFile.ROOT).read_bytes()
    assert world.instance.stop() == 0
    (folder / KeyFile.ROOT).write_bytes(old)
    with pytest.raises(StartError, match="which is not in"):
        world.instance.start()
    (folder / KeyFile.ROOT).write_bytes(new)
    world.instance.start()
    matter.check()
