"""Holds: who places and releases them, and that no path removes what is held."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from clients.python.redwell_client import ProblemError
from tests.functional.docs_api.moving import fetch_rows
from tests.harness.people import World, matter_body
from tests.harness.stage import new_upload

REASON = "Letter before action of 3 March"
HELD = "RWHLD"
REMOVALS = {
    "the vault forgets segments": ("redwell_docs", "DELETE FROM segments WHERE version_id = $1"),
    "the sweeper forgets segments": ("redwell_sweeper", "DELETE FROM segments WHERE version_id = $1"),
    "the sweeper abandons a version": (
        "redwell_sweeper",
        "UPDATE versions SET state = 'abandoned' WHERE id = $1",
    ),
    "the vault rejects a version": ("redwell_docs", "UPDATE versions SET state = 'rejected' WHERE id = $1"),
    "an administrator deletes a version": (None, "DELETE FROM versions WHERE id = $1"),
    "an administrator deletes a document": (
        None,
        "DELETE FROM documents WHERE id = (SELECT document_id FROM versions WHERE id = $1)",
    ),
    "an administrator destroys the matter's keys": (
        None,
        "DELETE FROM matter_keys WHERE id = (SELECT matter_key_id FROM versions WHERE id = $1)",
    ),
    "an administrator destroys the firm's keys": (
        None,
        "DELETE FROM firm_keys k USING versions v WHERE v.id = $1 AND k.tenant_id = v.tenant_id",
    ),
}


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(ProblemError) as refused:
        act()
    return f"{refused.value.status} {refused.value.slug}"


def matter_with_document(world: World, folder: Path) -> tuple[str, str, UUID]:
    """A new matter, a document in it, and its version."""
    attorney = world["attorney"]
    matter = attorney.client.call("POST", "/v1/matters", matter_body(attorney.id))["id"]
    path = folder / f"{secrets.token_hex(4)}.txt"
    path.write_bytes(b"to be kept")
    document = attorney.client.put(matter, path, "pleadings")["id"]
    (row,) = fetch_rows(world.instance, "SELECT id FROM versions WHERE document_id = $1", UUID(document))
    return matter, document, row["id"]


def place(world: World, matter: str, document: str | None = None) -> str:
    body = {"reason": REASON} | ({"document_id": document} if document else {})
    return str(world["attorney"].client.call("POST", f"/v1/matters/{matter}/holds", body)["id"])


def release(world: World, hold: str) -> None:
    world["attorney"].client.call("POST", f"/v1/holds/{hold}/release", {"reason": "Settled"})


def outcome(world: World, role: str | None, statement: str, version: UUID) -> str | int:
    """The SQLSTATE of a removal that was refused, or how many rows it would have removed; none is."""
    return asyncio.run(_try(world, role, statement, version))


async def _try(world: World, role: str | None, statement: str, version: UUID) -> str | int:
    connection = await asyncpg.connect(world.instance.superuser_dsn())
    try:
        attempt = connection.transaction()
        await attempt.start()
        if role is not None:
            await connection.execute("SELECT set_config('redwell.tenants', $1, true)", world.firm)
            await connection.execute(f"SET LOCAL ROLE {role}")
        try:
            return int((await connection.execute(statement, version)).split()[-1])
        except asyncpg.PostgresError as refused:
            return str(refused.sqlstate)
        finally:
            await attempt.rollback()
    finally:
        await connection.close()


@pytest.mark.parametrize("name", REMOVALS)
@pytest.mark.parametrize("what", ["matter", "document"])
def test_what_is_held_is_not_removed_by_any_path(world: World, tmp_path: Path, name: str, what: str) -> None:
    matter, document, version = matter_with_document(world, tmp_path)
    role, statement = REMOVALS[name]
    hold = place(world, matter, None if what == "matter" else document)
    assert outcome(world, role, statement, version) == HELD
    release(world, hold)
    if "firm" not in name:  # other matters of the firm are held by other tests
        assert outcome(world, role, statement, version) in (1, "23503")


def test_a_hold_of_one_document_leaves_others_alone(world: World, tmp_path: Path) -> None:
    matter, held, version = matter_with_document(world, tmp_path)
    (tmp_path / "other.txt").write_bytes(b"not held")
    other = world["attorney"].client.put(matter, tmp_path / "other.txt", "pleadings")["id"]
    (row,) = fetch_rows(world.instance, "SELECT id FROM versions WHERE document_id = $1", UUID(other))
    hold = place(world, matter, held)
    role, statement = REMOVALS["the vault forgets segments"]
    assert outcome(world, role, statement, version) == HELD
    assert outcome(world, role, statement, row["id"]) == 1
    # The key of the matter opens what is held.
    assert outcome(world, *REMOVALS["an administrator destroys the matter's keys"], version) == HELD
    release(world, hold)


def test_an_upload_that_became_no_version_is_not_held(world: World) -> None:
    document, _ = new_upload(world, "never sent.txt")
    (row,) = fetch_rows(world.instance, "SELECT id FROM versions WHERE document_id = $1", UUID(document))
    hold = place(world, world.matter)
    for name in ("the vault forgets segments", "the sweeper abandons a version"):
        assert outcome(world, *REMOVALS[name], row["id"]) in (0, 1)
    release(world, hold)


def test_each_of_several_holds_counts(world: World, tmp_path: Path) -> None:
    matter, document, version = matter_with_document(world, tmp_path)
    holds = [place(world, matter), place(world, matter, document)]
    for hold in holds:
        assert outcome(world, *REMOVALS["the sweeper forgets segments"], version) == HELD
        release(world, hold)
    assert outcome(world, *REMOVALS["the sweeper forgets segments"], version) == 1


def test_holds_are_placed_read_and_released_on_the_record(world: World, tmp_path: Path) -> None:
    matter, document, _ = matter_with_document(world, tmp_path)
    hold = place(world, matter, document)
    path = f"/v1/matters/{matter}/holds"
    for reader in ("attorney", "officer"):
        (seen,) = world[reader].client.pages(path)
        assert (seen["id"], seen["document_id"], seen["reason"]) == (hold, document, REASON)
        assert seen["released_at"] is None
    release(world, hold)
    (seen,) = world["officer"].client.pages(path)
    assert (seen["release_reason"], seen["released_by"]) == ("Settled", world["attorney"].id)
    assert refusal(lambda: release(world, hold)) == "409 hold-released"
    told = [row["event"]["type"] for row in world["officer"].client.events(document=document)]
    assert {"hold.placed", "hold.released"} <= set(told)
    (row,) = fetch_rows(world.instance, "SELECT * FROM holds WHERE id = $1", UUID(hold))
    assert REASON.encode() not in row["reason_sealed"]
    assert b"Settled" not in row["release_reason_sealed"]


def test_nobody_else_holds_or_releases(world: World, tmp_path: Path) -> None:
    matter, document, _ = matter_with_document(world, tmp_path)
    hold = place(world, matter)
    path, body = f"/v1/matters/{matter}/holds", {"reason": REASON}
    for name in ("firm_admin", "officer", "paralegal", "firm_staff"):
        person = world[name].client
        assert refusal(lambda person=person: person.call("POST", path, body)) == "403 forbidden"  # type: ignore[misc]
        assert (
            refusal(lambda person=person: person.call("POST", f"/v1/holds/{hold}/release", body))  # type: ignore[misc]
            == "403 forbidden"
        )
    stranger = world["other_attorney"].client
    assert refusal(lambda: stranger.call("POST", path, body)) == "404 not-found"
    assert refusal(lambda: stranger.call("POST", f"/v1/holds/{hold}/release", body)) == "404 not-found"
    assert refusal(lambda: place(world, matter, str(uuid4()))) == "422 invalid-input"
    assert refusal(lambda: place(world, world.matter, document)) == "422 invalid-input"
    release(world, hold)
