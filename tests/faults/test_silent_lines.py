"""A line to the database that goes dead without a word: what was revoked is refused all the same."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from services.kernel import database
from services.kernel.database import Database
from services.kernel.problems import Unavailable
from services.kernel.settings import Settings
from services.tables.roles import Role
from tests.harness.edge import EdgeInstance
from tests.harness.eventually import allowed, eventually
from tests.harness.folders import throwaway_folder
from tests.harness.people import Person, World, build_world, invite, join
from tests.harness.programs import new_program, put_on_matter
from tests.harness.rows import rows
from tests.harness.silent_line import SilentLine, silent_line
from tests.harness.stage import LONG, authorization, content_of
from tests.harness.wire import Wire

ALARM = "redwell_docs:alarm"
LISTENS = f"""
SELECT 1 FROM pg_stat_activity
WHERE application_name = '{ALARM}' AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')
"""
DELIVERED = """
SELECT reason FROM events WHERE actor_id = $1 AND document_id = $2 AND type = 'document.delivered'
"""


@pytest.fixture(scope="module")
def line() -> Iterator[tuple[SilentLine, World]]:
    """Services that reach their Postgres through a line that can go dead."""
    with throwaway_folder() as folder:
        between = folder / "line"
        between.mkdir()
        instance = EdgeInstance(folder, settings={"REDWELL_DATABASE_HOST": str(between)})
        with silent_line(between, lambda: instance.postgres.socket_directory) as line:
            try:
                instance.start()
                world = build_world(instance, join(instance, instance.operator_code, "operator"))
                yield line, world
                world.close()
                assert instance.stop() == 0
            finally:
                if instance.alive:
                    instance.kill()


@pytest.fixture
def world(line: tuple[SilentLine, World]) -> World:
    """The vault hears no news: the line is dead on which it listens, and so is every one that it opens."""
    silent, built = line
    built.renew()
    if silent.carries(ALARM):
        eventually(lambda: rows(built.instance, LISTENS))
        silent.silence(ALARM, new=True)
    return built


def end_session(_world: World, person: Person) -> None:
    person.client.call("POST", "/v1/sign-out")


def suspend(world: World, person: Person) -> None:
    world["provider_admin"].client.call("POST", f"/v1/members/{person.id}/suspend")


def revoke_grant(world: World, person: Person) -> None:
    grants = world["attorney"].client.call("GET", f"/v1/matters/{world.matter}/grants")["items"]
    (grant,) = [grant["id"] for grant in grants if grant["member_id"] == person.id]
    world["attorney"].client.call("POST", f"/v1/grants/{grant}/revoke")


@pytest.mark.parametrize(
    ("end", "reason", "status"),
    [
        (end_session, "session-ended", 401),
        (suspend, "session-ended", 401),
        (revoke_grant, "access-ended", 404),
    ],
)
def test_a_running_transfer_ends_and_the_next_request_is_refused(
    world: World, tmp_path: Path, end: Callable[[World, Person], None], reason: str, status: int
) -> None:
    person = invite(world.instance, world["provider_admin"], ["paralegal"], "reader")
    person.client.act_for(world.firm)
    world.grant(person, ["pleadings"])
    document = world.put(tmp_path, f"{person.id}.bin", content_of(person.id, LONG))["id"]
    with Wire(world.instance, receive_buffer_bytes=65536) as wire, world.instance.http() as http:
        headers = authorization(person)
        wire.get(person, document)
        assert wire.head()[0] == 200
        end(world, person)
        answer = http.get(f"/v1/documents/{document}/content", headers=headers)
        assert answer.status_code == status
        (ended,) = eventually(
            lambda: rows(world.instance, DELIVERED, UUID(person.id), UUID(document)), allowed(2.5)
        )
    assert ended["reason"] == reason
    person.client.close()


def test_a_programs_next_request_is_refused(world: World) -> None:
    admin = world["firm_admin"]
    program = new_program(world, admin)
    put_on_matter(world, program, world.matter)
    token, path = program.token(), f"/v1/matters/{world.matter}"
    assert program.call(token, "GET", path).status_code == 200
    admin.client.call("POST", f"/v1/clients/{program.id}/keys/{program.kid}/revoke")
    assert program.call(token, "GET", path).status_code == 401


def test_a_dead_line_of_a_pool_is_given_up(
    line: tuple[SilentLine, World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "SILENT_SECONDS", 2)
    silent, built = line
    assert isinstance(built.instance, EdgeInstance)
    settings = Settings.from_environment(built.instance.environment)

    async def go() -> list[type[Exception] | None]:
        pool = Database(settings, Role.VERIFIER, 1)
        found: list[type[Exception] | None] = [await _try(pool)]
        silent.silence(str(Role.VERIFIER))
        found += [await _try(pool), await _try(pool)]
        await pool.close()
        return found

    assert asyncio.run(go()) == [None, Unavailable, None]


async def _try(pool: Database) -> type[Exception] | None:
    try:
        async with pool.transaction():
            return None
    except Unavailable:
        return Unavailable
