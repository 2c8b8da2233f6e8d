"""Other full disks than the store's and the database's: of logs, of mail, of temporary files, of a client."""

import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from clients.python.redwell_client import ProblemError, TargetError
from tests.functional.mailing import code_in, invitation, kept, mail_events, new_address
from tests.harness.eventually import eventually
from tests.harness.folders import throwaway_folder
from tests.harness.instance import Instance
from tests.harness.outage import worker_pids
from tests.harness.people import World, build_world, join, matter_body
from tests.harness.rows import row, rows, wait_until_sequenced
from tests.harness.stage import MIB, authorization, content_of
from tests.harness.volume import fill, resize, volume

EVENTS_OF_MIBS = """
WITH made AS (
    SELECT gen_random_uuid() AS id, clock_timestamp() AS at, convert_to(json_build_object('filler', (
        SELECT string_agg(md5(n::text || part::text || random()::text), '') FROM generate_series(1, 220) part
    ))::text, 'UTF8') AS body FROM generate_series(1, 1500) n
), kept AS (
    INSERT INTO events (tenant_id, id, at, type, outcome, body, sha256)
    SELECT $1, id, at, 'test.filled', 'info', body, sha256(body) FROM made RETURNING id, at
)
INSERT INTO event_queue (tenant_id, event_id, at) SELECT $1, id, at FROM kept
"""


@dataclass(frozen=True)
class Disks:
    """An instance whose log, mail, temporary files and fetched files have a small disk each."""

    world: World
    log: Path
    spool: Path
    target: Path

    @property
    def instance(self) -> Instance:
        return self.world.instance


@pytest.fixture(scope="module")
def disks() -> Iterator[Disks]:
    with (
        throwaway_folder() as folder,
        volume(folder / "log", "256k") as log,
        volume(folder / "spool", "1m") as spool,
        volume(folder / "target", "2m") as target,
        volume(folder / "data" / "mail", "1m"),
    ):
        instance = Instance(folder, workers=1, settings={"TMPDIR": str(spool)})
        instance.data.chmod(0o711)
        instance.log = log / "instance.log"
        try:
            instance.start()
            world = build_world(instance, join(instance, instance.operator_code, "operator"))
            yield Disks(world, log, spool, target)
            world.close()
            assert instance.stop() == 0
        finally:
            if instance.alive:
                instance.kill()


def fail_in_the_log(disks: Disks, folder: Path) -> None:
    """A request that fails and says so in the log, a worker that dies, and requests that are served."""
    instance, headers = disks.instance, authorization(disks.world["attorney"])
    body = matter_body(disks.world["attorney"].id)
    aside = instance.objects.rename(instance.objects.with_name("objects.aside"))
    try:
        with pytest.raises(ProblemError, match="503"):
            disks.world.put(folder, "unstored.txt", b"unstored")
    finally:
        aside.rename(instance.objects)
    (worker,) = worker_pids(instance)
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: worker_pids(instance) not in ([], [worker]), 30)
    eventually(lambda: instance.ready().status_code == 200, 30)
    with instance.http() as http:
        assert http.post("/v1/matters", json=body, headers=headers).status_code == 201


def test_the_log_file_is_full(disks: Disks, tmp_path: Path) -> None:
    disks.world.renew()
    ballast = fill(disks.log)
    fail_in_the_log(disks, tmp_path)
    assert disks.instance.alive
    written = disks.instance.log.stat().st_size
    ballast.unlink()
    fail_in_the_log(disks, tmp_path)
    said = disks.instance.log.read_bytes()[written:]
    assert b'"event": "worker ended"' in said
    assert b'"event": "request failed"' in said


def test_the_mail_folder_is_full(disks: Disks) -> None:
    disks.world.renew()
    instance, email = disks.instance, new_address()
    ballast = fill(instance.mail)
    made = UUID(invitation(disks.world["firm_admin"], email)["id"])
    waiting = "SELECT 1 FROM outbox WHERE about = $1 AND attempts = $2"
    eventually(lambda: rows(instance, waiting, made, 1))
    instance.clock.advance(60)
    eventually(lambda: rows(instance, waiting, made, 2))
    assert {path.name for path in instance.mail.iterdir() if path.suffix == ".part"} == set()
    assert kept(instance, email) == []
    ballast.unlink()
    instance.clock.advance(120)
    (message,) = eventually(lambda: kept(instance, email))
    (event,) = eventually(lambda: mail_events(instance, str(made)))
    assert (event["type"], event["change"]["attempts"]) == ("mail.sent", 3)
    join(instance, code_in(message), "mailed late", email).client.close()


def test_the_disk_for_temporary_files_is_full(disks: Disks, tmp_path: Path) -> None:
    disks.world.renew()
    instance, officer = disks.instance, disks.world["officer"]
    rows(instance, EVENTS_OF_MIBS, UUID(disks.world.firm))
    wait_until_sequenced(instance)
    bundle = tmp_path / "bundle.zip"
    with pytest.raises(ProblemError) as refused:
        officer.client.bundle(bundle)
    assert (refused.value.status, refused.value.slug) == (503, "no-room-to-pack")
    assert refused.value.event is not None
    event = row(
        instance, "SELECT outcome, reason, type FROM events WHERE id::text = $1", refused.value.event[:36]
    )
    assert tuple(event) == ("failed", "no-room-to-pack", "log.exported")
    assert shutil.disk_usage(disks.spool).used == 0
    assert list(tmp_path.iterdir()) == []
    resize(disks.spool, "64m")
    officer.client.bundle(bundle)
    assert bundle.stat().st_size > 4 * MIB
    eventually(lambda: shutil.disk_usage(disks.spool).used == 0)
    with pytest.raises(TargetError):
        officer.client.bundle(disks.target / "bundle.zip")
    assert list(disks.target.iterdir()) == []


def test_the_disk_of_the_one_who_fetches_is_full(disks: Disks, tmp_path: Path) -> None:
    disks.world.renew()
    client, content = disks.world["attorney"].client, content_of("large", 4 * MIB)
    document = disks.world.put(tmp_path, "large.bin", content)["id"]
    target = disks.target / "large.bin"
    target.write_bytes(b"what was there")
    with pytest.raises(TargetError) as refused:
        client.fetch(document, target)
    assert str(refused.value) == f"{target} cannot be written: {os.strerror(28)}"
    assert [path.name for path in disks.target.iterdir()] == ["large.bin"]
    assert target.read_bytes() == b"what was there"
    target.unlink()
    client.fetch(document, tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == content
