"""How a client waits for an approval, against answers of a server of its own."""

import json
from collections.abc import Callable

import httpx
import pytest

from clients.python.redwell_client import ProblemError, Redwell, Waiting

WAITING = Waiting("rw_dev_x", "BCDF-GHJK", "https://localhost/device", 600, 5)
TOKENS = {"access_token": "a", "refresh_token": "r", "acting_for": "o", "token_type": "Bearer"}
Answer = Callable[[], httpx.Response]


def told(status: int, **document: str) -> Answer:
    return lambda: httpx.Response(status, content=json.dumps(document))


def broken() -> httpx.Response:
    raise httpx.ConnectError("gone")


def waits(*answers: Answer, waiting: Waiting = WAITING) -> tuple[Redwell, list[float]]:
    """A client that was answered so, and how long it waited before it asked each time."""
    left, waited = list(answers), list[float]()
    client = Redwell("https://localhost")
    client.close()
    client._http = httpx.Client(
        base_url="https://localhost", transport=httpx.MockTransport(lambda _: left.pop(0)())
    )
    client.await_device(waiting, waited.append)
    return client, waited


def test_it_asks_in_the_interval_and_slows_down_when_told() -> None:
    pending = told(400, error="authorization_pending")
    busy = told(503, error="temporarily_unavailable")
    client, waited = waits(pending, told(400, error="slow_down"), pending, busy, told(200, **TOKENS))
    assert waited == [5, 5, 10, 10, 15]
    assert client.tokens is not None
    assert client.tokens.refresh == "r"


def test_a_line_that_broke_is_tried_less_often() -> None:
    _, waited = waits(broken, broken, told(200, **TOKENS))
    assert waited == [5, 10, 20]


def test_it_gives_up_when_nobody_can_approve_any_more() -> None:
    with pytest.raises(httpx.ConnectError):
        waits(*[broken] * 20)


def test_what_was_denied_says_so() -> None:
    denied = told(
        400, error="access_denied", error_uri="https://x/authorization-denied", error_description="No"
    )
    with pytest.raises(ProblemError, match="400 authorization-denied: No"):
        waits(denied)


def test_what_is_no_answer_of_ours_is_a_problem() -> None:
    with pytest.raises(ProblemError, match="502"):
        waits(lambda: httpx.Response(502, content=b"<html>"))
