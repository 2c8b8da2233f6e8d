"""What the tests of this package use: half-sent requests, and the log as it lies in the database."""

import asyncio
import json
import socket
import ssl
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg

from tests.harness.instance import Instance
from tests.harness.people import Person, World

PATIENCE_SECONDS = 30.0


def fetch_rows(instance: Instance, sql: str, *values: object) -> list[asyncpg.Record]:
    """Rows as the database's administrator sees them."""

    async def fetch() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(instance.superuser_dsn())
        try:
            rows: list[asyncpg.Record] = await connection.fetch(sql, *values)
            return rows
        finally:
            await connection.close()

    return asyncio.run(fetch())


def wait_for_rows(instance: Instance, sql: str, *values: object) -> list[asyncpg.Record]:
    """The rows, as soon as there are any."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (rows := fetch_rows(instance, sql, *values)):
        assert time.monotonic() < deadline, "it never came"
    return rows


def events_of(instance: Instance, document: str, kind: str) -> list[dict[str, Any]]:
    """The events of one type about a document, oldest first; waits for the first."""
    rows = wait_for_rows(
        instance,
        "SELECT body FROM events WHERE document_id = $1 AND type = $2 ORDER BY at, id",
        UUID(document),
        kind,
    )
    return [json.loads(row["body"]) for row in rows]


def wait_for_end(instance: Instance, document: str, kind: str, reason: str) -> dict[str, Any]:
    """The event of this type that names `reason`."""
    rows = wait_for_rows(
        instance,
        "SELECT body FROM events WHERE document_id = $1 AND type = $2 AND reason = $3",
        UUID(document),
        kind,
        reason,
    )
    assert len(rows) == 1
    event: dict[str, Any] = json.loads(rows[0]["body"])
    return event


def begin(world: World, person: Person, declared: dict[str, object] | None = None) -> tuple[str, str]:
    """A document without content yet; its id and its upload's."""
    body = {"name": "held.bin", "class_id": "pleadings", **(declared or {})}
    made = person.client.call("POST", f"/v1/matters/{world.matter}/documents", body)
    return made["document"]["id"], made["upload"]["id"]


def open_request(instance: Instance, person: Person, head: str, receive_bytes: int = 0) -> ssl.SSLSocket:
    """A TLS connection on which the head of a request was sent, and nothing read yet."""
    assert person.client.tokens is not None
    raw = socket.socket()
    if receive_bytes:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    raw.settimeout(PATIENCE_SECONDS)
    port = urlsplit(instance.url).port
    raw.connect(("localhost", port))
    context = ssl.create_default_context(cafile=str(instance.ca))
    wrapped = context.wrap_socket(raw, server_hostname="localhost")
    method_line, _, rest = head.partition("\r\n")
    lines = [
        f"{method_line} HTTP/1.1",
        f"Host: localhost:{port}",
        f"Authorization: Bearer {person.client.tokens.access}",
        *([rest] if rest else []),
        "",
        "",
    ]
    wrapped.sendall("\r\n".join(lines).encode())
    return wrapped


def open_put(instance: Instance, person: Person, upload: str, length: int) -> ssl.SSLSocket:
    head = (
        f"PUT /v1/uploads/{upload}/content\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {length}"
    )
    return open_request(instance, person, head)


def status_of(connection: ssl.SSLSocket) -> int:
    """The status line of the answer, read when it comes."""
    return int(connection.recv(4096).split(b" ", 2)[1])
