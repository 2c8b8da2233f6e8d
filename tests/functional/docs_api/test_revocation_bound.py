"""How much is handed over after access has ended, whatever the client does, however late the news is."""

import contextlib
import os
import signal
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.docs_api.transfers.gate import WINDOW_BYTES
from tests.functional.docs_api.moving import fetch_rows, open_request, wait_for_end
from tests.harness.eventually import eventually
from tests.harness.people import World
from tests.harness.stage import LONG, content_of

PIECE_BYTES = 256 * 1024


@contextmanager
def news_held_up(world: World) -> Iterator[None]:
    """The processes of Postgres that bring the vault its news stand still."""
    alarms = "SELECT pid FROM pg_stat_activity WHERE application_name = 'redwell_docs:alarm'"
    # Whose connection was just lost, by another test, is about to listen again.
    pids = eventually(lambda: [row["pid"] for row in fetch_rows(world.instance, alarms)])
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # whoever waited too long for it has ended it
                os.kill(pid, signal.SIGCONT)


def _read_to_the_end(connection: ssl.SSLSocket) -> int:
    """How many bytes still come, read as fast as they do."""
    received = 0
    with contextlib.suppress(OSError):
        while got := connection.recv(1 << 20):
            received += len(got)
    return received


def test_a_fast_client_gets_no_more_than_a_window_while_the_news_is_late(
    world: World, tmp_path: Path
) -> None:
    document = world.put(tmp_path, "late.bin", content_of("late", LONG), "privileged")["id"]
    grant = world.grant(world["paralegal"], ["privileged"])
    path = f"GET /v1/documents/{document}/content"
    with news_held_up(world), open_request(world.instance, world["paralegal"], path) as connection:
        assert b" 200 " in connection.recv(4096)
        world["attorney"].client.call("POST", f"/v1/grants/{grant['id']}/revoke")
        received = _read_to_the_end(connection)
        end = wait_for_end(world.instance, document, "document.delivered", "access-ended")
    assert received < WINDOW_BYTES + PIECE_BYTES
    assert end["change"]["bytes"] <= WINDOW_BYTES


def test_a_client_that_does_not_read_is_cut_off_and_gets_no_more(world: World, tmp_path: Path) -> None:
    document = world.put(tmp_path, "idle.bin", content_of("idle", LONG), "privileged")["id"]
    grant = world.grant(world["paralegal"], ["privileged"])
    path = f"GET /v1/documents/{document}/content"
    with open_request(world.instance, world["paralegal"], path, receive_bytes=65536) as connection:
        assert b" 200 " in connection.recv(4096)
        world["attorney"].client.call("POST", f"/v1/grants/{grant['id']}/revoke")
        end = wait_for_end(world.instance, document, "document.delivered", "access-ended")
        received = _read_to_the_end(connection)
    assert received < end["change"]["bytes"] + PIECE_BYTES < LONG
