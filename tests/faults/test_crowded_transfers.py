"""Transfers at once: so many for each session, so many in all, and a place is given back whatever happens."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from clients.python.redwell_client import ProblemError
from tests.harness.eventually import eventually
from tests.harness.folders import throwaway_folder
from tests.harness.instance import Instance
from tests.harness.people import Person, World, build_world, join
from tests.harness.rows import events
from tests.harness.stage import MIB, content_of, new_upload
from tests.harness.wire import Wire

EACH, ALL = 2, 3
SIZE = 20 * MIB


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One worker, because places are counted in each process."""
    settings = {"REDWELL_TRANSFERS_PER_SESSION": str(EACH), "REDWELL_TRANSFERS_PER_PROCESS": str(ALL)}
    with throwaway_folder() as folder:
        instance = Instance(folder, workers=1, settings=settings)
        try:
            built = build_world(instance.start(), join(instance, instance.operator_code, "operator"))
            built.grant(built["paralegal"], ["pleadings"])
            yield built
            built.close()
            assert instance.stop() == 0
        finally:
            if instance.alive:
                instance.kill()


@pytest.fixture(scope="module")
def document(world: World, tmp_path_factory: pytest.TempPathFactory) -> str:
    made = world.put(tmp_path_factory.mktemp("crowd"), "large.bin", content_of("large", SIZE))
    return str(made["id"])


def unread_fetch(world: World, person: Person, document: str) -> Wire:
    """A fetch whose answer has begun and is not read on."""
    wire = Wire(world.instance, receive_buffer_bytes=64 * 1024)
    wire.get(person, document)
    assert wire.head()[0] == 200
    return wire


def unfinished_upload(world: World, name: str) -> Wire:
    document, upload = new_upload(world, name)
    wire = Wire(world.instance)
    wire.put(world["attorney"], upload, SIZE)
    wire.send(bytes(MIB))
    eventually(lambda: events(world.instance, document, "document.received"))
    return wire


def refusal(person: Person, document: str, folder: Path) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        person.client.fetch(document, folder / "refused")
    assert not (folder / "refused").exists()
    return caught.value


def is_free_again(person: Person, document: str, folder: Path) -> bool:
    try:
        person.client.fetch(document, folder / "free")
    except ProblemError:
        return False
    return True


def test_one_session_has_so_many_and_others_are_served_on(
    world: World, document: str, tmp_path: Path
) -> None:
    attorney, paralegal = world["attorney"], world["paralegal"]
    with ExitStack() as stack:
        stack.enter_context(unread_fetch(world, attorney, document))
        stack.enter_context(unfinished_upload(world, "unfinished.bin"))
        refused = refusal(attorney, document, tmp_path)
        assert (refused.status, refused.slug) == (429, "too-many-requests")
        assert refused.event is not None
        paralegal.client.fetch(document, tmp_path / "served")
    eventually(lambda: is_free_again(attorney, document, tmp_path))


def test_a_process_has_so_many(world: World, document: str, tmp_path: Path) -> None:
    attorney, paralegal = world["attorney"], world["paralegal"]
    with ExitStack() as stack:
        for person in (attorney, attorney, paralegal):
            stack.enter_context(unread_fetch(world, person, document))
        refused = refusal(paralegal, document, tmp_path)
        assert (refused.status, refused.slug) == (503, "unavailable")
    eventually(lambda: is_free_again(paralegal, document, tmp_path))


def test_a_refusal_keeps_no_place(world: World, document: str, tmp_path: Path) -> None:
    for _ in range(2 * ALL):
        assert refusal(world["ungranted"], document, tmp_path).status == 404
        assert refusal(world["attorney"], world.firm, tmp_path).status == 404
    world["attorney"].client.fetch(document, tmp_path / "after")
    assert (tmp_path / "after").stat().st_size == SIZE


def test_a_head_takes_no_place_and_an_unchanged_document_keeps_none(world: World, document: str) -> None:
    tokens = world["attorney"].client.tokens
    assert tokens is not None
    headers = {"Authorization": f"Bearer {tokens.access}"}
    with world.instance.http(headers=headers) as http:
        etag = http.head(f"/v1/documents/{document}/content").headers["etag"]
        statuses = [
            http.get(f"/v1/documents/{document}/content", headers={"If-None-Match": etag}).status_code
            for _ in range(2 * ALL)
        ]
    assert statuses == [304] * (2 * ALL)
