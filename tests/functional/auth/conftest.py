"""An instance of this package's own: its tests move the clock by hours, which would sign out all others."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.functional.auth.asking import Hire, Post, Together, renew
from tests.harness.countries import countries_file
from tests.harness.instance import Instance
from tests.harness.people import Person, World, build_world, invite, join, organization


@pytest.fixture(scope="session")
def instance() -> Iterator[Instance]:
    folder = Path(tempfile.mkdtemp(prefix="redwell-auth-"))
    folder.chmod(0o711)
    countries = countries_file(folder, {"127.0.0.0/8": "DE", "::1/128": "DE"})
    running = Instance(folder, measured=True, settings={"REDWELL_ADDRESS_COUNTRIES": str(countries)})
    try:
        yield running.start()
        assert running.stop() == 0
    finally:
        if running.process is not None and running.process.poll() is None:
            running.kill()
        if "REDWELL_TEST_KEEP" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def operator(instance: Instance) -> Iterator[Person]:
    person = join(instance, instance.operator_code, "operator")
    yield person
    person.client.close()


@pytest.fixture(scope="session")
def world(instance: Instance, operator: Person) -> Iterator[World]:
    renew(instance, operator)
    world = build_world(instance, operator)
    yield world
    for person in world.people.values():
        person.client.close()


@pytest.fixture(autouse=True)
def _fresh_tokens() -> None:
    """The clock moves by hours here, so each test signs in whom it needs."""


@pytest.fixture(scope="session")
def provider_admin(instance: Instance, operator: Person) -> Iterator[Person]:
    renew(instance, operator)
    person = organization(instance, operator, "provider", "Quiet Harbour Support")[1]
    yield person
    person.client.close()


@pytest.fixture
def admin(instance: Instance, provider_admin: Person) -> Person:
    """A provider's administrator, signed in just now."""
    return renew(instance, provider_admin)


@pytest.fixture
def member(instance: Instance, admin: Person) -> Iterator[Person]:
    """Somebody new for each test, so that none inherits another's failures."""
    person = invite(instance, admin, ["provider_lead"], "member")
    yield person
    person.client.close()


@pytest.fixture
def hire(instance: Instance) -> Iterator[Hire]:
    """Somebody new for one test: `hire(inviter, roles)`."""
    hired: list[Person] = []

    def somebody(inviter: Person, roles: list[str]) -> Person:
        hired.append(invite(instance, inviter, roles, "hired"))
        return hired[-1]

    yield somebody
    for person in hired:
        person.client.close()


@pytest.fixture
def post(instance: Instance) -> Post:
    """Send one JSON request without a client of ours: `post(path, body, token)`."""

    def send(path: str, body: dict[str, Any] | None = None, token: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with instance.http() as http:
            return http.post(path, json=body, headers=headers)

    return send


@pytest.fixture
def together(post: Post) -> Together:
    """Send several requests at the same time."""

    def send(requests: list[tuple[Any, ...]]) -> list[httpx.Response]:
        with ThreadPoolExecutor(len(requests)) as threads:
            return list(threads.map(lambda request: post(*request), requests))

    return send
