"""What the tests of programs ask, and how they read what they are told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from clients.python.redwell_client import ProblemError
from tests.harness.people import World


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(ProblemError) as refused:
        call()
    return f"{refused.value.status} {refused.value.slug}"


def creating(world: World, role: str = "firm_admin", **changes: Any) -> Callable[[], Any]:
    body = {"name": "Robot", "scopes": ["document:read"], **changes}
    return lambda: world[role].client.call("POST", "/v1/clients", body)


def error_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_uri"].rpartition("/")[2]


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def after(world: World, **term: int) -> str:
    return (world.instance.clock.now() + timedelta(**term)).isoformat()
