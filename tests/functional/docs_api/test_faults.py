"""When evidence or database fail in the middle: nothing is served, nothing is half there, all recovers."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.functional.docs_api.moving import (
    begin,
    events_of,
    fetch_rows,
    open_put,
    open_request,
    status_of,
    wait_for_rows,
)
from tests.harness.people import World

MIB = 1024 * 1024


@contextmanager
def _no_evidence(world: World) -> Iterator[None]:
    fetch_rows(world.instance, "REVOKE INSERT ON events FROM redwell_docs")
    try:
        yield
    finally:
        fetch_rows(world.instance, "GRANT INSERT ON events TO redwell_docs")


def _cut_connections(world: World) -> None:
    fetch_rows(
        world.instance,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'redwell_docs'",
    )


def _version_state(world: World, document: str) -> str:
    rows = fetch_rows(world.instance, "SELECT state FROM versions WHERE document_id = $1", document)
    return str(rows[0]["state"])


def test_without_evidence_nothing_becomes_available(world: World) -> None:
    document, upload = begin(world, world["attorney"])
    with open_put(world.instance, world["attorney"], upload, 10) as connection:
        events_of(world.instance, document, "document.received")
        with _no_evidence(world):
            connection.sendall(bytes(10))
            assert status_of(connection) == 503
    assert _version_state(world, document) == "receiving"


def test_without_evidence_nothing_is_served(world: World) -> None:
    document, upload = begin(world, world["attorney"])
    with open_put(world.instance, world["attorney"], upload, 10) as connection:
        connection.sendall(bytes(10))
        assert status_of(connection) == 200
    path = f"GET /v1/documents/{document}/content"
    with _no_evidence(world), open_request(world.instance, world["attorney"], path) as connection:
        assert status_of(connection) == 503
    with open_request(world.instance, world["attorney"], path) as connection:
        assert status_of(connection) == 200


def test_an_upload_whose_connections_are_cut_ends_whole_or_not_at_all(world: World) -> None:
    document, upload = begin(world, world["attorney"])
    with open_put(world.instance, world["attorney"], upload, 20 * MIB) as connection:
        connection.sendall(bytes(9 * MIB))
        wait_for_rows(
            world.instance,
            "SELECT 1 FROM segments s JOIN versions v ON v.id = s.version_id WHERE v.document_id = $1",
            document,
        )
        _cut_connections(world)
        connection.sendall(bytes(11 * MIB))
        status = status_of(connection)
    assert (status, _version_state(world, document)) in {(200, "available"), (503, "receiving")}


def test_a_fetch_after_connections_were_cut_is_served(world: World) -> None:
    document, upload = begin(world, world["attorney"])
    with open_put(world.instance, world["attorney"], upload, 10) as connection:
        connection.sendall(bytes(10))
        assert status_of(connection) == 200
    _cut_connections(world)
    path = f"GET /v1/documents/{document}/content"
    with open_request(world.instance, world["attorney"], path) as connection:
        assert status_of(connection) == 200
